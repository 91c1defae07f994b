/* The npz reader, on bytes that any stranger may have written. */
#define FORMAT "npz"
#include "tests/fuzz/reader.h"
