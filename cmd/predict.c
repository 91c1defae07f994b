#include "cmd/cmd.h"

#include "core/base/log.h"
#include "core/run/saved_model_predict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const said[] = {
	[LB_SAID_SCORES] = "scores", [LB_SAID_PROBABILITIES] = "probabilities", [LB_SAID_EMBEDDINGS] = "embeddings", [LB_SAID_LABELS] = "labels",
};
enum { N_SAID = sizeof said / sizeof *said };

static int choose(const char *word, enum lb_said *what, struct lb_err *err)
{
	for (int i = 0; i < N_SAID; i++)
		if (!strcmp(word, said[i])) {
			*what = (enum lb_said)i;
			return 0;
		}
	return lb_fail(err, LB_USAGE, "--what: found \"%s\", allowed: scores, probabilities, embeddings, labels", word);
}

int cmd_predict(int argc, char **argv, struct lb_err *err)
{
	const char *model = NULL, *data = NULL, *labels = NULL, *out = NULL, *format = NULL, *what = said[0], *kernels = NULL, *kernel = NULL;
	bool quiet = false;
	const struct opt opts[] = {
		{ "model", 'm', OPT_TEXT, "FILE.npz", 0, 0, "what a training kept (output.model: true, train --save-model)", &model },
		{ "data", 'd', OPT_TEXT, "FILE", 0, 0, "the rows, in any format that lossbench reads", &data },
		{ "labels", 0, OPT_TEXT, "FILE", 0, 0, "labels of the rows in a file of their own, to be written beside", &labels },
		{ "format", 0, OPT_TEXT, "NAME", 0, 0, "format of the data; by content if not given", &format },
		{ "what", 'w', OPT_TEXT, "WHAT", 0, 0, "scores (default), probabilities, embeddings, labels", &what },
		{ "out", 'o', OPT_TEXT, "FILE", 0, 0, "a .csv or .npy file; CSV to standard output if not given", &out },
		{ "quiet", 'q', OPT_FLAG, NULL, 0, 0, "no warnings", &quiet },
		OPT_KERNELS(&kernels),
		OPT_BLAS_KERNEL(&kernel),
	};
	enum lb_said wanted = LB_SAID_SCORES;
	char *text = NULL;
	size_t n;

	int rc = opts_parse("predict", OPTS(opts), argc, argv, &n, err);
	if (rc)
		return rc > 0 ? LB_OK : LB_USAGE;
	if (n || !model || !data)
		return lb_fail(err, LB_USAGE, "predict: a model and a file of rows are needed: lossbench predict --model FILE.npz --data FILE");
	lb_log_quiet(quiet);
	if (choose(what, &wanted, err) || choose_arithmetic(kernels, kernel, true, err))
		return -1;
	struct lb_saved_model *m = lb_saved_model_load(model, err);
	rc = m ? lb_saved_model_predict(m, data, labels, format, wanted, out, &text, err) : -1;
	if (text)
		fputs(text, stdout);
	free(text);
	lb_saved_model_free(m);
	return rc;
}
