#include "datasets/io/missing_markers.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#include <stdlib.h>
#include <string.h>

static const char *const usual[] = { "NA", "N/A", "n/a", "#N/A", "#NA", "<NA>", "NaN", "nan", "-NaN", "-nan", "NaT", "null", "NULL", "None" };

int lb_markers_make(const struct cJSON *list, struct lb_markers *out, struct lb_err *err)
{
	const size_t n = list ? (size_t)cJSON_GetArraySize(list) : 0;
	const cJSON *e;

	*out = (struct lb_markers){ .own = list != NULL };
	if (!n)
		return 0;
	if (!(out->text = lb_alloc(n, sizeof *out->text, err)) || !(out->number = lb_alloc(n, sizeof *out->number, err))) {
		lb_markers_free(out);
		return -1;
	}
	cJSON_ArrayForEach(e, list) {
		const char *text = cJSON_GetStringValue(e);
		if (text && lb_parse_double(text, strlen(text), &out->number[out->n_numbers]))
			out->n_numbers++;
		else if (text)
			out->text[out->n_texts++] = text;
	}
	return 0;
}

void lb_markers_free(struct lb_markers *m)
{
	free(m->text);
	free(m->number);
	*m = (struct lb_markers){ 0 };
}

/* Returns true if the n >= 1 bytes are one of the texts. */
static bool is_one_of(const char *const *text, size_t count, const char *s, size_t n)
{
	for (size_t i = 0; i < count; i++)
		if (*text[i] == *s && strlen(text[i]) == n && !memcmp(text[i], s, n))
			return true;
	return false;
}

enum lb_marker lb_marker_text(const struct lb_markers *m, const char *s, size_t n)
{
	if (!n)
		return LB_MARKER;
	if (m->own)
		return is_one_of(m->text, m->n_texts, s, n) ? LB_MARKER : LB_NO_MARKER;
	if (n == 1)
		return *s == '?' ? LB_MARKER : *s == '-' || *s == '.' ? LB_MARKER_OF_NUMBERS : LB_NO_MARKER;
	return n <= 4 && is_one_of(usual, sizeof usual / sizeof *usual, s, n) ? LB_MARKER : LB_NO_MARKER;
}

bool lb_marker_number(const struct lb_markers *m, double v)
{
	for (size_t i = 0; i < m->n_numbers; i++)
		if (m->number[i] == v)
			return true;
	return false;
}
