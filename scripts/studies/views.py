"""Losses of two views on three real sets: Barlow Twins with and without mixed rows, layers before and after a projection head, temperatures
of each row, pairs that do not belong together. Trains what the file of one of these says and writes its page."""
from pathlib import Path
from statistics import mean
from typing import Dict, List, NamedTuple, Sequence

from study_common import ROOT, Run, best_trials, filled, table, trained
from study_page import corrected
from study_shape import Study, load

RAW, RANDOM = "features as they are", "random map"
NAMES = ("barlow", "isogclr", "noisy_pairs", "projection_head")
Values = Dict[str, Dict[str, Dict[str, List[float]]]]   # cell, contender, metric: one value a split


class Views(NamedTuple):
    study: Study
    level: float                             # of significance
    ratio: float                             # test rows to training rows
    cells: Dict[str, List[str]]              # --set words
    contenders: Dict[str, List[str]]         # likewise; a list of values makes settings, of which the best is taken
    measures: Dict[str, str]                 # metrics and their words
    answered: dict                           # the claim that answers, by which metric, and what is said of it
    costs: dict                              # what each loss loses along which cells


def views(name: str) -> Views:
    study = load(name)
    level, ratio, sets, cells, *others = study.given("level", "ratio", "sets", "cells", "contenders", "measures", "answered", "costs")
    return Views(study, level, ratio, {cell: [*sets[of], *words] for cell, (of, *words) in cells.items()}, *others)


STUDIES = {name: views(name) for name in NAMES}


# ---- what is trained ----

def chosen(trials: Sequence[dict], metric: str) -> List[float]:
    """The test metric of the setting with the largest of validation in each split; a training that diverged is worse than any other."""
    def good(t: dict) -> float:
        value = t["result"]["metrics"]["valid"][metric] if t["result"]["status"] == "ok" else None
        return float("-inf") if value is None else value
    best = best_trials(trials, lambda t: t["config"]["train"]["seed"], good)
    return [t["result"]["metrics"]["test"][metric] if good(t) > float("-inf") else 0.0 for _, t in sorted(best.items())]


def base(trials: Sequence[dict], metric: str, kind: str) -> List[float]:
    """What the features, or a random map of them, reach in each split."""
    of = {t["config"]["train"]["seed"]: t["baseline"]["metrics"] if kind == RAW else t["baseline"]["random_map"] for t in trials}
    return [of[split]["test"][metric] for split in sorted(of)]


def train(binary: str, jobs: int, folder: Path, of: Views, more: Sequence[str] = ()) -> Values:
    values: Values = {}
    for cell, words in of.cells.items():
        values[cell] = {}
        for contender, settings in of.contenders.items():
            trials = trained(binary, of.study.configs[0], folder, jobs, [*words, *settings, *more, "output.dir=%s" % folder], quiet=True)
            values[cell][contender] = {m: chosen(trials, m) for m in of.measures}
            for kind in (RAW, RANDOM):
                values[cell].setdefault(kind, {m: base(trials, m, kind) for m in of.measures})
    return values


# ---- what is said of it ----

class Gain(NamedTuple):
    mean: float
    low: float
    high: float
    won: int
    splits: int
    p: float                                 # with Holm's correction over the cells

    def share(self) -> float:
        return self.won / self.splits


def gains(of: Views, values: Values, claim: dict, metric: str) -> Dict[str, Gain]:
    """What one contender is above another in the cells that the claim is of."""
    d = {cell: [x - y for x, y in zip(values[cell][claim["better"]][metric], values[cell][claim["than"]][metric])]
         for cell in values if cell in claim.get("cells", values)}
    return {cell: Gain(t.mean, t.low, t.high, sum(v > 0 for v in d[cell]), len(d[cell]), t.p) for cell, t in corrected(d, of.ratio).items()}


