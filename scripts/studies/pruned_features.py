"""Prunes networks of configs/pruned_features and writes the page: how well the change of a row's hidden features tells which rows pruning breaks."""
from statistics import mean
from typing import Dict, List, NamedTuple, Sequence, Tuple

import numpy

from studies.hidden_features import auc, features, model_of, rows_of, scores
from study_common import ROOT, Run, best_splits, table, trained
from study_shape import load

STUDY = load("pruned_features")
SETS, PRUNED, SPLITS = STUDY.given("sets", "pruned", "splits")
CONFIG, FOLDER = STUDY.configs[0], ROOT / "results" / "pruned-features"
SIGNS = {"angle": "angle", "length": "ratio of lengths", "lead": "lead of the highest score"}      # that may tell a broken row


class Told(NamedTuple):
    """In one split."""
    auc: Dict[str, float]              # of each sign, broken rows against the others that the whole network has right
    whole: float                       # share of the test rows that it has right,
    broken: float                      # and that it alone has


Found = Dict[str, Dict[str, List[Told]]]        # set, way of pruning: one a split


def signs(h: numpy.ndarray, pruned: numpy.ndarray, z: numpy.ndarray) -> Dict[str, numpy.ndarray]:
    """Of each row, the more the likelier that pruning breaks it: the features of both networks, the scores of the whole one."""
    lengths = [numpy.maximum(numpy.linalg.norm(v, axis=1), 1e-12) for v in (h, pruned)]
    cosine = numpy.sum(h * pruned, axis=1) / (lengths[0] * lengths[1])
    highest = numpy.sort(z, axis=1)
    return {"angle": numpy.arccos(numpy.clip(cosine, -1, 1)), "length": abs(numpy.log(lengths[1] / lengths[0])), "lead": highest[:, -2] - highest[:, -1]}


def told(whole: dict, pruned: dict) -> Told:
    h, z, right = [], [], []
    for trial in (whole, pruned):
        with numpy.load(ROOT / model_of(trial)) as model:
            rows = rows_of(whole, model["columns"])
            h.append(features(model, rows.x[rows.test]))
            z.append(scores(model, h[-1]))
            right.append(model["classes"][z[-1].argmax(axis=1)] == rows.label[rows.test])
    broken, kept = right[0] & ~right[1], right[0] & right[1]
    return Told({name: auc(v[broken], v[kept]) for name, v in signs(*h, z[0]).items()}, float(right[0].mean()), float(broken.mean()))


# ---- the page ----

def judged(found: Found, key: str) -> Tuple[str, str]:
    """The sentence of a claim, and its verdict with the figures: of one sign, or of what one tells more than another."""
    of, *than = STUDY.declared(key).compares["signs"]
    values = {"%s, %s" % (name, way): [t.auc[of] - sum(t.auc[other] for other in than) for t in splits] for name, ways in found.items() for way, splits in ways.items()}
    figures = "; ".join("%s %.3f" % (name, mean(v)) for name, v in values.items()) + "."
    return STUDY.says(key), STUDY.judged(key, {name: best_splits(v, SPLITS) for name, v in values.items()}, figures)


def page(found: Found) -> str:
    splits = len(next(iter(next(iter(found.values())).values())))
    lines = [*STUDY.head(splits=splits), "%s %s" % (STUDY.question, judged(found, next(iter(STUDY.claims)))[1]), "", *table(
        ["set", "pruned", "right", "broken", *("AUC of the " + words for words in SIGNS.values())],
        [[name, way, "%.3f" % mean(t.whole for t in of), "%.3f" % mean(t.broken for t in of), *("%.3f" % mean(t.auc[sign] for t in of) for sign in SIGNS)]
         for name, ways in found.items() for way, of in ways.items()], "ll" + "r" * (2 + len(SIGNS)))]
    return "\n".join(lines + STUDY.section(["%s: %s" % judged(found, key) for key in STUDY.claims]))


def make(run: Run) -> str:
    def of(name: str, seed: int, more: Sequence[str]) -> dict:
        trial, = trained(run.binary, CONFIG, FOLDER / name, run.jobs, [
            *SETS[name], "train.seed=%d" % seed, "output.dir=%s" % (FOLDER / name).relative_to(ROOT), *more], quiet=True)
        return trial

    found: Found = {name: {way: [] for way in PRUNED} for name in SETS}
    for name in SETS:
        for seed in range(1, run.options["splits"] + 1):
            whole = of(name, seed, ["procedures=[]"])
            for way, options in PRUNED.items():
                found[name][way].append(told(whole, of(name, seed, ["model.start=" + model_of(whole), *options])))
    return page(found)
