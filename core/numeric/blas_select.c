#include "core/numeric/blas_select.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/numeric/blas_cache.h"
#include "core/numeric/blas_selftest.h"
#include "core/numeric/openblas.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* Sets by the names that OpenBLAS reports, the better the higher the level. Only those with `pick`
 * are worth starting again for: the others fit one old processor, which the library knows. */
static const struct set {
	const char *name;
	int level;
	bool pick;
	unsigned needs;
} sets[] = {
	{ "Cooperlake", 7, true, LB_CPU_AVX512 | LB_CPU_BF16 | LB_CPU_AVX2 | LB_CPU_FMA },
	{ "SapphireRapids", 7, false, LB_CPU_AVX512 | LB_CPU_BF16 | LB_CPU_AVX2 | LB_CPU_FMA },
	{ "SkylakeX", 6, true, LB_CPU_AVX512 | LB_CPU_AVX2 | LB_CPU_FMA },
	{ "Haswell", 5, true, LB_CPU_AVX2 | LB_CPU_FMA },
	{ "Zen", 5, false, LB_CPU_AVX2 | LB_CPU_FMA },
	{ "Excavator", 4, false, LB_CPU_AVX | LB_CPU_FMA },
	{ "Steamroller", 4, false, LB_CPU_AVX | LB_CPU_FMA },
	{ "Piledriver", 4, false, LB_CPU_AVX | LB_CPU_FMA },
	{ "Bulldozer", 4, false, LB_CPU_AVX },
	{ "Sandybridge", 3, true, LB_CPU_AVX },
	{ "Nehalem", 2, true, LB_CPU_SSE42 },
	{ "Dunnington", 1, false, 0 }, { "Penryn", 1, false, 0 }, { "Core2", 1, false, 0 }, { "Barcelona", 1, false, 0 },
	{ "Bobcat", 1, false, 0 }, { "Atom", 1, false, 0 }, { "Nano", 1, false, 0 }, { "Opteron_SSE3", 1, false, 0 },
	{ "Opteron", 1, false, 0 }, { "Prescott", 1, false, 0 }, { "Northwood", 1, false, 0 }, { "Banias", 1, false, 0 },
	{ "Coppermine", 1, false, 0 }, { "Katmai", 1, false, 0 }, { "generic", 1, false, 0 },
};
enum { N_SETS = sizeof sets / sizeof *sets };

/* The variables that a new start sets; what the user had in them is kept in LOSSBENCH_WAS_... until
 * it is given back. */
static const char *const borrowed[] = { "OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS" };
static const char guard[] = "LOSSBENCH_BLAS";

static struct lb_blas_choice choice;
static bool settled;

const struct lb_blas_choice *lb_blas_chosen(void)
{
	return &choice;
}

static const struct set *find_set(const char *name)
{
	for (size_t i = 0; i < N_SETS; i++)
		if (!strcasecmp(sets[i].name, name))
			return &sets[i];
	return NULL;
}

size_t lb_blas_candidates(unsigned features, const char *own, const char **out, size_t max)
{
	const struct set *now = find_set(own);
	size_t n = 0;

	for (size_t i = 0; i < N_SETS && n < max; i++)
		if (now && sets[i].pick && sets[i].level > now->level && !(sets[i].needs & ~features))
			out[n++] = sets[i].name;
	return n;
}

static void decide(const char *asked, const char *own, const char *why)
{
	snprintf(choice.asked, sizeof choice.asked, "%s", asked);
	snprintf(choice.own, sizeof choice.own, "%s", own);
	if (why != choice.why)
		snprintf(choice.why, sizeof choice.why, "%s", why);
	settled = true;
}

/* ---- starting again ---- */

/* The guard names the process, which keeps its number over exec: one that is inherited by another
 * process means nothing. */
