#!/usr/bin/env python3
"""Writes tests/golden/metrics.json: what every metric must give on random and awkward splits, by scikit-learn where it has the
same definition, else by the definition itself. Run from the project's root with scikit-learn installed; the seed is fixed."""
import json
import warnings

import numpy as np
import sklearn
from scipy.special import expit, log_expit, log_softmax
from sklearn import metrics as sk

warnings.filterwarnings("ignore")
rng = np.random.default_rng(20240229)


def defined(value):
    return None if value is None or np.isnan(value) else float(value)


def f1_macro(y, pred):
    return sk.f1_score(y, pred, average="macro", zero_division=0)


def top_k(y, z, k):
    """scikit-learn lets the higher index win a tie, so its classes are given in reverse order."""
    c = z.shape[1]
    if k >= c:
        return 1.0
    if c > 2:
        return sk.top_k_accuracy_score(c - 1 - y, z[:, ::-1], k=k, labels=np.arange(c))
    return np.mean([np.argsort(-row, kind="stable")[0] == label for row, label in zip(z, y)])


def ece(right, conf, bins):
    total = 0.0
    for b in range(bins):
        inside = (conf > b / bins) & (conf <= (b + 1) / bins) | ((b == 0) & (conf == 0))
        if inside.any():
            total += inside.mean() * abs(right[inside].mean() - conf[inside].mean())
    return total


def bin_gaps(right, p, bins):
    """For each bin with rows: its share of the rows and |mean of right - mean of p|."""
    inside = [(p > b / bins) & (p <= (b + 1) / bins) | ((b == 0) & (p == 0)) for b in range(bins)]
    return [(rows.mean(), abs(right[rows].mean() - p[rows].mean())) for rows in inside if rows.any()]


def adaptive_ece(right, conf, groups):
    order = np.argsort(conf, kind="stable")
    return sum(len(g) / len(conf) * abs(right[g].mean() - conf[g].mean()) for g in np.array_split(order, groups) if len(g))


def risk_coverage(right, conf):
    wrong = ~right[np.argsort(-conf, kind="stable")]
    return np.mean([wrong[:k].mean() for k in range(1, len(wrong) + 1)])


def gmean(y, pred):
    recalls = [np.mean(pred[y == k] == k) for k in np.unique(y)]
    return np.prod(recalls) ** (1 / len(recalls))


def partial_auc(y, z, f):
    """Back from McClish's standardised area, which is what scikit-learn gives."""
    if f == 1:
        return sk.roc_auc_score(y, z)
    least, most = f ** 2 / 2, f
    return ((2 * sk.roc_auc_score(y, z, max_fpr=f) - 1) * (most - least) + least) / f


def confusion_values(y, z):
    values = []
    for t in (0.5, 0.2, 0.9):
        pred = (z > np.log(t / (1 - t))).astype(int)
        tn, fp, fn, tp = sk.confusion_matrix(y, pred, labels=[0, 1]).ravel()
        both, mixed = 0 < tp + fn < len(y), len(set(y) | set(pred)) == 2
        values += [
            ("precision", [t], sk.precision_score(y, pred, zero_division=0)),
            ("recall", [t], sk.recall_score(y, pred, zero_division=0)),
            ("specificity", [t], sk.recall_score(1 - y, 1 - pred, zero_division=0)),
            ("fbeta", [t, 1], sk.f1_score(y, pred, zero_division=0)),
            ("fbeta", [t, 2], sk.fbeta_score(y, pred, beta=2, zero_division=0)),
            ("csi", [t], sk.jaccard_score(y, pred, zero_division=0)),
            ("tss", [t], sk.balanced_accuracy_score(y, pred, adjusted=True) if both else None),
            ("hss", [t], sk.cohen_kappa_score(y, pred) if mixed else None),
        ]
    return values


