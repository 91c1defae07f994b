"""Runs the study of configs/nb_vs_lr and writes its page: the rows that naive Bayes and logistic regression need, by dimension.

The option full=true adds 1000 features, one worker of about 2 GB at a time, and takes many times as long. Every number of the page comes from
records under results/nb-vs-lr; the same command goes on where it stopped.
"""
import math
import sys
from typing import Dict, List, NamedTuple, Tuple

import numpy as np

from study_common import ROOT, Run, planned, table, trained
from study_shape import load

STUDY = load("nb_vs_lr")
MODEL, TITLE, CLASSES, FEATURES, MORE_FEATURES, REPETITIONS, TEST_ROWS, POOL, MARGIN = STUDY.given(
    "models", "titles", "classes", "features", "more_features", "repetitions", "test_rows", "pool", "margin")
BASE = ROOT / STUDY.configs[0]
STORE = ROOT / "results" / "nb-vs-lr"
NB, LR = "naive_bayes", "linear"


class Case(NamedTuple):
    classes: int
    features: int
    repetition: int

    @property
    def rows(self) -> int:
        return POOL * self.features + TEST_ROWS

    def grid(self, upto: float) -> List[int]:
        """The paper's sample sizes: 2 K, then ceil(ln n) more each time."""
        return list(range(2 * self.classes, int(upto) + 1, math.ceil(math.log(self.features))))


Point = Tuple[str, int]                                 # model, training rows
Errors = Dict[Case, Dict[Point, float]]


def bayes_error(case: Case) -> float:
    """The classes lie on a line and share a covariance: each is mistaken for its neighbours only, half way between the means."""
    wide = case.features // 2
    means = [-1.0] + [2.0 ** k for k in range(case.classes - 1)]
    scale = math.sqrt(wide / case.features + case.features - wide)
    return sum(2 * 0.5 * math.erfc((b - a) * scale / 2 / math.sqrt(2)) for a, b in zip(means, means[1:])) / case.classes


# ---- running ----

def split_seed(case: Case, rows: int) -> int:
    return 100000 * case.repetition + rows


def measure(run: Run, case: Case, points: List[Point], errors: Errors) -> None:
    """Trains what is not in errors yet, all in one sweep, and adds it."""
    open_points = [p for p in points if p not in errors.get(case, {})]
    if not open_points:
        return
    columns = {"model": [MODEL[model] for model, _ in open_points],
               "data.split.train": ["%.17g" % (m / case.rows) for _, m in open_points],
               "data.split.seed": [str(split_seed(case, m)) for _, m in open_points],
               "optimizer.weight_decay": ["%.17g" % (1 / m) for _, m in open_points]}
    plan = planned(BASE, STORE / "plan.yaml", columns, {})
    sets: Dict[str, object] = {"data.generator.rows": case.rows, "data.generator.features": case.features, "data.generator.classes": case.classes,
            "data.generator.seed": case.repetition, "train.seed": case.repetition, "data.split.test": "%.17g" % (TEST_ROWS / case.rows),
            "output.dir": STORE}
    workers = run.jobs if case.features < 1000 else 1
    records = trained(run.binary, plan, STORE, workers, ["%s=%s" % pair for pair in sets.items()], quiet=True)
    for record in records:
        if record["result"]["status"] == "ok":
            point = record["config"]["model"]["kind"], record["data"]["rows"]["train"]
            errors.setdefault(case, {})[point] = 1 - record["result"]["metrics"]["test"]["accuracy"]
    for model, m in open_points:
        if (model, m) not in errors.get(case, {}):
            sys.exit("nb_vs_lr: %s with %d rows left no usable record in %s" % (model, m, STORE))


def first_below(case: Case, model: str, grid: List[int], errors: Errors) -> int:
    """The first sample size that is good enough, 0 when none is."""
    return next((m for m in grid if errors[case].get((model, m), 1) < bayes_error(case) + MARGIN), 0)


def needed(run: Run, case: Case, errors: Errors) -> Dict[str, int]:
    """Naive Bayes: the whole grid. Logistic regression: steps of n/8 to the first that is good enough, then the grid from two steps
    before it."""
    step = case.features // 8
    few, found, coarse = case.grid(60), {}, []
    for block in range(1, 9):
        new = [step * k for k in range(8 * block - 7, 8 * block + 1)]
        coarse += new
        measure(run, case, [(LR, m) for m in new] + [(NB, m) for m in few if block == 1], errors)
        if first_below(case, LR, coarse, errors):
            break
    reached = first_below(case, LR, coarse, errors)
    fine = [m for m in case.grid(reached) if m >= reached - 2 * step] + [reached]
    measure(run, case, [(LR, m) for m in fine if reached], errors)
    found[NB] = first_below(case, NB, few, errors)
    found[LR] = first_below(case, LR, fine, errors)
    for model, m in found.items():
        if not m:
            sys.exit("nb_vs_lr: %s did not come within %g of the Bayes error with %d classes, %d features" %
                     (TITLE[model], MARGIN, case.classes, case.features))
    return found


# ---- the page ----

class Row(NamedTuple):
    classes: int
    features: int
    needed: Dict[str, List[int]]                        # model -> m* of each repetition

    def mean(self, model: str) -> float:
        return float(np.mean(self.needed[model]))


