"""Trains networks by configs/wgsef with penalties that remove hidden units, and with fewer from the start, and writes the page: how many units each
needs to be as accurate as plain training."""
from statistics import mean
from typing import Dict, List, NamedTuple, Sequence

from study_common import ROOT, Run, best_trials, table, trained, value_of
from study_shape import load

STUDY = load("wgsef")
SETS, CONTENDERS, NEAR = STUDY.given("sets", "contenders", "near")
CONFIG, FOLDER = STUDY.configs[0], ROOT / "results" / "wgsef"
PLAIN, OURS = "plain", "wgsef"


class Left(NamedTuple):
    """Of one split and contender."""
    units: float
    of: int                            # units of the plain network
    accuracy: float                    # on test rows


def units(trial: dict) -> float:
    """Hidden units whose weights are not all 0, of a network in which no others are 0."""
    hidden, classes = trial["config"]["model"]["hidden"][0], len(trial["data"]["classes"])
    rest = (hidden + 1) * classes                   # weights and biases of the output layer
    inputs = (trial["result"]["parameters"] - hidden - rest) // hidden
    return hidden - round(trial["result"]["metrics"]["test"]["sparsity"] * hidden * (inputs + classes) / inputs) if alive(trial) else hidden


def alive(trial: dict) -> bool:
    return trial["result"]["status"] == "ok"


def seed(trial: dict) -> int:
    return trial["config"]["train"]["seed"]


def valid(trial: dict) -> float:
    return value_of(trial, "valid", "accuracy")


def left(found: Dict[str, List[dict]]) -> Dict[str, List[Left]]:
    """Of each contender one a split."""
    plain = best_trials(found[PLAIN], seed, valid)
    whole = max(units(t) for t in plain.values())
    out = {PLAIN: [Left(whole, whole, value_of(t, "test", "accuracy")) for t in plain.values()]}
    for name, trials in found.items():
        if name == PLAIN:
            continue
        near = best_trials([t for t in trials if alive(t) and valid(t) >= valid(plain[seed(t)]) - NEAR - 1e-9], seed, lambda t: (-units(t), valid(t)))
        taken = [near.get(k, plain[k]) for k in plain]
        out[name] = [Left(units(t), whole, value_of(t, "test", "accuracy")) for t in taken]
    return out


def fewer(of: Dict[str, List[Left]], than: str) -> float:
    return mean(a.units < b.units for a, b in zip(of[OURS], of[than]))


def told(of: Dict[str, object], form: str) -> str:
    return "; ".join("%s " % name + form % value for name, value in of.items()) + "."


def left_words(of: Dict[str, Dict[str, List[Left]]]) -> str:
    """How many units the two penalties leave."""
    def units_of(left_by: Dict[str, List[Left]], name: str) -> float:
        return mean(s.units for s in left_by[name])
    return "Units left on average, by WGSEF and by the group lasso: " + "; ".join(
        "%s %.1f and %.1f" % (name, units_of(v, OURS), units_of(v, "group lasso")) for name, v in of.items()) + "."


def page(found: Dict[str, Dict[str, List[dict]]]) -> str:
    of = {name: left(trials) for name, trials in found.items()}
    lasso, start = ({name: fewer(v, than) for name, v in of.items()} for than in ("group lasso", "fewer units"))
    removed = {name: mean(1 - s.units / s.of for s in v[OURS]) for name, v in of.items()}
    gain = {name: round(mean(a.accuracy - b.accuracy for a, b in zip(v[OURS], v[PLAIN])), 9) for name, v in of.items()}
    splits = len(next(iter(of.values()))[PLAIN])
    lines = [*STUDY.head(splits=splits, near="%g point%s" % (100 * NEAR, "s" * (NEAR != 0.01))), "%s %s" % (STUDY.question, STUDY.judged("lasso", lasso, left_words(of))), ""]
    for title, value, form in (("Units left", lambda s: s.units, "%.1f"), ("Test accuracy", lambda s: s.accuracy, "%.4f")):
        lines += ["## " + title, "", *table(["set", *CONTENDERS], [[name, *(form % mean(map(value, v[c])) for c in CONTENDERS)] for name, v in of.items()])]
    return "\n".join(lines + STUDY.section([
        STUDY.claim("lasso", lasso, "Shares of the splits: " + told(lasso, "%.1f")), STUDY.claim("half", removed, told(removed, "%.2f")),
        STUDY.claim("accuracy", gain, told(gain, "%+.4f")), STUDY.claim("fewer", start, "Shares of the splits: " + told(start, "%.1f"))]))


def make(run: Run) -> str:
    def of(name: str, sweeps: Sequence[Sequence[str]]) -> List[dict]:
        more = [*SETS[name], "train.seed=1..%d" % run.options["splits"], "output.dir=%s" % (FOLDER / name).relative_to(ROOT)]
        return [t for sweep in sweeps for t in trained(run.binary, CONFIG, FOLDER / name, run.jobs, [*more, *sweep], quiet=True)]

    return page({name: {c: of(name, sweeps) for c, sweeps in CONTENDERS.items()} for name in SETS})
