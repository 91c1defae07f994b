#!/usr/bin/python3
"""Writes tests/golden/losses_everyday.json: classification losses that other libraries have, of label noise, regions, rankings,
positive and unlabelled rows and complementary labels. Values with 80 digits by mpmath from their definitions, gradients by central
differences with a step of 1e-25; factors that a gradient holds fixed are made of the scores that do not move. Run it from the project's
root; needs mpmath. tests/unit/losses/test_reference_values.c compares."""
import itertools
import json
import random

import mpmath
from mpmath import mpf

mpmath.mp.dps = 80
OUT = "tests/golden/losses_everyday.json"
STEP = mpf(10) ** -25
LOSSES = []
SHAPES = {"multiclass": [(1, 2), (3, 3), (2, 7), (5, 4)], "binary": [(1, 1), (4, 1), (7, 1)], "multilabel": [(1, 2), (3, 3), (2, 6)]}


def log(x):
    return mpmath.log(x)


def exp(x):
    return mpmath.exp(x)


def softmax(row):
    terms = [exp(v - max(row)) for v in row]
    return [v / sum(terms) for v in terms]


def softplus(x):
    return log(1 + exp(x))


def sigmoid(x):
    return 1 / (1 + exp(-x))


def hinge(u):
    return max(mpf(0), 1 - u)


def case(*settings, kind="multiclass"):
    """Takes a function of (z, y, held, parameters), or of a form below, into the list, with these settings."""
    def add(loss):
        LOSSES.extend((kind, loss, dict(s)) for s in settings or [{}])
        return loss
    return add


def rows(of):
    """The mean over rows of a function of a row's scores and label."""
    def loss(z, y, held, **par):
        return sum(of(row, label, **par) for row, label in zip(z, y)) / len(z)
    loss.__name__ = of.__name__
    return loss


def by_probability(of):
    """The mean over rows of a function of p_y."""
    def loss(z, y, held, **par):
        return sum(of(softmax(row)[label], **par) for row, label in zip(z, y)) / len(z)
    loss.__name__ = of.__name__
    return loss


# ---- of p_y


@case({}, {"alpha": 0.5}, {"alpha": 0.8}, {"alpha": 1}, {"alpha": 10})
@by_probability
def alpha_loss(p, alpha=2):
    a = mpf(alpha)
    return -log(p) if alpha == 1 else a / (a - 1) * (1 - p ** (1 - 1 / a))


@case({}, {"alpha": 0}, {"alpha": 1})
@by_probability
def tamed_ce(p, alpha=0.5):
    a = mpf(alpha)
    return log(1 - log(p)) if alpha == 1 else ((1 - log(p)) ** (1 - a) - 1) / (1 - a)


@case({}, {"tau": 2}, {"tau": 1000})
@by_probability
def phuber_ce(p, tau=10):
    t = mpf(tau)
    return -log(p) if p > 1 / t else 1 + log(t) - t * p


@case({}, {"q": 0.05}, {"q": 0.95, "tau": 1.5}, {"tau": 1.2})
@by_probability
def phuber_gce(p, q=0.7, tau=10):
    a, slope = mpf(q), mpf(tau)
    t = slope ** (1 / (a - 1))
    return (1 - p ** a) / a if p > t else slope * (t - p) + (1 - t ** a) / a


@case()
@by_probability
def comp_exp(p):
    return exp(p)


# ---- of a row


@case({}, {"r": -2}, {"r": 0.3})
@rows
def negative_smoothing(z, y, r=-0.4):
    p, rate = softmax(z), mpf(r)
    return -(1 - rate) * log(p[y]) - rate / len(z) * sum(log(v) for v in p)


@case({}, {"beta": 0.5})
@rows
def cores(z, y, beta=2):
    p = softmax(z)
    return -log(p[y]) + mpf(beta) / len(z) * sum(log(v) for v in p)


