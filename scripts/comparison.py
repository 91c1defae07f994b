"""Comparisons of methods from records: who is compared with whom, on what, and how lost trials count. Needs numpy and scipy.

A contender is what is compared: the losses, or, where only one loss was trained, whatever else varies and is no question of its own.
A condition is what they are compared on: the data, their corruption, and every other key that varies. Replicates (the seeds) are paired:
at one seed all contenders saw the same split, labels, initial weights and order."""
import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Dict, List, Optional, Sequence, Set, Tuple

import stats
from records import Trial, plural, within
from tables import decimals, number
from test_tables import Field, Sheet
from wording import condition_words, difference_words, interval_places, metric_words

ALPHA = 0.05
LOST_RULE = ("A diverged trial is a result: rank tests count it as the worst of its pair, average ranks put it last; means, intervals and "
             "t-tests, which need a number, leave the pair out and say so, and its loss is marked neither best nor tied. "
             "Failed and missing trials are no results: their pairs are left out and counted.")


def difference_fields() -> List[Field]:
    return [Field("difference", signed=True, group="difference")] + [Field(title, signed=True, group="difference", end=True)
                                                                    for title in ("low", "high")]


@dataclass
class Group:
    """The trials of one contender in one condition, by replicate."""
    trials: Dict[str, Trial]
    metric: str
    chosen: str = ""
    values: Dict[str, float] = field(init=False)        # of the trials that ended well
    diverged: Set[str] = field(init=False)
    mean: Optional[float] = field(init=False)           # None without a value, or where one is infinite

    def __post_init__(self) -> None:
        self.values = {r: t.metrics[self.metric] for r, t in self.trials.items() if t.status == "ok" and self.metric in t.metrics}
        self.diverged = set(self.with_status("diverged"))
        v = self.values.values()
        self.mean = math.fsum(v) / len(v) if v and all(map(math.isfinite, v)) else None

    def with_status(self, status: str) -> List[str]:
        return [r for r, t in self.trials.items() if t.status == status]

    def score(self, sign: int) -> Optional[float]:
        """The mean turned so that more is better; -inf where a trial diverged; None where nothing is known."""
        if self.diverged:
            return -math.inf
        return None if self.mean is None else sign * self.mean


@dataclass
class Pairs:
    """Differences of a contender and another, replicate by replicate, turned so that more is better for the first."""
    d: List[float] = field(default_factory=list)        # +-inf where one of the two diverged, 0 where both did
    lost: List[bool] = field(default_factory=list)      # of each of d, whether one diverged
    missing: int = 0

    @property
    def finite(self) -> List[float]:
        return [v for v, lost in zip(self.d, self.lost) if not lost]


@dataclass
class Tests:
    """Of one pair of contenders, without a correction for several pairs; None where there are too few pairs."""
    pairs: Pairs
    t: Optional[stats.Paired]
    bayes: Optional[Tuple[float, float, float]]
    w: Optional[stats.SignedRank]


def tests_of(pairs: Pairs, ratio: float, rope: float) -> Tests:
    finite = pairs.finite
    enough = len(finite) >= 2
    return Tests(pairs, stats.corrected_t(finite, ratio) if enough else None, stats.correlated_t(finite, ratio, rope) if enough else None,
                 stats.wilcoxon(pairs.d) if len(pairs.d) >= stats.LEAST_PAIRS else None)


