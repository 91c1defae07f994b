"""What records mean beside each other: tuned studies, versions of data and of the program, keys that a record lacks, constant models."""
import copy
import json
import os
import re
import sys
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
import compare  # noqa: E402
import facts  # noqa: E402
import records  # noqa: E402
import test_aggregate  # noqa: E402
from test_aggregate import CE, GCE3, GCE7, accuracy, record  # noqa: E402

SCHEMA = {"properties": {
    "task": {"default": "multiclass"},
    "data": {"properties": {"header": {"default": "auto"}, "train": {"properties": {"path": {}}},
                            "preprocess": {"properties": {"subtract": {"default": 0}}}}},
    "corrupt": {"properties": {"imbalance": {"default": "none", "oneOf": [
        {"enum": ["none"]}, {"properties": {"kind": {"const": "none"}}},
        {"properties": {"kind": {"const": "step"}, "ratio": {"default": 10}, "seed": {"default": None}}}]}}},
    "loss": {"oneOf": [{"enum": ["ce", "poly1"]}, {"properties": {"name": {"const": "ce"}}},
                       {"properties": {"name": {"const": "poly1"}, "eps": {"former": "epsilon", "default": 1}}},
                       {"properties": {"name": {"const": "gce"}, "q": {"default": 0.7}, "clip": {"default": 0}}}]},
    "optimizer": {"default": "sgd", "oneOf": [{"enum": ["sgd"]}, {"properties": {"name": {"const": "sgd"}, "lr": {"default": 0.1},
                                                                                 "project": {"default": "none"}}}]},
    "model": {"default": "linear", "oneOf": [{"properties": {"kind": {"const": "mlp"}, "hidden": {"default": [64]}}}]},
    "train": {"properties": {"epochs": {"default": 20}, "seed": {"default": 1}, "sampler": {"default": "shuffle"}}}}}


def versioned(r, version="1.0", started="2026-01-01T00:00:00Z", revision=None, **changes):
    """The record as that version of the program wrote it."""
    r = copy.deepcopy(r)
    r["run"] = {"lossbench": version, "started": started, "git": {"revision": revision or version * 10, "clean": True}}
    r.update(changes)
    return r


def sourced(r, checksum, path="a.csv"):
    r = copy.deepcopy(r)
    r["config"]["data"]["train"]["path"] = path
    r["data"]["sources"] = [{"role": "train", "path": path, "format": "csv", "sha256": checksum * 32, "bytes": 1, "rows": 10}]
    return r


class Case(test_aggregate.Case):
    """Beside the records stands a program that prints SCHEMA."""

    def setUp(self):
        super().setUp()
        program = self.root / "program"
        program.write_text("#!/bin/sh\ncat <<'X'\n%s\nX\n" % json.dumps(SCHEMA), encoding="utf-8")
        program.chmod(0o755)
        environment = mock.patch.dict(os.environ, {"LOSSBENCH": str(program)})
        environment.start()
        self.addCleanup(environment.stop)
        self.number = 0

    def add(self, *made):
        """Stores records under ids of their own."""
        for r in made:
            self.number += 1
            r["id"] = "%016x" % self.number
            self.store(r)
        return ["%016x" % i for i in range(self.number - len(made) + 1, self.number + 1)]


