#!/usr/bin/python3
"""Writes tests/golden/losses_unlearning.json: the losses of rows to forget, from their definitions by mpmath with 60 digits; gradients by
central differences with a step of 1e-20. The examples of losses/multiclass/unlearning.c are printed. Run it from the project's root."""
import json
import random

from mpmath import exp, log, mp, mpf, sqrt, tanh

mp.dps = 60
OUT = "tests/golden/losses_unlearning.json"
STEP = mpf(10) ** -20


def log_softmax(z):
    total = log(sum(exp(v) for v in z))
    return [v - total for v in z]


GAIN = {  # of the template's probability
    "kl": lambda v: v, "reverse_kl": lambda v: -exp(-v), "jeffrey": lambda v: v, "squared_hellinger": lambda v: 1 - exp(-v), "pearson": lambda v: v,
    "neyman": lambda v: 1 - exp(-v), "jensen_shannon": lambda v: log(2) - log(1 + exp(-v)), "total_variation": lambda v: tanh(v) / 2}
COST = {  # of the forgotten label's
    "kl": lambda v: exp(v - 1), "reverse_kl": lambda v: -1 + v, "jeffrey": lambda v: v + v ** 2 / 4 + v ** 3 / 16, "squared_hellinger": lambda v: exp(v) - 1,
    "pearson": lambda v: v ** 2 / 4 + v, "neyman": lambda v: 2 - 2 * exp(-v / 2), "jensen_shannon": lambda v: v + log(1 + exp(-v)) - log(2),
    "total_variation": lambda v: tanh(v) / 2}
PUBLISHED = {  # as the authors' program has them, where they differ
    "reverse_kl": (lambda v: -exp(v), lambda v: -1 - v), "squared_hellinger": (lambda v: 1 - exp(v), lambda v: (1 - exp(v)) / exp(v)),
    "neyman": (lambda v: 1 - exp(v), lambda v: 2 - 2 * sqrt(1 - v))}


def ascent(z, y, **_):
    return sum(log_softmax(row)[k] for row, k in zip(z, y)) / len(z)


def npo(z, y, teacher, beta="0.1", **_):
    b = mpf(beta)
    return sum(2 / b * log(1 + exp(b * (log_softmax(row)[k] - log_softmax(start)[k]))) for row, start, k in zip(z, teacher, y)) / len(z)


def template(counts, label):
    """The commonest other class, the first of equal ones."""
    return max((k for k in range(len(counts)) if k != label), key=lambda k: counts[k])


def flat(z, y, counts, divergence="total_variation", expressions="increasing", **_):
    p = [[exp(v) for v in log_softmax(row)] for row in z]
    forgotten = sum(row[k] for row, k in zip(p, y)) / len(z)
    good = sum(row[template(counts, k)] for row, k in zip(p, y)) / len(z)
    gain, cost = PUBLISHED[divergence] if expressions == "published" and divergence in PUBLISHED else (GAIN[divergence], COST[divergence])
    return cost(forgotten) - gain(good)


def slope(loss, z, i, k, **given):
    def at(h):
        moved = [list(row) for row in z]
        moved[i][k] += h
        return loss(moved, **given)
    return float((at(STEP) - at(-STEP)) / (2 * STEP))


def settings():
    yield "gradient_ascent", ascent, {}
    for beta in ("0.1", "1", "10"):
        yield "npo", npo, {"beta": beta}
    for divergence in GAIN:
        yield "flat_unlearn", flat, {"divergence": divergence}
    for divergence in PUBLISHED:
        yield "flat_unlearn", flat, {"divergence": divergence, "expressions": "published"}


def inputs(rng):
    """A few rows at ordinary scores and far apart; counts that are equal, and that are not."""
    for classes, scale in ((2, 1), (3, 1), (4, 6), (5, 30)):
        yield {"z": [[round(rng.gauss(0, scale), 4) for _ in range(classes)] for _ in range(4)], "y": [rng.randrange(classes) for _ in range(4)],
               "teacher": [[round(rng.gauss(0, scale), 4) for _ in range(classes)] for _ in range(4)],
               "counts": [7] * classes if classes == 3 else [rng.randrange(1, 40) for _ in range(classes)]}


def case(name, loss, setting, given):
    exact = {**{key: [[mpf(v) for v in row] for row in given[key]] for key in ("z", "teacher")}, "y": given["y"], "counts": given["counts"]}
    z = exact.pop("z")
    return {"kind": "multiclass", "loss": name, "set": " ".join("%s=%s" % pair for pair in setting.items()), "z": given["z"], "y": given["y"],
            **({"teacher": given["teacher"]} if name == "npo" else {}), **({"counts": given["counts"]} if name == "flat_unlearn" else {}),
            "value": float(loss(z, **exact, **setting)),
            "grad": [[slope(loss, z, i, k, **exact, **setting) for k in range(len(z[0]))] for i in range(len(z))], "source": "mpmath"}


def examples():
    z = [mpf("1.0986122886681098"), mpf(0)]
    forgotten, good = (exp(v) for v in log_softmax(z))
    for name in GAIN:
        print(name, mp.nstr(COST[name](forgotten) - GAIN[name](good), 17))
    for name, (gain, cost) in PUBLISHED.items():
        print(name, "published", mp.nstr(cost(forgotten) - gain(good), 17))
    z = [[mpf(v) for v in row] for row in ("1 -0.5 0.2".split(), "-1 0.3 0.8".split(), "0.5 2 -1".split())]
    print("three rows, jeffrey", mp.nstr(flat(z, [0, 1, 1], [1, 1, 1], "jeffrey"), 17))
    print("npo", mp.nstr(npo(z[:2], [0, 1], [[mpf(2), mpf("0.5"), mpf(-1)], [mpf("0.5"), mpf(0), mpf("0.25")]]), 17))


def main():
    examples()
    rng = random.Random(43)
    cases = [case(*setting, given) for given in inputs(rng) for setting in settings()]
    with open(OUT, "w", encoding="utf-8") as out:
        out.write('{"cases": [\n%s\n]}\n' % ",\n".join(json.dumps(c) for c in cases))
    print("%d cases" % len(cases))


if __name__ == "__main__":
    main()
