/* What the binary losses say of themselves beyond their claims: fast forms against sums over all
 * pairs, soft counts against counted ones, the Jaccard extension against sets, the draws of
 * EnsLoss. Random numbers: seed 7. */
#include "tests/unit/losses/loss_fixture.h"

#include "losses/loss.h"

enum { N = 300 };

static double value_of(const char *name, const char *set, int precision, size_t n, const double *z, const int32_t *y, double *g)
{
	const struct lb_loss_info *info = lb_loss_find(LB_BINARY, name);
	struct lb_arg par[MOST_PARAMS];
	struct lb_arg_store store = { 0 };
	struct lb_err err = { 0 };
	double value;

	ck_assert_msg(info != NULL, "%s is not registered", name);
	ck_assert_msg(!lb_args_from_text(&info->base, set, par, &store, &err), "%s", err.text);
	const struct lb_loss_input in = { .b = n, .c = 1, .z = z, .y = y, .par = par };
	ck_assert_int_eq(lb_loss_eval(info, precision, &in, &value, g, &err), 0);
	lb_args_free(&store);
	return value;
}

/* ---- pairs ---- */

static double square(double d)
{
	return (1 - d) * (1 - d);
}

static double square_slope(double d)
{
	return -2 * (1 - d);
}

static double hinge2(double d)
{
	return d < 1 ? (1 - d) * (1 - d) : 0;
}

static double hinge2_slope(double d)
{
	return d < 1 ? -2 * (1 - d) : 0;
}

static double hinge1(double d)
{
	return d < 1 ? 1 - d : 0;
}

static double hinge1_slope(double d)
{
	return d < 1 ? -1 : 0;
}

static double minus_exp(double d)
{
	return -exp(-d);
}

static double plus_exp(double d)
{
	return exp(-d);
}

static const struct {
	const char *name;
	double (*psi)(double d), (*slope)(double d);
} pairwise[] = {
	{ "pairwise_squared", square, square_slope },
	{ "pairwise_squared_hinge", hinge2, hinge2_slope },
	{ "pairwise_hinge", hinge1, hinge1_slope },
	{ "pairwise_exponential", plus_exp, minus_exp },
};

/* Kinds of scores: spread out, full of ties, in one heap far from 0, and of few positives. */
static void draw_scores(struct lb_rng *rng, int how, size_t n, double *z, int32_t *y)
{
	for (size_t i = 0; i < n; i++) {
		const double normal = lb_rng_normal(rng);
		y[i] = lb_rng_unit(rng) < (how == 3 ? 0.02 : 0.4);
		z[i] = how == 1 ? round(2 * normal) / 2 : how == 2 ? 1e4 + normal / 8 : 2 * normal;
	}
	y[0] = 1;
	y[n - 1] = 0;
}

START_TEST(fast_forms_equal_the_sum_over_pairs)
{
	static double z[N], g[N], want[N];
	static int32_t y[N];
	struct lb_rng rng;

	lb_rng_init(&rng, SEED, LB_RNG_TEST, 30);
	for (int round = 0; round < 24; round++) {
		const size_t n = round < 4 ? 2 + (size_t)round : N;
		double sum = 0, pairs = 0, most = 0;
		draw_scores(&rng, round % 4, n, z, y);
		memset(want, 0, sizeof want);
		for (size_t i = 0; i < n; i++)
			for (size_t j = 0; j < n; j++)
				if (y[i] == 1 && y[j] == 0) {
					pairs++;
					sum += pairwise[_i].psi(z[i] - z[j]);
					want[i] += pairwise[_i].slope(z[i] - z[j]);
					want[j] -= pairwise[_i].slope(z[i] - z[j]);
				}
		const double value = value_of(pairwise[_i].name, "", 64, n, z, y, g);
		ck_assert_msg(fabs(value - sum / pairs) <= 1e-12 * fmax(1, sum / pairs), "%s, %zu rows: %.17g, the sum over pairs gives %.17g",
			      pairwise[_i].name, n, value, sum / pairs);
		for (size_t i = 0; i < n; i++)
			most = fmax(most, fabs(want[i] / pairs));
		for (size_t i = 0; i < n; i++)
			ck_assert_double_eq_tol(g[i], want[i] / pairs, 1e-12 * fmax(1, most));
	}
}
END_TEST

/* The mean over positives of the mean of the k largest pair losses, each found by looking. */
START_TEST(partial_auc_takes_the_highest_negatives)
{
	static double z[N];
	static int32_t y[N];
	struct lb_rng rng;

	lb_rng_init(&rng, SEED, LB_RNG_TEST, 31);
	for (int round = 0; round < 8; round++) {
		double sum = 0, n1 = 0, n0 = 0;
		bool taken[N];
		draw_scores(&rng, round % 2, N, z, y);
		for (size_t i = 0; i < N; i++)
			*(y[i] ? &n1 : &n0) += 1;
		const double k = floor(0.3 * n0);
		for (size_t i = 0; i < N; i++) {
			if (!y[i])
				continue;
			memset(taken, 0, sizeof taken);
			for (int r = 0; r < (int)k; r++) {
				size_t best = N;
				for (size_t j = 0; j < N; j++)
					if (!y[j] && !taken[j] && (best == N || hinge2(z[i] - z[j]) > hinge2(z[i] - z[best])))
						best = j;
				taken[best] = true;
				sum += hinge2(z[i] - z[best]);
			}
		}
		ck_assert_double_eq_tol(value_of("pauc_cvar", "beta=0.3", 64, N, z, y, NULL), sum / n1 / k, 1e-12);
	}
}
END_TEST

