#include "core/run/data_cache.h"

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/run/get.h"
#include "core/run/components.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>

const char *const lb_data_path_key[LB_FILES] = { "data.train.path", "data.train.labels", "data.valid.path",
						 "data.valid.labels", "data.test.path", "data.test.labels" };

/* A list of texts as borrowed pointers in new memory; a missing list is empty. */
static int text_list(const cJSON *item, const char *const **out, size_t *n, struct lb_err *err)
{
	const cJSON *e;
	const char **list = lb_alloc((size_t)(cJSON_IsArray(item) ? cJSON_GetArraySize(item) : 0), sizeof *list, err);

	*n = 0;
	*out = list;
	if (!list)
		return -1;
	if (cJSON_IsArray(item))
		cJSON_ArrayForEach(e, item)
			list[(*n)++] = e->valuestring;
	return 0;
}

static int choice(const char *word, const char *const *words)
{
	int i = 0;

	while (word && words[i] && strcmp(words[i], word))
		i++;
	return i;
}

static char decimal_of(const cJSON *config)
{
	const char *decimal = lb_get_text(config, "data.decimal");

	return decimal && !strcmp(decimal, "comma") ? ',' : '.';
}

/* With a decimal comma points separate thousands, unless something else is said. */
static char thousands_of(const cJSON *config)
{
	static const char *const names[] = { "none", "comma", "point", "blank", "apostrophe", NULL };
	static const char separator[] = { 0, ',', '.', ' ', '\'', 0 };
	const char *thousands = lb_get_text(config, "data.thousands");

	return thousands ? separator[choice(thousands, names)] : decimal_of(config) == ',' ? '.' : 0;
}

/* A reference that is a whole number may mean a place. */
static bool refers_to(const char *reference, const char *name)
{
	int64_t place;

	return reference && !strcmp(reference, name) && !lb_parse_int(reference, strlen(reference), &place);
}

/* Whether a key of the data section names the column; for the header's sake
 * (lb_read_options.wants). */
static bool wants_column(const void *config, const char *name)
{
	static const char *const keys[] = { "data.train.label", "data.group", "data.weight", "data.drop", "data.categorical", "data.labels" };
	const cJSON *e;

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		const cJSON *item = lb_json_at(config, keys[i]);
		if (refers_to(cJSON_GetStringValue(item), name) && (i != 4 || strcmp(name, "auto")))
			return true;
		if (cJSON_IsArray(item))
			cJSON_ArrayForEach(e, item)
				if (refers_to(cJSON_GetStringValue(e), name))
					return true;
	}
	return false;
}

struct lb_read_options lb_read_options_of(const cJSON *config, int i)
{
	static const char *const delimiters[] = { "auto", "comma", "tab", "semicolon", "pipe", "blank", NULL };
	static const char delimiter[] = { 0, ',', '\t', ';', '|', ' ', 0 };
	static const char *const bases[] = { "1", "0", "auto", NULL };
	static const char *const sides[] = { "data.train", "data.valid", "data.test" };
	const cJSON *side = lb_json_at(config, sides[i / 2]);
	const char *header = lb_get_text(config, "data.header"), *format = lb_get_text(side, "format");
	const char *base = lb_get_text(config, "data.index_base"), *y = lb_get_text(side, "y");

	return (struct lb_read_options){
		.format = format && strcmp(format, "auto") && !(i % 2) ? format : NULL,
		.header = !header || !strcmp(header, "auto") ? 0 : strcmp(header, "true") ? -1 : 1,
		.delimiter = delimiter[choice(lb_get_text(config, "data.delimiter"), delimiters)],
		.decimal = decimal_of(config),
		.thousands = thousands_of(config),
		.missing = lb_json_at(config, "data.missing_values"),
		.wants = wants_column,
		.config = config,
		.missing_ok = true,
		.label_lists = !strcmp(lb_get_text(config, "task"), "multilabel"),
		.max_bytes = (uint64_t)lb_get_number(config, "data.max_bytes", 0),
		.max_memory = (uint64_t)lb_get_number(config, "data.max_memory", 0),
		.index_base = base ? (enum lb_index_base)choice(base, bases) : LB_BASE_1,
		.features = i % 2 ? 0 : (size_t)lb_get_number(config, "data.features", 0),
		.part = i / 2,
		.x_key = i % 2 ? y : lb_get_text(side, "x"),
		.y_key = i % 2 ? NULL : y,
		.role = i % 2 ? LB_READ_LABELS : lb_get_text(side, "labels") ? LB_READ_FEATURES : LB_READ_BOTH,
	};
}

