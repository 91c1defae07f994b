#include "losses/support/formula_run.h"
#include "losses/support/pairs.h"

#include <string.h>

/* Pairs are double in both precisions, and so is the program that reads them: the single-precision
 * losses call the same. */
size_t lb_formula_pairs_room(size_t b)
{
	return (LB_FORMULA_ROW_REGISTERS + (LB_FORMULA_CLASS_REGISTERS + LB_FORMULA_PAIR_BLOCKS) * b) * LB_PANEL * sizeof(double);
}

double lb_formula_of_pairs(const struct lb_row_pairs *p)
{
	const struct lb_batch *in = p->in;

	return lb_formula_run_pairs_f64(&(struct lb_formula_pairs){ .program = in->state, .b = p->b, .cosine = p->d, .slope = p->slope, .y = in->y,
								    .chosen = in->chosen, .epoch = in->epoch, .epochs = in->epochs, .counts = p->room,
								    .workspace = in->workspace });
}

#if REAL_BITS == 64

/* Whether a row with so many partners of either side has some wherever the formula goes over
 * them. */
static bool has_partners(const struct lb_formula_program *program, double same, double other)
{
	return (same > 0 || !program->same) && (other > 0 || !program->other) && (same + other > 0 || !program->partners);
}

static bool counts(const struct lb_formula_pairs *p, size_t i, size_t j)
{
	return i != j && (!p->chosen || p->chosen[i * p->b + j]);
}

/* p->counts <- the partners of each row of its class, then those of others. Returns how many rows
 * have partners where the formula asks for some. */
static size_t count_partners(const struct lb_formula_pairs *p)
{
	size_t rows = 0;

	for (size_t i = 0; i < p->b; i++) {
		double *same = &p->counts[i], *other = &p->counts[p->b + i];
		*same = *other = 0;
		for (size_t j = 0; j < p->b; j++)
			*(p->y[i] == p->y[j] ? same : other) += counts(p, i, j);
		rows += has_partners(p->program, *same, *other);
	}
	return rows;
}

/* Of LB_PANEL rows from `first` on, the last again where there are fewer: cosines and sides by
 * columns. */
static void load_panel(const struct lb_formula_pairs *p, size_t first, struct lb_formula_running *r, double *cosine, double *same, double *other)
{
	for (size_t i = 0; i < LB_PANEL; i++) {
		const size_t row = first + i < p->b ? first + i : p->b - 1;
		r->n_same[i] = p->counts[row];
		r->n_other[i] = p->counts[p->b + row];
		for (size_t j = 0; j < p->b; j++) {
			const bool on = counts(p, row, j), alike = p->y[row] == p->y[j];
			cosine[j * LB_PANEL + i] = p->cosine[row * p->b + j];
			same[j * LB_PANEL + i] = on && alike;
			other[j * LB_PANEL + i] = on && !alike;
		}
	}
}

/* Adds the slopes of row `row`, the i-th of its panel, over n rows. */
static void add_slopes(const struct lb_formula_pairs *p, const struct lb_formula_running *r, size_t row, size_t i, double n)
{
	const struct lb_formula_place *by = &r->p->by[LB_BY_COSINE_J];
	const double *slope = lb_formula_at(r, by);

	for (size_t j = 0; p->slope && slope && j < p->b; j++)
		if (counts(p, row, j))
			p->slope[row * p->b + j] += slope[(by->of_class ? j * LB_PANEL : 0) + i] / n;
}

double lb_formula_run_pairs_f64(const struct lb_formula_pairs *p)
{
	const size_t b = p->b, block = b * LB_PANEL, rows = count_partners(p);
	double *room = p->workspace, *cosine = room + LB_FORMULA_ROW_REGISTERS * LB_PANEL, *same = cosine + block, *other = same + block, sum = 0;
	const struct lb_batch in = { .epoch = p->epoch, .epochs = p->epochs };
	struct lb_formula_running r = { .p = p->program, .in = &in, .w = LB_PANEL, .width = LB_PANEL, .c = b, .row = room, .class = other + block,
					.z = cosine, .same = same, .other = other };

	lb_formula_steps(&r, 0, r.p->n_const);
	for (size_t first = 0; rows && first < b; first += LB_PANEL) {
		load_panel(p, first, &r, cosine, same, other);
		lb_formula_steps(&r, r.p->n_const, p->slope ? r.p->n : r.p->n_value);
		const double *value = lb_formula_at(&r, &r.p->loss);
		for (size_t i = 0; i < LB_PANEL && first + i < b; i++) {
			if (!has_partners(r.p, p->counts[first + i], p->counts[b + first + i]))
				continue;
			sum += value[i];
			add_slopes(p, &r, first + i, i, (double)rows);
		}
	}
	return rows ? sum / (double)rows : 0;
}

#endif
