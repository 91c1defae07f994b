"""Trains networks by configs/tract with and without TrAct, and writes the page: after how many epochs the training loss of plain training is
reached, and the test accuracy."""
import math
from statistics import mean
from typing import Dict, List, NamedTuple, Sequence

from study_common import ROOT, Run, best_trials, table, trained, value_of
from study_shape import load

STUDY = load("tract")
SETS, CONTENDERS = STUDY.given("sets", "contenders")
CONFIG, FOLDER = STUDY.configs[0], ROOT / "results" / "tract"
LOSS = "train.log_loss"
Trained = Dict[str, Dict[str, Dict[str, List[dict]]]]  # set, optimiser, contender


class Race(NamedTuple):
    """Of one split."""
    goal: float                        # the plain network's last training loss
    last: float                        # the other's
    share: float                       # of the epochs that the other needs to the goal, infinite if it never gets there
    gain: float                        # of test accuracy
    accuracy: float                    # the plain network's


def curve(trial: dict) -> List[float]:
    """A loss that is none, of a training that diverged, is worse than any."""
    return [math.inf if v is None else v for v in trial["result"]["curves"][LOSS]] if trial["result"]["status"] == "ok" else [math.inf]


def share(values: Sequence[float], goal: float) -> float:
    return next(((k + 1) / len(values) for k, v in enumerate(values) if v <= goal), math.inf)


def races(plain: Sequence[dict], other: Sequence[dict]) -> List[Race]:
    def seed(trial: dict) -> int:
        return trial["config"]["train"]["seed"]

    fast = [best_trials(of, seed, lambda t: -curve(t)[-1]) for of in (plain, other)]
    right = [best_trials(of, seed, lambda t: value_of(t, "valid", "accuracy")) for of in (plain, other)]
    out = []
    for k in fast[0]:
        goal = curve(fast[0][k])[-1]
        accuracy, with_it = (value_of(of[k], "test", "accuracy") for of in right)
        out.append(Race(goal, curve(fast[1][k])[-1], share(curve(fast[1][k]), goal), with_it - accuracy, accuracy))
    return out


def told(shares: Sequence[float]) -> str:
    return "%.2f" % mean(shares) if all(map(math.isfinite, shares)) else "never in %d of %d" % (sum(map(math.isinf, shares)), len(shares))


def figures(of: Dict[str, List[Race]]) -> str:
    return "; ".join("%s %s" % (name, " ".join("%.2f" % r.share if math.isfinite(r.share) else "never" for r in races)) for name, races in of.items()) + "."


def page(found: Trained) -> str:
    won = {base: {name: races(of[base]["plain"], of[base]["tract"]) for name, of in found.items()} for base in CONTENDERS}
    first = next(iter(found.values()))["SGD"]["plain"]
    shares = {base: {name: [r.share for r in v] for name, v in of.items()} for base, of in won.items()}
    lines = [*STUDY.head(splits=len(next(iter(won["SGD"].values()))), epochs=max(len(curve(t)) for t in first)),
             "%s %s" % (STUDY.question, STUDY.judged("sgd", shares["SGD"], "Shares of the epochs: " + figures(won["SGD"]))), ""]
    for base, of in won.items():
        lines += ["## " + base, "", *table(["set", "training loss, plain", "with TrAct", "reached, share of the epochs", "test accuracy, plain", "with TrAct"], [
            [name, "%.4g" % mean(r.goal for r in v), "%.4g" % mean(r.last for r in v), told([r.share for r in v]),
             "%.4f" % mean(r.accuracy for r in v), "%.4f" % mean(r.accuracy + r.gain for r in v)] for name, v in of.items()])]
    gain = {name: mean(r.gain for r in v) for name, v in won["SGD"].items()}
    return "\n".join(lines + STUDY.section([
        STUDY.claim("sgd", shares["SGD"], figures(won["SGD"])), STUDY.claim("adam", shares["Adam"], figures(won["Adam"])),
        STUDY.claim("accuracy", gain, "; ".join("%s %+.4f" % pair for pair in gain.items()) + ".")]))


def make(run: Run) -> str:
    def of(name: str, sweeps: Sequence[Sequence[str]]) -> List[dict]:
        more = [*SETS[name], "train.seed=1..%d" % run.options["splits"], "output.dir=%s" % (FOLDER / name).relative_to(ROOT)]
        return [t for sweep in sweeps for t in trained(run.binary, CONFIG, FOLDER / name, run.jobs, [*more, *sweep], quiet=True)]

    return page({name: {base: {c: of(name, sweeps) for c, sweeps in pair.items()} for base, pair in CONTENDERS.items()} for name in SETS})
