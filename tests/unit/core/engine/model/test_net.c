/* core/model against plain loops, differences and the definitions of the initial values; both
 * precisions. */
#include "core/engine/model/net.h"
#include "core/training/head_info.h"
#include "losses/eval.h"
#include "tests/unit/core/engine/net_f32.h"
#include "tests/unit/suite.h"

#include <string.h>

enum { ROWS = 9, STEP = 5, MOST = 40000, STORED = 3 * MOST };

/* In the plain order, without padding. */
static struct lb_err err;
static double w[MOST], x[MOST], g[MOST], dz[MOST], z[MOST];
static double g32[MOST], z32[MOST];

/* As the nets want them. */
static _Alignas(64) double sw[STORED], sg[STORED], sz[STORED];
static _Alignas(64) float sw32[STORED], sg32[STORED], sz32[STORED], x32[MOST];

static struct lb_pass pass; /* the last */

/* Scores of rows of x under w, tight, in z. */
static const double *forward(struct lb_net *net, size_t b, int64_t step)
{
	const size_t out = net->spec.width[net->spec.n_layers];

	lb_net_pack_f64(net, w, sw);
	pass = (struct lb_pass){ .b = b, .x = x, .step = step };
	const double *scores = lb_net_forward_f64(net, sw, &pass);
	for (size_t i = 0; i < b * net->ld; i++)
		if (i % net->ld < out)
			z[i / net->ld * out + i % net->ld] = scores[i];
		else
			ck_assert(scores[i] == 0 || isnan(scores[i / net->ld * net->ld]));
	return z;
}

/* After forward: g from dz. */
static void backward(struct lb_net *net, size_t b)
{
	const size_t out = net->spec.width[net->spec.n_layers];

	memset(sz, 0, b * net->ld * sizeof *sz);
	for (size_t i = 0; i < b * out; i++)
		sz[i / out * net->ld + i % out] = dz[i];
	lb_net_backward_f64(net, sw, &pass, sz, sg);
	lb_net_unpack_f64(net, sg, g);
	double inside = 0, all = 0;
	for (size_t i = 0; i < lb_model_spec_size(&net->spec); i++)
		inside += fabs(g[i]);
	for (size_t i = 0; i < net->n_params; i++)
		all += fabs(sg[i]);
	ck_assert_double_eq_tol(all, inside, 1e-9 * inside);
}

/* Both in single precision, of the same numbers, into z32 and g32. Up to 16 outputs. */
static void single(struct lb_net_f32 *net, const struct lb_model_spec *s, size_t b, int64_t step)
{
	const size_t out = s->width[s->n_layers], ld = 16;
	const struct lb_pass_f32 single_pass = { .b = b, .x = x32, .step = step };

	for (size_t i = 0; i < b * s->width[0]; i++)
		x32[i] = (float)x[i];
	memset(sz32, 0, b * ld * sizeof *sz32);
	for (size_t i = 0; i < b * out; i++)
		sz32[i / out * ld + i % out] = (float)dz[i];
	lb_net_pack_f32(net, w, sw32);
	const float *scores = lb_net_forward_f32(net, sw32, &single_pass);
	for (size_t i = 0; i < b * out; i++)
		z32[i] = (double)scores[i / out * ld + i % out];
	lb_net_backward_f32(net, sw32, &single_pass, sz32, sg32);
	lb_net_unpack_f32(net, sg32, g32);
}

/* ---- shapes: a number says which ---- */

enum { ACTIVATIONS = 5, DEPTHS = 4, DROPS = 2, HEADS = 2, SHAPES = ACTIVATIONS * DEPTHS * DROPS * HEADS };

static void cosine_head(struct lb_model_spec *s)
{
	static struct lb_arg par[LB_MOST_HEAD_PARAMS];
	struct lb_arg_store store = { 0 };
	const struct lb_info *info = lb_info_find(lb_heads_f64, "cosine");

	ck_assert_msg(!lb_args_from_text(info, "scale=2", par, &store, &err), "%s", err.text);
	lb_model_spec_head(s, info, par);
	ck_assert_double_eq(s->cosine_scale, 2);
}

