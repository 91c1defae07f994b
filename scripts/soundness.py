"""What makes a comparison unsound although every training ended well: contenders worse than a constant model, trainings that were stopped
while their loss was still falling. Standard library only; records that do not say are passed over."""
import math
from typing import Dict, List, Optional, Tuple

from comparison import Group, Study
from records import Trial
from wording import listed, metric_words

LEAST_EPOCHS = 5                        # below, a curve says nothing about its end
LAST, FALL = 0.2, 0.1                   # still falling: the last fifth of the epochs brought a tenth of the whole fall
KINDS = {"majority": "always predicting the most frequent class", "mean": "always predicting the mean"}


def curve(trial: Trial, name: str) -> List[float]:
    """A learning curve of the record, without what is no finite number; empty where it has none."""
    curves = (trial.record.get("result") or {}).get("curves")
    values = curves.get(name) if isinstance(curves, dict) else None
    return [float(v) for v in values if is_finite(v)] if isinstance(values, list) else []


def is_finite(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def still_falling(trial: Trial) -> bool:
    """True when the training loss fell in the last fifth of the epochs by at least a tenth of its whole fall."""
    values = curve(trial, "train.loss")
    planned = trial.config.get("train.epochs")
    stopped_early = is_finite(planned) and len(values) < planned
    if trial.status != "ok" or len(values) < LEAST_EPOCHS or stopped_early:
        return False
    before = values[-1 - max(1, round(LAST * len(values)))]
    whole, last = values[0] - values[-1], before - values[-1]
    return whole > 0 and last >= FALL * whole


def falling(group: Group) -> bool:
    """More than half of the trials that ended well were still falling."""
    ok = [t for t in group.trials.values() if t.status == "ok"]
    return bool(ok) and 2 * sum(map(still_falling, ok)) > len(ok)


def baseline_of(trial: Trial) -> Tuple[str, Dict[str, float]]:
    """Kind of the constant model that the record was measured against, and its metrics by split.name."""
    block = (trial.record.get("result") or {}).get("baseline") or trial.record.get("baseline")
    if not isinstance(block, dict):
        return "", {}
    metrics = block.get("metrics")
    return str(block.get("kind", "")), {
        "%s.%s" % (split, name): float(v) for split, values in (metrics.items() if isinstance(metrics, dict) else ())
        if isinstance(values, dict) for name, v in values.items() if is_finite(v)}


def baseline(study: Study, condition: str, metric: Optional[str] = None) -> Optional[Tuple[str, float]]:
    """Kind and mean value of the constant model over all trials of a condition, or None where the records have none."""
    found = [(kind, metrics[metric or study.metric]) for (_, c), group in study.groups.items() if c == condition
             for t in group.trials.values() for kind, metrics in [baseline_of(t)] if (metric or study.metric) in metrics]
    return (found[0][0], math.fsum(v for _, v in found) / len(found)) if found else None


def below_baseline(study: Study, condition: str) -> List[str]:
    """The contenders whose mean is worse than the constant model's."""
    found = baseline(study, condition)
    return [c for c in study.contenders for mean in [study.mean(c, condition)]
            if found and mean is not None and study.sign * (mean - found[1]) < 0]


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
        for c in below_baseline(study, condition):
            on.setdefault(c, []).append(condition)
            kinds.add(baseline(study, condition)[0])
    return "Worse than %s, by %s: %s." % (" or ".join(sorted(KINDS.get(k, "a constant model") for k in kinds)), metric_words(study.metric),
                                          counted(study, on)) if on else ""


def falling_words(study: Study) -> str:
    on: Dict[str, List[str]] = {}
    for (c, condition), group in study.groups.items():
        if falling(group):
            on.setdefault(c, []).append(condition)
    return ("Training loss still falling at the last epoch, so more epochs or a higher learning rate may change the comparison: %s."
            % counted(study, on)) if on else ""
