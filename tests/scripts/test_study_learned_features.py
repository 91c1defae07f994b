"""scripts/studies/learned_features.py: features by the program's own scores, variance explained by hand, claims that turn with their figures, a small
form by the built program."""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
try:
    import numpy
    from studies import feature_tables, hidden_features, learned_features as study
except ImportError as error:
    raise unittest.SkipTest("needs %s: scripts/setup.sh study" % error.name) from error
from study_common import Run, answer_of, claims_of, trained, undeclared  # noqa: E402

BINARY = ROOT / "lossbench"


def found(ratio=3.0, first=0.1, right=1.0):
    """Of each network: what the majority explains over what the parity does, what either explains more where it was learned first."""
    def of(majority, parity):
        return [study.Learned({"majority": majority, "parity": parity}, right) for _ in range(10)]
    return {name: {"together": of(0.1 * ratio, 0.1), "majority first": of(0.1 * ratio + first, 0.1), "parity first": of(0.1 * ratio, 0.1 + first)}
            for name in study.SETS}


class Explained(unittest.TestCase):
    def test_by_hand(self):
        label = numpy.array([0, 0, 1, 1])
        h = numpy.array([[0, 0], [2, 0], [4, 0], [6, 8]], dtype=float)      # means 1, 5 and 0, 4: 4 of 5, and 4 of 12
        self.assertAlmostEqual(study.explained(h, label), (4 + 4) / (5 + 12))
        self.assertEqual(study.explained(numpy.array([[1.0], [1], [3], [3]]), label), 1)

    def test_labels(self):
        x = numpy.array([[1, 1, 0, 1, 1, 1], [1, 0, 0, 1, 0, 1]])
        self.assertEqual({name: list(v) for name, v in feature_tables.labels(x).items()}, {"majority": [1, 0], "parity": [1, 0]})


class Page(unittest.TestCase):
    def told(self, **more):
        text = study.page(found(**more))
        self.assertEqual(undeclared(study.STUDY.claims, text), [])
        return text, [c.holds for c in claims_of(text)]

    def test_as_the_paper_has_it(self):
        text, holds = self.told()
        self.assertEqual(holds, ["yes"] * 4)
        self.assertIn("more strongly? **Reproduces.** one hidden layer: 3.00 to 3.00 times;", answer_of(text))

    def test_bars(self):
        self.assertEqual(self.told(ratio=1.9)[1], ["yes", "no", "yes", "yes"])
        self.assertEqual(self.told(first=-0.01)[1], ["yes", "yes", "no", "no"])
        self.assertEqual(self.told(right=0.98)[1], ["no", "yes", "yes", "yes"])


class Tables(unittest.TestCase):
    def test_the_other_label_is_never_there(self):
        with tempfile.TemporaryDirectory() as name:
            feature_tables.write(Path(name))
            y = {}
            for table in ("both", "majority", "parity"):
                with numpy.load(Path(name) / (table + ".npz")) as file:
                    x, y[table] = file["X"], file["y"]
        self.assertEqual(set(x.ravel()), {0, 1})
        numpy.testing.assert_array_equal(y["both"], y["majority"] + y["parity"])
        numpy.testing.assert_array_equal(y["majority"][:, 1] + y["parity"][:, 0], 0)
        self.assertTrue((abs(y["both"].mean(axis=0) - 0.5) < 0.05).all())


@unittest.skipUnless(BINARY.exists(), "lossbench is not built")
class SmallForm(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(dir=ROOT / "results")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        feature_tables.write(self.folder)

    def test_the_output_layer_makes_the_scores_of_the_features(self):
        place = self.folder.relative_to(ROOT)
        trial, = trained(str(BINARY), study.CONFIG, self.folder, 1, [
            "train.seed=1", "train.epochs=2", "model.hidden=[8,5]", "output.dir=%s" % place, "data.train.path=%s/both.npz" % place], quiet=True)
        told = self.folder / "scores.npy"
        subprocess.run([str(BINARY), "predict", "--model", hidden_features.model_of(trial), "--data", "%s/both.npz" % place, "--out", str(told), "--quiet"], cwd=ROOT, check=True)
        with numpy.load(ROOT / hidden_features.model_of(trial)) as model, numpy.load(self.folder / "both.npz") as rows:
            h = hidden_features.features(model, rows["X"])
            self.assertEqual(h.shape, (feature_tables.ROWS, 5))
            numpy.testing.assert_allclose(hidden_features.scores(model, h), numpy.load(told), rtol=1e-4, atol=1e-5)

    def test_trains_and_tells(self):
        short = {"together": 2, "first": 1, "then": 1}
        with mock.patch.object(study, "FOLDER", self.folder), mock.patch.object(study, "EPOCHS", short):
            text = study.make(Run("learned_features", str(BINARY), 2, self.folder, {"splits": 1}))
        self.assertEqual(len(claims_of(text)), 4)
        self.assertIn("2 epochs on both labels", text)


if __name__ == "__main__":
    unittest.main()
