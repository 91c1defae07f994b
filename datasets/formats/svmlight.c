#include "core/base/mem.h"
#include "core/base/text.h"
#include "datasets/table/matrix.h"
#include "datasets/table/label_lists.h"
#include "datasets/io/parse_decimal.h"
#include "datasets/formats/readers.h"
#include "datasets/io/line_reader.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct scan {
	struct lb_line_reader w;
	const struct lb_read_options *opt;
	const char *line, *end;  /* the current line and its end (a line end, or NUL) */
	size_t number;           /* of the line, from 1 */
	struct lb_matrix m;      /* LB_F64; columns are indices as they stand in the file */
	size_t rows_cap, values_cap, lines_cap;
	double *label, *group;
	size_t label_cap, group_cap, n_labels, n_groups;
	struct lb_label_lists lists;
	size_t *lines;
	uint64_t least, most;    /* indices */
	bool headed;             /* the file begins with "rows features labels", as those of the Extreme Classification Repository do */
	uint64_t promised[3];    /* these three numbers */
	size_t limit;            /* bytes of memory */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static const char *skip_blanks(const struct scan *s, const char *p)
{
	while (p < s->end && is_blank(*p))
		p++;
	return p;
}

static bool ends_token(const struct scan *s, const char *p)
{
	return p >= s->end || is_blank(*p) || *p == '#';
}

/* The token at p in a message: at most 20 bytes of it. */
static int token_length(const struct scan *s, const char *p)
{
	int n = 0;

	while (n < 20 && !ends_token(s, p + n))
		n++;
	return n;
}

static int fail_at(const struct scan *s, const char *p, struct lb_err *err, const char *what)
{
	return lb_fail(err, LB_DATA, "%s:%zu:%zu: found '%.*s', %s", s->w.path, s->number, (size_t)(p - s->line) + 1, token_length(s, p), p, what);
}

/* The label at *p, which moves after it. */
static int read_label(struct scan *s, const char **p, struct lb_err *err)
{
	double v;
	const char *end = lb_scan_number(*p, &v);

	while (end < s->end && *end >= '0' && *end <= '9')
		end++;
	if (end > *p && *end == ',')
		return fail_at(s, *p, err, "several labels a row; task: multilabel reads them, other tasks one label a row (a number)");
	if (s->opt->no_labels && !ends_token(s, end))
		return 0;
	if (end > *p && *end == ':')
		return fail_at(s, *p, err, "an index, or a label with a weight, where the label should be; every line begins with its label (a number), or, "
			       "for task: multilabel, a list of labels; weights (label:weight) are not read: make a table with a column of them and name it "
			       "in data.weight");
	if (end == *p || !ends_token(s, end))
		return fail_at(s, *p, err, "expected the label, a number");
	if (lb_grow(&s->label, &s->label_cap, s->n_labels + 1, sizeof *s->label, err))
		return -1;
	s->label[s->n_labels++] = v;
	*p = end;
	return 0;
}

static int end_list(struct scan *s, struct lb_err *err)
{
	if (lb_grow(&s->lists.start, &s->lists.start_cap, s->m.n + 2, sizeof *s->lists.start, err))
		return -1;
	s->lists.start[s->m.n + 1] = s->lists.stored;
	if (!s->m.n)
		s->lists.start[0] = 0;
	return 0;
}

/* The labels at *p, separated by commas, which may be none: the line then begins with a blank or an
 * index. */
static int read_list(struct scan *s, const char **p, struct lb_err *err)
{
	const char *digits = *p;

	while (digits < s->end && *digits >= '0' && *digits <= '9')
		digits++;
	if (*p == s->end || is_blank(*s->line) || *digits == ':' || !strncmp(*p, "qid:", 4))
		return end_list(s, err);
	for (const char *q = *p;; q++) {
		double v;
		const char *end = lb_scan_number(q, &v);
		if (end == q || (*end != ',' && !ends_token(s, end)) || v != floor(v) || fabs(v) > 9007199254740992.0)
			return fail_at(s, q, err, "expected the row's labels, whole numbers separated by commas, such as 3,17");
		if (s->headed && (v < 0 || v > (double)s->promised[2]))
			return fail_at(s, q, err, "but there are not so many labels by the first line");
		if (lb_grow(&s->lists.label, &s->lists.label_cap, s->lists.stored + 1, sizeof *s->lists.label, err))
			return -1;
		s->lists.label[s->lists.stored++] = v;
		q = end;
		if (*end != ',') {
			*p = end;
			return end_list(s, err);
		}
	}
}