def short_of(p, least, gamma):
    """What a class falls short of the largest focal loss."""
    def f(x):
        return -(1 - x) ** mpf(gamma) * log(x)
    return f(mpf(least)) - f(max(p, mpf(least)))


def negative(z, y, gamma, min_prob):
    s = [short_of(v, min_prob, gamma) for v in softmax(z)]
    return 1 - s[y] / sum(s)


def normalised(z, y, gamma):
    f = [-(1 - v) ** mpf(gamma) * log(v) for v in softmax(z)]
    return f[y] / sum(f)


@case({}, {"min_prob": 1e-4})
@rows
def nnce(z, y, min_prob=1e-7):
    return negative(z, y, 0, min_prob)


@case({}, {"gamma": 2}, {"min_prob": 1e-4})
@rows
def nnfl(z, y, gamma=0.5, min_prob=1e-7):
    return negative(z, y, gamma, min_prob)


@case({}, {"alpha": 0.1, "beta": 2, "min_prob": 1e-4})
@rows
def anl_ce(z, y, alpha=5, beta=5, min_prob=1e-7):
    return mpf(alpha) * normalised(z, y, 0) + mpf(beta) * negative(z, y, 0, min_prob)


@case({}, {"gamma": 2, "alpha": 1})
@rows
def anl_fl(z, y, alpha=5, beta=5, gamma=0.5, min_prob=1e-7):
    return mpf(alpha) * normalised(z, y, gamma) + mpf(beta) * negative(z, y, gamma, min_prob)


def one_against_rest(z, y, classes, phi):
    value = sum(phi(v if k == y else -v) for k, v in enumerate(z))
    return value / len(z) if classes == "mean" else value


@case({}, {"classes": "mean"})
@rows
def ovr_bce(z, y, classes="sum"):
    return one_against_rest(z, y, classes, lambda u: softplus(-u))


@case({}, {"classes": "mean"})
@rows
def ovr_hinge(z, y, classes="sum"):
    return one_against_rest(z, y, classes, hinge)


@case({}, {"classes": "mean"})
@rows
def ovr_squared_hinge(z, y, classes="sum"):
    return one_against_rest(z, y, classes, lambda u: hinge(u) ** 2)


@case({}, {"p": 2}, {"p": 2, "margin": 3.5})
@rows
def multi_margin(z, y, p=1, margin=1):
    return sum(max(mpf(0), mpf(margin) - z[y] + v) ** p for k, v in enumerate(z) if k != y) / len(z)


@case({}, {"gamma": 0.25}, {"gamma": 1})
@rows
def reinforced_hinge(z, y, gamma=0.5):
    g, mean = mpf(gamma), sum(z) / len(z)
    others = sum(max(mpf(0), 1 + v - mean) for k, v in enumerate(z) if k != y)
    return g * max(mpf(0), len(z) - 1 - (z[y] - mean)) + (1 - g) * others


@case({}, {"gamma_pos": 1}, {"gamma_neg": 1, "eps": 0.3}, {"gamma_pos": 0.5, "gamma_neg": 0})
@rows
def asl_single(z, y, gamma_pos=0, gamma_neg=4, eps=0.1):
    p, share = softmax(z), mpf(eps) / len(z)
    value = -(1 - mpf(eps) + share) * (1 - p[y]) ** mpf(gamma_pos) * log(p[y])
    return value - sum(share * v ** mpf(gamma_neg) * log(v) for k, v in enumerate(p) if k != y)


@case()
@rows
def comp_forward(z, y):
    return -log(sum(v for k, v in enumerate(softmax(z)) if k != y) / (len(z) - 1))


@case()
@rows
def comp_free(z, y):
    cost = [-log(v) for v in softmax(z)]
    return sum(cost) - (len(z) - 1) * cost[y]


# ---- nearly one-hot probabilities; the likeliest class is that of the scores that are held


def nearly_one_hot(z, y, held, of):
    total = mpf(0)
    for row, label, seen in zip(z, y, held):
        total += of(softmax(row), label, seen.index(max(seen)))
    return total / len(z)


