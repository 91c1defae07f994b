#include "cmd/losses.h"

#include "core/config/config.h"
#include "losses/eval.h"

#include <stdio.h>
#include <string.h>

static void number_text(double v, char out[LB_DOUBLE_TEXT])
{
	if (v > 1e308 || v < -1e308)
		snprintf(out, LB_DOUBLE_TEXT, "%s", v > 0 ? "inf" : "-inf");
	else
		lb_double_text(v, out);
}

static bool is_list(const struct lb_param *p)
{
	return p->type == LB_REALS_PARAM || p->type == LB_INTS_PARAM;
}

static void default_text(const struct lb_param *p, char *out, size_t size)
{
	char number[LB_DOUBLE_TEXT];

	number_text(p->def, number);
	if (is_list(p)) {
		int n = snprintf(out, size, "[");
		for (int i = 0; i < p->n_def_list && (size_t)n < size; i++) {
			number_text(p->def_list[i], number);
			n += snprintf(out + n, size - (size_t)n, "%s%s", i ? ", " : "", number);
		}
		if ((size_t)n < size)
			snprintf(out + n, size - (size_t)n, "]");
	} else if (p->type == LB_CHOICE_PARAM)
		snprintf(out, size, "%s", p->choices[(size_t)p->def]);
	else if (p->type == LB_BOOL_PARAM)
		snprintf(out, size, "%s", p->def != 0 ? "true" : "false");
	else if (p->type == LB_TEXT_PARAM)
		snprintf(out, size, "none");
	else
		snprintf(out, size, "%s", number);
}

/* The claims in words, comma separated; "separable" or "batch" first. */
static void claims_text(const struct lb_loss_info *l, char *out, size_t size)
{
	int n = snprintf(out, size, "%s", lb_loss_separable(l) ? "separable" : "batch");

	for (unsigned bit = 1; bit <= LB_CALIBRATED; bit <<= 1)
		if (l->properties & bit && n > 0 && (size_t)n < size)
			n += snprintf(out + n, size - (size_t)n, ", %s", lb_property_name(bit));
}

/* Returns true if the loss has the word in its task, name, title, purpose or other names. */
static bool fits(const struct lb_loss_info *l, const char *word)
{
	const char *const texts[] = { lb_kind_name(l->kind), l->base.name, l->base.title, l->good_for, l->base.keywords };

	for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
		if (texts[k] && strcasestr(texts[k], word))
			return true;
	return false;
}

size_t losses_list(char *const *words, size_t n, const char *purpose)
{
	size_t listed = 0;

	for (size_t i = 0; i < lb_loss_count(); i++) {
		const struct lb_loss_info *l = lb_loss_at(i);
		size_t k = 0;
		while (k < n && fits(l, words[k]))
			k++;
		if (k < n || (purpose && !losses_is_for(l, purpose)))
			continue;
		printf("%-10s  %-18s  %s\n", lb_kind_name(l->kind), l->base.name, l->base.title);
		listed++;
	}
	return listed;
}

/* The help, with the letter that stands for the parameter in the formula. */
static void meaning_text(const struct lb_info *info, const struct lb_param *p, char *out, size_t size)
{
	const bool other = p->symbol && strcmp(p->symbol, p->name) && info->formula && strstr(info->formula, p->symbol);

	snprintf(out, size, "%s%s%s%s", p->help, other ? " (" : "", other ? p->symbol : "", other ? " in the formula)" : "");
}

static void show_params(const struct lb_info *info)
{
	char def[64], allowed[400], meaning[400], number[LB_DOUBLE_TEXT];

	printf("%s", info->n_params ? "parameters:\n" : "parameters: none\n");
	for (int i = 0; i < info->n_params; i++) {
		const struct lb_param *p = &info->params[i];
		default_text(p, def, sizeof def);
		lb_param_allowed(p, allowed, sizeof allowed);
		meaning_text(info, p, meaning, sizeof meaning);
		printf("  %-12s %s\n  %-12s %s; default %s", p->name, meaning, "", allowed, def);
		for (int g = 0; g < p->n_grid; g++) {
			number_text(p->grid[g], number);
			printf("%s%s", g ? ", " : "; grid ", number);
		}
		printf("\n");
	}
}

