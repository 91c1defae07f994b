#!/usr/bin/python3
"""Writes tests/golden/losses_cosine.json: arcface and cosface of scores that are a scale times cosines. From the definitions, by the
angle itself, with mpmath at 40 digits; gradients are numerical derivatives at that precision. Run it from the project's root."""
import json
import random

import mpmath

mpmath.mp.dps = 40
OUT = "tests/golden/losses_cosine.json"


def arcface(c, m):
    angle = mpmath.acos(c)
    if angle + m < mpmath.pi:
        return mpmath.cos(angle + m)
    return c - m * mpmath.sin(m)


def cosface(c, m):
    return c - m


def value(target, z, y, scale, m):
    total = mpmath.mpf(0)
    for row, label in zip(z, y):
        terms = [mpmath.mpf(v) for v in row]
        terms[label] = scale * target(terms[label] / scale, m)
        total += mpmath.log(sum(mpmath.exp(t - terms[label]) for t in terms))
    return total / len(z)


def gradient(target, z, y, scale, m):
    def moved(i, k, v):
        rows = [[mpmath.mpf(u) for u in row] for row in z]
        rows[i][k] = v
        return value(target, rows, y, scale, m)
    return [[float(mpmath.diff(lambda v, i=i, k=k: moved(i, k, v), mpmath.mpf(z[i][k]))) for k in range(len(z[i]))] for i in range(len(z))]


def case(name, target, z, y, scale, m, given):
    return {"kind": "multiclass", "loss": name, "set": f"margin={m}" if given else "", "scale": scale, "z": z, "y": y,
            "value": float(value(target, z, y, scale, mpmath.mpf(m))), "grad": gradient(target, z, y, scale, mpmath.mpf(m)), "source": "mpmath"}


def cases():
    rng = random.Random(16)
    for name, target, default, margins in (("arcface", arcface, 0.5, (0.1, 1.0, 1.5)), ("cosface", cosface, 0.35, (0.1, 1.0, 2.0))):
        for scale in (1.0, 4.0, 16.0, 64.0):
            for b, c in ((1, 2), (4, 3), (3, 7)):
                z = [[scale * rng.uniform(-0.99, 0.99) for _ in range(c)] for _ in range(b)]
                y = [rng.randrange(c) for _ in range(b)]
                yield case(name, target, z, y, scale, default, False)
                m = rng.choice(margins)
                yield case(name, target, z, y, scale, m, True)
        # The label's angle close to 0, and beyond pi - m.
        yield case(name, target, [[3.999, -1.0, 0.5], [-3.9, 2.0, 1.0]], [0, 0], 4.0, default, False)


def main():
    with open(OUT, "w", encoding="utf-8") as f:
        f.write('{"made_by": "tests/reference/losses_cosine.py",\n "cases": [\n')
        f.write(",\n".join("  " + json.dumps(c) for c in cases()))
        f.write("\n]}\n")


if __name__ == "__main__":
    main()
