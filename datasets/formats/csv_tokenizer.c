#include "datasets/formats/csv_tokenizer.h"

#include "core/base/mem.h"
#include "datasets/io/parse_decimal.h"
#include "datasets/formats/readers.h"

#include <ctype.h>
#include <endian.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int lb_csv_open(struct lb_csv *c, const char *path, uint64_t limit, struct lb_err *err)
{
	*c = (struct lb_csv){ .path = path };
	return lb_line_reader_open(&c->w, path, limit, err);
}

/* Bytes of the line sep=X at p, or of "sep=X" in quotes, 0 when there is none. */
static size_t hint_length(const char *p)
{
	const size_t quote = *p == '"';
	const char *end = p + quote + 5;

	if (strncasecmp(p + quote, "sep=", 4) || isalnum((unsigned char)end[-1]) || strchr("\r\n\"", end[-1]) || (quote && *end++ != '"'))
		return 0;
	if (*end != '\n' && *end != '\r')
		return 0;
	return (size_t)(end - p) + (end[0] == '\r' && end[1] == '\n' ? 2 : 1);
}

char lb_csv_hint(const struct lb_csv *c)
{
	const char *p = c->w.buf + c->w.first;

	return hint_length(p) ? p[4 + (*p == '"')] : '\0';
}

int lb_csv_start(struct lb_csv *c, char delimiter, struct lb_err *err)
{
	if (lb_line_reader_rewind(&c->w, err))
		return -1;
	c->long_cell = false;
	c->delimiter = delimiter;
	c->p = c->w.buf + c->w.first;
	const size_t hint = hint_length(c->p);
	c->p += hint;
	c->open = c->p;
	c->next_line = hint ? 2 : 1;
	c->first_line = 0;
	memset(c->stop, 0, sizeof c->stop);
	c->stop['\0'] = c->stop['\n'] = c->stop['\r'] = c->stop[(unsigned char)delimiter] = true;
	c->stop['\t'] |= delimiter == ' ';
	return 0;
}

void lb_csv_close(struct lb_csv *c)
{
	free(c->cell);
	lb_line_reader_close(&c->w);
	*c = (struct lb_csv){ 0 };
}

static bool is_blank(const struct lb_csv *c, char b)
{
	return b == ' ' || (b == '\t' && c->delimiter != '\t');
}

static void skip_blanks(struct lb_csv *c)
{
	while (is_blank(c, *c->p))
		c->p++;
}

static bool skip_line_end(struct lb_csv *c)
{
	if (*c->p != '\n' && *c->p != '\r')
		return false;
	c->p += c->p[0] == '\r' && c->p[1] == '\n' ? 2 : 1;
	c->next_line++;
	return true;
}

/* c->p is after the opening quote. */
static int quoted_cell(struct lb_csv *c, struct lb_csv_cell *cell, struct lb_err *err)
{
	const size_t opened = c->next_line;

	*cell = (struct lb_csv_cell){ .s = c->p, .quoted = true };
	while (*c->p != '"' || c->p[1] == '"') {
		if (!*c->p)
			return !c->w.end ? -1 : lb_fail(err, LB_DATA, "%s:%zu: a quote (\") is opened here and never closed", c->path, opened);
		if (*c->p == '"') {
			cell->doubled = true;
			c->p += 2;
		} else if (!skip_line_end(c))
			c->p++;
	}
	cell->n = (size_t)(c->p - cell->s);
	c->p++;
	if (c->delimiter != ' ')
		skip_blanks(c);
	if (!c->stop[(unsigned char)*c->p])
		return lb_fail(err, LB_DATA, "%s:%zu: there is text behind a closing quote (\"), expected %s or the end of the line; "
			       "a quote inside quotes is written twice", c->path, c->next_line, lb_csv_delimiter_name(c->delimiter));
	return 0;
}

