#!/usr/bin/python3
"""Writes tests/golden/optim.json: the parameters after each of 20 steps of PyTorch's optimisers on a fixed sequence of gradients,
those of optimisers that PyTorch 1.13 lacks by their formulas in NumPy, and the factors of PyTorch's learning-rate schedules. Run it from the project's root; needs torch. tests/unit/core/engine/optim/test_optim.c compares."""
import json
import random

import numpy as np
import torch
from torch.optim import SGD, Adadelta, Adagrad, Adam, AdamW, NAdam, RAdam, RMSprop
from torch.optim.lr_scheduler import (CosineAnnealingLR, CosineAnnealingWarmRestarts, ExponentialLR, LambdaLR, LinearLR, MultiStepLR, OneCycleLR,
                                      PolynomialLR, ReduceLROnPlateau, SequentialLR, StepLR)

OUT = "tests/golden/optim.json"
STEPS = 20
RATES = [(0.1, 0, False), (0.05, 0.01, False), (0.02, 0.5, True)]
SCALES = [1e-6, 1e-2, 1, 1, 30, 1e3]


def gradients(rng):
    """One parameter has no gradient at first, one has it at every third step only."""
    steps = [[rng.gauss(0, s) for s in SCALES] for _ in range(STEPS)]
    for t, g in enumerate(steps):
        g[2] = 0.0 if t < 5 else g[2]
        g[3] = g[3] if t % 3 == 0 else 0.0
    return steps


class Decoupled:
    """An optimiser of PyTorch with decoupled weight decay, which versions below 2 lack."""

    def __init__(self, p, lr, wd, make):
        self.p, self.wd, self.inner = p[0], wd, make(p, lr=lr)
        self.param_groups = self.inner.param_groups

    def step(self):
        with torch.no_grad():
            self.p.mul_(1 - self.param_groups[0]["lr"] * self.wd)
        self.inner.step()


class Formula:
    """An optimiser by its formula in NumPy: rule(self, w, g, lr, wd, t) returns the new w."""

    def __init__(self, p, lr, wd, rule):
        self.p, self.wd, self.rule, self.t, self.state = p[0], wd, rule, 0, {}
        self.param_groups = [{"lr": lr}]

    def remember(self, name, start):
        return self.state.setdefault(name, np.zeros_like(start))

    def step(self):
        self.t += 1
        w = self.rule(self, self.p.detach().numpy().copy(), self.p.grad.numpy(), self.param_groups[0]["lr"], self.wd, self.t)
        with torch.no_grad():
            self.p.copy_(torch.tensor(w))


def lion(self, w, g, lr, wd, t, b1=0.9, b2=0.99):
    m = self.remember("m", w)
    w = (1 - lr * wd) * w - lr * np.sign(b1 * m + (1 - b1) * g)
    self.state["m"] = b2 * m + (1 - b2) * g
    return w


def expgrad(self, w, g, lr, wd, t):
    return w * np.exp(-lr * np.sign(w) * (g + wd * w))


def omd_optimistic(self, w, g, lr, wd, t):
    """The two sequences of Rakhlin and Sridharan: u is the mirror step's, w what is played."""
    if t == 1:
        self.state["u"] = w.copy()
    d = g + wd * w
    self.state["u"] = self.state["u"] - lr * d
    return self.state["u"] - lr * d


def adafactor(self, w, g, lr, wd, t, clip=1.0, power=0.8, eps=1e-30, least=1e-3):
    b = 1 - t ** -power
    square = g * g + eps
    if g.ndim == 2 and min(g.shape) > 1:
        rows, columns = self.remember("r", g.mean(1)), self.remember("c", g.mean(0))
        rows = self.state["r"] = b * rows + (1 - b) * square.mean(1)
        columns = self.state["c"] = b * columns + (1 - b) * square.mean(0)
        u = g / np.sqrt(np.outer(rows, columns) / rows.mean())
    else:
        v = self.state["v"] = b * self.remember("v", g) + (1 - b) * square
        u = g / np.sqrt(v)
    u = u / max(1, np.sqrt((u * u).mean()) / clip)
    return (1 - lr * wd) * w - max(least, np.sqrt((w * w).mean())) * min(lr, 1 / np.sqrt(t)) * u


