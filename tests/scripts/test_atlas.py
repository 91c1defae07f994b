"""scripts/atlas.py: studies as their files declare them, wrong files, claims read from pages, the page of all papers, links from the catalogue."""
import contextlib
import io
import json
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
try:
    import atlas
    import atlas_page
    import study_shape
except ImportError as error:
    raise unittest.SkipTest("needs %s: scripts/setup.sh study" % error.name) from error
from study_common import answer_of, claims_of  # noqa: E402
from study_comparison import Refused  # noqa: E402

PAGE = """# Title

Remade by make; do not edit.

Is it so? **Does not reproduce.** Never.

## What holds

- One holds: **Holds.** By 0.1.
- Another: with a colon: **does not hold.** Not at all.
- A remark without a verdict.

### 2. A third

**Reproduces in part:** on iris, 1 of 2.

### Twice said

**Reproduces.** Here.

With other rates:

**Does not reproduce.** There.
"""
PAPERS = """- {number: 7, title: "A | B", claim: "One holds.", losses: [ce], study: one, shown_by: [One holds], published: "0.2"}
- {number: 8, title: C, claim: "Another.", study: one, shown_by: [One holds, Another]}
- {number: 9, title: D, claim: "E.", needs: rows}
- {number: 10, title: F, claim: "G.", untestable: why}
"""
STUDY = """about: of one
configs: [configs/smoke.yaml]
cost: a minute
comparison:
  title: T
  question: Is it?
  source: S
  rows: validation
  choose: accuracy
  splits: 2
  measures: {accuracy: accuracy}
  sets: {iris: ["data={train: {path: datasets/samples/iris.csv.gz, label: label}, split: {train: 0.6, valid: 0.2, test: 0.2}}"]}
  contenders: {ce: [[loss=ce, "optimizer.lr=0.01,0.1"]], mae: [[loss=mae, "optimizer.lr=0.01,0.1"]]}
  claims:
    - {says: It is, better: {ce: [mae]}, gain: 0.01}
"""


class Claims(unittest.TestCase):
    def test_of_a_page(self):
        told = [(c.says, c.holds) for c in claims_of(PAGE)]
        self.assertEqual(told, [("One holds", "yes"), ("Another: with a colon", "no"), ("A third", "in part"), ("Twice said", "in part")])
        self.assertEqual([c.figures for c in claims_of(PAGE)], ["By 0.1.", "Not at all.", "on iris, 1 of 2.", "Here. There."])
        self.assertEqual(answer_of(PAGE), "Is it so? **Does not reproduce.** Never.")

    def test_study_json_is_of_its_page(self):
        for path in sorted((ROOT / "results" / "reference").glob("*/study.json")):
            told, text = json.loads(path.read_text(encoding="utf-8")), (path.parent / "README.md").read_text(encoding="utf-8")
            self.assertEqual(told["claims"], [c._asdict() for c in claims_of(text)], path)
            self.assertEqual((told["study"], told["answer"]), (path.parent.name, answer_of(text)))


