#include "core/base/mem.h"
#include "core/base/text.h"
#include "datasets/csv_scan.h"
#include "datasets/intern.h"
#include "datasets/readers.h"
#include "datasets/rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CELL_LIMIT = 64 * 1024, HEADER_SAMPLE = 32, FIRST_BYTES = 1 << 20 };

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

	if (cell->number) {
		*v = cell->v;
		return NUMBER;
	}
	if (cell->quoted) {
		for (; n && is_blank(*s); n--)
			s++;
		while (n && is_blank(s[n - 1]))
			n--;
	}
	if (n && cell->quoted && lb_parse_double(s, n, v))
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

static int32_t intern(struct lb_interner *in, struct lb_column *col, const struct lb_csv *csv, const struct lb_csv_cell *cell,
		      struct lb_err *err)
{
	const int32_t code = cell->doubled ? -1 : lb_intern_find(in, col, cell->s, cell->n);

	if (code >= 0)
		return code;
	char *text = cell_text(csv, cell, err);
	return text ? lb_intern_add(in, col, text, err) : -1;
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
	if (lb_csv_start(csv, csv->delimiter, err))
		return -1;
	const int status = lb_csv_next(csv, err);
	if (!status)
		lb_fail(err, LB_DATA, "%s: holds nothing but blank lines; expected a table of data", csv->path);
	return status == 1 ? 0 : -1;
}

