"""Tests that compare methods on paired values, each tested against its published example (tests/scripts/test_stats.py).

A difference is second minus first, turned by the caller so that more is better. A pair in which the second diverged has the difference
-inf, one in which the first did inf: rank tests count it as the largest difference; means and t-tests cannot, and leave it out.

scipy.stats takes longer to import than most reports take to make, and 0.1 ms a call. Where scipy.special has the same distribution, that is
used; what only scipy.stats has is imported by the test that needs it."""
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import List, Optional, Sequence, Tuple

import numpy as np
from scipy import special

EXACT_UP_TO = 25                # pairs for which the null distribution of the signed ranks is counted out
LEAST_PAIRS = 6                 # with fewer no two-sided signed-rank test reaches 0.05: 2 / 2^5 = 0.0625
LEAST_SETS = 5                  # data sets below which no test over data sets is made


# ---- one data set: replicates ----

@dataclass
class Paired:
    """A mean difference with its interval and its t-test."""
    n: int
    mean: float
    sd: float
    low: float
    high: float
    t: float
    p: float
    effect: float               # mean / sd of the differences


def corrected_t(d: Sequence[float], ratio: float, level: float = 0.95) -> Paired:
    """The corrected resampled t-test of Nadeau and Bengio (2003): the variance of the mean is s^2 (1/n + ratio), ratio = test rows /
    training rows, since resampled splits share rows. With ratio = 0 it is the paired t-test."""
    x = np.asarray(d, dtype=float)
    n, mean = len(x), float(np.mean(x))
    sd = float(np.std(x, ddof=1))
    se = sd * math.sqrt(1 / n + ratio)
    if se == 0:                                         # no spread: the difference is what it is
        t = 0.0 if mean == 0 else math.copysign(math.inf, mean)
        return Paired(n, mean, sd, mean, mean, t, 1.0 if mean == 0 else 0.0, t)
    half = float(special.stdtrit(n - 1, 0.5 + level / 2)) * se
    t = mean / se
    return Paired(n, mean, sd, mean - half, mean + half, t, float(2 * special.stdtr(n - 1, -abs(t))), mean / sd)


