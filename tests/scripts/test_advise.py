"""scripts/advise*.py: estimates of label noise with a known truth, findings in made tables, choices, verdicts, the plan, the words of the answer."""
import json
import math
import subprocess
import sys
import unittest
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import advise  # noqa: E402
import advise_answer as answer  # noqa: E402
import advise_data as data  # noqa: E402
import advise_losses as losses  # noqa: E402
import advise_noise as noise  # noqa: E402
import advise_runs as runs  # noqa: E402
import advise_tournament as tournament  # noqa: E402
import advise_verdict as verdict  # noqa: E402
from records import Refused  # noqa: E402

BINARY = ROOT / "lossbench"


def scores(rows, classes, rate, seed, sharp=1.5):
    """Scores z and labels drawn by softmax(sharp z), some of them then changed: classes overlap, and z is off by its scale."""
    rng = np.random.default_rng(seed)
    z = 2 * rng.normal(size=(rows, classes))
    p = np.exp(noise.log_softmax(sharp * z))
    y = np.array([rng.choice(classes, p=row) for row in p])
    flip = rng.random(rows) < rate
    return z, np.where(flip, (y + rng.integers(1, classes, rows)) % classes, y), float(flip.mean())


class NoiseEstimates(unittest.TestCase):
    def test_rate_beside_overlap(self):
        """The errors of the best possible model are many more than the wrong labels, and are not taken for these."""
        for classes in (2, 4):
            for rate in (0.0, 0.1, 0.3):
                z, y, changed = scores(4000, classes, rate, int(10 * rate) + classes)
                found = noise.estimate([[z, 0.1 * z]], y)
                self.assertLess(abs(found.rate - changed), 0.03, (classes, rate, found))
                self.assertLessEqual(found.low - 0.02, changed)
                self.assertGreaterEqual(found.high + 0.02, changed)
                self.assertGreater(found.error, changed + 0.02)

    def test_gradient(self):
        z, y, _ = scores(50, 3, 0.2, 1)
        rng = np.random.default_rng(2)
        for rate in (None, 0.1):
            v = rng.normal(size=3 + (rate is None)) / 2
            _, grad = noise.negative_log_likelihood(v, rate, z, y)
            for k, g in enumerate(grad):
                step = np.eye(len(v))[k] * 1e-6
                slope = (noise.negative_log_likelihood(v + step, rate, z, y)[0] - noise.negative_log_likelihood(v - step, rate, z, y)[0]) / 2e-6
                self.assertAlmostEqual(g, slope, 6)

    def test_confident_joint_by_hand(self):
        """Thresholds 0.7 and 0.65. Row 2 of class 0 is confidently of class 1, row 5 of class 1 reaches none. Class 0: two rows and one, of three; class 1:
        two rows of two that count, scaled to three."""
        p = np.array([[0.95, 0.05], [0.9, 0.1], [0.25, 0.75], [0.2, 0.8], [0.3, 0.7], [0.55, 0.45]])
        joint, likely = noise.confident_joint(p, np.array([0, 0, 0, 1, 1, 1]))
        self.assertEqual(likely.tolist(), [0, 0, 1, 1, 1, -1])
        np.testing.assert_allclose(joint, np.array([[2, 1], [0, 3]]) / 6)

    def test_repetitions_share_a_rate(self):
        """The rate is the likeliest for all repetitions together, not the mean of their own."""
        z, y, _ = scores(120, 2, 0.3, 8)
        rng = np.random.default_rng(9)
        repeats = [z + sd * rng.normal(size=z.shape) for sd in (0.0, 2.0, 6.0)]
        fits = [noise.fit(r, y) for r in repeats]
        own = [f.rate for f in fits]
        self.assertGreater(max(own) - min(own), 0.04)
        profile = noise.Profile(repeats, y, fits)
        best = profile.best()
        for rate in [*own, float(np.mean(own)), best + 0.02, best - 0.02]:
            self.assertLessEqual(profile.loss(best), profile.loss(max(0.0, rate)) + 1e-5)
        low, high = profile.interval(best)
        self.assertTrue(low <= best <= high)

    def test_class_without_rows(self):
        joint, _ = noise.confident_joint(np.array([[0.9, 0.05, 0.05], [0.1, 0.8, 0.1]]), np.array([0, 1]))
        self.assertAlmostEqual(joint.sum(), 1)
        self.assertEqual(joint[2].sum(), 0)


