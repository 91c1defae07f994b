"""The studies of embeddings as tables: what is compared, on which sets, and which claims are judged. scripts/study_embeddings.py runs them."""
import json
from typing import Dict, List, NamedTuple, Sequence, Tuple

from embedding_runs import THIN, Condition, Contender, Data, Plan

SAMPLES = "datasets/samples/"
DIGITS = [str(k) for k in range(10)]
LETTERS = [chr(ord("A") + k) for k in range(26)]
VOWELS = sorted("hid hId hEd hAd hYd had hOd hod hUd hud hed".split())
FASHION = SAMPLES + "fashion_mnist_train2000-"

SETS = {
    "digits": Data(["data.train={path: %sdigits8x8.csv.gz, label: label}" % SAMPLES], DIGITS, 5, 2, 3),
    "fashion": Data(["data.train={path: %simages-idx3-ubyte.gz, labels: %slabels-idx1-ubyte.gz}" % (FASHION, FASHION)], DIGITS, 5, 2, 3),
    "letter": Data(["data.train={path: %s, label: label}" % THIN], LETTERS, 13, 5, 8),
    "vowel": Data(["data.train={path: %svowel.csv.gz, label: label}" % SAMPLES, "data.drop=[speaker]"], VOWELS, 5, 2, 4)}

SMALL = {name: data for name, data in SETS.items() if name != "fashion"}    # half of the time

RATES = "optimizer.lr=0.001,0.003,0.01"
TAR, OPIS = "tar_at_far(rows=500)", "opis(rows=500)"
MEASURES = {
    "map_at_r": "MAP@R", "recall_at_k": "recall@1",
    "episode_accuracy": "5-way 1-shot", "episode_accuracy(shot=5)": "5-way 5-shot", "episode_accuracy(way=2,shot=5,episodes=200)": "2-way 5-shot",
    TAR: "TAR at FAR 0.01", OPIS: "OPIS", "uniformity": "uniformity", "tolerance": "tolerance", "judged_accuracy": "5 nearest rows"}
LESS = (OPIS,)                               # measures of which less is better
NEITHER = ("uniformity", "tolerance")        # nor more


class Claim(NamedTuple):
    text: str
    pairs: Sequence[Tuple[str, str]]         # the first is above the second
    measure: str = "map_at_r"
    gain: float = 0.0                        # by at least this on average,
    wins: float = 0.8                        # in at least this share of the splits,
    errors: float = 0.0                      # and by more than so many standard errors
    conditions: Sequence[str] = ()           # all, unless named
    over: str = ""                           # the gain is what it is more than in this condition


class Study(NamedTuple):
    title: str
    question: str
    source: str
    plan: Plan
    measures: Sequence[str]
    claims: Sequence[Claim]
    notes: Sequence[str] = ()
    weights: Dict[str, str] = {}             # losses of pairs, before a comma, and the parameters of which the program tells the weights


PLAIN = [Condition("", lambda classes, training: [])]


def one(*options: str) -> Contender:
    return [["loss=" + options[0], *options[1:], RATES]]


def with_terms(loss: str, *terms: str) -> Contender:
    """Two sweeps, one a weight, as many settings as a loss with two values of its own has."""
    return [["loss=" + loss, "terms=[%s]" % ", ".join("{name: %s, weight: %g}" % (t, w) for t in terms), RATES] for w in (0.3, 1)]


def having(option: str, contenders: Dict[str, Contender]) -> Dict[str, Contender]:
    """The same with one more option, which the config of the study sweeps."""
    return {name: [[*sweep, option] for sweep in contender] for name, contender in contenders.items()}


def over(first: str, others: Sequence[str]) -> List[Tuple[str, str]]:
    return [(first, other) for other in others]


PAIRS: Dict[str, Contender] = {
    "contrastive": one("contrastive", "loss.neg_margin=0.5,1"),
    "triplet": one("triplet", "loss.margin=0.1,0.3"),
    "multi_similarity": one("multi_similarity", "loss.beta=10,50")}

