/* `losses check mine.loss.yaml` and `losses check mine.so`: what the suite holds against a loss of
 * the program, against one by its formula in a file or those of a plug-in: gradient, extremes, both
 * precisions, claims, examples. */
#include "cmd/losses.h"

#include "cmd/cmd.h"
#include "core/base/text.h"
#include "core/config/yaml_overlay.h"
#include "core/run/formula_block.h"
#include "losses/claims.h"
#include "losses/eval.h"
#include "losses/plugin.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CELLS = 400, MOST_ROWS = 100, SHOWN = 3, MOST_PARAMS = 32 };

/* The kinds of lines in the report of lb_loss_check, and what they mean to who wrote the
 * loss. */
static const struct {
	const char *mark, *says;
} kinds[] = {
	{ ": gradient: ", "the value loses digits, so that its slope is not the gradient" },
	{ ": finite: ", "infinite, or no number, at scores where the program asks for a number" },
	{ ": float32 value: ", "the value loses digits in float32" },
	{ ": float32 gradient: ", "the gradient loses digits in float32" },
	{ "claim ", "claims that do not hold" },
	{ "example ", "examples that do not come out" },
};

/* The lines of one kind: how many, and the first of them. */
static void print_kind(const char *report, size_t kind)
{
	int n = 0;

	for (int pass = 0; pass < 2; pass++) {
		int shown = 0;
		for (const char *line = report, *end; (end = strchr(line, '\n')); line = end + 1) {
			const char *mark = strstr(line, kinds[kind].mark);
			if (strncmp(line, "failed: ", 8) || !mark || mark > end)
				continue;
			if (!pass)
				n++;
			else if (shown++ < SHOWN)
				printf("    %.*s\n", (int)(end - line) - 8, line + 8);
		}
		if (!pass && n)
			printf("  %s (%d):\n", kinds[kind].says, n);
		if (pass && n > SHOWN)
			printf("    and %d more\n", n - SHOWN);
	}
}

/* ---- examples ---- */

struct example {
	double z[MOST_CELLS], t[MOST_CELLS], value;
	int32_t y[MOST_ROWS];
	size_t b, c, n_z, n_t, n_y;
	bool has_value;
};

static int wrong(const struct lb_node *at, const char *what, struct lb_err *err)
{
	char found[LB_FOUND_TEXT];

	return lb_fail(err, LB_CONFIG, "%s:%zu:%zu: examples: found %s, allowed: %s", at->location.file, at->location.line, at->location.column,
		       lb_node_found(at, found), what);
}

/* A list of numbers, or of rows of them; *columns <- those of a row. */
static int read_numbers(const struct lb_node *list, size_t most, double *out, size_t *n, size_t *columns, struct lb_err *err)
{
	*n = 0;
	for (size_t i = 0; list->type == LB_SEQUENCE && i < list->n; i++) {
		const struct lb_node *row = list->item[i];
		const size_t cells = row->type == LB_SEQUENCE ? row->n : 1;
		if ((i && cells != *columns) || !cells)
			return wrong(row, "rows of as many numbers as the first", err);
		*columns = cells;
		for (size_t k = 0; k < cells; k++) {
			const struct lb_node *cell = row->type == LB_SEQUENCE ? row->item[k] : row;
			if (*n == most || cell->type != LB_SCALAR || !lb_parse_double(cell->text, strlen(cell->text), &out[*n]))
				return wrong(cell, "a number, and not more than 400 of them", err);
			++*n;
		}
	}
	return *n ? 0 : wrong(list, "a list of numbers, or of rows of them", err);
}

static int read_labels(const struct lb_node *list, struct example *e, struct lb_err *err)
{
	double y[MOST_ROWS];
	size_t columns = 1;

	if (read_numbers(list, MOST_ROWS, y, &e->n_y, &columns, err))
		return -1;
	for (size_t i = 0; i < e->n_y; i++) {
		if (!(y[i] >= 0 && y[i] < 1e6) || y[i] > floor(y[i]) || columns != 1)
			return wrong(list, "labels from 0, one a row", err);
		e->y[i] = (int32_t)y[i];
	}
	return 0;
}

/* Whether the shapes fit together, and to the task. */
static int check_shapes(const struct lb_loss_info *info, const struct lb_node *node, struct example *e, struct lb_err *err)
{
	const bool labels = lb_kind_of_labels(info->kind);
	const size_t classes = info->kind == LB_BINARY ? 2 : e->c;

	e->b = e->c ? e->n_z / e->c : 0;
	for (size_t i = 0; i < e->n_y && labels; i++)
		if ((size_t)e->y[i] >= classes)
			return wrong(node, "labels below the number of classes", err);
	if (!e->has_value || !e->n_z || e->b > MOST_ROWS || (info->kind == LB_BINARY && e->c != 1) || (info->kind == LB_MULTICLASS && e->c < 2))
		return wrong(node, "{z: scores, y: labels (or t: targets), value: the mean loss}", err);
	if (labels ? e->n_y != e->b : e->n_t != e->n_z)
		return wrong(node, labels ? "y with a label for each row of z" : "t with a number for each of z", err);
	return 0;
}

