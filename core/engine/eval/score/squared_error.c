#include "core/engine/eval/score/anomaly_score.h"
#include "core/engine/eval/score/shift_params.h"

static const struct lb_param params[] = { LB_SHIFT_PARAMS };

/* Bytes of the loss's own workspace, before the predictions. */
static size_t before_predictions(const struct lb_setup *setup, const struct lb_loss *loss, const struct lb_loss_shape *shape)
{
	enum { ALIGNED = 64 };

	return (lb_loss_workspace(loss, setup->loss_par, shape) + ALIGNED - 1) / ALIGNED * ALIGNED;
}

/* What a loss tells of a row: predictions of all targets, outputs too where it has several. */
static size_t told(const struct lb_setup *setup, const struct lb_loss_shape *shape)
{
	return lb_setup_targets(setup) + shape->c;
}

static size_t workspace(const struct lb_setup *setup, const struct lb_loss *loss, const struct lb_loss_shape *shape)
{
	return loss->predict ? before_predictions(setup, loss, shape) + shape->b * told(setup, shape) * sizeof(real) : 0;
}

/* Returns the predictions of the features, *stride apart: the model's output, or what the loss
 * makes of it. */
static const real *predictions(const struct lb_rows_to_score *in, size_t *stride)
{
	struct lb_loss_shape shape = lb_setup_loss_shape(in->setup, in->stats->n_classes);
	struct lb_batch batch = { .b = in->b, .c = in->columns, .views = 1, .output = { .value = in->z, .rows = in->b, .cols = in->columns, .stride = in->ld },
				  .par = in->setup->loss_par, .stats = in->stats, .workspace = in->workspace, .scale = 1 };

	*stride = in->ld;
	if (!in->loss->predict)
		return in->z;
	shape.b = in->most;
	real *out = (void *)((char *)in->workspace + before_predictions(in->setup, in->loss, &shape));
	if (in->loss->n_params)
		batch.params = lb_loss_params_io(in->loss, batch.par, &shape, in->w + in->net->n_params, NULL);
	in->loss->predict(&batch, out);
	*stride = in->loss->info.output ? told(in->setup, &shape) : lb_setup_targets(in->setup);
	return out;
}

static void score_rows(const struct lb_rows_to_score *in, real *score)
{
	size_t stride;
	const real *said = predictions(in, &stride);

	for (size_t i = 0; i < in->b; i++) {
		double sum = 0;
		for (size_t j = 0; j < in->d; j++) {
			const double e = (double)said[i * stride + j] - (double)in->x[i * in->d + j];
			sum += e * e;
		}
		score[i] = (real)(sum / (double)in->d);
	}
}

const struct lb_anomaly_score LB_ANOMALY_SCORE(squared_error) = {
	.base = {
		.name = "squared_error",
		.tasks = 1u << LB_ANOMALY,
		.traits = LB_SCORES_ERROR,
		.title = "Mean squared error of the features that the model gives back",
		.cite = "N. Japkowicz, C. Myers, M. Gluck, A novelty detection approach to classification, IJCAI 1995",
		.formula = "(1/d) sum_j (f_j(x) - x_j)^2, f_j the point prediction",
		.notes = "Whatever the loss: of one with several outputs a feature the mean or median that it tells. It is the score loss of mse. " LB_SHIFT_NOTE
			 " The error is then that of what the model makes of x^(m), from x itself.",
		.keywords = "reconstruction_error mse autoencoder",
		LB_PARAMS(params),
	},
	.score = score_rows,
	.workspace = workspace,
};