def share(p, y, top, m):
    return (p[y] + (mpf(m) if y == top else 0)) / (1 + mpf(m))


@case({}, {"m": 1000})
def eps_ce(z, y, held, m=1):
    return nearly_one_hot(z, y, held, lambda p, label, top: -log(share(p, label, top, m)))


@case({}, {"m": 1, "alpha": 1}, {"m": 1000, "alpha": 0.02})
def eps_ce_mae(z, y, held, m=1e5, alpha=0.01, beta=5):
    return nearly_one_hot(z, y, held, lambda p, label, top: -mpf(alpha) * log(share(p, label, top, m)) + 2 * mpf(beta) * (1 - p[label]))


@case({}, {"m": 1, "alpha": 1, "gamma": 2}, {"m": 0, "alpha": 1, "beta": 0, "gamma": 0.5})
def eps_fl_mae(z, y, held, m=1e5, alpha=0.01, beta=5, gamma=0.1):
    def of(p, label, top):
        q = share(p, label, top, m)
        return -mpf(alpha) * (1 - q) ** mpf(gamma) * log(q) + 2 * mpf(beta) * (1 - p[label])
    return nearly_one_hot(z, y, held, of)


# ---- of a batch


@case({}, {"alpha": 0.5}, {"alpha": 2})
def peer_loss(z, y, held, alpha=1):
    """Over all pairs of a row and a label of the batch."""
    cost = [[-log(v) for v in softmax(row)] for row in z]
    peers = sum(row[label] for row in cost for label in y) / mpf(len(z)) ** 2
    return sum(row[label] for row, label in zip(cost, y)) / len(z) - mpf(alpha) * peers


def margin(row, label):
    return row[label] - max(v for k, v in enumerate(row) if k != label)


@case()
def curriculum(z, y, held):
    """The smallest bound over every set of rows; the gradient is that of the hinges in the set."""
    n, cost = len(z), [hinge(margin(row, label)) for row, label in zip(held, y)]
    wrong = sum(margin(row, label) < 0 for row, label in zip(held, y))
    sets = [s for size in range(n + 1) for s in itertools.combinations(range(n), size)]

    def bound(s):
        return max(sum(cost[i] for i in s), mpf(n - len(s) + wrong))
    least = min(bound(s) for s in sets)
    best = max((s for s in sets if bound(s) == least), key=lambda s: (len(s), -sum(cost[i] for i in s)))
    return (least + sum(hinge(margin(z[i], y[i])) - cost[i] for i in best)) / n


@case({}, {"correction": "abs"})
def comp_nn(z, y, held, correction="max"):
    n, c = len(z), len(z[0])
    cost = [[-log(v) for v in softmax(row)] for row in z]
    risks = [(sum(row[k] for row in cost) - (c - 1) * sum(row[k] for row, label in zip(cost, y) if label == k)) / n for k in range(c)]
    return sum(max(mpf(0), r) if correction == "max" else abs(r) for r in risks)


def regions(z, y, classes, of):
    """The mean over classes of a function of TP, M, N and the sum of squares."""
    p, values = [softmax(row) for row in z], []
    for k in range(len(z[0])):
        rows_of = sum(label == k for label in y)
        if rows_of or classes == "all":
            values.append(of(sum(v[k] for v, label in zip(p, y) if label == k), sum(v[k] for v in p), rows_of, sum(v[k] ** 2 for v in p)))
    return 1 - sum(values) / len(values)


@case({}, {"eps": 1, "classes": "all"}, {"squared": "true"}, {"squared": "true", "eps": 0.5, "classes": "all"})
def dice_multiclass(z, y, held, eps=0, classes="present", squared="false"):
    return regions(z, y, classes, lambda tp, m, n, sq: (2 * tp + mpf(eps)) / ((sq if squared == "true" else m) + n + mpf(eps)))


