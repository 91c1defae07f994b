/* Losses of padded rows, as the trainer stores them, against the same rows without padding: there
 * the softmax of all rows is made at once (core/engine/kernels/kernels.h), here row by row. Every
 * loss that is a sum over rows, every setting; in double. */
#include "core/base/mem.h"
#include "losses/loss.h"
#include "tests/unit/losses/loss_fixture.h"

#include <stdlib.h>

enum { ROWS = 37, PAD = 16 };

static double tight[ROWS * MOST_CLASSES], padded[ROWS * PAD], g_tight[ROWS * MOST_CLASSES], g_padded[ROWS * PAD],
	room[ROWS * (MOST_CLASSES + 4) + 16], weight[ROWS], target[ROWS * MOST_CLASSES];
static int32_t y[ROWS];
static uint32_t id[ROWS];

static void draw_rows(const struct lb_loss *loss, size_t c, size_t ld, double scale)
{
	struct lb_rng rng;

	lb_rng_init(&rng, 3, LB_RNG_TEST, c);
	for (size_t i = 0; i < ROWS; i++) {
		y[i] = (int32_t)lb_rng_below(&rng, c < 2 ? 2 : c);
		id[i] = (uint32_t)i;
		weight[i] = 0.5 + lb_rng_unit(&rng);
		for (size_t k = 0; k < c; k++) {
			tight[i * c + k] = padded[i * ld + k] = scale * lb_rng_normal(&rng);
			target[i * c + k] = lb_rng_normal(&rng);
			if (loss->info.kind == LB_SURVIVAL || !lb_targets_allow(loss->info.targets, target[i * c + k]))
				target[i * c + k] = fabs(target[i * c + k]) + 0.01;
		}
		for (size_t k = c; k < ld; k++)
			padded[i * ld + k] = 0;
	}
}

static void ck_alike(const struct lb_loss *loss, const struct lb_arg *par, const char *name)
{
	const size_t c = loss->info.kind == LB_BINARY ? 1 : MOST_CLASSES, ld = PAD;
	const struct lb_loss_stats stats = { .n_rows = ROWS, .n_classes = c < 2 ? 2 : c, .counts = lb_drawn_counts, .scale = 1 };
	struct lb_err err = { 0 };
	void *state = loss->init ? loss->init(par, &stats, &err) : NULL;
	const enum lb_kind kind = loss->info.kind;
	struct lb_batch in = { .b = ROWS, .c = c, .views = 1, .output = { .value = tight, .grad = g_tight, .rows = ROWS, .cols = c, .stride = c },
			       .y = y, .target = lb_kind_of_targets(kind) ? target : NULL, .teacher = kind == LB_DISTILLATION || loss->info.needs & LB_NEEDS_TEACHER ? target : NULL, .label_matrix = kind == LB_MULTILABEL ? target : NULL,
			       .row_id = id, .row_weight = weight, .par = par, .stats = &stats, .state = state, .workspace = room, .scale = 1 };
	double largest = 0;

	ck_assert_msg(!loss->init || state, "%s: %s", name, err.text);
	lb_loss_update_state_f64(loss, &in);
	const double want = lb_loss_apply_f64(loss, &in);
	in.output.value = padded;
	in.output.grad = g_padded;
	in.output.stride = ld;
	memset(g_padded, 0, sizeof g_padded);
	const double got = lb_loss_apply_f64(loss, &in);
	ck_assert_msg(fabs(got - want) <= 1e-12 * fabs(want) + 1e-300, "%s: %.17g padded, %.17g tight", name, got, want);
	for (size_t i = 0; i < ROWS * c; i++)
		largest = fmax(largest, fabs(g_tight[i]));
	for (size_t i = 0; i < ROWS * ld; i++) {
		const double g = i % ld < c ? g_tight[i / ld * c + i % ld] : 0;
		ck_assert_msg(fabs(g_padded[i] - g) <= 1e-12 * largest, "%s: gradient %zu is %.17g padded, %.17g tight", name, i, g_padded[i],
			      g);
	}
	in.output.grad = NULL;
	const double value = lb_loss_apply_f64(loss, &in);
	ck_assert_msg(fabs(value - want) <= 1e-12 * fabs(want) + 1e-300, "%s: %.17g by itself, %.17g with its gradient", name, value, want);
	if (state)
		loss->free(state);
}

