#include "core/base/log.h"

#include "core/base/clock.h"
#include "core/base/text.h"
#include "core/base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char clear_line[] = "\r\033[K";
static const double redraw_seconds = 0.1, plain_seconds = 5;

static bool silent;
static bool line_open; /* the terminal shows a progress line without a line end */

void lb_log_quiet(bool quiet)
{
	silent = quiet;
}

/* One write a line, so that lines of several processes do not mix. */
static void put_line(const char *before, const char *fmt, va_list ap)
{
	char raw[8300], line[sizeof raw];
	size_t n;

	if (silent)
		return;
	n = (size_t)snprintf(line, sizeof line, "%s%s", line_open ? clear_line : "", before);
	vsnprintf(raw, sizeof raw, fmt, ap);
	lb_visible(line + n, sizeof line - n - 1, raw);
	n = strlen(line);
	line[n] = '\n';
	fwrite(line, 1, n + 1, stderr);
	line_open = false;
}

void lb_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_line("lossbench: warning: ", fmt, ap);
	va_end(ap);
}

void lb_note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_line("", fmt, ap);
	va_end(ap);
}

static bool may_rewrite(void)
{
	const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");

	return isatty(STDERR_FILENO) && term && strcmp(term, "dumb") && !(no_color && *no_color);
}

static size_t terminal_width(void)
{
	struct winsize size = { 0 };

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void lb_time_text(double seconds, char *buf, size_t size)
{
	const unsigned long s = !(seconds > 0) ? 0 : seconds < 1e9 ? (unsigned long)(seconds + 0.5) : 1000000000;

	if (s < 3600)
		snprintf(buf, size, "%lu:%02lu", s / 60, s % 60);
	else
		snprintf(buf, size, "%lu:%02lu:%02lu", s / 3600, s / 60 % 60, s % 60);
}

static void rate_text(double rate, char *buf, size_t size)
{
	if (rate >= 0.1)
		snprintf(buf, size, "%.*f/s", rate < 10 ? 1 : 0, rate);
	else
		snprintf(buf, size, "%.1f/min", 60 * rate);
}

/* Bytes of s that fill at most `width` columns, a character never cut. */
static int cut(const char *s, size_t width)
{
	int n = 0;

	for (; s[n]; n++)
		if (((unsigned char)s[n] & 0xC0) != 0x80 && width-- == 0)
			break;
	return n;
}

static void show(const struct lb_progress *p, double now, const char *what)
{
	const double rate = (double)(p->done - p->before) / (now > p->start ? now - p->start : 1e-9);
	const size_t width = p->rewrite ? terminal_width() - 1 : 200;
	char head[64], tail[96], rate_s[32], eta[32], name[1024];

	rate_text(rate, rate_s, sizeof rate_s);
	lb_time_text((double)(p->total > p->done ? p->total - p->done : 0) / rate, eta, sizeof eta);
	lb_visible(name, sizeof name, what);
	snprintf(head, sizeof head, "[%zu/%zu] ", p->done, p->total);
	snprintf(tail, sizeof tail, "  %s  eta %s", rate_s, eta);
	const size_t fixed = strlen(head) + strlen(tail), room = width > fixed ? width - fixed : 0;
	fprintf(stderr, "%s%s%.*s%.*s%s", p->rewrite ? clear_line : "", head, cut(name, room), name,
		width >= fixed ? (int)strlen(tail) : 0, tail, p->rewrite ? "" : "\n");
	line_open = p->rewrite;
}

void lb_progress_start(struct lb_progress *p, size_t total, size_t before)
{
	*p = (struct lb_progress){ .total = total, .before = before, .done = before, .rewrite = may_rewrite() };
	p->start = p->shown = lb_seconds();
}

void lb_progress_step(struct lb_progress *p, const char *what)
{
	const double now = lb_seconds(), pause = p->rewrite ? redraw_seconds : plain_seconds;

	p->done++;
	if (silent || (now - p->shown < pause && !(p->rewrite && p->done == p->total)))
		return;
	p->shown = now;
	show(p, now, what);
}

void lb_progress_end(struct lb_progress *p)
{
	char took[32];

	lb_time_text(lb_seconds() - p->start, took, sizeof took);
	lb_note("[%zu/%zu] %s %s", p->done, p->total, p->done < p->total ? "stopped after" : "done in", took);
}
