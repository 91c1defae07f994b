/* Overrides: each line of the input is one --set. */
#include "core/config/config.h"
#include "core/run/components.h"
#include "tests/fuzz/fuzz.h"

enum { MOST = 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *set[MOST];
	size_t n_sets = 0;
	struct lb_err err = { 0 };
	struct lb_trial_list trials = { 0 };
	struct lb_registry registries = lb_registries;
	char *text = malloc(n + 1);

	registries.most_trials = FUZZ_TRIALS;
	FUZZ_CHECK(text);
	memcpy(text, data, n);
	text[n] = '\0';
	for (char *line = strtok(text, "\n"); line && n_sets < MOST; line = strtok(NULL, "\n"))
		set[n_sets++] = line;
	struct lb_config *config = lb_config_load(NULL, set, n_sets, true, &err);
	if (!config || lb_config_expand(config, &registries, &trials, &err))
		fuzz_check_error(&err, err.code == LB_USAGE ? LB_USAGE : LB_CONFIG, LB_MACHINE);
	else
		FUZZ_CHECK(trials.n > 0);
	lb_trial_list_free(&trials);
	lb_config_free(config);
	free(text);
	return 0;
}
