#!/usr/bin/python3
"""Writes tests/golden/losses_pairs.json: losses of pairs and triplets of embeddings. Values with 60 digits by mpmath from their
definitions, row by row and without matrices; gradients by central differences with a step of 1e-20. What a gradient holds fixed (which
terms are not 0, choices, weights) is made of the embeddings that do not move. Run it from the project's root; needs mpmath. With
--show it prints the first case of each loss, to be held against the values of other sources."""
import itertools
import json
import random
import sys

import mpmath
from mpmath import mpf

mpmath.mp.dps = 60
OUT = "tests/golden/losses_pairs.json"
STEP = mpf(10) ** -20
E = [[1, .2, -.5], [.8, -.1, .3], [-.4, 1.1, .6], [.1, .9, -.7], [-.9, -.3, .8], [-.2, -1.2, .4]]
Y = [0, 0, 0, 1, 1, 2]
LOSSES = []


def case(*settings):
    """Takes a function of (rows, labels, rows that do not move, parameters) into the list, with these settings."""
    def add(loss):
        LOSSES.extend((loss, dict(s)) for s in settings or [{}])
        return loss
    return add


def dot(a, b):
    return sum(x * y for x, y in zip(a, b))


def unit(e):
    length = mpmath.sqrt(dot(e, e))
    return [x / length for x in e]


def dist(a, b):
    return mpmath.sqrt(sum((x - y) ** 2 for x, y in zip(a, b)))


def rows(z, normalize):
    return [unit(e) for e in z] if normalize else z


def cosines(z):
    u = [unit(e) for e in z]
    return [[dot(a, b) for b in u] for a in u]


def distances(z, normalize=True, squared=False):
    x = rows(z, normalize)
    return [[(dist(a, b) ** 2 if squared else dist(a, b)) for b in x] for a in x]


def positives(y, i):
    return [j for j in range(len(y)) if j != i and y[j] == y[i]]


def negatives(y, i):
    return [j for j in range(len(y)) if y[j] != y[i]]


def pairs(y, alike):
    return [(i, j) for i in range(len(y)) for j in (positives(y, i) if alike else negatives(y, i))]


def triplets(y):
    return [(a, p, n) for a in range(len(y)) for p in positives(y, a) for n in negatives(y, a)]


def mean(values):
    values = list(values)
    return sum(values) / len(values) if values else mpf(0)


def hinge(x):
    return max(x, mpf(0))


def lse(values):
    return mpmath.log(sum(mpmath.exp(v) for v in values))


def softplus(x):
    return mpmath.log(1 + mpmath.exp(x))


def sigmoid(x):
    return 1 / (1 + mpmath.exp(-x))


def part(value, held, reduction):
    """A mean of hinges: over those that are not 0, or over all."""
    counted = [h for h in held if reduction == "mean" or h > 0]
    return sum(hinge(v) for v in value) / len(counted) if counted else mpf(0)


@case({}, {"neg_margin": .5}, {"reduction": "mean"}, {"distance": "l2sq", "pos_margin": .1},
      {"distance": "cos", "pos_margin": .9, "neg_margin": .4}, {"normalize": False})
def contrastive(z, y, held, pos_margin=0, neg_margin=1, distance="l2", normalize=True, reduction="avg_nonzero"):
    def sides(x):
        if distance == "cos":
            s = cosines(x)
            return [mpf(pos_margin) - s[i][j] for i, j in pairs(y, True)], [s[i][j] - mpf(neg_margin) for i, j in pairs(y, False)]
        d = distances(x, normalize, distance == "l2sq")
        return [d[i][j] - mpf(pos_margin) for i, j in pairs(y, True)], [mpf(neg_margin) - d[i][j] for i, j in pairs(y, False)]
    (pos, neg), (pos_held, neg_held) = sides(z), sides(held)
    return part(pos, pos_held, reduction) + part(neg, neg_held, reduction)


