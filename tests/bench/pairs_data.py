#!/usr/bin/env python3
"""Rows like those of Fashion-MNIST, for workload P: 60000 of 784 bytes, each a mixture of three of eight patterns of its class and noise.

    pairs_data.py FOLDER

writes FOLDER/images and FOLDER/labels, IDX files.
"""
import struct
import sys
from pathlib import Path

import numpy as np

ROWS, PIXELS, CLASSES = 60000, 784, 10


def prepare(folder):
    rng = np.random.default_rng(7)
    patterns = rng.integers(0, 200, (CLASSES, 8, PIXELS))
    labels = rng.permutation(np.arange(ROWS) % CLASSES)
    parts = patterns[labels[:, None], rng.integers(0, 8, (ROWS, 3))].mean(1)
    images = np.clip(parts + rng.normal(0, 40, parts.shape), 0, 255).astype(np.uint8)
    (folder / "images").write_bytes(struct.pack(">HBB3I", 0, 8, 3, ROWS, 28, 28) + images.tobytes())
    (folder / "labels").write_bytes(struct.pack(">HBBI", 0, 8, 1, ROWS) + labels.astype(np.uint8).tobytes())


if __name__ == "__main__":
    prepare(Path(sys.argv[1]))