@dataclass
class Study:
    metric: str
    higher: bool
    contenders: List[str]
    conditions: List[str]
    groups: Dict[Tuple[str, str], Group]                # (contender, condition)
    data_set: Dict[str, str]                            # condition -> data set
    ratio: Dict[str, float]                             # condition -> test rows / training rows, or 0 where all share one split
    control: str
    rope: float
    what: str = "loss"
    over: str = "train.seed"
    condition_name: str = "condition"
    keys: List[str] = field(default_factory=list)       # config keys that make the conditions
    at: Dict[str, Tuple[str, ...]] = field(default_factory=dict)  # condition -> their values
    tests: Dict[Tuple[str, str, str], "Tests"] = field(default_factory=dict, repr=False)  # made so far, which several tables show

    @property
    def sign(self) -> int:
        return 1 if self.higher else -1

    @property
    def replicate(self) -> str:
        return "fold" if self.over == "data.cv.fold" else "seed" if self.over.endswith("seed") else "replicate"

    def group(self, contender: str, condition: str) -> Optional[Group]:
        return self.groups.get((contender, condition))

    def on(self, condition: str) -> List[Tuple[str, Group]]:
        """The contenders that were trained on a condition, with their trials."""
        return [(c, self.groups[c, condition]) for c in self.contenders if (c, condition) in self.groups]

    def best_first(self, condition: str) -> List[Tuple[str, Group]]:
        """The same by their means, those without one last."""
        return sorted(self.on(condition), key=lambda item: math.inf if item[1].mean is None else -self.sign * item[1].mean)

    def mean(self, contender: str, condition: str) -> Optional[float]:
        group = self.group(contender, condition)
        return group.mean if group else None

    def number(self, value: float, condition: str) -> str:
        """A mean with as many places as all means of the condition need."""
        means = [m for m in (self.mean(c, condition) for c in self.contenders) if m is not None]
        return number(value, decimals(means))

    def pairs(self, first: str, second: str, condition: str) -> Pairs:
        a, b, out = self.group(first, condition), self.group(second, condition), Pairs()
        if not a or not b:
            return out
        for r in [r for r in a.trials if r in b.trials]:
            lost = (r in a.diverged, r in b.diverged)
            if any(lost):
                out.d.append(0.0 if all(lost) else -math.inf if lost[0] else math.inf)
            elif r in a.values and r in b.values and math.isfinite(a.values[r]) and math.isfinite(b.values[r]):
                out.d.append(self.sign * (a.values[r] - b.values[r]))
            else:
                out.missing += 1
                continue
            out.lost.append(any(lost))
        out.missing += len(set(a.trials) ^ set(b.trials))
        return out

    def test(self, first: str, second: str, condition: str) -> "Tests":
        at = first, second, condition
        if at not in self.tests:
            self.tests[at] = tests_of(self.pairs(*at), self.ratio[condition], self.rope)
        return self.tests[at]

    def best(self, condition: str) -> Optional[str]:
        """The best mean among the contenders with the most ok trials, none of them diverged where another has none."""
        known = [(c, g) for c, g in self.on(condition) if g.mean is not None]
        most = max((len(g.values) for _, g in known), default=0)
        full = [(self.sign * g.mean, c) for c, g in known if len(g.values) == most]
        return max(full, key=lambda item: item[0])[1] if full else None

    def tied(self, condition: str) -> Dict[str, float]:
        """Contenders not shown to be worse than the best, with their p-values: the t-test with Holm's correction gives 0.05 or more, and the
        Bayesian correlated t-test does not make them worse by more than the region of practical equivalence with probability 0.95: with
        few replicates a large difference need not be significant. One with a diverged trial is never among them."""
        best = self.best(condition)
        found = [(c, self.test(c, best, condition)) for c in self.contenders if c != best] if best else []
        made = [(c, test) for c, test in found if test.t]
        adjusted = stats.holm([test.t.p for _, test in made])
        return {c: p for (c, test), p in zip(made, adjusted)
                if p >= ALPHA and test.bayes[0] < 1 - ALPHA and not self.groups[c, condition].diverged}

    def tied_words(self) -> str:
        names = sorted({self.t_name(c) for c in self.conditions})
        return ("p >= 0.05 by the %s with Holm's correction%s, and a probability below 0.95 of being worse by more than %g by the Bayesian "
                "correlated t-test" % (" or the ".join(names), self.within, self.rope))

    @property
    def within(self) -> str:
        """For the end of a sentence about corrections."""
        return " within one %s" % self.condition_name if len(self.conditions) > 1 else ""

    @property
    def against(self) -> str:
        """The one that all are compared with, or empty where every pair is."""
        return "" if self.control == "all" else self.control

    def reference(self, condition: str) -> Optional[str]:
        """The one that all are compared with on this condition: the control, or the best where that has no result."""
        return self.control if self.mean(self.control, condition) is not None else self.best(condition)

    def where(self, condition: str) -> str:
        """With 30 % label noise, model mlp; empty where there is one condition."""
        return self.where_but((), condition)

    def where_but(self, without: Sequence[str], condition: str) -> str:
        """The same, but for what stands under these keys."""
        kept = [i for i in self.apart if not within(self.keys[i], without)]
        return condition_words([self.keys[i] for i in kept], [self.at[condition][i] for i in kept])

    @cached_property
    def apart(self) -> List[int]:
        """The places, among the keys that make the conditions, of those that have more than one value."""
        return [i for i in range(len(self.keys)) if len({self.at[c][i] for c in self.conditions}) > 1]

    def condition_field(self) -> List[Field]:
        """The column that names the condition, where there is more than one."""
        return [Field(self.condition_name, "word")] if len(self.conditions) > 1 else []

    @property
    def metric_words(self) -> str:
        return metric_words(self.metric)

    def t_name(self, condition: str) -> str:
        return "corrected resampled t-test (Nadeau and Bengio)" if self.ratio[condition] else "paired t-test"


def data_set_of(trial: Trial) -> str:
    """What tells data sets apart: checksums of the files, or the generator with its parameters."""
    sums = [checksum for _, _, checksum in trial.sources if checksum]
    return " ".join(sums) or repr(sorted((k, repr(v)) for k, v in trial.config.items() if within(k, ["data.generator", "data.train"])))


