#!/usr/bin/env python3
"""Writes tests/golden/metrics_embeddings.json: metrics of embeddings by their definitions with loops over rows, and by scikit-learn (NMI, AMI,
k-means, nearest neighbours, ROC curves) and numpy. Run it from the project's root; the seed is fixed. Needs numpy, scipy and scikit-learn."""
import json

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_mutual_info_score, normalized_mutual_info_score, roc_curve
from sklearn.neighbors import KNeighborsClassifier

rng = np.random.default_rng(1919)


def unit(e):
    e = np.asarray(e, dtype=float)
    length = np.sqrt((e * e).sum(axis=1, keepdims=True))
    return np.divide(e, length, out=np.zeros_like(e), where=length > 0)


def ranked(e, distance, q):
    far = -(unit(e) @ unit(e)[q]) if distance == "cosine" else ((np.asarray(e, dtype=float) - e[q]) ** 2).sum(axis=1)
    return sorted((k for k in range(len(e)) if k != q), key=lambda k: (round(far[k], 12), k)), far


def reciprocal_rank(e, y, distance="cosine"):
    found = []
    for q in range(len(y)):
        order, _ = ranked(e, distance, q)
        hits = [place for place, i in enumerate(order) if y[i] == y[q]]
        if hits:
            found.append(1 / (1 + hits[0]))
    return float(np.mean(found)) if found else None


def knn_accuracy(e, y, distance="cosine", k=5, temperature=0):
    if len(y) < 2:
        return None
    right = 0
    for q in range(len(y)):
        order, far = ranked(e, distance, q)
        votes = np.zeros(max(y) + 1)
        for i in order[:k]:
            votes[y[i]] += np.exp(-far[i] / temperature) if temperature else 1
        right += int(np.argmax(votes)) == y[q]
    if not temperature and distance == "euclidean" and len(set(map(tuple, e))) == len(e) and k < len(y):
        others = [KNeighborsClassifier(k).fit(np.delete(e, q, 0), np.delete(y, q)).predict([e[q]])[0] == y[q] for q in range(len(y))]
        assert right == sum(others), (right, sum(others))
    return right / len(y)


def clusters(e, y, distance="cosine", starts=10):
    x = unit(e) if distance == "cosine" else np.asarray(e, dtype=float)
    return KMeans(len(set(y)), n_init=50, random_state=0).fit_predict(x)


def nmi(e, y, **options):
    return float(normalized_mutual_info_score(y, clusters(e, y, **options)))


def ami(e, y, **options):
    return float(adjusted_mutual_info_score(y, clusters(e, y, **options)))


def pairs(e, y, distance):
    x = unit(e) if distance == "cosine" else np.asarray(e, dtype=float)
    found = [(float(x[i] @ x[j] if distance == "cosine" else -((x[i] - x[j]) ** 2).sum()), y[i] == y[j]) for i in range(len(y)) for j in range(i)]
    return np.array([v for v, _ in found]), np.array([s for _, s in found])


def rates(e, y, distance):
    score, same = pairs(e, y, distance)
    if not same.any() or same.all():
        return None
    score = np.round(score, 12)
    far, tar, _ = roc_curve(same, score, drop_intermediate=False)
    return far, tar


def tar_at_far(e, y, distance="cosine", far=0.01, rows=2000):
    found = rates(e, y, distance)
    return float(max(t for f, t in zip(*found) if f <= far)) if found else None


def pair_eer(e, y, distance="cosine", rows=2000):
    found = rates(e, y, distance)
    if not found:
        return None
    gap = found[0] - (1 - found[1])
    k = int(np.argmax(gap >= 0))
    share = gap[k - 1] / (gap[k - 1] - gap[k])
    return float(found[0][k - 1] + share * (found[0][k] - found[0][k - 1]))


def opis(e, y, low=0.01, high=0.1, rows=2000):
    u, y = unit(e), np.array(y)
    d = np.sqrt(((u[:, None] - u[None]) ** 2).sum(axis=2))
    i, j = np.triu_indices(len(y), 1)
    other = d[i, j][y[i] != y[j]]
    if not len(other):
        return None
    steps = np.linspace(*np.quantile(other, [low, high]), 101)
    table = []
    for c in sorted(set(y.tolist())):
        within = d[i, j][(y[i] == c) & (y[j] == c)]
        across = d[i, j][(y[i] == c) != (y[j] == c)]
        if len(within):
            a, b = np.array([(within <= t).mean() for t in steps]), np.array([(across > t).mean() for t in steps])
            table.append(np.divide(2 * a * b, a + b, out=np.zeros_like(a), where=a + b > 0))
    return float(((np.array(table) - np.mean(table, axis=0)) ** 2).mean()) if table else None


def uniformity(e, y, t=2):
    u = unit(e)
    i, j = np.triu_indices(len(y), 1)
    return float(np.log(np.exp(-t * ((u[i] - u[j]) ** 2).sum(axis=1)).mean())) if len(y) > 1 else None


