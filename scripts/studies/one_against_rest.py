"""Tables with two classes out of the shipped sample sets: one class, labelled 1, against the rest. Standard library only."""
import csv
import gzip
import io
from pathlib import Path
from typing import Dict, List, Tuple

SAMPLES = Path(__file__).resolve().parents[2] / "datasets" / "samples"
Tables = Dict[str, Tuple[str, str]]                     # table: sample set, positive class


def read_sample(source: str) -> List[List[str]]:
    """Header and rows; the class is the last column."""
    with gzip.open(SAMPLES / (source + ".csv.gz"), "rt", encoding="utf-8", newline="") as f:
        return list(csv.reader(f))


def share(source: str, positive: str) -> float:
    """Of positive rows; an error when there is none."""
    labels = [row[-1] for row in read_sample(source)[1:]]
    if positive not in labels:
        raise SystemExit("%s.csv.gz: no row of class '%s'; it has %s" % (source, positive, ", ".join(sorted(set(labels)))))
    return labels.count(positive) / len(labels)


def write_tables(tables: Tables, folder: Path) -> None:
    """FOLDER/TABLE.csv.gz for each, the same bytes every time."""
    folder.mkdir(parents=True, exist_ok=True)
    for table, (source, positive) in tables.items():
        share(source, positive)
        header, *rows = read_sample(source)
        text = io.StringIO()
        out = csv.writer(text, lineterminator="\n")
        out.writerow(header)
        out.writerows(row[:-1] + [int(row[-1] == positive)] for row in rows)
        with open(folder / (table + ".csv.gz"), "wb") as raw, gzip.GzipFile("", "wb", mtime=0, fileobj=raw) as f:
            f.write(text.getvalue().encode("utf-8"))
