"""Losses of two views on three real sets: Barlow Twins with and without mixed rows, layers before and after a projection head, temperatures
of each row, pairs that do not belong together. Trains configs/barlow and the others and writes a page for each.

--out is the folder of all pages, each in a folder of the study's name.
"""
from pathlib import Path
from statistics import mean
from typing import Callable, Dict, List, NamedTuple, Sequence, Tuple

from stats import corrected_t, holm
from study_common import ROOT, Run, reproduces, trained, verdict

LEVEL, ENOUGH = 0.05, 9                      # of significance; splits of ten that are to be won
RATIO = 1.0                                  # test rows to training rows
RAW, RANDOM = "features as they are", "random map"
NAMES = {"map_at_r": "MAP@R", "judged_accuracy": "nearest neighbours"}
SMALL = {                                    # three sets, each with about 600 rows to train on
    "digits": [],
    "segment": ["data.train.path=datasets/samples/segment.csv.gz"],
    "satellite": ["data.train.path=datasets/samples/satellite.csv.gz", "data.split={train: 0.1, valid: 0.05, test: 0.1, stratify: true}"]}
Cells = Dict[str, List[str]]                 # name: what it changes in the config
Values = Dict[str, Dict[str, Dict[str, List[float]]]]   # cell, contender, metric: one value a split


class Study(NamedTuple):
    title: str
    config: str
    cells: Cells
    contenders: Dict[str, List[str]]         # --set words; a list of values makes settings, of which the best is taken
    metrics: Sequence[str]
    says: Callable[[Values], Tuple[str, List[str]]]   # the answer, and what holds
    notes: Sequence[str] = ()


# ---- what is trained ----

def chosen(trials: Sequence[dict], metric: str) -> List[float]:
    """The test metric of the setting with the largest of validation in each split; a training that diverged is worse than any other."""
    best: Dict[int, Tuple[float, float]] = {}
    for t in trials:
        ok, m = t["result"]["status"] == "ok", t["result"]["metrics"]
        found = (m["valid"][metric], m["test"][metric]) if ok and m["valid"][metric] is not None else (float("-inf"), 0.0)
        split = t["config"]["train"]["seed"]
        best[split] = max(best.get(split, (float("-inf"), 0.0)), found, key=lambda pair: pair[0])
    return [test for _, (_, test) in sorted(best.items())]


def base(trials: Sequence[dict], metric: str, kind: str) -> List[float]:
    """What the features, or a random map of them, reach in each split."""
    of = {t["config"]["train"]["seed"]: t["baseline"]["metrics"] if kind == RAW else t["baseline"]["random_map"] for t in trials}
    return [of[split]["test"][metric] for split in sorted(of)]


def train(binary: str, jobs: int, folder: Path, study: Study, more: Sequence[str] = ()) -> Values:
    values: Values = {}
    for cell, words in study.cells.items():
        values[cell] = {}
        for contender, settings in study.contenders.items():
            trials = trained(binary, study.config, folder, jobs, [*words, *settings, *more, "output.dir=%s" % folder], quiet=True)
            values[cell][contender] = {m: chosen(trials, m) for m in study.metrics}
            for kind in (RAW, RANDOM):
                values[cell].setdefault(kind, {m: base(trials, m, kind) for m in study.metrics})
    return values


# ---- what is said of it ----

class Gain(NamedTuple):
    mean: float
    low: float
    high: float
    won: int
    splits: int
    p: float                                 # with Holm's correction over the cells


def gains(values: Values, a: str, b: str, metric: str) -> Dict[str, Gain]:
    found = {}
    for cell, of in values.items():
        d = [x - y for x, y in zip(of[a][metric], of[b][metric])]
        t = corrected_t(d, RATIO)
        found[cell] = Gain(t.mean, t.low, t.high, sum(v > 0 for v in d), len(d), t.p)
    ps = holm([g.p for g in found.values()])
    return {cell: g._replace(p=p) for (cell, g), p in zip(found.items(), ps)}


def told(found: Dict[str, Gain]) -> str:
    return "; ".join("%s %+.3f [%.3f, %.3f], %d of %d splits" % (cell, g.mean, g.low, g.high, g.won, g.splits) for cell, g in found.items()) + "."


