/* The JSON input of `losses eval`. */
#ifndef LB_EVAL_INPUT_H
#define LB_EVAL_INPUT_H

#include "core/base/json.h"
#include "losses/eval.h"

/* The inputs of an evaluation as read. */
struct eval_input {
	double *z, *t, *hidden, *inputs, *teacher, *second_teacher, *params, *counts, *row_weight;
	int32_t *y, *group;
	uint32_t *id, *from;     /* from: which row of the input each row is, where queries were joined */
	size_t b, c, n_hidden, n_inputs, classes, views; /* z has views * b rows */
	size_t n_params;         /* columns of params; NULL params: what training begins with */
	double scale;
	uint32_t *partner;       /* of a mixed third view (losses/loss_input.h); or NULL */
	double mix;
	bool flat;               /* scores given as a plain list: one column */
};

/* Reads what a loss with these parameters asks for; an unknown key is an error. Release in any
 * case. */
int eval_input_read(const cJSON *in, const struct lb_loss_info *l, const struct lb_arg *par, struct eval_input *x, struct lb_err *err);
void eval_input_free(struct eval_input *x);

/* "scores", "predictions", "embeddings": what the loss calls its point. */
const char *eval_input_scores(const struct lb_loss_info *l);

#endif
