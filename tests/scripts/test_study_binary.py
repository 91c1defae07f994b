"""The numbers that the pages of the binary studies rest on: counts of steps, the contrastive loss, the corrected test, the tables."""
import csv
import gzip
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

try:
    import numpy as np
    from studies import anyloss as study_anyloss
    from studies import auc as study_auc
    from studies import ensloss as study_ensloss
    from studies import nb_vs_lr as study_nb_vs_lr
    from studies import one_against_rest
    from studies import perceptron as study_perceptron
    from studies import stablemax as study_stablemax
except ImportError as missing:
    raise unittest.SkipTest("%s is not installed" % missing.name)
from study_common import value_of  # noqa: E402


def trial(seed: int, accuracy: float) -> dict:
    return {"config": {"train": {"seed": seed}}, "result": {"metrics": {"test": {"accuracy": accuracy}}}}


def judged(lines):
    return [line.split("**")[1] for line in lines]


class Perceptron(unittest.TestCase):
    def test_published_counts(self):
        for (rule, gamma), want in study_perceptron.PUBLISHED.items():
            step = study_perceptron.logistic if rule == "LR+GD" else study_perceptron.normalised_logistic
            self.assertEqual(study_perceptron.steps(step(gamma), 1000), want, (rule, gamma))

    def test_batch_perceptron(self):
        self.assertEqual([study_perceptron.steps(study_perceptron.batch_perceptron, n) for n in (1000, 100, 10)], [301, 31, 4])

    def test_limit_of_huge_steps(self):
        for n in (10, 100):
            self.assertEqual(study_perceptron.steps(study_perceptron.logistic(1e6), n),
                             study_perceptron.steps(study_perceptron.batch_perceptron, n))


    def test_claims_follow_the_figures(self):
        def run(at, peak=1.0):
            return {"train.accuracy": [0.5] * (at - 1) + [1.0], "train.log_loss": [peak]}
        found = {key: run(study_perceptron.steps(study_perceptron.simulated(*key[:2]), key[2]), 1 / key[1]) for key in study_perceptron.RUNS}
        self.assertEqual(judged(study_perceptron.verdicts(found)), ["Reproduces."] * 5 + ["Does not reproduce."])
        found["logistic", 10.0, 1000] = run(309, 20.0)
        self.assertEqual(judged(study_perceptron.verdicts(found)), ["Reproduces."] * 2 + ["Does not reproduce."] + ["Reproduces."] * 3)
        found["logistic", 100.0, 1000] = {"train.accuracy": [0.5], "train.log_loss": [1.0]}       # never right
        self.assertEqual(judged(study_perceptron.verdicts(found)), ["Does not reproduce."] * 3 + ["Reproduces.", "Does not reproduce.", "Reproduces."])
        found["normalised logistic", 100.0, 10] = run(6 + 8)
        self.assertEqual(judged(study_perceptron.verdicts(found))[3], "Does not reproduce.")


class Auc(unittest.TestCase):
    def values(self, **auc):
        """Five sets, three ratios; the calibration error falls as AUC rises."""
        names = {"mw_1": "mw, tau 1", "mw_01": "mw, tau 0.1", "hinge": "pairwise_squared_hinge", "logistic": "logistic"}
        return {(name, r, str(s)): {"auc": auc[k] + 0.001 * np.sin(s * len(k)), "ece_positive": 1 - auc[k] + 0.001 * np.cos(s * len(k))} for k, name in names.items()
                for r in study_auc.RATIOS for s in range(5)}

    def test_claims_follow_the_figures(self):
        rows, blind = [{"difference": "1e-13"}, {"difference": ""}], (1.0, 0.3, 0.9, 1.0, 3.0, 0.5)
        told = study_auc.verdicts(self.values(mw_1=0.9, mw_01=0.7, hinge=0.8, logistic=0.8), rows, blind)
        self.assertEqual(judged(told), ["Holds.", "Does not hold.", "Does not hold.", "Does not reproduce.", "Reproduces.", "Reproduces."])
        self.assertRegex(told[0], r"^mw, tau 1 ranks better than logistic: \*\*Holds.\*\* AUC \+0\.\d+, better on 5 of 5 sets")
        told = study_auc.verdicts(self.values(mw_1=0.7, mw_01=0.9, hinge=0.9, logistic=0.8), [{"difference": "2e-12"}], (*blind[:3], 1.1, 3.0, 0.5))
        self.assertEqual(judged(told), ["Does not hold.", "Holds.", "Holds.", "Reproduces.", "Does not reproduce.", "Does not reproduce."])
        self.assertEqual(judged(study_auc.verdicts(self.values(mw_1=0.7, mw_01=0.9, hinge=0.9, logistic=0.8), rows, (*blind[:5], 0.6)))[4], "Does not reproduce.")

    def test_contrastive_loss_does_not_see_offsets(self):
        before, mw, auc, after, mw_after, auc_after = study_auc.contrastive_blindness()
        self.assertAlmostEqual(before, after, 10)
        self.assertGreater(auc, 0.8)
        self.assertLess(auc_after, 0.6)
        self.assertGreater(mw_after, mw)