def clear(found: Dict[str, Gain]) -> Tuple[int, int]:
    return sum(g.p < LEVEL and g.mean > 0 for g in found.values()), sum(g.p < LEVEL and g.mean < 0 for g in found.values())


def wins(found: Dict[str, Gain]) -> bool:
    return all(10 * g.won >= ENOUGH * g.splits for g in found.values())


def outcome(found: Dict[str, Gain]) -> str:
    """Of a paper's main claim: partly where it holds in some cells, or on average in all."""
    won = [10 * g.won >= ENOUGH * g.splits for g in found.values()]
    if all(won) or not (any(won) or all(g.mean > 0 for g in found.values())):
        return reproduces(all(won))
    return "**Reproduces in part.**"


def counted(found: Dict[str, Gain]) -> str:
    return "on average in %d of %d cells, in nine splits of ten in %d, clearly in %d" % (
        sum(g.mean > 0 for g in found.values()), len(found), sum(10 * g.won >= ENOUGH * g.splits for g in found.values()), clear(found)[0])


def better(values: Values, a: str, b: str, metric: str, what: str, cells: Sequence[str] = ()) -> str:
    """A claim that holds where nine splits of ten are won in every cell."""
    found = gains({c: v for c, v in values.items() if not cells or c in cells}, a, b, metric)
    return "- %s: %s %s against %s in %s: clearly better in %d of %d cells, clearly worse in %d. %s" % (
        what, verdict(wins(found)), a, b, NAMES[metric], clear(found)[0], len(found), clear(found)[1], told(found))


def grows(values: Values, a: str, b: str, metric: str, steps: Sequence[Sequence[str]], what: str) -> str:
    """A claim that holds where the mean gain of a over b rises along each list of cells."""
    found = gains(values, a, b, metric)
    rises = [all(found[x].mean < found[y].mean for x, y in zip(cells, cells[1:])) for cells in steps]
    return "- %s: %s %s" % (what, verdict(all(rises)), "; ".join("%s %+.3f" % (c, found[c].mean) for cells in steps for c in cells) + ".")


def of_sets(values: Values, suffix: str = "") -> List[str]:
    return [name + suffix for name in SMALL if name + suffix in values]


LONGER = ", five times as long"


def says_barlow(values: Values) -> Tuple[str, List[str]]:
    plain = of_sets(values)
    main = gains({c: values[c] for c in plain}, "mixed_barlow", "barlow_twins", "map_at_r")
    answer = "Do mixed rows make Barlow Twins better? %s By MAP@R mixed_barlow wins %s." % (
        outcome(main), ", ".join("%d of %d splits on %s" % (g.won, g.splits, c) for c, g in main.items()))
    lines = [better(values, "mixed_barlow", "barlow_twins", m, "Mixed rows help (Bandara et al.)", plain) for m in NAMES]
    pairs = [(c, c + LONGER) for c in plain if c + LONGER in values]
    lines += [grows(values, "mixed_barlow", "barlow_twins", m, pairs, "They help the more, the longer it trains") for m in NAMES]
    falls = ["%s %.3f to %.3f" % (c, mean(values[c]["barlow_twins"][m]), mean(values[long]["barlow_twins"][m])) for m in NAMES for c, long in pairs]
    lost = all(mean(values[long]["barlow_twins"][m]) < mean(values[c]["barlow_twins"][m]) for m in NAMES for c, long in pairs)
    lines.append("- Barlow Twins overfits: trained five times as long it is worse, by both: %s %s." % (verdict(lost), "; ".join(falls)))
    for kind in (RANDOM, RAW):
        lines += [better(values, "barlow_twins", kind, m, "Barlow Twins learns something (Zbontar et al.): it is better than %s" % (
            "a random map" if kind == RANDOM else "the features as they are"), plain) for m in NAMES]
    return answer, lines + [better(values, "barlow_twins", "nt_xent", m, "It is better than nt_xent", plain) for m in NAMES]


