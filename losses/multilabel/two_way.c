#include "losses/support/label_matrix.h"

enum { T_POS, T_NEG };

static const struct lb_param params[] = {
	[T_POS] = { .name = "t_pos", .symbol = "Tp", .def = 4, .min = 0.05, .max = 100, .log_scale = true, .grid = { 1, 4 }, .n_grid = 2,
		    .help = "temperature over entries that are there" },
	[T_NEG] = { .name = "t_neg", .symbol = "Tn", .def = 1, .min = 0.05, .max = 100, .log_scale = true, .grid = { 0.5, 1, 2 }, .n_grid = 3,
		    .help = "temperature over entries that are not there" },
};

static const struct lb_example examples[] = {
	{ .set = "t_pos=1", .b = 1, .c = 3, .z = { 0, 0, 0 }, .t = { 1, 0, 0 }, .value = 1.0986122886681098,
	  .source = "by hand: the row log(1 + 2), the column of the label 0" },
	{ .set = "", .b = 2, .c = 3, .z = { 1, -0.5, 0.2, -1, 0.3, 0.8 }, .t = { 1, 0, 0, 0, 1, 1 }, .value = 1.3123486063562897,
	  .source = "mpmath, 30 digits" },
};

/* The loss of a row or a column; its derivative times `share` is added to g. */
static double strip(const struct lb_strip *s, const struct lb_arg *par, double share, real *g)
{
	const struct lb_lse there = lb_lse_of(s, 1, -1 / par[T_POS].v), away = lb_lse_of(s, 0, 1 / par[T_NEG].v);
	double p;

	if (!there.n || !away.n)
		return 0;
	const double value = lb_softplus_and_slope(par[T_NEG].v * lb_lse_log(&away) + par[T_POS].v * lb_lse_log(&there), &p);
	for (size_t k = 0; g && k < s->n; k++) {
		const real t = s->t[k * s->step];
		const double z = lb_strip_z(s, k);
		g[k * s->step] += (real)(t < 0 ? 0 : t > 0 ? -share * p * lb_lse_share(&there, z) : share * p * lb_lse_share(&away, z));
	}
	return share * value;
}

static bool has_label(const struct lb_strip *s)
{
	size_t k = 0;

	while (k < s->n && !(s->t[k * s->step] > 0))
		k++;
	return k < s->n;
}

static struct lb_strip strip_of(const struct lb_batch *in, bool column, size_t i)
{
	const size_t start = column ? i : i * in->c;

	return (struct lb_strip){ .z = in->output.value + start, .t = in->label_matrix + start, .n = column ? in->b : in->c, .step = column ? in->c : 1 };
}

/* Mean over the rows, or the columns, that have a label. */
static double one_way(const struct lb_batch *in, bool column, real *g)
{
	const size_t n = column ? in->c : in->b;
	size_t with = 0;
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		const struct lb_strip s = strip_of(in, column, i);
		with += has_label(&s);
	}
	for (size_t i = 0; i < n; i++) {
		const struct lb_strip s = strip_of(in, column, i);
		if (has_label(&s))
			sum += strip(&s, in->par, 1 / (double)with, g ? g + (column ? i : i * in->c) : NULL);
	}
	return sum;
}

static double batch(const struct lb_batch *in, real *g)
{
	const struct lb_strip all = { .z = in->output.value, .t = in->label_matrix, .n = in->b * in->c, .step = 1 };
	const double nan = lb_strip_nan(&all);

	for (size_t k = 0; g && k < in->b * in->c; k++)
		g[k] = (real)nan;
	return one_way(in, true, g) + one_way(in, false, g) + nan;
}

LB_BATCH(two_way, batch)

const struct lb_loss LB_LOSS(multilabel, two_way) = {
	.info = {
		.base = {
			.name = "two_way",
			.title = "Two-way multi-label loss: labels of a row against each other, and rows of a label",
			.cite = "T. Kobayashi, Two-way multi-label loss, CVPR 2023",
			.formula = "mean over labels with a row of s(column) + mean over rows with a label of s(row),  s = log(1 + (sum_{not there} "
				   "e^{z/Tn})^Tn (sum_{there} e^{-z/Tp})^Tp)",
			.notes = "A row or column without an entry that is there is left out of its mean; without one that is not, its s is 0. A label "
				 "that is not known has no part. The more rows a batch has, the larger the part down the columns.",
			.keywords = "twoway kobayashi softmax multilabel",
			LB_PARAMS(params),
		},
		.kind = LB_MULTILABEL,
		.good_for = "ranking of labels and of rows",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		.exceptions = LB_SIZE_MATTERS,
		LB_EXAMPLES(examples),
	},
	.form = &two_way_form,
};
