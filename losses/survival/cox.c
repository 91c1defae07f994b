/* Cox's partial likelihood. */
#include "losses/support/query.h"
#include "losses/support/survival.h"

#include <string.h>

enum { TIES };
enum { EFRON, BRESLOW };
static const char *const ties[] = { [EFRON] = "efron", [BRESLOW] = "breslow", NULL };

static const struct lb_param params[] = {
	[TIES] = { .name = "ties", .symbol = "ties", .type = LB_CHOICE_PARAM, .def = EFRON, .choices = ties,
		   .help = "events at one time: efron takes them out of the risk set one after the other in the mean, breslow leaves all of them in it" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 2, .c = 1, .z = { 0.5, -0.5 }, .y = { 1, 0 }, .t = { 1, 2 }, .value = 0.31326168751822286, .source = "by hand: log(1 + exp(-1))" },
	{ .set = "", .b = 3, .c = 1, .z = { 0, 0, 0 }, .y = { 1, 1, 1 }, .t = { 1, 1, 2 }, .value = 0.5972531564093516, .source = "by hand: (log 3 + log 2) / 3" },
	{ .set = "ties=breslow", .b = 3, .c = 1, .z = { 0, 0, 0 }, .y = { 1, 1, 1 }, .t = { 1, 1, 2 }, .value = 0.7324081924454064,
	  .source = "by hand: 2 log 3 / 3" },
};

/* The batch by falling time, in double. */
struct sorted {
	size_t n;
	double *time, *score, *slope; /* of each row of the batch */
	double *weight, *log_risk;    /* likewise; the log of a row's part in a risk set, of weight times exp(score) */
	double *at_risk, *dead;       /* of each event time, told at the last row of its group: log sums of the risk set and of the events */
	uint32_t *order;              /* (2 n) rows by falling time, then room */
};

static size_t workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return shape->b * (7 * sizeof(double) + 2 * sizeof(uint32_t));
}

static struct sorted sort_rows(const struct lb_batch *in)
{
	const size_t n = in->b;
	double *room = in->workspace;
	struct sorted s = { .n = n, .time = room, .score = room + n, .slope = room + 2 * n, .at_risk = room + 3 * n, .dead = room + 4 * n,
			    .weight = room + 5 * n, .log_risk = room + 6 * n, .order = (void *)(room + 7 * n) };

	for (size_t i = 0; i < n; i++) {
		s.time[i] = (double)in->target[i];
		s.score[i] = (double)in->output.value[i];
		s.slope[i] = 0;
		s.weight[i] = lb_row_weight(in, i);
		s.log_risk[i] = s.score[i] + log(s.weight[i]);
	}
	lb_order_falling(n, s.time, s.order);
	return s;
}

/* Returns the end of the rows of one time that begin at place k. */
static size_t group_end(const struct sorted *s, size_t k)
{
	const double time = s->time[s->order[k]];

	while (k < s->n && !(s->time[s->order[k]] < time))
		k++;
	return k;
}

/* Returns the log of what the l-th of d events of one time is at risk among: of R - (l/d) D. */
static double log_left(double at_risk, double dead, size_t l, size_t d, bool efron)
{
	return efron && l ? at_risk + log1p(-(double)l / (double)d * exp(dead - at_risk)) : at_risk;
}

/* Returns the sum over events, each by its weight, of the log of the risk set less the score, and
 * the sum of their weights. Events of one time have the mean of their weights before the log. */
static double sum_events(const struct lb_batch *in, struct sorted *s, bool efron, double *events)
{
	struct lb_log_sum at_risk = { 0 };
	double sum = 0;

	*events = 0;
	for (size_t k = 0, end; k < s->n; k = end) {
		struct lb_log_sum dead = { 0 };
		double weight = 0;
		size_t d = 0;
		end = group_end(s, k);
		for (size_t m = k; m < end; m++) {
			const size_t i = s->order[m];
			if (!(s->weight[i] > 0))
				continue;
			lb_log_sum_add(&at_risk, s->log_risk[i]);
			if (!lb_saw_event(in, i))
				continue;
			lb_log_sum_add(&dead, s->log_risk[i]);
			sum -= s->weight[i] * s->score[i];
			weight += s->weight[i];
			d++;
		}
		s->at_risk[end - 1] = lb_log_sum_value(&at_risk);
		s->dead[end - 1] = lb_log_sum_value(&dead);
		for (size_t l = 0; l < d; l++)
			sum += weight / (double)d * log_left(s->at_risk[end - 1], s->dead[end - 1], l, d, efron);
		*events += weight;
	}
	return sum;
}

/* Writes the slope of that sum: w_i exp(s_i) times the sum of W/(R - (l/d) D) over the event times
 * up to the row's own, W the mean weight of the events there, less w_i for an event; at its own
 * time an event counts (1 - l/d) of each. */