static int read_group(struct scan *s, const char **p, struct lb_err *err)
{
	double v;
	const char *start = *p + strlen("qid:"), *end = lb_scan_number(start, &v);

	if (end == start || !ends_token(s, end) || v < 0 || v > 9007199254740992.0 || v != floor(v))
		return fail_at(s, *p, err, "expected qid: and a whole number");
	if (lb_grow(&s->group, &s->group_cap, s->n_groups + 1, sizeof *s->group, err))
		return -1;
	s->group[s->n_groups++] = v;
	*p = end;
	return 0;
}

static int refuse_order(const struct scan *s, const char *p, uint64_t index, uint64_t before, struct lb_err *err)
{
	return lb_fail(err, LB_DATA, "%s:%zu:%zu: the index %llu follows %llu; indices must ascend, each once", s->w.path, s->number,
		       (size_t)(p - s->line) + 1, (unsigned long long)index, (unsigned long long)before);
}

static int check_index(struct scan *s, const char *p, uint64_t index, size_t row_start, size_t stored, struct lb_err *err)
{
	const size_t most = s->opt->features > LB_MAX_COLUMNS ? s->opt->features : LB_MAX_COLUMNS;

	if (stored > row_start && index <= s->m.column[stored - 1])
		return refuse_order(s, p, index, s->m.column[stored - 1], err);
	if (!index && s->opt->index_base == LB_BASE_1 && !s->headed)
		return fail_at(s, p, err, "but indices begin with 1; if the file counts from 0, set data.index_base: 0 (or auto)");
	if (index > most || index > UINT32_MAX)
		return lb_fail(err, LB_DATA, "%s:%zu:%zu: the index %llu is larger than %zu, which is the limit; if the file is right, set "
			       "data.features", s->w.path, s->number, (size_t)(p - s->line) + 1, (unsigned long long)index, most);
	s->least = index < s->least ? index : s->least;
	s->most = index > s->most ? index : s->most;
	return 0;
}

static int grow_values(struct scan *s, size_t stored, struct lb_err *err)
{
	size_t same = s->values_cap;

	if (stored * (sizeof(double) + sizeof(uint32_t) + sizeof(float)) > s->limit)
		return lb_fail_too_large(s->w.path, s->m.n, (size_t)s->most, s->limit, err);
	if (lb_grow(&s->m.column, &same, stored + 1, sizeof *s->m.column, err))
		return -1;
	return lb_grow(&s->m.x, &s->values_cap, stored + 1, sizeof(double), err);
}

/* One index:value at *p. */
static int read_pair(struct scan *s, const char **p, size_t row_start, size_t *stored, struct lb_err *err)
{
	const char *q = *p;
	uint64_t index = 0;

	for (; *q >= '0' && *q <= '9'; q++)
		index = index < (uint64_t)1 << 40 ? index * 10 + (uint64_t)(*q - '0') : index;
	if (q == *p || *q != ':')
		return fail_at(s, *p, err, "expected index:value, such as 3:0.5");
	if (check_index(s, *p, index, row_start, *stored, err) || (*stored == s->values_cap && grow_values(s, *stored, err)))
		return -1;
	double *v = (double *)s->m.x + *stored;
	const char *end = lb_scan_short(++q, v);
	if (end == q || !ends_token(s, end))
		return fail_at(s, *p, err, "expected a finite number behind the colon");
	s->m.column[(*stored)++] = (uint32_t)index;
	*p = end;
	return 0;
}

static int start_row(struct scan *s, struct lb_err *err)
{
	if (s->m.n >= LB_MAX_ROWS)
		return lb_fail(err, LB_DATA, "%s: more than %zu rows, which is the limit", s->w.path, LB_MAX_ROWS);
	if (lb_grow(&s->m.start, &s->rows_cap, s->m.n + 2, sizeof *s->m.start, err) ||
	    lb_grow(&s->lines, &s->lines_cap, s->m.n + 1, sizeof *s->lines, err))
		return -1;
	if (!s->m.n)
		s->m.start[0] = 0;
	s->lines[s->m.n] = s->number;
	return 0;
}

/* "rows features labels" in the first line: 1; another line: 0; -1. */
static int read_head(struct scan *s, const char *p, struct lb_err *err)
{
	static const uint64_t limit[] = { LB_MAX_ROWS, LB_MAX_COLUMNS, LB_MAX_ROWS };
	const char *start = p;
	uint64_t v[3];

	for (size_t k = 0; k < 3; k++, p = skip_blanks(s, p)) {
		const char *digits = p;
		for (v[k] = 0; *p >= '0' && *p <= '9'; p++)
			v[k] = v[k] < (uint64_t)1 << 40 ? v[k] * 10 + (uint64_t)(*p - '0') : v[k];
		if (p == digits || !ends_token(s, p))
			return 0;
	}
	if (p < s->end)
		return 0;
	for (size_t k = 0; k < 3; k++)
		if (!v[k] || v[k] > limit[k])
			return fail_at(s, start, err, "expected as many rows, features and labels as can be read, or a row");
	s->headed = true;
	memcpy(s->promised, v, sizeof v);
	return 1;
}

