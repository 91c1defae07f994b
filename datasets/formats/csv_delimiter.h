/* What separates the cells of a text file: named by the first line, or found by looking at several.
 * Inside datasets/ only. */
#ifndef LB_CSV_DELIMITER_H
#define LB_CSV_DELIMITER_H

#include "datasets/formats/csv_tokenizer.h"

/* That of a first line sep=X. Else the first of comma, tab, semicolon, pipe and blanks that cuts
 * each of the first records into the same number (> 1) of cells; not the comma, where its cells are
 * decimals (1,5) of another one that does. Else one by which the first record alone is a cell
 * shorter, as in files of R's write.table. When there is none, that which cuts the most (not
 * blanks), so that the ragged line is reported; a comma for a single column. NUL, with err, where
 * the file cannot be read or a line is too long. Call lb_csv_start afterwards. */
char lb_csv_delimiter(struct lb_csv *c, struct lb_err *err);

#endif
