#include "core/engine/data/batch_dense.h"

#include "core/engine/kernels/kernels.h"
#include "core/engine/data/batch_csr.h"

#include <string.h>

LB_CLONES static void lb_gather_u8_row(size_t d, const uint8_t *restrict x, const double *restrict scale, const double *restrict shift,
				real *restrict out)
{
	for (size_t j = 0; j < d; j++)
		out[j] = (real)((double)x[j] * scale[j] + shift[j]);
}

/* Bytes that are all scaled alike, as in images that are not standardised: usable when the kernel
 * gives for each of the 256 bytes just what the definition gives. */
struct pixels {
	bool exact;
	real high, low, shift;
};

static struct pixels pixels_of(const struct lb_encoding *e)
{
	struct pixels p = { .exact = !e->data->x.start && e->data->x.dtype == LB_U8 && e->alike };
	uint8_t byte[256];
	real got[256];

	if (!p.exact)
		return p;
	p.high = (real)e->scale[0];
	p.low = (real)(e->scale[0] - (double)p.high);
	p.shift = (real)e->shift[0];
	for (size_t i = 0; i < 256; i++)
		byte[i] = (uint8_t)i;
	lb_kernel()->scale_bytes(256, byte, p.high, p.low, p.shift, got);
	for (size_t i = 0; i < 256; i++)
		p.exact = p.exact && got[i] == (real)((double)i * e->scale[0] + e->shift[0]);
	return p;
}

LB_CLONES static void lb_gather_f32_row(size_t d, const float *restrict x, const double *restrict scale, const double *restrict shift,
				 const double *restrict fill, real *restrict out)
{
	for (size_t j = 0; j < d; j++) {
		const double v = (double)x[j] * scale[j] + shift[j];
		out[j] = (real)(x[j] != x[j] ? fill[j] : v);
	}
}

LB_CLONES static void lb_gather_f64_row(size_t d, const double *restrict x, const double *restrict scale, const double *restrict shift,
				 const double *restrict fill, real *restrict out)
{
	for (size_t j = 0; j < d; j++) {
		const double v = x[j] * scale[j] + shift[j];
		out[j] = (real)(x[j] != x[j] ? fill[j] : v);
	}
}

static void gather_one_hot(const struct lb_encoding *e, uint32_t row, real *out)
{
	const struct lb_dataset *data = e->data;

	if (!data->n_cat)
		return;
	memset(out + data->x.d, 0, (e->d - data->x.d) * sizeof *out);
	for (size_t k = 0; k < data->n_cat; k++) {
		const int32_t code = data->cat[k].code[row], at = code < 0 ? -1 : e->one_hot[k][code];
		if (at >= 0)
			out[at] = 1;
	}
}

void lb_gather(const struct lb_encoding *e, const uint32_t *rows, size_t b, real *out)
{
	const struct lb_matrix *m = &e->data->x;
	const struct pixels pixels = pixels_of(e);
	const size_t bytes = m->d * lb_dtype_size(m->dtype);

	for (size_t i = 0; i < b; i++, out += e->d) {
		const void *x = (const uint8_t *)m->x + rows[i] * bytes;
		if (i + 1 < b && !m->start)
			lb_fetch((const uint8_t *)m->x + rows[i + 1] * bytes, bytes);
		if (m->start)
			lb_sparse_row(e, rows[i], out);
		else if (pixels.exact)
			lb_kernel()->scale_bytes(m->d, x, pixels.high, pixels.low, pixels.shift, out);
		else if (m->dtype == LB_U8)
			lb_gather_u8_row(m->d, x, e->scale, e->shift, out);
		else if (m->dtype == LB_F32)
			lb_gather_f32_row(m->d, x, e->scale, e->shift, e->fill, out);
		else
			lb_gather_f64_row(m->d, x, e->scale, e->shift, e->fill, out);
		gather_one_hot(e, rows[i], out);
	}
}
