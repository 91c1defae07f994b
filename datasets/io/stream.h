/* Reading a file from its start to its end, unpacking it on the way (gzip, bzip2, xz, zstd) and
 * hashing what comes out.
 *
 * Compressed data are recognised by content, not by name; members that follow one another are one
 * content, zero padding after the last is accepted in gzip and xz. A truncated or damaged file, a
 * wrong checksum or length and anything else after the last member are errors, so nothing that was
 * read is to be trusted before the end has been reached. The header of a gzip member (its file name
 * and comment) may take up to 128 KiB; one that is longer is refused as damaged where ISA-L
 * inflates. Compressed data of more than 128 KiB are unpacked ahead by a second thread, which ends
 * with lb_stream_close. */
#ifndef LB_STREAM_H
#define LB_STREAM_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LB_STREAM_LIMIT ((uint64_t)8 << 30)

/* Opens a regular file for reading; a folder, a pipe or device is refused. -1 on failure. */
int lb_open_regular(const char *path, struct lb_err *err);

/* From now on the path "-" means what standard input holds, which is read to its end here and kept
 * in memory: like a file it can be read several times. */
int lb_take_standard_input(struct lb_err *err);

struct lb_stream;

/* Content of more than `limit` uncompressed bytes is an error. Only regular files are read: they
 * may be read more than once. */
struct lb_stream *lb_stream_open(const char *path, uint64_t limit, struct lb_err *err);

/* Fills buf; *got < n only at the end, and *got = 0 says that the end was reached and verified. */
int lb_stream_read(struct lb_stream *s, void *buf, size_t n, size_t *got, struct lb_err *err);

/* SHA-256 and number of the uncompressed bytes read so far; to be called once, after the end. */
void lb_stream_digest(struct lb_stream *s, char sha256[65], uint64_t *bytes);

void lb_stream_close(struct lb_stream *s);

/* Maps a file that is not compressed into memory, for reading: returns its first byte, *bytes is
 * its size; release with munmap. NULL with err where it cannot be done. */
bool lb_stream_is_compressed(const struct lb_stream *s);
void *lb_stream_map(const struct lb_stream *s, size_t *bytes, struct lb_err *err);

/* Reads on to the end of compressed data for what may be wrong with them: after an error in the
 * content, which damage explains better. */
int lb_stream_read_to_end(struct lb_stream *s, struct lb_err *err);

#endif
