/* What every loss must hold, from its descriptor: each test runs once for each registered loss. */
#include "tests/unit/losses/loss_fixture.h"

#include "core/base/text.h"
#include "losses/claims.h"
#include "losses/loss.h"

/* ---- the check itself, the descriptor, the examples, the identities ---- */

START_TEST(gradients_and_extremes)
{
	struct lb_buf report = { 0 };
	struct lb_err err = { 0 };
	int n = 0;
	const int failed = lb_loss_check(lb_loss_at((size_t)_i), &report, &n, &err);

	ck_assert_msg(failed == 0, "%.3000s%.500s", report.s ? report.s : "", err.text);
	ck_assert_int_ge(n, 200);
	ck_assert_msg(strchr(report.s, '\n') == report.s + report.n - 1, "a clean check is one line: %s", report.s);
	lb_buf_free(&report);
}
END_TEST

/* A descriptor that says more than its loss holds: the check says what is wrong, where, and how
 * many checks failed. */
static const struct {
	enum lb_kind kind;
	const char *name, *param;          /* `param`: allowed up to a million */
	unsigned properties, exceptions;   /* turned over */
	int failed;
	const char *line;
} wrong[] = {
	{ LB_BINARY, "hinge", NULL, LB_SMOOTH, 0, 6, "failed: binary/hinge (defaults), scores +-1, 6 x 1, labels all 0: gradient: row 5, column 1: stated -0, difference quotient 0.08" },
	{ LB_BINARY, "exponential", NULL, 0, LB_OVERFLOWS, 42, "failed: binary/exponential (defaults), scores all 10000, 6 x 1: finite: float32: value inf\n" },
	{ LB_BINARY, "hinge", NULL, 0, LB_UNDEFINED_AT_ZERO, 8, "failed: binary/hinge (defaults), scores 0, 6 x 1: NaN of a row of zeros: 1, in float64 1\n" },
	{ LB_MULTICLASS, "agce", "a", 0, 0, 0, "failed: multiclass/agce (a=1000000), normal scores, 4 x 3: float32 value: " },
	{ LB_MULTICLASS, "backward_ce", "rate", 0, 0, 0, "failed: multiclass/backward_ce (rate=1000000), scores 0, 4 x 3: float32 gradient: row 2, column 2: " },
};

START_TEST(the_check_finds)
{
	struct lb_loss_info info = *lb_loss_find(wrong[_i].kind, wrong[_i].name);
	struct lb_param params[8];
	struct lb_buf report = { 0 };
	struct lb_err err = { 0 };
	char tally[80];
	int n = 0;

	info.properties ^= wrong[_i].properties;
	info.exceptions ^= wrong[_i].exceptions;
	ck_assert_int_le(info.base.n_params, 8);
	for (int k = 0; k < info.base.n_params; k++) {
		params[k] = info.base.params[k];
		if (wrong[_i].param && !strcmp(params[k].name, wrong[_i].param))
			params[k].max = 1e6;
	}
	info.base.params = params;
	const int failed = lb_loss_check(&info, &report, &n, &err);
	ck_assert_msg(strstr(report.s, wrong[_i].line), "%.3000s", report.s);
	ck_assert_int_gt(failed, 0);
	if (wrong[_i].failed)
		ck_assert_int_eq(failed, wrong[_i].failed);
	snprintf(tally, sizeof tally, "%s: %d of %d checks ok\n", wrong[_i].name, n - failed, n);
	ck_assert_msg(strstr(report.s, tally), "%s", tally);
	int lines = 0;
	for (const char *at = report.s; (at = strstr(at, "failed: ")); at++)
		lines++;
	ck_assert_int_eq(lines, failed);
	lb_buf_free(&report);
}
END_TEST

static bool allowed(const struct lb_param *p, double v)
{
	if (p->min == 0 && p->max == 0)
		return true;
	return (p->min_open ? v > p->min : v >= p->min) && (p->max_open ? v < p->max : v <= p->max);
}

