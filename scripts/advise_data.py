"""What `lossbench advise` finds in a data file before it trains: sizes, classes, equal rows, columns that say too much or nothing, the shape of
a numeric target. Needs numpy."""
import csv
import json
import math
import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Sequence, Tuple

import numpy as np

from records import Refused, plural
from wording import listed, percent

TASKS = ("binary", "multiclass", "regression")
MOST_CELLS = 20_000_000         # of a table that is looked at cell by cell
LEAK_ACCURACY, LEAK_R2 = 0.995, 0.999
LEAST_LEAK_GAIN = 0.5           # of the rows that the most frequent class has wrong, which a leak must have right
UNEVEN = 3                      # largest class to smallest, from which classes count as unbalanced
LONG_TAIL = 1.0                 # skewness of a target that counts as skewed
OUTLIER_SD, OUTLIER_SHARE = 5.0, 0.005   # robust standard deviations; the normal distribution has 6e-7 beyond five
NAMES = 6
MANY_CLASSES = 12               # numbers of so many values may be amounts


class Findings(NamedTuple):
    """The data as they are; numbers by name, and what they mean in sentences."""
    info: dict                  # of `lossbench data info --json`
    task: str
    numbers: Dict[str, object]
    notes: List[str]
    warnings: List[str]

    @property
    def rows(self) -> int:
        return int(self.info["rows"])

    @property
    def classes(self) -> List[str]:
        return self.info.get("classes") or []

    def unbalanced(self) -> bool:
        return self.task != "regression" and float(self.numbers["class_ratio"]) >= UNEVEN

    def one_large_class(self) -> bool:
        counts = self.info.get("class_counts") or [0]
        return max(counts) > 0.6 * sum(counts)


def look(command: Callable[..., str], path: str, options: Sequence[str], dropped: Sequence[str] = (), task: str = "") -> Findings:
    """command: runs a subcommand of lossbench. options: --label and others that `data info` takes. dropped: columns that are left out. task: where it
    is not to be guessed."""
    info = json.loads(command("data", "info", path, *options, "--json"))
    guessed = info.get("task") or "unlabelled"
    task = task or guessed
    if task != guessed:
        check_task(path, info, task, guessed)
    if task not in TASKS:
        raise Refused("%s: found a file for task %s, allowed: %s; `lossbench init` writes a config for the others" % (path, task, listed(TASKS)), 4)
    if info["rows"] < 30:
        raise Refused("%s: found %s, and an answer needs at least 30" % (path, plural(info["rows"], "row")), 4)
    numbers: Dict[str, object] = {"rows": info["rows"], "features": info["features"], "missing": info.get("missing", 0)}
    notes, warnings = [], []
    if task != "regression":
        class_notes(info, numbers, notes, warnings)
    if dropped:
        notes.append("Left out: %s." % listed(dropped, NAMES))
    head, rows = read_table(command, path, info, options, dropped)
    if rows and info.get("label") in head:
        numbers["features"] = len(head) - 1
        at = head.index(info["label"])
        duplicates(rows, at, task, numbers, notes, warnings)
        columns(head, rows, at, task, numbers, warnings)
        if task == "regression":
            target_shape(np.array([float(r[at]) for r in rows if r[at] != ""]), numbers, notes)
    else:
        notes.append("Equal rows and telling columns were not looked for: the file is too large, or is no table with a label column.")
    if numbers["missing"]:
        notes.append("%s missing." % ("1 cell is" if numbers["missing"] == 1 else "%d cells are" % numbers["missing"]))
    return Findings(info, task, numbers, notes, warnings)


def check_task(path: str, info: dict, task: str, guessed: str) -> None:
    """The one guess that can be wrong: numbers that are amounts look like classes where they are few."""
    if task == "regression" and guessed in ("binary", "multiclass") and all(is_number(c) for c in info.get("classes") or [""]):
        info.update(classes=[], class_counts=[], task=task)
        return
    raise Refused("--task: found %s, allowed: %s, as the labels of %s are" % (task, guessed, path), 2)


