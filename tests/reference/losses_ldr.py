#!/usr/bin/python3
"""Writes tests/golden/losses_ldr.json: the losses that depend on p_y alone and the label-distributionally robust ones, in the manner
of tests/reference/losses.py, whose helpers it uses. Where a loss is a maximum over probabilities, the maximum is found by
definition: every capped set is tried, and t of the capped softmax by bisection (Digits)."""
import mpmath
import torch
from losses import MULTICLASS, Digits, gce, log_p, softmax, write_golden, wrong

OUT = "tests/golden/losses_ldr.json"


def log1p(m, x):
    return mpmath.log1p(x) if m is Digits else torch.log1p(x)


def expm1(m, x):
    return mpmath.expm1(x) if m is Digits else torch.expm1(x)


def softplus(m, x):
    return log1p(m, m.exp(x)) if m.value(x) < 0 else x + log1p(m, m.exp(-x))


def poly1_focal(m, z, y, gamma=2.0, eps=1.0):
    q = wrong(m, z, y)
    return -(q ** gamma) * log_p(m, z)[y] + eps * q ** (gamma + 1)


def taylor_ce(m, z, y, order=2.0):
    return sum(wrong(m, z, y) ** i / i for i in range(1, int(order) + 1))


def tgce_pruned(m, z, y, q=0.7, k=0.5):
    """Before the first refresh, when every row counts."""
    return gce(m, z, y, q)


def tgce(m, z, y, q=0.7, k=0.5):
    kept = m.value(softmax(m, z)[y]) > k
    return gce(m, z, y, q) if kept else 0 * z[y] + (1 - k ** q) / q


def rce(m, z, y, a=4.0):
    return a * wrong(m, z, y)


def aul(m, z, y, a=6.0, q=1.5):
    return ((a - softmax(m, z)[y]) ** q - (a - 1) ** q) / q


def agce(m, z, y, a=3.0, q=1.5):
    return ((a + 1) ** q - (a + softmax(m, z)[y]) ** q) / q


def ael(m, z, y, a=2.5):
    return m.exp(-softmax(m, z)[y] / a)


def js(m, z, y, pi=0.5):
    """The two divergences in full, from vectors. 0 log 0 = 0."""
    p = softmax(m, z)
    mix = [(1 - pi) * v + (pi if k == y else 0) for k, v in enumerate(p)]
    label = -m.log(mix[y])
    model = sum(v * (m.log(v) - m.log(w)) for v, w in zip(p, mix) if m.value(v) != 0)
    return (pi * label + (1 - pi) * model) / (-(1 - pi) * m.log(0 * z[y] + 1 - pi))


def dco(m, z, y, n=16.0):
    """-log(1 - (1 - p)^n); the smallest p are beyond 80 digits of 1 - p."""
    return -m.log(-expm1(m, n * log1p(m, -softmax(m, z)[y])))


def comp_sum(m, z, y, tau=1.0, rho=1.0):
    u = sum(m.exp((v - z[y]) / rho) for k, v in enumerate(z) if k != y)
    return m.log(1 + u) if tau == 1 else ((1 + u) ** (1 - tau) - 1) / (1 - tau)


def llw(m, z, y, margin=1.0, center=True):
    middle = sum(z) / len(z) if center else 0
    return sum(m.largest([v - middle + margin, 0 * v]) for k, v in enumerate(z) if k != y)


def normed(m, z, norm):
    """Scores as the norm gives them; all of them 0 where the mean is."""
    if norm == "none":
        return z
    u = [softplus(m, v) for v in z] if norm == "softplus" else z
    mean = sum(m.abs(v) for v in u) / len(u)
    return [v / mean for v in u]


def all_margins(f, y, margin):
    return [v - f[y] + (0 if k == y else margin) for k, v in enumerate(f)]


def ldr_k(m, z, y, k=2.0, margin=1.0):
    k = min(int(k), len(z))
    return sum(sorted(all_margins(z, y, margin), key=m.value)[-k:]) / k


def log_mean_exp(m, g, lam):
    top = max(g, key=m.value)
    return top + lam * m.log(sum(m.exp((v - top) / lam) for v in g) / len(g))


def ldr_kl(m, z, y, lam=1.0, margin=0.1, norm="none"):
    g = all_margins(normed(m, z, norm), y, margin)
    if lam == 0:
        return m.largest(g)
    return sum(g) / len(g) if lam == float("inf") else log_mean_exp(m, g, lam)


