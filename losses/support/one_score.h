/* Losses of ordered classes that see one score a row and own one parameter a step from a class to
 * the next. All is held in double: of scores far from 0 small differences count. */
#ifndef LB_ONE_SCORE_H
#define LB_ONE_SCORE_H

#include "losses/support/several_outputs.h"

/* Up to so many numbers a step are made of the parameters. */
enum { LB_PER_STEP = 2 };

/* A row as its loss reads it, with the places that derivatives are added to. */
struct lb_one_score {
	double s;
	size_t y, steps;
	const double *at;        /* (steps * LB_PER_STEP) what the loss made of its parameters */
	double by_s, *by_at;     /* the derivatives by s and by `at`, by_at NULL: not asked for */
};

typedef double lb_one_score_fn(struct lb_one_score *row);

/* The numbers of a batch, (steps * LB_PER_STEP) each: made of the parameters, the mean's
 * derivatives by them, those of a row. */
struct lb_step_numbers {
	double *at, *by_at, *by_row;
};

static inline size_t lb_step_params(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return shape->n_classes - 1;
}

static inline size_t lb_step_room(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	return 3 * LB_PER_STEP * lb_step_params(par, shape) * sizeof(double);
}

static inline struct lb_step_numbers lb_step_numbers(const struct lb_batch *in)
{
	double *room = in->workspace;
	const size_t n = LB_PER_STEP * in->params.rows;

	return (struct lb_step_numbers){ .at = room, .by_at = room + n, .by_row = room + 2 * n };
}

/* Returns the mean loss of the rows and writes its derivatives by them to g and by the numbers to
 * n->by_at, unless g is NULL. */
static inline double lb_one_score_rows(const struct lb_batch *in, const struct lb_step_numbers *n, real *g, lb_one_score_fn *of)
{
	const size_t steps = in->params.rows, numbers = LB_PER_STEP * steps;
	double sum = 0;

	for (size_t k = 0; k < numbers; k++)
		n->by_at[k] = 0;
	for (size_t i = 0; i < in->b; i++) {
		const double w = in->row_weight ? (double)in->row_weight[i] : 1, share = w / (double)in->b;
		struct lb_one_score row = { .s = (double)in->output.value[i], .y = (size_t)in->y[i], .steps = steps, .at = n->at,
					    .by_at = g ? n->by_row : NULL };
		for (size_t k = 0; k < numbers; k++)
			n->by_row[k] = 0;
		const double value = of(&row);
		sum += w * value;
		if (in->row_loss)
			in->row_loss[i] += (real)(in->scale * value);
		if (g)
			g[i] = (real)(share * row.by_s);
		for (size_t k = 0; g && k < numbers; k++)
			n->by_at[k] += share * n->by_row[k];
	}
	return sum / (double)in->b;
}

/* log(1 - exp(-x)), x >= 0 */
static inline double lb_log_1_minus_exp(double x)
{
	return x < 0.6931471805599453 ? log(-expm1(-x)) : log1p(-exp(-x));
}

/* Returns the threshold, less the score, below which lie the first k + 1 of so many equal classes
 * at score 0. */
static inline double lb_equal_shares(size_t k, size_t classes)
{
	return log((double)(k + 1) / (double)(classes - 1 - k));
}

#endif
