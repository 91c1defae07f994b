/* Losses of ordered classes through one score a row and K - 1 numbers of the loss's own. */
#include "losses/support/one_score.h"

/* ---- cumulative_logit ---- */

/* The own parameters are the first threshold and the logs of the distances between neighbours, so
 * that thresholds ascend whatever their values. n->at <- the thresholds, then the distances. */
static void make_thresholds(const struct lb_batch *in, const struct lb_step_numbers *n)
{
	const size_t steps = in->params.rows;
	double *theta = n->at, *gap = n->at + steps;

	theta[0] = (double)in->params.value[0];
	gap[0] = 0;
	for (size_t k = 1; k < steps; k++) {
		gap[k] = exp((double)in->params.value[k]);
		theta[k] = theta[k - 1] + gap[k];
	}
}

/* -log(F(a) - F(b)), F the logistic function, a and b the thresholds above and below the class
 * less the score. The difference is F(a) F(-b) (1 - exp(b - a)): each factor where its thresholds
 * exist. The slope by a distance is that by its log. */
static double cumulative_row(struct lb_one_score *row)
{
	const size_t y = row->y;
	const double *theta = row->at, *gap = theta + row->steps;
	double value = 0;

	if (y < row->steps) {
		const double slope = lb_sigmoid_of(row->s - theta[y]);
		value -= lb_log_sigmoid(theta[y] - row->s);
		row->by_s += slope;
		if (row->by_at)
			row->by_at[y] -= slope;
	}
	if (y > 0) {
		const double slope = lb_sigmoid_of(theta[y - 1] - row->s);
		value -= lb_log_sigmoid(row->s - theta[y - 1]);
		row->by_s -= slope;
		if (row->by_at)
			row->by_at[y - 1] += slope;
	}
	if (y > 0 && y < row->steps) {
		value -= lb_log_1_minus_exp(gap[y]);
		if (row->by_at)
			row->by_at[row->steps + y] -= gap[y] < 700 ? gap[y] / expm1(gap[y]) : 0;
	}
	return value;
}

static double cumulative_batch(const struct lb_batch *in, real *g)
{
	const size_t steps = in->params.rows;
	const struct lb_step_numbers n = lb_step_numbers(in);

	make_thresholds(in, &n);
	const double value = lb_one_score_rows(in, &n, g, cumulative_row);
	double above = 0;
	for (size_t k = steps; g && in->params.grad && k-- > 0;) {
		above += n.by_at[k];
		const double by_gap = above == 0 ? 0 : n.at[steps + k] * above; /* a distance may be infinite */
		in->params.grad[k] = (real)(k ? by_gap + n.by_at[steps + k] : above);
	}
	return value;
}
LB_BATCH_OF_ROWS(cumulative_logit, cumulative_batch)

/* The log probability of each class is minus its loss. */
static void cumulative_predict(const struct lb_batch *in, real *out)
{
	const size_t steps = in->params.rows;
	const struct lb_step_numbers n = lb_step_numbers(in);

	make_thresholds(in, &n);
	for (size_t i = 0; i < in->b; i++)
		for (size_t k = 0; k <= steps; k++)
			*out++ = (real)-cumulative_row(&(struct lb_one_score){ .s = (double)in->output.value[i * in->output.stride], .y = k,
									       .steps = steps, .at = n.at });
}

/* At score 0 all classes are alike. */
static void cumulative_start(const struct lb_arg *par, const struct lb_loss_shape *shape, uint64_t seed, real *own)
{
	const size_t classes = shape->n_classes;

	(void)par, (void)seed;
	for (size_t k = 0; k + 1 < classes; k++)
		own[k] = (real)(k ? log(lb_equal_shares(k, classes) - lb_equal_shares(k - 1, classes)) : lb_equal_shares(0, classes));
}

static const struct lb_example cumulative_examples[] = {
	{ .set = "", .b = 1, .c = 1, .z = { 0.5 }, .y = { 0 }, .params = { 0.5 }, .classes = 2, .value = 0.69314718055994531,
	  .source = "by hand: log 2, the score is the threshold" },
	{ .set = "", .b = 3, .c = 1, .z = { 0.3, -0.2, 1.5 }, .y = { 1, 0, 2 }, .params = { -0.5, 0 }, .classes = 3, .value = 0.8651772042344005,
	  .source = "mpmath, 30 digits" },
};

const struct lb_loss LB_LOSS(multiclass, cumulative_logit) = {
	.info = {
		.base = {
			.name = "cumulative_logit",
			.title = "Cumulative logit (proportional odds): one score and ascending thresholds",
			.cite = "P. McCullagh, Regression models for ordinal data, Journal of the Royal Statistical Society B 42(2), 1980, "
				"section 2",
			.formula = "-log(F(theta_y - s) - F(theta_{y-1} - s)),  F(x) = 1 / (1 + exp(-x)),  theta_{-1} = -inf, theta_{C-1} = inf",
			.notes = "For classes that are ordered: numbers by their size, else by their bytes, as everywhere. The model has one score s. Own "
				 "parameters `steps`: theta_0, and the log of each further threshold less the one before, so that thresholds ascend; they "
				 "begin where all classes are alike at s = 0. The metrics judge the probabilities F(theta_k - s) - F(theta_{k-1} - s). "
				 "With model linear and lbfgs it is the model of MASS::polr; the score's bias and theta_0 say the same. Two classes: "
				 "logistic.",
			.keywords = "proportional_odds ordinal polr ordered_logit thresholds cumulative_link",
		},
		.kind = LB_MULTICLASS,
		.good_for = "ordered classes",
		.exceptions = LB_ORDER_MATTERS,
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		.params = "steps",
		.params_for = LB_EACH_STEP,
		.scores_for = LB_ALL_TOGETHER,
		LB_EXAMPLES(cumulative_examples),
	},
	.form = &cumulative_logit_form,
	.workspace = lb_step_room,
	.n_params = lb_step_params,
	.init_params = cumulative_start,
	.predict = cumulative_predict,
};

