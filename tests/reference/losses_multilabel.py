#!/usr/bin/python3
"""Writes tests/golden/losses_multilabel.json: the losses of a matrix of labels (1, 0, or -1 for unknown), from
definitions: soft_topk finds its threshold by bisection in as many digits as mpmath has. See losses.py; run it from the project's
root."""
import json
import math
import random

import mpmath
import torch

from losses import Digits, Torch, parameters, softplus

OUT = "tests/golden/losses_multilabel.json"


def sig(m, x):
    return 1 / (1 + m.exp(-x)) if m.value(x) > 0 else m.exp(x) / (1 + m.exp(x))


def there(row, y):
    return [v for v, label in zip(row, y) if label == 1]


def away(row, y):
    return [v for v, label in zip(row, y) if label == 0]


def lse(m, values):
    top = max(values, key=m.value)
    return top + m.log(sum(m.exp(v - top) for v in values))


def by_rows(row_loss):
    """The mean over rows of row_loss(m, z, y, counts, **par)."""
    def loss(m, z, t, counts, **par):
        return sum(row_loss(m, row, y, counts, **par) for row, y in zip(z, t)) / len(z)
    loss.__name__ = row_loss.__name__
    return loss


def nothing(row):
    return sum(row) * 0


@by_rows
def ml_bce(m, z, y, counts):
    return nothing(z) + sum(softplus(m, -v) for v in there(z, y)) + sum(softplus(m, v) for v in away(z, y))


def shifted(m, v, clip):
    t = sig(m, v) - clip
    return t if m.value(t) > 0 else t * 0


def away_log(m, v, clip):
    """-log(1 - t), from 1 - p where there is no shift."""
    if clip == 0:
        return softplus(m, v)
    return -m.log(1 - shifted(m, v, clip)) if m.value(shifted(m, v, clip)) > 0 else v * 0


@by_rows
def asl(m, z, y, counts, gamma_pos=0.0, gamma_neg=4.0, clip=0.05):
    total = nothing(z)
    for v in there(z, y):
        total = total + sig(m, -v) ** gamma_pos * softplus(m, -v)
    for v in away(z, y):
        if m.value(shifted(m, v, clip)) > 0:
            total = total + shifted(m, v, clip) ** gamma_neg * away_log(m, v, clip)
    return total


@by_rows
def mfm(m, z, y, counts, gamma_pos=0.0, gamma_neg=3.0, w_pos=1.0, w_neg=1.0):
    total = nothing(z)
    for v, label, n in zip(z, y, counts):
        h = n / max(counts + [1])
        if label == 1:
            total = total + sig(m, -v) ** (gamma_pos + w_pos * h) * softplus(m, -v)
        if label == 0:
            total = total + sig(m, v) ** (gamma_neg + w_neg * h) * softplus(m, v)
    return total


@by_rows
def ldam_bce(m, z, y, counts, margin=3.0):
    total = nothing(z)
    for v, label, n in zip(z, y, counts):
        shift = margin * mpmath.mpf(max(n, 1)) ** mpmath.mpf(-0.25)
        moved = v - (float(shift) if m is Torch else shift)
        total = total + (softplus(m, -moved) if label == 1 else softplus(m, v) if label == 0 else 0)
    return total


def detached(m, v):
    return v.detach() if m is Torch else v


@by_rows
def multi_focal_modifier(m, z, y, counts, gamma_pos=0.0, gamma_neg=4.0, clip=0.05, power=1 / 6, detach=True):
    total, most = nothing(z), max(counts + [1])
    for v, label, n in zip(z, y, counts):
        w = (1 - math.log(max(n, 1) / most)) ** float(power)
        held = detached(m, v) if detach else v
        if label == 1:
            total = total + w * sig(m, -held) ** gamma_pos * softplus(m, -v)
        if label == 0 and m.value(shifted(m, v, clip)) > 0:
            total = total + w * shifted(m, held, clip) ** (gamma_neg + w) * away_log(m, v, clip)
    return total


@by_rows
def hill(m, z, y, counts, **par):
    lam, margin, gamma = par.get("lambda", 1.5), par.get("margin", 1.0), par.get("gamma", 2.0)
    pos = sum(sig(m, margin - v) ** gamma * softplus(m, margin - v) for v in there(z, y))
    return nothing(z) + pos + sum((lam - sig(m, v)) * sig(m, v) ** 2 for v in away(z, y))