/* To before the first row of data. */
static int rewind_rows(struct lb_csv *csv, const struct lb_table *t, struct lb_err *err)
{
	return t->has_header ? first_record(csv, err) : lb_csv_start(csv, csv->delimiter, err);
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

/* The table under construction: what it needs besides the columns, one interner each. */
struct build {
	struct lb_table *t;
	struct lb_interner *in;
	size_t cap;              /* rows that the columns have room for */
	size_t bytes;            /* that t->rows has room for */
	size_t limit;            /* bytes of memory that they may take */
	bool *text;              /* (columns) of which the type is LB_TEXT; n_text of them */
	size_t n_text;
	double *row;             /* (columns) the numbers of a row, 0 in the place of texts */
	bool again;              /* a column has turned out to be text after some numbers: their spelling is in the file only */
};

static int check_width(const struct lb_csv *csv, const struct lb_table *t, struct lb_err *err)
{
	if (csv->n == t->n_cols)
		return 0;
	return lb_fail(err, LB_DATA, "%s:%zu: %zu field%s separated by %s, but %zu in line %zu; every line needs the same number%s",
		       csv->path, csv->line, csv->n, csv->n == 1 ? "" : "s", lb_csv_delimiter_name(csv->delimiter), t->n_cols,
		       csv->first_line, t->n + t->has_header <= 1 ? " (if the first line is not part of the table, delete it)" : "");
}

static int grow_codes(struct lb_column *c, size_t cap, size_t need, struct lb_err *err)
{
	return c->code ? lb_grow(&c->code, &cap, need, sizeof *c->code, err) : 0;
}

static int grow_rows(struct build *b, const char *path, struct lb_err *err)
{
	struct lb_table *t = b->t;
	const size_t bytes = b->limit / 2 < FIRST_BYTES ? b->limit / 2 : FIRST_BYTES, first = bytes / sizeof(double) / t->n_cols;
	const size_t need = t->n || t->n + 1 > first ? t->n + 1 : first;
	size_t bigger = b->cap;

	if (t->n >= LB_MAX_ROWS || (t->n + 1) * t->n_cols > LB_MAX_MATRIX / sizeof(double))
		return lb_fail(err, LB_DATA, "%s: more than %zu rows of %zu columns, which is the limit", path, t->n, t->n_cols);
	if (2 * t->n * t->n_cols * sizeof(double) > b->limit)
		return lb_fail_too_large(path, t->n, t->n_cols, b->limit, err);
	if (lb_grow(&t->line, &bigger, need, sizeof *t->line, err))
		return -1;
	for (size_t j = 0; j < t->n_cols; j++)
		if (grow_codes(&t->col[j], b->cap, need, err))
			return -1;
	if (lb_rows_reserve(&t->rows, &b->bytes, bigger, err))
		return -1;
	b->cap = bigger;
	return 0;
}

static void note_missing(struct lb_column *col, size_t line)
{
	if (!col->n_missing++)
		col->first_missing_line = line;
}

/* A first text makes the column text: at once when no number has gone before, else in a second pass. */
static int turn_to_text(struct build *b, struct lb_column *col, struct lb_err *err)
{
	const size_t n = b->t->n;
	const bool all_missing = col->n_missing == n;

	b->text[col - b->t->col] = true;
	b->n_text++;
	col->type = LB_TEXT;
	if (!all_missing) {
		b->again = true;
		return 0;
	}
	if (!(col->code = lb_alloc(b->cap, sizeof *col->code, err)))
		return -1;
	for (size_t i = 0; i < n; i++)
		col->code[i] = -1;
	return 0;
}

static int store_text(struct build *b, size_t j, size_t i, const struct lb_csv *csv, struct lb_err *err)
{
	const struct lb_csv_cell *cell = &csv->cell[j];
	struct lb_column *col = &b->t->col[j];
	double v;

	col->code[i] = -1;
	if (cell_kind(cell, &v) == MISSING) {
		note_missing(col, csv->line);
		return 0;
	}
	return (col->code[i] = intern(&b->in[j], col, csv, cell, err)) < 0 ? -1 : 0;
}

static int store_cell(struct build *b, size_t j, const struct lb_csv *csv, struct lb_err *err)
{
	struct lb_column *col = &b->t->col[j];
	if (col->type == LB_NUMBER)
		switch (cell_kind(&csv->cell[j], &b->row[j])) {
		case NUMBER:
			return 0;
		case MISSING:
			b->row[j] = (double)NAN;
			note_missing(col, csv->line);
			return 0;
		case TEXT:
			if (turn_to_text(b, col, err))
				return -1;
		}
	b->row[j] = 0;
	return col->code ? store_text(b, j, b->t->n, csv, err) : 0;
}

static int store_row(struct build *b, const struct lb_csv *csv, struct lb_err *err)
{
	struct lb_table *t = b->t;

	for (size_t j = 0; j < t->n_cols; j++) {
		if (t->col[j].type == LB_NUMBER && csv->cell[j].number)
			b->row[j] = csv->cell[j].v;
		else if (store_cell(b, j, csv, err))
			return -1;
	}
	t->line[t->n++] = csv->line;
	return lb_rows_add(&t->rows, &b->bytes, b->row, err);
}

/* The numbers of the next record in the short way: 1; 0: not that way; -1: error. */
static int plain_numbers(struct lb_csv *csv, struct build *b, struct lb_err *err)
{
	struct lb_matrix *m = &b->t->rows;

	if (m->dtype == LB_U8 && lb_csv_bytes(csv, m->d, b->text, (uint8_t *)m->x + m->n * m->d)) {
		m->n++;
		return 1;
	}
	if (!lb_csv_plain(csv, m->d, b->text, b->row))
		return 0;
	return lb_rows_add(m, &b->bytes, b->row, err) ? -1 : 1;
}

/* The next record in the short way: 1; 0: not that way; -1: error. */
static int store_plain(struct lb_csv *csv, struct build *b, struct lb_err *err)
{
	struct lb_table *t = b->t;
	const int found = t->n < b->cap ? plain_numbers(csv, b, err) : 0;

	if (found != 1)
		return found;
	for (size_t j = 0; b->n_text && j < t->n_cols; j++)
		if (b->text[j] && t->col[j].code && store_text(b, j, t->n, csv, err))
			return -1;
	t->line[t->n++] = csv->line;
	return 1;
}

static int read_rows(struct lb_csv *csv, struct build *b, struct lb_err *err)
{
	struct lb_table *t = b->t;
	int status = 1, plain = 0;

	if (rewind_rows(csv, t, err))
		return -1;
	for (;;) {
		if ((plain = store_plain(csv, b, err)) < 0)
			return -1;
		if (plain)
			continue;
		if ((status = lb_csv_next(csv, err)) != 1)
			break;
		if (check_width(csv, t, err) || (t->n == b->cap && grow_rows(b, csv->path, err)) || store_row(b, csv, err))
			return -1;
	}
	if (!status && !t->n)
		return lb_fail(err, LB_DATA, "%s: has a header but no rows of data", csv->path);
	if (!status)
		lb_window_digest(&csv->w, t->sha256, &t->bytes);
	return status;
}

/* Reads the columns that are text after all, as they are spelled. */
static int read_again(struct lb_csv *csv, struct build *b, struct lb_err *err)
{
	struct lb_table *t = b->t;
	size_t n = 0, *which = lb_alloc(t->n_cols, sizeof *which, err);
	int rc = -1;

	for (size_t j = 0; which && j < t->n_cols; j++) {
		struct lb_column *c = &t->col[j];
		if (c->type == LB_NUMBER || c->code)
			continue;
		which[n++] = j;
		c->n_missing = c->first_missing_line = 0;
		if (!(c->code = lb_alloc(t->n, sizeof *c->code, err)))
			goto out;
	}
	if (!which || rewind_rows(csv, t, err))
		goto out;
	for (size_t i = 0; i < t->n; i++) {
		const int status = lb_csv_next(csv, err);
		if (status != 1 || csv->n != t->n_cols) {
			if (status >= 0)
				lb_fail(err, LB_DATA, "%s: has changed while it was read; read it again when nothing writes to it", csv->path);
			goto out;
		}
		for (size_t k = 0; k < n; k++)
			if (store_text(b, which[k], i, csv, err))
				goto out;
	}
	rc = 0;
out:
	free(which);
	return rc;
}

/* ---- the reader ---- */

static int read_table(struct lb_csv *csv, const struct lb_read_options *opt, struct lb_table *out, struct lb_err *err)
{
	struct build b = { .t = out, .limit = lb_memory_limit(opt) };
	int rc = -1;

	if (read_header(csv, opt->header, out, err))
		return -1;
	b.in = lb_alloc(out->n_cols, sizeof *b.in, err);
	b.text = lb_alloc(out->n_cols, sizeof *b.text, err);
	b.row = lb_alloc(out->n_cols, sizeof *b.row, err);
	out->rows.d = out->n_cols;
	rc = b.in && b.text && b.row ? read_rows(csv, &b, err) : -1;
	if (!rc && b.again)
		rc = read_again(csv, &b, err);
	if (!rc && !opt->by_rows)
		rc = lb_rows_spread(out, err);
	for (size_t j = 0; b.in && j < out->n_cols; j++)
		lb_intern_free(&b.in[j]);
	free(b.in);
	free(b.text);
	free(b.row);
	return rc;
}

static int read_csv(const char *path, const struct lb_read_options *opt, struct lb_table *out, struct lb_err *err)
{
	struct lb_csv csv;
	int rc = lb_csv_open(&csv, path, lb_stream_limit(opt), err);

	if (!rc) {
		csv.delimiter = opt->delimiter ? opt->delimiter : lb_csv_delimiter(&csv, err);
		rc = csv.delimiter ? read_table(&csv, opt, out, err) : -1;
	}
	if (rc)
		rc = lb_window_blame(&csv.w, err);
	lb_csv_close(&csv);
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
	.endings = ".csv .tsv .tab",
	.read = read_csv,
};
