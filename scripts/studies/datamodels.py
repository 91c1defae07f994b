"""Forgets rows of convex problems by matching what datamodels predict, and by gradient steps, and writes the page. Needs NumPy."""
import csv
import gzip
import random
from pathlib import Path
from statistics import mean
from typing import Dict, List, NamedTuple, Sequence

import numpy as np
from study_common import ROOT, Run, table, trained, value_of
from study_shape import load

STUDY = load("datamodels")
PROBLEMS, RATE, REFITS, RIDGE, PENALTY, PASSES, RATES, WEIGHTS = STUDY.given("problems", "rate", "refits", "ridge", "penalty", "passes", "rates", "weights")
CONFIG, FOLDER = STUDY.configs[0], ROOT / "results" / "datamodels"
MATCHING, NEWTON, BEFORE = "datamodel matching", "Newton's step", "before"
RIVALS = ("gradient ascent", "descent", "both")
PARTS = {"test": "kl_to_reference", "forget": "kl_to_reference(rows=forget)", "retain": "kl_to_reference(rows=retain)"}
Divergences = Dict[str, float]                         # by the parts
Forgotten = Dict[str, Divergences]                     # by the ways


class Problem(NamedTuple):
    folder: Path
    options: List[str]
    x: np.ndarray                                      # (rows, columns) as they are
    train: int                                         # the first rows
    model: Path


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def swept(run: Run, folder: Path, options: Sequence[str]) -> List[dict]:
    return trained(run.binary, CONFIG, folder, run.jobs, [*options, "output.dir=" + relative(folder)], quiet=True)


def model_of(folder: Path, trial: dict) -> Path:
    return folder / "trials" / (trial["id"] + ".model.npz")


def written(path: Path, rows: Sequence[Sequence[object]]) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    return relative(path)


def opened(run: Run, name: str) -> Problem:
    """The rows of the classes in a drawn order, of which the first train; and the model that knows all of these."""
    of, folder = PROBLEMS[name], FOLDER / name.replace(", ", "-").replace(" ", "")
    with gzip.open(ROOT / "datasets" / "samples" / of["path"], "rt", encoding="utf-8", newline="") as source:
        head, *rows = csv.reader(source)
    rows = [row for row in rows if not of["classes"] or row[-1] in of["classes"]]
    random.Random(115).shuffle(rows)
    options = ["data.train={path: %s, label: %s}" % (written(folder / "rows.csv", [head, *rows]), head[-1]), "data.split={first: %d, valid: 0}" % of["train"]]
    base = swept(run, folder, options)[0]
    return Problem(folder, options, np.array([row[:-1] for row in rows], dtype=float), of["train"], model_of(folder, base))


def scores(problem: Problem, model: Path) -> np.ndarray:
    """Of all rows, by a linear model."""
    with np.load(model) as m:
        return (problem.x * m["scale"] + m["shift"]) @ m["W1"].T + m["b1"]


def predicted(run: Run, problem: Problem, rows: Sequence[int], seed: int) -> np.ndarray:
    """By a datamodel: the scores of all rows without these."""
    rng, folder = random.Random(seed), problem.folder / ("refits%d" % seed)
    left_out = [[row for row in rows if rng.random() < 0.5] for _ in range(REFITS)]
    paths = [written(folder / "rows" / ("%d.txt" % k), [[row] for row in out]) for k, out in enumerate(left_out)]
    trials = swept(run, folder, [*problem.options, "data.forget={train: retain}", "data.forget.rows=" + ",".join(paths)])
    place = {row: k for k, row in enumerate(rows)}
    design = np.zeros((REFITS + 1, len(rows)))
    for k, out in enumerate(left_out):
        design[k, [place[row] for row in out]] = 1
    z = np.array([*(scores(problem, model_of(folder, t)) for t in trials), scores(problem, problem.model)]).reshape(REFITS + 1, -1)
    middle, level = design.mean(axis=0), z.mean(axis=0)
    effect = np.linalg.solve((design - middle).T @ (design - middle) + RIDGE * np.eye(len(rows)), (design - middle).T @ (z - level))
    return (level + (1 - middle) @ effect).reshape(len(problem.x), -1)


