/* Threads of one training: a team that runs the same function on each, over and over. What they
 * compute is cut so that every number is made whole by one thread, in the order it always has: the
 * bytes do not depend on how many there are. */
#ifndef LB_THREAD_TEAM_H
#define LB_THREAD_TEAM_H

#include "core/base/err.h"

#include <stddef.h>

struct lb_team;

/* A team of `threads` threads, the caller one of them; threads 1 or less gives NULL in *team, which
 * every function here takes for a team of the caller alone. 0, or -1 with err. The caller's thread
 * alone may use the team. */
int lb_team_new(size_t threads, struct lb_team **team, struct lb_err *err);
void lb_team_free(struct lb_team *team);

size_t lb_team_size(const struct lb_team *team);

/* Calls part(arg, i, size) for i = 0 .. size - 1, at the same time, and returns when all are
 * done. */
void lb_team_run(struct lb_team *team, void (*part)(void *arg, size_t i, size_t size), void *arg);

/* Calls piece(arg, k) once for each k = 0 .. n - 1 on whichever thread is free, and returns when
 * all are done. Each thread begins with its own share of them, the same every time, and then helps
 * the others: a core that the machine gives to somebody else holds nobody up. */
void lb_team_pieces(struct lb_team *team, size_t n, void (*piece)(void *arg, size_t k), void *arg);

/* The share of n things that part i of `size` takes: *start up to the returned end. Shares begin at
 * multiples of `grain`. */
size_t lb_team_share(size_t n, size_t grain, size_t i, size_t size, size_t *start);

#endif
