/* What the driver asks of a loss: losses/support/fenced.c in both precisions. */
#include "losses/check.h"
#include "losses/drawn_batch.h"
#include "losses/precision_bridge.h"

#include <math.h>
#include <string.h>

enum { ROWS = 5, COLUMNS = 6 };

typedef int fenced_fn(const struct lb_loss_info *info, const struct lb_loss_input *in, struct lb_fenced *out, struct lb_err *err);

/* Room for what comes back. */
struct results {
	struct lb_fenced out;
	double g[LB_DRAWN_CELLS], own[LB_DRAWN_CELLS];
};

static void results_clear(struct results *r, unsigned char fill)
{
	memset(r, 0, sizeof *r);
	r->out = (struct lb_fenced){ .fill = fill, .g = r->g, .own = r->own };
}

/* Applies the loss twice, each time in memory of other contents. */
static int check_twice(struct lb_subject *s, size_t n, int precision, const struct lb_drawn *d, struct lb_findings *f)
{
	fenced_fn *const fenced = precision == 32 ? lb_loss_fenced_f32 : lb_loss_fenced_f64;
	const struct lb_drawn before = *d;
	struct results first, again;

	results_clear(&first, 0x5a);
	results_clear(&again, 0xc3);
	if (fenced(s->info, &d->in, &first.out, s->err) || fenced(s->info, &d->in, &again.out, s->err))
		return -1;
	const bool same = !memcmp(&first.out.value, &again.out.value, sizeof(double)) && !memcmp(first.g, again.g, sizeof first.g) && !memcmp(first.own, again.own, sizeof first.own);
	const char *fault = first.out.fault ? first.out.fault : memcmp(&before, d, sizeof before) ? "it changes its input" : !same ? "it gives other bytes the second time" : NULL;
	if (!lb_judge(f, LB_PART_MEMORY, 1, !fault))
		lb_buf_printf(&f->lines[LB_PART_MEMORY], "(%s), %d x %zu, float%d: %s\n", s->text[n], ROWS, d->in.c, precision, fault);
	return 0;
}

static int check_memory(struct lb_subject *s, struct lb_findings *f)
{
	struct lb_rng rng;
	struct lb_drawn d;

	memset(&d, 0, sizeof d);
	lb_rng_init(&rng, LB_SUBJECT_SEED, LB_RNG_TEST, 15);
	for (size_t n = 0; n < s->n; n++) {
		lb_draw_batch(&d, s, s->settings[n], ROWS, COLUMNS, 2, &rng);
		if (s->failed || check_twice(s, n, 32, &d, f) || check_twice(s, n, 64, &d, f))
			return -1;
	}
	return 0;
}

static double worse(double off, double a, double b)
{
	return fabs(a - b) <= off ? off : fabs(a - b);
}

/* A batch with weights of rows against its rows one by one. */
static int check_weights(struct lb_subject *s, struct lb_findings *f)
{
	static const double w[ROWS] = { 0.5, 2, 0, 1.5, 1 };
	double sum = 0, off = 0, own_sum[LB_DRAWN_CELLS] = { 0 };
	struct results all, one;
	struct lb_rng rng;
	struct lb_drawn d;

	memset(&d, 0, sizeof d);
	lb_rng_init(&rng, LB_SUBJECT_SEED, LB_RNG_TEST, 16);
	lb_draw_batch(&d, s, s->settings[0], ROWS, COLUMNS, 2, &rng);
	if (s->failed)
		return -1;
	const size_t c = d.in.c, targets = lb_drawn_targets(s->info, &d.in);
	struct lb_loss_input in = d.in, row = d.in;
	in.row_weight = w;
	row.b = 1;
	results_clear(&all, 0x5a);
	if (lb_loss_fenced_f64(s->info, &in, &all.out, s->err))
		return -1;
	for (size_t i = 0; i < ROWS; i++) {
		row.z = d.z + i * c;
		row.y = d.in.y ? d.y + i : NULL;
		row.t = d.in.t ? d.t + i * targets : NULL;
		row.hidden = d.in.hidden ? d.h + i * d.in.n_hidden : NULL;
		row.inputs = d.in.inputs ? d.x + i * d.in.n_inputs : NULL;
		row.teacher = d.in.teacher ? d.teacher + i * c : NULL;
		row.second_teacher = d.in.second_teacher ? d.second_teacher + i * c : NULL;
		results_clear(&one, 0x5a);
		if (lb_loss_fenced_f64(s->info, &row, &one.out, s->err))
			return -1;
		sum += w[i] * one.out.value;
		for (size_t k = 0; k < LB_DRAWN_CELLS; k++)
			own_sum[k] += w[i] * one.own[k] / ROWS;
		for (size_t k = 0; k < c; k++)
			off = worse(off, all.g[i * c + k], w[i] * one.g[k] / ROWS);
	}
	for (size_t k = 0; k < LB_DRAWN_CELLS; k++)
		off = worse(off, all.own[k], own_sum[k]);
	if (!lb_judge(f, LB_PART_WEIGHTS, 1, off <= 1e-13 && fabs(all.out.value - sum / ROWS) <= 1e-13 * fmax(1, fabs(all.out.value))))
		lb_buf_printf(&f->lines[LB_PART_WEIGHTS], "(%s), weights 0.5, 2, 0, 1.5, 1: the value is %.12g, by rows %.12g; the gradients differ by up to %.3g\n", s->text[0],
			      all.out.value, sum / ROWS, off);
	return 0;
}

int lb_check_driver(const struct lb_loss_info *info, struct lb_findings *f, struct lb_err *err)
{
	struct lb_subject s;

	return lb_subject_open(&s, info, err) || check_memory(&s, f) || (lb_loss_separable(info) && check_weights(&s, f)) ? -1 : 0;
}
