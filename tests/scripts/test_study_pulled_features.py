"""scripts/studies/pulled_features.py: the optimum against one that SciPy finds, rows and traces, claims that turn with their figures, and a small form in
which the start has the given features."""
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
try:
    import numpy
    from scipy.optimize import minimize
    from studies import made_rows, pulled_features as study
except ImportError as error:
    raise unittest.SkipTest("needs %s: scripts/setup.sh study" % error.name) from error
from study_common import Run, claims_of, trained, undeclared  # noqa: E402

BINARY = ROOT / "lossbench"


class Optimum(unittest.TestCase):
    def test_alternating_least_squares_end_where_scipy_does(self):
        draw = numpy.random.default_rng(1)
        h, labels = draw.normal(size=(12, 4)), numpy.eye(3)[numpy.repeat(range(3), 4)]
        for pull in (0.1, 0.03):
            problem = study.Problem(h, labels, pull, 0.01)
            start = numpy.concatenate([h.ravel(), problem.best_weights(h).ravel()])
            other = minimize(lambda v: problem.objective(v[:48].reshape(12, 4), v[48:].reshape(3, 4)), start, method="BFGS", options={"gtol": 1e-9})
            least = problem.lowered(problem.best_weights(h), 1000)
            self.assertAlmostEqual(least, other.fun, delta=1e-7 * other.fun)
            self.assertLess(least, problem.lowered(problem.best_weights(h), 1) * (1 - 1e-5))


class Rows(unittest.TestCase):
    def test_as_many_of_each_class_and_sorted(self):
        for name, (count, classes, columns) in {"vowel": (297, 11, 10), "segment": (294, 7, 19)}.items():
            x, y = study.drawn(name, 1)
            self.assertEqual((x.shape, len(numpy.unique(x, axis=0)) > 0.9 * count), ((count, columns), True))
            self.assertEqual(numpy.bincount(y).tolist(), [count // classes] * classes)
            self.assertTrue((numpy.diff(y) >= 0).all())
            self.assertFalse(numpy.array_equal(x, study.drawn(name, 2)[0]))

    def test_traces(self):
        h, y = numpy.array([[0.0, 1], [0, -1], [4, 2], [4, -2]]), numpy.array([0, 0, 1, 1])
        self.assertAlmostEqual(study.traces(h, y), ((1 + 1 + 4 + 4) / 4) / 4)


def split(given, *pulls, left=0.0):
    return study.Split(study.Spread(given, given), [study.Pull(10.0 ** -k, study.Spread(v, v), 1.0, left) for k, v in enumerate(pulls)])


class Page(unittest.TestCase):
    def told(self, bad, left=0.0, odd=2):
        """Of ten splits of every set the first `odd` are bad."""
        text = study.page({name: [split(*(bad if k < odd else (4, 3, 2, 1)), left=left) for k in range(10)] for name in study.SETS})
        self.assertEqual(undeclared(study.STUDY.claims, text), [])
        return [c.holds for c in claims_of(text)]

    def test_bars(self):
        self.assertEqual(self.told((4, 3, 2, 1)), ["yes"] * 4)
        self.assertEqual(self.told((2.5, 3, 2, 1)), ["no", "no", "yes", "yes"])
        self.assertEqual(self.told((2.5, 3, 2, 1), odd=1), ["yes"] * 4)
        self.assertEqual(self.told((4, 3, 1, 2)), ["yes", "yes", "no", "yes"])
        self.assertEqual(self.told((4, 3, 2, 1), left=0.002), ["yes", "yes", "yes", "no"])


@unittest.skipUnless(BINARY.exists(), "lossbench is not built")
class SmallForm(unittest.TestCase):
    def test_the_start_has_the_given_features_and_the_training_ends_at_the_optimum(self):
        seen = []

        def noted(binary, config, folder, jobs, sets, quiet):
            made = trained(binary, config, folder, jobs, sets, quiet)
            seen.extend(made)
            return made

        with tempfile.TemporaryDirectory(dir=ROOT / "results") as folder, mock.patch.object(study, "trained", noted), mock.patch.object(
                study, "FOLDER", Path(folder)), mock.patch.object(study, "SETS", {"vowel": 1}), mock.patch.object(study, "ROWS", 60):
            text = study.make(Run("pulled_features", str(BINARY), 2, Path(folder), {"splits": 1}))
            place = Path(folder) / "vowel"
            network, = made_rows.trained(str(BINARY), study.GIVEN, place, 1, [
                "data.train.path=%s" % (Path(folder) / "vowel-1-given.npz").relative_to(ROOT), "train.seed=1", "output.dir=%s" % place.relative_to(ROOT)], quiet=True)
            start = trained(str(BINARY), study.PULLED, place, 1, [
                "data.generator.counts=[5,5,5,5,5,5,5,5,5,5,5]", "model.start=%s" % (place / "start-1.npz").relative_to(ROOT), "optimizer.lr=1e-12",
                "train.epochs=1", "output.dir=%s" % place.relative_to(ROOT)], quiet=True)[0]
        nc1 = network["result"]["metrics"]["train"]["nc1"]
        self.assertAlmostEqual(start["result"]["metrics"]["train"]["nc1"], nc1, delta=1e-6 * nc1)
        self.assertEqual([c.holds for c in claims_of(text)][3], "yes")
        self.assertIn("| given | ", text)
        self.assertIn(" | %.4f | – |" % nc1, text)
        self.assertEqual([t["config"]["regularisers"][0]["weight"] for t in seen if t["config"]["model"].get("start")], [0.01, 0.001, 0.0001])


if __name__ == "__main__":
    unittest.main()
