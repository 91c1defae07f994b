/* Every compression of the build: whatever the pieces a file is read in, the same bytes, the same
 * verdict. */
#include "tests/fuzz/pieces.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const size_t piece[] = { 70000, 997, 13 };
	const char *path = fuzz_file(data, n);
	char sha256[3][65] = { "", "", "" };
	uint64_t bytes[3] = { 0, 0, 0 };
	int rc[3];

	for (size_t i = 0; i < 3; i++) {
		rc[i] = fuzz_read_in_pieces(path, piece[i], sha256[i], &bytes[i]);
		FUZZ_CHECK(rc[i] == rc[0] && bytes[i] == bytes[0] && !strcmp(sha256[i], sha256[0]));
	}
	return 0;
}
