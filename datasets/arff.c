#include "core/base/mem.h"
#include "core/base/text.h"
#include "datasets/columns.h"
#include "datasets/intern.h"
#include "datasets/number.h"
#include "datasets/readers.h"
#include "datasets/window.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CELL_LIMIT = 64 * 1024 };

struct scan {
	struct lb_window w;
	const char *next, *line, *end, *p; /* the line after the current one; the current one, and what comes next in it */
	size_t number;           /* of the line, from 1 */
	struct lb_column *col;   /* one an attribute */
	struct value_set {
		struct lb_interner in;
		bool open;       /* of a string attribute: values are not declared */
	} *set;                  /* one an attribute */
	size_t n_cols, cols_cap, sets_cap;
	size_t n, rows_cap;      /* rows so far */
	size_t *lines;
	bool sparse;             /* rows of the form {index value, ...} */
	struct lb_buf word;      /* the last word, without quotes */
	bool quoted;
	size_t limit;            /* bytes of memory */
};

static int fail_at(const struct scan *s, struct lb_err *err, const char *found, const char *expected)
{
	return lb_fail(err, LB_DATA, "%s:%zu:%zu: found '%.40s', expected %s", s->w.path, s->number, (size_t)(s->p - s->line) + 1, found,
		       expected);
}

static void skip_blanks(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\r'))
		s->p++;
}

static bool at_end(struct scan *s)
{
	skip_blanks(s);
	return s->p == s->end;
}

/* 1: the next line that holds something, with s->p at its first character; 0: none is left; -1. */
static int next_line(struct scan *s, struct lb_err *err)
{
	int status;

	while ((status = lb_window_line(&s->w, &s->next, &s->number, &s->line, &s->end, err)) == 1) {
		s->p = s->line;
		if (!at_end(s) && *s->p != '%')
			return 1;
	}
	return status;
}

/* The next word, ended by a blank, a comma or a brace unless in quotes, into s->word. */
static int read_word(struct scan *s, const char *expected, struct lb_err *err)
{
	skip_blanks(s);
	const char *start = s->p, quote = s->p < s->end && (*s->p == '\'' || *s->p == '"') ? *s->p : 0;
	s->word.n = 0;
	s->quoted = quote != 0;
	s->p += quote != 0;
	while (s->p < s->end && (quote ? *s->p != quote : !strchr(" \t\r,{}", *s->p))) {
		s->p += *s->p == '\\' && quote && s->p + 1 < s->end;
		lb_buf_add(&s->word, s->p++, 1);
	}
	if (quote && s->p == s->end) {
		s->p = start;
		return fail_at(s, err, "a quote", "that it is closed in the same line");
	}
	s->p += quote != 0;
	if (s->p == start)
		return fail_at(s, err, s->p < s->end ? (const char[]){ *s->p, 0 } : "the end of the line", expected);
	if (s->word.n > CELL_LIMIT)
		return fail_at(s, err, "a value of more than 65536 bytes", "a shorter one");
	lb_buf_add(&s->word, "", 0);
	if (s->word.bad)
		return lb_fail_memory(err, s->word.n);
	if (!lb_utf8_valid(s->word.s, s->word.n))
		return fail_at(s, err, "text that is not UTF-8", "UTF-8 (iconv -f latin1 -t utf8)");
	return 0;
}

/* ---- the header ---- */

static int32_t add_level(struct lb_column *c, struct lb_interner *in, const char *word, struct lb_err *err)
{
	char *text = lb_strdup(word, err);

	return text ? lb_intern_add(in, c, text, err) : -1;
}

/* "{a, b, c}" */
static int read_values(struct scan *s, struct lb_column *c, struct lb_interner *in, struct lb_err *err)
{
	s->p++;
	do {
		if (read_word(s, "a value of the attribute", err))
			return -1;
		if (lb_intern_find(in, c, s->word.s, s->word.n) >= 0)
			return fail_at(s, err, s->word.s, "each value once");
		if (add_level(c, in, s->word.s, err) < 0)
			return -1;
		skip_blanks(s);
	} while (s->p < s->end && *s->p == ',' && s->p++);
	if (s->p == s->end || *s->p != '}')
		return fail_at(s, err, "no closing brace", "} behind the values");
	s->p++;
	return 0;
}

