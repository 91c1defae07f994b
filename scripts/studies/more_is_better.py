"""Ridge regression on random features: trains configs/more_is_better, sets the errors of Gaussian features beside the paper's formula and those
of real sets, each with the ridge tuned, in the order of rows and features, and writes the page."""
import math
import statistics
from typing import Callable, Dict, List, NamedTuple, Sequence, Tuple

from study_common import ROOT, Run, best_trials, table, trained
from study_shape import load

STUDY = load("more_is_better")
SPECTRUM, PUBLISHED, NEAR, SETS = STUDY.given("spectrum", "published", "near", "sets")
THEORY, REAL = STUDY.configs
FOLDER = ROOT / "results" / "more_is_better"


# ---- the formula ----

class Setting(NamedTuple):
    rows: int
    features: int
    ridge: float


class Errors(NamedTuple):
    test: float
    train: float


def root(f: Callable[[float], float], low: float, high: float) -> float:
    """Of a falling function, by halving."""
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if f(middle) > 0 else (low, middle)
    return (low + high) / 2


def expected(s: Setting, spectrum: Dict[str, float]) -> Errors:
    """Of features of variances l_i = i^-a that contribute v_i^2, in proportion to i^-b, to the target: with sum l/(l+g) + ridge/kappa = rows and
    sum l/(l+g) + features kappa/g = features (equations 4 to 6 of the paper)."""
    count = range(1, spectrum["features"] + 1)
    l = [i ** -spectrum["variance"] for i in count]
    v2 = [i ** -spectrum["signal"] for i in count]
    v2 = [v / sum(v2) for v in v2]

    def parts(g: float) -> Tuple[float, float, float]:
        z = sum(x / (x + g) for x in l)
        return z, sum((x / (x + g)) ** 2 for x in l), (s.features - z) * g / s.features

    def excess(log_g: float) -> float:
        z, _, kappa = parts(math.exp(log_g))
        return z + s.ridge / kappa - s.rows if kappa > 0 else math.inf

    g = math.exp(root(excess, -40, 40))
    z, q, kappa = parts(g)
    k, n = s.features, s.rows
    bias = sum((g / (x + g) - kappa * x * k / ((x + g) ** 2 * (k - q))) * v for x, v in zip(l, v2))
    test = (bias + spectrum["noise"]) / (1 - (q * (k - 2 * z) + z * z) / (n * (k - q)))
    return Errors(test, (s.ridge / (n * kappa)) ** 2 * test)


class Found(NamedTuple):
    mean: float
    error: float                          # standard error of the mean
    train: float


def error_of(trial: dict, part: str) -> float:
    """What is to be small: mean squared error, or the share of wrong labels."""
    metrics = trial["result"]["metrics"][part]
    return metrics["mse"] if "mse" in metrics else 1 - metrics["accuracy"]


def setting_of(trial: dict) -> Setting:
    config = trial["config"]
    return Setting(config["data"]["split"]["first"], config["model"]["features"], config["model"]["ridge"])


def gather(trials: Sequence[dict]) -> Dict[Setting, Found]:
    values: Dict[Setting, List[dict]] = {}
    for t in trials:
        values.setdefault(setting_of(t), []).append(t)
    out = {}
    for s, of in sorted(values.items()):
        test = [error_of(t, "test") for t in of]
        out[s] = Found(statistics.mean(test), statistics.stdev(test) / math.sqrt(len(test)), statistics.mean(error_of(t, "train") for t in of))
    return out


def theory_table(found: Dict[Setting, Found]) -> List[str]:
    told = {s: expected(s, SPECTRUM) for s in found}
    return table(["rows", "features", "ridge", "test error", "standard error", "formula", "training error", "formula"], [
        ["%d" % s.rows, "%d" % s.features, "%g" % s.ridge, "%.4f" % f.mean, "%.4f" % f.error, "%.4f" % told[s].test, "%.4f" % f.train, "%.4f" % told[s].train]
        for s, f in found.items()])


