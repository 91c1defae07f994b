#include "core/config/options.h"

#include "core/config/spec.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define CHOICES(...) .type = LB_CHOICE_PARAM, .choices = (const char *const[]){ __VA_ARGS__, NULL }
#define TEXT .type = LB_TEXT_PARAM
#define REAL(d, lo, ...) .type = LB_REAL_PARAM, .def = (d), .min = (lo), .max = __VA_ARGS__
#define INTEGER(d, lo, ...) .type = LB_INT_PARAM, .def = (d), .min = (lo), .max = __VA_ARGS__
#define TRUTH(d) .type = LB_BOOL_PARAM, .def = (d)
#define SEED .type = LB_SEED_PARAM

/* Where the option lies in struct lb_spec; the member's own type says how it is filled. */
#define AT(member)                                                                                                                     \
	.at = offsetof(struct lb_spec, member), .field = _Generic(((const struct lb_spec *)NULL)->member, const char *: LB_TEXT_FIELD, \
	double: LB_REAL_FIELD, uint64_t: LB_COUNT_FIELD, bool: LB_TRUTH_FIELD, struct lb_word: LB_WORD_FIELD,                          \
	const cJSON *: LB_ITEM_FIELD, struct lb_list: LB_LIST_FIELD, struct lb_component_use: LB_USE_FIELD,                            \
	struct lb_component_uses: LB_USES_FIELD)

#define NO_LIMIT ((double)INFINITY), .max_open = true

#define NAMES(list) .type = LB_CHOICE_PARAM, .choices = (list)

/* The names of the components that options name by a bare word, from the lists that they are
 * registered in. */
static const char *const formats[] = {
	"auto",
#define LB_READER(name) #name,
#include "datasets/formats/readers.def"
#undef LB_READER
	NULL
};
static const char *const samplers[] = {
#define SAMPLER(name) #name,
#include "core/training/samplers.def"
#undef SAMPLER
	NULL
};
static const char *const thresholds[] = {
#define THRESHOLD(name) #name,
#include "core/metrics/thresholds.def"
#undef THRESHOLD
	NULL
};

static const struct lb_param residues = { .type = LB_INTS_PARAM, .min = 0, .max = NO_LIMIT, .help = "residues of the test rows" };

static const struct lb_param held_class = { TEXT, .help = "class" };

static const struct lb_param forgotten_name = { TEXT, .help = "name" };

static const struct lb_param soft_column = { TEXT, .help = "column of the table" };

static const struct lb_param class_weight = { .type = LB_REAL_PARAM, .min = 0, .max = NO_LIMIT, .min_open = true, .help = "weight of the class's rows" };

static const struct lb_param of_loss[] = {
	{ .name = "weight", .type = LB_REAL_PARAM, .def = 1, .min = 0, .max = NO_LIMIT, .help = "factor of the loss in the sum that is minimised; 0 leaves it out" },
	{ .name = "rows", CHOICES("all", "forget", "retain"), .help = "the training rows that the loss is the mean over: with data.forget those to be forgotten, or the others" },
	{ .name = "head", .type = LB_INT_PARAM, .def = 1, .min = 1, .max = NO_LIMIT,
	  .help = "the head of the model whose scores the term reads, of as many as model.heads says; evaluations and the main loss read head 1" },
};
static const struct lb_param regulariser_weight = { .name = "weight", .type = LB_REAL_PARAM, .def = 1e-3, .min = 0, .max = NO_LIMIT, .log_scale = true,
						    .grid = { 1e-4, 1e-3, 1e-2 }, .n_grid = 3, .help = "factor beside the losses" };

static const char *const curves[] = { "train", "valid", "test", NULL };

