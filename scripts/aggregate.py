#!/usr/bin/env python3
"""Tables from the records that lossbench writes: means over replicates as text, Markdown, CSV or LaTeX; tests; the page.

Rows are the config keys that vary over the records; replicates (train.seed and the seeds that move with it) are averaged.
For the plain table any Python from 3.9 on will do; other tables and
the page need numpy, scipy, matplotlib and jinja2. The record format is in results/README.md."""
import argparse
import contextlib
import shutil
import sys
from pathlib import Path
from typing import Dict, FrozenSet, Iterator, List, NoReturn, Optional, Tuple

from choices import apply_choices
from meaning import harmonise
from records import Keys, Refused, Trial, command_name, read_trials
from study_plan import Plan, compact, cut_rows, make_plan, make_table, where
from table_looks import add_looks, check_looks, shape
from tables import FORMATS, Table

TESTS = ("best", "pairs", "ranks", "rows", "cost")     # tables that report.py makes
EXAMPLES = """examples:
  %(prog)s results/quickstart
  %(prog)s results/quickstart --format html --out report.html --files report-files
  %(prog)s results/quickstart --table pairs --control ce
  %(prog)s results/letter --across corrupt.labels.rate --metric test.accuracy --format latex --out table.tex
  %(prog)s results/letter --select valid.accuracy --group-by loss.name"""


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, as of every other mistake."""
        self.exit(2, "%s: %s; see %s --help\n" % (command_name(), message, command_name()))


def parser() -> argparse.ArgumentParser:
    p = Parser(prog=command_name(), description=__doc__, epilog=EXAMPLES,
               formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("paths", nargs="*", metavar="DIR|FILE", help="results folders or record files; before the options")
    p.add_argument("--format", choices=list(FORMATS) + ["html"], default="text",
                   help="default: text, which without further options is compact; html: one page with all tables and plots")
    p.add_argument("--table", choices=["results", *TESTS], default="results", help="best: the best and what is tied with it; pairs: paired "
                   "differences with their tests; ranks: average ranks and tests over data sets; rows: McNemar and bootstrap "
                   "from kept predictions; cost: time and memory")
    add_choices(p)
    p.add_argument("--files", metavar="DIR", help="with html: also every table as md, csv and tex, every plot as svg and pdf, its numbers as .data.csv")
    p.add_argument("--sort", choices=["key", "metric"], help="order of the rows; default: metric, the best first within each condition; csv: key")
    add_looks(p)
    p.add_argument("--out", metavar="FILE", help="write there instead of to standard output")
    p.add_argument("--ids", metavar="FILE", help=argparse.SUPPRESS)     # only the trials of these ids, one a line
    return p


def add_choices(p: argparse.ArgumentParser) -> None:
    """The options that say which records count and what is compared with what; of figures too."""
    many = {"nargs": "+", "action": "extend", "default": []}
    p.add_argument("--metric", metavar="SPLIT.NAME", help="default: every metric on the test rows", **many)
    p.add_argument("--group-by", metavar="KEY", help="row keys; default: every key that varies, except replicates", **many)
    p.add_argument("--across", metavar="KEY", help="keys whose values make the columns", **many)
    p.add_argument("--over", metavar="KEY", help="replicate keys; default: train.seed, folds, and the seeds that move with these", **many)
    p.add_argument("--where", metavar="KEY=VALUE", help="only the trials with that value, as the table shows it", **many)
    p.add_argument("--select", metavar="valid.NAME", help="choose the keys that are neither rows, columns nor replicates by this "
                   "metric; rows then default to the loss, the data, their corruption and the model")
    p.add_argument("--control", default="", metavar="NAME", help="the contender that all are compared with, or all for every pair; "
                   "default: plain training, or the plain loss of the task (ce, logistic, mse, cox, ranknet, poisson, ...), where it is among them")
    p.add_argument("--rope", type=float, default=0.01, metavar="R", help="differences up to R count as practically equal; default: 0.01")
    p.add_argument("--rename", metavar="NAME=TEXT", help="what to call a contender, a column or a condition, such as ce=\"cross-entropy\"", **many)


def read_ids(path: Optional[str]) -> Optional[FrozenSet[str]]:
    if path is None:
        return None
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return frozenset(file.read(1 << 28).split())
    except OSError as error:
        raise Refused("--ids %s: cannot be read (%s)" % (path, error.strerror)) from None


def write(text: str, out: Optional[str]) -> None:
    data = text.encode("utf-8", "backslashreplace")     # a path of the command line may hold bytes that are no UTF-8
    if out:
        try:
            Path(out).write_bytes(data)
        except OSError as error:
            raise Refused("%s: cannot be written (%s)" % (out, error.strerror), 5) from None
    else:
        sys.stdout.buffer.write(data)
        sys.stdout.flush()


def parse(argv: Optional[List[str]]) -> argparse.Namespace:
    return parse_with(parser(), argv)


def parse_with(p: argparse.ArgumentParser, argv: Optional[List[str]]) -> argparse.Namespace:
    """A folder after an option that takes several values is still a folder: no key and no metric holds a slash."""
    args = p.parse_args(argv)
    for values in (args.metric, args.group_by, args.across, args.over):  # not --where: values hold slashes
        args.paths += [v for v in values if "/" in v]
        values[:] = [v for v in values if "/" not in v]
    if not args.paths:
        p.error("no results folder or record file is named before the options, such as %s results/STUDY --metric ..." % p.prog)
    return args


def tested(args: argparse.Namespace, trials: List[Trial], plan: Plan, keys: Keys) -> str:
    """The tables with tests need packages that the plain table does without."""
    with needing("--table " + args.table):
        import report
        study = report.make_study(trials, plan, keys, args.control, args.rope, names_of(args))
        sheet = report.SHEETS[args.table](study)
        shape(sheet, args, names_of(args), study.metric)
        return report.sheet_text(sheet, args.format)


def page(args: argparse.Namespace, trials: List[Trial], notes: List[str]) -> str:
    """Several studies are a page of several parts, unless the command line says what is to be compared with what."""
    with needing("--format html"):
        import html_page
        import report
        names = sorted({t.study for t in trials}) if not (args.group_by or args.across) else []
        sources = []
        for mine in [[t for t in trials if t.study == name] for name in names] if len(names) > 1 else [trials]:
            keys = Keys(mine, args.group_by + args.across)
            plan = make_plan(args, mine, keys, notes)
            sources.append(html_page.Source(mine, plan, keys, report.make_study(mine, plan, keys, args.control, args.rope)))
        return html_page.make(args, sources)


@contextlib.contextmanager
def needing(what: str) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise Refused("%s is missing, which %s needs; install python3-numpy, python3-scipy, python3-matplotlib and python3-jinja2, or "
                      "name a Python that has them in LOSSBENCH_PYTHON" % (error.name, what), 5) from None


def names_of(args: argparse.Namespace) -> Dict[str, str]:
    """What --rename says."""
    out = {}
    for pair in args.rename:
        name, equals, text = pair.partition("=")
        if not (name and equals and text):
            raise Refused("--rename %s: NAME=TEXT is needed, such as --rename ce=cross-entropy" % pair)
        out[name] = text
    return out


def load(args: argparse.Namespace) -> Tuple[List[Trial], List[str]]:
    """The trials that count, and what is to be said of the records."""
    trials, stale = apply_choices(read_trials(args.paths, read_ids(getattr(args, "ids", None))))
    trials, notes = harmonise(trials)
    return where(trials, args.where), stale + notes


def conclude(args: argparse.Namespace, trials: List[Trial], plan: Plan, keys: Keys, table: Table) -> List[str]:
    """Marks ties with the best, and says what ends the table: of the compact one the findings, of any the contenders whose numbers mean little."""
    if args.format == "csv" or plan.higher(plan.metrics[0]) is None:
        return []
    try:
        import conclusion
        import report
        import soundness
    except ImportError as error:
        return ["No conclusion: %s is missing; install python3-numpy and python3-scipy." % error.name] if plan.short else []
    study = report.make_study(trials, plan, keys, args.control, args.rope)
    report.mark_ties(table, study)
    study = report.renamed(study, names_of(args))
    return conclusion.conclusion_lines(study) if plan.short and len(study.contenders) > 1 else soundness.concerns(study)


def run(args: argparse.Namespace) -> str:
    check_looks(args)
    trials, notes = load(args)
    if args.format == "html":
        return page(args, trials, notes)
    keys = Keys(trials, args.group_by + args.across)
    plan = make_plan(args, trials, keys, notes)
    if args.table != "results":
        return tested(args, trials, plan, keys)
    if args.format == "text" and not (args.metric or args.group_by or args.across or args.select):
        plan = compact(plan, trials, keys)
    table = make_table(trials, plan, keys, args.sort or ("key" if args.format == "csv" else "metric"))
    if plan.short:
        cut_rows(table, plan)
    table.conclusion = conclude(args, trials, plan, keys, table)
    shape(table, args, names_of(args), "")
    width = shutil.get_terminal_size().columns if not args.out and sys.stdout.isatty() else None
    return FORMATS[args.format](table, width)


def main(argv: Optional[List[str]] = None) -> int:
    args = parse(argv)
    try:
        write(run(args), args.out)
    except Refused as refusal:
        print("%s: %s" % (command_name(), refusal), file=sys.stderr)
        return refusal.status
    except BrokenPipeError:
        sys.stderr.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
