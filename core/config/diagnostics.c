#include "core/config/diagnostics.h"

#include "core/base/mem.h"
#include "core/base/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_KEPT = 500 };

bool lb_diagnostics_full(const struct lb_diagnostics *f)
{
	return f->n >= MOST_KEPT;
}

static bool known(const struct lb_diagnostics *f, const struct lb_diagnostic *diagnostic)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->item[i].line == diagnostic->line && f->item[i].column == diagnostic->column && !strcmp(f->item[i].text, diagnostic->text))
			return true;
	return false;
}

static void put_place(struct lb_buf *text, const struct lb_location *location)
{
	lb_buf_visible(text, location->file);
	if (location->line)
		lb_buf_printf(text, ":%zu:%zu", location->line, location->column);
	lb_buf_puts(text, ": ");
}

/* Takes the text. */
static void add(struct lb_diagnostics *f, const struct lb_diagnostic *diagnostic)
{
	if (!diagnostic->text || lb_grow(&f->item, &f->cap, f->n + 1, sizeof *f->item, NULL)) {
		f->bad = true;
		free(diagnostic->text);
	} else
		f->item[f->n++] = *diagnostic;
}

static bool yaml_is_wrong_at(const struct lb_diagnostics *f, size_t line, size_t column)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->item[i].yaml && f->item[i].line == line && f->item[i].column == column)
			return true;
	return false;
}

/* The bytes of a text as messages show it. */
static size_t visible_length(const char *text)
{
	struct lb_buf b = { 0 };

	lb_buf_visible(&b, text);
	const size_t n = b.n;
	lb_buf_free(&b);
	return n;
}

void lb_diagnostics_of_yaml(struct lb_diagnostics *f, const char *file, const char *mistakes)
{
	const size_t place = visible_length(file);

	while (mistakes && *mistakes) {
		const size_t n = strcspn(mistakes, "\n");
		struct lb_diagnostic diagnostic = { .order = f->n, .yaml = true, .text = lb_strndup(mistakes, n, NULL) };
		if (!diagnostic.text || strlen(diagnostic.text) < place || sscanf(diagnostic.text + place, ":%zu:%zu", &diagnostic.line, &diagnostic.column) != 2)
			diagnostic.line = diagnostic.column = 0;
		add(f, &diagnostic);
		mistakes += n + (mistakes[n] == '\n');
	}
}

void lb_diagnostic(struct lb_diagnostics *f, const struct lb_location *location, const char *path, const char *fmt, ...)
{
	/* What --set brought has no line: it comes last. */
	const bool in_set = !strncmp(location->file, "--set ", 6);
	struct lb_diagnostic diagnostic = { .line = in_set ? SIZE_MAX : location->line, .column = location->column, .order = f->n };
	struct lb_buf text = { 0 };
	char message[1024];
	va_list ap;

	if (lb_diagnostics_full(f)) {
		f->more++;
		return;
	}
	va_start(ap, fmt);
	vsnprintf(message, sizeof message, fmt, ap);
	va_end(ap);
	put_place(&text, location);
	lb_buf_visible(&text, path);
	lb_buf_puts(&text, ": ");
	lb_buf_visible(&text, message);
	diagnostic.text = text.s;
	if (text.bad)
		f->bad = true;
	else if (!known(f, &diagnostic) && !yaml_is_wrong_at(f, diagnostic.line, diagnostic.column)) {
		add(f, &diagnostic);
		return;
	}
	lb_buf_free(&text);
}

void lb_diagnostics_copy(struct lb_diagnostics *f, const struct lb_diagnostic *diagnostic)
{
	struct lb_diagnostic copy = *diagnostic;

	if (lb_diagnostics_full(f)) {
		f->more++;
		return;
	}
	if (known(f, diagnostic) || yaml_is_wrong_at(f, diagnostic->line, diagnostic->column))
		return;
	copy.order = f->n;
	copy.text = lb_strdup(diagnostic->text, NULL);
	add(f, &copy);
}

static int by_place(const void *a, const void *b)
{
	const struct lb_diagnostic *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->column != y->column)
		return x->column < y->column ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

int lb_diagnostics_report(struct lb_diagnostics *f, struct lb_err *err)
{
	size_t used = 0;

	if (f->bad)
		return lb_fail_memory(err, sizeof *f->item);
	if (!f->n)
		return 0;
	qsort(f->item, f->n, sizeof *f->item, by_place);
	for (size_t i = 0; i < f->n; i++) {
		used += strlen(f->item[i].text) + 1;
		if (err && i > 0 && used + 40 > sizeof err->text)
			return lb_fail_more(err, LB_CONFIG, "and %zu more", f->n - i + f->more);
		lb_fail_more(err, LB_CONFIG, "%s", f->item[i].text);
	}
	if (f->more)
		lb_fail_more(err, LB_CONFIG, "and %zu more", f->more);
	return -1;
}

void lb_diagnostics_free(struct lb_diagnostics *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->item[i].text);
	free(f->item);
	*f = (struct lb_diagnostics){ 0 };
}
