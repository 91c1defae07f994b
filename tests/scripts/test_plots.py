"""Tests of single plots: the reach of differences, labels at lines, colours."""
import html
import json
import math
import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import report_fixture  # noqa: E402, F401  finds scripts/, or skips these tests without the packages

import numpy as np  # noqa: E402
import drawing  # noqa: E402
import plots  # noqa: E402


class Differences(unittest.TestCase):
    def test_far_values_do_not_squash_the_rest(self):
        near = [plots.Effect("a", 0.01, 0.0, 0.02, "better"), plots.Effect("b", -0.01, -0.02, 0.0, "no significant difference")]
        far = near + [plots.Effect("c", -0.7, -0.8, -0.6, "worse")]
        self.assertLess(plots.reach_of(far, 0.01), 0.2)
        self.assertGreaterEqual(plots.reach_of(near, 0.01), 0.02)
        svg = drawing.Plot("x", "t", "t", lambda f: plots.draw_differences(f, far, "ce", 0.01, "difference", "right")).inline()
        self.assertIn("-0.70", svg)

    def test_nothing_known(self):
        for effects in ([plots.Effect("a", math.nan, math.nan, math.nan, "x", "2 of 2 diverged")], [plots.Effect("a", 0.0, 0.0, 0.0, "x")]):
            drawing.Plot("x", "t", "t", lambda f, e=effects: plots.draw_differences(f, e, "ce", 0.0, "difference", "left")).inline()


class Lines(unittest.TestCase):
    def test_ticks_close_together_are_told_apart(self):
        line = plots.Line("a", [1, 2], [0.43490, 0.43504])
        svg = drawing.Plot("x", "t", "t", lambda f: plots.draw_lines(f, [line], plots.looks(["a"], ["a"], "a"), "x", "y")).inline()
        ticks = re.findall(r">(0\.43\d+)<", svg)
        self.assertGreater(len(ticks), 2)
        self.assertEqual(len(ticks), len(set(ticks)))

    def test_labels_do_not_overlap(self):
        for at in ([0.5] * 6, [0.0, 0.01, 0.02], [1.0, 0.99, 0.98], [0.1, 0.9]):
            out = plots.spread_out(at, 0.1, 0.0, 1.0)
            gaps = np.diff(sorted(out))
            self.assertTrue((gaps >= 0.1 - 1e-9).all(), out)
            self.assertTrue(0 <= min(out) and max(out) <= 1)
            self.assertEqual(np.argsort(out, kind="stable").tolist(), np.argsort(at, kind="stable").tolist())

    def test_colours_differ(self):
        look = plots.looks(list("abcdefghij"), list("jihgfedcba"), "a")
        kinds = {(v["color"], str(v["linestyle"])) for v in look.values()}
        self.assertEqual(len(kinds), 10)
        self.assertNotEqual(look["a"]["color"], look["j"]["color"], "best and control have colours of their own")

    def test_colours_are_told_apart_by_colour_blind_readers(self):
        """All colours, in CIELAB as seen with each kind of colour-blindness (Machado, Oliveira and Fernandes 2009), on paper and on dark."""
        for colours in (drawing.COLOURS, [drawing.LIGHTER[c] for c in drawing.COLOURS]):
            for kind, matrix in SEEN.items():
                seen = [lab(matrix @ linear(c)) for c in colours]
                least = min(np.linalg.norm(a - b) for i, a in enumerate(seen) for b in seen[i + 1:])
                self.assertGreater(least, 15, (kind, colours))

    def test_better_and_worse_are_told_apart(self):
        for pair in ((drawing.ACCENT, drawing.WORSE), (drawing.LIGHTER[drawing.ACCENT], drawing.LIGHTER[drawing.WORSE])):
            for kind, matrix in SEEN.items():
                a, b = (lab(matrix @ linear(c)) for c in pair)
                self.assertGreater(np.linalg.norm(a - b), 25, kind)


class Pages(unittest.TestCase):
    def test_marks_stand_where_points_are_drawn(self):
        """Each mark has the coordinates of its point in the SVG, whatever the size of the figure."""
        line = plots.Line("a", [1, 2, 3], [0.1, 0.4, 0.2])
        plot = drawing.Plot("x", "t", "t", lambda f: plots.draw_lines(f, [line], plots.looks(["a"], ["a"], "a"), "epoch", "y", marks=True), page_sizes=drawing.PAGE_SIZES[1])
        svgs = re.findall(r"<svg.*?</svg>", plot.inline())
        self.assertEqual([re.search(r'class="(\w+)"', s)[1] for s in svgs], ["whole", "half", "narrow"])
        for svg in svgs:
            marks = json.loads(html.unescape(re.search(r'data-marks="(.*?)"', svg)[1]))
            self.assertEqual([m[3] for m in marks], ["epoch 1: 0.1", "epoch 2: 0.4", "epoch 3: 0.2"])
            drawn = re.findall(r'<use [^>]*x="([\d.]+)" y="([\d.]+)"', re.search(r'data-s="a">.*', svg)[0])[:3]
            self.assertEqual(len(drawn), 3, "the points belong to their series")
            for (x, y, series, _), at in zip(marks, drawn):
                self.assertEqual(series, "a")
                self.assertAlmostEqual(x, float(at[0]), delta=0.2)
                self.assertAlmostEqual(y, float(at[1]), delta=0.2)

    def test_a_far_level_does_not_squash_the_lines(self):
        line = plots.Line("a", [1, 2], [0.80, 0.84])
        for level, shown in ((0.1, False), (0.78, True)):
            svg = drawing.Plot("x", "t", "t", lambda f: plots.draw_lines(f, [line], plots.looks(["a"], ["a"], "a"), "x", "y", level=("constant", level))).inline()
            self.assertEqual("constant" in svg, shown)


def linear(colour):
    v = np.array([int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    xyz = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]) @ np.clip(rgb, 0, 1)
    f = [t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in xyz / np.array([0.95047, 1.0, 1.08883])]
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


SEEN = {"full colour": np.eye(3),
        "protanopia": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
        "deuteranopia": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
        "tritanopia": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]])}


if __name__ == "__main__":
    unittest.main()
