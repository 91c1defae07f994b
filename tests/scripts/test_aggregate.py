"""Tests of scripts/aggregate.py on made-up records."""
import contextlib
import csv
import hashlib
import io
import json
import re
import statistics
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
import aggregate  # noqa: E402
import study_plan  # noqa: E402
import records  # noqa: E402
import tables  # noqa: E402


def record(loss, seed, metrics, status="ok", study="made", **keys):
    """A record; metrics maps split.name to a value, keys such as optimizer__lr=0.1 are config keys."""
    config = {"name": study, "task": "multiclass",
              "data": {"train": {"path": "a.csv"}, "split": {"train": 0.6, "seed": seed}},
              "corrupt": {"labels": {"kind": "uniform", "rate": 0, "seed": seed}}, "model": {"kind": "mlp", "hidden": [64]},
              "loss": dict(loss), "optimizer": {"name": "sgd", "lr": 0.1}, "train": {"epochs": 3, "seed": seed},
              "metrics": [{"name": "accuracy"}], "output": {"dir": "results/" + study}}
    for key, value in keys.items():
        *path, last = key.split("__")
        block = config
        for part in path:
            block = block[part]
        block[last] = value
    split = {s: {k.split(".", 1)[1]: v for k, v in metrics.items() if k.startswith(s + ".")} for s in ("train", "valid", "test")}
    identity = hashlib.sha256(json.dumps({**config, "name": 0, "output": 0}).encode()).hexdigest()[:16]
    return {"schema": "lossbench-trial/1", "id": identity, "study": study, "config": config,
            "data": {"rows": {"all": 10, "train": 6, "valid": 2, "test": 2}},
            "directions": {"accuracy": "higher", "log_loss": "lower"},
            "result": {"status": status, "metrics": split if status == "ok" else None}, "run": {}}


def accuracy(test, valid=None, log_loss=1.0):
    return {"test.accuracy": test, "valid.accuracy": test if valid is None else valid, "test.log_loss": log_loss}


CE, GCE3, GCE7 = {"name": "ce"}, {"name": "gce", "q": 0.3}, {"name": "gce", "q": 0.7}


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)

    def store(self, *made, folder="made/trials"):
        (self.root / folder).mkdir(parents=True, exist_ok=True)
        for r in made:
            (self.root / folder / (r["id"] + ".json")).write_text(json.dumps(r), encoding="utf-8")

    def run_with(self, *arguments, paths=None):
        """Exit status, standard output, standard error."""
        out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                status = aggregate.main([*(paths or [str(self.root)]), *arguments])
            except SystemExit as stop:
                status = stop.code
        out.flush()
        return status, out.buffer.getvalue().decode("utf-8"), err.getvalue()

    def rows(self, *arguments):
        """The CSV table as dictionaries."""
        status, out, err = self.run_with("--format", "csv", *arguments)
        self.assertEqual((status, err), (0, ""))
        return list(csv.DictReader(io.StringIO(out)))

    def store_usual(self):
        for seed in (1, 2, 3):
            self.store(record(CE, seed, accuracy(0.7 + seed / 97, log_loss=0.5 + seed / 31)),
                       record(GCE3, seed, accuracy(0.8 + seed / 89, log_loss=12.5 + seed / 7)),
                       record(GCE7, seed, accuracy(0.75 + seed / 83, log_loss=1.5)))