class Tuned(Case):
    RATES = {("ce", 1): 0.1, ("ce", 2): 0.1, ("ce", 3): 0.01, ("gce", 1): 0.5, ("gce", 2): 0.5, ("gce", 3): 0.5}
    TUNE = {"trials": 4, "metric": "valid.log_loss", "folds": 3, "space": "default"}

    def trained(self, loss, seed, **keys):
        made = record({"name": loss, **({"q": 0.3} if loss == "gce" else {})}, seed, accuracy(0.7 + seed / 90 + (loss == "gce") / 10),
                      optimizer__lr=self.RATES[loss, seed], **keys)
        made["config"]["tune"] = dict(self.TUNE)
        return made

    def store_tuned(self, write=True):
        arms = []
        for loss in ("ce", "gce"):
            choices = []
            for seed in (1, 2, 3):
                ids = self.add(self.trained(loss, seed))
                chosen = {"optimizer.lr": self.RATES[loss, seed], **({"loss.q": 0.3} if loss == "gce" else {})}
                choices.append({"trials": ids, "chosen": chosen, "candidates": [{"settings": chosen, "mean": 0.8, "folds": 3, "lost_folds": 0}]})
            arms.append({"loss": {"name": loss}, "model": {}, "corrupt": {}, "choices": choices})
        if write:
            self.write({"schema": "lossbench-tuning/2", "studies": [
                {"study": "made", "metric": "log_loss", "direction": "lower", "folds": 3, "arms": arms}]})

    def write(self, tuning):
        (self.root / "made" / "tuning.json").write_text(json.dumps(tuning), encoding="utf-8")

    def check(self):
        rows = self.rows()
        self.assertEqual([(r["loss"], r["n"]) for r in rows], [("ce", "3"), ("gce", "3")])
        self.assertNotIn("optimizer.lr", rows[0])
        self.assertEqual([r["test.accuracy.best"] for r in rows], ["false", "true"])
        self.assertEqual([r["chosen"] for r in rows], ["lr=0.1 (2 of 3), 0.01 (1)", "lr=0.5 q=0.3"])

    def test_losses_are_compared_and_the_choice_is_shown(self):
        self.store_tuned()
        self.check()
        out = self.run_with()[1]
        self.assertRegex(out.splitlines()[0], r"^loss +chosen +test\.log_loss +n$")
        self.assertIn("Tuned by the sweep, by valid.log_loss: optimizer.lr, loss.q", out)

    def test_without_the_file_the_config_tells_what_was_tuned(self):
        self.store_tuned(write=False)
        self.check()

    def test_an_older_file(self):
        self.RATES = {key: 0.5 if key[0] == "gce" else 0.1 for key in self.RATES}
        self.store_tuned(write=False)
        stale = self.trained("ce", 3)
        stale["config"]["optimizer"]["lr"] = 0.02
        self.add(stale)
        self.write({"schema": "lossbench-tuning/1", "study": "made", "metric": "log_loss", "folds": 3, "arms": [
            {"loss": {"name": "ce"}, "model": {"kind": "mlp", "hidden": [64]}, "corrupt": {}, "chosen": {"optimizer.lr": 0.1}, "candidates": []},
            {"loss": {"name": "gce", "q": 0.7}, "corrupt": None, "chosen": {"optimizer.lr": 0.5, "loss.q": 0.3}, "candidates": []}]})
        self.assertEqual([(r["loss"], r["n"], r["chosen"]) for r in self.rows()], [("ce", "3", "lr=0.1"), ("gce", "3", "lr=0.5 q=0.3")])
        self.assertIn("1 trial of made left out: its settings no longer are what tuning chose.", self.run_with()[1])

    def test_what_no_longer_is_chosen_is_left_out(self):
        self.store_tuned()
        for seed in (1, 2):
            old = self.trained("ce", seed)
            old["config"]["optimizer"]["lr"] = 0.9
            self.add(old)
        fold = self.trained("ce", 1)
        fold["config"]["data"]["cv"] = {"folds": 3, "fold": 0}
        self.add(fold)
        self.check()
        self.assertIn("2 trials of made left out: their settings no longer are what tuning chose.", self.run_with()[1])

    def test_a_trial_trained_before_the_study_was_tuned(self):
        """The id leaves the tune block out, so its record has none; tuning.json lists it."""
        self.store_tuned()
        path = next(p for p in (self.root / "made" / "trials").glob("*.json") if json.loads(p.read_text())["config"]["loss"]["name"] == "ce")
        old = json.loads(path.read_text())
        del old["config"]["tune"]
        path.write_text(json.dumps(old))
        self.check()

    def test_real_values_where_they_are_asked_for(self):
        self.store_tuned()
        rows = self.rows("--group-by", "optimizer.lr", "--metric", "test.accuracy")
        self.assertEqual([(r["optimizer.lr"], r["loss"], r["n"]) for r in rows], [("0.01", "ce", "1"), ("0.1", "ce", "2"), ("0.5", "gce", "3")])
        self.assertEqual([r["n"] for r in self.rows("--where", "optimizer.lr=0.1")], ["2"])

    def test_with_select_and_beside_untuned_trials(self):
        self.store_tuned()
        self.assertEqual([r["n"] for r in self.rows("--select", "valid.accuracy")], ["3", "3"])
        for seed in (1, 2, 3):
            self.add(record(CE, seed, accuracy(0.5), optimizer__lr=0.2))
        self.assertEqual([(r["optimizer.lr"], r["loss"], r["n"]) for r in self.rows("--metric", "test.accuracy")],
                         [("0.2", "ce", "3"), ("tuned", "ce", "3"), ("tuned", "gce", "3")])

    def test_two_studies_with_other_budgets_are_told_apart(self):
        self.store_tuned(write=False)
        for seed in (1, 2, 3):
            other = self.trained("ce", seed)
            other["config"]["optimizer"]["lr"] = 0.3
            other["study"] = "longer"
            self.add(other)
        self.assertEqual([(r["study"], r["loss"], r["n"]) for r in self.rows("--metric", "test.accuracy")],
                         [("longer", "ce", "3"), ("made", "ce", "3"), ("made", "gce", "3")])


