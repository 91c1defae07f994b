/* Regression where the rows come in bags, and of a bag's targets the mean alone is known: another
 * loss, the base, of the bag's mean prediction or of the prediction of each of its rows. */
#include "losses/loss.h"

#include "core/base/err.h"

#include <math.h>

/* The losses of a prediction that is itself what the model gives. Likelihoods are left out: that of
 * a row is not that of a bag's mean. */
#define BASES(BASE)                                                                                                             \
	BASE(mse) BASE(huber) BASE(mae) BASE(smooth_l1) BASE(pseudo_huber) BASE(charbonnier) BASE(log_cosh) BASE(fair) BASE(wing) BASE(lq)     \
	BASE(tukey) BASE(cauchy) BASE(welsch) BASE(correntropy) BASE(geman_mcclure) BASE(barron) BASE(eps_insensitive)        \
	BASE(sq_eps_insensitive) BASE(quantile) BASE(quantile_huber) BASE(expectile) BASE(linex) BASE(mape) BASE(smape)               \
	BASE(shift_l1) BASE(shift_l2) BASE(shift_smooth_l1) BASE(shift_dice) BASE(shift_iou)

#define DECLARE_BASE(name) extern const struct lb_loss LB_LOSS(regression, name);
BASES(DECLARE_BASE)
#define NAME_OF_BASE(name) #name,
static const char *const base_names[] = { BASES(NAME_OF_BASE) NULL };
#define ADDRESS_OF_BASE(name) &LB_LOSS(regression, name),
static const struct lb_loss *const bases[] = { BASES(ADDRESS_OF_BASE) };

enum { BASE, BASE_PARAMS, RHO };
enum { MOST_BASE_PARAMS = 8 };

#define BASE_PARAM { .name = "base", .symbol = "l", .type = LB_CHOICE_PARAM, .choices = base_names, .help = "the loss of one prediction" }
#define PARAMS_OF_BASE { .name = "base_params", .type = LB_REALS_PARAM,                                                         \
			 .help = "parameters of the base, in the order of its page; those left out have their defaults" }

static const struct lb_param level_params[] = { [BASE] = BASE_PARAM, [BASE_PARAMS] = PARAMS_OF_BASE };
static const struct lb_param interp_params[] = {
	[BASE] = BASE_PARAM,
	[BASE_PARAMS] = PARAMS_OF_BASE,
	[RHO] = { .name = "rho", .symbol = "rho", .def = 0.5, .min = 0, .max = 1, .grid = { 0, 0.1, 0.5, 1 }, .n_grid = 4,
		  .help = "weight of the instance level; 0 is bag, 1 is instance" },
};

static const struct lb_loss *base_of(const struct lb_arg *par)
{
	return bases[(size_t)par[BASE].v];
}

/* Returns the base; its parameters, of which the first are given, into base_par. */
static const struct lb_loss *read_base(const struct lb_arg *par, struct lb_arg base_par[MOST_BASE_PARAMS])
{
	const struct lb_loss *base = base_of(par);

	for (size_t k = 0; k < (size_t)base->info.base.n_params; k++)
		base_par[k] = (struct lb_arg){ .v = k < par[BASE_PARAMS].n ? par[BASE_PARAMS].list[k] : base->info.base.params[k].def };
	return base;
}

static bool in_range(const struct lb_param *p, double v)
{
	if (p->type == LB_BOOL_PARAM)
		return v == 0 || v == 1;
	return (p->min_open ? v > p->min : v >= p->min) && (p->max_open ? v < p->max : v <= p->max) && (p->type == LB_REAL_PARAM || v == floor(v));
}