START_TEST(descriptor_is_complete)
{
	const struct lb_loss_info *info = lb_loss_at((size_t)_i);
	const struct lb_info *b = &info->base;

	ck_assert_msg(b->name && b->title && b->cite && b->formula && b->notes && b->keywords, "%s lacks a text", b->name);
	ck_assert_msg(info->n_examples > 0, "%s has no example", b->name);
	for (int k = 0; k < info->n_examples; k++)
		ck_assert_msg(info->examples[k].source != NULL, "%s: example %d has no source", b->name, k);
	for (int k = 0; k < b->n_params; k++) {
		const struct lb_param *p = &b->params[k];
		ck_assert_msg(p->name && p->help, "%s: parameter %d lacks a text", b->name, k);
		ck_assert_msg(!p->required && (p->type == LB_REALS_PARAM || p->type == LB_INTS_PARAM || allowed(p, p->def)), "%s: the default of %s is out of range", b->name, p->name);
		for (int j = 0; j < p->n_def_list; j++)
			ck_assert_msg(allowed(p, p->def_list[j]), "%s: the default of %s is out of range", b->name, p->name);
		for (int j = 0; j < p->n_grid; j++)
			ck_assert_msg(allowed(p, p->grid[j]), "%s: grid of %s out of range", b->name, p->name);
	}
	ck_assert_ptr_eq(lb_loss_find(info->kind, b->name), info);
	const struct lb_loss *loss = lb_loss_of(info);
	ck_assert_ptr_eq(loss, lb_loss_get((size_t)_i));
	ck_assert_msg(!lb_loss_misfit(loss), "%s: %s", b->name, lb_loss_misfit(loss));
	ck_assert_int_eq(lb_loss_separable(info), loss->form->row || loss->form->sums_rows);
}
END_TEST

START_TEST(examples_are_true)
{
	const struct lb_loss_info *info = lb_loss_at((size_t)_i);

	for (int k = 0; k < info->n_examples; k++) {
		struct lb_err err = { 0 };
		double got;
		ck_assert_msg(!lb_loss_example_value(info, &info->examples[k], &got, &err), "%s", err.text);
		ck_assert_msg(fabs(got - info->examples[k].value) <= 1e-9 * fabs(info->examples[k].value), "%s (%s): %.17g, not %.17g",
			      info->base.name, info->examples[k].set, got, info->examples[k].value);
	}
}
END_TEST

static void compare_same(const struct subject *s, const struct lb_same_as *same, struct lb_rng *rng)
{
	const struct subject other = { .info = lb_loss_find(s->info->kind, same->other) };
	struct lb_arg par[2][MOST_PARAMS];
	struct lb_arg_store store = { 0 };
	struct lb_err err = { 0 };
	struct data d;
	double g[2][MOST_CELLS];
	const double scale = same->scale ? same->scale : 1;

	ck_assert_msg(other.info != NULL, "%s: same as %s, which is not registered", s->info->base.name, same->other);
	ck_assert_msg(!lb_args_from_text(&s->info->base, same->set, par[0], &store, &err), "%s", err.text);
	ck_assert_msg(!lb_args_from_text(&other.info->base, same->other_set, par[1], &store, &err), "%s", err.text);
	draw(&d, s, par[0], 6, 5, 3, rng);
	const double shift = same->shift - (same->minus_log_classes ? log((double)d.in.c) : 0), a = eval(s, 64, &d, g[0]);
	d.in.par = par[1];
	const double b = scale * eval(&other, 64, &d, g[1]) + shift;
	ck_assert_msg(far(a, b) < 1e-12, "%s (%s) is %.17g, %s (%s) gives %.17g", s->info->base.name, same->set, a, same->other,
		      same->other_set, b);
	for (size_t k = 0; k < d.in.b * d.in.c; k++)
		ck_assert_double_eq_tol(g[0][k], scale * g[1][k], 1e-12);
	lb_args_free(&store);
}

START_TEST(identities_hold)
{
	struct subject s;
	struct lb_rng rng;

	set_up(&s, _i);
	lb_rng_init(&rng, SEED, LB_RNG_TEST, 1);
	for (int k = 0; k < s.info->n_same_as; k++)
		for (int n = 0; n < 20; n++)
			compare_same(&s, &s.info->same_as[k], &rng);
}
END_TEST

/* ---- invariances ---- */

