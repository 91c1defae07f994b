"""Runs configs/stablemax and writes its page: how scores grow once the training rows are fitted, how much of the softmax is lost in
rounding, and what is left of the gradient in float32, in float64 and with StableMax."""
import csv
import subprocess
from typing import Dict, List

import numpy as np

from study_common import ROOT, Run, predictions, table
from study_shape import load

STUDY = load("stablemax")
EPOCHS, CURVES = STUDY.given("epochs", "curves")
FOLDER = ROOT / "results" / "stablemax"


def group(trials: List[dict]) -> Dict[tuple, List[dict]]:
    groups: Dict[tuple, List[dict]] = {}
    for t in trials:
        groups.setdefault((t["config"]["loss"]["name"], t["config"]["train"]["precision"]), []).append(t)
    return dict(sorted(groups.items()))


def curve_table(groups: Dict[tuple, List[dict]], key: str) -> List[str]:
    means = {name: np.mean([t["result"]["curves"][key] for t in trials], 0) for name, trials in groups.items()}
    return table(["%s, epoch" % CURVES[key], *map(str, EPOCHS)], [["%s, %s" % name, *("%.4g" % values[e - 1] for e in EPOCHS)]
                                                                  for name, values in means.items()])


def softmax_gradient(z: np.ndarray, y: np.ndarray) -> np.ndarray:
    """p - e as the usual frameworks form it: every term in the working precision of z."""
    terms = np.exp(z - z.max(1, keepdims=True))
    g = terms / terms.sum(1, keepdims=True, dtype=z.dtype)
    g[np.arange(len(y)), y] -= z.dtype.type(1)
    return g


def stablemax_gradient(z: np.ndarray, y: np.ndarray) -> np.ndarray:
    one = z.dtype.type(1)
    below = np.minimum(z, 0)
    s = np.where(z >= 0, z + one, one / (one - below))
    slope = np.where(z >= 0, one, one / (one - below) ** 2)
    g = slope / s.sum(1, keepdims=True, dtype=z.dtype)
    rows = np.arange(len(y))
    g[rows, y] -= slope[rows, y] / s[rows, y]
    return g


def scores(trial: dict) -> tuple:
    with open(predictions(FOLDER, trial), newline="", encoding="utf-8") as f:
        rows = list(csv.reader(f))[1:]
    names = trial["data"]["classes"]
    return np.array([[float(v) for v in r[2:]] for r in rows]), np.array([names.index(r[1]) for r in rows])


def zero_shares(groups: Dict[tuple, List[dict]]) -> Dict[tuple, tuple]:
    """Rows, share whose label's entry of the gradient is exactly 0, share whose whole row is, median of the largest entry."""
    shares = {}
    for (loss, precision), trials in groups.items():
        gradient = stablemax_gradient if loss == "stablemax_ce" else softmax_gradient
        kept = [(gradient(z.astype(precision), y), y) for z, y in map(scores, trials)]
        g, y = np.vstack([k[0] for k in kept]), np.concatenate([k[1] for k in kept])
        label = g[np.arange(len(y)), y] == 0
        shares[loss, precision] = len(y), label.mean(), (g == 0).all(1).mean(), np.median(np.abs(g).max(1))
    return shares


def gradient_table(groups: Dict[tuple, List[dict]]) -> List[str]:
    return table(["trained with", "test rows", "the label's entry is exactly 0", "whole row exactly 0", "largest entry, median over rows"], [
        ["%s, %s" % name, "%d" % n, "%.1f %%" % (100 * label), "%.1f %%" % (100 * whole), "%.2g" % largest]
        for name, (n, label, whole, largest) in zero_shares(groups).items()])


def verdicts(groups: Dict[tuple, List[dict]]) -> List[str]:
    def last(loss: str, precision: str, key: str) -> float:
        return float(np.mean([t["result"]["curves"][key][-1] for t in groups[(loss, precision)]]))

    def first_fit(loss: str, precision: str) -> int:
        accuracy = np.mean([t["result"]["curves"]["train.accuracy"] for t in groups[(loss, precision)]], 0)
        return int(np.argmax(accuracy == 1.0)) + 1 if (accuracy == 1.0).any() else 0

    def peak_at(epoch: int) -> float:
        return float(np.mean([t["result"]["curves"]["train.score_peak"][epoch - 1] for t in groups[("ce", "float32")]]))

    fit = first_fit("ce", "float32")
    before, after = peak_at(max(fit, 1)), last("ce", "float32", "train.score_peak")
    lost = last("ce", "float32", "train.softmax_collapse"), last("ce", "float64", "train.softmax_collapse")
    more, zeros = lost[0] / lost[1] if lost[1] else float("inf") if lost[0] else 0.0, zero_shares(groups)
    entry = {"stablemax": zeros["stablemax_ce", "float32"][1], "ce": zeros["ce", "float32"][1]}
    return [STUDY.claim("grows", after / before if fit else 0.0, "All are right from epoch %d on, with a largest score of %.1f; after %d epochs it is %.1f." % (
                fit, before, EPOCHS[-1], after)),
            STUDY.claim("collapses", {"float32": lost[0], "more": more}, "%.1f %% of the training rows against %.1f %%." % (100 * lost[0], 100 * lost[1])),
            STUDY.claim("gradient", entry, "The label's entry is exactly 0 for %.1f %% of the rows, against %.1f %% with cross-entropy; StableMax's falls like "
                        "1/score^2, not like exp(-gap)." % (100 * entry["stablemax"], 100 * entry["ce"]))]


def page(groups: Dict[tuple, List[dict]], metrics: str) -> str:
    lines = [*STUDY.head(), "## On the training rows", ""]
    for key in CURVES:
        lines += curve_table(groups, key)
    lines += ["`collapsed rows` is a property of the softmax of the scores. StableMax does not use the softmax, so for it the row only says how "
              "large its scores are.", "", "## The gradient at the end, as the usual frameworks form it", "",
              "From the kept scores of the test rows: p - e with the terms of the softmax added in the working precision, and StableMax's "
              "gradient likewise.", "", *gradient_table(groups),
              "lossbench's own cross-entropy does not form 1 - p_y by subtraction, so that its label's entry does not collapse to 0 "
              "with it: what it trains with here is the exact gradient, rounded once. The growth of the scores is therefore that of the loss "
              "itself, not of its rounding.", ""]
    return "\n".join([*lines, *STUDY.section(verdicts(groups), "What reproduces"), "## All metrics", "", metrics])


def make(run: Run) -> str:
    trials = run.trained(STUDY.configs[0], FOLDER)
    files = [str(FOLDER / "trials" / (t["id"] + ".json")) for t in trials]
    metrics = subprocess.run([run.binary, "report", *files, "--format", "md", "--sort", "key"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    return page(group(trials), metrics)
