"""What kept per-row predictions (output.predictions: true) tell: McNemar's test and the paired bootstrap between contenders, reliability
bins, confusion matrices. Needs numpy and scipy."""
import csv
import json
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import FrozenSet, Iterable, List, Optional, Tuple

import numpy as np

import decisions
import stats
from comparison import Group, Study, difference_fields, versus
from facts import block, whole
from records import Refused, Trial
from test_tables import Field, Sheet

BINS = 15
PLAIN = "Left out: %s. What this calibration makes of the scores of several classes is not in the record but in the model's file."
ABSENT = ("No per-row predictions were kept, which this needs. Sweep again with --set output.predictions=true: trials that are done are "
          "trained again only where their predictions are missing.")


@dataclass
class Rows:
    """The test rows of one trial."""
    row: np.ndarray                 # of the data set, from 0
    label: np.ndarray               # class number from 0, or -1 without classes
    scores: np.ndarray              # rows by columns, after calibration
    loss: np.ndarray                # what the bootstrap compares: 1 - right or wrong, or the squared error
    classes: List[str]
    guess: Optional[np.ndarray] = None # class number, by the trial's own threshold
    plain: bool = False             # before a calibration that the record does not hold, so not what the trial decides and says

    @property
    def confidence(self) -> np.ndarray:
        """Probability that the model gives its guess."""
        return decisions.probabilities(self.scores)[np.arange(len(self.row)), self.guess]


def predictions_path(trial: Trial) -> Optional[Path]:
    """None where none were kept: a folder is listed once, since asking for ten thousand files takes longer than the rest of a page."""
    folder, name = os.path.split(trial.path)
    name = name[:-len(".json")] + ".predictions.csv"
    return Path(folder, name) if name in predictions_in(folder) else None


@lru_cache(maxsize=None)
def predictions_in(folder: str) -> FrozenSet[str]:
    try:
        return frozenset(e.name for e in os.scandir(folder or ".") if e.name.endswith(".predictions.csv") and e.is_file())
    except OSError:                                         # it has gone since the records were read
        return frozenset()


@lru_cache(maxsize=64)
def read_rows(path: Path, classes: Tuple[str, ...], decision: str) -> Rows:
    """decision: the record's, as JSON."""
    with open(path, encoding="utf-8", newline="") as file:
        lines = csv.reader(file)
        heading = next(lines)
        body = list(lines)
    targets = [j for j, name in enumerate(heading) if name.startswith("target_")]
    scores = [j for j, name in enumerate(heading) if name.startswith("score_")]
    try:
        z = np.array([line[scores[0]:] for line in body], dtype=float)
        row = np.array([int(line[0]) for line in body])
        if targets:
            y = np.array([line[targets[0]:scores[0]] for line in body], dtype=float)
            return Rows(row, np.full(len(row), -1), z, ((z - y) ** 2).mean(axis=1), [])
        number = {name: i for i, name in enumerate(classes)}
        label = np.array([number[line[1]] for line in body])
        found = decisions.decided(z, json.loads(decision))
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise Refused("%s: not the predictions of its record (%s: %s); train that trial again with --force" % (
            path, type(error).__name__, error), 4) from None
    scores, guess = found or decisions.decided(z, None)
    return Rows(row, label, scores, (guess != label).astype(float), list(classes), guess, plain=found is None)


def rows_of(trial: Optional[Trial]) -> Optional[Rows]:
    path = predictions_path(trial) if trial and trial.status == "ok" else None
    if not path:
        return None
    record = whole(trial.path)
    return read_rows(path, tuple(block(record, "data").get("classes") or ()), json.dumps(block(record, "result").get("decision")))


def first_kept(group: Optional[Group]) -> Tuple[str, Optional[Rows]]:
    for replicate, trial in (group.trials if group else {}).items():
        rows = rows_of(trial)
        if rows is not None:
            return replicate, rows
    return "", None


def missing(plain: Iterable[str]) -> str:
    """Why there is nothing of decisions and probabilities; plain: contenders that are left out."""
    return "what the calibration of %s makes of scores is not in the record" % ", ".join(plain) if plain else "no predictions were kept (output.predictions: true)"


