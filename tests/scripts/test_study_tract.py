"""scripts/studies/tract.py: epochs to a goal, choices by training loss and by validation rows, claims that turn with their figures, a small form."""
import math
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
try:
    from studies import tract as study
except ImportError as error:
    raise unittest.SkipTest("needs %s: scripts/setup.sh study" % error.name) from error
from study_common import Run, answer_of, claims_of, trained as study_trained  # noqa: E402

BINARY = ROOT / "lossbench"


def trial(seed, losses, valid=0.5, test=0.5, status="ok"):
    return {"config": {"train": {"seed": seed}},
            "result": {"status": status, "curves": {"train.log_loss": losses}, "metrics": {"valid": {"accuracy": valid}, "test": {"accuracy": test}}}}


def falling(by):
    return [math.exp(-by * (k + 1)) for k in range(20)]


def found(speed=2.0, slow=None, gain=0.0):
    """Three seeds of each set: plain, and as fast as said with TrAct; on digits as fast as `slow`, where it is given."""
    def pair(name):
        by = slow if slow and name == "digits" else speed
        return {"plain": [trial(s, falling(0.1)) for s in (1, 2, 3)], "tract": [trial(s, falling(0.1 * by), test=0.5 + gain) for s in (1, 2, 3)]}
    return {name: {base: pair(name) for base in study.CONTENDERS} for name in study.SETS}


class Races(unittest.TestCase):
    def test_share(self):
        self.assertEqual(study.share([3, 2, 1, 0], 1), 0.75)
        self.assertEqual(study.share([3, 2, 1, 0], 3.5), 0.25)
        self.assertEqual(study.share([3, 2], 1), math.inf)

    def test_a_goal_is_the_best_plain_loss_and_accuracy_that_of_the_best_on_validation_rows(self):
        plain = [trial(1, [2, 1], 0.6, 0.7), trial(1, [2, 0.5], 0.5, 0.9), trial(1, [None, None], 0.9, 0.1, "diverged")]
        race, = study.races(plain[:2], [trial(1, [0.5, 0.4], 0.5, 0.75), trial(1, [0.7, 0.6], 0.4, 0.2)])
        self.assertEqual((race.goal, race.last, race.share, race.accuracy), (0.5, 0.4, 0.5, 0.7))
        self.assertAlmostEqual(race.gain, 0.05)
        race, = study.races(plain[:2], [plain[2]])
        self.assertEqual((race.last, race.share), (math.inf, math.inf))


class Page(unittest.TestCase):
    def told(self, *args, **more):
        text = study.page(found(*args, **more))
        return text, [c.holds for c in claims_of(text)]

    def test_as_the_paper_has_it(self):
        text, holds = self.told()
        self.assertEqual(holds, ["yes"] * 3)
        self.assertIn("**Reproduces.** Shares of the epochs: fashion 0.50 0.50 0.50;", answer_of(text))

    def test_bars(self):
        self.assertEqual(self.told(1.25)[1], ["yes"] * 3)
        self.assertEqual(self.told(1.1)[1], ["no", "no", "yes"])
        self.assertEqual(self.told(slow=1.1)[1], ["in part", "in part", "yes"])
        self.assertEqual(self.told(gain=-0.0051)[1], ["yes", "yes", "no"])
        text, holds = self.told(0.5)
        self.assertEqual(holds, ["no", "no", "yes"])
        self.assertIn("| never in 3 of 3 |", text)


class Budgets(unittest.TestCase):
    def test_each_contender_has_six_settings(self):
        for base, pair in study.CONTENDERS.items():
            for sweeps in pair.values():
                self.assertEqual(sum(len(word.split(",")) for sweep in sweeps for word in sweep if word.startswith("optimizer.lr=")), 6, base)


@unittest.skipUnless(BINARY.exists(), "lossbench is not built")
class SmallForm(unittest.TestCase):
    def test_trains_and_tells(self):
        short = mock.patch.object(study, "trained", lambda binary, config, folder, jobs, sets, quiet: study_trained(
            binary, config, folder, jobs, [*sets, "train.epochs=3"], quiet))
        with tempfile.TemporaryDirectory(dir=ROOT / "results") as folder, short, mock.patch.object(study, "FOLDER", Path(folder)), mock.patch.object(
                study, "SETS", {"digits": study.SETS["digits"]}):
            text = study.make(Run("tract", str(BINARY), 2, Path(folder), {"splits": 1}))
        self.assertEqual(len(claims_of(text)), 3)
        self.assertIn("after 3 epochs", text)


if __name__ == "__main__":
    unittest.main()
