#!/usr/bin/python3
"""Writes tests/golden/losses_taught_features.json: the losses between a student's features and a teacher's, from definitions, in PyTorch's
tensors and with its derivatives. Run it from the project's root; needs torch."""
import json
import random

import torch
import torch.nn.functional as F

OUT = "tests/golden/losses_taught_features.json"
torch.set_default_dtype(torch.float64)


def hint(u, t, case):
    return F.mse_loss(u, t)


def nd(u, t, case):
    total = 0
    for i, y in enumerate(case["y"]):
        mean = torch.stack([t[j] for j, other in enumerate(case["y"]) if other == y]).mean(0)
        longer = torch.maximum(u[i].norm(), t[i].norm())
        total = total + 1 - (u[i] * F.normalize(mean, dim=0)).sum() / longer
    return total / len(u)


def aux_bce(u, t, case, targets="probabilities"):
    return F.binary_cross_entropy_with_logits(u, torch.sigmoid(t) if targets == "scores" else t)


def crd(u, t, case, tau=0.1, n_data=0):
    n = len(u)
    x = F.cosine_similarity(u[:, None], t[None], dim=2) / tau
    noise = (n - 1) / (n_data or n)
    h = torch.exp(x) / (torch.exp(x) + noise)
    own = torch.eye(n, dtype=torch.bool)
    return -2 / n * (torch.log(h[own]).sum() + torch.log(1 - h[~own]).sum()) if n > 1 else 0 * u.sum()


def relative(x):
    d = torch.stack([torch.stack([(a - b).norm() if i != j else torch.zeros(()) for j, b in enumerate(x)]) for i, a in enumerate(x)])
    return d / d[d > 0].mean()


def cosines(x):
    rows = []
    for i, corner in enumerate(x):
        way = torch.stack([F.normalize(other - corner, dim=0) if j != i else torch.zeros_like(corner) for j, other in enumerate(x)])
        rows.append(way @ way.T)
    return torch.stack(rows)


def rkd(u, t, case, distance=25.0, angle=50.0):
    if len(u) == 1:
        return 0 * u.sum()
    return distance * F.smooth_l1_loss(relative(u), relative(t)) + angle * F.smooth_l1_loss(cosines(u), cosines(t))


def similarity_preserving(u, t, case):
    s, g = F.normalize(u @ u.T, dim=1), F.normalize(t @ t.T, dim=1)
    return ((s - g) ** 2).mean()


MAPPED = {hint: ["", "map=always"], nd: ["", "map=always"], aux_bce: ["", "targets=scores"], crd: ["", "tau=0.5 n_data=1000", "map=always tau=1"]}
LOSSES = [*MAPPED.items(), (rkd, ["", "distance=0 angle=2", "distance=1 angle=0"]), (similarity_preserving, [""])]
SHAPES = [(1, 2, 3, 3), (4, 2, 3, 3), (6, 3, 2, 4), (5, 2, 4, 2)]  # rows, scores, features of the student, of the teacher


def parameters(setting):
    pairs = [p.split("=") for p in setting.split()]
    return {k: v if k in ("targets", "map") else float(v) for k, v in pairs}


def matrix(rng, rows, columns, scale=1.0):
    return [[round(scale * rng.gauss(0, 1), 3) for _ in range(columns)] for _ in range(rows)]


def make_case(loss, setting, shape, rng):
    b, c, n, d = shape
    par = parameters(setting)
    learned = loss is aux_bce or (loss in MAPPED and (par.pop("map", "") == "always" or n != d))
    case = {"kind": "distillation", "loss": loss.__name__, "set": setting, "z": matrix(rng, b, c), "y": [rng.randrange(c) for _ in range(b)],
            "h": matrix(rng, b, n), "guide": matrix(rng, b, d)}
    if loss is aux_bce and "targets" not in par:
        case["guide"] = [[round(rng.random(), 3) for _ in range(d)] for _ in range(b)]
    h, t = torch.tensor(case["h"], requires_grad=True), torch.tensor(case["guide"])
    u, leaves = h, [h]
    if learned:
        case["map_weights"] = [sum(matrix(rng, d, n + 1), [])]
        w = torch.tensor(case["map_weights"]).requires_grad_()
        leaves.append(w)
        u = F.linear(h, w.view(d, n + 1)[:, :n], w.view(d, n + 1)[:, n])
    value = loss(u, t, case, **par)
    grads = torch.autograd.grad(value, leaves)
    case |= {"value": value.item(), "grad": [[0.0] * c for _ in range(b)], "grad_h": grads[0].tolist(), "source": "torch " + torch.__version__}
    if learned:
        case["grad_map_weights"] = grads[1].tolist()
    return case


if __name__ == "__main__":
    rng = random.Random(20261130)
    cases = [make_case(loss, setting, shape, rng) for loss, settings in LOSSES for setting in settings for shape in SHAPES]
    with open(OUT, "w", encoding="ascii") as out:
        out.write('{"made_by": "tests/reference/losses_taught_features.py",\n "cases": [\n')
        out.write(",\n".join("  " + json.dumps(case) for case in cases))
        out.write("\n ]}\n")
    print(f"{OUT}: {len(cases)} cases")
