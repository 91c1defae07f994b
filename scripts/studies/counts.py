"""Losses of counts, judged by each other's deviance: trains configs/counts on seven real sets and writes the page.

Needs the sets that `Rscript scripts/count_sets.R` writes.
"""
import csv
import math
from pathlib import Path
from statistics import mean
from typing import Dict, List, Sequence, Tuple

from stats import corrected_t
from study_common import ROOT, Run, predictions, table, trained
from study_shape import load

STUDY = load("counts")
SETS, ROWS, LEVEL, OWN, ZIP_SWEEP, NO_ZEROS = STUDY.given("sets", "rows", "level", "own", "zeros", "no_zeros")
CONFIG, FOLDER = STUDY.configs[0], ROOT / "results" / "counts"
RATIO = ROWS["test"] / ROWS["train"]
ZIP = ZIP_SWEEP[0].split("=")[1]
Values = Dict[str, Dict[str, List[float]]]      # loss, judge: one value a seed, nan where it is undefined


def xlogy(x: float, y: float) -> float:
    return 0.0 if x == 0 else x * math.log(y)


def poisson(t: float, m: float) -> float:
    return 2 * (xlogy(t, t / m) - t + m)


def negative_binomial(t: float, m: float, alpha: float) -> float:
    return 2 * (xlogy(t, t / m) - (t + 1 / alpha) * math.log((1 + alpha * t) / (1 + alpha * m)))


def tweedie(t: float, m: float, q: float) -> float:
    return 2 * (t ** (2 - q) / ((1 - q) * (2 - q)) - t * m ** (1 - q) / (1 - q) + m ** (2 - q) / (2 - q))


# what a row costs by each judge; the root is taken of the mean squares
JUDGES = {
    "rmse": lambda t, m: (t - m) ** 2,
    "rmsle": lambda t, m: (math.log1p(t) - math.log1p(m)) ** 2,
    "poisson": poisson,
    "nb 0.1": lambda t, m: negative_binomial(t, m, 0.1),
    "nb 1": lambda t, m: negative_binomial(t, m, 1.0),
    "tweedie 1.2": lambda t, m: tweedie(t, m, 1.2),
    "tweedie 1.5": lambda t, m: tweedie(t, m, 1.5),
    "mae": lambda t, m: abs(t - m)}
DEVIANCES = [j for j in JUDGES if j.startswith(("poisson", "nb", "tweedie"))]
LOG_LINKS = [loss for loss, judge in OWN.items() if judge in DEVIANCES]


def name_of(trial: dict) -> str:
    loss = trial["config"]["loss"]
    return " ".join([loss["name"]] + ["%g" % loss[k] for k in ("alpha", "power") if k in loss])


def judged(rows: Sequence[Tuple[float, float]]) -> Dict[str, float]:
    """(target, prediction) of each test row. A prediction that is no mean of counts leaves the deviances undefined, one of -1 or less the
    logs."""
    least = min(m for _, m in rows)
    out = {}
    for judge, cost in JUDGES.items():
        bad = judge in DEVIANCES and least <= 0 or judge == "rmsle" and least <= -1
        value = math.nan if bad else mean(cost(t, m) for t, m in rows)
        out[judge] = math.sqrt(value) if judge in ("rmse", "rmsle") else value
    return out


def rows_of(path: Path) -> List[Tuple[float, float]]:
    with open(path, newline="", encoding="utf-8") as file:
        table = csv.reader(file)
        head = next(table)
        target, prediction = head.index("target_1"), head.index("score_1")
        return [(float(r[target]), float(r[prediction])) for r in table]


def values_of(trials: Sequence[dict], folder: Path) -> Values:
    out: Values = {}
    for t in sorted(trials, key=lambda t: t["config"]["train"]["seed"]):
        if t["result"]["status"] != "ok":
            raise SystemExit("%s is %s: %s" % (t["id"], t["result"]["status"], t["result"].get("message")))
        for judge, value in judged(rows_of(predictions(folder, t))).items():
            out.setdefault(name_of(t), {}).setdefault(judge, []).append(value)
    return out


def train(binary: str, jobs: int, sets: Dict[str, List[str]], folder: Path) -> Dict[str, Values]:
    found = {}
    for name, words in sets.items():
        path = ROOT / words[0].split("=")[1]
        if not path.exists():
            raise SystemExit("%s is missing. Write it with: Rscript scripts/count_sets.R" % path.relative_to(ROOT))
        into = folder / name.replace(" ", "-").replace("(", "").replace(")", "")
        words = words + ["output.dir=%s" % into]
        found[name] = {loss: values for sweep in ([], ZIP_SWEEP)[:1 if name in NO_ZEROS else 2]
                       for loss, values in values_of(trained(binary, CONFIG, into, jobs, sweep + words, quiet=True), into).items()}
    return found


def defined(values: Values, judge: str) -> List[str]:
    """The losses that have this judge's value in every split."""
    return [loss for loss, v in values.items() if not any(map(math.isnan, v[judge]))]


def best(values: Values, judge: str, among: Sequence[str] = ()) -> str:
    return min((loss for loss in defined(values, judge) if not among or loss in among), key=lambda loss: mean(values[loss][judge]))


def clearly_less(a: Sequence[float], b: Sequence[float]) -> bool:
    """Corrected resampled t-test over the splits."""
    found = corrected_t([y - x for x, y in zip(a, b)], RATIO)
    return found.p < LEVEL and found.mean > 0


