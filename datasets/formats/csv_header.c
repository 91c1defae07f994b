#include "datasets/formats/csv_header.h"

#include "core/base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Records below the first that are looked at, fewer where there are many columns; no texts are
 * compared in more than WIDE columns. */
enum { ROWS = 100, ROWS_WIDE = 32, WIDE = 2000 };

static const struct lb_markers usual;

int lb_csv_first(struct lb_csv *csv, struct lb_err *err)
{
	if (lb_csv_start(csv, csv->delimiter, err))
		return -1;
	const int status = lb_csv_next(csv, err);
	if (!status)
		lb_fail(err, LB_DATA, "%s: holds nothing but blank lines; expected a table of data", csv->path);
	return status == 1 ? 0 : -1;
}

/* ---- what is known of a column ---- */

struct facts {
	enum lb_cell_kind kind;  /* of the first cell, */
	bool name, empty;        /* which can be a name, or is empty, */
	bool target;             /* or says that the column is a label */
	double v;                /* or is this number */
	uint64_t hash;           /* of its text */
	size_t numbers, texts;   /* below it */
	size_t fractions;        /* of the numbers: written with a decimal mark or an exponent */
	double min, max, second; /* of the numbers, and the one in the second record (NaN: none) */
	bool met;                /* a value that is not missing has been met below */
	bool over_number;        /* which was a number */
	bool counts;             /* every number is by 1 larger than the one above */
	double last;
	bool recurs;             /* the text of the first cell is found below, too */
	size_t repeated;         /* texts below that occur there more than once */
};

struct sample {
	struct facts *column;    /* n */
	size_t n, rows;          /* records below the first */
	uint64_t *hash;          /* (ROWS, n) of the texts below; 0: no text; NULL when there are too many columns */
	bool comments;           /* every record begins with # */
	bool ended;              /* the file has no more records */
};

static uint64_t hash_of(const char *s, size_t n)
{
	uint64_t h = 0xcbf29ce484222325;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)s[i]) * 0x100000001b3;
	return h | 1;
}

static bool says_target(const char *s, size_t n)
{
	static const char *const words[] = { "label", "labels", "target", "class", "y", "outcome", "diagnosis", "species" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strlen(words[i]) == n && !strncasecmp(words[i], s, n))
			return true;
	return false;
}

static void look_at_first(const struct lb_csv *csv, struct facts *f, const struct lb_csv_cell *cell)
{
	const char *s;
	size_t n;

	lb_csv_trim(cell, &s, &n);
	f->kind = lb_csv_kind(csv, &usual, cell, &f->v);
	f->name = lb_csv_is_name(csv, cell);
	f->empty = !n;
	f->target = says_target(s, n);
	f->hash = hash_of(s, n);
	f->min = HUGE_VAL;
	f->max = -HUGE_VAL;
	f->second = (double)NAN;
	f->counts = true;
}

/* Returns the hash of a text, 0 for anything else. */
static uint64_t look_below(const struct lb_csv *csv, struct facts *f, const struct lb_csv_cell *cell, bool second)
{
	const char *s;
	size_t n;
	double v = 0;
	const enum lb_cell_kind kind = lb_csv_kind(csv, &usual, cell, &v);

	lb_csv_trim(cell, &s, &n);
	if (kind == LB_CELL_NUMBER) {
		f->over_number |= !f->met;
		f->met = true;
		f->fractions += memchr(s, '.', n) || memchr(s, ',', n) || memchr(s, 'e', n) || memchr(s, 'E', n);
		f->min = fmin(f->min, v);
		f->max = fmax(f->max, v);
		f->counts &= !f->numbers || v == f->last + 1;
		f->second = second ? v : f->second;
		f->last = v;
		f->numbers++;
		return 0;
	}
	f->counts = false;
	if (kind == LB_CELL_MISSING)
		return 0;
	f->met |= kind == LB_CELL_TEXT;
	f->texts++;
	const uint64_t h = hash_of(s, n);
	f->recurs |= h == f->hash;
	return h;
}

/* For every column the texts below that occur there more than once. */
static void count_repeated(struct sample *s)
{
	for (size_t j = 0; s->hash && j < s->n; j++)
		for (size_t i = 0; i < s->rows; i++) {
			const uint64_t h = s->hash[i * s->n + j];
			size_t k = 0;
			while (h && k < s->rows && (k == i || s->hash[k * s->n + j] != h))
				k++;
			s->column[j].repeated += h && k < s->rows;
		}
}

