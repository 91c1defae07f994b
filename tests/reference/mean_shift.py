#!/usr/bin/python3
"""Writes tests/golden/mean_shift.json: rows after rounds of mean shift, by the nearest neighbours of scikit-learn. Run it from the project's
root; needs numpy and sklearn. tests/unit/core/training/test_mean_shift.c compares."""
import json

import numpy as np
import sklearn
from sklearn.neighbors import NearestNeighbors

OUT = "tests/golden/mean_shift.json"


def shifted(x, rounds, k):
    for _ in range(rounds):
        near = NearestNeighbors(n_neighbors=k).fit(x).kneighbors(return_distance=False)  # without the row itself
        x = x[near].mean(1)
    return x


def case(rng, n, d, rounds, k):
    x = np.round(rng.normal(size=(n, d)), 6)
    return {"n": n, "d": d, "rounds": rounds, "k": k, "x": x.ravel().tolist(), "want": shifted(x, rounds, k).ravel().tolist()}


def main():
    rng = np.random.default_rng(32)
    cases = [case(rng, 30, 2, 1, 1), case(rng, 25, 9, 1, 4), case(rng, 40, 3, 3, 5), case(rng, 12, 17, 2, 11)]
    with open(OUT, "w", encoding="ascii") as out:
        json.dump({"made_by": "tests/reference/mean_shift.py", "sklearn": sklearn.__version__, "cases": cases}, out)
        out.write("\n")


if __name__ == "__main__":
    main()
