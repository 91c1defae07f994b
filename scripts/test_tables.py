"""Tables of tests and costs: the same sheet as text, Markdown, CSV, LaTeX and, through the page's template, HTML. All show the same
numbers, CSV in full precision. Standard library only."""
import json
import math
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Union

from tables import LATEX_STYLE, MARKDOWN, TEXT, Style, aligned, csv_line, decimals, in_json, latex_table, number
from wording import difference_words

Value = Union[str, int, float, None]


@dataclass
class Field:
    title: str
    kind: str = "number"            # word, count, number, p (a probability)
    places: int = 4
    signed: bool = False            # differences show their sign
    group: str = ""                 # columns of one group show the same places
    more: bool = False              # the page shows it on request
    fixed: bool = False             # as many places as were asked for, in intervals too
    end: bool = False               # low or high end of the interval of the number before it; CSV has a column of its own for it


@dataclass
class Sheet:
    name: str                       # of its files
    title: str
    fields: List[Field]
    rows: List[List[Value]]
    notes: List[str] = field(default_factory=list)
    rules: List[str] = field(default_factory=list)  # how to read it; a page of several sheets says each once
    bold: List[int] = field(default_factory=list)  # rows that stand out
    caption: Optional[str] = None   # in LaTeX, in the place of the title
    label: str = ""

    def __post_init__(self) -> None:
        values: Dict[str, List[float]] = {}
        for j, f in enumerate(self.fields):
            values.setdefault(f.group or str(j), []).extend(row[j] for row in self.rows if isinstance(row[j], (int, float)))
        for j, f in enumerate(self.fields):
            if f.kind == "number":
                f.places = decimals(values[f.group or str(j)])

    def columns(self) -> List["Shown"]:
        """What people see: a number and the ends of its interval stand in one column."""
        out = []
        for j, f in enumerate(self.fields):
            if f.end:
                continue
            ends = j + 2 < len(self.fields) and self.fields[j + 1].end and self.fields[j + 2].end
            out.append(Shown(f.title + " [95 % interval]" if ends else f.title, f, j, ends))
        return out


@dataclass
class Shown:
    title: str
    field: Field
    at: int                         # of its value in a row
    ends: bool                      # the two values after it are the ends of its interval

    def text(self, row: List[Value]) -> str:
        if not self.ends or not all(isinstance(v, (int, float)) and math.isfinite(v) for v in row[self.at:self.at + 3]):
            return shown(row[self.at], self.field)
        return difference_words(*row[self.at:self.at + 3], self.field.places if self.field.fixed else None)


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
    columns = sheet.columns()
    out = [[style.escape(c.title) for c in columns]]
    for i, row in enumerate(sheet.rows):
        line = [style.escape(c.text(row)) for c in columns]
        out.append([style.bold(line[0])] + line[1:] if i in sheet.bold else line)
    return out


def text(sheet: Sheet, width: Optional[int] = None) -> str:
    words = [j for j, c in enumerate(sheet.columns()) if c.field.kind == "word"]
    body = aligned(lines_of(sheet, TEXT), 0, words) if sheet.rows else []
    return "\n".join([sheet.title, ""] + body + ([""] if body else []) + sheet.notes + sheet.rules) + "\n"


def markdown(sheet: Sheet, width: Optional[int] = None) -> str:
    lines = lines_of(sheet, MARKDOWN)
    rule = [":---" if c.field.kind == "word" else "---:" for c in sheet.columns()]
    body = ["| " + " | ".join(line) + " |" for line in [lines[0], rule] + lines[1:]] + [""] if sheet.rows else []
    return "\n".join(["**" + MARKDOWN.escape(sheet.title) + "**", ""] + body + [MARKDOWN.escape(" ".join(sheet.notes + sheet.rules))]) + "\n"


def latex(sheet: Sheet, width: Optional[int] = None) -> str:
    shape = "".join("l" if c.field.kind == "word" else "r" for c in sheet.columns())
    title = sheet.caption if sheet.caption is not None else sheet.title + "."
    return latex_table(lines_of(sheet, LATEX_STYLE), shape, title, sheet.label,
                       [r"needs \usepackage{booktabs} and \usepackage[T1]{fontenc}"] + list(map(LATEX_STYLE.escape, sheet.notes + sheet.rules)))


def full(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else number(value, 0)
    return str(value)


def as_csv(sheet: Sheet, width: Optional[int] = None) -> str:
    return "".join(map(csv_line, [[f.title for f in sheet.fields]] + [[full(v) for v in row] for row in sheet.rows]))


def as_json(sheet: Sheet, width: Optional[int] = None) -> str:
    rows = [{f.title: in_json(v) if isinstance(v, float) else v for f, v in zip(sheet.fields, row)} for row in sheet.rows]
    return json.dumps({"schema": "lossbench-table/1", "table": sheet.name, "title": sheet.title, "rows": rows, "notes": sheet.notes,
                       "rules": sheet.rules}, indent=1, ensure_ascii=False) + "\n"


SHEET_FORMATS = {"text": text, "md": markdown, "csv": as_csv, "latex": latex, "json": as_json}
