#include "core/engine/eval/anomaly_rows.h"

#include "core/base/mem.h"
#include "core/engine/eval/score/anomaly_score.h"
#include "core/training/mean_shift.h"

#include <stdlib.h>

static size_t rounds_of(const struct lb_setup *setup)
{
	return setup->anomaly ? (size_t)setup->anomaly_par[LB_SHIFT_ROUNDS].v : 0;
}

/* x (n, d) <- the rows of the part, in its order. */
static void gather(struct lb_evaluator *e, int part, double *x)
{
	const size_t n = e->cohort->split->n[part], d = e->cohort->features->d;

	for (size_t start = 0; start < n; start += e->chunk) {
		const size_t b = n - start < e->chunk ? n - start : e->chunk;
		lb_input_batch_load(&e->input, e->cohort->split->rows[part] + start, b, e->team);
		for (size_t i = 0; i < b * d; i++)
			x[start * d + i] = (double)e->input.x[i];
	}
}

int lb_anomaly_rows_shift(struct lb_evaluator *e, const struct lb_setup *setup, int part, struct lb_err *err)
{
	struct lb_shifted_rows *s = &e->shifted[part];
	const size_t n = e->cohort->split->n[part], d = e->cohort->features->d, rounds = rounds_of(setup);

	if (!rounds || (s->x && s->rounds == rounds && s->neighbours == (size_t)setup->anomaly_par[LB_SHIFT_NEIGHBOURS].v))
		return 0;
	double *wide = lb_alloc(n, d * sizeof *wide, err);
	if (!wide || (!s->x && !(s->x = lb_alloc_aligned(n * d, sizeof *s->x, err)))) {
		free(wide);
		return -1;
	}
	s->rounds = rounds;
	s->neighbours = (size_t)setup->anomaly_par[LB_SHIFT_NEIGHBOURS].v;
	gather(e, part, wide);
	const int rc = lb_mean_shift(n, d, wide, rounds, s->neighbours, err);
	for (size_t i = 0; i < n * d; i++)
		s->x[i] = (real)wide[i];
	free(wide);
	return rc;
}

const real *lb_anomaly_rows_read(const struct lb_evaluator *e, const struct lb_setup *setup, int part, size_t start)
{
	return rounds_of(setup) ? e->shifted[part].x + start * e->cohort->features->d : e->input.x;
}

int lb_anomaly_rows_score(struct lb_evaluator *e, const struct lb_eval_model *s, const struct lb_loss_stats *stats, const struct lb_part_rows *rows,
			  const real *z, size_t ld, struct lb_err *err)
{
	const struct lb_anomaly_score *score = lb_anomaly_score_of(s->setup->anomaly);
	struct lb_loss_shape shape = lb_setup_loss_shape(s->setup, stats->n_classes);

	shape.b = e->chunk;
	if (score->workspace && lb_evaluator_workspace(e, score->workspace(s->setup, s->loss, &shape), err))
		return -1;
	const struct lb_rows_to_score in = { .setup = s->setup, .loss = s->loss, .stats = stats, .net = s->net, .w = s->w, .b = rows->b, .d = e->cohort->features->d,
					     .columns = shape.c, .most = e->chunk, .start = rows->start, .of_training = rows->part == LB_TRAIN, .x = e->input.x,
					     .read = lb_anomaly_rows_read(e, s->setup, rows->part, rows->start), .z = z, .ld = ld, .workspace = e->workspace };
	score->score(&in, e->z);
	return 0;
}

void lb_anomaly_rows_close(struct lb_evaluator *e)
{
	for (int part = 0; part < LB_ROW_LISTS; part++)
		free(e->shifted[part].x);
}
