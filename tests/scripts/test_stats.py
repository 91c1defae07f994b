"""Tests of scripts/stats.py against published worked examples; each names where its numbers stand."""
import itertools
import math
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
try:
    import numpy as np
    from scipy import stats as scipy_stats
    import stats
except ImportError as missing:
    raise unittest.SkipTest("needs numpy and scipy: %s" % missing) from None

# Demsar, Statistical comparisons of classifiers over multiple data sets (JMLR 2006), table 6: AUC of C4.5, +m, +cf, +m+cf.
DEMSAR = np.array([float(v) for v in """.763 .768 .771 .798 .599 .591 .590 .569 .954 .971 .968 .967 .628 .661 .654 .657 .882 .888 .886 .898
.936 .931 .916 .931 .661 .668 .609 .685 .583 .583 .563 .625 .775 .838 .866 .875 1 1 1 1 .940 .962 .965 .962 .619 .666 .614 .669
.972 .981 .975 .975 .957 .978 .946 .970""".split()]).reshape(14, 4)
# Dai, EnsLoss (ICML 2025): mean test accuracies on 14 sets of BCE, EXP, Hinge, EnsLoss, with five and with one hidden layer.
ENS5 = np.array([float(v) for v in """.7684 .7749 .7603 .7718 .7035 .7026 .6967 .7534 .9868 .9869 .9862 .9914 .9102 .9165 .9555 .9061
.6962 .6942 .6748 .6994 .9427 .9438 .9261 .9545 .8054 .8209 .8422 .8668 .8183 .8282 .8276 .8716 .9759 .9772 .9647 .9806
.8817 .8931 .8976 .9300 .7142 .7491 .7925 .8200 .9573 .9573 .9515 .9627 .7166 .7433 .8168 .8319 .9739 .9696 .9722 .9793""".split()])
ENS5 = ENS5.reshape(14, 4)
ENS1 = np.array([float(v) for v in """.7786 .7773 .7736 .7822 .7454 .7551 .7545 .7602 .9915 .9912 .9923 .9895 .9593 .9635 .9638 .9646
.7089 .7019 .6759 .7125 .9550 .9550 .9558 .9586 .8483 .8599 .8657 .8513 .8610 .8737 .8819 .8802 .9843 .9832 .9812 .9866
.9220 .9263 .9343 .9338 .8323 .8459 .8666 .8474 .9580 .9539 .9522 .9588 .8582 .8655 .8834 .8664 .9819 .9821 .9914 .9832""".split()])
ENS1 = ENS1.reshape(14, 4)
# Benavoli, Corani, Demsar, Zaffalon (JMLR 2017): accuracy of J48 minus naive Bayes, in percent, on 54 UCI sets (published with baycomp)...
J48 = [2.6963, 5.8262, -6.142, -0.4876, 7.3333, 0.0725, 0.0725, -1.6604, 11.3953, -2.87, 0.3766, -10.4625, -0.5215, 0.0, -5.1166,
       -3.8436, 0.8749, 0.7135, 0.2667, 11.6462, -1.8, 0.0, -8.7286, 1.4282, 23.1659, 2.528, 4.2393, 6.882, -13.5765, 3.2304, -7.25,
       0.8962, -0.9366, 1.6666, -6.1899, 2.9957, 3.3609, 3.357, 4.0266, -2.0357, 0.4386, 3.0254, 1.8404, -1.2508, 4.4667, 15.6, 0.4625,
       17.7475, -5.096, -3.9761, -7.9772, -2.1596, -0.539, -1.3727]
# ... and fold by fold on sonar, one run of ten folds.
SONAR = [-1.449, 0, -5.797, -1.47, 2.941, -1.47, 2.941, 1.471, 4.411, 1.471]
SLEEP = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4]  # Student (1908), hours of sleep gained: second drug minus first


class Case(unittest.TestCase):
    def near(self, found, expected, places=4):
        found, expected = np.atleast_1d(found), np.atleast_1d(expected)
        self.assertEqual(found.shape, expected.shape)
        for a, b in zip(found, expected):
            self.assertAlmostEqual(float(a), float(b), places)


