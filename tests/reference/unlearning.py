"""Values of unlearning: of the losses' examples (losses/multiclass/unlearning.c) by mpmath, of membership_gap
(tests/unit/core/metrics/test_unlearning.c) by SciPy, and of a logistic regression that is trained without some rows
(tests/cli/forget.sh) by scikit-learn. Run from the project's root: python3 tests/reference/unlearning.py. Needs mpmath, SciPy, scikit-learn."""
import numpy as np
from mpmath import exp, log, mp, mpf, tanh
from scipy.stats import ks_2samp
from sklearn.linear_model import LogisticRegression

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


def membership_gaps():
    """Log-probabilities of labels, labels: of rows to forget, of others. Only others of their classes count."""
    forget, kind = np.array([-0.1, -0.4, -0.4, -2.5, -0.05]), np.array([0, 0, 1, 1, 0])
    split, other = np.array([-0.3, -0.9, -0.4, -1.2, -0.2, -4.0, -0.1]), np.array([0, 1, 0, 1, 2, 2, 0])
    return ks_2samp(-forget, -split[np.isin(other, kind)]).statistic


def wine():
    """The first 142 rows of wine, sorted by x % 7 of their number, train; of these every fifth is forgotten. L2 0.01/2 |W|^2 beside the mean loss, on
    features standardised by all training rows."""
    table = np.genfromtxt("datasets/samples/wine.csv.gz", delimiter=",", skip_header=1, dtype=str)
    order = np.argsort(np.arange(len(table)) % 7, kind="stable")
    x, y = table[order, :-1].astype(float), np.unique(table[order, -1], return_inverse=True)[1]
    train, forget = np.arange(142), np.arange(0, 142, 5)
    x = (x - x[train].mean(axis=0)) / x[train].std(axis=0)
    retain, test = np.setdiff1d(train, forget), np.arange(142, len(x))

    def fitted(rows):
        return LogisticRegression(C=1 / (0.01 * len(rows)), solver="newton-cg", tol=1e-12, max_iter=100000).fit(x[rows], y[rows])

    whole, again = fitted(train), fitted(retain)
    log_p = {name: model.predict_log_proba(x) for name, model in (("whole", whole), ("again", again))}
    own = {name: p[np.arange(len(x)), y] for name, p in log_p.items()}

    def divergence(rows):
        return np.mean(np.sum(np.exp(log_p["again"][rows]) * (log_p["again"][rows] - log_p["whole"][rows]), axis=1))

    for name, model in (("whole", whole), ("again", again)):
        yield name, [model.score(x[forget], y[forget]), model.score(x[retain], y[retain]), ks_2samp(-own[name][forget], -own[name][test]).statistic]
    yield "divergence of whole from again, test, forget, retain", [divergence(test), divergence(forget), divergence(retain)]


def main():
    print("membership_gap", membership_gaps())
    for name, values in wine():
        print(name, " ".join("%.12g" % v for v in values))
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
