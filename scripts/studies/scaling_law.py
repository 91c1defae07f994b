"""Trains networks of growing width on four sets by configs/scaling_law, fits a power law to the narrow ones of each split, and writes the page:
how well it tells the loss of the wide ones."""
from statistics import mean
from typing import Dict, List, NamedTuple, Sequence, Tuple

import numpy as np
from scipy.optimize import nnls

from study_common import ROOT, Run, table, trained
from study_shape import load

STUDY = load("scaling_law")
SETS, FITTED, WIDTHS, NEAR = STUDY.given("sets", "fitted", "widths", "near")
CONFIG, FOLDER = STUDY.configs[0], ROOT / "results" / "scaling-law"
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


def met(good: Dict[str, Sequence[bool]]) -> Tuple[Dict[str, float], str]:
    """Of each set one truth a split: in which share of them it holds, and in how many."""
    counts = "; ".join("%s %d of %d" % (name, sum(v), len(v)) for name, v in good.items())
    return {name: sum(v) / len(v) for name, v in good.items()}, "Met in %s splits." % counts


def set_lines(name: str, losses: Losses) -> List[str]:
    laws, rows = [fitted(points[:FITTED]) for points in losses.values()], []
    for k in range(FITTED + len(WIDTHS)):
        size, of = next(iter(losses.values()))[k][0], [points[k][1] for points in losses.values()]
        rows.append(["%d" % size, "%.4f" % mean(of), "%.4f%s" % (mean(law.at(size) for law in laws), "" if k < FITTED else ", not fitted")])
    return ["## " + name, "", *table(["parameters", "test log loss, mean of %d splits" % len(losses), "the law says"], rows, "rrr"),
            "Exponents %.2f to %.2f." % (min(law.exponent for law in laws), max(law.exponent for law in laws)), ""]


def page(found: Dict[str, Losses]) -> str:
    told = {width: {name: errors(losses, FITTED + k) for name, losses in found.items()} for k, width in enumerate(WIDTHS)}
    near = {width: met({name: [e.law <= NEAR for e in v] for name, v in of.items()}) for width, of in told.items()}
    shares, splits = near[WIDTHS[-1]]
    lines = [*STUDY.head(), "%s %s Asked of 128 hidden units, four times the widest that it is fitted to, within %.0f %%." % (
        STUDY.question, STUDY.judged("law", shares, splits), 100 * NEAR), ""]
    for name, losses in found.items():
        lines += set_lines(name, losses)
    claims = []
    for width, of in told.items():
        less = met({name: [e.law < e.same for e in v] for name, v in of.items()})
        claims += [STUDY.claim("law", *near[width], width=width), STUDY.claim("same", *less, width=width)]
    falls = met({name: [points[-1][1] < points[FITTED - 1][1] for points in losses.values()] for name, losses in found.items()})
    return "\n".join(lines + STUDY.section([*claims, STUDY.claim("falls", *falls)]))


def make(run: Run) -> str:
    seeds = "train.seed=1..%d" % run.options["splits"]
    return page({name: losses_of(trained(run.binary, CONFIG, FOLDER / name, run.jobs, [
        "data.train.path=datasets/samples/%s.csv.gz" % name, seeds, "output.dir=%s" % (FOLDER / name).relative_to(ROOT)], quiet=True)) for name in SETS})
