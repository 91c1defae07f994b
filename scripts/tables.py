"""Tables of aggregated results as text, Markdown, LaTeX (booktabs) and CSV. All show the same numbers: the first three rounded
alike, CSV in full precision. Standard library only."""
import io
import json
import math
import re
from dataclasses import dataclass, field
from typing import Callable, Dict, List, Optional, Sequence, Tuple

from records import visible
from wording import file_name, head_words, key_words, metric_words


@dataclass
class Cell:
    """One metric over the trials of one group; without a mean, `note` says why."""
    mean: Optional[float] = None
    sd: Optional[float] = None
    n: int = 0                      # trials with a value
    undefined: int = 0              # completed trials without one
    note: str = "-"
    chosen: str = ""
    best: bool = False
    show_n: bool = False
    contest: Tuple = ()             # cells of one contest are compared
    tied: bool = False              # not shown to be worse than the best


@dataclass
class Column:
    title: str
    place: str = ""                 # the values of the keys that it stands for in a pivot
    higher: Optional[bool] = None   # None: no direction is known, nothing is marked
    decimals: int = 4
    metric: str = ""
    at: Tuple[Tuple[str, str], ...] = ()    # keys and values that it stands for in a pivot
    head: str = ""                  # what it was asked to be called


@dataclass
class Row:
    key: List[str]
    cells: List[Cell]
    n: int = 0
    not_ok: str = ""
    baseline: bool = False          # of a constant model: no contender


@dataclass
class Table:
    keys: List[str]
    columns: List[Column]
    rows: List[Row]
    pivot: bool = False             # the columns stand for values of keys
    contest: str = "column"         # what the best is the best of, in words
    caption: List[str] = field(default_factory=list)
    conclusion: List[str] = field(default_factory=list)     # sentences that end the table
    heads: List[str] = field(default_factory=list)  # what the keys were asked to be called, empty where nothing was
    ties: str = ""                  # what makes a tie, in words; empty where none was looked for
    with_sd: bool = True
    title: Optional[str] = None     # the caption in LaTeX, in the place of its own
    label: str = ""

    @property
    def chosen(self) -> bool:
        return any(cell.chosen for row in self.rows for cell in row.cells)

    @property
    def not_ok(self) -> bool:
        return any(row.not_ok for row in self.rows)


def finish(table: Table) -> Table:
    """Marks the best cells and fixes the decimals of each column."""
    contests: Dict[Tuple, List[Cell]] = {}
    for j, column in enumerate(table.columns):
        cells = [row.cells[j] for row in table.rows]
        column.decimals = decimals([cell.mean for cell in cells if cell.mean is not None])
        for cell in (row.cells[j] for row in table.rows if not row.baseline):
            contests.setdefault((column.higher, cell.contest), []).append(cell)
    for (higher, _), cells in contests.items():
        mark_best(cells, higher)
    return table


def mark_best(cells: List[Cell], higher: Optional[bool]) -> None:
    """The best mean among the cells that rest on the most trials; nothing where there is nothing to compare."""
    known = [cell for cell in cells if cell.mean is not None]
    if higher is None or len(cells) < 2 or not known:
        return
    most = max(cell.n for cell in known)
    full = [cell for cell in known if cell.n == most]
    best = (max if higher else min)(cell.mean for cell in full)
    for cell in full:
        cell.best = cell.mean == best


def decimals(values: List[float]) -> int:
    """Four decimals up to 10, then five significant digits; more below 0.1, by the largest value of the column."""
    largest = max((abs(v) for v in values if math.isfinite(v)), default=0.0)
    if largest == 0:
        return 4
    exponent = math.floor(math.log10(largest))
    return min(12, 3 - exponent) if exponent < -1 else max(0, 4 - max(exponent, 0))


@dataclass
class Style:
    escape: Callable[[str], str]
    bold: Callable[[str], str]
    mark: str                       # how the caption names the mark
    pm: str
    tied: str = "≈"


