"""The numbers behind a figure as rows of a table: what is drawn, panel by panel. Standard library only but for what it is given."""
import math
from typing import Callable, Dict, List, Tuple

import plots
from drawing import Plot

Rows = Tuple[List[str], List[list]]


def of_lines(given: dict) -> Rows:
    rows = []
    for line in given["lines"]:
        lost = {x: (k, n) for x, k, n in line.lost}
        rows += [[line.name, x, y, line.spread[i] if line.spread is not None else None, *lost.get(x, (0, None))]
                 for i, (x, y) in enumerate(zip(line.x, line.y))]
    return ["series", "x", "y", "sd", "lost", "trials"], rows


def of_differences(given: dict) -> Rows:
    return (["series", "against", "difference", "low", "high", "verdict"],
            [[e.name, given["control"], e.mean, e.low, e.high, e.word] for e in given["effects"]])


def of_ranks(given: dict) -> Rows:
    return ["series", "average rank", "critical difference"], [[name, r, given["cd"]] for name, r in zip(given["names"], given["mean"])]


def of_reliability(given: dict) -> Rows:
    return ["series", "mean confidence", "fraction correct", "rows"], [[name, *point] for name, points in given["bins"].items() for point in points]


def of_confusion(given: dict) -> Rows:
    counts, classes = given["counts"], given["classes"]
    return ["actual class", "predicted class", "rows", "share of actual class"], [
        [classes[i], classes[j], int(counts[i, j]), float(counts[i, j] / counts[i].sum()) if counts[i].sum() else None]
        for i in range(len(classes)) for j in range(len(classes))]


def of_roc(given: dict) -> Rows:
    return ["series", "false positive rate", "true positive rate", "area"], [
        [name, float(x), float(y), area] for name, (xs, ys, area) in given["curves"].items() for x, y in zip(xs, ys)]


DATA: Dict[Callable, Callable[[dict], Rows]] = {
    plots.draw_lines: of_lines, plots.draw_differences: of_differences, plots.draw_ranks: of_ranks,
    plots.draw_reliability: of_reliability, plots.draw_confusion: of_confusion, plots.draw_roc: of_roc}


def text(value: object) -> str:
    """Full precision; empty where there is no number."""
    if value is None or isinstance(value, float) and math.isnan(value):
        return ""
    return repr(float(value)) if isinstance(value, float) else str(value)


def table(made: List[Plot]) -> List[List[str]]:
    """Heading and rows of all panels; the first column names the panel where there are several."""
    out: List[List[str]] = []
    for plot in made:
        head, rows = DATA[plot.draw.func](plot.draw.keywords)
        panel = [plot.title] if len(made) > 1 else []
        if not out:
            out.append(["panel"] * len(panel) + head + [axis for axis in ("x axis", "y axis") if plot.draw.func is plots.draw_lines])
        axes = [plot.draw.keywords["xlabel"], plot.draw.keywords["ylabel"]] if plot.draw.func is plots.draw_lines else []
        out += [panel + [text(v) for v in row] + axes for row in rows]
    return out
