/* Goes once through the files of a corpus, with any compiler: replay FILE... */
#include "tests/fuzz/fuzz.h"

static int replay(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = NULL;
	size_t n = 0, cap = 0, got = 1;

	while (f && got) {
		if (n == cap)
			data = realloc(data, cap = cap ? 2 * cap : 4096);
		FUZZ_CHECK(data);
		n += got = fread(data + n, 1, cap - n, f);
	}
	if (f)
		fclose(f);
	else
		perror(path);
	fflush(stdout);
	if (f)
		LLVMFuzzerTestOneInput(data, n);
	free(data);
	return f ? 0 : -1;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		printf("%s\n", argv[i]);
		if (replay(argv[i]))
			return 1;
	}
	printf("%d inputs\n", argc - 1);
	return 0;
}
