"""Trains networks by configs/learned_features on two labels at once, and on one of them before both, and writes the page: which share of the variance
of the last hidden layer each label explains."""
from statistics import mean
from typing import Dict, List, NamedTuple, Sequence, Tuple

import numpy

from studies.feature_tables import labels
from studies.hidden_features import features, model_of
from study_common import ROOT, Run, best_splits, table, trained, value_of
from study_shape import load

STUDY = load("learned_features")
SETS, EPOCHS = STUDY.given("sets", "epochs")
CONFIG, FOLDER = STUDY.configs[0], ROOT / "results" / "learned-features"
LABELS, TOGETHER = ("majority", "parity"), "together"


class Learned(NamedTuple):
    """In one split."""
    share: Dict[str, float]            # of the variance, by the label that explains it
    right: float                       # test rows of which both labels are right


Found = Dict[str, Dict[str, List[Learned]]]     # set, order of learning: one a split


# ---- what a network has learned ----

def explained(h: numpy.ndarray, label: numpy.ndarray) -> float:
    """The share of the variance of all units that lies between the means of the rows of each label."""
    between = sum(numpy.mean(label == v) * (h[label == v].mean(axis=0) - h.mean(axis=0)) ** 2 for v in (0, 1))
    return float(numpy.sum(between) / numpy.sum(h.var(axis=0)))


def learned(trial: dict) -> Learned:
    with numpy.load(ROOT / model_of(trial)) as model, numpy.load(ROOT / trial["config"]["data"]["train"]["path"]) as rows:
        h, of = features(model, rows["X"]), labels(rows["X"])
    return Learned({name: explained(h, of[name]) for name in LABELS}, value_of(trial, "test", "subset_accuracy"))


# ---- what the claims are judged by ----

def ratios(of: Dict[str, List[Learned]]) -> List[float]:
    return [v.share["majority"] / v.share["parity"] for v in of[TOGETHER]]


def ordered(of: Dict[str, List[Learned]], label: str) -> Tuple[float, str]:
    """In which share of the splits a label explains more where it was learned first, and the figures."""
    pairs = [(a.share[label], b.share[label]) for a, b in zip(of[label + " first"], of[TOGETHER])]
    won = sum(a > b for a, b in pairs)
    return won / len(pairs), "%.3f against %.3f, more in %d of %d" % (*(mean(v) for v in zip(*pairs)), won, len(pairs))


def measured(of: Dict[str, List[Learned]], key: str) -> Tuple[object, str]:
    """What the bar of a claim asks, and the figures, of one set."""
    if key == "right":
        right = [v.right for splits in of.values() for v in splits]
        return right, "%.3f at least" % min(right)
    if key == "simple":
        return best_splits(ratios(of), STUDY.declared(key).compares["splits"]), "%.2f to %.2f times" % (min(ratios(of)), max(ratios(of)))
    return ordered(of, STUDY.declared(key).compares["label"])


def judged(found: Found, key: str) -> Tuple[str, str]:
    """The sentence of a claim, and its verdict with the figures."""
    told = {name: measured(of, key) for name, of in found.items()}
    figures = "; ".join("%s: %s" % (name, words) for name, (_, words) in told.items()) + "."
    return STUDY.says(key), STUDY.judged(key, {name: n for name, (n, _) in told.items()}, figures)


# ---- the page ----

def page(found: Found) -> str:
    splits = len(next(iter(found.values()))[TOGETHER])
    lines = [*STUDY.head(splits=splits, together=EPOCHS[TOGETHER], first=EPOCHS["first"], then=EPOCHS["then"]),
             "%s %s" % (STUDY.question, judged(found, "simple")[1]), "",
             *table(["network", "learned", *LABELS, "both right"],
                    [[name, order, *("%.3f" % mean(v.share[label] for v in of) for label in LABELS), "%.4f" % mean(v.right for v in of)]
                     for name, orders in found.items() for order, of in orders.items()], "llrrr")]
    return "\n".join(lines + STUDY.section(["%s: %s" % judged(found, key) for key in STUDY.claims]))


def make(run: Run) -> str:
    def of(name: str, seed: int, rows: str, epochs: int, more: Sequence[str] = ()) -> dict:
        trial, = trained(run.binary, CONFIG, FOLDER / name, run.jobs, [
            *SETS[name], "train.seed=%d" % seed, "train.epochs=%d" % epochs, "data.train.path=%s/%s.npz" % (FOLDER.relative_to(ROOT), rows),
            "output.dir=%s" % (FOLDER / name).relative_to(ROOT), *more], quiet=True)
        return trial

    def order(name: str, seed: int, first: str) -> Learned:
        if first == TOGETHER:
            return learned(of(name, seed, "both", EPOCHS[TOGETHER]))
        start = of(name, seed, first, EPOCHS["first"])
        return learned(of(name, seed, "both", EPOCHS["then"], ["model.start=" + model_of(start)]))

    seeds = range(1, run.options["splits"] + 1)
    return page({name: {TOGETHER: [order(name, k, TOGETHER) for k in seeds], **{f + " first": [order(name, k, f) for k in seeds] for f in LABELS}}
                 for name in SETS})
