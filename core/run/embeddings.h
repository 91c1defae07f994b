/* Losses of embeddings in a config: miners, metrics of retrieval, and what these refuse. */
#ifndef LB_EMBEDDINGS_H
#define LB_EMBEDDINGS_H

#include "core/base/json.h"
#include "core/training/train.h"
#include "datasets/sampling/row_labels.h"

/* Refuses metrics of classes where the loss makes no class scores, a miner where it takes no
 * triplets, and batches whose distances do not fit. full_batch: the trial reads all rows at
 * once. */
int lb_embeddings_check(const cJSON *config, const struct lb_loss_info *loss, bool full_batch, struct lb_err *err);

/* Adds a sentence on each split some of whose rows have no other row of their class, and so are no
 * queries of the trial's metrics of retrieval; y (rows of the dataset) are their labels. */
int lb_embeddings_warn(const cJSON *config, const struct lb_dataset *data, const struct lb_split *split, const int32_t *y, struct lb_sentences *out,
		       struct lb_err *err);

#endif
