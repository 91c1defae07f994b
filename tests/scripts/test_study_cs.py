"""scripts/studies/cs.py: the choice by validation rows, verdicts that turn with their figures, a small form by the built program."""
import math
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
try:
    from studies import cs as study
except ImportError as error:
    raise unittest.SkipTest("needs %s: scripts/setup.sh study" % error.name) from error

BINARY = ROOT / "lossbench"


def made(changed=None):
    """Four sets, all noises, eight splits; the contenders have equal errors but for the changed ones, with noise or always."""
    out = {}
    for name in study.SETS:
        for noise in study.NOISES:
            out[name, noise] = {study.BASELINE: [1.0]}
            for c in study.CONTENDERS:
                value = (changed or {}).get((c, noise != study.NOISES[0]), (changed or {}).get(c, 0.5))
                out[name, noise][c] = [value + 1e-3 * math.sin(5 * k + len(c)) for k in range(8)]
    return out


def verdicts(text):
    return [line.split("**")[1] if ": **" in line else "" for line in text.splitlines() if line.startswith("- ")]


class Choice(unittest.TestCase):
    def test_by_validation_rows(self):
        def trial(noise, seed, valid, test, status="ok"):
            return {"config": {"train": {"seed": seed}, "corrupt": {"labels": noise}},
                    "result": {"status": status, "metrics": {"valid": {"mae": valid}, "test": {"mae": test}}}}
        heavy = {"kind": "student_t", "nu": 1.5}
        told = study.chosen([trial({"kind": "none"}, 2, 1, 7), trial({"kind": "none"}, 1, 3, 4), trial({"kind": "none"}, 1, 2, 5),
                             trial({"kind": "none"}, 1, 0, 6, "diverged"), trial(heavy, 1, 1, 9)])
        self.assertEqual(told, {"no noise": [5, 7], "nu 1.5": [9]})


class Page(unittest.TestCase):
    def test_as_the_paper_has_it(self):
        good = {study.CS: 0.3, "cs, inputs 3": 0.2, "cs, inputs 0.3": 0.5, "cs, inputs 1, sum of squares": 0.3, "cs, inputs 1 + qmi": 0.2,
                "mse + qmi": 0.4, "cs_marginal": 1.0, "mse + cs_marginal": 0.4}
        text = study.page(made(good))
        self.assertEqual(verdicts(text), ["Holds."] * 12 + ["", ""])
        self.assertIn("In 16 of 16 cells it is so; it is better than mse in 0.", text)
        self.assertIn("heavy tails? **Yes.** It is on average better than squared error in 12 of 12", text)

    def test_a_better_robust_loss(self):
        text = study.page(made({study.CS: 0.4, "mae": 0.3}))
        self.assertEqual([verdicts(text)[k] for k in (1, 3)], ["Holds.", "Does not hold."])
        self.assertIn("**Yes, and so do simpler losses.**", text)
        self.assertIn("that read no inputs, mae", text)

    def test_each_fails_by_its_own_figure(self):
        for changed, which in (({study.CS: 0.6}, [0, 1, 2, 3, 5]), ({"cs, inputs 0.3": 0.6}, [4]), ({"cs, inputs 3": 0.6}, [6]),
                               ({"cs, inputs 1, sum of squares": 0.6}, [7]), ({"cs, inputs 1 + qmi": 0.6}, [8]), ({"mse + qmi": 0.6}, [9]),
                               ({"cs_marginal": 0.8}, [10]), ({"mse + cs_marginal": 0.6}, [11])):
            told = verdicts(study.page(made(changed)))
            self.assertEqual({told[k] for k in which}, {"Does not hold."}, changed)
        told = verdicts(study.page(made({(study.CS, False): 0.6, (study.CS, True): 0.3})))
        self.assertEqual(told[:3], ["Does not hold.", "Holds.", "Holds."])


@unittest.skipUnless(BINARY.exists(), "lossbench is not built")
class SmallForm(unittest.TestCase):
    def test_one_set(self):
        noises = "corrupt.labels={kind: none},{kind: student_t, nu: 1.5, scale: 0.5}"
        few = {c: [sweep for sweep in sweeps[:1]] for c, sweeps in study.CONTENDERS.items()}
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(study, "CONTENDERS", few):
            found = study.train(str(BINARY), 2, Path(folder), {"concrete": []}, ["train.seed=1,2", "train.epochs=15", noises])
        self.assertEqual(set(found), {("concrete", "no noise"), ("concrete", "nu 1.5")})
        for of in found.values():
            self.assertEqual(set(of), {*study.CONTENDERS, study.BASELINE})
            self.assertTrue(all(len(v) == 2 for c, v in of.items() if c != study.BASELINE))
        heavy = {c: study.mean(v) for c, v in found["concrete", "nu 1.5"].items()}
        self.assertLess(heavy[study.CS], heavy["mse"])
        self.assertGreater(heavy["cs_marginal"], 0.9 * heavy[study.BASELINE])
        text = study.mae_table({"no noise": found["concrete", "no noise"], "nu 1.5": found["concrete", "nu 1.5"]})
        self.assertEqual(len(text), 2 + len(study.CONTENDERS) + 2)


if __name__ == "__main__":
    unittest.main()