def away(s: Setting, found: Found) -> float:
    """From the formula, 1 being as far as may be."""
    formula = expected(s, SPECTRUM).test
    return abs(found.mean - formula) / max(NEAR["share"] * formula, NEAR["errors"] * found.error)


# ---- real sets ----

Grid = Dict[Tuple[float, int], Errors]    # share of the rows for training, features: means over the splits


def tuned(trials: Sequence[dict]) -> Grid:
    """With the ridge that is best on the validation rows of each split."""
    best = best_trials(trials, lambda t: (t["config"]["data"]["split"]["train"], t["config"]["model"]["features"], t["config"]["train"]["seed"]), lambda t: -error_of(t, "valid"))
    values: Dict[Tuple[float, int], List[dict]] = {}
    for (rows, features, _), t in best.items():
        values.setdefault((rows, features), []).append(t)
    return {key: Errors(*(statistics.mean(error_of(t, part) for t in of) for part in ("test", "train"))) for key, of in sorted(values.items())}


def axes(grid: Grid) -> Tuple[List[float], List[int]]:
    return sorted({rows for rows, _ in grid}), sorted({features for _, features in grid})


def steps(grid: Grid, by_rows: bool) -> List[float]:
    """The error after each step over that before."""
    rows, features = axes(grid)
    if by_rows:
        return [grid[b, k].test / grid[a, k].test for a, b in zip(rows, rows[1:]) for k in features]
    return [grid[n, b].test / grid[n, a].test for n in rows for a, b in zip(features, features[1:])]


def real_table(grid: Grid) -> List[str]:
    rows, features = axes(grid)
    return table(["rows for training", *("%d features" % k for k in features)], [["%g %%" % (100 * n), *("%.4f" % grid[n, k].test for k in features)] for n in rows])


def falls(key: str, grids: Dict[str, Grid]) -> str:
    told = {name: steps(grid, key == "rows") for name, grid in grids.items()}
    return STUDY.claim(key, told, "Of the steps it falls at " + "; ".join("%s %d of %d" % (name, sum(v < 1 for v in of), len(of)) for name, of in told.items()) + ".")


def overfitting(grids: Dict[str, Grid]) -> str:
    told = {name: grid[max(grid)].train / grid[max(grid)].test for name, grid in grids.items()}
    return STUDY.claim("overfitting", told, "; ".join("%s %.2f" % pair for pair in told.items()) + ".")


def page(found: Dict[Setting, Found], grids: Dict[str, Grid], splits: int) -> str:
    fallen = [v < 1 for grid in grids.values() for by_rows in (False, True) for v in steps(grid, by_rows)]
    published = {Setting(*(float(v) if "." in v else int(v) for v in key.split(", "))): value for key, value in PUBLISHED.items()}
    lines = [*STUDY.head(near=100 * NEAR["share"], errors=NEAR["errors"], splits=splits),
             STUDY.asked(sum(fallen) / len(fallen), "The mean error falls at %d of %d steps." % (sum(fallen), len(fallen))), "",
             "## Gaussian features: errors by the formula", "", *theory_table(found)]
    for name, grid in grids.items():
        lines += ["## %s: test error with the ridge tuned" % name, "", *real_table(grid)]
    agree = [away(s, f) for s, f in found.items()]
    return "\n".join(lines + STUDY.section([
        falls("features", grids), falls("rows", grids), overfitting(grids),
        STUDY.claim("published", [abs(expected(s, SPECTRUM).test - value) for s, value in published.items()]),
        STUDY.claim("test", agree, "%d of %d." % (sum(a <= 1 for a in agree), len(agree)))]))


def make(run: Run) -> str:
    grids = {}
    for name, options in SETS.items():
        folder = FOLDER / name
        trials = trained(run.binary, REAL, folder, run.jobs, [*options, "output.dir=%s" % folder.relative_to(ROOT)], quiet=True)
        grids[name] = tuned(trials)
    splits = len({t["config"]["train"]["seed"] for t in trials})
    return page(gather(run.trained(THEORY, FOLDER / "theory")), grids, splits)
