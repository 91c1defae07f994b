/* Reading a compressed file in pieces of a size. */
#ifndef LB_FUZZ_PIECES_H
#define LB_FUZZ_PIECES_H

#include "datasets/io/stream.h"
#include "tests/fuzz/fuzz.h"

/* 0 with the checksum and number of the bytes, or -1 with neither. */
static inline int fuzz_read_in_pieces(const char *path, size_t piece, char sha256[65], uint64_t *bytes)
{
	static unsigned char buf[70000];
	struct lb_err err = { 0 };
	struct lb_stream *s = lb_stream_open(path, 8 << 20, &err);
	size_t got = 1;
	int rc = s ? 0 : -1;

	while (!rc && got)
		rc = lb_stream_read(s, buf, piece, &got, &err);
	if (rc)
		fuzz_check_error(&err, LB_DATA, LB_MACHINE);
	else
		lb_stream_digest(s, sha256, bytes);
	lb_stream_close(s);
	return rc;
}

#endif