NOVEL = Study(
    "Unseen classes: a classifier of prototypes on the sphere against losses of pairs",
    "Does the normalised softmax, which needs no pairs, place unseen classes better than losses of pairs?",
    "Hyperspherical embedding for novel class classification",
    Plan("configs/novel_classes/digits.yaml", SETS, PLAIN, {
        "normalized_softmax": one("normalized_softmax", "loss.temperature=0.05,0.2"), **PAIRS}, "map_at_r"),
    ("map_at_r", "recall_at_k", "episode_accuracy(shot=5)"),
    [Claim("The normalised softmax is ahead of each by 0.05 of MAP@R, and in 8 of 10 splits", over("normalized_softmax", list(PAIRS)), gain=0.05),
     Claim("It is ahead at all in 8 of 10 splits", over("normalized_softmax", list(PAIRS))),
     Claim("The same of the nearest mean of five rows a class, which is how the paper tells unseen classes", over("normalized_softmax", list(PAIRS)),
           "episode_accuracy(shot=5)"),
     Claim("It is better than the features as they are", over("normalized_softmax", ["raw features"])),
     Claim("It is better than a random map to as many columns", over("normalized_softmax", ["random map"]))])

TAUS = (0.05, 0.1, 0.2, 0.5, 1)
RISING = [("tau %g" % b, "tau %g" % a) for a, b in zip(TAUS, TAUS[1:])]
ENDS = ["tau 0.05", "tau 1"]

TEMPERATURE = Study(
    "The temperature of the contrastive loss",
    "Does the temperature trade uniformity against tolerance?",
    "F. Wang, H. Liu, Understanding the behaviour of contrastive loss, CVPR 2021",
    Plan("configs/temperature/digits.yaml", SMALL, PLAIN, {
        **{"tau %g" % t: [["loss=info_nce", "loss.tau=%g" % t]] for t in TAUS},
        "hard contrastive": one("contrastive_hard", "loss.tau=0.1,0.3"),
        "simple": one("contrastive_simple", "loss.lambda=1,2"),
        "hard simple": one("{name: contrastive_simple, frac: 0.25}", "loss.lambda=1,2")}, "map_at_r", by_rows=True),
    ("uniformity", "tolerance", "map_at_r", "judged_accuracy"),
    [Claim("Uniformity rises with the temperature (rows lie less evenly), at every step by more than two standard errors", RISING, "uniformity",
           wins=0, errors=2),
     Claim("Tolerance rises with it, at every step by more than two standard errors", RISING, "tolerance", wins=0, errors=2),
     Claim("Uniformity does so from 0.2 on (asked after the whole range had failed)", RISING[2:], "uniformity", wins=0, errors=2),
     Claim("Tolerance does so from 0.2 on (asked likewise)", RISING[2:], "tolerance", wins=0, errors=2),
     Claim("The contrastive loss of hard negatives is above the simple one in MAP@R in 9 of 10 splits", [("hard contrastive", "simple")], wins=0.9),
     Claim("Hard negatives give the simple loss what it lacks: above it in 9 of 10 splits", [("hard simple", "simple")], wins=0.9),
     Claim("A temperature between the ends is better than both, by the five nearest training rows in 8 of 10 splits", over("tau 0.2", ENDS),
           "judged_accuracy"),
     Claim("The same in MAP@R", over("tau 0.2", ENDS))],
    ["- tau: InfoNCE of both directions at one rate. hard contrastive: a quarter of the negatives, simple: the mean cosine of all, hard simple: that "
     "of a quarter; these three have two values of their parameter and three rates, chosen by the MAP@R of the validation rows. The noise of the views was 0.3 standard deviations at "
     "first, and was raised to 0.5 after a look at results of one seed, which reversed at low temperatures under either.",
     "- Uniformity is the log mean of exp(-2 |u - v|^2) over pairs; the less, the more evenly rows lie on the sphere. Letter: every fifth row."])

ALL_PAIRS = "multi_similarity, all pairs"
RIVALS = ("contrastive", "triplet", "lifted_gen", "binomial_deviance")

