#include "core/base/clock.h"

#include <time.h>

double lb_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void lb_utc_now(char *out, size_t size)
{
	struct tm tm;
	const time_t now = time(NULL);

	gmtime_r(&now, &tm);
	strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", &tm);
}
