/* Heads: their descriptors, values of losses over a cosine head from a reference, the same loss
 * with weights of its own, and trainings. */
#include "core/engine/kernels/kernels.h"
#include "core/engine/model/head/head.h"
#include "core/engine/model/net.h"
#include "losses/eval.h"
#include "losses/loss.h"
#include "tests/unit/core/training.h"

static const struct lb_info *head_info(const char *name)
{
	return lb_info_find(lb_heads, name);
}

static void set_head(struct lb_model_spec *s, const char *set)
{
	lb_model_spec_head(s, head_info("cosine"), args(head_info("cosine"), set));
}

/* ---- descriptors ---- */

static void some_scores(const struct lb_head_pass *at, real *z)
{
	(void)at, (void)z;
}

static void some_backward(const struct lb_head_pass *at, const real *z, const real *dz, real *d)
{
	(void)at, (void)z, (void)dz, (void)d;
}

static double some_scale(const struct lb_arg *par)
{
	return par->v;
}

START_TEST(descriptors)
{
	const struct {
		struct lb_head head;
		const char *what;
	} wrong[] = {
		{ { .base.tasks = 1, .scores = some_scores }, "one of .scores and .backward" },
		{ { .base.tasks = 1, .backward = some_backward }, "one of .scores and .backward" },
		{ { .base.tasks = 1, .scale = some_scale }, "has .scale" },
		{ { .scores = some_scores, .backward = some_backward }, "is for no task" },
	};

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		ck_assert_msg(lb_head_misfit(&wrong[i].head) && strstr(lb_head_misfit(&wrong[i].head), wrong[i].what), "%s", wrong[i].what);
	for (size_t i = 0; lb_heads[i]; i++) {
		const struct lb_head *head = lb_head_of(lb_heads[i]);
		ck_assert_msg(!lb_head_misfit(head), "%s: %s", head->base.name, lb_head_misfit(head));
		ck_assert_ptr_eq(&head->base, lb_heads[i]);
		ck_assert(head->base.title && head->base.cite && head->base.formula && head->base.tasks);
		ck_assert_int_le(head->base.n_params, LB_MOST_HEAD_PARAMS);
		ck_assert_int_eq(lb_head_cosines(&head->base), !strcmp(head->base.name, "cosine"));
	}
	ck_assert_str_eq(lb_head_of(NULL)->base.name, "linear");
	ck_assert_double_eq(lb_head_scale(head_info("linear"), NULL), 0);
}
END_TEST

/* ---- one linear layer: features E, weights W ---- */

enum { ROWS = 6, WIDTH = 3, CLASSES = 3 };
static const double E[] = { 1, .2, -.5, .8, -.1, .3, -.4, 1.1, .6, .1, .9, -.7, -.9, -.3, .8, -.2, -1.2, .4 };
static const double W[] = { .9, .1, .2, -.2, .8, .1, -.3, -.6, .7 };
static const int32_t label[] = { 0, 0, 0, 1, 1, 2 };

struct layer {
	double z[ROWS * CLASSES], value, by_e[ROWS * WIDTH], by_w[CLASSES * WIDTH];
};

/* Scores, the loss's value, and its gradient by E and W. */
static struct layer through(const char *head, const char *loss, const char *set, const double *e, const double *w)
{
	struct lb_model_spec s = { .n_layers = 1, .width = { WIDTH, CLASSES }, .seed = 1 };
	const struct lb_loss_info *info = lb_loss_find(LB_MULTICLASS, loss);
	_Alignas(64) double stored[2 * LB_PANEL * (WIDTH + 1)] = { 0 }, g[2 * LB_PANEL * (WIDTH + 1)], dz[ROWS * LB_PANEL] = { 0 },
		transposed[CLASSES * LB_PANEL], dx[ROWS * LB_PANEL];
	double plain[(WIDTH + 1) * CLASSES] = { 0 }, d[ROWS * CLASSES];
	struct layer out = { 0 };