START_TEST(order_and_number_of_rows_do_not_matter)
{
	struct subject s;
	struct lb_rng rng;
	struct data d, e;
	double g[2][MOST_CELLS];

	set_up(&s, _i);
	lb_rng_init(&rng, SEED, LB_RNG_TEST, 11);
	draw(&d, &s, s.settings[0], 8, 4, 2, &rng);
	const size_t c = d.in.c, targets = targets_of(&s, &d.in), views = views_of(&s);
	e = d;
	for (size_t i = 0; i < 8; i++) {
		for (size_t v = 0; v < 8 * views; v += 8)
			memcpy(e.z + (v + i) * c, d.z + (v + 7 - i) * c, c * sizeof *d.z);
		memcpy(e.t + i * targets, d.t + (7 - i) * targets, targets * sizeof *d.t);
		for (size_t v = 0; v < 8 * views; v += 8)
			memcpy(e.h + (v + i) * FEATURES, d.h + (v + 7 - i) * FEATURES, FEATURES * sizeof *d.h);
		memcpy(e.x + i * d.in.n_inputs, d.x + (7 - i) * d.in.n_inputs, d.in.n_inputs * sizeof *d.x);
		e.teacher[i] = d.teacher[7 - i];
		e.y[i] = d.y[7 - i];
		e.group[i] = d.group[7 - i];
	}
	e.in.hidden = e.in.hidden ? e.h : NULL, e.in.inputs = e.in.inputs ? e.x : NULL, e.in.z = e.z, e.in.t = e.in.t ? e.t : NULL, e.in.y = e.in.y ? e.y : NULL;
	e.in.group = e.group, e.in.partner = e.partner, e.in.teacher = e.in.teacher ? e.teacher : NULL;
	const bool unmoved = far(eval(&s, 64, &d, g[0]), eval(&s, 64, &e, g[1])) < 1e-13, may_move = s.info->exceptions & LB_TIES_BY_ROW;
	ck_assert_msg(unmoved != may_move, "%s: rows that change places give %s value; LB_TIES_BY_ROW says otherwise", s.info->base.name,
		      unmoved ? "the same" : "another");
	for (size_t k = 0; unmoved && k < 8 * c; k++)
		ck_assert_double_eq_tol(g[0][k], g[1][(7 - k / c) * c + k % c], 1e-13);

	e = d;
	for (size_t v = 0; v < views; v++)
		for (size_t half = 0; half < 2; half++)
			memcpy(e.z + (2 * v + half) * 8 * c, d.z + v * 8 * c, 8 * c * sizeof *d.z);
	for (size_t v = 0; v < views; v++)
		for (size_t half = 0; half < 2; half++)
			memcpy(e.h + (2 * v + half) * 8 * FEATURES, d.h + v * 8 * FEATURES, 8 * FEATURES * sizeof *d.h);
	memcpy(e.t + 8 * targets, d.t, 8 * targets * sizeof *d.t);
	memcpy(e.x + 8 * d.in.n_inputs, d.x, 8 * d.in.n_inputs * sizeof *d.x);
	memcpy(e.teacher + 8, d.teacher, 8 * sizeof *d.teacher);
	for (size_t i = 0; i < 16; i++)
		e.partner[i] = i < 8 ? d.partner[i] : 8 + d.partner[i - 8];
	memcpy(e.y + 8, d.y, 8 * sizeof *d.y);
	for (size_t i = 0; i < 8; i++)
		e.group[8 + i] = 100 + d.group[i];
	e.in.group = e.group, e.in.partner = e.partner, e.in.teacher = e.in.teacher ? e.teacher : NULL;
	e.in.b = 16, e.in.hidden = e.in.hidden ? e.h : NULL, e.in.inputs = e.in.inputs ? e.x : NULL, e.in.z = e.z, e.in.t = e.in.t ? e.t : NULL, e.in.y = e.in.y ? e.y : NULL;
	const bool same = far(eval(&s, 64, &d, g[0]), eval(&s, 64, &e, g[1])) < 1e-13, may_differ = s.info->exceptions & LB_SIZE_MATTERS;
	ck_assert_msg(same != may_differ, "%s: a batch written twice has %s value; LB_SIZE_MATTERS says otherwise", s.info->base.name,
		      same ? "the same" : "another");
	for (size_t k = 0; same && k < 16 * c; k++)
		ck_assert_double_eq_tol(g[0][k % (8 * c)], 2 * g[1][k], 1e-13);
}
END_TEST

