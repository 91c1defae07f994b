/* What losses of two views have in common with each other, and what is known of them in closed
 * form. Values and gradients of their own: tests/unit/losses/test_reference_values.c. */
#include "tests/unit/suite.h"

#include "core/numeric/rng.h"
#include "losses/eval.h"
#include "losses/loss.h"

#include <math.h>
#include <string.h>

enum { B = 6, C = 3, CELLS = 2 * B * C, PARAMS = 8 };

static const double rows[CELLS] = { 1,  .2, -.5, .8, -.1, .3, -.4, 1.1, .6, .1, .9, -.7, -.9, -.3, .8, -.2, -1.2, .4,
				    .9, .4, -.3, .5, .2,  .4, -.6, .8,  .9, .3, 1,  -.4, -.7, -.1, 1,  .2,  -1,   .1 };
static const int32_t labels[B] = { 0, 0, 0, 1, 1, 2 };

/* Value and gradient of b rows at the parameters. */
static double at(const char *name, const char *set, size_t b, const double *z, const int32_t *y, double *g)
{
	const struct lb_loss_info *info = lb_loss_find(LB_EMBEDDING, name);
	struct lb_arg par[PARAMS];
	struct lb_arg_store store = { 0 };
	struct lb_err err = { 0 };
	double value;

	ck_assert_msg(info != NULL, "%s is not registered", name);
	ck_assert_msg(!lb_args_from_text(&info->base, set, par, &store, &err), "%s", err.text);
	const struct lb_loss_input in = { .b = b, .c = C, .views = 2, .z = z, .y = y, .par = par, .n_classes = 3 };
	ck_assert_int_eq(lb_loss_eval(info, 64, &in, &value, g, NULL), 0);
	lb_args_free(&store);
	return value;
}

static void ck_same(const double *a, const double *b, double scale, double within, const char *what)
{
	for (size_t k = 0; k < CELLS; k++)
		ck_assert_msg(fabs(a[k] - scale * b[k]) <= within, "%s: entry %zu: %.17g and %.17g", what, k, a[k], scale * b[k]);
}

/* Losses of directions alone: unchanged when rows are scaled, when all are rotated; the gradient
 * is at right angles to each row. */
static const char *const directions[] = { "nt_xent", "info_nce", "dcl", "dcl_w", "contrastive_hard", "contrastive_simple", "focal_infonce", "gcl", "siglip", "tal", "trl",
					  "sdm", "mw", "align_uniform", "sym_pair", "sogclr", "isogclr", "groco", "mmcr", "cosine_embedding", "cosent", "cosine_mse",
					  "mega_batch_margin", "simsiam", "byol", "weighted_info_nce", "target_anchored_info_nce" };

START_TEST(directions_alone_count)
{
	const char *name = directions[_i];
	const double a = 0.7, rotation[C][C] = { { cos(a), -sin(a), 0 }, { sin(a), cos(a), 0 }, { 0, 0, 1 } };
	double g[CELLS], other[CELLS], z[CELLS], turned[CELLS] = { 0 };

	const double value = at(name, "", B, rows, labels, g);
	for (size_t i = 0; i < 2 * B; i++) {
		double along = 0;
		for (size_t j = 0; j < C; j++) {
			along += g[i * C + j] * rows[i * C + j];
			z[i * C + j] = rows[i * C + j] * (double)(1 + i % 4);
			for (size_t k = 0; k < C; k++)
				turned[i * C + j] += rotation[j][k] * rows[i * C + k];
		}
		ck_assert_msg(fabs(along) < 1e-12, "%s: the gradient of row %zu is not at right angles to it", name, i);
	}
	ck_assert_double_eq_tol(at(name, "", B, z, labels, other), value, 1e-11);
	for (size_t k = 0; k < CELLS; k++)
		ck_assert_double_eq_tol(other[k] * (double)(1 + k / C % 4), g[k], 1e-11);
	ck_assert_double_eq_tol(at(name, "", B, turned, labels, other), value, 1e-11);
}
END_TEST

