"""Records of trials: finding and reading them, and what their configs differ in. Standard library only."""
import difflib
import gc
import hashlib
import json
import marshal
import os
import re
import sys
from functools import lru_cache
from pathlib import Path
from typing import Collection, Dict, FrozenSet, Iterable, Iterator, List, NamedTuple, Optional, Set, Tuple

from facts import Facts, facts_of
from record_form import MOST_DEPTH, Broken, check, listed, scalar
from safe_file import parse_json, read_bytes

SCHEMA = "lossbench-trial/1"
SPLITS = ("train", "valid", "test")
# These say where a result goes, what is measured or kept, and how the settings were found, not what is trained.
NOT_CONDITIONS = ("name", "output", "tune", "metrics", "train.curves", "train.checkpoint", "data.max_bytes", "data.max_memory")
FOLD = "data.cv.fold"
VERSION = "data.version"                # stands for the checksums of the data files, where one path has held several (meaning.py)
ABSENT, TUNED = "-", "tuned"
LEAST_EPOCHS = 5                        # below, a curve says nothing about its end
LAST, FALL = 0.2, 0.1                   # still falling: the last fifth of the epochs brought a tenth of the whole fall


class Refused(Exception):
    """A message for the user and the exit status: 2 for the command line, 4 for the records."""

    def __init__(self, message: str, status: int = 2):
        super().__init__(message)
        self.status = status


class Trial:
    """What the tables need of a record. The rest of it is read again from its file when it is asked for (facts.py)."""
    __slots__ = ("path", "id", "study", "status", "config", "heads", "metrics", "directions", "splits", "rows", "sources", "made_by",
                 "started", "baseline", "random_map", "still_falling", "facts", "digest", "environment", "chosen", "tuned")

    def __init__(self, path: Path, record: dict):
        data, result, run = record.get("data") or {}, record["result"], record.get("run") or {}
        self.path: Path = path
        self.id: str = record["id"]
        self.study: str = keep(record["study"])
        self.status: str = keep(result["status"])
        self.config: Dict[str, object]                      # key path -> value
        self.heads: Dict[str, str]                          # component block -> key of its name: loss -> loss.name
        self.config, self.heads = flat_config(record["config"])
        if record.get("start"):                             # a saved model is known by who trained it, not by its place
            self.config["model.start"] = keep("from " + (record["start"].get("model") or record["start"]["sha256"][:16]))
        self.metrics: Dict[str, float] = metric_values(result["metrics"])       # test.accuracy -> value; the undefined ones are missing
        directions = record.get("directions") or {}
        self.directions: Dict[str, str] = share("directions", tuple(directions.items()), directions)
        rows = data.get("rows") or {}
        self.rows: Dict[str, int] = share("rows", tuple(rows.items()), rows)
        self.splits: Tuple[str, ...] = share("splits", tuple(s for s in SPLITS if rows.get(s)))  # those that have rows
        sources = tuple((s.get("role") or "", s.get("path") or "", s.get("sha256") or "") for s in data.get("sources") or ())
        self.sources: Tuple[Tuple[str, str, str], ...] = share("sources", sources)  # (role, path, checksum)
        made_by = (run.get("lossbench") or "", (run.get("git") or {}).get("revision") or "")
        self.made_by: Tuple[str, str] = share("made by", made_by)   # version and revision; empty where the record has none
        self.started: str = run.get("started") or ""
        self.baseline: Optional[Tuple[str, Dict[str, float]]] = baseline_values(record.get("baseline"))  # kind, and metrics by split.name
        self.random_map: Optional[Tuple[str, Dict[str, float]]] = random_map_values(record.get("baseline"))  # the same of embeddings' second one
        self.still_falling: bool = still_falling(record, self.config.get("train.epochs"))
        self.facts: Facts = facts_of(record)
        self.digest: bytes = b""                            # of the result part, and what `run` says of the machine:
        self.environment: Dict[str, str] = {}               # both only where read_trials is told to keep them
        self.chosen: Dict[str, str] = {}                    # what tuning chose for it: key path -> value as text
        self.tuned: FrozenSet[str] = frozenset()            # the keys of the config that this sets


# ---- reading ----

def command_name() -> str:
    return os.environ.get("LOSSBENCH_COMMAND", "lossbench report")


def warn(message: str) -> None:
    print("%s: warning: %s" % (command_name(), message), file=sys.stderr)


