"""Is the advice of `lossbench advise` right? Twenty real sets with a short time each, judged by ten times that time on other folds; and how well planted
label noise is estimated. Writes the page."""
import csv
import gzip
import json
import math
import os
import subprocess
import zlib
from pathlib import Path
from statistics import mean, median
from typing import Dict, List, NamedTuple, Optional, Sequence

import numpy as np

import advise
from advise_answer import shown
from advise_noise import WIDEST
from records import plural
from study_common import ROOT, Run, table
from study_shape import load
from wording import metric_words, percent

STUDY = load("advise")
CLASSES, TARGETS, OPTIONS, TIMES, OTHER_SEED, RATES, PLANT = STUDY.given("classes", "targets", "words", "times", "other_seed", "rates", "plant")
FOLDER, SAMPLES = ROOT / "results" / "advise", ROOT / "datasets" / "samples"


class Judged(NamedTuple):
    """An advice, and what the longer comparison says of it."""
    name: str
    metric: str
    choice: str
    missed: float                           # the advice's promise: at most so much is lost
    regret: float                           # lost, by the means of the judge, against its best loss
    best: str
    plain_regret: float                     # lost by always taking the plain loss
    mean: float                             # of the choice, by the judge
    expected: Optional[float]               # what the advice told to expect
    claim: str                              # matters, probably, no
    seconds: float
    folds: int
    judge_folds: int

    def kept(self) -> bool:
        return self.regret <= self.missed + 1e-12


def path_of(name: str) -> str:
    return os.path.relpath(SAMPLES / (name + ".csv.gz"))


def advised(binary: str, name: str, folder: Path, jobs: int, minutes: float) -> dict:
    words = [binary, "advise", path_of(name), "--minutes", "%g" % minutes, "--jobs", str(jobs), "--out", str(folder), "--json", "--quiet"]
    words += OPTIONS.get(name, [])
    return json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout)


def judge(name: str, answer: dict, folder: Path, jobs: int, minutes: float) -> Dict[str, float]:
    """Means of the losses by a comparison of that length on other folds, which does not stop early."""
    words = [path_of(name), "--minutes", "%g" % minutes, "--jobs", str(jobs), "--out", str(folder), "--quiet", "--json", "--seed", str(OTHER_SEED),
             "--metric", answer["metric"]]
    words += OPTIONS.get(name, [])
    longer = advise.Advice(advise.arguments(words))
    longer.stops_early, longer.tells, longer.also = False, False, [row["loss"] for row in answer["losses"]]
    status = longer.run()
    if status:
        raise SystemExit("the judge of %s ended with status %d" % (name, status))
    told = longer.told
    return {**{row["loss"]: row["mean"] for row in told["losses"]}, "": told["folds"]}


def compare(name: str, answer: dict, means: Dict[str, float]) -> Judged:
    sign = 1 if answer["direction"] == "higher" else -1
    folds = int(means[""])
    means = {k: v for k, v in means.items() if k}
    best = max(means, key=lambda k: sign * means[k])
    r = answer["recommended"]
    claim = "better" if answer["certain"] else "probably better" if answer["matters"] else "does not matter"
    return Judged(name, answer["metric"], r["loss"], r["missed_at_most"], sign * (means[best] - means[r["loss"]]), best,
                  sign * (means[best] - means[answer["plain"]]), means[r["loss"]], r["expected"], claim, answer["seconds"], answer["folds"], folds)


# ---- planted noise ----

def planted(name: str, rate: float, to: Path) -> float:
    """Writes the set with labels changed by chance to any other class; the share that was changed."""
    with gzip.open(SAMPLES / (name + ".csv.gz"), "rt", encoding="utf-8", newline="") as f:
        head, *rows = csv.reader(f)
    classes = sorted({row[-1] for row in rows})
    rng = np.random.default_rng(zlib.crc32(("%s %g %d" % (name, rate, PLANT)).encode()))
    changed = 0
    for row in rows:
        if rng.random() < rate:
            row[-1] = str(rng.choice([c for c in classes if c != row[-1]]))
            changed += 1
    to.parent.mkdir(parents=True, exist_ok=True)
    with open(to, "w", encoding="utf-8", newline="") as f:
        csv.writer(f, lineterminator="\n").writerows([head] + rows)
    return changed / len(rows)


class Estimate(NamedTuple):
    planted: float
    rate: float
    low: float
    high: float
    confident: float

    def off(self) -> float:
        return abs(self.rate - self.planted)

    def near(self) -> bool:
        return STUDY.declared("told").met(self.off())

    def told(self) -> bool:
        return self.high - self.low <= WIDEST


def estimate(name: str, rate: float, folder: Path, jobs: int, minutes: float) -> Estimate:
    """Only what `advise` looks at before it compares losses."""
    path = folder / "data" / ("%s-%d.csv" % (name, round(100 * rate)))
    share = planted(name, rate, path)
    words = [str(path), "--label", "-1", "--minutes", "%g" % minutes, "--jobs", str(jobs), "--out", str(folder / path.stem), "--quiet"]
    words += OPTIONS.get(name, [])
    advice = advise.Advice(advise.arguments(words))
    noise = advice.probe_alone().noise
    return Estimate(share, noise.rate, noise.low, noise.high, noise.confident)


