/* Time. */
#ifndef LB_CLOCK_H
#define LB_CLOCK_H

#include <stddef.h>

/* Seconds of a clock that never jumps. */
double lb_seconds(void);

/* Now in UTC as ISO 8601 (2026-11-22T01:02:03Z) into out. */
void lb_utc_now(char *out, size_t size);

#endif
