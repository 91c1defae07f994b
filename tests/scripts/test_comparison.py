"""Tests of the tables with tests and of the page, on made-up records whose answers are known."""
import contextlib
import csv
import html.parser
import io
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import unittest
from collections import Counter
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
try:
    import jinja2  # noqa: F401
    import matplotlib  # noqa: F401
    import numpy as np
    from scipy import stats as scipy_stats
    import stats
except ImportError as missing:
    raise unittest.SkipTest("needs numpy, scipy, matplotlib and jinja2: %s" % missing) from None
import aggregate  # noqa: E402
import comparison  # noqa: E402
import facts  # noqa: E402
import plots  # noqa: E402
import records  # noqa: E402
import report  # noqa: E402
import rowwise  # noqa: E402
import sheets  # noqa: E402
from test_aggregate import record  # noqa: E402

ODD = '<script>alert("x")</script> & $\\alpha$ _é_'  # a name that means something to HTML, TeX and matplotlib
LOSSES = ("ce", "gce", "mae")


def made(loss, seed, value, status="ok", data="a", **keys):
    r = record({"name": loss}, seed, {"test.accuracy": value, "valid.accuracy": value, "test.log_loss": 1 - value}, status, **keys)
    r["data"].update(sources=[{"role": "train", "path": data + ".csv", "sha256": data * 64, "rows": 10, "bytes": 1, "format": "csv"}],
                     rows={"all": 100, "train": 60, "valid": 20, "test": 20}, features=3, classes=[ODD, "plain"])
    r["result"]["curves"] = {"epoch": [1, 2], "train.loss": [1.0, 0.5], "valid.accuracy": [value / 2, value]} if status == "ok" else {}
    r["result"]["steps"] = 10
    r["run"] = {"started": "2024-01-01T00:00:00Z", "seconds": {"train": 2.0 + sum(map(ord, loss)) / 64 + seed / 8 + keys.get("corrupt__labels__rate", 0), "total": 3.0}, "peak_memory_bytes": 2 ** 21,
                "command": ["/some/where/lossbench", "sweep", "--config", ODD], "lossbench": "0", "libraries": {"zlib": "1"}}
    return r


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        (self.root / "trials").mkdir()

    def store(self, *all_made):
        for r in all_made:
            (self.root / "trials" / (r["id"] + ".json")).write_text(json.dumps(r), encoding="utf-8")

    def study(self, *arguments, control="", rope=0.01):
        args = aggregate.parse([str(self.root), *arguments])
        trials = records.read_trials(args.paths)
        keys = records.Keys(trials)
        return report.make_study(trials, aggregate.make_plan(args, trials, keys), keys, control, rope)

    def printed(self, *arguments):
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        with contextlib.redirect_stdout(out):
            self.assertEqual(aggregate.main([str(self.root), *arguments]), 0)
        out.flush()
        return out.buffer.getvalue().decode("utf-8")

    def refused(self, *arguments):
        err = io.StringIO()
        with contextlib.redirect_stderr(err):
            status = aggregate.main([str(self.root), *arguments])
        self.assertRegex(err.getvalue(), "^lossbench report: .*\n$")
        return status

    def rows(self, table, *arguments):
        return list(csv.DictReader(io.StringIO(self.printed("--table", table, "--format", "csv", *arguments))))

    def usual(self, seeds=8, sets="a", rates=(0,)):
        """ce at 0.6, gce 0.1 better with a little spread, mae much worse; all share the seed's own ups and downs."""
        rng = np.random.default_rng(1)
        for data in sets:
            for rate in rates:
                for seed in range(1, seeds + 1):
                    ups = rng.normal(0, 0.05)
                    for loss, level, spread in (("ce", 0.6, 0), ("gce", 0.7, 0.01), ("mae", 0.3, 0.01)):
                        self.store(made(loss, seed, level - rate / 3 + ups + rng.normal(0, 1) * spread, data=data, corrupt__labels__rate=rate,
                                        data__train={"path": data + ".csv"}))