def markdown_escape(text: str) -> str:
    text = re.sub(r"([\\`|*<\[\]])", r"\\\1", visible(text.replace("\n", " ")))
    return re.sub(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\_", text)


LATEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}",
         ">": r"\textgreater{}", "|": r"\textbar{}", '"': r"\textquotedbl{}", "±": r"$\pm$", "≈": r"$\approx$", "\n": " ",
         "`": r"\textasciigrave{}",
         "[": "{[}", "*": "{*}",      # either would be taken as an argument of the row's end before it
         **{c: "\\" + c for c in "&%$#_{}"}}


def latex_escape(text: str) -> str:
    return "".join(LATEX.get(c, c) for c in visible(text.replace("\n", " ")))


TEXT = Style(lambda s: visible(s.replace("\n", " ")), lambda s: "*" + s, "*", " ± ")
MARKDOWN = Style(markdown_escape, lambda s: "**" + s + "**", "bold", " ± ")
LATEX_STYLE = Style(latex_escape, lambda s: r"\textbf{" + s + "}", "bold", r" $\pm$ ", r"$\approx$")


def number(value: float, places: int) -> str:
    if not math.isfinite(value):
        return "inf" if value > 0 else "-inf"
    return "%.*f" % (places, value)


def shown(cell: Cell, places: int, style: Style, with_sd: bool) -> str:
    if cell.mean is None:
        return style.escape(cell.note)
    text = number(cell.mean, places)
    text = style.bold(text) if cell.best else style.tied + text if cell.tied else text
    if with_sd and cell.sd is not None:
        text += style.pm + number(cell.sd, places)
    return text + " (n=%d)" % cell.n if cell.show_n else text


def grid(table: Table, style: Style, with_sd: bool = True) -> Tuple[List[List[str]], int]:
    """Heading and rows as texts, and the number of leading columns that hold words."""
    chosen = table.chosen and not table.pivot
    tail = ([] if table.pivot else ["n"]) + (["not ok"] if table.not_ok else [])
    words = table.keys + (["chosen"] if chosen else [])
    heads = [head or k for k, head in zip(table.keys, table.heads or table.keys)]
    words = heads + words[len(heads):]
    lines = [[style.escape(s) for s in words + [column.title for column in table.columns] + tail]]
    for row in table.rows:
        line = [style.escape(s) for s in row.key + ([row.cells[0].chosen] if chosen else [])]
        line += [shown(cell, column.decimals, style, with_sd) for cell, column in zip(row.cells, table.columns)]
        line += [] if table.pivot else [str(row.n)]
        line += [style.escape(row.not_ok)] if table.not_ok else []
        lines.append(line)
    return lines, len(words)


def never_marked(table: Table) -> str:
    """What mark_best leaves out, in words: where all completed trials have a value, they are what it counts."""
    undefined = any(cell.undefined for row in table.rows if not row.baseline for cell in row.cells)
    return "means over fewer completed trials%s are never marked" % (" with a value that is defined" if undefined else "")


def caption(table: Table, style: Style, with_sd: bool = True) -> List[str]:
    facts = list(table.caption)
    return facts + signs(table, style, with_sd) + chosen_words(table)


def signs(table: Table, style: Style, with_sd: bool) -> List[str]:
    """What the numbers and their marks mean."""
    facts = []
    if any(cell.sd is not None for row in table.rows for cell in row.cells) and table.with_sd:
        facts.append("Each number is mean ± sample standard deviation." if with_sd else
                     "Each number is a mean; the terminal is too narrow for the standard deviations.")
    if any(cell.best for row in table.rows for cell in row.cells):
        facts.append("%s: best mean of its %s; %s." % (style.mark.capitalize(), table.contest, never_marked(table)))
    if any(cell.tied for row in table.rows for cell in row.cells):
        facts.append("≈: not shown to be worse than the best%s: %s." % (
            " by " + table.columns[0].metric if len({c.metric for c in table.columns}) > 1 else "", table.ties))
    return facts


def chosen_words(table: Table) -> List[str]:
    facts = []
    if table.pivot and table.chosen:
        for row in table.rows:
            settings = {column.place: cell.chosen for column, cell in zip(table.columns, row.cells) if cell.chosen}
            facts += ["Chosen for %s: %s." % (", ".join(row.key), "; ".join("%s: %s" % item for item in settings.items()))]
    return facts


