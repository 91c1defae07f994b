#include "core/engine/optim/row_sparse.h"

#include "core/base/mem.h"
#include "core/engine/kernels/panels.h"
#include "core/engine/model/net.h"

#include <stdlib.h>
#include <string.h>

int lb_row_sparse_open(struct lb_row_sparse *s, const struct lb_layer *l, bool filled, bool lazy, bool decays, struct lb_persisted *state,
		       struct lb_err *err)
{
	const size_t rows = l->in, width = l->column ? 1 : LB_PANEL;

	*s = (struct lb_row_sparse){ .on = true, .at = l->w, .rows = rows, .panels = l->column ? 1 : l->ld / LB_PANEL, .width = width,
				     .filled = filled, .lazy = lazy, .leaves_zero = l->column && lazy && !decays && !filled };
	if (!(s->read = lb_alloc(rows, sizeof *s->read, err)))
		return -1;
	if (!lazy || !decays)
		return 0;
	if (!(s->log_decay_applied = lb_alloc(rows, sizeof *s->log_decay_applied, err)))
		return -1;
	return lb_persist(state, "decay of all rows", &s->log_decay, sizeof s->log_decay, err) ||
	       lb_persist(state, "decay seen by each row", s->log_decay_applied, rows * sizeof *s->log_decay_applied, err) ? -1 : 0;
}

void lb_row_sparse_close(struct lb_row_sparse *s)
{
	free(s->read);
	free(s->log_decay_applied);
	*s = (struct lb_row_sparse){ 0 };
}

size_t lb_row_sparse_tile(const struct lb_row_sparse *s, size_t row, size_t panel)
{
	return s->at + (panel * s->rows + row) * s->width;
}

/* Applies the decay that a row missed since it was last read. */
static void apply_pending_decay(struct lb_row_sparse *s, size_t row, real *w)
{
	const double factor = exp(s->log_decay - s->log_decay_applied[row]);

	s->log_decay_applied[row] = s->log_decay;
	for (size_t p = 0; factor < 1 && p < s->panels; p++)
		for (size_t k = 0; k < s->width; k++)
			w[lb_row_sparse_tile(s, row, p) + k] *= (real)factor;
}

void lb_row_sparse_begin(struct lb_row_sparse *s, const uint32_t *row, size_t n, real *w, real *g)
{
	if (!s->on)
		return;
	for (size_t i = 0; s->log_decay_applied && i < n; i++)
		apply_pending_decay(s, row[i], w);
	if (s->filled)
		memset(g + s->at, 0, s->rows * s->panels * s->width * sizeof *g);
	for (size_t i = 0; i < s->n_read && s->width == 1; i++)
		g[s->at + s->read[i]] = 0;
	for (size_t i = 0; i < s->n_read && s->width > 1; i++)
		for (size_t p = 0; p < s->panels; p++)
			memset(g + lb_row_sparse_tile(s, s->read[i], p), 0, LB_PANEL * sizeof *g);
	memcpy(s->read, row, n * sizeof *row);
	s->n_read = n;
}

void lb_row_sparse_flush(struct lb_row_sparse *s, real *w)
{
	for (size_t row = 0; s->log_decay_applied && row < s->rows; row++)
		apply_pending_decay(s, row, w);
}

void lb_row_sparse_decay(struct lb_row_sparse *s, double rate)
{
	s->log_decay += log1p(-rate);
	for (size_t i = 0; s->log_decay_applied && i < s->n_read; i++)
		s->log_decay_applied[s->read[i]] = s->log_decay;
}