static int check(const struct lb_arg *par, struct lb_err *err)
{
	const struct lb_info *base = &base_of(par)->info.base;
	const struct lb_arg *given = &par[BASE_PARAMS];

	if (given->n > (size_t)base->n_params)
		return lb_fail(err, LB_CONFIG, "base_params: found %zu number%s for %s, allowed: at most %d", given->n, given->n == 1 ? "" : "s",
			       base->name, base->n_params);
	for (size_t k = 0; k < given->n; k++) {
		const struct lb_param *p = &base->params[k];
		const bool truth = p->type == LB_BOOL_PARAM;
		if (!in_range(p, given->list[k]))
			return lb_fail(err, LB_CONFIG, "base_params: found %g for %s of %s, allowed: %s%c%g, %g%c", given->list[k], p->name, base->name,
				       truth ? "0 or 1 of " : "", p->min_open ? '(' : '[', p->min, truth ? 1 : p->max, p->max_open ? ')' : ']');
	}
	return 0;
}

/* ---- the bags of a batch ---- */

/* Room: means of the bags, and of each row its bag's target. */
struct bags {
	size_t n;                /* bags */
	bool alike;              /* all have as many rows */
	real *mean, *target, *slope; /* (n, c) predictions, targets; the derivative of the base by the mean predictions */
	real *weight;            /* (n) rows of the bag, over those of an average bag */
	real *row_target;        /* (b, c) */
	void *behind;            /* workspace of the base */
};

enum { ALIGNED = 64 };

static size_t own_bytes(size_t b, size_t c)
{
	return ((4 * c + 1) * b * sizeof(real) + ALIGNED - 1) / ALIGNED * ALIGNED;
}

static size_t workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	struct lb_arg base_par[MOST_BASE_PARAMS];
	const struct lb_loss *base = read_base(par, base_par);

	return own_bytes(shape->b, shape->c) + lb_loss_workspace(base, base_par, shape);
}

/* Returns the end of the bag that begins at row i. */
static size_t bag_end(const struct lb_batch *in, size_t i)
{
	const int32_t bag = in->group[i];

	while (i < in->b && in->group[i] == bag)
		i++;
	return i;
}

/* The mean of n rows of c values; one row stays as it is. */
static void mean_of_rows(const real *rows, size_t n, size_t c, real *mean)
{
	for (size_t k = 0; k < c; k++) {
		double sum = 0;
		for (size_t i = 0; i < n; i++)
			sum += (double)rows[i * c + k];
		mean[k] = (real)(sum / (double)n);
	}
}

static void find_bags(const struct lb_batch *in, struct bags *bags)
{
	const size_t c = in->c, size = bag_end(in, 0);

	*bags = (struct bags){ .alike = true, .mean = in->workspace, .behind = (char *)in->workspace + own_bytes(in->b, c) };
	bags->target = bags->mean + in->b * c;
	bags->slope = bags->target + in->b * c;
	bags->row_target = bags->slope + in->b * c;
	bags->weight = bags->row_target + in->b * c;
	for (size_t i = 0, end; i < in->b; i = end, bags->n++) {
		end = bag_end(in, i);
		mean_of_rows(in->output.value + i * c, end - i, c, bags->mean + bags->n * c);
		mean_of_rows(in->target + i * c, end - i, c, bags->target + bags->n * c);
		for (size_t k = 0; k < (end - i) * c; k++)
			bags->row_target[i * c + k] = bags->target[bags->n * c + k % c];
		bags->weight[bags->n] = (real)(end - i);
		bags->alike &= end - i == size;
	}
	for (size_t a = 0; a < bags->n; a++)
		bags->weight[a] *= (real)bags->n / (real)in->b;
}

/* The batch as the base sees it: rows of predictions with their targets, and where the gradient
 * goes. */
static double apply_base(const struct lb_batch *in, const struct bags *bags, size_t rows, const real *value, const real *target, const real *weight, real *g)
{
	struct lb_arg base_par[MOST_BASE_PARAMS];
	const struct lb_loss *base = read_base(in->par, base_par);
	struct lb_batch of_base = { .b = rows, .c = in->c, .views = 1, .target = target, .row_weight = weight, .par = base_par, .stats = in->stats,
				    .output = { .value = value, .grad = g, .rows = rows, .cols = in->c, .stride = in->c },
				    .workspace = bags->behind, .scale = 1 };

	return lb_loss_apply(base, &of_base);
}

