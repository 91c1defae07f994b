#!/usr/bin/python3
"""Writes tests/golden/losses_kinds.json: the losses that see more than scores and labels (features, a teacher, prototypes of their
own, several views). From definitions, by the means of losses.py, but for whole batches: gradients by every score and prototype.
Run it from the project's root; needs torch and mpmath."""
import json
import random

import mpmath
import torch
from losses import Digits, Torch, ce, log_p, parameters, softmax

OUT = "tests/golden/losses_kinds.json"


def variance(row):
    row = [mpmath.mpf(v) for v in row]
    mean = sum(row) / len(row)
    return sum((v - mean) ** 2 for v in row) / (len(row) - 1)


def bias(m, z, own, case, alpha=0.3, beta=0.3, **other):
    v = [variance(row) for row in case["h"]]
    spread = max(v) - min(v)
    weight = [mpmath.exp(beta * (u - min(v)) / spread if spread else 0) - 1 + alpha for u in v]
    return sum((float(w) if m is Torch else w) * ce(m, row, y) for w, row, y in zip(weight, z, case["y"])) / len(z)


def kl_top(m, z, own, case, k=1000.0, temperature=1.0):
    total = 0
    for row, teacher in zip(z, case["t"]):
        top = sorted(range(len(row)), key=lambda j: (-teacher[j], j))[:int(k)]
        p = softmax(Digits, [mpmath.mpf(teacher[j]) / temperature for j in top])
        student = [row[j] / temperature for j in top]
        for a, pk in enumerate(p):
            total = total + (float(pk) if m is Torch else pk) * ce(m, student, a)
        total = total + m.value(sum(pk * mpmath.log(pk) for pk in p)) if m is Torch else total + sum(pk * mpmath.log(pk) for pk in p)
    return total / len(z)


def kd(m, z, own, case, temperature=4.0):
    total = 0
    for row, teacher in zip(z, case["t"]):
        p = softmax(m, [mpmath.mpf(v) / temperature for v in teacher])
        q = log_p(m, [v / temperature for v in row])
        total = total + temperature ** 2 * sum(a * (mpmath.log(a) - b) for a, b in zip(p, q))
    return total / len(z)


def normalized_softmax(m, z, own, case, temperature=0.05):
    def unit(v):
        length = sum(u * u for u in v) ** 0.5
        return [u / length for u in v]
    w, total = [unit(v) for v in own], 0
    for row, y in zip(z, case["y"]):
        u = unit(row)
        total = total + ce(m, [sum(a * b for a, b in zip(u, v)) / temperature for v in w], y)
    return total / len(z)


def gjs(m, z, own, case, pi=0.5):
    b, total = len(case["y"]), 0
    views = len(z) // b
    w, scale = (1 - pi) / views, -(1 - pi) * mpmath.log(1 - pi)
    scale = float(scale) if m is Torch else scale
    for i, y in enumerate(case["y"]):
        p = [softmax(m, z[j * b + i]) for j in range(views)]
        mean = [pi * float(k == y) + w * sum(v[k] for v in p) for k in range(len(p[0]))]
        if m is Torch and min(float(u) for v in p for u in v) < 1e-100:
            raise ValueError("underflow")
        total = total + (w * sum(u * m.log(u / a) for v in p for u, a in zip(v, mean)) - pi * m.log(mean[y])) / scale
    return total / b


def adv_comp_sum(m, z, own, case, tau=1.0, rho=1.0, nu=1.0):
    b, total = len(case["y"]), 0
    for i, y in enumerate(case["y"]):
        nll = ce(m, [v / rho for v in z[i]], y)
        total = total + (nll if tau == 1 else (m.exp((1 - tau) * nll) - 1) / (1 - tau))
        d = [(z[b + i][y] - z[b + i][k]) - (z[i][y] - z[i][k]) for k in range(len(z[i])) if k != y]
        total = total + nu * sum(v * v for v in d) ** 0.5
    return total / b


def tri_bce(m, z, own, case):
    def bce(v, y):
        return sum(ce(m, [0 * u, u], label) for u, label in zip(v, y)) / len(v)
    total = whole = bce([sum(row) / len(row) for row in z], case["y"])
    for d in range(len(z[0])):
        branch = bce([row[d] for row in z], case["y"])
        if m.value(branch) > m.value(whole):
            total = total + (branch - whole) * branch
    return total


