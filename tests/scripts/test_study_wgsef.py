"""scripts/studies/wgsef.py: units of a network that has lost some, the choice among settings that are near, claims that turn with their figures."""
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
try:
    from studies import wgsef as study
except ImportError as error:
    raise unittest.SkipTest("needs %s: scripts/setup.sh study" % error.name) from error
from study_common import Run, answer_of, claims_of, trained as study_trained  # noqa: E402

BINARY = ROOT / "lossbench"
INPUTS, CLASSES = 10, 3


def trial(seed, gone=0, valid=0.9, test=0.9, hidden=128, status="ok"):
    weights = hidden * (INPUTS + CLASSES)
    metrics = {part: {"accuracy": a, "sparsity": gone * INPUTS / weights} for part, a in (("valid", valid), ("test", test))}
    return {"config": {"train": {"seed": seed}, "model": {"hidden": [hidden]}}, "data": {"classes": ["c"] * CLASSES},
            "result": {"status": status, "parameters": weights + hidden + CLASSES, "metrics": metrics if status == "ok" else None}}


def found(ours, lasso, start=64, test=0.9, odd=0):
    """Five splits of each set; in `odd` of them no penalty removes anything."""
    def of(name):
        splits = range(1, 6)
        return {"plain": [trial(s) for s in splits], "group lasso": [trial(s, lasso) for s in splits],
                "wgsef": [trial(s, ours if s > odd else 0, test=test) for s in splits], "fewer units": [trial(s, hidden=start) for s in splits]}
    return {name: of(name) for name in study.SETS}


class Units(unittest.TestCase):
    def test_of_a_network(self):
        self.assertEqual([study.units(trial(1, gone)) for gone in (0, 1, 77, 128)], [128, 127, 51, 0])
        self.assertEqual(study.units(trial(1, 3, hidden=8)), 5)

    def test_the_fewest_of_those_that_are_near(self):
        ours = [trial(1, 100, valid=0.889), trial(1, 50, valid=0.89, test=0.8), trial(1, 40, valid=0.95), trial(1, status="diverged")]
        of = study.left({"plain": [trial(1, valid=0.9), trial(1, valid=0.2)], "wgsef": ours})
        self.assertEqual(of["wgsef"], [study.Left(78, 128, 0.8)])
        of = study.left({"plain": [trial(1, valid=0.9, test=0.7)], "wgsef": ours[:1]})
        self.assertEqual(of["wgsef"], [study.Left(128, 128, 0.7)])


class Page(unittest.TestCase):
    def told(self, *args, **more):
        text = study.page(found(*args, **more))
        return text, [c.holds for c in claims_of(text)]

    def test_as_the_paper_has_it(self):
        text, holds = self.told(80, 40)
        self.assertEqual(holds, ["yes"] * 4)
        self.assertIn("**Reproduces.**", answer_of(text))
        self.assertIn("| digits | 128.0 | 88.0 | 48.0 | 64.0 |", text)

    def test_bars(self):
        self.assertEqual(self.told(80, 80)[1], ["no", "yes", "yes", "yes"])
        self.assertEqual(self.told(80, 40, odd=1)[1], ["yes"] * 4)
        self.assertEqual(self.told(80, 40, odd=2)[1], ["no", "no", "yes", "no"])
        self.assertEqual(self.told(63, 40)[1], ["yes", "no", "yes", "no"])
        self.assertEqual(self.told(80, 40, test=0.89)[1], ["yes"] * 4)
        self.assertEqual(self.told(80, 40, test=0.8899)[1], ["yes", "yes", "no", "yes"])
        self.assertEqual(self.told(80, 40, start=48)[1], ["yes", "yes", "yes", "no"])


class Budgets(unittest.TestCase):
    def test_each_contender_has_twelve_settings(self):
        for name, sweeps in study.CONTENDERS.items():
            self.assertEqual(sum(len(word.split(",")) for sweep in sweeps for word in sweep if word.startswith("optimizer.lr=")), 12, name)


@unittest.skipUnless(BINARY.exists(), "lossbench is not built")
class SmallForm(unittest.TestCase):
    def test_trains_and_tells(self):
        seen = []

        def short(binary, config, folder, jobs, sets, quiet):
            made = study_trained(binary, config, folder, jobs, [*sets, "train.epochs=5"], quiet)
            seen.extend(made)
            return made

        with tempfile.TemporaryDirectory(dir=ROOT / "results") as folder, mock.patch.object(study, "trained", short), mock.patch.object(
                study, "FOLDER", Path(folder)), mock.patch.object(study, "SETS", {"digits": study.SETS["digits"]}):
            text = study.make(Run("wgsef", str(BINARY), 2, Path(folder), {"splits": 1}))
        self.assertEqual((len(claims_of(text)), len(seen)), (4, 48))
        self.assertRegex(text, r"Units left on average, by WGSEF and by the group lasso: digits \d+\.0 and \d+\.0\.\n")
        left = [study.units(t) for t in seen if t["config"].get("regularisers")]
        self.assertTrue(0 < min(left) < 64 and max(left) == 128, left)


if __name__ == "__main__":
    unittest.main()