def capped(g, k, lam):
    """The maximising p = min(1/k, exp((g - t) / lam)), plain numbers: t by bisection with 80 digits."""
    g, lam = [mpmath.mpf(v) for v in g], mpmath.mpf(lam)
    lo, hi = min(g) - 1000 * lam, max(g) + lam * mpmath.log(len(g)) + lam

    def at(t):
        return [min(mpmath.mpf(1) / k, mpmath.exp((v - t) / lam)) for v in g]
    for _ in range(330):
        middle = (lo + hi) / 2
        lo, hi = (middle, hi) if sum(at(middle)) > 1 else (lo, middle)
    return at(hi)


def ldr_k_kl(m, z, y, k=2.0, lam=1.0, margin=0.1):
    """The maximum is attained at p, so by the envelope theorem its derivative is that with p held fixed."""
    k = min(int(k), len(z))
    g = all_margins(z, y, margin)
    if lam == 0:
        return ldr_k(m, z, y, k, margin)
    if lam == float("inf") or k == len(z):
        return sum(g) / len(g)
    p = capped([v.item() if m is not Digits else v for v in g], k, lam)
    entropy = lam * sum(v * mpmath.log(len(g) * v) for v in p if v > 0)
    if m is Digits:
        return sum(v * w for v, w in zip(p, g)) - entropy
    return sum(float(v) * w for v, w in zip(p, g)) - float(entropy)


def aldr_kl(m, z, y, seen, lambda0=10.0, alpha=2.0, margin=0.1, norm="l1"):
    """seen: the scores of the first visit, plain numbers; they set lambda."""
    n = len(z)
    start, strength = mpmath.mpf(lambda0), mpmath.mpf(alpha) * mpmath.log(n) / mpmath.mpf(lambda0)
    p = softmax(Digits, [v / start for v in normed(Digits, [mpmath.mpf(v) for v in seen], norm)])
    p = [(v + mpmath.mpf(1e-5)) / (1 + n * mpmath.mpf(1e-5)) for v in p]
    lam = start - sum(v * mpmath.log(n * v) for v in p) / strength
    penalty = strength / 2 * (lam - start) ** 2
    if m is not Digits:
        lam, penalty = float(lam), float(penalty)
    return log_mean_exp(m, all_margins(normed(m, z, norm), y, margin), lam) - penalty


LOSSES = [(MULTICLASS, loss, settings) for loss, settings in [
    (poly1_focal, ["", "gamma=0", "gamma=0.5 eps=-1", "gamma=0 eps=-1", "gamma=3 eps=2.5"]),
    (taylor_ce, ["", "order=1", "order=6", "order=50"]),
    (tgce, ["", "q=0.05 k=0.2", "q=1 k=0.3", "k=0"]),
    (rce, ["", "a=9.210340371976182"]),
    (aul, ["", "a=1.5 q=0.9", "a=1.1 q=5", "a=5.5 q=3"]),
    (agce, ["", "a=1 q=2", "a=0.6 q=0.6", "a=1e-3 q=0.2"]),
    (ael, ["", "a=0.1", "a=50"]),
    (js, ["", "pi=0.1", "pi=0.9", "pi=1e-3", "pi=0.999"]),
    (dco, ["", "n=1", "n=2", "n=256"]),
    (comp_sum, ["", "tau=0.999", "tau=1.5", "tau=2 rho=0.5", "tau=3 rho=4", "tau=0.95 rho=20"]),
    (llw, ["", "margin=0.1", "margin=10 center=false"]),
    (ldr_k, ["", "k=1 margin=0.1", "k=3 margin=10", "k=100"]),
    (ldr_kl, ["", "lam=0.1", "lam=10 margin=1", "lam=100", "lam=0", "lam=inf", "norm=softplus", "norm=l1",
              "lam=0.1 norm=softplus", "lam=10 margin=2 norm=l1", "lam=0 norm=l1", "lam=inf norm=softplus"]),
    (ldr_k_kl, ["", "k=1", "k=3 lam=0.1", "k=5 lam=10 margin=1", "k=100", "lam=0", "lam=inf", "k=6 lam=0.5",
                "k=25 lam=0.3"]),
    (aldr_kl, ["", "lambda0=0.1", "lambda0=1 alpha=1.1", "lambda0=1 alpha=5 margin=1 norm=none", "norm=none", "norm=softplus",
               "lambda0=0.5 norm=softplus"]),
    (tgce_pruned, ["", "q=0.05 k=0.2", "q=1"]),
]]

if __name__ == "__main__":
    write_golden(LOSSES, 20240502, "tests/reference/losses_ldr.py", OUT)