# our name, our parameters, PyTorch's optimiser of the same meaning
OPTIMISERS = [
    ("sgd", "", lambda p, lr, wd: SGD(p, lr=lr, weight_decay=wd)),
    ("sgd", "momentum=0.9", lambda p, lr, wd: SGD(p, lr=lr, weight_decay=wd, momentum=0.9)),
    ("sgd", "momentum=0.7 nesterov=true", lambda p, lr, wd: SGD(p, lr=lr, weight_decay=wd, momentum=0.7, nesterov=True)),
    ("adam", "", lambda p, lr, wd: Adam(p, lr=lr, weight_decay=wd)),
    ("adam", "beta1=0.5 beta2=0.9 eps=0.01", lambda p, lr, wd: Adam(p, lr=lr, weight_decay=wd, betas=(0.5, 0.9), eps=0.01)),
    ("adam", "beta1=0 beta2=0.5", lambda p, lr, wd: Adam(p, lr=lr, weight_decay=wd, betas=(0, 0.5))),
    ("adamw", "", lambda p, lr, wd: AdamW(p, lr=lr, weight_decay=wd)),
    ("adamw", "beta1=0.8 beta2=0.95 eps=1e-4", lambda p, lr, wd: AdamW(p, lr=lr, weight_decay=wd, betas=(0.8, 0.95), eps=1e-4)),
    # once the direction is there, a plain step
    ("normalized_gd", "", lambda p, lr, wd: SGD(p, lr=lr, weight_decay=wd)),
    ("batch_perceptron", "", lambda p, lr, wd: SGD(p, lr=lr, weight_decay=wd)),
    ("adam", "amsgrad=true beta2=0.8", lambda p, lr, wd: Adam(p, lr=lr, weight_decay=wd, betas=(0.9, 0.8), amsgrad=True)),
    ("adamw", "amsgrad=true beta2=0.8", lambda p, lr, wd: AdamW(p, lr=lr, weight_decay=wd, betas=(0.9, 0.8), amsgrad=True)),
    ("rmsprop", "", lambda p, lr, wd: RMSprop(p, lr=lr, weight_decay=wd)),
    ("rmsprop", "alpha=0.9 eps=1e-3 momentum=0.8", lambda p, lr, wd: RMSprop(p, lr=lr, weight_decay=wd, alpha=0.9, eps=1e-3, momentum=0.8)),
    ("rmsprop", "alpha=0.9 centered=true eps=1e-3", lambda p, lr, wd: RMSprop(p, lr=lr, weight_decay=wd, alpha=0.9, centered=True, eps=1e-3)),
    ("rmsprop", "alpha=0.9 centered=true momentum=0.5 eps=1e-3", lambda p, lr, wd: RMSprop(
        p, lr=lr, weight_decay=wd, alpha=0.9, centered=True, momentum=0.5, eps=1e-3)),
    ("adagrad", "", lambda p, lr, wd: Adagrad(p, lr=lr, weight_decay=wd)),
    ("adagrad", "lr_decay=0.2 initial=0.1 eps=1e-6", lambda p, lr, wd: Adagrad(
        p, lr=lr, weight_decay=wd, lr_decay=0.2, initial_accumulator_value=0.1, eps=1e-6)),
    ("adadelta", "", lambda p, lr, wd: Adadelta(p, lr=lr, weight_decay=wd)),
    ("adadelta", "rho=0.5 eps=0.01", lambda p, lr, wd: Adadelta(p, lr=lr, weight_decay=wd, rho=0.5, eps=0.01)),
    ("nadam", "", lambda p, lr, wd: NAdam(p, lr=lr, weight_decay=wd, foreach=True)),
    ("nadam", "beta1=0.7 beta2=0.9 momentum_decay=0.1", lambda p, lr, wd: NAdam(
        p, lr=lr, weight_decay=wd, betas=(0.7, 0.9), momentum_decay=0.1, foreach=True)),
    ("nadam", "decoupled=true", lambda p, lr, wd: Decoupled(p, lr, wd, lambda p, lr: NAdam(p, lr=lr, foreach=True))),
    ("radam", "", lambda p, lr, wd: RAdam(p, lr=lr, weight_decay=wd)),
    ("radam", "beta1=0.5 beta2=0.6 eps=1e-3", lambda p, lr, wd: RAdam(p, lr=lr, weight_decay=wd, betas=(0.5, 0.6), eps=1e-3)),
    ("radam", "decoupled=true", lambda p, lr, wd: Decoupled(p, lr, wd, lambda p, lr: RAdam(p, lr=lr))),
    ("lion", "", lambda p, lr, wd: Formula(p, lr, wd, lion)),
    ("lion", "beta1=0.5 beta2=0.8", lambda p, lr, wd: Formula(p, lr, wd, lambda *a: lion(*a, b1=0.5, b2=0.8))),
    ("expgrad", "", lambda p, lr, wd: Formula(p, lr / 100, wd, expgrad)),
    ("omd_optimistic", "", lambda p, lr, wd: Formula(p, lr, wd, omd_optimistic)),
]

