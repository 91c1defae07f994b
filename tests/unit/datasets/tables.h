/* Tables written by hand, and datasets and splits made of them, for the tests of datasets/. */
#ifndef LB_TABLES_H
#define LB_TABLES_H

#include "core/base/mem.h"
#include "core/base/text.h"
#include "datasets/dataset.h"
#include "tests/unit/suite.h"

#include <math.h>
#include <string.h>

static struct lb_err err;

/* ---- tables by hand: "a,b\n1,x\n2,\n" with a header line; an empty cell is missing ---- */

static inline void add_cell(struct lb_column *c, size_t row, const char *s, size_t n)
{
	int32_t k = 0;

	c->code[row] = -1;
	c->num[row] = NAN;
	if (n == 0) {
		if (!c->n_missing++)
			c->first_missing_line = row + 2;
		return;
	}
	if (!lb_parse_double(s, n, &c->num[row]))
		c->type = LB_TEXT;
	while (k < (int32_t)c->n_levels && (strlen(c->level[k]) != n || strncmp(c->level[k], s, n)))
		k++;
	if (k == (int32_t)c->n_levels)
		c->level[c->n_levels++] = lb_strndup(s, n, NULL);
	c->code[row] = k;
}

static inline void settle(struct lb_column *c)
{
	if (c->type == LB_TEXT) {
		free(c->num);
		c->num = NULL;
		return;
	}
	for (size_t k = 0; k < c->n_levels; k++)
		free(c->level[k]);
	free(c->level);
	free(c->code);
	c->level = NULL;
	c->code = NULL;
	c->n_levels = 0;
}

static inline struct lb_table table(const char *csv)
{
	struct lb_table t = { .has_header = true, .format = "csv", .n_cols = 1 };
	size_t lines = 0;

	for (const char *p = csv; *p; p++)
		lines += *p == '\n';
	for (const char *p = csv; *p != '\n'; p++)
		t.n_cols += *p == ',';
	t.n = lines - 1;
	t.col = lb_alloc(t.n_cols, sizeof *t.col, NULL);
	t.line = lb_alloc(t.n, sizeof *t.line, NULL);
	for (size_t i = 0; i <= t.n; i++)
		for (size_t j = 0; j < t.n_cols; j++) {
			const size_t n = strcspn(csv, ",\n");
			struct lb_column *c = &t.col[j];
			if (i == 0) {
				c->name = lb_strndup(csv, n, NULL);
				c->num = lb_alloc(t.n, sizeof *c->num, NULL);
				c->code = lb_alloc(t.n, sizeof *c->code, NULL);
				c->level = lb_alloc(t.n, sizeof *c->level, NULL);
			} else
				add_cell(c, i - 1, csv, n);
			csv += n + 1;
		}
	for (size_t i = 0; i < t.n; i++)
		t.line[i] = i + 2;
	for (size_t j = 0; j < t.n_cols; j++)
		settle(&t.col[j]);
	return t;
}

static inline struct lb_table block(enum lb_dtype dtype, size_t n, size_t d, const double *v)
{
	static const size_t size[] = { 1, 4, 8 };
	struct lb_table t = { .n = n, .format = "idx", .block = { dtype, n, d, lb_alloc(n * d, size[dtype], NULL) } };

	for (size_t k = 0; k < n * d; k++)
		if (dtype == LB_U8)
			((uint8_t *)t.block.x)[k] = (uint8_t)v[k];
		else if (dtype == LB_F32)
			((float *)t.block.x)[k] = (float)v[k];
		else
			((double *)t.block.x)[k] = v[k];
	return t;
}

static inline struct lb_dataset *join(struct lb_table train, struct lb_table labels, struct lb_table test,
				      struct lb_table test_labels, struct lb_roles roles)
{
	const char *const paths[LB_FILES] = { "train.csv", "labels.csv", NULL, NULL, "test.csv", "test-labels.csv" };
	struct lb_table *const tables[LB_FILES] = { &train, labels.n ? &labels : NULL, NULL, NULL, test.n ? &test : NULL,
						    test_labels.n ? &test_labels : NULL };
	struct lb_dataset *d = NULL;

	err = (struct lb_err){ 0 };
	lb_dataset_assemble(tables, paths, &roles, &d, &err);
	lb_table_free(&train);
	lb_table_free(&labels);
	lb_table_free(&test);
	lb_table_free(&test_labels);
	return d;
}

static inline struct lb_dataset *both(const char *train, const char *test, struct lb_roles roles)
{
	const struct lb_table none = { 0 };

	return join(table(train), none, test ? table(test) : none, none, roles);
}

/* A training, a validation and a test file (NULL: none). */
static inline struct lb_dataset *three(const char *train, const char *valid, const char *test, struct lb_roles roles)
{
	const char *const paths[LB_FILES] = { "train.csv", NULL, valid ? "valid.csv" : NULL, NULL, test ? "test.csv" : NULL, NULL };
	const char *const text[3] = { train, valid, test };
	struct lb_table side[3] = { 0 }, *tables[LB_FILES] = { NULL };
	struct lb_dataset *d = NULL;

	for (int s = 0; s < 3; s++)
		if (text[s]) {
			side[s] = table(text[s]);
			tables[2 * s] = &side[s];
		}
	err = (struct lb_err){ 0 };
	lb_dataset_assemble(tables, paths, &roles, &d, &err);
	for (int s = 0; s < 3; s++)
		lb_table_free(&side[s]);
	return d;
}

static inline struct lb_dataset *one(const char *csv, struct lb_roles roles)
{
	return both(csv, NULL, roles);
}

#define AUTO .categorical_auto = true
#define ROLES(...) ((struct lb_roles){ __VA_ARGS__ })
#define BINARY ROLES(.kind = LB_BINARY, AUTO)
#define MULTI ROLES(.kind = LB_MULTICLASS, AUTO)
#define REGRESSION ROLES(.kind = LB_REGRESSION, AUTO)

static inline void ck_message(const char *part)
{
	ck_assert_msg(strstr(err.text, part) != NULL, "'%s' is not in: %s", part, err.text);
}

/* n rows of three classes; groups of g consecutive rows when g > 0. */
static inline struct lb_dataset *rows(size_t n, size_t g)
{
	struct lb_buf b = { 0 };

	lb_buf_puts(&b, g ? "x,g,y\n" : "x,y\n");
	for (size_t i = 0; i < n; i++) {
		lb_buf_printf(&b, "%zu,", i);
		if (g)
			lb_buf_printf(&b, "%zu,", i / g);
		lb_buf_printf(&b, "%d\n", i % 10 == 0 ? 2 : i % 3 == 0);
	}
	struct lb_dataset *d = one(b.s, ROLES(.kind = LB_MULTICLASS, .group = g ? "g" : NULL));
	ck_assert_msg(d != NULL, "%s", err.text);
	lb_buf_free(&b);
	return d;
}

static inline struct lb_split cut(const struct lb_dataset *d, struct lb_split_options opt)
{
	struct lb_split s;

	err = (struct lb_err){ 0 };
	ck_assert_msg(lb_split_make(d, &opt, &s, &err) == 0, "%s", err.text);
	return s;
}

/* A count of draws with chance p, within five standard deviations. */
static inline void ck_share(size_t count, size_t n, double p)
{
	const double sigma = sqrt((double)n * p * (1 - p));

	ck_assert_msg(fabs((double)count - (double)n * p) <= 5 * sigma, "%zu of %zu, expected a share of %g", count, n, p);
}

#endif
