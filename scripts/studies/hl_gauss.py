"""Regression by a distribution over levels against squared error: trains configs/hl_gauss on four real sets and writes the page."""
import math
from pathlib import Path
from statistics import mean
from typing import Dict, List, NamedTuple, Sequence, Tuple

from stats import corrected_t, holm
from study_common import ROOT, Run, trained, verdict

CONFIG, FOLDER = "configs/hl_gauss/levels.yaml", ROOT / "results" / "hl-gauss"
LEVELS, BINS = 5, 50
RATIO, LEVEL = 0.2 / 0.6, 0.05              # test rows to training rows; of significance


class Data(NamedTuple):
    low: float                               # the scale of the ratings: a little more than the range of the targets
    high: float
    options: List[str]


SETS = {
    "concrete": Data(0, 85, []),
    "abalone": Data(0, 30, []),
    "ctg (LB)": Data(100, 165, ["data.train.label=LB", "data.drop=[label]"]),
    "penguins (body mass)": Data(2500, 6500, ["data.train.label=body_mass_g", "data.drop=[label]"])}
NOISES = {0: "targets as they are", 1: "normal noise of one standard deviation on the training and validation targets"}


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
MEASURES = ("rmse", "pearson", "spearman")
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
    best: Dict[Tuple[float, int], dict] = {}
    for t in trials:
        key = t["config"]["corrupt"]["labels"]["sd"], t["config"]["train"]["seed"]
        if t["result"]["status"] == "ok" and (key not in best or valid_rmse(t) < valid_rmse(best[key])):
            best[key] = t
    out: Dict[float, Dict[str, List[float]]] = {}
    for (noise, _), t in sorted(best.items(), key=lambda item: item[0]):
        for m in MEASURES:
            value = t["result"]["metrics"]["test"][m]
            out.setdefault(noise, {}).setdefault(m, []).append(math.nan if value is None else value)
    return out


def valid_rmse(trial: dict) -> float:
    return trial["result"]["metrics"]["valid"]["rmse"]


def gains(values: Values, a: str, b: str, measure: str) -> Dict[Tuple[str, float], Tuple[float, float]]:
    """By set and noise: by how much a is better than b on average, as a share of b's for rmse, and p over the splits, with Holm's correction over
    sets and noises."""
    told = {}
    for key, v in values.items():
        x, y = v[a][measure], v[b][measure]
        d = [q - p for p, q in zip(x, y)] if measure == "rmse" else [p - q for p, q in zip(x, y)]
        told[key] = mean(d) / (mean(y) if measure == "rmse" else 1), corrected_t(d, RATIO).p
    return dict(zip(told, zip((g for g, _ in told.values()), holm([p for _, p in told.values()]))))


def claim(values: Values, a: str, b: str, measure: str, what: str) -> str:
    """Holds where a is better on average in every cell, which chance alone gives in one of 2^cells."""
    told = gains(values, a, b, measure)
    better = [k for k, (g, p) in told.items() if g > 0 and p < LEVEL]
    worse = [k for k, (g, p) in told.items() if g < 0 and p < LEVEL]
    ahead = sum(g > 0 for g, _ in told.values())
    size = mean(g for g, _ in told.values())
    return "- %s: %s %s than %s in %s: on average in %d of %d cells, clearly in %d%s; clearly worse in %d%s. Mean gain %s." % (
        what, verdict(ahead == len(told)), "%s better" % a, b, measure, ahead, len(told), len(better), cells(better),
        len(worse), cells(worse), "%+.1f %%" % (100 * size) if measure == "rmse" else "%+.3f" % size)


def cells(keys: Sequence[Tuple[str, float]]) -> str:
    return " (%s)" % ", ".join("%s%s" % (name, ", noise" if noise else "") for name, noise in keys) if keys else ""


def noise_claim(values: Values) -> str:
    """Is the advantage larger with noise than without, on every set?"""
    told = gains(values, "histogram 50", "mse", "rmse")
    names = list(dict.fromkeys(name for name, _ in values))
    more = [n for n in names if told[n, 1][0] > told[n, 0][0]]
    return "- The histogram gains more on mse where the targets are noisy, on every set: %s %s." % (
        verdict(len(more) == len(names)), "; ".join("%s %+.1f %% without, %+.1f %% with noise" % (n, 100 * told[n, 0][0], 100 * told[n, 1][0]) for n in names))


