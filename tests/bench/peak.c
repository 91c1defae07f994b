/* What the machine's multiply-adds give now: peak THREADS SECONDS prints GFLOP/s of that many
 * threads together, each with a product of its own that stays in the first cache, by the kernels
 * that training uses. */
#define LB_REAL 32
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/engine/kernels/kernels.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { M = 56, N = 2 * LB_PANEL, K = 64, AT_ONCE = 100, MOST = 64 };

struct worker {
	pthread_t thread;
	double until, flop;
	struct lb_left a;
	struct lb_panels b, c;
};

static void *work(void *arg)
{
	struct worker *w = arg;

	while (lb_seconds() < w->until) {
		for (int i = 0; i < AT_ONCE; i++)
			lb_kernel()->product(M, N, K, w->a, w->b, NULL, w->c);
		w->flop += 2.0 * AT_ONCE * M * N * K;
	}
	return NULL;
}

static int prepare(struct worker *w, double until)
{
	real *x = lb_alloc_aligned(M * K + K * N + M * N, sizeof(real), NULL);

	for (size_t i = 0; x && i < M * K + K * N; i++)
		x[i] = (real)(i * 7919 % 1009) / 1009 - R(0.5);
	*w = (struct worker){ .until = until, .a = { x, 1, M }, .b = { x + M * K, K * LB_PANEL, LB_PANEL },
			      .c = { x + M * K + K * N, M * LB_PANEL, LB_PANEL } };
	return x ? 0 : -1;
}

int main(int argc, char **argv)
{
	static struct worker w[MOST];
	const int n = argc == 3 ? atoi(argv[1]) : 0;
	const double start = lb_seconds(), seconds = argc == 3 ? atof(argv[2]) : 0;
	double flop = 0;

	if (n < 1 || n > MOST || !(seconds > 0)) {
		fprintf(stderr, "usage: peak THREADS SECONDS, with 1 to %d threads and more than 0 seconds\n", MOST);
		return 2;
	}
	for (int i = 0; i < n; i++)
		if (prepare(&w[i], start + seconds) || pthread_create(&w[i].thread, NULL, work, &w[i]))
			return 5;
	for (int i = 0; i < n; i++) {
		pthread_join(w[i].thread, NULL);
		flop += w[i].flop;
		free((void *)w[i].a.x);
	}
	printf("%.3f\n", flop / (lb_seconds() - start) * 1e-9);
	return 0;
}