# ---- the page ----

def cell(j: Judged) -> List[str]:
    return [j.name, metric_words(j.metric), j.choice, j.claim, shown(j.missed), j.best, shown(j.regret), shown(j.plain_regret),
            shown(j.mean), shown(j.expected) if j.expected is not None else "", "yes" if j.kept() else "**no**", "%d, %d" % (j.folds, j.judge_folds)]


def noise_lines(found: Dict[str, List[Estimate]]) -> List[str]:
    cells = [e for es in found.values() for e in es]
    said = [e for e in cells if e.told()]
    whole = {name: es for name, es in found.items() if all(e.told() for e in es)}
    near = [name for name, es in whole.items() if all(e.near() for e in es)]
    confident = STUDY.meeting("told", {k: abs(e.confident - e.planted) for k, e in enumerate(cells)})
    lines = [
        STUDY.claim("planted", len(near) / len(whole) if whole else 0.0, "%d of %d." % (len(near), len(whole))),
        STUDY.claim("told", [e.off() for e in said] or math.nan, "%d of %d." % (sum(e.near() for e in said), len(said)), width="%.0f" % (100 * WIDEST)),
        "Told in %d of %d cells; the others have few rows or classes that overlap much. Of all cells %d are within 5 points, of all %s %d at every rate." % (
            len(said), len(cells), sum(e.near() for e in cells), plural(len(found), "set"), sum(all(e.near() for e in es) for es in found.values())),
        "The 95 %% interval holds the planted share in %d of %d cells." % (sum(e.low <= e.planted <= e.high for e in cells), len(cells)),
        "Confident learning alone is within 5 points in %d of %d cells." % (len(confident), len(cells)),
        "The rule of which estimates are told was made after a first drawing of the changed labels, in which it held in 52 of 52 cells; these are of another "
        "drawing."]
    return [*("- " + line for line in lines), "", *table(["set", *map(percent, RATES)], [[name, *("%s%.1f of %.1f [%.1f, %.1f]; confident learning %.1f" % (
        "" if e.told() else "not told: ", *(100 * v for v in (e.rate, e.planted, e.low, e.high, e.confident))) for e in es)] for name, es in found.items()],
        "l" * (1 + len(RATES)))]


def advice_lines(found: Sequence[Judged]) -> List[str]:
    kept = [j for j in found if j.kept()]
    claimed = [j for j in found if j.claim != "does not matter"]
    right = [j for j in claimed if j.plain_regret > j.regret]
    shares = [j for j in found if j.metric not in ("rmse", "mae")]
    lines = ["- " + STUDY.claim("promise", len(kept) / len(found), kept=len(kept), sets=len(found))]
    if shares:
        lines.append("- On the %s of classes %.4f is lost on average (median %.4f, most %.4f), by always taking the plain loss %.4f; the promises have "
                     "a median of %.3f." % (plural(len(shares), "set"), mean(j.regret for j in shares), median(j.regret for j in shares), max(j.regret for j in shares),
                                            mean(j.plain_regret for j in shares), median(j.missed for j in shares)))
    lines.append("- Another loss than the plain one was recommended on %s; by the judge it is better there on %d." % (plural(len(claimed), "set"), len(right)))
    off = [abs(j.mean - j.expected) for j in shares if j.expected is not None]
    if off:
        lines.append("- What was to be expected lies on average %.3f from what the judge measures, and was too good on %d of %d." % (
            mean(off), sum((j.expected - j.mean) > 0 for j in shares if j.expected is not None), len(off)))
    return lines + ["- An advice took %.0f s on average." % mean(j.seconds for j in found), ""]


def page(found: Sequence[Judged], noise: Dict[str, List[Estimate]], minutes: float) -> str:
    head = ["set", "judged by", "advice", "it says", "at most lost", "best of the judge", "lost", "lost by the plain loss", "mean of the advice", "expected",
            "kept", "folds: advice, judge"]
    return "\n".join([
        *STUDY.head(minutes=minutes, times=TIMES), *advice_lines(found), *table(head, [cell(j) for j in found], "l" * len(head)),
        "## Planted label noise", "",
        "Labels are changed by chance to any other class; a cell is the estimate, the share that was changed, the estimate's interval, and what confident "
        "learning says, in percent. A set's own errors count as misses of the estimate.", "", *noise_lines(noise)])


def make(run: Run) -> str:
    minutes = float(run.options["minutes"])
    sets = list(CLASSES + TARGETS) if run.options["sets"] == "all" else str(run.options["sets"]).split(",")
    os.chdir(ROOT)
    os.environ["LOSSBENCH"] = os.path.abspath(run.binary)
    found, noise = [], {}
    for name in sets:
        answer = advised(run.binary, name, FOLDER / name, run.jobs, minutes)
        found.append(compare(name, answer, judge(name, answer, FOLDER / (name + "-judge"), run.jobs, TIMES * minutes)))
        print(found[-1], flush=True)
    for name in sets:
        if name in CLASSES:
            noise[name] = [estimate(name, rate, FOLDER / "noise", run.jobs, 5 * minutes) for rate in RATES]
            print(name, noise[name], flush=True)
    return page(found, noise, minutes)
