/* The interface that allocates nothing: the newer one loads configuration and providers of the
 * system before its first digest. */
#define OPENSSL_API_COMPAT 10101
#define OPENSSL_SUPPRESS_DEPRECATED
#include "core/base/sha256.h"

#include <openssl/sha.h>

static SHA256_CTX *state(struct lb_sha256 *h)
{
	_Static_assert(sizeof h->state >= sizeof(SHA256_CTX), "room for libcrypto's state");
	_Static_assert(_Alignof(struct lb_sha256) >= _Alignof(SHA256_CTX), "aligned for libcrypto's state");
	return (SHA256_CTX *)(void *)h->state;
}

int lb_sha256_start(struct lb_sha256 *h, struct lb_err *err)
{
	h->started = SHA256_Init(state(h)) == 1;
	return h->started ? 0 : lb_fail(err, LB_MACHINE, "libcrypto offers no SHA-256; install an OpenSSL that is not restricted");
}

void lb_sha256_add(struct lb_sha256 *h, const void *data, size_t n)
{
	SHA256_Update(state(h), data, n);
}

void lb_sha256_end(struct lb_sha256 *h, char hex[65])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char sum[SHA256_DIGEST_LENGTH];
	const size_t n = h->started && SHA256_Final(sum, state(h)) ? sizeof sum : 0;

	for (size_t i = 0; i < n; i++) {
		hex[2 * i] = digits[sum[i] >> 4];
		hex[2 * i + 1] = digits[sum[i] & 15];
	}
	hex[2 * n] = '\0';
	h->started = false;
}

int lb_sha256_hex(const void *data, size_t n, char hex[65], struct lb_err *err)
{
	struct lb_sha256 h;

	if (lb_sha256_start(&h, err))
		return -1;
	lb_sha256_add(&h, data, n);
	lb_sha256_end(&h, hex);
	return 0;
}
