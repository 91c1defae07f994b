/* What a descriptor says of its loss: that it is all there and in range, and its examples. */
#include "losses/check.h"
#include "losses/drawn_batch.h"
#include "losses/eval.h"
#include "losses/precision_bridge.h"

#include <string.h>

/* Counts a check; where it fails, says so of the member of that name. */
static void judge(struct lb_findings *f, bool ok, const char *member, const char *what)
{
	if (!lb_judge(f, LB_PART_DESCRIPTOR, 1, ok))
		lb_buf_printf(&f->lines[LB_PART_DESCRIPTOR], "%s: %s\n", member, what);
}

static bool allowed(const struct lb_param *p, double v)
{
	if (p->min >= 0 && p->min <= 0 && p->max >= 0 && p->max <= 0)
		return true;
	return (p->min_open ? v > p->min : v >= p->min) && (p->max_open ? v < p->max : v <= p->max);
}

static void check_parameter(const struct lb_param *p, struct lb_findings *f)
{
	const bool list = p->type == LB_REALS_PARAM || p->type == LB_INTS_PARAM;
	bool grid = true, def = list || allowed(p, p->def);

	for (int j = 0; j < p->n_def_list; j++)
		def &= allowed(p, p->def_list[j]);
	for (int j = 0; j < p->n_grid; j++)
		grid &= allowed(p, p->grid[j]);
	judge(f, p->name && p->help, p->name ? p->name : "a parameter", "it lacks its name or .help");
	judge(f, !p->required && def, p->name, "its default is missing or out of its range");
	judge(f, grid, p->name, "a value of its grid is out of its range");
}

static void check_texts(const struct lb_loss_info *info, struct lb_findings *f)
{
	const struct lb_info *b = &info->base;
	const struct {
		const char *member, *text;
	} texts[] = { { ".title", b->title }, { ".cite", b->cite }, { ".formula", b->formula }, { ".notes", b->notes }, { ".keywords", b->keywords },
		      { ".good_for", info->good_for } };

	for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
		judge(f, texts[k].text, texts[k].member, "there is none; \"\" will do for .keywords");
	judge(f, info->n_examples > 0, ".examples", "there is none; an example is a batch with its value worked out by other means");
	for (int k = 0; k < info->n_examples; k++)
		judge(f, info->examples[k].source, ".examples", "one lacks its .source: where the value comes from");
	const char *misfit = lb_loss_misfit_of_f64(info);
	judge(f, !misfit, "the loss", misfit ? misfit : "");
}

int lb_check_descriptor(const struct lb_loss_info *info, struct lb_findings *f, struct lb_err *err)
{
	(void)err;
	if (!info->by_formula)
		check_texts(info, f);
	for (int k = 0; k < info->base.n_params; k++)
		check_parameter(&info->base.params[k], f);
	return 0;
}

/* ---- examples ---- */

static int check_example(const struct lb_loss_info *info, size_t k, const struct lb_example *e, struct lb_findings *f, struct lb_err *err)
{
	struct lb_arg par[LB_SUBJECT_PARAMS];
	struct lb_arg_store store = { 0 };
	int32_t y[LB_EXAMPLE_ROWS];
	bool valid = true;
	double value;

	for (int i = 0; i < LB_EXAMPLE_ROWS; i++)
		y[i] = e->y[i];
	const struct lb_loss_input in = { .b = (size_t)e->b, .c = (size_t)e->c, .z = e->z, .par = par, .y = lb_kind_of_labels(info->kind) ? y : NULL, .t = e->t,
					  .hidden = e->n_h ? e->h : NULL, .n_hidden = (size_t)e->n_h, .inputs = e->n_x ? e->x : NULL,
					  .n_inputs = (size_t)e->n_x, .params = e->params, .n_classes = (size_t)e->classes,
					  .teacher = info->needs & LB_NEEDS_TEACHER ? e->teacher : NULL,
					  .second_teacher = info->needs & LB_NEEDS_SECOND_TEACHER ? e->second_teacher : NULL, .views = (size_t)e->views, .scale = e->scale };
	if (info->base.n_params > LB_SUBJECT_PARAMS)
		return lb_fail(err, LB_CONFIG, "%s: found %d parameters, allowed: at most %d", info->base.name, info->base.n_params, LB_SUBJECT_PARAMS);
	int rc = lb_check_args(&info->base, e->set ? e->set : "", par, &store, f, LB_PART_EXAMPLE, &valid, err);
	if (!rc && valid && !(rc = lb_loss_eval(info, 64, &in, &value, NULL, err)))
		lb_judge_example(f, k, e->set, value, e->value);
	lb_args_free(&store);
	return rc;
}

int lb_check_examples(const struct lb_loss_info *info, struct lb_findings *f, struct lb_err *err)
{
	int rc = 0;

	for (int k = 0; k < info->n_examples && !rc; k++)
		rc = check_example(info, (size_t)k + 1, &info->examples[k], f, err);
	return rc;
}
