/* The choice of BLAS kernels: features by CPUID, candidates by name, the proof of products and its
 * failures, remembered proofs. */
#include "core/numeric/blas_cache.h"
#include "core/numeric/blas_select.h"
#include "core/numeric/blas_selftest.h"
#include "tests/unit/suite.h"

#include <math.h>
#include <string.h>

enum { ALL = 63 };

/* Words of processors as cpuid(1) prints them, and what the system enables. */
static const struct {
	const char *what;
	struct lb_cpu_words w;
	unsigned features;
} processors[] = {
	{ "Sapphire Rapids, everything enabled", { 0xfffa3203, 0xf1bf07ab, 0x00001c30, 0x602e7 }, ALL },
	{ "the same without AVX512_BF16", { 0xfffa3203, 0xf1bf07ab, 0x10, 0xe7 }, ALL & ~LB_CPU_BF16 },
	{ "the same where the system does not save ZMM", { 0xfffa3203, 0xf1bf07ab, 0x30, 0x07 }, LB_CPU_SSE42 | LB_CPU_AVX | LB_CPU_FMA | LB_CPU_AVX2 },
	{ "the same where only half of ZMM is saved", { 0xfffa3203, 0xf1bf07ab, 0x30, 0x67 }, LB_CPU_SSE42 | LB_CPU_AVX | LB_CPU_FMA | LB_CPU_AVX2 },
	{ "the same where the system saves SSE alone", { 0xfffa3203, 0xf1bf07ab, 0x30, 0x03 }, LB_CPU_SSE42 },
	{ "the same where XGETBV may not be asked", { 0xf7fa3203, 0xf1bf07ab, 0x30, 0 }, LB_CPU_SSE42 },
	{ "Knights Landing: AVX-512 without BW, DQ, VL", { 0x7ffefbff, 0x1c0d23ab, 0, 0xe7 }, LB_CPU_SSE42 | LB_CPU_AVX | LB_CPU_FMA | LB_CPU_AVX2 },
	{ "Haswell", { 0x7ffafbbf, 0x000037ab, 0, 0x07 }, LB_CPU_SSE42 | LB_CPU_AVX | LB_CPU_FMA | LB_CPU_AVX2 },
	{ "Sandy Bridge", { 0x1fbae3bf, 0, 0, 0x07 }, LB_CPU_SSE42 | LB_CPU_AVX },
	{ "Nehalem", { 0x009ce3bd, 0, 0, 0 }, LB_CPU_SSE42 },
	{ "Core 2", { 0x0000e3bd, 0, 0, 0 }, 0 },
};

START_TEST(features)
{
	ck_assert_msg(lb_cpu_features(&processors[_i].w) == processors[_i].features, "%s: found %x, expected %x", processors[_i].what,
		      lb_cpu_features(&processors[_i].w), processors[_i].features);
}
END_TEST

START_TEST(feature_names)
{
	char names[64];

	lb_cpu_feature_names(ALL, names, sizeof names);
	ck_assert_str_eq(names, "sse4.2 avx fma avx2 avx512 avx512_bf16");
	lb_cpu_feature_names(LB_CPU_FMA, names, sizeof names);
	ck_assert_str_eq(names, "fma");
	lb_cpu_feature_names(0, names, sizeof names);
	ck_assert_str_eq(names, "");
}
END_TEST

/* /proc/cpuinfo is the kernel's reading of the same bits; it hides what the system does not
 * enable. Of another processor, which emulates this one, it tells nothing. */
START_TEST(this_processor)
{
	static const char *const flags[] = { " sse4_2 ", " avx ", " fma ", " avx2 ", " avx512vl ", " avx512_bf16 " };
	FILE *f = fopen("/proc/cpuinfo", "r");
	char line[8192] = "";

	while (f && strncmp(line, "flags", 5) && fgets(line, sizeof line, f))
		line[strcspn(line, "\n")] = ' ';
	if (f)
		fclose(f);
#if defined __x86_64__ || defined __i386__
	ck_assert(lb_cpu()->x86 && !strncmp(line, "flags", 5));
#else
	ck_assert(!lb_cpu()->x86);
#endif
	for (unsigned i = 0; i < 6 && lb_cpu()->x86; i++)
		ck_assert_msg(!(lb_cpu()->features >> i & 1) == !strstr(line, flags[i]), "%s in %s", flags[i], line);
}
END_TEST

