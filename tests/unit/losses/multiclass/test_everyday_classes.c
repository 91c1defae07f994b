/* What losses of classes are equal to, or bounded by: measures of decisions, cross-entropy with all
 * labels known, the share of errors. */
#include "tests/unit/losses/loss_fixture.h"

enum { ROWS = 12, C = 3 };

/* The value of a loss with these settings; g gets the gradient unless NULL. */
static double value_of(enum lb_kind kind, const char *name, const char *set, size_t b, size_t c, const double *z, const int32_t *y, double *g)
{
	const struct lb_loss_info *info = lb_loss_find(kind, name);
	struct lb_arg par[MOST_PARAMS];
	struct lb_arg_store store = { 0 };
	struct lb_err err = { 0 };
	double value;

	ck_assert_msg(info != NULL, "%s is not registered", name);
	ck_assert_msg(!lb_args_from_text(&info->base, set, par, &store, &err), "%s", err.text);
	const struct lb_loss_input in = { .b = b, .c = c, .z = z, .y = y, .par = par };
	ck_assert_msg(!lb_loss_eval(info, 64, &in, &value, g, &err), "%s", err.text);
	lb_args_free(&store);
	return value;
}

static double of_classes(const char *name, const char *set, const double *z, const int32_t *y)
{
	return value_of(LB_MULTICLASS, name, set, ROWS, C, z, y, NULL);
}

static void draw_rows(double *z, int32_t *y, size_t c, double scale, struct lb_rng *rng)
{
	for (size_t k = 0; k < ROWS * c; k++)
		z[k] = scale * lb_rng_normal(rng);
	for (size_t i = 0; i < ROWS; i++)
		y[i] = (int32_t)(i % (c > 1 ? c : 2));
}

/* Rows that are decided for a class, and of it, and both. */
struct table {
	double decided[C], own[C], both[C];
};

static struct table table_of(const double *z, const int32_t *y)
{
	struct table t = { 0 };

	for (size_t i = 0; i < ROWS; i++) {
		int32_t most = 0;
		for (int32_t k = 1; k < C; k++)
			most = z[i * C + (size_t)k] > z[i * C + (size_t)most] ? k : most;
		t.decided[most]++;
		t.own[y[i]]++;
		t.both[y[i]] += most == y[i];
	}
	return t;
}

/* With probabilities of 0 and 1: one minus the macro Jaccard and F of the decisions. */
START_TEST(regions_of_sure_probabilities)
{
	double z[ROWS * C];
	int32_t y[ROWS];
	struct lb_rng rng;

	lb_rng_init(&rng, SEED, LB_RNG_TEST, 31);
	for (int n = 0; n < 20; n++) {
		double jaccard = 0, f1 = 0, f2 = 0;
		draw_rows(z, y, C, 1e5, &rng);
		const struct table t = table_of(z, y);
		for (int k = 0; k < C; k++) {
			jaccard += t.both[k] / (t.decided[k] + t.own[k] - t.both[k]) / C;
			f1 += 2 * t.both[k] / (t.decided[k] + t.own[k]) / C;
			f2 += 5 * t.both[k] / (t.decided[k] + 4 * t.own[k]) / C;
		}
		ck_assert_double_eq_tol(of_classes("lovasz_softmax", "", z, y), 1 - jaccard, 1e-12);
		ck_assert_double_eq_tol(of_classes("iou_multiclass", "", z, y), 1 - jaccard, 1e-12);
		ck_assert_double_eq_tol(of_classes("dice_multiclass", "", z, y), 1 - f1, 1e-12);
		ck_assert_double_eq_tol(of_classes("dice_multiclass", "squared=true", z, y), 1 - f1, 1e-12);
		ck_assert_double_eq_tol(of_classes("fbeta_multiclass", "beta=2", z, y), 1 - f2, 1e-12);
	}
}
END_TEST

/* An absent class costs its largest probability in the Lovasz extension, and 1 in a ratio without
 * eps. */
