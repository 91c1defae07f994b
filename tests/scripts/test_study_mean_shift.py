"""scripts/studies/mean_shift.py and outlier_tables.py: tables, claims that turn with their figures, a small form."""
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
try:
    from studies import mean_shift as study, outlier_tables as tables
except ImportError as error:
    raise unittest.SkipTest("needs %s: scripts/setup.sh study" % error.name) from error
from study_common import Run, answer_of, claims_of, trained as study_trained  # noqa: E402

BINARY = ROOT / "lossbench"


def trial(detector, rounds, auc):
    model, loss = ("gaussian", "mse") if detector == "gaussian" else ("mlp", detector)
    return {"config": {"model": {"kind": model}, "loss": {"name": loss}, "evaluate": {"anomaly": {"shift_rounds": rounds}}},
            "result": {"metrics": {"train": {"auc": auc}}}}


def found(apre=0.9, mse=0.9, gaussian=0.9, worse=0, plain=0.8):
    """Every set gains from `plain` to these, but for so many that lose a little."""
    out = {}
    for k, name in enumerate(study.SETS):
        trials = [trial(d, rounds, (auc if k >= worse else 0.79) if rounds else plain + 0.001 * (d == "apre"))
                  for d, auc in (("apre", apre), ("mse", mse), ("gaussian", gaussian)) for rounds in (0, 3) for _ in range(2)]
        out[name] = study.areas(trials)
    return out


class Tables(unittest.TestCase):
    def test_the_largest_class_and_a_tenth_of_others(self):
        rows = [["1", "b"]] * 20 + [["2", "a"]] * 20 + [["3", "c"], ["4", "c"]]
        kept = tables.thinned(rows)
        self.assertEqual(sum(row[-1] == "normal" for row in kept), 20)
        self.assertEqual([row for row in kept if row[-1] == "normal"], [["2", "normal"]] * 20)
        self.assertEqual([row for row in kept if row[-1] == "outlier"], [["1", "outlier"], ["1", "outlier"]])


class Page(unittest.TestCase):
    def told(self, **more):
        text = study.page(found(**more), 2)
        return text, [c.holds for c in claims_of(text)]

    def test_as_the_paper_has_it(self):
        text, holds = self.told()
        self.assertEqual(holds, ["yes"] * 4)
        self.assertIn("**Reproduces.** On 8 of 8, mean +12.4 %.", answer_of(text))

    def test_bars(self):
        self.assertEqual(self.told(worse=2)[1], ["yes"] * 4)
        self.assertEqual(self.told(worse=3)[1], ["no", "no", "no", "yes"])
        self.assertEqual(self.told(mse=0.83)[1], ["yes", "no", "yes", "yes"])
        self.assertEqual(self.told(gaussian=0.5)[1], ["yes", "yes", "no", "yes"])


@unittest.skipUnless(BINARY.exists(), "lossbench is not built")
class SmallForm(unittest.TestCase):
    def test_trains_and_tells(self):
        short = mock.patch.object(study, "trained", lambda binary, config, folder, jobs, sets, quiet: study_trained(
            binary, config, folder, jobs, [*sets, "train.epochs=2"], quiet))
        with tempfile.TemporaryDirectory(dir=ROOT / "results") as folder, short, mock.patch.object(study, "FOLDER", Path(folder)), mock.patch.object(
                study, "SETS", ["ionosphere"]), mock.patch.object(study, "TABLES", Path(folder) / "tables"), mock.patch.object(
                tables, "OUT", Path(folder) / "tables"):
            tables.main()
            text = study.make(Run("mean_shift", str(BINARY), 2, Path(folder), {"seeds": 1}))
        self.assertEqual(len(claims_of(text)), 4)


if __name__ == "__main__":
    unittest.main()
