"""Losses of survival on two real sets, and Cox's partial likelihood in minibatches: trains configs/survival and writes the page."""
import json
import math
from pathlib import Path
from statistics import mean, stdev
from typing import Dict, List, NamedTuple, Sequence, Tuple

from study_common import ROOT, Run, table
from study_shape import load

STUDY = load("survival")
METRICS, ROWS, SETS, INTERVALS, LAWS = STUDY.given("measures", "rows", "sets", "intervals", "laws")

Values = Dict[str, Dict[str, List[float]]]      # contender: metric: a value for each split, in the order of the seeds


def name_of(record: dict) -> str:
    """cox, cox breslow, aft normal, discrete_hazard cloglog, ...: the loss and what is not its default."""
    loss = record["config"]["loss"]
    default = {"ties": "efron", "link": "logit"}
    words = [str(loss[k]) for k in ("ties", "dist", "link") if k in loss and loss[k] != default.get(k)]
    return " ".join([loss["name"]] + words)


def batch_name(record: dict) -> str:
    return "%s, %d" % (name_of(record), record["config"]["train"]["batch"])


def json_of(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def collect(records: List[dict], key) -> Values:
    """Values on the test rows by contender; a training that is not ok is refused, since means would hide it."""
    out: Values = {}
    for r in sorted(records, key=lambda r: r["config"]["train"]["seed"]):
        if r["result"]["status"] != "ok":
            raise SystemExit("%s is %s" % (r["id"], r["result"]["status"]))
        for m in METRICS:
            value = r["result"]["metrics"]["test"][m]
            out.setdefault(key(r), {}).setdefault(m, []).append(math.nan if value is None else value)
    return out


def baselines(records: List[dict]) -> List[float]:
    """The integrated Brier score of the training rows' Kaplan-Meier curve, a value for each split."""
    by_seed = {r["config"]["train"]["seed"]: r["baseline"]["metrics"]["test"]["integrated_brier"] for r in records if r["config"]["loss"]["name"] == "cox"}
    return [by_seed[s] for s in sorted(by_seed)]


def cell(values: List[float], sign: float, best: float) -> str:
    if math.isnan(values[0]):
        return "none"
    text = "%.4f ± %.4f" % (mean(values), stdev(values))
    return "**%s**" % text if sign * mean(values) >= best else text


def loss_table(values: Values, constant: Sequence[float] = ()) -> List[str]:
    signs = {"harrell": 1, "uno": 1, "integrated_brier": -1}
    best = {m: max((s * mean(v[m]) for v in values.values() if not math.isnan(v[m][0])), default=math.nan) for m, s in signs.items()}
    rows = [[name, *(cell(v[m], signs[m], best[m]) for m in METRICS)] for name, v in values.items()]
    if constant:
        rows.append(["Kaplan-Meier, no features", "0.5", "0.5", "%.4f ± %.4f" % (mean(constant), stdev(constant))])
    return table(["loss", "harrell", "uno", "integrated Brier"], rows)


class Difference(NamedTuple):
    """The mean over splits and its standard error by Nadeau and Bengio: the splits share rows, so that 1/n becomes 1/n + test/train."""
    mean: float
    error: float

    def told(self) -> str:
        return "%+.4f ± %.4f" % self

    def errors(self) -> float:
        """The mean in standard errors."""
        return self.mean / self.error if self.error else math.copysign(math.inf, self.mean) if self.mean else 0.0


def difference(a: List[float], b: List[float]) -> Difference:
    d = [x - y for x, y in zip(a, b)]
    return Difference(mean(d), stdev(d) * math.sqrt(1 / len(d) + ROWS["test"] / ROWS["train"]))


def verdicts(values: Values, constant: List[float]) -> List[str]:
    def by(name: str, metric: str) -> List[float]:
        return values[name][metric]

    def best_curves(names: Sequence[str]) -> Tuple[str, Difference]:
        name = min(names, key=lambda n: mean(by(n, "integrated_brier")))
        return name, difference(by("cox", "integrated_brier"), by(name, "integrated_brier"))

    pairs = difference(by("concordance", "harrell"), by("cox", "harrell"))
    ties = [abs(a - b) for a, b in zip(by("cox", "harrell"), by("cox breslow", "harrell"))]
    (free, gain), (law, parametric) = best_curves(INTERVALS), best_curves(LAWS)
    curves = {n: difference(constant, v["integrated_brier"]) for n, v in values.items() if not math.isnan(v["integrated_brier"][0])}
    better = STUDY.meeting("curves", {n: d.errors() for n, d in curves.items()})
    worse = [n for n in curves if n not in better]
    return [STUDY.claim("pairs", pairs.errors(), "harrell %s." % pairs.told()),
            STUDY.claim("hazards", gain.errors(), "The best of them by its mean, %s, takes %s from cox's Brier score." % (free, gain.told())),
            STUDY.claim("law", parametric.errors(), "The best, %s, takes %s." % (law, parametric.told())),
            STUDY.claim("ties", ties, "At most %.4f apart." % max(ties)),
            STUDY.claim("curves", [d.errors() for d in curves.values()], "Not clearly so: %s." % ", ".join(worse) if worse else
                        "The least gain is %.4f." % min(d.mean for d in curves.values()))]


def batch_verdict(values: Values) -> str:
    small = difference(values["cox, 480"]["harrell"], values["cox, 8"]["harrell"])
    brier = difference(values["cox, 8"]["integrated_brier"], values["cox, 480"]["integrated_brier"])
    return STUDY.claim("batches", max(small.errors(), brier.errors()), "Harrell with batch 480 less that with batch 8: %s; the Brier score with batch 8 less "
                       "that with batch 480: %s." % (small.told(), brier.told()))


def page(found: Dict[str, Tuple[Values, List[float]]], batches: Values) -> str:
    lines = STUDY.head()
    for key, title in SETS.items():
        values, constant = found[key]
        lines += ["## %s" % title.capitalize(), "", *loss_table(values, constant), *("- " + line for line in verdicts(values, constant)), ""]
    return "\n".join([*lines, "## Risk sets of minibatches (gbsg)", "",
                      "300 epochs of adam; a batch of 480 is all training rows. 10 splits.", "", *loss_table(batches), "- " + batch_verdict(batches), "", STUDY.end, ""])


def make(run: Run) -> str:
    def records_of(key: str) -> List[dict]:
        return run.trained("configs/survival/%s.yaml" % key, ROOT / "results" / ("survival-" + key))
    found = {}
    for key in SETS:
        records = records_of(key)
        found[key] = collect(records, name_of), baselines(records)
    return page(found, collect(records_of("batches"), batch_name))
