/* Numbers as text and back, buffers, the nearest word, UTF-8. */
#include "core/base/err.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/numeric/rng.h"
#include "tests/unit/suite.h"

#include <float.h>
#include <math.h>
#include <string.h>

START_TEST(buffers)
{
	struct lb_buf b = { 0 };

	for (int i = 0; i < 100; i++) {
		lb_buf_puts(&b, "ab");
		lb_buf_printf(&b, "%02d", i);
		lb_buf_add(&b, "", 0);
	}
	ck_assert(!b.bad);
	ck_assert_uint_eq(b.n, 400);
	ck_assert_uint_eq(strlen(b.s), 400);
	ck_assert_str_eq(b.s + 396, "ab99");
	lb_buf_free(&b);
	ck_assert_ptr_null(b.s);
}
END_TEST

START_TEST(double_text)
{
	static const struct {
		double v;
		const char *text;
	} cases[] = {
		{ 0, "0" }, { -0.0, "0" }, { 1, "1" }, { -1, "-1" }, { 10, "10" }, { 0.1, "0.1" }, { 0.1 + 0.2, "0.30000000000000004" },
		{ 1e21, "1e+21" }, { 1e20, "100000000000000000000" }, { 123456789012345680000.0, "123456789012345680000" },
		{ 1.5e300, "1.5e+300" }, { 5e-324, "5e-324" }, { 1e-7, "1e-7" }, { 1.5e-7, "1.5e-7" }, { 0.000001, "0.000001" },
		{ 0.0000015, "0.0000015" }, { 9007199254740992, "9007199254740992" }, { -123.456, "-123.456" },
		{ DBL_MAX, "1.7976931348623157e+308" }, { DBL_MIN, "2.2250738585072014e-308" }, { 1e23, "1e+23" },
		{ 9.5, "9.5" }, { 999999999999999900000.0, "999999999999999900000" }, { 1.0 / 3, "0.3333333333333333" },
		/* Powers of two, where the nearest 16 digits do not read back but the next ones up
		 * do. */
		{ 0x1p-44, "5.684341886080802e-14" }, { 0x1p-1017, "7.120236347223045e-307" },
		/* RFC 8785, appendix B. */
		{ -5e-324, "-5e-324" }, { 295147905179352830000.0, "295147905179352830000" }, { 9.999999999999997e22, "9.999999999999997e+22" },
		{ 333333333.33333325, "333333333.33333325" }, { 1424953923781206.25, "1424953923781206.2" },
	};
	char text[LB_DOUBLE_TEXT];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		ck_assert_uint_eq(lb_double_text(cases[i].v, text), strlen(cases[i].text));
		ck_assert_str_eq(text, cases[i].text);
	}
}
END_TEST

START_TEST(double_text_reads_back)
{
	struct lb_rng rng;
	char text[LB_DOUBLE_TEXT];
	double v, back;

	lb_rng_init(&rng, 7, LB_RNG_TEST, 0);
	for (int i = 0; i < 100000; i++) {
		const uint64_t bits = (uint64_t)lb_rng_u32(&rng) << 32 | lb_rng_u32(&rng);
		memcpy(&v, &bits, sizeof v);
		if (!isfinite(v))
			continue;
		const size_t n = lb_double_text(v, text);
		ck_assert_uint_lt(n, LB_DOUBLE_TEXT);
		ck_assert_msg(lb_parse_double(text, n, &back) && back == v, "%s is not %a", text, v);
	}
}
END_TEST

START_TEST(parse_double)
{
	static const struct {
		const char *text;
		double v;
	} good[] = {
		{ "0", 0 }, { "-1.5", -1.5 }, { "+2.", 2 }, { ".5", 0.5 }, { "1e3", 1000 }, { "1E-3", 0.001 }, { "1.0e+2", 100 },
		{ "0.1", 0.1 }, { "123456789012345", 123456789012345 }, { "1e-999", 0 }, { "4.9406564584124654e-324", 5e-324 },
		{ "0.000000000000000000000000000000000000000000000000000000000000000000000000000000000000001", 1e-87 },
		{ "9007199254740993", 9007199254740992 }, { "0.30000000000000004", 0.1 + 0.2 },
	};
	static const char *const bad[] = { "", ".", "+", "-", "e3", "1e", "1e+", " 1", "1 ", "0x10", "inf", "nan", "1e999", "1,5", "1_000", "--1", "1.2.3" };
	double v;

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		ck_assert_msg(lb_parse_double(good[i].text, strlen(good[i].text), &v), "%s", good[i].text);
		ck_assert_msg(v == good[i].v, "%s gives %a", good[i].text, v);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(!lb_parse_double(bad[i], strlen(bad[i]), &v), "%s", bad[i]);
	ck_assert(lb_parse_double("12345", 2, &v) && v == 12);
}
END_TEST

