#include "core/numeric/cpu_features.h"

#include <stdio.h>
#include <string.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#define HAVE_CPUID 1
#else
#define HAVE_CPUID 0
#endif

#define BIT(n) (UINT32_C(1) << (n))

static bool all(uint64_t word, uint64_t bits)
{
	return (word & bits) == bits;
}

unsigned lb_cpu_features(const struct lb_cpu_words *w)
{
	const uint32_t f_dq_cd_bw_vl = BIT(16) | BIT(17) | BIT(28) | BIT(30) | BIT(31);
	const bool ymm = all(w->xcr0, 0x6), zmm = all(w->xcr0, 0xe6);
	unsigned f = 0;

	f |= all(w->leaf1_ecx, BIT(20)) ? LB_CPU_SSE42 : 0;
	f |= ymm && all(w->leaf1_ecx, BIT(28)) ? LB_CPU_AVX : 0;
	if (!(f & LB_CPU_AVX))
		return f;
	f |= all(w->leaf1_ecx, BIT(12)) ? LB_CPU_FMA : 0;
	f |= all(w->leaf7_ebx, BIT(5)) ? LB_CPU_AVX2 : 0;
	f |= zmm && all(w->leaf7_ebx, f_dq_cd_bw_vl) ? LB_CPU_AVX512 : 0;
	f |= (f & LB_CPU_AVX512) && all(w->leaf7_1_eax, BIT(5)) ? LB_CPU_BF16 : 0;
	return f;
}

#if HAVE_CPUID
static uint64_t xgetbv0(void)
{
	uint32_t low, high;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (uint64_t)high << 32 | low;
}

static void detect(struct lb_cpu *cpu)
{
	struct lb_cpu_words w = { 0 };
	uint32_t a = 0, b = 0, c = 0, d = 0, signature = 0;
	char vendor[13] = "";

	const uint32_t leaves = (uint32_t)__get_cpuid_max(0, NULL);
	if (!leaves)
		return;
	__cpuid(0, a, b, c, d);
	memcpy(vendor, &b, 4);
	memcpy(vendor + 4, &d, 4);
	memcpy(vendor + 8, &c, 4);
	__cpuid(1, signature, b, w.leaf1_ecx, d);
	if (w.leaf1_ecx & BIT(27))
		w.xcr0 = xgetbv0();
	if (leaves >= 7) {
		__cpuid_count(7, 0, a, w.leaf7_ebx, c, d);
		if (a >= 1)
			__cpuid_count(7, 1, w.leaf7_1_eax, b, c, d);
	}
	const uint32_t family = signature >> 8 & 15, extended = signature >> 20 & 255;
	const uint32_t model = (signature >> 4 & 15) | (family == 6 || family == 15 ? signature >> 12 & 0xf0 : 0);
	snprintf(cpu->id, sizeof cpu->id, "%s %u-%u-%u", vendor, (unsigned)(family == 15 ? family + extended : family), (unsigned)model,
		 (unsigned)(signature & 15));
	cpu->features = lb_cpu_features(&w);
	cpu->x86 = true;
}
#else
static void detect(struct lb_cpu *cpu)
{
	(void)cpu;
}
#endif

const struct lb_cpu *lb_cpu(void)
{
	static struct lb_cpu cpu;
	static bool asked;

	if (!asked)
		detect(&cpu);
	asked = true;
	return &cpu;
}

void lb_cpu_feature_names(unsigned features, char *out, int size)
{
	static const char *const names[] = { "sse4.2", "avx", "fma", "avx2", "avx512", "avx512_bf16" };
	int n = 0;

	*out = '\0';
	for (unsigned i = 0; i < sizeof names / sizeof *names && n < size; i++)
		if (features >> i & 1)
			n += snprintf(out + n, (size_t)(size - n), "%s%s", n ? " " : "", names[i]);
}
