#include "losses/support/pairs.h"

enum { K, NEIGHBOURS };

static const struct lb_param params[] = {
	[K] = { .name = "k", .symbol = "k", .type = LB_INT_PARAM, .def = 4, .min = 1, .max = 1000, .grid = { 2, 4 }, .n_grid = 2, .help = "neighbours of a row that are judged" },
	[NEIGHBOURS] = { .name = "ipc", .symbol = "ipc", .type = LB_INT_PARAM, .def = 0, .min = 0, .max = 1001, .grid = { 0, 3 }, .n_grid = 2,
			 .help = "neighbours among which the nearest of another class is looked for; 0: k + 1" },
};

static const struct lb_example examples[] = {
	{ .set = "", .b = 4, .c = 1, .z = { 0, 1, 5, 6 }, .y = { 0, 0, 1, 1 }, .classes = 2, .value = 0.08474128269827395, .source = "mpmath, by the definition" },
};

static const double TINY = 1e-7;

/* What the score of a batch is made of. d_ij is sqrt(|e_i - e_j|^2 + 1e-6). */
struct icnn {
	const struct lb_row_pairs *pairs;
	size_t k, fetched;       /* neighbours that are judged; among which another class is looked for */
	double with_alike, with_apart; /* rows that have neighbours of their class, of others */
	double intra, inter, alike;    /* sums over rows */
	double largest;          /* distance to a judged neighbour of another class, 0 without one */
	size_t far_from, far_to;
	double by_largest;       /* derivative of the sum `inter` by it */
};

static double distance(const struct icnn *s, size_t i, size_t j)
{
	return sqrt(lb_to(s->pairs, i, j) + 1e-6);
}

static double held_distance(const struct icnn *s, size_t i, size_t j)
{
	return sqrt(s->pairs->held[i * s->pairs->b + j] + 1e-6);
}

/* The slope of d_ij by what is measured. */
static void add_slope(const struct icnn *s, size_t i, size_t j, double by)
{
	lb_slope(s->pairs, i, j, by / (2 * distance(s, i, j)));
}

/* near (n) <- the other rows that are nearest to row i by the distances that are held, the nearest
 * first, of equal ones the first in the batch. */
static void nearest(const struct lb_row_pairs *p, size_t i, size_t n, uint32_t *near)
{
	const double *d = p->held + i * p->b;
	size_t have = 0;

	for (size_t j = 0; j < p->b; j++) {
		if (j == i || (have == n && !(d[j] < d[near[n - 1]])))
			continue;
		size_t at = have < n ? have++ : n - 1;
		for (; at > 0 && d[j] < d[near[at - 1]]; at--)
			near[at] = near[at - 1];
		near[at] = (uint32_t)j;
	}
}

/* Row i's part in the tightness of its class. */
static void add_intra(struct icnn *s, size_t i, const uint32_t *near, double alike, double share)
{
	const struct lb_row_pairs *p = s->pairs;
	size_t rim = p->b, far = near[0];
	double sum = 0;

	for (size_t k = 0; k < s->fetched && rim == p->b; k++)
		rim = lb_alike(p, i, near[k]) ? rim : near[k];
	if (rim == p->b || !(alike > 0))
		return; /* ratios to no other class are 0 */
	for (size_t k = 1; k < s->k; k++)
		far = held_distance(s, i, near[k]) > held_distance(s, i, far) ? near[k] : far;
	const bool beyond = held_distance(s, i, far) > held_distance(s, i, rim) + TINY; /* a ratio is over 1 */
	const double scale = beyond ? distance(s, i, far) : distance(s, i, rim) + TINY, each = share / (alike + TINY) / scale;
	for (size_t k = 0; k < s->k; k++)
		if (lb_alike(p, i, near[k])) {
			sum += distance(s, i, near[k]) / scale;
			add_slope(s, i, near[k], each);
		}
	s->intra += sum / (alike + TINY);
	const double by_scale = -share * sum / (alike + TINY) / scale;
	add_slope(s, i, beyond ? far : rim, by_scale);
}

/* Row i's part in how far other classes are. */
static void add_inter(struct icnn *s, size_t i, const uint32_t *near, double apart, double share)
{
	const double each = share / (apart + TINY) / (s->largest + TINY);

	for (size_t k = 0; k < s->k && apart > 0; k++)
		if (!lb_alike(s->pairs, i, near[k])) {
			const double part = distance(s, i, near[k]) / (s->largest + TINY) / (apart + TINY);
			s->inter += part;
			s->by_largest -= share * part / (s->largest + TINY);
			add_slope(s, i, near[k], each);
		}
}

static double alike_of(const struct icnn *s, size_t i, const uint32_t *near)
{
	double n = 0;

	for (size_t k = 0; k < s->k; k++)
		n += lb_alike(s->pairs, i, near[k]);
	return n;
}

