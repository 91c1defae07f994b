/* What the processor can do and the operating system lets it do: CPUID, and XCR0 for the registers
 * that are saved on a switch of tasks. Plain C, free of precision. On another processor than x86
 * `x86` is false and nothing is known. */
#ifndef LB_CPU_FEATURES_H
#define LB_CPU_FEATURES_H

#include <stdbool.h>
#include <stdint.h>

enum lb_cpu_feature {
	LB_CPU_SSE42 = 1,
	LB_CPU_AVX = 2,
	LB_CPU_FMA = 4,
	LB_CPU_AVX2 = 8,
	LB_CPU_AVX512 = 16,      /* F, CD, DQ, BW and VL together, as the processors since 2017 have them */
	LB_CPU_BF16 = 32,        /* AVX512_BF16 */
};

struct lb_cpu {
	bool x86;
	char id[48];             /* "GenuineIntel 6-143-8": vendor, family, model, stepping */
	unsigned features;       /* of enum lb_cpu_feature; only what may be used */
};

/* The registers that CPUID leaves, as far as they matter here. */
struct lb_cpu_words {
	uint32_t leaf1_ecx, leaf7_ebx, leaf7_1_eax;
	uint64_t xcr0;           /* 0 where XGETBV may not be asked */
};

/* The features that these words allow: AVX needs the system to save its registers (XCR0 bits 1, 2),
 * AVX-512 also bits 5 to 7. */
unsigned lb_cpu_features(const struct lb_cpu_words *w);

/* This processor; asked once a process. Borrowed. */
const struct lb_cpu *lb_cpu(void);

/* "sse4.2 avx fma": the names of the features in the order above. */
void lb_cpu_feature_names(unsigned features, char *out, int size);

#endif
