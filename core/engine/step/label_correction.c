/* Procedures that keep probabilities of the classes for each training row in the place of its
 * label, and correct them by what the model says. */
#include "core/engine/step/class_scores.h"
#include "core/engine/step/procedure.h"

#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

struct corrected {
	size_t n, c;             /* training rows, classes */
	double *label;           /* (n, c) */
	double *batch;           /* (batch, c) those of a batch */
	double *p;               /* (c) */
	/* Of joint_labels: what the model said of each row in the last epochs, (n, c, kept), the
	 * epoch e at e % kept; and the mean of a batch, with its derivative, 2 x (c). */
	double *said, *mean;
	size_t kept;
};

static void corrected_close(void *state)
{
	struct corrected *t = state;

	free(t->label);
	free(t->batch);
	free(t->p);
	free(t->said);
	free(t->mean);
	free(t);
}

/* Begins with the labels as they are given. */
static struct corrected *open_labels(struct lb_learner *l, const struct lb_cohort *c, size_t kept, struct lb_err *err)
{
	const size_t n = c->split->n[LB_TRAIN], classes = l->stats.n_classes;
	struct corrected *t = lb_alloc(1, sizeof *t, err);

	if (!t)
		return NULL;
	t->n = n;
	t->c = classes;
	t->kept = kept;
	t->label = lb_alloc(n * classes, sizeof *t->label, err);
	t->batch = lb_alloc(c->batch * classes, sizeof *t->batch, err);
	t->p = lb_alloc(classes, sizeof *t->p, err);
	t->said = lb_alloc(n * classes, kept * sizeof *t->said, err);
	t->mean = lb_alloc(2 * classes, sizeof *t->mean, err);
	if (!t->label || !t->batch || !t->p || !t->said || !t->mean ||
	    lb_persist(&l->state, "labels", t->label, n * classes * sizeof *t->label, err) ||
	    (kept && lb_persist(&l->state, "probabilities", t->said, n * classes * kept * sizeof *t->said, err))) {
		corrected_close(t);
		return NULL;
	}
	for (size_t i = 0; i < n; i++)
		t->label[i * classes + (size_t)l->setup->y[c->split->rows[LB_TRAIN][i]]] = 1;
	return t;
}

/* The labels of the batch into the step. */
static void give_labels(const struct corrected *t, struct lb_step *s)
{
	for (size_t i = 0; i < s->batch->b; i++)
		memcpy(t->batch + i * t->c, t->label + s->batch->id[i] * t->c, t->c * sizeof *t->batch);
	s->set[0].soft = t->batch;
}

/* t->p <- the probabilities that the model gives row i of the batch. */
static void read_row(const struct corrected *t, const struct lb_step *s, const struct lb_model *m, size_t i)
{
	lb_class_probabilities(&m->z[i * m->net->ld], s->l->columns, t->p);
}

/* ---- label_ensemble ---- */

enum { START, MOMENTUM };

static const struct lb_param ensemble_params[] = {
	[START] = { .name = "start", .type = LB_INT_PARAM, .def = 10, .min = 0, .max = 1e6, .grid = { 5, 10, 20 }, .n_grid = 3,
		    .help = "epochs of plain training before" },
	[MOMENTUM] = { .name = "momentum", .symbol = "a", .type = LB_REAL_PARAM, .def = 0.9, .min = 0, .max = 1, .grid = { 0.8, 0.9, 0.95 }, .n_grid = 3,
		       .help = "share of a row's label that a step leaves; 1: plain training" },
};

static void *ensemble_open(struct lb_learner *l, const struct lb_cohort *c, const struct lb_arg *par, struct lb_err *err)
{
	(void)par;
	return open_labels(l, c, 0, err);
}

