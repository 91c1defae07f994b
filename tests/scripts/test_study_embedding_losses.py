"""scripts/studies/embedding_losses.py: which settings are tried, which classes train, the choice, what the page says of made figures, a small form
by the built program."""
import json
import math
import random
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
try:
    from studies import embedding_losses as study
except ImportError as error:
    raise unittest.SkipTest("needs %s: scripts/setup.sh study" % error.name) from error

BINARY = ROOT / "lossbench"
YEARS = {loss: 2010 + k % 10 for k, loss in enumerate(study.FAMILY)}


def made(level):
    """Both questions, all sets, five splits; level(loss, set) is the mean of a contender."""
    def metrics(name, data, k):
        return {m: level(name, data) + 1e-3 * math.sin(7 * k + len(name)) for m in study.METRICS}
    return {q: {data: {name: [metrics(name, data, k) for k in range(5)] for name in [*study.FAMILY, study.RAW, study.RANDOM]} for data in study.SETS}
            for q in study.QUESTIONS}


def record(rate, valid, test, status="ok"):
    return {"config": {"loss": {"name": "triplet"}, "optimizer": {"lr": rate}},
            "result": {"status": status, "metrics": {"valid": {"map_at_r": valid}, "test": {"map_at_r": test}}}}


class Settings(unittest.TestCase):
    def test_as_many_of_each_loss(self):
        told = [{"name": "a", "kind": "embedding", "params": [{"name": "m", "grid": [1, 2, 3]}, {"name": "s"}]}, {"name": "b", "kind": "embedding", "params": []},
                {"name": "a", "kind": "binary", "params": [{"name": "x", "grid": [9]}]}]
        settings = study.settings_of(told, ["a", "b"])
        self.assertEqual([s.rate for s in settings], 2 * list(study.RATES))
        self.assertEqual({s.text for s in settings if s.loss == "a"}, {"{name: a, m: %d}" % m for m in (1, 2, 3)})
        self.assertEqual({s.text for s in settings if s.loss == "b"}, {"{name: b}"})

    def test_classes_are_parted(self):
        for name, of in study.SETS.items():
            parts = study.parted(name, 1)
            self.assertEqual(tuple(map(len, parts)), of.classes)
            self.assertEqual(sorted(sum(parts, [])), study.class_names(name))
            self.assertNotEqual(parts, study.parted(name, 2))

    def test_batches(self):
        self.assertEqual([study.batches(n)[1].split("=")[1] for n in (2, 3, 5, 7, 26)], ["24", "16", "12", "8", "6"])

    def test_test_classes_choose_nothing(self):
        tries, part, tests = study.plans(study.CLASSES, "vowel", 1)
        train, choose, test = study.parted("vowel", 1)
        self.assertEqual(part, "test")
        self.assertEqual(tries[2:], ["data.split={hold_out_classes: %s}" % json.dumps(choose), "data.ignore_labels=%s" % json.dumps(test)])
        self.assertEqual(tests[2:], ["data.split={hold_out_classes: %s}" % json.dumps(test)])


class Choice(unittest.TestCase):
    def test_by_validation(self):
        settings = [study.Setting("triplet", "", rate) for rate in (1, 2, 3)]
        records = [record(1, 0.5, 0.9), record(2, 0.7, 0.1), record(3, 0.9, 0.9, "diverged")]
        self.assertEqual(study.best(settings, records, "valid"), {"triplet": 1})
        self.assertEqual(study.best(settings, records, "test"), {"triplet": 0})
        self.assertEqual(study.best(settings, [record(1, None, 0), record(2, -1, 0), record(3, -1, 0)], "valid"), {"triplet": 1})


