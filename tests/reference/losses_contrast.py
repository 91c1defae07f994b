#!/usr/bin/env python3
"""Writes tests/golden/losses_contrast.json: values and gradients of contrasts with clusters, heads, gates and a frozen target, by their definitions in torch, gradients by
automatic differentiation in float64. What a loss holds fixed is detached. Run from the project's root; needs torch and NumPy; the seed is fixed."""
import json

import numpy as np
import torch

from losses_views import E, N, V, Y, cosines, mean, nt_xent, text, unit

rng = np.random.default_rng(1911)


# ---- clusters ----

def divide(u, k):
    """Spherical k-means of the rows u: the first centre is the row most like their sum, each further one the row least like any before it."""
    k = min(k, len(u))
    chosen = [int(np.argmax(u @ u.sum(0)))]
    while len(chosen) < k:
        chosen.append(int(np.argmin((u @ u[chosen].T).max(1))))
    centres = u[chosen].copy()
    of = np.argmax(u @ centres.T, 1)
    for _ in range(20):
        for c in range(k):
            total = u[of == c].sum(0)
            if np.linalg.norm(total) > 1e-12:
                centres[c] = total / np.linalg.norm(total)
        new = np.argmax(u @ centres.T, 1)
        if (new == of).all():
            break
        of = new
    return of


def weighted_info_nce(z, y, tau=0.3, clusters="[4,8]"):
    s, u = cosines(z[0], z[1]) / tau, unit(z[1]).detach().numpy()
    weight = sum((lambda of: (of[:, None] != of[None, :]).astype(float))(divide(u, k)) for k in json.loads(clusters))
    weight = torch.tensor(weight)
    rows = [(weight[i] * torch.exp(s[i])).sum().log() - s[i, i] if weight[i].sum() > 0 else 0 * s[i, i] for i in range(len(s))]
    return mean(rows)


def target_anchored_info_nce(z, y, tau=0.07):
    return nt_xent([z[0], z[1].detach()], y, tau)


# ---- heads and temperatures ----

def pull(s, t, beta, d):
    return -s / t + beta * (d / 2 * torch.log(t) + 1 / t)


def amcl_given(z1, z2, tpos, tneg, beta=0.1):
    """Of projections z1, z2 (H, B, D) at given temperatures (H, B) and (H, B, B)."""
    h, b, d = z1.shape
    total = 0
    for k in range(h):
        s = cosines(z1[k], z2[k])
        for i in range(b):
            n = max((j for j in range(b) if j != i), key=lambda j: s[i, j].item(), default=None)
            total = total + pull(s[i, i], tpos[k, i], beta, d)
            if n is not None:
                total = total - pull(s[i, n], tneg[k, i, n], beta, d)
    return total / b


def amcl(z, y, own, heads=3, beta=0.1, tau_min=0.05, tau_max=2):
    c, own = z[0].shape[1], own.view(-1)
    w, v, v0 = own[:heads * c * c].view(heads, c, c), own[heads * c * c:-1], own[-1]
    z1, z2 = (torch.stack([x @ w[k].T for k in range(heads)]) for x in z)
    a1, a2 = (torch.stack([unit(x[k]) for k in range(heads)]) for x in (z1, z2))
    t = tau_min + (tau_max - tau_min) * torch.sigmoid(torch.einsum("hic,hjc,c->hij", a1, a2, v) + v0)
    return amcl_given(z1, z2, torch.diagonal(t, dim1=1, dim2=2), t, beta)


# ---- gates ----

def pair_gated_info_nce(z, y, own, tau=0.1, pairs="arbitrary", fuse=True):
    x, a, total, n = z[0], own.view(-1, z[0].shape[1]), 0, 0
    for i in range(len(x)):
        for j in range(len(x)):
            if i == j or (pairs == "identical" and y[i] != y[j]) or (pairs == "distinct" and y[i] == y[j]):
                continue
            gate = torch.sigmoid((a[y[i]] + a[y[j]]) / 2) if fuse else torch.sigmoid(a[y[i]]) * torch.sigmoid(a[y[j]])
            s = cosines(gate * x[i:i + 1], gate * x)[0] / tau
            total = total + torch.logsumexp(torch.stack([s[j]] + [s[m] for m in range(len(x)) if y[m] not in (y[i], y[j])]), 0) - s[j]
            n += 1
    return total / n if n else 0 * x.sum()


# ---- guides ----

def guides(z, g, halves):
    n = g.shape[1] // 2
    return (g[:, :n], g[:, n:]) if halves else (g, g)


