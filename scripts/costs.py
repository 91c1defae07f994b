"""Time and memory of contenders, told apart only as far as their trials were trained apart. Standard library only but for its imports."""
import math
from dataclasses import dataclass, field
from typing import Dict, List, Tuple

from comparison import Study
from records import plural_noun
from test_tables import Field, Sheet
from wording import listed


@dataclass
class Cost:
    """What the ok trials of contenders took that were trained apart from all others."""
    contenders: List[str] = field(default_factory=list)
    seconds: List[float] = field(default_factory=list)
    steps: int = 0
    memory: int = 0


def trained_apart(study: Study) -> List[List[str]]:
    """The contenders in sets whose trials were trained apart. Of trials trained side by side only their common time is measured and
    divided evenly, so they have the same time to the last digit."""
    sets: List[set] = [{c} for c in study.contenders]
    by_time: Dict[Tuple[str, float], set] = {}
    for (c, _), group in study.groups.items():
        for t in group.trials.values():
            found = t.facts
            if found.seconds:
                by_time.setdefault((str(found.run.get("host")), found.seconds), set()).add(c)
    for together in by_time.values():
        joined = [s for s in sets if s & together]
        sets = [s for s in sets if not s & together] + [set().union(*joined)]
    order = {c: i for i, c in enumerate(study.contenders)}
    return sorted((sorted(s, key=order.get) for s in sets), key=lambda s: order[s[0]])


def cost_of(study: Study, contenders: List[str]) -> Cost:
    out = Cost(contenders)
    for (c, _), group in study.groups.items():
        for t in group.trials.values() if c in contenders else ():
            found = t.facts
            if found.seconds is not None:
                out.seconds.append(found.seconds)
                out.steps += found.steps
                out.memory = max(out.memory, found.memory)
    return out


def cost_sheet(study: Study) -> Sheet:
    """Time and memory of the ok trials, as measured; they depend on the machine and what else ran on it."""
    costs = [c for c in (cost_of(study, contenders) for contenders in trained_apart(study)) if c.seconds]
    rows = [[listed(c.contenders, len(c.contenders)), len(c.seconds), math.fsum(c.seconds), math.fsum(c.seconds) / len(c.seconds),
             1e6 * math.fsum(c.seconds) / c.steps if c.steps else None, c.memory / 2 ** 20 if c.memory else None] for c in costs]
    notes = ["Seconds of training, without loading and evaluation, mean over the ok trials; peak memory of the worker's process. "
             "Measured during the sweep, whatever else the machine was doing."]
    if any(len(c.contenders) > 1 for c in costs):
        notes.append("The %s on one line were trained together on the same batches: only their combined time is known, so they cannot be "
                     "compared with each other." % plural_noun(study.what))
    return Sheet("cost", "Time and memory", [Field(study.what, "word"), Field("trials", "count"), Field("total s"), Field("s per trial"),
                                             Field("µs per step"), Field("peak MiB")], rows, notes)
