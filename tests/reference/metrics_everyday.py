#!/usr/bin/python3
"""Writes tests/golden/metrics_everyday.json: what the metrics on request of regressions, of two and more classes, of labels and of
distributions must give on random and awkward splits: by SciPy or scikit-learn where it has them, else from their definitions, with numpy and
mpmath. Run it from the project's root; needs numpy, scipy, mpmath, scikit-learn."""
import itertools
import json

import mpmath as mp
import numpy as np
from scipy import optimize, special, stats
from sklearn import metrics as sk

rng = np.random.default_rng(20261130)
mp.mp.dps = 40


def finish(case, values):
    case["values"] = [{"metric": m, "par": par, "value": None if v is None or np.isnan(v) else float(v)} for m, par, v in values]
    return {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in case.items()}


# ---- regression ----

def tweedie(y, f, p):
    """The unit deviance in many digits, by the formula of its power; None outside of its range."""
    y, f, p = mp.mpf(float(y)), mp.mpf(float(f)), mp.mpf(p)
    if p == 0:
        return (y - f) ** 2
    if f <= 0 or (p >= 1 and y < 0) or (p >= 2 and y == 0):
        return None
    if p == 1:
        return 2 * ((y * mp.log(y / f) if y else 0) - y + f)
    if p == 2:
        return 2 * (mp.log(f / y) + y / f - 1)
    return 2 * (mp.mpf(max(y, 0)) ** (2 - p) / ((1 - p) * (2 - p)) - y * f ** (1 - p) / (1 - p) + f ** (2 - p) / (2 - p))


def mean_tweedie(y, f, p):
    unit = [tweedie(a, b, p) for a, b in zip(y, f)]
    return None if None in unit else mp.fsum(unit) / len(unit)


def d2_tweedie(y, f, p):
    mean = mp.fsum(map(mp.mpf, y.tolist())) / len(y)
    of_mean = [tweedie(a, mean, p) for a in y]
    if constant(y) or None in of_mean or mean_tweedie(y, f, p) is None:
        return None
    return 1 - mean_tweedie(y, f, p) / (mp.fsum(of_mean) / len(y))


def pinball(y, f, a):
    return np.mean(np.maximum(a * (y - f), (a - 1) * (y - f)))


def d2_pinball(y, f, a):
    """The best constant is found by trying every target."""
    return None if constant(y) else 1 - pinball(y, f, a) / min(pinball(y, c, a) for c in y)


def constant(v):
    return (v == v[0]).all()


def ccc(y, f):
    y, f = [mp.mpf(v) for v in y.tolist()], [mp.mpf(v) for v in f.tolist()]
    a, b = mp.fsum(y) / len(y), mp.fsum(f) / len(f)
    return 2 * mp.fsum((u - a) * (v - b) for u, v in zip(y, f)) / mp.fsum((u - a) ** 2 + (v - b) ** 2 + (a - b) ** 2 for u, v in zip(y, f))


def if_they_vary(of):
    return lambda y, f: None if constant(y) or constant(f) else of(f, y)[0]


def log_error(y, f):
    return None if min(y.min(), f.min()) <= -1 else np.mean((np.log1p(f) - np.log1p(y)) ** 2)


def smape(y, f):
    whole = np.abs(y) + np.abs(f)
    return np.mean(np.where(whole > 0, 2 * np.abs(f - y) / np.where(whole > 0, whole, 1), 0))


TARGET_METRICS = [
    ("mse", [], lambda y, f: np.mean((f - y) ** 2)),
    ("median_ae", [], lambda y, f: np.median(np.abs(f - y))),
    ("mape", [], lambda y, f: np.mean(np.abs((f - y) / y)) if y.all() else None),
    ("smape", [], smape),
    ("msle", [], log_error),
    ("bias", [], lambda y, f: abs(np.mean(f - y))),
    ("explained_variance", [], lambda y, f: None if constant(y) else 1 - np.var(y - f) / np.var(y)),
    ("d2_absolute", [], lambda y, f: None if constant(y) else 1 - np.mean(np.abs(y - f)) / np.mean(np.abs(y - np.median(y)))),
    ("poisson_deviance", [], lambda y, f: mean_tweedie(y, f, 1)),
    ("gamma_deviance", [], lambda y, f: mean_tweedie(y, f, 2)),
    ("pearson", [], if_they_vary(stats.pearsonr)),
    ("spearman", [], if_they_vary(stats.spearmanr)),
    ("kendall", [], if_they_vary(stats.kendalltau)),
    ("ccc", [], lambda y, f: None if constant(y) or constant(f) else ccc(y, f)),
]
TARGET_METRICS += [("d2_pinball", [a], lambda y, f, a=a: d2_pinball(y, f, a)) for a in (0.1, 0.5, 0.8)]
for power in (-1, 0, 1, 1.5, 1.9, 2, 3):
    TARGET_METRICS.append(("tweedie_deviance", [power], lambda y, f, p=power: mean_tweedie(y, f, p)))
    TARGET_METRICS.append(("d2_tweedie", [power], lambda y, f, p=power: d2_tweedie(y, f, p)))


