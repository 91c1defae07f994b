"""The study of datamodel matching, from results made by hand: the scores of a saved model, which setting counts, and what the page claims."""
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "scripts" / "studies")]

try:
    import numpy as np
    import datamodels as d
except ImportError:  # NumPy
    d = None


def at(divergence):
    return {part: divergence for part in d.PARTS}


def forgotten(matching, rival, newton=1e-9):
    return {d.BEFORE: at(1e-3), d.MATCHING: at(matching), **{name: at(2 * rival) for name in d.RIVALS}, "descent": at(rival), d.NEWTON: at(newton)}


@unittest.skipIf(d is None, "needs NumPy")
class Datamodels(unittest.TestCase):
    def test_scores_are_those_of_a_linear_model(self):
        x = np.array([[1.0, 2.0], [3.0, -1.0]])
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "m.npz"
            np.savez(path, W1=[[1, 2], [0, -1]], b1=[0.5, 0], scale=[2, 1], shift=[0, 1])
            found = d.scores(d.Problem(Path(folder), [], x, 1, path), path)
        self.assertEqual(found.tolist(), [[8.5, -3], [6.5, 0]])

    def test_a_linear_world_is_predicted(self):
        """A refit's scores fall by 0.1 (k + 1) for row k that is left out: without all four, by 1."""
        rows, made = [3, 5, 8, 9], {}
        problem = d.Problem(ROOT / "results" / "test-datamodels", [], np.zeros((2, 1)), 10, Path("base"))
        wrote, swept, model_of, scores = d.written, d.swept, d.model_of, d.scores

        def written(path, left_out):
            made[path.stem] = [row for (row,) in left_out]
            return path.stem
        d.written, d.model_of = written, lambda _, trial: trial
        d.swept = lambda run, folder, options: options[-1].split("=")[1].split(",")
        d.scores = lambda _, model: np.full((2, 2), 7 - sum(0.1 * (rows.index(r) + 1) for r in made.get(model, ())))
        try:
            found = d.predicted(None, problem, rows, 1)
        finally:
            d.written, d.swept, d.model_of, d.scores = wrote, swept, model_of, scores
        self.assertEqual(({len(out) for out in made.values()}, len(made)), ({0, 1, 2, 3, 4}, d.REFITS))
        self.assertLess(abs(found - 6).max(), 0.01)                                           # the ridge

    def test_the_setting_that_is_nearest_on_test_rows(self):
        def trial(test, forget):
            return {"result": {"metrics": {"test": {"kl_to_reference": test, "kl_to_reference(rows=forget)": forget, "kl_to_reference(rows=retain)": 0.5}}}}
        self.assertEqual(d.nearest([trial(0.3, 0.1), trial(0.2, 0.9), {"result": {"metrics": None}}]), {"test": 0.2, "forget": 0.9, "retain": 0.5})

    def test_claims(self):
        good, bad = d.page({"spam": [forgotten(1e-6, 1e-5)] * 10}), d.page({"spam": [forgotten(6e-4, 1e-3)] * 10})
        self.assertEqual(good.count("**Reproduces.**"), 4)
        self.assertIn("On test rows the divergence of datamodel matching is less than that of one step of Newton's method, in 9 of 10 sets: **Does not reproduce.**", good)
        self.assertIn("| descent | 1e-05 | 1e-05 | 1e-05 |", good)
        self.assertEqual(bad.count("**Does not reproduce.**"), 5)


if __name__ == "__main__":
    unittest.main()
