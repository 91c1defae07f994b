"""scripts/studies/views.py: the choice by validation rows, verdicts that turn with their figures, a small form of each study by the built program."""
import math
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
try:
    from studies import views as study
except ImportError as error:
    raise unittest.SkipTest("needs %s: scripts/setup.sh study" % error.name) from error

BINARY = ROOT / "lossbench"


def made(name, level=None):
    """Ten splits of every cell; all contenders are equal but for those that level(contender, cell) moves."""
    of = study.STUDIES[name]
    def values(contender, cell):
        return {m: [0.5 + (level(contender, cell) if level else 0) + 1e-4 * math.sin(5 * k + len(contender)) for k in range(10)] for m in of.measures}
    return {cell: {c: values(c, cell) for c in [*of.contenders, study.RAW, study.RANDOM]} for cell in of.cells}


def claims(text):
    return [line.split("**")[1] if ": **" in line else "" for line in text.splitlines() if line.startswith("- ")]


class Choice(unittest.TestCase):
    def test_by_validation_rows(self):
        def trial(split, valid, test, status="ok"):
            return {"config": {"train": {"seed": split}}, "result": {"status": status, "metrics": {"valid": {"map_at_r": valid}, "test": {"map_at_r": test}}}}
        told = study.chosen([trial(2, 0.1, 0.7), trial(1, 0.3, 0.4), trial(1, 0.4, 0.2), trial(1, 0.9, 0.9, "diverged"), trial(1, None, 0.9)], "map_at_r")
        self.assertEqual(told, [0.2, 0.7])
        self.assertEqual(study.chosen([trial(1, 0.9, 0.9, "diverged")], "map_at_r"), [0.0])


class Verdicts(unittest.TestCase):
    def test_barlow(self):
        good = {"mixed_barlow": 0.1, study.RAW: -0.1, study.RANDOM: -0.1, "nt_xent": -0.1}
        text = study.page("barlow", made("barlow", lambda c, cell: good.get(c, 0) + (
            -0.05 if c == "barlow_twins" and cell.endswith(", five times as long") else 0)))
        self.assertIn("**Reproduces.** By MAP@R mixed_barlow wins 10 of 10 splits on digits", text)
        self.assertEqual(claims(text)[:-1], ["Holds."] * 11)
        self.assertEqual(claims(study.page("barlow", made("barlow")))[2:5], ["Does not hold."] * 3)
        text = study.page("barlow", made("barlow", lambda c, cell: {"mixed_barlow": -0.1, study.RAW: 0.1}.get(c, 0)))
        self.assertIn("**Does not reproduce.** By MAP@R mixed_barlow wins 0 of 10", text)
        self.assertEqual([claims(text)[k] for k in (0, 1, 7, 8)], ["Does not hold."] * 4)

    def test_one_set_is_enough_to_fail(self):
        text = study.page("barlow", made("barlow", lambda c, cell: (-0.1 if cell == "segment" else 0.1) if c == "mixed_barlow" else 0))
        self.assertEqual(claims(text)[:2], ["Does not hold."] * 2)
        self.assertIn("**Reproduces in part.**", text)

    def test_projection_head(self):
        def level(c, cell):
            step = 0.01 * int(cell.split(", ")[1].split(" ")[0])
            return step if c == "nt_xent, before the head" else 0.1 if c == "supcon, before the head" else 0
        text = study.page("projection_head", made("projection_head", level))
        self.assertEqual(claims(text)[:5], ["Holds."] * 5)
        self.assertIn("**Reproduces.** The layer before the head is better on average in 9 of 9 cells, in nine splits of ten in 9, clearly in 9", text)
        text = study.page("projection_head", made("projection_head", lambda c, cell: -0.1 if c.endswith("before the head") else 0))
        self.assertEqual(claims(text)[:-1], ["Does not hold."] * 5)

    def test_isogclr(self):
        text = study.page("isogclr", made("isogclr", lambda c, cell: {"isogclr": 0.2 if cell.endswith(", long tail") else 0.1, study.RANDOM: -0.1}.get(c, 0)))
        self.assertEqual(claims(text)[:5], ["Holds."] * 5)
        text = study.page("isogclr", made("isogclr", lambda c, cell: -0.1 if c == "isogclr" else 0))
        self.assertEqual([claims(text)[k] for k in (0, 1, 4)], ["Does not hold."] * 3)

    def test_noisy_pairs(self):
        def level(c, cell):
            wrong = int(cell.split(", ")[1].split(" ")[0])
            return -0.001 * wrong if c == "trl" else -0.05 if c == "info_nce" else 0
        text = study.page("noisy_pairs", made("noisy_pairs", level))
        self.assertEqual(claims(text)[:3], ["Holds."] * 3)
        self.assertIn("**Reproduces.** Where half are wrong tal is better than trl on average in 3 of 3 cells", text)
        self.assertIn("- What half of the pairs being wrong costs trl: digits 0.050; segment 0.050; satellite 0.050.", text)
        text = study.page("noisy_pairs", made("noisy_pairs", lambda c, cell: -0.1 if c == "tal" else 0))
        self.assertEqual(claims(text)[:3], ["Does not hold."] * 3)


@unittest.skipUnless(BINARY.exists(), "lossbench is not built")
class SmallForm(unittest.TestCase):
    def test_each_on_one_set(self):
        for name, of in study.STUDIES.items():
            cell = next(cell for cell in of.cells if cell.startswith("segment"))
            small = of._replace(cells={cell: of.cells[cell]})
            with tempfile.TemporaryDirectory() as folder:
                values = study.train(str(BINARY), 2, Path(folder), small, ["train.seed=1,2", "train.epochs=3", "optimizer.lr=0.01"])
            self.assertEqual(set(values[cell]), {*of.contenders, study.RAW, study.RANDOM})
            for contender, metrics in values[cell].items():
                self.assertEqual({m: len(v) for m, v in metrics.items()}, {m: 2 for m in of.measures}, contender)
                self.assertTrue(all(0 < v < 1 for found in metrics.values() for v in found), (name, contender))
            found = [metrics[next(iter(of.measures))] for contender, metrics in values[cell].items() if contender in of.contenders]
            self.assertEqual(len({tuple(f) for f in found}), len(found), name)


if __name__ == "__main__":
    unittest.main()
