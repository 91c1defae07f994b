#!/usr/bin/python3
"""Writes tests/golden/losses_prototypes.json: losses of embeddings and prototypes, and of few-shot episodes. From the definitions, by angles,
with mpmath at 40 digits; gradients are numerical derivatives at that precision, with what a loss holds fixed kept at its value. Run it from
the project's root."""
import json
import random

import mpmath
from mpmath import mpf

mpmath.mp.dps = 40
OUT = "tests/golden/losses_prototypes.json"


def norm(v):
    return mpmath.sqrt(sum(x * x for x in v))


def unit(v):
    n = norm(v)
    return [x / n if n else mpf(0) for x in v]


def dot(a, b):
    return sum(x * y for x, y in zip(a, b))


def cosines(z, w):
    return [[dot(unit(a), unit(b)) for b in w] for a in z]


def cross_entropy(logits, y):
    top = max(logits)
    return top + mpmath.log(sum(mpmath.exp(v - top) for v in logits)) - logits[y]


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def arc(c, m):
    angle = mpmath.acos(c)
    return mpmath.cos(angle + m) if angle + m < mpmath.pi else c - m * mpmath.sin(m)


def low(c, m):
    return c - m


def with_target(logits, y, value):
    return [value if k == y else v for k, v in enumerate(logits)]


def margin_loss(z, w, y, scale, margin, target):
    return mean(cross_entropy(with_target([scale * v for v in c], k, scale * target(c[k], margin)), k) for c, k in zip(cosines(z, w), y))


def cosface(z, w, y, held, scale=64, margin="0.35"):
    return margin_loss(z, w, y, mpf(scale), mpf(margin), low)


def arcface(z, w, y, held, scale=64, margin="0.5"):
    return margin_loss(z, w, y, mpf(scale), mpf(margin), arc)


def subcenter_arcface(z, w, y, held, scale=64, margin="0.5", centers=3):
    total = []
    for c, k in zip(cosines(z, w), y):
        best = [max(c[i:i + centers]) for i in range(0, len(c), centers)]
        total.append(cross_entropy(with_target([scale * v for v in best], k, scale * arc(best[k], mpf(margin))), k))
    return mean(total)


MAG = {"scale": 64, "least_norm": 10, "most_norm": 110, "least_margin": "0.45", "most_margin": "0.8", "lambda": 35, "easy": True}


def magnitude(z, o):
    a = min(max(norm(z), mpf(o["least_norm"])), mpf(o["most_norm"]))
    margin = mpf(o["least_margin"]) + (mpf(o["most_margin"]) - mpf(o["least_margin"])) * (a - mpf(o["least_norm"])) / (mpf(o["most_norm"]) - mpf(o["least_norm"]))
    return margin, mpf(o["lambda"]) * (a / mpf(o["most_norm"]) ** 2 + 1 / a)


def mag_logits(z, c, y, o):
    margin, pull = magnitude(z, o)
    target = c[y] if o["easy"] and c[y] <= 0 else arc(c[y], margin)
    return with_target([o["scale"] * v for v in c], y, o["scale"] * target), pull


def magface(z, w, y, held, **options):
    o = {**MAG, **options}
    total = []
    for row, c, k in zip(z, cosines(z, w), y):
        logits, pull = mag_logits(row, c, k, o)
        total.append(cross_entropy(logits, k) + pull)
    return mean(total)


