#include "cmd/losses.h"

#include "core/base/file.h"
#include "core/base/mem.h"
#include "losses/eval.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The slice: multi-class scores (s, 0) with label 0, which a teacher gives too; an embedding (s, 1)
 * between prototypes (1, 0) and (-1, 0), label 0; a binary score s with label 1 (mean over a batch
 * that also holds score 0 with label 0 where the loss needs both classes); a prediction s with
 * target 0, or the first of several outputs, the others 0; multi-label scores (s, 0) with labels
 * (1, 0). */
enum { POINTS = 401, WIDTH = 560, HEIGHT = 340, LEFT = 56, RIGHT = 16, TOP = 46, BOTTOM = 44 };
static const double reach = 5;

struct curve {
	double s[POINTS], value[POINTS], slope[POINTS];
	double low, high;
};

static int trace(const struct lb_loss_info *l, const struct lb_arg *par, struct curve *c, struct lb_err *err)
{
	const bool pair = l->needs & LB_NEEDS_BOTH_CLASSES || l->kind == LB_RANKING || l->kind == LB_SURVIVAL;
	const int32_t y[2] = { l->kind == LB_BINARY || l->kind == LB_SURVIVAL, 0 };
	const double counts[2] = { 1, 1 }, zero[2] = { 0, 0 }, times[2] = { 1, 2 }, teacher[2] = { 1, 0 }, second[1] = { -0.5 }, hidden[2] = { 0, 1 };
	const size_t each = l->per_class ? l->per_class(par) : 1;
	const double *const t[LB_N_KINDS] = { [LB_REGRESSION] = zero, [LB_DISTILLATION] = teacher, [LB_MULTILABEL] = teacher,
					       [LB_RANKING] = teacher, [LB_SURVIVAL] = times };

	const size_t columns = l->kind == LB_REGRESSION || l->kind == LB_SURVIVAL ? lb_loss_outputs(l, par) :
			       l->kind == LB_BINARY || l->kind == LB_RANKING ? 1 : lb_how_many(l->scores_for, 2);

	double params[4 * LB_MOST_PER_CLASS] = { 0 };
	for (size_t k = 0; k < 2 * each; k++)
		params[2 * k] = k < each ? 1 : -1;

	for (int i = 0; i < POINTS; i++) {
		double z[2 * LB_MOST_OUTPUTS] = { c->s[i] = -reach + 2 * reach * i / (POINTS - 1), l->kind == LB_EMBEDDING }, g[2 * LB_MOST_OUTPUTS + 1];
		const struct lb_loss_input in = { .b = pair ? 2 : 1, .c = columns, .z = z, .n_classes = l->scores_for ? 2 : 0,
						  .y = lb_kind_of_labels(l->kind) ? y : NULL, .t = t[l->kind],
						  .params = l->params_for == LB_EACH_CLASS || l->params_for == LB_EACH_STEP ? params : NULL, .hidden = hidden, .n_hidden = 2,
						  .inputs = hidden, .n_inputs = 2, .teacher = l->needs & LB_NEEDS_TEACHER ? teacher : NULL, .second_teacher = l->needs & LB_NEEDS_SECOND_TEACHER ? second : NULL,
						  .counts = lb_kind_of_targets(l->kind) ? NULL : counts, .par = par };
		if (lb_loss_eval(l, 64, &in, &c->value[i], g, err))
			return -1;
		c->slope[i] = g[0];
		c->low = fmin(c->low, fmin(c->value[i], c->slope[i]));
		c->high = fmax(c->high, fmax(c->value[i], c->slope[i]));
	}
	if (!isfinite(c->low) || !isfinite(c->high))
		return lb_fail(err, LB_USAGE, "losses plot: %s is infinite within +-%g for these parameters", l->base.name, reach);
	return 0;
}

static double x_of(double s)
{
	return LEFT + (WIDTH - LEFT - RIGHT) * (s + reach) / (2 * reach);
}

static double y_of(const struct curve *c, double v)
{
	return TOP + (HEIGHT - TOP - BOTTOM) * (c->high - v) / (c->high - c->low);
}

static void add_line(struct lb_buf *b, const struct curve *c, const double *v, const char *colour, const char *dash)
{
	lb_buf_printf(b, "<polyline fill='none' stroke='%s' stroke-width='2'%s points='", colour, dash);
	for (int i = 0; i < POINTS; i++)
		lb_buf_printf(b, "%s%.2f,%.2f", i ? " " : "", x_of(c->s[i]), y_of(c, v[i]));
	lb_buf_puts(b, "'/>\n");
}