@by_rows
def partial_bce(m, z, y, counts, boost=5.45, gamma=1.0):
    known, c = there(z, y) + away(z, y), len(z)
    weight = boost - (boost - 1) * (len(known) / c) ** float(gamma)
    return nothing(z) + weight / c * (sum(softplus(m, -v) for v in there(z, y)) + sum(softplus(m, v) for v in away(z, y)))


@by_rows
def an_bce(m, z, y, counts, weight=1.0):
    unknown = [v for v, label in zip(z, y) if label < 0]
    return (nothing(z) + sum(softplus(m, -v) for v in there(z, y)) + sum(softplus(m, v) for v in away(z, y)) +
            weight * sum(softplus(m, v) for v in unknown))


@by_rows
def zlpr(m, z, y, counts):
    zero = z[0] * 0
    return nothing(z) + lse(m, [zero] + [-v for v in there(z, y)]) + lse(m, [zero] + away(z, y))


def pair(m, pos, neg, t_pos=1.0, t_neg=1.0):
    if not pos or not neg:
        return 0
    return softplus(m, t_neg * lse(m, [v / t_neg for v in neg]) + t_pos * lse(m, [-v / t_pos for v in pos]))


@by_rows
def mlc_pair_lse(m, z, y, counts):
    return nothing(z) + pair(m, there(z, y), away(z, y))


def two_way(m, z, t, counts, t_pos=4.0, t_neg=1.0):
    total = nothing([v for row in z for v in row])
    for rows, labels in ((z, t), (list(zip(*z)), list(zip(*t)))):
        terms = [pair(m, there(r, y), away(r, y), t_pos, t_neg) for r, y in zip(rows, labels) if 1 in y]
        if terms:
            total = total + sum(terms) / len(terms)
    return total


@by_rows
def ml_softmax(m, z, y, counts, per_positive=False):
    pos, known = there(z, y), there(z, y) + away(z, y)
    total = sum(lse(m, known) - v for v in pos) if pos else 0
    return nothing(z) + total / (len(pos) if per_positive and pos else 1)


@by_rows
def decoupled_softmax(m, z, y, counts, temperature=1.0):
    pos, neg = [v / temperature for v in there(z, y)], [v / temperature for v in away(z, y)]
    return nothing(z) + (sum(pair(m, [v], neg) for v in pos) / len(pos) if pos else 0)


def threshold(z, k, alpha):
    """t with sum sigmoid(alpha (z + t)) = k, by bisection in mpmath's digits."""
    def excess(t):
        return sum(1 / (1 + mpmath.exp(-alpha * (v + t))) for v in z) - k
    with mpmath.workdps(400):   # where all sigmoids are nearly 0 or 1, the sum hardly moves with t
        lo, hi = -max(z) - 200 / alpha, -min(z) + 200 / alpha
        for _ in range(180):
            mid = (lo + hi) / 2
            lo, hi = (lo, mid) if excess(mid) > 0 else (mid, hi)
    return (lo + hi) / 2


@by_rows
def soft_topk(m, z, y, counts, k=5, alpha=2.0):
    pos, known = there(z, y), there(z, y) + away(z, y)
    k = min(int(k), len(known) - 1)
    if not pos or k < 1:
        return nothing(z)
    t = threshold([mpmath.mpf(float(v) if m is Torch else v) for v in known], k, mpmath.mpf(alpha))
    if m is Torch:
        # One Newton step of the same equation from the root: its value is t, its derivative that of the root.
        t = float(t)
        q = [sig(m, alpha * (v + t)) for v in known]
        slope = sum((alpha * p * (1 - p)).detach() for p in q)
        step = (sum(q) - k) / slope
        t = t - (step - step.detach())
    return nothing(z) + sum(softplus(m, -alpha * (v + t)) for v in pos) / len(pos)


