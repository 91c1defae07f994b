#include "losses/loss.h"

#include "core/base/mem.h"
#include "core/engine/kernels/kernels.h"
#include "losses/plugin_layout.h"
#include "losses/precision_bridge.h"
#include "losses/support/formula_run.h"
#include "losses/support/similarity.h"

#include <string.h>

#define LOSS(kind, name) extern const struct lb_loss LB_LOSS(kind, name);
#include "losses/list.def"
#undef LOSS

enum {
#define LOSS(kind, name) PLACE_##kind##_##name,
#include "losses/list.def"
#undef LOSS
	N_BUILT_IN,
	MOST = N_BUILT_IN + LB_PLUGIN_LOSSES
};

/* Those of list.def, then those of plug-ins. */
const struct lb_info *lb_losses[MOST + 1] = {
#define LOSS(kind, name) &LB_LOSS(kind, name).info.base,
#include "losses/list.def"
#undef LOSS
};

static const struct lb_loss *losses[MOST] = {
#define LOSS(kind, name) &LB_LOSS(kind, name),
#include "losses/list.def"
#undef LOSS
};

static size_t n_losses = N_BUILT_IN;

int lb_loss_add(const void *loss, const struct lb_param *params, int n_params, struct lb_err *err)
{
	struct lb_loss *own = lb_alloc(1, sizeof *own, err);

	if (!own)
		return -1;
	memcpy(own, loss, sizeof *own);
	own->info.base.params = params;
	own->info.base.n_params = n_params;
	lb_losses[n_losses] = &own->info.base;
	losses[n_losses++] = own;
	return 0;
}

size_t lb_loss_room(void)
{
	return MOST - n_losses;
}

size_t lb_loss_layout(void)
{
	return LB_LOSS_LAYOUT;
}

const struct lb_loss_info *lb_loss_info_of(const void *loss)
{
	return &((const struct lb_loss *)loss)->info;
}

const char *lb_loss_fault(const void *loss)
{
	return lb_loss_misfit(loss);
}

const struct lb_loss *lb_loss_get(size_t i)
{
	return i < n_losses ? losses[i] : NULL;
}

const struct lb_loss_info *lb_loss_info_at(size_t i)
{
	return i < n_losses ? &losses[i]->info : NULL;
}

bool lb_loss_has_row(size_t i)
{
	return i < n_losses && (losses[i]->form->row || losses[i]->form->sums_rows);
}

bool lb_loss_has_scores(size_t i)
{
	return i < n_losses && losses[i]->predict;
}

bool lb_loss_has_state(size_t i)
{
	return i < n_losses && losses[i]->init;
}

bool lb_loss_has_matrix(size_t i)
{
	return i < n_losses && losses[i]->form->similarity;
}

static bool describes(const struct lb_loss *loss, const struct lb_loss_info *info)
{
	return loss->info.kind == info->kind && (loss->info.base.name == info->base.name || !strcmp(loss->info.base.name, info->base.name));
}

const struct lb_loss *lb_loss_of(const struct lb_loss_info *info)
{
	static _Thread_local const struct lb_loss *last; /* mostly it is asked for again */

	if (info->by_formula)
		return lb_formula_loss(info->kind);
	if (last && describes(last, info))
		return last;
	for (size_t i = 0; i < n_losses; i++)
		if (describes(losses[i], info))
			return last = losses[i];
	return NULL;
}

#define TEACHERS "says that it needs a teacher (LB_NEEDS_TEACHER), or a second one, and is none of ranking or multiclass, or of regression with one output a target"

