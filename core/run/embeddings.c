#include "core/run/embeddings.h"

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/run/uses.h"

#include <stdio.h>
#include <stdlib.h>

static bool retrieves(const struct lb_spec *spec)
{
	for (size_t i = 0; i < spec->metrics.n; i++)
		if (lb_used_metric(&spec->metrics.use[i])->embeddings)
			return true;
	return false;
}

int lb_embeddings_warn(const struct lb_spec *spec, const struct lb_dataset *data, const struct lb_split *split, const int32_t *y, struct lb_sentences *out,
		       struct lb_err *err)
{
	static const char *const parts[] = { "training", "validation", "test" };
	size_t *count = retrieves(spec) ? lb_alloc(data->n_classes, sizeof *count, err) : NULL;
	char text[256];
	int rc = 0;

	if (!retrieves(spec))
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