class Replicates(Case):
    def test_student_sleep(self):
        """R's manual of t.test: t = 4.0621, df = 9, p = 0.002833, interval 0.7001142 to 2.4598858."""
        r = stats.corrected_t(SLEEP, 0)
        self.near([r.mean, r.t, r.p, r.low, r.high], [1.58, 4.0621, 0.002833, 0.7001142, 2.4598858])
        self.near(r.effect, 1.58 / 1.229995)

    def test_corrected_resampled_t(self):
        """Nadeau and Bengio's variance on the published folds; the one-sided p equals the published posterior 0.4145119975."""
        r = stats.corrected_t(SONAR, 1 / 9)
        self.near(r.p / 2, 0.4145119975, 6)
        self.near(r.t, np.mean(SONAR) / math.sqrt(np.var(SONAR, ddof=1) * (1 / 10 + 1 / 9)), 12)
        self.assertGreater(r.p, stats.corrected_t(SONAR, 0).p)

    def test_no_spread(self):
        same, shifted = stats.corrected_t([0.0] * 3, 0.1), stats.corrected_t([0.25] * 3, 0.1)
        self.assertEqual((same.p, same.low, same.high), (1.0, 0.0, 0.0))
        self.assertEqual((shifted.p, shifted.low, shifted.high), (0.0, 0.25, 0.25))

    def test_correlated_bayes(self):
        """baycomp's manual: (0.4145, 0.5855) without a region, (0.28584464, 0.26915187, 0.44500349) with 0.5."""
        left, rope, right = stats.correlated_t(SONAR, 1 / 9, 0)
        self.near([left, rope, right], [0.4145119975, 0, 0.5854880025], 6)
        self.near(stats.correlated_t(SONAR, 1 / 9, 0.5), [0.28584464, 0.26915187, 0.44500349], 6)
        self.assertEqual(stats.correlated_t([0.2, 0.2], 0.1, 0.5), (0.0, 1.0, 0.0))


class SignedRanks(Case):
    def test_demsar(self):
        """JMLR 2006, section 3.1.3: R+ = 93, R- = 12, z = -2.54."""
        r = stats.wilcoxon(DEMSAR[:, 1] - DEMSAR[:, 0])
        self.near([r.plus, r.minus], [93, 12])
        self.near(r.z, -2.54, 2)

    def test_hollander_wolfe(self):
        """R's manual of wilcox.test, depression data: V = 40, one-sided p = 0.01953."""
        x = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30]
        y = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]
        r = stats.wilcoxon(np.subtract(x, y))
        self.near([r.plus, r.p / 2], [40, 0.01953], 5)

    def test_ensloss(self):
        found = [stats.wilcoxon(ENS5[:, 3] - ENS5[:, j]) for j in (0, 1, 2)]
        self.near([r.plus for r in found], [102, 97, 92])
        self.near([r.p for r in found], [0.000610, 0.003052, 0.010254], 6)
        self.near(stats.holm([r.p for r in found]), [0.001831, 0.006104, 0.010254], 6)
        r = stats.wilcoxon(ENS1[:, 3] - ENS1[:, 2])
        self.near([r.plus, r.minus], [52, 53])

    def test_exact_by_enumeration(self):
        d = [0.5, -1, 1, 2, 2, -3, 0]
        ranks = scipy_stats.rankdata(np.abs([v for v in d if v]))
        w = sum(r for r, v in zip(ranks, [v for v in d if v]) if v > 0)
        sums = [sum(r for r, s in zip(ranks, signs) if s) for signs in itertools.product((0, 1), repeat=len(ranks))]
        p = 2 * min(np.mean([s <= w for s in sums]), np.mean([s >= w for s in sums]))
        self.near(stats.wilcoxon(d).p, min(1, p), 12)

    def test_mid_ranks(self):
        for x in ([], [3.0], [0.5, 0.5, 0.5], [2, 1, 2, math.inf, 1, math.inf, 0], [-math.inf, 3, -math.inf]):
            self.assertEqual(stats.mid_ranks(np.array(x, dtype=float)).tolist(), scipy_stats.rankdata(x).tolist())

    def test_large_samples_agree_with_scipy(self):
        d = np.round(np.random.default_rng(3).normal(0.2, 1, 60), 1)
        self.near(stats.wilcoxon(d).p, scipy_stats.wilcoxon(d, correction=False, mode="approx").pvalue, 10)

    def test_diverged_counts_as_the_largest_difference(self):
        self.assertEqual(stats.wilcoxon([1, 2, 3, -math.inf]).minus, 4)
        self.assertEqual(stats.wilcoxon([1, 2, 3, 0.5, 4, 5]).p, 2 / 64)

    def test_holm(self):
        self.near(stats.holm([.01, .04, .03, .005]), [.03, .06, .06, .02])
        self.assertEqual(stats.holm([]), [])


