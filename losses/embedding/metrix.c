#include "core/numeric/rng.h"
#include "losses/support/pairs.h"

enum { LAM, BASE, PAIRS, WEIGHT, NEG_MARGIN, ALPHA, BETA, MU, DRAW, SEED };
enum { CONTRASTIVE, MULTI_SIMILARITY };
enum { POS_NEG, ANC_NEG };

static const char *const bases[] = { "contrastive", "multi_similarity", NULL };
static const char *const sorts[] = { "pos_neg", "anc_neg", NULL };

static const struct lb_param params[] = {
	[LAM] = { .name = "lam", .symbol = "lambda", .def = 0.6, .min = 0, .max = 1, .grid = { 0.3, 0.6 }, .n_grid = 2, .help = "share of the positive, or the anchor, in a mixture" },
	[BASE] = { .name = "base", .symbol = "base", .type = LB_CHOICE_PARAM, .choices = bases, .def = CONTRASTIVE, .help = "the loss that is taken of rows and of mixtures" },
	[PAIRS] = { .name = "pairs", .symbol = "pairs", .type = LB_CHOICE_PARAM, .choices = sorts, .def = POS_NEG, .help = "what is mixed with a negative: a positive, or the anchor" },
	[WEIGHT] = { .name = "weight", .symbol = "w", .def = 0.4, .min = 0, .max = 100, .help = "of the mixtures" },
	[NEG_MARGIN] = { .name = "neg_margin", .symbol = "m-", .def = 0.5, .min = 0, .max = 2, .help = "of base contrastive" },
	[ALPHA] = { .name = "alpha", .symbol = "alpha", .def = 2, .min = 0, .max = 1000, .min_open = true, .help = "of base multi_similarity" },
	[BETA] = { .name = "beta", .symbol = "beta", .def = 50, .min = 0, .max = 1000, .min_open = true, .help = "of base multi_similarity" },
	[MU] = { .name = "mu", .symbol = "mu", .def = 0.5, .min = -1, .max = 1, .help = "of base multi_similarity: the cosine between positives and negatives" },
	[DRAW] = { .name = "draw", .symbol = "draw", .type = LB_BOOL_PARAM, .def = 0, .help = "lambda of each batch from Beta(2, 2), in the place of lam" },
	[SEED] = { .name = "seed", .type = LB_SEED_PARAM, .help = "of the draws" },
};

static const struct lb_example examples[] = {
	{ .set = "lam=0.5", .b = 3, .c = 2, .z = { 1, 0, 0, 1, 1, 1 }, .y = { 0, 0, 1 }, .classes = 2, .value = 1.636441655580936, .source = "mpmath, by the definition" },
};

/* The share of this batch. A draw from Beta(2, 2) is the second of three numbers in order; it
 * depends on the seed, the epoch and the batch's first row alone. */
static double share_of(const struct lb_batch *in)
{
	struct lb_rng rng;

	if (!(in->par[DRAW].v > 0))
		return in->par[LAM].v;
	lb_rng_init(&rng, (uint64_t)in->par[SEED].v, LB_RNG_LOSS, (uint64_t)in->epoch << 32 | (in->row_id ? in->row_id[0] : 0));
	const double a = lb_rng_unit(&rng), b = lb_rng_unit(&rng), c = lb_rng_unit(&rng);
	const double low = a < b ? a : b, high = a < b ? b : a;
	return c < low ? low : c > high ? high : c;
}

/* What an anchor is compared with: a row, or a mixture of two. */
struct item {
	bool mixed;
	size_t f, n;             /* the rows mixed, or n alone */
	double length;           /* of lam u_f + (1 - lam) u_n; 0: it has no direction */
	double s;                /* the anchor's cosine to it */
	double d;                /* and its distance, 0 where it is no more than rounding */
	double pos, neg;         /* weight as a positive, as a negative */
};

