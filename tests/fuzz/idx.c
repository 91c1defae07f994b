/* The idx reader, on bytes that any stranger may have written. */
#define FORMAT "idx"
#include "tests/fuzz/reader.h"
