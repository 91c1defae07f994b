#!/usr/bin/python3
"""Writes tests/golden/losses_ordinal.json: the losses of ordered classes. Values with 80 digits by mpmath from their definitions,
gradients by central differences with a step of 1e-25. Run it from the project's root; needs mpmath.
tests/unit/losses/test_loss_reference.c compares."""
import json
import random

import mpmath
from mpmath import mpf

mpmath.mp.dps = 80
OUT = "tests/golden/losses_ordinal.json"
STEP = mpf(10) ** -25


def softmax(row):
    top = max(row)
    terms = [mpmath.exp(v - top) for v in row]
    return [v / sum(terms) for v in terms]


def over_rows(of):
    def loss(z, y, **par):
        return sum(of(softmax(row), label, **par) for row, label in zip(z, y)) / len(z)
    loss.__name__ = of.__name__
    return loss


@over_rows
def squared_emd(p, y):
    return sum((sum(p[:k + 1]) - (1 if y <= k else 0)) ** 2 for k in range(len(p) - 1))


@over_rows
def ordinal_smoothing(p, y, a=1, tau=1):
    t = [mpmath.exp(-mpf(abs(k - y)) ** mpf(a) / mpf(tau)) for k in range(len(p))]
    return -sum(u / sum(t) * mpmath.log(v) for u, v in zip(t, p))


def soft_kappa(z, y, power=2):
    p = [softmax(row) for row in z]
    n, c = len(z), len(z[0])

    def weight(a, b):
        return (mpf(abs(a - b)) / (c - 1)) ** mpf(power)
    observed = sum(weight(y[i], k) * p[i][k] for i in range(n) for k in range(c))
    expected = sum(weight(y[j], k) * p[i][k] for i in range(n) for j in range(n) for k in range(c)) / n
    return observed / expected


def sigmoid(x):
    return 1 / (1 + mpmath.exp(-x))


def cumulative_logit(z, y, steps):
    theta = [steps[0]]
    for gap in steps[1:]:
        theta.append(theta[-1] + mpmath.exp(gap))

    def below(k, s):
        return mpf(0) if k < 0 else mpf(1) if k == len(theta) else sigmoid(theta[k] - s)
    return sum(-mpmath.log(below(label, s) - below(label - 1, s)) for (s,), label in zip(z, y)) / len(z)


def coral(z, y, biases):
    return sum(-mpmath.log(sigmoid(s + b) if label > k else 1 - sigmoid(s + b))
               for (s,), label in zip(z, y) for k, b in enumerate(biases)) / len(z)


def corn(z, y, norm="terms"):
    """The published form where the batch is all there is: a sum over steps and the rows that reach them, by the number of these."""
    terms = [-mpmath.log(sigmoid(row[k]) if label > k else 1 - sigmoid(row[k])) for k in range(len(z[0])) for row, label in zip(z, y)
             if label >= k]
    return sum(terms) / (len(terms) if norm == "terms" else len(z))


LOSSES = [(squared_emd, {}), (ordinal_smoothing, {}), (ordinal_smoothing, {"a": 2, "tau": 0.5}), (ordinal_smoothing, {"tau": 10}),
          (soft_kappa, {}), (soft_kappa, {"power": 1})]
SHAPES = [(1, 2), (3, 3), (2, 7), (5, 5)]


def slopes(loss, z, y, par):
    def at(i, k, h):
        moved = [list(row) for row in z]
        moved[i][k] += h
        return loss(moved, y, **par)
    return [[float((at(i, k, STEP) - at(i, k, -STEP)) / (2 * STEP)) for k in range(len(row))] for i, row in enumerate(z)]


def make_case_of_steps(loss, par, own, shape, scale, rng):
    """shape: rows, classes; own: the name of the loss's own parameters, or None for one score a step."""
    b, steps = shape[0], shape[1] - 1
    case = {"kind": "multiclass", "loss": loss.__name__, "set": " ".join("%s=%s" % item for item in par.items()),
            "z": [[rng.gauss(0, scale) for _ in range(1 if own else steps)] for _ in range(b)], "y": [rng.randrange(shape[1]) for _ in range(b)]}
    z = [[mpf(v) for v in row] for row in case["z"]]
    if own:
        case[own] = [[rng.gauss(0, 1)] for _ in range(steps)]
        values = [mpf(v) for v, in case[own]]
        by_own = slopes(lambda v, y: loss(z, y, v[0]), [values], case["y"], {})[0]
        case["grad_" + own] = [[v] for v in by_own]
        par = {own: values}
    case["value"] = float(loss(z, case["y"], **par))
    case["grad"] = slopes(loss, z, case["y"], par)
    case["source"] = "mpmath"
    return case


def make_case(loss, par, shape, scale, rng):
    b, c = shape
    case = {"kind": "multiclass", "loss": loss.__name__, "set": " ".join("%s=%s" % item for item in par.items()),
            "z": [[rng.gauss(0, scale) for _ in range(c)] for _ in range(b)], "y": [rng.randrange(c) for _ in range(b)]}
    z = [[mpf(v) for v in row] for row in case["z"]]
    case["value"] = float(loss(z, case["y"], **par))
    case["grad"] = slopes(loss, z, case["y"], par)
    case["source"] = "mpmath"
    return case


if __name__ == "__main__":
    generator, cases = random.Random(20261201), []
    for function, parameters in LOSSES:
        for size in (1, 4, 20):
            for form in SHAPES if size < 20 else SHAPES[1:2]:
                cases.append(make_case(function, parameters, form, size, generator))
    for function, own_name, parameters in [(cumulative_logit, "steps", {}), (coral, "biases", {}), (corn, None, {}), (corn, None, {"norm": "rows"})]:
        for size in (1, 4, 20):
            for form in SHAPES if size < 20 else SHAPES[1:2]:
                cases.append(make_case_of_steps(function, parameters, own_name, form, size, generator))
    with open(OUT, "w", encoding="ascii") as out:
        out.write('{"made_by": "tests/reference/losses_ordinal.py",\n "cases": [\n')
        out.write(",\n".join("  " + json.dumps(case) for case in cases))
        out.write("\n ]}\n")
