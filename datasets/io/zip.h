/* Reading the members of a ZIP archive, stored or deflated, by its central directory. Nothing is
 * unpacked to disk and no name is used as a path. */
#ifndef LB_ZIP_H
#define LB_ZIP_H

#include "core/base/err.h"

#include <stddef.h>
#include <stdint.h>

struct lb_zip_entry {
	char *name;
	unsigned method, flags;
	uint32_t crc;
	uint64_t packed, size, offset; /* bytes; of the local header */
};

struct lb_zip {
	const char *path;        /* borrowed */
	int fd;
	uint64_t size;           /* of the file */
	struct lb_zip_entry *entry;
	size_t n, cap;
};

/* Reads the directory. Release with lb_zip_close, on failure too. */
int lb_zip_open(struct lb_zip *z, const char *path, struct lb_err *err);
void lb_zip_close(struct lb_zip *z);

/* A member from its start to its end; *got < n only there, where size and CRC-32 have been
 * checked. */
struct lb_zip_member;
struct lb_zip_member *lb_zip_member_open(const struct lb_zip *z, const struct lb_zip_entry *e, struct lb_err *err);
int lb_zip_member_read(struct lb_zip_member *m, void *buf, size_t n, size_t *got, struct lb_err *err);
void lb_zip_member_close(struct lb_zip_member *m);

#endif