POOL: Dict[Tuple[type, object], object] = {}                # equal values of configs are one object
SHARED: Dict[Tuple[str, object], object] = {}


def share(kind: str, key: object, value: object = None) -> object:
    """The one object of its kind that stands for all with an equal key; the key itself where no value is given."""
    return SHARED.setdefault((kind, key), key if value is None else value)


def keep(value: object) -> object:
    """The one object that stands for all values equal to this; a whole number is an integer however it was written."""
    kind = type(value)
    if kind is float and value.is_integer() and abs(value) < 2 ** 53:
        value, kind = int(value), int
    if kind is list:
        return POOL.setdefault((list, json.dumps(value, sort_keys=True)), value)
    return POOL.setdefault((kind, value), value)


def flat_config(config: dict) -> Tuple[Dict[str, object], Dict[str, str]]:
    """Key paths with their values, and the blocks that name a component, each with the key of the name: loss -> loss.name. Most of a
    config stands in many others, block by block, and is flattened once."""
    out: Dict[str, object] = {}
    heads: List[Tuple[str, str]] = []
    try:
        for key, value in sorted(config.items(), key=is_block):
            at = key, marshal.dumps(value, 2)               # version 2: the same bytes for equal values
            found = BLOCKS.get(at)
            if found is None:
                found = {}, []
                flatten({key: value}, "", 0, *found)
                if len(BLOCKS) < MOST_BLOCKS:
                    BLOCKS[at] = found
            add(found[0], out)
            heads += found[1]
    except Broken as error:
        raise error.within("config") from None
    except ValueError:
        raise Broken("config: nested too deeply") from None
    shared = tuple(heads)
    return out, share("heads", shared, dict(shared))


def flatten(block: dict, prefix: str, depth: int, out: Dict[str, object], heads: List[Tuple[str, str]]) -> None:
    if depth > MOST_DEPTH:
        raise Broken("nested more than %d deep" % MOST_DEPTH)
    head = next((h for h in ("name", "kind") if isinstance(block.get(h), str)), None) if prefix else None
    if head:
        heads.append((sys.intern(prefix[:-1]), sys.intern(prefix + head)))
    for key, value in sorted(block.items(), key=is_block):
        if type(value) is dict:
            flatten(value, prefix + key + ".", depth + 1, out, heads)
            continue
        try:
            (listed if type(value) is list else scalar)(value)
        except Broken as error:
            raise error.within(prefix + key) from None
        add({sys.intern(prefix + key): keep(value)}, out)


def is_block(item: Tuple[str, object]) -> bool:
    """Sorts the values of a block before the blocks in it, as tables show them."""
    return type(item[1]) is dict


def add(leaves: Dict[str, object], out: Dict[str, object]) -> None:
    before = len(out)
    out.update(leaves)
    if len(out) != before + len(leaves):
        raise Broken("the key '%s' stands there twice" % next(k for i, k in enumerate(out) if k in leaves)[:80])


BLOCKS: Dict[Tuple[str, bytes], Tuple[Dict[str, object], List[Tuple[str, str]]]] = {}
MOST_BLOCKS = 4096


def metric_values(metrics: Optional[dict]) -> Dict[str, float]:
    return {sys.intern(split + "." + name): float(value) for split, values in (metrics or {}).items()
            for name, value in (values or {}).items() if value is not None}


def baseline_values(block: Optional[dict]) -> Optional[Tuple[str, Dict[str, float]]]:
    if not block:
        return None
    metrics = metric_values(block["metrics"])
    return share("baseline", (block["kind"], *metrics.items()), (block["kind"], metrics))


def random_map_values(block: Optional[dict]) -> Optional[Tuple[str, Dict[str, float]]]:
    metrics = metric_values((block or {}).get("random_map"))
    return share("baseline", ("random_map", *metrics.items()), ("random_map", metrics)) if metrics else None


def still_falling(record: dict, planned: object) -> bool:
    """True when the training loss fell in the last fifth of the epochs by at least a tenth of its whole fall, and early stopping did not
    end the training."""
    result = record["result"]
    values = (result.get("curves") or {}).get("train.loss") or []
    if result["status"] != "ok" or len(values) < LEAST_EPOCHS or type(planned) is int and len(values) < planned:
        return False
    before, last = values[-1 - max(1, round(LAST * len(values)))], values[-1]
    if not all(type(v) in (int, float) for v in (values[0], before, last)):
        return False
    whole = values[0] - last
    return whole > 0 and before - last >= FALL * whole


