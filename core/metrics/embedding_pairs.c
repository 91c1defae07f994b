/* Whether pairs of rows of a class are told from other pairs: verification. */
#include "core/base/mem.h"
#include "core/metrics/unit_rows.h"

#include <math.h>
#include <stdlib.h>

enum { DISTANCE, ROWS, TARGET };
enum { COSINE, EUCLIDEAN };
static const char *const distances[] = { "cosine", "euclidean", NULL };

#define BY_PAIRS \
	[DISTANCE] = { .name = "distance", .symbol = "distance", .type = LB_CHOICE_PARAM, .choices = distances, .def = COSINE, \
		       .help = "pairs are compared by angle or by distance" }, \
	[ROWS] = { .name = "rows", .symbol = "rows", .type = LB_INT_PARAM, .def = 2000, .min = 2, .max = 20000, \
		   .help = "of more rows, so many that are as far apart in the split are paired" }

static const struct lb_param eer_params[] = { BY_PAIRS };
static const struct lb_param tar_params[] = {
	BY_PAIRS,
	[TARGET] = { .name = "far", .symbol = "f", .def = 0.01, .min = 0, .max = 1, .grid = { 0.001, 0.01, 0.1 }, .n_grid = 3, .help = "share of other pairs that may be accepted" },
};

/* Two rows: how alike they are, and whether they are of a class. */
struct pair {
	double score;
	bool same;
};

struct pairs {
	size_t n, same;
	struct pair *pair;
};

static int descending(const void *a, const void *b)
{
	const double x = ((const struct pair *)a)->score, y = ((const struct pair *)b)->score;

	return (x < y) - (x > y);
}

/* Of the most rows that are looked at: how many, and how far apart. */
static size_t rows_of(const struct lb_metric_inputs *o, double most, size_t *every)
{
	const size_t n = o->embedding ? o->n : 0, limit = (size_t)most;

	*every = n > limit ? n / limit : 1;
	return n > limit ? limit : n;
}

/* The pairs by descending score. Close in any case. */
static int open_pairs(const struct lb_metric_inputs *o, const struct lb_arg *par, struct pairs *p, struct lb_err *err)
{
	size_t every, d = o->dimension;
	const size_t n = rows_of(o, par[ROWS].v, &every);
	double *u = lb_embedding_rows(o, n, every, par[DISTANCE].v < EUCLIDEAN, err);

	*p = (struct pairs){ .pair = lb_alloc(n * (n ? n - 1 : 0) / 2 + 1, sizeof *p->pair, err) };
	for (size_t i = 0; u && p->pair && i < n; i++)
		for (size_t j = i + 1; j < n; j++) {
			double score = 0;
			for (size_t k = 0; k < d; k++)
				score += par[DISTANCE].v < EUCLIDEAN ? u[i * d + k] * u[j * d + k] : -(u[i * d + k] - u[j * d + k]) * (u[i * d + k] - u[j * d + k]);
			p->pair[p->n] = (struct pair){ score, o->label[i * every] == o->label[j * every] };
			p->same += p->pair[p->n++].same;
		}
	const int rc = u && p->pair ? 0 : -1;
	free(u);
	if (!rc)
		qsort(p->pair, p->n, sizeof *p->pair, descending);
	return rc;
}

/* The rates of accepting all pairs of a score or more. */
struct rates {
	size_t at;               /* pairs that are accepted */
	double same, accepted, far, tar; /* accepted of a class; others; their shares */
};

/* Goes on to the next lower score; false past the last. */
static bool next(const struct pairs *p, struct rates *r)
{
	if (r->at >= p->n)
		return false;
	const double score = p->pair[r->at].score;
	for (; r->at < p->n && !(p->pair[r->at].score < score); r->at++) {
		r->same += p->pair[r->at].same;
		r->accepted += !p->pair[r->at].same;
	}
	r->far = r->accepted / (double)(p->n - p->same);
	r->tar = r->same / (double)p->same;
	return true;
}

static int tar_at_far(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	struct pairs p;
	struct rates r = { 0 };
	const int rc = open_pairs(o, par, &p, err);

	*value = !rc && p.same && p.same < p.n ? 0 : (double)NAN;
	while (!rc && p.same && p.same < p.n && next(&p, &r) && r.far <= par[TARGET].v)
		*value = r.tar;
	free(p.pair);
	return rc;
}

