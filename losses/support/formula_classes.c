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
		return (r->second[i] - r->z[r->label[i] * LB_PANEL + i]) + log(r->second_sum[i]) + r->log_p[i];
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
		return r->log_p[i];
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
	case LB_LEAF_N_SAME:
		return r->n_same[i];
	case LB_LEAF_N_OTHER:
		return r->n_other[i];
	case LB_LEAF_N_PARTNERS:
		return r->n_same[i] + r->n_other[i];
	default: /* LB_LEAF_EPOCH */
		return in->epochs ? (real)((double)in->epoch / (double)in->epochs) : R(0.0);
	}
}

/* What row i has of class k, but for p_k. */
static real leaf_of_class(const struct lb_formula_running *r, enum lb_leaf leaf, size_t k, size_t i)
{
	const real p = r->term[k * LB_PANEL + i] / r->sum[i];
	const real q = (real)k == r->top[i] ? r->rest_of_top[i] / r->sum[i] : 1 - p;

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

/* p_k, or log p_k, of LB_PANEL rows. */
LB_CLONES static void lb_formula_shares(size_t c, const real *restrict term, const real *restrict share, real *restrict out)
{
	for (size_t k = 0; k < c; k++)
		for (size_t i = 0; i < LB_PANEL; i++)
			out[k * LB_PANEL + i] = term[k * LB_PANEL + i] * share[i];
}

LB_CLONES static void lb_formula_log_shares(size_t c, const real *restrict z, const real *restrict most, const real *restrict log_sum, real *restrict out)
{
	for (size_t k = 0; k < c; k++)
		for (size_t i = 0; i < LB_PANEL; i++)
			out[k * LB_PANEL + i] = (z[k * LB_PANEL + i] - most[i]) - log_sum[i];
}

static void load_leaf(const struct lb_formula_running *r, const struct lb_formula_step *s)
{
	const enum lb_leaf leaf = (enum lb_leaf)s->value;
	real *out = lb_formula_register(r, s->out, s->out_of_class);

	if (leaf == LB_LEAF_P_K)
		lb_formula_shares(r->c, r->term, r->share, out);
	else if (leaf == LB_LEAF_LOG_P_K)
		lb_formula_log_shares(r->c, r->z, r->most, r->log_sum, out);
	else if (leaf == LB_LEAF_SCORE_K || leaf == LB_LEAF_COSINE_J)
		memcpy(out, r->z, r->c * LB_PANEL * sizeof *out);
	else if (leaf == LB_LEAF_IS_SAME_J || leaf == LB_LEAF_IS_OTHER_J)
		memcpy(out, leaf == LB_LEAF_IS_SAME_J ? r->same : r->other, r->c * LB_PANEL * sizeof *out);
	else if (leaf == LB_LEAF_IS_PARTNER_J)
		for (size_t k = 0; k < r->c * LB_PANEL; k++)
			out[k] = r->same[k] + r->other[k];
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

/* most, top and the terms' exponents. */
LB_CLONES static void lb_formula_exponents(size_t c, const real *restrict z, real *restrict term, real *restrict most, real *restrict top)
{
	real high[LB_PANEL], at[LB_PANEL] = { 0 }, number = 1;

	for (size_t i = 0; i < LB_PANEL; i++)
		high[i] = z[i];
	for (size_t k = 1; k < c; k++, number += 1)
		for (size_t i = 0; i < LB_PANEL; i++) {
			const real score = z[k * LB_PANEL + i];
			at[i] = score > high[i] ? number : at[i];
			high[i] = score > high[i] ? score : high[i];
		}
	for (size_t k = 0; k < c; k++)
		for (size_t i = 0; i < LB_PANEL; i++)
			term[k * LB_PANEL + i] = z[k * LB_PANEL + i] - high[i];
	memcpy(most, high, sizeof high);
	memcpy(top, at, sizeof at);
}

/* The sum of the terms but that of the first largest score, which is 1; and of all. */
LB_CLONES static void lb_formula_sums(size_t c, const real *restrict term, const real *restrict top, real *restrict rest, real *restrict all)
{
	double sum[LB_PANEL] = { 0 };
	real at[LB_PANEL], number = 0;

	memcpy(at, top, sizeof at);
	for (size_t k = 0; k < c; k++, number += 1)
		for (size_t i = 0; i < LB_PANEL; i++) {
			const real other = at[i] == number ? R(0.0) : term[k * LB_PANEL + i];
			sum[i] += (double)other;
		}
	for (size_t i = 0; i < LB_PANEL; i++) {
		rest[i] = (real)sum[i];
		all[i] = (real)(1 + sum[i]);
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

static void finish_sums(struct lb_formula_running *r)
{
	for (size_t i = 0; i < LB_PANEL; i++) {
		r->share[i] = 1 / r->sum[i];
		r->second_sum[i] = 0;
		if (r->rest[i] < TOO_SMALL)
			sum_of_rest(r, i);
	}
}

static void soften(struct lb_formula_running *r)
{
	lb_formula_exponents(r->c, r->z, r->term, r->most, r->top);
	lb_kernel()->exp_terms(r->term, r->c * LB_PANEL, 0, 1, r->c * LB_PANEL, r->term);
	lb_formula_sums(r->c, r->term, r->top, r->rest_of_top, r->sum);
	lb_kernel()->log1p_all(LB_PANEL, r->rest_of_top, r->log_sum);
	for (size_t i = 0; i < LB_PANEL; i++) {
		r->own_term[i] = r->term[r->label[i] * LB_PANEL + i];
		r->log_p[i] = (r->z[r->label[i] * LB_PANEL + i] - r->most[i]) - r->log_sum[i];
		r->rest[i] = (real)r->label[i] == r->top[i] ? r->rest_of_top[i] : r->sum[i] - r->own_term[i];
	}
	finish_sums(r);
}

/* The softmax as lane_rows has made it, for formulas of the label's probability alone. */
static void take_softmax(struct lb_formula_running *r, const struct lb_lane_rows *at)
{
	r->term = at->g;
	memcpy(r->own_term, at->term, sizeof r->own_term);
	memcpy(r->log_p, at->lp, sizeof r->log_p);
	memcpy(r->rest, at->rest, sizeof r->rest);
	memcpy(r->sum, at->sum, sizeof r->sum);
	finish_sums(r);
}

/* g <- the gradient by scores of what the loss changes by log p and log q of the label: by log p,
 * p_k times less for each class and once more for the label; by log q each class's share of the
 * rest. */
static void back_label(const struct lb_formula_running *r, const real *by_p, const real *by_q, real *g)
{
	real factor[LB_PANEL];

	for (size_t i = 0; i < LB_PANEL; i++) {
		factor[i] = by_p ? -by_p[i] * r->share[i] : 0;
		if (by_q)
			factor[i] += by_q[i] * (r->own_term[i] * r->share[i]) / (r->rest[i] > 0 ? r->rest[i] : R(1.0));
	}
	lb_formula_shares(r->c, r->term, factor, g);
}

/* Label by label what the above leaves: its own entry, and rows whose rest is too small for
 * terms. */
static void finish_label(const struct lb_formula_running *r, const real *by_p, const real *by_q, const real *by_own, real *g)
{
	for (size_t i = 0; i < LB_PANEL; i++) {
		const real p = r->own_term[i] * r->share[i], q = r->rest[i] * r->share[i];
		real *own = &g[r->label[i] * LB_PANEL + i];
		*own = (by_p ? by_p[i] * q : 0) - (by_q ? by_q[i] * p : 0);
		for (size_t k = 0; by_q && r->second_sum[i] > 0 && k < r->c; k++)
			if (k != r->label[i])
				g[k * LB_PANEL + i] = by_q[i] * p * (exp(r->z[k * LB_PANEL + i] - r->second[i]) / r->second_sum[i]) -
						      (by_p ? by_p[i] * (r->term[k * LB_PANEL + i] * r->share[i]) : 0);
		if (by_own)
			*own += by_own[i];
	}
}

/* Adds the gradient of what the loss changes by the log p_k: of class k by_k - p_k sum by_j. Of
 * the likeliest class, whose p_k may be as good as 1, it is q_k by_k - p_k times the sum of the
 * others. */
LB_CLONES static void lb_formula_back_shares(const struct lb_formula_running *r, const real *by, bool of_class, real *restrict g)
{
	const size_t c = r->c, step = of_class ? LB_PANEL : 0;
	const real *restrict term = r->term, *restrict b = by;
	double others[LB_PANEL] = { 0 };
	real sum[LB_PANEL], own[LB_PANEL] = { 0 }, top[LB_PANEL], last[LB_PANEL], share[LB_PANEL], number = 0;

	memcpy(top, r->top, sizeof top);
	memcpy(share, r->share, sizeof share);
	for (size_t k = 0; k < c; k++, number += 1)
		for (size_t i = 0; i < LB_PANEL; i++) {
			const real v = b[k * step + i], other = top[i] == number ? R(0.0) : v;
			own[i] = top[i] == number ? v : own[i];
			others[i] += (double)other;
		}
	for (size_t i = 0; i < LB_PANEL; i++) {
		sum[i] = (real)(others[i] + (double)own[i]) * share[i];
		last[i] = own[i] * (r->rest_of_top[i] * share[i]) - share[i] * (real)others[i];
	}
	number = 0;
	for (size_t k = 0; k < c; k++, number += 1)
		for (size_t i = 0; i < LB_PANEL; i++) {
			const real v = b[k * step + i] - term[k * LB_PANEL + i] * sum[i];
			g[k * LB_PANEL + i] += top[i] == number ? last[i] : v;
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
		back_label(r, log_p, log_q, g);
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

/* NaN of each row that has one, or an infinite score; else 0. */
LB_CLONES static void lb_formula_missing(size_t c, const real *restrict z, real *restrict missing)
{
	real sum[LB_PANEL] = { 0 };

	for (size_t k = 0; k < c; k++)
		for (size_t i = 0; i < LB_PANEL; i++)
			sum[i] += z[k * LB_PANEL + i] - z[k * LB_PANEL + i];
	memcpy(missing, sum, sizeof sum);
}

/* loss (LB_PANEL) and, unless g is NULL, the gradient by columns of rows whose scores, labels and
 * softmax are set. A NaN among the scores makes the loss NaN. */
static void run_panel(struct lb_formula_running *r, real *loss, real *g)
{
	real missing[LB_PANEL];

	if (!r->p->softmax)
		lb_formula_missing(r->c, r->z, missing);
	for (size_t i = 0; r->p->softmax && i < LB_PANEL; i++)
		missing[i] = r->sum[i] - r->sum[i];
	lb_formula_steps(r, r->p->n_const, r->p->n_value);
	const real *value = lb_formula_at(r, &r->p->loss);
	for (size_t i = 0; i < LB_PANEL; i++)
		loss[i] = value[i] + missing[i];
	if (!g)
		return;
	lb_formula_steps(r, r->p->n_value, r->p->n);
	back_to_scores(r, g);
}

/* Adds the losses of rows to the sum, and to in->row_loss; scale[i] <- what the gradient of row i
 * is multiplied by. */
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
	real *columns;           /* room for the gradient of a panel */
	bool slopes;
	size_t first;            /* row of the batch that the job begins with */
	double sum;
};

/* Whether the softmax is made by lane_rows: where no class's own probability is read. */
static bool by_kernel(const struct lb_formula_program *p)
{
	return p->softmax && !p->shares;
}

static void visit(void *arg, size_t first, size_t rows, struct lb_lane_rows *at)
{
	struct visit *v = arg;
	struct lb_formula_running *r = v->r;
	real scale[LB_PANEL] = { 0 };

	r->z = at->z;
	for (size_t i = 0; i < LB_PANEL; i++)
		r->label[i] = (size_t)at->label[i];
	if (by_kernel(r->p))
		take_softmax(r, at);
	else if (r->p->softmax)
		soften(r);
	run_panel(r, at->loss, v->slopes ? v->columns : NULL);
	if (v->slopes)
		memcpy(at->g, v->columns, r->c * LB_PANEL * sizeof *at->g);
	v->sum += count_rows(r->in, v->first + first, rows, at->loss, scale);
	memcpy(at->scale, scale, sizeof scale);
}

/* All rows, which are padded, from v->first on; g has room for their gradients. */
static void visit_rows(struct visit *v, size_t rows, size_t ld, const real *z, real *g)
{
	const struct lb_batch *in = v->r->in;

	lb_kernel()->lane_rows(&(struct lb_lane_job){ .b = rows, .c = in->c, .ld = ld, .softmax = by_kernel(v->r->p), .z = z, .y = in->y + v->first,
						      .g = g, .visit = visit, .arg = v });
}

/* The same of rows that are not padded, or whose gradient is not asked for: room is for two panels
 * of padded ones. */
static void visit_copies(struct visit *v, size_t rows, real *room, real *grad)
{
	const struct lb_batch *in = v->r->in;
	const size_t ld = LB_PADDED(in->c), stride = in->output.stride;
	real *z = room, *g = room + ld * LB_PANEL;

	memset(z, 0, ld * LB_PANEL * sizeof *z);
	for (size_t i = 0; i < rows; i++)
		memcpy(z + i * ld, in->output.value + (v->first + i) * stride, in->c * sizeof *z);
	visit_rows(v, rows, ld, z, g);
	for (size_t i = 0; grad && i < rows; i++)
		memcpy(grad + (v->first + i) * stride, g + i * ld, in->c * sizeof *g);
}

/* The same of more classes than lane_rows takes: room is for two panels by columns. */
static void gather_rows(struct visit *v, size_t rows, real *room, real *grad)
{
	struct lb_formula_running *r = v->r;
	const size_t stride = r->in->output.stride;
	real loss[LB_PANEL], scale[LB_PANEL];

	for (size_t i = 0; i < LB_PANEL; i++) {
		const size_t row = v->first + (i < rows ? i : rows - 1);
		r->label[i] = (size_t)r->in->y[row];
		for (size_t k = 0; k < r->c; k++)
			room[k * LB_PANEL + i] = r->in->output.value[row * stride + k];
	}
	r->z = room;
	if (r->p->softmax)
		soften(r);
	run_panel(r, loss, grad ? v->columns : NULL);
	v->sum += count_rows(r->in, v->first, rows, loss, scale);
	for (size_t i = 0; grad && i < rows; i++)
		for (size_t k = 0; k < r->c; k++)
			grad[(v->first + i) * stride + k] = v->columns[k * LB_PANEL + i] * scale[i];
}

double lb_formula_of_classes(const struct lb_batch *in, real *grad)
{
	real *room = in->workspace;
	const size_t block = LB_PADDED(in->c) * LB_PANEL, stride = in->output.stride;
	real *term = room + LB_FORMULA_ROW_REGISTERS * LB_PANEL, *columns = term + block, *copies = columns + block;
	struct lb_formula_running r = { .p = in->state, .in = in, .w = LB_PANEL, .width = LB_PANEL, .c = in->c, .row = room, .class = copies + 2 * block,
					.term = term };
	struct visit v = { .r = &r, .columns = columns, .slopes = grad };
	const bool lanes = in->c <= LB_SOFTMAX_COLUMNS;

	lb_formula_steps(&r, 0, r.p->n_const);
	if (lanes && grad && stride % LB_PANEL == 0 && stride >= LB_PADDED(in->c))
		visit_rows(&v, in->b, stride, in->output.value, grad);
	else
		for (; v.first < in->b; v.first += LB_PANEL)
			(lanes ? visit_copies : gather_rows)(&v, in->b - v.first < LB_PANEL ? in->b - v.first : LB_PANEL, copies, grad);
	return v.sum / (double)in->b;
}
