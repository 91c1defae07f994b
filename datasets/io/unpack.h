/* Compressed files: known by their first bytes, whatever their name, and unpacked a part at a time.
 * gzip is always there; bzip2, xz and zstd are where the build found their libraries (see the
 * Makefile), else they are known and refused by name. */
#ifndef LB_UNPACK_H
#define LB_UNPACK_H

#include "datasets/io/inflate.h"

struct lb_unpacker {
	const char *name;
	const char *library, *package, *command; /* that unpacks; the Debian package it is built with; the command to unpack a file by hand */
	/* True when data may begin so; of fewer than LB_UNPACK_HEAD bytes those that are there are
	 * judged. */
	bool (*begins)(const unsigned char *s, size_t n);
	/* NULL with a message on failure. The pointer is NULL in a build without the library. */
	void *(*open)(struct lb_err *err);
	/* As in struct lb_inflater: one member (stream, frame), which LB_INFLATE_END says is whole
	 * and right. */
	enum lb_inflate_status (*run)(void *state, struct lb_inflate_part *part, const char **what);
	void (*again)(void *state);
	void (*close)(void *state);
	bool padded;             /* zeros may follow the last member */
};

enum { LB_UNPACK_HEAD = 10 };

/* Closed by an entry without a name. */
extern const struct lb_unpacker lb_unpackers[];

/* What the first bytes of a file say it is compressed with, or NULL. */
const struct lb_unpacker *lb_unpacker_of(const unsigned char *head, size_t n);

/* The libraries' sides, in files of their own. */
#define LB_UNPACKER(name)                                                                                              \
	void *lb_##name##_open(struct lb_err *err);                                                                    \
	enum lb_inflate_status lb_##name##_run(void *state, struct lb_inflate_part *part, const char **what);          \
	void lb_##name##_again(void *state);                                                                           \
	void lb_##name##_close(void *state);
LB_UNPACKER(bzip2)
LB_UNPACKER(xz)
LB_UNPACKER(zstd)
#undef LB_UNPACKER

#endif
