/* What losses of a query share: gains and discounts, the order of its rows, pairs. */
#ifndef LB_QUERY_SUPPORT_H
#define LB_QUERY_SUPPORT_H

#include "losses/loss.h"

enum { LB_GAIN_EXP2, LB_GAIN_LINEAR };

#define LB_GAIN_PARAM(at)                                                                          \
	[at] = { .name = "gain", .symbol = "gain", .type = LB_CHOICE_PARAM, .def = LB_GAIN_EXP2,   \
		 .choices = (const char *const[]){ "exp2", "linear", NULL },                       \
		 .help = "what a row of grade r is worth: exp2 2^r - 1, linear r" }

static inline double lb_gain(double grade, int kind)
{
	return kind == LB_GAIN_LINEAR ? grade : exp2(grade) - 1;
}

/* Returns the discount of a place, from 1; places between are allowed. */
static inline double lb_discount(double place)
{
	return 1 / log2(1 + place);
}

static inline double lb_query_softplus(double x)
{
	return (x > 0 ? x : 0) + log1p(exp(-fabs(x)));
}

static inline double lb_query_sigmoid(double x)
{
	const double u = exp(-fabs(x));

	return (x >= 0 ? 1 : u) / (1 + u);
}

/* order (n) <- the rows by falling v, equal ones in the order of the data; order has room for 2
 * n. */
static inline void lb_order_falling(size_t n, const double *v, uint32_t *order)
{
	uint32_t *from = order, *to = order + n;

	for (size_t i = 0; i < n; i++)
		from[i] = (uint32_t)i;
	for (size_t width = 1; width < n; width *= 2) {
		for (size_t low = 0; low < n; low += 2 * width) {
			const size_t middle = low + width < n ? low + width : n, high = middle + width < n ? middle + width : n;
			size_t a = low, b = middle;
			for (size_t k = low; k < high; k++)
				to[k] = b == high || (a < middle && v[from[a]] >= v[from[b]]) ? from[a++] : from[b++];
		}
		uint32_t *swap = from;
		from = to;
		to = swap;
	}
	for (size_t i = 0; from != order && i < n; i++)
		order[i] = from[i];
}

/* Returns the discounted gains of the query's rows by falling grade, of the first `places` alone
 * unless that is 0; q->order is overwritten. */
static inline double lb_ideal_dcg(const struct lb_query *q, int gain, size_t places)
{
	double sum = 0;

	lb_order_falling(q->n, q->grade, q->order);
	for (size_t m = 0; m < q->n && (!places || m < places); m++)
		sum += lb_gain(q->grade[q->order[m]], gain) * lb_discount((double)m + 1);
	return sum;
}

/* Adds to g what a term of this slope by s_i - s_j gives; NULL: nothing. */
static inline void lb_add_pair(double *g, size_t i, size_t j, double slope)
{
	if (!g)
		return;
	g[i] += slope;
	g[j] -= slope;
}

#endif
