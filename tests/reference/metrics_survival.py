#!/usr/bin/env python3
"""Writes tests/golden/metrics_survival.json: concordance indices and the integrated Brier score of random and awkward rows, by their
definitions in loops over pairs and rows. Run it from the project's root; the seed is fixed."""
import json
import random


def censoring(t, e, u, before):
    """Kaplan and Meier's G(u), or G(u-): events come before censorings of the same time."""
    g = 1.0
    for c in sorted({a for a, b in zip(t, e) if not b}):
        if c < u or (c == u and not before):
            n = sum(a >= c for a in t) - sum(a == c and b for a, b in zip(t, e))
            g *= 1 - sum(a == c and not b for a, b in zip(t, e)) / n
    return g


def concordance(s, t, e, weighted=False, tau=0):
    right = pairs = 0.0
    for i in range(len(t)):
        if not e[i] or (tau and t[i] >= tau):
            continue
        w = censoring(t, e, t[i], True) ** -2 if weighted else 1
        for j in range(len(t)):
            if t[i] < t[j] or (t[i] == t[j] and not e[j]):
                pairs += w
                right += w * ((s[i] > s[j]) + (s[i] == s[j]) / 2)
    return right / pairs if pairs else None


def brier(curve, t, e, u):
    total = 0.0
    for s, a, b in zip(curve, t, e):
        if a <= u and b:
            total += s ** 2 / censoring(t, e, a, True)
        elif a > u:
            total += (1 - s) ** 2 / censoring(t, e, u, False)
    return total / len(t)


def integrated_brier(curves, grid, t, e):
    times = [u for u in grid if u <= max(t, default=0)]
    values = [brier([c[k] for c in curves], t, e, u) for k, u in enumerate(times)]
    area = sum((b - a) * (x + y) / 2 for a, b, x, y in zip(times, times[1:], values, values[1:]))
    return area / (times[-1] - times[0]) if len(times) > 1 else None


def case(name, s, t, e, grid, curves):
    values = [{"metric": "harrell", "par": [], "value": concordance(s, t, e)},
              {"metric": "integrated_brier", "par": [], "value": integrated_brier(curves, grid, t, e)}]
    values += [{"metric": "uno", "par": [tau], "value": concordance(s, t, e, True, tau)} for tau in (0, 2, 3.5)]
    return {"name": name, "kind": "survival", "t": 1, "pred_t": s, "target_t": t, "event": e, "curve_time": grid,
            "curve": [v for c in curves for v in c], "values": values}


def drawn(r, name, n, coarse, censored, grid):
    t = [float(r.randint(1, 8)) / 2 if coarse else r.expovariate(0.5) for _ in range(n)]
    e = [int(r.random() >= censored) for _ in range(n)]
    s = [float(r.randint(-3, 3)) if coarse else r.gauss(0, 1) for _ in range(n)]
    curves = []
    for _ in range(n):
        rate = r.expovariate(2)
        curves.append([2.718281828459045 ** (-rate * u) for u in grid])
    return case(name, s, t, e, grid, curves)


def cases():
    r = random.Random(7)
    spec = [0.5, 1.0, 2.0, 3.0]
    yield case("the specification's", [0.2, -0.5, 1.0, 0.3, 0.0], [1.0, 2.0, 2.0, 3.0, 4.0], [1, 1, 1, 0, 1], spec,
               [[2.718281828459045 ** (-u / 4) for u in spec]] * 5)
    grid = [0.3 * k for k in range(1, 12)]
    yield drawn(r, "distinct times", 60, False, 0.3, grid)
    yield drawn(r, "ties of times and risks", 80, True, 0.4, grid)
    yield drawn(r, "all events", 25, True, 0, grid)
    yield drawn(r, "all censored", 10, True, 1, grid)
    yield drawn(r, "one row", 1, False, 0, [0.1, 0.2])
    yield case("constant half", [0.0] * 6, [1.0, 2, 3, 4, 5, 6], [1] * 6, [1.0, 2.5, 4.0], [[0.5] * 3] * 6)
    yield case("one time of a curve", [1.0, 0.0], [1.0, 2.0], [1, 1], [1.5], [[0.5], [0.75]])
    yield case("the last row censored before the grid ends", [2.0, 1.0, 0.0], [1.0, 2.0, 3.0], [1, 0, 0], [1.0, 2.0, 3.0, 9.0],
               [[0.5, 0.4, 0.3, 0.1], [0.9, 0.8, 0.7, 0.2], [1.0, 0.9, 0.9, 0.9]])


if __name__ == "__main__":
    with open("tests/golden/metrics_survival.json", "w", encoding="ascii") as out:
        out.write('{"made_by": "tests/reference/metrics_survival.py",\n "cases": [\n')
        out.write(",\n".join("  " + json.dumps(c) for c in cases()))
        out.write("\n ]}\n")
