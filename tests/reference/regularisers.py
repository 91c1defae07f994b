#!/usr/bin/python3
"""Writes tests/golden/regularisers.json: values and gradients of the regularisers of PyTorch's functions by its automatic differentiation, the
envelope of wgsef by SciPy. Run it from the project's root; needs torch, numpy and scipy. tests/unit/core/training/test_regulariser.c compares."""
import json
import random

import numpy as np
import torch
from scipy.optimize import minimize

OUT = "tests/golden/regularisers.json"


def moments(w):
    d = w - w.mean()
    return d, w.std(unbiased=True)


def kurtosis(w, target=1.8):
    d, sd = moments(w)
    return ((d / sd) ** 4).mean().sub(target) ** 2


def skewness(w):
    d, sd = moments(w)
    return ((d / sd) ** 3).mean() ** 2


def lengths(w, rows):
    return (w if rows else w.t()).norm(dim=1)


def group_lasso(w, rows, size_weight):
    groups = lengths(w, rows)
    return groups.sum() * (np.sqrt(w.shape[1] if rows else w.shape[0]) if size_weight else 1)


def orthogonality(w):
    return (w @ w.t() - torch.eye(w.shape[0])).pow(2).sum()


# our name, our parameters, the function
MATRICES = [
    ("l1", "", lambda w: w.abs().sum()),
    ("l2", "", lambda w: w.pow(2).sum() / 2),
    ("elastic_net", "ratio=0.3", lambda w: 0.3 * w.abs().sum() + 0.35 * w.pow(2).sum()),
    ("group_lasso", "", lambda w: group_lasso(w, False, True)),
    ("group_lasso", "groups=rows size_weight=false", lambda w: group_lasso(w, True, False)),
    ("kurtosis", "", kurtosis),
    ("kurtosis", "target=3", lambda w: kurtosis(w, 3)),
    ("skewness", "", skewness),
    ("spectral_norm", "rounds=1000", lambda w: torch.linalg.matrix_norm(w, 2) ** 2),
    ("spectral_norm", "rounds=1000 power=1", lambda w: torch.linalg.matrix_norm(w, 2)),
    ("spectral_norm", "rounds=1000 power=3.5", lambda w: torch.linalg.matrix_norm(w, 2) ** 3.5),
    ("orthogonality", "", orthogonality),
    ("orthogonality", "side=columns", lambda w: orthogonality(w.t())),
]

LATER = [                                           # drawn after all others, so that these stay as they were
    ("biper_qe", "", lambda w: (0.5 - 0.5 * torch.cos(40 * w)).mean()),
    ("biper_qe", "omega=3.5", lambda w: (torch.sin(3.5 * w) ** 2).mean()),
]

# rows or columns, k, whether larger groups count more
ENVELOPES = [(False, 1, False), (True, 2, False), (True, 2, True), (False, 3, True)]


def matrix_case(name, setting, function, shape, rng):
    w = torch.tensor([[rng.gauss(0, 1) for _ in range(shape[1])] for _ in range(shape[0])], requires_grad=True)
    value = function(w)
    value.backward()
    return {"regulariser": name, "set": setting, "rows": shape[0], "w": w.flatten().tolist(), "value": value.item(), "gradient": w.grad.flatten().tolist()}


def envelope_case(rows, k, size_weight, shape, rng):
    """min over 0 <= u <= 1 that sum to k of sum d |w_j|^2 / (2 u_j), by a solver that knows nothing of its solution."""
    w = np.array([[rng.gauss(0, 1) for _ in range(shape[1])] for _ in range(shape[0])])
    groups = w if rows else w.T
    size, d = np.linalg.norm(groups, axis=1), float(groups.shape[1]) if size_weight else 1.0
    found = minimize(lambda u: (d * size ** 2 / (2 * u)).sum(), np.full(len(size), k / len(size)), bounds=[(1e-6, 1)] * len(size), method="SLSQP",
                     constraints=[{"type": "eq", "fun": lambda u: u.sum() - k}], options={"ftol": 1e-14, "maxiter": 1000})
    setting = "groups=%s k=%d%s" % ("rows" if rows else "columns", k, " size_weight=true" if size_weight else "")
    return {"regulariser": "wgsef", "set": setting, "rows": shape[0], "w": w.flatten().tolist(), "value": float(found.fun)}


def scores_case(direction, classes, rng):
    z = torch.tensor([rng.gauss(0, 2) for _ in range(classes)], requires_grad=True)
    p = torch.softmax(z, 0) if classes > 1 else torch.stack([torch.sigmoid(z[0]), torch.sigmoid(-z[0])])
    value = (p * p.log()).sum() * (1 if direction == "raise" else -1)
    value.backward()
    return {"regulariser": "entropy", "set": "direction=" + direction, "w": z.tolist(), "value": value.item(), "gradient": z.grad.tolist()}


def slope_case(activation, b, inputs, hidden, outputs, rng):
    """The mean squared slope of a(f(w x + bias)) by automatic differentiation, and its gradient."""
    draw = lambda *shape: torch.tensor([rng.gauss(0, 1) for _ in range(int(np.prod(shape)))]).reshape(shape)
    function = {"relu": torch.relu, "tanh": torch.tanh, "gelu": torch.nn.functional.gelu}[activation]
    x, w, bias, a = draw(b, inputs), draw(hidden, inputs), draw(hidden), draw(outputs, hidden)
    for t in (w, bias, a):
        t.requires_grad_()
    value = sum(torch.autograd.functional.jacobian(lambda v: a @ function(w @ v + bias), row, create_graph=True).pow(2).sum() for row in x) / b
    value.backward()
    h = (x @ w.t() + bias).detach().requires_grad_()
    first, = torch.autograd.grad(function(h).sum(), h, create_graph=True)
    second, = torch.autograd.grad(first.sum(), h) if activation != "relu" else (torch.zeros_like(h),)
    return {"activation": activation, "b": b, "in": inputs, "hidden": hidden, "out": outputs, "x": x.flatten().tolist(), "w": w.flatten().tolist(),
            "a": a.flatten().tolist(), "first": first.flatten().tolist(), "second": second.flatten().tolist(), "value": value.item(),
            "by_w": w.grad.flatten().tolist(), "by_bias": (bias.grad if bias.grad is not None else torch.zeros(hidden)).tolist(), "by_a": a.grad.flatten().tolist()}


def main():
    torch.set_default_dtype(torch.float64)
    rng = random.Random(20240612)
    cases = {
        "matrices": [matrix_case(*m, shape, rng) for m in MATRICES for shape in [(3, 4), (5, 2), (1, 6)]],
        "envelopes": [envelope_case(*e, shape, rng) for e in ENVELOPES for shape in [(4, 5), (6, 4)]],
        "scores": [scores_case(d, c, rng) for d in ("raise", "lower") for c in (1, 1, 2, 7)],
        "slopes": [slope_case(a, *sizes, rng) for a in ("relu", "tanh", "gelu") for sizes in [(3, 2, 4, 3), (5, 4, 2, 1)]],
    }
    cases["matrices"] += [matrix_case(*m, shape, rng) for m in LATER for shape in [(3, 4), (5, 2), (1, 6)]]
    with open(OUT, "w", encoding="ascii") as out:
        out.write('{"made_by": "tests/reference/regularisers.py", "torch": "%s"' % torch.__version__)
        for key, listed in cases.items():
            out.write(',\n "%s": [\n' % key + ",\n".join("  " + json.dumps(c) for c in listed) + "\n ]")
        out.write("}\n")


if __name__ == "__main__":
    main()
