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


def softmax(logits):
    top = max(logits)
    e = [mpmath.exp(v - top) for v in logits]
    return [v / sum(e) for v in e]


def anchor_loss(z, h, anchors, y, anchors_each=1, trust=1, spread="0.0001", center="0.1", temperature=1, delta=1):
    k, classes, n, total = anchors_each, len(z[0]), len(h[0]), mpmath.mpf(0)
    trust = mpmath.mpf(trust)
    for row, features, label in zip(z, h, y):
        p = softmax([v / mpmath.mpf(temperature) for v in row])
        sure = 1 + sum(v * mpmath.log(v) for v in p) / mpmath.log(classes)
        d = [mpmath.sqrt(sum((a - b) ** 2 for a, b in zip(features, anchor))) for anchor in anchors]
        near = softmax([-v / mpmath.mpf(delta) for v in d])
        q = [sum(near[c * k:(c + 1) * k]) for c in range(classes)]
        mixed = sure * p[label] + (1 - sure) * q[label]
        total -= mpmath.log((1 - trust) * p[label] + trust * mixed)
        total += trust * mpmath.mpf(center) * sure * min(d[label * k:(label + 1) * k]) / mpmath.sqrt(n)
    apart = sum((a - b) ** 2 for c in range(classes) for e in range(classes) for i in range(k) for a, b in zip(anchors[c * k + i], anchors[e * k + i]))
    return total / len(z) - trust * mpmath.mpf(spread) * apart / mpmath.sqrt(n) / k ** 2


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


def anchored_cases():
    rng = random.Random(2023)

    def matrix(rows, columns, scale):
        return [[rng.gauss(0, scale) for _ in range(columns)] for _ in range(rows)]
    for more in ({}, {"anchors_each": 3, "spread": "0.01", "center": 1}, {"trust": "0.3", "temperature": 2, "delta": "0.5"}):
        for scale in (1, 20):
            for b, c, d in ((1, 2, 1), (4, 3, 5), (3, 5, 2)):
                inputs = matrix(b, c, scale), matrix(b, d, 1), matrix(c * more.get("anchors_each", 1), d, 1)
                y = [rng.randrange(c) for _ in range(b)]
                grad, by_h, by_anchors = gradients(anchor_loss, inputs, y, more)
                yield {"kind": "multiclass", "loss": "anchor_loss", "set": " ".join(f"{'anchors' if name == 'anchors_each' else name}={v}" for name, v in more.items()), "z": inputs[0],
                       "h": inputs[1], "anchors": inputs[2], "y": y, "value": float(anchor_loss(*map(exact, inputs), y, **more)), "grad": grad, "grad_anchors": by_anchors,
                       "grad_h": by_h, "source": "mpmath"}


def main():
    with open(OUT, "w", encoding="utf-8") as f:
        f.write('{"made_by": "tests/reference/losses_features.py",\n "cases": [\n')
        f.write(",\n".join("  " + json.dumps(c) for c in (*cases(), *anchored_cases())))
        f.write("\n]}\n")


if __name__ == "__main__":
    main()
