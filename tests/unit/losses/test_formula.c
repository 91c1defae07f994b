/* Formulas of losses: what is refused and where, how they are written, that the bytes of a row do
 * not depend on its company, what detach, epoch and NaN do. */
#include "core/base/mem.h"
#include "core/base/text.h"
#include "losses/eval.h"
#include "losses/formula.h"
#include "losses/loss.h"
#include "tests/unit/suite.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	enum lb_kind kind;
	const char *text;
	size_t at;               /* character, from 1 */
	const char *says;
} faults[] = {
	{ LB_MULTICLASS, "-log(q)", 6, "unknown name \"q\", allowed in task multiclass: p, p[y], p[k]" },
	{ LB_MULTICLASS, "-log(P)", 6, "did you mean \"p\"?" },
	{ LB_MULTICLASS, "1 + lgo(p)", 5, "unknown function \"lgo\", allowed in task multiclass: exp, log," },
	{ LB_MULTICLASS, "lgo(p)", 1, "did you mean \"log\"?" },
	{ LB_MULTICLASS, "log(p", 6, "found the end where \")\" or \",\" is wanted" },
	{ LB_MULTICLASS, "(1 - p", 7, "found the end where \")\" is wanted" },
	{ LB_MULTICLASS, "1 - p)", 6, "found \")\", which closes no \"(\"" },
	{ LB_MULTICLASS, "log(p, 2)", 1, "log: found 2 arguments, allowed: 1" },
	{ LB_MULTICLASS, "where(p > 0.5, p)", 1, "where: found 2 arguments, allowed: 3" },
	{ LB_MULTICLASS, "1 +", 4, "found the end where a number, a name or \"(\" is wanted" },
	{ LB_MULTICLASS, "p 2", 3, "found \"2\" where an operator or the end is wanted" },
	{ LB_MULTICLASS, "p**2", 2, "a power is written ^" },
	{ LB_MULTICLASS, "1.2.3 * p", 1, "found \"1.2.3\" where a number is wanted" },
	{ LB_MULTICLASS, "p[j]", 3, "found \"j\", allowed in []: k, a class, or y, the label" },
	{ LB_MULTICLASS, "e[y] - p", 1, "unknown name \"e[y]\"" },
	{ LB_MULTICLASS, "p[k]^2", 1, "the loss of a row is one number" },
	{ LB_MULTICLASS, "sum(p)", 1, "goes over the classes k, and it reads none" },
	{ LB_MULTICLASS, "log", 1, "log is a function" },
	{ LB_MULTICLASS, "2 + count", 1, "does not depend on the scores" },
	{ LB_MULTICLASS, "detach(log(p))", 1, "does not depend on the scores" },
	{ LB_MULTICLASS, "", 1, "found the end" },
	{ LB_BINARY, "z[k]", 1, "unknown name \"z[k]\", allowed in task binary: count, f, y, m, p, epoch" },
	{ LB_BINARY, "sum(m)", 1, "unknown function \"sum\"" },
	{ LB_BINARY, "max(m)", 1, "max: found 1 argument, allowed: 2 or more" },
	{ LB_REGRESSION, "log(1 + exp(-m))", 14, "unknown name \"m\", allowed in task regression: r, y, t, epoch" },
};

/* Names that are not in the vocabulary, of which none is declared, are refused by the
 * descriptor. */
START_TEST(faults_are_told)
{
	struct lb_formula_fault fault;
	struct lb_err err = { 0 };

	ck_assert_ptr_null(lb_formula_info(&(struct lb_formula_source){ .kind = faults[_i].kind, .name = "formula", .text = faults[_i].text }, &fault, &err));
	ck_assert_uint_eq(fault.at + 1, faults[_i].at);
	ck_assert_msg(strstr(fault.text, faults[_i].says), "\"%s\": %s", faults[_i].text, fault.text);
}
END_TEST

static const struct {
	enum lb_kind kind;
	const char *text, *written;
} written[] = {
	{ LB_MULTICLASS, "-(1-p)^g*log(p)", "-(1 - p)^g * log(p)" },
	{ LB_MULTICLASS, " ( -((1)-p)^g )*(log( p[y] )) ", "-(1 - p)^g * log(p)" },
	{ LB_MULTICLASS, "p-(1-(2-p))-0.50", "p - (1 - (2 - p)) - 0.5" },
	{ LB_MULTICLASS, "(p^2)^3 + p^(2^3) + p^2^3 + p^-1", "(p^2)^3 + p^2^3 + p^2^3 + p^-1" },
	{ LB_MULTICLASS, "p/(2*3)*4", "p / (2 * 3) * 4" },
	{ LB_BINARY, "where(m<1 ,1-m,0)+1e-3", "where(m < 1, 1 - m, 0) + 0.001" },
	{ LB_BINARY, "max(0,1-m,2-m)", "max(max(0, 1 - m), 2 - m)" },
	{ LB_MULTICLASS, "max(z[k]+1-e[k])\n - z[y]", "max(z[k] + 1 - e[k]) - z[y]" },
};

