/* The data of trials: loaded once a process, shared read-only by all trials that use them. */
#ifndef LB_DATA_CACHE_H
#define LB_DATA_CACHE_H

#include "core/base/json.h"
#include "core/run/teacher.h"
#include "datasets/dataset.h"
#include "datasets/sampling/row_labels.h"

/* Datasets by what they are read from; { 0 } is empty. Release with lb_data_close. */
struct lb_data_cache {
	struct lb_data_entry {
		char *key;
		struct lb_dataset *data;
		struct lb_teacher teacher;
		double seconds;          /* that loading took */
	} **entry;                       /* trials point to entries: they stay where they are */
	size_t n, cap;
	struct lb_sentences said;        /* warnings of trials that were said already */
};

/* The dataset of a resolved config, loaded at the first call for its files and options. Borrowed
 * from the cache. */
const struct lb_data_entry *lb_data_get(struct lb_data_cache *cache, const cJSON *config, struct lb_err *err);
void lb_data_close(struct lb_data_cache *cache);

/* Reads the data section of a resolved config without a cache; for looking at a file (data info,
 * init). */
struct lb_dataset *lb_data_load(const cJSON *config, struct lb_err *err);

/* The options that name the files of a dataset, in their order: data.train.path, data.train.labels,
 * ... */
extern const char *const lb_data_path_key[LB_FILES];

/* Reads the tables of a config's data section, or generates the first; path[i] NULL: there is none.
 * `reading`, unless NULL, changes how files of features are read. The tables are to be freed in any
 * case. */
struct lb_reading {
	void (*change)(struct lb_read_options *opt, const void *arg);
	const void *arg;
};
int lb_data_read(const cJSON *config, const struct lb_reading *reading, const char *path[LB_FILES], struct lb_table table[LB_FILES],
		 struct lb_err *err);

/* The two halves of lb_data_load, for what lies between. How file i is to be read, and the tables
 * read (path NULL: there is none) put together for a kind of task. */
struct lb_read_options lb_read_options_of(const cJSON *config, int i);
int lb_data_assemble(const cJSON *config, enum lb_kind kind, struct lb_table table[LB_FILES], const char *const path[LB_FILES],
		     struct lb_dataset **out, struct lb_err *err);

/* Sparse rows become dense by the batch (and by the chunk of an evaluation): refuses a batch of
 * more than data.max_memory. */
int lb_data_check_dense(const cJSON *config, const struct lb_dataset *data, struct lb_err *err);

/* The options of a resolved config's data.split (residues is room that *out refers to), and of
 * data.preprocess. */
enum { LB_MAX_RESIDUES = 256 };
int lb_split_options_of(const cJSON *config, struct lb_split_options *out, double residues[LB_MAX_RESIDUES], struct lb_err *err);
void lb_encode_options_of(const cJSON *config, struct lb_encode_options *out);

#endif
