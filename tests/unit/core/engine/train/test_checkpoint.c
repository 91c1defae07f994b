/* core/train: a training that goes on from a checkpoint ends in the same bytes, whatever its loss
 * and optimiser, also where trials of a cohort are ahead of others; files of other trials, builds
 * or of half their length are not believed. */
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/sha256.h"
#include "core/base/interrupt.h"
#include "losses/loss.h"
#include "tests/unit/core/training.h"

#include <unistd.h>

static struct problem p;
static struct lb_metric_use uses[2];
static char path[4][64];

enum { EPOCHS = 7 };

static void setup(void)
{
	const size_t rows[] = { 47, 20, 15 };

	problem_open(&p, LB_MULTICLASS, rows, 6, 3);
	problem_draw(&p, 3);
	uses[0] = metric_use("log_loss");
	uses[1] = metric_use("accuracy");
	for (int i = 0; i < 4; i++)
		snprintf(path[i], sizeof path[i], "/tmp/lossbench-checkpoint-%d-%ld", i, (long)getpid());
}

static void teardown(void)
{
	for (int i = 0; i < 4; i++)
		unlink(path[i]);
	problem_close(&p);
	args_forget();
	lb_stop_requested = 0;
}

static struct lb_setup kept(struct lb_setup s, int i)
{
	s.checkpoint = path[i];
	s.checkpoint_tag = path[i];
	s.checkpoint_every = 2;
	s.keep_model = true;
	return s;
}

static struct lb_setup setup_of(const char *loss, const char *optimizer_name, const char *set)
{
	struct lb_setup s = with_metrics(with_hidden(trial(&p, loss, "", ""), 5, LB_TANH, 0.3), uses, 2);

	s.optimizer = optimizer(optimizer_name);
	s.optimizer_par = args(s.optimizer, set);
	s.curve[LB_VALID] = true;
	return with_schedule(s, "cosine", "");
}

static size_t stop_at;

static void stop_late(void *arg, size_t i, size_t epoch, double train_loss, const double *valid)
{
	(void)arg, (void)i, (void)train_loss, (void)valid;
	if (epoch == stop_at)
		lb_stop_requested = 1;
}

/* Ends a cohort in epoch `at`, which leaves the checkpoint of the last even epoch before. */
static void stop_cohort(train_fn *train, struct lb_cohort c, size_t at)
{
	struct lb_train_result o[4];

	stop_at = at;
	c.progress = stop_late;
	train_all(train, &c, o);
	for (size_t i = 0; i < c.k; i++)
		lb_train_result_free(&o[i]);
	lb_stop_requested = 0;
}

static void ck_same(const struct lb_train_result *a, const struct lb_train_result *b)
{
	ck_assert_int_eq(a->status, b->status);
	ck_assert_uint_eq(a->epochs, b->epochs);
	ck_assert_uint_eq(a->best_epoch, b->best_epoch);
	ck_assert_uint_eq(a->undefined_epochs, b->undefined_epochs);
	ck_assert_int_eq(a->steps, b->steps);
	ck_assert_uint_eq(a->bad_epoch, b->bad_epoch);
	ck_assert_int_eq(a->bad_step, b->bad_step);
	ck_assert_str_eq(a->cause, b->cause);
	ck_same_numbers(a->loss_curve, b->loss_curve, a->epochs, "training loss");
	ck_same_numbers(a->curve[LB_VALID], b->curve[LB_VALID], 2 * a->epochs, "curve");
	for (int part = 0; part < 3; part++)
		ck_same_numbers(a->metric[part], b->metric[part], 2, "metric");
	if (a->status != LB_TRIAL_OK)
		return;
	ck_same_numbers(a->w, b->w, a->n_params, "parameter");
	ck_same_numbers(a->scores, b->scores, p.split.n[LB_TEST] * p.columns, "score");
}

/* Whole, and stopped in epoch `at`, then resumed. */
static void ck_resumes(train_fn *train, const struct lb_setup *s, size_t at)
{
	struct lb_setup plain = *s;
	struct lb_train_result whole, resumed;

	plain.checkpoint_every = 0;
	unlink(s->checkpoint);
	const struct lb_cohort c = cohort_of(&p, s, 1, EPOCHS, 10);
	whole = train_alone(train, c, &plain);
	stop_cohort(train, c, at);
	resumed = train_alone(train, c, s);
	ck_assert_uint_eq(whole.resumed, 0);
	ck_assert_uint_eq(resumed.resumed, (at - 1) / 2 * 2);
	ck_same(&whole, &resumed);
	lb_train_result_free(&whole);
	lb_train_result_free(&resumed);
}

