"""Trains a network on half of the classes of a set, and linear SVMs and networks by configs/off_the_shelf on the others, and writes the page: how
accurate an SVM on the first network's hidden features is."""
from statistics import mean
from typing import Dict, List, Tuple

import numpy

from studies.hidden_features import features, model_of
from studies.made_rows import MadeRows
from studies.paired import judged
from studies.shifted_tables import sample
from study_common import ROOT, Run, table, value_of
from study_shape import load

STUDY = load("off_the_shelf")
SETS, SHELF, CONTENDERS = STUDY.given("sets", "shelf", "contenders")
CONFIG, FOLDER = STUDY.configs[0], ROOT / "results" / "off-the-shelf"
Found = Dict[str, Dict[str, List[float]]]           # set, contender: accuracy, one a split


def unit(h: numpy.ndarray) -> numpy.ndarray:
    return h / numpy.maximum(numpy.linalg.norm(h, axis=1, keepdims=True), 1e-12)


def claim(found: Found, key: str) -> Tuple[str, str]:
    compared = STUDY.declared(key).compares
    return judged(STUDY, key, {name: list(zip(of[compared["of"]], of[compared["than"]])) for name, of in found.items()})


def page(found: Found) -> str:
    splits = len(next(iter(next(iter(found.values())).values())))
    lines = [*STUDY.head(splits=splits), "%s %s" % (STUDY.question, claim(found, next(iter(STUDY.claims)))[1]), "",
             *table(["", *found], [[c, *("%.4f" % mean(of[c]) for of in found.values())] for c in CONTENDERS])]
    return "\n".join(lines + STUDY.section(["%s: %s" % claim(found, key) for key in STUDY.claims]))


def one_split(made: MadeRows) -> Dict[str, float]:
    x, y = sample(made.name)
    x = x[:, SETS[made.name]:]
    classes = numpy.random.default_rng(made.seed).permutation(numpy.unique(y))
    shelf = numpy.isin(y, classes[:len(classes) // 2])
    first = model_of(made.best("shelf", x[shelf], y[shelf], SHELF))
    with numpy.load(ROOT / first) as model:
        h = features(model, x[~shelf])
    rows = {"raw": x[~shelf], "hidden": h, "unit": unit(h)}
    return {c: value_of(made.best(kind, rows[kind], y[~shelf], [o.replace("SHELF", first) for o in options]), "test", "accuracy")
            for c, (kind, *options) in CONTENDERS.items()}


def make(run: Run) -> str:
    found: Found = {}
    for name in SETS:
        splits = [one_split(MadeRows(run, CONFIG, FOLDER, name, seed)) for seed in range(1, run.options["splits"] + 1)]
        found[name] = {c: [s[c] for s in splits] for c in CONTENDERS}
    return page(found)
