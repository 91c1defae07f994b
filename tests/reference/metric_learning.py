#!/usr/bin/env python3
"""Writes tests/golden/metric_learning.json and losses_triplet.json: values and gradients of the triplet loss, what miners choose, and metrics of retrieval, by
their definitions with loops over rows; gradients by central differences in long double. Run from the project's root; the seed is
fixed."""
import json

import numpy as np

rng = np.random.default_rng(20201)
L = np.longdouble


def distances(e, squared, normalize):
    e = np.asarray(e, dtype=L)
    if normalize:
        e = np.array([row / np.sqrt(row @ row) if row @ row > 1e-24 else row * 0 for row in e])
    d = np.array([[((a - b) ** 2).sum() for b in e] for a in e])
    return d if squared else np.sqrt(d)


def triplets(d, y, miner):
    n = range(len(y))
    for a in n:
        negative = [k for k in n if y[k] != y[a]]
        positive = [k for k in n if y[k] == y[a] and k != a]
        if not negative or not positive:
            continue
        if miner == "hardest":
            yield a, max(positive, key=lambda k: (d[a][k], -k)), min(negative, key=lambda k: (d[a][k], k))
            continue
        for p in positive:
            if miner == "all":
                for k in negative:
                    yield a, p, k
                continue
            farther = [k for k in negative if d[a][k] > d[a][p]]
            if farther:
                yield a, p, min(farther, key=lambda k: (d[a][k], k))
            elif miner == "semihard otherwise=farthest":
                yield a, p, max(negative, key=lambda k: (d[a][k], -k))


def triplet(e, chosen, margin=0.2, squared=False, normalize=True, smooth=False, swap=False, reduction="avg_nonzero"):
    d = distances(e, squared, normalize)
    v = [d[a][p] - (min(d[a][n], d[p][n]) if swap else d[a][n]) + margin for a, p, n in chosen]
    terms = [np.logaddexp(L(0), x) if smooth else max(x, L(0)) for x in v]
    n = len(terms) if reduction == "mean" else sum(t > 0 for t in terms)
    return sum(terms) / n if n else L(0)


def slope(e, chosen, **par):
    e = np.asarray(e, dtype=L)
    g, h = np.zeros(e.shape), L(1e-7)
    for at in np.ndindex(*e.shape):
        up, down = e.copy(), e.copy()
        up[at] += h
        down[at] -= h
        g[at] = float((triplet(up, chosen, **par) - triplet(down, chosen, **par)) / (2 * h))
    return g


def text(par):
    return " ".join(f"{k}={str(v).lower()}" for k, v in par.items())


def loss_cases():
    spec = [[1, 0.2, -0.5], [0.8, -0.1, 0.3], [-0.4, 1.1, 0.6], [0.1, 0.9, -0.7], [-0.9, -0.3, 0.8], [-0.2, -1.2, 0.4]]
    settings = [{}, {"margin": 0.5, "squared": True}, {"normalize": False, "margin": 1}, {"smooth": True}, {"swap": True, "margin": 0.7},
                {"reduction": "mean"}, {"squared": True, "reduction": "mean"}, {"margin": 0.3, "reduction": "mean"}]
    for e, y in [(spec, [0, 0, 0, 1, 1, 2]), (rng.normal(size=(12, 4)).round(3), [0, 1, 2, 0, 1, 2, 0, 1, 2, 3, 0, 1])]:
        for miner in ["all", "semihard", "semihard otherwise=farthest", "hardest"]:
            for par in settings:
                d = distances(e, par.get("squared", False), par.get("normalize", True))
                chosen = list(triplets(d, y, miner))
                yield {"set": text(par), "miner": miner, "z": np.asarray(e).tolist(), "y": y, "triplets": [list(t) for t in chosen],
                       "value": float(triplet(e, chosen, **par)), "gradient": slope(e, chosen, **par).tolist()}


def ranked(e, distance, q):
    e = np.asarray(e, dtype=float)
    if distance == "cosine":
        length = np.sqrt((e * e).sum(axis=1, keepdims=True))
        u = np.divide(e, length, out=np.zeros_like(e), where=length > 0)
        far = -(u @ u[q])
    else:
        far = ((e - e[q]) ** 2).sum(axis=1)
    return sorted((k for k in range(len(e)) if k != q), key=lambda k: (round(far[k], 12), k))


def retrieval(name, e, y, distance="cosine", k=1):
    found = []
    for q in range(len(y)):
        hit = [y[i] == y[q] for i in ranked(e, distance, q)]
        r = sum(hit)
        if not r:
            continue
        if name in ("recall_at_k", "precision_at_1"):
            found.append(float(any(hit[: k if name == "recall_at_k" else 1])))
        elif name == "r_precision":
            found.append(sum(hit[:r]) / r)
        else:
            found.append(sum(sum(hit[: i + 1]) / (i + 1) for i in range(r) if hit[i]) / r)
    return float(np.mean(found)) if found else None


def metric_cases():
    ties = [[1, 0], [0, 1], [1, 0], [0, 1], [1, 0], [0, 0], [0, 1]]
    data = [(rng.normal(size=(60, 3)).round(3).tolist(), rng.integers(0, 7, 60).tolist()), (ties, [0, 1, 1, 0, 0, 2, 2]),
            (rng.normal(size=(40, 5)).round(3).tolist(), [0] * 20 + [1] * 19 + [2]), ([[1, 2], [3, 4]], [0, 1]), ([[1, 2], [3, 4]], [1, 1])]
    for e, y in data:
        for distance in ["cosine", "euclidean"]:
            for name, k in [("recall_at_k", 1), ("recall_at_k", 5), ("recall_at_k", 1000), ("precision_at_1", 1), ("r_precision", 1), ("map_at_r", 1)]:
                par = f"distance={distance}" + (f" k={k}" if name == "recall_at_k" else "")
                yield {"name": name, "set": par, "z": e, "y": y, "value": retrieval(name, e, y, distance, k)}


if __name__ == "__main__":
    with open("tests/golden/metric_learning.json", "w") as f:
        json.dump({"losses": list(loss_cases()), "metrics": list(metric_cases())}, f)
        f.write("\n")
    cases = [{"kind": "embedding", "loss": "triplet", "set": c["set"], "z": c["z"], "y": c["y"], "value": c["value"], "grad": c["gradient"]}
             for c in loss_cases() if c["miner"] == "all" and max(c["y"]) < len(c["z"][0])]
    with open("tests/golden/losses_triplet.json", "w") as f:
        json.dump({"made_by": "tests/reference/metric_learning.py", "cases": cases}, f)
        f.write("\n")
