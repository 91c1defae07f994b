"""Trains six losses on three sets of ordered classes, by configs/ordinal/ordinal.yaml and variants of it, and writes the page."""
from typing import Dict, List, Sequence, Tuple

from stats import Paired, corrected_t, holm
from study_common import ROOT, Run, trained, verdict

CONFIG = "configs/ordinal/ordinal.yaml"
FOLDER = ROOT / "results" / "ordinal"
SETS = {"diamonds": "cut of diamonds, 5 classes", "hpc": "time of jobs, 4 classes", "ctg": "heartbeats of a child, 3 classes"}
MODELS: Dict[str, List[str]] = {
    "linear": [],
    "mlp": ["model={kind: mlp, hidden: [32]}", "optimizer={name: adam, lr: 0.005}",
            "train.epochs=40", "train.batch=64", "train.early_stopping={metric: valid.rank_mae, patience: 10}"]}
MODEL_TEXT = {"linear": "a linear model by lbfgs", "mlp": "a network of 32 hidden units by Adam, stopped early by the validation rows' rank_mae"}
DECISIONS = {"fixed": "likeliest", "median": "median"}
MEASURES = {"rank_mae": "mean distance of ranks", "weighted_kappa": "quadratic-weighted kappa"}
RATIO = 0.2 / 0.6                                        # test rows to training rows
LEVEL = 0.05
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


def against_ce(values: Values, decision: str, measure: str) -> Dict[str, Tuple[Paired, float]]:
    """Each loss but ce: its gain over ce with the same decision, and p with Holm's correction over these losses."""
    rivals = [loss for loss in losses(values) if loss != "ce"]
    found = [corrected_t(gain(measure, values[loss, decision, measure], values["ce", decision, measure]), RATIO) for loss in rivals]
    return dict(zip(rivals, zip(found, holm([f.p for f in found]))))


def mean(v: Sequence[float]) -> float:
    return sum(v) / len(v)


def mark(values: Values, loss: str, decision: str, measure: str) -> str:
    """The mean, and whether it is better (+) or worse (-) than that of ce."""
    text = "%.3f" % mean(values[loss, decision, measure])
    if loss == "ce":
        return text
    paired, p = against_ce(values, decision, measure)[loss]
    return text + (" +" if p < LEVEL and paired.mean > 0 else " -" if p < LEVEL else "")


def table(values: Values) -> List[str]:
    columns = [(m, d) for m in MEASURES for d in DECISIONS]
    lines = ["| loss | %s | accuracy, likeliest | log-loss |" % " | ".join("%s, %s" % (m, DECISIONS[d]) for m, d in columns),
             "| --- |" + " ---: |" * (len(columns) + 2)]
    for loss in losses(values):
        cells = [mark(values, loss, d, m) for m, d in columns]
        cells += ["%.3f" % mean(values[loss, "fixed", "accuracy"]), "%.3f" % mean(values[loss, "fixed", "log_loss"])]
        lines.append("| %s | %s |" % (loss, " | ".join(cells)))
    return lines + [""]


def better_and_worse(found: Dict[Setting, Values], loss: str, decision: str, measure: str) -> Tuple[int, int]:
    """In how many settings the loss is better than ce, in how many worse."""
    told = [against_ce(values, decision, measure)[loss] for values in found.values()]
    return sum(p < LEVEL and d.mean > 0 for d, p in told), sum(p < LEVEL and d.mean < 0 for d, p in told)


def count_table(found: Dict[Setting, Values]) -> List[str]:
    columns = [(m, d) for m in MEASURES for d in DECISIONS]
    lines = ["| loss | %s |" % " | ".join("%s, %s" % (m, DECISIONS[d]) for m, d in columns), "| --- |" + " ---: |" * len(columns)]
    for loss in losses(next(iter(found.values()))):
        if loss != "ce":
            lines.append("| %s | %s |" % (loss, " | ".join("%d better, %d worse" % better_and_worse(found, loss, d, m) for m, d in columns)))
    return lines + [""]


def settings_with_a_winner(found: Dict[Setting, Values], decision: str, measure: str) -> List[str]:
    """The settings in which some loss is better than ce."""
    return ["%s %s" % setting for setting, values in found.items()
            if any(p < LEVEL and d.mean > 0 for d, p in against_ce(values, decision, measure).values())]


def claim(text: str, good: bool, said: str) -> str:
    return "- %s: %s %s" % (text, verdict(good), said)