class Data(Case):
    def store_versions(self):
        for seed in (1, 2, 3):
            for loss, gain in ((CE, 0), (GCE3, 0.01)):
                self.add(sourced(record(loss, seed, accuracy(0.5 + gain)), "a1"), sourced(record(loss, seed, accuracy(0.8 - gain)), "b2"),
                         sourced(record(loss, seed, accuracy(0.3)), "c3", "other.csv"))

    def test_other_bytes_are_another_condition(self):
        self.store_versions()
        rows = self.rows("--metric", "test.accuracy")
        self.assertEqual([(r["data.train.path"], r["data.version"], r["loss"], r["n"], r["test.accuracy.best"]) for r in rows], [
            ("a.csv", "a1a1a1a1", "ce", "3", "false"), ("a.csv", "a1a1a1a1", "gce", "3", "true"),
            ("a.csv", "b2b2b2b2", "ce", "3", "true"), ("a.csv", "b2b2b2b2", "gce", "3", "false"),
            ("other.csv", "-", "ce", "3", "true"), ("other.csv", "-", "gce", "3", "true")])

    def test_checksums_that_begin_alike(self):
        one, other = sourced(record(CE, 1, accuracy(0.5)), "a1"), sourced(record(CE, 1, accuracy(0.6)), "a1")
        other["data"]["sources"][0]["sha256"] = "a1" * 10 + "b" * 44
        self.add(one, other)
        self.assertEqual([r["data.version"] for r in self.rows()], ["a1" * 10 + "a", "a1" * 10 + "b"])

    def test_no_version_where_there_is_one(self):
        self.add(*(sourced(record(loss, 1, accuracy(0.5)), "a1") for loss in (CE, GCE3)))
        self.assertNotIn("data.version", self.rows()[0])

    def test_a_copy_is_the_same_data(self):
        for seed in (1, 2):
            self.add(sourced(record(CE, seed, accuracy(0.5)), "a1", "a.csv"), sourced(record(GCE3, seed, accuracy(0.6)), "a1", "/copy/a.csv"))
        rows = self.rows("--metric", "test.accuracy")
        self.assertEqual([(r["loss"], r["test.accuracy.best"]) for r in rows], [("ce", "false"), ("gce", "true")])
        self.assertNotIn("data.train.path", rows[0])

    def test_a_trial_that_failed_before_it_read_the_data(self):
        self.store_versions()
        lost = record(CE, 4, {}, status="failed")
        lost["data"] = None
        self.add(lost)
        self.assertEqual(sum(r["not ok"] != "" for r in self.rows()), 1)

    def test_pairs_never_cross(self):
        try:
            import scipy  # noqa: F401
        except ImportError:
            self.skipTest("needs scipy")
        self.store_versions()
        rows = self.rows("--table", "pairs")
        self.assertEqual(sorted((round(float(r["difference"]), 6), r["pairs"]) for r in rows), [(-0.01, "3"), (0.0, "3"), (0.01, "3")])

    def test_compare_names_the_data(self):
        try:
            import scipy  # noqa: F401
        except ImportError:
            self.skipTest("needs scipy")
        self.store(*(sourced(record(CE, s, accuracy(0.5)), "a1") for s in (1, 2)), folder="x/trials")
        self.store(*(sourced(record(CE, s, accuracy(0.6)), "b2") for s in (1, 2)), folder="y/trials")
        with mock.patch.object(test_aggregate.aggregate, "main", compare.main):
            status, out, err = self.run_with(paths=[str(self.root / "x"), str(self.root / "y")])
        self.assertEqual((status, err), (0, ""))
        self.assertIn("Changed: data.version a1a1a1a1 -> b2b2b2b2.", out)
        self.assertIn("2 paired", out)