def aligned(lines: List[List[str]], n_words: int, words: Sequence[int] = ()) -> List[str]:
    """The first n_words columns, and those listed, hold words and stand on the left."""
    widths = [max(map(len, column)) for column in zip(*lines)]
    pad = [str.ljust if j < n_words or j in words else str.rjust for j in range(len(widths))]
    out = ["  ".join(f(s, w) for f, s, w in zip(pad, line, widths)).rstrip() for line in lines]
    return [out[0], "  ".join("-" * w for w in widths)] + out[1:]


def text(table: Table, width: Optional[int] = None) -> str:
    """width: columns of the terminal, or None for as wide as it gets. What does not fit loses its standard deviations; what then still
    does not fit is set as several blocks of columns."""
    with_sd = table.with_sd
    lines = aligned(*grid(table, TEXT, with_sd))
    if width is not None and max(map(len, lines)) > width:
        with_sd = False
        lines = in_blocks(*grid(table, TEXT, with_sd), width)
    end = [""] + table.conclusion if table.conclusion else []
    return "\n".join(lines + [""] + list(map(TEXT.escape, caption(table, TEXT, with_sd) + end))) + "\n"


def in_blocks(lines: List[List[str]], n_words: int, width: int) -> List[str]:
    widths = [max(map(len, column)) + 2 for column in zip(*lines)]
    room, blocks = width + 2 - sum(widths[:n_words]), [[]]
    for j in range(n_words, len(widths)):
        if blocks[-1] and sum(widths[i] for i in blocks[-1]) + widths[j] > room:
            blocks.append([])
        blocks[-1].append(j)
    out: List[str] = []
    for block in blocks:
        out += ([""] if out else []) + aligned([line[:n_words] + [line[j] for j in block] for line in lines], n_words)
    return out


def markdown(table: Table, width: Optional[int] = None) -> str:
    lines, n_words = grid(table, MARKDOWN, table.with_sd)
    rule = [":---"] * n_words + ["---:"] * (len(lines[0]) - n_words)
    body = ["| " + " | ".join(line) + " |" for line in [lines[0], rule] + lines[1:]]
    return "\n".join(body + ["", MARKDOWN.escape(" ".join(caption(table, MARKDOWN) + table.conclusion))]) + "\n"


def latex(table: Table, width: Optional[int] = None) -> str:
    """Short heads; where the numbers come from stands in comments, for a caption is one sentence or two."""
    lines, n_words = grid(table, LATEX_STYLE, table.with_sd)
    lines[0] = list(map(LATEX_STYLE.escape, short_heads(table, len(lines[0]))))
    for line, row in zip(lines[1:], table.rows):
        line[:len(table.keys)] = [LATEX_STYLE.escape(file_name(v) if k.endswith(".path") else v) for k, v in zip(table.keys, row.key)]
    metrics = list(dict.fromkeys(c.metric for c in table.columns if c.metric))
    said = [metric_words(metrics[0])[:1].upper() + metric_words(metrics[0])[1:] + "."] if len(metrics) == 1 else []
    title = table.title if table.title is not None else " ".join(said + signs(table, LATEX_STYLE, table.with_sd))
    return latex_table(lines, "l" * n_words + "r" * (len(lines[0]) - n_words), title, table.label,
                       [r"needs \usepackage{booktabs} and \usepackage[T1]{fontenc}"]
                       + list(map(LATEX_STYLE.escape, table.caption + chosen_words(table) + table.conclusion)))


def short_heads(table: Table, n: int) -> List[str]:
    """learning rate, test accuracy, glass, 30 % noise: words for keys, metrics and the values that columns stand for."""
    several = len({c.metric for c in table.columns}) > 1
    heads = [head or key_words(k) for k, head in zip(table.keys, table.heads or [""] * len(table.keys))] + (["chosen"] if table.chosen and not table.pivot else [])
    heads += [c.head or " ".join(filter(None, (head_words(c.at), metric_words(c.metric) if several or not c.at else "", "(%)" if c.title.endswith(" (%)") else "")))
              if c.metric else c.title for c in table.columns]
    return heads + ([] if table.pivot else ["n"]) + (["not ok"] if table.not_ok else [])


