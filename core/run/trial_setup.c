#include "core/run/trial_setup.h"

#include "core/base/text.h"
#include "core/run/terms.h"
#include "core/run/uses.h"
#include "core/training/anomaly_score_info.h"

/* How rows of task anomaly are scored: as the config says, or by the first score that model and
 * loss have, with its defaults. */
static void prepare_anomaly_score(struct lb_prepared *p)
{
	const struct lb_spec *spec = &p->spec;
	const struct lb_scored_model model = lb_scored_model(spec);
	struct lb_setup *s = &p->setup;
	size_t first = 0;

	s->anomaly = spec->evaluate.anomaly.info;
	s->anomaly_par = spec->evaluate.anomaly.par;
	s->centred = lb_spec_kind(spec) == LB_ANOMALY && model.centred;
	if (s->anomaly || lb_spec_kind(spec) != LB_ANOMALY)
		return;
	while (lb_anomaly_scores_f64[first + 1] && !lb_anomaly_score_fits_f64(lb_anomaly_scores_f64[first], &model))
		first++;
	s->anomaly = lb_anomaly_scores_f64[first];
	for (int i = 0; i < s->anomaly->n_params; i++)
		p->anomaly_par[i].v = s->anomaly->params[i].def;
	s->anomaly_par = p->anomaly_par;
}

int lb_prepare_components(struct lb_prepared *p, const struct lb_dataset *data, struct lb_err *err)
{
	const struct lb_spec *spec = &p->spec;
	const size_t classes = lb_how_many(lb_used_loss(&spec->loss)->scores_for, data->n_classes);
	const size_t columns = data->kind == LB_MULTICLASS ? classes : data->kind == LB_BINARY ? 1 : data->kind == LB_ANOMALY ? p->features.d : data->n_targets;
	const struct lb_component_use *attack = lb_used_attack(&spec->train.attack), *eval_attack = lb_used_attack(&spec->evaluate.attack);
	struct lb_setup *s = &p->setup;

	s->loss = lb_used_loss(&spec->loss);
	s->loss_par = spec->loss.par;
	const size_t outputs = spec->model.info->traits & LB_KEEPS_ROWS ? p->split.n[LB_TRAIN] : columns * lb_loss_outputs(s->loss, s->loss_par);
	if (lb_model_spec_make(spec->model.info, spec->model.par, p->features.d, outputs, &s->model, err))
		return -1;
	if (spec->head.info)
		lb_model_spec_head(&s->model, spec->head.info, spec->head.par);
	s->view = spec->train.views.info;
	s->view_par = spec->train.views.par;
	s->attack = attack ? attack->info : NULL;
	s->attack_par = attack ? attack->par : NULL;
	s->eval_attack = eval_attack ? eval_attack->info : NULL;
	s->eval_attack_par = eval_attack ? eval_attack->par : NULL;
	s->judge = spec->evaluate.embeddings.info;
	s->judge_par = spec->evaluate.embeddings.par;
	prepare_anomaly_score(p);
	s->miner = spec->train.miner.info;
	s->miner_par = spec->train.miner.par;
	s->optimizer = spec->optimizer.info;
	s->optimizer_par = spec->optimizer.par;
	s->schedule = (const struct lb_schedule *)spec->schedule.info;
	s->schedule_par = spec->schedule.par;
	p->precision = spec->train.precision.at == LB_PRECISION_64 ? 64 : 32;
	return lb_terms_prepare(p, data->n_classes, err);
}

/* "top_k", or "top_k(k=3)" where a parameter is not at its default. */
static char *metric_key(const struct lb_info *info, const struct lb_arg *par, struct lb_err *err)
{
	struct lb_buf b = { 0 };
	char number[LB_DOUBLE_TEXT];
	const char *mark = "(";

	lb_buf_puts(&b, info->name);
	for (int i = 0; i < info->n_params; i++) {
		if (info->params[i].type == LB_TEXT_PARAM || par[i].list || par[i].v == info->params[i].def)
			continue;
		lb_double_text(par[i].v, number);
		lb_buf_printf(&b, "%s%s=%s", mark, info->params[i].name, par[i].text ? par[i].text : number);
		mark = ",";
	}
	if (*mark == ',')
		lb_buf_puts(&b, ")");
	if (!b.bad)
		return b.s;
	lb_buf_free(&b);
	lb_fail_memory(err, 64);
	return NULL;
}

int lb_prepare_metrics(struct lb_prepared *p, struct lb_err *err)
{
	enum { ROOM = sizeof p->metric / sizeof *p->metric };
	const struct lb_component_uses *list = &p->spec.metrics;

	if (list->n > ROOM)
		return lb_fail(err, LB_CONFIG, "metrics: found more than %d, allowed: at most %d", ROOM, ROOM);
	for (size_t i = 0; i < list->n; i++) {
		if (!(p->key[i] = metric_key(list->use[i].info, list->use[i].par, err)))
			return -1;
		p->metric[i] = (struct lb_metric_use){ .metric = lb_used_metric(&list->use[i]), .par = list->use[i].par, .key = p->key[i] };
	}
	p->setup.metric = p->metric;
	p->setup.n_metrics = list->n;
	return 0;
}
