#!/usr/bin/env python3
"""Writes datasets/samples/queries.csv.gz: 120 generated queries of 1 to 14 rows, six features, grades 0 to 3 that depend on the
features less their query's level, with noise. Run from the project's root; the seed is fixed."""
import gzip
import random

WEIGHTS = [1.2, -0.8, 0.5, 0, 0, 0.3]


def main():
    r = random.Random(1)
    lines = ["qid,x1,x2,x3,x4,x5,x6,grade"]
    for q in range(120):
        level = [r.gauss(0, 1) for _ in WEIGHTS]
        for _ in range(r.randint(1, 14)):
            x = [b + r.gauss(0, 1) for b in level]
            u = sum(w * (v - b) for w, v, b in zip(WEIGHTS, x, level)) + r.gauss(0, 1.5)
            lines.append(",".join(["q%d" % q] + ["%.3f" % v for v in x] + [str(sum(u >= edge for edge in (1, 2, 3)))]))
    with open("datasets/samples/queries.csv.gz", "wb") as f, gzip.GzipFile("", "wb", fileobj=f, mtime=0) as out:
        out.write(("\n".join(lines) + "\n").encode("ascii"))


if __name__ == "__main__":
    main()
