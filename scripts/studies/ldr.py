"""Runs the study of configs/ldr and writes its page: tables, average ranks with their test, and the paper's claims one by one.

The option quick=true trains fewer epochs and leaves out the tuned variant; the page says so. Every number of the page comes from records under
results/ldr-*; the same command goes on where it stopped.
"""
import csv
import io
import subprocess
from pathlib import Path
from typing import Dict, List, Tuple

import numpy as np
from scipy import stats

from study_common import ROOT, Run, reproduces
from study_plan import CONSTANT

Setting = Tuple[str, str, str]                          # data set, kind of noise, rate
SYMMETRIC = ("mae", "rll", "nce_rce")                   # the sum over all labels does not depend on the scores
OURS = ("ldr_kl", "aldr_kl")
TOP = ["test.accuracy", "test.top_k(k=2)", "test.top_k(k=3)", "test.top_k(k=4)", "test.top_k"]  # top_k by itself is k = 5

# Why a loss may fail; printed for those that do.
SMALL_STEP = ("its gradient is at most of the order of p_y, which is 1/C at the start: with one learning rate for all losses, set for "
              "cross-entropy, it hardly moves; compare the tuned table")
REASONS = {
    "mae": SMALL_STEP, "brier": SMALL_STEP, "rll": SMALL_STEP, "js": SMALL_STEP,
    "tgce_pruned": "as gce until row after row is left out, at epochs 60, 70, 80 and 90; in the tuned variant of 20 epochs that has no time "
                   "to act",
    "nce_agce": "a normalised active part: the gradient is divided by the sum over all labels and shrinks with the number of classes",
    "nce_aul": "as nce_agce", "nce_rce": "as nce_agce",
    "cs": "a hinge on the most violating class follows every flipped label with full force, however wrong it looks",
    "ww": "every flipped label raises all C - 1 hinges; with `reduction: mean` its step is also C times smaller",
    "ce": "unbounded: a flipped label pulls the harder the surer the model is",
    "gce": "at small q it is close to cross-entropy, at large q close to mae and its small steps; noisy validation rows decide between them",
    "sce": "the mixture moves between cross-entropy and mae, with the weaknesses of both",
    "ldr_kl": "one temperature for all rows: a small one follows the flipped labels, a large one takes small steps",
    "aldr_kl": "the temperature adapts by the confidence of the row, which says little once most labels are wrong",
}


