#include "cmd/losses.h"

#include "core/base/mem.h"
#include "core/base/text.h"
#include "losses/eval.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* The batch that pairs are weighed in: two classes of three rows. Pairs of one class have the
 * cosine ALIKE, of two APART, but for one pair of the first row, which moves. */
enum { ROWS = 6, HALF = 3, STEPS = 21, BAR = 30 };
static const double ALIKE = 0.7, APART = 0.3;

/* Whose weight is told: rows that are paired with the first. */
enum { POSITIVE = 1, OTHER_POSITIVE = 2, NEGATIVE = 3, OTHER_NEGATIVE = 4 };

/* A pair that moves, and what is told meanwhile. */
static const struct moving {
	const char *key, *title;
	size_t row;
	struct {
		const char *key, *head;
		size_t row;
	} told[3];
} moves[] = {
	{ "positive", "A positive pair moves", POSITIVE,
	  { { "itself", "itself", POSITIVE }, { "other_positive", "other positive", OTHER_POSITIVE }, { "negative", "a negative", NEGATIVE } } },
	{ "negative", "A negative pair moves", NEGATIVE,
	  { { "itself", "itself", NEGATIVE }, { "other_negative", "other negative", OTHER_NEGATIVE }, { "positive", "a positive", POSITIVE } } },
};
enum { MOVES = sizeof moves / sizeof *moves, TOLD = sizeof moves->told / sizeof *moves->told };

static double cosine_at(size_t step)
{
	return (double)step / 10 - 1;
}

static void set_pair(double *of, size_t i, size_t j, double v)
{
	of[i * ROWS + j] = of[j * ROWS + i] = v;
}

/* weight[step][k] <- how strongly each told pair is pulled together, if positive, or pushed
 * apart, as the moving one has the step's cosine: the slope by its cosine in both orders, with
 * that sign. */
static int weigh(const struct lb_loss_info *info, const struct lb_arg *par, const struct moving *m, double weight[STEPS][TOLD], struct lb_err *err)
{
	static const int32_t y[ROWS] = { 0, 0, 0, 1, 1, 1 };
	double cosine[ROWS * ROWS], slope[ROWS * ROWS];

	for (size_t i = 0; i < ROWS; i++)
		for (size_t j = 0; j <= i; j++)
			set_pair(cosine, i, j, i == j ? 1 : i / HALF == j / HALF ? ALIKE : APART);
	for (size_t step = 0; step < STEPS; step++) {
		set_pair(cosine, 0, m->row, cosine_at(step));
		if (lb_loss_pair_slopes(info, par, ROWS, y, cosine, slope, err))
			return -1;
		for (size_t k = 0; k < TOLD; k++) {
			const size_t row = m->told[k].row;
			const double both = slope[row] + slope[row * ROWS];
			weight[step][k] = (row < HALF ? -both : both) + 0.0; /* no -0 */
		}
	}
	return 0;
}

static void print_json_of(cJSON *all, const struct moving *m, double weight[STEPS][TOLD])
{
	cJSON *of = cJSON_AddObjectToObject(all, m->key), *at = cJSON_AddArrayToObject(of, "cosine");

	for (size_t step = 0; step < STEPS; step++)
		lb_json_number(at, NULL, cosine_at(step));
	for (size_t k = 0; k < TOLD; k++) {
		cJSON *list = cJSON_AddArrayToObject(of, m->told[k].key);
		for (size_t step = 0; step < STEPS; step++)
			lb_json_number(list, NULL, weight[step][k]);
	}
}

/* A bar of the pair's own weight, whose longest is that of the largest one. */
static void print_bar(double weight, double most)
{
	const int n = most > 0 ? (int)lround(fabs(weight) / most * BAR) : 0;

	for (int k = 0; k < n; k++)
		putchar(weight < 0 ? '-' : '#');
	putchar('\n');
}

static void print_table(const struct moving *m, double weight[STEPS][TOLD])
{
	double most = 0;

	for (size_t step = 0; step < STEPS; step++)
		most = fmax(most, fabs(weight[step][0]));
	printf("\n%s\n cosine", m->title);
	for (size_t k = 0; k < TOLD; k++)
		printf(" %14s", m->told[k].head);
	printf("  weight of itself\n");
	for (size_t step = 0; step < STEPS; step++) {
		printf("%7.1f", cosine_at(step));
		for (size_t k = 0; k < TOLD; k++)
			printf(" %14.4g", weight[step][k]);
		printf("  ");
		print_bar(weight[step][0], most);
	}
}

static int show(const struct lb_loss_info *info, const struct lb_arg *par, bool json, struct lb_err *err)
{
	double weight[MOVES][STEPS][TOLD];
	struct lb_buf text = { 0 };

	for (size_t k = 0; k < MOVES; k++)
		if (weigh(info, par, &moves[k], weight[k], err))
			return -1;
	if (!json) {
		printf("%s/%s: how it weighs a pair, |dL/ds| with the sign of a pull (positive) or push (negative)\n"
		       "in a batch of two classes of three rows; the other pairs have cosine %.1f within and %.1f between classes\n",
		       lb_kind_name(info->kind), info->base.name, ALIKE, APART);
		for (size_t k = 0; k < MOVES; k++)
			print_table(&moves[k], weight[k]);
		return LB_OK;
	}
	cJSON *all = cJSON_CreateObject();
	if (!all)
		return lb_fail_memory(err, sizeof *all);
	for (size_t k = 0; k < MOVES; k++)
		print_json_of(all, &moves[k], weight[k]);
	lb_json_pretty(all, &text);
	printf("%s\n", text.s ? text.s : "");
	lb_buf_free(&text);
	cJSON_Delete(all);
	return LB_OK;
}

int losses_weights(const char *name, const char *set, bool json, struct lb_err *err)
{
	const struct lb_loss_info *info = losses_find(name, err);
	struct lb_arg_store store = { 0 };
	int rc = -1;

	if (!info)
		return -1;
	if (!lb_loss_of_distances(info))
		return lb_fail(err, LB_USAGE, "losses show --weights: found %s/%s, which weighs no pairs; allowed: a loss of pairs, such as embedding/contrastive",
			       lb_kind_name(info->kind), info->base.name);
	struct lb_arg *par = lb_alloc((size_t)info->base.n_params, sizeof *par, err);
	if (par && !lb_args_from_text(&info->base, set ? set : "", par, &store, err))
		rc = show(info, par, json, err);
	lb_args_free(&store);
	free(par);
	return rc;
}
