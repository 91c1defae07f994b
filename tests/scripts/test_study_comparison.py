"""scripts/studies/embeddings.py: splits of classes, choices, verdicts that turn with their figures, a small form by the built program."""
import json
import math
import subprocess
import sys
import tempfile
import unittest
from itertools import product
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import study_page as study  # noqa: E402
import study_runs as runs  # noqa: E402
import study_shape  # noqa: E402
from atlas import prepare  # noqa: E402
from studies import thin_letter  # noqa: E402
from study_common import Refused  # noqa: E402
from study_comparison import comparison_of  # noqa: E402

BINARY = ROOT / "lossbench"
STUDIES = {name: one for name, one in ((n, study_shape.load(n).comparison) for n in study_shape.names()) if one}
EMBEDDINGS = ("few_shot", "multi_similarity", "novel_classes", "sface", "tcm", "temperature", "unpg")
SETS = STUDIES["novel_classes"].plan.sets
MARGINS, BASES = ("cosface", "arcface", "normalized_softmax"), ("multi_similarity", "contrastive", "normalized_softmax")
NOISY, CLEAN = ("20 % wrong labels", "40 % wrong labels"), "labels as they are"
TAUS, ALL_PAIRS = (0.05, 0.1, 0.2, 0.5, 1), "multi_similarity, all pairs"


def reproduces(good):
    return study.verdict(good, "Reproduces.")


def settings(contender):
    """How many a contender tries: the product of the values of each sweep."""
    return sum(math.prod(len(o.split("=", 1)[1].split(",")) for o in sweep if o.startswith("loss.") or o.startswith("optimizer.lr"))
               for sweep in contender)


def found(one, values=None, cells=None, splits=10):
    """A made result: each contender has 0.5 of every measure but for those of `values`, by contender or by contender and condition."""
    out = {}
    for name, condition in cells or product(one.plan.sets, one.plan.conditions):
        for k in range(splits):
            of = {}
            for c in [*one.plan.contenders, runs.RAW, runs.RANDOM]:
                value = (values or {}).get((c, condition), (values or {}).get(c, 0.5))
                of[c] = {m: value + 1e-6 * math.sin(3 * k + len(c)) for m in one.measures}
                of[c].update({runs.RATIO: 0.5, runs.RATE: 0.01})
            out.setdefault((name, condition), []).append(of)
    return out


class Tables(unittest.TestCase):
    def test_equal_budgets(self):
        for name, one in STUDIES.items():
            counts = {settings(c) for c in one.plan.contenders.values()} - ({1} if name in ("frozen_target", "temperature") else set())
            self.assertEqual(counts if name not in EMBEDDINGS else counts - {6}, {max(counts)} if name not in EMBEDDINGS else set(), name)

    def test_claims_name_what_is_there(self):
        for one in STUDIES.values():
            known = {*one.plan.contenders, runs.RAW, runs.RANDOM}
            for claim in one.claims:
                self.assertLessEqual({c for pair in claim.pairs for c in pair}, known)
                self.assertIn(claim.measure, one.measures)
                self.assertLessEqual({*claim.conditions, *([claim.over] if claim.over else [])}, set(one.plan.conditions))
                self.assertLessEqual(set(claim.sets), set(one.plan.sets))

    def test_wrong_labels_stay_among_classes_that_train(self):
        option, = runs.options_of({"wrong_labels": 0.4}, ["a", "b", "c", "d"], ["a", "b", "d"])
        rows = json.loads(option.split("matrix: ")[1][:-1])
        self.assertEqual(rows, [0.6, 0.2, 0, 0.2, 0.2, 0.6, 0, 0.2, 0, 0, 1, 0, 0.2, 0.2, 0, 0.6])


