#!/usr/bin/python3
"""Writes tests/golden/losses_bags.json: the losses of bags, from definitions, in mpmath with 80 digits; gradients by central differences
with a step of 1e-25. Run it from the project's root."""
import json
import random

import mpmath
from mpmath import mpf

mpmath.mp.dps = 80
OUT = "tests/golden/losses_bags.json"
STEP = mpf(10) ** -25
BASES = {
    "mse": ([], lambda f, t: (f - t) ** 2),
    "mae": ([], lambda f, t: abs(f - t)),
    "quantile": ([0.9], lambda f, t, tau=mpf("0.5"): (t - f) * tau if t > f else (f - t) * (1 - tau)),
    "pseudo_huber": ([2.0], lambda f, t, d=mpf(1): d * d * (mpmath.sqrt(1 + ((f - t) / d) ** 2) - 1)),
}


def mean(v):
    return sum(v) / len(v)


def levels(base, z, t, groups):
    """The bag level, each bag by its rows, and the instance level; a row is the mean over its targets."""
    bag, instance, columns = [], [], range(len(z[0]))
    for g in sorted(set(groups)):
        rows = [i for i, h in enumerate(groups) if h == g]
        target = [mean([t[i][k] for i in rows]) for k in columns]
        at = [mean([z[i][k] for i in rows]) for k in columns]
        bag += [mean([base(at[k], target[k]) for k in columns])] * len(rows)
        instance += [mean([base(z[i][k], target[k]) for k in columns]) for i in rows]
    return mean(bag), mean(instance)


def inputs(rng):
    """Bags of unequal sizes with two targets, bags of two, single rows, one bag; large scores apart."""
    for scale, columns, groups in ((1, 2, [0, 0, 0, 1, 2, 2]), (3, 1, [0, 0, 1, 1]), (1, 1, [0, 1, 2]), (2, 3, [0, 0, 0, 0, 0]), (1e4, 1, [0, 0, 0, 1])):
        yield ([[round(rng.gauss(0, scale), 4) for _ in range(columns)] for _ in groups],
               [[round(rng.gauss(1, scale), 4) for _ in range(columns)] for _ in groups], groups)


def main():
    rng, cases = random.Random(8), []
    for z, t, groups in inputs(rng):
        for name, (par, function) in BASES.items():
            for rho, given in ((mpf(0), "bag"), (mpf(1), "instance"), (mpf(0.3), "bag_interp")):
                def value(at):
                    bag, instance = levels(lambda f, r: function(f, r, *[mpf(p) for p in par]), at, exact_t, groups)
                    return (1 - rho) * bag + rho * instance
                exact, exact_t = [[mpf(v) for v in row] for row in z], [[mpf(v) for v in row] for row in t]
                grad = [[None] * len(z[0]) for _ in z]
                for i, row in enumerate(z):
                    for k in range(len(row)):
                        moved = [[[v + s * STEP * (i == a and k == b) for b, v in enumerate(r)] for a, r in enumerate(exact)] for s in (1, -1)]
                        grad[i][k] = float((value(moved[0]) - value(moved[1])) / (2 * STEP))
                words = ["base=" + name] + ["base_params=[%s]" % ",".join("%g" % p for p in par)] * bool(par) + ["rho=0.3"] * (given == "bag_interp")
                cases.append({"kind": "regression", "loss": given, "set": " ".join(words), "z": z, "t": t, "group": groups,
                              "value": float(value(exact)), "grad": grad, "source": "mpmath"})
    with open(OUT, "w") as f:
        f.write('{"made_by": "tests/reference/losses_bags.py",\n "cases": [\n' + ",\n".join("  " + json.dumps(c) for c in cases) + "\n ]}\n")


if __name__ == "__main__":
    main()