static int next_cell(struct lb_csv *c, struct lb_csv_cell *cell, struct lb_err *err)
{
	skip_blanks(c);
	c->open = c->p;
	if (*c->p == '"') {
		c->p++;
		return quoted_cell(c, cell, err);
	}
	const bool plain = !lb_notation_differs(&c->notation);
	const char *start = c->p, *end = plain ? lb_scan_short(start, &cell->v) : start;
	c->p = end;
	if (c->delimiter != ' ')
		skip_blanks(c);
	cell->number = end > start && c->stop[(unsigned char)*c->p];
	if (!cell->number) {
		for (end = start; !c->stop[(unsigned char)*end];)
			end++;
		c->p = end;
		while (end > start && is_blank(c, end[-1]))
			end--;
		cell->number = !plain && lb_notation_parse(&c->notation, start, (size_t)(end - start), &cell->v);
	}
	cell->s = start;
	cell->n = (size_t)(end - start);
	cell->quoted = cell->doubled = false;
	return 0;
}

/* True when a further cell of this record follows. */
static bool skip_delimiter(struct lb_csv *c)
{
	if (c->delimiter == ' ') {
		skip_blanks(c);
		return *c->p && *c->p != '\n' && *c->p != '\r';
	}
	if (*c->p != c->delimiter)
		return false;
	c->p++;
	return true;
}

static int next_record(struct lb_csv *c, struct lb_err *err)
{
	do
		skip_blanks(c);
	while (skip_line_end(c));
	c->n = 0;
	c->line = c->next_line;
	c->open = c->p;
	if (!*c->p)
		return 0;
	c->first_line = c->first_line ? c->first_line : c->line;
	const char *start = c->p;
	do {
		if (c->n == LB_MAX_COLUMNS && (c->w.endless = true))
			return lb_fail(err, LB_DATA, "%s:%zu: more than %zu columns, which is the limit", c->path, c->line, LB_MAX_COLUMNS);
		if ((c->n == c->cap && lb_grow(&c->cell, &c->cap, c->n + 1, sizeof *c->cell, err)) ||
		    next_cell(c, &c->cell[c->n], err))
			return -1;
		c->n++;
	} while (skip_delimiter(c));
	if ((size_t)(c->p - start) > LB_LINE_LIMIT && (c->w.endless = true))
		return lb_fail(err, LB_DATA, "%s:%zu: the line is longer than %zu bytes, which is the limit; is a quote not closed?",
			       c->path, c->line, LB_LINE_LIMIT);
	skip_line_end(c);
	return 1;
}

/* The rest of the file is not looked at: it may be as long again. */
static int refuse_long_cell(struct lb_csv *c, struct lb_err *err)
{
	c->w.endless = c->long_cell = true;
	return lb_fail(err, LB_DATA, "%s:%zu: a cell of this line is longer than %zu bytes, which is the limit; is a quote not closed, or the file "
		       "not a table?", c->path, c->line, LB_CELL_LIMIT);
}

/* A record that reaches the end of the window is read again with more of the file in it. */
int lb_csv_next(struct lb_csv *c, struct lb_err *err)
{
	for (;;) {
		const char *start = c->p;
		const size_t line = c->next_line;
		const int status = next_record(c, err);
		if (c->w.end || !lb_line_reader_at_end(&c->w, c->p))
			return status;
		if ((size_t)(c->p - c->open) > LB_CELL_LIMIT)
			return refuse_long_cell(c, err);
		c->p = start;
		c->next_line = line;
		if (lb_line_reader_more(&c->w, &c->p, line, err))
			return -1;
	}
}

/* A cell of text up to its delimiter, or NULL. */
static const char *plain_text(const struct lb_csv *c, const char *p, struct lb_csv_cell *cell)
{
	const char *end = p;

	while (!c->stop[(unsigned char)*end])
		end++;
	if (end == p || *p == '"' || is_blank(c, *p) || is_blank(c, end[-1]))
		return NULL;
	*cell = (struct lb_csv_cell){ .s = p, .n = (size_t)(end - p) };
	return end;
}

/* Behind the cells of a record, or NULL; a number that may be rounded is left to the long way. */
static const char *plain_cells(const struct lb_csv *c, size_t n, const bool *text, double *v)
{
	const char *p = c->p;

	for (size_t j = 0; j < n; j++) {
		const char *const start = p;
		const unsigned digit = (unsigned)(*p - '0');
		if (text[j]) {
			v[j] = 0;
			p = plain_text(c, p, &c->cell[j]);
		} else if (digit < 10 && p[1] == c->delimiter) {
			v[j] = digit;
			p++;
		} else {
			p = lb_scan_short(p, &v[j]);
			if (p == start || !(fabs(v[j]) < LB_EXACT_WHOLE))
				return NULL;
		}
		if (!p || p == start || (j + 1 < n && *p != c->delimiter))
			return NULL;
		p += j + 1 < n;
	}
	return p;
}

