#include "cmd/cmd.h"

#include "cmd/installed.h"
#include "core/numeric/blas_select.h"
#include "core/run/provenance.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_short(const cJSON *facts)
{
	printf("lossbench %s (git %.12s%s)\narithmetic: %s\nOpenBLAS %s, kernel %s, 1 thread", lb_version,
	       lb_git_revision[0] ? lb_git_revision : "unknown", lb_git_clean == 0 ? ", changed" : "", lb_json_text_at(facts, "kernels"),
	       lb_json_text_at(facts, "blas.version"), lb_json_text_at(facts, "blas.kernel"));
	const char *before = "; ";
	const cJSON *library;
	cJSON_ArrayForEach(library, cJSON_GetObjectItemCaseSensitive(facts, "libraries")) {
		printf("%s%s %s", before, library->string, library->valuestring);
		before = ", ";
	}
	printf("\nkernel: %s\n%s, %s\n", lb_json_text_at(facts, "blas.why"), lb_json_text_at(facts, "compiler"), lb_build_flags);
}

static int prove(const char *name, struct lb_err *err)
{
	char found[200];

	if (lb_blas_prove(name, found, sizeof found, err))
		return -1;
	printf("%s\n", found);
	return LB_OK;
}

/* The folder that holds configs/ and datasets/samples/: their paths are relative to it. */
static int print_examples(struct lb_err *err)
{
	static const char first[] = "/configs/quickstart.yaml";
	char *found = installed_path("configs", "share/lossbench/examples/configs", "quickstart.yaml", err);
	char *path = found ? realpath(found, NULL) : NULL;

	if (found && !path)
		lb_fail(err, LB_MACHINE, "%s: %s", found, strerror(errno));
	if (path)
		printf("%.*s\n", (int)(strlen(path) - strlen(first)), path);
	free(path);
	free(found);
	return err->code == LB_OK ? LB_OK : -1;
}

int cmd_version(int argc, char **argv, struct lb_err *err)
{
	bool json = false, examples = false;
	const char *kernel = NULL, *proof = NULL;
	const struct opt opts[] = {
		{ "json", 0, OPT_FLAG, NULL, 0, 0, "everything a record would say of this build and machine", &json },
		{ "prove", 0, OPT_TEXT, "NAME", 0, 0, "check that these kernels run now and that their products are right", &proof },
		{ "examples", 0, OPT_FLAG, NULL, 0, 0, "the folder of the examples' configs/ and datasets/", &examples },
		OPT_BLAS_KERNEL(&kernel),
	};
	struct lb_buf b = { 0 };
	size_t n;

	const int rc = opts_parse("version", OPTS(opts), argc, argv, &n, err);
	if (rc)
		return rc > 0 ? LB_OK : LB_USAGE;
	if (n)
		return lb_fail(err, LB_USAGE, "version: found \"%s\", allowed: options only; see lossbench version --help", argv[1]);
	if (examples)
		return print_examples(err);
	if (proof)
		return prove(proof, err);
	if (lb_blas_choose(kernel, command_line, err)) {
		if (kernel)
			return -1;
		*err = (struct lb_err){ 0 };
	}
	cJSON *facts = lb_json_object(NULL, NULL);
	lb_provenance(facts, NULL);
	lb_json_pretty(facts, &b);
	if (b.bad)
		lb_fail_memory(err, b.n);
	if (b.bad || lb_json_complete(err))
		goto out;
	if (json)
		printf("%s\n", b.s);
	else
		print_short(facts);
out:
	lb_buf_free(&b);
	cJSON_Delete(facts);
	return err->code == LB_OK ? LB_OK : -1;
}