static int read_example(const struct lb_loss_info *info, const struct lb_node *node, struct example *e, struct lb_arg *par, struct lb_err *err)
{
	size_t columns = 1;

	*e = (struct example){ 0 };
	for (size_t i = 0; node->type == LB_MAPPING && i < node->n; i++) {
		const char *key = node->key[i]->text;
		const struct lb_node *value = node->item[i];
		const struct lb_param *p = lb_info_param(&info->base, key);
		double *number = !strcmp(key, "value") ? &e->value : p && p->type == LB_REAL_PARAM ? &par[p - info->base.params].v : NULL;
		if (number && (value->type != LB_SCALAR || !lb_parse_double(value->text, strlen(value->text), number)))
			return wrong(value, "a number", err);
		e->has_value |= number == &e->value;
		if (number)
			continue;
		if (!strcmp(key, "z") ? read_numbers(value, MOST_CELLS, e->z, &e->n_z, &e->c, err) :
		    !strcmp(key, "t") ? read_numbers(value, MOST_CELLS, e->t, &e->n_t, &columns, err) :
		    !strcmp(key, "y") ? read_labels(value, e, err) : wrong(node->key[i], "z, y, t, value and parameters of the formula", err))
			return -1;
	}
	return check_shapes(info, node, e, err);
}

/* Runs the examples of the file; returns how many do not come out, to 1e-9. */
static int check_examples(const struct lb_loss_info *info, const struct lb_node *tree, const struct lb_arg *defaults, struct lb_buf *report, int *n_checks,
			  struct lb_err *err)
{
	const struct lb_node *list = lb_node_get(tree, "examples");
	struct lb_arg par[MOST_PARAMS];
	struct example e;
	double value;
	int failed = 0;

	if (list && list->type != LB_SEQUENCE)
		return wrong(list, "a list of {z: scores, y: labels (or t: targets), value: the mean loss}", err);
	for (size_t i = 0; list && i < list->n; i++) {
		memcpy(par, defaults, (size_t)info->base.n_params * sizeof *par);
		if (read_example(info, list->item[i], &e, par, err))
			return -1;
		const struct lb_loss_input in = { .b = e.b, .c = e.c, .z = e.z, .y = e.n_y ? e.y : NULL, .t = e.n_t ? e.t : NULL, .par = par };
		if (lb_loss_eval(info, 64, &in, &value, NULL, err))
			return -1;
		++*n_checks;
		if (fabs(value - e.value) <= 1e-9 * fmax(fabs(e.value), 1e-3))
			continue;
		failed++;
		lb_buf_printf(report, "failed: example %zu: the loss is %.12g, the file says %.12g\n", i + 1, value, e.value);
	}
	return failed;
}

/* ---- the file ---- */

static const struct lb_loss_info *read_file(const char *path, const struct lb_node **tree, struct lb_err *err)
{
	struct lb_diagnostics diagnostics = { 0 };
	const struct lb_loss_info *info = lb_formula_of_file(path, tree, &diagnostics, err);

	if (!info && diagnostics.n)
		lb_diagnostics_report(&diagnostics, err);
	lb_diagnostics_free(&diagnostics);
	for (int i = 0; info && i < info->base.n_params; i++)
		if (info->base.params[i].required) {
			lb_fail(err, LB_CONFIG, "%s: params.%s: found no default, at which the loss is checked; allowed: params: {%s: {default: 1}}", path,
				info->base.params[i].name, info->base.params[i].name);
			return NULL;
		}
	return info;
}

/* Prints what was found against a loss, and the tally; an exit status. */
static int print_findings(const struct lb_loss_info *info, const char *report, const int failed[3], const int n[3])
{
	const int all = failed[0] + failed[1] + failed[2];

	printf("%s/%s: %s\n", lb_kind_name(info->kind), info->base.name, info->base.formula);
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
		print_kind(report, k);
	printf("%d passed, %d failed: gradient, extremes and precisions %d, claims %d, examples %d\n", n[0] + n[1] + n[2] - all, all, n[0], n[1], n[2]);
	return all ? LB_TRIALS : LB_OK;
}

/* Of a formula's file, whose examples stand in the tree, or of a plug-in (NULL). */
static int check_loss(const struct lb_loss_info *info, const struct lb_node *tree, struct lb_err *err)
{
	struct lb_arg_store store = { 0 };
	struct lb_arg par[MOST_PARAMS];
	struct lb_buf report = { 0 };
	int failed[3] = { -1, 0, -1 }, n[3] = { 0 };

	if (info->base.n_params > MOST_PARAMS)
		return lb_fail(err, LB_CONFIG, "%s: found %d parameters, allowed: at most %d", info->base.name, info->base.n_params, MOST_PARAMS);
	if (lb_args_from_text(&info->base, "", par, &store, err))
		return -1;
	failed[0] = lb_loss_check(info, &report, &n[0], err);
	if (failed[0] >= 0 && (tree || lb_loss_claims_testable(info)))
		failed[1] = lb_loss_check_claims(info, par, &report, &n[1], err);
	if (!tree)
		n[2] = info->n_examples;
	if (failed[0] >= 0 && failed[1] >= 0)
		failed[2] = tree ? check_examples(info, tree, par, &report, &n[2], err) : lb_loss_check_examples(info, &report, err);
	const int rc = failed[2] < 0 || report.bad ? -1 : print_findings(info, report.s, failed, n);
	if (report.bad)
		lb_fail_memory(err, report.n);
	lb_buf_free(&report);
	lb_args_free(&store);
	return rc;
}

int losses_check_plugin(size_t first, size_t n, struct lb_err *err)
{
	int worst = LB_OK;

	for (size_t i = first; i < first + n; i++) {
		const int rc = check_loss(lb_loss_at(i), NULL, err);
		if (rc < 0)
			return rc;
		worst = rc > worst ? rc : worst;
	}
	return worst;
}

int losses_check_file(const char *path, struct lb_err *err)
{
	const char *end = strrchr(path, '.');
	const struct lb_node *tree;
	size_t first, n;

	if (end && !strcmp(end, ".so"))
		return lb_plugin_load(path, NULL, &first, &n, err) ? -1 : losses_check_plugin(first, n, err);
	const struct lb_loss_info *info = read_file(path, &tree, err);
	return info ? check_loss(info, tree, err) : -1;
}