class Versions(Case):
    def newer(self, r):
        """With the options added since."""
        r = copy.deepcopy(r)
        c = r["config"]
        c["data"]["header"], c["data"]["preprocess"] = "auto", {"subtract": 0}
        c["corrupt"]["imbalance"] = {"kind": "none"}
        c["optimizer"]["project"], c["train"]["sampler"] = "none", "shuffle"
        if c["loss"]["name"] == "gce":
            c["loss"]["clip"] = 0
        return r

    def test_an_absent_key_has_its_default(self):
        for seed in (1, 2, 3):
            self.add(versioned(record(CE, seed, accuracy(0.5)), "1.0"), versioned(self.newer(record(GCE3, seed, accuracy(0.6))), "1.1"),
                     versioned(record(GCE7, seed, accuracy(0.7)), "1.0"))
        rows = self.rows("--metric", "test.accuracy")
        self.assertEqual([(r["loss"], r["n"]) for r in rows], [("ce", "3"), ("gce q=0.3", "3"), ("gce q=0.7", "3")])
        self.assertEqual(set(rows[0]), {"loss", "test.accuracy", "test.accuracy.sd", "test.accuracy.n", "test.accuracy.best", "n"})
        self.assertIn("Records of 2 versions of lossbench: 1.0 (6 trials), 1.1 (3 trials).", self.run_with()[1])

    def test_another_value_than_the_default_is_a_condition(self):
        changed = self.newer(record(CE, 1, accuracy(0.5)))
        changed["config"]["corrupt"]["imbalance"] = {"kind": "step", "ratio": 10, "seed": 1}
        changed["config"]["train"]["sampler"] = "balanced"
        self.add(versioned(record(CE, 1, accuracy(0.6))), versioned(changed, "1.1"))
        rows = self.rows("--metric", "test.accuracy")
        self.assertEqual([(r["corrupt.imbalance"], r["train.sampler"]) for r in rows], [("none", "shuffle"), ("step", "balanced")])

    def test_two_records_of_one_training_count_once(self):
        for seed in (1, 2):
            old, new = versioned(record(CE, seed, accuracy(0.5)), "1.0"), versioned(self.newer(record(CE, seed, accuracy(0.6))), "1.1", "2026-02-01")
            self.add(new, old)
        row, = self.rows("--metric", "test.accuracy")
        self.assertEqual((row["n"], row["test.accuracy"]), ("2", "0.6"))
        self.assertIn("2 records left out: for each there is a newer record of the same config and data.", self.run_with()[1])

    def test_a_finished_record_is_kept_for_a_newer_that_failed(self):
        self.add(versioned(record(CE, 1, accuracy(0.5))), versioned(self.newer(record(CE, 1, {}, status="failed")), "1.1", "2026-02-01"))
        row, = self.rows("--metric", "test.accuracy")
        self.assertEqual(row["test.accuracy"], "0.5")

    def test_a_renamed_parameter(self):
        self.add(versioned(record({"name": "poly1", "epsilon": 2}, 1, accuracy(0.5))), versioned(record({"name": "poly1", "eps": 2}, 2, accuracy(0.6)), "1.1"),
                 versioned(record({"name": "poly1", "eps": 5}, 2, accuracy(0.6)), "1.1"))
        self.assertEqual([(r["loss"], r["n"]) for r in self.rows("--metric", "test.accuracy")], [("poly1 eps=2", "2"), ("poly1 eps=5", "1")])

    def test_a_record_of_another_program(self):
        """It says what its author thought of: the loss, the seed, and what came out."""
        for seed in (1, 2):
            self.add(versioned(self.newer(record(CE, seed, accuracy(0.5), train__epochs=7))))
            own = record({"name": "torch ce"}, seed, accuracy(0.55))
            own["config"] = {"loss": {"name": "torch ce"}, "train": {"seed": seed, "epochs": 7}}
            del own["run"]
            self.add(own)
        rows = self.rows("--metric", "test.accuracy")
        self.assertEqual([(r["loss"], r["n"], r["test.accuracy.best"]) for r in rows], [("ce", "2", "false"), ("torch ce", "2", "true")])
        self.assertIn("2 records say nothing of corrupt, data, model, optimizer", self.run_with()[1])

    def test_without_a_program_absent_keys_are_as_in_the_others(self):
        self.add(versioned(record(CE, 1, accuracy(0.5))), versioned(self.newer(record(GCE3, 1, accuracy(0.6)))))
        with mock.patch("meaning.program", return_value=None):
            self.assertEqual([r["loss"] for r in self.rows("--metric", "test.accuracy")], ["ce", "gce"])
            self.assertIn("1 record lacks keys that others have, and no lossbench was found to tell their defaults", self.run_with()[1])

    def test_the_program_is_not_asked_where_all_have_the_same_keys(self):
        self.store_usual()
        with mock.patch("meaning.options", side_effect=AssertionError):
            self.assertEqual([r["n"] for r in self.rows()], ["3", "3", "3"])

    def test_ids(self):
        ids = self.add(*(record(CE, seed, accuracy(seed / 10)) for seed in (1, 2, 3)))
        (self.root / "ids").write_text("%s\n%s\n" % (ids[0], ids[2]))
        row, = self.rows("--ids", str(self.root / "ids"), "--metric", "test.accuracy")
        self.assertEqual((row["n"], row["test.accuracy"]), ("2", "0.2"))
        self.assertEqual(self.run_with("--ids", str(self.root / "none"))[0], 2)


