#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/numeric/rng.h"
#include "datasets/sampling/held_out_classes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { UNUSED = 3, PARTS = 4 };

/* A split on its way: the part of each row, and the rows that are still to be assigned. */
struct assigner {
	const struct lb_dataset *d;
	const struct lb_split_options *opt;
	uint8_t *part;  /* (d->n) */
	uint32_t *unassigned; /* n_unassigned rows */
	size_t n_unassigned;
	size_t n_strata; /* classes when stratified, in survival the censored rows and the events; else 1 */
};

/* The streams of a split. */
enum { STREAM_SHARES, STREAM_FOLDS };

static size_t stratum(const struct assigner *s, uint32_t row)
{
	return s->opt->stratify ? (size_t)(s->d->event ? s->d->event : s->d->y)[row] : 0;
}

static size_t count_strata(const struct lb_dataset *d, const struct lb_split_options *opt)
{
	return !opt->stratify ? 1 : d->event ? 2 : d->n_classes;
}

static void shuffle_unassigned(const struct assigner *s, uint64_t stream)
{
	struct lb_rng r;

	lb_rng_init(&r, s->opt->seed, LB_RNG_SPLIT, stream);
	lb_rng_shuffle(&r, s->unassigned, s->n_unassigned);
}

/* ---- shares by largest remainder ---- */

/* Divides n rows: floor or ceil of n * share[k] each, the ceilings where the shortfall so far is
 * largest. carry (in, out) takes what a part is short of over the strata before, so that the totals
 * come out right as well. */
static void apportion(size_t n, const double share[PARTS], double carry[PARTS], size_t count[PARTS])
{
	size_t left = n;

	for (int k = 0; k < PARTS; k++) {
		const double quota = (double)n * share[k];
		count[k] = (size_t)floor(quota + 1e-9);
		carry[k] += quota - (double)count[k];
		left -= count[k];
	}
	for (bool given[PARTS] = { 0 }; left > 0; left--) {
		int best = -1;
		for (int k = 0; k < PARTS; k++)
			if (!given[k] && (double)n * share[k] > (double)count[k] + 1e-9 &&
			    (best < 0 || carry[k] > carry[best] + 1e-9))
				best = k;
		if (best < 0)
			best = LB_TRAIN;
		given[best] = true;
		count[best]++;
		carry[best] -= 1;
	}
}

static int assign_rows(struct assigner *s, const double share[PARTS], struct lb_err *err)
{
	size_t *size = lb_alloc(s->n_strata, sizeof *size, err);
	size_t(*quota)[PARTS] = lb_alloc(s->n_strata, sizeof *quota, err);
	double carry[PARTS] = { 0 };
	int rc = -1;

	if (!size || !quota)
		goto out;
	for (size_t i = 0; i < s->n_unassigned; i++)
		size[stratum(s, s->unassigned[i])]++;
	for (size_t c = 0; c < s->n_strata; c++)
		apportion(size[c], share, carry, quota[c]);
	shuffle_unassigned(s, STREAM_SHARES);
	for (size_t i = 0; i < s->n_unassigned; i++) {
		size_t *left = quota[stratum(s, s->unassigned[i])];
		uint8_t part = LB_TRAIN;
		while (part < UNUSED && left[part] == 0)
			part++;
		left[part]--;
		s->part[s->unassigned[i]] = part;
	}
	rc = 0;
out:
	free(size);
	free(quota);
	return rc;
}

static void deal_folds(struct assigner *s, size_t *next)
{
	const size_t folds = s->opt->folds;
	size_t before = 0;

	shuffle_unassigned(s, STREAM_FOLDS);
	for (size_t i = 0; i < s->n_unassigned; i++)
		next[stratum(s, s->unassigned[i])]++;
	for (size_t c = 0; c < s->n_strata; c++) {
		const size_t size = next[c];
		next[c] = before;
		before += size;
	}
	for (size_t i = 0; i < s->n_unassigned; i++) {
		const bool test = next[stratum(s, s->unassigned[i])]++ % folds == s->opt->fold;
		s->part[s->unassigned[i]] = test ? LB_TEST : UNUSED;
	}
}