/* Reads on until a name stands over a number, which settles it: then *settled. */
static int take_sample(struct lb_csv *csv, struct sample *s, bool *settled, struct lb_err *err)
{
	const size_t most = s->n > WIDE ? ROWS_WIDE : ROWS;
	int status = 1;

	s->comments = csv->cell[0].n && *csv->cell[0].s == '#' && !csv->cell[0].quoted;
	for (size_t j = 0; j < s->n; j++)
		look_at_first(csv, &s->column[j], &csv->cell[j]);
	*settled = false;
	while (!*settled && s->rows < most && (status = lb_csv_next(csv, err)) == 1) {
		s->comments &= csv->cell[0].n && *csv->cell[0].s == '#';
		if (csv->n != s->n)
			break;
		for (size_t j = 0; j < s->n; j++) {
			const uint64_t h = look_below(csv, &s->column[j], &csv->cell[j], !s->rows);
			if (s->hash)
				s->hash[s->rows * s->n + j] = h;
			*settled |= s->column[j].name && s->column[j].over_number;
		}
		s->rows++;
	}
	s->ended = status == 0;
	count_repeated(s);
	return status < 0 ? -1 : 0;
}

/* ---- judging ---- */

/* The numbers of the first line and what is next to them. */
struct line {
	size_t numbers, names, empty, others;
	bool counts;             /* they are 0, 1, 2, ... or 1, 2, 3, ... */
	bool steps;              /* each is by the same whole step larger than the one before */
	bool second_steps;       /* so are those of the second record by the same step, as in a matrix of lagged values */
	bool outside;            /* each is outside the range of those below it */
	bool over_text;          /* one stands over texts alone */
	bool over_fractions;     /* one stands over fractions alone */
};

static struct line look_at_line(const struct sample *s)
{
	struct line l = { .counts = true, .steps = true, .second_steps = s->rows > 0, .outside = s->rows > 0 };
	double first = 0, before = 0, step = 1, second = 0;

	for (size_t j = 0; j < s->n; j++) {
		const struct facts *f = &s->column[j];
		l.names += f->name && !f->recurs;
		l.empty += f->empty;
		l.others += f->kind != LB_CELL_NUMBER && !f->empty && (!f->name || f->recurs);
		if (f->kind != LB_CELL_NUMBER)
			continue;
		if (!l.numbers)
			first = f->v;
		else if (l.numbers == 1)
			step = f->v - first;
		l.counts &= f->v == first + (double)l.numbers;
		l.steps &= f->v == floor(f->v) && (!l.numbers || f->v - before == step);
		l.second_steps &= !l.numbers || f->second - second == step;
		l.outside &= !(f->v >= f->min && f->v <= f->max);
		l.over_text |= f->texts > 0 && !f->numbers;
		l.over_fractions |= f->numbers > 0 && f->fractions == f->numbers && !f->texts;
		before = f->v;
		second = f->second;
		l.numbers++;
	}
	l.counts &= first == 0 || first == 1;
	l.steps &= step >= 1;
	return l;
}

/* The chance that a row of data has only texts that no other row has, by how often the texts of the
 * other rows recur. */
static double chance_of_new_texts(const struct sample *s)
{
	double chance = 1;

	for (size_t j = 0; j < s->n; j++)
		if (s->column[j].name)
			chance *= 1 - (double)s->column[j].repeated / ((double)s->rows + 1);
	return chance;
}

static bool names_target(const struct sample *s)
{
	for (size_t j = 0; j < s->n; j++)
		if (s->column[j].target && !s->column[j].recurs && s->column[j].texts > 1)
			return true;
	return false;
}

#define IS_ROW "; set data.header: false if it is a row of data"
static const char counted[] = "the numbers of the first line count the columns, so that it was taken for a header" IS_ROW;
static const char stepped[] = "the numbers of the first line rise evenly and are unlike those below, so that it was taken for a header" IS_ROW;
static const char worded[] = "the words of the first line occur in no other line, so that it was taken for a header" IS_ROW;
static const char labelled[] = "the first line names a label, so that it was taken for a header" IS_ROW;
static const char perhaps_counted[] = "the first line counts the columns and was taken for a row of data; set data.header: true if it is a header";
static const char perhaps_worded[] = "the first line was taken for a row of data; set data.header: true if its words name the columns";

static void judge_numbers(const struct sample *s, const struct line *l, bool new_words, struct lb_csv_header *out)
{
	const bool index = l->empty == 1 && s->column[0].empty && s->column[0].counts && s->column[0].numbers > 1;
	const bool evident = l->numbers >= 4 || index || (l->names && new_words) || (l->numbers > 1 && (l->over_text || l->over_fractions));

	if (l->counts && evident && !l->second_steps)
		*out = (struct lb_csv_header){ .there = true, .guess = counted };
	else if (l->counts && l->numbers > 1 && !l->names && !l->empty)
		*out = (struct lb_csv_header){ .guess = perhaps_counted };
	else if (l->steps && l->numbers > 2 && l->outside && !l->second_steps)
		*out = (struct lb_csv_header){ .there = true, .guess = stepped };
}

