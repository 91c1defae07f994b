#!/usr/bin/python3
"""Writes tests/golden/decision.json: calibrations and thresholds of scikit-learn and SciPy on drawn scores. Run it from the project's root;
needs numpy, scipy and sklearn. tests/unit/core/metrics/test_decision_rule.c compares."""
import json

import numpy as np
import scipy
import sklearn
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, logsumexp
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import precision_recall_curve, roc_curve

OUT = "tests/golden/decision.json"


def temperature(z, y):
    def nll(log_scale):
        s = np.exp(log_scale)
        if z.ndim == 1:
            return np.mean(np.logaddexp(0, s * z) - y * s * z)
        return np.mean(logsumexp(s * z, axis=1) - s * z[np.arange(len(y)), y])
    return float(np.exp(minimize_scalar(nll, bounds=(np.log(0.01), np.log(100)), method="bounded", options={"xatol": 1e-12}).x))


def platt(z, y):
    n1, n0 = y.sum(), (1 - y).sum()
    t = np.where(y == 1, (n1 + 1) / (n1 + 2), 1 / (n0 + 2))

    def value(v):
        f = v[0] * z + v[1]
        r = expit(f) - t
        return np.sum(np.logaddexp(0, f) - t * f), np.array([np.sum(r * z), np.sum(r)])
    found = minimize(value, np.array([0.0, np.log((n1 + 1) / (n0 + 1))]), jac=True, method="BFGS", options={"gtol": 1e-9})
    return found.x.tolist()


def sklearn_platt(z, y):
    """The private function that CalibratedClassifierCV(method="sigmoid") calls: an independent look at the same fit."""
    from sklearn.calibration import _sigmoid_calibration
    a, b = _sigmoid_calibration(z, y)
    return [-float(a), -float(b)]


def middle(z, above):
    """Half way between the lowest score that is positive and its lower neighbour that differs; null for all or none."""
    inside, outside = z[z >= above], z[z < above]
    return (inside.min() + outside.max()) / 2 if len(inside) and len(outside) else None


def youden(z, y):
    fpr, tpr, cut = roc_curve(y, z, drop_intermediate=False)
    return middle(z, cut[np.argmax(tpr - fpr)])


def f1(z, y):
    precision, recall, cut = precision_recall_curve(y, z)
    score = 2 * precision[:-1] * recall[:-1] / np.maximum(precision[:-1] + recall[:-1], 1e-300)
    best = np.flatnonzero(np.isclose(score, score.max(), rtol=1e-13))[-1]
    return middle(z, cut[best])


def prevalence(z, y):
    cuts = np.unique(z)[::-1]
    away = [abs(int((z >= c).sum()) - int(y.sum())) for c in cuts]
    return middle(z, cuts[int(np.argmin(away))])


def binary_case(name, z, y):
    iso = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(z, y)
    probe = np.concatenate([z[:40], np.linspace(z.min() - 1, z.max() + 1, 40)])
    return {"name": name, "z": z.tolist(), "y": y.tolist(), "temperature": temperature(z, y), "platt": platt(z, y),
            "sklearn_platt": sklearn_platt(z, y), "probe": probe.tolist(), "isotonic": iso.predict(probe).tolist(),
            "youden": youden(z, y), "f1": f1(z, y), "prevalence": prevalence(z, y)}


def main():
    rng = np.random.default_rng(7)
    binary, multi = [], []
    for name, n, share, gap, digits in [("plain", 300, 0.4, 1.5, 12), ("rare", 500, 0.06, 2.0, 12), ("ties", 200, 0.5, 1.0, 1),
                                        ("steep", 150, 0.5, 20.0, 12), ("small", 12, 0.5, 1.0, 12)]:
        y = (rng.random(n) < share).astype(int)
        y[:2] = 0, 1
        binary.append(binary_case(name, np.round(gap * (y - 0.5) + 1.5 * gap / 2 * rng.normal(size=n) + 0.3, digits), y))
    for n, c, scale in [(200, 3, 3.0), (300, 7, 0.4), (50, 40, 6.0)]:
        z = scale * rng.normal(size=(n, c))
        y = np.array([rng.choice(c, p=np.exp(r - logsumexp(r))) for r in z / scale * 1.3])
        multi.append({"c": c, "z": z.ravel().tolist(), "y": y.tolist(), "temperature": temperature(z, y)})
    with open(OUT, "w", encoding="ascii") as out:
        json.dump({"made_by": "tests/reference/decision.py", "scipy": scipy.__version__, "sklearn": sklearn.__version__, "binary": binary,
                   "multiclass": multi}, out)
        out.write("\n")


if __name__ == "__main__":
    main()
