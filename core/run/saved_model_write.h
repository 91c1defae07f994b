/* Writes a trained model (core/run/saved_model.h). */
#ifndef LB_SAVED_MODEL_WRITE_H
#define LB_SAVED_MODEL_WRITE_H

#include "core/run/saved_model.h"
#include "core/run/trial.h"

/* DIR/trials/ID.model.npz as a new string. */
char *lb_saved_model_path(const struct lb_trial *t, struct lb_err *err);

/* Writes the model whole or not at all; out is an outcome with its parameters kept. */
int lb_saved_model_write(const char *path, const struct lb_trial *t, const struct lb_prepared *p, const struct lb_train_result *out,
		  struct lb_err *err);

#endif
