#!/usr/bin/env python3
"""Logistic regression without bias on the first rows of an svmlight file by scikit-learn's SGDClassifier or by liblinear; prints one JSON
line.

    peer_sparse.py sgd FILE --rows N --epochs E --rate R
    peer_sparse.py liblinear-0|liblinear-7 FILE --rows N --decay L --target J

sgd: processor time of fit() with a constant rate a row, and the accuracy on the other rows. liblinear -s 0 (trust region, primal) and -s 7
(coordinate descent, dual): mean loss + L/2 |w|^2; seconds of the solver alone with the loosest stopping value (-e, 1, 2, 5 times powers of
10) that ends at an objective of at most J.
"""
import argparse
import ctypes
import json
import sys
import time

import numpy as np


def by_sgd(x, y, rows, epochs, rate):
    from sklearn.linear_model import SGDClassifier
    model = SGDClassifier(loss="log_loss", penalty=None, learning_rate="constant", eta0=rate, fit_intercept=False, max_iter=epochs, tol=None,
                          random_state=1)
    start = time.process_time()
    model.fit(x[:rows], y[:rows])
    return {"seconds": time.process_time() - start, "accuracy": float(model.score(x[rows:], y[rows:]))}


def problem_of(liblinear, x, y):
    """As liblinear's own reading makes it, straight from the compressed rows: their entries, each row closed by index -1."""
    n = x.shape[0]
    kind = np.dtype({"names": ["index", "value"], "formats": ["i4", "f8"], "offsets": [0, 8], "itemsize": ctypes.sizeof(liblinear.feature_node)})
    node = np.zeros(x.nnz + n, kind)
    place = np.arange(x.nnz) + np.repeat(np.arange(n), np.diff(x.indptr))
    node["index"] = -1
    node["index"][place] = x.indices + 1
    node["value"][place] = x.data
    first = x.indptr[:-1].astype(np.int64) + np.arange(n)
    pointer = ctypes.POINTER(liblinear.feature_node)
    rows = (pointer * n)(*(ctypes.cast(node.ctypes.data + int(at) * kind.itemsize, pointer) for at in first))
    problem = liblinear.problem.__new__(liblinear.problem)
    ctypes.Structure.__init__(problem)
    problem.labels = np.ascontiguousarray(y, np.float64)
    problem.kept = node, rows
    problem.l, problem.n, problem.bias = n, x.shape[1], -1
    problem.y = problem.labels.ctypes.data_as(ctypes.POINTER(ctypes.c_double))
    problem.x = ctypes.cast(rows, type(problem.x))
    return problem


def by_liblinear(x, y, solver, decay, target):
    import liblinear
    problem, parameter = problem_of(liblinear, x, y), None
    for epsilon in (f"{first}e-{digits}" for digits in range(1, 13) for first in (5, 2, 1)):
        parameter = liblinear.parameter(f"-s {solver} -c {1 / (decay * len(y)):.17g} -e {epsilon} -q")
        liblinear.liblinear.set_print_string_function(parameter.print_func)
        start = time.process_time()
        model = liblinear.liblinear.train(problem, parameter)
        seconds = time.process_time() - start
        weights = np.array(model.contents.w[:x.shape[1]]) * model.contents.label[0]
        objective = float(np.logaddexp(0, -(x @ weights) * y).mean() + decay / 2 * (weights @ weights))
        if objective <= target:
            return {"seconds": seconds, "objective": objective, "epsilon": float(epsilon)}
    raise SystemExit(f"peer_sparse.py: liblinear stopped at {objective!r}, above {target!r}")


def main():
    from sklearn.datasets import load_svmlight_file
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("solver", choices=["sgd", "liblinear-0", "liblinear-7"])
    parser.add_argument("file")
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--decay", type=float)
    parser.add_argument("--target", type=float)
    a = parser.parse_args()
    x, y = load_svmlight_file(a.file, dtype=np.float32 if a.solver == "sgd" else np.float64)
    if a.solver == "sgd":
        print(json.dumps(by_sgd(x, y, a.rows, a.epochs, a.rate)))
    else:
        print(json.dumps(by_liblinear(x[:a.rows], y[:a.rows], a.solver[-1], a.decay, a.target)))


if __name__ == "__main__":
    sys.exit(main())