static void slopes(const struct lb_batch *in, struct sorted *s, bool efron)
{
	struct lb_log_sum hazard = { 0 };

	for (size_t end = s->n, first; end; end = first) {
		struct lb_log_sum own = hazard;
		double weight = 0;
		size_t d = 0;
		for (first = end; first && !(s->time[s->order[first - 1]] > s->time[s->order[end - 1]]); first--) {
			const size_t i = s->order[first - 1];
			const bool counts = s->weight[i] > 0 && lb_saw_event(in, i);
			weight += counts ? s->weight[i] : 0;
			d += counts;
		}
		for (size_t l = 0; l < d; l++) {
			const double rate = log(weight / (double)d) - log_left(s->at_risk[end - 1], s->dead[end - 1], l, d, efron);
			lb_log_sum_add(&hazard, rate);
			lb_log_sum_add(&own, rate + (efron ? log1p(-(double)l / (double)d) : 0));
		}
		for (size_t m = first; m < end; m++) {
			const size_t i = s->order[m];
			const bool event = lb_saw_event(in, i);
			if (s->weight[i] > 0)
				s->slope[i] = exp(s->log_risk[i] + lb_log_sum_value(event ? &own : &hazard)) - (event ? s->weight[i] : 0);
		}
	}
}

static double batch(const struct lb_batch *in, real *g)
{
	const bool efron = (int)in->par[TIES].v == EFRON;
	double events, bad = 0;

	for (size_t i = 0; i < in->b; i++)
		bad += isnan(in->output.value[i]) ? (double)NAN : 0;
	struct sorted s = sort_rows(in);
	const double sum = sum_events(in, &s, efron, &events) + bad;
	if (g && events > 0)
		slopes(in, &s, efron);
	for (size_t i = 0; g && i < in->b; i++)
		g[i] = isnan(bad) ? (real)bad : (real)(events > 0 ? s.slope[i] / events : 0);
	return isnan(bad) ? bad : events > 0 ? sum / events : 0;
}
LB_BATCH(cox, batch)

/* exp(-H(u) exp(s)), with the cumulative baseline hazard of the training rows. */
static void predict(const struct lb_batch *in, real *out)
{
	const struct lb_curve *curve = in->curve;
	const size_t n = curve ? curve->n : 0;

	for (size_t i = 0; i < in->b; i++, out += 1 + n) {
		const double s = (double)in->output.value[i * in->output.stride];
		out[0] = (real)s;
		for (size_t k = 0; k < n; k++)
			out[1 + k] = (real)(curve->hazard[k] > 0 ? exp(-exp(s + log(curve->hazard[k]))) : 1);
	}
}

const struct lb_loss LB_LOSS(survival, cox) = {
	.info = {
		.base = {
			.name = "cox",
			.title = "Cox's partial likelihood",
			.cite = "D. R. Cox, Regression models and life-tables, JRSS B 34(2), 1972; ties: N. Breslow, Biometrics 30, 1974; B. Efron, JASA 72, 1977",
			.formula = "(1/E) sum over event times u of  sum_{l=0}^{d-1} log(R_u - (l/d) D_u) - sum_{i dead at u} s_i,  R_u = sum_{t_j >= u} exp s_j,  "
				   "D_u = sum_{i dead at u} exp s_i",
			.notes = "E is the number of events, d that of the events at u; breslow has d log R_u. The score is the log of a hazard: higher is earlier. Only "
				 "the order of times matters, and a constant added to all scores changes nothing. The risk sets are those of the batch: with a "
				 "minibatch they are samples of the whole, so that the gradient is that of another objective, nearer to the whole one the larger "
				 "the batch. lbfgs, which reads all rows at once, finds the optimum of the partial likelihood itself (R's coxph); so does sgd "
				 "with train.batch as large as the training part. A batch without an event has value 0 and no gradient. O(n log n). Curves for "
				 "integrated_brier take Breslow's cumulative baseline hazard of the training rows. Rows may have weights (data.weight), as in "
				 "coxph: a row counts w_i exp s_i in R and D and w_i s_i as an event, the logs of the events at u the mean of their weights, and E is "
				 "the sum of the events' weights; weights that are not all 1 may give values below 0.",
			.keywords = "proportional hazards partial likelihood coxph deepsurv survival efron breslow",
			LB_PARAMS(params),
		},
		.kind = LB_SURVIVAL,
		.good_for = "times to an event, censored: relative hazards",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		.exceptions = LB_SIZE_MATTERS,
		.baseline_hazard = true,
		.weighs_rows = true,
		LB_EXAMPLES(examples),
	},
	.form = &cox_form,
	.workspace = workspace,
	.predict = predict,
};
