"""Learning from bags of responses: trains configs/aggregate, sets the risks beside those of the theory, and writes the page."""
import math
import statistics
from typing import Dict, List, NamedTuple, Sequence, Tuple

from study_common import ROOT, Run, table
from study_shape import load

STUDY = load("aggregate")
SIGMA2, CLIP, EPSILON, PUBLISHED, NEAR = STUDY.given("sigma2", "clip", "epsilon", "published", "near")
PRIVATE, RISK = STUDY.configs


class Setting(NamedTuple):
    rows: int
    features: int
    size: int
    rho: float


def risk(s: Setting, sigma2: float = SIGMA2) -> float:
    """E |theta_hat - theta|^2 for large n and d, |theta| = 1: theta_hat minimises (1 - rho) of the bag level and rho of the instance
    level, and d = m g/(1 + g) + (n - m) rho g/(1 + rho g) gives g."""
    bags = s.rows / s.size

    def dimension(g: float) -> float:
        return bags * g / (1 + g) + (s.rows - bags) * s.rho * g / (1 + s.rho * g)
    low, high = 0.0, 1.0
    while dimension(high) < s.features:
        high *= 2
        if high > 1e12:
            raise ValueError("no more bags than features, and no instance level: there is no single optimum")
    for _ in range(200):
        g = (low + high) / 2
        low, high = (g, high) if dimension(g) < s.features else (low, g)
    a, b = bags / (1 + g), (s.rows - bags) * s.rho / (1 + s.rho * g)
    a2, b2 = bags / (1 + g) ** 2, (s.rows - bags) * s.rho / (1 + s.rho * g) ** 2
    c, kappa = a / (a + b), g / (a2 + b2)
    return (1 - c) ** 2 + kappa * (a2 * (1 - c) ** 2 + b2 * s.rho * c * c) + sigma2 * kappa * a2


def private_sigma2(size: int) -> float:
    """Laplace noise of scale 2 C/(k eps) on the mean of k rows, as if it stood on each of them."""
    return SIGMA2 + 8 * CLIP ** 2 / EPSILON ** 2 / size


def best_size(rows: int, features: int) -> float:
    """Of private bags at the instance level, a real number."""
    g, a = 1 / (rows / features - 1), 8 * CLIP ** 2 / EPSILON ** 2
    return (2 * (1 - g) + 2 * g * a) / ((2 - g) - g * SIGMA2)


def solve(a: List[List[float]], b: List[float]) -> List[float]:
    """The solution of a x = b, by elimination with the largest pivot."""
    rows = [row + [v] for row, v in zip(a, b)]
    for k in range(len(rows)):
        best = max(range(k, len(rows)), key=lambda i: abs(rows[i][k]))
        rows[k], rows[best] = rows[best], rows[k]
        for i in range(len(rows)):
            if i != k:
                factor = rows[i][k] / rows[k][k]
                rows[i] = [x - factor * y for x, y in zip(rows[i], rows[k])]
    return [row[-1] / row[k] for k, row in enumerate(rows)]


def fitted_size(points: Sequence[Tuple[int, float, float]]) -> float:
    """The size of least risk of (size, risk, standard error): the formula is a parabola in 1/size at the instance level, which is fitted
    by least squares, each point by its error."""
    a, b = [[0.0] * 3 for _ in range(3)], [0.0] * 3
    for size, value, error in points:
        x = [1.0, 1 / size, 1 / size ** 2]
        for i in range(3):
            b[i] += x[i] * value / error ** 2
            for j in range(3):
                a[i][j] += x[i] * x[j] / error ** 2
    _, slope, curvature = solve(a, b)
    return -2 * curvature / slope


class Found(NamedTuple):
    mean: float
    error: float                          # standard error of the mean
    draws: int


def setting_of(trial: dict) -> Setting:
    config = trial["config"]
    return Setting(config["data"]["split"]["first"], config["data"]["generator"]["features"], config["data"]["bags"]["size"],
                   config["loss"].get("rho", 1.0))


