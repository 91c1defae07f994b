#include "core/engine/step/procedure.h"

#include "core/base/mem.h"
#include "core/numeric/rng.h"

#include <stdlib.h>
#include <string.h>

enum { ALPHA };

static const struct lb_param params[] = {
	[ALPHA] = { .name = "alpha", .symbol = "a", .type = LB_REAL_PARAM, .def = 0.2, .min = 0, .max = 1e6, .grid = { 0.1, 0.2, 0.4, 1 },
		    .n_grid = 4, .help = "both parameters of the Beta distribution of the share; 0: plain training" },
};

struct mixup {
	double share;            /* of the row itself, in this step */
	uint32_t *partner;       /* (batch) */
	real *x;                 /* (batch, features) the rows before */
	uint32_t *column;        /* (features) of cutmix: the columns, those of the partner first */
};

static void mixup_close(void *state)
{
	struct mixup *m = state;

	free(m->partner);
	free(m->x);
	free(m->column);
	free(m);
}

static void *mixup_open(struct lb_learner *l, const struct lb_cohort *c, const struct lb_arg *par, struct lb_err *err)
{
	struct mixup *m = lb_alloc(1, sizeof *m, err);

	(void)l, (void)par;
	if (!m)
		return NULL;
	m->partner = lb_alloc(c->batch, sizeof *m->partner, err);
	m->x = lb_alloc_aligned(c->batch * c->features->d, sizeof *m->x, err);
	m->column = lb_alloc(c->features->d, sizeof *m->column, err);
	if (m->partner && m->x && m->column)
		return m;
	mixup_close(m);
	return NULL;
}

/* Logarithm of a draw from Gamma(a, 1), by the method of Marsaglia and Tsang (2000) at a + 1;
 * finite also where the draw itself is below all numbers. */
static double log_gamma_draw(struct lb_rng *rng, double a)
{
	const double d = a + 1 - 1.0 / 3, c = 1 / sqrt(9 * d);
	double x, v;

	do {
		x = lb_rng_normal(rng);
		v = pow(1 + c * x, 3);
	} while (v <= 0 || log(1 - lb_rng_unit(rng)) > 0.5 * x * x + d - d * v + d * log(v));
	return log(d * v) + log(1 - lb_rng_unit(rng)) / a;
}

/* A draw from Beta(a, a). */
static double beta_draw(struct lb_rng *rng, double a)
{
	const double first = log_gamma_draw(rng, a), second = log_gamma_draw(rng, a);

	return 1 / (1 + exp(second - first));
}

/* Share and partners depend on train.seed and the step alone, so every loss sees the same
 * mixtures. */
static void draw(struct mixup *m, double alpha, const struct lb_step *s, struct lb_rng *rng)
{
	lb_rng_init(rng, s->c->order_seed, LB_RNG_MIXUP, (uint64_t)s->step);
	m->share = alpha > 0 ? beta_draw(rng, alpha) : 1;
	for (size_t i = 0; i < s->batch->b; i++)
		m->partner[i] = (uint32_t)i;
	lb_rng_shuffle(rng, m->partner, s->batch->b);
}

static void mixup_inputs(const struct lb_hook *h, struct lb_step *s, real *x)
{
	struct mixup *m = h->state;
	const size_t b = s->batch->b, d = s->c->features->d;
	struct lb_rng rng;

	draw(m, h->par[ALPHA].v, s, &rng);
	const real own = (real)m->share, other = (real)(1 - m->share);
	if (!(m->share < 1))
		return;
	memcpy(m->x, x, b * d * sizeof *x);
	for (size_t i = 0; i < b; i++)
		for (size_t k = 0; k < d; k++)
			x[i * d + k] = own * m->x[i * d + k] + other * m->x[m->partner[i] * d + k];
}

static void mixup_labels(const struct lb_hook *h, struct lb_step *s)
{
	const struct mixup *m = h->state;

	if (!(m->share < 1))
		return;
	s->set[0] = (struct lb_label_set){ .share = m->share };
	s->set[1] = (struct lb_label_set){ .share = 1 - m->share, .of = m->partner };
	s->n_sets = 2;
}

