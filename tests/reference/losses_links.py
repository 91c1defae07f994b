#!/usr/bin/python3
"""Writes tests/golden/losses_links.json: the losses that know the class counts, those with other links than softmax, and the
spherical ones. From definitions, by the means of losses.py. Run it from the project's root; needs torch and mpmath."""
import mpmath
import torch
from losses import MULTICLASS, Digits, Torch, ce, focal, write_golden

OUT = "tests/golden/losses_links.json"


def class_balanced(m, z, y, counts, beta=0.999, gamma=0.0):
    def weight(n):
        return (1 - beta) / (1 - beta ** n) if beta < 1 else 1 / mpmath.mpf(n)
    beta, present = mpmath.mpf(beta), [n for n in counts if n]
    w = weight(counts[y] or 1) * len(present) / sum(weight(n) for n in present) if present else 1
    return (float(w) if m is Torch else w) * focal(m, z, y, gamma)


def logit_adjusted(m, z, y, counts, tau=1.0):
    n = [k or 1 for k in counts]
    return ce(m, [v + tau * m.value(mpmath.log(mpmath.mpf(k) / sum(n))) if m is Torch else v + tau * mpmath.log(mpmath.mpf(k) / sum(n))
                  for v, k in zip(z, n)], y)


def balanced_softmax(m, z, y, counts):
    top = max(z, key=m.value)
    share = [(k or 1) * m.exp(v - top) for v, k in zip(z, counts)]
    if m is Torch and min(m.value(v) for v in share) < 1e-250:
        raise ValueError("underflow")
    return -m.log(share[y] / sum(share))


def ldam(m, z, y, counts, max_m=0.5, s=30.0):
    least = min((n for n in counts if n), default=1)
    margin = max_m * (mpmath.mpf(least) / counts[y]) ** mpmath.mpf(0.25) if counts[y] else max_m
    margin = float(margin) if m is Torch else margin
    return ce(m, [s * (v - margin * float(k == y)) for k, v in enumerate(z)], y)


def stablemax_ce(m, z, y):
    s = [v + 1 if m.value(v) >= 0 else 1 / (1 - v) for v in z]
    return -m.log(s[y] / sum(s))


def tempered(m, z, t):
    """exp_t(z_k - lambda), lambda such that they sum to 1. lambda is found without derivatives of z; one more step of Newton's
    method, with them, makes automatic differentiation see how it moves."""
    top = max(z, key=m.value)
    gaps = [top - v for v in z]

    def terms(gaps, nu, exp):
        if t == 1:
            return [exp(-(nu + u)) for u in gaps]
        bases = [1 - (1 - t) * (nu + u) for u in gaps]
        return [b ** (1 / (1 - t)) if b > 0 else 0 * b for b in bases]

    def solve(gaps, t):
        lo, hi = mpmath.mpf(0), (mpmath.log(len(gaps)) if t == 1 else (len(gaps) ** (t - 1) - 1) / (t - 1))
        for _ in range(40 if m is Torch else 20):
            mid = (lo + hi) / 2
            lo, hi = (mid, hi) if sum(terms(gaps, mid, mpmath.exp)) > 1 else (lo, mid)
        nu = lo
        for _ in range(60):
            p = [v for v in terms(gaps, nu, mpmath.exp) if v > 0]
            nu += (sum(p) - 1) / sum(v ** t for v in p)
        assert abs(sum(terms(gaps, nu, mpmath.exp)) - 1) < mpmath.mpf(10) ** -60
        return nu
    if m is Digits:
        return terms(gaps, solve(gaps, t), m.exp)
    nu = float(solve([mpmath.mpf(float(u)) for u in gaps], mpmath.mpf(t)))
    p = terms(gaps, nu, m.exp)
    nu = nu + (sum(p) - 1) / sum(float(v) ** t for v in p if float(v) > 0)
    return terms(gaps, nu, m.exp)


def bi_tempered(m, z, y, t1=0.8, t2=1.2, smoothing=0.0):
    def log_t(x):
        if t1 == 1:
            return m.log(x) if not isinstance(x, float) else float(mpmath.log(x))
        return (x ** (1 - t1) - 1) / (1 - t1)
    total = 0
    for k, p in enumerate(tempered(m, z, t2)):
        target = 1 - smoothing if k == y else smoothing / (len(z) - 1)
        total = total - (target ** (2 - t1) - p ** (2 - t1)) / (2 - t1)
        if target:
            total = total + target * (log_t(target) - log_t(p))
    return total


def entmax(m, z, y, alpha=1.5):
    p = tempered(m, z, 2 - alpha)
    support = [v for v in p if m.value(v) > 0]
    if alpha == 1:
        entropy = -sum(v * m.log(v) for v in support)
    else:
        entropy = (1 - sum(v ** alpha for v in support)) / (alpha * (alpha - 1))
    return sum(v * (u - z[y]) for v, u in zip(p, z)) + entropy


def sparsemax(m, z, y):
    """By the closed form with sorting, and not by the solver above."""
    order, sums, rho = sorted(z, key=m.value, reverse=True), 0, 0
    for k, v in enumerate(order):
        sums = sums + v
        if m.value(1 + (k + 1) * v - sums) > 0:
            rho, tau = k + 1, (sums - 1) / (k + 1)
    return -z[y] + sum(v ** 2 - tau ** 2 for v in order[:rho]) / 2 + 0.5


def mse_scores(m, z, y):
    return sum((v - float(k == y)) ** 2 for k, v in enumerate(z))


def log_spherical(m, z, y, eps=1e-3):
    return m.log(sum(v ** 2 + eps for v in z)) - m.log(z[y] ** 2 + eps)


def log_taylor(m, z, y):
    s = [1 + v + v ** 2 / 2 for v in z]
    return -m.log(s[y] / sum(s))


def z_loss(m, z, y, a=1.0, b=0.0):
    mean = sum(z) / len(z)
    sd = (sum((v - mean) ** 2 for v in z) / len(z)) ** 0.5
    return m.log(1 + m.exp(a * (b - (z[y] - mean) / sd))) / a


LOSSES = [
    (MULTICLASS, class_balanced, ["", "beta=0.9 gamma=2", "beta=1", "beta=0", "beta=0.9999 gamma=0.5"]),
    (MULTICLASS, logit_adjusted, ["", "tau=0", "tau=0.5", "tau=2.5"]),
    (MULTICLASS, balanced_softmax, [""]),
    (MULTICLASS, ldam, ["", "max_m=0.8 s=1", "max_m=0 s=10", "s=3"]),
    (MULTICLASS, stablemax_ce, [""]),
    (MULTICLASS, bi_tempered, ["", "t1=1 t2=1", "t1=0.2 t2=1", "t1=0.5 t2=2 smoothing=0.1", "t1=1 t2=4", "t1=0 t2=1.5",
                               "t1=0.9 t2=1.01", "t1=1 t2=1 smoothing=0.3"]),
    (MULTICLASS, sparsemax, [""]),
    (MULTICLASS, entmax, ["", "alpha=1", "alpha=1.01", "alpha=1.25", "alpha=1.9", "alpha=2"]),
    (MULTICLASS, mse_scores, [""]),
    (MULTICLASS, log_spherical, ["", "eps=1e-6", "eps=1"]),
    (MULTICLASS, log_taylor, [""]),
    (MULTICLASS, z_loss, ["", "a=0.1 b=10", "a=20 b=-1"]),
]

if __name__ == "__main__":
    write_golden(LOSSES, 20240503, "tests/reference/losses_links.py", OUT)