class Pairs(Case):
    def test_against_the_tests_themselves(self):
        self.usual()
        values = {loss: [t.metrics["test.accuracy"] for t in self.study().groups[loss, "all"].trials.values()] for loss in LOSSES}
        rows = self.rows("pairs")
        self.assertEqual([(r["loss"], r["against"], r["pairs"]) for r in rows], [("gce", "ce", "8"), ("mae", "ce", "8")])
        for r in rows:
            d = np.subtract(values[r["loss"]], values["ce"])
            t = d.mean() / math.sqrt(d.var(ddof=1) * (1 / 8 + 20 / 60))     # the split moves with the seed: corrected
            self.assertAlmostEqual(float(r["difference"]), d.mean(), 12)
            self.assertAlmostEqual(float(r["p"]), 2 * scipy_stats.t.sf(abs(t), 7), 12)
            self.assertAlmostEqual(float(r["p Wilcoxon"]), scipy_stats.wilcoxon(d).pvalue, 12)
            self.assertAlmostEqual(float(r["effect"]), d.mean() / d.std(ddof=1), 12)
        holm = stats.holm([float(r["p"]) for r in rows])
        self.assertEqual([float(r["p Holm"]) for r in rows], holm)
        self.assertGreater(float(rows[0]["P(better)"]), 0.99)
        self.assertGreater(float(rows[1]["P(worse)"]), 0.99)

    def test_one_split_for_all_seeds(self):
        for seed in (1, 2, 3):
            for loss, value in (("ce", 0.5), ("gce", 0.6 + seed / 100)):
                r = made(loss, seed, value, data__split={"train": 0.6, "seed": 7})
                self.store(r)
        text = self.printed("--table", "pairs")
        self.assertIn("paired t-test", text)
        self.assertIn("share one split", text)
        d = [0.11, 0.12, 0.13]
        self.assertAlmostEqual(float(self.rows("pairs")[0]["p"]), scipy_stats.ttest_1samp(d, 0).pvalue, 10)

    def test_lower_is_better(self):
        self.usual()
        study = self.study("--metric", "test.log_loss")
        self.assertEqual(study.best("all"), "gce")
        r = self.rows("pairs", "--metric", "test.log_loss")[0]
        self.assertLess(float(r["difference"]), 0)
        self.assertLess(float(r["low"]), float(r["high"]))
        self.assertGreater(float(r["P(better)"]), 0.99)

    def test_few_pairs_are_said(self):
        self.usual(seeds=3)
        text = self.printed("--table", "pairs")
        self.assertIn("Wilcoxon's signed-rank test: not made; it needs at least 6 pairs, and there are 3", text)
        self.assertNotIn("p Wilcoxon", text.splitlines()[2])

    def test_single_replicate(self):
        self.usual(seeds=1)
        self.assertIn("With a single replicate no interval", self.printed("--table", "pairs"))
        self.assertIn("With a single replicate no test", self.printed("--table", "best"))
        self.assertEqual(self.study().tied("all"), {})

    def test_control(self):
        self.usual()
        self.assertEqual([r["against"] for r in self.rows("pairs", "--control", "mae")], ["mae", "mae"])
        self.assertEqual(len(self.rows("pairs", "--control", "all")), 3)
        self.assertEqual(self.refused("--table", "pairs", "--control", "gcee"), 2)