static struct lb_model_spec shape(int i)
{
	const size_t depth = (size_t)(i / ACTIVATIONS % DEPTHS);
	struct lb_model_spec s = { .n_layers = depth + 1, .width = { 5, 7, 6, 4 }, .activation = (enum lb_activation)(i % ACTIVATIONS),
				   .dropout = i / (ACTIVATIONS * DEPTHS) % DROPS ? 0.4 : 0, .seed = 11 };

	s.width[depth + 1] = 3;
	if (i / (ACTIVATIONS * DEPTHS * DROPS))
		cosine_head(&s);
	return s;
}

static void draw(double *v, size_t n, uint64_t seed, double scale)
{
	struct lb_rng rng;

	lb_rng_init(&rng, seed, LB_RNG_TEST, n);
	for (size_t i = 0; i < n; i++)
		v[i] = (float)(scale * lb_rng_normal(&rng));
}

static struct lb_net *open_net(const struct lb_model_spec *s, size_t rows)
{
	struct lb_net *net = lb_net_new_f64(s, rows, &err);

	ck_assert_msg(net != NULL, "%s", err.text);
	ck_assert_uint_le(lb_model_spec_size(s), MOST);
	ck_assert_uint_le(net->n_params, STORED);
	draw(w, lb_model_spec_size(s), 1, 0.6);
	for (size_t j = 0; j < lb_model_spec_unused(s); j++)
		w[lb_model_spec_size(s) - 1 - j] = 0;
	draw(x, rows * s->width[0], 2, 1);
	draw(dz, rows * s->width[s->n_layers], 3, 1);
	return net;
}

static void ck_near(double got, double want, double tolerance, const char *what, size_t i)
{
	ck_assert_msg(fabs(got - want) <= tolerance * fmax(1, fabs(want)), "%s %zu is %.17g, expected %.17g", what, i, got, want);
}

/* ---- forward ---- */

static double activated(enum lb_activation act, double a)
{
	return act == LB_TANH ? tanh(a) : act == LB_GELU ? a * 0.5 * (1 + erf(a / sqrt(2.0))) : act == LB_IDENTITY ? a : act == LB_COS ? cos(a) : a > 0 ? a : 0;
}

/* Cosines, times the scale, of in features and the weights of each output. */
static void plain_cosines(double scale, size_t in, size_t out, const double *par, const double *h, double *out_z)
{
	for (size_t o = 0; o < out; o++) {
		double dot = 0, hh = 0, ww = 0;
		for (size_t k = 0; k < in; k++) {
			dot += par[o * in + k] * h[k];
			hh += h[k] * h[k];
			ww += par[o * in + k] * par[o * in + k];
		}
		out_z[o] = hh > 0 ? scale * dot / sqrt(hh * ww) : 0;
	}
}

/* Scores of one row by plain loops; the masks are those that the net drew. */
static void plain_forward(const struct lb_net *net, const double *par, size_t row, bool dropped, double *out_z)
{
	const struct lb_model_spec *s = &net->spec;
	double h[64];

	memcpy(h, x + row * s->width[0], s->width[0] * sizeof *h);
	for (size_t l = 0; l < s->n_layers; l++) {
		const size_t in = s->width[l], out = s->width[l + 1];
		for (size_t o = 0; o < out; o++) {
			double a = par[in * out + o];
			for (size_t k = 0; k < in; k++)
				a += par[o * in + k] * h[k];
			out_z[o] = l + 1 == s->n_layers ? a : activated(s->activation, a);
			if (l + 1 < s->n_layers && dropped)
				out_z[o] *= net->layer[l].mask[row * net->layer[l].ld + o];
		}
		if (l + 1 == s->n_layers && s->cosine_scale > 0)
			plain_cosines(s->cosine_scale, in, out, par, h, out_z);
		memcpy(h, out_z, out * sizeof *h);
		par += (in + 1) * out;
	}
}

