/* The data of trials: loaded once a process, shared read-only by all trials that use them. */
#ifndef LB_DATA_CACHE_H
#define LB_DATA_CACHE_H

#include "core/config/spec.h"
#include "core/run/teacher.h"
#include "datasets/dataset.h"
#include "datasets/sampling/row_labels.h"

/* The rows that a trial trains, validates and tests on, and their features: made once for all
 * trials in a row that have the same. */
struct lb_rows {
	size_t refs;
	const cJSON *config;             /* that they are of */
	const struct lb_data_entry *source;
	struct lb_split split;
	struct lb_encoding features;     /* .data NULL: not made yet */
};

/* Datasets by what they are read from; { 0 } is empty. Stays where it is while it has entries.
 * Release with lb_data_close. */
struct lb_data_cache {
	struct lb_data_entry {
		char *key;
		struct lb_dataset *data;
		struct lb_teacher teacher, second_teacher;
		struct lb_teacher features; /* of the teacher's hidden layer, where a loss of some trial reads them */
		struct lb_teacher guide;
		struct lb_soft_labels soft_labels;
		double seconds;          /* that loading took */
		struct lb_data_cache *cache; /* that it is of */
	} **entry;                       /* trials point to entries: they stay where they are */
	size_t n, cap;
	struct lb_model_says {
		const struct lb_data_entry *source;
		char *path;
		struct lb_teacher said;
	} **model;                       /* what saved models say of the rows; trials point to it */
	size_t n_models, cap_models;
	struct lb_rows *rows;            /* those of the trial that was opened or prepared last, or NULL */
	struct lb_sentences said;        /* warnings of trials that were said already */
};

/* The dataset of a resolved config, loaded at the first call for its files and options. Borrowed
 * from the cache. */
const struct lb_data_entry *lb_data_get(struct lb_data_cache *cache, const struct lb_spec *spec, struct lb_err *err);

/* Reads the teacher's features too, where the config's losses read them and none before did. */
int lb_data_read_features(struct lb_data_cache *cache, const struct lb_data_entry *source, const struct lb_spec *spec, struct lb_err *err);

/* Returns the scores that a saved model gives the rows of the source, made at the first call; NULL
 * with err. `who` it is for messages. */
const struct lb_teacher *lb_data_ask_model(const struct lb_data_entry *source, const char *path, const char *who, const struct lb_spec *spec, struct lb_err *err);
void lb_data_close(struct lb_data_cache *cache);

/* Returns true if both configs have the very same blocks of what their rows depend on. */
bool lb_rows_same(const cJSON *a, const cJSON *b);

/* Returns the rows of the config, whose dataset is source's: the cache's where they are the same,
 * else made again and left in the cache, to which the config must be known as long as it is there.
 * Release with lb_rows_drop. */
struct lb_rows *lb_rows_get(const struct lb_data_entry *source, const struct lb_spec *spec, struct lb_err *err);
void lb_rows_drop(struct lb_rows *rows);

/* Makes rows->features, unless they are made. */
int lb_rows_encode(struct lb_rows *rows, const struct lb_spec *spec, struct lb_err *err);

#endif