static void judge(const struct sample *s, struct lb_csv_header *out)
{
	const struct line l = look_at_line(s);
	const bool new_words = s->hash && l.names && chance_of_new_texts(s) < 0.05;

	if (!l.others && l.numbers)
		judge_numbers(s, &l, new_words, out);
	if (out->there || out->guess)
		return;
	if (s->hash && names_target(s))
		*out = (struct lb_csv_header){ .there = true, .guess = labelled };
	else if (l.names == s->n && new_words)
		*out = (struct lb_csv_header){ .there = true, .guess = worded };
	else if (l.names == s->n && s->n > 1)
		*out = (struct lb_csv_header){ .guess = perhaps_worded };
}

/* ---- the first line by itself ---- */

static bool asked_for(const struct lb_csv *csv, const struct lb_read_options *opt, struct lb_err *err)
{
	bool found = false;

	for (size_t j = 0; opt->wants && !found && j < csv->n; j++) {
		if (!lb_csv_is_name(csv, &csv->cell[j]))
			continue;
		char *name = lb_csv_text(csv, &csv->cell[j], err);
		if (!name)
			return false;
		found = opt->wants(opt->config, name);
		free(name);
	}
	return found;
}

static bool all_names(const struct lb_csv *csv)
{
	size_t j = 0;

	while (j < csv->n && (csv->cell[j].quoted || lb_csv_is_name(csv, &csv->cell[j])))
		j++;
	return j == csv->n;
}

/* Whether all records but the first have one cell more than it, the first of which is another in
 * each of them. */
static int find_row_names(struct lb_csv *csv, bool *found, struct lb_err *err)
{
	uint64_t hash[ROWS_WIDE];
	const size_t n = csv->n;
	bool filled = false;
	size_t rows = 0;
	int status = 1;

	*found = false;
	if (n < 2 || !all_names(csv))
		return 0;
	for (; rows < ROWS_WIDE && (status = lb_csv_next(csv, err)) == 1; rows++) {
		if (csv->n != n + 1)
			return 0;
		hash[rows] = hash_of(csv->cell[0].s, csv->cell[0].n);
		for (size_t k = 0; k < rows; k++)
			if (hash[k] == hash[rows])
				return 0;
		filled |= csv->cell[n].n > 0;
	}
	*found = rows > 0 && filled;
	return status < 0 ? -1 : 0;
}

static int refuse_alone(const struct lb_csv *csv, struct lb_err *err)
{
	return lb_fail(err, LB_DATA, "%s: has a header but no rows of data", csv->path);
}

/* The first record is in csv->cell. */
static int detect(struct lb_csv *csv, struct lb_csv_header *out, struct lb_err *err)
{
	struct sample s = { .n = csv->n };
	const bool names = all_names(csv);
	bool settled = false;
	int rc = -1;

	s.column = lb_alloc(s.n, sizeof *s.column, err);
	s.hash = s.n <= WIDE ? lb_alloc(ROWS * s.n, sizeof *s.hash, err) : NULL;
	if (!s.column || (s.n <= WIDE && !s.hash) || take_sample(csv, &s, &settled, err))
		goto out;
	rc = 0;
	if (s.comments && s.ended)
		rc = lb_fail(err, LB_DATA, "%s: holds nothing but comments (lines that begin with #); expected a table of data", csv->path);
	else if (s.ended && !s.rows && names && s.n > 1)
		rc = refuse_alone(csv, err);
	else if (settled)
		out->there = true;
	else
		judge(&s, out);
out:
	free(s.column);
	free(s.hash);
	return rc;
}

int lb_csv_find_header(struct lb_csv *csv, const struct lb_read_options *opt, struct lb_csv_header *out, struct lb_err *err)
{
	struct lb_err why = { 0 };

	*out = (struct lb_csv_header){ .there = opt->header > 0 };
	if (lb_csv_first(csv, err))
		return -1;
	if (opt->header < 0)
		return 0;
	if (find_row_names(csv, &out->row_names, err))
		return -1;
	out->there |= out->row_names;
	if (out->there)
		return 0;
	if (lb_csv_first(csv, err))
		return -1;
	out->there = asked_for(csv, opt, &why);
	if (why.code)
		return lb_fail(err, why.code, "%s", why.text);
	return out->there ? 0 : detect(csv, out, err);
}
