"""Losses of the shift of an interval: how their gradients vary with the noise and the overlap, and how near the weights come to their
optimum. Trains configs/dice_shift and writes the page."""
import json
import math
import random
import subprocess
from pathlib import Path
from statistics import mean, stdev
from typing import Callable, Dict, List, NamedTuple, Sequence, Tuple

import numpy

from stats import corrected_t
from study_common import ROOT, Run, trained, verdict

CONFIG, FOLDER = "configs/dice_shift/shift.yaml", ROOT / "results" / "dice-shift"
TRUTH = ["data.generator.noise=0", "loss=shift_l2", "optimizer.lr=0.1"]     # without noise SGD ends at w* but for rounding
REGIMES = {                                  # the data and steps beside those of the config, and what the page calls them
    "constant": ["data.generator.rows=20000", "schedule=constant", "train.epochs=1", "train.batch=1"],
    "falling": []}
REGIME_TEXT = {"constant": "a constant rate, each of 10000 rows once, by itself",
               "falling": "a rate that falls to 0, 10 passes over 1500 rows in batches of 8"}
DRAWS, ERRORS = 20000, 4
NOISES, LENGTHS = (0.05, 0.1, 0.3, 1, 3, 10), (1, 4, 12)
SAME_RATE = 0.1                              # every loss arrives, none diverges
SLOW_RATE = 0.003                            # shift_l1 arrives
LEVEL = 0.05
BY_DISTANCE = ("shift_l1", "shift_l2", "shift_smooth_l1")


def gaussian(u: float) -> float:
    return math.exp(-u * u / 2) / math.sqrt(2 * math.pi)


def within(u: float) -> float:
    """The chance that a standard normal is between -u and u."""
    return math.erf(u / math.sqrt(2))


def smooth(s: float) -> float:
    return 1 - within(1 / s) + s * s * (within(1 / s) - 2 * gaussian(1 / s) / s)


def iou(s: float, length: float, steps: int = 20000) -> float:
    """By the midpoints of small steps up to the length, or ten standard deviations."""
    end = min(length, 10 * s)
    e = [(k + 0.5) * end / steps for k in range(steps)]
    return sum((2 * length / (length + x) ** 2) ** 2 * 2 * gaussian(x / s) / s for x in e) * end / steps


FORMULAS: Dict[str, Callable[[float, float], float]] = {     # mean squares of the gradient under shifts ~ N(0, s^2)
    "shift_l1": lambda s, l: 1,
    "shift_l2": lambda s, l: s * s,
    "shift_smooth_l1": lambda s, l: smooth(s),
    "shift_dice": lambda s, l: within(l / s) / l ** 2,
    "shift_iou": iou}


class Found(NamedTuple):
    square: float                            # mean square of the gradient
    error: float                             # its standard error
    overlap: float                           # mean share of the interval that is left, of a loss with a length


def gradients(binary: str, loss: str, s: float, length: float, draws: int = DRAWS) -> Found:
    """What the program says of normal shifts, the same for every loss of this noise."""
    rng = random.Random("%g" % s)
    given = json.dumps({"predictions": [rng.gauss(0, s) for _ in range(draws)], "targets": [0] * draws})
    words = ["--param", "length=%g" % length] if length else []
    run = subprocess.run([binary, "losses", "eval", loss, "--input", "-", *words], input=given, capture_output=True, text=True, check=True)
    said = json.loads(run.stdout)
    squares = [(draws * (g if isinstance(g, (int, float)) else g[0])) ** 2 for g in said["grad"]["predictions"]]
    return Found(mean(squares), stdev(squares) / math.sqrt(draws), 1 - said["value"])


def measured(binary: str, draws: int = DRAWS) -> Dict[Tuple[str, float, float], Found]:
    """By loss, length (0 for a loss without one) and noise."""
    return {(loss, length, s): gradients(binary, loss, s, length, draws)
            for loss in FORMULAS for length in ((0,) if loss in BY_DISTANCE else LENGTHS) for s in NOISES}


def crossing(length: float) -> float:
    """The noise from which on dice's gradient varies less than that of half the square: s^2 = erf(l / (s sqrt 2)) / l^2."""
    low, high = 0.0, 1 / length
    for _ in range(100):
        s = (low + high) / 2
        low, high = (s, high) if s * s < FORMULAS["shift_dice"](s, length) else (low, s)
    return high


# ---- trained weights ----

Deviations = Dict[Tuple[str, float], Dict[float, List[float]]]      # loss, noise: by rate, |w - w*|^2 for each seed
Tuned = Dict[Tuple[str, float], List[float]]


def loss_name(trial: dict) -> str:
    loss = trial["config"]["loss"]
    return loss["name"] + (" %g" % loss["length"] if "length" in loss else "")


