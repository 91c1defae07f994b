#include "cmd/config_reference.h"

#include "core/config/config.h"
#include "core/config/options.h"
#include "core/run/components.h"
#include "core/run/trial_constraints.h"

#include <stdio.h>
#include <string.h>

static void print_default(const struct lb_param *p)
{
	char number[LB_DOUBLE_TEXT];

	if (p->required)
		printf("required");
	else if (p->type == LB_CHOICE_PARAM)
		printf("%s", p->choices[(size_t)p->def]);
	else if (p->type == LB_BOOL_PARAM)
		printf("%s", p->def != 0 ? "true" : "false");
	else if (p->type == LB_SEED_PARAM)
		printf("train.seed");
	else if (p->type == LB_TEXT_PARAM)
		printf("none");
	else if (p->type == LB_REALS_PARAM || p->type == LB_INTS_PARAM) {
		printf("[");
		for (int i = 0; i < p->n_def_list; i++)
			printf("%s%g", i ? ", " : "", p->def_list[i]);
		printf("]");
	} else {
		lb_double_text(p->def, number);
		printf("%s", number);
	}
}

static void print_row(const char *name, const struct lb_param *p, const char *instead)
{
	char allowed[200];

	lb_param_allowed(p, allowed, sizeof allowed);
	printf("| `%s` | %s | %s | ", name, p->help ? p->help : "", allowed);
	if (instead)
		printf("%s", instead);
	else
		print_default(p);
	printf(" |\n");
}

/* A row whose option takes a block {name: number or text} and a list of these, too. */
static void print_by_name(const struct lb_option *o)
{
	const bool texts = o->by_name->type == LB_TEXT_PARAM;
	char allowed[200], value[100];

	lb_param_allowed(&o->param, allowed, sizeof allowed);
	lb_param_allowed(o->by_name, value, sizeof value);
	printf("| `%s` | %s | %s; or a block, name: %s; or a list of such %s | ", o->path, o->param.help, allowed, value, texts ? "texts" : "numbers");
	if (o->optional)
		printf("absent");
	else
		print_default(&o->param);
	printf(" |\n");
}

static void print_option(const struct lb_option *o)
{
	if (o->shape == LB_GROUP)
		return;
	if (o->by_name)
		print_by_name(o);
	else if (o->shape == LB_VALUE)
		print_row(o->path, &o->param, o->optional || o->shorthand ? "absent" :
				  o->param.required ? "required in its block" : NULL);
	else if (o->shape == LB_WORDS)
		printf("| `%s` | %s | a list of words%s%s | %s |\n", o->path, o->param.help ? o->param.help : "", o->word ? ", or " : "",
		       o->word ? o->word : "", o->word ? o->word : "[]");
	else if (o->shape == LB_SPACE)
		printf("| `%s` | %s | %s, or a block as in sweep | %s |\n", o->path, o->param.help, o->word, o->word);
	else
		printf("| `%s` | %s | %s: see below | %s |\n", o->path, o->param.help ? o->param.help : "",
		       o->shape == LB_COMPONENTS ? "a list of blocks" : "a block",
		       o->def_name ? o->def_name : !strcmp(o->path, "loss") ? "required" : "absent");
}

/* A component that fits several tasks is printed once, with the first of them. */
static bool seen_before(const char *block, int kind, const struct lb_info *info)
{
	const struct lb_info *other;

	for (int k = 0; k < kind; k++)
		for (size_t at = 0; (other = lb_registries.next(block, (enum lb_kind)k, &at));)
			if (other == info)
				return true;
	return false;
}

static void print_components(const struct lb_option *o)
{
	const struct lb_info *info;

	printf("\n## %s\n\nA block with `%s:` and the parameters of that %s, or the bare name.\n", o->path, o->key, o->noun);
	for (int k = 0; k < LB_N_KINDS; k++)
		for (size_t at = 0; (info = lb_registries.next(o->path, (enum lb_kind)k, &at));) {
			if (seen_before(o->path, k, info))
				continue;
			printf("\n**%s**: %s.", info->name, info->title);
			if (info->formula)
				printf(" `%s`", info->formula);
			printf("\n");
			if (info->n_params)
				printf("\n| key | meaning | allowed | default |\n| --- | --- | --- | --- |\n");
			for (int j = 0; j < info->n_params; j++)
				print_row(info->params[j].name, &info->params[j], NULL);
		}
}

