"""The form of a record, checked once when it is read, so that no later code meets a value of another type. Standard library only.

Whatever the file holds, check() either returns or raises Broken with the place and what is wrong there."""
import re
import sys
from typing import Callable, Collection, Dict, Optional

STATUSES = ("ok", "diverged", "failed", "interrupted")
MOST_DEPTH = 24                 # of nested blocks and lists
MOST_NAME = 4096                # characters of a name or of a value of the config
MOST_TEXT = 1 << 20
LARGEST = sys.float_info.max    # of numbers; a larger one in the file is infinite, or an integer that fits no double
NUMBERS = frozenset((int, float))
ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", re.ASCII)
SHA256 = re.compile(r"[0-9a-f]{8,64}", re.ASCII)
Check = Callable[[object], None]


class Broken(ValueError):
    """What is wrong with a record, for a message that names its file, and where in it: result.metrics.test."""

    def __init__(self, what: str, place: str = ""):
        super().__init__("%s: %s" % (place, what) if place else what)
        self.what, self.place = what, place

    def within(self, key: str) -> "Broken":
        """The same, as seen from the block that holds the key."""
        return Broken(self.what, key[:80] + "." + self.place if self.place else key[:80])


def found(value: object) -> str:
    kinds = {dict: "a block", list: "a list", bool: "a truth value", type(None): "null"}
    if isinstance(value, str):
        return '"%s"' % (value if len(value) <= 40 else value[:40] + "...")
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 1e18 else "a huge number"
    return kinds.get(type(value)) or "%r" % value


def wrong(value: object, expected: str) -> Broken:
    return Broken("found %s, expected %s" % (found(value), expected))


# ---- kinds of values ----

def numbers(values: Collection[object]) -> bool:
    """True for nothing but numbers of a bearable size, at least one."""
    return bool(values) and NUMBERS.issuperset(map(type, values)) and -LARGEST <= min(values) and max(values) <= LARGEST


def scalar(value: object) -> None:
    """What a config may hold outside of blocks and lists."""
    kind = type(value)
    if kind is str:
        if len(value) > MOST_NAME:
            raise Broken("a text of %d characters" % len(value))
    elif kind is float or kind is int:
        if not -LARGEST <= value <= LARGEST:
            raise Broken("a number that is too large")
    elif kind is not bool and value is not None:
        raise wrong(value, "a value")


def listed(value: object, depth: int = 0) -> None:
    """A list of a config, of whatever the scripts can print."""
    if type(value) not in (list, dict):
        scalar(value)
        return
    if depth >= MOST_DEPTH:
        raise Broken("nested more than %d deep" % MOST_DEPTH)
    if type(value) is list and numbers(value):
        return
    for item in value.values() if type(value) is dict else value:
        listed(item, depth + 1)


def text(value: object) -> None:
    if type(value) is not str:
        raise wrong(value, "a text")
    if len(value) > MOST_TEXT:
        raise Broken("a text of %d characters" % len(value))


def name(value: object) -> None:
    if not isinstance(value, str) or not 0 < len(value) <= MOST_NAME:
        raise wrong(value, "a name")


def count(value: object) -> None:
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is not int or not 0 <= value <= LARGEST:
        raise wrong(value, "a count")


def amount(value: object) -> None:
    if type(value) not in (int, float) or not 0 <= value <= LARGEST:
        raise wrong(value, "a number that is not negative")


def truth(value: object) -> None:
    if not isinstance(value, bool):
        raise wrong(value, "true or false")


def measure(value: object) -> None:
    """A value of a metric or of a curve; null where it is undefined."""
    if value is None or value == "inf" or value == "-inf":
        return
    if type(value) not in (int, float) or not -LARGEST <= value <= LARGEST:
        raise wrong(value, "a number, \"inf\", \"-inf\" or null")


def status(value: object) -> None:
    if value not in STATUSES:
        raise wrong(value, ", ".join(STATUSES))


def direction(value: object) -> None:
    if value not in ("higher", "lower"):
        raise wrong(value, "higher or lower")


def identity(value: object) -> None:
    if not isinstance(value, str) or not ID.fullmatch(value):
        raise wrong(value, "an id of letters and digits")


def checksum(value: object) -> None:
    if not isinstance(value, str) or not SHA256.fullmatch(value):
        raise wrong(value, "a SHA-256 in hexadecimal digits")


