#include "cmd/losses.h"

#include "core/base/mem.h"
#include "core/base/text.h"

#include <stdlib.h>
#include <string.h>

/* The k-th of the comma-separated purposes of a loss and its length, or NULL. */
static const char *purpose_at(const struct lb_loss_info *l, size_t k, size_t *length)
{
	const char *p = l->good_for;

	for (; k && *(p += strcspn(p, ",")); k--)
		p += 1 + strspn(p + 1, " ");
	*length = strcspn(p, ",");
	return *length ? p : NULL;
}

bool losses_is_for(const struct lb_loss_info *l, const char *purpose)
{
	const char *p;
	size_t n;

	for (size_t k = 0; (p = purpose_at(l, k, &n)); k++)
		if (strlen(purpose) == n && !strncasecmp(p, purpose, n))
			return true;
	return false;
}

void losses_purposes_free(char **purposes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(purposes[i]);
	free(purposes);
}

static bool add_purpose(char ***purposes, size_t *n, size_t *cap, const char *p, size_t length, struct lb_err *err)
{
	for (size_t i = 0; i < *n; i++)
		if (strlen((*purposes)[i]) == length && !strncmp((*purposes)[i], p, length))
			return true;
	if (lb_grow(purposes, cap, *n + 1, sizeof **purposes, err) || !((*purposes)[*n] = lb_strfmt(err, "%.*s", (int)length, p)))
		return false;
	++*n;
	return true;
}

char **losses_purposes(size_t *n, struct lb_err *err)
{
	char **purposes = NULL;
	const char *p;
	size_t cap = 0, length;

	*n = 0;
	for (size_t i = 0; i < lb_loss_count(); i++)
		for (size_t k = 0; (p = purpose_at(lb_loss_at(i), k, &length)); k++)
			if (!add_purpose(&purposes, n, &cap, p, length, err)) {
				losses_purposes_free(purposes, *n);
				return NULL;
			}
	return purposes;
}

int losses_check_purpose(const char *purpose, struct lb_err *err)
{
	struct lb_buf list = { 0 };
	size_t n;
	char **purposes = losses_purposes(&n, err);
	bool known = false;

	if (!purposes)
		return -1;
	for (size_t i = 0; i < n; i++) {
		known |= !strcasecmp(purposes[i], purpose);
		lb_buf_printf(&list, "%s%s", i ? ", " : "", purposes[i]);
	}
	const char *near = lb_nearest(purpose, (const char *const *)purposes, n);
	int rc = 0;
	if (list.bad)
		rc = lb_fail_memory(err, list.n);
	else if (!known && near)
		rc = lb_fail(err, LB_USAGE, "losses: --for: found \"%s\", did you mean \"%s\"? losses/README.md lists all purposes", purpose, near);
	else if (!known)
		rc = lb_fail(err, LB_USAGE, "losses: --for: found \"%s\", allowed: %s", purpose, list.s);
	lb_buf_free(&list);
	losses_purposes_free(purposes, n);
	return rc;
}