START_TEST(forward_is_the_plain_loop)
{
	const struct lb_model_spec s = shape(_i);
	struct lb_net *net = open_net(&s, ROWS);
	const size_t some[] = { 1, 2, ROWS };

	for (size_t k = 0; k < 6; k++) {
		const bool training = k % 2;
		forward(net, some[k / 2], training ? STEP : -1);
		for (size_t i = 0; i < some[k / 2]; i++) {
			double want[64];
			plain_forward(net, w, i, training && s.dropout > 0, want);
			for (size_t c = 0; c < 3; c++)
				ck_near(z[i * 3 + c], want[c], 1e-13, "score", i * 3 + c);
		}
	}
	lb_net_free_f64(net);
}
END_TEST

/* Of two outputs a target, the first gets the offset of the row. */
START_TEST(offsets_are_added_to_scores)
{
	const struct lb_model_spec s = { .n_layers = 2, .width = { 5, 7, 4 }, .activation = LB_RELU, .seed = 11 };
	const double offset[] = { 0.5, -2, 7 };
	const uint32_t rows[] = { 2, 0 };
	struct lb_net *net = lb_net_new(&s, 2, &err);

	ck_assert_msg(net != NULL, "%s", err.text);
	draw(w, lb_model_spec_size(&s), 1, 1);
	draw(x, 10, 2, 1);
	memcpy(g, forward(net, 2, -1), 8 * sizeof *g);
	const double *scores = lb_net_forward_f64(net, sw, &(struct lb_pass){ .b = 2, .x = x, .step = -1, .offset = offset, .rows = rows, .outputs = 2 });
	for (size_t i = 0; i < 2; i++)
		for (size_t k = 0; k < 4; k++)
			ck_assert_double_eq(scores[i * net->ld + k], g[i * 4 + k] + (k % 2 ? 0 : offset[rows[i]]));
	lb_net_free(net);
}
END_TEST

START_TEST(no_inputs_leave_the_biases)
{
	const struct lb_model_spec s = { .n_layers = 1, .width = { 0, 3 }, .seed = 1 };
	struct lb_net *net = open_net(&s, 2);

	forward(net, 2, 0);
	for (size_t i = 0; i < 6; i++)
		ck_assert_double_eq(z[i], w[i % 3]);
	backward(net, 2);
	for (size_t i = 0; i < 3; i++)
		ck_near(g[i], dz[i] + dz[3 + i], 1e-15, "gradient", i);
	lb_net_free_f64(net);
}
END_TEST

/* ---- backward ---- */

/* A function of the scores with the derivative d: half a weighted square, or the mean cross-entropy
 * of labels i mod 3. */
static double objective(bool entropy, double *d)
{
	double f = 0;

	for (size_t i = 0; i < ROWS; i++) {
		double sum = 0;
		for (size_t c = 0; c < 3; c++)
			sum += exp(z[i * 3 + c]);
		for (size_t c = 0; c < 3; c++) {
			const double e = z[i * 3 + c] - 0.1 * (double)(i + c), q = 1 + 0.2 * (double)c;
			f += entropy ? (c == i % 3 ? (log(sum) - z[i * 3 + c]) / ROWS : 0) : 0.5 * q * e * e;
			d[i * 3 + c] = entropy ? (exp(z[i * 3 + c]) / sum - (c == i % 3)) / ROWS : q * e;
		}
	}
	return f;
}

static void check_gradient(struct lb_net *net, bool entropy, int64_t step)
{
	double d[ROWS * 3];

	forward(net, ROWS, step);
	objective(entropy, dz);
	backward(net, ROWS);
	const size_t n = lb_model_spec_size(&net->spec), unused = lb_model_spec_unused(&net->spec);
	for (size_t j = n - unused; j < n; j++)
		ck_assert_double_eq(g[j], 0);
	for (size_t j = 0; j < n - unused; j++) {
		const double at = w[j], h = 1e-5;
		w[j] = at + h;
		forward(net, ROWS, step);
		const double above = objective(entropy, d);
		w[j] = at - h;
		forward(net, ROWS, step);
		const double below = objective(entropy, d);
		w[j] = at;
		ck_near(g[j], (above - below) / (2 * h), 2e-8, "gradient", j);
	}
}