def says_head(values: Values) -> Tuple[str, List[str]]:
    rates = [[c for c in values if c.startswith(name + ", ")] for name in of_sets({c.split(",")[0]: v for c, v in values.items()})]
    found = gains(values, "nt_xent, before the head", "nt_xent, after the head", "judged_accuracy")
    answer = "Is the layer before the projection head the better representation? %s It is better %s." % (
        outcome(found), counted(found))
    first = [cells[0] for cells in rates]
    return answer, [
        better(values, "nt_xent, before the head", "nt_xent, after the head", "judged_accuracy", "Before the head is better than after it (Xue et al.)"),
        better(values, "nt_xent, before the head", "nt_xent, after the head", "judged_accuracy", "It is where the views hide most of the features",
               [cells[-1] for cells in rates]),
        grows(values, "nt_xent, before the head", "nt_xent, after the head", "judged_accuracy", rates, "The more so, the more of the features the views destroy"),
        better(values, "supcon, before the head", "supcon, after the head", "judged_accuracy", "The same of supcon, which reads labels", first),
        better(values, "nt_xent, before the head", RAW, "judged_accuracy", "Before the head is better than the features as they are")]


TAIL = ", long tail"


def says_isogclr(values: Values) -> Tuple[str, List[str]]:
    found = gains(values, "isogclr", "sogclr", "judged_accuracy")
    answer = "Is a temperature for each row better than one for all? %s By nearest neighbours isogclr is better than sogclr %s." % (
        outcome(found), counted(found))
    pairs = [(c, c + TAIL) for c in of_sets(values) if c + TAIL in values]
    return answer, [
        *[better(values, "isogclr", "sogclr", m, "A temperature of its own for each row is better (Qiu et al.)") for m in NAMES],
        *[grows(values, "isogclr", "sogclr", m, pairs, "The more so with a long tail") for m in NAMES],
        better(values, "isogclr", RANDOM, "judged_accuracy", "It learns something: it is better than a random map")]


def says_pairs(values: Values) -> Tuple[str, List[str]]:
    cells = [[c for c in values if c.startswith(name + ", ")] for name in of_sets({c.split(",")[0]: v for c, v in values.items()})]
    noisy = [c for of in cells for c in of[1:]]
    found = gains({c: values[c] for c in noisy}, "tal", "trl", "map_at_r")
    answer = "Does a soft maximum over the negatives stand wrong pairs better than the hardest negative? %s Where half are wrong tal is " \
             "better than trl %s." % (outcome(found), counted(found))
    lines = [better(values, "tal", "trl", "map_at_r", "With wrong pairs tal is better than trl (Qin et al.)", noisy),
             grows(values, "tal", "trl", "map_at_r", cells, "The more so than without them"),
             better(values, "tal", "info_nce", "map_at_r", "With wrong pairs it is better than info_nce", noisy)]
    for loss in ("trl", "tal", "info_nce"):
        lines.append("- What half of the pairs being wrong costs %s: %s." % (loss, "; ".join("%s %.3f" % (of[0].split(",")[0], mean(
            values[of[0]][loss]["map_at_r"]) - mean(values[of[-1]][loss]["map_at_r"])) for of in cells)))
    return answer, lines


FEW = "train.seed=1,2,3,4,5"
MIXED, RATES = "train.views={kind: mixed, sd: 0.3, rate: 0.2}", "optimizer.lr=0.003,0.01"
TWO = "train.views={kind: noise_and_dropout, sd: 0.3, rate: 0.2, first: true}"

HALF = {"digits": 32, "segment": 9, "satellite": 18}


def layers(loss: str, layer: str, *more: str) -> List[str]:
    return ["loss=" + loss, "loss.tau=0.1,0.5", "evaluate.embeddings.layer=" + layer, *more]