class Files(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(__import__("shutil").rmtree, self.folder)
        self.write("one.yaml", STUDY)

    def write(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")

    def refused(self, *pairs):
        text = STUDY
        for old, new in pairs:
            self.assertIn(old, text)
            text = text.replace(old, new)
        self.write("one.yaml", text)
        with self.assertRaises(Refused) as told:
            study_shape.load("one", self.folder)
        return str(told.exception)

    def test_every_study_loads_and_names_what_is_there(self):
        for name in study_shape.names():
            study = study_shape.load(name)
            self.assertTrue(all(p.is_file() for p in study.files()), name)
            page = ROOT / "results" / "reference" / name / "README.md"
            if page.is_file():
                self.assertIn("STUDY=%s" % name, page.read_text(encoding="utf-8"))

    def test_what_is_wrong_is_named(self):
        for change, words in (
                (("splits: 2", "split: 2"), "unknown key 'split'; did you mean 'splits'"),
                (("  source: S\n", ""), "source is missing"),
                (("rows: validation", "rows: valid"), "rows: unknown 'valid'"),
                (("better: {ce: [mae]}", "better: {ce: [mea]}, measure: accuracies"), "'It is': unknown 'accuracies'; did you mean 'accuracy'"),
                (("better: {ce: [mae]}", "better: {cc: [mae]}"), "unknown 'cc'"),
                (("configs/smoke.yaml", "configs/smok.yaml"), "found config configs/smok.yaml, which is not there"),
                (("about: of one\n", "about: of one\nscript: cs\n"), "found script and comparison, allowed: one of them"),
                (("about: of one\n", "about: of one\noptions: {a: 1}\n"), "found options, allowed: only with a script"),
                (("gain: 0.01", "sets: [irs]"), "unknown 'irs'; did you mean 'iris'"),
                (("rows: validation\n", "rows: unseen classes\n  first: [loss=ce]\n"), "first: found rows 'unseen classes', allowed: 'validation'"),
                (("rows: validation\n", "rows: validation\n  first: {teacher: [loss=ce]}\n"), "allowed: a list of options, or such lists by names in capitals"),
                (("sets: {iris", "sets: {iris: 3, x"), "found 3"),
                (("about: of one", "about: [of"), "one.yaml")):
            self.assertIn(words, self.refused(change))
        self.assertIn("found neither a comparison nor a script one.py", self.refused((STUDY[STUDY.index("comparison:"):], "")))

    def test_papers(self):
        self.write("papers.yaml", PAPERS)
        self.assertEqual([p.number for p in atlas_page.papers(self.folder)], [7, 8, 9, 10])
        for old, new, words in (("needs: rows", "needs: rows, study: one", "found study, needs, allowed: one of"), (", needs: rows", "", "found none of them"),
                                ("number: 8", "number: 7", "found paper 7 twice"), ("study: one, shown_by: [One holds, A", "study: ones, shown_by: [One holds, A", "unknown 'ones'")):
            self.write("papers.yaml", PAPERS.replace(old, new))
            with self.assertRaisesRegex(Refused, words):
                atlas_page.papers(self.folder)

    def reference(self):
        self.write("papers.yaml", PAPERS)
        (self.folder / "made" / "one").mkdir(parents=True)
        made = {"made": "2026-01-02", "revision": "abc", "seconds": 200, "answer": "", "claims": [c._asdict() for c in claims_of(PAGE)]}
        self.write("made/one/study.json", json.dumps(made))
        return self.folder / "made"

    def test_the_page(self):
        text = atlas_page.page(self.folder, self.reference())
        self.assertIn("Of 4 papers 2 are tested: the claim **reproduces** in 1, **in part** in 1, and **does not** in 0. 1 are not tested yet, 1 cannot", text)
        self.assertIn('| <a id="paper-7"></a>7 | A \\| B | One holds. | **reproduces** | One holds: yes. By 0.1. | 0.2 | [one](one/README.md): '
                      "[smoke.yaml](../../configs/smoke.yaml) | 3 min | 2026-01-02, abc |", text)
        self.assertIn("| Another. | **in part** | One holds: yes. By 0.1.<br>Another: with a colon: no. Not at all. |", text)
        self.assertIn("| D | E. | rows |", text)
        self.assertIn("| F | G. | why |", text)
        other = atlas_page.page(self.folder, self.folder / "nothing")
        self.assertIn("Of 4 papers 0 are tested: the claim **reproduces** in 0, **in part** in 0, and **does not** in 0. 3 are not tested yet", other)
        self.assertIn("| One holds. | the study is written, not made: `make atlas STUDY=one` |", other)
        self.write("papers.yaml", PAPERS.replace("shown_by: [One holds],", "shown_by: [One folds],"))
        with self.assertRaisesRegex(Refused, "paper 7: 'One folds' begins 0 claims of one, allowed: one"):
            atlas_page.page(self.folder, self.folder / "made")

    def test_links(self):
        self.write("papers.yaml", PAPERS)
        text = "# L\n\n## multiclass\n\n### ce\n\nTraits: convex.\n\n### mae\n\nTraits: bounded.\n"
        self.assertEqual(atlas_page.linked(text, self.folder), text.replace("convex.", "convex. Tested in the atlas: paper [7](../results/reference/README.md#paper-7)."))
        with self.assertRaisesRegex(Refused, "loss ce is not in the catalogue"):
            atlas_page.linked(text.replace("### ce", "### cee"), self.folder)
        with self.assertRaisesRegex(Refused, "loss ce has no line of traits"):
            atlas_page.linked(text.replace("Traits: convex.", "None."), self.folder)

    def test_long_figures_end_at_a_sentence(self):
        self.assertEqual(atlas_page.shortened("Short."), "Short.")
        self.assertEqual(atlas_page.shortened("First. " + "x" * 300), "First. …")
        self.assertEqual(atlas_page.shortened("a; " + "word " * 60), "a …")


class Command(unittest.TestCase):
    def test_wrong_words(self):
        for words, code, said in ((["nothing"], 3, "found study nothing, allowed: "), (["cs", "--option", "x=1"], 3, "options of cs: unknown 'x'"),
                                  (["tcm", "--option", "splits=1"], 3, "tcm: splits: found 1, allowed: an integer >= 2")):
            with contextlib.redirect_stderr(io.StringIO()) as err, contextlib.redirect_stdout(io.StringIO()), mock.patch.object(sys, "argv", ["atlas", *words]):
                self.assertEqual(atlas.main(), code)
            self.assertIn(said, err.getvalue())
        with contextlib.redirect_stderr(io.StringIO()) as err, self.assertRaises(SystemExit):
            atlas.arguments(["--out", "x"])
        self.assertIn("--out and --option are of one study", err.getvalue())

    def test_the_committed_page_is_what_it_would_write(self):
        self.assertEqual((ROOT / "results" / "reference" / "README.md").read_text(encoding="utf-8"), atlas_page.page())

    @unittest.skipUnless((ROOT / "lossbench").exists(), "lossbench is not built")
    def test_a_comparison_from_its_file_to_its_page(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "one.yaml").write_text(STUDY, encoding="utf-8")
            study = study_shape.load("one", folder)
            args = atlas.arguments(["cs", "--out", name, "--jobs", "1", "--option", "splits=3"])
            with mock.patch.object(atlas, "sums", lambda study: {}), mock.patch("study_page.ROOT", folder), contextlib.redirect_stdout(io.StringIO()):
                atlas.make(study, args)
            text, told = (folder / "README.md").read_text(encoding="utf-8"), json.loads((folder / "study.json").read_text(encoding="utf-8"))
            self.assertIn("some loss is better than the most frequent class on every set", text)
            self.assertEqual([c["says"] for c in told["claims"]], ["It is"])
            self.assertEqual(len(list(folder.glob("results/one/iris--*/trials/*[0-9a-f].json"))), 3 * 4)    # the splits of the option, not the two of the file
            self.assertRegex(text, r"\| ce \| \*\*0\.\d{4}\*\* \|")


if __name__ == "__main__":
    unittest.main()
