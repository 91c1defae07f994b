"""scripts/studies/latent_shift.py: factors of a mixture that is known, matched clusters by hand, classes out of true probabilities, a small form."""
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
try:
    import numpy
    from studies import made_rows, latent_shift as study
except ImportError as error:
    raise unittest.SkipTest("needs %s: scripts/setup.sh study" % error.name) from error
from study_common import Run, claims_of, trained, undeclared  # noqa: E402

BINARY = ROOT / "lossbench"


class Recovery(unittest.TestCase):
    def test_factors_of_a_mixture(self):
        draw = numpy.random.default_rng(1)
        domain = draw.dirichlet([0.1] * 12, 3)          # of each domain there are hardly two classes, so that the factors are unique
        cluster = numpy.kron(numpy.eye(3), numpy.full((2, 1), 0.5)) * 0.9 + 0.1 / 6       # two clusters that are mostly of each class
        cluster /= cluster.sum(axis=0)
        cluster[:2, 0], cluster[2:, 0] = 0.5, 0                                           # and a cluster of one class alone for each
        cluster[2:4, 1], cluster[[0, 1, 4, 5], 1] = 0.5, 0
        cluster[4:, 2], cluster[:4, 2] = 0.5, 0
        told = study.factors(1e4 * cluster @ (numpy.array([[0.2], [0.3], [0.5]]) * domain), 3, draw)
        order = [abs(told - row).sum(axis=1).argmin() for row in domain]
        self.assertEqual(sorted(order), [0, 1, 2])
        numpy.testing.assert_allclose(told[order], domain, atol=0.01)

    def test_classes_out_of_true_probabilities(self):
        draw = numpy.random.default_rng(2)
        y = draw.integers(0, 4, 4000)
        with mock.patch.object(study, "ALPHA", 0.1):
            domain = study.divided(y, 8, draw)
        share = numpy.array([numpy.bincount(domain[y == k], minlength=8) / (y == k).sum() for k in range(4)])
        self.assertGreater(study.matched(study.recovered(share[y], domain, 4, draw), y), 0.99)

    def test_matched(self):
        self.assertEqual(study.matched(numpy.array([1, 1, 1, 0, 0, 2]), numpy.array([0, 0, 1, 1, 1, 1])), 4 / 6)

    def test_clusters(self):
        x = numpy.repeat([[0.0], [5], [9]], 5, axis=0) + numpy.linspace(0, 0.1, 15)[:, None]
        self.assertEqual([len(set(study.clusters(x, 3, numpy.random.default_rng(3))[k:k + 5])) for k in (0, 5, 10)], [1, 1, 1])


class Page(unittest.TestCase):
    def test_bars(self):
        for more, holds in (({}, ["yes", "yes"]), ({"clusters": 0.9}, ["no", "yes"]), ({"commonest": 0.8}, ["yes", "no"])):
            of = {"recovered": 0.8, "clusters": 0.7, "commonest": 0.6, **more}
            text = study.page({name: {way: [v] * 10 for way, v in of.items()} for name in study.SETS})
            self.assertEqual(undeclared(study.STUDY.claims, text), [])
            self.assertEqual([c.holds for c in claims_of(text)], holds)


@unittest.skipUnless(BINARY.exists(), "lossbench is not built")
class SmallForm(unittest.TestCase):
    def test_trains_and_tells(self):
        short = mock.patch.object(made_rows, "trained", lambda binary, config, folder, jobs, sets, quiet: trained(
            binary, config, folder, jobs, [*sets, "train.epochs=3"], quiet))
        with tempfile.TemporaryDirectory(dir=ROOT / "results") as folder, short, mock.patch.object(study, "FOLDER", Path(folder)), mock.patch.object(
                study, "SETS", {"vehicle": 0}), mock.patch.object(study, "STARTS", 2):
            text = study.make(Run("latent_shift", str(BINARY), 2, Path(folder), {"splits": 1}))
        self.assertEqual(len(claims_of(text)), 2)
        self.assertIn("| k-means of the features | 0.", text)


if __name__ == "__main__":
    unittest.main()
