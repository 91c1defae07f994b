/* What every loss of pairs of embeddings holds: what its angles or distances do not see changes
 * nothing; batches without a pair, of equal rows, of zeros; how pairs are weighed. */
#include "tests/unit/losses/loss_fixture.h"

enum { ROWS = 9, DIM = 4, PAIR_CELLS = ROWS * DIM };

/* Losses of distances in the order of the registry. */
static const struct lb_loss_info *pairs_at(int i)
{
	for (size_t k = 0; k < lb_loss_count(); k++)
		if (lb_loss_of_distances(lb_loss_at(k)) && i-- == 0)
			return lb_loss_at(k);
	return NULL;
}

static int n_pairs(void)
{
	int n = 0;

	while (pairs_at(n))
		n++;
	return n;
}

static const int32_t labels[ROWS] = { 0, 1, 1, 0, 2, 2, 1, 0, 3 };

static double value_of(const struct lb_loss_info *info, size_t b, size_t c, const double *z, const int32_t *y, double *g)
{
	struct lb_arg par[MOST_PARAMS];
	struct lb_arg_store store = { 0 };
	struct lb_err err = { 0 };
	double value;

	ck_assert_msg(!lb_args_from_text(&info->base, "", par, &store, &err), "%s", err.text);
	ck_assert(!lb_loss_eval(info, 64, &(struct lb_loss_input){ .b = b, .c = c, .z = z, .y = y, .par = par, .n_classes = 9 }, &value, g, &err));
	lb_args_free(&store);
	return value;
}

static void draw_rows(double *z, uint64_t seed)
{
	struct lb_rng rng;

	lb_rng_init(&rng, seed, LB_RNG_TEST, 3);
	for (size_t k = 0; k < PAIR_CELLS; k++)
		z[k] = lb_rng_normal(&rng);
}

/* Turned in a plane of two coordinates. */
static void turn(double *z, size_t i, size_t j, double by)
{
	for (size_t r = 0; r < ROWS; r++) {
		const double a = z[r * DIM + i], b = z[r * DIM + j];
		z[r * DIM + i] = cos(by) * a - sin(by) * b;
		z[r * DIM + j] = sin(by) * a + cos(by) * b;
	}
}

/* Whether the loss divides rows by their length where nothing else is said. */
static bool of_directions(const struct lb_loss_info *info)
{
	return strcmp(info->base.name, "contrastive_hadsell") && strcmp(info->base.name, "n_pair") && strcmp(info->base.name, "icnn") &&
	       strcmp(info->base.name, "knn_entropy");
}

START_TEST(rotations_lengths_and_names_do_not_matter)
{
	const struct lb_loss_info *info = pairs_at(_i);
	const bool noise = !strcmp(info->base.name, "snr_contrastive"); /* variances of coordinates: they may not be mixed */
	double z[PAIR_CELLS], moved[PAIR_CELLS], g[PAIR_CELLS];
	int32_t renamed[ROWS];

	draw_rows(z, 1);
	const double value = value_of(info, ROWS, DIM, z, labels, g);
	ck_assert_msg(value != 0, "%s: nothing to see", info->base.name);
	memcpy(moved, z, sizeof z);
	turn(moved, 0, 2, 0.7);
	turn(moved, 1, 3, -1.9);
	ck_assert_msg(noise || lb_far(value, value_of(info, ROWS, DIM, moved, labels, NULL)) < 1e-12, "%s is changed by a rotation", info->base.name);
	for (size_t i = 0; i < ROWS; i++)
		renamed[i] = (5 * labels[i] + 3) % 9;
	ck_assert_msg(lb_far(value, value_of(info, ROWS, DIM, z, renamed, NULL)) < 1e-12, "%s is changed by labels' names", info->base.name);
	for (size_t k = 0; k < PAIR_CELLS; k++)
		moved[k] = z[k] * (1 + (double)(k / DIM));
	const bool same = lb_far(value, value_of(info, ROWS, DIM, moved, labels, NULL)) < 1e-12;
	ck_assert_msg(same == of_directions(info), "%s: rows of other lengths give %s value", info->base.name, same ? "the same" : "another");
	for (size_t i = 0; i < ROWS && of_directions(info); i++) {
		double along = 0, size = 0;
		for (size_t j = 0; j < DIM; j++) {
			along += g[i * DIM + j] * z[i * DIM + j];
			size += fabs(g[i * DIM + j] * z[i * DIM + j]);
		}
		ck_assert_msg(fabs(along) <= 1e-12 * fmax(size, 1), "%s: the gradient of row %zu is not at a right angle to it", info->base.name, i);
	}
}
END_TEST

static void check_still(const struct lb_loss_info *info, size_t b, const double *z, const int32_t *y, bool nothing, const char *what)
{
	double g[PAIR_CELLS];
	const double value = value_of(info, b, DIM, z, y, g);

	ck_assert_msg(isfinite(value) && (!nothing || value == 0), "%s: %s gives %g", info->base.name, what, value);
	for (size_t k = 0; k < b * DIM; k++)
		ck_assert_msg(isfinite(g[k]) && (!nothing || g[k] == 0), "%s: %s gives the gradient %g", info->base.name, what, g[k]);
}

/* One row, one class, a class a row, equal rows, rows of zeros: finite, and 0 where there is
 * nothing to average. */