class Splits(unittest.TestCase):
    def test_classes_apart(self):
        for name, data in SETS.items():
            told = [runs.drawn(data, k) for k in range(1, 11)]
            for test, valid in told:
                self.assertEqual((len(test), len(valid), set(test) & set(valid)), (data.test, data.valid, set()), name)
                self.assertLessEqual({*test, *valid}, set(data.classes))
                self.assertGreaterEqual(len(data.classes) - data.test - data.valid, data.ways)
            self.assertEqual(told, [runs.drawn(data, k) for k in range(1, 11)])
            self.assertGreater(len({tuple(test) for test, _ in told}), 5)

    def test_classes_are_those_of_the_files(self):
        with tempfile.TemporaryDirectory() as folder:
            thin_letter.thin_letter(Path(folder) / "sub" / "thin.csv")
            lines = (Path(folder) / "sub" / "thin.csv").read_text(encoding="ascii").splitlines()
        self.assertEqual(len(lines), 4001)
        self.assertEqual(lines[:2], [lines[0], "2,8,3,5,1,8,13,0,6,6,10,8,0,8,0,8,T"])
        self.assertEqual(sorted({line.split(",")[-1] for line in lines[1:]}), SETS["letter"].classes)

    def test_the_best_setting_and_its_options(self):
        def trial(rate, value, status="ok"):
            return {"config": {"loss": {"name": "a", "m": 1}, "optimizer": {"lr": rate}}, "result": {"status": status, "metrics": {"test": {"map_at_r": value}}}}

        made = {"x": [trial(0.1, 0.3), trial(0.2, 0.9, "diverged")], "y": [trial(0.3, 0.4), trial(0.4, 0.2)]}
        plan = runs.Plan("c", {}, {}, {}, "map_at_r")
        with mock.patch.object(runs, "trained", lambda *a, **k: made[next(w for w in a[4] if w in made)]):
            got, options = runs.Runs("b", plan, Path("f")).best([["x", "loss=a", "optimizer.lr=1,2"], ["y", "loss=a", "optimizer.lr=3,4"]], [], "test")
            self.assertEqual((got, options[1:]), (made["y"][0], ['loss={"name": "a", "m": 1}', "optimizer.lr=0.3"]))
            with self.assertRaisesRegex(Refused, "every setting of loss=a diverged"):
                made["x"] = [trial(0.1, 0.3, "diverged")]
                runs.Runs("b", plan, Path("f")).best([["loss=a", "x"]], [], "test")
            for name in "xy":
                with self.assertRaisesRegex(Refused, "found %d trainings of %s, " % (len(made[name]), name)):
                    runs.Runs("b", plan, Path("f")).again([name])


