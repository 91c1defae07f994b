#include "cmd/losses.h"

#include "cmd/cmd.h"
#include "core/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* True when the blank-separated words hold this one. */
static bool has_word(const char *words, const char *word)
{
	const size_t n = strlen(word);

	for (const char *p = words; p && *p; p += strcspn(p, " "), p += strspn(p, " "))
		if (strcspn(p, " ") == n && !strncmp(p, word, n))
			return true;
	return false;
}

/* The loss that is known elsewhere by this name, or else one whose name is nearly it. */
static const char *nearest_loss(const char *name, const char *const *names)
{
	for (size_t i = 0; i < lb_loss_count(); i++)
		if (has_word(lb_loss_at(i)->base.keywords, name) || !strcmp(names[i], name))
			return names[i];
	return lb_nearest(name, names, lb_loss_count());
}

static const struct lb_loss_info *unknown(const char *name, const char *plain, struct lb_err *err)
{
	const char **names = lb_alloc(lb_loss_count(), sizeof *names, err);

	if (!names)
		return NULL;
	for (size_t i = 0; i < lb_loss_count(); i++)
		names[i] = lb_loss_at(i)->base.name;
	const char *near = nearest_loss(plain, names);
	free(names);
	lb_fail(err, LB_USAGE, "losses: no loss \"%s\"%s%s%s; `lossbench losses` lists them", name, near ? ", did you mean \"" : "",
		near ? near : "", near ? "\"" : "");
	return NULL;
}

const struct lb_loss_info *losses_find(const char *name, struct lb_err *err)
{
	const char *slash = strchr(name, '/'), *plain = slash ? slash + 1 : name;
	const struct lb_loss_info *found = NULL;

	for (size_t i = 0; i < lb_loss_count(); i++) {
		const struct lb_loss_info *l = lb_loss_at(i);
		const char *kind = lb_kind_name(l->kind);
		if (strcmp(l->base.name, plain) || (slash && (strlen(kind) != (size_t)(slash - name) || strncmp(kind, name, strlen(kind)))))
			continue;
		if (found) {
			lb_fail(err, LB_USAGE, "losses: \"%s\" is a loss of several kinds; say %s/%s or %s/%s", name,
				lb_kind_name(found->kind), plain, kind, plain);
			return NULL;
		}
		found = l;
	}
	return found ? found : unknown(name, plain, err);
}

static int print_json(struct lb_err *err)
{
	struct lb_buf b = { 0 };
	cJSON *all = losses_json(err);

	if (!all)
		return -1;
	lb_json_pretty(all, &b);
	printf("%s\n", b.s ? b.s : "");
	lb_buf_free(&b);
	cJSON_Delete(all);
	return LB_OK;
}

static int weights(const char *name, const struct opt_list *params, bool json, struct lb_err *err)
{
	struct lb_buf set = { 0 };
	const int rc = losses_join_params(params->item, params->n, &set, err) ? -1 : losses_weights(name, set.s, json, err);

	lb_buf_free(&set);
	return rc;
}

static int plot(const char *name, const struct opt_list *params, const char *out, struct lb_err *err)
{
	struct lb_buf set = { 0 };
	const int rc = losses_join_params(params->item, params->n, &set, err) ? -1 : losses_plot(name, set.s, out, err);

	lb_buf_free(&set);
	return rc;
}

/* The losses that have every one of the words, such as: binary "class imbalance", and the purpose
 * unless it is NULL. */
static int list_some(char **words, size_t n, const char *purpose, struct lb_err *err)
{
	static const char *const actions[] = { "show", "eval", "plot", "check", "build", "new" };
	bool action = false;

	if (purpose && losses_check_purpose(purpose, err))
		return -1;
	for (size_t k = 0; n && k < sizeof actions / sizeof *actions; k++)
		action |= !strcmp(words[0], actions[k]);
	const bool all = n && !strcmp(words[0], "list");
	if (!action && (losses_list(words + all, n - all, purpose) || !n))
		return LB_OK;
	if (purpose && !action)
		return lb_fail(err, LB_USAGE, "losses: no loss for \"%s\" has these words too", purpose);
	return lb_fail(err, LB_USAGE, "losses: found \"%s\", allowed: show NAME, eval NAME, plot NAME, check [NAME|FILE.yaml|FILE.so], build FILE.c, new NAME, or words that a loss has in its task, "
		       "name, title or purpose, such as: losses binary \"class imbalance\"; see lossbench losses --help", words[0]);
}

int cmd_losses(int argc, char **argv, struct lb_err *err)
{
	struct opt_list params = { 0 };
	const char *precision = "float64", *input = "-", *out = NULL, *task = NULL, *purpose = NULL;
	bool json = false, markdown = false, weigh = false;
	const struct opt opts[] = {
		{ "json", 0, OPT_FLAG, NULL, 0, 0, "the list, or the weights, as JSON", &json },
		{ "for", 0, OPT_TEXT, "PURPOSE", 0, 0, "those for it, such as \"label noise\" or outliers", &purpose },
		{ "markdown", 0, OPT_FLAG, NULL, 0, 0, "the catalogue page losses/README.md", &markdown },
		{ "weights", 0, OPT_FLAG, NULL, 0, 0, "show: how a loss of pairs weighs a pair as its cosine moves", &weigh },
		{ "param", 'p', OPT_LIST, "NAME=VALUE", 0, 0, "eval, plot, show: a parameter of the loss; repeatable; a list as [1,2]", &params },
		{ "precision", 0, OPT_TEXT, "float32|float64", 0, 0, "eval: precision to compute in (float64)", &precision },
		{ "out", 'o', OPT_TEXT, "FILE", 0, 0, "plot: FILE.svg (stdout); new: FILE.loss.yaml or FILE.c; build: FILE.so", &out },
		{ "task", 0, OPT_TEXT, "TASK", 0, 0, "new: multiclass (default), binary or regression", &task },
		{ "input", 'i', OPT_TEXT, "FILE|-", 0, 0, "eval: the JSON object; - is stdin (the default)", &input },
	};
	size_t n;

	const int rc = opts_parse("losses", OPTS(opts), argc, argv, &n, err);
	if (rc)
		return rc > 0 ? LB_OK : LB_USAGE;
	int code = LB_OK;
	if (n == 0 && json)
		code = print_json(err);
	else if (n == 0 && markdown)
		code = losses_markdown(err);
	else if (n == 0)
		code = list_some(NULL, 0, purpose, err);
	else if (!strcmp(argv[1], "show") && n == 2 && weigh)
		code = weights(argv[2], &params, json, err);
	else if (weigh)
		code = lb_fail(err, LB_USAGE, "losses: found --weights without show NAME, allowed: lossbench losses show NAME --weights");
	else if (!strcmp(argv[1], "show") && n == 2)
		code = losses_show_all(argv[2], err);
	else if (!strcmp(argv[1], "eval") && n == 2)
		code = losses_eval(argv[2], params.item, params.n, precision, input, err);
	else if (!strcmp(argv[1], "plot") && n == 2)
		code = plot(argv[2], &params, out, err);
	else if (!strcmp(argv[1], "check") && n <= 2)
		code = losses_check(n == 2 ? argv[2] : NULL, err);
	else if (!strcmp(argv[1], "build") && n == 2)
		code = losses_build(argv[2], out, err);
	else if (!strcmp(argv[1], "new") && n == 2)
		code = losses_new(argv[2], task, out, err);
	else
		code = list_some(argv + 1, n, purpose, err);
	free(params.item);
	return code;
}