def latex_table(lines: List[List[str]], shape: str, title: str, label: str, comments: Sequence[str]) -> str:
    rows = ["  " + " & ".join(line) + r" \\" for line in lines]
    return "\n".join([
        *("% " + line for line in comments),
        r"\begin{table}", r"  \centering",
        r"  \caption{" + LATEX_STYLE.escape(title) + "}", *([r"  \label{" + label + "}"] if label else []),
        r"  \begin{tabular}{" + shape + "}",
        r"  \toprule", rows[0], r"  \midrule", *rows[1:], r"  \bottomrule",
        r"  \end{tabular}", r"\end{table}"]) + "\n"


def csv_cell(cell: Cell, with_chosen: bool) -> List[str]:
    values = ["" if v is None else repr(v) for v in (cell.mean, cell.sd)]
    return values + [str(cell.n), "true" if cell.best else "false"] + ([cell.chosen] if with_chosen else [])


def inert(text: str) -> str:
    """A spreadsheet takes a text that begins like this for a formula; behind an apostrophe it is a text. Numbers stay numbers."""
    if text[:1] not in FORMULA or text == "-":
        return text
    try:
        float(text)
    except ValueError:
        return "'" + text
    return text


def csv_line(cells: List[str]) -> str:
    """Quoted where it must be, a carriage return too, which the csv module leaves bare."""
    return ",".join('"%s"' % c.replace('"', '""') if re.search('[,"\r\n]', c) else c for c in map(inert, cells)) + "\n"


FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(table: Table, width: Optional[int] = None) -> str:
    """One row a group, full precision: COLUMN, COLUMN.sd, COLUMN.n, COLUMN.best; nothing stands where there is no number."""
    each = table.chosen and table.pivot
    once = table.chosen and not table.pivot
    parts = ["", ".sd", ".n", ".best"] + ([".chosen"] if each else [])
    out = io.StringIO()

    def write(cells: List[str]) -> None:
        out.write(csv_line(cells))

    write(table.keys + (["chosen"] if once else []) + [c.title + part for c in table.columns for part in parts]
          + ["n"] + (["not ok"] if table.not_ok else []))
    for row in table.rows:
        write(row.key + ([row.cells[0].chosen] if once else []) + [s for cell in row.cells for s in csv_cell(cell, each)]
              + [str(row.n)] + ([row.not_ok] if table.not_ok else []))
    return out.getvalue()


def in_json(value: Optional[float]) -> object:
    """As in records: infinities are texts."""
    return value if value is None or math.isfinite(value) else number(value, 0)


def as_json(table: Table, width: Optional[int] = None) -> str:
    """Full precision, all that the table knows; scripts/README.md explains it."""
    def cell_block(cell: Cell) -> dict:
        out = {"mean": in_json(cell.mean), "sd": in_json(cell.sd), "n": cell.n, "best": cell.best, "tied": cell.tied}
        return {**out, **({"note": cell.note} if cell.mean is None else {}), **({"chosen": cell.chosen} if cell.chosen else {})}

    columns = [{"title": c.title, "metric": c.metric, "better": {True: "higher", False: "lower", None: None}[c.higher], "at": dict(c.at)} for c in table.columns]
    rows = [{"keys": dict(zip(table.keys, row.key)), "constant_model": row.baseline, "n": row.n, **({"not_ok": row.not_ok} if row.not_ok else {}),
             "cells": list(map(cell_block, row.cells))} for row in table.rows]
    return json.dumps({"schema": "lossbench-table/1", "keys": table.keys, "columns": columns, "rows": rows, "notes": table.caption,
                       "conclusion": table.conclusion}, indent=1, ensure_ascii=False) + "\n"


FORMATS = {"text": text, "md": markdown, "csv": as_csv, "latex": latex, "json": as_json}
