/* core/config/spec.h and what core/run makes of it, with the program's own registries: every option
 * fills a field of a fitting type, a spec that is filled for one trial of a sweep after the other
 * says what one filled again says, and rows are made once. */
#include "core/config/options.h"
#include "core/config/spec.h"
#include "core/config/spec_fill.h"
#include "core/run/components.h"
#include "core/run/plan.h"
#include "core/run/trial_constraints.h"
#include "tests/unit/suite.h"
#include "core/training/attack_info.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

static struct lb_err err;
static struct lb_config *config;
static struct lb_trial_list list;

static void expand(const char *const *sets)
{
	size_t n = 0;

	while (sets[n])
		n++;
	config = lb_config_load(NULL, sets, n, true, &err);
	ck_assert_msg(config && !lb_config_expand(config, &lb_registries, &list, &err), "%s", err.text);
}

static void forget(void)
{
	lb_trial_list_free(&list);
	lb_config_free(config);
	list = (struct lb_trial_list){ 0 };
}

static void fill(struct lb_spec *spec, const cJSON *from)
{
	ck_assert_msg(!lb_spec_fill(spec, from, &lb_registries, &err), "%s", err.text);
}

/* The field that an option of its shape and type has to have. */
static enum lb_field field_of(const struct lb_option *o)
{
	static const enum lb_field by_type[] = {
		[LB_REAL_PARAM] = LB_REAL_FIELD, [LB_INT_PARAM] = LB_COUNT_FIELD, [LB_BOOL_PARAM] = LB_TRUTH_FIELD,
		[LB_CHOICE_PARAM] = LB_WORD_FIELD, [LB_TEXT_PARAM] = LB_TEXT_FIELD, [LB_SEED_PARAM] = LB_COUNT_FIELD,
	};

	if (o->shape == LB_GROUP || o->shape == LB_SPACE || o->shorthand)
		return LB_NO_FIELD;
	if (o->shape == LB_COMPONENT || o->shape == LB_COMPONENTS)
		return o->shape == LB_COMPONENT ? LB_USE_FIELD : LB_USES_FIELD;
	if (!strcmp(o->path, "data.missing_values"))
		return LB_ITEM_FIELD;
	return o->shape == LB_WORDS || o->list || o->by_name ? LB_LIST_FIELD : by_type[o->param.type];
}

START_TEST(every_option_has_its_field)
{
	size_t tops = 0;

	for (size_t i = 0; i < lb_option_count(); i++) {
		const struct lb_option *o = lb_option_at(i);
		tops += !strchr(o->path, '.');
		ck_assert_msg(o->field == field_of(o), "%s: field %d, wanted %d", o->path, (int)o->field, (int)field_of(o));
		for (size_t k = 0; k < i && o->field != LB_NO_FIELD; k++)
			ck_assert_msg(lb_option_at(k)->field == LB_NO_FIELD || lb_option_at(k)->at != o->at, "%s and %s fill one field", o->path,
				      lb_option_at(k)->path);
	}
	ck_assert_uint_le(tops, LB_SPEC_TOPS);
}
END_TEST

static void write_use(struct lb_buf *b, const struct lb_component_use *use)
{
	lb_buf_printf(b, "%s*%g(", use->info ? use->info->name : "none", use->weight);
	for (int i = 0; use->info && i < use->info->n_params; i++) {
		lb_buf_printf(b, "%s=%.17g %s", use->info->params[i].name, use->par[i].v, use->par[i].text ? use->par[i].text : "");
		for (size_t k = 0; k < use->par[i].n; k++)
			lb_buf_printf(b, " %.17g", use->par[i].list[k]);
		lb_buf_puts(b, ",");
	}
	lb_buf_puts(b, ")");
}

static void write_list(struct lb_buf *b, const struct lb_list *l)
{
	lb_buf_printf(b, "%d %.17g %d %s", l->given, l->value, l->word.at, l->one ? l->one : "");
	for (size_t i = 0; i < l->n; i++)
		lb_buf_printf(b, " %s=%.17g %s", l->text[i] ? l->text[i] : "", l->number[i], l->named[i] ? l->named[i] : "");
}

