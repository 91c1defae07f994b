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
from study_common import ROOT, Run, best_trials, table, trained
from study_shape import load

STUDY = load("dice_shift")
TRUTH, REGIMES, REGIME_TEXT, DRAWS, NEAR, NOISES, LENGTHS, SAME_RATE, SLOW_RATE, LEVEL, BY_DISTANCE = STUDY.given(
    "truth", "regimes", "regime_texts", "draws", "near", "noises", "lengths", "same_rate", "slow_rate", "level", "by_distance")
CONFIG, FOLDER = STUDY.configs[0], ROOT / "results" / "dice-shift"
LONG = [length for length in LENGTHS if length > 1]


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
    def ok(t: dict) -> bool:
        return t["result"]["status"] == "ok"

    def away(t: dict) -> float:
        return float(((weights(folder, t) - truth[t["config"]["train"]["seed"]]) ** 2).sum()) if ok(t) else math.inf

    def key_of(t: dict) -> Tuple[str, float]:
        return loss_name(t), t["config"]["data"]["generator"]["noise"]

    trials = sorted(trials, key=lambda t: t["config"]["train"]["seed"])
    fixed: Deviations = {}
    for t in trials:
        fixed.setdefault(key_of(t), {}).setdefault(t["config"]["optimizer"]["lr"], []).append(away(t))
    tuned: Tuned = {}
    for (loss, noise, _), t in best_trials(trials, lambda t: (*key_of(t), t["config"]["train"]["seed"]),
                                           lambda t: -t["result"]["metrics"]["valid"]["mae"] if ok(t) else -math.inf).items():
        tuned.setdefault((loss, noise), []).append(away(t))
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

Gradients = Dict[Tuple[str, float, float], Found]                    # loss, length, noise


def away_from_formula(found: Found, expected: float) -> float:
    """1 is as far as may be."""
    return abs(found.square - expected) / (NEAR["errors"] * found.error + NEAR["share"] * expected)


def cell(found: Found, expected: float) -> str:
    return "%.3g" % found.square if STUDY.declared("formulas").met(away_from_formula(found, expected)) else "%.3g (formula %.3g)" % (found.square, expected)


def gradient_table(found: Gradients) -> List[str]:
    columns = list(dict.fromkeys((loss, length, loss + (" %g" % length if length else "")) for loss, length, _ in found))
    return table(["noise s", *(title for _, _, title in columns)], [
        ["%g" % s, *(cell(found[loss, length, s], FORMULAS[loss](s, length)) for loss, length, _ in columns)] for s in NOISES], "r" * (1 + len(columns)))


def overlap_table(found: Gradients) -> List[str]:
    rows = []
    for overlap, length, s in sorted(((found["shift_dice", length, s].overlap, length, s) for length in LENGTHS for s in NOISES), reverse=True):
        dice = found["shift_dice", length, s].square
        others = [found[key].square for key in (("shift_iou", length, s), ("shift_l1", 0, s), ("shift_l2", 0, s))]
        rows.append(["%.1f %%" % (100 * overlap), "%g" % length, "%g" % s, *("%.3g" % v for v in (dice, *others, dice * length ** 2))])
    return table(["mean overlap", "length", "noise s", "shift_dice", "shift_iou", "shift_l1", "shift_l2", "shift_dice times length²"], rows, "r" * 8)


def away_table(values: Tuned) -> List[str]:
    noises = sorted({noise for _, noise in values})
    least = {n: min(middle(v) for (_, noise), v in values.items() if noise == n) for n in noises}

    def text(value: float, noise: float) -> str:
        return "diverged" if value == math.inf else ("**%.2g**" if value == least[noise] else "%.2g") % value

    return table(["loss", *("s = %g" % n for n in noises)], [[loss, *(text(middle(values[loss, n]), n) for n in noises)]
                                                            for loss in dict.fromkeys(loss for loss, _ in values)])


def at_rate(fixed: Deviations, rate: float) -> Tuned:
    return {key: by_rate[rate] for key, by_rate in fixed.items()}


def compared(values: Tuned, length: float, other: str, noises: Sequence[float]) -> Tuple[List[float], List[float]]:
    """The noises at which dice of this length is nearer than the other loss, and farther."""
    dice = "shift_dice %g" % length
    return [n for n in noises if nearer(values[dice, n], values[other, n])], [n for n in noises if nearer(values[other, n], values[dice, n])]


def cells_of(values: Tuned) -> List[Tuple[str, str, float]]:
    """Where the theorem speaks: dice of an interval longer than 1, at noise above the crossing, against the distance and half its square."""
    noises = sorted({n for _, n in values})
    return [("shift_dice %g" % length, other, n) for length in LONG for other in ("shift_l1", "shift_l2") for n in noises if n > crossing(length)]


def nearer_on_average(values: Tuned) -> List[bool]:
    return [middle(values[dice, n]) < middle(values[other, n]) for dice, other, n in cells_of(values)]


def theorem(key: str, values: Tuned, regime: str) -> str:
    good, cells = nearer_on_average(values), cells_of(values)
    clear = sum(nearer(values[dice, n], values[other, n]) for dice, other, n in cells)
    farther = ["%s against %s at s = %g" % (dice, other, n) for dice, other, n in cells if nearer(values[other, n], values[dice, n])]
    return STUDY.claim(key, sum(good) / len(good), "On average nearer in %d of %d cells, clearly in %d; clearly farther in %d%s." % (
        sum(good), len(good), clear, len(farther), " (%s)" % ", ".join(farther) if farther else ""), regime=REGIME_TEXT[regime])