START_TEST(names_of_classes_do_not_matter)
{
	enum { C = 5 };
	static const size_t to[C] = { 3, 0, 4, 1, 2 };
	struct subject s;
	struct lb_rng rng;
	struct data d, e;
	double g[2][MOST_CELLS];

	set_up(&s, _i);
	if (s.info->kind != LB_MULTICLASS)
		return;
	lb_rng_init(&rng, SEED, LB_RNG_TEST, 12);
	draw(&d, &s, s.settings[0], 6, C, 2, &rng);
	e = d;
	e.in.z = e.z, e.in.y = e.y, e.in.counts = e.counts, e.in.params = e.params;
	for (size_t k = 0; k < 6 * C && !s.info->scores_for; k++)
		e.z[k / C * C + to[k % C]] = d.z[k];
	for (size_t i = 0; i < 6; i++)
		e.y[i] = (int32_t)to[d.y[i]];
	for (size_t k = 0; k < C; k++)
		e.counts[to[k]] = d.counts[k];
	for (size_t k = 0; k < C * FEATURES; k++)
		e.params[to[k / FEATURES] * FEATURES + k % FEATURES] = d.params[k];
	const bool same = far(eval(&s, 64, &d, g[0]), eval(&s, 64, &e, g[1])) < 1e-13, may_differ = s.info->exceptions & LB_ORDER_MATTERS;
	ck_assert_msg(same != may_differ, "%s: classes that change places give %s value; LB_ORDER_MATTERS says otherwise", s.info->base.name,
		      same ? "the same" : "another");
	for (size_t k = 0; same && k < 6 * C; k++)
		ck_assert_double_eq_tol(g[0][k], g[1][k / C * C + to[k % C]], 1e-13);
}
END_TEST

/* Also where a comparison would have dropped it, and in a batch without pairs. */
START_TEST(nan_in_gives_nan_out)
{
	struct subject s;
	struct lb_rng rng;
	struct data d;
	double g[MOST_CELLS];

	set_up(&s, _i);
	lb_rng_init(&rng, SEED, LB_RNG_TEST, 13);
	for (size_t n = 0; n < s.n; n++)
		for (size_t k = 0; k < 12; k++)
			for (int pass = 0; pass < 4; pass++) {
				draw(&d, &s, s.settings[n], 4, 3, 2, &rng);
				const size_t at = k % (d.in.b * d.in.c);
				for (size_t i = 0; pass & 1 && i < 4; i++)
					d.y[i] = 0;
				d.z[at] = NAN;
				ck_assert_msg(isnan(eval(&s, pass & 2 ? 32 : 64, &d, g)), "%s: NaN in column %zu is lost", s.info->base.name, at);
				ck_assert_msg(isnan(g[at]), "%s: NaN in column %zu has gradient %g", s.info->base.name, at, g[at]);
			}
}
END_TEST

/* A batch of the size of training: float32 within 1e-5 of float64 on the same rounded scores. */
START_TEST(precisions_agree)
{
	struct subject s;
	struct lb_rng rng;
	struct data d;
	double g[2][MOST_CELLS], most = 0;

	set_up(&s, _i);
	lb_rng_init(&rng, SEED, LB_RNG_TEST, 14);
	for (size_t n = 0; n < s.n; n++) {
		const size_t rows = lb_loss_outputs(s.info, s.settings[n]) > 10 ? 6 : 64;
		draw(&d, &s, s.settings[n], rows, 10, 3, &rng);
		for (size_t k = 0; k < rows * d.in.c; k++) {
			d.z[k] = (double)(float)d.z[k];
			d.t[k] = (double)(float)d.t[k];
		}
		const double a = eval(&s, 32, &d, g[0]), b = eval(&s, 64, &d, g[1]);
		ck_assert_msg(fabs(a - b) <= 1e-5 * fmax(1, fabs(b)), "%s: %.9g, in float64 %.9g", s.info->base.name, a, b);
		for (size_t k = 0; k < rows * d.in.c; k++)
			most = fmax(most, fabs(g[1][k]));
		for (size_t k = 0; k < rows * d.in.c; k++)
			ck_assert_msg(fabs(g[0][k] - g[1][k]) <= 1e-5 * most, "%s: gradient %.9g, in float64 %.9g", s.info->base.name, g[0][k], g[1][k]);
	}
}
END_TEST

