/* What losses of embeddings and prototypes do not depend on: a rotation, the names of classes, and
 * lengths, but for those that read them. And what they are where there is nothing to compare. */
#include "tests/unit/losses/loss_fixture.h"

#include "core/base/text.h"

enum { ROWS = 7, D = 4 };

/* Which lengths a loss reads. `set` is one at which it has something to say of such rows. */
static const struct {
	const char *name, *set;
	bool rows, prototypes;
	bool alone_is_zero;      /* of one class, where all rows are its own */
} known[] = {
	{ "normalized_softmax", "", false, false, true },
	{ "cosface", "scale=8", false, false, true },
	{ "arcface", "scale=8", false, false, true },
	{ "subcenter_arcface", "scale=8", false, false, true },
	{ "magface", "scale=8 least_norm=0.5 most_norm=9 easy=false", true, false, false },
	{ "madacos", "least_scale=8", false, false, true },
	{ "unpg", "scale=8", false, false, true },
	{ "unpg", "scale=8 base=arcface", false, false, true },
	{ "unpg", "scale=8 base=magface least_norm=0.5 most_norm=9", true, false, false },
	{ "sphereface", "", true, false, true },
	{ "large_margin_softmax", "", true, true, true },
	{ "sface", "steepness=8", false, false, false },
	{ "p2sgrad", "", false, false, false },
	{ "proxy_nca", "", false, false, true },
	{ "proxy_nca", "exclude_positive=true", false, false, true },
	{ "proxy_anchor", "alpha=4", false, false, false },
	{ "soft_triple", "", false, false, true },
	{ "protonet", "", true, false, true },
	{ "proto_triplet", "margin=4", true, false, true },
};

struct point {
	struct lb_subject s;
	struct lb_drawn d;
	size_t n_params, each;   /* numbers of the loss's own; prototypes a class */
	double value, g[MOST_CELLS];
};

static void look(struct point *p)
{
	p->d.in.z = p->d.z, p->d.in.y = p->d.y, p->d.in.params = p->d.params, p->d.in.counts = p->d.counts;
	p->d.in.par = p->s.settings[0];
	p->value = eval(&p->s, 64, &p->d, p->g);
}

/* ROWS embeddings of D columns, of D classes. */
static void open_point(struct point *p, int i, uint64_t seed)
{
	struct lb_arg_store store = { 0 };
	struct lb_err err = { 0 };
	struct lb_rng rng;

	memset(p, 0, sizeof *p);
	p->s.info = lb_loss_find(LB_EMBEDDING, known[i].name);
	ck_assert_msg(p->s.info, "%s", known[i].name);
	ck_assert_msg(!lb_args_from_text(&p->s.info->base, known[i].set, p->s.settings[0], &store, &err), "%s", err.text);
	lb_rng_init(&rng, seed, LB_RNG_TEST, 41);
	lb_draw_batch(&p->d, &p->s, p->s.settings[0], ROWS, D, 1.5, &rng);
	p->n_params = lb_loss_n_params(p->s.info, p->s.settings[0], &(struct lb_loss_shape){ .b = ROWS, .c = D, .n_classes = D });
	p->each = p->s.info->per_class ? p->s.info->per_class(p->s.settings[0]) : 1;
	p->d.in.n_classes = D;
	look(p);
	ck_assert(isfinite(p->value));
}

/* Columns i and j of n numbers in rows of D turn by an angle. */
static void turn(double *v, size_t n, size_t i, size_t j, double angle)
{
	for (size_t k = 0; k < n; k += D) {
		const double a = v[k + i], b = v[k + j];
		v[k + i] = cos(angle) * a - sin(angle) * b;
		v[k + j] = sin(angle) * a + cos(angle) * b;
	}
}

START_TEST(rotations)
{
	struct point p, q;

	for (uint64_t seed = 0; seed < 20; seed++) {
		open_point(&p, _i, seed);
		q = p;
		for (size_t i = 0; i + 1 < D; i++) {
			turn(q.d.z, ROWS * D, i, i + 1, 0.7 + (double)i);
			turn(q.d.params, q.n_params, i, i + 1, 0.7 + (double)i);
			turn(p.g, ROWS * D + p.n_params, i, i + 1, 0.7 + (double)i);
		}
		look(&q);
		ck_assert_msg(lb_far(p.value, q.value) < 1e-12, "%s: %.17g, rotated %.17g", known[_i].name, p.value, q.value);
		for (size_t k = 0; k < ROWS * D + p.n_params; k++)
			ck_assert_double_eq_tol(p.g[k], q.g[k], 1e-10);
	}
}
END_TEST

START_TEST(names_of_classes)
{
	static const size_t to[D] = { 2, 0, 3, 1 };
	struct point p, q;

	for (uint64_t seed = 0; seed < 20; seed++) {
		open_point(&p, _i, seed);
		q = p;
		const size_t length = p.each * D;
		for (size_t i = 0; i < ROWS; i++)
			q.d.y[i] = (int32_t)to[p.d.y[i]];
		for (size_t k = 0; k < p.n_params; k++)
			q.d.params[to[k / length] * length + k % length] = p.d.params[k];
		look(&q);
		ck_assert_msg(lb_far(p.value, q.value) < 1e-12, "%s: %.17g, renamed %.17g", known[_i].name, p.value, q.value);
		for (size_t k = 0; k < ROWS * D; k++)
			ck_assert_double_eq_tol(p.g[k], q.g[k], 1e-12);
		for (size_t k = 0; k < p.n_params; k++)
			ck_assert_double_eq_tol(p.g[ROWS * D + k], q.g[ROWS * D + to[k / length] * length + k % length], 1e-12);
	}
}
END_TEST

