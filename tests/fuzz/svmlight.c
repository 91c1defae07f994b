/* The svmlight reader, on bytes that any stranger may have written. */
#define FORMAT "svmlight"
#include "tests/fuzz/reader.h"
