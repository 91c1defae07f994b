"""Tests of how tables look in a paper: caption, label, digits, per cent, names, marks of ties, the order of rows; and of JSON."""
import json
import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from report_fixture import Case, made  # noqa: E402


class Looks(Case):
    def setUp(self):
        super().setUp()
        self.usual(seeds=4, rates=(0, 0.3))
        for seed in range(1, 5):
            for rate in (0, 0.3):                       # ties with gce: the same but for the sign of a small difference
                gce = next(r for r in self.records() if r["config"]["loss"]["name"] == "gce" and r["config"]["train"]["seed"] == seed
                           and r["config"]["corrupt"]["labels"]["rate"] == rate)
                self.store(made("near", seed, gce["result"]["metrics"]["test"]["accuracy"] - (-1) ** seed * 0.001 - 0.0001, corrupt__labels__rate=rate,
                                data__train={"path": "a.csv"}))

    def records(self):
        return [json.loads(p.read_text()) for p in (self.root / "trials").glob("*.json")]

    def mean(self, loss, rate):
        values = [r["result"]["metrics"]["test"]["accuracy"] for r in self.records()
                  if r["config"]["loss"]["name"] == loss and r["config"]["corrupt"]["labels"]["rate"] == rate]
        return sum(values) / len(values)

    def latex(self, *arguments):
        return self.printed("--format", "latex", "--metric", "test.accuracy", "--group-by", "loss", "--across", "corrupt.labels.rate", *arguments)

    def test_rows_stand_best_first_with_marks_of_ties(self):
        for form, best, tie in (("text", "*", "≈"), ("md", "**", "≈"), ("latex", r"\textbf{", r"$\approx$")):
            text = self.printed("--format", form, "--metric", "test.accuracy", "--group-by", "loss", "--across", "corrupt.labels.rate")
            rows = [line for line in text.splitlines() if re.search(r"\d\.\d{4}.*±|\d\.\d{4}.*pm", line)]
            self.assertEqual([re.search("ce$|gce|near|mae|ce", row)[0] for row in rows], ["gce", "near", "ce", "mae"], form)
            self.assertEqual([row.count(best) // (2 if form == "md" else 1) for row in rows], [2, 0, 0, 0], form)
            self.assertEqual([row.count(tie) for row in rows], [0, 2, 0, 0], form)
        self.assertIn("≈: not shown to be worse than the best: p >= 0.05", self.printed())
        self.assertEqual([r["loss"] for r in map(lambda c: {"loss": c}, re.findall(r"^(\w+)", self.printed("--sort", "key"), re.M)[1:5])], ["ce", "gce", "mae", "near"])

    def test_caption_and_label(self):
        text = self.latex("--caption", "Accuracy with 30 % noise_", "--label", "tab:noise")
        self.assertIn(r"\caption{Accuracy with 30 \% noise\_}" + "\n" + r"  \label{tab:noise}", text)
        own = self.latex()
        self.assertLess(len(re.search(r"\\caption\{(.*)\}", own)[1]), 450)
        self.assertNotRegex(re.search(r"\\caption\{(.*)\}", own)[1], "32 trials|train.seed|≈")
        self.assertIn("% made: 32 trials", own)
        self.assertTrue(own.index("% made") < own.index(r"\begin{table}"))
        self.assertNotIn(r"\label", own)

    def test_short_heads(self):
        self.assertIn(r"  loss & no noise & 30 \% noise \\", self.latex())
        for seed in range(1, 5):
            self.store(made("ce", seed, 0.5 + seed / 100, data="b", data__train={"path": "some/where/b_set.csv.gz"}))
        text = self.printed("--format", "latex", "--metric", "test.accuracy", "--group-by", "loss", "--across", "data.train.path", "--where", "corrupt.labels.rate=0")
        self.assertIn(r"  loss & a & b\_set \\", text)

    def test_digits_and_per_cent(self):
        row = next(line for line in self.latex("--percent", "--digits", "1").splitlines() if line.startswith("  mae"))
        shown = [float(v) for v in re.findall(r"& (\d+\.\d) \$", row)]
        self.assertEqual(shown, [float("%.1f" % (100 * self.mean("mae", rate))) for rate in (0, 0.3)])
        self.assertIn(r"no noise (\%)", self.latex("--percent"))
        self.assertIn("0.%02d " % round(100 * self.mean("mae", 0)), self.printed("--digits", "2"))
        self.assertNotIn("±", self.printed("--no-sd").split("\n\n")[0])
        pairs = {r["loss"]: r for r in self.rows("pairs", "--where", "corrupt.labels.rate=0")}
        text = self.printed("--table", "pairs", "--where", "corrupt.labels.rate=0", "--percent", "--digits", "1")
        self.assertIn("mae   %+.1f [%+.1f, %+.1f]" % tuple(100 * float(pairs["mae"][k]) for k in ("difference", "low", "high")), re.sub(" {3,}", "   ", text))

    def test_names(self):
        text = self.latex("--rename", "ce=Cross-entropy", "mae=MAE & more", "loss=Loss")
        self.assertRegex(text, r"(?m)^  Cross-entropy & ")
        self.assertRegex(text, r"(?m)^  MAE \\& more & ")
        self.assertIn("  Loss & no noise", text)
        self.assertNotRegex(text, r"(?m)^  (ce|mae) & ")
        pairs = self.printed("--table", "pairs", "--rename", "ce=Cross-entropy", "mae=MAE")
        self.assertIn("Differences from Cross-entropy in test accuracy", pairs)
        self.assertRegex(pairs, r"(?m)^MAE +")
        renamed, plain = self.printed("--rename", "gce=GCE"), self.printed()
        self.assertIn("≈", renamed)
        self.assertEqual(renamed.splitlines()[-1], plain.splitlines()[-1].replace("gce", "GCE"), "the sentence at the end has the names too")

    def test_json(self):
        found = json.loads(self.printed("--format", "json", "--metric", "test.accuracy", "--group-by", "loss", "--across", "corrupt.labels.rate"))
        self.assertEqual([c["at"] for c in found["columns"]], [{"corrupt.labels.rate": "0"}, {"corrupt.labels.rate": "0.3"}])
        self.assertEqual(found["columns"][0]["better"], "higher")
        by_loss = {row["keys"]["loss"]: row["cells"] for row in found["rows"]}
        for loss in ("ce", "gce", "mae", "near"):
            for cell, rate in zip(by_loss[loss], (0, 0.3)):
                self.assertAlmostEqual(cell["mean"], self.mean(loss, rate), 12)
                self.assertEqual((cell["n"], cell["best"], cell["tied"]), (4, loss == "gce", loss == "near"))
        pairs = json.loads(self.printed("--format", "json", "--table", "pairs"))
        exact = self.rows("pairs")
        self.assertEqual([(r["loss"], r["difference"], r["verdict"]) for r in pairs["rows"]], [(r["loss"], float(r["difference"]), r["verdict"]) for r in exact])
        self.assertTrue(json.loads(self.printed("--format", "json"))["conclusion"] is not None)

    def test_json_without_numbers(self):
        odd = made("odd", 1, 0)
        odd["result"]["metrics"]["test"]["accuracy"] = "inf"
        self.store(made("lost", 1, 0, status="diverged"), odd)
        found = json.loads(self.printed("--format", "json", "--metric", "test.accuracy", "--where", "corrupt.labels.rate=0"))
        cells = {row["keys"]["loss"]: row["cells"][0] for row in found["rows"]}
        self.assertEqual((cells["lost"]["mean"], cells["lost"]["note"]), (None, "diverged"))
        self.assertEqual(cells["odd"]["mean"], "inf")

    def test_what_is_refused(self):
        for arguments in (("--digits", "13"), ("--format", "latex", "--label", "a}b"), ("--caption", "x"), ("--format", "md", "--label", "x"), ("--rename", "x"),
                          ("--percent", "--metric", "test.log_loss"), ("--table", "pairs", "--percent", "--metric", "test.log_loss"), ("--format", "html", "--percent"), ("--format", "html", "--rename", "ce=x"), ("--rename", "ce=gce")):
            self.assertEqual(self.refused(*arguments), 2, arguments)


if __name__ == "__main__":
    unittest.main()
