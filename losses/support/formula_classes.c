#include "losses/support/formula_run.h"

#include "core/engine/kernels/kernels.h"

#include <string.h>

/* The rest is below what its terms can say. */
#define TOO_SMALL (REAL_MIN * R(0x1p30))

/* ---- leaves ---- */

/* log(1 - p) of one row, where p is the share of the label. */
static real log_rest(const struct lb_formula_running *r, size_t i)
{
	const real p = r->own_term[i] / r->sum[i];

	if (r->second_sum[i] > 0)
		return (r->second[i] - r->most[i]) + log(r->second_sum[i]) - r->log_sum[i];
	return p < R(0.5) ? log1p(-p) : log(r->rest[i] / r->sum[i]);
}

static real leaf_of_row(const struct lb_formula_running *r, enum lb_leaf leaf, size_t i)
{
	const struct lb_batch *in = r->in;

	switch (leaf) {
	case LB_LEAF_P:
		return r->own_term[i] / r->sum[i];
	case LB_LEAF_Q:
		return r->rest[i] / r->sum[i];
	case LB_LEAF_LOG_P:
		return (r->z[r->label[i] * LB_PANEL + i] - r->most[i]) - r->log_sum[i];
	case LB_LEAF_LOG_Q:
		return log_rest(r, i);
	case LB_LEAF_OWN_SCORE:
		return r->z[r->label[i] * LB_PANEL + i];
	case LB_LEAF_LABEL:
		return (real)r->label[i];
	case LB_LEAF_COUNT:
		return r->count ? r->count[i] : (real)in->stats->counts[r->label[i]];
	case LB_LEAF_SCORE:
	case LB_LEAF_PREDICTION:
		return r->score[i];
	case LB_LEAF_SIGN:
		return r->sign[i];
	case LB_LEAF_MARGIN:
		return r->sign[i] * r->score[i];
	case LB_LEAF_TARGET:
		return r->target[i];
	case LB_LEAF_RESIDUAL:
		return r->score[i] - r->target[i];
	default: /* LB_LEAF_EPOCH */
		return in->epochs ? (real)((double)in->epoch / (double)in->epochs) : R(0.0);
	}
}

/* What row i has of class k, but for p_k. */
static real leaf_of_class(const struct lb_formula_running *r, enum lb_leaf leaf, size_t k, size_t i)
{
	const real p = r->term[k * LB_PANEL + i] / r->sum[i];
	const real q = k == r->top[i] ? r->rest_of_top[i] / r->sum[i] : 1 - p;

	switch (leaf) {
	case LB_LEAF_Q_K:
		return q;
	case LB_LEAF_LOG_Q_K:
		return p < R(0.5) ? log1p(-p) : log(q);
	case LB_LEAF_ODDS_K:
		return p / (q > REAL_MIN ? q : REAL_MIN);
	case LB_LEAF_P_LESS_E_K:
		return k == r->label[i] ? -q : p;
	case LB_LEAF_IS_LABEL_K:
		return k == r->label[i] ? R(1.0) : R(0.0);
	case LB_LEAF_CLASS_K:
		return (real)k;
	default: /* LB_LEAF_COUNT_K */
		return (real)r->in->stats->counts[k];
	}
}

/* p_k, log p_k of LB_PANEL rows. */
LB_CLONES static void lb_formula_shares(const struct lb_formula_running *r, bool logs, real *restrict out)
{
	const real *restrict x = logs ? r->z : r->term;
	real share[LB_PANEL];

	for (size_t i = 0; i < LB_PANEL; i++)
		share[i] = 1 / r->sum[i];
	for (size_t k = 0; k < r->c; k++)
		for (size_t i = 0; i < LB_PANEL; i++)
			out[k * LB_PANEL + i] = logs ? (x[k * LB_PANEL + i] - r->most[i]) - r->log_sum[i] : x[k * LB_PANEL + i] * share[i];
}

static void load_leaf(const struct lb_formula_running *r, const struct lb_formula_step *s)
{
	const enum lb_leaf leaf = (enum lb_leaf)s->value;
	real *out = lb_formula_register(r, s->out, s->out_of_class);

	if (leaf == LB_LEAF_P_K || leaf == LB_LEAF_LOG_P_K)
		lb_formula_shares(r, leaf == LB_LEAF_LOG_P_K, out);
	else if (leaf == LB_LEAF_SCORE_K)
		memcpy(out, r->z, r->c * LB_PANEL * sizeof *out);
	else if (s->out_of_class)
		for (size_t k = 0; k < r->c; k++)
			for (size_t i = 0; i < LB_PANEL; i++)
				out[k * LB_PANEL + i] = leaf_of_class(r, leaf, k, i);
	else
		for (size_t i = 0; i < r->w; i++)
			out[i] = leaf_of_row(r, leaf, i);
}

