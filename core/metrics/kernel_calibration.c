/* A calibration error without bins: a kernel says which confidences are near each other. */
#include "core/base/mem.h"
#include "core/metrics/metric.h"

#include <math.h>
#include <stdlib.h>

enum { WIDTH };
static const struct lb_param width_params[] = {
	[WIDTH] = { .name = "width", .symbol = "h", .type = LB_REAL_PARAM, .def = 0.4, .min = 1e-6, .max = 1e6, .grid = { 0.1, 0.4 }, .n_grid = 2,
		    .help = "width of the kernel: how far apart confidences still count together" },
};

struct row {
	double conf, gap;                /* gap: [right] - conf */
};

static int by_confidence(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->conf < y->conf || x->conf > y->conf)
		return x->conf < y->conf ? -1 : 1;
	return (x->gap > y->gap) - (x->gap < y->gap);
}

/* The sum over all pairs of rows, in one pass by rising confidence: `below` is what the rows so far
 * add up to as seen from the present one, and shrinks by exp(-distance/h) from row to row. */
static int kernel_calibration_error(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	struct row *row = lb_alloc(o->n, sizeof *row, err);
	double sum = 0, below = 0;

	if (!row)
		return -1;
	for (size_t i = 0; i < o->n; i++)
		row[i] = (struct row){ .conf = o->conf[i], .gap = (o->pred[i] == o->label[i]) - o->conf[i] };
	qsort(row, o->n, sizeof *row, by_confidence);
	for (size_t i = 0; i < o->n; i++) {
		below *= i ? exp((row[i - 1].conf - row[i].conf) / par[WIDTH].v) : 1;
		sum += row[i].gap * (row[i].gap + 2 * below);
		below += row[i].gap;
	}
	*value = o->n ? sqrt(fmax(sum, 0)) / (double)o->n : (double)NAN;
	free(row);
	return 0;
}

const struct lb_metric lb_metric_kernel_calibration_error = {
	.base = {
		.name = "kernel_calibration_error",
		.tasks = LB_CLASS_TASKS,
		.title = "Kernel calibration error: gaps between confidence and correctness, of all pairs of rows by how near their confidences are",
		.cite = "A. Kumar, S. Sarawagi, U. Jain, Trainable calibration measures for neural networks from kernel mean embeddings, ICML 2018, eq. 5",
		.formula = "(1/n) sqrt(sum_ij g_i g_j exp(-|conf_i - conf_j|/h)),  g_i = [pred_i = y_i] - conf_i",
		.notes = "Also maximum mean calibration error. Has no bins. A pair of a row with itself counts, so the value of a calibrated model is about "
			 "the root of the mean of g^2 / n and not 0. Takes O(n log n).",
		.keywords = "mmce kce maximum_mean_calibration_error calibration",
		.on_request = true,
		LB_PARAMS(width_params),
	},
	.higher_is_better = false,
	.eval = kernel_calibration_error,
};
