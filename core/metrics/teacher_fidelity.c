/* How near the predictions are to a teacher's. */
#include "core/metrics/metric.h"

#include <math.h>

/* The place of the largest of c scores; of equal ones the first. */
static size_t largest(size_t c, const double *z)
{
	size_t top = 0;

	for (size_t k = 1; k < c; k++)
		top = z[k] > z[top] ? k : top;
	return top;
}

static int teacher_agreement(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	size_t same = 0;

	(void)par, (void)err;
	for (size_t i = 0; i < o->n; i++)
		same += (size_t)o->pred[i] == largest(o->n_classes, o->teacher + i * o->n_classes);
	*value = o->n ? (double)same / (double)o->n : (double)NAN;
	return 0;
}

const struct lb_metric lb_metric_teacher_agreement = {
	.base = {
		.name = "teacher_agreement",
		.tasks = 1u << LB_MULTICLASS,
		.title = "Share of rows that student and teacher give the same class",
		.cite = "S. Stanton, P. Izmailov, P. Kirichenko, A. A. Alemi, A. G. Wilson, Does knowledge distillation really work?, NeurIPS 2021",
		.formula = "(1/n) sum_i [argmax_k z_ik = argmax_k t_ik],  t the teacher's scores",
		.notes = "The labels have no part in it. Of equal scores the first class counts. Task distillation, with a teacher's scores. The baseline's is that of its own predictions.",
		.keywords = "fidelity top1_agreement distillation student teacher",
		.on_request = true,
	},
	.higher_is_better = true,
	.decisions = true,
	.teacher = true,
	.eval = teacher_agreement,
};

/* KL of the softmax of the scores t (c) from the probabilities whose logarithms are log_p. */
static double divergence(size_t c, const double *t, const double *log_p)
{
	const double top = t[largest(c, t)];
	double sum = 0, value = 0;

	for (size_t k = 0; k < c; k++)
		sum += exp(t[k] - top);
	for (size_t k = 0; k < c; k++) {
		const double log_q = t[k] - top - log(sum), q = exp(log_q);
		value += q > 0 ? q * (log_q - log_p[k]) : 0;
	}
	return value;
}

static int teacher_kl(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	const size_t c = o->n_classes;
	double sum = 0;

	(void)par, (void)err;
	for (size_t i = 0; i < o->n; i++)
		sum += divergence(c, o->teacher + i * c, o->log_probability + i * c);
	*value = o->n ? sum / (double)o->n : (double)NAN;
	return 0;
}

const struct lb_metric lb_metric_teacher_kl = {
	.base = {
		.name = "teacher_kl",
		.tasks = 1u << LB_MULTICLASS,
		.title = "Divergence of the student's probabilities from the teacher's",
		.cite = "S. Stanton, P. Izmailov, P. Kirichenko, A. A. Alemi, A. G. Wilson, Does knowledge distillation really work?, NeurIPS 2021",
		.formula = "(1/n) sum_i KL(softmax(t_i), softmax(z_i)),  t the teacher's scores",
		.notes = "In nats, at temperature 1, calibrated where evaluate.calibration is. 0 where both have the same probabilities; the labels have no part in it. Task "
			 "distillation, with a teacher's scores.",
		.keywords = "fidelity predictive_kl distillation student teacher",
		.on_request = true,
	},
	.probabilities = true,
	.teacher = true,
	.eval = teacher_kl,
};
