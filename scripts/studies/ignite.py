"""Draws designs with known values, trains surrogates on the worse of them by configs/ignite, goes up the surrogates' slopes, and writes the page: the
true values of the designs found."""
from pathlib import Path
from statistics import mean
from typing import Dict, List, NamedTuple, Sequence, Tuple

import numpy as np

from study_common import ROOT, Run, best_trials, table, trained, value_of
from study_shape import load

STUDY = load("ignite")
TASKS, CONTENDERS, DRAWN, SEEN, STARTS, STEPS, RATE = STUDY.given("tasks", "contenders", "drawn", "seen", "starts", "steps", "rate")
CONFIG, FOLDER, INPUTS = STUDY.configs[0], ROOT / "results" / "ignite", 8


# ---- functions to be made large, of designs in [-1, 1] ----

def styblinski_tang(x: np.ndarray) -> np.ndarray:
    t = 5 * x
    return -(t ** 4 - 16 * t ** 2 + 5 * t).sum(1) / 2


def rosenbrock(x: np.ndarray) -> np.ndarray:
    t = 2 * x
    return -(100 * (t[:, 1:] - t[:, :-1] ** 2) ** 2 + (1 - t[:, :-1]) ** 2).sum(1)


def ackley(x: np.ndarray) -> np.ndarray:
    t = 5 * x - 1.5                                     # so that the best design is not in the middle
    return 20 * np.exp(-0.2 * np.sqrt((t ** 2).mean(1))) + np.exp(np.cos(2 * np.pi * t).mean(1)) - 20 - np.e


def levy(x: np.ndarray) -> np.ndarray:
    w = 1 + (10 * x - 1) / 4
    inner = ((w[:, :-1] - 1) ** 2 * (1 + 10 * np.sin(np.pi * w[:, :-1] + 1) ** 2)).sum(1)
    return -(np.sin(np.pi * w[:, 0]) ** 2 + inner + (w[:, -1] - 1) ** 2 * (1 + np.sin(2 * np.pi * w[:, -1]) ** 2))


FUNCTIONS = {f.__name__: f for f in (styblinski_tang, rosenbrock, ackley, levy)}


class Designs(NamedTuple):
    seen: np.ndarray                                    # those that training sees, the best last
    values: np.ndarray                                  # theirs
    low: float                                          # the values of the worst and the best drawn
    high: float

    def scored(self, values: np.ndarray) -> np.ndarray:
        return (values - self.low) / (self.high - self.low)


def drawn(task: str, seed: int) -> Designs:
    x = np.random.default_rng([seed, TASKS.index(task)]).uniform(-1, 1, (DRAWN, INPUTS))
    y = FUNCTIONS[task](x)
    kept = np.argsort(y, kind="stable")[:round(SEEN * DRAWN)]
    return Designs(x[kept], y[kept], y.min(), y.max())