class Numbers(Case):
    def test_mean_and_sample_deviation(self):
        self.store_usual()
        row = self.rows("--metric", "test.accuracy")[1]
        values = [0.8 + seed / 89 for seed in (1, 2, 3)]
        self.assertEqual(row["loss"], "gce q=0.3")
        self.assertEqual(row["n"], "3")
        self.assertAlmostEqual(float(row["test.accuracy"]), statistics.mean(values), places=15)
        self.assertAlmostEqual(float(row["test.accuracy.sd"]), statistics.stdev(values), places=15)

    def parsed(self, cells, mark):
        """Numbers of a row's cells, as (mean, sd, best)."""
        out = []
        for cell in cells:
            best = mark in cell
            mean, sd = re.sub(r"\*|≈|\$\\approx\$|\\textbf|[{}]", "", cell).replace(r"$\pm$", "±").split("±")
            out.append((mean.strip(), sd.strip(), best))
        return out

    def test_all_formats_show_the_same(self):
        self.store_usual()
        exact = self.rows()
        text = [re.split(r" {2,}", line) for line in self.run_with("--group-by", "loss", "--sort", "key")[1].split("\n\n")[0].splitlines()[2:]]
        md = [[c.strip() for c in line.strip("|").split("|")] for line in self.run_with("--format", "md", "--sort", "key")[1].splitlines()[2:5]]
        latex = self.run_with("--format", "latex", "--sort", "key")[1].split("\\midrule\n")[1].split("  \\bottomrule")[0]
        latex = [[c.strip() for c in line.replace(r"\\", "").split("&")] for line in latex.splitlines()]
        for i, row in enumerate(exact):
            cells = self.parsed(text[i][1:3], "*")
            self.assertEqual(cells, self.parsed(md[i][1:3], "**"))
            self.assertEqual(cells, self.parsed(latex[i][1:3], r"\textbf"))
            self.assertEqual([text[i][0], text[i][3]], [row["loss"], row["n"]])
            for (mean, sd, best), metric in zip(cells, ("test.accuracy", "test.log_loss")):
                places = len(mean.partition(".")[2])
                self.assertEqual("%.*f" % (places, float(row[metric])), mean)
                self.assertEqual("%.*f" % (places, float(row[metric + ".sd"])), sd)
                self.assertEqual(row[metric + ".best"], "true" if best else "false")

    def test_one_trial_has_no_deviation(self):
        self.store(record(CE, 1, accuracy(0.7)), record(GCE3, 1, accuracy(0.8)))
        self.assertEqual([r["test.accuracy.sd"] for r in self.rows()], ["", ""])
        self.assertNotIn("±", self.run_with()[1])

    def test_undefined_and_infinite(self):
        self.store(record(CE, 1, accuracy(None, log_loss="inf")), record(CE, 2, accuracy(0.5, log_loss=1)),
                   record(GCE3, 1, accuracy(None)), record(GCE3, 2, accuracy(None)))
        ce, gce = self.rows()
        self.assertEqual((ce["test.accuracy"], ce["test.accuracy.n"], ce["n"], ce["test.log_loss"]), ("0.5", "1", "2", "inf"))
        self.assertEqual((gce["test.accuracy"], gce["test.accuracy.n"], gce["n"]), ("", "0", "2"))
        out = self.run_with()[1]
        self.assertRegex(out, r"0\.5000 \(n=1\)")
        self.assertRegex(out, r"gce +undefined")

    def test_what_is_marked_is_said_where_values_are_undefined(self):
        """Four completed trials, one without a value, count as three: a tie in number with three completed ones."""
        self.store(*(record(CE, seed, accuracy(0.7 if seed > 1 else None)) for seed in range(1, 5)),
                   *(record(GCE3, seed, accuracy(0.8)) for seed in range(1, 4)), record(GCE3, 4, {}, status="diverged"))
        self.assertEqual([(r["test.accuracy.n"], r["test.accuracy.best"]) for r in self.rows("--metric", "test.accuracy")], [("3", "false"), ("3", "true")])
        out = self.run_with("--metric", "test.accuracy")[1]
        self.assertIn("means over fewer completed trials with a value that is defined are never marked", out)

    def test_order_of_files_does_not_matter(self):
        values = [1e16, 1.0, -1e16, 3.7, 0.1]
        self.assertEqual(study_plan.mean_sd(values), study_plan.mean_sd(values[::-1]))

    def test_decimals(self):
        for values, places in (([0.97, 1.0], 4), ([0.05], 5), ([0.0], 4), ([12.3, 0.1], 3), ([54321.0], 0), ([0.00123], 6)):
            self.assertEqual(tables.decimals(values), places, values)