class Verdicts(unittest.TestCase):
    def first(self, one, values=None, cells=None):
        return [study.judged(study.gains(one, found(one, values, cells), claim)) for claim in one.claims]

    def test_as_the_papers_have_it(self):
        good = {
            "novel_classes": {"normalized_softmax": 0.6},
            "temperature": {**{"tau %g" % t: 0.5 + t for t in TAUS}, "simple": 0.4},
            "multi_similarity": {"multi_similarity": 0.6},
            "few_shot": {"protonet": 0.4, "triplet": 0.4},
            "sface": {"sface": 0.6, **{(c, n): 0.4 for c in MARGINS for n in NOISY}},
            "unpg": {"cosface": 0.4, "arcface": 0.4},
            "tcm": {b + " + tcm": 0.6 for b in BASES}}
        for name, values in good.items():
            told = self.first(STUDIES[name], values)
            wrong = {"temperature": [6, 7], "tcm": [0]}.get(name, [])  # rising has no best between; less is better
            self.assertEqual([k for k, t in enumerate(told) if t != reproduces(True)], wrong, (name, told))
            self.assertTrue(all(told[k] == reproduces(False) for k in wrong))

    def test_every_claim_turns_with_its_figures(self):
        for name, one in STUDIES.items():
            for claim in one.claims:
                above, below = ({pair[k] for pair in claim.pairs} for k in (0, 1))
                if above & below:
                    continue                                           # a chain: temperatures, in their own test
                conditions = [c for c in one.plan.conditions if not claim.over or c != claim.over]
                for good in (True, False):
                    by = 0.1 if good != (claim.measure in one.less) else -0.1
                    values = {(c, condition): 0.5 + by * (1 if c in above else -1) for c in above | below for condition in conditions}
                    told = study.judged(study.gains(one, found(one, values), claim))
                    self.assertEqual(told, reproduces(good), (name, claim.text))

    def test_equal_losses_reproduce_nothing_but_no_worse(self):
        for name in EMBEDDINGS:
            told = self.first(STUDIES[name])
            self.assertEqual([k for k, t in enumerate(told) if t != reproduces(False)], {"tcm": [1]}.get(name, []), (name, told))

    def test_the_bars(self):
        one = STUDIES["novel_classes"]
        self.assertEqual(self.first(one, {"normalized_softmax": 0.54})[:2], [reproduces(False), reproduces(True)])
        self.assertEqual(self.first(one, {"normalized_softmax": 0.6, "triplet": 0.58})[:2], [reproduces(False), reproduces(True)])
        made = found(one, {"normalized_softmax": 0.6})
        for k in range(3):
            made["digits", ""][k]["triplet"]["map_at_r"] = 0.61
        told = study.judged(study.gains(one, made, one.claims[1]))
        self.assertEqual(told, "**Reproduces in part:** on fashion; letter; vowel, 3 of 4.")
        made["digits", ""][0]["triplet"]["map_at_r"] = 0.5
        self.assertEqual(study.judged(study.gains(one, made, one.claims[1])), reproduces(True))

    def test_steps_count_by_their_errors(self):
        one = STUDIES["temperature"]
        made = found(one, {"tau %g" % t: 0.5 + t for t in TAUS})
        for name in one.plan.sets:
            for k in range(10):
                made[name, ""][k]["tau 0.2"]["tolerance"] = 0.65 + (-1) ** k * 0.6
        told = study.gains(one, made, one.claims[1])
        self.assertEqual({g.pair for g in told if not g.met}, {("tau 0.2", "tau 0.1"), ("tau 0.5", "tau 0.2")})
        self.assertEqual(study.judged(study.gains(one, made, one.claims[0])), reproduces(True))

    def test_less_opis_is_better_and_a_claim_over_a_condition(self):
        tcm = STUDIES["tcm"]
        self.assertEqual(self.first(tcm, {b + " + tcm": 0.4 for b in BASES}), [reproduces(g) for g in (True, False, False)])
        sface = STUDIES["sface"]
        both = {("sface", c): 0.6 for c in (CLEAN, *NOISY)}
        told = self.first(sface, both)
        self.assertEqual(told, [reproduces(g) for g in (True, True, True, False)])   # as far ahead as without noise

    def test_a_claim_of_some_sets(self):
        one = STUDIES["comp_sum"]
        many, few = one.claims[1], one.claims[2]
        taus = {c: 0.6 for c in one.plan.contenders if c != "tau 2"}
        made = {**found(one, taus, [(s, "") for s in many.sets]), **found(one, {"tau 2": 0.6}, [(s, "") for s in few.sets])}
        self.assertEqual([study.judged(study.gains(one, made, c)) for c in (many, few)], [reproduces(g) for g in (True, False)])
        self.assertEqual({g.cell[0] for g in study.gains(one, made, many)}, set(many.sets))
        self.assertEqual(len(study.gains(one, made, one.claims[0])), 4 * len(one.plan.sets))

    def test_page(self):
        one = STUDIES["sface"]
        text = study.page("sface", one, found(one, {"sface": 0.6}), {})
        self.assertIn("Does SFace stand wrong training labels better than losses that follow every row? " + reproduces(True), text)
        self.assertIn("Of the 4 claims below 3 reproduce on every set, 0 on some, 1 on none.", text)
        self.assertIn("| sface | **0.6000** | **0.6000** | **0.6000** |", text)
        self.assertIn("| digits, 20 % wrong labels | sface above cosface | +0.1000 | +0.1000 to +0.1000 | 10 of 10 | yes |", text)
        self.assertIn("| sface | %d |" % (10 * 3 * len(one.plan.sets)), text)
        self.assertEqual(text.count("\n## digits, "), 3)
        tcm = STUDIES["tcm"]
        self.assertIn("| digits | contrastive + tcm below contrastive | +0.1000 |", study.page("tcm", tcm, found(tcm, {"contrastive + tcm": 0.4}), {}))

    def test_what_is_not_defined_of_the_constant_model(self):
        one = STUDIES["sharpness"]
        made = found(one)
        for split in (s for splits in made.values() for s in splits):
            split[runs.RAW]["sharpness"] = None
        text = study.page("sharpness", one, made, {})
        self.assertRegex(text, r"\n\| %s \| 0\.5000 \| 0\.5000 \| – \|\n" % runs.RAW)

    def test_weights_of_pairs(self):
        def told(a, first, second):
            reads = {"a": a, "multi_similarity": first, "multi_similarity, all pairs": second}
            of = STUDIES["multi_similarity"].weights
            return study.weight_lines(reads, of._replace(losses={name: "x=1 y=2" if name == "a" else "" for name in reads}))

        good = told((True, False, False), (True, False, True), (True, True, False))
        self.assertIn("| a (x=1, y=2) | yes | no | no |", good)
        self.assertIn(reproduces(True), good[2])
        self.assertIn(reproduces(False), told((True, True, True), (True, False, True), (True, True, False))[2])
        self.assertIn(reproduces(False), told((True, False, False), (True, False, True), (True, False, False))[2])


