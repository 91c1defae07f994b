"""Trains what a study of embeddings compares: settings chosen on classes that neither train nor test, then judged on classes never seen.

A unit is one split of one set under one condition. The split draws the classes that test, and of the others those that settings are chosen by.
First every setting of every contender trains without both and is judged on the latter; the best trains again on all classes that do not test.
A study by rows needs one training instead: its validation rows choose, its test rows judge."""
import csv
import gzip
import itertools
import json
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

from study_common import ROOT, trained

RAW, RANDOM = "raw features", "random map"
RATIO, RATE = "ratio", "rate"                               # beside the measures: test rows to training rows; the rate chosen
Values = Dict[str, Dict[str, float]]                        # contender: measure: value
Cell = Tuple[str, str]                                      # set, condition
Found = Dict[Cell, List[Values]]                            # one a split
THIN = "results/embeddings/letter5.csv"                     # every fifth row of Letter


class Data(NamedTuple):
    options: Sequence[str]                                  # of the config
    classes: Sequence[str]                                  # in the program's order
    test: int                                               # classes that test
    valid: int                                              # of the others: classes that settings are chosen by
    ways: int                                               # classes of a batch, no more than train where settings are chosen


class Condition(NamedTuple):
    name: str
    options: Callable[[Sequence[str], Sequence[str]], List[str]]    # of all classes and of those that train


# A contender is a list of sweeps, a sweep a list of options with one value or more: all their settings together are tried in each split.
Contender = Sequence[Sequence[str]]


class Plan(NamedTuple):
    config: str
    sets: Dict[str, Data]
    conditions: Sequence[Condition]
    contenders: Dict[str, Contender]
    choose: Optional[str] = None                            # the setting that has the most of this is taken; None: there is but one
    by_rows: bool = False
    measured: str = ""                                      # what is measured where settings are chosen; as the config says if empty
    per_class: int = 10                                     # rows of a class in a batch; by rows the config says it
    splits: int = 10


def thin_letter() -> None:
    """Writes THIN."""
    (ROOT / THIN).parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(ROOT / "datasets" / "samples" / "letter.csv.gz", "rt", encoding="ascii", newline="") as source:
        rows = list(csv.reader(source))
    with open(ROOT / THIN, "w", encoding="ascii", newline="") as out:
        csv.writer(out, lineterminator="\n").writerows(rows[:1] + rows[1::5])


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
        found = [(t, sweep) for sweep in contender for t in self.sweep([*words, *sweep]) if t["result"]["status"] == "ok"]
        if not found:
            raise ValueError("every setting of %s diverged" % contender[0][0])
        trial, sweep = max(found, key=lambda one: one[0]["result"]["metrics"][part][self.plan.choose] if self.plan.choose else 0)
        return trial, [option(word.split("=")[0], trial["config"]) for word in sweep]

    def again(self, options: Sequence[str]) -> dict:
        trial, = self.sweep(options)
        if trial["result"]["status"] != "ok":
            raise ValueError("%s diverged on the classes that test" % options[-1])
        return trial


def unit(runs: Runs, data: Data, condition: Condition, split: int, more: Sequence[str]) -> Values:
    plan, out = runs.plan, {}
    words = [*data.options, "train.seed=%d" % split, *more]
    if not plan.by_rows:
        words += ["train.batch=%d" % (data.ways * plan.per_class), "train.per_class=%d" % plan.per_class]
        test, valid = drawn(data, split)
        rest = [c for c in data.classes if c not in test]
        tuning = [*words, "data.ignore_labels=%s" % json.dumps(test), "data.split.hold_out_classes=%s" % json.dumps(valid),
                  *condition.options(rest, [c for c in rest if c not in valid]), *(["metrics=[%s]" % plan.measured] if plan.measured else [])]
        final = [*words, "data.split.hold_out_classes=%s" % json.dumps(test), *condition.options(data.classes, rest)]
    for name, contender in plan.contenders.items():
        if plan.by_rows:
            trial, _ = runs.best(contender, [*words, *condition.options(data.classes, data.classes)], "valid")
        else:
            trial = runs.again([*final, *runs.best(contender, tuning, "test")[1]])
        rows = trial["data"]["rows"]
        out[name] = {**trial["result"]["metrics"]["test"], RATIO: rows["test"] / rows["train"], RATE: trial["config"]["optimizer"]["lr"]}
        out[RAW], out[RANDOM] = trial["baseline"]["metrics"]["test"], trial["baseline"]["random_map"]["test"]
    return out


def run(binary: str, plan: Plan, jobs: int, folder: Path, more: Sequence[str] = ()) -> Found:
    """All units, `jobs` at a time, each in a folder of its own."""
    units = list(itertools.product(plan.sets, plan.conditions, range(1, plan.splits + 1)))

    def values(one: Tuple[str, Condition, int]) -> Values:
        name, condition, split = one
        place = folder / ("%s-%s-%d" % (name, condition.name.replace(" ", "_"), split))
        return unit(Runs(binary, plan, place), plan.sets[name], condition, split, more)

    found: Found = {}
    with ThreadPoolExecutor(jobs) as pool:
        for (name, condition, _), one in zip(units, pool.map(values, units)):
            found.setdefault((name, condition.name), []).append(one)
    return found
