"""The figures of a study: lines with their names at their ends, also told apart by dashes; differences with intervals; ranks; what kept
predictions tell. Needs numpy and matplotlib."""
import math
from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np

from drawing import (ACCENT, COLOURS, DASHES, INK, MANY, POINTS, RULE, WIDTH, WORSE, Figure, matplotlib, of_series, plain, short)
from wording import signed

MOST_MARKS = 60                         # of one line, that tell their values


def size_of(figure: Figure) -> Tuple[float, float]:
    """Inches, of a figure or of a part of one."""
    return figure.bbox.width / POINTS, figure.bbox.height / POINTS


def label_x(axes, text: str, width: float, left: float, wide: float) -> None:
    """Below the middle of the axes, as far as it then stands within the figure. left, wide: of the axes, in inches."""
    half = 0.029 * len(text)
    at = min(max(left + wide / 2, half + 0.04), max(width - half - 0.04, width / 2))
    axes.set_xlabel(plain(text), labelpad=2, x=(at - left) / wide, ha="center")


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
    width, height = size_of(figure)
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
        mark_line(figure.marks, axes, line, xlabel)
    axes.grid(axis="y", color=RULE, linewidth=0.4)
    axes.set_axisbelow(True)
    axes.set_title(plain(ylabel), loc="left", pad=4)
    bound_y(axes, lines, log_y, y_from)
    draw_level(axes, level)
    values = [float(v) for line in lines for v in line.x] + [x for line in losing for x, _, _ in line.lost]
    set_ticks(axes, values, log_x, marks)
    if losing:
        axes.tick_params(axis="x", labelbottom=False)
        below = figure.add_axes([left / width, bottom / height, wide / width, (strip - 0.1) / height], sharex=axes)
        draw_lost(below, losing, style)
        axes.tick_params(axis="x", labelbottom=False)
        label_x(below, xlabel, width, left, wide)
    else:
        label_x(axes, xlabel, width, left, wide)
    label_ends(axes, named, style, high)


def draw_line(axes, line: Line, look: dict, marks: bool) -> None:
    """A point whose trials were lost in part is hollow."""
    x, y = np.array(line.x, dtype=float), np.array(line.y, dtype=float)
    gid = of_series(line.name)
    axes.plot(x, y, marker="o" if marks else None, markersize=3.2, gid=gid, **look)
    partly = [i for i, at in enumerate(x) if any(at == lost for lost, _, _ in line.lost) and math.isfinite(y[i])]
    axes.plot(x[partly], y[partly], linestyle="", marker="o", markersize=4.2, markerfacecolor="#ffffff", markeredgecolor=look["color"],
              zorder=look["zorder"] + 0.5, gid=gid)
    if line.spread is not None and look["color"] != RULE:
        s = np.array(line.spread)
        axes.fill_between(x, y - s, y + s, color=look["color"], alpha=0.13, linewidth=0, zorder=look["zorder"] - 0.5, gid=gid)


