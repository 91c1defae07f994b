"""scripts/studies/scaling_law.py: the law of points that have one, claims that turn with their figures, a small form by the built program."""
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
try:
    from studies import scaling_law as study
except ImportError as error:
    raise unittest.SkipTest("needs %s: scripts/setup.sh study" % error.name) from error
from study_common import Run, answer_of, claims_of  # noqa: E402

BINARY = ROOT / "lossbench"
SIZES = [20 * 2 ** k for k in range(7)]


def points(floor=0.3, factor=4.0, exponent=0.5, last=None):
    out = [(n, floor + factor * n ** -exponent) for n in SIZES]
    return out if last is None else out[:5] + [(n, last) for n, _ in out[5:]]


class Laws(unittest.TestCase):
    def test_of_points_that_have_one(self):
        for true in ((0.3, 4.0, 0.5), (0, 2.0, 0.1), (1.2, 30.0, 1.5)):
            law = study.fitted(points(*true)[:5])
            for got, want in zip(law, true):
                self.assertAlmostEqual(got, want, places=6)
            self.assertAlmostEqual(law.at(1e4), true[0] + true[1] * 1e4 ** -true[2], places=6)

    def test_losses_that_rise_have_no_factor(self):
        law = study.fitted([(n, 1 + 0.001 * n) for n in SIZES[:5]])
        self.assertEqual(law.factor, 0)

    def test_errors(self):
        got, = study.errors({1: points(last=0.6)}, 6)
        self.assertAlmostEqual(got.law, abs((0.3 + 4 * SIZES[6] ** -0.5) / 0.6 - 1), places=6)
        self.assertAlmostEqual(got.same, abs((0.3 + 4 * SIZES[4] ** -0.5) / 0.6 - 1), places=6)


class Page(unittest.TestCase):
    def told(self, losses):
        text = study.page({"a": losses, "b": {k: points() for k in range(1, 6)}})
        return text, [c.holds for c in claims_of(text)]

    def test_a_law_that_holds(self):
        text, holds = self.told({k: points() for k in range(1, 6)})
        self.assertEqual(holds, ["yes"] * 5)
        self.assertIn("**Reproduces.**", answer_of(text))
        self.assertIn("| 1280 | 0.4118 | 0.4118, not fitted |", text)

    def test_one_that_does_not_on_one_set(self):
        text, holds = self.told({k: points(last=1.0 if k < 3 else None) for k in range(1, 6)})
        self.assertEqual(holds, ["in part"] * 5)
        self.assertIn("**Reproduces in part:** on b. Met in a 3 of 5; b 5 of 5 splits.", answer_of(text))

    def test_one_that_holds_nowhere(self):
        text = study.page({"a": {k: points(last=1.0) for k in range(1, 6)}})
        self.assertEqual([c.holds for c in claims_of(text)], ["no"] * 5)
        self.assertIn("**Does not reproduce.** Met in a 0 of 5 splits.", answer_of(text))

    def test_one_split_may_fail(self):
        self.assertEqual(self.told({k: points(last=1.0 if k < 2 else None) for k in range(1, 6)})[1], ["yes"] * 5)


@unittest.skipUnless(BINARY.exists(), "lossbench is not built")
class SmallForm(unittest.TestCase):
    def test_trains_and_tells(self):
        short = mock.patch.object(study, "trained", lambda binary, config, folder, jobs, sets, quiet: study_trained(
            binary, config, folder, jobs, [*sets, "train.epochs=2", "data.split.train=0.1"], quiet))
        from study_common import trained as study_trained
        with tempfile.TemporaryDirectory(dir=ROOT / "results") as folder, short, mock.patch.object(study, "FOLDER", Path(folder)), mock.patch.object(
                study, "SETS", ["hpc"]):
            text = study.make(Run("scaling_law", str(BINARY), 2, Path(folder), {"splits": 2}))
        self.assertEqual(len(claims_of(text)), 5)
        sizes = [int(line.split("|")[1]) for line in text.splitlines() if line.startswith("| ") and line[2].isdigit()]
        self.assertEqual([b - a for a, b in zip(sizes, sizes[1:])], [(sizes[1] - sizes[0]) * 2 ** k for k in range(6)])


if __name__ == "__main__":
    unittest.main()
