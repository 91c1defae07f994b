#include "core/engine/step/procedure.h"

enum { SAMPLES };

static const struct lb_param params[] = {
	[SAMPLES] = { .name = "samples", .symbol = "M", .type = LB_INT_PARAM, .def = 8, .min = 1, .max = 256, .grid = { 2, 4, 8 }, .n_grid = 3,
		      .help = "masks of the last hidden layer in a step; 1: plain training" },
};

static size_t samples(const struct lb_hook *h)
{
	return (size_t)h->par[SAMPLES].v;
}

const struct lb_procedure LB_PROCEDURE(multi_dropout) = {
	.base = { .name = "multi_dropout", .tasks = LB_EVERY_TASK, .title = "Multi-sample dropout: several masks of the last hidden layer in a step",
		  .cite = "H. Inoue, Multi-Sample Dropout for Accelerated Training and Better Generalization, 2019",
		  .formula = "mean over m = 1 to M of L(W (mask_m h) + b), h the features of the last hidden layer, the same for all m",
		  .notes = "The rate of dropout is model.dropout; the layers below draw once a step. The first mask is that of plain training. Each mask costs a backward pass; the "
			   "forward passes of the layers below the last hidden one are shared.",
		  .keywords = "multi_sample_dropout", LB_PARAMS(params) },
	.draws = samples,
};
