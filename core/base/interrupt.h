/* A request to stop, set by a signal handler and looked at by long loops. */
#ifndef LB_INTERRUPT_H
#define LB_INTERRUPT_H

#include <signal.h>

extern volatile sig_atomic_t lb_stop_requested; /* the signal's number, or 0 */

/* SIGINT and SIGTERM set the flag; a second one ends the process at once. SIGALRM does nothing but
 * end a wait. */
void lb_stop_on_signals(void);

/* In a worker process: every signal is a request only. A terminal's signal and its parent's may
 * both come, and the second must not end it while it writes; its parent ends it, if it must be, by
 * ending itself. */
void lb_stop_in_worker(void);

#endif
