/* Procedures that weigh the rows of a batch by how well the model does on them. */
#include "core/engine/step/class_scores.h"
#include "core/engine/step/procedure.h"
#include "core/engine/step/row_ranking.h"

#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

/* ---- self_paced ---- */

static const char *const paces[] = { "hard", "linear", "log", "mixture", NULL };
enum { HARD, LINEAR, LOG, MIXTURE };

enum { PACE, LAMBDA, GROWTH, ZETA };

static const struct lb_param paced_params[] = {
	[PACE] = { .name = "weights", .type = LB_CHOICE_PARAM, .choices = paces, .help = "how the weight falls with the loss" },
	[LAMBDA] = { .name = "lambda", .symbol = "lam0", .type = LB_REAL_PARAM, .def = 1, .min = 0, .max = 1e300, .min_open = true, .grid = { 0.5, 1, 2 }, .n_grid = 3,
		     .help = "loss in the first epoch from which on rows do not count; hard with more than any loss: plain training" },
	[GROWTH] = { .name = "growth", .symbol = "g", .type = LB_REAL_PARAM, .def = 1.1, .min = 1, .max = 1e6, .grid = { 1.05, 1.1, 1.3 }, .n_grid = 3,
		     .help = "factor of lambda from an epoch to the next" },
	[ZETA] = { .name = "zeta", .symbol = "zeta", .type = LB_REAL_PARAM, .def = 0.1, .min = 0, .max = 1e300, .min_open = true,
		   .help = "mixture: loss up to which rows count in full; below lambda" },
};

/* The minimum over w from 0 to 1 of w v plus what the pace adds. */
static double paced_weight(const struct lb_arg *par, double lambda, double v)
{
	const double zeta = par[ZETA].v, z = 1 - lambda;

	if (isnan(v) || !(v < lambda))
		return isnan(v) ? v : 0;
	switch ((int)par[PACE].v) {
	case LINEAR:
		return fmin(1 - v / lambda, 1);
	case LOG:
		return fmin(log(fmax(v, 0) + z) / log(z), 1);
	case MIXTURE:
		return v > zeta ? (1 / v - 1 / lambda) * lambda * zeta / (lambda - zeta) : 1;
	default:
		return 1;
	}
}

static void paced_weigh(const struct lb_hook *h, struct lb_step *s, const real *row_loss, real *weight)
{
	double lambda = h->par[LAMBDA].v;

	for (size_t e = 0; e < s->l->epoch && lambda < 1e300; e++)
		lambda *= h->par[GROWTH].v;
	for (size_t i = 0; i < s->batch->b; i++)
		weight[i] *= (real)paced_weight(h->par, lambda, (double)row_loss[i]);
}

static int paced_check(const struct lb_arg *par, struct lb_err *err)
{
	if ((int)par[PACE].v == LOG && !(par[LAMBDA].v < 1))
		return lb_fail(err, LB_CONFIG, "lambda: found %g with weights: log, allowed: above 0 and below 1", par[LAMBDA].v);
	if ((int)par[PACE].v == LOG && par[GROWTH].v > 1)
		return lb_fail(err, LB_CONFIG, "growth: found %g with weights: log, allowed: 1, as lambda has to stay below 1", par[GROWTH].v);
	if ((int)par[PACE].v == MIXTURE && !(par[ZETA].v < par[LAMBDA].v))
		return lb_fail(err, LB_CONFIG, "zeta: found %g with weights: mixture and lambda %g, allowed: below lambda", par[ZETA].v, par[LAMBDA].v);
	return 0;
}

const struct lb_procedure LB_PROCEDURE(self_paced) = {
	.base = { .name = "self_paced", .tasks = LB_ROW_TASKS, .title = "Self-paced learning: rows of small loss first, the others as the bound on the loss grows",
		  .cite = "M. P. Kumar, B. Packer, D. Koller, Self-Paced Learning for Latent Variable Models, NIPS 2010 (hard); L. Jiang et al., Easy Samples First, "
			  "ACM Multimedia 2014 (linear, log, mixture)",
		  .formula = "mean of w_i l_i, lam = lam0 g^e in epoch e; hard: w = [l < lam]; linear: [1 - l/lam]+; log, z = 1 - lam: log(l + z) / log(z) below lam; "
			     "mixture: 1 up to zeta, (1/l - 1/lam) lam zeta / (lam - zeta) up to lam",
		  .notes = "The weights are held fixed in the gradient. They are not scaled to mean 1: a batch of rows above the bound moves nothing. Row and class "
			   "weights multiply them. Log and linear weights are at most 1, also of losses below 0.",
		  .keywords = "spl curriculum noisy_labels", .check = paced_check, LB_PARAMS(paced_params) },
	.weigh = paced_weigh,
};