class Constant(Case):
    def based(self, loss, seed, value, base, kind="majority", **keys):
        r = record(loss, seed, accuracy(value), **keys)
        r["baseline"] = {"kind": kind, "metrics": {"test": {"accuracy": base, "log_loss": None}}}
        return r

    def test_a_row_of_each_condition(self):
        for rate, base in ((0, 0.5), (0.3, 0.6)):
            for seed in (1, 2):
                self.add(self.based(CE, seed, 0.7, base + seed / 100, corrupt__labels__rate=rate),
                         self.based(GCE3, seed, 0.4, base + seed / 100, corrupt__labels__rate=rate))
        rows = self.rows("--metric", "test.accuracy")
        self.assertEqual([(r["corrupt.labels.rate"], r["loss"], r["test.accuracy.best"]) for r in rows], [
            ("0", "ce", "true"), ("0", "gce", "false"), ("0", "always the majority class", "false"),
            ("0.3", "ce", "true"), ("0.3", "gce", "false"), ("0.3", "always the majority class", "false")])
        self.assertAlmostEqual(float(rows[2]["test.accuracy"]), 0.515)
        self.assertEqual((rows[2]["n"], rows[2]["test.accuracy.n"]), ("2", "2"))
        out = self.run_with()[1]
        self.assertRegex(out, r"always the majority class +0\.5150 ± 0\.0071 +0\.6150 ± 0\.0071\n")
        self.assertRegex(self.run_with("--format", "md")[1], r"\| 0 \| always the majority class \| 0\.5150 ± 0\.0071 \| undefined \| 2 \|")

    def test_a_constant_model_is_never_the_best(self):
        self.add(self.based(CE, 1, 0.4, 0.9), self.based(GCE3, 1, 0.3, 0.9))
        self.assertEqual([(r["loss"], r["test.accuracy.best"]) for r in self.rows("--metric", "test.accuracy")],
                         [("ce", "true"), ("gce", "false"), ("always the majority class", "false")])

    def test_it_is_said_who_is_worse_and_who_was_still_falling(self):
        try:
            import scipy  # noqa: F401
        except ImportError:
            self.skipTest("needs scipy")
        for seed in (1, 2):
            slow = self.based(GCE3, seed, 0.4, 0.5, train__epochs=10)
            slow["result"]["curves"] = {"train.loss": [10 - e / 10 for e in range(10)]}
            done = self.based(CE, seed, 0.7, 0.5, train__epochs=10)
            done["result"]["curves"] = {"train.loss": [2.0 ** -e for e in range(10)]}
            self.add(slow, done)
        out = self.run_with()[1]
        self.assertRegex(out, r"Worse than a constant model \(always the majority class\)[^:]*: gce\.")
        self.assertRegex(out, r"still falling at the last epoch[^.]*: gce\.")


