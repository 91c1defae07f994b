"""Figures of a study, at the width of a paper's column, as SVG and PDF: a palette that colour-blind readers can tell apart (Okabe and
Ito), lines also told apart by dashes, labels at the lines. Needs numpy and matplotlib."""
import io
import math
import re
from dataclasses import dataclass, field
from typing import Callable, Dict, List, Optional, Sequence, Tuple

import matplotlib
import numpy as np

matplotlib.use("Agg")
from matplotlib.figure import Figure  # noqa: E402

WIDTH, HEIGHT = 3.35, 2.45              # inches
FRAME = 0.725                           # share of the height that the axes of a line plot take
INK, RULE, ACCENT = "#1f2328", "#c9ced6", "#0072B2"
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7d7d7d")
DASHES = ("-", (0, (4, 1.5)), (0, (1, 1.2)))
MANY = 10                               # contenders up to which all are coloured and named
STYLE = {"font.size": 8, "font.family": "sans-serif", "axes.labelsize": 8, "axes.titlesize": 8, "xtick.labelsize": 7.5,
         "ytick.labelsize": 7.5, "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": INK, "xtick.color": INK, "ytick.color": INK,
         "axes.linewidth": 0.6, "xtick.major.width": 0.6, "ytick.major.width": 0.6, "svg.fonttype": "none", "pdf.fonttype": 42,
         "axes.spines.top": False, "axes.spines.right": False, "axes.unicode_minus": False, "lines.linewidth": 1.3}


@dataclass
class Plot:
    name: str                           # of its files
    title: str
    alt: str
    draw: Callable[[Figure], None]
    size: Tuple[float, float] = (WIDTH, HEIGHT)
    note: str = ""
    done: Dict[str, bytes] = field(default_factory=dict, repr=False)

    def render(self, kind: str) -> bytes:
        """svg or pdf; the same bytes each time."""
        if kind not in self.done:
            self.done[kind] = self.rendered(kind)
        return self.done[kind]

    def rendered(self, kind: str) -> bytes:
        out = io.BytesIO()
        with matplotlib.rc_context({**STYLE, "svg.hashsalt": self.name}):
            figure = Figure(figsize=self.size)
            self.draw(figure)
            info = {"Date": None} if kind == "svg" else {"CreationDate": None}
            figure.savefig(out, format=kind, transparent=True, metadata=info)
        return out.getvalue()

    def inline(self) -> str:
        """SVG to stand in a page: its ink and its rules follow the page's colours."""
        svg = self.render("svg").decode("utf-8")
        svg = svg[svg.index("<svg"):]
        svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.S)
        svg = re.sub(r"(?<![\w#])-?\d+\.\d{3,}", lambda m: "%.4g" % float(m[0]) if abs(float(m[0])) < 1 else "%.2f" % float(m[0]), svg)
        svg = re.sub(r"\s*\n\s*", " ", svg)
        svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg, count=1)
        svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r'\1 role="img" aria-label="%s"' % attribute(self.alt).replace("\\", r"\\"), svg, count=1)
        prefix = "p" + re.sub(r"\W", "_", self.name) + "-"
        svg = re.sub(r'\bid="([^"]*)"', r'id="%s\1"' % prefix, svg)
        svg = re.sub(r'(href="#|url\(#)', r"\g<1>" + prefix, svg)
        return svg.replace(INK, "currentColor").replace(RULE, "var(--rule)")


def attribute(text: str) -> str:
    for a, b in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(a, b)
    return text


def plain(text: str) -> str:
    """Names are never taken for formulas."""
    return text.replace("$", r"\$")


def short(text: str, most: int = 16) -> str:
    return plain(text if len(text) <= most else text[:most - 1] + "…")


# ---- lines with their names ----

@dataclass
class Line:
    name: str
    x: Sequence[float]
    y: Sequence[float]
    spread: Optional[Sequence[float]] = None


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