void lb_formula_steps(const struct lb_formula_running *r, int from, int to)
{
	for (int i = from; i < to; i++) {
		const struct lb_formula_step *s = &r->p->step[i];
		const bool reduces = s->op == LB_OP_SUM || s->op == LB_OP_HIGHEST;
		const struct lb_formula_blocks at = { .cols = s->out_of_class || reduces ? r->c : 1, .w = r->w,
						      .out = lb_formula_register(r, s->out, s->out_of_class), .a = lb_formula_register(r, s->a, s->a_of_class),
						      .b = lb_formula_register(r, s->b, s->b_of_class), .c = lb_formula_register(r, s->c, s->c_of_class) };
		if (s->op == LB_OP_LEAF)
			load_leaf(r, s);
		else
			lb_formula_do(s, &at);
	}
}

/* ---- classes ---- */

/* r->most, r->top and the terms' exponents, into r->term. */
LB_CLONES static void lb_formula_exponents(struct lb_formula_running *r)
{
	real top[LB_PANEL] = { 0 };

	for (size_t i = 0; i < LB_PANEL; i++)
		r->most[i] = r->z[i];
	for (size_t k = 1; k < r->c; k++)
		for (size_t i = 0; i < LB_PANEL; i++) {
			const bool more = r->z[k * LB_PANEL + i] > r->most[i];
			r->most[i] = more ? r->z[k * LB_PANEL + i] : r->most[i];
			top[i] = more ? (real)k : top[i];
		}
	for (size_t k = 0; k < r->c; k++)
		for (size_t i = 0; i < LB_PANEL; i++)
			r->term[k * LB_PANEL + i] = r->z[k * LB_PANEL + i] - r->most[i];
	for (size_t i = 0; i < LB_PANEL; i++)
		r->top[i] = (size_t)top[i];
}

/* The sums of the terms: of all but the first largest, which is 1. */
LB_CLONES static void lb_formula_sums(struct lb_formula_running *r)
{
	double rest[LB_PANEL] = { 0 };
	real top[LB_PANEL];

	for (size_t i = 0; i < LB_PANEL; i++)
		top[i] = (real)r->top[i];
	for (size_t k = 0; k < r->c; k++)
		for (size_t i = 0; i < LB_PANEL; i++)
			rest[i] += top[i] == (real)k ? 0.0 : (double)r->term[k * LB_PANEL + i];
	for (size_t i = 0; i < LB_PANEL; i++) {
		r->rest_of_top[i] = (real)rest[i];
		r->sum[i] = (real)(1 + rest[i]);
	}
}

/* The rest of row i without its label, from its largest score: its own terms are as good as 0. */
static void sum_of_rest(struct lb_formula_running *r, size_t i)
{
	real most = -(real)INFINITY, sum = 0;

	for (size_t k = 0; k < r->c; k++)
		if (k != r->label[i] && r->z[k * LB_PANEL + i] > most)
			most = r->z[k * LB_PANEL + i];
	for (size_t k = 0; k < r->c; k++)
		sum += k == r->label[i] ? R(0.0) : exp(r->z[k * LB_PANEL + i] - most);
	r->second[i] = most;
	r->second_sum[i] = sum;
}

static void soften(struct lb_formula_running *r)
{
	lb_formula_exponents(r);
	lb_kernel()->exp_terms(r->term, r->c * LB_PANEL, 0, 1, r->c * LB_PANEL, r->term);
	lb_formula_sums(r);
	lb_kernel()->log1p_all(LB_PANEL, r->rest_of_top, r->log_sum);
	for (size_t i = 0; i < LB_PANEL; i++) {
		r->own_term[i] = r->term[r->label[i] * LB_PANEL + i];
		r->rest[i] = r->label[i] == r->top[i] ? r->rest_of_top[i] : r->sum[i] - r->own_term[i];
		r->second_sum[i] = 0;
		if (r->rest[i] < TOO_SMALL)
			sum_of_rest(r, i);
	}
}

/* g <- the gradient by scores of what the loss changes by log p and log q of the label: by log p, p_k
 * times less for each class and once more for the label; by log q each class's share of the rest. */
