/* Miners against tests/golden/miners.json; what losses of triplets and of pairs make of a choice;
 * draws; trainings in any company. */
#include "tests/unit/core/training.h"
#include "tests/unit/golden.h"

#include "core/engine/data/miner/miner.h"

enum { MOST = 16, CELLS = 64 };

static const struct lb_loss_info *loss_info(const char *name)
{
	const struct lb_loss_info *info = lb_loss_find(LB_EMBEDDING, name);

	ck_assert_msg(info, "no loss %s", name);
	return info;
}

static const struct lb_info *miner_info(const char *name)
{
	const struct lb_info *info = lb_info_find(lb_miners_f64, name);

	ck_assert_msg(info, "no miner %s", name);
	return info;
}

/* A batch, and room for what is chosen of it. */
struct batch {
	size_t b, c;
	double z[CELLS];
	int32_t y[MOST];
	_Alignas(64) double room[4096];
	struct lb_mined mined;
	struct lb_batch in;
};

static void batch_open(struct batch *t, const cJSON *c)
{
	const cJSON *row, *cell;
	size_t k = 0;

	t->b = 0;
	cJSON_ArrayForEach(row, cJSON_GetObjectItem(c, "y"))
		t->y[t->b++] = row->valueint;
	cJSON_ArrayForEach(row, cJSON_GetObjectItem(c, "z"))
		cJSON_ArrayForEach(cell, row)
			t->z[k++] = cell->valuedouble;
	ck_assert(t->b <= MOST && k <= CELLS);
	t->c = k / t->b;
	ck_assert(!lb_mined_open(&t->mined, t->b, &err));
}

/* Mines for a loss at its defaults; the batch has the choice. */
static void mine(struct batch *t, const char *loss, const char *miner, const char *set, uint64_t step)
{
	const struct lb_loss *of = lb_loss_of(loss_info(loss));
	const struct lb_arg *par = args(&of->info.base, "");

	t->in = (struct lb_batch){ .b = t->b, .c = t->c, .views = 1, .output = { .value = t->z, .rows = t->b, .cols = t->c, .stride = t->c }, .y = t->y,
				   .par = par, .workspace = t->room, .scale = 1 };
	ck_assert_uint_le(lb_loss_workspace(of, par, &(struct lb_loss_shape){ .b = t->b, .c = t->c, .views = 1 }), sizeof t->room);
	lb_mine(lb_miner_of(miner_info(miner)), args(miner_info(miner), set), step, of, &t->in, &t->mined);
	lb_mined_use(&t->mined, true, &t->in);
}

/* Whether the choice holds the triplet, or the pair where `negative` is none. */
static bool holds(const struct batch *t, size_t a, size_t p, size_t n)
{
	const struct lb_triplets *list = t->in.triplets;

	if (t->in.chosen)
		return t->in.chosen[a * t->b + p] && (n == t->b || t->in.chosen[a * t->b + n]);
	if (list->keeps)
		return list->keeps(list->arg, a, p, n);
	for (size_t k = 0; k < list->n; k++)
		if (list->triplet[k].anchor == a && list->triplet[k].positive == p && list->triplet[k].negative == n)
			return true;
	return false;
}

static bool listed(const cJSON *chosen, size_t width, const size_t *want)
{
	const cJSON *one;

	cJSON_ArrayForEach(one, chosen) {
		size_t same = 0;
		for (size_t k = 0; k < width; k++)
			same += (size_t)cJSON_GetArrayItem(one, (int)k)->valueint == want[k];
		if (same == width)
			return true;
	}
	return false;
}

/* Every pair of a batch, chosen or not, is what the reference says: a pair that is in it, or in one
 * of its triplets. */
static void compare_pairs(const struct batch *t, const cJSON *chosen, size_t width, const char *what)
{
	for (size_t i = 0; i < t->b; i++)
		for (size_t j = 0; j < t->b; j++) {
			bool want = width == 2 && listed(chosen, 2, (const size_t[]){ i, j });
			const cJSON *one;
			cJSON_ArrayForEach(one, chosen)
				want |= width == 3 && (size_t)cJSON_GetArrayItem(one, 0)->valueint == i && ((size_t)cJSON_GetArrayItem(one, 1)->valueint == j ||
													   (size_t)cJSON_GetArrayItem(one, 2)->valueint == j);
			ck_assert_msg(holds(t, i, j, t->b) == want, "%s: pair %zu %zu", what, i, j);
		}
}

static void compare_triplets(const struct batch *t, const cJSON *chosen, size_t width, const char *what)
{
	for (size_t a = 0; a < t->b; a++)
		for (size_t p = 0; p < t->b; p++)
			for (size_t n = 0; n < t->b; n++) {
				const size_t all[] = { a, p, n };
				if (p == a || t->y[p] != t->y[a] || t->y[n] == t->y[a])
					continue;
				const bool want = width == 3 ? listed(chosen, 3, all) :
						  listed(chosen, 2, all) && listed(chosen, 2, (const size_t[]){ a, n });
				ck_assert_msg(holds(t, a, p, n) == want, "%s: triplet %zu %zu %zu", what, a, p, n);
			}
}