def gist_given(q, p, gq, gp, tau, keep, negatives=None):
    """InfoNCE over the candidates of each row for which keep(own, cosine) of the guide holds. negatives: further rows and what the guide says of them."""
    blocks = [(q, p, gq, gp)] + ([(q, negatives[0], gq, negatives[1])] if negatives else []) + [(q, q, gq, gq), (p, p, gp, gp)]
    rows = []
    for i in range(len(q)):
        own, logits = cosines(gq, gp)[i, i].item(), []
        for n, (a, b, ga, gb) in enumerate(blocks):
            s, c = cosines(a, b)[i], cosines(ga, gb)[i]
            for j in range(len(b)):
                positive, itself = n == 0 and j == i, n > len(blocks) - 3 and j == i
                if positive or (not itself and keep(own, c[j].item())):
                    logits.append(s[j] / tau)
        rows.append(torch.logsumexp(torch.stack(logits), 0) - cosines(q, p)[i, i] / tau)
    return mean(rows)


def gist(z, y, g, tau=0.01, margin=0, strategy="absolute", halves=False):
    gq, gp = guides(z, g, halves)
    most = (lambda own: own - margin) if strategy == "absolute" else (lambda own: own * (1 - margin))
    return gist_given(z[0], z[1], gq, gp, tau, lambda own, c: c <= most(own) + 1e-12)


def soft_similarity_kl(z, y, g, tau=0.1, halves=False):
    gq, gp = guides(z, g, halves)
    p, q = torch.softmax(cosines(gq, gp) / tau, 1), torch.softmax(cosines(z[0], z[1]) / tau, 1)
    return ((p * (p / q).log()).sum(1) + (q * (q / p).log()).sum(1)).mean() / 2


def info_nce_bank(z, y, g, tau=0.07):
    return torch.nn.functional.cross_entropy(cosines(z[0], g) / tau, torch.arange(len(g)))


def mlcd(z, y, own, g, clusters=64, nearest=8, scale=16, pairs=False):
    u, k = unit(g).numpy(), min(clusters, len(g))
    of = divide(u, k)
    total = np.array([u[of == c].sum(0) for c in range(k)])   # at the end each centre is the direction of its rows
    like = u @ (total / np.linalg.norm(total, axis=1, keepdims=True)).T
    s, rows = scale * cosines(z[0], own.view(clusters, -1)), []
    for i in range(len(u)):
        labels = set(np.argsort(-like[i], kind="stable")[:nearest])
        p = torch.stack([torch.zeros(())] + [-s[i, c] for c in range(clusters) if c in labels])
        n = torch.stack([torch.zeros(())] + [s[i, c] for c in range(clusters) if c not in labels])
        rows.append(torch.log1p(p[1:].exp().sum() * n[1:].exp().sum()) if pairs else torch.logsumexp(p, 0) + torch.logsumexp(n, 0))
    return mean(rows)


def kernel(a, b, nu):
    return (1 + ((a[:, None] - b[None]) ** 2).sum(-1) / nu) ** (-(nu + 1) / 2)


def scl_soft(z, y, h, alpha=1, nu=100):
    b = len(z[0])
    p = (kernel(h[:b], h[b:], nu) * torch.exp(alpha * torch.eye(b))).clamp(max=1)
    q = kernel(z[0], z[1], nu)
    return -(p * q.log() + (1 - p) * (1 - q).log()).mean()


# ---- a memory, which is empty at the first batch (tests/unit/losses/embedding/test_cross_batch.c has the second) ----

def mean_above(values):
    above = [v for v in values if v > 0]
    return mean(above) if above else torch.zeros(())


def cross_batch_memory(z, y, size=256, of="contrastive", tau=0.1):
    u, b = unit(z[0]), len(y)
    if of == "contrastive":
        d = [[(u[i] - u[j]).norm() for j in range(b)] for i in range(b)]
        return mean_above(d[i][j] for i in range(b) for j in range(b) if i != j and y[i] == y[j]) + mean_above(1 - d[i][j] for i in range(b) for j in range(b) if y[i] != y[j])
    s, total = cosines(u, u) / tau, 0
    for i in range(b):
        rest = torch.logsumexp(torch.stack([s[i, a] for a in range(b) if a != i]), 0)
        own = [rest - s[i, p] for p in range(b) if p != i and y[p] == y[i]]
        total = total + (mean(own) if own else 0)
    return total / b


def drawn(*shape):
    return rng.normal(size=shape).round(3).tolist()


