/* Whether the first line of delimited text names the columns, judged by several lines. Inside
 * datasets/ only. */
#ifndef LB_CSV_HEADER_H
#define LB_CSV_HEADER_H

#include "datasets/formats/csv_cells.h"

struct lb_csv_header {
	bool there;
	bool row_names;          /* the rows begin with a cell for which the header has no name, as R's write.table writes them */
	const char *guess;       /* a sentence about the decision where it could have been another, else NULL; constant */
};

/* Decides by opt->header, by the names that the config asks for and by what stands below the first
 * line. Refuses a file without records and one that holds a header alone. The next record is then
 * any; call lb_csv_start. */
int lb_csv_find_header(struct lb_csv *csv, const struct lb_read_options *opt, struct lb_csv_header *out, struct lb_err *err);

/* To the first record, which is then in csv->cell. */
int lb_csv_first(struct lb_csv *csv, struct lb_err *err);

#endif
