#include "cmd/cmd.h"

#include "core/run/get.h"
#include "core/run/provenance.h"

#include <stdio.h>

int cmd_version(int argc, char **argv, struct lb_err *err)
{
	bool json = false;
	const struct opt opts[] = { { "json", 0, OPT_FLAG, NULL, 0, 0, "everything a record would say of this build and machine", &json } };
	struct lb_buf b = { 0 };
	size_t n;

	const int rc = opts_parse("version", OPTS(opts), argc, argv, &n, err);
	if (rc)
		return rc > 0 ? LB_OK : LB_USAGE;
	if (n)
		return lb_fail(err, LB_USAGE, "version: found \"%s\", allowed: options only; see lossbench version --help", argv[1]);
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
		printf("lossbench %s (git %.12s%s)\nOpenBLAS %s, kernel %s, 1 thread; zlib %s, libyaml %s, cJSON %s\n%s, %s\n", lb_version,
		       lb_git_revision[0] ? lb_git_revision : "unknown", lb_git_clean == 0 ? ", changed" : "",
		       lb_get_text(facts, "blas.version"), lb_get_text(facts, "blas.kernel"), lb_get_text(facts, "libraries.zlib"),
		       lb_get_text(facts, "libraries.libyaml"), lb_get_text(facts, "libraries.cjson"), lb_get_text(facts, "compiler"),
		       lb_build_flags);
out:
	lb_buf_free(&b);
	cJSON_Delete(facts);
	return err->code == LB_OK ? LB_OK : -1;
}
