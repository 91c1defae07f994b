#include "cmd/cmd.h"

#include "core/base/file.h"
#include "core/base/mem.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The scripts lie beside the binary in a checkout, or under share/lossbench when installed. */
static char *find_script(const char *name, struct lb_err *err)
{
	static const char *const places[] = { "scripts", "../scripts", "../share/lossbench/scripts" };
	char exe[PATH_MAX];
	const ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);

	exe[n > 0 ? n : 0] = '\0';
	char *slash = strrchr(exe, '/');
	if (slash)
		*slash = '\0';
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		char *path = lb_strfmt(err, "%s/%s/%s", exe, places[i], name);
		if (!path || lb_file_exists(path))
			return path;
		free(path);
	}
	lb_fail(err, LB_MACHINE, "scripts/%s is not found near %s; run from a checkout or after make install", name, exe);
	return NULL;
}

/* Replaces this process by the script; all options are the script's own. */
int cmd_report(int argc, char **argv, struct lb_err *err)
{
	const char *python = getenv("LOSSBENCH_PYTHON");
	char *script = find_script("aggregate.py", err);
	char **args = script ? lb_alloc((size_t)argc + 3, sizeof *args, err) : NULL;

	if (!args) {
		free(script);
		return -1;
	}
	args[0] = (char[]){ "python3" };
	args[1] = script;
	memcpy(args + 2, argv + 1, (size_t)(argc - 1) * sizeof *args);
	setenv("LOSSBENCH_COMMAND", "lossbench report", 1);
	fflush(NULL);
	if (python && *python)
		execvp(python, args);
	else {
		execv("/usr/bin/python3", args);
		execvp("python3", args);
	}
	lb_fail(err, LB_MACHINE, "%s could not be started: %s; install it, or set LOSSBENCH_PYTHON to a Python 3",
		python && *python ? python : "python3", strerror(errno));
	free(args);
	free(script);
	return -1;
}