/* ---- the driver ---- */

enum { B = 5, C = 6, MOST_COLUMNS = LB_MOST_OUTPUTS, FENCE = 8, ROOM = 250000, MOST_OWN = 512 }; /* ROOM: for a memory of 256 rows and its pairs */

/* The gradient by the loss's own parameters that apply() found. */
static double by_own[MOST_OWN];

/* Applies a loss between fences, its state not yet updated; returns the value and leaves the
 * gradient in g and by_own. */
static double apply(const struct subject *s, const struct data *d, const double *w, double g[B * MOST_COLUMNS + FENCE])
{
	const struct lb_loss *loss = lb_loss_of(s->info);
	const size_t b = d->in.b, c = d->in.c, n_hidden = b * FEATURES;
	_Alignas(64) double workspace[ROOM + FENCE];
	double by_params[MOST_OWN + FENCE], by_hidden[B * FEATURES + FENCE];
	const struct lb_loss_stats stats = { .n_rows = b, .n_columns = c, .n_classes = s->info->kind == LB_BINARY ? 2 : d->in.n_classes ? d->in.n_classes : c, .counts = d->in.counts, .guide = d->in.inputs, .guide_columns = d->in.n_inputs, .scale = 1 };
	const struct lb_loss_shape shape = { .b = b, .c = c, .views = 1, .n_hidden = FEATURES, .n_classes = stats.n_classes };
	struct lb_batch in = { .b = b, .c = c, .views = 1, .output = { .value = d->in.z, .grad = g, .rows = b, .cols = c, .stride = c },
			       .hidden = { .value = d->in.hidden, .grad = by_hidden, .rows = b, .cols = FEATURES, .stride = FEATURES },
			       .inputs = { .value = d->in.inputs, .rows = b, .cols = d->in.n_inputs, .stride = d->in.n_inputs },
			       .params = lb_loss_params_io(loss, d->in.par, &shape, d->params, by_params), .y = d->in.y,
			       .target = lb_kind_of_targets(s->info->kind) ? d->in.t : NULL, .group = d->group, .teacher = s->info->kind == LB_DISTILLATION ? d->in.t : d->in.teacher,
			       .label_matrix = s->info->kind == LB_MULTILABEL ? d->in.t : NULL, .row_weight = w, .par = d->in.par, .stats = &stats,
			       .workspace = workspace, .scale = 1 };
	const size_t n_params = lb_loss_n_params(s->info, d->in.par, &shape), room = lb_loss_workspace(loss, in.par, &shape);
	char *behind = (char *)workspace + room;
	const struct data before = *d;

	ck_assert_uint_le(room, ROOM * sizeof *workspace);
	in.state = loss->init ? loss->init(in.par, &stats, NULL) : NULL;
	ck_assert_msg(!loss->init || in.state, "%s: no state", s->info->base.name);

	for (size_t k = b * c; k < b * c + FENCE; k++)
		g[k] = 1234.5;
	for (size_t k = 0; k < FENCE; k++)
		by_params[n_params + k] = by_hidden[n_hidden + k] = behind[k] = 123;
	const double value = lb_loss_apply(loss, &in);
	for (size_t k = 0; k < FENCE; k++)
		ck_assert_msg(g[b * c + k] == 1234.5 && by_params[n_params + k] == 123 && by_hidden[n_hidden + k] == 123 && behind[k] == 123,
			      "%s writes past its end", s->info->base.name);
	ck_assert_int_eq(memcmp(&before, d, sizeof before), 0);
	memcpy(by_own, by_params, n_params * sizeof *by_own);
	in.output.grad = in.hidden.grad = in.params.grad = NULL;
	ck_assert_msg(lb_loss_apply(loss, &in) == value, "%s: the value depends on the gradient being asked for",
		      s->info->base.name);
	if (loss->free)
		loss->free(in.state);
	return value;
}

