#include "core/base/mem.h"
#include "core/base/text.h"
#include "datasets/table/column.h"
#include "datasets/formats/csv_delimiter.h"
#include "datasets/formats/csv_header.h"
#include "datasets/table/string_dictionary.h"
#include "datasets/formats/readers.h"
#include "datasets/table/row_matrix.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BYTES = 1 << 20 };

/* ---- the header ---- */

/* To before the first row of data. */
static int rewind_rows(struct lb_csv *csv, const struct lb_table *t, struct lb_err *err)
{
	return t->has_header ? lb_csv_first(csv, err) : lb_csv_start(csv, csv->delimiter, err);
}

static int name_columns(const struct lb_csv *csv, bool row_names, struct lb_table *t, struct lb_err *err)
{
	for (size_t j = 0; j < t->n_cols; j++) {
		const struct lb_csv_cell *cell = j < row_names ? NULL : &csv->cell[j - row_names];
		const bool named = t->has_header && cell && cell->n;
		t->col[j].name = named ? lb_csv_text(csv, cell, err) : lb_strfmt(err, "column %zu", j + !row_names);
		if (!t->col[j].name)
			return -1;
	}
	return 0;
}

static int read_header(struct lb_csv *csv, const struct lb_read_options *opt, bool *row_names, struct lb_table *t, struct lb_err *err)
{
	struct lb_csv_header header;

	if (lb_csv_find_header(csv, opt, &header, err) || lb_csv_first(csv, err))
		return -1;
	t->has_header = header.there;
	*row_names = header.row_names;
	if (!(t->col = lb_alloc(csv->n + header.row_names, sizeof *t->col, err)))
		return -1;
	t->n_cols = csv->n + header.row_names;
	if (name_columns(csv, header.row_names, t, err) || (header.guess && lb_table_warn(t, err, "%s", header.guess)))
		return -1;
	return header.row_names ? lb_table_warn(t, err, "the header has a name less than the rows have cells: the first cell of each row was taken for "
						"the row's name, as in files of R's write.table, and left out") : 0;
}

/* ---- rows ---- */

/* The table under construction: what it needs in addition to the columns, one interner each. */
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
	bool *dashes;            /* (columns) a "-" or "." has been taken for a missing number */
	struct lb_markers markers; /* of missing cells */
};

/* What may explain that a line has another number of cells than the first. */
static const char *explain_width(const struct lb_csv *csv, const struct lb_table *t)
{
	const bool begins = t->n + t->has_header <= 1;

	if (csv->n == t->n_cols + 1 && !csv->cell[csv->n - 1].n)
		return "; it ends with a delimiter, is that one too many?";
	if (!begins)
		return "";
	return csv->n > t->n_cols ? "; if the first line is no part of the table, delete it" :
				    "; if the first line is the header, one of its names holds the delimiter, or the rows lack cells";
}

