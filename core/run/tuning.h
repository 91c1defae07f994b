/* DIR/tuning.json: which settings the tunings of a folder chose, by study. Its form is
 * results/tuning.schema.json. */
#ifndef LB_TUNING_H
#define LB_TUNING_H

#include "core/base/err.h"
#include "core/base/json.h"
#include "core/run/store.h"

/* The version of the file's form. */
#define LB_TUNING_SCHEMA "lossbench-tuning/2"

/* The file's tree (yours to delete), with a warning and without a tree when it is no whole file of
 * this form; NULL without a warning when there is none. */
cJSON *lb_tuning_read(const char *dir);

/* True when the file's entry of the same study decided trials that are not in this one. */
bool lb_tuning_has_more(const char *dir, const cJSON *study);

/* Writes the entry of one study: it takes the place of the entry of the same name, those of other
 * studies stay. Where the old entry was judged alike (metric, direction, folds, and the candidates
 * of the arm), its choices for other trials are kept: for other seeds, or losses that this sweep
 * left out. Not those of `superseded` (sorted): trials in whose place others were chosen. A file
 * that cannot be read is replaced. Nothing is written when the file holds the entry already. */
int lb_tuning_save(const char *dir, const cJSON *study, const struct lb_store_list *superseded, struct lb_err *err);

/* Adds what the files of the n folders `from` hold to that of `into`. Of two entries of one study
 * with the same metric, folds and direction all arms and choices are kept, each once; where these
 * differ the entry of `into` stays, with a warning. */
int lb_tuning_merge(const char *into, const char *const *from, size_t n, struct lb_err *err);

#endif
