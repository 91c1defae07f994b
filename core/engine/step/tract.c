#include "core/engine/step/procedure.h"

#include "core/base/mem.h"
#include "core/engine/step/step.h"
#include "core/training/feature_whitening.h"

#include <stdlib.h>
#include <string.h>

enum { LAMBDA };

static const struct lb_param tract_params[] = {
	[LAMBDA] = { .name = "lambda", .symbol = "lam", .type = LB_REAL_PARAM, .def = 0.1, .min = 0, .max = 1e6, .min_open = true, .grid = { 0.01, 0.1, 1 },
		     .n_grid = 3, .help = "added to the diagonal; larger: nearer to the plain gradient" },
};

/* Room in double for one batch. */
struct tract {
	double *x;               /* (rows, in) */
	double *a;               /* (m, m), m the smaller of rows and in: x'x or xx', over rows, and its factor */
	double *column;          /* (in) the gradient of the weights into one output */
	double *small;           /* (m) */
};

static void tract_close(void *state)
{
	struct tract *t = state;

	free(t->x);
	free(t->a);
	free(t->column);
	free(t->small);
	free(t);
}

static void *tract_open(struct lb_learner *l, const struct lb_cohort *c, const struct lb_arg *par, struct lb_err *err)
{
	const size_t rows = l->views * c->batch, in = l->setup->model.width[0], m = rows < in ? rows : in;
	struct tract *t = lb_alloc(1, sizeof *t, err);

	(void)par;
	if (!t)
		return NULL;
	if (!(t->x = lb_alloc(rows * in, sizeof *t->x, err)) || !(t->a = lb_alloc(m * m, sizeof *t->a, err)) ||
	    !(t->column = lb_alloc(in, sizeof *t->column, err)) || !(t->small = lb_alloc(m, sizeof *t->small, err))) {
		tract_close(t);
		return NULL;
	}
	return t;
}

/* x (m) <- the solution of L L' y = x, L the lower triangle of a. */
static void solve(size_t m, const double *a, double *x)
{
	for (size_t i = 0; i < m; i++) {
		for (size_t k = 0; k < i; k++)
			x[i] -= a[i * m + k] * x[k];
		x[i] /= a[i * m + i];
	}
	for (size_t i = m; i-- > 0;) {
		for (size_t k = i + 1; k < m; k++)
			x[i] -= a[k * m + i] * x[k];
		x[i] /= a[i * m + i];
	}
}

/* a <- x'x / rows + lambda I, or with fewer rows than inputs xx' / rows + lambda I; then its
 * factor. */
static bool factor(struct tract *t, size_t rows, size_t in, double lambda)
{
	const bool dual = rows < in;
	const size_t m = dual ? rows : in;

	memset(t->a, 0, m * m * sizeof *t->a);
	for (size_t k = 0; k < (dual ? in : rows); k++)
		for (size_t i = 0; i < m; i++)
			for (size_t j = 0; j <= i; j++)
				t->a[i * m + j] += dual ? t->x[i * in + k] * t->x[j * in + k] : t->x[k * in + i] * t->x[k * in + j];
	for (size_t i = 0; i < m; i++)
		for (size_t j = 0; j <= i; j++)
			t->a[j * m + i] = t->a[i * m + j] = t->a[i * m + j] / (double)rows + (i == j ? lambda : 0);
	return lb_cholesky(m, t->a);
}

/* t->column <- (x'x / rows + lambda I)^-1 of it; with fewer rows than inputs (it - x' (xx' / rows +
 * lambda I)^-1 x it / rows) / lambda, which is the same. */
static void turn(struct tract *t, size_t rows, size_t in, double lambda)
{
	if (rows >= in) {
		solve(in, t->a, t->column);
		return;
	}
	for (size_t i = 0; i < rows; i++) {
		t->small[i] = 0;
		for (size_t k = 0; k < in; k++)
			t->small[i] += t->x[i * in + k] * t->column[k];
	}
	solve(rows, t->a, t->small);
	for (size_t k = 0; k < in; k++) {
		double sum = 0;
		for (size_t i = 0; i < rows; i++)
			sum += t->x[i * in + k] * t->small[i];
		t->column[k] = (t->column[k] - sum / (double)rows) / lambda;
	}
}

static void tract_gradient(const struct lb_hook *h, struct lb_step *s, struct lb_model *m)
{
	const struct lb_layer *first = &m->net->layer[0];
	const size_t rows = s->l->views * s->batch->b, in = first->in;
	const double lambda = h->par[LAMBDA].v;
	struct tract *t = h->state;

	for (size_t i = 0; i < rows * in; i++)
		t->x[i] = (double)s->x[i];
	if (!factor(t, rows, in, lambda))
		return;
	for (size_t o = 0; o < first->out; o++) {
		for (size_t k = 0; k < in; k++)
			t->column[k] = (double)m->g[lb_weight_at(first, o, k)];
		turn(t, rows, in, lambda);
		for (size_t k = 0; k < in; k++)
			m->g[lb_weight_at(first, o, k)] = (real)t->column[k];
	}
}

const struct lb_procedure LB_PROCEDURE(tract) = {
	.base = { .name = "tract", .tasks = LB_EVERY_TASK, .title = "Trains the first layer as if its affine values moved, not its weights",
		  .cite = "F. Petersen, C. Borgelt, S. Ermon, TrAct: Making First-layer Pre-Activations Trainable, NeurIPS 2024; code Felix-Petersen/tract",
		  .formula = "dW = dZ' X (X'X/B + lam I)^-1 in the first layer, dZ the gradient by its affine values; dW is dZ'X otherwise",
		  .notes = "Solved by rows or by features, whichever are fewer; in double. A linear model takes damped Newton steps for mse. Biases have their plain "
			   "gradient. For dense rows. The cost of a step grows with the square of the smaller of features and batch.",
		  .keywords = "pre_activations preconditioner", LB_PARAMS(tract_params) },
	.reads_rows = true, .open = tract_open, .close = tract_close, .gradient = tract_gradient,
};
