#include "core/train/checkpoint.h"

#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/sha256.h"
#include "core/base/text.h"

#include <stdlib.h>
#include <string.h>

/* A file is a line that says what it is, the checksum of what follows the checksum, and the values in the order of `all`. */
static const char magic[] = "lossbench-checkpoint/1\n";
enum { MAGIC = sizeof magic - 1, HEAD = MAGIC + 64 };

/* One pass over the values: out of the trial, or into it when `in` is set. */
struct pass {
	struct lb_buf out;
	const char *in;
	size_t n, at;
	bool bad;
};

static void bytes(struct pass *p, void *v, size_t n)
{
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

static size_t state_size(const struct X(lb_learner) *l)
{
	return l->loss_state && l->loss->state_size ? l->loss->state_size(l->setup->loss_par, &l->facts) : 0;
}

/* What tells this trial from others, down to the sizes of everything below. */
static void identity(struct pass *p, const struct X(lb_learner) *l, const struct lb_cohort *c)
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

#define FIELD(p, lvalue) bytes((p), &(lvalue), sizeof(lvalue))

static void learner_values(struct pass *p, struct X(lb_learner) *l, const struct lb_cohort *c)
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
	FIELD(p, l->decayed);
	FIELD(p, l->best_value);
	FIELD(p, l->best_epoch);
	FIELD(p, l->active);
	FIELD(p, l->strain_step);
	FIELD(p, l->strain_place);
	FIELD(p, l->strain_norm);
}

static void outcome_values(struct pass *p, const struct X(lb_learner) *l, const struct lb_cohort *c, struct lb_outcome *o)
{
	FIELD(p, o->status);
	FIELD(p, o->epochs);
	FIELD(p, o->undefined_epochs);
	FIELD(p, o->steps);
	FIELD(p, o->bad_epoch);
	FIELD(p, o->bad_step);
	FIELD(p, o->cause);
	FIELD(p, o->train_seconds);
	FIELD(p, o->evaluate_seconds);
	bytes(p, o->loss_curve, c->epochs * sizeof *o->loss_curve);
	for (int part = 0; part < 3; part++)
		if (o->curve[part])
			bytes(p, o->curve[part], c->epochs * l->setup->n_metrics * sizeof(double));
}

static void all(struct pass *p, struct X(lb_learner) *l, const struct lb_cohort *c, struct lb_outcome *o, size_t *epochs)
{
	identity(p, l, c);
	FIELD(p, *epochs);
	if (p->bad)
		return;
	learner_values(p, l, c);
	outcome_values(p, l, c, o);
}

int X(lb_checkpoint_save)(const struct X(lb_learner) *l, const struct lb_cohort *c, const struct lb_outcome *o, size_t epochs,
			  struct lb_err *err)
{
	struct X(lb_learner) learner = *l;
	struct lb_outcome outcome = *o;
	struct pass p = { 0 };
	char blank[65], hex[65] = "";
	int rc = -1;

	memset(blank, '0', 64);
	lb_buf_add(&p.out, magic, MAGIC);
	lb_buf_add(&p.out, blank, 64);
	all(&p, &learner, c, &outcome, &epochs);
	if (p.out.bad)
		lb_fail_memory(err, p.out.n);
	else if (!lb_sha256_hex(p.out.s + HEAD, p.out.n - HEAD, hex, err)) {
		memcpy(p.out.s + MAGIC, hex, 64);
		rc = lb_write_file(l->setup->checkpoint, p.out.s, p.out.n, err);
	}
	lb_buf_free(&p.out);
	return rc;
}

/* Whether the file is whole and of this trial, and how many epochs it stands for. */
static bool belongs(const char *text, size_t n, const struct X(lb_learner) *l, const struct lb_cohort *c)
{
	struct pass p = { .in = text, .n = n, .at = HEAD };
	char hex[65];

	if (n < HEAD || memcmp(text, magic, MAGIC) || lb_sha256_hex(text + HEAD, n - HEAD, hex, NULL) || memcmp(text + MAGIC, hex, 64))
		return false;
	identity(&p, l, c);
	return !p.bad;
}

int X(lb_checkpoint_load)(struct X(lb_learner) *l, const struct lb_cohort *c, struct lb_outcome *o, size_t *epochs, struct lb_err *err)
{
	const char *path = l->setup->checkpoint;
	size_t n = 0;
	char *text = lb_file_exists(path) ? lb_read_file(path, (size_t)1 << 40, &n, LB_MACHINE, err) : NULL;

	if (!text)
		return lb_file_exists(path) ? -1 : 0;
	const bool fits = belongs(text, n, l, c);
	if (fits)
		all(&(struct pass){ .in = text, .n = n, .at = HEAD }, l, c, o, epochs);
	else
		lb_warn("%s: is not a whole checkpoint of this trial by this lossbench on this processor; the trial begins anew", path);
	free(text);
	return fits;
}
