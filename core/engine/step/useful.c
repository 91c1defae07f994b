#include "core/engine/step/learner_open.h"
#include "core/engine/step/procedure.h"
#include "core/engine/step/step.h"
#include "core/training/train.h"
#include "core/training/two_means.h"

#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { EPOCHS, COPIES };

static const struct lb_param params[] = {
	[EPOCHS] = { .name = "epochs", .symbol = "e", .type = LB_INT_PARAM, .def = 5, .min = 1, .max = 1e6, .grid = { 2, 5, 10 }, .n_grid = 3,
		     .help = "of the first training, at most those of the whole" },
	[COPIES] = { .name = "copies", .symbol = "k", .type = LB_INT_PARAM, .def = 1, .min = 0, .max = 100, .grid = { 1, 2 }, .n_grid = 2,
		     .help = "how often more an epoch reads the rows that are not learned early; 0: plain training" },
};

/* What a first training says of the training rows. */
struct said {
	size_t n, d;             /* rows, scores of each */
	double *score, *loss;    /* (n, d), (n) */
	/* Room for the rows of a class, and which are in its second cluster. */
	double *x, *mean;        /* (n, d), (2, d) */
	uint32_t *row;           /* (n) */
	unsigned char *in;       /* (n) */
	unsigned char *late;     /* (n) those to be read more often */
};

static void said_close(struct said *t)
{
	free(t->score);
	free(t->loss);
	free(t->x);
	free(t->mean);
	free(t->row);
	free(t->in);
	free(t->late);
}

static int said_open(struct said *t, const struct lb_cohort *c, struct lb_err *err)
{
	const size_t n = c->split->n[LB_TRAIN], d = lb_model_spec_columns(&c->trial->model);

	*t = (struct said){ .n = n, .d = d };
	return (t->score = lb_alloc(n * d, sizeof *t->score, err)) && (t->loss = lb_alloc(n, sizeof *t->loss, err)) &&
			       (t->x = lb_alloc(n * d, sizeof *t->x, err)) && (t->mean = lb_alloc(2 * d, sizeof *t->mean, err)) &&
			       (t->row = lb_alloc(n, sizeof *t->row, err)) && (t->in = lb_alloc(n, 1, err)) && (t->late = lb_alloc(n, 1, err)) ?
		       0 :
		       -1;
}

/* The scores and losses of all training rows at the parameters of l. */
static void look_at_all(struct lb_learner *l, const struct lb_cohort *c, struct lb_input_batch *input, real *row_loss, struct said *t)
{
	const uint32_t *rows = c->split->rows[LB_TRAIN];

	for (size_t i = 0; i < t->n; i++)
		t->row[i] = (uint32_t)i;
	for (size_t at = 0; at < t->n; at += c->batch) {
		const size_t b = t->n - at < c->batch ? t->n - at : c->batch;
		lb_input_batch_load(input, rows + at, b, NULL);
		lb_learner_look(l, c, &(struct lb_minibatch){ .input = input, .rows = rows + at, .id = t->row + at, .b = b }, row_loss);
		for (size_t i = 0; i < b; i++) {
			t->loss[at + i] = (double)row_loss[i];
			for (size_t k = 0; k < t->d; k++)
				t->score[(at + i) * t->d + k] = (double)l->model.z[i * l->model.net->ld + k];
		}
	}
}

/* The same at the parameters w, in the plain order. */
static int look(const struct lb_cohort *cohort, const double *w, struct said *t, struct lb_err *err)
{
	const struct lb_setup setup = lb_setup_bare(cohort->trial);
	struct lb_cohort c = *cohort;
	struct lb_learner l;
	struct lb_input_batch input;

	c.trial = &setup;
	real *row_loss = lb_alloc_aligned(c.batch, sizeof *row_loss, err);
	int rc = row_loss ? lb_learner_open(&l, &c, &setup, err) : -1;
	if (!rc) {
		rc = lb_input_batch_open(&input, c.features, lb_input_batch_compressed(&c), c.batch, 0, err);
		lb_model_pack(&l.model, w, l.model.w);
		if (!rc)
			look_at_all(&l, &c, &input, row_loss, t);
		lb_input_batch_close(&input);
		lb_learner_close(&l);
	}
	free(row_loss);
	return rc;
}

/* Divides the rows of class k into two clusters of scores, from those of the least and the greatest
 * loss. Those in the cluster of greater mean loss are late. */
