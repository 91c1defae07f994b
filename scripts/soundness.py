"""What makes a comparison unsound although every training ended well: contenders worse than a constant model, trainings that were stopped
while their loss was still falling. Standard library only; records that do not say are passed over."""
import math
from typing import Dict, List, Optional, Tuple

from study_plan import CONSTANT
from comparison import Group, Study
from wording import listed, metric_words


def falling(group: Group) -> bool:
    """More than half of the trials that ended well were still falling."""
    ok = [t for t in group.trials.values() if t.status == "ok"]
    return bool(ok) and 2 * sum(t.still_falling for t in ok) > len(ok)


def baseline(study: Study, condition: str, metric: Optional[str] = None) -> Optional[Tuple[str, float]]:
    """Kind and mean value of the constant model over all trials of a condition, or None where the records have none."""
    found = [(kind, metrics[metric or study.metric]) for _, group in study.on(condition)
             for t in group.trials.values() for kind, metrics in [t.baseline or ("", {})] if (metric or study.metric) in metrics]
    return (found[0][0], math.fsum(v for _, v in found) / len(found)) if found else None


def concerns(study: Study) -> List[str]:
    """A sentence for each kind of doubt, naming the contenders and on how many conditions."""
    return [sentence for sentence in (baseline_words(study), falling_words(study)) if sentence]


def counted(study: Study, on: Dict[str, List[str]]) -> str:
    """ce, and mae on 2 of 4 conditions"""
    n = len(study.conditions)
    return listed([c if len(at) == n else "%s (%s)" % (c, lower_first(study.where(at[0])) if len(at) == 1 else "%d of %d conditions" % (len(at), n))
                   for c, at in on.items()], 8)


def lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


def baseline_words(study: Study) -> str:
    on: Dict[str, List[str]] = {}
    kinds = set()
    for condition in study.conditions:
        found = baseline(study, condition)
        for c, group in study.on(condition) if found else ():
            if group.mean is not None and study.sign * (group.mean - found[1]) < 0:
                on.setdefault(c, []).append(condition)
                kinds.add(found[0])
    words = " or ".join(sorted(CONSTANT.get(k, k) for k in kinds))
    return "Worse than %s, by %s: %s." % (words if kinds == {"raw_features"} else "a constant model (%s)" % words, metric_words(study.metric),
                                          counted(study, on)) if on else ""


def falling_words(study: Study) -> str:
    on: Dict[str, List[str]] = {}
    for (c, condition), group in study.groups.items():
        if falling(group):
            on.setdefault(c, []).append(condition)
    return ("Training loss still falling at the last epoch, so more epochs or a higher learning rate may change the comparison: %s."
            % counted(study, on)) if on else ""