START_TEST(every_optimiser)
{
	static const char *const optimizers[][2] = { { "sgd", "lr=0.1 momentum=0.9 weight_decay=0.01" }, { "sgd", "lr=0.1 weight_decay=0.01" },
						     { "adam", "lr=0.01" }, { "adamw", "lr=0.01 weight_decay=0.1" } };

	for (size_t i = 0; i < sizeof optimizers / sizeof *optimizers; i++)
		for (int k = 0; k < 2; k++) {
			const struct lb_setup s = kept(setup_of("ce", optimizers[i][0], optimizers[i][1]), 0);
			ck_resumes(precision[k], &s, 3 + 2 * i % 4);
		}
}
END_TEST

static void problem_of(enum lb_kind kind)
{
	const size_t rows[] = { 47, 20, 15 };

	problem_close(&p);
	problem_open(&p, kind == LB_MULTILABEL ? LB_REGRESSION : kind, rows, 6, kind == LB_BINARY ? 2 : 3);
	problem_draw(&p, 3);
	args_forget();
	uses[0] = metric_use(kind == LB_MULTILABEL ? "f1_labels" : "log_loss");
	uses[1] = metric_use(kind == LB_MULTILABEL ? "hamming_loss" : "accuracy");
	if (kind != LB_MULTILABEL)
		return;
	p.data.kind = kind;
	p.data.n_classes = 3;
	for (size_t k = 0; k < p.data.n * 3; k++)
		p.data.target[k] = p.data.target[k] > 1;
}

static void ck_resumes_within_epochs(train_fn *train, const struct lb_setup *s, int rounds);

/* Losses that remember: each says how much, and all of it comes back. */
START_TEST(every_memory)
{
	int found = 0;

	for (size_t i = 0; i < lb_loss_count(); i++) {
		const struct lb_loss_info *info = lb_loss_at(i);
		if (!lb_loss_get_f64(i)->update_state)
			continue;
		ck_assert_msg(lb_loss_get_f64(i)->state_size != NULL, "%s has .update_state and no .state_size", info->base.name);
		if (info->kind != LB_MULTICLASS && info->kind != LB_BINARY && info->kind != LB_MULTILABEL)
			continue;
		problem_of(info->kind);
		for (int k = 0; k < 2; k++) {
			const struct lb_setup s = kept(setup_of(info->base.name, "sgd", "lr=0.1"), 0);
			ck_resumes(precision[k], &s, 5);
		}
		found++;
	}
	ck_assert_int_ge(found, 5);
}
END_TEST

/* Of each procedure all comes back too, at ends of epochs and within them: second models, averages,
 * draws. */
START_TEST(every_procedure)
{
	const struct lb_info *info;

	problem_divide(&p, 3);
	for (size_t i = 0; (info = lb_procedures_f64[i]); i++)
		for (int k = 0; k < 2; k++) {
			const struct lb_procedure_use use = { info, args(info, soon(info->name)) };
			struct lb_setup s = kept(setup_of("ce", k ? "adam" : "sgd", k ? "" : "lr=0.1 momentum=0.9"), 0);
			s.procedure = &use;
			s.n_procedures = 1;
			s.stop = (struct lb_early_stopping){ .on = i % 2 == 0, .metric = 0, .patience = 6 };
			ck_resumes(precision[k], &s, 5);
			s.checkpoint_every = 0;
			ck_resumes_within_epochs(precision[k], &s, 3);
			args_forget();
		}
}
END_TEST

START_TEST(early_stopping)
{
	struct lb_setup s = kept(setup_of("ce", "sgd", "lr=3"), 0);

	s.stop = (struct lb_early_stopping){ .on = true, .metric = 0, .patience = 3 };
	for (size_t at = 3; at < EPOCHS; at += 2)
		ck_resumes(lb_train_f64, &s, at);
}
END_TEST

