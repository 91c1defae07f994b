#include "core/base/err.h"

#include "core/base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Writes the message at text[0..size). */
static void put(char *text, size_t size, const char *fmt, va_list ap)
{
	char raw[sizeof ((struct lb_err *)NULL)->text];

	vsnprintf(raw, sizeof raw, fmt, ap);
	lb_visible(text, size, raw);
}

int lb_fail(struct lb_err *err, enum lb_code code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return -1;
	err->code = code;
	err->memory = false;
	va_start(ap, fmt);
	put(err->text, sizeof err->text, fmt, ap);
	va_end(ap);
	return -1;
}

int lb_fail_more(struct lb_err *err, enum lb_code code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return -1;
	size_t used = err->code == LB_OK ? 0 : strlen(err->text);
	if (used > 0 && used + 1 < sizeof err->text)
		err->text[used++] = '\n';
	err->code = code;
	err->memory = false;
	va_start(ap, fmt);
	put(err->text + used, sizeof err->text - used, fmt, ap);
	va_end(ap);
	return -1;
}

int lb_fail_memory(struct lb_err *err, unsigned long long bytes)
{
	lb_fail(err, LB_MACHINE, "out of memory: could not allocate %llu bytes; use fewer rows or features, or --jobs 1", bytes);
	if (err)
		err->memory = true;
	return -1;
}