START_TEST(labels_judge_alone)
{
	static const char *const unlabelled[] = { "nt_xent", "info_nce", "dcl", "gcl", "siglip", "mw", "align_uniform", "barlow_twins", "vicreg", "spectral_contrastive",
						  "w_mse", "mmcr", "sogclr", "isogclr", "groco", "contrastive_hard", "simsiam", "byol", "matryoshka_views", "weighted_info_nce",
						  "target_anchored_info_nce" };
	static const int32_t others[B] = { 2, 1, 0, 2, 1, 0 };
	double g[CELLS], other[CELLS];

	for (size_t k = 0; k < sizeof unlabelled / sizeof *unlabelled; k++) {
		const double value = at(unlabelled[k], "", B, rows, labels, g);
		ck_assert_msg(at(unlabelled[k], "", B, rows, others, other) == value && !memcmp(g, other, sizeof g), "%s reads labels", unlabelled[k]);
	}
	ck_assert(fabs(at("sdm", "", B, rows, labels, g) - at("sdm", "", B, rows, others, g)) > 0.01);
}
END_TEST

/* At gamma 1, or at the first visit, sogclr's surrogate has gcl's gradient; isogclr with one
 * temperature for all is gcl and 2 t rho. */
START_TEST(moving_means_of_the_batch_give_gcl)
{
	double g[CELLS], s[CELLS], one[CELLS];

	const double value = at("gcl", "tau=0.2", B, rows, labels, g);
	at("sogclr", "tau=0.2 gamma=1", B, rows, labels, s);
	ck_same(s, g, 1, 1e-13, "sogclr");
	ck_assert_double_eq_tol(at("isogclr", "tau=0.2 rho=0.3", B, rows, labels, one), value + 2 * 0.2 * 0.3, 1e-13);
	ck_same(one, g, 1, 1e-13, "isogclr");
}
END_TEST

/* With rows so alike that the whole is NT-Xent without the positive: dcl = log(exp(nt_xent) - 1)
 * - ..., row by row; here of equal rows. */
START_TEST(dcl_is_nt_xent_without_its_positive)
{
	const double t = 0.5, z[CELLS] = { 1, 0, 0, 0, 1, 0, 0, 0, 1, -1, 0, 0, 0, -1, 0, 0, 0, -1, 1, 0, 0, 0, 1, 0, 0, 0, 1, -1, 0, 0, 0, -1, 0, 0, 0, -1 };
	double g[CELLS];

	/* Each row: its own at cosine 1, its opposite twice at -1, eight rows at 0. */
	const double rest = 2 * exp(-1 / t) + 8;
	ck_assert_double_eq_tol(at("nt_xent", "tau=0.5", B, z, labels, g), log(exp(1 / t) + rest) - 1 / t, 1e-13);
	ck_assert_double_eq_tol(at("dcl", "tau=0.5", B, z, labels, g), log(rest) - 1 / t, 1e-13);
}
END_TEST

/* info_nce's derivative by the cosine of a negative is its softmax over t: moving one view's row
 * along another changes the value so; the whole of the negatives' is that of the positive, so
 * that a rotation that moves all cosines of a row alike changes nothing. */
START_TEST(negatives_weigh_as_much_as_the_positive)
{
	const double t = 0.3;
	double z[CELLS] = { 0 }, g[CELLS], share = 0, e[B];

	/* All rows of the first view are (x, y, 0), those of the second (1, 0, 0): the cosines
	 * of a row are all x. */
	for (size_t i = 0; i < B; i++) {
		z[i * C] = 1, z[i * C + 1] = (double)i;
		z[(B + i) * C] = 1;
	}
	ck_assert_double_eq_tol(at("info_nce", "tau=0.3 symmetric=false", B, z, labels, g), log(B), 1e-13);
	for (size_t k = 0; k < B * C; k++)
		ck_assert_double_eq_tol(g[k], 0, 1e-13);
	/* Second view: unit rows at angles whose cosines with (1, 0, 0) are known; by the z-axis
	 * of the first row, at right angles to it. */
	for (size_t i = 0; i < B; i++) {
		z[i * C] = 1, z[i * C + 1] = 0;
		z[(B + i) * C] = cos((double)i), z[(B + i) * C + 2] = sin((double)i);
	}
	for (size_t j = 0; j < B; j++)
		share += e[j] = exp(cos((double)j) / t);
	at("info_nce", "tau=0.3 symmetric=false", B, z, labels, g);
	double want = -sin(0) / t;
	for (size_t j = 0; j < B; j++)
		want += e[j] / share * sin((double)j) / t;
	ck_assert_double_eq_tol(g[2], want / B, 1e-13);
}
END_TEST