/* ---- whole groups ---- */

static size_t count_groups(const struct lb_dataset *d)
{
	int32_t last = -1;

	for (size_t i = 0; i < d->n; i++)
		last = d->group[i] > last ? d->group[i] : last;
	return (size_t)(last + 1);
}

/* Sizes of the groups in the unassigned rows, and the groups in random order. Arrays of n. */
static void shuffle_groups(const struct assigner *s, uint64_t stream, size_t n, size_t *size, uint32_t *order)
{
	struct lb_rng r;

	for (size_t i = 0; i < s->n_unassigned; i++)
		size[s->d->group[s->unassigned[i]]]++;
	for (size_t g = 0; g < n; g++)
		order[g] = (uint32_t)g;
	lb_rng_init(&r, s->opt->seed, LB_RNG_SPLIT, stream);
	lb_rng_shuffle(&r, order, n);
}

/* Each group in turn goes to the bin that is furthest below its share of the rows; bin[g] is its
 * bin. */
static int assign_groups(const struct assigner *s, uint64_t stream, const double *share, size_t bins, size_t *bin, size_t n,
		       struct lb_err *err)
{
	size_t *size = lb_alloc(n, sizeof *size, err);
	uint32_t *order = lb_alloc(n, sizeof *order, err);
	double *want = lb_alloc(bins, sizeof *want, err);
	int rc = -1;

	if (!size || !order || !want)
		goto out;
	shuffle_groups(s, stream, n, size, order);
	for (size_t k = 0; k < bins; k++)
		want[k] = share[k] * (double)s->n_unassigned;
	for (size_t i = 0; i < n; i++) {
		size_t best = 0;
		for (size_t k = 1; k < bins; k++)
			if (share[k] > 0 && want[k] > want[best] + 1e-9)
				best = k;
		bin[order[i]] = best;
		want[best] -= (double)size[order[i]];
	}
	rc = 0;
out:
	free(size);
	free(order);
	free(want);
	return rc;
}

static int assign_grouped_rows(struct assigner *s, const double share[PARTS], struct lb_err *err)
{
	const size_t n = count_groups(s->d);
	size_t *bin = lb_alloc(n, sizeof *bin, err);
	int rc = -1;

	if (bin && !(rc = assign_groups(s, STREAM_SHARES, share, PARTS, bin, n, err)))
		for (size_t i = 0; i < s->n_unassigned; i++)
			s->part[s->unassigned[i]] = (uint8_t)bin[s->d->group[s->unassigned[i]]];
	free(bin);
	return rc;
}

static int assign_grouped_folds(struct assigner *s, struct lb_err *err)
{
	const size_t n = count_groups(s->d), folds = s->opt->folds;
	size_t *bin = lb_alloc(n, sizeof *bin, err);
	double *share = lb_alloc(folds, sizeof *share, err);
	int rc = -1;

	for (size_t k = 0; share && k < folds; k++)
		share[k] = 1 / (double)folds;
	if (bin && share && n < folds)
		lb_fail(err, LB_DATA,
			"data.split.folds: %zu folds, but data.%s has only %zu group%s; use at most that many folds", folds,
			s->d->kind == LB_RANKING ? "query" : "group", n, lb_s(n));
	else if (bin && share && !(rc = assign_groups(s, STREAM_FOLDS, share, folds, bin, n, err)))
		for (size_t i = 0; i < s->n_unassigned; i++)
			s->part[s->unassigned[i]] = bin[s->d->group[s->unassigned[i]]] == s->opt->fold ? LB_TEST : UNUSED;
	free(bin);
	free(share);
	return rc;
}

/* ---- the kinds ---- */

static int assign_shares(struct assigner *s, double train, double valid, double test, struct lb_err *err)
{
	const double rest = 1 - train - valid - test;
	const double share[PARTS] = { train, valid, test, rest > 1e-9 ? rest : 0 };

	return s->d->group ? assign_grouped_rows(s, share, err) : assign_rows(s, share, err);
}

static int split_fractions(struct assigner *s, struct lb_err *err)
{
	return assign_shares(s, s->opt->train, s->opt->valid, s->opt->test, err);
}

