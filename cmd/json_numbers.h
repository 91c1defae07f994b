/* Numbers in the JSON object that `losses eval` reads. What is wrong is told with the name of the
 * key. */
#ifndef LB_JSON_NUMBERS_H
#define LB_JSON_NUMBERS_H

#include "core/base/json.h"

/* Returns a list of rows of equal length, or a plain list as one column (*flat), in new memory;
 * NULL on failure. */
double *json_read_matrix(const cJSON *in, const char *name, size_t *rows, size_t *columns, bool *flat, struct lb_err *err);

/* out (n) <- n integers in [0, limit). */
int json_read_integers(const cJSON *in, const char *name, size_t n, double limit, double *out, struct lb_err *err);

#endif
