"""How tables look in a paper: captions, labels, digits, per cent, other names. Standard library only."""
import argparse
import re
from typing import Dict, Union

from records import Refused
from tables import Table
from test_tables import Sheet
from wording import FRACTIONS

MOST_DIGITS = 12
MEANS = ("difference", "low", "high", "mean")   # fields of tests that are in units of the metric


def add_looks(p: argparse.ArgumentParser) -> None:
    p.add_argument("--caption", metavar="TEXT", help="latex: the caption, in the place of the table's own")
    p.add_argument("--label", metavar="NAME", help="latex: the label, such as tab:noise")
    p.add_argument("--digits", type=int, metavar="N", help="decimals of means and differences; csv and json keep full precision")
    p.add_argument("--percent", action="store_true", help="fractions such as accuracy in per cent")
    p.add_argument("--no-sd", action="store_true", help="means without their standard deviations; csv and json keep them")


def check_looks(args: argparse.Namespace) -> None:
    if args.digits is not None and not 0 <= args.digits <= MOST_DIGITS:
        raise Refused("--digits %d: allowed: 0 to %d" % (args.digits, MOST_DIGITS))
    if args.label is not None and not re.fullmatch(r"[A-Za-z0-9:._/-]+", args.label):
        raise Refused("--label %s: allowed: letters, digits and : . _ / -" % args.label)
    for option in ("caption", "label"):
        if getattr(args, option) is not None and args.format != "latex":
            raise Refused("--%s: only --format latex has one" % option)
    if args.format == "html" and (args.digits is not None or args.percent or args.no_sd or args.rename):
        raise Refused("--digits, --percent, --no-sd and --rename are of tables and of plot, not of the page")


def is_fraction(metric: str) -> bool:
    return metric.partition(".")[2].partition("(")[0] in FRACTIONS


def shape(made: Union[Table, Sheet], args: argparse.Namespace, names: Dict[str, str], metric: str) -> None:
    """metric: of a table of tests."""
    if isinstance(made, Table):
        shape_table(made, args, names)
    else:
        shape_sheet(made, args, names, metric)


def shape_table(table: Table, args: argparse.Namespace, names: Dict[str, str]) -> None:
    table.title, table.label, table.with_sd = args.caption, args.label or "", not args.no_sd
    fractions = [j for j, c in enumerate(table.columns) if is_fraction(c.metric)] if args.percent else []
    if args.percent and not fractions:
        raise Refused("--percent: none of the metrics is a fraction")
    for j in fractions:
        table.columns[j].decimals = max(0, table.columns[j].decimals - 2)
        table.columns[j].title += " (%)"
        for cell in (row.cells[j] for row in table.rows):
            cell.mean = None if cell.mean is None else 100 * cell.mean
            cell.sd = None if cell.sd is None else 100 * cell.sd
    for column in table.columns:
        column.decimals = column.decimals if args.digits is None else args.digits
        column.head = names.get(column.title, names.get(column.place, names.get(column.metric, "")))
        column.title = column.head or column.title
    for row in table.rows:
        row.key = [names.get(v, v) for v in row.key]
    table.heads = [names.get(k, "") for k in table.keys]


def shape_sheet(sheet: Sheet, args: argparse.Namespace, names: Dict[str, str], metric: str) -> None:
    sheet.caption, sheet.label = args.caption, args.label or ""
    if args.percent and not is_fraction(metric):
        raise Refused("--percent: %s is no fraction" % metric)
    for j, f in enumerate(sheet.fields):
        mine = f.kind == "number" and f.title in MEANS
        if mine and args.percent:
            for row in sheet.rows:
                row[j] = None if row[j] is None else 100 * row[j]
            f.places = max(0, f.places - 2)
        if mine and args.digits is not None:
            f.places, f.fixed = args.digits, True
        f.title = names.get(f.title, f.title + (" (%)" if mine and args.percent and not f.end else ""))
    for row in sheet.rows:
        row[:] = [names.get(v, v) if isinstance(v, str) else v for v in row]