# The same of optimisers that take a matrix or a vector as a whole: rows, columns.
WHOLE = [
    ("adafactor", "", (2, 3), lambda p, lr, wd: Formula(p, lr, wd, adafactor)),
    ("adafactor", "", (6,), lambda p, lr, wd: Formula(p, lr, wd, adafactor)),
    ("adafactor", "clip=0.5 decay_power=0.5 eps=1e-6 least_scale=1", (3, 2), lambda p, lr, wd: Formula(
        p, lr, wd, lambda *a: adafactor(*a, clip=0.5, power=0.5, eps=1e-6, least=1.0))),
]


def optimiser_case(name, setting, make, lr, decay, halve, rng, shape=None):
    """halve: the rate is lr / (1 + step), as under a schedule. shape: of a matrix, whose entries stand row by row."""
    start, steps, after = [rng.gauss(0, 1) for _ in SCALES], gradients(rng), []
    shape = shape or (len(SCALES),)
    w = torch.tensor(start, dtype=torch.float64).reshape(shape).requires_grad_()
    optimiser = make([w], lr, decay)
    lr = optimiser.param_groups[0]["lr"]
    rates = [lr / (1 + t) if halve else lr for t in range(STEPS)]
    for rate, g in zip(rates, steps):
        optimiser.param_groups[0]["lr"] = rate
        w.grad = torch.tensor(g, dtype=torch.float64).reshape(shape)
        optimiser.step()
        after.append(w.flatten().tolist())
    case = {"optimizer": name, "set": setting, "lr": rates, "decay": decay, "start": start, "grad": steps, "w": after}
    return {**case, "rows": shape[0]} if len(shape) == 2 else case


# our name, our parameters, epochs, steps an epoch, PyTorch's scheduler; whether it counts epochs
SCHEDULES = [
    ("constant", "", 3, 4, lambda o: LambdaLR(o, lambda t: 1), False),
    ("constant", "warmup=0.5", 3, 4, lambda o: LinearLR(o, 1 / 6, 1, 5), False),
    ("step", "", 25, 2, lambda o: StepLR(o, 10, 0.1), True),
    ("step", "every=3 gamma=0.5", 10, 3, lambda o: StepLR(o, 3, 0.5), True),
    ("step", "milestones=[2,3,7] gamma=0.3", 9, 2, lambda o: MultiStepLR(o, [2, 3, 7], 0.3), True),
    ("step", "milestones=[4] every=1", 6, 1, lambda o: MultiStepLR(o, [4], 0.1), True),
    ("step", "every=0", 5, 1, lambda o: StepLR(o, 1000, 0.1), True),
    ("cosine", "", 5, 7, lambda o: CosineAnnealingLR(o, 35), False),
    ("cosine", "final=0.2", 4, 5, lambda o: CosineAnnealingLR(o, 20, 0.2), False),
    ("cosine", "warmup=0.25 final=0.05", 5, 8, lambda o: SequentialLR(
        o, [LinearLR(o, 1 / 10, 1, 9), CosineAnnealingLR(o, 30, 0.05)], [10]), False),
    ("linear", "", 4, 5, lambda o: LinearLR(o, 1, 0, 20), False),
    ("linear", "start=0.3 final=0.9", 3, 7, lambda o: LinearLR(o, 0.3, 0.9, 21), False),
    ("linear", "warmup=0.25 final=0.1", 5, 8, lambda o: SequentialLR(o, [LinearLR(o, 1 / 10, 1, 9), LinearLR(o, 1, 0.1, 30)], [10]), False),
    ("polynomial", "", 4, 5, lambda o: PolynomialLR(o, 20), False),
    ("polynomial", "power=2", 3, 6, lambda o: PolynomialLR(o, 18, 2), False),
    ("polynomial", "power=0.5", 3, 6, lambda o: PolynomialLR(o, 18, 0.5), False),
    ("exponential", "", 9, 3, lambda o: ExponentialLR(o, 0.95), True),
    ("exponential", "gamma=0.7 each=step", 4, 3, lambda o: ExponentialLR(o, 0.7), False),
    ("exponential", "warmup=0.25 gamma=0.8 each=step", 4, 5, lambda o: SequentialLR(o, [LinearLR(o, 1 / 5, 1, 4), ExponentialLR(o, 0.8)], [5]), False),
    ("one_cycle", "", 6, 7, lambda o: OneCycleLR(o, 1.0, 42, cycle_momentum=False), False),
    ("one_cycle", "share=0.45 div=10 final_div=100", 5, 5, lambda o: OneCycleLR(
        o, 1.0, 25, pct_start=0.45, div_factor=10, final_div_factor=100, cycle_momentum=False), False),
    ("one_cycle", "share=0.1 anneal=linear", 8, 5, lambda o: OneCycleLR(o, 1.0, 40, pct_start=0.1, anneal_strategy="linear", cycle_momentum=False), False),
    ("one_cycle", "share=0.05", 3, 5, lambda o: OneCycleLR(o, 1.0, 15, pct_start=0.05, cycle_momentum=False), False),
    ("cosine_restarts", "first=3", 11, 4, lambda o: CosineAnnealingWarmRestarts(o, 12), False),
    ("cosine_restarts", "first=1 mult=2 final=0.1", 9, 5, lambda o: CosineAnnealingWarmRestarts(o, 5, 2, 0.1), False),
    ("cosine_restarts", "", 12, 2, lambda o: CosineAnnealingWarmRestarts(o, 20), False),
    ("plateau", "", 3, 4, lambda o: LambdaLR(o, lambda t: 1), False),
]

