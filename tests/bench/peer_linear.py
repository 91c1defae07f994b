#!/usr/bin/env python3
"""Optima of logistic regression by scikit-learn's lbfgs or by liblinear -s 0; prints one JSON line.

    peer_linear.py sklearn|liblinear IMAGES LABELS --decay L --target J

The objective is mean loss + L/2 |w|^2 on pixels / 255; biases are free for scikit-learn and decay with the weights for liblinear (-B 1).
seconds: of the solver alone, until its objective is at most J: for scikit-learn the first evaluation that is; for liblinear the run
with the loosest stopping value (-e, a grid of factors of 10) that ends there.
"""
import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
import workloads as w


class Reached(Exception):
    pass


def data(images, labels):
    shape, pixels = w.read_idx(Path(images))
    _, y = w.read_idx(Path(labels))
    return np.frombuffer(pixels, np.uint8).reshape(shape[0], -1) / 255.0, np.frombuffer(y, np.uint8).astype(int)


def by_sklearn(x, y, decay, target):
    from sklearn.linear_model import LogisticRegression, _logistic
    minimize = _logistic.optimize.minimize
    found = {"evaluations": 0}

    def watched(f, *args, **more):
        start = time.perf_counter()

        def g(*inner):
            value = f(*inner)
            found["evaluations"] += 1
            found["objective"] = float(value[0]) / len(x)
            found["seconds"] = time.perf_counter() - start
            if found["objective"] <= target:
                raise Reached
            return value
        return minimize(g, *args, **more)

    _logistic.optimize.minimize = watched
    try:
        LogisticRegression(multi_class="multinomial", solver="lbfgs", C=1 / (decay * len(x)), tol=1e-10, max_iter=20000).fit(x, y)
    except Reached:
        return found
    raise SystemExit(f"peer_linear.py: scikit-learn stopped at {found['objective']!r}, above {target!r}")


def by_liblinear(x, y, decay, target):
    import liblinear
    import liblinearutil
    sign = np.where(y == y.max(), 1, -1)
    rows = [{int(j) + 1: float(r[j]) for j in np.flatnonzero(r)} for r in x]  # its own reading of matrices asks for an older scipy
    problem = liblinear.problem(sign.tolist(), rows, 1)
    for epsilon in (f"{first}e-{digits}" for digits in range(1, 13) for first in (5, 2, 1)):
        start = time.perf_counter()
        model = liblinearutil.train(problem, liblinear.parameter(f"-s 0 -c {1 / (decay * len(x)):.17g} -B 1 -e {epsilon} -q"))
        seconds = time.perf_counter() - start
        weights, bias = model.get_decfun()
        weights = np.array(weights)                     # of the score of label 1
        scores = (x @ weights + bias) * sign
        objective = float(np.logaddexp(0, -scores).mean() + decay / 2 * (weights @ weights + bias * bias))
        if objective <= target:
            return {"seconds": seconds, "objective": objective, "epsilon": float(epsilon)}
    raise SystemExit(f"peer_linear.py: liblinear stopped at {objective!r}, above {target!r}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("solver", choices=["sklearn", "liblinear"])
    parser.add_argument("images")
    parser.add_argument("labels")
    parser.add_argument("--decay", type=float, required=True)
    parser.add_argument("--target", type=float, required=True)
    a = parser.parse_args()
    x, y = data(a.images, a.labels)
    print(json.dumps((by_sklearn if a.solver == "sklearn" else by_liblinear)(x, y, a.decay, a.target)))


if __name__ == "__main__":
    sys.exit(main())
