"""Trains six losses on three sets of ordered classes, by configs/ordinal/ordinal.yaml and variants of it, and writes the page."""
from statistics import fmean as mean
from typing import Dict, List, Sequence, Tuple

from stats import Paired, corrected_t
from study_common import ROOT, Run, table, trained
from study_page import corrected
from study_shape import load

STUDY = load("ordinal")
SETS, MODELS, MODEL_TEXT, DECISIONS, MEASURES, ROWS, LEVEL = STUDY.given("sets", "models", "model_texts", "decisions", "measures", "rows", "level")
CONFIG, FOLDER = STUDY.configs[0], ROOT / "results" / "ordinal"
RATIO = ROWS["test"] / ROWS["train"]
Setting = Tuple[str, str]                               # data set, model
Values = Dict[Tuple[str, str, str], List[float]]        # loss, decision, measure: one value a seed


def train(binary: str, jobs: int) -> Dict[Setting, Values]:
    found: Dict[Setting, Values] = {}
    for name in SETS:
        for model, sets in MODELS.items():
            folder = FOLDER / ("%s-%s" % (name, model))
            words = sets + ["data.train.path=datasets/samples/%s.csv.gz" % name, "output.dir=%s" % folder.relative_to(ROOT)]
            found[name, model] = values_of(trained(binary, CONFIG, folder, jobs, words, quiet=True))
    return found


def values_of(trials: Sequence[dict]) -> Values:
    """By seed, in the order of the sweep, which is that of all losses."""
    out: Values = {}
    for t in sorted(trials, key=lambda t: t["config"]["train"]["seed"]):
        for measure, value in t["result"]["metrics"]["test"].items():
            out.setdefault((t["config"]["loss"]["name"], t["config"]["evaluate"]["threshold"], measure), []).append(value)
    return out


def losses(values: Values) -> List[str]:
    return list(dict.fromkeys(loss for loss, _, _ in values))


def gain(measure: str, better: Sequence[float], worse: Sequence[float]) -> List[float]:
    """By how much the first is better, seed by seed."""
    sign = -1 if measure == "rank_mae" else 1
    return [sign * (a - b) for a, b in zip(better, worse)]


def rivals(values: Values) -> List[str]:
    return [loss for loss in losses(values) if loss != "ce"]


def against_ce(values: Values, decision: str, measure: str) -> Dict[str, Paired]:
    """The gain of each other loss over ce with the same decision, with Holm's correction over these losses."""
    return corrected({loss: gain(measure, values[loss, decision, measure], values["ce", decision, measure]) for loss in rivals(values)}, RATIO)


def better(d: Paired) -> bool:
    return d.p < LEVEL and d.mean > 0


def worse(d: Paired) -> bool:
    return d.p < LEVEL and d.mean < 0


def mark(values: Values, loss: str, decision: str, measure: str) -> str:
    """The mean, and whether it is better (+) or worse (-) than that of ce."""
    text = "%.3f" % mean(values[loss, decision, measure])
    if loss == "ce":
        return text
    told = against_ce(values, decision, measure)[loss]
    return text + (" +" if better(told) else " -" if told.p < LEVEL else "")


COLUMNS = [(m, d) for m in MEASURES for d in DECISIONS]
HEADS = ["%s, %s" % (m, DECISIONS[d]) for m, d in COLUMNS]


def loss_table(values: Values) -> List[str]:
    return table(["loss", *HEADS, "accuracy, likeliest", "log-loss"], [
        [loss, *(mark(values, loss, d, m) for m, d in COLUMNS), *("%.3f" % mean(values[loss, "fixed", m]) for m in ("accuracy", "log_loss"))]
        for loss in losses(values)])


def better_and_worse(found: Dict[Setting, Values], loss: str, decision: str, measure: str) -> Tuple[int, int]:
    """In how many settings the loss is better than ce, in how many worse."""
    told = [against_ce(values, decision, measure)[loss] for values in found.values()]
    return sum(map(better, told)), sum(map(worse, told))


