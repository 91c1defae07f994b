"""Tests of the comparison of contenders: pairs, lost trials, ranks over data sets, and how often work is done."""
import math
import os
import sys
import unittest
from collections import Counter
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent))
from report_fixture import LOSSES, Case, made  # noqa: E402

import numpy as np  # noqa: E402
from scipy import stats as scipy_stats  # noqa: E402
import aggregate  # noqa: E402
import comparison  # noqa: E402
import facts  # noqa: E402
import per_row_tests  # noqa: E402
import records  # noqa: E402
import stats  # noqa: E402


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

    def test_control_of_each_task(self):
        for losses, control in ((("gce", "mae", "ce"), "ce"), (("hinge", "logistic"), "logistic"), (("huber", "poisson", "mse"), "mse"),
                                (("aft", "cox", "discrete_hazard"), "cox"), (("lambdarank", "listnet", "ranknet"), "ranknet"),
                                (("lambdarank", "listnet"), "listnet"), (("negative_binomial", "poisson"), "poisson"), (("asl", "ml_bce"), "ml_bce"),
                                (("huber", "fair"), "fair")):
            for path in (self.root / "trials").iterdir():
                path.unlink()
            for seed in range(3):
                self.store(*(made(name, seed, 0.5 + seed / 100 + at / 1000) for at, name in enumerate(losses)))
            self.assertEqual(self.study().control, control, losses)


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
        per_row_tests.predictions_in.cache_clear()
        self.assertEqual(sum(self.counted(os, "scandir", "--table", "rows").values()), 1 + 2)   # and by the walk over the folders


if __name__ == "__main__":
    unittest.main()
