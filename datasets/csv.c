#include "core/base/mem.h"
#include "datasets/csv_scan.h"
#include "datasets/readers.h"
#include "datasets/stream.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CELL_LIMIT = 64 * 1024, HEADER_SAMPLE = 32 };

/* ---- cells ---- */

enum cell_kind { NUMBER, MISSING, TEXT };

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_missing(const char *s, size_t n)
{
	static const char *const words[] = { "NA", "NaN", "nan", "null", "NULL", "None", "?" };

	if (!n)
		return true;
	for (size_t i = 0; n <= 4 && i < sizeof words / sizeof *words; i++)
		if (strlen(words[i]) == n && !memcmp(words[i], s, n))
			return true;
	return false;
}

static enum cell_kind cell_kind(const struct lb_csv_cell *cell, double *v)
{
	const char *s = cell->s;
	size_t n = cell->n;

	if (cell->whole >= 0) {
		*v = (double)cell->whole;
		return NUMBER;
	}
	if (cell->quoted) {
		for (; n && is_blank(*s); n--)
			s++;
		while (n && is_blank(s[n - 1]))
			n--;
	}
	if (n && lb_parse_double(s, n, v))
		return NUMBER;
	return is_missing(s, n) ? MISSING : TEXT;
}

/* The cell's text as a new string. */
static char *cell_text(const struct lb_csv *csv, const struct lb_csv_cell *cell, struct lb_err *err)
{
	if (cell->n > CELL_LIMIT) {
		lb_fail(err, LB_DATA, "%s:%zu: a cell holds %zu bytes, the limit is %d; is a quote not closed?", csv->path, csv->line, cell->n,
			CELL_LIMIT);
		return NULL;
	}
	if (!lb_utf8_valid(cell->s, cell->n)) {
		lb_fail(err, LB_DATA, "%s:%zu: the text in field %zu is not UTF-8; save the file as UTF-8 (iconv -f latin1 -t utf8)",
			csv->path, csv->line, (size_t)(cell - csv->cell) + 1);
		return NULL;
	}
	char *text = lb_strndup(cell->s, cell->n, err), *to = text;
	for (size_t i = 0; text && cell->doubled && i < cell->n; i++) {
		*to++ = cell->s[i];
		i += cell->s[i] == '"';
	}
	if (text && cell->doubled)
		*to = '\0';
	return text;
}

/* ---- strings to codes ---- */

/* A hash of a column's levels: slots hold an index into level, or -1. */
struct interner {
	size_t column;
	int32_t *slot;
	size_t n_slots;          /* a power of two, at least twice the levels */
	size_t cap;              /* of column.level */
};

static size_t hash(const char *s, size_t n)
{
	uint64_t h = 0xcbf29ce484222325;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)s[i]) * 0x100000001b3;
	return (size_t)(h ^ h >> 32);
}

/* The slot of a string: the one that holds it, or the free one where it belongs. */
static int32_t *find_slot(const struct interner *in, char *const *level, const char *s, size_t n)
{
	size_t i = hash(s, n) & (in->n_slots - 1);

	while (in->slot[i] >= 0 && (strncmp(level[in->slot[i]], s, n) || level[in->slot[i]][n]))
		i = (i + 1) & (in->n_slots - 1);
	return &in->slot[i];
}

static int add_slots(struct interner *in, const struct lb_column *col, struct lb_err *err)
{
	struct interner more = { .column = in->column, .n_slots = in->n_slots ? 2 * in->n_slots : 16, .cap = in->cap };

	if (!(more.slot = lb_alloc(more.n_slots, sizeof *more.slot, err)))
		return -1;
	memset(more.slot, -1, more.n_slots * sizeof *more.slot);
	for (size_t i = 0; i < col->n_levels; i++)
		*find_slot(&more, col->level, col->level[i], strlen(col->level[i])) = (int32_t)i;
	free(in->slot);
	*in = more;
	return 0;
}