const char *lb_loss_misfit(const struct lb_loss *l)
{
	const struct lb_form *form = l->form;
	const unsigned needs = l->info.needs;
	const struct {
		bool wrong;
		const char *what;
	} rules[] = {
		{ !form, "has no form" },
		{ form && !!form->row + !!form->batch + !!form->query + !!form->similarity != 1, "its form has to have either .row, .batch, .query or .similarity" },
		{ l->info.kind == LB_ANOMALY, "is of a task whose losses are of regression" },
		{ form && !form->query != (l->info.kind != LB_RANKING), "has one of .query and kind LB_RANKING; they go together" },
		{ form && form->query && (l->update_state || l->init || l->n_params || l->workspace || needs & ~(unsigned)LB_NEEDS_TEACHER), "a loss of "
		  "queries reads scores, grades and a teacher's scores alone: no state, no parameters, no workspace, no other needs" },
		{ (needs & LB_NEEDS_TEACHER && ((l->info.kind != LB_RANKING && l->info.kind != LB_REGRESSION && l->info.kind != LB_MULTICLASS) || l->info.output)) || (needs & LB_NEEDS_SECOND_TEACHER && !(l->info.kind == LB_REGRESSION && needs & LB_NEEDS_TEACHER)), TEACHERS },
		{ form && !form->similarity != !form->measure, "has one of .similarity and .measure; they go together" },
		{ form && form->similarity && (l->info.kind != LB_EMBEDDING || l->update_state || l->n_params), "a loss of distances is one of embeddings alone: no state, no parameters" },
		{ (needs & (LB_TAKES_TRIPLETS | LB_TAKES_PAIRS)) && !(form && form->similarity), "takes triplets or pairs, which are chosen by distances, and is no loss of them" },
		{ form && !form->row && (form->softmax || form->lanes || form->lanes_hold), "a loss that is not by row has no softmax and no lanes" },
		{ form && (form->sums_rows || form->strided) && !form->batch, "has .sums_rows or .strided, which are said of a loss by batch, and is none" },
		{ form && form->entries && !(form->row && l->info.kind == LB_REGRESSION), "has .entries, which are those of the rows of a regression, and no such rows" },
		{ form && form->one_target && !form->entries, "has .one_target without .entries" },
		{ form && form->lanes_hold && !form->lanes, "has .lanes_hold without .lanes" },
		{ form && form->lanes && (l->update_state || l->init), "has .lanes, which read no state, and a state" },
		{ form && form->lanes && l->workspace, "has .lanes, which have no workspace, and a workspace" },
		{ form && form->softmax && (l->info.kind == LB_BINARY || lb_kind_of_columns(l->info.kind)), "has .softmax but no classes" },
		{ !l->init != !l->free, "has one of .init and .free; they go together" },
		{ l->update_state && !(l->init && l->state_size), "has .update_state without .init and .state_size" },
		{ l->skips_update && !l->update_state, "has .skips_update without .update_state" },
		{ !l->n_params != !l->init_params, "has one of .n_params and .init_params; they go together" },
		{ !l->n_params != !l->info.params, "has one of .n_params and info.params, their name; they go together" },
		{ l->n_params && !(form && form->batch), "has parameters, whose gradient a loss by batch alone can give" },
		{ l->n_params && l->info.kind != LB_EMBEDDING && !(needs & LB_NEEDS_FEATURES) && !l->info.params_for, "has parameters, a row of which is as long as one of "
		  "embeddings or of hidden features, and reads neither" },
		{ l->n_params && l->info.kind == LB_EMBEDDING && l->info.params_for == LB_EACH_CLASS && !l->predict, "has parameters for each class and no class scores of them (.predict)" },
		{ (needs & LB_MOVES_FEATURES) && !(needs & LB_NEEDS_FEATURES), "moves the hidden features (LB_MOVES_FEATURES) and does not read them "
		  "(LB_NEEDS_FEATURES)" },
		{ (needs & LB_MOVES_FEATURES) && !(form && form->batch), "moves the hidden features, whose gradient a loss by batch alone can give" },
		{ l->info.scores_for && l->info.kind != LB_MULTICLASS, "says what scores are for (.scores_for) and has not several classes" },
		{ l->info.scores_for && !l->predict, "has .scores_for without .predict, which makes the classes' scores" },
		{ l->info.scores_for && form && (form->softmax || form->lanes), "has a softmax of classes, and no score for each" },
		{ l->info.spherical && !(l->info.kind == LB_MULTICLASS && form && form->row), "has .spherical, which is said of a row of classes' scores, and is none" },
		{ l->info.params_for && !l->info.params, "says what its parameters are for (.params_for) and has none" },
		{ l->info.per_class && (!l->info.params || l->info.params_for), "has .per_class and no parameters for each class" },
		{ l->info.params_for == LB_EACH_TARGET && l->info.kind != LB_REGRESSION, "has parameters for each target (LB_EACH_TARGET) and no targets" },
		{ l->predict && l->info.kind != LB_EMBEDDING && l->info.kind != LB_REGRESSION && l->info.kind != LB_SURVIVAL && !l->info.scores_for, "has .predict, but what the model gives is judged as it is" },
		{ l->info.output && !l->predict, "has .output without .predict, which makes predictions of them" },
		{ l->info.output && l->info.kind != LB_REGRESSION, "has .output, which says what is told of a target, but no targets" },
		{ l->info.most_of_query && l->info.kind != LB_RANKING, "says how long a query may be (.most_of_query) and has none" },
		{ l->info.weighs_rows && form && !(form->batch && !form->sums_rows), "says that it weighs rows (.weighs_rows), which is said of a loss by batch that is no sum over rows" },
		{ (l->info.columns || l->info.baseline_hazard) && !(l->info.kind == LB_SURVIVAL && l->predict), "says what its scores are of (.columns, .baseline_hazard) and makes no survival curves of them" },
		{ l->info.targets && l->info.kind != LB_REGRESSION && l->info.kind != LB_SURVIVAL, "says which targets it is defined for (.targets) and has none" },
		{ (needs & LB_NEEDS_SAMPLE_IDS) && !l->init, "needs row numbers but keeps no state" },
	};

	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		if (rules[i].wrong)
			return rules[i].what;
	return NULL;
}

