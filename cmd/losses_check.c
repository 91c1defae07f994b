/* `losses check`: all that the tests hold against the program's losses, held against any: one of
 * the program, by its formula in a file, or of a plug-in. A line a cause, with what to change. */
#include "cmd/cmd.h"
#include "cmd/losses.h"
#include "losses/check.h"

#include <stdio.h>
#include <string.h>

static void print(struct lb_buf *text)
{
	printf("%s", text->s ? text->s : "");
	lb_buf_free(text);
}

void losses_print_findings(const struct lb_loss_info *info, const struct lb_findings *f)
{
	struct lb_buf text = { 0 };
	char full[96];
	const int n = lb_findings_checks(f);

	snprintf(full, sizeof full, "%s/%s", lb_kind_name(info->kind), info->base.name);
	if (!lb_loss_is_ours(info))
		lb_buf_printf(&text, "%s: %s\n", full, info->base.formula);
	lb_buf_printf(&text, "%-28s %5d check%s, %d failed\n", full, n, lb_s((size_t)n), lb_findings_failed(f));
	lb_findings_write(f, &text);
	print(&text);
}

int losses_print_tally(const struct lb_findings *all)
{
	struct lb_buf text = { 0 };
	const int failed = lb_findings_failed(all);

	lb_buf_printf(&text, "%d passed, %d failed: ", lb_findings_checks(all) - failed, failed);
	lb_findings_tally(all, &text);
	lb_buf_puts(&text, "\n");
	print(&text);
	return failed ? LB_TRIALS : LB_OK;
}

/* Adds up what was checked. */
static void add(struct lb_findings *all, const struct lb_findings *f)
{
	for (int p = 0; p < LB_N_PARTS; p++) {
		all->n[p] += f->n[p];
		all->failed[p] += f->failed[p];
	}
}

static int check_one(const struct lb_loss_info *info, struct lb_findings *all, struct lb_err *err)
{
	struct lb_findings f = { 0 };
	const int rc = lb_check_loss(info, &f, err);

	if (!rc) {
		losses_print_findings(info, &f);
		add(all, &f);
	}
	lb_findings_free(&f);
	return rc;
}

int losses_check_registered(size_t first, size_t n, const char *name, struct lb_err *err)
{
	struct lb_findings all = { 0 };

	for (size_t i = first; i < first + n; i++) {
		const struct lb_loss_info *info = lb_loss_at(i);
		char full[96];
		snprintf(full, sizeof full, "%s/%s", lb_kind_name(info->kind), info->base.name);
		if (name && strcmp(name, full) && strcmp(name, info->base.name))
			continue;
		if (check_one(info, &all, err))
			return -1;
	}
	return losses_print_tally(&all);
}

/* Whether it is the path of a file, such as mine.loss.yaml or mine.so, and not a name. */
static bool is_file(const char *name)
{
	const size_t n = strlen(name);

	return n > 5 && (!strcmp(name + n - 5, ".yaml") || !strcmp(name + n - 4, ".yml") || !strcmp(name + n - 3, ".so"));
}

int losses_check(const char *name, struct lb_err *err)
{
	if (name && is_file(name))
		return losses_check_file(name, err);
	/* A name that several kinds have means all of them. */
	if (name && !losses_find(name, err) && (strchr(name, '/') || !strstr(err->text, "several")))
		return -1;
	err->code = LB_OK;
	return losses_check_registered(0, lb_loss_count(), name, err);
}
