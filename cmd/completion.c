#include "cmd/cmd.h"

#include "cmd/python_script.h"
#include "core/base/mem.h"
#include "core/config/options.h"
#include "core/metrics/metric.h"
#include "core/run/components.h"
#include "losses/loss_info.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Words without repetition. */
struct words {
	char **item;
	size_t n, cap;
};

static void words_add(struct words *w, const char *text, size_t length)
{
	for (size_t i = 0; i < w->n; i++)
		if (strlen(w->item[i]) == length && !strncmp(w->item[i], text, length))
			return;
	if (lb_grow(&w->item, &w->cap, w->n + 1, sizeof *w->item, NULL))
		return;
	if ((w->item[w->n] = lb_strfmt(NULL, "%.*s", (int)length, text)))
		w->n++;
}

static void words_free(struct words *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->item[i]);
	free(w->item);
	*w = (struct words){ 0 };
}

static void print_words(const struct words *w)
{
	for (size_t i = 0; i < w->n; i++)
		printf("%s%s", i ? " " : "", w->item[i]);
}

/* ---- what can be named ---- */

static void config_keys(struct words *w)
{
	char path[160];

	for (size_t i = 0; i < lb_option_count(); i++) {
		const struct lb_option *o = lb_option_at(i);
		if (o->shape == LB_VALUE || o->shape == LB_WORDS)
			words_add(w, path, (size_t)snprintf(path, sizeof path, "%s=", o->path));
		for (int kind = 0; o->shape == LB_COMPONENT && kind < LB_N_KINDS; kind++) {
			const struct lb_info *info;
			words_add(w, path, (size_t)snprintf(path, sizeof path, "%s.%s=", o->path, o->key));
			for (int k = 0; k < o->n_extra; k++)
				words_add(w, path, (size_t)snprintf(path, sizeof path, "%s.%s=", o->path, o->extra[k].name));
			for (size_t at = 0; (info = lb_registries.next(o->path, (enum lb_kind)kind, &at));)
				for (int p = 0; p < info->n_params; p++)
					words_add(w, path, (size_t)snprintf(path, sizeof path, "%s.%s=", o->path, info->params[p].name));
		}
	}
}

static void loss_names(struct words *w)
{
	for (size_t i = 0; i < lb_loss_count(); i++)
		words_add(w, lb_loss_at(i)->base.name, strlen(lb_loss_at(i)->base.name));
}

static void metric_names(struct words *w)
{
	static const char *const parts[] = { "test", "valid", "train" };
	char name[128];

	for (size_t i = 0; i < 3; i++)
		for (size_t m = 0; m < lb_metric_count(); m++)
			words_add(w, name, (size_t)snprintf(name, sizeof name, "%s.%s", parts[i], lb_metric_at(m)->base.name));
}

/* The subcommand's own verbs: the lower-case words of its usage that stand first, after "|" or
 * after "[". */
static void verbs(const char *usage, struct words *w)
{
	for (const char *p = usage; *p; p++) {
		const char *before = p;
		while (before > usage && before[-1] == ' ')
			before--;
		const size_t n = strspn(p, "abcdefghijklmnopqrstuvwxyz");
		const bool first = before == usage || before[-1] == '|' || (before[-1] == '[' && before == p);
		if (n && first && (!p[n] || strchr(" |", p[n])) && strncmp(p, "options", n))
			words_add(w, p, n);
		p += n && p[n] ? n - 1 : 0;
	}
}

/* ---- options: of C commands from their tables, of scripts from their own help ---- */

struct option_sink {
	void (*one)(const char *name, const char *arg, const char *help);
};

static void from_table(void *arg, const struct opt *opts, size_t n)
{
	const struct option_sink *sink = arg;

	for (size_t i = 0; i < n; i++)
		sink->one(opts[i].name, opts[i].type == OPT_FLAG ? NULL : opts[i].arg, opts[i].help);
}

static void from_help(const char *script, const struct option_sink *sink)
{
	static const char *const ask[] = { "--help" };
	struct lb_buf help = { 0 };
	char name[64], arg[64];

	setenv("COLUMNS", "200", 1);
	if (script_run(script, &(struct script_run){ .words = ask, .n_words = 1, .out = &help, .silent = true }) == 0 && help.s)
		for (char *line = strtok(help.s, "\n"); line; line = strtok(NULL, "\n")) {
			arg[0] = '\0';
			if (!strncmp(line, "  --", 4) && sscanf(line, " --%63[a-z-] %63[^ ]", name, arg) >= 1)
				sink->one(name, line[4 + strlen(name)] == ' ' && line[5 + strlen(name)] != ' ' ? arg : NULL, "");
		}
	lb_buf_free(&help);
}

