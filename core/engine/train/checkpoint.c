#include "core/engine/train/checkpoint.h"

#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/sha256.h"
#include "core/base/text.h"

#include <stdlib.h>
#include <string.h>

/* A file is a line that says what it is, the checksum of what follows the checksum, and what tells this
 * trial from others, the values that are no arrays, and the arrays. */
static const char magic[] = "lossbench-checkpoint/2\n";
enum { MAGIC = sizeof magic - 1, HEAD = MAGIC + 64 };

/* One pass over the values: out of the trial, or into it when `in` is set, or only their bytes counted in n. */
struct pass {
	struct lb_buf out;
	const char *in;
	size_t n, at;
	bool count, bad;
};

static void bytes(struct pass *p, void *v, size_t n)
{
	if (p->count) {
		p->n += n;
		return;
	}
	if (!p->in) {
		lb_buf_add(&p->out, v, n);
		return;
	}
	p->bad = p->bad || n > p->n - p->at;
	if (p->bad || !n)
		return;
	memcpy(v, p->in + p->at, n);
	p->at += n;
}

/* A size that the trial itself has: into it only when it is the same. */
static void same(struct pass *p, size_t have)
{
	size_t found = have;

	bytes(p, &found, sizeof found);
	p->bad = p->bad || found != have;
}

static void same_text(struct pass *p, const char *have)
{
	const size_t n = strlen(have);

	same(p, n);
	if (!p->in)
		lb_buf_add(&p->out, have, n);
	else if (!p->bad && !(p->bad = n > p->n - p->at || memcmp(p->in + p->at, have, n)))
		p->at += n;
}

static size_t state_size(const struct lb_learner *l)
{
	return l->loss_state && l->loss->state_size ? l->loss->state_size(l->setup->loss_par, &l->facts) : 0;
}

/* What tells this trial from others, down to the sizes of everything below. */
static void identity(struct pass *p, const struct lb_learner *l, const struct lb_cohort *c)
{
	same_text(p, l->setup->checkpoint_tag);
	same(p, sizeof(real));
	same(p, l->n_params);
	same(p, (size_t)l->optim->slots);
	same(p, l->best != NULL);
	same(p, state_size(l));
	same(p, l->lazy ? c->features->d : 0);
	same(p, l->setup->n_metrics);
	same(p, c->epochs);
	for (int part = 0; part < 3; part++)
		same(p, l->setup->curve[part] ? c->split->n[part] : 0);
}

/* The values that are not arrays. */
struct scalars {
	int64_t step;
	double loss_sum, decayed, best_value, strain_norm, train_seconds, evaluate_seconds;
	uint64_t best_epoch, strain_place, undefined_epochs;
	int64_t strain_step;
};

static struct scalars scalars_of(const struct lb_learner *l, const struct lb_outcome *o, int64_t step)
{
	return (struct scalars){ .step = step, .loss_sum = l->loss_sum, .decayed = l->decayed, .best_value = l->best_value,
				 .best_epoch = l->best_epoch, .strain_step = l->strain_step, .strain_place = l->strain_place,
				 .strain_norm = l->strain_norm, .train_seconds = o->train_seconds, .evaluate_seconds = o->evaluate_seconds,
				 .undefined_epochs = o->undefined_epochs };
}

static bool is_duration(double seconds)
{
	return seconds >= 0 && seconds < 1e12;
}

/* Whether a training of this trial can have left these values: a right checksum does not say who wrote the file. */
static bool possible(const struct scalars *v, const struct lb_learner *l, const struct lb_cohort *c)
{
	const int64_t an_epoch = lb_checkpoint_steps(c), total = an_epoch * (int64_t)c->epochs;
	const uint64_t epochs = v->step > 0 ? (uint64_t)(v->step / an_epoch) : 0;

	return v->step > 0 && v->step < total && v->best_epoch <= epochs && v->undefined_epochs <= epochs && v->strain_step >= 0 &&
	       v->strain_step <= v->step && v->strain_place < l->net->spec.n_layers + (l->n_own > 0) && is_duration(v->train_seconds) &&
	       is_duration(v->evaluate_seconds);
}

