#include "cmd/losses.h"
#include "cmd/eval_input.h"
#include "cmd/query_rows.h"

#include "core/base/file.h"
#include "core/base/mem.h"
#include "losses/eval.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LARGEST_INPUT = 1 << 30 };

static char *read_all(const char *input, size_t *n, struct lb_err *err)
{
	return strcmp(input, "-") && strcmp(input, "/dev/stdin") ? lb_read_file(input, LARGEST_INPUT, n, LB_DATA, err) :
								   lb_read_open(STDIN_FILENO, input, LARGEST_INPUT, n, LB_DATA, err);
}

static void print_matrix(const char *name, const double *v, size_t rows, size_t c, bool flat)
{
	printf("\"%s\": [", name);
	for (size_t i = 0; i < rows; i++) {
		printf("%s%s", i ? ", " : "", flat ? "" : "[");
		for (size_t j = 0; j < c; j++)
			printf(isfinite(v[i * c + j]) ? "%s%.17g" : "%s\"%g\"", j ? ", " : "", v[i * c + j]);
		printf("%s", flat ? "" : "]");
	}
	printf("]");
}

/* Numbers of the gradient: by the scores of all views, the loss's own parameters and the features
 * that it moves. */
struct gradient {
	size_t scores, params, rows_of_params, features;
};

static struct gradient gradient_of(const struct lb_loss_info *l, const struct lb_arg *par, const struct eval_input *x)
{
	const struct lb_loss_shape shape = { .b = x->b, .c = x->c, .views = x->views, .n_hidden = x->n_hidden, .n_guide = x->n_inputs, .n_classes = x->classes };

	return (struct gradient){ .scores = (x->views ? x->views : 1) * x->b * x->c, .params = lb_loss_n_params(l, par, &shape),
				  .rows_of_params = l->params ? lb_loss_params_rows(l, par, &shape) : 0,
				  .features = l->needs & LB_MOVES_FEATURES ? x->b * x->n_hidden : 0 };
}

static void print_result(const struct lb_loss_info *l, const struct eval_input *x, const struct gradient *at, double value, const double *grad)
{
	const struct gradient n = *at;

	printf(isfinite(value) ? "{\"value\": %.17g, \"grad\": {" : "{\"value\": \"%g\", \"grad\": {", value);
	print_matrix(eval_input_scores(l), grad, n.scores / x->c, x->c, x->flat);
	if (n.params) {
		printf(", ");
		if (l->params_for == LB_EACH_STEP || l->params_for == LB_ALL_TOGETHER)
			print_matrix(l->params, grad + n.scores, n.params, 1, true);
		else
			print_matrix(l->params, grad + n.scores, n.rows_of_params, n.params / n.rows_of_params, false);
	}
	if (n.features) {
		printf(", ");
		print_matrix("features", grad + n.scores + n.params, x->b, x->n_hidden, false);
	}
	printf("}}\n");
}

int losses_join_params(const char *const *params, size_t n, struct lb_buf *out, struct lb_err *err)
{
	for (size_t i = 0; i < n; i++) {
		lb_buf_puts(out, i ? " " : "");
		for (const char *p = params[i]; *p; p++)
			if (*p != ' ')
				lb_buf_add(out, p, 1);
	}
	lb_buf_puts(out, "");
	return out->bad ? lb_fail_memory(err, 64) : 0;
}

static int evaluate(const struct lb_loss_info *l, const char *set, int bits, const cJSON *in, struct lb_err *err)
{
	struct lb_arg *par = lb_alloc((size_t)l->base.n_params, sizeof *par, err);
	struct lb_arg_store store = { 0 };
	struct eval_input x = { 0 };
	double value, *grad = NULL;
	int rc = -1;

	if (!par || lb_args_from_text(&l->base, set, par, &store, err)) {
		if (err->code != LB_MACHINE)
			err->code = LB_USAGE;
		goto out;
	}
	if (eval_input_read(in, l, par, &x, err))
		goto out;
	const struct gradient n = gradient_of(l, par, &x);
	if (!(grad = lb_alloc(n.scores + n.params + n.features, sizeof *grad, err)))
		goto out;
	const struct lb_loss_input input = { .b = x.b, .c = x.c, .z = x.z, .y = x.y, .t = x.t, .group = x.group, .counts = x.counts, .row_weight = x.row_weight, .id = x.id, .par = par,
					     .hidden = x.hidden, .n_hidden = x.n_hidden, .inputs = x.inputs, .n_inputs = x.n_inputs, .teacher = x.teacher, .second_teacher = x.second_teacher, .params = x.params, .n_classes = x.classes, .views = x.views,
					     .scale = x.scale, .partner = x.partner, .mix = x.mix };
	if (!(rc = lb_loss_eval(l, bits, &input, &value, grad, err) || query_rows_move(x.from, x.b, x.c, true, grad, err) ? -1 : 0))
		print_result(l, &x, &n, value, grad);
out:
	lb_args_free(&store);
	free(par);
	free(grad);
	eval_input_free(&x);
	return rc;
}

int losses_eval(const char *name, const char *const *params, size_t n_params, const char *precision, const char *input,
		struct lb_err *err)
{
	const struct lb_loss_info *l = losses_find(name, err);
	struct lb_buf set = { 0 };
	cJSON *in = NULL;
	size_t n;
	int rc = -1;

	if (!l)
		return -1;
	if (strcmp(precision, "float32") && strcmp(precision, "float64"))
		return lb_fail(err, LB_USAGE, "--precision: found \"%s\", allowed: float32, float64", precision);
	char *text = read_all(input, &n, err);
	if (text && (in = lb_json_parse(strcmp(input, "-") ? input : "stdin", text, n, LB_DATA, err)) &&
	    !losses_join_params(params, n_params, &set, err))
		rc = evaluate(l, set.s, strcmp(precision, "float32") ? 64 : 32, in, err);
	lb_buf_free(&set);
	cJSON_Delete(in);
	free(text);
	return rc;
}