START_TEST(choices_are_those_of_numpy)
{
	size_t cases = 0;
	cJSON *tree = golden_read("tests/golden/miners.json");
	const cJSON *c;
	struct batch t;

	cJSON_ArrayForEach(c, cJSON_GetObjectItem(tree, "cases")) {
		const char *miner = cJSON_GetObjectItem(c, "miner")->valuestring, *set = cJSON_GetObjectItem(c, "set")->valuestring;
		const cJSON *chosen = cJSON_GetObjectItem(c, "chosen");
		const size_t width = lb_miner_of(miner_info(miner))->choose ? 2 : 3;
		batch_open(&t, c);
		mine(&t, "triplet", miner, set, 0);
		ck_assert_int_eq(t.in.chosen != NULL, width == 2);
		compare_triplets(&t, chosen, width, miner);
		mine(&t, "supcon", miner, set, 0);
		ck_assert(t.in.chosen && !t.in.triplets);
		compare_pairs(&t, chosen, width, miner);
		lb_mined_close(&t.mined);
		args_forget();
		cases++;
	}
	ck_assert_uint_eq(cases, 66);
	cJSON_Delete(tree);
}
END_TEST

/* The loss multi_similarity chooses the pairs that the miner of that name does; the miner
 * hardest is batch_easy_hard at its hardest, and makes triplet_hard of the triplet loss. */
START_TEST(a_miner_and_a_loss_that_mines_agree)
{
	static const double z[] = { 1, .2, -.5, .8, -.1, .3, -.4, 1.1, .6, .1, .9, -.7, -.9, -.3, .8, -.2, -1.2, .4 };
	struct batch t = { .b = 6, .c = 3, .y = { 0, 0, 0, 1, 1, 2 } };
	const struct lb_loss_info *ms = loss_info("multi_similarity"), *triplet = loss_info("triplet"), *hard = loss_info("triplet_hard");
	double value[2], g[2][CELLS];

	memcpy(t.z, z, sizeof z);
	ck_assert(!lb_mined_open(&t.mined, 6, &err));
	struct lb_loss_input in = { .b = 6, .c = 3, .z = z, .y = t.y, .n_classes = 3, .par = args(&ms->base, "") };
	ck_assert(!lb_loss_eval(ms, 64, &in, &value[0], g[0], &err));
	mine(&t, "multi_similarity", "multi_similarity", "", 0);
	in.chosen = t.in.chosen;
	in.par = args(&ms->base, "mining=false");
	ck_assert(!lb_loss_eval(ms, 64, &in, &value[1], g[1], &err) && value[0] == value[1] && !memcmp(g[0], g[1], 18 * sizeof(double)));
	in.chosen = NULL;
	ck_assert(!lb_loss_eval(ms, 64, &in, &value[1], g[1], &err) && value[0] < value[1]);
	for (int k = 0; k < 2; k++) {
		mine(&t, "triplet", k ? "hardest" : "batch_easy_hard", k ? "" : "positive=hard negative=hard", 0);
		in.triplets = t.in.triplets;
		in.par = args(&triplet->base, "margin=0.3 reduction=mean");
		ck_assert(!lb_loss_eval(triplet, 64, &in, &value[0], g[0], &err));
		in.triplets = NULL;
		in.par = args(&hard->base, "margin=0.3");
		ck_assert(!lb_loss_eval(hard, 64, &in, &value[1], g[1], &err) && value[0] == value[1] && !memcmp(g[0], g[1], 18 * sizeof(double)));
	}
	lb_mined_close(&t.mined);
}
END_TEST

/* Negatives of the distances .6, 1 and 1.3 and one beyond 1.4 come as often as 1 / q(d) says, in
 * three dimensions as 1 / d; a step draws the same again, another step differs. */
