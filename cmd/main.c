/* lossbench: compares loss functions. Start reading here, then cmd/train.c, core/run/trial.c,
 * core/engine/train/trainer.c and losses/multiclass/focal.c. */
#include "cmd/cmd.h"

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/numeric/blas_select.h"
#include "core/run/plugin_block.h"
#include "core/run/provenance.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct command commands[] = {
#define COMMAND(name, ...) { #name, __VA_ARGS__, cmd_##name },
#include "cmd/commands.def"
#undef COMMAND
	{ 0 },
};

const char *const *command_line;

static void usage(FILE *to)
{
	fprintf(to, "lossbench compares loss functions: YAML experiments in, comparison tables out.\n\nusage: lossbench COMMAND [options]\n\n");
	for (const struct command *c = commands; c->name; c++)
		fprintf(to, "  %-10s %s\n", c->name, c->summary);
	fprintf(to, "\nlossbench COMMAND --help, or man lossbench-COMMAND, says more. The examples' configs and data:\n"
		"    cp -r \"$(lossbench version --examples)\"/{configs,datasets} .\n\nExit codes:");
#define EXIT_LINE(name, status, meaning) fprintf(to, "\n  %3d  %s", status, meaning);
	LB_CODES(EXIT_LINE)
#undef EXIT_LINE
	fprintf(to, "\n");
}

static int no_such_command(const char *word, struct lb_err *err)
{
	/* What other programs call it. */
	static const struct {
		const char *word, *command;
	} elsewhere[] = {
		{ "table", "report" }, { "run", "sweep" },     { "tune", "sweep" },
		{ "fit", "train" },     { "test", "evaluate" }, { "score", "evaluate" }, { "list", "losses" },  { "show", "losses" }, { "check", "config" },
		{ "info", "data" },     { "convert", "data" }, { "new", "init" },      { "diff", "compare" }, { "schema", "config" },
	};
	const char *names[32], *near;
	size_t n = 0;

	for (const struct command *c = commands; c->name; c++)
		names[n++] = c->name;
	near = lb_nearest(word, names, n);
	for (size_t k = 0; k < sizeof elsewhere / sizeof *elsewhere; k++)
		if (!strcmp(word, elsewhere[k].word))
			near = elsewhere[k].command;
	return lb_fail(err, LB_USAGE, "unknown command \"%s\"; %s%s%slossbench --help", word, near ? "did you mean \"" : "",
		       near ? near : "", near ? "\"? See " : "see ");
}

static int run(int argc, char **argv)
{
	static struct lb_err err;
	static char version[] = "version";
	const struct command *c = commands;

	if (argc < 2) {
		usage(stderr);
		return LB_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		usage(stdout);
		return LB_OK;
	}
	if (!strcmp(argv[1], "--version"))
		argv[1] = version;
	while (c->name && strcmp(c->name, argv[1]))
		c++;
	const int code = c->name ? c->run(argc - 1, argv + 1, &err) : no_such_command(argv[1], &err);
	if (err.code != LB_OK)
		fprintf(stderr, "%s%s\n", strchr(err.text, '\n') ? "" : "lossbench: ", err.text);
	return err.code != LB_OK ? (int)err.code : code;
}

/* The words as they were typed: reading options moves those of argv. */
static const char **copy_words(int argc, char **argv, struct lb_err *err)
{
	const char **words = lb_alloc((size_t)argc + 1, sizeof *words, err);

	for (int i = 0; words && i < argc; i++)
		words[i] = argv[i];
	return words;
}

int main(int argc, char **argv)
{
	static struct lb_err err;
	const char **words = copy_words(argc, argv, &err);

	lb_blas_resume();
	signal(SIGXFSZ, SIG_IGN); /* a file that grows past the limit is then an error of the write */
	command_line = words;
	lb_plugins_load();
	int code = words ? run(argc, argv) : (int)err.code;
	if (!words)
		fprintf(stderr, "lossbench: %s\n", err.text);
	free(words);
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "lossbench: the output could not be written: %s\n", strerror(errno));
		code = LB_MACHINE;
	}
	return code;
}
