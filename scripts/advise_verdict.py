"""What follows from the outer test folds of `lossbench advise`: who is better, by how much, who cannot be told apart, whether to go on. Needs
numpy and scipy.

Every figure is of outer test folds, whose rows took part in no choice of settings. Differences are fold by fold; their intervals are those of
the corrected resampled t-test (Nadeau and Bengio), at a level that holds for all comparisons with the plain loss together (Bonferroni), so that
picking the best of several costs nothing. The plain loss is left for one that is better beyond such an interval, or else for one that is better
with a probability of 0.95 by itself, and by more than counts as no difference; the answer says which of the two it was."""
import math
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

from scipy import special

from stats import corrected_t, correlated_t

LEVEL = 0.95
ROPE = 0.01                     # differences up to this share count as none: of 1 for shares of rows, of the plain loss's error otherwise
SURE = 3.0                      # standard errors that a mean may still move
PROBABLE = 0.95                 # probability from which a loss is taken that is not shown to be better
LEAST_FOLDS = 3


class Gap(NamedTuple):
    """A mean difference, turned so that more is better for the first, with its interval."""
    mean: float
    low: float
    high: float
    sd: float
    n: int
    probable: float                         # probability that the first is better (Bayesian correlated t-test), of this comparison alone


class Verdict(NamedTuple):
    folds: int
    higher: bool                            # whether more of the metric is better
    means: Dict[str, float]
    spread: Dict[str, float]                # standard deviation over the folds
    against_plain: Dict[str, Gap]           # each other loss minus the plain one
    against_choice: Dict[str, Gap]          # each other loss minus the recommended one
    best: str                               # the best mean
    choice: str                             # the recommended loss
    matters: bool                           # the choice is not the plain loss
    certain: bool                           # and is better beyond its interval
    equal: bool                             # no loss differs from the plain one by more than the region of practical equivalence
    rope: float
    tied: List[str]                         # not told apart from the choice
    honest: Optional[float]                 # the mean of the choice when it is made again without the fold that judges it

    def missed(self) -> float:
        """At most so much is lost by taking the choice and no other loss."""
        return max([0.0] + [g.high for g in self.against_choice.values()])


Values = Dict[str, List[float]]             # by loss, one a fold, in the same order


def gap(first: Sequence[float], second: Sequence[float], sign: int, ratio: float, comparisons: int) -> Gap:
    d = [sign * (a - b) for a, b in zip(first, second)]
    p = corrected_t(d, ratio, 1 - (1 - LEVEL) / max(1, comparisons))
    return Gap(p.mean, p.low, p.high, p.sd, p.n, correlated_t(d, ratio, 0.0)[2])


def rope_of(values: Values, plain: str, metric_is_share: bool) -> float:
    return ROPE if metric_is_share else ROPE * abs(mean(values[plain]))


def mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def pick(values: Values, plain: str, sign: int, ratio: float, rope: float) -> str:
    """Of the losses that are better than the plain one beyond their intervals, that of the best mean; without one, of those that are probably
    better, and by more than the region of practical equivalence; else the plain one."""
    gaps = {k: gap(values[k], values[plain], sign, ratio, len(values) - 1) for k in values if k != plain}
    better = [k for k, g in gaps.items() if g.low > 0] or [k for k, g in gaps.items() if g.mean >= rope and g.probable >= PROBABLE]
    return max(better, key=lambda k: gaps[k].mean) if better else plain


def judge(values: Values, plain: str, higher: bool, ratio: float, metric_is_share: bool) -> Verdict:
    sign, others = 1 if higher else -1, [name for name in values if name != plain]
    against = {name: gap(values[name], values[plain], sign, ratio, len(others)) for name in others}
    best = max(values, key=lambda name: (sign * mean(values[name]), name == plain))
    rope = rope_of(values, plain, metric_is_share)
    choice = pick(values, plain, sign, ratio, rope)
    beside = {name: gap(values[name], values[choice], sign, ratio, len(others)) for name in values if name != choice}
    n = len(values[plain])
    return Verdict(
        n, higher, {k: mean(v) for k, v in values.items()}, {k: spread(v) for k, v in values.items()}, against, beside, best, choice, choice != plain,
        choice != plain and against[choice].low > 0,
        bool(others) and all(-rope <= g.low and g.high <= rope for g in against.values()), rope,
        [k for k, g in beside.items() if g.high >= 0], honest(values, plain, sign, ratio, rope))


def spread(values: Sequence[float]) -> float:
    m = mean(values)
    return math.sqrt(math.fsum((v - m) ** 2 for v in values) / max(1, len(values) - 1))


def honest(values: Values, plain: str, sign: int, ratio: float, rope: float) -> Optional[float]:
    """The choice is made without each fold in turn, which then judges what was chosen: no fold has a part in the choice that it judges."""
    n = len(values[plain])
    if n <= LEAST_FOLDS:
        return None
    told = []
    for k in range(n):
        rest = {name: v[:k] + v[k + 1:] for name, v in values.items()}
        told.append(values[pick(rest, plain, sign, ratio, rope)][k])
    return mean(told)


def settled(values: Values, plain: str, higher: bool, ratio: float, metric_is_share: bool, most: int) -> bool:
    """Whether no further folds, up to `most` in all, could change the choice: with the means moved as far as they may still go, and the intervals
    as narrow as they then are, the same losses lie on the same side of the plain one and behind the best."""
    n = len(values[plain])
    if n >= most:
        return True
    sign, others, rope = 1 if higher else -1, [name for name in values if name != plain], rope_of(values, plain, metric_is_share)
    choice = pick(values, plain, sign, ratio, rope)

    def at_the_end(name: str, of: str, up: bool, level: float) -> Tuple[float, float]:
        """How far ahead it may still be, or must at least be, and the half width of its interval then."""
        g = gap(values[name], values[of], sign, ratio, len(others))
        move = SURE * g.sd * math.sqrt(1 / n - 1 / most)
        return g.mean + (move if up else -move), float(special.stdtrit(most - 1, level)) * g.sd * math.sqrt(1 / most + ratio)

    if choice == plain:
        return all(m - half <= 0 or m < rope for m, half in (at_the_end(name, plain, True, PROBABLE) for name in others))
    least, half = at_the_end(choice, plain, False, 1 - (1 - LEVEL) / len(others) / 2)
    return least - half > 0 and all(at_the_end(name, choice, True, PROBABLE)[0] <= 0 for name in values if name != choice)


def rows_of(verdict: Verdict) -> List[Tuple[str, float, float, Optional[Gap]]]:
    """Loss, mean, standard deviation, difference from the plain loss; the best first."""
    return [(k, verdict.means[k], verdict.spread[k], verdict.against_plain.get(k))
            for k in sorted(verdict.means, key=verdict.means.get, reverse=verdict.higher)]