static const struct lb_option options[] = {
	{ .path = "name", AT(name), .param = { TEXT, .help = "the study; the file's name without .yaml if not given" },
	  .shape = LB_VALUE, .outside_id = true },
	{ .path = "task", AT(task), .param = { CHOICES("multiclass", "binary", "regression", "embedding", "distillation", "multilabel", "ranking", "survival", "anomaly"), .help = "what is learned" }, .shape = LB_VALUE },

	{ .path = "data", .param = { .help = "the rows to learn from" } },
	{ .path = "data.train", .param = { .help = "the file to learn from" } },
	{ .path = "data.train.path", AT(data.train.path), .param = { TEXT, .help = "data file, compressed (gzip, bzip2, xz, zstd) or not" }, .shape = LB_VALUE, .optional = true },
	{ .path = "data.train.label", AT(data.train.label), .param = { TEXT, .help = "label column: name, or number from 1 (-1 is the last)" },
	  .shape = LB_VALUE, .optional = true },
	{ .path = "data.train.labels", AT(data.train.labels), .param = { TEXT, .help = "a second file that holds the labels (IDX, NPY)" },
	  .shape = LB_VALUE, .optional = true },
	{ .path = "data.train.format", AT(data.train.format), .param = { NAMES(formats), .help = "file format; auto looks at the content" },
	  .shape = LB_VALUE, .with_group = true },
	{ .path = "data.train.x", AT(data.train.x), .param = { TEXT, .help = "npz: the array of features; X, x, features, embeddings or arr_0 if not given" },
	  .shape = LB_VALUE, .optional = true },
	{ .path = "data.train.y", AT(data.train.y), .param = { TEXT, .help = "npz: the array of labels; y, labels, targets or arr_1 if not given" },
	  .shape = LB_VALUE, .optional = true },
	{ .path = "data.valid", .param = { .help = "a file whose rows are the validation part" } },
	{ .path = "data.valid.path", AT(data.valid.path), .param = { TEXT, .required = true, .help = "data file, compressed (gzip, bzip2, xz, zstd) or not" },
	  .shape = LB_VALUE, .with_group = true },
	{ .path = "data.valid.labels", AT(data.valid.labels), .param = { TEXT, .help = "a second file that holds the labels (IDX, NPY)" },
	  .shape = LB_VALUE, .optional = true },
	{ .path = "data.valid.format", AT(data.valid.format), .param = { NAMES(formats), .help = "file format; auto looks at the content" },
	  .shape = LB_VALUE, .with_group = true },
	{ .path = "data.valid.x", AT(data.valid.x), .param = { TEXT, .help = "npz: the array of features; X, x, features, embeddings or arr_0 if not given" },
	  .shape = LB_VALUE, .optional = true },
	{ .path = "data.valid.y", AT(data.valid.y), .param = { TEXT, .help = "npz: the array of labels; y, labels, targets or arr_1 if not given" },
	  .shape = LB_VALUE, .optional = true },
	{ .path = "data.test", .param = { .help = "a file whose rows are the test part" } },
	{ .path = "data.test.path", AT(data.test.path), .param = { TEXT, .required = true, .help = "data file, compressed (gzip, bzip2, xz, zstd) or not" },
	  .shape = LB_VALUE, .with_group = true },
	{ .path = "data.test.labels", AT(data.test.labels), .param = { TEXT, .help = "a second file that holds the labels (IDX, NPY)" },
	  .shape = LB_VALUE, .optional = true },
	{ .path = "data.test.format", AT(data.test.format), .param = { NAMES(formats), .help = "file format; auto looks at the content" },
	  .shape = LB_VALUE, .with_group = true },
	{ .path = "data.test.x", AT(data.test.x), .param = { TEXT, .help = "npz: the array of features; X, x, features, embeddings or arr_0 if not given" },
	  .shape = LB_VALUE, .optional = true },
	{ .path = "data.test.y", AT(data.test.y), .param = { TEXT, .help = "npz: the array of labels; y, labels, targets or arr_1 if not given" },
	  .shape = LB_VALUE, .optional = true },
	{ .path = "data.teacher", AT(data.teacher), .param = { TEXT, .help = "distillation, ranking, regression: a teacher's scores, a row for each row of train, then of valid, then of test; "
						  "one column per class, in the order of the classes; in ranking one column, in regression one a target" },
	  .shape = LB_VALUE, .optional = true },
	{ .path = "data.side", .param = { .help = "what is known of each row besides its features and labels" } },
	{ .path = "data.side.teacher", AT(data.side.teacher), .param = { TEXT, .help = "distillation, ranking, regression: the teacher: a saved model (output.model: true), which gives the scores of all "
						       "rows, or a file of its scores as in data.teacher" },
	  .shape = LB_VALUE, .optional = true },
	{ .path = "data.side.second_teacher", AT(data.side.second_teacher), .param = { TEXT, .help = "regression: another teacher, for losses that read two (landmark_kd): a saved model "
								     "or a file of its predictions" },
	  .shape = LB_VALUE, .optional = true },
	{ .path = "data.side.teacher_features", AT(data.side.teacher_features), .param = { TEXT, .help = "distillation: the teacher's features, for losses that read them (nd, hint, ...): a "
									 "file of as many columns as it has, a row for each row of train, then of valid, then of test, or a saved model, whose hidden layer "
									 "is taken; not given: the hidden layer of the saved model that data.side.teacher names" },
	  .shape = LB_VALUE, .optional = true },
	{ .path = "data.side.guide", AT(data.side.guide), .param = { TEXT, .help = "embedding: a guide for losses that read one (gist, info_nce_bank, ...): a saved model (output.model: true), "
						     "whose embeddings of all rows are taken, or a file of as many columns as it has, a row for each row of train, then of valid, then of test" },
	  .shape = LB_VALUE, .optional = true },
	{ .path = "data.side.soft_labels", AT(data.side.soft_labels), .param = { TEXT, .help = "multiclass, binary: the probability of each class: the table's column of each class, by "
							       "name or in the order of the classes; or a file with such columns, a row for each row of train, "
							       "then of valid, then of test. The loss of a row is its mean over these; metrics judge by the "
							       "labels" },
	  .shape = LB_VALUE, .by_name = &soft_column, .optional = true },
	{ .path = "data.generator", AT(data.generator), .param = { .help = "made data in place of data.train" },
	  .shape = LB_COMPONENT, .key = "name", .noun = "generator", .optional = true },
	{ .path = "data.label", .param = { TEXT, .help = "label column of all files; short for data.train.label" },
	  .shape = LB_VALUE, .optional = true, .shorthand = true },
	{ .path = "data.labels", AT(data.labels), .param = { .help = "multilabel: the columns that are labels: 1 = present, 0 = absent, -1 or empty = unknown" },
	  .shape = LB_WORDS, .optional = true },
	{ .path = "data.header", AT(data.header), .param = { CHOICES("auto", "true", "false"), .help = "whether the first line names the columns" },
	  .shape = LB_VALUE },
	{ .path = "data.delimiter", AT(data.delimiter), .param = { CHOICES("auto", "comma", "tab", "semicolon", "pipe", "blank"), .help = "between columns" },
	  .shape = LB_VALUE },
	{ .path = "data.decimal", AT(data.decimal), .param = { CHOICES("point", "comma"), .help = "csv: the decimal mark of numbers; point if not given" },
	  .shape = LB_VALUE, .optional = true },
	{ .path = "data.thousands", AT(data.thousands), .param = { CHOICES("none", "comma", "point", "blank", "apostrophe"), .help = "csv: what separates thousands "
						"in numbers; if not given, none, or with a decimal comma a point" },
	  .shape = LB_VALUE, .optional = true },
	{ .path = "data.missing_values", AT(data.missing_values), .param = { .help = "csv, arff: texts and numbers that mark a missing value, beside the empty cell; if not "
						     "given: NA, N/A, NaN, null, None, ? and their like, and - or . among numbers" },
	  .shape = LB_WORDS, .optional = true },
	{ .path = "data.index_base", AT(data.index_base), .param = { CHOICES("1", "0", "auto"), .help = "svmlight: the first index; auto: 0 where that occurs; 1 if not given" },
	  .shape = LB_VALUE, .optional = true },
	{ .path = "data.features", AT(data.features), .param = { INTEGER(0, 1, 4294967295.0), .help = "svmlight: number of columns; those that occur if not given" },
	  .shape = LB_VALUE, .optional = true },
	{ .path = "data.max_bytes", AT(data.max_bytes), .param = { REAL(8589934592.0, 1, NO_LIMIT), .help = "bytes that a file may hold uncompressed" },
	  .shape = LB_VALUE, .optional = true, .outside_id = true },
	{ .path = "data.max_memory", AT(data.max_memory), .param = { REAL(0, 1, NO_LIMIT), .help = "bytes of memory for the rows; 3/4 of the machine's if not given" },
	  .shape = LB_VALUE, .optional = true, .outside_id = true },
	{ .path = "data.drop", AT(data.drop), .param = { .help = "columns that are not read" }, .shape = LB_WORDS },
	{ .path = "data.categorical", AT(data.categorical), .param = { .help = "columns that become one-hot; auto: all text columns" },
	  .shape = LB_WORDS, .word = "auto" },
	{ .path = "data.unseen", AT(data.unseen), .param = { CHOICES("error", "zero"), .help = "a category that no training row has: all zero or refused" },
	  .shape = LB_VALUE },
	{ .path = "data.missing", AT(data.missing), .param = { CHOICES("error", "mean", "drop"), .help = "missing cells: refused, training mean, row left out" },
	  .shape = LB_VALUE },
	{ .path = "data.group", AT(data.group), .param = { TEXT, .help = "column whose values stay on one side of a split" },
	  .shape = LB_VALUE, .optional = true },
	{ .path = "data.subgroup", AT(data.subgroup), .param = { TEXT, .help = "column that divides the rows for worst_group_accuracy and other metrics of subgroups; no "
							    "feature" },
	  .shape = LB_VALUE, .optional = true },
	{ .path = "data.query", AT(data.query), .param = { TEXT, .help = "ranking: column of the query of each row; a query stays on one side of a split" },
	  .shape = LB_VALUE, .optional = true },
	{ .path = "data.time", AT(data.time), .param = { TEXT, .help = "survival: column of the time to the event, or to the censoring" },
	  .shape = LB_VALUE, .optional = true },
	{ .path = "data.event", AT(data.event), .param = { TEXT, .help = "survival: column that says whether the event was seen: 1 or true; 0 or false where the row is "
						"censored; other values with data.positive" },
	  .shape = LB_VALUE, .optional = true },
	{ .path = "data.weight", AT(data.weight), .param = { TEXT, .help = "column of row weights" }, .shape = LB_VALUE, .optional = true },
	{ .path = "data.offset", AT(data.offset), .param = { TEXT, .help = "regression: column of numbers that are added to the scores of their rows" },
	  .shape = LB_VALUE, .optional = true },
	{ .path = "data.exposure", AT(data.exposure), .param = { TEXT, .help = "regression with a log link: column of exposures > 0 (time, area, people), whose log is "
						   "added to the scores: the model gives a rate" },
	  .shape = LB_VALUE, .optional = true },
	{ .path = "data.positive", AT(data.positive), .param = { TEXT, .help = "binary: the positive class; the second in order if not given. survival: the value of data.event that is an event" },
	  .shape = LB_VALUE, .optional = true },

	{ .path = "data.normal", AT(data.normal), .param = { .help = "anomaly: the label values of normal rows; all others are those of anomalies. Only evaluations read the label" },
	  .shape = LB_WORDS, .optional = true },
	{ .path = "data.anomalies", AT(data.anomalies), .param = { CHOICES("left_out", "unlabelled"), .help = "anomaly: what becomes of the anomalies among the training rows: left_out, so that normal "
							"rows alone train, or unlabelled: they train too, as where nobody knows them; left_out if not given" },
	  .shape = LB_VALUE, .optional = true },
	{ .path = "data.ignore_labels", AT(data.ignore_labels), .param = { .help = "classes: label values whose rows are left out of all files, such as unknown or -1; \"\" for a "
						     "missing label" },
	  .shape = LB_WORDS, .optional = true },

	{ .path = "data.split", .param = { .help = "which rows train, validate and test; those of data.valid and data.test are not divided" } },
	{ .path = "data.split.train", AT(data.split.train), .param = { REAL(0.64, 0, 1), .min_open = true, .help = "share of training rows" },
	  .shape = LB_VALUE, .optional = true },
	{ .path = "data.split.valid", AT(data.split.valid), .param = { REAL(0.16, 0, 1), .max_open = true, .help = "share of validation rows" },
	  .shape = LB_VALUE },
	{ .path = "data.split.test", AT(data.split.test), .param = { REAL(0.2, 0, 1), .max_open = true, .help = "share of test rows; with modulo: residues" },
	  .shape = LB_VALUE, .list = &residues, .optional = true },
	{ .path = "data.split.first", AT(data.split.first), .param = { INTEGER(0, 1, NO_LIMIT), .help = "the first rows train, the rest tests" },
	  .shape = LB_VALUE, .optional = true },
	{ .path = "data.split.modulo", AT(data.split.modulo), .param = { INTEGER(0, 2, NO_LIMIT), .help = "row i tests where i mod this is in `test`" },
	  .shape = LB_VALUE, .optional = true },
	{ .path = "data.split.folds", AT(data.split.folds), .param = { INTEGER(0, 2, NO_LIMIT), .help = "cross-validation: number of folds" },
	  .shape = LB_VALUE, .optional = true },
	{ .path = "data.split.fold", AT(data.split.fold), .param = { INTEGER(0, 0, NO_LIMIT), .help = "the fold that tests, from 0" },
	  .shape = LB_VALUE, .optional = true },
	{ .path = "data.split.stratify", AT(data.split.stratify), .param = { TRUTH(1), .help = "keep the shares of classes, in survival of events and censored rows; without data.group. If not given: true for classes" },
	  .shape = LB_VALUE },
	{ .path = "data.split.hold_out_classes", AT(data.split.hold_out_classes), .param = { INTEGER(0, 1, NO_LIMIT), .help = "task embedding: classes that training never sees: a number of "
						      "them, drawn by seed, or a list of their names. Their rows validate and test, as valid to test; all others train. "
						      "Wrong labels stay among the classes of their part, unless corrupt.labels names classes by number" },
	  .shape = LB_VALUE, .by_name = &held_class, .optional = true },
	{ .path = "data.split.seed", AT(data.split.seed), .param = { SEED, .help = "draws the split; train.seed if not given" }, .shape = LB_VALUE },

	{ .path = "data.bags", AT(data.bags), .param = { .help = "training rows come in bags: of a regression's targets the mean alone is known, of classes the shares; metrics stay those "
						      "of single rows; none if not given" },
	  .shape = LB_COMPONENT, .key = "kind", .noun = "kind of bags", .optional = true },
	{ .path = "data.forget", .param = { .help = "machine unlearning: the training rows that are to be forgotten: all that class, group or rows name, of all rows if none does, or a share of these" } },
	{ .path = "data.forget.class", AT(data.forget.classes), .param = { TEXT, .help = "the rows of a class, or of a list of classes" },
	  .shape = LB_VALUE, .by_name = &forgotten_name, .optional = true },
	{ .path = "data.forget.group", AT(data.forget.groups), .param = { TEXT, .help = "the rows of a value of data.group, or of a list of values" },
	  .shape = LB_VALUE, .by_name = &forgotten_name, .optional = true },
	{ .path = "data.forget.rows", AT(data.forget.rows), .param = { TEXT, .help = "a file of their numbers, one a line, as predictions have them: from 0, those of the training file, then those of "
						     "valid, then of test, without rows that are dropped; all of them training rows" },
	  .shape = LB_VALUE, .optional = true },
	{ .path = "data.forget.rate", AT(data.forget.rate), .param = { REAL(1, 0, 1), .min_open = true, .max_open = true, .help = "share of these rows, drawn; all of them if not given" },
	  .shape = LB_VALUE, .optional = true },
	{ .path = "data.forget.seed", AT(data.forget.seed), .param = { SEED, .help = "draws the share; train.seed if not given" }, .shape = LB_VALUE, .with_group = true },
	{ .path = "data.forget.train", AT(data.forget.train), .param = { CHOICES("all", "retain", "forget"), .help = "the rows that train: all, of which losses may take a part each (rows: forget, rows: retain); "
						       "retain: the others, from the start an exact unlearning; forget: those to be forgotten" },
	  .shape = LB_VALUE, .with_group = true },
	{ .path = "data.cv", .param = { .help = "cross-validation on the training and validation rows; the test rows are left alone" } },
	{ .path = "data.cv.folds", AT(data.cv.folds), .param = { INTEGER(0, 2, NO_LIMIT), .required = true, .help = "number of folds" },
	  .shape = LB_VALUE, .with_group = true },
	{ .path = "data.cv.fold", AT(data.cv.fold), .param = { INTEGER(0, 0, NO_LIMIT), .required = true, .help = "the fold that validates, from 0" },
	  .shape = LB_VALUE, .with_group = true },
	{ .path = "data.cv.test", AT(data.cv.test), .param = { TRUTH(0), .help = "evaluate on the test rows all the same" }, .shape = LB_VALUE, .with_group = true },
	{ .path = "data.preprocess", .param = { .help = "what is done to numeric features" } },
	{ .path = "data.preprocess.standardize", AT(data.preprocess.standardize), .param = { TRUTH(1), .help = "by the training rows' mean and standard deviation" },
	  .shape = LB_VALUE },
	{ .path = "data.preprocess.scale", AT(data.preprocess.scale), .param = { CHOICES("none", "std", "max_abs"), .help = "without standardize: divided by the standard "
						      "deviation or largest absolute value; zeros stay zeros" },
	  .shape = LB_VALUE, .optional = true },
	{ .path = "data.preprocess.target", AT(data.preprocess.target), .param = { CHOICES("none", "standardize"), .help = "regression: the loss sees the targets by the "
						       "training rows' mean and standard deviation; predictions and metrics are in the "
						       "targets' own units; none if not given" },
	  .shape = LB_VALUE, .optional = true },
	{ .path = "data.preprocess.subtract", AT(data.preprocess.subtract), .shape = LB_VALUE,
	  .param = { .type = LB_REAL_PARAM, .help = "subtracted from numeric features before anything else" } },
	{ .path = "data.preprocess.divide", AT(data.preprocess.divide), .shape = LB_VALUE,
	  .param = { REAL(1, 0, NO_LIMIT), .min_open = true, .help = "numeric features are then divided by this; 255 for bytes" } },

	{ .path = "corrupt", .param = { .help = "label noise and class imbalance added to the training data" } },
	{ .path = "corrupt.imbalance", AT(corrupt.imbalance), .param = { .help = "rows left out so that classes have given sizes; comes before label noise" },
	  .shape = LB_COMPONENT, .key = "kind", .noun = "imbalance", .def_name = "none" },
	{ .path = "corrupt.labels", AT(corrupt.labels), .param = { .help = "noise on labels or targets; test rows stay as they are" },
	  .shape = LB_COMPONENT, .key = "kind", .noun = "label corruption", .def_name = "none" },
	{ .path = "corrupt.pairs", AT(corrupt.pairs), .param = { REAL(0, 0, 1), .min_open = true, .help = "share of the training rows whose second view (train.views: {kind: parts}) is another "
						       "of these rows', drawn by train.seed; none if not given" },
	  .shape = LB_VALUE, .optional = true },
	{ .path = "corrupt.bags", AT(corrupt.bags), .param = { .help = "noise on the mean targets of bags (data.bags); none if not given" },
	  .shape = LB_COMPONENT, .key = "kind", .noun = "noise of bags", .optional = true },
	{ .path = "model", AT(model), .param = { .help = "the model that computes the scores" },
	  .shape = LB_COMPONENT, .key = "kind", .noun = "model", .def_name = "linear" },
	{ .path = "model.head", AT(head), .param = { .help = "how the output layer makes scores of the features below it; linear if not given" },
	  .shape = LB_COMPONENT, .key = "kind", .noun = "head", .optional = true, .nested = true },
	{ .path = "loss", AT(loss), .param = { .required = true, .help = "what is minimised" },
	  .shape = LB_COMPONENT, .key = "name", .noun = "loss", .extra = of_loss, .n_extra = 2 },
	{ .path = "terms", AT(terms), .param = { .help = "further losses of the same scores, each times its weight; minimised is their sum and loss times its own" },
	  .shape = LB_COMPONENTS, .key = "name", .noun = "loss", .optional = true, .extra = of_loss, .n_extra = 3 },
	{ .path = "optimizer", AT(optimizer), .param = { .help = "how the parameters are moved" },
	  .shape = LB_COMPONENT, .key = "name", .noun = "optimizer", .def_name = "sgd" },
	{ .path = "schedule", AT(schedule), .param = { .help = "how the learning rate changes" },
	  .shape = LB_COMPONENT, .key = "name", .noun = "schedule", .def_name = "constant" },

	{ .path = "procedures", AT(procedures), .param = { .help = "what takes part in each step of the training, in this order: sam, mixup, ...; none if not given" },
	  .shape = LB_COMPONENTS, .key = "name", .noun = "procedure", .optional = true },
	{ .path = "regularisers", AT(regularisers), .param = { .help = "what is added to the losses, each times its weight: l1, group_lasso, ...; none if not given" },
	  .shape = LB_COMPONENTS, .key = "name", .noun = "regulariser", .optional = true, .extra = &regulariser_weight, .n_extra = 1 },

	{ .path = "train", .param = { .help = "the training" } },
	{ .path = "train.epochs", AT(train.epochs), .param = { INTEGER(20, 1, 1e6), .help = "passes over the training rows" }, .shape = LB_VALUE },
	{ .path = "train.batch", AT(train.batch), .param = { INTEGER(128, 1, 1e6), .log_scale = true, .help = "batch size: rows per step" }, .shape = LB_VALUE },
	{ .path = "train.seed", AT(train.seed), .param = { INTEGER(1, 0, 9007199254740992.0), .help = "split, order, noise, initialisation" }, .shape = LB_VALUE },
	{ .path = "train.precision", AT(train.precision), .param = { CHOICES("float32", "float64"), .help = "of scores, gradients and parameters" },
	  .shape = LB_VALUE },
	{ .path = "train.shuffle", AT(train.shuffle), .param = { TRUTH(1), .help = "a new order of the rows each epoch" }, .shape = LB_VALUE },
	{ .path = "train.sampler", AT(train.sampler), .param = { NAMES(samplers), .help = "the order in which an epoch reads the training rows" },
	  .shape = LB_VALUE, .noun = "sampler" },
	{ .path = "train.per_class", AT(train.per_class), .param = { INTEGER(0, 2, 1e6), .help = "samplers m_per_class and episodes: rows of a class in a batch, of which train.batch is a "
						"multiple; 4 if not given" },
	  .shape = LB_VALUE, .optional = true },
	{ .path = "train.clusters", AT(train.clusters), .param = { INTEGER(0, 2, 1e6), .help = "samplers clusters and hard_batches: pseudo-classes; if not given, as many as train.batch (which is the least for clusters), or as there are batches" },
	  .shape = LB_VALUE, .optional = true },
	{ .path = "train.positive_rate", AT(train.positive_rate), .param = { REAL(0.5, 0, 1), .min_open = true, .max_open = true, .help = "sampler positive_rate: share of positives in a batch" },
	  .shape = LB_VALUE, .optional = true },
	{ .path = "train.miner", AT(train.miner), .param = { .help = "which triplets or pairs of a batch count, for losses that take them (triplet, contrastive, ...); all if not given" },
	  .shape = LB_COMPONENT, .key = "kind", .noun = "miner", .optional = true },
	{ .path = "train.clip_norm", AT(train.clip_norm), .param = { REAL(0, 0, NO_LIMIT), .help = "rescale a longer gradient to this norm; 0: never" }, .shape = LB_VALUE },
	{ .path = "train.loss_lr_factor", AT(train.loss_lr_factor), .param = { REAL(1, 0, 1e6), .help = "the learning rate of a loss's own parameters (prototypes, predictors, ...) is this "
						       "times the model's" }, .shape = LB_VALUE },
	{ .path = "train.class_weight", AT(train.class_weight), .param = { CHOICES("none", "balanced"), .help = "weight of a row by its class: balanced, against the class's share; "
						   "or a number for each class by its name; scaled to mean 1 over the training rows" },
	  .shape = LB_VALUE, .by_name = &class_weight },
	{ .path = "train.scale_pos_weight", AT(train.scale_pos_weight), .param = { REAL(0, 0, NO_LIMIT), .min_open = true, .help = "binary: weight of the positive class's rows, "
						       "that of the others being 1; as all weights of rows, then scaled to mean 1" },
	  .shape = LB_VALUE, .optional = true },
	{ .path = "train.views", AT(train.views), .param = { .help = "several views of each training row, for losses that want them (gjs)" },
	  .shape = LB_COMPONENT, .key = "kind", .noun = "view", .optional = true },
	{ .path = "train.attack", AT(train.attack), .param = { .help = "moves each training row within a ball so that the model fails on it: adversarial training" },
	  .shape = LB_COMPONENT, .key = "kind", .noun = "attack", .optional = true },
	{ .path = "train.early_stopping", .param = { .help = "ends a training that no longer improves, and restores its best epoch" } },
	{ .path = "train.early_stopping.metric", AT(train.early_stopping.metric), .param = { TEXT, .required = true, .help = "NAME or valid.NAME, NAME one of the metrics" },
	  .shape = LB_VALUE, .prefix = "valid.", .with_group = true },
	{ .path = "train.early_stopping.patience", AT(train.early_stopping.patience), .param = { INTEGER(5, 1, 1e6), .help = "epochs without a better value" },
	  .shape = LB_VALUE, .with_group = true },
	{ .path = "train.early_stopping.min_delta", AT(train.early_stopping.min_delta), .param = { REAL(0, 0, NO_LIMIT), .help = "smallest change that counts as an improvement" },
	  .shape = LB_VALUE, .with_group = true },
	{ .path = "train.checkpoint", AT(train.checkpoint), .param = { INTEGER(0, 0, 1e6), .help = "save a checkpoint every N epochs and resume from it; 0: only every "
						 "half minute, as without this key" },
	  .shape = LB_VALUE, .optional = true, .outside_id = true },
	{ .path = "train.curves", AT(train.curves), .param = { .help = "splits whose metrics are kept for each epoch" },
	  .shape = LB_WORDS, .words = curves },

	{ .path = "evaluate", .param = { .help = "how the metrics of the finished training are taken from its scores" } },
	{ .path = "evaluate.threshold", AT(evaluate.threshold), .param = { NAMES(thresholds), .help = "binary: a row is positive above it; fixed: 0; else chosen on the "
						   "validation rows. Ordered classes: median, not the likeliest class" },
	  .shape = LB_VALUE, .noun = "threshold" },
	{ .path = "evaluate.calibration", AT(evaluate.calibration), .param = { .help = "probabilities fitted to the validation rows before the threshold" },
	  .shape = LB_COMPONENT, .key = "name", .noun = "calibration", .def_name = "none", .bare = true },

	{ .path = "evaluate.attack", AT(evaluate.attack), .param = { .help = "the adversarial attack under which robust_accuracy and the other robust metrics are measured" },
	  .shape = LB_COMPONENT, .key = "kind", .noun = "attack", .optional = true },

	{ .path = "evaluate.embeddings", AT(evaluate.embeddings), .param = { .help = "the judge of embeddings, a simple classifier that is fitted to those of the training rows; judged_accuracy "
									"is what it tells right of the others" },
	  .shape = LB_COMPONENT, .key = "classifier", .noun = "judge", .optional = true },

	{ .path = "evaluate.anomaly", AT(evaluate.anomaly), .param = { .help = "anomaly: the score of a row, larger for a less normal one; if not given, the first of the list that the "
								"model has" },
	  .shape = LB_COMPONENT, .key = "score", .noun = "score", .optional = true },
	{ .path = "evaluate.reference", AT(evaluate.reference), .param = { TEXT, .help = "multiclass: a saved model (output.model: true) that kl_to_reference compares this one with, such as "
									 "one that was trained without the rows to be forgotten" },
	  .shape = LB_VALUE, .optional = true },

	{ .path = "metrics", AT(metrics), .param = { .help = "what is measured; every metric that applies if not given" },
	  .shape = LB_COMPONENTS, .key = "name", .noun = "metric" },

	{ .path = "tune", .param = { .help = "fair tuning: as many settings for every loss, judged by cross-validation within each seed's training and "
						"validation rows; the best is then trained at that seed" },
	  .outside_id = true },
	{ .path = "tune.trials", AT(tune.trials), .param = { INTEGER(0, 1, 1e5), .required = true, .help = "settings tried for every combination of the sweep" },
	  .shape = LB_VALUE, .with_group = true, .outside_id = true },
	{ .path = "tune.method", AT(tune.method), .param = { CHOICES("random", "halton", "grid"), .help = "how settings are drawn from the space" },
	  .shape = LB_VALUE, .with_group = true, .outside_id = true },
	{ .path = "tune.space", .param = { .help = "default: the loss's grids and 25 rates from 1e-4 to 1; or paths with values as in sweep, but for those that "
						 "decide which rows train and test" },
	  .shape = LB_SPACE, .word = "default", .with_group = true, .outside_id = true },
	{ .path = "tune.metric", AT(tune.metric), .param = { TEXT, .required = true, .help = "NAME or valid.NAME, NAME one of the metrics; its mean over the folds where it is defined decides" },
	  .shape = LB_VALUE, .prefix = "valid.", .with_group = true, .outside_id = true },
	{ .path = "tune.folds", AT(tune.folds), .param = { INTEGER(5, 2, 1000), .help = "folds of the cross-validation on training and validation rows" },
	  .shape = LB_VALUE, .with_group = true, .outside_id = true },
	{ .path = "tune.seed", AT(tune.seed), .param = { INTEGER(1, 0, 9007199254740992.0), .help = "draws the settings" },
	  .shape = LB_VALUE, .with_group = true, .outside_id = true },

	{ .path = "output", .param = { .help = "what is written, and where" }, .outside_id = true },
	{ .path = "output.dir", AT(output.dir), .param = { TEXT, .help = "folder of the records; results/<name> if not given" },
	  .shape = LB_VALUE, .outside_id = true },
	{ .path = "output.predictions", AT(output.predictions), .param = { TRUTH(0), .help = "keep the test rows' scores, and the quantiles or the mean and standard deviation that a loss gives" },
	  .shape = LB_VALUE, .outside_id = true },
	{ .path = "output.model", AT(output.model), .param = { TRUTH(0), .help = "keep the trained model" }, .shape = LB_VALUE, .outside_id = true },
};