static void write_field(struct lb_buf *b, enum lb_field field, const void *at)
{
	const struct lb_component_uses *uses = at;
	const struct lb_word *word = at;

	if (field == LB_TEXT_FIELD)
		lb_buf_puts(b, *(const char *const *)at ? *(const char *const *)at : "none");
	else if (field == LB_REAL_FIELD)
		lb_buf_printf(b, "%.17g", *(const double *)at);
	else if (field == LB_COUNT_FIELD)
		lb_buf_printf(b, "%.0f", (double)*(const uint64_t *)at);
	else if (field == LB_TRUTH_FIELD)
		lb_buf_puts(b, *(const bool *)at ? "true" : "false");
	else if (field == LB_WORD_FIELD)
		lb_buf_printf(b, "%d %s", word->at, word->text ? word->text : "none");
	else if (field == LB_LIST_FIELD)
		write_list(b, at);
	else if (field == LB_USE_FIELD)
		write_use(b, at);
	for (size_t i = 0; field == LB_USES_FIELD && i < uses->n; i++)
		write_use(b, &uses->use[i]);
}

/* Every field of a spec as text. */
static char *text_of(const struct lb_spec *spec)
{
	struct lb_buf b = { 0 };

	for (size_t i = 0; i < lb_option_count(); i++) {
		const struct lb_option *o = lb_option_at(i);
		if (o->field == LB_NO_FIELD)
			continue;
		lb_buf_printf(&b, "%s: ", o->path);
		write_field(&b, o->field, (const char *)spec + o->at);
		lb_buf_puts(&b, "\n");
	}
	ck_assert(!b.bad);
	return b.s;
}

static const char *const sweeps[] = {
	"data: {generator: gaussian_mixture}\n"
	"sweep: {loss: [ce, {name: gce, q: [0.3, 0.5]}], train.seed: [1, 2], optimizer.lr: [0.1, 0.2]}\n",
	"data: {generator: gaussian_mixture}\n"
	"sweep: {zip: {task: [multiclass, binary, multiclass], loss: [ce, logistic, mae]}, train.seed: [1, 2]}\n",
	"data: {train: {path: x.csv}}\nloss: ce\n"
	"sweep: {data.split: [{folds: 3}, {modulo: 5, test: [0, 2]}, {first: 9}, {train: 0.5}], data.drop: [[a, b], [c]],\n"
	"        model: [linear, {kind: mlp, hidden: [[4, 5]], head: {kind: cosine, scale: 9}}]}\n",
	"data: {train: {path: x.csv}}\nloss: ce\n"
	"sweep: {train.class_weight: [none, balanced, {a: 2, b: 0.5}], data.categorical: [[u, v], auto],\n"
	"        data.side.soft_labels: [f.csv, [p, q], {a: p, b: q}], terms: [[{name: gce, weight: 0.5}], [mae, gce]]}\n",
};

START_TEST(filled_one_after_the_other)
{
	char path[] = "/tmp/lossbench-spec-XXXXXX";
	FILE *f = fdopen(mkstemp(path), "w");
	struct lb_spec series = { 0 };

	fputs(sweeps[_i], f);
	ck_assert_int_eq(fclose(f), 0);
	config = lb_config_load(path, NULL, 0, true, &err);
	unlink(path);
	ck_assert_msg(config && !lb_config_expand(config, &lb_registries, &list, &err), "%s", err.text);
	ck_assert_uint_ge(list.n, 6);
	for (size_t i = 0; i < 2 * list.n; i++) {
		const cJSON *from = list.config[i % list.n];
		struct lb_spec alone = { 0 };
		fill(&series, from);
		fill(&alone, from);
		char *a = text_of(&series), *b = text_of(&alone);
		ck_assert_str_eq(a, b);
		ck_assert_ptr_eq(series.config, from);
		free(a);
		free(b);
		lb_spec_free(&alone);
	}
	lb_spec_free(&series);
	forget();
}
END_TEST