static void ensemble_relabel(const struct lb_hook *h, struct lb_step *s, const struct lb_model *m)
{
	const struct corrected *t = h->state;
	const double momentum = h->par[MOMENTUM].v;

	if ((double)s->l->epoch < h->par[START].v || !(momentum < 1))
		return;
	for (size_t i = 0; i < s->batch->b; i++) {
		double *label = t->label + s->batch->id[i] * t->c;
		read_row(t, s, m, i);
		for (size_t k = 0; k < t->c; k++)
			label[k] = momentum * label[k] + (1 - momentum) * t->p[k];
	}
	give_labels(t, s);
}

#define SOFT_LABELS "A row's loss is the mean of the losses of all classes by these probabilities; C times the work on scores. "

const struct lb_procedure LB_PROCEDURE(label_ensemble) = {
	.base = { .name = "label_ensemble", .tasks = 1u << LB_BINARY | 1u << LB_MULTICLASS, .title = "Self-ensemble label correction (SELC): labels follow a running mean of predictions",
		  .cite = "Y. Lu, W. He, SELC: Self-Ensemble Label Correction Improves Learning with Noisy Labels, IJCAI 2022; code MacLLL/SELC",
		  .formula = "from epoch `start` on, in each step: t_i = a t_i + (1 - a) p_i for the rows of the batch, then the loss of the labels t_i; t_i is the given "
			     "label at first",
		  .notes = SOFT_LABELS "p is the softmax of the scores as training sees them, held fixed in the gradient. The turning point that the paper estimates is `start`. "
			   "A score a class is needed.",
		  .keywords = "selc label_correction noisy_labels temporal_ensembling", LB_PARAMS(ensemble_params) },
	.reads_classes = true, .open = ensemble_open, .close = corrected_close, .relabel = ensemble_relabel,
};

/* ---- joint_labels ---- */

enum { KEPT = MOMENTUM, HARD, ALPHA, BETA };

static const struct lb_param joint_params[] = {
	[START] = { .name = "start", .type = LB_INT_PARAM, .def = 70, .min = 1, .max = 1e6, .grid = { 20, 40, 70 }, .n_grid = 3,
		    .help = "epochs with the given labels" },
	[KEPT] = { .name = "average", .symbol = "K", .type = LB_INT_PARAM, .def = 10, .min = 1, .max = 100, .grid = { 5, 10 }, .n_grid = 2,
		   .help = "epochs whose predictions a label is the mean of; at most start" },
	[HARD] = { .name = "hard", .type = LB_BOOL_PARAM, .def = 0, .help = "labels are the likeliest class of the mean, not the mean" },
	[ALPHA] = { .name = "alpha", .symbol = "a", .type = LB_REAL_PARAM, .def = 1.2, .min = 0, .max = 1e6, .grid = { 0, 0.5, 1.2 }, .n_grid = 3,
		    .help = "weight of the penalty that all classes are to be said equally often" },
	[BETA] = { .name = "beta", .symbol = "b", .type = LB_REAL_PARAM, .def = 0.4, .min = 0, .max = 1e6, .grid = { 0, 0.1, 0.4 }, .n_grid = 3,
		   .help = "weight of the entropy of predictions; alpha and beta 0 and start after the end: plain training" },
};

static int joint_check(const struct lb_arg *par, struct lb_err *err)
{
	if (par[KEPT].v > par[START].v)
		return lb_fail(err, LB_CONFIG, "average: found %g with start %g, allowed: at most start", par[KEPT].v, par[START].v);
	return 0;
}

static void *joint_open(struct lb_learner *l, const struct lb_cohort *c, const struct lb_arg *par, struct lb_err *err)
{
	return open_labels(l, c, (size_t)par[KEPT].v, err);
}

/* From epoch `start` on the labels are the means of what was said in the last epochs. */
static void joint_epoch(const struct lb_hook *h, struct lb_learner *l, size_t epoch)
{
	const struct corrected *t = h->state;

	(void)l;
	if ((double)epoch < h->par[START].v)
		return;
	for (size_t i = 0; i < t->n; i++) {
		double *label = t->label + i * t->c;
		size_t best = 0;
		for (size_t k = 0; k < t->c; k++) {
			const double *said = t->said + (i * t->c + k) * t->kept;
			label[k] = 0;
			for (size_t e = 0; e < t->kept; e++)
				label[k] += said[e] / (double)t->kept;
			best = label[k] > label[best] ? k : best;
		}
		for (size_t k = 0; h->par[HARD].v != 0 && k < t->c; k++)
			label[k] = k == best;
	}
}

