"""Regression by a distribution over levels against squared error: trains configs/hl_gauss on four real sets and writes the page."""
import math
from pathlib import Path
from statistics import mean
from typing import Dict, List, NamedTuple, Sequence, Tuple

from stats import Paired
from study_common import ROOT, Run, best_trials, table, trained
from study_page import corrected
from study_shape import load

STUDY = load("hl_gauss")
LEVELS, BINS, ROWS, LEVEL, OF_SETS, NOISES, MEASURES = STUDY.given("levels", "bins", "rows", "level", "sets", "noises", "measures")
CONFIG, FOLDER = STUDY.configs[0], ROOT / "results" / "hl-gauss"
RATIO = ROWS["test"] / ROWS["train"]


class Data(NamedTuple):
    low: float
    high: float
    options: List[str]


SETS = {name: Data(**of) for name, of in OF_SETS.items()}


def histogram(d: Data, bins: int, narrow: bool) -> str:
    """With `narrow`, the target counts for its own bin alone."""
    return "{name: hl_gauss, lo: %.10g, hi: %.10g, bins: %d%s}" % (
        d.low, d.high, bins, ", sigma: %.10g" % (1e-4 * (d.high - d.low) / bins) if narrow else "")


def nearest(d: Data) -> str:
    """The level next to the target alone: a bin around each level."""
    half = (d.high - d.low) / (LEVELS - 1) / 2
    return histogram(Data(d.low - half, d.high + half, []), LEVELS, True)


def levels(d: Data, name: str, count: int = LEVELS, extra: str = "") -> str:
    return "{name: %s, lo: %.10g, hi: %.10g, levels: %d%s}" % (name, d.low, d.high, count, extra)


def between(d: Data, count: int) -> str:
    """The two levels beside the target, each by its nearness."""
    return levels(d, "soft_label_kl", count, ", sigma: %.10g" % (1e-4 * (d.high - d.low) / (count - 1)))


def with_fidelity(d: Data, loss: str, weight: float) -> List[str]:
    return ["loss=" + loss, "terms=[%s]" % levels(d, "fidelity", LEVELS, ", weight: %g" % weight)]


CONTENDERS = {
    "mse": lambda d: ["loss=mse", "data.preprocess.target=standardize"],
    "histogram 50": lambda d: ["loss=" + histogram(d, BINS, False)],
    "own bin 50": lambda d: ["loss=" + histogram(d, BINS, True)],
    "two levels of 51": lambda d: ["loss=" + between(d, BINS + 1)],
    "nearest level of 5": lambda d: ["loss=" + nearest(d)],
    "two levels of 5": lambda d: ["loss=" + between(d, LEVELS)],
    "soft label 5": lambda d: ["loss=" + levels(d, "soft_label_kl")],
    "soft label 5 + fidelity": lambda d: with_fidelity(d, levels(d, "soft_label_kl"), 1),
    "soft label 5 + 20 fidelity": lambda d: with_fidelity(d, levels(d, "soft_label_kl"), 20),
    "fidelity 5": lambda d: ["loss=" + levels(d, "fidelity")]}
Values = Dict[Tuple[str, float], Dict[str, Dict[str, List[float]]]]     # set, noise: contender: measure: one value a split


def train(binary: str, jobs: int, folder: Path, sets: Dict[str, Data], more: Sequence[str] = ()) -> Values:
    found: Values = {}
    for name, data in sets.items():
        words = ["data.train.path=datasets/samples/%s.csv.gz" % name.split()[0], *data.options, *more, "output.dir=%s" % folder]
        for contender, of in CONTENDERS.items():
            for noise, values in chosen(trained(binary, CONFIG, folder, jobs, of(data) + words, quiet=True)).items():
                found.setdefault((name, noise), {})[contender] = values
    return found


