"""Which losses `lossbench advise` tries, and with which settings. Standard library only.

A loss is tried for a trait of the data that its descriptor names as a purpose (`good_for`, as `lossbench losses --for` lists it). Of the many
for one purpose those of FIRST come first, the ones that users and papers begin with."""
import itertools
import json
import math
from typing import Dict, List, NamedTuple, Sequence, Tuple

from advise_data import LONG_TAIL, OUTLIER_SHARE, Findings, is_count
from advise_runs import Plan, Setting
from records import Refused, nearest
from wording import percent

PLAIN = {"multiclass": "ce", "binary": "logistic", "regression": "mse"}
FIRST: Dict[Tuple[str, str], Tuple[str, ...]] = {
    ("multiclass", "label noise"): ("gce", "sce", "bi_tempered"),
    ("multiclass", "class imbalance"): ("logit_adjusted", "balanced_softmax", "focal"),
    ("multiclass", "calibrated probabilities"): ("brier",),
    ("multiclass", "overconfidence"): ("label_smoothing",),
    ("multiclass", "large margins"): ("cs", "multi_margin"),
    ("multiclass", "hard examples"): ("focal", "poly1"),
    ("binary", "label noise"): ("savage", "sigmoid", "tangent"),
    ("binary", "class imbalance"): ("logit_adjusted_bce", "focal_alpha", "ldam_binary"),
    ("binary", "ranking (AUC)"): ("mw", "pairwise_squared_hinge"),
    ("binary", "calibrated probabilities"): ("mse_sigmoid",),
    ("binary", "overconfidence"): ("smoothed_bce",),
    ("binary", "large margins"): ("hinge", "squared_hinge"),
    ("binary", "hard examples"): ("focal",),
    ("regression", "outliers"): ("huber", "mae", "tukey"),
    ("regression", "counts"): ("poisson", "negative_binomial"),
    ("regression", "amounts above 0"): ("gamma_nll", "log_normal"),
    ("regression", "general use"): ("sq_eps_insensitive",),
    ("regression", "uncertainty of predictions"): ("gaussian_nll",)}
LOG_LINK = ("poisson", "negative_binomial", "gamma_nll", "log_normal")  # defined for targets in their own units alone
NOISY, DOUBTFUL = 0.03, 0.01    # estimated share of wrong labels: certainly looked after; looked after with one loss
OVERLAP = 0.08                  # error beyond the noise
RATES = (1e-3, 0.3)             # learning rates
HIDDEN = 64


class Choice(NamedTuple):
    name: str
    purpose: str
    reason: str


def catalogue(command) -> Dict[Tuple[str, str], dict]:
    """The descriptors by task and name."""
    return {(d["kind"], d["name"]): d for d in json.loads(command("losses", "--json"))}


def purposes(descriptor: dict) -> List[str]:
    return [p.strip() for p in descriptor["good_for"].split(",")]


class Traits(NamedTuple):
    """What probing trainings add to the findings."""
    noise: float = 0.0          # estimated share of wrong labels
    noise_low: float = 0.0      # its interval
    noise_high: float = 0.0
    noise_told: bool = True     # whether the interval is narrow enough to name the estimate
    overlap: float = 0.0        # share of rows that remain wrong beside the noise
    outliers: float = 0.0       # share of far residuals
    ranking: bool = False       # judged by the AUC


def wanted(task: str, findings: Findings, traits: Traits) -> List[Tuple[str, str, int]]:
    """Purposes, why, and how many losses of each, most pressing first."""
    if task == "regression":
        return wanted_regression(findings, traits)
    out = []
    if traits.noise >= NOISY:
        share = "about %s" % percent(round(traits.noise, 2)) if traits.noise_told else "%s to %s" % (
            percent(round(traits.noise_low, 2)), percent(round(traits.noise_high, 2)))
        out.append(("label noise", "%s of the labels seem wrong" % share, 3))
    if findings.unbalanced():
        out.append(("class imbalance", "the largest class is %.3g times the smallest" % findings.numbers["class_ratio"], 2))
    if traits.ranking:
        out.append(("ranking (AUC)", "the AUC, by which it is judged, is about order alone", 1))
    if traits.noise < NOISY:
        why = "wrong labels cannot be excluded (up to %s)" % percent(round(traits.noise_high, 2)) if traits.noise_high >= DOUBTFUL else \
            "to see what it costs here to guard against wrong labels"
        out.append(("label noise", why, 1))
    if traits.overlap >= OVERLAP:
        out.append(("calibrated probabilities", "classes overlap: %s stay wrong" % percent(round(traits.overlap, 2)), 1))
    return out + [("overconfidence", "often a little better than the plain loss", 1), ("large margins", "a loss of another shape", 1),
                  ("hard examples", "rows near the boundary count more", 1), ("calibrated probabilities", "bounded and proper", 1)]


