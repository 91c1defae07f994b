/* `losses check mine.loss.yaml` and `losses check mine.so`: what is held against any loss, and the
 * examples of a formula's file. */
#include "cmd/losses.h"

#include "cmd/cmd.h"
#include "core/base/text.h"
#include "core/config/yaml_overlay.h"
#include "core/run/formula_block.h"
#include "losses/check.h"
#include "losses/eval.h"
#include "losses/plugin.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CELLS = 400, MOST_ROWS = 100, MOST_PARAMS = 32 };

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

/* Runs the i-th example of the file. */
static int check_example(const struct lb_loss_info *info, const struct lb_node *node, size_t i, struct lb_findings *f, struct lb_err *err)
{
	struct lb_arg_store store = { 0 };
	struct lb_arg par[MOST_PARAMS];
	struct example e;
	double value;
	int rc = lb_args_from_text(&info->base, "", par, &store, err) || read_example(info, node, &e, par, err) ? -1 : 0;

	if (!rc) {
		const struct lb_loss_input in = { .b = e.b, .c = e.c, .z = e.z, .y = e.n_y ? e.y : NULL, .t = e.n_t ? e.t : NULL, .par = par };
		rc = lb_loss_eval(info, 64, &in, &value, NULL, err);
	}
	if (!rc)
		lb_judge_example(f, i + 1, NULL, value, e.value);
	lb_args_free(&store);
	return rc;
}

static int check_examples(const struct lb_loss_info *info, const struct lb_node *tree, struct lb_findings *f, struct lb_err *err)
{
	const struct lb_node *list = lb_node_get(tree, "examples");
	int rc = 0;

	if (info->base.n_params > MOST_PARAMS)
		return lb_fail(err, LB_CONFIG, "%s: found %d parameters, allowed: at most %d", info->base.name, info->base.n_params, MOST_PARAMS);
	if (list && list->type != LB_SEQUENCE)
		return wrong(list, "a list of {z: scores, y: labels (or t: targets), value: the mean loss}", err);
	for (size_t i = 0; list && i < list->n && !rc; i++)
		rc = check_example(info, list->item[i], i, f, err);
	return rc;
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

static int check_formula(const char *path, struct lb_err *err)
{
	const struct lb_node *tree;
	const struct lb_loss_info *info = read_file(path, &tree, err);
	struct lb_findings f = { 0 };
	int rc = info ? check_examples(info, tree, &f, err) || lb_check_loss(info, &f, err) ? -1 : LB_OK : -1;

	if (!rc) {
		losses_print_findings(info, &f);
		rc = losses_print_tally(&f);
	}
	lb_findings_free(&f);
	return rc;
}

int losses_check_file(const char *path, struct lb_err *err)
{
	const char *end = strrchr(path, '.');
	size_t first, n;

	if (!end || strcmp(end, ".so"))
		return check_formula(path, err);
	return lb_plugin_load(path, NULL, &first, &n, err) ? -1 : losses_check_registered(first, n, NULL, err);
}
