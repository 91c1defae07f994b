"""scripts/studies/pruned_features.py: angles and lengths by hand, claims that turn with their figures, a small form whose accuracies are the program's."""
import math
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
try:
    import numpy
    from studies import pruned_features as study
except ImportError as error:
    raise unittest.SkipTest("needs %s: scripts/setup.sh study" % error.name) from error
from study_common import Run, claims_of, trained, undeclared  # noqa: E402

BINARY = ROOT / "lossbench"


def found(angle=0.8, length=0.8, lead=0.75):
    return {name: {way: [study.Told({"angle": angle + k * 1e-4, "length": length, "lead": lead}, 0.9, 0.1) for k in range(10)] for way in study.PRUNED}
            for name in study.SETS}


class Signs(unittest.TestCase):
    def test_by_hand(self):
        of = study.signs(numpy.array([[1.0, 0], [1, 0], [3, 4]]), numpy.array([[2.0, 0], [0, 1], [1.5, 2]]), numpy.array([[1.0, 3, 0], [2, 2, 1], [0, 0, 5]]))
        numpy.testing.assert_allclose(of["angle"], [0, math.pi / 2, 0], atol=1e-7)
        numpy.testing.assert_allclose(of["length"], [math.log(2), 0, math.log(2)], atol=1e-12)
        numpy.testing.assert_allclose(of["lead"], [-2, 0, -5])

    def test_a_row_without_features_is_far(self):
        of = study.signs(numpy.array([[1.0, 0]]), numpy.zeros((1, 2)), numpy.zeros((1, 2)))
        self.assertTrue(of["length"][0] > 20 and of["angle"][0] == math.pi / 2)


class Page(unittest.TestCase):
    def told(self, **more):
        text = study.page(found(**more))
        self.assertEqual(undeclared(study.STUDY.claims, text), [])
        return [c.holds for c in claims_of(text)]

    def test_bars(self):
        self.assertEqual(self.told(), ["yes"] * 3)
        self.assertEqual(self.told(angle=0.6997, lead=0.5), ["no", "yes", "yes"])
        self.assertEqual(self.told(angle=0.6998, lead=0.5), ["yes"] * 3)                # two of ten are below 0.7
        self.assertEqual(self.told(length=0.69, lead=0.9), ["yes", "no", "no"])


@unittest.skipUnless(BINARY.exists(), "lossbench is not built")
class SmallForm(unittest.TestCase):
    def test_trains_and_tells(self):
        made = []

        def kept(*args, **more):
            trials = trained(*args, **more)
            made.extend(trials)
            return trials
        with tempfile.TemporaryDirectory(dir=ROOT / "results") as folder, mock.patch.object(study, "FOLDER", Path(folder)), mock.patch.object(
                study, "SETS", {"satellite": study.SETS["satellite"]}), mock.patch.object(study, "trained", kept), mock.patch.object(
                study, "page", lambda found: found):
            found_here = study.make(Run("pruned_features", str(BINARY), 2, Path(folder), {"splits": 1}))
        whole, pruned, _ = (t["result"]["metrics"]["test"]["accuracy"] for t in made)
        of, = found_here["satellite"]["60 %, as it is"]
        self.assertAlmostEqual(of.whole, whole, places=12)
        self.assertGreaterEqual(of.broken, whole - pruned)
        self.assertTrue(all(0 <= v <= 1 for v in of.auc.values()))


if __name__ == "__main__":
    unittest.main()
