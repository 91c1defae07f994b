/* The kernels in double precision, of every instruction set that this processor runs. */
#include "tests/unit/core/engine/kernels/kernel_tests.h"

LB_SUITE_MAIN("kernels")