/* A line without anything is a row only where the first line promises so many and each may lack
 * labels. */
static bool is_row(const struct scan *s, const char *p)
{
	return p < s->end ? *p != '#' : s->headed && s->opt->label_lists && s->m.n < s->promised[0];
}

static int read_row(struct scan *s, struct lb_err *err)
{
	const char *p = skip_blanks(s, s->line);
	const int head = s->m.n || s->headed ? 0 : read_head(s, p, err);

	if (head || !is_row(s, p))
		return head < 0 ? -1 : 0;
	if (start_row(s, err) || (s->opt->label_lists ? read_list : read_label)(s, &p, err))
		return -1;
	const size_t row_start = s->m.start[s->m.n];
	size_t stored = row_start;
	p = skip_blanks(s, p);
	if (s->end - p > 4 && !memcmp(p, "qid:", 4) && read_group(s, &p, err))
		return -1;
	for (p = skip_blanks(s, p); p < s->end && *p != '#'; p = skip_blanks(s, p))
		if (read_pair(s, &p, row_start, &stored, err))
			return -1;
	s->m.start[++s->m.n] = stored;
	if ((s->n_groups && s->n_groups != s->m.n) || (s->n_labels && s->n_labels != s->m.n))
		return lb_fail(err, LB_DATA, "%s:%zu: some rows have a %s and some have none; give it to all or to none", s->w.path, s->number,
			       s->n_labels != s->m.n && s->n_labels ? "label" : "qid");
	return 0;
}

static int read_rows(struct scan *s, struct lb_err *err)
{
	const char *p = s->w.buf + s->w.first;
	int status;

	while ((status = lb_line_reader_line(&s->w, &p, &s->number, &s->line, &s->end, err)) == 1)
		if (read_row(s, err))
			return -1;
	if (status)
		return -1;
	if (!s->m.n)
		return lb_fail(err, LB_DATA, "%s: holds no rows; expected lines such as: 1 3:0.5 7:2", s->w.path);
	if (s->headed && s->m.n != s->promised[0])
		return lb_fail(err, LB_DATA, "%s: the first line promises %llu row%s, there %s %zu; get the file again", s->w.path,
			       (unsigned long long)s->promised[0], lb_s(s->promised[0]), s->m.n == 1 ? "is" : "are", s->m.n);
	return 0;
}

/* Columns from 0, and as many as there are or as the option says. */
static int settle_columns(struct scan *s, struct lb_table *out, struct lb_err *err)
{
	const size_t stored = s->m.start[s->m.n];
	const bool headed_zero = s->headed && (!stored || !s->least || s->most < s->promised[1]);
	const bool zero = s->opt->index_base == LB_BASE_0 || headed_zero || (s->opt->index_base == LB_BASE_AUTO && stored && !s->least);

	out->zero_based = headed_zero || (stored && !s->least);
	s->m.d = stored ? (size_t)s->most + zero : 1;
	if (s->headed && s->m.d > s->promised[1])
		return lb_fail(err, LB_DATA, "%s: uses column %zu, but the first line promises %llu", s->w.path, s->m.d,
			       (unsigned long long)s->promised[1]);
	s->m.d = s->headed ? (size_t)s->promised[1] : s->m.d;
	if (s->opt->features && s->m.d > s->opt->features)
		return lb_fail(err, LB_DATA, "%s: uses column %zu, but data.features is %zu", s->w.path, s->m.d, s->opt->features);
	s->m.d = s->opt->features ? s->opt->features : s->m.d;
	for (size_t k = 0; k < stored && !zero; k++)
		s->m.column[k]--;
	return 0;
}

static int add_column(struct lb_table *t, const char *name, double **values, struct lb_err *err)
{
	struct lb_column *c = &t->col[t->n_cols];

	if (!*values)
		return 0;
	if (!(c->name = lb_strdup(name, err)))
		return -1;
	t->n_cols++;
	c->type = LB_NUMBER;
	c->non_feature = true;
	c->num = *values;
	*values = NULL;
	return 0;
}

static int settle(struct scan *s, struct lb_table *out, struct lb_err *err)
{
	s->m.dtype = LB_F64;
	if (settle_columns(s, out, err) || (!s->m.x && grow_values(s, 0, err)) || lb_matrix_narrow(&s->m, err))
		return -1;
	out->block = s->m;
	s->m = (struct lb_matrix){ 0 };
	out->n = out->block.n;
	out->line = s->lines;
	s->lines = NULL;
	if (!(out->col = lb_alloc(2, sizeof *out->col, err)) || add_column(out, "qid", &s->group, err) ||
	    add_column(out, "label", &s->label, err) ||
	    (s->opt->label_lists && lb_label_lists_to_columns(&s->lists, s->w.path, s->limit, out, err)))
		return -1;
	lb_line_reader_digest(&s->w, out->sha256, &out->bytes);
	return 0;
}