/* Takes the string. Gives its code, or -1. */
static int32_t intern_new(struct interner *in, struct lb_column *col, char *text, struct lb_err *err)
{
	if ((2 * (col->n_levels + 1) > in->n_slots && add_slots(in, col, err)) ||
	    lb_grow(&col->level, &in->cap, col->n_levels + 1, sizeof *col->level, err)) {
		free(text);
		return -1;
	}
	int32_t *slot = find_slot(in, col->level, text, strlen(text));
	if (*slot >= 0) {
		free(text);
		return *slot;
	}
	col->level[col->n_levels] = text;
	return *slot = (int32_t)col->n_levels++;
}

static int32_t intern(struct interner *in, struct lb_column *col, const struct lb_csv *csv, const struct lb_csv_cell *cell,
		      struct lb_err *err)
{
	if (in->n_slots && !cell->doubled) {
		const int32_t code = *find_slot(in, col->level, cell->s, cell->n);
		if (code >= 0)
			return code;
	}
	char *text = cell_text(csv, cell, err);
	return text ? intern_new(in, col, text, err) : -1;
}

/* ---- the header ---- */

/* Text that cannot be taken for a value: neither a number nor missing nor "inf" and the like. */
static bool is_name(const struct lb_csv_cell *cell)
{
	static const char *const numeric[] = { "inf", "infinity", "nan" };
	const char *s = cell->s;
	size_t n = cell->n;
	double v;

	if (cell_kind(cell, &v) != TEXT)
		return false;
	if (*s == '-' || *s == '+')
		s++, n--;
	for (size_t i = 0; i < sizeof numeric / sizeof *numeric; i++)
		if (strlen(numeric[i]) == n && !strncasecmp(numeric[i], s, n))
			return false;
	return true;
}

/* Is there a column whose first field is a name and whose next value is a number? `open` marks the columns still undecided. */
static int names_over_numbers(struct lb_csv *csv, bool *open, bool *found, struct lb_err *err)
{
	const size_t n = csv->n;
	double v;
	int status = 1;

	for (size_t j = 0; j < n; j++)
		open[j] = is_name(&csv->cell[j]);
	*found = false;
	for (int i = 0; !*found && i < HEADER_SAMPLE && (status = lb_csv_next(csv, err)) == 1 && csv->n == n; i++)
		for (size_t j = 0; j < n; j++) {
			const enum cell_kind kind = open[j] ? cell_kind(&csv->cell[j], &v) : TEXT;
			*found |= kind == NUMBER;
			open[j] = open[j] && kind == MISSING;
		}
	return status < 0 ? -1 : 0;
}

static int detect_header(struct lb_csv *csv, bool *found, struct lb_err *err)
{
	bool *open = lb_alloc(csv->n, sizeof *open, err);
	const int rc = open ? names_over_numbers(csv, open, found, err) : -1;

	free(open);
	return rc;
}

static int first_record(struct lb_csv *csv, struct lb_err *err)
{
	lb_csv_start(csv, csv->path, csv->text, csv->delimiter);
	const int status = lb_csv_next(csv, err);
	if (!status)
		lb_fail(err, LB_DATA, "%s: holds nothing but blank lines; expected a table of data", csv->path);
	return status == 1 ? 0 : -1;
}

/* To before the first row of data. */
static int rewind_rows(struct lb_csv *csv, const struct lb_table *t, struct lb_err *err)
{
	if (t->has_header)
		return first_record(csv, err);
	lb_csv_start(csv, csv->path, csv->text, csv->delimiter);
	return 0;
}

static int name_columns(const struct lb_csv *csv, struct lb_table *t, struct lb_err *err)
{
	for (size_t j = 0; j < t->n_cols; j++) {
		const bool named = t->has_header && csv->cell[j].n;
		t->col[j].name = named ? cell_text(csv, &csv->cell[j], err) : lb_strfmt(err, "column %zu", j + 1);
		if (!t->col[j].name)
			return -1;
	}
	return 0;
}

