/* Reads the tables that a config's data section names, and puts them together. */
#ifndef LB_DATA_READ_H
#define LB_DATA_READ_H

#include "core/config/spec.h"
#include "datasets/dataset.h"

/* The options that name the files of a dataset, in their order: data.train.path, data.train.labels,
 * ... */
extern const char *const lb_data_path_key[LB_FILES];

/* path[i] <- what they say; NULL: there is none. */
void lb_data_paths(const struct lb_data_spec *d, const char *path[LB_FILES]);

/* Reads the tables of a config's data section, or generates the first; path[i] NULL: there is none.
 * `reading`, unless NULL, changes how files of features are read. The tables are to be freed in any
 * case. */
struct lb_read_change {
	void (*change)(struct lb_read_options *opt, const void *arg);
	const void *arg;
};
int lb_data_read(const struct lb_spec *spec, const struct lb_read_change *reading, const char *path[LB_FILES], struct lb_table table[LB_FILES],
		 struct lb_err *err);

/* How file i is to be read; borrows the spec's data block. */
struct lb_read_options lb_file_options(const struct lb_spec *spec, int i);

/* The tables read (path NULL: there is none) put together for a kind of task. */
int lb_data_assemble(const struct lb_data_spec *d, enum lb_kind kind, struct lb_table table[LB_FILES], const char *const path[LB_FILES],
		     struct lb_dataset **out, struct lb_err *err);

#endif
