#!/usr/bin/python3
"""Writes tests/golden/optim.json: the parameters after each of 20 steps of PyTorch's optimisers on a fixed sequence of gradients,
and the factors of PyTorch's learning-rate schedules. Run it from the project's root; needs torch. tests/unit/core/engine/optim/test_optim.c compares."""
import json
import random

import torch
from torch.optim import SGD, Adam, AdamW
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, LinearLR, MultiStepLR, SequentialLR, StepLR

OUT = "tests/golden/optim.json"
STEPS = 20
SCALES = [1e-6, 1e-2, 1, 1, 30, 1e3]


def gradients(rng):
    """One parameter has no gradient at first, one has it at every third step only."""
    steps = [[rng.gauss(0, s) for s in SCALES] for _ in range(STEPS)]
    for t, g in enumerate(steps):
        g[2] = 0.0 if t < 5 else g[2]
        g[3] = g[3] if t % 3 == 0 else 0.0
    return steps


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
]


def optimiser_case(name, setting, make, lr, decay, halve, rng):
    """halve: the rate is lr / (1 + step), as under a schedule."""
    start, steps, after = [rng.gauss(0, 1) for _ in SCALES], gradients(rng), []
    w = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimiser = make([w], lr, decay)
    rates = [lr / (1 + t) if halve else lr for t in range(STEPS)]
    for rate, g in zip(rates, steps):
        optimiser.param_groups[0]["lr"] = rate
        w.grad = torch.tensor(g, dtype=torch.float64)
        optimiser.step()
        after.append(w.tolist())
    return {"optimizer": name, "set": setting, "lr": rates, "decay": decay, "start": start, "grad": steps, "w": after}


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


def dump(out, key, cases, end):
    out.write(' "%s": [\n' % key)
    out.write(",\n".join("  " + json.dumps(c) for c in cases))
    out.write("\n ]%s\n" % end)


def main():
    rng = random.Random(20240517)
    cases = [optimiser_case(*o, lr, decay, halve, rng) for o in OPTIMISERS
             for lr, decay, halve in [(0.1, 0, False), (0.05, 0.01, False), (0.02, 0.5, True)]]
    with open(OUT, "w", encoding="ascii") as out:
        out.write('{"made_by": "tests/reference/optim.py", "torch": "%s",\n' % torch.__version__)
        dump(out, "optimizers", cases, ",")
        dump(out, "schedules", [schedule_case(*s) for s in SCHEDULES], "}")


if __name__ == "__main__":
    main()
