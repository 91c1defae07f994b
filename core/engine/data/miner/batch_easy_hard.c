#include "core/engine/data/miner/miner.h"

#include "core/base/err.h"

enum { POSITIVE, NEGATIVE };
enum { EASY, SEMIHARD, HARD };

static const char *const ways[] = { "easy", "semihard", "hard", NULL };

static const struct lb_param params[] = {
	[POSITIVE] = { .name = "positive", .symbol = "positive", .type = LB_CHOICE_PARAM, .choices = ways, .def = EASY,
		       .help = "the nearest positive, the farthest of those nearer than the negative, or the farthest" },
	[NEGATIVE] = { .name = "negative", .symbol = "negative", .type = LB_CHOICE_PARAM, .choices = ways, .def = SEMIHARD,
		       .help = "the farthest negative, the nearest of those farther than the positive, or the nearest" },
};

static int check(const struct lb_arg *par, struct lb_err *err)
{
	const bool both = (int)par[POSITIVE].v == SEMIHARD && (int)par[NEGATIVE].v == SEMIHARD;

	return both ? lb_fail(err, LB_CONFIG, "negative: found semihard with positive=semihard, allowed: one of them, as each is told by the other") : 0;
}

/* Returns the row of a's class (another class) that is nearest, or farthest, of those with low <
 * d < high; b where there is none. */
static size_t best(const struct lb_mining *in, size_t a, bool positive, bool nearest, double low, double high)
{
	const double *d = in->distance + a * in->b;
	size_t at = in->b;

	for (size_t k = 0; k < in->b; k++) {
		if (k == a || (in->y[k] == in->y[a]) != positive || !(d[k] > low && d[k] < high))
			continue;
		if (at == in->b || (nearest ? d[k] < d[at] : d[k] > d[at]))
			at = k;
	}
	return at;
}

static size_t mine(const struct lb_mining *in, struct lb_triplet *out)
{
	const int pos = (int)in->par[POSITIVE].v, neg = (int)in->par[NEGATIVE].v;
	const double all = (double)INFINITY;
	size_t n_out = 0;

	for (size_t a = 0; a < in->b; a++) {
		const double *d = in->distance + a * in->b;
		size_t p = in->b, n = in->b;
		if (pos != SEMIHARD)
			p = best(in, a, true, pos == EASY, -all, all);
		if (neg != SEMIHARD)
			n = best(in, a, false, neg == HARD, -all, all);
		if (pos == SEMIHARD && n < in->b)
			p = best(in, a, true, false, -all, d[n]);
		if (neg == SEMIHARD && p < in->b)
			n = best(in, a, false, true, d[p], all);
		if (p < in->b && n < in->b)
			out[n_out++] = (struct lb_triplet){ (uint32_t)a, (uint32_t)p, (uint32_t)n };
	}
	return n_out;
}

const struct lb_miner LB_MINER(batch_easy_hard) = {
	.base = {
		.name = "batch_easy_hard",
		.tasks = 1u << LB_EMBEDDING,
		.title = "For each anchor one positive and one negative, each the easiest, the hardest or between",
		.cite = "H. Xuan, A. Stylianou, R. Pless, Improved embeddings with easy positive triplet mining, WACV 2020",
		.formula = "p = argmin (easy) or argmax (hard) of d_ap,  n = argmax (easy) or argmin (hard) of d_an",
		.notes = "A semihard negative is the nearest with d_an > d_ap, a semihard positive the farthest with d_ap < d_an. An anchor without a "
			 "candidate makes no triplet. positive=hard negative=hard is the miner hardest.",
		.keywords = "BatchEasyHardMiner easy_positive",
		LB_PARAMS(params),
		.check = check,
	},
	.mine = mine,
};
