"""scripts/grokking.py: the rows are all sums, every cell of the table stands in its record, and a claim fails when its figure does."""
import copy
import csv
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
try:
    from studies import grokking as study
except ImportError as error:
    raise unittest.SkipTest("needs %s: scripts/setup.sh study" % error.name) from error


def trial(project, seed, train, test, collapsed):
    """A record whose curves are the given values; the last of each is its metric."""
    return {"config": {"optimizer": {"project": project}, "train": {"seed": seed}},
            "result": {"curves": {"train.accuracy": train, "test.accuracy": test, "train.softmax_collapse": [0.0, collapsed]},
                       "metrics": {"train": {"accuracy": train[-1]}, "test": {"accuracy": test[-1]}}}}


def step(at, low, high):
    """300 values: low before the given step (from 1), high from it on."""
    return [low if e < at else high for e in range(1, 301)]


TRIALS = [trial("none", 1, step(50, 0.5, 1.0), step(301, 0.001, 1.0), 0.25), trial("perpendicular", 2, step(126, 0.5, 1.0), step(126, 0.2, 0.995), 0)]


def claims(text):
    return [line.split("**")[1] for line in text.splitlines() if line.startswith("- ")]


class Rows(unittest.TestCase):
    def test_every_pair_once_with_its_sum(self):
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(study, "FOLDER", Path(folder) / "new"):
            study.write_rows()
            with open(Path(folder) / "new" / "addition.csv", newline="", encoding="ascii") as f:
                rows = list(csv.DictReader(f))
        self.assertEqual(len({(r["a"], r["b"]) for r in rows}), 113 * 113)
        self.assertEqual(len(rows), 113 * 113)
        self.assertEqual({(int(r["a"][1:]) + int(r["b"][1:]) - int(r["label"][1:])) % 113 for r in rows}, {0})
        self.assertEqual(len({r["label"] for r in rows}), 113)

    def test_columns_are_words(self):
        """Else they would be read as numbers, and not be one-hot."""
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(study, "FOLDER", Path(folder)):
            study.write_rows()
            cells = (Path(folder) / "addition.csv").read_text(encoding="ascii").split("\n")[1].split(",")
        for cell in cells:
            with self.assertRaises(ValueError):
                float(cell)


class Page(unittest.TestCase):
    def test_rows(self):
        lines = [line for line in study.page(TRIALS).splitlines() if line.startswith(("| none", "| perp"))]
        self.assertEqual(lines, ["| none | 1 | 50 | never | " + "0.0010 | " * 8 + "25 % |",
                                 "| perpendicular | 2 | 126 | 126 | " + "0.2000 | " * 5 + "0.9950 | " * 3 + "0 % |"])

    def test_the_first_step_counts_from_one(self):
        self.assertEqual(study.first([0.99, 1.0], lambda v: v >= 0.99), "1")
        self.assertEqual(study.first([0.98, 0.9899], lambda v: v >= 0.99), "never")

    def test_claims(self):
        self.assertEqual(claims(study.page(TRIALS)), ["Holds."] * 3)
        for i, which, part, value in ((0, 0, "train", 0.9999), (0, 1, "train", 0.9999), (1, 1, "test", 0.9899), (2, 0, "test", 0.0501)):
            other = copy.deepcopy(TRIALS)
            other[which]["result"]["metrics"][part]["accuracy"] = value
            expected = ["Holds."] * 3
            expected[i] = "Does not hold."
            self.assertEqual(claims(study.page(other)), expected, (i, which, part))

    def test_one_seed_that_fails_is_enough(self):
        late = trial("perpendicular", 3, step(1, 0.0, 1.0), step(301, 0.5, 1.0), 0)
        self.assertEqual(claims(study.page(TRIALS + [late])), ["Holds.", "Does not hold.", "Holds."])

    def test_the_kept_page_has_the_columns(self):
        kept = (ROOT / "results" / "reference" / "grokking" / "README.md").read_text(encoding="utf-8").splitlines()
        made = study.page(TRIALS).splitlines()
        self.assertEqual([line for line in made if not line.startswith(("| none", "| perp", "- "))],
                         [line for line in kept if not line.startswith(("| none", "| perp", "- "))])


if __name__ == "__main__":
    unittest.main()
