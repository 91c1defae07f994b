"""Divides the rows of real sets among domains with other shares of the classes, trains networks by configs/latent_shift to tell the domains, recovers
the classes out of these, and writes the page."""
from statistics import mean
from typing import Dict, List, Tuple

import numpy
from scipy.cluster.vq import kmeans2
from scipy.optimize import linear_sum_assignment
from scipy.special import softmax

from studies.hidden_features import features, model_of, prepared, scores
from studies.made_rows import MadeRows
from studies.paired import judged
from studies.shifted_tables import sample
from study_common import ROOT, Run, table, value_of
from study_shape import load

STUDY = load("latent_shift")
SETS, ALPHA, DOMAINS, CLUSTERS, STARTS, WORDS = STUDY.given("sets", "alpha", "domains", "clusters", "starts", "ways")
CONFIG, FOLDER = STUDY.configs[0], ROOT / "results" / "latent-shift"
Found = Dict[str, Dict[str, List[float]]]           # set, way: accuracy, one a split


def divided(y: numpy.ndarray, domains: int, draw: numpy.random.Generator) -> numpy.ndarray:
    """The domain of each row, by shares that are drawn for its class."""
    share = draw.dirichlet([ALPHA] * domains, y.max() + 1)
    return numpy.array([draw.choice(domains, p=share[k]) for k in y])


def clusters(x: numpy.ndarray, count: int, draw: numpy.random.Generator) -> numpy.ndarray:
    """Of k-means from several starts, those of the least squares."""
    def one() -> Tuple[float, numpy.ndarray]:
        centres, of = kmeans2(x, count, minit="++", seed=int(draw.integers(2 ** 31)))
        return float(((x - centres[of]) ** 2).sum()), of
    return min((one() for _ in range(STARTS)), key=lambda told: told[0])[1]


def factors(counts: numpy.ndarray, classes: int, draw: numpy.random.Generator) -> numpy.ndarray:
    """The counts of clusters in domains as a mixture: the domains' share of each class, by the likeliest of several starts of EM."""
    def one() -> Tuple[float, numpy.ndarray]:
        cluster, domain = draw.dirichlet([1] * len(counts), classes).T, draw.dirichlet([1] * counts.shape[1], classes)
        weight = numpy.full((classes, 1), 1 / classes)
        for _ in range(500):
            ratio = counts / numpy.maximum(cluster @ (weight * domain), 1e-300)
            both, rows = cluster * (ratio @ (weight * domain).T), weight * domain * (cluster.T @ ratio)
            weight = rows.sum(axis=1, keepdims=True) / counts.sum()
            cluster, domain = both / numpy.maximum(both.sum(axis=0), 1e-300), rows / numpy.maximum(rows.sum(axis=1, keepdims=True), 1e-300)
        return float((counts * numpy.log(numpy.maximum(cluster @ (weight * domain), 1e-300))).sum()), domain
    return max((one() for _ in range(STARTS)), key=lambda told: told[0])[1]


def recovered(p: numpy.ndarray, domain: numpy.ndarray, classes: int, draw: numpy.random.Generator) -> numpy.ndarray:
    """Classes of rows, by a number each, out of their probabilities of the domains and the domains themselves."""
    of = clusters(p, CLUSTERS * classes, draw)
    counts = numpy.zeros((CLUSTERS * classes, p.shape[1]))
    numpy.add.at(counts, (of, domain), 1)
    share = factors(counts, classes, draw)
    likely = numpy.maximum(p @ numpy.linalg.pinv(share), 0)            # p(domain | x) = sum over classes of p(class | x) p(domain | class)
    return (likely * share.T[domain]).argmax(axis=1)


def matched(told: numpy.ndarray, y: numpy.ndarray) -> float:
    """The share of the rows that are right where clusters stand for the classes that suit them best, one each."""
    counts = numpy.zeros((max(told.max(), y.max()) + 1,) * 2)
    numpy.add.at(counts, (told, y), 1)
    return float(counts[linear_sum_assignment(-counts)].sum() / len(y))


# ---- the page ----

def claim(found: Found, key: str) -> Tuple[str, str]:
    compared = STUDY.declared(key).compares
    return judged(STUDY, key, {name: list(zip(of[compared["of"]], of[compared["than"]])) for name, of in found.items()})


def page(found: Found) -> str:
    splits = len(next(iter(next(iter(found.values())).values())))
    lines = [*STUDY.head(splits=splits, alpha=ALPHA, domains=DOMAINS, clusters=CLUSTERS),
             "%s %s" % (STUDY.question, claim(found, next(iter(STUDY.claims)))[1]), "",
             *table(["", *found], [[words, *("%.3f" % mean(of[way]) for of in found.values())] for way, words in WORDS.items()])]
    return "\n".join(lines + STUDY.section(["%s: %s" % claim(found, key) for key in STUDY.claims]))


def one_split(made: MadeRows) -> Dict[str, float]:
    draw = numpy.random.default_rng(made.seed)
    x, y = sample(made.name)
    x, classes = x[:, SETS[made.name]:], int(y.max()) + 1
    domain = divided(y, DOMAINS * classes, draw)
    best = made.best("domains", x, domain, good=lambda t: -value_of(t, "valid", "log_loss", numpy.inf))
    with numpy.load(ROOT / model_of(best)) as model:
        p, rows = softmax(scores(model, features(model, x)), axis=1), prepared(model, x)
        column = numpy.searchsorted(model["classes"].astype(int), domain)
    counts = numpy.zeros((DOMAINS * classes, classes))
    numpy.add.at(counts, (domain, y), 1)
    return {"recovered": matched(recovered(p, column, classes, draw), y), "clusters": matched(clusters(rows, classes, draw), y),
            "commonest": float(counts.max(axis=1).sum() / len(y))}


def make(run: Run) -> str:
    found: Found = {}
    for name in SETS:
        splits = [one_split(MadeRows(run, CONFIG, FOLDER, name, seed)) for seed in range(1, run.options["splits"] + 1)]
        found[name] = {way: [s[way] for s in splits] for way in WORDS}
    return page(found)