def robust_self_training(m, z, y, counts, gamma=1.0, gamma_u=1.0, lam=1.0, labelled="ramp"):
    sums, n = [nothing(row) for row in z[:1]] * 2, [0, 0]
    for row, labels in zip(z, y):
        for v, t in zip(row, labels):
            s = abs(v) if t < 0 else v if t else -v
            u = 1 - (gamma_u if t < 0 else gamma) * s
            cut = u * 0 if m.value(u) <= 0 else u * 0 + 1 if m.value(u) >= 1 and (t < 0 or labelled == "ramp") else u
            sums[t < 0] = sums[t < 0] + cut
            n[t < 0] += 1
    return sums[0] / max(n[0], 1) + lam * sums[1] / max(n[1], 1)


LOSSES = [
    (ml_bce, [""]),
    (asl, ["", "gamma_pos=1", "gamma_neg=0.5 clip=0", "gamma_pos=2 gamma_neg=1 clip=0.2"]),
    (mfm, ["", "gamma_pos=1 gamma_neg=4", "w_neg=0"]),
    (multi_focal_modifier, ["", "gamma_neg=3 power=0", "detach=false gamma_pos=1", "power=1"]),
    (hill, ["", "lambda=1 margin=0 gamma=1"]),
    (partial_bce, ["", "boost=3 gamma=2"]),
    (an_bce, ["", "weight=0.1"]),
    (zlpr, [""]),
    (mlc_pair_lse, [""]),
    (two_way, ["", "t_pos=1 t_neg=2"]),
    (ml_softmax, ["", "per_positive=true"]),
    (decoupled_softmax, ["", "temperature=0.05"]),
    (ldam_bce, ["", "margin=1"]),
    (soft_topk, ["", "k=2", "k=1 alpha=0.5", "k=3 alpha=10"]),
    (robust_self_training, ["", "gamma=0.3 gamma_u=0.1 lam=2.5", "labelled=hinge gamma_u=0.5"]),
]
SHAPES = [(1, 2), (3, 3), (2, 7), (4, 9)]
SCALES = (1, 4, 20, 300, 5000)


def by_torch(loss, case, par):
    z = torch.tensor(case["z"], dtype=torch.float64, requires_grad=True)
    value = loss(Torch, [list(row) for row in z], case["t"], case["counts"], **par)
    value.backward()
    return float(value), z.grad.tolist()


def by_digits(loss, case, par):
    step = mpmath.mpf(10) ** -25
    par = {k: mpmath.mpf(v) if isinstance(v, float) else v for k, v in par.items()}
    z = [[mpmath.mpf(v) for v in row] for row in case["z"]]

    def at(i, k, h):
        moved = [list(row) for row in z]
        moved[i][k] += h
        return loss(Digits, moved, case["t"], case["counts"], **par)

    slopes = [[float((at(i, k, step) - at(i, k, -step)) / (2 * step)) for k in range(len(z[0]))] for i in range(len(z))]
    return float(at(0, 0, 0)), slopes


def make_case(loss, setting, shape, scale, rng):
    b, c = shape
    return {"kind": "multilabel", "loss": loss.__name__, "set": setting,
            "z": [[rng.gauss(0, scale) for _ in range(c)] for _ in range(b)],
            "t": [[rng.choice([1, 1, 0, 0, 0, -1]) for _ in range(c)] for _ in range(b)],
            "counts": [rng.choice([0, 1, 7, 100, 2500]) for _ in range(c)]}


def main():
    rng, cases = random.Random(20240712), []
    for loss, settings in LOSSES:
        for setting in settings:
            par = parameters(setting)
            held = loss is multi_focal_modifier and par.get("detach", True)
            for scale in SCALES[:2] if held else SCALES[:3] if loss is soft_topk else SCALES:
                for shape in SHAPES if scale == 1 or (scale == 4 and loss is not soft_topk) else SHAPES[1:2]:
                    case = make_case(loss, setting, shape, scale, rng)
                    source = by_torch if scale < 20 and (loss is not soft_topk or scale == 1) else by_digits
                    case["value"], case["grad"] = source(loss, case, par)
                    case["source"] = "torch" if source is by_torch else "mpmath"
                    cases.append(case)
    with open(OUT, "w", encoding="ascii") as out:
        out.write('{"made_by": "tests/reference/losses_multilabel.py",\n "cases": [\n')
        out.write(",\n".join("  " + json.dumps(case) for case in cases))
        out.write("\n ]}\n")


if __name__ == "__main__":
    main()
