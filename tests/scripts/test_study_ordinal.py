"""scripts/studies/ordinal.py: means and marks of the tables, counts over the settings, and claims that fail when their figures do."""
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
try:
    from studies import ordinal as study
except ImportError as error:
    raise unittest.SkipTest("needs %s: scripts/setup.sh study" % error.name) from error

SEEDS = range(1, 11)
NOISE = [0.001 * v for v in (3, -1, 4, -1, 5, -9, 2, -6, 5, -3)]


def trial(seed, loss, decision, mae, kappa):
    return {"config": {"train": {"seed": seed}, "loss": {"name": loss}, "evaluate": {"threshold": decision}},
            "result": {"metrics": {"test": {"rank_mae": mae, "weighted_kappa": kappa, "accuracy": 0.5, "log_loss": 1.0}}}}


def values(**levels):
    """By loss: (rank_mae, weighted_kappa) on average, the same with both decisions; seeds out of order."""
    return study.values_of([trial(s, loss, d, mae + NOISE[(3 * s + n) % 10], kappa + NOISE[(7 * s + n) % 10]) for s in reversed(SEEDS)
                            for n, (loss, (mae, kappa)) in enumerate(levels.items()) for d in study.DECISIONS])


SAME = values(ce=(0.3, 0.7), squared_emd=(0.3, 0.7), ordinal_smoothing=(0.3, 0.7), cumulative_logit=(0.3, 0.7), coral=(0.3, 0.7), corn=(0.3, 0.7))
MIXED = values(ce=(0.3, 0.7), squared_emd=(0.2, 0.8), ordinal_smoothing=(0.4, 0.6), cumulative_logit=(0.4, 0.7), coral=(0.3, 0.7), corn=(0.3, 0.7))
WON = values(ce=(0.3, 0.7), squared_emd=(0.2, 0.8), ordinal_smoothing=(0.2, 0.8), cumulative_logit=(0.2, 0.8), coral=(0.2, 0.8), corn=(0.2, 0.8))


def claims(found):
    return [line.split("**")[1] for line in study.page(found).splitlines() if line.startswith("- ")]


class Ordinal(unittest.TestCase):
    def test_values_stand_by_seed(self):
        want = [0.3 + NOISE[3 * s % 10] for s in SEEDS]
        self.assertEqual(SAME["ce", "fixed", "rank_mae"], want)
        self.assertEqual(study.losses(SAME), ["ce", "squared_emd", "ordinal_smoothing", "cumulative_logit", "coral", "corn"])

    def test_a_smaller_distance_and_a_larger_kappa_are_gains(self):
        self.assertEqual(study.gain("rank_mae", [1.0, 2.0], [2.0, 1.5]), [1.0, -0.5])
        self.assertEqual(study.gain("weighted_kappa", [1.0, 2.0], [2.0, 1.5]), [-1.0, 0.5])

    def test_marks(self):
        lines = {line.split(" | ")[0][2:]: line for line in study.loss_table(MIXED)[2:-1]}
        self.assertEqual(lines["squared_emd"], "| squared_emd | 0.200 + | 0.200 + | 0.800 + | 0.800 + | 0.500 | 1.000 |")
        self.assertEqual(lines["ordinal_smoothing"], "| ordinal_smoothing | 0.400 - | 0.400 - | 0.600 - | 0.600 - | 0.500 | 1.000 |")
        self.assertEqual(lines["cumulative_logit"], "| cumulative_logit | 0.400 - | 0.400 - | 0.700 | 0.700 | 0.500 | 1.000 |")
        self.assertEqual(lines["ce"], "| ce | 0.300 | 0.300 | 0.700 | 0.700 | 0.500 | 1.000 |")

    def test_counts(self):
        found = {("ctg", "linear"): MIXED, ("ctg", "mlp"): SAME, ("hpc", "linear"): WON}
        self.assertEqual(study.better_and_worse(found, "squared_emd", "fixed", "rank_mae"), (2, 0))
        self.assertEqual(study.better_and_worse(found, "ordinal_smoothing", "median", "weighted_kappa"), (1, 1))
        self.assertEqual(study.settings_with_a_winner(found, "fixed", "rank_mae"), ["ctg linear", "hpc linear"])
        self.assertIn("**Not in general.** Of 30 comparisons with the likeliest class, 12 are for the loss of ordered classes and 3 for cross-entropy; "
                      "the other 15 tell nothing.", study.answer(found))

    def test_claims_follow_the_figures(self):
        all_won = {("ctg", "linear"): WON, ("ctg", "mlp"): WON}
        self.assertEqual(claims(all_won), ["Holds."] * 7 + ["Does not hold."])
        self.assertIn("**Yes.**", study.answer(all_won))
        none_won = {("ctg", "linear"): SAME, ("ctg", "mlp"): SAME}
        self.assertEqual(claims(none_won), ["Does not hold."] * 5 + ["Holds."] * 2 + ["Does not hold."])
        self.assertIn("**No.**", study.answer(none_won))
        mixed = {("ctg", "linear"): MIXED, ("ctg", "mlp"): SAME}
        self.assertEqual(claims(mixed), ["Does not hold."] * 4 + ["Holds.", "Does not hold.", "Holds.", "Does not hold."])
        self.assertIn("Worse: cumulative_logit on ctg.", study.page(mixed))


if __name__ == "__main__":
    unittest.main()
