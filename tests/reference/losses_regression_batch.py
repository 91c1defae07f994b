#!/usr/bin/python3
"""Writes tests/golden/losses_regression_batch.json: losses of shifted intervals, of distributions over levels and of pairs of them, beta
regression, and of kernels between rows. Values with 60 digits by mpmath, from definitions; gradients by central differences with a step of 1e-25. Run it from the
project's root; needs mpmath and scipy. tests/unit/losses/test_reference_values.c compares."""
import json
import random

import mpmath
from mpmath import mpf
from scipy import stats

mpmath.mp.dps = 60
OUT = "tests/golden/losses_regression_batch.json"
STEP = mpf(10) ** -25


def mean(values):
    values = list(values)
    return mpmath.fsum(values) / len(values)


def of_entries(rho):
    """A loss of each prediction and its target."""
    return lambda z, t, **par: mean(rho(a - b, **par) for row, goal in zip(z, t) for a, b in zip(row, goal))


# ---- shifts: the overlap as the length of an intersection ----

def overlap(e, length):
    return max(mpf(0), min(length, length + e) - max(mpf(0), e))


def dice(e, length=4):
    return 1 - 2 * overlap(e, mpf(length)) / (2 * mpf(length))


def iou(e, length=4):
    common = overlap(e, mpf(length))
    return 1 - common / (2 * mpf(length) - common)


def smooth(e):
    return e * e / 2 if abs(e) <= 1 else abs(e) - mpf(1) / 2


# ---- levels ----

def softmax(z):
    top = max(z)
    terms = [mpmath.exp(v - top) for v in z]
    return [v / mpmath.fsum(terms) for v in terms]


def place(t, lo, hi, levels):
    """The target in levels from 1."""
    return 1 + (levels - 1) * (min(max(t, mpf(lo)), mpf(hi)) - lo) / (mpf(hi) - lo)


def spread(sigma, lo, hi, levels):
    return mpf(sigma) * (levels - 1) / (mpf(hi) - lo) if sigma else mpf(3) / 4


def soft_label(t, lo, hi, levels, sigma, mass):
    at, s, half = place(t, lo, hi, levels), spread(sigma, lo, hi, levels), mpf(1) / 2
    names = [mpf(k + 1) for k in range(levels)]
    if mass:
        q = [mpmath.ncdf(c + half, at, s) - mpmath.ncdf(c - half, at, s) for c in names]
    else:
        q = [mpmath.npdf(c, at, s) for c in names]
    whole, moment, middle = mpmath.fsum(q), mpmath.fsum(c * v for c, v in zip(names, q)), mpf(levels + 1) / 2
    a = (at - middle) / (moment - middle * whole) if at != middle else 1 / whole
    q = [max(mpf(0), a * v + (1 - a * whole) / levels) for v in q]
    if s < mpf(2) / 10 or abs(mpmath.fsum(c * v for c, v in zip(names, q)) - at) > mpf(1) / 10:
        q = [max(mpf(0), 1 - abs(c - at)) for c in names]
    return [v / mpmath.fsum(q) for v in q]


def soft_label_kl(z, t, lo=1, hi=5, levels=5, sigma=0, mass=False):
    total = []
    for row, goals in zip(z, t):
        for k, goal in enumerate(goals):
            q, p = soft_label(goal, lo, hi, levels, sigma, mass), softmax(row[k * levels:(k + 1) * levels])
            total.append(mpmath.fsum(a * mpmath.log(a / b) for a, b in zip(q, p) if a > 0))
    return mean(total)


def fidelity(z, t, lo=1, hi=5, levels=5, sigma=0, fixed_sd=False, hard=False):
    total, tiny = [], mpf(10) ** -8
    for k in range(len(t[0])):
        m, v = [], []
        for row in z:
            p = softmax(row[k * levels:(k + 1) * levels])
            m.append(mpmath.fsum(c * a for c, a in enumerate(p, 1)))
            v.append(mpmath.fsum(c * c * a for c, a in enumerate(p, 1)) - m[-1] ** 2)
        s = spread(sigma, lo, hi, levels)
        for i in range(len(z)):
            for j in range(i + 1, len(z)):
                gap = place(t[i][k], lo, hi, levels) - place(t[j][k], lo, hi, levels)
                a = mpmath.ncdf((m[i] - m[j]) / mpmath.sqrt(2 if fixed_sd else v[i] + v[j] + tiny))
                b = mpf((gap > 0) + (gap >= 0)) / 2 if hard else mpmath.ncdf(gap / mpmath.sqrt(2 if fixed_sd else 2 * s * s + tiny))
                total.append(1 - mpmath.sqrt(a * b + tiny) - mpmath.sqrt((1 - a) * (1 - b) + tiny))
    return mean(total) if total else mpf(0)


