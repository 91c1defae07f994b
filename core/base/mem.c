#include "core/base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Aligned arrays are about to be used whole. From AT_ONCE bytes on their pages are asked for at
 * once, from LARGE on as huge ones, which are fewer and take less of the processor's page table. */
#define PAGE ((size_t)4096)
#define HUGE_PAGE ((size_t)2 << 20)
#define AT_ONCE ((size_t)128 << 10)
#define LARGE (2 * HUGE_PAGE)

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14; refused before, with no harm */
#endif

static int product(size_t n, size_t size, size_t *bytes, struct lb_err *err)
{
	if (__builtin_mul_overflow(n, size, bytes) || *bytes > PTRDIFF_MAX)
		return lb_fail_memory(err, UINT64_MAX);
	return 0;
}

void *lb_alloc(size_t n, size_t size, struct lb_err *err)
{
	size_t bytes;

	if (product(n, size, &bytes, err))
		return NULL;
	void *p = calloc(bytes ? bytes : 1, 1);
	if (!p)
		lb_fail_memory(err, bytes);
	return p;
}

/* What is missing of the pages that all n bytes from p lie in comes at the first touch, one by one,
 * unless the kernel is asked for all at once. */
static void have_pages(char *p, size_t n)
{
	const size_t page = n < LARGE ? PAGE : HUGE_PAGE;
	char *first = p + (page - (uintptr_t)p % page) % page;

	if (n >= AT_ONCE + page)
		madvise(first, (size_t)(p + n - first) / page * page, n < LARGE ? MADV_POPULATE_WRITE : MADV_HUGEPAGE);
}

void *lb_alloc_raw(size_t n, size_t size, struct lb_err *err)
{
	size_t bytes;
	void *p = NULL;

	if (product(n, size, &bytes, err))
		return NULL;
	if (posix_memalign(&p, bytes < LARGE ? 64 : HUGE_PAGE, bytes ? bytes : 64)) {
		lb_fail_memory(err, bytes);
		return NULL;
	}
	have_pages(p, bytes);
	return p;
}

void *lb_alloc_aligned(size_t n, size_t size, struct lb_err *err)
{
	void *p = lb_alloc_raw(n, size, err);

	return p ? memset(p, 0, n * size) : NULL;
}

int lb_grow(void *p, size_t *cap, size_t need, size_t size, struct lb_err *err)
{
	size_t want = *cap ? *cap : 16, bytes;
	void *old;

	if (need <= *cap)
		return 0;
	while (want < need)
		if (__builtin_mul_overflow(want, (size_t)2, &want))
			return lb_fail_memory(err, UINT64_MAX);
	if (product(want, size, &bytes, err))
		return -1;
	memcpy(&old, p, sizeof old);
	void *bigger = realloc(old, bytes);
	if (!bigger)
		return lb_fail_memory(err, bytes);
	memcpy(p, &bigger, sizeof bigger);
	*cap = want;
	return 0;
}

char *lb_strndup(const char *s, size_t n, struct lb_err *err)
{
	char *copy = lb_alloc(n + 1, 1, err);

	if (copy && n)
		memcpy(copy, s, n);
	return copy;
}

char *lb_strdup(const char *s, struct lb_err *err)
{
	return lb_strndup(s, strlen(s), err);
}

char *lb_strfmt(struct lb_err *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0) {
		lb_fail(err, LB_MACHINE, "a text could not be formatted");
		return NULL;
	}
	char *s = lb_alloc((size_t)n + 1, 1, err);
	if (!s)
		return NULL;
	va_start(ap, fmt);
	vsnprintf(s, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return s;
}

void lb_move_out(void *to, void *from, size_t n)
{
	char *const begin = from;

	for (size_t at = 0, some; at < n; at += some) {
		some = n - at < HUGE_PAGE ? n - at : HUGE_PAGE;
		memcpy((char *)to + at, begin + at, some);
		char *const first = begin + at + (PAGE - (uintptr_t)(begin + at) % PAGE) % PAGE;
		char *const end = begin + at + some - (uintptr_t)(begin + at + some) % PAGE;
		if (first < end)
			madvise(first, (size_t)(end - first), MADV_DONTNEED);
	}
}

void *lb_concat(const void *a, size_t na, const void *b, size_t nb, size_t size, struct lb_err *err)
{
	char *v = lb_alloc(na + nb, size, err);

	if (v && na)
		memcpy(v, a, na * size);
	if (v && nb)
		memcpy(v + na * size, b, nb * size);
	return v;
}
