"""What the scripts of the studies share: the records they read are those of the plan, whatever else lies in the folder; the words of a verdict."""
import json
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
import study_common  # noqa: E402

CONFIG = """task: multiclass
data:
  train: {path: %s/datasets/samples/iris.csv.gz, label: label}
  split: {train: 0.6, valid: 0.2, test: 0.2}
loss: {name: ce}
train: {epochs: 2}
sweep: {loss: [{name: mae}, {name: ce}, {name: gce}]}
output: {dir: %s}
"""


class Trained(unittest.TestCase):
    def setUp(self):
        binary = shutil.which("lossbench") or str(ROOT / "lossbench")
        if not Path(binary).exists():
            self.skipTest("lossbench is not built")
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / "c.yaml").write_text(CONFIG % (ROOT, self.folder), encoding="utf-8")
        self.run = lambda *sets: study_common.trained(binary, str(self.folder / "c.yaml"), self.folder, 2, sets, quiet=True)

    def test_the_plan_and_nothing_else_in_its_order(self):
        older = {t["id"] for t in self.run("train.epochs=1")}
        trials = self.run()
        self.assertEqual([t["config"]["loss"]["name"] for t in trials], ["mae", "ce", "gce"])
        self.assertEqual({t["config"]["train"]["epochs"] for t in trials}, {2})
        self.assertFalse(older & {t["id"] for t in trials})
        self.assertEqual(len(list((self.folder / "trials").glob("*.json"))), 6)
        self.assertEqual(json.dumps(self.run()), json.dumps(trials))


class Verdict(unittest.TestCase):
    def test_words(self):
        self.assertEqual([study_common.verdict(g) for g in (True, False)], ["**Holds.**", "**Does not hold.**"])
        self.assertEqual([study_common.verdict(g, "holds") for g in (True, False)], ["**holds**", "**does not hold**"])
        self.assertEqual([study_common.in_part(met, 2, more=", so") for met in ([], ["a"], ["a", "b"])],
                         ["**Does not reproduce.**", "**Reproduces in part:** on a, so.", "**Reproduces.**"])

    def test_numbers_of_numpy_are_claims_too(self):
        """A comparison of NumPy numbers is no bool of Python."""
        class Truth:
            def __bool__(self):
                return False
        self.assertEqual(study_common.verdict(Truth()), "**Does not hold.**")


class Settings(unittest.TestCase):
    def test_the_splits_that_are_to_meet_a_bar(self):
        self.assertEqual(study_common.best_splits([3, 1, 2, 5, 4], 0.8), [5, 4, 3, 2])
        self.assertEqual(study_common.best_splits([3, 1, 2, 5, 4], 0.5, least=True), [1, 2, 3])

    def test_the_first_of_the_best(self):
        trials = [{"split": 1, "v": 2, "n": "a"}, {"split": 1, "v": 3, "n": "b"}, {"split": 2, "v": 0, "n": "c"}, {"split": 1, "v": 3, "n": "d"}]
        best = study_common.best_trials(trials, lambda t: t["split"], lambda t: t["v"])
        self.assertEqual({k: t["n"] for k, t in best.items()}, {1: "b", 2: "c"})

    def test_what_was_not_measured_is_the_worst(self):
        found = [study_common.value_of({"result": {"metrics": m}}, "test", "auc", 0.5) for m in (None, {}, {"test": {}}, {"test": {"auc": None}}, {"test": {"auc": 0}})]
        self.assertEqual(found, [0.5, 0.5, 0.5, 0.5, 0])


if __name__ == "__main__":
    unittest.main()