def count_table(found: Dict[Setting, Values]) -> List[str]:
    return table(["loss", *HEADS], [[loss, *("%d better, %d worse" % better_and_worse(found, loss, d, m) for m, d in COLUMNS)]
                                    for loss in rivals(next(iter(found.values())))])


def settings_with_a_winner(found: Dict[Setting, Values], decision: str, measure: str) -> List[str]:
    """The settings in which some loss is better than ce."""
    return ["%s %s" % setting for setting, values in found.items() if any(map(better, against_ce(values, decision, measure).values()))]


def some_loss_wins(found: Dict[Setting, Values], decision: str, measure: str) -> str:
    winners = settings_with_a_winner(found, decision, measure)
    return STUDY.claim("some", len(winners) / len(found), "In %d of %d%s." % (len(winners), len(found), ": " + ", ".join(winners) if winners else ""),
                       measure=MEASURES[measure], decision="likeliest class" if decision == "fixed" else "median")


def one_loss_wins(found: Dict[Setting, Values]) -> str:
    counts = {loss: [better_and_worse(found, loss, "fixed", m) for m in MEASURES] for loss in rivals(next(iter(found.values())))}
    never = [loss for loss, told in counts.items() if all(w == 0 for _, w in told) and any(b for b, _ in told)]
    return STUDY.claim("one", len(never), "%s." % (", ".join(never) if never else "None"))


def one_score_suffices(found: Dict[Setting, Values], model: str) -> str:
    told = [(loss, s[0]) for loss in STUDY.claims["one_score"].compares["losses"] for s, v in found.items()
            if s[1] == model and better_and_worse({s: v}, loss, "median", "rank_mae")[1]]
    return STUDY.claim("one_score", len(told), "Worse: %s." % ", ".join("%s on %s" % w for w in told) if told else "Nowhere worse.",
                       model=MODEL_TEXT[model].split(" by ")[0])


def median_helps(found: Dict[Setting, Values]) -> str:
    told = {s: corrected_t(gain("rank_mae", v["ce", "median", "rank_mae"], v["ce", "fixed", "rank_mae"]), RATIO) for s, v in found.items()}
    lower, higher = (["%s %s" % s for s, d in told.items() if of(d)] for of in (better, worse))
    return STUDY.claim("median", len(lower) / len(found), "Smaller in %d of %d settings%s; larger in %d%s." % (
        len(lower), len(found), " (%s)" % ", ".join(lower) if lower else "", len(higher), " (%s)" % ", ".join(higher) if higher else ""))


def answer(found: Dict[Setting, Values]) -> str:
    told = [better_and_worse(found, loss, "fixed", m) for loss in rivals(next(iter(found.values()))) for m in MEASURES]
    n, more, less = len(told) * len(found), sum(b for b, _ in told), sum(w for _, w in told)
    return STUDY.asked(more / n, "Of %d comparisons with the likeliest class, %d are for the loss of ordered classes and %d for cross-entropy; the other %d tell "
                       "nothing." % (n, more, less, n - more - less))


def page(found: Dict[Setting, Values]) -> str:
    lines = [*STUDY.head(level=LEVEL), answer(found), ""]
    for (name, model), values in found.items():
        lines += ["## %s: %s; %s" % (name, SETS[name], MODEL_TEXT[model]), "", *loss_table(values)]
    lines += ["## Settings in which a loss is better or worse than cross-entropy", "", "Of %d." % len(found), "", *count_table(found)]
    return "\n".join(lines + STUDY.section([*(some_loss_wins(found, d, m) for m, d in COLUMNS), one_loss_wins(found),
                                            *(one_score_suffices(found, model) for model in MODELS), median_helps(found)]))


def make(run: Run) -> str:
    return page(train(run.binary, run.jobs))
