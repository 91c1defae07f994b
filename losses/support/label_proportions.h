/* Learning from label proportions: the rows come in bags, and of a bag's labels the share of each
 * class alone is read. A loss compares these shares with the mean of the rows' probabilities. All
 * is held in double, as logs: a mean probability may be far below the smallest number. */
#ifndef LB_LABEL_PROPORTIONS_H
#define LB_LABEL_PROPORTIONS_H

#include "losses/loss.h"

enum lb_divergence { LB_DIVERGENCE_KL, LB_DIVERGENCE_CE, LB_DIVERGENCE_SQUARED, LB_DIVERGENCE_L1 };

#define LB_DIVERGENCE_PARAM                                                                                                     \
	{ .name = "divergence", .symbol = "D", .type = LB_CHOICE_PARAM, .choices = (const char *const[]){ "kl", "ce", "squared", "l1", NULL },  \
	  .help = "of shares q and mean probabilities p: kl q log(q / p), ce -q log p, squared (q - p)^2, l1 |q - p|" }

/* The numbers of a bag: log probabilities of its rows (n, classes), which become derivatives of its
 * loss by their scores, and of each class the share of labels and the log of the mean
 * probability. */
struct lb_bag_of_labels {
	enum lb_divergence divergence;
	size_t n, classes;
	double *row, *share, *log_mean;
};

/* Returns the bytes of in->workspace. */
static inline size_t lb_proportions_room(size_t b, size_t classes)
{
	return (b + 2) * classes * sizeof(double);
}

static inline double lb_log_of_mean(const struct lb_bag_of_labels *bag, size_t k)
{
	double most = bag->row[k], sum = 0;

	for (size_t i = 1; i < bag->n; i++)
		most = fmax(most, bag->row[i * bag->classes + k]);
	for (size_t i = 0; i < bag->n; i++)
		sum += exp(bag->row[i * bag->classes + k] - most);
	return most + log(sum / (double)bag->n);
}

static inline double lb_divergence_of(enum lb_divergence divergence, double share, double log_mean)
{
	const double apart = share - exp(log_mean);

	if (divergence == LB_DIVERGENCE_SQUARED)
		return apart * apart;
	if (divergence == LB_DIVERGENCE_L1)
		return fabs(apart);
	return share > 0 ? share * ((divergence == LB_DIVERGENCE_KL ? log(share) : 0) - log_mean) : 0 * log_mean;
}

/* Returns p times the derivative by the mean probability, of a row of log probability log_p. */
static inline double lb_divergence_slope(enum lb_divergence divergence, double share, double log_mean, double log_p)
{
	const double apart = exp(log_mean) - share;

	if (divergence == LB_DIVERGENCE_SQUARED)
		return 2 * apart * exp(log_p);
	if (divergence == LB_DIVERGENCE_L1)
		return (apart > 0 ? 1 : apart < 0 ? -1 : 0 * apart) * exp(log_p);
	return share > 0 ? -share * exp(log_p - log_mean) : 0 * log_p;
}

/* A row's log probabilities become its derivatives, p_k (v_k - sum_j p_j v_j) / n, v those by the
 * mean probabilities. What the likeliest class has beside the others is summed without it: 1 - p
 * would cancel. */
static inline void lb_row_of_bag(const struct lb_bag_of_labels *bag, double *row)
{
	double rest_p = 0, rest = 0;
	size_t top = 0;

	for (size_t k = 1; k < bag->classes; k++)
		top = row[k] > row[top] ? k : top;
	const double first = lb_divergence_slope(bag->divergence, bag->share[top], bag->log_mean[top], row[top]);
	for (size_t k = 0; k < bag->classes; k++) {
		rest_p += k == top ? 0 : exp(row[k]);
		rest += k == top ? 0 : lb_divergence_slope(bag->divergence, bag->share[k], bag->log_mean[k], row[k]);
	}
	for (size_t k = 0; k < bag->classes; k++) {
		const double p = exp(row[k]), own = lb_divergence_slope(bag->divergence, bag->share[k], bag->log_mean[k], row[k]);
		row[k] = (k == top ? own * rest_p - p * rest : own * (1 - p) - p * (first + rest - own)) / (double)bag->n;
	}
}

/* Returns the loss of a bag; with `slopes` its rows become the derivatives by the scores whose
 * softmax they were. */
static inline double lb_bag_loss(struct lb_bag_of_labels *bag, bool slopes)
{
	double value = 0;

	for (size_t k = 0; k < bag->classes; k++) {
		bag->log_mean[k] = lb_log_of_mean(bag, k);
		value += lb_divergence_of(bag->divergence, bag->share[k], bag->log_mean[k]);
	}
	for (size_t i = 0; slopes && i < bag->n; i++)
		lb_row_of_bag(bag, bag->row + i * bag->classes);
	return value < 0 ? 0 : value;
}

/* Returns the end of the bag that begins at row i. */
static inline size_t lb_bag_end(const struct lb_batch *in, size_t i)
{
	const int32_t bag = in->group[i];

	while (i < in->b && in->group[i] == bag)
		i++;
	return i;
}

/* Returns the mean over bags of `weight` times their loss. log_probabilities writes those of the
 * classes by a row of scores; these are the last in->c of the classes, before which others stand at
 * score 0. */
static inline double lb_bags_of_labels(const struct lb_batch *in, size_t classes, double weight, void (*log_probabilities)(size_t c, const real *z, double *log_p),
				       real *g)
{
	struct lb_bag_of_labels bag = { .divergence = (enum lb_divergence)(int)in->par[0].v, .classes = classes };
	double *rows = in->workspace, sum = 0, bags = 0;
	const size_t before = classes - in->c;

	bag.share = rows + in->b * classes;
	bag.log_mean = bag.share + classes;
	for (size_t i = 0; i < in->b; i++)
		log_probabilities(in->c, in->output.value + i * in->c, rows + i * classes);
	for (size_t first = 0, end; first < in->b; first = end, bags++) {
		end = lb_bag_end(in, first);
		bag.n = end - first;
		bag.row = rows + first * classes;
		for (size_t k = 0; k < classes; k++)
			bag.share[k] = 0;
		for (size_t i = first; i < end; i++)
			bag.share[in->y[i]] += 1;
		for (size_t k = 0; k < classes; k++)
			bag.share[k] /= (double)bag.n;
		sum += weight * lb_bag_loss(&bag, g);
	}
	for (size_t i = 0; g && i < in->b; i++)
		for (size_t k = 0; k < in->c; k++)
			g[i * in->c + k] = (real)(weight / bags * rows[i * classes + before + k]);
	return sum / bags;
}

#endif
