"""Fine-tunes networks by configs/wise_ft with and without averaging their weights with those of the start, and writes the page: accuracy on rows
like those of the fine-tuning, and on shifted ones."""
from statistics import mean
from typing import Dict, List, Tuple

import numpy

from studies.hidden_features import features, model_of, scores
from studies.made_rows import MadeRows
from studies.paired import judged
from studies.shifted_tables import Part, parts
from study_common import ROOT, Run, table
from study_shape import load

STUDY = load("wise_ft")
SETS, START, CONTENDERS = STUDY.given("sets", "start", "contenders")
CONFIG, FOLDER = STUDY.configs[0], ROOT / "results" / "wise-ft"
BEFORE = "the start"
JUDGES = {"test": "as it is", "shifted": "shifted"}
Found = Dict[str, Dict[str, List[Dict[str, float]]]]        # set, contender: one a split: accuracy by JUDGES


def accuracy(trial: dict, of: Part) -> float:
    with numpy.load(ROOT / model_of(trial)) as model:
        told = model["classes"][scores(model, features(model, of.x)).argmax(axis=1)]
    return float(numpy.mean(told.astype(int) == of.y))


def claim(found: Found, key: str) -> Tuple[str, str]:
    compared = STUDY.declared(key).compares
    on = compared["on"]
    return judged(STUDY, key, {name: [(a[on], b[on]) for a, b in zip(of[compared["of"]], of[compared["than"]])] for name, of in found.items()})


def page(found: Found) -> str:
    splits = len(next(iter(found.values()))[BEFORE])
    lines = [*STUDY.head(splits=splits), "%s %s" % (STUDY.question, claim(found, next(iter(STUDY.claims)))[1]), "",
             *table(["set", "", *("accuracy, " + words for words in JUDGES.values())],
                    [[name, contender, *("%.4f" % mean(s[judge] for s in splits_of) for judge in JUDGES)]
                     for name, of in found.items() for contender, splits_of in of.items()], "llrr")]
    return "\n".join(lines + STUDY.section(["%s: %s" % claim(found, key) for key in STUDY.claims]))


def one_split(rows: MadeRows) -> Dict[str, Dict[str, float]]:
    of = parts(rows.name, rows.seed)
    start = rows.best("start", *of["start"], START)
    models = {BEFORE: start, **{c: rows.best("tuned", *of["tuned"], ["model.start=" + model_of(start), *options]) for c, options in CONTENDERS.items()}}
    return {c: {judge: accuracy(trial, of[judge]) for judge in JUDGES} for c, trial in models.items()}


def make(run: Run) -> str:
    found: Found = {}
    for name in SETS:
        splits = [one_split(MadeRows(run, CONFIG, FOLDER, name, seed)) for seed in range(1, run.options["splits"] + 1)]
        found[name] = {c: [s[c] for s in splits] for c in splits[0]}
    return page(found)
