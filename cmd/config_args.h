/* The configs and settings of a command that reads them: --config, which may be given several
 * times, and --set. */
#ifndef LB_CONFIG_ARGS_H
#define LB_CONFIG_ARGS_H

#include "cmd/cmd.h"

struct config_args {
	struct opt_list configs, sets;   /* filled by the options */
	const char *path;                /* the first config */
	char **made;                     /* settings that stand for the others, before those that were given */
	size_t n_made;
};

#define OPT_CONFIG(a) { "config", 'c', OPT_LIST, "FILE", 0, 0, "the experiment; of several later ones are laid over earlier ones", &(a)->configs }

/* Sets the path, and puts further configs into the settings. word is the config that was given
 * without --config, or NULL. Release with config_args_free in any case. */
int config_args_settle(struct config_args *a, const char *word, struct lb_err *err);
int config_args_set(struct config_args *a, const char *setting, struct lb_err *err); /* one more, after the others */
void config_args_free(struct config_args *a);

#endif