START_TEST(backward_is_the_derivative)
{
	const struct lb_model_spec s = shape(_i % SHAPES);
	struct lb_net *net = open_net(&s, ROWS);

	check_gradient(net, _i / SHAPES, STEP);
	check_gradient(net, _i / SHAPES, -1);
	lb_net_free_f64(net);
}
END_TEST

START_TEST(single_precision_follows_double)
{
	struct lb_model_spec s = shape(_i);
	const size_t widths[] = { 50, 40, 30, 20 }, b = 33;
	memcpy(s.width, widths, sizeof widths);
	s.width[s.n_layers] = 10;
	struct lb_net *net = open_net(&s, b);
	struct lb_net_f32 *net32 = lb_net_new_f32(&s, b, &err);
	const size_t n = lb_model_spec_size(&s);

	for (size_t i = 0; i < n; i++)
		w[i] = (float)(w[i] / 5);
	forward(net, b, STEP);
	backward(net, b);
	single(net32, &s, b, STEP);
	for (size_t i = 0; i < b * 10; i++)
		ck_near(z32[i], z[i], 1e-5, "score", i);
	for (size_t i = 0; i < n; i++)
		ck_near(g32[i], g[i], 3e-5, "gradient", i);
	lb_net_free_f64(net);
	lb_net_free_f32(net32);
}
END_TEST

/* ---- dropout ---- */

static size_t count_dropped(const struct lb_net *net, size_t layer, size_t b, double *mask)
{
	const struct lb_layer *l = &net->layer[layer];
	size_t dropped = 0;

	for (size_t i = 0; i < b * l->out; i++) {
		mask[i] = l->mask[i / l->out * l->ld + i % l->out];
		ck_assert(mask[i] == 0 || fabs(mask[i] - 1 / (1 - net->spec.dropout)) < 1e-15);
		dropped += mask[i] == 0;
	}
	return dropped;
}

START_TEST(dropout_masks)
{
	const double rates[] = { 0.1, 0.4, 0.9 };
	const struct lb_model_spec s = { .n_layers = 3, .width = { 2, 100, 100, 1 }, .dropout = rates[_i], .seed = 3 };
	static double first[10000], again[10000], second[10000], later[10000];
	struct lb_net *net = open_net(&s, 100);
	const double n = 10000, mean = n * rates[_i], sd = sqrt(mean * (1 - rates[_i]));

	forward(net, 100, 7);
	ck_assert_double_le(fabs((double)count_dropped(net, 0, 100, first) - mean), 4 * sd);
	ck_assert_double_le(fabs((double)count_dropped(net, 1, 100, second) - mean), 4 * sd);
	forward(net, 100, 8);
	count_dropped(net, 0, 100, later);
	forward(net, 100, 7);
	count_dropped(net, 0, 100, again);
	ck_assert(!memcmp(first, again, sizeof first));
	ck_assert(memcmp(first, later, sizeof first) != 0);
	ck_assert(memcmp(first, second, sizeof first) != 0);
	lb_net_free_f64(net);
}
END_TEST

/* ---- initial values ---- */

struct moments {
	double mean, sd, largest, fourth, beyond;
};

static struct moments moments(const double *v, size_t n)
{
	struct moments m = { 0 };

	for (size_t i = 0; i < n; i++)
		m.mean += v[i] / (double)n;
	for (size_t i = 0; i < n; i++)
		m.sd += (v[i] - m.mean) * (v[i] - m.mean) / (double)n;
	m.sd = sqrt(m.sd);
	for (size_t i = 0; i < n; i++) {
		m.largest = fmax(m.largest, fabs(v[i]));
		m.fourth += pow((v[i] - m.mean) / m.sd, 4) / (double)n;
		m.beyond += (fabs(v[i]) > m.sd) / (double)n;
	}
	return m;
}

static struct lb_model_spec wide(enum lb_init init, uint64_t seed)
{
	return (struct lb_model_spec){ .n_layers = 2, .width = { 200, 100, 150 }, .init = init, .seed = seed };
}

static void initial(const struct lb_net *net, double *plain)
{
	lb_net_init_f64(net, sw);
	lb_net_unpack_f64(net, sw, plain);
}