/* Where the segment between neighbouring points crosses FAR = 1 - TAR. */
static int pair_eer(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	struct pairs p;
	struct rates r = { 0 }, before = { 0 };
	const int rc = open_pairs(o, par, &p, err);

	*value = (double)NAN;
	while (!rc && p.same && p.same < p.n && next(&p, &r)) {
		if (r.far >= 1 - r.tar) {
			const double short_by = 1 - before.tar - before.far, over = r.far - (1 - r.tar);
			*value = before.far + short_by / (short_by + over) * (r.far - before.far);
			break;
		}
		before = r;
	}
	free(p.pair);
	return rc;
}

/* ---- opis ---- */

enum { OPIS_ROWS, LOW, HIGH, STEPS = 101 };
static const struct lb_param opis_params[] = {
	[OPIS_ROWS] = { .name = "rows", .symbol = "rows", .type = LB_INT_PARAM, .def = 2000, .min = 2, .max = 20000,
			.help = "of more rows, so many that are as far apart in the split are paired" },
	[LOW] = { .name = "low", .symbol = "l", .def = 0.01, .min = 0, .max = 1, .help = "share of other pairs that the lowest threshold accepts" },
	[HIGH] = { .name = "high", .symbol = "h", .def = 0.1, .min = 0, .max = 1, .help = "share that the highest accepts" },
};

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The q-quantile of n sorted numbers, between neighbours on a line, as NumPy has it. */
static double quantile(const double *sorted, size_t n, double q)
{
	const double at = q * (double)(n - 1), low = floor(at);
	const size_t i = (size_t)low, next_one = i + 1 < n ? i + 1 : i;

	return sorted[i] + (at - low) * (sorted[next_one] - sorted[i]);
}

/* Unordered pairs of rows; of each class at each threshold the accepted ones. */
struct opis {
	size_t n, d, every, classes;
	double *u, *other;       /* rows; distances of pairs of two classes */
	size_t n_other;
	double *threshold;       /* (STEPS) */
	double *pairs, *others;  /* (classes) pairs of the class, pairs that one row of is of the class */
	double *within, *across; /* (classes, STEPS) at most so far apart */
};

static double distance_of(const struct opis *s, size_t i, size_t j)
{
	double far = 0;

	for (size_t k = 0; k < s->d; k++)
		far += (s->u[i * s->d + k] - s->u[j * s->d + k]) * (s->u[i * s->d + k] - s->u[j * s->d + k]);
	return sqrt(far);
}

static int open_opis(struct opis *s, const struct lb_metric_inputs *o, double most, struct lb_err *err)
{
	*s = (struct opis){ .d = o->dimension, .classes = o->n_classes };
	s->n = rows_of(o, most, &s->every);
	s->u = lb_embedding_rows(o, s->n, s->every, true, err);
	s->other = lb_alloc(s->n * s->n / 2 + 1, sizeof *s->other, err);
	s->threshold = lb_alloc(STEPS, sizeof *s->threshold, err);
	s->pairs = lb_alloc(s->classes, sizeof *s->pairs, err);
	s->others = lb_alloc(s->classes, sizeof *s->others, err);
	s->within = lb_alloc(s->classes * STEPS, sizeof *s->within, err);
	s->across = lb_alloc(s->classes * STEPS, sizeof *s->across, err);
	return s->u && s->other && s->threshold && s->pairs && s->others && s->within && s->across ? 0 : -1;
}

static void close_opis(struct opis *s)
{
	free(s->u);
	free(s->other);
	free(s->threshold);
	free(s->pairs);
	free(s->others);
	free(s->within);
	free(s->across);
}

/* The thresholds, by the distances of pairs of two classes; false where there is no such pair. */
static bool set_thresholds(struct opis *s, const int32_t *label, double low, double high)
{
	for (size_t i = 0; i < s->n; i++)
		for (size_t j = i + 1; j < s->n; j++)
			if (label[i * s->every] != label[j * s->every])
				s->other[s->n_other++] = distance_of(s, i, j);
	if (!s->n_other)
		return false;
	qsort(s->other, s->n_other, sizeof *s->other, ascending);
	const double first = quantile(s->other, s->n_other, low), last = quantile(s->other, s->n_other, high);
	for (size_t t = 0; t < STEPS; t++)
		s->threshold[t] = first + (last - first) * (double)t / (STEPS - 1);
	return true;
}

