/* What losses of one prototype a class have in common: their parameters, room for logits,
 * scores. */
#ifndef LB_ONE_PROTOTYPE_H
#define LB_ONE_PROTOTYPE_H

#include "losses/support/prototypes.h"

#define LB_PROTOTYPES_ARE \
	"z is an embedding of model.dimension columns, c_k its cosine to the prototype of class k: C x D parameters of the loss, drawn from " \
	"N(0, 1) by model.seed and trained by the same optimiser. Weight decay and optimizer.project leave them alone. A zero vector has no " \
	"direction: its cosines and its gradient are 0. "

static inline size_t lb_prototype_n_params(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return shape->n_classes * shape->c;
}

static inline void lb_prototype_init_params(const struct lb_arg *par, const struct lb_loss_shape *shape, uint64_t seed, real *prototypes)
{
	lb_prototypes_draw(lb_prototype_n_params(par, shape), 1, seed, prototypes);
}

/* Room for the logits of a row and their derivatives. */
static inline size_t lb_prototype_workspace(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return lb_prototypes_workspace(shape, 1, 2 * shape->n_classes);
}

/* The class scores: cosines times what the row and the prototypes have in them. */
static inline void lb_prototype_scores(const struct lb_batch *in, double scale, bool row_length, bool own_length, real *out)
{
	const struct lb_prototypes at = lb_prototypes_look(in);

	for (size_t i = 0; i < at.b; i++)
		for (size_t k = 0; k < at.k; k++)
			out[i * at.k + k] = (real)(scale * at.cosine[i * at.k + k] * (row_length ? at.length[i] : 1) * (own_length ? at.p_length[k] : 1));
}

/* clang-format off */
#define LB_OF_PROTOTYPES(loss_name, traits, more, work, first, predicts, examples_table, identities, ...) \
	const struct lb_loss LB_LOSS(embedding, loss_name) = { \
	.info = { \
		.base = { .name = #loss_name, __VA_ARGS__ }, \
		.kind = LB_EMBEDDING, .good_for = "embeddings", .properties = (traits), .params = "prototypes", .exceptions = LB_JUMPS_AT_ZERO | (more), \
		identities LB_EXAMPLES(examples_table), \
	}, \
	.form = &loss_name##_form, .workspace = work, .n_params = lb_prototype_n_params, .init_params = first, .predict = predicts, \
}
#define LB_NO_IDENTITIES
#define LB_IDENTITIES(table) LB_SAME_AS(table),
/* clang-format on */

#endif
