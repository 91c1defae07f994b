/* Data: from files or generators to rows that a trainer can gather. All of it is free of precision.
 *
 *   source --reader--> table --assemble--> dataset --split--> row lists --encode--> features
 *     of a trial
 *
 * A dataset is loaded once and never changed; splits, corrupted labels and encodings are made for
 * each trial from its seeds. */
#ifndef LB_DATASET_H
#define LB_DATASET_H

#include "core/base/err.h"
#include "core/base/component.h"
#include "losses/loss_info.h"

#include <stddef.h>
#include <stdint.h>

/* ---- tables: what a reader gives ---- */

enum lb_dtype { LB_U8, LB_F32, LB_F64 };
/* Returns the bytes of a value. */
size_t lb_dtype_size(enum lb_dtype t);

/* n x d, in the narrowest type that holds every value exactly. NaN marks a missing value (never in
 * LB_U8, never in a sparse one). Dense: x is row-major, start and column are NULL. Sparse (CSR):
 * x[start[i] .. start[i+1]) are the values of row i that are not left out as 0, column[...] their
 * columns in ascending order. */
struct lb_matrix {
	enum lb_dtype dtype;
	size_t n, d;
	void *x;
	size_t *start;           /* n + 1 */
	uint32_t *column;
	void *map;               /* a file that x lies in, read from the disk where it is needed; NULL: x is allocated */
	size_t map_bytes;
};

enum lb_column_type { LB_NUMBER, LB_TEXT };

struct lb_column {
	char *name;              /* from the header, or "column 3" (numbered from 1) */
	enum lb_column_type type;
	double *num;             /* LB_NUMBER: n values, NaN where missing */
	int32_t *code;           /* LB_TEXT: n indices into level, -1 where missing */
	char **level;            /* the distinct strings in order of first appearance */
	size_t n_levels;
	size_t n_missing;
	size_t first_missing_line; /* line in the file of the first missing cell, 0 if none */
	bool large;              /* all values are numbers, some of them whole ones that a double may round; LB_TEXT: the levels are their
	                            canonical texts, so that different numbers stay different */
	bool non_feature;        /* no feature unless it is asked for by its name (labels and groups beside a block) */
	bool declared;           /* LB_TEXT: the file itself says that its values are texts (ARFF nominal and string attributes), so they are
	                            categories however they are spelled */
};

/* A file's content: a `block` of numeric columns (images, arrays, sparse rows) and columns of their
 * own; text tables have only the latter. The columns are numbered from the block's first on.
 * Numeric columns next to a block are set aside. Owned; release with lb_table_free. */
struct lb_table {
	size_t n;                /* rows */
	struct lb_matrix block;  /* d = 0 when unused */
	char **block_name;       /* block.d names, or NULL: "column 1" and so on */
	bool zero_based;         /* svmlight: the index 0 occurs */
	struct lb_column *col;   /* n_cols columns, NULL when unused */
	struct lb_matrix rows;   /* d = n_cols when the numbers of the columns lie here (lb_read_options.by_rows): their num is NULL, and what
	                            stands here for a text has no meaning. Else d = 0 */
	size_t n_cols;
	bool has_header;
	size_t *line;            /* line number of each row in the file, or NULL */
	char sha256[65];         /* of the uncompressed bytes */
	uint64_t bytes;          /* uncompressed */
	const char *format;      /* the reader's name */
	char **warning;          /* n_warnings sentences on how the file was read; a dataset made of the table has them too */
	size_t n_warnings;
};
/* Adds a sentence to the warnings of a table. */
int lb_table_warn(struct lb_table *t, struct lb_err *err, const char *fmt, ...) LB_PRINTF(3, 4);
void lb_table_free(struct lb_table *t);

struct cJSON;

enum lb_read_role { LB_READ_BOTH, LB_READ_FEATURES, LB_READ_LABELS };
enum { LB_TRAIN, LB_VALID, LB_TEST, LB_PARTS };
/* Of the training rows those that are to be forgotten, and the others; which of them train is
 * another question (datasets/sampling/forget_rows.h). */
enum { LB_FORGET = LB_PARTS, LB_RETAIN, LB_ROW_LISTS };
enum lb_index_base { LB_BASE_1, LB_BASE_0, LB_BASE_AUTO }; /* auto: 0 if that index occurs */

