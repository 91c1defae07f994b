/* `losses new`: the plain beginning of a loss of one's own, as a formula in a file or as a C file,
 * which passes its check as it stands. */
#include "cmd/losses.h"

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A kind of losses that one can begin with. The C text is the body of the row function. */
struct start {
	enum lb_kind kind;
	const char *formula, *about, *claims, *example, *row, *traits, *c_example;
};

static const struct start starts[] = {
	{ LB_MULTICLASS, "-w * log(p)", "of classes: p is the probability of the label, p[k] and z[k] are probability and score of each class",
	  "[nonnegative, convex, smooth, shift-invariant]", "{z: [[0, 0]], y: [0], w: 1, value: 0.6931471805599453}   # ln 2",
	  "	const real w = (real)in->par[W].v;\n"
	  "	const size_t y = (size_t)in->y[i];\n"
	  "	real rest = 0, others = 0;\n"
	  "	size_t top = 0;\n"
	  "\n"
	  "	for (size_t k = 1; k < in->c; k++)\n"
	  "		top = z[k] > z[top] ? k : top;\n"
	  "	for (size_t k = 0; k < in->c; k++)\n"
	  "		rest += k == top ? 0 : exp(z[k] - z[top]);\n"
	  "	for (size_t k = 0; k < in->c; k++) {\n"
	  "		const real p = exp(z[k] - z[top]) / (1 + rest);\n"
	  "		others += k == y ? 0 : p;\n"
	  "		if (g) /* the derivative by each score */\n"
	  "			g[k] = w * p;\n"
	  "	}\n"
	  "	if (g)\n"
	  "		g[y] = -w * others; /* p - 1, which keeps its digits so */\n"
	  "	return w * (log1p(rest) + (z[top] - z[y]));\n",
	  "LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH | LB_SHIFT_INVARIANT",
	  "{ .set = \"w=1\", .b = 1, .c = 2, .z = { 0, 0 }, .y = { 0 }, .value = 0.69314718055994531, .source = \"by hand: ln 2\" }" },
	{ LB_BINARY, "w * softplus(-m)", "of two classes: m is the margin, y times the score f; p the probability of the label",
	  "[nonnegative, convex, smooth]", "{z: [[0]], y: [1], w: 1, value: 0.6931471805599453}   # ln 2",
	  "	const real w = (real)in->par[W].v, s = in->y[i] ? z[0] : -z[0]; /* the margin */\n"
	  "	const real e = exp(s < 0 ? s : -s);\n\n"
	  "	if (g) /* the derivative by the score */\n"
	  "		g[0] = (in->y[i] ? -w : w) * (s < 0 ? 1 / (1 + e) : e / (1 + e));\n"
	  "	return w * (log1p(e) + (s < 0 ? -s : 0));\n",
	  "LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH",
	  "{ .set = \"w=1\", .b = 1, .c = 1, .z = { 0 }, .y = { 1 }, .value = 0.69314718055994531, .source = \"by hand: ln 2\" }" },
	{ LB_REGRESSION, "w * r^2", "of targets: r is the residual, prediction y minus target t", "[nonnegative, convex, smooth]",
	  "{z: [[3]], t: [[1]], w: 1, value: 4}",
	  "	const real w = (real)in->par[W].v / (real)in->c;\n"
	  "	const real *t = in->target + i * in->c;\n"
	  "	real sum = 0;\n\n"
	  "	for (size_t k = 0; k < in->c; k++) {\n"
	  "		const real r = z[k] - t[k];\n"
	  "		sum += w * r * r;\n"
	  "		if (g) /* the derivative by each prediction */\n"
	  "			g[k] = 2 * w * r;\n"
	  "	}\n"
	  "	return sum;\n",
	  "LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH",
	  "{ .set = \"w=1\", .b = 1, .c = 1, .z = { 3 }, .t = { 1 }, .value = 4, .source = \"by hand: (3 - 1)^2\" }" },
};
enum { N_STARTS = sizeof starts / sizeof *starts };

static void make_formula(const struct start *s, const char *name, struct lb_buf *b)
{
	lb_buf_printf(b, "# A loss %s.\n# Check it:  lossbench losses check %s.loss.yaml   Train with it:  loss: {file: %s.loss.yaml}\n"
			 "# Every other name is a parameter; losses/README.md lists all names and functions.\n"
			 "name: %s\ntitle: what it is, in a line\ntask: %s\nformula: \"%s\"\nparams:\n"
			 "  w: {default: 1, min: 0.01, max: 100, grid: [0.5, 1, 2], help: what it does}\n"
			 "source: where it is from\nclaims: %s   # what the check holds against it\nexamples:\n  - %s\n",
		      s->about, name, name, name, lb_kind_name(s->kind), s->formula, s->claims, s->example);
}

