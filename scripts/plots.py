"""Figures of a study as SVG and PDF: a palette that colour-blind readers can tell apart (after Okabe and Ito, darkened to stand out from
white), lines also told apart by dashes, labels at the lines. Files are as wide as a paper's column, figures of the page as it has room.
Needs numpy and matplotlib; no setting of theirs is read from anywhere."""
import io
import logging
import math
import os
import re
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Callable, Dict, List, Optional, Sequence, Tuple

import numpy as np

from wording import signed


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
        import matplotlib.ticker
    finally:
        os.chdir(here)
    matplotlib.use("Agg")
    return matplotlib


matplotlib = imported_bare()
from matplotlib.figure import Figure  # noqa: E402

WIDTH, HEIGHT = 3.35, 2.45              # inches
PAGE_SIZES = {1: (5.4, 2.9), 2: (4.9, 2.9), 4: (4.9, 2.9)}  # by the number of figures in a section of the page
INK, RULE, ACCENT, WORSE = "#1f2328", "#c9ced6", "#0072b2", "#b84a00"
COLOURS = (ACCENT, "#d55e00", "#009e73", "#c05f98", "#a97500", "#2f8fc4", "#767676")
LIGHTER = dict(zip(COLOURS, ("#5cb3ea", "#ff8c42", "#35c79c", "#e59cc8", "#e8ae2c", "#8fd0f5", "#a8adb5")))  # on a dark page
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
    page_size: Optional[Tuple[float, float]] = None

    def render(self, kind: str, size: Optional[Tuple[float, float]] = None) -> bytes:
        """svg or pdf; the same bytes each time."""
        out = io.BytesIO()
        with matplotlib.rc_context():
            matplotlib.rcdefaults()
            matplotlib.rcParams.update({**STYLE, "svg.hashsalt": self.name})
            figure = Figure(figsize=size or self.size)
            self.draw(figure)
            info = {"Date": None} if kind == "svg" else {"CreationDate": None}
            figure.savefig(out, format=kind, transparent=True, metadata=info)
        return out.getvalue()

    @property
    def rem(self) -> float:
        """Width on the page, in rem: type of 8 points is then 11 pixels high."""
        return (self.page_size or self.size)[0] * 6.2

    def inline(self) -> str:
        """SVG to stand in a page: its ink, its rules and its colours follow the page's scheme."""
        svg = self.render("svg", self.page_size).decode("utf-8")
        svg = svg[svg.index("<svg"):]
        svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.S)
        svg = re.sub(r"<[^>]*>", lambda tag: re.sub(r"(?<![\w#])-?\d+\.\d{3,}", short_number, tag[0]), svg)
        svg = re.sub(r"\s*\n\s*", " ", svg)
        svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg, count=1)
        svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r'\1 role="img" aria-label="%s"' % attribute(self.alt).replace("\\", r"\\"), svg, count=1)
        prefix = "p" + re.sub(r"\W", "_", self.name) + "-"
        svg = re.sub(r'\bid="([^"]*)"', r'id="%s\1"' % prefix, svg)
        svg = re.sub(r'(href="#|url\(#)', r"\g<1>" + prefix, svg)
        svg = svg.replace(INK, "currentColor").replace(RULE, "var(--rule)").replace("#ffffff", "var(--paper)")
        for i, colour in enumerate(LIGHTER):
            svg = svg.replace(colour, "var(--line-%d)" % i)
        return svg


def arrange(made: List[Plot]) -> None:
    """Gives the figures of a section the room that the page has for so many."""
    for plot in made:
        plot.page_size = PAGE_SIZES.get(len(made), (WIDTH, HEIGHT))


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


# ---- lines with their names ----

@dataclass
class Line:
    """y is NaN where no trial ended, and the line is broken there. lost: x, trials lost, trials."""
    name: str
    x: Sequence[float]
    y: Sequence[float]
    spread: Optional[Sequence[float]] = None
    lost: Sequence[Tuple[float, int, int]] = ()


