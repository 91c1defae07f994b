/* What a training procedure says of itself, free of precision. Its functions are in
 * core/engine/step/procedure.h. */
#ifndef LB_PROCEDURE_INFO_H
#define LB_PROCEDURE_INFO_H

#include "core/base/component.h"

/* What a procedure does in a step: the hooks that its descriptor sets. */
enum lb_procedure_trait {
	LB_CHANGES_INPUTS = 1 << 0,
	LB_CHANGES_LABELS = 1 << 1,
	LB_WEIGHS_ROWS = 1 << 2,     /* reads the loss of each row; so does a whole step that says so */
	LB_CHANGES_WEIGHTS = 1 << 3, /* forward and backward read other weights than those that are updated */
	LB_CHANGES_GRADIENT = 1 << 4,
	LB_ENDS_STEPS = 1 << 5,
	LB_CHANGES_RESULT = 1 << 6,  /* evaluations and the saved model read other weights than those that are updated */
	LB_WHOLE_STEP = 1 << 7,      /* replaces the step, so that it has to be the only one */
	LB_HAS_TARGET = 1 << 8,      /* a second network gives the view that a loss holds fixed */
	LB_READS_ROWS = 1 << 9,      /* its gradient reads the rows written out */
	LB_KEEPS_LAYERS = 1 << 10,   /* the first layers stay: as many as its first parameter says; 0: all but the last */
	LB_SOFTENS_LABELS = 1 << 11, /* a row's label has probabilities, over which its loss is a mean */
	LB_ADDS_PENALTY = 1 << 12,
	LB_READS_SUBGROUPS = 1 << 13,
	LB_READS_CLASSES = 1 << 14,  /* reads a score a class */
	LB_REMEMBERS_ROWS = 1 << 15, /* keeps what it read of each training row */
	LB_MASKS_FEATURES = 1 << 16, /* leaves out features of the last hidden layer */
	LB_HAS_CANDIDATES = 1 << 17, /* is chosen for evaluations when the training has ended */
	LB_DRAWS_AGAIN = 1 << 18,    /* a step is the mean of several draws of dropout */
	LB_WHOLE_TRAINING = 1 << 19, /* trains several times, so that the trial is alone in its cohort */
	LB_HOLDS_ROWS = 1 << 20,     /* learns from some training rows only how to weigh the others, by their slopes */
	LB_SETS_LEVELS = 1 << 21     /* the weights that are read have few values */
};

/* Whether a row becomes a mixture of rows of different labels. */
static inline bool lb_mixes_rows(unsigned traits)
{
	return traits & LB_CHANGES_INPUTS || (traits & LB_CHANGES_LABELS && !(traits & LB_SOFTENS_LABELS));
}

/* A procedure that a trial uses. Borrowed. */
struct lb_procedure_use {
	const struct lb_info *info;
	const struct lb_arg *par;
};

enum { LB_MOST_PROCEDURES = 8, LB_MOST_PROCEDURE_PARAMS = 8 };

/* The registered procedures' descriptors, the same in both precisions. */
extern const struct lb_info *const lb_procedures_f32[], *const lb_procedures_f64[];

/* Returns what a procedure of lb_procedures_f64 does, of enum lb_procedure_trait. */
unsigned lb_procedure_traits_f32(const struct lb_info *info);
unsigned lb_procedure_traits_f64(const struct lb_info *info);

#endif
