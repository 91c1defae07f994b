#include "core/run/plan.h"

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/run/components.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The place of the option whose file is not there, followed by the option's name; NULL when that is
 * not the mistake. */
static char *place_of_file(const struct lb_plan *plan, const cJSON *config, const char *text)
{
	static const char *const keys[] = { "data.train.path", "data.train.labels", "data.valid.path", "data.valid.labels", "data.test.path",
					    "data.test.labels", "data.teacher", "data.side.teacher", "data.side.second_teacher", "data.side.teacher_features", "data.side.guide", "data.side.soft_labels", "corrupt.labels.file" };

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		const char *path = lb_json_text_at(config, keys[i]);
		const size_t n = path ? strlen(path) : 0;
		if (!n || strncmp(text, path, n) || text[n] != ':' || lb_file_exists(path))
			continue;
		char *place = lb_config_place(plan->config, keys[i], NULL);
		char *named = place ? lb_strfmt(NULL, "%s: %s", place, keys[i]) : NULL;
		free(place);
		return named;
	}
	return NULL;
}

/* The number of folds that a tuning sets is tune.folds in the file: a message that names the option
 * set has another beginning. Returns what follows the option's name, and the name that the user
 * knows. */
static const char *known_option(const struct lb_plan *plan, const char *text, char option[128])
{
	const size_t n = strcspn(text, ":");
	const bool folds = !strncmp(text, "data.cv.folds:", n + 1) ||
			   (!strncmp(text, "data.split.folds:", n + 1) && !plan->memo.spec.data.split.folds);

	if (plan->tune && folds)
		snprintf(option, 128, "tune.folds");
	else
		snprintf(option, 128, "%.*s", n < 128 ? (int)n : 0, text);
	return text + n;
}

/* Errors of different trials are mostly the same one: each is reported once. A config error that
 * names an option gets its place, a file that is missing that of its name. */
static void collect(const struct lb_plan *plan, const cJSON *config, const struct lb_err *one, struct lb_err *err)
{
	char option[128], *place = NULL;
	const char *rest = known_option(plan, one->text, option);
	const bool renamed = !strcmp(option, "tune.folds");

	if (err->code != LB_OK && strstr(err->text, renamed ? rest : one->text))
		return;
	if (*option && (one->code == LB_CONFIG || renamed))
		place = lb_config_place(plan->config, option, NULL);
	else if (one->code == LB_DATA)
		place = place_of_file(plan, config, one->text);
	lb_fail_more(err, one->code, "%s%s%s%s", place ? place : "", place ? ": " : "", renamed ? option : "", renamed ? rest : one->text);
	free(place);
}

/* Where an id is in the hash table of trials, or could. */
static size_t *place_of(const struct lb_plan *plan, const char *id)
{
	size_t i = (size_t)strtoull(id, NULL, 16) & (plan->n_slots - 1);

	while (plan->slot[i] && strcmp(plan->trial[plan->slot[i] - 1].id, id))
		i = (i + 1) & (plan->n_slots - 1);
	return &plan->slot[i];
}

static void fill_slots(struct lb_plan *plan)
{
	for (size_t i = 0; i < plan->n_slots; i++)
		plan->slot[i] = 0;
	for (size_t i = 0; i < plan->n; i++)
		*place_of(plan, plan->trial[i].id) = i + 1;
}

/* Room for one more trial in the table, at least half of which stays free. */
static int grow_slots(struct lb_plan *plan, struct lb_err *err)
{
	const size_t size = plan->n_slots ? 2 * plan->n_slots : 64;

	if (2 * (plan->n + 1) <= plan->n_slots)
		return 0;
	size_t *slot = lb_alloc(size, sizeof *slot, err);
	if (!slot)
		return -1;
	free(plan->slot);
	plan->slot = slot;
	plan->n_slots = size;
	fill_slots(plan);
	return 0;
}

/* Counts in the trial that is after the last, unless its id is there already. Returns its
 * place. */
static size_t count_new(struct lb_plan *plan)
{
	size_t *place = place_of(plan, plan->trial[plan->n].id);

	if (!*place)
		*place = ++plan->n;
	return *place - 1;
}

