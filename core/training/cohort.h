/* A cohort: K trials that read the same minibatches in the same order (same rows, features, batch
 * size, epochs and order seed) and differ in loss, model, optimiser, labels and so on. Free of
 * precision. */
#ifndef LB_COHORT_H
#define LB_COHORT_H

#include "core/training/query_batches.h"
#include "core/training/sampler.h"
#include "core/training/setup.h"

struct lb_cohort {
	const struct lb_encoding *features;
	const struct lb_split *split;
	enum lb_kind kind;               /* of the data (lb_kind_of_data): a loss of embeddings or of distillation has classes too */
	size_t epochs, batch;            /* batch: the most rows of a step */
	size_t until;                    /* the training ends after so many epochs of these; 0: after all */
	const uint32_t *again;           /* (n_again) positions of training rows that an epoch reads once more; by the sampler shuffle */
	size_t n_again;
	double spent;                    /* seconds that the trial has trained for before */
	const struct lb_query_batches *queries; /* steps read whole queries or bags; NULL: `batch` rows, the last of an epoch fewer */
	uint64_t order_seed;
	bool shuffle;
	size_t per_class;                /* rows of a class in a batch, for a sampler in groups */
	size_t clusters;                 /* pseudo-classes, for a sampler by clusters */
	double positive_rate;            /* share of positives in a batch, for a sampler by a rate */
	const double *draw_weight;       /* weight of every row of the dataset, for a sampler by weights; else NULL */
	const struct lb_sampling *sampling; /* NULL: shuffle. With one by class all trials have the same labels in the training rows */
	const struct lb_setup *trial;    /* k */
	size_t k;
	size_t threads;                  /* that share the rows of products and batches; 0 and 1: one. The bytes are the same for any */
	/* Called after every epoch of trial i, unless NULL. */
	void (*progress)(void *arg, size_t i, size_t epoch, double train_loss, const double *valid_metric);
	void *progress_arg;
	/* Called once for every trial whose outcome is final, when the others may still be
	 * training; what is not 0 ends the training with err. NULL for none. */
	int (*ended)(void *arg, size_t i, struct lb_err *err);
	void *ended_arg;
	double keep_seconds;             /* after which the states of all trials are kept, also within an epoch; 0: never */
};

/* Returns after how many epochs the training ends. */
static inline size_t lb_cohort_end(const struct lb_cohort *c)
{
	return c->until && c->until < c->epochs ? c->until : c->epochs;
}
/* Returns how many training rows an epoch reads. */
size_t lb_cohort_reads(const struct lb_cohort *c);
/* Returns the steps of the epochs before this one; `epochs` gives those of the training. */
int64_t lb_cohort_steps_before(const struct lb_cohort *c, size_t epoch);
/* Returns the epoch, from 0, that the step from 0 is of. */
size_t lb_cohort_epoch_of(const struct lb_cohort *c, int64_t step);
/* Returns whether so many steps are those of whole epochs. */
bool lb_cohort_ends_epoch(const struct lb_cohort *c, int64_t steps);
/* order <- the positions of an epoch's training rows as they are read. */
void lb_cohort_draw(const struct lb_cohort *c, struct lb_sampler *sampler, size_t epoch, uint32_t *order);
/* Returns where the batch ends that begins at `start` of the order. */
size_t lb_cohort_batch_end(const struct lb_cohort *c, const uint32_t *order, size_t start);
/* Returns the query or the bag of a training row, from 0; of a task with queries or bags. */
int32_t lb_cohort_group(const struct lb_cohort *c, size_t id);
/* Returns what the mean of a batch of these training rows counts in that of an epoch of n: its
 * rows, or n times its share of the queries. */
double lb_cohort_batch_share(const struct lb_cohort *c, const uint32_t *id, size_t b);

/* Returns whether some trial of the cohort is evaluated under an attack. */
bool lb_cohort_has_eval_attack(const struct lb_cohort *c);
/* Returns whether a metric of some trial asks for the probabilities of all classes. */
bool lb_cohort_reads_probabilities(const struct lb_cohort *c);
/* Returns the most columns of scores (lb_setup_columns) that a trial of the cohort has. */
size_t lb_cohort_columns(const struct lb_cohort *c);

#endif