/* A step of 1, 2 or 5 times a power of ten that gives about five marks. */
static double step_of(double range)
{
	const double raw = range / 5, power = pow(10, floor(log10(raw))), lead = raw / power;

	return power * (lead < 1.5 ? 1 : lead < 3.5 ? 2 : lead < 7.5 ? 5 : 10);
}

static void add_axes(struct lb_buf *b, const struct curve *c)
{
	const double step = step_of(c->high - c->low);

	for (long k = lrint(ceil(c->low / step)); (double)k <= c->high / step + 1e-9; k++) {
		const double v = (double)k * step;
		lb_buf_printf(b, "<line x1='%d' x2='%d' y1='%.2f' y2='%.2f' stroke='#%s'/>", LEFT, WIDTH - RIGHT, y_of(c, v), y_of(c, v),
			      fabs(v) < step / 2 ? "888" : "ddd");
		lb_buf_printf(b, "<text x='%d' y='%.2f' text-anchor='end'>%g</text>\n", LEFT - 6, y_of(c, v) + 4, fabs(v) < step / 2 ? 0 : v);
	}
	for (int s = -(int)reach; s <= (int)reach; s++)
		lb_buf_printf(b, "<text x='%.2f' y='%d' text-anchor='middle'>%d</text>\n", x_of(s), HEIGHT - BOTTOM + 18, s);
}

static void add_escaped(struct lb_buf *b, const char *text)
{
	for (; text && *text; text++)
		if (*text == '<' || *text == '&')
			lb_buf_puts(b, *text == '<' ? "&lt;" : "&amp;");
		else
			lb_buf_add(b, text, 1);
}

static void draw(struct lb_buf *b, const struct lb_loss_info *l, const char *set, const struct curve *c)
{
	static const char *const slice[LB_N_KINDS] = {
		[LB_MULTICLASS] = "score s of the label, the other class at 0",
		[LB_BINARY] = "score s, label 1",
		[LB_REGRESSION] = "prediction s, target 0",
		[LB_EMBEDDING] = "embedding (s, 1), prototypes (1, 0) of the label and (-1, 0)",
		[LB_DISTILLATION] = "score s, the other class at 0; the teacher's scores are 1 and 0",
		[LB_RANKING] = "score s of a row of grade 1; the query's other row has grade 0 and score 0",
		[LB_SURVIVAL] = "first score s of a row with its event at time 1; another is censored at time 2 and has score 0",
		[LB_MULTILABEL] = "score s of a label that is there; a label that is not has score 0",
	};

	lb_buf_printf(b, "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %d %d' width='%d' height='%d' font-family='sans-serif' "
			 "font-size='12'>\n<rect width='100%%' height='100%%' fill='white'/>\n", WIDTH, HEIGHT, WIDTH, HEIGHT);
	lb_buf_printf(b, "<text x='%d' y='20' font-size='14'>%s/%s%s%s</text>\n<text x='%d' y='37' fill='#555'>", LEFT, lb_kind_name(l->kind),
		      l->base.name, *set ? " " : "", set, LEFT);
	add_escaped(b, l->base.formula);
	lb_buf_puts(b, "</text>\n");
	add_axes(b, c);
	add_line(b, c, c->value, "#0072b2", "");
	add_line(b, c, c->slope, "#d55e00", " stroke-dasharray='6 3'");
	lb_buf_printf(b, "<text x='%d' y='%d' fill='#0072b2'>&#8212; value</text><text x='%d' y='%d' fill='#d55e00'>- - derivative</text>", LEFT,
		      HEIGHT - 8, LEFT + 70, HEIGHT - 8);
	lb_buf_printf(b, "<text x='%d' y='%d' text-anchor='end'>%s</text>\n</svg>\n", WIDTH - RIGHT, HEIGHT - 8,
		      l->kind == LB_EMBEDDING && !l->params ? "outputs (s, 1), label 0" : slice[l->kind]);
}

int losses_plot(const char *name, const char *set, const char *out, struct lb_err *err)
{
	const struct lb_loss_info *l = losses_find(name, err);
	struct lb_arg *par = l ? lb_alloc((size_t)l->base.n_params, sizeof *par, err) : NULL;
	struct curve *c = par ? lb_alloc(1, sizeof *c, err) : NULL;
	struct lb_arg_store store = { 0 };
	struct lb_buf b = { 0 };
	int rc = -1;

	if (!c || lb_args_from_text(&l->base, set, par, &store, err) || trace(l, par, c, err))
		goto done;
	draw(&b, l, set, c);
	if (b.bad)
		lb_fail_memory(err, b.n);
	else if (out)
		rc = lb_write_file(out, b.s, b.n, err);
	else
		rc = fputs(b.s, stdout) < 0 ? -1 : 0;
done:
	lb_args_free(&store);
	lb_buf_free(&b);
	free(par);
	free(c);
	return rc;
}