def class_values(case):
    y, pred, conf = case["label"], case["pred"], case["conf"]
    right = pred == y
    return [
        ("accuracy", [], sk.accuracy_score(y, pred)),
        ("balanced_accuracy", [], sk.balanced_accuracy_score(y, pred)),
        ("f1_macro", [], f1_macro(y, pred)),
        ("ece", [15], ece(right, conf, 15)),
        ("ece", [4], ece(right, conf, 4)),
        ("ece", [1], abs(right.mean() - conf.mean())),
        ("mce", [15], max(gap for _, gap in bin_gaps(right, conf, 15))),
        ("mce", [4], max(gap for _, gap in bin_gaps(right, conf, 4))),
        ("adaptive_ece", [15], adaptive_ece(right, conf, 15)),
        ("adaptive_ece", [4], adaptive_ece(right, conf, 4)),
        ("aurc", [], risk_coverage(right, conf)),
        ("e_aurc", [], risk_coverage(right, conf) - risk_coverage(right, right.astype(float))),
        ("gmean", [], gmean(y, pred)),
        ("f1_weighted", [], sk.f1_score(y, pred, average="weighted", zero_division=0)),
        ("mcc", [], sk.matthews_corrcoef(y, pred)),
    ]


def multiclass(name, z, y):
    logp, rows, c = log_softmax(z, axis=1), np.arange(len(y)), z.shape[1]
    p, truth = np.exp(logp), z[np.arange(len(y)), y]
    before = (z > truth[:, None]) | ((z == truth[:, None]) & (np.arange(c) < y[:, None]))
    case = {"name": name, "kind": "multiclass", "n_classes": c, "label": y, "pred": z.argmax(axis=1), "rank": before.sum(axis=1),
            "logp": logp[rows, y], "brier": ((p - np.eye(c)[y]) ** 2).sum(axis=1), "conf": p.max(axis=1)}
    values = class_values(case)
    values += [("top_k", [k], top_k(y, z, k)) for k in (1, 2, 3, 5)]
    values.append(("log_loss", [], sk.log_loss(y, p, labels=np.arange(c), eps=1e-300)))
    values.append(("brier", [], np.mean([np.sum((row - np.eye(c)[label]) ** 2) for row, label in zip(p, y)])))
    return finish(case, values)


def binary(name, z, y):
    p, both = expit(z), len(set(y)) == 2
    case = {"name": name, "kind": "binary", "n_classes": 2, "label": y, "pred": (z > 0).astype(int),
            "rank": ((z > 0) != y).astype(int), "logp": np.where(y == 1, log_expit(z), log_expit(-z)), "brier": (p - y) ** 2,
            "conf": np.maximum(p, 1 - p), "score": z}
    values = class_values(case)
    values.append(("log_loss", [], sk.log_loss(y, p, labels=[0, 1], eps=1e-300)))
    values.append(("brier", [], sk.brier_score_loss(y, p, pos_label=1)))
    values.append(("auc", [], sk.roc_auc_score(y, z) if both else None))
    values += [("partial_auc", [f], partial_auc(y, z, f) if both else None) for f in (0.05, 0.1, 0.3, 1)]
    values += [("ece_positive", [m], sum(share * gap for share, gap in bin_gaps(y, p, m))) for m in (15, 4)]
    values += confusion_values(y, z)
    values.append(("average_precision", [], sk.average_precision_score(y, z) if y.any() else None))
    return finish(case, values)


def neural_collapse(name, h, w, y, pred=None):
    """Features h (n,d), weights w (C,d), by numpy's own pseudo-inverse and norms of matrices."""
    c = len(w)
    mu, full = np.array([h[y == k].mean(axis=0) for k in range(c)]), all((y == k).any() for k in range(c))
    m, off = mu - h.mean(axis=0), h - mu[y]
    pred = (h @ w.T).argmax(axis=1) if pred is None else pred
    case = {"name": name, "kind": "multiclass", "n_classes": c, "label": y, "pred": pred, "feature": h.ravel(), "weight": w.ravel()}
    values = [("nc1", [], np.trace(off.T @ off / len(h) @ np.linalg.pinv(m.T @ m / c, rcond=1e-10)) / c if full else None)]
    for of, v in enumerate((m, w)):
        length = np.linalg.norm(v, axis=1)
        cosine = (v @ v.T / np.outer(length, length))[np.triu_indices(c, 1)]
        for metric, value in (("equinorm", length.std() / length.mean()), ("equiangle", cosine.std()),
                              ("maxangle", np.abs(cosine + 1 / (c - 1)).mean())):
            values.append(("nc2_" + metric, [of], value if full else None))
    frame = (np.eye(c) - 1 / c) / np.sqrt(c - 1)
    values.append(("nc2_etf", [], np.linalg.norm(w @ w.T / np.linalg.norm(w @ w.T) - frame) if full else None))
    values.append(("nc3", [], np.linalg.norm(w / np.linalg.norm(w) - m / np.linalg.norm(m)) if full else None))
    nearest = ((h[:, None] - mu) ** 2).sum(axis=2).argmin(axis=1) if full else None
    values.append(("nc4", [], (nearest != pred).mean() if full else None))
    return finish(case, values)


