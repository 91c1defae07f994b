/* The arff reader, on bytes that any stranger may have written. */
#define FORMAT "arff"
#include "tests/fuzz/reader.h"
