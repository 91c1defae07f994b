/* What the tests of core/config share: a small registry of components, and a folder for each test
 * with the config in a.yaml. */
#ifndef LB_CONFIG_FIXTURE_H
#define LB_CONFIG_FIXTURE_H

#include "core/config/config.h"
#include "tests/unit/suite.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

/* A small registry */

static const char *const activations[] = { "relu", "tanh", NULL };
static const double hidden[] = { 64 };

#define SEED_PARAM { .name = "seed", .type = LB_SEED_PARAM, .help = "initialisation" }
#define LR(d) { .name = "lr", .type = LB_REAL_PARAM, .def = (d), .max = (double)INFINITY, .min_open = true, .max_open = true, \
		.log_scale = true, .grid = { 0.01, 0.1 }, .n_grid = 2, .help = "learning rate" }

static const struct lb_param gce[] = {
	{ .name = "q", .def = 0.7, .max = 1, .min_open = true, .grid = { 0.3, 0.5, 0.7 }, .n_grid = 3, .help = "robustness" },
};
static const struct lb_param focal[] = { { .name = "gamma", .def = 2, .max = 10, .grid = { 0, 2 }, .n_grid = 2, .help = "focus" } };
static const struct lb_param sgd[] = { LR(0.1), { .name = "momentum", .max = 1, .max_open = true, .help = "momentum" } };
static const struct lb_param adam[] = { LR(0.001), { .name = "amsgrad", .type = LB_BOOL_PARAM, .help = "largest second moment" } };
static const struct lb_param mlp[] = {
	{ .name = "hidden", .type = LB_INTS_PARAM, .def_list = hidden, .n_def_list = 1, .min = 1, .max = 4096, .help = "widths" },
	{ .name = "activation", .type = LB_CHOICE_PARAM, .choices = activations, .grid = { 0, 1 }, .n_grid = 2, .help = "hidden units" },
	SEED_PARAM,
};
static const struct lb_param uniform[] = { { .name = "rate", .def = 0.2, .max = 1, .help = "share" }, SEED_PARAM };
static const struct lb_param warm[] = { { .name = "warmup", .max = 1, .help = "share" } };
static const struct lb_param blobs[] = { { .name = "rows", .type = LB_INT_PARAM, .def = 100, .min = 1, .max = 1e6, .help = "rows" }, SEED_PARAM };
static const struct lb_param top_k[] = { { .name = "k", .type = LB_INT_PARAM, .def = 5, .min = 1, .max = 100, .help = "places" } };

enum { M = 1 << LB_MULTICLASS, B = 1 << LB_BINARY, R = 1 << LB_REGRESSION, ALL = M | B | R };

static const struct entry {
	const char *block;
	unsigned kinds;
	struct lb_info info;
} entries[] = {
	{ "loss", M, { .name = "ce", .keywords = "crossentropy softmax" } },
	{ "loss", M, { .name = "gce", LB_PARAMS(gce) } },
	{ "loss", M, { .name = "focal", LB_PARAMS(focal) } },
	{ "loss", B, { .name = "logistic" } },
	{ "loss", R, { .name = "mse" } },
	{ "optimizer", ALL, { .name = "sgd", LB_PARAMS(sgd) } },
	{ "optimizer", ALL, { .name = "adam", LB_PARAMS(adam) } },
	{ "schedule", ALL, { .name = "constant" } },
	{ "schedule", ALL, { .name = "cosine", LB_PARAMS(warm) } },
	{ "model", ALL, { .name = "linear" } },
	{ "model", ALL, { .name = "mlp", LB_PARAMS(mlp) } },
	{ "evaluate.calibration", ALL, { .name = "none" } },
	{ "corrupt.labels", ALL, { .name = "none" } },
	{ "corrupt.labels", M | B, { .name = "uniform", LB_PARAMS(uniform) } },
	{ "data.generator", ALL, { .name = "blobs", LB_PARAMS(blobs) } },
	{ "metrics", M | B, { .name = "accuracy" } },
	{ "metrics", M, { .name = "top_k", LB_PARAMS(top_k) } },
	{ "metrics", R, { .name = "rmse" } },
};
enum { N_ENTRIES = sizeof entries / sizeof *entries };

static inline const struct lb_info *entry_next(const char *block, enum lb_kind kind, size_t *at)
{
	for (size_t j = *at; j < N_ENTRIES; j++)
		if (!strcmp(entries[j].block, block) && entries[j].kinds & 1U << kind) {
			*at = j + 1;
			return &entries[j].info;
		}
	return NULL;
}

static inline const struct lb_info *entry_any(const char *block, const char *name, enum lb_kind *kind)
{
	for (size_t j = 0; j < N_ENTRIES; j++)
		if (!strcmp(entries[j].block, block) && !strcmp(entries[j].info.name, name)) {
			*kind = entries[j].kinds & M ? LB_MULTICLASS : entries[j].kinds & B ? LB_BINARY : LB_REGRESSION;
			return &entries[j].info;
		}
	return NULL;
}

static const struct lb_registry registry = { .next = entry_next, .any = entry_any, .most_trials = 1000000 };

/* Every test works in a folder of its own, with the config in a.yaml. */

static char folder[64];

static inline void enter(void)
{
	strcpy(folder, "/tmp/lb_test_config_XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chdir(folder), 0);
}

static inline void leave(void)
{
	unlink("a.yaml");
	ck_assert_int_eq(chdir("/"), 0);
	rmdir(folder);
}

static inline void write_config(const char *yaml)
{
	FILE *f = fopen("a.yaml", "w");

	ck_assert_ptr_nonnull(f);
	fputs(yaml, f);
	ck_assert_int_eq(fclose(f), 0);
}

#define MAX_SETS 4

static inline struct lb_config *load(const char *yaml, const char *const *sets, bool allow_sweep, struct lb_err *err)
{
	size_t n = 0;

	while (sets && n < MAX_SETS && sets[n])
		n++;
	write_config(yaml);
	return lb_config_load("a.yaml", sets, n, allow_sweep, err);
}

static inline int expand(const char *yaml, const char *const *sets, struct lb_trial_list *out, struct lb_err *err)
{
	struct lb_config *config = load(yaml, sets, true, err);
	int rc = config ? lb_config_expand(config, &registry, out, err) : -1;

	lb_config_free(config);
	return rc;
}

static inline char *canonical(const cJSON *tree)
{
	struct lb_buf text = { 0 };

	lb_json_canonical(tree, &text);
	ck_assert(!text.bad);
	return text.s;
}

#define BASE "data: {train: {path: a.csv}}\nloss: ce\n"

#endif