@case({}, {"power": 0}, {"power": 1})
def generalised_dice(z, y, held, power=2):
    p, above, below = [softmax(row) for row in z], mpf(0), mpf(0)
    for k in set(y):
        weight = mpf(sum(label == k for label in y)) ** -mpf(power)
        above += weight * sum(v[k] for v, label in zip(p, y) if label == k)
        below += weight * (sum(v[k] for v in p) + sum(label == k for label in y))
    return 1 - 2 * above / below


@case({}, {"eps": 1, "classes": "all"})
def iou_multiclass(z, y, held, eps=0, classes="present"):
    return regions(z, y, classes, lambda tp, m, n, sq: (tp + mpf(eps)) / (m + n - tp + mpf(eps)))


@case({}, {"a_fp": 1, "b_fn": 0.25, "eps": 1, "classes": "all"})
def tversky_multiclass(z, y, held, a_fp=0.3, b_fn=0.7, eps=0, classes="present"):
    return regions(z, y, classes, lambda tp, m, n, sq: (tp + mpf(eps)) / (tp + mpf(a_fp) * (m - tp) + mpf(b_fn) * (n - tp) + mpf(eps)))


@case({}, {"beta": 2}, {"beta": 0.5, "eps": 1, "classes": "all"})
def fbeta_multiclass(z, y, held, beta=1, eps=0, classes="present"):
    b = mpf(beta) ** 2
    return regions(z, y, classes, lambda tp, m, n, sq: ((1 + b) * tp + mpf(eps)) / (m + b * n + mpf(eps)))


@case({}, {"classes": "all"})
def lovasz_softmax(z, y, held, classes="present"):
    p, values = [softmax(row) for row in z], []
    for k in range(len(z[0])):
        rows_of = sum(label == k for label in y)
        if not rows_of and classes == "present":
            continue
        errors = sorted(((abs((label == k) - v[k]), label == k) for v, label in zip(p, y)), key=lambda e: -e[0])
        value, before, hits = mpf(0), mpf(0), 0
        for place, (error, own) in enumerate(errors):
            hits += own
            jaccard = 1 - mpf(rows_of - hits) / (rows_of + place + 1 - hits)
            value, before = value + error * (jaccard - before), jaccard
        values.append(value)
    return sum(values) / len(values)


@case({}, {"phi": "squared", "margin": 2}, {"phi": "hinge"}, {"phi": "logistic"}, {"act": "sigmoid"}, {"act": "softmax"},
      {"act": "softmax", "phi": "logistic"})
def auc_ovr(z, y, held, phi="squared_hinge", margin=1, act="none"):
    m, values = mpf(margin), []
    of = {"squared_hinge": lambda d: max(mpf(0), m - d) ** 2, "squared": lambda d: (m - d) ** 2, "hinge": lambda d: max(mpf(0), m - d),
          "logistic": lambda d: softplus(-d)}[phi]
    h = [softmax(row) if act == "softmax" else [sigmoid(v) for v in row] if act == "sigmoid" else row for row in z]
    for k in range(len(z[0])):
        own, others = [v[k] for v, label in zip(h, y) if label == k], [v[k] for v, label in zip(h, y) if label != k]
        if own and others:
            values.append(sum(of(a - b) for a in own for b in others) / (len(own) * len(others)))
    return sum(values) / len(values) if values else mpf(0)


# ---- binary and multilabel


@case({}, {"p": 1.5}, kind="binary")
@rows
def poly_hinge(z, y, p=3):
    return hinge(z[0] if y else -z[0]) ** mpf(p)


@case({}, {"lam": 0.1}, {"tau": 0.1, "margin": 0.5}, {"lam": 10, "tau": 0.5}, kind="binary")
def tpauc_kl(z, y, held, lam=1, tau=1, margin=1):
    own, others = [v[0] for v, label in zip(z, y) if label], [v[0] for v, label in zip(z, y) if not label]
    if not own or not others:
        return mpf(0)
    inner = [sum(exp(max(mpf(0), mpf(margin) - (a - b)) ** 2 / mpf(lam)) for b in others) / len(others) for a in own]
    return mpf(tau) * log(sum(v ** (mpf(lam) / mpf(tau)) for v in inner) / len(own))


