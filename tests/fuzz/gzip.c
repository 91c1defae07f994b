/* The layer that inflates: whatever the pieces it is read in, the same bytes, the same verdict.
 * Whichever library inflates, the same bytes, and what zlib takes every library takes. */
#include "datasets/io/inflate.h"
#include "tests/fuzz/pieces.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *path = fuzz_file(data, n);
	char sha256[3][65] = { "", "", "" };
	uint64_t bytes[3] = { 0, 0, 0 };

	lb_inflater = &lb_inflater_zlib;
	const int by_zlib = fuzz_read_in_pieces(path, 70000, sha256[0], &bytes[0]);
	for (size_t i = 0; lb_inflaters[i]; i++) {
		lb_inflater = lb_inflaters[i];
		const int rc = fuzz_read_in_pieces(path, 70000, sha256[1], &bytes[1]);
		FUZZ_CHECK(fuzz_read_in_pieces(path, 997, sha256[2], &bytes[2]) == rc);
		FUZZ_CHECK(rc ? by_zlib : bytes[1] == bytes[2] && !strcmp(sha256[1], sha256[2]));
		FUZZ_CHECK(rc || by_zlib || (bytes[0] == bytes[1] && !strcmp(sha256[0], sha256[1])));
	}
	return 0;
}
