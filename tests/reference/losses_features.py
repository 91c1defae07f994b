#!/usr/bin/python3
"""Writes tests/golden/losses_features.json: losses that move the hidden features. From the definitions, with mpmath at 50 digits; gradients
by scores, the loss's own parameters and features are numerical derivatives at that precision. Run it from the project's root."""
import json
import random

import mpmath

mpmath.mp.dps = 50
OUT = "tests/golden/losses_features.json"


def center_loss(z, h, centers, y, lam="0.003"):
    total = mpmath.mpf(0)
    for row, features, label in zip(z, h, y):
        top = max(row)
        total += top + mpmath.log(sum(mpmath.exp(v - top) for v in row)) - row[label]
        total += mpmath.mpf(lam) / 2 * sum((a - b) ** 2 for a, b in zip(features, centers[label]))
    return total / len(z)


def exact(rows):
    return [[mpmath.mpf(v) for v in row] for row in rows]


def gradients(loss, inputs, y, more):
    step = mpmath.mpf(10) ** -20

    def slope(n, i, k):
        ends = []
        for by in (step, -step):
            moved = [exact(rows) for rows in inputs]
            moved[n][i][k] += by
            ends.append(loss(*moved, y, **more))
        return float((ends[0] - ends[1]) / (2 * step))
    return [[[slope(n, i, k) for k in range(len(row))] for i, row in enumerate(rows)] for n, rows in enumerate(inputs)]


def cases():
    rng = random.Random(2016)

    def matrix(rows, columns, scale):
        return [[rng.gauss(0, scale) for _ in range(columns)] for _ in range(rows)]
    for setting in ("", "0.01", "0.5", "20"):
        for scale in (1, 20, 300):
            for b, c, d in ((1, 2, 1), (4, 3, 5), (3, 7, 2)):
                inputs = matrix(b, c, scale), matrix(b, d, 1), matrix(c, d, 1)
                y = [rng.randrange(c) for _ in range(b)]
                more = {"lam": setting} if setting else {}
                grad, by_h, by_centers = gradients(center_loss, inputs, y, more)
                yield {"kind": "multiclass", "loss": "center_loss", "set": f"lambda={setting}" if setting else "", "z": inputs[0], "h": inputs[1],
                       "centers": inputs[2], "y": y, "value": float(center_loss(*map(exact, inputs), y, **more)), "grad": grad,
                       "grad_centers": by_centers, "grad_h": by_h, "source": "mpmath"}


def main():
    with open(OUT, "w", encoding="utf-8") as f:
        f.write('{"made_by": "tests/reference/losses_features.py",\n "cases": [\n')
        f.write(",\n".join("  " + json.dumps(c) for c in cases()))
        f.write("\n]}\n")


if __name__ == "__main__":
    main()
