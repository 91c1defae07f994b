#include "core/training/first_outputs.h"

#include "core/base/mem.h"
#include "core/engine/data/batch.h"
#include "core/engine/model/net.h"

#include <stdlib.h>

int lb_first_outputs(const struct lb_cohort *c, const struct lb_setup *setup, double *mean, struct lb_err *err)
{
	const size_t n = c->split->n[LB_TRAIN], columns = setup->model.width[setup->model.n_layers];
	struct lb_net *net = lb_net_new(&setup->model, LB_EVAL_CHUNK, err);
	real *w = net ? lb_alloc_aligned(net->n_params, sizeof *w, err) : NULL;
	struct lb_input_batch input = { 0 };
	const int rc = w ? lb_input_batch_open(&input, c->features, false, LB_EVAL_CHUNK, 0, err) : -1;

	if (!rc)
		lb_net_init(net, w);
	for (size_t k = 0; !rc && k < columns; k++)
		mean[k] = 0;
	for (size_t start = 0; !rc && start < n; start += LB_EVAL_CHUNK) {
		const size_t b = n - start < LB_EVAL_CHUNK ? n - start : LB_EVAL_CHUNK;
		lb_input_batch_load(&input, c->split->rows[LB_TRAIN] + start, b, NULL);
		const struct lb_pass pass = { .b = b, .x = input.x, .sparse = &input.rows, .step = -1 };
		const real *z = lb_net_forward(net, w, &pass);
		for (size_t i = 0; i < b * columns; i++)
			mean[i % columns] += (double)z[i / columns * net->ld + i % columns] / (double)n;
	}
	lb_input_batch_close(&input);
	free(w);
	lb_net_free(net);
	return rc;
}
