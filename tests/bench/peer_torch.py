#!/usr/bin/env python3
"""The same trainings in PyTorch, tensors in memory, tight loops; prints one JSON line.

    peer_torch.py A|B|C|D --form hand|autograd|stacked [--threads N] [--epochs N]

hand: gradients of the layers written out, buffers reused; the losses of C and D by autograd on the scores alone. autograd: modules,
autograd and torch.optim, as most people write it. stacked (C, D): the 15 models of a loss (3 rates x 5 seeds) as one batched product.
A sequential run of C or D trains every loss once (10 of the 150 trials). The loss of a batch is computed only where the gradient
needs it, so the peer does a little less than lossbench.
"""
import argparse
import gzip
import json
import math
import resource
import struct
import sys
import time
from pathlib import Path

START = time.perf_counter()
import numpy as np  # noqa: E402
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent.parent
RATES, SEEDS, MOMENTUM = (0.01, 0.03, 0.1), (1, 2, 3, 4, 5), 0.9


def idx(name):
    raw = gzip.open(ROOT / "datasets/fashion-mnist" / name).read()
    shape = struct.unpack(f">{raw[3]}I", raw[4:4 + 4 * raw[3]])
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(shape)


def fashion():
    part = []
    for name in ("train", "t10k"):
        part.append(torch.from_numpy(idx(f"{name}-images-idx3-ubyte.gz").reshape(-1, 784).astype(np.float32) / 255))
        part.append(torch.from_numpy(idx(f"{name}-labels-idx1-ubyte.gz").astype(np.int64)))
    return part


def letter():
    with gzip.open(ROOT / "datasets/samples/letter.csv.gz", "rt") as f:
        head = f.readline().strip().split(",")
        rows = [line.strip().split(",") for line in f]
    at = head.index("label")
    names = sorted({r[at] for r in rows})
    y = np.array([names.index(r[at]) for r in rows])
    x = np.array([r[:at] + r[at + 1:] for r in rows], dtype=np.float64)
    x = (x - x[:16000].mean(0)) / x[:16000].std(0)
    x = torch.from_numpy(x.astype(np.float32))
    y = torch.from_numpy(y)
    return [x[:16000], y[:16000], x[16000:], y[16000:]]


# ---- the losses of the sweep, as lossbench's defaults define them; z (..., B, C), e one-hot; the sum over models of the mean over rows ----

def log_p_y(z, e):
    return (torch.log_softmax(z, -1) * e).sum(-1)


def smoothed(z, e):
    lp = torch.log_softmax(z, -1)
    return -0.9 * (lp * e).sum(-1) - 0.1 * lp.mean(-1)


def focal(z, e):
    lp = log_p_y(z, e)
    return -(1 - lp.exp()) ** 2 * lp


def margin(z, e):
    return z - (z * e).sum(-1, keepdim=True) + (1 - e)


LOSSES = {
    "ce": lambda z, e: -log_p_y(z, e), "label_smoothing": smoothed, "focal": focal,
    "mae": lambda z, e: 2 * (1 - log_p_y(z, e).exp()), "brier": lambda z, e: ((torch.softmax(z, -1) - e) ** 2).sum(-1),
    "gce": lambda z, e: (1 - (0.7 * log_p_y(z, e)).exp()) / 0.7,
    "sce": lambda z, e: (lambda lp: -0.5 * lp + 2 * (1 - lp.exp()))(log_p_y(z, e)),
    "poly1": lambda z, e: (lambda lp: -lp + 1 - lp.exp())(log_p_y(z, e)),
    "cs": lambda z, e: margin(z, e).amax(-1), "ww": lambda z, e: F.relu(margin(z, e)).sum(-1) - 1 + e.sum(-1),
}


def slope(loss, z, e):
    """The derivative by the scores of the mean over rows."""
    if loss is None:                                    # cross-entropy written out
        return torch.softmax(z, -1).sub_(e).div_(z.shape[-2])
    with torch.enable_grad():
        z.requires_grad_()
        return torch.autograd.grad(loss(z, e).sum() / z.shape[-2], z)[0]


def initial(widths, models=()):
    layers = []
    for n_in, n_out in zip(widths, widths[1:]):
        bound = 1 / math.sqrt(n_in)
        for shape in ((*models, n_in, n_out), (*models, 1, n_out)):
            p = torch.empty(shape).uniform_(-bound, bound)
            layers.append([p, torch.zeros_like(p)])
    return layers                                       # weights and biases in turn, each with its velocity


