"""Writes the tables of configs/anyloss, runs it and writes its page: F1, G-mean and balanced accuracy of every loss beside what the
authors' own study found, with the tests over data sets."""
from pathlib import Path
from typing import Dict, List, Tuple

import numpy as np
from scipy import stats

from studies.one_against_rest import share, write_tables
from study_common import ROOT, Run

FOLDER = ROOT / "results" / "anyloss"
# table: sample set, positive class; the other classes are the rest
TABLES = {"ctg-pathologic": ("ctg", "3"), "ctg-suspect": ("ctg", "2"), "digits-8": ("digits8x8", "8"), "german-bad": ("german_credit", "Bad"),
          "glass-7": ("glass", "7"), "ionosphere-bad": ("ionosphere", "bad"), "letter-h": ("letter", "H"),
          "satellite-damp": ("satellite", "damp grey soil"), "segment-window": ("segment", "window"), "spam": ("spam", "spam"),
          "vehicle-opel": ("vehicle", "opel"), "wdbc-malignant": ("wdbc", "malignant")}
TARGETS = {"fbeta": "F1", "gmean": "G-mean", "balanced_accuracy": "balanced accuracy"}
NAMES = {"mse_sigmoid": "MSE", "logistic": "BCE", "batch_balanced_bce": "balanced BCE", "bce_fbeta_mix": "BCE mix"}
PUBLISHED = {"fbeta": {"MSE": 0.5550, "BCE": 0.5430, "balanced BCE": 0.6562, "identity": 0.6624, "AnyLoss L=30": 0.6664, "BCE mix": 0.6663},
             "gmean": {"MSE": 0.6049, "BCE": 0.5887, "balanced BCE": 0.8118, "identity": 0.8069, "AnyLoss L=30": 0.8122},
             "balanced_accuracy": {"MSE": 0.7419, "BCE": 0.7373, "balanced BCE": 0.8163, "identity": 0.8150, "AnyLoss L=30": 0.8129}}
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
        table = Path(t["config"]["data"]["train"]["path"]).name.replace(".csv.gz", "")
        groups.setdefault((loss_name(t["config"]["loss"]), table, t["config"]["optimizer"]["lr"]), []).append(t)
    return groups


def value(trial: dict, split: str, metric: str) -> float:
    """A training that diverged has the worst value, 0."""
    found = (trial["result"]["metrics"] or {}).get(split, {}).get(metric)
    return 0.0 if found is None else found


def scores(groups: Dict[tuple, List[dict]], target: str) -> Scores:
    """The learning rate of the best mean on the validation rows; its mean on the test rows."""
    best: Dict[Tuple[str, str], Tuple[float, float]] = {}
    for ((loss, aim), table, _), trials in groups.items():
        if aim in ("", target):
            found = tuple(float(np.mean([value(t, split, target) for t in trials])) for split in ("valid", "test"))
            best[loss, table] = max(best.get((loss, table), (-1.0, 0.0)), found)
    out: Scores = {}
    for (loss, table), (_, test) in best.items():
        out.setdefault(loss, {})[table] = test
    return out


def table(result: Scores, target: str) -> List[str]:
    losses = sorted(result)
    ranks = np.mean([stats.rankdata([-result[loss][t] for loss in losses]) for t in TABLES], 0)
    lines = ["| loss | mean over the tables | mean rank | published, 102 tables |", "| --- | ---: | ---: | ---: |"]
    for i in np.argsort(ranks):
        published = PUBLISHED[target].get(losses[i])
        lines.append("| %s | %.4f | %.2f | %s |" % (losses[i], np.mean(list(result[losses[i]].values())), ranks[i],
                                                     "%.4f" % published if published else ""))
    return lines + [""]


def wide_table(result: Scores) -> List[str]:
    losses = sorted(result)
    lines = ["| table | positives | %s |" % " | ".join(losses), "| --- | ---: |" + " ---: |" * len(losses)]
    for name, (source, positive) in TABLES.items():
        lines.append("| %s | %.1f %% | %s |" % (name, 100 * share(source, positive), " | ".join("%.4f" % result[loss][name] for loss in losses)))
    return lines + [""]


def compare(result: Scores, a: str, b: str) -> Tuple[float, float, int, int]:
    """Mean difference a - b, two-sided p of the signed-rank test, tables where a is better and worse."""
    d = np.array([result[a][t] - result[b][t] for t in TABLES])
    p = float(stats.wilcoxon(d).pvalue) if np.any(d != 0) else 1.0
    return float(d.mean()), p, int((d > 0).sum()), int((d < 0).sum())


def claim(result: Scores, target: str, other: str, expected: bool, text: str) -> str:
    mean, p, wins, defeats = compare(result, "AnyLoss L=30", other)
    clear = mean > 0 and p < 0.05
    return "- %s: **%s** AnyLoss less %s: %+.4f %s, better on %d tables, worse on %d, p = %.3g." % (
        text, "reproduces." if clear == expected else "does not reproduce.", other, mean, TARGETS[target], wins, defeats, p)


def verdicts(all_scores: Dict[str, Scores]) -> List[str]:
    lines = [claim(all_scores[t], t, other, True, "Better than plain %s in %s" % (other, TARGETS[t])) for t in TARGETS for other in ("BCE", "MSE")]
    lines.append(claim(all_scores["fbeta"], "fbeta", "balanced BCE", True, "Better than class-weighted BCE in F1"))
    lines.append(claim(all_scores["balanced_accuracy"], "balanced_accuracy", "balanced BCE", False,
                       "No clear gain over class-weighted BCE in balanced accuracy"))
    lines.append(claim(all_scores["gmean"], "gmean", "balanced BCE", False, "No clear gain over class-weighted BCE in G-mean"))
    lines.append(claim(all_scores["fbeta"], "fbeta", "identity", False, "No clear gain of the amplifier over p itself in F1"))
    return lines


def page(groups: Dict[tuple, List[dict]]) -> str:
    all_scores = {t: scores(groups, t) for t in TARGETS}
    diverged = sum(t["result"]["status"] != "ok" for trials in groups.values() for t in trials)
    lines = ["# Training on the metric: AnyLoss", "",
             "Remade by `make atlas STUDY=anyloss`; do not edit. Protocol: the header of "
             "[configs/anyloss/anyloss.yaml](../../../configs/anyloss/anyloss.yaml). Three seeds a setting; learning rate by the validation rows "
             "and the metric of the table; %d of %d trainings diverged (they count as 0)."
             % (diverged, sum(map(len, groups.values()))), "",
             "The published column is the mean over the 102 tables of the authors' extension study, which we do not have: directions can be "
             "compared, numbers cannot. `identity` is the soft metric of p itself, `SOL` the score-oriented loss with a cosine prior.", ""]
    for target, title in TARGETS.items():
        lines += ["## " + title, ""] + table(all_scores[target], target) + wide_table(all_scores[target])
    lines += ["## What reproduces", "", "Differences over the %d tables, two-sided signed-rank test; the unit is the table, not the seed."
              % len(TABLES), ""] + verdicts(all_scores)
    lines += ["", "Every loss decides at z > 0 here; thresholds chosen on validation rows, which may well take away what a metric loss gains over "
              "BCE, were not tried.", ""]
    return "\n".join(lines)


def make(run: Run) -> str:
    write_tables(TABLES, FOLDER / "data")
    return page(read(run.trained("configs/anyloss/anyloss.yaml", FOLDER)))
