#include "core/base/sha256.h"

#include "core/base/file.h"

#include <stdlib.h>

#include <nettle/sha2.h>
#include <nettle/version.h>

static struct sha256_ctx *state(struct lb_sha256 *h)
{
	_Static_assert(sizeof h->state >= sizeof(struct sha256_ctx), "room for Nettle's state");
	_Static_assert(_Alignof(struct lb_sha256) >= _Alignof(struct sha256_ctx), "aligned for Nettle's state");
	return (struct sha256_ctx *)(void *)h->state;
}

void lb_sha256_start(struct lb_sha256 *h)
{
	sha256_init(state(h));
	h->started = true;
}

void lb_sha256_add(struct lb_sha256 *h, const void *data, size_t n)
{
	sha256_update(state(h), n, data);
}

void lb_sha256_end(struct lb_sha256 *h, char hex[65])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t sum[SHA256_DIGEST_SIZE];
	const size_t n = h->started ? sizeof sum : 0;

	if (h->started) {
#if NETTLE_VERSION_MAJOR >= 4
		sha256_digest(state(h), sum);
#else
		sha256_digest(state(h), sizeof sum, sum);
#endif
	}
	for (size_t i = 0; i < n; i++) {
		hex[2 * i] = digits[sum[i] >> 4];
		hex[2 * i + 1] = digits[sum[i] & 15];
	}
	hex[2 * n] = '\0';
	h->started = false;
}

void lb_sha256_hex(const void *data, size_t n, char hex[65])
{
	struct lb_sha256 h;

	lb_sha256_start(&h);
	lb_sha256_add(&h, data, n);
	lb_sha256_end(&h, hex);
}

int lb_sha256_file(const char *path, char hex[65], struct lb_err *err)
{
	size_t n = 0;
	char *bytes = lb_read_file(path, (size_t)1 << 40, &n, LB_DATA, err);

	if (!bytes)
		return -1;
	lb_sha256_hex(bytes, n, hex);
	free(bytes);
	return 0;
}
