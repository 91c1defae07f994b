#include "losses/support/comp_sum_phi.h"

enum { NU = LB_COMP_SUM_OWN };

static const struct lb_param params[] = {
	LB_COMP_SUM_PARAMS,
	[NU] = { .name = "nu", .symbol = "nu", .def = 1, .min = 0, .max = 1e3, .grid = { 0.5, 1, 2 }, .n_grid = 3,
		 .help = "weight of how far the margins move under attack" },
};

static const struct lb_same_as same_as[] = {
	{ .set = "", .other = "comp_sum", .other_set = "" },
	{ .set = "tau=1.5 rho=2 nu=3", .other = "comp_sum", .other_set = "tau=1.5 rho=2" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 1, .c = 3, .z = { 0, 0, 0, 2, 1, -1 }, .y = { 0 }, .views = 2, .value = 4.2608899491374892,
	  .source = "by hand: log 3 + |(1, 3)| = log 3 + sqrt(10)" },
	{ .set = "tau=2 nu=0.5", .b = 1, .c = 2, .z = { 0, 0, -3, 1 }, .y = { 0 }, .views = 2, .value = 2.5,
	  .source = "by hand: 1 - 1/2 + |-4| / 2" },
};

/* |D(z') - D(z)|, D the margins z_y - z_k; its gradient times `scale` is added to both. */
static double moved(size_t c, size_t y, const real *z, const real *far, double scale, real *g, real *g_far)
{
	double sum = 0, squares = 0;

	for (size_t k = 0; k < c; k++) {
		const double d = ((double)far[y] - (double)far[k]) - ((double)z[y] - (double)z[k]);
		squares += d * d;
		sum += d;
	}
	const double length = sqrt(squares), share = length < 1e-12 ? 0 : scale / length;
	for (size_t k = 0; g && k < c; k++) {
		const double d = ((double)far[y] - (double)far[k]) - ((double)z[y] - (double)z[k]), by = share * (k == y ? sum : -d);
		g_far[k] = (real)by;
		g[k] -= (real)by;
	}
	return length;
}

static double row(const struct lb_batch *in, size_t i, real *g)
{
	const size_t c = in->c, y = (size_t)in->y[i], stride = in->b * c;
	const real *z = in->output.value + i * c;
	const real share = R(1.0) / (real)in->b;
	const double nu = in->par[NU].v;
	real *gi = g ? g + i * c : NULL;
	double value = (double)lb_comp_sum_row(in, i, z, gi);

	for (size_t k = 0; gi && k < c; k++)
		gi[k] *= share;
	if (in->views > 1)
		value += nu * moved(c, y, z, z + stride, nu / (double)in->b, gi, gi ? gi + stride : NULL);
	for (size_t k = 0; gi && isnan(value) && k < c; k++)
		gi[k] = (real)value;
	for (size_t k = 0; gi && isnan(value) && in->views > 1 && k < c; k++)
		gi[stride + k] = (real)value;
	return value;
}

static double batch(const struct lb_batch *in, real *g)
{
	double sum = 0;

	for (size_t i = 0; i < in->b; i++)
		sum += row(in, i, g);
	return sum / (double)in->b;
}

LB_BATCH(adv_comp_sum, batch)

const struct lb_loss LB_LOSS(multiclass, adv_comp_sum) = {
	.info = {
		.base = {
			.name = "adv_comp_sum",
			.title = "Smooth adversarial comp-sum loss: a comp-sum loss and how far an attack moves the margins",
			.cite = "A. Mao, M. Mohri, Y. Zhong, Cross-entropy loss functions: theoretical analysis and "
				"applications, ICML 2023",
			.formula = "((1 + u)^(1-tau) - 1) / (1 - tau) + nu |D(x') - D(x)|_2,  u = sum_{k != y} exp((z_k - z_y) / rho),  "
				   "D(x) = (z_y - z_k)_{k != y}",
			.notes = "x' is the second view of a row, which train.attack makes: in the paper the place of the ball where "
				 "|D(x') - D(x)| is largest, {kind: pgd, objective: deviation}; train.views makes others. One view, as in validation, is "
				 "comp_sum. With two classes and a linear model {kind: closed_form} finds the largest, eps |w_1 - w_2|_*. Theory "
				 "asks for nu >= sqrt(C - 1) / rho, the experiments have nu = rho = 1. Overflow as in comp_sum. At D(x') = D(x) "
				 "the second term has a kink; its gradient there is 0.",
			.keywords = "adversarial smooth robust adv_comp_sum_loss smooth_adv_comp_sum",
			LB_PARAMS(params),
		},
		.kind = LB_MULTICLASS,
		.good_for = "adversarial robustness",
		.properties = LB_NONNEGATIVE | LB_SHIFT_INVARIANT | LB_CALIBRATED,
		.needs = LB_NEEDS_VIEWS,
		.exceptions = LB_OVERFLOWS,
		LB_SAME_AS(same_as),
		LB_EXAMPLES(examples),
	},
	.form = &adv_comp_sum_form,
};