class Page(unittest.TestCase):
    def page(self, level):
        return study.page(made(level), {q: [study.Setting("triplet", "", study.RATES[k]) for k in (0, 0, 1, 7)] for q in study.QUESTIONS}, YEARS)

    def test_one_best_loss(self):
        order = {loss: k for k, loss in enumerate(study.FAMILY)}
        text = self.page(lambda loss, data: 0.9 - 0.01 * order.get(loss, 60))
        self.assertIn("(normalized_softmax; then cosface, arcface, subcenter_arcface)", text)
        self.assertIn("46 of them are better than the features as they are on every set, 0 on none", text)
        self.assertIn("| normalized_softmax | prototypes | 1.0 | **0.900**", text)
        self.assertIn("the least rate was taken in 50 %, the largest in 25 %", text)
        told = [line for line in text.splitlines() if line.startswith("- Against contrastive")][0]
        self.assertIn("better on average on every set: normalized_softmax, cosface", told)
        self.assertIn("Clearly better on half of the sets or more: normalized_softmax (6)", told)
        self.assertIn("Clearly worse on half or more: contrastive_hadsell (6)", told)
        self.assertIn("over the 46 losses", text)

    def test_losses_that_are_alike(self):
        text = self.page(lambda loss, data: 0.5 + 0.01 * random.Random(loss + data).random())
        self.assertEqual(text.count("**no difference between losses is shown**"), 2)
        self.assertEqual(text.count("Not worse than the best by it: all of the 46."), 2)

    def test_worse_than_the_features(self):
        text = self.page(lambda loss, data: 0.8 if loss == study.RAW else 0.7 if loss == study.RANDOM else 0.5)
        self.assertEqual(text.count("0 of them are better than the features as they are on every set, 46 on none"), 2)
        self.assertIn("On none: all of the 46. No better than the random map on half of the sets or more: all of the 46.", text)

    def test_a_loss_that_diverges(self):
        of = made(lambda loss, data: 0.5)
        for values in of.values():
            values["letter"]["triplet"] = [{m: -math.inf for m in study.METRICS}] * 5
        text = study.page(of, {q: [study.Setting("triplet", "", study.RATES[0])] for q in study.QUESTIONS}, YEARS)
        row = [line for line in text.splitlines() if line.startswith("| triplet |")][0]
        self.assertIn("| diverged |", row)


@unittest.skipUnless(BINARY.exists(), "lossbench is not built")
class SmallForm(unittest.TestCase):
    def test_every_loss_is_known(self):
        told = json.loads(subprocess.run([str(BINARY), "losses", "--json"], check=True, stdout=subprocess.PIPE, text=True).stdout)
        self.assertLessEqual(set(study.FAMILY), {d["name"] for d in told if d["kind"] == "embedding"})
        self.assertEqual(set(study.years(told)) & set(study.FAMILY), set(study.FAMILY))
        self.assertEqual(study.years(told)["triplet"], 2015)

    def test_one_set(self):
        losses = ["normalized_softmax", "triplet", "icnn"]
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(study, "RATES", (0.001, 0.008)):
            of, chosen, year = study.train(str(BINARY), 2, Path(folder), ["vowel"], losses, 2, ["train.epochs=10"])
            trials = [json.loads(p.read_text()) for p in Path(folder).glob("trials/*[0-9a-f].json")]
        self.assertEqual({q: len(v) for q, v in chosen.items()}, {q: 6 for q in study.QUESTIONS})
        for values in of.values():
            self.assertEqual({name: len(v) for name, v in values["vowel"].items()}, {name: 2 for name in [*losses, study.RAW, study.RANDOM]})
        rows = {name: sum(v["map_at_r"] for v in vs) / 2 for name, vs in of[study.ROWS]["vowel"].items()}
        self.assertGreater(rows["normalized_softmax"], 1.3 * rows[study.RAW])
        held = [t for t in trials if "hold_out_classes" in t["config"]["data"]["split"]]
        self.assertEqual(len(held), 2 * (3 * 2 + 3))
        for t in held:
            self.assertEqual(t["data"]["rows"]["train"], 90 * (4 if t["config"]["data"].get("ignore_labels") else 7))
            self.assertEqual(t["data"]["rows"]["test"], 90 * (3 if t["config"]["data"].get("ignore_labels") else 4))
        self.assertEqual(year["triplet"], 2015)


if __name__ == "__main__":
    unittest.main()
