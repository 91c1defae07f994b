"""scripts/studies/off_the_shelf.py and paired.py: claims that turn with their figures, and a small form in which the classes are two halves."""
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
try:
    import numpy
    from studies import made_rows, off_the_shelf as study
except ImportError as error:
    raise unittest.SkipTest("needs %s: scripts/setup.sh study" % error.name) from error
from study_common import Run, claims_of, trained, undeclared  # noqa: E402

BINARY = ROOT / "lossbench"
OURS = "SVM, hidden features of length 1"


def found(**more):
    return {name: {c: [more.get(c, 0.9 if c == OURS else 0.8)] * 10 for c in study.CONTENDERS} for name in study.SETS}


class Page(unittest.TestCase):
    def told(self, of):
        text = study.page(of)
        self.assertEqual(undeclared(study.STUDY.claims, text), [])
        return [c.holds for c in claims_of(text)]

    def test_bars(self):
        self.assertEqual(self.told(found()), ["yes"] * 4)
        self.assertEqual(self.told(found(**{"network, fine-tuned": 0.9101})), ["yes", "no", "yes", "yes"])
        self.assertEqual(self.told(found(**{"network, from scratch": 0.9, "network, fine-tuned": 0.909})), ["no", "yes", "yes", "yes"])

    def test_eight_of_ten_splits(self):
        of = found()
        for wins, holds in ((8, "yes"), (7, "in part")):
            of["letter"]["network, from scratch"] = [0.8] * wins + [0.91] * (10 - wins)
            self.assertEqual(self.told(of)[0], holds)

    def test_length(self):
        numpy.testing.assert_allclose(study.unit(numpy.array([[3.0, 4], [0, 0]])), [[0.6, 0.8], [0, 0]])


class Budgets(unittest.TestCase):
    def test_six_rates_each(self):
        self.assertEqual({len(options[-1].split(",")) for options in study.CONTENDERS.values()}, {6})


@unittest.skipUnless(BINARY.exists(), "lossbench is not built")
class SmallForm(unittest.TestCase):
    def test_trains_and_tells(self):
        made = []

        def short(binary, config, folder, jobs, sets, quiet):
            trials = trained(binary, config, folder, jobs, [*sets, "train.epochs=2"], quiet)
            made.extend(trials)
            return trials
        with tempfile.TemporaryDirectory(dir=ROOT / "results") as folder, mock.patch.object(study, "FOLDER", Path(folder)), mock.patch.object(
                study, "SETS", {"vowel": 1}), mock.patch.object(made_rows, "trained", short):
            text = study.make(Run("off_the_shelf", str(BINARY), 2, Path(folder), {"splits": 1}))
        self.assertEqual(len(claims_of(text)), 4)
        first, *others = made
        self.assertEqual([len(t["data"]["classes"]) for t in (first, others[0])], [5, 6])
        self.assertTrue(all(t["data"]["classes"] == others[0]["data"]["classes"] for t in others))
        self.assertFalse(set(first["data"]["classes"]) & set(others[0]["data"]["classes"]))
        self.assertEqual(len({t["data"]["rows"]["test"] for t in others}), 1)
        self.assertEqual([t["start"]["model"] for t in others if "start" in t], [first["id"]] * 6)


if __name__ == "__main__":
    unittest.main()