/* A length that is not read: twice as long, half the gradient, which is at right angles. One that
 * is read matters. */
static void lengths(struct point *p, size_t first, size_t n, double *v, bool read)
{
	struct point q = *p;
	double along = 0, other = 0;

	for (size_t k = 0; k < n; k++)
		(v == p->d.z ? q.d.z : q.d.params)[k] *= 2;
	look(&q);
	for (size_t i = 0; i < n; i += D) {
		double dot = 0;
		for (size_t k = i; k < i + D; k++)
			dot += v[k] * p->g[first + k];
		along = fmax(along, fabs(dot));
	}
	for (size_t k = 0; k < n; k++)
		other = fmax(other, fabs(p->g[first + k] - 2 * q.g[first + k]));
	const bool same = lb_far(p->value, q.value) < 1e-12 && along < 1e-11 && other < 1e-10;
	ck_assert_msg(same != read, "%s (%s): value %.17g and %.17g, gradient along %g, change %g", p->s.info->base.name, first ? "prototypes" : "rows",
		      p->value, q.value, along, other);
}

START_TEST(lengths_of_vectors)
{
	struct point p;

	for (uint64_t seed = 0; seed < 20; seed++) {
		open_point(&p, _i, seed);
		lengths(&p, 0, ROWS * D, p.d.z, known[_i].rows);
		if (p.n_params)
			lengths(&p, ROWS * D, p.n_params, p.d.params, known[_i].prototypes);
	}
}
END_TEST

static void all_finite(const struct point *p, const char *what)
{
	ck_assert_msg(isfinite(p->value), "%s, %s: %g", p->s.info->base.name, what, p->value);
	for (size_t k = 0; k < p->d.in.b * D + p->n_params; k++)
		ck_assert_msg(isfinite(p->g[k]), "%s, %s: gradient %g", p->s.info->base.name, what, p->g[k]);
}

/* A row of zeros, a prototype of zeros, equal rows, one row. */
START_TEST(edges)
{
	struct point p;

	for (size_t rows = 1; rows <= ROWS; rows += ROWS - 1) {
		if (lb_loss_find(LB_EMBEDDING, known[_i].name)->exceptions & LB_UNDEFINED_AT_ZERO)
			break;
		open_point(&p, _i, 3);
		p.d.in.b = rows;
		memset(p.d.z, 0, D * sizeof *p.d.z);
		look(&p);
		all_finite(&p, "a row of zeros");
		for (size_t k = 0; k < D && p.n_params; k++)
			ck_assert(p.g[k] == 0);
		memset(p.d.params, 0, D * sizeof *p.d.params);
		memset(p.d.z, 0, sizeof p.d.z);
		look(&p);
		all_finite(&p, "rows of zeros");
		for (size_t k = 0; k < D && p.n_params; k++)
			ck_assert(p.g[rows * D + k] == 0);
	}
	open_point(&p, _i, 4);
	for (size_t i = 1; i < ROWS; i++)
		memcpy(p.d.z + i * D, p.d.z, D * sizeof *p.d.z);
	look(&p);
	all_finite(&p, "equal rows");
	memcpy(p.d.params, p.d.z, (p.n_params ? D : 0) * sizeof *p.d.params);
	look(&p);
	all_finite(&p, "equal rows on a prototype");
}
END_TEST

/* The data have one class: what compares classes has nothing to say. */
START_TEST(one_class_in_all)
{
	struct point p;

	open_point(&p, _i, 5);
	memset(p.d.y, 0, sizeof p.d.y);
	p.d.in.n_classes = 1;
	p.n_params = lb_loss_n_params(p.s.info, p.s.settings[0], &(struct lb_loss_shape){ .b = ROWS, .c = D, .n_classes = 1 });
	look(&p);
	all_finite(&p, "one class");
	ck_assert_msg(known[_i].alone_is_zero == (p.value == 0), "%s: %g", known[_i].name, p.value);
	for (size_t k = 0; known[_i].alone_is_zero && k < ROWS * D; k++)
		ck_assert(p.g[k] == 0);
}
END_TEST

START_TEST(all_of_them_are_known)
{
	for (size_t i = 0; i < lb_loss_count(); i++) {
		const struct lb_loss_info *l = lb_loss_at(i);
		bool there = !l->params || l->params_for || l->kind != LB_EMBEDDING || l->needs & LB_NEEDS_VIEWS;
		for (size_t k = 0; k < sizeof known / sizeof *known; k++)
			there = there || !strcmp(l->base.name, known[k].name);
		ck_assert_msg(there, "%s has prototypes and is not known here", l->base.name);
	}
}
END_TEST

static Suite *suite(void)
{
	const int n = sizeof known / sizeof *known;
	Suite *s = suite_create("prototypes");
	TCase *t = tcase_create("prototypes");

	tcase_add_loop_test(t, rotations, 0, n);
	tcase_add_loop_test(t, names_of_classes, 0, n);
	tcase_add_loop_test(t, lengths_of_vectors, 0, n);
	tcase_add_loop_test(t, edges, 0, n);
	tcase_add_loop_test(t, one_class_in_all, 0, n);
	tcase_add_test(t, all_of_them_are_known);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("prototypes")