size_t lb_option_count(void)
{
	return sizeof options / sizeof *options;
}

const struct lb_option *lb_option_at(size_t i)
{
	return i < lb_option_count() ? &options[i] : NULL;
}

/* Places of the options by a hash of their path, made at the first look-up: 1 + the place, 0 where
 * free. A power of two, and more than twice as many as there are options. */
static unsigned short slots[512];
_Static_assert(2 * sizeof options / sizeof *options < sizeof slots / sizeof *slots, "slots are at least half free");

static unsigned short *slot_of(const char *path, size_t n)
{
	const size_t size = sizeof slots / sizeof *slots;
	unsigned h = 2166136261U;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)path[i]) * 16777619U;
	for (;; h++) {
		unsigned short *slot = &slots[h % size];
		if (!*slot || (!strncmp(options[*slot - 1].path, path, n) && options[*slot - 1].path[n] == '\0'))
			return slot;
	}
}

/* For each option how many top-level keys come before it in the table, its own counted. */
static unsigned char tops[sizeof options / sizeof *options];

const struct lb_option *lb_option_find(const char *path, size_t n)
{
	static bool made;
	unsigned top = 0;

	for (size_t i = 0; !made && i < lb_option_count(); i++) {
		*slot_of(options[i].path, strlen(options[i].path)) = (unsigned short)(i + 1);
		top += !strchr(options[i].path, '.');
		tops[i] = (unsigned char)top;
	}
	made = true;
	const unsigned short place = *slot_of(path, n);
	return place ? &options[place - 1] : NULL;
}

