/* `losses build mine.c`: makes a plug-in of a file like those of losses/<kind>/, and checks its
 * losses. */
#include "cmd/losses.h"

#include "cmd/installed.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/run/provenance.h"
#include "losses/plugin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_WORDS = 80, MOST_LOSSES = 64 };

/* What is being built: its source, the folder of the headers, a folder for what lies between. */
struct build {
	const char *source;
	char *headers, scratch[64], *f32, *f64, *glue, *object;
	struct lb_buf names;     /* kind_name, each with a NUL after it */
	size_t n;                /* of them */
};

static void close_build(struct build *b)
{
	char *files[] = { b->f32, b->f64, b->glue, b->object };

	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		if (files[i])
			unlink(files[i]);
		free(files[i]);
	}
	if (*b->scratch)
		rmdir(b->scratch);
	free(b->headers);
	lb_buf_free(&b->names);
}

static int open_build(struct build *b, const char *source, struct lb_err *err)
{
	static const char header[] = "losses/plugin.h";
	const char *folder = getenv("TMPDIR");
	const size_t n = strlen(source);

	*b = (struct build){ .source = source };
	if (n < 3 || strcmp(source + n - 2, ".c"))
		return lb_fail(err, LB_USAGE, "losses build: found \"%s\", allowed: a source file such as mine.c", source);
	if (!lb_file_exists(source))
		return lb_fail(err, LB_USAGE, "losses build: %s: there is no such file", source);
	if (!(b->headers = installed_path(".", "include/lossbench", header, err)))
		return -1;
	b->headers[strlen(b->headers) - strlen(header)] = '\0';
	if (snprintf(b->scratch, sizeof b->scratch, "%.40s/lossbench-XXXXXX", folder && *folder && strlen(folder) <= 40 ? folder : "/tmp") < 0 || !mkdtemp(b->scratch)) {
		*b->scratch = '\0';
		return lb_fail(err, LB_MACHINE, "losses build: no folder could be made for what is compiled: %s; set TMPDIR", strerror(errno));
	}
	b->f32 = lb_strfmt(err, "%s/f32.o", b->scratch);
	b->f64 = lb_strfmt(err, "%s/f64.o", b->scratch);
	b->glue = lb_strfmt(err, "%s/glue.c", b->scratch);
	b->object = lb_strfmt(err, "%s/plugin.so", b->scratch);
	return b->f32 && b->f64 && b->glue && b->object ? 0 : -1;
}

/* ---- the compiler ---- */

/* Adds the words of a text to a command; the text is cut at its blanks. */
static void add_words(char **command, size_t *n, char *text)
{
	char *rest = NULL;

	for (char *word = strtok_r(text, " ", &rest); word && *n < MOST_WORDS - 1; word = strtok_r(NULL, " ", &rest))
		command[(*n)++] = word;
	command[*n] = NULL;
}

