/* Procedures that go by the mean losses of subgroups of rows (data.subgroup), those of a batch. */
#include "core/engine/step/class_scores.h"
#include "core/engine/step/procedure.h"

#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

struct groups {
	size_t n, classes;       /* groups; classes: that divide each subgroup, 1 for none */
	double *share;           /* (n) of group_dro */
	double *of_all;          /* (n) training rows */
	double *rows, *risk;     /* (n) of a batch: rows, and the mean of their losses, or of something else */
	double *p;               /* (classes of the scores) */
	double penalty;          /* of the batch, of vrex */
};

static void groups_close(void *state)
{
	struct groups *t = state;

	free(t->share);
	free(t->of_all);
	free(t->rows);
	free(t->risk);
	free(t->p);
	free(t);
}

/* The group of a row of the dataset. */
static size_t group_of(const struct groups *t, const struct lb_setup *setup, const struct lb_dataset *data, size_t row)
{
	return (size_t)data->subgroup[row] * t->classes + (t->classes > 1 ? (size_t)setup->y[row] : 0);
}

static size_t batch_group(const struct groups *t, const struct lb_step *s, size_t i)
{
	return group_of(t, s->l->setup, s->c->features->data, s->batch->rows[i]);
}

/* classes: that divide each subgroup. */
static struct groups *open_groups(struct lb_learner *l, const struct lb_cohort *c, size_t classes, struct lb_err *err)
{
	const struct lb_dataset *data = c->features->data;
	struct groups *t = lb_alloc(1, sizeof *t, err);
	size_t most = 0;

	if (!t)
		return NULL;
	for (size_t i = 0; i < data->n; i++)
		most = (size_t)data->subgroup[i] > most ? (size_t)data->subgroup[i] : most;
	t->classes = classes;
	t->n = (most + 1) * classes;
	t->share = lb_alloc(t->n, sizeof *t->share, err);
	t->of_all = lb_alloc(t->n, sizeof *t->of_all, err);
	t->rows = lb_alloc(t->n, sizeof *t->rows, err);
	t->risk = lb_alloc(t->n, sizeof *t->risk, err);
	t->p = lb_alloc(l->stats.n_classes > 1 ? l->stats.n_classes : 1, sizeof *t->p, err);
	if (!t->share || !t->of_all || !t->rows || !t->risk || !t->p) {
		groups_close(t);
		return NULL;
	}
	for (size_t i = 0; i < c->split->n[LB_TRAIN]; i++)
		t->of_all[group_of(t, l->setup, data, c->split->rows[LB_TRAIN][i])]++;
	return t;
}

/* t->rows and t->risk <- the rows of each group in the batch, and the mean of value (b) over them.
 * Returns how many groups have rows. */
static size_t take_means(struct groups *t, const struct lb_step *s, const real *value)
{
	size_t present = 0;

	memset(t->rows, 0, t->n * sizeof *t->rows);
	memset(t->risk, 0, t->n * sizeof *t->risk);
	for (size_t i = 0; i < s->batch->b; i++) {
		const size_t g = batch_group(t, s, i);
		t->rows[g]++;
		t->risk[g] += (double)value[i];
	}
	for (size_t g = 0; g < t->n; g++) {
		t->risk[g] /= t->rows[g] > 0 ? t->rows[g] : 1;
		present += t->rows[g] > 0;
	}
	return present;
}

/* ---- group_dro ---- */

static const char *const divisions[] = { "subgroup", "subgroup_and_label", NULL };

enum { ETA, ADJUST, BY };

static const struct lb_param dro_params[] = {
	[ETA] = { .name = "eta", .symbol = "eta", .type = LB_REAL_PARAM, .def = 0.01, .min = 0, .max = 1e6, .grid = { 0.01, 0.1, 1 }, .n_grid = 3,
		  .help = "how fast the weights of groups follow their losses; 0: the mean over groups" },
	[ADJUST] = { .name = "adjust", .symbol = "C", .type = LB_REAL_PARAM, .def = 0, .min = 0, .max = 1e6, .grid = { 0, 1, 2 }, .n_grid = 3,
		     .help = "adjustment for groups of few training rows" },
	[BY] = { .name = "by", .type = LB_CHOICE_PARAM, .choices = divisions, .help = "what a group is; subgroup_and_label divides each subgroup by classes too" },
};

static void *dro_open(struct lb_learner *l, const struct lb_cohort *c, const struct lb_arg *par, struct lb_err *err)
{
	struct groups *t = open_groups(l, c, par[BY].v != 0 && l->setup->y ? l->stats.n_classes : 1, err);
	double present = 0;

	if (!t || lb_persist(&l->state, "weights of groups", t->share, t->n * sizeof *t->share, err)) {
		if (t)
			groups_close(t);
		return NULL;
	}
	for (size_t g = 0; g < t->n; g++)
		present += t->of_all[g] > 0;
	for (size_t g = 0; g < t->n; g++)
		t->share[g] = t->of_all[g] > 0 ? 1 / present : 0;
	return t;
}

