"""scripts/studies/counts.py: deviances by hand and as the program measures them, verdicts that turn with their figures, a small form."""
import math
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
try:
    from studies import counts as study
except ImportError as error:
    raise unittest.SkipTest("needs %s: scripts/setup.sh study" % error.name) from error
from study_common import predictions  # noqa: E402

BINARY = ROOT / "lossbench"
LOSSES = [*study.OWN, study.ZIP]


def made(changed=None, undefined=()):
    """Ten splits, where each loss is best by its own judge by far; changed: {(loss, judge): value}, undefined: losses without deviances."""
    values = {}
    for loss in LOSSES:
        for judge in study.JUDGES:
            base = (changed or {}).get((loss, judge), 1.0 if study.OWN.get(loss) == judge else 1.005)
            gone = loss in undefined and judge in study.DEVIANCES
            values.setdefault(loss, {})[judge] = [math.nan if gone else base + 0.0001 * math.sin(k + len(loss)) for k in range(10)]
    return values


def verdicts(text):
    return [line.split("**")[1] for line in text.splitlines() if line.startswith("- ")]


class Judges(unittest.TestCase):
    def test_by_hand(self):
        told = study.judged([(0.0, 2.0), (4.0, 1.0)])
        self.assertAlmostEqual(told["rmse"], math.sqrt((4 + 9) / 2))
        self.assertAlmostEqual(told["rmsle"], math.sqrt((math.log(3) ** 2 + math.log(2.5) ** 2) / 2))
        self.assertAlmostEqual(told["poisson"], (2 * 2 + 2 * (4 * math.log(4) - 3)) / 2)
        self.assertAlmostEqual(told["nb 1"], (2 * math.log(3) + 2 * (4 * math.log(4) - 5 * math.log(5 / 2))) / 2)
        self.assertAlmostEqual(told["tweedie 1.5"], (4 * math.sqrt(2) + 2 * (-4 * 2 + 2 * 4 + 2)) / 2)
        self.assertAlmostEqual(told["mae"], 2.5)

    def test_limits(self):
        """The negative binomial's deviance goes over into Poisson's, Tweedie's too."""
        self.assertAlmostEqual(study.negative_binomial(3, 1.2, 1e-7), study.poisson(3, 1.2), places=5)
        self.assertAlmostEqual(study.tweedie(3, 1.2, 1 + 1e-7), study.poisson(3, 1.2), places=5)
        for cost in study.JUDGES.values():
            self.assertAlmostEqual(cost(3.0, 3.0), 0)

    def test_undefined(self):
        told = study.judged([(1.0, -0.5), (2.0, 2.0)])
        self.assertTrue(all(math.isnan(told[judge]) for judge in study.DEVIANCES))
        self.assertFalse(math.isnan(told["rmsle"]))
        self.assertTrue(math.isnan(study.judged([(1.0, -1.0)])["rmsle"]))
        self.assertTrue(math.isnan(study.judged([(1.0, 0.0)])["poisson"]))


class Page(unittest.TestCase):
    def test_each_best_by_its_own(self):
        text = study.page({"a": made(), "b": made()})
        self.assertEqual(verdicts(text)[:10], ["Holds."] * 10)
        self.assertIn("**Yes.** It has the best mean in 14 of 14 cells", text)
        self.assertIn("| poisson | 1.005 | 1.005 | **1** ° |", text)

    def test_another_is_better(self):
        text = study.page({"a": made({(study.ZIP, "poisson"): 0.9})})
        self.assertEqual(verdicts(text)[2], "Does not hold.")
        self.assertIn("clearly worse than the best on a (zero_inflated_poisson)", text)
        self.assertEqual(verdicts(text)[-1], "Holds.")
        self.assertIn("in 1 another is clearly better, in the other 0", text)
        self.assertEqual(verdicts(text)[8], "Holds.")      # among the log links alone
        beaten = study.page({"a": made({("tweedie 1.2", "poisson"): 0.9})})
        self.assertEqual(verdicts(beaten)[7:9], ["Does not hold."] * 2)
        self.assertIn("Beaten: poisson on a by tweedie 1.2.", beaten)

    def test_undefined_is_told_and_never_best(self):
        text = study.page({"a": made({("mse", "poisson"): 0.1}, undefined=["mse"]), "b": made(undefined=["msle"])})
        self.assertEqual(verdicts(text)[9], "Does not hold.")
        self.assertIn("It predicts 0 or less in some split on a (10 of 10).", text)
        self.assertIn("| undefined in 10 of 10 |", text)
        self.assertEqual(verdicts(text)[10], "Does not hold.")
        self.assertIn("so that it has none, on b", text)

    def test_a_low_mean_of_logs(self):
        self.assertEqual(verdicts(study.page({"a": made({("msle", "poisson"): 1.2})}))[10], "Holds.")


@unittest.skipUnless(BINARY.exists(), "lossbench is not built")
class SmallForm(unittest.TestCase):
    def test_two_sets(self):
        sets = {name: study.SETS[name] + ["train.seed=1,2"] for name in ("abalone", "ctg (Nmax)")}
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            with mock.patch.object(study, "predictions", side_effect=predictions) as read:
                found = study.train(str(BINARY), 2, sets, folder)
            self.assertEqual(read.call_count, 30)            # no zeros in abalone, so no share of them
            for trial in (call.args[1] for call in read.call_args_list):
                measured = trial["result"]["metrics"]["test"]
                ours = found["abalone" if trial["config"]["data"]["train"]["label"] == "target" else "ctg (Nmax)"][study.name_of(trial)]
                k = trial["config"]["train"]["seed"] - 1
                for judge_name, metric in (("poisson", "poisson_deviance"), ("tweedie 1.5", "tweedie_deviance"), ("rmse", "rmse"), ("mae", "mae")):
                    if measured[metric] is None:
                        self.assertTrue(math.isnan(ours[judge_name][k]))
                    else:
                        self.assertAlmostEqual(ours[judge_name][k], measured[metric], delta=1e-9 * measured[metric])
        text = study.page(found)
        self.assertEqual(len(verdicts(text)), 12)
        self.assertIn("means over 2 splits", text)

    def test_a_missing_set(self):
        with self.assertRaisesRegex(SystemExit, "absent.csv is missing. Write it with: Rscript scripts/count_sets.R"):
            study.train(str(BINARY), 1, {"a": ["data.train.path=datasets/absent.csv"]}, Path("nowhere"))


if __name__ == "__main__":
    unittest.main()
