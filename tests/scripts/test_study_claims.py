"""Claims as the files of studies declare them: wrong files are refused by name, bars are met or not, pages and files say the same."""
import re
import shutil
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
try:
    import atlas
    import study_shape
except ImportError as error:
    raise unittest.SkipTest("needs %s: scripts/setup.sh study" % error.name) from error
from study_common import Bar, Declared, Refused, Run, claims_of, table, undeclared  # noqa: E402

STUDY = """about: of one
configs: [configs/smoke.yaml]
cost: a minute
settings: {sets: [iris, wine], level: 0.05}
title: T
intro: "Over {splits} splits, p < {level:g}."
question: Is it?
answers: [{says: "Yes, {all}.", of: share of sets, at_least: 1}, {says: Hardly., bars: {"": {of: share of sets, above: 0}}}, {says: "No."}]
rule: "On {sets}."
claims:
  good: {says: "{loss} is good, on all", of: share of sets, at_least: 0.9}
  exact: {says: It is exact (1), bars: {loss: {of: difference, below: 1.0e-9}, ratio: {of: ratio, at_least: 0.7, at_most: 1.3}}}
  near: {says: It is near, of: share of splits, above: 0.5, each: set, verdict: Reproduces., compares: {better: a}}
notes: [A note.]
end: The {last}.
"""
PAGE = ["# T", "", "- ce is good, on all: **Holds.** x", "- It is exact (1): **Does not hold.** By 2. It is near: **Reproduces.**", ""]


class Judged(unittest.TestCase):
    def test_each_limit(self):
        for name, good, bad in (("at_least", [2, 3], [1.99]), ("at_most", [2, 1], [2.01]), ("above", [2.01], [2]), ("below", [1.99], [2])):
            bar = Bar("x", {name: 2})
            self.assertEqual([bar.met(v) for v in good + bad], [True] * len(good) + [False] * len(bad), name)
        self.assertFalse(Bar("x", {"at_least": 0}).met(float("nan")))
        self.assertFalse(Bar("x", {"at_most": 0}).met(float("nan")))

    def test_several_numbers_meet_it_all(self):
        bar = Bar("x", {"at_least": 1, "below": 3})
        self.assertEqual([bar.met([1, 2]), bar.met((1, 3)), bar.met([0.5, 2])], [True, False, False])
        with self.assertRaisesRegex(Refused, "found no number of 'x', allowed: one or more"):
            bar.met([])

    def test_several_bars(self):
        claim = Declared("S", {"a": Bar("an a", {"below": 1}), "b": Bar("a b", {"above": 1})})
        self.assertEqual([claim.judged({"a": 0, "b": 2}), claim.judged({"a": 0, "b": 1}), claim.judged({"a": 1, "b": 2})],
                         ["**Holds.**", "**Does not hold.**", "**Does not hold.**"])
        with self.assertRaisesRegex(Refused, "found no number of 'a b', allowed: one for each of an a; a b"):
            claim.judged({"a": 0})
        with self.assertRaisesRegex(Refused, "'S': found a number of 'c', allowed: a, b"):
            claim.judged({"a": 0, "b": 2, "c": 1})

    def test_words(self):
        for word, other in (("Holds.", "Does not hold."), ("holds", "does not hold"), ("Reproduces.", "Does not reproduce."), ("reproduces.", "does not reproduce.")):
            claim = Declared("S", {"": Bar("x", {"above": 0})}, word)
            self.assertEqual([claim.judged(1), claim.judged(0)], ["**%s**" % word, "**%s**" % other])

    def test_one_by_one(self):
        claim = Declared("S", {"": Bar("x", {"above": 0})}, "Reproduces.", "set")
        self.assertEqual([claim.judged({"a": 1, "b": 2}), claim.judged({"a": 0, "b": 2, "c": 3}), claim.judged({"a": 0})],
                         ["**Reproduces.**", "**Reproduces in part:** on b; c.", "**Does not reproduce.**"])
        self.assertEqual([c.holds for c in claims_of("- S: " + claim.judged({"a": 0, "b": 2}))], ["in part"])


