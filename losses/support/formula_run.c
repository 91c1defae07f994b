#include "losses/support/formula_run.h"
#include "losses/support/pairs.h"

#include <string.h>

/* ---- entries ---- */

/* Entries of a batch, row after row: the score of each, its label as a sign or its target, and
 * whether it counts. */
struct entries {
	real score[LB_FORMULA_ENTRIES], sign[LB_FORMULA_ENTRIES], target[LB_FORMULA_ENTRIES], count[LB_FORMULA_ENTRIES];
	real loss[LB_FORMULA_ENTRIES], slope[LB_FORMULA_ENTRIES];
	bool known[LB_FORMULA_ENTRIES];
};

static void gather_entries(const struct lb_batch *in, enum lb_kind kind, size_t first, size_t n, struct entries *e)
{
	for (size_t j = 0; j < n; j++) {
		const size_t i = (first + j) / in->c, k = (first + j) % in->c;
		const real label = kind == LB_MULTILABEL ? in->label_matrix[first + j] : kind == LB_BINARY ? (real)in->y[i] : R(0.0);
		e->score[j] = in->output.value[i * in->output.stride + k];
		e->known[j] = label >= 0;
		e->sign[j] = label > 0 ? R(1.0) : R(-1.0);
		e->target[j] = kind == LB_REGRESSION ? in->target[first + j] : R(0.0);
		e->count[j] = kind == LB_REGRESSION ? R(0.0) : (real)in->stats->counts[kind == LB_BINARY ? (size_t)in->y[i] : k];
	}
}

/* e->loss and, with slopes, the derivative by the score. A label that is not known has no part. */
static void run_entries(struct lb_formula_running *r, struct entries *e, bool slopes)
{
	const bool signs = r->p->kind != LB_REGRESSION;

	lb_formula_steps(r, r->p->n_const, r->p->n_value);
	const real *value = lb_formula_at(r, &r->p->loss);
	for (size_t j = 0; j < r->w; j++)
		e->loss[j] = (e->known[j] ? value[j] : R(0.0)) + (isnan(e->score[j]) ? e->score[j] : R(0.0));
	if (!slopes)
		return;
	lb_formula_steps(r, r->p->n_value, r->p->n);
	const real *by = lb_formula_at(r, &r->p->by[signs ? LB_BY_MARGIN : LB_BY_RESIDUAL]);
	for (size_t j = 0; j < r->w; j++)
		e->slope[j] = by && e->known[j] ? by[j] * (signs ? e->sign[j] : R(1.0)) : R(0.0);
}

/* The row that is added up. */
struct row_sum {
	double loss, batch;
};

/* The last entry of row i is there: its loss goes to the batch's, its gradient gets its weight. */
static void end_row(const struct lb_batch *in, size_t i, real share, real *grad, struct row_sum *sum)
{
	const real w = in->row_weight ? in->row_weight[i] : R(1.0), value = share * (real)sum->loss;
	const real scale = isnan(value) ? value : w / (real)in->b;

	sum->batch += (double)w * (double)value;
	sum->loss = 0;
	if (in->row_loss)
		in->row_loss[i] += (real)in->scale * value;
	for (size_t k = 0; grad && k < in->c; k++) {
		real *g = &grad[i * in->output.stride + k];
		*g = isnan(value) ? value : share * *g * scale;
	}
}

static double entries_of(const struct lb_batch *in, real *grad)
{
	struct entries e;
	struct lb_formula_running r = { .p = in->state, .in = in, .w = LB_FORMULA_ENTRIES, .width = LB_FORMULA_ENTRIES, .c = 1, .row = in->workspace, .score = e.score, .sign = e.sign, .target = e.target,
			     .count = e.count };
	const size_t n = in->b * in->c;
	const real share = r.p->kind == LB_REGRESSION ? 1 / (real)in->c : R(1.0);
	struct row_sum sum = { 0 };

	lb_formula_steps(&r, 0, r.p->n_const);
	for (size_t first = 0; first < n; first += r.w) {
		r.w = n - first < LB_FORMULA_ENTRIES ? n - first : LB_FORMULA_ENTRIES;
		gather_entries(in, r.p->kind, first, r.w, &e);
		run_entries(&r, &e, grad);
		for (size_t j = 0; j < r.w; j++) {
			const size_t i = (first + j) / in->c, k = (first + j) % in->c;
			sum.loss += (double)e.loss[j];
			if (grad)
				grad[i * in->output.stride + k] = e.slope[j];
			if (k + 1 == in->c)
				end_row(in, i, share, grad, &sum);
		}
	}
	return sum.batch / (double)in->b;
}

/* ---- the losses ---- */

static size_t room_of_classes(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return (LB_FORMULA_ROW_REGISTERS + LB_FORMULA_CLASS_REGISTERS * shape->c + 4 * LB_PADDED(shape->c)) * LB_PANEL * sizeof(real);
}

static size_t room_of_entries(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par, (void)shape;
	return (size_t)LB_FORMULA_ROW_REGISTERS * LB_FORMULA_ENTRIES * sizeof(real);
}

static void close_program(void *state)
{
	lb_formula_program_free(state);
}

static size_t room_of_pairs(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return lb_formula_pairs_room(shape->b);
}

#define FORMULA(kind_, task, of, needs_, room)                                                                                        \
	static void *task##_open(const struct lb_arg *par, const struct lb_loss_stats *stats, struct lb_err *err)               \
	{                                                                                                                       \
		return lb_formula_compile(kind_, par, stats->n_classes, err);                                                   \
	}                                                                                                                       \
	static const struct lb_loss task##_loss = {                                                                             \
		.info = { .base = { .name = "formula" }, .kind = kind_, .needs = needs_, .exceptions = LB_OVERFLOWS, .by_formula = true }, \
		.form = &of##_form,                                                                                             \
		.init = task##_open,                                                                                            \
		.free = close_program,                                                                                          \
		.workspace = room,                                                                                              \
	};

static const struct lb_form multiclass_form = { .batch = lb_formula_of_classes, .sums_rows = true, .strided = true };
static const struct lb_form entries_form = { .batch = entries_of, .sums_rows = true, .strided = true };
LB_SIMILARITY(pairs, lb_cosines, lb_formula_of_pairs)

FORMULA(LB_MULTICLASS, multiclass, multiclass, 0, room_of_classes)
FORMULA(LB_BINARY, binary, entries, 0, room_of_entries)
FORMULA(LB_REGRESSION, regression, entries, 0, room_of_entries)
FORMULA(LB_MULTILABEL, multilabel, entries, 0, room_of_entries)
FORMULA(LB_EMBEDDING, pairs, pairs, LB_TAKES_PAIRS, room_of_pairs)

const struct lb_loss *lb_formula_loss(enum lb_kind kind)
{
	static const struct lb_loss *const losses[LB_N_KINDS] = {
		[LB_MULTICLASS] = &multiclass_loss,
		[LB_BINARY] = &binary_loss,
		[LB_REGRESSION] = &regression_loss,
		[LB_MULTILABEL] = &multilabel_loss,
		[LB_EMBEDDING] = &pairs_loss,
	};

	return losses[kind];
}
