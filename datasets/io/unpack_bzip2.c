#include "datasets/io/unpack.h"

#include "core/base/mem.h"

#include <bzlib.h>
#include <stdint.h>
#include <stdlib.h>

struct state {
	bz_stream z;
	bool ready;
};

static bool start(struct state *s)
{
	s->z = (bz_stream){ 0 };
	return s->ready = BZ2_bzDecompressInit(&s->z, 0, 0) == BZ_OK;
}

void *lb_bzip2_open(struct lb_err *err)
{
	struct state *s = lb_alloc(1, sizeof *s, err);

	if (!s || start(s))
		return s;
	lb_fail_memory(err, sizeof *s);
	free(s);
	return NULL;
}

enum lb_inflate_status lb_bzip2_run(void *state, struct lb_inflate_part *part, const char **what)
{
	struct state *s = state;

	if (!s->ready)
		return LB_INFLATE_MEMORY;
	s->z.next_in = (char *)(uintptr_t)part->in; /* it only reads there */
	s->z.avail_in = (unsigned)part->n_in;
	s->z.next_out = (char *)part->out;
	s->z.avail_out = (unsigned)part->n_out;
	const int status = BZ2_bzDecompress(&s->z);
	*part = (struct lb_inflate_part){ (unsigned char *)s->z.next_in, (unsigned char *)s->z.next_out, s->z.avail_in, s->z.avail_out };
	*what = status == BZ_DATA_ERROR_MAGIC ? "incorrect header" : "incorrect data or data check";
	return status == BZ_OK ? LB_INFLATE_ON : status == BZ_STREAM_END ? LB_INFLATE_END : status == BZ_MEM_ERROR ? LB_INFLATE_MEMORY :
														     LB_INFLATE_DAMAGED;
}

void lb_bzip2_again(void *state)
{
	struct state *s = state;

	BZ2_bzDecompressEnd(&s->z);
	start(s);
}

void lb_bzip2_close(void *state)
{
	struct state *s = state;

	if (s->ready)
		BZ2_bzDecompressEnd(&s->z);
	free(s);
}