/* Eight bytes of text less '0' each, the first the lowest; in *other the high bits of those that
 * are no digits. */
static inline uint64_t eight(const char *p, uint64_t *other)
{
	uint64_t x;

	memcpy(&x, p, sizeof x);
	x = le64toh(x) ^ 0x3030303030303030;
	*other = (((x & 0x7f7f7f7f7f7f7f7f) + 0x7676767676767676) | x) & 0x8080808080808080;
	return x;
}

/* A number of one to three digits that says at most 255. */
static inline bool byte_value(uint32_t x, unsigned digits, uint8_t *v)
{
	const uint32_t d = x << ((32 - 8 * digits) & 31), value = (d >> 24) + 10 * (d >> 16 & 255) + 100 * (d >> 8 & 255);

	*v = (uint8_t)value;
	return digits - 1 <= 2 && value <= 255;
}

static inline unsigned lowest(uint64_t bits)
{
	return (unsigned)__builtin_ctzll(bits | (uint64_t)1 << 63);
}

/* Behind a cell that byte_value can read, or NULL. */
static inline const char *byte_cell(const char *p, uint8_t *v)
{
	uint64_t other;
	const uint64_t x = eight(p, &other);
	const unsigned digits = lowest(other) / 8;

	return byte_value((uint32_t)x, digits, v) ? p + digits : NULL;
}

/* Two such cells at once; after the delimiter of the second, or NULL. */
static inline const char *byte_pair(const char *p, char delimiter, uint8_t *v)
{
	uint64_t other;
	const uint64_t x = eight(p, &other);
	const unsigned first = lowest(other), second = lowest(other & (other - 1)), behind = second / 8;
	const bool good = byte_value((uint32_t)x, first / 8, v) && byte_value((uint32_t)(x >> first >> 1), behind - first / 8 - 1, v + 1);

	return good && p[first / 8] == delimiter && p[behind] == delimiter ? p + behind + 1 : NULL;
}

static const char *byte_cells(const struct lb_csv *c, size_t n, const bool *text, uint8_t *v)
{
	const char delimiter = c->delimiter, *p = c->p;

	for (size_t j = 0;; p++) {
		while (j + 2 < n && !text[j] && !text[j + 1]) {
			if (!(p = byte_pair(p, delimiter, v + j)))
				return NULL;
			j += 2;
		}
		if (text[j]) {
			v[j] = 0;
			p = plain_text(c, p, &c->cell[j]);
		} else
			p = byte_cell(p, &v[j]);
		if (!p || ++j == n)
			return p;
		if (*p != delimiter)
			return NULL;
	}
}

/* Ends a record in the short way after its last cell. */
static bool end_plain(struct lb_csv *c, const char *p, size_t n)
{
	if (!p || (*p != '\n' && *p != '\r') || (size_t)(p - c->p) > LB_LINE_LIMIT)
		return false;
	p += p[0] == '\r' && p[1] == '\n' ? 2 : 1;
	if (lb_line_reader_at_end(&c->w, p))
		return false;
	c->line = c->next_line++;
	c->first_line = c->first_line ? c->first_line : c->line;
	c->p = p;
	c->n = n;
	return true;
}

static bool takes_short_way(const struct lb_csv *c, size_t n)
{
	return c->delimiter != ' ' && c->cap >= n && !lb_notation_differs(&c->notation);
}

bool lb_csv_plain(struct lb_csv *c, size_t n, const bool *text, double *v)
{
	return takes_short_way(c, n) && end_plain(c, plain_cells(c, n, text, v), n);
}

bool lb_csv_bytes(struct lb_csv *c, size_t n, const bool *text, uint8_t *v)
{
	return takes_short_way(c, n) && end_plain(c, byte_cells(c, n, text, v), n);
}
