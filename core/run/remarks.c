#include "core/run/remarks.h"

#include "core/base/text.h"
#include "core/base/log.h"
#include "core/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool lb_validates_one_class(const struct lb_prepared *p)
{
	const uint32_t *rows = p->split.rows[LB_VALID];

	for (size_t i = 1; p->setup.y && i < p->split.n[LB_VALID]; i++)
		if (p->setup.y[rows[i]] != p->setup.y[rows[0]])
			return false;
	return p->setup.y && p->split.n[LB_VALID];
}

static void remark_on_stopping(const struct lb_prepared *p, const struct lb_train_result *out, struct lb_buf *b)
{
	if (!out->undefined_epochs)
		return;
	lb_buf_printf(b, "train.early_stopping: valid.%s was undefined after %zu of %zu epoch%s%s; %s\n",
		      p->setup.metric[p->setup.stop.metric].key, out->undefined_epochs, out->epochs, lb_s(out->epochs),
		      lb_validates_one_class(p) ? ": one class" : "", out->undefined_epochs == out->epochs ?
		      "the training went to its last epoch, which is kept" : "none of those counts as the best");
}

static void remark_on_decision(const struct lb_prepared *p, const struct lb_train_result *out, struct lb_buf *b)
{
	if (out->decision.map.separable)
		lb_buf_printf(b, "evaluate.calibration: %s: the scores tell the classes of the validation rows without a mistake, so that steeper is always better; "
			      "fitting ended at a log-loss of %g\n", p->setup.calibration->base.name, LB_LEAST_CALIBRATION);
	if (!out->decision.one_class)
		return;
	if (!lb_decides_plainly(NULL, p->setup.threshold))
		lb_buf_printf(b, "evaluate.threshold: %s is undefined on the validation rows: one class; the threshold stays 0\n",
			      p->setup.threshold->base.name);
	if (!lb_decides_plainly(p->setup.calibration, NULL))
		lb_buf_printf(b, "evaluate.calibration: %s is undefined on the validation rows: one class; the scores stay as they are\n",
			      p->setup.calibration->base.name);
}

/* Metrics of outputs that the loss has not. */
static void remark_on_outputs(const struct lb_prepared *p, struct lb_buf *b)
{
	const struct lb_setup *setup = &p->setup;

	for (size_t m = 0; m < setup->n_metrics; m++) {
		const struct lb_metric *metric = setup->metric[m].metric;
		if (lb_metric_lacks(metric, lb_loss_statistics(setup->loss, setup->loss_par)))
			lb_buf_printf(b, "metrics: %s is undefined with loss %s, whose model gives no %s\n", setup->metric[m].key,
				      setup->loss->base.name, lb_metric_lack_words(metric));
	}
}

void lb_remark(const struct lb_prepared *p, const struct lb_train_result *out, char *text, size_t size)
{
	struct lb_buf b = { 0 };

	if (out->status == LB_TRIAL_OK) {
		remark_on_stopping(p, out, &b);
		remark_on_decision(p, out, &b);
		remark_on_outputs(p, &b);
	}
	snprintf(text, size, "%s", b.s && !b.bad ? b.s : "");
	lb_buf_free(&b);
}

static void add_line(struct lb_remarks *r, const char *text, size_t n)
{
	for (size_t i = 0; i < r->n; i++)
		if (strlen(r->line[i].text) == n && !strncmp(r->line[i].text, text, n)) {
			r->line[i].trials++;
			return;
		}
	char *copy = lb_strndup(text, n, NULL);
	if (copy && !lb_grow(&r->line, &r->cap, r->n + 1, sizeof *r->line, NULL))
		r->line[r->n++] = (struct lb_remark_line){ copy, 1 };
	else
		free(copy);
}

void lb_remarks_add(struct lb_remarks *r, const char *text)
{
	for (size_t n; *text; text += n + (text[n] == '\n'))
		if ((n = strcspn(text, "\n")) > 0)
			add_line(r, text, n);
}

void lb_remarks_print(struct lb_remarks *r)
{
	enum { SHOWN = 10 };

	for (size_t i = 0; i < r->n; i++) {
		if (i < SHOWN)
			lb_warn("%s (%zu trial%s)", r->line[i].text, r->line[i].trials, lb_s(r->line[i].trials));
		free(r->line[i].text);
	}
	if (r->n > SHOWN)
		lb_warn("%zu more remark%s of this kind; see the records", r->n - SHOWN,
			lb_s(r->n - SHOWN));
	free(r->line);
	*r = (struct lb_remarks){ 0 };
}
