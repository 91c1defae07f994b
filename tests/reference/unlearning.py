"""Values of unlearning: of membership_gap (tests/unit/core/metrics/test_unlearning.c) by SciPy, and of a logistic regression that is trained
without some rows (tests/cli/forget.sh) by scikit-learn. Run from the project's root: python3 tests/reference/unlearning.py. Needs SciPy,
scikit-learn."""
import numpy as np
from scipy.stats import ks_2samp
from sklearn.linear_model import LogisticRegression


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


if __name__ == "__main__":
    main()