/* ---- spectral_risk ---- */

static const char *const spectra[] = { "extremile", "exponential", NULL };

enum { SPECTRUM, RHO };

static const struct lb_param spectral_params[] = {
	[SPECTRUM] = { .name = "spectrum", .type = LB_CHOICE_PARAM, .choices = spectra, .help = "how the weight grows with the rank of the loss" },
	[RHO] = { .name = "rho", .symbol = "r", .type = LB_REAL_PARAM, .def = 2, .min = 0, .max = 700, .grid = { 1.5, 2, 4 }, .n_grid = 3,
		  .help = "how steeply; extremile with 1 and exponential with 0: plain training; extremile below 1: small losses weigh more" },
};

/* The integral of the spectrum from 0 to t. */
static double spectrum_up_to(const struct lb_arg *par, double t)
{
	const double r = par[RHO].v;

	return par[SPECTRUM].v == 0 ? pow(t, r) : expm1(r * t) / expm1(r);
}

static void spectral_weigh(const struct lb_hook *h, struct lb_step *s, const real *row_loss, real *weight)
{
	const size_t b = s->batch->b;
	const double even = h->par[SPECTRUM].v == 0 ? 1 : 0;
	struct lb_ranked *ranked = h->state;

	if (!(h->par[RHO].v < even || h->par[RHO].v > even))
		return;
	lb_rank_rows(row_loss, b, ranked);
	for (size_t i = 0; i < b; i++)
		weight[ranked[i].row] *= (real)((double)b * (spectrum_up_to(h->par, (double)(i + 1) / (double)b) -
							     spectrum_up_to(h->par, (double)i / (double)b)));
}

static void *spectral_open(struct lb_learner *l, const struct lb_cohort *c, const struct lb_arg *par, struct lb_err *err)
{
	(void)l, (void)par;
	return lb_alloc(c->batch, sizeof(struct lb_ranked), err);
}

static int spectral_check(const struct lb_arg *par, struct lb_err *err)
{
	if (par[SPECTRUM].v == 0 && !(par[RHO].v > 0))
		return lb_fail(err, LB_CONFIG, "rho: found %g with spectrum: extremile, allowed: above 0", par[RHO].v);
	return 0;
}

const struct lb_procedure LB_PROCEDURE(spectral_risk) = {
	.base = { .name = "spectral_risk", .tasks = LB_ROW_TASKS, .title = "Weights by the rank of the loss: a spectral risk of the batch",
		  .cite = "C. Acerbi, Spectral measures of risk, Journal of Banking & Finance 26, 2002; extremile and exponential spectrum as in R. Mehta et al., Stochastic "
			  "Optimization for Spectral Risk Measures, AISTATS 2023",
		  .formula = "sum over ranks i of (S(i/B) - S((i-1)/B)) l_(i), l_(1) <= ... <= l_(B); extremile: S(t) = t^r; exponential: S(t) = (e^(r t) - 1) / (e^r - 1)",
		  .notes = "The superquantile is cvar. The ranks are held fixed in the gradient; of rows with equal losses the later one ranks higher. Row and class weights "
			   "weigh the rows, and do not change their ranks.",
		  .keywords = "loss_rank l_risk extremile esrm dro", .check = spectral_check, LB_PARAMS(spectral_params) },
	.open = spectral_open, .close = free, .weigh = spectral_weigh,
};

/* ---- gradient_harmonising ---- */

enum { BINS, MOMENTUM, MOST_BINS = 1000 };

