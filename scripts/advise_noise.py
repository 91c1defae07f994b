"""How many labels of a classification are wrong, estimated from cross-validated scores. Needs numpy and scipy.

Two estimates. `confident` is confident learning (Northcutt, Jiang, Chuang, JAIR 2021, section 3): rows whose predicted probability of some
class is at least that class's threshold are counted by label and likeliest such class; the counts are scaled to the classes' sizes, and the
share off the diagonal is the estimate. Where classes overlap it counts the overlap as noise. `flattening` asks instead how far the
probabilities of the surest rows stay away from 0 and 1: labels that are wrong by chance hold them back, overlap does not. It fits

    P(label = k | scores z) = (1 - r) p_k + r (1 - p_k) / (C - 1),   p = softmax(a z + b),

in the scale a, the biases b and the rate r by maximum likelihood, on scores of rows that took no part in the training. For two classes it
is logistic regression with a chance of mislabelling (Copas, JRSS B 50, 1988)."""
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
from scipy.optimize import minimize, minimize_scalar

MOST_ROWS, MOST_SCORES = 6000, 40000  # for the fit; more add nothing to the two digits that are told
BIAS_SD, LOG_SCALE_SD = 1.5, 2.0  # of weak priors, which only keep the fit finite where classes are separable
ALIKE, STEPS = 0.005, 9         # rates of repetitions that are as near as this are one; between others the likelihood is looked at in so many places
HALF_CHI2 = 1.92                # half the 95 % quantile of chi-squared with one degree
WIDEST = 0.1                    # of an interval whose middle is told: beyond, the rows are too few or the classes too alike to tell a number


class Noise(NamedTuple):
    rate: float                 # the estimate
    low: float                  # 95 % interval by the profile of the likelihood
    high: float
    confident: float            # the estimate of confident learning
    error: float                # share of rows that the cross-validated model has wrong
    pairs: List[Tuple[int, int, int]]   # label, likelier class, rows that disagree confidently; most first
    suspects: List[int]         # places of those rows, the surest first
    likely: List[int]           # their likelier classes

    def told(self) -> bool:
        """Whether the interval is narrow enough for the estimate to be told as a number; else it is the interval that is told."""
        return self.high - self.low <= WIDEST


def log_softmax(z: np.ndarray) -> np.ndarray:
    top = z.max(axis=1, keepdims=True)
    return z - top - np.log(np.exp(z - top).sum(axis=1, keepdims=True))


