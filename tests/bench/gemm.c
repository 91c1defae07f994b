/* Speed of the BLAS product: gemm [PRECISION M N K TA TB]... with PRECISION s or d and TA, TB each
 * N or T. Prints GFLOP/s of the best of several rounds on one thread for each group of six words, a
 * number a line. */
#include "core/base/clock.h"
#include "core/base/mem.h"

#include <cblas.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { WORDS = 6, ROUNDS = 9 };

struct product {
	bool two;
	int m, n, k;
	enum CBLAS_TRANSPOSE ta, tb;
	void *a, *b, *c;
};

static void multiply(const struct product *p)
{
	const int lda = p->ta == CblasNoTrans ? p->k : p->m, ldb = p->tb == CblasNoTrans ? p->n : p->k;

	if (p->two)
		cblas_dgemm(CblasRowMajor, p->ta, p->tb, p->m, p->n, p->k, 1, p->a, lda, p->b, ldb, 0, p->c, p->n);
	else
		cblas_sgemm(CblasRowMajor, p->ta, p->tb, p->m, p->n, p->k, 1, p->a, lda, p->b, ldb, 0, p->c, p->n);
}

/* The best of rounds of some ten milliseconds. */
static double speed(const struct product *p)
{
	const double flop = 2.0 * p->m * p->n * p->k;
	const int times = (int)(3e8 / flop) + 1;
	double best = 0;

	for (int round = 0; round <= ROUNDS; round++) {
		const double start = lb_seconds();
		for (int i = 0; i < times; i++)
			multiply(p);
		const double gflops = flop * times / (lb_seconds() - start) * 1e-9;
		best = round && gflops > best ? gflops : best;
	}
	return best;
}

static void fill(const struct product *p, void *x, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const double v = (double)(i * 7919 % 1009) / 1009 - 0.5;
		if (p->two)
			((double *)x)[i] = v;
		else
			((float *)x)[i] = (float)v;
	}
}

static int measure(char **word)
{
	struct product p = { .two = word[0][0] == 'd', .m = atoi(word[1]), .n = atoi(word[2]), .k = atoi(word[3]),
			     .ta = word[4][0] == 'T' ? CblasTrans : CblasNoTrans, .tb = word[5][0] == 'T' ? CblasTrans : CblasNoTrans };
	int code = 1;

	if (p.m < 1 || p.n < 1 || p.k < 1) {
		fprintf(stderr, "gemm: found %s %s %s, allowed: sizes above 0\n", word[1], word[2], word[3]);
		return 2;
	}
	const size_t a = (size_t)p.m * (size_t)p.k, b = (size_t)p.k * (size_t)p.n, c = (size_t)p.m * (size_t)p.n;
	p.a = lb_alloc_aligned(a, sizeof(double), NULL);
	p.b = lb_alloc_aligned(b, sizeof(double), NULL);
	p.c = lb_alloc_aligned(c, sizeof(double), NULL);
	if (p.a && p.b && p.c) {
		fill(&p, p.a, a);
		fill(&p, p.b, b);
		printf("%.3f\n", speed(&p));
		code = 0;
	}
	free(p.a);
	free(p.b);
	free(p.c);
	return code;
}

int main(int argc, char **argv)
{
	int code = 0;

	if (argc < 1 + WORDS || (argc - 1) % WORDS) {
		fprintf(stderr, "usage: gemm [s|d M N K N|T N|T]...\n");
		return 2;
	}
	openblas_set_num_threads(1);
	for (int i = 1; i < argc && !code; i += WORDS)
		code = measure(argv + i);
	return code;
}