@case({}, {"margin": 2}, {"normalize": True})
def contrastive_hadsell(z, y, held, margin=1, normalize=False):
    x = rows(z, normalize)
    return mean((dist(x[i], x[j]) ** 2 if y[i] == y[j] else hinge(mpf(margin) - dist(x[i], x[j])) ** 2) / 2
                for i, j in itertools.combinations(range(len(y)), 2))


@case({}, {"normalize": False, "reg": .3}, {"reduction": "mean", "neg_margin": 2})
def snr_contrastive(z, y, held, pos_margin=0, neg_margin=1, normalize=True, reduction="avg_nonzero", reg=0):
    def variance(v):
        return mean((x - mean(v)) ** 2 for x in v)

    def sides(e):
        x = rows(e, normalize)
        def ratio(i, j):
            return variance([b - a for a, b in zip(x[i], x[j])]) / variance(x[i])
        return [ratio(i, j) - mpf(pos_margin) for i, j in pairs(y, True)], [mpf(neg_margin) - ratio(i, j) for i, j in pairs(y, False)]
    (pos, neg), (pos_held, neg_held) = sides(z), sides(held)
    return part(pos, pos_held, reduction) + part(neg, neg_held, reduction) + mpf(reg) * mean(abs(sum(e)) for e in rows(z, normalize))


@case({}, {"m_pos": .7, "m_neg": .1, "l_pos": 2, "l_neg": .5})
def tcm(z, y, held, m_pos=.9, m_neg=.5, l_pos=1, l_neg=1):
    s, h = cosines(z), cosines(held)
    pos = [mpf(m_pos) - s[i][j] for i, j in pairs(y, True) if h[i][j] <= mpf(m_pos)]
    neg = [s[i][j] - mpf(m_neg) for i, j in pairs(y, False) if h[i][j] >= mpf(m_neg)]
    return mpf(l_pos) * mean(pos) + mpf(l_neg) * mean(neg)


@case({}, {"margin": 1, "squared": True}, {"soft": True, "normalize": False})
def triplet_hard(z, y, held, margin=.3, squared=False, normalize=True, soft=False):
    d, terms = distances(z, normalize, squared), []
    for a in range(len(y)):
        if positives(y, a) and negatives(y, a):
            v = max(d[a][p] for p in positives(y, a)) - min(d[a][n] for n in negatives(y, a))
            terms.append(softplus(v) if soft else hinge(mpf(margin) + v))
    return mean(terms)


@case({}, {"margin": 1}, {"squared": False, "normalize": False})
def triplet_semihard(z, y, held, margin=.2, squared=True, normalize=True):
    d, h, terms = distances(z, normalize, squared), distances(held, normalize, squared), []
    for a, p in pairs(y, True):
        others = negatives(y, a)
        farther = [n for n in others if h[a][n] > h[a][p]]
        if others:
            n = min(farther, key=lambda k: h[a][k]) if farther else max(others, key=lambda k: h[a][k])
            terms.append(hinge(mpf(margin) + d[a][p] - d[a][n]))
    return mean(terms)


@case({}, {"beta": .8, "margin": .4}, {"normalize": False})
def margin_wu(z, y, held, margin=.2, beta=1.2, normalize=True):
    def terms(e):
        d = distances(e, normalize)
        return [v for a, p, n in triplets(y) for v in (d[a][p] - mpf(beta) + mpf(margin), mpf(beta) - d[a][n] + mpf(margin))]
    active = sum(v > 0 for v in terms(held))
    return sum(hinge(v) for v in terms(z)) / active if active else mpf(0)


@case({}, {"eps": .1})
def m2f_triplet(z, y, held, eps=1e-6):
    d, h, e = distances(z), distances(held), mpf(eps)
    return mean(d[a][p] - (d[a][n] + d[p][n]) / 2 + 1 + 2 / (mpmath.exp(4 * h[a][p]) + e) + 1 + 2 / (mpmath.exp(-4 * h[a][n] + 4) + e)
                for a, p, n in triplets(y))