LB_CLONES static void lb_formula_back_label(const struct lb_formula_running *r, const real *by_p, const real *by_q, real *restrict g)
{
	real less[LB_PANEL], more[LB_PANEL];

	for (size_t i = 0; i < LB_PANEL; i++) {
		less[i] = by_p ? by_p[i] / r->sum[i] : 0;
		more[i] = by_q ? by_q[i] * (r->own_term[i] / r->sum[i]) / (r->rest[i] > 0 ? r->rest[i] : R(1.0)) : 0;
	}
	for (size_t k = 0; k < r->c; k++)
		for (size_t i = 0; i < LB_PANEL; i++)
			g[k * LB_PANEL + i] = (more[i] - less[i]) * r->term[k * LB_PANEL + i];
}

/* Label by label what the above leaves: its own entry, and rows whose rest is too small for terms. */
static void finish_label(const struct lb_formula_running *r, const real *by_p, const real *by_q, const real *by_own, real *g)
{
	for (size_t i = 0; i < LB_PANEL; i++) {
		const real p = r->own_term[i] / r->sum[i], q = r->rest[i] / r->sum[i];
		real *own = &g[r->label[i] * LB_PANEL + i];
		*own = (by_p ? by_p[i] * q : 0) - (by_q ? by_q[i] * p : 0);
		for (size_t k = 0; by_q && r->second_sum[i] > 0 && k < r->c; k++)
			if (k != r->label[i])
				g[k * LB_PANEL + i] = by_q[i] * p * (exp(r->z[k * LB_PANEL + i] - r->second[i]) / r->second_sum[i]) -
						      (by_p ? by_p[i] * r->term[k * LB_PANEL + i] / r->sum[i] : 0);
		if (by_own)
			*own += by_own[i];
	}
}

/* Adds the gradient of what the loss changes by the log p_k: of class k by_k - p_k sum by_j. Of the
 * likeliest class, whose p_k may be as good as 1, it is q_k by_k - p_k times the sum of the others. */
LB_CLONES static void lb_formula_back_shares(const struct lb_formula_running *r, const real *by, bool of_class, real *restrict g)
{
	double others[LB_PANEL] = { 0 };
	real sum[LB_PANEL], own[LB_PANEL] = { 0 }, top[LB_PANEL], last[LB_PANEL], share[LB_PANEL];

	for (size_t i = 0; i < LB_PANEL; i++) {
		top[i] = (real)r->top[i];
		share[i] = 1 / r->sum[i];
	}
	for (size_t k = 0; k < r->c; k++)
		for (size_t i = 0; i < LB_PANEL; i++) {
			const real b = by[(of_class ? k * LB_PANEL : 0) + i];
			own[i] = top[i] == (real)k ? b : own[i];
			others[i] += top[i] == (real)k ? 0.0 : (double)b;
		}
	for (size_t i = 0; i < LB_PANEL; i++) {
		sum[i] = (real)(others[i] + (double)own[i]);
		last[i] = own[i] * (r->rest_of_top[i] * share[i]) - share[i] * (real)others[i];
	}
	for (size_t k = 0; k < r->c; k++)
		for (size_t i = 0; i < LB_PANEL; i++) {
			const real b = by[(of_class ? k * LB_PANEL : 0) + i];
			g[k * LB_PANEL + i] += top[i] == (real)k ? last[i] : b - r->term[k * LB_PANEL + i] * share[i] * sum[i];
		}
}

LB_CLONES static void lb_formula_back_scores(size_t c, const real *restrict by, bool of_class, real *restrict g)
{
	for (size_t k = 0; k < c; k++)
		for (size_t i = 0; i < LB_PANEL; i++)
			g[k * LB_PANEL + i] += by[(of_class ? k * LB_PANEL : 0) + i];
}

static void back_to_scores(const struct lb_formula_running *r, real *g)
{
	const struct lb_formula_place *by = r->p->by;
	const real *log_p = lb_formula_at(r, &by[LB_BY_LOG_P]), *log_q = lb_formula_at(r, &by[LB_BY_LOG_Q]), *own = lb_formula_at(r, &by[LB_BY_OWN_SCORE]);

	if (r->p->softmax) {
		lb_formula_back_label(r, log_p, log_q, g);
		finish_label(r, log_p, log_q, own, g);
	} else {
		memset(g, 0, r->c * LB_PANEL * sizeof *g);
		for (size_t i = 0; own && i < LB_PANEL; i++)
			g[r->label[i] * LB_PANEL + i] = own[i];
	}
	if (by[LB_BY_LOG_P_K].at >= 0)
		lb_formula_back_shares(r, lb_formula_at(r, &by[LB_BY_LOG_P_K]), by[LB_BY_LOG_P_K].of_class, g);
	if (by[LB_BY_SCORE_K].at >= 0)
		lb_formula_back_scores(r->c, lb_formula_at(r, &by[LB_BY_SCORE_K]), by[LB_BY_SCORE_K].of_class, g);
}