def read_record(path: str) -> dict:
    """A whole record of the right form; OSError or Broken."""
    record = parse_json(read_bytes(path))
    if not isinstance(record, dict) or "schema" not in record:
        raise Broken("it is not a trial's record")
    if record["schema"] != SCHEMA:
        raise Broken("its schema is %s, not %s" % (json.dumps(record["schema"])[:80], SCHEMA))
    check(record)
    return record


ENVIRONMENT = {"lossbench": ("lossbench",), "revision": ("git", "revision"), "processor": ("processor",), "kernels": ("kernels",),
               "BLAS kernel": ("blas", "kernel"), "compiler": ("compiler",), "flags": ("flags",)}


def keep_origin(trial: Trial, record: dict) -> None:
    """What compares the result of two trials to the last digit, and explains a difference."""
    trial.digest = hashlib.blake2b(json.dumps(record["result"], sort_keys=True).encode(), digest_size=16).digest()
    found = {}
    for name, path in ENVIRONMENT.items():
        at = record.get("run")
        for key in path:
            at = at.get(key) if isinstance(at, dict) else None
        found[name] = ABSENT if at in (None, {}) else str(at)
    trial.environment = share("environment", tuple(found.values()), found)


def read_trial(path: str, origin: bool = False) -> Optional[Trial]:
    """None, with a warning that names it, for a file that is no record. origin: keeps what compare needs."""
    try:
        record = read_record(path)
        trial = Trial(Path(path), record)
        if origin:
            keep_origin(trial, record)
        return trial
    except OSError as error:
        why = "it cannot be read (%s)" % error.strerror
    except RecursionError:
        why = "it is nested too deeply"
    except Broken as error:
        why = str(error) if str(error).startswith(("it ", "its ")) else "it is not a whole record (%s)" % error
    warn("%s: %s; left out" % (shown_path(path), visible(why)))
    return None


def shown_path(path: str) -> str:
    return visible(path.encode("utf-8", "backslashreplace").decode("utf-8"))


def record_files(arguments: List[str]) -> Iterator[str]:
    """A folder stands for the files of every trials/ folder in it, or, without one, for its own .json files. Links to folders are not
    followed."""
    for argument in arguments:
        if not os.path.isdir(argument):
            yield argument
            continue
        found = False
        for folder, folders, files in os.walk(argument):
            folders.sort()
            if os.path.basename(os.path.abspath(folder)) == "trials":
                names = record_names(files + folders)
                found = found or bool(names)
                yield from (os.path.join(folder, n) for n in names)
        if not found:
            yield from (os.path.join(argument, n) for n in record_names(os.listdir(argument)))


def record_names(names: Iterable[str]) -> List[str]:
    """Those that end as records do; one that begins with a dot is being written."""
    return sorted(n for n in names if n.endswith(".json") and not n.startswith("."))


NO_RECORDS = ("tuning.json",)           # stands beside trials/


def read_trials(arguments: List[str], ids: Optional[Collection[str]] = None, origin: bool = False) -> List[Trial]:
    """A trial that stands in several folders counts once; a finished copy is preferred. ids: only these."""
    trials: Dict[str, Trial] = {}
    gc.disable()                        # nothing here refers to itself, and looking for that takes a fifth of the time
    for path in record_files(arguments):
        name = os.path.basename(path)
        if name in NO_RECORDS or (ids is not None and re.fullmatch(r"[0-9a-f]{16}\.json", name) and name[:-5] not in ids):
            continue
        trial = read_trial(path, origin)
        if trial is None or (ids is not None and trial.id not in ids):
            continue
        old = trials.get(trial.id)
        if old and old.status == trial.status == "ok" and old.metrics != trial.metrics:
            warn("%s and %s are the same trial with different results; the first is used" % (shown_path(str(old.path)), shown_path(path)))
        if old is None or (old.status != "ok" and trial.status == "ok"):
            trials[trial.id] = trial
    gc.enable()
    gc.freeze()                         # what was read stays to the end
    if not trials:
        raise Refused("no trial's record in %s; give a folder that a sweep wrote, such as results/STUDY" % " ".join(arguments), 4)
    return without_folds(list(trials.values()))


def without_folds(trials: List[Trial]) -> List[Trial]:
    """The folds of a tuning served to choose settings; they are shown only where there is nothing else."""
    judged = {t.study for t in trials if FOLD not in t.config}
    return [t for t in trials if FOLD not in t.config or t.study not in judged and "tune.metric" not in t.config] or trials


