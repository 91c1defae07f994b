"""The last hidden layer of networks of rectified units, out of their saved models. Needs NumPy."""
from typing import Mapping

import numpy


def model_of(trial: dict) -> str:
    """The file of its model, from the folder in which the program runs."""
    return "%s/trials/%s.model.npz" % (trial["config"]["output"]["dir"], trial["id"])


def features(model: Mapping[str, numpy.ndarray], x: numpy.ndarray) -> numpy.ndarray:
    """Of rows of numbers, one a column of the table."""
    h = x * model["scale"] + model["shift"]
    for k in range(1, depth(model)):
        h = numpy.maximum(h @ model["W%d" % k].T + model["b%d" % k], 0)
    return h


def scores(model: Mapping[str, numpy.ndarray], h: numpy.ndarray) -> numpy.ndarray:
    """The output layer, of features."""
    return h @ model["W%d" % depth(model)].T + model["b%d" % depth(model)]


def depth(model: Mapping[str, numpy.ndarray]) -> int:
    return sum(name.startswith("W") for name in model)