def some_loss_wins(found: Dict[Setting, Values], decision: str, measure: str) -> str:
    winners = settings_with_a_winner(found, decision, measure)
    return claim("In every setting some loss of ordered classes is better than cross-entropy in %s, both with the %s" % (
        MEASURES[measure], "likeliest class" if decision == "fixed" else "median"), len(winners) == len(found),
        "In %d of %d%s." % (len(winners), len(found), ": " + ", ".join(winners) if winners else ""))


def one_loss_wins(found: Dict[Setting, Values]) -> str:
    rivals = [loss for loss in losses(next(iter(found.values()))) if loss != "ce"]
    counts = {loss: [better_and_worse(found, loss, "fixed", m) for m in MEASURES] for loss in rivals}
    never = [loss for loss in rivals if all(worse == 0 for _, worse in counts[loss]) and any(better for better, _ in counts[loss])]
    return claim("Some loss of ordered classes is never worse than cross-entropy and somewhere better, with the likeliest class", bool(never),
                 "%s." % (", ".join(never) if never else "None"))


def one_score_suffices(found: Dict[Setting, Values], model: str) -> str:
    of_model = {s: v for s, v in found.items() if s[1] == model}
    worse = [(loss, "%s" % s[0]) for loss in ("cumulative_logit", "coral") for s, v in of_model.items()
             if better_and_worse({s: v}, loss, "median", "rank_mae")[1]]
    return claim("One score for all steps (cumulative_logit, coral) costs nothing in rank_mae, %s, median" % MODEL_TEXT[model].split(" by ")[0], not worse,
                 "Worse: %s." % ", ".join("%s on %s" % w for w in worse) if worse else "Nowhere worse.")


def median_helps(found: Dict[Setting, Values]) -> str:
    told = {s: corrected_t(gain("rank_mae", v["ce", "median", "rank_mae"], v["ce", "fixed", "rank_mae"]), RATIO) for s, v in found.items()}
    lower = ["%s %s" % s for s, d in told.items() if d.p < LEVEL and d.mean > 0]
    higher = ["%s %s" % s for s, d in told.items() if d.p < LEVEL and d.mean < 0]
    return claim("Cross-entropy that decides for the median has a smaller mean distance of ranks", len(lower) == len(found),
                 "Smaller in %d of %d settings%s; larger in %d%s." % (len(lower), len(found), " (%s)" % ", ".join(lower) if lower else "", len(higher),
                                                                   " (%s)" % ", ".join(higher) if higher else ""))


def answer(found: Dict[Setting, Values]) -> str:
    rivals = [loss for loss in losses(next(iter(found.values()))) if loss != "ce"]
    told = [better_and_worse(found, loss, "fixed", m) for loss in rivals for m in MEASURES]
    n, better, worse = len(told) * len(found), sum(b for b, _ in told), sum(w for _, w in told)
    return "Does a loss of ordered classes beat cross-entropy in rank_mae and weighted_kappa? %s Of %d comparisons with the likeliest class, %d are " \
           "for the loss of ordered classes and %d for cross-entropy; the other %d tell nothing." % (
               "**Yes.**" if better == n else "**Not in general.**" if better else "**No.**", n, better, worse, n - better - worse)


def page(found: Dict[Setting, Values]) -> str:
    lines = ["# Losses of ordered classes against cross-entropy", "",
             "Remade by `make atlas STUDY=ordinal`; do not edit. Protocol: the header of "
             "[configs/ordinal/ordinal.yaml](../../../configs/ordinal/ordinal.yaml). Means over 10 seeds, of the split too, on the test rows. + better, - worse "
             "than ce with the same decision: corrected resampled t-test over the seeds, p < %g with Holm's correction over the five losses. "
             "likeliest: the class of the largest probability; median: the first with which the probabilities reach one half. rank_mae: smaller is "
             "better; weighted_kappa: larger." % LEVEL, "", answer(found), ""]
    for (name, model), values in found.items():
        lines += ["## %s: %s; %s" % (name, SETS[name], MODEL_TEXT[model]), ""] + table(values)
    lines += ["## Settings in which a loss is better or worse than cross-entropy", "", "Of %d." % len(found), ""] + count_table(found)
    lines += ["## What holds", ""]
    lines += [some_loss_wins(found, d, m) for m in MEASURES for d in DECISIONS]
    lines += [one_loss_wins(found), *(one_score_suffices(found, model) for model in MODELS), median_helps(found), ""]
    return "\n".join(lines)


def make(run: Run) -> str:
    return page(train(run.binary, run.jobs))