/* How a file is to be read; defaults in { 0 } are right for most files. */
struct lb_read_options {
	const char *format;      /* a reader's name, or NULL / "auto": by content */
	int header;              /* 0 auto, 1 yes, -1 no */
	char delimiter;          /* ',', '\t', ';', '|', ' ' (runs of blanks), or 0: by content */
	char decimal;            /* csv: ',' for a decimal comma; else a point */
	char thousands;          /* csv: separator of thousands, ',', '.', ' ' or '\''; 0: none */
	const struct cJSON *missing; /* csv, arff: list of the texts and numbers that mark a missing value, in addition to the empty cell or ?; NULL: the usual ones
	                            (datasets/io/missing_markers.h). Borrowed */
	/* csv: whether the config asks for a column by this name; then a first line that holds it
	 * is a header. NULL: nothing is asked for */
	bool (*wants)(const void *config, const char *name);
	/* csv: whether the column of this name, the at-th of width (from 0), is text even where all
	 * of it are numbers. NULL: none is */
	bool (*as_text)(const void *config, const char *name, size_t at, size_t width);
	const void *config;      /* first argument of wants and as_text */
	bool missing_ok;         /* missing cells are allowed; when false they are still read as missing and counted, and the assembler
	                            refuses them with their place */
	uint64_t max_bytes;      /* of uncompressed content; 0: 8 GiB */
	uint64_t max_memory;     /* bytes of memory for the rows; 0: three quarters of the machine's */
	enum lb_index_base index_base; /* svmlight: number of the first column */
	size_t features;         /* svmlight: columns, at least those that occur; 0: those that occur */
	enum lb_read_role role;  /* what a file that could hold both is read for */
	bool standard_input;     /* the path "-" is standard input, not a file of that name */
	bool no_labels;          /* svmlight: lines may lack a label */
	bool by_rows;            /* csv: give the numbers as lb_table.rows, for lb_dataset_assemble; other readers do not */
	bool label_lists;        /* svmlight: lines begin with a list of labels, such as 3,17, which may be empty */
	const char *x_key, *y_key; /* npz: names of the arrays; NULL: by custom */
	int part;                /* npz: LB_TRAIN, LB_VALID or LB_TEST: whose names are looked for */
};

/* Bytes of memory that rows may take, by the options or by default: three quarters of the machine's
 * memory. */
size_t lb_memory_limit(const struct lb_read_options *opt);

struct lb_reader {
	struct lb_info base;
	/* True when the first n bytes (64 KiB, or all) of the uncompressed content are this
	 * format's beyond doubt, be it sound or broken. The last reader takes what no other
	 * claims. */
	bool (*probe)(const unsigned char *head, size_t n);
	const char *endings;         /* of files, with blanks between: they decide where the content does not; NULL: none */
	int (*read)(const char *path, const struct lb_read_options *opt, struct lb_table *out, struct lb_err *err);
	bool takes_markers;          /* reads lb_read_options.missing; other formats have no texts that could mark a missing value */
};
extern const struct lb_info *const lb_readers[];
size_t lb_reader_count(void);
const struct lb_reader *lb_reader_at(size_t i);

/* Reads a whole file (gzip or not, by content) with the reader that fits. On failure *out is empty
 * and nothing leaks. */
int lb_table_read(const char *path, const struct lb_read_options *opt, struct lb_table *out, struct lb_err *err);

/* The number in column j of row i; NaN for text. */
double lb_table_number(const struct lb_table *t, size_t i, size_t j);

/* Labels of several columns, each row with exactly one 1 and else 0, become the one column "label":
 * the number of the column of the 1, from 0, with a warning. The labels are the columns that stand
 * aside of a block, or all columns of the table (whole). Others are left alone, or refused where a
 * path is given to begin the message with: for tasks with one label a row. */
int lb_table_one_hot(struct lb_table *t, bool whole, const char *path, struct lb_err *err);

/* Whether a column is named like a label: label, target_2, y, class, but not workclass. */
bool lb_names_label(const char *name);

/* Whether half of a text column's cells, or more, are numbers in another notation than the file was
 * read with ($5, 1,5, 12%), or it is `large` and has more than a hundred different values: amounts
 * rather than classes. */
