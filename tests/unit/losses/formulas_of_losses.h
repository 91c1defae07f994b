/* Losses of the program as formulas. A parameter goes by its name, or, where that is a word of
 * formulas, by its place: par0, par1, ... Settings of parameters that the formula leaves out are
 * their defaults. */
#ifndef LB_FORMULAS_OF_LOSSES_H
#define LB_FORMULAS_OF_LOSSES_H

#include "losses/loss_info.h"

#define FOCAL "(1 - p)^gamma * log(p)"
#define NCE "log(p) / sum(log(p[k]))"
#define NFL FOCAL " / sum((1 - p[k])^gamma * log(p[k]))"
#define LIKELIEST "(p + m * (p == max(p[k]))) / (1 + m)"

static const struct {
	enum lb_kind kind;
	const char *name, *formula;
} formulas[] = {
	/* of the label's probability */
	{ LB_MULTICLASS, "ce", "-log(p)" },
	{ LB_MULTICLASS, "ce", "logsumexp(z[k] / temperature) - z[y] / temperature" },
	{ LB_MULTICLASS, "focal", "-" FOCAL },
	{ LB_MULTICLASS, "gce", "(1 - p^q) / q" },
	{ LB_MULTICLASS, "tgce", "(1 - max(p, par1)^q) / q" },
	{ LB_MULTICLASS, "poly1", "-log(p) + eps * (1 - p)" },
	{ LB_MULTICLASS, "poly1_focal", "-" FOCAL " + eps * (1 - p)^(gamma + 1)" },
	{ LB_MULTICLASS, "taylor_ce", "where(order == 2, (1 - p) + (1 - p)^2 / 2, 1 - p)" },
	{ LB_MULTICLASS, "sce", "-alpha * log(p) + beta * a * (1 - p)" },
	{ LB_MULTICLASS, "rce", "a * (1 - p)" },
	{ LB_MULTICLASS, "mae", "2 * (1 - p)" },
	{ LB_MULTICLASS, "mae", "sum(abs(e[k] - p[k]))" },
	{ LB_MULTICLASS, "agce", "((a + 1)^q - (a + p)^q) / q" },
	{ LB_MULTICLASS, "aul", "((a - p)^q - (a - 1)^q) / q" },
	{ LB_MULTICLASS, "ael", "exp(-p / a)" },
	{ LB_MULTICLASS, "alpha_loss", "where(alpha == 1, -log(p), alpha / (alpha - 1) * (1 - p^(1 - 1 / alpha)))" },
	{ LB_MULTICLASS, "tamed_ce", "where(alpha == 1, log(1 - log(p)), ((1 - log(p))^(1 - alpha) - 1) / (1 - alpha))" },
	{ LB_MULTICLASS, "phuber_ce", "where(p > 1 / tau, -log(p), 1 + log(tau) - tau * p)" },
	{ LB_MULTICLASS, "phuber_gce", "where(p > tau^(1 / (q - 1)), (1 - p^q) / q, tau * (tau^(1 / (q - 1)) - p) + (1 - tau^(q / (q - 1))) / q)" },
	{ LB_MULTICLASS, "dco", "-log(1 - (1 - p)^n)" },
	{ LB_MULTICLASS, "comp_exp", "exp(p)" },
	{ LB_MULTICLASS, "comp_forward", "log(n_classes - 1) - log(1 - p)" },
	{ LB_MULTICLASS, "js", "(-pi * log(pi + (1 - pi) * p) + (1 - pi) * (p * (log(p) - log(pi + (1 - pi) * p)) - (1 - p) * log(1 - pi))) / "
			       "(-(1 - pi) * log(1 - pi))" },
	/* of all probabilities */
	{ LB_MULTICLASS, "label_smoothing", "-(1 - alpha) * log(p) - alpha * mean(log(p[k]))" },
	{ LB_MULTICLASS, "label_smoothing", "-sum(((1 - alpha) * e[k] + alpha / n_classes) * log(p[k]))" },
	{ LB_MULTICLASS, "negative_smoothing", "-(1 - r) * log(p) - r * mean(log(p[k]))" },
	{ LB_MULTICLASS, "cores", "-log(p) + beta * mean(log(p[k]))" },
	{ LB_MULTICLASS, "brier", "sum((p[k] - e[k])^2)" },
	{ LB_MULTICLASS, "confidence_penalty", "-log(p) + beta * sum(p[k] * log(p[k]))" },
	{ LB_MULTICLASS, "bootstrap_soft", "-beta * log(p) - (1 - beta) * sum(p[k] * log(p[k]))" },
	{ LB_MULTICLASS, "bootstrap_hard", "-beta * log(p) - (1 - beta) * max(log(p[k]))" },
	{ LB_MULTICLASS, "nce", NCE },
	{ LB_MULTICLASS, "nfl", NFL },
	{ LB_MULTICLASS, "nce_rce", "alpha * " NCE " + beta * a * (1 - p)" },
	{ LB_MULTICLASS, "nce_mae", "alpha * " NCE " + beta * (1 - p)" },
	{ LB_MULTICLASS, "nce_aul", "alpha * " NCE " + beta * ((a - p)^q - (a - 1)^q) / q" },
	{ LB_MULTICLASS, "nce_agce", "alpha * " NCE " + beta * ((a + 1)^q - (a + p)^q) / q" },
	{ LB_MULTICLASS, "nce_ael", "alpha * " NCE " + beta * exp(-p / a)" },
	{ LB_MULTICLASS, "nfl_mae", "alpha * " NFL " + beta * (1 - p)" },
	{ LB_MULTICLASS, "rll", "log((1 + alpha) / alpha) - log(alpha + p) + sum(where(e[k] == 1, 0, log(alpha + p[k]))) / (n_classes - 1)" },
	{ LB_MULTICLASS, "comp_free", "(n_classes - 1) * log(p) - sum(log(p[k]))" },
	{ LB_MULTICLASS, "ordinal_smoothing", "-sum(exp(-abs(k - y)^a / tau) * log(p[k])) / sum(exp(-abs(k - y)^a / tau))" },
	{ LB_MULTICLASS, "eps_ce", "-log(" LIKELIEST ")" },
	{ LB_MULTICLASS, "eps_ce_mae", "-alpha * log(" LIKELIEST ") + 2 * beta * (1 - p)" },
	/* of scores */
	{ LB_MULTICLASS, "mse_scores", "sum((z[k] - e[k])^2)" },
	{ LB_MULTICLASS, "squentropy", "-log(p) + sum(where(e[k] == 1, 0, z[k]^2)) / (n_classes - 1)" },
	{ LB_MULTICLASS, "log_taylor", "log(sum(1 + z[k] + z[k]^2 / 2)) - log(1 + z[y] + z[y]^2 / 2)" },
	{ LB_MULTICLASS, "log_spherical", "log(sum(z[k]^2 + eps)) - log(z[y]^2 + eps)" },
	{ LB_MULTICLASS, "stablemax_ce", "log(sum(where(z[k] >= 0, 1 + z[k], 1 / (1 - z[k])))) - log(where(z[y] >= 0, 1 + z[y], 1 / (1 - z[y])))" },
	{ LB_MULTICLASS, "cs", "max(z[k] - z[y] + margin * (1 - e[k]))" },
	{ LB_MULTICLASS, "ww", "sum(where(e[k] == 1, 0, max(0, margin - z[y] + z[k])))" },
	{ LB_MULTICLASS, "llw", "sum(where(e[k] == 1, 0, max(0, margin + z[k] - mean(z[k]))))" },
	{ LB_MULTICLASS, "multi_margin", "sum(where(e[k] == 1, 0, max(0, margin - z[y] + z[k])^par0)) / n_classes" },
	{ LB_MULTICLASS, "ovr_bce", "sum(softplus(where(e[k] == 1, -z[k], z[k])))" },
	{ LB_MULTICLASS, "ovr_hinge", "sum(max(0, 1 + where(e[k] == 1, -z[k], z[k])))" },
	{ LB_MULTICLASS, "ovr_squared_hinge", "sum(max(0, 1 + where(e[k] == 1, -z[k], z[k]))^2)" },
	{ LB_MULTICLASS, "ldr_kl", "where(lam == 0, max(z[k] - z[y] + margin * (1 - e[k])), lam * (logsumexp((z[k] - z[y] + margin * (1 - e[k])) / lam) - "
				   "log(n_classes)))" },
	/* of class counts */
	{ LB_MULTICLASS, "balanced_softmax", "logsumexp(z[k] + log(count[k])) - z[y] - log(count)" },
	{ LB_MULTICLASS, "logit_adjusted", "logsumexp(z[k] + tau * log(count[k] / sum(count[k]))) - z[y] - tau * log(count / sum(count[k]))" },
	{ LB_MULTICLASS, "class_balanced", "-(1 / (1 - beta^count)) / mean(1 / (1 - beta^count[k])) * " FOCAL },
	/* of a margin */
	{ LB_BINARY, "logistic", "log(1 + exp(-m))" },
	{ LB_BINARY, "logistic", "-log(p)" },
	{ LB_BINARY, "hinge", "max(0, 1 - y * f)" },
	{ LB_BINARY, "squared_hinge", "max(0, 1 - m)^2" },
	{ LB_BINARY, "poly_hinge", "max(0, 1 - m)^par0" },
	{ LB_BINARY, "squared_margin", "(1 - m)^2" },
	{ LB_BINARY, "smoothed_hinge", "where(1 - m < gamma, max(0, 1 - m)^2 / (2 * gamma), 1 - m - gamma / 2)" },
	{ LB_BINARY, "modified_huber", "where(m >= -1, max(0, 1 - m)^2, -4 * m)" },
	{ LB_BINARY, "exponential", "exp(-m)" },
	{ LB_BINARY, "unhinged", "1 - m" },
	{ LB_BINARY, "perceptron", "max(0, -m)" },
	{ LB_BINARY, "ramp", "min(1, max(0, (1 - m) / 2))" },
	{ LB_BINARY, "ramp_unit", "min(1, max(0, 1 - gamma * m))" },
	{ LB_BINARY, "robust_hinge", "max(0, 1 + kappa - m)" },
	{ LB_BINARY, "robust_logistic", "softplus(kappa - m)" },
	{ LB_BINARY, "savage", "sigmoid(-scale * m)^2" },
	{ LB_BINARY, "sigmoid", "1 / (1 + exp(scale * m))" },
	{ LB_BINARY, "smoothed_bce", "(1 - eps / 2) * softplus(-m) + eps / 2 * softplus(m)" },
	{ LB_BINARY, "focal", "-" FOCAL },
	{ LB_BINARY, "focal_alpha", "-where(y > 0, alpha, 1 - alpha) * " FOCAL },
	{ LB_BINARY, "weighted_bce", "where(y > 0, w_pos, w_neg) * softplus(-m)" },
	{ LB_BINARY, "mae_sigmoid", "1 - p" },
	{ LB_BINARY, "mse_sigmoid", "(1 - p)^2" },
	{ LB_BINARY, "log_hinge", "where(m <= 1, 1 - m, -log(m))" },
	{ LB_BINARY, "inv_hinge", "where(m <= 1, 1 - m, 1 / m - 1)" },
	{ LB_BINARY, "pinball_hinge", "where(m <= 1, 1 - m, tau * (m - 1))" },
	/* of a residual */
	{ LB_REGRESSION, "mse", "r^2" },
	{ LB_REGRESSION, "mse", "(t - y)^2" },
	{ LB_REGRESSION, "mae", "abs(r)" },
	{ LB_REGRESSION, "huber", "where(abs(r) <= delta, r^2 / 2, delta * (abs(r) - delta / 2))" },
	{ LB_REGRESSION, "smooth_l1", "where(abs(r) < beta, r^2 / (2 * beta), abs(r) - beta / 2)" },
	{ LB_REGRESSION, "pseudo_huber", "r^2 / (sqrt(1 + (r / delta)^2) + 1)" },
	{ LB_REGRESSION, "charbonnier", "sqrt(r^2 + eps^2)" },
	{ LB_REGRESSION, "log_cosh", "abs(r) + softplus(-2 * abs(r)) - log(2)" },
	{ LB_REGRESSION, "fair", "c^2 * (abs(r) / c - log(1 + abs(r) / c))" },
	{ LB_REGRESSION, "wing", "where(abs(r) < width, width * log(1 + abs(r) / curvature), abs(r) - width + width * log(1 + width / curvature))" },
	{ LB_REGRESSION, "lq", "abs(r)^q" },
	{ LB_REGRESSION, "cauchy", "c^2 / 2 * log(1 + (r / c)^2)" },
	{ LB_REGRESSION, "welsch", "c^2 / 2 * (1 - exp(-(r / c)^2))" },
	{ LB_REGRESSION, "correntropy", "1 - exp(-r^2 / (2 * sigma^2))" },
	{ LB_REGRESSION, "geman_mcclure", "r^2 / 2 / (1 + (r / c)^2)" },
	{ LB_REGRESSION, "tukey", "where(abs(r) < c, c^2 / 6 * (1 - (1 - (r / c)^2)^3), c^2 / 6)" },
	{ LB_REGRESSION, "quantile", "max(tau * (t - y), (tau - 1) * (t - y))" },
	{ LB_REGRESSION, "expectile", "where(r <= 0, tau, 1 - tau) * r^2" },
	{ LB_REGRESSION, "linex", "exp(a * r) - a * r - 1" },
	{ LB_REGRESSION, "eps_insensitive", "max(0, abs(r) - eps)" },
	{ LB_REGRESSION, "sq_eps_insensitive", "max(0, abs(r) - eps)^2" },
	{ LB_REGRESSION, "mape", "abs(r) / max(abs(t), eps)" },
	{ LB_REGRESSION, "poisson", "exp(y) - t * y" },
	{ LB_REGRESSION, "gamma_nll", "y + t * exp(-y)" },
	{ LB_REGRESSION, "tweedie", "exp((2 - power) * y) / (2 - power) - t * exp((1 - power) * y) / (1 - power)" },
	{ LB_REGRESSION, "msle", "(y - log1p(t))^2" },
	/* of pairs, in batches whose rows have partners of both sides */
	{ LB_EMBEDDING, "binomial_deviance", "mean_same(softplus(alpha * (lam - s[j]))) + mean_other(softplus(beta * (s[j] - lam)))" },
	{ LB_EMBEDDING, "supcon", "logsumexp(s[j] / tau) - mean_same(s[j] / tau)" },
	{ LB_EMBEDDING, "supcon", "mean(same[j] * (logsumexp(s[j] / tau) - s[j] / tau)) * (n_same + n_other) / n_same" },
	{ LB_EMBEDDING, "supcon_in", "logsumexp(s[j] / tau) - logsumexp_same(s[j] / tau) + log(n_same)" },
	{ LB_EMBEDDING, "nca", "log(sum(exp(2 * scale * (s[j] - 1)))) - log(sum_same(exp(2 * scale * (s[j] - 1))))" },
	{ LB_EMBEDDING, "circle", "softplus(logsumexp_other(gamma * detach(max(s[j] + par0, 0)) * (s[j] - par0)) + "
				  "logsumexp_same(gamma * detach(max(1 + par0 - s[j], 0)) * (1 - par0 - s[j])))" },
	/* of each label */
	{ LB_MULTILABEL, "ml_bce", "softplus(-m)" },
	{ LB_MULTILABEL, "ldam_bce", "softplus(-m + where(y > 0, margin / count^0.25, 0))" },
	{ LB_MULTILABEL, "hill", "where(y > 0, -(1 - sigmoid(f - margin))^gamma * log(sigmoid(f - margin)), (lambda - sigmoid(f)) * sigmoid(f)^2)" },
};

enum { N_FORMULAS = sizeof formulas / sizeof *formulas };

#endif
