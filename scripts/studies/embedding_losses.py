"""All losses of labelled embeddings on six real sets, each with the same number of settings tried: trains configs/embedding_losses and writes
the page."""
import gzip
import itertools
import json
import os
import random
import re
import subprocess
from pathlib import Path
from statistics import mean, stdev
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from stats import Ranks, friedman, not_different
from study_common import ROOT, Run, planned, table, trained
from study_page import corrected
from study_shape import load

STUDY = load("embedding_losses")
RATES, SPLITS, BATCH, IN_BATCH, LEVEL, QUESTIONS, METRICS, FAMILIES, CONTROLS, IMAGES, OF_SETS = STUDY.given(
    "rates", "splits", "batch", "in_batch", "level", "questions", "metrics", "families", "controls", "images", "sets")
CONFIG, FOLDER = ROOT / STUDY.configs[0], ROOT / "results" / "embedding-losses"
ROWS, CLASSES = QUESTIONS
RAW, RANDOM = "features as they are", "random map"
FAMILY = {loss: family for family, losses in FAMILIES.items() for loss in losses}


class Data(NamedTuple):
    every: int                           # of so many rows one is taken
    drop: str
    classes: Tuple[int, int, int]        # to train on, to choose by, to test


SETS = {name: Data(of["every"], of["drop"], tuple(of["classes"])) for name, of in OF_SETS.items()}
Values = Dict[str, Dict[str, List[Dict[str, float]]]]   # of a question: set, contender: the test metrics of each split


class Setting(NamedTuple):
    loss: str
    text: str                            # as a config has it
    rate: float


# ---- what is trained ----

def settings_of(descriptors: Sequence[dict], losses: Sequence[str]) -> List[Setting]:
    """Of each loss as many settings as there are rates; its own combinations come in an order drawn by its name, and again from the first."""
    known = {d["name"]: d for d in descriptors if d["kind"] == "embedding"}
    out = []
    for loss in losses:
        grids = {p["name"]: p["grid"] for p in known[loss]["params"] if p.get("grid")}
        own = [dict(zip(grids, values)) for values in itertools.product(*grids.values())]
        random.Random(loss).shuffle(own)
        for k, rate in enumerate(RATES):
            pairs = "".join(", %s: %s" % (key, json.dumps(value)) for key, value in own[k % len(own)].items())
            out.append(Setting(loss, "{name: %s%s}" % (loss, pairs), rate))
    return out


def data_sets(name: str, folder: Path) -> List[str]:
    """The --set words of a set's data; of one of which not every row is taken, a file of those that are."""
    if name == "fashion":
        return ["data.train.path=" + IMAGES % ("images", 3), "data.train.labels=" + IMAGES % ("labels", 1), "data.train.label=null",
                "data.preprocess.divide=255"]
    path, of = ROOT / "datasets" / "samples" / (name + ".csv.gz"), SETS[name]
    if of.every > 1:
        lines = gzip.decompress(path.read_bytes()).decode().splitlines(keepends=True)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / ("%s-%d.csv" % (name, of.every))
        path.write_text(lines[0] + "".join(lines[1::of.every]), encoding="utf-8")
    return ["data.train.path=%s" % path, "data.drop=%s" % of.drop]


def class_names(name: str) -> List[str]:
    if name == "fashion":
        return [str(k) for k in range(10)]
    rows = gzip.decompress((ROOT / "datasets" / "samples" / (name + ".csv.gz")).read_bytes()).decode().splitlines()[1:]
    return sorted({row.rsplit(",", 1)[1] for row in rows})


