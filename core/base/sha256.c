#include "core/base/sha256.h"

#include <openssl/evp.h>

int lb_sha256_start(struct lb_sha256 *h, struct lb_err *err)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	h->ctx = NULL;
	if (!ctx || !EVP_DigestInit_ex(ctx, EVP_sha256(), NULL)) {
		EVP_MD_CTX_free(ctx);
		return lb_fail(err, LB_MACHINE, "libcrypto offers no SHA-256: out of memory, or a damaged or restricted OpenSSL");
	}
	h->ctx = ctx;
	return 0;
}

void lb_sha256_add(struct lb_sha256 *h, const void *data, size_t n)
{
	EVP_DigestUpdate(h->ctx, data, n);
}

void lb_sha256_end(struct lb_sha256 *h, char hex[65])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (h->ctx)
		EVP_DigestFinal_ex(h->ctx, sum, &n);
	for (unsigned i = 0; i < n; i++) {
		hex[2 * i] = digits[sum[i] >> 4];
		hex[2 * i + 1] = digits[sum[i] & 15];
	}
	hex[2 * n] = '\0';
	EVP_MD_CTX_free(h->ctx);
	h->ctx = NULL;
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
