#!/usr/bin/python3
"""Writes tests/golden/losses_residual.json: the regression losses of one output a target. Values with 80 digits by mpmath from their
textbook definitions (densities of scipy.stats where it has them, Z of barron_nll by mpmath's quadrature), gradients by central
differences with a step of 1e-25. Run it from the project's root; needs mpmath and scipy. tests/unit/losses/test_loss_reference.c compares."""
import json
import random

import mpmath
from mpmath import mpf
from scipy import stats

mpmath.mp.dps = 80
OUT = "tests/golden/losses_residual.json"
STEP = mpf(10) ** -25


def of_error(rho):
    """A loss of e = z - t, the mean over targets and rows."""
    def loss(z, t, **par):
        entries = [rho(a - b, **par) for row, targets in zip(z, t) for a, b in zip(row, targets)]
        return sum(entries) / len(entries)
    loss.__name__ = rho.__name__
    return loss


def of_entry(rho):
    """A loss of z and t."""
    def loss(z, t, **par):
        entries = [rho(a, b, **par) for row, targets in zip(z, t) for a, b in zip(row, targets)]
        return sum(entries) / len(entries)
    loss.__name__ = rho.__name__
    return loss


def of_column(value):
    """A loss of a whole batch, the mean over the targets."""
    def loss(z, t, **par):
        columns = list(zip(zip(*z), zip(*t)))
        return sum(value(list(p), list(r), **par) for p, r in columns) / len(columns)
    loss.__name__ = value.__name__
    return loss


@of_error
def mae(e):
    return abs(e)


@of_error
def huber(e, delta=1):
    return e ** 2 / 2 if abs(e) <= delta else delta * (abs(e) - mpf(delta) / 2)


@of_error
def smooth_l1(e, beta=1):
    return e ** 2 / (2 * mpf(beta)) if abs(e) <= beta else abs(e) - mpf(beta) / 2


@of_error
def pseudo_huber(e, delta=1):
    return mpf(delta) ** 2 * (mpmath.sqrt(1 + (e / mpf(delta)) ** 2) - 1)


@of_error
def charbonnier(e, eps=1e-3):
    return mpmath.sqrt(e ** 2 + mpf(eps) ** 2)


@of_error
def log_cosh(e):
    return mpmath.log(mpmath.cosh(e))


@of_error
def fair(e, c=1):
    x = abs(e) / mpf(c)
    return mpf(c) ** 2 * (x - mpmath.log(1 + x))


@of_error
def wing(e, width=10, curvature=2):
    w, eps = mpf(width), mpf(curvature)
    return w * mpmath.log(1 + abs(e) / eps) if abs(e) < w else abs(e) - (w - w * mpmath.log(1 + w / eps))


@of_error
def lq(e, q=2):
    return abs(e) ** mpf(q)


@of_error
def tukey(e, c=4.685):
    c = mpf(c)
    return c ** 2 / 6 * (1 - (1 - (e / c) ** 2) ** 3) if abs(e) <= c else c ** 2 / 6


@of_error
def cauchy(e, c=2.385):
    return mpf(c) ** 2 / 2 * mpmath.log(1 + (e / mpf(c)) ** 2)


@of_error
def welsch(e, c=2.985):
    return mpf(c) ** 2 / 2 * (1 - mpmath.exp(-(e / mpf(c)) ** 2))


@of_error
def correntropy(e, sigma=1, normalised=False):
    kernel = mpmath.exp(-e ** 2 / (2 * mpf(sigma) ** 2))
    return (1 - kernel) / (1 - mpmath.exp(-1 / (2 * mpf(sigma) ** 2)) if normalised else 1)


@of_error
def geman_mcclure(e, c=1):
    return e ** 2 / 2 / (1 + (e / mpf(c)) ** 2)


def rho(x, alpha):
    v, alpha = x ** 2, mpf(alpha)
    if alpha == 2:
        return v / 2
    if alpha == 0:
        return mpmath.log(1 + v / 2)
    b = abs(alpha - 2)
    return b / alpha * ((v / b + 1) ** (alpha / 2) - 1)


@of_error
def barron(e, alpha=1, c=1):
    return rho(e / mpf(c), alpha)


MASS = {}


@of_error
def barron_nll(e, alpha=1, c=1):
    if alpha not in MASS:
        MASS[alpha] = 2 * mpmath.quad(lambda x: mpmath.exp(-rho(x, alpha)), [0, 1, 10, 1000, mpmath.inf])
    return rho(e / mpf(c), alpha) + mpmath.log(mpf(c)) + mpmath.log(MASS[alpha])


@of_error
def eps_insensitive(e, eps=0.1):
    return max(mpf(0), abs(e) - mpf(eps))


@of_error
def sq_eps_insensitive(e, eps=0.1):
    return max(mpf(0), abs(e) - mpf(eps)) ** 2


@of_error
def quantile(e, tau=0.5):
    return max(mpf(tau) * -e, (mpf(tau) - 1) * -e)


