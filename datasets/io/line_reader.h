/* A window that moves over a text file, for readers of lines: what they hold on to stays in it,
 * what lies after is forgotten. */
#ifndef LB_LINE_READER_H
#define LB_LINE_READER_H

#include "datasets/io/stream.h"

#define LB_LINE_LIMIT ((size_t)64 << 20)
enum { LB_WINDOW_PAD = 8 };

/* The text buf[0..n) is followed by NUL, LB_WINDOW_PAD times, and holds none: where a parser meets
 * NUL before `end` is true, it keeps what it needs with lb_line_reader_more. { 0 } can be
 * closed. */
struct lb_line_reader {
	const char *path;        /* borrowed */
	uint64_t limit;          /* of uncompressed bytes */
	struct lb_stream *stream;
	char *buf;
	size_t n, cap;
	uint64_t base;           /* bytes of the file before buf[0] */
	size_t first;            /* of the first character, after a byte-order mark */
	bool end;                /* buf[n] is the end of the file, which has been verified */
	bool failed;             /* there was an error, */
	bool broken;             /* and it was of the stream, not of the content */
	bool endless;            /* a limit was met: what is wrong does not lie in the rest of the file */
};

/* Opens the file; UTF-16 is refused. */
int lb_line_reader_open(struct lb_line_reader *w, const char *path, uint64_t limit, struct lb_err *err);

/* Back to the first character; the file is read again when it is no longer in the window. */
int lb_line_reader_rewind(struct lb_line_reader *w, struct lb_err *err);

/* Adds text to what begins at *keep, and moves *keep to where that is now; `line` is its line, for
 * messages. Refuses NUL bytes, and a line (from *keep on) longer than LB_LINE_LIMIT. */
int lb_line_reader_more(struct lb_line_reader *w, const char **keep, size_t line, struct lb_err *err);

/* Line by line: *p is where the next begins, *number that of the last one. 1 with the line [*line,
 * *end), where *end is a line end or NUL; 0 at the end of the file; -1. */
int lb_line_reader_line(struct lb_line_reader *w, const char **p, size_t *number, const char **line, const char **end, struct lb_err *err);

static inline bool lb_line_reader_at_end(const struct lb_line_reader *w, const char *p)
{
	return p == w->buf + w->n;
}

/* After an error of the content: when the compressed data turn out to be damaged, says that
 * instead. Returns -1. */
int lb_line_reader_check(struct lb_line_reader *w, struct lb_err *err);

/* Checksum and size of the content, once the end has been reached. */
void lb_line_reader_digest(struct lb_line_reader *w, char sha256[65], uint64_t *bytes);

void lb_line_reader_close(struct lb_line_reader *w);

#endif
