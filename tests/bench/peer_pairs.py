#!/usr/bin/env python3
"""Losses of pairs in PyTorch, on rows like those of Fashion-MNIST; prints one JSON line.

    peer_pairs.py LOSS FOLDER [--form hand|autograd] [--threads N] [--epochs N]

FOLDER holds the data of pairs_data.py. A linear map of 784 to 64, batches of 256 rows in random order, plain SGD. LOSS: supcon (tau 0.1),
multi_similarity (alpha 2, beta 50, lambda 0.5, pairs mined with 0.1), triplet (margin 0.2, hardest positive and negative of each row,
mean of what is not 0). hand: the derivative by cosines or distances written out, all of it in matrix operations; autograd: by torch. Both
are the same mathematics as lossbench's; `seconds` is processor time of the epochs alone, `value` the loss of the first 64 columns of
the first 256 rows, for a check.
"""
import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from pairs_data import PIXELS, ROWS

BATCH, DIM, RATE = 256, 64, 0.05
TAU, ALPHA, BETA, LAM, EPS, MARGIN = 0.1, 2.0, 50.0, 0.5, 0.1, 0.2


def read(folder):
    images = np.frombuffer((folder / "images").read_bytes(), np.uint8, offset=16).reshape(ROWS, PIXELS)
    labels = np.frombuffer((folder / "labels").read_bytes(), np.uint8, offset=8).astype(np.int64)
    return torch.from_numpy(images.astype(np.float32) / 255), torch.from_numpy(labels)


def supcon(s, same, other):
    z = (s / TAU).masked_fill(~(same | other), -torch.inf)
    count = same.sum(1)
    terms = torch.logsumexp(z, 1) - (s * same).sum(1) / count.clamp(min=1) / TAU
    return torch.where(count > 0, terms, 0).mean()


def supcon_hand(s, same, other):
    b, count = len(s), same.sum(1, keepdim=True)
    share = same / count.clamp(min=1)
    z = (s / TAU).masked_fill_(~(same | other), -torch.inf)
    return (torch.softmax(z, 1).mul_(count > 0) - share).div_(TAU * b)


def mined(s, same, other):
    most = s.masked_fill(~other, -torch.inf).amax(1, keepdim=True)
    least = s.masked_fill(~same, torch.inf).amin(1, keepdim=True)
    return same & (s - EPS < most), other & (s + EPS > least)


def multi_similarity(s, same, other):
    pos, neg = mined(s.detach(), same, other)
    zero = torch.zeros(len(s), 1)
    near = torch.cat([zero, (-ALPHA * (s - LAM)).masked_fill(~pos, -torch.inf)], 1)
    far = torch.cat([zero, (BETA * (s - LAM)).masked_fill(~neg, -torch.inf)], 1)
    return (torch.logsumexp(near, 1) / ALPHA + torch.logsumexp(far, 1) / BETA).mean()


def multi_similarity_hand(s, same, other):
    pos, neg = mined(s, same, other)
    p, n = torch.exp(-ALPHA * (s - LAM)).mul_(pos), torch.exp(BETA * (s - LAM)).mul_(neg)
    return (n.div_(1 + n.sum(1, keepdim=True)) - p.div_(1 + p.sum(1, keepdim=True))).div_(len(s))


def chosen(d2, same, other):
    return d2.masked_fill(~same, -1).argmax(1), d2.masked_fill(~other, torch.inf).argmin(1)


def triplet(u, same, other):
    with torch.no_grad():
        p, n = chosen(2 - 2 * (u @ u.T), same, other)
    v = torch.relu((u - u[p]).norm(dim=1) - (u - u[n]).norm(dim=1) + MARGIN)
    return v.sum() / (v > 0).sum().clamp(min=1)


def triplet_hand(u, same, other):
    p, n = chosen(2 - 2 * (u @ u.T), same, other)
    to_p, to_n = u - u[p], u - u[n]
    d_p, d_n = to_p.norm(dim=1, keepdim=True), to_n.norm(dim=1, keepdim=True)
    on = d_p - d_n + MARGIN > 0
    on = on / on.sum().clamp(min=1)
    to_p.mul_(on / d_p.clamp(min=1e-12))
    to_n.mul_(on / d_n.clamp(min=1e-12))
    return (to_p - to_n).index_add_(0, p, to_p, alpha=-1).index_add_(0, n, to_n)


OF_COSINES = {"supcon": (supcon, supcon_hand), "multi_similarity": (multi_similarity, multi_similarity_hand)}


def masks(y):
    same = y[:, None] == y[None]
    other = ~same
    same.fill_diagonal_(False)
    return same, other


def value(loss, z, y):
    u = torch.nn.functional.normalize(z)
    return OF_COSINES[loss][0](u @ u.T, *masks(y)) if loss in OF_COSINES else triplet(u, *masks(y))


def by_hand(loss, z, y):
    length = z.norm(dim=1, keepdim=True).clamp_(min=1e-12)
    u, (same, other) = z / length, masks(y)
    if loss in OF_COSINES:
        g = OF_COSINES[loss][1](u @ u.T, same, other)
        du = (g + g.T) @ u
    else:
        du = triplet_hand(u, same, other)
    return (du - (du * u).sum(1, keepdim=True) * u).div_(length)


def by_autograd(loss, z, y):
    with torch.enable_grad():
        z.requires_grad_()
        return torch.autograd.grad(value(loss, z, y), z)[0]


@torch.no_grad()
def train(loss, folder, form, epochs):
    x, y = read(folder)
    first = float(value(loss, x[:BATCH, :DIM], y[:BATCH]))
    w, b = torch.empty(PIXELS, DIM).uniform_(-1 / 28, 1 / 28), torch.zeros(DIM)
    slope = {"hand": by_hand, "autograd": by_autograd}[form]
    start = time.process_time()
    for _ in range(epochs):
        order = torch.randperm(len(x))
        for at in range(0, len(x), BATCH):
            rows = order[at:at + BATCH]
            xb = x.index_select(0, rows)
            dz = slope(loss, torch.addmm(b, xb, w), y.index_select(0, rows))
            w.addmm_(xb.T, dz, alpha=-RATE)
            b.add_(dz.sum(0), alpha=-RATE)
    return {"seconds": time.process_time() - start, "value": first}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("loss", choices=[*OF_COSINES, "triplet"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--form", choices=["hand", "autograd"], default="hand")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=2)
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(1)
    print(json.dumps(train(a.loss, a.folder, a.form, a.epochs)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
