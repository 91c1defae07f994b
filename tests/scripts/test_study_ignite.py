"""scripts/studies/ignite.py: functions at their optima, the surrogate's predictions and slopes, the search, claims that turn with their figures."""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
try:
    import numpy as np
    from studies import ignite as study
except ImportError as error:
    raise unittest.SkipTest("needs %s: scripts/setup.sh study" % error.name) from error
from study_common import Run, answer_of, claims_of  # noqa: E402

BINARY = ROOT / "lossbench"
OPTIMA = {"styblinski_tang": (-2.903534 / 5, 39.16616570377142 * 8), "rosenbrock": (0.5, 0), "ackley": (0.3, 0), "levy": (0.1, 0)}


def network(inputs=8, hidden=5):
    rng = np.random.default_rng(3)
    sizes = [inputs, hidden, hidden, 1]
    out = {"scale": rng.uniform(0.5, 2, inputs), "shift": rng.normal(size=inputs)}
    for k, (i, o) in enumerate(zip(sizes, sizes[1:]), 1):
        out.update({"W%d" % k: rng.normal(size=(o, i)), "b%d" % k: rng.normal(size=o)})
    return out


class Functions(unittest.TestCase):
    def test_optima(self):
        self.assertEqual(sorted(OPTIMA), sorted(study.TASKS))
        for task, (at, value) in OPTIMA.items():
            x = np.full((1, 8), at)
            self.assertAlmostEqual(study.FUNCTIONS[task](x)[0], value, places=9)
            beside = study.FUNCTIONS[task](x + np.random.default_rng(1).normal(scale=0.01, size=(50, 8)))
            self.assertLess(beside.max(), value)

    def test_training_sees_the_worse_part(self):
        designs = study.drawn("levy", 2)
        self.assertEqual(len(designs.seen), 1200)
        self.assertTrue((np.diff(designs.values) >= 0).all())
        self.assertEqual(designs.scored(designs.values)[0], 0)
        self.assertLess(designs.scored(designs.values)[-1], 1)
        self.assertTrue((study.drawn("levy", 2).seen == designs.seen).all())
        self.assertFalse((study.drawn("levy", 3).seen == designs.seen).any())


class Search(unittest.TestCase):
    def test_slopes_are_those_of_the_predictions(self):
        model, x = network(), np.random.default_rng(5).uniform(-1, 1, (7, 8))
        slope, step = study.surrogate(model, x)[1], 1e-6
        for k in range(8):
            beside = [study.surrogate(model, x + s * step * np.eye(8)[k])[0] for s in (1, -1)]
            np.testing.assert_allclose(slope[:, k], (beside[0] - beside[1]) / (2 * step), rtol=1e-6, atol=1e-8)

    def test_it_goes_up_and_stays_in_the_box(self):
        model, x = network(), np.random.default_rng(5).uniform(-1, 1, (7, 8))
        found = study.searched(model, x)
        self.assertLessEqual(abs(found).max(), 1)
        self.assertTrue((study.surrogate(model, found)[0] > study.surrogate(model, x)[0]).all())


def found(better=0.1, fixed=0.1, median=0.1, odd=0):
    """Ten seeds of each function, of which in `odd` IGNITE finds less."""
    def of(task):
        less = [-0.05 if k < odd else 1 for k in range(10)]
        return {"plain": [study.Value(0.8, 0.6)] * 10, "weight decay": [study.Value(0.8, 0.6)] * 10,
                "ignite": [study.Value(0.8 + better * s, 0.6 + median * s) for s in less], "ignite, fixed": [study.Value(0.8 + fixed * s, 0.6) for s in less]}
    return {task: of(task) for task in study.TASKS}


class Page(unittest.TestCase):
    def told(self, seen=0.7, **more):
        text = study.page(found(**more), {task: seen for task in study.TASKS})
        return text, [c.holds for c in claims_of(text)]

    def test_as_the_paper_has_it(self):
        text, holds = self.told()
        self.assertEqual(holds, ["yes"] * 4)
        self.assertIn("**Reproduces.** styblinski_tang in 10 of 10;", answer_of(text))
        self.assertIn("| levy | 0.700 | 0.800 | 0.800 | 0.900 | 0.900 |", text)

    def test_bars(self):
        self.assertEqual(self.told(odd=2)[1], ["yes"] * 4)
        self.assertEqual(self.told(odd=3)[1], ["no", "no", "no", "yes"])
        self.assertEqual(self.told(better=0)[1], ["no", "yes", "yes", "yes"])
        self.assertEqual(self.told(fixed=-0.1)[1], ["yes", "yes", "no", "yes"])
        self.assertEqual(self.told(median=0)[1], ["yes", "no", "yes", "yes"])
        self.assertEqual(self.told(seen=0.8)[1], ["yes", "yes", "yes", "no"])


class Budgets(unittest.TestCase):
    def test_each_contender_has_six_settings(self):
        for name, sweeps in study.CONTENDERS.items():
            self.assertEqual(sum(len(word.split(",")) for sweep in sweeps for word in sweep if word.startswith("optimizer.lr=")), 6, name)


@unittest.skipUnless(BINARY.exists(), "lossbench is not built")
class SmallForm(unittest.TestCase):
    def test_trains_searches_and_tells(self):
        few = {name: [[*sweep[:-1], "optimizer.lr=0.003", "train.epochs=3"] for sweep in sweeps[:1]] for name, sweeps in study.CONTENDERS.items()}
        with tempfile.TemporaryDirectory(dir=ROOT / "results") as folder, mock.patch.object(study, "FOLDER", Path(folder)), mock.patch.object(
                study, "CONTENDERS", few), mock.patch.object(study, "TASKS", ["levy"]):
            text = study.make(Run("ignite", str(BINARY), 2, Path(folder), {"splits": 1}))
            model, *_ = Path(folder).glob("levy-1/trials/*.model.npz")
            told = subprocess.run([str(BINARY), "predict", "--model", str(model), "--data", folder + "/levy-1.csv", "--quiet"], stdout=subprocess.PIPE, text=True, check=True)
            with np.load(model) as of:
                said = study.surrogate(dict(of), np.genfromtxt(folder + "/levy-1.csv", delimiter=",", skip_header=1)[:, :8])[0]
            np.testing.assert_allclose(said, [float(line.split(",")[-1]) for line in told.stdout.split()[1:]], rtol=1e-4, atol=1e-5)
        self.assertEqual(len(claims_of(text)), 4)


if __name__ == "__main__":
    unittest.main()
