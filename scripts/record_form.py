"""The form of a record, checked once when it is read, so that no later code meets a value of another type. Standard library only.

Whatever the file holds, check() either returns or raises Broken with the place and what is wrong there."""
import math
import re
from typing import Callable, Dict, Optional

STATUSES = ("ok", "diverged", "failed", "interrupted")
MOST_DEPTH = 24                 # of nested blocks and lists
MOST_NAME = 4096                # characters of a name or of a value of the config
MOST_TEXT = 1 << 20
LARGEST = 2 ** 63
ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", re.ASCII)
SHA256 = re.compile(r"[0-9a-f]{8,64}", re.ASCII)
Check = Callable[[object, str], None]


class Broken(ValueError):
    """What is wrong with a record, for a message that names its file."""


def found(value: object) -> str:
    kinds = {dict: "a block", list: "a list", bool: "a truth value", type(None): "null"}
    if isinstance(value, str):
        return '"%s"' % (value if len(value) <= 40 else value[:40] + "...")
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < LARGEST else "a huge number"
    return kinds.get(type(value)) or "%r" % value


def wrong(value: object, at: str, expected: str) -> Broken:
    return Broken("%s: found %s, expected %s" % (at, found(value), expected))


# ---- any value ----

def usable(value: object, at: str, depth: int = 0) -> None:
    """Numbers that fit a double, texts of a bearable length, no nesting without end."""
    kind = type(value)
    if kind is float:
        if not math.isfinite(value):
            raise Broken("%s: a number that is too large" % at)
    elif kind is str:
        if len(value) > MOST_TEXT:
            raise Broken("%s: a text of %d characters" % (at, len(value)))
    elif kind is int:
        if not -LARGEST <= value <= LARGEST:
            raise Broken("%s: a number that is too large" % at)
    elif kind is dict or kind is list:
        if depth >= MOST_DEPTH:
            raise Broken("%s: nested more than %d deep" % (at.split(".")[0], MOST_DEPTH))
        for key, item in value.items() if kind is dict else enumerate(value):
            if kind is dict and len(key) > MOST_NAME:
                raise Broken("%s: a key of %d characters" % (at, len(key)))
            usable(item, at if kind is list else "%s.%s" % (at, key), depth + 1)


# ---- kinds of values ----

def text(value: object, at: str) -> None:
    if not isinstance(value, str):
        raise wrong(value, at, "a text")


def name(value: object, at: str) -> None:
    if not isinstance(value, str) or not 0 < len(value) <= MOST_NAME:
        raise wrong(value, at, "a name")


def number(value: object, at: str) -> None:
    if type(value) not in (int, float):
        raise wrong(value, at, "a number")


def count(value: object, at: str) -> None:
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is not int or value < 0:
        raise wrong(value, at, "a count")


def amount(value: object, at: str) -> None:
    if type(value) not in (int, float) or value < 0:
        raise wrong(value, at, "a number that is not negative")


def truth(value: object, at: str) -> None:
    if not isinstance(value, bool):
        raise wrong(value, at, "true or false")


def measure(value: object, at: str) -> None:
    """A value of a metric or of a curve; null where it is undefined."""
    if value is not None and value not in ("inf", "-inf") and type(value) not in (int, float):
        raise wrong(value, at, "a number, \"inf\", \"-inf\" or null")


def status(value: object, at: str) -> None:
    if value not in STATUSES:
        raise wrong(value, at, ", ".join(STATUSES))


def direction(value: object, at: str) -> None:
    if value not in ("higher", "lower"):
        raise wrong(value, at, "higher or lower")


def identity(value: object, at: str) -> None:
    if not isinstance(value, str) or not ID.fullmatch(value):
        raise wrong(value, at, "an id of letters and digits")


def checksum(value: object, at: str) -> None:
    if not isinstance(value, str) or not SHA256.fullmatch(value):
        raise wrong(value, at, "a SHA-256 in hexadecimal digits")


