#!/usr/bin/env python3
"""Writes results/mean-shift/tables: of each shipped set its largest class as normal rows (of equal ones the first by its name), and a tenth as many
outliers of the other classes, evenly drawn from the file. Standard library only."""
import csv
import gzip
import io
import sys
from collections import Counter
from pathlib import Path
from typing import Dict, List

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from studies.one_against_rest import read_sample  # noqa: E402

SAMPLES = {"ctg": "ctg", "satellite": "satellite", "segment": "segment", "letter": "letter", "wdbc": "wdbc", "spam": "spam", "ionosphere": "ionosphere",
           "digits": "digits8x8"}
OUT = Path(__file__).resolve().parents[2] / "results" / "mean-shift" / "tables"


def thinned(rows: List[List[str]]) -> List[List[str]]:
    """The normal rows and as many outliers as a tenth of them, in the order of the file."""
    count: Dict[str, int] = Counter(row[-1] for row in rows)
    normal = min(count, key=lambda name: (-count[name], name))
    others = [i for i, row in enumerate(rows) if row[-1] != normal]
    wanted = count[normal] // 10
    kept = {others[i * len(others) // wanted] for i in range(wanted)}
    return [row[:-1] + ["normal" if row[-1] == normal else "outlier"] for i, row in enumerate(rows) if row[-1] == normal or i in kept]


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    for name, sample in SAMPLES.items():
        header, *rows = read_sample(sample)
        text = io.StringIO()
        out = csv.writer(text, lineterminator="\n")
        out.writerow(header)
        out.writerows(thinned(rows))
        with open(OUT / (name + ".csv.gz"), "wb") as raw, gzip.GzipFile("", "wb", mtime=0, fileobj=raw) as f:
            f.write(text.getvalue().encode("utf-8"))


if __name__ == "__main__":
    main()
