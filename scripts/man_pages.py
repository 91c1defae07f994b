#!/usr/bin/env python3
"""The manual pages, made of what the program prints: lossbench(1) and a page a command of --help, lossbench-config(5) of `config reference`."""
import argparse
import os
import re
import subprocess
import sys
import textwrap
from typing import List, Optional, Tuple

OPTION = re.compile(r" {2,6}(-\S.*?)(?: {2,}(\S.*))?$")
ROW = re.compile(r" +(\S+) +(\S.*)$")


def escaped(text: str) -> str:
    """As roff prints it as it is, also where it is copied from the page."""
    for mark, name in (("\\", "\\e"), ("-", "\\-"), ("'", "\\(aq"), ("`", "\\(ga"), ("^", "\\(ha"), ("~", "\\(ti"), ('"', "\\(dq")):
        text = text.replace(mark, name)
    return "".join(c if ord(c) < 128 else "\\[u%04X]" % ord(c) for c in text)


def marked(text: str) -> str:
    """A text of Markdown: code and names in bold, of a link its words."""
    text = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text)
    pieces = re.split(r"\*\*(.+?)\*\*|`([^`]+)`", text)
    return "".join(escaped(piece) if i % 3 == 0 else "\\fB%s\\fR" % escaped(piece) for i, piece in enumerate(pieces) if piece)


def lines_of(text: str) -> List[str]:
    """Lines of a source of roff, none of which begins like a request."""
    lines = textwrap.wrap(text, 78, break_long_words=False, break_on_hyphens=False)
    return ["\\&" + line if line.startswith(".") else line for line in lines]


def item(name: str, text: str) -> List[str]:
    return [".TP", "\\fB%s\\fR" % escaped(name), *lines_of(text)]


def page(name: str, section: int, version: str, parts: List[Tuple[str, List[str]]]) -> str:
    lines = ['.TH %s %d "" "lossbench %s"' % (escaped(name.upper()), section, version)]
    for title, body in parts:
        if body:
            lines += [".SH %s" % title, *body]
    return "\n".join(lines) + "\n"


def code(lines: List[str]) -> List[str]:
    return [".nf", *(escaped(line.strip()) for line in lines), ".fi"]


def paragraphs(lines: List[str]) -> List[str]:
    """A line that ends with a full stop ends a paragraph; one that is indented is a command."""
    out: List[str] = []
    for before, line in zip([""] + lines, lines):
        if line.startswith(" "):
            out += code([line])
        else:
            out += [".PP"] if out and line and (not before or before.endswith(".") or before.startswith(" ")) else []
            out += lines_of(escaped(line))
    return out


class Help:
    """--help in parts: usage, the first paragraph, options, further lines, examples."""

    def __init__(self, text: str) -> None:
        self.usage, self.summary, self.notes = "", "", []  # type: str, str, List[str]
        self.options: List[List[str]] = []
        self.examples: List[str] = []
        part: Optional[str] = "usage"
        for line in text.rstrip().split("\n"):
            head = re.match(r"(usage|example|examples|options|positional arguments):(.*)$", line)
            if head:
                part = head.group(1)
                line = head.group(2).strip()
            elif line and not line.startswith(" ") and part in ("options", "positional arguments"):
                part = None
            self.take(part, line)
            if part == "usage" and not line:
                part = None

    def take(self, part: Optional[str], line: str) -> None:
        option = OPTION.match(line) or (ROW.match(line) if part == "positional arguments" and not line.startswith(" " * 8) else None)
        if part == "usage":
            self.usage += line.strip() + " "
        elif part in ("example", "examples"):
            self.examples += [line.strip()] if line else []
        elif part and option:
            self.options.append([re.sub(r" +", " ", option.group(1)), option.group(2) or ""])
        elif part and line:
            self.options[-1][1] = (self.options[-1][1] + " " + line.strip()).strip()
        elif not part and not self.summary:
            self.summary = line
        elif not part:
            self.notes.append(line)


