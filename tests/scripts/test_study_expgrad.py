"""scripts/studies/expgrad.py: the distance from log-normal by SciPy, signs, claims that turn with their figures, a small form by the built program."""
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
try:
    import numpy
    from scipy import stats
    from studies import expgrad as study
except ImportError as error:
    raise unittest.SkipTest("needs %s: scripts/setup.sh study" % error.name) from error
from study_common import Run, answer_of, claims_of, undeclared, trained as study_trained  # noqa: E402

BINARY = ROOT / "lossbench"


LONGER = study.OURS + ", five times as long"


def found(ours=0.03, other=0.08, kept=1.0, start=0.08, longer=0.02):
    def of(distance, kept=0.9):
        return [study.Weights(distance + 1e-4 * k, 1.5, kept, 0.8) for k in range(10)]
    return {name: {study.AT_FIRST: of(start), study.OURS: of(ours, kept), LONGER: of(longer), "SGD": of(other), "Adam": of(other)} for name in study.SETS}


class Distance(unittest.TestCase):
    def test_that_of_scipy(self):
        sizes = abs(numpy.random.default_rng(1).normal(size=1000))
        logs = numpy.log(sizes)
        of, spread = study.distance(sizes)
        self.assertAlmostEqual(of, stats.kstest((logs - logs.mean()) / logs.std(), "norm").statistic, places=12)
        self.assertAlmostEqual(spread, logs.std(), places=12)

    def test_log_normal_weights_are_near_at_any_scale(self):
        sizes = numpy.exp(3 + 2 * stats.norm.ppf((numpy.arange(2000) + 0.5) / 2000))
        self.assertLess(study.distance(sizes)[0], 0.001)


class Page(unittest.TestCase):
    def told(self, **more):
        text = study.page(found(**more))
        self.assertEqual(undeclared(study.STUDY.claims, text), [])
        return text, [c.holds for c in claims_of(text)]

    def test_as_the_paper_has_it(self):
        text, holds = self.told()
        self.assertEqual(holds, ["yes"] * 6)
        self.assertIn("end log-normal? **Reproduces.** letter 0.03 to 0.0309; ", answer_of(text))
        at = numpy.linspace(-8, 4, 100001)      # ln |N(0, 1)| has mean -(gamma + ln 2) / 2 and deviation pi / sqrt(8), ln U -1 and 1
        half = abs(stats.halfnorm.cdf(numpy.exp(-(numpy.euler_gamma + numpy.log(2)) / 2 + numpy.pi / 8 ** 0.5 * at)) - stats.norm.cdf(at)).max()
        self.assertIn("%.3f for normal weights, %.3f for uniform ones" % (half, stats.norm.cdf(-1)), text)

    def test_bars(self):
        self.assertEqual(self.told(ours=0.0495)[1], ["no", "yes", "yes", "yes", "yes", "yes"])
        self.assertEqual(self.told(kept=0.9999)[1], ["yes", "no", "yes", "yes", "yes", "yes"])
        self.assertEqual(self.told(start=0.02)[1], ["yes", "yes", "no", "yes", "yes", "yes"])
        self.assertEqual(self.told(other=0.02)[1], ["yes", "yes", "yes", "no", "no", "yes"])
        self.assertEqual(self.told(longer=0.031)[1], ["yes", "yes", "yes", "yes", "yes", "no"])


class Budgets(unittest.TestCase):
    def test_six_rates_each(self):
        self.assertEqual({len(sweep[-1].split(",")) for sweeps in study.CONTENDERS.values() for sweep in sweeps}, {6})


@unittest.skipUnless(BINARY.exists(), "lossbench is not built")
class SmallForm(unittest.TestCase):
    def test_trains_and_tells(self):
        short = mock.patch.object(study, "trained", lambda binary, config, folder, jobs, sets, quiet: study_trained(
            binary, config, folder, jobs, [*sets, "train.epochs=3"], quiet))
        with tempfile.TemporaryDirectory(dir=ROOT / "results") as folder, short, mock.patch.object(study, "FOLDER", Path(folder)), mock.patch.object(
                study, "SETS", {"digits": study.SETS["digits"]}):
            text = study.make(Run("expgrad", str(BINARY), 2, Path(folder), {"splits": 1}))
        self.assertEqual(len(claims_of(text)), 6)
        self.assertIn("All of them keep their signs: **Reproduces.** digits 1.", text)


if __name__ == "__main__":
    unittest.main()
