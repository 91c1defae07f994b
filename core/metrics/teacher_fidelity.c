/* How near the predictions are to a teacher's, or to those of a reference model. */
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

/* ---- kl_to_reference ---- */

enum { ROWS };
enum { OF_SPLIT, OF_FORGET, OF_RETAIN };
static const char *const rows_of[] = { [OF_SPLIT] = "split", [OF_FORGET] = "forget", [OF_RETAIN] = "retain", NULL };

static const struct lb_param kl_params[] = {
	[ROWS] = { .name = "rows", .type = LB_CHOICE_PARAM, .def = OF_SPLIT, .choices = rows_of,
		   .help = "those of the split, the training rows of data.forget, or the other training rows" },
};

static int kl_to_reference(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	const int rows = (int)par[ROWS].v;
	const struct lb_metric_inputs *of = rows == OF_FORGET ? o->forget : rows == OF_RETAIN ? o->retain : o;
	double sum = 0;

	(void)err;
	*value = (double)NAN;
	if (!of || !of->n || !of->reference)
		return 0;
	for (size_t i = 0; i < of->n; i++)
		sum += divergence(of->n_classes, of->reference + i * of->n_classes, of->log_probability + i * of->n_classes);
	*value = sum / (double)of->n;
	return 0;
}

const struct lb_metric lb_metric_kl_to_reference = {
	.base = {
		.name = "kl_to_reference",
		.tasks = 1u << LB_MULTICLASS,
		.title = "Divergence of the probabilities from those of a reference model",
		.cite = "A. Golatkar, A. Achille, S. Soatto, Eternal sunshine of the spotless net, CVPR 2020; of predictions as in K. Georgiev et al., "
			"Attribute-to-delete: machine unlearning via datamodel matching, ICLR 2025",
		.formula = "(1/n) sum_i KL(softmax(r_i), softmax(z_i)),  r the scores of evaluate.reference",
		.notes = "In nats. Against a model that was trained without the rows of data.forget it says how near an unlearning comes to the exact one. 0 where "
			 "both have the same probabilities; the labels have no part in it. With rows: forget or retain it is of these training rows, whatever "
			 "split it stands with.",
		.keywords = "unlearning distance kullback_leibler retrained",
		.on_request = true,
		LB_PARAMS(kl_params),
	},
	.probabilities = true,
	.reference = true,
	.forget = true,
	.retain = true,
	.eval = kl_to_reference,
};
