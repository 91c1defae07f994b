#include "cmd/cmd.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/run/saved_model_predict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const said[] = {
	[LB_SAID_SCORES] = "scores", [LB_SAID_PROBABILITIES] = "probabilities", [LB_SAID_EMBEDDINGS] = "embeddings", [LB_SAID_LABELS] = "labels",
};
enum { N_SAID = sizeof said / sizeof *said };

/* Words that are separated by commas: an array of them, to be freed together with *copy. */
static const char **split(const char *text, char **copy, size_t *n, struct lb_err *err)
{
	const char **word = lb_alloc(strlen(text) + 1, sizeof *word, err);
	char *rest = *copy = lb_strdup(text, err), *one;

	*n = 0;
	while (word && rest && (one = strsep(&rest, ","))) {
		one += strspn(one, " ");
		one[strcspn(one, " ")] = '\0';
		word[(*n)++] = one;
	}
	return *copy ? word : NULL;
}

static int choose(struct lb_predict_request *q, const char *const *word, size_t n, struct lb_err *err)
{
	for (size_t k = 0; k < n; k++) {
		size_t i = 0, j = 0;
		while (i < N_SAID && strcmp(word[k], said[i]))
			i++;
		while (j < q->n_what && q->what[j] != i)
			j++;
		if (i == N_SAID || j < q->n_what)
			return lb_fail(err, LB_USAGE, "--what: found \"%s\"%s, allowed: scores, probabilities, embeddings, labels, or some of them with commas",
				       word[k], i == N_SAID ? "" : " twice");
		q->what[q->n_what++] = (enum lb_said)i;
	}
	return 0;
}

static int predict(const char *model, const char *what, const char *keep, struct lb_predict_request *q, struct lb_err *err)
{
	char *copy[2] = { 0 }, *text = NULL;
	size_t n_what = 0;
	const char **whats = split(what, &copy[0], &n_what, err), **kept = keep ? split(keep, &copy[1], &q->rows.n_keep, err) : NULL;
	int rc = whats && (kept || !keep) ? choose(q, whats, n_what, err) : -1;

	q->rows.keep = kept;
	struct lb_saved_model *m = rc ? NULL : lb_saved_model_load(model, err);
	rc = m ? lb_saved_model_predict(m, q, &text, err) : -1;
	if (text)
		fputs(text, stdout);
	free(text);
	lb_saved_model_free(m);
	for (int i = 0; i < 2; i++)
		free(copy[i]);
	free(whats);
	free(kept);
	return rc;
}

int cmd_predict(int argc, char **argv, struct lb_err *err)
{
	const char *model = NULL, *what = said[0], *keep = NULL, *kernels = NULL, *kernel = NULL;
	struct lb_predict_request q = { 0 };
	bool quiet = false;
	const struct opt opts[] = {
		{ "model", 'm', OPT_TEXT, "FILE.npz", 0, 0, "what a training kept (output.model: true, train --save-model)", &model },
		{ "data", 'd', OPT_TEXT, "FILE", 0, 0, "the rows, in any format that lossbench reads; - is standard input", &q.rows.data },
		{ "labels", 0, OPT_TEXT, "FILE", 0, 0, "labels of the rows in a file of their own, to be written beside", &q.rows.labels },
		{ "format", 0, OPT_TEXT, "NAME", 0, 0, "format of the data; by content if not given", &q.rows.format },
		{ "what", 'w', OPT_TEXT, "WHAT,...", 0, 0, "scores (default), probabilities, embeddings, labels", &what },
		{ "keep", 'k', OPT_TEXT, "COLUMN,...", 0, 0, "columns of the data to pass on, such as an id: names, or numbers from 1", &keep },
		{ "out", 'o', OPT_TEXT, "FILE", 0, 0, "a .csv or .npy file; CSV to standard output if not given", &q.out },
		{ "quiet", 'q', OPT_FLAG, NULL, 0, 0, "no warnings", &quiet },
		OPT_KERNELS(&kernels),
		OPT_BLAS_KERNEL(&kernel),
	};
	size_t n;

	int rc = opts_parse("predict", OPTS(opts), argc, argv, &n, err);
	if (rc)
		return rc > 0 ? LB_OK : LB_USAGE;
	if (n || !model || !q.rows.data)
		return lb_fail(err, LB_USAGE, "predict: a model and a file of rows are needed: lossbench predict --model FILE.npz --data FILE");
	lb_log_quiet(quiet);
	if (choose_arithmetic(kernels, kernel, true, err))
		return -1;
	return predict(model, what, keep, &q, err);
}