def lossbench(*arguments: str) -> str:
    command = [str(ROOT / "lossbench"), *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


# ---- running ----

def studies(quick: bool) -> Dict[str, Tuple[str, List[str]]]:
    """Name -> config and overrides."""
    if quick:
        return {"vowel": ("vowel", ["train.epochs=30", "schedule.milestones=[15, 22]", "output.dir=results/ldr-quick/vowel"]),
                "letter": ("letter", ["train.epochs=5", "schedule.milestones=[3, 4]", "optimizer.lr=0.01", "data.cv.fold=0,1",
                                      "output.dir=results/ldr-quick/letter"])}
    return {name: (config, ["output.dir=results/ldr-" + name]) for name, config in
            (("vowel", "vowel"), ("letter", "letter"), ("letter-tuned", "letter_tuned"))}


def train(config: str, sets: List[str], jobs: int) -> None:
    overrides = [word for s in sets for word in ("--set", s)]
    subprocess.run([str(ROOT / "lossbench"), "sweep", "--config", "configs/ldr/%s.yaml" % config, "--jobs", str(jobs), *overrides],
                   cwd=ROOT, check=True)


# ---- numbers ----

def table(folder: str, tuned: bool, metric: str) -> Dict[Setting, Dict[str, dict]]:
    """Setting -> loss -> its row. Hyper-parameters are chosen on validation rows; in the tuned variant they were before."""
    command = ["report", folder, "--format", "csv", "--metric", metric, "--group-by", "loss.name", "corrupt.labels.kind",
               "corrupt.labels.rate"]
    command += [] if tuned else ["--over", "data.cv.fold", "--select", "valid.accuracy"]
    rows: Dict[Setting, Dict[str, dict]] = {}
    for row in csv.DictReader(io.StringIO(lossbench(*command))):
        if row["loss.name"] in CONSTANT.values():       # a baseline is no contender
            continue
        setting = (folder, row["corrupt.labels.kind"], row["corrupt.labels.rate"].replace("-", ""))
        rows.setdefault(setting, {})[row["loss.name"]] = row
    return rows


def mean_of(row: dict, metric: str) -> float:
    """Trials that all diverged rank last."""
    return float(row[metric]) if row.get(metric) else 0.0


def label(setting: Setting) -> str:
    return "clean" if setting[1] == "none" else "%s %g %%" % (setting[1], 100 * float(setting[2]))


def data_set(setting: Setting) -> str:
    return setting[0].rsplit("/", 1)[-1].replace("ldr-", "")


def order(setting: Setting) -> tuple:
    return (["none", "uniform", "pair"].index(setting[1]), float(setting[2] or 0))


def accuracy_table(rows: Dict[Setting, Dict[str, dict]], metric: str) -> List[str]:
    settings = sorted(rows, key=order)
    losses = sorted({name for s in settings for name in rows[s]})
    best = {s: max(mean_of(r, metric) for r in rows[s].values()) for s in settings}
    lines = ["| loss | " + " | ".join(label(s) for s in settings) + " |", "| --- |" + " ---: |" * len(settings)]
    for name in losses:
        cells = []
        for s in settings:
            row = rows[s].get(name, {})
            if not row.get(metric):
                cells.append("diverged")
                continue
            text = "%.1f ± %.1f" % (100 * float(row[metric]), 100 * float(row[metric + ".sd"] or 0))
            cells.append("**%s**" % text if mean_of(row, metric) == best[s] else text)
        lines.append("| %s | %s |" % (name, " | ".join(cells)))
    return lines


# ---- ranks ----

def rank_matrix(rows: Dict[Setting, Dict[str, dict]], metric: str) -> Tuple[List[str], List[Setting], np.ndarray]:
    settings = sorted(rows, key=lambda s: (s[0], *order(s)))
    losses = sorted({name for s in settings for name in rows[s]})
    values = np.array([[mean_of(rows[s].get(name, {}), metric) for name in losses] for s in settings])
    return losses, settings, np.vstack([stats.rankdata(-v) for v in values])


def rank_lines(losses: List[str], ranks: np.ndarray) -> List[str]:
    n, k = ranks.shape
    statistic, p = stats.friedmanchisquare(*ranks.T)
    distance = stats.studentized_range.ppf(0.95, k, np.inf) / np.sqrt(2) * np.sqrt(k * (k + 1) / (6 * n))
    lines = ["| loss | average rank | worst rank |", "| --- | ---: | ---: |"]
    for i in np.argsort(ranks.mean(0), kind="stable"):
        lines.append("| %s | %.2f | %g |" % (losses[i], ranks[:, i].mean(), ranks[:, i].max()))
    lines += ["", "Friedman test over %d settings and %d losses: chi-squared %.1f, p %.2g. Nemenyi critical difference at 0.05: %.2f ranks. "
              "The settings are kinds of noise on the same data, not independent data sets, so p is too small to be taken at its "
              "word; it says that the losses differ, not for which data." % (n, k, statistic, p, distance)]
    return lines


# ---- claims ----

def gaps(rows: Dict[Setting, Dict[str, dict]], metric: str, name: str) -> np.ndarray:
    """Points behind the best loss, for each setting."""
    return np.array([100 * (max(mean_of(r, metric) for r in rows[s].values()) - mean_of(rows[s].get(name, {}), metric))
                     for s in sorted(rows, key=lambda s: (s[0], *order(s)))])


def stability(rows: Dict[Setting, Dict[str, dict]], metric: str) -> List[str]:
    losses, settings, ranks = rank_matrix(rows, metric)
    behind = {name: gaps(rows, metric, name) for name in losses}
    place = {name: 1 + sum(ranks[:, i].mean() < ranks[:, losses.index(name)].mean() for i in range(len(losses))) for name in OURS}
    close = {name: int((behind[name] <= 2).sum()) for name in OURS}
    steadiest = min(losses, key=lambda name: behind[name].max())
    lines = []
    for name in OURS:
        lines.append("- `%s`: place %d of %d by average rank; within 2 points of the best in %d of %d settings; at worst %.1f points behind "
                     "(%s)." % (name, place[name], len(losses), close[name], len(settings), behind[name].max(),
                                "%s, %s" % (data_set(settings[int(behind[name].argmax())]),
                                            label(settings[int(behind[name].argmax())]))))
    lines.append("- The loss that is never far behind: `%s`, at most %.1f points." % (steadiest, behind[steadiest].max()))
    holds = place["aldr_kl"] <= 3 and close["aldr_kl"] * 2 >= len(settings)
    return [reproduces(holds) + " `aldr_kl`: place %d of %d by average rank, within 2 points of the best in %d of %d settings. (Rule: among the "
            "first three, and within 2 points in at least half.)" % (place["aldr_kl"], len(losses), close["aldr_kl"], len(settings)), ""] + lines


def symmetric_top_k(accuracy: Dict[Setting, Dict[str, dict]], top5: Dict[Setting, Dict[str, dict]], k: str) -> List[str]:
    """Top-5 beyond top-1, on clean labels: what a loss learns of the classes behind the first."""
    lines, lower = [], []
    for s in sorted((s for s in accuracy if s[1] == "none"), key=lambda s: s[0]):
        def share(name: str) -> float:
            a, b = mean_of(accuracy[s].get(name, {}), "test.accuracy"), mean_of(top5[s].get(name, {}), k)
            return (b - a) / (1 - a) if a < 1 else 1.0
        others = sorted(share(n) for n in accuracy[s] if n not in SYMMETRIC)
        middle = others[len(others) // 2]
        lower += [share(n) < middle for n in SYMMETRIC if n in accuracy[s]]
        lines.append("- %s: of the rows that the first guess misses, the next four catch " % data_set(s) +
                     ", ".join("%.0f %% with `%s`" % (100 * share(n), n) for n in (*SYMMETRIC, "ce", *OURS) if n in accuracy[s]) +
                     "; the middle of the losses that are not symmetric is %.0f %%." % (100 * middle))
    return [reproduces(all(lower)) + " In %d of %d comparisons. (Rule: every symmetric loss lies below the middle of the others, on each with clean labels.)" % (
                sum(lower), len(lower)),
            ""] + lines


def failures(rows: Dict[Setting, Dict[str, dict]], metric: str) -> List[str]:
    losses, settings, _ = rank_matrix(rows, metric)
    sets = sorted({data_set(s) for s in settings})
    lines = ["| loss | " + " | ".join(sets) + " |", "| --- |" + " --- |" * len(sets)]
    for name in losses:
        behind, cells = gaps(rows, metric, name), []
        for data in sets:
            bad = [(s, g) for s, g in zip(settings, behind) if data_set(s) == data and g > 10]
            every = sum(data_set(s) == data for s in settings)
            cells.append("%d of %d settings, worst %s (%.0f points)" % (len(bad), every, label(max(bad, key=lambda b: b[1])[0]),
                                                                     max(g for _, g in bad)) if bad else "-")
        if set(cells) != {"-"}:
            lines.append("| %s | %s |" % (name, " | ".join(cells)))
    return ["More than 10 points behind the best loss of the setting:", ""] + lines


def reasons(rows: Dict[Setting, Dict[str, dict]], metric: str) -> List[str]:
    losses, _, _ = rank_matrix(rows, metric)
    failed = [name for name in losses if (gaps(rows, metric, name) > 10).any()]
    return ["Likely reasons (ours, not measured):", ""] + ["- `%s`: %s." % (name, REASONS[name]) for name in failed if name in REASONS]


# ---- the page ----

def write_csv(folder: str, tuned: bool, path: Path) -> None:
    """All of top-1 to top-5, full precision."""
    command = ["report", folder, "--format", "csv", "--metric", *(["test.accuracy", "test.top_k"] if tuned else TOP), "--group-by",
               "loss.name", "corrupt.labels.kind", "corrupt.labels.rate"]
    command += [] if tuned else ["--over", "data.cv.fold", "--select", "valid.accuracy"]
    path.write_text(lossbench(*command), encoding="utf-8")


def write_html(folder: str, tuned: bool, path: Path) -> None:
    """The page of one data set: tests, ranks, plots, provenance."""
    command = ["report", folder, "--metric", "test.accuracy", "--group-by", "loss.name"]
    command += [] if tuned else ["--over", "data.cv.fold", "--select", "valid.accuracy"]
    lossbench(*command, "--format", "html", "--out", shown(path))


def shown(path: Path) -> str:
    """As the page's command line names it: from the project's folder."""
    return str(path.resolve().relative_to(ROOT)) if ROOT in path.resolve().parents else str(path)


def page(quick: bool, folders: Dict[str, str]) -> str:
    k5 = "test.top_k"
    plain = {name: f for name, f in folders.items() if name != "letter-tuned"}
    accuracy: Dict[Setting, Dict[str, dict]] = {}
    top5: Dict[Setting, Dict[str, dict]] = {}
    out = ["# Fifteen losses under label noise: the tabular part of the LDR study", "",
           "Remade by `make atlas STUDY=ldr%s`; do not edit. Protocol: the headers of [configs/ldr](%s). Each number is the "
           "mean of the test accuracy in per cent, on clean rows, ± sample standard deviation over the models (5 folds; tuned: 3 seeds); "
           "best of a column in bold. The hyper-parameters of a loss are chosen by validation accuracy on noisy rows."
           % (" ARGS='--option quick=true --out results/ldr-quick'" if quick else "", "../../configs/ldr" if quick else "../../../configs/ldr"), ""]
    if quick:
        out += ["**Quick variant: fewer epochs and folds than the study; for trying, not for conclusions.**", ""]
    for name, folder in plain.items():
        rows = table(folder, False, "test.accuracy")
        accuracy.update(rows)
        top5.update(table(folder, False, k5))
        out += ["## %s, the paper's protocol" % name.capitalize(), "",
                "Paired tests, ranks, learning curves and plots against the noise rate: [%s.html](%s.html)." % (name, name), "",
                "Top-1:", "", *accuracy_table(rows, "test.accuracy"), "",
                "Top-5 (top-2 to top-4, chosen settings and full precision: [%s.csv](%s.csv)):" % (name, name), "",
                *accuracy_table(table(folder, False, k5), k5), ""]
    losses, _, ranks = rank_matrix(accuracy, "test.accuracy")
    out += ["## Average ranks, the paper's protocol", "", *rank_lines(losses, ranks), ""]
    if "letter-tuned" in folders:
        tuned = table(folders["letter-tuned"], True, "test.accuracy")
        losses, _, ranks = rank_matrix(tuned, "test.accuracy")
        out += ["## Letter, learning rate tuned for each loss at equal budget", "",
                "Paired tests, ranks and plots: [letter-tuned.html](letter-tuned.html).", "", *accuracy_table(tuned, "test.accuracy"), "",
                *rank_lines(losses, ranks), ""]
    out += ["## The claims", "", "No result table of the paper could be read, so no published figure stands beside ours.", "",
            "### 1. Adaptive LDR is stable and competitive in all settings", "", *stability(accuracy, "test.accuracy"), ""]
    if "letter-tuned" in folders:
        out += ["With tuned rates (Letter): ", "", *stability(tuned, "test.accuracy"), ""]
    out += ["### 2. A symmetric loss that is top-1 consistent cannot be top-k consistent", "", *symmetric_top_k(accuracy, top5, k5), "",
            "### 3. Which loss fails where", "", *failures(accuracy, "test.accuracy"), "",
            *reasons(accuracy, "test.accuracy"), ""]
    if "letter-tuned" in folders:
        out += ["With tuned rates (Letter):", "", *failures(tuned, "test.accuracy")[2:], ""]
    return "\n".join(out)


def make(run: Run) -> str:
    quick = bool(run.options["quick"])
    folders = {}
    for name, (config, sets) in studies(quick).items():
        train(config, sets, run.jobs)
        folders[name] = sets[-1].split("=", 1)[1]
    for name, folder in folders.items():
        write_csv(folder, name == "letter-tuned", run.out / (name + ".csv"))
        write_html(folder, name == "letter-tuned", run.out / (name + ".html"))
    return page(quick, folders)
