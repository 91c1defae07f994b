#include "core/numeric/blas_cache.h"

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/numeric/cpu_features.h"
#include "core/numeric/openblas.h"

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EDITION = 1, MAX_FILE = 65536, SECONDS = 30 };

/* ---- remembering ---- */

/* What a proof holds for: its edition, the processor, the library's version, and size and time of
 * its file. */
static void make_key(char *out, size_t size)
{
	char version[32] = "";
	struct stat st = { 0 };
	Dl_info info;

	if (sscanf(lb_openblas(NULL)->config(), "OpenBLAS %31s", version) != 1)
		version[0] = '\0';
	void *const product = dlsym(RTLD_DEFAULT, "cblas_sgemm");
	if (product && dladdr(product, &info) && info.dli_fname)
		stat(info.dli_fname, &st);
	snprintf(out, size, "%d %s %x OpenBLAS %s %lld %lld", EDITION, lb_cpu()->id, lb_cpu()->features, version, (long long)st.st_size,
		 (long long)st.st_mtime);
}

static char *memory_path(void)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (cache && *cache == '/')
		return lb_strfmt(NULL, "%s/lossbench/blas-proofs", cache);
	return home && *home == '/' ? lb_strfmt(NULL, "%s/.cache/lossbench/blas-proofs", home) : NULL;
}

bool lb_blas_remembered(const char *text, const char *key, const char *name, char *verdict, size_t size)
{
	const size_t n_key = strlen(key), n_name = strlen(name);

	for (const char *line = text; line && *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const size_t n = strcspn(line, "\n");
		if (n < n_key + n_name + 4 || strncmp(line, key, n_key) || line[n_key] != '\t')
			continue;
		const char *set = line + n_key + 1, *said = set + n_name + 1;
		if (strncmp(set, name, n_name) || set[n_name] != '\t')
			continue;
		snprintf(verdict, size, "%.*s", (int)(n - (size_t)(said - line)), said);
		return true;
	}
	return false;
}

static char *read_memory(const char *path)
{
	size_t n;

	return path && lb_file_exists(path) ? lb_read_file(path, MAX_FILE, &n, LB_MACHINE, NULL) : NULL;
}

/* The newest first; what does not fit in half the file is forgotten. */
static void remember(const char *path, const char *key, const char *name, const char *verdict)
{
	char *folder = path ? lb_strdup(path, NULL) : NULL, *slash = folder ? strrchr(folder, '/') : NULL, *before;
	struct lb_buf b = { 0 };

	if (slash)
		*slash = '\0';
	if (slash && !lb_make_dirs(folder, NULL)) {
		before = read_memory(path);
		lb_buf_printf(&b, "%s\t%s\t%s\n", key, name, verdict);
		for (const char *line = before; line && *line && b.n < MAX_FILE / 2;) {
			const size_t n = strcspn(line, "\n");
			lb_buf_add(&b, line, n);
			lb_buf_puts(&b, "\n");
			line += n + (line[n] == '\n');
		}
		if (!b.bad)
			lb_write_file(path, b.s, b.n, NULL);
		free(before);
	}
	lb_buf_free(&b);
	free(folder);
}

/* ---- proving ---- */

/* In the child, which has been told where to write: becomes `lossbench version --prove NAME` with
 * the set. */
static void become_proof(const char *name, int to)
{
	const char *const argv[] = { "lossbench", "version", "--prove", name, NULL };
	const struct rlimit no_core = { 0, 0 };

	setrlimit(RLIMIT_CORE, &no_core);
	if (dup2(to, STDOUT_FILENO) >= 0 && dup2(to, STDERR_FILENO) >= 0 && !setenv("OPENBLAS_CORETYPE", name, 1) &&
	    !setenv("OPENBLAS_NUM_THREADS", "1", 1)) {
		alarm(SECONDS);
		execv("/proc/self/exe", (char *const *)argv);
	}
	_exit(LB_INTERRUPTED);
}

/* The first line of what the child says, without its "lossbench: ". */
static void read_line(int from, char *out, size_t size)
{
	static const char prefix[] = "lossbench: ";
	size_t n = 0;
	ssize_t got;
	char rest[256];

	while (n + 1 < size && ((got = read(from, out + n, size - 1 - n)) > 0 || (got < 0 && errno == EINTR)))
		n += got > 0 ? (size_t)got : 0;
	while ((got = read(from, rest, sizeof rest)) > 0 || (got < 0 && errno == EINTR))
		continue;
	out[n] = '\0';
	out[strcspn(out, "\r\n")] = '\0';
	for (char *p = out; *p; p++)
		*p = *p == '\t' ? ' ' : *p;
	if (!strncmp(out, prefix, sizeof prefix - 1))
		memmove(out, out + sizeof prefix - 1, strlen(out + sizeof prefix - 1) + 1);
}

/* 1 proven, 0 refuted, -1 no verdict (not started, ended by the clock or from outside). */
static int conclude(int status, char *verdict, size_t size)
{
	static const int crashes[] = { SIGILL, SIGSEGV, SIGBUS, SIGFPE, SIGABRT };
	const int by = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	if (WIFEXITED(status) && WEXITSTATUS(status) == LB_OK) {
		snprintf(verdict, size, "ok");
		return 1;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) != LB_INTERRUPTED)
		return 0;
	snprintf(verdict, size, "its process could not be started");
	if (by == SIGALRM)
		snprintf(verdict, size, "no answer within %d seconds", SECONDS);
	else if (by)
		snprintf(verdict, size, "it crashed (%s)", strsignal(by));
	for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
		if (by == crashes[i])
			return 0;
	return -1;
}

static int prove_in_child(const char *name, char *verdict, size_t size)
{
	const struct sigaction usual = { .sa_handler = SIG_DFL };
	struct sigaction before;
	int ends[2], status = 0;
	pid_t pid, ended;

	snprintf(verdict, size, "its process could not be started");
	if (pipe(ends))
		return -1;
	sigaction(SIGCHLD, &usual, &before); /* a parent that ignores it would leave no status to wait for */
	if ((pid = fork()) == 0)
		become_proof(name, ends[1]);
	close(ends[1]);
	if (pid > 0)
		read_line(ends[0], verdict, size);
	close(ends[0]);
	while ((ended = pid > 0 ? waitpid(pid, &status, 0) : -1) < 0 && pid > 0 && errno == EINTR)
		continue;
	sigaction(SIGCHLD, &before, NULL);
	return ended < 0 ? -1 : conclude(status, verdict, size);
}

bool lb_blas_proven(const char *name, char *verdict, size_t size)
{
	char *path = memory_path(), *text = read_memory(path), key[200];
	int proven;

	make_key(key, sizeof key);
	if (lb_blas_remembered(text, key, name, verdict, size))
		proven = !strcmp(verdict, "ok");
	else if ((proven = prove_in_child(name, verdict, size)) >= 0)
		remember(path, key, name, verdict);
	free(text);
	free(path);
	return proven > 0;
}
