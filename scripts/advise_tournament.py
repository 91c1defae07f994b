"""The trainings of `lossbench advise` in their order: a probe of the data, then step by step the outer folds, in each of which every loss is tuned
with equally many settings on inner folds and judged on the outer one, at last the settings for all rows. Needs numpy and scipy.

A step is one outer fold. Its rungs halve the settings of each loss, never the losses: all settings on the first inner fold, the best third on the
second, the best sixth on the third."""
import csv
import math
import time
from typing import Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

import advise_noise
from advise_data import Findings, residual_outliers
from advise_losses import LOG_LINK, PLAIN, Choice, Traits
from advise_runs import Bench, Job, Plan, Setting, value_of

PROBE_RATES = (0.003, 0.03)
REPEATS, FEW_ROWS = 4, 1000       # of the probe's cross-validation: the fewer rows, the more chance there is in the estimate of wrong labels
INNER = 3
MOST_ROUNDS = 10                # repetitions of the outer cross-validation
ALL_ROWS, EVERY_ROW = -1, -2    # in place of an outer fold: the rows that take part; every row of the file
OVERHEAD = 0.25                 # seconds of a sweep beside its trainings
STEPS = (3000, 1500, 750)       # of a training, which the number of epochs aims at: the most that there is time for
EPOCHS = (5, 60)
MOST_ROWS, LEAST_ROWS = 40000, 1500     # that take part; below the latter no rows are left out
SPEED = 2e10                    # multiplications a second that a training does at least
DECIMALS = 12


# ---- the plan ----

def first_plan(findings: Findings, seconds: float, folds: int, hidden: int, workers: int) -> Plan:
    """Before anything was timed: epochs by the number of rows, and no more steps and rows than a probe of a quarter of the time can read."""
    batch = 32 if findings.rows < 2000 else 64
    share = 1.0 if findings.rows <= MOST_ROWS else MOST_ROWS / findings.rows
    while True:
        rows = findings.rows * share * (folds - 1) / folds
        for steps in STEPS:
            epochs = int(min(EPOCHS[1], max(EPOCHS[0], round(steps * batch / rows))))
            cost = rows * epochs * 6 * max(8, findings.info["features"] + max(1, len(findings.classes))) * max(8, hidden) / SPEED / workers
            if cost * 4 * folds <= 0.25 * seconds or steps == STEPS[-1] and rows < LEAST_ROWS:
                return Plan(epochs, batch, folds, share, INNER, 12, 6, LOG_LINK)
        share = share / 2 if share < 1 else 0.5


def rungs(settings: int) -> List[int]:
    """How many settings of each loss are trained on the inner folds 0, 1, 2, ...; all in all the same for every loss."""
    if settings < 6:
        return [settings, 2]
    return [settings, math.ceil(settings / 3), math.ceil(settings / 6)]


def cost_of_round(plan: Plan, each: float, stresses: int) -> float:
    """Seconds of one outer cross-validation by the seconds of one training of all the outer training rows."""
    inner = sum(rungs(plan.settings)) * (plan.inner - 1) / plan.inner
    return plan.folds * (plan.losses + 1) * (inner + 1 + stresses) * each + OVERHEAD * (len(rungs(plan.settings)) + 1 + stresses)


