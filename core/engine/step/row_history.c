/* Procedures that go by the losses that rows had before: the state is one loss a training row. */
#include "core/engine/step/procedure.h"
#include "core/engine/step/row_ranking.h"

#include "core/base/mem.h"
#include "core/training/two_components.h"

#include <stdlib.h>

struct history {
	size_t n;                /* training rows */
	real *loss;              /* (n) of each row, the last time that it was read; NaN: not yet */
	unsigned char *kept;     /* (n) */
	uint64_t n_kept;
	double *room;            /* (n) */
	struct lb_ranked *ranked; /* (n) */
};

static void history_close(void *state)
{
	struct history *h = state;

	free(h->loss);
	free(h->kept);
	free(h->room);
	free(h->ranked);
	free(h);
}

/* Begins with all rows kept. */
static void *history_open(struct lb_learner *l, const struct lb_cohort *c, const struct lb_arg *par, struct lb_err *err)
{
	const size_t n = c->split->n[LB_TRAIN];
	struct history *h = lb_alloc(1, sizeof *h, err);

	(void)par;
	if (!h)
		return NULL;
	h->n = h->n_kept = n;
	if (!(h->loss = lb_alloc(n, sizeof *h->loss, err)) || !(h->kept = lb_alloc(n, 1, err)) || !(h->room = lb_alloc(n, sizeof *h->room, err)) ||
	    !(h->ranked = lb_alloc(n, sizeof *h->ranked, err)) ||
	    lb_persist(&l->state, "losses of rows", h->loss, n * sizeof *h->loss, err) || lb_persist(&l->state, "rows kept", h->kept, n, err) ||
	    lb_persist(&l->state, "number of rows kept", &h->n_kept, sizeof h->n_kept, err)) {
		history_close(h);
		return NULL;
	}
	for (size_t i = 0; i < n; i++) {
		h->loss[i] = (real)NAN;
		h->kept[i] = 1;
	}
	return h;
}

static void note_losses(struct history *h, const struct lb_step *s, const real *row_loss)
{
	for (size_t i = 0; i < s->batch->b; i++)
		h->loss[s->batch->id[i]] = row_loss[i];
}

/* weight (b) *= n / n_kept for the rows that are kept, so that the weights of an epoch have mean 1,
 * and 0 for the others. */
static void weigh_kept(const struct history *h, const struct lb_step *s, real *weight)
{
	const real each = (real)((double)h->n / (double)h->n_kept);

	for (size_t i = 0; h->n_kept < h->n && i < s->batch->b; i++)
		weight[i] *= h->kept[s->batch->id[i]] ? each : R(0.0);
}

/* ---- divide_rows ---- */

static const char *const shapes[] = { [LB_TWO_GAUSSIANS] = "gaussian", [LB_TWO_BETAS] = "beta", NULL };

enum { WARMUP, MIXTURE, THRESHOLD };

static const struct lb_param divide_params[] = {
	[WARMUP] = { .name = "warmup", .type = LB_INT_PARAM, .def = 10, .min = 1, .max = 1e6, .grid = { 5, 10, 20 }, .n_grid = 3,
		     .help = "epochs of plain training before the first division" },
	[MIXTURE] = { .name = "mixture", .type = LB_CHOICE_PARAM, .choices = shapes, .help = "of which components" },
	[THRESHOLD] = { .name = "threshold", .symbol = "tau", .type = LB_REAL_PARAM, .def = 0.5, .min = 0, .max = 1, .grid = { 0.3, 0.5, 0.7 }, .n_grid = 3,
			.help = "least probability of the lower component that a row is kept with; 0: plain training" },
};

/* Rows that had no loss yet are kept. Where none would be, all are. */
static void divide_epoch(const struct lb_hook *hook, struct lb_learner *l, size_t epoch)
{
	struct history *h = hook->state;
	struct lb_two_components mixture;
	size_t n = 0;

	(void)l;
	if ((double)epoch < hook->par[WARMUP].v)
		return;
	for (size_t i = 0; i < h->n; i++)
		if (isfinite(h->loss[i]))
			h->room[n++] = (double)h->loss[i];
	lb_two_components_fit((enum lb_component_shape)hook->par[MIXTURE].v, h->room, n, &mixture);
	h->n_kept = 0;
	for (size_t i = 0; i < h->n; i++) {
		h->kept[i] = !isfinite(h->loss[i]) || lb_two_components_lower(&mixture, (double)h->loss[i]) >= hook->par[THRESHOLD].v;
		h->n_kept += h->kept[i];
	}
	if (!h->n_kept)
		h->n_kept = h->n;
}

static void divide_weigh(const struct lb_hook *hook, struct lb_step *s, const real *row_loss, real *weight)
{
	struct history *h = hook->state;

	note_losses(h, s, row_loss);
	weigh_kept(h, s, weight);
}