static void divide_class(struct said *t, const struct lb_cohort *c, int32_t k)
{
	double loss[2] = { 0, 0 };
	size_t rows[2] = { 0, 0 }, n = 0, least = 0, most = 0;

	for (size_t i = 0; i < t->n; i++) {
		if (c->trial->y[c->split->rows[LB_TRAIN][i]] != k)
			continue;
		memcpy(t->x + n * t->d, t->score + i * t->d, t->d * sizeof *t->x);
		t->row[n++] = (uint32_t)i;
	}
	for (size_t i = 1; i < n; i++) {
		least = t->loss[t->row[i]] < t->loss[t->row[least]] ? i : least;
		most = t->loss[t->row[i]] > t->loss[t->row[most]] ? i : most;
	}
	if (least == most)
		return;
	lb_two_means(t->x, n, t->d, least, most, t->mean, t->in);
	for (size_t i = 0; i < n; i++) {
		loss[t->in[i]] += t->loss[t->row[i]];
		rows[t->in[i]]++;
	}
	const double apart = loss[1] * (double)rows[0] - loss[0] * (double)rows[1];
	for (size_t i = 0; i < n; i++)
		t->late[t->row[i]] = t->in[i] ? apart > 0 : apart < 0;
}

/* *again (*n) <- the positions of the rows that are late, so many times. */
static int list_late(const struct said *t, size_t copies, uint32_t **again, size_t *n, struct lb_err *err)
{
	if (!(*again = lb_alloc(copies * t->n, sizeof **again, err)))
		return -1;
	for (size_t k = 0; k < copies; k++)
		for (size_t i = 0; i < t->n; i++)
			if (t->late[i])
				(*again)[(*n)++] = (uint32_t)i;
	return 0;
}

/* The trial without what is not needed to know its parameters after some epochs. */
static struct lb_setup first_setup(const struct lb_setup *setup)
{
	struct lb_setup s = *setup;

	s.stop.on = s.keep_scores = false;
	s.keep_model = true;
	s.curve[LB_TRAIN] = s.curve[LB_VALID] = s.curve[LB_TEST] = false;
	s.n_metrics = s.schedule->follow ? s.n_metrics : 0;
	s.eval_attack = NULL;
	s.judge = NULL;
	s.checkpoint = NULL;
	return s;
}

/* The trial has ended before its second training. */
static int end_early(const struct lb_cohort *c, struct lb_train_result *first, struct lb_train_result *out, struct lb_err *err)
{
	*out = *first;
	*first = (struct lb_train_result){ 0 };
	return c->ended && out->status != LB_TRIAL_INTERRUPTED ? c->ended(c->ended_arg, 0, err) : 0;
}

static int train_again(const struct lb_cohort *c, size_t copies, const struct lb_train_result *first, struct lb_train_result *out, struct lb_err *err)
{
	struct lb_cohort second = *c;
	struct said t;
	uint32_t *again = NULL;
	int rc = said_open(&t, c, err) || look(c, first->w, &t, err) ? -1 : 0;

	for (size_t k = 0; !rc && k < c->features->data->n_classes; k++)
		divide_class(&t, c, (int32_t)k);
	if (!rc)
		rc = list_late(&t, copies, &again, &second.n_again, err);
	second.again = again;
	second.spent = c->spent + first->train_seconds;
	if (!rc)
		rc = lb_train_once(&second, out, err);
	free(again);
	said_close(&t);
	return rc;
}

static int useful_train(const struct lb_arg *par, const struct lb_cohort *c, struct lb_train_result *out, struct lb_err *err)
{
	const struct lb_setup setup = first_setup(c->trial);
	struct lb_cohort first = *c;
	struct lb_train_result o = { 0 };

	*out = (struct lb_train_result){ 0 };
	if (!(par[COPIES].v > 0))
		return lb_train_once(c, out, err);
	first.trial = &setup;
	first.until = (size_t)par[EPOCHS].v;
	first.progress = NULL;
	first.ended = NULL;
	first.keep_seconds = 0;
	int rc = lb_train_once(&first, &o, err);
	if (!rc)
		rc = o.status == LB_TRIAL_OK ? train_again(c, (size_t)par[COPIES].v, &o, out, err) : end_early(c, &o, out, err);
	lb_train_result_free(&o);
	return rc;
}

const struct lb_procedure LB_PROCEDURE(useful) = {
	.base = { .name = "useful", .tasks = 1u << LB_BINARY | 1u << LB_MULTICLASS, .title = "USEFUL: rows that are not learned early are read more often, in a training from the start",
		  .cite = "T. H. Nguyen, W. Haddad, E. Gan, B. Mirzasoleiman, Changing the Training Data Distribution to Reduce Simplicity Bias Improves In-distribution "
			  "Generalization, NeurIPS 2024",
		  .formula = "train e epochs; in each class 2-means of the scores f(x_i), the cluster of lower mean loss is learned early; train anew, from the same parameters, on all "
			     "rows and k more times those of the other cluster",
		  .notes = "The means of a class begin at its rows of least and greatest loss and move until no row changes. Rows are clustered and their losses taken without dropout "
			   "by what an evaluation would read. Number of clusters, measure of what is early and k = 1 are from memory of the paper. An epoch of the second training has "
			   "more steps; result.steps are its own, the time is of both. Counts of classes and metrics of training rows are of the rows as they are. The trial is "
			   "trained by itself; after a kill the first training is done again.",
		  .keywords = "simplicity_bias upsampling early clusters restart", LB_PARAMS(params) },
	.train = useful_train,
};
