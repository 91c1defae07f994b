#!/usr/bin/env python3
"""Writes tests/golden/losses_views.json: values and gradients of losses of two views, by their definitions with loops over rows, gradients by torch's
automatic differentiation in float64. What a loss holds fixed is detached. The values of the fixed rows E and V that are known from public programs and other
derivations stand in KNOWN and are compared first. Run from the project's root; needs torch and NumPy; the seed is fixed."""
import json
import math

import numpy as np
import torch

torch.set_default_dtype(torch.float64)
rng = np.random.default_rng(20219)

E = [[1, .2, -.5], [.8, -.1, .3], [-.4, 1.1, .6], [.1, .9, -.7], [-.9, -.3, .8], [-.2, -1.2, .4]]
V = [[.9, .4, -.3], [.5, .2, .4], [-.6, .8, .9], [.3, 1, -.4], [-.7, -.1, 1], [.2, -1, .1]]
N = [[-.5, .7, .1], [.2, .9, -.6], [.7, -.4, .3], [-.8, .1, .5], [.6, .6, -.2], [.4, .8, .9]]
Y = [0, 0, 0, 1, 1, 2]


def unit(z):
    length = z.norm(dim=1, keepdim=True)
    return torch.where(length > 1e-12, z / length.clamp_min(1e-300), torch.zeros_like(z))


def cosines(x, z):
    return unit(x) @ unit(z).T


def mean(terms):
    terms = list(terms)
    return sum(terms) / len(terms)


def lse(terms):
    return torch.logsumexp(torch.stack(list(terms)), 0)


def softplus(x):
    return torch.logaddexp(x, torch.zeros_like(x))


def others(z, views):
    """For each row of both views: the cosine to its own, and those to all rows of both views but these two."""
    b = len(views[0])
    s = cosines(torch.cat(views), torch.cat(views))
    for a in range(2 * b):
        own = (a + b) % (2 * b)
        yield s[a, own], [s[a, j] for j in range(2 * b) if j not in (a, own)]


def nt_xent(z, y, tau=0.5):
    return mean(lse([own / tau] + [n / tau for n in rest]) - own / tau for own, rest in others(z, z))


def info_nce(z, y, tau=0.07, symmetric=True):
    s = cosines(z[0], z[1]) / tau
    one = lambda m: mean(torch.logsumexp(m[i], 0) - m[i, i] for i in range(len(m)))
    return (one(s) + one(s.T)) / 2 if symmetric else one(s)


def dcl(z, y, tau=0.1):
    return mean(lse([n / tau for n in rest]) - own / tau for own, rest in others(z, z))


def dcl_w(z, y, tau=0.1, sigma=0.5):
    b = len(z[0])
    own = torch.stack([o for o, _ in others(z, z)][:b]).detach()
    w = 2 - b * torch.softmax(own / sigma, 0)
    return mean(lse([n / tau for n in rest]) - w[k % b] * o / tau for k, (o, rest) in enumerate(others(z, z)))


def hardest(s, i, frac):
    order = sorted((j for j in range(len(s)) if j != i), key=lambda j: (-float(s[j]), j))
    return order[: math.ceil(frac * len(order) - 1e-9)]


def contrastive_hard(z, y, tau=0.3, frac=0.25):
    s = cosines(z[0], z[1])
    return mean(lse([s[i, i] / tau] + [s[i, j] / tau for j in hardest(s[i], i, frac)]) - s[i, i] / tau for i in range(len(s)))


def contrastive_simple(z, y, frac=1, **par):
    s, weight = cosines(z[0], z[1]), par.get("lambda", 1)
    return mean(weight * mean(s[i, j] for j in hardest(s[i], i, frac)) - s[i, i] for i in range(len(s)))


def focal_infonce(z, y, tau=0.05, gamma=0.5, hold_weight=True):
    s = cosines(z[0], z[1]) / tau
    total = 0
    for i in range(len(s)):
        log_p = torch.log_softmax(s[i], 0)[i]
        w = (-torch.expm1(log_p)) ** gamma
        total = total - (w.detach() if hold_weight else w) * log_p / len(s)
    return total


def gcl(z, y, tau=0.1):
    return 2 * mean(tau * (lse([(n - own) / tau for n in rest]) - math.log(len(rest))) for own, rest in others(z, z))