def nearest(trials: Sequence[dict]) -> Divergences:
    """A training that diverged is infinitely far."""
    found = [{part: value_of(t, "test", metric, float("inf")) for part, metric in PARTS.items()} for t in trials]
    return min(found, key=lambda d: d["test"])


def forgotten(run: Run, problem: Problem, seed: int) -> Forgotten:
    rows = sorted(random.Random(1000 + seed).sample(range(problem.train), round(RATE * problem.train)))
    which = "rows: " + written(problem.folder / ("forget%d.txt" % seed), [[row] for row in rows])
    again = swept(run, problem.folder, [*problem.options, "data.forget={%s, train: retain}" % which])[0]
    teacher = written(problem.folder / ("predicted%d.csv" % seed), predicted(run, problem, rows, seed).tolist())
    judged = [*problem.options, "evaluate.reference=" + relative(model_of(problem.folder, again)), "output.model=false", "train.batch=64",
              "metrics=[accuracy, kl_to_reference, {name: kl_to_reference, rows: forget}, {name: kl_to_reference, rows: retain}]"]

    def way(train: str, *options: str, rates: Sequence[float] = RATES, penalty: float = 0) -> List[dict]:
        lr = ["optimizer={name: sgd, momentum: 0.9, weight_decay: %g}" % penalty, "optimizer.lr=" + ",".join(map(str, rates))] if rates else []
        return swept(run, problem.folder, [*judged, "data.forget={%s, train: %s}" % (which, train), "model.start=" + relative(problem.model), *lr, *options])

    passes = "train.epochs=%d" % PASSES
    both = [t for w in WEIGHTS for t in way("all", "loss={name: ce, rows: retain}", "terms=[{name: gradient_ascent, rows: forget, weight: %g}]" % w, passes,
                                           rates=RATES[1::2], penalty=PENALTY)]
    return {BEFORE: nearest(way("all", "optimizer={name: sgd, lr: 1.0e-30}", "train.epochs=1", rates=())),
            MATCHING: nearest(way("all", "task=distillation", "loss=kd_mse", "data.side.teacher=" + teacher, passes)),
            "gradient ascent": nearest(way("forget", "loss=gradient_ascent", "train.epochs=%d" % round(PASSES / RATE))),
            "descent": nearest(way("retain", passes, penalty=PENALTY)), "both": nearest(both),
            NEWTON: nearest(way("retain", "optimizer={name: newton, weight_decay: %g}" % PENALTY, rates=()))}


def share(sets: Sequence[Forgotten], part: str, than: Sequence[str], times: float) -> float:
    """Of the sets in which matching is at most so many times as far as the nearest of these."""
    return mean(s[MATCHING][part] <= times * min(s[name][part] for name in than) for s in sets)


def figures(of: Dict[str, float]) -> str:
    return "; ".join("%s %.1f" % pair for pair in of.items()) + "."


def page(found: Dict[str, List[Forgotten]]) -> str:
    bars = {"test": ("test", RIVALS, 0.5), "forget": ("forget", RIVALS, 0.5), "before": ("test", (BEFORE,), 0.5), "newton": ("test", (NEWTON,), 1)}
    shares = {key: {name: share(sets, *bar) for name, sets in found.items()} for key, bar in bars.items()}
    lines = [*STUDY.head(splits=len(next(iter(found.values()))), passes=PASSES),
             "%s %s" % (STUDY.question, STUDY.judged("test", shares["test"], "Shares of the sets: " + figures(shares["test"]))), ""]
    for name, sets in found.items():
        lines += ["## " + name[0].upper() + name[1:], "", *table(["divergence", *PARTS], [
            [way, *("%.3g" % mean(s[way][part] for s in sets) for part in PARTS)] for way in sets[0]])]
    return "\n".join(lines + STUDY.section([STUDY.claim(key, shares[key], figures(shares[key])) for key in bars]))


def make(run: Run) -> str:
    return page({name: [forgotten(run, problem, seed) for seed in range(1, run.options["splits"] + 1)]
                 for name, problem in ((name, opened(run, name)) for name in PROBLEMS)})
