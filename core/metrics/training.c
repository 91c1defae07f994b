/* Figures of a training and its model, which are the same for every split. */
#include "core/metrics/metric.h"

#include "losses/loss_info.h"

#include <math.h>

static int selected_clean(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	(void)par, (void)err;
	*value = o->selected > 0 ? o->selected_clean / o->selected : (double)NAN;
	return 0;
}

static int sparsity(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	(void)par, (void)err;
	*value = o->n_weights ? (double)o->n_zeros / (double)o->n_weights : (double)NAN;
	return 0;
}

static int sharpness(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	(void)par, (void)err;
	*value = o->curvature ? o->curvature->largest : (double)NAN;
	return 0;
}

static int hessian_trace(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	(void)par, (void)err;
	*value = o->curvature ? o->curvature->trace : (double)NAN;
	return 0;
}

const struct lb_metric lb_metric_selected_clean = {
	.base = { .name = "selected_clean", .tasks = LB_CLASS_TASKS, .title = "Share of right labels among the rows that a procedure keeps",
		  .cite = "label precision in B. Han et al., Co-teaching, NeurIPS 2018", .formula = "sum of the weights of rows with their true label / sum of the weights, over "
		  "the training rows of the last epoch",
		  .notes = "The true label is that before corrupt.labels. Weights are those that procedures give rows, negative ones 0; of coteach those of the first model. The "
			   "same for every split; undefined where no row has a weight.",
		  .keywords = "label_precision noisy_labels", .on_request = true },
	.higher_is_better = true,
	.decisions = true,
	.selection = true,
	.eval = selected_clean,
};

const struct lb_metric lb_metric_sparsity = {
	.base = { .name = "sparsity", .tasks = LB_EVERY_TASK, .title = "Share of the model's weights that are 0", .cite = "classic",
		  .formula = "weights of all layers that are 0 / weights of all layers",
		  .notes = "Biases and parameters of the loss do not count. The same for every split.", .keywords = "pruning density zeros", .on_request = true },
	.higher_is_better = true,
	.decisions = true,
	.zeros = true,
	.eval = sparsity,
};

const struct lb_metric lb_metric_sharpness = {
	.base = { .name = "sharpness", .tasks = LB_EVERY_TASK, .title = "Largest eigenvalue of the Hessian of the training loss",
		  .cite = "flatness: S. Hochreiter, J. Schmidhuber, Flat minima, Neural Computation 9, 1997; told by this eigenvalue in P. Foret, A. Kleiner, H. Mobahi, "
			  "B. Neyshabur, Sharpness-aware minimization for efficiently improving generalization, ICLR 2021",
		  .formula = "the eigenvalue of the largest size of d^2 L/dw^2; L the mean loss of the training rows, w the weights and biases of the model",
		  .notes = "Of the losses alone, without dropout, procedures, regularisers, weight decay and attack; of a regression in units of its targets. By power iteration, to "
			   "about four digits: at most 200 passes over the training rows in double precision when the training is over, so that it is undefined in curves. The "
			   "same for every split. Kinks do not count: of relu it is that of the network of the active units. A network of relu can be made flat by scaling its layers, so compare trainings of one network.",
		  .keywords = "flatness curvature eigenvalue hessian", .on_request = true },
	.decisions = true,
	.curvature = true,
	.eval = sharpness,
};

const struct lb_metric lb_metric_hessian_trace = {
	.base = { .name = "hessian_trace", .tasks = LB_EVERY_TASK, .title = "Trace of the Hessian of the training loss, the sum of its eigenvalues",
		  .cite = "M. F. Hutchinson, A stochastic estimator of the trace of the influence matrix, Communications in Statistics: Simulation and Computation 19, 1990",
		  .formula = "sum of d^2 L/dw_i^2; of more than 100 weights and biases the mean of v'Hv over 100 vectors v of -1 and 1",
		  .notes = "Of what sharpness is of. Exact to the differences of gradients up to 100 weights and biases, beyond them drawn, the same vectors every time: the error is "
			   "about the length of all entries beside the diagonal over 7. 200 passes over the training rows in double precision when the training is over.",
		  .keywords = "flatness curvature hutchinson laplacian", .on_request = true },
	.decisions = true,
	.curvature = true,
	.trace = true,
	.eval = hessian_trace,
};
