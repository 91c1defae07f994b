/* lossbench: compares loss functions. Start reading here, then cmd/train.c, core/run/trial.c,
 * core/engine/train/trainer.c and losses/multiclass/focal.c. */
#include "cmd/cmd.h"

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/numeric/blas_select.h"
#include "core/run/provenance.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct command commands[] = {
	{ "train", "Train one model and print its metrics.", "--config FILE [--set key.path=value]... [options]",
	  "lossbench train --config configs/fashion_mnist_mlp.yaml --set train.seed=2",
	  "For scripts: --quiet --print valid.accuracy prints one number on one line, nan where it is undefined\n"
	  "or the training diverged.",
	  cmd_train },
	{ "sweep", "Run all trials of a config in worker processes; go on where an earlier run stopped.",
	  "--config FILE [--set key.path=value,value]... [options]", "lossbench sweep --config configs/quickstart.yaml --jobs 2",
	  "--set also takes a range, optimizer.lr={from: 0.1, to: 1, steps: 3}, and a loss's grid, loss.gamma=default.\n"
	  "Shell loops: --list prints one trial per line (id, state, what varies); --only ID runs it.", cmd_sweep },
	{ "predict", "Apply a trained model to new rows.", "--model FILE.npz --data FILE [--out FILE.csv|.npy] [options]",
	  "lossbench predict --model letter.npz --data new.csv --what probabilities --out p.csv",
	  "Columns are found by their names, those of a block of numbers by their places.",
	  cmd_predict },
	{ "report", "Turn result folders or records into a comparison table.", "DIR|FILE... [options]",
	  "lossbench report results/quickstart --format md --metric test.accuracy",
	  "All options are those of scripts/aggregate.py, which does the work: see lossbench report --help.", cmd_report },
	{ "compare", "Say what changed between two sets of results, trial by trial and in the mean.", "A B [options]",
	  "lossbench compare results/before results/after", "All options are those of scripts/compare.py.", cmd_compare },
	{ "status", "Show a study's progress: done, running, failed, pending.", "DIR [options]", "lossbench status results/quickstart",
	  NULL, cmd_status },
	{ "merge", "Join results of several machines; different results of one trial are refused.", "--into DIR DIR...",
	  "lossbench merge --into results/all host1/results host2/results", NULL, cmd_merge },
	{ "clean", "List records that no config uses; delete them with --remove.", "DIR --config FILE... [options]",
	  "lossbench clean results/mine --config mine.yaml", NULL, cmd_clean },
	{ "losses", "List losses, show one, evaluate it on given scores, check its gradient.",
	  "[WORD... | show NAME | eval [KIND/]NAME | plot NAME | check [NAME]] [options]",
	  "echo '{\"scores\": [[2, 1, 0]], \"labels\": [0]}' | lossbench losses eval gce --param q=0.7",
	  "With words it lists the losses that have them in their task, name, title or purpose:\n"
	  "losses binary \"label noise\".\n"
	  "eval reads a JSON object: scores and labels (multiclass, binary), predictions and targets (regression),\n"
	  "embeddings, labels and prototypes (embedding), scores, labels and teacher_scores (distillation), features\n"
	  "(bias); optionally class_counts and sample_ids; it prints {\"value\": v, \"grad\": {...}}.",
	  cmd_losses },
	{ "metrics", "List the metrics.", "[options]", "lossbench metrics", NULL, cmd_metrics },
	{ "data", "Look at a data file: rows, columns, classes, what is missing; or convert it.",
	  "info FILE [options] | convert FROM TO [options] | formats", "lossbench data info datasets/samples/letter.csv.gz",
	  "convert writes .csv, .svm (LIBSVM), .npy (each also with .gz) or .npz (X and y), as the name TO ends.", cmd_data },
	{ "config", "Check a config, print it with every default, or print the JSON Schema of configs.",
	  "check FILE | resolve FILE | schema | reference  [--set key.path=value]...", "lossbench config check configs/quickstart.yaml", NULL, cmd_config },
	{ "init", "Write a commented config for a data file.", "DATA [options]", "lossbench init data.csv --out mine.yaml", NULL, cmd_init },
	{ "completion", "Print the shell's completion of lossbench.", "bash | zsh", "source <(lossbench completion bash)", NULL, cmd_completion },
	{ "version", "Versions, BLAS kernel and build.", "[options]", "lossbench version --json", NULL, cmd_version },
	{ 0 },
};

const char *const *command_line;

static void usage(FILE *to)
{
	fprintf(to, "lossbench compares loss functions: YAML experiments in, comparison tables out.\n\nusage: lossbench COMMAND [options]\n\n");
	for (const struct command *c = commands; c->name; c++)
		fprintf(to, "  %-10s %s\n", c->name, c->summary);
	fprintf(to, "\nlossbench COMMAND --help says more. Exit codes:");
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
		{ "advise", "report" }, { "best", "report" }, { "plot", "report" },    { "table", "report" }, { "run", "sweep" },   { "tune", "sweep" },
		{ "fit", "train" },     { "test", "predict" }, { "score", "predict" }, { "list", "losses" },  { "show", "losses" }, { "check", "config" },
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