def regression(name, f, y):
    values = []
    for metric, par, of in TARGET_METRICS:
        each = [of(a, b) for a, b in zip(y.T, f.T)]
        values.append((metric, par, None if None in each else float(sum(each)) / len(each)))
    values += [("max_error", [], np.abs(f - y).max()), ("rmsle", [], None if log_error(y, f) is None else np.sqrt(log_error(y, f)))]
    return finish({"name": name, "kind": "regression", "t": y.shape[1], "pred_t": f.ravel(), "target_t": y.ravel().astype(float)}, values)


def regressions():
    normal, integers = rng.standard_normal, rng.integers
    yield regression("of either sign", normal((40, 1)), normal((40, 1)))
    yield regression("many ties", integers(-2, 3, (50, 1)).astype(float), integers(-2, 3, (50, 1)))
    yield regression("three targets of different scales", np.exp(normal((30, 3))) * [1, 10, 0.1], np.exp(normal((30, 3))) * [1, 10, 0.1])
    yield regression("counts, some 0", np.exp(normal((40, 1))), rng.poisson(1.2, (40, 1)))
    yield regression("a prediction of 0", integers(0, 4, (30, 1)).astype(float), np.exp(normal((30, 1))))
    yield regression("far from zero", 1e6 + normal((30, 1)), 1e6 + normal((30, 1)))
    yield regression("constant target", normal((10, 1)), np.full((10, 1), 0.1))
    yield regression("constant prediction", np.full((11, 1), 0.3), np.exp(normal((11, 1))))
    yield regression("both one constant", np.full((7, 1), 0.3), np.full((7, 1), 0.3))
    yield regression("one of two targets constant", normal((10, 2)), np.c_[normal(10), np.full(10, 3.0)])
    yield regression("one row", np.array([[2.0]]), np.array([[3.0]]))
    yield regression("two rows in the wrong order", np.array([[2.0], [1.0]]), np.array([[3.0], [4.0]]))
    yield regression("a target of -1", np.array([[0.5], [1.0], [2.0]]), np.array([[-1.0], [1.0], [2.0]]))


# ---- two classes ----

def thresholds(y, z):
    """(tp, fp) with nothing predicted positive, then with all rows of at least each score that occurs."""
    return [(0, 0)] + [(int(y[z >= s].sum()), int((1 - y[z >= s]).sum())) for s in np.unique(z)[::-1]]


def best(points, rate_of, of, rate):
    return max((of(*p) for p in points if rate_of(*p) >= rate), default=0)


def eer(points, pos, neg):
    """The root of FPR - FNR along the curve, a parameter from point to point."""
    fpr, fnr, at = [fp / neg for _, fp in points], [1 - tp / pos for tp, _ in points], range(len(points))
    root = optimize.brentq(lambda t: np.interp(t, at, fpr) - np.interp(t, at, fnr), 0, len(points) - 1, xtol=1e-15, rtol=1e-15)
    return np.interp(root, at, fpr)


def lift(y, z, share):
    """Rows of equal score each count as the mean of them."""
    mean = np.array([y[z == s].mean() for s in z])[np.argsort(-z, kind="stable")]
    return np.interp(share * len(y), np.arange(len(y) + 1), np.r_[0, np.cumsum(mean)]) / (share * y.sum())


