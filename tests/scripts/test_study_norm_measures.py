"""scripts/studies/norm_measures.py: the measures by hand, margins and wrong labels, claims that turn with their figures, and a small form in which
margins tell the training accuracy of the record."""
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
    from studies import norm_measures as study
except ImportError as error:
    raise unittest.SkipTest("needs %s: scripts/setup.sh study" % error.name) from error
from study_common import Run, claims_of, trained, undeclared  # noqa: E402

BINARY = ROOT / "lossbench"


class Measures(unittest.TestCase):
    def test_by_hand(self):
        of = study.Weights(numpy.diag([3.0, 4.0]), numpy.diag([2.0, 1.0]), 12, 4, 5.0, 0.5)
        per = 5 / (0.5 * 2)
        expected = {"parameters": math.sqrt(3), "margin": per, "Frobenius norms": 5 * math.sqrt(5) * per,
                    "spectral norms": 4 * 2 * ((7 / 4) ** (2 / 3) + (3 / 2) ** (2 / 3)) ** 1.5 * per,
                    "path norm": math.sqrt(4 * 9 + 1 * 16) * per, "all weights": math.sqrt(30 / 4)}
        self.assertEqual(list(study.MEASURES), list(expected))
        for name, value in expected.items():
            self.assertAlmostEqual(study.MEASURES[name](of), value, msg=name)

    def test_the_margin_that_nine_tenths_reach(self):
        told, y = numpy.array([[k, 0.0, -9] for k in range(11)]), numpy.zeros(11, dtype=int)
        self.assertAlmostEqual(study.margin(told, y), 1.0)

    def test_rows(self):
        (x, y), (other, labels) = study.rows_of("vowel", 0, 1)
        (x2, noisy), (_, noisy_labels) = study.rows_of("vowel", 0.2, 1)
        self.assertEqual((x.shape, other.shape), ((300, 10), (690, 10)))
        numpy.testing.assert_array_equal(x, x2)
        for a, b in ((y, noisy), (labels, noisy_labels)):
            self.assertTrue(0.12 < (a != b).mean() < 0.28)


def found(measure):
    """On each set gaps of 0.1 to 0.5; of every measure what it is for a gap."""
    return {name: [study.Network(g, {m: measure(g, k) for m in study.MEASURES}) for g in (0.1, 0.2, 0.3, 0.4, 0.5)] for k, name in enumerate(study.SETS)}


class Page(unittest.TestCase):
    def told(self, measure):
        text = study.page(found(measure), 1)
        self.assertEqual(undeclared(study.STUDY.claims, text), [])
        return [c.holds for c in claims_of(text)]

    def test_bars(self):
        self.assertEqual(self.told(lambda g, k: 9 - g), ["yes"] * 4)                   # the wrong way round
        self.assertEqual(self.told(lambda g, k: 3 * g), ["no", "no", "no", "no"])       # the gap itself
        self.assertEqual(self.told(lambda g, k: 30 * g * (1 + k)), ["yes", "yes", "yes", "no"])    # of another scale on each set
        self.assertEqual(study.loose(found(lambda g, k: 2 * g), "margin")["vowel"], 0)


@unittest.skipUnless(BINARY.exists(), "lossbench is not built")
class SmallForm(unittest.TestCase):
    def test_trains_and_tells(self):
        seen = []

        def noted(binary, config, folder, jobs, sets, quiet):
            made = trained(binary, config, folder, jobs, [*sets, "train.epochs=60", "model.hidden=[32],[128]"], quiet)
            seen.extend(made)
            return made

        def margins(told, y):
            seen.append(float(numpy.mean(told.argmax(axis=1) == y)))
            return 1.0

        with tempfile.TemporaryDirectory(dir=ROOT / "results") as folder, mock.patch.object(study, "trained", noted), mock.patch.object(
                study, "FOLDER", Path(folder)), mock.patch.object(study, "SETS", {"digits8x8": 0}), mock.patch.object(study, "margin", margins):
            text = study.make(Run("norm_measures", str(BINARY), 2, Path(folder), {"draws": 1}))
        trials, accuracies = [t for t in seen if isinstance(t, dict)], [t for t in seen if isinstance(t, float)]
        self.assertEqual((len(trials), len(claims_of(text))), (32, 4))
        fitted = [t["result"]["metrics"]["train"]["accuracy"] for t in trials if t["result"]["metrics"]["train"]["accuracy"] >= study.FITTED]
        numpy.testing.assert_allclose(accuracies, fitted, atol=1e-6)


if __name__ == "__main__":
    unittest.main()
