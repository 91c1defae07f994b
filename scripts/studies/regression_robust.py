"""Losses of a regression under outliers in the targets: trains configs/regression_robust on six real sets, chooses each loss's scale by the
validation rows, and writes the page."""
import statistics
from typing import Dict, List, Sequence, Tuple

from study_common import ROOT, Run, best_trials, table, trained, value_of
from study_shape import load

STUDY = load("regression_robust")
SETS, LOSSES, REDESCENDING, RATES = STUDY.given("sets", "losses", "redescending", "rates")
CONFIG, FOLDER = STUDY.configs[0], ROOT / "results" / "regression-robust"
BOUNDED_PULL = LOSSES[1:]
T95 = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571}   # two-sided 95 % of Student's t, by the number of sets
Error = Dict[Tuple[str, float, str], float]                   # set, rate, loss -> mean test error


def train(binary: str, jobs: int, sets: Dict[str, List[str]]) -> Dict[str, List[dict]]:
    found = {}
    for name, options in sets.items():
        path = "data.train.path=datasets/samples/%s.csv.gz" % name.split()[0]
        found[name] = trained(binary, CONFIG, FOLDER, jobs, [path, *options], quiet=True)
    return found


def key_of(trial: dict) -> Tuple[float, str, int]:
    config = trial["config"]
    return config["corrupt"]["labels"]["rate"], config["loss"]["name"], config["train"]["seed"]


def errors(trials: Dict[str, List[dict]], name: str = "mae") -> Error:
    """The test error of each loss with the scale whose validation error, of rows that have outliers too, is least in that seed."""
    values: Dict[Tuple[str, float, str], List[float]] = {}
    for data, records in trials.items():
        for (rate, loss, _), t in best_trials(records, key_of, lambda t: -value_of(t, "valid", "mae", float("inf"))).items():
            values.setdefault((data, rate, loss), []).append(value_of(t, "test", name, float("inf")))
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


def interval_table(title: str, of: Dict[float, Dict[str, List[float]]]) -> List[str]:
    return table([title, *LOSSES], [["%g %%" % (100 * rate), *("%.2f ± %.2f" % interval(row[loss]) for loss in LOSSES)] for rate, row in of.items()],
                 "r" * (1 + len(LOSSES)))


def set_table(error: Error) -> List[str]:
    rows = []
    for data in sorted({key[0] for key in error}):
        for rate in RATES:
            row = [error[data, rate, loss] for loss in LOSSES]
            rows.append([data, "%g %%" % (100 * rate), *(("**%.4g**" if e == min(row) else "%.4g") % e for e in row)])
    return table(["set", "outliers", *LOSSES], rows)


def verdicts(mae: Error, rmse: Error) -> List[str]:
    clean, most = growth(rmse, 0), growth(mae, RATES[-1])
    sets = sorted({key[0] for key in mae})
    ratios = {(loss, data): v for loss in BOUNDED_PULL for data, v in zip(sets, clean[loss])}
    near_mse = STUDY.meeting("clean", ratios)
    below_mse = ["%s on %s (%.1f %%)" % (*pair, 100 * (1 - v)) for pair, v in ratios.items() if pair not in near_mse]
    cells = [(rate, data) for rate in RATES[1:] for data in sets]
    worst = sum(mae[data, rate, "mse"] > max(mae[data, rate, loss] for loss in BOUNDED_PULL) for rate, data in cells)
    kept = STUDY.meeting("kept", {loss: most[loss] for loss in BOUNDED_PULL})
    last = {loss: statistics.mean(r) for loss, r in ranks(mae, RATES[-1]).items()}
    below = [d for d in sets if max(mae[d, RATES[-1], loss] for loss in REDESCENDING) < mae[d, RATES[-1], "huber"]]
    return [
        STUDY.claim("clean", list(ratios.values()), "Below are " + ", ".join(below_mse) + "." if below_mse else ""),
        STUDY.claim("mse_worst", worst / len(cells), "%d of %d cells." % (worst, len(cells))),
        STUDY.claim("kept", [v for loss in BOUNDED_PULL for v in most[loss]], "So it is of %s." % (", ".join(kept) or "none")),
        STUDY.claim("redescending", len(below) / len(sets), "%d of %d sets%s." % (
            len(below), len(sets), "" if len(below) == len(sets) else ", not " + ", ".join(sorted(set(sets) - set(below))))),
        STUDY.claim("best_rank", min(r for loss, r in last.items() if loss not in REDESCENDING) - min(last[loss] for loss in REDESCENDING),
                    "It is %s, %.2f; then %s." % (min(last, key=last.get), min(last.values()), ", ".join(
                        "%s %.2f" % pair for pair in sorted(last.items(), key=lambda p: p[1])[1:])))]


def page(trials: Dict[str, List[dict]]) -> str:
    mae, rmse = errors(trials), errors(trials, "rmse")
    first = next(iter(trials.values()))
    return "\n".join([
        *STUDY.head(seeds=len({t["config"]["train"]["seed"] for t in first}), sets=len(trials)),
        "## Mean rank by test MAE", "",
        *interval_table("outliers", {rate: ranks(mae, rate) for rate in RATES}),
        "## Test MAE over that of mse without outliers", "",
        *interval_table("outliers", {rate: growth(mae, rate) for rate in RATES}),
        "## Test MAE", "", *set_table(mae), *STUDY.section(verdicts(mae, rmse))])


def make(run: Run) -> str:
    return page(train(run.binary, run.jobs, SETS))