def binary(name, z, y):
    z, pos, neg, points, values = np.asarray(z, float), int(y.sum()), int((1 - y).sum()), thresholds(y, z), []

    def add(metric, par, both, of):
        values.append((metric, par, of() if pos and (neg or not both) else None))

    for r in (0.2, 0.5, 0.9, 1):
        add("precision_at_recall", [r], False, lambda: best(points[1:], lambda tp, fp: tp / pos, lambda tp, fp: tp / (tp + fp), r))
        add("recall_at_precision", [r], False, lambda: best(points[1:], lambda tp, fp: tp / (tp + fp), lambda tp, fp: tp / pos, r))
        add("sensitivity_at_specificity", [r], True, lambda: best(points, lambda tp, fp: 1 - fp / neg, lambda tp, fp: tp / pos, r))
        add("fpr_at_tpr", [r], True, lambda: min(fp / neg for tp, fp in points if tp / pos >= r))
        add("lift", [r], False, lambda: lift(y, z, r))
    add("eer", [], True, lambda: eer(points, pos, neg))
    add("ks", [], True, lambda: stats.ks_2samp(z[y == 0], z[y == 1], alternative="greater").statistic)
    add("gini", [], True, lambda: 0 if constant(z) else stats.somersd(y, z).statistic)  # SciPy leaves equal scores undefined
    return finish({"name": name, "kind": "binary", "n_classes": 2, "label": y, "score": z}, values)


def binaries():
    normal, integers = rng.standard_normal, rng.integers
    y = integers(0, 2, 50)
    yield binary("random scores", normal(50), y)
    yield binary("scores that know", normal(50) + 2 * y, y)
    yield binary("ties", integers(-2, 3, 60), integers(0, 2, 60))
    yield binary("rare positives", normal(80), (rng.random(80) < 0.08).astype(int))
    yield binary("no positive row", normal(12), np.zeros(12, int))
    yield binary("no negative row", normal(12), np.ones(12, int))
    yield binary("equal scores", np.full(15, 0.5), np.array([1, 0, 0] * 5))
    yield binary("perfect, one tie", np.array([3, 2, 2, 1, 0]), np.array([1, 1, 1, 0, 0]))
    yield binary("the wrong way round", np.arange(8), np.array([1, 1, 1, 1, 0, 0, 0, 0]))
    yield binary("one row", np.array([0.5]), np.array([1]))


# ---- classes ----

def confusion(y, pred, c):
    m = np.zeros((c, c))
    np.add.at(m, (y, pred), 1)
    return m


def kappa(m, cost):
    chance = np.outer(m.sum(axis=1), m.sum(axis=0)) / m.sum()
    return 1 - (cost * m).sum() / (cost * chance).sum() if (cost * chance).sum() else None


def decided(y, pred, c):
    """The values of labels and decisions alone, from their confusion matrix; in many classes and in two."""
    m = confusion(y, pred, c)
    tp, truth, said = np.diag(m), m.sum(axis=1), m.sum(axis=0)
    occurs, over = truth + said > 0, lambda a, b: np.where(b > 0, a / np.where(b > 0, b, 1), 0)
    values = []
    for name, of in (("precision", over(tp, said)), ("recall", over(tp, truth)), ("jaccard", over(tp, truth + said - tp)), ("f1", over(2 * tp, truth + said))):
        values.append((name + "_macro", [], of[occurs].mean()))
        if name != "recall":
            values.append((name + "_weighted", [], np.average(of, weights=truth)))
    values.append(("cohen_kappa", [], kappa(m, 1 - np.eye(c))))
    return values


def ordered(y, pred, c):
    apart, m = np.abs(y - pred), confusion(y, pred, c)
    cost = np.abs(np.subtract.outer(np.arange(c), np.arange(c))).astype(float)
    return [("weighted_kappa", [p], kappa(m, cost ** p)) for p in (1, 2, 0.5)] + [
        ("off_by_one", [], np.mean(apart <= 1)), ("rank_mae", [], apart.mean()),
        ("macro_rank_mae", [], np.mean([apart[y == k].mean() for k in np.unique(y)]))]


def bins_of(p, bins):
    return [rows for b in range(bins) for rows in [(p > b / bins) & (p <= (b + 1) / bins) | ((b == 0) & (p == 0))] if rows.any()]


def ece(right, p, bins):
    return sum(rows.mean() * abs(right[rows].mean() - p[rows].mean()) for rows in bins_of(p, bins))


def ks_calibration(right, conf):
    """The largest distance, at a confidence that occurs, of what is right so far and what the confidences say."""
    return max(abs(np.sum((right - conf)[conf <= c])) for c in np.unique(conf)) / len(conf)