/* Rows, or mixtures of them, of one batch. */
struct items {
	const struct lb_row_pairs *pairs;
	bool mixed, anchor;      /* mixtures; of anchors and negatives */
	double lam;
};

static size_t count(const struct items *of, const struct lb_partners *with)
{
	return !of->mixed ? with->n_pos + with->n_neg : (of->anchor && with->n_pos ? 1 : with->n_pos) * with->n_neg;
}

/* Item k of an anchor, by the cosines m. */
static struct item item_of(const struct items *of, const double *m, size_t a, const struct lb_partners *with, size_t k)
{
	const size_t b = of->pairs->b;
	const double lam = of->lam;
	struct item it = { .mixed = of->mixed, .f = a, .length = 1, .pos = lam, .neg = 1 - lam };

	if (!it.mixed) {
		it.pos = k < with->n_pos;
		it.neg = k >= with->n_pos;
		it.n = k < with->n_pos ? with->pos[k] : with->neg[k - with->n_pos];
		it.s = m[a * b + it.n];
	} else {
		it.f = of->anchor ? a : with->pos[k / with->n_neg];
		it.n = with->neg[k % with->n_neg];
		const double squared = lam * lam * m[it.f * b + it.f] + (1 - lam) * (1 - lam) * m[it.n * b + it.n] + 2 * lam * (1 - lam) * m[it.f * b + it.n];
		it.length = squared > 1e-24 ? sqrt(squared) : 0;
		it.s = it.length > 0 ? (lam * m[a * b + it.f] + (1 - lam) * m[a * b + it.n]) / it.length : 0;
	}
	const double other = it.mixed ? it.length > 0 : m[it.n * b + it.n], apart = m[a * b + a] + other - 2 * it.s;
	it.d = apart > 1e-12 ? sqrt(apart) : 0;
	return it;
}

/* The slopes of by times the anchor's cosine to the item. */
static void slope_item(const struct items *of, size_t a, const struct item *it, double by)
{
	const struct lb_row_pairs *p = of->pairs;
	const double lam = of->lam;

	if (!it->mixed)
		lb_slope(p, a, it->n, by);
	if (!it->mixed || !(it->length > 0))
		return;
	if (it->f != a)
		lb_slope(p, a, it->f, by * lam / it->length);
	lb_slope(p, a, it->n, by * (1 - lam) / it->length);
	lb_slope(p, it->f, it->n, -by * it->s * lam * (1 - lam) / (it->length * it->length));
}

/* Returns the contrastive loss of the items, and adds its slopes, times weight. How many terms are
 * not 0 is held. */
static double contrastive(const struct items *of, double weight)
{
	const struct lb_row_pairs *p = of->pairs;
	const double margin = p->in->par[NEG_MARGIN].v;
	double sum[2] = { 0 }, n[2] = { 0 };

	for (int pass = 0; pass < 2; pass++)
		for (size_t a = 0; a < p->b; a++) {
			const struct lb_partners with = lb_partners_of(p, a);
			for (size_t k = 0; k < count(of, &with); k++) {
				const struct item it = item_of(of, p->d, a, &with, k), held = item_of(of, p->held, a, &with, k);
				const double short_of = it.d < margin ? margin - it.d : 0;
				if (pass == 0) {
					sum[0] += it.pos * it.d;
					sum[1] += it.neg * short_of;
					n[0] += held.pos * held.d > 0;
					n[1] += held.neg > 0 && held.d < margin;
				} else if (it.d > 0)
					slope_item(of, a, &it, weight / it.d * ((short_of > 0 && n[1] > 0 ? it.neg / n[1] : 0) - (n[0] > 0 ? it.pos / n[0] : 0)));
			}
		}
	return weight * ((n[0] > 0 ? sum[0] / n[0] : 0) + (n[1] > 0 ? sum[1] / n[1] : 0));
}

