"""What records mean beside each other: keys that one of them lacks have their defaults, renamed keys their new names, data files their
versions; of records that mean the same training the newest counts. Standard library only."""
import json
import os
import subprocess
from collections import Counter
from pathlib import Path
from typing import Dict, FrozenSet, List, NamedTuple, Optional, Set, Tuple

from records import VERSION, Trial, identity, is_condition, keep, plural, share

MOST_DIGITS = 8                         # of a checksum, where that tells the versions apart
FINISHED = ("ok", "diverged")
SECONDS = 20                            # for the program to print its schema
NONE = object()


def harmonise(trials: List[Trial]) -> Tuple[List[Trial], List[str]]:
    """The trials that count, their configs completed in place, and sentences that say what was done."""
    notes = alike(trials)
    kept, more = newest(trials)
    return kept, notes + more + program_versions(kept)


def alike(trials: List[Trial]) -> List[str]:
    """Completes the configs in place, so that those of trials that mean the same are the same."""
    notes = complete(trials)
    same_paths(trials)
    data_versions(trials)
    return notes


# ---- options, as the program describes them ----

class Component(NamedTuple):
    head: str                           # key of the name: loss.name
    default: Optional[str]
    parameters: Dict[str, Dict[str, object]]    # name -> parameter -> default, NONE where it has none
    former: Dict[str, Dict[str, str]]   # name -> old name of a parameter -> new


class Options:
    """Defaults and former names, from `lossbench config schema`."""

    def __init__(self, schema: dict):
        self.plain: Dict[str, object] = {}
        self.former: Dict[str, str] = {}
        self.components: Dict[str, Component] = {}
        self._walk(schema, "")

    def _walk(self, node: dict, prefix: str) -> None:
        for key, sub in node.get("properties", {}).items():
            path = prefix + key
            if "former" in sub:
                self.former[prefix + sub["former"]] = path
            if "oneOf" in sub:
                self._component(path, sub)
            elif "properties" in sub:
                self._walk(sub, path + ".")
            elif "default" in sub:
                self.plain[path] = sub["default"]

    def _component(self, path: str, sub: dict) -> None:
        made = Component(path + ".name", sub.get("default"), {}, {})
        for entry in sub["oneOf"]:
            head = next((k for k, v in entry.get("properties", {}).items() if "const" in v), None)
            if head is None:
                continue
            made = made._replace(head="%s.%s" % (path, head))
            name = entry["properties"][head]["const"]
            rest = {k: v for k, v in entry["properties"].items() if k != head}
            made.parameters[name] = {k: v.get("default", NONE) for k, v in rest.items()}
            made.former[name] = {v["former"]: k for k, v in rest.items() if "former" in v}
        self.components[path] = made

    def default(self, key: str, heads: Dict[str, str]) -> object:
        """Of a key, in a config whose components have these names; NONE where it has none."""
        block = max((b for b in self.components if key.startswith(b + ".")), key=len, default=None)
        if block is None:
            return self.plain.get(key, NONE)
        component = self.components[block]
        if key == component.head:
            return NONE if component.default is None else component.default
        return component.parameters.get(heads.get(block, ""), {}).get(key[len(block) + 1:], NONE)


def program() -> Optional[str]:
    """The lossbench that runs this script, or the one of its checkout."""
    beside = Path(__file__).resolve().parent.parent / "lossbench"
    return next((p for p in (os.environ.get("LOSSBENCH"), str(beside)) if p and os.access(p, os.X_OK)), None)


