/* SHA-256, incremental. Digests are 64 lower-case hex digits. */
#ifndef LB_SHA256_H
#define LB_SHA256_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* { 0 } is a hash that was never started. */
struct lb_sha256 {
	bool started;
	uint64_t state[16];      /* of Nettle */
};

void lb_sha256_start(struct lb_sha256 *h);
void lb_sha256_add(struct lb_sha256 *h, const void *data, size_t n);

/* Writes the digest. A hash that was never started (or already ended) gives "". */
void lb_sha256_end(struct lb_sha256 *h, char hex[65]);

void lb_sha256_hex(const void *data, size_t n, char hex[65]);
/* Of a whole file; LB_DATA where it cannot be read. */
int lb_sha256_file(const char *path, char hex[65], struct lb_err *err);

#endif