def madacos(z, w, y, held, least_scale=32, alpha="0.02"):
    alpha, c = mpf(alpha), cosines(*held)
    own = [row[k] for row, k in zip(c, y)]
    found = sorted(own)[(len(own) - 1) // 2]
    row = own.index(found)
    median = min(found, 1 - mpf(10) ** -6)
    s = max(mpf(least_scale), mpmath.log(9999999 * (1 - alpha) / alpha) / (1 - median))
    others = [s * v for k, v in enumerate(c[row]) if k != y[row]]
    m = mpf(0)
    if others:
        m = max(m, median - (mpmath.log(sum(mpmath.exp(v) for v in others)) + mpmath.log(alpha / (1 - alpha))) / s)
    return margin_loss(z, w, y, s, m, low)


def unpg(z, w, y, held, base="cosface", scale=64, margin="0.5", whiskers="1.5", **options):
    def pairs(rows):
        return [dot(unit(rows[i]), unit(rows[j])) for i in range(len(rows)) for j in range(i + 1, len(rows)) if y[i] != y[j]]
    fixed, now = pairs(held[0]), pairs(z)
    order = sorted(fixed)
    if order:
        first, third = order[len(order) // 4], order[3 * len(order) // 4]
        reach = mpf(whiskers) * (third - first)
        now = [v for v, f in zip(now, fixed) if first - reach <= f <= third + reach]
    total = []
    for row, c, k in zip(z, cosines(z, w), y):
        if base == "magface":
            logits, pull = mag_logits(row, c, k, {**MAG, "scale": scale, **options})
        else:
            logits, pull = with_target([scale * v for v in c], k, scale * (low if base == "cosface" else arc)(c[k], mpf(margin))), 0
        total.append(cross_entropy(logits + [scale * v for v in now], k) + pull)
    return mean(total)


def psi(c, m):
    angle = mpmath.acos(c)
    j = min(int(mpmath.floor(m * angle / mpmath.pi)), m - 1)
    return (-1) ** j * mpmath.cos(m * angle) - 2 * j


def sphereface(z, w, y, held, multiple=4, **options):
    lam = mpf(options.get("lambda", 0))
    total = []
    for row, c, k in zip(z, cosines(z, w), y):
        total.append(cross_entropy([norm(row) * v for v in with_target(c, k, (lam * c[k] + psi(c[k], multiple)) / (1 + lam))], k))
    return mean(total)


def large_margin_softmax(z, w, y, held, multiple=4, scale=1):
    total = []
    for row, c, k in zip(z, cosines(z, w), y):
        total.append(cross_entropy([mpf(scale) * norm(row) * norm(p) * v for v, p in zip(with_target(c, k, psi(c[k], multiple)), w)], k))
    return mean(total)


def sface(z, w, y, held, scale=64, steepness=80, inner="0.8", outer="1.23"):
    total = []
    for c, f, k in zip(cosines(z, w), cosines(*held), y):
        for j, v in enumerate(c):
            angle = mpmath.acos(f[j])
            own = 1 / (1 + mpmath.exp(-steepness * (angle - mpf(inner))))
            other = 1 / (1 + mpmath.exp(steepness * (angle - mpf(outer))))
            total.append(scale * v * (-own if j == k else other))
    return sum(total) / len(z)


def p2sgrad(z, w, y, held):
    return mean((v - (j == k)) ** 2 for c, k in zip(cosines(z, w), y) for j, v in enumerate(c))


def proxy_nca(z, w, y, held, scale=1, exclude_positive=False):
    total = []
    for row, k in zip(z, y):
        logits = [-mpf(scale) * sum((a - b) ** 2 for a, b in zip(unit(row), unit(p))) for p in w]
        if exclude_positive:
            rest = [v for j, v in enumerate(logits) if j != k]
            total.append(mpmath.log(sum(mpmath.exp(v) for v in rest)) - logits[k] if rest else mpf(0))
        else:
            total.append(cross_entropy(logits, k))
    return mean(total)


def proxy_anchor(z, w, y, held, margin="0.1", alpha=32):
    c = cosines(z, w)
    present = sorted(set(y))
    pull = mean(mpmath.log(1 + sum(mpmath.exp(-alpha * (c[i][k] - mpf(margin))) for i in range(len(z)) if y[i] == k)) for k in present)
    push = mean(mpmath.log(1 + sum(mpmath.exp(alpha * (c[i][k] + mpf(margin))) for i in range(len(z)) if y[i] != k)) for k in range(len(w)))
    return pull + push


def soft_triple(z, w, y, held, centers=2, scale=20, gamma="0.1", margin="0.01"):
    total = []
    for c, k in zip(cosines(z, w), y):
        logits = []
        for i in range(0, len(c), centers):
            e = [mpmath.exp(v / mpf(gamma)) for v in c[i:i + centers]]
            logits.append(scale * dot(e, c[i:i + centers]) / sum(e))
        logits[k] -= scale * mpf(margin)
        total.append(cross_entropy(logits, k))
    return mean(total)


def episode(z, y, shot):
    support, query = {}, []
    for row, k in zip(z, y):
        most = shot or (y.count(k) + 1) // 2
        if len(support.setdefault(k, [])) < most:
            support[k].append(row)
        else:
            query.append((row, k))
    centers = {k: [mean(column) for column in zip(*rows)] for k, rows in support.items()}
    return query, centers


def squared(a, b):
    return sum((x - y) ** 2 for x, y in zip(a, b))


def protonet(z, w, y, held, shot=0, scale=1):
    query, centers = episode(z, y, shot)
    order = sorted(centers)
    return mean(cross_entropy([-mpf(scale) * squared(row, centers[j]) for j in order], order.index(k)) for row, k in query) if query else mpf(0)


def proto_triplet(z, w, y, held, shot=0, margin="0.5", epsilon="1e-6"):
    query, centers = episode(z, y, shot)
    total = []
    for row, k in query:
        d = {j: mpmath.sqrt(squared(row, c) + mpf(epsilon)) for j, c in centers.items()}
        others = [v for j, v in d.items() if j != k]
        total.append(max(mpf(0), d[k] - min(others) + mpf(margin)) if others else mpf(0))
    return mean(total) if total else mpf(0)


def exact(rows):
    return [[mpf(v) for v in row] for row in rows]


def case(loss, z, w, y, **options):
    held, step = (exact(z), exact(w)), mpf(10) ** -15

    def at(n, i, j, by):
        point = [exact(z), exact(w)]
        point[n][i][j] += by
        return loss(*point, y, held, **options)

    def slopes(n, rows):
        return [[float((at(n, i, j, step) - at(n, i, j, -step)) / (2 * step)) for j in range(len(row))] for i, row in enumerate(rows)]
    text = " ".join(f"{k}={str(v).lower() if isinstance(v, bool) else v}" for k, v in options.items())
    found = {"kind": "embedding", "loss": loss.__name__, "set": text, "z": z, "y": y, "value": float(loss(*held, y, held, **options)),
             "grad": slopes(0, z), "source": "mpmath"}
    if w:
        found.update(prototypes=w, grad_prototypes=slopes(1, w))
    return found


# The inputs of a published table of reference values, with what it has to say of them: value, and length of the gradient by embeddings.
E = [[1, .2, -.5], [.8, -.1, .3], [-.4, 1.1, .6], [.1, .9, -.7], [-.9, -.3, .8], [-.2, -1.2, .4]]
V = [[.9, .4, -.3], [.5, .2, .4], [-.6, .8, .9], [.3, 1, -.4], [-.7, -.1, 1], [.2, -1, .1]]
W = [[.9, .1, .2], [-.2, .8, .1], [-.3, -.6, .7]]
W2 = [[.9, .1, .2], [.7, -.2, -.3], [-.2, .8, .1], [.1, .7, -.4], [-.3, -.6, .7], [-.8, -.2, .5]]
Y = [0, 0, 0, 1, 1, 2]
PUBLISHED = [
    (cosface, W, {}, 27.3089440598, 15.3731733929), (arcface, W, {}, 29.9260990863, 13.8671667185),
    (sphereface, W, {}, 2.62033038066, 1.10193690475), (magface, W, {}, 28.0305649552, 14.7451488705),
    (sface, W, {}, 12.9414337979, 16.8155969307), (madacos, W, {}, 32.6949796196, 18.2533101131),
    (unpg, W, {}, 40.1756689423, 49.0186284156), (proxy_nca, W, {}, 0.836096974407, 0.426603058862),
    (proxy_anchor, W, {}, 25.6067117835, 17.4909962522), (soft_triple, W2, {}, 6.66189047825, 3.73411043777),
    (p2sgrad, W, {}, 0.362447634489, None), (subcenter_arcface, W2, {"centers": 2}, 31.4894378492, None),
    (large_margin_softmax, W, {}, 2.41463566544, None),
    (protonet, [], {}, 0.629377009361, None), (proto_triplet, [], {}, 0.309822148142, None),
]


def published():
    for loss, w, options, value, length in PUBLISHED:
        episodes = loss in (protonet, proto_triplet)
        found = case(loss, E + V if episodes else E, w, Y + Y if episodes else Y, **options)
        assert abs(found["value"] - value) <= 1e-9 * abs(value), (loss.__name__, found["value"], value)
        got = sum(v * v for row in found["grad"] for v in row) ** .5
        assert length is None or abs(got - length) <= 1e-9 * length, (loss.__name__, got, length)
        yield found


SETTINGS = [
    (cosface, 1, [{}, {"scale": 4, "margin": 1}]), (arcface, 1, [{}, {"scale": 4, "margin": "1.2"}]),
    (subcenter_arcface, 3, [{}]), (subcenter_arcface, 2, [{"scale": 8, "centers": 2}]),
    (magface, 1, [{}, {"scale": 8, "least_norm": "0.5", "most_norm": 3, "lambda": 2, "easy": False}, {"scale": 8, "least_norm": "0.5", "most_norm": 9}]),
    (madacos, 1, [{}, {"least_scale": 5, "alpha": "0.3"}]),
    (unpg, 1, [{}, {"scale": 8, "base": "arcface", "whiskers": 0}, {"scale": 8, "base": "magface", "least_norm": "0.5", "most_norm": 9, "whiskers": "0.5"}]),
    (sphereface, 1, [{}, {"multiple": 1}, {"multiple": 2}, {"multiple": 3, "lambda": 5}]),
    (large_margin_softmax, 1, [{}, {"multiple": 1, "scale": 2}, {"multiple": 3}]),
    (sface, 1, [{}, {"scale": 8, "steepness": 3, "inner": "0.3"}]), (p2sgrad, 1, [{}]),
    (proxy_nca, 1, [{}, {"scale": 8, "exclude_positive": True}]), (proxy_anchor, 1, [{}, {"alpha": 3, "margin": "0.5"}]),
    (soft_triple, 2, [{}]), (soft_triple, 3, [{"centers": 3, "gamma": 1, "margin": "0.2"}]),
    (protonet, 0, [{}, {"shot": 2, "scale": "0.5"}]), (proto_triplet, 0, [{}, {"shot": 1, "margin": 3}]),
]


def cases():
    yield from published()
    rng = random.Random(19)

    def matrix(rows, columns, scale=1):
        return [[rng.gauss(0, scale) for _ in range(columns)] for _ in range(rows)]
    for loss, each, settings in SETTINGS:
        for options in settings:
            for b, c, d in ((7, 3, 2), (6, 2, 4), (1, 2, 3)):
                yield case(loss, matrix(b, d, 2), matrix(c * each, d), [rng.randrange(c) for _ in range(b)], **options)
            yield case(loss, matrix(4, 3), matrix(3 * each, 3), [1, 1, 1, 1], **options)


def main():
    with open(OUT, "w", encoding="utf-8") as f:
        f.write('{"made_by": "tests/reference/losses_prototypes.py",\n "cases": [\n')
        f.write(",\n".join("  " + json.dumps(c) for c in cases()))
        f.write("\n]}\n")


if __name__ == "__main__":
    main()