/* ---- the workspace ---- */

enum { ALIGNED = 64 };

static size_t aligned(size_t bytes)
{
	return (bytes + ALIGNED - 1) / ALIGNED * ALIGNED;
}

/* The loss's own part, before the driver's. */
static size_t own_bytes(const struct lb_loss *loss, const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	return loss->workspace ? aligned(loss->workspace(par, shape)) : 0;
}

/* Lists of what is known of a query's rows: scores, grades, fixed scores, the teacher's. */
enum { QUERY_LISTS = 4 };

/* Bytes of what a query of n rows has: these lists, the gradient, room and order. */
static size_t query_bytes(size_t n)
{
	return (QUERY_LISTS + 1 + LB_QUERY_ROOM) * n * sizeof(double) + 2 * n * sizeof(uint32_t);
}

/* The driver's: the terms of one row, and the matrix of distances, the lists of a query or four
 * sums a row. */
static size_t driver_bytes(const struct lb_loss *loss, size_t b, size_t c)
{
	const size_t behind = loss->form->similarity ? lb_similarity_bytes(b, c, loss->info.exceptions & LB_HOLDS_FACTORS) :
			      loss->form->query      ? query_bytes(b) :
			      loss->form->softmax    ? aligned(sizeof(struct lb_softmax_sums)) + 4 * b * sizeof(real) :
						       0;

	return aligned(c * sizeof(real)) + behind;
}

size_t lb_loss_workspace(const struct lb_loss *loss, const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	return own_bytes(loss, par, shape) + driver_bytes(loss, shape->b, shape->c);
}

/* Sets in->terms and in->soft, and returns the workspace after them. */
static void *take_room(const struct lb_loss *loss, struct lb_batch *in)
{
	char *at = in->workspace;

	if (loss->workspace) {
		const struct lb_loss_shape shape = { .b = in->b, .c = in->c, .views = in->views, .n_hidden = in->hidden.cols, .n_guide = in->inputs.cols,
						     .n_classes = in->stats ? in->stats->n_classes : 0 };
		at += own_bytes(loss, in->par, &shape);
	}
	void *terms = at;
	in->terms = terms;
	in->soft = NULL; /* of an earlier call, whose sums are gone */
	return at + aligned(in->c * sizeof(real));
}

struct lb_io lb_loss_params_io(const struct lb_loss *loss, const struct lb_arg *par, const struct lb_loss_shape *shape, const real *value,
			       real *grad)
{
	const size_t n = loss->n_params ? loss->n_params(par, shape) : 0, rows = n ? lb_loss_params_rows(&loss->info, par, shape) : 0, cols = n ? n / rows : 0;

	return n ? (struct lb_io){ .value = value, .grad = grad, .rows = rows, .cols = cols, .stride = cols } : (struct lb_io){ 0 };
}

void lb_loss_update_state(const struct lb_loss *loss, struct lb_batch *in)
{
	if (!loss->update_state)
		return;
	take_room(loss, in);
	loss->update_state(in);
}

const double *lb_similarity_matrix(const struct lb_loss *loss, struct lb_batch *in)
{
	return lb_similarity_measure(loss->form, in, take_room(loss, in));
}

const double *lb_direction_distances(const struct lb_loss *loss, struct lb_batch *in)
{
	return lb_similarity_between_directions(in, take_room(loss, in));
}

void lb_slopes_by_cosines(const struct lb_loss *loss, struct lb_batch *in, const double *cosine, double *slope)
{
	lb_similarity_by_cosines(loss->form, in, cosine, slope, take_room(loss, in));
}

/* ---- row by row ---- */

/* Whether rows are padded as the kernels want them. */
static bool in_panels(size_t c, size_t stride)
{
	return c <= LB_SOFTMAX_COLUMNS && stride % LB_PANEL == 0 && stride >= LB_PADDED(c);
}