/* Its value is that of nt_xent, and so is what the first view gets; the second gets nothing. */
START_TEST(held_target_stays)
{
	double g[CELLS], all[CELLS];

	ck_assert_double_eq_tol(at("target_anchored_info_nce", "tau=0.5", B, rows, labels, g), at("nt_xent", "tau=0.5", B, rows, labels, all), 1e-14);
	for (size_t k = 0; k < CELLS; k++)
		ck_assert_double_eq_tol(g[k], k < B * C ? all[k] : 0, 1e-14);
}
END_TEST

/* Rows in clusters of their own are all negatives alike, once for each division. */
START_TEST(clusters_of_one_row_weigh_alike)
{
	double g[CELLS], others[CELLS];

	const double once = at("weighted_info_nce", "clusters=[6]", B, rows, labels, g);
	ck_assert_double_eq_tol(at("weighted_info_nce", "clusters=[6,100,6]", B, rows, labels, others), once + log(3), 1e-13);
	ck_same(others, g, 1, 1e-13, "three divisions");
}
END_TEST

START_TEST(equal_whitened_views_cost_barlow_nothing)
{
	/* Columns of mean 0 and variance 1 without correlation, over 4 rows. */
	const double white[2 * 4 * C] = { 1, 1, 1, 1, -1, -1, -1, 1, -1, -1, -1, 1, 1, 1, 1, 1, -1, -1, -1, 1, -1, -1, -1, 1 };
	double g[CELLS];

	ck_assert_double_lt(at("barlow_twins", "eps=1e-6", 4, white, labels, g), 1e-10);
	ck_assert_double_lt(at("w_mse", "", 4, white, labels, g), 1e-12);
	ck_assert_double_eq_tol(at("sym_pair", "", 4, white, labels, g), 0, 1e-14);
}
END_TEST

/* The share of inputs that are not where they belong, times the floor of the logarithm. */
START_TEST(steep_sorting_counts_misplaced_rows)
{
	/* Two rows: the first view's are 0.6 alike. In anchor 1 of view 1 the positive has 0.8,
	 * so it is in place; in anchor 2, 0, so both inputs are not. */
	const double s = 0.8, z[4 * C] = { 1, 0, 0, .6, .8, 0, s, -.6, 0, .8, -.6, 0 };
	double g[CELLS];

	/* Anchors of the second view are equal rows: their negative has cosine 1; positives 0.8
	 * and 0: never in place. */
	ck_assert_double_eq_tol(at("groco", "K=1 steepness=1000 relax=logistic", 2, z, labels, g), (0 + 100 + 100 + 100) / 4.0, 1e-9);
}
END_TEST

START_TEST(degenerate_batches)
{
	static const struct {
		const char *name;
		double one;      /* of one row whose views are equal */
	} known[] = { { "nt_xent", 0 }, { "info_nce", 0 }, { "dcl", 0 }, { "dcl_w", 0 }, { "contrastive_hard", 0 }, { "contrastive_simple", -1 }, { "gcl", 0 }, { "mw", 0 },
		      { "sogclr", 0 }, { "isogclr", 0 }, { "groco", 0 }, { "tal", 0 }, { "trl", 0 }, { "align_uniform", 0 }, { "barlow_twins", C }, { "cosent", 0 },
		      { "mega_batch_margin", 0 }, { "w_mse", 2 }, { "byol", 0 }, { "weighted_info_nce", 0 }, { "target_anchored_info_nce", 0 } };
	const double one[2 * C] = { 1, 2, 3, 1, 2, 3 }, zeros[CELLS] = { 0 };
	double g[CELLS];

	for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
		const double value = at(known[k].name, "", 1, one, labels, g);
		ck_assert_msg(fabs(value - known[k].one) < 1e-12, "%s of one row: %g", known[k].name, value);
		for (size_t j = 0; j < 2 * C; j++)
			ck_assert_msg(fabs(g[j]) < 1e-12, "%s of one row moves it by %g", known[k].name, g[j]);
		ck_assert_msg(isfinite(at(known[k].name, "", B, zeros, labels, g)), "%s of rows of zeros", known[k].name);
		for (size_t j = 0; j < CELLS; j++)
			ck_assert_msg(g[j] == 0, "%s moves rows of zeros", known[k].name);
	}
}
END_TEST

/* A row's moving mean after two visits, by hand: all negatives of the first visit have cosine 0,
 * of the second 1. */
