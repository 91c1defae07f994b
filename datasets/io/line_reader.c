#include "datasets/io/line_reader.h"

#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { STEP = 128 * 1024 };

static int refuse_nul(const struct lb_line_reader *w, const char *nul, const char *keep, size_t line, struct lb_err *err)
{
	for (const char *p = keep; p < nul; p++)
		line += *p == '\n';
	return lb_fail(err, LB_DATA, "%s:%zu: a NUL byte (at byte %llu): this is not a text file, or it is UTF-16; expected text in UTF-8",
		       w->path, line, (unsigned long long)w->base + (unsigned long long)(nul - w->buf));
}

int lb_line_reader_more(struct lb_line_reader *w, const char **keep, size_t line, struct lb_err *err)
{
	size_t kept = w->n - (size_t)(*keep - w->buf), got;

	w->failed = true;
	if (kept > LB_LINE_LIMIT && (w->endless = true))
		return lb_fail(err, LB_DATA, "%s:%zu: the line is longer than %zu bytes, which is the limit; is a quote not closed?", w->path,
			       line, LB_LINE_LIMIT);
	if (kept)
		memmove(w->buf, *keep, kept);
	w->base += w->n - kept;
	w->n = kept;
	if (lb_grow(&w->buf, &w->cap, kept + (kept > STEP / 2 ? kept : STEP / 2) + LB_WINDOW_PAD, 1, err))
		return -1;
	*keep = w->buf;
	if (lb_stream_read(w->stream, w->buf + kept, w->cap - kept - LB_WINDOW_PAD, &got, err)) {
		w->broken = true;
		return -1;
	}
	w->n += got;
	w->end = w->n < w->cap - LB_WINDOW_PAD;
	memset(w->buf + w->n, '\0', LB_WINDOW_PAD);
	const char *nul = memchr(w->buf + kept, '\0', got);
	w->failed = nul != NULL;
	return nul ? refuse_nul(w, nul, w->buf, line, err) : 0;
}

static int start(struct lb_line_reader *w, struct lb_err *err)
{
	lb_stream_close(w->stream);
	w->n = 0;
	w->base = 0;
	w->failed = true;
	w->broken = false;
	if (!(w->stream = lb_stream_open(w->path, w->limit, err)) || (!w->buf && lb_grow(&w->buf, &w->cap, STEP + LB_WINDOW_PAD, 1, err)))
		return -1;
	const char *keep = w->buf;
	const int rc = lb_line_reader_more(w, &keep, 1, err);
	if (w->n >= 2 && !w->broken && (!memcmp(w->buf, "\xFF\xFE", 2) || !memcmp(w->buf, "\xFE\xFF", 2)))
		return lb_fail(err, LB_DATA, "%s: is UTF-16; save it as UTF-8 (iconv -f utf-16 -t utf-8)", w->path);
	w->first = w->n >= 3 && !memcmp(w->buf, "\xEF\xBB\xBF", 3) ? 3 : 0;
	return rc;
}

int lb_line_reader_open(struct lb_line_reader *w, const char *path, uint64_t limit, struct lb_err *err)
{
	*w = (struct lb_line_reader){ .path = path, .limit = limit };
	return start(w, err);
}

int lb_line_reader_rewind(struct lb_line_reader *w, struct lb_err *err)
{
	w->endless = false;
	return w->base || w->failed ? start(w, err) : 0;
}

int lb_line_reader_line(struct lb_line_reader *w, const char **p, size_t *number, const char **line, const char **end, struct lb_err *err)
{
	const char *start = *p, *nl;

	while (!(nl = memchr(start, '\n', (size_t)(w->buf + w->n - start))) && !w->end)
		if (lb_line_reader_more(w, &start, *number + 1, err))
			return -1;
	*line = start;
	*end = nl ? nl : w->buf + w->n;
	++*number;
	*p = nl ? nl + 1 : *end;
	return nl || *end > start;
}

int lb_line_reader_check(struct lb_line_reader *w, struct lb_err *err)
{
	struct lb_err damage = { 0 };

	if (w->stream && !w->broken && !w->endless && err && err->code == LB_DATA && lb_stream_read_to_end(w->stream, &damage))
		*err = damage;
	return -1;
}

void lb_line_reader_digest(struct lb_line_reader *w, char sha256[65], uint64_t *bytes)
{
	lb_stream_digest(w->stream, sha256, bytes);
}

void lb_line_reader_close(struct lb_line_reader *w)
{
	lb_stream_close(w->stream);
	free(w->buf);
	*w = (struct lb_line_reader){ 0 };
}