class DataSets(Case):
    def test_demsar_friedman(self):
        """By the printed values; the paper's own 9.28 and 3.69 rest on a row it ranked by unrounded ones."""
        r = stats.friedman(DEMSAR)
        self.near(r.mean, [3.1429, 2.0, 2.9286, 1.9286])
        self.near([r.chi2, r.f], [9.8571, 3.9867])
        self.near([r.cd, stats.nemenyi(4, 14, 0.10)], [1.25, 1.12], 2)
        mended = DEMSAR.copy()
        mended[12] = [.972, .981, .9752, .9751]         # the order of the paper: 4, 1, 2, 3
        r = stats.friedman(mended)
        self.near(r.mean, [3.143, 2.000, 2.893, 1.964], 3)
        self.near([r.chi2, r.f], [9.28, 3.69], 2)

    def test_ensloss_friedman(self):
        r = stats.friedman(ENS5)
        self.near(r.mean, [3.1071, 2.5357, 3.0714, 1.2857])
        self.near([r.chi2, r.chi2_ties, r.f, r.cd], [18.2357, 18.3669, 9.9757, 1.2536])
        self.near([r.p], [scipy_stats.friedmanchisquare(*ENS5.T).pvalue], 12)
        r = stats.friedman(ENS1)
        self.near(r.mean, [3.25, 2.8929, 2.1429, 1.7143])
        self.near([r.chi2, r.f], [12.2786, 5.3706])

    def test_critical_values(self):
        """Demsar's table 5: q of 2 to 10 methods."""
        for alpha, row in ((0.05, [1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164]),
                           (0.10, [1.645, 2.052, 2.291, 2.459, 2.589, 2.693, 2.780, 2.855, 2.920])):
            for k, q in enumerate(row, 2):
                self.near(stats.nemenyi(k, 1, alpha) / math.sqrt(k * (k + 1) / 6), q, 2)

    def test_groups_of_the_diagram(self):
        mean = stats.friedman(ENS5).mean                # 1.2857 2.5357 3.0714 3.1071, CD 1.2536
        self.assertEqual(stats.not_different(mean, 1.2536), [(0, 1), (1, 3)])
        self.assertEqual(stats.not_different([1, 2, 3], 0.5), [])
        self.assertEqual(stats.not_different([1, 2, 3], 5), [(0, 2)])

    def test_all_tied_and_diverged(self):
        self.assertEqual(stats.friedman(np.ones((5, 3))).p, 1.0)
        r = stats.friedman(np.array([[1.0, 2.0, -math.inf]] * 5))
        self.near(r.mean, [2, 1, 3])
        self.assertEqual(r.f, math.inf)

    def test_bayes_signed_rank(self):
        """baycomp's manual, J48 against naive Bayes with a region of 1 %: (0.23014, 0.00674, 0.76312)."""
        found = stats.bayes_signed_rank(J48, 1)
        self.near(found, [0.23014, 0.00674, 0.76312], 2)
        self.assertEqual(found, stats.bayes_signed_rank(J48, 1))

    def test_significant_but_not_relevant(self):
        d = ENS1[:, 3] - ENS1[:, 0]
        self.near(stats.bayes_signed_rank(d, 0.01)[1], 0.98, 2)
        self.near(stats.wilcoxon(d).p, 0.0006, 3)

    def test_too_few(self):
        self.assertIn("at least 5 data sets, and there is 1", stats.too_few(1, 5, "data sets", "Friedman's test"))
        self.assertIsNone(stats.too_few(5, 5, "data sets", "Friedman's test"))


class Rows(Case):
    def test_fagerland(self):
        """Fagerland, Lydersen, Laake (2013), table 1, 1 and 7 discordant pairs: asymptotic 0.034, exact 0.070, mid-p 0.039."""
        r = stats.mcnemar(1, 7)
        self.near([scipy_stats.chi2.sf(r.chi2, 1), r.p, r.mid_p], [0.034, 0.070, 0.039], 3)

    def test_agresti(self):
        """Agresti, Categorical Data Analysis, approval ratings, 150 and 86 changes: z^2 = 17.36."""
        self.near(stats.mcnemar(150, 86).chi2, 17.356, 2)
        self.assertEqual(stats.mcnemar(0, 0).p, 1.0)
        self.near(stats.mcnemar(3, 3).mid_p, 1 - scipy_stats.binom.pmf(3, 6, 0.5), 12)

    def test_bootstrap_against_the_normal(self):
        """Rows that differ by -1, 0, 1: the interval is the normal one to a few percent of its width, as is the p-value."""
        d = np.array([1] * 130 + [-1] * 90 + [0] * 3780)
        mean, low, high, p = stats.paired_bootstrap(d)
        se = d.std() / math.sqrt(len(d))
        self.near(mean, 0.01, 12)
        self.near([(low - mean) / se, (high - mean) / se], [-1.96, 1.96], 1)
        self.near(p, 2 * scipy_stats.norm.sf(mean / se), 2)
        x = np.random.default_rng(5).normal(0.05, 1, 1500)
        self.near(np.subtract(stats.paired_bootstrap(x, 4000)[1:3], x.mean()) / (x.std() / math.sqrt(1500)), [-1.96, 1.96], 1)

    def test_bootstrap_ends(self):
        self.assertEqual(stats.paired_bootstrap(np.zeros(10))[3], 1.0)
        self.assertEqual(stats.paired_bootstrap(np.ones(10))[3], 1e-4)


if __name__ == "__main__":
    unittest.main()
