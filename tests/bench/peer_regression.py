#!/usr/bin/env python3
"""Optima of regressions by scikit-learn; prints one JSON line.

    peer_regression.py prepare TABLE.csv[.gz] OUT.csv --label NAME --scale S --shift B [--rows N]
    peer_regression.py solve SOLVER OUT.csv --decay L [--target J]

prepare writes what both sides read, as numbers: each number less its mean by its standard deviation, one column a value of a text, and
last the label times S plus B. solve minimises mean loss + L/2 |w|^2, biases free (of LinearSVR with the weights), by scikit-learn's
SOLVER. With --target it tells `seconds`, processor time of the fastest fit with the loosest tolerance (a grid of factors of 10) whose objective
is at most J. Without, it fits with the tightest one and tells the `objective`, and for huber, whose scale is estimated with the weights,
the `delta` and the `decay` of the Huber loss whose optimum has the same weights.
"""
import argparse
import csv
import gzip
import json
import math
import time
import warnings

import numpy as np

EPSILON, TAU, EDGE = 0.1, 0.8, 1.35                     # of the tube, of the quantile, of HuberRegressor
FITS = 5                                                # of which the fastest counts
TOLERANCES = [f"1e-{digits}" for digits in range(1, 13)]


def prepare(source, out, label, scale, shift, rows):
    with (gzip.open if source.endswith(".gz") else open)(source, "rt") as f:
        table = list(csv.DictReader(f))[:rows or None]
    columns = []
    for name in table[0]:
        cells = [r[name] for r in table]
        if name == label:
            continue
        try:
            v = np.array(cells, float)
            columns += [(v - v.mean()) / v.std()] if v.std() > 0 else []
        except ValueError:
            columns += [np.array([c == level for c in cells], float) for level in sorted(set(cells))]
    y = np.array([r[label] for r in table], float) * scale + shift
    np.savetxt(out, np.column_stack([*columns, y]), delimiter=",", fmt="%.9g", comments="",
               header=",".join([f"x{i}" for i in range(len(columns))] + ["y"]))
    return {"rows": len(y), "features": len(columns)}


def huber(e, delta):
    return np.where(np.abs(e) <= delta, e * e / 2, delta * (np.abs(e) - delta / 2))


# Of each solver: the estimator for a decay, a number of rows and a tolerance; and the loss of score and label. LinearSVR decays its bias.
def estimators():
    from sklearn import linear_model, svm

    def glm(of, solver):
        return lambda decay, n, tol: of(alpha=decay, tol=tol, max_iter=100000, solver=solver)

    def tube(loss):
        return lambda decay, n, tol: svm.LinearSVR(epsilon=EPSILON, C=1 / (decay * n), loss=loss, tol=tol, max_iter=10000, random_state=0)

    def poisson(z, y):
        return np.exp(z) - y * z

    def gamma(z, y):
        return z + y * np.exp(-z)

    def outside(z, y):
        return np.maximum(np.abs(z - y) - EPSILON, 0)
    return {
        "poisson": (glm(linear_model.PoissonRegressor, "lbfgs"), poisson),
        "poisson_newton": (glm(linear_model.PoissonRegressor, "newton-cholesky"), poisson),
        "gamma": (glm(linear_model.GammaRegressor, "lbfgs"), gamma),
        "gamma_newton": (glm(linear_model.GammaRegressor, "newton-cholesky"), gamma),
        "huber": (lambda decay, n, tol: linear_model.HuberRegressor(epsilon=EDGE, alpha=decay * n, tol=tol, max_iter=100000), None),
        "svr": (tube("epsilon_insensitive"), outside),
        "sq_svr": (tube("squared_epsilon_insensitive"), lambda z, y: outside(z, y) ** 2),
        "quantile": (lambda decay, n, tol: linear_model.QuantileRegressor(quantile=TAU, alpha=0, solver="highs"),
                     lambda z, y: np.maximum(TAU * (y - z), (TAU - 1) * (y - z))),
    }


def fitted(make, decay, tol, x, y):
    """The estimator, and the processor time of its fit."""
    estimator = make(decay, len(y), tol)
    start = time.process_time()
    estimator.fit(x, y)
    return estimator, time.process_time() - start


def solve(solver, path, decay, target):
    warnings.filterwarnings("ignore")                   # of a solver that stops before the tolerance: its objective tells
    rows = np.loadtxt(path, delimiter=",", skiprows=1)
    x, y = rows[:, :-1], rows[:, -1]
    make, loss = estimators()[solver]
    scale = 1.0
    if solver == "huber":
        scale = float(fitted(make, decay, 1e-12, x, y)[0].scale_)

        def loss(z, y):
            return huber(z - y, EDGE * scale)

    def objective(m):
        w, bias = np.ravel(m.coef_), float(np.ravel(m.intercept_)[0])
        # HuberRegressor adds 2 loss / sigma of all rows and n decay |w|^2: of the mean loss the decay is decay sigma
        rate, square = (decay * scale if solver == "huber" else 0 if solver == "quantile" else decay), w @ w
        square += bias * bias if solver.endswith("svr") else 0
        return float(loss(x @ w + bias, y).mean() + rate / 2 * square)

    if target is None:
        m, seconds = fitted(make, decay, 1e-12, x, y)
        return {"objective": objective(m), "seconds": seconds, "delta": EDGE * scale, "decay": decay * scale if solver == "huber" else decay}
    for tolerance in TOLERANCES:
        m, seconds = fitted(make, decay, float(tolerance), x, y)
        if objective(m) <= target:
            seconds = min([seconds, *(fitted(make, decay, float(tolerance), x, y)[1] for _ in range(FITS - 1))])
            return {"seconds": seconds, "objective": objective(m), "tolerance": tolerance}
    return {"seconds": math.nan, "objective": objective(m)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["prepare", "solve"])
    parser.add_argument("first")
    parser.add_argument("second")
    parser.add_argument("--label")
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--shift", type=float, default=0)
    parser.add_argument("--rows", type=int, default=0)
    parser.add_argument("--decay", type=float)
    parser.add_argument("--target", type=float)
    a = parser.parse_args()
    print(json.dumps(prepare(a.first, a.second, a.label, a.scale, a.shift, a.rows) if a.what == "prepare" else
                     solve(a.first, a.second, a.decay, a.target)))


if __name__ == "__main__":
    main()
