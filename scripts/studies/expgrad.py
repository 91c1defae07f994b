"""Trains networks by configs/expgrad with exponentiated gradients, SGD and Adam, and writes the page: how far the sizes of the hidden layer's weights
are from log-normal, and which of them keep their signs."""
from statistics import NormalDist, mean
from typing import Dict, List, NamedTuple, Sequence, Tuple

import numpy

from study_common import ROOT, Run, best_trials, table, trained, value_of
from study_shape import load

STUDY = load("expgrad")
SETS, CONTENDERS, START, OURS = STUDY.given("sets", "contenders", "start", "ours")
CONFIG, FOLDER = STUDY.configs[0], ROOT / "results" / "expgrad"
AT_FIRST = "at the start"


class Weights(NamedTuple):
    """Of the hidden layer, in one split."""
    distance: float                    # of their sizes from log-normal
    spread: float                      # standard deviation of the logarithms of their sizes
    kept: float                        # share whose signs are those of the start
    accuracy: float                    # of the network, on test rows


Found = Dict[str, Dict[str, List[Weights]]]     # set, contender: one a split


def distance(sizes: numpy.ndarray) -> Tuple[float, float]:
    """The largest gap between the distribution of the standardised logarithms and the normal one (Kolmogorov and Smirnov), and their standard deviation."""
    logs = numpy.sort(numpy.log(sizes))
    spread = float(logs.std())
    normal = numpy.array([NormalDist().cdf(v) for v in (logs - logs.mean()) / spread])
    steps = numpy.arange(len(logs) + 1) / len(logs)
    return float(max((steps[1:] - normal).max(), (normal - steps[:-1]).max())), spread


def hidden(trial: dict) -> numpy.ndarray:
    folder = ROOT / trial["config"]["output"]["dir"]
    with numpy.load(folder / "trials" / (trial["id"] + ".model.npz")) as model:
        return model["W1"].astype(float).ravel()


def weights(trial: dict, start: numpy.ndarray) -> Weights:
    w = hidden(trial)
    return Weights(*distance(abs(w[w != 0])), float(numpy.mean(numpy.sign(w) == numpy.sign(start))), value_of(trial, "test", "accuracy"))


def measured(start: Sequence[dict], contenders: Dict[str, Sequence[dict]]) -> Dict[str, List[Weights]]:
    def seed(trial: dict) -> int:
        return trial["config"]["train"]["seed"]

    first = {seed(t): t for t in start}
    chosen = {c: best_trials(trials, seed, lambda t: value_of(t, "valid", "accuracy")) for c, trials in contenders.items()}
    return {c: [weights(of[k], hidden(first[k])) for k in first] for c, of in {AT_FIRST: first, **chosen}.items()}


def nearer(of: Sequence[Weights], than: Sequence[Weights]) -> Tuple[float, str]:
    """The share of the splits in which some weights are nearer to log-normal, and the figures."""
    won = sum(a.distance < b.distance for a, b in zip(of, than))
    return won / len(of), "%.4f against %.4f, %d of %d" % (*(mean(w.distance for w in v) for v in (of, than)), won, len(of))


def judged(found: Found, key: str) -> Tuple[str, str]:
    """The sentence of a claim, and its verdict with the figures."""
    compared = STUDY.declared(key).compares
    if compared:
        told = {name: nearer(of[compared.get("of", OURS)], of[compared["than"]]) for name, of in found.items()}
    else:
        values = {name: [getattr(w, key) for w in of[OURS]] for name, of in found.items()}
        told = {name: (v, " to ".join(dict.fromkeys("%.4g" % end(v) for end in (min, max)))) for name, v in values.items()}
    figures = "; ".join("%s %s" % (name, words) for name, (_, words) in told.items()) + "."
    return STUDY.says(key), STUDY.judged(key, {name: n for name, (n, _) in told.items()}, figures)


def page(found: Found) -> str:
    splits = len(next(iter(found.values()))[OURS])
    uniform = numpy.linspace(0, 1, 100002)[1:-1]
    normal = numpy.array([abs(NormalDist().inv_cdf(p)) for p in uniform])
    known = {name: "%.3f" % distance(sizes)[0] for name, sizes in (("normal", normal), ("uniform", uniform))}
    lines = [*STUDY.head(splits=splits, **known),
             "%s %s" % (STUDY.question, judged(found, next(iter(STUDY.claims)))[1]), ""]
    for name, of in found.items():
        rows = [[c, *("%.4f" % mean(values) for values in list(zip(*w))[:3]), "–" if c == AT_FIRST else "%.4f" % mean(x.accuracy for x in w)] for c, w in of.items()]
        lines += ["## " + name, "", *table(["", "distance from log-normal", "spread of the logarithms", "signs kept", "test accuracy"], rows)]
    return "\n".join(lines + STUDY.section(["%s: %s" % judged(found, key) for key in STUDY.claims]))


def make(run: Run) -> str:
    def of(name: str, sweeps: Sequence[Sequence[str]]) -> List[dict]:
        more = [*SETS[name], "train.seed=1..%d" % run.options["splits"], "output.dir=%s" % (FOLDER / name).relative_to(ROOT)]
        return [t for sweep in sweeps for t in trained(run.binary, CONFIG, FOLDER / name, run.jobs, [*more, *sweep], quiet=True)]

    return page({name: measured(of(name, [START]), {c: of(name, sweeps) for c, sweeps in CONTENDERS.items()}) for name in SETS})