def auc(pos, neg):
    if not len(pos) or not len(neg):
        return None
    return stats.mannwhitneyu(pos, neg, method="asymptotic").statistic / (len(pos) * len(neg))


def averaged(parts):
    """The plain and the weighted mean of (value, weight), without the values that are not there."""
    parts = [(v, w) for v, w in parts if v is not None]
    return [np.mean([v for v, _ in parts]), np.average([v for v, _ in parts], weights=[w for _, w in parts])] if parts else [None, None]


def several_aucs(y, logp):
    c = logp.shape[1]
    rest = [(auc(logp[y == k, k], logp[y != k, k]), (y == k).sum()) for k in range(c) if (y == k).any()]
    pairs = []
    for a, b in itertools.combinations(range(c), 2):
        both = auc(logp[y == a, a], logp[y == b, a]), auc(logp[y == b, b], logp[y == a, b])
        pairs.append((None if None in both else np.mean(both), ((y == a) | (y == b)).sum()))
    return list(zip(("auc_ovr", "auc_ovr_weighted", "auc_ovo", "auc_ovo_weighted"), [[]] * 4, averaged(rest) + averaged(pairs)))


def multiclass(name, z, y):
    c, logp = z.shape[1], special.log_softmax(z, axis=1)
    pred, conf, p = z.argmax(axis=1), np.exp(logp.max(axis=1)), np.exp(logp)
    case = {"name": name, "kind": "multiclass", "n_classes": c, "label": y, "pred": pred, "conf": conf, "log_probability": logp.ravel()}
    values = decided(y, pred, c) + ordered(y, pred, c) + several_aucs(y, logp)
    values += [("classwise_ece", [m], np.mean([ece(y == k, p[:, k], m) for k in range(c)])) for m in (15, 3)]
    values.append(("ks_calibration", [], ks_calibration(y == pred, conf)))
    return finish(case, values)


def two_classes(name, z, y):
    p = special.expit(z)
    case = {"name": name, "kind": "binary", "n_classes": 2, "label": y, "pred": (z > 0).astype(int), "conf": np.maximum(p, 1 - p), "score": z}
    values = decided(y, case["pred"], 2) + [("ks_calibration", [], ks_calibration(y == case["pred"], case["conf"]))]
    values += [("classwise_ece", [m], (ece(y == 1, p, m) + ece(y == 0, special.expit(-z), m)) / 2) for m in (15, 3)]
    return finish(case, values)


def classes():
    normal, integers = rng.standard_normal, rng.integers
    y = integers(0, 4, 60)
    yield multiclass("random scores, 4 classes", 2 * normal((60, 4)), y)
    yield multiclass("scores that know, 4 classes", normal((60, 4)) + 2 * np.eye(4)[y], y)
    yield multiclass("tied scores", integers(-1, 2, (40, 5)).astype(float), integers(0, 5, 40))
    yield multiclass("class 2 has no row", normal((30, 4)), rng.choice([0, 1, 3], 30))
    yield multiclass("class 3 neither true nor predicted", normal((30, 6)) - 9 * (np.arange(6) == 3), rng.choice([0, 1, 2, 4, 5], 30))
    yield multiclass("rows of one class", normal((12, 3)), np.full(12, 1))
    yield multiclass("one class, always right", normal((9, 3)) + [0, 99, 0], np.full(9, 1))
    yield multiclass("probabilities below the smallest number", normal((20, 3)) * 2000, integers(0, 3, 20))
    yield multiclass("one row of classes", normal((1, 3)), np.array([2]))
    yield multiclass("two classes", normal((25, 2)), integers(0, 2, 25))
    yield two_classes("random", 2 * normal(40), integers(0, 2, 40))
    yield two_classes("tied", integers(-2, 3, 40).astype(float), integers(0, 2, 40))
    yield two_classes("no positive row of two classes", normal(10), np.zeros(10, int))
    yield two_classes("all negative and right", -np.abs(normal(10)), np.zeros(10, int))


# ---- labels ----

def multilabel(name, z, y):
    """Labels 1, 0, -1, of which the last is not known."""
    parts = [(auc(a[b == 1], a[b == 0]), 1) for a, b in zip(z.T, y.T)]
    return finish({"name": name, "kind": "multilabel", "t": y.shape[1], "pred_t": z.ravel(), "target_t": y.ravel().astype(float)},
                  [("auc_labels", [], averaged(parts)[0]), ("auc_micro", [], auc(z[y == 1], z[y == 0]))])


