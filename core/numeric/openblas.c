#include "core/numeric/openblas.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

static struct lb_openblas library;
static bool here;

/* One thread from the start: others would be made, and spin, before they could be told. */
static void *load(void)
{
	static const char threads[] = "OPENBLAS_NUM_THREADS";
	static const char *const names[] = { "libopenblas.so.0", "libopenblas.so" };
	const bool given = getenv(threads) != NULL;
	void *handle = NULL;

	if (!given)
		setenv(threads, "1", 1);
	for (size_t i = 0; !handle && i < sizeof names / sizeof *names; i++)
		handle = dlopen(names[i], RTLD_NOW | RTLD_GLOBAL);
	if (!given)
		unsetenv(threads);
	return handle;
}

/* A symbol of the library, or of one that was preloaded in its place; ISO C has no cast from an
 * object to a function. */
static bool find(void *function, const char *name)
{
	void *const symbol = dlsym(RTLD_DEFAULT, name);

	memcpy(function, &symbol, sizeof symbol);
	return symbol != NULL;
}

const struct lb_openblas *lb_openblas(struct lb_err *err)
{
	void (*set_threads)(int);

	if (here)
		return &library;
	if (!load() || !find(&library.gemm_f32, "cblas_sgemm") || !find(&library.gemm_f64, "cblas_dgemm") ||
	    !find(&library.config, "openblas_get_config") || !find(&library.corename, "openblas_get_corename") ||
	    !find(&library.threads, "openblas_get_num_threads") || !find(&set_threads, "openblas_set_num_threads")) {
		const char *why = dlerror();
		lb_fail(err, LB_MACHINE, "OpenBLAS cannot be loaded: %s; install it (Debian: libopenblas0), or leave --kernels blas and --blas-kernel out",
			why ? why : "libopenblas.so.0 lacks a function");
		return NULL;
	}
	set_threads(1);
	here = true;
	return &library;
}

bool lb_openblas_here(void)
{
	return here;
}