static void options_of(const struct command *c, void (*one)(const char *name, const char *arg, const char *help))
{
	struct option_sink sink = { one };

	if (c->run == cmd_report)
		from_help("aggregate.py", &sink);
	else if (c->run == cmd_best)
		from_help("best.py", &sink);
	else if (c->run == cmd_plot)
		from_help("plot.py", &sink);
	else if (c->run == cmd_compare)
		from_help("compare.py", &sink);
	else
		opts_show(c, from_table, &sink);
	one("help", NULL, "say what the command does");
}

/* ---- bash ---- */

static void bash_option(const char *name, const char *arg, const char *help)
{
	(void)arg;
	(void)help;
	printf(" --%s", name);
}

static void print_set(const char *variable, void (*fill)(struct words *))
{
	struct words w = { 0 };

	fill(&w);
	printf("\tlocal %s='", variable);
	print_words(&w);
	printf("'\n");
	words_free(&w);
}

static void bash(void)
{
	printf("# bash completion of lossbench:  source <(lossbench completion bash)\n_lossbench() {\n"
	       "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} options='' verbs=''\n\tCOMPREPLY=()\n");
	print_set("keys", config_keys);
	print_set("losses", loss_names);
	print_set("metrics", metric_names);
	printf("\tif [ \"$COMP_CWORD\" = 1 ]; then\n\t\tmapfile -t COMPREPLY < <(compgen -W '");
	for (const struct command *c = commands; c->name; c++)
		printf("%s ", c->name);
	printf("--help --version' -- \"$cur\")\n\t\treturn\n\tfi\n\tcase ${COMP_WORDS[1]} in\n");
	for (const struct command *c = commands; c->name; c++) {
		struct words w = { 0 };
		verbs(c->usage, &w);
		printf("\t%s)\n\t\tverbs='", c->name);
		print_words(&w);
		printf("' options='");
		options_of(c, bash_option);
		printf("' ;;\n");
		words_free(&w);
	}
	printf("\tesac\n\tcase ${COMP_WORDS[1]}:$prev in\n"
	       "\t*:--set | *:-s)\n\t\tcompopt -o nospace\n\t\tmapfile -t COMPREPLY < <(compgen -W \"$keys\" -- \"$cur\")\n\t\treturn ;;\n"
	       "\t*:--metric | *:--select) mapfile -t COMPREPLY < <(compgen -W \"$metrics\" -- \"$cur\") && return ;;\n"
	       "\tlosses:show | losses:eval | losses:plot | losses:check)\n"
	       "\t\tmapfile -t COMPREPLY < <(compgen -W \"$losses\" -- \"$cur\")\n\t\treturn ;;\n\tesac\n"
	       "\tcase $cur in\n\t-*) mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$cur\") && return ;;\n\tesac\n"
	       "\tif [ \"$COMP_CWORD\" = 2 ] && [ -n \"$verbs\" ]; then\n"
	       "\t\tmapfile -t COMPREPLY < <(compgen -W \"$verbs\" -- \"$cur\")\n\t\treturn\n\tfi\n"
	       "\tcompopt -o filenames 2>/dev/null\n\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n}\ncomplete -F _lossbench lossbench\n");
}

/* ---- zsh ---- */

/* Inside single quotes, and inside [...] of a specification. */
static void zsh_text(const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			printf("'\\''");
		else
			printf("%s%c", strchr("[]:\\", *text) ? "\\" : "", *text);
	}
}

static void zsh_option(const char *name, const char *arg, const char *help)
{
	const bool file = arg && (strstr(arg, "FILE") || strstr(arg, "DIR"));
	const char *action = !arg ? "" : !strcmp(name, "set") ? "_lossbench_keys" : !strcmp(name, "metric") || !strcmp(name, "select") ?
			     "_lossbench_metrics" : file ? "_files" : "";

	printf(" \\\n\t\t\t'*--%s[", name);
	zsh_text(help);
	printf("]");
	if (arg) {
		printf(":");
		zsh_text(arg);
		printf(":%s", action);
	}
	printf("'");
}

static void zsh_values(const char *function, void (*fill)(struct words *), const char *flags)
{
	struct words w = { 0 };

	fill(&w);
	printf("%s() { compadd %s-- ", function, flags);
	print_words(&w);
	printf(" }\n");
	words_free(&w);
}