static const struct {
	unsigned features;
	const char *own, *expected;
} choices[] = {
	{ ALL, "Prescott", "Cooperlake SkylakeX Haswell Sandybridge Nehalem " },   /* the Xeon that the library does not know */
	{ ALL & ~LB_CPU_BF16, "Prescott", "SkylakeX Haswell Sandybridge Nehalem " },
	{ ALL & ~(LB_CPU_BF16 | LB_CPU_AVX512), "Prescott", "Haswell Sandybridge Nehalem " },
	{ ALL, "SkylakeX", "Cooperlake " },
	{ ALL, "Cooperlake", "" },
	{ ALL, "SapphireRapids", "" },
	{ ALL, "Zen", "Cooperlake SkylakeX " },                                    /* Zen 4 */
	{ 15, "Zen", "" },
	{ 15, "Haswell", "" },
	{ 15, "haswell", "" },
	{ 7, "Piledriver", "" },                                                   /* knows better than we do */
	{ LB_CPU_SSE42, "Prescott", "Nehalem " },
	{ 0, "Prescott", "" },
	{ ALL, "Set of the future", "" },
};

START_TEST(candidates)
{
	const char *name[40];
	char found[400] = "";
	const size_t n = lb_blas_candidates(choices[_i].features, choices[_i].own, name, 40);

	for (size_t i = 0; i < n; i++) {
		strcat(found, name[i]);
		strcat(found, " ");
	}
	ck_assert_str_eq(found, choices[_i].expected);
	ck_assert_uint_eq(lb_blas_candidates(choices[_i].features, choices[_i].own, name, 1), n > 0);
}
END_TEST

/* ---- the proof ---- */

/* Ways for kernels to be wrong, as they have been seen in libraries. */
enum damage { NONE, LAST_COLUMN, BESIDE, KEEPS_NAN, RESTLESS, SHORT_SUM, HALF_PRECISION, NO_BETA, IGNORES_TRANSPOSE };
static enum damage damage;
static int calls;

#define BROKEN(name, type, plain)                                                                                                \
	static void name(enum CBLAS_ORDER o, enum CBLAS_TRANSPOSE ta, enum CBLAS_TRANSPOSE tb, blasint m, blasint n, blasint k, type alpha, \
			 const type *a, blasint lda, const type *b, blasint ldb, type beta, type *c, blasint ldc)                \
	{                                                                                                                        \
		const type kept = c[0];                                                                                          \
		calls++;                                                                                                         \
		if (damage == IGNORES_TRANSPOSE && m == k && ta == CblasTrans && lda == ldb)                                     \
			ta = CblasNoTrans;                                                                                       \
		if (damage == SHORT_SUM && k > 512)                                                                              \
			k--;                                                                                                     \
		plain(o, ta, tb, m, n, k, alpha, a, lda, b, ldb, damage == NO_BETA && n % 16 ? 0 : beta, c, ldc);                \
		if (damage == LAST_COLUMN && n % 16 == 15)                                                                       \
			c[n - 1] += (type)0.01;                                                                                  \
		if (damage == BESIDE && n % 4 == 3)                                                                              \
			c[n] = 0;                                                                                                \
		if (damage == KEEPS_NAN && beta == 0 && m == 1 && kept != kept)                                                  \
			c[0] = kept;                                                                                             \
		if (damage == RESTLESS && calls % 2)                                                                             \
			c[0] = c[0] * (1 + (sizeof(type) == 4 ? (type)1.2e-7 : (type)2.3e-16));                                  \
		for (blasint i = 0; damage == HALF_PRECISION && sizeof(type) == 8 && i < n; i++)                                 \
			c[i] = (type)(float)c[i];                                                                                \
	}
BROKEN(broken_sgemm, float, cblas_sgemm)
BROKEN(broken_dgemm, double, cblas_dgemm)

static const struct {
	enum damage how;
	const char *said;
} damages[] = {
	{ LAST_COLUMN, "an entry is wrong by more than rounding explains" },
	{ BESIDE, "it wrote beside the result" },
	{ KEEPS_NAN, "an entry is wrong" },
	{ RESTLESS, "a second time it gave other bytes" },
	{ SHORT_SUM, "an entry is wrong" },
	{ HALF_PRECISION, "dgemm of" },
	{ NO_BETA, "an entry is wrong" },
	{ IGNORES_TRANSPOSE, "64 x 64 x 64 (T" },
};