@case({}, {"normalize": False}, {"margin": .5})
def lifted(z, y, held, margin=1, normalize=True):
    d, m = distances(z, normalize), mpf(margin)
    return mean(hinge(d[i][p] + lse([m - d[i][n] for n in negatives(y, i)] + [m - d[p][n] for n in negatives(y, p)])) ** 2 / 2
                for i, p in pairs(y, True) if negatives(y, i))


@case({}, {"normalize": False}, {"margin": .5})
def lifted_gen(z, y, held, margin=1, normalize=True):
    d, m = distances(z, normalize), mpf(margin)
    return mean(hinge(lse(d[i][p] for p in positives(y, i)) + lse(m - d[i][n] for n in negatives(y, i)))
                for i in range(len(y)) if positives(y, i) and negatives(y, i))


@case({}, {"normalize": True}, {"l2_reg": .3})
def n_pair(z, y, held, normalize=False, l2_reg=0):
    x, anchor, pos = rows(z, normalize), [], []
    for c in sorted(set(y)):
        of = [i for i, label in enumerate(y) if label == c]
        if len(of) > 1:
            anchor.append(x[of[0]])
            pos.append(x[of[1]])
    return mean(lse(dot(a, p) for p in pos) - dot(a, pos[k]) for k, a in enumerate(anchor)) + \
        mpf(l2_reg) / 2 * (mean(dot(a, a) for a in anchor) + mean(dot(p, p) for p in pos))


@case({}, {"alpha": 1, "beta": 10, "lam": .2})
def binomial_deviance(z, y, held, alpha=2, beta=50, lam=.5):
    s, m = cosines(z), mpf(lam)
    return mean(mean(softplus(alpha * (m - s[i][p])) for p in positives(y, i)) + mean(softplus(beta * (s[i][n] - m)) for n in negatives(y, i))
                for i in range(len(y)))


@case({}, {"mining": False}, {"eps": .05, "alpha": 5}, {"beta": 10, "lam": 0})
def multi_similarity(z, y, held, alpha=2, beta=50, lam=.5, eps=.1, mining=True):
    s, h, m, e, total = cosines(z), cosines(held), mpf(lam), mpf(eps), mpf(0)
    for i in range(len(y)):
        pos, neg = positives(y, i), negatives(y, i)
        if not pos or not neg:
            continue
        if mining:
            pos, neg = ([p for p in pos if h[i][p] - e < max(h[i][n] for n in neg)],
                        [n for n in neg if h[i][n] + e > min(h[i][p] for p in pos)])
        total += mpmath.log(1 + sum(mpmath.exp(-alpha * (s[i][p] - m)) for p in pos)) / alpha
        total += mpmath.log(1 + sum(mpmath.exp(beta * (s[i][n] - m)) for n in neg)) / beta
    return total / len(y)


@case({}, {"m": .25, "gamma": 16})
def circle(z, y, held, m=.4, gamma=80):
    s, h, m = cosines(z), cosines(held), mpf(m)
    return mean(softplus(lse(-gamma * hinge(1 + m - h[i][p]) * (s[i][p] - (1 - m)) for p in positives(y, i)) +
                         lse(gamma * hinge(h[i][n] + m) * (s[i][n] - m) for n in negatives(y, i)))
                for i in range(len(y)) if positives(y, i) and negatives(y, i))


def others(y, i):
    return [j for j in range(len(y)) if j != i]


@case({}, {"tau": .5}, {"anchors": "valid"})
def supcon(z, y, held, tau=.1, anchors="all"):
    s, t = cosines(z), mpf(tau)
    terms = [-mean(s[i][p] / t - lse(s[i][a] / t for a in others(y, i)) for p in positives(y, i)) for i in range(len(y)) if positives(y, i)]
    return sum(terms) / (len(terms) if anchors == "valid" else len(y))