/* What the exponent of a group's weight grows by in this step. */
static double dro_rise(const struct groups *t, const struct lb_arg *par, size_t g)
{
	return t->rows[g] > 0 ? par[ETA].v * (t->risk[g] + par[ADJUST].v / sqrt(t->of_all[g])) : 0;
}

static void dro_weigh(const struct lb_hook *h, struct lb_step *s, const real *row_loss, real *weight)
{
	struct groups *t = h->state;
	double most = 0, sum = 0;

	take_means(t, s, row_loss);
	for (size_t g = 0; g < t->n; g++)
		most = fmax(most, dro_rise(t, h->par, g));
	for (size_t g = 0; g < t->n; g++)
		sum += t->share[g] *= exp(dro_rise(t, h->par, g) - most);
	for (size_t g = 0; g < t->n; g++)
		t->share[g] /= sum;
	for (size_t i = 0; i < s->batch->b; i++) {
		const size_t g = batch_group(t, s, i);
		weight[i] *= (real)(t->share[g] * (double)s->batch->b / t->rows[g]);
	}
}

#define BATCH_GROUPS "Groups are those of the batch, and a group's loss is the plain mean over its rows; row and class weights multiply the rows' weights. "

const struct lb_procedure LB_PROCEDURE(group_dro) = {
	.base = { .name = "group_dro", .tasks = LB_ROW_TASKS, .title = "Group DRO: subgroups weigh the more the larger their losses have been",
		  .cite = "S. Sagawa, P. W. Koh, T. Hashimoto, P. Liang, Distributionally Robust Neural Networks for Group Shifts, ICLR 2020, Algorithm 1; code "
			  "kohpangwei/group_DRO",
		  .formula = "q_g = q_g exp(eta (R_g + C/sqrt(n_g))) / sum for the groups of the batch, R_g the mean loss of one, n_g its training rows; sum_g q_g R_g",
		  .notes = BATCH_GROUPS "q is even over the groups with training rows at first; a group without rows in a batch keeps q but for the division by the sum. The "
			   "paper's groups are by: subgroup_and_label, of the labels as they are trained on.",
		  .keywords = "worst_group subgroup fairness dro", LB_PARAMS(dro_params) },
	.reads_subgroups = true, .open = dro_open, .close = groups_close, .weigh = dro_weigh,
};

/* ---- irm, vrex ---- */

enum { PENALTY, FROM };

#define PENALTY_PARAMS(d, ...)                                                                                                                                    \
	[PENALTY] = { .name = "lambda", .symbol = "lam", .type = LB_REAL_PARAM, .def = (d), .min = 0, .max = 1e9, .grid = { __VA_ARGS__ }, .n_grid = 3,              \
		      .help = "weight of the penalty; 0: the mean over subgroups" },                                                                              \
	[FROM] = { .name = "start", .type = LB_INT_PARAM, .def = 0, .min = 0, .max = 1e6, .grid = { 0, 5 }, .n_grid = 2, .help = "epochs before the penalty counts" }

static const struct lb_param vrex_params[] = { PENALTY_PARAMS(10, 1, 10, 100) };
static const struct lb_param irm_params[] = { PENALTY_PARAMS(1, 1, 10, 100) };

static void *penalty_open(struct lb_learner *l, const struct lb_cohort *c, const struct lb_arg *par, struct lb_err *err)
{
	(void)par;
	return open_groups(l, c, 1, err);
}

static double penalty_weight(const struct lb_hook *h, const struct lb_step *s)
{
	return (double)s->l->epoch < h->par[FROM].v ? 0 : h->par[PENALTY].v;
}

/* weight (b) *= b / (present rows_g) (1 + extra (R_g - mean)). */
static void weigh_groups(struct groups *t, const struct lb_step *s, size_t present, double mean, double extra, real *weight)
{
	for (size_t i = 0; i < s->batch->b; i++) {
		const size_t g = batch_group(t, s, i);
		weight[i] *= (real)((double)s->batch->b / ((double)present * t->rows[g]) * (1 + extra * (t->risk[g] - mean)));
	}
}

/* The weights are the derivatives by the rows' losses; the weighted mean has the penalty twice. */
static void vrex_weigh(const struct lb_hook *h, struct lb_step *s, const real *row_loss, real *weight)
{
	struct groups *t = h->state;
	const size_t present = take_means(t, s, row_loss);
	const double lambda = penalty_weight(h, s);
	double mean = 0, variance = 0;

	for (size_t g = 0; g < t->n; g++)
		mean += t->risk[g] / (double)present;
	for (size_t g = 0; g < t->n; g++)
		variance += t->rows[g] > 0 ? (t->risk[g] - mean) * (t->risk[g] - mean) / (double)present : 0;
	t->penalty = lambda * variance;
	weigh_groups(t, s, present, mean, 2 * lambda, weight);
}

