/* A trial: one resolved config with everything it names looked up, and its way from data to a
 * record. */
#ifndef LB_TRIAL_H
#define LB_TRIAL_H

#include "core/base/json.h"
#include "core/run/data_cache.h"
#include "core/run/prepared.h"
#include "core/training/train_result.h"

/* The version of the record's form; part of every id. */
#define LB_RECORD_SCHEMA "lossbench-trial/1"

struct lb_trial {
	const cJSON *config;             /* resolved; borrowed */
	const struct lb_data_entry *source; /* borrowed from the cache */
	const char *dir;                 /* of the records; borrowed from the config */
	uint32_t epochs;
	bool predictions, model;         /* whether these are kept */
	char id[17];                     /* first 16 hex digits of the SHA-256 of the identity */
};

/* The canonical text of a top-level member of a config, as it is in the id. */
enum { LB_ID_MEMBERS = 32 };
struct lb_id_text {
	const char *name;                /* of the member; borrowed */
	const void *address;             /* of its value: configs that share a block share its text */
	const struct lb_data_entry *source;
	struct lb_buf text;              /* NULL text: the member has no part in the id */
};

/* Those that were made, by address: an open hash table. { 0 } is empty. The configs must live as
 * long. */
struct lb_id_texts {
	struct lb_id_text *slot;
	size_t n, size;                  /* size is 0 or a power of two, at least twice n */
	size_t bytes;                    /* of the texts; beyond a limit all are forgotten */
};
void lb_id_texts_free(struct lb_id_texts *texts);

/* What was found of the trial that was opened last, so that the next, which shares most of its
 * config with it, is not looked at again. { 0 } is empty; release with lb_trial_memo_free. Configs
 * must live as long as the memo. */
struct lb_trial_memo {
	const cJSON *config;             /* the last one whose data and split are sound, or NULL */
	const struct lb_data_entry *source;
	struct lb_spec spec;             /* of the config that was opened last */
	struct lb_id_texts id;
};
void lb_trial_memo_free(struct lb_trial_memo *memo);

/* Looks up the data and computes the id. Refuses what can be refused before training: a split that
 * does not fit, and what may not be combined (core/run/trial_constraints.h). */
int lb_trial_open(struct lb_trial *t, const cJSON *config, struct lb_data_cache *cache, struct lb_trial_memo *memo, struct lb_err *err);

/* Brings the rows of each query together, in the order of their first rows. */
int lb_join_queries(const struct lb_dataset *data, uint32_t *rows, size_t n, struct lb_err *err);

/* The same of a resolved config and its dataset *source, which is borrowed from the cache. */
int lb_trial_split(const cJSON *config, struct lb_data_cache *cache, const struct lb_data_entry **source, struct lb_split *out,
		   struct lb_err *err);

/* The id of a resolved config on its dataset: canonical JSON (RFC 8785) of the config without name
 * and output, with checksums of the uncompressed data in the place of paths, and the record
 * schema's version. `known`, unless NULL, holds the texts of trials before and gets those
 * of this one. */
int lb_trial_id(const cJSON *config, const struct lb_data_entry *source, struct lb_id_texts *known, char id[17], struct lb_err *err);

/* Makes a trial ready for training. With a leader, an already prepared trial of the same cohort
 * (lb_cohort_key), p shares its rows and features. */
int lb_prepare(const struct lb_trial *t, const struct lb_prepared *leader, struct lb_prepared *p, struct lb_err *err);
void lb_prepared_free(struct lb_prepared *p);

/* DIR/trials/ID.checkpoint, where a training is kept (train.checkpoint), as a new string. */
char *lb_checkpoint_path(const struct lb_trial *t, struct lb_err *err);

/* Returns the cohort key, a new string: trials with equal keys can be trained in lockstep on the
 * same batches. NULL if the trial reads all rows at once and trains alone, or, with err set, when
 * memory runs out. The spec, { 0 } or that of another trial before, becomes the trial's. */
char *lb_cohort_key(const struct lb_trial *t, struct lb_spec *spec, struct lb_err *err);

/* Trains the cohort of k trials that leader was prepared for: setup holds the setups of all. */
int lb_prepared_train(const struct lb_prepared *leader, const struct lb_setup *setup, size_t k, struct lb_train_result *out,
		      struct lb_err *err);

#endif
