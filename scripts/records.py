"""Records of trials: finding and reading them, and what their configs differ in. Standard library only."""
import difflib
import json
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, Iterable, Iterator, List, Optional, Set, Tuple

SCHEMA = "lossbench-trial/1"
SPLITS = ("train", "valid", "test")
NOT_CONDITIONS = ("name", "output", "tune")            # say where a result goes, not what it is


class Refused(Exception):
    """A message for the user and the exit status: 2 for the command line, 4 for the records."""

    def __init__(self, message: str, status: int = 2):
        super().__init__(message)
        self.status = status


@dataclass
class Trial:
    path: Path
    id: str
    study: str
    status: str
    config: Dict[str, object]                          # key path -> value
    heads: Dict[str, str]                              # component block -> its name or kind: loss -> gce
    metrics: Dict[str, float] = field(default_factory=dict)  # test.accuracy -> value; the undefined ones are missing
    directions: Dict[str, str] = field(default_factory=dict)
    splits: Tuple[str, ...] = ()                       # those that have rows
    record: dict = field(default_factory=dict, repr=False)  # all of it, as read


# ---- reading ----

def warn(message: str) -> None:
    print("aggregate: warning: " + message, file=sys.stderr)


def leaves(block: dict, prefix: str = "") -> Iterator[Tuple[str, object]]:
    for key, value in block.items():
        if isinstance(value, dict):
            yield from leaves(value, prefix + key + ".")
        else:
            yield prefix + key, value


def component_heads(block: dict, prefix: str = "") -> Iterator[Tuple[str, str]]:
    """The blocks that name a component, each with the key of the name: loss -> loss.name, model -> model.kind."""
    for key, value in block.items():
        if isinstance(value, dict):
            head = next((h for h in ("name", "kind") if isinstance(value.get(h), str)), None)
            if head:
                yield prefix + key, prefix + key + "." + head
            yield from component_heads(value, prefix + key + ".")


def metric_values(metrics: Optional[dict]) -> Dict[str, float]:
    return {split + "." + name: float(value) for split, values in (metrics or {}).items()
            for name, value in (values or {}).items() if value is not None}


def parse(path: Path, record: dict) -> Trial:
    result, rows = record["result"], (record["data"] or {}).get("rows", {})
    return Trial(path=path, id=record["id"], study=record["study"], status=result["status"],
                 config=dict(leaves(record["config"])), heads=dict(component_heads(record["config"])),
                 metrics=metric_values(result["metrics"]), directions=record["directions"],
                 splits=tuple(s for s in SPLITS if rows.get(s)), record=record)


def read_trial(path: Path) -> Optional[Trial]:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        schema = record.get("schema") if isinstance(record, dict) else None
        if schema == SCHEMA:
            return parse(path, record)
        found = "its schema is %s, not %s" % (json.dumps(schema), SCHEMA) if schema else "it is not a trial's record"
    except OSError as error:
        found = "it cannot be read (%s)" % error.strerror
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        found = "it is not a whole record (%s: %s)" % (type(error).__name__, error)
    warn("%s: %s; skipped" % (path, found))
    return None


def record_files(arguments: List[str]) -> Iterator[Path]:
    """A folder stands for the files of every trials/ folder in it, or, without one, for its own .json files."""
    for path in map(Path, arguments):
        if path.is_dir():
            found = sorted(p for p in path.rglob("*.json") if p.parent.name == "trials")
            yield from found or sorted(path.glob("*.json"))
        else:
            yield path


def read_trials(arguments: List[str]) -> List[Trial]:
    """A trial that stands in several folders counts once; a finished copy is preferred."""
    trials: Dict[str, Trial] = {}
    for path in record_files(arguments):
        trial = read_trial(path)
        old = trials.get(trial.id) if trial else None
        if trial is None:
            continue
        if old and old.status == trial.status == "ok" and old.metrics != trial.metrics:
            warn("%s and %s are the same trial with different results; the first is used" % (old.path, path))
        if old is None or (old.status != "ok" and trial.status == "ok"):
            trials[trial.id] = trial
    if not trials:
        raise Refused("no trial's record in %s; give a folder that a sweep wrote, such as results/STUDY" % " ".join(arguments), 4)
    return without_folds(list(trials.values()))


def without_folds(trials: List[Trial]) -> List[Trial]:
    """The folds of a tuning served to choose settings; they are shown only where there is nothing else."""
    return [t for t in trials if "data.cv.fold" not in t.config] or trials


# ---- keys ----