class Lost(Case):
    def test_diverged_counts_against(self):
        self.usual(seeds=7)
        self.store(made("ce", 8, 0.6), made("gce", 8, 0, status="diverged"), made("mae", 8, 0.3))
        study = self.study()
        self.assertEqual(study.pairs("gce", "ce", "all").d[-1], -math.inf)
        row = next(r for r in self.rows("pairs") if r["loss"] == "gce")
        self.assertEqual((row["pairs"], row["diverged"]), ("8", "1"))
        self.assertGreater(float(row["p Wilcoxon"]), 2 / 2 ** 8)
        self.assertEqual(study.best("all"), "ce", "a loss that diverged is not the best")
        self.assertNotIn("gce", study.tied("all"))
        self.assertIn("A diverged trial is a result", self.printed("--table", "pairs"))

    def test_failed_and_missing_are_left_out_and_counted(self):
        self.usual(seeds=7)
        self.store(made("ce", 8, 0.6), made("gce", 8, 0, status="failed"), made("ce", 9, 0.6))
        pairs = self.study().pairs("gce", "ce", "all")
        self.assertEqual((len(pairs.d), pairs.missing), (7, 2))
        self.assertIn("left out and counted", self.printed("--table", "pairs"))

    def test_both_diverged(self):
        self.usual(seeds=6)
        self.store(made("ce", 7, 0, status="diverged"), made("gce", 7, 0, status="diverged"))
        self.assertEqual(self.study().pairs("gce", "ce", "all").d[-1], 0.0)

    def test_diverged_ranks_last(self):
        for data in "abcdef":
            for loss, value in zip(LOSSES, (0.5, 0.6, 0.7)):
                self.store(made(loss, 1, value, status="diverged" if loss == "mae" else "ok", data=data, data__train={"path": data + ".csv"}))
        ranks = {r["loss"]: float(r["rank"]) for r in self.rows("ranks")}
        self.assertEqual(ranks, {"gce": 1, "ce": 2, "mae": 3})


class DataSets(Case):
    def test_friedman_over_data_sets(self):
        self.usual(seeds=2, sets="abcdef")
        study = self.study()
        means = np.array([[study.group(loss, c).mean for loss in LOSSES] for c in study.conditions])
        text = self.printed("--table", "ranks")
        self.assertIn("Friedman's test over 6 data sets: chi2 = %.2f" % scipy_stats.friedmanchisquare(*means.T).statistic, text)
        row = next(r for r in self.rows("ranks") if r["loss"] == "gce")
        self.assertAlmostEqual(float(row["p Wilcoxon"]), scipy_stats.wilcoxon(means[:, 1] - means[:, 0]).pvalue, 12)

    def test_noise_rates_are_no_data_sets(self):
        self.usual(seeds=2, rates=(0, 0.1, 0.2, 0.3, 0.4, 0.5))
        text = self.printed("--table", "ranks")
        self.assertIn("not made; it needs at least 5 data sets, and there is 1", text)
        self.assertIn("conditions of the same data set are not independent", text)
        self.assertNotIn("chi2", text)

    def test_rates_within_a_data_set_are_averaged(self):
        self.usual(seeds=2, sets="abcde", rates=(0, 0.3))
        self.assertIn("Friedman's test over 5 data sets", self.printed("--table", "ranks"))


class Predictions(Case):
    def keep(self, loss, guesses, scores=None):
        """Predictions of one trial on rows whose true class is the first."""
        r = made(loss, 1, float(np.mean([g == 0 for g in guesses])))
        self.store(r)
        lines = ["row,label,score_1,score_2"]
        quoted = '"%s"' % ODD.replace('"', '""')
        for i, g in enumerate(guesses):
            z = scores[i] if scores else (1.0, 0.0) if g == 0 else (0.0, 1.0)
            lines.append("%d,%s,%r,%r" % (i, quoted, *z))
        (self.root / "trials" / (r["id"] + ".predictions.csv")).write_text("\n".join(lines) + "\n", encoding="utf-8")

    def test_mcnemar_and_bootstrap(self):
        """Fagerland and others (2013): 1 and 7 rows on which the two disagree."""
        self.keep("ce", [0] * 12 + [0] * 1 + [1] * 7)
        self.keep("gce", [0] * 12 + [1] * 1 + [0] * 7)
        row = self.rows("rows")[0]
        self.assertEqual((row["only first right"], row["only other right"]), ("7", "1"))
        self.assertAlmostEqual(float(row["p McNemar"]), 0.0703, 4)
        self.assertAlmostEqual(float(row["mid-p"]), 0.0391, 4)
        self.assertAlmostEqual(float(row["difference"]), 6 / 20)

    def test_reliability(self):
        import rowwise
        self.keep("ce", [0, 0, 1, 0], [(0.0, 0.0), (2.0, 0.0), (0.0, 2.0), (50.0, 0.0)])
        study = self.study()
        rows = rowwise.first_kept(study.group(study.contenders[0], "all"))[1]
        high = 1 / (1 + math.exp(-2))
        found = rowwise.reliability(rows)
        self.assertEqual([n for _, _, n in found], [1, 2, 1])
        for (confidence, right, _), expected in zip(found, ((0.5, 1.0), (high, 0.5), (1.0, 1.0))):
            self.assertAlmostEqual(confidence, expected[0], 9)
            self.assertEqual(right, expected[1])
        self.assertEqual(rowwise.confusion(rows).tolist(), [[3, 1], [0, 0]])

    def test_absent(self):
        self.usual(seeds=2)
        self.assertIn("--set output.predictions=true", self.printed("--table", "rows"))

    def test_damaged(self):
        self.keep("ce", [0, 1])
        self.keep("gce", [0, 1])
        for path in self.root.glob("trials/*.csv"):
            path.write_text("row,label,score_1,score_2\n0,unknown,1,2\n")
        self.assertEqual(self.refused("--table", "rows"), 4)