static const struct lb_param harmonising_params[] = {
	[BINS] = { .name = "bins", .symbol = "M", .type = LB_INT_PARAM, .def = 30, .min = 1, .max = MOST_BINS, .grid = { 10, 30 }, .n_grid = 2,
		   .help = "regions that sizes of the gradient, from 0 to 1, are counted in; 1 with momentum 0: plain training" },
	[MOMENTUM] = { .name = "momentum", .symbol = "a", .type = LB_REAL_PARAM, .def = 0.75, .min = 0, .max = 1, .max_open = true, .grid = { 0, 0.75 }, .n_grid = 2,
		       .help = "share of the counts that a step leaves" },
};

struct harmonising {
	double *count;           /* (bins) as they go on from step to step */
	uint32_t *rows;          /* (bins) of the batch */
	uint16_t *bin;           /* (batch) */
	double *p;               /* (classes) */
};

static void harmonising_close(void *state)
{
	struct harmonising *t = state;

	free(t->count);
	free(t->rows);
	free(t->bin);
	free(t->p);
	free(t);
}

static void *harmonising_open(struct lb_learner *l, const struct lb_cohort *c, const struct lb_arg *par, struct lb_err *err)
{
	const size_t bins = (size_t)par[BINS].v;
	struct harmonising *t = lb_alloc(1, sizeof *t, err);

	if (!t)
		return NULL;
	if (!(t->count = lb_alloc(bins, sizeof *t->count, err)) || !(t->rows = lb_alloc(bins, sizeof *t->rows, err)) ||
	    !(t->bin = lb_alloc(c->batch, sizeof *t->bin, err)) || !(t->p = lb_alloc(l->stats.n_classes, sizeof *t->p, err)) ||
	    lb_persist(&l->state, "counts of gradients", t->count, bins * sizeof *t->count, err)) {
		harmonising_close(t);
		return NULL;
	}
	return t;
}

static void harmonising_weigh(const struct lb_hook *h, struct lb_step *s, const real *row_loss, real *weight)
{
	struct harmonising *t = h->state;
	const struct lb_learner *l = s->l;
	const size_t b = s->batch->b, bins = (size_t)h->par[BINS].v;
	const double momentum = h->par[MOMENTUM].v;
	double taken = 0;

	(void)row_loss;
	memset(t->rows, 0, bins * sizeof *t->rows);
	for (size_t i = 0; i < b; i++) {
		lb_class_probabilities(&l->model.z[i * l->model.net->ld], l->columns, t->p);
		const double size = 1 - t->p[l->setup->y[s->batch->rows[i]]], at = size * (double)bins;
		t->bin[i] = (uint16_t)(at > 0 ? fmin(at, (double)bins - 1) : 0);
		t->rows[t->bin[i]]++;
	}
	for (size_t k = 0; k < bins; k++) {
		if (!t->rows[k])
			continue;
		t->count[k] = momentum * t->count[k] + (1 - momentum) * t->rows[k];
		taken++;
	}
	for (size_t i = 0; i < b; i++)
		weight[i] *= (real)((double)b / t->count[t->bin[i]] / taken);
}

const struct lb_procedure LB_PROCEDURE(gradient_harmonising) = {
	.base = { .name = "gradient_harmonising", .tasks = 1u << LB_BINARY | 1u << LB_MULTICLASS, .title = "Gradient harmonising (GHM-C): rows weigh less where many have a gradient of their size",
		  .cite = "B. Li, Y. Liu, X. Wang, Gradient Harmonized Single-stage Detector, AAAI 2019; code libuyu/GHM_Detection",
		  .formula = "g_i = 1 - p_{y_i} in one of M equal bins; S_k = a S_k + (1 - a) R_k for the bins with R_k > 0 rows of the batch, S = 0 at first; w_i = B / (S_k n) "
			     "with n such bins",
		  .notes = "Of two classes g = |p - y| as in the paper; of several the same of the label's probability. g is of the log loss, whatever the loss is. With "
			   "momentum the first steps have larger weights, as S begins at 0 in the public code. A score a class is needed.",
		  .keywords = "ghm ghm_c imbalance hard_examples", LB_PARAMS(harmonising_params) },
	.reads_classes = true, .open = harmonising_open, .close = harmonising_close, .weigh = harmonising_weigh,
};