def judge_cell(values: Values, loss: str, judge: str) -> str:
    v = values[loss][judge]
    missing = sum(map(math.isnan, v))
    text = "undefined in %d of %d" % (missing, len(v)) if missing else "%.4g" % mean(v)
    text = "**%s**" % text if not missing and loss == best(values, judge) else text
    return text + " °" if OWN.get(loss) == judge else text


def own_judge(found: Dict[str, Values], loss: str, judge: str) -> str:
    first = [name for name, v in found.items() if loss in defined(v, judge) and best(v, judge) == loss]
    beaten = {name: other for name, v in found.items() for other in [best(v, judge)]
              if other != loss and clearly_less(v[other][judge], v[loss][judge])}
    return STUDY.claim("own", len(first) / len(found), "On %d of %d%s%s." % (
        len(first), len(found), " (%s)" % ", ".join(first) if first else "",
        "; clearly worse than the best on " + ", ".join("%s (%s)" % pair for pair in beaten.items()) if beaten else "; nowhere clearly worse than the best"),
        loss=loss, judge=judge)


def agreement(found: Dict[str, Values]) -> str:
    spread = {}
    for name, v in found.items():
        means = [mean(v[loss]["poisson"]) for loss in LOG_LINKS]
        spread[name] = 100 * (max(means) / min(means) - 1)
    near = STUDY.meeting("agreement", spread)
    far = {name: s for name, s in spread.items() if name not in near}
    return STUDY.claim("agreement", list(spread.values()), "Apart: %s." % ", ".join("%s %.3g %%" % pair for pair in far.items()) if far else
                       "At most %.2g %% apart." % max(spread.values()))


def squared_error(found: Dict[str, Values]) -> str:
    bad = {name: sum(map(math.isnan, v["mse"]["poisson"])) for name, v in found.items()}
    return STUDY.claim("squared_error", list(bad.values()), "It predicts 0 or less in some split on %s." % (
        ", ".join("%s (%d of %d)" % (n, b, len(found[n]["mse"]["poisson"])) for n, b in bad.items() if b) or "none"))


def log_error(found: Dict[str, Values]) -> str:
    low = {n: mean(v["msle"]["poisson"]) / mean(v[best(v, "poisson", LOG_LINKS)]["poisson"]) - 1 for n, v in found.items() if "msle" in defined(v, "poisson")}
    worse = [n for n, v in found.items() if n in low and clearly_less(v[best(v, "poisson", LOG_LINKS)]["poisson"], v["msle"]["poisson"])]
    none = [n for n in found if n not in low]
    return STUDY.claim("log_error", len(worse) / len(found), "Worse on %d of %d%s.%s" % (
        len(worse), len(found), " (%s)" % ", ".join("%s %+.1f %%" % (n, 100 * low[n]) for n in worse) if worse else "",
        " It predicts 0 or less, so that it has none, on %s." % ", ".join(none) if none else ""))


def zeros(found: Dict[str, Values]) -> str:
    having = {n: v for n, v in found.items() if ZIP in v}
    better = [n for n, v in having.items() if clearly_less(v[ZIP]["poisson"], v["poisson"]["poisson"])]
    worse = [n for n, v in having.items() if clearly_less(v["poisson"]["poisson"], v[ZIP]["poisson"])]
    return STUDY.claim("zeros", len(better) / len(having), "Better on %s; worse on %s." % (", ".join(better) or "none", ", ".join(worse) or "none"))


def among_links(found: Dict[str, Values]) -> str:
    """The losses that differ by the family alone: one score, a log link."""
    worse = [(loss, n, other) for n, v in found.items() for loss in LOG_LINKS for other in [best(v, OWN[loss], LOG_LINKS)]
             if other != loss and clearly_less(v[other][OWN[loss]], v[loss][OWN[loss]])]
    first = sum(best(v, OWN[loss], LOG_LINKS) == loss for v in found.values() for loss in LOG_LINKS)
    return STUDY.claim("among_links", len(worse), "Each has the best mean in its own in %d of %d cells.%s" % (
        first, len(found) * len(LOG_LINKS), " Beaten: %s." % ", ".join("%s on %s by %s" % w for w in worse) if worse else ""))


def answer(found: Dict[str, Values]) -> str:
    cells = [(v, loss, judge) for v in found.values() for loss, judge in OWN.items()]
    first = sum(loss in defined(v, judge) and best(v, judge) == loss for v, loss, judge in cells)
    beaten = sum(clearly_less(v[best(v, judge)][judge], v[loss][judge]) for v, loss, judge in cells if loss in defined(v, judge) and best(v, judge) != loss)
    return STUDY.asked(first / len(cells), "It has the best mean in %d of %d cells; in %d another is clearly better, in the other %d the splits do not "
                       "tell." % (first, len(cells), beaten, len(cells) - first - beaten))


def page(found: Dict[str, Values]) -> str:
    splits = len(next(iter(found.values()))["poisson"]["poisson"])
    lines = [*STUDY.head(splits=splits, level=LEVEL), answer(found), ""]
    for name, values in found.items():
        lines += ["## %s" % name, "", *table(["loss", *JUDGES], [[loss, *(judge_cell(values, loss, judge) for judge in JUDGES)] for loss in values])]
    own = [own_judge(found, loss, judge) for loss, judge in OWN.items()]
    return "\n".join(lines + STUDY.section([*own, agreement(found), among_links(found), squared_error(found), log_error(found), zeros(found)]))


def make(run: Run) -> str:
    return page(train(run.binary, run.jobs, SETS, FOLDER))