def write(designs: Designs, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    y = (designs.values - designs.values.mean()) / designs.values.std()
    lines = [",".join("%.9g" % v for v in row) for row in np.c_[designs.seen, y]]
    path.write_text("\n".join([",".join(["x%d" % (k + 1) for k in range(INPUTS)] + ["y"]), *lines]) + "\n", encoding="ascii")


# ---- the search ----

def surrogate(model: Dict[str, np.ndarray], x: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Its predictions and their slopes by the designs."""
    layers = sum(name.startswith("W") for name in model)
    a, active = x * model["scale"] + model["shift"], []
    for k in range(1, layers + 1):
        a = a @ model["W%d" % k].T.astype(float) + model["b%d" % k]
        if k < layers:
            active.append(a > 0)
            a = a * active[-1]
    slope = np.ones((len(x), 1)) @ model["W%d" % layers].astype(float)
    for k in range(layers - 1, 0, -1):
        slope = (slope * active[k - 1]) @ model["W%d" % k].astype(float)
    return a[:, 0], slope * model["scale"]


def searched(model: Dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """The designs after STEPS steps of Adam up the surrogate, in the box."""
    m, v = np.zeros_like(x), np.zeros_like(x)
    for k in range(1, STEPS + 1):
        slope = surrogate(model, x)[1]
        m, v = 0.9 * m + 0.1 * slope, 0.999 * v + 0.001 * slope ** 2
        x = np.clip(x + RATE * (m / (1 - 0.9 ** k)) / (np.sqrt(v / (1 - 0.999 ** k)) + 1e-8), -1, 1)
    return x


class Value(NamedTuple):
    """Of the designs that one surrogate leads to."""
    best: float
    median: float


def values(task: str, designs: Designs, model: Dict[str, np.ndarray]) -> Value:
    y = designs.scored(FUNCTIONS[task](searched(model, designs.seen[-STARTS:])))
    return Value(float(y.max()), float(np.median(y)))


# ---- the page ----

Values = Dict[str, List[Value]]                         # contender: one a seed


def above(of: Values, name: str, what: str) -> float:
    return mean(getattr(a, what) > getattr(b, what) for a, b in zip(of[name], of["plain"]))


def page(found: Dict[str, Values], seen: Dict[str, float]) -> str:
    splits = len(next(iter(found.values()))["plain"])
    won = {(name, what): {task: above(of, name, what) for task, of in found.items()} for name, what in (("ignite", "best"), ("ignite", "median"), ("ignite, fixed", "best"))}
    gain = {task: mean(v.best for v in of["plain"]) - seen[task] for task, of in found.items()}

    def told(shares: Dict[str, float]) -> str:
        return "; ".join("%s in %d of %d" % (task, round(v * splits), splits) for task, v in shares.items()) + "."

    lines = [*STUDY.head(splits=splits, seen="%g %%" % (100 * SEEN)), "%s %s" % (STUDY.question, STUDY.judged("best", won["ignite", "best"], told(won["ignite", "best"]))), ""]
    for title, what in (("The best design", "best"), ("The median design", "median")):
        rows = [[task, "%.3f" % seen[task], *("%.3f" % mean(getattr(v, what) for v in of[c]) for c in CONTENDERS)] for task, of in found.items()]
        lines += ["## " + title, "", *table(["function", "best seen", *CONTENDERS], rows)]
    return "\n".join(lines + STUDY.section([
        STUDY.claim("best", won["ignite", "best"], told(won["ignite", "best"])), STUDY.claim("median", won["ignite", "median"], told(won["ignite", "median"])),
        STUDY.claim("fixed", won["ignite, fixed", "best"], told(won["ignite, fixed", "best"])),
        STUDY.claim("search", gain, "; ".join("%s %+.3f" % pair for pair in gain.items()) + ".")]))


def chosen(run: Run, sweeps: Sequence[Sequence[str]], path: Path, seed: int) -> Dict[str, np.ndarray]:
    """The model of the setting whose validation error is least."""
    place = path.with_suffix("")
    more = ["data.train.path=%s" % path.relative_to(ROOT), "train.seed=%d" % seed, "output.dir=%s" % place.relative_to(ROOT)]
    trials = [t for sweep in sweeps for t in trained(run.binary, CONFIG, place, run.jobs, [*more, *sweep], quiet=True)]
    best = best_trials([t for t in trials if t["result"]["status"] == "ok"], lambda t: 0, lambda t: -value_of(t, "valid", "rmse", float("inf")))[0]
    with np.load(place / "trials" / (best["id"] + ".model.npz")) as model:
        return {name: model[name] for name in model.files if name[0] in "Wb" or name in ("scale", "shift")}


def make(run: Run) -> str:
    found: Dict[str, Values] = {task: {c: [] for c in CONTENDERS} for task in TASKS}
    seen = {task: [] for task in TASKS}
    for task in TASKS:
        for seed in range(1, run.options["splits"] + 1):
            designs, path = drawn(task, seed), FOLDER / ("%s-%d.csv" % (task, seed))
            write(designs, path)
            seen[task].append(designs.scored(designs.values).max())
            for name, sweeps in CONTENDERS.items():
                found[task][name].append(values(task, designs, chosen(run, sweeps, path, seed)))
    return page(found, {task: mean(v) for task, v in seen.items()})