/* The mean over bags, each by its rows; a row's gradient is its share of that of the bag's mean,
 * times `share`, added to g unless `share` is 1. */
static double bag_level(const struct lb_batch *in, const struct bags *bags, real share, real *g)
{
	const double value = apply_base(in, bags, bags->n, bags->mean, bags->target, bags->alike ? NULL : bags->weight, g ? bags->slope : NULL);

	for (size_t i = 0, a = 0, end; g && i < in->b; i = end, a++) {
		end = bag_end(in, i);
		for (size_t k = 0; k < (end - i) * in->c; k++) {
			const real slope = bags->slope[a * in->c + k % in->c] / (real)(end - i);
			g[i * in->c + k] = share < 1 ? g[i * in->c + k] + share * slope : slope;
		}
	}
	return value;
}

static double instance_level(const struct lb_batch *in, const struct bags *bags, real *g)
{
	return apply_base(in, bags, in->b, in->output.value, bags->row_target, NULL, g);
}

#define MEANS                                                                                                                   \
	"f are predictions, t targets, a mean of those of a bag's rows is written with a bar. Bags are those of data.bags; a batch never cuts one. " \
	"Metrics stay those of single rows. A target that is a vector has the mean of each entry."
#define CITED                                                                                                                   \
	"A. Javanmard, L. Chen, V. Mirrokni, A. Badanidiyuru, G. Fu, Learning from aggregate responses: instance level versus bag level loss "   \
	"functions, ICLR 2024"

/* ---- bag ---- */

static double bag_batch(const struct lb_batch *in, real *g)
{
	struct bags bags;

	find_bags(in, &bags);
	return bag_level(in, &bags, 1, g);
}
LB_BATCH(bag, bag_batch)

static const struct lb_example bag_examples[] = {
	{ .set = "", .b = 2, .c = 1, .z = { 0, 2 }, .t = { 1, 3 }, .value = 1, .source = "by hand: a bag of two, (1 - 2)^2" },
	{ .set = "base=mae", .b = 2, .c = 2, .z = { 0, 2, 4, 4 }, .t = { 3, 3, 3, 3 }, .value = 0.5, .source = "by hand: (|2 - 3| + |3 - 3|) / 2" },
	{ .set = "base=quantile base_params=[0.9]", .b = 2, .c = 1, .z = { 0, 2 }, .t = { 1, 3 }, .value = 0.9,
	  .source = "by hand: 0.9 (2 - 1)" },
};

const struct lb_loss LB_LOSS(regression, bag) = {
	.info = {
		.base = {
			.name = "bag",
			.title = "Bag level: a loss of the mean prediction of a bag, of whose targets the mean is known",
			.cite = CITED,
			.formula = "(1/n) sum over bags a of n_a l(fbar_a, tbar_a),  n_a rows of n in all",
			.notes = MEANS " Bags of one row give the base itself. It does not see how predictions differ within a bag.",
			.keywords = "aggregate responses labels privacy multiple instance regression",
			LB_PARAMS(level_params),
			.check = check,
		},
		.kind = LB_REGRESSION,
		.good_for = "aggregate responses",
		.properties = LB_NONNEGATIVE,
		.needs = LB_NEEDS_BAGS,
		.exceptions = LB_OVERFLOWS, /* of base linex */
		LB_EXAMPLES(bag_examples),
	},
	.form = &bag_form,
	.workspace = workspace,
};

/* ---- instance ---- */

static double instance_batch(const struct lb_batch *in, real *g)
{
	struct bags bags;

	find_bags(in, &bags);
	return instance_level(in, &bags, g);
}
LB_BATCH(instance, instance_batch)

