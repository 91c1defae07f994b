#include "cmd/python_script.h"

#include "cmd/installed.h"
#include "core/base/mem.h"
#include "core/run/provenance.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char *find_script(const char *name, struct lb_err *err)
{
	return installed_path("scripts", "share/lossbench/scripts", name, err);
}

static bool same_folder(const char *a, const char *b)
{
	struct stat x, y;

	return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* PYTHONPATH without the folders that are named relative to the working folder, or are that folder:
 * what lies there is data, and a file called json.py no module. */
static void clean_module_path(void)
{
	const char *given = getenv("PYTHONPATH");
	char *folders = given ? strdup(given) : NULL, *kept = folders ? calloc(strlen(folders) + 2, 1) : NULL, *rest = NULL;

	for (const char *f = kept ? strtok_r(folders, ":", &rest) : NULL; f; f = strtok_r(NULL, ":", &rest)) {
		if (f[0] != '/' || same_folder(f, "."))
			continue;
		if (*kept)
			strcat(kept, ":");
		strcat(kept, f);
	}
	if (kept && *kept)
		setenv("PYTHONPATH", kept, 1);
	else
		unsetenv("PYTHONPATH");
	free(kept);
	free(folders);
}

/* What the scripts find in their environment: the subcommand for their messages, this program for
 * its schema. Of the working folder Python gets nothing; its own folder of modules it must look
 * into, which PYTHONSAFEPATH would forbid. */
static void set_environment(const char *command)
{
	char name[64], exe[PATH_MAX];
	const ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);

	snprintf(name, sizeof name, "lossbench %s", command);
	setenv("LOSSBENCH_COMMAND", name, 1);
	exe[n > 0 ? n : 0] = '\0';
	if (n > 0)
		setenv("LOSSBENCH", exe, 1);
	clean_module_path();
	unsetenv("PYTHONSAFEPATH");
	unsetenv("PYTHONSTARTUP");
}

/* Returns only when no Python could be started. The distribution's has numpy and scipy from
 * packages; the first on PATH may not. */
static void start(char **args, const char *command)
{
	const char *python = getenv("LOSSBENCH_PYTHON");

	set_environment(command);
	if (python && *python)
		execvp(python, args);
	else {
		execv("/usr/bin/python3", args);
		execvp("python3", args);
	}
}

static char **make_args(const char *script, const char *const *words, size_t n, struct lb_err *err)
{
	char **args = lb_alloc(n + 3, sizeof *args, err);

	if (!args)
		return NULL;
	args[0] = (char *)"python3";
	args[1] = (char *)script;
	memcpy(args + 2, words, n * sizeof *args);
	return args;
}

int script_become(const char *name, int argc, char **argv, struct lb_err *err)
{
	const char *python = getenv("LOSSBENCH_PYTHON");
	char *script = find_script(name, err);
	char **args = script ? make_args(script, (const char *const *)argv + 1, (size_t)argc - 1, err) : NULL;

	if (args) {
		fflush(NULL);
		start(args, argv[0]);
		lb_fail(err, LB_MACHINE, "%s could not be started: %s; install it, or set LOSSBENCH_PYTHON to a Python 3",
			python && *python ? python : "python3", strerror(errno));
	}
	free(args);
	free(script);
	return -1;
}

static void child(char **args, const struct script_run *run, int out)
{
	const int nowhere = run->silent ? open("/dev/null", O_WRONLY) : -1;

	if (run->in) {
		dup2(fileno(run->in), STDIN_FILENO);
		lseek(STDIN_FILENO, 0, SEEK_SET);
	}
	if (out >= 0)
		dup2(out, STDOUT_FILENO);
	if (nowhere >= 0)
		dup2(nowhere, STDERR_FILENO);
	start(args, "report");
	_exit(127);
}

static void read_all(int from, struct lb_buf *out)
{
	char piece[4096];
	ssize_t n;

	while ((n = read(from, piece, sizeof piece)) > 0)
		lb_buf_add(out, piece, (size_t)n);
}

int script_run(const char *name, const struct script_run *run)
{
	char *script = find_script(name, NULL);
	char **args = script ? make_args(script, run->words, run->n_words, NULL) : NULL;
	int ends[2] = { -1, -1 }, status = -1;

	fflush(NULL);
	const pid_t pid = !args || (run->out && pipe(ends)) ? -1 : fork();
	if (pid == 0)
		child(args, run, ends[1]);
	if (ends[1] >= 0)
		close(ends[1]);
	if (pid > 0 && run->out)
		read_all(ends[0], run->out);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (ends[0] >= 0)
		close(ends[0]);
	free(args);
	free(script);
	return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) != 127 ? WEXITSTATUS(status) : -1;
}