def siglip(z, y, scale=10, bias=-10):
    s = cosines(z[0], z[1])
    b = len(s)
    return sum(softplus(-(1 if i == j else -1) * (scale * s[i, j] + bias)) for i in range(b) for j in range(b)) / b


def positives(y, i):
    return [j for j in range(len(y)) if y[j] == y[i]], [j for j in range(len(y)) if y[j] != y[i]]


def triplets(z, y, margin, tau, reduction, negative):
    s, total = cosines(z[0], z[1]), 0
    for m in (s, s.T):
        for i in range(len(y)):
            pos, neg = positives(y, i)
            if neg:
                a = torch.softmax(m[i, pos].detach() / tau, 0)
                total = total + torch.relu(margin - (a * m[i, pos]).sum() + negative(m[i, neg]))
    return total / (len(y) if reduction == "mean" else 1)


def tal(z, y, margin=0.1, tau=0.015, reduction="sum"):
    return triplets(z, y, margin, tau, reduction, lambda s: tau * torch.logsumexp(s / tau, 0))


def trl(z, y, margin=0.2, tau=0.02, reduction="sum"):
    return triplets(z, y, margin, tau, reduction, lambda s: s.max())


def sdm(z, y, scale=50, eps=1e-8):
    s, total = cosines(z[0], z[1]) * scale, 0
    for m in (s, s.T):
        for i in range(len(y)):
            pos, _ = positives(y, i)
            q = torch.tensor([1 / len(pos) if j in pos else 0 for j in range(len(y))])
            log_p = torch.log_softmax(m[i], 0)
            total = total + (log_p.exp() * (log_p - torch.log(q + eps))).sum()
    return total / len(y)


def mw(z, y, tau=0.05, scope="global"):
    s = cosines(z[0], z[1]) / tau
    b = len(s)
    return mean(softplus(s[k, j] - s[i, i]) for i in range(b) for k in range(b) for j in range(b)
                if j != k and (scope == "global" or k == i))


def align_uniform(z, y, alpha=2, t=2, **par):
    u, v = unit(z[0]), unit(z[1])
    b = len(u)
    spread = lambda x: torch.log(mean(torch.exp(-t * ((x[i] - x[j]) ** 2).sum()) for i in range(b) for j in range(i)))
    return mean(((u[i] - v[i]) ** 2).sum() ** (alpha / 2) for i in range(b)) + par.get("lambda", 1) / 2 * (spread(u) + spread(v))


def sym_pair(z, y):
    return mean(((a - b) ** 2).sum() for a, b in zip(unit(z[0]), unit(z[1])))


def standard(z, eps, ddof):
    d = z - z.mean(0)
    return d / torch.sqrt((d ** 2).sum(0) / (len(z) - ddof) + eps)


def barlow(z, lam, eps, ddof):
    c = standard(z[0], eps, ddof).T @ standard(z[1], eps, ddof) / len(z[0])
    return sum((c[k, l] - 1) ** 2 if k == l else lam * c[k, l] ** 2 for k in range(len(c)) for l in range(len(c)))


def barlow_twins(z, y, eps=1e-5, ddof=0, **par):
    return barlow(z, par.get("lambda", 0.0051), eps, ddof)


def mixed_barlow(z, y, eps=1e-5, ddof=1, lambda_reg=4, partner=None, mix=None, **par):
    lam = par.get("lambda", 0.0078125)
    a, b, m = (standard(x, eps, ddof) for x in z)
    n = len(a)
    apart = lambda v: ((m.T @ v / n - mix * a.T @ v / n - (1 - mix) * b[partner].T @ v / n) ** 2).sum()
    return barlow(z, lam, eps, ddof) + lambda_reg * lam * (apart(a) + apart(b))


def vicreg(z, y, inv=25, var=25, cov=1, eps=1e-4):
    total = inv * ((z[0] - z[1]) ** 2).mean()
    for x in z:
        c = torch.cov(x.T)
        d = len(c)
        total = total + var / 2 * mean(torch.relu(1 - torch.sqrt(c[k, k] + eps)) for k in range(d))
        total = total + cov * sum(c[k, l] ** 2 for k in range(d) for l in range(d) if k != l) / d
    return total


def spectral_contrastive(z, y, mu=1):
    if mu > 0:
        z = [torch.stack([r * math.sqrt(mu) / r.norm() if float(r @ r) > mu else r for r in x]) for x in z]
    s = z[0] @ z[1].T
    b = len(s)
    value = -2 * mean(s[i, i] for i in range(b)) + mean(s[i, j] ** 2 for i in range(b) for j in range(b) if i != j)
    return value / mu if mu > 0 else value