START_TEST(sogclr_remembers_rows)
{
	const struct lb_loss *sogclr = lb_loss_of(lb_loss_find(LB_EMBEDDING, "sogclr"));
	const struct lb_arg par[] = { { .v = 0.5 }, { .v = 0.25 } };
	const struct lb_loss_stats stats = { .n_rows = 9, .n_classes = 2 };
	const uint32_t id[] = { 7, 2 };
	const double apart[8] = { 1, 0, 0, 1, 1, 0, 0, 1 }, together[8] = { 1, 0, 1, 0, 1, 0, 1, 0 };
	_Alignas(64) double room[512];
	double g[8];
	struct lb_batch in = { .b = 2, .c = 2, .views = 2, .output = { .value = apart, .grad = g, .rows = 4, .cols = 2, .stride = 2 }, .row_id = id, .par = par, .stats = &stats,
			       .workspace = room, .scale = 1 };

	ck_assert_uint_le(lb_loss_workspace(sogclr, par, &(struct lb_loss_shape){ .b = 2, .c = 2, .views = 2 }), sizeof room);
	in.state = sogclr->init(par, &stats, NULL);
	ck_assert_ptr_nonnull(in.state);
	lb_loss_update_state(sogclr, &in);
	ck_assert_double_eq_tol(lb_loss_apply(sogclr, &in), 2 * (-1 + 0), 1e-14);
	in.output.value = together;
	lb_loss_update_state(sogclr, &in);
	const double u = 0.75 * exp(0 / 0.5) + 0.25 * exp(1 / 0.5);
	ck_assert_double_eq_tol(lb_loss_apply(sogclr, &in), 2 * (-1 + exp(1 / 0.5) / u), 1e-13);
	ck_assert_double_eq_tol(lb_loss_apply(sogclr, &in), 2 * (-1 + exp(1 / 0.5) / u), 1e-13); /* reading changes nothing */
	sogclr->free(in.state);
}
END_TEST

/* One step of a temperature by hand: both directions have log u + rho - h / t with all h = -1. */
START_TEST(isogclr_steps_temperatures)
{
	const struct lb_loss *isogclr = lb_loss_of(lb_loss_find(LB_EMBEDDING, "isogclr"));
	const double rho = 0.3, t = 0.5, rate = 0.1, beta = 0.9;
	const struct lb_arg par[] = { { .v = rho }, { .v = 1 }, { .v = t }, { .v = 0.05 }, { .v = 0.7 }, { .v = rate }, { .v = beta } };
	const struct lb_loss_stats stats = { .n_rows = 2, .n_classes = 2 };
	const uint32_t id[] = { 0, 1 };
	const double z[8] = { 1, 0, 0, 1, 1, 0, 0, 1 };
	_Alignas(64) double room[512];
	double g[8];
	struct lb_batch in = { .b = 2, .c = 2, .views = 2, .output = { .value = z, .grad = g, .rows = 4, .cols = 2, .stride = 2 }, .row_id = id, .par = par, .stats = &stats,
			       .workspace = room, .scale = 1 };

	in.state = isogclr->init(par, &stats, NULL);
	lb_loss_update_state(isogclr, &in);
	ck_assert_double_eq_tol(lb_loss_apply(isogclr, &in), 2 * (-1 + t * rho), 1e-14);
	/* The slope is -1/t + rho + 1/t = rho, so v = beta rho. */
	const double next = t - rate * beta * rho;
	lb_loss_update_state(isogclr, &in);
	ck_assert_double_eq_tol(lb_loss_apply(isogclr, &in), 2 * (-1 + next * rho), 1e-14);
	isogclr->free(in.state);
}
END_TEST

/* A loss with a state through several batches of two rows. */
struct batches {
	const struct lb_loss *loss;
	struct lb_loss_stats stats;
	double room[512];
	struct lb_batch in;
};

static double next(struct batches *b, const double z[8])
{
	b->in.output.value = z;
	lb_loss_update_state(b->loss, &b->in);
	return lb_loss_apply(b->loss, &b->in);
}

static void begin(struct batches *b, const char *name, const struct lb_arg *par)
{
	static double g[8];

	*b = (struct batches){ .loss = lb_loss_of(lb_loss_find(LB_EMBEDDING, name)), .stats = { .n_rows = 4, .n_classes = 2, .n_columns = 2 } };
	b->in = (struct lb_batch){ .b = 2, .c = 2, .views = 2, .output = { .grad = g, .rows = 4, .cols = 2, .stride = 2 }, .par = par, .stats = &b->stats, .workspace = b->room, .scale = 1 };
	b->in.state = b->loss->init(par, &b->stats, NULL);
	ck_assert_ptr_nonnull(b->in.state);
	ck_assert_uint_le(lb_loss_workspace(b->loss, par, &(struct lb_loss_shape){ .b = 2, .c = 2, .views = 2 }), sizeof b->room);
}

