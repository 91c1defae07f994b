#include "core/run/data_read.h"

#include "core/base/mem.h"
#include "core/base/text.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const char *const lb_data_path_key[LB_FILES] = { "data.train.path", "data.train.labels", "data.valid.path",
						 "data.valid.labels", "data.test.path", "data.test.labels" };

void lb_data_paths(const struct lb_data_spec *d, const char *path[LB_FILES])
{
	const char *const all[LB_FILES] = { d->train.path, d->train.labels, d->valid.path, d->valid.labels, d->test.path, d->test.labels };

	memcpy(path, all, sizeof all);
}

/* With a decimal comma points separate thousands, unless something else is said. */
static char thousands_of(const struct lb_data_spec *d)
{
	static const char separator[] = { 0, ',', '.', ' ', '\'' };

	return d->thousands.text ? separator[d->thousands.at] : d->decimal.at == LB_DECIMAL_COMMA ? '.' : 0;
}

/* A reference that is a whole number may mean a place. */
static bool refers_to(const char *reference, const char *name)
{
	int64_t place;

	return reference && !strcmp(reference, name) && !lb_parse_int(reference, strlen(reference), &place);
}

/* The texts of a list, or those that stand by the names of a block. */
static const char *const *columns_of(const struct lb_list *list)
{
	return list->n && list->named[0] ? list->named : list->text;
}

static bool any_refers_to(const struct lb_list *list, const char *name)
{
	const char *const *text = columns_of(list);

	for (size_t i = 0; i < list->n; i++)
		if (refers_to(text[i], name))
			return true;
	return false;
}

/* Whether a key of the data section names the column; for the header's sake
 * (lb_read_options.wants). */
static bool wants_column(const void *data, const char *name)
{
	const struct lb_data_spec *d = data;

	return refers_to(d->train.label, name) || refers_to(d->group, name) || refers_to(d->subgroup, name) || refers_to(d->query, name) ||
	       refers_to(d->time, name) || refers_to(d->event, name) || refers_to(d->weight, name) || refers_to(d->offset, name) ||
	       refers_to(d->exposure, name) || any_refers_to(&d->drop, name) ||
	       any_refers_to(&d->categorical, name) || any_refers_to(&d->labels, name) || any_refers_to(&d->side.soft_labels, name);
}

struct lb_read_options lb_file_options(const struct lb_spec *spec, int i)
{
	static const char delimiter[] = { 0, ',', '\t', ';', '|', ' ' };
	static const int header[] = { 0, 1, -1 };
	const struct lb_data_spec *d = &spec->data;
	const struct lb_file_spec *side = i / 2 == LB_TRAIN ? &d->train : i / 2 == LB_VALID ? &d->valid : &d->test;

	return (struct lb_read_options){
		.format = side->format.at && !(i % 2) ? side->format.text : NULL,
		.header = header[d->header.at],
		.delimiter = delimiter[d->delimiter.at],
		.decimal = d->decimal.at == LB_DECIMAL_COMMA ? ',' : '.',
		.thousands = thousands_of(d),
		.missing = d->missing_values,
		.wants = wants_column,
		.config = d,
		.missing_ok = true,
		.label_lists = lb_spec_kind(spec) == LB_MULTILABEL,
		.max_bytes = (uint64_t)d->max_bytes,
		.max_memory = (uint64_t)d->max_memory,
		.index_base = (enum lb_index_base)d->index_base.at,
		.features = i % 2 ? 0 : (size_t)d->features,
		.part = i / 2,
		.x_key = i % 2 ? side->y : side->x,
		.y_key = i % 2 ? NULL : side->y,
		.role = i % 2 ? LB_READ_LABELS : side->labels ? LB_READ_FEATURES : LB_READ_BOTH,
	};
}

static int make_generated(const struct lb_spec *spec, struct lb_table *out, struct lb_err *err)
{
	const struct lb_component_use *use = &spec->data.generator;
	const struct lb_generator *g = (const struct lb_generator *)use->info;

	return g->make(use->par, lb_kind_of_data(lb_spec_kind(spec)), (uint64_t)lb_use_number(use, "seed", 0), out, err);
}

