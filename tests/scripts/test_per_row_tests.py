"""Tests of what is made of predictions row by row: McNemar, bootstrap, reliability, confusion."""
import math
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from report_fixture import ODD, Case, made  # noqa: E402

import numpy as np  # noqa: E402
import per_row_tests  # noqa: E402


class Roc(unittest.TestCase):
    def test_area_is_the_chance_to_rank_a_positive_row_above_a_negative_one(self):
        rng = np.random.default_rng(3)
        for columns in (1, 2):
            z = np.round(rng.normal(size=(60, columns)), 1)
            label = rng.integers(0, 2, 60)
            x, y, area = per_row_tests.roc(per_row_tests.Rows(np.arange(60), label, z, np.zeros(60), ["no", "yes"]))
            score = z[:, 0] if columns == 1 else z[:, 1] - z[:, 0]
            pairs = [(a > b) + (a == b) / 2 for a in score[label == 1] for b in score[label == 0]]
            self.assertAlmostEqual(area, float(np.mean(pairs)), 12)
            self.assertEqual(((x[0], y[0]), (x[-1], y[-1])), ((0, 0), (1, 1)))
            at = float(np.sort(score)[30])
            self.assertIn((round(float(np.mean(score[label == 0] >= at)), 9), round(float(np.mean(score[label == 1] >= at)), 9)),
                          [(round(float(a), 9), round(float(b), 9)) for a, b in zip(x, y)])

    def test_nothing_to_draw(self):
        for label, classes, columns in ((np.ones(4, int), ["a", "b"], 1), (np.array([0, 1, 2, 0]), ["a", "b", "c"], 3)):
            self.assertIsNone(per_row_tests.roc(per_row_tests.Rows(np.arange(4), label, np.zeros((4, columns)), np.zeros(4), classes)))


class Predictions(Case):
    def keep(self, loss, guesses, scores=None):
        """Predictions of one trial on rows whose true class is the first."""
        r = made(loss, 1, float(np.mean([g == 0 for g in guesses])))
        self.store(r)
        lines = ["row,label,score_1,score_2"]
        quoted = '"%s"' % ODD.replace('"', '""')
        for i, g in enumerate(guesses):
            z = scores[i] if scores else (1.0, 0.0) if g == 0 else (0.0, 1.0)
            lines.append("%d,%s,%r,%r" % (i, quoted, *z))
        (self.root / "trials" / (r["id"] + ".predictions.csv")).write_text("\n".join(lines) + "\n", encoding="utf-8")

    def test_mcnemar_and_bootstrap(self):
        """Fagerland and others (2013): 1 and 7 rows on which the two disagree."""
        self.keep("ce", [0] * 12 + [0] * 1 + [1] * 7)
        self.keep("gce", [0] * 12 + [1] * 1 + [0] * 7)
        row = self.rows("rows")[0]
        self.assertEqual((row["only first right"], row["only other right"]), ("7", "1"))
        self.assertAlmostEqual(float(row["p McNemar"]), 0.0703, 4)
        self.assertAlmostEqual(float(row["mid-p"]), 0.0391, 4)
        self.assertAlmostEqual(float(row["difference"]), 6 / 20)

    def test_reliability(self):
        self.keep("ce", [0, 0, 1, 0], [(0.0, 0.0), (2.0, 0.0), (0.0, 2.0), (50.0, 0.0)])
        study = self.study()
        rows = per_row_tests.first_kept(study.group(study.contenders[0], "all"))[1]
        high = 1 / (1 + math.exp(-2))
        found = per_row_tests.reliability(rows)
        self.assertEqual([n for _, _, n in found], [1, 2, 1])
        for (confidence, right, _), expected in zip(found, ((0.5, 1.0), (high, 0.5), (1.0, 1.0))):
            self.assertAlmostEqual(confidence, expected[0], 9)
            self.assertEqual(right, expected[1])
        self.assertEqual(per_row_tests.confusion(rows).tolist(), [[3, 1], [0, 0]])

    def test_absent(self):
        self.usual(seeds=2)
        self.assertIn("--set output.predictions=true", self.printed("--table", "rows"))

    def test_damaged(self):
        self.keep("ce", [0, 1])
        self.keep("gce", [0, 1])
        for path in self.root.glob("trials/*.csv"):
            path.write_text("row,label,score_1,score_2\n0,unknown,1,2\n")
        self.assertEqual(self.refused("--table", "rows"), 4)


if __name__ == "__main__":
    unittest.main()