def draw_lines(figure: Figure, lines: List[Line], style: Dict[str, dict], xlabel: str, ylabel: str, log_x: bool = False,
               marks: bool = False, log_y: bool = False) -> None:
    named = [line for line in lines if style[line.name]["color"] != RULE]
    longest = max((len(short(line.name)) for line in named), default=0)
    right = 1 - min(0.39, 0.065 + 0.0185 * longest)
    axes = figure.add_axes([0.145, 0.165, right - 0.145, FRAME])
    if log_x:
        axes.set_xscale("log")
    if log_y:
        axes.set_yscale("log")
    for line in lines:
        look = style[line.name]
        axes.plot(line.x, line.y, marker="o" if marks else None, markersize=3, **look)
        if line.spread is not None and look["color"] != RULE:
            y, s = np.array(line.y), np.array(line.spread)
            axes.fill_between(line.x, y - s, y + s, color=look["color"], alpha=0.13, linewidth=0, zorder=look["zorder"] - 0.5)
    axes.grid(axis="y", color=RULE, linewidth=0.4)
    axes.set_axisbelow(True)
    axes.set_xlabel(plain(xlabel), labelpad=2)
    axes.set_title(plain(ylabel), loc="left", pad=4)
    whole = all(float(v).is_integer() for line in lines for v in line.x)
    if whole and not log_x:
        axes.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(integer=True, nbins=6))
    label_ends(axes, named, style, HEIGHT * FRAME)


def label_ends(axes, lines: List[Line], style: Dict[str, dict], inches: float) -> None:
    low, high = axes.get_ylim()
    to_unit = axes.transData + axes.transAxes.inverted()
    ends = [(line, [v for v in line.y if math.isfinite(v)][-1:]) for line in lines]
    ends = [(line, float(to_unit.transform((line.x[-1], y[0]))[1])) for line, y in ends if y]
    axes.set_ylim(low, high)
    places = spread_out([y for _, y in ends], 9.2 / 72 / inches, 0.0, 1.0)
    for (line, y), at in zip(ends, places):
        look = style[line.name]
        axes.annotate(short(line.name), (1.0, y), (1.09, at), xycoords="axes fraction", textcoords="axes fraction", va="center",
                      color=look["color"], fontsize=7.5, annotation_clip=False,
                      arrowprops={"arrowstyle": "-", "color": look["color"], "linewidth": 0.9,
                                  "linestyle": look.get("linestyle", "-"), "shrinkA": 0, "shrinkB": 0,
                                  "relpos": (0, 0.5)})


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
    axes = figure.add_axes([0.145, 0.165, 0.55, FRAME])
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
    axes.set_xlabel("confidence", labelpad=2)
    axes.set_title("share right", loc="left", pad=4)
    label_ends(axes, lines, {n: {**style[n], "color": style[n]["color"] if style[n]["color"] != RULE else INK} for n in bins}, HEIGHT * FRAME)


def draw_confusion(figure: Figure, counts: np.ndarray, classes: List[str]) -> None:
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    n = len(classes)
    axes = figure.add_axes([0.16, 0.03, 0.81, 0.81])
    red, green, blue = (int(ACCENT[i:i + 2], 16) / 255 for i in (1, 3, 5))
    for i in range(n):
        for j in range(n):
            if counts[i, j]:
                axes.add_patch(matplotlib.patches.Rectangle((j, i), 1, 1, facecolor=(red, green, blue, 0.12 + 0.88 * share[i, j] ** 0.5),
                                                            linewidth=0))
                if n <= 12:
                    axes.text(j + 0.5, i + 0.5, str(counts[i, j]), ha="center", va="center", fontsize=7,
                              color="#ffffff" if share[i, j] > 0.3 else INK)
    axes.set_xlim(0, n)
    axes.set_ylim(n, 0)
    every = 1 if n <= 30 else math.ceil(n / 30)
    ticks = range(0, n, every)
    size = 7 if n <= 16 else 5.5
    names = [short(classes[i], 8) for i in ticks]
    turned = 90 if max(map(len, names)) > 2 and n > 4 else 0
    axes.set_xticks([i + 0.5 for i in ticks], names, fontsize=size, rotation=turned)
    axes.set_yticks([i + 0.5 for i in ticks], names, fontsize=size)
    axes.xaxis.tick_top()
    axes.tick_params(length=0, pad=2)
    axes.xaxis.set_label_position("top")
    axes.set_xlabel("guessed", labelpad=3)
    axes.set_ylabel("true", labelpad=1)
    for side in axes.spines.values():
        side.set_visible(True)
        side.set_color(RULE)