def options() -> Optional[Options]:
    path = program()
    if path is None:
        return None
    try:
        done = subprocess.run([path, "config", "schema"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              timeout=SECONDS, check=True)
        return Options(json.loads(done.stdout))
    except (OSError, subprocess.SubprocessError, ValueError, AttributeError, KeyError, TypeError):
        return None


# ---- keys that a record lacks ----

class Shape(NamedTuple):
    """What trials have in common that have the same keys and components."""
    trials: List[Trial]
    keys: FrozenSet[str]
    heads: Dict[str, str]               # component block -> its name
    foreign: bool                       # made by another program: what blocks it lacks is not known


def shapes_of(trials: List[Trial]) -> List[Shape]:
    out: Dict[tuple, Shape] = {}
    keys: Dict[tuple, FrozenSet[str]] = {}
    for t in trials:
        names = tuple(map(t.config.__getitem__, t.heads.values()))
        order = tuple(t.config)
        mine = keys.setdefault(order, frozenset(order))
        key = (mine, tuple(t.heads), names, not t.made_by[0])
        if key not in out:
            out[key] = Shape([], mine, dict(zip(t.heads, map(str, names))), not t.made_by[0])
        out[key].trials.append(t)
    return list(out.values())


def lacking(shapes: List[Shape]) -> Dict[int, Set[str]]:
    """By number of the shape, the keys that it could have as others do: a parameter only where these have the same component."""
    blocks = {block for s in shapes for block in s.heads}
    owners: Dict[Tuple[str, str], Set[str]] = {}        # (block, its name) -> keys; ("", "") of keys outside of components
    place = {key: max((b for b in blocks if key.startswith(b + ".")), key=len, default="") for key in set().union(*(s.keys for s in shapes))}
    for s in shapes:
        for key in s.keys:
            owners.setdefault((place[key], s.heads.get(place[key], "")), set()).add(key)
    out = {}
    for i, s in enumerate(shapes):
        known = set().union(*(owners.get((b, s.heads.get(b, "")), ()) for b in ["", *blocks]))
        absent = {block for block in blocks if block not in s.heads and block not in s.keys}
        out[i] = {key for key in (known - s.keys) | absent if is_condition(key)}
    return {i: keys for i, keys in out.items() if keys}


def complete(trials: List[Trial]) -> List[str]:
    """Fills in what records of older versions and of other programs lack; of the keys that others have, no others."""
    shapes = shapes_of(trials)
    if len(shapes) < 2 or not lacking(shapes):
        return []
    known = options()
    if known:
        for s in shapes:
            rename(s, known)
            name_components(s, known)
    shapes = shapes_of(trials)
    filler = Filler(known, shapes)
    for _ in range(2):                  # components first, then their parameters
        missing = lacking(shapes)
        filler.look(shapes)
        for i, keys in missing.items():
            filler.fill(shapes[i], keys)
        shapes = shapes_of(trials)
    return filler.said()


def rename(s: Shape, known: Options) -> None:
    moves = {old: new for old, new in known.former.items() if old in s.keys and new not in s.keys}
    for block, name in s.heads.items():
        component = known.components.get(block)
        for old, new in (component.former.get(name, {}) if component else {}).items():
            if "%s.%s" % (block, old) in s.keys and "%s.%s" % (block, new) not in s.keys:
                moves["%s.%s" % (block, old)] = "%s.%s" % (block, new)
    for t in s.trials if moves else ():
        t.config = {moves.get(key, key): value for key, value in t.config.items()}
        t.tuned = frozenset(moves.get(key, key) for key in t.tuned)


def name_components(s: Shape, known: Options) -> None:
    """A component given by its name alone, or as null."""
    short = [b for b in known.components if b in s.keys]
    for t in s.trials if short else ():
        for block in short:
            component, value = known.components[block], t.config.pop(block)
            name = value if isinstance(value, str) else component.default or "none"
            t.config[component.head] = keep(name)
            t.heads = heads_with(t, block, component.head)


def heads_with(t: Trial, block: str, head: str) -> Dict[str, str]:
    heads = {**t.heads, block: head}
    return share("heads", tuple(heads.items()), heads)


class Filler:
    """Gives trials the keys that they lack: of records of lossbench the defaults; what a record of another program does not speak of at
    all, such as the optimiser, is as in the others where these agree."""

    def __init__(self, known: Optional[Options], shapes: List[Shape]):
        self.known = known
        self.spoken = {id(t): frozenset(key.split(".")[0] for key in s.keys) for s in shapes if s.foreign for t in s.trials}
        self.head: Dict[str, str] = {}                          # component block -> key of its name
        self.sole: Dict[Tuple[str, str], object] = {}           # (key, name of its component) -> the one value that all have
        self.guessed: Dict[str, Set[int]] = {}                  # keys taken from the others, and the trials
        self.silent: Dict[str, Set[int]] = {}                   # blocks taken from the others

    def look(self, shapes: List[Shape]) -> None:
        self.sole = {}
        for s in shapes:
            heads = s.trials[0].heads
            self.head.update(heads)
            for key in s.keys:
                at = key, self.owner(s, key)
                for t in s.trials:
                    if self.sole.setdefault(at, t.config[key]) is not t.config[key]:
                        self.sole[at] = NONE
                        break

    def owner(self, s: Shape, key: str) -> str:
        """The name of the component whose parameter the key is."""
        block = max((b for b in s.heads if key.startswith(b + ".")), key=len, default="")
        return s.heads[block] if block and self.head[block] != key else ""

    def fill(self, s: Shape, keys: Set[str]) -> None:
        for block_or_key in sorted(keys):
            key = self.head.get(block_or_key, block_or_key)
            value = self.value(s, key)
            for t in s.trials if value is not NONE else ():
                t.config[key] = keep(t.config.get("train.seed") if value is None and key.endswith(".seed") else value)
                if key != block_or_key:
                    t.heads = heads_with(t, block_or_key, key)

    def value(self, s: Shape, key: str) -> object:
        sole = self.sole.get((key, self.owner(s, key)), NONE)
        top = key.split(".")[0]
        silent = s.foreign and top not in self.spoken[id(s.trials[0])]
        if sole is not NONE and (silent or not self.known):
            (self.silent if silent else self.guessed).setdefault(top if silent else key, set()).update(map(id, s.trials))
            return sole
        return self.known.default(key, s.heads) if self.known else NONE

    def said(self) -> List[str]:
        out = []
        if self.guessed:
            out.append("%s keys that others have, and no lossbench was found to tell their defaults; they are taken to be as in the others: "
                       "%s." % (counted(self.guessed, "lacks", "lack"), some(sorted(self.guessed))))
        if self.silent:
            out.append("%s nothing of %s; this is taken to be as in the others." % (
                counted(self.silent, "says", "say"), some(sorted(self.silent))))
        return out


def counted(by_key: Dict[str, Set[int]], one: str, many: str) -> str:
    n = len(set().union(*by_key.values()))
    return "%s %s" % (plural(n, "record"), one if n == 1 else many)


def some(names: List[str], most: int = 5) -> str:
    return ", ".join(names[:most]) + (" and %d more" % (len(names) - most) if len(names) > most else "")


# ---- data ----

def path_key(role: str) -> str:
    """train -> data.train.path, test labels -> data.test.labels"""
    part, _, what = role.partition(" ")
    return "data.%s.%s" % (part, what or "path")


def same_paths(trials: List[Trial]) -> None:
    """Of paths that all hold the same bytes, the first in order stands for all: a copy is no other data set."""
    held: Dict[Tuple[str, str], Set[str]] = {}
    for role, path, checksum in {s for sources in {t.sources for t in trials} for s in sources if s[1] and s[2]}:
        held.setdefault((role, path), set()).add(checksum)
    by_bytes: Dict[Tuple[str, FrozenSet[str]], List[str]] = {}
    for (role, path), checksums in held.items():
        by_bytes.setdefault((role, frozenset(checksums)), []).append(path)
    moves = {(path_key(role), path): keep(min(paths)) for (role, _), paths in by_bytes.items() if len(paths) > 1 for path in paths}
    for t in trials if moves else ():
        for role, path, _ in t.sources:
            key = path_key(role)
            if t.config.get(key) == path and (key, path) in moves:
                t.config[key] = moves[key, path]


def data_versions(trials: List[Trial]) -> None:
    """Where one path has held several files, VERSION is a key of the configs of those who read it. A trial that failed before it read
    its data is counted to the newest."""
    held: Dict[Tuple[str, int], Dict[str, str]] = {}        # (key of the path, identity of its value) -> checksum -> when it was read last
    role_key = {role: path_key(role) for sources in {id(t.sources): t.sources for t in trials}.values() for role, _, _ in sources}
    for t in trials:
        for role, _, checksum in t.sources:
            key = role_key[role]
            if checksum and key in t.config:
                seen = held.setdefault((key, id(t.config[key])), {})
                seen[checksum] = max(seen.get(checksum, ""), t.started)
    several = {at: seen for at, seen in held.items() if len(seen) > 1}
    digits = next((n for n in range(MOST_DIGITS, 65) if all(len({c[:n] for c in seen}) == len(seen) for seen in several.values())), 64)
    for t in trials if several else ():
        mine = {path_key(role): checksum for role, _, checksum in t.sources}
        parts = [(mine.get(key) or max(seen, key=lambda c: seen[c]))[:digits] for (key, value), seen in several.items()
                 if key in t.config and id(t.config[key]) == value]
        if parts:
            t.config[VERSION] = keep("+".join(parts))


# ---- records of the same training ----

def newest(trials: List[Trial]) -> Tuple[List[Trial], List[str]]:
    """Of records with the same config and data, which other versions of the program store under other ids, the newest that ended. It
    takes over what the others measured beside the same values of the same metrics."""
    groups: Dict[tuple, List[Trial]] = {}
    for t in trials:
        groups.setdefault(identity(t), []).append(t)
    if len(groups) == len(trials):
        return trials, []
    kept = set()
    for members in groups.values():
        best = max(members, key=lambda t: (t.status in FINISHED, bool(t.chosen), t.started))
        kept.add(id(best))
        for t in members:
            shared = t.metrics.keys() & best.metrics.keys()
            if t is not best and shared and all(t.metrics[m] == best.metrics[m] for m in shared):
                best.metrics = {**t.metrics, **best.metrics}
                best.directions = {**t.directions, **best.directions}
    left = len(trials) - len(kept)
    return [t for t in trials if id(t) in kept], ["%s left out: %s a newer record of the same config and data." % (
        plural(left, "record"), "there is" if left == 1 else "for each there is")]


def program_versions(trials: List[Trial]) -> List[str]:
    """A sentence where the records are of several versions of lossbench."""
    counts = Counter(t.made_by for t in trials if t.made_by[0])
    if len(counts) < 2:
        return []
    revisions = Counter(version for version, _ in counts)
    words = ["%s (%s)" % (version + (" " + revision[:8] if revisions[version] > 1 and revision else ""), plural(n, "trial"))
             for (version, revision), n in sorted(counts.items())]
    return ["Records of %d versions of lossbench: %s." % (len(counts), some(words))]