def labels():
    normal, integers = rng.standard_normal, rng.integers
    yield multilabel("random labels", normal((30, 5)), integers(0, 2, (30, 5)))
    yield multilabel("tied labels", integers(-1, 2, (30, 5)).astype(float), integers(0, 2, (30, 5)))
    yield multilabel("labels that are not known", normal((30, 6)), integers(-1, 2, (30, 6)))
    yield multilabel("a label nowhere, one everywhere", normal((20, 4)), np.c_[integers(0, 2, (20, 2)), np.zeros(20, int), np.ones(20, int)])
    yield multilabel("no label at all", normal((8, 3)), np.zeros((8, 3), int))
    yield multilabel("one row of labels", normal((1, 4)), np.array([[1, 0, 1, 0]]))


# ---- subgroups ----

def rates(groups, of, among=None):
    """The mean of `of` in every group, of the rows that count."""
    counts = np.ones(len(groups), bool) if among is None else among
    return [np.mean(of[counts & (groups == g)]) for g in np.unique(groups[counts])]


def gap(groups, of, among=None):
    each = rates(groups, of, among)
    return max(each) - min(each) if each else None


def subgroups_of_classes(name, y, pred, groups, c):
    right = (y == pred).astype(float)
    case = {"name": name, "kind": "binary" if c == 2 else "multiclass", "n_classes": c, "label": y, "pred": pred, "subgroup": groups}
    values = [("worst_group_accuracy", [0], min(rates(groups, right))), ("worst_group_accuracy", [1], min(rates(groups * 10 + y, right))),
              ("group_accuracy_gap", [], gap(groups, right))]
    if c == 2:
        said, hits, alarms = (pred == 1).astype(float), gap(groups, 1.0 * (pred == 1), y == 1), gap(groups, 1.0 * (pred == 1), y == 0)
        values += [("demographic_parity_gap", [], gap(groups, said)), ("equal_opportunity_gap", [], hits),
                   ("equalized_odds_gap", [], None if hits is None or alarms is None else max(hits, alarms))]
    return finish(case, values)


def subgroups_of_numbers(name, f, y, groups):
    each = np.sqrt(rates(groups, ((f - y) ** 2).mean(axis=1)))
    return finish({"name": name, "kind": "regression", "t": y.shape[1], "pred_t": f.ravel(), "target_t": y.ravel(), "subgroup": groups},
                  [("worst_group_rmse", [], max(each)), ("group_rmse_gap", [], max(each) - min(each))])


def subgroups():
    normal, integers = rng.standard_normal, rng.integers
    yield subgroups_of_classes("three subgroups, 4 classes", integers(0, 4, 60), integers(0, 4, 60), integers(0, 3, 60), 4)
    yield subgroups_of_classes("a subgroup of one row", integers(0, 3, 21), integers(0, 3, 21), np.r_[np.zeros(20, int), 1], 3)
    yield subgroups_of_classes("three subgroups, two classes", integers(0, 2, 60), integers(0, 2, 60), integers(0, 3, 60), 2)
    yield subgroups_of_classes("one subgroup", integers(0, 2, 20), integers(0, 2, 20), np.zeros(20, int), 2)
    yield subgroups_of_classes("subgroups 1 and 4 alone", integers(0, 2, 30), integers(0, 2, 30), 1 + 3 * integers(0, 2, 30), 2)
    yield subgroups_of_classes("a subgroup without a positive row", np.r_[integers(0, 2, 20), np.zeros(9, int)], integers(0, 2, 29), np.repeat([0, 1, 2], [10, 10, 9]), 2)
    yield subgroups_of_classes("no positive row at all", np.zeros(12, int), integers(0, 2, 12), integers(0, 2, 12), 2)
    yield subgroups_of_classes("no negative row at all", np.ones(12, int), integers(0, 2, 12), integers(0, 2, 12), 2)
    yield subgroups_of_numbers("two subgroups", normal((40, 1)), normal((40, 1)), integers(0, 2, 40))
    yield subgroups_of_numbers("four subgroups, three targets", normal((40, 3)), normal((40, 3)), integers(0, 4, 40))
    yield subgroups_of_numbers("one subgroup of numbers", normal((10, 1)), normal((10, 1)), np.zeros(10, int))