START_TEST(padded_rows_are_as_good)
{
	const struct lb_loss *loss = lb_loss_get_f64((size_t)_i);
	struct lb_subject s;

	set_up(&s, _i);
	if (!loss->form->row || (loss->info.kind == LB_REGRESSION && !loss->form->entries))
		return;
	for (size_t k = 0; k < s.n; k++)
		for (int scale = 0; scale < 2; scale++) {
			draw_rows(loss, loss->info.kind == LB_BINARY ? 1 : MOST_CLASSES, PAD, scale ? 12 : 1);
			for (size_t k = 0; loss->info.kind == LB_MULTILABEL && k < ROWS * MOST_CLASSES; k++)
				target[k] = (double)(k % 7 % 3) - 1;
			ck_alike(loss, s.settings[k], loss->info.base.name);
		}
}
END_TEST

/* A score that is not a number spoils its own row, and the sum; the other rows keep theirs. */
START_TEST(nan_stays_in_its_row)
{
	const struct lb_loss *loss = lb_loss_get_f64((size_t)_i);
	const struct lb_loss_stats stats = { .n_rows = ROWS, .n_classes = MOST_CLASSES, .counts = lb_drawn_counts, .scale = 1 };
	struct lb_subject s;

	set_up(&s, _i);
	if (!loss->form->lanes)
		return;
	struct lb_batch in = { .b = ROWS, .c = MOST_CLASSES, .views = 1, .y = y, .par = s.settings[0], .stats = &stats, .workspace = room, .scale = 1,
			       .output = { .value = padded, .grad = g_padded, .rows = ROWS, .cols = MOST_CLASSES, .stride = PAD } };
	draw_rows(loss, MOST_CLASSES, PAD, 1);
	lb_loss_apply_f64(loss, &in);
	for (size_t i = 0; i < ROWS; i++)
		memcpy(g_tight + i * MOST_CLASSES, g_padded + i * PAD, MOST_CLASSES * sizeof *g_tight);
	padded[20 * PAD + 1] = (double)NAN;
	ck_assert(isnan(lb_loss_apply_f64(loss, &in)));
	for (size_t i = 0; i < ROWS; i++)
		for (size_t k = 0; k < MOST_CLASSES; k++)
			if (i == 20)
				ck_assert_msg(isnan(g_padded[i * PAD + k]), "%s", loss->info.base.name);
			else
				ck_assert_msg(g_padded[i * PAD + k] == g_tight[i * MOST_CLASSES + k], "%s", loss->info.base.name);
}
END_TEST

/* Entries of many rows at once have the bytes of the rows one by one, in one column and in
 * several. */
START_TEST(entries_are_the_rows)
{
	const struct lb_loss *loss = lb_loss_get_f64((size_t)_i);
	const struct lb_loss_stats stats = { .n_rows = ROWS, .n_classes = MOST_CLASSES, .scale = 1 };
	struct lb_form by_row;
	struct lb_loss alone;
	struct lb_subject s;

	set_up(&s, _i);
	if (!loss->form->entries)
		return;
	by_row = *loss->form;
	by_row.entries = NULL;
	alone = *loss;
	alone.form = &by_row;
	for (size_t k = 0; k < s.n; k++)
		for (size_t c = 1; c <= 3; c += 2) {
			struct lb_err err = { 0 };
			draw_rows(loss, c, c, 2);
			tight[c] = (double)NAN;
			struct lb_batch in = { .b = ROWS, .c = c, .views = 1, .target = target, .row_weight = weight, .par = s.settings[k], .stats = &stats,
					       .workspace = room, .scale = 1, .state = loss->init ? loss->init(s.settings[k], &stats, &err) : NULL,
					       .output = { .value = tight, .grad = g_tight, .rows = ROWS, .cols = c, .stride = c } };
			struct lb_batch other = in;
			other.output.grad = g_padded;
			ck_assert_msg(isnan(lb_loss_apply_f64(loss, &in)) && isnan(lb_loss_apply_f64(&alone, &other)) && isnan(g_tight[c]), "%s", loss->info.base.name);
			ck_assert_msg(!memcmp(g_tight, g_padded, c * sizeof *g_tight), "%s", loss->info.base.name);
			ck_assert_msg(!memcmp(g_tight + 2 * c, g_padded + 2 * c, (ROWS - 2) * c * sizeof *g_tight), "%s", loss->info.base.name);
			tight[c] = 0.5;
			ck_assert_msg(lb_loss_apply_f64(loss, &in) == lb_loss_apply_f64(&alone, &other), "%s", loss->info.base.name);
			if (loss->free)
				loss->free(in.state);
		}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("apply");
	TCase *t = tcase_create("loss_rows");
	int n = 0;

	while (lb_loss_at((size_t)n))
		n++;
	tcase_add_loop_test(t, padded_rows_are_as_good, 0, n);
	tcase_add_loop_test(t, entries_are_the_rows, 0, (int)lb_loss_count());
	tcase_add_loop_test(t, nan_stays_in_its_row, 0, n);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN_OF_MANY("apply")
