#!/usr/bin/python3
"""Writes tests/golden/losses.json: values and gradients of every loss, from definitions and not from derived formulas.

Ordinary scores: PyTorch in float64, gradients by automatic differentiation. Extreme scores: mpmath with 80 digits, gradients by
central differences with a step of 1e-25. Each loss is written once, on an object that offers exp, log and so on of either.
Run it from the project's root; needs torch and mpmath. tests/unit/losses/test_reference_values.c compares."""
import inspect
import json
import random

import mpmath
import torch

mpmath.mp.dps = 80
OUT = "tests/golden/losses.json"


class Torch:
    exp, log, abs = torch.exp, torch.log, torch.abs
    largest = staticmethod(lambda v: torch.max(torch.stack(list(v))))
    value = staticmethod(float)


class Digits:
    exp, log, abs = mpmath.exp, mpmath.log, staticmethod(abs)
    largest = staticmethod(max)
    value = staticmethod(float)


def softmax(m, z):
    top = max(z, key=m.value)
    e = [m.exp(v - top) for v in z]
    return [v / sum(e) for v in e]


def log_p(m, z):
    top = max(z, key=m.value)
    lse = top + m.log(sum(m.exp(v - top) for v in z))
    return [v - lse for v in z]


def ce(m, z, y, temperature=1.0):
    return -log_p(m, [v / temperature for v in z])[y]


def label_smoothing(m, z, y, alpha=0.1):
    target = [(1 - alpha) * float(k == y) + alpha / len(z) for k in range(len(z))]
    return -sum(t * v for t, v in zip(target, log_p(m, z)))


def wrong(m, z, y):
    return sum(v for k, v in enumerate(softmax(m, z)) if k != y)


def focal(m, z, y, gamma=2.0):
    return -(wrong(m, z, y) ** gamma) * log_p(m, z)[y]


def poly1(m, z, y, eps=1.0):
    return ce(m, z, y) + eps * wrong(m, z, y)


def gce(m, z, y, q=0.7):
    return (1 - m.exp(q * log_p(m, z)[y])) / q


def sce(m, z, y, alpha=0.5, beta=0.5, a=4.0):
    reverse = -sum(p * (0 if k == y else -a) for k, p in enumerate(softmax(m, z)))
    return alpha * ce(m, z, y) + beta * reverse


def mae(m, z, y):
    return sum(m.abs(float(k == y) - p) for k, p in enumerate(softmax(m, z)))


def brier(m, z, y):
    return sum((p - float(k == y)) ** 2 for k, p in enumerate(softmax(m, z)))


def elr(m, z, y, seen, **par):
    """seen: the scores of the first visit, plain numbers."""
    lam, beta = par.get("lambda", 3.0), par.get("beta", 0.7)
    p = [min(max(v, mpmath.mpf(1e-4)), mpmath.mpf(1 - 1e-4)) for v in softmax(Digits, [mpmath.mpf(v) for v in seen])]
    target = [(1 - mpmath.mpf(beta)) * v / sum(p) for v in p]
    if m is Torch:
        target = [float(v) for v in target]
    s = sum(p * t for p, t in zip(softmax(m, z), target))
    return ce(m, z, y) + lam * m.log(1 - s)


def margins(z, y, margin):
    return [v - z[y] + margin for k, v in enumerate(z) if k != y]


def cs(m, z, y, margin=1.0):
    return m.largest(margins(z, y, margin) + [0 * z[y]])


def ww(m, z, y, margin=1.0, reduction="sum"):
    total = sum(m.largest([u, 0 * u]) for u in margins(z, y, margin))
    return total / len(z) if reduction == "mean" else total


def softplus(m, x):
    return m.log(1 + m.exp(x)) if m.value(x) < 0 else x + m.log(1 + m.exp(-x))


def logistic(m, z, y):
    return softplus(m, -z[0] if y else z[0])


def hinge(m, z, y):
    return m.largest([1 - (z[0] if y else -z[0]), 0 * z[0]])


def mw(m, z, y, tau=1.0, negatives="mean"):
    pos = [v for (v,), k in zip(z, y) if k == 1]
    neg = [v for (v,), k in zip(z, y) if k == 0]
    if not pos or not neg:
        return 0 * z[0][0]
    total = sum(softplus(m, (b - a) / tau) for a in pos for b in neg)
    return total / (len(pos) * (len(neg) if negatives == "mean" else 1))


def mse(m, z, t, half=False):
    return sum((a - b) ** 2 for a, b in zip(z, t)) / (len(z) * (2 if half else 1))


def huber(m, z, t, delta=1.0):
    def one(e):
        return e ** 2 / 2 if m.value(m.abs(e)) <= delta else delta * (m.abs(e) - delta / 2)
    return sum(one(a - b) for a, b in zip(z, t)) / len(z)


