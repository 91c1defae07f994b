"""The last hidden layer of networks of rectified units, out of their saved models, and the rows of their tables. Needs NumPy and SciPy."""
import csv
import gzip
from typing import Mapping, NamedTuple, Sequence

import numpy
from scipy.stats import mannwhitneyu

from study_common import ROOT, predictions

Model = Mapping[str, numpy.ndarray]


def model_of(trial: dict) -> str:
    """The file of its model, from the folder in which the program runs."""
    return "%s/trials/%s.model.npz" % (trial["config"]["output"]["dir"], trial["id"])


def features(model: Model, x: numpy.ndarray) -> numpy.ndarray:
    """Of rows of numbers, one a column of the model."""
    h = prepared(model, x)
    for k in range(1, depth(model)):
        h = numpy.maximum(h @ model["W%d" % k].T + model["b%d" % k], 0)
    return h


def prepared(model: Model, x: numpy.ndarray) -> numpy.ndarray:
    """As the first layer reads them."""
    return x * model["scale"] + model["shift"]


def scores(model: Model, h: numpy.ndarray) -> numpy.ndarray:
    """The output layer, of features."""
    return h @ model["W%d" % depth(model)].T + model["b%d" % depth(model)]


def depth(model: Model) -> int:
    return sum(name.startswith("W") for name in model)


class Rows(NamedTuple):
    """Of a table whose label is its last column."""
    x: numpy.ndarray
    label: numpy.ndarray
    test: numpy.ndarray                # whether it is a test row


def rows_of(trial: dict, columns: Sequence[str]) -> Rows:
    """All rows of its table, those columns. Rows whose labels it leaves out are not counted among those that test."""
    with gzip.open(ROOT / trial["config"]["data"]["train"]["path"], "rt", encoding="ascii", newline="") as file:
        head, *rows = csv.reader(file)
    with open(predictions(ROOT / trial["config"]["output"]["dir"], trial), encoding="ascii", newline="") as file:
        places = [int(row["row"]) for row in csv.DictReader(file)]
    wanted, label = [head.index(c) for c in columns], numpy.array([row[-1] for row in rows])
    test = numpy.zeros(len(rows), dtype=bool)
    test[numpy.flatnonzero(~numpy.isin(label, trial["config"]["data"].get("ignore_labels", [])))[places]] = True
    return Rows(numpy.array([[float(row[k]) for k in wanted] for row in rows]), label, test)


def auc(high: numpy.ndarray, low: numpy.ndarray) -> float:
    """The chance that one of the first is above one of the second."""
    return float(mannwhitneyu(high, low).statistic / (len(high) * len(low)))