START_TEST(batches_without_pairs)
{
	static const int32_t one_class[ROWS] = { 0 }, all_apart[ROWS] = { 0, 1, 2, 3, 4, 5, 6, 7, 8 };
	static const char *const needs_both[] = { "triplet", "triplet_hard", "triplet_semihard", "margin_wu", "m2f_triplet", "lifted", "lifted_gen", "n_pair",
		"multi_similarity", "circle", "nt_xent_labels", "angular", "tuplet_margin", "fastap", "smooth_ap_embedding", "pnp", "histogram" };
	static const char *const needs_positive[] = { "supcon", "supcon_in", "focal_supcon", "nca" };
	const struct lb_loss_info *info = pairs_at(_i);
	double z[PAIR_CELLS], equal[PAIR_CELLS], zeros[PAIR_CELLS] = { 0 }, lame[PAIR_CELLS];
	bool both = false, positive = false;

	for (size_t k = 0; k < sizeof needs_both / sizeof *needs_both; k++)
		both |= !strcmp(info->base.name, needs_both[k]);
	for (size_t k = 0; k < sizeof needs_positive / sizeof *needs_positive; k++)
		positive |= !strcmp(info->base.name, needs_positive[k]);
	draw_rows(z, 2);
	memcpy(lame, z, sizeof z);
	for (size_t k = 0; k < PAIR_CELLS; k++)
		equal[k] = z[k % DIM];
	memset(lame + DIM, 0, DIM * sizeof *lame);
	check_still(info, 1, z, one_class, true, "one row");
	/* what ranks finds no negative before a positive */
	const bool ranks = !strcmp(info->base.name, "fastap") || !strcmp(info->base.name, "smooth_ap_embedding");
	check_still(info, ROWS, z, one_class, both && !ranks, "one class");
	ck_assert(!ranks || fabs(value_of(info, ROWS, DIM, z, one_class, NULL)) < 1e-15);
	check_still(info, ROWS, z, all_apart, both || positive, "no class twice");
	check_still(info, ROWS, equal, labels, false, "equal rows");
	check_still(info, ROWS, zeros, labels, false, "rows of zeros");
	check_still(info, ROWS, lame, labels, false, "a row of zeros");
	double g[PAIR_CELLS];
	value_of(info, ROWS, DIM, lame, labels, g);
	for (size_t j = 0; j < DIM && of_directions(info); j++)
		ck_assert_msg(g[DIM + j] == 0, "%s moves a row of zeros", info->base.name);
}
END_TEST

/* The slopes by cosines are those that the gradient is made of: a pair of rows turned towards each
 * other changes the value by their sum. */
START_TEST(weights_are_slopes)
{
	enum { B = 5 };
	static const int32_t y[B] = { 0, 0, 1, 1, 0 };
	const struct lb_loss_info *info = pairs_at(_i);
	struct lb_arg par[MOST_PARAMS];
	struct lb_arg_store store = { 0 };
	struct lb_err err = { 0 };
	double z[PAIR_CELLS], u[B * DIM], cosine[B * B], slope[B * B], g[PAIR_CELLS];

	draw_rows(z, 3);
	for (size_t i = 0; i < B; i++) { /* of length 1 and mean 0 */
		double mean = 0, size = 0;
		for (size_t j = 0; j < DIM; j++)
			mean += z[i * DIM + j] / DIM;
		for (size_t j = 0; j < DIM; j++)
			size += (z[i * DIM + j] - mean) * (z[i * DIM + j] - mean);
		for (size_t j = 0; j < DIM; j++)
			u[i * DIM + j] = (z[i * DIM + j] - mean) / sqrt(size);
	}
	for (size_t k = 0; k < B * B; k++) {
		cosine[k] = 0;
		for (size_t j = 0; j < DIM; j++)
			cosine[k] += u[k / B * DIM + j] * u[k % B * DIM + j];
	}
	ck_assert(!lb_args_from_text(&info->base, "", par, &store, &err));
	ck_assert(!lb_loss_pair_slopes(info, par, B, y, cosine, slope, &err));
	value_of(info, B, DIM, u, y, g);
	for (size_t i = 0; i < B; i++) { /* both along the row and of its mean are left out */
		double by_cosines[DIM] = { 0 }, along[2] = { 0 };
		for (size_t k = 0; k < B; k++)
			for (size_t j = 0; j < DIM && k != i; j++)
				by_cosines[j] += (slope[i * B + k] + slope[k * B + i]) * u[k * DIM + j];
		for (size_t j = 0; j < DIM; j++) {
			along[0] += by_cosines[j] * u[i * DIM + j];
			along[1] += g[i * DIM + j] * u[i * DIM + j];
		}
		for (size_t j = 0; j < DIM; j++)
			ck_assert_msg(fabs(by_cosines[j] - along[0] * u[i * DIM + j] - (g[i * DIM + j] - along[1] * u[i * DIM + j])) < 1e-8,
				      "%s: row %zu, column %zu", info->base.name, i, j);
	}
	lb_args_free(&store);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("pairs");
	TCase *t = tcase_create("pairs");

	tcase_add_loop_test(t, rotations_lengths_and_names_do_not_matter, 0, n_pairs());
	tcase_add_loop_test(t, batches_without_pairs, 0, n_pairs());
	tcase_add_loop_test(t, weights_are_slopes, 0, n_pairs());
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("pairs")
