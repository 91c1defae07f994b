"""What all figures share: the file as SVG, PDF or PNG, the form that stands in a page, and a palette that colour-blind readers can tell
apart (two colours after Okabe and Ito, the others far from them and from each other, as each kind of colour-blindness sees them). Files are as
wide as a paper's column, figures of the page as it has room. Needs matplotlib; no setting of its own is read from anywhere."""
import contextlib
import io
import json
import logging
import math
import os
import re
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Callable, Iterator, List, Optional, Sequence, Tuple


def imported_bare() -> ModuleType:
    """matplotlib with its defaults: it would read settings from the working folder, the environment and the home."""
    os.environ.pop("MPLBACKEND", None)
    os.environ["MATPLOTLIBRC"] = os.devnull
    logging.getLogger("matplotlib").setLevel(logging.ERROR)     # a home without a place for its cache is no concern of the reader
    here = os.getcwd()
    os.chdir(Path(__file__).resolve().parent)
    try:
        import matplotlib
        import matplotlib.patches
        import matplotlib.path
        import matplotlib.ticker
    finally:
        os.chdir(here)
    matplotlib.use("Agg")
    return matplotlib


matplotlib = imported_bare()
from matplotlib.figure import Figure  # noqa: E402

WIDTH, HEIGHT = 3.35, 2.45              # inches
NARROW, HALF, WHOLE, THIRD = (WIDTH, HEIGHT), (5.6, 2.9), (11.4, 3.4), (3.6, 2.5)
PAGE_SIZES = {1: (WHOLE, HALF, NARROW), 2: (HALF, NARROW), 4: (HALF, NARROW)}   # by the number of figures in a section; others: THIRD
REM = 6.2                               # rem an inch: type of 8 points is then 11 pixels high
INK, RULE, ACCENT, WORSE = "#1f2328", "#c9ced6", "#0072b2", "#b84a00"
COLOURS = (ACCENT, "#d55e00", "#00a860", "#f048e4", "#6c6024", "#7800fc", "#8c8c8c")
LIGHTER = dict(zip(COLOURS, ("#5cb3ea", "#ff8c42", "#a8d8b4", "#f00048", "#fccc00", "#a848f0", "#909090")))  # on a dark page
LIGHTER[WORSE] = "#ff9a5c"
DASHES = ("-", (0, (4, 1.5)), (0, (1, 1.2)))
MANY = 10                               # contenders up to which all are coloured and named
STYLE = {"font.size": 8, "font.family": "sans-serif", "axes.labelsize": 8, "axes.titlesize": 8, "xtick.labelsize": 7.5,
         "ytick.labelsize": 7.5, "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": INK, "xtick.color": INK, "ytick.color": INK,
         "axes.linewidth": 0.6, "xtick.major.width": 0.6, "ytick.major.width": 0.6, "svg.fonttype": "none", "pdf.fonttype": 42,
         "axes.spines.top": False, "axes.spines.right": False, "axes.unicode_minus": False, "axes.titley": 1.0, "lines.linewidth": 1.4}


@dataclass
class Plot:
    name: str                           # of its files
    title: str
    alt: str
    draw: Callable[[Figure], None]
    size: Tuple[float, float] = (WIDTH, HEIGHT)
    note: str = ""
    page_sizes: Sequence[Tuple[float, float]] = ()  # of the page: for wide, middling and narrow windows; the size where there are none

    def figure(self, size: Tuple[float, float]) -> Figure:
        figure = Figure(figsize=size, dpi=POINTS)
        figure.marks = Marks()
        self.draw(figure)
        return figure

    def render(self, kind: str) -> bytes:
        """svg, pdf or png; the same bytes each time."""
        with settings(self.name):
            return saved(self.figure(self.size), kind)

    def sizes(self) -> Sequence[Tuple[float, float]]:
        return self.page_sizes or (self.size,)

    @property
    def rem(self) -> float:
        """Width on the page, in rem."""
        return self.sizes()[0][0] * REM

    def inline(self) -> str:
        """SVG to stand in a page, one for each size, of which the style sheet shows the one that fits: its ink, its rules and its colours
        follow the page's scheme."""
        shown = {1: ("",), 2: ("wide", "narrow"), 3: ("whole", "half", "narrow")}[len(self.sizes())]
        return "".join(self.one_inline(size, which) for size, which in zip(self.sizes(), shown))

    def one_inline(self, size: Tuple[float, float], which: str) -> str:
        with settings(self.name):
            figure = self.figure(size)
            svg = saved(figure, "svg").decode("utf-8")
        svg = lean(svg[svg.index("<svg"):])
        marks = figure.marks.text(figure)
        svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg, count=1)
        svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', lambda m: '%s%s role="img" aria-label="%s"%s' % (
            m[1], ' class="%s"' % which if which else "", attribute(self.alt), ' data-marks="%s"' % attribute(marks) if marks else ""), svg, count=1)
        prefix = "p" + re.sub(r"\W", "_", self.name) + which[:1] + "-"
        svg = re.sub(r'\bid="([^"]*)"', r'id="%s\1"' % prefix, svg)
        svg = re.sub(r'(href="#|url\(#)', r"\g<1>" + prefix, svg)
        svg = svg.replace(INK, "currentColor").replace(RULE, "var(--rule)").replace("#ffffff", "var(--paper)")
        for i, colour in enumerate(LIGHTER):
            svg = svg.replace(colour, "var(--line-%d)" % i)
        return svg