/* ---- metrics ---- */

/* With a steep amplifier and scores away from 0 the soft counts are counts. */
START_TEST(steep_metrics_are_the_metrics)
{
	static double z[N];
	static int32_t y[N];
	struct lb_rng rng;
	double tp = 0, fp = 0, fn = 0, tn = 0;

	lb_rng_init(&rng, SEED, LB_RNG_TEST, 32);
	draw_scores(&rng, 0, N, z, y);
	for (size_t i = 0; i < N; i++) {
		z[i] = z[i] > 0.4 ? 3 : -3;
		*(z[i] > 0 ? y[i] ? &tp : &fp : y[i] ? &fn : &tn) += 1;
	}
	const double tpr = tp / (tp + fn), tnr = tn / (tn + fp), num = tp * tn - fp * fn;
	const double expected = ((tp + fn) * (tp + fp) + (tn + fp) * (tn + fn)) / N, agree = tp + tn;
	const struct {
		const char *name, *set;
		double metric;
	} cases[] = {
		{ "metric_accuracy", "", agree / N },
		{ "metric_precision", "", tp / (tp + fp) },
		{ "metric_recall", "", tpr },
		{ "metric_specificity", "", tnr },
		{ "metric_fbeta", " beta=2", 5 * tp / (5 * tp + 4 * fn + fp) },
		{ "metric_gmean", "", sqrt(tpr * tnr) },
		{ "metric_gmean_sq", "", tpr * tnr },
		{ "metric_balanced_accuracy", "", (tpr + tnr) / 2 },
		{ "metric_tss", "", tpr + tnr - 1 },
		{ "metric_csi", "", tp / (tp + fp + fn) },
		{ "metric_hss", "", (agree - expected) / (N - expected) },
		{ "metric_mcc", "", num / sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)) },
	};
	for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
		for (int amp = 0; amp < 2; amp++) {
			char set[64];
			snprintf(set, sizeof set, "%s%s", amp ? "steepness=400" : "amp=cosine", cases[k].set);
			ck_assert_double_eq_tol(value_of(cases[k].name, set, 64, N, z, y, NULL), 1 - cases[k].metric, 1e-12);
		}
}
END_TEST

/* L = 73 in float32, where 1 / (1 + exp(-L (p - 1/2))) rounds to 1 from L = 34 on: the gradient at
 * a saturated score is there. */
START_TEST(amplifier_does_not_saturate_by_rounding)
{
	const double z[] = { 12, -12 };
	const int32_t y[] = { 0, 1 };
	double g[2][2];

	value_of("metric_accuracy", "", 32, 2, z, y, g[0]);
	value_of("metric_accuracy", "", 64, 2, z, y, g[1]);
	for (int k = 0; k < 2; k++) {
		const double p = 1 / (1 + exp(-12)), q = 1 / (1 + exp(12)), rest = 1 / (1 + exp(73 * (p - 0.5)));
		ck_assert_double_eq_tol(fabs(g[1][k]), 73 * rest * p * q / 2, 1e-9 * rest * q);
		ck_assert_double_eq_tol(g[0][k], g[1][k], 1e-6 * fabs(g[1][k]));
	}
}
END_TEST

/* A batch that lacks a class: 1 for a metric that needs it, 0 for pairs, and never a gradient. */
START_TEST(one_class_batches)
{
	static const char *const ones[] = { "metric_gmean", "metric_gmean_sq", "metric_balanced_accuracy", "metric_tss", "metric_hss",
					    "metric_mcc" };
	static const char *const zeros[] = { "pairwise_squared", "pairwise_squared_hinge", "pairwise_hinge", "pairwise_exponential",
					     "aucm_exact", "aucm_v1", "aucm_v2", "ap_surrogate", "pauc_kl", "pauc_cvar", "mw" };
	const double z[] = { 2, -1, 0.5 };
	double g[3];

	for (int32_t label = 0; label < 2; label++) {
		const int32_t y[] = { label, label, label };
		for (size_t k = 0; k < sizeof ones / sizeof *ones + sizeof zeros / sizeof *zeros; k++) {
			const bool metric = k < sizeof ones / sizeof *ones;
			const char *name = metric ? ones[k] : zeros[k - sizeof ones / sizeof *ones];
			ck_assert_double_eq(value_of(name, "", 64, 3, z, y, g), metric);
			for (int i = 0; i < 3; i++)
				ck_assert_msg(!(fabs(g[i]) > 0), "%s: gradient %g in a batch of one class", name, g[i]);
		}
	}
}
END_TEST