# ---- shares ----

def beta_regression(z, t):
    total = []
    for row, goals in zip(z, t):
        for k, goal in enumerate(goals):
            m, phi = 1 / (1 + mpmath.exp(-row[2 * k])), mpmath.exp(row[2 * k + 1])
            a, b = m * phi, (1 - m) * phi
            total.append(-(mpmath.loggamma(phi) - mpmath.loggamma(a) - mpmath.loggamma(b) + (a - 1) * mpmath.log(goal) + (b - 1) * mpmath.log(1 - goal)))
            known = -stats.beta.logpdf(float(goal), float(a), float(b))
            if abs(known) < 1e6 and float(a) > 1e-3 < float(b):
                assert abs(known - float(total[-1])) < 1e-6 * (1 + abs(known)), (known, total[-1], a, b)
    return mean(total)


# ---- kernels ----

def kernel(rows, others, s):
    return [[mpmath.exp(-mpmath.fsum((a - b) ** 2 for a, b in zip(r, o)) / (2 * mpf(s) ** 2)) for o in others] for r in rows]


def cs_conditional(z, t, x, sigma=1, sigma_x=1, denominator="square_of_sum"):
    k = kernel(x, x, sigma_x)

    def log_of(gram):
        down = [mpmath.fsum(row) ** 2 if denominator == "square_of_sum" else mpmath.fsum(v * v for v in row) for row in k]
        return mpmath.log(mpmath.fsum(mpmath.fsum(a * b for a, b in zip(row, g)) / d for row, g, d in zip(k, gram, down)))
    return log_of(kernel(t, t, sigma)) + log_of(kernel(z, z, sigma)) - 2 * log_of(kernel(z, t, sigma))


def information(a, b):
    n = len(a)
    joint = mpmath.fsum(p * q for r, s in zip(a, b) for p, q in zip(r, s)) / n ** 2
    cross = mpmath.fsum(mpmath.fsum(r) * mpmath.fsum(s) for r, s in zip(a, b)) / n ** 3
    return mpmath.log(joint) + mpmath.log(mpmath.fsum(map(mpmath.fsum, a)) * mpmath.fsum(map(mpmath.fsum, b)) / n ** 4) - 2 * mpmath.log(cross)


def cs_qmi(h, x, sigma_t=1, sigma_x=1, normalised=False):
    a, b = kernel(h, h, sigma_t), kernel(x, x, sigma_x)
    if len(h) == 1:
        return mpf(0)
    return information(a, b) / (mpmath.sqrt(information(a, a) * information(b, b)) if normalised else 1)


# ---- cases ----

# name, function, parameters, outputs a target, scales of the scores, how targets are drawn
def any_target(rng, scale):
    return rng.gauss(0, 1 + scale / 4)


def rating(rng, _):
    return rng.choice([rng.uniform(1, 5), rng.uniform(-1, 1.2), rng.uniform(4.5, 6), 3.0])


def share(rng, _):
    return rng.choice([rng.random(), rng.random() ** 6 + 1e-6])


def hard_feature(z, t, q=0.999):
    """The mean of the squared errors that are at least their q-quantile, by linear interpolation as in numpy.quantile and torch.quantile."""
    squares = sorted((a - b) ** 2 for row, goal in zip(z, t) for a, b in zip(row, goal))
    place_of_q = mpf(str(q)) * (len(squares) - 1)
    low = int(mpmath.floor(place_of_q))
    edge = squares[low] + (place_of_q - low) * (squares[min(low + 1, len(squares) - 1)] - squares[low])
    return mean(v for v in squares if v >= edge)