MULTICLASS, BINARY, REGRESSION = "multiclass", "binary", "regression"
# kind, loss, settings: a setting is what lb_args_from_text reads
LOSSES = [
    (MULTICLASS, ce, ["", "temperature=0.5", "temperature=7"]),
    (MULTICLASS, label_smoothing, ["", "alpha=0", "alpha=0.5", "alpha=0.99"]),
    (MULTICLASS, focal, ["", "gamma=0", "gamma=0.3", "gamma=0.5", "gamma=1", "gamma=5"]),
    (MULTICLASS, poly1, ["", "eps=-1", "eps=2.5"]),
    (MULTICLASS, gce, ["", "q=0.05", "q=0.95", "q=1", "q=1e-4"]),
    (MULTICLASS, sce, ["", "alpha=0.1 beta=1", "alpha=6 beta=0.1 a=9.2", "alpha=0"]),
    (MULTICLASS, mae, [""]),
    (MULTICLASS, brier, [""]),
    (MULTICLASS, elr, ["", "lambda=7 beta=0.9", "lambda=0", "lambda=1 beta=0.1"]),
    (MULTICLASS, cs, ["", "margin=0.1", "margin=10"]),
    (MULTICLASS, ww, ["", "margin=0.1", "margin=10 reduction=mean"]),
    (BINARY, logistic, [""]),
    (BINARY, hinge, [""]),
    (BINARY, mw, ["", "tau=0.1", "tau=5 negatives=sum"]),
    (REGRESSION, mse, ["", "half=true"]),
    (REGRESSION, huber, ["", "delta=0.1", "delta=3"]),
]
BATCH = {mw}  # losses of a whole batch; all others are means of row losses
SHAPES = {MULTICLASS: [(1, 2), (3, 3), (2, 7), (2, 26)], BINARY: [(1, 1), (7, 1), (12, 1)],
          REGRESSION: [(1, 1), (4, 3)]}


def parameters(text):
    par = {}
    for pair in text.split():
        name, value = pair.split("=")
        try:
            par[name] = float(value)
        except ValueError:
            par[name] = {"true": True, "false": False}.get(value, value)
    return par


def batch_value(m, loss, z, case, par):
    if loss in BATCH:
        return loss(m, z, case["y"], **par)
    total = 0
    for i, row in enumerate(z):
        extra = {"seen": case["z"][i]} if "seen" in inspect.signature(loss).parameters else {}
        if "counts" in case:
            extra["counts"] = case["counts"]
        total = total + loss(m, row, case["t"][i] if "t" in case else case["y"][i], **extra, **par)
    return total / len(z)


def by_torch(loss, case, par):
    z = torch.tensor(case["z"], dtype=torch.float64, requires_grad=True)
    value = batch_value(Torch, loss, [list(row) for row in z], case, par)
    value.backward()
    return float(value), z.grad.tolist()


def by_digits(loss, case, par):
    step = mpmath.mpf(10) ** -25
    par = {k: mpmath.mpf(v) if isinstance(v, float) else v for k, v in par.items()}
    z = [[mpmath.mpf(v) for v in row] for row in case["z"]]

    def at(i, k, h):
        moved = [list(row) for row in z]
        moved[i][k] += h
        return batch_value(Digits, loss, moved, case, par)
    grad = [[float((at(i, k, step) - at(i, k, -step)) / (2 * step)) for k in range(len(z[i]))] for i in range(len(z))]
    return float(batch_value(Digits, loss, z, case, par)), grad


def make_case(kind, loss, setting, shape, scale, rng):
    b, c = shape
    case = {"kind": kind, "loss": loss.__name__, "set": setting, "z": [[rng.gauss(0, scale) for _ in range(c)] for _ in range(b)]}
    if kind == REGRESSION:
        case["t"] = [[rng.gauss(0, 1) for _ in range(c)] for _ in range(b)]
    else:
        case["y"] = [rng.randrange(2 if kind == BINARY else c) for _ in range(b)]
    if "counts" in inspect.signature(loss).parameters:
        case["counts"] = [rng.choice([0, 1, 5, 40, 300, 7000]) for _ in range(c)]
    return case


def write_golden(losses, seed, made_by, path):
    """Cases of every (kind, loss, settings), the form of LOSSES; the scripts of other families call it too."""
    rng, cases = random.Random(seed), []
    for kind, loss, settings in losses:
        for setting in settings:
            for shape in SHAPES[kind]:
                for scale in (1, 4):
                    cases.append((make_case(kind, loss, setting, shape, scale, rng), by_torch, loss))
            for scale in (20, 300, 5000):
                cases.append((make_case(kind, loss, setting, SHAPES[kind][1], scale, rng), by_digits, loss))
    for case, source, loss in cases:
        case["value"], case["grad"] = source(loss, case, parameters(case["set"]))
        case["source"] = "torch" if source is by_torch else "mpmath"
    with open(path, "w", encoding="ascii") as out:
        out.write(f'{{"made_by": "{made_by}",\n "cases": [\n')
        out.write(",\n".join("  " + json.dumps(case) for case, _, _ in cases))
        out.write("\n ]}\n")


if __name__ == "__main__":
    write_golden(LOSSES, 20240501, "tests/reference/losses.py", OUT)