def mid_ranks(x: np.ndarray) -> np.ndarray:
    """Ranks from 1; equal values share the mean of theirs."""
    _, place, counts = np.unique(x, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[place]


@dataclass
class SignedRank:
    n: int                      # differences that are not zero
    plus: float                 # rank sums as Demsar (2006) has them: zeros split evenly
    minus: float
    z: float
    p: float
    exact: bool


def wilcoxon(d: Sequence[float]) -> SignedRank:
    """Wilcoxon's signed-rank test, two-sided. Up to 25 differences the null distribution is counted exactly, with mid-ranks for ties
    and zeros dropped; above, the normal approximation with the variance corrected for ties. z is Demsar's."""
    x = np.asarray(d, dtype=float)
    ranks = mid_ranks(np.abs(x))
    zero = ranks[x == 0].sum() / 2
    plus, minus = float(ranks[x > 0].sum() + zero), float(ranks[x < 0].sum() + zero)
    total = len(x)
    z = (min(plus, minus) - total * (total + 1) / 4) / math.sqrt(total * (total + 1) * (2 * total + 1) / 24) if total else 0.0
    x = x[x != 0]
    n = len(x)
    if n == 0:
        return SignedRank(0, plus, minus, 0.0, 1.0, True)
    r = mid_ranks(np.abs(x))
    w = float(r[x > 0].sum())
    if n <= EXACT_UP_TO:
        return SignedRank(n, plus, minus, z, _signed_rank_p(r, w), True)
    spread = math.sqrt(float((r * r).sum()) / 4)
    return SignedRank(n, plus, minus, z, float(min(1.0, 2 * special.ndtr(-abs(w - n * (n + 1) / 4) / spread))), False)


def _signed_rank_p(ranks: np.ndarray, w: float) -> float:
    """Share of the 2^n sign patterns whose rank sum is at least as far from its centre as w. Ranks are multiples of a half."""
    doubled = np.rint(2 * ranks).astype(int)
    ways = np.zeros(int(doubled.sum()) + 1)
    ways[0] = 1
    for r in doubled:
        moved = np.zeros_like(ways)
        moved[r:] = ways[:len(ways) - r]
        ways = ways + moved
    at = int(round(2 * w))
    tail = min(ways[:at + 1].sum(), ways[at:].sum())
    return float(min(1.0, 2 * tail / ways.sum()))


def holm(p: Sequence[float]) -> List[float]:
    """Holm's step-down correction: adjusted p-values in the order given."""
    order = sorted(range(len(p)), key=lambda i: p[i])
    out, highest = [0.0] * len(p), 0.0
    for rank, i in enumerate(order):
        highest = max(highest, min(1.0, (len(p) - rank) * p[i]))
        out[i] = highest
    return out


def correlated_t(d: Sequence[float], ratio: float, rope: float) -> Tuple[float, float, float]:
    """Bayesian correlated t-test (Corani and Benavoli 2015): probability that the second is worse by more than the region of practical
    equivalence, within it, better by more."""
    x = np.asarray(d, dtype=float)
    n, mean = len(x), float(np.mean(x))
    scale = math.sqrt(float(np.var(x, ddof=1)) * (1 / n + ratio))
    if scale == 0:
        return float(mean < -rope), float(-rope <= mean <= rope), float(mean > rope)
    left, below = (float(special.stdtr(n - 1, (at - mean) / scale)) for at in (-rope, rope))
    return left, below - left, 1 - below


# ---- several data sets ----

@dataclass
class Ranks:
    """Average ranks over blocks, 1 the best, with Friedman's test and the critical difference of Nemenyi."""
    n: int
    mean: List[float]
    chi2: float
    chi2_ties: float
    p: float
    f: float
    f_p: float
    cd: float


def ranks_of(scores: np.ndarray) -> np.ndarray:
    """Of each method on each data set, 1 the best."""
    return np.array([mid_ranks(-row) for row in scores])


def friedman(scores: np.ndarray, alpha: float = 0.05) -> Ranks:
    """scores: data sets by methods, more is better; -inf ranks last. Friedman (1940), with the correction for ties, and Iman and
    Davenport's F (1980)."""
    n, k = scores.shape
    ranks = ranks_of(scores)
    mean = ranks.mean(axis=0)
    chi2 = 12 * n / (k * (k + 1)) * float((mean ** 2).sum() - k * (k + 1) ** 2 / 4)
    ties = sum(float(t ** 3 - t) for row in ranks for t in np.unique(row, return_counts=True)[1])
    share = 1 - ties / (n * k * (k * k - 1))
    corrected = chi2 / share if share > 0 else 0.0
    rest = n * (k - 1) - chi2
    f = (n - 1) * chi2 / rest if rest > 1e-12 else math.inf
    return Ranks(n, [float(v) for v in mean], chi2, corrected, float(special.chdtrc(k - 1, corrected)), f,
                 float(special.fdtrc(k - 1, (k - 1) * (n - 1), f)), nemenyi(k, n, alpha))


@lru_cache(maxsize=None)                # the quantile takes seconds where there are many methods
def nemenyi(k: int, n: int, alpha: float = 0.05) -> float:
    """Nemenyi's critical difference of average ranks: k methods on n data sets."""
    from scipy.stats import studentized_range
    return float(studentized_range.ppf(1 - alpha, k, np.inf)) / math.sqrt(2) * math.sqrt(k * (k + 1) / (6 * n))


def not_different(mean_ranks: Sequence[float], cd: float) -> List[Tuple[int, int]]:
    """Maximal runs of methods, as (first, last) places in the order of their ranks, whose extremes are less than cd apart."""
    r = sorted(mean_ranks)
    runs: List[Tuple[int, int]] = []
    for first in range(len(r)):
        last = max(j for j in range(first, len(r)) if j == first or r[j] - r[first] < cd)
        if last > first and (not runs or runs[-1][1] < last):
            runs.append((first, last))
    return runs


def bayes_signed_rank(d: Sequence[float], rope: float, prior: float = 0.5, draws: int = 50000, seed: int = 1) -> Tuple[float, float, float]:
    """Bayesian signed-rank test (Benavoli and others 2014, 2017), one value a data set: probability that the second is worse, that the
    two are practically equal, that the second is better. The prior is one observation at 0 of weight 0.5; sampled, with a fixed seed."""
    x = np.concatenate([[0.0], np.clip(np.asarray(d, dtype=float), -1e300, 1e300)])
    with np.errstate(over="ignore"):
        sums = x[:, None] + x[None, :]
    right = (sums > 2 * rope) + 0.5 * (sums == 2 * rope)
    left = (sums < -2 * rope) + 0.5 * (sums == -2 * rope)
    rng = np.random.default_rng(seed)
    wins = np.zeros(3)
    for size in [5000] * (draws // 5000) + [draws % 5000] * (draws % 5000 > 0):
        w = rng.dirichlet([prior] + [1.0] * (len(x) - 1), size)
        shares = np.stack([((w @ m) * w).sum(axis=1) for m in (left, right)])
        theta = np.stack([shares[0], 1 - shares.sum(axis=0), shares[1]])
        top = theta == theta.max(axis=0)
        wins += (top / top.sum(axis=0)).sum(axis=1)
    return tuple(float(v) for v in wins / draws)


# ---- rows of one test set ----

@dataclass
class McNemar:
    only_first: int             # rows that only the first has right
    only_second: int
    chi2: float                 # without the continuity correction
    p: float                    # exact, two-sided
    mid_p: float


def mcnemar(only_first: int, only_second: int) -> McNemar:
    """McNemar's test by the binomial distribution of the rows on which the two disagree; the mid-p as Fagerland and others (2013)
    recommend it."""
    n, few = only_first + only_second, min(only_first, only_second)
    if n == 0:
        return McNemar(0, 0, 0.0, 1.0, 1.0)
    from scipy.stats import binom
    exact = min(1.0, 2 * float(binom.cdf(few, n, 0.5)))
    mid = 1.0 - float(binom.pmf(few, n, 0.5)) if only_first == only_second else exact - float(binom.pmf(few, n, 0.5))
    return McNemar(only_first, only_second, (only_first - only_second) ** 2 / n, exact, mid)


def paired_bootstrap(d: np.ndarray, draws: int = 10000, seed: int = 1, level: float = 0.95) -> Tuple[float, float, float, float]:
    """Mean of per-row differences, its percentile interval, and the two-sided p-value: twice the smaller share of resampled means on
    either side of 0 (Efron and Tibshirani 1993), never below 1/draws. Rows are drawn by the counts of their distinct values."""
    values, counts = np.unique(np.asarray(d, dtype=float), return_counts=True)
    n = int(counts.sum())
    rng = np.random.default_rng(seed)
    if len(values) <= 50:
        means = rng.multinomial(n, counts / n, size=draws) @ values / n
    else:
        x = np.asarray(d, dtype=float)
        means = np.array([x[rng.integers(0, n, n)].mean() for _ in range(draws)])
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    tail = min(float(np.mean(means <= 0)), float(np.mean(means >= 0)))
    return float(np.mean(d)), float(low), float(high), min(1.0, max(2 * tail, 1 / draws))


def too_few(n: int, least: int, what: str, test: str) -> Optional[str]:
    """A plain sentence where there are too few for a test, else nothing."""
    return None if n >= least else "%s: not made; it needs at least %d %s, and there %s %d." % (
        test, least, what, "is" if n == 1 else "are", n)