static int split_first(struct assigner *s, struct lb_err *err)
{
	(void)err;
	for (size_t i = s->opt->first; i < s->d->n_first; i++)
		s->part[i] = LB_TEST;
	return 0;
}

static int split_modulo(struct assigner *s, struct lb_err *err)
{
	(void)err;
	for (size_t k = 0; k < s->opt->n_test_residues; k++)
		for (size_t i = (size_t)s->opt->test_residues[k]; i < s->d->n_first; i += s->opt->modulo)
			s->part[i] = LB_TEST;
	return 0;
}

static int split_folds(struct assigner *s, struct lb_err *err)
{
	if (s->d->group)
		return assign_grouped_folds(s, err);
	size_t *next = lb_alloc(s->n_strata, sizeof *next, err);
	if (!next)
		return -1;
	deal_folds(s, next);
	free(next);
	return 0;
}

/* ---- what cannot be asked for ---- */

static bool has_test_file(const struct lb_dataset *d)
{
	return d->n_first + d->n_valid < d->n;
}

static int check_fractions(const struct lb_dataset *d, const struct lb_split_options *o, struct lb_err *err)
{
	if (!(o->train > 0 && o->train <= 1 && o->valid >= 0 && o->test >= 0 && o->train + o->valid + o->test <= 1 + 1e-9))
		return lb_fail(err, LB_CONFIG,
			       "data.split: found train %g, valid %g, test %g; train must be positive and the sum at most 1",
			       o->train, o->valid, o->test);
	if (has_test_file(d) && o->test > 0)
		return lb_fail(err, LB_CONFIG,
			       "data.split.test: found %g, but data.test gives the test rows; set it to 0 or leave out data.test",
			       o->test);
	return 0;
}

static int check_first(const struct lb_dataset *d, const struct lb_split_options *o, struct lb_err *err)
{
	if (o->first < 1 || o->first >= d->n_first)
		return lb_fail(err, LB_CONFIG, "data.split.first: found %zu, allowed 1 to %zu: the data have %zu row%s", o->first,
			       d->n_first - 1, d->n_first, lb_s(d->n_first));
	return 0;
}

static int check_modulo(const struct lb_dataset *d, const struct lb_split_options *o, struct lb_err *err)
{
	(void)d;
	if (o->modulo < 2 || o->n_test_residues < 1)
		return lb_fail(err, LB_CONFIG,
			       "data.split.modulo: found %zu with %zu residue%s in data.split.test; expected at least 2, and at "
			       "least one residue, as in {modulo: 5, test: [4]}",
			       o->modulo, o->n_test_residues, lb_s(o->n_test_residues));
	for (size_t k = 0; k < o->n_test_residues; k++) {
		const double r = o->test_residues[k];
		if (!(r >= 0 && r < (double)o->modulo && !(floor(r) < r)))
			return lb_fail(err, LB_CONFIG,
				       "data.split.test: found %g, allowed whole numbers from 0 to %zu with modulo %zu", r,
				       o->modulo - 1, o->modulo);
	}
	return 0;
}

static int check_folds(const struct lb_dataset *d, const struct lb_split_options *o, struct lb_err *err)
{
	if (o->folds < 2 || o->folds > d->n_first)
		return lb_fail(err, LB_CONFIG, "data.split.folds: found %zu, allowed 2 to %zu, the number of rows", o->folds,
			       d->n_first);
	if (o->fold >= o->folds)
		return lb_fail(err, LB_CONFIG, "data.split.fold: found %zu, allowed 0 to %zu", o->fold, o->folds - 1);
	return 0;
}

static const struct {
	const char *key;
	int (*check)(const struct lb_dataset *d, const struct lb_split_options *o, struct lb_err *err);
	int (*make)(struct assigner *s, struct lb_err *err);
} kinds[] = {
	[LB_SPLIT_FRACTIONS] = { "train", check_fractions, split_fractions },
	[LB_SPLIT_FIRST] = { "first", check_first, split_first },
	[LB_SPLIT_MODULO] = { "modulo", check_modulo, split_modulo },
	[LB_SPLIT_FOLDS] = { "folds", check_folds, split_folds },
};

