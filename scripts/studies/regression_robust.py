"""Losses of a regression under outliers in the targets: trains configs/regression_robust on six real sets, chooses each loss's scale by the
validation rows, and writes the page.

Standard library only.
"""
import statistics
from typing import Dict, List, Sequence, Tuple

from study_common import ROOT, Run, trained, verdict

CONFIG, FOLDER = "configs/regression_robust/outliers.yaml", ROOT / "results" / "regression-robust"
SETS = {
    "concrete": [],
    "abalone": [],
    "ctg (LB)": ["data.train.label=LB", "data.drop=[label]"],
    "glass (RI)": ["data.train.label=RI", "data.drop=[label]"],
    "penguins (body mass)": ["data.train.label=body_mass_g", "data.missing=drop", "data.drop=[label]"],
    "wine (alcohol)": ["data.train.label=alcohol", "data.drop=[label]"],
}
LOSSES = ("mse", "mae", "huber", "cauchy", "tukey", "welsch")
BOUNDED_PULL, REDESCENDING = LOSSES[1:], ("cauchy", "tukey", "welsch")
RATES = (0, 0.1, 0.2, 0.3)
T95 = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571}   # two-sided 95 % of Student's t, by the number of sets
Error = Dict[Tuple[str, float, str], float]                   # set, rate, loss -> mean test error
KEEPS, CLEAN = 0.1, 0.02                                      # "keeps its error": within 10 %; "no worse": within 2 %


def train(binary: str, jobs: int, sets: Dict[str, List[str]]) -> Dict[str, List[dict]]:
    found = {}
    for name, options in sets.items():
        path = "data.train.path=datasets/samples/%s.csv.gz" % name.split()[0]
        found[name] = trained(binary, CONFIG, FOLDER, jobs, [path, *options], quiet=True)
    return found


def metric(trial: dict, part: str, name: str) -> float:
    value = trial["result"]["metrics"] and trial["result"]["metrics"][part][name]
    return float("inf") if value is None else value


def errors(trials: Dict[str, List[dict]], name: str = "mae") -> Error:
    """The test error of each loss with the scale whose validation error, of rows that have outliers too, is least in that seed."""
    best: Dict[Tuple[str, float, str, int], dict] = {}
    for data, records in trials.items():
        for t in records:
            key = (data, t["config"]["corrupt"]["labels"]["rate"], t["config"]["loss"]["name"], t["config"]["train"]["seed"])
            if key not in best or metric(t, "valid", "mae") < metric(best[key], "valid", "mae"):
                best[key] = t
    values: Dict[Tuple[str, float, str], List[float]] = {}
    for (data, rate, loss, _), t in best.items():
        values.setdefault((data, rate, loss), []).append(metric(t, "test", name))
    return {key: statistics.mean(v) for key, v in values.items()}


def ranks(error: Error, rate: float) -> Dict[str, List[float]]:
    """For each loss its rank on each set, 1 the least error; equal errors share their ranks."""
    out: Dict[str, List[float]] = {loss: [] for loss in LOSSES}
    for data in sorted({key[0] for key in error}):
        row = [error[data, rate, loss] for loss in LOSSES]
        for loss, e in zip(LOSSES, row):
            out[loss].append(1 + sum(o < e for o in row) + (sum(o == e for o in row) - 1) / 2)
    return out


def interval(values: Sequence[float]) -> Tuple[float, float]:
    """The mean and half of its 95 % interval over the sets."""
    return statistics.mean(values), T95[len(values)] * statistics.stdev(values) / len(values) ** 0.5


def growth(error: Error, rate: float) -> Dict[str, List[float]]:
    """For each loss and set the error over that of mse without outliers."""
    sets = sorted({key[0] for key in error})
    return {loss: [error[data, rate, loss] / error[data, 0, "mse"] for data in sets] for loss in LOSSES}


def interval_table(title: str, of: Dict[float, Dict[str, List[float]]], form: str) -> List[str]:
    lines = ["| %s | %s |" % (title, " | ".join(LOSSES)), "| ---: |" + " ---: |" * len(LOSSES)]
    for rate, row in of.items():
        lines.append("| %g %% | %s |" % (100 * rate, " | ".join((form + " ± " + form) % interval(row[loss]) for loss in LOSSES)))
    return lines + [""]