@of_error
def quantile_huber(e, tau=0.5, delta=1):
    d = mpf(delta)
    return (mpf(tau) if e <= 0 else 1 - mpf(tau)) * (e ** 2 / 2 if abs(e) <= d else d * (abs(e) - d / 2)) / d


@of_error
def expectile(e, tau=0.5):
    return (mpf(tau) if e <= 0 else 1 - mpf(tau)) * e ** 2


@of_error
def linex(e, a=1):
    return mpmath.exp(mpf(a) * e) - mpf(a) * e - 1


@of_entry
def mape(z, t, eps=1e-8):
    return abs(z - t) / max(abs(t), mpf(eps))


@of_entry
def smape(z, t, eps=1e-8):
    return abs(z - t) / max(abs(z) + abs(t), mpf(eps))


@of_error
def student_t_nll(e, nu=3, scale=1):
    nu, c = mpf(nu), mpf(scale)
    density = mpmath.gamma((nu + 1) / 2) / (mpmath.sqrt(nu * mpmath.pi) * mpmath.gamma(nu / 2) * c) * (1 + (e / c) ** 2 / nu) ** (-(nu + 1) / 2)
    value = -mpmath.log(density)
    assert abs(value + stats.t.logpdf(float(e), float(nu), scale=float(c))) <= 1e-9 * max(1, abs(value))
    return value


@of_entry
def poisson(z, t, full=False):
    return mpmath.exp(z) - t * z + (mpmath.loggamma(t + 1) if full else 0)


def x_log(t, x):
    return t * mpmath.log(x) if t else mpf(0)


@of_entry
def poisson_deviance(z, t):
    m = mpmath.exp(z)
    return 2 * (x_log(t, t / m) - t + m)


@of_entry
def gamma_nll(z, t):
    return z + t / mpmath.exp(z)


@of_entry
def gamma_deviance(z, t):
    m = mpmath.exp(z)
    return 2 * (mpmath.log(m / t) + t / m - 1)


@of_entry
def inverse_gaussian_deviance(z, t):
    m = mpmath.exp(z)
    return (t - m) ** 2 / (m ** 2 * t)


@of_entry
def tweedie(z, t, power=1.5):
    q, m = mpf(power), mpmath.exp(z)
    return m ** (2 - q) / (2 - q) - t * m ** (1 - q) / (1 - q)


@of_entry
def tweedie_deviance(z, t, power=1.5):
    q, m = mpf(power), mpmath.exp(z)
    return 2 * (t ** (2 - q) / ((1 - q) * (2 - q)) - t * m ** (1 - q) / (1 - q) + m ** (2 - q) / (2 - q))


@of_entry
def negative_binomial(z, t, alpha=1):
    r, m = 1 / mpf(alpha), mpmath.exp(z)
    ways = mpmath.gamma(t + r) / (mpmath.gamma(r) * mpmath.gamma(t + 1))
    value = -mpmath.log(ways * (r / (r + m)) ** r * (m / (r + m)) ** t)
    if t == int(t) and m < 1e6:
        assert abs(value + stats.nbinom.logpmf(float(t), float(r), float(r / (r + m)))) <= 1e-8 * max(1, abs(value))
    return value


@of_entry
def msle(z, t):
    return (mpmath.log(1 + (mpmath.exp(z) - 1)) - mpmath.log(1 + t)) ** 2


LINKED = [
    (poisson, {}), (poisson, {"full": True}), (poisson_deviance, {}), (gamma_nll, {}), (gamma_deviance, {}), (inverse_gaussian_deviance, {}),
    (tweedie, {}), (tweedie, {"power": 1.1}), (tweedie_deviance, {}), (tweedie_deviance, {"power": 1.9}), (negative_binomial, {}),
    (negative_binomial, {"alpha": 0.3}), (msle, {}),
]
COUNTS = (poisson, poisson_deviance, tweedie, tweedie_deviance, negative_binomial)


def mean(v):
    return sum(v) / len(v)


@of_column
def rmse(p, r):
    return mpmath.sqrt(mean([(a - b) ** 2 for a, b in zip(p, r)]))


@of_column
def r2(p, r):
    return sum((a - b) ** 2 for a, b in zip(p, r)) / sum((b - mean(r)) ** 2 for b in r)


def covariance(a, b):
    return mean([(x - mean(a)) * (y - mean(b)) for x, y in zip(a, b)])


@of_column
def one_minus_pearson(p, r):
    return 1 - covariance(p, r) / mpmath.sqrt(covariance(p, p) * covariance(r, r))


@of_column
def one_minus_ccc(p, r):
    return 1 - 2 * covariance(p, r) / (covariance(p, p) + covariance(r, r) + (mean(p) - mean(r)) ** 2)


def kernel_mean(a, b, sigma):
    return mean([mpmath.exp(-(x - y) ** 2 / (2 * mpf(sigma) ** 2)) for x in a for y in b])