class Reader(html.parser.HTMLParser):
    """Texts of the cells of each table by the table's id or sheet name; all tags and attributes."""
    def __init__(self, text):
        super().__init__()
        self.tables, self.tags, self.row, self.cell = {}, [], None, None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append((tag, attrs))
        if tag == "table":
            self.table = self.tables.setdefault(attrs.get("id") or attrs.get("data-sheet") or "", [])
        elif tag == "tr":
            self.row = []
        elif tag in ("td", "th"):
            self.cell = ""

    def handle_endtag(self, tag):
        if tag in ("td", "th") and self.cell is not None:
            self.row.append(self.cell.strip())
            self.cell = None
        elif tag == "tr":
            self.table.append(self.row)

    def handle_data(self, data):
        if self.cell is not None:
            self.cell += data


class Page(Case):
    def page(self, *arguments):
        return self.printed("--format", "html", *arguments)

    def test_same_numbers_everywhere(self):
        self.usual(seeds=3, rates=(0, 0.3))
        files = self.root / "files"
        tables = Reader(self.page("--files", str(files))).tables
        for name in ("best", "pairs", "ranks", "cost", "results", "main"):
            shown = tables["whole" if name == "results" else name] if name != "ranks" else None
            md = [[c.strip() for c in line.strip("|").split("|")] for line in (files / (name + ".md")).read_text().splitlines()
                  if line.startswith("|")]
            md = [[re.sub(r"\*\*|\\", "", c) for c in line] for line in md if not set("".join(line)) <= set(":-")]
            tex = (files / (name + ".tex")).read_text()
            tex = re.sub(r"\\textbf|[{}]|\\_", lambda m: "_" if m[0] == "\\_" else "", tex).replace(r" $\pm$", " ±").replace(r"\textless", "<")
            tex = [[c.strip() for c in line.replace(r"\\", "").split("&")] for line in tex.splitlines() if " & " in line]
            if shown is not None:
                shown = [[re.sub(r"\s+", " ", c) for c in row] for row in shown]
                self.assertEqual(shown[1:], md[1:], name)
            self.assertEqual([[c.replace("$", "") for c in row] for row in tex][1:], [[c.replace("$", "") for c in row] for row in md][1:], name)
            exact = list(csv.reader(io.StringIO((files / (name + ".csv")).read_text())))
            self.assertEqual(len(exact), len(md), name)
            if name in ("best", "pairs", "ranks", "cost"):
                for full, row in zip(exact[1:], md[1:]):
                    parts = [part for text in row for part in (re.findall(r"[-+.\d]+", text) if "[" in text else [text])]
                    self.assertEqual(len(full), len(parts))
                    for value, text in zip(full, parts):
                        self.agrees(value, text)

    def agrees(self, full, text):
        """A rounded number and the one it was rounded from."""
        if re.fullmatch(r"[-+]?\d+(\.\d+)?", text):
            places = len(text.partition(".")[2])
            self.assertLessEqual(abs(float(full) - float(text)), 0.5001 * 10 ** -places, (full, text))
        elif text == "<0.001":
            self.assertLess(float(full), 0.001)
        elif full:
            self.assertEqual(full, text)

    def test_everything_is_escaped(self):
        r = [made(loss, seed, 0.5 + seed / 50, study=ODD, optimizer__name=ODD) for loss in LOSSES for seed in (1, 2, 3)]
        for one in r:
            one["data"]["sources"][0]["path"] = ODD
        self.store(*r)
        text = self.page()
        self.assertNotIn("<script>alert", text)
        self.assertIn("&lt;script&gt;alert", text)
        self.assertEqual(sum(tag == "script" for tag, _ in Reader(text).tags), 1)

    def test_self_contained(self):
        self.usual(seeds=2)
        text = self.page()
        for tag, attrs in Reader(text).tags:
            for name in ("src", "href", "xlink:href", "data", "action", "srcset"):
                self.assertRegex(attrs.get(name) or "#", r"^(#|data:,$)", (tag, attrs))
        self.assertNotRegex(text, r"@import|url\((?!#)|fetch\(|XMLHttpRequest")
        ids = [attrs["id"] for _, attrs in Reader(text).tags if "id" in attrs]
        self.assertEqual(len(ids), len(set(ids)), "ids are unique")

    def test_same_bytes(self):
        self.usual(seeds=2)
        self.assertEqual(self.page(), self.page())

    def test_says_once_what_is_missing(self):
        self.usual(seeds=2)
        text = self.page()
        shown = re.search(r'id="missing">(.*?)</p>', text)[1]
        for part in ("only one rate of label noise", "no predictions were kept", "no hyper-parameter was tried at two values", "one condition only"):
            self.assertIn(part, shown)
        headings = re.findall(r"<h2[^>]*>(.*?)</h2>", text)
        for absent in ("Label noise", "Average ranks", "Sensitivity to hyper-parameters", "Reliability", "Confusion of the best"):
            self.assertNotIn(absent, headings)
        self.assertEqual(len(re.findall('href="#protocol"', text)), 1)
        targets = set(re.findall(r'<li><a href="#(\w+)"', text))
        self.assertLessEqual(targets, {attrs.get("id") for _, attrs in Reader(text).tags})

    def test_definitions_stand_once(self):
        self.usual(seeds=7, rates=(0, 0.3))
        self.store(made("ce", 8, 0.6), made("gce", 8, 0, status="diverged"))
        text = self.page()
        for rule in ("A diverged trial is a result", "region of practical equivalence ±", "p Wilcoxon: two-sided"):
            self.assertEqual(text.count(rule), 1, rule)
        self.assertIn("Definitions", text)

    def test_begins_with_the_answer(self):
        self.usual()
        text = self.page()
        self.assertRegex(text, r"(?s)</header>.*?<b>gce is better than ce by 0\.\d+ \[")
        self.assertLess(text.index("gce is better than ce by"), text.index("<svg"))
        self.assertLess(text.index("pdifferences_1"), text.index('id="main"'), "the figure that answers stands before the table")

    def test_versions_are_said(self):
        self.usual(seeds=2)
        self.assertNotIn("versions of lossbench", self.page())
        self.assertNotIn('<p class="doubt">', self.page())
        other = made("ce", 3, 0.5)
        other["run"]["lossbench"] = "9"
        self.store(other, made("gce", 3, 0.5))
        self.assertIn("Records of 2 versions of lossbench: 0 (7 trials), 9 (1 trial).", self.page())

    def test_worse_than_the_constant_model(self):
        self.usual(seeds=3, rates=(0, 0.3))
        for path in (self.root / "trials").glob("*.json"):
            r = json.loads(path.read_text())
            r["baseline"] = {"kind": "majority", "metrics": {"train": {}, "valid": {}, "test": {"accuracy": 0.45, "log_loss": 0.5}}}
            path.write_text(json.dumps(r))
        text = self.page()
        self.assertIn("Worse than a constant model (always the majority class), by test accuracy: mae.", text)
        row = re.search(r"(?s)<tfoot>(.*?)</tfoot>", text)[1]
        self.assertIn("always the majority class", row)
        self.assertEqual(row.count("0.4500"), 2)

    def test_times_of_trials_trained_together(self):
        self.usual(seeds=2)
        self.assertEqual([r["loss"] for r in self.rows("cost")], list(LOSSES))
        for path in (self.root / "trials").glob("*.json"):
            r = json.loads(path.read_text())
            if r["config"]["loss"]["name"] != "mae":
                r["run"]["seconds"]["train"] = 7.0 + r["config"]["train"]["seed"]
                path.write_text(json.dumps(r))
        rows = self.rows("cost")
        self.assertEqual([(r["loss"], r["trials"], float(r["total s"])) for r in rows][0], ("ce and gce", "4", 34.0))
        self.assertEqual(rows[1]["loss"], "mae")
        self.assertIn("cannot be compared with each other", self.page())

    def test_plots_for_papers(self):
        self.usual(seeds=2, rates=(0, 0.3), sets="abcde")
        files = self.root / "files"
        self.page("--files", str(files))
        names = {p.stem for p in files.glob("*.pdf")}
        self.assertLessEqual({"noise-1", "ranks", "curves-1"}, names)
        for pdf in files.glob("*.pdf"):
            self.assertTrue(pdf.read_bytes().startswith(b"%PDF-"))
            svg = pdf.with_suffix(".svg").read_text()
            self.assertLessEqual(set(re.findall(r"font: (\d+)px", svg)) & {"1", "2", "3", "4", "5"}, set())
        self.assertIn("critical difference", (files / "ranks.svg").read_text())

    def test_odd_names_in_plots(self):
        for name in (ODD, "$x$", "a_b"):
            svg = plots.Plot("x", "t", ODD, lambda f, n=name: plots.draw_lines(
                f, [plots.Line(n, [1, 2], [0.1, 0.2])], plots.looks([n], [n], n), n, n)).inline()
            self.assertNotIn("<script", svg)
            html.parser.HTMLParser().feed(svg)

    def test_unwritable(self):
        self.usual(seeds=1)
        self.assertEqual(self.refused("--format", "html", "--files", "/proc/none"), 5)


