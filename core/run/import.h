/* Predictions of another program as a record beside those of a study: the metrics of the same rows,
 * measured here. */
#ifndef LB_IMPORT_H
#define LB_IMPORT_H

#include "core/base/err.h"

struct lb_import {
	/* CSV: row (from 0, as in the data), then score_1, ..., probability_CLASS, ... or
	 * prediction; of survival risk, and survival_TIME, ... where it has curves. */
	const char *predictions;
	const char *name;                /* of the contender */
	const char *like;                /* the record of a trial, DIR/trials/ID.json, whose data, split and labels these are */
	const char *const *argv;
};

/* Writes the record beside the other: its config with {name: NAME} for the loss. path <- its place,
 * a new string. */
int lb_import(const struct lb_import *in, char **path, struct lb_err *err);

#endif
