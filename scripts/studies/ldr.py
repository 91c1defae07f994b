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

from stats import friedman, ranks_of
from study_common import ROOT, Run, table
from study_plan import CONSTANT
from study_shape import load

STUDY = load("ldr")
TRAINED, SYMMETRIC, OURS, TOP, REASONS = STUDY.given("trained", "symmetric", "ours", "top", "reasons")
Setting = Tuple[str, str, str]                          # data set, kind of noise, rate


def lossbench(*arguments: str) -> str:
    command = [str(ROOT / "lossbench"), *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


# ---- running ----

def train(config: str, sets: List[str], jobs: int) -> None:
    overrides = [word for s in sets for word in ("--set", s)]
    subprocess.run([str(ROOT / "lossbench"), "sweep", "--config", "configs/ldr/%s.yaml" % config, "--jobs", str(jobs), *overrides],
                   cwd=ROOT, check=True)


# ---- numbers ----

def read(folder: str, tuned: bool, metric: str) -> Dict[Setting, Dict[str, dict]]:
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

    def cell(name: str, s: Setting) -> str:
        row = rows[s].get(name, {})
        if not row.get(metric):
            return "diverged"
        text = "%.1f ± %.1f" % (100 * float(row[metric]), 100 * float(row[metric + ".sd"] or 0))
        return "**%s**" % text if mean_of(row, metric) == best[s] else text

    return table(["loss", *map(label, settings)], [[name, *(cell(name, s) for s in settings)] for name in losses])


# ---- ranks ----

def rank_matrix(rows: Dict[Setting, Dict[str, dict]], metric: str) -> Tuple[List[str], List[Setting], np.ndarray]:
    settings = sorted(rows, key=lambda s: (s[0], *order(s)))
    losses = sorted({name for s in settings for name in rows[s]})
    values = np.array([[mean_of(rows[s].get(name, {}), metric) for name in losses] for s in settings])
    return losses, settings, ranks_of(values)


def rank_lines(losses: List[str], ranks: np.ndarray) -> List[str]:
    n, k = ranks.shape
    told = friedman(-ranks)
    order_of = np.argsort(ranks.mean(0), kind="stable")
    return table(["loss", "average rank", "worst rank"], [[losses[i], "%.2f" % ranks[:, i].mean(), "%g" % ranks[:, i].max()] for i in order_of]) + [
        "Friedman test over %d settings and %d losses: chi-squared %.1f, p %.2g. Nemenyi critical difference at 0.05: %.2f ranks. "
        "The settings are kinds of noise on the same data, not independent data sets, so p is too small to be taken at its "
        "word; it says that the losses differ, not for which data." % (n, k, told.chi2_ties, told.p, told.cd), ""]


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
    told = "`aldr_kl`: place %d of %d by average rank, within 2 points of the best in %d of %d settings. %s" % (
        place["aldr_kl"], len(losses), close["aldr_kl"], len(settings), STUDY.claims["stable"].compares["rule"])
    return [STUDY.judged("stable", {"place": place["aldr_kl"], "close": close["aldr_kl"] / len(settings)}, told), "", *lines]


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
    return [STUDY.judged("symmetric", sum(lower) / len(lower), "In %d of %d comparisons. %s" % (
        sum(lower), len(lower), STUDY.claims["symmetric"].compares["rule"])), "", *lines]


def failures(rows: Dict[Setting, Dict[str, dict]], metric: str) -> List[str]:
    losses, settings, _ = rank_matrix(rows, metric)
    sets = sorted({data_set(s) for s in settings})
    lines = []
    for name in losses:
        behind, cells = gaps(rows, metric, name), []
        for data in sets:
            bad = [(s, g) for s, g in zip(settings, behind) if data_set(s) == data and g > 10]
            every = sum(data_set(s) == data for s in settings)
            cells.append("%d of %d settings, worst %s (%.0f points)" % (len(bad), every, label(max(bad, key=lambda b: b[1])[0]),
                                                                     max(g for _, g in bad)) if bad else "-")
        if set(cells) != {"-"}:
            lines.append([name, *cells])
    return table(["loss", *sets], lines, "l" * (1 + len(sets)))


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


def head(quick: bool) -> List[str]:
    lines = STUDY.head(configs="../../configs/ldr" if quick else "../../../configs/ldr")
    if not quick:
        return lines
    return [line.replace("STUDY=ldr`", "STUDY=ldr ARGS='--option quick=true --out results/ldr-quick'`") for line in lines] + [
        "**Quick variant: fewer epochs and folds than the study; for trying, not for conclusions.**", ""]


def page(quick: bool, folders: Dict[str, str]) -> str:
    k5, top = "test.top_k", "test.accuracy"
    plain = {name: f for name, f in folders.items() if name != "letter-tuned"}
    accuracy: Dict[Setting, Dict[str, dict]] = {}
    top5: Dict[Setting, Dict[str, dict]] = {}
    out = head(quick)
    for name, folder in plain.items():
        rows, more = read(folder, False, top), read(folder, False, k5)
        accuracy.update(rows)
        top5.update(more)
        out += ["## %s, the paper's protocol" % name.capitalize(), "",
                "Paired tests, ranks, learning curves and plots against the noise rate: [%s.html](%s.html)." % (name, name), "",
                "Top-1:", "", *accuracy_table(rows, top),
                "Top-5 (top-2 to top-4, chosen settings and full precision: [%s.csv](%s.csv)):" % (name, name), "", *accuracy_table(more, k5)]
    losses, _, ranks = rank_matrix(accuracy, top)
    out += ["## Average ranks, the paper's protocol", "", *rank_lines(losses, ranks)]
    tuned = read(folders["letter-tuned"], True, top) if "letter-tuned" in folders else {}
    if tuned:
        losses, _, ranks = rank_matrix(tuned, top)
        out += ["## Letter, learning rate tuned for each loss at equal budget", "",
                "Paired tests, ranks and plots: [letter-tuned.html](letter-tuned.html).", "", *accuracy_table(tuned, top), *rank_lines(losses, ranks)]
    out += ["## The claims", "", STUDY.rule, "", "### 1. " + STUDY.says("stable"), "", *stability(accuracy, top), ""]
    if tuned:
        out += ["With tuned rates (Letter): ", "", *stability(tuned, top), ""]
    out += ["### 2. " + STUDY.says("symmetric"), "", *symmetric_top_k(accuracy, top5, k5), "",
            "### 3. Which loss fails where", "", "More than 10 points behind the best loss of the setting:", "", *failures(accuracy, top), *reasons(accuracy, top), ""]
    if tuned:
        out += ["With tuned rates (Letter):", "", *failures(tuned, top)]
    return "\n".join(out)


def make(run: Run) -> str:
    quick = bool(run.options["quick"])
    folders = {}
    for name, of in TRAINED["quick" if quick else "full"].items():
        train(of["config"], of["options"], run.jobs)
        folders[name] = of["options"][-1].split("=", 1)[1]
    for name, folder in folders.items():
        write_csv(folder, name == "letter-tuned", run.out / (name + ".csv"))
        write_html(folder, name == "letter-tuned", run.out / (name + ".html"))
    return page(quick, folders)
