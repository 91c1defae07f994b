"""scripts/studies/aggregate.py: the risk formula against a simulation and its special cases, and a claim that fails when its figure does.
Then a small form of the study: a few draws of configs/aggregate by the built program."""
import os
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
try:
    from studies import aggregate as study
except ImportError as error:
    raise unittest.SkipTest("needs %s: scripts/setup.sh study" % error.name) from error
from study_common import trained  # noqa: E402

BINARY = os.environ.get("LOSSBENCH") or str(ROOT / "lossbench")


class Formula(unittest.TestCase):
    def test_published(self):
        for rho, expected in ((0.02, 0.363), (0.1, 0.296), (0.5, 0.472), (1, 0.607)):
            self.assertAlmostEqual(study.risk(study.Setting(400, 50, 4, rho)), expected, delta=0.0006)

    def test_instance_level(self):
        for n, d, k in ((400, 50, 4), (1000, 20, 8), (480, 60, 1)):
            psi = n / d
            expected = (1 - 1 / k) ** 2 + (1 - 1 / k) / k / (psi - 1) + study.SIGMA2 / (k * (psi - 1))
            self.assertAlmostEqual(study.risk(study.Setting(n, d, k, 1)), expected, places=9)

    def test_bag_level(self):
        """No bias, and the variance of m rows of means."""
        self.assertAlmostEqual(study.risk(study.Setting(400, 50, 4, 0)), study.SIGMA2 / (400 / 50 / 4 - 1), places=9)
        with self.assertRaises(ValueError):
            study.risk(study.Setting(400, 150, 4, 0))

    def test_private_sizes(self):
        self.assertAlmostEqual(study.best_size(480, 60), 6.08, delta=0.005)
        risks = {k: study.risk(study.Setting(480, 60, k, 1), study.private_sigma2(k)) for k in range(1, 13)}
        for k, expected in ((1, 4.64), (2, 1.46), (3, 1.01), (4, 0.89), (5, 0.86), (6, 0.85), (8, 0.88), (12, 0.89)):
            self.assertAlmostEqual(risks[k], expected, delta=0.02)
        self.assertEqual(min(risks, key=risks.get), 6)


    def test_fitted_size(self):
        """Of points on the formula it is the formula's; of a parabola in 1/k, its lowest point."""
        exact = [(k, study.risk(study.Setting(480, 60, k, 1), study.private_sigma2(k)), 0.01) for k in range(1, 13)]
        self.assertAlmostEqual(study.fitted_size(exact), study.best_size(480, 60), places=6)
        self.assertAlmostEqual(study.fitted_size([(k, 3 + (1 / k - 0.25) ** 2, 0.1 * k) for k in (1, 2, 5, 9)]), 4, places=6)


class Measure(unittest.TestCase):
    def test_risk_of_the_coefficients(self):
        """A risk of 0.3 gives a test error of 25 + 50 (0.3 + (0.5 + 0.3) / 400); with private labels the noise of the intercept is larger."""
        config = {"data": {"generator": {"noise": 5, "features": 50}, "split": {"first": 400}, "bags": {"size": 4}}, "corrupt": {}, "loss": {"rho": 0.1}}
        trial = {"config": config, "result": {"metrics": {"test": {"mse": 25 + 50 * (0.3 + 0.8 / 400)}}}}
        self.assertAlmostEqual(study.risk_of(trial), 0.3, places=12)
        config["corrupt"] = {"bags": {"kind": "laplace"}}
        trial["result"]["metrics"]["test"]["mse"] = 25 + 50 * (0.3 + (0.5 + 32 / 4 + 0.3) / 400)
        self.assertAlmostEqual(study.risk_of(trial), 0.3, places=12)


def found(shift=0.0):
    """Records that agree with the formula but for a shift."""
    levels = {s: study.Found(study.risk(s) + shift, 0.005, 200) for s in (study.Setting(400, 50, 4, rho) for rho in (0.02, 0.1, 0.5, 1.0))}
    sizes = [study.Setting(480, 60, k, 1.0) for k in range(1, 13)]
    private = {s: study.Found(study.risk(s, study.private_sigma2(s.size)), 0.005, 200) for s in sizes}
    return levels, private


def verdicts(text):
    return [line.split("**")[1] for line in text.splitlines() if line.startswith("- ")]


class Page(unittest.TestCase):
    def test_all_hold(self):
        self.assertEqual(verdicts(study.page(*found())), ["Holds."] * 5)

    def test_risks_that_are_too_large(self):
        self.assertEqual(verdicts(study.page(*found(shift=0.1))), ["Holds.", "Does not hold.", "Holds.", "Holds.", "Holds."])

    def test_another_best_size(self):
        levels, private = found()
        for size in (10, 11, 12):
            private[study.Setting(480, 60, size, 1.0)] = study.Found(0.5, 0.005, 200)
        self.assertEqual(verdicts(study.page(levels, private))[3:], ["Does not hold.", "Does not hold."])

    def test_no_interior_optimum(self):
        levels, private = found()
        levels[study.Setting(400, 50, 4, 0.02)] = study.Found(0.1, 0.005, 200)
        self.assertEqual(verdicts(study.page(levels, private))[2], "Does not hold.")


@unittest.skipUnless(Path(BINARY).exists(), "lossbench is not built")
class SmallForm(unittest.TestCase):
    """Twelve draws: each mean within five standard errors of the formula, the order of the weights as it says."""

    def run_config(self, config, *sets):
        with tempfile.TemporaryDirectory() as folder:
            trials = trained(BINARY, config, Path(folder), 2, ["output.dir=" + folder, *sets], quiet=True)
            self.assertEqual({t["result"]["status"] for t in trials}, {"ok"})
            return study.gather(trials)

    def test_weights(self):
        got = self.run_config(study.RISK, "train.seed=1,2,3,4,5,6,7,8,9,10,11,12")
        self.assertEqual({f.draws for f in got.values()}, {12})
        for s, f in got.items():
            self.assertLess(abs(f.mean - study.risk(s)), 5 * f.error)
        self.assertEqual(min(got, key=lambda s: got[s].mean).rho, 0.1)

    def test_private(self):
        got = self.run_config(study.PRIVATE, "train.seed=1,2,3,4,5,6,7,8,9,10", "data.bags.size=1,6")
        for s, f in got.items():
            self.assertLess(abs(f.mean - study.risk(s, study.private_sigma2(s.size))), 5 * f.error)
        risks = {s.size: f.mean for s, f in got.items()}
        self.assertGreater(risks[1], 3 * risks[6])


if __name__ == "__main__":
    unittest.main()