@case({}, {"tau": .5})
def supcon_in(z, y, held, tau=.1):
    s, t = cosines(z), mpf(tau)
    return mean(-mpmath.log(mean(mpmath.exp(s[i][p] / t) for p in positives(y, i)) / sum(mpmath.exp(s[i][a] / t) for a in others(y, i)))
                for i in range(len(y)) if positives(y, i))


@case({}, {"tau": .5})
def focal_supcon(z, y, held, tau=.07):
    s, t, terms = cosines(z), mpf(tau), []
    for i in range(len(y)):
        all_of = sum(mpmath.exp(s[i][a] / t) for a in others(y, i))
        q = [mpmath.exp(s[i][p] / t) / all_of for p in positives(y, i)]
        if q:
            terms.append(-sum((1 - v) * mpmath.log(v) for v in q) / len(y))
    return mean(terms)


@case({}, {"tau": .5})
def nt_xent_labels(z, y, held, tau=.07):
    s, t = cosines(z), mpf(tau)
    return mean(-mpmath.log(mpmath.exp(s[i][p] / t) / (mpmath.exp(s[i][p] / t) + sum(mpmath.exp(s[i][n] / t) for n in negatives(y, i))))
                for i, p in pairs(y, True))


@case({}, {"scale": 8}, {"normalize": False})
def nca(z, y, held, scale=1, normalize=True):
    d = distances(z, normalize, True)
    return mean(-mpmath.log(sum(mpmath.exp(-scale * d[i][p]) for p in positives(y, i)) / sum(mpmath.exp(-scale * d[i][a]) for a in others(y, i)))
                for i in range(len(y)) if positives(y, i))


@case({}, {"alpha": 30})
def angular(z, y, held, alpha=40):
    s, t = cosines(z), mpmath.tan(mpmath.radians(mpf(alpha))) ** 2
    return mean(mpmath.log(1 + sum(mpmath.exp(4 * t * (s[a][n] + s[p][n]) - 2 * (1 + t) * s[a][p]) for n in negatives(y, a)))
                for a, p in pairs(y, True))


@case({}, {"margin": 20, "scale": 16}, {"margin": 0})
def tuplet_margin(z, y, held, margin=5.73, scale=64):
    s, m = cosines(z), mpmath.radians(mpf(str(margin)))
    return mean(mpmath.log(1 + sum(mpmath.exp(scale * (s[a][n] - mpmath.cos(mpmath.acos(s[a][p]) - m))) for n in negatives(y, a)))
                for a, p in pairs(y, True))


@case({}, {"pos_eps": 0, "neg_eps": .3})
def intra_pair_variance(z, y, held, pos_eps=.01, neg_eps=.01):
    s = cosines(z)
    pos, neg = [s[i][j] for i, j in pairs(y, True)], [s[i][j] for i, j in pairs(y, False)]
    return mean(hinge((1 - mpf(pos_eps)) * mean(pos) - v) ** 2 for v in pos) + mean(hinge(v - (1 + mpf(neg_eps)) * mean(neg)) ** 2 for v in neg)


@case({}, {"bins": 5}, {"bins": 25})
def fastap(z, y, held, bins=10):
    d, terms = distances(z, True, True), []
    for i in range(len(y)):
        pos, neg, total, h_pos, h_all = positives(y, i), negatives(y, i), mpf(0), mpf(0), mpf(0)
        for b in range(bins + 1):
            near = [hinge(1 - abs(d[i][j] - mpf(4 * b) / bins) * bins / 4) for j in range(len(y))]
            here = sum(near[j] for j in pos)
            h_pos += here
            h_all += here + sum(near[j] for j in neg)
            total += here * h_pos / h_all if here * h_pos > 0 else 0
        if pos:
            terms.append(1 - total / len(pos))
    return mean(terms)


