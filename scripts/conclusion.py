"""What a study found, in sentences: on each condition which contenders are better or worse than the control, by how much, and what cannot
be said. Needs numpy and scipy."""
from dataclasses import dataclass, field
from typing import List, Optional, Tuple

import soundness
from comparison import Study, Verdict, verdicts
from ranking import ranking
from records import plural, plural_noun
from wording import count_word, interval_places, listed, p_words

FEW = 5                                 # replicates below which only large differences can show
MOST_LINES = 8                          # of conditions, in a terminal
MOST_JOINED = 4                         # conditions of which one sentence can tell


@dataclass
class Conclusion:
    """Of one condition, or over data sets; condition is "" for the latter."""
    condition: str
    where: str                          # "With 30 % label noise"; empty where there is nothing to tell apart
    core: str                           # what was found, and how the sentence goes on
    more: str = "."
    details: List[str] = field(default_factory=list)
    better: str = ""                    # who is better than the control and by how much, without the metric
    tested: bool = True                 # some difference was

    @property
    def finding(self) -> str:
        """The sentence that answers."""
        return self.core + self.more

    @property
    def text(self) -> str:
        return ("%s: %s" % (self.where, self.finding) if self.where else self.finding)


def conclusions(study: Study) -> List[Conclusion]:
    """Over data sets first, where there are enough of them for a test, then one of each condition."""
    over = across(study)
    return ([over] if over else []) + [of_condition(study, condition) for condition in study.conditions]


def conclusion_lines(study: Study, most: int = MOST_LINES) -> List[str]:
    """Plain lines for the end of a table in a terminal: of several conditions the finding of each, or the details of the only one; what makes
    them doubtful; and last the answer, which the page begins with."""
    found = conclusions(study)
    each = [c for c in found if c.condition]
    lines = [c.text for c in each[:most]] if len(each) > 1 else [" ".join(found[0].details)]
    if len(each) > most:
        lines.append("%d more conditions: see --table pairs." % (len(each) - most))
    return list(filter(None, lines)) + soundness.concerns(study) + [answer(study, found).text]


# ---- the answer ----

@dataclass
class Answer:
    """One sentence: its parts, and which of them are the finding."""
    parts: List[Tuple[str, bool]]

    @property
    def text(self) -> str:
        return "".join(text for text, _ in self.parts)


def answer(study: Study, found: List[Conclusion]) -> Answer:
    """Over all conditions, of which these are the conclusions."""
    first = found[0]
    if len(found) == 1 or first.condition == "":
        return Answer([(first.where + ": ", False)] * bool(first.where) + [(first.core, True), (first.more, False)])
    better = [c for c in found if c.better]
    if not any(c.tested for c in found):
        return Answer([("No difference is tested", True), (": none of %s has two replicates with results." % plural(len(found), study.condition_name), False)])
    if not better:
        return Answer([("No %s is significantly better than %s" % (study.what, study.against or "the best"), True),
                       (" on any of %s." % plural(len(found), study.condition_name), False)])
    if len(found) <= MOST_JOINED and all(c.tested and c.where for c in found):
        return joined(study, better, [c for c in found if not c.better])
    return counted(study)


def joined(study: Study, better: List[Conclusion], others: List[Conclusion]) -> Answer:
    """With 30 % label noise gce is better than ce by 0.023 [0.013, 0.034] in test accuracy; without label noise no loss is."""
    parts = []
    for i, c in enumerate(better):
        where = soundness.lower_first(c.where) if i else c.where
        parts += [("; " * bool(i) + where + (", " if "," in where else " "), False),
                  (c.better + ("" if i else " in " + study.metric_words), True)]
    if others:
        parts.append(("; %s no %s is" % (" and ".join(soundness.lower_first(c.where) for c in others) if len(others) < 3 else
                                         "on the other %s" % plural(len(others), study.condition_name), study.what), False))
    return Answer(parts + [(".", False)])


def counted(study: Study) -> Answer:
    """Significantly better than ce: gce on 5 and mae on 2 (but worse on 1), of 9 conditions."""
    better, worse = {}, {}
    for condition in study.conditions:
        against = study.reference(condition)
        for v in verdicts(study, condition, [(c, against) for c in study.contenders if c != against and against]):
            for word, names in (("better", better), ("worse", worse)):
                if v.word == word:
                    names[v.who] = names.get(v.who, 0) + 1
    order = sorted(better, key=lambda c: (-better[c], worse.get(c, 0)))
    return Answer([("Significantly better than %s: %s" % (study.against or "the best", listed(
        ["%s on %d%s" % (c, better[c], " (but worse on %d)" % worse[c] if c in worse else "") for c in order])), True),
        (", of %s." % plural(len(study.conditions), study.condition_name), False)])