def verdicts(values: Values) -> List[str]:
    return [
        claim(values, "histogram 50", "mse", "rmse", "A histogram predicts better than squared error (Imani and White; Farebrother et al.)"),
        noise_claim(values),
        claim(values, "histogram 50", "own bin 50", "rmse", "The Gaussian's width is what helps: the target's own bin alone is worse"),
        claim(values, "histogram 50", "two levels of 51", "rmse", "A Gaussian over the levels is better than the two levels beside the target"),
        claim(values, "soft label 5", "nearest level of 5", "rmse", "A soft label of five levels is better than the nearest level alone (You et al.)"),
        claim(values, "soft label 5", "nearest level of 5", "pearson", "The same by correlation, which the paper reports"),
        claim(values, "soft label 5", "mse", "rmse", "Five levels with soft labels are better than squared error"),
        claim(values, "soft label 5 + 20 fidelity", "soft label 5", "spearman",
              "Fidelity, weighted as in the source (20 to 1), improves the order (You et al.)"),
        claim(values, "soft label 5 + fidelity", "soft label 5", "spearman", "Fidelity of the same weight improves the order"),
        claim(values, "soft label 5", "fidelity 5", "rmse", "Fidelity by itself leaves open where the scale lies, so that the soft label is better"),
        "- Fidelity lets sets with different scales be trained together, since their pairs stay apart: not testable here, since the pairs of a batch are of "
        "all its rows.",
        "- Soft labels whose spread is that of each row's own ratings, and models of images and language: not testable here, since sigma is one number and "
        "no shipped set has repeated ratings."]


def table(of: Dict[str, Dict[str, List[float]]]) -> List[str]:
    lines = ["| label | %s |" % " | ".join(MEASURES), "| --- |" + " ---: |" * len(MEASURES)]
    best = {m: (min if m == "rmse" else max)(mean(v[m]) for v in of.values()) for m in MEASURES}
    for name, v in of.items():
        lines.append("| %s | %s |" % (name, " | ".join(("**%.4g**" if mean(v[m]) == best[m] else "%.4g") % mean(v[m]) for m in MEASURES)))
    return lines + [""]


def answer(values: Values) -> str:
    told = gains(values, "histogram 50", "mse", "rmse")
    return ("Does a histogram predict better than squared error? **%s** Better on average in %d of %d cells, clearly in %d, "
            "clearly worse in %d.") % (
        "Yes." if all(g > 0 for g, _ in told.values()) else "Not in general.",
        sum(g > 0 for g, _ in told.values()), len(told), sum(g > 0 and p < LEVEL for g, p in told.values()),
        sum(g < 0 and p < LEVEL for g, p in told.values()))


def page(values: Values) -> str:
    splits = len(next(iter(values.values()))["mse"]["rmse"])
    lines = ["# Regression by a distribution over levels", "",
             "Remade by `make atlas STUDY=hl_gauss`; do not edit. Protocol: the header of "
             "[configs/hl_gauss/levels.yaml](../../../configs/hl_gauss/levels.yaml). Means over %d splits on the test rows, which have no noise; the best of a "
             "column is bold. Clearly: p < %g by the corrected resampled t-test over the splits, with Holm's correction over sets and noises." % (splits, LEVEL), "",
             "- histogram 50: hl_gauss, Gaussian of three quarters of a bin; own bin 50: the same without width.",
             "- soft label 5: soft_label_kl, Gaussian of three quarters of the distance of two levels; two levels of 5, of 51: the same without width; nearest "
             "level of 5: cross-entropy to that level.",
             "- fidelity: all pairs of a batch of 32, alone or as a term beside the soft label.",
             "- mse: targets standardized, one score.", "", answer(values), ""]
    for (name, noise), of in values.items():
        lines += ["## %s: %s" % (name, NOISES[noise]), "", *table(of)]
    return "\n".join(lines + ["## What holds", "", "Cells are sets, each without and with noise. A claim of better holds where it is so on average in every cell.", "",
                              *verdicts(values), ""])


def make(run: Run) -> str:
    return page(train(run.binary, run.jobs, FOLDER, SETS))
