"""Values of the unlearning losses' examples (losses/multiclass/unlearning.c), by mpmath.
Run from the project's root: python3 tests/reference/unlearning.py. Needs mpmath."""
from mpmath import exp, log, mp, mpf, tanh

mp.dps = 40


def log_softmax(z):
    z = [mpf(v) for v in z]
    total = log(sum(exp(v) for v in z))
    return [v - total for v in z]


def npo(z, y, start, beta):
    beta = mpf(beta)
    ratios = [log_softmax(a)[k] - log_softmax(b)[k] for a, b, k in zip(z, start, y)]
    return sum(2 / beta * log(1 + exp(beta * r)) for r in ratios) / len(ratios)


GAIN = {  # of the template's probability
    "kl": lambda v: v, "reverse_kl": lambda v: -exp(-v), "jeffrey": lambda v: v, "squared_hellinger": lambda v: 1 - exp(-v), "pearson": lambda v: v,
    "neyman": lambda v: 1 - exp(-v), "jensen_shannon": lambda v: log(2) - log(1 + exp(-v)), "total_variation": lambda v: tanh(v) / 2}
COST = {  # of the forgotten label's
    "kl": lambda v: exp(v - 1), "reverse_kl": lambda v: -1 + v, "jeffrey": lambda v: v + v ** 2 / 4 + v ** 3 / 16, "squared_hellinger": lambda v: exp(v) - 1,
    "pearson": lambda v: v ** 2 / 4 + v, "neyman": lambda v: 2 - 2 * exp(-v / 2), "jensen_shannon": lambda v: v + log(1 + exp(-v)) - log(2),
    "total_variation": lambda v: tanh(v) / 2}
PUBLISHED = {  # as the authors' program has them, where they differ
    "reverse_kl": (lambda v: -exp(v), lambda v: -1 - v), "squared_hellinger": (lambda v: 1 - exp(v), lambda v: (1 - exp(v)) / exp(v)),
    "neyman": (lambda v: 1 - exp(v), lambda v: 2 - 2 * mp.sqrt(1 - v))}


def main():
    print("npo", mp.nstr(npo([[1, -0.5, 0.2], [-1, 0.3, 0.8]], [0, 1], [[2, 0.5, -1], [0.5, 0, 0.25]], "0.1"), 17))
    print("npo beta=2", mp.nstr(npo([[0, 0]], [0], [["1.0986122886681098", 0]], 2), 17))
    z = [mpf("1.0986122886681098"), mpf(0)]
    forgotten, template = (exp(v) for v in log_softmax(z))
    for name in GAIN:
        print(name, mp.nstr(COST[name](forgotten) - GAIN[name](template), 17))
    for name, (gain, cost) in PUBLISHED.items():
        print(name, "published", mp.nstr(cost(forgotten) - gain(template), 17))
    z = [[1, -0.5, 0.2], [-1, 0.3, 0.8], [0.5, 2, -1]]
    p = [[exp(v) for v in log_softmax(row)] for row in z]
    forgotten, template = (p[0][0] + p[1][1] + p[2][1]) / 3, (p[0][1] + p[1][0] + p[2][0]) / 3
    print("three rows, jeffrey", mp.nstr(COST["jeffrey"](forgotten) - GAIN["jeffrey"](template), 17))


if __name__ == "__main__":
    main()
