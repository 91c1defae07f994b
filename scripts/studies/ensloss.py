"""Writes the tables of configs/ensloss, runs it and writes its page: EnsLoss against fixed losses, wins, ties and losses by the
corrected test."""
from typing import Dict, List, Tuple

import numpy as np
from scipy import stats as tests

from stats import corrected_t
from studies.one_against_rest import write_tables
from study_common import ROOT, Run, data_name, table, value_of
from study_shape import load

STUDY = load("ensloss")
TABLES, ROWS, LEVEL, FIXED, DEPTHS, PUBLISHED = STUDY.given("tables", "rows", "level", "fixed", "depths", "published")
FOLDER = ROOT / "results" / "ensloss"
Cell = Tuple[int, str, str]                             # depth, table, loss


def read(trials: List[dict]) -> Dict[Cell, List[dict]]:
    """The trials of the step with the best mean validation accuracy (on ties the smallest step), in the order of seeds."""
    groups: Dict[Cell, Dict[float, List[dict]]] = {}
    for t in trials:
        c = t["config"]
        key = len(c["model"]["hidden"]), data_name(t), c["loss"]["name"]
        groups.setdefault(key, {}).setdefault(c["optimizer"]["lr"], []).append(t)
    best = {}
    for key, rates in groups.items():
        trials = max(rates.values(), key=lambda ts: np.mean([value_of(t, "valid", "accuracy") for t in ts]))
        best[key] = sorted(trials, key=lambda t: t["config"]["train"]["seed"])
    return best


def corrected(a: List[dict], b: List[dict], metric: str) -> Tuple[float, float]:
    """Mean difference a - b over splits and its two-sided p by Nadeau and Bengio's corrected t-test."""
    found = corrected_t([value_of(x, "test", metric) - value_of(y, "test", metric) for x, y in zip(a, b)], ROWS["test"] / ROWS["train"])
    return found.mean, found.p


def tally(best: Dict[Cell, List[dict]], depth: int, other: str) -> Tuple[List[int], float, float]:
    """Wins, ties and losses of EnsLoss over the tables; mean difference over tables and its signed-rank p."""
    found = [corrected(best[depth, t, "ensloss"], best[depth, t, other], "accuracy") for t in TABLES]
    counts = [sum(d > 0 and p < LEVEL for d, p in found), sum(p >= LEVEL for _, p in found), sum(d < 0 and p < LEVEL for d, p in found)]
    means = np.array([d for d, _ in found])
    return counts, float(means.mean()), float(tests.wilcoxon(means).pvalue) if means.any() else 1.0


def metric_table(best: Dict[Cell, List[dict]], depth: int, metric: str) -> List[str]:
    losses = [*FIXED, "ensloss"]
    runs = {name: [np.array([value_of(t, "test", metric) for t in best[depth, name, loss]]) for loss in losses] for name in TABLES}
    means = [[r.mean() for r in of] for of in runs.values()]
    ranks = np.mean([tests.rankdata([-v for v in row]) for row in means], 0)
    return table(["table", *losses], [*([name, *("%.4f ± %.4f" % (r.mean(), r.std(ddof=1)) for r in of)] for name, of in runs.items()),
                                      ["mean", *("%.4f" % v for v in np.mean(means, 0))], ["mean rank", *("%.2f" % r for r in ranks)]])


def slashed(counts: List[int]) -> str:
    return "/".join(map(str, counts))


def verdicts(best: Dict[Cell, List[dict]]) -> List[str]:
    gain = {(depth, other): tally(best, depth, other)[1] for depth in DEPTHS for other in FIXED}
    deep, (_, _, p) = [tally(best, 4, other)[0] for other in FIXED], tally(best, 1, "hinge")
    return [STUDY.claim("deep", [w - lost for w, _, lost in deep], "Wins, ties and losses against logistic, exponential and hinge: %s." % (
                ", ".join(map(slashed, deep)))),
            STUDY.claim("depth", [gain[4, o] - gain[1, o] for o in FIXED], "Mean gain in accuracy with one and with four layers: %s." % (
                "; ".join("%s %+.4f, %+.4f" % (o, gain[1, o], gain[4, o]) for o in FIXED))),
            STUDY.claim("shallow", p, "Mean difference %+.4f, signed-rank p = %.3g over %d tables." % (gain[1, "hinge"], p, len(TABLES)))]


def page(best: Dict[Cell, List[dict]]) -> str:
    lines = STUDY.head(level=LEVEL)
    for depth, title in DEPTHS.items():
        told = [(other, *tally(best, depth, other)) for other in FIXED]
        lines += ["## Accuracy, %s" % title, "", *metric_table(best, depth, "accuracy"),
                  *table(["EnsLoss against", "wins/ties/losses", "published", "mean difference", "signed-rank p over tables"],
                         [[other, slashed(counts), PUBLISHED[depth][other], "%+.4f" % mean, "%.3g" % p] for other, counts, mean, p in told]),
                  "## AUC, %s" % title, "", *metric_table(best, depth, "auc")]
    return "\n".join(lines + STUDY.section(verdicts(best), "What reproduces"))


def make(run: Run) -> str:
    write_tables(TABLES, FOLDER / "data")
    return page(read(run.trained(STUDY.configs[0], FOLDER)))
