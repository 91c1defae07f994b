"""Writes sets of several labels a row, made of samples of one label a row, into results/multilabel: rows laid over each other, which have the
labels of all (digits, fashion, letter), a few labels frequent and most rare; and rows whose labels are the reference rows near them, of which
there are hundreds (letter_tags, fashion_tags, satellite_tags)."""
import csv
import gzip
from pathlib import Path
from typing import Callable, Sequence, Tuple

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "datasets" / "samples"
OUT = ROOT / "results" / "multilabel"
ROWS, MOST, TAIL = 3000, 3, 50            # of a set of rows laid over each other: rows, labels of one, how much rarer the rarest class is drawn
TAGS, NEAR = 200, 10                      # reference rows; labels of a row at most
LARGEST = 2500                            # rows of a sample that are used
TOGETHER = {"digits": np.max, "fashion": np.max, "letter": np.mean}   # how features are laid over each other
TAGGED = ("letter", "fashion", "satellite")


# ---- samples ----

def table(name: str) -> Tuple[np.ndarray, np.ndarray]:
    with gzip.open(SAMPLES / (name + ".csv.gz"), "rt", encoding="ascii", newline="") as file:
        _, *rows = csv.reader(file)
    return np.array([row[:-1] for row in rows], float), np.unique([row[-1] for row in rows], return_inverse=True)[1]


def clothes() -> Tuple[np.ndarray, np.ndarray]:
    """Means of 2 x 2 pixels."""
    images, labels = (gzip.decompress((SAMPLES / ("fashion_mnist_train2000-%s-ubyte.gz" % part)).read_bytes()) for part in ("images-idx3", "labels-idx1"))
    x = np.frombuffer(images, np.uint8, offset=16).reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4))
    return x.reshape(len(x), -1), np.frombuffer(labels, np.uint8, offset=8).astype(int)


def sample(name: str) -> Tuple[np.ndarray, np.ndarray]:
    x, y = clothes() if name == "fashion" else table({"digits": "digits8x8"}.get(name, name))
    step = -(-len(x) // LARGEST)
    return x[::step], y[::step]


# ---- sets ----

def laid_over(x: np.ndarray, y: np.ndarray, rng: np.random.Generator, together: Callable) -> Tuple[np.ndarray, np.ndarray]:
    """Of each row, one to MOST classes and a row of each; of two classes next to each other the later is drawn less often."""
    classes = y.max() + 1
    shares = TAIL ** -np.linspace(0, 1, classes)
    of_class = [np.flatnonzero(y == c) for c in range(classes)]
    features, labels = np.empty((ROWS, x.shape[1]), np.float32), np.zeros((ROWS, classes), np.int8)
    for i in range(ROWS):
        drawn = rng.choice(classes, rng.integers(1, MOST + 1), replace=False, p=shares / shares.sum())
        features[i] = together(x[[rng.choice(of_class[c]) for c in drawn]], axis=0)
        labels[i, drawn] = 1
    return features, labels


def tagged(x: np.ndarray, rng: np.random.Generator) -> Tuple[np.ndarray, np.ndarray]:
    """TAGS rows are references. The others have as labels those within a radius, at most NEAR, and the nearest at any rate; the radius is such
    that half of them have more than one."""
    spread = x.std(axis=0)
    x = (x - x.mean(axis=0)) / np.where(spread > 0, spread, 1)
    order = rng.permutation(len(x))
    tags, rows = x[order[:TAGS]], x[order[TAGS:]]
    distance = (rows ** 2).sum(axis=1)[:, None] - 2 * rows @ tags.T + (tags ** 2).sum(axis=1)
    nearest = np.sort(distance, axis=1)
    limit = np.clip(np.median(nearest[:, 1]), nearest[:, :1], nearest[:, NEAR - 1:NEAR])
    return rows.astype(np.float32), (distance <= limit).astype(np.int8)


def write(out: Path = OUT, over: Sequence[str] = tuple(TOGETHER), tags: Sequence[str] = TAGGED) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for seed, (name, together) in enumerate(TOGETHER.items()):
        if name in over:
            x, y = laid_over(*sample(name), np.random.default_rng(seed), together)
            np.savez(out / (name + ".npz"), x=x, y=y)
    for seed, name in enumerate(TAGGED):
        if name in tags:
            x, y = tagged(sample(name)[0], np.random.default_rng(10 + seed))
            np.savez(out / (name + "_tags.npz"), x=x, y=y)


if __name__ == "__main__":
    write()