static int read_header(struct lb_csv *csv, int header, struct lb_table *t, struct lb_err *err)
{
	t->has_header = header > 0;
	if (first_record(csv, err) || (!header && detect_header(csv, &t->has_header, err)) || first_record(csv, err))
		return -1;
	if (!(t->col = lb_alloc(csv->n, sizeof *t->col, err)))
		return -1;
	t->n_cols = csv->n;
	return name_columns(csv, t, err);
}

/* ---- rows ---- */

static int check_width(const struct lb_csv *csv, const struct lb_table *t, struct lb_err *err)
{
	if (csv->n == t->n_cols)
		return 0;
	return lb_fail(err, LB_DATA, "%s:%zu: %zu field%s separated by %s, but %zu in line %zu; every line needs the same number%s",
		       csv->path, csv->line, csv->n, csv->n == 1 ? "" : "s", lb_csv_delimiter_name(csv->delimiter), t->n_cols,
		       csv->first_line, t->n + t->has_header <= 1 ? " (if the first line is not part of the table, delete it)" : "");
}

static int grow_rows(struct lb_table *t, size_t *cap, const char *path, struct lb_err *err)
{
	size_t bigger = *cap;

	if (t->n >= LB_MAX_ROWS || (t->n + 1) * t->n_cols > LB_MAX_MATRIX / sizeof(double))
		return lb_fail(err, LB_DATA, "%s: more than %zu rows of %zu columns, which is the limit", path, t->n, t->n_cols);
	if (lb_grow(&t->line, &bigger, t->n + 1, sizeof *t->line, err))
		return -1;
	for (size_t j = 0; j < t->n_cols; j++) {
		size_t same = *cap;
		if (t->col[j].type == LB_NUMBER && lb_grow(&t->col[j].num, &same, t->n + 1, sizeof(double), err))
			return -1;
	}
	*cap = bigger;
	return 0;
}

static void note_missing(struct lb_column *col, size_t line)
{
	if (!col->n_missing++)
		col->first_missing_line = line;
}

/* A text among numbers makes the column text: its cells are read in the second pass. */
static void store_number(struct lb_column *col, size_t i, const struct lb_csv_cell *cell, size_t line)
{
	double v;

	switch (cell_kind(cell, &v)) {
	case NUMBER:
		col->num[i] = v;
		break;
	case MISSING:
		col->num[i] = (double)NAN;
		note_missing(col, line);
		break;
	case TEXT:
		free(col->num);
		*col = (struct lb_column){ .name = col->name, .type = LB_TEXT };
	}
}

/* First pass: the number of rows, the type of every column, the numbers. */
static int read_numbers(struct lb_csv *csv, struct lb_table *t, struct lb_err *err)
{
	size_t cap = 0;
	int status;

	if (rewind_rows(csv, t, err))
		return -1;
	while ((status = lb_csv_next(csv, err)) == 1) {
		if (check_width(csv, t, err) || (t->n == cap && grow_rows(t, &cap, csv->path, err)))
			return -1;
		for (size_t j = 0; j < t->n_cols; j++)
			if (t->col[j].type == LB_NUMBER)
				store_number(&t->col[j], t->n, &csv->cell[j], csv->line);
		t->line[t->n++] = csv->line;
	}
	if (!status && !t->n)
		return lb_fail(err, LB_DATA, "%s: has a header but no rows of data", csv->path);
	return status;
}

static int store_text(struct interner *in, struct lb_column *col, size_t i, const struct lb_csv *csv, struct lb_err *err)
{
	const struct lb_csv_cell *cell = &csv->cell[in->column];
	double v;

	col->code[i] = -1;
	if (cell_kind(cell, &v) == MISSING) {
		note_missing(col, csv->line);
		return 0;
	}
	return (col->code[i] = intern(in, col, csv, cell, err)) < 0 ? -1 : 0;
}