static void show_identities(const struct lb_loss_info *l)
{
	for (int i = 0; i < l->n_same_as; i++) {
		const struct lb_same_as *s = &l->same_as[i];
		char scale[LB_DOUBLE_TEXT], shift[LB_DOUBLE_TEXT];
		number_text(s->scale != 0 ? s->scale : 1, scale);
		number_text(s->shift, shift);
		printf("identity:   (%s) = %s%s%s%s%s%s%s%s%s\n", *s->set ? s->set : "defaults", s->scale != 0 && s->scale != 1 ? scale : "",
		       s->scale != 0 && s->scale != 1 ? " * " : "", s->other, *s->other_set ? " (" : "", s->other_set,
		       *s->other_set ? ")" : "", s->shift != 0 ? " + " : "", s->shift != 0 ? shift : "",
		       s->minus_log_classes ? " - log C" : "");
	}
}

static void show_line(const char *label, const char *text)
{
	if (text)
		printf("%-11s %s\n", label, text);
}

/* Broken between words, the lines after the first indented like it. */
static void show_wrapped(const char *label, const char *text)
{
	const size_t width = 110;

	while (text && *text) {
		size_t n = strlen(text);
		for (size_t i = n > width ? width : 0; i; i--)
			if (text[i] == ' ') {
				n = i;
				break;
			}
		printf("%-11s %.*s\n", label, (int)n, text);
		text += n + (text[n] == ' ');
		label = "";
	}
}

enum { MOST_PARAMS = 16 }; /* of a loss that owns parameters */

/* ), name = (1, 2; 3, 4 */
static void show_rows(const char *name, const double *v, int rows, int columns)
{
	printf("), %s = (", name);
	for (int k = 0; k < rows * columns; k++)
		printf("%s%g", k == 0 ? "" : k % columns ? ", " : "; ", v[k]);
}

/* The loss's own parameters, where it has some in this example. */
static void show_own(const struct lb_loss_info *l, const struct lb_example *e)
{
	const struct lb_loss_shape shape = { .c = (size_t)e->c, .n_hidden = (size_t)e->n_h, .n_guide = (size_t)e->n_x, .n_classes = (size_t)(e->classes ? e->classes : e->c) };
	struct lb_arg par[MOST_PARAMS];
	struct lb_arg_store store = { 0 };
	struct lb_err err = { 0 };

	if (l->params && l->base.n_params <= MOST_PARAMS && !lb_args_from_text(&l->base, e->set, par, &store, &err)) {
		const size_t n = lb_loss_n_params(l, par, &shape), rows = l->params_for == LB_EACH_STEP ? 1 : lb_loss_params_rows(l, par, &shape);
		if (n)
			show_rows(l->params, e->params, (int)rows, (int)(n / rows));
	}
	lb_args_free(&store);
}

