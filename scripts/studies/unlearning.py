"""Trains a network, five ways to make it forget some rows, and a network without them, and writes the page: what each forgets, what it costs on the
rows to retain, and how near it comes to the network trained again."""
from pathlib import Path
from statistics import mean
from typing import Dict, List, NamedTuple, Sequence

from study_common import ROOT, Run, table, trained, value_of
from study_shape import load

STUDY = load("unlearning")
SETS, CONTENDERS, RATES, RATE, NEAR = STUDY.given("sets", "contenders", "rates", "rate", "near")
CONFIG, FOLDER = STUDY.configs[0], ROOT / "results" / "unlearning"
STILL = ["train.epochs=1", "optimizer={name: sgd, lr: 1.0e-30}"]           # measures a model that it begins with, and leaves it
ROWS, CLASS, PERSON = "%g %% of the rows" % (100 * RATE), "a class", "a speaker"
JUDGED = "metrics=[accuracy, forget_accuracy, retain_accuracy, membership_gap, kl_to_reference]"
COLUMNS = {"forget": "forget_accuracy", "retain": "retain_accuracy", "test": "accuracy", "membership gap": "membership_gap", "divergence": "kl_to_reference"}
Values = Dict[str, float]                              # by the columns


class Split(NamedTuple):
    before: Values
    again: Values
    forgotten: Dict[str, Values]                       # by the contenders


def values(trial: dict) -> Values:
    """A training that diverged has lost everything."""
    worst = {"divergence": float("inf"), "membership gap": 1.0}
    return {name: value_of(trial, "test", metric, worst.get(name, 0.0)) for name, metric in COLUMNS.items()}


def chosen(settings: Sequence[Values], again: Values) -> Values:
    enough = [v for v in settings if v["forget"] <= again["forget"] + NEAR]
    return max(enough, key=lambda v: v["retain"]) if enough else min(settings, key=lambda v: v["forget"])


def model(folder: Path, trial: dict) -> str:
    return str((folder / "trials" / (trial["id"] + ".model.npz")).relative_to(ROOT))


def swept(run: Run, folder: Path, options: Sequence[str]) -> List[dict]:
    return trained(run.binary, CONFIG, folder, run.jobs, [*options, "output.dir=%s" % folder.relative_to(ROOT)], quiet=True)


def split(run: Run, folder: Path, options: Sequence[str], which: str, seed: int) -> Split:
    """`which` rows are to be forgotten, as in data.forget."""
    here = [*options, "train.seed=%d" % seed]
    base = swept(run, folder, here)[0]
    again = swept(run, folder, [*here, "data.forget={%s, train: retain}" % which])[0]
    compared = ["evaluate.reference=" + model(folder, again), JUDGED, "output.model=false"]
    looked = [*here, *compared, "data.forget={%s, train: retain}" % which]
    start = "model.start=" + model(folder, base)
    before, target = (values(swept(run, folder, [*looked, *STILL, "model.start=" + model(folder, of)])[0]) for of in (base, again))
    forgotten = {}
    for name, how in CONTENDERS.items():
        tried = swept(run, folder, [*here, *compared, start, "data.forget={%s, train: %s}" % (which, how["train"]), *how["options"], "train.batch=16",
                                    "optimizer.lr=" + ",".join(map(str, RATES))])
        forgotten[name] = chosen([values(t) for t in tried], target)
    return Split(before, target, forgotten)


def asked(name: str) -> Dict[str, List[str]]:
    """The kinds of rows that a set forgets, and of each the rows, one a split in turn."""
    of = SETS[name]
    return {**({} if "persons" in of else {ROWS: ["rate: %g" % RATE]}), CLASS: ["class: '%s'" % of["class"]],
            **({PERSON: ["group: '%s'" % p for p in of["persons"]]} if "persons" in of else {})}


def fall(s: Split, name: str) -> float:
    return s.before["retain"] - s.forgotten[name]["retain"]


def share(splits: Sequence[Split], name: str) -> float:
    """Of the splits in which flat_unlearn has less of it than gradient ascent."""
    def of(s: Split, contender: str) -> float:
        return fall(s, contender) if name == "fall" else s.forgotten[contender][name]
    return mean(of(s, "flat_unlearn") < of(s, "gradient_ascent") for s in splits)


def shown(v: Sequence[Values]) -> List[str]:
    return ["%.3f" % (round(mean(one[name] for one in v), 6) + 0.0) for name in COLUMNS]         # no -0


def figures(of: Dict[str, float], form: str) -> str:
    return "; ".join("%s %s" % (name, form % n) for name, n in of.items()) + "."


def nearest(s: Split) -> str:
    return min(s.forgotten, key=lambda name: s.forgotten[name]["divergence"])


def page(found: Dict[str, Dict[str, List[Split]]]) -> str:
    cells = {"%s, %s" % (name, kind): splits for name, of in found.items() for kind, splits in of.items()}
    lost = {name: {cell: mean(fall(s, name) for s in splits) for cell, splits in cells.items()} for name in ("gradient_ascent", "flat_unlearn")}
    less, nearer = ({cell: share(splits, what) for cell, splits in cells.items()} for what in ("fall", "divergence"))
    people = next(of for of in found.values() if PERSON in of)
    other = mean(nearest(a) != nearest(b) for a, b in zip(people[CLASS], people[PERSON]))
    gained = {cell: mean(s.forgotten["flat_unlearn"]["divergence"] < s.before["divergence"] for s in splits) for cell, splits in cells.items()}
    flat = figures(lost["flat_unlearn"], "%+.3f")
    lines = [*STUDY.head(splits=len(people[CLASS])), "%s %s" % (STUDY.question, STUDY.judged("flat", lost["flat_unlearn"], "Falls with flat_unlearn: " + flat)), ""]
    for cell, splits in cells.items():
        lines += ["## " + cell[0].upper() + cell[1:] + " to forget", "", *table(["", *COLUMNS], [
            ["before", *shown([s.before for s in splits])], ["trained again", *shown([s.again for s in splits])],
            *([name, *shown([s.forgotten[name] for s in splits])] for name in CONTENDERS)])]
    best = {kind: "%s %s" % (kind, ", ".join(nearest(s) for s in splits)) for kind, splits in people.items()}
    return "\n".join(lines + STUDY.section([
        STUDY.claim("ascent", lost["gradient_ascent"], figures(lost["gradient_ascent"], "%+.3f")), STUDY.claim("flat", lost["flat_unlearn"], flat),
        STUDY.claim("less", less, figures(less, "%.1f")), STUDY.claim("nearer", nearer, figures(nearer, "%.1f")),
        STUDY.claim("gained", gained, figures(gained, "%.1f")), STUDY.claim("persons", other, "In %.1f. Nearest: %s." % (other, "; ".join(best.values())))]))


def make(run: Run) -> str:
    seeds = range(1, run.options["splits"] + 1)
    return page({name: {kind: [split(run, FOLDER / name, of["options"], rows[(seed - 1) % len(rows)], seed) for seed in seeds]
                        for kind, rows in asked(name).items()} for name, of in SETS.items()})