def class_notes(info: dict, numbers: Dict[str, object], notes: List[str], warnings: List[str]) -> None:
    counts = dict(zip(info["classes"], info["class_counts"]))
    least, most = min(counts, key=counts.get), max(counts, key=counts.get)
    n = sum(counts.values())
    numbers.update(classes=len(counts), smallest_class=least, smallest_share=counts[least] / n, largest_share=counts[most] / n,
                   class_ratio=counts[most] / max(1, counts[least]))
    notes.append("%s; the smallest, %s, has %s (%s), the largest, %s, %s." % (
        plural(len(counts), "class"), least, plural(counts[least], "row"), percent(counts[least] / n), most, percent(counts[most] / n)))
    if len(counts) >= MANY_CLASSES and all(is_number(c) for c in counts):
        warnings.append("The %d labels are numbers: if they are amounts and not classes, --task regression." % len(counts))
    if counts[least] < 10:
        warnings.append("Class %s has only %s: nothing that is said of it is certain." % (least, plural(counts[least], "row")))


def read_table(command: Callable[..., str], path: str, info: dict, options: Sequence[str], dropped: Sequence[str]) -> Tuple[List[str], List[List[str]]]:
    """Header and rows as text; both empty where the file is too large or cannot be written as a table."""
    if info["rows"] * (info["features"] + 1) > MOST_CELLS or info.get("sparse") and info["features"] > 1000:
        return [], []
    with tempfile.TemporaryDirectory() as folder:
        to = str(Path(folder) / "table.csv")
        try:
            command("data", "convert", path, to, *options)
        except Refused:
            return [], []
        with open(to, newline="", encoding="utf-8") as f:
            reader = csv.reader(f)
            head = next(reader)
            kept = [j for j, name in enumerate(head) if name not in dropped]
            return [head[j] for j in kept], [[row[j] for j in kept] for row in reader]


def duplicates(rows: List[List[str]], at: int, task: str, numbers: Dict[str, object], notes: List[str], warnings: List[str]) -> None:
    """Equal rows, and rows that are equal but for the label."""
    by_features: Dict[tuple, Counter] = defaultdict(Counter)
    for row in rows:
        by_features[tuple(row[:at] + row[at + 1:])][row[at]] += 1
    equal = sum(n - 1 for labels in by_features.values() for n in labels.values())
    torn = [labels for labels in by_features.values() if len(labels) > 1]
    minority = sum(sum(labels.values()) - max(labels.values()) for labels in torn)
    numbers.update(equal_rows=equal, contradicting_rows=minority)
    if equal:
        (warnings if equal > 0.05 * len(rows) else notes).append("%s of another%s." % (
            "1 row is a copy" if equal == 1 else "%d rows are copies" % equal,
            ": copies on both sides of a split make every number too good" if equal > 0.05 * len(rows) else ""))
    if minority and task != "regression":
        notes.append("%s the features of another row and a different label (%s of all): no loss can have both right." % (
            "1 row has" if minority == 1 else "%d rows have" % minority, percent(minority / len(rows))))


def columns(head: List[str], rows: List[List[str]], at: int, task: str, numbers: Dict[str, object], warnings: List[str]) -> None:
    constant, ids, leaks = [], [], []
    label = [row[at] for row in rows]
    for j, name in enumerate(head):
        if j == at:
            continue
        values = [row[j] for row in rows]
        kinds = len(set(values))
        if kinds == 1:
            constant.append(name)
        elif is_id(values, kinds):
            ids.append(name)
        elif leaks_label(values, label, task):
            leaks.append(name)
    numbers.update(constant_columns=constant, id_columns=ids, leaking_columns=leaks)
    if constant:
        warnings.append("Constant, so that nothing is learned from %s: %s." % ("it" if len(constant) == 1 else "them", listed(constant, NAMES)))
    if ids:
        warnings.append("Another value in every row, as an id has: %s. An id is no feature: --set 'data.drop=[%s]' leaves it out." % (
            listed(ids, NAMES), ", ".join(ids[:NAMES])))
    if leaks:
        warnings.append("Tells the label nearly alone: %s. If it would not be known when a prediction is made, every number below is worthless: "
                        "--set 'data.drop=[%s]' leaves it out." % (listed(leaks, NAMES), ", ".join(leaks[:NAMES])))


