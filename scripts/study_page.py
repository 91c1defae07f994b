"""The page of a comparison: tables, what is claimed and whether it holds (study_comparison.py tells the bars)."""
import dataclasses
import json
import math
import subprocess
from statistics import mean, stdev
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

from stats import Paired, corrected_t, holm
from study_common import ROOT, Key, Refused, Run, in_part, remade, verdict
from study_comparison import Claim, Comparison, Weights
from study_runs import RATE, RATIO, RAW, Cell, Found, train

LEVEL = 0.05
WORDS = {"episode_accuracy(way=2,shot=5,episodes=200)": "2-way 5-shot"}    # of measures that choose and do not stand in the tables


def corrected(differences: Dict[Key, Sequence[float]], ratio: float, count: int = 0) -> Dict[Key, Paired]:
    """Of each cell the corrected resampled t-test over its splits, p with Holm's correction over the cells; they may be more, of which no test can
    be made."""
    told = [corrected_t(d, ratio) for d in differences.values()]
    ps = [t.p for t in told] + [1.0] * (count - len(told))
    return {key: dataclasses.replace(t, p=p) for key, t, p in zip(differences, told, holm(ps))}


class Gain(NamedTuple):
    cell: Cell
    pair: Tuple[str, str]
    mean: float
    low: float
    high: float
    won: int
    splits: int
    p: float                                 # with Holm's correction over the rows of a claim
    met: bool


def values(found: Found, cell: Cell, contender: str, measure: str) -> List[float]:
    return [split[contender][measure] for split in found[cell]]


def differences(study: Comparison, found: Found, cell: Cell, pair: Tuple[str, str], measure: str) -> List[float]:
    a, b = (values(found, cell, name, measure) for name in pair)
    return [(y - x if measure in study.less else x - y) for x, y in zip(a, b)]


def gain(study: Comparison, found: Found, claim: Claim, cell: Cell, pair: Tuple[str, str]) -> Gain:
    d = differences(study, found, cell, pair, claim.measure)
    if claim.over:
        d = [x - y for x, y in zip(d, differences(study, found, (cell[0], claim.over), pair, claim.measure))]
    told = corrected_t(d, mean(values(found, cell, next(c for c in pair if c in study.plan.contenders), RATIO)))
    won, error = sum(x > 0 for x in d), stdev(d) / math.sqrt(len(d))
    return Gain(cell, pair, told.mean, told.low, told.high, won, len(d), told.p,
                told.mean >= claim.gain and won >= claim.wins * len(d) and (claim.errors == 0 or told.mean > claim.errors * error))


def gains(study: Comparison, found: Found, claim: Claim) -> List[Gain]:
    cells = [c for c in found if (not claim.sets or c[0] in claim.sets) and
             (c[1] in claim.conditions if claim.conditions else c[1] != claim.over or not claim.over)]
    out = [gain(study, found, claim, cell, pair) for cell in cells for pair in claim.pairs]
    out = [g._replace(p=p) for g, p in zip(out, holm([g.p for g in out]))]
    return [g._replace(met=g.met and (not claim.clear or g.p < LEVEL)) for g in out]


def bases(study: Comparison, found: Found) -> List[str]:
    """What stands below the contenders: the constant model, or the features as they are and a random map of them."""
    return [c for c in next(iter(found.values()))[0] if c not in study.plan.contenders]


def cell_name(cell: Cell) -> str:
    return ", ".join(word for word in cell if word)


def met_in(told: Sequence[Gain]) -> Tuple[List[str], int]:
    """The cells in which all pairs of a claim meet it, and the number of cells."""
    cells = list(dict.fromkeys(g.cell for g in told))
    return [cell_name(c) for c in cells if all(g.met for g in told if g.cell == c)], len(cells)


def judged(told: Sequence[Gain]) -> str:
    good, cells = met_in(told)
    return in_part(good, cells, more=", %d of %d" % (len(good), cells))


