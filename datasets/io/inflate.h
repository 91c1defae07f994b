/* Deflate data inflated a part at a time, by the fastest library the build has: ISA-L (Intel's, for
 * x86-64 and ARM; about twice as fast), else zlib. Which one reads a file changes no byte of what
 * is read: a gzip member is accepted only if its checksum and length hold, and who reads bare data
 * checks them himself. The libraries differ in the words for what is damaged. */
#ifndef LB_INFLATE_H
#define LB_INFLATE_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* Moved on by what a call used and made. */
struct lb_inflate_part {
	const unsigned char *in;
	unsigned char *out;
	size_t n_in, n_out;      /* bytes from `in`, room from `out`; less than 4 GiB */
};

enum lb_inflate_status {
	LB_INFLATE_ON,           /* it may go on, with more input or more room where there is none left */
	LB_INFLATE_END,          /* the data ended, `in` is after them (bare data: at most 8 bytes further) */
	LB_INFLATE_DAMAGED,
	LB_INFLATE_MEMORY,
};

struct lb_inflater {
	const char *name;
	const char *(*version)(void);
	/* One gzip member, or bare deflate data without a checksum. NULL with a message on
	 * failure. */
	void *(*open)(bool gzip, struct lb_err *err);
	/* The header of a gzip member must be in the first part as a whole. *what: what is damaged,
	 * for that status only. */
	enum lb_inflate_status (*run)(void *state, struct lb_inflate_part *part, const char **what);
	/* Another member or more bare data follow. */
	void (*again)(void *state);
	void (*close)(void *state);
};

/* The fastest first, NULL at the end. */
extern const struct lb_inflater *const lb_inflaters[];

/* What files opened from now on are read with; the first of lb_inflaters until a test says
 * otherwise. */
extern const struct lb_inflater *lb_inflater;

extern const struct lb_inflater lb_inflater_zlib;
#ifdef LB_ISAL
extern const struct lb_inflater lb_inflater_isal;
#endif

#endif