def is_id(values: List[str], kinds: int) -> bool:
    """All different, and texts or whole numbers that count the rows."""
    if kinds < len(values):
        return False
    try:
        numbers = [int(v) for v in values]
    except ValueError:
        return not any(is_number(v) for v in values)
    return all(b - a == 1 for a, b in zip(numbers, numbers[1:]))


def is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def leaks_label(values: List[str], label: List[str], task: str) -> bool:
    """Whether the nearest value among the even rows gives the label of the odd rows, nearly always."""
    numeric = all(v == "" or is_number(v) for v in values)
    if task == "regression":
        pairs = np.array([(float(v), float(t)) for v, t in zip(values, label) if numeric and v != "" and t != ""])
        return len(pairs) > 10 and np.ptp(pairs[:, 0]) > 0 and np.ptp(pairs[:, 1]) > 0 and np.corrcoef(pairs.T)[0, 1] ** 2 >= LEAK_R2
    known, asked = list(zip(values, label))[::2], list(zip(values, label))[1::2]
    majority = Counter(t for _, t in known).most_common(1)[0][0]
    told = nearest_labels(known, [v for v, _ in asked], majority) if numeric and len(set(values)) > 20 else labels_by_value(known, [v for v, _ in asked], majority)
    right = sum(a == t for a, (_, t) in zip(told, asked)) / len(asked)
    blind = sum(t == majority for _, t in asked) / len(asked)
    return right >= LEAK_ACCURACY and right - blind >= LEAST_LEAK_GAIN * (1 - blind)


def labels_by_value(known: List[Tuple[str, str]], asked: List[str], majority: str) -> List[str]:
    of: Dict[str, Counter] = defaultdict(Counter)
    for v, t in known:
        of[v][t] += 1
    best = {v: c.most_common(1)[0][0] for v, c in of.items()}
    return [best.get(v, majority) for v in asked]


def nearest_labels(known: List[Tuple[str, str]], asked: List[str], majority: str) -> List[str]:
    pairs = sorted((float(v), t) for v, t in known if v != "")
    at = np.array([v for v, _ in pairs])
    out = []
    for v in asked:
        if v == "":
            out.append(majority)
            continue
        k = int(np.searchsorted(at, float(v)))
        near = [i for i in (k - 1, k) if 0 <= i < len(at)]
        out.append(pairs[min(near, key=lambda i: abs(at[i] - float(v)))][1])
    return out


def target_shape(t: np.ndarray, numbers: Dict[str, object], notes: List[str]) -> None:
    sd = float(t.std())
    skew = float(((t - t.mean()) ** 3).mean() / sd ** 3) if sd > 0 else 0.0
    whole = bool(np.all(t == np.round(t)))
    numbers.update(target_mean=float(t.mean()), target_sd=sd, target_skew=skew, target_min=float(t.min()), target_max=float(t.max()),
                   target_whole=whole, target_positive=bool(t.min() > 0), target_not_negative=bool(t.min() >= 0))
    notes.append("The target goes from %.4g to %.4g, mean %.4g, standard deviation %.4g, skewness %.2g%s%s." % (
        t.min(), t.max(), t.mean(), sd, skew, " (a long tail)" if abs(skew) > LONG_TAIL else "",
        "; whole numbers, maybe counts" if is_count(numbers) else "; all above 0" if t.min() > 0 else ""))


def is_count(numbers: Dict[str, object]) -> bool:
    return bool(numbers.get("target_whole") and numbers.get("target_not_negative") and float(numbers["target_max"]) <= 1000)


def residual_outliers(residuals: np.ndarray) -> float:
    """Share of rows further from the median than five robust standard deviations."""
    middle = np.median(residuals)
    spread = 1.4826 * float(np.median(np.abs(residuals - middle)))
    return float((np.abs(residuals - middle) > OUTLIER_SD * spread).mean()) if spread > 0 else 0.0
