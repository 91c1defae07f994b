#include "core/engine/eval/score/anomaly_score.h"
#include "core/engine/eval/score/shift_params.h"

#include <string.h>

static const struct lb_param params[] = { LB_SHIFT_PARAMS };

/* Bytes of the loss's own workspace, before the dense outputs. */
static size_t before_outputs(const struct lb_setup *setup, const struct lb_loss *loss, const struct lb_loss_shape *shape)
{
	enum { ALIGNED = 64 };

	return (lb_loss_workspace(loss, setup->loss_par, shape) + ALIGNED - 1) / ALIGNED * ALIGNED;
}

static size_t workspace(const struct lb_setup *setup, const struct lb_loss *loss, const struct lb_loss_shape *shape)
{
	return before_outputs(setup, loss, shape) + shape->b * shape->c * sizeof(real);
}

/* The features are the targets. */
static void score_rows(const struct lb_rows_to_score *in, real *score)
{
	struct lb_loss_shape shape = lb_setup_loss_shape(in->setup, in->stats->n_classes);
	shape.b = in->most;
	real *dense = (void *)((char *)in->workspace + before_outputs(in->setup, in->loss, &shape));
	struct lb_batch batch = { .b = in->b, .c = in->columns, .views = 1, .output = { .value = dense, .rows = in->b, .cols = in->columns, .stride = in->columns },
				  .target = in->x, .par = in->setup->loss_par, .stats = in->stats, .workspace = in->workspace, .scale = 1, .row_loss = score };

	if (in->loss->n_params)
		batch.params = lb_loss_params_io(in->loss, batch.par, &shape, in->w + in->net->n_params, NULL);
	for (size_t i = 0; i < in->b; i++)
		memcpy(dense + i * in->columns, in->z + i * in->ld, in->columns * sizeof *dense);
	memset(score, 0, in->b * sizeof *score);
	lb_loss_apply(in->loss, &batch);
}

const struct lb_anomaly_score LB_ANOMALY_SCORE(loss) = {
	.base = {
		.name = "loss",
		.tasks = 1u << LB_ANOMALY,
		.traits = LB_SCORES_LOSS,
		.title = "The loss of the row: how badly the model gives back its features",
		.cite = "N. Japkowicz, C. Myers, M. Gluck, A novelty detection approach to classification, IJCAI 1995",
		.formula = "L(f(x), x), the row's own term of the main loss",
		.notes = "Of an autoencoder with mse the mean squared reconstruction error, with gaussian_nll or apre the negative log likelihood that it gives the "
			 "row. Terms beside the loss, weights and regularisers have no part in it. " LB_SHIFT_NOTE " The loss then compares x itself with what the model "
			 "makes of x^(m).",
		.keywords = "reconstruction_error autoencoder",
		LB_PARAMS(params),
	},
	.score = score_rows,
	.workspace = workspace,
};
