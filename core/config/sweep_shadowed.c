#include "core/config/internal.h"

/* True when the place is that of the node or of anything in it. */
static bool holds(const struct lb_node *node, size_t line, size_t column)
{
	bool found = node->mark.line == line && node->mark.column == column;

	for (size_t i = 0; i < node->n && !found; i++)
		found = holds(node->item[i], line, column) ||
			(node->key && node->key[i]->mark.line == line && node->key[i]->mark.column == column);
	return found;
}

/* Only the tracks of the sweep block have a node; what --set replaces is replaced on purpose. */
static bool replaced(const struct lb_sweep *s, const struct lb_fault *fault)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct lb_node *base = s->track[i].node ? lb_tree_at(s->r.root, s->track[i].path, NULL) : NULL;
		if (base && !lb_node_absent(base) && base->mark.line && holds(base, fault->line, fault->column))
			return true;
	}
	return false;
}

int lb_sweep_check_replaced(const struct lb_sweep *s, struct lb_err *err)
{
	struct lb_faults faults = { 0 };
	const int rc = s->n ? lb_check_values(&s->r, &faults, err) : 0;

	for (size_t i = 0; i < faults.n; i++)
		if (replaced(s, &faults.item[i]))
			lb_faults_copy(s->r.faults, &faults.item[i]);
	s->r.faults->bad |= faults.bad;
	lb_faults_free(&faults);
	return rc;
}
