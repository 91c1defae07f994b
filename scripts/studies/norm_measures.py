"""Trains networks by configs/norm_measures, takes measures of norms and margins from their weights, and writes the page: how tightly these bound the
gap between test and training error."""
from statistics import mean
from typing import Callable, Dict, List, NamedTuple, Tuple

import numpy
from scipy.stats import spearmanr

from studies.hidden_features import features, model_of, prepared, scores
from studies.shifted_tables import sample
from study_common import ROOT, Run, table, trained, value_of
from study_shape import load

STUDY = load("norm_measures")
SETS, (TRAIN, TEST), NOISES, FITTED, QUANTILE = STUDY.given("sets", "rows", "noises", "fitted", "quantile")
CONFIG, FOLDER = STUDY.configs[0], ROOT / "results" / "norm-measures"


class Weights(NamedTuple):
    """Of a network of one hidden layer, and what its measures read besides."""
    v: numpy.ndarray                                # (hidden, features)
    w: numpy.ndarray                                # (classes, hidden)
    parameters: int
    rows: int
    length: float                                   # the root of the mean squared length of its rows
    margin: float

    def per_margin(self) -> float:
        return self.length / (self.margin * self.rows ** 0.5)


def frobenius(of: Weights) -> float:
    return float(numpy.linalg.norm(of.v) * numpy.linalg.norm(of.w) * of.per_margin())


def spectral(of: Weights) -> float:
    norms = [numpy.linalg.norm(a, 2) for a in (of.v, of.w)]
    ratios = [numpy.linalg.norm(a, axis=1).sum() / norm for a, norm in zip((of.v, of.w), norms)]
    return float(norms[0] * norms[1] * sum(r ** (2 / 3) for r in ratios) ** 1.5 * of.per_margin())


def path(of: Weights) -> float:
    return float(((of.w ** 2) @ (of.v ** 2)).sum() ** 0.5 * of.per_margin())


MEASURES: Dict[str, Callable[[Weights], float]] = {
    "parameters": lambda of: (of.parameters / of.rows) ** 0.5,
    "margin": Weights.per_margin,
    "Frobenius norms": frobenius,
    "spectral norms": spectral,
    "path norm": path,
    "all weights": lambda of: float(((of.v ** 2).sum() + (of.w ** 2).sum()) / of.rows) ** 0.5,
}


class Network(NamedTuple):
    gap: float
    measures: Dict[str, float]


Found = Dict[str, List[Network]]                    # set: all that are fitted


def margin(told: numpy.ndarray, y: numpy.ndarray) -> float:
    """Which nine tenths of the rows reach: the score of the row's class less the largest other."""
    rows, others = numpy.arange(len(y)), told.copy()
    others[rows, y] = -numpy.inf
    return float(numpy.quantile(told[rows, y] - others.max(axis=1), QUANTILE))


def weights(model: Dict[str, numpy.ndarray], x: numpy.ndarray, y: numpy.ndarray) -> Weights:
    read = prepared(model, x)
    return Weights(model["W1"], model["W2"], sum(model[name].size for name in ("W1", "b1", "W2", "b2")), len(x),
                   float((read ** 2).sum(axis=1).mean() ** 0.5), margin(scores(model, features(model, x)), y))


def rows_of(name: str, noise: float, seed: int) -> Tuple[Tuple[numpy.ndarray, numpy.ndarray], Tuple[numpy.ndarray, numpy.ndarray]]:
    """Those that train and those that test; of both that share of the labels is of another class."""
    x, y = sample(name)
    draw, classes = numpy.random.default_rng(seed), y.max() + 1
    wrong = draw.random(len(y)) < noise
    y = numpy.where(wrong, (y + draw.integers(1, classes, len(y))) % classes, y)
    order = draw.permutation(len(y))
    parts = order[:TRAIN], order[TRAIN:TRAIN + TEST]
    return tuple((x[k, SETS[name]:], y[k]) for k in parts)