/* Looks at a config of the list; its trial's place, unless it is refused, goes to *place (may be
 * NULL). */
static int open_trial(struct lb_plan *plan, const cJSON *config, size_t *place, struct lb_err *err)
{
	struct lb_err *one = lb_alloc(1, sizeof *one, err);
	size_t at = 0;

	if (!one || lb_grow(&plan->trial, &plan->trial_cap, plan->n + 1, sizeof *plan->trial, err) || grow_slots(plan, err)) {
		free(one);
		return -1;
	}
	if (lb_trial_open(&plan->trial[plan->n], config, &plan->cache, &plan->memo, one))
		collect(plan, config, one, err);
	else
		at = count_new(plan);
	if (place)
		*place = at;
	free(one);
	return 0;
}

int lb_plan_add(struct lb_plan *plan, cJSON *config, size_t *place, struct lb_err *err)
{
	if (lb_grow(&plan->list.config, &plan->list_cap, plan->list.n + 1, sizeof *plan->list.config, err)) {
		cJSON_Delete(config);
		return -1;
	}
	if (plan->list.n)
		lb_config_share(plan->list.config[plan->list.n - 1], config);
	plan->list.config[plan->list.n++] = config;
	return open_trial(plan, config, place, err);
}

/* Without a tune block: the trials of the sweep. */
static int add_sweep(struct lb_plan *plan, struct lb_err *err)
{
	int rc = lb_config_expand(plan->config, &lb_registries, &plan->list, err);

	for (size_t i = 0; i < plan->list.n && !rc; i++)
		rc = open_trial(plan, plan->list.config[i], NULL, err);
	return rc;
}

/* ---- with one: every fold of every candidate of every choice ---- */

/* A replicate's data and the checksum of which of its rows test. */
struct tested {
	const struct lb_data_entry *source;
	uint64_t sum;
	size_t n;
};

/* FNV-1a. */
static uint64_t checksum(const uint32_t *rows, size_t n)
{
	uint64_t sum = 14695981039346656037ULL;

	for (size_t i = 0; i < n; i++)
		sum = (sum ^ rows[i]) * 1099511628211ULL;
	return sum;
}

/* 1 when the replicate's split cannot be made: trying its trials says why. */
static int look_at_test(struct lb_plan *plan, size_t arm, size_t replicate, struct tested *out, struct lb_err *err)
{
	cJSON *config = lb_tune_refit(plan->tune, arm, 0, replicate, err);
	struct lb_err *ignored = lb_alloc(1, sizeof *ignored, err);
	struct lb_split split = { 0 };
	int rc = config && ignored ? 1 : -1;

	if (rc > 0 && !lb_trial_split(config, &plan->cache, &out->source, &split, ignored)) {
		out->n = split.n[LB_TEST];
		out->sum = checksum(split.rows[LB_TEST], out->n);
		plan->untested = plan->untested || !out->n;
		rc = 0;
	}
	lb_split_free(&split);
	free(ignored);
	cJSON_Delete(config);
	return rc;
}

/* The choice among those from `first` on that has the same test rows, or the end. */
static size_t find_choice(const struct lb_plan *plan, size_t first, const struct tested *all, const struct tested *one)
{
	size_t i = first;

	for (; i < plan->n_choices; i++) {
		const struct tested *other = &all[plan->choice[i].replicate];
		if (other->source == one->source && other->n == one->n && other->sum == one->sum)
			break;
	}
	return i;
}

/* Divides an arm's replicates into choices. */
static int add_choices(struct lb_plan *plan, size_t arm, struct lb_err *err)
{
	const size_t n = lb_tune_replicates(plan->tune), first = plan->n_choices;
	struct tested *all = lb_alloc(n, sizeof *all, err);
	int rc = all ? 0 : -1;

	for (size_t r = 0; r < n && rc >= 0; r++) {
		rc = look_at_test(plan, arm, r, &all[r], err);
		const size_t i = rc ? plan->n_choices : find_choice(plan, first, all, &all[r]);
		plan->choice_of[arm * n + r] = i;
		if (rc < 0 || i < plan->n_choices)
			continue;
		if (lb_grow(&plan->choice, &plan->choice_cap, i + 1, sizeof *plan->choice, err))
			rc = -1;
		else
			plan->choice[plan->n_choices++] = (struct lb_choice){ .arm = arm, .replicate = r, .best = LB_NO_CANDIDATE };
	}
	free(all);
	return rc < 0 ? -1 : 0;
}

