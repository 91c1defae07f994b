"""Tests of the page: the same numbers as the tables, escapes, what is said when records hold little."""
import csv
import html
import html.parser
import io
import json
import os
import re
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from report_fixture import LOSSES, ODD, Case, made  # noqa: E402

import aggregate  # noqa: E402
import drawing  # noqa: E402
import plots  # noqa: E402


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
        self.assertRegex(text, r'(?s)</header>.*?<p class="headline"><b>gce is better than ce by 0\.\d+ \[[^<]* in test accuracy</b>, p (=|&lt;) ')
        self.assertLess(text.index("gce is better than ce by"), text.index("<svg"))
        self.assertLess(text.index("pdifferences_1"), text.index('id="main"'), "the figure that answers stands before the table")

    def test_the_same_sentence_as_in_the_terminal(self):
        self.usual(seeds=3, rates=(0, 0.3))
        last = self.printed().splitlines()[-1]
        headline = re.search(r'<p class="headline">(.*?)</p>', self.page())[1]
        self.assertEqual(html.unescape(re.sub("<.*?>", "", headline)), last)

    def test_the_question_is_the_title(self):
        for r in [made(loss, seed, 0.5) for loss in LOSSES for seed in (1, 2)]:
            r["run"]["question"] = "which loss is <best>?"
            self.store(r)
        text = self.page()
        self.assertIn("<h1>Which loss is &lt;best&gt;?</h1>", text)
        self.assertIn("<title>Which loss is &lt;best&gt;?: a comparison", text)
        self.assertRegex(text, r'<p class="soft kicker">made · 6 trials · trained 1 January 2024</p>')

    def test_best_first(self):
        self.usual(seeds=3)
        tables = Reader(self.page()).tables
        self.assertEqual([row[0] for row in tables["main"][1:]], ["gce", "ce", "mae"])
        self.assertEqual([row[0] for row in tables["pairs"][1:]], ["gce", "mae"])

    def test_numbers_lead_to_their_records(self):
        """Every number of the tables of results and differences goes to its trials, these to the records that lie below the page."""
        self.usual(seeds=2, rates=(0, 0.3))
        out = self.root / "page.html"
        self.assertEqual(aggregate.main([str(self.root), "--format", "html", "--out", str(out)]), 0)
        text = out.read_text()
        ids = {attrs["id"]: attrs for _, attrs in Reader(text).tags if "id" in attrs}
        cells = re.findall(r'<td class="num[^"]*" data-v="[^"]+">\s*(<a class="cell" href="#([^"]*)")?', re.search(r'(?s)id="main".*?</table>', text)[0])
        self.assertEqual(len(cells), 6)
        for table in (r'(?s)id="main".*?</table>', r'(?s)data-sheet="pairs".*?</table>', r'(?s)id="whole".*?</table>'):
            for link, target in re.findall(r'<td class="num[^"]*" data-v="[^"]+">\s*(<a class="cell" href="#([^"]*)")?', re.search(table, text)[0])[:2]:
                self.assertIn(target, ids, table)
        gce = re.search(r'(?s)<tr><th scope="row">gce</th>.*?href="#(g\d+)"', re.search(r'(?s)data-sheet="pairs".*?</table>', text)[0])[1]
        self.assertIn("gce</summary>", re.search(r'(?s)id="%s">.*?</details>' % gce, text)[0])
        links = re.findall(r'href="(trials/[^"]*)"', text)
        self.assertEqual(len(links), 12)
        for link in links:
            self.assertTrue((self.root / link).is_file(), link)
        elsewhere = self.root / "elsewhere"
        elsewhere.mkdir()
        self.assertEqual(aggregate.main([str(self.root), "--format", "html", "--out", str(elsewhere / "page.html")]), 0)
        self.assertNotIn("trials/", re.sub("(?s)<p>This page.*?</p>", "", (elsewhere / "page.html").read_text()))

    def test_several_studies_on_one_page(self):
        """Each is a part with an answer of its own, named in the overview; their definitions stand once and no id stands twice."""
        self.usual(seeds=3)
        for loss, level in (("mse", 3.0), ("huber", 2.0)):
            for seed in (1, 2, 3):
                r = made(loss, seed, 0, study="houses", task="regression")
                r["directions"] = {"rmse": "lower"}
                r["result"]["metrics"] = {"test": {"rmse": level + seed / 10 + (loss == "mse") * seed / 50}}
                r["run"]["question"] = "which loss is best for houses?"
                self.store(r)
        files = self.root / "files"
        text = self.page("--files", str(files))
        found = Reader(text)
        ids = [attrs["id"] for _, attrs in found.tags if "id" in attrs]
        self.assertEqual(len(ids), len(set(ids)))
        targets = {attrs["href"][1:] for _, attrs in found.tags if (attrs.get("href") or "").startswith("#")}
        self.assertLessEqual(targets, set(ids))
        overview = re.search(r'(?s)id="overview".*?</section>', text)[0]
        for said in ("<b>gce is better than ce by", "<b>huber is better than mse by", ">houses</a>", ">made</a>"):
            self.assertIn(said, overview)
        self.assertIn(">Which loss is best for houses?</h2>", text)
        self.assertIn("<h1>2 studies</h1>", text)
        self.assertEqual(text.count("region of practical equivalence ±"), 1)
        self.assertTrue((files / "houses" / "main.md").is_file() and (files / "made" / "curves-1.pdf").is_file())
        pooled = self.page("--group-by", "loss", "--metric", "test.accuracy")
        self.assertNotIn('id="overview"', pooled)

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
        self.assertEqual({p.name[:-9] for p in files.glob("*.data.csv")}, names)
        self.assertIn("series,x,y,sd,lost,trials", (files / "curves-1.data.csv").read_text())
        for pdf in files.glob("*.pdf"):
            self.assertTrue(pdf.read_bytes().startswith(b"%PDF-"))
            svg = pdf.with_suffix(".svg").read_text()
            self.assertLessEqual(set(re.findall(r"font: (\d+)px", svg)) & {"1", "2", "3", "4", "5"}, set())
        self.assertIn("critical difference", (files / "ranks.svg").read_text())

    def test_odd_names_in_plots(self):
        for name in (ODD, "$x$", "a_b"):
            svg = drawing.Plot("x", "t", ODD, lambda f, n=name: plots.draw_lines(
                f, [plots.Line(n, [1, 2], [0.1, 0.2])], plots.looks([n], [n], n), n, n)).inline()
            self.assertNotIn("<script", svg)
            html.parser.HTMLParser().feed(svg)

    def test_unwritable(self):
        self.usual(seeds=1)
        self.assertEqual(self.refused("--format", "html", "--files", "/proc/none"), 5)


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
        self.assertIn("<b>A single setting was trained (test accuracy 0.5000)</b>; there is nothing to compare.", self.page(made("ce", 1, 0.5)))

    def test_all_diverged(self):
        text = self.page(*(made(loss, seed, 0, status="diverged") for loss in LOSSES for seed in (1, 2)))
        self.assertIn("<b>No loss has a result</b>.", text)
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


if __name__ == "__main__":
    unittest.main()