static int read_type(struct scan *s, struct lb_column *c, struct value_set *set, struct lb_err *err)
{
	static const char *const numeric[] = { "numeric", "real", "integer" };

	skip_blanks(s);
	if (s->p < s->end && *s->p == '{') {
		c->type = LB_TEXT;
		return read_values(s, c, &set->in, err);
	}
	if (read_word(s, "the type of the attribute", err))
		return -1;
	for (size_t i = 0; i < sizeof numeric / sizeof *numeric; i++)
		if (!strcasecmp(s->word.s, numeric[i]))
			return 0;
	if (strcasecmp(s->word.s, "string"))
		return fail_at(s, err, s->word.s, "numeric, real, integer, string or {value, ...}; remove a date or relational attribute");
	c->type = LB_TEXT;
	set->open = true;
	return 0;
}

static int read_attribute(struct scan *s, struct lb_err *err)
{
	if (s->n_cols == LB_MAX_COLUMNS)
		return fail_at(s, err, "one attribute more", "at most 1000000");
	if (read_word(s, "the name of the attribute", err) || lb_grow(&s->set, &s->sets_cap, s->n_cols + 1, sizeof *s->set, err) ||
	    lb_grow(&s->col, &s->cols_cap, s->n_cols + 1, sizeof *s->col, err))
		return -1;
	struct lb_column *c = &s->col[s->n_cols];
	struct value_set *set = &s->set[s->n_cols++];
	*c = (struct lb_column){ 0 };
	*set = (struct value_set){ 0 };
	if (!(c->name = lb_strdup(s->word.s, err)) || read_type(s, c, set, err))
		return -1;
	return at_end(s) || *s->p == '%' ? 0 : fail_at(s, err, (const char[]){ *s->p, 0 }, "the end of the line");
}

static int read_header(struct scan *s, struct lb_err *err)
{
	int status;

	while ((status = next_line(s, err)) == 1) {
		if (*s->p != '@')
			return fail_at(s, err, (const char[]){ *s->p, 0 }, "@relation, @attribute or @data");
		if (read_word(s, "@attribute", err))
			return -1;
		if (!strcasecmp(s->word.s, "@data"))
			return s->n_cols ? 0 : fail_at(s, err, "@data", "an @attribute before it");
		if (!strcasecmp(s->word.s, "@attribute")) {
			if (read_attribute(s, err))
				return -1;
		} else if (strcasecmp(s->word.s, "@relation"))
			return fail_at(s, err, s->word.s, "@relation, @attribute or @data");
	}
	return status ? -1 : lb_fail(err, LB_DATA, "%s: there is no @data in the file", s->w.path);
}

/* ---- rows ---- */

static int grow_rows(struct scan *s, struct lb_err *err)
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

static void set_missing(struct scan *s, struct lb_column *c)
{
	if (c->type == LB_NUMBER)
		c->num[s->n] = (double)NAN;
	else
		c->code[s->n] = -1;
	if (!c->n_missing++)
		c->first_missing_line = s->number;
}

/* The value of attribute j in the current row, at s->p. */
static int read_value(struct scan *s, size_t j, struct lb_err *err)
{
	struct lb_column *c = &s->col[j];
	const char *start = s->p;

	if (read_word(s, "a value (an unknown one is ?)", err))
		return -1;
	if (!s->quoted && !strcmp(s->word.s, "?")) {
		set_missing(s, c);
		return 0;
	}
	if (c->type == LB_NUMBER) {
		if (lb_parse_double(s->word.s, s->word.n, &c->num[s->n]))
			return 0;
		s->p = start;
		return lb_fail(err, LB_DATA, "%s:%zu:%zu: attribute '%s' is numeric, found '%.40s', expected a number or ?", s->w.path, s->number,
			       (size_t)(s->p - s->line) + 1, c->name, s->word.s);
	}
	c->code[s->n] = lb_intern_find(&s->set[j].in, c, s->word.s, s->word.n);
	if (c->code[s->n] < 0 && s->set[j].open)
		return (c->code[s->n] = add_level(c, &s->set[j].in, s->word.s, err)) < 0 ? -1 : 0;
	s->p = c->code[s->n] < 0 ? start : s->p;
	return c->code[s->n] >= 0 ? 0 : lb_fail(err, LB_DATA, "%s:%zu:%zu: attribute '%s' has no value '%.40s'; it is not among the declared ones",
						s->w.path, s->number, (size_t)(s->p - s->line) + 1, c->name, s->word.s);
}