bool lb_column_holds_amounts(const struct lb_column *c, size_t n);

/* What a column holds. */
struct lb_summary {
	char *name;
	enum lb_column_type type;
	size_t missing;
	size_t distinct;         /* of texts */
	double min, max, mean;   /* of numbers that are there; NaN without any */
};

/* A summary of each column, those of the block first; *n of them, in new memory. Release with
 * lb_summary_free. */
struct lb_summary *lb_table_summary(const struct lb_table *t, size_t *n, struct lb_err *err);
void lb_summary_free(struct lb_summary *s, size_t n);

/* Takes the columns that n references name out of a table whose numbers lie in its columns. *label,
 * the number of a column, follows it; the number of columns: none, as afterwards where it is among
 * them. `path` begins messages. */
int lb_table_drop(struct lb_table *t, const char *const *ref, size_t n, const char *path, size_t *label, struct lb_err *err);

/* Writes a table as csv, svmlight, npy or npz by the ending of the path, each perhaps with .gz (not
 * npz). `label` is the column that is the label where the format has a place for it (n_cols +
 * block.d: none). What the format cannot hold is refused. */
int lb_table_write(const struct lb_table *t, size_t label, const char *path, struct lb_err *err);

/* ---- generators: tables without a file ---- */

struct lb_generator {
	struct lb_info base;
	int version;             /* part of a trial's id: raised when its output changes */
	/* rows with the last column named "label" or "target" */
	int (*make)(const struct lb_arg *par, enum lb_kind kind, uint64_t seed, struct lb_table *out, struct lb_err *err);
};
extern const struct lb_info *const lb_generators[];
size_t lb_generator_count(void);
const struct lb_generator *lb_generator_at(size_t i);

/* ---- datasets ---- */

enum lb_missing { LB_MISSING_ERROR, LB_MISSING_MEAN, LB_MISSING_DROP };

/* Which column is what. Column references are a header name, or a number from 1, negative from the
 * end (-1 is the last). */
struct lb_roles {
	enum lb_kind kind;
	const char *label;           /* column reference; NULL: the last column. Ignored when labels come from a file of their own */
	const char *const *labels;   /* multilabel: n_labels references; none: what the reader gives as labels */
	size_t n_labels;
	const char *const *drop;     /* n_drop references */
	size_t n_drop;
	const char *const *categorical; /* n_categorical references whose values are one-hot even if numbers; "auto": all text columns */
	size_t n_categorical;
	bool categorical_auto;       /* text columns are one-hot; false: a text column that is not named is an error */
	const char *group, *weight;  /* references or NULL; neither is a feature */
	const char *offset, *exposure; /* likewise */
	const char *subgroup;        /* likewise */
	const char *event;           /* survival: reference; label is that of the time */
	const char *positive;        /* binary: name of the positive class; NULL: the second in class order. survival: what in the event column is an
	                                event; NULL: 1 or true */
	const char *const *normal;   /* anomaly: n_normal labels of normal rows */
	size_t n_normal;
	enum lb_missing missing;
	const char *const *ignore;   /* n_ignore labels whose rows are left out; "" is the label that is missing */
	size_t n_ignore;
	const char *const *soft_labels; /* multiclass, binary: n_soft_labels references to the columns of the classes' probabilities */
	const char *const *soft_classes; /* (n_soft_labels) the class of each; NULL: they are in the order of the classes */
	size_t n_soft_labels;
};

/* The files of a dataset: the training file and the file of its labels, the validation file and its
 * labels, the test file and its labels. */
enum { LB_FILES = 6 };

