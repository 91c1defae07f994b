"""scripts/studies/hl_gauss.py: the losses it makes, the choice by validation rows, verdicts that turn with their figures, a small form."""
import math
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
try:
    from studies import hl_gauss as study
except ImportError as error:
    raise unittest.SkipTest("needs %s: scripts/setup.sh study" % error.name) from error

BINARY = ROOT / "lossbench"


def made(better=None):
    """Four sets without and with noise, ten splits: {contender: rmse}; correlations fall with the rmse."""
    out = {}
    for name in study.SETS:
        for noise in study.NOISES:
            of = {}
            for contender in study.CONTENDERS:
                rmse = [(better or {}).get((contender, noise), (better or {}).get(contender, 1.0)) + 1e-3 * math.sin(k + len(contender)) for k in range(10)]
                of[contender] = {"rmse": rmse, "pearson": [1 - v / 4 for v in rmse], "spearman": [1 - v / 4 for v in rmse]}
            out[name, noise] = of
    return out


def verdicts(text):
    return [line.split("**")[1] if "**" in line else "" for line in text.splitlines() if line.startswith("- ") and ": **" in line]


class Losses(unittest.TestCase):
    def test_labels(self):
        d = study.Data(1, 5, [])
        self.assertEqual(study.nearest(d), "{name: hl_gauss, lo: 0.5, hi: 5.5, bins: 5, sigma: 0.0001}")
        self.assertEqual(study.between(d, 5), "{name: soft_label_kl, lo: 1, hi: 5, levels: 5, sigma: 0.0001}")
        self.assertEqual(study.CONTENDERS["soft label 5 + 20 fidelity"](d),
                         ["loss={name: soft_label_kl, lo: 1, hi: 5, levels: 5}", "terms=[{name: fidelity, lo: 1, hi: 5, levels: 5, weight: 20}]"])

    def test_choice(self):
        def trial(noise, seed, valid, test, status="ok"):
            return {"config": {"corrupt": {"labels": {"sd": noise}}, "train": {"seed": seed}},
                    "result": {"status": status, "metrics": {"valid": {"rmse": valid}, "test": {"rmse": test, "pearson": None, "spearman": 0.5}}}}
        told = study.chosen([trial(0, 2, 1, 7), trial(0, 1, 3, 4), trial(0, 1, 2, 5), trial(0, 1, 1, 6, "diverged"), trial(1, 1, 1, 9)])
        self.assertEqual([told[0]["rmse"], told[1]["rmse"]], [[5, 7], [9]])
        self.assertTrue(math.isnan(told[0]["pearson"][0]))


class Page(unittest.TestCase):
    def test_claims(self):
        good = {"histogram 50": 0.8, "own bin 50": 0.9, "two levels of 51": 0.9, "soft label 5": 0.8, "soft label 5 + fidelity": 0.7,
                "soft label 5 + 20 fidelity": 0.7, "nearest level of 5": 1.3, ("histogram 50", 1): 0.7}
        text = study.page(made(good))
        self.assertEqual(verdicts(text), ["Holds."] * 10)
        self.assertIn("**Yes.** Better on average in 8 of 8 cells, clearly in 8, clearly worse in 0.", text)
        self.assertEqual(text.count("not testable here"), 2)

    def test_each_fails_by_its_own_figure(self):
        for contender, which in (("own bin 50", [2]), ("two levels of 51", [3]), ("nearest level of 5", [4, 5]), ("fidelity 5", [9])):
            text = study.page(made({"histogram 50": 0.8, "soft label 5": 0.8, contender: 0.7}))
            self.assertEqual({verdicts(text)[k] for k in which}, {"Does not hold."}, contender)
        text = study.page(made({"histogram 50": 1.2, "soft label 5": 0.8, ("histogram 50", 1): 1.3}))
        self.assertEqual(verdicts(text)[:2], ["Does not hold."] * 2)
        self.assertIn("clearly worse in 8", text)

    def test_clear_needs_more_than_one_cell_by_chance(self):
        values = made()
        told = study.gains(values, "histogram 50", "mse", "rmse")
        self.assertTrue(all(t.p > 0.05 for t in told.tests.values()), told)


@unittest.skipUnless(BINARY.exists(), "lossbench is not built")
class SmallForm(unittest.TestCase):
    def test_one_set(self):
        data = {"concrete": study.SETS["concrete"]}
        with tempfile.TemporaryDirectory() as folder:
            found = study.train(str(BINARY), 2, Path(folder), data, ["train.seed=1,2", "optimizer.lr=0.03", "train.epochs=30", "train.early_stopping=null"])
        self.assertEqual(set(found), {("concrete", 0), ("concrete", 1)})
        for of in found.values():
            self.assertEqual(list(of), list(study.CONTENDERS))
            self.assertTrue(all(len(v["rmse"]) == 2 and (c == "fidelity 5" or 3 < v["rmse"][0] < 14) for c, v in of.items()), of)
        clean = {c: study.mean(v["rmse"]) for c, v in found["concrete", 0].items()}
        self.assertLess(clean["soft label 5"], clean["nearest level of 5"])
        self.assertLess(clean["soft label 5"], clean["fidelity 5"])
        self.assertIn("Means over 2 splits", study.page({("concrete", n): found["concrete", n] for n in (0, 1)}))


if __name__ == "__main__":
    unittest.main()
