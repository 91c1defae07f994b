/* The types of an NPY array's elements and what they are read as; for npy.c. */
#ifndef LB_NPY_ELEMENTS_H
#define LB_NPY_ELEMENTS_H

#include "datasets/dataset.h"

#include <math.h>
#include <string.h>

#define FROM(name, from, to)                                                          \
	static void name(const unsigned char *in, size_t n, void *out)                \
	{                                                                             \
		for (size_t i = 0; i < n; i++) {                                      \
			from v;                                                       \
			memcpy(&v, in + i * sizeof v, sizeof v);                      \
			((to *)out)[i] = (to)v;                                       \
		}                                                                     \
	}
FROM(from_i1, int8_t, float)
FROM(from_i2, int16_t, float)
FROM(from_u2, uint16_t, float)
FROM(from_i4, int32_t, double)
FROM(from_u4, uint32_t, double)
FROM(from_i8, int64_t, double)
FROM(from_u8, uint64_t, double)
FROM(from_f4, float, float)
FROM(from_f8, double, double)
FROM(from_u1, uint8_t, uint8_t)
#undef FROM

static void from_b1(const unsigned char *in, size_t n, void *out)
{
	for (size_t i = 0; i < n; i++)
		((uint8_t *)out)[i] = in[i] != 0;
}

static float half(uint16_t bits)
{
	const int exponent = bits >> 10 & 31, fraction = bits & 1023;
	const float sign = bits >> 15 ? -1.0f : 1.0f;

	if (exponent == 31)
		return fraction ? NAN : sign * HUGE_VALF;
	return sign * (exponent ? ldexpf((float)(1024 + fraction), exponent - 25) : ldexpf((float)fraction, -24));
}

static void from_f2(const unsigned char *in, size_t n, void *out)
{
	for (size_t i = 0; i < n; i++) {
		uint16_t v;
		memcpy(&v, in + 2 * i, 2);
		((float *)out)[i] = half(v);
	}
}

static const struct element {
	const char name[3];
	size_t size;
	enum lb_dtype dtype;
	void (*convert)(const unsigned char *in, size_t n, void *out);
} elements[] = {
	{ "b1", 1, LB_U8, from_b1 },  { "u1", 1, LB_U8, from_u1 },  { "i1", 1, LB_F32, from_i1 }, { "i2", 2, LB_F32, from_i2 },
	{ "u2", 2, LB_F32, from_u2 }, { "i4", 4, LB_F64, from_i4 }, { "u4", 4, LB_F64, from_u4 }, { "i8", 8, LB_F64, from_i8 },
	{ "u8", 8, LB_F64, from_u8 }, { "f2", 2, LB_F32, from_f2 }, { "f4", 4, LB_F32, from_f4 }, { "f8", 8, LB_F64, from_f8 },
};

#endif
