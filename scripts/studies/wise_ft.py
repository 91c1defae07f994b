"""Fine-tunes networks by configs/wise_ft with and without averaging their weights with those of the start, and writes the page: accuracy on rows
like those of the fine-tuning, and on shifted ones."""
from statistics import mean
from typing import Dict, List, Sequence, Tuple

import numpy

from studies.hidden_features import features, model_of, scores
from studies.paired import judged
from studies.shifted_tables import Part, parts
from study_common import ROOT, Run, best_trials, table, trained, value_of
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


def one_split(run: Run, name: str, seed: int) -> Dict[str, Dict[str, float]]:
    of, place = parts(name, seed), FOLDER / name

    def best(rows: str, options: Sequence[str]) -> dict:
        path = FOLDER / ("%s-%d-%s.npz" % (name, seed, rows))
        path.parent.mkdir(parents=True, exist_ok=True)
        numpy.savez(path, X=of[rows].x, y=of[rows].y)
        trials = trained(run.binary, CONFIG, place, run.jobs, [
            "data.train.path=%s" % path.relative_to(ROOT), "train.seed=%d" % seed, "output.dir=%s" % place.relative_to(ROOT), *options], quiet=True)
        return best_trials(trials, lambda t: seed, lambda t: value_of(t, "valid", "accuracy"))[seed]

    start = best("start", START)
    models = {BEFORE: start, **{c: best("tuned", ["model.start=" + model_of(start), *options]) for c, options in CONTENDERS.items()}}
    return {c: {judge: accuracy(trial, of[judge]) for judge in JUDGES} for c, trial in models.items()}


def make(run: Run) -> str:
    found: Found = {}
    for name in SETS:
        splits = [one_split(run, name, seed) for seed in range(1, run.options["splits"] + 1)]
        found[name] = {c: [s[c] for s in splits] for c in splits[0]}
    return page(found)
