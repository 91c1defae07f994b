#include "core/engine/train/checkpoint.h"

#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/sha256.h"
#include "core/base/text.h"

#include <stdlib.h>
#include <string.h>

/* A file is a line that says what it is, the checksum of what follows the checksum, what tells this
 * trial from others, and the blocks that were registered, each with its name and size. */
static const char magic[] = "lossbench-checkpoint/3\n";
enum { MAGIC = sizeof magic - 1, HEAD = MAGIC + 64 };

static void put(struct lb_buf *b, const void *v, size_t n)
{
	lb_buf_add(b, v, n);
}

static void put_text(struct lb_buf *b, const char *text)
{
	const size_t n = strlen(text);

	put(b, &n, sizeof n);
	put(b, text, n);
}

static void put_state(struct lb_buf *b, const struct lb_learner *l)
{
	const size_t precision = sizeof(real);

	put_text(b, l->setup->checkpoint_tag);
	put(b, &precision, sizeof precision);
	for (size_t i = 0; i < l->state.n; i++) {
		const struct lb_block *block = &l->state.block[i];
		put_text(b, block->name);
		put(b, &block->size, sizeof block->size);
		put(b, block->at, block->size);
	}
}

int lb_checkpoint_save(const struct lb_learner *l, struct lb_err *err)
{
	struct lb_buf b = { 0 };
	char blank[65], hex[65];
	int rc = -1;

	memset(blank, '0', 64);
	put(&b, magic, MAGIC);
	put(&b, blank, 64);
	put_state(&b, l);
	if (b.bad)
		lb_fail_memory(err, b.n);
	else {
		lb_sha256_hex(b.s + HEAD, b.n - HEAD, hex);
		memcpy(b.s + MAGIC, hex, 64);
		rc = lb_write_file(l->setup->checkpoint, b.s, b.n, err);
	}
	lb_buf_free(&b);
	return rc;
}

/* What is left to read of a file. */
struct reader {
	const char *at;
	size_t left;
	bool bad;                /* something was not as it should be; nothing more is read */
};

/* Returns the next n bytes, or NULL. */
static const char *take(struct reader *r, size_t n)
{
	const char *at = r->at;

	r->bad = r->bad || n > r->left;
	if (r->bad)
		return NULL;
	r->at += n;
	r->left -= n;
	return at;
}

/* The next bytes have to be those that the trial has. */
static void take_same(struct reader *r, const void *have, size_t n)
{
	const char *found = take(r, n);

	r->bad = r->bad || (n && memcmp(found, have, n));
}

static void take_text(struct reader *r, const char *text)
{
	const size_t n = strlen(text);

	take_same(r, &n, sizeof n);
	take_same(r, text, n);
}

/* Returns the bytes of the next block, which has to be this one. Sizes are those of the trial
 * itself, so nothing in a file says how much is read or where to. */
static const char *take_block(struct reader *r, const struct lb_block *block)
{
	take_text(r, block->name);
	take_same(r, &block->size, sizeof block->size);
	return take(r, block->size);
}

static bool is_duration(double seconds)
{
	return seconds >= 0 && seconds < 1e12;
}

/* Whether a training of this trial can have left these values: a right checksum does not say who
 * wrote the file. */
static bool possible(const struct lb_reached *v, const struct lb_learner *l, const struct lb_cohort *c)
{
	const int64_t total = lb_cohort_steps_before(c, c->epochs);
	const uint64_t epochs = v->step > 0 ? (uint64_t)lb_cohort_epoch_of(c, v->step) : 0;

	return v->step > 0 && v->step < total && v->best_epoch <= epochs && v->undefined_epochs <= epochs && v->steepest_step >= 0 &&
	       v->steepest_step <= v->step && v->steepest_layer < l->model.net->spec.n_layers + (l->model.n_loss_params > 0) &&
	       is_duration(v->train_seconds) && is_duration(v->evaluate_seconds);
}

/* Whether the file is whole and of this trial, with a progress that it can have. The blocks begin
 * at *blocks. */
static bool belongs(struct reader r, const struct lb_learner *l, const struct lb_cohort *c, struct reader *blocks)
{
	const char *head = take(&r, HEAD), *progress = NULL;
	const size_t precision = sizeof(real);
	struct lb_reached v;
	char hex[65];

	if (!head || memcmp(head, magic, MAGIC))
		return false;
	lb_sha256_hex(r.at, r.left, hex);
	if (memcmp(head + MAGIC, hex, 64))
		return false;
	take_text(&r, l->setup->checkpoint_tag);
	take_same(&r, &precision, sizeof precision);
	*blocks = r;
	for (size_t i = 0; i < l->state.n; i++) {
		const char *bytes = take_block(&r, &l->state.block[i]);
		progress = i ? progress : bytes;
	}
	if (r.bad || r.left || !progress)
		return false;
	memcpy(&v, progress, sizeof v);
	return possible(&v, l, c);
}

int lb_checkpoint_load(struct lb_learner *l, const struct lb_cohort *c, struct lb_err *err)
{
	const char *path = l->setup->checkpoint;
	struct reader blocks = { 0 };
	size_t n = 0;
	char *text = lb_file_exists(path) ? lb_read_file(path, (size_t)1 << 40, &n, LB_MACHINE, err) : NULL;

	if (!text)
		return lb_file_exists(path) ? -1 : 0;
	const bool fits = belongs((struct reader){ .at = text, .left = n }, l, c, &blocks);
	for (size_t i = 0; fits && i < l->state.n; i++) {
		const struct lb_block *block = &l->state.block[i];
		const char *bytes = take_block(&blocks, block);
		if (block->size)
			memcpy(block->at, bytes, block->size);
	}
	if (fits)
		l->start = l->progress.step;
	else
		lb_warn("%s: is not a whole checkpoint of this trial by this lossbench on this processor; the trial begins anew", path);
	free(text);
	return fits;
}