static int check(const struct lb_dataset *d, const struct lb_split_options *o, struct lb_err *err)
{
	if (o->stratify && !d->y && !d->event)
		return lb_fail(err, LB_CONFIG, "data.split.stratify: found true, but task %s has neither classes nor events; set it to false",
			       lb_kind_name(d->kind));
	if (o->stratify && d->group)
		return lb_fail(err, LB_CONFIG,
			       "data.split.stratify: found true together with data.group; whole groups cannot keep class shares, "
			       "set it to false");
	if (d->n_valid && o->valid > 0)
		return lb_fail(err, LB_CONFIG,
			       "data.split.valid: found %g, but data.valid gives the validation rows; set it to 0 or leave out data.valid",
			       o->valid);
	if (o->kind != LB_SPLIT_FRACTIONS && has_test_file(d))
		return lb_fail(err, LB_CONFIG, "data.split.%s: data.test gives the test rows already; leave out one of the two",
			       kinds[o->kind].key);
	if (o->kind != LB_SPLIT_FRACTIONS && !(o->valid >= 0 && o->valid < 1))
		return lb_fail(err, LB_CONFIG, "data.split.valid: found %g, allowed a share of at least 0 and below 1", o->valid);
	return lb_holds_out(o) ? lb_held_out_check(d, o, err) : kinds[o->kind].check(d, o, err);
}

static const char *const part_name[] = { "training", "validation", "test" };

static int check_groups(const struct lb_dataset *d, const uint8_t *part, struct lb_err *err)
{
	const size_t n = d->group ? count_groups(d) : 0;
	uint8_t *side = lb_alloc(n, 1, err);
	const bool query = d->kind == LB_RANKING;
	int rc = side ? 0 : -1;

	for (size_t i = 0; !rc && d->group && i < d->n; i++) {
		uint8_t *seen = &side[d->group[i]];
		if (part[i] == UNUSED)
			continue;
		if (*seen && *seen != part[i] + 1)
			rc = lb_fail(err, LB_DATA,
				     "data.%s: rows of one %s (row %zu is of it) are both in the %s part and in the %s part; %s%s", query ? "query" : "group",
				     query ? "query" : "group", i + 1, part_name[*seen - 1], part_name[part[i]],
				     d->n_first < d->n ? "keep its rows in one file" : "split by fractions or folds, which keep groups together",
				     query ? "" : ", or leave out data.group");
		*seen = (uint8_t)(part[i] + 1);
	}
	free(side);
	return rc;
}

static int check_sizes(const struct lb_split *s, const struct lb_split_options *o, struct lb_err *err)
{
	const size_t used = s->n[LB_TRAIN] + s->n[LB_VALID] + s->n[LB_TEST];

	if (s->n[LB_TRAIN] == 0)
		return lb_fail(
			err, LB_DATA,
			"data.split: no row is left for training (%zu to validate, %zu to test); change the shares in data.split",
			s->n[LB_VALID], s->n[LB_TEST]);
	if (s->n[LB_VALID] == 0 && o->valid > 0)
		return lb_fail(err, LB_DATA,
			       "data.split.valid: a share of %g of so few rows (%zu %s used) is none; raise it, or set it to 0",
			       o->valid, used, used == 1 ? "is" : "are");
	if (s->n[LB_TEST] == 0 && (o->kind != LB_SPLIT_FRACTIONS || o->test > 0))
		return lb_fail(err, LB_DATA, "data.split: no row is left for testing (%zu %s used); change data.split", used,
			       used == 1 ? "is" : "are");
	return 0;
}

/* ---- entry points ---- */

static void fill_unassigned(struct assigner *s, uint8_t part)
{
	s->n_unassigned = 0;
	for (size_t i = 0; i < s->d->n; i++)
		if (s->part[i] == part)
			s->unassigned[s->n_unassigned++] = (uint32_t)i;
}

