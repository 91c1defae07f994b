#!/usr/bin/python3
"""Writes tests/golden/losses_distillation.json: the losses that read a teacher's scores or predictions, from definitions, by the means of losses.py and
losses_kinds.py. The divergences are written as Q f(P/Q), as no line of the program is. Run it from the project's root; needs torch and
mpmath."""
import json
import random

import mpmath
import torch
from losses import Digits, Torch, ce, log_p, parameters, softmax
from losses_kinds import by_digits, by_torch, matrix

OUT = "tests/golden/losses_distillation.json"


def number(m, v):
    return float(v) if m is Torch else v


def scaled(row, temperature):
    return [v / temperature for v in row]


def of_teacher(m, row, temperature):
    return [number(m, p) for p in softmax(Digits, scaled([mpmath.mpf(v) for v in row], temperature))]


def kl(m, p, log_q):
    """p: numbers."""
    return sum(a * (number(m, mpmath.log(a)) - b) for a, b in zip(p, log_q) if a > 0)


def mean_over_rows(of_row):
    def loss(m, z, own, case, **par):
        return sum(of_row(m, row, t, y, **par) for row, t, y in zip(z, case["t"], case["y"])) / len(z)
    loss.__name__ = of_row.__name__
    return loss


@mean_over_rows
def kd_ce(m, z, t, y, alpha=0.9, temperature=4.0):
    of_teacher_alone = temperature ** 2 * kl(m, of_teacher(m, t, temperature), log_p(m, scaled(z, temperature)))
    return alpha * of_teacher_alone + (1 - alpha) * ce(m, z, y)


@mean_over_rows
def kd_mse(m, z, t, y):
    return sum((a - b) ** 2 for a, b in zip(z, t)) / len(z)


@mean_over_rows
def dkd(m, z, t, y, alpha=1.0, beta=8.0, temperature=4.0):
    z = scaled(z, temperature)
    rest = [k for k in range(len(z)) if k != y]
    p, log_q = of_teacher(m, t, temperature), log_p(m, z)
    far = max((log_q[k] for k in rest), key=m.value)
    log_rest = far + m.log(sum(m.exp(log_q[k] - far) for k in rest))
    target = kl(m, [p[y], sum(p[k] for k in rest)], [log_q[y], log_rest])
    others = kl(m, of_teacher(m, [t[k] for k in rest], temperature), log_p(m, [z[k] for k in rest]))
    return temperature ** 2 * (alpha * target + beta * others)


def log_sigmoids(m, x):
    """log sigmoid(x), log sigmoid(-x)"""
    return log_p(m, [x, 0 * x])


@mean_over_rows
def binary_kl(m, z, t, y, temperature=2.0):
    return temperature ** 2 * sum(kl(m, of_teacher(m, [u, 0], temperature), log_sigmoids(m, v / temperature)) for u, v in zip(t, z))


@mean_over_rows
def binary_kl_norm(m, z, t, y, temperature=2.0):
    half = number(m, mpmath.mpf(1) / 2)
    return temperature ** 2 * sum(kl(m, [half, half], log_sigmoids(m, (v - u) / temperature)) for u, v in zip(t, z))


def ferkd(m, z, own, case, low=0.15, high=0.95, smooth=0.1):
    kept = []
    for row, t, y in zip(z, case["t"], case["y"]):
        p = of_teacher(m, t, 1)
        if max(p) < low:
            p = [1 - smooth if k == y else smooth / (len(p) - 1) for k in range(len(p))]
        elif max(p) > high:
            continue
        kept.append(-sum(a * b for a, b in zip(p, log_p(m, row))))
    return sum(kept) / len(kept) if kept else 0 * z[0][0]


def f_divergence(name, f):
    def of_row(m, z, t, y, temperature=1.0, **par):
        total = 0
        for p, log_q in zip(of_teacher(m, t, temperature), log_p(m, scaled(z, temperature))):
            q = m.exp(log_q)
            if m is Torch and (float(q) < 1e-12 or p < 1e-12):
                raise ArithmeticError("a ratio of small probabilities")
            total = total + q * f(m, p / q, **par)
        return temperature ** 2 * total
    of_row.__name__ = name
    return mean_over_rows(of_row)


def power(m, r, alpha=0.5):
    if alpha in (0, 1):
        return r * m.log(r) if alpha else -m.log(r)
    return (m.exp(alpha * m.log(r)) - 1) / (alpha * (alpha - 1))


F = {
    "reverse_kl": lambda m, r: -m.log(r),
    "jeffreys": lambda m, r: (r - 1) * m.log(r),
    "jensen_shannon": lambda m, r: (r * m.log(r) - (r + 1) * m.log((r + 1) / 2)) / 2,
    "softened_reverse_kl": lambda m, r: (r + 1) * m.log((1 + 1 / r) / 2),
    "squared_hellinger": lambda m, r: 1 - m.exp(m.log(r) / 2),
    "total_variation": lambda m, r: m.abs(r - 1) / 2,
    "alpha_divergence": power,
}
AT = ["", "temperature=0.5", "temperature=4"]