def better(of: Views, values: Values, key: str, metric: str) -> str:
    claim = of.study.claims[key].compares
    found = gains(of, values, claim, metric)
    clear = [g.mean for g in found.values() if g.p < of.level]
    return of.study.claim(key, [g.share() for g in found.values()], "%s against %s in %s: clearly better in %d of %d cells, clearly worse in %d. %s." % (
        claim["better"], claim["than"], of.measures[metric], sum(m > 0 for m in clear), len(found), sum(m < 0 for m in clear),
        "; ".join("%s %+.3f [%.3f, %.3f], %d of %d splits" % (cell, g.mean, g.low, g.high, g.won, g.splits) for cell, g in found.items())))


def grows(of: Views, values: Values, key: str, metric: str) -> str:
    """How the mean gain goes along each list of cells."""
    claim = of.study.claims[key].compares
    found = gains(of, values, claim, metric)
    return of.study.claim(key, [found[y].mean - found[x].mean for cells in claim["along"] for x, y in zip(cells, cells[1:])],
                          "; ".join("%s %+.3f" % (c, found[c].mean) for cells in claim["along"] for c in cells) + ".")


def changes(of: Views, values: Values, key: str) -> str:
    """Of one contender, from one cell to another, by every measure."""
    claim = of.study.claims[key].compares
    told = [(mean(values[claim["from"]][claim["loss"]][m]), mean(values[claim["to"]][claim["loss"]][m])) for m in of.measures]
    return of.study.claim(key, [b - a for a, b in told], "; ".join("%s %.3f to %.3f" % (claim["from"], *pair) for pair in told) + ".")


def verdicts(of: Views, values: Values) -> List[str]:
    lines = []
    for key, claim in of.study.claims.items():
        if "better" in claim.compares:
            judge = grows if "along" in claim.compares else better
            lines += [judge(of, values, key, m) for m in claim.compares.get("by", of.measures)]
        else:
            lines.append(changes(of, values, key))
    return lines


def answer(of: Views, values: Values) -> str:
    claim = of.answered["claim"]
    found = gains(of, values, of.study.claims[claim].compares, of.answered["by"])
    won, ahead = of.study.meeting(claim, {cell: g.share() for cell, g in found.items()}), [c for c, g in found.items() if g.mean > 0]
    counted = "on average in %d of %d cells, in nine splits of ten in %d, clearly in %d" % (
        len(ahead), len(found), len(won), sum(found[c].p < of.level for c in ahead))
    wins = ", ".join("%d of %d splits on %s" % (g.won, g.splits, c) for c, g in found.items())
    return of.study.asked({"won": len(won) / len(found), "ahead": len(ahead) / len(found)}, filled(of.answered["says"], {"counted": counted, "wins": wins}))


def costs(of: Views, values: Values) -> List[str]:
    def cost(loss: str, start: str, end: str) -> float:
        return mean(values[start][loss]["map_at_r"]) - mean(values[end][loss]["map_at_r"])
    return [filled(of.costs["says"], {"loss": loss, "costs": "; ".join("%s %.3f" % (name, cost(loss, *cells)) for name, cells in of.costs["along"].items())})
            for loss in of.contenders if of.costs]


def metric_table(of: Views, values: Values, metric: str) -> List[str]:
    names, rows = [*of.contenders, RAW, RANDOM], []
    for cell, v in values.items():
        means = {n: mean(v[n][metric]) for n in names}
        top = max(means[n] for n in of.contenders)
        rows.append([cell, *(("**%.3f**" if n in of.contenders and means[n] == top else "%.3f") % means[n] for n in names)])
    return table(["cell", *names], rows)


def page(name: str, values: Values) -> str:
    of = STUDIES[name]
    splits = sorted({len(v[RAW][next(iter(of.measures))]) for v in values.values()})
    lines = [*of.study.head(splits=" or ".join(map(str, splits)), level=of.level), answer(of, values), ""]
    for metric, words in of.measures.items():
        lines += ["## By %s" % (words if metric == "map_at_r" else "the accuracy of " + words), "", *metric_table(of, values, metric)]
    return "\n".join(lines + of.study.section([*verdicts(of, values), *costs(of, values)]))


def make(run: Run) -> str:
    of = STUDIES[run.name]
    folder = ROOT / "results" / of.study.configs[0].split("/")[1].replace("_", "-")
    return page(run.name, train(run.binary, run.jobs, folder, of))