struct lb_dataset {
	enum lb_kind kind;
	size_t n;                    /* all rows: those of the training file, then those of the validation file, then those of the test file */
	size_t n_first;              /* rows of the training file; = n when there is no other */
	size_t n_ignored;            /* rows that were left out for their label, in all files */
	size_t n_valid;              /* rows of the validation file, which come next; 0 when there is none */
	struct lb_matrix x;          /* numeric columns; d may be 0 */
	char **x_name;               /* x.d names, or NULL for block data (pixels) */
	size_t n_cat;                /* text (categorical) columns */
	struct lb_column *cat;       /* n_cat columns with codes for all n rows; levels in byte order */
	int32_t *y;                  /* (n) class of each row, of anomaly 0 normal and 1 anomalous; NULL in regression and multilabel */
	char **class_name;           /* n_classes names: as numbers if all are numbers, else in byte order (of the training file) */
	size_t n_classes;
	int32_t *event;              /* (n) survival: 1 where the event was seen, 0 where the row is censored; target holds the times; else NULL */
	double *target;              /* (n, n_targets) in regression; labels 1, 0, -1 (not known) in multilabel, where n_classes = n_targets and
	                                class_name holds the labels' names; else NULL */
	size_t n_targets;
	double *soft_label;          /* (n, n_classes) probabilities of the classes of each row, which sum to 1, from columns of the table; or NULL */
	double *weight;              /* (n) >= 0, or NULL */
	double *offset;              /* (n) what is added to the score of each row: its offset, and the log of its exposure; or NULL */
	int32_t *group;              /* (n) numbers of the values of data.group in their order, of a ranking those of its queries; or NULL */
	char **group_name;           /* (n_groups) these values; NULL in a ranking */
	size_t n_groups;
	int32_t *subgroup;           /* (n) numbers of the values of data.subgroup in their order, or NULL */
	bool has_header;             /* the training file names its columns; one that it leaves unnamed is "column N" */
	struct lb_suspect {
		enum lb_suspicion { LB_COUNTS_ROWS, LB_NAMES_ROWS, LB_LIKE_LABEL } why;
		const char *name;    /* of the feature; borrowed from the dataset */
		bool unnamed;        /* which the file has no name for */
	} *suspect;                  /* n_suspects features that look like something else (datasets/assemble/suspect_columns.h) */
	size_t n_suspects;
	char **warning;              /* n_warnings sentences: constant feature, class with one row, duplicate name, dropped rows,
	                                guesses of the readers, suspects */
	size_t n_warnings;
	struct {
		char *path;          /* as given; NULL for a generator */
		char sha256[65];
		uint64_t bytes;
		const char *format;  /* reader's or generator's name */
		size_t rows;
	} source[LB_FILES];          /* in the order of the files, as far as given */
	size_t n_sources;
};

/* Builds a dataset from tables and takes what it needs of them (they are empty afterwards, still to
 * be freed). The tables are in the order of the files; all but the first may be NULL, a label table
 * has one column. A class of the validation or test file that the training file lacks is an error,
 * as are different columns. paths are for messages (NULL where absent). */
int lb_dataset_assemble(struct lb_table *const table[LB_FILES], const char *const paths[LB_FILES], const struct lb_roles *roles,
			struct lb_dataset **out, struct lb_err *err);
void lb_dataset_free(struct lb_dataset *d);

/* Divides the probabilities of n classes by their sum, so that a row written with six digits is
 * none of a smaller weight. Returns false, and leaves them, if they do not sum to 1 within 0.00001;
 * *sum <- what they sum to. */
bool lb_sum_to_one(double *p, size_t n, double *sum);

/* ---- splits ---- */

enum lb_split_kind { LB_SPLIT_FRACTIONS, LB_SPLIT_FIRST, LB_SPLIT_MODULO, LB_SPLIT_FOLDS };

struct lb_split_options {
	enum lb_split_kind kind;
	double train, valid, test;   /* FRACTIONS of all rows of the training file; with a test file test must be 0, with a validation file
	                                valid. Other kinds: `valid` is the share of the rows that
	                                are not test rows */
	size_t first;                /* FIRST: rows 0..first-1 are for training, the rest for testing */
	size_t modulo;               /* MODULO: row i is a test row when i mod modulo is in test_residues */
	const double *test_residues;
	size_t n_test_residues;
	size_t folds, fold;          /* FOLDS: fold `fold` of `folds` (from 0) is the test part */
	bool stratify;               /* keep the shares of classes, in survival those of events and censored rows */
	uint64_t seed;
	/* FRACTIONS: classes whose rows do not train: those of n_held_out names, or else as many as
	 * held_out says, drawn by the seed. Their rows validate and test, as valid to test, each
	 * class by itself; all others train, whatever the shares are. */
	const char *const *held_out_name;
	size_t n_held_out;
	size_t held_out;
};

/* Three disjoint row lists in ascending order. With fractions that sum to less than 1 some rows are
 * in none. */
