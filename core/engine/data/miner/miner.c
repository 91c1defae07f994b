#include "core/engine/data/miner/miner.h"

#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

#define MINER(name) extern const struct lb_miner LB_MINER(name);
#include "core/engine/data/miner/list.def"
#undef MINER

const struct lb_info *const lb_miners[] = {
#define MINER(name) &LB_MINER(name).base,
#include "core/engine/data/miner/list.def"
#undef MINER
	NULL
};

const struct lb_miner *lb_miner_of(const struct lb_info *info)
{
	return (const struct lb_miner *)lb_miners[lb_info_place(lb_miners_f64, info)];
}

int lb_mined_open(struct lb_mined *m, size_t b, struct lb_err *err)
{
	*m = (struct lb_mined){ .list = lb_alloc(b * b, sizeof *m->list, err), .chosen = lb_alloc(b * b, 1, err),
				.distance = lb_alloc(b * b, sizeof *m->distance, err) };
	return m->list && m->chosen && m->distance ? 0 : -1;
}

void lb_mined_close(struct lb_mined *m)
{
	free(m->list);
	free(m->chosen);
	free(m->distance);
}

static void choose_pairs_of(size_t b, const struct lb_triplet *t, unsigned char *chosen)
{
	chosen[t->anchor * b + t->positive] = chosen[t->anchor * b + t->negative] = 1;
}

/* m->chosen <- the pairs of the triplets that were chosen. */
static void turn_into_pairs(struct lb_mined *m)
{
	const size_t b = m->in.b;
	const int32_t *y = m->in.y;

	for (size_t k = 0; !m->triplets.keeps && k < m->triplets.n; k++)
		choose_pairs_of(b, &m->triplets.triplet[k], m->chosen);
	for (size_t a = 0; m->triplets.keeps && a < b; a++)
		for (size_t p = 0; p < b; p++)
			for (size_t n = 0; n < b && p != a && y[p] == y[a]; n++)
				if (y[n] != y[a] && m->triplets.keeps(m->triplets.arg, a, p, n))
					choose_pairs_of(b, &(struct lb_triplet){ (uint32_t)a, (uint32_t)p, (uint32_t)n }, m->chosen);
	m->by_pairs = true;
}

void lb_mine(const struct lb_miner *miner, const struct lb_arg *par, uint64_t step, const struct lb_loss *loss, struct lb_batch *in,
	     struct lb_mined *m)
{
	const enum lb_measure measure = loss->form->measure(in->par).measure;
	const bool own = !miner->directions && (measure == LB_EUCLIDEAN || measure == LB_SQUARED_EUCLIDEAN);
	const double *d = own ? lb_similarity_matrix(loss, in) : lb_direction_distances(loss, in);

	memcpy(m->distance, d, in->b * in->b * sizeof *d); /* d is where the loss measures too */
	memset(m->chosen, 0, in->b * in->b);
	m->in = (struct lb_mining){ .b = in->b, .columns = in->c, .distance = m->distance, .y = in->y, .par = par, .step = step };
	m->triplets = (struct lb_triplets){ .triplet = m->list, .n = miner->mine ? miner->mine(&m->in, m->list) : 0, .keeps = miner->keeps, .arg = &m->in };
	m->by_pairs = miner->choose;
	if (miner->choose)
		miner->choose(&m->in, m->chosen);
	else if (!(loss->info.needs & LB_TAKES_TRIPLETS))
		turn_into_pairs(m);
}

void lb_mined_use(const struct lb_mined *m, struct lb_batch *in)
{
	in->chosen = m->by_pairs ? m->chosen : NULL;
	in->triplets = m->by_pairs ? NULL : &m->triplets;
}