def collapsed(c, d, each):
    """Every row at its class mean, the means a simplex turned at random, the weights three times as long."""
    simplex = (np.eye(c) - 1 / c) @ np.linalg.qr(rng.standard_normal((d, c)))[0].T
    y = np.repeat(np.arange(c), each)
    return simplex[y], 3 * simplex, y


def regression(name, pred, target):
    constant = (target == target[0]).all(axis=0).any()
    case = {"name": name, "kind": "regression", "t": target.shape[1], "pred_t": pred.ravel(), "target_t": target.ravel()}
    error = (pred - target).ravel()
    return finish(case, [
        ("rmse", [], np.sqrt(sk.mean_squared_error(error * 0, error))),
        ("mae", [], sk.mean_absolute_error(error * 0, error)),
        ("r2", [], None if constant else sk.r2_score(target, pred, multioutput="uniform_average")),
    ])


def one_row_at_k(y, z, k):
    """Precision and nDCG of the k highest scores, equal ones by index; None without a label."""
    order = np.lexsort((np.arange(len(z)), -z))[:k]
    gains = y[order] / np.log2(np.arange(len(order)) + 2)
    ideal = np.sort(y)[::-1][:k] / np.log2(np.arange(min(k, len(y))) + 2)
    return y[order].sum() / k, gains.sum() / ideal.sum() if y.any() else None


def mean_defined(values):
    values = [v for v in values if v is not None]
    return np.mean(values) if values else None


def multilabel(name, z, y):
    """Labels 1, 0, -1. With unknown ones every measure is scikit-learn's on the known entries of a row, a label or all."""
    case = {"name": name, "kind": "multilabel", "t": y.shape[1], "pred_t": z.ravel(), "target_t": y.ravel().astype(float)}
    pred, known = (z > 0).astype(int), y >= 0
    parts = {"micro": [(y[known], pred[known])]}
    parts["samples"] = [(a[m], b[m]) for a, b, m in zip(y, pred, known) if m.any()]
    parts["labels"] = [(a[m], b[m]) for a, b, m in zip(y.T, pred.T, known.T) if m.any()]
    values = []
    for measure in ("f1", "precision", "recall"):
        score = getattr(sk, measure + "_score")
        values += [(f"{measure}_{part}", [], np.mean([score(a, b, zero_division=0) for a, b in pairs])) for part, pairs in parts.items()]
    if known.all() and y.shape[1] > 1:
        micro, macro, rows = (sk.f1_score(y, pred, average=a, zero_division=0) for a in ("micro", "macro", "samples"))
        assert np.allclose([v for n, _, v in values if n.startswith("f1")], [micro, rows, macro])
    rows = [(a[m], b[m]) for a, b, m in zip(y, z, known) if m.any()]
    values.append(("hamming_loss", [], np.mean(parts["micro"][0][0] != parts["micro"][0][1])))
    values.append(("subset_accuracy", [], np.mean([(a == b).all() for a, b in parts["samples"]])))
    values.append(("mean_average_precision", [], mean_defined(
        [sk.average_precision_score(a[m], b[m]) if (a[m] == 1).any() else None for a, b, m in zip(y.T, z.T, known.T)])))
    for k in (1, 3, 5):
        both = [one_row_at_k(a, b, k) for a, b in rows]
        values += [("precision_at_k", [k], np.mean([p for p, _ in both])), ("ndcg_at_k", [k], mean_defined([g for _, g in both]))]
    for mine, theirs in (("ranking_loss", sk.label_ranking_loss), ("lrap", sk.label_ranking_average_precision_score),
                         ("coverage", sk.coverage_error)):
        values.append((mine, [], np.mean([theirs(a[None], b[None]) if len(a) > 1 else {"lrap": 1, "ranking_loss": 0}.get(mine, a[0])
                                          for a, b in rows])))
    values.append(("one_error", [], mean_defined([float(a[np.argmax(b)] == 0) if a.any() else None for a, b in rows])))
    return finish(case, values)