@unittest.skipUnless(BINARY.exists(), "lossbench is not built")
class Options(unittest.TestCase):
    """What a study's file says is a config that the program takes: so many trials as there are settings. On the first set of every contender,
    on the others and under further conditions of the first contender, since what these say is the same for all."""

    def listed(self, config, options):
        words = [word for text in options for word in ("--set", text)]
        done = subprocess.run([str(BINARY), "sweep", "--config", config, *words, "--list", "--quiet"], cwd=ROOT, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return len(done.stdout.splitlines())

    def taken(self, plan, data, contenders, conditions, place):
        words = [*data.options, "train.seed=1"]
        if not plan.by_rows:
            words += ["train.batch=%d" % (data.ways * plan.per_class), "train.per_class=%d" % plan.per_class]
        made = runs.Runs(str(BINARY), plan, Path(place)).models(words, ["train.epochs=1"])
        for condition in conditions:
            more = runs.options_of(condition, data.classes, data.classes)
            for sweep in [runs.with_models(s, made) for contender in contenders for s in contender]:
                self.assertEqual(self.listed(plan.config, [*words, *more, *sweep]), settings([sweep]))

    def test_every_setting(self):
        for name, one in STUDIES.items():
            plan = one.plan
            prepare(list(study_shape.load(name).before))
            first, *others = plan.sets.items()
            contenders, conditions = list(plan.contenders.values()), list(plan.conditions.values())
            for (of, data), c, k in [(first, contenders, conditions[:1]), (first, contenders[:1], conditions[1:]), *((o, contenders[:1], conditions[:1]) for o in others)]:
                with tempfile.TemporaryDirectory() as place, self.subTest(study=name, set=of):
                    self.taken(plan, data, c, k, place)


@unittest.skipUnless(BINARY.exists(), "lossbench is not built")
class SmallForm(unittest.TestCase):
    def test_the_first_model_is_what_contenders_read(self):
        plan = STUDIES["kl_top"].plan
        few = {"kl_top": [["data.side={teacher: FIRST}", "loss={name: kl_top, k: 5}"]], "ce": [["task=multiclass", "data.side=null", "loss=ce"]]}
        with tempfile.TemporaryDirectory() as folder:
            plan = plan._replace(sets={"vowel": plan.sets["vowel"]}, splits=2, contenders=few)
            got = runs.train(str(BINARY), plan, 2, Path(folder), ["train.epochs=2"])
            for split in (1, 2):
                place = Path(folder) / ("vowel--%d" % split) / "trials"
                model, = place.glob("*.model.npz")
                told = [json.loads(p.read_text(encoding="utf-8")) for p in place.glob("*[0-9a-f].json")]
                first, = [t for t in told if t["id"] == model.name.split(".")[0]]
                student, = [t for t in told if t["config"]["task"] == "distillation"]
                self.assertEqual((first["config"]["model"]["hidden"], student["config"]["model"]["hidden"]), ([128], [8]))
                self.assertEqual(student["data"]["teacher"]["model"], first["id"])
                self.assertEqual({t["config"]["train"]["seed"] for t in told}, {split})
                self.assertEqual(got["vowel", ""][split - 1]["kl_top"]["accuracy"], student["result"]["metrics"]["test"]["accuracy"])

    def test_a_first_model_takes_those_before_it(self):
        plan = STUDIES["landmark_kd"].plan
        words = [*plan.sets["concrete"].options, "train.seed=1"]
        with tempfile.TemporaryDirectory() as folder:
            made = runs.Runs(str(BINARY), plan, Path(folder)).models(words, ["train.epochs=2"])
            of = {name: json.loads((ROOT / path.replace(".model.npz", ".json")).read_text(encoding="utf-8")) for name, path in made.items()}
        self.assertEqual(list(made), ["TOUGH", "LINEAR", "TOLERANT"])
        self.assertEqual(of["TOLERANT"]["data"]["teacher"]["model"], of["LINEAR"]["id"])
        self.assertEqual(runs.with_models(["data.side={teacher: TOUGH, second_teacher: TOLERANT}", "loss.x=TOUGHER"], made),
                         ["data.side={teacher: %(TOUGH)s, second_teacher: %(TOLERANT)s}" % made, "loss.x=TOUGHER"])

    def small(self, name, folder, **more):
        one = STUDIES[name]
        plan = one.plan._replace(sets={"vowel": SETS["vowel"]}, splits=2, **more)
        return one._replace(plan=plan), runs.train(str(BINARY), plan, 2, Path(folder), ["train.epochs=2"])

    def test_no_class_that_tests_takes_part_in_a_choice(self):
        names = ("sface", "cosface")
        with tempfile.TemporaryDirectory() as folder:
            one, got = self.small("sface", folder, contenders={n: [[*s[:-1], "optimizer.lr=0.003,0.01"] for s in STUDIES["sface"].plan.contenders[n]] for n in names},
                                  conditions={c: STUDIES["sface"].plan.conditions[c] for c in (CLEAN, NOISY[1])})
            records = [json.loads(p.read_text(encoding="utf-8")) for p in Path(folder).glob("vowel-*/trials/*[0-9a-f].json")]
        self.assertEqual(set(got), {("vowel", c) for c in one.plan.conditions})
        self.assertEqual({tuple(v) for values in got.values() for v in values}, {("sface", runs.RAW, runs.RANDOM, "cosface")})
        final = [r for r in records if not r["config"]["data"].get("ignore_labels")]
        self.assertEqual((len(records), len(final)), (2 * 2 * 2 * 5, 2 * 2 * 2))
        for r in records:
            test, valid = runs.drawn(SETS["vowel"], r["config"]["train"]["seed"])
            at = dict(zip(r["data"]["classes"], zip(r["data"]["class_counts"]["train"], r["data"]["class_counts"]["test"])))
            unseen = test if r in final else valid
            self.assertEqual({c for c, (_, tests) in at.items() if tests}, set(unseen))
            self.assertEqual({c for c, (trains, _) in at.items() if trains}, set(SETS["vowel"].classes) - set(test) - (set() if r in final else set(valid)))
            if r["config"]["corrupt"]["labels"]["kind"] == "matrix":
                noisy = dict(zip(r["data"]["classes"], r["data"]["corrupted"]["class_counts"]["train"]))
                self.assertEqual({c for c in noisy if noisy[c]}, set(at) - set(unseen))
                self.assertAlmostEqual(r["data"]["corrupted"]["changed"]["train"] / r["data"]["rows"]["train"], 0.4, delta=0.08)

    def test_terms_and_miners_beside_none(self):
        few = {"terms": ("contrastive", "contrastive + tcm"), "miner": ("binomial_deviance", "binomial_deviance, mined")}
        with tempfile.TemporaryDirectory() as folder:
            for (what, names), name in zip(few.items(), ("tcm", "multi_similarity")):
                _, got = self.small(name, folder + "/" + name, contenders={c: STUDIES[name].plan.contenders[c] for c in names})
                for split in got["vowel", ""]:
                    self.assertNotEqual(split[names[0]]["map_at_r"], split[names[1]]["map_at_r"], what)

    def test_weights(self):
        told = study.weights_read(str(BINARY), STUDIES["multi_similarity"].weights.losses)
        self.assertEqual(told["contrastive"], (False, False, False))
        self.assertEqual(told["triplet"], (False, False, True))
        self.assertEqual(told["binomial_deviance"], (True, False, False))
        self.assertEqual(told["multi_similarity"], (True, False, True))
        self.assertEqual(told[ALL_PAIRS], (True, True, False))
        self.assertIn(reproduces(True), study.weight_lines(told, STUDIES["multi_similarity"].weights)[2])


if __name__ == "__main__":
    unittest.main()
