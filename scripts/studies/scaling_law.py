"""Trains networks of growing width on four sets by configs/scaling_law, fits a power law to the narrow ones of each split, and writes the page:
how well it tells the loss of the wide ones."""
from statistics import mean
from typing import Dict, List, NamedTuple, Sequence, Tuple

import numpy as np
from scipy.optimize import nnls

from study_common import ROOT, Run, reproduces, trained

CONFIG = "configs/scaling_law/widths.yaml"
FOLDER = ROOT / "results" / "scaling-law"
SETS = {name: "datasets/samples/%s.csv.gz" % name for name in ("letter", "satellite", "hpc", "diamonds")}
FITTED, NEAR, ENOUGH = 5, 0.1, 0.8           # networks that the law is fitted to; relative error that is near; share of the splits
EXPONENTS = np.arange(0.02, 3.001, 0.02)
Losses = Dict[int, List[Tuple[int, float]]]  # of each split: parameters and test loss, by width


class Law(NamedTuple):
    floor: float
    factor: float
    exponent: float

    def at(self, size: float) -> float:
        return self.floor + self.factor * size ** -self.exponent


def fitted(points: Sequence[Tuple[int, float]]) -> Law:
    """Least squares of relative errors: of each exponent the best floor and factor, both >= 0, then the best exponent."""
    size, loss = np.array(points, float).T

    def of(exponent: float) -> Tuple[float, Law]:
        (floor, factor), rest = nnls(np.c_[np.ones(len(size)), size ** -exponent] / loss[:, None], np.ones(len(size)))
        return rest, Law(floor, factor, exponent)

    return min(map(of, EXPONENTS), key=lambda pair: pair[0])[1]


def losses_of(trials: Sequence[dict]) -> Losses:
    out: Losses = {}
    for t in trials:
        out.setdefault(t["config"]["train"]["seed"], []).append((t["result"]["parameters"], t["result"]["metrics"]["test"]["log_loss"]))
    return {split: sorted(points) for split, points in out.items()}


class Error(NamedTuple):
    """Relative errors for a wide network: of the law, and of the guess that nothing more is gained by width."""
    law: float
    same: float
    exponent: float


def errors(losses: Losses, width: int) -> List[Error]:
    found = []
    for points in losses.values():
        law, (size, loss) = fitted(points[:FITTED]), points[width]
        found.append(Error(abs(law.at(size) / loss - 1), abs(points[FITTED - 1][1] / loss - 1), law.exponent))
    return found


def judged(good: Dict[str, Sequence[bool]]) -> str:
    """Of each set one truth a split: on which sets it holds in enough of them, and in how many."""
    met = [name for name, v in good.items() if sum(v) >= ENOUGH * len(v)]
    word = reproduces(bool(met)) if len(met) in (0, len(good)) else "**Reproduces in part:** on %s." % "; ".join(met)
    return "%s Met in %s splits." % (word, "; ".join("%s %d of %d" % (name, sum(v), len(v)) for name, v in good.items()))


def page(found: Dict[str, Losses]) -> str:
    widths = {FITTED: "64", FITTED + 1: "128"}
    told = {k: {name: errors(losses, k) for name, losses in found.items()} for k in widths}
    near = {k: {name: [e.law <= NEAR for e in v] for name, v in of.items()} for k, of in told.items()}
    lines = ["# A power law of small networks", "",
             "Remade by `make atlas STUDY=scaling_law`; do not edit. Protocol: the header of [%s](../../../%s)." % (CONFIG, CONFIG), "",
             "Does a power law fitted to the losses of small networks predict that of a larger one? %s Asked of 128 hidden units, four times the "
             "widest that it is fitted to, within %.0f %%." % (judged(near[FITTED + 1]), 100 * NEAR), ""]
    for name, losses in found.items():
        sizes = [[p[k] for p in losses.values()] for k in range(FITTED + len(widths))]
        lines += ["## " + name, "", "| parameters | test log loss, mean of %d splits | the law says |" % len(losses), "| ---: | ---: | ---: |"]
        laws = [fitted(points[:FITTED]) for points in losses.values()]
        lines += ["| %d | %.4f | %.4f%s |" % (of[0][0], mean(loss for _, loss in of), mean(law.at(of[0][0]) for law in laws), "" if k < FITTED else ", not fitted")
                  for k, of in enumerate(sizes)]
        lines += ["", "Exponents %.2f to %.2f." % (min(law.exponent for law in laws), max(law.exponent for law in laws)), ""]
    lines += ["## What holds", "", "A claim holds on a set that meets it in %.0f %% of the splits." % (100 * ENOUGH), ""]
    for k, width in widths.items():
        lines.append("- The law tells the loss of %s hidden units within %.0f %%: %s" % (width, 100 * NEAR, judged(near[k])))
        lines.append("- It errs less for %s units than the guess that they are no better than 32: %s" % (
            width, judged({name: [e.law < e.same for e in v] for name, v in told[k].items()})))
    lines.append("- There is something to tell: the loss of 128 units is below that of 32: %s" % judged({
        name: [points[FITTED + 1][1] < points[FITTED - 1][1] for points in losses.values()] for name, losses in found.items()}))
    return "\n".join(lines + [""])


def make(run: Run) -> str:
    seeds = "train.seed=1..%d" % run.options["splits"]
    return page({name: losses_of(trained(run.binary, CONFIG, FOLDER / name, run.jobs, [
        "data.train.path=" + path, seeds, "output.dir=%s" % (FOLDER / name).relative_to(ROOT)], quiet=True)) for name, path in SETS.items()})
