#!/usr/bin/python3
"""Writes tests/golden/decision.json: calibrations and thresholds of scikit-learn and SciPy on drawn scores. Run it from the project's root;
needs numpy, scipy and sklearn. tests/unit/core/metrics/test_decision_rule.c compares."""
import json

import numpy as np
import scipy
import sklearn
from scipy.interpolate import CubicSpline
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


def beta(z, y):
    """The best of the minima with none, either and both of the slopes 0, each by Newton's steps, that has no negative slope."""
    x = np.stack([-np.logaddexp(0, -z), np.logaddexp(0, z), np.ones(len(z))], 1)
    found = []
    for free in ([0, 1, 2], [0, 2], [1, 2], [2]):
        v, at = np.zeros(3), x[:, free]
        for _ in range(100):
            p = expit(x @ v)
            step = np.linalg.solve((at.T * (p * (1 - p))) @ at, at.T @ (p - y))
            v[free] -= step * min(1, 2 / np.abs(step).max())
        if min(v[0], v[1]) >= 0:
            f = x @ v
            found.append((np.sum(np.logaddexp(0, f) - y * f), v))
    v = min(found, key=lambda one: one[0])[1]
    return lambda at: expit(-v[0] * np.logaddexp(0, -at) + v[1] * np.logaddexp(0, at) + v[2])


def histogram(z, y, bins):
    """Bins of equal width of the probability."""
    bin_of = np.minimum((expit(z) * bins).astype(int), bins - 1)
    share = [y[bin_of == k].mean() if np.any(bin_of == k) else (k + 0.5) / bins for k in range(bins)]
    return lambda at: np.array(share)[np.minimum((expit(at) * bins).astype(int), bins - 1)]


def equal_mass(z, y, bins):
    """Bins that end with the row k n / bins and all of its score; edges half way to the next score."""
    order = np.sort(np.unique(z))
    edges = []
    for k in range(1, bins):
        upto = int(k * len(z) / bins)
        if upto:
            above = order[order > np.sort(z)[upto - 1]]
            if len(above):
                edges.append((np.sort(z)[upto - 1] + above[0]) / 2)
    edges = np.unique(edges)
    bin_of = np.searchsorted(edges, z, side="right")
    share = np.array([y[bin_of == k].mean() for k in range(len(edges) + 1)])
    return lambda at: share[np.searchsorted(edges, at, side="right")]


def spline(z, y, knots):
    """The space of natural splines by SciPy's interpolating ones, of which each is 1 at one knot."""
    at = np.linspace(0, 1, min(knots, len(np.unique(z))))
    basis = [CubicSpline(at, row, bc_type="natural") for row in np.eye(len(at))]
    scores, share, fractile, above, n = np.unique(z), [], [], 0.0, len(z)
    for s in scores:
        ties, hits = int((z == s).sum()), y[z == s].sum()
        begin = len(share)
        share += [(above + hits * (i + 1) / ties) / n for i in range(ties)]
        fractile.append((begin + 1 + len(share)) / (2 * n))
        above += hits
    w = np.linalg.lstsq(np.stack([b((np.arange(n) + 1) / n) for b in basis], 1), np.array(share), rcond=None)[0]
    slope = np.clip(sum(w[k] * b(fractile, 1) for k, b in enumerate(basis)), 0, 1)
    return lambda q: np.interp(q, scores, slope)


def isotonic(z, y):
    found = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(z, y)
    return found.predict


def sigmoid(z, y):
    a, b = platt(z, y)
    return lambda at: expit(a * at + b)


def mapped(z, y, log_probabilities, diagonal, off_diagonal, intercepts):
    """Vector, matrix and Dirichlet calibration; classes without rows keep the row of the unit matrix."""
    n, c = z.shape
    x = z - logsumexp(z, axis=1, keepdims=True) if log_probabilities else z
    seen = np.isin(np.arange(c), y)
    hot = np.eye(c)[y]
    free = (np.eye(c, dtype=bool) if diagonal else np.ones((c, c), bool)) & seen[:, None]

    def unpack(v):
        w, b = np.eye(c), np.zeros(c)
        w[free] = v[:free.sum()]
        b[seen] = v[free.sum():]
        return w, b

    def value(v):
        w, b = unpack(v)
        f = x @ w.T + b
        q = (np.exp(f - logsumexp(f, axis=1, keepdims=True)) - hot) / n
        off = (1 - np.eye(c)) * w * seen[:, None]
        loss = np.mean(logsumexp(f, axis=1) - f[np.arange(n), y]) + off_diagonal / (c * (c - 1)) * np.sum(off ** 2) + intercepts / c * np.sum(b ** 2)
        by_w = q.T @ x + 2 * off_diagonal / (c * (c - 1)) * off
        return loss, np.concatenate([by_w[free], (q.sum(0) + 2 * intercepts / c * b)[seen]])
    start = np.concatenate([np.eye(c)[free], np.zeros(seen.sum())])
    for _ in range(4):  # it may stop at a line search that fails, and begins again without what it remembered
        start = minimize(value, start, jac=True, method="L-BFGS-B", options={"ftol": 0, "gtol": 1e-11, "maxiter": 5000, "maxfun": 20000, "maxcor": 50}).x
    w, b = unpack(start)
    f = x @ w.T + b
    return np.exp(f - logsumexp(f, axis=1, keepdims=True))


def one_against_rest(z, y, fit):
    """Each class by the logit of its probability; classes that no row has keep theirs."""
    rest = np.stack([logsumexp(np.delete(z, k, 1), axis=1) for k in range(z.shape[1])], 1)
    p = np.stack([fit(z[:, k] - rest[:, k], (y == k).astype(int))(z[:, k] - rest[:, k]) if np.any(y == k) else expit(z[:, k] - rest[:, k])
                  for k in range(z.shape[1])], 1)
    total = p.sum(1, keepdims=True)
    return np.where(total > 0, p / np.where(total > 0, total, 1), 1 / z.shape[1])


SCORE = {"platt": sigmoid, "beta": beta, "isotonic": isotonic, "histogram": lambda z, y: histogram(z, y, 15),
         "mass": lambda z, y: equal_mass(z, y, 10), "spline": lambda z, y: spline(z, y, 6)}


def class_case(z, y):
    """Probabilities of the first rows. Where classes have a row or none some of the log-losses have no minimum, or a far one."""
    few = z.shape[1] < 40
    found = {name: one_against_rest(z, y, fit) for name, fit in SCORE.items() if name != "spline" and (few or name != "beta")}
    if few:
        found["vector"] = mapped(z, y, False, True, 0, 0)
        found["dirichlet"] = mapped(z, y, True, False, 0.2, 0.05)
    found["matrix"] = mapped(z, y, False, False, 0.1, 0.1)
    return {name: np.round(p[:20], 12).ravel().tolist() for name, p in found.items()}


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
            "calibrated": {name: fit(z, y)(probe).tolist() for name, fit in SCORE.items()}, "youden": youden(z, y), "f1": f1(z, y), "prevalence": prevalence(z, y)}


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
        multi.append({"c": c, "z": z.ravel().tolist(), "y": y.tolist(), "temperature": temperature(z, y), "calibrated": class_case(z, y)})
    with open(OUT, "w", encoding="ascii") as out:
        json.dump({"made_by": "tests/reference/decision.py", "scipy": scipy.__version__, "sklearn": sklearn.__version__, "binary": binary,
                   "multiclass": multi}, out)
        out.write("\n")


if __name__ == "__main__":
    main()
