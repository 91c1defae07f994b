/* What is known of each row besides its features and labels: the scores of a teacher, from a file
 * (data.teacher, data.side.teacher) or from a saved model (data.side.teacher), the features of its
 * hidden layer; the probabilities of its classes, from a file (data.side.soft_labels). */
#ifndef LB_TEACHER_H
#define LB_TEACHER_H

#include "core/config/spec.h"
#include "datasets/dataset.h"

struct lb_teacher {
	const char *path;                /* borrowed from the config */
	char sha256[65];                 /* of the file */
	char *model;                     /* the id of the trial that trained it; NULL for a file of scores */
	double *scores;                  /* (rows of the dataset, classes), in ranking one a row, in regression one a target, or NULL: there is no teacher */
	size_t columns;                  /* of what a guide or the hidden layer says, in the place of scores */
};

/* Reads the teacher that a resolved config names, if any, for the dataset that was read by it. A
 * model reads the same files by its own columns and preprocessing, and its classes are put into
 * the dataset's order; in ranking it is one of ranking, in regression one of as many targets.
 * Release with lb_teacher_free, on failure too. */
int lb_teacher_load(const struct lb_spec *spec, const struct lb_dataset *data, struct lb_teacher *out, struct lb_err *err);
/* The same of data.side.second_teacher. */
int lb_second_teacher_load(const struct lb_spec *spec, const struct lb_dataset *data, struct lb_teacher *out, struct lb_err *err);
/* The scores of a saved model, of whatever file; `who` it is for messages. */
int lb_model_scores_load(const char *path, const char *who, const struct lb_spec *spec, const struct lb_dataset *data, struct lb_teacher *out, struct lb_err *err);
void lb_teacher_free(struct lb_teacher *t);

/* Returns whether a loss of the config reads a teacher's features. */
bool lb_teacher_features_read(const struct lb_spec *spec);
/* Reads them where one does: what data.side.teacher_features names, a file of numbers or a saved
 * model, whose hidden layer is taken, or the hidden layer of the teacher that is a saved model.
 * Release as a teacher. */
int lb_teacher_features_load(const struct lb_spec *spec, const struct lb_dataset *data, struct lb_teacher *out, struct lb_err *err);

/* Reads the guide that a resolved config names (data.side.guide), if any: a file of numbers, or a
 * saved model's embeddings of the rows. Release as a teacher. */
int lb_guide_load(const struct lb_spec *spec, const struct lb_dataset *data, struct lb_teacher *out, struct lb_err *err);

struct lb_soft_labels {
	const char *path;                /* borrowed from the config */
	char sha256[65];                 /* of the file */
	double *p;                       /* (rows of the dataset, classes) each row sums to 1; or NULL: there are none */
};

/* Reads the file of soft labels that a resolved config names, if any; those of columns the dataset
 * has. Release p with free, on failure too. */
int lb_soft_labels_load(const struct lb_spec *spec, const struct lb_dataset *data, struct lb_soft_labels *out, struct lb_err *err);

#endif
