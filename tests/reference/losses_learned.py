#!/usr/bin/python3
"""Writes tests/golden/losses_learned.json: barron_adaptive, whose shape and scale are trained, from its definition by mpmath with 50
digits, gradients by central differences with a step of 1e-12; and under "optima" the linear models that SciPy finds by the same
likelihood, for tests/cli/learned_parameters.sh. Run it from the project's root; needs mpmath, numpy and scipy."""
import json
import random

import mpmath
import numpy as np
from mpmath import mpf
from scipy import integrate, optimize

mpmath.mp.dps = 50
OUT = "tests/golden/losses_learned.json"
STEP = mpf(10) ** -12
MASS = {}


def rho(x, alpha):
    v, b = x ** 2, 2 - alpha
    if b == 0:
        return v / 2
    return mpmath.log(1 + v / 2) if alpha == 0 else b / alpha * ((v / b + 1) ** (alpha / 2) - 1)


def log_mass(alpha):
    """Of the integral of exp(-rho(x)), with x = sinh(u)."""
    if alpha not in MASS:
        def term(u):
            return mpmath.exp(-rho(mpmath.sinh(u), alpha)) * mpmath.cosh(u)
        MASS[alpha] = mpmath.log(2 * mpmath.quad(term, [0, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128]))
    return MASS[alpha]


def barron_adaptive(z, t, own, learn="both", alpha=1, c=1):
    total = mpf(0)
    for k in range(len(z[0])):
        left = list(own[k])
        shape = mpf("0.001") + mpf("1.998") / (1 + mpmath.exp(-left.pop(0))) if learn != "scale" else mpf(alpha)
        log_c = left.pop(0) if learn != "shape" else mpmath.log(mpf(c))
        total += sum(rho((p[k] - r[k]) / mpmath.exp(log_c), shape) + log_c + log_mass(shape) for p, r in zip(z, t))
    return total / (len(z) * len(z[0]))


def slopes(matrix, value):
    def at(i, k, h):
        moved = [list(row) for row in matrix]
        moved[i][k] += h
        return value(moved)
    return [[float((at(i, k, STEP) - at(i, k, -STEP)) / (2 * STEP)) for k in range(len(row))] for i, row in enumerate(matrix)]


def make_case(par, shape, scale, rng):
    b, targets = shape
    case = {"kind": "regression", "loss": "barron_adaptive", "set": " ".join(f"{k}={v}" for k, v in par.items()),
            "z": [[rng.gauss(0, scale) for _ in range(targets)] for _ in range(b)],
            "t": [[rng.gauss(0, 1) for _ in range(targets)] for _ in range(b)],
            "shape_and_scale": [[rng.gauss(0, 2) for _ in range(2 if par.get("learn", "both") == "both" else 1)] for _ in range(targets)]}
    z, t, own = ([[mpf(v) for v in row] for row in case[k]] for k in ("z", "t", "shape_and_scale"))
    case["value"] = float(barron_adaptive(z, t, own, **par))
    case["grad"] = slopes(z, lambda moved: barron_adaptive(moved, t, own, **par))
    case["grad_shape_and_scale"] = slopes(own, lambda moved: barron_adaptive(z, t, moved, **par))
    case["source"] = "mpmath"
    return case


SETTINGS = [{}, {"learn": "shape", "c": 0.4}, {"learn": "scale", "alpha": 0}, {"learn": "scale", "alpha": 2}, {"learn": "scale", "alpha": 1.3}]


# ---- optima of linear models ----

def table(seed, noise):
    """Two features, two targets with noise of their own."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(150, 2)).round(3)
    t = np.column_stack([1 + 2 * x[:, 0] - x[:, 1], 3 - x[:, 0] / 2]) + np.column_stack([f(rng, 150) for f in noise])
    return x, t.round(4)


def heavy(rng, n):
    return 0.3 * rng.standard_t(2, n)


def light(rng, n):
    return 1.5 * rng.laplace(size=n)


def double_rho(e, alpha):
    v, b = e * e, 2 - alpha
    return v / 2 if b == 0 else np.log1p(v / 2) if alpha == 0 else b / alpha * np.expm1(alpha / 2 * np.log1p(v / b))


def double_log_mass(alpha):
    def term(u):
        return np.exp(-double_rho(np.sinh(u), alpha)) * np.cosh(u)
    return np.log(2 * sum(integrate.quad(term, a, b, epsabs=0, epsrel=1e-13, limit=200)[0] for a, b in ((0, 1), (1, 3), (3, 8), (8, 40))))


def fit(x, t, learn, alpha):
    """The best parameters of one target by Nelder and Mead from least squares, then by BFGS: weights, bias, shape and log c."""
    a = np.column_stack([x, np.ones(len(x))])

    def value(p):
        shape = 0.001 + 1.998 / (1 + np.exp(-p[3])) if learn == "both" else alpha
        return np.mean(double_rho((a @ p[:3] - t) * np.exp(-p[-1]), shape)) + p[-1] + double_log_mass(shape)
    start = np.append(np.linalg.lstsq(a, t, rcond=None)[0], [0, 0] if learn == "both" else [0])
    p = optimize.minimize(value, start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-15, "maxiter": 20000, "maxfev": 20000}).x
    best = optimize.minimize(value, p, method="BFGS", options={"gtol": 1e-9})
    return best.x, best.fun


def optima():
    for seed, noise, learn, alpha in ((1, (heavy, light), "both", 1), (2, (light, heavy), "scale", 0.0), (3, (light, heavy), "scale", 2.0)):
        x, t = table(seed, noise)
        found = [fit(x, column, learn, alpha) for column in t.T]
        yield {"set": {"learn": learn, "alpha": alpha}, "x": x.tolist(), "t": t.tolist(), "objective": float(np.mean([f for _, f in found])),
               "weights": [p[:2].tolist() for p, _ in found], "biases": [float(p[2]) for p, _ in found], "own": [p[3:].tolist() for p, _ in found]}


if __name__ == "__main__":
    generator, cases = random.Random(20261129), []
    for setting in SETTINGS:
        for size, form in ((0.1, (3, 1)), (1, (2, 2)), (30, (3, 1))):
            cases.append(make_case(setting, form, size, generator))
    with open(OUT, "w", encoding="ascii") as out:
        out.write('{"made_by": "tests/reference/losses_learned.py",\n "cases": [\n')
        out.write(",\n".join("  " + json.dumps(case) for case in cases))
        out.write('\n ],\n "optima": [\n' + ",\n".join("  " + json.dumps(case) for case in optima()) + "\n ]}\n")