START_TEST(driver_keeps_to_its_memory)
{
	struct subject s;
	struct lb_rng rng;
	struct data d = { 0 };
	double g[B * MOST_COLUMNS + FENCE] = { 0 }, again[B * MOST_COLUMNS + FENCE] = { 0 };

	set_up(&s, _i);
	lb_rng_init(&rng, SEED, LB_RNG_TEST, 15);
	for (size_t n = 0; n < s.n; n++) {
		draw(&d, &s, s.settings[n], B, C, 2, &rng);
		const double value = apply(&s, &d, NULL, g);
		ck_assert_msg(apply(&s, &d, NULL, again) == value && !memcmp(g, again, sizeof g), "%s gives other bytes the second time",
			      s.info->base.name);
	}
}
END_TEST

START_TEST(row_weights)
{
	static const double w[B] = { 0.5, 2, 0, 1.5, 1 };
	struct subject s;
	struct lb_rng rng;
	struct data d = { 0 }, one;
	double g[B * MOST_COLUMNS + FENCE], gi[B * MOST_COLUMNS + FENCE], own[MOST_OWN], own_sum[MOST_OWN] = { 0 }, sum = 0;

	set_up(&s, _i);
	if (!lb_loss_separable(s.info))
		return;
	lb_rng_init(&rng, SEED, LB_RNG_TEST, 16);
	draw(&d, &s, s.settings[0], B, C, 2, &rng);
	const size_t c = d.in.c;
	const double value = apply(&s, &d, w, g);
	memcpy(own, by_own, sizeof own);
	for (size_t i = 0; i < B; i++) {
		one = d;
		one.in = d.in;
		one.in.b = 1, one.in.z = d.z + i * c, one.in.y = d.in.y ? d.y + i : NULL, one.in.t = d.in.t ? d.t + i * targets_of(&s, &d.in) : NULL;
		sum += w[i] * apply(&s, &one, NULL, gi);
		for (size_t k = 0; k < MOST_OWN; k++)
			own_sum[k] += w[i] * by_own[k] / B;
		for (size_t k = 0; k < c; k++)
			ck_assert_double_eq_tol(g[i * c + k], w[i] * gi[k] / B, 1e-14);
	}
	ck_assert_double_eq_tol(value, sum / B, 1e-13 * fmax(1, fabs(value)));
	for (size_t k = 0; k < MOST_OWN; k++)
		ck_assert_double_eq_tol(own[k], own_sum[k], 1e-13);
}
END_TEST

/* ---- single losses ---- */

/* Two visits by hand: t = (1 - b) p, then b t + (1 - b) p; the loss of the second holds that t. */
START_TEST(elr_keeps_a_running_target)
{
	const struct lb_loss *elr = lb_loss_of(lb_loss_find(LB_MULTICLASS, "elr"));
	const struct lb_arg par[] = { { .v = 2 }, { .v = 0.8 } };
	const struct lb_loss_stats stats = { .n_rows = 7, .n_classes = 2 };
	const uint32_t id[] = { 6 };
	const int32_t y[] = { 0 };
	const double p[] = { 0.25, 0.75 }, z[] = { 0, log(3) };
	_Alignas(64) double room[64];
	double g[2], t[2], s = 0;
	struct lb_batch in = { .b = 1, .c = 2, .views = 1, .output = { .value = z, .grad = g, .rows = 1, .cols = 2, .stride = 2 }, .y = y, .row_id = id, .par = par, .stats = &stats,
			       .workspace = room, .scale = 1 };

	in.state = elr->init(par, &stats, NULL);
	ck_assert_ptr_nonnull(in.state);
	lb_loss_update_state(elr, &in);
	lb_loss_update_state(elr, &in);
	for (int k = 0; k < 2; k++) {
		t[k] = 0.8 * 0.2 * p[k] + 0.2 * p[k];
		s += p[k] * t[k];
	}
	ck_assert_double_eq_tol(lb_loss_apply(elr, &in), -log(0.25) + 2 * log(1 - s), 1e-14);
	ck_assert_double_eq_tol(g[0], p[0] - 1 - 2 / (1 - s) * p[0] * (t[0] - s), 1e-14);
	ck_assert_double_eq_tol(g[1], p[1] - 2 / (1 - s) * p[1] * (t[1] - s), 1e-14);
	in.row_id = NULL;
	ck_assert_double_eq_tol(lb_loss_apply(elr, &in), -log(0.25) + 2 * log(1 - 0.2 * 0.625), 1e-14);
	elr->free(in.state);
}
END_TEST

