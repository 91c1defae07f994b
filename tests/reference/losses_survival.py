#!/usr/bin/python3
"""Writes tests/golden/losses_survival.json: the losses of times to an event, from their definitions in plain loops, in mpmath with 80
digits, without and with weights of rows; gradients by central differences with a step of 1e-25. Run it from the project's root."""
import json
import random

import mpmath
from mpmath import exp, log, mpf

mpmath.mp.dps = 80
OUT = "tests/golden/losses_survival.json"
STEP = mpf(10) ** -25


def cox(z, t, y, w, own, ties="efron"):
    """As R's coxph: a row of weight 0 is not there, events of one time have the mean of their weights before the logarithms."""
    rows = [i for i in range(len(t)) if w[i]]
    s, total = [r[0] for r in z], mpf(0)
    for u in sorted({t[i] for i in rows if y[i]}):
        dead = [i for i in rows if y[i] and t[i] == u]
        at_risk = sum(w[j] * exp(s[j]) for j in rows if t[j] >= u)
        of_dead, mean = sum(w[i] * exp(s[i]) for i in dead), sum(w[i] for i in dead) / len(dead)
        for k, i in enumerate(dead):
            total += mean * log(at_risk - (mpf(k) / len(dead) * of_dead if ties == "efron" else 0)) - w[i] * s[i]
    events = sum(w[i] for i in rows if y[i])
    return total / events if events else mpf(0)


def log_density_and_tail(dist, z):
    if dist == "normal":
        return -z * z / 2 - log(2 * mpmath.pi) / 2, log(mpmath.erfc(z / mpmath.sqrt(2)) / 2)
    if dist == "logistic":
        return -z - 2 * log(1 + exp(-z)), -log(1 + exp(z))
    return z - exp(z), -exp(z)


def aft(z, t, y, w, own, dist="normal", scale=0.0):
    log_scale = log(mpf(scale)) if scale else own[0]
    total = mpf(0)
    for (s,), time, event, weight in zip(z, t, y, w):
        density, tail = log_density_and_tail(dist, (log(mpf(time)) - s) / exp(log_scale))
        total += weight * (log_scale + log(mpf(time)) - density if event else -tail)
    return total / len(t)


def place(cuts, time, event):
    """Intervals survived, and whether the event lies in the next one."""
    if event:
        survived = sum(time > c for c in cuts)
        return survived, survived < len(cuts)
    return sum(c <= time for c in cuts), False


def discrete_hazard(z, t, y, w, own, cuts=(), link="logit"):
    total = mpf(0)
    for row, time, event, weight in zip(z, t, y, w):
        h = [1 / (1 + exp(-v)) if link == "logit" else -mpmath.expm1(-exp(v)) for v in row]
        survived, here = place(cuts, time, event)
        total -= weight * (sum(-log(1 + exp(v)) if link == "logit" else -exp(v) for v in row[:survived]) + (log(h[survived]) if here else 0))
    return total / len(t)


def discrete_pmf(z, t, y, w, own, cuts=()):
    total = mpf(0)
    for row, time, event, weight in zip(z, t, y, w):
        p = [exp(v) for v in row] + [mpf(1)]
        survived, here = place(cuts, time, event)
        total -= weight * log((p[survived] if here else sum(p[survived:])) / sum(p))
    return total / len(t)


def piecewise_exponential(z, t, y, w, own, cuts=(), unit=1.0):
    total = mpf(0)
    for row, time, event, weight in zip(z, t, y, w):
        begin = mpf(0)
        for v, end in zip(row, cuts):
            total += weight * (exp(v) * max(mpf(0), min(mpf(time), mpf(end)) - begin) / mpf(unit) - (v if event and begin < time <= end else 0))
            begin = mpf(end)
    return total / len(t)


def concordance(z, t, y, w, own, phi="logistic"):
    of = {"logistic": lambda d: log(1 + exp(-d)), "hinge": lambda d: max(mpf(0), 1 - d), "squared_hinge": lambda d: max(mpf(0), 1 - d) ** 2,
          "exponential": lambda d: exp(-d)}[phi]
    n = range(len(t))
    pairs = [(w[i] * w[j], of(z[i][0] - z[j][0])) for i in n if y[i] for j in n if t[i] < t[j] or (t[i] == t[j] and not y[j])]
    weight = sum(p for p, _ in pairs)
    return sum(p * v for p, v in pairs) / weight if weight else mpf(0)