def weights(folder: Path, trial: dict) -> numpy.ndarray:
    with numpy.load(folder / "trials" / (trial["id"] + ".model.npz")) as model:
        return numpy.concatenate([model["W1"].ravel(), model["b1"].ravel()])


def deviations(trials: Sequence[dict], folder: Path, truth: Dict[int, numpy.ndarray]) -> Tuple[Deviations, Tuned]:
    """For each rate, and for the rate of the least validation error in each seed. A training that diverged is infinitely far."""
    fixed: Deviations = {}
    best: Dict[Tuple[str, float, int], Tuple[float, float]] = {}
    for t in sorted(trials, key=lambda t: t["config"]["train"]["seed"]):
        seed, key = t["config"]["train"]["seed"], (loss_name(t), t["config"]["data"]["generator"]["noise"])
        away, valid = math.inf, math.inf
        if t["result"]["status"] == "ok":
            away = float(((weights(folder, t) - truth[seed]) ** 2).sum())
            valid = t["result"]["metrics"]["valid"]["mae"]
        fixed.setdefault(key, {}).setdefault(t["config"]["optimizer"]["lr"], []).append(away)
        best[(*key, seed)] = min(best.get((*key, seed), (math.inf, math.inf)), (valid, away))
    tuned: Tuned = {}
    for (loss, noise, _), (_, away) in best.items():
        tuned.setdefault((loss, noise), []).append(away)
    return fixed, tuned


def nearer(a: Sequence[float], b: Sequence[float]) -> bool:
    """Paired t-test of the logs over the seeds, whose data are drawn anew."""
    if math.inf in a or math.inf in b:
        return math.inf not in a
    found = corrected_t([math.log(y) - math.log(x) for x, y in zip(a, b)], 0)
    return found.p < LEVEL and found.mean > 0


def middle(values: Sequence[float]) -> float:
    """The geometric mean."""
    return math.inf if math.inf in values else math.exp(mean(math.log(v) for v in values))


# ---- the page ----

def cell(found: Found, expected: float) -> str:
    return "%.3g" % found.square if abs(found.square - expected) <= tolerance(found, expected) else "%.3g (formula %.3g)" % (found.square, expected)


def tolerance(found: Found, expected: float) -> float:
    return ERRORS * found.error + 1e-3 * expected


def gradient_table(found: Dict[Tuple[str, float, float], Found]) -> List[str]:
    lines = ["| noise s | %s |" % " | ".join(title for _, _, title in columns(found)), "| ---: |" + " ---: |" * len(columns(found))]
    for s in NOISES:
        cells = [cell(found[loss, length, s], FORMULAS[loss](s, length)) for loss, length, _ in columns(found)]
        lines.append("| %g | %s |" % (s, " | ".join(cells)))
    return lines + [""]


def columns(found: Dict[Tuple[str, float, float], Found]) -> List[Tuple[str, float, str]]:
    return list(dict.fromkeys((loss, length, loss + (" %g" % length if length else "")) for loss, length, _ in found))


def overlap_table(found: Dict[Tuple[str, float, float], Found]) -> List[str]:
    rows = sorted(((found["shift_dice", length, s].overlap, length, s) for length in LENGTHS for s in NOISES), reverse=True)
    lines = ["| mean overlap | length | noise s | shift_dice | shift_iou | shift_l1 | shift_l2 | shift_dice times length² |",
             "| ---: |" + " ---: |" * 7]
    for overlap, length, s in rows:
        dice = found["shift_dice", length, s].square
        lines.append("| %.1f %% | %g | %g | %.3g | %.3g | %.3g | %.3g | %.3g |" % (
            100 * overlap, length, s, dice, found["shift_iou", length, s].square, found["shift_l1", 0, s].square,
            found["shift_l2", 0, s].square, dice * length ** 2))
    return lines + [""]


def away_table(values: Tuned) -> List[str]:
    noises = sorted({noise for _, noise in values})
    lines = ["| loss | %s |" % " | ".join("s = %g" % n for n in noises), "| --- |" + " ---: |" * len(noises)]
    least = {n: min(middle(v) for (_, noise), v in values.items() if noise == n) for n in noises}
    for loss in dict.fromkeys(loss for loss, _ in values):
        told = [(middle(values[loss, n]), n) for n in noises]
        lines.append("| %s | %s |" % (loss, " | ".join(
            "diverged" if v == math.inf else ("**%.2g**" if v == least[n] else "%.2g") % v for v, n in told)))
    return lines + [""]


def at_rate(fixed: Deviations, rate: float) -> Tuned:
    return {key: by_rate[rate] for key, by_rate in fixed.items()}