class Groups(Case):
    def test_replicate_seeds_are_averaged_and_other_seeds_are_not(self):
        for seed in (1, 2):
            for init in (10, 11):
                self.store(record(CE, seed, accuracy(seed / 10 + init), model__seed=init))
        rows = self.rows("--metric", "test.accuracy")
        self.assertEqual([(r["model.seed"], r["n"]) for r in rows], [("10", "2"), ("11", "2")])
        self.assertEqual([r["n"] for r in self.rows("--over", "train.seed", "model.seed")], ["4"])

    def test_a_block_without_a_seed_does_not_split_the_replicates_of_one_that_has_it(self):
        for seed in (1, 2, 3):
            self.store(record(CE, seed, accuracy(seed / 10)), record(CE, seed, accuracy(seed / 9), corrupt__labels={"kind": "none"}))
        rows = self.rows("--metric", "test.accuracy")
        self.assertEqual([r["n"] for r in rows], ["3", "3"])
        self.assertNotIn("corrupt.labels.seed", rows[0])

    def test_components(self):
        self.store_usual()
        self.store(record(CE, 1, accuracy(0.1), optimizer__lr=0.5))
        self.assertEqual({(r["loss"], r["optimizer.lr"]) for r in self.rows()},
                         {("ce", "0.1"), ("ce", "0.5"), ("gce q=0.3", "0.1"), ("gce q=0.7", "0.1")})
        by_name = self.rows("--group-by", "loss.name")
        self.assertEqual([(r["loss.name"], r["loss.q"]) for r in by_name],
                         [("ce", "-"), ("ce", "-"), ("gce", "0.3"), ("gce", "0.7")])

    def test_a_swept_component_that_is_absent_elsewhere(self):
        noisy = {"kind": "uniform", "rate": 0.3, "seed": 1}
        self.store(record(CE, 1, accuracy(0.5), corrupt__labels=None), record(CE, 1, accuracy(0.4), corrupt__labels=noisy),
                   record(CE, 1, accuracy(0.3), corrupt__labels={**noisy, "rate": 0.6}))
        self.assertEqual([r["corrupt.labels"] for r in self.rows()], ["none", "uniform rate=0.3", "uniform rate=0.6"])

    def test_studies_that_measure_differently(self):
        other = record(CE, 1, accuracy(0.5))
        other.update(id="0" * 16, config={**other["config"], "metrics": [{"name": "accuracy"}, {"name": "top_k", "k": 5}]})
        self.store(record(CE, 1, accuracy(0.5)), other)
        row, = self.rows("--metric", "test.accuracy")       # what was measured is no condition, and the training counts once
        self.assertEqual((row["n"], row["test.accuracy"]), ("1", "0.5"))
        self.assertIn("1 record left out: there is a newer record of the same config and data.", self.run_with()[1])

    def test_pivot(self):
        for rate in (0, 0.3):
            for seed in (1, 2):
                self.store(record(CE, seed, accuracy(0.9 - rate + seed / 100), corrupt__labels__rate=rate))
                if rate == 0 or seed == 1:
                    self.store(record(GCE3, seed, accuracy(0.8 - rate), corrupt__labels__rate=rate))
        rows = self.rows("--across", "corrupt.labels.rate", "--metric", "test.accuracy")
        self.assertEqual([(r["loss"], r["rate=0.n"], r["rate=0.3.n"]) for r in rows], [("ce", "2", "2"), ("gce", "2", "1")])
        self.assertAlmostEqual(float(rows[0]["rate=0.3"]), 0.615)
        out = self.run_with("--across", "corrupt.labels.rate", "--metric", "test.accuracy")[1]
        self.assertIn("0.5000 (n=1)", out)
        self.assertIn("n = 2 unless stated", out)

    def test_compact_text(self):
        """Without options: the first metric, contenders down, conditions across, as long as these are few."""
        for seed in (1, 2):
            for rate in (0, 0.3):
                self.store(record(CE, seed, accuracy(0.5 + rate), corrupt__labels__rate=rate),
                           record(GCE3, seed, accuracy(0.6 + rate), corrupt__labels__rate=rate))
        out = self.run_with()[1]
        self.assertEqual(re.split(r" {2,}", out.splitlines()[0]), ["loss", "rate=0", "rate=0.3"])
        self.assertNotIn("log_loss", out)
        wide = self.run_with("--sort", "metric", "--metric", "test.accuracy", "test.log_loss")[1]
        self.assertIn("test.log_loss", wide)
        for rate in range(1, 50):
            self.store(record(CE, 1, accuracy(rate / 50), corrupt__labels__rate=rate / 50))
        self.assertEqual(re.split(r" {2,}", self.run_with()[1].splitlines()[0])[:3], ["corrupt.labels.rate", "loss", "test.accuracy"])
        out = self.run_with()[1]
        self.assertIn("Shown: the best row of each corrupt.labels.rate, 50 of 52 rows", out)
        self.assertEqual(len(out.split("\n\n")[0].splitlines()), 52)
        self.assertEqual(re.findall(r"^0\.3 +(\w+)", out, re.M), ["gce"])

    def test_where(self):
        for seed in (1, 2):
            self.store(record(CE, seed, accuracy(0.5)), record(GCE3, seed, accuracy(0.6)), record(GCE7, seed, accuracy(0.7)))
        self.assertEqual([r["loss.q"] for r in self.rows("--where", "loss.name=gce", "--group-by", "loss.q")], ["0.3", "0.7"])
        status, _, err = self.run_with("--where", "loss.name=ace")
        self.assertEqual(status, 2)
        self.assertIn("the values are: ce, gce", err)
        self.assertEqual(self.run_with("--where", "loss.name")[0], 2)

    def test_sort(self):
        self.store_usual()
        self.assertEqual([r["loss"] for r in self.rows("--sort", "metric")], ["gce q=0.3", "gce q=0.7", "ce"])
        self.assertEqual([r["loss"] for r in self.rows("--sort", "metric", "--metric", "test.log_loss")],
                         ["ce", "gce q=0.7", "gce q=0.3"])
        self.assertLess(records.natural("gce q=2"), records.natural("gce q=10"))
        self.assertLess(records.natural("-1"), records.natural("1e-3"))

    def test_a_trial_in_two_folders_counts_once(self):
        self.store_usual()
        self.store(record(CE, 1, accuracy(0.7 + 1 / 97, log_loss=0.5 + 1 / 31), study="other"), folder="other/trials")
        self.assertEqual([r["n"] for r in self.rows()], ["3", "3", "3"])
        self.store(record(CE, 2, accuracy(0.1), study="other"), folder="other/trials")
        self.assertIn("different results", self.run_with()[2])


