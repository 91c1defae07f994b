"""Tests of the sentences that a report begins with, and of what makes a comparison unsound, on made-up records whose answers are known."""
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from report_fixture import Case, made  # noqa: E402
import comparison  # noqa: E402
import conclusion  # noqa: E402
import records  # noqa: E402
import soundness  # noqa: E402
import stats  # noqa: E402
import wording  # noqa: E402


class Sentences(Case):
    def found(self, *arguments, **more):
        return conclusion.conclusions(self.study(*arguments, **more))

    def test_better(self):
        self.usual()
        only, = self.found()
        self.assertEqual(only.where, "")
        self.assertRegex(only.finding, r"^gce is better than ce by 0\.\d+ \[0\.\d+, 0\.\d+\] in test accuracy, p (= 0\.\d{3}|< 0\.001) after Holm's "
                                       r"correction; it is the best of three losses\.$")
        self.assertIn("Worse than ce: mae.", only.details)

    def test_lower_is_better(self):
        self.usual()
        only, = self.found("--metric", "test.log_loss")
        self.assertRegex(only.finding, r"^gce is better than ce by 0\.\d+ \[0\.\d+, 0\.\d+\] in test log loss")

    def test_control_is_best(self):
        self.usual()
        only, = self.found(control="gce")
        self.assertRegex(only.finding, r"^gce is the best of three losses: better than ce by 0\.\d+ \[0\.\d+, 0\.\d+\], p .* in test accuracy\.$")
        self.assertEqual(self.found(control="all")[0].finding, only.finding, "without a control the best is compared")

    def test_no_winner(self):
        for seed, (a, b) in enumerate(((0.5, 0.52), (0.6, 0.57), (0.55, 0.56), (0.58, 0.57), (0.61, 0.6), (0.5, 0.51))):
            self.store(made("ce", seed, a), made("gce", seed, b))
        only, = self.found()
        self.assertEqual(only.finding, "No clear winner: both losses are within 0.0017 test accuracy of each other; no difference is significant.")
        self.assertIn("ce has the best mean test accuracy, 0.5567.", only.details)

    def test_values_that_are_undefined(self):
        """A mean over fewer trials says so, and so does the last sentence, whatever the order of the means."""
        for seed in range(5):
            without = made("gce", seed, 0.9)
            if seed < 2:
                for metrics in without["result"]["metrics"].values():
                    metrics["accuracy"] = None
            self.store(made("ce", seed, 0.5 + seed / 100), without)
        only, = self.found(control="gce")
        told = " ".join(only.details)
        self.assertIn("gce has 0.9000 (over 3 of 5 trials).", told)
        self.assertIn("Undefined test accuracy: gce in 2 of 5 trials.", told)

    def test_large_differences_that_are_not_significant(self):
        """Three seeds: the mark of ties leaves out what is probably worse; the sentence does not call it significant."""
        for seed, (a, b) in enumerate(((0.80, 0.60), (0.70, 0.65), (0.78, 0.55))):
            self.store(made("ce", seed, a), made("gce", seed, b))
        study = self.study()
        verdict, = comparison.verdicts(study, "all", [("gce", "ce")])
        self.assertEqual(verdict.word, "no significant difference")
        self.assertIn("no difference is significant", conclusion.conclusions(study)[0].finding)
        study = self.study(rope=0.001)
        probably = stats.correlated_t(study.pairs("gce", "ce", "all").finite, study.ratio["all"], 0.001)[0]
        self.assertEqual("gce" in study.tied("all"), probably < 0.95)

    def test_practically_equal(self):
        for seed in range(8):
            self.store(made("ce", seed, 0.5 + seed / 100), made("gce", seed, 0.5 + seed / 100 + (-1) ** seed * 1e-4))
        self.assertIn("Practically equal to ce: gce.", " ".join(self.found()[0].details))

    def test_conditions_are_named(self):
        self.usual(seeds=3, rates=(0, 0.3))
        self.assertEqual([c.where for c in self.found()], ["Without label noise", "With 30 % label noise"])
        self.assertIn("With 3 seeds only large differences can show.", self.found()[0].details)
        lines = conclusion.conclusion_lines(self.study())
        self.assertEqual(len(lines), 3)
        self.assertTrue(lines[1].startswith("With 30 % label noise: "))

    def said(self, *arguments, **more):
        study = self.study(*arguments, **more)
        return conclusion.answer(study, conclusion.conclusions(study))

    def test_one_sentence_answers(self):
        """The finding is what is set in bold; where conditions differ, each is named with what was found on it."""
        for seed in range(1, 5):
            for rate, gain in ((0, 0), (0.3, 0.02)):
                level = 0.6 + seed / 50
                self.store(made("ce", seed, level, corrupt__labels__rate=rate), made("gce", seed, level + gain + (-1) ** seed / 1000, corrupt__labels__rate=rate))
        said = self.said()
        self.assertRegex(said.text, r"^With 30 % label noise gce is better than ce by 0\.0200 \[0\.01\d+, 0\.02\d+\] in test accuracy; "
                                    r"without label noise no loss is\.$")
        self.assertRegex("".join(text for text, bold in said.parts if bold), r"^gce is better than ce by .* in test accuracy$")
        self.assertEqual(conclusion.conclusion_lines(self.study())[-1], said.text, "the terminal ends with it")
        self.assertTrue(self.printed().endswith(said.text + "\n"), "and so does report")

    def test_a_tie_is_the_finding(self):
        for seed, (a, b) in enumerate(((0.5, 0.52), (0.6, 0.57), (0.55, 0.53))):
            self.store(made("ce", seed, a), made("gce", seed, b))
        self.assertEqual(self.said().parts, [("No clear winner: both losses are within 0.0100 test accuracy of each other", True),
                                             ("; no difference is significant.", False)])

    def test_many_conditions_are_counted(self):
        self.usual(seeds=3, rates=(0, 0.1, 0.2, 0.3, 0.4))
        self.assertRegex(self.said().text, r"^Significantly better than ce: gce on \d, of 5 rates\.$")
        self.assertEqual(self.said(control="gce").text, "No loss is significantly better than gce on any of 5 rates.")

    def test_untested_conditions_are_not_called_ties(self):
        self.usual(seeds=1, rates=(0, 0.3))
        self.assertEqual(self.said().text, "No difference is tested: none of 2 rates has two replicates with results.")

    def test_what_a_loss_is_trained_with_belongs_to_it(self):
        """Terms and miners make contenders of one loss, not conditions in which nothing stands beside it."""
        for seed in range(3):
            self.store(made("ce", seed, 0.5 + seed / 100),
                       made("ce", seed, 0.6 + seed / 100 + 0.001 * (seed == 1), terms=[{"name": "mae", "weight": 0.5}]))
        study = self.study()
        self.assertEqual((study.conditions, len(study.contenders)), (["all"], 2))
        self.assertIn("better", self.found()[0].finding)

    def test_plain_training_is_the_control(self):
        for seed in range(3):
            self.store(made("ce", seed, 0.5 + seed / 100),
                       made("ce", seed, 0.6 + seed / 100 + 0.001 * (seed == 1), procedures=[{"name": "sam", "rho": 0.2}]),
                       made("ce", seed, 0.4 + seed / 100 + 0.001 * (seed == 2), procedures=[{"name": "mixup", "alpha": 0.4}]))
        study = self.study()
        self.assertEqual((study.control, len(study.contenders)), ("plain training", 3))
        self.assertRegex(self.found()[0].finding, r"^sam\(rho=0\.2\) is better than plain training by 0\.10")

    def test_over_data_sets(self):
        self.usual(seeds=2, sets="abcdef")
        over, *each = self.found()
        self.assertEqual((over.where, len(each)), ("Over 6 data sets", 6))
        self.assertEqual(each[0].where, "On a")
        self.assertTrue(over.finding.startswith("gce has the best average rank (1."), over.finding)
        self.assertTrue(self.said().text.startswith("Over 6 data sets: gce has the best"))
        self.assertIn("significantly worse by Nemenyi's test: mae", over.finding)

    def test_one_replicate(self):
        self.usual(seeds=1)
        self.assertRegex(self.found()[0].finding, r"^Not tested, with a single seed: gce has the best test accuracy, 0\.\d{4}\.$")

    def test_lost_trials(self):
        self.usual(seeds=7)
        self.store(made("ce", 8, 0.6), made("gce", 8, 0, status="diverged"), made("mae", 8, 0, status="failed"))
        only, = self.found()
        self.assertIn("Diverged: gce in 1 of 8 trials. Failed: mae in 1 of 8 trials.", only.details)
        self.assertNotIn("gce is better", only.finding)

    def test_nothing_ended(self):
        for loss in ("ce", "gce"):
            self.store(made(loss, 1, 0, status="diverged"))
        only, = self.found()
        self.assertEqual(only.finding, "No loss has a result.")
        self.assertEqual(only.details, ["Diverged: ce in 1 of 1 trial and gce in 1 of 1 trial."])

    def test_one_contender(self):
        self.store(made("ce", 1, 0.5), made("gce", 1, 0, status="diverged"))
        self.assertEqual(self.found()[0].finding, "Only ce has a result (0.5000); there is nothing to compare it with.")


