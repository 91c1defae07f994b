#include "datasets/io/unpack.h"

#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

static bool same_start(const unsigned char *s, size_t n, const char *magic, size_t k)
{
	return !memcmp(s, magic, n < k ? n : k);
}

static bool begins_gzip(const unsigned char *s, size_t n)
{
	return n >= 2 && same_start(s, n, "\x1f\x8b", 2);
}

/* "BZh", a digit, and the mark of a block or of the end: text may begin with the first three. */
static bool begins_bzip2(const unsigned char *s, size_t n)
{
	if (n < 4 || !same_start(s, n, "BZh", 3) || s[3] < '1' || s[3] > '9')
		return false;
	return same_start(s + 4, n - 4, "\x31\x41\x59\x26\x53\x59", 6) || same_start(s + 4, n - 4, "\x17\x72\x45\x38\x50\x90", 6);
}

static bool begins_xz(const unsigned char *s, size_t n)
{
	return n >= 2 && same_start(s, n, "\xFD" "7zXZ\0", 6);
}

/* A frame of data, or one to be skipped. */
static bool begins_zstd(const unsigned char *s, size_t n)
{
	return n >= 4 && (same_start(s, n, "\x28\xB5\x2F\xFD", 4) || ((s[0] & 0xF0) == 0x50 && same_start(s + 1, n - 1, "\x2A\x4D\x18", 3)));
}

/* ---- gzip, by the inflater of this moment ---- */

struct gzip {
	const struct lb_inflater *inflater;
	void *z;
};

static void *gzip_open(struct lb_err *err)
{
	struct gzip *g = lb_alloc(1, sizeof *g, err);

	if (g && (g->inflater = lb_inflater) && (g->z = g->inflater->open(true, err)))
		return g;
	free(g);
	return NULL;
}

static enum lb_inflate_status gzip_run(void *state, struct lb_inflate_part *part, const char **what)
{
	const struct gzip *g = state;

	return g->inflater->run(g->z, part, what);
}

static void gzip_again(void *state)
{
	const struct gzip *g = state;

	g->inflater->again(g->z);
}

static void gzip_close(void *state)
{
	struct gzip *g = state;

	g->inflater->close(g->z);
	free(g);
}

#define FUNCTIONS(name) .open = lb_##name##_open, .run = lb_##name##_run, .again = lb_##name##_again, .close = lb_##name##_close

const struct lb_unpacker lb_unpackers[] = {
	{ .name = "gzip", .library = "zlib", .package = "zlib1g-dev", .command = "gunzip", .begins = begins_gzip, .open = gzip_open,
	  .run = gzip_run, .again = gzip_again, .close = gzip_close, .padded = true },
	{ .name = "bzip2", .library = "libbz2", .package = "libbz2-dev", .command = "bunzip2", .begins = begins_bzip2,
#ifdef LB_BZIP2
	  FUNCTIONS(bzip2),
#endif
	},
	{ .name = "xz", .library = "liblzma", .package = "liblzma-dev", .command = "unxz", .begins = begins_xz, .padded = true,
#ifdef LB_XZ
	  FUNCTIONS(xz),
#endif
	},
	{ .name = "zstd", .library = "libzstd", .package = "libzstd-dev", .command = "unzstd", .begins = begins_zstd,
#ifdef LB_ZSTD
	  FUNCTIONS(zstd),
#endif
	},
	{ 0 },
};

const struct lb_unpacker *lb_unpacker_of(const unsigned char *head, size_t n)
{
	for (const struct lb_unpacker *u = lb_unpackers; u->name; u++)
		if (u->begins(head, n))
			return u;
	return NULL;
}
