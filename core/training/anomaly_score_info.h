/* What an anomaly score says of itself, free of precision. Its function is in
 * core/engine/eval/score/anomaly_score.h. */
#ifndef LB_ANOMALY_SCORE_INFO_H
#define LB_ANOMALY_SCORE_INFO_H

#include "core/base/component.h"
#include "losses/loss_info.h"

#include <stdbool.h>

/* What every score has for its first two parameters: rounds of mean shift before the model reads a
 * row, 0 for none, and the nearest rows whose mean takes the row's place in a round. */
enum { LB_SHIFT_ROUNDS, LB_SHIFT_NEIGHBOURS, LB_ANOMALY_SCORE_OWN };
enum { LB_MOST_ANOMALY_SCORE_PARAMS = 4 };

enum lb_anomaly_score_trait {
	LB_SCORES_LOSS = 1 << 0,    /* the loss of the row, for models that a mean of row losses trains to give back features */
	LB_SCORES_ERROR = 1 << 1,   /* how far the features are off that the model gives back, for models that any loss trains so */
	LB_SCORES_CENTRE = 1 << 2,  /* the distance to the centre that a model is trained to give */
	LB_SCORES_LENGTH = 1 << 3,  /* the length of a whitened row, for models with LB_WHITENS */
	LB_SCORES_DISTANCE = 1 << 4 /* the distance to training rows, for models with LB_KEEPS_ROWS */
};

/* The registered scores' descriptors, the same in both precisions. */
extern const struct lb_info *const lb_anomaly_scores_f32[], *const lb_anomaly_scores_f64[];

/* A model whose outputs are scored: its kind (core/training/model_spec.h), what it is trained by if
 * it is no closed form, and whether its targets are a centre. */
struct lb_scored_model {
	const struct lb_info *kind;
	const struct lb_loss_info *loss;
	bool centred;
};

/* Returns whether the model gives what the score is made of. */
bool lb_anomaly_score_fits_f32(const struct lb_info *score, const struct lb_scored_model *model);
bool lb_anomaly_score_fits_f64(const struct lb_info *score, const struct lb_scored_model *model);

#endif
