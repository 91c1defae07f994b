#include "datasets/formats/csv_delimiter.h"

#include "datasets/formats/readers.h"

#include <ctype.h>
#include <string.h>

enum { SAMPLE = 32 };

static const struct {
	char delimiter;
	const char *name;
} known[] = { { ',', "comma" }, { '\t', "tab" }, { ';', "semicolon" }, { '|', "pipe" }, { ' ', "blanks" } };
enum { N_KNOWN = sizeof known / sizeof *known };

const char *lb_csv_delimiter_name(char delimiter)
{
	for (int i = 0; i < N_KNOWN; i++)
		if (known[i].delimiter == delimiter)
			return known[i].name;
	return "the delimiter";
}

/* How a delimiter cuts the first records. */
struct cut {
	size_t first, others;    /* cells of the first record; of each further one, 0 when they differ */
	size_t widest;
	bool decimals;           /* a cell holds a comma, and every such cell is a number with a decimal comma */
	size_t records;
	bool failed;             /* the records cannot be read in this way */
};

/* Whether the cells with a comma are all decimals; *any tells whether there is one. */
static bool commas_are_decimal(const struct lb_csv *c, bool *any)
{
	static const struct lb_notation comma = { ',', '.' };
	double v;

	for (size_t j = 0; j < c->n; j++) {
		const char *mark = memchr(c->cell[j].s, ',', c->cell[j].n);
		if (!mark)
			continue;
		if (!isdigit((unsigned char)mark[1]) || !lb_notation_parse(&comma, c->cell[j].s, c->cell[j].n, &v))
			return false;
		*any = true;
	}
	return true;
}

static int sample(struct lb_csv *c, char delimiter, struct cut *cut, struct lb_err *err)
{
	bool any = false, all = true;
	int status = 1;

	*cut = (struct cut){ 0 };
	if (lb_csv_start(c, delimiter, err))
		return -1;
	for (int i = 0; i < SAMPLE && (status = lb_csv_next(c, err)) == 1; i++) {
		cut->records++;
		if (i == 0)
			cut->first = c->n;
		else if (i == 1)
			cut->others = c->n;
		else if (c->n != cut->others)
			cut->others = 0;
		cut->widest = c->n > cut->widest ? c->n : cut->widest;
		all = all && commas_are_decimal(c, &any);
		if (i > 0 && !cut->others)
			break;
	}
	cut->decimals = any && all;
	cut->failed = status < 0;
	const bool too_wide = c->n == LB_MAX_COLUMNS;
	return status < 0 && (err->code == LB_MACHINE || c->w.broken || (c->w.endless && !c->long_cell && !too_wide)) ? -1 : 0;
}

static bool is_even(const struct cut *cut)
{
	return !cut->failed && cut->first > 1 && (cut->records == 1 || cut->others == cut->first);
}

static bool lacks_first_name(const struct cut *cut)
{
	return !cut->failed && cut->first > 0 && cut->others == cut->first + 1;
}

/* Index of the delimiter that cuts evenly, or by which only the first record is a cell shorter;
 * N_KNOWN: none. */
static int best_cut(const struct cut cut[N_KNOWN])
{
	bool decimal = false;
	int i;

	for (i = 1; i < N_KNOWN; i++)
		decimal |= is_even(&cut[i]) && cut[i].decimals;
	for (i = decimal; i < N_KNOWN; i++)
		if (is_even(&cut[i]))
			return i;
	for (i = 0; i < N_KNOWN && !lacks_first_name(&cut[i]);)
		i++;
	return i;
}

char lb_csv_delimiter(struct lb_csv *c, struct lb_err *err)
{
	struct cut cut[N_KNOWN];
	size_t widest = 1;
	char best = ',';

	if (lb_csv_hint(c))
		return lb_csv_hint(c);
	for (int i = 0; i < N_KNOWN; i++) {
		struct lb_err why = { 0 };
		if (sample(c, known[i].delimiter, &cut[i], &why)) {
			lb_fail(err, why.code, "%s", why.text);
			return '\0';
		}
	}
	const int found = best_cut(cut);
	if (found < N_KNOWN)
		return known[found].delimiter;
	for (int i = 0; i < N_KNOWN; i++)
		if (cut[i].widest > widest && known[i].delimiter != ' ') {
			widest = cut[i].widest;
			best = known[i].delimiter;
		}
	return best;
}
