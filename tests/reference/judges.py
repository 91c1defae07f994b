#!/usr/bin/env python3
"""Writes tests/golden/judges.json: what judges of embeddings say, by scikit-learn (NearestCentroid, KNeighborsClassifier, LogisticRegression) and,
for Mahalanobis, by numpy. Run it from the project's root; the seed is fixed. Needs numpy and scikit-learn."""
import json

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid

rng = np.random.default_rng(724)


def unit(x):
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def class_means(x, y, other, cosine):
    if not cosine:
        return NearestCentroid().fit(x, y).predict(other)
    names = sorted(set(y))
    means = unit(np.array([unit(x)[y == k].mean(axis=0) for k in names]))
    return np.array(names)[np.argmax(unit(other) @ means.T, axis=1)]


def knn(x, y, other, cosine, k=5):
    return KNeighborsClassifier(k, metric="cosine" if cosine else "euclidean", algorithm="brute").fit(x, y).predict(other)


def linear_probe(x, y, other, cosine, penalty=1e-4):
    if cosine:
        x, other = unit(x), unit(other)
    return LogisticRegression(C=1 / (len(y) * penalty), tol=1e-9, max_iter=100000).fit(x, y).predict(other)


def mahalanobis(x, y, other, cosine):
    if cosine:
        x, other = unit(x), unit(other)
    names = sorted(set(y))
    means = np.array([x[y == k].mean(axis=0) for k in names])
    away = x - means[np.searchsorted(names, y)]
    inverse = np.linalg.pinv(away.T @ away / len(y), rcond=1e-10, hermitian=True)
    far = [[(row - m) @ inverse @ (row - m) for m in means] for row in other]
    return np.array(names)[np.argmin(far, axis=1)]


def teen(x, y, other, cosine, alpha=0.5, tau=16, few=5):
    """Prototypes of classes with at most `few` rows, drawn to those of the others; by numpy."""
    if cosine:
        x = unit(x)
    names = sorted(set(y))
    means = unit(np.array([x[y == k].mean(axis=0) for k in names]))
    large = np.array([(y == k).sum() > few for k in names])
    moved = means.copy()
    for i in np.flatnonzero(~large) if large.any() else []:
        weight = np.exp(tau * (means[large] @ means[i]))
        moved[i] = (1 - alpha) * means[i] + alpha * unit((weight[:, None] * means[large]).sum(axis=0)[None])[0]
    return np.array(names)[np.argmax(unit(other) @ unit(moved).T, axis=1)]


JUDGES = ((class_means, [{}]), (knn, [{}, {"k": 1}, {"k": 12}]), (linear_probe, [{}, {"penalty": 0.05}]), (mahalanobis, [{}]))


def add(cases, judges, classes, x, y, other):
    for judge, settings in judges:
        for cosine in (True, False):
            for options in settings:
                text = f"space={'cosine' if cosine else 'euclidean'}" + "".join(f" {k}={v}" for k, v in options.items())
                said = judge(x, y, other, cosine, **options)
                cases.append({"judge": judge.__name__, "set": text, "classes": classes, "x": x.tolist(), "y": y.tolist(), "other": other.tolist(),
                              "said": said.tolist()})


def main():
    cases, drawn = [], []
    for d, classes, spread in ((2, 3, 1.0), (5, 4, 1.5), (4, 7, 1.2)):
        centers = rng.normal(size=(classes, d)) * 2
        y = rng.integers(0, classes, 80)
        y = np.where(y == 1, 0, y) if classes == 7 else y       # a class without training rows
        x = (centers[y] + spread * rng.normal(size=(80, d)) * np.linspace(0.5, 2, d)).round(4)
        other = (centers[rng.integers(0, classes, 60)] + spread * rng.normal(size=(60, d))).round(4)
        add(cases, JUDGES, classes, x, y, other)
        drawn.append((classes, x, y, other))
    for classes, x, y, other in drawn:
        add(cases, ((teen, [{"few": 11}, {"few": 16, "alpha": 0.9, "tau": 4}, {"few": 100}]),), classes, x, y, other)
    with open("tests/golden/judges.json", "w", encoding="utf-8") as f:
        json.dump({"made_by": "tests/reference/judges.py", "cases": cases}, f)
        f.write("\n")


if __name__ == "__main__":
    main()
