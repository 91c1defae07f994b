#include "core/engine/eval/judge_model.h"

#include "core/base/mem.h"
#include "core/training/judge.h"

#include <stdlib.h>

/* The embeddings of a part: rows of the layer that the judge looks at. */
struct embedded {
	size_t n, d;
	double *x;               /* (n,d), or NULL: there is no such layer */
};

/* What the layer gives for the chunk in e->input, b rows *stride apart; NULL: there is none. */
static const real *layer_of(struct lb_evaluator *e, const struct lb_eval_model *s, const uint32_t *rows, size_t b, size_t *d, size_t *stride)
{
	const struct lb_pass pass = { .b = b, .x = e->input.x, .sparse = &e->input.rows, .step = -1, .team = e->team,
				      .offset = e->cohort->features->data->offset, .rows = rows, .outputs = lb_setup_outputs(s->setup) };
	const real *z = lb_net_forward(s->net, s->w, &pass);

	*d = s->setup->model.width[s->setup->model.n_layers];
	*stride = s->net->ld;
	return s->setup->judge_par[LB_JUDGE_LAYER].v < LB_JUDGES_HIDDEN ? z : lb_net_features(s->net, e->input.x, d, stride);
}

static int embed(struct lb_evaluator *e, const struct lb_eval_model *s, int part, struct embedded *out, struct lb_err *err)
{
	const size_t n = e->cohort->split->n[part];

	*out = (struct embedded){ .n = n };
	for (size_t start = 0; start < n; start += e->chunk) {
		const size_t b = n - start < e->chunk ? n - start : e->chunk;
		const uint32_t *rows = e->cohort->split->rows[part] + start;
		size_t stride;
		lb_input_batch_load(&e->input, rows, b, e->team);
		const real *h = layer_of(e, s, rows, b, &out->d, &stride);
		if (!h)
			return 0;
		if (!out->x && !(out->x = lb_alloc(n * out->d, sizeof *out->x, err)))
			return -1;
		for (size_t k = 0; k < b * out->d; k++)
			out->x[start * out->d + k] = (double)h[k / out->d * stride + k % out->d];
	}
	return 0;
}

static bool all_finite(const struct embedded *x)
{
	for (size_t k = 0; k < x->n * x->d; k++)
		if (!isfinite(x->x[k]))
			return false;
	return true;
}

int lb_judge_model(struct lb_evaluator *e, const struct lb_eval_model *s, int part, int32_t **pred, struct lb_err *err)
{
	const struct lb_setup *setup = s->setup;
	const struct lb_split *split = e->cohort->split;
	struct embedded train, other = { 0 };
	int32_t *y = lb_alloc(split->n[LB_TRAIN], sizeof *y, err);
	int rc = !y || embed(e, s, LB_TRAIN, &train, err) || embed(e, s, part, &other, err) ? -1 : 0;

	*pred = NULL;
	if (!rc && train.x && other.x && all_finite(&train) && all_finite(&other)) {
		for (size_t i = 0; i < train.n; i++)
			y[i] = setup->y[split->rows[LB_TRAIN][i]];
		const struct lb_gallery g = { .n = train.n, .d = train.d, .classes = e->cohort->features->data->n_classes, .x = train.x, .y = y };
		rc = (*pred = lb_alloc(other.n, sizeof **pred, err)) ? lb_judge_rows(setup->judge, setup->judge_par, &g, other.n, other.x, *pred, err) : -1;
	}
	if (y)
		free(train.x);
	free(other.x);
	free(y);
	return rc;
}