START_TEST(a_wrong_kernel_is_found)
{
	const struct lb_products p = { broken_sgemm, broken_dgemm };
	struct lb_err err = { 0 };
	struct lb_proof proof;

	damage = damages[_i].how;
	ck_assert_int_eq(lb_prove_products(&p, &proof, &err), -1);
	ck_assert_int_eq(err.code, LB_MACHINE);
	ck_assert_msg(strstr(err.text, damages[_i].said) != NULL, "\"%s\" is not in: %s", damages[_i].said, err.text);
}
END_TEST

START_TEST(the_library_is_right)
{
	const struct lb_products p = { cblas_sgemm, cblas_dgemm };
	struct lb_err err = { 0 };
	struct lb_proof proof;
	char found[200];

	openblas_set_num_threads(1);
	ck_assert_msg(lb_prove_products(&p, &proof, &err) == 0, "%s", err.text);
	ck_assert_uint_ge(proof.products, 1000);
	ck_assert(proof.worst > 0 && proof.worst < 1);
	ck_assert_int_eq(lb_blas_prove(openblas_get_corename(), found, sizeof found, &err), 0);
	ck_assert_ptr_nonnull(strstr(found, "the same bytes each time"));
	ck_assert_int_eq(lb_blas_prove("Abacus", found, sizeof found, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "this OpenBLAS has no set Abacus; it runs "));
}
END_TEST

/* The damage stub without damage is right, so that the failures above are the damage's. */
START_TEST(the_stub_is_right)
{
	const struct lb_products p = { broken_sgemm, broken_dgemm };
	struct lb_err err = { 0 };
	struct lb_proof proof;

	damage = NONE;
	ck_assert_msg(lb_prove_products(&p, &proof, &err) == 0, "%s", err.text);
	ck_assert_int_eq(calls, 2 * (int)proof.products);
}
END_TEST

/* ---- the memory ---- */

static const struct {
	const char *text;
	const char *verdict;     /* NULL: not remembered */
} memories[] = {
	{ "key 1\tHaswell\tok\n", "ok" },
	{ "key 1\tHaswell\tok", "ok" },
	{ "key 1\tHaswell\tit crashed (Illegal instruction)\nkey 1\tHaswell\tok\n", "it crashed (Illegal instruction)" },
	{ "\n\n\tx\nkey 2\tHaswell\tok\nkey 1\tHaswell\tok\n", "ok" },
	{ "key 12\tHaswell\tok\n", NULL },
	{ "key\tHaswell\tok\n", NULL },
	{ "key 1\tHaswellX\tok\n", NULL },
	{ "key 1\tHaswell\n", NULL },
	{ "key 1\tHaswell\t\n", NULL },
	{ "key 1\t\n", NULL },
	{ "key 1", NULL },
	{ "", NULL },
	{ NULL, NULL },
	{ "\377\376 not a text\001", NULL },
};

START_TEST(remembered)
{
	char verdict[64] = "untouched";
	const bool found = lb_blas_remembered(memories[_i].text, "key 1", "Haswell", verdict, sizeof verdict);

	ck_assert_int_eq(found, memories[_i].verdict != NULL);
	ck_assert_str_eq(verdict, found ? memories[_i].verdict : "untouched");
}
END_TEST

#define LOOP(test, table) tcase_add_loop_test(c, test, 0, (int)(sizeof table / sizeof *table))

static Suite *suite(void)
{
	Suite *s = suite_create("blas");
	TCase *c = tcase_create("blas");

	tcase_at_least(c, 60);
	LOOP(features, processors);
	LOOP(candidates, choices);
	LOOP(a_wrong_kernel_is_found, damages);
	LOOP(remembered, memories);
	tcase_add_test(c, feature_names);
	tcase_add_test(c, this_processor);
	tcase_add_test(c, the_library_is_right);
	tcase_add_test(c, the_stub_is_right);
	suite_add_tcase(s, c);
	return s;
}

LB_SUITE_MAIN("blas")
