"""Takes the hidden features of networks trained by configs/pulled_features/given.yaml, fits features that are pulled towards them by pulled.yaml, and
writes the page: how far the spread within classes falls."""
from statistics import mean
from typing import Callable, Dict, List, NamedTuple, Sequence, Tuple

import numpy

from studies.hidden_features import features, model_of
from studies.made_rows import MadeRows
from studies.shifted_tables import sample
from study_common import ROOT, Run, table, trained
from study_shape import load

STUDY = load("pulled_features")
SETS, ROWS = STUDY.given("sets", "rows")
(PULLED, GIVEN), FOLDER = STUDY.configs, ROOT / "results" / "pulled-features"
ROUNDS = 100                                        # of alternating least squares, by which the optimum is checked


class Spread(NamedTuple):
    nc1: float                                      # as the program measures it
    traces: float                                   # of the scatters within and between classes, their ratio


class Pull(NamedTuple):
    weight: float
    spread: Spread
    accuracy: float                                 # of the rows that are fitted
    left: float                                     # what alternating least squares still take from the objective, as a share of it


class Split(NamedTuple):
    given: Spread
    pulls: Sequence[Pull]                           # the strongest first


Found = Dict[str, List[Split]]                      # set: one a split


class Problem(NamedTuple):
    """Squared error of features times weights, (rows, width) and (classes, width), with the pull and the decay."""
    given: numpy.ndarray
    labels: numpy.ndarray                           # (rows, classes), one-hot
    pull: float
    decay: float

    def objective(self, h: numpy.ndarray, w: numpy.ndarray) -> float:
        return float(((h @ w.T - self.labels) ** 2).sum() / len(h) + self.pull / 2 * ((h - self.given) ** 2).sum() + self.decay / 2 * (w ** 2).sum())

    def best_weights(self, h: numpy.ndarray) -> numpy.ndarray:
        return numpy.linalg.solve(h.T @ h / len(h) + self.decay / 2 * numpy.eye(h.shape[1]), h.T @ self.labels / len(h)).T

    def best_features(self, w: numpy.ndarray) -> numpy.ndarray:
        n = len(self.labels)
        return numpy.linalg.solve(w.T @ w / n + self.pull / 2 * numpy.eye(w.shape[1]), (self.labels @ w / n + self.pull / 2 * self.given).T).T

    def lowered(self, w: numpy.ndarray, rounds: int) -> float:
        """The objective after so many rounds of alternating least squares from these weights."""
        for _ in range(rounds):
            h = self.best_features(w)
            w = self.best_weights(h)
        return self.objective(h, w)