PHI = {"sigmoid": lambda u: sigmoid(-u), "logistic": lambda u: softplus(-u), "hinge": hinge, "squared": lambda u: (1 - u) ** 2 / 4,
       "double_hinge": lambda u: max(-u, max(mpf(0), (1 - u) / 2))}


def mean(values):
    return sum(values) / len(values) if values else mpf(0)


def risks(z, y, prior, phi):
    own, unknown, of = [v[0] for v, label in zip(z, y) if label], [v[0] for v, label in zip(z, y) if not label], PHI[phi]
    part = mpf(prior) * mean([of(-v) for v in own])
    return mpf(prior) * mean([of(v) for v in own]), mean([of(-v) for v in unknown]) - part


@case({}, {"prior": 0.2, "phi": "logistic"}, {"phi": "hinge"}, {"phi": "squared"}, {"phi": "double_hinge"}, kind="binary")
def upu(z, y, held, prior=0.5, phi="sigmoid"):
    return sum(risks(z, y, prior, phi))


@case({}, {"prior": 0.8, "phi": "logistic"}, {"prior": 0.9, "phi": "hinge", "gamma": 0.5}, {"prior": 0.9, "phi": "squared", "beta": 0.1},
      {"prior": 0.9, "phi": "double_hinge"}, kind="binary")
def nnpu(z, y, held, prior=0.5, phi="sigmoid", beta=0, gamma=1):
    up, down = risks(z, y, prior, phi)
    seen_up, seen_down = risks(held, y, prior, phi)
    if seen_down >= -mpf(beta):
        return up + down
    return seen_up - mpf(beta) - mpf(gamma) * (down - seen_down)


@case(kind="multilabel")
@rows
def multilabel_margin(z, y):
    pairs = [(a, b) for a, known in zip(z, y) if known == 1 for b, other in zip(z, y) if other == 0]
    return sum(hinge(a - b) for a, b in pairs) / mpf(len(z))


def slopes(loss, z, y, par):
    def at(i, k, h):
        moved = [list(row) for row in z]
        moved[i][k] += h
        return loss(moved, y, z, **par)
    return [[float((at(i, k, STEP) - at(i, k, -STEP)) / (2 * STEP)) for k in range(len(row))] for i, row in enumerate(z)]


def make_case(kind, loss, par, shape, scale, rng):
    b, c = shape
    made = {"kind": kind, "loss": loss.__name__, "set": " ".join("%s=%s" % item for item in par.items()),
            "z": [[rng.gauss(0, scale) for _ in range(c)] for _ in range(b)]}
    if kind == "multilabel":
        made["t"] = y = [[rng.choice([-1, 0, 0, 1]) for _ in range(c)] for _ in range(b)]
    else:
        made["y"] = y = [rng.randrange(max(c, 2)) for _ in range(b)]
    z = [[mpf(v) for v in row] for row in made["z"]]
    made["value"] = float(loss(z, y, z, **par))
    made["grad"] = slopes(loss, z, y, par)
    made["source"] = "mpmath"
    return made


if __name__ == "__main__":
    generator, cases = random.Random(20261129), []
    for form, function, parameters in LOSSES:
        for size in (1, 4, 20):
            for dimensions in SHAPES[form] if size < 20 else SHAPES[form][1:2]:
                cases.append(make_case(form, function, parameters, dimensions, size, generator))
    with open(OUT, "w", encoding="ascii") as out:
        out.write('{"made_by": "tests/reference/losses_everyday.py",\n "cases": [\n')
        out.write(",\n".join("  " + json.dumps(entry) for entry in cases))
        out.write("\n ]}\n")