struct lb_split {
	uint32_t *rows[LB_ROW_LISTS]; /* LB_TRAIN, LB_VALID, LB_TEST; LB_FORGET and LB_RETAIN, both empty where nothing is to be forgotten */
	size_t n[LB_ROW_LISTS];
	uint32_t *whole;             /* (n_whole) all training rows, where some are to be forgotten; else NULL */
	size_t n_whole;
	bool by_class;               /* classes are held out: training never sees some */
	int32_t *bag;                /* (n[LB_TRAIN]) the bag of each training row, from 0, those of one side by side; NULL: there are none */
};

/* The rows of a test file are the test part, those of a validation file the validation part; the
 * options divide the rest. Rows of one group stay on one side. Refuses a split without training
 * rows, and stratify with groups. */
int lb_split_make(const struct lb_dataset *d, const struct lb_split_options *opt, struct lb_split *out, struct lb_err *err);
void lb_split_free(struct lb_split *s);

/* Cross-validation inside a split: its training and validation rows are divided again into `folds`
 * folds by opt's seed (each class by itself when stratified, whole groups together), of which fold
 * `fold` becomes the validation part and the others the training part. Unless keep_test, the test
 * part becomes empty, so that nothing of it can be looked at. */
int lb_split_inner_folds(const struct lb_dataset *d, const struct lb_split_options *opt, size_t folds, size_t fold, bool keep_test,
		    struct lb_split *s, struct lb_err *err);

/* ---- corruption of labels ---- */

struct lb_encoding;

/* The rows whose labels are to be corrupted, and what the noise may depend on. Borrowed. */
struct lb_noise {
	const struct lb_arg *par;    /* of the descriptor */
	size_t n_classes;
	const uint32_t *rows;        /* n rows of the dataset */
	size_t n;
	uint64_t seed;
	const struct lb_encoding *features; /* of the trial; for noise that depends on the features */
	/* n_train rows of the dataset, whose targets, before any was changed, give noise of targets
	 * its unit. */
	const uint32_t *train;
	size_t n_train;
};

struct lb_corruption {
	struct lb_info base;
	/* Refuses parameters that these classes rule out; NULL when there is nothing to check. Call
	 * it before apply. */
	int (*check)(const struct lb_arg *par, size_t n_classes, struct lb_err *err);
	/* Whether the parameters name classes by their number; NULL: never. Where classes are held
	 * out of training, a corruption that names none is told of those alone that its rows
	 * have. */
	bool (*names_classes)(const struct lb_arg *par);
	/* Changes y[row] for the given rows. Row i's draws depend on (seed, i) alone, so a higher
	 * rate flips a superset. -1 only when memory runs out. */
	int (*apply)(const struct lb_noise *in, int32_t *y, struct lb_err *err);
	/* As apply, of targets, or of the labels of a multi-label task, as they lie in
	 * lb_dataset.target. A corruption has one of the two, `none` both. */
	int (*apply_targets)(const struct lb_noise *in, double *target, struct lb_err *err);
};
extern const struct lb_info *const lb_corruptions[];
size_t lb_corruption_count(void);
const struct lb_corruption *lb_corruption_at(size_t i);

/* ---- bags: training rows of whose targets the mean alone is known ---- */

/* What rows are put into bags by. Borrowed. */
struct lb_bagging_input {
	const struct lb_arg *par;
	const struct lb_dataset *data;
	const uint32_t *rows;        /* n rows of the dataset */
	size_t n;
	uint64_t seed;
};

struct lb_bagging {
	struct lb_info base;
	bool by_group;               /* reads the dataset's groups */
	/* bag (n) <- the bag of each row, any number >= 0; NULL: there are none. */
	int (*assign)(const struct lb_bagging_input *in, int32_t *bag, struct lb_err *err);
};
extern const struct lb_info *const lb_baggings[];

/* Puts the training rows (in->n, at in->rows too) of a split side by side by their bags, in the
 * order of the bags' first rows; *out is new, as lb_split.bag. */
int lb_bags_make(const struct lb_bagging *bagging, const struct lb_bagging_input *in, uint32_t *rows, int32_t **out, struct lb_err *err);

struct lb_rng;