int lb_data_assemble(const struct lb_data_spec *d, enum lb_kind kind, struct lb_table t[LB_FILES], const char *const path[LB_FILES],
		     struct lb_dataset **out, struct lb_err *err)
{
	const struct lb_roles roles = {
		.kind = kind,
		.label = d->time ? d->time : d->train.label,
		.event = d->event,
		.group = d->query ? d->query : d->group,
		.subgroup = d->subgroup,
		.weight = d->weight,
		.offset = d->offset,
		.exposure = d->exposure,
		.positive = d->positive,
		.normal = d->normal.text,
		.n_normal = d->normal.n,
		.missing = (enum lb_missing)d->missing.at,
		.categorical_auto = !d->categorical.given,
		.drop = d->drop.text,
		.n_drop = d->drop.n,
		.labels = d->labels.text,
		.n_labels = d->labels.n,
		.categorical = d->categorical.text,
		.n_categorical = d->categorical.n,
		.ignore = d->ignore_labels.text,
		.n_ignore = d->ignore_labels.n,
		.soft_labels = columns_of(&d->side.soft_labels),
		.soft_classes = d->side.soft_labels.n && d->side.soft_labels.named[0] ? d->side.soft_labels.text : NULL,
		.n_soft_labels = d->side.soft_labels.n,
	};
	struct lb_table *table[LB_FILES];

	for (int i = 0; i < LB_FILES; i++)
		table[i] = i == 0 || path[i] ? &t[i] : NULL;
	return lb_dataset_assemble(table, path, &roles, out, err);
}

/* With data.index_base: auto, reads a file again with base 0 when only another file of the data
 * contains index 0. */
static int read_file(const struct lb_spec *spec, const struct lb_read_change *reading, const char *path, int i, bool from_zero, struct lb_table *out,
		     struct lb_err *err)
{
	struct lb_read_options opt = lb_file_options(spec, i);

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
	const struct lb_spec *spec;
	const struct lb_read_change *reading;
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
		s->rc = s->path[i] ? read_file(s->spec, s->reading, s->path[i], i, false, &s->table[i], &s->err) : 0;
	return NULL;
}

static bool is_large(const char *path)
{
	struct stat st;

	return path && !stat(path, &st) && st.st_size >= 1 << 20;
}

/* Large validation and test files are read by threads of their own. What is wrong with the training
 * files is told first in any case. */
static int read_files(const struct lb_spec *spec, const struct lb_read_change *reading, const char *const path[LB_FILES], struct lb_table table[LB_FILES],
		      struct lb_err *err)
{
	enum { SIDES = LB_FILES / 2 };
	struct side *side = lb_alloc(SIDES, sizeof *side, err), *bad = NULL;

	if (!side)
		return -1;
	for (int s = 0; s < SIDES; s++) {
		side[s] = (struct side){ .spec = spec, .reading = reading, .path = path, .first = 2 * s, .table = table };
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
static int read_again_from_zero(const struct lb_spec *spec, const struct lb_read_change *reading, const char *const path[LB_FILES],
				struct lb_table table[LB_FILES], struct lb_err *err)
{
	bool zero_based = false;

	for (int i = 0; i < LB_FILES; i += 2)
		zero_based = zero_based || table[i].zero_based;
	for (int i = 0; zero_based && i < LB_FILES; i += 2)
		if (path[i] && !table[i].zero_based && read_file(spec, reading, path[i], i, true, &table[i], err))
			return -1;
	return 0;
}

int lb_data_read(const struct lb_spec *spec, const struct lb_read_change *reading, const char *path[LB_FILES], struct lb_table table[LB_FILES],
		 struct lb_err *err)
{
	lb_data_paths(&spec->data, path);
	if (!path[0] && make_generated(spec, &table[0], err))
		return -1;
	return read_files(spec, reading, path, table, err) || read_again_from_zero(spec, reading, path, table, err) ? -1 : 0;
}
