#!/usr/bin/python3
"""Writes tests/golden/losses_regression.json: the regression losses whose model has several outputs for each target. Values with 400
digits by mpmath, from definitions: the pinball loss as the distance to the target times the level or its complement, the likelihood
as mpmath's normal density, held against scipy.stats where that does not round to 0; gradients by central differences with a step of
1e-25. Run it from the project's root; needs mpmath and scipy. tests/unit/losses/test_reference_values.c compares."""
import json
import random

import mpmath
from scipy import stats

mpmath.mp.dps = 400
OUT = "tests/golden/losses_regression.json"
STEP = mpmath.mpf(10) ** -25


def multi_quantile(z, t, levels=(0.1, 0.5, 0.9)):
    levels, total = [mpmath.mpf(v) for v in levels], mpmath.mpf(0)
    for k, target in enumerate(t):
        for tau, q in zip(levels, z[k * len(levels):(k + 1) * len(levels)]):
            total += abs(target - q) * (tau if target >= q else 1 - tau)
    return total / len(z)


def gaussian_nll(z, t, full=False, s_clip=0):
    total = mpmath.mpf(0)
    for k, target in enumerate(t):
        mean, s = z[2 * k:2 * k + 2]
        s = max(-mpmath.mpf(s_clip), min(mpmath.mpf(s_clip), s)) if s_clip else s
        total -= mpmath.log(mpmath.npdf(target, mean, mpmath.exp(s / 2)))
    return total / len(t) - (0 if full else mpmath.log(2 * mpmath.pi) / 2)


def apre(z, t, w_bias=1, w_unc=1, s_clip=0):
    """By the squared error and the log variance of mpmath's normal density, each with its weight."""
    total = mpmath.mpf(0)
    for k, target in enumerate(t):
        mean, s = z[2 * k:2 * k + 2]
        s = max(-mpmath.mpf(s_clip), min(mpmath.mpf(s_clip), s)) if s_clip else s
        peak = mpmath.log(mpmath.npdf(0, 0, mpmath.exp(s / 2))) + mpmath.log(2 * mpmath.pi) / 2
        total += w_bias * ((target - mean) / mpmath.exp(s / 2)) ** 2 / 2 - mpmath.mpf(w_unc) * peak
    return total / len(t)


def beta_nll(z, t, beta=0.5, fixed=None):
    """fixed: the row that the weights are computed from, which the gradient takes as constants."""
    total, fixed = mpmath.mpf(0), fixed or z
    for k, target in enumerate(t):
        mean, s = z[2 * k:2 * k + 2]
        total += mpmath.exp(fixed[2 * k + 1] * mpmath.mpf(beta)) * (s + (target - mean) ** 2 * mpmath.exp(-s)) / 2
    return total / len(t)


def laplace_nll(z, t):
    total = mpmath.mpf(0)
    for k, target in enumerate(t):
        scale = mpmath.exp(z[2 * k + 1])
        total -= mpmath.log(mpmath.exp(-abs(target - z[2 * k]) / scale) / (2 * scale))
    return total / len(t)


def crps_gaussian(z, t):
    """By the mean absolute differences of the score's definition: E|X - t| - E|X - X'| / 2."""
    total = mpmath.mpf(0)
    for k, target in enumerate(t):
        sigma = mpmath.exp(z[2 * k + 1])
        u = (target - z[2 * k]) / sigma
        to_target = sigma * (u * (2 * mpmath.ncdf(u) - 1) + 2 * mpmath.npdf(u))
        total += to_target - sigma / mpmath.sqrt(mpmath.pi)
    return total / len(t)


def log_normal(z, t):
    total = mpmath.mpf(0)
    for k, target in enumerate(t):
        total -= mpmath.log(mpmath.npdf(mpmath.log(target), z[2 * k], mpmath.exp(z[2 * k + 1])) / target)
    return total / len(t)