def claim_lines(study: Comparison, found: Found, claim: Claim) -> List[str]:
    told, less = gains(study, found, claim), claim.measure in study.less
    clear = [sum(g.p < LEVEL and (g.mean > 0) == up for g in told) for up in (True, False)]
    lines = ["### %s" % claim.text, "",
             "%s Mean %s %+.4f, met in %d of %d rows; clearly so in %d, clearly the reverse in %d." % (
                 judged(told), "fall" if less else "gain", mean(g.mean for g in told), sum(g.met for g in told), len(told), *clear), "",
             "| set | | %s %s | 95 %% interval | splits won | met |" % ("less" if less else "gain in", study.measures[claim.measure]),
             "| --- | --- | ---: | ---: | ---: | --- |"]
    return lines + ["| %s | %s %s %s | %+.4f | %+.4f to %+.4f | %d of %d | %s |" % (
        cell_name(g.cell), g.pair[0], "below" if less else "above", g.pair[1], g.mean, g.low, g.high, g.won, g.splits, "yes" if g.met else "no")
        for g in told] + [""]


def average(figures: Sequence[Optional[float]]) -> Optional[float]:
    """None where one is not defined, as the sharpness of the constant model."""
    return None if None in figures else mean(figures)


def table(found: Found, study: Comparison, cell: Cell) -> List[str]:
    names = [*study.plan.contenders, *bases(study, found)]
    of = {(c, m): average(values(found, cell, c, m)) for c in names for m in study.measures}
    best = {m: (min if m in study.less else max)(of[c, m] for c in study.plan.contenders) for m in study.measures}
    lines = ["| | %s |" % " | ".join(study.measures.values()), "| --- |" + " ---: |" * len(study.measures)]
    for c in names:
        bold = [m for m in study.measures if of[c, m] == best[m] and c in study.plan.contenders and m not in study.neither]
        lines.append("| %s | %s |" % (c, " | ".join("–" if of[c, m] is None else ("**%.4f**" if m in bold else "%.4f") % of[c, m] for m in study.measures)))
    return lines + [""]


Reads = Dict[str, Tuple[bool, bool, bool]]


def weights_read(binary: str, losses: Dict[str, str]) -> Reads:
    """Whether a negative pair's weight varies with its own cosine where it has one, with that of another negative, and with that of a positive."""
    def varied(numbers: Sequence[float]) -> bool:
        return len({round(v, 12) for v in numbers}) > 1

    told = {}
    for name, parameters in losses.items():
        loss = name.split(",")[0]
        words = [word for text in parameters.split() for word in ("-p", text)]
        out = subprocess.run([binary, "losses", "show", loss, "--weights", "--json", *words], check=True, stdout=subprocess.PIPE, text=True).stdout
        w = json.loads(out)
        told[name] = varied([v for v in w["negative"]["itself"] if v]), varied(w["negative"]["other_negative"]), varied(w["positive"]["negative"])
    return told


def weight_lines(reads: Reads, of: Weights) -> List[str]:
    own = [flags for name, flags in reads.items() if name.startswith(of.first)]
    alone = all(map(any, zip(*own))) and not any(all(flags) for name, flags in reads.items() if not name.startswith(of.first))
    lines = ["### " + of.says, "", "%s %s" % (verdict(alone, "Reproduces."), of.figures), "",
             "| | itself | other negatives | positives |", "| --- | --- | --- | --- |"]
    for loss, flags in reads.items():
        named = "%s (%s)" % (loss, of.losses[loss].replace(" ", ", ")) if of.losses[loss] else loss
        lines.append("| %s | %s |" % (named, " | ".join("yes" if flag else "no" for flag in flags)))
    return lines + [""]


