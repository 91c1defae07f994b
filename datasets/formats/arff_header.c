#include "datasets/formats/arff.h"

#include "core/base/mem.h"
#include "datasets/io/parse_date.h"
#include "datasets/formats/readers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Of a date without a pattern. */
static const char default_pattern[] = "yyyy-MM-dd'T'HH:mm:ss";

int32_t lb_arff_level(struct lb_arff *s, size_t j, const char *text, struct lb_err *err)
{
	char *copy = lb_strdup(text, err);

	return copy ? lb_intern_add(&s->attribute[j].in, &s->col[j], copy, err) : -1;
}

static bool next_is(struct lb_arff *s, char c)
{
	return !lb_arff_at_end(s) && *s->p == c;
}

/* ---- types ---- */

/* "{a, b, c}" */
static int read_values(struct lb_arff *s, size_t j, struct lb_err *err)
{
	s->col[j].type = LB_TEXT;
	s->col[j].declared = true;
	for (s->p++; !next_is(s, '}'); s->p += next_is(s, ',')) {
		if (lb_arff_at_end(s))
			return lb_arff_fail(s, err, "no closing brace", "} behind the values");
		if (lb_arff_word(s, "", "a value of the attribute", err))
			return -1;
		if (lb_intern_find(&s->attribute[j].in, &s->col[j], s->word.s, s->word.n) >= 0)
			return lb_arff_fail(s, err, s->word.s, "each value once");
		if (lb_arff_level(s, j, s->word.s, err) < 0)
			return -1;
	}
	s->p++;
	return 0;
}

/* KEEL's range of a number, "[low, high]", which is not looked at. */
static int skip_range(struct lb_arff *s, size_t j, struct lb_err *err)
{
	(void)j;
	if (!next_is(s, '['))
		return 0;
	while (s->p < s->end && *s->p != ']')
		s->p++;
	return s->p < s->end ? (s->p++, 0) : lb_arff_fail(s, err, "no closing bracket", "] behind the range");
}

static int read_string(struct lb_arff *s, size_t j, struct lb_err *err)
{
	(void)err;
	s->col[j].type = LB_TEXT;
	s->col[j].declared = true;
	return 0;
}

static int read_pattern(struct lb_arff *s, size_t j, struct lb_err *err)
{
	const bool given = !lb_arff_at_end(s);

	if (given && lb_arff_word(s, "", "the pattern of the date", err))
		return -1;
	if (!(s->attribute[j].word = lb_strdup(given ? s->word.s : default_pattern, err)))
		return -1;
	if (!lb_date_known(s->attribute[j].word)) {
		s->col[j].type = LB_TEXT;
		s->col[j].non_feature = true;
	}
	return 0;
}

static int fail_open(const struct lb_arff *s, size_t line, struct lb_err *err)
{
	return lb_fail(err, LB_DATA, "%s:%zu: the relational attribute '%s' has no @end", s->w.path, line, s->col[s->n_cols - 1].name);
}

/* Up to "@end" of this attribute. */
static int skip_relation(struct lb_arff *s, size_t j, struct lb_err *err)
{
	const size_t line = s->number;
	size_t depth = 1;
	int status;

	s->col[j].type = LB_TEXT;
	s->col[j].non_feature = true;
	while (depth) {
		if ((status = lb_arff_line(s, err)) != 1)
			return status ? -1 : fail_open(s, line, err);
		if (lb_arff_word(s, "", "@attribute or @end", err))
			return -1;
		if (!strcasecmp(s->word.s, "@end"))
			depth--;
		else if (!strcasecmp(s->word.s, "@data"))
			return fail_open(s, line, err);
		else if (!strcasecmp(s->word.s, "@attribute")) {
			if (lb_arff_word(s, "", "the name of the attribute", err))
				return -1;
			depth += !lb_arff_at_end(s) && *s->p != '{' && !lb_arff_word(s, "[", "a type", NULL) && !strcasecmp(s->word.s, "relational");
		}
	}
	s->p = s->end;
	return lb_arff_level(s, j, "relational", err) < 0 ? -1 : 0;
}

static const struct {
	const char *word;
	enum lb_arff_type type;
	int (*read)(struct lb_arff *s, size_t j, struct lb_err *err); /* what follows the word */
} types[] = {
	{ "numeric", LB_ARFF_NUMERIC, skip_range },    { "real", LB_ARFF_NUMERIC, skip_range },
	{ "integer", LB_ARFF_NUMERIC, skip_range },    { "string", LB_ARFF_STRING, read_string },
	{ "date", LB_ARFF_DATE, read_pattern },        { "relational", LB_ARFF_RELATIONAL, skip_relation },
};
enum { N_TYPES = sizeof types / sizeof *types };

/* A type that is not known is left to the values, unless it looks like a slip. */
static int read_other(struct lb_arff *s, size_t j, const char *start, struct lb_err *err)
{
	const char *known[N_TYPES];
	char expected[128];

	for (size_t k = 0; k < N_TYPES; k++)
		known[k] = types[k].word;
	const char *near = lb_nearest(s->word.s, known, N_TYPES);
	if (near) {
		s->p = start;
		snprintf(expected, sizeof expected, "numeric, real, integer, string, date, relational or {value, ...}; did you mean %s?", near);
		return lb_arff_fail(s, err, s->word.s, expected);
	}
	s->attribute[j].type = LB_ARFF_OTHER;
	s->col[j].type = LB_TEXT;
	return (s->attribute[j].word = lb_strdup(s->word.s, err)) ? 0 : -1;
}

