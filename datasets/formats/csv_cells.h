/* What single cells of delimited text say. Inside datasets/ only. */
#ifndef LB_CSV_CELLS_H
#define LB_CSV_CELLS_H

#include "datasets/formats/csv_tokenizer.h"
#include "datasets/io/missing_markers.h"

enum lb_cell_kind {
	LB_CELL_NUMBER,
	LB_CELL_MISSING,
	LB_CELL_DASH,            /* missing among numbers, a text among texts */
	LB_CELL_TEXT
};

/* *v is set for a number. */
enum lb_cell_kind lb_csv_kind(const struct lb_csv *csv, const struct lb_markers *m, const struct lb_csv_cell *cell, double *v);

/* A text that can be the name of a column: not "inf" and the like. */
bool lb_csv_is_name(const struct lb_csv *csv, const struct lb_csv_cell *cell);

/* The text of a cell as a new string. Refuses what is too long or not UTF-8. */
char *lb_csv_text(const struct lb_csv *csv, const struct lb_csv_cell *cell, struct lb_err *err);

/* Without the blanks inside the quotes. */
void lb_csv_trim(const struct lb_csv_cell *cell, const char **s, size_t *n);

#endif