static double vrex_penalty(const struct lb_hook *h, const struct lb_step *s, struct lb_model *m)
{
	const struct groups *t = h->state;

	(void)s, (void)m;
	return -t->penalty;
}

const struct lb_procedure LB_PROCEDURE(vrex) = {
	.base = { .name = "vrex", .tasks = LB_ROW_TASKS, .title = "V-REx: the mean of the subgroups' losses and their variance",
		  .cite = "D. Krueger et al., Out-of-Distribution Generalization via Risk Extrapolation (REx), ICML 2021",
		  .formula = "mean_g R_g + lam mean_g (R_g - mean R)^2, R_g the mean loss of subgroup g in the batch",
		  .notes = BATCH_GROUPS "Rows of a subgroup of small loss may have negative weights. The optimiser's state stays as it is when the penalty comes in.",
		  .keywords = "rex risk_extrapolation domain_generalization invariant", LB_PARAMS(vrex_params) },
	.reads_subgroups = true, .open = penalty_open, .close = groups_close, .weigh = vrex_weigh, .penalty = vrex_penalty,
};

static void irm_weigh(const struct lb_hook *h, struct lb_step *s, const real *row_loss, real *weight)
{
	struct groups *t = h->state;

	weigh_groups(t, s, take_means(t, s, row_loss), 0, 0, weight);
}

/* Returns p.z of a row, and in *at the entry of its label, of probabilities t->p. */
static double mean_score(const struct groups *t, const real *z, size_t c, size_t y, double *at)
{
	double sum = 0;

	*at = c == 1 ? (y ? (double)z[0] : 0) : (double)z[y];
	if (c == 1)
		return t->p[1] * (double)z[0];
	for (size_t k = 0; k < c; k++)
		sum += t->p[k] * (double)z[k];
	return sum;
}

/* D_g = mean over g of p.z - z_y, the slope of the group's log loss by a factor of the scores, into
 * t->risk; of the mean over groups of D_g^2 the derivative by a row's scores is 2 D_g / (groups
 * n_g) (p (1 + z - p.z) - [k = y]). */
static double irm_penalty(const struct lb_hook *h, const struct lb_step *s, struct lb_model *m)
{
	struct groups *t = h->state;
	const struct lb_learner *l = s->l;
	const size_t c = l->columns, ld = m->net->ld;
	const double lambda = penalty_weight(h, s);
	double present = 0, value = 0, at;

	if (!(lambda > 0))
		return 0;
	memset(t->risk, 0, t->n * sizeof *t->risk);
	for (size_t i = 0; i < s->batch->b; i++) {
		lb_class_probabilities(&m->z[i * ld], c, t->p);
		const double mean = mean_score(t, &m->z[i * ld], c, (size_t)l->setup->y[s->batch->rows[i]], &at);
		t->risk[batch_group(t, s, i)] += mean - at;
	}
	for (size_t g = 0; g < t->n; g++) {
		t->risk[g] /= t->rows[g] > 0 ? t->rows[g] : 1;
		present += t->rows[g] > 0;
		value += t->risk[g] * t->risk[g];
	}
	for (size_t i = 0; i < s->batch->b; i++) {
		const size_t g = batch_group(t, s, i), y = (size_t)l->setup->y[s->batch->rows[i]];
		const double factor = lambda * 2 * t->risk[g] / (present * t->rows[g]);
		real *dz = &m->dz[i * ld];
		lb_class_probabilities(&m->z[i * ld], c, t->p);
		const double mean = mean_score(t, &m->z[i * ld], c, y, &at);
		for (size_t k = 0; k < c; k++) {
			const double p = t->p[c == 1 ? 1 : k], z = (double)m->z[i * ld + k], own = c == 1 ? (double)y : (double)(k == y);
			dz[k] += (real)(factor * (p * (1 + z - mean) - own));
		}
	}
	return lambda * value / present;
}

const struct lb_procedure LB_PROCEDURE(irm) = {
	.base = { .name = "irm", .tasks = 1u << LB_BINARY | 1u << LB_MULTICLASS, .title = "IRMv1: the scores are to be right in scale in each subgroup by itself",
		  .cite = "M. Arjovsky, L. Bottou, I. Gulrajani, D. Lopez-Paz, Invariant Risk Minimization, 2019 (IRMv1)",
		  .formula = "mean_g R_g + lam mean_g D_g^2, D_g = d/dw of subgroup g's log loss at scores w z, w = 1: the mean over its rows of p.z - z_y",
		  .notes = BATCH_GROUPS "The penalty is of the log loss of the scores, whatever the loss is; with ce and logistic it is the paper's. A score a class is needed. The "
			   "optimiser's state stays as it is when the penalty comes in.",
		  .keywords = "invariant_risk_minimization domain_generalization", LB_PARAMS(irm_params) },
	.reads_subgroups = true, .reads_classes = true, .open = penalty_open, .close = groups_close, .weigh = irm_weigh, .penalty = irm_penalty,
};
