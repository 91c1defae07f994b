/* What the parts of the ARFF reader share: arff_header.c reads the declarations, arff.c the rows,
 * arff_table.c makes the table. Inside these three only. */
#ifndef LB_ARFF_H
#define LB_ARFF_H

#include "core/base/text.h"
#include "datasets/table/string_dictionary.h"
#include "datasets/io/line_reader.h"
#include "datasets/io/missing_markers.h"

enum lb_arff_type {
	LB_ARFF_NUMERIC,
	LB_ARFF_NOMINAL,
	LB_ARFF_STRING,
	LB_ARFF_DATE,            /* seconds, or text aside where the pattern is not known */
	LB_ARFF_RELATIONAL,      /* left out: every cell is the same text */
	LB_ARFF_OTHER,           /* a type that ARFF does not know: numbers if all of its values are some, else text */
};

struct lb_arff_attribute {
	enum lb_arff_type type;
	struct lb_interner in;   /* of the column's levels */
	char *word;              /* the pattern of a date; the name of a type that is not known; else NULL */
	bool input, output;      /* named by KEEL's @inputs and @outputs */
};

struct lb_arff {
	struct lb_line_reader w;
	const char *next, *line, *end, *p; /* the line after the current one; the current one, and what comes next in it */
	size_t number;           /* of the line, from 1 */
	struct lb_column *col;   /* n_cols, with their attributes */
	struct lb_arff_attribute *attribute;
	size_t n_cols, cols_cap, attributes_cap;
	bool has_inputs;
	size_t n_outputs;
	bool moved;              /* the label, which was not the last column */
	size_t n, rows_cap;      /* rows so far */
	size_t *lines;
	bool sparse;             /* rows of the form {index value, ...} */
	size_t commas, comma_line; /* rows with a comma after the last value; the line of the first */
	struct lb_markers markers; /* of missing values, in addition to ? */
	double *weight;          /* n_weights: of the first rows, those after them weigh 1 */
	size_t n_weights, weights_cap, weight_line; /* the line of the first row that has one */
	size_t weighted;         /* rows that have one */
	bool weights_wanted;     /* by data.weight: they become a column */
	struct lb_buf word;      /* the last word, without quotes and with its escapes resolved */
	bool quoted;
	bool any_length;         /* of the word that is read next */
	size_t limit;            /* bytes of memory */
};

/* The column that the weights of rows become, as in 5,yes,{2}, where data.weight names it. */
#define LB_ARFF_WEIGHT "instance_weight"

/* LB_DATA: "file:line:column: found '...', expected ...". */
int lb_arff_fail(const struct lb_arff *s, struct lb_err *err, const char *found, const char *expected);

/* 1: the next line that holds something but a comment, with s->p at its first character; 0: none is
 * left; -1. */
int lb_arff_line(struct lb_arff *s, struct lb_err *err);

/* True when nothing but blanks and a comment is left of the line; s->p is moved there. */
bool lb_arff_at_end(struct lb_arff *s);

/* The next word, ended by a blank, a comma, a brace or one of `ends` unless it is in quotes, into
 * s->word. */
int lb_arff_word(struct lb_arff *s, const char *ends, const char *expected, struct lb_err *err);

/* Adds a level to column j. Its code, or -1. */
int32_t lb_arff_level(struct lb_arff *s, size_t j, const char *text, struct lb_err *err);

/* Reads up to and with "@data". What is after it in the same line is left at s->p. */
int lb_arff_header(struct lb_arff *s, struct lb_err *err);

/* The table of the rows that were read, with what is to be said of them; takes the columns
 * (arff_table.c). */
int lb_arff_table(struct lb_arff *s, struct lb_table *t, struct lb_err *err);

#endif