@case({}, {"with_self": False}, {"tau": .1})
def smooth_ap_embedding(z, y, held, tau=.01, with_self=True):
    s, t, terms = cosines(z), mpf(tau), []
    for q in range(len(y)):
        if not positives(y, q):
            continue
        s[q][q] = mpf(1)
        pos = positives(y, q) + [q] * with_self
        everyone = pos + negatives(y, q)
        terms.append(1 - mean((1 + sum(sigmoid((s[q][j] - s[q][i]) / t) for j in pos if j != i)) /
                              (1 + sum(sigmoid((s[q][j] - s[q][i]) / t) for j in everyone if j != i)) for i in pos))
    return mean(terms)


@case({}, {"variant": "ds"}, {"variant": "dq", "alpha": 4}, {"variant": "iu", "tau": .1}, {"variant": "ib"})
def pnp(z, y, held, variant="o", tau=.01, alpha=1, b=2):
    s, t = cosines(z), mpf(tau)
    g = {"o": lambda r: r, "ds": lambda r: mpmath.log(1 + r), "dq": lambda r: 1 - (1 + r) ** -alpha,
         "iu": lambda r: (1 + r) * mpmath.log(1 + r), "ib": lambda r: (b * r - mpmath.log(1 + b * r)) / b ** 2}[variant]
    for q in range(len(y)):
        s[q][q] = mpf(1)
    return mean(mean(g(sum(sigmoid((s[q][n] - s[q][i]) / t) for n in negatives(y, q))) for i in positives(y, q) + [q])
                for q in range(len(y)) if positives(y, q))


@case({}, {"bins": 25})
def histogram(z, y, held, bins=100):
    s, h = cosines(z), {True: [mpf(0)] * (bins + 1), False: [mpf(0)] * (bins + 1)}
    two = list(itertools.combinations(range(len(y)), 2))
    for alike in h:
        of = [(i, j) for i, j in two if (y[i] == y[j]) == alike]
        for b in range(bins + 1):
            h[alike][b] = mean(hinge(1 - abs((s[i][j] + 1) / 2 * bins - b)) for i, j in of)
    return sum(h[False][b] * sum(h[True][:b + 1]) for b in range(bins + 1))


@case({}, {"t_pos": 2, "balance": .3}, {"hold_weights": True})
def ranked_list(z, y, held, margin=.4, alpha=1.2, t_neg=10, t_pos=0, balance=.5, hold_weights=False):
    d, h, terms = distances(z), distances(held), []
    def side(v, was, t):
        on = [k for k in range(len(v)) if was[k] > 0]
        w = [mpmath.exp(t * (was if hold_weights else v)[k]) for k in on]
        return sum(a * v[k] for a, k in zip(w, on)) / (sum(w) + mpf("1e-5") * len(y))
    inner = mpf(str(alpha)) - mpf(str(margin))
    for i in range(len(y)):
        pos, neg = positives(y, i), negatives(y, i)
        terms.append((1 - mpf(balance)) * side([d[i][p] - inner for p in pos], [h[i][p] - inner for p in pos], t_pos) +
                     mpf(balance) * side([mpf(str(alpha)) - d[i][n] for n in neg], [mpf(str(alpha)) - h[i][n] for n in neg], t_neg))
    return mean(terms)


@case({}, {"pairs": "anc_neg"}, {"base": "multi_similarity"}, {"base": "multi_similarity", "pairs": "anc_neg", "lam": .3})
def metrix(z, y, held, lam=.6, base="contrastive", weight=.4, neg_margin=.5, alpha=2, beta=50, mu=.5, **pairs_of):
    sort, lam, mu = pairs_of.get("pairs", "pos_neg"), mpf(str(lam)), mpf(str(mu))

    def mixtures(u, a):
        return [unit([lam * x + (1 - lam) * v for x, v in zip(u[f], u[n])])
                for f in ([a] if sort == "anc_neg" else positives(y, a)) for n in negatives(y, a)]
    u, w = rows(z, True), rows(held, True)
    anchors = [a for a in range(len(y)) if positives(y, a) and negatives(y, a)]
    if base == "contrastive":
        def parts(x):
            d = [dist(x[a], v) for a in anchors for v in mixtures(x, a)]
            return [lam * v for v in d], [(1 - lam) * (mpf(neg_margin) - v) for v in d]
        (near, far), (near_held, far_held) = parts(u), parts(w)
        mixed = part(near, near_held, "avg_nonzero") + part(far, far_held, "avg_nonzero")
        return contrastive(z, y, held, neg_margin=neg_margin) + mpf(str(weight)) * mixed
    mixed = sum(mpmath.log(1 + sum(lam * mpmath.exp(-alpha * (dot(u[a], v) - mu)) for v in mixtures(u, a))) / alpha +
                mpmath.log(1 + sum((1 - lam) * mpmath.exp(beta * (dot(u[a], v) - mu)) for v in mixtures(u, a))) / beta for a in anchors)
    return multi_similarity(z, y, held, alpha, beta, mu, mining=False) + mpf(str(weight)) * mixed / len(y)


