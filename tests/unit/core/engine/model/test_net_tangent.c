/* How fast scores change along a direction, against differences of forward passes with the same
 * dropout. */
#include "core/base/mem.h"
#include "core/engine/model/net.h"
#include "tests/unit/suite.h"

#include <math.h>
#include <stdlib.h>

enum { B = 5, IN = 3, OUT = 2, WIDTH = 6 };

static struct lb_err err;

START_TEST(as_differences)
{
	static const enum lb_activation activation[] = { LB_RELU, LB_TANH, LB_GELU, LB_IDENTITY, LB_COS };
	const size_t layers = 1 + (size_t)_i / 5;
	struct lb_model_spec spec = { .n_layers = layers, .width = { IN }, .activation = activation[_i % 5], .dropout = layers > 1 ? 0.3 : 0, .seed = 5 };
	double x[B * IN], moved[B * OUT], room[2 * B * WIDTH], scores[2][B * OUT];
	struct lb_rng rng;

	for (size_t k = 1; k <= layers; k++)
		spec.width[k] = k < layers ? WIDTH - k : OUT;
	const size_t n = lb_model_spec_size(&spec);
	struct lb_net *net = lb_net_new_f64(&spec, B, &err);
	double *stored = lb_alloc_aligned(net->n_params, sizeof *stored, &err), *w = lb_alloc(n, sizeof *w, &err), *v = lb_alloc(n, sizeof *v, &err),
	       *at = lb_alloc(n, sizeof *at, &err);
	const struct lb_pass pass = { .b = B, .x = x, .step = 4 };
	lb_rng_init(&rng, 3, LB_RNG_TEST, (uint64_t)_i);
	for (size_t i = 0; i < B * IN; i++)
		x[i] = lb_rng_normal(&rng);
	for (size_t i = 0; i < n; i++) {
		w[i] = lb_rng_normal(&rng);
		v[i] = lb_rng_normal(&rng);
	}
	for (size_t side = 0; side < 2; side++) {
		for (size_t i = 0; i < n; i++)
			at[i] = w[i] + (side ? 1e-6 : -1e-6) * v[i];
		lb_net_pack_f64(net, at, stored);
		const double *z = lb_net_forward_f64(net, stored, &pass);
		for (size_t i = 0; i < B * OUT; i++)
			scores[side][i] = z[i / OUT * net->ld + i % OUT];
	}
	lb_net_pack_f64(net, w, stored);
	lb_net_forward_f64(net, stored, &pass);
	lb_net_tangent_f64(net, w, v, B, x, room, moved);
	for (size_t i = 0; i < B * OUT; i++)
		ck_assert_double_eq_tol(moved[i], (scores[1][i] - scores[0][i]) / 2e-6, 1e-7);
	lb_net_free_f64(net);
	free(stored);
	free(w);
	free(v);
	free(at);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("net_tangent");
	TCase *t = tcase_create("net_tangent");

	tcase_add_loop_test(t, as_differences, 0, 20);
	suite_add_tcase(s, t);
	return s;
}

LB_SUITE_MAIN("net_tangent")