static void joint_relabel(const struct lb_hook *h, struct lb_step *s, const struct lb_model *m)
{
	const struct corrected *t = h->state;

	for (size_t i = 0; i < s->batch->b; i++) {
		read_row(t, s, m, i);
		for (size_t k = 0; k < t->c; k++)
			t->said[(s->batch->id[i] * t->c + k) * t->kept + s->l->epoch % t->kept] = t->p[k];
	}
	if ((double)s->l->epoch >= h->par[START].v)
		give_labels(t, s);
}

/* value = -(alpha/C) sum_k log(C mean_k) + beta mean_i H(p_i). By the probabilities of row i the
 * derivatives are v_k = (-alpha/(C mean_k) - beta log p_k) / B, and by its scores p_k (v_k - v.p);
 * the rest of the derivative of H is the same for all k. */
static double joint_penalty(const struct lb_hook *h, const struct lb_step *s, struct lb_model *m)
{
	const struct corrected *t = h->state;
	const double alpha = h->par[ALPHA].v, beta = h->par[BETA].v, b = (double)s->batch->b, c = (double)t->c;
	const size_t outputs = s->l->columns;
	double *mean = t->mean, *v = t->mean + t->c, value = 0;

	if (!(alpha > 0 || beta > 0))
		return 0;
	memset(mean, 0, t->c * sizeof *mean);
	for (size_t i = 0; i < s->batch->b; i++) {
		read_row(t, s, m, i);
		for (size_t k = 0; k < t->c; k++)
			mean[k] += t->p[k] / b;
	}
	for (size_t k = 0; alpha > 0 && k < t->c; k++)
		value -= alpha / c * log(c * mean[k]);
	for (size_t i = 0; i < s->batch->b; i++) {
		real *dz = &m->dz[i * m->net->ld];
		double along = 0;
		read_row(t, s, m, i);
		for (size_t k = 0; k < t->c; k++) {
			const double log_p = t->p[k] > 0 ? log(t->p[k]) : 0;
			value -= beta * t->p[k] * log_p / b;
			v[k] = ((alpha > 0 ? -alpha / (c * mean[k]) : 0) - beta * log_p) / b;
			along += v[k] * t->p[k];
		}
		for (size_t k = 0; k < outputs; k++) {
			const size_t of = outputs == 1 ? 1 : k;
			dz[k] += (real)(t->p[of] * (v[of] - along));
		}
	}
	return value;
}

const struct lb_procedure LB_PROCEDURE(joint_labels) = {
	.base = { .name = "joint_labels", .tasks = 1u << LB_BINARY | 1u << LB_MULTICLASS, .title = "Joint optimisation of weights and labels: labels become the mean of the last predictions",
		  .cite = "D. Tanaka, D. Ikami, T. Yamasaki, K. Aizawa, Joint Optimization Framework for Learning with Noisy Labels, CVPR 2018; code "
			  "DaikiTanaka-UT/JointOptimization",
		  .formula = "L(t) - (a/C) sum_k log(C pbar_k) + b mean_i H(p_i), pbar the batch's mean softmax; before each epoch from `start` on, t_i = the mean of p_i in "
			     "the last K epochs, or its likeliest class",
		  .notes = SOFT_LABELS "The two penalties count from the first step; the prior of the classes is even. The first of the paper's two trainings; its loss is KL(t || p), "
			   "which has the gradient of ce. p is as training sees the row. Keeps n C K numbers. A score a class is needed.",
		  .keywords = "label_correction noisy_labels joint_optimization", .check = joint_check, LB_PARAMS(joint_params) },
	.reads_classes = true, .open = joint_open, .close = corrected_close, .epoch = joint_epoch, .relabel = joint_relabel, .penalty = joint_penalty,
};
