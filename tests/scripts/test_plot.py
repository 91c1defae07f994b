"""Tests of single figures as files: every figure in every form, the same bytes each time, panels that do not cover each other."""
import contextlib
import io
import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from report_fixture import LOSSES, Case, made  # noqa: E402

import plot  # noqa: E402


class Files(Case):
    def setUp(self):
        super().setUp()
        for loss, level in zip(LOSSES, (0.6, 0.7, 0.5)):
            for rate in (0, 0.3):
                for lr in (0.01, 0.1):
                    for seed in (1, 2, 3):
                        r = made(loss, seed, level - rate / 3 + lr + seed / 100 + (loss == "gce") * seed / 500, corrupt__labels__rate=rate, optimizer__lr=lr)
                        r["data"]["classes"] = ["no", "yes"]
                        self.store(r)
                        lines = ["row,label,score_no,score_yes"] + ["%d,%s,%g,%g" % (i, ("no", "yes")[i % 2], 0.0, (i % 7 - 3) / 3 + (i % 2) * level) for i in range(20)]
                        (self.root / "trials" / (r["id"] + ".predictions.csv")).write_text("\n".join(lines) + "\n")

    def drawn(self, figure, kind, *arguments):
        out = self.root / ("figure." + kind)
        err = io.StringIO()
        with contextlib.redirect_stderr(err):
            self.assertEqual(plot.main([str(self.root), "--figure", figure, "--out", str(out), *arguments]), 0, err.getvalue())
        return out.read_bytes()

    def test_every_figure_in_every_form(self):
        begins = {"svg": b"<?xml", "pdf": b"%PDF-", "png": b"\x89PNG\r\n\x1a\n", "csv": b""}
        for figure in plot.FIGURES:
            for kind, begin in begins.items():
                data = self.drawn(figure, kind)
                self.assertTrue(data.startswith(begin), (figure, kind))
                self.assertGreater(len(data), 60)
            self.assertEqual(self.drawn(figure, "svg"), self.drawn(figure, "svg"), figure)

    def test_panels(self):
        """Each has its title, and their axes stand side by side or below each other."""
        svg = self.drawn("differences", "svg").decode()
        for title in ("Without label noise, learning rate 0.01", "With 30 % label noise, learning rate 0.1"):
            self.assertIn(title, svg)
        boxes = [tuple(map(float, m)) for m in re.findall(r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"', svg)]
        self.assertEqual(len(boxes), 4)
        for i, (x, y, w, h) in enumerate(boxes):
            for u, v, a, b in boxes[i + 1:]:
                self.assertTrue(x + w <= u or u + a <= x or y + h <= v or v + b <= y, "panels overlap")

    def test_a_single_panel_has_a_title_when_asked(self):
        only = ("--where", "optimizer.lr=0.1", "corrupt.labels.rate=0.3")
        self.assertNotIn("ce, test", self.drawn("confusion", "svg", *only).decode())
        plain, titled = (self.drawn("confusion", "svg", *only, *more).decode() for more in ((), ("--title",)))
        self.assertLess(plain.count(">gce<"), titled.count(">gce<"))

    def test_axis_words_stay_in_the_figure(self):
        svg = self.drawn("differences", "svg", "--where", "optimizer.lr=0.1", "corrupt.labels.rate=0", "--size", "3.35,1.5").decode()
        at = float(re.search(r'x="([\d.]+)"[^>]*>difference in test accuracy \(fraction of rows\)<', svg)[1])
        half = 0.029 * 72 * len("difference in test accuracy (fraction of rows)")
        self.assertGreater(at - half, 0)
        self.assertLess(at + half, 3.35 * 72)


if __name__ == "__main__":
    unittest.main()