def pair_cosines(z):
    return [a @ b for a, b in zip(unit(z[0]), unit(z[1]))]


def cosine_embedding(z, y, margin=0):
    return mean(1 - s if t > 0 else torch.relu(s - margin) for s, t in zip(pair_cosines(z), y))


def hinge_embedding(z, y, margin=1, distance="l2"):
    d = [(a - b).abs().sum() if distance == "l1" else (a - b).norm() for a, b in zip(z[0], z[1])]
    return mean(x if t > 0 else torch.relu(margin - x) for x, t in zip(d, y))


def cosent(z, y, scale=20):
    s = pair_cosines(z)
    return torch.log(1 + sum(torch.exp(scale * (s[i] - s[j])) for i in range(len(y)) for j in range(len(y)) if y[i] < y[j]))


def angle(z, y, scale=20):
    """The absolute sum of real and imaginary parts of quotients of complex numbers whose parts are the halves of a row, of directions."""
    n = len(z[0][0]) // 2
    one, other = (torch.complex(u[:, :n], u[:, n: 2 * n]) for u in (unit(z[0]), unit(z[1])))
    q = (one * other.conj()).sum(1)
    s = (q.real + q.imag).abs()
    return torch.log(1 + sum(torch.exp(scale * (s[i] - s[j])) for i in range(len(y)) for j in range(len(y)) if y[i] < y[j]))


def cosine_mse(z, y, classes):
    return mean((s - t / (classes - 1)) ** 2 for s, t in zip(pair_cosines(z), y))


def mega_batch_margin(z, y, pos_margin=0.8, neg_margin=0.3):
    s = cosines(z[0], z[1])
    b = len(s)
    return mean(torch.relu(pos_margin - s[i, i]) + torch.relu(max(s[i, j] for j in range(b) if j != i) - neg_margin) for i in range(b))


def simsiam(z, y):
    return -mean(pair_cosines([z[0], z[1].detach()]))


def byol(z, y):
    return mean(((a - b) ** 2).sum() for a, b in zip(unit(z[0]), unit(z[1].detach())))


def sogclr(z, y, tau=0.1, gamma=0.9):
    """At the first visit, when the moving means are the batch's."""
    total = 0
    for own, rest in others(z, z):
        w = [torch.exp(n.detach() / tau) for n in rest]
        total = total + mean(a / mean(w) * n for a, n in zip(w, rest)) - own
    return total / len(z[0])


def isogclr(z, y, rho=0.3, tau=0.1):
    """At the first visit: all temperatures are tau."""
    return 2 * mean(tau * (lse([(n - own) / tau for n in rest]) - math.log(len(rest))) + tau * rho for own, rest in others(z, z))


def sort_softly(values, steepness, relax):
    """The relaxed permutation (input x place) of an odd-even network."""
    n = len(values)
    v, x = list(values), torch.eye(n)
    for layer in range(n):
        for i in range(layer % 2, n - 1, 2):
            d = steepness * (v[i + 1] - v[i])
            p = torch.atan(d) / math.pi + 0.5 if relax == "cauchy" else torch.sigmoid(d)
            v[i], v[i + 1] = p * v[i] + (1 - p) * v[i + 1], (1 - p) * v[i] + p * v[i + 1]
            swap = torch.eye(n).clone()
            swap[i, i] = swap[i + 1, i + 1] = p
            swap[i, i + 1] = swap[i + 1, i] = 1 - p
            x = x @ swap
    return x


def groco(z, y, K=10, steepness=1, relax="cauchy", stop_grad=True):
    total, b = 0, len(z[0])
    for mine, other in ((0, 1), (1, 0)):
        hold = (lambda t: t.detach()) if stop_grad else (lambda t: t)
        near, own = cosines(z[mine], hold(z[mine])), cosines(z[mine], hold(z[other]))
        for i in range(b):
            order = sorted((j for j in range(b) if j != i), key=lambda j: (-float(near[i, j]), j))[:K]
            order = sorted(order, key=lambda j: float(near[i, j]))
            x = sort_softly([near[i, j] for j in order] + [own[i, i]], steepness, relax)
            k = len(order)
            total = total + mean(-torch.log(x[a, k:].sum() if a == k else x[a, :k].sum()) for a in range(k + 1))
    return total / (2 * b)


