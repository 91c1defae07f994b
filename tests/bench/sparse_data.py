#!/usr/bin/env python3
"""Rows like those of documents, as an svmlight file: sparse_data.py OUT [ROWS] [FEATURES] [ENTRIES].

Words by Zipf's law, ENTRIES different ones a document (default 100000 rows, 100000 words, 100 a row), tf-idf weights, rows of length 1. The
class, 1 or -1, is the sign of a linear score with noise that turns about one label in eight.
"""
import sys
from pathlib import Path

import numpy as np


def document(rng, cumulative, entries):
    words = np.unique(np.searchsorted(cumulative, rng.random(4 * entries)))
    while len(words) < entries:
        words = np.unique(np.append(words, np.searchsorted(cumulative, rng.random(entries))))
    return np.sort(rng.permutation(words)[:entries])


def main(out, rows=100000, features=100000, entries=100):
    rng = np.random.default_rng(1)
    share = 1 / np.arange(1, features + 1)
    cumulative = np.cumsum(share / share.sum())
    cumulative[-1] = 1
    documents = [document(rng, cumulative, entries) for _ in range(rows)]
    idf = np.log((1 + rows) / (1 + np.bincount(np.concatenate(documents), minlength=features))) + 1
    weight = rng.normal(size=features)
    lines = []
    for words in documents:
        value = rng.integers(1, 4, len(words)) * idf[words]
        value /= np.linalg.norm(value)
        score = value @ weight[words]
        text = " ".join(f"{w + 1}:{v:.5g}" for w, v in zip(words, value))
        lines.append(f"{1 if score + 0.4 * rng.normal() > 0 else -1} {text}\n")
    Path(out).write_text("".join(lines), encoding="ascii")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
