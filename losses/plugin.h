/* Losses from outside the program: a shared object that `lossbench losses build mine.c` makes of a
 * file like those of losses/<kind>/. The file is the same in both places; what a plug-in has beside
 * it, the variable `lb_plugin`, is made by the build. */
#ifndef LB_PLUGIN_H
#define LB_PLUGIN_H

#include "core/base/err.h"
#include "losses/loss_info.h"

/* The version of what a plug-in and the program share: the structures of losses/loss_info.h and
 * losses/loss.h and the functions that a loss calls. It grows by one with every change after which
 * an older plug-in would go wrong. */
#define LB_PLUGIN_INTERFACE 1

/* What the program looks up in the object by this name. */
#define LB_PLUGIN_SYMBOL lb_plugin

struct lb_plugin {
	unsigned interface;      /* LB_PLUGIN_INTERFACE */
	size_t layout;           /* lb_loss_layout() of the headers that it was built with */
	const char *built_with;  /* version of lossbench, for messages */
	size_t n;                /* losses */
	const void *const *f32, *const *f64; /* (n) each a struct lb_loss of that precision */
};

/* Loads the object, which messages call `shown` (NULL: by its path), checks that it fits this
 * program, and adds its losses to the registry: to lb_losses_f32 and lb_losses_f64, lb_loss_at and
 * lb_loss_find. Each then has one more parameter,
 * `plugin`, of fixed value: the checksum of the object, so that it is in the id of a trial. An
 * object whose checksum is known already is not loaded again. *first <- the place of its first loss
 * in the registry, *n <- how many there are. For the start of a process: not thread-safe. -1 with
 * err (LB_CONFIG) where it cannot be loaded, does not fit, or has a loss of a name that the program
 * has. Losses stay for the process. */
int lb_plugin_load(const char *path, const char *shown, size_t *first, size_t *n, struct lb_err *err);

/* The checksum (64 hexadecimal digits) of the plug-in that the loss comes from; NULL: it is one of
 * the program. */
const char *lb_plugin_of(const struct lb_loss_info *info);

#endif