/* Whether two datasets made of the same files hold the same rows: rows with missing cells may be
 * left out of one of them. */
static bool same_rows(const struct lb_dataset *a, const struct lb_dataset *b)
{
	return a == b || (a->n == b->n && a->n_first == b->n_first && !a->y == !b->y && (!a->y || !memcmp(a->y, b->y, a->n * sizeof *a->y)));
}

/* Candidates that read other columns must still have the same rows to train and test on. */
static void check_rows(struct lb_plan *plan, const struct lb_choice *choice, size_t c, struct lb_err *err)
{
	const struct lb_trial *t = &plan->trial[plan->fold[choice->fold]], *other = &plan->trial[plan->fold[choice->fold + c * lb_tune_folds(plan->tune)]];

	if (err->code == LB_OK && lb_tune_varies_data(plan->tune, choice->arm) && !same_rows(t->source->data, other->source->data))
		lb_fail_more(err, LB_CONFIG, "tune.space: settings leave out different rows of the data (%zu and %zu remain), so they would be "
			     "judged on different rows; allowed: data options under which the rows stay, such as data.missing: mean",
			     t->source->data->n, other->source->data->n);
}

static int add_folds(struct lb_plan *plan, struct lb_choice *choice, struct lb_err *err)
{
	const size_t folds = lb_tune_folds(plan->tune), n = folds * lb_tune_candidates(plan->tune, choice->arm);

	choice->fold = plan->n_folds;
	if (lb_grow(&plan->fold, &plan->fold_cap, plan->n_folds + n, sizeof *plan->fold, err))
		return -1;
	for (size_t i = 0; i < n; i++) {
		cJSON *config = lb_tune_fold(plan->tune, choice->arm, i / folds, choice->replicate, i % folds, err);
		if (!config || lb_plan_add(plan, config, &plan->fold[plan->n_folds + i], err))
			return -1;
	}
	plan->n_folds += n;
	for (size_t i = folds; i < n; i += folds)
		check_rows(plan, choice, i / folds, err);
	return 0;
}

static int add_tuning(struct lb_plan *plan, struct lb_err *err)
{
	const size_t arms = lb_tune_arms(plan->tune);

	if (!(plan->choice_of = lb_alloc(arms * lb_tune_replicates(plan->tune), sizeof *plan->choice_of, err)))
		return -1;
	for (size_t arm = 0; arm < arms; arm++)
		if (add_choices(plan, arm, err))
			return -1;
	for (size_t i = 0; i < plan->n_choices; i++)
		if (add_folds(plan, &plan->choice[i], err))
			return -1;
	return 0;
}

/* ---- opening ---- */

int lb_plan_open(struct lb_plan *plan, const char *path, const char *const *sets, size_t n_sets, bool allow_sweep,
		 struct lb_err *err)
{
	int rc = -1;

	*plan = (struct lb_plan){ .config = lb_config_load(path, sets, n_sets, allow_sweep, err) };
	if (plan->config && !lb_tune_open(plan->config, &lb_registries, &plan->tune, err))
		rc = plan->tune ? add_tuning(plan, err) : add_sweep(plan, err);
	if (!rc && err->code != LB_OK)
		rc = -1;
	if (!rc && lb_plan_choose(plan, false, err) < 0)
		rc = -1;
	if (rc)
		lb_plan_close(plan);
	return rc;
}

void lb_plan_close(struct lb_plan *plan)
{
	free(plan->trial);
	free(plan->slot);
	free(plan->choice);
	free(plan->choice_of);
	free(plan->fold);
	free(plan->refit);
	lb_buf_free(&plan->said);
	lb_buf_free(&plan->why);
	lb_tune_free(plan->tune);
	cJSON_Delete(plan->tuning);
	lb_trial_memo_free(&plan->memo);
	lb_data_close(&plan->cache);
	lb_trial_list_free(&plan->list);
	lb_config_free(plan->config);
	*plan = (struct lb_plan){ 0 };
}