def batches(classes: int) -> List[str]:
    return ["train.batch=%d" % BATCH, "train.per_class=%d" % (BATCH // next(n for n in IN_BATCH if n <= classes))]


def parted(name: str, split: int) -> Tuple[List[str], List[str], List[str]]:
    """The classes that train, choose and test in a split."""
    names = class_names(name)
    random.Random("%s %d" % (name, split)).shuffle(names)
    a, b, _ = SETS[name].classes
    return names[:a], names[a:a + b], names[a + b:]


def quoted(names: Sequence[str]) -> str:
    return "[%s]" % ", ".join(json.dumps(n) for n in names)


def sweep(binary: str, jobs: int, folder: Path, settings: Sequence[Setting], split: int, words: Sequence[str]) -> List[dict]:
    plan = folder / ("plan-%d.yaml" % os.getpid())
    columns = {"loss": [s.text for s in settings], "optimizer.lr": [str(s.rate) for s in settings]}
    records = trained(binary, planned(CONFIG, plan, columns, {"train.seed": [split]}), folder, jobs, [*words, "output.dir=%s" % folder], quiet=True)
    plan.unlink()
    at = {(r["config"]["optimizer"]["lr"], r["config"]["loss"]["name"]): r for r in records}
    return [at[s.rate, s.loss] for s in settings]


def measured(record: dict, part: str) -> Dict[str, float]:
    """A training that diverged, or a metric that is not defined, is worse than any other."""
    metrics = (record["result"]["metrics"] or {}).get(part) or {}
    return {m: -np.inf if record["result"]["status"] != "ok" or metrics.get(m) is None else metrics[m] for m in METRICS}


def best(settings: Sequence[Setting], records: Sequence[dict], part: str) -> Dict[str, int]:
    """Of each loss the place of the setting that has the largest MAP@R; of equal ones the first."""
    at: Dict[str, int] = {}
    for k, (s, r) in enumerate(zip(settings, records)):
        if s.loss not in at or measured(r, part)["map_at_r"] > measured(records[at[s.loss]], part)["map_at_r"]:
            at[s.loss] = k
    return at


def keep(values: Dict[str, List[Dict[str, float]]], tested: Sequence[dict]) -> None:
    for record in tested:
        values.setdefault(record["config"]["loss"]["name"], []).append(measured(record, "test"))
    base = tested[0]["baseline"]
    values.setdefault(RAW, []).append(base["metrics"]["test"])
    values.setdefault(RANDOM, []).append(base["random_map"]["test"])


def plans(question: str, name: str, split: int) -> Tuple[List[str], str, List[str]]:
    """The words under which the settings are tried, the part that chooses, and the words under which what was chosen is tested."""
    if question == ROWS:
        words = batches(sum(SETS[name].classes))
        return words, "valid", words
    train, choose, test = parted(name, split)
    held = "data.split={hold_out_classes: %s}"
    return ([*batches(len(train)), held % quoted(choose), "data.ignore_labels=" + quoted(test)], "test",
            [*batches(len(train) + len(choose)), held % quoted(test)])


def ask(binary: str, jobs: int, folder: Path, settings: Sequence[Setting], question: str, name: str, split: int,
        more: Sequence[str]) -> Tuple[List[Setting], List[dict]]:
    """Of each loss the setting with the largest MAP@R in this split, and its record with the test metrics."""
    tries, part, tests = plans(question, name, split)
    words = [*data_sets(name, folder / "data"), *more]
    tried = sweep(binary, jobs, folder, settings, split, [*words, *tries, "metrics=[map_at_r]"])
    taken = [settings[k] for k in best(settings, tried, part).values()]
    return taken, sweep(binary, jobs, folder, taken, split, [*words, *tests])


# ---- what is said of it ----

def scores(values: Values, losses: Sequence[str], metric: str) -> np.ndarray:
    """Sets by losses: means over the splits."""
    return np.array([[mean(v[metric] for v in of[loss]) for loss in losses] for of in values.values()])


def losses_of(values: Values) -> List[str]:
    return [loss for loss in FAMILY if loss in next(iter(values.values()))]


def ranked(values: Values, metric: str = "map_at_r") -> Tuple[List[str], Ranks]:
    losses = losses_of(values)
    return losses, friedman(scores(values, losses, metric))


def above(values: Values, name: str) -> Dict[str, int]:
    """On how many sets the mean MAP@R of each loss is above that of another contender."""
    return {loss: sum(mean(v["map_at_r"] for v in of[loss]) > mean(v["map_at_r"] for v in of[name]) for of in values.values())
            for loss in losses_of(values)}


def clearly(values: Values, other: str, ratios: Dict[str, float]) -> Dict[str, Tuple[int, int]]:
    """On how many sets each loss is clearly better and clearly worse than another, by Holm's correction over the losses of a set."""
    losses = [loss for loss in losses_of(values) if loss != other]
    out = {loss: (0, 0) for loss in losses}
    for name, of in values.items():
        gaps = {loss: [a["map_at_r"] - b["map_at_r"] for a, b in zip(of[loss], of[other])] for loss in losses}
        told = corrected({loss: d for loss, d in gaps.items() if np.isfinite(d).all()}, ratios[name], len(losses))
        for loss, t in told.items():
            up, down = out[loss]
            out[loss] = up + (t.p < LEVEL and mean(gaps[loss]) > 0), down + (t.p < LEVEL and mean(gaps[loss]) < 0)
    return out


def test_ratios(question: str) -> Dict[str, float]:
    """Test rows to training rows."""
    return {name: 0.2 / 0.6 if question == ROWS else of.classes[2] / (of.classes[0] + of.classes[1]) for name, of in SETS.items()}


def years(descriptors: Sequence[dict]) -> Dict[str, int]:
    """The first year that stands in a loss's source."""
    found = {d["name"]: re.search(r"\b(19|20)\d\d\b(?!\.\d)", d["citation"]) for d in descriptors if d["kind"] == "embedding"}
    return {name: int(m.group()) for name, m in found.items() if m}


def correlation(a: Sequence[float], b: Sequence[float]) -> Tuple[float, float]:
    from scipy.stats import spearmanr
    found = spearmanr(a, b)
    return float(found[0]), float(found[1])


def number(value: float) -> str:
    return "%.3f" % value if np.isfinite(value) else "diverged"


def loss_table(values: Values) -> List[str]:
    """A row for each loss in the order of its average rank, a column for each set; the best of a column is bold."""
    losses, ranks = ranked(values)
    of = dict(zip(losses, ranks.mean))
    more = {m: dict(zip(losses, ranked(values, m)[1].mean)) for m in list(METRICS)[1:]}
    beats = above(values, RAW)
    top = {name: max(mean(v["map_at_r"] for v in v2[loss]) for loss in losses) for name, v2 in values.items()}
    rows = []
    for loss in sorted(losses, key=lambda x: of[x]):
        row = [mean(v["map_at_r"] for v in v2[loss]) for v2 in values.values()]
        cells = ["**%s**" % number(m) if m == top[name] else number(m) for name, m in zip(values, row)]
        rows.append([loss, FAMILY[loss], "%.1f" % of[loss], *cells, *("%.1f" % more[m][loss] for m in more), "%d of %d" % (beats[loss], len(values))])
    lines = table(["loss", "kind", "rank", *values, *("by %s" % METRICS[m] for m in more), "above the features"], rows, "ll" + "r" * (len(values) + 4))
    return lines[:-1] + ["| *%s* | | | %s | | | |" % (base, " | ".join(number(mean(v["map_at_r"] for v in v2[base])) for v2 in values.values()))
                         for base in (RAW, RANDOM)] + [""]


def family_table(of: Dict[str, Values]) -> List[str]:
    rows = []
    for family in FAMILIES:
        cells, count = [], 0
        for values in of.values():
            losses, ranks = ranked(values)
            mine = {loss: r for loss, r in zip(losses, ranks.mean) if FAMILY[loss] == family}
            count = len(mine)
            cells.append("%.1f, %s %.1f" % (mean(mine.values()), min(mine, key=lambda x: mine[x]), min(mine.values())) if mine else "")
        if count:
            rows.append([family, "%d" % count, *cells])
    return table(["kind", "losses", *("%s: mean rank, best" % q for q in of)], rows, "lr" + "l" * len(of))


def listed(names: Sequence[str]) -> str:
    return ", ".join(names) if names else "none"


def some_of(names: Sequence[str], losses: Sequence[str]) -> str:
    """Names, or where they are more than half of the losses those that are not among them."""
    rest = [x for x in losses if x not in names]
    if 2 * len(names) <= len(losses):
        return listed(names)
    return "all of the %d" % len(losses) if not rest else "all but " + listed(rest)


def group_of_the_best(values: Values) -> List[str]:
    """The losses whose average rank is within the critical difference of the best one's."""
    losses, ranks = ranked(values)
    runs = [run for run in not_different(ranks.mean, ranks.cd) if run[0] == 0]
    return [loss for loss, _ in sorted(zip(losses, ranks.mean), key=lambda p: p[1])][:runs[0][1] + 1 if runs else 1]


def answer(of: Dict[str, Values]) -> str:
    """The finding: whether there is a best loss, by Friedman's test and the critical difference, and what training brings at all."""
    texts = []
    for question, values in of.items():
        losses, ranks = ranked(values)
        order = [loss for _, loss in sorted(zip(ranks.mean, losses))]
        group, count, beats = group_of_the_best(values), len(values), above(values, RAW)
        texts.append("On %s %s: the best average rank is %.1f of %d (%s; then %s), and %d of the %d losses are within the critical difference of it; %d of them are "
                     "better than the features as they are on every set, %d on none." % (
                         QUESTIONS[question], STUDY.answer({"p": ranks.p, "group": len(group) / len(losses)}), min(ranks.mean), len(losses), order[0],
                         ", ".join(order[1:4]), len(group), len(losses), sum(n == count for n in beats.values()), sum(n == 0 for n in beats.values())))
    return " ".join(texts)


def against(question: str, values: Values, other: str) -> str:
    losses, count = losses_of(values), len(values)
    told = clearly(values, other, test_ratios(question))
    beats = above(values, other)
    return "- Against %s: better on average on every set: %s; on half of the sets or more: %d of %d losses. Clearly better on half of the sets or more: %s. Clearly worse on " \
           "half or more: %s." % (other, listed([x for x in losses if x != other and beats[x] == count]),
                                  sum(2 * n >= count for x, n in beats.items() if x != other), len(losses) - 1,
                                  listed(["%s (%d)" % (x, n[0]) for x, n in told.items() if 2 * n[0] >= count]),
                                  listed(["%s (%d)" % (x, n[1]) for x, n in told.items() if 2 * n[1] >= count]))


def findings(question: str, values: Values) -> List[str]:
    losses, ranks = ranked(values)
    count, group = len(values), group_of_the_best(values)
    lines = ["- Friedman's test over the %d sets: p = %.2g (Iman and Davenport %.2g). Critical difference of average ranks at %g: %.1f, of %d ranks. Not worse than "
             "the best by it: %s." % (count, ranks.p, ranks.f_p, LEVEL, ranks.cd, len(losses), some_of(group, losses))]
    lines += [against(question, values, other) for other in CONTROLS if other in losses]
    beats, blind = above(values, RAW), above(values, RANDOM)
    lines.append("- Above the features as they are on every set: %s. On none: %s. No better than the random map on half of the sets or more: %s." % (
        some_of([x for x in losses if beats[x] == count], losses), some_of([x for x in losses if beats[x] == 0], losses),
        some_of([x for x in losses if 2 * blind[x] <= count], losses)))
    spread = [stdev(row) for row in scores(values, losses, "map_at_r") if np.isfinite(row).all()]
    runs = [[[v["map_at_r"] for v in v2[x]] for x in losses] for v2 in values.values()]
    within = [mean(stdev(run) for run in of) for of in runs if len(of[0]) > 1 and np.isfinite(of).all()]
    if spread and within:
        lines.append("- Standard deviation of MAP@R between losses, mean over the sets: %.3f; between the splits of one loss: %.3f." % (mean(spread), mean(within)))
    return lines


def across(of: Dict[str, Values], year: Dict[str, int]) -> List[str]:
    """What needs both questions."""
    lines = []
    both = [ranked(values) for values in of.values()]
    if len(both) == 2:
        r, p = correlation(both[0][1].mean, both[1][1].mean)
        lines.append("- Ranks on new rows and on new classes: Spearman's correlation %.2f (p = %.2g) over the %d losses." % (r, p, len(both[0][0])))
    for question, (losses, ranks) in zip(of, both):
        r, p = correlation([year[x] for x in losses], ranks.mean)
        lines.append("- Year of a loss and its rank on %s: correlation %.2f (p = %.2g); below 0 means that later losses rank better." % (QUESTIONS[question], r, p))
        for metric in list(METRICS)[1:]:
            lines.append("- Ranks by MAP@R and by %s on %s: correlation %.2f." % (METRICS[metric], QUESTIONS[question], correlation(
                ranks.mean, ranked(of[question], metric)[1].mean)[0]))
    return lines


def edges(chosen: Dict[str, List[Setting]]) -> List[str]:
    """How often the best rate was the first or the last of all: whether their range is wide enough."""
    return ["- Of the %d choices on %s the least rate was taken in %.0f %%, the largest in %.0f %%." % (
        len(of), QUESTIONS[q], 100 * mean(s.rate == RATES[0] for s in of), 100 * mean(s.rate == RATES[-1] for s in of)) for q, of in chosen.items()]


def page(of: Dict[str, Values], chosen: Dict[str, List[Setting]], year: Dict[str, int]) -> str:
    first = next(iter(of.values()))
    splits = len(next(iter(first.values()))[RAW])
    lines = [*STUDY.head(losses=len(losses_of(first)), splits=splits, settings=len(RATES), level=LEVEL), answer(of), ""]
    for question, values in of.items():
        classes = "; ".join("%s %d, %d, %d" % (name, *SETS[name].classes) for name in values)
        lines += ["## %s" % (QUESTIONS[question][0].upper() + QUESTIONS[question][1:]), ""]
        lines += ["Classes that train, choose and test: %s." % classes, ""] if question == CLASSES else []
        lines += [*loss_table(values), *findings(question, values), ""]
    return "\n".join([*lines, "## Kinds of losses", "", *family_table(of), "## Between the two tables", "", *across(of, year), *edges(chosen), "",
                      *STUDY.section([], "What is not in it")])


def train(binary: str, jobs: int, folder: Path, sets: Sequence[str], losses: Optional[Sequence[str]] = None, splits: int = SPLITS,
        more: Sequence[str] = ()) -> Tuple[Dict[str, Values], Dict[str, List[Setting]], Dict[str, int]]:
    descriptors = json.loads(subprocess.run([binary, "losses", "--json"], check=True, stdout=subprocess.PIPE, text=True).stdout)
    settings = settings_of(descriptors, list(losses or FAMILY))
    of: Dict[str, Values] = {question: {name: {} for name in sets} for question in QUESTIONS}
    chosen: Dict[str, List[Setting]] = {question: [] for question in QUESTIONS}
    for split, question, name in itertools.product(range(1, splits + 1), QUESTIONS, sets):
        taken, tested = ask(binary, jobs, folder, settings, question, name, split, more)
        chosen[question] += taken
        keep(of[question][name], tested)
    return of, chosen, years(descriptors)


def make(run: Run) -> str:
    return page(*train(run.binary, run.jobs, FOLDER, list(SETS)))