def chosen(trials: Sequence[dict]) -> Dict[float, Dict[str, List[float]]]:
    """By noise: the test rows' measures with the rate of the least validation rmse in each split."""
    best = best_trials([t for t in trials if t["result"]["status"] == "ok"], lambda t: (t["config"]["corrupt"]["labels"]["sd"], t["config"]["train"]["seed"]),
                       lambda t: -t["result"]["metrics"]["valid"]["rmse"])
    out: Dict[float, Dict[str, List[float]]] = {}
    for (noise, _), t in sorted(best.items(), key=lambda item: item[0]):
        for m in MEASURES:
            value = t["result"]["metrics"]["test"][m]
            out.setdefault(noise, {}).setdefault(m, []).append(math.nan if value is None else value)
    return out


Cell = Tuple[str, float]


class Gains(NamedTuple):
    """By how much one is better than another on average, as a share of the other's for rmse, and the test of each cell."""
    of: Dict[Cell, float]
    tests: Dict[Cell, Paired]

    def clear(self, better: bool) -> List[Cell]:
        return [k for k, t in self.tests.items() if t.p < LEVEL and (self.of[k] > 0 if better else self.of[k] < 0)]

    def ahead(self) -> int:
        return sum(g > 0 for g in self.of.values())

    def share(self) -> float:
        return self.ahead() / len(self.of)


def gains(values: Values, a: str, b: str, measure: str) -> Gains:
    sign = -1 if measure == "rmse" else 1
    told = corrected({key: [sign * (x - y) for x, y in zip(v[a][measure], v[b][measure])] for key, v in values.items()}, RATIO)
    return Gains({key: t.mean / (mean(values[key][b][measure]) if measure == "rmse" else 1) for key, t in told.items()}, told)


def cells(keys: Sequence[Cell]) -> str:
    return " (%s)" % ", ".join("%s%s" % (name, ", noise" if noise else "") for name, noise in keys) if keys else ""


def compared(values: Values, key: str) -> str:
    """A claim that holds where one is better on average in every cell, which chance alone gives in one of 2^cells."""
    a, b, measure = (STUDY.claims[key].compares[word] for word in ("better", "than", "by"))
    found = gains(values, a, b, measure)
    better, worse, size = found.clear(True), found.clear(False), mean(found.of.values())
    return STUDY.claim(key, found.share(), "%s better than %s in %s: on average in %d of %d cells, clearly in %d%s; clearly worse in %d%s. Mean gain %s." % (
        a, b, measure, found.ahead(), len(found.of), len(better), cells(better), len(worse), cells(worse),
        "%+.1f %%" % (100 * size) if measure == "rmse" else "%+.3f" % size))


def noise_claim(values: Values) -> str:
    """Is the advantage larger with noise than without, on every set?"""
    told = gains(values, "histogram 50", "mse", "rmse").of
    names = list(dict.fromkeys(name for name, _ in values))
    return STUDY.claim("noise", [told[n, 1] - told[n, 0] for n in names],
                       "; ".join("%s %+.1f %% without, %+.1f %% with noise" % (n, 100 * told[n, 0], 100 * told[n, 1]) for n in names) + ".")


def measure_table(of: Dict[str, Dict[str, List[float]]]) -> List[str]:
    best = {m: (min if m == "rmse" else max)(mean(v[m]) for v in of.values()) for m in MEASURES}
    return table(["label", *MEASURES], [[name, *(("**%.4g**" if mean(v[m]) == best[m] else "%.4g") % mean(v[m]) for m in MEASURES)] for name, v in of.items()])


def answer(values: Values) -> str:
    found = gains(values, "histogram 50", "mse", "rmse")
    return STUDY.asked(found.share(), "Better on average in %d of %d cells, clearly in %d, clearly worse in %d." % (
        found.ahead(), len(found.of), len(found.clear(True)), len(found.clear(False))))


def page(values: Values) -> str:
    splits = len(next(iter(values.values()))["mse"]["rmse"])
    lines = [*STUDY.head(splits=splits, level=LEVEL), answer(values), ""]
    for (name, noise), of in values.items():
        lines += ["## %s: %s" % (name, NOISES[noise]), "", *measure_table(of)]
    return "\n".join(lines + STUDY.section([noise_claim(values) if key == "noise" else compared(values, key) for key in STUDY.claims]))


def make(run: Run) -> str:
    return page(train(run.binary, run.jobs, FOLDER, SETS))