class Soundness(Case):
    def falling(self, *losses):
        trial = made("ce", 1, 0.5, train__epochs=len(losses))
        trial["result"]["curves"] = {"train.loss": list(losses)}
        self.store(trial)
        return soundness.falling_words(self.study())

    def test_still_falling(self):
        self.assertIn("still falling at the last epoch, so more epochs or a higher learning rate may change the comparison: all trials.",
                      self.falling(*[1 - e / 20 for e in range(10)]))

    def test_levelled_off(self):
        self.assertEqual(self.falling(*[2.0 ** -e for e in range(10)]), "")

    def test_curves_that_say_nothing(self):
        self.assertEqual(self.falling(1.0, 0.9), "")
        self.assertEqual(self.falling(None, "inf", None, None, None, None), "")

    def test_stopped_early(self):
        trial = made("ce", 1, 0.5, train__epochs=100)
        trial["result"]["curves"] = {"train.loss": [1 - e / 20 for e in range(10)]}
        self.store(trial)
        self.assertEqual(soundness.falling_words(self.study()), "")

    def test_worse_than_the_constant_model(self):
        for seed in (1, 2):
            for loss, value in (("ce", 0.8), ("mae", 0.6)):
                trial = made(loss, seed, value)
                trial["baseline"] = {"kind": "majority", "metrics": {"train": {}, "valid": {}, "test": {"accuracy": 0.7, "log_loss": None}}}
                self.store(trial)
        study = self.study()
        self.assertEqual(soundness.baseline(study, "all"), ("majority", 0.7))
        self.assertEqual(soundness.concerns(study), ["Worse than a constant model (always the majority class), by test accuracy: mae."])
        self.assertIn(soundness.concerns(study)[0], conclusion.conclusion_lines(study))