static int undefined(const struct lb_metric_inputs *o, const struct lb_arg *par, double *value, struct lb_err *ignored)
{
	(void)o;
	(void)par;
	(void)ignored;
	*value = (double)NAN;
	return 0;
}

/* The epochs before the interruption count too. */
START_TEST(early_stopping_by_what_is_undefined)
{
	static const struct lb_metric metric = { .base = { .name = "undefined", .tasks = 1 << LB_MULTICLASS }, .eval = undefined };
	struct lb_setup s = kept(setup_of("ce", "sgd", "lr=0.1"), 0);

	uses[0] = (struct lb_metric_use){ .metric = &metric, .key = "undefined" };
	s.stop = (struct lb_early_stopping){ .on = true, .metric = 0, .patience = 3 };
	const struct lb_cohort c = cohort_of(&p, &s, 1, EPOCHS, 10);
	unlink(s.checkpoint);
	struct lb_train_result o = train_alone(lb_train_f64, c, &s);
	ck_assert_uint_eq(o.undefined_epochs, EPOCHS);
	lb_train_result_free(&o);
	ck_resumes(lb_train_f64, &s, 5);
}
END_TEST

/* Two of four go on from epoch 2, one from epoch 4, one from the beginning. */
START_TEST(trials_that_are_ahead)
{
	struct lb_setup s[4] = { kept(setup_of("ce", "sgd", "lr=0.1 momentum=0.9"), 0), kept(setup_of("elr", "adam", ""), 1),
				 kept(setup_of("gce", "sgd", "lr=1"), 2), kept(setup_of("mae", "adamw", ""), 3) };
	struct lb_train_result whole[4], resumed[4];
	struct lb_cohort c = cohort_of(&p, s, 4, EPOCHS, 10);

	for (int i = 0; i < 4; i++) {
		struct lb_setup plain = s[i];
		plain.checkpoint_every = 0;
		whole[i] = train_alone(lb_train_f32, c, &plain);
	}
	c.k = 2;
	stop_cohort(lb_train_f32, c, 3);
	c.trial = s + 2;
	c.k = 1;
	stop_cohort(lb_train_f32, c, 5);
	c.trial = s;
	c.k = 4;
	train_all(lb_train_f32, &c, resumed);
	for (int i = 0; i < 4; i++) {
		ck_assert_uint_eq(resumed[i].resumed, i < 2 ? 2 : i == 2 ? 4 : 0);
		ck_same(&whole[i], &resumed[i]);
		lb_train_result_free(&whole[i]);
		lb_train_result_free(&resumed[i]);
	}
}
END_TEST

/* A trial that diverged before its companions ended is not trained again. */
START_TEST(a_divergence_is_kept)
{
	struct lb_setup s = kept(setup_of("ce", "sgd", "lr=0.1"), 0);
	struct lb_cohort c = cohort_of(&p, &s, 1, EPOCHS, 10);

	x_of(&p)[3] = (double)INFINITY;
	struct lb_train_result first = train_alone(lb_train_f64, c, &s);
	struct lb_train_result again = train_alone(lb_train_f64, c, &s);
	ck_assert_int_eq(first.status, LB_TRIAL_DIVERGED);
	ck_same(&first, &again);
	lb_train_result_free(&first);
	lb_train_result_free(&again);
}
END_TEST

static void damage(size_t at, bool cut)
{
	FILE *f = fopen(path[0], "r+");

	ck_assert_ptr_nonnull(f);
	if (cut)
		ck_assert_int_eq(ftruncate(fileno(f), (off_t)at), 0);
	else {
		fseek(f, (long)at, SEEK_SET);
		fputc('#', f);
	}
	fclose(f);
}

START_TEST(damaged_files_are_not_believed)
{
	const struct lb_setup s = kept(setup_of("ce", "adam", ""), 0);
	const struct lb_cohort c = cohort_of(&p, &s, 1, EPOCHS, 10);
	struct lb_setup other = s;
	struct lb_train_result whole, o;

	stop_cohort(lb_train_f64, c, 5);
	whole = train_alone(lb_train_f64, c, &s);
	ck_assert_uint_eq(whole.resumed, 4);
	for (int k = 0; k < 4; k++) {
		unlink(path[0]);
		stop_cohort(lb_train_f64, c, 5);
		if (k < 3)
			damage(k == 0 ? 40 : k == 1 ? 900 : 700, k == 2);
		other.checkpoint_tag = k == 3 ? "another build" : s.checkpoint_tag;
		o = train_alone(lb_train_f64, c, &other);
		ck_assert_uint_eq(o.resumed, 0);
		ck_same(&whole, &o);
		lb_train_result_free(&o);
	}
	lb_train_result_free(&whole);
}
END_TEST

