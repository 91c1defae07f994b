#include "core/training/predict.h"

#include "core/base/mem.h"
#include "core/engine/eval/evaluate.h"

#include <stdlib.h>

/* Without metrics, kind and split only size the evaluator's room. */
struct prediction {
	struct lb_setup setup;
	struct lb_split split;
	struct lb_cohort cohort;
	struct lb_evaluator *e;
	struct lb_net *net;
	real *w;
};

static bool of_embeddings(const struct lb_setup *setup)
{
	return setup->loss->kind == LB_EMBEDDING;
}

static int open_prediction(struct prediction *q, const struct lb_predicting *p, struct lb_err *err)
{
	const size_t n = p->features->data->n, own = lb_setup_loss_params(p->setup, p->features->data);
	const size_t plain = lb_model_spec_size(&p->setup->model);

	q->setup = (struct lb_setup){ .loss = p->setup->loss, .loss_par = p->setup->loss_par, .model = p->setup->model,
				       .cuts = p->setup->cuts, .survival_curve = p->setup->survival_curve, .anomaly = p->setup->anomaly,
				       .anomaly_par = p->setup->anomaly_par };
	if (p->value) {
		q->setup.metric = p->setup->metric;
		q->setup.n_metrics = p->setup->n_metrics;
		q->setup.y = p->y;
		q->setup.threshold = p->decision ? p->decision->rule : NULL;
		q->setup.calibration = p->decision ? p->decision->calibration : NULL;
	}
	q->split.n[LB_TRAIN] = p->n_train;
	q->split.n[LB_TEST] = n;
	q->cohort = (struct lb_cohort){ .features = p->features, .split = &q->split, .kind = p->value ? p->features->data->kind : LB_REGRESSION, .trial = &q->setup, .k = 1 };
	if (!(q->split.rows[LB_TEST] = lb_alloc(n, sizeof(uint32_t), err)))
		return -1;
	for (size_t i = 0; i < n; i++)
		q->split.rows[LB_TEST][i] = p->rows ? p->rows[i] : (uint32_t)i;
	q->e = lb_evaluator_new(&q->cohort, lb_setup_columns(p->setup, p->features->data), err);
	q->net = q->e ? lb_net_new(&q->setup.model, q->e->chunk, err) : NULL;
	if (!q->net || !(q->w = lb_alloc_aligned(q->net->n_params + own, sizeof *q->w, err)))
		return -1;
	lb_net_pack(q->net, p->w, q->w);
	for (size_t i = 0; i < own; i++)
		q->w[q->net->n_params + i] = (real)p->w[plain + i];
	return 0;
}

static void close_prediction(struct prediction *q)
{
	lb_evaluator_free(q->e);
	lb_net_free(q->net);
	free(q->split.rows[LB_TEST]);
	free(q->w);
}

static void embed(struct prediction *q, double *out)
{
	const size_t n = q->split.n[LB_TEST], last = q->setup.model.n_layers;

	for (size_t start = 0; start < n; start += q->e->chunk) {
		const size_t b = n - start < q->e->chunk ? n - start : q->e->chunk;
		lb_input_batch_load(&q->e->input, q->split.rows[LB_TEST] + start, b, NULL);
		const struct lb_pass pass = { .b = b, .x = q->e->input.x, .sparse = &q->e->input.rows, .step = -1 };
		const real *h = lb_net_forward(q->net, q->w, &pass);
		size_t d = q->setup.model.width[last], ld = q->net->ld;
		if (!of_embeddings(&q->setup))
			h = lb_net_features(q->net, q->e->input.x, &d, &ld);
		for (size_t i = 0; i < b * d; i++)
			out[start * d + i] = (double)h[i / d * ld + i % d];
	}
}

/* *bad <- the first row whose score is not finite, from 1; 0: there is none. */
static int evaluate(struct prediction *q, const struct lb_predicting *p, double *out, size_t *bad, struct lb_err *err)
{
	struct lb_eval_model s = { .setup = &q->setup, .net = q->net, .w = q->w, .metric = p->value, .scores = out, .decision = p->decision };
	const int rc = lb_evaluate(q->e, &s, 1, LB_TEST, err);

	*bad = !rc && s.bad ? s.bad_row + 1 : 0;
	return rc;
}

int lb_predict(const struct lb_predicting *p, double *out, struct lb_err *err)
{
	struct prediction q = { 0 };
	size_t bad = 0;
	int rc = open_prediction(&q, p, err);

	if (!rc && p->embeddings)
		embed(&q, out);
	else if (!rc && !(rc = evaluate(&q, p, out, &bad, err)) && bad)
		rc = lb_fail(err, LB_DATA, "row %zu: the model's score is not finite; its features are far from those of the training", bad);
	close_prediction(&q);
	return rc;
}
