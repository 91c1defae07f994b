#include "core/engine/step/procedure.h"

#include "core/base/mem.h"
#include "core/numeric/rng.h"

#include <stdlib.h>

static const char *const tests[] = { "best", "all", NULL };

enum { MEAN, SD, TEST };

static const struct lb_param params[] = {
	[MEAN] = { .name = "mean", .symbol = "mu", .type = LB_REAL_PARAM, .def = 0, .min = -1e9, .max = 1e9, .help = "number of features that is likeliest" },
	[SD] = { .name = "sd", .symbol = "sd", .type = LB_REAL_PARAM, .def = 100, .min = 0, .max = 1e9, .min_open = true, .grid = { 10, 30, 100 }, .n_grid = 3,
		 .help = "how far the number varies" },
	[TEST] = { .name = "test", .type = LB_CHOICE_PARAM, .choices = tests, .help = "features that evaluations read: as many as are best on the validation rows, "
		   "or all; all with a mean far above the features and a small sd: plain training" },
};

struct nested {
	uint64_t seed;           /* of the training */
	size_t n;                /* features of the last hidden layer */
	size_t chosen;           /* that evaluations read */
	double *up_to;           /* (n) probability of at most 1, 2, ... features */
};

static void nested_close(void *state)
{
	struct nested *t = state;

	free(t->up_to);
	free(t);
}

static void *nested_open(struct lb_learner *l, const struct lb_cohort *c, const struct lb_arg *par, struct lb_err *err)
{
	const size_t n = l->setup->model.width[l->setup->model.n_layers - 1];
	struct nested *t = lb_alloc(1, sizeof *t, err);
	double sum = 0, least = HUGE_VAL;

	if (!t)
		return NULL;
	*t = (struct nested){ .seed = c->order_seed, .n = n, .chosen = n, .up_to = lb_alloc(n, sizeof *t->up_to, err) };
	if (!t->up_to) {
		nested_close(t);
		return NULL;
	}
	for (size_t k = 0; k < n; k++) {
		t->up_to[k] = pow(((double)(k + 1) - par[MEAN].v) / par[SD].v, 2);
		least = fmin(least, t->up_to[k]);
	}
	for (size_t k = 0; k < n; k++)
		sum += exp(least - t->up_to[k]);
	for (size_t k = 0; k < n; k++)
		t->up_to[k] = exp(least - t->up_to[k]) / sum + (k ? t->up_to[k - 1] : 0);
	return t;
}

/* Features that a step reads, a function of train.seed and the step. */
static size_t features_of(const struct nested *t, int64_t step)
{
	struct lb_rng rng;
	size_t k = 1;

	if (step < 0)
		return t->chosen;
	lb_rng_init(&rng, t->seed, LB_RNG_NESTED, (uint64_t)step);
	const double u = lb_rng_unit(&rng);
	while (k < t->n && t->up_to[k - 1] <= u)
		k++;
	return k;
}

/* v, laid out like the parameters, <- 0 for weights of the output layer by features beyond the
 * first k. */
static void clear_from(const struct lb_model *m, size_t k, real *v)
{
	const struct lb_layer *last = &m->net->layer[m->net->spec.n_layers - 1];

	for (size_t o = 0; o < last->out; o++)
		for (size_t i = k; i < last->in; i++)
			v[lb_weight_at(last, o, i)] = 0;
}

static void nested_weights(const struct lb_hook *h, const struct lb_learner *l, int64_t step, real *w)
{
	clear_from(&l->model, features_of(h->state, step), w);
}

static void nested_back(const struct lb_hook *h, const struct lb_step *s, struct lb_model *m)
{
	clear_from(m, features_of(h->state, s->step), m->g);
}

static size_t nested_candidates(const struct lb_hook *h)
{
	const struct nested *t = h->state;

	return h->par[TEST].v == 0 ? t->n : 0;
}

static void nested_choose(const struct lb_hook *h, size_t candidate)
{
	struct nested *t = h->state;

	t->chosen = candidate + 1;
}

const struct lb_procedure LB_PROCEDURE(nested_dropout) = {
	.base = { .name = "nested_dropout", .tasks = 1u << LB_BINARY | 1u << LB_MULTICLASS, .title = "Nested dropout: the first k features of the last hidden layer, k drawn for each batch",
		  .cite = "O. Rippel, M. Gelbart, R. Adams, Learning Ordered Representations with Nested Dropout, ICML 2014; against label noise, with this law of k, Y. Chen et "
			  "al., Boosting Co-teaching with Compression Regularization for Label Noise, CVPR Workshops 2021; code yingyichen-cyy/Nested-Co-teaching",
		  .formula = "P(k) ~ exp(-((k - mu)/sd)^2), k = 1 to H; z = W (h_1, ..., h_k, 0, ..., 0) + b; at last k of the best validation accuracy - 1e-5 k",
		  .notes = "k is drawn from train.seed and the step, so every loss sees the same. Features are not scaled. Curves over the epochs are of all features; metrics and the "
			   "saved model of the k that is chosen when the training has ended, or of all without validation rows. Needs a hidden layer.",
		  .keywords = "compression ordered_features noisy_labels", LB_PARAMS(params) },
	.masks_features = true, .open = nested_open, .close = nested_close, .weights = nested_weights, .weights_back = nested_back,
	.candidates = nested_candidates, .choose = nested_choose,
};