START_TEST(absent_classes)
{
	const double z[] = { log(2), 0, 0, 0, 0, log(3) };
	const int32_t y[] = { 0, 0 };
	const double of_0 = value_of(LB_MULTICLASS, "lovasz_softmax", "", 2, C, z, y, NULL);
	const double all = value_of(LB_MULTICLASS, "lovasz_softmax", "classes=all", 2, C, z, y, NULL);

	ck_assert_double_eq_tol(all, (of_0 + 1.0 / 4 + 3.0 / 5) / 3, 1e-14);
	const double iou = value_of(LB_MULTICLASS, "iou_multiclass", "", 2, C, z, y, NULL);
	ck_assert_double_eq_tol(value_of(LB_MULTICLASS, "iou_multiclass", "classes=all", 2, C, z, y, NULL), (iou + 2) / 3, 1e-14);
}
END_TEST

/* The mean over all classes but one is cross-entropy to that; with two classes there is one
 * such. */
START_TEST(complementary_labels)
{
	struct lb_rng rng;
	double z[ROWS * C];
	int32_t y[ROWS];

	lb_rng_init(&rng, SEED, LB_RNG_TEST, 32);
	for (int n = 0; n < 50; n++) {
		draw_rows(z, y, C, 3, &rng);
		double sum = 0;
		for (int32_t k = 1; k < C; k++)
			sum += value_of(LB_MULTICLASS, "comp_free", "", 1, C, z, &k, NULL) / (C - 1);
		ck_assert_double_eq_tol(sum, value_of(LB_MULTICLASS, "ce", "", 1, C, z, &(int32_t){ 0 }, NULL), 1e-13);
		ck_assert_double_eq_tol(value_of(LB_MULTICLASS, "comp_forward", "", 1, 2, z, &(int32_t){ 0 }, NULL),
					value_of(LB_MULTICLASS, "ce", "", 1, 2, z, &(int32_t){ 1 }, NULL), 1e-14);
		const double free_risk = of_classes("comp_free", "", z, y), held = of_classes("comp_nn", "", z, y);
		ck_assert_double_ge(held, free_risk - 1e-12);
		ck_assert_double_ge(of_classes("comp_nn", "correction=abs", z, y), held - 1e-12);
	}
	const double even[ROWS * C] = { 0 };
	ck_assert_double_eq_tol(of_classes("comp_nn", "", even, y), of_classes("comp_free", "", even, y), 1e-14);
}
END_TEST

/* Surrogates bound one minus the macro AUC, curricula the share of errors and the mean hinge. */
START_TEST(bounds)
{
	struct lb_rng rng;
	double z[ROWS * C];
	int32_t y[ROWS];

	lb_rng_init(&rng, SEED, LB_RNG_TEST, 33);
	for (int n = 0; n < 50; n++) {
		double misordered = 0, wrong = 0;
		draw_rows(z, y, C, n % 2 ? 0.5 : 3, &rng);
		for (size_t k = 0; k < C; k++) {
			double pairs = 0, off = 0;
			for (size_t i = 0; i < ROWS; i++)
				for (size_t j = 0; j < ROWS; j++)
					if ((size_t)y[i] == k && (size_t)y[j] != k) {
						pairs++;
						off += z[i * C + k] <= z[j * C + k];
					}
			misordered += off / pairs / C;
		}
		ck_assert_double_ge(of_classes("auc_ovr", "", z, y), misordered);
		ck_assert_double_ge(of_classes("auc_ovr", "phi=hinge", z, y), misordered);
		ck_assert_double_ge(of_classes("auc_ovr", "phi=logistic", z, y) / log(2), misordered);
		const struct table t = table_of(z, y);
		for (int k = 0; k < C; k++)
			wrong += (t.own[k] - t.both[k]) / ROWS;
		const double curriculum = of_classes("curriculum", "", z, y);
		ck_assert_double_ge(curriculum, wrong - 1e-14);
		ck_assert_double_le(curriculum, of_classes("cs", "", z, y) + 1e-14);
	}
}
END_TEST

