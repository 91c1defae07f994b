#include "datasets/io/inflate.h"

#include "core/base/mem.h"

#include <stdlib.h>
#define ZLIB_CONST
#include <zlib.h>

const struct lb_inflater *const lb_inflaters[] = {
#ifdef LB_ISAL
	&lb_inflater_isal,
#endif
	&lb_inflater_zlib,
	NULL,
};

#ifdef LB_ISAL
const struct lb_inflater *lb_inflater = &lb_inflater_isal;
#else
const struct lb_inflater *lb_inflater = &lb_inflater_zlib;
#endif

enum { ZLIB_NEEDS = 1 << 15 }; /* bytes, for the message */

static void *zlib_open(bool gzip, struct lb_err *err)
{
	z_stream *z = lb_alloc(1, sizeof *z, err);

	if (z && inflateInit2(z, gzip ? 15 + 16 : -15) != Z_OK) {
		lb_fail_memory(err, ZLIB_NEEDS);
		free(z);
		return NULL;
	}
	return z;
}

static enum lb_inflate_status zlib_run(void *state, struct lb_inflate_part *part, const char **what)
{
	z_stream *z = state;

	z->next_in = part->in;
	z->avail_in = (uInt)part->n_in;
	z->next_out = part->out;
	z->avail_out = (uInt)part->n_out;
	const int status = inflate(z, Z_NO_FLUSH);
	*part = (struct lb_inflate_part){ z->next_in, z->next_out, z->avail_in, z->avail_out };
	if (status == Z_OK || status == Z_BUF_ERROR)
		return LB_INFLATE_ON;
	if (status == Z_STREAM_END)
		return LB_INFLATE_END;
	*what = z->msg ? z->msg : "invalid data";
	return status == Z_MEM_ERROR ? LB_INFLATE_MEMORY : LB_INFLATE_DAMAGED;
}

static void zlib_again(void *state)
{
	inflateReset(state);
}

static void zlib_close(void *state)
{
	inflateEnd(state);
	free(state);
}

const struct lb_inflater lb_inflater_zlib = {
	.name = "zlib",
	.version = zlibVersion,
	.open = zlib_open,
	.run = zlib_run,
	.again = zlib_again,
	.close = zlib_close,
};
