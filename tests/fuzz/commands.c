/* What `data info`, `data convert` and `init` do with a file of any format, on bytes that any
 * stranger may have written. */
#include "cmd/cmd.h"
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <limits.h>

static char folder[64], input[PATH_MAX];

static void remove_folder(void)
{
	char command[128];

	snprintf(command, sizeof command, "rm -rf %s", folder);
	if (system(command))
		fprintf(stderr, "%s is left\n", folder);
}

/* The input under a name that ends by its length. */
static const char *named_file(const uint8_t *data, size_t n)
{
	static const char *const endings[] = { "", ".csv", ".svm", ".arff", ".npz", ".npy", ".idx", ".dat" };

	if (!*folder) {
		snprintf(folder, sizeof folder, "%s/lb-fuzz-XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
		FUZZ_CHECK(mkdtemp(folder));
		atexit(remove_folder);
	}
	snprintf(input, sizeof input, "%s/input%s", folder, endings[n % (sizeof endings / sizeof *endings)]);
	FILE *f = fopen(input, "wb");
	FUZZ_CHECK(f && fwrite(data, 1, n, f) == n && fclose(f) == 0);
	return input;
}

/* Runs a command with standard output thrown away; true when it ended well. */
static bool run(int (*command)(int argc, char **argv, struct lb_err *err), const char *const *words)
{
	struct lb_err err = { 0 };
	char *argv[16];
	int argc = 0;

	for (; words[argc]; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc];
	argv[argc] = NULL;
	fflush(stdout);
	const int out = dup(STDOUT_FILENO), none = open("/dev/null", O_WRONLY);
	FUZZ_CHECK(out >= 0 && none >= 0 && dup2(none, STDOUT_FILENO) >= 0);
	const int rc = command(argc, argv, &err);
	fflush(stdout);
	FUZZ_CHECK(dup2(out, STDOUT_FILENO) >= 0);
	close(out);
	close(none);
	if (rc)
		fuzz_check_error(&err, err.code == LB_CONFIG ? LB_CONFIG : err.code == LB_USAGE ? LB_USAGE : LB_DATA, LB_MACHINE);
	return !rc;
}

#define LIMITS "--set", "data.max_bytes=4.0e6", "--set", "data.max_memory=3.2e7"

static void convert(const char *from, const char *ending)
{
	char to[PATH_MAX];

	snprintf(to, sizeof to, "%s/output%s", folder, ending);
	if (!run(cmd_data, (const char *const[]){ "data", "convert", from, to, "--force", LIMITS, NULL }))
		return;
	run(cmd_data, (const char *const[]){ "data", "info", to, LIMITS, NULL });
	FUZZ_CHECK(unlink(to) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *path = named_file(data, n);

	if (run(cmd_data, (const char *const[]){ "data", "info", path, LIMITS, NULL }))
		run(cmd_init, (const char *const[]){ "init", path, NULL }); /* which has no limits of its own */
	run(cmd_data, (const char *const[]){ "data", "info", path, "--json", "--label", "1", LIMITS, NULL });
	convert(path, ".csv");
	convert(path, n % 2 ? ".npz" : ".svm");
	FUZZ_CHECK(unlink(path) == 0);
	return 0;
}
