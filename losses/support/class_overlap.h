/* Soft counts of every class of a batch, and the overlap of predicted and true classes made of
 * them. Everything is held in double; what is wrong is summed by itself, never got by
 * subtracting from what is right. */
#ifndef LB_CLASS_OVERLAP_H
#define LB_CLASS_OVERLAP_H

#include "losses/support/log_softmax.h"

struct lb_class_counts {
	double n;                /* rows of the class */
	double tp, fp, fn;       /* sums of p over its rows, of p over all others, of 1 - p over its rows */
	double square, wrong;    /* sums of p^2 and of (p - [y = k])^2 over all rows */
};

/* The value's derivatives by p of a class: by_own + by_p p in its rows, by_other + by_p p in all
 * others. */
struct lb_class_slope {
	double by_own, by_other, by_p;
};

/* Counts and slopes of the classes, and a row of derivatives. */
struct lb_class_table {
	struct lb_class_counts *count;
	struct lb_class_slope *slope;
	double *row;
};

static inline size_t lb_class_room(const struct lb_arg *par, const struct lb_loss_shape *shape)
{
	(void)par;
	return shape->c * (sizeof(struct lb_class_counts) + sizeof(struct lb_class_slope) + sizeof(double));
}

static inline void lb_count_row(const real *z, size_t c, size_t y, struct lb_class_counts *count)
{
	const struct lb_log_softmax soft = lb_log_softmax(z, c);

	for (size_t k = 0; k < c; k++) {
		const double p = lb_p(z[k], &soft), q = lb_one_minus_p(k, z[k], &soft), off = k == y ? q : p;
		count[k].n += k == y;
		count[k].tp += k == y ? p : 0;
		count[k].fp += k == y ? 0 : p;
		count[k].fn += k == y ? q : 0;
		count[k].square += p * p;
		count[k].wrong += off * off;
	}
}

/* Takes the whole lb_class_room. */
static inline struct lb_class_table lb_count_classes(const struct lb_batch *in)
{
	struct lb_class_table t = { .count = in->workspace };

	t.slope = (struct lb_class_slope *)(t.count + in->c);
	t.row = (double *)(t.slope + in->c);
	for (size_t k = 0; k < in->c; k++) {
		t.count[k] = (struct lb_class_counts){ 0 };
		t.slope[k] = (struct lb_class_slope){ 0 };
	}
	for (size_t i = 0; i < in->b; i++)
		lb_count_row(in->output.value + i * in->c, in->c, (size_t)in->y[i], t.count);
	return t;
}

/* Writes the gradient that the slopes come to; returns the value. */
static inline double lb_by_classes(const struct lb_batch *in, const struct lb_class_table *t, real *g, double value)
{
	const size_t c = in->c;

	for (size_t i = 0; g && i < in->b; i++) {
		const real *z = in->output.value + i * c;
		const struct lb_log_softmax soft = lb_log_softmax(z, c);
		for (size_t k = 0; k < c; k++)
			t->row[k] = ((size_t)in->y[i] == k ? t->slope[k].by_own : t->slope[k].by_other) + t->slope[k].by_p * lb_p(z[k], &soft);
		lb_through_softmax(c, z, &soft, t->row, 1, g + i * c);
	}
	return lb_with_nan(in, g, value);
}

/* The classes that a mean is taken over. */
enum lb_which_classes { LB_PRESENT, LB_ALL_CLASSES };
#define LB_CLASSES_CHOICES static const char *const which_classes[] = { [LB_PRESENT] = "present", [LB_ALL_CLASSES] = "all", NULL }
#define LB_CLASSES_PARAM \
	{ .name = "classes", .symbol = "S", .type = LB_CHOICE_PARAM, .def = LB_PRESENT, .choices = which_classes, \
	  .help = "mean over the classes that the batch has rows of, or over all" }

static inline bool lb_class_counts_in(double rows, double which)
{
	return rows > 0 || which > LB_PRESENT;
}

#endif