class Order(Case):
    def test_the_best_comes_first_within_each_data_set(self):
        for seed in (1, 2):
            for path, level in (("a.csv", 0.5), ("b.csv", 0.9)):
                for i in range(30):
                    self.add(record({"name": "l%02d" % i}, seed, accuracy(level + i / 1000), data__train__path=path, train__epochs=i % 5 + 1))
        out = self.run_with()[1]
        table = out.split("\n\n")[0].splitlines()[2:]
        self.assertIn("Shown: the 4 rows with the best means of each data.train.path, train.epochs, 40 of 60 rows", out)
        by_set = {path: [line for line in table if line.startswith(path)] for path in ("a.csv", "b.csv")}
        self.assertEqual([len(lines) for lines in by_set.values()], [20, 20])
        for lines in by_set.values():
            for epochs in "12345":
                means = [float(re.search(r"\d\.\d{4}", line)[0]) for line in lines if line.split()[1] == epochs]
                self.assertEqual(means, sorted(means, reverse=True))

    def test_a_lost_trial_puts_a_row_behind(self):
        for seed in (1, 2):
            self.add(record(CE, seed, accuracy(0.5)), record(GCE3, seed, accuracy(0.9) if seed == 1 else {}, status="ok" if seed == 1 else "diverged"))
        self.assertEqual([line.split()[0] for line in self.run_with()[1].splitlines()[2:4]], ["ce", "gce"])

    def test_a_metric_by_its_name(self):
        self.store_usual()
        self.assertEqual(self.run_with("--metric", "accuracy"), self.run_with("--metric", "test.accuracy"))
        for path in (self.root / "made" / "trials").glob("*.json"):
            r = json.loads(path.read_text())
            del r["result"]["metrics"]["test"]
            r["data"]["rows"]["test"] = 0
            path.write_text(json.dumps(r))
        self.assertIn("valid.accuracy", self.run_with("--metric", "accuracy")[1])
        self.assertIn("did you mean 'valid.accuracy'", self.run_with("--metric", "valid.acuracy")[2])


class Slim(Case):
    def test_the_rest_of_a_record_is_read_when_it_is_asked_for(self):
        self.store(record(CE, 1, accuracy(0.5)))
        trial, = records.read_trials([str(self.root)])
        self.assertEqual(facts.whole(trial.path)["config"]["loss"], CE)
        trial.path.unlink()
        self.assertEqual((facts.whole(trial.path), facts.curve(trial.path, "train.loss")), ({}, ([], [])))


if __name__ == "__main__":
    unittest.main()
