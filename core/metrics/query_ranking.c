/* Metrics of a ranking within queries: each a mean over queries. */
#include "core/base/mem.h"
#include "core/metrics/metric.h"

#include <math.h>
#include <stdlib.h>

enum { EMPTY_SKIP, EMPTY_ZERO, EMPTY_ONE };
static const char *const empties[] = { [EMPTY_SKIP] = "skip", [EMPTY_ZERO] = "zero", [EMPTY_ONE] = "one", NULL };

enum { GAIN_EXP2, GAIN_LINEAR };
static const char *const gains[] = { [GAIN_EXP2] = "exp2", [GAIN_LINEAR] = "linear", NULL };

enum { TIES_AVERAGE, TIES_WORST };
static const char *const ties[] = { [TIES_AVERAGE] = "average", [TIES_WORST] = "worst", NULL };

enum { K, EMPTY, GAIN, TIES };

#define K_PARAM(by_default, text) \
	[K] = { .name = "k", .symbol = "k", .type = LB_INT_PARAM, .def = (by_default), .min = 0, .max = 1e6, .help = (text) }
#define EMPTY_PARAM                                                                                                             \
	[EMPTY] = { .name = "empty", .symbol = "empty", .type = LB_CHOICE_PARAM, .def = EMPTY_SKIP, .choices = empties,         \
		    .help = "what a query without a relevant row counts: skip leaves it out" }

/* One row of a query. */
struct ranked {
	double score, grade;
};

/* By falling score, of equal ones the lower grade first. */
static int by_score(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->score < y->score || x->score > y->score)
		return x->score > y->score ? -1 : 1;
	return (x->grade > y->grade) - (x->grade < y->grade);
}

static int by_grade(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	return (x->grade < y->grade) - (x->grade > y->grade);
}

/* Returns the metric of one query with a relevant row; row (n) are ranked, and may be reordered. */
typedef double of_query_fn(struct ranked *row, size_t n, const struct lb_arg *par);

/* Returns the end of the query that begins at row i. */
static size_t query_end(const struct lb_metric_inputs *o, size_t i)
{
	const int32_t query = o->query[i];

	while (i < o->n && o->query[i] == query)
		i++;
	return i;
}

static int mean_of_queries(const struct lb_metric_inputs *o, const struct lb_arg *par, of_query_fn *of, double *value, struct lb_err *err)
{
	struct ranked *row = lb_alloc(o->n + 1, sizeof *row, err);
	const int empty = (int)par[EMPTY].v;
	size_t counted = 0;
	double sum = 0;

	if (!row)
		return -1;
	for (size_t i = 0, end; i < o->n; i = end) {
		bool relevant = false;
		end = query_end(o, i);
		for (size_t j = i; j < end; j++) {
			row[j - i] = (struct ranked){ o->pred_t[j], o->target_t[j] };
			relevant |= o->target_t[j] > 0;
		}
		if (!relevant && empty == EMPTY_SKIP)
			continue;
		qsort(row, end - i, sizeof *row, by_score);
		sum += relevant ? of(row, end - i, par) : empty == EMPTY_ONE;
		counted++;
	}
	*value = counted ? sum / (double)counted : (double)NAN;
	free(row);
	return 0;
}

#define RANKING_METRIC(id, asked, function, params_of, heading, source, what, note, words)                                      \
	static int id##_eval(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)     \
	{                                                                                                                       \
		return mean_of_queries(o, par, function, value, err);                                                           \
	}                                                                                                                       \
	const struct lb_metric lb_metric_##id = {                                                                               \
		.base = { .name = #id, .tasks = 1u << LB_RANKING, .title = heading, .cite = source, .formula = what,            \
			  .notes = note, .keywords = words, .on_request = asked, LB_PARAMS(params_of) },                        \
		.higher_is_better = true,                                                                                       \
		.eval = id##_eval,                                                                                              \
	}

#define WITHOUT " A query without a relevant row (grade above 0) is left out unless `empty` says otherwise; undefined where all are."
#define WORST " Of equal scores the less relevant row comes first."

/* Places that count, of n. */
static size_t places(const struct lb_arg *par, size_t n)
{
	const size_t k = (size_t)par[K].v;

	return k && k < n ? k : n;
}

/* ---- ndcg ---- */

static const struct lb_param ndcg_params[] = {
	K_PARAM(0, "places that count; 0: all"),
	EMPTY_PARAM,
	[GAIN] = { .name = "gain", .symbol = "gain", .type = LB_CHOICE_PARAM, .def = GAIN_EXP2, .choices = gains,
		   .help = "what a row of grade r is worth: exp2 2^r - 1, linear r" },
	[TIES] = { .name = "ties", .symbol = "ties", .type = LB_CHOICE_PARAM, .def = TIES_AVERAGE, .choices = ties,
		   .help = "equal scores: average shares their discounts, worst puts the less relevant row first" },
};

static double gain_of(double grade, const struct lb_arg *par)
{
	return (int)par[GAIN].v == GAIN_LINEAR ? grade : exp2(grade) - 1;
}

static double discount(size_t place, size_t counted)
{
	return place < counted ? 1 / log2((double)place + 2) : 0;
}

/* The discounted gains; rows of equal score share the discounts of their places if `shared`. */
static double dcg(const struct ranked *row, size_t n, const struct lb_arg *par, bool shared)
{
	const size_t counted = places(par, n);
	double sum = 0;

	for (size_t i = 0, end; i < n; i = end) {
		double gain = 0, discounts = 0;
		for (end = i; end < n && (end == i || (shared && !(row[end].score < row[i].score))); end++) {
			gain += gain_of(row[end].grade, par);
			discounts += discount(end, counted);
		}
		sum += gain * discounts / (double)(end - i);
	}
	return sum;
}

