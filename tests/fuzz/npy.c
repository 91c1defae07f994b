/* The npy reader, on bytes that any stranger may have written. */
#define FORMAT "npy"
#include "tests/fuzz/reader.h"