# ---- probabilities, by scikit-learn where it has them ----

def kernel_error(right, conf, width):
    """The sum over all pairs, in plain loops and many digits."""
    g = [mp.mpf(float(r)) - mp.mpf(float(c)) for r, c in zip(right, conf)]
    pairs = (a * b * mp.exp(-abs(mp.mpf(float(u)) - mp.mpf(float(v))) / mp.mpf(width)) for a, u in zip(g, conf) for b, v in zip(g, conf))
    return float(mp.sqrt(mp.fsum(pairs)) / len(g))


def one_of(logp, n):
    """Mean chance that one of n guesses is the true class, whose log-probabilities these are."""
    return float(mp.fsum(1 - (1 - mp.exp(mp.mpf(float(v)))) ** n for v in logp) / len(logp))


def judged(name, z, y, c):
    """pass_at by mpmath; d2_log_loss by scikit-learn's log loss and SciPy's entropy; d2_brier by the Brier scores of the forecast and of the constant one, row by row."""
    wide = np.c_[-z, z] / 2 if c == 2 else z
    logp = special.log_softmax(wide, axis=1)
    p, own, rows = np.exp(logp), np.eye(c)[y], np.arange(len(y))
    brier = ((p - own) ** 2).sum(axis=1) / (2 if c == 2 else 1)
    constant = np.broadcast_to(own.mean(axis=0), own.shape)
    case = {"name": name, "kind": "binary" if c == 2 else "multiclass", "n_classes": c, "label": y, "pred": p.argmax(axis=1), "conf": p.max(axis=1),
            "logp": logp[rows, y], "brier": brier}
    one = len(set(y)) == 1
    values = [("kernel_calibration_error", [h], kernel_error(p.argmax(axis=1) == y, p.max(axis=1), h)) for h in (0.4, 0.05)]
    values += [("pass_at", [n], one_of(case["logp"], n)) for n in (1, 16, 1000)]
    values.append(("d2_log_loss", [], None if one else 1 - sk.log_loss(y, p, labels=np.arange(c), eps=1e-300) / special.entr(own.mean(axis=0)).sum()))
    values.append(("d2_brier", [], None if one else 1 - brier.mean() / (((constant - own) ** 2).sum(axis=1).mean() / (2 if c == 2 else 1))))
    return finish(case, values)


def probabilities():
    normal, integers = rng.standard_normal, rng.integers
    y = integers(0, 4, 60)
    yield judged("random probabilities, 4 classes", normal((60, 4)), y, 4)
    yield judged("probabilities that know", normal((60, 4)) + 3 * np.eye(4)[y], y, 4)
    yield judged("equal probabilities", np.zeros((12, 3)), integers(0, 3, 12), 3)
    yield judged("a class has no row", normal((30, 4)), rng.choice([0, 1, 3], 30), 4)
    yield judged("probabilities of one class", normal((10, 3)), np.full(10, 2), 3)
    yield judged("probabilities of two", 2 * normal(50), integers(0, 2, 50), 2)
    yield judged("tied probabilities of two", integers(-2, 3, 40).astype(float), integers(0, 2, 40), 2)
    yield judged("one row of probabilities", normal((1, 3)), np.array([1]), 3)


# ---- labels, averaged in other ways ----

def other_averages(name, z, y):
    """By scikit-learn, label by label on the entries that are known."""
    known, pred = y >= 0, (z > 0).astype(int)
    columns = [(a[m], b[m], s[m]) for a, b, s, m in zip(y.T, pred.T, z.T, known.T) if m.any()]
    there = [a.sum() for a, _, _ in columns]
    values = []
    for measure in ("f1", "precision"):
        each = [getattr(sk, measure + "_score")(a, b, zero_division=0) for a, b, _ in columns]
        values.append((measure + "_labels_weighted", [], np.average(each, weights=there) if sum(there) else None))
    both = [(sk.roc_auc_score(a, s), n) for (a, _, s), n in zip(columns, there) if 0 < n < len(a)]
    values.append(("auc_labels_weighted", [], averaged(both)[1]))
    rows = [(a[m], b[m]) for a, b, m in zip(y, pred, known) if m.any()]
    for part, pairs in (("micro", [(y[known], pred[known])]), ("labels", [c[:2] for c in columns]), ("samples", rows)):
        values.append(("jaccard_" + part, [], np.mean([sk.jaccard_score(a, b, zero_division=0) for a, b in pairs])))
    return finish({"name": name, "kind": "multilabel", "t": y.shape[1], "pred_t": z.ravel(), "target_t": y.ravel().astype(float)}, values)