START_TEST(parse_int)
{
	static const char *const bad[] = { "", "-", "1.0", "1e3", " 1", "9007199254740993", "99999999999999999999999", "0x1", "a" };
	int64_t v;

	ck_assert(lb_parse_int("-9007199254740992", 17, &v) && v == -9007199254740992);
	ck_assert(lb_parse_int("+007", 4, &v) && v == 7);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(!lb_parse_int(bad[i], strlen(bad[i]), &v), "%s", bad[i]);
}
END_TEST

START_TEST(nearest)
{
	static const char *const words[] = { "accuracy", "gamma", "learning_rate", "q" };
	char longest[400] = { 0 };

	ck_assert_str_eq(lb_nearest("gama", words, 4), "gamma");
	ck_assert_str_eq(lb_nearest("GAMMA", words, 4), "gamma");
	ck_assert_str_eq(lb_nearest("acuracy", words, 4), "accuracy");
	ck_assert_ptr_null(lb_nearest("zzzzzz", words, 4));
	ck_assert_ptr_null(lb_nearest("gamma", words, 0));
	memset(longest, 'a', sizeof longest - 1);
	ck_assert_ptr_null(lb_nearest(longest, words, 4));
}
END_TEST

START_TEST(utf8)
{
	static const char *const good[] = { "", "a", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xED\x9F\xBF", "\xF4\x8F\xBF\xBF" };
	static const char *const bad[] = { "\x80", "\xC3", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80",
					   "\xE2\x82", "\xE2\x28\xA1", "\xFF" };

	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		ck_assert(lb_utf8_valid(good[i], strlen(good[i])));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(!lb_utf8_valid(bad[i], strlen(bad[i])), "case %zu", i);
	ck_assert(!lb_utf8_valid("a\0b", 3));
}
END_TEST

/* Random123's published known answers for philox4x32-10, and that lb_rng is that function of
 * (block, purpose, index; seed). */
START_TEST(visible_text)
{
	static const struct {
		const char *text, *shown, *yaml;
	} cases[] = {
		{ "plain \xC3\xA9 \xE2\x82\xAC", "plain \xC3\xA9 \xE2\x82\xAC", "\"plain \xC3\xA9 \xE2\x82\xAC\"" },
		{ "a\x1b[2J\n\tb\x7f", "a\\x1b[2J\\x0a\\x09b\\x7f", "\"a\\u001B[2J\\u000A\\u0009b\\u007F\"" },
		{ "\xC2\x9b" "31m", "\\xc2\\x9b31m", "\"\\u009B31m\"" },
		{ "\xE2\x80\xAE" "cba", "\\xe2\\x80\\xaecba", "\"\\u202Ecba\"" },
		{ "say \"hi\" \\", "say \"hi\" \\", "\"say \\\"hi\\\" \\\\\"" },
		{ "\xff\xC3", "\\xff\\xc3", NULL },
		{ "", "", "\"\"" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lb_buf b = { 0 };
		lb_buf_visible(&b, cases[i].text);
		ck_assert_str_eq(b.s ? b.s : "", cases[i].shown);
		lb_buf_free(&b);
		if (cases[i].yaml) {
			lb_buf_yaml(&b, cases[i].text);
			ck_assert_str_eq(b.s, cases[i].yaml);
			lb_buf_free(&b);
		}
	}

	/* Line ends stay; what does not fit as a whole is left off. */
	char out[8];
	lb_visible(out, sizeof out, "a\x1b\nb\x1b");
	ck_assert_str_eq(out, "a\\x1b\nb");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("text");
	TCase *tc = tcase_create("text");

	tcase_at_least(tc, 120);
	tcase_add_test(tc, buffers);
	tcase_add_test(tc, double_text);
	tcase_add_test(tc, double_text_reads_back);
	tcase_add_test(tc, parse_double);
	tcase_add_test(tc, parse_int);
	tcase_add_test(tc, nearest);
	tcase_add_test(tc, utf8);
	tcase_add_test(tc, visible_text);
	suite_add_tcase(s, tc);
	return s;
}

LB_SUITE_MAIN("text")
