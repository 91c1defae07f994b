/* The worst subgroup of rows, and how far subgroups are apart; data.subgroup names their column. */
#include "core/base/mem.h"
#include "core/metrics/metric.h"

#include <math.h>
#include <stdlib.h>

/* Rows of one subgroup that count in a rate, and what they add to it. */
struct part {
	double rows, sum;
};

/* Adds a row to its part, or leaves it out. */
typedef void add_row_fn(const struct lb_metric_inputs *o, size_t i, struct part *p);

struct range {
	double least, most;              /* of the rates of parts that have rows; NAN where none has */
};

/* Returns the number of the row's part: its subgroup, or its subgroup and label. */
static size_t part_of(const struct lb_metric_inputs *o, size_t i, size_t labels)
{
	return (size_t)o->subgroup[i] * labels + (labels > 1 ? (size_t)o->label[i] : 0);
}

/* The range of the rates of all parts: each subgroup is one, or one for each of so many labels. */
static int range_of(const struct lb_metric_inputs *o, size_t labels, add_row_fn *add, struct range *r, struct lb_err *err)
{
	size_t parts = 0;

	*r = (struct range){ (double)NAN, (double)NAN };
	for (size_t i = 0; o->subgroup && i < o->n; i++)
		parts = part_of(o, i, labels) >= parts ? part_of(o, i, labels) + 1 : parts;
	struct part *part = lb_alloc(parts, sizeof *part, err);
	if (!part)
		return -1;
	for (size_t i = 0; parts && i < o->n; i++)
		add(o, i, &part[part_of(o, i, labels)]);
	for (size_t k = 0; k < parts; k++) {
		const double rate = part[k].sum / part[k].rows;
		if (!(part[k].rows > 0))
			continue;
		r->least = r->least <= rate ? r->least : rate;
		r->most = r->most >= rate ? r->most : rate;
	}
	free(part);
	return 0;
}

static int gap_of(const struct lb_metric_inputs *o, add_row_fn *add, double *value, struct lb_err *err)
{
	struct range r;

	if (range_of(o, 1, add, &r, err))
		return -1;
	*value = r.most - r.least;
	return 0;
}

/* ---- rates ---- */

static void add_right(const struct lb_metric_inputs *o, size_t i, struct part *p)
{
	p->rows++;
	p->sum += o->pred[i] == o->label[i];
}

static void add_positive(const struct lb_metric_inputs *o, size_t i, struct part *p)
{
	p->rows++;
	p->sum += o->pred[i] == 1;
}

static void add_positive_of_positives(const struct lb_metric_inputs *o, size_t i, struct part *p)
{
	if (o->label[i] == 1)
		add_positive(o, i, p);
}

static void add_positive_of_negatives(const struct lb_metric_inputs *o, size_t i, struct part *p)
{
	if (o->label[i] != 1)
		add_positive(o, i, p);
}

static void add_square(const struct lb_metric_inputs *o, size_t i, struct part *p)
{
	for (size_t k = 0; k < o->t; k++) {
		const double e = o->pred_t[i * o->t + k] - o->target_t[i * o->t + k];
		p->rows++;
		p->sum += e * e;
	}
}

/* ---- metrics ---- */

enum { BY };
enum { BY_SUBGROUP, BY_SUBGROUP_AND_LABEL };
static const char *const divisions[] = { [BY_SUBGROUP] = "subgroup", [BY_SUBGROUP_AND_LABEL] = "subgroup_and_label", NULL };
static const struct lb_param division_params[] = {
	[BY] = { .name = "by", .symbol = "by", .type = LB_CHOICE_PARAM, .def = BY_SUBGROUP, .choices = divisions,
		 .help = "what makes a group: a value of the column, or a value together with a class" },
};

static int worst_group_accuracy(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	const size_t classes = o->kind == LB_BINARY ? 2 : o->n_classes;
	struct range r;

	if (range_of(o, (int)par[BY].v == BY_SUBGROUP_AND_LABEL ? classes : 1, add_right, &r, err))
		return -1;
	*value = r.least;
	return 0;
}

static int group_accuracy_gap(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	(void)par;
	return gap_of(o, add_right, value, err);
}

static int demographic_parity_gap(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	(void)par;
	return gap_of(o, add_positive, value, err);
}

static int equal_opportunity_gap(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	(void)par;
	return gap_of(o, add_positive_of_positives, value, err);
}