def looked_at(header, rows, task="binary", **more):
    """Findings of a table as `look` makes them, with the program's answers made up."""
    labels = [r[-1] for r in rows]
    classes = sorted(set(labels))
    info = {"task": task, "rows": len(rows), "features": len(header) - 1, "label": header[-1], "missing": 0, **more}
    if task != "regression":
        info.update(classes=classes, class_counts=[labels.count(c) for c in classes])

    def command(*words):
        if words[1] == "info":
            return json.dumps(info)
        Path(words[3]).write_text("\n".join(map(",".join, [header] + rows)) + "\n", encoding="utf-8")
        return ""
    return data.look(command, "made.csv", [])


class Findings(unittest.TestCase):
    def table(self, n=200):
        rng = np.random.default_rng(3)
        y = rng.integers(0, 2, n)
        return y, [["%.4f" % v, "1", str(i + 1), "%.3f" % (10 * c + rng.random()), str(c)] for i, (v, c) in enumerate(zip(rng.normal(size=n) + y, y))]

    def test_columns(self):
        y, rows = self.table()
        found = looked_at(["x", "same", "id", "after", "label"], rows)
        n = found.numbers
        self.assertEqual((n["constant_columns"], n["id_columns"], n["leaking_columns"]), (["same"], ["id"], ["after"]))
        self.assertEqual(len(found.warnings), 3)

    def test_leak_needs_more_than_the_majority(self):
        """A column of noise is right on 99.6 % of the rows where a class has that share."""
        rng = np.random.default_rng(4)
        label = ["a"] * 498 + ["b"] * 2
        self.assertFalse(data.leaks_label(["%.5f" % v for v in rng.normal(size=500)], label, "binary"))
        self.assertTrue(data.leaks_label(["%.5f" % v for v in np.arange(500)], ["a"] * 250 + ["b"] * 250, "binary"))
        self.assertTrue(data.leaks_label(["u", "v", "w"] * 60, ["a", "b", "b"] * 60, "binary"))
        t = rng.normal(size=100)
        self.assertTrue(data.leaks_label(["%r" % (3 * v + 1) for v in t.tolist()], ["%r" % v for v in t.tolist()], "regression"))
        self.assertFalse(data.leaks_label(["%r" % (v + 0.2 * e) for v, e in zip(t.tolist(), rng.normal(size=100).tolist())], ["%r" % v for v in t.tolist()], "regression"))

    def test_equal_rows(self):
        rows = [["%d" % (i % 50), "a" if i % 50 else "ab"[i // 50 % 2]] for i in range(100)]
        n = looked_at(["x", "label"], rows).numbers
        self.assertEqual((n["equal_rows"], n["contradicting_rows"]), (49, 1))

    def test_target(self):
        t = np.exp(np.random.default_rng(5).normal(size=500))
        found = looked_at(["x", "t"], [["%d" % i, "%.6f" % v] for i, v in enumerate(t)], "regression")
        sd = math.sqrt(((t - t.mean()) ** 2).mean())
        self.assertAlmostEqual(found.numbers["target_skew"], ((t - t.mean()) ** 3).mean() / sd ** 3, 3)
        self.assertTrue(found.numbers["target_positive"] and not found.numbers["target_whole"])
        self.assertEqual(data.residual_outliers(np.r_[np.linspace(-1, 1, 99), 50.0]), 0.01)

    def test_refused(self):
        for text, more in (("survival", {"task": "survival"}), ("20 rows", {})):
            with self.assertRaises(Refused) as caught:
                looked_at(["x", "label"], [["1", "a"], ["2", "b"]] * (10 if not more else 50), **(more or {}))
            self.assertIn(text, str(caught.exception))
            self.assertEqual(caught.exception.status, 4)


class Choices(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        told = subprocess.run([str(BINARY), "losses", "--json"], check=True, stdout=subprocess.PIPE, text=True).stdout
        cls.known = losses.catalogue(lambda *words: told)

    def findings(self, task="multiclass", ratio=1.0, **numbers):
        return data.Findings({"rows": 500, "features": 4, "classes": ["a", "b"], "class_counts": [300, 200]}, task,
                             {"class_ratio": ratio, "target_skew": 0.0, **numbers}, [], [])

    def test_first_ones_are_for_their_purpose(self):
        for (task, purpose), names in losses.FIRST.items():
            for name in names:
                self.assertIn(purpose, losses.purposes(self.known[task, name]), name)

    def names(self, findings, traits, most=6):
        return [c.name for c in losses.choose(findings.task, findings, traits, self.known, most)]

    def test_by_traits(self):
        quiet = self.names(self.findings(), losses.Traits())
        self.assertEqual(quiet[0], "ce")
        self.assertEqual(len([n for n in quiet if n in losses.FIRST["multiclass", "label noise"]]), 1)
        noisy = self.names(self.findings(), losses.Traits(noise=0.2, noise_high=0.25))
        self.assertEqual(noisy[1:4], ["gce", "sce", "bi_tempered"])
        uneven = self.names(self.findings(ratio=9.0), losses.Traits())
        self.assertEqual(uneven[1:3], ["logit_adjusted", "balanced_softmax"])
        self.assertIn("mw", self.names(self.findings("binary"), losses.Traits(ranking=True)))
        self.assertNotIn("mw", self.names(self.findings("binary"), losses.Traits()))
        self.assertEqual(len(self.names(self.findings(ratio=9.0), losses.Traits(0.2, 0.3, 0.3), 3)), 4)
        counts = self.findings("regression", target_whole=True, target_not_negative=True, target_max=9.0, target_min=0.0)
        self.assertIn("poisson", self.names(counts, losses.Traits()))
        self.assertEqual(self.names(self.findings("regression"), losses.Traits(outliers=0.02))[:4], ["mse", "huber", "mae", "tukey"])

    def test_equal_budgets(self):
        for name in ("ce", "gce", "bi_tempered", "balanced_softmax"):
            made = losses.settings(self.known["multiclass", name], 12, [0, 64])
            self.assertEqual(len(set(made)), 12)
            self.assertEqual([(s.lr, s.hidden) for s in made], [(s.lr, s.hidden) for s in losses.settings(self.known["multiclass", "ce"], 12, [0, 64])])
            self.assertTrue(all(losses.RATES[0] <= s.lr <= losses.RATES[1] for s in made))
            self.assertEqual(sorted(s.lr for s in made if s.hidden), sorted(s.lr for s in made if not s.hidden))

    def test_unknown_name(self):
        with self.assertRaises(Refused) as caught:
            losses.named("multiclass", ["gcee"], self.known)
        self.assertIn("did you mean 'gce'", str(caught.exception))


class Verdicts(unittest.TestCase):
    def values(self, gains, folds=10, sd=0.004):
        rng = np.random.default_rng(6)
        base = 0.8 + 0.02 * rng.normal(size=folds)
        return {"ce": base.tolist(), **{k: (base + g + sd * rng.normal(size=folds)).tolist() for k, g in gains.items()}}

    def judged(self, gains, **more):
        return verdict.judge(self.values(gains, **more), "ce", True, 0.25, True)

    def test_clear_winner(self):
        v = self.judged({"gce": 0.05, "focal": 0.0})
        self.assertEqual((v.choice, v.best, v.matters, v.certain, v.equal, v.tied), ("gce", "gce", True, True, False, []))
        self.assertEqual(v.missed(), 0)
        self.assertAlmostEqual(v.honest, v.means["gce"])

    def test_it_does_not_matter(self):
        v = self.judged({"gce": 0.0005, "focal": -0.0005}, sd=0.002)
        self.assertEqual((v.choice, v.matters, v.equal), ("ce", False, True))
        self.assertGreater(v.missed(), 0)

    def unclear(self):
        return {"ce": [0.8] * 5, "gce": [0.9, 0.75, 0.86, 0.82, 0.82]}

    def test_too_noisy_to_tell(self):
        v = verdict.judge(self.unclear(), "ce", True, 0.25, True)
        self.assertEqual((v.choice, v.best, v.certain, v.equal), ("ce", "gce", False, False))

    def test_probably_better(self):
        values = {"ce": [0.80, 0.81, 0.79, 0.80, 0.82], "a": [0.83, 0.85, 0.80, 0.84, 0.84], "b": [0.80, 0.80, 0.80, 0.80, 0.80], "c": [0.7] * 5,
                  "d": [0.7] * 5, "e": [0.7] * 5, "f": [0.7] * 5}
        v = verdict.judge(values, "ce", True, 0.25, True)
        self.assertEqual((v.choice, v.matters, v.certain), ("a", True, False))

    def test_less_is_better(self):
        v = verdict.judge({"mse": [5.0, 5.1, 4.9, 5.2], "mae": [4.0, 4.2, 3.9, 4.1]}, "mse", False, 0.25, False)
        self.assertEqual(v.choice, "mae")
        self.assertAlmostEqual(v.against_plain["mae"].mean, 1.0)
        self.assertAlmostEqual(v.rope, 0.01 * 5.05)

    def test_interval_is_for_all_comparisons(self):
        one, six = (verdict.gap([1.0, 2.0, 4.0], [0.0, 0.0, 0.0], 1, 0.25, n) for n in (1, 6))
        sd, root = np.std([1, 2, 4], ddof=1), math.sqrt(1 / 3 + 0.25)
        self.assertAlmostEqual(one.high - one.mean, 4.302653 * sd * root, 5)     # t of 2 degrees at 0.975
        self.assertGreater(six.high, one.high)

    def test_honest_number_of_luck(self):
        """All losses are equally good; what is chosen is luck. Its mean is too good on average, the number told is not."""
        rng = np.random.default_rng(7)
        chosen, told = [], []
        for _ in range(300):
            values = {name: (0.5 + 0.05 * rng.normal(size=6)).tolist() for name in ["ce"] + ["l%d" % k for k in range(8)]}
            v = verdict.judge(values, "ce", True, 0.0, True)
            chosen.append(v.means[v.choice])
            told.append(v.honest)
        self.assertGreater(np.mean(chosen), 0.505)
        self.assertLess(abs(np.mean(told) - 0.5), 0.004)

    def test_stops_where_nothing_can_change(self):
        self.assertTrue(verdict.settled(self.values({"gce": -0.1}), "ce", True, 0.25, True, 50))
        self.assertTrue(verdict.settled(self.values({"gce": 0.1}), "ce", True, 0.25, True, 50))
        self.assertFalse(verdict.settled(self.unclear(), "ce", True, 0.25, True, 50))
        self.assertTrue(verdict.settled(self.unclear(), "ce", True, 0.25, True, 5))


class Plans(unittest.TestCase):
    plan = runs.Plan(20, 32, 5, 1.0, 3, 12, 6)

    def test_rungs_halve(self):
        self.assertEqual([tournament.rungs(n) for n in (4, 6, 8, 12)], [[4, 2], [6, 2, 1], [8, 3, 2], [12, 4, 2]])

    def test_fits_the_time(self):
        for seconds in (5, 60, 600):
            made, extra = tournament.fit_plan(self.plan, 0.05, seconds, 2)
            self.assertLessEqual(tournament.cost_of_round(made, 0.05 * made.epochs / 20, extra), seconds)
        rich, _ = tournament.fit_plan(self.plan, 0.001, 600, 2)
        self.assertEqual((rich.settings, rich.losses, rich.epochs), (12, 6, 20))
        poor, extra = tournament.fit_plan(self.plan, 0.05, 1, 2)      # a time that no plan fits into gets the smallest
        self.assertEqual((poor.settings, poor.losses, poor.epochs, extra), (4, 1, 5, 0))

    def folds_of(self, together, at_first, most):
        """The folds that are trained at a time until `most` are done."""
        class Recorded(tournament.Tournament):
            def step(self, seed, folds):
                asked.append((seed, list(folds)))
                return {fold: seed for fold in folds}

        asked, steps = [], {}
        own = Recorded(None, self.plan, [], {}, "accuracy", True, {}, 1)
        own.run(steps, together, lambda: len(steps) >= most, at_first)
        return asked

    def test_folds_at_a_time(self):
        self.assertEqual(self.folds_of(1, 1, 2), [(1, [0]), (1, [1])])
        self.assertEqual(self.folds_of(1, 3, 7), [(1, [0, 1, 2]), (1, [3]), (1, [4]), (2, [0]), (2, [1])])
        self.assertEqual(self.folds_of(5, 3, 6), [(1, [0, 1, 2, 3, 4]), (2, [0, 1, 2, 3, 4])])
        self.assertEqual(len(self.folds_of(2, 3, 1000)), 2 + 3 * (tournament.MOST_ROUNDS - 1))

    def test_rows_are_left_out_last(self):
        findings = data.Findings({"rows": 100000, "features": 50, "classes": ["a", "b"]}, "binary", {}, [], [])
        small, large = (tournament.first_plan(findings, s, 5, 64, 2) for s in (5, 3000))
        self.assertLess(small.share, large.share)
        self.assertEqual(large.share, 0.4)
        self.assertEqual(tournament.first_plan(findings._replace(info={**findings.info, "rows": 500}), 0.1, 5, 64, 2).share, 1.0)

    def test_splits(self):
        self.assertEqual(self.plan.split(3, 2), {"folds": 5, "fold": 2, "seed": 3})
        part = self.plan._replace(share=0.5).split(3, 2)
        self.assertAlmostEqual(part["train"] + part["test"], 0.5)
        self.assertAlmostEqual(part["test"] / part["train"], self.plan.ratio())
        self.assertEqual(self.plan.split(1, tournament.EVERY_ROW)["train"], 1.0)

    def test_base(self):
        text = "# x\nname: rings\ntask: multiclass   # or regression\ndata:\n  train:\n    path: \"a\"\n  positive: \"1\"\n  split: {train: 0.64}\n" \
               "  preprocess: {standardize: true}\ncorrupt:\n  labels: {kind: none}\nmodel: x\n"
        same = advise.base_of(text, "multiclass")
        self.assertEqual(same.name, "rings")
        self.assertNotIn("split", same.text)
        self.assertNotIn("corrupt", same.text)
        other = advise.base_of(text, "regression").text
        self.assertIn("task: regression\n", other)
        self.assertIn("target: standardize", other)
        self.assertNotIn("positive", other)

    def test_flow(self):
        self.assertEqual(runs.flow({"a": [1, 0.1, True, "x y", "no", "ok"], "b": None}), '{a: [1, 0.1, true, "x y", "no", ok], b: null}')

    def test_a_diverged_training_counts_as_the_constant_model(self):
        record = {"result": {"status": "diverged", "metrics": {"test": {"rmse": 1e9}}}, "baseline": {"metrics": {"test": {"rmse": 3.0}}}}
        self.assertEqual(runs.value_of(record, "test", "rmse"), 3.0)
        self.assertIsNone(runs.value_of(None, "test", "rmse"))


class Words(unittest.TestCase):
    def result(self, gains, stopped="time", **more):
        values = Verdicts().values(gains, **more)
        v = verdict.judge(values, "ce", True, 0.25, True)
        findings = data.Findings({"rows": 300, "features": 2, "classes": ["a", "b"], "label": "y"}, "multiclass",
                                 {"features": 2, "class_ratio": 1.0}, ["2 classes, one \x1b[31m."], ["<b>odd</b>"])
        found = noise.Noise(0.21, 0.18, 0.24, 0.3, 0.35, [(0, 1, 12)], [4, 7], [1, 0])
        probed = tournament.Probe(losses.Traits(noise=0.21, noise_low=0.18, noise_high=0.24, overlap=0.2), found, [(4, 0, 1)], 0.01, 2)
        under = {"noise": ("accuracy", verdict.judge(Verdicts().values({"gce": 0.08, "focal": 0.0}), "ce", True, 0.25, True))}
        choices = [losses.Choice(n, "p", "r") for n in values]
        return answer.Result("my.csv", findings, choices, probed, Plans.plan, "accuracy", v, under,
                             answer.Kept(runs.Setting(0.1, 64, (("q", 0.7),)), stopped != "user"), stopped, 321, 12.0, "out", 0.5, ["focal", "focal"])

    def test_headlines(self):
        self.assertTrue(answer.headline(self.result({"gce": 0.05, "focal": 0.0})).startswith("Take gce: it is better than ce by +0.0"))
        self.assertTrue(answer.headline(self.result({"gce": 0.0005, "focal": -0.0005}, sd=0.002)).startswith("It does not matter here: no loss differs from ce by more than 0.01"))
        self.assertTrue(answer.headline(self.result({"gce": -0.03, "focal": -0.04})).startswith("It does not matter here, as far as 10 folds can tell: none"))

    def test_a_share_of_wrong_labels_that_rows_cannot_tell(self):
        told = self.result({"gce": 0.05, "focal": 0.0})
        wide = told.probed.noise._replace(low=0.0, high=0.4)
        result = told._replace(probed=told.probed._replace(noise=wide))
        self.assertIn("these rows do not tell how many are wrong: anything from 0 % to 40 % would fit", answer.as_text(result))
        self.assertIsNone(answer.as_json(result)["label_noise"]["rate"])
        self.assertEqual(answer.as_json(told)["label_noise"]["rate"], 0.21)
        unsure = losses.wanted("multiclass", told.findings, losses.Traits(noise=0.2, noise_low=0.05, noise_high=0.4, noise_told=False))
        self.assertEqual(unsure[0][1], "5 % to 40 % of the labels seem wrong")

    def test_text(self):
        text = answer.as_text(self.result({"gce": 0.05, "focal": 0.0}))
        self.assertNotIn("\x1b", text + answer.as_markdown(self.result({"gce": 0.05, "focal": 0.0})))
        for part in ("WARNING: <b>odd</b>", "one \\x1b[31m.", "about 21 % seem wrong by chance (95 % interval 18 % to 24 %)", "most often a that look like b (12)",
                     "gce would stay the choice", "model mlp of 64 hidden units, learning rate 0.1, q 0.7", "321 trainings in 12 s; the time was over",
                     "focal diverged on 2 folds, where the constant model stands in for it."):
            self.assertIn(part, text)
        other = answer.as_text(self.result({"gce": -0.05, "focal": 0.0}, stopped="user"))
        for part in ("gce would be the choice, better than ce by", "interrupted; the same command goes on", "no model was trained on all rows"):
            self.assertIn(part, other)
        self.assertNotIn("model.npz", other)

    def test_forms_agree(self):
        r = self.result({"gce": 0.05, "focal": 0.0})
        told, page, html = answer.as_json(r), answer.as_markdown(r), answer.as_html(r)
        self.assertEqual(json.loads(json.dumps(told, allow_nan=False))["recommended"]["loss"], "gce")
        for name in ("ce", "gce", "focal"):
            self.assertIn("| %s |" % name, page)
            self.assertIn('<th scope="row">%s</th>' % name, html)
        self.assertNotIn("<b>odd", html)
        self.assertIn("&lt;b&gt;odd", html)
        self.assertIn("<svg", html)


if __name__ == "__main__":
    unittest.main()