/* Kept within epochs: each round keeps the state after its first step at least, and the next goes
 * on from there. */
static void ck_resumes_within_epochs(train_fn *train, const struct lb_setup *s, int rounds)
{
	struct lb_setup plain = *s;
	struct lb_cohort c = cohort_of(&p, s, 1, EPOCHS, 10);

	plain.checkpoint = NULL;
	unlink(s->checkpoint);
	struct lb_train_result whole = train_alone(train, c, &plain);
	for (int i = 0; i < rounds; i++) {
		c.keep_seconds = 1e-9;
		stop_cohort(train, c, EPOCHS - 1);
		ck_assert_msg(!access(s->checkpoint, R_OK), "round %d left no checkpoint", i);
	}
	c.keep_seconds = 0;
	struct lb_train_result resumed = train_alone(train, c, s);
	ck_same(&whole, &resumed);
	lb_train_result_free(&whole);
	lb_train_result_free(&resumed);
}

START_TEST(within_epochs)
{
	static const char *const optimizers[][2] = { { "sgd", "lr=0.1 momentum=0.9 weight_decay=0.01" }, { "adamw", "lr=0.01 weight_decay=0.1" } };

	for (int rounds = 1; rounds <= 12; rounds += rounds < 4 ? 1 : 4)
		for (int k = 0; k < 2; k++) {
			struct lb_setup s = kept(setup_of(k ? "aldr_kl" : "elr", optimizers[k][0], optimizers[k][1]), 0);
			s.checkpoint_every = 0;
			s.stop = (struct lb_early_stopping){ .on = k == 1, .metric = 0, .patience = 3 };
			ck_resumes_within_epochs(precision[k], &s, rounds);
		}
}
END_TEST

struct ends {
	const struct lb_train_result *out;
	size_t epoch, n, at[4];
	enum lb_status status[4];
};

static struct ends ends;

static void note_epoch(void *arg, size_t i, size_t epoch, double train_loss, const double *valid)
{
	(void)arg, (void)i, (void)train_loss, (void)valid;
	ends.epoch = epoch;
}

static int note_end(void *arg, size_t i, struct lb_err *ignored)
{
	(void)arg, (void)ignored;
	ck_assert_uint_lt(ends.n++, 4);
	ends.at[i] = ends.epoch;
	ends.status[i] = ends.out[i].status;
	return ends.out[i].status != LB_TRIAL_OK || ends.out[i].metric[LB_TEST] ? 0 : -1;
}

/* Those that stop early or diverge are told while the others train, with all that their records
 * need. */
START_TEST(each_is_told_when_it_ends)
{
	struct lb_setup s[3] = { setup_of("ce", "sgd", "lr=0.1"), setup_of("ce", "sgd", "lr=3"), setup_of("ce", "sgd", "lr=0.1") };
	double weight[82] = { [3] = (double)INFINITY };
	struct lb_train_result alone[3], o[3] = { 0 };
	struct lb_cohort c = cohort_of(&p, s, 3, 30, 10);

	s[1].stop = (struct lb_early_stopping){ .on = true, .metric = 0, .patience = 2 };
	s[2].row_weight = weight;
	for (int i = 0; i < 3; i++)
		alone[i] = train_alone(lb_train_f64, c, &s[i]);
	ends = (struct ends){ .out = o };
	c.progress = note_epoch;
	c.ended = note_end;
	train_all(lb_train_f64, &c, o);
	ck_assert_uint_eq(ends.n, 3);
	ck_assert_uint_eq(ends.at[0], 30);
	ck_assert_uint_lt(ends.at[1], 30);
	ck_assert_uint_eq(ends.at[1], o[1].epochs);
	ck_assert_uint_lt(ends.at[2], ends.at[1]);
	ck_assert_int_eq(ends.status[2], LB_TRIAL_DIVERGED);
	for (int i = 0; i < 3; i++) {
		ck_same(&alone[i], &o[i]);
		lb_train_result_free(&alone[i]);
		lb_train_result_free(&o[i]);
	}
}
END_TEST

