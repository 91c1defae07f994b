/* Writing NumPy arrays and the archives that hold them (NPY 1.0 in a ZIP of stored members); used
 * inside datasets/ only. */
#ifndef LB_NPY_WRITE_H
#define LB_NPY_WRITE_H

#include "core/base/text.h"

/* The n lowest bytes of v, the lowest first. */
void lb_pack_little(struct lb_buf *b, uint64_t v, size_t n);

/* descr as in "<f8", shape as in "3, 4" or "3,". */
void lb_pack_npy_header(struct lb_buf *b, const char *descr, const char *shape);

struct lb_pack_member {
	const char *name;        /* with .npy */
	struct lb_buf data;
	uint32_t crc;
	size_t offset;           /* the last two are set by lb_pack_zip */
};

/* Appends the archive of n members to out. Refuses more than 4 GB; `path` begins the message. */
int lb_pack_zip(const char *path, struct lb_pack_member *m, size_t n, struct lb_buf *out, struct lb_err *err);

#endif
