"""Runs configs/auc and writes its page: AUC and calibration of losses over pairs and over rows under imbalance, their time against the
number of rows, and what the contrastive loss does not see.

The option bench is tests/bench/pairs.c, built.
"""
import csv
import io
import subprocess
from pathlib import Path
from typing import Dict, List, NamedTuple, Tuple

import matplotlib
import numpy as np
from scipy import stats
from scipy.special import logsumexp

from study_common import ROOT, Run, data_name, table, value_of
from study_shape import load

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402

STUDY = load("auc")
ROWS, SHOWN, RATIOS = STUDY.given("rows", "shown", "ratios")
FOLDER = ROOT / "results" / "auc"
Key = Tuple[str, str, str]                              # loss, ratio, data set


def loss_name(loss: dict) -> str:
    return loss["name"] + (", tau %g" % loss["tau"] if loss["name"] == "mw" else "")


def read(trials: List[dict]) -> Dict[Key, Dict[float, List[dict]]]:
    groups: Dict[Key, Dict[float, List[dict]]] = {}
    for t in trials:
        imbalance = t["config"].get("corrupt", {}).get("imbalance", {"kind": "none"})
        ratio = "natural" if imbalance["kind"] == "none" else "1 : %g" % imbalance["ratio"]
        groups.setdefault((loss_name(t["config"]["loss"]), ratio, data_name(t)), {}).setdefault(t["config"]["optimizer"]["lr"], []).append(t)
    return groups


def mean(trials: List[dict], split: str, metric: str) -> float:
    """Of a diverged training the worst: 0 for what is better higher, 1 for the calibration error."""
    return float(np.mean([value_of(t, split, metric, 1.0 if metric == "ece_positive" else 0.0) for t in trials]))


def chosen(groups: Dict[Key, Dict[float, List[dict]]]) -> Dict[Key, Dict[str, float]]:
    out = {}
    for key, rates in groups.items():
        best = max(rates.values(), key=lambda trials: mean(trials, "valid", "auc"))
        out[key] = {metric: mean(best, "test", metric) for metric in SHOWN}
    return out


def tables(values: Dict[Key, Dict[str, float]]) -> List[str]:
    losses, data, lines = sorted({k[0] for k in values}), sorted({k[2] for k in values}), []
    for metric, title in SHOWN.items():
        sign = 1 if metric == "ece_positive" else -1
        cells = {r: np.array([[values[loss, r, d][metric] for d in data] for loss in losses]) for r in RATIOS}
        ranks = np.mean([stats.rankdata(sign * cells[r][:, j]) for r in RATIOS for j in range(len(data))], 0)
        lines += ["### %s" % title, "", *table(["loss", *RATIOS, "mean rank"], [
            [losses[i], *("%.4f" % cells[r][i].mean() for r in RATIOS), "%.2f" % ranks[i]] for i in np.argsort(ranks)])]
    return lines


class Compared(NamedTuple):
    """Over data sets, each the mean of its three ratios."""
    mean: float                                         # difference
    p: float                                            # of the paired t-test, two-sided
    more: int                                           # sets where the first has more

    def p_of_more(self) -> float:
        return self.p if self.mean > 0 else 1.0


def compare(values: Dict[Key, Dict[str, float]], a: str, b: str, metric: str) -> Compared:
    d = np.array([np.mean([values[a, r, s][metric] - values[b, r, s][metric] for r in RATIOS]) for s in sorted({k[2] for k in values})])
    return Compared(float(d.mean()), float(stats.ttest_1samp(d, 0).pvalue), int((d > 0).sum()))


