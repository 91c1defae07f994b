/* What a judge of embeddings says of the rows (evaluate.embeddings). */
#include "core/metrics/metric.h"

#include <math.h>

static int judged_accuracy(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	size_t right = 0;

	(void)par, (void)err;
	for (size_t i = 0; o->judged && i < o->n; i++)
		right += o->judged[i] == o->label[i];
	*value = o->judged && o->n ? (double)right / (double)o->n : (double)NAN;
	return 0;
}

const struct lb_metric lb_metric_judged_accuracy = {
	.base = {
		.name = "judged_accuracy",
		.tasks = LB_CLASS_TASKS,
		.title = "Accuracy of a simple classifier that is fitted to the embeddings of the training rows",
		.cite = "G. Alain, Y. Bengio, Understanding intermediate layers using linear classifier probes, ICLR workshop 2017",
		.formula = "share of rows whose class the judge says",
		.notes = "evaluate.embeddings says which classifier, of which layer. Of validation and test rows; null of training rows, and where the model "
			 "has no such layer (hidden, of a linear model of compressed rows).",
		.keywords = "linear_probe knn class_means nearest_centroid mahalanobis representation embedding",
		.goes_with = "evaluate.embeddings",
	},
	.higher_is_better = true,
	.decisions = true,
	.judged = true,
	.embeddings = true,
	.without_scores = true,
	.eval = judged_accuracy,
};
