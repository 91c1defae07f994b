#include "datasets/formats/npy.h"
#include "datasets/formats/readers.h"
#include "datasets/io/stream.h"

#include <string.h>

static int read_stream(void *arg, void *buf, size_t n, size_t *got, struct lb_err *err)
{
	return lb_stream_read(arg, buf, n, got, err);
}

static void *map_stream(void *arg, size_t *bytes, struct lb_err *err)
{
	return lb_stream_map(arg, bytes, err);
}

static int read_npy(const char *path, const struct lb_read_options *opt, struct lb_table *out, struct lb_err *err)
{
	struct lb_stream *s = lb_stream_open(path, lb_stream_limit(opt), err);
	const struct lb_npy_source source = { path, read_stream, s, lb_memory_limit(opt), s && !lb_stream_is_compressed(s) ? map_stream : NULL };
	int rc = s ? 0 : -1;

	if (!rc && opt->role == LB_READ_LABELS)
		rc = lb_npy_read_labels(&source, out, err);
	else if (!rc && !(rc = lb_npy_read(&source, &out->block, err)))
		out->n = out->block.n;
	if (!rc)
		lb_stream_digest(s, out->sha256, &out->bytes);
	lb_stream_close(s);
	return rc;
}

static bool probe(const unsigned char *head, size_t n)
{
	return n >= 6 && !memcmp(head, "\223NUMPY", 6);
}

const struct lb_reader lb_reader_npy = {
	.base = {
		.name = "npy",
		.title = "a NumPy array (numpy.save), such as embeddings of a frozen model",
		.cite = "R. Kern, NumPy enhancement proposal 1: a simple file format for NumPy arrays, 2007",
		.notes = "Versions 1 to 3, booleans, all integers and floats of up to 8 bytes in both byte orders, C and Fortran order. The first "
			 "dimension is the rows, the others together the features. Labels come from a file of their own (data.train.labels) or "
			 "are a column (data.train.label: -1). NaN is a missing value, an infinity an error, as is an integer beyond 2^53. "
			 "An array that does not fit into data.max_memory is not read but mapped, and comes from the disk where it is needed: if its file "
			 "is not compressed, of float32 or uint8, in C order, and all of its rows and columns are trained or tested on.",
		.keywords = "numpy array embeddings",
	},
	.probe = probe,
	.endings = ".npy",
	.read = read_npy,
};
