"""Plain words for what records name by keys: metrics, conditions, numbers. Standard library only."""
import math
import re
from typing import Optional, Sequence, Tuple

from records import within

ACRONYMS = {"auc": "AUC", "rmse": "RMSE", "mse": "MSE", "mae": "MAE", "r2": "R²", "ece": "ECE", "f1": "F1", "mcc": "MCC", "macro_f1": "macro F1",
            "micro_f1": "micro F1", "brier": "Brier score", "top_k": "top-5 accuracy",
            "recall_at_k": "recall@1", "precision_at_1": "precision@1", "r_precision": "R-precision", "map_at_r": "MAP@R", "pinball": "pinball loss",
            "gaussian_nll": "Gaussian negative log-likelihood", "interval_coverage": "coverage of the interval", "interval_width": "width of the interval"}
UNITS = {"fraction of rows": ("accuracy", "top_k", "error", "off_by_one", "robust_accuracy", "interval_coverage"),
         "units of the target": ("rmse", "mae", "median_ae", "max_error", "crps", "pinball", "interval_width"),
         "squared units of the target": ("mse",), "nats a row": ("log_loss", "gaussian_nll", "robust_log_loss"), "classes": ("rank_mae",)}
FRACTIONS = UNITS["fraction of rows"] + (
    "balanced_accuracy", "f1", "f1_macro", "f1_weighted", "macro_f1", "micro_f1", "precision", "precision_macro", "precision_weighted", "recall",
    "recall_macro", "specificity", "jaccard_macro", "jaccard_weighted", "gmean", "ece", "mce", "auc", "average_precision", "recall_at_k", "precision_at_1",
    "r_precision", "map_at_r", "knn_accuracy", "worst_group_accuracy", "class_error", "robust_class_error", "episode_accuracy", "ndcg", "mrr", "map")
SPLITS = {"test": "test", "valid": "validation", "train": "training"}
KEYS = {"optimizer.lr": "learning rate", "optimizer.weight_decay": "weight decay", "optimizer.momentum": "momentum", "optimizer.name": "optimiser",
        "schedule.name": "schedule", "train.batch": "batch size", "train.epochs": "epochs", "train.precision": "precision",
        "model.kind": "model", "model.hidden": "hidden units", "model.dropout": "dropout", "data.train.path": "data set", "data.version": "data version",
        "corrupt.labels.rate": "label noise rate", "corrupt.labels.kind": "kind of label noise", "train.class_weight": "class weights",
        "model.head": "head", "model.start": "start", "procedures": "procedures", "regularisers": "regularisers",
        "train.sampler": "sampler", "train.attack": "attack", "train.views": "views"}
OPTIONAL = ("procedures", "regularisers", "train.attack", "train.views")  # what a training may do without
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def metric_words(metric: str) -> str:
    """test accuracy for test.accuracy, validation top-3 accuracy for valid.top_k(k=3)"""
    split, _, name = metric.partition(".")
    if split not in SPLITS:
        split, name = "", metric
    found = re.fullmatch(r"top_k\(k=(\d+)\)", name)
    recall = re.fullmatch(r"recall_at_k\(k=(\d+)\)", name)
    words = "top-%s accuracy" % found[1] if found else "recall@" + recall[1] if recall else ACRONYMS.get(name) or re.sub(r"_", " ", name)
    return (SPLITS.get(split, "") + " " + words).strip()


def axis_words(metric: str) -> str:
    """The same with its unit, where it has one: test accuracy (fraction of rows)"""
    name = metric.partition(".")[2].partition("(")[0]
    unit = next((unit for unit, names in UNITS.items() if name in names), "")
    return metric_words(metric) + (" (%s)" % unit if unit else "")


def key_words(key: str) -> str:
    """learning rate for optimizer.lr, gamma of the loss for loss.gamma"""
    if key in KEYS:
        return KEYS[key]
    if key.startswith("loss.") and key != "loss.name":
        return key[5:].replace("_", " ") + " of the loss"
    return key


def file_name(path: str) -> str:
    """letter for datasets/samples/letter.csv.gz"""
    return re.sub(r"(\.(csv|tsv|txt|svm|svmlight|libsvm|arff|npy|npz|dat|gz|bz2|xz|zst))+$", "", path.rsplit("/", 1)[-1]) or path


def condition_words(keys: Sequence[str], values: Sequence[str]) -> str:
    """On glass, with 30 % label noise, model mlp; empty for no keys."""
    parts = [words for words in map(condition_part, keys, values) if words]
    order = sorted(parts, key=lambda words: not words.startswith("on "))
    text = ", ".join(order)
    return text[:1].upper() + text[1:]


def condition_part(key: str, value: str) -> str:
    if key == "data.train.path":
        return "on " + file_name(value)
    if key == "corrupt.labels.rate" and is_number(value):
        return "with %s label noise" % percent(float(value)) if float(value) else "without label noise"
    if key in ("corrupt.labels", "corrupt.labels.kind") and value == "none":
        return "without label noise"
    if key == "corrupt.labels":
        return "with label noise " + value
    if value == "-":
        return "without " + KEYS[key] if key in OPTIONAL else ""
    if within(key, ("model",)) and key in ("model", "model.kind"):
        return "model " + value
    return "%s %s" % (key_words(key), value)


def head_words(at: Sequence[Tuple[str, str]]) -> str:
    """glass, 30 % noise, mlp: the values of keys as the head of a column"""
    parts = []
    for key, value in at:
        if key.endswith(".path"):
            parts.append(file_name(value))
        elif key == "corrupt.labels.rate" and is_number(value):
            parts.append("%s noise" % percent(float(value)) if float(value) else "no noise")
        elif key in ("loss", "model", "corrupt.labels") or key.endswith((".name", ".kind")):
            parts.append("no noise" if (key, value) == ("corrupt.labels", "none") else value)
        else:
            parts.append("%s %s" % (key_words(key), value))
    return ", ".join(parts)


def is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def percent(share: float) -> str:
    return "%.3g %%" % (100 * share)


def count_word(n: int) -> str:
    return NUMBERS[n] if 0 <= n < len(NUMBERS) else str(n)


def listed(names: Sequence[str], most: int = 6) -> str:
    """a, b and c; of many the first and a count"""
    shown = list(names[:most]) + (["%d more" % (len(names) - most)] if len(names) > most else [])
    return shown[0] if len(shown) == 1 else ", ".join(shown[:-1]) + " and " + shown[-1] if shown else ""


def interval_places(mean: float, low: float, high: float) -> int:
    """Decimals that show two significant digits of the interval's half width, or of the mean where it has none."""
    size = abs(high - low) / 2 or abs(mean)
    if not math.isfinite(size) or size == 0:
        return 3
    return min(8, max(0, 1 - math.floor(math.log10(size))))


def difference_words(mean: float, low: float, high: float, places: Optional[int] = None) -> str:
    """+0.023 [+0.013, +0.034]"""
    places = interval_places(mean, low, high) if places is None else places
    return "%s [%s, %s]" % tuple(signed(v, places) for v in (mean, low, high))


def signed(value: float, places: int) -> str:
    text = "%+.*f" % (places, value)
    return text[1:] if float(text) == 0 else text


def p_words(p: float) -> str:
    return "p < 0.001" if p < 0.001 else "p = %.3f" % p
