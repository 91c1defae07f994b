/* Random streams against Philox and the distributions. */
#include "core/numeric/rng.h"
#include "tests/unit/suite.h"

#include <Random123/philox.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

START_TEST(philox)
{
	static const struct {
		philox4x32_ctr_t c;
		philox4x32_key_t k;
		uint32_t x[4];
	} cases[] = {
		{ { { 0 } }, { { 0 } }, { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 } },
		{ { { ~0u, ~0u, ~0u, ~0u } }, { { ~0u, ~0u } }, { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd } },
		{ { { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 } }, { { 0xa4093822, 0x299f31d0 } },
		  { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 } },
	};
	struct lb_rng rng;

	for (size_t i = 0; i < 3; i++)
		for (int j = 0; j < 4; j++)
			ck_assert_uint_eq(philox4x32(cases[i].c, cases[i].k).v[j], cases[i].x[j]);
	lb_rng_init(&rng, 0x123456789abcull, LB_RNG_ORDER, 0xfedcba987654ull);
	for (uint32_t block = 0; block < 3; block++) {
		const philox4x32_ctr_t c = { { block, LB_RNG_ORDER, 0xba987654, 0xfedc } };
		const philox4x32_key_t k = { { 0x56789abc, 0x1234 } };
		for (int j = 0; j < 4; j++)
			ck_assert_uint_eq(lb_rng_u32(&rng), philox4x32(c, k).v[j]);
	}
}
END_TEST

START_TEST(uniform_and_normal)
{
	enum { N = 100000 };
	double sum = 0, square = 0, normal = 0, normal_square = 0, least = 1, most = 0;
	struct lb_rng rng;

	lb_rng_init(&rng, 1, LB_RNG_TEST, 2);
	for (int i = 0; i < N; i++) {
		const double u = lb_rng_unit(&rng), x = lb_rng_normal(&rng);
		ck_assert(u >= 0 && u < 1 && isfinite(x));
		sum += u;
		square += u * u;
		normal += x;
		normal_square += x * x;
		least = fmin(least, u);
		most = fmax(most, u);
	}
	/* Five standard errors. */
	ck_assert_double_eq_tol(sum / N, 0.5, 5 * sqrt(1.0 / 12 / N));
	ck_assert_double_eq_tol(square / N, 1.0 / 3, 5 * sqrt(4.0 / 45 / N));
	ck_assert_double_eq_tol(normal / N, 0, 5 / sqrt(N));
	ck_assert_double_eq_tol(normal_square / N, 1, 5 * sqrt(2.0 / N));
	ck_assert(least < 1e-3 && most > 1 - 1e-3);
}
END_TEST

START_TEST(below)
{
	enum { SIDES = 6, N = 60000 };
	int count[SIDES] = { 0 };
	double chi2 = 0;
	struct lb_rng rng;

	lb_rng_init(&rng, 3, LB_RNG_TEST, 0);
	for (int i = 0; i < N; i++)
		count[lb_rng_below(&rng, SIDES)]++;
	for (int i = 0; i < SIDES; i++)
		chi2 += pow(count[i] - N / SIDES, 2) / (N / SIDES);
	ck_assert_double_lt(chi2, 25.7); /* 1 - 1e-4 quantile at 5 degrees of freedom */
	for (int i = 0; i < 100; i++)
		ck_assert_uint_eq(lb_rng_below(&rng, 1), 0);
	lb_rng_below(&rng, (uint64_t)1 << 32);
}
END_TEST

/* Every order of three is about as frequent; a shuffle of many is a permutation. */
START_TEST(shuffle)
{
	enum { N = 60000, MANY = 1000 };
	int count[27] = { 0 }, orders = 0;
	uint32_t many[MANY];
	bool seen[MANY] = { false };
	struct lb_rng rng;

	lb_rng_init(&rng, 5, LB_RNG_TEST, 0);
	for (int i = 0; i < N; i++) {
		uint32_t v[3] = { 0, 1, 2 };
		lb_rng_shuffle(&rng, v, 3);
		count[v[0] * 9 + v[1] * 3 + v[2]]++;
	}
	for (int i = 0; i < 27; i++) {
		orders += count[i] > 0;
		ck_assert(count[i] == 0 || abs(count[i] - N / 6) < 500);
	}
	ck_assert_int_eq(orders, 6);
	for (uint32_t i = 0; i < MANY; i++)
		many[i] = i;
	lb_rng_shuffle(&rng, many, MANY);
	for (int i = 0; i < MANY; i++)
		seen[many[i]] = true;
	for (int i = 0; i < MANY; i++)
		ck_assert(seen[i]);
	lb_rng_shuffle(&rng, many, 0);
}
END_TEST

START_TEST(streams_differ)
{
	static const struct {
		uint64_t seed, index;
		enum lb_purpose purpose;
	} keys[] = { { 1, 0, LB_RNG_INIT }, { 2, 0, LB_RNG_INIT }, { 1, 1, LB_RNG_INIT }, { 1, 0, LB_RNG_ORDER },
		     { (uint64_t)1 << 32, 0, LB_RNG_INIT }, { 1, (uint64_t)1 << 32, LB_RNG_INIT } };
	enum { KEYS = sizeof keys / sizeof *keys };
	uint32_t first[KEYS];

	for (int i = 0; i < KEYS; i++) {
		struct lb_rng rng, again;
		lb_rng_init(&rng, keys[i].seed, keys[i].purpose, keys[i].index);
		lb_rng_init(&again, keys[i].seed, keys[i].purpose, keys[i].index);
		first[i] = lb_rng_u32(&rng);
		ck_assert_uint_eq(first[i], lb_rng_u32(&again));
		for (int j = 0; j < i; j++)
			ck_assert_uint_ne(first[i], first[j]);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("rng");
	TCase *tc = tcase_create("rng");

	tcase_at_least(tc, 120);
	tcase_add_test(tc, philox);
	tcase_add_test(tc, uniform_and_normal);
	tcase_add_test(tc, below);
	tcase_add_test(tc, shuffle);
	tcase_add_test(tc, streams_differ);
	suite_add_tcase(s, tc);
	return s;
}

LB_SUITE_MAIN("rng")
