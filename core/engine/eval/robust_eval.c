#include "core/engine/eval/robust_eval.h"

#include "core/engine/kernels/kernels.h"

#include <string.h>

struct robust_job {
	struct lb_row_stats *d;
	const struct lb_decision *decision;
	const struct lb_row_stats_scratch *room;
	size_t start, b, c, bad;
	bool binary;
};

bool lb_robust_eval_wanted(const struct lb_setup *setup)
{
	for (size_t m = 0; setup->eval_attack && m < setup->n_metrics; m++)
		if (setup->metric[m].metric->robust)
			return true;
	return false;
}

static bool finite_row(size_t c, const real *z)
{
	for (size_t k = 0; k < c; k++)
		if (!(fabs(z[k]) <= REAL_MAX))
			return false;
	return true;
}

/* What a row's scores say: the predicted class and log p_y, after the decision. */
static int32_t predicted_class(const struct robust_job *p, const real *z, int32_t y, double *logp)
{
	const struct lb_decision *d = p->decision;

	if (p->binary) {
		const double v = lb_score_mapped(&d->map, (double)z[0]), s = y ? v : -v;
		*logp = s >= 0 ? -log1p(exp(-s)) : s - log1p(exp(s));
		return v > d->threshold;
	}
	double *term = p->room->term, sum = 0;
	size_t top = 0;
	z = lb_calibrated_row(p->room, d, p->c, 0, z);
	for (size_t k = 1; k < p->c; k++)
		top = z[k] > z[top] ? k : top;
	for (size_t k = 0; k < p->c; k++)
		sum += term[k] = exp(d->map.slope * ((double)z[k] - (double)z[top]));
	*logp = d->map.slope * ((double)z[y] - (double)z[top]) - log(sum);
	return (int32_t)lb_decision_class(d, p->c, term, sum, top);
}

static int seen(void *arg, const real *z, size_t ld)
{
	struct robust_job *p = arg;
	struct lb_row_stats *d = p->d;

	for (p->bad = 0; p->bad < p->b && finite_row(p->c, z + p->bad * ld);)
		p->bad++;
	for (size_t i = 0; i < p->b && p->bad == p->b; i++) {
		const size_t at = p->start + i;
		double logp;
		const int32_t pred = predicted_class(p, z + i * ld, d->label[at], &logp);
		if (d->robust[at] == d->label[at])
			d->robust[at] = pred;
		d->robust_logp[at] = logp < d->robust_logp[at] ? logp : d->robust_logp[at];
	}
	return p->bad < p->b;
}

int lb_robust_eval(struct lb_evaluator *e, struct lb_attack *attack, const struct lb_eval_model *s, size_t start, const uint32_t *rows,
		size_t b, size_t *bad)
{
	struct lb_row_stats *d = &e->row_stats[0];
	struct robust_job p = { .d = d, .decision = s->decision, .room = &e->room, .start = start, .b = b, .c = attack->c, .binary = e->cohort->kind == LB_BINARY };
	const struct lb_attacked on = { .net = s->net, .team = e->team, .w = s->w, .x = e->input.x, .y = s->setup->y, .rows = rows, .b = b, .step = -1,
					   .seen = seen, .arg = &p };

	memcpy(d->robust + start, d->pred + start, b * sizeof *d->robust);
	memcpy(d->robust_logp + start, d->logp + start, b * sizeof *d->robust_logp);
	const int rc = lb_attack_run(attack, &on, e->moved);
	*bad = p.bad;
	return rc;
}
