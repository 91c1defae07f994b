#include "datasets/io/unpack.h"

#include "core/base/mem.h"

#include <lzma.h>
#include <stdlib.h>

/* More memory than any preset of xz needs for unpacking; data that want more are refused. */
#define MOST_MEMORY ((uint64_t)512 << 20)

struct state {
	lzma_stream z;
	bool ready;
};

static bool start(struct state *s)
{
	return s->ready = lzma_stream_decoder(&s->z, MOST_MEMORY, LZMA_TELL_UNSUPPORTED_CHECK) == LZMA_OK;
}

void *lb_xz_open(struct lb_err *err)
{
	struct state *s = lb_alloc(1, sizeof *s, err);

	if (!s)
		return NULL;
	s->z = (lzma_stream)LZMA_STREAM_INIT;
	if (start(s))
		return s;
	lb_fail_memory(err, sizeof *s);
	lzma_end(&s->z);
	free(s);
	return NULL;
}

static const char *fault(lzma_ret status)
{
	switch (status) {
	case LZMA_MEMLIMIT_ERROR: return "they need more than 512 MiB of memory to be unpacked";
	case LZMA_FORMAT_ERROR: return "incorrect header";
	case LZMA_OPTIONS_ERROR: return "unknown options";
	case LZMA_UNSUPPORTED_CHECK: return "unknown data check";
	default: return "incorrect data or data check";
	}
}

enum lb_inflate_status lb_xz_run(void *state, struct lb_inflate_part *part, const char **what)
{
	struct state *s = state;

	if (!s->ready)
		return LB_INFLATE_MEMORY;
	s->z.next_in = part->in;
	s->z.avail_in = part->n_in;
	s->z.next_out = part->out;
	s->z.avail_out = part->n_out;
	const lzma_ret status = lzma_code(&s->z, LZMA_RUN);
	*part = (struct lb_inflate_part){ s->z.next_in, s->z.next_out, s->z.avail_in, s->z.avail_out };
	*what = fault(status);
	if (status == LZMA_OK || status == LZMA_BUF_ERROR)
		return LB_INFLATE_ON;
	return status == LZMA_STREAM_END ? LB_INFLATE_END : status == LZMA_MEM_ERROR ? LB_INFLATE_MEMORY : LB_INFLATE_DAMAGED;
}

void lb_xz_again(void *state)
{
	start(state);
}

void lb_xz_close(void *state)
{
	struct state *s = state;

	lzma_end(&s->z);
	free(s);
}
