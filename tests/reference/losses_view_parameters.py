#!/usr/bin/env python3
"""Writes tests/golden/losses_view_parameters.json: values and gradients of losses of two views that own parameters (predictors, a scale and a bias, prototypes), by
their definitions in torch, gradients by automatic differentiation in float64. What a loss holds fixed is detached. Run from the project's root; needs torch and NumPy;
the seed is fixed."""
import json
import math

import numpy as np
import torch

from losses_views import E, V, Y, cosines, mean, softplus, text, unit

rng = np.random.default_rng(3107)
W = [[.9, .1, .2], [-.2, .8, .1], [-.3, -.6, .7]]


def prediction(z, w, h):
    """A perceptron of one hidden layer; with no hidden units the row itself."""
    c = z.shape[1]
    if not h:
        return z
    w1, b1, w2, b2 = torch.split(w, [h * c, h, h * c, c])
    return torch.nn.functional.linear(torch.relu(torch.nn.functional.linear(z, w1.view(h, c), b1)), w2.view(c, h), b2)


def simsiam(z, y, w, predictor=0, directions="one"):
    ways = [(0, 1), (1, 0)][: 2 if directions == "both" else 1]
    return mean(-torch.nn.functional.cosine_similarity(prediction(z[a], w, predictor), z[b].detach()).mean() for a, b in ways)


def byol(z, y, w, predictor=0, directions="one"):
    ways = [(0, 1), (1, 0)][: 2 if directions == "both" else 1]
    return mean(((unit(prediction(z[a], w, predictor)) - unit(z[b].detach())) ** 2).sum(1).mean() for a, b in ways)


def siglip(z, y, w, learn="both"):
    s, b = cosines(z[0], z[1]) * w[0].exp() + w[1], len(z[0])
    return sum(softplus(-(1 if i == j else -1) * s[i, j]) for i in range(b) for j in range(b)) / b


def sinkhorn(s, eps, iters):
    q = torch.exp((s - s.max()) / eps).T
    q = q / q.sum()
    k, b = q.shape
    for _ in range(iters):
        q = q / q.sum(1, keepdim=True) / k
        q = q / q.sum(0, keepdim=True) / b
    return (q * b).T


def swav(z, y, w, prototypes=16, tau=0.1, eps=0.05, iters=3):
    s = [cosines(v, w.view(prototypes, -1)) for v in z]
    q = [sinkhorn(a.detach(), eps, iters) for a in s]
    return -mean((q[1 - k] * torch.log_softmax(s[k] / tau, 1)).sum(1).mean() for k in range(2))


def instance_softmax(z, y, w, scale=64, normalize=True):
    turn = unit if normalize else (lambda v: v)
    logits = [scale * turn(v) @ turn(w).T for v in z]
    return mean(torch.nn.functional.cross_entropy(a, torch.tensor(y)) for a in logits)


def drawn(*shape):
    return rng.normal(size=shape).round(3).tolist()


def params_of(loss, par, c):
    if loss in (simsiam, byol):
        h = par.get("predictor", 0)
        return drawn(2 * h * c + h + c) if h else []
    if loss is siglip:
        return [math.log(10), -10.0] if c == 3 else [0.3, -0.7]
    if loss is swav:
        return sum(W, []) if c == 3 else drawn(par["prototypes"] * c)
    return W if c == 3 else drawn(3, c)


NAMES = {simsiam: "predictor", byol: "predictor", siglip: "scale_and_bias", swav: "codebook", instance_softmax: "prototypes"}
SETTINGS = [
    (simsiam, [{"directions": "both"}, {"predictor": 2}, {"predictor": 5, "directions": "both"}]),
    (byol, [{"directions": "both"}, {"predictor": 3}, {"predictor": 4, "directions": "both"}]),
    (siglip, [{"learn": "both"}]),
    (swav, [{"prototypes": 3}, {"prototypes": 3, "tau": 0.5, "eps": 0.2, "iters": 10}]),
    (instance_softmax, [{}, {"scale": 2, "normalize": False}]),
]
KNOWN = {"siglip learn=both": 1.11925470523, "swav prototypes=3": 0.00229762460395, "instance_softmax": 18.6925408604}


def case(loss, par, views, y):
    z = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in views]
    own = params_of(loss, par, len(views[0][0]))
    w = torch.tensor(own, dtype=torch.float64, requires_grad=True)
    value = loss(z, y, w, **par)
    value.backward()
    name = NAMES[loss]
    found = {"kind": "embedding", "loss": loss.__name__, "set": text(par), "views": 2, "z": sum(views, []), "y": y, "value": float(value.detach()),
             "grad": [r for v in z for r in (v.grad if v.grad is not None else torch.zeros_like(v)).tolist()], "source": "torch, by the definition"}
    if own:
        rows = own if isinstance(own[0], list) else [own]
        found |= {name: rows, "grad_" + name: w.grad.view(len(rows), -1).tolist()}
    return found


def cases():
    for loss, settings in SETTINGS:
        for par in settings:
            one = case(loss, par, [E, V], Y)
            known = KNOWN.get(f"{loss.__name__} {text(par)}".strip())
            assert known is None or abs(one["value"] - known) <= 2e-10 * abs(known) + 1e-11, (loss.__name__, one["value"], known)
            yield one
            yield case(loss, par, [drawn(5, 4), drawn(5, 4)], [0, 1, 2, 0, 1])


if __name__ == "__main__":
    with open("tests/golden/losses_view_parameters.json", "w") as f:
        json.dump({"made_by": "tests/reference/losses_view_parameters.py", "cases": list(cases())}, f)
        f.write("\n")
