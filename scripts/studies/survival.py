"""Losses of survival on two real sets, and Cox's partial likelihood in minibatches: trains configs/survival and writes the page."""
import json
import math
from pathlib import Path
from statistics import mean, stdev
from typing import Dict, List, Tuple

from study_common import ROOT, Run, verdict

METRICS = ("harrell", "uno", "integrated_brier")
TEST = 0.3                           # share of the test rows
SETS = {"gbsg": "breast cancer (gbsg)", "lung": "lung cancer (lung)"}
INTERVALS = ("discrete_hazard", "discrete_hazard cloglog", "discrete_pmf", "piecewise_exponential")

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


def table(values: Values, constant: List[float] = ()) -> List[str]:
    signs = {"harrell": 1, "uno": 1, "integrated_brier": -1}
    best = {m: max((s * mean(v[m]) for v in values.values() if not math.isnan(v[m][0])), default=math.nan) for m, s in signs.items()}
    lines = ["| loss | harrell | uno | integrated Brier |", "| --- | ---: | ---: | ---: |"]
    for name, v in values.items():
        lines.append("| %s | %s |" % (name, " | ".join(cell(v[m], signs[m], best[m]) for m in METRICS)))
    if constant:
        lines.append("| Kaplan-Meier, no features | 0.5 | 0.5 | %.4f ± %.4f |" % (mean(constant), stdev(constant)))
    return lines + [""]


def difference(a: List[float], b: List[float]) -> Tuple[float, float]:
    """The mean of a - b over splits and its standard error by Nadeau and Bengio: the splits share rows, so that 1/n becomes 1/n + test/train."""
    d = [x - y for x, y in zip(a, b)]
    return mean(d), stdev(d) * math.sqrt(1 / len(d) + TEST / (1 - TEST))


def clear(d: float, se: float) -> bool:
    return d > 2 * se


def told(d: float, se: float) -> str:
    return "%+.4f ± %.4f" % (d, se)


def verdicts(values: Values, constant: List[float]) -> List[str]:
    def by(name: str, metric: str) -> List[float]:
        return values[name][metric]

    pairs, pairs_se = difference(by("concordance", "harrell"), by("cox", "harrell"))
    ties = max(abs(a - b) for a, b in zip(by("cox", "harrell"), by("cox breslow", "harrell")))
    free = min(INTERVALS, key=lambda n: mean(by(n, "integrated_brier")))
    gain, gain_se = difference(by("cox", "integrated_brier"), by(free, "integrated_brier"))
    law = min(("aft normal", "aft logistic", "aft extreme"), key=lambda n: mean(by(n, "integrated_brier")))
    parametric, parametric_se = difference(by("cox", "integrated_brier"), by(law, "integrated_brier"))
    curves = {n: difference(constant, v["integrated_brier"]) for n, v in values.items() if not math.isnan(v["integrated_brier"][0])}
    worse = [n for n, d in curves.items() if not clear(*d)]
    return ["- The surrogate of concordance orders better than Cox's likelihood, since it minimises what is measured: %s harrell %s."
            % (verdict(clear(pairs, pairs_se)), told(pairs, pairs_se)),
            "- Hazards that change with time give better curves than proportional ones: %s The best of them by its mean, %s, takes %s from cox's Brier "
            "score." % (verdict(clear(gain, gain_se)), free, told(gain, gain_se)),
            "- A law of the times (aft) gives better curves than Breslow's baseline hazard: %s The best, %s, takes %s."
            % (verdict(clear(parametric, parametric_se)), law, told(parametric, parametric_se)),
            "- Efron's and Breslow's ties give the same order, to 0.002 of harrell in every split: %s At most %.4f apart." % (verdict(ties < 0.002), ties),
            "- Every loss with curves is better than one curve for all: %s %s"
            % (verdict(not worse), "Not clearly so: %s." % ", ".join(worse) if worse else "The least gain is %.4f." % min(d for d, _ in curves.values()))]


def batch_verdict(values: Values) -> str:
    small, small_se = difference(values["cox, 480"]["harrell"], values["cox, 8"]["harrell"])
    brier, brier_se = difference(values["cox, 8"]["integrated_brier"], values["cox, 480"]["integrated_brier"])
    return ("- Small batches cost cox what it is judged by, since their risk sets are samples: %s Harrell with batch 480 less that with batch 8: %s; the Brier "
            "score with batch 8 less that with batch 480: %s." % (verdict(clear(small, small_se) or clear(brier, brier_se)), told(small, small_se), told(brier, brier_se)))


def page(found: Dict[str, Tuple[Values, List[float]]], batches: Values) -> str:
    lines = ["# Losses of survival", "",
             "Remade by `make atlas STUDY=survival`; do not edit. Protocol: the headers of "
             "[configs/survival](../../../configs/survival). Linear models, 20 splits of 70 % and 30 % of the rows; means and standard deviations on "
             "the test rows. Higher is better for harrell and uno, lower for the integrated Brier score. The best mean of a column is bold.", ""]
    for key, title in SETS.items():
        values, constant = found[key]
        lines += ["## %s" % title.capitalize(), "", *table(values, constant), *verdicts(values, constant), ""]
    lines += ["## Risk sets of minibatches (gbsg)", "",
              "300 epochs of adam; a batch of 480 is all training rows. 10 splits.", "", *table(batches), batch_verdict(batches), "",
              "Differences are means over splits ± a standard error that allows for the rows that the splits share (Nadeau and Bengio); a claim holds "
              "when its difference is above two of them. "
              "Concordance gives scores alone: its curves, and so its Brier score, are undefined.", ""]
    return "\n".join(lines)


def make(run: Run) -> str:
    def records_of(key: str) -> List[dict]:
        return run.trained("configs/survival/%s.yaml" % key, ROOT / "results" / ("survival-" + key))
    found = {}
    for key in SETS:
        records = records_of(key)
        found[key] = collect(records, name_of), baselines(records)
    return page(found, collect(records_of("batches"), batch_name))