void lb_blas_resume(void)
{
	char *state = getenv(guard), *part[4] = { 0 }, was[64];

	for (size_t i = 0; i < 4 && state; i++)
		part[i] = strsep(&state, "\t");
	const bool ours = part[3] && strtol(part[0], NULL, 10) == (long)getpid();
	if (ours) {
		lb_openblas(NULL);
		decide(part[1], part[2], part[3]);
	}
	unsetenv(guard);
	for (size_t i = 0; i < sizeof borrowed / sizeof *borrowed; i++) {
		snprintf(was, sizeof was, "LOSSBENCH_WAS_%s", borrowed[i]);
		const char *before = getenv(was);
		if (ours && before)
			setenv(borrowed[i], before, 1);
		else if (ours)
			unsetenv(borrowed[i]);
		unsetenv(was);
	}
}

/* Sets `kernel`, or nothing for the library's choice, and becomes a new process image. Returns only
 * on failure. */
static void start_anew(const char *kernel, const char *const *argv)
{
	const char *now[] = { kernel, "1" };
	char was[64];
	char *state = lb_strfmt(NULL, "%ld\t%s\t%s\t%s", (long)getpid(), choice.asked, choice.own, choice.why);
	int bad = !state || setenv(guard, state, 1);

	for (size_t i = 0; i < sizeof borrowed / sizeof *borrowed && !bad; i++) {
		const char *before = getenv(borrowed[i]);
		snprintf(was, sizeof was, "LOSSBENCH_WAS_%s", borrowed[i]);
		bad = before && setenv(was, before, 1);
		bad = bad || (now[i] ? setenv(borrowed[i], now[i], 1) : unsetenv(borrowed[i]));
	}
	if (!bad)
		execv("/proc/self/exe", (char *const *)argv);
	const int reason = errno;
	lb_blas_resume();
	snprintf(choice.why, sizeof choice.why, "the program could not be started anew with %s (%s)", kernel ? kernel : "the library's choice",
		 strerror(reason));
	free(state);
}

/* valgrind, which knows few of the newer instructions and does not follow a new start, preloads a
 * library of its own. */
static bool under_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload && strstr(preload, "vgpreload");
}

/* ---- choosing ---- */

static void choose_best(const char *own, const char *const *argv)
{
	const char *name[N_SETS];
	char verdict[200], failed[300] = "";
	const struct lb_cpu *cpu = lb_cpu();
	const size_t n = lb_blas_candidates(cpu->features, own, name, N_SETS);

	for (size_t i = 0; i < n; i++) {
		if (lb_blas_proven(name[i], verdict, sizeof verdict)) {
			char features[64];
			lb_cpu_feature_names(cpu->features, features, sizeof features);
			snprintf(choice.why, sizeof choice.why, "the best set for %s (%s), proven here; the library would run %s%s%s", cpu->id,
				 features, own, *failed ? "; " : "", failed);
			decide("auto", own, choice.why);
			start_anew(name[i], argv);
			return;
		}
		const size_t used = strlen(failed);
		snprintf(failed + used, sizeof failed - used, "%s%s gave wrong products or crashed: %s", used ? "; " : "", name[i], verdict);
	}
	decide("auto", own, n ? failed : "the library's own choice, and the best set for this processor");
}

static int choose_auto(const char *running, const char *const *argv)
{
	const char *set_by_user = getenv(borrowed[0]);
	char why[sizeof choice.why];

	if (set_by_user && *set_by_user) {
		const bool obeyed = !strcasecmp(set_by_user, running);
		snprintf(why, sizeof why, "OPENBLAS_CORETYPE is set to %.60s%s", set_by_user, obeyed ? "" : ", which this OpenBLAS does not have");
		decide("environment", "", why);
		if (!obeyed)
			lb_warn("OPENBLAS_CORETYPE: found \"%.60s\", which this OpenBLAS does not have; it runs %s. Unset the variable and lossbench "
				"takes the best set", set_by_user, running);
	} else if (under_valgrind())
		decide("auto", running, "under valgrind the library chooses");
	else if (!lb_cpu()->x86)
		decide("auto", running, "not an x86 processor: the library chooses");
	else
		choose_best(running, argv);
	return 0;
}

