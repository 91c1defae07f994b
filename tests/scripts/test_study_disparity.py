"""The closed forms of scripts/studies/disparity.py against drawn rows, a search over linear rules, and the figures of the paper's setting."""
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

try:
    import numpy as np
    from scipy.optimize import minimize
    from scipy.stats import levy_stable
    from studies import disparity as study
except ImportError as missing:
    raise unittest.SkipTest("%s is not installed" % missing.name)


class ClosedForms(unittest.TestCase):
    def test_errors_are_those_of_drawn_rows(self):
        rng = np.random.default_rng(5)
        mu, w, b, n = np.array([1.0, 0.4, -0.3]), np.array([0.8, -0.5, 0.3]), 0.2, 200000
        for alpha, scale in ((2.0, 0.7), (1.5, 0.5), (1.0, 0.6)):
            noise = scale * levy_stable.rvs(alpha, 0, size=(n, 3), random_state=rng)
            for kind in ("l2", "linf"):
                for eps in (0.0, 0.3):
                    harm = eps * study.dual(w, kind)
                    seen = ((-mu + noise) @ w + b + harm > 0).mean(), ((mu + noise) @ w + b - harm <= 0).mean()
                    for a, e in zip(study.errors(w, b, mu, alpha, scale, harm), seen):
                        self.assertAlmostEqual(a, e, delta=0.005)

    def test_the_best_rule_is_that_of_a_search(self):
        mu, sigma, eps, share = np.array([0.9, 0.2, -0.6]), 0.8, 0.3, 0.2

        def risk(v, kind):
            wrong = study.errors(v[:3], v[3], mu, 2.0, sigma / 2 ** 0.5, eps * study.dual(v[:3], kind))
            return (1 - share) * wrong[0] + share * wrong[1]

        for kind in ("l2", "linf"):
            w, b = study.best(mu, sigma, kind, eps, share)
            own = risk(np.append(w, b), kind)
            for seed in range(5):
                start = np.append(w, b) + np.random.default_rng(seed).normal(0, 0.3, 4)
                found = minimize(risk, start, args=(kind,), method="Nelder-Mead", options={"maxiter": 4000, "xatol": 1e-9, "fatol": 1e-12})
                self.assertGreater(found.fun, own - 1e-9)
            self.assertLess(abs(found.fun - own), 2e-3)

    def test_the_example(self):
        mu = study.centres(10, 0.1 ** 0.5, 0.0)
        for eps, figures in study.EXAMPLE.items():
            wrong = study.errors(*study.best(mu, 1.3, "l2", eps, 0.1), mu, 2.0, 1.3 / 2 ** 0.5, 0)
            self.assertAlmostEqual(1 - wrong[1], figures[0], delta=6e-5)
            self.assertAlmostEqual(1 - wrong[0], figures[1], delta=6e-5)

    def test_centres_rise_in_equal_steps(self):
        np.testing.assert_allclose(study.centres(4, 2.0, 1.0), [0.5, 1.0, 1.5, 2.0])
        np.testing.assert_allclose(study.centres(3, 2.0, 0.0), [2.0] * 3)


if __name__ == "__main__":
    unittest.main()
