/* A memory of rows of earlier batches: a ring of the last M. Rows of the batch before wait until
 * the next one comes, so that a batch's loss reads what came before it. Numbers are doubles and
 * hold no pointer, so that a checkpoint keeps them as they are. */
#ifndef LB_RING_H
#define LB_RING_H

#include <stddef.h>
#include <string.h>

struct lb_ring {
	double filled, added;    /* rows before this batch, at most M; rows of this batch, kept apart behind them */
	double next;             /* place of the ring that is written next */
	double behind;           /* bytes to what an owner keeps behind the ring; 0: nothing */
	double row[];            /* (M, c) the ring, then (M, c) the batch's own that wait, at most M */
};

/* Returns the bytes of a ring of so many rows of c numbers; all 0 is an empty one. */
static inline size_t lb_ring_bytes(size_t most, size_t c)
{
	return sizeof(struct lb_ring) + 2 * most * c * sizeof(double);
}

/* The rows that wait, of the batch before, go into the ring; the b rows (b, c) wait, the first M of
 * them. */
static inline void lb_ring_remember(struct lb_ring *m, size_t most, size_t c, size_t b, const double *row)
{
	double *waiting = m->row + most * c;

	b = b < most ? b : most;
	for (size_t i = 0; i < (size_t)m->added; i++) {
		memcpy(m->row + (size_t)m->next * c, waiting + i * c, c * sizeof *waiting);
		m->next = (size_t)m->next + 1 < most ? m->next + 1 : 0;
		m->filled += (size_t)m->filled < most ? 1 : 0;
	}
	m->added = (double)b;
	memcpy(waiting, row, b * c * sizeof *waiting);
}

#endif