/* Returns log(1 + sum w e^(scale (s - mu))) / |scale| over an anchor's items, w their weights on
 * that side, and adds its slopes times by. */
static double side(const struct items *of, size_t a, const struct lb_partners *with, double scale, double by)
{
	const double *m = of->pairs->d, mu = of->pairs->in->par[MU].v;
	double top = 0, sum = 0;

	for (size_t k = 0; k < count(of, with); k++)
		top = fmax(top, scale * (item_of(of, m, a, with, k).s - mu));
	for (int pass = 0; pass < 2; pass++)
		for (size_t k = 0; k < count(of, with); k++) {
			const struct item it = item_of(of, m, a, with, k);
			const double term = (scale < 0 ? it.pos : it.neg) * exp(scale * (it.s - mu) - top);
			if (pass == 0)
				sum += term;
			else
				slope_item(of, a, &it, by * (scale < 0 ? -1 : 1) * term / (sum + exp(-top)));
		}
	return (top + log(sum + exp(-top))) / fabs(scale);
}

static double multi_similarity(const struct items *of, double weight)
{
	const struct lb_row_pairs *p = of->pairs;
	const double each = weight / (double)p->b;
	double sum = 0;

	for (size_t a = 0; a < p->b; a++) {
		const struct lb_partners with = lb_partners_of(p, a);
		if (with.n_pos && with.n_neg)
			sum += side(of, a, &with, -p->in->par[ALPHA].v, each) + side(of, a, &with, p->in->par[BETA].v, each);
	}
	return each * sum;
}

static double metrix(const struct lb_row_pairs *p)
{
	const struct lb_arg *par = p->in->par;
	const struct items rows = { .pairs = p }, mixtures = { .pairs = p, .mixed = true, .anchor = (int)par[PAIRS].v == ANC_NEG, .lam = share_of(p->in) };

	if ((int)par[BASE].v == MULTI_SIMILARITY)
		return multi_similarity(&rows, 1) + multi_similarity(&mixtures, par[WEIGHT].v);
	return contrastive(&rows, 1) + contrastive(&mixtures, par[WEIGHT].v);
}

LB_SIMILARITY(metrix, lb_cosines, metrix)

static const struct lb_same_as same[] = {
	{ .set = "weight=0 neg_margin=0.5", .other = "contrastive", .other_set = "neg_margin=0.5" },
	{ .set = "weight=0 base=multi_similarity", .other = "multi_similarity", .other_set = "mining=false" },
};

const struct lb_loss LB_LOSS(embedding, metrix) = {
	.info = {
		.base = {
			.name = "metrix",
			.title = "Metrix: a loss of pairs, and of mixtures of a positive and a negative",
			.cite = "S. Venkataramanan, B. Psomas, E. Kijak, L. Amsaleg, K. Karantzalos, Y. Avrithis, It takes two to tango: mixup for deep metric "
				"learning, ICLR 2022, eq. 9 to 11",
			.formula = "base(rows) + w base(mixtures),  v = unit(lambda u_f + (1 - lambda) u_n), which is a positive with weight lambda and a negative "
				   "with 1 - lambda",
			.notes = "f are the positives of the anchor, or the anchor itself; every mixture of one with a negative counts, for anchors with both. "
				 "The paper draws lambda of each batch (draw=true) and either sort of mixture at random. Mixtures are of embeddings. base "
				 "contrastive is that with pos_margin 0, base multi_similarity that without mining. How many terms are not 0 is held "
				 "fixed in the gradient. A mixture of opposite rows has no direction and does not move.",
			.keywords = "mixup metric_mix",
			LB_PARAMS(params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "embeddings",
		.properties = LB_NONNEGATIVE,
		.needs = LB_TAKES_PAIRS,
		.exceptions = LB_SIZE_MATTERS | LB_HOLDS_FACTORS,
		LB_SAME_AS(same),
		LB_EXAMPLES(examples),
	},
	.form = &metrix_form,
};