/* ---- coral ---- */

/* The cross-entropies of "the class is beyond k". */
static double coral_row(struct lb_one_score *row)
{
	double value = 0;

	for (size_t k = 0; k < row->steps; k++) {
		const double t = row->y > k ? 1 : -1, z = t * (row->s + row->at[k]), slope = -t * lb_sigmoid_of(-z);
		value -= lb_log_sigmoid(z);
		row->by_s += slope;
		if (row->by_at)
			row->by_at[k] += slope;
	}
	return value;
}

static double coral_batch(const struct lb_batch *in, real *g)
{
	const struct lb_step_numbers n = lb_step_numbers(in);

	for (size_t k = 0; k < in->params.rows; k++)
		n.at[k] = (double)in->params.value[k];
	const double value = lb_one_score_rows(in, &n, g, coral_row);
	for (size_t k = 0; g && in->params.grad && k < in->params.rows; k++)
		in->params.grad[k] = (real)n.by_at[k];
	return value;
}
LB_BATCH_OF_ROWS(coral, coral_batch)

/* The log of F(high) - F(low); of equal ones that of no probability. */
static double log_between(double high, double low)
{
	static const double never = -1e4;

	return high > low ? lb_log_sigmoid(high) + lb_log_sigmoid(-low) + lb_log_1_minus_exp(high - low) : never;
}

/* P(beyond k) = F(s + the smallest bias up to k): at the optimum, where biases descend, F(s +
 * b_k). */
static void coral_predict(const struct lb_batch *in, real *out)
{
	const size_t steps = in->params.rows;

	for (size_t i = 0; i < in->b; i++) {
		const double s = (double)in->output.value[i * in->output.stride];
		double low = s + (double)in->params.value[0];
		*out++ = (real)lb_log_sigmoid(-low);
		for (size_t k = 1; k < steps; k++) {
			const double high = low, next = s + (double)in->params.value[k];
			low = next < low ? next : low;
			*out++ = (real)log_between(high, low);
		}
		*out++ = (real)lb_log_sigmoid(low);
	}
}

static void coral_start(const struct lb_arg *par, const struct lb_loss_shape *shape, uint64_t seed, real *own)
{
	(void)par, (void)seed;
	for (size_t k = 0; k + 1 < shape->n_classes; k++)
		own[k] = (real)-lb_equal_shares(k, shape->n_classes);
}

static const struct lb_example coral_examples[] = {
	{ .set = "", .b = 1, .c = 1, .z = { 0.5 }, .y = { 2 }, .params = { -0.5, -0.5 }, .classes = 3, .value = 1.3862943611198906,
	  .source = "by hand: 2 log 2" },
	{ .set = "", .b = 3, .c = 1, .z = { 0.3, -0.2, 1.5 }, .y = { 1, 0, 2 }, .params = { 0.5, -0.5 }, .classes = 3, .value = 0.8889901757481833,
	  .source = "mpmath, 30 digits" },
};

const struct lb_loss LB_LOSS(multiclass, coral) = {
	.info = {
		.base = {
			.name = "coral",
			.title = "CORAL: binary cross-entropies of \"beyond class k\" with one score and a bias each",
			.cite = "W. Cao, V. Mirjalili, S. Raschka, Rank consistent ordinal regression for neural networks with application to age estimation, "
				"Pattern Recognition Letters 140, 2020, with all importances 1",
			.formula = "sum_{k < C - 1} log(1 + exp(-t_k (s + b_k))),  t_k = 1 where y > k, else -1",
			.notes = "For classes that are ordered: numbers by their size, else by their bytes, as everywhere. The model has one score s; its bias "
				 "and the own parameters `biases` b_k say the same. They begin where all classes are alike at s = 0, and descend at the "
				 "optimum (theorem 1 of the paper). The metrics judge the probabilities P(y > k-1) - P(y > k), P(y > k) = F(s + the "
				 "smallest b_j, j <= k), F the logistic function. The paper predicts the number of k with P(y > k) > 1/2, which is "
				 "evaluate.threshold: median. Two classes: logistic.",
			.keywords = "ordinal rank_consistent ordered extended_binary",
		},
		.kind = LB_MULTICLASS,
		.good_for = "ordered classes",
		.exceptions = LB_ORDER_MATTERS,
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		.params = "biases",
		.params_for = LB_EACH_STEP,
		.scores_for = LB_ALL_TOGETHER,
		LB_EXAMPLES(coral_examples),
	},
	.form = &coral_form,
	.workspace = lb_step_room,
	.n_params = lb_step_params,
	.init_params = coral_start,
	.predict = coral_predict,
};
