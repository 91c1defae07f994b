#!/usr/bin/python3
"""Writes tests/golden/losses_ranking.json: the losses of queries, from definitions, in mpmath with 80 digits; gradients by central
differences with a step of 1e-25, the factors that a gradient holds fixed (lambdarank, warp) taken at the point itself. Run it from
the project's root."""
import json
import random

import mpmath
from mpmath import exp, log, mpf

mpmath.mp.dps = 80
OUT = "tests/golden/losses_ranking.json"
STEP = mpf(10) ** -25


def log2(x):
    return log(x) / log(mpf(2))


def softplus(x):
    return x + log(1 + exp(-x)) if x > 0 else log(1 + exp(x))


def sig(x):
    return 1 / (1 + exp(-x))


def softmax(v):
    top = max(v)
    e = [exp(x - top) for x in v]
    return [x / sum(e) for x in e]


def lse(v):
    top = max(v)
    return top + log(sum(exp(x - top) for x in v))


def gain(r, kind="exp2"):
    return mpf(2) ** r - 1 if kind == "exp2" else mpf(r)


def discount(m):
    return 1 / log2(mpf(1) + m)


def idcg(r, kind="exp2", places=0):
    best = sorted(r, reverse=True)
    return sum(gain(v, kind) * discount(m + 1) for m, v in enumerate(best[:places or None]))


def pairs(r):
    return [(i, j) for i in range(len(r)) for j in range(len(r)) if r[i] > r[j]]


def mean(v):
    return sum(v) / len(v) if v else mpf(0)


def ranknet(s, r, fixed, sigma=1.0):
    return mean([softplus(-mpf(sigma) * (s[i] - s[j])) for i, j in pairs(r)])


def margin_ranking(s, r, fixed, margin=1.0):
    return mean([max(mpf(0), margin - (s[i] - s[j])) for i, j in pairs(r)])


def bpr(s, r, fixed):
    return mean([softplus(s[j] - s[i]) for i, j in pairs(r) if r[j] == 0])


def lambdarank(s, r, fixed, sigma=1.0, truncation=0, gain="exp2"):
    ideal = idcg(r, gain, int(truncation))
    if not ideal:
        return mpf(0)
    order = sorted(range(len(s)), key=lambda i: -fixed[i])
    pos = {i: m + 1 for m, i in enumerate(order)}
    worth = [globals()["gain"](v, gain) for v in r]
    total = mpf(0)
    for i, j in pairs(r):
        if not truncation or min(pos[i], pos[j]) <= truncation:
            total += (worth[i] - worth[j]) * abs(discount(pos[i]) - discount(pos[j])) / ideal * softplus(-mpf(sigma) * (s[i] - s[j]))
    return total


def listnet(s, r, fixed):
    return -sum(t * (v - lse(s)) for t, v in zip(softmax([mpf(x) for x in r]), s))


def tails(s, r):
    order = sorted(range(len(s)), key=lambda i: -r[i])
    return [lse([s[i] for i in order[m:]]) - s[order[m]] for m in range(len(s))]


def listmle(s, r, fixed):
    return sum(tails(s, r))


def p_listmle(s, r, fixed, discount="exponential"):
    n = len(s)
    w = {"exponential": lambda m: mpf(2) ** (n - m) - 1, "log": globals()["discount"], "reciprocal": lambda m: mpf(1) / m}[discount]
    return sum(w(m + 1) * v for m, v in enumerate(tails(s, r)))


def xe_ndcg(s, r, fixed, gamma=0.5):
    t = [mpf(2) ** v - mpf(gamma) for v in r]
    return -sum(a / sum(t) * (v - lse(s)) for a, v in zip(t, s)) if sum(t) else mpf(0)


def softmax_sum(s, r, beta):
    scaled = [mpf(beta) * v for v in s]
    return -sum(a * (v - lse(scaled)) for a, v in zip(r, scaled))


def query_softmax(s, r, fixed, beta=1.0, norm="query"):
    return softmax_sum(s, r, beta) / (sum(r) if norm == "query" else 1) if sum(r) else mpf(0)


def unique_softmax(s, r, fixed):
    return sum((gain(r[i]) * (lse([s[i]] + [s[j] for j in range(len(s)) if r[j] < r[i]]) - s[i]) for i in range(len(s))), mpf(0))


def one_minus_ndcg(r, rho, kind):
    ideal = idcg(r, kind)
    return 1 - sum(gain(v, kind) * discount(p) for v, p in zip(r, rho)) / ideal if ideal else mpf(0)


def approx_ndcg(s, r, fixed, temperature=0.1, gain="exp2"):
    rho = [1 + sum(sig((v - u) / mpf(temperature)) for j, v in enumerate(s) if j != i) for i, u in enumerate(s)]
    return one_minus_ndcg(r, rho, gain)


def neural_ndcg(s, r, fixed, tau=1.0, gain="exp2"):
    ideal, n = idcg(r, gain), len(s)
    if not ideal:
        return mpf(0)
    apart = [sum(abs(u - v) for v in s) for u in s]
    total = mpf(0)
    for m in range(1, n + 1):
        p = softmax([((n + 1 - 2 * m) * v - a) / mpf(tau) for v, a in zip(s, apart)])
        total += discount(m) * sum(x * globals()["gain"](v, gain) for x, v in zip(p, r))
    return 1 - total / ideal


