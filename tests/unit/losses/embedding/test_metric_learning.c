/* The triplet loss, miners and metrics of retrieval against tests/reference/metric_learning.py;
 * trainings in any company. The sampler has a test of its own, test_sampler_m_per_class.c. */
#include "tests/unit/core/training.h"
#include "tests/unit/golden.h"

#include "core/engine/data/miner/miner.h"
#include "losses/loss.h"

enum { MOST = 64, CELLS = 512 };

/* A batch of embeddings from a case. */
struct embedded {
	size_t b, c, classes;
	double z[CELLS];
	int32_t y[MOST];
};

static struct embedded embedded_of(const cJSON *c)
{
	struct embedded e = { .b = (size_t)cJSON_GetArraySize(cJSON_GetObjectItem(c, "y")) };
	const cJSON *row, *cell;
	size_t i = 0, k = 0;

	cJSON_ArrayForEach(row, cJSON_GetObjectItem(c, "y")) {
		e.y[i++] = row->valueint;
		e.classes = (size_t)row->valueint + 1 > e.classes ? (size_t)row->valueint + 1 : e.classes;
	}
	cJSON_ArrayForEach(row, cJSON_GetObjectItem(c, "z")) {
		e.c = (size_t)cJSON_GetArraySize(row);
		cJSON_ArrayForEach(cell, row)
			e.z[k++] = cell->valuedouble;
	}
	ck_assert(e.b <= MOST && k == e.b * e.c && k <= CELLS);
	return e;
}

static const struct lb_loss_info *triplet(void)
{
	return lb_loss_find(LB_EMBEDDING, "triplet");
}

static const struct lb_info *miner_info(const char *name)
{
	const struct lb_info *info = lb_info_find(lb_miners_f64, name);

	ck_assert_msg(info, "no miner %s", name);
	return info;
}

/* The triplets that "NAME parameters" chooses from the batch, at that setting of the loss; false
 * where it leaves all. */
static bool mined(const struct embedded *e, const struct lb_arg *par, const char *miner, struct lb_triplet *out, size_t *n)
{
	char name[32];
	_Alignas(64) double room[8 * MOST * MOST];
	const size_t word = strcspn(miner, " ");
	struct lb_batch in = { .b = e->b, .c = e->c, .views = 1, .output = { .value = e->z, .rows = e->b, .cols = e->c, .stride = e->c },
				     .y = e->y, .par = par, .workspace = room, .scale = 1 };

	snprintf(name, sizeof name, "%.*s", (int)word, miner);
	const struct lb_info *info = miner_info(name);
	const struct lb_miner *m = lb_miner_of(info);
	if (!m->mine)
		return false;
	ck_assert_uint_le(lb_loss_workspace(lb_loss_of(triplet()), par, &(struct lb_loss_shape){ .b = e->b, .c = e->c, .views = 1 }), sizeof room);
	*n = m->mine(&(struct lb_mining){ .b = e->b, .columns = e->c, .distance = lb_similarity_matrix(lb_loss_of(triplet()), &in), .y = e->y,
					  .par = args(info, miner[word] ? miner + word + 1 : "") }, out);
	return true;
}

START_TEST(triplets_as_numpy_has_them)
{
	cJSON *tree = golden_read("tests/golden/metric_learning.json");
	const cJSON *c, *row, *cell;
	size_t cases = 0;

	cJSON_ArrayForEach(c, cJSON_GetObjectItem(tree, "losses")) {
		const struct embedded e = embedded_of(c);
		const char *set = cJSON_GetObjectItem(c, "set")->valuestring, *miner = cJSON_GetObjectItem(c, "miner")->valuestring;
		struct lb_arg_store store = { 0 };
		struct lb_arg par[8];
		struct lb_triplet chosen[MOST * MOST];
		size_t n = 0, k = 0;
		double value, g[CELLS];
		ck_assert(!lb_args_from_text(&triplet()->base, set, par, &store, &err));
		const bool some = mined(&e, par, miner, chosen, &n);
		if (some) {
			ck_assert_uint_eq(n, (size_t)cJSON_GetArraySize(cJSON_GetObjectItem(c, "triplets")));
			cJSON_ArrayForEach(row, cJSON_GetObjectItem(c, "triplets")) {
				ck_assert_uint_eq(chosen[k].anchor, (unsigned)cJSON_GetArrayItem(row, 0)->valueint);
				ck_assert_uint_eq(chosen[k].positive, (unsigned)cJSON_GetArrayItem(row, 1)->valueint);
				ck_assert_uint_eq(chosen[k++].negative, (unsigned)cJSON_GetArrayItem(row, 2)->valueint);
			}
		}
		const struct lb_triplets list = { .n = n, .triplet = chosen };
		for (int bits = 32; bits <= 64; bits += 32) {
			const double near = bits == 64 ? 1e-9 : 2e-6;
			ck_assert(!lb_loss_eval(triplet(), bits, &(struct lb_loss_input){ .b = e.b, .c = e.c, .z = e.z, .y = e.y, .par = par,
				.n_classes = e.classes, .triplets = some ? &list : NULL }, &value, g, &err));
			ck_near(value, cJSON_GetObjectItem(c, "value")->valuedouble, near, miner, cases);
			k = 0;
			cJSON_ArrayForEach(row, cJSON_GetObjectItem(c, "gradient"))
				cJSON_ArrayForEach(cell, row)
					ck_near(g[k++], cell->valuedouble, near, set, cases);
		}
		lb_args_free(&store);
		args_forget();
		cases++;
	}
	ck_assert_uint_eq(cases, 64);
	cJSON_Delete(tree);
}
END_TEST