/* in->soft <- the softmax of all rows at once, in the driver's room. */
static void soften(struct lb_batch *in, void *room)
{
	struct lb_softmax_sums *at = room;
	void *behind = (char *)room + aligned(sizeof *at);
	real *sums = behind;

	*at = (struct lb_softmax_sums){ .rest = sums, .sum = sums + in->b, .lp = sums + 2 * in->b, .top = sums + 3 * in->b };
	lb_kernel()->softmax_rows(in->b, in->c, in->output.stride, in->output.value, in->y, in->output.grad, at);
	in->soft = at;
}

/* g (n) <- g * scale; where rows are padded, over the padding, which stays 0 as long as both are
 * finite. */
LB_CLONES static void lb_scale_row(size_t n, real scale, real *g)
{
	for (size_t k = 0; k < n; k++)
		g[k] *= scale;
}

/* A row whose loss is NaN has a NaN gradient, also where the kernel's comparisons would have made
 * it a number. */
static void finish_row(real *g, size_t c, real loss, real scale)
{
	if (isnan(loss))
		for (size_t k = 0; k < c; k++)
			g[k] = loss;
	else
		lb_scale_row(c, scale, g);
}

static void add_row_loss(const struct lb_batch *in, size_t i, real loss)
{
	if (in->row_loss)
		in->row_loss[i] += (real)in->scale * loss;
}

struct by_lanes {
	const struct lb_form *form;
	const struct lb_batch *in;
	real share;              /* of a row in the mean */
	double sum;
};

static void visit_lanes(void *arg, size_t first, size_t rows, struct lb_lane_rows *at)
{
	struct by_lanes *by = arg;
	const struct lb_batch *in = by->in;
	const real *w = in->row_weight;
	double sum = by->sum;

	by->form->lanes(in, at);
	for (size_t i = 0; i < LB_PANEL; i++)
		at->scale[i] = isnan(at->loss[i]) ? at->loss[i] : by->share;
	for (size_t i = 0; w && i < rows; i++)
		at->scale[i] = isnan(at->loss[i]) ? at->loss[i] : w[first + i] / (real)in->b;
	for (size_t i = 0; !w && i < rows; i++)
		sum += (double)at->loss[i];
	for (size_t i = 0; w && i < rows; i++)
		sum += (double)w[first + i] * (double)at->loss[i];
	for (size_t i = 0; in->row_loss && i < rows; i++)
		add_row_loss(in, first + i, at->loss[i]);
	by->sum = sum;
}

static double apply_lanes(const struct lb_form *form, const struct lb_batch *in)
{
	struct by_lanes by = { .form = form, .in = in, .share = 1 / (real)in->b };

	lb_kernel()->lane_rows(&(struct lb_lane_job){ .b = in->b, .c = in->c, .ld = in->output.stride, .softmax = form->softmax,
						      .z = in->output.value, .y = in->y, .g = in->output.grad, .visit = visit_lanes, .arg = &by });
	return by.sum / (double)in->b;
}

/* The rows from first on, whose entries are told: their losses weighted into *sum, and their
 * gradient. */
static void finish_entries(const struct lb_batch *in, size_t first, size_t rows, const real *loss, const real *slope, double *sum)
{
	const real share = 1 / (real)in->c;
	real *g = in->output.grad;

	for (size_t i = first; i < first + rows; i++, loss += in->c, slope += in->c) {
		const real w = in->row_weight ? in->row_weight[i] : R(1.0);
		double row = 0;

		for (size_t k = 0; k < in->c; k++)
			row += (double)loss[k];
		const real value = share * (real)row, scale = isnan(value) ? value : w / (real)in->b;
		*sum += (double)w * (double)value;
		add_row_loss(in, i, value);
		for (size_t k = 0; g && k < in->c; k++)
			g[i * in->output.stride + k] = isnan(value) ? value : share * slope[k] * scale;
	}
}

/* As many rows at once as LB_ENTRIES holds: the bytes are those of the rows one by one. */
static double apply_entries(const struct lb_form *form, const struct lb_batch *in)
{
	real z[LB_ENTRIES], loss[LB_ENTRIES], slope[LB_ENTRIES];
	const size_t most = LB_ENTRIES / in->c;
	double sum = 0;

	for (size_t first = 0; first < in->b; first += most) {
		const size_t rows = in->b - first < most ? in->b - first : most;
		for (size_t i = 0; i < rows; i++)
			for (size_t k = 0; k < in->c; k++)
				z[i * in->c + k] = in->output.value[(first + i) * in->output.stride + k];
		form->entries(in, rows * in->c, z, in->target + first * in->c, loss, slope);
		finish_entries(in, first, rows, loss, slope, &sum);
	}
	return sum / (double)in->b;
}