LOSSES = [
    ("shift_l1", of_entries(abs), {}, 1, (1, 4, 20), any_target), ("shift_l2", of_entries(lambda e: e * e / 2), {}, 1, (1, 4, 20), any_target),
    ("shift_smooth_l1", of_entries(smooth), {}, 1, (1, 4, 20), any_target),
    ("shift_dice", of_entries(dice), {}, 1, (1, 4, 20), any_target), ("shift_dice", of_entries(dice), {"length": 12}, 1, (4, 20), any_target),
    ("shift_iou", of_entries(iou), {}, 1, (1, 4, 20), any_target), ("shift_iou", of_entries(iou), {"length": 0.5}, 1, (1,), any_target),
    ("soft_label_kl", soft_label_kl, {}, 5, (1, 4), rating), ("soft_label_kl", soft_label_kl, {"mass": True, "sigma": 1.2}, 5, (1, 4), rating),
    ("soft_label_kl", soft_label_kl, {"sigma": 0.1}, 5, (1,), rating), ("soft_label_kl", soft_label_kl, {"levels": 4, "lo": 0, "hi": 9}, 4, (1, 4), rating),
    ("fidelity", fidelity, {}, 5, (1, 4), rating), ("fidelity", fidelity, {"fixed_sd": True}, 5, (1, 4), rating),
    ("fidelity", fidelity, {"hard": True, "levels": 3, "hi": 7}, 3, (1,), rating), ("fidelity", fidelity, {"sigma": 2.5}, 5, (1,), rating),
    ("beta_regression", beta_regression, {}, 2, (1, 4, 9), share),
]
SHAPES = [(1, 1), (3, 1), (2, 2), (4, 3)]


def slopes(of, matrix):
    """Central differences by every number of a matrix; `of` gives the value at a matrix."""
    out = []
    for i, row in enumerate(matrix):
        out.append([])
        for k in range(len(row)):
            at = [[list(r) for r in matrix] for _ in range(2)]
            at[0][i][k] += STEP
            at[1][i][k] -= STEP
            out[-1].append(float((of(at[0]) - of(at[1])) / (2 * STEP)))
    return out


def setting(par):
    return " ".join("%s=%s" % (k, v if isinstance(v, str) else json.dumps(v)) for k, v in par.items())


def numbers(rows):
    return [[mpf(v) for v in row] for row in rows]


def plain_case(name, loss, par, outputs, scale, target, shape, rng):
    b, targets = shape
    case = {"kind": "regression", "loss": name, "set": setting(par),
            "z": [[rng.gauss(0, scale) for _ in range(targets * outputs)] for _ in range(b)],
            "t": [[target(rng, scale) for _ in range(targets)] for _ in range(b)]}
    z, t = numbers(case["z"]), numbers(case["t"])
    case["value"] = float(loss(z, t, **par))
    case["grad"] = slopes(lambda at: loss(at, t, **par), z)
    return case | {"source": "mpmath"}


def kernel_case(name, par, scale, shape, rng):
    b, targets = shape
    draw = lambda n, s: [[rng.gauss(0, s) for _ in range(n)] for _ in range(b)]
    case = {"kind": "regression", "loss": name, "set": setting(par), "z": draw(targets, scale), "t": draw(targets, 1), "x": draw(3, 1)}
    z, t, x = numbers(case["z"]), numbers(case["t"]), numbers(case["x"])
    if name == "cs_conditional":
        of = lambda at: cs_conditional(at, t, x, **par)
        return case | {"value": float(of(z)), "grad": slopes(of, z), "source": "mpmath"}
    case["h"] = draw(2, 1)
    h = numbers(case["h"])
    of = lambda at: cs_qmi(at, x, **par)
    return case | {"value": float(of(h)), "grad": [[0.0] * targets for _ in range(b)], "grad_h": slopes(of, h), "source": "mpmath"}


if __name__ == "__main__":
    rng = random.Random(20261201)
    cases = [plain_case(name, loss, par, outputs, scale, target, shape, rng) for name, loss, par, outputs, scales, target in LOSSES
             for scale in scales for shape in SHAPES]
    for par in ({}, {"sigma": 0.5, "sigma_x": 2}, {"denominator": "sum_of_squares"}):
        cases += [kernel_case("cs_conditional", par, scale, shape, rng) for scale in (1, 4) for shape in [*SHAPES, (6, 2)]]
    for par in ({}, {"sigma_t": 0.4, "sigma_x": 3}, {"normalised": True}):
        cases += [kernel_case("cs_qmi", par, 1, shape, rng) for shape in [*SHAPES, (6, 2)]]
    cases += [plain_case("hard_feature_loss", hard_feature, par, 1, scale, any_target, shape, rng) for par in ({}, {"q": 0.5}, {"q": 0}, {"q": 0.8})
              for scale in (1, 20) for shape in [*SHAPES, (7, 3)]]
    with open(OUT, "w", encoding="ascii") as out:
        out.write('{"made_by": "tests/reference/losses_regression_batch.py",\n "cases": [\n')
        out.write(",\n".join("  " + json.dumps(case) for case in cases))
        out.write("\n ]}\n")