def mdn(z, t, components=3):
    total, n = mpmath.mpf(0), int(components)
    for k, target in enumerate(t):
        a = z[3 * n * k:3 * n * (k + 1)]
        weights = [mpmath.exp(v - max(a[:n])) for v in a[:n]]
        total -= mpmath.log(sum(w / sum(weights) * mpmath.npdf(target, a[n + m], mpmath.exp(a[2 * n + m])) for m, w in enumerate(weights)))
    return total / len(t)


def crps_ensemble(z, t, members=10, fair=False):
    total, n = mpmath.mpf(0), int(members)
    for k, target in enumerate(t):
        x = z[n * k:n * (k + 1)]
        spread = sum(abs(a - b) for a in x for b in x) / (2 * n * (n - 1 if fair else n))
        total += sum(abs(a - target) for a in x) / n - spread
    return total / len(t)


def zero_inflated(z, t, log_pmf):
    total = mpmath.mpf(0)
    for k, target in enumerate(t):
        mean, pi = mpmath.exp(z[2 * k]), 1 / (1 + mpmath.exp(-z[2 * k + 1]))
        total -= mpmath.log((pi if target == 0 else 0) + (1 - pi) * mpmath.exp(log_pmf(mean, target)))
    return total / len(t)


def zero_inflated_poisson(z, t):
    return zero_inflated(z, t, lambda mean, k: k * mpmath.log(mean) - mean - mpmath.loggamma(k + 1))


def zero_inflated_nb(z, t, alpha=0.5):
    r = 1 / mpmath.mpf(alpha)
    return zero_inflated(z, t, lambda mean, k: mpmath.loggamma(k + r) - mpmath.loggamma(r) - mpmath.loggamma(k + 1) +
                         r * mpmath.log(r / (r + mean)) + k * mpmath.log(mean / (r + mean)))


def multi_quantile_nocross(z, t, levels=(0.1, 0.5, 0.9)):
    ordered = []
    for i, v in enumerate(z):
        ordered.append(v if i % len(levels) == 0 else ordered[-1] + mpmath.log(1 + mpmath.exp(v)))
    return multi_quantile(ordered, t, levels)


def hl_gauss(z, t, lo=0, hi=1, bins=50, sigma=0):
    total, n, width = mpmath.mpf(0), int(bins), (mpmath.mpf(hi) - lo) / int(bins)
    sd = mpmath.mpf(sigma) if sigma else width * 3 / 4
    for k, target in enumerate(t):
        at = max(mpmath.mpf(lo), min(mpmath.mpf(hi), target))
        edges = [mpmath.ncdf((lo + j * width - at) / sd) for j in range(n + 1)]
        row = z[n * k:n * (k + 1)]
        lse = mpmath.log(sum(mpmath.exp(v) for v in row))
        total -= sum((edges[j + 1] - edges[j]) / (edges[n] - edges[0]) * (row[j] - lse) for j in range(n))
    return total / len(t)


def mean_over_rows(loss, z, t, par, fixed=None):
    if loss is beta_nll:
        return sum(loss(a, b, fixed=f, **par) for a, b, f in zip(z, t, fixed or z)) / len(z)
    return sum(loss(a, b, **par) for a, b in zip(z, t)) / len(z)


def slopes(loss, z, t, par):
    def at(i, k, h):
        moved = [list(row) for row in z]
        moved[i][k] += h
        return mean_over_rows(loss, moved, t, par, fixed=z)
    return [[float((at(i, k, STEP) - at(i, k, -STEP)) / (2 * STEP)) for k in range(len(row))] for i, row in enumerate(z)]


def agree(case, par):
    """scipy's normal density, where float64 holds it."""
    if case["loss"] != "gaussian_nll" or par.get("s_clip") or max(abs(v) for row in case["z"] for v in row) > 20:
        return
    total = -sum(stats.norm.logpdf(t, row[2 * k], float(mpmath.exp(mpmath.mpf(row[2 * k + 1]) / 2)))
                 for row, targets in zip(case["z"], case["t"]) for k, t in enumerate(targets))
    total = total / len(case["z"]) / len(case["t"][0]) - (0 if par.get("full") else float(mpmath.log(2 * mpmath.pi) / 2))
    assert abs(total - case["value"]) <= 1e-9 * max(1, abs(total)), (case, total)


