/* Delimited text to records: RFC 4180 and what files in the wild do.
 *
 * Lines end in LF, CRLF or CR, the last one perhaps in nothing; blank lines are skipped. A cell in
 * double quotes may hold delimiters, line ends and doubled quotes; blanks around a cell are not
 * part of it, blanks inside the quotes are. */
#ifndef LB_CSV_TOKENIZER_H
#define LB_CSV_TOKENIZER_H

#include "datasets/io/number_notation.h"
#include "datasets/io/line_reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Borrowed from the window until the next record: what stands between the quotes, or between the
 * delimiters without the blanks around it. */
struct lb_csv_cell {
	const char *s;
	size_t n;
	double v;                /* of a cell that is a number, without quotes */
	bool number;
	bool quoted;
	bool doubled;            /* holds "" for " */
};

struct lb_csv {
	struct lb_line_reader w;
	const char *path;        /* for messages */
	char delimiter;          /* ' ' stands for runs of blanks and tabs */
	struct lb_notation notation; /* of numbers */
	struct lb_csv_cell *cell; /* the current record, n cells */
	size_t n, cap;
	size_t line;             /* in which it begins, from 1 */
	size_t first_line;       /* in which the first record begins */
	const char *p;           /* what comes next, and its line */
	size_t next_line;
	const char *open;        /* the cell that is being read */
	bool long_cell;          /* the last error: a cell was too long, which another delimiter may cut */
	bool stop[256];          /* bytes that end a cell without quotes */
};

/* Opens a file; call lb_csv_start before the first record. */
int lb_csv_open(struct lb_csv *c, const char *path, uint64_t limit, struct lb_err *err);

/* Bytes of a cell that is not text; a text's limit is lower. */
#define LB_CELL_LIMIT ((size_t)1 << 20)

/* The delimiter that a first line such as `sep=;` sets, which is no record; 0 when there is
 * none. */
char lb_csv_hint(const struct lb_csv *c);

/* Starts, or starts again, at the first record. */
int lb_csv_start(struct lb_csv *c, char delimiter, struct lb_err *err);

/* 1: a record was read; 0: there is none left; -1: error. */
int lb_csv_next(struct lb_csv *c, struct lb_err *err);

/* The short way for a record without quotes and blanks: true when the next one has n cells, of
 * which those that are not `text` are numbers, now in v; the text ones stand in c->cell, with 0 in
 * v. Else false, and lb_csv_next reads that record. */
bool lb_csv_plain(struct lb_csv *c, size_t n, const bool *text, double *v);

/* The same for numbers that are whole, from 0 to 255 and written in up to three digits. */
bool lb_csv_bytes(struct lb_csv *c, size_t n, const bool *text, uint8_t *v);

void lb_csv_close(struct lb_csv *c);

/* "comma", "pipe" and so on. */
const char *lb_csv_delimiter_name(char delimiter);

#endif
