/* The sweep block and --set: swept parameters, their values, and the tree of each point. */
#ifndef LB_SWEEP_H
#define LB_SWEEP_H

#include "core/config/loaded_config.h"
#include "core/config/lookup.h"

/* One path of a sweep and the values it takes. Swept parameters of one axis move together. */
struct lb_swept_param {
	const char *path;
	struct lb_location location; /* of the path */
	struct lb_node *node;        /* the values as written there */
	size_t axis;
	bool over;                   /* a value is laid over the plain block, not put in its place */
	struct lb_node **value;
	size_t n, cap;
};
struct lb_sweep {
	const struct lb_config *config;
	struct lb_resolving r;       /* root: the file's tree with every --set of one value */
	struct lb_swept_param *swept; /* in the order of application */
	size_t n, cap, n_axes;
	double n_values;             /* made for ranges and products */
	struct lb_pool pool;
};

/* Reads the sweep block and --set into swept parameters, which are applied from shallow paths to
 * deep ones; mistakes go to the diagnostics, -1 is for want of memory. Release in any case. */
int lb_sweep_read(struct lb_sweep *s, struct lb_err *err);
size_t lb_sweep_axis_length(const struct lb_sweep *s, size_t axis);
/* The tree with the value of each axis at its value_index (n_axes). */
struct lb_node *lb_sweep_tree(const struct lb_sweep *s, struct lb_pool *pool, const size_t *value_index, struct lb_err *err);
void lb_sweep_free(struct lb_sweep *s);

/* Returns whether a swept parameter of a component is left out of a tree: the sweep goes through
 * several components, and that of this tree lacks it while another has it. */
bool lb_sweep_leaves_out(const struct lb_sweep *s, struct lb_node *root, const struct lb_swept_param *t);
/* A line on each parameter that is left out of some trials. */
void lb_sweep_tell_partial(const struct lb_sweep *s);

/* Reports the values of the file that the sweep block replaces in every trial. */
int lb_sweep_check_replaced(const struct lb_sweep *s, struct lb_err *err);

/* The values that a swept parameter's node stands for: a list, a range, `default`,
 * blocks with lists inside. */
int lb_sweep_values(struct lb_sweep *s, struct lb_swept_param *t, struct lb_err *err);
/* Appends one value to a swept parameter; with spread, a block with lists inside becomes
 * several. */
int lb_sweep_value(struct lb_sweep *s, struct lb_swept_param *t, struct lb_node *value, bool spread, struct lb_err *err);

/* Returns true if the one value that --set gives a path stands for several, as it would in the
 * sweep block: `default` or a range, {from, to, steps, scale} or 1..5, where a number is expected,
 * `default` at any other parameter that is no text; a list where none is expected; a component's
 * block, which may have lists inside. */
bool lb_sweep_spreads(const struct lb_sweep *s, const char *path, const struct lb_node *value);

#endif