def w_mse(z, y, eps=1e-3):
    def whiten(x):
        d = x - x.mean(0)
        s = (1 - eps) * d.T @ d / (len(x) - 1) + eps * torch.eye(x.shape[1])
        return torch.linalg.solve_triangular(torch.linalg.cholesky(s), d.T, upper=False).T
    return 2 - 2 * mean(pair_cosines([whiten(x) for x in z]))


def mmcr(z, y, **par):
    u, v = unit(z[0]), unit(z[1])
    nuclear = lambda m: torch.linalg.svdvals(m).sum()
    return -nuclear((u + v) / 2) + par.get("lambda", 0.005) * mean(nuclear(torch.stack([a, b])) for a, b in zip(u, v))


def tico(z, y, beta=0.9, rho=8):
    """At the first visit, when nothing is remembered."""
    u, v = unit(z[0]), unit(z[1])
    c = ((1 - beta) * u.T @ u / len(u)).detach()
    return 1 - mean(a @ b for a, b in zip(u, v)) + rho * mean(a @ c @ a for a in u)


def dino(z, y, tau_s=0.1, tau_t=0.04):
    """At the first visit: the centre is 0."""
    q = torch.softmax(z[1].detach() / tau_t, 1)
    return -mean((a * torch.log_softmax(s / tau_s, 0)).sum() for a, s in zip(q, z[0]))


def info_nce_memory(z, y, tau=0.07, size=1024):
    """At the first visit: nothing is remembered."""
    return info_nce(z, y, tau, False)


def matryoshka_views(z, y, dims, weights="[]", of="info_nce", **par):
    base = {"info_nce": info_nce, "vicreg": vicreg, "siglip": siglip}[of]
    own = {k: float(v) for k, v in (p.split("=") for p in par.get("with", "").split(",") if p)}
    dims, weights = json.loads(dims), json.loads(weights)
    return sum(w * base([v[:, :d] for v in z], y, **own) for w, d in zip(weights or [1] * len(dims), dims))


