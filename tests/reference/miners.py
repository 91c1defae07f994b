#!/usr/bin/python3
"""Writes tests/golden/miners.json: what miners choose of small batches, by their definitions with NumPy, triplet by triplet. Run it from
the project's root; needs NumPy. tests/unit/core/engine/data/miner/test_miner.c compares."""
import itertools
import json

import numpy as np

OUT = "tests/golden/miners.json"


def easy_hard(d, y, positive, negative):
    out = []
    for a in range(len(y)):
        pos = [k for k in range(len(y)) if k != a and y[k] == y[a]]
        neg = [k for k in range(len(y)) if y[k] != y[a]]
        p = n = None
        if positive != "semihard" and pos:
            p = (min if positive == "easy" else max)(pos, key=lambda k: d[a, k])
        if negative != "semihard" and neg:
            n = (max if negative == "easy" else min)(neg, key=lambda k: d[a, k])
        if positive == "semihard" and n is not None:
            p = max([k for k in pos if d[a, k] < d[a, n]], key=lambda k: d[a, k], default=None)
        if negative == "semihard" and p is not None:
            n = min([k for k in neg if d[a, k] > d[a, p]], key=lambda k: d[a, k], default=None)
        if p is not None and n is not None:
            out.append((a, p, n))
    return out


def triplet_rule(keeps):
    def of(d, u, y):
        return [(a, p, n) for a, p, n in itertools.product(range(len(y)), repeat=3)
                if a != p and y[a] == y[p] and y[n] != y[a] and keeps(d, u, a, p, n)]
    return of


def gap(margin, which):
    kinds = {"all": lambda g: g <= margin, "hard": lambda g: g <= 0, "semihard": lambda g: 0 < g <= margin, "easy": lambda g: g > margin}
    return triplet_rule(lambda d, u, a, p, n: kinds[which](d[a, n] - d[a, p]))


def angle(degrees):
    return triplet_rule(lambda d, u, a, p, n: np.degrees(np.arctan2(np.linalg.norm(u[a] - u[p]), 2 * np.linalg.norm(u[n] - (u[a] + u[p]) / 2))) > degrees)


def pair_margin(pos, neg):
    return lambda d, u, y: [(i, j) for i, j in itertools.permutations(range(len(y)), 2) if (d[i, j] > pos if y[i] == y[j] else d[i, j] < neg)]


def multi_similarity(eps):
    def of(d, u, y):
        s, out = u @ u.T, []
        for i in range(len(y)):
            pos = [j for j in range(len(y)) if j != i and y[j] == y[i]]
            neg = [j for j in range(len(y)) if y[j] != y[i]]
            if pos and neg:
                out += [(i, p) for p in pos if s[i, p] - eps < max(s[i, n] for n in neg)] + [(i, n) for n in neg if s[i, n] + eps > min(s[i, p] for p in pos)]
        return sorted(out)
    return of


MINERS = [("batch_easy_hard", {"positive": p, "negative": n}, lambda d, u, y, p=p, n=n: easy_hard(d, y, p, n))
          for p, n in itertools.product(["easy", "semihard", "hard"], repeat=2) if (p, n) != ("semihard", "semihard")]
MINERS += [("triplet_margin", {"which": w, "margin": m}, gap(m, w)) for w in ["all", "hard", "semihard", "easy"] for m in [0.2, 0.5]]
MINERS += [("angular", {"angle": a}, angle(a)) for a in [20, 40]]
MINERS += [("pair_margin", {}, pair_margin(0.2, 0.8)), ("pair_margin", {"pos_margin": 0.9, "neg_margin": 1.2}, pair_margin(0.9, 1.2))]
MINERS += [("multi_similarity", {}, multi_similarity(0.1)), ("multi_similarity", {"eps": 0.3}, multi_similarity(0.3))]


def main():
    rng, cases = np.random.default_rng(5), []
    for rows, y in ((9, [0, 0, 0, 1, 1, 2, 2, 2, 3]), (6, [0, 0, 0, 0, 0, 0]), (4, [0, 1, 2, 3])):
        z = rng.normal(size=(rows, 3)) * 2
        u = z / np.linalg.norm(z, axis=1, keepdims=True)
        d = np.linalg.norm(u[:, None] - u[None], axis=2)
        for name, par, mine in MINERS:
            cases.append({"miner": name, "set": " ".join(f"{k}={v}" for k, v in par.items()), "z": z.tolist(), "y": y,
                          "chosen": [list(map(int, c)) for c in mine(d, u, y)]})
    with open(OUT, "w", encoding="utf-8") as f:
        f.write('{"made_by": "tests/reference/miners.py",\n "cases": [\n  ' + ",\n  ".join(json.dumps(c) for c in cases) + "\n]}\n")
    print(len(cases), sum(bool(c["chosen"]) for c in cases))


if __name__ == "__main__":
    main()
