/* What the steps of a formula's program do to blocks of numbers. Each number is made by itself, or
 * with those of its row: its bytes do not depend on what is next to it. */
#include "core/engine/kernels/kernels.h"
#include "losses/support/formula_run.h"
#include "losses/support/stable_powers.h"

#include <string.h>

/* A block for each class where it is one of classes, else the same for all. */
#define ROW(x, of_class) ((x) + ((of_class) ? k * w : 0))

#define EACH(value)                                                                                                             \
	for (size_t k = 0; k < cols; k++) {                                                                                     \
		const real *restrict a = ROW(at->a, s->a_of_class), *restrict b = ROW(at->b, s->b_of_class);                    \
		const real *restrict c = ROW(at->c, s->c_of_class);                                                             \
		real *restrict out = at->out + k * w;                                                                           \
		(void)a, (void)b, (void)c;                                                                                      \
		for (size_t i = 0; i < w; i++)                                                                                  \
			out[i] = (value);                                                                                       \
	}                                                                                                                       \
	break

/* Arithmetic and choices. */
LB_CLONES static void lb_formula_plain(const struct lb_formula_step *s, const struct lb_formula_blocks *at)
{
	const size_t cols = at->cols, w = at->w;
	const real v = (real)s->value;

	switch (s->op) {
	case LB_OP_CONST:
		EACH(v);
	case LB_OP_NEG:
		EACH(-a[i]);
	case LB_OP_ADD:
		EACH(a[i] + b[i]);
	case LB_OP_SUB:
		EACH(a[i] - b[i]);
	case LB_OP_MUL:
		EACH(a[i] * b[i]);
	case LB_OP_TIMES:
		EACH(a[i] == 0 || b[i] == 0 ? R(0.0) : a[i] * b[i]);
	case LB_OP_DIV:
		EACH(a[i] / b[i]);
	case LB_OP_SQRT:
		EACH(sqrt(a[i]));
	case LB_OP_ABS:
		EACH(fabs(a[i]));
	case LB_OP_SGN:
		EACH(a[i] > 0 ? R(1.0) : a[i] < 0 ? R(-1.0) : R(0.0));
	case LB_OP_MAX:
		EACH(a[i] >= b[i] ? a[i] : b[i]);
	case LB_OP_MIN:
		EACH(a[i] <= b[i] ? a[i] : b[i]);
	case LB_OP_LESS:
		EACH(a[i] < b[i] ? R(1.0) : R(0.0));
	case LB_OP_LESS_EQ:
		EACH(a[i] <= b[i] ? R(1.0) : R(0.0));
	case LB_OP_EQUAL:
		EACH(a[i] == b[i] ? R(1.0) : R(0.0));
	case LB_OP_SELECT:
		EACH(a[i] != 0 ? b[i] : c[i]);
	default: /* LB_OP_HELD */
		EACH(a[i]);
	}
}

/* In float32 exponents and powers are made in double, which a large factor asks for. */
LB_CLONES static void lb_formula_powers(const struct lb_formula_step *s, const struct lb_formula_blocks *at)
{
	const size_t cols = at->cols, w = at->w;
	const double v = s->value;

	switch (s->op) {
	case LB_OP_EXP:
		EACH((real)lb_plain_exp(v * (double)a[i]));
	default: /* LB_OP_POW, of numbers that are not negative */
		EACH(a[i] < 0 ? (real)NAN : (real)lb_plain_exp(v * lb_plain_log((double)a[i])));
	}
}

/* out <- what sigmoid and softplus are made of: exp(-|a|), or its negative exponent. */
LB_CLONES static void lb_formula_near(const struct lb_formula_step *s, const struct lb_formula_blocks *at, bool end)
{
	const size_t n = at->cols * at->w;
	const real *restrict a = at->a;
	real *restrict out = at->out;

	if (!end)
		for (size_t i = 0; i < n; i++)
			out[i] = -fabs(a[i]);
	else if (s->op == LB_OP_SOFTPLUS)
		for (size_t i = 0; i < n; i++)
			out[i] += a[i] > 0 ? a[i] : R(0.0);
	else
		for (size_t i = 0; i < n; i++)
			out[i] = (a[i] >= 0 ? R(1.0) : out[i]) / (1 + out[i]);
}

LB_CLONES static void lb_formula_scaled(size_t n, real v, const real *restrict a, real *restrict out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = v * a[i];
}

