#!/usr/bin/python3
"""Writes tests/golden/losses_robust.json: losses against label noise and overconfidence, and for calibration. See losses.py; run it
from the project's root."""
import losses
from losses import MULTICLASS, ce, log_p, mae, softmax, wrong


def entropy(m, z):
    return -sum(p * v for p, v in zip(softmax(m, z), log_p(m, z)))


def confidence_penalty(m, z, y, beta=0.1):
    return ce(m, z, y) - beta * entropy(m, z)


def bootstrap_soft(m, z, y, beta=0.95):
    target = [beta * (k == y) + (1 - beta) * p for k, p in enumerate(softmax(m, z))]
    return -sum(t * v for t, v in zip(target, log_p(m, z)))


def bootstrap_hard(m, z, y, beta=0.8):
    predicted = max(range(len(z)), key=lambda k: m.value(z[k]))
    return beta * ce(m, z, y) + (1 - beta) * ce(m, z, predicted)


def rll(m, z, y, alpha=0.45):
    p = softmax(m, z)
    others = sum(m.log(alpha + v) for k, v in enumerate(p) if k != y) / (len(z) - 1)
    return m.log((1 + alpha) / alpha + 0 * z[0]) - m.log(alpha + p[y]) + others


def share(m, z, y, loss):
    return loss(m, z, y) / sum(loss(m, z, k) for k in range(len(z)))


def nce(m, z, y):
    return share(m, z, y, ce)


def nfl(m, z, y, gamma=0.5):
    return share(m, z, y, lambda m, z, k: losses.focal(m, z, k, gamma))


def noise_matrix(classes, kind, rate, matrix):
    if matrix:
        flat = [float(v) for v in matrix.strip("[]").split(",")]
        return [flat[i * classes:(i + 1) * classes] for i in range(classes)]
    if kind == "pair":
        return [[1 - rate if j == i else rate if j == (i + 1) % classes else 0 * rate for j in range(classes)]
                for i in range(classes)]
    return [[1 - rate if j == i else rate / (classes - 1) for j in range(classes)] for i in range(classes)]


def forward_ce(m, z, y, kind="uniform", rate=0.2, matrix=""):
    noise = noise_matrix(len(z), kind, losses.mpmath.mpf(rate), matrix)
    terms = [v + float(losses.mpmath.log(row[y])) if m is losses.Torch else v + losses.mpmath.log(row[y])
             for v, row in zip(z, noise) if row[y] > 0]
    top, top_z = max(terms, key=m.value), max(z, key=m.value)
    return (top_z + m.log(sum(m.exp(v - top_z) for v in z))) - (top + m.log(sum(m.exp(v - top) for v in terms)))


def backward_ce(m, z, y, kind="uniform", rate=0.2, matrix=""):
    noise = losses.mpmath.matrix(noise_matrix(len(z), kind, losses.mpmath.mpf(rate), matrix))
    weights = [(noise ** -1)[y, k] for k in range(len(z))]
    return sum((float(w) if m is losses.Torch else w) * ce(m, z, k) for k, w in enumerate(weights))


def squentropy(m, z, y):
    return ce(m, z, y) + sum(v ** 2 for k, v in enumerate(z) if k != y) / (len(z) - 1)


def rce(m, z, y, a):
    return -sum(p * (0 if k == y else -a) for k, p in enumerate(softmax(m, z)))


def aul(m, z, y, a, q):
    return ((a - softmax(m, z)[y]) ** q - (a - 1) ** q) / q


def agce(m, z, y, a, q):
    return ((a + 1) ** q - (a + softmax(m, z)[y]) ** q) / q


def ael(m, z, y, a):
    return m.exp(-softmax(m, z)[y] / a)


def pair(name, active, passive, alpha, beta, gamma=None, **inner):
    """The function `name`, with the parameters alpha, beta, gamma (of nfl) and those of the passive loss."""
    def loss(m, z, y, **par):
        at = {"alpha": alpha, "beta": beta, "gamma": gamma, **inner, **par}
        first = active(m, z, y) if gamma is None else active(m, z, y, at["gamma"])
        return at["alpha"] * first + at["beta"] * passive(m, z, y, **{k: at[k] for k in inner})
    loss.__name__ = name
    return loss


def half_mae(m, z, y):
    return mae(m, z, y) / 2


def ca(m, z, y, temperature=1.0):
    """Of a whole batch."""
    rows = []
    for row, label in zip(z, y):
        predicted = max(range(len(row)), key=lambda k: m.value(row[k]))
        scaled = [v / temperature for v in row]
        miss = wrong(m, scaled, predicted) if predicted == label else softmax(m, scaled)[predicted]
        rows.append((predicted == label, miss ** 2))
    right = sum(ok for ok, _ in rows) / len(rows)
    weights = [1 - right if ok else right for ok, _ in rows] if 0 < right < 1 else [1] * len(rows)
    return sum(w * v for w, (_, v) in zip(weights, rows)) / sum(weights)


A = 9.2103403719761827
MIXES = ["", "alpha=5 beta=0.1", "alpha=0 beta=3"]
LOSSES = [
    (MULTICLASS, confidence_penalty, ["", "beta=0", "beta=2"]),
    (MULTICLASS, bootstrap_soft, ["", "beta=0.5", "beta=0.1"]),
    (MULTICLASS, bootstrap_hard, ["", "beta=0.5", "beta=1"]),
    (MULTICLASS, rll, ["", "alpha=0.1", "alpha=10", "alpha=1e-3"]),
    (MULTICLASS, nce, [""]),
    (MULTICLASS, nfl, ["", "gamma=0", "gamma=2", "gamma=20"]),
    (MULTICLASS, forward_ce, ["", "rate=0", "rate=1", "kind=pair rate=0.4", "kind=pair rate=1"]),
    (MULTICLASS, backward_ce, ["", "rate=0", "rate=0.4", "kind=pair rate=0.4", "kind=pair rate=1"]),
    (MULTICLASS, squentropy, [""]),
    (MULTICLASS, pair("nce_rce", nce, rce, 1.0, 1.0, a=A), MIXES + ["a=4"]),
    (MULTICLASS, pair("nce_mae", nce, half_mae, 1.0, 1.0), MIXES),
    (MULTICLASS, pair("nfl_rce", nfl, rce, 1.0, 1.0, gamma=0.5, a=A), MIXES + ["gamma=3 a=4"]),
    (MULTICLASS, pair("nfl_mae", nfl, half_mae, 1.0, 1.0, gamma=0.5), MIXES + ["gamma=3"]),
    (MULTICLASS, pair("nce_aul", nce, aul, 1.0, 4.0, a=6.3, q=1.5), MIXES + ["a=1.5 q=0.9", "a=3 q=0.1", "a=1.001 q=0.1"]),
    (MULTICLASS, pair("nce_agce", nce, agce, 1.0, 4.0, a=6.0, q=1.5), MIXES + ["a=1 q=2", "a=0.6 q=0.6", "a=1e-3 q=0.1"]),
    (MULTICLASS, pair("nce_ael", nce, ael, 1.0, 4.0, a=5.0), MIXES + ["a=2.5", "a=0.05"]),
    (MULTICLASS, ca, ["", "temperature=0.5", "temperature=5"]),
]


if __name__ == "__main__":
    losses.BATCH.add(ca)
    losses.write_golden(LOSSES, 20240502, "tests/reference/losses_robust.py", "tests/golden/losses_robust.json")
