#include "core/config/resolve.h"
#include "core/config/sweep.h"
#include "core/config/yaml_overlay.h"

/* True when the place is that of the node or of anything in it. */
static bool holds(const struct lb_node *node, size_t line, size_t column)
{
	bool found = node->location.line == line && node->location.column == column;

	for (size_t i = 0; i < node->n && !found; i++)
		found = holds(node->item[i], line, column) ||
			(node->key && node->key[i]->location.line == line && node->key[i]->location.column == column);
	return found;
}

/* Only the swept parameters of the sweep block have a node; what --set replaces is replaced on
 * purpose. */
static bool replaced(const struct lb_sweep *s, const struct lb_diagnostic *diagnostic)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct lb_node *base = s->swept[i].node ? lb_tree_at(s->r.root, s->swept[i].path, NULL) : NULL;
		if (base && !lb_node_absent(base) && base->location.line && holds(base, diagnostic->line, diagnostic->column))
			return true;
	}
	return false;
}

int lb_sweep_check_replaced(const struct lb_sweep *s, struct lb_err *err)
{
	struct lb_diagnostics diagnostics = { 0 };
	const int rc = s->n ? lb_check_values(&s->r, &diagnostics, err) : 0;

	for (size_t i = 0; i < diagnostics.n; i++)
		if (replaced(s, &diagnostics.item[i]))
			lb_diagnostics_copy(s->r.diagnostics, &diagnostics.item[i]);
	s->r.diagnostics->bad |= diagnostics.bad;
	lb_diagnostics_free(&diagnostics);
	return rc;
}
