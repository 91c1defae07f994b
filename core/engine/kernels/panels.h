/* Panels, the form that the kernels store matrices in: LB_PANEL columns (64 bytes) side by side.
 * (i, j) is at x[(j / LB_PANEL) * panel + i * row + j % LB_PANEL]. A row-major matrix whose rows
 * are padded to whole panels has panel = LB_PANEL, row = its padded width; a matrix stored panel
 * after panel has panel = rows * LB_PANEL, row = LB_PANEL. Padding columns hold 0. All storage is
 * aligned to 64 bytes. */
#ifndef LB_PANELS_H
#define LB_PANELS_H

#include "core/engine/precision.h"

#include <stddef.h>
#include <stdint.h>

#define LB_PANEL (64 / (LB_REAL / 8))
/* n rounded up to whole panels */
#define LB_PADDED(n) (((n) + LB_PANEL - 1) / LB_PANEL * LB_PANEL)

struct lb_panels {
	real *x;
	size_t panel, row;
};

/* Element (i, p) of the left factor: x[i * row + p * column]; any layout, transposed too. */
struct lb_left {
	const real *x;
	size_t row, column;
};

/* Rows of which only some entries are told, the others 0: row i has value[k] in column[k] for k in
 * start[i] .. end[i], columns ascending. */
struct lb_compressed {
	const size_t *start, *end;
	const uint32_t *column;
	const real *value;
};

#endif
