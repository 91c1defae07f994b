#include "datasets/io/unpack.h"

#include <zstd.h>

/* What zstd itself allows without --long: a window of 128 MiB. */
enum { MOST_WINDOW = 27 };

void *lb_zstd_open(struct lb_err *err)
{
	ZSTD_DCtx *z = ZSTD_createDCtx();

	if (z && !ZSTD_isError(ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, MOST_WINDOW)))
		return z;
	ZSTD_freeDCtx(z);
	lb_fail_memory(err, ZSTD_DStreamInSize());
	return NULL;
}

enum lb_inflate_status lb_zstd_run(void *state, struct lb_inflate_part *part, const char **what)
{
	ZSTD_inBuffer in = { part->in, part->n_in, 0 };
	ZSTD_outBuffer out = { part->out, part->n_out, 0 };
	const size_t status = ZSTD_decompressStream(state, &out, &in);

	*part = (struct lb_inflate_part){ part->in + in.pos, part->out + out.pos, part->n_in - in.pos, part->n_out - out.pos };
	if (!ZSTD_isError(status))
		return status ? LB_INFLATE_ON : LB_INFLATE_END;
	*what = ZSTD_getErrorName(status);
	return LB_INFLATE_DAMAGED;
}

void lb_zstd_again(void *state)
{
	ZSTD_DCtx_reset(state, ZSTD_reset_session_only);
}

void lb_zstd_close(void *state)
{
	ZSTD_freeDCtx(state);
}