static int read_type(struct lb_arff *s, size_t j, struct lb_err *err)
{
	if (next_is(s, '{')) {
		s->attribute[j].type = LB_ARFF_NOMINAL;
		return read_values(s, j, err);
	}
	const char *start = s->p;
	if (lb_arff_word(s, "[", "the type of the attribute", err))
		return -1;
	for (size_t k = 0; k < N_TYPES; k++)
		if (!strcasecmp(s->word.s, types[k].word)) {
			s->attribute[j].type = types[k].type;
			return types[k].read(s, j, err);
		}
	return read_other(s, j, start, err);
}

/* ---- declarations ---- */

static int read_attribute(struct lb_arff *s, struct lb_err *err)
{
	const size_t j = s->n_cols;

	if (j == LB_MAX_COLUMNS)
		return lb_arff_fail(s, err, "one attribute more", "at most 1000000");
	if (lb_arff_word(s, "", "the name of the attribute", err) ||
	    lb_grow(&s->attribute, &s->attributes_cap, j + 1, sizeof *s->attribute, err) ||
	    lb_grow(&s->col, &s->cols_cap, j + 1, sizeof *s->col, err))
		return -1;
	s->col[j] = (struct lb_column){ 0 };
	s->attribute[j] = (struct lb_arff_attribute){ 0 };
	s->n_cols++;
	if (!(s->col[j].name = lb_strdup(s->word.s, err)) || read_type(s, j, err))
		return -1;
	return lb_arff_at_end(s) ? 0 : lb_arff_fail(s, err, (const char[]){ *s->p, 0 }, "the end of the line");
}

/* The name is not needed; a declaration after it would be lost. */
static int read_relation(struct lb_arff *s, struct lb_err *err)
{
	for (; s->p < s->end; s->p++)
		if (*s->p == '@' && (!strncasecmp(s->p, "@attribute", 10) || !strncasecmp(s->p, "@data", 5)))
			return lb_arff_fail(s, err, "a declaration behind @relation", "it in a line of its own");
	return 0;
}

static int fail_unknown_name(struct lb_arff *s, struct lb_err *err)
{
	const char **name = lb_alloc(s->n_cols, sizeof *name, err);

	if (!name)
		return -1;
	for (size_t j = 0; j < s->n_cols; j++)
		name[j] = s->col[j].name;
	const char *near = lb_nearest(s->word.s, name, s->n_cols);
	lb_fail(err, LB_DATA, "%s:%zu: there is no attribute '%.60s' above%s%s%s", s->w.path, s->number, s->word.s, near ? "; did you mean '" : "",
		near ? near : "", near ? "'?" : "");
	free(name);
	return -1;
}

/* KEEL's "@inputs a, b" and "@outputs c". */
static int read_names(struct lb_arff *s, bool outputs, struct lb_err *err)
{
	for (; !lb_arff_at_end(s); s->p += next_is(s, ',')) {
		size_t j = 0;
		if (lb_arff_word(s, "", "the name of an attribute", err))
			return -1;
		while (j < s->n_cols && strcmp(s->col[j].name, s->word.s))
			j++;
		if (j == s->n_cols)
			return fail_unknown_name(s, err);
		s->n_outputs += outputs && !s->attribute[j].output;
		s->has_inputs |= !outputs;
		*(outputs ? &s->attribute[j].output : &s->attribute[j].input) = true;
	}
	return 0;
}

static int read_inputs(struct lb_arff *s, struct lb_err *err)
{
	return read_names(s, false, err);
}

static int read_outputs(struct lb_arff *s, struct lb_err *err)
{
	return read_names(s, true, err);
}

static const struct {
	const char *word;
	int (*read)(struct lb_arff *s, struct lb_err *err); /* NULL: the header ends */
} declarations[] = {
	{ "@attribute", read_attribute }, { "@relation", read_relation }, { "@data", NULL },           { "@inputs", read_inputs },
	{ "@input", read_inputs },        { "@outputs", read_outputs },   { "@output", read_outputs },
};
enum { N_DECLARATIONS = sizeof declarations / sizeof *declarations };

static size_t declaration_of(const char *word)
{
	size_t k = 0;

	while (k < N_DECLARATIONS && strcasecmp(word, declarations[k].word))
		k++;
	return k;
}

int lb_arff_header(struct lb_arff *s, struct lb_err *err)
{
	static const char expected[] = "@relation, @attribute or @data";
	int status;

	while ((status = lb_arff_line(s, err)) == 1) {
		const char *start = s->p;
		if (*s->p != '@')
			return lb_arff_fail(s, err, (const char[]){ *s->p, 0 }, expected);
		if (lb_arff_word(s, "", expected, err))
			return -1;
		const size_t k = declaration_of(s->word.s);
		if (k == N_DECLARATIONS || (!declarations[k].read && !s->n_cols)) {
			s->p = start;
			return lb_arff_fail(s, err, s->word.s, k < N_DECLARATIONS ? "an @attribute before it" : expected);
		}
		if (!declarations[k].read)
			return 0;
		if (declarations[k].read(s, err))
			return -1;
	}
	return status ? -1 : lb_fail(err, LB_DATA, "%s: there is no @data in the file", s->w.path);
}
