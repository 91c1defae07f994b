#include "core/engine/data/batch.h"

#include "core/base/mem.h"
#include "core/engine/data/batch_dense.h"

#include <stdlib.h>
#include <string.h>

bool lb_input_batch_compressed(const struct lb_cohort *c)
{
	for (size_t i = 0; i < c->k; i++) {
		const struct lb_setup *t = &c->trial[i];
		if (t->view || t->attack || t->eval_attack || lb_setup_traits(t) & LB_CHANGES_INPUTS ||
		    lb_setup_needs(t) & (LB_NEEDS_FEATURES | LB_NEEDS_INPUTS))
			return false;
	}
	return c->features->data->x.start != NULL;
}

int lb_input_batch_open(struct lb_input_batch *f, const struct lb_encoding *e, bool compressed, size_t max_rows, unsigned how, struct lb_err *err)
{
	*f = (struct lb_input_batch){ .e = e };
	if (!compressed)
		return (f->x = lb_alloc_raw(max_rows * e->d, sizeof(real), err)) ? 0 : -1;
	if (lb_csr_open(&f->csr, e, max_rows, how, err))
		return -1;
	f->rows = (struct lb_compressed){ f->csr.start, f->csr.end, f->csr.column, f->csr.value };
	f->column = lb_alloc(e->d + 1, sizeof *f->column, err);
	f->stamp = lb_alloc(e->d, sizeof *f->stamp, err);
	return f->column && f->stamp ? 0 : -1;
}

void lb_input_batch_close(struct lb_input_batch *f)
{
	free(f->x);
	lb_csr_close(&f->csr);
	free(f->column);
	free(f->stamp);
	*f = (struct lb_input_batch){ 0 };
}

struct dense_job {
	const struct lb_input_batch *f;
	const uint32_t *rows;
	size_t b;
};

static void gather_rows(void *arg, size_t i, size_t size)
{
	const struct dense_job *j = arg;
	size_t start;
	const size_t end = lb_team_share(j->b, 16, i, size, &start);

	lb_gather(j->f->e, j->rows + start, end - start, j->f->x + start * j->f->e->d);
}

/* Asks for the entries of a row that will be read soon. */
static void fetch(const struct lb_csr *c, size_t row)
{
	for (size_t k = c->start[row]; k < c->end[row]; k += 64 / sizeof *c->column)
		__builtin_prefetch(c->column + k);
	for (size_t k = c->start[row]; k < c->end[row]; k += 64 / sizeof *c->value)
		__builtin_prefetch(c->value + k);
}

static void list_columns(struct lb_input_batch *f, size_t b)
{
	enum { AHEAD = 4 };
	const struct lb_csr *c = &f->csr;

	if (++f->turn == 0) {
		memset(f->stamp, 0, f->e->d * sizeof *f->stamp);
		f->turn = 1;
	}
	f->n_columns = 0;
	for (size_t i = 0; c->in_place && i < AHEAD && i < b; i++)
		fetch(c, i);
	for (size_t i = 0; i < b; i++) {
		if (c->in_place && i + AHEAD < b)
			fetch(c, i + AHEAD);
		for (size_t k = c->start[i]; k < c->end[i]; k++) {
			const uint32_t column = c->column[k];
			f->column[f->n_columns] = column;
			f->n_columns += f->stamp[column] != f->turn;
			f->stamp[column] = f->turn;
		}
	}
}

void lb_input_batch_load(struct lb_input_batch *f, const uint32_t *rows, size_t b, struct lb_team *team)
{
	if (f->x) {
		lb_team_run(team, gather_rows, &(struct dense_job){ f, rows, b });
		return;
	}
	lb_csr_gather(&f->csr, f->e, rows, b);
	list_columns(f, b);
}