/* With room for three rows: the second batch sees the first's two, the third the second's two
 * and the first's last, and so on. */
START_TEST(info_nce_remembers_the_last_rows)
{
	const struct lb_arg par[] = { { .v = 1 }, { .v = 3 } };
	const double a[8] = { 1, 0, 0, 1, 1, 0, 0, 1 }, b[8] = { 1, 0, 1, 0, -1, 0, -1, 0 }, e = exp(1);
	_Alignas(64) struct batches on;

	begin(&on, "info_nce_memory", par);
	ck_assert_double_eq_tol(next(&on, a), log(1 + 1 / e), 1e-14);
	/* Both rows (1, 0): candidates -1, -1, remembered 1, 0. */
	ck_assert_double_eq_tol(next(&on, b), log((2 / e + e + 1) * e), 1e-13);
	/* Remembered: (0, 1) of the first batch, (-1, 0) twice. */
	ck_assert_double_eq_tol(next(&on, b), log((2 / e + 1 + 2 / e) * e), 1e-13);
	/* Remembered: (-1, 0) three times. */
	ck_assert_double_eq_tol(next(&on, b), log((2 / e + 3 / e) * e), 1e-13);
	on.loss->free(on.in.state);
}
END_TEST

START_TEST(dino_reads_the_centre_of_the_batch_before)
{
	const struct lb_arg par[] = { { .v = 1 }, { .v = 1 }, { .v = 0.75 } };
	const double z[8] = { 0, log(3), 0, log(3), log(4), 0, 0, 0 };
	_Alignas(64) struct batches on;

	begin(&on, "dino", par);
	const double p[2] = { 0.25, 0.75 }, entropy[2] = { -log(p[0]), -log(p[1]) };
	ck_assert_double_eq_tol(next(&on, z), ((0.8 + 0.5) * entropy[0] + (0.2 + 0.5) * entropy[1]) / 2, 1e-13);
	/* The centre is a quarter of the mean (log 2, 0): targets (4, 1) and (1, 1), the first
	 * divided by 2^(1/4). */
	const double d = pow(2, 0.25), q = 4 / d / (4 / d + 1), r = 1 / d / (1 / d + 1);
	ck_assert_double_eq_tol(next(&on, z), ((q + r) * entropy[0] + (2 - q - r) * entropy[1]) / 2, 1e-13);
	on.loss->free(on.in.state);
}
END_TEST

START_TEST(tico_keeps_a_covariance)
{
	const struct lb_arg par[] = { { .v = 0.5 }, { .v = 2 } };
	const double z[8] = { 1, 0, 1, 0, 1, 0, 1, 0 };
	_Alignas(64) struct batches on;

	begin(&on, "tico", par);
	ck_assert_double_eq_tol(next(&on, z), 1 - 1 + 2 * 0.5, 1e-14);
	ck_assert_double_eq_tol(next(&on, z), 1 - 1 + 2 * 0.75, 1e-14);
	on.loss->free(on.in.state);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("view_losses");
	TCase *t = tcase_create("views");

	tcase_add_loop_test(t, directions_alone_count, 0, sizeof directions / sizeof *directions);
	tcase_add_test(t, labels_judge_alone);
	tcase_add_test(t, moving_means_of_the_batch_give_gcl);
	tcase_add_test(t, dcl_is_nt_xent_without_its_positive);
	tcase_add_test(t, negatives_weigh_as_much_as_the_positive);
	tcase_add_test(t, held_target_stays);
	tcase_add_test(t, clusters_of_one_row_weigh_alike);
	tcase_add_test(t, equal_whitened_views_cost_barlow_nothing);
	tcase_add_test(t, steep_sorting_counts_misplaced_rows);
	tcase_add_test(t, degenerate_batches);
	tcase_add_test(t, sogclr_remembers_rows);
	tcase_add_test(t, isogclr_steps_temperatures);
	tcase_add_test(t, info_nce_remembers_the_last_rows);
	tcase_add_test(t, dino_reads_the_centre_of_the_batch_before);
	tcase_add_test(t, tico_keeps_a_covariance);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("view_losses")