static int make_generated(const cJSON *config, enum lb_kind kind, struct lb_table *out, struct lb_err *err)
{
	const cJSON *block = lb_json_at(config, "data.generator");
	const struct lb_generator *g = NULL;
	struct lb_arg par[32];
	double *lists = NULL;

	for (size_t i = 0; i < lb_generator_count(); i++)
		if (!strcmp(lb_generator_at(i)->base.name, lb_get_text(block, "name")))
			g = lb_generator_at(i);
	if (!g || lb_args_from_block(&g->base, block, par, &lists, err))
		return -1;
	const int rc = g->make(par, kind, (uint64_t)lb_get_number(block, "seed", 0), out, err);
	free(lists);
	return rc;
}

int lb_data_assemble(const cJSON *config, enum lb_kind kind, struct lb_table t[LB_FILES], const char *const path[LB_FILES],
		     struct lb_dataset **out, struct lb_err *err)
{
	static const char *const policies[] = { "error", "mean", "drop", NULL };
	const cJSON *categorical = lb_json_at(config, "data.categorical");
	struct lb_roles roles = {
		.kind = kind,
		.label = lb_get_text(config, "data.train.label"),
		.group = lb_get_text(config, "data.group"),
		.weight = lb_get_text(config, "data.weight"),
		.positive = lb_get_text(config, "data.positive"),
		.missing = (enum lb_missing)choice(lb_get_text(config, "data.missing"), policies),
		.categorical_auto = !cJSON_IsArray(categorical),
	};
	struct lb_table *table[LB_FILES];
	int rc = -1;

	for (int i = 0; i < LB_FILES; i++)
		table[i] = i == 0 || path[i] ? &t[i] : NULL;
	if (!text_list(lb_json_at(config, "data.drop"), &roles.drop, &roles.n_drop, err) &&
	    !text_list(lb_json_at(config, "data.labels"), &roles.labels, &roles.n_labels, err) &&
	    !text_list(categorical, &roles.categorical, &roles.n_categorical, err))
		rc = lb_dataset_assemble(table, path, &roles, out, err);
	free((void *)roles.drop);
	free((void *)roles.labels);
	free((void *)roles.categorical);
	return rc;
}

/* A block of numbers, such as images, has no column that could be meant by "the last one". */
static int check_labels(const cJSON *config, const struct lb_table t[LB_FILES], const char *const path[LB_FILES], struct lb_err *err)
{
	for (int i = 0; i < LB_FILES; i += 2)
		if (path[i] && !t[i].col && !path[i + 1] && !lb_get_text(config, "data.train.label") &&
		    !cJSON_GetArraySize(lb_json_at(config, "data.labels")))
			return lb_fail(err, LB_DATA, "%s: holds no labels; give their file with %s", path[i],
				       lb_data_path_key[i + 1]);
	return 0;
}

/* With data.index_base: auto, reads a file again with base 0 when only another file of the data
 * contains index 0. */
static int read_file(const cJSON *config, const struct lb_reading *reading, const char *path, int i, bool from_zero, struct lb_table *out,
		     struct lb_err *err)
{
	struct lb_read_options opt = lb_read_options_of(config, i);

	opt.by_rows = i % 2 == 0;
	if (reading && i % 2 == 0)
		reading->change(&opt, reading->arg);
	if (from_zero)
		opt.index_base = LB_BASE_0;
	lb_table_free(out);
	return lb_table_read(path, &opt, out, err);
}

/* The files of one part, the second of which is that of its labels. */
struct side {
	const cJSON *config;
	const struct lb_reading *reading;
	const char *const *path;
	int first;
	struct lb_table *table;
	struct lb_err err;
	pthread_t thread;
	bool apart;                      /* read by a thread of its own */
	int rc;
};

static void *read_side(void *arg)
{
	struct side *s = arg;

	for (int i = s->first; i < s->first + 2 && !s->rc; i++)
		s->rc = s->path[i] ? read_file(s->config, s->reading, s->path[i], i, false, &s->table[i], &s->err) : 0;
	return NULL;
}

static bool is_large(const char *path)
{
	struct stat st;

	return path && !stat(path, &st) && st.st_size >= 1 << 20;
}

/* Large validation and test files are read by threads of their own. What is wrong with the training
 * files is told first in any case. */
