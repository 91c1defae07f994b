#include "core/engine/data/miner/miner.h"

enum { OTHERWISE };
enum { NONE, FARTHEST };

static const char *const ways[] = { "none", "farthest", NULL };

static const struct lb_param params[] = {
	[OTHERWISE] = { .name = "otherwise", .symbol = "otherwise", .type = LB_CHOICE_PARAM, .choices = ways, .def = NONE,
			.help = "where no negative is farther than the positive: no triplet, or the farthest negative" },
};

/* Returns the negative of row a that is nearest among those farther than p; without one the
 * farthest or b, as asked for. */
static size_t negative_of(const struct lb_mining *in, size_t a, size_t p)
{
	const double *d = in->distance + a * in->b;
	size_t nearest = in->b, farthest = in->b;

	for (size_t n = 0; n < in->b; n++) {
		if (in->y[n] == in->y[a])
			continue;
		if (d[n] > d[p] && (nearest == in->b || d[n] < d[nearest]))
			nearest = n;
		if (farthest == in->b || d[n] > d[farthest])
			farthest = n;
	}
	return nearest < in->b || in->par[OTHERWISE].v < FARTHEST ? nearest : farthest;
}

static size_t mine(const struct lb_mining *in, struct lb_triplet *out)
{
	size_t n_out = 0;

	for (size_t a = 0; a < in->b; a++)
		for (size_t p = 0; p < in->b; p++) {
			const size_t n = p == a || in->y[p] != in->y[a] ? in->b : negative_of(in, a, p);
			if (n < in->b)
				out[n_out++] = (struct lb_triplet){ (uint32_t)a, (uint32_t)p, (uint32_t)n };
		}
	return n_out;
}

const struct lb_miner LB_MINER(semihard) = {
	.base = {
		.name = "semihard",
		.tasks = 1u << LB_EMBEDDING,
		.title = "For each anchor and positive the nearest negative that is farther than the positive",
		.cite = "F. Schroff, D. Kalenichenko, J. Philbin, FaceNet: a unified embedding for face recognition and clustering, CVPR 2015, "
			"section 3.2",
		.formula = "n = argmin of d_an over y_n != y_a, d_an > d_ap",
		.notes = "FaceNet draws one of the negatives with d_ap < d_an < d_ap + m; this takes the nearest, as TensorFlow Addons does, which with "
			 "otherwise=farthest takes the farthest where there is none.",
		.keywords = "semi-hard facenet",
		LB_PARAMS(params),
	},
	.mine = mine,
};
