#include "core/base/interrupt.h"

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

static void catch(int flags)
{
	struct sigaction sa;

	memset(&sa, 0, sizeof sa);
	sa.sa_handler = on_signal;
	sa.sa_flags = flags;
	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
}

void lb_stop_on_signals(void)
{
	struct sigaction sa;

	catch((int)SA_RESETHAND);
	memset(&sa, 0, sizeof sa);
	sa.sa_handler = on_alarm;
	sigemptyset(&sa.sa_mask);
	sigaction(SIGALRM, &sa, NULL);
}

void lb_stop_in_worker(void)
{
	catch(0);
}
