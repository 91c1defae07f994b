"""scripts/studies/dice_shift.py: formulas at their limits, verdicts that turn with their figures, a small form by the built program."""
import math
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
try:
    from studies import dice_shift as study
except ImportError as error:
    raise unittest.SkipTest("needs %s: scripts/setup.sh study" % error.name) from error

BINARY = ROOT / "lossbench"
NOISES = (0.1, 0.3, 1, 3)
LOSSES = [*study.BY_DISTANCE, *("%s %g" % (loss, l) for loss in ("shift_dice", "shift_iou") for l in study.LENGTHS)]


def gradients(changed=None):
    """Exactly what the formulas say."""
    out = {}
    for loss, formula in study.FORMULAS.items():
        for length in ((0,) if loss in study.BY_DISTANCE else study.LENGTHS):
            for s in study.NOISES:
                out[loss, length, s] = study.Found(formula(s, length), 1e-6, math.erf(length / s) if length else 0)
    out.update(changed or {})
    return out


def tuned(better=()):
    """A distance for each seed, smaller for some losses."""
    return {(loss, n): [(0.5 if loss in better else 1.0) * (1 + 0.01 * math.sin(k + len(loss))) for k in range(10)] for loss in LOSSES for n in NOISES}


def away(same=(), own=()):
    return {regime: ({key: {rate: v for rate in (study.SLOW_RATE, study.SAME_RATE)} for key, v in tuned(same).items()}, tuned(own))
            for regime in study.REGIMES}


def verdicts(text):
    return [line.split("**")[1] if "**" in line else "" for line in text.splitlines() if line.startswith("- ")]


class Formulas(unittest.TestCase):
    def test_limits(self):
        """Small noise: all within the length, the squares linear; a smoothed distance is the half square near 0 and the distance far out."""
        self.assertAlmostEqual(study.FORMULAS["shift_dice"](1e-3, 4), 1 / 16)
        self.assertAlmostEqual(study.iou(1e-4, 4), 4 / 16, places=4)
        self.assertAlmostEqual(study.smooth(0.05), 0.0025, places=9)
        self.assertAlmostEqual(study.smooth(1e4), 1, places=3)
        self.assertAlmostEqual(study.iou(3, 4), 0.07, places=2)

    def test_crossing(self):
        for length in (4, 12):
            s = study.crossing(length)
            self.assertAlmostEqual(s * s, study.FORMULAS["shift_dice"](s, length), places=9)
        self.assertAlmostEqual(study.crossing(12), 1 / 12, places=6)

    def test_nearer(self):
        self.assertTrue(study.nearer([1, 1.1, 0.9], [2, 2.1, 2]))
        self.assertFalse(study.nearer([2, 2.1, 2], [1, 1.1, 0.9]))
        self.assertFalse(study.nearer([1, 1.1, 0.9], [1.05, 1, 1]))
        self.assertTrue(study.nearer([1, 1], [math.inf, 1]))
        self.assertFalse(study.nearer([math.inf, 1], [1, 1]))


class Page(unittest.TestCase):
    def test_a_gradient_off_its_formula(self):
        self.assertEqual(verdicts(study.page(gradients(), away()))[:7], ["Holds.", "Holds.", "Holds.", "Does not hold.", "Holds.", "Holds.", "Holds."])
        text = study.page(gradients({("shift_dice", 12, 1): study.Found(1.5, 1e-6, 0.9)}), away())
        self.assertEqual([verdicts(text)[k] for k in (0, 1, 2, 4)], ["Does not hold."] * 4)
        self.assertIn("1.5 (formula 0.00694)", text)

    def test_theorem(self):
        dice = ("shift_dice 4", "shift_dice 12")
        text = study.page(gradients(), away(same=dice))
        self.assertEqual(verdicts(text)[7:11], ["Holds.", "Does not hold.", "Holds.", "Does not hold."])
        self.assertIn("On average nearer in 14 of 14 cells, clearly in 14; clearly farther in 0", text)
        self.assertIn("In 2 of 4 settings: the same rate", text)
        text = study.page(gradients(), away(same=dice, own=dice))
        self.assertEqual(verdicts(text)[7:11], ["Holds.", "Holds.", "Does not hold.", "Holds."])
        self.assertIn("**Yes.**", text)
        text = study.page(gradients(), away(same=("shift_l2", "shift_l1")))
        self.assertIn("clearly farther in 14 (shift_dice 4 against shift_l1 at s = 0.3", text)
        self.assertEqual(verdicts(text)[-2], "Does not hold.")

    def test_the_rate_by_validation_rows(self):
        def trial(lr, valid, status="ok"):
            return {"id": "%g" % lr, "config": {"loss": {"name": "shift_l1"}, "train": {"seed": 1}, "optimizer": {"lr": lr}, "data": {"generator": {"noise": 1}}},
                    "result": {"status": status, "metrics": {"valid": {"mae": valid}}}}
        with mock.patch.object(study, "weights", side_effect=lambda folder, t: study.numpy.array([float(t["id"]), 0.0])):
            fixed, best = study.deviations([trial(1, 0.5), trial(2, 0.3), trial(3, 0.1, "diverged")], Path(), {1: study.numpy.array([0.0, 1.0])})
        self.assertEqual(fixed, {("shift_l1", 1): {1: [2.0], 2: [5.0], 3: [math.inf]}})
        self.assertEqual(best, {("shift_l1", 1): [5.0]})


@unittest.skipUnless(BINARY.exists(), "lossbench is not built")
class SmallForm(unittest.TestCase):
    def test_gradients(self):
        with mock.patch.object(study, "NOISES", (0.3, 3)):
            found = study.measured(str(BINARY), 2000)
        self.assertEqual(len(found), 18)
        for (loss, length, s), f in found.items():
            self.assertLessEqual(study.away_from_formula(f, study.FORMULAS[loss](s, length)), 1, (loss, length, s))

    def test_weights(self):
        with tempfile.TemporaryDirectory() as folder:
            found = study.train(str(BINARY), 2, Path(folder), ["data.generator.noise=1", "train.seed=1,2", "optimizer.lr=0.003,0.1"])
            truth = study.trained(str(BINARY), study.CONFIG, Path(folder) / "falling", 1,
                                                     [*study.TRUTH, "train.seed=1,2", "output.dir=%s/falling" % folder], quiet=True)
        self.assertTrue(all(t["result"]["metrics"]["test"]["rmse"] < 1e-10 for t in truth))
        for fixed, own in found.values():
            self.assertEqual(set(fixed), {(loss, 1) for loss in LOSSES})
            self.assertTrue(all(len(v) == 2 and max(v) < 10 for v in own.values()))
        constant = found["constant"][0]
        self.assertLess(study.middle(constant["shift_dice 12", 1][0.1]), study.middle(constant["shift_l1", 1][0.1]))


if __name__ == "__main__":
    unittest.main()