START_TEST(formulas_have_one_form)
{
	struct lb_formula_tree tree;
	struct lb_formula_fault fault;
	struct lb_buf text = { 0 }, again = { 0 };

	ck_assert_int_eq(lb_formula_parse(written[_i].kind, written[_i].text, &tree, &fault), 0);
	lb_formula_write(&tree, &text);
	ck_assert_str_eq(text.s, written[_i].written);
	ck_assert_int_eq(lb_formula_parse(written[_i].kind, text.s, &tree, &fault), 0);
	lb_formula_write(&tree, &again);
	ck_assert_str_eq(again.s, text.s);
	lb_buf_free(&text);
	lb_buf_free(&again);
}
END_TEST

/* ---- running ---- */

enum { MOST_ROWS = 70, MOST_CLASSES = 80, MOST_CELLS = MOST_ROWS * MOST_CLASSES };

static const struct lb_loss_info *formula(enum lb_kind kind, const char *text)
{
	struct lb_formula_fault fault;
	struct lb_err err = { 0 };
	const struct lb_loss_info *info = lb_formula_info(&(struct lb_formula_source){ .kind = kind, .name = "formula", .text = text }, &fault, &err);

	ck_assert_msg(info, "%s: %s%s", text, fault.text, err.text);
	return info;
}

struct rows {
	size_t b, c, stride;
	double z[MOST_CELLS], t[MOST_CELLS], g[MOST_CELLS], weight[MOST_ROWS], loss[MOST_ROWS];
	int32_t y[MOST_ROWS];
	bool weighted;
	size_t epoch, epochs;
};

static void fill(struct rows *r, size_t b, size_t c, size_t stride)
{
	*r = (struct rows){ .b = b, .c = c, .stride = stride };
	for (size_t i = 0; i < b; i++) {
		r->y[i] = (int32_t)((i * 5 + 1) % (c > 1 ? c : 2));
		r->weight[i] = (double)(i * 3 % 5) / 2;
		for (size_t k = 0; k < c; k++) {
			r->z[i * stride + k] = (double)((i * 37 + k * 11) % 23) / 4 - 2;
			r->t[i * c + k] = (double)((i * 7 + k * 3) % 5) / 2 - 1;
		}
	}
}

/* The mean loss, with r->g and r->loss; slopes: whether the gradient is asked for. */
static double run(const struct lb_loss_info *info, struct rows *r, bool slopes)
{
	const struct lb_loss *loss = lb_loss_of(info);
	double counts[MOST_CLASSES];
	const struct lb_arg par[] = { { .text = info->base.formula } };
	const struct lb_loss_shape shape = { .b = r->b, .c = r->c, .views = 1, .n_classes = r->c };
	const struct lb_loss_stats stats = { .n_classes = r->c > 1 ? r->c : 2, .counts = counts };
	struct lb_err err = { 0 };
	struct lb_batch in = { .b = r->b, .c = r->c, .views = 1, .y = r->y, .target = r->t, .label_matrix = r->t, .par = par, .stats = &stats, .scale = 1,
			       .row_weight = r->weighted ? r->weight : NULL, .row_loss = r->loss, .epoch = r->epoch, .epochs = r->epochs,
			       .output = { .value = r->z, .grad = slopes ? r->g : NULL, .rows = r->b, .cols = r->c, .stride = r->stride } };

	for (size_t k = 0; k < MOST_CLASSES; k++)
		counts[k] = 1 + (double)k;
	memset(r->loss, 0, sizeof r->loss);
	in.workspace = lb_alloc_aligned(lb_loss_workspace(loss, par, &shape), 1, &err);
	in.state = loss->init(par, &stats, &err);
	ck_assert_msg(in.workspace && in.state, "%s", err.text);
	const double value = lb_loss_apply(loss, &in);
	loss->free(in.state);
	free(in.workspace);
	return value;
}

static const struct {
	enum lb_kind kind;
	const char *text;
	size_t c;
} runs[] = {
	{ LB_MULTICLASS, "-(1 - p)^1.5 * log(p)", 5 },
	{ LB_MULTICLASS, "sum((p[k] - e[k])^2) + max(z[k]) - z[y] - log(1 - p)", 5 },
	{ LB_MULTICLASS, "sum((p[k] - e[k])^2) + max(z[k]) - z[y] - log(1 - p)", 75 },
	{ LB_BINARY, "softplus(-m) + tanh(f)^2 + abs(m)^1.5", 1 },
	{ LB_REGRESSION, "sqrt(r^2 + 1) + log1p(t^2) * y", 3 },
	{ LB_MULTILABEL, "-(1 - p)^1.5 * log(p)", 3 },
};