def risk_of(trial: dict) -> float:
    """The risk R of the coefficients: the part of the test error that is not the noise, in units of |theta|^2, which is as large as there
    are features, less the mean error of the intercept. That is (sigma^2 + R)/n, since the mean of the rows says nothing of the
    coefficients."""
    config, s = trial["config"], setting_of(trial)
    generator, private = config["data"]["generator"], config["corrupt"].get("bags", {"kind": "none"})["kind"] != "none"
    excess = (trial["result"]["metrics"]["test"]["mse"] - generator["noise"] ** 2) / generator["features"]
    return (excess - (private_sigma2(s.size) if private else SIGMA2) / s.rows) / (1 + 1 / s.rows)


def gather(trials: Sequence[dict]) -> Dict[Setting, Found]:
    values: Dict[Setting, List[float]] = {}
    for t in trials:
        values.setdefault(setting_of(t), []).append(risk_of(t))
    return {s: Found(statistics.mean(v), statistics.stdev(v) / math.sqrt(len(v)), len(v)) for s, v in values.items()}


Row = Tuple[Setting, Found, float]        # and the risk by the formula


def away(row: Row) -> float:
    """From the formula, 1 being as far as may be."""
    _, found, expected = row
    return abs(found.mean - expected) / max(NEAR["share"] * expected, NEAR["errors"] * found.error)


def agreement(key: str, rows: Sequence[Row]) -> str:
    told = {row[0]: away(row) for row in rows}
    return STUDY.claim(key, list(told.values()), "%d of %d." % (len(STUDY.meeting(key, told)), len(rows)))


def risk_table(rows: Sequence[Tuple[str, Found, float]], first: str) -> List[str]:
    return table([first, "draws", "risk", "standard error", "formula", "difference"], [
        [name, "%d" % found.draws, "%.3f" % found.mean, "%.3f" % found.error, "%.3f" % expected,
         "%+.1f %%, %+.1f standard errors" % (100 * (found.mean / expected - 1), (found.mean - expected) / found.error)] for name, found, expected in rows])


def best_private(sizes: Sequence[Row]) -> str:
    best = fitted_size([(s.size, f.mean, f.error) for s, f, _ in sizes])
    lowest, theory = min(sizes, key=lambda row: row[1].mean)[0].size, min(sizes, key=lambda row: row[2])[0].size
    return STUDY.claim("size", best, "The parabola in 1/k that fits the mean risks best is least at %.2f, that of the formula at %.2f, so %d. From 5 to 8 rows "
                       "the risks differ by less than their errors; the smallest is that of %d. Bags of one row have %.1f times the risk." % (
                           best, best_size(*sizes[0][0][:2]), theory, lowest, sizes[0][1].mean / min(f.mean for _, f, _ in sizes)))


def page(open_bags: Dict[Setting, Found], private: Dict[Setting, Found]) -> str:
    levels = [(s, f, risk(s)) for s, f in sorted(open_bags.items(), key=lambda item: item[0].rho)]
    sizes = [(s, f, risk(s, private_sigma2(s.size))) for s, f in sorted(private.items(), key=lambda item: item[0].size)]
    least, edge = min(levels, key=lambda row: row[1].mean)[0].rho, levels[-1][1].mean
    return "\n".join([
        *STUDY.head(near=100 * NEAR["share"], errors=NEAR["errors"]),
        "## Between the bag level (ρ = 0) and the instance level (ρ = 1)", "",
        "%d rows of %d features in bags of %d, σ² = %g." % (*levels[0][0][:3], SIGMA2), "",
        *risk_table([("ρ = %g" % s.rho, f, e) for s, f, e in levels], "weight of the instance level"),
        "## Private labels", "",
        "%d rows of %d features at the instance level, targets clipped at %d, Laplace noise for ε = %d on each bag's mean." % (
            *sizes[0][0][:2], CLIP, EPSILON), "",
        *risk_table([("%d" % s.size, f, e) for s, f, e in sizes], "rows of a bag"),
        *STUDY.section([
            STUDY.claim("published", [abs(expected - PUBLISHED[s.rho]) for s, _, expected in levels]),
            agreement("levels", levels),
            STUDY.claim("interior", least, "The least is at ρ = %g, %.0f %% below the instance level." % (
                least, 100 * (1 - min(f.mean for _, f, _ in levels) / edge))),
            agreement("sizes", sizes), best_private(sizes)])])


def make(run: Run) -> str:
    open_bags = gather(run.trained(RISK, ROOT / "results" / "aggregate"))
    private = gather(run.trained(PRIVATE, ROOT / "results" / "aggregate-private"))
    return page(open_bags, private)
