#include "datasets/sampling/held_out_classes.h"

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/numeric/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The streams of the seed: which classes, which of their rows. */
enum { STREAM_CLASSES, STREAM_ROWS };

bool lb_holds_out(const struct lb_split_options *o)
{
	return o->held_out || o->n_held_out;
}

/* held[c] <- true for the classes of these names. */
static int hold_named(const struct lb_dataset *d, const struct lb_split_options *o, bool *held, struct lb_err *err)
{
	for (size_t i = 0; i < o->n_held_out; i++) {
		size_t c = 0;
		while (c < d->n_classes && strcmp(d->class_name[c], o->held_out_name[i]))
			c++;
		if (c == d->n_classes)
			return lb_fail(err, LB_CONFIG, "data.split.hold_out_classes: found '%s', allowed: classes of the data, such as '%s'", o->held_out_name[i],
				       d->class_name[0]);
		if (held[c])
			return lb_fail(err, LB_CONFIG, "data.split.hold_out_classes: '%s' stands twice; keep one", d->class_name[c]);
		held[c] = true;
	}
	return 0;
}

/* held[c] <- true for as many classes, drawn by the seed. */
static int hold_drawn(const struct lb_dataset *d, const struct lb_split_options *o, bool *held, struct lb_err *err)
{
	uint32_t *order = lb_alloc(d->n_classes, sizeof *order, err);
	struct lb_rng r;

	if (!order)
		return -1;
	for (size_t c = 0; c < d->n_classes; c++)
		order[c] = (uint32_t)c;
	lb_rng_init(&r, o->seed, LB_RNG_HELD_OUT, STREAM_CLASSES);
	lb_rng_shuffle(&r, order, d->n_classes);
	for (size_t i = 0; i < o->held_out; i++)
		held[order[i]] = true;
	free(order);
	return 0;
}

int lb_held_out_check(const struct lb_dataset *d, const struct lb_split_options *o, struct lb_err *err)
{
	const size_t n = o->n_held_out ? o->n_held_out : o->held_out;

	if (!d->y)
		return lb_fail(err, LB_CONFIG, "data.split.hold_out_classes: task %s has no classes; leave it out", lb_kind_name(d->kind));
	if (n + 2 > d->n_classes)
		return lb_fail(err, LB_CONFIG, "data.split.hold_out_classes: found %zu class%s of %zu, allowed: at least 2 classes are left for training", n, n == 1 ? "" : "es",
			       d->n_classes);
	if (!(o->valid + o->test > 0))
		return lb_fail(err, LB_CONFIG, "data.split.hold_out_classes: valid and test are both 0; give data.split.test a share of the rows of these classes");
	return 0;
}

/* rows <- those of a class, in random order; returns their number. */
static size_t rows_of(const struct lb_dataset *d, size_t c, struct lb_rng *r, uint32_t *rows)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++)
		if ((size_t)d->y[i] == c)
			rows[n++] = (uint32_t)i;
	lb_rng_shuffle(r, rows, n);
	return n;
}

int lb_split_classes(const struct lb_dataset *d, const struct lb_split_options *o, uint8_t *part, struct lb_err *err)
{
	bool *held = lb_alloc(d->n_classes, sizeof *held, err);
	uint32_t *rows = lb_alloc(d->n, sizeof *rows, err);
	struct lb_rng r;
	double due = 0;
	const int rc = !held || !rows ? -1 : o->n_held_out ? hold_named(d, o, held, err) : hold_drawn(d, o, held, err);

	lb_rng_init(&r, o->seed, LB_RNG_HELD_OUT, STREAM_ROWS);
	for (size_t i = 0; !rc && i < d->n; i++)
		part[i] = LB_TRAIN;
	for (size_t c = 0; !rc && c < d->n_classes; c++) {
		if (!held[c])
			continue;
		const size_t n = rows_of(d, c, &r, rows);
		due += (double)n * o->valid / (o->valid + o->test);
		const size_t valid = (size_t)fmax(0, fmin((double)n, floor(due + 0.5)));
		due -= (double)valid;
		for (size_t i = 0; i < n; i++)
			part[rows[i]] = i < valid ? LB_VALID : LB_TEST;
	}
	free(held);
	free(rows);
	return rc;
}
