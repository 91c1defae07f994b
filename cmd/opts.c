#include "cmd/cmd.h"

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/numeric/blas_select.h"
#include "core/numeric/kernel_dispatch.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_OPTS = 32 };

/* Set while an option table is asked for instead of a run. */
static struct {
	void (*see)(void *arg, const struct opt *opts, size_t n);
	void *arg;
} showing;

static const struct command *find_command(const char *name)
{
	const struct command *c = commands;

	while (c->name && strcmp(c->name, name))
		c++;
	return c;
}

static void print_help(const struct command *c, const struct opt *opts, size_t n)
{
	printf("usage: lossbench %s %s\n\n%s\n", c->name, c->usage, c->summary);
	if (n)
		printf("\noptions:\n");
	for (size_t i = 0; i < n; i++) {
		char left[64];
		snprintf(left, sizeof left, "--%s%s%s", opts[i].name, opts[i].arg ? " " : "", opts[i].arg ? opts[i].arg : "");
		printf("  %c%c%c %-28s %s\n", opts[i].letter ? '-' : ' ', opts[i].letter ? opts[i].letter : ' ',
		       opts[i].letter ? ',' : ' ', left, opts[i].help);
	}
	if (c->more)
		printf("\n%s\n", c->more);
	printf("\nexample: %s\n", c->example);
}

static int take(const struct opt *o, char *value, size_t room, struct lb_err *err)
{
	char *end;

	switch (o->type) {
	case OPT_FLAG:
		*(bool *)o->to = true;
		return 0;
	case OPT_TEXT:
		*(const char **)o->to = value;
		return 0;
	case OPT_INT: {
		long v = strtol(value, &end, 10);
		if (!*value || *end || v < o->min || v > o->max)
			return lb_fail(err, LB_USAGE, "--%s: found \"%s\", allowed: an integer in [%ld, %ld]", o->name, value, o->min,
				       o->max);
		*(long *)o->to = v;
		return 0;
	}
	case OPT_LIST: {
		struct opt_list *list = o->to;
		if (!list->item && !(list->item = lb_alloc(room, sizeof *list->item, err)))
			return -1;
		list->item[list->n++] = value;
		return 0;
	}
	}
	return -1;
}

/* The word that getopt_long refused: a long option, or the first word with the letter. */
static const char *refused_word(int argc, char **argv)
{
	if (!optopt || optopt >= 256)
		return argv[optind - 1];
	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (argv[i][0] == '-' && argv[i][1] != '-' && strchr(argv[i] + 1, optopt))
			return argv[i];
	return argv[optind - 1];
}

/* A file such as -house.csv, which would ask for help; NULL when there is none. */
static const char *file_like_h(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strncmp(argv[i], "-h", 2) && argv[i][2] && lb_file_exists(argv[i]))
			return argv[i];
	return NULL;
}

static int unknown(const char *command, const char *word, const struct opt *opts, size_t n, struct lb_err *err)
{
	const char *names[MAX_OPTS];

	if (lb_file_exists(word))
		return lb_fail(err, LB_USAGE, "%s: found \"%s\", which begins like an option; for the file of that name write ./%s, or -- before it", command,
			       word, word);
	for (size_t i = 0; i < n; i++)
		names[i] = opts[i].name;
	const char *near = lb_nearest(word + strspn(word, "-"), names, n);
	return lb_fail(err, LB_USAGE, "%s: unknown option %s%s%s; see lossbench %s --help", command, word, near ? ", did you mean --" : "",
		       near ? near : "", command);
}

static int parse(const char *command, const struct opt *opts, size_t n_opts, int argc, char **argv, struct lb_err *err)
{
	struct option table[MAX_OPTS + 2] = { [0] = { "help", no_argument, NULL, 'h' } };
	char letters[2 * MAX_OPTS + 4] = ":h";
	size_t n_letters = 2;
	int c, index;

	for (size_t i = 0; i < n_opts; i++) {
		const bool argument = opts[i].type != OPT_FLAG;
		table[i + 1] = (struct option){ opts[i].name, argument, NULL, (int)(256 + i) };
		if (opts[i].letter)
			letters[n_letters++] = opts[i].letter;
		if (opts[i].letter && argument)
			letters[n_letters++] = ':';
	}
	opterr = 0;
	optind = 0;
	while ((c = getopt_long(argc, argv, letters, table, &index)) != -1) {
		size_t i = c >= 256 ? (size_t)c - 256 : 0;
		const char *file = c == 'h' ? file_like_h(argc, argv) : NULL;
		if (file)
			return unknown(command, file, opts, n_opts, err);
		if (c == 'h') {
			print_help(find_command(command), opts, n_opts);
			return 1;
		}
		if (c == ':')
			return lb_fail(err, LB_USAGE, "%s: %s needs a value; see lossbench %s --help", command, argv[optind - 1], command);
		if (c == '?')
			return unknown(command, refused_word(argc, argv), opts, n_opts, err);
		while (c < 256 && opts[i].letter != c)
			i++;
		if (take(&opts[i], optarg, (size_t)argc, err))
			return -1;
	}
	return 0;
}

int opts_parse(const char *command, const struct opt *opts, size_t n_opts, int argc, char **argv, size_t *n, struct lb_err *err)
{
	if (showing.see) {
		showing.see(showing.arg, opts, n_opts);
		*n = 0;
		return 1;
	}
	const int rc = parse(command, opts, n_opts, argc, argv, err);

	for (size_t i = 0; i < n_opts && rc; i++)
		if (opts[i].type == OPT_LIST) {
			struct opt_list *list = opts[i].to;
			free(list->item);
			*list = (struct opt_list){ 0 };
		}
	*n = rc ? 0 : (size_t)(argc - optind);
	memmove(argv + 1, argv + optind, *n * sizeof *argv);
	return rc;
}

void opts_show(const struct command *c, void (*see)(void *arg, const struct opt *opts, size_t n), void *arg)
{
	static struct lb_err ignored;
	char *argv[] = { (char *)c->name, NULL };

	showing.see = see;
	showing.arg = arg;
	c->run(1, argv, &ignored);
	showing.see = NULL;
}

int choose_arithmetic(const char *kernels, const char *blas_kernel, bool now, struct lb_err *err)
{
	if (lb_kernels_choose(kernels, err))
		return -1;
	return now && (blas_kernel || lb_kernels_are_blas()) ? lb_blas_choose(blas_kernel, command_line, err) : 0;
}