/* loss (LB_PANEL) and, unless g is NULL, the gradient by columns of rows whose scores and labels are
 * set. A NaN among the scores makes the loss NaN. */
static void run_panel(struct lb_formula_running *r, real *loss, real *g)
{
	real missing[LB_PANEL] = { 0 };

	for (size_t k = 0; k < r->c; k++)
		for (size_t i = 0; i < LB_PANEL; i++)
			missing[i] += r->z[k * LB_PANEL + i] - r->z[k * LB_PANEL + i];
	if (r->p->softmax)
		soften(r);
	lb_formula_steps(r, r->p->n_const, r->p->n_value);
	const real *value = lb_formula_at(r, &r->p->loss);
	for (size_t i = 0; i < LB_PANEL; i++)
		loss[i] = value[i] + missing[i];
	if (!g)
		return;
	lb_formula_steps(r, r->p->n_value, r->p->n);
	back_to_scores(r, g);
}

/* Adds the losses of rows to the sum, and to in->row_loss; scale[i] <- what the gradient of row i is
 * multiplied by. */
static double count_rows(const struct lb_batch *in, size_t first, size_t rows, const real *loss, real *scale)
{
	double sum = 0;

	for (size_t i = 0; i < rows; i++) {
		const real w = in->row_weight ? in->row_weight[first + i] : R(1.0);
		sum += (double)w * (double)loss[i];
		scale[i] = isnan(loss[i]) ? loss[i] : w / (real)in->b;
		if (in->row_loss)
			in->row_loss[first + i] += (real)in->scale * loss[i];
	}
	return sum;
}

struct visit {
	struct lb_formula_running *r;
	double sum;
};

static void visit(void *arg, size_t first, size_t rows, struct lb_lane_rows *at)
{
	struct visit *v = arg;
	real scale[LB_PANEL] = { 0 };

	v->r->z = at->z;
	for (size_t i = 0; i < LB_PANEL; i++)
		v->r->label[i] = (size_t)at->label[i];
	run_panel(v->r, at->loss, at->g);
	v->sum += count_rows(v->r->in, first, rows, at->loss, scale);
	memcpy(at->scale, scale, sizeof scale);
}

/* Rows first to first + rows - 1, which are transposed here; the last one is repeated. */
static double gathered_rows(struct lb_formula_running *r, real *z, real *columns, size_t first, size_t rows, real *grad)
{
	const struct lb_batch *in = r->in;
	const size_t stride = in->output.stride;
	real loss[LB_PANEL], scale[LB_PANEL];

	for (size_t i = 0; i < LB_PANEL; i++) {
		const size_t row = first + (i < rows ? i : rows - 1);
		r->label[i] = (size_t)in->y[row];
		for (size_t k = 0; k < r->c; k++)
			z[k * LB_PANEL + i] = in->output.value[row * stride + k];
	}
	r->z = z;
	run_panel(r, loss, grad ? columns : NULL);
	const double sum = count_rows(in, first, rows, loss, scale);
	for (size_t i = 0; grad && i < rows; i++)
		for (size_t k = 0; k < r->c; k++)
			grad[(first + i) * stride + k] = columns[k * LB_PANEL + i] * scale[i];
	return sum;
}

double lb_formula_of_classes(const struct lb_batch *in, real *grad)
{
	real *room = in->workspace;
	const size_t block = in->c * LB_PANEL, stride = in->output.stride;
	real *term = room + LB_FORMULA_ROW_REGISTERS * LB_PANEL, *z = term + block, *columns = z + block;
	struct lb_formula_running r = { .p = in->state, .in = in, .w = LB_PANEL, .width = LB_PANEL, .c = in->c, .row = room, .class = columns + block, .term = term };
	struct visit v = { .r = &r };

	lb_formula_steps(&r, 0, r.p->n_const);
	if (grad && in->c <= LB_SOFTMAX_COLUMNS && stride % LB_PANEL == 0 && stride >= LB_PADDED(in->c))
		lb_kernel()->lane_rows(&(struct lb_lane_job){ .b = in->b, .c = in->c, .ld = stride, .z = in->output.value, .y = in->y,
							      .g = grad, .visit = visit, .arg = &v });
	else
		for (size_t i = 0; i < in->b; i += LB_PANEL)
			v.sum += gathered_rows(&r, z, columns, i, in->b - i < LB_PANEL ? in->b - i : LB_PANEL, grad);
	return v.sum / (double)in->b;
}