/* v: a layer's weights and biases */
static void ck_layer(const struct lb_layer *l, const double *v, enum lb_init init)
{
	const double in = (double)l->in, out = (double)l->out, bound = 1 / sqrt(in);
	const struct moments weight = moments(v, l->in * l->out), bias = moments(v + l->in * l->out, l->out);
	const double sd = init == LB_INIT_TORCH ? bound / sqrt(3.0) : init == LB_INIT_HE ? sqrt(2 / in) : sqrt(2 / (in + out));

	ck_assert_double_eq_tol(weight.sd, sd, 0.03 * sd);
	ck_assert_double_le(fabs(weight.mean), 4 * sd / sqrt(in * out));
	ck_assert_double_eq_tol(weight.fourth, init == LB_INIT_TORCH ? 1.8 : 3, 0.2);
	ck_assert_double_eq_tol(weight.beyond, init == LB_INIT_TORCH ? 1 - 1 / sqrt(3.0) : 0.317311, 0.02);
	if (init != LB_INIT_TORCH) {
		ck_assert_double_eq(bias.largest, 0);
		return;
	}
	ck_assert_double_le(weight.largest, bound);
	ck_assert_double_ge(weight.largest, 0.999 * bound);
	ck_assert_double_le(bias.largest, bound);
	ck_assert_double_ge(bias.largest, 0.9 * bound);
	ck_assert_double_le(fabs(bias.mean), 4 * sd / sqrt(out));
}

START_TEST(initial_values_follow_the_scheme)
{
	const enum lb_init init = (enum lb_init)_i;
	const struct lb_model_spec s = wide(init, 4);
	struct lb_net *net = open_net(&s, 1);

	initial(net, w);
	for (size_t i = 0; i < 2; i++)
		if (init == LB_INIT_ZERO)
			ck_assert_double_eq(moments(w, lb_model_spec_size(&s)).largest, 0);
		else
			ck_layer(&net->layer[i], w + (i ? 201 * 100 : 0), init);
	lb_net_free_f64(net);
}
END_TEST

START_TEST(initial_values_are_paired)
{
	const struct lb_model_spec s = wide((enum lb_init)_i, 4), other = wide((enum lb_init)_i, 5);
	struct lb_net *net = open_net(&s, 1), *net2 = open_net(&other, 1);
	struct lb_net_f32 *net32 = lb_net_new_f32(&s, 1, &err);
	const size_t n = lb_model_spec_size(&s);
	size_t same = 0;

	initial(net, w);
	initial(net, g);
	ck_assert(!memcmp(w, g, n * sizeof *w));
	lb_net_init_f32(net32, sw32);
	lb_net_unpack_f32(net32, sw32, g32);
	initial(net2, g);
	for (size_t i = 0; i < n; i++) {
		ck_assert_double_eq(g32[i], (double)(float)w[i]);
		same += w[i] == g[i] && w[i] != 0;
	}
	ck_assert_uint_eq(same, 0);
	for (size_t i = 0; i < 100 && _i != LB_INIT_ZERO; i++)
		ck_assert_double_ne(w[i], w[201 * 100 + i]);
	lb_net_free_f64(net);
	lb_net_free_f64(net2);
	lb_net_free_f32(net32);
}
END_TEST

/* ---- shapes from a config ---- */

static struct lb_model_spec made(const struct lb_info *info, const char *set, int want)
{
	struct lb_arg par[16];
	struct lb_arg_store store = { 0 };
	struct lb_model_spec s;

	ck_assert_msg(!lb_args_from_text(info, set, par, &store, &err), "%s", err.text);
	ck_assert_int_eq(lb_model_spec_make(info, par, 784, 10, &s, &err), want);
	lb_args_free(&store);
	return s;
}