/* A row alone, without its gradient, or in a batch with rows of another stride: the same bytes. */
START_TEST(rows_are_by_themselves)
{
	static struct rows all, one, padded;
	const struct lb_loss_info *info = formula(runs[_i].kind, runs[_i].text);
	const size_t c = runs[_i].c, ld = (c + 15) / 16 * 16;

	fill(&all, MOST_ROWS, c, c);
	all.weighted = true;
	const double value = run(info, &all, true);
	double sum = 0;
	for (size_t i = 0; i < all.b; i++) {
		fill(&one, all.b, c, c);
		one.b = 1;
		memcpy(one.z, all.z + i * c, c * sizeof *one.z);
		memcpy(one.t, all.t + i * c, c * sizeof *one.t);
		one.y[0] = all.y[i];
		run(info, &one, true);
		ck_assert_mem_eq(&one.loss[0], &all.loss[i], sizeof *one.loss);
		for (size_t k = 0; k < c; k++)
			ck_assert_double_eq_tol(one.g[k] * all.weight[i] / (double)all.b, all.g[i * c + k], 1e-15);
		sum += all.weight[i] * all.loss[i];
	}
	ck_assert_double_eq_tol(value, sum / (double)all.b, 1e-14);
	const double again = run(info, &all, false);
	ck_assert_mem_eq(&again, &value, sizeof value);
	if (ld * MOST_ROWS > MOST_CELLS)
		return;
	fill(&padded, MOST_ROWS, c, ld);
	padded.weighted = true;
	const double with_room = run(info, &padded, true);
	ck_assert_mem_eq(&with_room, &value, sizeof value);
	for (size_t i = 0; i < all.b; i++)
		ck_assert_mem_eq(padded.g + i * ld, all.g + i * c, c * sizeof *all.g);
}
END_TEST

START_TEST(missing_scores_stay_missing)
{
	static struct rows r;
	const struct lb_loss_info *info = formula(runs[_i].kind, runs[_i].text);
	const size_t c = runs[_i].c;

	fill(&r, 20, c, c);
	r.z[3 * c] = NAN;
	r.t[3 * c] = 1;
	ck_assert(isnan(run(info, &r, true)));
	for (size_t i = 0; i < r.b; i++) {
		ck_assert(isnan(r.loss[i]) == (i == 3));
		for (size_t k = 0; k < c; k++)
			ck_assert(isnan(r.g[i * c + k]) == (i == 3));
	}
}
END_TEST

START_TEST(held_factors_have_no_slope)
{
	static struct rows r, plain;

	fill(&r, 3, 4, 4);
	fill(&plain, 3, 4, 4);
	run(formula(LB_MULTICLASS, "-detach((1 - p)^2) * log(p)"), &r, true);
	run(formula(LB_MULTICLASS, "-log(p)"), &plain, true);
	for (size_t i = 0; i < 3; i++) {
		const double p = exp(-plain.loss[i]), factor = (1 - p) * (1 - p);
		for (size_t k = 0; k < 4; k++)
			ck_assert_double_eq_tol(r.g[i * 4 + k], factor * plain.g[i * 4 + k], 1e-15);
	}
}
END_TEST

START_TEST(epochs_and_counts_are_read)
{
	static struct rows r;

	fill(&r, 3, 4, 4);
	r.epoch = 3, r.epochs = 4;
	run(formula(LB_MULTICLASS, "epoch * count * n_classes + y + sum(count[k]) + 0 * p"), &r, true);
	for (size_t i = 0; i < 3; i++)
		ck_assert_double_eq_tol(r.loss[i], 0.75 * (1 + r.y[i]) * 4 + r.y[i] + 10, 1e-12);
}
END_TEST

/* Kinks have the slope that is stated, also where what is not chosen is infinitely steep. */
START_TEST(kinks_have_their_slope)
{
	static const struct {
		const char *text;
		double f, slope;
	} at[] = {
		{ "max(0, 1 - f)", 1, 0 }, { "max(1 - f, 0)", 1, 0 }, { "min(1, f)", 1, 0 }, { "abs(f)", 0, 0 }, { "max(f, 2 * f)", 0, 1 },
		{ "max(2 * f, f)", 0, 2 }, { "where(f > 0, sqrt(f), f)", 0, 1 }, { "max(0, f)^0.5 + f", 0, 1 }, { "sqrt(abs(f)) + f", 0, 1 },
		{ "where(f > 0, log(f), 3 * f)", -1, 3 },
	};
	static struct rows r;

	for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
		fill(&r, 1, 1, 1);
		r.z[0] = at[i].f;
		run(formula(LB_BINARY, at[i].text), &r, true);
		ck_assert_msg(!(r.g[0] < at[i].slope) && !(r.g[0] > at[i].slope), "%s: %g", at[i].text, r.g[0]);
	}
}
END_TEST