static int read_files(const cJSON *config, const struct lb_reading *reading, const char *const path[LB_FILES], struct lb_table table[LB_FILES],
		      struct lb_err *err)
{
	enum { SIDES = LB_FILES / 2 };
	struct side *side = lb_alloc(SIDES, sizeof *side, err), *bad = NULL;

	if (!side)
		return -1;
	for (int s = 0; s < SIDES; s++) {
		side[s] = (struct side){ .config = config, .reading = reading, .path = path, .first = 2 * s, .table = table };
		side[s].apart = s > 0 && is_large(path[0]) && is_large(path[2 * s]) && !pthread_create(&side[s].thread, NULL, read_side, &side[s]);
	}
	for (int s = 0; s < SIDES; s++) {
		if (side[s].apart)
			pthread_join(side[s].thread, NULL);
		else if (!bad)
			read_side(&side[s]);
		bad = !bad && side[s].rc ? &side[s] : bad;
	}
	const int rc = bad ? lb_fail(err, bad->err.code, "%s", bad->err.text) : 0;
	free(side);
	return rc;
}

/* Where one file of several shows that its indices count from 0, those of the others do so too. */
static int read_again_from_zero(const cJSON *config, const struct lb_reading *reading, const char *const path[LB_FILES],
				struct lb_table table[LB_FILES], struct lb_err *err)
{
	bool zero_based = false;

	for (int i = 0; i < LB_FILES; i += 2)
		zero_based = zero_based || table[i].zero_based;
	for (int i = 0; zero_based && i < LB_FILES; i += 2)
		if (path[i] && !table[i].zero_based && read_file(config, reading, path[i], i, true, &table[i], err))
			return -1;
	return 0;
}

int lb_data_read(const cJSON *config, const struct lb_reading *reading, const char *path[LB_FILES], struct lb_table table[LB_FILES],
		 struct lb_err *err)
{
	for (int i = 0; i < LB_FILES; i++)
		path[i] = lb_get_text(config, lb_data_path_key[i]);
	if (!path[0] && make_generated(config, lb_kind_of_data(lb_kind_of_task(lb_get_text(config, "task"))), &table[0], err))
		return -1;
	return read_files(config, reading, path, table, err) || read_again_from_zero(config, reading, path, table, err) ? -1 : 0;
}

struct lb_dataset *lb_data_load(const cJSON *config, struct lb_err *err)
{
	const enum lb_kind kind = lb_kind_of_data(lb_kind_of_task(lb_get_text(config, "task")));
	struct lb_table table[LB_FILES] = { 0 };
	struct lb_dataset *data = NULL;
	const char *path[LB_FILES];
	const int rc = lb_data_read(config, NULL, path, table, err) || check_labels(config, table, path, err) ||
		       lb_data_assemble(config, kind, table, path, &data, err);

	for (int i = 0; i < LB_FILES; i++)
		lb_table_free(&table[i]);
	return rc ? NULL : data;
}

/* What the dataset depends on: the task and the data section without splits and encoding. */
static char *data_key(const cJSON *config, struct lb_err *err)
{
	static const char *const later[] = { "split", "cv", "preprocess", "unseen" };
	struct lb_buf b = { 0 };
	cJSON *data = cJSON_Duplicate(lb_json_at(config, "data"), 1);

	for (size_t i = 0; i < sizeof later / sizeof *later; i++)
		cJSON_DeleteItemFromObjectCaseSensitive(data, later[i]);
	lb_buf_puts(&b, lb_get_text(config, "task"));
	if (data)
		lb_json_canonical(data, &b);
	cJSON_Delete(data);
	if (!b.bad && data)
		return b.s;
	lb_buf_free(&b);
	lb_fail_memory(err, 0);
	return NULL;
}

int lb_data_check_dense(const cJSON *config, const struct lb_dataset *data, struct lb_err *err)
{
	enum { EVALUATED = 512 };

	if (!data->x.start)
		return 0;
	const struct lb_read_options opt = lb_read_options_of(config, 0);
	const double rows = fmin(lb_get_number(config, "train.batch", 1), (double)data->n) + EVALUATED, limit = (double)lb_memory_limit(&opt);
	const double size = strcmp(lb_get_text(config, "train.precision"), "float64") ? sizeof(float) : sizeof(double);

	if (rows * (double)data->x.d * size <= limit)
		return 0;
	return lb_fail(err, LB_DATA, "%s: a batch of %.0f row%s of %zu column%s takes %.0f MB of memory, more than the limit of %.0f MB; lower "
		       "train.batch, or raise data.max_memory", data->source[0].path, rows, lb_s((size_t)rows), data->x.d,
		       lb_s(data->x.d), rows * (double)data->x.d * size / 1e6, limit / 1e6);
}

