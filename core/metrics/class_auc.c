/* Areas under the ROC curves of several classes, by the probability of each. */
#include "core/metrics/score_ties.h"

#include "core/base/mem.h"

#include <stdlib.h>

/* The rows of a split by class, and room for the ranking of some of them. */
struct by_class {
	const struct lb_metric_inputs *o;
	size_t *row, *start;     /* (n) rows in the order of their classes; (n_classes + 1) where each class begins */
	struct lb_scored *scored;
	struct lb_tie *tie;
};

static int open_classes(struct by_class *c, const struct lb_metric_inputs *o, struct lb_err *err)
{
	*c = (struct by_class){ .o = o };
	if (!(c->row = lb_alloc(o->n, sizeof *c->row, err)) || !(c->start = lb_alloc(o->n_classes + 1, sizeof *c->start, err)) ||
	    !(c->scored = lb_alloc(o->n, sizeof *c->scored, err)) || !(c->tie = lb_alloc(o->n, sizeof *c->tie, err)))
		return -1;
	for (size_t i = 0; i < o->n; i++)
		c->start[o->label[i]]++;
	for (size_t k = 0, sum = 0; k <= o->n_classes; k++) {
		sum += c->start[k];
		c->start[k] = sum;
	}
	for (size_t i = o->n; i-- > 0;)
		c->row[--c->start[o->label[i]]] = i;
	return 0;
}

static void close_classes(struct by_class *c)
{
	free(c->row);
	free(c->start);
	free(c->scored);
	free(c->tie);
}

static size_t rows_of(const struct by_class *c, size_t k)
{
	return c->start[k + 1] - c->start[k];
}

/* Adds the places first .. last - 1 of c->row to the n rows to be ranked, by the probability of
 * class k. Returns their number then. */
static size_t add_rows(struct by_class *c, size_t n, size_t first, size_t last, size_t k)
{
	for (size_t i = first; i < last; i++) {
		const size_t row = c->row[i];
		c->scored[n++] = (struct lb_scored){ .score = c->o->log_probability[row * c->o->n_classes + k], .positive = (size_t)c->o->label[row] == k };
	}
	return n;
}

static double area(struct by_class *c, size_t n)
{
	struct lb_tie total;
	const size_t ties = lb_group_ties(c->scored, n, c->tie, &total);

	return lb_auc_of_ties(c->tie, ties, &total);
}

static double against_rest(struct by_class *c, size_t k)
{
	return area(c, add_rows(c, 0, 0, c->o->n, k));
}

/* Class k against class j alone. */
static double against_one(struct by_class *c, size_t k, size_t j)
{
	const size_t n = add_rows(c, 0, c->start[k], c->start[k + 1], k);

	return area(c, add_rows(c, n, c->start[j], c->start[j + 1], k));
}

/* The sum of parts, each by its weight. */
struct mean {
	double sum, weight;
};

/* Adds a part; one that is undefined is left out. */
static void add_part(struct mean *m, double value, size_t rows, bool weighted)
{
	const double weight = weighted ? (double)rows : 1;

	if (isnan(value))
		return;
	m->sum += weight * value;
	m->weight += weight;
}

static struct mean of_classes(struct by_class *c, bool weighted)
{
	struct mean m = { 0 };

	for (size_t k = 0; k < c->o->n_classes; k++)
		if (rows_of(c, k))
			add_part(&m, against_rest(c, k), rows_of(c, k), weighted);
	return m;
}

static struct mean of_pairs(struct by_class *c, bool weighted)
{
	struct mean m = { 0 };

	for (size_t k = 0; k < c->o->n_classes; k++)
		for (size_t j = 0; j < k; j++)
			if (rows_of(c, k) && rows_of(c, j))
				add_part(&m, (against_one(c, k, j) + against_one(c, j, k)) / 2, rows_of(c, k) + rows_of(c, j), weighted);
	return m;
}

static int measure(const struct lb_metric_inputs *o, struct mean (*of)(struct by_class *, bool), bool weighted, double *value, struct lb_err *err)
{
	struct by_class c;
	const int rc = open_classes(&c, o, err);

	*value = (double)NAN;
	if (!rc && o->n) {
		const struct mean m = of(&c, weighted);
		*value = m.weight > 0 ? m.sum / m.weight : (double)NAN;
	}
	close_classes(&c);
	return rc;
}

/* Defines lb_metric_NAME, a mean over classes or over pairs of them. */
#define CLASS_AUC(id, of, weighted, ...)                                                                                       \
	static int eval_##id(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)         \
	{                                                                                                                      \
		(void)par;                                                                                                     \
		return measure(o, of, weighted, value, err);                                                                   \
	}                                                                                                                      \
	const struct lb_metric lb_metric_##id = {                                                                              \
		.base = { .name = #id, .tasks = 1u << LB_MULTICLASS, .on_request = true, __VA_ARGS__ },                             \
		.higher_is_better = true,                                                                                      \
		.probabilities = true,                                                                                         \
		.eval = eval_##id,                                                                                             \
	};

#define HAND_TILL "D. J. Hand, R. J. Till, A simple generalisation of the area under the ROC curve for multiple class classification problems, " \
		  "Machine Learning 45, 2001"
#define FAWCETT "T. Fawcett, An introduction to ROC analysis, Pattern Recognition Letters 27(8), 2006"
#define KEPT "Classes without rows in this split are left out; undefined where one class has all rows. A split keeps n C numbers for it."

CLASS_AUC(auc_ovr, of_classes, false, .title = "Area under the ROC curve of each class against the rest, averaged over the classes", .cite = FAWCETT,
	.formula = "mean over classes k of  P(p_k of a row of class k > p_k of another) + half of the ties", .notes = KEPT,
	.keywords = "roc_auc auc one_vs_rest macro_auc roc_auc_ovr")
CLASS_AUC(auc_ovr_weighted, of_classes, true, .title = "Area under the ROC curve of each class against the rest, weighted by the rows of each class",
	.cite = FAWCETT, .formula = "sum over classes k of (rows of class k / n) (P(p_k of a row of class k > p_k of another) + half of the ties)", .notes = KEPT,
	.keywords = "roc_auc auc one_vs_rest weighted_auc roc_auc_ovr_weighted")
CLASS_AUC(auc_ovo, of_pairs, false, .title = "Area under the ROC curve of each class against each other one, averaged over the pairs", .cite = HAND_TILL,
	.formula = "mean over pairs of classes of (A(k|j) + A(j|k)) / 2,  A(k|j) = P(p_k of a row of class k > p_k of one of class j) + half of the ties",
	.notes = "Does not see how many rows the classes have. " KEPT, .keywords = "roc_auc auc one_vs_one hand_till m_measure roc_auc_ovo")
CLASS_AUC(auc_ovo_weighted, of_pairs, true, .title = "Area under the ROC curve of each class against each other one, weighted by the rows of the pairs",
	.cite = HAND_TILL, .formula = "mean of (A(k|j) + A(j|k)) / 2 over pairs of classes, weighted by the rows of the two; A as in auc_ovo", .notes = KEPT,
	.keywords = "roc_auc auc one_vs_one roc_auc_ovo_weighted")
