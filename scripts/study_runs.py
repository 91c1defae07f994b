"""Trains what a comparison compares: the settings of each contender are chosen apart from the rows that judge it.

A unit is one split of one set under one condition. By rows, each setting trains once: its validation rows choose, its test rows judge.
By classes, the split draws the classes that test, and of the others those that settings are chosen by. First every setting of every contender
trains without both and is judged on the latter; the best trains again on all classes that do not test.

Where a plan has trainings that come first, each unit makes them once, on its own rows; their models are teachers, guides or starts of the contenders."""
import itertools
import json
import os
import random
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple, Union

from study_common import ROOT, Refused, trained

RAW, RANDOM = "raw features", "random map"                  # baselines of embeddings; other tasks have the constant model
CONSTANT = {"majority": "the most frequent class", "mean": "the mean"}
RATIO, RATE = "ratio", "rate"                               # beside the measures: test rows to training rows; the rate chosen
FIRST = "FIRST"                                             # in options of contenders: the file of a model that was trained first, unless it has a name
Values = Dict[str, Dict[str, float]]                        # contender: measure: value
Cell = Tuple[str, str]                                      # set, condition
Found = Dict[Cell, List[Values]]                            # one a split


class Data(NamedTuple):
    options: Sequence[str]                                  # of the config
    classes: Sequence[str] = ()                             # in the program's order; by classes these are needed:
    test: int = 0                                           # classes that test
    valid: int = 0                                          # of the others: classes that settings are chosen by
    ways: int = 0                                           # classes of a batch, no more than train where settings are chosen


# Options, or the share of the training labels that are of another class that trains.
Condition = Union[Sequence[str], Dict[str, float]]
# A contender is a list of sweeps, a sweep a list of options with one value or more: all their settings together are tried in each split.
Contender = Sequence[Sequence[str]]


class Plan(NamedTuple):
    config: str
    sets: Dict[str, Data]
    conditions: Dict[str, Condition]
    contenders: Dict[str, Contender]
    choose: Optional[str] = None                            # the setting that has the most of this is taken; None: there is but one
    least: bool = False                                     # the least of it in the place of the most
    by_rows: bool = False
    measured: str = ""                                      # what is measured where settings are chosen; as the config says if empty
    per_class: int = 10                                     # rows of a class in a batch, by classes; by rows the config says it
    splits: int = 10
    first: Dict[str, Sequence[str]] = {}                    # what is trained before the contenders, by rows: options by the names of the models


def wrong_labels(rate: float, classes: Sequence[str], training: Sequence[str]) -> str:
    """The option by which a share of the training labels are of another class that trains."""
    def chance(a: str, b: str) -> float:
        return float(a == b) if a not in training or b not in training else 1 - rate if a == b else rate / (len(training) - 1)
    return "corrupt.labels={kind: matrix, matrix: %s}" % json.dumps([chance(a, b) for a in classes for b in classes])


def options_of(condition: Condition, classes: Sequence[str], training: Sequence[str]) -> List[str]:
    if isinstance(condition, dict):
        return [wrong_labels(condition["wrong_labels"], classes, training)]
    return list(condition)


def drawn(data: Data, split: int) -> Tuple[List[str], List[str]]:
    """The classes that test and those that settings are chosen by."""
    order = list(data.classes)
    random.Random(split).shuffle(order)
    return sorted(order[:data.test]), sorted(order[data.test:data.test + data.valid])


def option(path: str, config: dict) -> str:
    """The option that gives a config the value that a trained one has at this path."""
    value: object = config
    for word in path.split("."):
        value = value.get(word) if isinstance(value, dict) else None
    return "%s=%s" % (path, json.dumps(value))