static void make_c(const struct start *s, const char *name, struct lb_buf *b)
{
	const char *kind = lb_kind_name(s->kind);

	lb_buf_printf(b, "#include \"losses/loss.h\"\n\nenum { W };\n\nstatic const struct lb_param params[] = {\n"
			 "	[W] = { .name = \"w\", .type = LB_REAL_PARAM, .def = 1, .min = 0.01, .max = 100, .grid = { 0.5, 1, 2 }, .n_grid = 3,\n"
			 "		.help = \"what it does\" },\n};\n\nstatic const struct lb_example examples[] = {\n	%s,\n};\n\n"
			 "/* The loss of row i, of which z are the %s; g, unless NULL, gets the derivative. */\n"
			 "static real row(const struct lb_batch *in, size_t i, const real *z, real *g)\n{\n%s}\n\nLB_ROW(%s, row)\n\n",
		      s->c_example, s->kind == LB_REGRESSION ? "predictions" : "scores", s->row, name);
	lb_buf_printf(b, "/* A plug-in: lossbench losses build %s.c. To be in the program it goes to losses/%s/, with a line\n * LOSS(%s, %s) in losses/list.def. */\n"
			 "const struct lb_loss LB_LOSS(%s, %s) = {\n	.info = {\n		.base = {\n			.name = \"%s\",\n"
			 "			.title = \"What it is, in a line\",\n			.cite = \"Authors, title, venue, year, equation\",\n"
			 "			.formula = \"%s\",\n			.notes = \"Edge cases, differences from the paper.\",\n"
			 "			.keywords = \"other_names\",\n			LB_PARAMS(params),\n		},\n		.kind = %s,\n"
			 "		.good_for = \"general use\",\n		.properties = %s,\n		LB_EXAMPLES(examples),\n	},\n	.form = &%s_form,\n};\n",
		      name, kind, kind, name, kind, name, name, s->formula,
		      s->kind == LB_MULTICLASS ? "LB_MULTICLASS" : s->kind == LB_BINARY ? "LB_BINARY" : "LB_REGRESSION", s->traits, name);
}

static const struct start *start_of(const char *task, struct lb_err *err)
{
	for (int i = 0; i < N_STARTS; i++)
		if (!task || !strcmp(task, lb_kind_name(starts[i].kind)))
			return &starts[i];
	lb_fail(err, LB_USAGE, "--task: found \"%s\", allowed: multiclass, binary, regression; for others copy the nearest loss of losses/", task);
	return NULL;
}

static int check_name(const char *name, const struct start *s, struct lb_err *err)
{
	const size_t n = strlen(name);

	if (n > 40 || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != n || !n || strchr("0123456789_", *name))
		return lb_fail(err, LB_USAGE, "losses new: found \"%s\", allowed: a name of small letters, digits and _, such as bent_ce", name);
	return lb_loss_find(s->kind, name) ? lb_fail(err, LB_USAGE, "losses new: there is a %s loss %s; see lossbench losses show %s, or choose another name",
						    lb_kind_name(s->kind), name, name) : 0;
}

int losses_new(const char *name, const char *task, const char *out, struct lb_err *err)
{
	const struct start *s = start_of(task, err);
	const size_t n = out ? strlen(out) : 0;
	const bool c = n > 2 && !strcmp(out + n - 2, ".c");
	struct lb_buf b = { 0 };

	if (!s || check_name(name, s, err))
		return -1;
	char *path = out ? lb_strdup(out, err) : lb_strfmt(err, "%s.loss.yaml", name);
	if (c)
		make_c(s, name, &b);
	else
		make_formula(s, name, &b);
	int rc = !path ? -1 : b.bad ? lb_fail_memory(err, b.n) : 0;
	if (!rc && lb_file_exists(path))
		rc = lb_fail(err, LB_USAGE, "%s already exists; delete it or choose another --out", path);
	if (!rc && !(rc = lb_write_file(path, b.s, b.n, err)))
		printf("%s written; next: lossbench losses %s %s\n", path, c ? "build" : "check", path);
	lb_buf_free(&b);
	free(path);
	return rc;
}