@case({}, {"k": 2}, {"ipc": 3, "k": 3})
def icnn(z, y, held, k=4, ipc=0):
    n, tiny = len(y), mpf("1e-7")
    fetched = min(ipc or k + 1, n - 1)
    lowered = k + 2 >= n
    k = n - 2 if lowered else k
    d = [[mpmath.sqrt(dist(a, b) ** 2 + mpf("1e-6")) for b in z] for a in z]
    h = distances(held, False)
    order = [sorted((j for j in range(n) if j != i), key=lambda j: h[i][j]) for i in range(n)]
    alike = [[j for j in order[i][:k] if y[j] == y[i]] for i in range(n)]
    apart = [[j for j in order[i][:k] if y[j] != y[i]] for i in range(n)]
    intra = mpf(0)
    for i in range(n):
        rim = [d[i][j] for j in order[i][:fetched] if y[j] != y[i]]
        a = {j: d[i][j] / (rim[0] + tiny) if rim else mpf(0) for j in order[i][:k]}
        intra += sum(a[j] / max(mpf(1), max(a.values())) for j in alike[i]) / (len(alike[i]) + tiny)
    tight = 1 - intra / (sum(map(bool, alike)) + tiny)
    largest = max((d[i][j] for i in range(n) for j in apart[i]), default=mpf(0)) + tiny
    inter = sum(sum(d[i][j] / largest for j in apart[i]) / (len(apart[i]) + tiny) for i in range(n))
    far = abs(inter / (sum(map(bool, apart)) + tiny) - (0 if any(apart) else 1))
    purity = 1 if lowered else mean(mpf(len(a)) / k for a in alike)
    return -mpmath.log(((tight + far) / 2 + purity) / 2)


@case({}, {"eps": .01})
def koleo(z, y, held, eps=1e-8):
    d, h = distances(z), distances(held)
    return -mean(mpmath.log(d[i][min(others(y, i), key=lambda j: h[i][j])] + mpf(str(eps))) for i in range(len(y)))


@case({}, {"k": 1, "eps": .5})
def knn_entropy(z, y, held, k=3, eps=1e-8):
    """Kozachenko and Leonenko's estimate, turned round, over the number of columns."""
    n, c = len(z), len(z[0])
    d, h = distances(z, False), distances(held, False)
    found = [sorted(others(y, i), key=lambda j: (h[i][j], j))[min(k, n - 1) - 1] for i in range(n)]
    ball = mpmath.pi ** (mpf(c) / 2) / mpmath.gamma(mpf(c) / 2 + 1)
    return -((mpmath.digamma(n) - mpmath.digamma(min(k, n - 1)) + mpmath.log(ball)) / c + mean(mpmath.log(max(d[i][j], mpf(str(eps)))) for i, j in enumerate(found)))


