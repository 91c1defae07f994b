#!/usr/bin/python3
"""Writes tests/golden/lda.json: scores of linear discriminant analysis by scikit-learn. Run it from the project's root; needs numpy and
sklearn. tests/unit/core/engine/fit/test_gaussian_classes.c compares."""
import json

import numpy as np
import sklearn
from sklearn.covariance import ledoit_wolf
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

OUT = "tests/golden/lda.json"
TEST = 40


def by_pooled_ledoit_wolf(x, y, at):
    """scikit-learn shrinks the covariance of each class by its own amount; here by one amount of all rows less their class's mean."""
    means = np.stack([x[y == k].mean(0) for k in range(y.max() + 1)])
    inverse = np.linalg.inv(ledoit_wolf(x - means[y], assume_centered=True)[0])
    scores = at @ inverse @ means.T + np.log(np.bincount(y) / len(y)) - np.einsum("kj,jl,kl->k", means, inverse, means) / 2
    return scores if y.max() > 1 else scores[:, 1] - scores[:, 0]


def case(rng, n, d, classes):
    y = np.concatenate([np.arange(classes), rng.integers(0, classes, n - classes)])
    mix = rng.normal(size=(d, d))
    x = np.round(rng.normal(size=(n + TEST, d)) @ mix + 2 * rng.normal(size=(classes, d))[np.concatenate([y, np.zeros(TEST, int)])], 6)
    out = {"n": n, "d": d, "classes": classes, "x": x.ravel().tolist(), "y": y.tolist()}
    train, at = x[:n], x[n:]
    out["empirical"] = LinearDiscriminantAnalysis(solver="lsqr").fit(train, y).decision_function(at).ravel().tolist()
    out["shrunk"] = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.2).fit(train, y).decision_function(at).ravel().tolist()
    out["ledoit_wolf"] = by_pooled_ledoit_wolf(train, y, at).ravel().tolist()
    return out


def main():
    rng = np.random.default_rng(11)
    cases = [case(rng, 60, 4, 3), case(rng, 50, 3, 2), case(rng, 40, 12, 5)]
    with open(OUT, "w", encoding="ascii") as out:
        json.dump({"made_by": "tests/reference/lda.py", "sklearn": sklearn.__version__, "cases": cases}, out)
        out.write("\n")


if __name__ == "__main__":
    main()