STUDIES = {
    "barlow": Study(
        "Barlow Twins, with and without mixed rows", "configs/barlow/mixed.yaml",
        {**SMALL, "digits" + LONGER: ["train.epochs=150", FEW]},
        {"barlow_twins": ["loss=barlow_twins", TWO, "loss.lambda=0.0051,0.05", RATES],
         "mixed_barlow": ["loss=mixed_barlow", MIXED, "loss.lambda=0.0051,0.05", RATES],
         "nt_xent": ["loss=nt_xent", TWO, "loss.tau=0.1,0.5", RATES]},
        tuple(NAMES), says_barlow, ["Networks of pixels, wider outputs and larger batches, on which the papers are, are not tried here."]),
    "projection_head": Study(
        "Before and after the projection head", "configs/projection_head/layers.yaml",
        {"%s, %d %% hidden" % (name, 100 * rate): [*words, "train.views={kind: noise_and_dropout, sd: 0.3, rate: %g, first: true}" % rate] for name, words in SMALL.items() for rate in (0.2, 0.5, 0.8)},
        {"nt_xent, before the head": layers("nt_xent", "hidden"), "nt_xent, after the head": layers("nt_xent", "output"),
         "supcon, before the head": layers("supcon", "hidden", "train.views=null"), "supcon, after the head": layers("supcon", "output", "train.views=null")},
        ("judged_accuracy",), says_head, ["supcon has no views, so that it is the same in the cells of a set. Coarse labels in training and fine ones in judging, the "
                                          "paper's other case, cannot be had: one table has one label."]),
    "isogclr": Study(
        "A temperature for each row", "configs/isogclr/long_tail.yaml",
        {name + tail: [*words, "corrupt.imbalance=" + kind] for tail, kind in (("", "none"), (TAIL, "{kind: long_tail, ratio: 20, valid: false}"))
         for name, words in SMALL.items()},
        {"isogclr": ["loss=isogclr", "loss.tau=0.1,0.3,0.7"], "sogclr": ["loss=sogclr", "loss.tau=0.1,0.3,0.7"]},
        tuple(NAMES), says_isogclr, ["The losses have the same three temperatures, with which isogclr's rows begin; they move by 0.01 times the slope at "
                                       "most 30 times. isogclr was given them after it had looked worse with one alone. For the tests of cells with a long tail the share of test rows is that of the others.",
                                       "The paper's long tails are of images and its two-tower models of images and texts; neither is here."]),
    "noisy_pairs": Study(
        "Pairs that do not belong together", "configs/noisy_pairs/halves.yaml",
        {"%s, %d %% wrong" % (name, 100 * rate): [*words, "train.views={kind: parts, features: %d}" % HALF[name], "corrupt.pairs=%s" % (rate or "null")]
         for name, words in SMALL.items() for rate in (0, 0.5)},
        {"trl": ["loss=trl", "loss.margin=0.1,0.2"], "tal": ["loss=tal", "loss.margin=0.1,0.2"], "info_nce": ["loss=info_nce", "loss.tau=0.07,0.3"]},
        ("map_at_r",), says_pairs, ["Test rows are whole and judged by class, not by which half belongs to which, and tal and trl also take the other rows of a "
                                    "class as positives, as info_nce does not. The division of pairs into clean and noisy ones, the paper's other part, is not here."])}


def table(study: Study, values: Values, metric: str) -> List[str]:
    names = [*study.contenders, RAW, RANDOM]
    lines = ["| cell | %s |" % " | ".join(names), "| --- |" + " ---: |" * len(names)]
    for cell, of in values.items():
        means = {n: mean(of[n][metric]) for n in names}
        top = max(means[n] for n in study.contenders)
        lines.append("| %s | %s |" % (cell, " | ".join(("**%.3f**" if n in study.contenders and means[n] == top else "%.3f") % means[n] for n in names)))
    return lines + [""]


def page(name: str, values: Values) -> str:
    study = STUDIES[name]
    answer, holds = study.says(values)
    splits = sorted({len(of[RAW][study.metrics[0]]) for of in values.values()})
    lines = ["# %s" % study.title, "",
             "Remade by `make atlas STUDY=%s`; do not edit. Protocol: the header of [%s](../../../%s). Means over %s splits on test rows; the "
             "best loss of a row is bold. Intervals are 95 %%; clearly: p < %g by the corrected resampled t-test over the splits, with Holm's correction over the "
             "cells of a claim." % (name, study.config, study.config, " or ".join(map(str, splits)), LEVEL), "", answer, ""]
    for metric in study.metrics:
        lines += ["## By %s" % (NAMES[metric] if metric == "map_at_r" else "the accuracy of nearest neighbours"), "", *table(study, values, metric)]
    return "\n".join(lines + ["## What holds", "", "A claim of better holds where nine splits of ten are won in every cell that it is of.", "", *holds,
                              *["- " + note for note in study.notes], ""])


def make(run: Run) -> str:
    study = STUDIES[run.name]
    folder = ROOT / "results" / study.config.split("/")[1].replace("_", "-")
    return page(run.name, train(run.binary, run.jobs, folder, study))