static int read_dense(struct scan *s, struct lb_err *err)
{
	for (size_t j = 0; j < s->n_cols; j++) {
		if (j && (at_end(s) || *s->p != ','))
			return lb_fail(err, LB_DATA, "%s:%zu: %zu values, but there are %zu attributes", s->w.path, s->number, j, s->n_cols);
		s->p += j > 0;
		skip_blanks(s);
		if (read_value(s, j, err))
			return -1;
	}
	return 0;
}

/* What is left out is 0, or the first declared value. */
static int read_sparse(struct scan *s, struct lb_err *err)
{
	double before = -1, index;

	for (size_t j = 0; j < s->n_cols; j++) {
		if (s->col[j].type == LB_NUMBER)
			s->col[j].num[s->n] = 0;
		else
			s->col[j].code[s->n] = s->col[j].n_levels ? 0 : -1;
	}
	s->sparse = true;
	s->p++;
	for (skip_blanks(s); s->p < s->end && *s->p != '}'; skip_blanks(s)) {
		const char *end = lb_scan_number(s->p, &index);
		if (end == s->p || index != floor(index) || index <= before || index >= (double)s->n_cols)
			return fail_at(s, err, end == s->p ? "no index" : "an index out of order or range", "an ascending index of an attribute, from 0");
		s->p = end;
		before = index;
		skip_blanks(s);
		if (read_value(s, (size_t)index, err))
			return -1;
		skip_blanks(s);
		s->p += s->p < s->end && *s->p == ',';
	}
	if (s->p == s->end)
		return fail_at(s, err, "the end of the line", "}");
	s->p++;
	return 0;
}

static int read_rows(struct scan *s, struct lb_err *err)
{
	int status;

	while ((status = next_line(s, err)) == 1) {
		if (s->n == s->rows_cap && grow_rows(s, err))
			return -1;
		if ((*s->p == '{' ? read_sparse : read_dense)(s, err))
			return -1;
		if (!at_end(s) && *s->p != '%')
			return fail_at(s, err, *s->p == ',' ? ", and more" : (const char[]){ *s->p, 0 },
				       "the end of the line (instance weights are not read: make them an attribute and name it in data.weight)");
		s->lines[s->n++] = s->number;
	}
	return !status && !s->n ? lb_fail(err, LB_DATA, "%s: has no rows behind @data", s->w.path) : status;
}

/* ---- the table ---- */

/* Numeric attributes of sparse rows, all but the last attribute, as a sparse block. */
static int make_block(struct scan *s, struct lb_table *t, struct lb_err *err)
{
	struct lb_matrix *m = &t->block;
	size_t stored = 0, cap = 0;

	if (!(m->start = lb_alloc(s->n + 1, sizeof *m->start, err)) || !(t->block_name = lb_alloc(s->n_cols, sizeof *t->block_name, err)))
		return -1;
	m->dtype = LB_F64;
	m->n = s->n;
	for (size_t j = 0; j + 1 < s->n_cols; j++)
		if (s->col[j].type == LB_NUMBER) {
			t->block_name[m->d++] = s->col[j].name;
			s->col[j].name = NULL;
		}
	for (size_t i = 0; i < s->n; i++) {
		uint32_t column = 0;
		for (size_t j = 0; j + 1 < s->n_cols; j++) {
			const struct lb_column *c = &s->col[j];
			size_t same = cap;
			if (c->name)
				continue;
			if (c->num[i] < 0 || c->num[i] > 0) {
				if (lb_grow(&m->column, &same, stored + 1, sizeof *m->column, err) ||
				    lb_grow(&m->x, &cap, stored + 1, sizeof(double), err))
					return -1;
				m->column[stored] = column;
				((double *)m->x)[stored++] = c->num[i];
			}
			column++;
		}
		m->start[i + 1] = stored;
	}
	return lb_matrix_narrow(m, err);
}

