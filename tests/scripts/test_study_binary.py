"""The numbers that the pages of the binary studies rest on: counts of steps, the contrastive loss, the corrected test, the tables."""
import csv
import gzip
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

try:
    import numpy as np
    from studies import anyloss as study_anyloss
    from studies import auc as study_auc
    from studies import ensloss as study_ensloss
    from studies import one_against_rest
    from studies import perceptron as study_perceptron
except ImportError as missing:
    raise unittest.SkipTest("%s is not installed" % missing.name)
from study_common import value_of  # noqa: E402


def trial(seed: int, accuracy: float) -> dict:
    return {"config": {"train": {"seed": seed}}, "result": {"metrics": {"test": {"accuracy": accuracy}}}}


class Perceptron(unittest.TestCase):
    def test_published_counts(self):
        for (rule, gamma), want in study_perceptron.PUBLISHED.items():
            step = study_perceptron.logistic if rule == "LR+GD" else study_perceptron.normalised_logistic
            self.assertEqual(study_perceptron.steps(step(gamma), 1000), want, (rule, gamma))

    def test_batch_perceptron(self):
        self.assertEqual([study_perceptron.steps(study_perceptron.batch_perceptron, n) for n in (1000, 100, 10)], [301, 31, 4])

    def test_limit_of_huge_steps(self):
        for n in (10, 100):
            self.assertEqual(study_perceptron.steps(study_perceptron.logistic(1e6), n),
                             study_perceptron.steps(study_perceptron.batch_perceptron, n))


class Auc(unittest.TestCase):
    def test_contrastive_loss_does_not_see_offsets(self):
        before, mw, auc, after, mw_after, auc_after = study_auc.contrastive_blindness()
        self.assertAlmostEqual(before, after, 10)
        self.assertGreater(auc, 0.8)
        self.assertLess(auc_after, 0.6)
        self.assertGreater(mw_after, mw)


class EnsLoss(unittest.TestCase):
    def test_corrected_t_test(self):
        """By hand: differences 1, 2, 3 of 100; mean 0.02, variance 1e-4, factor 1/3 + 0.2/0.64."""
        a, b = [trial(s, 0.5 + s / 100) for s in (1, 2, 3)], [trial(s, 0.5) for s in (1, 2, 3)]
        mean, p = study_ensloss.corrected(a, b, "accuracy")
        t = 0.02 / np.sqrt(1e-4 * (1 / 3 + 0.2 / 0.64))
        self.assertAlmostEqual(mean, 0.02)
        self.assertAlmostEqual(p, 1 - t / np.sqrt(2 + t * t), 12)  # Student's t with two degrees of freedom

    def test_no_difference(self):
        runs = [trial(s, 0.5) for s in (1, 2, 3)]
        self.assertEqual(study_ensloss.corrected(runs, runs, "accuracy"), (0.0, 1.0))


class Tables(unittest.TestCase):
    def test_names_of_losses(self):
        self.assertEqual(study_anyloss.loss_name({"name": "metric_gmean", "amp": "any", "steepness": 30}), ("AnyLoss L=30", "gmean"))
        self.assertEqual(study_anyloss.loss_name({"name": "logistic"}), ("BCE", ""))

    def test_tables_of_one_class_against_the_rest(self):
        for tables in (study_anyloss.TABLES, study_ensloss.TABLES):
            self.assertTrue(all(0.01 < one_against_rest.share(*source) < 0.7 for source in tables.values()))
        with tempfile.TemporaryDirectory() as folder:
            one_against_rest.write_tables({"glass-7": ("glass", "7")}, Path(folder))
            with gzip.open(Path(folder) / "glass-7.csv.gz", "rt", encoding="utf-8", newline="") as file:
                _, *rows = csv.reader(file)
        self.assertEqual({row[-1] for row in rows}, {"0", "1"})
        self.assertAlmostEqual(sum(row[-1] == "1" for row in rows) / len(rows), one_against_rest.share("glass", "7"))

    def test_a_diverged_training_is_the_worst(self):
        self.assertEqual(value_of({"result": {"metrics": None}}, "test", "fbeta"), 0.0)
        self.assertEqual(study_auc.mean([{"result": {"metrics": None}}], "test", "ece_positive"), 1.0)


if __name__ == "__main__":
    unittest.main()