class Pages(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        for name in ("one", "two"):
            (self.folder / (name + ".py")).write_text("", encoding="utf-8")

    def load(self, text=STUDY):
        (self.folder / "one.yaml").write_text(text, encoding="utf-8")
        return study_shape.load("one", self.folder)

    def test_what_a_script_takes(self):
        study = self.load()
        self.assertEqual(study.given("level", "sets"), [0.05, ["iris", "wine"]])
        for names in (("level",), ("level", "sets", "splits")):
            with self.assertRaisesRegex(Refused, "one.yaml: settings: found level, sets, allowed: %s" % ", ".join(sorted(names))):
                study.given(*names)
        self.assertEqual(study.claim("good", 0.9, "By 1.", loss="ce"), "ce is good, on all: **Holds.** By 1.")
        self.assertEqual(study.claim("exact", {"loss": 0, "ratio": [0.7, 1.4]}), "It is exact (1): **Does not hold.**")
        self.assertEqual(study.meeting("good", {"a": 1, "b": 0.8, "c": 0.9}), ["a", "c"])
        self.assertEqual([study.asked(n, "So.", all="all") for n in (1, 0.5, 0)], ["Is it? **Yes, all.** So.", "Is it? **Hardly.** So.", "Is it? **No.** So."])
        self.assertEqual(study.head(splits=3, level=0.05), ["# T", "", "Remade by `make atlas STUDY=one`; do not edit. Protocol: the header of [configs/smoke.yaml]"
                                                            "(../../../configs/smoke.yaml). Over 3 splits, p < 0.05.", ""])
        self.assertEqual(study.section(["a", "b"], sets="iris", last="end"),
                         ["## What holds", "", "On iris.", "", "- a", "- b", "- A note.", "", "The end.", ""])
        self.assertEqual(study.claims["near"].compares, {"better": "a"})

    def test_what_is_not_declared_or_not_given(self):
        study = self.load()
        with self.assertRaisesRegex(Refused, "one.yaml: claims: unknown 'goods'; did you mean 'good'"):
            study.claim("goods", 1)
        with self.assertRaisesRegex(Refused, "'{loss} is good, on all': found no word for {loss}"):
            study.claim("good", 1)

    def test_what_is_wrong_is_named(self):
        for old, new, words in (
                ("title: T", "titel: T", "one.yaml: unknown key 'titel'; did you mean 'title'"),
                ("at_least: 0.9", "at_lest: 0.9", "one.yaml: claims: good: unknown key 'at_lest'; did you mean 'at_least'"),
                ("at_least: 0.9", "at_least: a", "claims: good: at_least: found 'a', allowed: a number"),
                ("at_least: 0.9", "at_least: true", "claims: good: at_least: found True, allowed: a number"),
                ("below: 1.0e-9", "below: 1e-9", "claims: exact: bars: loss: below: found '1e-9', allowed: a number"),
                (", at_least: 0.9", "", "claims: good: found of, allowed: of, what is measured, and one or more of at_least, at_most, above, below"),
                ("of: share of sets, at_least: 0.9", "at_least: 0.9", "claims: good: found at_least, allowed: of, what is measured"),
                ("of: difference, below", "what: difference, below", "claims: exact: bars: loss: unknown key 'what'; known: of, at_least"),
                ("(1), bars", "(1), above: 1, bars", "claims: exact: found bars and above, allowed: bars or one bar"),
                ("says: It is near", "said: It is near", "claims: near: unknown key 'said'; did you mean 'says'"),
                ("says: It is near, ", "", "claims: near: says is missing"),
                ("verdict: Reproduces.", "verdict: Is so.", "claims: near: verdict: unknown 'Is so.'"),
                ('{says: "No."}', '{says: "No.", of: x, above: 1}', "answers: found a bar in the last of them, allowed: says alone"),
                ("bars: {loss: {of: difference, below: 1.0e-9}, ratio: {of: ratio, at_least: 0.7, at_most: 1.3}}", "bars: {}", "exact: bars: found {}, allowed: a block of bars"),
                ("says: It is near", "says: 3", "claims: near: says: found 3, allowed: a sentence"),
                ("{sets: [iris, wine], level: 0.05}", "[iris]", "settings: found ['iris'], allowed: a block"),
                ('{says: "No."}', '{says: false}', "answers: says: found False, allowed: a sentence"),
                (", of: share of sets, at_least: 1}", "}", "answers: 'Yes, {all}.': found nothing, allowed: of")):
            self.assertIn(old, STUDY)
            with self.assertRaises(Refused) as told:
                self.load(STUDY.replace(old, new))
            self.assertIn(words, str(told.exception))
            self.assertIn(str(self.folder / "one.yaml"), str(told.exception))

    def test_like_another(self):
        self.load()
        mine = "about: of two\nconfigs: [configs/smoke.yaml]\ncost: a minute\nlike: one\nsettings: {level: 0.1}\ntitle: Two\n"
        (self.folder / "two.yaml").write_text(mine, encoding="utf-8")
        two = study_shape.load("two", self.folder)
        self.assertEqual((two.script, two.title, two.intro, two.rule, len(two.answers), two.claims, two.notes, two.question),
                         ("two", "Two", "Over {splits} splits, p < {level:g}.", "On {sets}.", 3, {}, (), ""))
        self.assertEqual(two.settings, {"sets": ["iris", "wine"], "level": 0.1})
        self.assertEqual([p.name for p in two.files()][:2], ["two.yaml", "one.yaml"])
        (self.folder / "two.yaml").write_text(mine.replace("{level: 0.1}", "3"), encoding="utf-8")
        with self.assertRaisesRegex(Refused, "two.yaml: settings: found 3, allowed: a block"):
            study_shape.load("two", self.folder)
        (self.folder / "two.yaml").write_text(mine, encoding="utf-8")
        for other, words in (("none", "like: found none, which is not there"), ("two", "like: found two, which is itself like one")):
            (self.folder / "three.yaml").write_text(mine.replace("like: one", "like: " + other), encoding="utf-8")
            with self.assertRaisesRegex(Refused, words):
                study_shape.load("three", self.folder)

    def test_page_and_file_say_the_same(self):
        claims = self.load().claims
        self.assertEqual(undeclared(claims, "\n".join(PAGE)), [])
        self.assertEqual(undeclared(claims, "\n".join([*PAGE, "### 2. It is near", "", "**Does not reproduce.** There."])), [])
        self.assertEqual(undeclared(claims, "\n".join([*PAGE, "- Some other: **Holds.**"])), ["judges 'Some other', which is not declared"])
        self.assertEqual(undeclared(claims, "\n".join([*PAGE, "### Some other", "", "**Holds.**"])), ["judges 'Some other', which is not declared"])
        self.assertEqual(undeclared(claims, "\n".join(PAGE).replace("It is near: ", "It is far: ")),
                         ["judges 'By 2. It is far', which is not declared", "never judges the claim near, 'It is near'"])
        self.assertEqual(undeclared(claims, "\n".join(line for line in PAGE if "good" not in line)), ["never judges the claim good, '{loss} is good, on all'"])

    def test_a_script_that_judges_too_little_or_too_much_makes_no_page(self):
        study = self.load()
        for lines, words in ((PAGE[:3] + PAGE[4:], "one: the page never judges the claim exact"), ([*PAGE, "- More: **Holds.**"], "one: the page judges 'More', which is not")):
            with mock.patch("importlib.import_module", lambda name, lines=lines: mock.Mock(make=lambda run: "\n".join(lines))):
                with self.assertRaisesRegex(Refused, words):
                    atlas.page_of(study, Run("one", "", 1, self.folder, {}))
        with mock.patch("importlib.import_module", lambda name: mock.Mock(make=lambda run: "\n".join(PAGE))):
            self.assertEqual(atlas.page_of(study, Run("one", "", 1, self.folder, {})), "\n".join(PAGE))

    def test_tables(self):
        self.assertEqual(table(["a", "b"], [["x", "1"]]), ["| a | b |", "| --- | ---: |", "| x | 1 |", ""])
        self.assertEqual(table(["a", "b", "c"], [], "rll"), ["| a | b | c |", "| ---: | --- | --- |", ""])


def compared(study):
    """The claims of a comparison, which have bars of another form."""
    one = study.comparison
    return {c.text: Declared(c.text, {}) for c in one.claims} | ({"weights": Declared(one.weights.says, {})} if one.weights else {})


class Committed(unittest.TestCase):
    def test_every_page_judges_what_its_file_declares(self):
        for name in study_shape.names():
            study, page = study_shape.load(name), ROOT / "results" / "reference" / name / "README.md"
            if page.is_file() and not atlas.changed(study) and (study.claims or study.comparison):
                text = page.read_text(encoding="utf-8")
                with self.subTest(study=name):
                    self.assertEqual(undeclared(study.claims or compared(study), text), [])
                    self.assertIn(study.title or study.comparison.title, text.splitlines()[0])

    def test_no_script_has_a_sentence_or_a_verdict_of_its_own(self):
        for study in map(study_shape.load, study_shape.names()):
            source = "" if study.comparison else (study_shape.FOLDER / (study.script + ".py")).read_text(encoding="utf-8")
            words = [part for claim in study.claims.values() for part in re.split(r"\{\w+\}", claim.says) if len(part) > 25]
            self.assertEqual([part for part in words if part in source], [], study.name)
        for path in sorted((ROOT / "scripts" / "studies").glob("*.py")):
            found = re.findall(r"\bverdict\(|\*\*(?:Holds|Reproduces|Does not|Yes|No|holds|reproduces)", path.read_text(encoding="utf-8"))
            self.assertEqual(found, [], path.name)


if __name__ == "__main__":
    unittest.main()