/* Rows at or below k at a refresh count nothing until the next; a batch is still divided by all its
 * rows. */
START_TEST(tgce_pruned_leaves_out_doubtful_rows)
{
	const struct lb_loss *pruned = lb_loss_of(lb_loss_find(LB_MULTICLASS, "tgce_pruned"));
	const struct lb_arg par[] = { { .v = 0.5 }, { .v = 0.3 } };
	const struct lb_loss_stats stats = { .n_rows = 9, .n_classes = 2 };
	const uint32_t id[] = { 8, 2 };
	const int32_t y[] = { 0, 1 };
	const double z[] = { 0, log(3), 0, log(3) }, kept = 2 * (1 - sqrt(0.75)), doubtful = 2 * (1 - sqrt(0.25));
	_Alignas(64) double room[64];
	double g[4];
	struct lb_batch in = { .b = 2, .c = 2, .views = 1, .output = { .value = z, .grad = g, .rows = 2, .cols = 2, .stride = 2 }, .y = y, .row_id = id, .par = par, .stats = &stats,
			       .workspace = room, .scale = 1, .epochs = 20 };

	for (size_t epoch = 0; epoch < 40; epoch++) {
		ck_assert_int_eq(pruned->skips_update(par, epoch, 40), epoch == 29 || epoch == 39);
		ck_assert(epoch > 8 || !pruned->skips_update(par, epoch, epoch + 1));
	}
	in.state = pruned->init(par, &stats, NULL);
	ck_assert_ptr_nonnull(in.state);
	for (in.epoch = 9; in.epoch < 19; in.epoch++)
		lb_loss_update_state(pruned, &in);
	ck_assert_double_eq_tol(lb_loss_apply(pruned, &in), (kept + doubtful) / 2, 1e-14);
	lb_loss_update_state(pruned, &in);
	ck_assert_double_eq_tol(lb_loss_apply(pruned, &in), kept / 2, 1e-14);
	ck_assert(!(fabs(g[0]) > 0) && !(fabs(g[1]) > 0));
	ck_assert_double_eq_tol(g[3], -sqrt(0.75) * 0.25 / 2, 1e-14);
	in.epochs = 0;
	in.output.grad = NULL;
	lb_loss_update_state(pruned, &in);
	ck_assert_double_eq_tol(lb_loss_apply(pruned, &in), kept / 2, 1e-14);
	in.row_id = NULL;
	ck_assert_double_eq_tol(lb_loss_apply(pruned, &in), (kept + doubtful) / 2, 1e-14);
	pruned->free(in.state);
}
END_TEST

/* Lemma 2 of the paper: the share of pairs in the wrong order or tied is at most value / log 2.
 * Over more rows than one tile. */
START_TEST(mw_bounds_the_misordered_pairs)
{
	struct subject s = { .info = lb_loss_find(LB_BINARY, "mw") };
	struct lb_arg par[MOST_PARAMS];
	struct lb_arg_store store = { 0 };
	struct lb_rng rng;
	static double z[400];
	static int32_t y[400];
	double value, wrong = 0, pairs = 0, sum = 0;

	lb_rng_init(&rng, SEED, LB_RNG_TEST, 17);
	ck_assert_int_eq(lb_args_from_text(&s.info->base, "", par, &store, NULL), 0);
	for (int i = 0; i < 400; i++) {
		y[i] = i % 3 == 0;
		z[i] = y[i] + lb_rng_normal(&rng);
	}
	for (int i = 0; i < 400; i++)
		for (int j = 0; j < 400; j++)
			if (y[i] == 1 && y[j] == 0) {
				pairs++;
				wrong += z[i] <= z[j];
				sum += log1p(exp(z[j] - z[i]));
			}
	const struct lb_loss_input in = { .b = 400, .c = 1, .z = z, .y = y, .par = par };
	ck_assert_int_eq(lb_loss_eval(s.info, 64, &in, &value, NULL, NULL), 0);
	ck_assert_double_eq_tol(value, sum / pairs, 1e-13);
	ck_assert_double_le(wrong / pairs, value / log(2));
}
END_TEST

