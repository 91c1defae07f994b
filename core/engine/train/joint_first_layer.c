#include "core/engine/train/joint_first_layer.h"

#include "core/base/mem.h"
#include "core/engine/kernels/kernels.h"
#include "core/numeric/thread_team.h"
#include "core/engine/data/batch.h"

#include <stdlib.h>

static bool of_use(const struct lb_cohort *c)
{
	const unsigned own_pass = LB_CHANGES_INPUTS | LB_CHANGES_WEIGHTS | LB_WHOLE_STEP;

	for (size_t i = 0; i < c->k; i++) {
		const struct lb_setup *t = &c->trial[i];
		if (t->view || t->attack || lb_setup_traits(t) & own_pass || t->model.width[1] != c->trial[0].model.width[1])
			return false;
	}
	return lb_kernel()->chain && !lb_input_batch_compressed(c);
}

int lb_joint_layer_open(struct lb_joint_layer *f, const struct lb_cohort *c, size_t max_b, struct lb_err *err)
{
	const struct lb_model_spec *model = &c->trial[0].model;
	const size_t all = LB_PADDED(c->k * model->width[1]);

	*f = (struct lb_joint_layer){ .in = model->width[0], .out = model->width[1] };
	if (!of_use(c) || all >= c->k * LB_PADDED(f->out))
		return 0;
	f->net = lb_alloc(c->k, sizeof *f->net, err);
	f->w = lb_alloc_aligned(f->in * all, sizeof(real), err);
	f->bias = lb_alloc_aligned(all, sizeof(real), err);
	f->z = lb_alloc_aligned(max_b * all, sizeof(real), err);
	return f->net && f->w && f->bias && f->z ? 0 : -1;
}

void lb_joint_layer_close(struct lb_joint_layer *f)
{
	free(f->net);
	free(f->w);
	free(f->bias);
	free(f->z);
	*f = (struct lb_joint_layer){ 0 };
}

bool lb_joint_layer_helps(const struct lb_joint_layer *f, size_t n)
{
	return f->w && LB_PADDED(n * f->out) < n * LB_PADDED(f->out);
}

static struct lb_panels matrix(const real *x, size_t panel, size_t row)
{
	return (struct lb_panels){ .x = (real *)x, .panel = panel, .row = row };
}

void lb_joint_layer_load(struct lb_joint_layer *f, size_t i, struct lb_net *net, const real *w)
{
	const struct lb_layer *l = &net->layer[0];
	const size_t panel = f->in * LB_PANEL;

	f->net[i] = net;
	lb_kernel()->copy_columns(f->in, f->out, matrix(w + l->w, panel, l->column ? 1 : LB_PANEL), 0, matrix(f->w, panel, LB_PANEL), i * f->out);
	lb_kernel()->copy_columns(1, f->out, matrix(w + l->b, LB_PANEL, 0), 0, matrix(f->bias, LB_PANEL, 0), i * f->out);
}

struct joint_layer_job {
	const struct lb_joint_layer *f;
	size_t n, b;
	const real *x;
};

static void forward_rows(void *arg, size_t part, size_t size)
{
	const struct joint_layer_job *j = arg;
	const struct lb_joint_layer *f = j->f;
	const size_t ld = LB_PADDED(j->n * f->out);
	size_t start;
	const size_t rows = lb_team_share(j->b, 16, part, size, &start) - start;
	const struct lb_panels z = matrix(f->z + start * ld, LB_PANEL, ld);

	lb_kernel()->product(rows, ld, f->in, (struct lb_left){ j->x + start * f->in, f->in, 1 }, matrix(f->w, f->in * LB_PANEL, LB_PANEL),
				f->bias, z);
	for (size_t i = 0; i < j->n; i++) {
		const struct lb_layer *l = &f->net[i]->layer[0];
		lb_kernel()->copy_columns(rows, f->out, z, i * f->out, matrix(l->a + start * l->ld, LB_PANEL, l->ld), 0);
	}
}

void lb_joint_layer_forward(struct lb_joint_layer *f, size_t n, const real *x, size_t b, struct lb_team *team)
{
	lb_team_run(team, forward_rows, &(struct joint_layer_job){ f, n, b, x });
}
