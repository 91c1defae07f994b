/* Formulas drawn at random: each is written in a form that reads back as itself, and its gradient
 * is the slope of its value. */
#include "core/base/text.h"
#include "core/numeric/rng.h"
#include "losses/eval.h"
#include "losses/formula.h"
#include "tests/unit/suite.h"

#include <math.h>
#include <string.h>

enum { DRAWN = 400, DEPTH = 3, ROWS = 3, MOST_CELLS = 12, SEED = 5 };

static const char *const of_classes[] = { "p", "p[k]", "z[k]", "e[k]", "z[y]", "n_classes", "0.5", "2", "1", "g" };
static const char *const of_margin[] = { "m", "f", "y", "p", "0.5", "2", "1", "g" };
static const char *const of_residual[] = { "r", "y", "t", "0.5", "2", "1", "g" };

static const struct task {
	enum lb_kind kind;
	size_t c;
	const char *const *word;
	size_t n_words;
} tasks[] = {
	{ LB_MULTICLASS, 4, of_classes, sizeof of_classes / sizeof *of_classes },
	{ LB_BINARY, 1, of_margin, sizeof of_margin / sizeof *of_margin },
	{ LB_REGRESSION, 2, of_residual, sizeof of_residual / sizeof *of_residual },
};

static const char *pick(struct lb_rng *rng, const char *const *of, size_t n)
{
	return of[lb_rng_below(rng, n)];
}

static void draw(struct lb_rng *rng, const struct task *t, int depth, struct lb_buf *out)
{
	static const char *const one[] = { "exp", "log", "log1p", "expm1", "sqrt", "abs", "softplus", "sigmoid", "tanh" };
	static const char *const two[] = { " + ", " - ", " * ", " / " }, *const powers[] = { "^2", "^1.5", "^3" };
	static const char *const over[] = { "sum(p[k] * ", "mean(z[k] + ", "max(", "min(", "logsumexp(z[k] * " };
	const size_t how = lb_rng_below(rng, 12);
	const char *between = ", ", *end = ")";
	int parts = 1;

	if (depth == 0 || how < 3) {
		lb_buf_puts(out, pick(rng, t->word, t->n_words));
		return;
	}
	if (how < 7) {
		lb_buf_puts(out, "(");
		between = pick(rng, two, 4);
		parts = 2;
	} else if (how == 7) {
		lb_buf_puts(out, "(");
	} else if (how == 8) {
		lb_buf_printf(out, "%s(", pick(rng, one, 9));
	} else if (how == 9) {
		lb_buf_puts(out, "where(0 < ");
		parts = 3;
	} else if (how == 10 || t->kind != LB_MULTICLASS) {
		lb_buf_puts(out, how == 10 ? "max(" : "min(");
		parts = 2;
	} else {
		lb_buf_puts(out, pick(rng, over, 5));
	}
	for (int i = 0; i < parts; i++) {
		lb_buf_puts(out, i ? between : "");
		draw(rng, t, depth - 1, out);
	}
	lb_buf_puts(out, end);
	lb_buf_puts(out, how == 7 ? pick(rng, powers, 3) : "");
}

/* A formula that can be one of a loss; NULL where what was drawn is none. */
static const struct lb_loss_info *draw_formula(struct lb_rng *rng, const struct task *t)
{
	const struct lb_param g = { .name = "g", .required = true };
	struct lb_formula_tree tree, again;
	struct lb_formula_fault fault;
	struct lb_buf drawn = { 0 }, written = { 0 }, twice = { 0 };
	struct lb_err err = { 0 };
	const struct lb_loss_info *info = NULL;

	draw(rng, t, DEPTH, &drawn);
	if (!lb_formula_parse(t->kind, drawn.s, &tree, &fault)) {
		lb_formula_write(&tree, &written);
		ck_assert_msg(!lb_formula_parse(t->kind, written.s, &again, &fault), "%s: %s", written.s, fault.text);
		lb_formula_write(&again, &twice);
		ck_assert_str_eq(written.s, twice.s);
		info = lb_formula_info(&(struct lb_formula_source){ .kind = t->kind, .name = "formula", .text = drawn.s, .param = &g, .n_params = 1 },
				       &fault, &err);
		ck_assert_msg(info || *fault.text, "%s: %s", drawn.s, err.text);
	}
	lb_buf_free(&drawn);
	lb_buf_free(&written);
	lb_buf_free(&twice);
	return info;
}

static double value_at(const struct lb_loss_info *info, const struct lb_loss_input *in, double *g)
{
	double value;

	ck_assert_int_eq(lb_loss_eval(info, 64, in, &value, g, NULL), 0);
	return value;
}

/* Whether g is the slope at entry k, by some step: the central one, or between those of both
 * sides. */
static bool is_slope(const struct lb_loss_info *info, struct lb_loss_input *in, double *z, size_t k, double value, double g, double size)
{
	const double at = z[k];
	bool found = false;

	for (double h = 1e-3; h > 1e-7 && !found; h /= 10) {
		z[k] = at + h;
		const double up = (value_at(info, in, NULL) - value) / h;
		z[k] = at - h;
		const double down = (value - value_at(info, in, NULL)) / h, allowed = 1e-4 * fmax(size, 1e-2) + 1e-13 * fmax(1, fabs(value)) / h;
		found = fabs((up + down) / 2 - g) <= allowed || (g <= fmax(up, down) + allowed && g >= fmin(up, down) - allowed) || !isfinite(up + down);
	}
	z[k] = at;
	return found;
}

START_TEST(gradients_are_slopes)
{
	const struct task *t = &tasks[_i];
	const struct lb_arg par[] = { { 0 }, { .v = 0.7 } };
	static const double counts[] = { 3, 4, 5, 6 };
	static const int32_t y[ROWS] = { 0, 1, 1 };
	double z[MOST_CELLS], target[MOST_CELLS], g[MOST_CELLS], size;
	const size_t n = ROWS * t->c;
	struct lb_rng rng;
	int compared = 0;

	lb_rng_init(&rng, SEED, LB_RNG_TEST, (uint64_t)_i);
	for (int i = 0; i < DRAWN; i++) {
		const struct lb_loss_info *info = draw_formula(&rng, t);
		struct lb_arg with_text[2] = { par[0], par[1] };
		struct lb_loss_input in = { .b = ROWS, .c = t->c, .z = z, .par = with_text, .t = t->kind == LB_REGRESSION ? target : NULL,
					    .y = t->kind == LB_REGRESSION ? NULL : y, .counts = t->kind == LB_REGRESSION ? NULL : counts };
		if (!info)
			continue;
		with_text[0].text = info->base.formula;
		for (size_t k = 0; k < n; k++) {
			z[k] = 2 * lb_rng_normal(&rng);
			target[k] = lb_rng_normal(&rng);
		}
		const double value = value_at(info, &in, g);
		if (!isfinite(value) || fabs(value) > 1e4)
			continue;
		size = 0;
		for (size_t k = 0; k < n; k++)
			size = fmax(size, fabs(g[k]));
		for (size_t k = 0; k < n; k++)
			ck_assert_msg(is_slope(info, &in, z, k, value, g[k], size), "%s: entry %zu, stated %.9g", info->base.formula, k, g[k]);
		compared++;
	}
	ck_assert_int_gt(compared, DRAWN / 5);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("formula_random");
	TCase *t = tcase_create("formula_random");

	tcase_add_loop_test(t, gradients_are_slopes, 0, sizeof tasks / sizeof *tasks);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("formula_random")
