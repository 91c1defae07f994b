#include "core/engine/step/held_kl.h"
#include "core/engine/step/procedure.h"

#include "core/base/mem.h"
#include "core/engine/train/checkpoint.h"

#include <math.h>
#include <stdlib.h>

static const double PI = 3.14159265358979323846;

/* An average of the weights over the steps, in double. */
struct average {
	uint64_t n;              /* weights in it, of swa */
	double *w;               /* (n_params) */
	double *room;            /* of lb_held_kl */
};

static void average_close(void *state)
{
	struct average *a = state;

	free(a->w);
	free(a->room);
	free(a);
}

/* Begins with the initial weights. */
static void *average_open(struct lb_learner *l, const struct lb_cohort *c, const struct lb_arg *par, struct lb_err *err)
{
	const size_t n = l->model.n_params;
	struct average *a = lb_alloc(1, sizeof *a, err);

	(void)c, (void)par;
	if (!a)
		return NULL;
	if (!(a->w = lb_alloc(n, sizeof *a->w, err)) || !(a->room = lb_alloc(lb_held_kl_room(l->columns), sizeof *a->room, err)) || lb_persist(&l->state, "weights in the average", &a->n, sizeof a->n, err) ||
	    lb_persist(&l->state, "average of the weights", a->w, n * sizeof *a->w, err)) {
		average_close(a);
		return NULL;
	}
	for (size_t i = 0; i < n; i++)
		a->w[i] = (double)l->model.w[i];
	return a;
}

static void average_read(const struct lb_hook *h, const struct lb_learner *l, real *w)
{
	const struct average *a = h->state;

	for (size_t i = 0; i < l->model.n_params; i++)
		w[i] = (real)a->w[i];
}

/* ---- ema ---- */

enum { DECAY };

static const struct lb_param ema_params[] = {
	[DECAY] = { .name = "decay", .symbol = "d", .type = LB_REAL_PARAM, .def = 0.999, .min = 0, .max = 1, .max_open = true,
		    .grid = { 0.9, 0.99, 0.999 }, .n_grid = 3, .help = "share of the average that a step leaves; 0: plain training" },
};

static void ema_stepped(const struct lb_hook *h, struct lb_step *s, struct lb_model *m)
{
	struct average *a = h->state;
	const double decay = h->par[DECAY].v;

	(void)s;
	for (size_t i = 0; i < m->n_params; i++)
		a->w[i] = decay * a->w[i] + (1 - decay) * (double)m->w[i];
}

const struct lb_procedure LB_PROCEDURE(ema) = {
	.base = { .name = "ema", .tasks = LB_EVERY_TASK, .title = "Exponential moving average of the weights",
		  .cite = "B. Polyak, A. Juditsky, Acceleration of stochastic approximation by averaging, SIAM J. Control Optim. 30, 1992; in this form A. "
			  "Tarvainen, H. Valpola, Mean teachers are better role models, NeurIPS 2017",
		  .formula = "e = d e + (1 - d) w after each step; e = the initial weights before the first",
		  .notes = "Evaluations, early stopping and the saved model are of e; training goes on from w.", .keywords = "polyak averaging mean_teacher",
		  LB_PARAMS(ema_params) },
	.open = average_open, .close = average_close, .stepped = ema_stepped, .finish = average_read,
};

/* ---- swa ---- */

enum { START, EVERY };

static const struct lb_param swa_params[] = {
	[START] = { .name = "start", .type = LB_REAL_PARAM, .def = 0.75, .min = 0, .max = 1, .max_open = true, .grid = { 0.5, 0.75 }, .n_grid = 2,
		    .help = "share of the epochs before the average begins" },
	[EVERY] = { .name = "every", .symbol = "c", .type = LB_INT_PARAM, .def = 0, .min = 0, .max = 1e9,
		    .help = "steps from one weight in the average to the next; 0: the last step of each epoch" },
};

static void swa_stepped(const struct lb_hook *h, struct lb_step *s, struct lb_model *m)
{
	struct average *a = h->state;
	const int64_t first = lb_cohort_steps_before(s->c, (size_t)(h->par[START].v * (double)s->c->epochs + 1e-9));
	const int64_t every = (int64_t)h->par[EVERY].v, done = s->step + 1;
	const bool due = every ? (done - first) % every == 0 : lb_cohort_ends_epoch(s->c, done);

	if (s->step < first || !due)
		return;
	a->n++;
	for (size_t i = 0; i < m->n_params; i++)
		a->w[i] = a->n == 1 ? (double)m->w[i] : a->w[i] + ((double)m->w[i] - a->w[i]) / (double)a->n;
}