class Marks(Case):
    def test_direction(self):
        self.store_usual()
        rows = self.rows()
        self.assertEqual([r["test.accuracy.best"] for r in rows], ["false", "true", "false"])
        self.assertEqual([r["test.log_loss.best"] for r in rows], ["true", "false", "false"])

    def test_exact_ties_share_the_mark(self):
        self.store(record(CE, 1, accuracy(0.5)), record(GCE3, 1, accuracy(0.5)), record(GCE7, 1, accuracy(0.5 - 1e-12)))
        self.assertEqual([r["test.accuracy.best"] for r in self.rows()], ["true", "true", "false"])

    def test_rows_of_different_data_do_not_compete(self):
        for rate, level in ((0, 0.9), (0.3, 0.5)):
            self.store(record(CE, 1, accuracy(level), corrupt__labels__rate=rate),
                       record(GCE3, 1, accuracy(level + 0.01), corrupt__labels__rate=rate))
        self.assertEqual([r["test.accuracy.best"] for r in self.rows()], ["false", "true", "false", "true"])

    def test_losses_in_columns_compete_along_the_row(self):
        for data, level in (("a.csv", 0.9), ("b.csv", 0.5)):
            self.store(record(CE, 1, accuracy(level), data__train__path=data),
                       record(GCE3, 1, accuracy(level + 0.2 * (level < 0.6) - 0.1), data__train__path=data))
        rows = self.rows("--across", "loss", "--metric", "test.accuracy")
        self.assertEqual([(r["loss=ce.best"], r["loss=gce.best"]) for r in rows], [("true", "false"), ("false", "true")])
        self.assertIn("best mean of its row", self.run_with("--across", "loss")[1])

    def test_fewer_ok_trials_are_not_marked(self):
        self.store_usual()
        self.store(record(GCE3, 3, {}, status="diverged"))
        rows = self.rows("--metric", "test.accuracy")
        self.assertEqual([r["test.accuracy.best"] for r in rows], ["false", "false", "true"])
        self.assertEqual([r["not ok"] for r in rows], ["", "diverged 1 of 3", ""])
        self.assertIn("means over fewer completed trials are never marked", self.run_with()[1])

    def test_lost_trials_are_counted(self):
        self.store(record(CE, 1, {}, status="diverged"), record(CE, 2, {}, status="diverged"),
                   record(GCE3, 1, accuracy(0.5)), record(GCE3, 2, {}, status="failed"),
                   record(GCE3, 3, {}, status="interrupted"))
        status, out, _ = self.run_with("--metric", "test.accuracy")
        self.assertEqual(status, 0)
        self.assertRegex(out, r"ce +diverged +0 +diverged 2 of 2")
        self.assertRegex(out, r"gce +\*?0\.5000 +1 +failed 1, interrupted 1 of 3")
        self.assertEqual([r["test.accuracy"] for r in self.rows()], ["", "0.5"])


