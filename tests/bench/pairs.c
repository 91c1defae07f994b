/* Times losses over pairs against the number of rows, a tenth of them positive: `pairs RUNS
 * ROWS...` prints CSV, the least seconds of value and gradient over the runs, and how far the value
 * is from the plain sum over all pairs (up to 20000 rows). The line `sum over pairs` is that sum
 * for the squared hinge, without gradient. */
#include "core/base/clock.h"
#include "core/numeric/rng.h"
#include "losses/eval.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ROWS_FOR_THE_SUM = 20000, MOST_PARAMS = 16 };

static double squared_hinge(double d)
{
	return d < 1 ? (1 - d) * (1 - d) : 0;
}

static double hinge(double d)
{
	return d < 1 ? 1 - d : 0;
}

static double squared(double d)
{
	return (1 - d) * (1 - d);
}

static double exponential(double d)
{
	return exp(-d);
}

static double logistic(double d)
{
	return log1p(exp(-d));
}

static const struct {
	const char *name;
	double (*psi)(double d);
} losses[] = {
	{ "pairwise_squared", squared },   { "pairwise_exponential", exponential }, { "pairwise_hinge", hinge },
	{ "pairwise_squared_hinge", squared_hinge }, { "mw", logistic },
};

struct rows {
	size_t n;
	double *z, *g;
	int32_t *y;
};

static int rows_make(struct rows *r, size_t n)
{
	struct lb_rng rng;

	*r = (struct rows){ .n = n, .z = calloc(n, sizeof *r->z), .g = calloc(n, sizeof *r->g), .y = calloc(n, sizeof *r->y) };
	if (!r->z || !r->g || !r->y)
		return -1;
	lb_rng_init(&rng, 1, LB_RNG_TEST, n);
	for (size_t i = 0; i < n; i++) {
		r->y[i] = i % 10 == 0;
		r->z[i] = r->y[i] + lb_rng_normal(&rng);
	}
	return 0;
}

static void rows_free(struct rows *r)
{
	free(r->z);
	free(r->g);
	free(r->y);
}

static double sum_over_pairs(const struct rows *r, double (*psi)(double d))
{
	double sum = 0, pairs = 0;

	for (size_t i = 0; i < r->n; i++)
		for (size_t j = 0; r->y[i] && j < r->n; j++)
			if (!r->y[j]) {
				sum += psi(r->z[i] - r->z[j]);
				pairs++;
			}
	return sum / pairs;
}

static int time_loss(const struct rows *r, size_t k, int runs)
{
	const struct lb_loss_info *loss = lb_loss_find(LB_BINARY, losses[k].name);
	struct lb_arg par[MOST_PARAMS];
	struct lb_arg_store store = { 0 };
	double least = HUGE_VAL, value = 0;

	if (!loss || lb_args_from_text(&loss->base, "", par, &store, NULL))
		return -1;
	const struct lb_loss_input in = { .b = r->n, .c = 1, .z = r->z, .y = r->y, .par = par };
	int failed = 0;
	for (int run = 0; !failed && run < runs; run++) {
		const double start = lb_seconds();
		failed = lb_loss_eval(loss, 64, &in, &value, r->g, NULL);
		least = fmin(least, lb_seconds() - start);
	}
	lb_args_free(&store);
	if (failed)
		return -1;
	printf("%s,%zu,%.3g,", losses[k].name, r->n, least);
	if (r->n <= MOST_ROWS_FOR_THE_SUM)
		printf("%.1g", fabs(value / sum_over_pairs(r, losses[k].psi) - 1));
	printf("\n");
	return 0;
}

int main(int argc, char **argv)
{
	const int runs = argc > 2 ? atoi(argv[1]) : 0;

	if (runs < 1) {
		fprintf(stderr, "usage: pairs RUNS ROWS...\n");
		return 2;
	}
	printf("loss,rows,seconds,difference\n");
	for (int a = 2; a < argc; a++) {
		struct rows r;
		const size_t n = strtoul(argv[a], NULL, 10);
		int failed = n < 2 || rows_make(&r, n);
		for (size_t k = 0; !failed && k < sizeof losses / sizeof *losses; k++)
			if (strcmp(losses[k].name, "mw") != 0 || n <= MOST_ROWS_FOR_THE_SUM)
				failed = time_loss(&r, k, runs);
		if (!failed && n <= MOST_ROWS_FOR_THE_SUM) {
			const double start = lb_seconds(), value = sum_over_pairs(&r, squared_hinge);
			printf("sum over pairs,%zu,%.3g,%s\n", n, lb_seconds() - start, value >= 0 ? "" : "negative");
		}
		if (n >= 2)
			rows_free(&r);
		if (failed) {
			fprintf(stderr, "pairs: %s: a number of rows from 2 up, and memory for them, is needed\n", argv[a]);
			return 5;
		}
	}
	return 0;
}