static int read_svmlight(const char *path, const struct lb_read_options *opt, struct lb_table *out, struct lb_err *err)
{
	struct scan s = { .opt = opt, .least = UINT64_MAX, .limit = lb_memory_limit(opt) };
	int rc = -1;

	if (lb_line_reader_open(&s.w, path, lb_stream_limit(opt), err) || read_rows(&s, err))
		lb_line_reader_check(&s.w, err);
	else
		rc = settle(&s, out, err);
	lb_line_reader_close(&s.w);
	lb_matrix_free(&s.m);
	free(s.label);
	free(s.lists.label);
	free(s.lists.start);
	free(s.group);
	free(s.lines);
	return rc;
}

/* ---- recognition ---- */

/* What the lines looked at hold after their first words: index:value, sound or broken, and other
 * words. */
struct evidence {
	size_t pairs, others;
};

enum word { PAIR, NUMBERS, OTHER };

/* index:value with anything for a value that is not told from another delimiter; a label or a list
 * of labels, perhaps with a weight. */
static enum word kind_of_word(const char *s, const char *end)
{
	const char *p = s + (s < end && (*s == '-' || *s == '+')), *digits = p;
	bool numbers = s < end && end[-1] != ',';

	while (p < end && *p >= '0' && *p <= '9')
		p++;
	if (p > digits && p < end && *p == ':' && !memchr(p + 1, ',', (size_t)(end - p - 1)) && !memchr(p + 1, ';', (size_t)(end - p - 1)))
		return PAIR;
	for (p = s; p < end; p++)
		numbers &= *p && (strchr(".,eE0123456789", *p) || (strchr("+-", *p) && (p == s || strchr(",eE", p[-1]))));
	return numbers ? NUMBERS : OTHER;
}

/* The words of a line; false when its first word can be no label, which then counts as another
 * word. */
static bool weigh_line(const char *s, const char *end, struct evidence *e)
{
	bool first = !is_blank(*s), label = true;

	while (s < end) {
		while (s < end && is_blank(*s))
			s++;
		const char *start = s;
		while (s < end && !is_blank(*s))
			s++;
		if (s == start || *start == '#')
			break;
		const enum word kind = kind_of_word(start, s);
		if (first) {
			label = kind != OTHER;
			e->others += !label;
		} else if (s - start <= 4 || memcmp(start, "qid:", 4)) {
			e->pairs += kind == PAIR;
			e->others += kind != PAIR;
		}
		first = false;
	}
	return label;
}

/* At least half of the words are index:value. A first line of words is the header of another
 * format, one of numbers may be that of this one; blank lines and remarks tell nothing. */
static bool probe(const unsigned char *head, size_t n)
{
	const char *s = (const char *)head, *end = s + n, *nl;
	struct evidence e = { 0 };
	bool first = true;

	s += n >= 3 && !memcmp(s, "\xEF\xBB\xBF", 3) ? 3 : 0;
	for (; s < end; s = nl + 1) {
		if (!(nl = memchr(s, '\n', (size_t)(end - s))))
			nl = end;
		while (s < nl && *s == '\r')
			s++;
		if (s == nl || *s == '#' || memchr(s, '\0', (size_t)(nl - s)))
			continue;
		const bool label = weigh_line(s, nl, &e);
		if (first && !e.pairs && !label)
			return false;
		if (first && !e.pairs && e.others == 2)
			e.others = 0;
		first = false;
	}
	return e.pairs && e.pairs >= e.others;
}

const struct lb_reader lb_reader_svmlight = {
	.base = {
		.name = "svmlight",
		.title = "LIBSVM / SVMlight: a label and index:value pairs a line, sparse",
		.cite = "C.-C. Chang, C.-J. Lin, LIBSVM: a library for support vector machines, ACM TIST 2(3), 2011",
		.notes = "What a line leaves out is 0. Columns are numbered from 1, or from 0 with data.index_base: 0 (auto: from 0 if that index "
			 "occurs in a file of the run); data.features gives their number where the last ones are not used. Indices must ascend. "
			 "qid:N becomes a column 'qid' that data.group can name. Comments (#) and blank lines are skipped. One label a row, a "
			 "number; for task: multilabel a list of them, such as 3,17, which may be empty. A first line \"rows features labels\", as in the "
			 "Extreme Classification Repository, is read; columns then count from 0. Rows stay sparse: data.preprocess.scale scales them without filling in the zeros.",
		.keywords = "libsvm sparse svm text",
	},
	.probe = probe,
	.endings = ".svm .svmlight .libsvm",
	.read = read_svmlight,
};