LOSSES = [
    (kd_ce, ["", "alpha=0.5 temperature=1", "alpha=0", "alpha=0.2 temperature=20"]),
    (kd_mse, [""]),
    (dkd, ["", "temperature=1", "alpha=2 beta=1 temperature=2", "alpha=0 beta=4", "beta=0 temperature=20"]),
    (binary_kl, ["", "temperature=1", "temperature=0.5", "temperature=8"]),
    (binary_kl_norm, ["", "temperature=1", "temperature=0.5", "temperature=8"]),
    (ferkd, ["", "low=0.6", "low=0.4 high=0.7 smooth=0.3", "low=0 high=1", "low=0 high=0"]),
    *((f_divergence(name, f), AT) for name, f in F.items() if f is not power),
    (f_divergence("alpha_divergence", power), ["", "alpha=0.25", "alpha=0.9 temperature=2", "alpha=0.001 temperature=4", "alpha=0", "alpha=1"]),
]


def sign(v):
    return (v > 0) - (v < 0)


def taught_mse(m, z, own, case):
    return sum((a - number(m, mpmath.mpf(t))) ** 2 for row, taught in zip(z, case["teacher"]) for a, t in zip(row, taught)) / (len(z) * len(z[0]))


taught_mse.__name__ = "kd_mse"


def assistive(m, p, r, t, near, beyond, between):
    """By positions, as the paper has it: the teacher reflected to the student's side, and the boundary between it and the target."""
    side = sign(float(p) - r)
    reflected, boundary = r + side * abs(t - r), r + near * side * abs(t - r)
    value = float(p)
    if sign(value - reflected) * sign(reflected - r) > 0:
        return beyond * m.abs(reflected - p)
    if sign(reflected - value) * sign(value - boundary) >= 0:
        return between * m.abs(reflected - p)
    return 0


def landmark_kd(m, z, own, case, main=2.0, first=1.0, second=1.0, first_beyond=1.9, first_between=-0.45, second_beyond=1.8, second_between=-0.4, near=0.15):
    total = 0
    for row, targets, tough, tolerant in zip(z, case["t"], case["teacher"], case["second_teacher"]):
        for p, r, t1, t2 in zip(row, targets, tough, tolerant):
            e, d = m.abs(p - r), abs(r - t2)
            total = total + main * (3 * e if float(e) <= d else e * e + 3 * d - d * d)
            total = total + first * assistive(m, p, r, t1, near, first_beyond, first_between)
            total = total + second * assistive(m, p, r, t2, near, second_beyond, second_between)
    return total / (len(z) * len(z[0]))


REGRESSIONS = [
    (taught_mse, [""]),
    (landmark_kd, ["", "first=0 near=0.5", "main=1 second=3 first_between=-2 second_beyond=0.5", "near=0"]),
]
SHAPES = [(1, 2), (3, 3), (2, 7), (4, 9)]


def make_regression(loss, setting, shape, scale, rng):
    b, c = shape
    case = {"kind": "regression", "loss": loss.__name__, "set": setting}
    return case | {k: matrix(rng, b, c, scale if k == "z" else 1) for k in ("z", "t", "teacher", "second_teacher") if k != "second_teacher" or loss is landmark_kd}


def make_case(loss, setting, shape, scale, rng):
    b, c = shape
    case = {"kind": "distillation", "loss": loss.__name__, "set": setting, "z": matrix(rng, b, c, scale),
            "y": [rng.randrange(c) for _ in range(b)], "t": matrix(rng, b, c, 2)}
    case["t"][-1][0] = case["t"][-1][1]
    return case


if __name__ == "__main__":
    rng, cases = random.Random(20261130), []
    for loss, settings in LOSSES + REGRESSIONS:
        for setting in settings:
            for scale in (1, 4, 300, 5000):
                for shape in SHAPES if scale < 20 else SHAPES[1:2]:
                    regression = (loss, settings) in REGRESSIONS
                    case = (make_regression if regression else make_case)(loss, setting, shape, scale, rng)
                    source = by_torch if scale < 2 or loss is landmark_kd else by_digits
                    try:
                        case["value"], grads = source(loss, case, parameters(setting))
                    except (ArithmeticError, RuntimeError):  # underflow, or a batch that says nothing
                        source = by_digits
                        case["value"], grads = source(loss, case, parameters(setting))
                    case["grad"] = grads[0]
                    case["source"] = "torch" if source is by_torch else "mpmath"
                    cases.append(case)
    with open(OUT, "w", encoding="ascii") as out:
        out.write('{"made_by": "tests/reference/losses_distillation.py",\n "cases": [\n')
        out.write(",\n".join("  " + json.dumps(case) for case in cases))
        out.write("\n ]}\n")