class Growth(Case):
    """What is done once for a record or a pair stays so, however many tables and conditions there are."""

    def counted(self, module, name, *arguments):
        """How often a function is called while a report is made, by its arguments as text."""
        calls, real = Counter(), getattr(module, name)

        def count(*given, **more):
            calls[repr(given)] += 1
            return real(*given, **more)

        with mock.patch.object(module, name, count):
            self.printed(*arguments)
        return calls

    def test_a_record_is_read_once(self):
        self.usual(seeds=3, rates=(0, 0.1, 0.2))
        for arguments in ((), ("--format", "md"), *(("--table", name) for name in aggregate.TESTS)):
            self.assertEqual(set(self.counted(records, "read_record", *arguments).values()), {1}, arguments)
        self.assertEqual(set(self.counted(records, "read_record", "--format", "html").values()), {1})
        curves = self.counted(facts, "read_bytes", "--format", "html")
        self.assertEqual(len(curves), 27)
        self.assertEqual(set(curves.values()), {1})

    def test_a_pair_is_tested_once(self):
        """Two contenders against ce on each of three conditions, and ce and mae against gce, which is the best there."""
        self.usual(rates=(0, 0.1, 0.2))
        calls = self.counted(comparison, "tests_of", "--format", "html")
        self.assertEqual((len(calls), set(calls.values())), (12, {1}))

    def test_equal_blocks_are_flattened_once(self):
        self.usual(seeds=8, rates=(0, 0.1))
        records.BLOCKS.clear()
        calls = self.counted(records, "flatten")
        losses, seeds, rates, others = 3, 8, 2, 6                   # data and train move with the seed, corrupt with seed and rate
        self.assertEqual(len(records.BLOCKS), losses + 2 * seeds + seeds * rates + others)
        self.assertLess(sum(calls.values()), 3 * len(records.BLOCKS))

    def test_predictions_are_looked_for_once_a_folder(self):
        self.usual(seeds=3)
        rowwise.predictions_in.cache_clear()
        self.assertEqual(sum(self.counted(os, "scandir", "--table", "rows").values()), 1 + 2)   # and by the walk over the folders


