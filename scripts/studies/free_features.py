"""Trains linear networks on free features by configs/free_features, sets lengths, angles and responses of their optima beside the closed form,
and writes the page."""
import itertools
import math
from typing import Dict, List, NamedTuple, Sequence

import numpy as np

from study_common import ROOT, Run, table, trained
from study_shape import load

STUDY = load("free_features")
PROBLEMS, = STUDY.given("problems")
CONFIG, FOLDER = STUDY.configs[0], ROOT / "results" / "free_features"


class Problem(NamedTuple):
    counts: Sequence[int]
    weights: float
    features: float
    hidden: Sequence[int]

    @property
    def rows(self) -> int:
        return sum(self.counts)

    def options(self) -> List[str]:
        """The program's objective is twice the paper's; one decay r is r / v^2 of the features where their value is v."""
        return ["data.generator={name: identity_rows, counts: %s, value: %r}" % (list(self.counts), math.sqrt(self.weights / self.features)),
                "model.hidden=%s" % list(self.hidden), "optimizer.weight_decay=%r" % (2 * self.weights)]

    def lengths(self) -> List[float]:
        """Squared, of the weights of each class; with one hidden layer."""
        return [max(0.0, math.sqrt(n * self.features / self.weights) - self.rows * self.features) for n in self.counts]

    def collapsed(self) -> List[int]:
        """Classes whose response is 0."""
        return [k for k, n in enumerate(self.counts) if self.response(n) == 0]

    def response(self, n: int) -> float:
        """The score of a class of n rows for these: the s >= 0 of least n/2N (s - 1)^2 + M/2 c s^(2/M), M the layers with that of the features,
        by halving where the derivative rises through 0, or 0 where that is less."""
        m = len(self.hidden) + 1
        c = (n * self.features * self.weights ** (m - 1)) ** (1 / m)

        def cost(s: float) -> float:
            return n / (2 * self.rows) * (s - 1) ** 2 + m / 2 * c * s ** (2 / m)

        def slope(s: float) -> float:
            return n / self.rows * (s - 1) + c * s ** (2 / m - 1)
        grid = np.linspace(1e-6, 1, 100001)
        low = float(grid[np.argmin([cost(s) for s in grid])])
        a, b = max(low - 1e-5, 1e-12), min(low + 1e-5, 1.0)
        for _ in range(100):
            middle = (a + b) / 2
            a, b = (middle, b) if slope(middle) < 0 else (a, middle)
        return a if cost(a) < cost(0.0) else 0.0


class Optimum(NamedTuple):
    weights: np.ndarray                # (classes, width)
    features: np.ndarray               # (rows, width), that the output layer reads
    scores: np.ndarray                 # (rows, classes)
    objectives: List[float]            # of all initial points


def least(run: Run, name: str, p: Problem) -> Optimum:
    folder = FOLDER / ("%d_hidden_%s" % (len(p.hidden), "_".join(map(str, p.counts))))
    trials = trained(run.binary, CONFIG, folder, run.jobs, [*p.options(), "output.dir=%s" % folder.relative_to(ROOT)], quiet=True)
    best = min(trials, key=lambda t: t["result"]["objective"])
    with np.load(folder / "trials" / (best["id"] + ".model.npz")) as model:
        layers = [model["W%d" % (i + 1)] for i in range(len(p.hidden) + 1)]
    h = math.sqrt(p.weights / p.features) * layers[0].T
    for w in layers[1:-1]:
        h = h @ w.T
    return Optimum(layers[-1], h, h @ layers[-1].T, [t["result"]["objective"] for t in trials])


def means(p: Problem, rows: np.ndarray) -> np.ndarray:
    ends = list(itertools.accumulate(p.counts))
    return np.stack([rows[end - n:end].mean(0) for n, end in zip(p.counts, ends)])


def largest_cosine(vectors: np.ndarray, left_out: Sequence[int]) -> float:
    kept = [v / np.linalg.norm(v) for k, v in enumerate(vectors) if k not in left_out]
    return max(abs(float(a @ b)) for a, b in itertools.combinations(kept, 2))


def spread(p: Problem, o: Optimum) -> float:
    return float(np.abs(o.features - np.repeat(means(p, o.features), p.counts, 0)).max())


def responses(p: Problem, o: Optimum) -> List[float]:
    return [float(v) for v in np.diag(means(p, o.scores))]


def class_table(p: Problem, o: Optimum) -> List[str]:
    squared = (o.weights ** 2).sum(1)
    formula = ["%.6f" % v for v in p.lengths()] if len(p.hidden) == 1 else ["" for _ in p.counts]
    return table(["rows", "squared length of the weights", "closed form", "response", "closed form"], [
        ["%d" % n, "%.6f" % length, f, "%.6f" % s, "%.6f" % p.response(n)] for n, length, f, s in zip(p.counts, squared, formula, responses(p, o))])


def told(key: str, measured: Dict[str, float]) -> str:
    return STUDY.claim(key, measured, "; ".join("%s %.1e" % pair for pair in measured.items()) + ".")


def page(problems: Dict[str, Problem], found: Dict[str, Optimum]) -> str:
    lines = STUDY.head()
    for name, p in problems.items():
        best = min(found[name].objectives)
        lines += ["## " + name, "", *class_table(p, found[name]), "%d of %d initial points end at the least objective, %.6f." % (
            sum(v < best + 1e-9 for v in found[name].objectives), len(found[name].objectives), best), ""]
    off = {name: max(abs(a - b) for a, b in zip((found[name].weights ** 2).sum(1), p.lengths())) for name, p in problems.items() if len(p.hidden) == 1}
    gone = {name: max(float((found[name].weights[k] ** 2).sum()) for k in p.collapsed()) for name, p in problems.items() if p.collapsed()}
    return "\n".join(lines + STUDY.section([
        told("lengths", off),
        told("angles", {name: largest_cosine(found[name].weights, p.collapsed()) for name, p in problems.items()}),
        told("features", {name: largest_cosine(means(p, found[name].features), p.collapsed()) for name, p in problems.items()}),
        told("responses", {name: max(abs(s - p.response(n)) for s, n in zip(responses(p, found[name]), p.counts)) for name, p in problems.items()}),
        told("spread", {name: spread(p, found[name]) for name, p in problems.items()}),
        told("collapse", gone)]))


def make(run: Run) -> str:
    problems = {name: Problem(**of) for name, of in PROBLEMS.items()}
    return page(problems, {name: least(run, name, p) for name, p in problems.items()})
