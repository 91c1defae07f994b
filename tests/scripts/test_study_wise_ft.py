"""scripts/studies/wise_ft.py and shifted_tables.py: what a shift does, parts without common rows, claims that turn with their figures, a small form in
which the accuracies are those that the program measures."""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
try:
    import numpy
    from studies import hidden_features, shifted_tables as tables, made_rows, wise_ft as study
except ImportError as error:
    raise unittest.SkipTest("needs %s: scripts/setup.sh study" % error.name) from error
from study_common import Run, claims_of, trained, undeclared  # noqa: E402

BINARY = ROOT / "lossbench"


class Parts(unittest.TestCase):
    def test_rows_are_those_of_the_samples_and_no_part_has_another_s(self):
        for name, rows in (("digits", 1797), ("satellite", 6435), ("vowel", None)):
            of = tables.parts(name, 1)
            sizes = [len(of[part].x) for part in ("start", "tuned", "test", "shifted")]
            if rows:
                self.assertEqual((sum(sizes[:3]), sizes[2]), (rows, sizes[3]))
                numpy.testing.assert_array_equal(of["test"].y, of["shifted"].y)
            else:
                self.assertEqual(sizes, [8 * 66, 132, 66, 4 * 66])
            both = numpy.unique(numpy.vstack([of["tuned"].x, of["test"].x]), axis=0)
            self.assertEqual(len(both), len(numpy.unique(of["tuned"].x, axis=0)) + len(numpy.unique(of["test"].x, axis=0)))
            self.assertTrue(all(set(p.y) == set(of["start"].y) for p in of.values()))

    def test_what_a_shift_does(self):
        draw = numpy.random.default_rng(1)
        image = numpy.zeros((600, 9))
        image[:, 4] = 8
        changed = tables.other_images(image, draw)
        noisy = (abs(changed) > 0).sum(axis=1) > 1
        self.assertTrue(0.1 < noisy.mean() < 0.25)
        self.assertEqual({tuple(row) for row in changed[~noisy]}, {tuple(numpy.eye(9)[k] * 8) for k in (1, 3, 5, 7)} | {tuple(numpy.eye(9)[4] * 4)})
        light = tables.other_light(numpy.ones((5, 36)), draw).reshape(5, 9, 4)
        self.assertTrue((light == light[:, :1]).all() and 0.8 <= light.min() < light.max() <= 1.25)


def found(**more):
    of = {"the start": 0.7, "fine-tuned": 0.7, "averaged": 0.8, "fine-tuned, smoothed": 0.7, "averaged, smoothed": 0.85, **more}
    return {name: {c: [{"test": v, "shifted": v} for _ in range(10)] for c, v in of.items()} for name in study.SETS}


class Page(unittest.TestCase):
    def told(self, **more):
        text = study.page(found(**more))
        self.assertEqual(undeclared(study.STUDY.claims, text), [])
        return [c.holds for c in claims_of(text)]

    def test_bars(self):
        self.assertEqual(self.told(), ["yes"] * 4)
        self.assertEqual(self.told(**{"fine-tuned": 0.805}), ["no", "yes", "yes", "yes"])
        self.assertEqual(self.told(**{"fine-tuned": 0.815}), ["no", "yes", "no", "yes"])
        self.assertEqual(self.told(**{"the start": 0.9, "averaged, smoothed": 0.79}), ["yes", "no", "yes", "no"])


@unittest.skipUnless(BINARY.exists(), "lossbench is not built")
class SmallForm(unittest.TestCase):
    def test_trains_and_tells(self):
        short = mock.patch.object(made_rows, "trained", lambda binary, config, folder, jobs, sets, quiet: trained(
            binary, config, folder, jobs, [*sets, "train.epochs=3"], quiet))
        with tempfile.TemporaryDirectory(dir=ROOT / "results") as folder, short, mock.patch.object(study, "FOLDER", Path(folder)), mock.patch.object(
                study, "SETS", ["vowel"]):
            text = study.make(Run("wise_ft", str(BINARY), 2, Path(folder), {"splits": 1}))
        self.assertEqual(len(claims_of(text)), 4)

    def test_accuracies_are_those_of_the_program(self):
        rows = tables.parts("vowel", 1)["shifted"]
        with tempfile.TemporaryDirectory(dir=ROOT / "results") as name:
            folder, place = Path(name), Path(name).relative_to(ROOT)
            numpy.savez(folder / "rows.npz", X=rows.x, y=rows.y)
            trial, *_ = trained(str(BINARY), study.CONFIG, folder, 2, [
                "data.train.path=%s/rows.npz" % place, "output.dir=%s" % place, "train.seed=1", "train.epochs=3"], quiet=True)
            told = subprocess.run([str(BINARY), "predict", "--model", hidden_features.model_of(trial), "--data", "%s/rows.npz" % place, "--what", "labels",
                                   "--quiet"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.split()[1:]
            mine = study.accuracy(trial, rows)
        self.assertAlmostEqual(mine, numpy.mean([int(line.split(",")[-1].strip('"')) == y for line, y in zip(told, rows.y)]), places=12)


if __name__ == "__main__":
    unittest.main()