class Words(unittest.TestCase):
    def test_plurals(self):
        self.assertEqual([records.plural(n, w) for n, w in ((1, "trial"), (2, "trial"), (2, "loss"), (3, "study"), (0, "seed"), (2, "components"), (2, "bias"),
                                                            (2, "epoch"), (1, "epoch"),
                                                            (2, "batch"), (2, "class"), (2, "further epoch"), (2, "day"))],
                         ["1 trial", "2 trials", "2 losses", "3 studies", "0 seeds", "2 components", "2 biases", "2 epochs", "1 epoch", "2 batches", "2 classes",
                          "2 further epochs", "2 days"])

    def test_metrics(self):
        self.assertEqual([wording.metric_words(m) for m in ("test.accuracy", "valid.auc", "train.loss", "test.top_k(k=3)", "test.r2",
                                                                   "test.recall_at_k", "test.recall_at_k(k=5)")],
                         ["test accuracy", "validation AUC", "training loss", "test top-3 accuracy", "test R²", "test recall@1", "test recall@5"])

    def test_conditions(self):
        self.assertEqual(wording.condition_words(["corrupt.labels.rate", "data.train.path", "model"], ["0.3", "x/glass.csv.gz", "mlp hidden=[64]"]),
                         "On glass, with 30 % label noise, model mlp hidden=[64]")
        self.assertEqual(wording.condition_words(["procedures", "model"], ["-", "linear"]), "Without procedures, model linear")
        self.assertEqual(wording.condition_words([], []), "")

    def test_differences(self):
        self.assertEqual(wording.difference_words(0.02309, 0.01253, 0.03366), "+0.023 [+0.013, +0.034]")
        self.assertEqual(wording.difference_words(-1234.5, -1300, -1170), "-1234 [-1300, -1170]")
        self.assertEqual(wording.difference_words(0.0, 0.0, 0.0), "0.000 [0.000, 0.000]")

    def test_lists(self):
        self.assertEqual([wording.listed(list("abcdefgh")[:n]) for n in (0, 1, 2, 8)], ["", "a", "a and b", "a, b, c, d, e, f and 2 more"])


if __name__ == "__main__":
    unittest.main()