static void entry_free(struct lb_data_entry *entry)
{
	if (!entry)
		return;
	free(entry->key);
	lb_teacher_free(&entry->teacher);
	if (entry->data)
		lb_dataset_free(entry->data);
	free(entry);
}

/* Reads the data anew into an entry that takes the key. */
static struct lb_data_entry *load_entry(const cJSON *config, char *key, struct lb_err *err)
{
	struct lb_data_entry *entry = lb_alloc(1, sizeof *entry, err);
	const double start = lb_seconds();

	if (!entry) {
		free(key);
		return NULL;
	}
	entry->key = key;
	if (!(entry->data = lb_data_load(config, err)) || lb_teacher_load(config, entry->data, &entry->teacher, err)) {
		entry_free(entry);
		return NULL;
	}
	entry->seconds = lb_seconds() - start;
	return entry;
}

const struct lb_data_entry *lb_data_get(struct lb_data_cache *cache, const cJSON *config, struct lb_err *err)
{
	char *key = data_key(config, err);

	if (!key)
		return NULL;
	for (size_t i = 0; i < cache->n; i++)
		if (!strcmp(cache->entry[i]->key, key)) {
			free(key);
			return cache->entry[i];
		}
	if (lb_grow(&cache->entry, &cache->cap, cache->n + 1, sizeof *cache->entry, err)) {
		free(key);
		return NULL;
	}
	struct lb_data_entry *entry = load_entry(config, key, err);
	if (!entry)
		return NULL;
	for (size_t i = 0; i < entry->data->n_warnings; i++)
		lb_warn("%s", entry->data->warning[i]);
	return cache->entry[cache->n++] = entry;
}

void lb_data_close(struct lb_data_cache *cache)
{
	for (size_t i = 0; i < cache->n; i++)
		entry_free(cache->entry[i]);
	free(cache->entry);
	lb_sentences_free(&cache->said);
	*cache = (struct lb_data_cache){ 0 };
}

int lb_split_options_of(const cJSON *config, struct lb_split_options *out, double residues[LB_MAX_RESIDUES], struct lb_err *err)
{
	const cJSON *split = lb_json_at(config, "data.split"), *e;

	*out = (struct lb_split_options){
		.train = lb_get_number(split, "train", 0),
		.valid = lb_get_number(split, "valid", 0),
		.test = lb_get_number(split, "test", 0),
		.first = (size_t)lb_get_number(split, "first", 0),
		.modulo = (size_t)lb_get_number(split, "modulo", 0),
		.folds = (size_t)lb_get_number(split, "folds", 0),
		.fold = (size_t)lb_get_number(split, "fold", 0),
		.stratify = lb_get_bool(split, "stratify"),
		.seed = (uint64_t)lb_get_number(split, "seed", 0),
	};
	out->kind = out->first ? LB_SPLIT_FIRST : out->modulo ? LB_SPLIT_MODULO : out->folds ? LB_SPLIT_FOLDS : LB_SPLIT_FRACTIONS;
	out->test_residues = residues;
	if (!out->modulo)
		return 0;
	if (cJSON_GetArraySize(lb_json_at(split, "test")) > LB_MAX_RESIDUES)
		return lb_fail(err, LB_CONFIG, "data.split.test: found %d residues, allowed: at most %d",
			       cJSON_GetArraySize(lb_json_at(split, "test")), LB_MAX_RESIDUES);
	cJSON_ArrayForEach(e, lb_json_at(split, "test"))
		residues[out->n_test_residues++] = e->valuedouble;
	return 0;
}

void lb_encode_options_of(const cJSON *config, struct lb_encode_options *out)
{
	static const char *const scales[] = { "none", "std", "max_abs", NULL };
	const char *unseen = lb_get_text(config, "data.unseen"), *scale = lb_get_text(config, "data.preprocess.scale");

	*out = (struct lb_encode_options){
		.subtract = lb_get_number(config, "data.preprocess.subtract", 0),
		.divide = lb_get_number(config, "data.preprocess.divide", 1),
		.standardize = lb_get_bool(config, "data.preprocess.standardize"),
		.scale = scale ? (enum lb_scaling)choice(scale, scales) : LB_SCALE_NONE,
		.unseen_zero = unseen && !strcmp(unseen, "zero"),
	};
}
