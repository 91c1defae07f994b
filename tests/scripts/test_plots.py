"""Tests of single plots: the reach of differences, labels at lines, colours."""
import math
import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import report_fixture  # noqa: E402, F401  finds scripts/, or skips these tests without the packages

import numpy as np  # noqa: E402
import plots  # noqa: E402


class Differences(unittest.TestCase):
    def test_far_values_do_not_squash_the_rest(self):
        near = [plots.Effect("a", 0.01, 0.0, 0.02, "better"), plots.Effect("b", -0.01, -0.02, 0.0, "no significant difference")]
        far = near + [plots.Effect("c", -0.7, -0.8, -0.6, "worse")]
        self.assertLess(plots.reach_of(far, 0.01), 0.2)
        self.assertGreaterEqual(plots.reach_of(near, 0.01), 0.02)
        svg = plots.Plot("x", "t", "t", lambda f: plots.draw_differences(f, far, "ce", 0.01, "difference", "right")).inline()
        self.assertIn("-0.70", svg)

    def test_nothing_known(self):
        for effects in ([plots.Effect("a", math.nan, math.nan, math.nan, "x", "2 of 2 diverged")], [plots.Effect("a", 0.0, 0.0, 0.0, "x")]):
            plots.Plot("x", "t", "t", lambda f, e=effects: plots.draw_differences(f, e, "ce", 0.0, "difference", "left")).inline()


class Lines(unittest.TestCase):
    def test_ticks_close_together_are_told_apart(self):
        line = plots.Line("a", [1, 2], [0.43490, 0.43504])
        svg = plots.Plot("x", "t", "t", lambda f: plots.draw_lines(f, [line], plots.looks(["a"], ["a"], "a"), "x", "y")).inline()
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


if __name__ == "__main__":
    unittest.main()