/* Second pass: the cells of the text columns, as they are spelled. */
static int read_texts(struct lb_csv *csv, struct lb_table *t, struct lb_err *err)
{
	struct interner *in = lb_alloc(t->n_cols, sizeof *in, err);
	size_t n_in = 0;
	int rc = -1;

	for (size_t j = 0; in && j < t->n_cols; j++)
		if (t->col[j].type == LB_TEXT) {
			in[n_in++].column = j;
			if (!(t->col[j].code = lb_alloc(t->n, sizeof(int32_t), err)))
				goto out;
		}
	if (!in || rewind_rows(csv, t, err))
		goto out;
	for (size_t i = 0; n_in && i < t->n; i++) {
		if (lb_csv_next(csv, err) != 1)
			goto out;
		for (size_t k = 0; k < n_in; k++)
			if (store_text(&in[k], &t->col[in[k].column], i, csv, err))
				goto out;
	}
	rc = 0;
out:
	for (size_t k = 0; k < n_in; k++)
		free(in[k].slot);
	free(in);
	return rc;
}

/* ---- the reader ---- */

/* The text behind a byte-order mark, or NULL when it is none. */
static const char *checked_text(const char *path, const struct lb_buf *text, struct lb_err *err)
{
	const char *nul = memchr(text->s, '\0', text->n);
	size_t line = 1;

	if (text->n >= 2 && (!memcmp(text->s, "\xFF\xFE", 2) || !memcmp(text->s, "\xFE\xFF", 2))) {
		lb_fail(err, LB_DATA, "%s: is UTF-16; save it as UTF-8 (iconv -f utf-16 -t utf-8)", path);
		return NULL;
	}
	if (nul) {
		for (const char *p = text->s; p < nul; p++)
			line += *p == '\n';
		lb_fail(err, LB_DATA, "%s:%zu: a NUL byte (at byte %zu): this is not a text file, or it is UTF-16; expected CSV in UTF-8", path,
			line, (size_t)(nul - text->s));
		return NULL;
	}
	return text->n >= 3 && !memcmp(text->s, "\xEF\xBB\xBF", 3) ? text->s + 3 : text->s;
}

static int read_csv(const char *path, const struct lb_read_options *opt, struct lb_table *out, struct lb_err *err)
{
	struct lb_buf text = { 0 };
	struct lb_csv csv = { 0 };
	const char *start;
	int rc = -1;

	if (lb_stream_slurp(path, &text, out->sha256, err) || !(start = checked_text(path, &text, err)))
		goto out;
	out->bytes = text.n;
	lb_csv_start(&csv, path, start, opt->delimiter ? opt->delimiter : lb_csv_delimiter(path, start));
	if (read_header(&csv, opt->header, out, err) || read_numbers(&csv, out, err) || read_texts(&csv, out, err))
		goto out;
	rc = 0;
out:
	lb_csv_free(&csv);
	lb_buf_free(&text);
	return rc;
}

static bool probe(const unsigned char *head, size_t n)
{
	(void)head;
	return n > 0;
}

const struct lb_reader lb_reader_csv = {
	.base = {
		.name = "csv",
		.title = "delimited text: comma, tab, semicolon or blanks, with or without a header",
		.cite = "Y. Shafranovich, Common Format and MIME Type for Comma-Separated Values (CSV) Files, RFC 4180, 2005",
		.notes = "A column is numeric when every cell that is not missing is a number; otherwise it is text, in its original "
			 "spelling without the blanks around it (blanks inside quotes are kept). The first line is a header when one of its "
			 "fields is a name over a column whose next value is a number. Missing: empty, NA, NaN, nan, null, NULL, None, ?.",
		.keywords = "tsv text table delimited",
	},
	.probe = probe,
	.read = read_csv,
};