def smooth_ap(s, r, fixed, tau=0.01):
    relevant = [i for i, v in enumerate(r) if v > 0]
    def h(i, j):
        return sig((s[j] - s[i]) / mpf(tau)) if i != j else mpf(0)
    return 1 - mean([(1 + sum(h(i, j) for j in relevant)) / (1 + sum(h(i, j) for j in range(len(s)))) for i in relevant]) if relevant else mpf(0)


def song(s, r, fixed, margin=1.0):
    return one_minus_ndcg(r, [sum(max(mpf(0), margin + v - u) ** 2 for v in s) for u in s], "exp2")


def warp(s, r, fixed, margin=1.0):
    def term(i):
        n = sum(margin + fixed[j] - fixed[i] > 0 for j in range(len(s)) if r[j] == 0)
        factor = sum(mpf(1) / k for k in range(1, n + 1)) / n if n else mpf(0)
        return factor * sum(max(mpf(0), margin + s[j] - s[i]) for j in range(len(s)) if r[j] == 0)
    return mean([term(i) for i in range(len(s)) if r[i] > 0])


def margin_mse(s, r, fixed, teacher):
    return mean([((s[i] - s[j]) - (teacher[i] - teacher[j])) ** 2 for i in range(len(s)) for j in range(len(s)) if r[i] > r[j]])


SETS = {
    ranknet: ["", "sigma=2"], margin_ranking: ["", "margin=0.5"], bpr: [""],
    lambdarank: ["", "sigma=0.5", "truncation=1", "truncation=3 gain=linear"], listnet: [""], listmle: [""],
    p_listmle: ["", "discount=log", "discount=reciprocal"], xe_ndcg: ["", "gamma=1", "gamma=0"],
    query_softmax: ["", "beta=2", "norm=relevance"], unique_softmax: [""], approx_ndcg: ["", "temperature=1", "gain=linear"],
    neural_ndcg: ["", "tau=0.5 gain=linear"], smooth_ap: ["", "tau=0.1"], song: ["", "margin=2"], warp: ["", "margin=2"], margin_mse: [""],
}


def parameters(text):
    pairs_of = [p.split("=") for p in text.split()]
    return {k: v if v[0].isalpha() else float(v) for k, v in pairs_of}


def teach(z):
    """A teacher's scores for these rows: numbers that a float holds."""
    return [float(7 * k % 5) - 2.25 for k in range(len(z))]


def batch(loss, z, t, groups, fixed, par):
    queries = sorted(set(groups))
    values = []
    for q in queries:
        rows = [i for i, g in enumerate(groups) if g == q]
        taught = {"teacher": [mpf(teach(z)[i]) for i in rows]} if loss is margin_mse else {}
        values.append(loss([z[i] for i in rows], [t[i] for i in rows], [fixed[i] for i in rows], **par, **taught))
    if par.get("norm") == "relevance":
        return sum(values) / sum(t) if sum(t) else mpf(0)
    return sum(values) / len(queries)


def inputs(rng):
    """The input of the worked values, drawn ones of several queries, and large scores apart."""
    yield [0.5, 1.2, -0.3, 0.8, 0.1, 0.4], [2, 0, 1, 0, 0, 1], [0, 0, 0, 0, 1, 1]
    for scale in (1, 3):
        yield [round(rng.gauss(0, scale), 4) for _ in range(9)], [rng.randint(0, 3) for _ in range(9)], [0, 0, 0, 0, 0, 1, 2, 2, 2]
    yield [1e4, -1e4, 37.5, -12.25, 40.0], [1, 3, 0, 2, 0], [0, 0, 0, 0, 0]
    yield [-1e4, 1e4, 250.5], [0, 0, 0], [0, 0, 0]
    yield [3.0], [2], [0]


def main():
    rng, cases = random.Random(5), []
    points = list(inputs(rng))
    for loss, sets in SETS.items():
        for text in sets:
            for z, t, groups in points:
                par, at = parameters(text), [mpf(v) for v in z]
                def value(point):
                    return batch(loss, point, t, groups, at, par)
                grad = [(value([v + STEP * (i == k) for k, v in enumerate(at)]) - value([v - STEP * (i == k) for k, v in enumerate(at)])) / (2 * STEP)
                        for i in range(len(at))]
                cases.append({"kind": "ranking", "loss": loss.__name__, "set": text, "z": [[v] for v in z], "t": [[v] for v in t], "group": groups,
                              "value": float(value(at)), "grad": [[float(v) for v in grad[i:i + 1]] for i in range(len(z))], "source": "mpmath"})
                if loss is margin_mse:
                    cases[-1]["teacher"] = [[v] for v in teach(z)]
    with open(OUT, "w") as f:
        f.write('{"made_by": "tests/reference/losses_ranking.py",\n "cases": [\n' + ",\n".join("  " + json.dumps(c) for c in cases) + "\n ]}\n")


if __name__ == "__main__":
    main()