const struct lb_procedure LB_PROCEDURE(mixup) = {
	.base = { .name = "mixup", .tasks = LB_ROW_TASKS, .title = "Mixed rows and labels",
		  .cite = "H. Zhang, M. Cisse, Y. Dauphin, D. Lopez-Paz, mixup: Beyond Empirical Risk Minimization, ICLR 2018",
		  .formula = "x = lam x_i + (1 - lam) x_j; L = lam l(f(x), y_i) + (1 - lam) l(f(x), y_j); lam ~ Beta(a, a)",
		  .notes = "One lam and one permutation j of the rows for each batch, drawn from train.seed, on features as the model reads them. For ce and mse the "
			   "gradient is that of the loss of the mixed label or target. A row weight goes with its label. The loss curve is of the "
			   "mixed rows; metrics are of the rows as they are.",
		  .keywords = "mixup_mse mixup_ce vicinal augmentation", LB_PARAMS(params) },
	.open = mixup_open, .close = mixup_close, .inputs = mixup_inputs, .labels = mixup_labels,
};

/* ---- cutmix ---- */

static const char *const blocks[] = { "contiguous", "drawn", NULL };

enum { COLUMNS = ALPHA + 1 };

static const struct lb_param cut_params[] = {
	[ALPHA] = { .name = "alpha", .symbol = "a", .type = LB_REAL_PARAM, .def = 1, .min = 0, .max = 1e6, .grid = { 0.2, 1 }, .n_grid = 2,
		    .help = "both parameters of the Beta distribution of the share; 0: plain training" },
	[COLUMNS] = { .name = "columns", .type = LB_CHOICE_PARAM, .choices = blocks, .help = "of the partner: side by side, or drawn one by one" },
};

/* The columns in an order whose first ones are the partner's. */
static void order_columns(struct mixup *m, bool drawn, size_t d, size_t cut, struct lb_rng *rng)
{
	const size_t first = drawn ? 0 : lb_rng_below(rng, d - cut + 1);

	for (size_t k = 0; k < d; k++)
		m->column[k] = (uint32_t)((first + k) % d);
	if (drawn)
		lb_rng_shuffle(rng, m->column, d);
}

static void cutmix_inputs(const struct lb_hook *h, struct lb_step *s, real *x)
{
	struct mixup *m = h->state;
	const size_t b = s->batch->b, d = s->c->features->d;
	struct lb_rng rng;

	draw(m, h->par[ALPHA].v, s, &rng);
	const size_t cut = (size_t)((1 - m->share) * (double)d + 0.5);
	m->share = 1 - (double)cut / (double)d;
	if (!cut)
		return;
	order_columns(m, h->par[COLUMNS].v != 0, d, cut, &rng);
	memcpy(m->x, x, b * d * sizeof *x);
	for (size_t i = 0; i < b; i++)
		for (size_t k = 0; k < cut; k++)
			x[i * d + m->column[k]] = m->x[m->partner[i] * d + m->column[k]];
}

const struct lb_procedure LB_PROCEDURE(cutmix) = {
	.base = { .name = "cutmix", .tasks = LB_ROW_TASKS, .title = "Rows with some features of others, and mixed labels",
		  .cite = "S. Yun, D. Han, S. J. Oh, S. Chun, J. Choe, Y. Yoo, CutMix: Regularization Strategy to Train Strong Classifiers with Localizable Features, ICCV 2019, "
			  "on features",
		  .formula = "c = int((1 - u) D + 1/2) columns, u ~ Beta(a, a); x is x_j there and x_i elsewhere; L = lam l(f(x), y_i) + (1 - lam) l(f(x), y_j), lam = 1 - c/D",
		  .notes = "The share is that of the columns taken, not the one drawn. One u, one set of columns and one permutation j of the rows for each batch, drawn from "
			   "train.seed, u and j as mixup draws them. D counts features as the model reads them, so that a category of several columns may be cut. A row weight "
			   "goes with its label. The loss curve is of the mixed rows.",
		  .keywords = "augmentation vicinal cut mix", LB_PARAMS(cut_params) },
	.open = mixup_open, .close = mixup_close, .inputs = cutmix_inputs, .labels = mixup_labels,
};