class EnsLoss(unittest.TestCase):
    def test_corrected_t_test(self):
        """By hand: differences 1, 2, 3 of 100; mean 0.02, variance 1e-4, factor 1/3 + 0.2/0.64."""
        a, b = [trial(s, 0.5 + s / 100) for s in (1, 2, 3)], [trial(s, 0.5) for s in (1, 2, 3)]
        mean, p = study_ensloss.corrected(a, b, "accuracy")
        t = 0.02 / np.sqrt(1e-4 * (1 / 3 + 0.2 / 0.64))
        self.assertAlmostEqual(mean, 0.02)
        self.assertAlmostEqual(p, 1 - t / np.sqrt(2 + t * t), 12)  # Student's t with two degrees of freedom

    def test_claims_follow_the_figures(self):
        def best(shallow, deep):
            """Hinge is 0.5, the others as they are given, EnsLoss 0.6 with little noise."""
            of = {1: shallow, 4: deep}
            return {(d, t, loss): [trial(s, (0.6 if loss == "ensloss" else of[d][loss]) + 0.001 * ((3 * s + len(loss) + len(t)) % 5)) for s in range(1, 11)]
                    for d in of for t in study_ensloss.TABLES for loss in (*study_ensloss.FIXED, "ensloss")}
        fixed = dict.fromkeys(study_ensloss.FIXED, 0.6)
        told = study_ensloss.verdicts(best(fixed, dict.fromkeys(fixed, 0.5)))
        self.assertEqual(judged(told)[:2], ["Reproduces."] * 2)
        self.assertIn("exponential and hinge: 6/0/0, 6/0/0, 6/0/0.", told[0])
        told = study_ensloss.verdicts(best({**fixed, "hinge": 0.5}, {**fixed, "logistic": 0.5}))
        self.assertEqual(judged(told), ["Does not reproduce."] * 3)

    def test_no_difference(self):
        runs = [trial(s, 0.5) for s in (1, 2, 3)]
        self.assertEqual(study_ensloss.corrected(runs, runs, "accuracy"), (0.0, 1.0))


class StableMax(unittest.TestCase):
    def groups(self, grown=3.0, single=0.8, double=0.1):
        def curves(precision):
            share = single if precision == "float32" else double
            return {"train.accuracy": [0.5, 1.0, 1.0], "train.score_peak": [1.0, 10.0, 10.0 * grown], "train.softmax_collapse": [0, 0, share]}
        return {(loss, precision): [{"loss": loss, "precision": precision, "result": {"curves": curves(precision)}}]
                for loss in ("ce", "stablemax_ce") for precision in ("float32", "float64")}

    def told(self, scores, **more):
        with mock.patch.object(study_stablemax, "scores", lambda t: (np.array(scores, float), np.zeros(len(scores), int))):
            return judged(study_stablemax.verdicts(self.groups(**more)))

    def test_claims_follow_the_figures(self):
        sure, unsure = [[200.0, 0.0], [150.0, 1.0]], [[1.0, 0.0], [2.0, 1.0]]
        self.assertEqual(self.told(sure), ["Reproduces."] * 3)
        self.assertEqual(self.told(unsure), ["Reproduces."] * 2 + ["Does not reproduce."])          # no entry is 0 with cross-entropy either
        self.assertEqual(self.told(sure, grown=1.5)[0], "Does not reproduce.")
        self.assertEqual([self.told(sure, single=s, double=d)[1] for s, d in ((0.2, 0.1), (0.1, 0.0), (0.11, 0.0), (0.0, 0.0))],
                         ["Does not reproduce.", "Does not reproduce.", "Reproduces.", "Does not reproduce."])


