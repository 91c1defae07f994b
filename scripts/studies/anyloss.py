"""Writes the tables of configs/anyloss, runs it and writes its page: F1, G-mean and balanced accuracy of every loss beside what the
authors' own study found, with the tests over data sets."""
from typing import Dict, List, Tuple

import numpy as np
from scipy import stats

from studies.one_against_rest import share, write_tables
from study_common import ROOT, Run, data_name, table, value_of
from study_shape import load

STUDY = load("anyloss")
TABLES, TARGETS, NAMES, OURS, PUBLISHED = STUDY.given("tables", "targets", "names", "loss", "published")
FOLDER = ROOT / "results" / "anyloss"
Scores = Dict[str, Dict[str, float]]                    # loss -> table -> mean test value


def loss_name(loss: dict) -> Tuple[str, str]:
    """Name in the tables and the metric it aims at, empty for any."""
    if loss["name"] in NAMES:
        return NAMES[loss["name"]], "fbeta" if loss["name"] == "bce_fbeta_mix" else ""
    amp = {"any": "AnyLoss L=%g" % loss["steepness"], "identity": "identity", "cosine": "SOL"}[loss["amp"]]
    return amp, loss["name"].replace("metric_", "")


def read(trials: List[dict]) -> Dict[tuple, List[dict]]:
    groups: Dict[tuple, List[dict]] = {}
    for t in trials:
        groups.setdefault((loss_name(t["config"]["loss"]), data_name(t), t["config"]["optimizer"]["lr"]), []).append(t)
    return groups


def scores(groups: Dict[tuple, List[dict]], target: str) -> Scores:
    """The learning rate of the best mean on the validation rows; its mean on the test rows. Diverged trainings count as 0."""
    best: Dict[Tuple[str, str], Tuple[float, float]] = {}
    for ((loss, aim), name, _), trials in groups.items():
        if aim in ("", target):
            found = tuple(float(np.mean([value_of(t, part, target) for t in trials])) for part in ("valid", "test"))
            best[loss, name] = max(best.get((loss, name), (-1.0, 0.0)), found)
    out: Scores = {}
    for (loss, name), (_, test) in best.items():
        out.setdefault(loss, {})[name] = test
    return out


def mean_table(result: Scores, target: str) -> List[str]:
    losses, published = sorted(result), PUBLISHED[target]
    ranks = np.mean([stats.rankdata([-result[loss][t] for loss in losses]) for t in TABLES], 0)
    return table(["loss", "mean over the tables", "mean rank", "published, 102 tables"], [
        [losses[i], "%.4f" % np.mean(list(result[losses[i]].values())), "%.2f" % ranks[i], "%.4f" % published[losses[i]] if losses[i] in published else ""]
        for i in np.argsort(ranks)])


def wide_table(result: Scores) -> List[str]:
    losses = sorted(result)
    return table(["table", "positives", *losses], [[name, "%.1f %%" % (100 * share(*source)), *("%.4f" % result[loss][name] for loss in losses)]
                                                   for name, source in TABLES.items()])


def compared(key: str, result: Scores, target: str, other: str) -> str:
    d = np.array([result[OURS][t] - result[other][t] for t in TABLES])
    p, mean = float(stats.wilcoxon(d).pvalue) if np.any(d != 0) else 1.0, float(d.mean())
    return STUDY.claim(key, p if mean > 0 else 1.0, "AnyLoss less %s: %+.4f %s, better on %d tables, worse on %d, p = %.3g." % (
        other, mean, TARGETS[target], (d > 0).sum(), (d < 0).sum(), p), loss=other, metric=TARGETS[target])


def page(groups: Dict[tuple, List[dict]]) -> str:
    of = {target: scores(groups, target) for target in TARGETS}
    lines = STUDY.head(diverged=sum(t["result"]["status"] != "ok" for trials in groups.values() for t in trials), trainings=sum(map(len, groups.values())))
    for target, title in TARGETS.items():
        lines += ["## " + title, ""] + mean_table(of[target], target) + wide_table(of[target])
    return "\n".join(lines + STUDY.section([
        compared(key, of[target], target, other) for key, claim in STUDY.claims.items() for target in claim.compares["by"] for other in claim.compares["than"]],
        "What reproduces", tables=len(TABLES)))


def make(run: Run) -> str:
    write_tables(TABLES, FOLDER / "data")
    return page(read(run.trained(STUDY.configs[0], FOLDER)))
