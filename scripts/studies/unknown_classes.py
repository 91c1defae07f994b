"""Trains networks by configs/unknown_classes without some classes and writes the page: how well scores find the rows of these."""
import random
from statistics import mean
from typing import Dict, List, Sequence, Tuple

import numpy
from scipy.special import softmax

from studies.hidden_features import auc, features, model_of, prepared, rows_of, scores
from study_common import ROOT, Run, best_splits, table, trained, value_of
from study_shape import load

STUDY = load("unknown_classes")
SETS, WORDS, SPLITS = STUDY.given("sets", "scores", "splits")
CONFIG, FOLDER = STUDY.configs[0], ROOT / "results" / "unknown-classes"
ACCURACY = "accuracy"                               # of the known classes, beside the AUC of each score
Found = Dict[str, List[Dict[str, float]]]           # set: one a split


def nearness(rows: numpy.ndarray, label: numpy.ndarray, of: numpy.ndarray) -> numpy.ndarray:
    """Of each row the largest density of a class, up to constants: Gaussians with the mean of each class and one covariance for all."""
    names = sorted(set(label))
    means = numpy.array([rows[label == name].mean(axis=0) for name in names])
    rest = rows - means[numpy.searchsorted(names, label)]
    inverse = numpy.linalg.pinv(rest.T @ rest / len(rest), hermitian=True)
    away = of[:, None, :] - means
    return -numpy.einsum("nck,kl,ncl->nc", away, inverse, away).min(axis=1)


def found_by(trial: dict) -> Dict[str, float]:
    """The AUC of each score: test rows of known classes against all rows of the others."""
    with numpy.load(ROOT / model_of(trial)) as file:
        model = {name: file[name] for name in file.files}
    rows = rows_of(trial, model["columns"])
    known = ~numpy.isin(rows.label, trial["config"]["data"]["ignore_labels"])
    fitted, test = known & ~rows.test, rows.test | ~known
    x, h = prepared(model, rows.x), features(model, rows.x)
    told = {"softmax": softmax(scores(model, h[test]), axis=1).max(axis=1), "hidden": nearness(h[fitted], rows.label[fitted], h[test]),
            "features": nearness(x[fitted], rows.label[fitted], x[test])}
    return {**{name: auc(v[known[test]], v[~known[test]]) for name, v in told.items()}, ACCURACY: value_of(trial, "test", "accuracy")}


# ---- the page ----

def judged(found: Found, key: str) -> Tuple[str, str]:
    """The sentence of a claim, and its verdict with the figures: of one score, or of what one finds more than another."""
    of, *than = STUDY.declared(key).compares["scores"]
    values = {name: [v[of] - sum(v[other] for other in than) for v in splits] for name, splits in found.items()}
    figures = "; ".join("%s %s" % (name, ("%+.3f" if than else "%.3f") % mean(v)) for name, v in values.items()) + "."
    return STUDY.says(key), STUDY.judged(key, {name: best_splits(v, SPLITS) for name, v in values.items()}, figures)


def page(found: Found) -> str:
    splits = len(next(iter(found.values())))
    lines = [*STUDY.head(splits=splits), "%s %s" % (STUDY.question, judged(found, next(iter(STUDY.claims)))[1]), "",
             *table(["set", *WORDS.values(), "accuracy, known classes"],
                    [[name, *("%.3f" % mean(v[column] for v in of) for column in (*WORDS, ACCURACY))] for name, of in found.items()])]
    return "\n".join(lines + STUDY.section(["%s: %s" % judged(found, key) for key in STUDY.claims]))


def make(run: Run) -> str:
    def of(name: str, seed: int, options: Sequence[str], classes: Sequence[str], unknown: int) -> Dict[str, float]:
        drawn = sorted(random.Random(seed).sample(classes, unknown))
        trial, = trained(run.binary, CONFIG, FOLDER / name, run.jobs, [
            *options, "data.ignore_labels=[%s]" % ", ".join('"%s"' % label for label in drawn), "train.seed=%d" % seed,
            "output.dir=%s" % (FOLDER / name).relative_to(ROOT)], quiet=True)
        return found_by(trial)

    return page({name: [of(name, seed, **SETS[name]) for seed in range(1, run.options["splits"] + 1)] for name in SETS})
