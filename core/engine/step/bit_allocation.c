/* Quantised weights, of which those into each output have as many bits as they need. */
#include "core/engine/step/procedure.h"

#include "core/base/mem.h"
#include "core/engine/step/round_weights.h"

#include <stdlib.h>
#include <string.h>

static const char *const laws[] = { "quarter", "steps", NULL };
enum { QUARTER, STEPS };

enum { BITS, START, LEAST, MOST, LAW };

static const struct lb_param params[] = {
	[BITS] = { .name = "bits", .symbol = "k", .type = LB_REAL_PARAM, .def = 3, .min = 2, .max = 32, .grid = { 2.5, 3, 4 }, .n_grid = 3,
		   .help = "of a weight on average, its sign among them; 32: plain training" },
	[START] = { .name = "start", .type = LB_INT_PARAM, .def = 1, .min = 1, .max = 1e6, .help = "first epochs, in which all weights have the same whole bits" },
	[LEAST] = { .name = "least", .type = LB_INT_PARAM, .def = 2, .min = 2, .max = 32, .help = "bits that each weight has" },
	[MOST] = { .name = "most", .type = LB_INT_PARAM, .def = 8, .min = 2, .max = 32, .help = "bits that none has more of" },
	[LAW] = { .name = "law", .type = LB_CHOICE_PARAM, .choices = laws, .help = "how a loss falls with the bits b: 4^-b, a quarter for each, or by the steps that there are, "
		  "1 / (2^(b-1) - 1)^2" },
};

/* Of each output, layer by layer. */
struct allocation {
	size_t n;
	double *bits;
	double *square;          /* squared gradients of the epoch, added up over its weights and steps */
};

static void allocation_close(void *state)
{
	struct allocation *t = state;

	free(t->bits);
	free(t->square);
	free(t);
}

static void *allocation_open(struct lb_learner *l, const struct lb_cohort *c, const struct lb_arg *par, struct lb_err *err)
{
	struct allocation *t = lb_alloc(1, sizeof *t, err);

	(void)c;
	if (!t)
		return NULL;
	for (size_t k = 0; k < l->model.net->spec.n_layers; k++)
		t->n += l->model.net->layer[k].out;
	if (!(t->bits = lb_alloc(t->n, sizeof *t->bits, err)) || !(t->square = lb_alloc(t->n, sizeof *t->square, err)) ||
	    lb_persist(&l->state, "bits", t->bits, t->n * sizeof *t->bits, err) || lb_persist(&l->state, "squared gradients", t->square, t->n * sizeof *t->square, err)) {
		allocation_close(t);
		return NULL;
	}
	for (size_t i = 0; i < t->n; i++)
		t->bits[i] = floor(par[BITS].v);
	return t;
}

/* t->square <- what a weight into each output loses with 0 bits, to a factor that all have: its
 * mean squared gradient times the square of the largest. */
static void weigh_by_range(struct allocation *t, const struct lb_model *m)
{
	size_t output = 0;

	for (size_t k = 0; k < m->net->spec.n_layers; k++)
		for (size_t o = 0; o < m->net->layer[k].out; o++, output++) {
			const double range = lb_largest_weight(&m->net->layer[k], o, m->w);
			t->square[output] *= range * range / (double)m->net->layer[k].in;
		}
}

/* Weights into the output, counted over the layers. */
static size_t weights_into(const struct lb_net *net, size_t output)
{
	size_t k = 0;

	for (; output >= net->layer[k].out; k++)
		output -= net->layer[k].out;
	return net->layer[k].in;
}

static double falls(const struct lb_arg *par, double bits)
{
	return par[LAW].v == QUARTER ? exp2(-2 * bits) : pow(exp2(bits - 1) - 1, -2);
}

/* Bit by bit to the output whose weights lose most, the first of equal ones, as long as the mean
 * stays within bits. */
