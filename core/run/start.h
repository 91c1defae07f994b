/* A training that begins with the parameters of a saved model (model.start). */
#ifndef LB_START_H
#define LB_START_H

#include "core/run/prepared.h"

/* Returns the saved model's file, NULL without one. */
const char *lb_start_path(const struct lb_spec *spec);

/* Returns whether a loss reads that model's scores, in place of a teacher's. */
bool lb_start_is_taught(const struct lb_spec *spec);

/* Refuses, by the config and the dataset, a model that the trial cannot begin with. */
int lb_start_check(const struct lb_spec *spec, const struct lb_dataset *data, struct lb_err *err);

/* p->start <- the parameters of the model that p->spec names, if it does, and p->setup borrows
 * them: those of the first layer turned to the features as the trial makes them, those of the
 * output layer in the order of its classes and for targets in its units. The model then says of a
 * row what the saved one says, save where a value is missing, for which each puts the mean of its
 * own training rows. Own parameters of the losses are taken from a model of the same losses. Call
 * it when features, components and units are prepared; release with lb_start_free, on failure
 * too. */
int lb_start_prepare(struct lb_prepared *p, struct lb_err *err);
void lb_start_free(struct lb_start *s);

#endif
