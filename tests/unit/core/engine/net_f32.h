/* The net in single precision, for tests that are compiled in double. */
#ifndef LB_NET_F32_H
#define LB_NET_F32_H

#include "core/training/model_spec.h"

struct lb_net_f32;
struct lb_team;

/* As struct lb_pass (core/engine/model/net.h). */
struct lb_pass_f32 {
	size_t b;
	const float *x;
	const void *sparse;
	int64_t step;
	const double *offset;
	const uint32_t *rows;
	size_t outputs;
	bool first_layer_done;
	struct lb_team *team;
	const float *dfeatures;
	void (*on_gradient)(void *arg, size_t at, size_t n, const float *g);
	void *arg;
};

struct lb_net_f32 *lb_net_new_f32(const struct lb_model_spec *spec, size_t max_b, struct lb_err *err);
void lb_net_free_f32(struct lb_net_f32 *net);
void lb_net_init_f32(const struct lb_net_f32 *net, float *w);
void lb_net_pack_f32(const struct lb_net_f32 *net, const double *plain, float *w);
void lb_net_unpack_f32(const struct lb_net_f32 *net, const float *w, double *plain);
const float *lb_net_forward_f32(struct lb_net_f32 *net, const float *w, const struct lb_pass_f32 *p);
void lb_net_backward_f32(struct lb_net_f32 *net, const float *w, const struct lb_pass_f32 *p, const float *dz, float *g);
void lb_net_input_gradient_f32(struct lb_net_f32 *net, const float *w, const struct lb_pass_f32 *p, const float *dz, float *transposed,
			       float *dx);

#endif
