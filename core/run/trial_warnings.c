#include "core/run/trial_warnings.h"

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/metrics/decision_rule.h"
#include "core/run/uses.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool retrieves(const struct lb_spec *spec)
{
	for (size_t i = 0; i < spec->metrics.n; i++)
		if (lb_used_metric(&spec->metrics.use[i])->embeddings)
			return true;
	return false;
}

/* Warns of rows that metrics of retrieval leave out. */
static int left_out(const struct lb_spec *spec, const struct lb_dataset *data, const struct lb_split *split, const int32_t *y,
		    struct lb_sentences *out, struct lb_err *err)
{
	static const char *const parts[] = { "training", "validation", "test" };
	size_t *count = retrieves(spec) ? lb_alloc(data->n_classes, sizeof *count, err) : NULL;
	char text[256];
	int rc = 0;

	if (!retrieves(spec))
		return 0;
	for (int part = 0; part < 3 && count && !rc; part++) {
		size_t alone = 0;
		for (size_t k = 0; k < data->n_classes; k++)
			count[k] = 0;
		for (size_t i = 0; i < split->n[part]; i++)
			count[y[split->rows[part][i]]]++;
		for (size_t k = 0; k < data->n_classes; k++)
			alone += count[k] == 1;
		snprintf(text, sizeof text, "%zu %s row%s no other row of %s class: metrics of retrieval leave %s out as %s", alone, parts[part],
			 alone == 1 ? " has" : "s have", alone == 1 ? "its" : "their", alone == 1 ? "it" : "them", alone == 1 ? "a query" : "queries");
		rc = alone ? lb_sentences_add(out, text, err) : 0;
	}
	rc = count ? rc : -1;
	free(count);
	return rc;
}

/* The first loss, else the first metric, else the threshold, that counts on the order of the
 * classes, or NULL. */
static const struct lb_info *ordered(const struct lb_spec *spec)
{
	if (lb_used_loss(&spec->loss)->exceptions & LB_ORDER_MATTERS)
		return spec->loss.info;
	for (size_t i = 0; i < spec->terms.n; i++)
		if (lb_used_loss(&spec->terms.use[i])->exceptions & LB_ORDER_MATTERS)
			return spec->terms.use[i].info;
	for (size_t i = 0; i < spec->metrics.n; i++)
		if (lb_used_metric(&spec->metrics.use[i])->ordered)
			return spec->metrics.use[i].info;
	const struct lb_info *threshold = lb_thresholds[spec->evaluate.threshold.at];
	return ((const struct lb_threshold *)threshold)->median ? threshold : NULL;
}

static bool are_numbers(const struct lb_dataset *data)
{
	double v;

	for (size_t k = 0; k < data->n_classes; k++)
		if (!lb_parse_double(data->class_name[k], strlen(data->class_name[k]), &v))
			return false;
	return true;
}

/* Tells the order in which a loss or metric takes classes whose names are no numbers. */
static int class_order(const struct lb_spec *spec, const struct lb_dataset *data, struct lb_sentences *out, struct lb_err *err)
{
	enum { NAMED = 6 };
	const struct lb_info *reader = data->class_name ? ordered(spec) : NULL;
	struct lb_buf b = { 0 };

	if (!reader || are_numbers(data))
		return 0;
	lb_buf_printf(&b, "%s takes the classes in this order: ", reader->name);
	for (size_t k = 0; k < data->n_classes && k < NAMED; k++)
		lb_buf_printf(&b, "%s%s", k ? " < " : "", data->class_name[k]);
	lb_buf_printf(&b, "%s; if that is not theirs, write numbers in the label column", data->n_classes > NAMED ? " < ..." : "");
	const int rc = b.bad ? lb_fail_memory(err, b.n) : lb_sentences_add(out, b.s, err);
	lb_buf_free(&b);
	return rc;
}

/* Tells which metrics decide at a threshold of their own, as it is by default, where another was
 * asked for. */
static int own_threshold(const struct lb_spec *spec, struct lb_sentences *out, struct lb_err *err)
{
	const struct lb_threshold *rule = (const struct lb_threshold *)lb_thresholds[spec->evaluate.threshold.at];
	struct lb_buf b = { 0 };
	size_t n = 0;

	for (size_t i = 0; rule->merit && i < spec->metrics.n; i++) {
		const struct lb_component_use *use = &spec->metrics.use[i];
		const struct lb_param *p = lb_info_param(use->info, "threshold");
		const double *given = p ? &use->par[p - use->info->params].v : NULL;
		if (given && !(*given < p->def || *given > p->def))
			lb_buf_printf(&b, "%s%s", n++ ? ", " : "", use->info->name);
	}
	if (n)
		lb_buf_printf(&b, " decide%s at a threshold of %s own, a probability of 0.5, whatever evaluate.threshold is; accuracy, balanced_accuracy, f1_macro "
			      "and others of decisions follow it", n == 1 ? "s" : "", n == 1 ? "its" : "their");
	const int rc = b.bad ? lb_fail_memory(err, b.n) : n ? lb_sentences_add(out, b.s, err) : 0;
	lb_buf_free(&b);
	return rc;
}

int lb_trial_warn(const struct lb_spec *spec, const struct lb_dataset *data, const struct lb_split *split, const int32_t *y, struct lb_sentences *out,
		  struct lb_err *err)
{
	return left_out(spec, data, split, y, out, err) || class_order(spec, data, out, err) || own_threshold(spec, out, err) ? -1 : 0;
}
