/* Panels, the form that the kernels store matrices in: LB_PANEL columns (64 bytes) side by side.
 * (i, j) is at x[(j / LB_PANEL) * panel + i * row + j % LB_PANEL]. A row-major matrix whose rows
 * are padded to whole panels has panel = LB_PANEL, row = its padded width; a matrix stored panel
 * after panel has panel = rows * LB_PANEL, row = LB_PANEL. Padding columns hold 0. All storage is
 * aligned to 64 bytes. */
#ifndef LB_PANELS_H
#define LB_PANELS_H

#include "core/engine/precision.h"

#include <stddef.h>

#define LB_PANEL (64 / (LB_REAL / 8))
/* n rounded up to whole panels */
#define LB_PADDED(n) (((n) + LB_PANEL - 1) / LB_PANEL * LB_PANEL)

struct lb_panels {
	real *x;
	size_t panel, row;
};

#endif
