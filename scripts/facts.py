"""What reports tell of a trial beside its metrics, taken from its record when it is read: data, machine, time. Of the rest, such as curves,
the record is read again. Standard library only."""
import marshal
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional, Tuple

from record_form import CURVE, Broken, check
from safe_file import parse_json, read_bytes

OWN = ("started", "seconds", "cpu_seconds", "resumed_epochs", "peak_memory_bytes")   # of `run`: each trial has its own
MOST_POINTS = 400                       # of a curve; longer ones are thinned


@dataclass
class Facts:
    __slots__ = ("seconds", "steps", "memory", "features", "classes", "question", "run")
    seconds: Optional[float]            # of training; None unless the trial ended well
    steps: int
    memory: int                         # bytes, at most
    features: int
    classes: int
    question: str
    run: dict                           # host, build and command: one block for all trials that share them


SHARED: Dict[bytes, dict] = {}


def facts_of(record: dict) -> Facts:
    run, data, result = block(record, "run"), block(record, "data"), block(record, "result")
    seconds = block(run, "seconds").get("train")
    shared = {k: v for k, v in run.items() if k not in OWN}
    return Facts(seconds=float(seconds) if result.get("status") == "ok" and is_number(seconds) else None, steps=whole_number(result.get("steps")),
                 memory=whole_number(run.get("peak_memory_bytes")), features=whole_number(data.get("features")),
                 classes=len(data["classes"]) if isinstance(data.get("classes"), list) else 0, question=text(run.get("question")),
                 run=SHARED.setdefault(marshal.dumps(shared, 2), shared))


def whole(path: Path) -> dict:
    """The record as it stands in its file; empty where that is gone or has been damaged since."""
    try:
        record = parse_json(read_bytes(str(path)))
        check(record)
        return record
    except (OSError, Broken):
        return {}


def curve(path: Path, name: str) -> Tuple[List[int], List[object]]:
    """Epochs from 1 and the values of a learning curve, which may lack some; nothing where the record has none."""
    try:
        record = parse_json(read_bytes(str(path)))
        values = block(block(record, "result"), "curves").get(name) if isinstance(record, dict) else None
        CURVE(values)
    except (OSError, Broken):
        return [], []
    step = max(1, -(-len(values) // MOST_POINTS))
    at = [i for i in range(len(values)) if (len(values) - 1 - i) % step == 0]      # the last epoch is among them
    return [i + 1 for i in at], [values[i] for i in at]


def block(of: dict, key: str) -> dict:
    value = of.get(key)
    return value if isinstance(value, dict) else {}


def is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value == value and abs(value) != float("inf")


def whole_number(value: object) -> int:
    return int(value) if is_number(value) else 0


def text(value: object) -> str:
    return value if isinstance(value, str) else ""
