/* The csv reader, on bytes that any stranger may have written. */
#define FORMAT "csv"
#include "tests/fuzz/reader.h"
