#!/usr/bin/env bash
# losses check and losses build hold against a plug-in what the tests hold against the program's losses: a loss for each fault that only
# wrong code has, and the line that names it with what to change.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
needs gcc
cat >planted.c <<'C'
#include "losses/loss.h"

static const struct lb_example examples[] = { { .set = "", .b = 1, .c = 1, .z = { 3 }, .y = { 1 }, .t = { 1 }, .value = 4, .source = "by hand" } };
static const struct lb_same_as twice[] = { { .set = "", .other = "mse", .other_set = "", .scale = 2 } };

/* The loss of kind KIND, named NAME and of form NAME_form, with further members. */
#define LOSS(KIND, kind_, name_, ...) \
	const struct lb_loss LB_LOSS(kind_, name_) = { .info = { .base = { .name = #name_, .title = "Planted", .cite = "nobody", .formula = "x", .notes = "", \
		.keywords = "" }, .kind = KIND, .good_for = "nothing", __VA_ARGS__ }, .form = &name_##_form };

#define ROW(name_, value_, slope_) \
	static real name_(const struct lb_batch *in, size_t i, const real *z, real *g) \
	{ \
		const real r = *z - (in->target ? in->target[i * in->c] : 0); \
		(void)i, (void)r; \
		if (g) \
			*g = slope_; \
		return value_; \
	} \
	LB_ROW(name_, name_)
#define ONE(name_, value_, slope_, ...) ROW(name_, value_, slope_) LOSS(LB_SURVIVAL, survival, name_, LB_EXAMPLES(examples), __VA_ARGS__)

/* Of survival one score a row, in the place of a regression's columns. */
ONE(right, r *r, 2 * r, .properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH)
ONE(slope, r *r, 3 * r, .properties = LB_NONNEGATIVE | LB_SMOOTH)
ONE(range, (real)exp(r), (real)exp(r), .properties = LB_NONNEGATIVE)
ONE(digits, (r + R(1e6)) - R(1e6), 1, .properties = LB_CONVEX)
ONE(kink, (real)sqrt(r *r), r > 0 ? R(1.0) : r < 0 ? R(-1.0) : 0, .properties = LB_NONNEGATIVE | LB_CONVEX | LB_SMOOTH)
ONE(chord, -r *r, -2 * r, .properties = LB_CONVEX)
ONE(lost, *z > 0 ? *z : 0, *z > 0 ? R(1.0) : 0, .properties = LB_NONNEGATIVE | LB_CONVEX)
ROW(bare, r *r, 2 * r)
LOSS(LB_SURVIVAL, survival, bare, .properties = LB_NONNEGATIVE)
ROW(named, r *r, 2 * r)
LOSS(LB_SURVIVAL, survival, named, LB_EXAMPLES(examples), .same_as = twice, .n_same_as = 1)

static const struct lb_example wrong_example[] = { { .set = "q=1", .b = 1, .c = 1, .z = { 3 }, .y = { 1 }, .t = { 1 }, .value = 4, .source = "by hand" },
						   { .set = "", .b = 1, .c = 1, .z = { 3 }, .y = { 1 }, .t = { 1 }, .value = 5, .source = "by hand" } };
ROW(stated, r *r, 2 * r)
LOSS(LB_SURVIVAL, survival, stated, LB_EXAMPLES(wrong_example))

/* Sums of squares over the batch: the first row twice; not divided; memory that nobody set; past the end; weights that are not read. */
#define SQUARES(name_, weight_, of_all_, extra_) \
	static double name_(const struct lb_batch *in, real *g) \
	{ \
		double sum = 0; \
		for (size_t i = 0; i < in->b; i++) { \
			const double w = (weight_), r = (double)(in->output.value[i] - in->target[i]); \
			if (g) \
				g[i] = (real)(2 * w * r / (of_all_)); \
			if (in->row_loss) \
				in->row_loss[i] += (real)(r * r); \
			sum += w * r * r; \
		} \
		extra_; \
		return sum / (of_all_); \
	}
SQUARES(first, i ? 1 : 2, (double)in->b, (void)0)
LB_BATCH(first, first)
LOSS(LB_SURVIVAL, survival, first, LB_EXAMPLES(wrong_example))
SQUARES(total, 1, 1, (void)0)
LB_BATCH(total, total)
LOSS(LB_SURVIVAL, survival, total, LB_EXAMPLES(examples))
SQUARES(beyond, 1, (double)in->b, if (g) g[in->b] = 0)
LB_BATCH(beyond, beyond)
LOSS(LB_SURVIVAL, survival, beyond, LB_EXAMPLES(examples))
SQUARES(unweighted, 1, (double)in->b, (void)0)
LB_BATCH_OF_ROWS(unweighted, unweighted)
LOSS(LB_SURVIVAL, survival, unweighted, LB_EXAMPLES(examples))

/* Of classes: that of number 0 counts twice. */
static real favours(const struct lb_batch *in, size_t i, const real *z, real *g)
{
	const real w = in->y[i] ? 1 : 2;
	real sum = 0;

	for (size_t k = 0; k < in->c; k++) {
		const real e = z[k] - (real)(in->y[i] == (int)k);
		if (g)
			g[k] = 2 * w * e;
		sum += w * e * e;
	}
	return sum;
}
LB_ROW(favours, favours)
static const struct lb_example of_classes[] = { { .set = "", .b = 1, .c = 2, .z = { 1, 2 }, .y = { 1 }, .value = 2, .source = "by hand" } };
LOSS(LB_MULTICLASS, multiclass, favours, LB_EXAMPLES(of_classes))
C
sed -i '1a #include <math.h>' planted.c
assert_exit 1 lossbench losses build planted.c
built=$out
assert_contains "$built" 'planted.so: checksum '
assert_exit 1 lossbench losses check ./planted.so
assert_eq "$out" "$(grep -v '^planted.so: checksum' <<<"$built")" 'the check of the object and of the build'

# part NAME: what is said of one loss.
part() { awk -v name="survival/$1: x" -v other="multiclass/$1: x" '$0 == name || $0 == other { on = 1; print; next } /: x$/ { on = 0 } on' <<<"$built"; }
# found NAME CAUSE REMEDY [PLACE]: in a line with its remedy, and a place below it.
found() {
	local line
	line=$(part "$1" | grep -F "failed: $2") || fail "$1: no line with \"$2\" in: $(part "$1")"
	assert_contains "$line" "; to change: $3"
	[ -z "${4:-}" ] || assert_contains "$(part "$1")" "$4"
}
assert_contains "$(part right)" 'checks, 0 failed'
found slope 'the slope of the value is not the gradient (' 'correct the derivative' ': stated '
found range 'infinite, or no number, at scores' 'write exponents from the largest score' 'value inf'
found digits 'value or gradient loses digits in float32' 'write differences of near numbers in another form'
found kink 'it claims to be smooth and has a kink (' 'take smooth out of the claims' ' on the right'
found chord 'it claims to be convex and is above a chord' 'take convex out of the claims' 'between two points the value is above their mean by '
found lost 'NaN among the scores is lost' 'compare so that NaN takes the branch' 'NaN in score 1 of 4: the value is '
found bare 'the descriptor lacks something' 'add it' '.examples: there is none'
assert_contains "$(part bare)" 'remark: convex holds at all settings and is not claimed'
found named 'it is not the loss that same_as says (1 of 1)' 'correct parameters, scale or shift in .same_as' 'same as mse: there is no survival loss of that name'
found stated 'an example does not come out (2 of 2)' 'compute it once more by other means' 'example 2 (defaults): the loss is 4, stated is 5'
assert_contains "$(part stated)" 'there is no parameter "q"'
found first 'rows that change places change the value' 'read row i by i alone; a loss that breaks ties by the place of a row says LB_TIES_BY_ROW'
found total 'a batch written twice has another value' 'return the mean of the batch'
found beyond 'it writes where it may not' 'write c derivatives a row' 'it writes past the end of its gradient or workspace'
found unweighted 'the loss of a weighted batch is not the weighted sum of its rows (1 of 1)' "multiply each row's loss and gradient by in->row_weight[i]"
found favours 'classes that change places change the value' 'treat all classes alike'
[[ $(tail -n 1 <<<"$out") =~ ^[0-9]+\ passed,\ [1-9][0-9]*\ failed:\ descriptor\ [0-9]+,\ gradient\ .*,\ weights\ [0-9]+$ ]] || fail "the tally: $(tail -n 1 <<<"$out")"

# Identities of a descriptor are run, against losses of the program; one that does not hold fails the build.
sed -E 's/\bgce\b/mine/g; s/\bgce_form\b/mine_form/g' "$LB_ROOT/losses/multiclass/gce.c" >mine.c
grep -q 'LB_SAME_AS' mine.c || fail 'gce has no identity any more: take another loss'
assert_exit 0 lossbench losses build mine.c
assert_contains "$out" ', identities 20, '
sed -i 's/\.other = "mae"/.other = "brier"/' mine.c
assert_exit 1 lossbench losses build mine.c
assert_contains "$out" 'failed: it is not the loss that same_as says (20 of 20); to change: '
assert_contains "$out" 'brier (defaults) as stated gives '

# A formula: the kink of symmetry, where a central difference is 0; a condition does not swallow NaN; the number of a class is read on
# purpose.
printf 'task: regression\nformula: sqrt(r^2)\nclaims: [smooth]\n' >kink.yaml
assert_exit 1 lossbench losses check kink.yaml
assert_contains "$out" '(defaults), scores 0, 4 x 3: row 1, column 1: slope -0.0833333333 on the left, 0.0833333333 on the right'
printf 'task: regression\nformula: sqrt(r^2 + 0.01)\nclaims: [smooth]\n' >round.yaml
assert_exit 0 lossbench losses check round.yaml
printf 'task: binary\nformula: where(m < 1, 1 - m, 0)\n' >kept.yaml
assert_exit 0 lossbench losses check kept.yaml
printf 'task: multiclass\nformula: sum(p[k] * (k - y)^2)\n' >ordered.yaml
assert_exit 0 lossbench losses check ordered.yaml
