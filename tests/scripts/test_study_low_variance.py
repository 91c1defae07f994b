"""scripts/studies/low_variance.py: claims that turn with their figures, a small form."""
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
try:
    from studies import low_variance as study
except ImportError as error:
    raise unittest.SkipTest("needs %s: scripts/setup.sh study" % error.name) from error
from study_common import Run, answer_of, claims_of  # noqa: E402

BINARY = ROOT / "lossbench"


def trial(components, auc):
    return {"config": {"model": {"components": components}}, "result": {"metrics": {"test": {"auc": auc, "average_precision": auc / 2}}}}


def found(lows, high=0.8, whole=0.9):
    return {name: study.of_components([trial(c, v) for c, v in (("low", low), ("high", high), ("all", whole)) for _ in range(3)])
            for name, low in zip(study.SETS, lows)}


class Page(unittest.TestCase):
    def told(self, *args, **more):
        text = study.page(found(*args, **more))
        return text, [c.holds for c in claims_of(text)]

    def test_as_the_paper_has_it(self):
        text, holds = self.told([0.9, 0.91, 0.92, 0.9, 0.91, 0.92, 0.93, 0.9])
        self.assertEqual(holds, ["yes"] * 4)
        self.assertIn("**Reproduces.** On 8 of 8; mean gain +0.1112, p 0.000.", answer_of(text))

    def test_bars(self):
        self.assertEqual(self.told([0.9] * 5 + [0.8] * 3)[1], ["no", "yes", "yes", "in part"])
        self.assertEqual(self.told([0.81] * 6 + [0.3, 0.3])[1], ["yes", "no", "yes", "no"])
        self.assertEqual(self.told([0.9] * 8, high=0.95)[1], ["no", "no", "no", "yes"])


@unittest.skipUnless(BINARY.exists(), "lossbench is not built")
class SmallForm(unittest.TestCase):
    def test_trains_and_tells(self):
        with tempfile.TemporaryDirectory(dir=ROOT / "results") as folder, mock.patch.object(study, "FOLDER", Path(folder)):
            text = study.make(Run("low_variance", str(BINARY), 2, Path(folder), {"splits": 1}))
        self.assertEqual(len(claims_of(text)), 4)


if __name__ == "__main__":
    unittest.main()