static void swa_finish(const struct lb_hook *h, const struct lb_learner *l, real *w)
{
	const struct average *a = h->state;

	for (size_t i = 0; a->n && i < l->model.n_params; i++)
		w[i] = (real)a->w[i];
}

const struct lb_procedure LB_PROCEDURE(swa) = {
	.base = { .name = "swa", .tasks = LB_EVERY_TASK, .title = "Stochastic weight averaging: the mean of the weights late in the training",
		  .cite = "P. Izmailov, D. Podoprikhin, T. Garipov, D. Vetrov, A. Wilson, Averaging weights leads to wider optima and better "
			  "generalization, UAI 2018, Algorithm 1",
		  .formula = "from the epoch int(start E) on, after every c-th step: n = n + 1; a = a + (w - a) / n",
		  .notes = "Evaluations, early stopping and the saved model are of a as soon as it holds a weight, and of w before. The learning rate is the "
			   "schedule's; the paper's is constant or cyclical there.", .keywords = "averaging flat_minima", LB_PARAMS(swa_params) },
	.open = average_open, .close = average_close, .stepped = swa_stepped, .finish = swa_finish,
};

/* ---- lookahead ---- */

enum { INNER, ALPHA };

static const struct lb_param lookahead_params[] = {
	[INNER] = { .name = "k", .symbol = "k", .type = LB_INT_PARAM, .def = 5, .min = 1, .max = 1e6, .grid = { 5, 10 }, .n_grid = 2, .help = "steps from one "
		    "move of the slow weights to the next" },
	[ALPHA] = { .name = "alpha", .symbol = "a", .type = LB_REAL_PARAM, .def = 0.5, .min = 0, .max = 1, .min_open = true, .grid = { 0.5, 0.8 }, .n_grid = 2,
		    .help = "share of the way that they go; 1 with k 1: plain training" },
};

static void lookahead_stepped(const struct lb_hook *h, struct lb_step *s, struct lb_model *m)
{
	struct average *a = h->state;
	const double alpha = h->par[ALPHA].v;

	if ((s->step + 1) % (int64_t)h->par[INNER].v)
		return;
	for (size_t i = 0; i < m->n_params; i++) {
		a->w[i] = (1 - alpha) * a->w[i] + alpha * (double)m->w[i];
		m->w[i] = (real)a->w[i];
	}
}

const struct lb_procedure LB_PROCEDURE(lookahead) = {
	.base = { .name = "lookahead", .tasks = LB_EVERY_TASK, .title = "Slow weights that go part of the way after every few steps, from where training goes on",
		  .cite = "M. Zhang, J. Lucas, G. Hinton, J. Ba, Lookahead Optimizer: k steps forward, 1 step back, NeurIPS 2019, Algorithm 1",
		  .formula = "after steps k, 2k, ...: s = s + a (w - s), w = s; s = the initial weights before the first",
		  .notes = "Evaluations, early stopping and the saved model are of s. The optimiser's state stays as it is.", .keywords = "slow_weights",
		  LB_PARAMS(lookahead_params) },
	.open = average_open, .close = average_close, .stepped = lookahead_stepped, .finish = average_read,
};

/* ---- averaged_target ---- */

enum { MOMENTUM, RAMP };

static const struct lb_param target_params[] = {
	[MOMENTUM] = { .name = "momentum", .symbol = "k0", .type = LB_REAL_PARAM, .def = 0.996, .min = 0, .max = 1, .grid = { 0.9, 0.99, 0.996 }, .n_grid = 3,
		       .help = "share of the average that a step leaves; 0 without ramp: the trained network itself, held; 1: the initial one" },
	[RAMP] = { .name = "ramp", .type = LB_BOOL_PARAM, .def = 1, .help = "lets the momentum go to 1 over the training, along half a cosine" },
};

static void target_stepped(const struct lb_hook *h, struct lb_step *s, struct lb_model *m)
{
	struct average *a = h->state;
	const double done = (double)s->step / (double)lb_cohort_steps_before(s->c, s->c->epochs), first = h->par[MOMENTUM].v;
	const double momentum = h->par[RAMP].v > 0 ? 1 - (1 - first) * (1 + cos(PI * done)) / 2 : first;

	for (size_t i = 0; i < m->n_params; i++)
		a->w[i] = momentum * a->w[i] + (1 - momentum) * (double)m->w[i];
}

