#include "datasets/gather.h"

#include <string.h>

static void gather_u8(const struct lb_encoding *e, const uint8_t *x, real *out)
{
	for (size_t j = 0; j < e->data->x.d; j++)
		out[j] = (real)((double)x[j] * e->scale[j] + e->shift[j]);
}

static void gather_f32(const struct lb_encoding *e, const float *x, real *out)
{
	for (size_t j = 0; j < e->data->x.d; j++)
		out[j] = (real)(isnan(x[j]) ? e->fill[j] : (double)x[j] * e->scale[j] + e->shift[j]);
}

static void gather_f64(const struct lb_encoding *e, const double *x, real *out)
{
	for (size_t j = 0; j < e->data->x.d; j++)
		out[j] = (real)(isnan(x[j]) ? e->fill[j] : x[j] * e->scale[j] + e->shift[j]);
}

static void gather_one_hot(const struct lb_encoding *e, uint32_t row, real *out)
{
	const struct lb_dataset *data = e->data;

	memset(out + data->x.d, 0, (e->d - data->x.d) * sizeof *out);
	for (size_t k = 0; k < data->n_cat; k++) {
		const int32_t code = data->cat[k].code[row], at = code < 0 ? -1 : e->one_hot[k][code];
		if (at >= 0)
			out[at] = 1;
	}
}

void X(lb_gather)(const struct lb_encoding *e, const uint32_t *rows, size_t b, real *out)
{
	const struct lb_matrix *m = &e->data->x;

	for (size_t i = 0; i < b; i++, out += e->d) {
		const size_t at = rows[i] * m->d;
		if (m->dtype == LB_U8)
			gather_u8(e, (const uint8_t *)m->x + at, out);
		else if (m->dtype == LB_F32)
			gather_f32(e, (const float *)m->x + at, out);
		else
			gather_f64(e, (const double *)m->x + at, out);
		gather_one_hot(e, rows[i], out);
	}
}