static void show(const struct lb_loss_info *l)
{
	char claims[256];

	claims_text(l, claims, sizeof claims);
	printf("%s/%s\n%-11s %s\n", lb_kind_name(l->kind), l->base.name, "title:", l->base.title);
	show_line("good for:", l->good_for);
	show_line("formula:", l->base.formula);
	printf("%-11s %s\n", "traits:", claims);
	show_params(&l->base);
	show_wrapped("notes:", l->base.notes);
	show_identities(l);
	for (int i = 0; i < l->n_examples; i++) {
		const struct lb_example *e = &l->examples[i];
		char value[LB_DOUBLE_TEXT];
		number_text(e->value, value);
		printf("example:    ");
		for (int k = 0; k < (e->views ? e->views : 1) * e->b * e->c; k++)
			printf("%s%g", k == 0 ? "z = (" : k % e->c ? ", " : "; ", e->z[k]);
		if (l->kind == LB_MULTILABEL)
			show_rows("y", e->t, e->b, e->c);
		for (int k = 0; l->kind != LB_MULTILABEL && k < (l->kind == LB_REGRESSION ? e->b * e->c : e->b); k++)
			printf("%s%g", k ? ", " : l->kind == LB_SURVIVAL ? "), times (" : "), y = (", lb_kind_of_columns(l->kind) ? e->t[k] : e->y[k]);
		for (int k = 0; l->kind == LB_SURVIVAL && k < e->b; k++)
			printf("%s%d", k ? ", " : "), events (", e->y[k]);
		if ((l->kind == LB_DISTILLATION && !(l->needs & LB_NEEDS_GUIDE)) || l->needs & LB_NEEDS_TEACHER)
			show_rows("teacher", l->kind == LB_DISTILLATION ? e->t : e->teacher, e->b, e->c);
		if (l->needs & LB_NEEDS_SECOND_TEACHER)
			show_rows("second teacher", e->second_teacher, e->b, e->c);
		if (e->n_h)
			show_rows("features", e->h, (l->needs & LB_NEEDS_VIEWS && e->views ? e->views : 1) * e->b, e->n_h);
		if (e->n_x)
			show_rows(!(l->needs & LB_NEEDS_GUIDE) ? "inputs" : l->kind == LB_DISTILLATION ? "teacher's features" : "guide", e->x, e->b, e->n_x);
		if (e->scale > 0)
			printf(", scale = %g", e->scale);
		show_own(l, e);
		printf(")%s%s: %s (%s)\n", *e->set ? ", " : "", e->set, value, e->source);
	}
	show_line("also known:", l->base.keywords);
	show_line("source:", l->base.cite);
}

int losses_show_all(const char *name, struct lb_err *err)
{
	char full[96];
	int shown = 0;

	for (size_t i = 0; i < lb_loss_count(); i++) {
		const struct lb_loss_info *l = lb_loss_at(i);
		snprintf(full, sizeof full, "%s/%s", lb_kind_name(l->kind), l->base.name);
		if (strcmp(name, full) && strcmp(name, l->base.name))
			continue;
		printf("%s", shown++ ? "\n" : "");
		show(l);
	}
	if (!shown)
		losses_find(name, err);
	return shown ? 0 : -1;
}

static void list_json(cJSON *out, const struct lb_param *p)
{
	for (int i = 0; i < p->n_def_list; i++)
		lb_json_number(out, NULL, p->def_list[i]);
}

static void params_json(cJSON *in, const struct lb_info *info)
{
	cJSON *params = lb_json_array(in, "params");
	char text[160];

	for (int i = 0; i < info->n_params; i++) {
		const struct lb_param *p = &info->params[i];
		cJSON *o = lb_json_object(params, NULL);
		lb_json_text(o, "name", p->name);
		default_text(p, text, sizeof text);
		if (p->type == LB_BOOL_PARAM)
			lb_json_bool(o, "default", p->def != 0);
		else if (is_list(p))
			list_json(lb_json_array(o, "default"), p);
		else if (p->type == LB_CHOICE_PARAM)
			lb_json_text(o, "default", text);
		else if (p->type == LB_TEXT_PARAM)
			lb_json_text(o, "default", NULL);
		else
			lb_json_number(o, "default", p->def);
		lb_param_allowed(p, text, sizeof text);
		lb_json_text(o, "allowed", text);
		cJSON *grid = lb_json_array(o, "grid");
		for (int g = 0; g < p->n_grid; g++)
			lb_json_number(grid, NULL, p->grid[g]);
		lb_json_text(o, "help", p->help);
	}
}