class Odd(Case):
    """Records that are valid and leave little to compare."""

    def page(self, *records_made, arguments=()):
        self.store(*records_made)
        text = self.printed("--format", "html", *arguments)
        for table in ("best", "pairs", "ranks", "rows", "cost"):
            self.printed("--table", table)
        Reader(text)
        return text

    def test_one_trial(self):
        self.assertIn("A single %s was trained (test accuracy 0.5000); there is nothing to compare." % "setting", self.page(made("ce", 1, 0.5)))

    def test_all_diverged(self):
        text = self.page(*(made(loss, seed, 0, status="diverged") for loss in LOSSES for seed in (1, 2)))
        self.assertIn("No loss has a result.", text)
        self.assertIn("Diverged: ce in 2 of 2 trials, gce in 2 of 2 trials and mae in 2 of 2 trials.", text)

    def test_metrics_null_and_infinite(self):
        odd = [made(loss, seed, 0.5) for loss in LOSSES for seed in (1, 2, 3)]
        for r, value in zip(odd, (None, "inf", "-inf", 0.5, None, 0.5, 0.5, 0.6, 0.7)):
            r["result"]["metrics"]["test"]["accuracy"] = value
            r["result"]["curves"]["valid.accuracy"] = [value, value]
            r["result"]["curves"]["train.loss"] = [value, None]
        self.page(*odd, arguments=("--metric", "test.accuracy"))

    def test_bare_records(self):
        bare = [made(loss, seed, 0.5 + seed / 50) for loss in LOSSES for seed in (1, 2)]
        for r in bare:
            r.update(data=None, run={})
            r["result"].pop("curves")
        self.assertIn("learning curves (the records hold no curve)", self.page(*bare))

    def test_settings_of_the_working_folder_are_not_read(self):
        self.usual(seeds=2)
        here = os.getcwd()
        self.addCleanup(os.chdir, here)
        (self.root / "matplotlibrc").write_text("font.size: 99\nlines.linewidth: 40\nbackend: nonsense\n")
        script = Path(__file__).resolve().parents[2] / "scripts" / "aggregate.py"
        run = [sys.executable, str(script), str(self.root), "--format", "html"]
        plain = subprocess.run(run, cwd=here, capture_output=True, check=True)
        odd = subprocess.run(run, cwd=self.root, capture_output=True, check=True, env={
            "PATH": os.environ.get("PATH", ""), "MPLBACKEND": "nonsense", "MATPLOTLIBRC": str(self.root), "HOME": "/nonexistent"})
        self.assertEqual((odd.stdout, odd.stderr), (plain.stdout, b""))


class Sensitivity(Case):
    """Figures never pool data sets, and show lost trials."""

    def lines(self, rates, lost, sets="ab"):
        import figures
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


class Sheets(unittest.TestCase):
    def test_values(self):
        f = sheets.Field("p", "p")
        self.assertEqual([sheets.shown(v, f) for v in (0.0004, 0.0314, None, 1.0)], ["<0.001", "0.031", "-", "1.000"])
        self.assertEqual(sheets.shown(0.5, sheets.Field("d", places=2, signed=True)), "+0.50")
        self.assertEqual(sheets.full(math.inf), "inf")
        self.assertEqual(sheets.full(0.1), "0.1")


if __name__ == "__main__":
    unittest.main()