# ---- keys ----

def plural(n: int, noun: str) -> str:
    return "%d %s" % (n, noun if n == 1 else plural_noun(noun))


def plural_noun(noun: str) -> str:
    if noun.endswith("s") and not noun.endswith(("ss", "as", "is", "us")):
        return noun                     # such as features, the name of a key
    if noun.endswith(("s", "x", "ch")) and not noun.endswith("epoch"):
        return noun + "es"
    return noun[:-1] + "ies" if noun.endswith("y") and noun[-2:-1] not in "aeiou" else noun + "s"


def visible(text: str) -> str:
    """Control characters, and those that turn the direction of what follows, as \\x1b or \\u202e."""
    return UNSEEN.sub(lambda m: ("\\x%02x" if ord(m[0]) < 256 else "\\u%04x") % ord(m[0]), text) if UNSEEN.search(text) else text


UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


AS_JSON = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


def value_text(value: object) -> str:
    kind = type(value)
    if kind is str:
        return value
    if kind is int or kind is float:
        return repr(value)
    if value is None:
        return "none"
    if isinstance(value, list) and value and all(isinstance(v, dict) and "name" in v for v in value):
        return " ".join(block_text(v) for v in value)
    return AS_JSON.encode(value)


def block_text(block: dict) -> str:
    """As lossbench names a metric: top_k(k=5)."""
    rest = ",".join("%s=%s" % (key, value_text(v)) for key, v in block.items() if key != "name")
    return "%s(%s)" % (block["name"], rest) if rest else str(block["name"])


def natural(text: str) -> List[Tuple[int, float, str]]:
    """Sorts numbers inside texts as numbers."""
    parts = re.findall(r"(?:(?<![\w.])-)?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?|[^0-9]+", text)
    return [(0, float(p), "") if "0" <= p[-1] <= "9" else (1, 0.0, p) for p in parts]


def short_names(keys: List[str]) -> Dict[str, str]:
    """lr for optimizer.lr, where no other key ends so."""
    tails = [re.sub(r"\.(name|kind)$", "", key).rsplit(".", 1)[-1] for key in keys]
    return {key: "data version" if key == VERSION else tail if tails.count(tail) == 1 else key for key, tail in zip(keys, tails)}


def leaf_text(trial: Trial, key: str) -> str:
    return value_text(trial.config.get(key, ABSENT))


def within(key: str, others: Iterable[str]) -> bool:
    return any(key == other or key.startswith(other + ".") for other in others)


@lru_cache(maxsize=None)
def is_condition(key: str) -> bool:
    return not within(key, NOT_CONDITIONS)


@lru_cache(maxsize=None)
def conditions_of(keys: Tuple[str, ...], but: FrozenSet[str]) -> Tuple[str, ...]:
    return tuple(sorted(k for k in keys if is_condition(k) and k not in but))


def identity(trial: Trial, but: FrozenSet[str] = frozenset()) -> Tuple[Tuple[str, ...], Tuple[int, ...]]:
    """Equal for trials whose configs agree in every condition but those named: equal values are one object (keep)."""
    keys = conditions_of(tuple(trial.config), but)
    return keys, tuple(map(id, map(trial.config.__getitem__, keys)))


class Part(NamedTuple):
    """Trials whose configs have the same keys and the same components, and of which tuning chose the same keys."""
    trials: List[Trial]
    tuned: FrozenSet[str]
    names: Dict[str, object]                                # component block -> its name
    values: Dict[str, Dict[int, object]]                    # key -> the different values, by identity: equal ones are one object (keep)


def parts_of(trials: List[Trial]) -> List[Part]:
    found: Dict[tuple, List[Trial]] = {}
    for t in trials:
        found.setdefault((id(t.heads), tuple(map(t.config.get, t.heads.values())), tuple(t.config), t.tuned), []).append(t)
    out = []
    for (_, names, keys, tuned), members in found.items():
        columns = zip(*(t.config.values() for t in members))
        out.append(Part(members, tuned, dict(zip(members[0].heads, names)), {k: dict(zip(map(id, c), c)) for k, c in zip(keys, columns)}))
    return out