/* The components that an option names by a bare word. */
static void print_named(const struct lb_option *o)
{
	const struct lb_info *info;

	printf("\n## %s\n\nThe name of a %s.\n\n| name | what it is | from |\n| --- | --- | --- |\n", o->path, o->noun);
	for (int k = 0; k < LB_N_KINDS; k++)
		for (size_t at = 0; (info = lb_registries.next(o->path, (enum lb_kind)k, &at));)
			if (!seen_before(o->path, k, info))
				printf("| `%s` | %s | %s |\n", info->name, info->title, info->cite);
}

static void print_losses(const struct lb_option *o)
{
	printf("\n## %s\n\n%s A block holds `name:` and the parameters of that loss, as in [losses/README.md](../losses/README.md), or "
	       "a loss of one's own by `formula:` and `params:`, or by `file:` ([how](../losses/README.md#by-a-formula)), and\n\n"
	       "| key | meaning | allowed | default |\n| --- | --- | --- | --- |\n", o->path, o->shape == LB_COMPONENT ?
	       "A block, or the bare name." : "A list of blocks, or of bare names; in task distillation, losses of task multiclass too.");
	for (int k = 0; k < o->n_extra; k++)
		print_row(o->extra[k].name, &o->extra[k], NULL);
}

static void print_constraints(void)
{
	const struct lb_constraint *c;

	printf("\n## What cannot be combined\n\nEach of these rules is checked before anything is trained; a config that breaks one is refused with the place of the "
	       "option. Some are decided by the config alone, some by the losses, models and other components that it names, some by the data.\n\n"
	       "| key | rule | decided by |\n| --- | --- | --- |\n");
	for (size_t i = 0; (c = lb_config_constraint(i)); i++)
		printf("| `%s` | %s | the config |\n", c->path, c->rule);
	for (size_t i = 0; (c = lb_trial_constraint(i)); i++)
		printf("| `%s` | %s | %s |\n", c->path, c->rule, c->by == LB_BY_DATA ? "the data" : "the components");
}

void config_reference(void)
{
	printf("# The keys of a config\n\nGenerated by `make docs` from the option table and the descriptors; do not edit.\n"
	       "`lossbench config schema` gives the same as a JSON Schema, `lossbench config resolve FILE` a config with every default "
	       "written out. Paths of files are relative to the folder lossbench runs in. "
	       "Besides options a config may hold `sweep:`,\n`include:` (config files that it is laid over: its own keys win, null takes one away; paths from the "
	       "config's folder) and `env:` (variables of the\nenvironment that values may hold as `${ENV:NAME}`: `[NAME]`, or `{NAME: default}`).\n\n| key | meaning | allowed | default |\n| --- | --- | --- | --- |\n");
	for (size_t i = 0; i < lb_option_count(); i++)
		print_option(lb_option_at(i));
	for (size_t i = 0; i < lb_option_count(); i++) {
		const struct lb_option *o = lb_option_at(i);
		if (o->shape == LB_VALUE && o->noun)
			print_named(o);
		else if (o->n_extra)
			print_losses(o);
		else if (o->noun)
			print_components(o);
	}
	printf("\n## sweep\n\n"
	       "Keys are dotted paths into the config; every combination is one trial, the first key varying slowest.\n\n"
	       "| form | meaning |\n| --- | --- |\n"
	       "| `optimizer.lr: [0.1, 0.01]` | each of these |\n"
	       "| `optimizer.lr: {from: 0.001, to: 1, steps: 4, scale: log}` | so many values between, `linear` or `log` |\n"
	       "| `train.seed: {from: 1, to: 5}` | integers, one by one |\n"
	       "| `loss.q: default` | the parameter's own grid |\n"
	       "| `loss: [{name: ce}, {name: gce, q: [0.3, 0.7]}]` | whole blocks; lists inside multiply |\n"
	       "| `model.hidden: [[64], [64, 32]]` | a list-valued option takes a list of lists |\n"
	       "| `zip: {optimizer.lr: [0.1, 0.05], train.batch: [128, 64]}` | these move together |\n");
	print_constraints();
}
