/* The kernels in single precision, of every instruction set that this processor runs. */
#undef LB_REAL
#define LB_REAL 32
#include "tests/unit/core/engine/kernels/kernel_tests.h"

LB_SUITE_MAIN("kernels_f32")
