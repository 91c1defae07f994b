"""Learning from bags of responses: trains configs/aggregate, sets the risks beside those of the theory, and writes the page.

Standard library only.
"""
import math
import statistics
from typing import Dict, List, NamedTuple, Sequence, Tuple

from study_common import ROOT, Run, verdict

RISK, PRIVATE = "configs/aggregate/risk.yaml", "configs/aggregate/private.yaml"
SIGMA2 = 0.5                              # of the noise, where |theta| is 1
CLIP, EPSILON = 4, 2
PUBLISHED = {0.02: 0.363, 0.1: 0.296, 0.5: 0.472, 1.0: 0.607}
SIZE, AWAY = 6, 1                         # the best private bags, and how far from it we may be
TOLERANCE, ERRORS = 0.02, 3               # a mean risk agrees within 2 % of the formula, or three standard errors


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


def agrees(found: Found, expected: float) -> bool:
    return abs(found.mean - expected) <= max(TOLERANCE * expected, ERRORS * found.error)


def table(rows: Sequence[Tuple[str, Found, float]], first: str) -> List[str]:
    lines = ["| %s | draws | risk | standard error | formula | difference |" % first, "| --- | ---: | ---: | ---: | ---: | ---: |"]
    for name, found, expected in rows:
        lines.append("| %s | %d | %.3f | %.3f | %.3f | %+.1f %%, %+.1f standard errors |" % (
            name, found.draws, found.mean, found.error, expected, 100 * (found.mean / expected - 1), (found.mean - expected) / found.error))
    return lines + [""]


def page(open_bags: Dict[Setting, Found], private: Dict[Setting, Found]) -> str:
    levels = [(s, f, risk(s)) for s, f in sorted(open_bags.items(), key=lambda item: item[0].rho)]
    sizes = [(s, f, risk(s, private_sigma2(s.size))) for s, f in sorted(private.items(), key=lambda item: item[0].size)]
    least = min(levels, key=lambda row: row[1].mean)[0].rho
    best = fitted_size([(s.size, f.mean, f.error) for s, f, _ in sizes])
    lowest = min(sizes, key=lambda row: row[1].mean)[0].size
    theory = min(sizes, key=lambda row: row[2])[0].size
    published = all(abs(expected - PUBLISHED[s.rho]) < 0.0006 for s, _, expected in levels)
    edge = levels[-1][1].mean
    lines = [
        "# Which loss, where of each bag of responses the mean alone is known?", "",
        "Remade by `make atlas STUDY=aggregate`; do not edit. Protocols: the headers of "
        "[risk.yaml](../../../configs/aggregate/risk.yaml) and [private.yaml](../../../configs/aggregate/private.yaml). The risk is "
        "E |θ̂ - θ|², in units of |θ|², read off as the test error of single rows, less their noise and the mean error of the intercept, (σ² + risk) "
        "/ rows, which the formula's model lacks. The formula is for many rows and features. A risk agrees within %g %% of it or %d standard "
        "errors." % (100 * TOLERANCE, ERRORS), "",
        "## Between the bag level (ρ = 0) and the instance level (ρ = 1)", "",
        "%d rows of %d features in bags of %d, σ² = %g." % (*levels[0][0][:3], SIGMA2), "",
        *table([("ρ = %g" % s.rho, f, e) for s, f, e in levels], "weight of the instance level"),
        "## Private labels", "",
        "%d rows of %d features at the instance level, targets clipped at %d, Laplace noise for ε = %d on each bag's mean." % (
            *sizes[0][0][:2], CLIP, EPSILON), "",
        *table([("%d" % s.size, f, e) for s, f, e in sizes], "rows of a bag"),
        "## What holds", "",
        "- The formula gives 0.363, 0.296, 0.472 and 0.607: %s" % verdict(published),
        "- Each mean risk agrees with the formula: %s %d of %d." % (
            verdict(all(agrees(f, e) for _, f, e in levels)), sum(agrees(f, e) for _, f, e in levels), len(levels)),
        "- An interior weight has the least risk: %s The least is at ρ = %g, %.0f %% below the instance level." % (
            verdict(0.02 < least < 1), least, 100 * (1 - min(f.mean for _, f, _ in levels) / edge)),
        "- Each mean risk of private bags agrees with the formula: %s %d of %d." % (
            verdict(all(agrees(f, e) for _, f, e in sizes)), sum(agrees(f, e) for _, f, e in sizes), len(sizes)),
        "- Private labels want larger bags, of %d rows give or take %d: %s The parabola in 1/k that fits the mean risks best is least at %.2f, that "
        "of the formula at %.2f, so %d. From 5 to 8 rows the risks differ by less than their errors; the smallest is that of %d. Bags of one row "
        "have %.1f times the risk." % (
            SIZE, AWAY, verdict(abs(best - SIZE) <= AWAY), best, best_size(*sizes[0][0][:2]), theory, lowest,
            sizes[0][1].mean / min(f.mean for _, f, _ in sizes)), ""]
    return "\n".join(lines)


def make(run: Run) -> str:
    open_bags = gather(run.trained(RISK, ROOT / "results" / "aggregate"))
    private = gather(run.trained(PRIVATE, ROOT / "results" / "aggregate-private"))
    return page(open_bags, private)