static int choose_library(const char *running, const char *const *argv)
{
	const char *set_by_user = getenv(borrowed[0]);

	decide("library", set_by_user && *set_by_user ? "" : running, "asked for with --blas-kernel library");
	if (set_by_user && *set_by_user && !under_valgrind())
		start_anew(NULL, argv);
	return 0;
}

static int bad_name(const char *asked, struct lb_err *err)
{
	const char *names[N_SETS + 2];
	struct lb_buf allowed = { 0 };
	size_t n = 0;

	names[n++] = "auto";
	names[n++] = "library";
	for (size_t i = 0; i < N_SETS; i++)
		if (sets[i].pick && !(sets[i].needs & ~lb_cpu()->features))
			names[n++] = sets[i].name;
	for (size_t i = 0; i < n; i++)
		lb_buf_printf(&allowed, "%s%s", i ? ", " : "", names[i]);
	const char *near = find_set(asked) ? NULL : lb_nearest(asked, names, n);
	if (find_set(asked))
		lb_fail(err, LB_USAGE, "--blas-kernel: found \"%s\", which needs what this processor or its operating system does not offer; "
			"allowed here: %s", asked, allowed.s ? allowed.s : "auto, library");
	else
		lb_fail(err, LB_USAGE, "--blas-kernel: found \"%s\", allowed on this processor: %s%s%s%s", asked,
			allowed.s ? allowed.s : "auto, library", near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
	lb_buf_free(&allowed);
	return -1;
}

static int choose_name(const char *asked, const char *running, const char *const *argv, struct lb_err *err)
{
	const struct set *set = find_set(asked);
	const char *set_by_user = getenv(borrowed[0]);
	char verdict[200];

	if (!set || (set->needs & ~lb_cpu()->features))
		return bad_name(asked, err);
	decide(set->name, set_by_user && *set_by_user ? "" : running, "asked for with --blas-kernel");
	if (!strcasecmp(running, set->name))
		return 0;
	if (under_valgrind())
		return lb_fail(err, LB_USAGE, "--blas-kernel: found \"%s\", but under valgrind the program cannot be started anew; set "
			       "OPENBLAS_CORETYPE=%s instead", asked, set->name);
	if (!lb_blas_proven(set->name, verdict, sizeof verdict))
		return lb_fail(err, LB_MACHINE, "--blas-kernel: %s gives wrong products or fails on this machine: %s; use auto", set->name, verdict);
	start_anew(set->name, argv);
	return lb_fail(err, LB_MACHINE, "--blas-kernel: %s; use auto, or set OPENBLAS_CORETYPE", choice.why);
}

int lb_blas_choose(const char *asked, const char *const *argv, struct lb_err *err)
{
	const struct lb_openblas *library = lb_openblas(err);

	if (!library || settled)
		return library ? 0 : -1;
	const char *running = library->corename();
	if (!asked || !strcasecmp(asked, "auto"))
		return choose_auto(running, argv);
	if (!strcasecmp(asked, "library"))
		return choose_library(running, argv);
	return choose_name(asked, running, argv, err);
}

int lb_blas_prove(const char *name, char *found, size_t size, struct lb_err *err)
{
	const struct lb_openblas *library = lb_openblas(err);
	struct lb_proof proof;

	if (!library)
		return -1;
	const struct lb_products p = { library->gemm_f32, library->gemm_f64 };
	const char *running = library->corename();
	if (strcasecmp(name, running))
		return lb_fail(err, LB_MACHINE, "this OpenBLAS has no set %s; it runs %s", name, running);
	if (lb_prove_products(&p, &proof, err))
		return -1;
	snprintf(found, size, "%s: %zu products right in both precisions, largest error %.2f of the bound, the same bytes each time", running,
		 proof.products, proof.worst);
	return 0;
}