def test_ratio(trials: List[Trial]) -> float:
    """Test rows over training rows where the replicates have splits of their own, else 0."""
    resampled = any(len({repr(t.config.get(key)) for t in trials}) > 1 for key in ("data.split.seed", "data.cv.fold"))
    rows = next((t.rows for t in trials if t.status == "ok"), {})
    return rows["test"] / rows["train"] if resampled and rows.get("test") and rows.get("train") else 0.0


# ---- verdicts ----

@dataclass
class Verdict:
    """What the pairs of two contenders say of the first. mean, low and high are differences in the metric, first minus second."""
    who: str
    against: str
    word: str                       # better, worse, practically equal, no significant difference, not tested, or how many diverged
    pairs: int
    mean: float = math.nan
    low: float = math.nan
    high: float = math.nan
    p: float = math.nan             # with Holm's correction
    sign: int = 1                   # 1 where higher is better

    @property
    def tested(self) -> bool:
        return math.isfinite(self.p)

    @property
    def gain(self) -> float:
        """By how much the first is better."""
        return self.sign * self.mean

    @property
    def gain_words(self) -> str:
        return bounds_words(self.gain, self.sign * self.low, self.sign * self.high)

    @property
    def loss_words(self) -> str:
        return bounds_words(-self.gain, -self.sign * self.low, -self.sign * self.high)

    @property
    def difference_words(self) -> str:
        return difference_words(self.mean, self.low, self.high)


def bounds_words(mean: float, *ends: float) -> str:
    """0.023 [0.013, 0.034]"""
    places = interval_places(mean, *ends)
    return "%.*f [%.*f, %.*f]" % (places, mean, places, min(ends), places, max(ends))


def verdicts(study: Study, condition: str, others: List[Tuple[str, str]]) -> List[Verdict]:
    return [verdict_of(study, condition, e) for e in pair_rows(study, condition, others)]


def verdict_of(study: Study, condition: str, entry: dict) -> Verdict:
    t, pairs, who = entry["t"], entry["pairs"], entry["first"]
    out = Verdict(who, entry["second"], "not tested", len(pairs.d), sign=study.sign)
    if t:
        ends = study.sign * t.low, study.sign * t.high
        out.mean, out.low, out.high, out.p = study.sign * t.mean, min(ends), max(ends), entry["t_holm"]
        out.word = ("better" if t.mean > 0 else "worse") if out.p < ALPHA else \
            "practically equal" if entry["bayes"][1] >= 1 - ALPHA else "no significant difference"
    lost = [(name, len(group.diverged), len(group.trials)) for name in (who, out.against) for group in [study.group(name, condition)]
            if group and group.diverged]
    if lost and (lost[0][0] == who or out.word == "worse"):
        out.word = "; ".join("%s diverged in %d of %d" % item for item in lost)
    return out


# ---- sheets ----

def pair_rows(study: Study, condition: str, others: List[Tuple[str, str]]) -> List[dict]:
    out = []
    for first, second in others:
        test = study.test(first, second, condition)
        out.append({"first": first, "second": second, "pairs": test.pairs, "t": test.t, "bayes": test.bayes, "w": test.w})
    for key, attribute in (("t", "t_holm"), ("w", "w_holm")):
        made = [e for e in out if e[key]]
        for e, value in zip(made, stats.holm([e[key].p for e in made])):
            e[attribute] = value
    return out


def versus(study: Study) -> List[Tuple[str, str]]:
    if study.control == "all":
        return [(b, a) for i, a in enumerate(study.contenders) for b in study.contenders[i + 1:]]
    return [(c, study.control) for c in study.contenders if c != study.control]