MULTI_SIMILARITY = Study(
    "Multi-similarity and the weights of pairs",
    "Is the multi-similarity loss better on unseen classes than losses whose weights read less?",
    "X. Wang, X. Han, W. Huang, D. Dong, M. R. Scott, Multi-similarity loss with general pair weighting for deep metric learning, CVPR 2019",
    Plan("configs/multi_similarity/digits.yaml", SETS, PLAIN, {
        **having("train.miner=null", {
            **PAIRS, ALL_PAIRS: one("{name: multi_similarity, mining: false}", "loss.beta=10,50"),
            "lifted_gen": one("lifted_gen", "loss.margin=0.5,1"),
            "binomial_deviance": one("binomial_deviance", "loss.beta=10,50")}),
        "binomial_deviance, mined": one("binomial_deviance", "loss.beta=10,50", "train.miner=multi_similarity")}, "recall_at_k"),
    ("recall_at_k", "map_at_r"),
    [Claim("It is above each of the others in recall@1, the paper's measure, in 8 of 10 splits", over("multi_similarity", RIVALS), "recall_at_k"),
     Claim("The same in MAP@R", over("multi_similarity", RIVALS)),
     Claim("Its mining helps: above the same loss of all pairs in recall@1 in 8 of 10 splits", over("multi_similarity", [ALL_PAIRS]), "recall_at_k"),
     Claim("The same in MAP@R", over("multi_similarity", [ALL_PAIRS])),
     Claim("Its weighting helps: above binomial deviance of the same mined pairs in recall@1 in 8 of 10 splits",
           [("multi_similarity", "binomial_deviance, mined")], "recall_at_k"),
     Claim("The same in MAP@R", [("multi_similarity", "binomial_deviance, mined")])],
    weights={"contrastive": "distance=cos pos_margin=1 neg_margin=0.4 reduction=mean", "triplet": "squared=true reduction=mean",
             "binomial_deviance": "", "lifted_gen": "", "multi_similarity": "", ALL_PAIRS: "mining=false"})


def beside(*terms: str) -> Contender:
    return with_terms("{name: protonet, shot: 5}", *terms)


TRIPLET, ICNN = "proto_triplet, shot: 5", "icnn"
SHOTS = ("episode_accuracy", "episode_accuracy(shot=5)")
ADDED = ("protonet + proto_triplet", "protonet + icnn", "protonet + both")

FEW_SHOT = Study(
    "Few-shot episodes: a triplet of class means and a score of neighbours beside a prototypical network",
    "Do the losses of SuSana Distancia, as terms beside the cross-entropy of a prototypical network, tell more rows of unseen classes?",
    "M. Mendez-Ruiz and others, SuSana Distancia is all you need, arXiv 2305.09062, 2023",
    Plan("configs/few_shot/digits.yaml", SMALL, PLAIN, {
        "protonet": one("{name: protonet, shot: 5}", "loss.scale=0.3,1"),
        "proto_triplet": one("{name: proto_triplet, shot: 5}", "loss.margin=0.5,2"),
        "icnn": one("icnn", "loss.k=4,8"),
        ADDED[0]: beside(TRIPLET), ADDED[1]: beside(ICNN), ADDED[2]: beside(TRIPLET, ICNN),
        "triplet": one("triplet", "loss.margin=0.1,0.3")}, "episode_accuracy(way=2,shot=5,episodes=200)",
         measured="{name: episode_accuracy, way: 2, shot: 5, episodes: 200}", per_class=15),
    SHOTS,
    [Claim("Both as terms are above protonet alone in 8 of 10 splits, five rows known", [("protonet + both", "protonet")], SHOTS[1]),
     Claim("The same, one row known", [("protonet + both", "protonet")], SHOTS[0]),
     Claim("So is each of them as a term, five rows known", [(a, "protonet") for a in ADDED[:2]], SHOTS[1]),
     Claim("Each by itself is above protonet, five rows known", [("proto_triplet", "protonet"), ("icnn", "protonet")], SHOTS[1]),
     Claim("Each by itself is above the triplet loss of rows, five rows known", [("proto_triplet", "triplet"), ("icnn", "triplet")], SHOTS[1])],
    ["- Episodes of training: 3 classes (8 of Letter, 4 of the vowels), 5 rows of support and 10 queries of each. Those that choose settings have "
     "two classes."])


def wrong_labels(rate: float) -> Condition:
    """A share of the training labels is of another class that trains."""
    def options(classes: Sequence[str], training: Sequence[str]) -> List[str]:
        def chance(a: str, b: str) -> float:
            return float(a == b) if a not in training or b not in training else 1 - rate if a == b else rate / (len(training) - 1)
        rows = [chance(a, b) for a in classes for b in classes]
        return ["corrupt.labels={kind: matrix, matrix: %s}" % json.dumps(rows)]
    return Condition("%.0f %% wrong labels" % (100 * rate), options)


CLEAN = [Condition("labels as they are", lambda classes, training: ["corrupt.labels={kind: none}"])]
NOISY = [wrong_labels(0.2), wrong_labels(0.4)]
MARGINS = ("cosface", "arcface", "normalized_softmax")