/* What subtraction would round off: values far from 1 and 0, of saturated rows. */
START_TEST(stable_forms)
{
	static const struct {
		const char *text;
		double gap, value;       /* of two classes, the label's score above the other */
	} at[] = {
		{ "-log(p)", 60, 8.756510762696520e-27 }, { "1 - p", 60, 8.756510762696520e-27 }, { "(1 - p^0.5) / 0.5", 60, 8.756510762696520e-27 },
		{ "-log(p)", -1e4, 1e4 }, { "-log(1 - p)", 1e4, 1e4 }, { "-log(1 - p)", -60, 8.756510762696520e-27 },
		{ "1 - p^2", 60, 1.751302152539304e-26 }, { "-(1 - p)^0 * log(p)", 1e4, 0 }, { "log(1 + exp(-z[y]))", 1e4, 0 },
		{ "log(p) * p", -1e4, 0 },
	};
	static struct rows r;

	for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
		fill(&r, 1, 2, 2);
		r.z[0] = r.y[0] == 0 ? at[i].gap : 0;
		r.z[1] = r.y[0] == 1 ? at[i].gap : 0;
		const double value = run(formula(LB_MULTICLASS, at[i].text), &r, true);
		ck_assert_msg(fabs(value - at[i].value) <= 1e-12 * fabs(at[i].value), "%s at %g: %.17g", at[i].text, at[i].gap, value);
		ck_assert_msg(isfinite(r.g[0]) && isfinite(r.g[1]), "%s at %g: %g, %g", at[i].text, at[i].gap, r.g[0], r.g[1]);
	}
}
END_TEST

START_TEST(what_says_the_same_is_one)
{
	ck_assert_ptr_eq(formula(LB_MULTICLASS, "-log(p)"), formula(LB_MULTICLASS, " - log( p[y] )"));
	ck_assert_ptr_ne(formula(LB_MULTICLASS, "-log(p)"), formula(LB_BINARY, "-log(p)"));
	ck_assert_str_eq(formula(LB_MULTICLASS, "-log( p )")->base.formula, "-log(p)");
	ck_assert(lb_loss_separable(formula(LB_MULTICLASS, "-log(p)")));
	ck_assert_ptr_null(lb_loss_find(LB_MULTICLASS, "formula"));
}
END_TEST

/* A sum of very many parts has no room, and says so. */
START_TEST(too_long_is_refused)
{
	struct lb_formula_fault fault;
	struct lb_err err = { 0 };
	struct lb_buf text = { 0 };

	lb_buf_puts(&text, "p");
	for (int i = 0; i < 500; i++)
		lb_buf_printf(&text, " + p * %d", i);
	ck_assert_ptr_null(lb_formula_info(&(struct lb_formula_source){ .kind = LB_MULTICLASS, .name = "formula", .text = text.s }, &fault, &err));
	ck_assert_ptr_nonnull(strstr(fault.text, "too long"));
	lb_buf_free(&text);
	for (int i = 0; i < 400; i++)
		lb_buf_puts(&text, "(");
	ck_assert_ptr_null(lb_formula_info(&(struct lb_formula_source){ .kind = LB_MULTICLASS, .name = "formula", .text = text.s }, &fault, &err));
	ck_assert_ptr_nonnull(strstr(fault.text, "nested too deep"));
	lb_buf_free(&text);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("formula");
	TCase *t = tcase_create("formula");

	tcase_add_loop_test(t, faults_are_told, 0, sizeof faults / sizeof *faults);
	tcase_add_loop_test(t, formulas_have_one_form, 0, sizeof written / sizeof *written);
	tcase_add_loop_test(t, rows_are_by_themselves, 0, sizeof runs / sizeof *runs);
	tcase_add_loop_test(t, missing_scores_stay_missing, 0, sizeof runs / sizeof *runs);
	tcase_add_test(t, held_factors_have_no_slope);
	tcase_add_test(t, epochs_and_counts_are_read);
	tcase_add_test(t, kinks_have_their_slope);
	tcase_add_test(t, stable_forms);
	tcase_add_test(t, what_says_the_same_is_one);
	tcase_add_test(t, too_long_is_refused);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("formula")