START_TEST(retrieval_as_numpy_has_it)
{
	cJSON *tree = golden_read("tests/golden/metric_learning.json");
	const cJSON *c;
	size_t cases = 0;

	cJSON_ArrayForEach(c, cJSON_GetObjectItem(tree, "metrics")) {
		const struct embedded e = embedded_of(c);
		const struct lb_metric *m = lb_metric_find(cJSON_GetObjectItem(c, "name")->valuestring);
		const struct lb_metric_inputs o = { .kind = LB_MULTICLASS, .n = e.b, .n_classes = e.classes, .label = e.y, .dimension = e.c, .embedding = e.z };
		const cJSON *want = cJSON_GetObjectItem(c, "value");
		double value;
		ck_assert(!m->eval(&o, args(&m->base, cJSON_GetObjectItem(c, "set")->valuestring), &value, &err));
		ck_assert_msg(!cJSON_IsNull(want) == !isnan(value), "%s, case %zu: %g", m->base.name, cases, value);
		if (!cJSON_IsNull(want))
			ck_near(value, want->valuedouble, 1e-12, m->base.name, cases);
		args_forget();
		cases++;
	}
	ck_assert_uint_eq(cases, 60);
	cJSON_Delete(tree);
}
END_TEST

/* NaN of a row that no triplet has is told all the same; a batch without a triplet gives 0. */
START_TEST(edges)
{
	const struct lb_arg *par = args(&triplet()->base, "");
	const double z[] = { 1, 0, 0, 1, (double)NAN, 1 }, zeros[6] = { 0 };
	double value, g[6];

	for (int bits = 32; bits <= 64; bits += 32) {
		struct lb_loss_input in = { .b = 3, .c = 2, .z = z, .y = (const int32_t[]){ 0, 0, 0 }, .par = par, .n_classes = 2 };
		ck_assert(!lb_loss_eval(triplet(), bits, &in, &value, g, &err) && isnan(value) && isnan(g[0]));
		in.b = 2;
		ck_assert(!lb_loss_eval(triplet(), bits, &in, &value, g, &err) && value == 0 && g[0] == 0 && g[3] == 0);
		in = (struct lb_loss_input){ .b = 3, .c = 2, .z = zeros, .y = (const int32_t[]){ 0, 0, 1 }, .par = par, .n_classes = 2 };
		ck_assert(!lb_loss_eval(triplet(), bits, &in, &value, g, &err));
		ck_near(value, 0.2, 1e-7, "margin", 0);
		for (size_t k = 0; k < 6; k++)
			ck_assert(g[k] == 0);
	}
}
END_TEST

/* ---- trainings ---- */

/* In company of other miners, with one thread or several, the bytes are those of the trial alone;
 * the miner matters; `all` is no miner; and embeddings learn, but for the hardest triplets, by
 * which they collapse here. */
