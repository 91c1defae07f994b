#include "core/run/saved_model_predict.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/numeric/kernel_dispatch.h"
#include "core/run/prediction_table.h"
#include "core/run/saved_decision.h"
#include "core/training/predict.h"

#include <stdlib.h>
#include <string.h>

/* *v <- what the model says of the rows, *c columns. */
static int predict_rows(const struct lb_saved_model *m, const struct lb_saved_rows *r, bool embeddings, double **v, size_t *c, struct lb_err *err)
{
	const struct lb_predicting p = { .setup = &m->p.setup, .features = &r->features, .n_train = (size_t)m->number[MODEL_ROWS][0], .w = m->w,
					 .embeddings = embeddings };

	*c = lb_predict_columns(&p);
	if (!*c)
		return lb_fail(err, LB_USAGE, "--what embeddings: a linear model has none of its own; allowed: scores, probabilities, labels");
	if (!(*v = lb_alloc(r->data->n * *c, sizeof **v, err)))
		return -1;
	return (m->p.precision == 64 ? lb_predict_f64 : lb_predict_f32)(&p, *v, err);
}

int lb_saved_model_say(const struct lb_saved_model *m, struct lb_table *t, struct lb_table *beside, const char *path, const char *label, bool embeddings, double **out,
		    size_t *columns, struct lb_err *err)
{
	struct lb_known known = lb_saved_rows_known(m);
	struct lb_saved_rows r = { 0 };

	known.label = label;
	const int rc = lb_saved_rows_fit(m, t, beside, path, &known, &r, err) || predict_rows(m, &r, embeddings, out, columns, err) ? -1 : 0;
	lb_saved_rows_free(&r);
	return rc;
}

/* ---- scores to probabilities ---- */

/* A binary score becomes the probability of the second class; calibrated as the training did. */
static int to_probabilities(const struct lb_saved_model *m, double *v, size_t n, size_t c, struct lb_err *err)
{
	if (m->kind == LB_ANOMALY)
		return lb_fail(err, LB_USAGE, "--what probabilities: found anomaly scores, which are none; allowed: scores");
	if (lb_kind_of_targets(m->kind))
		return lb_fail(err, LB_USAGE, "--what probabilities: found a %s, which has none; allowed: scores", m->kind == LB_REGRESSION ? "regression" :
			       m->kind == LB_RANKING ? "ranking" : "model of survival, whose curves the scores hold");
	for (size_t i = 0; i < n; i++)
		lb_saved_decision_soften(m, v + i * c, c);
	return 0;
}

/* ---- what is asked for ---- */

static bool asks(const struct lb_predict_request *q, enum lb_said what)
{
	for (size_t k = 0; k < q->n_what; k++)
		if (q->what[k] == what)
			return true;
	return false;
}

static bool ends_in(const char *path, const char *ending)
{
	const size_t n = strlen(path), e = strlen(ending);

	return n > e && !strcmp(path + n - e, ending);
}

static int check_array(const struct lb_predict_request *q, struct lb_err *err)
{
	if (asks(q, LB_SAID_LABELS))
		return lb_fail(err, LB_USAGE, "--what labels: names of classes are texts; allowed: --out with .csv");
	if (q->n_what > 1 || q->rows.n_keep)
		return lb_fail(err, LB_USAGE, "%s: an array holds one kind of number; allowed: --out with .csv", q->n_what > 1 ? "--what" : "--keep");
	return 0;
}

static int check_request(const struct lb_saved_model *m, const struct lb_predict_request *q, struct lb_err *err)
{
	if (q->out && !ends_in(q->out, ".csv") && !ends_in(q->out, ".npy"))
		return lb_fail(err, LB_USAGE, "--out %s: allowed: a name that ends in .csv or .npy", q->out);
	if (!lb_loss_gives_scores(m->p.setup.loss) && (q->n_what > 1 || !asks(q, LB_SAID_EMBEDDINGS)))
		return lb_fail(err, LB_USAGE, "--what: the model's loss is %s, which gives embeddings and no class scores; allowed: embeddings",
			       m->p.setup.loss->base.name);
	if (asks(q, LB_SAID_LABELS) && m->kind != LB_MULTICLASS && m->kind != LB_BINARY)
		return lb_fail(err, LB_USAGE, "--what labels: the model's task is %s, which has no one class a row; allowed: scores%s",
			       m->p.spec.task.text, m->kind == LB_MULTILABEL ? ", probabilities" : "");
	return q->out && ends_in(q->out, ".npy") ? check_array(q, err) : 0;
}

/* Fills in one of the things that are asked for; labels are decided from the scores. */
static int say_part(const struct lb_saved_model *m, const struct lb_saved_rows *r, struct lb_said_part *part, struct lb_err *err)
{
	if (predict_rows(m, r, part->what == LB_SAID_EMBEDDINGS, &part->v, &part->c, err))
		return -1;
	return part->what == LB_SAID_PROBABILITIES ? to_probabilities(m, part->v, r->data->n, part->c, err) : 0;
}

static int write_parts(const struct lb_prediction_table *t, const char *out, char **text, struct lb_err *err)
{
	const struct lb_said_part *part = &t->part[0];

	if (out && ends_in(out, ".npy"))
		return lb_array_write(out, t->m->p.precision == 64 || part->what == LB_SAID_PROBABILITIES ? LB_ARRAY_F64 : LB_ARRAY_F32, t->n, part->c, part->v, err);
	return lb_prediction_table_write(t, out, text, err);
}

void lb_saved_model_warn_of_kernels(const struct lb_saved_model *m)
{
	if (strcmp(m->text[MODEL_KERNELS][0], lb_kernels_name()))
		lb_warn("the model was trained with the kernels %s, these are %s: last bits may differ (--kernels)", m->text[MODEL_KERNELS][0],
			lb_kernels_name());
}

int lb_saved_model_predict(const struct lb_saved_model *m, const struct lb_predict_request *q, char **text, struct lb_err *err)
{
	struct lb_saved_rows r = { 0 };
	struct lb_prediction_table t = { .m = m, .labels = &r.labels, .kept = &r.kept, .n_parts = q->n_what };

	if (check_request(m, q, err))
		return -1;
	lb_saved_model_warn_of_kernels(m);
	int rc = lb_saved_rows_read(m, &q->rows, &r, err);
	t.n = rc ? 0 : r.data->n;
	for (size_t k = 0; !rc && k < q->n_what; k++) {
		t.part[k].what = q->what[k];
		rc = say_part(m, &r, &t.part[k], err);
	}
	if (!rc)
		rc = write_parts(&t, q->out, text, err);
	for (size_t k = 0; k < q->n_what; k++)
		free(t.part[k].v);
	lb_saved_rows_free(&r);
	return rc;
}