class NaiveBayes(unittest.TestCase):
    def row(self, classes, n, bayes, linear):
        return study_nb_vs_lr.Row(classes, n, {study_nb_vs_lr.NB: bayes, study_nb_vs_lr.LR: linear})

    def test_claims_follow_the_figures(self):
        rows = [self.row(k, n, [10, 12], [n, int(1.3 * n)]) for k in (2, 3) for n in (100, 200)]
        told = study_nb_vs_lr.claims(rows)
        self.assertEqual(judged(told), ["holds"] * 4)
        self.assertEqual(told[1], "- Logistic regression needs 0.7 n to 1.3 n rows at K = 2: **holds** (1.00 n to 1.30 n).")
        told = study_nb_vs_lr.claims([self.row(2, 100, [10, 31], [69, 100]), self.row(2, 200, [10, 10], [140, 150]), *rows[2:3], self.row(3, 200, [30, 30], [200, 200])])
        self.assertEqual(judged(told), ["does not hold", "does not hold", "holds", "does not hold"])


class Tables(unittest.TestCase):
    def test_names_of_losses(self):
        self.assertEqual(study_anyloss.loss_name({"name": "metric_gmean", "amp": "any", "steepness": 30}), ("AnyLoss L=30", "gmean"))
        self.assertEqual(study_anyloss.loss_name({"name": "logistic"}), ("BCE", ""))

    def test_tables_of_one_class_against_the_rest(self):
        for tables in (study_anyloss.TABLES, study_ensloss.TABLES):
            self.assertTrue(all(0.01 < one_against_rest.share(*source) < 0.7 for source in tables.values()))
        with tempfile.TemporaryDirectory() as folder:
            one_against_rest.write_tables({"glass-7": ("glass", "7")}, Path(folder))
            with gzip.open(Path(folder) / "glass-7.csv.gz", "rt", encoding="utf-8", newline="") as file:
                _, *rows = csv.reader(file)
        self.assertEqual({row[-1] for row in rows}, {"0", "1"})
        self.assertAlmostEqual(sum(row[-1] == "1" for row in rows) / len(rows), one_against_rest.share("glass", "7"))

    def test_claims_follow_the_figures(self):
        def scores(ours, other):
            names = ("BCE", "MSE", "balanced BCE", "identity")
            return {study_anyloss.OURS: {t: ours + 0.001 * k for k, t in enumerate(study_anyloss.TABLES)}, **{n: dict.fromkeys(study_anyloss.TABLES, other) for n in names}}
        for ours, words in ((0.8, ["reproduces."] * 2 + ["does not reproduce."] * 2), (0.4, ["does not reproduce."] * 2 + ["reproduces."] * 2)):
            told = [study_anyloss.compared(key, scores(ours, 0.6), claim.compares["by"][0], claim.compares["than"][0]) for key, claim in study_anyloss.STUDY.claims.items()]
            self.assertEqual(judged(told), words)
        self.assertTrue(told[0].startswith("Better than plain BCE in F1: **does not reproduce.** AnyLoss less BCE: -0.1945 F1, better on 0 tables, worse on 12"), told[0])

    def test_a_diverged_training_is_the_worst(self):
        self.assertEqual(value_of({"result": {"metrics": None}}, "test", "fbeta"), 0.0)
        self.assertEqual(study_auc.mean([{"result": {"metrics": None}}], "test", "ece_positive"), 1.0)


if __name__ == "__main__":
    unittest.main()
