#include "datasets/formats/csv_cells.h"

#include "core/base/mem.h"
#include "core/base/utf8.h"

#include <string.h>
#include <strings.h>

enum { TEXT_LIMIT = 64 * 1024 };

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

void lb_csv_trim(const struct lb_csv_cell *cell, const char **s, size_t *n)
{
	*s = cell->s;
	*n = cell->n;
	for (; cell->quoted && *n && is_blank(**s); --*n)
		++*s;
	while (cell->quoted && *n && is_blank((*s)[*n - 1]))
		--*n;
}

enum lb_cell_kind lb_csv_kind(const struct lb_csv *csv, const struct lb_markers *m, const struct lb_csv_cell *cell, double *v)
{
	const char *s;
	size_t n;

	lb_csv_trim(cell, &s, &n);
	if (cell->number)
		*v = cell->v;
	if (cell->number || (n && cell->quoted && lb_notation_parse(&csv->notation, s, n, v)))
		return lb_marker_number(m, *v) ? LB_CELL_MISSING : LB_CELL_NUMBER;
	switch (lb_marker_text(m, s, n)) {
	case LB_MARKER:
		return LB_CELL_MISSING;
	case LB_MARKER_OF_NUMBERS:
		return LB_CELL_DASH;
	case LB_NO_MARKER:
		break;
	}
	return LB_CELL_TEXT;
}

bool lb_csv_is_name(const struct lb_csv *csv, const struct lb_csv_cell *cell)
{
	static const char *const numeric[] = { "inf", "infinity", "nan" };
	static const struct lb_markers usual = { 0 };
	const char *s = cell->s;
	size_t n = cell->n;
	double v;

	if (lb_csv_kind(csv, &usual, cell, &v) != LB_CELL_TEXT)
		return false;
	if (*s == '-' || *s == '+')
		s++, n--;
	for (size_t i = 0; i < sizeof numeric / sizeof *numeric; i++)
		if (strlen(numeric[i]) == n && !strncasecmp(numeric[i], s, n))
			return false;
	return true;
}

char *lb_csv_text(const struct lb_csv *csv, const struct lb_csv_cell *cell, struct lb_err *err)
{
	if (cell->n > TEXT_LIMIT) {
		lb_fail(err, LB_DATA, "%s:%zu: a cell holds %zu bytes, the limit is %d; is a quote not closed?", csv->path, csv->line, cell->n,
			TEXT_LIMIT);
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
