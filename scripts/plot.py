#!/usr/bin/env python3
"""One figure of a study as a file for a paper, or the numbers behind it.

The ending of --out tells the form: .svg, .pdf, .png (300 dots an inch) or .csv. A figure of several conditions has a panel
for each; --where chooses among them. Needs numpy, scipy and matplotlib."""
import argparse
import os
import sys
from pathlib import Path
from typing import List, Optional, Tuple

import aggregate
from records import Keys, Refused, command_name
from study_plan import make_plan

FIGURES = ("differences", "curves", "ranks", "noise", "sensitivity", "reliability", "confusion", "roc")
KINDS = ("svg", "pdf", "png", "csv")
EXAMPLES = """examples:
  %(prog)s results/quickstart --figure differences --out differences.pdf --where model.kind=mlp
  %(prog)s results/quickstart --figure curves --out curves.csv
  %(prog)s results/quickstart --figure noise --out noise.svg --size 3.3,2.2 --rename ce="cross-entropy" """


def parser() -> argparse.ArgumentParser:
    p = aggregate.Parser(prog=command_name(), description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("paths", nargs="*", metavar="DIR|FILE", help="results folders or record files; before the options")
    p.add_argument("--figure", choices=FIGURES, required=True, help="what to draw; reliability, confusion and roc need output.predictions: true")
    p.add_argument("--out", metavar="FILE", required=True, help="file to write: .svg, .pdf, .png or .csv")
    p.add_argument("--size", metavar="W,H", help="inches of a panel; default: a paper's column")
    p.add_argument("--title", action="store_true", help="the title of a single panel too")
    aggregate.add_choices(p)
    return p


def kind_of(out: str) -> str:
    kind = out.rpartition(".")[2].lower()
    if kind not in KINDS:
        raise Refused("--out %s: the name has to end in .svg, .pdf, .png or .csv, which tells the form" % out)
    return kind


def size_of(text: Optional[str]) -> Optional[Tuple[float, float]]:
    if text is None:
        return None
    try:
        width, height = map(float, text.split(","))
    except ValueError:
        width = height = 0
    if not (0.5 <= width <= 40 and 0.5 <= height <= 40):
        raise Refused("--size %s: width and height in inches are needed, from 0.5 to 40, such as --size 3.3,2.2" % text)
    return width, height


def made_of(args: argparse.Namespace) -> bytes:
    kind, size, names = kind_of(args.out), size_of(args.size), aggregate.names_of(args)
    trials, notes = aggregate.load(args)
    keys = Keys(trials, args.group_by + args.across)
    plan = make_plan(args, trials, keys, notes)
    with aggregate.needing("plot"):
        import drawing
        import figure_data
        import figures
        import report
        import tables
    study = report.make_study(trials, plan, keys, args.control, args.rope, names)
    section = getattr(figures.Figures(study, plan, keys, trials), args.figure)()
    if not section.plots:
        raise Refused("--figure %s: these records give none: %s" % (args.figure, section.missing), 4)
    if kind == "csv":
        return "".join(map(tables.csv_line, figure_data.table(section.plots))).encode("utf-8", "backslashreplace")
    return drawing.together(section.plots, kind, size, args.title)


def main(argv: Optional[List[str]] = None) -> int:
    args = aggregate.parse_with(parser(), argv)
    try:
        data = made_of(args)
        try:
            Path(args.out).write_bytes(data)
        except OSError as error:
            raise Refused("%s: cannot be written (%s)" % (args.out, error.strerror), 5) from None
    except Refused as refusal:
        print("%s: %s" % (command_name(), refusal), file=sys.stderr)
        return refusal.status
    return 0


if __name__ == "__main__":
    os.environ.setdefault("LOSSBENCH_COMMAND", "lossbench plot")
    sys.exit(main())