class Keys:
    """The config keys of a set of trials, and what of them varies. A parameter of a component varies when it does so among
    the trials with the same component: loss.q is not a difference between ce, which has none, and gce. The value of a key that tuning
    chose is "tuned", so that it is no difference between trials that were tuned; where it is `revealed`, it is the value chosen."""

    def __init__(self, trials: List[Trial], revealed: Iterable[str] = ()):
        self.parts = parts_of(trials)
        self.revealed = frozenset(revealed)
        self.any_tuned = any(part.tuned for part in self.parts)
        self.all = list(dict.fromkeys(key for part in self.parts for key in part.values))
        if VERSION in self.all:                             # beside the other keys of the data
            self.all.remove(VERSION)
            self.all.insert(max((i + 1 for i, k in enumerate(self.all) if k.startswith("data.")), default=0), VERSION)
        self.heads = dict(item for heads in {id(t.heads): t.heads for t in trials}.values() for item in heads.items())
        self.blocks = {key: max((b for b in self.heads if key.startswith(b + ".")), key=len, default=None) for key in self.all}
        self.short = short_names(list(dict.fromkeys(key for t in trials for key in t.chosen)) if self.any_tuned else [])
        self.over: List[str] = []                           # the replicate keys, and what of them stands in configs
        self.over_leaves: List[str] = []
        self.parameters: Dict[Tuple[str, str], List[str]] = {}
        self.varying = [key for key in self.all if is_condition(key) and self._varies(key)]

    def block(self, key: str) -> Optional[str]:
        return self.blocks[key] if key in self.blocks else max((b for b in self.heads if key.startswith(b + ".")), key=len, default=None)

    def _varies(self, key: str) -> bool:
        block = self.block(key)
        head = self.heads.get(block or "")
        seen: Dict[object, Set[str]] = {}                   # by the component's name
        for part in self.parts:
            seen.setdefault(None if head in (None, key) else part.names.get(block), set()).update(self.texts(part, key))
        return any(len(texts) > 1 for texts in seen.values())

    def texts(self, part: Part, key: str) -> Set[str]:
        if key in part.tuned and key not in self.revealed:
            return {TUNED}
        return set(map(value_text, part.values[key].values())) if key in part.values else {ABSENT}

    def same(self, key: str) -> bool:
        """True where all configs have the same value or none has one."""
        return len({at for part in self.parts for at in part.values.get(key, (0,))}) == 1

    def leaf(self, trial: Trial, key: str) -> str:
        if self.any_tuned and key in trial.tuned and key not in self.revealed:
            return TUNED
        return value_text(trial.config.get(key, ABSENT))

    def text(self, trial: Trial, key: str) -> str:
        """The value of a key; of a block its name, if it has one, and the parameters that vary: gce q=0.7."""
        if key in trial.config or key not in trial.heads and not any(within(k, [key]) for k in trial.config):
            return self.leaf(trial, key)
        head = self.heads.get(key)
        name = [self.leaf(trial, head)] if head else []
        return " ".join(name + ["%s=%s" % (k[len(key) + 1:], self.leaf(trial, k))
                                for k in self._parameters(key, name[0] if name else "") if k in trial.config])

    def _parameters(self, block: str, name: str) -> List[str]:
        """The keys of a block that vary among the trials in which it has that name."""
        if (block, name) not in self.parameters:
            head = self.heads.get(block)
            peers = [part for part in self.parts if not head or self.texts(part, head) == {name}]
            self.parameters[block, name] = [k for k in self.varying if within(k, [block]) and k != head and not within(k, self.over)
                                            and len(set().union(*(self.texts(part, k) for part in peers))) > 1]
        return self.parameters[block, name]

    def average_over(self, over: List[str]) -> None:
        self.over, self.over_leaves = over, [k for k in self.all if within(k, over)]

    def replicates(self, over: List[str]) -> List[str]:
        """`over` and the seeds that move with one of these: each value of it goes with one value of the seed."""
        seeds = [k for k in self.varying if k.endswith(".seed") and not within(k, over)]
        return over + [k for k in seeds if any(self._follows(k, other) for other in over)]

    def _follows(self, key: str, other: str) -> bool:
        pairs = {(self.leaf(t, other), self.leaf(t, key)) for part in self.parts if key in part.values  # kind: none has no seed
                 for t in part.trials}
        return len(pairs) == len({value for value, _ in pairs})

    def replicate(self, trial: Trial) -> Tuple[int, ...]:
        """Equal for trials of one replicate: equal values of configs are one object."""
        return tuple(map(id, map(trial.config.get, self.over_leaves)))

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