static bool has_block(const struct scan *s)
{
	size_t numbers = 0, missing = 0;

	for (size_t j = 0; j + 1 < s->n_cols; j++) {
		numbers += s->col[j].type == LB_NUMBER;
		missing += s->col[j].type == LB_NUMBER ? s->col[j].n_missing : 0;
	}
	return s->sparse && numbers && !missing;
}

static int make_table(struct scan *s, struct lb_table *t, struct lb_err *err)
{
	size_t kept = 0;

	t->has_header = true;
	t->n = s->n;
	if (has_block(s) && make_block(s, t, err))
		return -1;
	for (size_t j = 0; j < s->n_cols; j++) {
		struct lb_column *c = &s->col[j];
		if (!c->name) {
			lb_column_clear(c);
			continue;
		}
		c->aside = t->block.d && c->type == LB_NUMBER;
		if (kept < j) {
			s->col[kept] = *c;
			*c = (struct lb_column){ 0 };
		}
		kept++;
	}
	t->col = s->col;
	t->n_cols = kept;
	t->line = s->lines;
	s->col = NULL;
	s->lines = NULL;
	lb_window_digest(&s->w, t->sha256, &t->bytes);
	return 0;
}

static int read_arff(const char *path, const struct lb_read_options *opt, struct lb_table *out, struct lb_err *err)
{
	struct scan s = { .limit = lb_memory_limit(opt) };
	int rc = lb_window_open(&s.w, path, lb_stream_limit(opt), err);

	s.next = rc ? NULL : s.w.buf + s.w.first;
	if (rc || read_header(&s, err) || read_rows(&s, err))
		rc = lb_window_blame(&s.w, err);
	else
		rc = make_table(&s, out, err);
	lb_window_close(&s.w);
	for (size_t j = 0; s.col && j < s.n_cols; j++)
		lb_column_clear(&s.col[j]);
	for (size_t j = 0; j < s.n_cols; j++)
		lb_intern_free(&s.set[j].in);
	free(s.col);
	free(s.set);
	free(s.lines);
	lb_buf_free(&s.word);
	return rc;
}

static bool starts(const unsigned char *s, size_t n, const char *word)
{
	return n >= strlen(word) && !strncasecmp((const char *)s, word, strlen(word));
}

/* Perhaps comment lines, then @relation. */
static bool probe(const unsigned char *s, size_t n)
{
	const unsigned char *end = s + n, *line;
	bool comments = false;

	while (s < end && (*s == '%' || strchr(" \t\r\n", *s)) && *s) {
		comments |= *s == '%';
		if (*s++ != '%')
			continue;
		line = memchr(s, '\n', (size_t)(end - s));
		s = line ? line + 1 : end;
	}
	return s < end ? starts(s, (size_t)(end - s), "@relation") : comments;
}

const struct lb_reader lb_reader_arff = {
	.base = {
		.name = "arff",
		.title = "Weka's attribute-relation file format, dense or sparse rows",
		.cite = "I. H. Witten, E. Frank, M. A. Hall, C. J. Pal, Data Mining, 4th ed., 2016, appendix B",
		.notes = "Numeric, nominal and string attributes; ? is missing. The last attribute is the label unless data.train.label says "
			 "otherwise; classes are ordered as in every format, not as declared. In sparse rows what is left out is 0 or the "
			 "first declared value, and numeric attributes stay sparse if no value is missing: they are numbered before the "
			 "others. Date and relational attributes and instance weights are refused.",
		.keywords = "weka openml",
	},
	.probe = probe,
	.read = read_arff,
};