cJSON *losses_json(struct lb_err *err)
{
	cJSON *all = lb_json_array(NULL, NULL);

	for (size_t i = 0; i < lb_loss_count(); i++) {
		const struct lb_loss_info *l = lb_loss_at(i);
		cJSON *o = lb_json_object(all, NULL);
		lb_json_text(o, "name", l->base.name);
		lb_json_text(o, "kind", lb_kind_name(l->kind));
		lb_json_text(o, "title", l->base.title);
		lb_json_text(o, "good_for", l->good_for);
		lb_json_text(o, "citation", l->base.cite);
		lb_json_text(o, "formula", l->base.formula);
		lb_json_text(o, "notes", l->base.notes);
		lb_json_bool(o, "separable", lb_loss_separable(l));
		cJSON *claims = lb_json_array(o, "claims");
		for (unsigned bit = 1; bit <= LB_CALIBRATED; bit <<= 1)
			if (l->properties & bit)
				lb_json_text(claims, NULL, lb_property_name(bit));
		params_json(o, &l->base);
	}
	if (!lb_json_complete(err))
		return all;
	cJSON_Delete(all);
	return NULL;
}

static void markdown_row(const char *name, bool (*has)(const struct lb_loss_info *, const void *), const void *what)
{
	const char *comma = "";

	printf("| %s | ", name);
	for (size_t i = 0; i < lb_loss_count(); i++) {
		const struct lb_loss_info *l = lb_loss_at(i);
		if (!has(l, what))
			continue;
		printf("%s[%s](#%s)", comma, l->base.name, l->base.name);
		comma = ", ";
	}
	printf(" |\n");
}

static bool is_for(const struct lb_loss_info *l, const void *purpose)
{
	return losses_is_for(l, purpose);
}

static bool claims(const struct lb_loss_info *l, const void *bit)
{
	return l->properties & *(const unsigned *)bit;
}

/* By purpose, and by what is proven of them. */
static int markdown_index(struct lb_err *err)
{
	size_t n;
	char **purposes = losses_purposes(&n, err);

	if (!purposes)
		return -1;
	printf("\n## Find a loss\n\n| for | losses |\n| --- | --- |\n");
	for (size_t i = 0; i < n; i++)
		markdown_row(purposes[i], is_for, purposes[i]);
	losses_purposes_free(purposes, n);
	printf("\n| trait | losses |\n| --- | --- |\n");
	for (unsigned bit = 1; bit <= LB_CALIBRATED; bit <<= 1)
		markdown_row(lb_property_name(bit), claims, &bit);
	return 0;
}

static void markdown_entry(const struct lb_loss_info *l)
{
	char text[256], meaning[400];

	printf("\n### %s\n\n%s. %s.\n\n", l->base.name, l->base.title, l->base.cite);
	if (l->base.formula)
		printf("    %s\n\n", l->base.formula);
	claims_text(l, text, sizeof text);
	printf("Traits: %s.\n", text);
	if (l->base.n_params)
		printf("\n| parameter | meaning | allowed | default |\n| --- | --- | --- | --- |\n");
	for (int i = 0; i < l->base.n_params; i++) {
		const struct lb_param *p = &l->base.params[i];
		char def[64];
		default_text(p, def, sizeof def);
		lb_param_allowed(p, text, sizeof text);
		meaning_text(&l->base, p, meaning, sizeof meaning);
		printf("| `%s` | %s | %s | %s |\n", p->name, meaning, text, def);
	}
	if (l->base.notes)
		printf("\n%s\n", l->base.notes);
}

int losses_markdown(struct lb_err *err)
{
	printf("# Losses\n\nGenerated by `make docs` from the descriptors; do not edit.\n\n"
	       "Vocabulary: z scores, y label, e one-hot label, p = softmax(z), p_y probability of the label, q = 1 - p_y, B rows, C classes, "
	       "s = +-z margin (binary).\n"
	       "The value is the mean over rows. Traits: *separable* means a sum over rows (rows can be weighted), *batch* that it sees the rows "
	       "together; the others hold for every parameter in range and are tested.\n");
	if (markdown_index(err))
		return -1;
	for (int kind = 0; kind < LB_N_KINDS; kind++) {
		if (kind == LB_ANOMALY) /* its losses are of regression */
			continue;
		printf("\n## %s\n", lb_kind_name((enum lb_kind)kind));
		for (size_t i = 0; i < lb_loss_count(); i++)
			if ((int)lb_loss_at(i)->kind == kind)
				markdown_entry(lb_loss_at(i));
	}
	losses_markdown_formulas();
	return 0;
}