/* Sums, and what is highest, over the classes of LB_PANEL rows. */
LB_CLONES static void lb_formula_over_classes(const struct lb_formula_step *s, const struct lb_formula_blocks *at, size_t classes)
{
	double sum[LB_PANEL] = { 0 };
	real most[LB_PANEL];

	for (size_t i = 0; i < LB_PANEL; i++)
		most[i] = at->a[i];
	for (size_t k = 0; s->op == LB_OP_SUM && k < classes; k++)
		for (size_t i = 0; i < LB_PANEL; i++)
			sum[i] += (double)at->a[k * LB_PANEL + i];
	for (size_t k = 1; s->op == LB_OP_HIGHEST && k < classes; k++)
		for (size_t i = 0; i < LB_PANEL; i++)
			most[i] = at->a[k * LB_PANEL + i] > most[i] ? at->a[k * LB_PANEL + i] : most[i];
	for (size_t i = 0; i < LB_PANEL; i++)
		at->out[i] = s->op == LB_OP_SUM ? (real)sum[i] : most[i];
}

LB_CLONES static void lb_formula_first(const struct lb_formula_blocks *at)
{
	real left[LB_PANEL];

	for (size_t i = 0; i < LB_PANEL; i++)
		left[i] = 1;
	for (size_t k = 0; k < at->cols; k++)
		for (size_t i = 0; i < LB_PANEL; i++) {
			const real here = at->a[k * LB_PANEL + i] == at->b[i] ? left[i] : R(0.0);
			at->out[k * LB_PANEL + i] = here;
			left[i] -= here;
		}
}

/* x[i] <- log(x[i]): -inf of 0, NaN below; by the C library for the few numbers that the kernels'
 * logarithm is not made for. */
static void logs(size_t n, real *x)
{
	real fast[64];

	for (size_t k = 0; k < n; k += 64) {
		const size_t part = n - k < 64 ? n - k : 64;
		for (size_t i = 0; i < part; i++)
			fast[i] = x[k + i] >= REAL_MIN && x[k + i] <= REAL_MAX ? x[k + i] : R(1.0);
		lb_kernel()->log_all(part, fast, fast);
		for (size_t i = 0; i < part; i++)
			x[k + i] = x[k + i] >= REAL_MIN && x[k + i] <= REAL_MAX ? fast[i] : log(x[k + i]);
	}
}

/* log(1 + a): what 1 + a rounds off comes back by the derivative. */
static void log1p_of(const struct lb_formula_blocks *at)
{
	const size_t n = at->cols * at->w;

	for (size_t i = 0; i < n; i++)
		at->out[i] = 1 + at->a[i];
	logs(n, at->out);
	for (size_t i = 0; i < n; i++) {
		const real x = at->a[i], u = 1 + x;
		at->out[i] = u > R(0x1p-20) && u < R(0x1p100) ? at->out[i] + (x - (u - 1)) / u : log1p(x);
	}
}

static void power(const struct lb_formula_step *s, const struct lb_formula_blocks *at)
{
	const size_t n = at->cols * at->w;
	const real v = (real)s->value;

	if (REAL_BITS == 32 && (s->value < floor(s->value) || s->value > floor(s->value)))
		lb_formula_powers(s, at);
	else
		for (size_t i = 0; i < n; i++)
			at->out[i] = pow(at->a[i], v);
}

static void exponential(const struct lb_formula_step *s, const struct lb_formula_blocks *at)
{
	const size_t n = at->cols * at->w;
	const bool alone = s->value >= 1 && s->value <= 1;

	if (REAL_BITS == 64 || alone)
		lb_kernel()->exp_terms(at->a, n, 0, (real)s->value, n, at->out);
	else
		lb_formula_powers(s, at);
}

void lb_formula_do(const struct lb_formula_step *s, const struct lb_formula_blocks *at)
{
	const struct lb_kernels *kernel = lb_kernel();
	const size_t n = at->cols * at->w;

	switch (s->op) {
	case LB_OP_SUM:
	case LB_OP_HIGHEST:
		lb_formula_over_classes(s, at, at->cols);
		break;
	case LB_OP_FIRST:
		lb_formula_first(at);
		break;
	case LB_OP_EXP:
		exponential(s, at);
		break;
	case LB_OP_EXPM1:
		lb_formula_scaled(n, (real)s->value, at->a, at->out);
		kernel->expm1_all(n, at->out, at->out);
		break;
	case LB_OP_LOG:
		memcpy(at->out, at->a, n * sizeof *at->out);
		logs(n, at->out);
		break;
	case LB_OP_LOG1P:
		log1p_of(at);
		break;
	case LB_OP_TANH:
		kernel->tanh_all(n, at->a, at->out);
		break;
	case LB_OP_POW:
		power(s, at);
		break;
	case LB_OP_SOFTPLUS:
	case LB_OP_SIGMOID:
		lb_formula_near(s, at, false);
		kernel->exp_terms(at->out, n, 0, 1, n, at->out);
		if (s->op == LB_OP_SOFTPLUS)
			kernel->log1p_all(n, at->out, at->out);
		lb_formula_near(s, at, true);
		break;
	default:
		lb_formula_plain(s, at);
	}
}
