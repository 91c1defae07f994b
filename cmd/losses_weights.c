#include "cmd/losses.h"

#include "core/base/mem.h"
#include "core/base/text.h"
#include "losses/eval.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* The batches that pairs are weighed in. Of labelled rows: two classes of three, where pairs of one
 * class have the cosine ALIKE and of two APART. Of two views: three rows, of which the two views
 * of a row have ALIKE and all else APART. One pair of the first row moves. */
enum { ROWS = 6, HALF = 3, STEPS = 21, BAR = 30 };
static const double ALIKE = 0.7, APART = 0.3;

/* Pairs that move, and what is told meanwhile: rows that are paired with the first. */
struct moving {
	const char *key, *title;
	size_t row;
	bool positive;
	struct {
		const char *key, *head;
		size_t row;
		bool positive;
	} told[3];
};
enum { MOVES = 2, TOLD = 3 };

static const struct moving of_labels[MOVES] = {
	{ "positive", "A positive pair moves", 1, true,
	  { { "itself", "itself", 1, true }, { "other_positive", "other positive", 2, true }, { "negative", "a negative", 3, false } } },
	{ "negative", "A negative pair moves", 3, false,
	  { { "itself", "itself", 3, false }, { "other_negative", "other negative", 4, false }, { "positive", "a positive", 1, true } } },
};

/* Rows of the second view follow those of the first. */
static const struct moving of_views[MOVES] = {
	{ "positive", "The two views of a row move", 3, true,
	  { { "itself", "itself", 3, true }, { "negative", "a negative", 4, false }, { "same_view", "of its own view", 1, false } } },
	{ "negative", "A row and another's second view move", 4, false,
	  { { "itself", "itself", 4, false }, { "other_negative", "other negative", 5, false }, { "positive", "its own view", 3, true } } },
};

/* How a loss weighs the pairs told of one that moves. */
struct weights {
	size_t n;                /* steps that there are rows for */
	double cosine[STEPS], of[STEPS][TOLD];
};

static double cosine_at(size_t step)
{
	return (double)step / 10 - 1;
}

static void set_pair(double *of, size_t i, size_t j, double v)
{
	of[i * ROWS + j] = of[j * ROWS + i] = v;
}

/* The cosines of the batch before a pair moves. */
static void set_batch(bool views, double *cosine)
{
	for (size_t i = 0; i < ROWS; i++)
		for (size_t j = 0; j <= i; j++)
			set_pair(cosine, i, j, i == j ? 1 : (views ? i % HALF == j % HALF : i / HALF == j / HALF) ? ALIKE : APART);
}

/* ---- slopes by cosines that no rows need to have ---- */

static int slopes_of_pairs(const struct lb_loss_info *info, const struct lb_arg *par, const double *cosine, double *slope, struct lb_err *err)
{
	static const int32_t y[ROWS] = { 0, 0, 0, 1, 1, 1 };
	double each[ROWS * ROWS];

	if (lb_loss_pair_slopes(info, par, ROWS, y, cosine, each, err))
		return -1;
	for (size_t j = 0; j < ROWS; j++)
		slope[j] = each[j] + each[j * ROWS];
	return 0;
}

/* ---- slopes by the cosines of rows ---- */

/* l (ROWS, ROWS) <- rows of length 1 with these cosines, its Cholesky factor; false where there are
 * none, or hardly. */
static bool rows_of(const double *cosine, double *l)
{
	for (size_t i = 0; i < ROWS; i++)
		for (size_t j = 0; j < ROWS; j++) {
			double left = j > i ? 0 : cosine[i * ROWS + j];
			for (size_t k = 0; k < j && j <= i; k++)
				left -= l[i * ROWS + k] * l[j * ROWS + k];
			if (i == j && left < 1e-3)
				return false;
			l[i * ROWS + j] = j > i ? 0 : i == j ? sqrt(left) : left / l[j * ROWS + j];
		}
	return true;
}

static int value_of(const struct lb_loss_info *info, const struct lb_arg *par, const double *z, double *value, double *g, struct lb_err *err)
{
	static const int32_t labels[ROWS] = { 0, 0, 0, 1, 1, 1 }, rows[HALF] = { 0, 1, 2 };
	const bool views = info->needs & LB_NEEDS_VIEWS;
	double guide[ROWS * ROWS] = { 0 };

	for (size_t i = 0; i < ROWS; i++)
		guide[i * ROWS + i] = 1;
	const struct lb_loss_input in = { .b = views ? HALF : ROWS, .c = ROWS, .z = z, .y = views ? rows : labels, .par = par, .n_classes = HALF, .views = views ? 2 : 1,
					  .inputs = info->needs & LB_NEEDS_GUIDE ? guide : NULL, .n_inputs = ROWS, .hidden = info->needs & LB_NEEDS_FEATURES ? guide : NULL, .n_hidden = ROWS };
	return lb_loss_eval(info, 64, &in, value, g, err);
}

/* Whether the loss depends on the rows' angles and lengths alone: it is the same of their mirror
 * image. */
static int reads_angles(const struct lb_loss_info *info, const struct lb_arg *par, const double *z, double value, double *g, bool *yes, struct lb_err *err)
{
	static const double mirror[ROWS] = { 0.1, 0.5, -0.3, 0.7, 0.2, -0.346410161513775 };
	double image[ROWS * ROWS], other;

	for (size_t i = 0; i < ROWS; i++) {
		double along = 0;
		for (size_t j = 0; j < ROWS; j++)
			along += z[i * ROWS + j] * mirror[j];
		for (size_t j = 0; j < ROWS; j++)
			image[i * ROWS + j] = z[i * ROWS + j] - 2 * along * mirror[j];
	}
	if (value_of(info, par, image, &other, g, err))
		return -1;
	*yes = fabs(other - value) <= 1e-9 * fmax(1, fabs(value));
	return 0;
}