def rows_sheet(study: Study) -> Sheet:
    """Two models on the same test rows; of the first replicate that both kept."""
    out, seeds, classes, plain = [], set(), True, {}
    for condition in study.conditions:
        tests = []
        for first, second in versus(study):
            a, b = study.group(first, condition), study.group(second, condition)
            for r in [r for r in a.trials if r in b.trials] if a and b else []:
                x, y = rows_of(a.trials[r]), rows_of(b.trials[r])
                if x is not None and y is not None and np.array_equal(x.row, y.row):
                    plain.update({c: None for c, rows in ((first, x), (second, y)) if rows.plain})
                    if not x.plain and not y.plain:
                        tests.append((first, second, x, y))
                        seeds.add(r)
                    break
        classes = classes and all(x.classes for _, _, x, _ in tests)
        out += row_tests(condition, tests, classes)
    title = "The same test rows, two models at a time"
    counts = [Field("only first right", "count"), Field("only other right", "count"), Field("p McNemar", "p", more=True), Field("mid-p", "p", more=True),
              Field("mid-p Holm", "p")]
    places = [Field(study.what, "word"), Field(study.condition_name, "word"), Field("against", "word", more=bool(study.against)), Field("rows", "count")]
    fields = places + (counts if classes else []) + difference_fields() + [Field("p bootstrap", "p")]
    if not out:
        return Sheet("rows", title, fields, [], [PLAIN % ", ".join(plain) if plain else ABSENT])
    if not classes:
        out = [line[:4] + line[9:] for line in out]
    if len(study.conditions) == 1:
        fields, out = fields[:1] + fields[2:], [line[:1] + line[2:] for line in out]
    notes = ["Of one replicate (%s = %s): this says whether these two trained models differ on rows like these, not whether the losses do "
             "with another seed." % (study.over, ", ".join(sorted(seeds)))]
    notes += [PLAIN % ", ".join(plain)] if plain else []
    rules = ["McNemar's test on the rows that just one of the two has right: exact binomial p, and mid-p with Holm's correction%s."
             % study.within] if classes else []
    rules.append("difference on the same rows: in %s, first minus other, with the 95 %% percentile interval of the paired bootstrap (10000 samples "
                 "of the rows)." % ("accuracy" if classes else "mean squared error"))
    return Sheet("rows", title, fields, out, notes, rules)


def row_tests(condition: str, tests: list, classes: bool) -> List[list]:
    out = []
    for first, second, x, y in tests:
        m = stats.mcnemar(int(np.sum((x.loss == 0) & (y.loss > 0))), int(np.sum((x.loss > 0) & (y.loss == 0)))) if classes else None
        mean, low, high, p = stats.paired_bootstrap(y.loss - x.loss if classes else x.loss - y.loss)
        out.append([first, condition, second, len(x.row)] + ([m.only_first, m.only_second, m.p, m.mid_p, None] if m else [None] * 5)
                   + [mean, low, high, p])
    if classes:
        for line, adjusted in zip(out, stats.holm([line[7] for line in out])):
            line[8] = adjusted
    return out


# ---- for plots ----

def reliability(rows: Rows) -> List[Tuple[float, float, int]]:
    """(mean confidence, fraction correct, rows) of each bin that has rows; 15 bins of equal width, b/M < confidence <= (b+1)/M."""
    confidence, right = rows.confidence, rows.loss == 0
    at = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)
    return [(float(confidence[at == b].mean()), float(right[at == b].mean()), int((at == b).sum())) for b in range(BINS) if (at == b).any()]


def confusion(rows: Rows) -> np.ndarray:
    """Counts: actual class by predicted class."""
    n = len(rows.classes)
    out = np.zeros((n, n), dtype=int)
    np.add.at(out, (rows.label, rows.guess), 1)
    return out


def roc(rows: Rows) -> Optional[Tuple[np.ndarray, np.ndarray, float]]:
    """False and true positive rates, from (0, 0) to (1, 1), and the area below, ties as half; None without both of two classes."""
    z = rows.scores
    positive = rows.label == 1
    n, k = len(positive), int(positive.sum())
    if len(rows.classes) != 2 or z.shape[1] > 2 or not 0 < k < n:
        return None
    score = z[:, 0] if z.shape[1] == 1 else z[:, 1] - z[:, 0]
    order = np.argsort(-score, kind="stable")
    last = np.append(np.diff(score[order]) != 0, True)      # of equal scores
    true, false = np.cumsum(positive[order])[last], np.cumsum(~positive[order])[last]
    y, x = np.append(0, true) / k, np.append(0, false) / (n - k)
    return x, y, float(np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2))
