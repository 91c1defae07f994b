#include "core/base/mem.h"
#include "core/base/text.h"
#include "datasets/table/matrix.h"
#include "datasets/formats/readers.h"
#include "datasets/io/stream.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { HEAD = 64 * 1024 };

const struct lb_info *const lb_readers[] = {
#define LB_READER(name) &lb_reader_##name.base,
#include "datasets/formats/readers.def"
#undef LB_READER
	NULL
};

enum { N_READERS = sizeof lb_readers / sizeof *lb_readers - 1 };

size_t lb_reader_count(void)
{
	return N_READERS;
}

const struct lb_reader *lb_reader_at(size_t i)
{
	return (const struct lb_reader *)lb_readers[i];
}

uint64_t lb_stream_limit(const struct lb_read_options *opt)
{
	return opt && opt->max_bytes ? opt->max_bytes : LB_STREAM_LIMIT;
}

size_t lb_memory_limit(const struct lb_read_options *opt)
{
	const long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);

	if (opt && opt->max_memory)
		return opt->max_memory;
	return pages > 0 && size > 0 ? (size_t)pages / 4 * 3 * (size_t)size : SIZE_MAX / 2;
}

int lb_fail_too_large(const char *path, size_t n, size_t d, size_t limit, struct lb_err *err)
{
	return lb_fail(err, LB_DATA, "%s: %zu row%s of %zu column%s would take more than %zu MB of memory, which is the limit; use fewer rows or "
		       "columns, or raise data.max_memory", path, n, lb_s(n), d, lb_s(d), limit / 1000000);
}

int lb_sentence_add(char ***list, size_t *n, struct lb_err *err, const char *fmt, va_list ap)
{
	char text[1024];
	size_t cap = *n;

	vsnprintf(text, sizeof text, fmt, ap);
	if (lb_grow(list, &cap, *n + 1, sizeof **list, err) || !((*list)[*n] = lb_strdup(text, err)))
		return -1;
	++*n;
	return 0;
}

int lb_table_warn(struct lb_table *t, struct lb_err *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	const int rc = lb_sentence_add(&t->warning, &t->n_warnings, err, fmt, ap);
	va_end(ap);
	return rc;
}

static void free_column(struct lb_column *c)
{
	for (size_t i = 0; i < c->n_levels; i++)
		free(c->level[i]);
	free(c->level);
	free(c->code);
	free(c->num);
	free(c->name);
}

void lb_table_free(struct lb_table *t)
{
	if (!t)
		return;
	for (size_t j = 0; t->col && j < t->n_cols; j++)
		free_column(&t->col[j]);
	free(t->col);
	for (size_t j = 0; t->block_name && j < t->block.d; j++)
		free(t->block_name[j]);
	free(t->block_name);
	lb_matrix_free(&t->block);
	lb_matrix_free(&t->rows);
	free(t->line);
	for (size_t k = 0; k < t->n_warnings; k++)
		free(t->warning[k]);
	free(t->warning);
	*t = (struct lb_table){ 0 };
}

static const struct lb_reader *reader_named(const char *path, const char *format, struct lb_err *err)
{
	const struct lb_info *named = lb_info_find(lb_readers, format);
	const char *names[N_READERS];
	struct lb_buf all = { 0 };

	if (named)
		return (const struct lb_reader *)named;
	for (size_t i = 0; i < N_READERS; i++) {
		names[i] = lb_readers[i]->name;
		lb_buf_printf(&all, ", %s", names[i]);
	}
	const char *near = lb_nearest(format, names, N_READERS);
	lb_fail(err, LB_DATA, "%s: there is no reader for the format '%s'; there are: auto%s%s%s%s", path, format,
		all.bad ? "" : all.s, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
	lb_buf_free(&all);
	return NULL;
}

/* The first bytes of the content, in new memory. */
static unsigned char *read_head(const char *path, size_t *n, struct lb_err *err)
{
	struct lb_stream *s = lb_stream_open(path, LB_STREAM_LIMIT, err);
	unsigned char *head = s ? lb_alloc(HEAD, 1, err) : NULL;
	int rc = head ? lb_stream_read(s, head, HEAD, n, err) : -1;

	lb_stream_close(s);
	if (!rc && !*n)
		rc = lb_fail(err, LB_DATA, "%s: is empty; expected a table of data", path);
	if (!rc)
		return head;
	free(head);
	return NULL;
}

static bool ends_with(const char *path, size_t n, const char *ending, size_t k)
{
	return n > k && !strncasecmp(path + n - k, ending, k);
}

/* One of the endings, with blanks between. */
static bool has_ending(const char *path, size_t n, const char *endings)
{
	for (size_t k; endings && *endings; endings += k) {
		endings += *endings == ' ';
		k = strcspn(endings, " ");
		if (ends_with(path, n, endings, k))
			return true;
	}
	return false;
}

/* The reader whose ending the file has, before that of a compressed file; NULL: none. */
static const struct lb_reader *by_ending(const char *path)
{
	static const char *const compressed[] = { ".gz", ".bz2", ".xz", ".zst" };
	size_t n = strlen(path);

	for (size_t k = 0; k < sizeof compressed / sizeof *compressed; k++)
		if (ends_with(path, n, compressed[k], strlen(compressed[k]))) {
			n -= strlen(compressed[k]);
			break;
		}
	for (size_t i = 0; i < N_READERS; i++)
		if (has_ending(path, n, lb_reader_at(i)->endings))
			return lb_reader_at(i);
	return NULL;
}

/* By the content, else by the ending, else the last reader. */
static const struct lb_reader *recognise(const char *path, const unsigned char *head, size_t n, struct lb_err *err)
{
	if (lb_unsupported_check(path, head, n, err))
		return NULL;
	for (size_t i = 0; i + 1 < N_READERS; i++)
		if (lb_reader_at(i)->probe(head, n))
			return lb_reader_at(i);
	const struct lb_reader *named = by_ending(path);
	return named ? named : lb_reader_at(N_READERS - 1);
}

static const struct lb_reader *choose(const char *path, const char *format, struct lb_err *err)
{
	const bool insisted = format && strcmp(format, "auto");
	size_t n;
	unsigned char *head = read_head(path, &n, err);
	const struct lb_reader *reader = !head ? NULL : insisted ? reader_named(path, format, err) : recognise(path, head, n, err);

	free(head);
	return reader;
}

static int warn_markers(struct lb_table *t, const char *format, struct lb_err *err)
{
	return lb_table_warn(t, err, "data.missing_values is not used: the format %s marks no missing values by texts or numbers (csv and arff do); in "
			     "arrays NaN is missing", format);
}

int lb_table_read(const char *path, const struct lb_read_options *opt, struct lb_table *out, struct lb_err *err)
{
	static const struct lb_read_options defaults = { 0 };
	struct lb_table t = { 0 };

	*out = t;
	opt = opt ? opt : &defaults;
	if (opt->standard_input && !strcmp(path, "-") && lb_take_standard_input(err))
		return -1;
	const struct lb_reader *reader = choose(path, opt->format, err);
	if (!reader)
		return -1;
	if (reader->read(path, opt, &t, err) || (opt->missing && !reader->takes_markers && warn_markers(&t, reader->base.name, err))) {
		lb_table_free(&t);
		return -1;
	}
	t.format = reader->base.name;
	*out = t;
	return 0;
}