def by_torch(loss, case, par):
    leaves = [torch.tensor(case[k], dtype=torch.float64, requires_grad=True) for k in ("z", "prototypes") if k in case]
    value = loss(Torch, *([list(row) for row in leaf] for leaf in leaves), *([None] * (2 - len(leaves))), case, **par)
    value.backward()
    return float(value), [leaf.grad.tolist() for leaf in leaves]


def by_digits(loss, case, par):
    step = mpmath.mpf(10) ** -25
    par = {k: mpmath.mpf(v) if isinstance(v, float) and k != "k" else v for k, v in par.items()}
    points = [[[mpmath.mpf(v) for v in row] for row in case[k]] for k in ("z", "prototypes") if k in case]

    def at(points):
        return loss(Digits, *points, *([None] * (2 - len(points))), case, **par)

    def slope(n, i, k):
        ends = []
        for h in (step, -step):
            moved = [[list(row) for row in p] for p in points]
            moved[n][i][k] += h
            ends.append(at(moved))
        return float((ends[0] - ends[1]) / (2 * step))
    return float(at(points)), [[[slope(n, i, k) for k in range(len(p[i]))] for i in range(len(p))] for n, p in enumerate(points)]


def matrix(rng, rows, columns, scale):
    return [[rng.gauss(0, scale) for _ in range(columns)] for _ in range(rows)]


# kind, loss, settings
LOSSES = [
    ("multiclass", bias, ["", "alpha=1 beta=0", "alpha=0.05 beta=2", "range=global"]),
    ("multiclass", gjs, ["", "pi=0.1", "pi=0.95"]),
    ("distillation", kl_top, ["", "k=2", "k=3 temperature=4", "k=1", "temperature=0.5"]),
    ("embedding", normalized_softmax, ["", "temperature=0.5", "temperature=1"]),
    ("multiclass", adv_comp_sum, ["", "tau=1.5 nu=3", "tau=2 rho=2 nu=0.5", "tau=0.95 rho=20"]),
    ("embedding", tri_bce, [""]),
    ("distillation", kd, ["", "temperature=1", "temperature=2", "temperature=20"]),
]
SHAPES = [(1, 2), (3, 3), (2, 7), (4, 9)]


def make_case(kind, loss, setting, shape, scale, rng):
    b, c = shape
    classes = 2 if loss is tri_bce else c + 2 if kind == "embedding" else c
    case = {"kind": kind, "loss": loss.__name__, "set": setting, "z": matrix(rng, b, c, scale),
            "y": [rng.randrange(classes) for _ in range(b)]}
    if loss is gjs:
        case["views"] = rng.choice([2, 3]) if c < 7 else 2
        case["z"] += matrix(rng, b * (case["views"] - 1), c, scale)
    if loss is adv_comp_sum:
        case["views"] = 2
        case["z"] += matrix(rng, b, c, scale)
    if kind == "distillation":
        case["t"] = matrix(rng, b, c, 2)
        case["t"][-1][0] = case["t"][-1][1]
    if loss is normalized_softmax:
        case["prototypes"] = matrix(rng, classes, c, 1)
    if loss is bias:
        case["h"] = matrix(rng, b, 5, 1)
    return case


if __name__ == "__main__":
    rng, cases = random.Random(20240711), []
    for kind, loss, settings in LOSSES:
        for setting in settings:
            for scale in (1, 4, 20, 300, 5000):
                for shape in SHAPES if scale < 20 else SHAPES[1:2]:
                    case = make_case(kind, loss, setting, shape, scale, rng)
                    source = by_torch if scale < 20 and loss is not kd else by_digits
                    case["value"], grads = source(loss, case, parameters(setting))
                    case.update(zip(("grad", "grad_prototypes"), grads))
                    case["source"] = "torch" if source is by_torch else "mpmath"
                    cases.append(case)
    with open(OUT, "w", encoding="ascii") as out:
        out.write('{"made_by": "tests/reference/losses_kinds.py",\n "cases": [\n')
        out.write(",\n".join("  " + json.dumps(case) for case in cases))
        out.write("\n ]}\n")