def block(value: object, at: str) -> None:
    if not isinstance(value, dict):
        raise wrong(value, at, "a block")


def config_block(value: object, at: str) -> None:
    block(value, at)
    for key, item in value.items():
        if isinstance(item, dict):
            config_block(item, "%s.%s" % (at, key))
        elif isinstance(item, str) and len(item) > MOST_NAME:
            raise Broken("%s.%s: a text of %d characters" % (at, key, len(item)))


# ---- built from others ----

def optional(check: Check) -> Check:
    return lambda value, at: None if value is None else check(value, at)


def list_of(check: Check) -> Check:
    def checked(value: object, at: str) -> None:
        if not isinstance(value, list):
            raise wrong(value, at, "a list")
        for item in value:
            check(item, at)
    return checked


def mapping(check: Check) -> Check:
    def checked(value: object, at: str) -> None:
        block(value, at)
        for key, item in value.items():
            name(key, at)
            check(item, "%s.%s" % (at, key))
    return checked


def having(needed: Dict[str, Check], others: Optional[Dict[str, Check]] = None) -> Check:
    """A block with these keys; those of `others` may be absent, and what else it holds is not looked at."""
    def checked(value: object, at: str) -> None:
        block(value, at)
        for key, check in needed.items():
            if key not in value:
                raise Broken("%s: lacks '%s'" % (at, key))
            check(value[key], "%s.%s" % (at, key))
        for key, check in (others or {}).items():
            if key in value:
                check(value[key], "%s.%s" % (at, key))
    return checked


METRICS = optional(mapping(optional(mapping(measure))))
SOURCE = having({}, {"role": optional(text), "path": optional(text), "format": optional(text), "sha256": optional(checksum),
                     "bytes": optional(count), "rows": optional(count)})
DATA = having({}, {
    "sources": optional(list_of(SOURCE)), "rows": optional(mapping(count)), "features": optional(count),
    "classes": optional(list_of(text)), "class_counts": optional(mapping(list_of(count))), "warnings": optional(list_of(text))})
RESULT = having({"status": status, "metrics": METRICS}, {
    "message": optional(text), "epochs": optional(count), "best_epoch": optional(count), "steps": optional(count),
    "parameters": optional(count), "curves": optional(mapping(list_of(measure)))})
RUN = having({}, {
    "started": optional(text), "seconds": optional(mapping(optional(amount))), "cpu_seconds": optional(amount),
    "peak_memory_bytes": optional(count), "lossbench": optional(text),
    "git": optional(having({}, {"revision": optional(text), "clean": optional(truth)})), "host": optional(text), "os": optional(text),
    "processor": optional(text), "cores": optional(count), "kernels": optional(text),
    "blas": optional(block), "libraries": optional(mapping(optional(text))), "compiler": optional(text), "flags": optional(text),
    "command": optional(list_of(text))})
RECORD = having(
    {"id": identity, "study": name, "config": config_block, "result": RESULT},
    {"data": optional(DATA), "directions": optional(mapping(direction)), "run": optional(RUN),
     "baseline": optional(having({"kind": text, "metrics": METRICS}))})


def check(record: object) -> None:
    """Raises Broken where the scripts could not rely on the record."""
    usable(record, "the record")
    RECORD(record, "record")


CHOICE = having({"chosen": block}, {"trials": list_of(identity)})
ARM = having({}, {"loss": optional(block), "model": optional(block), "corrupt": optional(block), "choices": list_of(CHOICE),
                  "chosen": optional(block)})
STUDY = having({"study": text, "arms": list_of(ARM)}, {"metric": text, "folds": count})
TUNING = having({}, {"study": text, "metric": text, "folds": count, "arms": list_of(ARM), "studies": list_of(STUDY)})


def check_tuning(tuning: object) -> None:
    """The same for a tuning.json, of either form."""
    usable(tuning, "the file")
    TUNING(tuning, "tuning")
