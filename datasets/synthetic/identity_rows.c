#include "core/base/text.h"
#include "datasets/synthetic/generators.h"

enum { MOST_ROWS = 20000 };

enum { IDE_COUNTS, IDE_VALUE };
static const double default_counts[] = { 40, 20, 10, 5 };
static const struct lb_param identity_params[] = {
	[IDE_COUNTS] = { .name = "counts", .symbol = "n", .type = LB_INTS_PARAM, .def_list = default_counts, .n_def_list = 4, .min = 1, .max = MOST_ROWS,
			 .help = "rows of each class" },
	[IDE_VALUE] = { .name = "value", .symbol = "v", .type = LB_REAL_PARAM, .def = 1, .min = 0, .max = 1e6, .min_open = true, .help = "of a row's own feature" },
};

static int make_identity(const struct lb_arg *par, enum lb_kind kind, uint64_t seed, struct lb_table *out, struct lb_err *err)
{
	const struct lb_arg *counts = &par[IDE_COUNTS];
	size_t n = 0, row = 0;

	(void)seed;
	*out = (struct lb_table){ 0 };
	if (counts->n < 2 || (kind == LB_BINARY && counts->n > 2))
		return lb_fail(err, LB_CONFIG, "data.generator.counts: found %zu number%s, allowed: %s", counts->n, lb_s(counts->n),
			       kind == LB_BINARY ? "two, as the task is binary" : "one for each of two or more classes");
	for (size_t k = 0; k < counts->n; k++)
		n += (size_t)counts->list[k];
	if (n > MOST_ROWS)
		return lb_fail(err, LB_CONFIG, "data.generator.counts: found %zu rows in all, which have as many features; allowed: at most %d", n, MOST_ROWS);
	if (lb_generator_columns(out, n, n, "label", 1, err))
		return lb_generator_finish(out, NULL, -1);
	for (size_t k = 0; k < counts->n; k++)
		for (size_t i = 0; i < (size_t)counts->list[k]; i++, row++) {
			out->col[row].num[row] = par[IDE_VALUE].v;
			out->col[n].num[row] = (double)k;
		}
	return lb_generator_finish(out, "identity_rows", 0);
}

const struct lb_generator lb_generator_identity_rows = {
	.base = {
		.name = "identity_rows",
		.tasks = LB_CLASS_TASKS,
		.title = "Rows that have a feature each, so that the first layer's outputs are free",
		.cite = "D. Mixon, H. Parshall, J. Pi, Neural collapse with unconstrained features, 2020",
		.formula = "x_i = v e_i; the labels are n_1 times 0, n_2 times 1, ...",
		.notes = "What the first hidden layer of an mlp of activation identity without biases gives for row i is column i of its weights times v: a "
			 "parameter by itself. Weight decay r is decay r / v^2 of these features. Do not standardize; let all rows train.",
		.keywords = "unconstrained_features layer_peeled neural_collapse one_hot synthetic",
		LB_PARAMS(identity_params),
	},
	.version = 1,
	.make = make_identity,
};