def looks(contenders: List[str], best_first: List[str], control: str) -> Dict[str, dict]:
    """Colour and dashes of each contender, the same in all plots; of many only the best and the control stand out."""
    ranked = list(dict.fromkeys(c for c in best_first[:1] + [control] + best_first if c in contenders))
    named = ranked if len(contenders) <= MANY else ranked[:7]
    out = {c: {"color": RULE, "linewidth": 0.8, "zorder": 1} for c in contenders}
    for i, c in enumerate(named):
        out[c] = {"color": COLOURS[i % len(COLOURS)], "linestyle": DASHES[i // len(COLOURS) % len(DASHES)], "zorder": 2}
    return out


def spread_out(at: List[float], gap: float, low: float, high: float) -> List[float]:
    """Positions near `at`, in its order, at least gap apart and within the bounds where there is room."""
    order = sorted(range(len(at)), key=lambda i: at[i])
    gap = min(gap, (high - low) / max(1, len(at) - 1)) if len(at) > 1 else gap
    out = [0.0] * len(at)
    floor = low
    for i in order:
        out[i] = floor = max(at[i], floor)
        floor += gap
    ceiling = high
    for i in reversed(order):
        out[i] = min(out[i], ceiling)
        ceiling = out[i] - gap
    return out


LABEL_ROOM, CHARACTER, STRIP_ROW = 0.34, 0.062, 0.135   # inches


def draw_lines(figure: Figure, lines: List[Line], style: Dict[str, dict], xlabel: str, ylabel: str, log_x: bool = False,
               marks: bool = False, log_y: bool = False, level: Optional[Tuple[str, float]] = None, y_from: float = -math.inf) -> None:
    """level: a constant to compare with, and its name. y_from: values at smaller x do not set the range of y."""
    width, height = figure.get_size_inches()
    named = [line for line in lines if style[line.name]["color"] != RULE]
    losing = [line for line in lines if line.lost]
    left, bottom, top = 0.5, 0.4, 0.23
    strip = STRIP_ROW * len(losing) + 0.1 if losing else 0.0
    right = LABEL_ROOM + CHARACTER * max((len(short(line.name)) for line in named + losing), default=0)
    wide, high = max(0.8, width - left - right), max(0.6, height - bottom - top - strip)
    axes = figure.add_axes([left / width, (bottom + strip) / height, wide / width, high / height])
    axes.set_xscale("log" if log_x else "linear")
    axes.set_yscale("log" if log_y else "linear")
    for line in lines:
        draw_line(axes, line, style[line.name], marks)
    if level:
        axes.axhline(level[1], color=INK, linewidth=0.8, linestyle=(0, (2, 2)), zorder=1)
        axes.annotate(plain(level[0]), (1.0, level[1]), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=6.5)
    axes.grid(axis="y", color=RULE, linewidth=0.4)
    axes.set_axisbelow(True)
    axes.set_title(plain(ylabel), loc="left", pad=4)
    bound_y(axes, lines, log_y, y_from)
    values = [float(v) for line in lines for v in line.x] + [x for line in losing for x, _, _ in line.lost]
    set_ticks(axes, values, log_x, marks)
    if losing:
        axes.tick_params(axis="x", labelbottom=False)
        below = figure.add_axes([left / width, bottom / height, wide / width, (strip - 0.1) / height], sharex=axes)
        draw_lost(below, losing, style)
        axes.tick_params(axis="x", labelbottom=False)
        below.set_xlabel(plain(xlabel), labelpad=2)
    else:
        axes.set_xlabel(plain(xlabel), labelpad=2)
    label_ends(axes, named, style, high)


def draw_line(axes, line: Line, look: dict, marks: bool) -> None:
    """A point whose trials were lost in part is hollow."""
    x, y = np.array(line.x, dtype=float), np.array(line.y, dtype=float)
    axes.plot(x, y, marker="o" if marks else None, markersize=3.2, **look)
    partly = [i for i, at in enumerate(x) if any(at == lost for lost, _, _ in line.lost) and math.isfinite(y[i])]
    axes.plot(x[partly], y[partly], linestyle="", marker="o", markersize=4.2, markerfacecolor="#ffffff", markeredgecolor=look["color"],
              zorder=look["zorder"] + 0.5)
    if line.spread is not None and look["color"] != RULE:
        s = np.array(line.spread)
        axes.fill_between(x, y - s, y + s, color=look["color"], alpha=0.13, linewidth=0, zorder=look["zorder"] - 0.5)


def bound_y(axes, lines: List[Line], log_y: bool, y_from: float) -> None:
    late = [v for line in lines for x, v in zip(line.x, line.y) if x >= y_from and math.isfinite(v) and (v > 0 or not log_y)]
    if late and math.isfinite(y_from) and max(late) > min(late) and not log_y:
        pad = 0.06 * (max(late) - min(late))
        axes.set_ylim(min(late) - pad, max(late) + pad)


def set_ticks(axes, values: List[float], log_x: bool, marks: bool) -> None:
    """At the values that were tried, where these are few; counts at whole numbers."""
    tried = sorted(set(values))
    if marks and 1 < len(tried) <= 6:
        axes.set_xticks(tried, ["%.4g" % v for v in tried])
        axes.minorticks_off()
    elif not log_x and all(v.is_integer() for v in values):
        axes.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(integer=True, nbins=6))


def draw_lost(axes, losing: List[Line], style: Dict[str, dict]) -> None:
    """Below a plot, a row for each line that lost trials: a cross and how many of how many."""
    for row, line in enumerate(losing):
        colour = style[line.name]["color"] if style[line.name]["color"] != RULE else INK
        for x, k, n in line.lost:
            axes.plot([x], [row], marker="x", color=colour, markersize=3.6, markeredgewidth=1.2, clip_on=False)
            axes.annotate("%d/%d" % (k, n), (x, row), (4, 0), textcoords="offset points", va="center", fontsize=6, annotation_clip=False)
        axes.annotate(short(line.name), (1.0, row), (4, 0), xycoords=("axes fraction", "data"), textcoords="offset points", va="center",
                      fontsize=6.5, annotation_clip=False)
    axes.set_ylim(len(losing) - 0.5, -0.5)
    axes.set_yticks([(len(losing) - 1) / 2], ["lost"])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def label_ends(axes, lines: List[Line], style: Dict[str, dict], inches: float) -> None:
    """The name of each line beside its end, in ink, joined to it in the line's colour."""
    low, high = axes.get_ylim()
    to_unit = axes.transData + axes.transAxes.inverted()
    ends = [(line, [(x, v) for x, v in zip(line.x, line.y) if math.isfinite(v)][-1:]) for line in lines]
    ends = [(line, float(to_unit.transform(end[0])[1])) for line, end in ends if end]
    ends = [(line, min(1.0, max(0.0, y))) for line, y in ends if math.isfinite(y)]
    axes.set_ylim(low, high)
    places = spread_out([y for _, y in ends], 9.2 / 72 / inches, 0.0, 1.0)
    for (line, y), at in zip(ends, places):
        look = style[line.name]
        axes.annotate(short(line.name), (1.0, y), (14, (at - y) * inches * 72), xycoords="axes fraction", textcoords="offset points",
                      va="center", fontsize=7.5, annotation_clip=False,
                      arrowprops={"arrowstyle": "-", "color": look["color"], "linewidth": 1.6,
                                  "linestyle": look.get("linestyle", "-"), "shrinkA": 0, "shrinkB": 0,
                                  "relpos": (0, 0.5)})


# ---- differences from the control ----

@dataclass
class Effect:
    """A difference with its interval; without numbers `words` say why."""
    name: str
    mean: float
    low: float
    high: float
    word: str                           # better, worse, or anything else
    words: str = ""


def draw_differences(figure: Figure, effects: List[Effect], control: str, rope: float, xlabel: str, better: str,
                     level: Optional[Tuple[str, float]] = None) -> None:
    """A dot and an interval for each; the band is the region of practical equivalence. better: the side on which better is."""
    width, height = figure.get_size_inches()
    left, bottom, top = 0.12 + 0.066 * max(len(short(e.name)) for e in effects), 0.42, 0.3
    axes = figure.add_axes([left / width, bottom / height, (width - left - 0.16) / width, (height - bottom - top) / height])
    reach = reach_of(effects, rope)
    axes.axvspan(-min(rope, reach), min(rope, reach), color=RULE, alpha=0.45, linewidth=0, zorder=0)
    axes.axvline(0, color=INK, linewidth=0.8, zorder=1)
    if level and abs(level[1]) <= reach:
        axes.axvline(level[1], color=INK, linewidth=0.8, linestyle=(0, (2, 2)), zorder=1)
        axes.annotate(plain(level[0]), (level[1], 0), (2, 2), xycoords=("data", "axes fraction"), textcoords="offset points", fontsize=6.5)
    for row, e in enumerate(effects):
        draw_effect(axes, row, e, reach)
    axes.set_xlim(-1.04 * reach, 1.04 * reach)
    axes.set_ylim(len(effects) - 0.4, -0.6)
    axes.set_yticks(range(len(effects)), [short(e.name) for e in effects])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(nbins=max(3, int(width * 1.2))))
    axes.set_xlabel(plain(xlabel), labelpad=2)
    axes.annotate(short(control), (0, 1), (0, 3), xycoords=("data", "axes fraction"), textcoords="offset points", ha="center", va="bottom")
    for side, x in (("left", 0.0), ("right", 1.0)):
        axes.annotate("better" if side == better else "worse", (x, 1), (0, 3), xycoords="axes fraction", textcoords="offset points",
                      ha=side, va="bottom", fontsize=7)