/* The slope by a score is at most tau p_y of the row, and at most that of cross-entropy. */
START_TEST(slopes_are_cut_off)
{
	struct lb_rng rng;
	double z[ROWS * C], g[C], plain[C];
	int32_t y[ROWS];

	lb_rng_init(&rng, SEED, LB_RNG_TEST, 34);
	for (int n = 0; n < 200; n++) {
		draw_rows(z, y, C, 4, &rng);
		const double p = exp(-value_of(LB_MULTICLASS, "ce", "", 1, C, z, y, plain));
		value_of(LB_MULTICLASS, "phuber_ce", "tau=5", 1, C, z, y, g);
		for (size_t k = 0; k < C; k++)
			ck_assert_double_le(fabs(g[k]), fmin(5 * p, fabs(plain[k])) + 1e-14);
	}
}
END_TEST

/* nnpu is upu where the risk of negatives is not below 0, and steps against it by gamma where it
 * is. */
START_TEST(risk_of_unlabelled_rows)
{
	static const double sure[] = { 3, 2.5, -3, -2 }, odd[] = { 0.3, -0.2, 0.4, 0.1 };
	static const int32_t y[] = { 1, 1, 0, 0 };
	double g[2][4];

	ck_assert_double_eq_tol(value_of(LB_BINARY, "nnpu", "", 4, 1, odd, y, g[0]), value_of(LB_BINARY, "upu", "", 4, 1, odd, y, g[1]), 1e-15);
	for (size_t i = 0; i < 4; i++)
		ck_assert_double_eq_tol(g[0][i], g[1][i], 1e-15);
	ck_assert_double_eq_tol(value_of(LB_BINARY, "nnpu", "phi=hinge gamma=0.5", 4, 1, sure, y, g[0]), 0, 1e-15);
	ck_assert_double_lt(value_of(LB_BINARY, "upu", "phi=hinge", 4, 1, sure, y, g[1]), 0);
	for (size_t i = 0; i < 2; i++)
		ck_assert_double_eq_tol(g[0][i], 0.5 * 0.5 / 2, 1e-15);
	ck_assert_double_eq_tol(g[1][0], -0.5 / 2, 1e-15);
	for (size_t i = 2; i < 4; i++)
		ck_assert_double_eq_tol(g[0][i], 0, 1e-15);
}
END_TEST

/* At equal temperatures one soft maximum of all pairs; at low ones the worst pair. */
START_TEST(two_way_partial_auc)
{
	struct lb_rng rng;
	double z[ROWS];
	int32_t y[ROWS];

	lb_rng_init(&rng, SEED, LB_RNG_TEST, 35);
	for (int n = 0; n < 50; n++) {
		double sum = 0, worst = 0, pairs = 0;
		draw_rows(z, y, 1, 1, &rng);
		for (size_t i = 0; i < ROWS; i++)
			for (size_t j = 0; j < ROWS; j++)
				if (y[i] && !y[j]) {
					const double u = fmax(0, 1 - (z[i] - z[j]));
					sum += exp(u * u);
					worst = fmax(worst, u * u);
					pairs++;
				}
		ck_assert_double_eq_tol(value_of(LB_BINARY, "tpauc_kl", "", ROWS, 1, z, y, NULL), log(sum / pairs), 1e-12);
		const double low = value_of(LB_BINARY, "tpauc_kl", "lam=0.1 tau=0.1", ROWS, 1, z, y, NULL);
		ck_assert_double_le(low, worst);
		ck_assert_double_ge(low, worst - 0.1 * log(pairs));
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("everyday_classes");
	TCase *t = tcase_create("classes");

	tcase_add_test(t, regions_of_sure_probabilities);
	tcase_add_test(t, absent_classes);
	tcase_add_test(t, complementary_labels);
	tcase_add_test(t, bounds);
	tcase_add_test(t, slopes_are_cut_off);
	tcase_add_test(t, risk_of_unlabelled_rows);
	tcase_add_test(t, two_way_partial_auc);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("everyday_classes")