static int equalized_odds_gap(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	double hits, alarms;

	(void)par;
	if (gap_of(o, add_positive_of_positives, &hits, err) || gap_of(o, add_positive_of_negatives, &alarms, err))
		return -1;
	*value = isnan(hits) || isnan(alarms) ? (double)NAN : fmax(hits, alarms);
	return 0;
}

static int worst_group_rmse(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	struct range r;

	(void)par;
	if (range_of(o, 1, add_square, &r, err))
		return -1;
	*value = sqrt(r.most);
	return 0;
}

static int group_rmse_gap(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *err)
{
	struct range r;

	(void)par;
	if (range_of(o, 1, add_square, &r, err))
		return -1;
	*value = sqrt(r.most) - sqrt(r.least);
	return 0;
}

#define SAGAWA "S. Sagawa, P. W. Koh, T. B. Hashimoto, P. Liang, Distributionally robust neural networks for group shifts, ICLR 2020"
#define HARDT "M. Hardt, E. Price, N. Srebro, Equality of opportunity in supervised learning, NIPS 2016"
#define COLUMN "data.subgroup names the column. A group without a row in the split is left out; with one group alone "

#define SUBGROUP_METRIC(id, of_tasks, higher, reads_decisions, asked, heading, source, what, note, words, ...)                  \
	const struct lb_metric lb_metric_##id = {                                                                               \
		.base = { .name = #id, .tasks = of_tasks, .title = heading, .cite = source, .formula = what, .notes = note,     \
			  .keywords = words, .on_request = asked, .goes_with = "data.subgroup", __VA_ARGS__ },                  \
		.higher_is_better = higher,                                                                                     \
		.decisions = reads_decisions,                                                                                   \
		.subgroups = true,                                                                                              \
		.eval = id,                                                                                                     \
	}

SUBGROUP_METRIC(worst_group_accuracy, LB_CLASS_TASKS, true, true, false, "Accuracy on the subgroup of rows where it is lowest", SAGAWA,
		"min over groups g of (1/n_g) sum over rows of g of [pred_i = y_i]", COLUMN "it is the accuracy. by: subgroup_and_label divides the rows "
		"of each value by their classes too, as in the paper.", "worst_case subgroup robustness fairness group_dro", LB_PARAMS(division_params));
SUBGROUP_METRIC(group_accuracy_gap, LB_CLASS_TASKS, false, true, false, "Largest difference of the accuracies of two subgroups", SAGAWA,
		"max over groups of accuracy - min over groups of accuracy", COLUMN "it is 0.", "accuracy_difference subgroup fairness disparity",
		.params = NULL);
SUBGROUP_METRIC(demographic_parity_gap, 1u << LB_BINARY, false, true, true, "Largest difference of the shares predicted positive in two subgroups",
		"C. Dwork, M. Hardt, T. Pitassi, O. Reingold, R. Zemel, Fairness through awareness, ITCS 2012",
		"max over groups of P(pred = 1) - min over groups of P(pred = 1)", COLUMN "it is 0. Reads no labels.",
		"statistical_parity demographic_parity_difference selection_rate fairness", .params = NULL);
SUBGROUP_METRIC(equal_opportunity_gap, 1u << LB_BINARY, false, true, true, "Largest difference of the true positive rates of two subgroups", HARDT,
		"max over groups of P(pred = 1 | y = 1) - min over groups of it", COLUMN "it is 0. Groups without a positive row are left out; undefined "
		"where none has one.", "equal_opportunity_difference true_positive_rate fairness", .params = NULL);
SUBGROUP_METRIC(equalized_odds_gap, 1u << LB_BINARY, false, true, true, "Largest difference of the true or of the false positive rates of two subgroups",
		HARDT, "max of the gaps of P(pred = 1 | y = 1) and of P(pred = 1 | y = 0)", COLUMN "it is 0. A group without a row of a class is left out of "
		"the rates of that class; undefined where a class has no row at all.", "equalized_odds_difference fairness", .params = NULL);
SUBGROUP_METRIC(worst_group_rmse, 1u << LB_REGRESSION, false, false, false, "Root mean squared error of the subgroup of rows where it is largest", SAGAWA,
		"max over groups g of sqrt of the mean of (f - y)^2 over the rows of g", COLUMN "it is the rmse. Several targets count together.",
		"worst_case subgroup robustness fairness", .params = NULL);
SUBGROUP_METRIC(group_rmse_gap, 1u << LB_REGRESSION, false, false, false, "Largest difference of the root mean squared errors of two subgroups", SAGAWA,
		"max over groups of rmse - min over groups of rmse", COLUMN "it is 0. Several targets count together.",
		"rmse_difference subgroup fairness disparity", .params = NULL);