# our parameters, whether more is better, PyTorch's scheduler, values that are shifted by so much
PLATEAUS = [
    ("patience=2", False, lambda o: ReduceLROnPlateau(o, "min", patience=2, eps=0), 1),
    ("patience=1 factor=0.5 cooldown=2 least=0.2", False, lambda o: ReduceLROnPlateau(o, "min", 0.5, 1, cooldown=2, min_lr=0.2, eps=0), 1),
    ("patience=1 factor=0.7 threshold=0.05", True, lambda o: ReduceLROnPlateau(o, "max", 0.7, 1, 0.05, eps=0), 1),
    ("patience=0 factor=0.9 threshold=0.1 mode=absolute", True, lambda o: ReduceLROnPlateau(o, "max", 0.9, 0, 0.1, "abs", eps=0), 1),
    ("patience=2 factor=0.9 threshold=0.1 mode=absolute", False, lambda o: ReduceLROnPlateau(o, "min", 0.9, 2, 0.1, "abs", eps=0), 0),
    ("patience=3 factor=0.5 threshold=0.1", False, lambda o: ReduceLROnPlateau(o, "min", 0.5, 3, 0.1, eps=0), -2),
]


def schedule_case(name, setting, epochs, per_epoch, make, counts_epochs):
    optimiser = SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler, factors = make(optimiser), []
    for step in range(epochs * per_epoch):
        factors.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        if not counts_epochs or (step + 1) % per_epoch == 0:
            scheduler.step()
    return {"schedule": name, "set": setting, "per_epoch": per_epoch, "factor": factors}


def plateau_case(setting, higher, make, shift, rng):
    """Values that improve ever less, some undefined."""
    optimiser = SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler, values, factors = make(optimiser), [], []
    for t in range(40):
        value = shift + (1 if higher else -1) * (1 - 0.8 ** t) + rng.gauss(0, 0.05)
        values.append(None if t % 13 == 7 else value)
        scheduler.step(float("nan") if values[-1] is None else value)
        factors.append(optimiser.param_groups[0]["lr"])
    return {"set": setting, "higher": higher, "values": values, "factor": factors}


def dump(out, key, cases, end):
    out.write(' "%s": [\n' % key)
    out.write(",\n".join("  " + json.dumps(c) for c in cases))
    out.write("\n ]%s\n" % end)


def main():
    torch.set_default_dtype(torch.float64)  # NAdam keeps the product of its momenta in the default precision
    rng = random.Random(20240517)
    cases = [optimiser_case(*o, lr, decay, halve, rng) for o in OPTIMISERS
             for lr, decay, halve in RATES]
    whole = [optimiser_case(name, setting, make, lr, decay, halve, rng, shape) for name, setting, shape, make in WHOLE for lr, decay, halve in RATES]
    with open(OUT, "w", encoding="ascii") as out:
        out.write('{"made_by": "tests/reference/optim.py", "torch": "%s",\n' % torch.__version__)
        dump(out, "optimizers", cases, ",")
        dump(out, "whole", whole, ",")
        dump(out, "schedules", [schedule_case(*s) for s in SCHEDULES], ",")
        dump(out, "plateau", [plateau_case(*p, rng) for p in PLATEAUS], "}")


if __name__ == "__main__":
    main()