static int check_width(const struct lb_csv *csv, const struct lb_table *t, struct lb_err *err)
{
	if (csv->n == t->n_cols)
		return 0;
	return lb_fail(err, LB_DATA, "%s:%zu: %zu field%s separated by %s, but %zu in line %zu; every line needs the same number%s", csv->path,
		       csv->line, csv->n, lb_s(csv->n), lb_csv_delimiter_name(csv->delimiter), t->n_cols, csv->first_line,
		       explain_width(csv, t));
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
		return lb_fail(err, LB_DATA, "%s: more than %zu rows of %zu column%s, which is the limit", path, t->n, t->n_cols,
			       lb_s(t->n_cols));
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

/* Turns a column into text at its first cell that is no number. If numbers were read before, their
 * spelling is lost, so the column is read again in a second pass. */
static int turn_to_text(struct build *b, struct lb_column *col, struct lb_err *err)
{
	const size_t n = b->t->n, j = (size_t)(col - b->t->col);
	const bool all_missing = col->n_missing == n && !b->dashes[j];

	b->text[j] = true;
	b->n_text++;
	col->type = LB_TEXT;
	if (!all_missing || col->large) {
		b->again = true;
		return 0;
	}
	if (!(col->code = lb_alloc(b->cap, sizeof *col->code, err)))
		return -1;
	for (size_t i = 0; i < n; i++)
		col->code[i] = -1;
	return 0;
}

/* A whole number that a double may round makes the column text, too, until it is known what the
 * column is for. */
static int turn_to_large(struct build *b, size_t j, struct lb_err *err)
{
	b->t->col[j].large = true;
	return turn_to_text(b, &b->t->col[j], err);
}

static bool is_large(const struct lb_csv *csv, const struct lb_csv_cell *cell, double v)
{
	const char *s;
	size_t n;

	if (fabs(v) < LB_EXACT_WHOLE)
		return false;
	lb_csv_trim(cell, &s, &n);
	return lb_notation_whole(&csv->notation, s, n);
}

static int32_t intern(struct lb_interner *in, struct lb_column *col, const struct lb_csv *csv, const struct lb_csv_cell *cell,
		      struct lb_err *err)
{
	char canonical[LB_WHOLE_DIGITS + 2];
	const char *s = cell->s;
	size_t n = cell->n;

	if (col->large) {
		lb_csv_trim(cell, &s, &n);
		lb_notation_text(&csv->notation, s, n, canonical);
		s = canonical;
		n = strlen(canonical);
	}
	const int32_t code = cell->doubled ? -1 : lb_intern_find(in, col, s, n);
	if (code >= 0)
		return code;
	char *text = col->large ? lb_strdup(canonical, err) : lb_csv_text(csv, cell, err);
	return text ? lb_intern_add(in, col, text, err) : -1;
}

static int store_text(struct build *b, size_t j, size_t i, const struct lb_csv *csv, struct lb_err *err)
{
	const struct lb_csv_cell *cell = &csv->cell[j];
	struct lb_column *col = &b->t->col[j];
	double v;
	const enum lb_cell_kind kind = lb_csv_kind(csv, &b->markers, cell, &v);

	if (!col->code) { /* waits for the second pass */
		col->large = col->large && (kind != LB_CELL_TEXT || lb_notation_parse(&csv->notation, cell->s, cell->n, &v));
		return 0;
	}
	col->code[i] = -1;
	if (kind == LB_CELL_MISSING || (kind == LB_CELL_DASH && col->large)) {
		note_missing(col, csv->line);
		return 0;
	}
	return (col->code[i] = intern(&b->in[j], col, csv, cell, err)) < 0 ? -1 : 0;
}

static int store_cell(struct build *b, size_t j, const struct lb_csv *csv, struct lb_err *err)
{
	struct lb_column *col = &b->t->col[j];
	enum lb_cell_kind kind;

	if (col->type == LB_NUMBER)
		switch ((kind = lb_csv_kind(csv, &b->markers, &csv->cell[j], &b->row[j]))) {
		case LB_CELL_NUMBER:
			if (!is_large(csv, &csv->cell[j], b->row[j]))
				return 0;
			if (turn_to_large(b, j, err))
				return -1;
			break;
		case LB_CELL_MISSING:
		case LB_CELL_DASH:
			b->dashes[j] |= kind == LB_CELL_DASH;
			b->row[j] = (double)NAN;
			note_missing(col, csv->line);
			return 0;
		case LB_CELL_TEXT:
			if (turn_to_text(b, col, err))
				return -1;
		}
	b->row[j] = 0;
	return store_text(b, j, b->t->n, csv, err);
}

static int store_row(struct build *b, const struct lb_csv *csv, struct lb_err *err)
{
	struct lb_table *t = b->t;

	for (size_t j = 0; j < t->n_cols; j++) {
		if (t->col[j].type == LB_NUMBER && csv->cell[j].number && fabs(csv->cell[j].v) < LB_EXACT_WHOLE && !b->markers.n_numbers)
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

	if (b->markers.n_numbers)
		return 0;
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
		if (b->text[j] && store_text(b, j, t->n, csv, err))
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
		lb_line_reader_digest(&csv->w, t->sha256, &t->bytes);
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

/* Forgets the first column. */
static int drop_first(struct lb_table *t, struct lb_err *err)
{
	size_t *others = lb_alloc(t->n_cols, sizeof *others, err);

	if (!others)
		return -1;
	for (size_t j = 1; j < t->n_cols; j++)
		others[j - 1] = j;
	lb_column_clear(&t->col[0]);
	memmove(t->col, t->col + 1, --t->n_cols * sizeof *t->col);
	const int rc = lb_rows_pick(&t->rows, others, t->n_cols, err);
	free(others);
	return rc;
}

/* Texts from the first row on, whose spelling the second pass takes. */
static void mark_texts(struct build *b, const struct lb_read_options *opt)
{
	struct lb_table *t = b->t;

	for (size_t j = 0; opt->as_text && j < t->n_cols; j++)
		if (opt->as_text(opt->config, t->col[j].name, j, t->n_cols)) {
			b->text[j] = b->again = true;
			b->n_text++;
			t->col[j].type = LB_TEXT;
		}
}

static int read_table(struct lb_csv *csv, const struct lb_read_options *opt, struct lb_table *out, struct lb_err *err)
{
	struct build b = { .t = out, .limit = lb_memory_limit(opt) };
	bool row_names;
	int rc = -1;

	if (read_header(csv, opt, &row_names, out, err) || lb_markers_make(opt->missing, &b.markers, err))
		return -1;
	b.in = lb_alloc(out->n_cols, sizeof *b.in, err);
	b.text = lb_alloc(out->n_cols, sizeof *b.text, err);
	b.row = lb_alloc(out->n_cols, sizeof *b.row, err);
	b.dashes = lb_alloc(out->n_cols, sizeof *b.dashes, err);
	out->rows.d = out->n_cols;
	if (b.text)
		mark_texts(&b, opt);
	rc = b.in && b.text && b.row && b.dashes ? read_rows(csv, &b, err) : -1;
	if (!rc && b.again)
		rc = read_again(csv, &b, err);
	for (size_t j = 0; b.in && j < out->n_cols; j++)
		lb_intern_free(&b.in[j]);
	free(b.in);
	free(b.text);
	free(b.row);
	free(b.dashes);
	lb_markers_free(&b.markers);
	if (!rc && row_names)
		rc = drop_first(out, err);
	return !rc && !opt->by_rows ? lb_rows_spread(out, err) : rc;
}

static int read_csv(const char *path, const struct lb_read_options *opt, struct lb_table *out, struct lb_err *err)
{
	struct lb_csv csv;
	int rc = lb_csv_open(&csv, path, lb_stream_limit(opt), err);

	if (!rc) {
		csv.notation = (struct lb_notation){ .decimal = opt->decimal, .thousands = opt->thousands };
		csv.delimiter = opt->delimiter ? opt->delimiter : lb_csv_delimiter(&csv, err);
		rc = csv.delimiter ? read_table(&csv, opt, out, err) : -1;
	}
	if (rc)
		rc = lb_line_reader_check(&csv.w, err);
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
		.title = "delimited text: comma, tab, semicolon, pipe or blanks, with or without a header",
		.cite = "Y. Shafranovich, Common Format and MIME Type for Comma-Separated Values (CSV) Files, RFC 4180, 2005",
		.notes = "A column is numeric when every cell that is not missing is a number; otherwise it is text, in its original "
			 "spelling without the blanks around it (blanks inside quotes are kept). The first line is a header when one of its "
			 "fields is a name over a column whose next value is a number, or the config asks for one of its fields; where it only "
			 "looks like one, that is said. A first line sep=X sets the delimiter. Missing: empty, " LB_USUAL_MARKERS ".",
		.keywords = "tsv text table delimited",
	},
	.probe = probe,
	.endings = ".csv .tsv .tab",
	.read = read_csv,
	.takes_markers = true,
};
