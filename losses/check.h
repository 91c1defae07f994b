/* All that is held against a loss: the tests of the program's own losses, `losses check` and
 * `losses build` run these functions. Free of precision. */
#ifndef LB_LOSS_CHECK_H
#define LB_LOSS_CHECK_H

#include "core/base/err.h"
#include "core/base/text.h"
#include "losses/loss_info.h"

/* What can be found against a loss, each with a remedy of its own. */
enum lb_checked {
	LB_PART_DESCRIPTOR,
	LB_PART_GRADIENT, LB_PART_FINITE, LB_PART_ZERO, LB_PART_FLOAT32,
	LB_PART_NONNEGATIVE, LB_PART_CONVEX, LB_PART_SMOOTH, LB_PART_SHIFT_INVARIANT, LB_PART_SYMMETRIC, LB_PART_BOUNDED, LB_PART_PROPER, LB_PART_CALIBRATED,
	LB_PART_UNCLAIMED,       /* a claim that holds and is not made: found against losses of the program alone, a remark on others */
	LB_PART_IDENTITY, LB_PART_EXAMPLE,
	LB_PART_ROW_ORDER, LB_PART_REPEATED, LB_PART_CLASS_ORDER, LB_PART_NAN, LB_PART_MEMORY, LB_PART_WEIGHTS,
	LB_N_PARTS
};

struct lb_findings {
	int n[LB_N_PARTS], failed[LB_N_PARTS];
	struct lb_buf lines[LB_N_PARTS]; /* a line for each that failed: at which setting, where, by how much */
	struct lb_buf remarks;   /* lines on what is no fault */
};

/* Counts n checks of a part, of which one failed unless ok. Returns ok: where it is false, the
 * caller says where and by how much, with lb_buf_printf to f->lines[part], in a line. */
bool lb_judge(struct lb_findings *f, enum lb_checked part, int n, bool ok);
/* How many were made, and failed, of all parts. */
int lb_findings_checks(const struct lb_findings *f);
int lb_findings_failed(const struct lb_findings *f);
void lb_findings_free(struct lb_findings *f);

/* Appends a line for each part that failed, with its remedy, and below it, further in, the first
 * places; then the remarks. Nothing where all is well. */
void lb_findings_write(const struct lb_findings *f, struct lb_buf *out);
/* Appends "gradient 2400, claims 800, ...": what was checked, in a line without its end. */
void lb_findings_tally(const struct lb_findings *f, struct lb_buf *out);

/* A check of one loss. -1 with err for want of memory, or where the loss is too large for it. */
typedef int lb_check_fn(const struct lb_loss_info *info, struct lb_findings *f, struct lb_err *err);

/* That its texts, examples, defaults and grids are there and in range, and its functions fit
 * together. Of a formula: defaults and grids. */
lb_check_fn lb_check_descriptor;
/* At its defaults, every grid point and range end: the gradient against central differences at
 * ordinary scores, finite value and gradient at extreme ones (saturated, tied, one row, a class
 * missing), no kink where it claims to be smooth, float32 against float64. */
lb_check_fn lb_check_gradient;
/* Every property that it claims, at every setting, looked for counter-examples; and cheap ones that
 * hold and are not claimed. */
lb_check_fn lb_check_claims;
/* Its same_as: the other loss, of the program, must be there. */
lb_check_fn lb_check_identities;
/* The examples of its descriptor, to 1e-9. */
lb_check_fn lb_check_examples;
/* Rows that change places, a batch written twice, classes that change places. */
lb_check_fn lb_check_invariances;
/* NaN in gives NaN out, also in a batch of one class. */
lb_check_fn lb_check_nan;
/* A batch of the size of training: float32 within 1e-5 of float64 on the same rounded scores. */
lb_check_fn lb_check_precisions;
/* Writes within its memory, leaves its input, gives the same bytes a second time and the same value
 * with and without gradient; weights of rows. */
lb_check_fn lb_check_driver;

/* All of these, in this order. */
enum { LB_N_CHECKS = 9 };
extern lb_check_fn *const lb_checks[LB_N_CHECKS];
int lb_check_loss(const struct lb_loss_info *info, struct lb_findings *f, struct lb_err *err);

/* Whether it is a loss of the program itself, no plug-in and no formula. */
bool lb_loss_is_ours(const struct lb_loss_info *info);

/* Reads the parameters of an example or identity of a descriptor; where they are wrong, that is
 * found of the part, and *valid is false. */
struct lb_arg;
struct lb_arg_store;
int lb_check_args(const struct lb_info *info, const char *set, struct lb_arg *par, struct lb_arg_store *store, struct lb_findings *f, enum lb_checked part, bool *valid,
		  struct lb_err *err);

/* Compares the value of an example, the k-th from 1, with what its descriptor or file says. */
void lb_judge_example(struct lb_findings *f, size_t k, const char *set, double value, double stated);

#endif
