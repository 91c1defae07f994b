"""Writes tables of queries, made of samples with a number or ordered classes as target, into results/queries: twenty rows drawn at random are a
query, and a row's grade, 0 to 4, is the fifth of the targets that its own is in (concrete, abalone), or its class in order from 0 (ctg).
Standard library only."""
import bisect
import csv
import gzip
import random
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "results" / "queries"
LENGTH, MOST = 20, 120                # rows of a query; queries of a table


def graded(name: str) -> list:
    """Head and rows in random order, the last column the grade, the first the number of the query."""
    with gzip.open(ROOT / "datasets" / "samples" / (name + ".csv.gz"), "rt", encoding="ascii", newline="") as source:
        head, *rows = csv.reader(source)
    random.Random(1).shuffle(rows)
    targets = sorted(float(row[-1]) for row in rows)
    limits = [targets[len(rows) * k // 5] for k in range(1, 5)] if len(set(targets)) > 5 else sorted(set(targets))[1:]
    rows = rows[:min(MOST, len(rows) // LENGTH) * LENGTH]
    return [["qid", *head[:-1], "grade"]] + [[k // LENGTH + 1, *row[:-1], bisect.bisect_right(limits, float(row[-1]))] for k, row in enumerate(rows)]


def write(out: Path = OUT) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for name in ("concrete", "abalone", "ctg"):
        with open(out / (name + ".csv"), "w", encoding="ascii", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(graded(name))


if __name__ == "__main__":
    write()