def compared(values: Tuned, length: float, other: str, noises: Sequence[float]) -> Tuple[List[float], List[float]]:
    """The noises at which dice of this length is nearer than the other loss, and farther."""
    dice = "shift_dice %g" % length
    return [n for n in noises if nearer(values[dice, n], values[other, n])], [n for n in noises if nearer(values[other, n], values[dice, n])]


def cells_of(values: Tuned) -> List[Tuple[float, str, float]]:
    """Where the theorem speaks: dice of an interval longer than 1, at noise above the crossing, against the distance and half its square."""
    noises = sorted({n for _, n in values})
    return [(length, other, n) for length in LENGTHS if length > 1 for other in ("shift_l1", "shift_l2") for n in noises if n > crossing(length)]


def nearer_on_average(values: Tuned) -> List[bool]:
    return [middle(values["shift_dice %g" % length, n]) < middle(values[other, n]) for length, other, n in cells_of(values)]


def theorem(values: Tuned, what: str) -> str:
    told = nearer_on_average(values)
    pairs = [("shift_dice %g" % length, other, n) for length, other, n in cells_of(values)]
    clear = sum(nearer(values[dice, n], values[other, n]) for dice, other, n in pairs)
    farther = ["%s against %s at s = %g" % pair for pair in pairs if nearer(values[pair[1], pair[2]], values[pair[0], pair[2]])]
    return "- %s: %s On average nearer in %d of %d cells, clearly in %d; clearly farther in %d%s." % (
        what, verdict(all(told)), sum(told), len(told), clear, len(farther), " (%s)" % ", ".join(farther) if farther else "")


def answer(away: Dict[str, Tuple[Deviations, Tuned]]) -> str:
    settings = {"the same rate for all losses, %s" % REGIME_TEXT[r].split(",")[0]: at_rate(fixed, SAME_RATE) for r, (fixed, _) in away.items()}
    settings.update({"a rate for each loss, %s" % REGIME_TEXT[r].split(",")[0].replace("a rate that falls", "falling"): t for r, (_, t) in away.items()})
    good = [text for text, values in settings.items() if all(nearer_on_average(values))]
    return "Does the dice loss of a long interval leave the weights nearer to their optimum than the losses of the shift? %s" % (
        "**Yes.**" if len(good) == len(settings) else "**In %d of %d settings%s.**" % (len(good), len(settings), ": " + "; ".join(good) if good else ""))


def gradient_verdicts(found: Dict[Tuple[str, float, float], Found]) -> List[str]:
    good = sum(abs(f.square - FORMULAS[loss](s, length)) <= tolerance(f, FORMULAS[loss](s, length)) for (loss, length, s), f in found.items())
    longer = [l for l in LENGTHS if l > 1]
    below_l1 = all(found["shift_dice", l, s].square < found["shift_l1", 0, s].square for l in longer for s in NOISES)
    against = {(l, s): found["shift_dice", l, s].square < found["shift_l2", 0, s].square for l in longer for s in NOISES}
    by_crossing = all(less == (s > crossing(l)) for (l, s), less in against.items())
    falls = all(found["shift_dice", 12, s].square < found["shift_dice", 4, s].square for s in NOISES)
    by_overlap = all(found["shift_dice", l, b].square <= found["shift_dice", l, a].square + ERRORS * found["shift_dice", l, a].error
                     for l in LENGTHS for a, b in zip(NOISES, NOISES[1:]))
    scaled = max(found["shift_dice", l, s].square * l * l for l in LENGTHS for s in NOISES)
    return [
        "- The mean squares of the gradients are those of the formulas: %s %d of %d within %d standard errors and 0.1 %%." % (
            verdict(good == len(found)), good, len(found), ERRORS),
        "- Dice's gradient varies less than that of shift_l1, for intervals longer than 1: %s" % verdict(below_l1),
        "- Dice's gradient varies less than that of shift_l2 above a noise s_m, the solution of s² = erf(l / (s √2)) / l², and more below: %s s_m is %s." % (
            verdict(by_crossing), ", ".join("%.3g for length %g" % (crossing(l), l) for l in longer)),
        "- Dice's gradient varies less for every noise: %s Not against shift_l2 at %s." % (
            verdict(below_l1 and all(against.values())), "; ".join("length %g, s = %g" % k for k, less in against.items() if not less) or "none"),
        "- The longer the interval, the less: %s" % verdict(falls),
        "- The less overlap, the less dice's gradient varies, and the more that of shift_l2: %s Since a pair without overlap has no gradient at all; "
        "that is less to learn from, not more." % verdict(by_overlap),
        "- The lower variance of dice within reach is its scale alone, since it is shift_l1 divided by the length there: %s Times length², it is at most "
        "%.3g, that of shift_l1 being 1." % (verdict(scaled <= 1 + 1e-6), scaled)]


