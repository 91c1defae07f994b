#include "datasets/io/inflate.h"

#include "core/base/mem.h"

#include <isa-l.h>
#include <stdlib.h>

#define TEXT(x) TEXT_OF(x)
#define TEXT_OF(x) #x

static const char *isal_version(void)
{
	return TEXT(ISAL_MAJOR_VERSION) "." TEXT(ISAL_MINOR_VERSION) "." TEXT(ISAL_PATCH_VERSION);
}

static void *isal_open(bool gzip, struct lb_err *err)
{
	struct inflate_state *z = lb_alloc(1, sizeof *z, err);

	if (!z)
		return NULL;
	isal_inflate_init(z);
	z->crc_flag = gzip ? ISAL_GZIP : ISAL_DEFLATE;
	return z;
}

static const char *fault(int status)
{
	switch (status) {
	case ISAL_INVALID_BLOCK: return "invalid block type, lengths or codes";
	case ISAL_INVALID_SYMBOL: return "invalid code";
	case ISAL_INVALID_LOOKBACK: return "invalid distance too far back";
	case ISAL_INVALID_WRAPPER: return "incorrect header check";
	case ISAL_UNSUPPORTED_METHOD: return "unknown compression method";
	case ISAL_INCORRECT_CHECKSUM: return "incorrect data check or incorrect length check";
	default: return "invalid data";
	}
}

/* The library takes over a header byte by byte but loses its flags between calls, hence the rule of
 * a whole header. Reserved flags it does not look at; RFC 1952 has them refused. */
static enum lb_inflate_status isal_run(void *state, struct lb_inflate_part *part, const char **what)
{
	struct inflate_state *z = state;

	if (z->crc_flag == ISAL_GZIP && !z->wrapper_flag && part->n_in > 3 && part->in[3] & 0xe0) {
		*what = "unknown header flags set";
		return LB_INFLATE_DAMAGED;
	}
	z->next_in = (uint8_t *)(uintptr_t)part->in; /* it only reads there */
	z->avail_in = (uint32_t)part->n_in;
	z->next_out = part->out;
	z->avail_out = (uint32_t)part->n_out;
	const int status = isal_inflate(z);
	*part = (struct lb_inflate_part){ z->next_in, z->next_out, z->avail_in, z->avail_out };
	if (status != ISAL_DECOMP_OK) {
		*what = fault(status);
		return LB_INFLATE_DAMAGED;
	}
	return z->block_state == ISAL_BLOCK_FINISH ? LB_INFLATE_END : LB_INFLATE_ON;
}

static void isal_again(void *state)
{
	isal_inflate_reset(state);
}

const struct lb_inflater lb_inflater_isal = {
	.name = "isa-l",
	.version = isal_version,
	.open = isal_open,
	.run = isal_run,
	.again = isal_again,
	.close = free,
};