def wanted_regression(findings: Findings, traits: Traits) -> List[Tuple[str, str, int]]:
    n = findings.numbers
    out = []
    if is_count(n):
        out.append(("counts", "the target holds whole numbers from %g on" % n["target_min"], 2))
    elif n.get("target_positive") and float(n["target_skew"]) > LONG_TAIL:
        out.append(("amounts above 0", "the target is above 0 with a long tail (skewness %.2g)" % n["target_skew"], 2))
    if traits.outliers >= OUTLIER_SHARE:
        out.append(("outliers", "%s of the rows lie far from their predictions" % percent(round(traits.outliers, 4)), 3))
    if traits.outliers < OUTLIER_SHARE:
        out.append(("outliers", "no outliers were seen; to see what it costs to guard against them", 2))
    return out + [("uncertainty of predictions", "the spread may differ from row to row", 1), ("general use", "small errors do not count", 1)]


def choose(task: str, findings: Findings, traits: Traits, known: Dict[Tuple[str, str], dict], most: int) -> List[Choice]:
    """The plain loss, then up to `most` others."""
    out = [Choice(PLAIN[task], "the plain loss", "what everything is compared with")]
    for purpose, reason, count in wanted(task, findings, traits):
        for name in FIRST[task, purpose]:
            descriptor = known.get((task, name))
            if descriptor is None or purpose not in purposes(descriptor) or name in [c.name for c in out]:
                continue
            if count == 0 or len(out) > most:
                break
            out.append(Choice(name, purpose, reason))
            count -= 1
    return out


def named(task: str, names: Sequence[str], known: Dict[Tuple[str, str], dict]) -> List[Choice]:
    """Those that the user asks for, with the plain one."""
    own = [n for kind, n in known if kind == task]
    for name in names:
        if name not in own:
            raise Refused("--losses: found \"%s\", allowed: losses of task %s%s" % (name, task, nearest(name, own)), 2)
    plain = [Choice(PLAIN[task], "the plain loss", "what everything is compared with")]
    return plain + [Choice(n, known[task, n]["good_for"], "asked for") for n in dict.fromkeys(names) if n != PLAIN[task]]


# ---- settings ----

def halton(i: int, base: int) -> float:
    out, f = 0.0, 1.0
    while i:
        f /= base
        out += f * (i % base)
        i //= base
    return out


def grids(descriptor: dict) -> List[Tuple[Tuple[str, object], ...]]:
    """The combinations of a loss's own grids, the defaults first; at most sixteen of them are told apart."""
    keys = [(p["name"], list(dict.fromkeys([p["default"]] + p["grid"]))) for p in descriptor["params"]
            if p["grid"] and isinstance(p["default"], (int, float)) and not isinstance(p["default"], bool)][:2]
    return [tuple(zip([k for k, _ in keys], values)) for values in itertools.product(*(v for _, v in keys))][:16]


def settings(descriptor: dict, count: int, models: Sequence[int]) -> List[Setting]:
    """Equally many for every loss. The rates and models are the same for all; a loss's own parameters vary beside them, first at their
    defaults."""
    own = grids(descriptor)
    out = []
    for i in range(count):
        rate = math.exp(math.log(RATES[0]) + halton(i // len(models) + 1, 2) * math.log(RATES[1] / RATES[0]))
        params = own[int(halton(i, 3) * len(own))] if i >= len(models) else own[0]
        out.append(Setting(float("%.3g" % rate), models[i % len(models)], params))
    return out


def all_settings(choices: Sequence[Choice], task: str, known: Dict[Tuple[str, str], dict], plan: Plan, models: Sequence[int]) -> Dict[str, List[Setting]]:
    return {c.name: settings(known[task, c.name], plan.settings, models) for c in choices}