static void put_scalars(const struct scalars *v, struct lb_learner *l, struct lb_outcome *o, const struct lb_cohort *c)
{
	l->loss_sum = v->loss_sum;
	l->decayed = v->decayed;
	l->best_value = v->best_value;
	l->best_epoch = (size_t)v->best_epoch;
	l->strain_step = v->strain_step;
	l->strain_place = (size_t)v->strain_place;
	l->strain_norm = v->strain_norm;
	o->train_seconds = v->train_seconds;
	o->evaluate_seconds = v->evaluate_seconds;
	o->undefined_epochs = (size_t)v->undefined_epochs;
	o->steps = v->step;
	o->epochs = (size_t)(v->step / lb_checkpoint_steps(c));
}

/* Sizes are those of the trial itself, so nothing in a file says how much is read or where to. */
static void arrays(struct pass *p, struct lb_learner *l, const struct lb_cohort *c, struct lb_outcome *o)
{
	const size_t size = l->n_params * sizeof(real);

	bytes(p, l->w, size);
	for (int i = 0; i < l->optim->slots; i++)
		bytes(p, l->slot[i], size);
	if (l->best)
		bytes(p, l->best, size);
	if (l->lazy)
		bytes(p, l->decay_seen, c->features->d * sizeof *l->decay_seen);
	bytes(p, l->loss_state, state_size(l));
	bytes(p, o->loss_curve, c->epochs * sizeof *o->loss_curve);
	for (int part = 0; part < 3; part++)
		if (o->curve[part])
			bytes(p, o->curve[part], c->epochs * l->setup->n_metrics * sizeof(double));
}

int64_t lb_checkpoint_steps(const struct lb_cohort *c)
{
	return (int64_t)((c->split->n[LB_TRAIN] + c->batch - 1) / c->batch);
}

int lb_checkpoint_save(const struct lb_learner *l, const struct lb_cohort *c, const struct lb_outcome *o, int64_t step,
			  struct lb_err *err)
{
	struct lb_learner learner = *l;
	struct lb_outcome outcome = *o;
	struct scalars v = scalars_of(l, o, step);
	struct pass p = { 0 };
	char blank[65], hex[65] = "";
	int rc = -1;

	memset(blank, '0', 64);
	lb_buf_add(&p.out, magic, MAGIC);
	lb_buf_add(&p.out, blank, 64);
	identity(&p, l, c);
	bytes(&p, &v, sizeof v);
	arrays(&p, &learner, c, &outcome);
	if (p.out.bad)
		lb_fail_memory(err, p.out.n);
	else if (!lb_sha256_hex(p.out.s + HEAD, p.out.n - HEAD, hex, err)) {
		memcpy(p.out.s + MAGIC, hex, 64);
		rc = lb_write_file(l->setup->checkpoint, p.out.s, p.out.n, err);
	}
	lb_buf_free(&p.out);
	return rc;
}

/* The bytes that the arrays of this trial fill. */
static size_t arrays_size(struct lb_learner *l, const struct lb_cohort *c, struct lb_outcome *o)
{
	struct pass p = { .count = true };

	arrays(&p, l, c, o);
	return p.n;
}

/* Whether the file is whole and of this trial, with values that it can have; then the pass stands at the arrays. */
static bool belongs(struct pass *p, struct lb_learner *l, const struct lb_cohort *c, struct lb_outcome *o, struct scalars *v)
{
	char hex[65];

	if (p->n < HEAD || memcmp(p->in, magic, MAGIC) || lb_sha256_hex(p->in + HEAD, p->n - HEAD, hex, NULL) ||
	    memcmp(p->in + MAGIC, hex, 64))
		return false;
	p->at = HEAD;
	identity(p, l, c);
	bytes(p, v, sizeof *v);
	return !p->bad && possible(v, l, c) && p->n - p->at == arrays_size(l, c, o);
}

int lb_checkpoint_load(struct lb_learner *l, const struct lb_cohort *c, struct lb_outcome *o, struct lb_err *err)
{
	const char *path = l->setup->checkpoint;
	struct scalars v = { 0 };
	size_t n = 0;
	char *text = lb_file_exists(path) ? lb_read_file(path, (size_t)1 << 40, &n, LB_MACHINE, err) : NULL;

	if (!text)
		return lb_file_exists(path) ? -1 : 0;
	struct pass p = { .in = text, .n = n };
	const bool fits = belongs(&p, l, c, o, &v);
	if (fits) {
		put_scalars(&v, l, o, c);
		arrays(&p, l, c, o);
		l->start = v.step;
	} else
		lb_warn("%s: is not a whole checkpoint of this trial by this lossbench on this processor; the trial begins anew", path);
	free(text);
	return fits;
}
