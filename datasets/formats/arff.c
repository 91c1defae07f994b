#include "datasets/formats/arff.h"

#include "core/base/text.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "datasets/table/column.h"
#include "datasets/io/parse_date.h"
#include "datasets/io/parse_decimal.h"
#include "datasets/formats/readers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CELL_LIMIT = 64 * 1024 };

/* ---- words ---- */

int lb_arff_fail(const struct lb_arff *s, struct lb_err *err, const char *found, const char *expected)
{
	return lb_fail(err, LB_DATA, "%s:%zu:%zu: found '%.40s', expected %s", s->w.path, s->number, (size_t)(s->p - s->line) + 1, found,
		       expected);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void skip_blanks(struct lb_arff *s)
{
	while (s->p < s->end && is_blank(*s->p))
		s->p++;
}

bool lb_arff_at_end(struct lb_arff *s)
{
	skip_blanks(s);
	return s->p == s->end || *s->p == '%';
}

int lb_arff_line(struct lb_arff *s, struct lb_err *err)
{
	int status;

	while ((status = lb_line_reader_line(&s->w, &s->next, &s->number, &s->line, &s->end, err)) == 1) {
		s->p = s->line;
		if (!lb_arff_at_end(s))
			return 1;
	}
	return status;
}

static bool hexadecimal(const char *p, const char *end, unsigned *v)
{
	*v = 0;
	for (int k = 0; k < 4; k++, p++) {
		const char *digits = "0123456789abcdef", *at = p < end && *p ? strchr(digits, *p | 32) : NULL;
		if (!at)
			return false;
		*v = *v * 16 + (unsigned)(at - digits);
	}
	return true;
}

/* What a backslash in quotes and the character after it, at s->p, stand for; s->p moves to the last
 * of its characters. */
static void add_escape(struct lb_arff *s)
{
	static const char letter[] = "ntr", meaning[] = "\n\t\r";
	const char *known = *s->p ? strchr(letter, *s->p) : NULL;
	unsigned c;

	if (*s->p == 'u' && hexadecimal(s->p + 1, s->end, &c) && c && (c < 0xD800 || c > 0xDFFF)) {
		lb_buf_add_character(&s->word, c);
		s->p += 4;
	} else
		lb_buf_add(&s->word, known ? &meaning[known - letter] : s->p, 1);
}

static int fail_word(struct lb_arff *s, const char *start, const char *found, const char *expected, struct lb_err *err)
{
	s->p = start;
	return lb_arff_fail(s, err, found, expected);
}

int lb_arff_word(struct lb_arff *s, const char *ends, const char *expected, struct lb_err *err)
{
	skip_blanks(s);
	const char *start = s->p, quote = s->p < s->end && (*s->p == '\'' || *s->p == '"') ? *s->p : 0;
	s->word.n = 0;
	s->quoted = quote != 0;
	s->p += quote != 0;
	for (; s->p < s->end && (quote ? *s->p != quote : !strchr(" \t\r,{}", *s->p) && !strchr(ends, *s->p)); s->p++) {
		if (*s->p != '\\' || !quote || s->p + 1 == s->end)
			lb_buf_add(&s->word, s->p, 1);
		else if (s->p++)
			add_escape(s);
	}
	if (quote && s->p == s->end)
		return fail_word(s, start, "a quote", "that it is closed in the same line", err);
	s->p += quote != 0;
	if (s->p == start)
		return lb_arff_fail(s, err, s->p < s->end ? (const char[]){ *s->p, 0 } : "the end of the line", expected);
	if (s->word.n > CELL_LIMIT && !s->any_length)
		return fail_word(s, start, "a value of more than 65536 bytes", "a shorter one", err);
	lb_buf_add(&s->word, "", 0);
	if (s->word.bad)
		return lb_fail_memory(err, s->word.n);
	if (!lb_utf8_valid(s->word.s, s->word.n))
		return fail_word(s, start, "text that is not UTF-8", "UTF-8 (iconv -f latin1 -t utf8)", err);
	return 0;
}

/* ---- rows ---- */

static int grow_rows(struct lb_arff *s, struct lb_err *err)
{
	size_t cap = s->rows_cap;

	if (s->n >= LB_MAX_ROWS || 2 * s->n * s->n_cols * sizeof(double) > s->limit)
		return lb_fail_too_large(s->w.path, s->n, s->n_cols, s->limit, err);
	if (lb_grow(&s->lines, &cap, s->n + 1, sizeof *s->lines, err))
		return -1;
	for (size_t j = 0; j < s->n_cols; j++) {
		size_t same = s->rows_cap;
		struct lb_column *c = &s->col[j];
		if (c->type == LB_NUMBER ? lb_grow(&c->num, &same, s->n + 1, sizeof *c->num, err) :
					   lb_grow(&c->code, &same, s->n + 1, sizeof *c->code, err))
			return -1;
	}
	s->rows_cap = cap;
	return 0;
}

static void set_missing(struct lb_arff *s, struct lb_column *c)
{
	if (c->type == LB_NUMBER)
		c->num[s->n] = (double)NAN;
	else
		c->code[s->n] = -1;
	if (!c->n_missing++)
		c->first_missing_line = s->number;
}

/* The word is no value of attribute j: `what` says what the attribute has, `allowed` what could
 * stand there. */
static int fail_value(struct lb_arff *s, size_t j, const char *start, const char *what, const char *allowed, struct lb_err *err)
{
	return lb_fail(err, LB_DATA, "%s:%zu:%zu: attribute '%.60s' %s, found '%.40s', expected %s", s->w.path, s->number,
		       (size_t)(start - s->line) + 1, s->col[j].name, what, s->word.s, allowed);
}

static int read_number(struct lb_arff *s, size_t j, const char *start, struct lb_err *err)
{
	double *v = &s->col[j].num[s->n];

	if (s->attribute[j].type == LB_ARFF_NUMERIC)
		return lb_parse_double(s->word.s, s->word.n, v) ? 0 : fail_value(s, j, start, "is numeric", "a number or ?", err);
	char *what = lb_strfmt(err, "is a date of the form %.60s", s->attribute[j].word);
	const int rc = !what ? -1 : lb_date_seconds(s->attribute[j].word, s->word.s, v) ? 0 : fail_value(s, j, start, what, "one or ?", err);
	free(what);
	return rc;
}

static int read_text(struct lb_arff *s, size_t j, const char *start, struct lb_err *err)
{
	struct lb_column *c = &s->col[j];
	int32_t *code = &c->code[s->n];

	if (s->attribute[j].type == LB_ARFF_RELATIONAL) {
		*code = 0;
		return 0;
	}
	*code = lb_intern_find(&s->attribute[j].in, c, s->word.s, s->word.n);
	if (*code >= 0)
		return 0;
	if (s->attribute[j].type != LB_ARFF_NOMINAL)
		return (*code = lb_arff_level(s, j, s->word.s, err)) < 0 ? -1 : 0;
	return lb_fail(err, LB_DATA, "%s:%zu:%zu: attribute '%.60s' has no value '%.40s'; it is not among the declared ones", s->w.path, s->number,
		       (size_t)(start - s->line) + 1, c->name, s->word.s);
}

/* Returns true if the word is one of data.missing_values. */
static bool is_marked(const struct lb_arff *s)
{
	double v;

	if (!s->markers.own || !s->word.n)
		return false;
	return lb_marker_text(&s->markers, s->word.s, s->word.n) == LB_MARKER ||
	       (lb_parse_double(s->word.s, s->word.n, &v) && lb_marker_number(&s->markers, v));
}

/* ?, or KEEL's <null>, or what the config says. */
static bool is_unknown(const struct lb_arff *s, size_t j)
{
	if (is_marked(s))
		return true;
	if (s->quoted || (strcmp(s->word.s, "?") && strcasecmp(s->word.s, "<null>")))
		return false;
	return *s->word.s == '?' || s->attribute[j].type != LB_ARFF_NOMINAL ||
	       lb_intern_find(&s->attribute[j].in, &s->col[j], s->word.s, s->word.n) < 0;
}

/* The value of attribute j in the current row, at s->p. */
static int read_value(struct lb_arff *s, size_t j, struct lb_err *err)
{
	skip_blanks(s);
	const char *start = s->p;
	s->any_length = s->attribute[j].type == LB_ARFF_RELATIONAL;
	if (lb_arff_word(s, "", "a value (an unknown one is ?)", err))
		return -1;
	if (is_unknown(s, j)) {
		set_missing(s, &s->col[j]);
		return 0;
	}
	return (s->col[j].type == LB_NUMBER ? read_number : read_text)(s, j, start, err);
}

/* Past what divides two values: blanks, a comma, or both. False when there is none, or nothing
 * after it. */
static bool next_value(struct lb_arff *s)
{
	const char *start = s->p;

	if (lb_arff_at_end(s))
		return false;
	if (*s->p != ',')
		return s->p > start;
	s->p++;
	return true;
}

static int read_dense(struct lb_arff *s, struct lb_err *err)
{
	for (size_t j = 0; j < s->n_cols; j++) {
		if (j && !next_value(s))
			return lb_fail(err, LB_DATA, "%s:%zu: %zu value%s, but there %s %zu attribute%s", s->w.path, s->number, j,
				       lb_s(j), s->n_cols == 1 ? "is" : "are", s->n_cols, lb_s(s->n_cols));
		if (read_value(s, j, err))
			return -1;
	}
	return 0;
}

/* What is left out is 0, or the first declared value. */
static void clear_row(struct lb_arff *s)
{
	for (size_t j = 0; j < s->n_cols; j++) {
		struct lb_column *c = &s->col[j];
		if (c->type == LB_NUMBER)
			c->num[s->n] = 0;
		else if (s->attribute[j].type == LB_ARFF_NOMINAL && c->n_levels)
			c->code[s->n] = 0;
		else
			set_missing(s, c);
	}
}

/* A value takes the place of what was left out. */
static int read_instead(struct lb_arff *s, size_t j, struct lb_err *err)
{
	struct lb_column *c = &s->col[j];

	if (c->type == LB_TEXT && c->code[s->n] < 0 && !--c->n_missing)
		c->first_missing_line = 0;
	return read_value(s, j, err);
}

static int read_sparse(struct lb_arff *s, struct lb_err *err)
{
	double before = -1, index;

	clear_row(s);
	s->sparse = true;
	s->p++;
	for (skip_blanks(s); s->p < s->end && *s->p != '}'; skip_blanks(s)) {
		const char *end = lb_scan_number(s->p, &index);
		if (end == s->p || index != floor(index) || index <= before || index >= (double)s->n_cols)
			return lb_arff_fail(s, err, end == s->p ? "no index" : "an index out of order or range",
					    "an ascending index of an attribute, from 0");
		s->p = end;
		before = index;
		if (read_instead(s, (size_t)index, err))
			return -1;
		skip_blanks(s);
		s->p += s->p < s->end && *s->p == ',';
	}
	if (s->p == s->end)
		return lb_arff_fail(s, err, "the end of the line", "}");
	s->p++;
	return 0;
}

/* The weight of the current row, such as {2.5}, at s->p. */
static int read_weight(struct lb_arff *s, struct lb_err *err)
{
	double v;

	s->p++;
	skip_blanks(s);
	const char *end = lb_scan_number(s->p, &v);
	if (end == s->p)
		return lb_arff_fail(s, err, s->p < s->end ? (const char[]){ *s->p, 0 } : "the end of the line", "the weight of the row, such as {2.5}");
	s->p = end;
	skip_blanks(s);
	if (s->p == s->end || *s->p != '}')
		return lb_arff_fail(s, err, s->p < s->end ? (const char[]){ *s->p, 0 } : "the end of the line", "} behind the weight of the row");
	s->p++;
	if (lb_grow(&s->weight, &s->weights_cap, s->n + 1, sizeof *s->weight, err))
		return -1;
	while (s->n_weights < s->n)
		s->weight[s->n_weights++] = 1;
	s->weight[s->n_weights++] = v;
	if (!s->weighted++)
		s->weight_line = s->number;
	return 0;
}

/* Behind the last value: a weight, nothing, or commas, which are taken for nothing. */
static int end_row(struct lb_arff *s, struct lb_err *err)
{
	char expected[64];
	bool comma = false;

	for (; !lb_arff_at_end(s) && *s->p == ','; s->p++)
		comma = true;
	if (!lb_arff_at_end(s) && *s->p == '{') {
		if (read_weight(s, err))
			return -1;
		comma = false;
	}
	if (!lb_arff_at_end(s)) {
		snprintf(expected, sizeof expected, "the end of the line: there %s %zu attribute%s",
			 s->n_cols == 1 ? "is" : "are", s->n_cols, lb_s(s->n_cols));
		return lb_arff_fail(s, err, "one value more", expected);
	}
	if (comma && !s->commas++)
		s->comma_line = s->number;
	return 0;
}

static int read_row(struct lb_arff *s, struct lb_err *err)
{
	if (s->n == s->rows_cap && grow_rows(s, err))
		return -1;
	if ((*s->p == '{' ? read_sparse : read_dense)(s, err) || end_row(s, err))
		return -1;
	s->lines[s->n++] = s->number;
	return 0;
}

/* The first row may stand after @data in the same line. */
static int read_rows(struct lb_arff *s, struct lb_err *err)
{
	int status;

	if (!lb_arff_at_end(s) && read_row(s, err))
		return -1;
	while ((status = lb_arff_line(s, err)) == 1)
		if (read_row(s, err))
			return -1;
	return !status && !s->n ? lb_fail(err, LB_DATA, "%s: has no rows behind @data", s->w.path) : status;
}

/* ---- the reader ---- */

static int read_arff(const char *path, const struct lb_read_options *opt, struct lb_table *out, struct lb_err *err)
{
	struct lb_arff s = { .limit = lb_memory_limit(opt), .weights_wanted = opt->wants && opt->wants(opt->config, LB_ARFF_WEIGHT) };
	int rc = lb_line_reader_open(&s.w, path, lb_stream_limit(opt), err);

	s.next = rc ? NULL : s.w.buf + s.w.first;
	if (rc || lb_markers_make(opt->missing, &s.markers, err) || lb_arff_header(&s, err) || read_rows(&s, err))
		rc = lb_line_reader_check(&s.w, err);
	else
		rc = lb_arff_table(&s, out, err);
	lb_line_reader_close(&s.w);
	for (size_t j = 0; j < s.n_cols; j++) {
		if (s.col)
			lb_column_clear(&s.col[j]);
		lb_intern_free(&s.attribute[j].in);
		free(s.attribute[j].word);
	}
	free(s.col);
	free(s.attribute);
	free(s.lines);
	free(s.weight);
	lb_markers_free(&s.markers);
	lb_buf_free(&s.word);
	return rc;
}

/* Perhaps a byte-order mark, remarks and blank lines; then a declaration. */
static bool probe(const unsigned char *head, size_t n)
{
	static const char *const words[] = { "@relation", "@attribute", "@data", "@input", "@output" };
	const char *s = (const char *)head, *end = s + n;

	s += n >= 3 && !memcmp(s, "\xEF\xBB\xBF", 3) ? 3 : 0;
	while (s < end && *s && strchr("% \t\r\n", *s)) {
		const char *nl = *s == '%' ? memchr(s, '\n', (size_t)(end - s)) : s;
		s = nl ? nl + 1 : end;
	}
	for (size_t k = 0; k < sizeof words / sizeof *words; k++)
		if ((size_t)(end - s) >= strlen(words[k]) && !strncasecmp(s, words[k], strlen(words[k])))
			return true;
	return false;
}

const struct lb_reader lb_reader_arff = {
	.base = {
		.name = "arff",
		.title = "Weka's attribute-relation file format, dense or sparse rows",
		.cite = "I. H. Witten, E. Frank, M. A. Hall, C. J. Pal, Data Mining, 4th ed., 2016, appendix B",
		.notes = "Numeric, nominal and string attributes; ? is missing, and what data.missing_values lists. What is declared nominal or string is a category, also if all of "
			 "its values are numbers. Commas or blanks divide values. The last attribute is the label unless data.train.label says "
			 "otherwise; classes are ordered as in every format, not as declared. In sparse rows what is left out is 0 or the "
			 "first declared value, and numeric attributes stay sparse if no value is missing: they are numbered before the "
			 "others. A date is read as seconds since 1970-01-01 UTC, a relational attribute is left out, the values of a type that "
			 "is not known are read as numbers or as text; a warning says so. Weights of rows, such as {2} behind the values, are the column " LB_ARFF_WEIGHT " where data.weight names it. KEEL's .dat files are "
			 "read too: ranges are skipped, <null> is missing, @outputs names the label, which then counts as the last column.",
		.keywords = "weka openml keel mulan",
	},
	.probe = probe,
	.endings = ".arff",
	.read = read_arff,
	.takes_markers = true,
};