class Manual:
    def __init__(self, program: str, into: str) -> None:
        self.program, self.into = program, into
        overview = self.ask("--help").rstrip().split("\n")
        first = re.match(r"lossbench (.*)", overview[0])
        self.version = self.ask("version").split()[1]
        self.about = first.group(1).rstrip(".") if first else ""
        listed = [re.match(r"  ([a-z]+) +([A-Z].*)$", line) for line in overview]
        self.commands = [(m.group(1), m.group(2)) for m in listed if m]
        self.notes = overview[max(i for i, m in enumerate(listed) if m) + 2:overview.index("Exit codes:") - 1]
        self.codes = [(m.group(1), m.group(2)) for m in (re.match(r" +(\d+)  (.*)", line) for line in overview) if m]

    def ask(self, *words: str) -> str:
        shape = dict(os.environ, COLUMNS="10000", NO_COLOR="1", LC_ALL="C.UTF-8")
        return subprocess.run([self.program, *words], stdout=subprocess.PIPE, check=True, env=shape, encoding="utf-8").stdout

    def write(self, name: str, section: int, parts: List[Tuple[str, List[str]]]) -> None:
        folder = os.path.join(self.into, "man%d" % section)
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "%s.%d" % (name, section)), "w", encoding="ascii") as file:
            file.write(page(name, section, self.version, parts))

    def exit_status(self) -> List[str]:
        return [line for status, meaning in self.codes for line in item(status, escaped(meaning))]

    def overview(self) -> None:
        self.write("lossbench", 1, [
            ("NAME", ["lossbench \\- %s" % escaped(self.about)]),
            ("SYNOPSIS", ["\\fBlossbench\\fR \\fIcommand\\fR [\\fIoptions\\fR]", ".br", "\\fBlossbench\\fR \\fIcommand\\fR \\fB\\-\\-help\\fR"]),
            ("COMMANDS", [line for name, what in self.commands for line in item("lossbench-%s(1)" % name, escaped(what))]),
            ("NOTES", paragraphs(self.notes)),
            ("EXIT STATUS", self.exit_status()),
            ("SEE ALSO", ["\\fBlossbench\\-config\\fR(5)"])])

    def command(self, name: str, summary: str) -> None:
        told = Help(self.ask(name, "--help"))
        short = summary.rstrip(".")
        self.write("lossbench-" + name, 1, [
            ("NAME", lines_of("lossbench\\-%s \\- %s" % (name, escaped(short[0].lower() + short[1:])))),
            ("SYNOPSIS", lines_of("\\fBlossbench %s\\fR %s" % (name, escaped(told.usage.replace("lossbench " + name, "", 1).strip())))),
            ("DESCRIPTION", lines_of(escaped(told.summary))),
            ("OPTIONS", [line for option, what in told.options for line in item(option, escaped(what))]),
            ("NOTES", paragraphs(told.notes)),
            ("EXAMPLES", code(told.examples)),
            ("EXIT STATUS", self.exit_status()),
            ("SEE ALSO", ["\\fBlossbench\\fR(1), \\fBlossbench\\-config\\fR(5)"])])

    def config(self) -> None:
        """Headings, paragraphs and tables of the reference: a row of a table is a key with what is said of it."""
        parts: List[Tuple[str, List[str]]] = [("NAME", ["lossbench\\-config \\- the keys of a config of lossbench"]), ("DESCRIPTION", [])]
        body, heads, before = parts[-1][1], [], ""  # type: List[str], List[str], str
        for line in self.ask("config", "reference").split("\n")[1:]:
            cells = line.strip("| ").split(" | ")
            if line.startswith("## "):
                parts.append((escaped(line[3:]), []))
                body = parts[-1][1]
            elif line.startswith("| `"):
                body += item(cells[0].strip("`"), "; ".join(said(h, c) for h, c in zip(heads, cells[1:]) if c))
            elif line.startswith("| "):
                heads = heads if cells[0] == "---" else cells[1:]
            elif line and not line.startswith("Generated"):
                body += [".PP"] * (bool(body) and not before) + lines_of(marked(line))
            before = line
        self.write("lossbench-config", 5, parts + [("SEE ALSO", ["\\fBlossbench\\fR(1), \\fBlossbench\\-losses\\fR(1)"])])


def said(head: str, cell: str) -> str:
    return marked(cell) if head in ("meaning", "rule", "what it is") else "%s: %s" % (escaped(head), marked(cell))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", help="lossbench, as it was built")
    parser.add_argument("folder", help="where man1/ and man5/ go")
    given = parser.parse_args()
    manual = Manual(given.program, given.folder)
    manual.overview()
    for name, summary in manual.commands:
        manual.command(name, summary)
    manual.config()
    return 0


if __name__ == "__main__":
    sys.exit(main())