def drawn(name: str, seed: int) -> Tuple[numpy.ndarray, numpy.ndarray]:
    """Rows sorted by class, as many of each."""
    x, y = sample(name)
    classes, draw = numpy.unique(y), numpy.random.default_rng(seed)
    rows = numpy.concatenate([draw.choice(numpy.flatnonzero(y == k), ROWS // len(classes), replace=False) for k in classes])
    return x[rows, SETS[name]:], y[rows]


def traces(h: numpy.ndarray, y: numpy.ndarray) -> float:
    means = numpy.stack([h[y == k].mean(axis=0) for k in numpy.unique(y)])
    within, between = ((h - means[y]) ** 2).sum() / len(h), ((means - means.mean(axis=0)) ** 2).sum() / len(means)
    return float(within / between)


def spread(trial: dict, h: numpy.ndarray, y: numpy.ndarray) -> Spread:
    return Spread(trial["result"]["metrics"]["train"]["nc1"], traces(h, y))


def weights_of(trial: dict) -> Tuple[float, float]:
    pull, decay = (r["weight"] for r in trial["config"]["regularisers"])
    return pull, decay


def pulled(made: MadeRows, h: numpy.ndarray, y: numpy.ndarray) -> List[Pull]:
    """The features of all rows are the first layer's weights. Any model of this form, trained for no more than a start, becomes the start with the
    given features in it and the output layer that is best for these."""
    place, labels = made.folder / made.name, numpy.eye(y.max() + 1)[y]
    options = ["data.generator.counts=%s" % numpy.bincount(y).tolist(), "train.seed=%d" % made.seed, "output.dir=%s" % place.relative_to(ROOT)]
    form = trained(made.run.binary, PULLED, place, made.run.jobs, [*options, "optimizer.lr=1e-12", "train.epochs=1"], quiet=True)[0]
    start = place / ("start-%d.npz" % made.seed)
    with numpy.load(ROOT / model_of(form)) as model:
        best = Problem(h, labels, *weights_of(form)).best_weights(h)
        numpy.savez(start, **{**model, "W1": numpy.ascontiguousarray(h.T), "W2": best})
    return [pull(t, Problem(h, labels, *weights_of(t)), y) for t in trained(
        made.run.binary, PULLED, place, made.run.jobs, [*options, "model.start=%s" % start.relative_to(ROOT)], quiet=True)]


def pull(trial: dict, problem: Problem, y: numpy.ndarray) -> Pull:
    with numpy.load(ROOT / model_of(trial)) as model:
        h, w = model["W1"].T, model["W2"]
    return Pull(problem.pull, spread(trial, h, y), trial["result"]["metrics"]["train"]["accuracy"], 1 - problem.lowered(w, ROUNDS) / problem.objective(h, w))


def one_split(made: MadeRows) -> Split:
    x, y = drawn(made.name, made.seed)
    network = made.best("given", x, y)
    with numpy.load(ROOT / model_of(network)) as model:
        h = features(model, x)
    return Split(spread(network, h, y), pulled(made._replace(config=PULLED), h, y))


# ---- the page ----

def falls(splits: Sequence[Split], of: Callable[[Spread], float]) -> List[float]:
    """At each weight the share of the splits in which it is less than of the given features."""
    return [mean(of(s.pulls[k].spread) < of(s.given) for s in splits) for k in range(len(splits[0].pulls))]


def steps(splits: Sequence[Split]) -> List[float]:
    return [mean(s.pulls[k + 1].spread.nc1 < s.pulls[k].spread.nc1 for s in splits) for k in range(len(splits[0].pulls) - 1)]


def told(key: str, of: Dict[str, List[float]]) -> str:
    return STUDY.claim(key, of, "Shares of the splits: %s." % "; ".join("%s %s" % (name, ", ".join("%.1f" % s for s in shares)) for name, shares in of.items()))


def rows_of(splits: Sequence[Split]) -> List[List[str]]:
    """Of the given features and of those at each weight: means over the splits."""
    given = ["given", "%.4f" % mean(s.given.traces for s in splits), "%.4f" % mean(s.given.nc1 for s in splits), "–"]
    at = [[s.pulls[k] for s in splits] for k in range(len(splits[0].pulls))]
    return [given] + [["pulled, weight %g" % of[0].weight, "%.4f" % mean(p.spread.traces for p in of), "%.4f" % mean(p.spread.nc1 for p in of),
                       "%.4f" % mean(p.accuracy for p in of)] for of in at]


def page(found: Found) -> str:
    shares = {name: falls(of, lambda s: s.traces) for name, of in found.items()}
    collapse = {name: falls(of, lambda s: s.nc1) for name, of in found.items()}
    left = {name: max(p.left for s in of for p in s.pulls) for name, of in found.items()}
    lines = [*STUDY.head(splits=len(next(iter(found.values()))), rows=ROWS), "%s %s" % (STUDY.question, STUDY.judged("traces", shares)), ""]
    for name, of in found.items():
        lines += ["## " + name, "", *table(["features", "ratio of traces", "nc1", "accuracy on the rows fitted"], rows_of(of))]
    return "\n".join(lines + STUDY.section([
        told("traces", shares), told("nc1", collapse), told("weaker", {name: steps(of) for name, of in found.items()}),
        STUDY.claim("optimum", left, "; ".join("%s %.1e" % pair for pair in left.items()) + ".", rounds=ROUNDS)]))


def make(run: Run) -> str:
    return page({name: [one_split(MadeRows(run, GIVEN, FOLDER, name, seed)) for seed in range(1, run.options["splits"] + 1)] for name in SETS})
