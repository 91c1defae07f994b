#!/usr/bin/env python3
"""Writes tests/golden/metrics_regression.json: what the metrics of regression that are asked for by name must give on random and
awkward splits, by scikit-learn where it has the same definition, else by the definition itself. Run from the project's root with
scikit-learn installed; the seed is fixed."""
import json
import warnings

import numpy as np
from scipy import stats
from sklearn import metrics as sk

warnings.filterwarnings("ignore")
rng = np.random.default_rng(20261130)


def per_target(score, y, f):
    """The mean over targets; None where one of them is constant, since the score divides by its spread."""
    columns = list(zip(y.T, f.T))
    if any(np.ptp(a) == 0 for a, _ in columns):
        return None
    return np.mean([score(a, b) for a, b in columns])


def d2_pinball(y, f, level):
    """Against the best of all constants, which is one of the targets."""
    best = min(sk.mean_pinball_loss(y, np.full_like(y, c), alpha=level) for c in y)
    return 1 - sk.mean_pinball_loss(y, f, alpha=level) / best


def correlation(score, y, f):
    """As per_target, and None where predictions are constant."""
    return None if any(np.ptp(column) == 0 for column in f.T) else per_target(score, y, f)


def concordance(y, f):
    return 2 * np.cov(y, f, ddof=0)[0, 1] / (y.var() + f.var() + (y.mean() - f.mean()) ** 2)


def deviance(y, f, power):
    defined = (f > 0).all() and ((y > 0).all() if power >= 2 else (y >= 0).all())
    return sk.mean_tweedie_deviance(y.ravel(), f.ravel(), power=power) if defined else None


def case(name, y, f):
    logs = (y > -1).all() and (f > -1).all()
    msle = sk.mean_squared_log_error(y, f) if logs else None
    size = np.abs(y) + np.abs(f)
    values = [
        ("mse", [], sk.mean_squared_error(y, f)),
        ("median_ae", [], sk.median_absolute_error(y, f)),
        ("max_error", [], sk.max_error(y.ravel(), f.ravel())),
        ("bias", [], np.abs((f - y).mean(axis=0)).mean()),
        ("mape", [], sk.mean_absolute_percentage_error(y, f) if (y != 0).all() else None),
        ("smape", [], np.where(size > 0, 2 * np.abs(f - y) / np.where(size > 0, size, 1), 0).mean()),
        ("msle", [], msle),
        ("rmsle", [], None if msle is None else np.sqrt(msle)),
        ("explained_variance", [], per_target(sk.explained_variance_score, y, f)),
        ("poisson_deviance", [], deviance(y, f, 1)),
        ("gamma_deviance", [], deviance(y, f, 2)),
        ("pearson", [], correlation(lambda a, b: stats.pearsonr(a, b)[0], y, f)),
        ("spearman", [], correlation(lambda a, b: stats.spearmanr(a, b)[0], y, f)),
        ("kendall", [], correlation(lambda a, b: stats.kendalltau(a, b)[0], y, f)),
        ("ccc", [], correlation(concordance, y, f)),
        ("d2_absolute", [], per_target(sk.d2_absolute_error_score, y, f)),
    ]
    for level in (0.1, 0.5, 0.9):
        values.append(("d2_pinball", [level], per_target(lambda a, b, q=level: d2_pinball(a, b, q), y, f)))
    for power in (1, 1.5, 2, 3):
        values.append(("tweedie_deviance", [power], deviance(y, f, power)))
        d2 = per_target(lambda a, b, p=power: sk.d2_tweedie_score(a, b, power=p), y, f) if deviance(y, f, power) is not None else None
        values.append(("d2_tweedie", [power], d2))
    return {"name": name, "kind": "regression", "t": y.shape[1], "pred_t": f.ravel().tolist(), "target_t": y.ravel().tolist(),
            "values": [{"metric": m, "par": p, "value": None if v is None else float(v)} for m, p, v in values]}


def cases():
    for n, t in ((60, 1), (41, 3), (2, 1)):
        y = rng.gamma(2, 3, (n, t))
        yield case("above 0, %d x %d" % (n, t), y, y * np.exp(0.5 * rng.standard_normal((n, t))))
        y = 4 * rng.standard_normal((n, t))
        yield case("any sign, %d x %d" % (n, t), y, y + rng.standard_normal((n, t)) + 1)
    y = rng.poisson(1.5, (50, 2)).astype(float)
    yield case("counts with 0 and ties", y, np.exp(rng.standard_normal((50, 2))))
    yield case("counts, predictions with 0", y, np.round(np.abs(y - 1)))
    yield case("targets of -1", np.array([[-1.0], [2.0]]), np.array([[0.5], [1.0]]))
    yield case("a constant target", np.full((7, 1), 0.1), rng.gamma(2, 1, (7, 1)))
    yield case("one of two targets constant", np.column_stack([np.full(7, 3.1), rng.gamma(2, 1, 7)]), rng.gamma(2, 1, (7, 2)))
    yield case("constant predictions", rng.gamma(2, 1, (7, 1)), np.full((7, 1), 0.1))
    yield case("in reverse", np.arange(1.0, 34)[:, None], np.arange(33.0, 0, -1)[:, None])
    yield case("perfect", np.arange(1.0, 6)[:, None], np.arange(1.0, 6)[:, None])
    yield case("one row", np.array([[2.5]]), np.array([[3.0]]))


if __name__ == "__main__":
    with open("tests/golden/metrics_regression.json", "w", encoding="ascii") as out:
        out.write('{"made_by": "tests/reference/metrics_regression.py",\n "cases": [\n')
        out.write(",\n".join("  " + json.dumps(c) for c in cases()))
        out.write("\n ]}\n")