/* Runs a program; its messages go where the program's own go, its output to `out` unless NULL. */
static int run(char *const *command, struct lb_buf *out, struct lb_err *err)
{
	int ends[2] = { -1, -1 }, status = 0;
	char text[4096];
	ssize_t got;

	fflush(NULL);
	const pid_t pid = out && pipe(ends) ? -1 : fork();
	if (pid < 0)
		return lb_fail(err, LB_MACHINE, "losses build: %s could not be started: %s", command[0], strerror(errno));
	if (!pid) {
		if (out)
			dup2(ends[1], STDOUT_FILENO);
		execvp(command[0], command);
		_exit(127);
	}
	if (out)
		close(ends[1]);
	while (out && ((got = read(ends[0], text, sizeof text)) > 0 || (got < 0 && errno == EINTR)))
		if (got > 0)
			lb_buf_add(out, text, (size_t)got);
	if (out)
		close(ends[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return lb_fail(err, LB_MACHINE, "losses build: %s is not found; install a C compiler, or name one in the environment variable CC", command[0]);
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : 1;
}

/* CC FLAGS INCLUDES WORDS. */
static int compile(struct build *b, const char *words, const char *failed, struct lb_err *err)
{
	const char *cc = getenv("CC");
	char *text = lb_strfmt(err, "%s %s", cc && *cc ? cc : "cc", lb_plugin_flags), *rest = lb_strdup(words, err);
	char *command[MOST_WORDS], *include = lb_strfmt(err, "-I%s", b->headers);
	size_t n = 0;
	int rc = -1;

	if (text && rest && include) {
		add_words(command, &n, text);
		command[n++] = include;
		add_words(command, &n, rest);
		rc = run(command, NULL, err);
	}
	if (rc > 0)
		rc = lb_fail(err, LB_CONFIG, "%s: %s; the compiler's messages stand above", b->source, failed);
	free(text);
	free(rest);
	free(include);
	return rc;
}

static int compile_source(struct build *b, int precision, const char *object, struct lb_err *err)
{
	char *words = strchr(b->source, ' ') ? NULL : lb_strfmt(err, "-DLB_REAL=%d -c -o %s %s%s", precision, object, *b->source == '-' ? "./" : "", b->source);

	if (!words)
		return err->code ? -1 : lb_fail(err, LB_USAGE, "losses build: \"%s\" has a blank in its path; rename it", b->source);
	const int rc = compile(b, words, "it does not compile", err);
	free(words);
	return rc;
}

/* ---- its losses ---- */

/* "multiclass_mine" of a line "lb_multiclass_mine_f64 D ..." of nm, in place; NULL: it is none. */
static char *loss_of_line(char *line)
{
	static const char before[] = "lb_", after[] = "_f64";
	char *end = strchr(line, ' ');

	if (!end || !strchr("BDRV", end[1]) || strncmp(line, before, strlen(before)) || (size_t)(end - line) < strlen(before) + strlen(after) ||
	    strncmp(end - strlen(after), after, strlen(after)))
		return NULL;
	end[-(int)strlen(after)] = '\0';
	line += strlen(before);
	for (int kind = 0; kind < LB_N_KINDS; kind++) {
		const char *name = lb_kind_name((enum lb_kind)kind);
		if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == '_')
			return line;
	}
	return NULL;
}

static int find_losses(struct build *b, struct lb_err *err)
{
	char *command[] = { (char *)"nm", (char *)"-g", (char *)"-P", (char *)"--defined-only", b->f64, NULL }, *rest = NULL;
	struct lb_buf symbols = { 0 };
	const int rc = run(command, &symbols, err);

	for (char *line = rc || !symbols.s ? NULL : strtok_r(symbols.s, "\n", &rest); line && b->n < MOST_LOSSES; line = strtok_r(NULL, "\n", &rest)) {
		const char *loss = loss_of_line(line);
		if (!loss)
			continue;
		lb_buf_add(&b->names, loss, strlen(loss) + 1);
		b->n++;
	}
	const bool bad = symbols.bad || b->names.bad;
	lb_buf_free(&symbols);
	if (rc || bad)
		return rc < 0 ? rc : lb_fail(err, LB_MACHINE, "losses build: nm could not read what the compiler made of %s", b->source);
	return b->n ? 0 : lb_fail(err, LB_CONFIG, "%s: defines no loss; it needs a variable such as: const struct lb_loss LB_LOSS(multiclass, mine) = { ... }", b->source);
}

static int write_glue(struct build *b, struct lb_err *err)
{
	struct lb_buf text = { 0 };
	const char *name = b->names.s;

	lb_buf_puts(&text, "#include \"losses/plugin.h\"\n#include \"losses/plugin_layout.h\"\n");
	for (size_t i = 0; i < b->n; i++, name += strlen(name) + 1)
		lb_buf_printf(&text, "extern const struct lb_loss lb_%s_f32, lb_%s_f64;\n", name, name);
	for (int precision = 32; precision <= 64; precision += 32) {
		lb_buf_printf(&text, "static const void *const f%d[] = {", precision);
		name = b->names.s;
		for (size_t i = 0; i < b->n; i++, name += strlen(name) + 1)
			lb_buf_printf(&text, " &lb_%s_f%d,", name, precision);
		lb_buf_puts(&text, " };\n");
	}
	lb_buf_printf(&text, "extern const struct lb_plugin LB_PLUGIN_SYMBOL;\nconst struct lb_plugin LB_PLUGIN_SYMBOL = { LB_PLUGIN_INTERFACE, LB_LOSS_LAYOUT, \"%s\", "
		      "%zu, f32, f64 };\n", lb_version, b->n);
	const int rc = text.bad ? lb_fail_memory(err, text.n) : lb_write_file_unflushed(b->glue, text.s, text.n, err);
	lb_buf_free(&text);
	return rc;
}

static int link_object(struct build *b, struct lb_err *err)
{
	char *words = lb_strfmt(err, "-DLB_REAL=64 -shared -o %s %s %s %s -lm", b->object, b->glue, b->f32, b->f64);
	const int rc = words ? compile(b, words, "it cannot be linked", err) : -1;

	free(words);
	return rc;
}

/* ---- the command ---- */

/* The name of the object where none is told: mine.c gives mine.so, in the working folder. */
static char *default_out(const char *source, struct lb_err *err)
{
	const char *slash = strrchr(source, '/'), *name = slash ? slash + 1 : source;

	return lb_strfmt(err, "%.*s.so", (int)strlen(name) - 2, name);
}

static int keep_object(const struct build *b, const char *out, struct lb_err *err)
{
	size_t n;
	char *bytes = lb_read_file(b->object, (size_t)1 << 28, &n, LB_MACHINE, err);
	const int rc = bytes ? lb_write_file(out, bytes, n, err) : -1;

	free(bytes);
	return rc;
}

int losses_build(const char *source, const char *out, struct lb_err *err)
{
	struct build b;
	char *path = NULL;
	size_t first, n;
	int rc = open_build(&b, source, err);

	if (!rc)
		rc = (path = out ? lb_strdup(out, err) : default_out(source, err)) ? lb_check_place(path, LB_USAGE, err) : -1;
	if (!rc)
		rc = compile_source(&b, 32, b.f32, err) || compile_source(&b, 64, b.f64, err) || find_losses(&b, err) || write_glue(&b, err) ||
		     link_object(&b, err) || lb_plugin_load(b.object, source, &first, &n, err) || keep_object(&b, path, err) ? -1 : 0;
	if (!rc)
		rc = losses_check_registered(first, n, NULL, err);
	if (rc >= 0)
		printf("%s: checksum %.16s; in a config: loss: {plugin: %s}\n", path, lb_plugin_of(lb_loss_at(first)), path);
	close_build(&b);
	free(path);
	return rc;
}