START_TEST(values_of_each_type)
{
	static const char *const sets[] = { "data.train.path=x.csv", "data.train.label=y", "loss={name: gce, q: 0.25, weight: 3}", "terms=[{name: mae, weight: 0.5}]",
					    "data.split={modulo: 5, test: [0, 2]}", "train.class_weight={a: 2, b: 0.5}", "model={kind: mlp, hidden: [4, 5], head: cosine}",
					    "data.decimal=comma", "data.max_bytes=1e300", "train.seed=9007199254740992", "train.curves=[train, test]",
					    "evaluate.threshold=fixed", "train.shuffle=false", "train.attack={kind: pgd, eps: 0.5, clip: [0, 1]}",
					    "data.side.soft_labels={b: p_b, a: p_a}", NULL };
	struct lb_spec s = { 0 };

	expand(sets);
	fill(&s, list.config[0]);
	ck_assert_str_eq(s.data.train.path, "x.csv");
	ck_assert_str_eq(s.data.train.label, "y");
	ck_assert_ptr_null(s.data.test.path);
	ck_assert_ptr_null(s.data.generator.info);
	ck_assert_str_eq(s.loss.info->name, "gce");
	ck_assert_double_eq(s.loss.par[0].v, 0.25);
	ck_assert_double_eq(s.loss.weight, 3);
	ck_assert_uint_eq(s.terms.n, 1);
	ck_assert_double_eq(s.terms.use[0].weight, 0.5);
	ck_assert_uint_eq(s.data.split.modulo, 5);
	ck_assert(s.data.split.test.given && s.data.split.test.n == 2);
	ck_assert_double_eq(s.data.split.test.number[1], 2);
	ck_assert(s.train.class_weight.given && s.train.class_weight.n == 2 && !s.train.class_weight.word.at);
	ck_assert_str_eq(s.train.class_weight.text[1], "b");
	ck_assert_double_eq(s.train.class_weight.number[1], 0.5);
	ck_assert_ptr_null(s.train.class_weight.named[1]);
	ck_assert(lb_labels_are_soft(&s) && s.data.side.soft_labels.n == 2 && !s.data.side.soft_labels.one);
	ck_assert_str_eq(s.data.side.soft_labels.text[0], "b");
	ck_assert_str_eq(s.data.side.soft_labels.named[0], "p_b");
	ck_assert_str_eq(s.head.info->name, "cosine");
	ck_assert_uint_eq(lb_use_arg(&s.model, "hidden")->n, 2);
	ck_assert_ptr_null(lb_use_arg(&s.model, "no_such"));
	ck_assert_double_eq(lb_use_number(&s.train.miner, "k", 7), 7);
	ck_assert_int_eq(s.data.decimal.at, LB_DECIMAL_COMMA);
	ck_assert_ptr_null(s.data.thousands.text);
	ck_assert_double_eq(s.data.max_bytes, 1e300);
	ck_assert_uint_eq(s.train.seed, 9007199254740992);
	ck_assert(s.train.curves.n == 2 && !strcmp(s.train.curves.text[1], "test"));
	ck_assert(!s.train.shuffle && !s.train.early_stopping.metric && !s.tune.trials);
	ck_assert_double_eq(s.train.attack.par[LB_ATTACK_CLIP].list[1], 1);
	ck_assert(lb_use_is(&s.train.attack, "pgd") && lb_used_attack(&s.train.attack) && !lb_used_attack(&s.evaluate.attack));
	lb_spec_free(&s);
	forget();
}
END_TEST

/* The engine's enumerations are in the order of the options' choices. */
START_TEST(words_are_those_of_the_engine)
{
	const struct {
		const char *path;
		const struct lb_info *const *list;
	} words[] = {
		{ "train.sampler", lb_samplers },
		{ "evaluate.threshold", lb_thresholds },
	};

	for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
		const char *const *choices = lb_option_find(words[w].path, strlen(words[w].path))->param.choices;
		size_t i = 0;
		for (; choices[i] && words[w].list[i]; i++)
			ck_assert_str_eq(choices[i], words[w].list[i]->name);
		ck_assert(!choices[i] && !words[w].list[i]);
	}
	for (int k = 0; k < LB_N_KINDS; k++)
		ck_assert_str_eq(lb_option_find("task", 4)->param.choices[k], lb_kind_name((enum lb_kind)k));
}
END_TEST

START_TEST(every_constraint_is_a_sentence_on_an_option)
{
	const struct lb_constraint *c;
	size_t n = 0;

	for (size_t i = 0; (c = lb_config_constraint(i)) || (c = lb_trial_constraint(n)); i++) {
		n += !lb_config_constraint(i);
		const struct lb_option *o = lb_option_find(c->path, strlen(c->path));
		ck_assert_msg(o || lb_option_component(c->path), "%s is no option", c->path);
		const size_t length = strlen(c->rule);
		ck_assert_msg(length > 10 && c->rule[length - 1] == '.' && c->rule[0] >= 'A' && c->rule[0] <= 'Z', "%s: %s", c->path, c->rule);
		ck_assert((c->by == LB_BY_CONFIG) == (lb_config_constraint(i) != NULL));
	}
	ck_assert_uint_ge(n, 40);
}
END_TEST

