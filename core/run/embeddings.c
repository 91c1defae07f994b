#include "core/run/embeddings.h"

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/run/get.h"

#include <stdio.h>
#include <stdlib.h>

/* Rows of a batch beyond which the matrix of its distances takes more than a gigabyte. */
enum { MOST_ROWS = 8192 };

static const struct lb_metric *metric_of(const cJSON *block)
{
	return lb_metric_find(lb_get_text(block, "name"));
}

static int check_metrics(const cJSON *config, const struct lb_loss_info *loss, struct lb_err *err)
{
	const cJSON *block;
	struct lb_buf allowed = { 0 };
	int rc = 0;

	for (size_t i = 0; i < lb_metric_count(); i++)
		if (lb_metric_at(i)->embeddings)
			lb_buf_printf(&allowed, "%s%s", allowed.n ? ", " : "", lb_metric_at(i)->base.name);
	cJSON_ArrayForEach(block, lb_json_at(config, "metrics")) {
		const struct lb_metric *m = metric_of(block);
		if (!rc && m && !m->embeddings)
			rc = lb_fail(err, LB_CONFIG, "metrics: found %s, but %s gives embeddings and no class scores; allowed: %s", m->base.name,
				     loss->base.name, allowed.s ? allowed.s : "those of retrieval");
	}
	lb_buf_free(&allowed);
	return rc;
}

int lb_embeddings_check(const cJSON *config, const struct lb_loss_info *loss, bool full_batch, struct lb_err *err)
{
	const double batch = lb_get_number(config, "train.batch", 1);

	if (lb_json_at(config, "train.miner") && !(loss->needs & LB_TAKES_TRIPLETS))
		return lb_fail(err, LB_CONFIG, "train.miner: found %s with loss %s, which takes no triplets; allowed: with loss triplet, or remove it",
			       lb_get_text(config, "train.miner.kind"), loss->base.name);
	if (lb_loss_of_distances(loss) && full_batch)
		return lb_fail(err, LB_CONFIG, "optimizer: found %s, which reads all rows at once, with loss %s, which needs the distances of all pairs of "
			       "a batch; train it with sgd, adam or adamw", lb_get_text(config, "optimizer.name"), loss->base.name);
	if (lb_loss_of_distances(loss) && batch > MOST_ROWS)
		return lb_fail(err, LB_CONFIG, "train.batch: found %.0f with loss %s, which needs the distances of all pairs of a batch; allowed: at most %d",
			       batch, loss->base.name, MOST_ROWS);
	return lb_loss_gives_scores(loss) ? 0 : check_metrics(config, loss, err);
}

static bool retrieves(const cJSON *config)
{
	const cJSON *block;

	cJSON_ArrayForEach(block, lb_json_at(config, "metrics"))
		if (metric_of(block) && metric_of(block)->embeddings)
			return true;
	return false;
}

int lb_embeddings_warn(const cJSON *config, const struct lb_dataset *data, const struct lb_split *split, const int32_t *y, struct lb_sentences *out,
		       struct lb_err *err)
{
	static const char *const parts[] = { "training", "validation", "test" };
	size_t *count = retrieves(config) ? lb_alloc(data->n_classes, sizeof *count, err) : NULL;
	char text[256];
	int rc = 0;

	if (!retrieves(config))
		return 0;
	for (int part = 0; part < 3 && count && !rc; part++) {
		size_t alone = 0;
		for (size_t k = 0; k < data->n_classes; k++)
			count[k] = 0;
		for (size_t i = 0; i < split->n[part]; i++)
			count[y[split->rows[part][i]]]++;
		for (size_t k = 0; k < data->n_classes; k++)
			alone += count[k] == 1;
		snprintf(text, sizeof text, "%zu %s row%s no other row of %s class: metrics of retrieval leave %s out as %s", alone, parts[part],
			 alone == 1 ? " has" : "s have", alone == 1 ? "its" : "their", alone == 1 ? "it" : "them", alone == 1 ? "a query" : "queries");
		rc = alone ? lb_sentences_add(out, text, err) : 0;
	}
	rc = count ? rc : -1;
	free(count);
	return rc;
}
