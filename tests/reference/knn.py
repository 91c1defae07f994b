#!/usr/bin/python3
"""Writes tests/golden/knn.json: distances to the nearest training rows by scikit-learn. Run it from the project's root; needs numpy and sklearn.
tests/unit/core/engine/fit/test_training_rows.c compares."""
import json

import numpy as np
import sklearn
from sklearn.neighbors import NearestNeighbors

OUT = "tests/golden/knn.json"
TEST = 20


def case(rng, n, d, k):
    x = np.round(rng.normal(size=(n + TEST, d)) * 3 + 5, 6)
    x[n] = x[0]                                         # a test row that is a training row
    distance = NearestNeighbors(n_neighbors=k).fit(x[:n]).kneighbors(x[n:])[0]
    return {"n": n, "d": d, "k": k, "x": x.ravel().tolist(), "kth": distance[:, -1].tolist(), "mean": distance.mean(1).tolist()}


def main():
    rng = np.random.default_rng(5)
    cases = [case(rng, 30, 3, 1), case(rng, 50, 6, 5), case(rng, 12, 2, 12)]
    with open(OUT, "w", encoding="ascii") as out:
        json.dump({"made_by": "tests/reference/knn.py", "sklearn": sklearn.__version__, "cases": cases}, out)
        out.write("\n")


if __name__ == "__main__":
    main()
