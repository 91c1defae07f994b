"""Trains networks plainly and with what is to save epochs, as the file of one of NAMES says, and writes its page: after how many epochs the training
loss of plain training is reached, and the test accuracy. A claim says what it `compares`: {in: BASE, of: CONTENDER, than: CONTENDER}, with splits: 0.8
where the best eight of ten splits are to meet its bar of epochs."""
import math
from statistics import mean
from typing import Dict, List, NamedTuple, Sequence

from study_common import ROOT, Declared, Run, best_splits, best_trials, table, trained, value_of
from study_shape import Study, load

NAMES = ("multi_dropout", "tract")
STUDIES = {name: load(name) for name in NAMES}
LOSS, PLAIN, RESULTS = "train.log_loss", "plain", ROOT / "results"
Trained = Dict[str, Dict[str, Dict[str, List[dict]]]]  # set, base, contender


class Race(NamedTuple):
    """Of one split."""
    last: float                        # the training loss at the end
    share: float                       # of the other's epochs, after which the training loss is no more than the other's last; infinite if it never is
    accuracy: float                    # of test rows,
    gain: float                        # and what it is more than the other's


def curve(trial: dict) -> List[float]:
    """A loss that is none, of a training that diverged, is worse than any."""
    return [math.inf if v is None else v for v in trial["result"]["curves"][LOSS]] if trial["result"]["status"] == "ok" else [math.inf]


def share(values: Sequence[float], goal: float, epochs: int) -> float:
    return next(((k + 1) / epochs for k, v in enumerate(values) if v <= goal), math.inf)


def races(other: Sequence[dict], of: Sequence[dict]) -> List[Race]:
    def seed(trial: dict) -> int:
        return trial["config"]["train"]["seed"]

    fast = [best_trials(trials, seed, lambda t: -curve(t)[-1]) for trials in (other, of)]
    right = [best_trials(trials, seed, lambda t: value_of(t, "valid", "accuracy")) for trials in (other, of)]
    out = []
    for k in fast[0]:
        goal, mine = (curve(best[k]) for best in fast)
        before, after = (value_of(best[k], "test", "accuracy") for best in right)
        out.append(Race(mine[-1], share(mine, goal[-1], len(goal)), after, after - before))
    return out


# ---- what a claim is judged by ----

def figures(of: Sequence[Race], splits: float) -> Dict[str, object]:
    """By the names of the bars that can be asked; the epochs in this share of the splits, the best."""
    return {"epochs": best_splits([r.share for r in of], splits, least=True), "gain": mean(r.gain for r in of), "won": mean(r.gain > 0 for r in of)}


def words(of: Sequence[Race], claim: Declared) -> str:
    if "epochs" in claim.bars:
        return " ".join("%.2f" % r.share if math.isfinite(r.share) else "never" for r in of)
    return "%+.4f, more in %d of %d" % (mean(r.gain for r in of), sum(r.gain > 0 for r in of), len(of))


def judged(study: Study, found: Trained, key: str) -> List[str]:
    """The sentence of a claim, its verdict, and its figures."""
    claim = study.declared(key)
    base, of, than = (claim.compares[word] for word in ("in", "of", "than"))
    won = {name: races(by_base[base][than], by_base[base][of]) for name, by_base in found.items()}
    measured = {name: {bar: figures(r, claim.compares.get("splits", 1))[bar] for bar in claim.bars} for name, r in won.items()}
    return [claim.says, study.judged(key, measured), "; ".join("%s %s" % (name, words(r, claim)) for name, r in won.items()) + "."]


# ---- the page ----

def reached(of: Sequence[Race]) -> str:
    lost = sum(math.isinf(r.share) for r in of)
    return "never in %d of %d" % (lost, len(of)) if lost else "%.2f" % mean(r.share for r in of)


def rows(name: str, of: Dict[str, List[dict]]) -> List[List[str]]:
    out = []
    for contender, trials in of.items():
        r = races(of[PLAIN], trials)
        out.append([name, contender, "%.4g" % mean(x.last for x in r), reached(r), "%.4f" % mean(x.accuracy for x in r)])
    return out


def page(study: Study, found: Trained) -> str:
    bases = next(iter(found.values()))
    plain = next(iter(bases.values()))[PLAIN]
    _, verdict, told = judged(study, found, next(iter(study.claims)))
    lines = [*study.head(splits=len({t["config"]["train"]["seed"] for t in plain}), epochs=max(len(curve(t)) for t in plain)),
             "%s %s Shares of the epochs: %s" % (study.question, verdict, told), ""]
    for base in bases:
        lines += ["## " + base, "", *table(["set", "", "training loss", "reached, share of the epochs", "test accuracy"], [
            row for name, of in found.items() for row in rows(name, of[base])], "llrrr")]
    return "\n".join(lines + study.section(["%s: %s %s" % tuple(judged(study, found, key)) for key in study.claims]))


def make(run: Run) -> str:
    study = STUDIES[run.name]
    sets, contenders = study.given("sets", "contenders")
    config, folder = study.configs[0], RESULTS / run.name.replace("_", "-")

    def of(name: str, sweeps: Sequence[Sequence[str]]) -> List[dict]:
        more = [*sets[name], "train.seed=1..%d" % run.options["splits"], "output.dir=%s" % (folder / name).relative_to(ROOT)]
        return [t for sweep in sweeps for t in trained(run.binary, config, folder / name, run.jobs, [*more, *sweep], quiet=True)]

    return page(study, {name: {base: {c: of(name, sweeps) for c, sweeps in by_name.items()} for base, by_name in contenders.items()} for name in sets})
