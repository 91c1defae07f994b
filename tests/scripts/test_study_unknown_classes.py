"""scripts/studies/unknown_classes.py: nearness by SciPy and scikit-learn, claims that turn with their figures, a small form whose accuracy is the
program's."""
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
try:
    import numpy
    from scipy.spatial.distance import mahalanobis
    from studies import hidden_features, unknown_classes as study
except ImportError as error:
    raise unittest.SkipTest("needs %s: scripts/setup.sh study" % error.name) from error
from study_common import Run, claims_of, trained, undeclared  # noqa: E402

BINARY = ROOT / "lossbench"


def found(hidden=0.9, softmax=0.8, features=0.85):
    return {name: [{"hidden": hidden, "softmax": softmax + 1e-3 * k, "features": features, study.ACCURACY: 0.9} for k in range(10)] for name in study.SETS}


class Nearness(unittest.TestCase):
    def test_by_scipy(self):
        draw = numpy.random.default_rng(1)
        x, label = draw.normal(size=(60, 3)) @ draw.normal(size=(3, 3)), numpy.repeat(["a", "b", "c"], 20)
        x += numpy.repeat([[0, 0, 0], [3, 0, 1], [0, 5, 0]], 20, axis=0)
        means = {name: x[label == name].mean(axis=0) for name in "abc"}
        rest = numpy.array([row - means[name] for row, name in zip(x, label)])
        inverse = numpy.linalg.inv(rest.T @ rest / 60)
        away = [min(mahalanobis(row, m, inverse) ** 2 for m in means.values()) for row in x[::7]]
        numpy.testing.assert_allclose(study.nearness(x, label, x[::7]), -numpy.array(away), rtol=1e-9)
        wide = numpy.hstack([x, numpy.zeros((60, 1)), x[:, :1]])        # a column without variance, and one twice
        numpy.testing.assert_allclose(study.nearness(wide, label, wide[::7]), -numpy.array(away), rtol=1e-6)

    def test_auc(self):
        self.assertEqual(hidden_features.auc(numpy.array([3, 2]), numpy.array([1, 2])), 0.875)


class Page(unittest.TestCase):
    def told(self, **more):
        text = study.page(found(**more))
        self.assertEqual(undeclared(study.STUDY.claims, text), [])
        return [c.holds for c in claims_of(text)]

    def test_bars(self):
        self.assertEqual(self.told(), ["yes"] * 3)
        self.assertEqual(self.told(softmax=0.8921), ["yes"] * 3)         # two of ten are above
        self.assertEqual(self.told(softmax=0.8931), ["no", "yes", "yes"])
        self.assertEqual(self.told(hidden=0.79, softmax=0.5), ["yes", "no", "no"])


@unittest.skipUnless(BINARY.exists(), "lossbench is not built")
class SmallForm(unittest.TestCase):
    def test_trains_and_tells(self):
        made = []

        def kept(*args, **more):
            trials = trained(*args, **more)
            made.extend(trials)
            return trials
        with tempfile.TemporaryDirectory(dir=ROOT / "results") as folder, mock.patch.object(study, "FOLDER", Path(folder)), mock.patch.object(
                study, "SETS", {"vowel": study.SETS["vowel"]}), mock.patch.object(study, "trained", kept), mock.patch.object(study, "page", lambda told: told):
            told = study.make(Run("unknown_classes", str(BINARY), 2, Path(folder), {"splits": 1}))["vowel"][0]
            trial, = made
            with numpy.load(ROOT / hidden_features.model_of(trial)) as model:
                rows = hidden_features.rows_of(trial, model["columns"])
                z = hidden_features.scores(model, hidden_features.features(model, rows.x[rows.test]))
                right = numpy.mean(model["classes"][z.argmax(axis=1)] == rows.label[rows.test])
        self.assertEqual(len(trial["config"]["data"]["ignore_labels"]), 3)
        self.assertFalse(set(trial["config"]["data"]["ignore_labels"]) & set(rows.label[rows.test]))
        self.assertAlmostEqual(right, trial["result"]["metrics"]["test"]["accuracy"], places=12)
        self.assertEqual(told[study.ACCURACY], trial["result"]["metrics"]["test"]["accuracy"])
        self.assertTrue(all(0 <= v <= 1 for v in told.values()))


if __name__ == "__main__":
    unittest.main()