def finish(case, values):
    case["values"] = [{"metric": m, "par": par, "value": defined(v)} for m, par, v in values]
    return {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in case.items()}


def cases():
    normal, integers = rng.standard_normal, rng.integers
    yield multiclass("random, 4 classes", normal((40, 4)) * 2, integers(0, 4, 40))
    yield multiclass("many ties", integers(-1, 2, (40, 5)).astype(float), integers(0, 5, 40))
    yield multiclass("class 2 has no row", normal((30, 4)), rng.choice([0, 1, 3], 30))
    yield multiclass("a class neither true nor predicted", normal((30, 6)) - 9 * (np.arange(6) == 3),
                     rng.choice([0, 1, 2, 4], 30))
    yield multiclass("all scores equal", np.full((12, 3), 0.25), integers(0, 3, 12))
    yield multiclass("one row", normal((1, 3)), np.array([2]))
    yield multiclass("two classes", normal((25, 2)) * 3, integers(0, 2, 25))
    yield multiclass("eight classes", normal((60, 8)) * 4, integers(0, 8, 60))
    yield binary("random", normal(40) * 2, integers(0, 2, 40))
    yield binary("many ties", integers(-2, 3, 60).astype(float), integers(0, 2, 60))
    yield binary("no positive row", normal(20), np.zeros(20, int))
    yield binary("no negative row", normal(20), np.ones(20, int))
    yield binary("all scores equal", np.full(15, 0.5), np.array([1, 0, 0] * 5))
    yield binary("all scores zero", np.zeros(10), np.array([1, 0] * 5))
    yield binary("one row", np.array([-0.5]), np.array([1]))
    yield binary("rare positives", normal(80) - 2, (rng.random(80) < 0.08).astype(int))
    yield binary("by hand: auc 0.875", np.array([0.1, 0.4, 0.4, 0.8]), np.array([0, 0, 1, 1]))
    yield regression("random", normal((40, 1)), normal((40, 1)))
    yield regression("three targets", normal((30, 3)) * [1, 10, 0.1], normal((30, 3)) * [1, 10, 0.1])
    yield regression("far from zero", 1e7 + normal((30, 1)), 1e7 + normal((30, 1)))
    yield regression("constant target", normal((10, 1)), np.full((10, 1), 0.1))
    yield regression("one of two targets constant", normal((10, 2)), np.c_[normal(10), np.full(10, 3.0)])
    yield regression("one row", normal((1, 2)), normal((1, 2)))
    yield multilabel("random", normal((40, 6)), integers(0, 2, (40, 6)))
    yield multilabel("many ties", integers(-1, 2, (30, 5)).astype(float), integers(0, 2, (30, 5)))
    yield multilabel("rare labels", normal((50, 8)) - 1, (rng.random((50, 8)) < 0.1).astype(int))
    yield multilabel("unknown labels", normal((40, 7)), integers(-1, 2, (40, 7)))
    yield multilabel("a label that is nowhere, a row of all", normal((20, 4)), np.c_[integers(0, 2, (20, 3)), np.zeros(20, int)])
    yield multilabel("no label at all", normal((10, 3)), np.zeros((10, 3), int))
    yield multilabel("one row", normal((1, 4)), np.array([[1, 0, 1, 0]]))
    yield multilabel("two labels", normal((25, 2)) * 3, integers(0, 2, (25, 2)))
    yield neural_collapse("features, 3 classes", normal((50, 7)), normal((3, 7)), integers(0, 3, 50))
    yield neural_collapse("features, more classes than dimensions", normal((80, 4)), normal((6, 4)), integers(0, 6, 80))
    yield neural_collapse("features, two classes apart", normal((30, 5)) + np.repeat([[0], [9]], 15, axis=0), normal((2, 5)), np.repeat([0, 1], 15))
    yield neural_collapse("features, a class has no row", normal((20, 5)), normal((4, 5)), rng.choice([0, 1, 3], 20))
    yield neural_collapse("features, fully collapsed", *collapsed(5, 9, 4))


def main():
    lines = ",\n".join("  " + json.dumps(case) for case in cases())
    with open("tests/golden/metrics.json", "w", encoding="utf-8") as out:
        out.write('{\n "made_with": "scikit-learn %s",\n "cases": [\n%s\n ]\n}\n' % (sklearn.__version__, lines))


if __name__ == "__main__":
    main()
