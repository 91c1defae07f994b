#include "core/engine/step/procedure.h"
#include "core/training/class_gaussians.h"

#include "core/base/mem.h"
#include "core/numeric/rng.h"

#include <stdlib.h>

enum { SHARE, TRIM, TAIL, BORROW, NEIGHBOURS, RIDGE, MOST_NUMBERS = 1 << 27 };

static const struct lb_param params[] = {
	[SHARE] = { .name = "share", .symbol = "s", .type = LB_REAL_PARAM, .def = 0.5, .min = 0, .max = 1, .grid = { 0.2, 0.5, 0.8 }, .n_grid = 3,
		    .help = "chance that a row that is read is a draw from the Gaussian of its label; 0: plain training" },
	[TRIM] = { .name = "trim", .symbol = "t", .type = LB_REAL_PARAM, .def = 0.2, .min = 0, .max = 1, .max_open = true, .grid = { 0, 0.2, 0.4 }, .n_grid = 3,
		   .help = "share of a class's rows that are left out of its Gaussian, those farthest from its median: the share of wrong labels" },
	[TAIL] = { .name = "tail", .type = LB_REAL_PARAM, .def = 0.2, .min = 0, .max = 1, .grid = { 0, 0.2, 0.5 }, .n_grid = 3,
		   .help = "a class of fewer rows than this share of the largest class's borrows from others; 0: none does" },
	[BORROW] = { .name = "borrow", .symbol = "g", .type = LB_REAL_PARAM, .def = 0.3, .min = 0, .max = 1, .grid = { 0.1, 0.3, 0.5 }, .n_grid = 3,
		     .help = "share of those others in its mean and covariances" },
	[NEIGHBOURS] = { .name = "neighbours", .symbol = "q", .type = LB_INT_PARAM, .def = 2, .min = 1, .max = 1e6, .grid = { 1, 2, 3 }, .n_grid = 3,
			 .help = "how many others: of those that do not borrow, the nearest by their means" },
	[RIDGE] = { .name = "ridge", .symbol = "a", .type = LB_REAL_PARAM, .def = 0.1, .min = 0, .max = 1e6, .min_open = true, .grid = { 0.01, 0.1, 0.3 }, .n_grid = 3,
		    .help = "added to the variances" },
};

struct drawn {
	struct lb_class_gaussians of;
	double *room;            /* 2 x (d) */
};

static void drawn_close(void *state)
{
	struct drawn *t = state;

	lb_class_gaussians_free(&t->of);
	free(t->room);
	free(t);
}

/* x (n, d), y (n) <- the training rows, as the model reads them, and their labels as given. */
static int read_rows(const struct lb_learner *l, const struct lb_cohort *c, double *x, int32_t *y, struct lb_err *err)
{
	const size_t n = c->split->n[LB_TRAIN], d = c->features->d;
	const uint32_t *rows = c->split->rows[LB_TRAIN];
	struct lb_input_batch input;
	const int rc = lb_input_batch_open(&input, c->features, false, c->batch, 0, err);

	for (size_t at = 0; !rc && at < n; at += c->batch) {
		const size_t b = n - at < c->batch ? n - at : c->batch;
		lb_input_batch_load(&input, rows + at, b, NULL);
		for (size_t i = 0; i < b * d; i++)
			x[at * d + i] = (double)input.x[i];
		for (size_t i = at; i < at + b; i++)
			y[i] = l->setup->y[rows[i]];
	}
	lb_input_batch_close(&input);
	return rc;
}

static void *drawn_open(struct lb_learner *l, const struct lb_cohort *c, const struct lb_arg *par, struct lb_err *err)
{
	const struct lb_gaussians_how how = { .trim = par[TRIM].v, .tail = par[TAIL].v, .borrow = par[BORROW].v, .neighbours = (size_t)par[NEIGHBOURS].v, .ridge = par[RIDGE].v };
	const size_t n = c->split->n[LB_TRAIN], d = c->features->d, classes = l->stats.n_classes;
	struct drawn *t;

	if ((double)classes * (double)d * (double)d > MOST_NUMBERS) {
		lb_fail(err, LB_CONFIG, "procedures: found class_gaussians with %zu features and %zu classes, allowed: up to %d covariances; take fewer features, or "
			"remove it", d, classes, MOST_NUMBERS);
		return NULL;
	}
	if (!(t = lb_alloc(1, sizeof *t, err)))
		return NULL;
	double *x = lb_alloc(n * d, sizeof *x, err);
	int32_t *y = lb_alloc(n, sizeof *y, err);
	t->room = lb_alloc(2 * d, sizeof *t->room, err);
	const bool ok = x && y && t->room && !read_rows(l, c, x, y, err) && !lb_class_gaussians_make(&how, classes, x, y, n, d, &t->of, err);
	free(x);
	free(y);
	if (ok)
		return t;
	drawn_close(t);
	return NULL;
}

/* Which rows are drawn, and the draws, depend on train.seed, the step and the Gaussians alone. */
static void drawn_inputs(const struct lb_hook *h, struct lb_step *s, real *x)
{
	const struct drawn *t = h->state;
	const size_t d = t->of.d;
	struct lb_rng rng;

	lb_rng_init(&rng, s->c->order_seed, LB_RNG_CLASS_DRAWS, (uint64_t)s->step);
	for (size_t i = 0; i < s->batch->b; i++) {
		if (!(lb_rng_unit(&rng) < h->par[SHARE].v))
			continue;
		lb_class_gaussians_draw(&t->of, (size_t)s->l->setup->y[s->batch->rows[i]], &rng, t->room, t->room + d);
		for (size_t j = 0; j < d; j++)
			x[i * d + j] = (real)t->room[d + j];
	}
}

const struct lb_procedure LB_PROCEDURE(class_gaussians) = {
	.base = { .name = "class_gaussians", .tasks = 1u << LB_BINARY | 1u << LB_MULTICLASS, .title = "Draws from a Gaussian of each class, recovered from wrong labels and small classes",
		  .cite = "after M. Zhang, X. Zhao, J. Yao, C. Yuan, W. Huang, When Noisy Labels Meet Long Tail Dilemmas: A Representation Calibration Method, ICCV 2023, and S. Yang, L. "
			  "Liu, M. Xu, Free Lunch for Few-shot Learning: Distribution Calibration, ICLR 2021",
		  .formula = "m_k, S_k of the rows of class k but the int(t n_k) farthest from its median; if n_k < tail max n: m_k = (1 - g) m_k + g mean m_c, S_k = (1 - g) S_k + g mean "
			     "S_c over the q nearest c; a row of class k is, with chance s, a draw from N(m_k, S_k + a I)",
		  .notes = "The idea of RCAL, not its constants: its representations are by contrastive learning, and here the features as the model reads them; outliers go by the "
			   "distance from the median of each feature, not by local density; and the part of RCAL that holds representations is left out. Which class a draw is of is "
			   "as often as train.sampler has its rows: balanced evens that. Labels are as given. Keeps C D^2 numbers.",
		  .keywords = "rcal distribution_calibration free_lunch long_tail noisy_labels oversampling", LB_PARAMS(params) },
	.open = drawn_open, .close = drawn_close, .inputs = drawn_inputs,
};