def contrastive_blindness(seed: int = 1) -> Tuple[float, ...]:
    """Queries of one positive and nine negatives; an offset for each query. Contrastive, MW and AUC over the pool, before and after."""
    rng = np.random.default_rng(seed)
    scores = rng.standard_normal((400, 10)) + 1.5 * (np.arange(10) == 0)
    out = []
    for z in (scores, scores + 20 * rng.standard_normal((400, 1))):
        pos, neg = z[:, 0], z[:, 1:].ravel()
        d = pos[:, None] - neg[None, :]
        out += [float(np.mean(logsumexp(z, 1) - pos)), float(np.mean(np.logaddexp(0, -d))), float((d > 0).mean())]
    return tuple(out)


def times(bench: str) -> List[dict]:
    rows = [str(n) for n in ROWS]
    text = subprocess.run([bench, "3"] + rows, check=True, stdout=subprocess.PIPE, text=True).stdout
    return list(csv.DictReader(io.StringIO(text)))


def time_table(rows: List[dict]) -> List[str]:
    lines = []
    for loss in dict.fromkeys(r["loss"] for r in rows):
        found = {int(r["rows"]): float(r["seconds"]) for r in rows if r["loss"] == loss}
        tail = [n for n in found if n >= max(found) / 100]
        slope = np.polyfit(np.log(tail), np.log([found[n] for n in tail]), 1)[0]
        lines.append([loss, *("%.2g" % (1000 * found[n]) if n in found else "" for n in ROWS), "%.2f" % slope])
    return table(["loss", *("n = %d" % n for n in ROWS), "slope of the last two decades"], lines)


def plot(rows: List[dict], path: Path) -> None:
    figure, axes = pyplot.subplots(figsize=(6, 4))
    for loss in dict.fromkeys(r["loss"] for r in rows):
        found = [(int(r["rows"]), float(r["seconds"])) for r in rows if r["loss"] == loss]
        axes.loglog(*zip(*found), marker="o", markersize=3, label=loss)
    axes.set_xlabel("rows")
    axes.set_ylabel("seconds for value and gradient")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def verdicts(values: Dict[Key, Dict[str, float]], rows: List[dict], blind: Tuple[float, ...]) -> List[str]:
    ranks = {a: compare(values, a, "logistic", "auc") for a in STUDY.claims["ranks"].compares["losses"]}
    level = compare(values, "mw, tau 1", "logistic", "ece_positive")
    worst = max(float(r["difference"]) for r in rows if r["difference"])
    return [*(STUDY.claim("ranks", of.p_of_more(), "AUC %+.4f, better on %d of 5 sets, p = %.3g (t-test over sets; five sets decide little)." % (
                of.mean, of.more, of.p), loss=a) for a, of in ranks.items()),
            STUDY.claim("level", level.p_of_more(), "Calibration error %+.4f against logistic, higher on %d of 5 sets, p = %.3g." % (
                level.mean, level.more, level.p)),
            STUDY.claim("offsets", {"loss": abs(blind[0] - blind[3]), "auc": blind[5]}, "It is %.4f before and %.4f after offsets of scale 20, while AUC "
                        "over the pool falls from %.3f to %.3f and MW rises from %.3f to %.3f." % (blind[0], blind[3], blind[2], blind[5], blind[1], blind[4])),
            STUDY.claim("exact", worst, "At most %.1g relative from the plain sum over all pairs." % worst)]


def page(values: Dict[Key, Dict[str, float]], rows: List[dict]) -> str:
    return "\n".join([
        *STUDY.head(), "## Under imbalance", "", *tables(values),
        "## Time against rows", "", "Milliseconds for value and gradient in float64, a tenth of the rows positive; the least of three runs on one "
        "core of the machine at hand. `mw` and the plain sum look at every pair; the others do not. The slope is that of log time on log n.", "",
        *time_table(rows), "![time against rows](time.svg)", "", *STUDY.section(verdicts(values, rows, contrastive_blindness()), "Answers")])


def make(run: Run) -> str:
    trials = run.trained(STUDY.configs[0], FOLDER)
    rows = times(run.options["bench"])
    matplotlib.rcParams["svg.hashsalt"] = "lossbench"
    plot(rows, run.out / "time.svg")
    return page(chosen(read(trials)), rows)