const struct lb_procedure LB_PROCEDURE(divide_rows) = {
	.base = { .name = "divide_rows", .tasks = LB_ROW_TASKS, .title = "Divides the rows by a mixture of two components of their losses, and keeps the lower one",
		  .cite = "J. Li, R. Socher, S. Hoi, DivideMix: Learning with Noisy Labels as Semi-supervised Learning, ICLR 2020, the first part; mixture beta: E. "
			  "Arazo et al., Unsupervised Label Noise Modeling and Loss Correction, ICML 2019",
		  .formula = "before each epoch from `warmup` on: two components are fitted to the losses (l - min) / (max - min + 1e-6) of the epoch before; rows count "
			     "that are of the component of lower mean with probability >= tau",
		  .notes = "A row's loss is that of the step that read it last. The rows that count weigh n / (their number), so that an epoch's weights have mean 1; where "
			   "none would, all do. Rows that are left out are not trained on without their labels, as the whole of DivideMix does, and one network is "
			   "trained, not two. Betas are fitted to losses clipped to 1e-4 and 1 - 1e-4, outliers with the others.",
		  .keywords = "dividemix gmm gaussian_mixture beta_mixture noisy_labels", LB_PARAMS(divide_params) },
	.remembers_rows = true, .open = history_open, .close = history_close, .epoch = divide_epoch, .weigh = divide_weigh,
};

/* ---- curriculum ---- */

static const char *const orders[] = { "easy_first", "hard_first", NULL };

enum { ORDER = MIXTURE, START = THRESHOLD, RAMP };

static const struct lb_param curriculum_params[] = {
	[WARMUP] = { .name = "warmup", .type = LB_INT_PARAM, .def = 1, .min = 1, .max = 1e6, .grid = { 1, 5 }, .n_grid = 2,
		     .help = "epochs of plain training, whose last losses tell easy rows from hard ones" },
	[ORDER] = { .name = "order", .type = LB_CHOICE_PARAM, .choices = orders, .help = "rows of small or of large losses first" },
	[START] = { .name = "start", .symbol = "s", .type = LB_REAL_PARAM, .def = 0.2, .min = 0, .max = 1, .min_open = true, .grid = { 0.1, 0.2, 0.5 },
		    .n_grid = 3, .help = "share of the rows that comes first; 1: plain training" },
	[RAMP] = { .name = "ramp", .symbol = "T", .type = LB_INT_PARAM, .def = 10, .min = 1, .max = 1e6, .grid = { 5, 10, 20 }, .n_grid = 3,
		   .help = "epochs after which all rows are in" },
};

/* The share of rows that an epoch from `warmup` on has, in the order of the losses of the last
 * epoch of plain training. */
static void curriculum_epoch(const struct lb_hook *hook, struct lb_learner *l, size_t epoch)
{
	struct history *h = hook->state;
	const double warmup = hook->par[WARMUP].v, start = hook->par[START].v, done = ((double)epoch - warmup) / hook->par[RAMP].v;
	const real sign = hook->par[ORDER].v != 0 ? R(-1.0) : R(1.0);

	(void)l;
	if (done < 0)
		return;
	h->n_kept = done < 1 ? lb_rows_of_share(start + (1 - start) * done, h->n) : h->n;
	for (size_t i = 0; i < h->n; i++)
		h->loss[i] *= sign;
	lb_rank_rows(h->loss, h->n, h->ranked);
	for (size_t i = 0; i < h->n; i++) {
		h->loss[i] *= sign;
		h->kept[h->ranked[i].row] = i < h->n_kept;
	}
}

static void curriculum_weigh(const struct lb_hook *hook, struct lb_step *s, const real *row_loss, real *weight)
{
	struct history *h = hook->state;

	if ((double)s->l->epoch < hook->par[WARMUP].v)
		note_losses(h, s, row_loss);
	weigh_kept(h, s, weight);
}

const struct lb_procedure LB_PROCEDURE(curriculum) = {
	.base = { .name = "curriculum", .tasks = LB_ROW_TASKS, .title = "Easy rows first: a growing share of the rows, in the order of their early losses",
		  .cite = "Y. Bengio, J. Louradour, R. Collobert, J. Weston, Curriculum learning, ICML 2009; rows told apart by the model's own losses as in G. "
			  "Hacohen, D. Weinshall, On The Power of Curriculum Learning in Training Deep Networks, ICML 2019",
		  .formula = "in epoch e from `warmup` on, the int((s + (1 - s) min((e - warmup)/T, 1)) n) rows, at least one, whose loss in the epoch before `warmup` "
			     "was smallest, or largest",
		  .notes = "A row's loss is that of the step that read it last in the epochs of plain training; the order then stays. The rows that are in weigh n / (their "
			   "number), so that an epoch's weights have mean 1; the others are passed over. Of rows with equal losses the first is taken.",
		  .keywords = "self_taught pacing anti_curriculum", LB_PARAMS(curriculum_params) },
	.remembers_rows = true, .open = history_open, .close = history_close, .epoch = curriculum_epoch, .weigh = curriculum_weigh,
};
