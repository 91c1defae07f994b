#include "core/run/provenance.h"

#include "core/numeric/blas_select.h"
#include "core/numeric/kernel_dispatch.h"
#include "core/numeric/openblas.h"
#include "datasets/io/inflate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <yaml.h>

extern char **environ;

/* The processor's model name as Linux tells it. */
static void add_processor(cJSON *in)
{
	FILE *f = fopen("/proc/cpuinfo", "r");
	char line[512];
	const char *name = NULL;

	while (f && !name && fgets(line, sizeof line, f))
		if (!strncmp(line, "model name", 10) && (name = strchr(line, ':'))) {
			line[strcspn(line, "\n")] = '\0';
			name += strspn(name, ": \t");
		}
	if (f)
		fclose(f);
	lb_json_text(in, "processor", name);
	lb_json_number(in, "cores", (double)sysconf(_SC_NPROCESSORS_ONLN));
}

static void add_host(cJSON *in)
{
	struct utsname u;
	char os[200];

	if (uname(&u)) {
		lb_json_text(in, "host", NULL);
		lb_json_text(in, "os", NULL);
		return;
	}
	snprintf(os, sizeof os, "%.60s %.70s %.60s", u.sysname, u.release, u.machine);
	lb_json_text(in, "host", u.nodename);
	lb_json_text(in, "os", os);
}

/* Every OPENBLAS_*, OMP_* and GOTO_* variable, verbatim: they change kernels and so the last
 * bits. */
static void add_kernels(cJSON *in)
{
	cJSON *list = cJSON_AddArrayToObject(in, "kernels_here");

	lb_json_text(in, "kernels", lb_kernels_name());
	for (size_t i = 0; list && lb_kernels_at(i); i++)
		cJSON_AddItemToArray(list, cJSON_CreateString(lb_kernels_at(i)));
}

static void add_blas(cJSON *in)
{
	cJSON *blas = lb_json_object(in, "blas");
	const struct lb_openblas *library = lb_openblas_here() ? lb_openblas(NULL) : NULL;
	const char *config = library ? library->config() : "";
	const struct lb_blas_choice *chosen = lb_blas_chosen();
	char version[32] = "";

	if (sscanf(config, "OpenBLAS %31s", version) != 1)
		version[0] = '\0';
	lb_json_text(blas, "version", version[0] ? version : NULL);
	lb_json_text(blas, "kernel", library ? library->corename() : NULL);
	lb_json_text(blas, "asked", chosen->asked[0] ? chosen->asked : NULL);
	lb_json_text(blas, "why", chosen->why[0] ? chosen->why : NULL);
	lb_json_text(blas, "library_choice", chosen->own[0] ? chosen->own : NULL);
	lb_json_text(blas, "config", library ? config : NULL);
	if (library)
		lb_json_number(blas, "threads", library->threads());
	else
		lb_json_text(blas, "threads", NULL);
	cJSON *environment = lb_json_object(blas, "environment");
	for (char **e = environ; *e; e++) {
		char name[64];
		const char *equals = strchr(*e, '=');
		if (!equals || (strncmp(*e, "OPENBLAS_", 9) && strncmp(*e, "OMP_", 4) && strncmp(*e, "GOTO_", 5)))
			continue;
		snprintf(name, sizeof name, "%.*s", (int)(equals - *e), *e);
		lb_json_text(environment, name, equals + 1);
	}
}

static void add_libraries(cJSON *in)
{
	cJSON *libraries = lb_json_object(in, "libraries");

	for (size_t i = 0; lb_inflaters[i]; i++)
		lb_json_text(libraries, lb_inflaters[i]->name, lb_inflaters[i]->version());
	lb_json_text(libraries, "libyaml", yaml_get_version_string());
	lb_json_text(libraries, "cjson", cJSON_Version());
}

void lb_provenance(cJSON *in, const char *const *argv)
{
	lb_json_text(in, "lossbench", lb_version);
	cJSON *git = lb_json_object(in, "git");
	lb_json_text(git, "revision", lb_git_revision[0] ? lb_git_revision : NULL);
	if (lb_git_clean < 0)
		lb_json_text(git, "clean", NULL);
	else
		lb_json_bool(git, "clean", lb_git_clean);
	add_host(in);
	add_processor(in);
	add_kernels(in);
	add_blas(in);
	add_libraries(in);
	lb_json_text(in, "compiler", lb_compiler);
	lb_json_text(in, "flags", lb_build_flags);
	cJSON *command = lb_json_array(in, "command");
	for (; argv && *argv; argv++)
		lb_json_text(command, NULL, *argv);
}
