#include "datasets/io/unpack.h"

#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

/* What zstd itself allows without --long: a window of 128 MiB. */
enum { MOST_WINDOW = 27, MOST_HEADER = 18 };

struct zstd {
	ZSTD_DCtx *z;
	unsigned char header[MOST_HEADER]; /* the first n_header bytes of the frame */
	size_t n_header;
	unsigned long long made; /* bytes of the frame so far */
};

void *lb_zstd_open(struct lb_err *err)
{
	struct zstd *s = lb_alloc(1, sizeof *s, err);

	if (!s)
		return NULL;
	s->z = ZSTD_createDCtx();
	if (s->z && !ZSTD_isError(ZSTD_DCtx_setParameter(s->z, ZSTD_d_windowLogMax, MOST_WINDOW)))
		return s;
	lb_zstd_close(s);
	lb_fail_memory(err, ZSTD_DStreamInSize());
	return NULL;
}

/* Whether the frame has as many bytes as its header says, if it does: libzstd 1.5.4 does not look
 * at that where an empty block is the last and the frame is not decompressed in one call. */
static bool is_complete(const struct zstd *s)
{
	const unsigned long long said = ZSTD_getFrameContentSize(s->header, s->n_header);

	return said == ZSTD_CONTENTSIZE_UNKNOWN || said == ZSTD_CONTENTSIZE_ERROR || said == s->made;
}

enum lb_inflate_status lb_zstd_run(void *state, struct lb_inflate_part *part, const char **what)
{
	struct zstd *s = state;
	ZSTD_inBuffer in = { part->in, part->n_in, 0 };
	ZSTD_outBuffer out = { part->out, part->n_out, 0 };
	const size_t status = ZSTD_decompressStream(s->z, &out, &in);
	const size_t room = MOST_HEADER - s->n_header, more = in.pos < room ? in.pos : room;

	if (more)
		memcpy(s->header + s->n_header, part->in, more);
	s->n_header += more;
	s->made += out.pos;
	*part = (struct lb_inflate_part){ part->in + in.pos, part->out + out.pos, part->n_in - in.pos, part->n_out - out.pos };
	if (!ZSTD_isError(status) && status)
		return LB_INFLATE_ON;
	if (!status && is_complete(s))
		return LB_INFLATE_END;
	*what = status ? ZSTD_getErrorName(status) : "a frame is shorter or longer than its header says";
	return LB_INFLATE_DAMAGED;
}

void lb_zstd_again(void *state)
{
	struct zstd *s = state;

	ZSTD_DCtx_reset(s->z, ZSTD_reset_session_only);
	s->n_header = 0;
	s->made = 0;
}

void lb_zstd_close(void *state)
{
	struct zstd *s = state;

	ZSTD_freeDCtx(s->z);
	free(s);
}