class Selection(Case):
    def store_tuned(self):
        """lr 0.1 is better on validation, 0.5 on test."""
        for seed in (1, 2):
            for lr, valid, test in ((0.1, 0.8, 0.6), (0.5, 0.7, 0.9)):
                self.store(record(CE, seed, accuracy(test, valid), optimizer__lr=lr),
                           record(GCE3, seed, accuracy(test, 1 - valid), optimizer__lr=lr))

    def test_validation_chooses(self):
        self.store_tuned()
        rows = self.rows("--select", "valid.accuracy", "--group-by", "loss.name")
        self.assertEqual([(r["loss.name"], r["chosen"], r["test.accuracy"], r["n"]) for r in rows],
                         [("ce", "optimizer.lr=0.1", "0.6", "2"), ("gce", "optimizer.lr=0.5", "0.9", "2")])

    def test_default_rows(self):
        self.store_tuned()
        self.assertEqual([r["chosen"] for r in self.rows("--select", "valid.accuracy")], ["optimizer.lr=0.1", "optimizer.lr=0.5"])

    def test_loss_parameters_are_tuned_per_pivot_column(self):
        for rate in (0, 0.3):
            self.store(record(GCE3, 1, accuracy(0.5, 0.5 + rate), corrupt__labels__rate=rate),
                       record(GCE7, 1, accuracy(0.6, 0.6), corrupt__labels__rate=rate))
        arguments = ["--select", "valid.accuracy", "--across", "corrupt.labels.rate", "--metric", "test.accuracy"]
        row, = self.rows(*arguments, "--group-by", "loss.name")
        self.assertEqual((row["rate=0"], row["rate=0.3"]), ("0.6", "0.5"))
        self.assertEqual((row["rate=0.chosen"], row["rate=0.3.chosen"]), ("loss.q=0.7", "loss.q=0.3"))
        self.assertIn("Chosen for gce: rate=0: loss.q=0.7; rate=0.3: loss.q=0.3.",
                      self.run_with(*arguments, "--group-by", "loss.name")[1])

    def test_data_are_never_chosen(self):
        self.store(record(CE, 1, accuracy(0.5), data__train__path="a.csv"),
                   record(CE, 1, accuracy(0.9), data__train__path="b.csv"))
        self.assertEqual(len(self.rows("--select", "valid.accuracy", "--group-by", "loss.name")), 2)

    def test_a_setting_that_diverged_loses(self):
        self.store_tuned()
        self.store(record(CE, 2, {}, status="diverged", optimizer__lr=0.1))
        ce = self.rows("--select", "valid.accuracy")[0]
        self.assertEqual((ce["chosen"], ce["n"], ce["not ok"]), ("optimizer.lr=0.5", "2", "diverged 1 of 4"))

    def test_without_selection_settings_are_rows(self):
        self.store_tuned()
        self.assertEqual(len(self.rows("--group-by", "loss.name")), 4)

    def test_refusals(self):
        self.store_tuned()
        for metric in ("test.accuracy", "train.accuracy"):
            status, out, err = self.run_with("--select", metric)
            self.assertEqual((status, out), (2, ""))
            self.assertIn("use --select valid.accuracy", err)
        status, _, err = self.run_with("--select", "valid.log_loss")
        self.assertEqual(status, 4)
        self.assertIn("validation rows", err)