def more_labels():
    normal, integers = rng.standard_normal, rng.integers
    yield other_averages("random labels again", normal((40, 6)), integers(0, 2, (40, 6)))
    yield other_averages("rare labels", normal((50, 8)) - 1, (rng.random((50, 8)) < 0.1).astype(int))
    yield other_averages("unknown labels", normal((40, 7)), integers(-1, 2, (40, 7)))
    yield other_averages("a label nowhere", normal((20, 4)), np.c_[integers(0, 2, (20, 3)), np.zeros(20, int)])
    yield other_averages("no label on any row", normal((10, 3)), np.zeros((10, 3), int))
    yield other_averages("one row, four labels", normal((1, 4)), np.array([[1, 0, 1, 0]]))


# ---- rows under attack, sizes of scores ----

def attacked(name, z, y):
    """z (places,n,c): the scores of every row as it is, first, and where an attack moved it."""
    _, n, c = z.shape
    logp = special.log_softmax(z, axis=2)[:, np.arange(n), y]
    pred = z.argmax(axis=2)
    wrong = pred != y
    worst = np.where(wrong.any(axis=0), pred[wrong.argmax(axis=0), np.arange(n)], y)
    values = [("robust_accuracy", [], np.mean([all(row) for row in (pred == y).T])), ("robust_log_loss", [], np.mean([max(-row) for row in logp.T]))]
    for k in range(c):
        of = y == k
        values += [("class_error", [k], wrong[0][of].mean() if of.any() else None), ("robust_class_error", [k], wrong.any(axis=0)[of].mean() if of.any() else None)]
    sums = np.exp(z[0] - z[0].max(axis=1, keepdims=True)).astype(np.float32).sum(axis=1, dtype=np.float32)
    values += [("softmax_collapse", [], np.mean(sums == 1)), ("zero_gradient", [], np.mean((sums == 1) & (pred[0] == y))),
               ("score_peak", [], np.abs(z[0]).max(axis=1).mean())]
    return finish({"name": name, "kind": "multiclass", "n_classes": c, "label": y, "pred": pred[0], "robust": worst, "robust_logp": logp.min(axis=0),
                   "collapsed": (sums == 1).astype(int), "peak": np.abs(z[0]).max(axis=1)}, values)


def attacks():
    normal, integers = rng.standard_normal, rng.integers
    y = integers(0, 3, 40)
    yield attacked("rows under attack", 3 * normal((1, 40, 3)) + normal((5, 40, 3)), y)
    yield attacked("rows that withstand", 30 * np.eye(3)[y] + normal((5, 40, 3)), y)
    yield attacked("rows under attack, a class without rows", 9 * normal((3, 20, 4)), integers(0, 3, 20))


# ---- a teacher ----

def taught(name, z, teacher):
    """By SciPy's relative entropy, row by row."""
    n, c = z.shape
    logp = special.log_softmax(z, axis=1)
    kl = np.mean([stats.entropy(q, p) for q, p in zip(special.softmax(teacher, axis=1), np.exp(logp))])
    return finish({"name": name, "kind": "multiclass", "n_classes": c, "label": rng.integers(0, c, n), "pred": z.argmax(axis=1), "log_probability": logp.ravel(),
                   "teacher": teacher.ravel()}, [("teacher_agreement", [], np.mean(z.argmax(axis=1) == teacher.argmax(axis=1))), ("teacher_kl", [], kl)])


def teachers():
    z, t = rng.standard_normal((2, 40, 4))
    yield taught("a teacher of 4 classes", z, 3 * t)
    yield taught("a student that is the teacher", z, z)
    yield taught("a teacher with equal scores", z[:7], np.round(t[:7]))


if __name__ == "__main__":
    with open("tests/golden/metrics_everyday.json", "w", encoding="ascii") as out:
        out.write('{"made_by": "tests/reference/metrics_everyday.py",\n "cases": [\n')
        out.write(",\n".join("  " + json.dumps(case) for part in (regressions, binaries, classes, labels, subgroups, probabilities, more_labels, attacks, teachers) for case in part()))
        out.write("\n ]}\n")