def weight_verdicts(found: Dict[str, Tuple[Deviations, Tuned]]) -> List[str]:
    lines = []
    for regime, (fixed, tuned) in found.items():
        text = REGIME_TEXT[regime]
        noises = sorted({n for _, n in tuned})
        l1 = {l: compared(tuned, l, "shift_l1", noises) for l in LENGTHS if l > 1}
        nearest = {n: min((loss for loss, noise in tuned if noise == n), key=lambda loss, n=n: middle(tuned[loss, n])) for n in noises}
        lines += [
            theorem(at_rate(fixed, SAME_RATE), "The theorem, with the same rate %g for all losses: above s_m the weights end nearer to w* by dice than by shift_l1 "
                                              "and shift_l2 (%s)" % (SAME_RATE, text)),
            theorem(tuned, "It is so too where each loss has the rate of its least validation error (%s)" % text),
            "- With a rate each, dice and shift_l1 do not differ (%s): %s %s." % (
                text, verdict(not any(near or away for near, away in l1.values())),
                "; ".join("Length %g: nearer at %s, farther at %s" % (
                    l, ", ".join("s = %g" % n for n in near) or "no noise", ", ".join("s = %g" % n for n in away) or "no noise")
                    for l, (near, away) in l1.items())),
            "- With a rate each, dice is the nearest on average at some noise (%s): %s The nearest are %s." % (
                text, verdict(any(loss.startswith("shift_dice") for loss in nearest.values())),
                ", ".join("%s at s = %g" % (loss, n) for n, loss in nearest.items()))]
    fixed = found["falling"][0]
    far = compared(at_rate(fixed, SLOW_RATE), 12, "shift_l1", sorted({n for _, n in fixed}))[1]
    return lines + [
        "- A smaller gradient costs nothing: %s With the same rate %g that falls to 0, dice of length 12 ends farther than shift_l1 at %s: in these steps it has "
        "not arrived, which the theorem, about the limit, leaves out." % (verdict(not far), SLOW_RATE, ", ".join("s = %g" % n for n in far) or "no noise"),
        "- Detection of large objects by cameras, where the paper finds dice better: not testable here; this is its theorem's linear model."]


def away_section(regime: str, fixed: Deviations, tuned: Tuned) -> List[str]:
    return ["### %s%s" % (REGIME_TEXT[regime][0].upper(), REGIME_TEXT[regime][1:]), "",
            "With the same rate, %g:" % SAME_RATE, "", *away_table(at_rate(fixed, SAME_RATE)),
            "With the rate of the least validation error, for each loss, noise and seed:", "", *away_table(tuned)]


def page(found: Dict[Tuple[str, float, float], Found], away: Dict[str, Tuple[Deviations, Tuned]]) -> str:
    seeds = len(next(iter(away["falling"][1].values())))
    return "\n".join([
        "# The dice loss of a shifted interval: gradients and weights", "",
        "Remade by `make atlas STUDY=dice_shift`; do not edit. Protocol: the header of "
        "[configs/dice_shift/shift.yaml](../../../configs/dice_shift/shift.yaml). The number behind a loss is the length of its interval.", "",
        answer(away), "",
        "## Mean square of the gradient under normal shifts", "",
        "%d draws, by `lossbench losses eval`." % DRAWS, "", *gradient_table(found),
        "## Against the overlap", "",
        "The mean overlap is the share of an interval that it has in common with its place, 0 where they do not touch.", "", *overlap_table(found),
        "## Distance of trained weights from their optimum", "",
        "|w - w*|² with the intercept, geometric means over %d seeds, each with data of its own. The nearest of a column is bold." % seeds, "",
        *(line for regime, (fixed, tuned) in away.items() for line in away_section(regime, fixed, tuned)),
        "## What holds", "",
        "Clearly, and nearer or farther without more: p < %g by a paired t-test of the logs over the seeds." % LEVEL, "",
        *gradient_verdicts(found), *weight_verdicts(away), ""])


def train(binary: str, jobs: int, folder: Path, sets: Sequence[str] = ()) -> Dict[str, Tuple[Deviations, Tuned]]:
    out = {}
    for regime, words in REGIMES.items():
        words = [*words, *sets, "output.dir=%s" % (folder / regime)]
        truth = {t["config"]["train"]["seed"]: weights(folder / regime, t)
                 for t in trained(binary, CONFIG, folder / regime, jobs, words + TRUTH, quiet=True)}
        out[regime] = deviations(trained(binary, CONFIG, folder / regime, jobs, words, quiet=True), folder / regime, truth)
    return out


def make(run: Run) -> str:
    return page(measured(run.binary), train(run.binary, run.jobs, FOLDER))