static double ndcg(struct ranked *row, size_t n, const struct lb_arg *par)
{
	const double got = dcg(row, n, par, (int)par[TIES].v == TIES_AVERAGE);

	qsort(row, n, sizeof *row, by_grade);
	return got / dcg(row, n, par, false);
}

RANKING_METRIC(ndcg, false, ndcg, ndcg_params, "Normalised discounted cumulative gain", "K. Jarvelin, J. Kekalainen, Cumulated gain-based evaluation of IR "
	       "techniques, ACM TOIS 20, 2002; ties: F. McSherry, M. Najork, ECIR 2008", "mean over queries of  sum_m g_(m) D(m) / IDCG,  D(m) = 1 / log2(1 + m),  "
	       "g = 2^r - 1", "Both sums are cut at place k. Tied scores share their discounts, which is the mean over all orders of them, as scikit-learn has it: "
	       "equal scores everywhere are worth no more than chance." WITHOUT, "dcg ranking gain");

/* ---- mrr, map, precision_at, hit_at ---- */

static const struct lb_param all_params[] = { K_PARAM(0, "places that count; 0: all"), EMPTY_PARAM };
static const struct lb_param top_params[] = { K_PARAM(10, "places that count; 0: all"), EMPTY_PARAM };

static double reciprocal_rank(struct ranked *row, size_t n, const struct lb_arg *par)
{
	for (size_t m = 0; m < places(par, n); m++)
		if (row[m].grade > 0)
			return 1 / ((double)m + 1);
	return 0;
}

RANKING_METRIC(mrr, false, reciprocal_rank, all_params, "Mean reciprocal rank of the first relevant row", "E. Voorhees, The TREC-8 question answering track report, 1999",
	       "mean over queries of  1 / place of the first row with r > 0, 0 beyond place k", "1 is perfect." WORST WITHOUT, "reciprocal rank");

static double average_precision(struct ranked *row, size_t n, const struct lb_arg *par)
{
	const size_t counted = places(par, n);
	size_t relevant = 0, met = 0;
	double sum = 0;

	for (size_t m = 0; m < n; m++) {
		if (!(row[m].grade > 0))
			continue;
		relevant++;
		if (m < counted)
			sum += (double)++met / ((double)m + 1);
	}
	return sum / (double)(relevant < counted ? relevant : counted);
}

RANKING_METRIC(map, false, average_precision, all_params, "Mean average precision", "C. Manning, P. Raghavan, H. Schutze, Introduction to information retrieval, 2008, "
	       "section 8.4", "mean over queries of  (1/R) sum over relevant places m of (relevant rows among the first m) / m", "R is the number of relevant rows, "
	       "with k the smaller of that and k." WORST WITHOUT, "average precision");

static double precision_top(struct ranked *row, size_t n, const struct lb_arg *par)
{
	const size_t counted = places(par, n);
	size_t relevant = 0;

	for (size_t m = 0; m < counted; m++)
		relevant += row[m].grade > 0;
	return (double)relevant / (par[K].v > 0 ? par[K].v : (double)n);
}

RANKING_METRIC(precision_at, false, precision_top, top_params, "Share of relevant rows among the first k", "C. Manning, P. Raghavan, H. Schutze, Introduction to "
	       "information retrieval, 2008, section 8.4", "mean over queries of  (relevant rows among the first k) / k", "Divided by k also where a query has "
	       "fewer rows." WORST WITHOUT, "precision at k");

static double hit_top(struct ranked *row, size_t n, const struct lb_arg *par)
{
	return reciprocal_rank(row, n, par) > 0;
}

RANKING_METRIC(hit_at, false, hit_top, top_params, "Share of queries with a relevant row among the first k", "X. He, L. Liao, H. Zhang, L. Nie, X. Hu, T.-S. Chua, "
	       "Neural collaborative filtering, WWW 2017, section 4.1", "mean over queries of  [a row with r > 0 is among the first k]", "Also hit rate." WORST WITHOUT,
	       "hit rate hr success");

/* ---- err ---- */

enum { MAX_GRADE = EMPTY + 1 };
static const struct lb_param err_params[] = {
	K_PARAM(0, "places that count; 0: all"),
	EMPTY_PARAM,
	[MAX_GRADE] = { .name = "max_grade", .symbol = "g", .type = LB_INT_PARAM, .def = 4, .min = 1, .max = LB_MOST_GRADE,
			.help = "the best grade there is, which satisfies with probability 1 - 2^-g" },
};

/* A reader goes down the places and stops at the first row that satisfies. */
static double reciprocal_stop(struct ranked *row, size_t n, const struct lb_arg *par)
{
	double sum = 0, reads_on = 1;

	for (size_t m = 0; m < n; m++)
		if (row[m].grade > par[MAX_GRADE].v)
			return (double)NAN;
	for (size_t m = 0; m < places(par, n); m++) {
		const double satisfied = (exp2(row[m].grade) - 1) / exp2(par[MAX_GRADE].v);
		sum += reads_on * satisfied / ((double)m + 1);
		reads_on *= 1 - satisfied;
	}
	return sum;
}

RANKING_METRIC(err, true, reciprocal_stop, err_params, "Expected reciprocal rank: of the row at which a reader who goes down the ranking stops",
	       "O. Chapelle, D. Metzler, Y. Zhang, P. Grinspan, Expected reciprocal rank for graded relevance, CIKM 2009, eq. 3",
	       "mean over queries of  sum_m (1/m) R_m prod_(l<m) (1 - R_l),  R = (2^r - 1) / 2^g", "At most 1, and less even for the best order. Undefined where "
	       "a grade is above max_grade." WORST WITHOUT, "expected reciprocal rank cascade");