	set_head(&s, head);
	struct lb_net *net = lb_net_new(&s, ROWS, &err);
	ck_assert(net && net->n_params <= 2 * LB_PANEL * (WIDTH + 1));
	memcpy(plain, w, sizeof W);
	lb_net_pack(net, plain, stored);
	const struct lb_pass pass = { .b = ROWS, .x = e, .step = -1 };
	const double *z = lb_net_forward(net, stored, &pass);
	for (size_t i = 0; i < ROWS * CLASSES; i++)
		out.z[i] = z[i / CLASSES * net->ld + i % CLASSES];
	const struct lb_loss_input in = { .b = ROWS, .c = CLASSES, .z = out.z, .y = label, .par = args(&info->base, set), .scale = s.cosine_scale };
	ck_assert_int_eq(lb_loss_eval(info, 64, &in, &out.value, d, &err), 0);
	for (size_t i = 0; i < ROWS * CLASSES; i++)
		dz[i / CLASSES * net->ld + i % CLASSES] = d[i];
	lb_net_backward(net, stored, &pass, dz, g);
	lb_net_unpack(net, g, plain);
	memcpy(out.by_w, plain, sizeof out.by_w);
	for (size_t k = 0; k < CLASSES; k++)
		ck_assert_double_eq(plain[CLASSES * WIDTH + k], 0);
	lb_net_input_gradient(net, stored, &pass, dz, transposed, dx);
	for (size_t i = 0; i < ROWS * WIDTH; i++)
		out.by_e[i] = dx[i / WIDTH * LB_PADDED(WIDTH) + i % WIDTH];
	lb_net_free(net);
	return out;
}

static double length(const double *v, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += v[i] * v[i];
	return sqrt(sum);
}

/* Values from a separate float64 implementation in NumPy, given to twelve digits. */
START_TEST(reference_values)
{
	const struct {
		const char *head, *loss, *set;
		double value, gradient;
	} known[] = {
		{ "scale=64", "arcface", "margin=0.5", 29.9260990863, 13.8671667185 },
		{ "scale=64", "cosface", "margin=0.35", 27.3089440598, 15.3731733929 },
		{ "scale=20", "ce", "", 6.20071232457, 4.8041164349 },
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		const struct layer at = through(known[i].head, known[i].loss, known[i].set, E, W);
		ck_assert_double_eq_tol(at.value, known[i].value, 1e-9 * known[i].value);
		ck_assert_double_eq_tol(length(at.by_e, ROWS * WIDTH), known[i].gradient, 1e-9 * known[i].gradient);
	}
	args_forget();
}
END_TEST

START_TEST(cross_entropy_of_the_head_is_normalized_softmax)
{
	const struct lb_loss_info *info = lb_loss_find(LB_EMBEDDING, "normalized_softmax");
	const struct layer at = through("scale=8", "ce", "", E, W);
	const struct lb_loss_input in = { .b = ROWS, .c = WIDTH, .z = E, .y = label, .params = W, .n_classes = CLASSES,
					  .par = args(&info->base, "temperature=0.125") };
	double value, g[ROWS * WIDTH + CLASSES * WIDTH];

	ck_assert_int_eq(lb_loss_eval(info, 64, &in, &value, g, &err), 0);
	ck_near(at.value, value, 1e-14, "value", 0);
	for (size_t i = 0; i < ROWS * WIDTH; i++)
		ck_near(at.by_e[i], g[i], 1e-14, "gradient by feature", i);
	for (size_t i = 0; i < CLASSES * WIDTH; i++)
		ck_near(at.by_w[i], g[ROWS * WIDTH + i], 1e-14, "gradient by weight", i);
	args_forget();
}
END_TEST

START_TEST(vectors_without_direction)
{
	double e[ROWS * WIDTH], w[CLASSES * WIDTH];

	memcpy(e, E, sizeof e);
	memcpy(w, W, sizeof w);
	memset(e + WIDTH, 0, WIDTH * sizeof *e);
	memset(w + 2 * WIDTH, 0, WIDTH * sizeof *w);
	const struct layer at = through("", "arcface", "", e, w);
	ck_assert(isfinite(at.value));
	for (size_t i = 0; i < ROWS * CLASSES; i++)
		ck_assert_int_eq(at.z[i] == 0, i / CLASSES == 1 || i % CLASSES == 2);
	for (size_t i = 0; i < ROWS * WIDTH; i++)
		ck_assert_int_eq(at.by_e[i] == 0, i / WIDTH == 1);
	for (size_t i = 0; i < CLASSES * WIDTH; i++)
		ck_assert_int_eq(at.by_w[i] == 0, i / WIDTH == 2);
	e[0] = (double)NAN;
	const struct layer bad = through("", "arcface", "", e, w);
	for (size_t i = 0; i < ROWS * CLASSES; i++)
		ck_assert_int_eq(isnan(bad.z[i]) != 0, i < CLASSES);
	args_forget();
}
END_TEST

