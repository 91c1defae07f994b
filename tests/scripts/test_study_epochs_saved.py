"""scripts/studies/epochs_saved.py: epochs to a goal, choices by training loss and by validation rows, claims that turn with their figures, a small form."""
import math
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
try:
    from studies import epochs_saved as study
except ImportError as error:
    raise unittest.SkipTest("needs %s: scripts/setup.sh study" % error.name) from error
from study_common import Run, answer_of, claims_of, undeclared, trained as study_trained  # noqa: E402

BINARY = ROOT / "lossbench"


def trial(seed, losses, valid=0.5, test=0.5, status="ok"):
    return {"config": {"train": {"seed": seed}},
            "result": {"status": status, "curves": {"train.log_loss": losses}, "metrics": {"valid": {"accuracy": valid}, "test": {"accuracy": test}}}}


def falling(by):
    return [math.exp(-by * (k + 1)) for k in range(20)]


def found(name, speed=2.0, slow=None, gain=0.0, splits=10):
    """Splits of each set: plain, and as fast as said with the others; on digits, and in two splits of the others, as fast as `slow`, where it is given."""
    def trials(set_name, contender):
        if contender == study.PLAIN:
            return [trial(s, falling(0.1)) for s in range(splits)]
        return [trial(s, falling(0.1 * (slow if slow and (set_name == "digits" or s < 2) else speed)), test=0.5 + gain * (s > 1)) for s in range(splits)]
    sets, contenders = study.STUDIES[name].given("sets", "contenders")
    return {of: {base: {c: trials(of, c) for c in by_name} for base, by_name in contenders.items()} for of in sets}


class Races(unittest.TestCase):
    def test_share(self):
        self.assertEqual(study.share([3, 2, 1, 0], 1, 4), 0.75)
        self.assertEqual(study.share([3, 2, 1, 0], 3.5, 4), 0.25)
        self.assertEqual(study.share([3, 2, 1, 0], 0, 2), 2)
        self.assertEqual(study.share([3, 2], 1, 2), math.inf)

    def test_a_goal_is_the_best_plain_loss_and_accuracy_that_of_the_best_on_validation_rows(self):
        plain = [trial(1, [2, 1], 0.6, 0.7), trial(1, [2, 0.5], 0.5, 0.9), trial(1, [None, None], 0.9, 0.1, "diverged")]
        race, = study.races(plain[:2], [trial(1, [0.5, 0.4], 0.5, 0.75), trial(1, [0.7, 0.6], 0.4, 0.2)])
        self.assertEqual((race.last, race.share, race.accuracy), (0.4, 0.5, 0.75))
        self.assertAlmostEqual(race.gain, 0.05)
        race, = study.races(plain[:2], [plain[2]])
        self.assertEqual((race.last, race.share), (math.inf, math.inf))

    def test_the_best_eight_of_ten(self):
        races = [study.Race(0, k / 10, 0.5, 0.1 if k > 1 else -0.1) for k in range(1, 11)]
        told = study.figures(races, 0.8)
        self.assertEqual((max(told["epochs"]), told["won"]), (0.8, 0.9))
        self.assertEqual(max(study.figures(races, 1)["epochs"]), 1.0)


class Page(unittest.TestCase):
    def told(self, name, *args, **more):
        text = study.page(study.STUDIES[name], found(name, *args, **more))
        self.assertEqual(undeclared(study.STUDIES[name].claims, text), [])
        return text, [c.holds for c in claims_of(text)]

    def test_as_the_papers_have_it(self):
        text, holds = self.told("tract", splits=3)
        self.assertEqual(holds, ["yes"] * 3)
        self.assertIn("**Reproduces.** Shares of the epochs: fashion 0.50 0.50 0.50;", answer_of(text))
        text, holds = self.told("multi_dropout", gain=0.01)
        self.assertEqual(holds, ["yes"] * 4 + ["no"])
        self.assertIn("+0.0080, more in 8 of 10;", text)

    def test_bars(self):
        self.assertEqual(self.told("tract", 1.25)[1], ["yes"] * 3)
        self.assertEqual(self.told("tract", 1.1)[1], ["no", "no", "yes"])
        self.assertEqual(self.told("tract", slow=1.1)[1], ["no", "no", "yes"])
        self.assertEqual(self.told("tract", gain=-0.007)[1], ["yes", "yes", "no"])
        text, holds = self.told("tract", 0.5)
        self.assertEqual(holds, ["no", "no", "yes"])
        self.assertIn("| never in 10 of 10 |", text)

    def test_eight_of_ten_splits_are_enough(self):
        self.assertEqual(self.told("multi_dropout", slow=1.1)[1], ["in part", "in part", "no", "no", "no"])


class Budgets(unittest.TestCase):
    def test_each_contender_has_six_settings(self):
        for name, of in study.STUDIES.items():
            for base, by_name in of.settings["contenders"].items():
                for sweeps in by_name.values():
                    self.assertEqual(sum(len(word.split(",")) for sweep in sweeps for word in sweep if word.startswith("optimizer.lr=")), 6, (name, base))


@unittest.skipUnless(BINARY.exists(), "lossbench is not built")
class SmallForm(unittest.TestCase):
    def test_trains_and_tells(self):
        short = mock.patch.object(study, "trained", lambda binary, config, folder, jobs, sets, quiet: study_trained(
            binary, config, folder, jobs, [*sets, "train.epochs=3"], quiet))
        for name, of in study.STUDIES.items():
            small = of._replace(settings={**of.settings, "sets": {"digits": of.settings["sets"]["digits"]}})
            with self.subTest(name), tempfile.TemporaryDirectory(dir=ROOT / "results") as folder, short, mock.patch.object(
                    study, "RESULTS", Path(folder)), mock.patch.dict(study.STUDIES, {name: small}):
                text = study.make(Run(name, str(BINARY), 2, Path(folder), {"splits": 1}))
                self.assertEqual(len(claims_of(text)), len(of.claims))
                self.assertIn("after 3 epochs", text)


if __name__ == "__main__":
    unittest.main()