static void zsh_command(const struct command *c)
{
	struct words w = { 0 };

	verbs(c->usage, &w);
	printf("\t%s)\n\t\t_arguments -s", c->name);
	options_of(c, zsh_option);
	if (w.n) {
		printf(" \\\n\t\t\t'1:verb:(");
		print_words(&w);
		printf(")'");
	}
	printf(" \\\n\t\t\t'*:%s:%s' ;;\n", c->run == cmd_losses ? "loss" : "file", c->run == cmd_losses ? "_lossbench_losses" : "_files");
	words_free(&w);
}

static void zsh(void)
{
	printf("#compdef lossbench\n# zsh completion of lossbench:  source <(lossbench completion zsh)\n");
	zsh_values("_lossbench_keys", config_keys, "-S '' ");
	zsh_values("_lossbench_losses", loss_names, "");
	zsh_values("_lossbench_metrics", metric_names, "");
	printf("_lossbench() {\n\tlocal -a commands\n\tcommands=(\n");
	for (const struct command *c = commands; c->name; c++) {
		printf("\t\t'%s:", c->name);
		zsh_text(c->summary);
		printf("'\n");
	}
	printf("\t)\n\tif (( CURRENT == 2 )); then\n\t\t_describe command commands\n\t\treturn\n\tfi\n"
	       "\tshift words\n\t(( CURRENT-- ))\n\tcase $words[1] in\n");
	for (const struct command *c = commands; c->name; c++)
		zsh_command(c);
	printf("\tesac\n}\ncompdef _lossbench lossbench\n");
}

/* ---- fish ---- */

/* Inside single quotes. */
static void fish_text(const char *text)
{
	for (; *text; text++)
		printf("%s%c", strchr("'\\", *text) ? "\\" : "", *text);
}

static const char *fish_command; /* whose options are told */

static void fish_option(const char *name, const char *arg, const char *help)
{
	const bool metric = !strcmp(name, "metric") || !strcmp(name, "select"), set = !strcmp(name, "set");

	printf("complete -c lossbench -n '__fish_seen_subcommand_from %s' -l %s", fish_command, name);
	if (arg)
		printf(" -r%s", set ? " -f -a '(__lossbench_keys)'" : metric ? " -f -a '(__lossbench_metrics)'" : "");
	printf(" -d '");
	fish_text(help);
	printf("'\n");
}

static void fish_values(const char *function, void (*fill)(struct words *))
{
	struct words w = { 0 };

	fill(&w);
	printf("function %s; string split ' ' -- '", function);
	print_words(&w);
	printf("'; end\n");
	words_free(&w);
}

static void fish(void)
{
	printf("# fish completion of lossbench:  lossbench completion fish | source\n");
	fish_values("__lossbench_keys", config_keys);
	fish_values("__lossbench_losses", loss_names);
	fish_values("__lossbench_metrics", metric_names);
	for (const struct command *c = commands; c->name; c++) {
		struct words w = { 0 };
		printf("complete -c lossbench -n __fish_use_subcommand -f -a %s -d '", c->name);
		fish_text(c->summary);
		printf("'\n");
		verbs(c->usage, &w);
		for (size_t i = 0; i < w.n; i++)
			printf("complete -c lossbench -n '__fish_seen_subcommand_from %s; and test (count (commandline -opc)) = 2' -f -a %s\n", c->name, w.item[i]);
		words_free(&w);
		fish_command = c->name;
		options_of(c, fish_option);
	}
	printf("complete -c lossbench -n '__fish_seen_subcommand_from losses; and __fish_seen_subcommand_from show eval plot check' -f -a '(__lossbench_losses)'\n");
}

int cmd_completion(int argc, char **argv, struct lb_err *err)
{
	size_t n;
	const int rc = opts_parse("completion", NULL, 0, argc, argv, &n, err);

	if (rc)
		return rc > 0 ? LB_OK : LB_USAGE;
	static const struct {
		const char *name;
		void (*print)(void);
	} shells[] = { { "bash", bash }, { "zsh", zsh }, { "fish", fish } };
	for (size_t k = 0; n == 1 && k < sizeof shells / sizeof *shells; k++)
		if (!strcmp(argv[1], shells[k].name)) {
			shells[k].print();
			return LB_OK;
		}
	return lb_fail(err, LB_USAGE, "completion: found \"%s\", allowed: bash, zsh or fish", n ? argv[1] : "nothing");
}