/* Counts a pair at the first threshold that it is within. */
static void count(double *at, const double *threshold, double far)
{
	for (size_t t = 0; t < STEPS; t++)
		if (far <= threshold[t]) {
			at[t]++;
			return;
		}
}

static void count_pairs(struct opis *s, const int32_t *label)
{
	for (size_t i = 0; i < s->n; i++)
		for (size_t j = i + 1; j < s->n; j++) {
			const size_t a = (size_t)label[i * s->every], b = (size_t)label[j * s->every];
			const double far = distance_of(s, i, j);
			if (a == b) {
				s->pairs[a]++;
				count(s->within + a * STEPS, s->threshold, far);
				continue;
			}
			s->others[a]++, s->others[b]++;
			count(s->across + a * STEPS, s->threshold, far);
			count(s->across + b * STEPS, s->threshold, far);
		}
	for (size_t k = 0; k < s->classes; k++)
		for (size_t t = 1; t < STEPS; t++) {
			s->within[k * STEPS + t] += s->within[k * STEPS + t - 1];
			s->across[k * STEPS + t] += s->across[k * STEPS + t - 1];
		}
}

/* The harmonic mean of sensitivity and specificity. */
static double utility(const struct opis *s, size_t k, size_t t)
{
	const double a = s->within[k * STEPS + t] / s->pairs[k], b = 1 - s->across[k * STEPS + t] / s->others[k];

	return a + b > 0 ? 2 * a * b / (a + b) : 0;
}

static double inconsistency(const struct opis *s)
{
	double sum = 0, n = 0;

	for (size_t k = 0; k < s->classes; k++)
		n += s->pairs[k] > 0;
	if (n < 1)
		return (double)NAN;
	for (size_t t = 0; t < STEPS; t++) {
		double mean = 0;
		for (size_t k = 0; k < s->classes; k++)
			mean += s->pairs[k] > 0 ? utility(s, k, t) / n : 0;
		for (size_t k = 0; k < s->classes; k++)
			sum += s->pairs[k] > 0 ? pow(utility(s, k, t) - mean, 2) : 0;
	}
	return sum / (n * STEPS);
}

static int opis(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	struct opis s;
	const int rc = open_opis(&s, o, par[OPIS_ROWS].v, err);

	*value = (double)NAN;
	if (!rc && set_thresholds(&s, o->label, par[LOW].v, par[HIGH].v)) {
		count_pairs(&s, o->label);
		*value = inconsistency(&s);
	}
	close_opis(&s);
	return rc;
}

/* clang-format off */
#define PAIRS(metric, heading, source, what, note, better, table) \
	const struct lb_metric lb_metric_##metric = { \
		.base = { .name = #metric, .tasks = 1u << LB_MULTICLASS, .title = heading, .cite = source, .formula = what, \
			  .notes = note "Not defined (null) without pairs of both sorts. A row of zeros has cosine 0 to all. " LB_EMBEDDINGS_ARE, \
			  .keywords = "verification metric_learning face_recognition embedding biometrics", .on_request = true, LB_PARAMS(table) }, \
		.higher_is_better = better, .decisions = true, .embeddings = true, .eval = metric, \
	}
/* clang-format on */

PAIRS(tar_at_far, "True accept rate at a false accept rate", "G. B. Huang, M. Ramesh, T. Berg, E. Learned-Miller, Labeled faces in the wild, 2007; "
      "the protocol of IJB", "max TAR with FAR <= f; TAR the share of pairs of a class that are accepted, FAR of other pairs, a pair being accepted when it "
      "is at least as alike as the threshold", "All thresholds between pairs; 0 where none meets the target. ", true, tar_params);
PAIRS(pair_eer, "Equal error rate of pairs", "classic", "FAR where FAR = 1 - TAR", "Between neighbouring thresholds on a line; eer is that of binary scores. ", false, eer_params);
PAIRS(opis, "Operating-point inconsistency: how differently classes fare at one threshold", "Q. Zhang, L. Xu, Q. Tang, J. Fang, Y. N. Wu, J. Tighe, Y. Xing, "
      "Threshold-consistent margin loss for open-world deep metric learning, ICLR 2024", "mean over classes and thresholds of (U_c - mean_c U_c)^2,  U_c the "
      "harmonic mean of the share of pairs of the class within the threshold and of pairs with one row of it beyond it",
      "101 thresholds on the distance of rows of length 1, from the `low` to the `high` quantile of the distances of other pairs. Classes of two rows or "
      "more count. ", false, opis_params);