CUTS = "cuts=[1,2,3,4]"
SETS = {
    cox: ["", "ties=breslow"],
    aft: ["dist=%s" % d for d in ("normal", "logistic", "extreme")] + ["dist=%s scale=%s" % p for p in (("normal", 1), ("logistic", 0.5), ("extreme", 2))],
    discrete_hazard: [CUTS, CUTS + " link=cloglog"], discrete_pmf: [CUTS], piecewise_exponential: [CUTS, CUTS + " unit=2.5"],
    concordance: ["phi=%s" % p for p in ("logistic", "hinge", "squared_hinge", "exponential")],
}


def parameters(text):
    split = [p.split("=") for p in text.split()]
    return {k: json.loads(v) if v[0] in "[0123456789" else v for k, v in split}


def inputs(rng, columns):
    """The input of the specification, drawn ones with ties, large scores, no event, one row."""
    if columns == 1:
        yield [[0.2], [-0.5], [1], [0.3], [0]], [1, 2, 2, 3, 4], [1, 1, 1, 0, 1]
    else:
        yield [[-1, 0.5, 0.2, 0], [-2, -1, 0, 1], [0.3, 0.1, -0.4, -1]], [2, 3.5, 0.4], [1, 0, 1]
    for scale in (1, 4):
        n = 12
        yield ([[round(rng.gauss(0, scale), 4) for _ in range(columns)] for _ in range(n)], [rng.randint(1, 10) / 2 for _ in range(n)],
               [int(rng.random() < 0.7) for _ in range(n)])
    yield [[30.0 - 3 * k] * columns for k in range(20)], [1 + k % 6 / 2 for k in range(20)], [int(k % 5 > 0) for k in range(20)]
    yield [[0.5] * columns, [1.5] * columns], [1, 2], [0, 0]
    yield [[0.25] * columns], [3], [1]


def large(columns):
    """Where no exponential overflows."""
    yield [[1e4] * columns, [-1e4] * columns, [9990.0] * columns, [0.0] * columns], [2, 1, 2, 3], [1, 1, 1, 0]


def weights(rng, n):
    """Of mean 1, some equal, some 0."""
    drawn = [rng.choice((0, 1, 1, 2, 2.5, 3)) for _ in range(n)]
    return [v * n / max(sum(drawn), 1) for v in drawn]


def case(loss, text, z, t, y, w=None):
    par, own = parameters(text), [mpf("0.3")] if loss is aft and "scale" not in text else []

    def value(point):
        rows = [point[i * len(z[0]):(i + 1) * len(z[0])] for i in range(len(z))]
        return loss(rows, t, y, [mpf(v) for v in w or [1] * len(t)], point[len(z) * len(z[0]):], **par)
    at = [mpf(v) for row in z for v in row] + own
    grad = [float((value([v + STEP * (i == k) for k, v in enumerate(at)]) - value([v - STEP * (i == k) for k, v in enumerate(at)])) / (2 * STEP))
            for i in range(len(at))]
    c, n = len(z[0]), len(z) * len(z[0])
    out = {"kind": "survival", "loss": loss.__name__, "set": text, "z": z, "t": [[v] for v in t], "y": y, "value": float(value(at)),
           "grad": [grad[i:i + c] for i in range(0, n, c)], "source": "mpmath"}
    if w:
        out["w"] = w
    if own:
        out.update(log_scale=[[0.3]], grad_log_scale=[grad[n:]])
    return out


def main():
    rng, cases = random.Random(6), []
    points = {c: list(inputs(rng, c)) for c in (1, 4)}
    for loss, sets in SETS.items():
        columns = 4 if CUTS in sets[0] else 1
        for text in sets:
            overflows = "exp" in text or "cloglog" in text or "extreme" in text or loss is piecewise_exponential
            kinked = "hinge" in text
            for z, t, y in points[columns] + ([] if overflows or kinked else list(large(columns))):
                if kinked and z[0] == [0.2]:
                    continue                        # a pair stands at the kink
                if not (overflows and max(v for row in z for v in row) > 20):
                    cases.append(case(loss, text, z, t, y))
    for loss, sets in SETS.items():
        for text in sets:
            for z, t, y in points[4 if CUTS in sets[0] else 1][1:3]:
                if max(v for row in z for v in row) < 20:
                    cases.append(case(loss, text, z, t, y, weights(rng, len(t))))
    with open(OUT, "w", encoding="ascii") as f:
        f.write('{"made_by": "tests/reference/losses_survival.py",\n "cases": [\n' + ",\n".join("  " + json.dumps(c) for c in cases) + "\n ]}\n")


if __name__ == "__main__":
    main()