SFACE = Study(
    "SFace under wrong labels",
    "Does SFace stand wrong training labels better than losses that follow every row?",
    "Y. Zhong, W. Deng, J. Hu, D. Zhao, X. Li, D. Wen, SFace: sigmoid-constrained hypersphere loss for robust face recognition, IEEE TIP 30, 2021",
    Plan("configs/sface/digits.yaml", SMALL, [*CLEAN, *NOISY], {
        "sface": one("{name: sface, scale: 16}", "loss.inner=0.5,0.8"),
        "cosface": one("{name: cosface, scale: 16}", "loss.margin=0.1,0.35"),
        "arcface": one("{name: arcface, scale: 16}", "loss.margin=0.1,0.5"),
        "normalized_softmax": one("normalized_softmax", "loss.temperature=0.0625,0.2")}, "map_at_r", measured="map_at_r"),
    ("map_at_r", TAR, "recall_at_k"),
    [Claim("With wrong labels it is above each of the others in MAP@R in 8 of 10 splits", over("sface", MARGINS), conditions=[c.name for c in NOISY]),
     Claim("The same of the true accept rate of pairs", over("sface", MARGINS), TAR, conditions=[c.name for c in NOISY]),
     Claim("It is above each with the labels as they are", over("sface", MARGINS), conditions=[c.name for c in CLEAN]),
     Claim("It loses less MAP@R by wrong labels than each of the others, in 8 of 10 splits", over("sface", MARGINS),
           conditions=[c.name for c in NOISY], over=CLEAN[0].name)],
    ["- Wrong labels are of the other classes that train, all as likely; those of the classes that choose and test are right. Cosines are "
     "multiplied by 16; for the normalised softmax by 16 or 5, its two values."])

UNPG = Study(
    "Negative pairs in the denominator of a margin loss",
    "Does UNPG, which adds the negative pairs of the batch to the denominator, place unseen classes better than CosFace?",
    "J. Jung, S. Lee, H.-S. Oh, Y. Park, J. Park, S. Son, Unified negative pair generation toward well-discriminative feature space for face "
    "recognition, BMVC 2022",
    Plan("configs/unpg/digits.yaml", SMALL, PLAIN, {
        "cosface": SFACE.plan.contenders["cosface"],
        "unpg of cosface": one("{name: unpg, scale: 16}", "loss.margin=0.1,0.35"),
        "arcface": SFACE.plan.contenders["arcface"],
        "unpg of arcface": one("{name: unpg, base: arcface, scale: 16}", "loss.margin=0.1,0.5")}, "map_at_r", measured="map_at_r"),
    ("map_at_r", TAR, "recall_at_k"),
    [Claim("It is above cosface in MAP@R in 8 of 10 splits", [("unpg of cosface", "cosface")]),
     Claim("It is above arcface in MAP@R in 8 of 10 splits", [("unpg of arcface", "arcface")]),
     Claim("Above cosface in the true accept rate of pairs, the paper's measure", [("unpg of cosface", "cosface")], TAR),
     Claim("Above arcface in it", [("unpg of arcface", "arcface")], TAR)])

BASES = ("multi_similarity", "contrastive", "normalized_softmax")
WITH_TCM = [(b + " + tcm", b) for b in BASES]

TCM = Study(
    "Threshold-consistent margin: does one threshold fit all classes?",
    "Does the term make classes fare more alike at one threshold (a smaller OPIS)?",
    "Q. Zhang, L. Xu, Q. Tang, J. Fang, Y. N. Wu, J. Tighe, Y. Xing, Threshold-consistent margin loss for open-world deep metric learning, ICLR 2024",
    Plan("configs/tcm/digits.yaml", SMALL, PLAIN, {
        **having("terms=null", {b: NOVEL.plan.contenders[b] for b in BASES}), **{b + " + tcm": with_terms(b, "tcm") for b in BASES}},
         "map_at_r", measured="map_at_r"),
    (OPIS, "recall_at_k", "map_at_r"),
    [Claim("OPIS is smaller with the term than without in 8 of 10 splits", WITH_TCM, OPIS),
     Claim("Recall@1 loses no more than 0.01 on average", WITH_TCM, "recall_at_k", gain=-0.01, wins=0),
     Claim("MAP@R is above that without it in 8 of 10 splits", WITH_TCM)])

STUDIES = {"novel_classes": NOVEL, "temperature": TEMPERATURE, "multi_similarity": MULTI_SIMILARITY, "few_shot": FEW_SHOT, "sface": SFACE,
           "unpg": UNPG, "tcm": TCM}