def alignment(e, y, alpha=2):
    u, n = unit(e), len(y)
    far = [float(np.linalg.norm(u[i] - u[j])) ** alpha for i in range(n) for j in range(i) if y[i] == y[j]]
    return sum(far) / len(far) if far else None


def tolerance(e, y):
    u, n = unit(e), len(y)
    return sum(float(u[i] @ u[j]) for i in range(n) for j in range(n) if i != j and y[i] == y[j]) / (n * (n - 1)) if n > 1 else None


def effective_rank(e, y, centre=False):
    x = np.asarray(e, dtype=float)
    s = np.linalg.svd(x - x.mean(axis=0) if centre else x, compute_uv=False)
    s = s[s > 1e-7 * s.max()] if s.max() > 0 else s
    p = s / s.sum() if s.sum() > 0 else s
    return float(np.exp(-(p[p > 0] * np.log(p[p > 0])).sum())) if s.sum() > 0 else 0.0


def utilisation(e, y, threshold=0.01):
    s = np.asarray(e, dtype=float).std(axis=0)
    return float((s > threshold * s.max()).mean())


def text(options):
    return " ".join(f"{k}={str(v).lower() if isinstance(v, bool) else v}" for k, v in options.items())


# Three clusters far from each other; labels agree with them but for some rows.
CENTERS = np.array([[9, 0, 0], [0, 9, 0], [0, 0, 9]])
NEAR = [int(v) for v in np.repeat([0, 1, 2], 12)]
BLOBS = (CENTERS[NEAR] + rng.normal(size=(36, 3)) * 0.4).round(3).tolist()
MIXED = [v if i % 5 else (v + 1) % 3 for i, v in enumerate(NEAR)]
WIDE = (rng.normal(size=(60, 4)) + 0.9 * np.eye(4)[rng.integers(0, 4, 60)]).round(3).tolist()
FLAT = np.hstack([rng.normal(size=(30, 2)), np.full((30, 1), 0.25), 1e-3 * rng.normal(size=(30, 1))]).round(4).tolist()
SMALL = [[1, 0], [0, 1], [1, 0], [0, 1], [1, 0], [0, 0], [0, 1]]

DATA = {"blobs": (BLOBS, NEAR), "mixed": (BLOBS, MIXED), "wide": (WIDE, rng.integers(0, 5, 60).tolist()), "flat": (FLAT, [0] * 20 + [1] * 10),
        "ties": (SMALL, [0, 1, 1, 0, 0, 2, 2]), "one class": (SMALL, [0] * 7), "each its own": (BLOBS[:4], [0, 1, 2, 3]), "rows of few": (np.eye(3).tolist(), [0, 0, 1])}
CASES = [
    (reciprocal_rank, ["blobs", "mixed", "wide", "ties", "one class", "each its own"], [{}, {"distance": "euclidean"}]),
    (knn_accuracy, ["blobs", "mixed", "wide", "ties", "each its own"], [{}, {"distance": "euclidean", "k": 3}, {"k": 20, "temperature": 0.07}, {"k": 100}]),
    (nmi, ["blobs", "mixed", "one class"], [{}, {"distance": "euclidean", "starts": 3}]), (ami, ["blobs", "mixed", "one class"], [{}, {"distance": "euclidean", "starts": 3}]),
    (tar_at_far, ["blobs", "mixed", "wide", "ties", "one class", "each its own"], [{}, {"distance": "euclidean", "far": 0.1}, {"far": 0}]),
    (pair_eer, ["blobs", "mixed", "wide", "ties", "one class", "each its own"], [{}, {"distance": "euclidean"}]),
    (opis, ["blobs", "mixed", "wide", "one class", "each its own"], [{}, {"low": 0, "high": 0.5}]),
    (uniformity, ["blobs", "wide", "flat", "ties"], [{}, {"t": 0.5}]), (tolerance, ["blobs", "mixed", "wide", "ties", "one class"], [{}]),
    (effective_rank, ["blobs", "wide", "flat", "rows of few"], [{}, {"centre": True}]), (utilisation, ["blobs", "flat", "ties"], [{}, {"threshold": 0.0001}]),
    (alignment, ["blobs", "mixed", "wide", "ties", "one class", "each its own"], [{}, {"alpha": 1}]),
]


def main():
    cases = [{"name": metric.__name__, "set": text(options), "z": DATA[data][0], "y": DATA[data][1], "value": metric(*DATA[data], **options)}
             for metric, names, settings in CASES for data in names for options in settings]
    with open("tests/golden/metrics_embeddings.json", "w", encoding="utf-8") as f:
        json.dump({"made_by": "tests/reference/metrics_embeddings.py", "metrics": cases}, f)
        f.write("\n")


if __name__ == "__main__":
    main()
