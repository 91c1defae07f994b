/* Losses of each score by itself, as a logit against the teacher's: binary_kl, binary_kl_norm. */
#include "losses/support/soft_targets.h"
#include "losses/support/softplus.h"

enum { TEMPERATURE };

static const struct lb_param params[] = {
	[TEMPERATURE] = { .name = "temperature", .symbol = "T", .def = 2, .min = 0.01, .max = 1000, .grid = { 1, 2, 4, 8 }, .n_grid = 4,
			  .log_scale = true, .help = "divides both score sets" },
};

/* ---- binary_kl ---- */

static const struct lb_example kl_examples[] = {
	{ .set = "temperature=1", .b = 1, .c = 2, .z = { 0, 1 }, .y = { 0 }, .t = { 1.0986122886681098, 1 }, .value = 0.13081203594113697,
	  .source = "by hand: teacher 3/4, 3/4 log(3/2) + 1/4 log(1/2), and 0 for the second class" },
	{ .set = "", .b = 1, .c = 2, .z = { 0, -3 }, .y = { 0 }, .t = { 2.1972245773362196, -3 }, .value = 0.52324814376454787,
	  .source = "by hand: the same probabilities, times 4" },
};

static real kl_row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const real *t = in->teacher + i * in->c;
	const double temperature = in->par[TEMPERATURE].v;
	double sum = 0;

	for (size_t k = 0; k < in->c; k++) {
		const double a = (double)t[k] / temperature, b = (double)z[k] / temperature;
		double yes, no;
		sum += lb_divergence_term(-lb_softplus_of(-a), -lb_softplus_of(-b), &yes) + lb_divergence_term(-lb_softplus_of(a), -lb_softplus_of(b), &no);
		if (g)
			g[k] = (real)(temperature * (a < 0 ? yes : -no));
	}
	return sum < 0 ? R(0.0) : (real)(temperature * temperature * sum);
}

LB_ROW(binary_kl, kl_row)

const struct lb_loss LB_LOSS(distillation, binary_kl) = {
	.info = {
		.base = {
			.name = "binary_kl",
			.title = "Divergence from the teacher for each class by itself, by sigmoids",
			.cite = "P. Yang, C.-C. Zong, S.-J. Huang, L. Feng, B. An, Dual-head knowledge distillation: enhancing logits utilization with an "
				"auxiliary head, arXiv 2411.08937, 2024",
			.formula = "T^2 sum_k KL((P_k, 1 - P_k) || (Q_k, 1 - Q_k)),  P = sigmoid(teacher/T), Q = sigmoid(z/T)",
			.notes = "It sees how large scores are, not only their differences. The authors find that in one output layer with the labels' "
				 "cross-entropy it does worse than either alone. Labels are not used; the metrics are.",
			.keywords = "dual_head dhkd sigmoid logits distillation knowledge_distillation teacher student temperature",
			LB_PARAMS(params),
		},
		.kind = LB_DISTILLATION,
		.good_for = "distillation",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		LB_EXAMPLES(kl_examples),
	},
	.form = &binary_kl_form,
};

/* ---- binary_kl_norm ---- */

static const struct lb_example norm_examples[] = {
	{ .set = "temperature=0.5", .b = 1, .c = 2, .z = { 1, 3 }, .y = { 1 }, .t = { 1, 2 }, .value = 0.108445207620756776,
	  .source = "by hand: (1/4) log cosh 1" },
	{ .set = "", .b = 1, .c = 2, .z = { -1, 2 }, .y = { 0 }, .t = { 3, 2 }, .value = 1.73512332193210842, .source = "by hand: 4 log cosh 1" },
};

static real norm_row(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const real *t = in->teacher + i * in->c;
	const double temperature = in->par[TEMPERATURE].v;
	double sum = 0;

	for (size_t k = 0; k < in->c; k++) {
		const double x = ((double)z[k] - (double)t[k]) / (2 * temperature);
		sum += lb_log_cosh(x);
		if (g)
			g[k] = (real)(temperature / 2 * tanh(x));
	}
	return (real)(temperature * temperature * sum);
}

LB_ROW(binary_kl_norm, norm_row)

const struct lb_loss LB_LOSS(distillation, binary_kl_norm) = {
	.info = {
		.base = {
			.name = "binary_kl_norm",
			.title = "Divergence of a sigmoid of the difference of scores from one half",
			.cite = "P. Yang, C.-C. Zong, S.-J. Huang, L. Feng, B. An, Dual-head knowledge distillation: enhancing logits utilization with an "
				"auxiliary head, arXiv 2411.08937, 2024",
			.formula = "T^2 sum_k KL((1/2, 1/2) || (s_k, 1 - s_k)) = T^2 sum_k log cosh((z_k - t_k) / (2T)),  s = sigmoid((z - t)/T), t the teacher's scores",
			.notes = "The authors clip s to [1e-8, 1 - 1e-8]; log cosh needs no clipping. Of small differences a squared error, of large ones an absolute "
				 "one. Labels are not used; the metrics are.",
			.keywords = "dual_head dhkd log_cosh logits distillation knowledge_distillation teacher student temperature",
			LB_PARAMS(params),
		},
		.kind = LB_DISTILLATION,
		.good_for = "distillation",
		.properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH,
		LB_EXAMPLES(norm_examples),
	},
	.form = &binary_kl_norm_form,
};