def networks(run: Run, name: str, noise: float, seed: int) -> List[Network]:
    place, files = FOLDER / name, {}
    place.mkdir(parents=True, exist_ok=True)
    (x, y), test = rows_of(name, noise, seed)
    for part, (rows, labels) in (("train", (x, y)), ("test", test)):
        files[part] = FOLDER / ("%s-%g-%d-%s.npz" % (name, noise, seed, part))
        numpy.savez(files[part], X=rows, y=labels)
    out = []
    for trial in trained(run.binary, CONFIG, place, run.jobs, [*("data.%s.path=%s" % (part, file.relative_to(ROOT)) for part, file in files.items()),
                                                                "output.dir=%s" % place.relative_to(ROOT)], quiet=True):
        accuracy = {part: value_of(trial, part, "accuracy") for part in files}
        if accuracy["train"] >= FITTED:
            with numpy.load(ROOT / model_of(trial)) as model:
                of = weights(model, x, y)
            out.append(Network(accuracy["train"] - accuracy["test"], {m: measure(of) for m, measure in MEASURES.items()}))
    return out


# ---- what is said of them ----

def constant(found: Found, measure: str) -> float:
    """The least with which the measure is no smaller than the gap of any network."""
    return max(n.gap / n.measures[measure] for of in found.values() for n in of)


def loose(found: Found, measure: str) -> Dict[str, float]:
    c = constant(found, measure)
    return {name: mean(c * n.measures[measure] - n.gap for n in of) for name, of in found.items()}


def loose_constant(found: Found) -> Dict[str, float]:
    most = max(n.gap for of in found.values() for n in of)
    return {name: mean(most - n.gap for n in of) for name, of in found.items()}


def order(found: Found, measure: str) -> Dict[str, float]:
    return {name: float(spearmanr([n.measures[measure] for n in of], [n.gap for n in of])[0]) for name, of in found.items()}


def told(of: Dict[str, float], form: str = "%.2f") -> str:
    return "; ".join("%s " % name + form % value for name, value in of.items()) + "."


def by_set(title: str, rows: Dict[str, Dict[str, float]], found: Found) -> List[str]:
    return ["## " + title, "", *table(["measure", *found], [[name, *("%.2f" % of[s] for s in found)] for name, of in rows.items()])]


def page(found: Found, draws: int) -> str:
    bounds, orders = ({m: judge(found, m) for m in MEASURES} for judge in (loose, order))
    most, flat = {m: max(of.values()) for m, of in bounds.items()}, loose_constant(found)
    against = {m: mean(of.values()) - mean(flat.values()) for m, of in bounds.items()}
    least = {m: min(of.values()) for m, of in orders.items()}
    above = {m: mean(n.measures[m] > 1 for of in found.values() for n in of) for m in MEASURES}
    lines = [*STUDY.head(draws=draws), STUDY.asked({"tight": list(most.values())}, "Looseness on the set where it is largest: " + told(most)), "",
             *table(["set", "networks", "least gap", "mean gap", "largest gap"], [
                 [name, "%d" % len(of), *("%.3f" % judge(n.gap for n in of) for judge in (min, mean, max))] for name, of in found.items()])]
    lines += by_set("Looseness of the bounds", {**bounds, "the largest gap": flat}, found) + by_set("Rank correlation with the gap", orders, found)
    return "\n".join(lines + STUDY.section([
        STUDY.claim("tight", list(most.values()), "At most: " + told(most)), STUDY.claim("constant", list(against.values()), told(against, "%+.3f")),
        STUDY.claim("vacuous", above, "Shares: " + told(above)), STUDY.claim("order", list(least.values()), "At least: " + told(least))]))


def make(run: Run) -> str:
    draws = run.options["draws"]
    return page({name: [n for seed in range(1, draws + 1) for noise in NOISES for n in networks(run, name, noise, seed)] for name in SETS}, draws)
