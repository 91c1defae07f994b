/* Judges of embeddings (evaluate.embeddings): a simple classifier is fitted to the embeddings of
 * the training rows, and what it says of other rows is what judged_accuracy counts. Free of
 * precision. */
#ifndef LB_JUDGE_H
#define LB_JUDGE_H

#include "core/base/component.h"
#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What every judge has for its first two parameters. */
enum { LB_JUDGE_LAYER, LB_JUDGE_SPACE, LB_JUDGE_OWN };
/* What is judged: the model's output, or what the output layer reads. */
enum lb_judged_layer { LB_JUDGES_OUTPUT, LB_JUDGES_HIDDEN };
enum lb_judge_space { LB_JUDGES_COSINES, LB_JUDGES_DISTANCES };

/* The embeddings of the training rows, and their classes. */
struct lb_gallery {
	size_t n, d, classes;    /* n >= 1 */
	double *x;               /* (n,d) */
	const int32_t *y;        /* (n) */
};

struct lb_judge {
	struct lb_info base;
	/* pred (rows) <- the classes of x (rows,d), in the space of the gallery. -1 when memory
	 * runs out. */
	int (*judge)(const struct lb_gallery *g, const struct lb_arg *par, size_t rows, const double *x, int32_t *pred, struct lb_err *err);
};

/* The registered judges, each the .base of a struct lb_judge. */
extern const struct lb_info *const lb_judges[];

/* As judge->judge, after both have been brought into the space that par asks for: with cosine, rows
 * of g->x and x are divided by their lengths. */
int lb_judge_rows(const struct lb_info *judge, const struct lb_arg *par, const struct lb_gallery *g, size_t rows, double *x, int32_t *pred,
		  struct lb_err *err);

#endif
