"""Tables of tests and costs: the same sheet as text, Markdown, CSV, LaTeX and, through the page's template, HTML. All show the same
numbers, CSV in full precision. Standard library only."""
import csv
import io
import math
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Union

from tables import LATEX_STYLE, MARKDOWN, TEXT, Style, aligned, decimals, number

Value = Union[str, int, float, None]


@dataclass
class Field:
    title: str
    kind: str = "number"            # word, count, number, p (a probability)
    places: int = 4
    signed: bool = False            # differences show their sign
    group: str = ""                 # columns of one group show the same places


@dataclass
class Sheet:
    name: str                       # of its files
    title: str
    fields: List[Field]
    rows: List[List[Value]]
    notes: List[str] = field(default_factory=list)
    bold: List[int] = field(default_factory=list)  # rows that stand out

    def __post_init__(self) -> None:
        values: Dict[str, List[float]] = {}
        for j, f in enumerate(self.fields):
            values.setdefault(f.group or str(j), []).extend(row[j] for row in self.rows if isinstance(row[j], (int, float)))
        for j, f in enumerate(self.fields):
            if f.kind == "number":
                f.places = decimals(values[f.group or str(j)])

    @property
    def n_words(self) -> int:
        return next((j for j, f in enumerate(self.fields) if f.kind != "word"), len(self.fields))


def shown(value: Value, f: Field) -> str:
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    if f.kind == "count":
        return "%d" % value
    if f.kind == "p":
        return "<0.001" if value < 0.001 else "%.3f" % value
    text = number(value, f.places)
    return "+" + text if f.signed and value > 0 and not text.startswith("+") else text


def lines_of(sheet: Sheet, style: Style) -> List[List[str]]:
    out = [[style.escape(f.title) for f in sheet.fields]]
    for i, row in enumerate(sheet.rows):
        line = [style.escape(shown(v, f)) for v, f in zip(row, sheet.fields)]
        out.append([style.bold(line[0])] + line[1:] if i in sheet.bold else line)
    return out


def text(sheet: Sheet, width: Optional[int] = None) -> str:
    body = aligned(lines_of(sheet, TEXT), sheet.n_words) if sheet.rows else []
    return "\n".join([sheet.title, ""] + body + ([""] if body else []) + sheet.notes) + "\n"


def markdown(sheet: Sheet, width: Optional[int] = None) -> str:
    lines = lines_of(sheet, MARKDOWN)
    rule = [":---" if f.kind == "word" else "---:" for f in sheet.fields]
    body = ["| " + " | ".join(line) + " |" for line in [lines[0], rule] + lines[1:]] + [""] if sheet.rows else []
    return "\n".join(["**" + MARKDOWN.escape(sheet.title) + "**", ""] + body + [MARKDOWN.escape(" ".join(sheet.notes))]) + "\n"


def latex(sheet: Sheet, width: Optional[int] = None) -> str:
    lines = lines_of(sheet, LATEX_STYLE)
    rows = ["  " + " & ".join(line) + r" \\" for line in lines]
    shape = "".join("l" if f.kind == "word" else "r" for f in sheet.fields)
    return "\n".join([
        r"% needs \usepackage{booktabs} and \usepackage[T1]{fontenc}",
        r"\begin{table}", r"  \centering",
        r"  \caption{" + LATEX_STYLE.escape(" ".join([sheet.title + "."] + sheet.notes)) + "}",
        r"  \begin{tabular}{" + shape + "}",
        r"  \toprule", rows[0], r"  \midrule", *rows[1:], r"  \bottomrule",
        r"  \end{tabular}", r"\end{table}"]) + "\n"


def full(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else number(value, 0)
    return str(value)


def as_csv(sheet: Sheet, width: Optional[int] = None) -> str:
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n").writerow
    write([f.title for f in sheet.fields])
    for row in sheet.rows:
        write([full(v) for v in row])
    return out.getvalue()


SHEET_FORMATS = {"text": text, "md": markdown, "csv": as_csv, "latex": latex}