class Runs(NamedTuple):
    """The trainings of one unit."""
    binary: str
    plan: Plan
    folder: Path

    def sweep(self, options: Sequence[str]) -> List[dict]:
        return trained(self.binary, self.plan.config, self.folder, 1, [*options, "output.dir=%s" % self.folder], quiet=True)

    def best(self, contender: Contender, words: Sequence[str], part: str) -> Tuple[dict, List[str]]:
        """The record of the best setting, and the options that make it again."""
        def judged(one: Tuple[dict, Sequence[str]]) -> float:
            value = one[0]["result"]["metrics"][part][self.plan.choose] if self.plan.choose else 0.0
            return -value if self.plan.least else value

        found = [(t, sweep) for sweep in contender for t in self.sweep([*words, *sweep]) if t["result"]["status"] == "ok"]
        if not found:
            raise Refused("every setting of %s diverged" % contender[0][0])
        trial, sweep = max(found, key=judged)
        return trial, [option(word.split("=")[0], trial["config"]) for word in sweep]

    def again(self, options: Sequence[str]) -> dict:
        """The record of one training."""
        made = self.sweep(options)
        if [t["result"]["status"] for t in made] != ["ok"]:
            raise Refused("found %d trainings of %s, %d diverged, allowed: one that does not" % (
                len(made), ", ".join(options), sum(t["result"]["status"] != "ok" for t in made)))
        return made[0]

    def model(self, options: Sequence[str]) -> str:
        """The file of the model that these options make."""
        return "%s/trials/%s.model.npz" % (os.path.relpath(self.folder, ROOT), self.again([*options, "output.model=true"])["id"])

    def models(self, words: Sequence[str], more: Sequence[str] = ()) -> Dict[str, str]:
        """The files of what is trained first, by name; each may take those before it."""
        made: Dict[str, str] = {}
        for name, options in self.plan.first.items():
            made[name] = self.model([*words, *with_models(options, made), *more])
        return made


def with_models(options: Sequence[str], made: Dict[str, str]) -> List[str]:
    """The options with files in the place of the names of models."""
    def named(word: str) -> str:
        for name, path in made.items():
            word = re.sub(r"\b%s\b" % name, path, word)
        return word
    return [named(word) for word in options]


def baselines(trial: dict) -> Values:
    base = trial["baseline"]
    if "random_map" in base:
        return {RAW: base["metrics"]["test"], RANDOM: base["random_map"]["test"]}
    return {CONSTANT.get(base["kind"], base["kind"]): base["metrics"]["test"]}


def unit(runs: Runs, data: Data, condition: Condition, split: int, more: Sequence[str]) -> Values:
    plan, out = runs.plan, {}
    words = [*data.options, "train.seed=%d" % split, *more]
    if not plan.by_rows:
        words += ["train.batch=%d" % (data.ways * plan.per_class), "train.per_class=%d" % plan.per_class]
        test, valid = drawn(data, split)
        rest = [c for c in data.classes if c not in test]
        tuning = [*words, "data.ignore_labels=%s" % json.dumps(test), "data.split.hold_out_classes=%s" % json.dumps(valid),
                  *options_of(condition, rest, [c for c in rest if c not in valid]), *(["metrics=[%s]" % plan.measured] if plan.measured else [])]
        final = [*words, "data.split.hold_out_classes=%s" % json.dumps(test), *options_of(condition, data.classes, rest)]
    else:
        words += options_of(condition, data.classes, data.classes)
    made = runs.models(words)
    for name, contender in plan.contenders.items():
        if plan.by_rows:
            trial, _ = runs.best([with_models(sweep, made) for sweep in contender], words, "valid")
        else:
            trial = runs.again([*final, *runs.best(contender, tuning, "test")[1]])
        rows = trial["data"]["rows"]
        out[name] = {**trial["result"]["metrics"]["test"], RATIO: rows["test"] / rows["train"], RATE: trial["config"]["optimizer"].get("lr", 0.0)}
        out.update(baselines(trial))
    return out


def train(binary: str, plan: Plan, jobs: int, folder: Path, more: Sequence[str] = ()) -> Found:
    """All units, `jobs` at a time, each in a folder of its own."""
    units = list(itertools.product(plan.sets, plan.conditions, range(1, plan.splits + 1)))

    def values(one: Tuple[str, str, int]) -> Values:
        name, condition, split = one
        place = folder / ("%s-%s-%d" % (name, condition.replace(" ", "_"), split))
        return unit(Runs(binary, plan, place), plan.sets[name], plan.conditions[condition], split, more)

    found: Found = {}
    with ThreadPoolExecutor(jobs) as pool:
        for (name, condition, _), one in zip(units, pool.map(values, units)):
            found.setdefault((name, condition), []).append(one)
    return found