/* Lengths of features and weights count for nothing, and no step by the gradient shortens them. */
START_TEST(lengths_do_not_matter)
{
	double e[ROWS * WIDTH], w[CLASSES * WIDTH];

	for (size_t i = 0; i < ROWS * WIDTH; i++)
		e[i] = E[i] * (double)(1 + i / WIDTH);
	for (size_t i = 0; i < CLASSES * WIDTH; i++)
		w[i] = W[i] / (double)(1 + i / WIDTH);
	const struct layer one = through("", "arcface", "", E, W), other = through("", "arcface", "", e, w);
	for (size_t i = 0; i < ROWS * CLASSES; i++)
		ck_near(other.z[i], one.z[i], 1e-14, "score", i);
	for (size_t k = 0; k < CLASSES; k++) {
		double along = 0;
		for (size_t j = 0; j < WIDTH; j++)
			along += one.by_w[k * WIDTH + j] * W[k * WIDTH + j];
		ck_assert_double_eq_tol(along, 0, 1e-13);
	}
	args_forget();
}
END_TEST

/* ---- trainings: each precision ---- */

enum { MODELS = 3, OPTIMISERS = 3 };

static void with_head(struct lb_setup *s, int i)
{
	if (i)
		*s = with_hidden(*s, i == 1 ? 40 : 9, LB_RELU, i == 1 ? 0.2 : 0);
	set_head(&s->model, "scale=8");
}

/* The update inside backward and the update of the whole gradient, one thread and two, alone and in
 * company. */
START_TEST(the_same_bytes_however_it_is_trained)
{
	static const char *const optimisers[OPTIMISERS][2] = { { "sgd", "lr=0.1 momentum=0.9 weight_decay=0.001" }, { "adam", "lr=0.01" },
							       { "adamw", "lr=0.01 weight_decay=0.1" } };
	struct problem p;
	struct lb_setup s[3];
	struct lb_train_result o[3], alone;

	problem_open(&p, LB_MULTICLASS, (const size_t[]){ 200, 0, 50 }, 20, 5);
	problem_draw(&p, 3);
	for (int i = 0; i < 3; i++) {
		s[i] = trial(&p, i == 1 ? "ce" : "arcface", "", "lr=0.1");
		s[i].optimizer = optimizer(optimisers[_i % OPTIMISERS][0]);
		s[i].optimizer_par = args(s[i].optimizer, optimisers[_i % OPTIMISERS][1]);
		with_head(&s[i], _i / OPTIMISERS);
	}
	s[2].clip_norm = 1e9;
	for (int k = 0; k < 2; k++) {
		struct lb_cohort c = cohort_of(&p, s, 3, 3, 64);
		train_all(precision[k], &c, o);
		ck_assert_int_eq(o[0].status, LB_TRIAL_OK);
		ck_assert(same_scores(&p, &o[0], &o[2]));
		ck_assert(!same_scores(&p, &o[0], &o[1]));
		for (int i = 0; i < 2; i++) {
			c.threads = (size_t)i + 1;
			alone = train_alone(precision[k], c, &s[i]);
			ck_assert(same_scores(&p, &o[i], &alone));
			lb_train_result_free(&alone);
		}
		for (int i = 0; i < 3; i++)
			lb_train_result_free(&o[i]);
	}
	problem_close(&p);
	args_forget();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("head");
	TCase *t = tcase_create("heads");

	tcase_add_test(t, descriptors);
	tcase_add_test(t, reference_values);
	tcase_add_test(t, cross_entropy_of_the_head_is_normalized_softmax);
	tcase_add_test(t, vectors_without_direction);
	tcase_add_test(t, lengths_do_not_matter);
	tcase_add_loop_test(t, the_same_bytes_however_it_is_trained, 0, MODELS * OPTIMISERS);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("head")