/* slope (ROWS) <- the derivative by the cosine of the first row and each other: the gradient of the
 * first is the sum of the others times these, and something along itself. */
static int slopes_of_rows(const struct lb_loss_info *info, const struct lb_arg *par, const double *l, double *slope, bool *angles, struct lb_err *err)
{
	double value, g[4096]; /* the loss's own parameters too */

	if (value_of(info, par, l, &value, g, err) || reads_angles(info, par, l, value, g, angles, err) || value_of(info, par, l, &value, g, err))
		return -1;
	for (size_t i = ROWS; i-- > 0;) { /* L' slope = g, L the rows */
		slope[i] = g[i];
		for (size_t k = i + 1; k < ROWS; k++)
			slope[i] -= l[k * ROWS + i] * slope[k];
		slope[i] /= l[i * ROWS + i];
	}
	return 0;
}

/* ---- a pair that moves ---- */

static int weigh(const struct lb_loss_info *info, const struct lb_arg *par, const struct moving *m, struct weights *w, struct lb_err *err)
{
	const bool pairs = lb_loss_of_distances(info);
	double cosine[ROWS * ROWS], slope[ROWS], l[ROWS * ROWS] = { 0 };
	bool angles = true;

	set_batch(info->needs & LB_NEEDS_VIEWS, cosine);
	w->n = 0;
	for (size_t step = 0; step < STEPS; step++) {
		set_pair(cosine, 0, m->row, cosine_at(step));
		if (!pairs && !rows_of(cosine, l))
			continue;
		if (pairs ? slopes_of_pairs(info, par, cosine, slope, err) : slopes_of_rows(info, par, l, slope, &angles, err))
			return -1;
		if (!angles)
			return lb_fail(err, LB_USAGE, "losses show --weights: found %s/%s, which does not depend on the angles between rows alone; allowed: a loss of pairs, such as "
				       "embedding/contrastive", lb_kind_name(info->kind), info->base.name);
		w->cosine[w->n] = cosine_at(step);
		for (size_t k = 0; k < TOLD; k++)
			w->of[w->n][k] = (m->told[k].positive ? -slope[m->told[k].row] : slope[m->told[k].row]) + 0.0; /* no -0 */
		w->n++;
	}
	return 0;
}

static void print_json_of(cJSON *all, const struct moving *m, const struct weights *w)
{
	cJSON *of = cJSON_AddObjectToObject(all, m->key), *at = cJSON_AddArrayToObject(of, "cosine");

	for (size_t step = 0; step < w->n; step++)
		lb_json_number(at, NULL, w->cosine[step]);
	for (size_t k = 0; k < TOLD; k++) {
		cJSON *list = cJSON_AddArrayToObject(of, m->told[k].key);
		for (size_t step = 0; step < w->n; step++)
			lb_json_number(list, NULL, w->of[step][k]);
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

static void print_table(const struct moving *m, const struct weights *w)
{
	double most = 0;

	for (size_t step = 0; step < w->n; step++)
		most = fmax(most, fabs(w->of[step][0]));
	printf("\n%s\n cosine", m->title);
	for (size_t k = 0; k < TOLD; k++)
		printf(" %14s", m->told[k].head);
	printf("  weight of itself\n");
	for (size_t step = 0; step < w->n; step++) {
		printf("%7.1f", w->cosine[step]);
		for (size_t k = 0; k < TOLD; k++)
			printf(" %14.4g", w->of[step][k]);
		printf("  ");
		print_bar(w->of[step][0], most);
	}
}

static int show(const struct lb_loss_info *info, const struct lb_arg *par, bool json, struct lb_err *err)
{
	const bool views = info->needs & LB_NEEDS_VIEWS;
	const struct moving *moves = views ? of_views : of_labels;
	struct weights w[MOVES];
	struct lb_buf text = { 0 };

	for (size_t k = 0; k < MOVES; k++)
		if (weigh(info, par, &moves[k], &w[k], err))
			return -1;
	if (!json) {
		printf("%s/%s: how it weighs a pair, |dL/ds| with the sign of a pull (positive) or push (negative)\n", lb_kind_name(info->kind), info->base.name);
		if (views)
			printf("in a batch of three rows in two views; the two views of a row have cosine %.1f, all other pairs %.1f\n", ALIKE, APART);
		else
			printf("in a batch of two classes of three rows; the other pairs have cosine %.1f within and %.1f between classes\n", ALIKE, APART);
		for (size_t k = 0; k < MOVES; k++)
			print_table(&moves[k], &w[k]);
		return LB_OK;
	}
	cJSON *all = cJSON_CreateObject();
	if (!all)
		return lb_fail_memory(err, sizeof *all);
	for (size_t k = 0; k < MOVES; k++)
		print_json_of(all, &moves[k], &w[k]);
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
	if (info->kind != LB_EMBEDDING)
		return lb_fail(err, LB_USAGE, "losses show --weights: found %s/%s, which weighs no pairs; allowed: a loss of pairs, such as embedding/contrastive",
			       lb_kind_name(info->kind), info->base.name);
	struct lb_arg *par = lb_alloc((size_t)info->base.n_params, sizeof *par, err);
	if (par && !lb_args_from_text(&info->base, set ? set : "", par, &store, err))
		rc = show(info, par, json, err);
	lb_args_free(&store);
	free(par);
	return rc;
}