/* The mean of the rows' losses. */
static double apply_rows(const struct lb_form *form, struct lb_batch *in, void *room)
{
	const size_t stride = in->output.stride;
	real *g = in->output.grad;
	const bool panels = g && in_panels(in->c, stride);
	double sum = 0;

	if (form->entries && in->c <= (form->one_target ? 1 : LB_ENTRIES))
		return apply_entries(form, in);
	if (panels && form->lanes && (!form->lanes_hold || form->lanes_hold(in->par)))
		return apply_lanes(form, in);
	if (panels && form->softmax)
		soften(in, room);
	for (size_t i = 0; i < in->b; i++) {
		real *gi = g ? g + i * stride : NULL;
		const real w = in->row_weight ? in->row_weight[i] : R(1.0), scale = w / (real)in->b;
		const real l = form->row(in, i, in->output.value + i * stride, gi);

		sum += (double)w * (double)l;
		add_row_loss(in, i, l);
		if (gi)
			finish_row(gi, isnan(l) || stride % LB_PANEL ? in->c : stride, l, scale);
	}
	return sum / (double)in->b;
}

/* ---- query by query ---- */

/* Returns the end of the query that begins at row i. */
static size_t query_end(const struct lb_batch *in, size_t i)
{
	const int32_t query = in->group[i];

	while (i < in->b && in->group[i] == query)
		i++;
	return i;
}

/* Returns the loss of the query of rows first to first + q->n - 1, whose lists are in `list`; its
 * gradient times share goes to the batch's. */
static double one_query(const struct lb_form *form, const struct lb_batch *in, size_t first, struct lb_query *q, double *list, double share)
{
	double *score = list, *grade = list + q->n, *fixed = list + 2 * q->n, *teacher = list + 3 * q->n, *g = list + QUERY_LISTS * q->n, value = 0;
	const size_t stride = in->output.stride;

	for (size_t i = 0; i < q->n; i++) {
		score[i] = (double)in->output.value[(first + i) * stride];
		grade[i] = (double)in->target[first + i];
		fixed[i] = in->held ? (double)in->held[first + i] : score[i];
		teacher[i] = in->teacher ? (double)in->teacher[first + i] : 0;
		g[i] = 0;
		value += isnan(score[i]) ? score[i] : 0;
	}
	q->score = score, q->grade = grade, q->fixed = fixed, q->teacher = teacher;
	q->room = g + q->n;
	q->order = (void *)(q->room + LB_QUERY_ROOM * q->n);
	if (!isnan(value))
		value = form->query(q, in->output.grad ? g : NULL);
	for (size_t i = 0; in->output.grad && i < q->n; i++)
		in->output.grad[(first + i) * stride] = (real)(isnan(value) ? value : share * g[i]);
	return value;
}

/* The mean of the queries' losses. */
static double apply_queries(const struct lb_form *form, const struct lb_batch *in, double *list)
{
	struct lb_query q = { .par = in->par };
	double sum = 0;

	for (size_t i = 0; i < in->b; i = query_end(in, i))
		q.queries++;
	for (size_t i = 0; i < in->b; i++)
		q.grades += (double)in->target[i];
	for (size_t i = 0; i < in->b; i += q.n) {
		q.n = query_end(in, i) - i;
		sum += one_query(form, in, i, &q, list, 1 / (double)q.queries);
	}
	return sum / (double)q.queries;
}

/* ---- a batch ---- */

/* The gradient by one input, times the batch's scale. */
static void scale_gradient(const struct lb_io *io, double scale)
{
	for (size_t i = 0; io->grad && i < io->rows; i++)
		lb_scale_row(io->cols, (real)scale, io->grad + i * io->stride);
}

double lb_loss_apply(const struct lb_loss *loss, struct lb_batch *in)
{
	const struct lb_form *form = loss->form;
	void *room = take_room(loss, in);
	const double value = form->batch      ? form->batch(in, in->output.grad) :
			     form->similarity ? lb_similarity_apply(form, in, room) :
			     form->query      ? apply_queries(form, in, room) :
						apply_rows(form, in, room);

	if (!(in->scale < 1 || in->scale > 1))
		return value;
	scale_gradient(&in->output, in->scale);
	scale_gradient(&in->hidden, in->scale);
	scale_gradient(&in->params, in->scale);
	return in->scale * value;
}