def pairs_sheet(study: Study) -> Sheet:
    found = [(condition, e, verdict_of(study, condition, e)) for condition in study.conditions
             for e in sorted(pair_rows(study, condition, versus(study)), key=by_gain)]
    several = len(study.conditions) > 1
    columns = [(Field(study.what, "word"), lambda c, e, v: e["first"])]
    columns += [(Field(study.condition_name, "word"), lambda c, e, v: c)] if several else []
    columns += list(zip(difference_fields(), (lambda c, e, v: known(v.mean), lambda c, e, v: known(v.low), lambda c, e, v: known(v.high))))
    columns += [(Field("verdict", "word"), lambda c, e, v: v.word), (Field("p Holm", "p"), lambda c, e, v: known(v.p)),
                (Field("against", "word", more=bool(study.against)), lambda c, e, v: e["second"]),
                (Field("pairs", "count", more=True), lambda c, e, v: len(e["pairs"].d))]
    if any(any(e["pairs"].lost) for _, e, _ in found):
        columns.append((Field("diverged", "count", more=True), lambda c, e, v: sum(e["pairs"].lost)))
    columns += [(Field("p", "p", more=True), lambda c, e, v: e["t"] and e["t"].p),
                (Field("effect", signed=True, more=True), lambda c, e, v: e["t"] and study.sign * e["t"].effect)]
    used_w = any(e["w"] for _, e, _ in found)
    if used_w:
        columns += [(Field("p Wilcoxon", "p", more=True), lambda c, e, v: e["w"] and e["w"].p),
                    (Field("Wilcoxon Holm", "p", more=True), lambda c, e, v: e.get("w_holm"))]
    columns += [(Field(title, "p", more=True), lambda c, e, v, i=i: e["bayes"] and e["bayes"][i])
                for i, title in enumerate(("P(worse)", "P(same)", "P(better)"))]
    rows = [[value(*item) for _, value in columns] for item in found]
    return Sheet("pairs", "Differences%s in %s, paired by %s" % (" from " + study.against if study.against else "", study.metric_words,
                                                                 study.replicate),
                 [f for f, _ in columns], rows, pair_notes(study, found), pair_rules(study, used_w))


def by_gain(entry: dict) -> float:
    """Sorts pairs: the largest gain first, what is not tested last."""
    return -entry["t"].mean if entry["t"] else math.inf


def known(value: float) -> Optional[float]:
    return None if math.isnan(value) else value


def pair_notes(study: Study, found: list) -> List[str]:
    """What is so of these records."""
    notes = []
    most = max((len(e["pairs"].d) for _, e, _ in found), default=0)
    if not any(study.ratio.values()):
        notes.append("All replicates share one split of the data: the intervals speak of seeds, not of other splits.")
    if most < 2:
        notes.append("With a single replicate no interval and no test can be given: train more seeds.")
    elif most < stats.LEAST_PAIRS:
        notes.append(stats.too_few(most, stats.LEAST_PAIRS, "pairs", "Wilcoxon's signed-rank test") + " Intervals and the t-test are shown "
                     "instead; with so few replicates they rest on the differences being about normal.")
    missing = sum(e["pairs"].missing for _, e, _ in found)
    lost = sum(sum(e["pairs"].lost) for _, e, _ in found)
    if lost:
        notes.append("%s with a diverged trial %s left out of means and t-tests." % (plural(lost, "pair"), "is" if lost == 1 else "are"))
    if missing:
        notes.append("%s of which a trial failed, is missing or has no value %s left out." % (plural(missing, "pair"), "is" if missing == 1 else "are"))
    return notes


def pair_rules(study: Study, used_w: bool) -> List[str]:
    names = sorted({study.t_name(c) for c in study.conditions})
    rules = ["difference: %s of the first minus that of the other (%s is better), mean over pairs, with its 95 %% interval and p by the %s; "
             "p Holm: corrected for the comparisons%s; effect: mean / standard deviation of the differences."
             % (study.metric_words, "higher" if study.higher else "lower", " or the ".join(names),
                " of one " + study.condition_name if len(study.conditions) > 1 else ""),
             "verdict: better or worse where p Holm is below 0.05; practically equal where P(same) is 0.95 or more; else no significant difference.",
             "P(worse), P(same), P(better): Bayesian correlated t-test, region of practical equivalence ± %g." % study.rope]
    if used_w:
        rules.append("p Wilcoxon: two-sided signed-rank test, exact up to %d pairs." % stats.EXACT_UP_TO)
    return rules + lost_rule(study)


def lost_rule(study: Study) -> List[str]:
    return [LOST_RULE] if any(len(g.with_status("ok")) < len(g.trials) for g in study.groups.values()) else []


def best_sheet(study: Study) -> Sheet:
    rows, untested = [], False
    for condition in study.conditions:
        best = study.best(condition)
        if best is None:
            rows.append([condition, "none ended ok", None, 0, "-"])
            continue
        group, tied = study.groups[best, condition], study.tied(condition)
        untested = untested or len(group.values) < 2
        rows.append([condition, best, group.mean, len(group.values), ", ".join(sorted(tied, key=tied.get, reverse=True)) or "-"])
    notes = ["With a single replicate no test can be made: train more seeds."] if untested else []
    rules = ["Not shown to be worse than the best: %s. The best was picked by the same numbers, so it looks a little better than it is; not shown to be "
             "worse does not mean equal, only that these replicates cannot distinguish the two." % study.tied_words()]
    several = len(study.conditions) > 1
    return Sheet("best", "Best %s by %s, and those not shown to be worse" % (study.what, study.metric_words),
                 study.condition_field() + [Field("best " + study.what, "word"), Field("mean"), Field("n", "count"),
                                            Field("not shown to be worse", "word")],
                 rows if several else [row[1:] for row in rows], notes, rules + lost_rule(study))
