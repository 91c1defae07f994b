/* A checkpoint from a stranger: a whole one of a small training with changes anywhere, and a right
 * checksum. What it says is refused, or the training goes on from it.
 *
 * The input: a byte whose lowest bit says whether what follows is the file's body as it is, or
 * changes to the whole one: each two bytes of place and eight that go there; the next bit, whether
 * the body is cut short at the last place. */
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/sha256.h"
#include "core/base/interrupt.h"
#include "core/training/optim_params.h"
#include "core/training/train.h"
#include "losses/eval.h"
#include "tests/fuzz/fuzz.h"

enum { ROWS = 24, D = 2, CLASSES = 3, EPOCHS = 4, SUM = 64 };

static double x[ROWS * D], scale[D] = { 1, 1 }, shift[D], fill[D];
static int32_t y[ROWS];
static uint32_t row[ROWS];
static struct lb_dataset data = { .kind = LB_MULTICLASS, .n = ROWS, .n_first = ROWS, .x = { .dtype = LB_F64, .n = ROWS, .d = D, .x = x },
				  .y = y, .n_classes = CLASSES };
static const struct lb_encoding features = { .data = &data, .d = D, .scale = scale, .shift = shift, .fill = fill };
static const struct lb_split split = { .n = { 12, 6, 6 }, .rows = { row, row + 12, row + 18 } };
static struct lb_arg loss_par[16], optimizer_par[16], schedule_par[16], metric_par[16];
static struct lb_metric_use metric;
static struct lb_setup setup;
static char *whole, path[64];
static size_t whole_n, head;

static const struct lb_info *adam(void)
{
	return lb_info_find(lb_optimizers_f64, "adam");
}

static void defaults(const struct lb_info *info, struct lb_arg *par)
{
	static struct lb_arg_store store;
	struct lb_err err = { 0 };

	FUZZ_CHECK(!lb_args_from_text(info, "", par, &store, &err));
}

static int train(const struct lb_setup *s, struct lb_train_result *o, void (*progress)(void *, size_t, size_t, double, const double *),
		 struct lb_err *err)
{
	const struct lb_cohort c = { .features = &features, .split = &split, .kind = LB_MULTICLASS, .epochs = EPOCHS, .batch = 5, .order_seed = 1,
				     .shuffle = true, .trial = s, .k = 1, .progress = progress };

	return lb_train_f64(&c, o, err);
}

static void stop_late(void *arg, size_t i, size_t epoch, double train_loss, const double *valid)
{
	(void)arg, (void)i, (void)train_loss, (void)valid;
	lb_stop_requested = epoch == 3;
}

static void forget(void)
{
	unlink(path);
	free(whole);
}

/* The problem, and the checkpoint of its second epoch. */
static void make_whole(void)
{
	const struct lb_loss_info *loss = lb_loss_find(LB_MULTICLASS, "elr");
	struct lb_train_result o;
	struct lb_err err = { 0 };

	lb_log_quiet(true);
	for (size_t i = 0; i < ROWS; i++) {
		row[i] = (uint32_t)i;
		y[i] = (int32_t)(i % CLASSES);
		for (size_t j = 0; j < D; j++)
			x[i * D + j] = (double)((i * 7 + j * 3) % 11) - 5;
	}
	metric = (struct lb_metric_use){ .metric = lb_metric_find("log_loss"), .par = metric_par, .key = "log_loss" };
	defaults(&loss->base, loss_par);
	defaults(adam(), optimizer_par);
	defaults(&lb_schedule_constant.base, schedule_par);
	snprintf(path, sizeof path, "/tmp/lb-fuzz-checkpoint-%ld", (long)getpid());
	setup = (struct lb_setup){ .loss = loss, .loss_par = loss_par, .model = { .n_layers = 2, .width = { D, 4, CLASSES }, .activation = LB_TANH, .seed = 1 },
				   .optimizer = adam(), .optimizer_par = optimizer_par, .schedule = &lb_schedule_constant, .schedule_par = schedule_par,
				   .y = y, .metric = &metric, .n_metrics = 1, .curve = { [LB_VALID] = true }, .keep_scores = true, .keep_model = true,
				   .stop = { .on = true, .metric = 0, .patience = 3 }, .checkpoint = path, .checkpoint_tag = "fuzz", .checkpoint_every = 2 };
	FUZZ_CHECK(!train(&setup, &o, stop_late, &err));
	lb_train_result_free(&o);
	lb_stop_requested = 0;
	whole = lb_read_file(path, 1 << 20, &whole_n, LB_DATA, &err);
	FUZZ_CHECK(whole);
	atexit(forget);
	head = (size_t)(strchr(whole, '\n') + 1 - whole) + SUM;
	setup.checkpoint_every = 0;
}

static void put(const char *body, size_t n)
{
	FILE *f = fopen(path, "w");
	char hex[65];

	FUZZ_CHECK(f);
	lb_sha256_hex(body, n, hex);
	FUZZ_CHECK(fwrite(whole, 1, head - SUM, f) == head - SUM && fwrite(hex, 1, SUM, f) == SUM && fwrite(body, 1, n, f) == n);
	FUZZ_CHECK(!fclose(f));
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t n)
{
	struct lb_err err = { 0 };
	struct lb_train_result o;

	if (!whole)
		make_whole();
	size_t body_n = whole_n - head;
	char *body = malloc((body_n > n ? body_n : n) + 8);
	FUZZ_CHECK(body);
	memcpy(body, whole + head, body_n);
	if (n && input[0] & 1) {
		memcpy(body, input + 1, n - 1);
		body_n = n - 1;
	} else
		for (size_t at = 1; at + 10 <= n; at += 10) {
			const size_t place = (input[at] | (size_t)input[at + 1] << 8) % body_n;
			memcpy(body + place, input + at + 2, 8);
			if (input[0] & 2 && at + 20 > n)
				body_n = place;
		}
	put(body, body_n);
	free(body);
	FUZZ_CHECK(!train(&setup, &o, NULL, &err));
	FUZZ_CHECK(o.status == LB_TRIAL_OK || o.status == LB_TRIAL_DIVERGED);
	FUZZ_CHECK(o.epochs <= EPOCHS && o.resumed < EPOCHS && o.steps <= EPOCHS * 3);
	lb_train_result_free(&o);
	return 0;
}
