/* What a user is told on stderr while the program works. Everything here is silent after
 * lb_log_quiet(true). */
#ifndef LB_LOG_H
#define LB_LOG_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>

void lb_log_quiet(bool quiet);

/* One line, "lossbench: warning: ..." and as it is; the line end is added. */
void lb_warn(const char *fmt, ...) LB_PRINTF(1, 2);
void lb_note(const char *fmt, ...) LB_PRINTF(1, 2);

/* "1:40" or "2:01:40". */
void lb_time_text(double seconds, char *buf, size_t size);

/* "[12/36] gce seed 3  4.1/s  eta 1:40": one line that is rewritten where stderr is a terminal
 * (unless TERM=dumb or NO_COLOR is set), else a plain line at most every five seconds and at the
 * end. `before` of the total were done by an earlier run and do not count in the rate. */
struct lb_progress {
	size_t total, before, done;
	double start, shown;     /* seconds by the monotonic clock */
	bool rewrite;
};

void lb_progress_start(struct lb_progress *p, size_t total, size_t before);
/* One more is done; `what` names it. */
void lb_progress_step(struct lb_progress *p, const char *what);
void lb_progress_end(struct lb_progress *p);

#endif
