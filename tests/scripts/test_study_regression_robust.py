"""scripts/studies/regression_robust.py: the scale is chosen by the validation rows, ranks and intervals by hand, a claim that fails when its
figure does, and a small form of the study by the built program."""
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
try:
    from studies import regression_robust as study
except ImportError as error:
    raise unittest.SkipTest("needs %s: scripts/setup.sh study" % error.name) from error

BINARY = ROOT / "lossbench"
CLEAN = {"mse": 1.0, "mae": 1.01, "huber": 1.0, "cauchy": 1.0, "tukey": 1.0, "welsch": 1.0}
MOVED = {"mse": 3.0, "mae": 1.05, "huber": 1.06, "cauchy": 1.04, "tukey": 1.01, "welsch": 1.02}


def trial(rate, loss, seed, valid, test, **par):
    return {"config": {"corrupt": {"labels": {"rate": rate}}, "loss": {"name": loss, **par}, "train": {"seed": seed}},
            "result": {"metrics": {"valid": {"mae": valid}, "test": {"mae": test, "rmse": test}}}}


def trials(moved=None, clean=None):
    """Six sets on which every loss has the same errors at each rate above 0."""
    return {data: [trial(rate, loss, seed, 1.0, (moved or MOVED if rate else clean or CLEAN)[loss])
                   for rate in study.RATES for loss in study.LOSSES for seed in (1, 2)] for data in study.SETS}


def verdicts(text):
    return [line.split("**")[1] for line in text.splitlines() if line.startswith("- ")]


class Choice(unittest.TestCase):
    def test_scale_by_validation_rows(self):
        """In each seed another scale; the test errors of the chosen ones are averaged, diverged ones are passed over."""
        records = [trial(0.3, "huber", 1, 5.0, 1.0, delta=1), trial(0.3, "huber", 1, 4.0, 2.0, delta=2),
                   trial(0.3, "huber", 2, 3.0, 6.0, delta=1), trial(0.3, "huber", 2, 3.5, 0.5, delta=2)]
        records.append(dict(trial(0.3, "huber", 2, None, None, delta=3)))
        self.assertEqual(study.errors({"a": records}), {("a", 0.3, "huber"): 4.0})

    def test_ranks_share_ties(self):
        error = {("a", 0, loss): CLEAN[loss] for loss in study.LOSSES}
        self.assertEqual(study.ranks(error, 0), {"mse": [3.0], "mae": [6.0], "huber": [3.0], "cauchy": [3.0], "tukey": [3.0], "welsch": [3.0]})

    def test_interval(self):
        """Student's t of five degrees of freedom times the standard error."""
        mean, half = study.interval([1, 2, 3, 4, 5, 6])
        self.assertAlmostEqual(mean, 3.5)
        self.assertAlmostEqual(half, 2.571 * 3.5 ** 0.5 / 6 ** 0.5, places=9)


class Page(unittest.TestCase):
    def test_all_hold(self):
        self.assertEqual(verdicts(study.page(trials())), ["Holds."] * 5)

    def test_a_loss_below_mse_without_outliers(self):
        text = study.page(trials(clean=dict(CLEAN, tukey=0.9)))
        self.assertEqual(verdicts(text)[0], "Does not hold.")
        self.assertIn("tukey on abalone (10.0 %)", text)

    def test_a_loss_that_loses_more(self):
        self.assertEqual(verdicts(study.page(trials(moved=dict(MOVED, mae=3.5)))), ["Holds.", "Does not hold.", "Does not hold.", "Holds.", "Holds."])
        self.assertEqual(verdicts(study.page(trials(moved=dict(MOVED, huber=1.0))))[3:], ["Does not hold.", "Does not hold."])


@unittest.skipUnless(BINARY.exists(), "lossbench is not built")
class SmallForm(unittest.TestCase):
    def test_two_sets(self):
        sets = {name: [*study.SETS[name], "train.seed=1,2", "output.dir="] for name in ("concrete", "glass (RI)")}
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(study, "FOLDER", Path(folder)):
            for options in sets.values():
                options[-1] += folder
            found = study.train(str(BINARY), 2, sets)
        self.assertEqual({t["result"]["status"] for records in found.values() for t in records}, {"ok"})
        self.assertEqual([len(records) for records in found.values()], [112, 112])
        error = study.errors(found)
        for data in found:
            self.assertGreater(error[data, 0.3, "mse"], 2 * error[data, 0, "mse"])
            for loss in study.BOUNDED_PULL:
                self.assertLess(error[data, 0.3, loss], 1.5 * error[data, 0, loss])
        self.assertIn("means of 2 seeds", study.page(found))


if __name__ == "__main__":
    unittest.main()