def answer(away: Dict[str, Tuple[Deviations, Tuned]]) -> str:
    settings = {"the same rate for all losses, %s" % REGIME_TEXT[r].split(",")[0]: at_rate(fixed, SAME_RATE) for r, (fixed, _) in away.items()}
    settings.update({"a rate for each loss, %s" % REGIME_TEXT[r].split(",")[0].replace("a rate that falls", "falling"): t for r, (_, t) in away.items()})
    good = [text for text, values in settings.items() if all(nearer_on_average(values))]
    return STUDY.asked(len(good) / len(settings), good=len(good), count=len(settings), which=": " + "; ".join(good) if good else "")


def gradient_verdicts(found: Gradients) -> List[str]:
    def square(loss: str, length: float, s: float) -> float:
        return found[loss, length, s].square

    away = {key: away_from_formula(f, FORMULAS[key[0]](key[2], key[1])) for key, f in found.items()}
    less = {other: {(l, s): square(other, 0, s) - square("shift_dice", l, s) for l in LONG for s in NOISES} for other in ("shift_l1", "shift_l2")}
    not_less = ["length %g, s = %g" % k for k, v in less["shift_l2"].items() if not v > 0]
    as_said = sum((v > 0) == (s > crossing(l)) for (l, s), v in less["shift_l2"].items())
    rises = [square("shift_dice", l, b) - square("shift_dice", l, a) - NEAR["errors"] * found["shift_dice", l, a].error
             for l in LENGTHS for a, b in zip(NOISES, NOISES[1:])]
    scaled = max(square("shift_dice", l, s) * l * l for l in LENGTHS for s in NOISES)
    return [
        STUDY.claim("formulas", list(away.values()), "%d of %d within %d standard errors and 0.1 %%." % (
            len(STUDY.meeting("formulas", away)), len(found), NEAR["errors"])),
        STUDY.claim("below_l1", list(less["shift_l1"].values())),
        STUDY.claim("crossing", as_said / len(less["shift_l2"]), "s_m is %s." % ", ".join("%.3g for length %g" % (crossing(l), l) for l in LONG)),
        STUDY.claim("every", [v for of in less.values() for v in of.values()], "Not against shift_l2 at %s." % ("; ".join(not_less) or "none")),
        STUDY.claim("longer", [square("shift_dice", 4, s) - square("shift_dice", 12, s) for s in NOISES]),
        STUDY.claim("overlap", rises, "Since a pair without overlap has no gradient at all; that is less to learn from, not more."),
        STUDY.claim("scale", scaled, "Times length², it is at most %.3g, that of shift_l1 being 1." % scaled)]


def at_noises(noises: Sequence[float]) -> str:
    return ", ".join("s = %g" % n for n in noises) or "no noise"


def weight_verdicts(found: Dict[str, Tuple[Deviations, Tuned]]) -> List[str]:
    lines = []
    for regime, (fixed, tuned) in found.items():
        noises = sorted({n for _, n in tuned})
        l1 = {l: compared(tuned, l, "shift_l1", noises) for l in LONG}
        nearest = {n: min((loss for loss, noise in tuned if noise == n), key=lambda loss, n=n: middle(tuned[loss, n])) for n in noises}
        lines += [
            theorem("theorem", at_rate(fixed, SAME_RATE), regime), theorem("own_rates", tuned, regime),
            STUDY.claim("no_difference", sum(len(near) + len(away) for near, away in l1.values()), "%s." % "; ".join(
                "Length %g: nearer at %s, farther at %s" % (l, at_noises(near), at_noises(away)) for l, (near, away) in l1.items()), regime=REGIME_TEXT[regime]),
            STUDY.claim("nearest", sum(loss.startswith("shift_dice") for loss in nearest.values()), "The nearest are %s." % (
                ", ".join("%s at s = %g" % (loss, n) for n, loss in nearest.items())), regime=REGIME_TEXT[regime])]
    fixed = found["falling"][0]
    far = compared(at_rate(fixed, SLOW_RATE), 12, "shift_l1", sorted({n for _, n in fixed}))[1]
    return [*lines, STUDY.claim("slow", len(far), "With the same rate %g that falls to 0, dice of length 12 ends farther than shift_l1 at %s: in these steps it "
                                "has not arrived, which the theorem, about the limit, leaves out." % (SLOW_RATE, at_noises(far)))]


def away_section(regime: str, fixed: Deviations, tuned: Tuned) -> List[str]:
    return ["### %s%s" % (REGIME_TEXT[regime][0].upper(), REGIME_TEXT[regime][1:]), "",
            "With the same rate, %g:" % SAME_RATE, "", *away_table(at_rate(fixed, SAME_RATE)),
            "With the rate of the least validation error, for each loss, noise and seed:", "", *away_table(tuned)]


def page(found: Gradients, away: Dict[str, Tuple[Deviations, Tuned]]) -> str:
    seeds = len(next(iter(away["falling"][1].values())))
    return "\n".join([
        *STUDY.head(), answer(away), "",
        "## Mean square of the gradient under normal shifts", "",
        "%d draws, by `lossbench losses eval`." % DRAWS, "", *gradient_table(found),
        "## Against the overlap", "",
        "The mean overlap is the share of an interval that it has in common with its place, 0 where they do not touch.", "", *overlap_table(found),
        "## Distance of trained weights from their optimum", "",
        "|w - w*|² with the intercept, geometric means over %d seeds, each with data of its own. The nearest of a column is bold." % seeds, "",
        *(line for regime, (fixed, tuned) in away.items() for line in away_section(regime, fixed, tuned)),
        *STUDY.section([*gradient_verdicts(found), *weight_verdicts(away)], level=LEVEL)])


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
