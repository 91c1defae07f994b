#include "core/engine/model/head/head.h"

const struct lb_head LB_HEAD(linear) = {
	.base = {
		.name = "linear",
		.tasks = LB_EVERY_TASK,
		.title = "Linear head: products of features and class weights, plus a bias a class",
		.cite = "classic",
		.formula = "z = W h + b",
		.keywords = "affine dense fully_connected output_layer logits",
	},
};