POINTS = 72                             # an inch: coordinates are then those of the SVG
DOTS = 300                              # an inch of a PNG


@contextlib.contextmanager
def settings(name: str) -> Iterator[None]:
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update({**STYLE, "svg.hashsalt": name})
        yield


def saved(figure: Figure, kind: str) -> bytes:
    out = io.BytesIO()
    info = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {"Software": None}}[kind]
    more = {"dpi": DOTS, "facecolor": "#ffffff"} if kind == "png" else {"transparent": True}
    figure.savefig(out, format=kind, metadata=info, **more)
    return out.getvalue()


def together(made: List[Plot], kind: str, size: Optional[Tuple[float, float]], titled: bool) -> bytes:
    """Panels in rows of two in one file, under their titles; a single one without, unless it is asked for."""
    columns = min(2, len(made))
    rows = -(-len(made) // columns)
    wide, high = size or (max(p.size[0] for p in made), max(p.size[1] for p in made))
    top = TITLE if titled or len(made) > 1 else 0.0
    with settings("-".join(p.name for p in made)):
        figure = Figure(figsize=(wide * columns, (high + top) * rows), dpi=POINTS)
        for i, plot in enumerate(made):
            at = figure.add_gridspec(rows, columns, left=0, right=1, bottom=0, top=1, wspace=0, hspace=0)[i // columns, i % columns]
            cell = figure.add_subfigure(at)
            panel = cell.add_subfigure(cell.add_gridspec(2, 1, left=0, right=1, bottom=0, top=1, hspace=0, height_ratios=(max(top, 1e-9), high))[1])
            panel.marks = Marks()
            plot.draw(panel)
            if top:
                cell.text(0.01, 1 - 0.04 / (high + top), plain(plot.title), ha="left", va="top", fontsize=8, weight="bold")
        return saved(figure, kind)


TITLE = 0.22                            # inches above a panel

# ---- what a reader can point at ----

SERIES = "series:"


def of_series(name: str) -> str:
    """The id of what is drawn for a contender; a page makes data-s of it, by which its scripts choose."""
    return SERIES + name


class Marks:
    """Places in a figure that tell what stands there."""

    def __init__(self) -> None:
        self.places: List[Tuple[object, float, float, str, str]] = []

    def add(self, axes, x: float, y: float, series: str, text: str) -> None:
        if math.isfinite(x) and math.isfinite(y):
            self.places.append((axes, x, y, series, text))

    def text(self, figure: Figure) -> str:
        """[[x, y, series, text], ...] in the coordinates of the SVG; empty without places in the frame."""
        height, out = figure.bbox.height, []
        for axes, x, y, series, text in self.places:
            left, up = axes.transData.transform((x, y))
            if axes.bbox.padded(1).contains(left, up):
                out.append([round(float(left), 1), round(float(height - up), 1), series, text])
        return json.dumps(out, ensure_ascii=False, separators=(",", ":")) if out else ""


def lean(svg: str) -> str:
    """Without what does not show: metadata, digits, fonts of its own, names of parts that nothing refers to."""
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.S)
    svg = re.sub(r"<[^>]*>", lambda tag: re.sub(r"(?<![\w#])-?\d+\.\d{3,}", short_number, tag[0]), svg)
    svg = re.sub(r"font: ((?:bold )?)([\d.]+)px '[^;\"]*?sans-serif", lambda m: "font-size: %spx%s" % (m[2], "; font-weight: 700" if m[1] else ""), svg)
    svg = re.sub(r' transform="rotate\(-?0 [^"]*\)"', "", svg)
    svg = re.sub(r"\s*\n\s*", " ", svg)
    used = set(re.findall(r'(?:href="#|url\(#)([^")]*)', svg))
    svg = re.sub(r' id="([^"]*)"', lambda m: m[0] if m[1] in used else ' data-s="%s"' % m[1][len(SERIES):] if m[1].startswith(SERIES) else "", svg)
    svg = re.sub(r'<path d="[^"]*" style="fill: none"/>', "", svg)
    before = ""
    while before != svg:
        before, svg = svg, re.sub(r"<g(?: data-s=\"[^\"]*\")?(?:>\s*</g>|/>)|<defs>\s*</defs>", "", svg)
    return re.sub(r"> +<", "><", svg)


def arrange(made: List[Plot]) -> None:
    """Gives the figures of a section the room that the page has for so many."""
    for plot in made:
        plot.page_sizes = PAGE_SIZES.get(len(made), (THIRD,))


def colour_variables(dark: bool) -> str:
    """The style sheet's names of the colours that inline() writes."""
    return " ".join("--line-%d: %s;" % (i, LIGHTER[colour] if dark else colour) for i, colour in enumerate(LIGHTER))


def attribute(text: str) -> str:
    for a, b in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(a, b)
    return text


def plain(text: str) -> str:
    """Names are never taken for formulas."""
    return text.replace("$", r"\$")


def short_number(number: "re.Match") -> str:
    """A coordinate with the digits that can be seen."""
    value = float(number[0])
    return "%.4g" % value if abs(value) < 1 else "%.2f" % value


def short(text: str, most: int = 16) -> str:
    return plain(text if len(text) <= most else text[:most - 1] + "…")