def row_table(rows: List[Row]) -> List[str]:
    lines = []
    for r in rows:
        nb, lr = r.mean(NB), r.mean(LR)
        lines.append(["%d" % r.classes, "%d" % r.features, ", ".join(map(str, r.needed[NB])), "%.1f" % nb, "%.2f" % (nb / math.log(r.features)),
                      ", ".join(map(str, r.needed[LR])), "%.1f" % lr, "%.2f" % (lr / r.features), "%.1f" % (lr / nb)])
    return table(["K", "n", "naive Bayes, m\\*", "mean", "m\\*/ln n", "logistic regression, m\\*", "mean", "m\\*/n", "ratio of means"], lines, "rrlrrlrrr")[:-1]


def relative_misfit(x: np.ndarray, y: np.ndarray) -> float:
    """Root mean square of the relative error of the best y = c x."""
    c = float(np.sum(x / y) / np.sum((x / y) ** 2))
    return float(np.sqrt(np.mean((c * x / y - 1) ** 2)))


def growth(rows: List[Row]) -> List[str]:
    lines = []
    for classes in sorted({r.classes for r in rows}):
        own = [r for r in rows if r.classes == classes]
        n = np.array([r.features for r in own], dtype=float)
        for model in (NB, LR):
            m = np.array([r.mean(model) for r in own])
            exponent = float(np.polyfit(np.log(n), np.log(m), 1)[0])
            by_log, by_n = relative_misfit(np.log(n), m), relative_misfit(n, m)
            lines.append(["%d" % classes, TITLE[model], "%.2f" % exponent, "%.0f %%" % (100 * by_log), "%.0f %%" % (100 * by_n),
                          "ln n" if by_log < by_n else "n"])
    return table(["K", "model", "exponent p of m\\* = c n^p", "misfit of m\\* = c ln n", "misfit of m\\* = c n", "nearer"], lines, "rlrrrl")[:-1]


def claims(rows: List[Row]) -> List[str]:
    most = [m for r in rows for m in r.needed[NB]]
    shares = [m / r.features for r in rows if r.classes == 2 for m in r.needed[LR]]
    lines = [STUDY.claim("naive_bayes", most, "(at most %d)." % max(most)), STUDY.claim("linear", shares, "(%.2f n to %.2f n)." % (min(shares), max(shares)))]
    for classes in sorted({r.classes for r in rows}):
        ratios = [r.mean(LR) / r.mean(NB) for r in sorted(rows, key=lambda r: r.features) if r.classes == classes]
        lines.append(STUDY.claim("ratio", [b - a for a, b in zip(ratios, ratios[1:])], "(%s)." % ", ".join("%.1f" % v for v in ratios), classes=classes))
    return ["- " + line for line in lines]


PAGE = """# {title}

Remade by `make atlas STUDY=nb_vs_lr` (configs/nb_vs_lr/simulation.yaml); do not edit. The claim under test, from Zheng et al.,
"Revisiting Discriminative vs. Generative Classifiers: Theory and Implications" (ICML 2023): where naive Bayes is the true model, it needs
O(log n) rows of n features, logistic regression O(n).

m\\* is the first sample size at which the test error is below the Bayes error + {margin}; {repetitions} repetitions.

{table}

## Growth

{growth}

Misfit: root mean square of the relative error, at the best c. {points} values of n cannot tell a logarithm from a small power; they tell
either from n. The classes move apart as n grows, which works against growth: an exponent of naive Bayes near or below 0 is in keeping with
the claim, which is an upper bound.

## Bars

{claims}

## How it was done

- Data: class 0 has mean -1 in every feature, class k mean 2^(k-1); one diagonal covariance, n for the first half of the features and 1 for
  the others. A pool of {pool} n rows and {test} test rows a repetition, anew for each K, n and repetition.
- Naive Bayes: one diagonal variance for all classes, closed form. Logistic regression: multinomial, 1/2 |W|^2 + sum of the losses (C = 1),
  biases free, L-BFGS in float64 until no entry of the mean loss's gradient is above 2e-7, at most 1000 iterations. Features as they are.
- Sample sizes: 2 K, then ceil(ln n) more each time, each a fresh sample. For naive Bayes all of them up to 60. For logistic regression the
  search is shortened: steps of n/8 up to the first that is good enough, then the sizes above in order from two steps before it. A lucky
  sample far below that would be missed.
- Differences from the paper's protocol: samples keep the class shares (the paper redraws a sample that misses a class), {repetitions}
  repetitions in place of 5, K and n as in the table, the test rows are dealt anew with each sample, and the Bayes error is computed
  (at most {bayes:.1e} here) where the paper takes 0. The variant with a full covariance is left out.
"""


def make(run: Run) -> str:
    errors, rows = {}, []
    for classes in CLASSES:
        for features in FEATURES + (MORE_FEATURES if run.options["full"] else []):
            found = [needed(run, Case(classes, features, r), errors) for r in range(1, REPETITIONS + 1)]
            rows.append(Row(classes, features, {model: [f[model] for f in found] for model in (NB, LR)}))
            print("K = %d, n = %d: %s" % (classes, features, "; ".join(
                "%s %s" % (TITLE[model], ", ".join(str(f[model]) for f in found)) for model in (NB, LR))), flush=True)
    return PAGE.format(
        title=STUDY.title, margin=MARGIN, repetitions=REPETITIONS, table="\n".join(row_table(rows)), growth="\n".join(growth(rows)),
        points={3: "Three", 4: "Four"}.get(len({r.features for r in rows}), "A few"), claims="\n".join(claims(rows)), pool=POOL, test=TEST_ROWS,
        bayes=max(bayes_error(Case(r.classes, r.features, 1)) for r in rows))
