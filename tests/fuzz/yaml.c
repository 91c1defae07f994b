/* A config from its bytes to resolved trials; few of them, each takes its time. */
#include "core/config/config.h"
#include "core/run/components.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct lb_err err = { 0 };
	struct lb_trial_list trials = { 0 };
	struct lb_registry registries = lb_registries;
	registries.most_trials = FUZZ_TRIALS;
	struct lb_config *config = lb_config_load(fuzz_file(data, n), NULL, 0, true, &err);

	if (!config || lb_config_expand(config, &registries, &trials, &err))
		fuzz_check_error(&err, LB_CONFIG, LB_MACHINE);
	else
		FUZZ_CHECK(trials.n > 0);
	lb_trial_list_free(&trials);
	lb_config_free(config);
	return 0;
}