LOSSES = [
    (weighted_info_nce, [{}, {"tau": 1, "clusters": "[2]"}, {"tau": 0.1, "clusters": "[2,3,3]"}, {"clusters": "[1]"}]),
    (target_anchored_info_nce, [{}, {"tau": 0.5}]),
    (amcl, [{}, {"heads": 1, "beta": 1}, {"heads": 2, "tau_min": 0.3, "tau_max": 0.7}]),
    (gist, [{"tau": 0.1}, {"tau": 0.5, "margin": 0.3}, {"tau": 0.5, "margin": 0.8, "strategy": "relative"}, {"tau": 0.5, "halves": True}]),
    (soft_similarity_kl, [{}, {"tau": 0.5}, {"tau": 0.5, "halves": True}]),
    (info_nce_bank, [{}, {"tau": 0.5}]),
    (mlcd, [{"clusters": 3, "nearest": 1}, {"clusters": 4, "nearest": 2, "scale": 4, "pairs": True}, {"clusters": 7, "nearest": 3, "scale": 1}]),
    (scl_soft, [{}, {"alpha": 0, "nu": 1}]),
    (cross_batch_memory, [{}, {"size": 3, "of": "supcon"}]),
    (pair_gated_info_nce, [{}, {"pairs": "identical"}, {"pairs": "distinct", "tau": 0.5}, {"fuse": False, "tau": 0.3}]),
]
OWN = {"mlcd": lambda par, c: ("codebook", drawn(1, par["clusters"] * c)), "amcl": lambda par, c: ("heads", drawn(1, par.get("heads", 3) * c * c + c + 1)), "pair_gated_info_nce": lambda par, c: ("gates", drawn(1, 3 * c))}
SIDE = {"gist": "guide", "mlcd": "guide", "soft_similarity_kl": "guide", "info_nce_bank": "guide", "scl_soft": "h"}
ONE_VIEW = ("pair_gated_info_nce", "info_nce_bank", "mlcd", "cross_batch_memory")
KNOWN = {"target_anchored_info_nce tau=0.5": 1.0926192054}   # that of nt_xent


def case(loss, par, views, y, sides):
    """sides: a guide for both views, one in halves, features of both."""
    name = loss.__name__
    z = [torch.tensor(v, requires_grad=True) for v in views[:1 if name in ONE_VIEW else 2]]
    own_name, own = OWN[name](par, len(views[0][0])) if name in OWN else (None, None)
    w = torch.tensor(own, requires_grad=True) if own else None
    side = sides[par.get("halves", False)] if SIDE.get(name) == "guide" else sides[2] if name in SIDE else None
    value = loss(z, y, *[v for v in (w, torch.tensor(side) if side else None) if v is not None], **par)
    value.backward()
    known = KNOWN.get(f"{name} {text(par)}".strip())
    assert views[0] is not E or known is None or abs(value.item() - known) <= 2e-10 * abs(known), (name, value.item(), known)
    found = {"kind": "embedding", "loss": name, "set": text(par), "z": sum(views[:len(z)], []), "y": y, "value": value.item(),
             "grad": [r for v in z for r in (v.grad if v.grad is not None else torch.zeros_like(v)).tolist()], "source": "torch, by the definition"}
    if side:
        found[SIDE[name]] = side
    if len(z) > 1:
        found["views"] = 2
    if own:
        found |= {own_name: own, "grad_" + own_name: w.grad.tolist(), "classes": 3}
    return found


def cases():
    z1, z2 = torch.tensor([E, V]), torch.tensor([V, N])
    tpos, tneg = (torch.arange(12.) * 0.1 + 0.5).view(2, 6), (torch.arange(72.) * 0.02 + 0.2).view(2, 6, 6)
    e, v, n = torch.tensor(E), torch.tensor(V), torch.tensor(N)
    assert abs(amcl_given(z1, z2, tpos, tneg).item() - 0.856623157944) < 1e-11
    assert abs(gist_given(e, v, e, v, 0.01, lambda own, c: c <= own, (n, n)).item() - 0.0106330724128) < 1e-12
    assert abs(scl_soft([e, n], Y, torch.cat([e, v])).item() - 1.0773539643) < 1e-9
    for loss, settings in LOSSES:
        for par in settings:
            yield case(loss, par, [E, V], Y, (N, [a + b for a, b in zip(E, V)], E + V))
            yield case(loss, par, [drawn(5, 4), drawn(5, 4)], [0, 1, 2, 0, 1], (drawn(5, 4), drawn(5, 6), drawn(10, 3)))


if __name__ == "__main__":
    with open("tests/golden/losses_contrast.json", "w") as f:
        json.dump({"made_by": "tests/reference/losses_contrast.py", "cases": list(cases())}, f)
        f.write("\n")
