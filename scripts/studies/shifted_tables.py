"""Real rows in three parts: those of a start, which are changed or of other speakers; those that it is fine-tuned on; those that test, as they are
and shifted. Needs NumPy."""
import csv
import gzip
from pathlib import Path
from typing import Callable, Dict, NamedTuple, Tuple

import numpy

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "datasets" / "samples"


class Part(NamedTuple):
    x: numpy.ndarray
    y: numpy.ndarray


Parts = Dict[str, Part]                             # start, tuned, test, shifted


def sample(name: str) -> Tuple[numpy.ndarray, numpy.ndarray]:
    with gzip.open(SAMPLES / (name + ".csv.gz"), "rt", encoding="ascii", newline="") as file:
        rows = list(csv.reader(file))[1:]
    return numpy.array([row[:-1] for row in rows], dtype=float), numpy.unique([row[-1] for row in rows], return_inverse=True)[1]


def clothes() -> Tuple[numpy.ndarray, numpy.ndarray]:
    """Fashion-MNIST, four pixels made one."""
    def bytes_of(kind: str, head: int) -> numpy.ndarray:
        with gzip.open(SAMPLES / ("fashion_mnist_train2000-%s-ubyte.gz" % kind)) as file:
            return numpy.frombuffer(file.read(), dtype=numpy.uint8, offset=head)
    x = bytes_of("images-idx3", 16).reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4))
    return x.reshape(len(x), -1), bytes_of("labels-idx1", 8).astype(int)


# ---- what a shift does ----

def other_images(x: numpy.ndarray, draw: numpy.random.Generator) -> numpy.ndarray:
    """Each is moved by a pixel, dimmed, or noisy."""
    side, most = int(x.shape[1] ** 0.5), x.max()
    out = x.reshape(-1, side, side).copy()
    kind = draw.integers(0, 6, len(out))
    for k, (axis, by) in enumerate(((1, 1), (1, -1), (2, 1), (2, -1))):
        out[kind == k] = numpy.roll(out[kind == k], by, axis=axis)
    out[kind == 4] *= 0.5
    out[kind == 5] += draw.normal(0, 0.25 * most, out[kind == 5].shape)
    return out.reshape(x.shape)


def other_light(x: numpy.ndarray, draw: numpy.random.Generator) -> numpy.ndarray:
    """Nine pixels of four bands: the light of a row is brighter or darker in each band."""
    return (x.reshape(-1, 9, 4) * draw.uniform(0.8, 1.25, (len(x), 1, 4))).reshape(x.shape)


def by_change(x: numpy.ndarray, y: numpy.ndarray, change: Callable, draw: numpy.random.Generator) -> Parts:
    start, tuned, test = (Part(x[k], y[k]) for k in numpy.array_split(draw.permutation(len(x)), 3))
    return {"start": Part(change(start.x, draw), start.y), "tuned": tuned, "test": test, "shifted": Part(change(test.x, draw), test.y)}


def by_speaker(x: numpy.ndarray, y: numpy.ndarray, draw: numpy.random.Generator) -> Parts:
    """Vowels: of fifteen speakers, in the first column, eight are the start's and four the shift; of the last three a third of the rows tests."""
    order = draw.permutation(15)
    groups = {"start": order[:8], "shifted": order[8:12]}
    parts = {name: Part(x[k, 1:], y[k]) for name, k in ((n, numpy.isin(x[:, 0], speakers)) for n, speakers in groups.items())}
    rest = draw.permutation(numpy.flatnonzero(numpy.isin(x[:, 0], order[12:])))
    test, tuned = rest[:len(rest) // 3], rest[len(rest) // 3:]
    return {**parts, "tuned": Part(x[tuned, 1:], y[tuned]), "test": Part(x[test, 1:], y[test])}


def parts(name: str, seed: int) -> Parts:
    draw = numpy.random.default_rng(seed)
    if name == "vowel":
        return by_speaker(*sample("vowel"), draw)
    if name == "satellite":
        return by_change(*sample("satellite"), other_light, draw)
    return by_change(*(clothes() if name == "fashion" else sample("digits8x8")), other_images, draw)