static int collect(const struct assigner *s, struct lb_split *out, struct lb_err *err)
{
	size_t count[PARTS] = { 0 };

	for (size_t i = 0; i < s->d->n; i++)
		count[s->part[i]]++;
	for (int k = LB_TRAIN; k <= LB_TEST; k++)
		if (!(out->rows[k] = lb_alloc(count[k], sizeof *out->rows[k], err)))
			return -1;
	for (size_t i = 0; i < s->d->n; i++)
		if (s->part[i] != UNUSED)
			out->rows[s->part[i]][out->n[s->part[i]]++] = (uint32_t)i;
	return 0;
}

int lb_split_make(const struct lb_dataset *d, const struct lb_split_options *opt, struct lb_split *out, struct lb_err *err)
{
	struct assigner s = { .d = d, .opt = opt, .n_strata = count_strata(d, opt) };
	int rc = -1;

	*out = (struct lb_split){ 0 };
	if (check(d, opt, err))
		return -1;
	s.part = lb_alloc(d->n, sizeof *s.part, err);
	s.unassigned = lb_alloc(d->n, sizeof *s.unassigned, err);
	if (!s.part || !s.unassigned)
		goto out;
	for (size_t i = 0; i < d->n; i++)
		s.part[i] = i < d->n_first ? UNUSED : i < d->n_first + d->n_valid ? LB_VALID : LB_TEST;
	fill_unassigned(&s, UNUSED);
	if (lb_holds_out(opt) ? lb_split_classes(d, opt, s.part, err) : kinds[opt->kind].make(&s, err))
		goto out;
	fill_unassigned(&s, UNUSED);
	if (opt->kind != LB_SPLIT_FRACTIONS && assign_shares(&s, 1 - opt->valid, opt->valid, 0, err))
		goto out;
	out->by_class = lb_holds_out(opt);
	if (check_groups(d, s.part, err) || collect(&s, out, err) || check_sizes(out, opt, err))
		goto out;
	rc = 0;
out:
	free(s.part);
	free(s.unassigned);
	if (rc)
		lb_split_free(out);
	return rc;
}

int lb_split_inner_folds(const struct lb_dataset *d, const struct lb_split_options *opt, size_t folds, size_t fold, bool keep_test,
		    struct lb_split *s, struct lb_err *err)
{
	struct lb_split_options inner = *opt;
	struct assigner assigner = { .d = d, .opt = &inner, .n_strata = count_strata(d, opt) };
	struct lb_split old = *s;
	int rc = -1;

	inner.folds = folds;
	inner.fold = fold;
	*s = (struct lb_split){ 0 };
	assigner.part = lb_alloc(d->n, sizeof *assigner.part, err);
	assigner.unassigned = lb_alloc(d->n, sizeof *assigner.unassigned, err);
	if (!assigner.part || !assigner.unassigned)
		goto out;
	memset(assigner.part, UNUSED, d->n);
	for (int k = LB_TRAIN; k <= LB_VALID; k++)
		for (size_t i = 0; i < old.n[k]; i++)
			assigner.part[old.rows[k][i]] = LB_TRAIN;
	fill_unassigned(&assigner, LB_TRAIN);
	if (assigner.n_unassigned < folds) {
		lb_fail(err, LB_CONFIG, "data.cv.folds: found %zu, allowed: at most the number of training and validation rows, %zu", folds,
			assigner.n_unassigned);
		goto out;
	}
	if (split_folds(&assigner, err))
		goto out;
	for (size_t i = 0; i < assigner.n_unassigned; i++)
		assigner.part[assigner.unassigned[i]] = assigner.part[assigner.unassigned[i]] == LB_TEST ? LB_VALID : LB_TRAIN;
	for (size_t i = 0; keep_test && i < old.n[LB_TEST]; i++)
		assigner.part[old.rows[LB_TEST][i]] = LB_TEST;
	rc = collect(&assigner, s, err);
out:
	free(assigner.part);
	free(assigner.unassigned);
	lb_split_free(&old);
	if (rc)
		lb_split_free(s);
	return rc;
}

void lb_split_free(struct lb_split *s)
{
	if (!s)
		return;
	for (int k = 0; k < LB_ROW_LISTS; k++)
		free(s->rows[k]);
	free(s->whole);
	free(s->bag);
	*s = (struct lb_split){ 0 };
}