const struct lb_procedure LB_PROCEDURE(averaged_target) = {
	.base = { .name = "averaged_target", .tasks = 1u << LB_EMBEDDING, .title = "A second network of averaged weights gives the view that a loss holds fixed",
		  .cite = "J.-B. Grill et al., Bootstrap your own latent, NeurIPS 2020; K. He et al., Momentum contrast, CVPR 2020",
		  .formula = "e = k e + (1 - k) w after each step, k = 1 - (1 - k0) (1 + cos(pi t / T)) / 2 after t of T steps; e = the initial weights before the first",
		  .notes = "For losses with a held second view: byol, simsiam, dino, target_anchored_info_nce. What they hold is the output of the network e for the same views; w is "
			   "trained, evaluated and saved. A step costs one forward pass more.", .keywords = "byol target_network momentum_encoder mean_teacher ema",
		  LB_PARAMS(target_params) },
	.open = average_open, .close = average_close, .target = average_read, .stepped = target_stepped,
};

/* ---- mesa ---- */

enum { LAMBDA = DECAY + 1, TEMPERATURE, FIRST_EPOCH };

static const struct lb_param mesa_params[] = {
	[DECAY] = { .name = "decay", .symbol = "d", .type = LB_REAL_PARAM, .def = 0.999, .min = 0, .max = 1, .max_open = true, .grid = { 0.9, 0.99, 0.999 }, .n_grid = 3,
		    .help = "share of the average that a step leaves" },
	[LAMBDA] = { .name = "lambda", .symbol = "lambda", .type = LB_REAL_PARAM, .def = 0.8, .min = 0, .max = 1e3, .grid = { 0.3, 0.8 }, .n_grid = 2,
		     .help = "weight of the divergence from the average's scores; 0: plain training" },
	[TEMPERATURE] = { .name = "temperature", .symbol = "T", .type = LB_REAL_PARAM, .def = 5, .min = 1e-2, .max = 1e3, .grid = { 1, 5 }, .n_grid = 2, .help = "divides the scores" },
	[FIRST_EPOCH] = { .name = "start", .type = LB_INT_PARAM, .def = 5, .min = 0, .max = 1e9, .help = "epochs of plain training before it begins" },
};

/* What the average makes of the batch is in l->held. */
static double mesa_scores(const struct lb_hook *h, const struct lb_step *s, struct lb_model *m)
{
	const struct lb_learner *l = s->l;
	const struct average *a = h->state;
	const size_t b = s->batch->b, c = l->columns;
	const double share = h->par[LAMBDA].v / (double)b;
	double sum = 0;

	for (size_t i = 0; share > 0 && (double)l->epoch >= h->par[FIRST_EPOCH].v && i < b; i++)
		sum += lb_held_kl(c, m->z + i * m->net->ld, l->held + i * c, h->par[TEMPERATURE].v, share, a->room, m->dz + i * m->net->ld);
	return share * sum;
}

const struct lb_procedure LB_PROCEDURE(mesa) = {
	.base = { .name = "mesa", .tasks = LB_CLASS_TASKS | 1u << LB_DISTILLATION, .title = "Memory-efficient sharpness-aware training: scores stay near those of averaged weights",
		  .cite = "J. Du, D. Zhou, J. Feng, V. Y. F. Tan, J. T. Zhou, Sharpness-aware training for free, NeurIPS 2022",
		  .formula = "L + lambda T^2 (1/B) sum_i KL(softmax(z_i(e)/T), softmax(z_i/T)),  e = d e + (1 - d) w after each step; e = the initial weights before the first",
		  .notes = "From epoch start + 1 on; the average is of all steps. Its scores are held, and made with the step's own dropout. w is evaluated and saved. A step costs "
			   "one forward pass more. In binary tasks, the probabilities of both classes. Of several heads it reads the first.",
		  .keywords = "trajectory_kl self_distillation mean_teacher ema flat_minima sharpness sam", LB_PARAMS(mesa_params) },
	.reads_classes = true, .open = average_open, .close = average_close, .target = average_read, .penalty = mesa_scores, .stepped = ema_stepped,
};
