/* The kernels in double precision, of every instruction set that this processor runs. */
#include "tests/unit/kernels_of.h"

LB_SUITE_MAIN("kernels")