/* What all rows together say: how many have neighbours of either sort, and the largest distance. */
static void look_round(struct icnn *s, uint32_t *near)
{
	for (size_t i = 0; i < s->pairs->b; i++) {
		nearest(s->pairs, i, s->fetched > s->k ? s->fetched : s->k, near);
		const double alike = alike_of(s, i, near);
		s->alike += alike;
		s->with_alike += alike > 0;
		s->with_apart += alike < (double)s->k;
		for (size_t k = 0; k < s->k; k++)
			if (!lb_alike(s->pairs, i, near[k]) && held_distance(s, i, near[k]) > s->largest) {
				s->largest = held_distance(s, i, near[k]);
				s->far_from = i;
				s->far_to = near[k];
			}
	}
}

/* Sets how many neighbours are looked at; returns whether the batch has too few for k. */
static bool neighbours_of(const struct lb_row_pairs *p, struct icnn *s)
{
	const size_t asked = (size_t)p->in->par[NEIGHBOURS].v, others = p->b - 1;

	s->k = (size_t)p->in->par[K].v;
	const bool lowered = s->k + 2 >= p->b;
	s->fetched = asked ? asked : s->k + 1;
	s->k = lowered ? p->b - 2 : s->k;
	s->fetched = s->fetched < others ? s->fetched : others;
	return lowered;
}

static double icnn(const struct lb_row_pairs *p)
{
	struct icnn s = { .pairs = p };

	if (p->b < 3)
		return 0;
	const bool lowered = neighbours_of(p, &s);
	look_round(&s, p->index);
	s.largest = s.largest > 0 ? distance(&s, s.far_from, s.far_to) : 0;
	const double alone = s.with_apart > 0 ? 0 : 1, half = 0.25; /* of each side in the score */
	const double intra_share = -half / (s.with_alike + TINY), inter_share = half / (s.with_apart + TINY);
	for (size_t i = 0; i < p->b; i++) {
		nearest(p, i, s.fetched > s.k ? s.fetched : s.k, p->index);
		const double alike = alike_of(&s, i, p->index);
		add_intra(&s, i, p->index, alike, intra_share);
		add_inter(&s, i, p->index, (double)s.k - alike, inter_share);
	}
	if (s.largest > 0)
		add_slope(&s, s.far_from, s.far_to, s.by_largest);
	const double tight = 1 - s.intra / (s.with_alike + TINY), apart = fabs(s.inter / (s.with_apart + TINY) - alone);
	const double purity = lowered ? 1 : s.alike / (double)p->b / (double)s.k, score = ((tight + apart) / 2 + purity) / 2;
	for (size_t k = 0; p->slope && k < p->b * p->b; k++)
		p->slope[k] /= -score;
	return -log(score);
}

static struct lb_measured squared_distances(const struct lb_arg *par)
{
	(void)par;
	return (struct lb_measured){ .measure = LB_SQUARED_EUCLIDEAN };
}

LB_SIMILARITY(icnn, squared_distances, icnn)

const struct lb_loss LB_LOSS(embedding, icnn) = {
	.info = {
		.base = {
			.name = "icnn",
			.title = "ICNN loss: the log of a score of nearest neighbours within and between classes",
			.cite = "M. Mendez-Ruiz, J. Gonzalez-Zapata, I. Reyes-Amezcua, D. Flores-Araiza, F. Lopez-Tiro, A. Mendez-Vazquez, G. Ochoa-Ruiz, SuSana "
				"Distancia is all you need, 2023, with the authors' program",
			.formula = "-log(((A + E) / 2 + G) / 2): A one less the distances to neighbours of the class over that to the nearest of another, E the "
				   "distances to other classes over the largest, G the share of neighbours that are of the class",
			.notes = "Distances sqrt(|e_i - e_j|^2 + 1e-6) of embeddings as they are. A ratio over 1 is divided by the largest of its row; without "
				 "another class among the ipc nearest it is 0. With k + 2 rows or fewer k is two less than the rows, and G is 1. Which rows "
				 "are neighbours, and which are the nearest of another class, the largest ratio and the largest distance, is held fixed in "
				 "the gradient; these distances move. Fewer than 3 rows give 0. The paper adds it to the cross-entropy and proto_triplet.",
			.keywords = "susana_distancia few_shot inter intra class nearest neighbours",
			LB_PARAMS(params),
		},
		.kind = LB_EMBEDDING,
		.good_for = "few-shot classes",
		.properties = LB_NONNEGATIVE,
		.exceptions = LB_SIZE_MATTERS | LB_HOLDS_FACTORS,
		LB_EXAMPLES(examples),
	},
	.form = &icnn_form,
};