def nouns(study: Study, n: int) -> str:
    return "%s %s" % (count_word(n), study.what if n == 1 else plural_noun(study.what))


# ---- one condition ----

def of_condition(study: Study, condition: str) -> Conclusion:
    known = [c for c in study.contenders if study.mean(c, condition) is not None]
    out = Conclusion(condition, study.where(condition), "")
    best = study.best(condition)
    if best is None:
        out.core, out.tested = "No %s has a result" % study.what, False
    elif len(study.contenders) == 1:
        out.core, out.tested = "A single setting was trained (%s %s)" % (study.metric_words, value_words(study, best, condition)), False
        out.more = "; there is nothing to compare."
    elif len(known) == 1:
        out.core, out.tested = "Only %s has a result (%s)" % (best, value_words(study, best, condition)), False
        out.more = "; there is nothing to compare it with."
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
        out.core, out.tested = "Not tested, with %s" % ("a single %s" % study.replicate if n < 2 else plural(n, "pair")), False
        out.more = ": %s has the best %s, %s." % (best, study.metric_words, value_words(study, best, condition))
        return
    from_best = verdicts(study, condition, [(c, best) for c in known if c != best])
    clear = all(v.word == "worse" for v in from_best)
    equal = [v.who for v in from_best if v.word in ("practically equal", "no significant difference")]
    if better:
        better_words(study, against, better, best if clear else "", len(known), out)
    elif against == best and clear:
        out.core = "%s is the best of %s" % (against, nouns(study, len(known)))
        out.more = ": better than %s by %s in %s." % (*closest(study, worse), study.metric_words)
    elif len(equal) + 1 == len(known):
        no_winner(study, condition, known, out)
    elif against == best:
        out.core = "No %s is better than %s, which has the best mean" % (study.what, against)
        out.more = "; no significant difference from it: %s." % listed(equal) if equal else "."
    else:
        ahead = next(v for v in made if v.who == best)
        out.core = "No %s is significantly better than %s" % (study.what, against)
        out.more = ": the best mean, %s's, is ahead by %s%s." % (best, ahead.gain_words, p_after(ahead.p, len(known))) if ahead.tested else "."
    out.details += details(study, condition, against, best, made)


def better_words(study: Study, against: str, better: List[Verdict], clear: str, n: int, out: Conclusion) -> None:
    """clear: the contender that is significantly better than all others, or empty."""
    first, rest = better[0], [v.who for v in better[1:]]
    out.better = "%s is better than %s by %s" % (first.who, against, first.gain_words)
    out.core = "%s in %s" % (out.better, study.metric_words)
    out.more = p_after(first.p, n) + ("; so %s %s" % ("is" if len(rest) == 1 else "are", listed(rest)) if rest else "") + (
        "; it is the best of %s" % nouns(study, n) if first.who == clear and n > 2 else "") + "."
    if rest:
        out.better += " (so %s %s)" % ("is" if len(rest) == 1 else "are", listed(rest, 3))


def p_after(p: float, n: int) -> str:
    return ", %s%s" % (p_words(p), " after Holm's correction" if n > 2 else "")


def closest(study: Study, worse: List[Verdict]) -> tuple:
    """The contender that comes nearest to the best, and by how much it is beaten."""
    v = max(worse, key=lambda v: v.gain)
    return v.who, v.loss_words + ", " + p_words(v.p)


def no_winner(study: Study, condition: str, known: List[str], out: Conclusion) -> None:
    means = [study.mean(c, condition) for c in known]
    apart = max(means) - min(means)
    out.core = "No clear winner: %s %s are within %.*f %s of each other" % (
        "both" if len(known) == 2 else "all", plural_noun(study.what) if len(known) == 2 else nouns(study, len(known)),
        interval_places(apart, 0, 0), apart, study.metric_words)
    out.more = "; no difference is significant."


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
    first = "%s has the best average rank" % r.contenders[0]
    of = " (%.2f of %d)" % (r.mean[0], len(r.contenders))
    if r.ranks.f_p >= 0.05:
        return Conclusion("", where, "No clear winner", ": %s%s, but the ranks do not differ significantly (Iman and Davenport's test, %s)." % (
            first, of, p_words(r.ranks.f_p)))
    equal = [c for c, mean in zip(r.contenders[1:], r.mean[1:]) if mean - r.mean[0] < r.ranks.cd]
    worse = [c for c in r.contenders[1:] if c not in equal]
    return Conclusion("", where, first + of, "%s%s." % (
        "; significantly worse by Nemenyi's test: %s" % listed(worse) if worse else "; Nemenyi's test tells no other from it",
        "; no significant difference from: %s" % listed(equal) if worse and equal else ""))