START_TEST(shapes_and_sizes)
{
	const struct lb_model_spec linear = made(&lb_model_kind_linear.base, "init=he seed=7", 0);
	const struct lb_model_spec mlp = made(&lb_model_kind_mlp.base, "hidden=[256,32] activation=gelu dropout=0.25 init=xavier seed=9", 0);

	for (size_t i = 0; lb_models[i]; i++)
		ck_assert_int_eq(lb_models[i]->traits & LB_CLOSED_FORM, !!strcmp(lb_models[i]->name, "linear") && strcmp(lb_models[i]->name, "mlp"));
	const struct lb_model_spec bayes = made(&lb_model_kind_naive_bayes.base, "smoothing=0.5", 0);
	ck_assert(bayes.n_layers == 1 && bayes.closed_form == LB_NAIVE_BAYES && bayes.smoothing == 0.5 && lb_model_spec_size(&bayes) == 7850);
	ck_assert(!linear.closed_form && !mlp.closed_form);
	ck_assert_uint_eq(lb_model_spec_size(&linear), 7850);
	ck_assert(linear.n_layers == 1 && linear.init == LB_INIT_HE && linear.seed == 7 && linear.dropout == 0);
	ck_assert_uint_eq(lb_model_spec_size(&mlp), 200960 + 8224 + 330);
	ck_assert(mlp.n_layers == 3 && mlp.width[0] == 784 && mlp.width[1] == 256 && mlp.width[2] == 32 && mlp.width[3] == 10);
	ck_assert(mlp.activation == LB_GELU && mlp.dropout == 0.25 && mlp.init == LB_INIT_XAVIER && mlp.seed == 9);
}
END_TEST

START_TEST(too_many_layers_are_refused)
{
	char set[256] = "hidden=[1";

	for (int i = 1; i < LB_MAX_LAYERS - 1; i++)
		strcat(set, ",1");
	const size_t end = strlen(set);
	strcat(set, "]");
	ck_assert_uint_eq(made(&lb_model_kind_mlp.base, set, 0).n_layers, LB_MAX_LAYERS);
	strcpy(set + end, ",1]");
	made(&lb_model_kind_mlp.base, set, -1);
	ck_assert_int_eq(err.code, LB_CONFIG);
	ck_assert_ptr_nonnull(strstr(err.text, "model.hidden: found 32 layers, allowed: at most 31"));
}
END_TEST

/* ---- NaN ---- */

START_TEST(nan_shows_in_the_scores_of_its_row_alone)
{
	const struct lb_model_spec s = shape(_i);
	struct lb_net *net = open_net(&s, ROWS);
	struct lb_net_f32 *net32 = lb_net_new_f32(&s, ROWS, &err);
	double clean[ROWS * 3];

	memcpy(clean, forward(net, ROWS, -1), sizeof clean);
	x[4 * 5 + 2] = (double)NAN;
	forward(net, ROWS, -1);
	single(net32, &s, ROWS, -1);
	for (size_t i = 0; i < ROWS * 3; i++) {
		ck_assert_int_eq(isnan(z[i]) != 0, i / 3 == 4);
		ck_assert_int_eq(isnan(z32[i]) != 0, i / 3 == 4);
		if (i / 3 != 4)
			ck_assert_double_eq(z[i], clean[i]);
	}
	lb_net_free_f64(net);
	lb_net_free_f32(net32);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("net");
	TCase *t = tcase_create("net");

	tcase_add_loop_test(t, forward_is_the_plain_loop, 0, SHAPES);
	tcase_add_test(t, offsets_are_added_to_scores);
	tcase_add_test(t, no_inputs_leave_the_biases);
	tcase_add_loop_test(t, backward_is_the_derivative, 0, 2 * SHAPES);
	tcase_add_loop_test(t, single_precision_follows_double, 0, SHAPES);
	tcase_add_loop_test(t, dropout_masks, 0, 3);
	tcase_add_loop_test(t, initial_values_follow_the_scheme, 0, LB_INIT_ZERO + 1);
	tcase_add_loop_test(t, initial_values_are_paired, 0, LB_INIT_ZERO + 1);
	tcase_add_test(t, shapes_and_sizes);
	tcase_add_test(t, too_many_layers_are_refused);
	tcase_add_loop_test(t, nan_shows_in_the_scores_of_its_row_alone, 0, SHAPES);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("net")
