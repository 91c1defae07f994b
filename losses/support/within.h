/* A loss of embeddings that is made of another one, named by a parameter of its own, and set by
 * another. The loss within has no state and no parameters that are trained, and its room does not
 * depend on its parameters. */
#ifndef LB_WITHIN_H
#define LB_WITHIN_H

#include "core/base/mem.h"
#include "losses/eval.h"
#include "losses/loss.h"

#include <stdlib.h>
#include <string.h>

/* The two parameters, which stand one after the other. */
#define LB_WITHIN_PARAMS(of, bases)                                                                      \
	[of] = { .name = "of", .symbol = "of", .type = LB_CHOICE_PARAM, .choices = (bases), .def = 0, .help = "the loss within" }, \
	[of + 1] = { .name = "with", .symbol = "with", .type = LB_TEXT_PARAM, .help = "its parameters where they are not its defaults, as \"tau=0.05,anchors=valid\"" }

enum { LB_WITHIN_MOST_PARAMS = 8, LB_WITHIN_LINE = 64 };

struct lb_within {
	const struct lb_loss *loss;
	struct lb_arg par[LB_WITHIN_MOST_PARAMS];
	struct lb_arg_store store;
};

static inline const struct lb_loss_info *lb_within_info(const struct lb_arg *of)
{
	return lb_loss_find(LB_EMBEDDING, of->text);
}

/* Reads the loss and its parameters, which lb_args_free(&w->store) releases, on failure too. of:
 * the first of the two parameters. */
static inline int lb_within_read(const struct lb_arg *of, struct lb_within *w, struct lb_err *err)
{
	const struct lb_loss_info *info = lb_within_info(of);
	const char *text = of[1].text ? of[1].text : "";
	char *blanks = lb_strdup(text, err);
	struct lb_err why = { 0 };

	*w = (struct lb_within){ .loss = lb_loss_of(info) };
	if (!blanks)
		return -1;
	for (char *c = blanks; *c; c++)
		*c = *c == ',' ? ' ' : *c;
	const bool bad = lb_args_from_text(&info->base, blanks, w->par, &w->store, &why) || (info->base.check && info->base.check(w->par, &why));
	free(blanks);
	if (bad)
		return lb_fail(err, why.code == LB_MACHINE ? LB_MACHINE : LB_CONFIG, "with: found \"%s\", allowed: parameters of %s: %s", text, info->base.name, why.text);
	const struct lb_loss_shape shape = { .c = 2, .n_classes = 2 };
	if (lb_loss_n_params(info, w->par, &shape))
		return lb_fail(err, LB_CONFIG, "with: found \"%s\", with which %s trains parameters of its own, allowed: others", text, info->base.name);
	return 0;
}

/* Says what is wrong with the two parameters. */
static inline int lb_within_check(const struct lb_arg *of, struct lb_err *err)
{
	struct lb_within w;
	const int status = lb_within_read(of, &w, err);

	lb_args_free(&w.store);
	return status;
}

/* Returns the bytes of workspace that the loss within takes. */
static inline size_t lb_within_workspace(const struct lb_arg *of, const struct lb_loss_shape *shape)
{
	const struct lb_loss_info *info = lb_within_info(of);
	struct lb_arg plain[LB_WITHIN_MOST_PARAMS] = { 0 };

	for (int k = 0; k < info->base.n_params; k++)
		plain[k] = (struct lb_arg){ .v = info->base.params[k].def, .list = info->base.params[k].def_list, .n = (size_t)info->base.params[k].n_def_list };
	return lb_loss_workspace(lb_loss_of(info), plain, shape);
}

/* Returns the bytes, to the end of a line of the cache. */
static inline size_t lb_within_lines(size_t bytes)
{
	return (bytes + LB_WITHIN_LINE - 1) / LB_WITHIN_LINE * LB_WITHIN_LINE;
}

/* Returns rows of c columns as the loss within reads them, from the batch and with statistics of so
 * many columns, which are kept in *stats. */
static inline struct lb_batch lb_within_batch(const struct lb_within *w, const struct lb_batch *in, size_t b, size_t c, struct lb_loss_stats *stats, void *workspace)
{
	*stats = in->stats ? *in->stats : (struct lb_loss_stats){ 0 };
	stats->n_columns = c;
	return (struct lb_batch){ .b = b, .c = c, .views = in->views, .y = in->y, .row_id = in->row_id, .par = w->par, .stats = stats, .epoch = in->epoch,
				  .epochs = in->epochs, .workspace = workspace, .scale = 1 };
}

#endif
