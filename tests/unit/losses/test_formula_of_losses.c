/* Losses of the program against the same written as a formula: value and gradient to 1e-12, and
 * formulas to 1e-5 in single precision. */
#include "tests/unit/losses/formulas_of_losses.h"
#include "tests/unit/losses/loss_fixture.h"

#include "losses/formula.h"

#include <stdio.h>

/* A loss beside its formula, whose parameters are those of the loss: of_param[i] is the place of
 * its i-th, from 1, the first being the formula. */
struct pair {
	struct lb_subject s;
	const struct lb_loss_info *formula;
	int of_param[MOST_PARAMS];
};

static void pair_up(struct pair *p, int i)
{
	struct lb_param param[MOST_PARAMS];
	struct lb_formula_tree tree;
	struct lb_formula_fault fault;
	struct lb_err err = { 0 };
	int at = 0;

	while (lb_loss_at((size_t)at) != lb_loss_find(formulas[i].kind, formulas[i].name))
		at++;
	set_up(&p->s, at);
	ck_assert_msg(!lb_formula_parse(formulas[i].kind, formulas[i].formula, &tree, &fault), "%s: %s", formulas[i].formula, fault.text);
	for (int k = 0; k < tree.n_params; k++) {
		int place = 0;
		char by_place[16];
		for (; place < p->s.info->base.n_params; place++) {
			snprintf(by_place, sizeof by_place, "par%d", place);
			if (!strcmp(tree.param[k], by_place) || !strcmp(tree.param[k], p->s.info->base.params[place].name))
				break;
		}
		ck_assert_msg(place < p->s.info->base.n_params, "%s has no parameter %s", formulas[i].name, tree.param[k]);
		p->of_param[1 + k] = place;
		param[k] = (struct lb_param){ .name = tree.param[k], .required = true };
	}
	p->formula = lb_formula_info(&(struct lb_formula_source){ .kind = formulas[i].kind, .name = "formula", .text = formulas[i].formula,
								   .param = param, .n_params = tree.n_params }, &fault, &err);
	ck_assert_msg(p->formula, "%s: %s%s", formulas[i].formula, fault.text, err.text);
}

/* Whether a setting is one that the formula can have: what it leaves out is at its default. */
static bool same_setting(const struct pair *p, const struct lb_arg *par, struct lb_arg *of_formula)
{
	of_formula[0] = (struct lb_arg){ .text = p->formula->base.formula };
	for (int k = 1; k < p->formula->base.n_params; k++)
		of_formula[k] = par[p->of_param[k]];
	for (int k = 0; k < p->s.info->base.n_params; k++) {
		bool read = false;
		for (int j = 1; j < p->formula->base.n_params; j++)
			read |= p->of_param[j] == k;
		if (!read && (par[k].v < p->s.settings[0][k].v || par[k].v > p->s.settings[0][k].v))
			return false;
	}
	if (!strcmp(p->s.info->base.name, "taylor_ce") && par[0].v > 2)
		return false;
	for (int k = 0; k < p->s.info->base.n_params; k++)
		if (isinf(par[k].v) || (!strcmp(p->s.info->base.params[k].name, "q") && par[k].v <= 0)) /* limits, which the formula is not */
			return false;
	return true;
}

static double farthest(const double *a, const double *b, size_t n, double *size)
{
	double most = 0;

	*size = 0;
	for (size_t k = 0; k < n; k++) {
		ck_assert_msg(isfinite(a[k]) && isfinite(b[k]), "%zu: %g, %g", k, a[k], b[k]);
		most = fmax(most, fabs(a[k] - b[k]));
		*size = fmax(*size, fabs(b[k]));
	}
	return most;
}

static void compare(const struct pair *p, const struct lb_arg *par, const struct lb_arg *of_formula, const struct lb_drawn *d)
{
	double value, of, single, g[MOST_CELLS], of_g[MOST_CELLS], single_g[MOST_CELLS], size;
	struct lb_loss_input in = d->in;
	struct lb_err err = { 0 };
	const size_t n = in.b * in.c;

	in.par = par;
	ck_assert_int_eq(lb_loss_eval(p->s.info, 64, &in, &value, g, &err), 0);
	in.par = of_formula;
	ck_assert_int_eq(lb_loss_eval(p->formula, 64, &in, &of, of_g, &err), 0);
	ck_assert_int_eq(lb_loss_eval(p->formula, 32, &in, &single, single_g, &err), 0);
	ck_assert_msg(fabs(of - value) <= 1e-12 * fmax(1, fabs(value)), "%s: %s: %.17g, the loss is %.17g", p->s.info->base.name, p->formula->base.formula,
		      of, value);
	double off = farthest(of_g, g, n, &size);
	ck_assert_msg(off <= 1e-12 * fmax(1e-3, size), "%s: %s: gradient off by %g of %g", p->s.info->base.name, p->formula->base.formula, off, size);
	ck_assert_msg(fabs(single - of) <= 1e-5 * fmax(1, fabs(of)), "%s: %s: float32 %.9g, in float64 %.9g", p->s.info->base.name,
		      p->formula->base.formula, single, of);
	off = farthest(single_g, of_g, n, &size);
	ck_assert_msg(off <= 1e-5 * fmax(1e-3, size), "%s: %s: gradient in float32 off by %g of %g", p->s.info->base.name, p->formula->base.formula, off,
		      size);
}

/* Whether every row has a partner of its class and one of another: losses differ in what they make
 * of rows that lack some. */
static bool all_have_partners(const struct lb_loss_input *in)
{
	for (size_t i = 0; i < in->b; i++) {
		size_t same = 0;
		for (size_t j = 0; j < in->b; j++)
			same += in->y[j] == in->y[i];
		if (same < 2 || same == in->b)
			return false;
	}
	return true;
}

START_TEST(formula_is_the_loss)
{
	static struct pair p;
	static struct lb_drawn d;
	struct lb_arg of_formula[MOST_PARAMS];
	struct lb_rng rng;
	size_t compared = 0;

	pair_up(&p, _i);
	lb_rng_init(&rng, SEED, LB_RNG_TEST, (uint64_t)_i);
	for (size_t s = 0; s < p.s.n; s++) {
		if (!same_setting(&p, p.s.settings[s], of_formula))
			continue;
		for (int k = 0; k < 40; k++) {
			lb_draw_batch(&d, &p.s, p.s.settings[s], 1 + (size_t)k % 21, 2 + (size_t)k % 9, k % 4 == 3 ? 6 : 1, &rng);
			for (size_t c = 0; c < MOST_CLASSES; c++)
				d.counts[c] += d.counts[c] < 1;
			if (p.s.info->kind == LB_EMBEDDING && !all_have_partners(&d.in))
				continue;
			compare(&p, p.s.settings[s], of_formula, &d);
			compared++;
		}
	}
	ck_assert_uint_gt(compared, 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("formula_of_losses");
	TCase *t = tcase_create("formula_of_losses");

	tcase_add_loop_test(t, formula_is_the_loss, 0, N_FORMULAS);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("formula_of_losses")