def confident_joint(p: np.ndarray, y: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """The calibrated joint distribution of label (rows) and likely class (columns), and the class counted for each row, -1 for none."""
    classes = p.shape[1]
    sizes = np.bincount(y, minlength=classes)
    threshold = np.array([p[y == k, k].mean() if sizes[k] else np.inf for k in range(classes)])
    able = p >= threshold
    likely = np.where(able.any(axis=1), np.where(able, p, -1).argmax(axis=1), -1)
    counts = np.zeros((classes, classes))
    np.add.at(counts, (y[likely >= 0], likely[likely >= 0]), 1)
    rows = counts.sum(axis=1, keepdims=True)
    counts = np.where(rows > 0, counts / np.where(rows > 0, rows, 1), np.eye(classes)) * sizes[:, None]
    return counts / counts.sum(), likely


class Fit(NamedTuple):
    rate: float
    loss: float                 # mean negative log-likelihood, with the priors
    at: np.ndarray


def negative_log_likelihood(v: np.ndarray, rate: Optional[float], z: np.ndarray, y: np.ndarray) -> Tuple[float, np.ndarray]:
    """With its gradient. v: the logit of the rate over its largest value (absent where `rate` is given), log a, b_2, ..., b_C."""
    n, classes = z.shape
    most = (classes - 1) / classes
    share = 1 / (1 + np.exp(-v[0])) if rate is None else rate / most
    own = v if rate is not None else v[1:]
    a, b = np.exp(own[0]), np.concatenate([[0.0], own[1:]])
    r = share * most
    p = np.exp(log_softmax(a * z + b))
    at = np.arange(n)
    py = p[at, y]
    q = (1 - r) * py + r / (classes - 1) * (1 - py)
    q = np.maximum(q, 1e-300)
    value = -np.log(q).sum() + 0.5 * (own[1:] ** 2).sum() / BIAS_SD ** 2 + 0.5 * (own[0] / LOG_SCALE_SD) ** 2
    weight = -(1 - r - r / (classes - 1)) * py / q          # d value / d p_y times p_y
    dz = -weight[:, None] * p
    dz[at, y] += weight
    grad = [a * (dz * z).sum() + own[0] / LOG_SCALE_SD ** 2, *(dz.sum(axis=0)[1:] + own[1:] / BIAS_SD ** 2)]
    if rate is None:
        grad.insert(0, (-((1 - py) / (classes - 1) - py) / q).sum() * most * share * (1 - share))
    return value / n, np.array(grad) / n


def fit(z: np.ndarray, y: np.ndarray, rate: Optional[float] = None, start: Optional[np.ndarray] = None) -> Fit:
    """The best of several starts; with `rate` that of the other parameters."""
    classes = z.shape[1]
    own = np.zeros(classes)
    starts = [start] if start is not None else [own] if rate is not None else [np.r_[s, own] for s in ((-3.0, -1.0, 0.5) if classes < 6 else (-3.0, -0.5))]
    bounds = [(-8.0, 8.0)] * (rate is None) + [(-4.0, 4.0)] + [(-6.0, 6.0)] * (classes - 1)
    found = min((minimize(negative_log_likelihood, s, (rate, z, y), "L-BFGS-B", True, bounds=bounds) for s in starts), key=lambda f: f.fun)
    most = (classes - 1) / classes
    return Fit(most / (1 + np.exp(-found.x[0])) if rate is None else rate, float(found.fun), found.x)


class Profile:
    """The likelihood of a rate, the other parameters at their best in each repetition: the mean over the repetitions, which see the same rows."""

    def __init__(self, repeats: Sequence[np.ndarray], y: np.ndarray, fits: Sequence[Fit]):
        self.repeats, self.y, self.fits = repeats, y, fits
        self.most = (repeats[0].shape[1] - 1) / repeats[0].shape[1]
        self.known: Dict[float, float] = {}

    def loss(self, rate: float) -> float:
        if rate not in self.known:
            self.known[rate] = float(np.mean([fit(z, self.y, rate, f.at[1:]).loss for z, f in zip(self.repeats, self.fits)]))
        return self.known[rate]

    def best(self) -> float:
        """Between the rates of the repetitions, of which some may be far off: the likelihood can have two maxima."""
        own = [f.rate for f in self.fits]
        low, high = min(own), max(own)
        if high - low <= ALIKE:
            return float(np.mean(own))
        grid = sorted({*own, *np.linspace(low, high, STEPS)})
        at = min(range(len(grid)), key=lambda k: self.loss(grid[k]))
        found = minimize_scalar(self.loss, bounds=(grid[max(0, at - 1)], grid[min(len(grid) - 1, at + 1)]), method="bounded", options={"xatol": ALIKE / 2})
        return float(found.x) if found.fun < self.loss(grid[at]) else grid[at]

    def interval(self, best: float) -> Tuple[float, float]:
        """Rates whose likelihood is within that of a 95 % interval, by bisection."""
        least = self.loss(best)

        def inside(rate: float) -> bool:
            return (self.loss(rate) - least) * len(self.y) <= HALF_CHI2

        ends = []
        for far in (0.0, self.most):
            good, bad = best, far
            if inside(far):
                ends.append(far)
                continue
            for _ in range(7):
                middle = (good + bad) / 2
                good, bad = (middle, bad) if inside(middle) else (good, middle)
            ends.append(good)
        return ends[0], ends[1]


def estimate(repeats: Sequence[Sequence[np.ndarray]], y: np.ndarray) -> Noise:
    """repeats: for each repetition of the cross-validation the scores (rows, classes) of several models, of which the likeliest counts."""
    most = min(MOST_ROWS, MOST_SCORES // repeats[0][0].shape[1])
    rows = np.sort(np.random.default_rng(1).permutation(len(y))[:most])
    fits = [[fit(z[rows], y[rows]) for z in models] for models in repeats]
    best = int(np.argmin([np.mean([f[k].loss for f in fits]) for k in range(len(fits[0]))]))
    profile = Profile([models[best][rows] for models in repeats], y[rows], [f[best] for f in fits])
    rate = profile.best()
    low, high = profile.interval(rate)
    plain = [np.mean([-log_softmax(models[k])[np.arange(len(y)), y].mean() for models in repeats]) for k in range(len(fits[0]))]
    scores = np.mean([log_softmax(models[int(np.argmin(plain))]) for models in repeats], axis=0)
    joint, likely = confident_joint(np.exp(log_softmax(scores)), y)
    odd = np.flatnonzero((likely >= 0) & (likely != y))
    pairs: dict = {}
    for i in odd:
        pairs[int(y[i]), int(likely[i])] = pairs.get((int(y[i]), int(likely[i])), 0) + 1
    order: List[int] = sorted(map(int, odd), key=lambda i: scores[i, y[i]] - scores[i, likely[i]])
    return Noise(rate, low, high, float(1 - np.trace(joint)), float((scores.argmax(axis=1) != y).mean()),
                 sorted(((a, b, n) for (a, b), n in pairs.items()), key=lambda t: -t[2]), order, [int(likely[i]) for i in order])