/* ---- Lovasz ---- */

/* Where right rows have margin 1 and wrong rows margin 0, the value is the Jaccard loss of the
 * prediction. */
START_TEST(lovasz_hinge_extends_the_jaccard_loss)
{
	enum { B = 6 };

	for (unsigned labels = 0; labels < 1u << B; labels++)
		for (unsigned wrong = 0; wrong < 1u << B; wrong++) {
			double z[B], hit = 0, either = 0;
			int32_t y[B];
			for (unsigned i = 0; i < B; i++) {
				y[i] = labels >> i & 1;
				z[i] = wrong >> i & 1 ? 0 : y[i] ? 1 : -1;
				const bool predicted = (labels ^ wrong) >> i & 1;
				hit += y[i] && predicted;
				either += y[i] || predicted;
			}
			ck_assert_double_eq_tol(value_of("lovasz_hinge", "", 64, B, z, y, NULL), either > 0 ? 1 - hit / either : 0, 1e-14);
		}
}
END_TEST

/* ---- EnsLoss ---- */

/* The derivatives by margin of `visits` visits of one batch at seed 5: the slopes of the last
 * one. */
static void draw_slopes(double seed, int visits, size_t n, const double *z, const int32_t *y, double *slope)
{
	const struct lb_loss *loss = lb_loss_of(lb_loss_find(LB_BINARY, "ensloss"));
	struct lb_arg par[MOST_PARAMS];
	struct lb_arg_store store = { 0 };
	static _Alignas(64) double room[5 * N + 64];
	uint32_t id[N];
	const struct lb_loss_stats stats = { .n_rows = n, .n_classes = 2 };
	struct lb_batch in = { .b = n, .c = 1, .views = 1, .output = { .value = z, .grad = slope, .rows = n, .cols = 1, .stride = 1 }, .y = y,
			       .row_id = id, .par = par, .stats = &stats, .workspace = room, .scale = 1 };

	ck_assert_int_eq(lb_args_from_text(&loss->info.base, "", par, &store, NULL), 0);
	par[2].v = seed;
	for (size_t i = 0; i < n; i++)
		id[i] = (uint32_t)(n - 1 - i);
	in.state = loss->init(par, &stats, NULL);
	ck_assert_ptr_nonnull(in.state);
	for (int k = 0; k < visits; k++)
		lb_loss_update_state(loss, &in);
	lb_loss_apply(loss, &in);
	for (size_t i = 0; i < n; i++)
		slope[i] *= (y[i] ? 1 : -1) * (double)n;
	loss->free(in.state);
	lb_args_free(&store);
}

/* Convex: non-decreasing in the margin. Calibrated: negative at 0. Half of the draws are cut at
 * -1. */
START_TEST(ensloss_draws_derivatives_of_a_convex_calibrated_loss)
{
	static double z[N], slope[N], again[N], other[N];
	static int32_t y[N];
	struct lb_rng rng;
	int cut = 0, changed[2] = { 0 };

	lb_rng_init(&rng, SEED, LB_RNG_TEST, 33);
	draw_scores(&rng, 0, N, z, y);
	draw_slopes(5, 3, N, z, y, slope);
	draw_slopes(5, 3, N, z, y, again);
	ck_assert_int_eq(memcmp(slope, again, sizeof slope), 0);
	for (size_t i = 0; i < N; i++) {
		const double s = y[i] ? z[i] : -z[i];
		cut += fabs(slope[i] * fmax(1, s) + 1) < 1e-4;
		ck_assert_msg(slope[i] < 0 && slope[i] >= -1.000002, "a derivative of %g", slope[i]);
		for (size_t j = 0; j < N; j++)
			ck_assert(!(s < (y[j] ? z[j] : -z[j])) || slope[i] <= slope[j] + 1e-12);
	}
	ck_assert_msg(cut > 0.4 * N && cut < 0.6 * N, "%d of %d derivatives are cut at -1", cut, N);
	for (int k = 0; k < 2; k++) {
		draw_slopes(k ? 5 : 6, k ? 4 : 3, N, z, y, other);
		for (size_t i = 0; i < N; i++)
			changed[k] += fabs(other[i] - slope[i]) > 1e-9;
		ck_assert_msg(changed[k] > N / 4, "%s changes %d derivatives of %d", k ? "a visit" : "a seed", changed[k], N);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("binary_losses");
	TCase *t = tcase_create("binary");

	tcase_at_least(t, 60);
	tcase_add_loop_test(t, fast_forms_equal_the_sum_over_pairs, 0, sizeof pairwise / sizeof *pairwise);
	tcase_add_test(t, partial_auc_takes_the_highest_negatives);
	tcase_add_test(t, steep_metrics_are_the_metrics);
	tcase_add_test(t, amplifier_does_not_saturate_by_rounding);
	tcase_add_test(t, one_class_batches);
	tcase_add_test(t, lovasz_hinge_extends_the_jaccard_loss);
	tcase_add_test(t, ensloss_draws_derivatives_of_a_convex_calibrated_loss);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("binary_losses")