/* Scores whose squares float32 cannot hold, while the value is an ordinary number. */
START_TEST(squares_do_not_overflow)
{
	static const char *const names[] = { "log_spherical", "log_taylor", "z_loss", "stablemax_ce" };
	static const double z[] = { 1e30, 5e29, -1e30, 0, 2e30, 1 };
	static const int32_t y[] = { 1, 0 };

	for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
		const struct lb_loss_info *info = lb_loss_find(LB_MULTICLASS, names[k]);
		struct lb_arg par[MOST_PARAMS];
		struct lb_arg_store store = { 0 };
		double value[2], g[2][6];
		ck_assert_int_eq(lb_args_from_text(&info->base, "", par, &store, NULL), 0);
		const struct lb_loss_input in = { .b = 2, .c = 3, .z = z, .y = y, .par = par };
		for (int p = 0; p < 2; p++)
			ck_assert_int_eq(lb_loss_eval(info, p ? 64 : 32, &in, &value[p], g[p], NULL), 0);
		ck_assert_msg(value[1] > 0 && fabs(value[0] - value[1]) <= 1e-6 * value[1], "%s: %g, in float64 %g", names[k], value[0],
			      value[1]);
		for (size_t j = 0; j < 6; j++)
			ck_assert_double_eq_tol(g[0][j], g[1][j], 1e-6 * fabs(g[1][j]) + 1e-37);
	}
}
END_TEST

/* Weights (2/3, 2/3, 1) become (1, 1, 3/2): a class without rows takes no share of the mean, and
 * weighs as one of a single row. */
START_TEST(class_counts_may_be_zero)
{
	static const double z[3] = { 0 }, counts[] = { 2, 2, 0 };
	const struct lb_loss_info *info = lb_loss_find(LB_MULTICLASS, "class_balanced");
	struct lb_arg par[MOST_PARAMS];
	struct lb_arg_store store = { 0 };
	double value;

	ck_assert_int_eq(lb_args_from_text(&info->base, "beta=0.5", par, &store, NULL), 0);
	for (int32_t y = 0; y < 3; y++) {
		const struct lb_loss_input in = { .b = 1, .c = 3, .z = z, .y = &y, .counts = counts, .par = par };
		ck_assert_int_eq(lb_loss_eval(info, 64, &in, &value, NULL, NULL), 0);
		ck_assert_double_eq_tol(value, (y < 2 ? 1 : 1.5) * log(3), 1e-14);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("every_loss");
	TCase *each = tcase_create("each"), *one = tcase_create("one");
	const int n = (int)lb_loss_count();

	tcase_set_timeout(each, 60);
	tcase_add_loop_test(each, gradients_and_extremes, 0, n);
	tcase_add_loop_test(each, descriptor_is_complete, 0, n);
	tcase_add_loop_test(each, examples_are_true, 0, n);
	tcase_add_loop_test(each, identities_hold, 0, n);
	tcase_add_loop_test(each, order_and_number_of_rows_do_not_matter, 0, n);
	tcase_add_loop_test(each, names_of_classes_do_not_matter, 0, n);
	tcase_add_loop_test(each, nan_in_gives_nan_out, 0, n);
	tcase_add_loop_test(each, precisions_agree, 0, n);
	tcase_add_loop_test(each, driver_keeps_to_its_memory, 0, n);
	tcase_add_loop_test(each, row_weights, 0, n);
	tcase_set_timeout(one, 60);
	tcase_add_loop_test(one, the_check_finds, 0, sizeof wrong / sizeof *wrong);
	tcase_add_test(one, elr_keeps_a_running_target);
	tcase_add_test(one, tgce_pruned_leaves_out_doubtful_rows);
	tcase_add_test(one, mw_bounds_the_misordered_pairs);
	tcase_add_test(one, squares_do_not_overflow);
	tcase_add_test(one, class_counts_may_be_zero);
	suite_add_tcase(s, each);
	suite_add_tcase(s, one);
	return s;
}

LB_SUITE_MAIN("every_loss")