START_TEST(trainings_in_any_company)
{
	struct problem p;
	struct lb_train_result out[4];
	struct lb_setup s[4];
	const struct lb_metric *map = lb_metric_find("map_at_r");
	const struct lb_metric_use use = { .metric = map, .par = args(&map->base, ""), .key = "map_at_r" };
	static const char *const miner[] = { NULL, "all", "semihard", "hardest" };

	problem_open(&p, LB_MULTICLASS, (const size_t[]){ 150, 0, 90 }, 6, 5);
	problem_draw(&p, 4);
	for (size_t i = 0; i < 4; i++) {
		s[i] = trial(&p, "ce", "", "lr=0.3");
		s[i].loss = triplet();
		s[i].loss_par = args(&s[i].loss->base, "");
		s[i].model.width[1] = 3;
		s[i].miner = miner[i] ? miner_info(miner[i]) : NULL;
		s[i].miner_par = miner[i] ? args(s[i].miner, "") : NULL;
		s[i].metric = &use;
		s[i].n_metrics = 1;
	}
	p.columns = 3;
	struct lb_cohort c = cohort_of(&p, s, 4, 20, 20);
	c.sampling = &lb_sampling_m_per_class;
	c.per_class = 4;
	train_all(precision[_i], &c, out);
	for (size_t i = 0; i < 4; i++) {
		ck_assert_uint_eq(out[i].columns, 3);
		c.threads = 1 + i;
		struct lb_train_result alone = train_alone(precision[_i], c, &s[i]);
		ck_assert(same_scores(&p, &out[i], &alone));
		ck_same_numbers(out[i].metric[LB_TEST], alone.metric[LB_TEST], 1, "map_at_r");
		lb_train_result_free(&alone);
	}
	ck_assert(same_scores(&p, &out[0], &out[1]));
	ck_assert(!same_scores(&p, &out[0], &out[2]) && !same_scores(&p, &out[2], &out[3]));
	c.epochs = 1;
	s[0].optimizer_par = args(s[0].optimizer, "lr=1e-9");
	struct lb_train_result untrained = train_alone(precision[_i], c, &s[0]);
	for (size_t i = 0; i < 3; i++)
		ck_assert_msg(out[i].metric[LB_TEST][0] > untrained.metric[LB_TEST][0] + 0.02, "%zu: %g after training, %g before", i,
			      out[i].metric[LB_TEST][0], untrained.metric[LB_TEST][0]);
	lb_train_result_free(&untrained);
	for (size_t i = 0; i < 4; i++)
		lb_train_result_free(&out[i]);
	problem_close(&p);
}
END_TEST

/* A cohort of classifiers is judged by features of each model, not of the last one. */
START_TEST(features_are_each_model_s_own)
{
	struct problem p;
	struct lb_train_result out[2];
	const struct lb_metric *m = lb_metric_find(_i ? "map_at_r" : "nc1");
	const struct lb_metric_use use = { .metric = m, .par = args(&m->base, ""), .key = m->base.name };

	problem_open(&p, LB_MULTICLASS, (const size_t[]){ 90, 0, 60 }, 4, 3);
	problem_draw(&p, 9);
	struct lb_setup s[2] = { trial(&p, "ce", "", "lr=0.5"), trial(&p, "brier", "", "lr=0.1") };
	for (size_t i = 0; i < 2; i++) {
		s[i].model = (struct lb_model_spec){ .n_layers = 2, .width = { 4, 5, 3 }, .seed = 1 + i };
		s[i].metric = &use;
		s[i].n_metrics = 1;
	}
	struct lb_cohort c = cohort_of(&p, s, 2, 4, 30);
	train_all(precision[0], &c, out);
	for (size_t i = 0; i < 2; i++) {
		struct lb_train_result alone = train_alone(precision[0], c, &s[i]);
		ck_same_numbers(out[i].metric[LB_TEST], alone.metric[LB_TEST], 1, m->base.name);
		lb_train_result_free(&alone);
	}
	ck_assert(out[0].metric[LB_TEST][0] < out[1].metric[LB_TEST][0] || out[0].metric[LB_TEST][0] > out[1].metric[LB_TEST][0]);
	lb_train_result_free(&out[0]);
	lb_train_result_free(&out[1]);
	problem_close(&p);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("metric_learning");
	TCase *tc = tcase_create("metric_learning");

	tcase_at_least(tc, 60);
	tcase_add_checked_fixture(tc, NULL, args_forget);
	tcase_add_test(tc, triplets_as_numpy_has_them);
	tcase_add_test(tc, retrieval_as_numpy_has_it);
	tcase_add_test(tc, edges);
	tcase_add_loop_test(tc, trainings_in_any_company, 0, 2);
	tcase_add_loop_test(tc, features_are_each_model_s_own, 0, 2);
	suite_add_tcase(s, tc);
	return s;
}

LB_SUITE_MAIN("metric_learning")
