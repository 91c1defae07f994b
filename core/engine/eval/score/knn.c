#include "core/engine/eval/score/anomaly_score.h"
#include "core/engine/eval/score/shift_params.h"

#include <math.h>

enum { NEIGHBOURS = LB_ANOMALY_SCORE_OWN, DISTANCE };
enum { KTH, MEAN };

static const char *const distances[] = { "kth", "mean", NULL };
static const struct lb_param params[] = {
	LB_SHIFT_PARAMS,
	[NEIGHBOURS] = { .name = "neighbours", .type = LB_INT_PARAM, .def = 5, .min = 1, .max = 1000, .grid = { 1, 5, 10, 20 }, .n_grid = 4,
			 .help = "nearest training rows; of fewer training rows all" },
	[DISTANCE] = { .name = "distance", .type = LB_CHOICE_PARAM, .choices = distances, .help = "to the farthest of them, or the mean of the distances to all" },
};

/* Rows beside those asked for that are looked at, as outputs are rounded. */
enum { SPARE = 8 };

struct near {
	double by;               /* in descending order: the output, or minus the distance */
	size_t row;
};

/* Puts a row among the n nearest of at most `most`; of equal ones the first comes first. Returns
 * their number. */
static size_t put(struct near *nearest, size_t n, size_t most, struct near next)
{
	if (n == most && !(next.by > nearest[n - 1].by))
		return n;
	size_t at = n < most ? n++ : n - 1;
	for (; at && next.by > nearest[at - 1].by; at--)
		nearest[at] = nearest[at - 1];
	nearest[at] = next;
	return n;
}

static double distance(const struct lb_rows_to_score *in, const real *x, size_t row)
{
	const struct lb_layer *layer = &in->net->layer[0];
	double sum = 0;

	for (size_t j = 0; j < in->d; j++) {
		const double away = (double)x[j] - (double)in->w[lb_weight_at(layer, row, j)];
		sum += away * away;
	}
	return sqrt(sum);
}

/* Output i is x'x_i - |x_i|^2 / 2: the larger, the nearer. */
static real score_row(const struct lb_rows_to_score *in, size_t i)
{
	const size_t k = (size_t)in->setup->anomaly_par[NEIGHBOURS].v, most = k + SPARE;
	const real *z = in->z + i * in->ld;
	struct near *by_output = in->workspace, *nearest = by_output + most;
	size_t looked = 0, n = 0;
	double sum = 0;

	for (size_t row = 0; row < in->columns; row++)
		if (!in->of_training || row != in->start + i)
			looked = put(by_output, looked, most, (struct near){ (double)z[row], row });
	for (size_t c = 0; c < looked; c++)
		n = put(nearest, n, k, (struct near){ -distance(in, in->read + i * in->d, by_output[c].row), by_output[c].row });
	for (size_t c = 0; c < n; c++)
		sum -= nearest[c].by;
	return (real)(!n ? 0 : in->setup->anomaly_par[DISTANCE].v < MEAN ? -nearest[n - 1].by : sum / (double)n);
}

static void score_rows(const struct lb_rows_to_score *in, real *score)
{
	for (size_t i = 0; i < in->b; i++)
		score[i] = score_row(in, i);
}

static size_t workspace(const struct lb_setup *setup, const struct lb_loss *loss, const struct lb_loss_shape *shape)
{
	const size_t k = (size_t)setup->anomaly_par[NEIGHBOURS].v;

	(void)loss;
	(void)shape;
	return (k + SPARE + k) * sizeof(struct near);
}

const struct lb_anomaly_score LB_ANOMALY_SCORE(knn) = {
	.base = {
		.name = "knn",
		.tasks = 1u << LB_ANOMALY,
		.traits = LB_SCORES_DISTANCE,
		.title = "Distance of the row to its nearest training rows",
		.cite = "S. Ramaswamy, R. Rastogi, K. Shim, Efficient algorithms for mining outliers from large data sets, SIGMOD 2000; the mean: F. Angiulli, C. Pizzuti, Fast "
			"outlier detection in high dimensional spaces, PKDD 2002",
		.formula = "|x - x_(k)|, x_(k) the k-th nearest training row, or (1/k) sum_{j <= k} |x - x_(j)|",
		.notes = "Of model nearest_neighbours. Euclidean distances of the encoded features. A training row is not its own neighbour where the training rows "
			 "are scored; of a file that a saved model judges all training rows count. " LB_SHIFT_NOTE,
		.keywords = "k_nearest_neighbours nearest_neighbors kth_distance pyod",
		LB_PARAMS(params),
	},
	.score = score_rows,
	.workspace = workspace,
};