def rates(study: Comparison, found: Found) -> List[str]:
    """How often each rate was chosen, over all splits of all cells."""
    taken = {c: [split[c][RATE] for splits in found.values() for split in splits] for c in study.plan.contenders}
    columns = sorted({rate for all_rates in taken.values() for rate in all_rates})
    lines = ["## Rates chosen", "",
             "Of all splits and sets. A loss that mostly takes the least rate, the end of the range, is best when it trains little.", "",
             "| | %s |" % " | ".join("%g" % rate for rate in columns), "| --- |" + " ---: |" * len(columns)]
    return lines + ["| %s | %s |" % (c, " | ".join("%d" % taken[c].count(rate) for rate in columns)) for c in taken] + [""]


def answer(study: Comparison, found: Found) -> str:
    told = [met_in(gains(study, found, claim)) for claim in study.claims]
    whole, none = sum(len(good) == cells for good, cells in told), sum(not good for good, _ in told)
    return "%s %s Of the %d claims below %d reproduce%s on every set, %d on some, %d on none. (%s.)" % (
        study.question, judged(gains(study, found, study.claims[0])), len(told), whole, "s" * (whole == 1), len(told) - whole - none, none, study.source)


def untrained(study: Comparison, found: Found) -> str:
    """Where training did no good at all."""
    base = bases(study, found)[0]
    m = next(m for m in (study.plan.choose, *study.measures) if m in study.measures)
    sign = -1 if m in study.less else 1
    better = [cell_name(cell) for cell in found if sign * mean(values(found, cell, base, m)) > max(
        sign * mean(values(found, cell, c, m)) for c in study.plan.contenders)]
    name = "the features as they are" if base == RAW else base
    if not better:
        return "By %s some loss is better than %s on every set." % (study.measures[m], name)
    return "By %s no loss is better than %s on %s." % (study.measures[m], name, "any set" if len(better) == len(found) else "; ".join(better))


def protocol(study: Comparison) -> List[str]:
    plan = study.plan
    if plan.by_rows:
        return []
    sets = ", ".join("%s %d, %d and %d" % (name, len(d.classes) - d.test, d.valid, d.test) for name, d in plan.sets.items())
    return ["- Classes that train, those of them that choose the settings, and those that test: %s; drawn for each split." % sets,
            "- Settings: three rates of Adam and two values of a parameter for every loss. Each trains without the classes that choose; the one that "
            "has the most %s on these trains again on all that do not test." % WORDS.get(plan.choose or "", study.measures.get(plan.choose or "", "")),
            "- The features as they are and a random map to as many columns stand below each table.%s" % (
                " Letter: every fifth row." if "letter" in plan.sets else "")]


def page(name: str, study: Comparison, found: Found, reads: Reads) -> str:
    config = study.plan.config
    splits = len(next(iter(found.values())))
    lines = ["# " + study.title, "",
             "%s Means over %d splits; the best loss of a column is bold." % (remade(name, [config]), splits), "",
             *protocol(study), *("- " + note for note in study.notes), "", answer(study, found) + " " + untrained(study, found), ""]
    for cell in found:
        lines += ["## " + (cell_name(cell) or "Results"), "", *table(found, study, cell)]
    lines += [] if study.plan.by_rows else rates(study, found)
    lines += ["## What holds", "",
              "Each claim has the bar of its sentence; it is met on a set where every row of the set meets it. Intervals and what is clear (p < %g, "
              "Holm's correction over the rows of a claim): the corrected resampled t-test over the splits." % LEVEL, ""]
    for claim in study.claims:
        lines += claim_lines(study, found, claim)
    return "\n".join(lines + (weight_lines(reads, study.weights) if reads else []))


def made(run: Run, study: Comparison) -> str:
    """Trains the comparison and returns its page."""
    splits = run.options["splits"]
    if not isinstance(splits, int) or splits < 2:
        raise Refused("%s: splits: found %s, allowed: an integer >= 2, since claims are tested over the splits" % (run.name, splits))
    plan = study.plan._replace(splits=splits)
    found = train(run.binary, plan, run.jobs, ROOT / "results" / run.name.replace("_", "-"))
    return page(run.name, study, found, weights_read(run.binary, study.weights.losses) if study.weights else {})