uint64_t lb_option_top(const char *path)
{
	const struct lb_option *o = lb_option_find(path, strcspn(path, "."));

	return o ? (uint64_t)1 << (tops[o - options] - 1) : 0;
}

const struct lb_option *lb_option_component(const char *path)
{
	const struct lb_option *deepest = NULL;

	for (size_t i = 0; i < lb_option_count(); i++)
		if (options[i].shape == LB_COMPONENT && lb_path_within(path, options[i].path) &&
		    (!deepest || lb_path_within(options[i].path, deepest->path)))
			deepest = &options[i];
	return deepest;
}

const struct lb_option *lb_option_nested(const char *block, size_t *i)
{
	while (*i < lb_option_count()) {
		const struct lb_option *o = &options[(*i)++];
		if (o->nested && strcmp(o->path, block) && lb_path_within(o->path, block))
			return o;
	}
	return NULL;
}

bool lb_option_nests(const char *block, const char *key)
{
	const struct lb_option *nested;

	for (size_t i = 0; (nested = lb_option_nested(block, &i));)
		if (!strcmp(lb_path_last(nested->path), key))
			return true;
	return false;
}

const char *lb_path_last(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot ? dot + 1 : path;
}

int lb_path_depth(const char *path)
{
	int n = 0;

	for (; *path; path++)
		n += *path == '.';
	return n;
}

bool lb_path_within(const char *path, const char *above)
{
	const size_t n = strlen(above);

	return !strncmp(path, above, n) && (path[n] == '\0' || path[n] == '.');
}