def value_text(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, list) and value and all(isinstance(v, dict) and "name" in v for v in value):
        return " ".join(block_text(v) for v in value)
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def block_text(block: dict) -> str:
    """As lossbench names a metric: top_k(k=5)."""
    rest = ",".join("%s=%s" % (key, value_text(v)) for key, v in block.items() if key != "name")
    return "%s(%s)" % (block["name"], rest) if rest else str(block["name"])


def natural(text: str) -> List[Tuple[int, float, str]]:
    """Sorts numbers inside texts as numbers."""
    parts = re.findall(r"(?:(?<![\w.])-)?\d+(?:\.\d+)?(?:e[+-]?\d+)?|\D+", text)
    return [(0, float(p), "") if p[-1].isdecimal() else (1, 0.0, p) for p in parts]


def within(key: str, others: Iterable[str]) -> bool:
    return any(key == other or key.startswith(other + ".") for other in others)


class Keys:
    """The config keys of a set of trials, and what of them varies. A parameter of a component varies when it does so among
    the trials with the same component: loss.q is not a difference between ce, which has none, and gce."""

    def __init__(self, trials: List[Trial]):
        self.trials = trials
        self.all = list(dict.fromkeys(key for t in trials for key in t.config))
        self.heads = dict(item for t in trials for item in t.heads.items())
        self.over: List[str] = []
        self.parameters: Dict[Tuple[str, str], List[str]] = {}
        self.varying = [key for key in self.all if not within(key, NOT_CONDITIONS) and self._varies(key)]

    def block(self, key: str) -> Optional[str]:
        return max((b for b in self.heads if key.startswith(b + ".")), key=len, default=None)

    def _varies(self, key: str) -> bool:
        head = self.heads.get(self.block(key) or "")
        seen: Dict[object, Set[str]] = {}
        for t in self.trials:
            group = self.leaf(t, head) if head and head != key else None
            seen.setdefault(group, set()).add(self.leaf(t, key))
        return any(len(values) > 1 for values in seen.values())

    @staticmethod
    def leaf(trial: Trial, key: str) -> str:
        return value_text(trial.config[key]) if key in trial.config else "-"

    def text(self, trial: Trial, key: str) -> str:
        """The value of a key; of a block its name, if it has one, and the parameters that vary: gce q=0.7."""
        if key in trial.config or not any(within(k, [key]) for k in trial.config):
            return self.leaf(trial, key)
        head = self.heads.get(key)
        name = [self.leaf(trial, head)] if head else []
        return " ".join(name + ["%s=%s" % (k[len(key) + 1:], self.leaf(trial, k))
                                for k in self._parameters(key, name[0] if name else "") if k in trial.config])

    def _parameters(self, block: str, name: str) -> List[str]:
        """The keys of a block that vary among the trials in which it has that name."""
        if (block, name) not in self.parameters:
            head = self.heads.get(block)
            peers = [t for t in self.trials if not head or self.leaf(t, head) == name]
            self.parameters[block, name] = [k for k in self.varying if within(k, [block]) and k != head
                                            and not within(k, self.over) and len({self.leaf(t, k) for t in peers}) > 1]
        return self.parameters[block, name]

    def replicates(self, over: List[str]) -> List[str]:
        """`over` and the seeds that move with one of these: each value of it goes with one value of the seed."""
        seeds = [k for k in self.varying if k.endswith(".seed") and not within(k, over)]
        return over + [k for k in seeds if any(self._follows(k, other) for other in over)]

    def _follows(self, key: str, other: str) -> bool:
        pairs = {(self.leaf(t, other), self.leaf(t, key)) for t in self.trials if key in t.config}  # kind: none has no seed
        return len(pairs) == len({value for value, _ in pairs})

    def columns(self, kept: List[str], varying: List[str]) -> List[str]:
        """One column a key; a loss, and a component whose name varies, is one column for its block if all of it is kept."""
        out = []
        for key in kept:
            block = self.block(key)
            named = block and (block == "loss" or self.heads[block] in kept)
            whole = named and all(k in kept for k in varying if within(k, [block]))
            out.append(block if whole else key)
        return list(dict.fromkeys(out))

    def check(self, keys: List[str]) -> None:
        blocks = [key.rsplit(".", n)[0] for key in self.all for n in range(1, key.count(".") + 1)]
        known = list(dict.fromkeys(self.all + blocks))
        for key in keys:
            if key not in known:
                raise Refused("unknown key '%s'%s" % (key, nearest(key, known)))


def nearest(word: str, known: List[str]) -> str:
    near = difflib.get_close_matches(word, known, 1, 0.4)
    return "; did you mean '%s'?" % near[0] if near else "; known: " + ", ".join(known)
