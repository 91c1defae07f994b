/* Times the readers on the files named: what zlib alone needs to inflate them in memory, and what
 * reading them into a table does, in turn; prints the least of each over the runs. `readers RUNS
 * FILE...`; tests/bench/readers.sh makes the files. */
#include "core/base/clock.h"
#include "core/base/file.h"
#include "datasets/dataset.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* Seconds to inflate all members into a buffer that is used again and again; 0 for data that are
 * not compressed. */
static double inflate_seconds(unsigned char *in, size_t n)
{
	static unsigned char out[256 * 1024];
	z_stream z = { .next_in = in, .avail_in = (uInt)n };
	const double start = lb_seconds();
	int status = Z_OK;

	if (n < 2 || in[0] != 0x1f || in[1] != 0x8b || inflateInit2(&z, 15 + 16) != Z_OK)
		return 0;
	while (z.avail_in && (status == Z_OK || status == Z_STREAM_END)) {
		if (status == Z_STREAM_END)
			inflateReset(&z);
		z.next_out = out;
		z.avail_out = sizeof out;
		status = inflate(&z, Z_NO_FLUSH);
	}
	inflateEnd(&z);
	return lb_seconds() - start;
}

static double read_seconds(const char *path, struct lb_table *t)
{
	struct lb_err err = { 0 };
	const double start = lb_seconds();

	lb_table_free(t);
	if (lb_table_read(path, NULL, t, &err)) {
		fprintf(stderr, "%s\n", err.text);
		exit(err.code);
	}
	return lb_seconds() - start;
}

static void bench(const char *path, int runs)
{
	struct lb_err err = { 0 };
	struct lb_table t = { 0 };
	double best[2] = { HUGE_VAL, HUGE_VAL };
	size_t n;
	char *in = lb_read_file(path, (size_t)2 << 30, &n, LB_DATA, &err);

	if (!in) {
		fprintf(stderr, "%s\n", err.text);
		exit(err.code);
	}
	for (int i = 0; i < runs; i++) {
		best[0] = fmin(best[0], inflate_seconds((unsigned char *)in, n));
		best[1] = fmin(best[1], read_seconds(path, &t));
	}
	const double mb = (double)t.bytes / 1e6;
	const char *slash = strrchr(path, '/');
	printf("%-34s %-9s %8.1f %9.4f", slash ? slash + 1 : path, t.format, mb, best[1]);
	if (best[0] > 0)
		printf(" %9.0f %9.4f %7.2f\n", mb / best[1], best[0], best[1] / best[0]);
	else
		printf(" %9.0f %9s %7s\n", mb / best[1], "-", "-");
	lb_table_free(&t);
	free(in);
}

int main(int argc, char **argv)
{
	printf("%-34s %-9s %8s %9s %9s %9s %7s\n", "file", "format", "MB", "read s", "MB/s", "zlib s", "ratio");
	for (int i = 2; i < argc; i++)
		bench(argv[i], atoi(argv[1]));
	return 0;
}