# loss, setting as --param has it, outputs a target
LOSSES = [
    (multi_quantile, {}, 3), (multi_quantile, {"levels": [0.25, 0.75]}, 2), (multi_quantile, {"levels": [0.5]}, 1),
    (multi_quantile, {"levels": [0.01, 0.05, 0.3, 0.95, 0.999]}, 5),
    (gaussian_nll, {}, 2), (gaussian_nll, {"full": True}, 2), (gaussian_nll, {"s_clip": 2}, 2), (gaussian_nll, {"full": True, "s_clip": 20}, 2),
    (beta_nll, {}, 2), (beta_nll, {"beta": 1}, 2), (beta_nll, {"beta": 0}, 2), (laplace_nll, {}, 2), (log_normal, {}, 2),
    (mdn, {}, 9), (mdn, {"components": 2}, 6), (crps_ensemble, {"members": 4}, 4), (crps_ensemble, {"members": 3, "fair": True}, 3),
    (zero_inflated_poisson, {}, 2), (zero_inflated_nb, {}, 2), (zero_inflated_nb, {"alpha": 3}, 2), (multi_quantile_nocross, {}, 3),
    (hl_gauss, {"lo": -2, "hi": 2, "bins": 5}, 5), (hl_gauss, {"lo": -1, "hi": 3, "bins": 4, "sigma": 1.5}, 4), (crps_gaussian, {}, 2),
    (apre, {}, 2), (apre, {"w_bias": 2, "w_unc": 0.5}, 2), (apre, {"w_bias": 0.5, "s_clip": 2}, 2),
]
SHAPES = [(1, 1), (3, 1), (2, 2), (4, 3)]


def setting(par):
    return " ".join("%s=%s" % (k, json.dumps(v).replace(" ", "")) for k, v in par.items())


def make_case(loss, par, outputs, shape, scale, rng):
    b, targets = shape
    case = {"kind": "regression", "loss": loss.__name__, "set": setting(par),
            "z": [[rng.gauss(0, scale) for _ in range(targets * outputs)] for _ in range(b)],
            "t": [[rng.gauss(0, 1 + scale / 4) for _ in range(targets)] for _ in range(b)]}
    if loss in (gaussian_nll, apre, beta_nll, laplace_nll, crps_gaussian, log_normal):  # no log variance so low that float64 does not hold the value
        case["z"] = [[max(-300.0, min(v, 300.0)) if k % 2 else v for k, v in enumerate(row)] for row in case["z"]]
    if loss in (zero_inflated_poisson, zero_inflated_nb):
        case["t"] = [[float(int(abs(v) * 2)) for v in row] for row in case["t"]]
        case["z"] = [[max(-30.0, min(v, 30.0)) for v in row] for row in case["z"]]
    if loss is log_normal:
        case["t"] = [[abs(v) + 0.01 for v in row] for row in case["t"]]
    z, t = ([[mpmath.mpf(v) for v in row] for row in case[k]] for k in ("z", "t"))
    case["value"] = float(mean_over_rows(loss, z, t, par))
    case["grad"] = slopes(loss, z, t, par)
    case["source"] = "mpmath"
    agree(case, par)
    return case


if __name__ == "__main__":
    rng, cases = random.Random(20261129), []
    for loss, par, outputs in LOSSES:
        for scale in (1, 4, 20, 300) if loss not in (mdn, hl_gauss) else (1, 4):
            for shape in SHAPES if scale < 20 else SHAPES[1:3]:
                cases.append(make_case(loss, par, outputs, shape, scale, rng))
    with open(OUT, "w", encoding="ascii") as out:
        out.write('{"made_by": "tests/reference/losses_regression.py",\n "cases": [\n')
        out.write(",\n".join("  " + json.dumps(case) for case in cases))
        out.write("\n ]}\n")
