"""Tests of the figures: panels of the sensitivity to a key."""
import math
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from report_fixture import Case, made  # noqa: E402

import numpy as np  # noqa: E402
import aggregate  # noqa: E402
import figures  # noqa: E402
import records  # noqa: E402
import report  # noqa: E402


class Sensitivity(Case):
    """Figures never pool data sets, and show lost trials."""

    def lines(self, rates, lost, sets="ab"):
        for data in sets:
            for lr in rates:
                for seed in (1, 2):
                    for loss, value in (("ce", 0.6), ("gce", 0.9 if data == "a" else 0.2)):
                        gone = loss == "gce" and (data, lr, seed) in lost
                        self.store(made(loss, seed, value + lr, status="diverged" if gone else "ok", data=data, optimizer__lr=lr,
                                        data__train={"path": data + ".csv"}))
        args = aggregate.parse([str(self.root)])
        trials = records.read_trials(args.paths)
        keys = records.Keys(trials)
        plan = aggregate.make_plan(args, trials, keys)
        found = figures.Figures(report.make_study(trials, plan, keys, "", 0.01), plan, keys, trials).sensitivity()
        for plot in found.plots:
            plot.inline()
        return {p.title: ({line.name: line for line in p.draw.keywords["lines"]}, p.draw.keywords["log_x"]) for p in found.plots}, found

    def test_a_panel_for_each_data_set(self):
        panels, _ = self.lines((0.01, 0.02), ())
        self.assertEqual(list(panels), ["On a", "On b"])
        for title, gce in (("On a", 0.9), ("On b", 0.2)):
            np.testing.assert_allclose(panels[title][0]["gce"].y, [gce + 0.01, gce + 0.02])

    def test_lost_trials_are_drawn_as_lost(self):
        panels, section = self.lines((0.01, 0.03, 0.1), {("a", 0.1, 1), ("b", 0.1, 1), ("b", 0.1, 2)})
        gce = panels["On b"][0]["gce"]
        self.assertEqual(list(gce.lost), [(0.1, 2, 2)])
        self.assertTrue(math.isnan(gce.y[2]), "no mean where every trial diverged")
        self.assertEqual(list(panels["On a"][0]["gce"].lost), [(0.1, 1, 2)])
        self.assertIn("a hollow point is the mean of the rest", " ".join(section.words))
        svg = section.plots[1].inline()
        self.assertIn("2/2", svg)

    def test_axis(self):
        self.assertTrue(self.lines((0.01, 0.03, 0.1), ())[0]["On a"][1], "about equal ratios")
        self.setUp()
        self.assertFalse(self.lines((0.01, 0.02, 0.03), ())[0]["On a"][1], "equal distances")


if __name__ == "__main__":
    unittest.main()
