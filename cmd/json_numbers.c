#include "cmd/json_numbers.h"

#include "core/base/mem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int bad_number(const char *name, size_t i, size_t j, const cJSON *e, struct lb_err *err)
{
	return lb_fail(err, LB_DATA, "%s: row %zu, column %zu: found %s, allowed: a finite number", name, i + 1, j + 1,
		       cJSON_IsNumber(e) ? "a number that is not finite" : cJSON_IsString(e) ? e->valuestring : "something else");
}

double *json_read_matrix(const cJSON *in, const char *name, size_t *rows, size_t *columns, bool *flat, struct lb_err *err)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(in, name), *row;
	const size_t b = cJSON_IsArray(list) ? (size_t)cJSON_GetArraySize(list) : 0;

	if (!b) {
		lb_fail(err, LB_DATA, "input: \"%s\" is missing or empty; expected a list of rows", name);
		return NULL;
	}
	*flat = !cJSON_IsArray(list->child);
	const size_t c = *flat ? 1 : (size_t)cJSON_GetArraySize(list->child);
	double *out = lb_alloc(b * c, sizeof *out, err);
	size_t i = 0;
	cJSON_ArrayForEach(row, list) {
		const cJSON *e = *flat ? row : row->child;
		if (!out)
			return NULL;
		if (!*flat && (!cJSON_IsArray(row) || (size_t)cJSON_GetArraySize(row) != c)) {
			lb_fail(err, LB_DATA, "%s: row %zu has not %zu %s like the first", name, i + 1, c,
				c == 1 ? "entry" : "entries");
			goto fail;
		}
		for (size_t j = 0; j < c; j++, e = e->next) {
			if (!cJSON_IsNumber(e) || !isfinite(e->valuedouble)) {
				bad_number(name, i, j, e, err);
				goto fail;
			}
			out[i * c + j] = e->valuedouble;
		}
		i++;
	}
	*rows = b;
	*columns = c;
	return out;
fail:
	free(out);
	return NULL;
}

static int bad_integer(const char *name, size_t i, double limit, const cJSON *e, struct lb_err *err)
{
	char found[LB_DOUBLE_TEXT] = "something else";

	if (cJSON_IsNumber(e))
		lb_double_text(e->valuedouble, found);
	return lb_fail(err, LB_DATA, "%s: entry %zu is not an integer from 0 to %.0f: found %s%s%s", name, i + 1, limit - 1,
		       cJSON_IsString(e) ? "the text \"" : "", cJSON_IsString(e) ? e->valuestring : found, cJSON_IsString(e) ? "\"" : "");
}

int json_read_integers(const cJSON *in, const char *name, size_t n, double limit, double *out, struct lb_err *err)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(in, name), *e;
	char found[32] = "something else";
	size_t i = 0;

	if (!cJSON_IsArray(list) || (size_t)cJSON_GetArraySize(list) != n) {
		if (!list || cJSON_IsArray(list))
			snprintf(found, sizeof found, "%d", cJSON_GetArraySize(list));
		return lb_fail(err, LB_DATA, "input: \"%s\" must be a list of %zu integer%s, one per %s; found %s", name, n, lb_s(n),
			       strcmp(name, "class_counts") ? "row" : "class", found);
	}
	cJSON_ArrayForEach(e, list) {
		if (!cJSON_IsNumber(e) || e->valuedouble < 0 || e->valuedouble >= limit || e->valuedouble != floor(e->valuedouble))
			return bad_integer(name, i, limit, e, err);
		out[i++] = e->valuedouble;
	}
	return 0;
}
