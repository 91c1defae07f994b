"""What a study found, in sentences: on each condition which contenders are better or worse than the control, by how much, and what cannot
be said. Needs numpy and scipy."""
from dataclasses import dataclass, field
from typing import List, Optional, Tuple

import soundness
from comparison import Study, Verdict, ranking, verdicts
from records import plural, plural_noun
from wording import count_word, interval_places, listed, p_words

FEW = 5                                 # replicates below which only large differences can show
MOST_LINES = 8


@dataclass
class Conclusion:
    """Of one condition, or over data sets; condition is "" for the latter."""
    condition: str
    where: str                          # "With 30 % label noise"; empty where there is nothing to tell apart
    finding: str                        # the sentence that answers
    details: List[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return ("%s: %s" % (self.where, self.finding) if self.where else self.finding)


def conclusions(study: Study) -> List[Conclusion]:
    """Over data sets first, where there are enough of them for a test, then one of each condition."""
    over = across(study)
    return ([over] if over else []) + [of_condition(study, condition) for condition in study.conditions]


def headline(study: Study, found: List[Conclusion]) -> str:
    """One sentence over all conditions, of which these are the conclusions; with a single one its finding."""
    if len(found) == 1 or found[0].condition == "":
        return found[0].text
    n = len(study.conditions)
    better, worse, tested = {}, {}, 0
    for condition in study.conditions:
        against = study.reference(condition)
        made = verdicts(study, condition, [(c, against) for c in study.contenders if c != against and against])
        tested += any(v.tested for v in made)
        for v in made:
            for word, names in (("better", better), ("worse", worse)):
                if v.word == word:
                    names[v.who] = names.get(v.who, 0) + 1
    against = study.against or "the best"
    if not tested:
        return "No difference is tested: %s of %s has two replicates with results." % ("none", plural(n, study.condition_name))
    if not better:
        return "No %s is significantly better than %s on any of %s." % (study.what, against, plural(n, study.condition_name))
    order = sorted(better, key=lambda c: (-better[c], worse.get(c, 0)))
    return "Significantly better than %s: %s, of %s." % (against, listed(
        ["%s on %d%s" % (c, better[c], " (but worse on %d)" % worse[c] if c in worse else "") for c in order]), plural(n, study.condition_name))


def conclusion_lines(study: Study, most: int = MOST_LINES) -> List[str]:
    """Plain lines for the end of a table in a terminal: the finding of each condition, with its details where there are few."""
    found = conclusions(study)
    lines = []
    for c in found[:most]:
        lines.append(" ".join([c.text] + (c.details if len(found) == 1 else [])))
    if len(found) > most:
        lines.append("%d more conditions: see --table pairs." % (len(found) - most))
    return lines + soundness.concerns(study)


def nouns(study: Study, n: int) -> str:
    return "%s %s" % (count_word(n), study.what if n == 1 else plural_noun(study.what))


# ---- one condition ----

def of_condition(study: Study, condition: str) -> Conclusion:
    known = [c for c in study.contenders if study.mean(c, condition) is not None]
    out = Conclusion(condition, study.where(condition), "")
    best = study.best(condition)
    if best is None:
        out.finding = "No %s has a result." % study.what
    elif len(study.contenders) == 1:
        out.finding = "A single setting was trained (%s %s); there is nothing to compare." % (study.metric_words, value_words(study, best, condition))
    elif len(known) == 1:
        out.finding = "Only %s has a result (%s); there is nothing to compare it with." % (best, value_words(study, best, condition))
    else:
        compare(study, condition, known, best, out)
    lost = lost_words(study, condition)
    out.details += [lost] if lost else []
    return out


def compare(study: Study, condition: str, known: List[str], best: str, out: Conclusion) -> None:
    """The sentences about contenders with results, of which there are at least two."""
    against = study.reference(condition)
    made = verdicts(study, condition, [(c, against) for c in known if c != against])
    tested = [v for v in made if v.tested]
    better = sorted((v for v in tested if v.word == "better"), key=lambda v: -v.gain)
    worse = [v for v in tested if v.word == "worse"]
    if not tested:
        n = max((v.pairs for v in made), default=0)
        out.finding = "Not tested, with %s: %s has the best %s, %s." % (
            "a single %s" % study.replicate if n < 2 else plural(n, "pair"), best, study.metric_words, value_words(study, best, condition))
        return
    from_best = verdicts(study, condition, [(c, best) for c in known if c != best])
    clear = all(v.word == "worse" for v in from_best)
    equal = [v.who for v in from_best if v.word in ("practically equal", "no significant difference")]
    if better:
        out.finding = better_words(study, against, better, best if clear else "", len(known))
    elif against == best and clear:
        out.finding = "%s is the best of %s: better than %s by %s in %s." % (
            against, nouns(study, len(known)), *closest(study, worse), study.metric_words)
    elif len(equal) + 1 == len(known):
        out.finding = no_winner(study, condition, known)
    elif against == best:
        out.finding = "No %s is better than %s, which has the best mean%s." % (
            study.what, against, "; no significant difference from it: " + listed(equal) if equal else "")
    else:
        ahead = next(v for v in made if v.who == best)
        out.finding = "No %s is significantly better than %s: the best mean, %s's, is ahead by %s%s." % (
            study.what, against, best, ahead.gain_words, p_after(ahead.p, len(known))) if ahead.tested else \
            "No %s is significantly better than %s." % (study.what, against)
    out.details += details(study, condition, against, best, made)


def better_words(study: Study, against: str, better: List[Verdict], clear: str, n: int) -> str:
    """clear: the contender that is significantly better than all others, or empty."""
    first = better[0]
    text = "%s is better than %s by %s in %s%s" % (first.who, against, first.gain_words, study.metric_words, p_after(first.p, n))
    if len(better) > 1:
        rest = [v.who for v in better[1:]]
        text += "; so %s %s" % ("is" if len(rest) == 1 else "are", listed(rest))
    if first.who == clear and n > 2:
        text += "; it is the best of %s" % nouns(study, n)
    return text + "."


def p_after(p: float, n: int) -> str:
    return ", %s%s" % (p_words(p), " after Holm's correction" if n > 2 else "")


def closest(study: Study, worse: List[Verdict]) -> tuple:
    """The contender that comes nearest to the best, and by how much it is beaten."""
    v = max(worse, key=lambda v: v.gain)
    return v.who, v.loss_words + ", " + p_words(v.p)


def no_winner(study: Study, condition: str, known: List[str]) -> str:
    means = [study.mean(c, condition) for c in known]
    apart = max(means) - min(means)
    return "No clear winner: %s %s are within %.*f %s of each other; no difference is significant." % (
        "both" if len(known) == 2 else "all", plural_noun(study.what) if len(known) == 2 else nouns(study, len(known)),
        interval_places(apart, 0, 0), apart, study.metric_words)


def details(study: Study, condition: str, against: str, best: str, made: List[Verdict]) -> List[str]:
    def named(word: str) -> List[str]:
        return [v.who for v in made if v.word == word]

    out = []
    out.append("%s has the best mean %s, %s%s." % (best, study.metric_words, value_words(study, best, condition),
                                                   "" if best == against else "; %s has %s" % (against, value_words(study, against, condition))))
    for word, text in (("worse", "Worse than %s: %s."), ("practically equal", "Practically equal to %s: %s."),
                       ("no significant difference", "No significant difference from %s: %s.")):
        if named(word):
            out.append(text % (against, listed(named(word))))
    n = max((v.pairs for v in made), default=0)
    if n < FEW:
        out.append("With %s only large differences can show." % plural(n, study.replicate))
    return out


def value_words(study: Study, who: str, condition: str) -> str:
    mean, group = study.mean(who, condition), study.group(who, condition)
    if mean is None or group is None:
        return "-"
    few = " (over %d of %s)" % (len(group.values), plural(len(group.trials), "trial")) if len(group.values) < len(group.trials) else ""
    return study.number(mean, condition) + few


def lost_words(study: Study, condition: str) -> str:
    parts = []
    for status in ("diverged", "failed", "interrupted"):
        counts = [(c, len(g.with_status(status)), len(g.trials)) for c, g in study.on(condition)]
        counts = [(c, k, n) for c, k, n in counts if k]
        if counts:
            parts.append(trials_words(status.capitalize(), counts))
    counts = [(c, len(g.with_status("ok")) - len(g.values), len(g.trials)) for c, g in study.on(condition)]
    counts = [(c, k, n) for c, k, n in counts if k]
    if counts:
        parts.append(trials_words("Undefined %s" % study.metric_words, counts))
    return " ".join(parts)


def trials_words(what: str, counts: List[Tuple[str, int, int]]) -> str:
    return "%s: %s." % (what, listed(["%s in %d of %s" % (c, k, plural(n, "trial")) for c, k, n in counts]))


# ---- over data sets ----

def across(study: Study) -> Optional[Conclusion]:
    r = ranking(study)
    if r is None or r.ranks is None:
        return None
    where = "Over %d data sets" % r.blocks
    first = "%s has the best average rank (%.2f of %d)" % (r.contenders[0], r.mean[0], len(r.contenders))
    if r.ranks.f_p >= 0.05:
        return Conclusion("", where, "No clear winner: %s, but the ranks do not differ significantly (Iman and Davenport's test, %s)." % (
            first, p_words(r.ranks.f_p)))
    equal = [c for c, mean in zip(r.contenders[1:], r.mean[1:]) if mean - r.mean[0] < r.ranks.cd]
    worse = [c for c in r.contenders[1:] if c not in equal]
    return Conclusion("", where, "%s%s%s." % (
        first, "; significantly worse by Nemenyi's test: %s" % listed(worse) if worse else "; Nemenyi's test tells no other from it",
        "; no significant difference from: %s" % listed(equal) if worse and equal else ""))