class Refusals(Case):
    def test_unknown_names(self):
        self.store_usual()
        for arguments, hint in ((("--group-by", "loss.nam"), "'loss.name'"), (("--across", "optimiser.lr"), "'optimizer.lr'"),
                                (("--over", "train.sed"), "'train.seed'"), (("--metric", "test.acuracy"), "'test.accuracy'"),
                                (("--select", "valid.acuracy"), "'valid.accuracy'")):
            status, _, err = self.run_with(*arguments)
            self.assertEqual(status, 2)
            self.assertIn("did you mean " + hint, err)
        self.assertEqual(self.run_with("--format", "pdf")[0], 2)

    def test_files_that_are_no_records(self):
        self.store_usual()
        for name, content, why in (("a", "{", "not a whole record"), ("b", "[1]", "not a trial's record"),
                                   ("c", '{"schema": "lossbench-trial/9"}', "lossbench-trial/9"),
                                   ("d", '{"schema": "lossbench-trial/1"}', "not a whole record")):
            path = self.root / "made" / "trials" / (name + ".json")
            path.write_text(content, encoding="utf-8")
            status, out, err = self.run_with()
            self.assertEqual(status, 0)
            self.assertIn("9 trials", out)
            self.assertRegex(err, re.escape(str(path)) + ".*" + why)
            path.unlink()

    def test_nothing_usable(self):
        for path in (self.root, self.root / "missing.json"):
            status, out, err = self.run_with(paths=[str(path)])
            self.assertEqual((status, out), (4, ""))
            self.assertIn(str(path), err)

    def test_a_trial_that_failed_before_its_data(self):
        lost = record(CE, 1, {}, status="failed")
        lost.update(data=None, directions={})
        self.store(lost)
        self.assertEqual(self.run_with()[0], 4)
        self.store(record(GCE3, 1, accuracy(0.5)))
        self.assertEqual([r["not ok"] for r in self.rows()], ["failed 1 of 1", ""])


class Rendering(Case):
    PATH = "a|b`c_d&50%#{x}~^\\<i>.csv"

    def test_escaping(self):
        self.store(record(CE, 1, accuracy(0.5), data__train__path=self.PATH), record(CE, 1, accuracy(0.5)))
        self.assertEqual(self.rows()[1]["data.train.path"], self.PATH)
        md = self.run_with("--format", "md")[1].splitlines()[3]
        self.assertIn(r"a\|b\`c_d&50%#{x}~^\\\<i>.csv", md)
        self.assertEqual(len(re.findall(r"(?<!\\)\|", md)), self.run_with("--format", "md")[1].splitlines()[0].count("|"))
        latex = self.run_with("--format", "latex")[1]
        self.assertIn(r"a\textbar{}b\textasciigrave{}c\_d\&50\%\#\{x\}\textasciitilde{}\textasciicircum{}\textbackslash{}"
                      r"\textless{}i\textgreater{} &", latex)
        self.assertIn("test log loss", latex)

    def test_latex_row_does_not_begin_with_a_bracket(self):
        self.store(record(CE, 1, accuracy(0.5)), record(CE, 1, accuracy(0.5), model__hidden=[64, 32]))
        self.assertIn("  {[}64,32] & ", self.run_with("--format", "latex")[1])

    def planned(self):
        trials = records.read_trials([str(self.root)])
        keys = records.Keys(trials)
        return trials, aggregate.make_plan(aggregate.parser().parse_args([str(self.root)]), trials, keys), keys, "key"

    def test_narrow_terminal_loses_deviations_not_names(self):
        self.store_usual()
        table = aggregate.make_table(*self.planned())
        wide, narrow = tables.text(table), tables.text(table, 45)
        self.assertIn("±", wide.split("\n\n")[0])
        self.assertNotIn("±", narrow.split("\n\n")[0])
        self.assertIn("gce q=0.7", narrow)
        self.assertLessEqual(max(map(len, narrow.split("\n\n")[0].splitlines())), 45)

    def test_out(self):
        self.store_usual()
        target = self.root / "table.md"
        status, out, _ = self.run_with("--format", "md", "--out", str(target))
        self.assertEqual((status, out), (0, ""))
        self.assertEqual(target.read_text(encoding="utf-8"), self.run_with("--format", "md")[1])
        self.assertEqual(self.run_with("--out", str(self.root / "no" / "where"))[0], 5)


if __name__ == "__main__":
    unittest.main()