def mark_line(marks, axes, line: Line, xlabel: str) -> None:
    """Of a long line every so many points, the last among them."""
    step = max(1, -(-len(line.x) // MOST_MARKS))
    lost = {x: " (%d of %d lost)" % (k, n) for x, k, n in line.lost}
    for i in range((len(line.x) - 1) % step, len(line.x), step):
        sd = " ± %.2g" % line.spread[i] if line.spread is not None and line.spread[i] else ""
        marks.add(axes, line.x[i], line.y[i], line.name, "%s %.4g: %.4g%s%s" % (xlabel.split(" (")[0], line.x[i], line.y[i], sd, lost.get(line.x[i], "")))


def draw_level(axes, level: Optional[Tuple[str, float]]) -> None:
    """A constant to compare with, where it is no further from the lines than these are from each other."""
    low, high = axes.get_ylim()
    if not level or not low - (high - low) <= level[1] <= high + (high - low):
        return
    axes.axhline(level[1], color=INK, linewidth=0.8, linestyle=(0, (2, 2)), zorder=1)
    axes.annotate(plain(level[0]), (1.0, level[1]), (0, 1.5), xycoords=("axes fraction", "data"), textcoords="offset points", ha="right",
                  va="bottom", fontsize=7)
    room = 0.04 * (high - low)
    axes.set_ylim(min(low, level[1] - room), max(high, level[1] + 2 * room))


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
        gid = of_series(line.name)
        for x, k, n in line.lost:
            axes.plot([x], [row], marker="x", color=colour, markersize=3.6, markeredgewidth=1.2, clip_on=False, gid=gid)
            axes.annotate("%d/%d" % (k, n), (x, row), (4, 0), textcoords="offset points", va="center", fontsize=7, annotation_clip=False, gid=gid)
        axes.annotate(short(line.name), (1.0, row), (4, 0), xycoords=("axes fraction", "data"), textcoords="offset points", va="center",
                      fontsize=7, annotation_clip=False, gid=gid)
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
        made = axes.annotate(short(line.name), (1.0, y), (14, (at - y) * inches * 72), xycoords="axes fraction", textcoords="offset points",
                             va="center", fontsize=7.5, annotation_clip=False, gid=of_series(line.name),
                             arrowprops={"arrowstyle": "-", "color": look["color"], "linewidth": 1.6,
                                         "linestyle": look.get("linestyle", "-"), "shrinkA": 0, "shrinkB": 0,
                                         "relpos": (0, 0.5)})
        made.arrow_patch.set_gid(of_series(line.name))


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
    interval: str = ""                  # the numbers as text


def draw_differences(figure: Figure, effects: List[Effect], control: str, rope: float, xlabel: str, better: str,
                     level: Optional[Tuple[str, float]] = None) -> None:
    """A dot and an interval for each; the band is the region of practical equivalence. better: the side on which better is."""
    width, height = size_of(figure)
    left, bottom, top = 0.12 + 0.066 * max(len(short(e.name)) for e in effects), 0.42, 0.3
    axes = figure.add_axes([left / width, bottom / height, (width - left - 0.16) / width, (height - bottom - top) / height])
    reach = reach_of(effects, rope)
    axes.axvspan(-min(rope, reach), min(rope, reach), color=RULE, alpha=0.45, linewidth=0, zorder=0)
    axes.axvline(0, color=INK, linewidth=0.8, zorder=1)
    if level and abs(level[1]) <= reach:
        axes.axvline(level[1], color=INK, linewidth=0.8, linestyle=(0, (2, 2)), zorder=1)
        axes.annotate(plain(level[0]), (level[1], 0), (2, 2), xycoords=("data", "axes fraction"), textcoords="offset points", fontsize=7)
    for row, e in enumerate(effects):
        draw_effect(axes, row, e, reach)
        figure.marks.add(axes, min(max(e.mean, -reach), reach), row, e.name, ", ".join(filter(None, (e.interval, e.word))))
    axes.set_xlim(-1.04 * reach, 1.04 * reach)
    axes.set_ylim(len(effects) - 0.4, -0.6)
    axes.set_yticks(range(len(effects)), [short(e.name) for e in effects])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(nbins=min(9, max(3, int(width * 1.2))), steps=[1, 2, 2.5, 5, 10]))
    label_x(axes, xlabel, width, left, width - left - 0.16)
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
    colour, gid = {"better": ACCENT, "worse": WORSE}.get(e.word, INK), of_series(e.name)
    axes.plot([max(e.low, -1.04 * reach), min(e.high, 1.04 * reach)], [row, row], color=colour, linewidth=1.4, zorder=2, solid_capstyle="butt",
              gid=gid)
    if abs(e.mean) > reach:
        side = -1 if e.mean < 0 else 1
        axes.plot([side * reach], [row], marker="<" if side < 0 else ">", color=colour, markersize=5, zorder=3, gid=gid)
        axes.annotate(signed(e.mean, 2 if abs(e.mean) < 100 else 0), (side * reach, row), (-7 * side, 0), textcoords="offset points", va="center",
                      ha="right" if side > 0 else "left", fontsize=7, bbox={"facecolor": "#ffffff", "linewidth": 0, "pad": 0.6}, gid=gid)
        return
    axes.plot([e.mean], [row], marker="o", markersize=5, color=colour, zorder=3, gid=gid,
              markerfacecolor=colour if e.word in ("better", "worse") else "#ffffff", markeredgewidth=1.2)


# ---- ranks ----

def draw_ranks(figure: Figure, names: List[str], mean: List[float], cd: Optional[float], runs: List[Tuple[int, int]]) -> None:
    """Best on the left. With a critical difference, bars join contenders that it does not tell apart (Demsar 2006)."""
    k = len(names)
    width, _ = size_of(figure)
    axes = figure.add_axes([0.02, 0.02, 0.96, 0.96])
    half = (k + 1) // 2
    top = 0.9 + 0.32 * len(runs) + 0.3
    axes.set_ylim(top + 0.62 * half + 0.25, -1.5 if cd else -0.8)
    span = max(k - 1, 1)
    room = (0.5 + CHARACTER * max(len(short(name)) for name in names)) / max(0.96 * width, 0.1)   # share of the width for names at each side
    side = span * room / max(1 - 2 * room, 0.2)
    axes.set_xlim(1 - side, k + side)
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
        end = 1 - 0.03 * span if left else k + 0.03 * span
        axes.plot([r, r, end], [0, y, y], color=ACCENT if i == 0 else INK, linewidth=0.7, gid=of_series(name))
        figure.marks.add(axes, r, y, name, "average rank %.2f" % r)
        text = "%s  %.2f" % (short(name), r) if left else "%.2f  %s" % (r, short(name))
        axes.text(end + (-0.01 if left else 0.01) * span, y, text, ha="right" if left else "left", va="center", fontsize=7.5, gid=of_series(name),
                  color=ACCENT if i == 0 else INK, weight="bold" if i == 0 else "normal")
    for j, (first, last) in enumerate(runs):
        axes.plot([mean[first] - 0.04, mean[last] + 0.04], [0.55 + 0.32 * j] * 2, color=INK, linewidth=2.4, solid_capstyle="round")


# ---- reliability and confusion ----

def draw_reliability(figure: Figure, bins: Dict[str, List[Tuple[float, float, int]]], style: Dict[str, dict]) -> None:
    width, height = size_of(figure)
    high = height - 0.63
    right = LABEL_ROOM + CHARACTER * max(len(short(name)) for name in bins)
    axes = figure.add_axes([0.5 / width, 0.4 / height, (width - 0.5 - right) / width, high / height])
    axes.plot([0, 1], [0, 1], color=RULE, linewidth=0.8)
    lines = []
    for name, points in bins.items():
        x, y, n = zip(*points)
        look = {**style[name], "color": style[name]["color"] if style[name]["color"] != RULE else INK}
        axes.plot(x, y, gid=of_series(name), **look)
        axes.scatter(x, y, s=[3 + 28 * v / max(n) for v in n], color=look["color"], zorder=3, linewidths=0, gid=of_series(name))
        for at in points:
            figure.marks.add(axes, at[0], at[1], name, "mean confidence %.3f, correct %.3f, %d rows" % at)
        lines.append(Line(name, x, y))
    axes.set_xlim(0, 1.02)
    axes.set_ylim(0, 1.02)
    label_x(axes, "confidence: probability of the predicted class", width, 0.5, width - 0.5 - right)
    axes.set_title("fraction of rows predicted correctly", loc="left", pad=4)
    label_ends(axes, lines, {n: {**style[n], "color": style[n]["color"] if style[n]["color"] != RULE else INK} for n in bins}, high)


def confusion_size(n: int) -> Tuple[float, float]:
    """Inches: small for few classes, a column's width for many."""
    side = min(WIDTH, 0.95 + 0.5 * n if n <= 4 else 1.15 + 0.22 * n)
    return side, side - 0.1


def draw_confusion(figure: Figure, counts: np.ndarray, classes: List[str]) -> None:
    """Each field: the rows, and their share of the actual class; the deeper, the larger the share."""
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    n = len(classes)
    width, height = size_of(figure)
    size = 7.5 if n <= 8 else 7 if n <= 16 else 5.5
    every = 1 if n <= 30 else math.ceil(n / 30)
    ticks = range(0, n, every)
    names = [short(classes[i], 9) for i in ticks]
    turned = 90 if max(map(len, names)) > 2 and n > 4 else 0
    left = 0.3 + 0.0085 * size * max(map(len, names))
    top = 0.3 + (0.0085 * size * max(map(len, names)) if turned else 0.12)
    axes = figure.add_axes([left / width, 0.03 / height, (width - left - 0.03) / width, (height - top - 0.03) / height])
    fill_cells(axes, share)
    for i, j in zip(*np.nonzero(counts)):
        if n <= 12:
            text = "%d" % counts[i, j] + ("\n%.0f %%" % (100 * share[i, j]) if n <= 6 else "")
            axes.text(j + 0.5, i + 0.5, text, ha="center", va="center", fontsize=7.5 if n <= 8 else 6.5)
        figure.marks.add(axes, j + 0.5, i + 0.5, "", "%d of %d %s predicted as %s (%.3g %%)" % (
            counts[i, j], counts[i].sum(), classes[i], classes[j], 100 * share[i, j]))
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


def fill_cells(axes, share: np.ndarray) -> None:
    """Cells of about the same share are one shape."""
    red, green, blue = (int(ACCENT[i:i + 2], 16) / 255 for i in (1, 3, 5))
    levels = np.ceil(share * 40) / 40
    for level in sorted(set(levels[share > 0].tolist())):
        cells = [matplotlib.path.Path([(j, i), (j + 1, i), (j + 1, i + 1), (j, i + 1), (j, i)], closed=True) for i, j in zip(*np.nonzero((levels == level) & (share > 0)))]
        axes.add_patch(matplotlib.patches.PathPatch(matplotlib.path.Path.make_compound_path(*cells), facecolor=(red, green, blue, 0.08 + 0.62 * level), linewidth=0))


# ---- ROC ----

def draw_roc(figure: Figure, curves: Dict[str, Tuple[np.ndarray, np.ndarray, float]], style: Dict[str, dict], positive: str) -> None:
    """False and true positive rates and the area below, for each contender."""
    width, height = size_of(figure)
    high = height - 0.63
    right = LABEL_ROOM + CHARACTER * max(len(short(name)) for name in curves)
    axes = figure.add_axes([0.5 / width, 0.4 / height, (width - 0.5 - right) / width, high / height])
    axes.plot([0, 1], [0, 1], color=RULE, linewidth=0.8)
    ends = []
    for name, (x, y, area) in curves.items():
        look = {**style[name], "color": style[name]["color"] if style[name]["color"] != RULE else INK}
        axes.plot(x, y, gid=of_series(name), **look)
        step = max(1, len(x) // MOST_MARKS)
        for a, b in list(zip(x.tolist(), y.tolist()))[::step]:
            figure.marks.add(axes, a, b, name, "true positive rate %.3f at false positive rate %.3f; AUC %.4f" % (b, a, area))
        middle = len(x) // 2
        ends.append(Line(name, [x[middle]], [y[middle]]))
    axes.set_xlim(0, 1.02)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("false positive rate", labelpad=2)
    axes.set_title("true positive rate (%s)" % plain(positive), loc="left", pad=4)
    label_ends(axes, ends, {n: {**style[n], "color": style[n]["color"] if style[n]["color"] != RULE else INK} for n in curves}, high)