static void allocate(struct allocation *t, const struct lb_arg *par, const struct lb_net *net)
{
	double left = 0;

	for (size_t i = 0; i < t->n; i++) {
		t->bits[i] = par[LEAST].v;
		left += (par[BITS].v - par[LEAST].v) * (double)weights_into(net, i);
	}
	for (;;) {
		double worst = 0;
		size_t to = t->n;
		for (size_t i = 0; i < t->n; i++) {
			const double loss = t->square[i] * falls(par, t->bits[i]);
			if (t->bits[i] < par[MOST].v && (double)weights_into(net, i) <= left && loss > worst) {
				worst = loss;
				to = i;
			}
		}
		if (to == t->n)
			return;
		t->bits[to]++;
		left -= (double)weights_into(net, to);
	}
}

static void allocation_epoch(const struct lb_hook *h, struct lb_learner *l, size_t epoch)
{
	struct allocation *t = h->state;

	if ((double)epoch >= h->par[START].v) {
		weigh_by_range(t, &l->model);
		allocate(t, h->par, l->model.net);
	}
	memset(t->square, 0, t->n * sizeof *t->square);
}

static void allocation_weights(const struct lb_hook *h, const struct lb_learner *l, int64_t step, real *w)
{
	const struct lb_net *net = l->model.net;
	const struct allocation *t = h->state;
	size_t output = 0;

	(void)step;
	for (size_t k = 0; h->par[BITS].v < 32 && k < net->spec.n_layers; k++)
		for (size_t o = 0; o < net->layer[k].out; o++, output++)
			lb_round_weights(&net->layer[k], o, t->bits[output], w);
}

static void allocation_back(const struct lb_hook *h, const struct lb_step *s, struct lb_model *m)
{
	struct allocation *t = h->state;
	size_t output = 0;

	(void)s;
	for (size_t k = 0; k < m->net->spec.n_layers; k++)
		for (size_t o = 0; o < m->net->layer[k].out; o++, output++)
			for (size_t i = 0; i < m->net->layer[k].in; i++) {
				const double g = (double)m->g[lb_weight_at(&m->net->layer[k], o, i)];
				t->square[output] += g * g;
			}
}

static int allocation_check(const struct lb_arg *par, struct lb_err *err)
{
	if (par[BITS].v < 32 && (par[LEAST].v > par[BITS].v || par[MOST].v < par[BITS].v))
		return lb_fail(err, LB_CONFIG, "bits: found %g with least %g and most %g, allowed: from least to most", par[BITS].v, par[LEAST].v, par[MOST].v);
	return 0;
}

const struct lb_procedure LB_PROCEDURE(bit_allocation) = {
	.base = { .name = "bit_allocation", .tasks = LB_EVERY_TASK, .title = "Trains with weights of few bits, more for those that lose more by them",
		  .cite = "BAQ: Efficient Bit Allocation Quantization for Large Language Models, 2025: bits so that each part loses alike",
		  .formula = "b_i = k + log2(c_i / geometric mean of c) / 2 in whole bits, c_i = max |w|^2 mean(g^2) of the weights w into output i of a layer and their gradients g in "
			     "the epoch before; then s round(w/s), s = max |w| / (2^(b_i-1) - 1), and the step is taken from w by the gradient there",
		  .notes = "Whole bits: each weight has `least` of them, then the weights into the output with the largest c_i 4^-b_i get another, as long as the mean over all weights "
			   "stays at most k. The law `steps` is that of the rounding done here, to which a third bit is worth more than the first law has it. Of the paper the rule of equal losses c_i 4^-b_i is taken; what it takes for c_i, of a language model, is another. The same bits for all: "
			   "quantise. Evaluations and the saved model are of the quantised weights; biases stay as they are.",
		  .keywords = "quantization mixed_precision sensitivity", .check = allocation_check, LB_PARAMS(params) },
	.sets_levels = true, .open = allocation_open, .close = allocation_close, .epoch = allocation_epoch, .weights = allocation_weights,
	.weights_back = allocation_back,
};