def block(value: object) -> None:
    if type(value) is not dict:
        raise wrong(value, "a block")


# ---- built from others ----

def optional(check: Check) -> Check:
    return lambda value: None if value is None else check(value)


def list_of(check: Check) -> Check:
    def checked(value: object) -> None:
        if type(value) is not list:
            raise wrong(value, "a list")
        if check is not measure or not numbers(value):
            for item in value:
                check(item)
    return checked


def mapping(check: Check) -> Check:
    """A block of any keys, whose values are of one kind."""
    def checked(value: object) -> None:
        block(value)
        if value and not (0 < min(map(len, value)) and max(map(len, value)) <= MOST_NAME):
            raise Broken("a key without or of too many letters")
        if check is measure and numbers(value.values()):
            return
        for key, item in value.items():
            try:
                check(item)
            except Broken as error:
                raise error.within(key) from None
    return checked


def having(needed: Dict[str, Check], others: Dict[str, Check] = {}, rest: Optional[Check] = None) -> Check:
    """A block with the keys of `needed`; those of `others` may be absent, and what else it holds is looked at by `rest` alone."""
    checks = {**others, **needed}

    def checked(value: object) -> None:
        block(value)
        if not needed.keys() <= value.keys():
            raise Broken("lacks '%s'" % next(key for key in needed if key not in value))
        for key, item in value.items():
            check = checks.get(key, rest)
            try:
                if check:
                    check(item)
            except Broken as error:
                raise error.within(key) from None
    return checked


CURVE = list_of(measure)
METRICS = optional(mapping(optional(mapping(measure))))
SOURCE = having({}, {"role": optional(text), "path": optional(text), "format": optional(text), "sha256": optional(checksum),
                     "bytes": optional(count), "rows": optional(count)})
TEACHER = having({}, {"path": text, "sha256": text, "model": optional(text)})
DATA = having({}, {
    "sources": optional(list_of(SOURCE)), "rows": optional(mapping(count)), "features": optional(count),
    "teacher": optional(TEACHER), "second_teacher": optional(TEACHER), "teacher_features": optional(TEACHER),
    "classes": optional(list_of(text)), "n_classes": optional(count), "class_counts": optional(mapping(list_of(count))), "events": optional(mapping(count)), "warnings": optional(list_of(text))})
RESULT = having({"status": status, "metrics": METRICS}, {
    "message": optional(text), "epochs": optional(count), "best_epoch": optional(count), "steps": optional(count),
    "parameters": optional(count), "curves": optional(mapping(CURVE))})
RUN = having({}, {
    "started": optional(text), "seconds": optional(mapping(optional(amount))), "cpu_seconds": optional(amount),
    "peak_memory_bytes": optional(count), "lossbench": optional(text),
    "git": optional(having({}, {"revision": optional(text), "clean": optional(truth)})), "host": optional(text), "os": optional(text),
    "processor": optional(text), "cores": optional(count), "kernels": optional(text),
    "blas": optional(having({}, {"version": optional(text), "kernel": optional(text)}, listed)), "libraries": optional(mapping(optional(text))),
    "compiler": optional(text), "flags": optional(text), "command": optional(list_of(text)), "question": optional(text)}, listed)
RECORD = having(
    {"id": identity, "study": name, "config": block, "result": RESULT},
    {"data": optional(DATA), "directions": optional(mapping(direction)), "run": optional(RUN),
     "baseline": optional(having({"kind": text, "metrics": METRICS}, {"random_map": METRICS}))})


def check(record: object) -> None:
    """Raises Broken where the scripts could not rely on the record."""
    try:
        RECORD(record)
    except Broken as error:
        raise error.within("record") from None


CHOICE = having({"chosen": block}, {"trials": list_of(identity)})
ARM = having({}, {"loss": optional(block), "model": optional(block), "corrupt": optional(block), "terms": optional(list_of(block)), "choices": list_of(CHOICE),
                  "chosen": optional(block)})
STUDY = having({"study": text, "arms": list_of(ARM)}, {"metric": text, "folds": count})
TUNING = having({}, {"study": text, "metric": text, "folds": count, "arms": list_of(ARM), "studies": list_of(STUDY)})


def check_tuning(tuning: object) -> None:
    """The same for a tuning.json, of either form."""
    try:
        listed(tuning)
        TUNING(tuning)
    except Broken as error:
        raise error.within("tuning") from None