def affine(x, layers, i):
    w, b = layers[2 * i][0], layers[2 * i + 1][0]
    return torch.addmm(b, x, w) if x.dim() == 2 else torch.baddbmm(b, x, w)


def scores(x, layers):
    if len(layers) == 2:
        return None, affine(x, layers, 0)
    h = affine(x, layers, 0).relu_()
    return h, affine(h, layers, 1)


def descend(layers, i, x, dz, rate):
    for (p, v), g in zip(layers[2 * i:2 * i + 2], (x.transpose(-1, -2) @ dz, dz.sum(-2, keepdim=True))):
        v.mul_(MOMENTUM).add_(g)
        if isinstance(rate, float):
            p.add_(v, alpha=-rate)
        else:
            p.addcmul_(v, rate, value=-1)


@torch.no_grad()
def train_hand(x, e, widths, batch, epochs, rate, loss, models=()):
    """One model, or with models=(15,) as many at once; rate is then (15, 1, 1) and the orders are those of the 5 seeds."""
    layers = initial(widths, models)
    n = len(x)
    for _ in range(epochs):
        order = torch.stack([torch.randperm(n) for _ in SEEDS]) if models else torch.randperm(n)
        for at in range(0, n, batch):
            rows = order[..., at:at + batch]
            xb, eb = x.index_select(0, rows.flatten()), e.index_select(0, rows.flatten())
            if models:                                  # gathered once a seed, then for each rate
                xb, eb = (t.view(*rows.shape, -1).repeat(len(RATES), 1, 1) for t in (xb, eb))
            h, z = scores(xb, layers)
            dz = slope(loss, z, eb)
            if h is None:
                descend(layers, 0, xb, dz, rate)
                continue
            dh = (dz @ layers[2][0].transpose(-1, -2)).mul_(h > 0)
            descend(layers, 1, h, dz, rate)
            descend(layers, 0, xb, dh, rate)
    return lambda xt: scores(xt.expand(*models, *xt.shape), layers)[1]


def train_autograd(x, y, widths, batch, epochs, rate):
    parts = [torch.nn.Linear(widths[0], widths[1])]
    if len(widths) == 3:
        parts += [torch.nn.ReLU(), torch.nn.Linear(widths[1], widths[2])]
    model = torch.nn.Sequential(*parts)
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=MOMENTUM)
    for _ in range(epochs):
        order = torch.randperm(len(x))
        for at in range(0, len(x), batch):
            rows = order[at:at + batch]
            optimizer.zero_grad(set_to_none=True)
            F.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()
    return lambda xt: model(xt).detach()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workload", choices="ABCD")
    parser.add_argument("--form", choices=["hand", "autograd", "stacked"], default="hand")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--epochs", type=int)
    a = parser.parse_args()
    torch.set_flush_denormal(True)                      # momenta of idle weights become subnormal, and slow every later epoch
    torch.set_num_threads(a.threads)
    torch.manual_seed(1)
    x, y, xt, yt = fashion() if a.workload in "AB" else letter()
    load = time.perf_counter() - START
    widths = {"A": (784, 10), "B": (784, 256, 10), "C": (16, 26), "D": (16, 64, 26)}[a.workload]
    epochs = a.epochs or (10 if a.workload in "AB" else 20)
    e = F.one_hot(y).to(torch.float32)
    rate = {"A": 0.02, "B": 0.05}.get(a.workload, 0.03)
    start = time.perf_counter()
    if a.workload in "AB":
        train = train_autograd(x, y, widths, 128, epochs, rate) if a.form == "autograd" else \
            train_hand(x, e, widths, 128, epochs, rate, None)
        models, trials = [train], 1
    elif a.form == "stacked":
        rates = torch.tensor(RATES).repeat_interleave(len(SEEDS)).view(-1, 1, 1)  # in the order of that repeat
        models = [train_hand(x, e, widths, 64, epochs, rates, loss, (len(rates),)) for loss in LOSSES.values()]
        trials = len(LOSSES) * len(rates)
    else:
        models = [train_hand(x, e, widths, 64, epochs, rate, loss) for loss in LOSSES.values()]
        trials = len(LOSSES)
    seconds = time.perf_counter() - start
    start = time.perf_counter()
    accuracy = [float((m(xt).argmax(-1) == yt).float().mean()) for m in models]
    if a.workload in "AB":
        float((models[0](x).argmax(-1) == y).float().mean())  # lossbench evaluates the training rows too
    print(json.dumps({"load": load, "train": seconds, "evaluate": time.perf_counter() - start, "trials": trials, "epochs": epochs,
                      "accuracy": accuracy, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))


if __name__ == "__main__":
    sys.exit(main())