HARD = {"lambda": 0.5, "frac": 0.5}
LOSSES = [
    (nt_xent, [{}, {"tau": 0.1}]), (info_nce, [{}, {"tau": 0.5, "symmetric": False}]), (dcl, [{}, {"tau": 1}]), (dcl_w, [{}, {"sigma": 0.2}]),
    (contrastive_hard, [{}, {"frac": 1, "tau": 0.1}]), (contrastive_simple, [{}, HARD]),
    (focal_infonce, [{}, {"tau": 0.5, "gamma": 2}, {"tau": 0.5, "gamma": 2, "hold_weight": False}]), (gcl, [{}, {"tau": 0.5}]),
    (siglip, [{}, {"scale": 5, "bias": -1}]), (tal, [{}, {"tau": 0.1, "margin": 0.5, "reduction": "mean"}]), (trl, [{}, {"margin": 0.8, "tau": 0.1}]),
    (sdm, [{}, {"scale": 5}]), (mw, [{}, {"tau": 0.5}, {"tau": 0.5, "scope": "row"}]),
    (align_uniform, [{}, {"alpha": 1, "t": 3, "lambda": 0.5}]), (sym_pair, [{}]), (barlow_twins, [{}, {"lambda": 0.1, "ddof": 1}]),
    (mixed_barlow, [{}, {"lambda": 0.1, "lambda_reg": 2}]), (vicreg, [{}, {"inv": 1, "var": 2, "cov": 3, "eps": 0.01}]),
    (spectral_contrastive, [{}, {"mu": 0}]), (cosine_embedding, [{}, {"margin": 0.3}]), (hinge_embedding, [{}, {"margin": 2, "distance": "l1"}]),
    (cosent, [{}, {"scale": 3}]), (cosine_mse, [{}]), (mega_batch_margin, [{}, {"pos_margin": 1, "neg_margin": -0.5}]), (simsiam, [{}]), (byol, [{}]),
    (groco, [{"K": 4}, {"K": 3, "steepness": 5, "relax": "logistic", "stop_grad": False}, {}]), (w_mse, [{}, {"eps": 0.1}]), (mmcr, [{}, {"lambda": 0.5}]),
    (tico, [{}, {"beta": 0.5, "rho": 2}]), (dino, [{}, {"tau_s": 1, "tau_t": 0.5}]), (info_nce_memory, [{}, {"size": 3, "tau": 0.5}]),
    (sogclr, [{}, {"tau": 0.5}]), (isogclr, [{}, {"tau": 0.4, "rho": 0.1}]), (angle, [{}, {"scale": 3}]),
    (matryoshka_views, [{"dims": "[1,2]"}, {"dims": "[2,3]", "weights": "[0.5,2]", "of": "vicreg", "with": "inv=3,eps=0.01"}]),
]
LABELS = {"cosine_embedding": [1, 0, 1, 0, 1, 0], "hinge_embedding": [1, 0, 1, 0, 1, 0], "angle": [4, 3, 3, 2, 1, 0], "cosent": [4, 3, 3, 2, 1, 0], "cosine_mse": [9, 8, 8, 5, 2, 0]}
ALIKE = ("cosine_embedding", "hinge_embedding")         # read labels as alike (1) or not (0)
CLASSES = {"angle": 5, "cosent": 5, "cosine_mse": 11}
KNOWN = {
    "nt_xent": 1.0926192054, "info_nce": 0.00918506777375, "contrastive_hard": 0.34066372315, "contrastive_simple": -1.03801583434,
    "align_uniform": -2.70434404696, "barlow_twins": 0.0171927730462, "mixed_barlow": 0.444125768561, "vicreg": 9.46359691054, "gcl": -1.01455049284,
    "sym_pair": 0.136155128684, "mw": 0.000348411977157, "focal_infonce": 0.000410693236551, "tal tau=0.1 margin=0.5 reduction=mean": 0.163727228449,
    "trl margin=0.8 tau=0.1": 4.02994655896, "sdm": 1.56062740744, "dcl": -2.77016737123, "dcl_w": -2.74815944282,
    "spectral_contrastive": -1.48017424403, "siglip": 1.11925470523,
    "cosine_embedding": 0.47690786437, "hinge_embedding": 0.461146603959, "cosent": 3.14843623491, "cosine_mse": 0.273530981292,
    "groco K=4": 0.268033182367, "w_mse": 0.12751742515, "mmcr": -4.07435438862,
    "tico": 0.393993023617, "dino": 1.76100038677,
    "angle": 16.1295518261,
    "mega_batch_margin": 0.252076988851, "simsiam": -0.931922435658, "byol": 0.136155128684,
}


def text(par):
    return " ".join(f"{k}={str(v).lower()}" for k, v in par.items())


def case(loss, par, views, y):
    z = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in views]
    mixed = loss is mixed_barlow
    more = {"partner": PARTNER[: len(y)] if len(y) == 6 else list(reversed(range(len(y)))), "mix": 0.3} if mixed else {}
    classes = {"classes": CLASSES[loss.__name__]} if loss.__name__ in CLASSES else {}
    value = loss(z, y, **par, **more, **(classes if loss is cosine_mse else {}))
    value.backward()
    rows = [r for v in z for r in v.tolist()]
    grad = [r for v in z for r in (v.grad if v.grad is not None else torch.zeros_like(v)).tolist()]
    return {"kind": "embedding", "loss": loss.__name__, "set": text(par), "views": len(z), "z": rows, "y": y, **more, **classes, "value": float(value.detach()), "grad": grad,
            "source": "torch, by the definition"}


PARTNER = [3, 5, 0, 1, 2, 4]


def drawn(views, b, c):
    return [rng.normal(size=(b, c)).round(3).tolist() for _ in range(views)]


def cases():
    for loss, settings in LOSSES:
        views = 3 if loss is mixed_barlow else 2
        for par in settings:
            fixed = [[r[:2] for r in v] if loss is angle else v for v in [E, V, N][:views]]
            one = case(loss, par, fixed, LABELS.get(loss.__name__, Y))
            known = KNOWN.get(f"{loss.__name__} {text(par)}".strip())
            if known is not None:
                assert abs(one["value"] - known) <= 2e-10 * abs(known) + 1e-11, (loss.__name__, one["value"], known)
            yield one
            yield case(loss, par, drawn(views, 5, 4), [0, 1, 1, 0, 1] if loss.__name__ in ALIKE else [0, 1, 2, 0, 1])


if __name__ == "__main__":
    with open("tests/golden/losses_views.json", "w") as f:
        json.dump({"made_by": "tests/reference/losses_views.py", "cases": list(cases())}, f)
        f.write("\n")
