"""Reading JSON files that anybody may have put there: regular files only, of a bounded size, without waiting. Standard library only."""
import json
import os
import stat
from typing import Dict, List, Tuple

from record_form import Broken

MOST_BYTES = 64 << 20
KINDS = ((stat.S_ISLNK, "a symbolic link"), (stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"),
         (stat.S_ISCHR, "a device"), (stat.S_ISBLK, "a device"))


def kind_of(mode: int) -> str:
    return next((words for test, words in KINDS if test(mode)), "no regular file")


def read_bytes(path: str, most: int = MOST_BYTES) -> bytes:
    """The whole of a regular file. OSError where it cannot be opened, Broken where it is something else or too large."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        mode = os.lstat(path).st_mode                   # a link, a socket or a device without a driver says no on open
        if stat.S_ISREG(mode):
            raise
        raise Broken("it is %s, not a file" % kind_of(mode)) from None
    try:
        info = os.fstat(fd)
        if not stat.S_ISREG(info.st_mode):
            raise Broken("it is %s, not a file" % kind_of(info.st_mode))
        if info.st_size > most:
            raise Broken("it has %d bytes, more than the %d that are read" % (info.st_size, most))
        return read_all(fd, info.st_size, most)
    finally:
        os.close(fd)


def read_all(fd: int, expected: int, most: int) -> bytes:
    """A file that grows while it is read is read to its end, but for what is more than `most`."""
    data = os.read(fd, expected + 1)
    if len(data) == expected:
        return data
    pieces, total = [data], len(data)
    while data and total <= most:
        data = os.read(fd, 1 << 16)
        pieces.append(data)
        total += len(data)
    return b"".join(pieces)[:most]


def once(pairs: List[Tuple[str, object]]) -> Dict[str, object]:
    block = dict(pairs)
    if len(block) != len(pairs):
        keys = [key for key, _ in pairs]
        raise Broken("the key '%s' stands twice in a block" % next(k for k in keys if keys.count(k) > 1)[:80])
    return block


def refuse_constant(word: str) -> None:
    raise Broken("%s is not JSON" % word)


DECODER = json.JSONDecoder(object_pairs_hook=once, parse_constant=refuse_constant)


def parse_json(data: bytes) -> object:
    """UnicodeDecodeError, ValueError or Broken where it is no JSON: two keys of one name, NaN, half of a character, no end of brackets."""
    try:
        text = data.decode("utf-8")
        value = DECODER.decode(text)
    except RecursionError:
        raise Broken("nested too deeply") from None
    except UnicodeDecodeError:
        raise Broken("not UTF-8") from None
    except json.JSONDecodeError as error:
        raise Broken("not JSON: %s, line %d column %d" % (error.msg, error.lineno, error.colno)) from None
    except Broken:
        raise
    except ValueError:
        raise Broken("a number of very many digits") from None
    if "\\ud" in text or "\\uD" in text:
        try:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
        except (UnicodeEncodeError, RecursionError):
            raise Broken("half of a character: a lone surrogate") from None
    return value
