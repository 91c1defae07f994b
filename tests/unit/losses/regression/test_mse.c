/* One target a row is computed by vectors, several by exact squares: in both precisions the bytes
 * of one target are those of the same target twice. */
#include "tests/unit/losses/loss_fixture.h"

enum { ROWS = 301 };

START_TEST(one_target_is_twice_the_same)
{
	double z[ROWS], t[ROWS], g[ROWS], z_twice[2 * ROWS], t_twice[2 * ROWS], g_twice[2 * ROWS], value, twice;
	const struct lb_loss_info *mse = lb_loss_find(LB_REGRESSION, "mse");
	struct lb_err err = { 0 };

	for (size_t i = 0; i < ROWS; i++) {
		z[i] = sin(1.7 * (double)i) * pow(10, (double)(i % 9) - 4);
		t[i] = cos(0.9 * (double)i);
		z_twice[2 * i] = z_twice[2 * i + 1] = z[i];
		t_twice[2 * i] = t_twice[2 * i + 1] = t[i];
	}
	for (int bits = 32; bits <= 64; bits += 32)
		for (int half = 0; half < 2; half++) {
			const struct lb_arg par[] = { { .v = half } };
			for (size_t i = 0; i < ROWS; i++) { /* each row by itself: its value, not that of the sum */
				const struct lb_loss_input one = { .b = 1, .c = 1, .z = z + i, .t = t + i, .par = par },
							   two = { .b = 1, .c = 2, .z = z_twice + 2 * i, .t = t_twice + 2 * i, .par = par };
				ck_assert(!lb_loss_eval(mse, bits, &one, &value, g, &err) && !lb_loss_eval(mse, bits, &two, &twice, g_twice, &err));
				ck_assert_msg(value == twice, "row %zu, %d bits: %.17g, %.17g twice", i, bits, value, twice);
			}
			const struct lb_loss_input one = { .b = ROWS, .c = 1, .z = z, .t = t, .par = par },
						   two = { .b = ROWS, .c = 2, .z = z_twice, .t = t_twice, .par = par };
			ck_assert(!lb_loss_eval(mse, bits, &one, &value, g, &err) && !lb_loss_eval(mse, bits, &two, &twice, g_twice, &err));
			ck_assert_msg(value == twice, "%d bits: %.17g, %.17g twice", bits, value, twice);
			for (size_t i = 0; i < ROWS; i++)
				ck_assert(g[i] == 2 * g_twice[2 * i] && g[i] == 2 * g_twice[2 * i + 1]);
		}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("mse");
	TCase *t = tcase_create("mse");

	tcase_add_test(t, one_target_is_twice_the_same);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("mse")