def set_table(error: Error) -> List[str]:
    lines = ["| set | outliers | %s |" % " | ".join(LOSSES), "| --- | ---: |" + " ---: |" * len(LOSSES)]
    for data in sorted({key[0] for key in error}):
        for rate in RATES:
            row = [error[data, rate, loss] for loss in LOSSES]
            lines.append("| %s | %g %% | %s |" % (data, 100 * rate, " | ".join(
                ("**%.4g**" if e == min(row) else "%.4g") % e for e in row)))
    return lines + [""]


def verdicts(mae: Error, rmse: Error) -> List[str]:
    clean, most = growth(rmse, 0), growth(mae, RATES[-1])
    sets = sorted({key[0] for key in mae})
    below_mse = ["%s on %s (%.1f %%)" % (loss, data, 100 * (1 - v)) for loss in BOUNDED_PULL for data, v in zip(sets, clean[loss]) if v < 1 - CLEAN]
    beaten = [(rate, data) for rate in RATES[1:] for data in sets
              if mae[data, rate, "mse"] <= max(mae[data, rate, loss] for loss in BOUNDED_PULL)]
    kept = [loss for loss in BOUNDED_PULL if all(v <= 1 + KEEPS for v in most[loss])]
    last = {loss: statistics.mean(r) for loss, r in ranks(mae, RATES[-1]).items()}
    below = [d for d in sets if max(mae[d, RATES[-1], loss] for loss in REDESCENDING) < mae[d, RATES[-1], "huber"]]
    count = len(sets)
    return [
        "- Without outliers no loss has a test RMSE more than %g %% below that of mse, on any set: %s%s" % (
            100 * CLEAN, verdict(not below_mse), " Below are " + ", ".join(below_mse) + "." if below_mse else ""),
        "- From 10 %% of outliers on, mse is worse than every other loss on every set: %s %d of %d cells." % (
            verdict(not beaten), (len(RATES) - 1) * count - len(beaten), (len(RATES) - 1) * count),
        "- At %g %% every other loss keeps within %g %% of the error that mse has without outliers, on every set: %s %s" % (
            100 * RATES[-1], 100 * KEEPS, verdict(kept == list(BOUNDED_PULL)),
            "So it is of %s." % ", ".join(kept) if kept else "So it is of none."),
        "- At %g %% the losses whose pull falls off far away (cauchy, tukey, welsch) are all better than huber, on every set: %s %d of %d "
        "sets%s." % (100 * RATES[-1], verdict(len(below) == count), len(below), count,
                     "" if len(below) == count else ", not " + ", ".join(sorted(set(sets) - set(below)))),
        "- At %g %% the best mean rank is that of one of these three: %s It is %s, %.2f; then %s." % (
            100 * RATES[-1], verdict(min(last, key=last.get) in REDESCENDING), min(last, key=last.get), min(last.values()),
            ", ".join("%s %.2f" % pair for pair in sorted(last.items(), key=lambda p: p[1])[1:]))]


def page(trials: Dict[str, List[dict]]) -> str:
    mae, rmse = errors(trials), errors(trials, "rmse")
    first = next(iter(trials.values()))
    seeds = len({t["config"]["train"]["seed"] for t in first})
    return "\n".join([
        "# Which loss of a regression, where a share of the targets are outliers?", "",
        "Remade by `make atlas STUDY=regression_robust`; do not edit. Protocol: the header of "
        "[configs/regression_robust/outliers.yaml](../../../configs/regression_robust/outliers.yaml). Errors are those of test rows, whose "
        "targets have no outliers; means of %d seeds. The scale of huber, cauchy, tukey and welsch is the one of three whose absolute error on "
        "the validation rows, which have outliers too, is least. Intervals are 95 %% over the %d sets." % (seeds, len(trials)), "",
        "## Mean rank by test MAE", "",
        *interval_table("outliers", {rate: ranks(mae, rate) for rate in RATES}, "%.2f"),
        "## Test MAE over that of mse without outliers", "",
        *interval_table("outliers", {rate: growth(mae, rate) for rate in RATES}, "%.2f"),
        "## Test MAE", "", *set_table(mae), "## What holds", "", *verdicts(mae, rmse), ""])


def make(run: Run) -> str:
    return page(train(run.binary, run.jobs, SETS))