def fit_plan(plan: Plan, each: float, seconds: float, stresses: int) -> Tuple[Plan, int]:
    """The richest plan of which one round fits into the time, and how many stresses it has room for; else the smallest."""
    most = ((12, 6, stresses), (8, 6, stresses), (6, 6, stresses), (6, 6, 0), (4, 6, 0), (4, 4, 0), (4, 3, 0))
    for epochs, shapes in ((1, most), (2, most), (4, most + ((4, 2, 0), (4, 1, 0)))):
        for settings, losses, extra in shapes:
            made = plan._replace(epochs=max(EPOCHS[0], plan.epochs // epochs), settings=settings, losses=losses)
            if cost_of_round(made, each / epochs, extra) <= seconds:
                return made, extra
    return made, extra


# ---- the probe ----

class Probe(NamedTuple):
    traits: Traits
    noise: Optional[advise_noise.Noise]
    suspects: List[Tuple[int, int, int]]    # row of the file, its label, the likelier class
    seconds_each: float                     # of one training, wall clock, with all workers busy
    repeats: int                            # of the cross-validation


def probe(bench: Bench, findings: Findings, plan: Plan, models: Sequence[int], metric: str, seconds: float, first_seed: int,
          repeats: Optional[int] = None) -> Probe:
    """Cross-validated scores of the plain loss: what they say of the labels, and what a training costs. Without `repeats` the time decides."""
    plain = PLAIN[bench.task]
    tried = [Setting(rate, hidden, ()) for hidden in models for rate in PROBE_RATES]

    def jobs(seed: int, folds: Sequence[int]) -> List[Job]:
        return [Job(plain, s, seed, f) for s in tried for f in folds]

    begun = time.monotonic()
    records = bench.run("probe-%d-0" % first_seed, jobs(first_seed, [0]), plan, True)
    one = (time.monotonic() - begun - OVERHEAD) / len(tried)
    by_seed, trained = [], 0
    for seed in range(first_seed, first_seed + (repeats or (REPEATS if findings.rows < FEW_ROWS else 2))):
        found = dict(records) if seed == first_seed else {}
        todo = jobs(seed, [f for f in range(plan.folds) if (seed, f) != (first_seed, 0)])
        found.update(bench.run("probe-%d" % seed, todo, plan, True))
        trained += len(found)
        by_seed.append(scores_by_setting(bench, found, tried))
        if repeats is None and (time.monotonic() - begun) * (1 + 1 / len(by_seed)) > 0.25 * seconds:
            break
    each = max(one, (time.monotonic() - begun - OVERHEAD * (1 + len(by_seed))) / max(1, trained), 1e-3)
    if bench.task == "regression":
        return probe_regression(by_seed, each)
    return probe_classes(by_seed, findings, metric, each)


Scores = Dict[Setting, Dict[int, Tuple[str, List[float]]]]   # row: label and scores


def scores_by_setting(bench: Bench, records: Dict[Job, dict], tried: Sequence[Setting]) -> Scores:
    """Of the settings that ended well on every fold."""
    out: Scores = {}
    for setting in tried:
        own = [r for j, r in records.items() if j.setting == setting]
        if all(r["result"]["status"] == "ok" for r in own):
            out[setting] = {}
            for record in own:
                with open(bench.predictions(record), newline="", encoding="utf-8") as f:
                    for row in csv.reader(f):
                        if row[0] != "row":
                            out[setting][int(row[0])] = row[1], [float(v) for v in row[2:]]
    return out


def probe_classes(by_seed: List[Scores], findings: Findings, metric: str, each: float) -> Probe:
    shared = [s for s in by_seed[0] if all(s in scores for scores in by_seed)]
    if not shared:
        return Probe(Traits(ranking=metric == "auc"), None, [], each, len(by_seed))
    rows = sorted(set.intersection(*(set(scores[shared[0]]) for scores in by_seed)))
    place = {name: k for k, name in enumerate(findings.classes)}
    y = np.array([place[by_seed[0][shared[0]][r][0]] for r in rows])
    repeats = []
    for scores in by_seed:
        made = [np.array([scores[s][r][1] for r in rows]) for s in shared]
        repeats.append([np.column_stack([np.zeros(len(z)), z]) if z.shape[1] == 1 else z for z in made])
    noise = advise_noise.estimate(repeats, y)
    classes = len(place)
    overlap = max(0.0, (noise.error - noise.rate) / max(0.1, 1 - noise.rate * classes / (classes - 1)))
    return Probe(Traits(noise.rate, noise.low, noise.high, noise.told(), overlap, 0.0, metric == "auc"), noise,
                 [(rows[i], int(y[i]), b) for i, b in zip(noise.suspects, noise.likely)], each, len(by_seed))


def probe_regression(by_seed: List[Scores], each: float) -> Probe:
    residuals = [np.array([float(t) - z[0] for t, z in rows.values()]) for rows in by_seed[0].values()]
    if not residuals:
        return Probe(Traits(), None, [], each, len(by_seed))
    best = min(residuals, key=lambda r: float(np.median(np.abs(r))))
    return Probe(Traits(outliers=residual_outliers(best)), None, [], each, len(by_seed))


# ---- a step ----

class Step(NamedTuple):
    """What came out of one outer fold."""
    test: Dict[str, float]                  # by loss
    chosen: Dict[str, Setting]
    stressed: Dict[str, Dict[str, float]]   # by stress, then by loss
    diverged: List[str]                     # losses whose training did, so that the constant model stands in for them


class Tournament:
    def __init__(self, bench: Bench, plan: Plan, choices: Sequence[Choice], settings: Dict[str, List[Setting]], metric: str, higher: bool,
                 stresses: Dict[str, str], first_seed: int):
        self.first_seed = first_seed
        self.bench, self.plan, self.settings, self.metric, self.higher = bench, plan, settings, metric, higher
        self.losses = [c.name for c in choices]
        self.stresses = stresses            # kind: the metric that judges it

    def tune(self, seed: int, folds: Sequence[int], losses: Sequence[str]) -> Dict[Tuple[int, str], Setting]:
        """Successive halving over settings, for each fold and loss: the best of those that reached the last rung."""
        sign = 1 if self.higher else -1
        found: Dict[Tuple[int, str, Setting], List[float]] = {}
        alive = {(fold, name): list(dict.fromkeys(self.settings[name])) for fold in folds for name in losses}
        for inner, count in enumerate(rungs(self.plan.settings)):
            jobs = [Job(name, s, seed, fold, inner) for (fold, name), kept in alive.items() for s in kept[:count]]
            records = self.bench.run("tune-%d-%s-%d" % (seed, fold_words(folds), inner), jobs, self.plan)
            for job in jobs:
                value = value_of(records.get(job), "valid", self.metric)
                found.setdefault((job.fold, job.loss, job.setting), []).append(-math.inf if value is None else round(sign * value, DECIMALS))
            alive = {at: sorted(kept[:count], key=lambda s, at=at: -mean_or_worst(found[at + (s,)])) for at, kept in alive.items()}
        return {at: kept[0] for at, kept in alive.items()}

    def step(self, seed: int, folds: Sequence[int]) -> Dict[int, Step]:
        """By fold; without those on which a loss has no result."""
        chosen = self.tune(seed, folds, self.losses)
        jobs = [Job(name, chosen[fold, name], seed, fold) for fold in folds for name in self.losses]
        test, lost = self.judged("test-%d-%s" % (seed, fold_words(folds)), jobs, self.metric)
        stressed: Dict[int, Dict[str, Dict[str, float]]] = {fold: {} for fold in folds}
        for kind, metric in self.stresses.items() if seed == self.first_seed else ():
            values_of, _ = self.judged("%s-%d-%s" % (kind, seed, fold_words(folds)), [j._replace(stress=kind) for j in jobs], metric)
            for fold, values in values_of.items():
                stressed[fold][kind] = values
        return {fold: Step(values, {name: chosen[fold, name] for name in self.losses}, stressed[fold], [name for at, name in lost if at == fold])
                for fold, values in test.items()}

    def judged(self, name: str, jobs: Sequence[Job], metric: str) -> Tuple[Dict[int, Dict[str, float]], List[Tuple[int, str]]]:
        """Values by fold, where every loss has one, and then by loss; which trainings diverged."""
        records = self.bench.run(name, jobs, self.plan)
        out: Dict[int, Dict[str, float]] = {}
        for job in jobs:
            value = value_of(records.get(job), "test", metric)
            if value is not None:
                out.setdefault(job.fold, {})[job.loss] = value
        lost = [(j.fold, j.loss) for j, r in records.items() if r["result"]["status"] != "ok"]
        return {fold: values for fold, values in out.items() if len(values) == len(self.losses)}, lost

    def run(self, steps: Dict[Tuple[int, int], Step], together: int, done: Callable[[], bool], at_first: int = 1) -> None:
        """Fills `steps` by repetition and fold, `together` folds at a time, the first of all `at_first` or more, until done() is true; it is asked
        after each of these."""
        for seed in range(self.first_seed, self.first_seed + MOST_ROUNDS):
            begin, count = 0, max(together, at_first if seed == self.first_seed else 1)
            while begin < self.plan.folds:
                folds = range(begin, min(begin + count, self.plan.folds))
                steps.update(((seed, fold), step) for fold, step in self.step(seed, folds).items())
                if done():
                    return
                begin, count = folds.stop, together


def mean_or_worst(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if all(map(math.isfinite, values)) else -math.inf


def fold_words(folds: Sequence[int]) -> str:
    return "all" if folds[0] < 0 else "%d" % folds[0] if len(folds) == 1 else "%d-to-%d" % (folds[0], folds[-1])
