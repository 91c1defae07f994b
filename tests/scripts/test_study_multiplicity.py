"""The exact prediction ranges of scripts/multiplicity.py against SciPy's constrained solver, and the local formula."""
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

try:
    import numpy as np
    from scipy.optimize import minimize
    from studies import multiplicity
except ImportError as missing:
    raise unittest.SkipTest("%s is not installed" % missing.name)


class Ranges(unittest.TestCase):
    def setUp(self) -> None:
        rng = np.random.default_rng(3)
        x = rng.normal(size=(80, 4))
        self.y = (x @ [1.0, -2.0, 0.5, 0.0] + rng.normal(size=80) > 0.4).astype(int)
        self.model = multiplicity.Logistic(x, self.y, 0.01)

    def test_optimum(self):
        found = minimize(self.model.value, np.zeros(5), jac=self.model.gradient, method="BFGS", options={"gtol": 1e-10})
        self.assertAlmostEqual(found.fun, self.model.loss0, 12)

    def test_ends_are_those_of_a_constrained_solver(self):
        for share in (0.01, 0.1):
            level = (1 + share) * self.model.loss0
            for i in (0, 17, 60):
                for sign in (-1, 1):
                    x = self.model.a[i]
                    w = self.model.end(x, share * self.model.loss0, sign)
                    self.assertAlmostEqual(self.model.value(w), level, 9)
                    other = minimize(lambda v: -sign * x @ v, self.model.w0, jac=lambda v: -sign * x, method="SLSQP",
                                     constraints=[{"type": "ineq", "fun": lambda v: level - self.model.value(v),
                                                   "jac": lambda v: -self.model.gradient(v)}], options={"ftol": 1e-12, "maxiter": 500})
                    self.assertLess(self.model.value(other.x), level + 1e-7)
                    self.assertAlmostEqual(x @ w, x @ other.x, 5)

    def test_local_formula(self):
        gaps = []
        for share in (1e-4, 1e-6, 1e-8):
            eps = share * self.model.loss0
            x = self.model.a[5]
            width = x @ (self.model.end(x, eps, 1) - self.model.end(x, eps, -1))
            gaps.append(abs(width / 2 / self.model.local_half_width(x, eps) - 1))
        self.assertLess(gaps[1], 1e-4)
        self.assertLess(gaps[1], gaps[0])

    def test_both_bounds(self):
        trial = {"data": {"classes": ["0", "1"]}, "result": {"objective": self.model.loss0}, "scores": self.model.a @ self.model.w0}
        found = multiplicity.study(trial, self.model.a[:, :-1], [str(v) for v in self.y], 0.01)
        self.assertLess(found["loss_gap"], 1e-12)
        for cell in found["eps"].values():
            for low, high in zip(cell["discrepancy"], cell["ambiguity"]):
                self.assertLessEqual(low, high)


class Claims(unittest.TestCase):
    def found(self, **changed):
        def cell(share, penalty):
            width = 0.1 + share + 0.001 / penalty
            return {"width": width, "minority": 0.3, "majority": 0.2, "ambiguity": [0.3, 0.2], "discrepancy": [0.3, 0.1], **changed}
        return {(name, p): {"loss_gap": 1e-12, "score_gap": 1e-6, "tiny": 1e-3, "eps": {share: cell(share, p) for share in multiplicity.SHARES}}
                for name in multiplicity.SETS for p in multiplicity.PENALTIES}

    def judged(self, found):
        return [line.split("**")[1] == "Holds." for line in multiplicity.verdicts(found)]

    def test_they_follow_the_figures(self):
        self.assertEqual(self.judged(self.found()), [True] * 6)
        for key, at, value in (("loss_gap", 0, 1e-9), ("score_gap", 0, 1e-4), ("tiny", 1, 2e-3)):
            found = self.found()
            found["sonar", 0.1][key] = value
            self.assertEqual(self.judged(found), [k != at for k in range(6)])
        self.assertEqual(self.judged(self.found(discrepancy=[0.3, 0.21])), [True, True, False, True, True, True])
        self.assertEqual(self.judged(self.found(width=0.1)), [True, True, True, False, True, True])
        self.assertEqual(self.judged(self.found(majority=0.3)), [True] * 5 + [False])
        found = self.found()
        for share in multiplicity.SHARES:
            found["wdbc", 0.001]["eps"][share]["width"] -= 1
        self.assertEqual(self.judged(found), [True] * 4 + [False, True])


if __name__ == "__main__":
    unittest.main()
