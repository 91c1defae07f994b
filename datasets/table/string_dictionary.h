/* Strings to codes: a hash of a text column's levels; used by readers only. */
#ifndef LB_STRING_DICTIONARY_H
#define LB_STRING_DICTIONARY_H

#include "datasets/dataset.h"

/* { 0 } is empty. */
struct lb_interner {
	int32_t *slot;           /* an index into level, or -1 */
	size_t n_slots;          /* a power of two, at least twice the levels; or 0 */
	size_t cap;              /* of column.level */
};

/* The code of a level that the column has, else -1. */
int32_t lb_intern_find(const struct lb_interner *in, const struct lb_column *col, const char *s, size_t n);

/* Adds a level unless it is there, and takes the string. Gives its code, or -1. */
int32_t lb_intern_add(struct lb_interner *in, struct lb_column *col, char *text, struct lb_err *err);

void lb_intern_free(struct lb_interner *in);

#endif
