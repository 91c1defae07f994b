#include "core/metrics/metric.h"

#include <math.h>

#define CITE "A. Madry et al., Towards deep learning models resistant to adversarial attacks, ICLR 2018"

static int robust_accuracy(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	size_t right = 0;

	(void)par, (void)err;
	for (size_t i = 0; o->robust && i < o->n; i++)
		right += o->robust[i] == o->label[i];
	*value = o->robust && o->n ? (double)right / (double)o->n : (double)NAN;
	return 0;
}

const struct lb_metric lb_metric_robust_accuracy = {
	.base = {
		.name = "robust_accuracy",
		.tasks = LB_CLASS_TASKS,
		.title = "Share of rows predicted right as they are and at every place that the attack tried",
		.cite = CITE,
		.formula = "(1/n) sum_i min over places x' of the attack of [pred(x'_i) = y_i]",
		.notes = "evaluate.attack says which attack. Exact with closed_form; else an upper bound, which a stronger attack lowers: more steps "
			 "and restarts, objective all.",
		.keywords = "adversarial_accuracy robust_error",
		.goes_with = "evaluate.attack",
	},
	.higher_is_better = true,
	.robust = true,
	.eval = robust_accuracy,
};

static int robust_log_loss(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	double sum = 0;

	(void)par, (void)err;
	for (size_t i = 0; o->robust && i < o->n; i++)
		sum -= o->robust_logp[i];
	*value = o->robust && o->n ? sum / (double)o->n : (double)NAN;
	return 0;
}

const struct lb_metric lb_metric_robust_log_loss = {
	.base = {
		.name = "robust_log_loss",
		.tasks = LB_CLASS_TASKS,
		.title = "Mean over rows of the largest negative log-likelihood at the row and at all places that the attack tried",
		.cite = CITE,
		.formula = "(1/n) sum_i max over places x' of the attack of -log p_y(x'_i)",
		.notes = "A lower bound of the true robust risk; with closed_form and two classes it is exact: mean softplus(-(s - eps |w|_*)).",
		.keywords = "adversarial_loss robust_risk",
		.goes_with = "evaluate.attack",
	},
	.robust = true,
	.eval = robust_log_loss,
};

enum { CLASS };
static const struct lb_param class_params[] = {
	[CLASS] = { .name = "class", .symbol = "k", .type = LB_INT_PARAM, .def = 0, .min = 0, .max = 1e6, .grid = { 0, 1 }, .n_grid = 2,
		    .help = "number of the class in their order, from 0" },
};

/* Of the rows of the class, the share that pred does not give to it. */
static double error_of(const struct lb_metric_inputs *o, const int32_t *pred, double class)
{
	size_t rows = 0, wrong = 0;

	for (size_t i = 0; pred && i < o->n; i++) {
		rows += (double)o->label[i] == class;
		wrong += (double)o->label[i] == class && pred[i] != o->label[i];
	}
	return rows ? (double)wrong / (double)rows : (double)NAN;
}

static int class_error(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	(void)err;
	*value = error_of(o, o->pred, par[CLASS].v);
	return 0;
}

static int robust_class_error(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	(void)err;
	*value = error_of(o, o->robust, par[CLASS].v);
	return 0;
}

const struct lb_metric lb_metric_class_error = {
	.base = {
		.name = "class_error",
		.tasks = LB_CLASS_TASKS,
		.title = "Share of the rows of one class that are predicted to be of another",
		.cite = "Y. Hu, F. Wu, H. Zhang, H. Zhao, Understanding the impact of adversarial robustness on accuracy disparity, ICML "
			"2023 (the errors whose difference is the accuracy disparity)",
		.formula = "(rows of class k predicted otherwise) / (rows of class k)",
		.notes = "1 - recall of the class. The accuracy disparity of two classes is the difference of their errors.",
		.keywords = "per_class_error disparity recall",
		.on_request = true,
		LB_PARAMS(class_params),
	},
	.eval = class_error,
};

const struct lb_metric lb_metric_robust_class_error = {
	.base = {
		.name = "robust_class_error",
		.tasks = LB_CLASS_TASKS,
		.title = "Share of the rows of one class that are predicted to be of another at some place that the attack tried",
		.cite = CITE,
		.formula = "(rows of class k predicted otherwise as they are or at a place of the attack) / (rows of class k)",
		.notes = "evaluate.attack says which attack.",
		.keywords = "per_class_robust_error disparity",
		.on_request = true,
		.goes_with = "evaluate.attack",
		LB_PARAMS(class_params),
	},
	.robust = true,
	.eval = robust_class_error,
};
