"""scripts/studies/multilabel_tables.py, query_tables.py and aspects.py: the rows that they make are of their samples, with the labels and grades that these have."""
import csv
import gzip
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
try:
    import numpy as np

    from studies import multilabel_tables as labels
except ImportError as error:
    raise unittest.SkipTest("needs %s: scripts/setup.sh study" % error.name) from error
from studies import aspects, query_tables as queries  # noqa: E402


class LaidOver(unittest.TestCase):
    def test_a_row_has_the_features_and_the_labels_of_all(self):
        x, y = np.eye(4).repeat(5, axis=0), np.arange(4).repeat(5)     # a row tells its class
        features, told = labels.laid_over(x, y, np.random.default_rng(1), np.max)
        self.assertEqual((features == told).all(), True)
        features, told = labels.laid_over(x, y, np.random.default_rng(1), np.mean)
        np.testing.assert_allclose(features * told.sum(axis=1, keepdims=True), told, rtol=1e-6)
        self.assertEqual(set(told.sum(axis=1)), {1, 2, 3})

    def test_classes_go_from_frequent_to_rare(self):
        y = np.arange(6).repeat(2)
        count = labels.laid_over(np.zeros((12, 1)), y, np.random.default_rng(2), np.max)[1].sum(axis=0)
        self.assertEqual(list(count), sorted(count, reverse=True))
        self.assertGreater(count[0], 10 * count[-1])


class Tagged(unittest.TestCase):
    def test_labels_are_the_references_within_the_radius(self):
        x = np.random.default_rng(3).standard_normal((500, 3)) * [1, 10, 0] + 7
        rows, told = labels.tagged(x, np.random.default_rng(4))
        self.assertEqual(told.shape, (500 - labels.TAGS, labels.TAGS))
        order = np.random.default_rng(4).permutation(500)
        z = np.c_[(x[:, :2] - x[:, :2].mean(axis=0)) / x[:, :2].std(axis=0), np.zeros(500)]
        np.testing.assert_allclose(rows, z[order[labels.TAGS:]], atol=1e-5)
        away = np.linalg.norm(z[order[labels.TAGS:], None] - z[None, order[:labels.TAGS]], axis=2)
        number = told.sum(axis=1)
        self.assertEqual((number.min(), number.max() <= labels.NEAR), (1, True))
        self.assertAlmostEqual((number > 1).mean(), 0.5, delta=0.01)
        for of, row in zip(away, told):
            self.assertEqual(set(np.flatnonzero(row)), set(np.argsort(of)[:row.sum()]))
        full = away[(number > 1) & (number < labels.NEAR)]
        inside = told[(number > 1) & (number < labels.NEAR)].astype(bool)
        self.assertLess(full[inside].max(), full[~inside].min())          # one radius for all

    def test_samples_are_thinned(self):
        for name in ("digits", "fashion", "letter", "satellite"):
            x, y = labels.sample(name)
            self.assertTrue(len(x) == len(y) <= labels.LARGEST and len(x) > 1000, name)
        self.assertEqual(labels.sample("fashion")[0].shape, (2000, 196))


class Queries(unittest.TestCase):
    def made(self, name):
        with tempfile.TemporaryDirectory() as folder:
            queries.write(Path(folder) / "new")
            with open(Path(folder) / "new" / (name + ".csv"), newline="", encoding="ascii") as file:
                return list(csv.reader(file))

    def source(self, name):
        with gzip.open(ROOT / "datasets" / "samples" / (name + ".csv.gz"), "rt", encoding="ascii", newline="") as file:
            return list(csv.reader(file))

    def test_twenty_rows_of_the_sample_each(self):
        for name, count in (("concrete", 51), ("abalone", 120), ("ctg", 106)):
            head, *rows = self.made(name)
            first, *source = self.source(name)
            self.assertEqual(head, ["qid", *first[:-1], "grade"])
            self.assertEqual([sum(r[0] == str(k) for r in rows) for k in range(1, count + 1)], [queries.LENGTH] * count)
            self.assertLessEqual({tuple(r[1:-1]) for r in rows}, {tuple(r[:-1]) for r in source})

    def test_grades(self):
        _, *source = self.source("concrete")
        of = {tuple(r[:-1]): [] for r in source}
        for r in source:
            of[tuple(r[:-1])].append(float(r[-1]))
        rows = [(r, of[tuple(r[1:-1])][0]) for r in self.made("concrete")[1:] if len(set(of[tuple(r[1:-1])])) == 1]
        low = [max(t for r, t in rows if r[-1] == str(g)) for g in range(4)]
        high = [min(t for r, t in rows if r[-1] == str(g)) for g in range(1, 5)]
        self.assertTrue(all(a < b for a, b in zip(low, high)))
        _, *source = self.source("ctg")
        of = {}
        for r in source:
            of.setdefault(tuple(r[:-1]), set()).add(int(r[-1]) - 1)
        self.assertTrue(all(int(r[-1]) in of[tuple(r[1:-1])] for r in self.made("ctg")[1:]))


class Aspects(unittest.TestCase):
    def told(self, folder, name):
        with open(Path(folder) / (name + ".csv"), encoding="ascii", newline="") as file:
            head, *rows = csv.reader(file)
        return head, np.array(rows, dtype=int)

    def test_a_row_has_the_answers_of_its_class(self):
        with tempfile.TemporaryDirectory() as folder:
            aspects.write(Path(folder))
            for name, questions in aspects.ASPECTS.items():
                labels_of = np.array(aspects.labels(name))
                head, answers = self.told(folder, name)
                _, mixed = self.told(folder, name + "_mixed")
                self.assertEqual((head, len(head)), (list(questions), 10))
                self.assertEqual((answers.shape, mixed.shape), ((len(labels_of), 10),) * 2)
                for k, yes in enumerate(questions.values()):
                    self.assertEqual(set(labels_of[answers[:, k] == 1]), set(yes), (name, head[k]))
                    drawn = set(labels_of[mixed[:, k] == 1])
                    self.assertEqual((len(drawn), drawn & set(labels_of[mixed[:, k] == 0])), (len(yes), set()))
                self.assertTrue((answers != mixed).any(axis=0).sum() > 5)

    def test_labels_are_those_of_the_samples(self):
        self.assertEqual([len(aspects.labels(name)) for name in ("letter", "digits", "fashion")], [20000, 1797, 2000])
        self.assertEqual([len(set(aspects.labels(name))) for name in ("letter", "digits", "fashion")], [26, 10, 10])


if __name__ == "__main__":
    unittest.main()