static void put_file(const char *text, size_t n)
{
	FILE *f = fopen(path[0], "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(text, 1, n, f), n);
	fclose(f);
}

/* Files with a right checksum and absurd values, one at a time at every place, are refused or
 * trained from; nothing is read or written past an array (under AddressSanitizer). */
START_TEST(absurd_values)
{
	static const uint64_t absurd[] = { 0, 7, 1u << 20, (uint64_t)1 << 40, UINT64_MAX, (uint64_t)1 << 63, 0x7FF0000000000000u };
	enum { HEAD = 23, SUM = 64 };
	const struct lb_setup s = kept(setup_of("elr", "adam", ""), 0);
	struct lb_cohort c = cohort_of(&p, &s, 1, EPOCHS, 10);
	size_t n, refused = 0, taken = 0;
	struct lb_setup quiet = s;

	lb_log_quiet(true);
	quiet.checkpoint_every = 0;
	stop_cohort(lb_train_f64, c, 5);
	char *text = lb_read_file(path[0], 1 << 20, &n, LB_DATA, &err);
	ck_assert_ptr_nonnull(text);
	for (size_t at = HEAD + SUM; at + 8 <= n; at += at < HEAD + SUM + 400 ? 1 : 64)
		for (size_t k = 0; k < sizeof absurd / sizeof *absurd; k++) {
			char *copy = malloc(n), hex[65];
			ck_assert_ptr_nonnull(copy);
			memcpy(copy, text, n);
			memcpy(copy + at, &absurd[k], sizeof absurd[k]);
			lb_sha256_hex(copy + HEAD + SUM, n - HEAD - SUM, hex);
			memcpy(copy + HEAD, hex, SUM);
			put_file(copy, n);
			struct lb_train_result o = train_alone(lb_train_f64, c, &quiet);
			ck_assert(o.status == LB_TRIAL_OK || o.status == LB_TRIAL_DIVERGED);
			ck_assert_uint_le(o.epochs, EPOCHS);
			*(o.resumed ? &taken : &refused) += 1;
			lb_train_result_free(&o);
			free(copy);
		}
	ck_assert_uint_gt(refused, 300);
	ck_assert_uint_gt(taken, 100);
	free(text);
	lb_log_quiet(false);
}
END_TEST

/* ---- where a divergence began ---- */

START_TEST(the_layer_is_named)
{
	const size_t rows[] = { 20, 5, 5 };
	static struct lb_arg par[16];

	problem_close(&p);
	problem_open(&p, LB_REGRESSION, rows, 6, 1);
	problem_draw(&p, 3);
	uses[0] = metric_use("rmse");
	struct lb_setup s = with_metrics(with_hidden(trial(&p, "mse", "", ""), 4, LB_TANH, 0), uses, 1);
	memcpy(par, s.optimizer_par, (size_t)s.optimizer->n_params * sizeof *par);
	par[0].v = 1e9;
	s.optimizer_par = par;
	struct lb_train_result o = train_alone(lb_train_f32, cohort_of(&p, &s, 1, 50, 20), &s);
	ck_assert_int_eq(o.status, LB_TRIAL_DIVERGED);
	ck_assert_msg(strstr(o.cause, "; gradient norm ") && strstr(o.cause, " in layer ") && strstr(o.cause, " at step "), "%s", o.cause);
	lb_train_result_free(&o);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("checkpoint");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_at_least(t, 60);
	tcase_add_test(t, every_optimiser);
	tcase_add_test(t, every_memory);
	tcase_add_test(t, every_procedure);
	tcase_add_test(t, early_stopping);
	tcase_add_test(t, early_stopping_by_what_is_undefined);
	tcase_add_test(t, trials_that_are_ahead);
	tcase_add_test(t, a_divergence_is_kept);
	tcase_add_test(t, damaged_files_are_not_believed);
	tcase_add_test(t, within_epochs);
	tcase_add_test(t, each_is_told_when_it_ends);
	tcase_add_test(t, absurd_values);
	tcase_add_test(t, the_layer_is_named);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("checkpoint")