@of_column
def error_entropy(p, r, sigma=1):
    e = [a - b for a, b in zip(p, r)]
    return -mpmath.log(kernel_mean(e, e, sigma))


@of_column
def cs_marginal(p, r, sigma=1):
    return mpmath.log(kernel_mean(p, p, sigma)) + mpmath.log(kernel_mean(r, r, sigma)) - 2 * mpmath.log(kernel_mean(p, r, sigma))


LOSSES = [
    (mae, {}), (huber, {}), (huber, {"delta": 0.25}), (smooth_l1, {}), (smooth_l1, {"beta": 0.3}), (pseudo_huber, {}), (pseudo_huber, {"delta": 5.5}), (charbonnier, {}),
    (charbonnier, {"eps": 2}), (log_cosh, {}), (fair, {}), (fair, {"c": 20}), (wing, {}), (wing, {"width": 0.5, "curvature": 0.1}), (lq, {}), (lq, {"q": 1}), (lq, {"q": 1.5}), (lq, {"q": 4}), (tukey, {}),
    (tukey, {"c": 1}), (cauchy, {}), (cauchy, {"c": 0.5}), (welsch, {}), (welsch, {"c": 0.75}), (correntropy, {}),
    (correntropy, {"sigma": 2.5, "normalised": True}), (geman_mcclure, {}), (geman_mcclure, {"c": 7}), (barron, {}), (barron, {"alpha": 2}),
    (barron, {"alpha": 0, "c": 0.3}), (barron, {"alpha": -2.5, "c": 2}), (barron, {"alpha": 1.999999}), (barron, {"alpha": -0.000001}),
    (barron, {"alpha": 3, "c": 4}), (barron_nll, {}), (barron_nll, {"alpha": 0, "c": 2}), (barron_nll, {"alpha": 2}),
    (barron_nll, {"alpha": 0.6, "c": 0.5}), (eps_insensitive, {}), (eps_insensitive, {"eps": 1.5}), (sq_eps_insensitive, {}),
    (sq_eps_insensitive, {"eps": 1.5}), (quantile, {}), (quantile, {"tau": 0.9}), (quantile_huber, {}), (quantile_huber, {"tau": 0.1, "delta": 0.2}),
    (expectile, {}), (expectile, {"tau": 0.8}), (linex, {}), (linex, {"a": -0.3}), (mape, {}), (mape, {"eps": 1}), (smape, {}), (smape, {"eps": 3}),
    (student_t_nll, {}), (student_t_nll, {"nu": 1, "scale": 2}), (student_t_nll, {"nu": 30, "scale": 0.4}), (rmse, {}), (r2, {}),
    (one_minus_pearson, {}), (one_minus_ccc, {}), (error_entropy, {}), (error_entropy, {"sigma": 3}), (cs_marginal, {}), (cs_marginal, {"sigma": 2}),
]
SHAPES = [(5, 1), (2, 3), (3, 2)]


def slopes(loss, z, t, par):
    def at(i, k, h):
        moved = [list(row) for row in z]
        moved[i][k] += h
        return loss(moved, t, **par)
    return [[float((at(i, k, STEP) - at(i, k, -STEP)) / (2 * STEP)) for k in range(len(row))] for i, row in enumerate(z)]


def setting(par):
    return " ".join("%s=%s" % (k, json.dumps(v)) for k, v in par.items())


def make_case(loss, par, shape, scale, rng):
    b, targets = shape
    case = {"kind": "regression", "loss": loss.__name__, "set": setting(par),
            "z": [[rng.gauss(0, scale) for _ in range(targets)] for _ in range(b)],
            "t": [[rng.gauss(0, min(scale, 1 + scale / 4)) for _ in range(targets)] for _ in range(b)]}
    if (loss, par) in LINKED:
        case["t"] = [[float(int(abs(v) * 3)) if loss in COUNTS else abs(v) + 0.01 for v in row] for row in case["t"]]
    z, t = ([[mpf(v) for v in row] for row in case[k]] for k in ("z", "t"))
    case["value"] = float(loss(z, t, **par))
    case["grad"] = slopes(loss, z, t, par)
    case["source"] = "mpmath"
    return case


if __name__ == "__main__":
    generator, cases = random.Random(20261130), []
    for function, parameters in LOSSES:
        for size in (1e-4, 1, 4, 60):
            for form in SHAPES if size == 1 else SHAPES[:1]:
                cases.append(make_case(function, parameters, form, size, generator))
    for function, parameters in LINKED:
        for size in (1e-3, 1, 6):
            for form in SHAPES if size == 1 else SHAPES[:1]:
                cases.append(make_case(function, parameters, form, size, generator))
    with open(OUT, "w", encoding="ascii") as out:
        out.write('{"made_by": "tests/reference/losses_residual.py",\n "cases": [\n')
        out.write(",\n".join("  " + json.dumps(case) for case in cases))
        out.write("\n ]}\n")
