/* What the files of the generators share. */
#ifndef LB_GENERATORS_H
#define LB_GENERATORS_H

#include "datasets/dataset.h"

#define LB_GENERATOR_SEED { .name = "seed", .type = LB_SEED_PARAM, .help = "draws the data; train.seed if not given" }
#define LB_GENERATOR_ROWS { .name = "rows", .symbol = "n", .type = LB_INT_PARAM, .def = 1000, .min = 1, .max = 100000000, .help = "rows" }

/* Columns x1, x2, ..., then n_last of that name: one, or NAME_1, NAME_2, ... Zeros. */
int lb_generator_columns(struct lb_table *t, size_t n, size_t features, const char *last, size_t n_last, struct lb_err *err);

/* Returns rc; the table is released when it is not 0, else marked as made by `name`. */
int lb_generator_finish(struct lb_table *t, const char *name, int rc);

#define LB_GENERATOR(name) extern const struct lb_generator lb_generator_##name;
#include "datasets/synthetic/generators.def"
#undef LB_GENERATOR

#endif
