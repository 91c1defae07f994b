/* Losses of triplets, in the form LB_SIMILARITY: those of a batch one by one. */
#ifndef LB_TRIPLETS_H
#define LB_TRIPLETS_H

#include "losses/support/pairs.h"

/* What is done for a triplet. */
typedef void lb_triplet_fn(void *arg, size_t anchor, size_t positive, size_t negative);

/* Visits the triplets that a miner chose, or all: in the order of the list, or of anchor, positive,
 * negative. */
static inline void lb_each_triplet(const struct lb_row_pairs *p, lb_triplet_fn *visit, void *arg)
{
	const struct lb_triplets *t = p->in->triplets;
	const bool rule = t && t->keeps;

	for (size_t k = 0; t && !rule && k < t->n; k++)
		visit(arg, t->triplet[k].anchor, t->triplet[k].positive, t->triplet[k].negative);
	for (size_t a = 0; (!t || rule) && a < p->b; a++) {
		const struct lb_partners of = lb_partners_of(p, a);
		for (size_t k = 0; k < of.n_pos; k++)
			for (size_t n = 0; n < of.n_neg; n++)
				if (!rule || t->keeps(t->arg, a, of.pos[k], of.neg[n]))
					visit(arg, a, of.pos[k], of.neg[n]);
	}
}

#endif
