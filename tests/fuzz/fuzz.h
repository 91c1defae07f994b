/* What the fuzz targets share. A target is one file that defines LLVMFuzzerTestOneInput; linked
 * with libFuzzer it searches (make fuzz), linked with replay.c it goes once through files (make
 * check). */
#ifndef LB_FUZZ_H
#define LB_FUZZ_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The most trials that a config may stand for here. */
enum { FUZZ_TRIALS = 200 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* What must hold; the input that breaks it is a finding. */
#define FUZZ_CHECK(what)                                                                  \
	do {                                                                              \
		if (!(what)) {                                                            \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #what); \
			abort();                                                          \
		}                                                                         \
	} while (0)

/* A failure has a message that is text, and a code of those allowed. */
static inline void fuzz_check_error(const struct lb_err *err, enum lb_code one, enum lb_code other)
{
	FUZZ_CHECK(err->code == one || err->code == other);
	FUZZ_CHECK(err->text[0] && strlen(err->text) < sizeof err->text);
}

/* Path of a regular file, in memory only, that holds the input; the same one each time. */
static inline const char *fuzz_file(const uint8_t *data, size_t n)
{
	static char path[32];
	static int fd = -1;

	if (fd < 0) {
		fd = memfd_create("input", 0);
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	}
	FUZZ_CHECK(fd >= 0 && ftruncate(fd, 0) == 0);
	FUZZ_CHECK(pwrite(fd, data, n, 0) == (ssize_t)n);
	return path;
}

#endif
