#include "core/engine/data/batch.h"

#include "core/base/mem.h"
#include "core/engine/data/batch_dense.h"

#include <stdlib.h>
#include <string.h>

bool lb_input_batch_compressed(const struct lb_cohort *c)
{
	for (size_t i = 0; i < c->k; i++) {
		const struct lb_setup *t = &c->trial[i];
		if (t->view || t->attack || t->eval_attack || t->anomaly || lb_setup_traits(t) & LB_CHANGES_INPUTS ||
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
	f->own_column = lb_alloc(e->d + 1, sizeof *f->own_column, err);
	f->stamp = lb_alloc(e->d, sizeof *f->stamp, err);
	return f->own_column && f->stamp ? 0 : -1;
}

void lb_input_batch_close(struct lb_input_batch *f)
{
	free(f->x);
	lb_csr_close(&f->csr);
	free(f->own_column);
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

void lb_input_batch_list(struct lb_input_batch *f)
{
	const struct lb_csr *c = &f->csr;

	if (f->x || f->listed)
		return;
	if (++f->turn == 0) {
		memset(f->stamp, 0, f->e->d * sizeof *f->stamp);
		f->turn = 1;
	}
	f->n_columns = 0;
	for (size_t i = 0; i < c->b; i++)
		for (size_t k = c->start[i]; k < c->end[i]; k++) {
			const uint32_t column = c->column[k];
			f->own_column[f->n_columns] = column;
			f->n_columns += f->stamp[column] != f->turn;
			f->stamp[column] = f->turn;
		}
	f->column = f->own_column;
	f->listed = true;
}

void lb_input_batch_tell(struct lb_input_batch *f, const uint32_t *column, size_t n)
{
	f->column = column;
	f->n_columns = n;
	f->listed = true;
}

void lb_input_batch_load(struct lb_input_batch *f, const uint32_t *rows, size_t b, struct lb_team *team)
{
	if (f->x) {
		lb_team_run(team, gather_rows, &(struct dense_job){ f, rows, b });
		return;
	}
	lb_csr_gather(&f->csr, f->e, rows, b);
	f->listed = false;
}

void lb_input_batch_fetch(const struct lb_input_batch *f, const uint32_t *rows, size_t b)
{
	const struct lb_matrix *m = &f->e->data->x;
	const struct lb_csr *c = &f->csr;
	const size_t bytes = m->d * lb_dtype_size(m->dtype);

	for (size_t i = 0; i < b; i++) {
		const size_t at = m->start ? m->start[rows[i]] : 0, entries = m->start ? m->start[rows[i] + 1] - at : 0;
		if (!m->start) {
			lb_fetch((const char *)m->x + rows[i] * bytes, bytes);
		} else if (c->in_place) {
			lb_fetch(c->column + at, entries * sizeof *c->column);
			lb_fetch(c->value + at, entries * sizeof *c->value);
		}
	}
}
