#!/usr/bin/python3
"""Writes tests/golden/losses_proportions.json: llp of classes and binary, from its definition by mpmath with 80 digits; gradients by
central differences with a step of 1e-25. Run it from the project's root."""
import json
import random

import mpmath
from mpmath import exp, log, mpf

mpmath.mp.dps = 80
OUT = "tests/golden/losses_proportions.json"
STEP = mpf(10) ** -25


def probabilities(row):
    z = row if len(row) > 1 else [mpf(0), row[0]]
    total = sum(exp(v) for v in z)
    return [exp(v) / total for v in z]


def apart(kind, share, mean):
    if kind == "squared":
        return (share - mean) ** 2
    if kind == "l1":
        return abs(share - mean)
    return share * ((log(share) if kind == "kl" else 0) - log(mean)) if share else mpf(0)


def llp(z, y, groups, divergence="kl"):
    values = []
    for g in sorted(set(groups)):
        rows = [i for i, other in enumerate(groups) if other == g]
        p = [probabilities(z[i]) for i in rows]
        mean = [sum(column) / len(rows) for column in zip(*p)]
        share = [mpf(sum(y[i] == k for i in rows)) / len(rows) for k in range(len(mean))]
        terms = [apart(divergence, q, m) for q, m in zip(share, mean)]
        values.append(terms[1] if len(z[0]) == 1 and divergence in ("squared", "l1") else sum(terms))
    return sum(values) / len(values)


def slope(z, y, groups, divergence, i, k):
    def at(h):
        moved = [list(row) for row in z]
        moved[i][k] += h
        return llp(moved, y, groups, divergence)
    return float((at(STEP) - at(-STEP)) / (2 * STEP))


def inputs(rng):
    """The worked values, drawn bags of several sizes, and scores far apart."""
    yield [[1, -0.5, 0.2], [-1, 0.3, 0.8], [0, 0.4, -0.6]], [0, 1, 1], [0, 0, 1]
    yield [[2], [-1.2], [0.5], [-0.3]], [1, 0, 0, 1], [0, 0, 1, 1]
    for classes in (1, 2, 4):
        for scale in (1, 8, 200):
            yield ([[round(rng.gauss(0, scale), 4) for _ in range(classes)] for _ in range(7)], [rng.randrange(max(classes, 2)) for _ in range(7)],
                   [0, 0, 0, 1, 2, 2, 2])


def main():
    cases = []
    for scores, y, groups in inputs(random.Random(7)):
        for divergence in ("kl", "ce", "squared", "l1"):
            z = [[mpf(v) for v in row] for row in scores]
            cases.append({"kind": "binary" if len(z[0]) == 1 else "multiclass", "loss": "llp", "set": f"divergence={divergence}", "z": scores, "y": y,
                          "group": groups, "value": float(llp(z, y, groups, divergence)),
                          "grad": [[slope(z, y, groups, divergence, i, k) for k in range(len(z[0]))] for i in range(len(z))], "source": "mpmath"})
    with open(OUT, "w", encoding="ascii") as f:
        f.write('{"made_by": "tests/reference/losses_proportions.py",\n "cases": [\n' + ",\n".join("  " + json.dumps(c) for c in cases) + "\n ]}\n")


if __name__ == "__main__":
    main()
