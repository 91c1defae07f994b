#include "core/base/stop.h"

#include <string.h>

volatile sig_atomic_t lb_stop_requested;

static void on_signal(int number)
{
	lb_stop_requested = number;
}

static void on_alarm(int number)
{
	(void)number;
}

void lb_stop_on_signals(void)
{
	struct sigaction sa;

	memset(&sa, 0, sizeof sa);
	sa.sa_handler = on_signal;
	sa.sa_flags = (int)SA_RESETHAND;
	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sa.sa_handler = on_alarm;
	sa.sa_flags = 0;
	sigaction(SIGALRM, &sa, NULL);
}