/* Noise on the mean targets of bags. */
struct lb_bag_noise {
	struct lb_info base;
	/* Returns a target as it goes into the mean; NULL: as it is. */
	double (*clip)(const struct lb_arg *par, double target);
	/* Returns what is added to the mean of so many rows; NULL: nothing. */
	double (*noise)(const struct lb_arg *par, size_t size, struct lb_rng *r);
};
extern const struct lb_info *const lb_bag_noises[];

/* Gives every training row the mean targets of its bag, with their noise; target as
 * lb_dataset.target, the other rows stay as they are. */
void lb_bags_share_means(const struct lb_bag_noise *noise, const struct lb_arg *par, uint64_t seed, const struct lb_split *split, size_t targets,
			 double *target);

/* ---- imbalance: rows left out so that classes have given shares ---- */

struct lb_imbalance {
	struct lb_info base;
	/* Size of each class relative to class 0 (which has 1), all in (0, 1]; n_classes values. */
	void (*profile)(const struct lb_arg *par, size_t n_classes, double *share);
};
extern const struct lb_info *const lb_imbalances[];
size_t lb_imbalance_count(void);
const struct lb_imbalance *lb_imbalance_at(size_t i);

/* Leaves out rows, drawn by the seed, so that class c keeps round(m share[c]) of them, at least 1,
 * with the largest m that the classes allow. rows (n, ascending) is shortened in place and *n set.
 * y are the labels of the dataset. A class without rows is an error: no share of nothing can be
 * kept. */
int lb_imbalance_apply(const struct lb_imbalance *imbalance, const struct lb_arg *par, size_t n_classes, const int32_t *y, uint64_t seed,
		       uint32_t *rows, size_t *n, struct lb_err *err);

/* As lb_imbalance_apply, for rows with several labels (n_labels each, as lb_dataset.target): leaves
 * out rows so that no label has more than its number; each row left out has a label that is
 * full. */
int lb_imbalance_apply_labels(const struct lb_imbalance *imbalance, const struct lb_arg *par, size_t n_labels, const double *label, uint64_t seed,
			      uint32_t *rows, size_t *n, struct lb_err *err);

/* ---- encoding: the feature columns of a trial ---- */

enum lb_scaling { LB_SCALE_NONE, LB_SCALE_STD, LB_SCALE_MAX_ABS };

struct lb_encode_options {
	double subtract, divide;     /* numeric features become (x - subtract) / divide first (0 and 255 for bytes; 0 and 1 leave them) */
	bool standardize;            /* then by the training rows' mean and standard deviation (divided by n); a constant column -> 0 */
	enum lb_scaling scale;       /* without standardize: divided by that deviation (a constant column stays) or by the largest absolute
	                                value instead of by `divide`, so that zeros stay zeros: the
	                                way to scale sparse data */
	bool unseen_zero;            /* a category that no training row has: all-zero instead of an error */
};

/* A column j < x.d is x*scale[j] + shift[j] (missing: fill[j], already scaled), the one-hot columns
 * follow. Borrowed data. */
struct lb_encoding {
	const struct lb_dataset *data;
	size_t d;                    /* feature columns in all */
	double *scale, *shift, *fill; /* (x.d) */
	bool alike;                  /* every column has the scale and shift of the first; false where nobody looked */
	int32_t **one_hot;           /* for each categorical column: code -> feature column, -1 for none */
};

/* Statistics from the training rows only; a missing number becomes the training mean, a missing
 * category all zeros. */
int lb_encoding_make(const struct lb_dataset *d, const struct lb_split *split, const struct lb_encode_options *opt,
		     struct lb_encoding *out, struct lb_err *err);
void lb_encoding_free(struct lb_encoding *e);
/* The encoded features of a row each, (b, e->d) row-major: lb_gather of
 * core/engine/data/batch_dense.h for code that is free of precision. */
void lb_gather_f64(const struct lb_encoding *e, const uint32_t *rows, size_t b, double *out);
/* Numeric feature j of a row as the data have it; NaN: it is missing. */
double lb_dataset_number(const struct lb_dataset *d, uint32_t row, size_t j);
/* Name of feature column j as a new string ("sex=male" for one-hot). */
char *lb_encoding_name(const struct lb_encoding *e, size_t j, struct lb_err *err);

#endif