@case({}, {"lo": -1, "bins": 7})
def dynamic_soft_margin(z, y, held, lo=-2, bins=10):
    """The first batch, which is the histogram."""
    d, h = distances(z), distances(held)
    found = triplets(y)
    place = [min(max((h[a][p] - h[a][n] - lo) / (-2 * lo) * bins, mpf(0)), mpf(bins)) for a, p, n in found]
    below = [min(int(x), bins - 1) for x in place]
    nodes = [mpf(0)] * (bins + 1)
    for x, b in zip(place, below):
        nodes[b] += (b + 1 - x) / len(found)
        nodes[b + 1] += (x - b) / len(found)
    return mean(sum(nodes[: b + 1]) * (d[a][p] - d[a][n]) for b, (a, p, n) in zip(below, found))


@case({}, {"tau": .5, "eps": .01})
def pamc(z, y, held, tau=1, eps=1e-10):
    eps, u, classes = mpf(str(eps)), [unit(e) for e in z], sorted(set(y))
    sums = [unit([sum(z[i][j] for i in range(len(y)) if y[i] == c) for j in range(len(z[0]))]) for c in classes]
    near = mean(mpmath.log(1 + eps + sum(mpmath.exp(tau * dot(u[i], u[j])) for j in positives(y, i))) for i in range(len(y)))
    return -near + mean(mpmath.log(1 + eps + sum(mpmath.exp(tau * dot(a, b)) for b in sums if b is not a)) for a in sums)


@case({"dims": "[2,3]"}, {"dims": "[1,2]", "weights": "[2,0.5]", "of": "angular", "with": "alpha=30"}, {"dims": "[1,2]", "of": "multi_similarity"})
def matryoshka(z, y, held, dims, weights="", of="supcon", **par):
    base, dims = {"supcon": supcon, "angular": angular, "multi_similarity": multi_similarity}[of], json.loads(dims)
    own = {k: mpf(v) for k, v in (p.split("=") for p in par.get("with", "").split(",") if p)}
    weights = [mpf(str(w)) for w in json.loads(weights)] if weights else [1] * len(dims)
    return sum(w * base([e[:d] for e in z], y, [e[:d] for e in held], **own) for w, d in zip(weights, dims))


def text(value):
    return {True: "true", False: "false"}.get(value) if isinstance(value, bool) else str(value)


def gradient(loss, z, y, par):
    g = [[None] * len(z[0]) for _ in z]
    for i, row in enumerate(z):
        for k, v in enumerate(row):
            ends = []
            for step in (STEP, -STEP):
                row[k] = v + step
                ends.append(loss(z, y, [r[:] if r is not row else r[:k] + [v] + r[k + 1:] for r in z], **par))
            row[k] = v
            g[i][k] = float((ends[0] - ends[1]) / (2 * STEP))
    return g


def batches():
    yield E, Y
    rng = random.Random(11)
    yield [[rng.gauss(0, 1) for _ in range(2)] for _ in range(7)], [0, 1, 1, 0, 1, 2, 0]


def main():
    cases = []
    for loss, par in LOSSES:
        exact = {k: mpf(str(v)) if isinstance(v, float) else v for k, v in par.items()}
        for z, y in batches():
            if loss is snr_contrastive and len(z[0]) < 3:
                z = [row + [0.3 * k] for k, row in enumerate(z)]
            x = [[mpf(v) for v in row] for row in z]
            value = loss(x, y, x, **exact)
            cases.append({"kind": "embedding", "loss": loss.__name__, "set": " ".join(f"{k}={text(v)}" for k, v in par.items()), "z": z, "y": y,
                          "value": float(value), "grad": gradient(loss, x, y, exact), "source": "mpmath"})
            if "--show" in sys.argv and z is E:
                print(f"{loss.__name__:22} {float(value):.12g}  {sum(v * v for r in cases[-1]['grad'] for v in r) ** .5:.12g}  {cases[-1]['set']}", flush=True)
    with open(OUT, "w", encoding="utf-8") as f:
        f.write('{"made_by": "tests/reference/losses_pairs.py",\n "cases": [\n  ' + ",\n  ".join(json.dumps(c) for c in cases) + "\n]}\n")


if __name__ == "__main__":
    main()
