#include "core/run/trial_setup.h"

#include "core/run/terms.h"
#include "core/run/uses.h"

int lb_prepare_components(struct lb_prepared *p, const struct lb_dataset *data, struct lb_err *err)
{
	const struct lb_spec *spec = &p->spec;
	const size_t classes = lb_how_many(lb_used_loss(&spec->loss)->scores_for, data->n_classes);
	const size_t columns = data->kind == LB_MULTICLASS ? classes : data->kind == LB_BINARY ? 1 : data->n_targets;
	const struct lb_component_use *attack = lb_used_attack(&spec->train.attack), *eval_attack = lb_used_attack(&spec->evaluate.attack);
	struct lb_setup *s = &p->setup;

	s->loss = lb_used_loss(&spec->loss);
	s->loss_par = spec->loss.par;
	if (lb_model_spec_make(spec->model.info, spec->model.par, p->features.d, columns * lb_loss_outputs(s->loss, s->loss_par), &s->model, err))
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
	s->miner = spec->train.miner.info;
	s->miner_par = spec->train.miner.par;
	s->optimizer = spec->optimizer.info;
	s->optimizer_par = spec->optimizer.par;
	s->schedule = (const struct lb_schedule *)spec->schedule.info;
	s->schedule_par = spec->schedule.par;
	p->precision = spec->train.precision.at == LB_PRECISION_64 ? 64 : 32;
	return lb_terms_prepare(p, data->n_classes, err);
}
