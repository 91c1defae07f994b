#include "core/base/mem.h"
#include "datasets/assemble/join_tables.h"

#include <math.h>
#include <stdlib.h>

bool lb_sum_to_one(double *p, size_t n, double *sum)
{
	enum { PER_MILLION = 1000000 };

	*sum = 0;
	for (size_t k = 0; k < n; k++)
		*sum += p[k];
	if (!(fabs(*sum - 1) <= 10.0 / PER_MILLION))
		return false;
	for (size_t k = 0; k < n; k++)
		p[k] /= *sum;
	return true;
}

/* column_of[k] <- the place of the column of class k among the references. Refuses columns that are
 * not one for each class. */
static int find_columns(const struct lb_roles *roles, const struct lb_dataset *d, size_t *column_of, struct lb_err *err)
{
	const size_t n = roles->n_soft_labels;
	const char *const *named = roles->soft_classes;
	struct lb_buf list = { 0 };
	int rc = 0;

	for (size_t k = 0; k < d->n_classes; k++)
		lb_some(&list, k, d->class_name[k]);
	lb_some_end(&list, d->n_classes);
	const char *classes = list.s && !list.bad ? list.s : "";
	if (!named && n != d->n_classes)
		rc = lb_fail(err, LB_CONFIG, "data.side.soft_labels: found %zu column%s, allowed: one for each of %zu classes, in this order: %s", n, lb_s(n),
			     d->n_classes, classes);
	for (size_t k = 0; k < d->n_classes; k++)
		column_of[k] = named ? n : k;
	for (size_t i = 0; named && i < n && !rc; i++) {
		size_t k = 0;
		while (k < d->n_classes && !lb_names_class(named[i], d->class_name[k]))
			k++;
		if (k < d->n_classes)
			column_of[k] = i;
		else
			rc = lb_fail(err, LB_CONFIG, "data.side.soft_labels: there is no class '%.60s'; the classes are %s", named[i], classes);
	}
	for (size_t k = 0; k < d->n_classes && !rc; k++)
		if (column_of[k] >= n)
			rc = lb_fail(err, LB_CONFIG, "data.side.soft_labels: class '%.60s' has no column; give each of %s one", d->class_name[k], classes);
	lb_buf_free(&list);
	return rc;
}

/* Refuses a cell of the column that is no probability. */
static int check_column(const struct lb_joined_table *f, const struct lb_column *c, struct lb_err *err)
{
	static const char what[] = "probability";

	if (lb_joined_table_refuse_missing(f, &f->rows, c, what, err) || lb_joined_table_refuse_text(f, &f->rows, c, what, "", err))
		return -1;
	for (size_t i = 0; i < f->n; i++)
		if (!(c->num[i] >= 0 && isfinite(c->num[i])))
			return lb_joined_table_fail(f, &f->rows, i, err, "column '%s': found %g, allowed: a probability, from 0 to 1", c->name, c->num[i]);
	return 0;
}

int lb_joined_table_soft_labels(struct lb_joined_table *f, const struct lb_roles *roles, struct lb_dataset *d, struct lb_err *err)
{
	size_t *column_of = roles->n_soft_labels ? lb_alloc(d->n_classes, sizeof *column_of, err) : NULL;
	int rc = !roles->n_soft_labels ? 0 : column_of ? find_columns(roles, d, column_of, err) : -1;

	if (column_of && !rc && !(d->soft_label = lb_alloc(f->n * d->n_classes, sizeof *d->soft_label, err)))
		rc = -1;
	for (size_t k = 0; column_of && k < d->n_classes && !rc; k++) {
		const struct lb_column *c = lb_joined_table_column(f, (enum lb_role)(LB_SOFT_LABEL + column_of[k]));
		rc = check_column(f, c, err);
		for (size_t i = 0; i < f->n && !rc; i++)
			d->soft_label[i * d->n_classes + k] = c->num[i];
	}
	for (size_t i = 0; d->soft_label && i < f->n && !rc; i++) {
		double sum;
		if (!lb_sum_to_one(d->soft_label + i * d->n_classes, d->n_classes, &sum))
			rc = lb_joined_table_fail(f, &f->rows, i, err, "data.side.soft_labels: the probabilities sum to %.9g, allowed: 1 within 0.00001; divide "
						  "each row by its sum", sum);
	}
	free(column_of);
	return rc;
}
