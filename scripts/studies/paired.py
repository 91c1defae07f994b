"""Claims that one contender is more accurate than another, split by split."""
from statistics import mean
from typing import Dict, Sequence, Tuple

from study_shape import Study


def judged(study: Study, key: str, pairs: Dict[str, Sequence[Tuple[float, float]]]) -> Tuple[str, str]:
    """The sentence of a claim, and its verdict with the figures, by the two accuracies of each split of each set. Its bars are of the mean `gain` and
    of the share of the splits that are `won`."""
    bars, told, measured = study.declared(key).bars, [], {}
    for name, of in pairs.items():
        gain, won = mean(a - b for a, b in of), sum(a > b for a, b in of)
        measured[name] = {bar: n for bar, n in (("gain", gain), ("won", won / len(of))) if bar in bars}
        told.append("%s %+.4f, more in %d of %d" % (name, gain, won, len(of)))
    return study.says(key), study.judged(key, measured, "; ".join(told) + ".")