/* Configs that break one rule each, and how the message begins. */
static const struct {
	const char *sets[6];
	const char *begins;
} broken[] = {
	{ { "loss=ce", "terms=[gce]", "model=naive_bayes" }, "terms: found gce with model naive_bayes" },
	{ { "loss={name: ce, weight: 0}" }, "loss.weight: found 0, so that nothing" },
	{ { "loss={name: ce, weight: 0}", "terms=[{name: gce, weight: 0}]" }, "loss.weight: found 0, and for every term too" },
	{ { "loss=ce", "train.early_stopping={metric: valid.accuracy}", "optimizer=lbfgs" }, "train.early_stopping: found with lbfgs" },
	{ { "loss=ce", "optimizer=lbfgs", "train.clip_norm=2" }, "train.clip_norm: found 2 with optimizer lbfgs" },
	{ { "loss=ce", "optimizer=lbfgs", "train.loss_lr_factor=2" }, "train.loss_lr_factor: found 2 with optimizer lbfgs" },
	{ { "loss=ce", "optimizer=lbfgs", "schedule={name: constant, warmup: 0.1}" }, "schedule: found constant with warmup with optimizer lbfgs" },
	{ { "loss=ce", "optimizer=lbfgs", "model={kind: mlp, hidden: [4], dropout: 0.5}" }, "model.dropout: found 0.5" },
	{ { "loss=gjs", "optimizer=lbfgs", "train.views={kind: gaussian_noise, count: 2}" }, "loss: found gjs with optimizer lbfgs" },
	{ { "loss=gjs" }, "train.views: is missing, and gjs" },
	{ { "loss=ce", "train.views={kind: gaussian_noise, count: 2}" }, "train.views: ce sees one view" },
	{ { "loss=ce", "evaluate.threshold=f1" }, "evaluate.threshold: found f1 with task multiclass" },
	{ { "loss=ce", "evaluate.calibration=platt", "data.split={train: 0.8, valid: 0, test: 0.2}" }, "evaluate.calibration: found platt, but there are no validation rows" },
	{ { "loss=ce", "train.per_class=3" }, "train.per_class: found with sampler shuffle" },
	{ { "loss=ce", "train.sampler=balanced", "train.shuffle=false" }, "train.sampler: found balanced with train.shuffle false" },
	{ { "loss=ce", "train.sampler=m_per_class", "train.batch=7" }, "train.batch: found 7 with sampler m_per_class" },
	{ { "loss=ce", "train.class_weight={nobody: 2}" }, "train.class_weight: there is no class 'nobody'" },
	{ { "loss=ce", "procedures=[sam]", "optimizer=lbfgs" }, "procedures: found sam with optimizer lbfgs" },
	{ { "loss=ce", "procedures=[sam, coteach]" }, "procedures: found sam with coteach" },
	{ { "loss=ce", "procedures=[mixup]", "train.attack={kind: fgsm, eps: 0.1}" }, "procedures: found mixup with train.attack" },
	{ { "loss=ce", "train.attack={kind: fgsm, eps: 0.1, clip: [2, 1]}" }, "train.attack.clip: found 2 numbers that do not ascend" },
	{ { "loss=ce", "train.attack={kind: closed_form, eps: 0.1}", "model={kind: mlp, hidden: [4]}" }, "train.attack: found closed_form with model mlp" },
	{ { "loss=ce", "train.attack={kind: pgd, eps: 0.1, objective: deviation}" }, "train.attack.objective: found deviation with loss ce" },
	{ { "loss=ce", "evaluate.attack={kind: pgd, eps: 0.1}", "metrics=[accuracy]" }, "evaluate.attack: found pgd, but no metric" },
	{ { "loss=ce", "metrics=[robust_accuracy]" }, "metrics: found robust_accuracy without evaluate.attack" },
	{ { "loss=arcface" }, "model.head: found linear with loss arcface" },
	{ { "loss=ce", "model={kind: linear, init: zero, head: cosine}" }, "model.init: found zero with model.head cosine" },
};

START_TEST(each_rule_refuses)
{
	const char *sets[8] = { "data.generator=gaussian_mixture" };
	struct lb_plan *plan = calloc(1, sizeof *plan);
	size_t n = 1;

	for (size_t i = 0; i < 6 && broken[_i].sets[i]; i++)
		sets[n++] = broken[_i].sets[i];
	ck_assert_int_eq(lb_plan_open(plan, NULL, sets, n, false, &err), -1);
	ck_assert_int_eq(err.code, LB_CONFIG);
	ck_assert_msg(strstr(err.text, broken[_i].begins), "%s: %s", broken[_i].begins, err.text);
	free(plan);
}
END_TEST

/* ---- rows ---- */

static struct lb_plan *plan_of(const char *const *sets)
{
	struct lb_plan *plan = calloc(1, sizeof *plan);
	size_t n = 0;

	while (sets[n])
		n++;
	ck_assert_msg(plan && !lb_plan_open(plan, NULL, sets, n, true, &err), "%s", err.text);
	return plan;
}