static const struct lb_example instance_examples[] = {
	{ .set = "", .b = 2, .c = 1, .z = { 0, 2 }, .t = { 1, 3 }, .value = 2, .source = "by hand: a bag of two, ((0 - 2)^2 + (2 - 2)^2) / 2" },
	{ .set = "base=mae", .b = 2, .c = 1, .z = { 0, 2 }, .t = { 1, 3 }, .value = 1, .source = "by hand: (|0 - 2| + |2 - 2|) / 2" },
};

const struct lb_loss LB_LOSS(regression, instance) = {
	.info = {
		.base = {
			.name = "instance",
			.title = "Instance level: a loss of each prediction against the mean target of its bag",
			.cite = CITED,
			.formula = "(1/n) sum over bags a, rows i in a of l(f_i, tbar_a)",
			.notes = MEANS " Of base mse it is bag plus the spread of the predictions, (1/n) sum_a sum_{i in a} (f_i - fbar_a)^2; of any convex "
				 "base it is at least bag. With data.bags the base by itself gives the same.",
			.keywords = "aggregate responses labels privacy multiple instance regression",
			LB_PARAMS(level_params),
			.check = check,
		},
		.kind = LB_REGRESSION,
		.good_for = "aggregate responses",
		.properties = LB_NONNEGATIVE,
		.needs = LB_NEEDS_BAGS,
		.exceptions = LB_OVERFLOWS, /* of base linex */
		LB_EXAMPLES(instance_examples),
	},
	.form = &instance_form,
	.workspace = workspace,
};

/* ---- bag_interp ---- */

static double bag_interp_batch(const struct lb_batch *in, real *g)
{
	const double rho = in->par[RHO].v;
	struct bags bags;

	find_bags(in, &bags);
	if (rho <= 0)
		return bag_level(in, &bags, 1, g);
	const double instance = instance_level(in, &bags, g);
	if (rho >= 1)
		return instance;
	for (size_t k = 0; g && k < in->b * in->c; k++)
		g[k] *= (real)rho;
	return rho * instance + (1 - rho) * bag_level(in, &bags, (real)(1 - rho), g);
}
LB_BATCH(bag_interp, bag_interp_batch)

static const struct lb_same_as interp_same[] = {
	{ .set = "rho=0", .other = "bag", .other_set = "" },
	{ .set = "rho=1", .other = "instance", .other_set = "" },
	{ .set = "rho=0 base=pseudo_huber base_params=[2]", .other = "bag", .other_set = "base=pseudo_huber base_params=[2]" },
};
static const struct lb_example interp_examples[] = {
	{ .set = "", .b = 2, .c = 1, .z = { 0, 2 }, .t = { 1, 3 }, .value = 1.5, .source = "by hand: a bag of two, (1 + 2) / 2" },
	{ .set = "rho=0.1", .b = 2, .c = 1, .z = { 0, 2 }, .t = { 1, 3 }, .value = 1.1, .source = "by hand: 1 + 0.1 ((0 - 1)^2 + (2 - 1)^2) / 2" },
};

const struct lb_loss LB_LOSS(regression, bag_interp) = {
	.info = {
		.base = {
			.name = "bag_interp",
			.title = "Between bag and instance level: weighted losses of both",
			.cite = CITED,
			.formula = "(1/n) sum over bags a of [(1 - rho) n_a l(fbar_a, tbar_a) + rho sum_{i in a} l(f_i, tbar_a)]",
			.notes = MEANS " Of base mse it is bag plus rho times the spread of the predictions within bags, a penalty that trades bias for "
				 "variance: an interior rho can have the least risk (configs/aggregate).",
			.keywords = "aggregate responses labels privacy interpolation regularisation",
			LB_PARAMS(interp_params),
			.check = check,
		},
		.kind = LB_REGRESSION,
		.good_for = "aggregate responses",
		.properties = LB_NONNEGATIVE,
		.needs = LB_NEEDS_BAGS,
		.exceptions = LB_OVERFLOWS, /* of base linex */
		LB_SAME_AS(interp_same),
		LB_EXAMPLES(interp_examples),
	},
	.form = &bag_interp_form,
	.workspace = workspace,
};
