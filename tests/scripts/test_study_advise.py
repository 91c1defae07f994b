"""scripts/studies/advise.py: the plant, the verdicts that turn with their figures, and a small form of it on iris."""
import csv
import gzip
import os
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
try:
    from studies import advise as study
except ImportError as error:
    raise unittest.SkipTest("needs %s: scripts/setup.sh study" % error.name) from error

BINARY = ROOT / "lossbench"


def judged(name="iris", missed=0.02, regret=0.01, claim="does not matter", plain=0.01):
    return study.Judged(name, "accuracy", "ce", missed, regret, "gce", plain, 0.9, 0.91, claim, 10.0, 5, 20)


def estimates(off=0.0, wide=0.03):
    return [study.Estimate(r, r + off, r - 0.02, r + wide, r + 0.1) for r in study.RATES]


class Page(unittest.TestCase):
    def test_promises(self):
        for broken, word in ((2, "Holds."), (3, "Does not hold.")):
            lines = study.advice_lines([judged(regret=0.03 if k < broken else 0.01) for k in range(20)])
            self.assertIn("on %d of 20 sets: **%s**" % (20 - broken, word), lines[0])
        self.assertIn("recommended on 2 sets; by the judge it is better there on 1.", "\n".join(
            study.advice_lines([judged(claim="better", plain=0.05), judged(claim="probably better", plain=0.0), judged()])))

    def test_noise(self):
        good = study.noise_lines({"a": estimates(), "b": estimates(0.049), "c": estimates(0.2, 0.2)})
        self.assertIn("told at every rate: **Holds.** 2 of 2.", good[0])
        self.assertIn("is within 5 points: **Holds.** 8 of 8.", good[1])
        self.assertIn("Told in 8 of 12 cells", good[2])
        self.assertIn("Of all cells 8 are within 5 points, of all 3 sets 2 at every rate.", good[2])
        self.assertIn("holds the planted share in 12 of 12 cells", good[3])
        self.assertIn("Confident learning alone is within 5 points in 0 of 12 cells.", good[4])
        self.assertEqual(sum("not told" in line for line in good), 1)
        bad = study.noise_lines({"a": estimates(), "b": estimates(0.051)})
        self.assertIn("told at every rate: **Does not hold.** 1 of 2.", bad[0])
        self.assertIn("is within 5 points: **Does not hold.** 4 of 8.", bad[1])

    def test_twenty_sets_of_the_repository(self):
        sets = study.CLASSES + study.TARGETS
        self.assertEqual(len(set(sets)), 20)
        self.assertTrue(all((study.SAMPLES / (name + ".csv.gz")).exists() for name in sets))

    def test_compare(self):
        answer = {"direction": "lower", "metric": "rmse", "plain": "mse", "certain": False, "matters": False, "seconds": 3.0, "folds": 5,
                  "recommended": {"loss": "mse", "missed_at_most": 0.2, "expected": 5.0}}
        j = study.compare("concrete", answer, {"mse": 5.5, "mae": 5.2, "huber": 6.0, "": 25})
        self.assertAlmostEqual(j.regret, 0.3)
        self.assertEqual((j.best, j.kept(), j.judge_folds), ("mae", False, 25))


class Small(unittest.TestCase):
    def test_plant(self):
        with tempfile.TemporaryDirectory() as folder:
            share = study.planted("iris", 0.4, Path(folder) / "iris.csv")
            with gzip.open(study.SAMPLES / "iris.csv.gz", "rt", encoding="utf-8") as f, open(Path(folder) / "iris.csv", encoding="utf-8") as g:
                pairs = list(zip(csv.reader(f), csv.reader(g)))
        self.assertTrue(all(a[:-1] == b[:-1] for a, b in pairs))
        self.assertAlmostEqual(sum(a[-1] != b[-1] for a, b in pairs) / 150, share)
        self.assertTrue(0.25 < share < 0.55)

    def test_iris(self):
        os.environ["LOSSBENCH"] = str(BINARY)
        with tempfile.TemporaryDirectory() as folder:
            found = study.estimate("iris", 0.2, Path(folder), 1, 0.05)
            self.assertLess(abs(found.rate - found.planted), 0.1)
            answer = study.advised(str(BINARY), "iris", Path(folder) / "a", 1, 0.01)
            means = study.judge("iris", answer, Path(folder) / "b", 1, 0.01)
        j = study.compare("iris", answer, means)
        self.assertGreater(min(v for k, v in means.items() if k), 0.6)
        self.assertTrue(0 <= j.regret <= j.missed + 0.05 and j.judge_folds >= 3, j)


if __name__ == "__main__":
    unittest.main()