START_TEST(draws_are_weighted_by_distance)
{
	enum { DRAWS = 30000 };
	static const double d[] = { .6, 1, 1.3, 1.9 };
	struct batch t = { .b = 6, .c = 3, .y = { 0, 0, 1, 1, 1, 1 } };
	size_t drawn[6] = { 0 }, changes = 0, last = 0;

	t.z[0] = t.z[3] = 1;
	for (size_t k = 0; k < 4; k++) { /* at the chord d from the first */
		const double s = 1 - d[k] * d[k] / 2;
		t.z[(2 + k) * 3] = s;
		t.z[(2 + k) * 3 + 1 + k % 2] = sqrt(1 - s * s);
	}
	ck_assert(!lb_mined_open(&t.mined, 6, &err));
	for (uint64_t step = 0; step < DRAWS; step++) {
		mine(&t, "triplet", "distance_weighted", "seed=3", step);
		ck_assert_uint_ge(t.in.triplets->n, 2);
		const struct lb_triplet first = t.in.triplets->triplet[0];
		ck_assert(first.anchor == 0 && first.positive == 1);
		mine(&t, "triplet", "distance_weighted", "seed=3", step);
		ck_assert_uint_eq(t.in.triplets->triplet[0].negative, first.negative);
		drawn[first.negative]++;
		changes += step && last != first.negative;
		last = first.negative;
		args_forget();
	}
	const double all = 1 / d[0] + 1 / d[1] + 1 / d[2];
	for (size_t k = 0; k < 3; k++) {
		const double p = 1 / d[k] / all;
		ck_assert_msg(fabs((double)drawn[2 + k] / DRAWS - p) < 5 * sqrt(p * (1 - p) / DRAWS), "%zu: %zu of %d, not %g", k, drawn[2 + k], DRAWS, p);
	}
	ck_assert_uint_eq(drawn[5], 0);
	ck_assert_uint_gt(changes, DRAWS / 2);
	lb_mined_close(&t.mined);
}
END_TEST

START_TEST(both_semihard_are_refused)
{
	struct lb_arg par[4];
	struct lb_arg_store store = { 0 };
	struct lb_err refused = { 0 };
	const struct lb_info *info = miner_info("batch_easy_hard");

	ck_assert(lb_args_from_text(info, "positive=semihard negative=semihard", par, &store, &refused));
	ck_assert_msg(strstr(refused.text, "negative: found semihard with positive=semihard"), "%s", refused.text);
	lb_args_free(&store);
}
END_TEST

/* With other losses and miners beside it, with one thread or several, a trial has the bytes that it
 * has alone. */
START_TEST(trainings_in_any_company)
{
	static const struct {
		const char *loss, *set, *miner, *miner_set;
	} of[] = {
		{ "supcon", "", NULL, "" }, { "multi_similarity", "beta=10", "pair_margin", "" }, { "triplet", "", "triplet_margin", "which=semihard" },
		{ "margin_wu", "", "distance_weighted", "" }, { "contrastive", "", "angular", "" }, { "fastap", "", "multi_similarity", "" },
	};
	enum { N = sizeof of / sizeof *of };
	struct problem p;
	struct lb_train_result out[N];
	struct lb_setup s[N];
	const struct lb_metric *map = lb_metric_find("map_at_r");
	const struct lb_metric_use use = { .metric = map, .par = args(&map->base, ""), .key = "map_at_r" };

	problem_open(&p, LB_MULTICLASS, (const size_t[]){ 150, 0, 90 }, 6, 5);
	problem_draw(&p, 4);
	for (size_t i = 0; i < N; i++) {
		s[i] = trial(&p, "ce", "", "lr=0.1");
		s[i].loss = loss_info(of[i].loss);
		s[i].loss_par = args(&s[i].loss->base, of[i].set);
		s[i].model.width[1] = 3;
		s[i].miner = of[i].miner ? miner_info(of[i].miner) : NULL;
		s[i].miner_par = of[i].miner ? args(s[i].miner, of[i].miner_set) : NULL;
		s[i].metric = &use;
		s[i].n_metrics = 1;
	}
	p.columns = 3;
	struct lb_cohort c = cohort_of(&p, s, N, 5, 21);
	c.sampling = &lb_sampling_m_per_class;
	c.per_class = 3;
	train_all(precision[_i], &c, out);
	for (size_t i = 0; i < N; i++) {
		c.threads = 1 + i % 3;
		struct lb_train_result alone = train_alone(precision[_i], c, &s[i]);
		ck_assert_msg(same_scores(&p, &out[i], &alone), "%s", of[i].loss);
		lb_train_result_free(&alone);
		s[i].miner = NULL; /* a miner matters */
		struct lb_train_result plain = train_alone(precision[_i], c, &s[i]);
		ck_assert_msg(same_scores(&p, &out[i], &plain) == !of[i].miner, "%s", of[i].loss);
		lb_train_result_free(&plain);
		lb_train_result_free(&out[i]);
	}
	problem_close(&p);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("miner");
	TCase *tc = tcase_create("miner");

	tcase_at_least(tc, 60);
	tcase_add_checked_fixture(tc, NULL, args_forget);
	tcase_add_test(tc, choices_are_those_of_numpy);
	tcase_add_test(tc, a_miner_and_a_loss_that_mines_agree);
	tcase_add_test(tc, draws_are_weighted_by_distance);
	tcase_add_test(tc, both_semihard_are_refused);
	tcase_add_loop_test(tc, trainings_in_any_company, 0, 2);
	suite_add_tcase(s, tc);
	return s;
}

LB_SUITE_MAIN("miner")