START_TEST(rows_are_made_once)
{
	static const char *const sets[] = { "data.generator=gaussian_mixture", "loss=ce,mae", "train.seed=1,2", "data.preprocess.standardize=true", NULL };
	struct lb_plan *plan = plan_of(sets);
	struct lb_prepared *p = calloc(3, sizeof *p);

	/* Trials in order: ce 1, ce 2, mae 1, mae 2. */
	ck_assert_uint_eq(plan->n, 4);
	const struct lb_rows *last = plan->cache.rows;
	ck_assert_ptr_nonnull(last);
	ck_assert(lb_rows_same(last->config, plan->trial[3].config) && !lb_rows_same(last->config, plan->trial[2].config));
	ck_assert_uint_eq(last->refs, 1);

	ck_assert_int_eq(lb_prepare(&plan->trial[3], NULL, &p[0], &err), 0);
	ck_assert_ptr_eq(p[0].rows, last);
	ck_assert_ptr_eq(p[0].split.rows[LB_TRAIN], last->split.rows[LB_TRAIN]);
	ck_assert_ptr_nonnull(last->features.data);
	ck_assert_uint_eq(last->refs, 2);
	ck_assert_int_eq(lb_prepare(&plan->trial[1], &p[0], &p[1], &err), 0);
	ck_assert_ptr_eq(p[1].rows, last);
	ck_assert_ptr_eq(p[1].features.scale, last->features.scale);

	/* Others take their place in the cache; those in use stay. */
	ck_assert_int_eq(lb_prepare(&plan->trial[0], NULL, &p[2], &err), 0);
	ck_assert_ptr_ne(p[2].rows, last);
	ck_assert_ptr_eq(p[2].rows, plan->cache.rows);
	ck_assert_uint_eq(last->refs, 2);
	ck_assert_uint_eq(p[0].split.n[LB_TRAIN], p[2].split.n[LB_TRAIN]);
	ck_assert(memcmp(p[0].split.rows[LB_TRAIN], p[2].split.rows[LB_TRAIN], p[0].split.n[LB_TRAIN] * sizeof(uint32_t)));

	lb_prepared_free(&p[0]);
	ck_assert_uint_eq(p[1].split.rows[LB_TRAIN][0], last->split.rows[LB_TRAIN][0]);
	lb_prepared_free(&p[1]);
	lb_prepared_free(&p[2]);
	free(p);
	lb_plan_close(plan);
	free(plan);
}
END_TEST

/* Kept rows are those that the options ask for, whichever trial came before. */
START_TEST(kept_rows_are_the_trials)
{
	static const char *const sets[] = { "data.generator=gaussian_mixture", "loss=ce", "data.split.seed=1,2", "corrupt.imbalance=none,{kind: step, ratio: 5}",
					    "data.split.train=0.5,0.6", NULL };
	struct lb_plan *plan = plan_of(sets);

	for (size_t i = 0; i < 2 * plan->n; i++) {
		const struct lb_trial *t = &plan->trial[i * 3 % plan->n];
		struct lb_spec spec = { 0 };
		struct lb_split split;
		const struct lb_data_entry *source;
		fill(&spec, t->config);
		struct lb_rows *rows = lb_rows_get(t->source, &spec, &err);
		ck_assert_ptr_nonnull(rows);
		ck_assert_int_eq(lb_trial_split(t->config, &plan->cache, &source, &split, &err), 0);
		for (int part = 0; part < LB_PARTS; part++) {
			ck_assert_uint_eq(rows->split.n[part], split.n[part]);
			ck_assert(!split.n[part] || !memcmp(rows->split.rows[part], split.rows[part], split.n[part] * sizeof(uint32_t)));
		}
		lb_split_free(&split);
		lb_rows_drop(rows);
		lb_spec_free(&spec);
	}
	lb_plan_close(plan);
	free(plan);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("spec");
	TCase *t = tcase_create("spec");

	tcase_add_test(t, every_option_has_its_field);
	tcase_add_loop_test(t, filled_one_after_the_other, 0, sizeof sweeps / sizeof *sweeps);
	tcase_add_test(t, values_of_each_type);
	tcase_add_test(t, words_are_those_of_the_engine);
	tcase_add_test(t, every_constraint_is_a_sentence_on_an_option);
	tcase_add_loop_test(t, each_rule_refuses, 0, sizeof broken / sizeof *broken);
	tcase_add_test(t, rows_are_made_once);
	tcase_add_test(t, kept_rows_are_the_trials);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("spec")