def reach_of(effects: List[Effect], rope: float) -> float:
    """Half of the range that is drawn: all intervals, unless a few are far beyond most."""
    dots = sorted(abs(e.mean) for e in effects if math.isfinite(e.mean))
    ends = sorted(max(abs(e.low), abs(e.high)) for e in effects if math.isfinite(e.low) and math.isfinite(e.high))
    if not ends:
        return 2 * rope or 1.0
    usual = max(6 * dots[len(dots) // 2], 3 * ends[0], 1e-12)
    reach = min(ends[-1], max(usual, ends[len(ends) // 2]))
    return 1.05 * max(reach, 1.2 * rope if rope < 4 * reach else 0) or 1.0


def draw_effect(axes, row: int, e: Effect, reach: float) -> None:
    if not math.isfinite(e.mean):
        axes.annotate(plain(e.words), (0.02, row), xycoords=("axes fraction", "data"), va="center", fontsize=7)
        return
    colour = {"better": ACCENT, "worse": WORSE}.get(e.word, INK)
    axes.plot([max(e.low, -1.04 * reach), min(e.high, 1.04 * reach)], [row, row], color=colour, linewidth=1.4, zorder=2, solid_capstyle="butt")
    if abs(e.mean) > reach:
        side = -1 if e.mean < 0 else 1
        axes.plot([side * reach], [row], marker="<" if side < 0 else ">", color=colour, markersize=5, zorder=3)
        axes.annotate(signed(e.mean, 2 if abs(e.mean) < 100 else 0), (side * reach, row), (-7 * side, 0), textcoords="offset points", va="center",
                      ha="right" if side > 0 else "left", fontsize=7, bbox={"facecolor": "#ffffff", "linewidth": 0, "pad": 0.6})
        return
    axes.plot([e.mean], [row], marker="o", markersize=5, color=colour, zorder=3,
              markerfacecolor=colour if e.word in ("better", "worse") else "#ffffff", markeredgewidth=1.2)


# ---- ranks ----

def draw_ranks(figure: Figure, names: List[str], mean: List[float], cd: Optional[float], runs: List[Tuple[int, int]]) -> None:
    """Best on the left. With a critical difference, bars join contenders that it does not tell apart (Demsar 2006)."""
    k = len(names)
    axes = figure.add_axes([0.02, 0.02, 0.96, 0.96])
    half = (k + 1) // 2
    top = 0.9 + 0.32 * len(runs) + 0.3
    axes.set_ylim(top + 0.62 * half + 0.25, -1.5 if cd else -0.8)
    span = max(k - 1, 1)
    axes.set_xlim(1 - 0.75 * span, k + 0.75 * span)
    axes.axis("off")
    axes.plot([1, k], [0, 0], color=INK, linewidth=0.8)
    for r in range(1, k + 1):
        axes.plot([r, r], [-0.12, 0], color=INK, linewidth=0.6)
        if k <= 12 or r in (1, k) or r % 5 == 0:
            axes.text(r, -0.2, str(r), ha="center", va="bottom", fontsize=7.5)
    if cd:
        axes.plot([1, 1 + cd], [-1.05, -1.05], color=INK, linewidth=1.2)
        axes.text(1 + cd / 2, -1.12, "critical difference %.2f" % cd, ha="center", va="bottom", fontsize=7.5)
    for i, (name, r) in enumerate(zip(names, mean)):
        left = i < half
        y = top + 0.62 * (i if left else k - 1 - i)
        end = 1 - 0.06 * span if left else k + 0.06 * span
        axes.plot([r, r, end], [0, y, y], color=ACCENT if i == 0 else INK, linewidth=0.7)
        text = "%s  %.2f" % (short(name), r) if left else "%.2f  %s" % (r, short(name))
        axes.text(end + (-0.03 if left else 0.03) * span, y, text, ha="right" if left else "left", va="center", fontsize=7.5,
                  color=ACCENT if i == 0 else INK, weight="bold" if i == 0 else "normal")
    for j, (first, last) in enumerate(runs):
        axes.plot([mean[first] - 0.04, mean[last] + 0.04], [0.55 + 0.32 * j] * 2, color=INK, linewidth=2.4, solid_capstyle="round")


# ---- reliability and confusion ----

def draw_reliability(figure: Figure, bins: Dict[str, List[Tuple[float, float, int]]], style: Dict[str, dict]) -> None:
    width, height = figure.get_size_inches()
    high = height - 0.63
    right = LABEL_ROOM + CHARACTER * max(len(short(name)) for name in bins)
    axes = figure.add_axes([0.5 / width, 0.4 / height, (width - 0.5 - right) / width, high / height])
    axes.plot([0, 1], [0, 1], color=RULE, linewidth=0.8)
    lines = []
    for name, points in bins.items():
        x, y, n = zip(*points)
        look = {**style[name], "color": style[name]["color"] if style[name]["color"] != RULE else INK}
        axes.plot(x, y, **look)
        axes.scatter(x, y, s=[3 + 28 * v / max(n) for v in n], color=look["color"], zorder=3, linewidths=0)
        lines.append(Line(name, x, y))
    axes.set_xlim(0, 1.02)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("confidence of the model", labelpad=2)
    axes.set_title("fraction correct", loc="left", pad=4)
    label_ends(axes, lines, {n: {**style[n], "color": style[n]["color"] if style[n]["color"] != RULE else INK} for n in bins}, high)


def confusion_size(n: int) -> Tuple[float, float]:
    """Inches: small for few classes, a column's width for many."""
    side = min(WIDTH, 0.95 + 0.5 * n if n <= 4 else 1.15 + 0.22 * n)
    return side, side - 0.1


def draw_confusion(figure: Figure, counts: np.ndarray, classes: List[str]) -> None:
    """Each field: the rows, and their share of the actual class; the deeper, the larger the share."""
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    n = len(classes)
    width, height = figure.get_size_inches()
    size = 7.5 if n <= 8 else 7 if n <= 16 else 5.5
    every = 1 if n <= 30 else math.ceil(n / 30)
    ticks = range(0, n, every)
    names = [short(classes[i], 9) for i in ticks]
    turned = 90 if max(map(len, names)) > 2 and n > 4 else 0
    left = 0.3 + 0.0085 * size * max(map(len, names))
    top = 0.3 + (0.0085 * size * max(map(len, names)) if turned else 0.12)
    axes = figure.add_axes([left / width, 0.03 / height, (width - left - 0.03) / width, (height - top - 0.03) / height])
    red, green, blue = (int(ACCENT[i:i + 2], 16) / 255 for i in (1, 3, 5))
    for i in range(n):
        for j in range(n):
            if counts[i, j]:
                axes.add_patch(matplotlib.patches.Rectangle((j, i), 1, 1, facecolor=(red, green, blue, 0.1 + 0.6 * share[i, j]), linewidth=0))
                if n <= 12:
                    text = "%d" % counts[i, j] + ("\n%.0f %%" % (100 * share[i, j]) if n <= 6 else "")
                    axes.text(j + 0.5, i + 0.5, text, ha="center", va="center", fontsize=7.5 if n <= 8 else 6.5)
    axes.set_xlim(0, n)
    axes.set_ylim(n, 0)
    axes.set_xticks([i + 0.5 for i in ticks], names, fontsize=size, rotation=turned)
    axes.set_yticks([i + 0.5 for i in ticks], names, fontsize=size)
    axes.xaxis.tick_top()
    axes.tick_params(length=0, pad=2)
    axes.xaxis.set_label_position("top")
    axes.set_xlabel("predicted class", labelpad=3)
    axes.set_ylabel("actual class", labelpad=1)
    for side in axes.spines.values():
        side.set_visible(True)
        side.set_color(RULE)
