"""The answer of `lossbench advise`: as text, as JSON, as a page in Markdown and in HTML, with the rows whose labels look wrong. The page needs
jinja2 and matplotlib, the rest the standard library."""
import csv
import math
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

from advise_data import Findings
from advise_losses import PLAIN, Choice
from advise_runs import Plan, Setting
from advise_verdict import Gap, Verdict, rows_of
from records import plural, visible, warn
from wording import difference_words, interval_places, listed, metric_words, percent

STRESS_WORDS = {"noise": "If 20 % more of the training labels were wrong by chance",
                "imbalance": "If half of the classes were ten times rarer in training",
                "outliers": "If a tenth of the training targets lay far off"}
MOST_SUSPECTS = 1000
FEW_STEPS = 500                             # of a training, below which the answer says so


class Kept(NamedTuple):
    setting: Setting                        # of the recommended loss
    model: bool                             # whether it was tuned and trained on all rows


class Result(NamedTuple):
    data: str
    findings: Findings
    choices: Sequence[Choice]
    probed: object                          # advise_tournament.Probe
    plan: Plan
    metric: str
    verdict: Verdict
    under: Dict[str, Tuple[str, Verdict]]   # by stress: its metric and verdict
    kept: Kept
    stopped: str                            # settled, time, all or user
    trained: int
    seconds: float
    folder: str
    baseline: Optional[float]
    diverged: Sequence[str]                 # a loss for every outer fold on which its training did


class Section(NamedTuple):
    title: str
    lines: List[str]
    table: List[List[str]] = []

    @property
    def numeric(self) -> List[bool]:
        return [title not in ("loss", "why") for title in (self.table or [[]])[0]]


def is_share(metric: str) -> bool:
    """Whether the metric lies in 0 to 1, or about so, and differences are told as they are, not as shares of an error."""
    return metric not in ("rmse", "mae", "mse", "log_loss", "median_absolute_error", "max_error")


# ---- sentences ----

def shown(value: float, g: Optional[Gap] = None) -> str:
    places = interval_places(value, g.low, g.high) if g else 4 if abs(value) < 1 else max(0, 3 - math.floor(math.log10(abs(value))))
    return "%.*f" % (min(6, max(places, 0)), value)


def words_of(g: Gap) -> str:
    return difference_words(g.mean, g.low, g.high)


def headline(r: Result) -> str:
    v, plain = r.verdict, PLAIN[r.findings.task]
    what = metric_words(r.metric)
    if v.matters:
        g = v.against_plain[v.choice]
        if not v.certain:
            return "Take %s: it is probably better than %s (%s), by %s in %s; the folds are too few to be certain." % (
                v.choice, plain, percent(round(g.probable, 3)), words_of(g), what)
        return "Take %s: it is better than %s by %s in %s." % (v.choice, plain, words_of(g), what)
    if v.equal:
        return "It does not matter here: no loss differs from %s by more than %s in %s. Take %s." % (plain, shown(v.rope), what, plain)
    if v.best == plain:
        return "It does not matter here, as far as %s can tell: none of the other losses is better than %s in %s. Take %s." % (
            plural(v.folds, "fold"), plain, what, plain)
    return "It does not matter here, as far as %s can tell: the best, %s, is ahead of %s by %s in %s, which may be chance. Take %s." % (
        plural(v.folds, "fold"), v.best, plain, words_of(v.against_plain[v.best]), what, plain)


def advice_lines(r: Result) -> List[str]:
    v = r.verdict
    lines = ["Settings: %s%s." % (r.kept.setting.words(), "" if r.kept.model else " (the most frequent choice of the folds; no model was trained on all rows)")]
    if v.honest is not None:
        lines.append("Expect %s %s on new rows%s. No fold had a part in the choice of the loss or the settings that it judges." % (
            metric_words(r.metric), shown(v.honest), " (a constant model: %s)" % shown(r.baseline) if r.baseline is not None else ""))
    worst = max(v.against_choice, key=lambda k: v.against_choice[k].high, default=None)
    if worst:
        lines.append("At most %s is lost by this choice against any other loss tried (the interval's end for %s)." % (shown(v.missed(), v.against_choice[worst]), worst)
                     if v.missed() > 0 else "No other loss tried is better than it: no interval reaches above 0.")
    if v.matters and v.best != v.choice:
        lines.append("The best mean is that of %s, whose difference from %s is less certain." % (v.best, PLAIN[r.findings.task]))
    if v.tied:
        lines.append("Cannot be told apart from it: %s." % listed(v.tied, 8))
    return lines


def stress_lines(r: Result) -> List[str]:
    lines = []
    for kind, (metric, v) in r.under.items():
        named = "" if metric == r.metric else " in " + metric_words(metric)
        here = r.verdict.choice
        if v.choice == here or v.choice == PLAIN[r.findings.task] and v.best == here:
            rest = "%s would stay the choice" % here
        elif v.choice != PLAIN[r.findings.task]:
            rest = "%s would be the choice, %s than %s by %s" % (
                v.choice, "better" if v.certain else "probably better", PLAIN[r.findings.task], words_of(v.against_plain[v.choice])) + named
        else:
            rest = "%s would do: none would be clearly better" % v.choice
        if v.best not in (v.choice, here):
            rest += "; the best mean would be that of %s, %s from %s%s" % (v.best, words_of(v.against_plain[v.best]), PLAIN[r.findings.task], named)
        lines.append("%s: %s." % (STRESS_WORDS[kind], rest))
    return lines


def label_lines(r: Result) -> List[str]:
    noise = r.probed.noise
    if noise is None:
        return []
    names = r.findings.classes
    low, high, error = (percent(round(v, 3)) for v in (noise.low, noise.high, noise.error))
    if noise.told():
        lines = ["Labels: about %s seem wrong by chance (95 %% interval %s to %s); %s predicts %s of the labels wrongly, so that classes overlap in about %s." % (
            percent(round(noise.rate, 3)), low, high, PLAIN[r.findings.task], error, percent(round(r.probed.traits.overlap, 3)))]
    else:
        lines = ["Labels: these rows do not tell how many are wrong: anything from %s to %s would fit (95 %% interval); %s predicts %s of the labels wrongly, from "
                 "overlap of the classes or wrong labels." % (low, high, PLAIN[r.findings.task], error)]
    if noise.pairs:
        a, b, n = noise.pairs[0]
        lines.append("%s confidently with their label%s, most often %s that look like %s (%d). Confident learning, which takes overlap for noise, would say %s." % (
            "1 row disagrees" if len(noise.suspects) == 1 else "%d rows disagree" % len(noise.suspects),
            "" if len(noise.suspects) < 2 else " (suspects.csv)", names[a], names[b], n, percent(round(noise.confident, 3))))
    return lines


def found_lines(r: Result) -> List[str]:
    n = r.findings.numbers
    lines = ["%s, %s; task %s by %s." % (plural(r.findings.rows, "row"), plural(int(n["features"]), "feature"), r.findings.task,
                                         "the column " + r.findings.info["label"] if r.findings.info.get("label") else "its labels")]
    lines += r.findings.notes + label_lines(r)
    if r.findings.task == "regression":
        lines.append("%s of the rows lie further from their predictions than five robust standard deviations." % percent(round(r.probed.traits.outliers, 4)))
    return lines


def method_lines(r: Result) -> List[str]:
    p = r.plan
    why = {"settled": "stopped early: no further folds could change the choice", "time": "the time was over", "all": "all %d folds were done" % r.verdict.folds,
           "user": "interrupted; the same command goes on"}[r.stopped]
    rows = "" if p.share == 1 else "; each of a random %s of the rows, to keep to the time" % percent(p.share)
    steps = p.epochs * r.findings.rows * p.share * (p.folds - 1) / p.folds / p.batch
    return ["%s of a %d-fold cross-validation%s, %d epochs in batches of %d; on each, %d settings a loss (learning rate, model, own parameters) by "
            "successive halving over %d inner folds. %s in %.0f s; %s." % (
                plural(r.verdict.folds, "outer fold"), p.folds, rows, p.epochs, p.batch, p.settings, p.inner, plural(r.trained, "training"), r.seconds, why),
            "Intervals hold for all comparisons together (95 %, corrected resampled t-test of Nadeau and Bengio, Bonferroni).",
            *(["The time leaves %d steps a training, which are few: with more minutes the losses may rank otherwise." % steps] if steps < FEW_STEPS else []),
            *("%s diverged on %s, where the constant model stands in for it." % (name, plural(list(r.diverged).count(name), "fold"))
              for name in dict.fromkeys(r.diverged))]


def table(r: Result) -> List[List[str]]:
    why = {c.name: "%s: %s" % (c.purpose, c.reason) for c in r.choices}
    out = [["loss", metric_words(r.metric), "sd over folds", "difference from %s" % PLAIN[r.findings.task], "why"]]
    narrowest = min(r.verdict.against_plain.values(), key=lambda g: g.high - g.low, default=None)
    for name, mean, sd, g in rows_of(r.verdict):
        out.append([name, shown(mean, narrowest), shown(sd, narrowest), words_of(g) if g else "", why[name]])
    return out


def file_lines(r: Result) -> List[str]:
    found = [("config.yaml", "repeats the comparison: lossbench sweep --config %s/config.yaml --set output.dir=AGAIN" % r.folder)]
    if r.kept.model:
        found += [("model.yaml, model.npz", "the recommended loss on all rows: lossbench predict --model %s/model.npz --data NEW" % r.folder)]
    found += [("advice.md, advice.html", "this page"), ("trials/, plans/", "every training's record and the configs that made them")]
    return ["%s: %s." % item for item in found]


def sections(r: Result) -> List[Section]:
    made = [Section("What the data show", found_lines(r)), Section("Advice", advice_lines(r)), Section("Compared", method_lines(r), table(r))]
    if r.under:
        made.append(Section("What cannot be seen in these data", stress_lines(r)))
    return made + [Section("Files in " + r.folder, file_lines(r))]


# ---- forms ----

def as_text(r: Result) -> str:
    out = [headline(r), ""]
    out += ["WARNING: " + w for w in r.findings.warnings] + [""] * bool(r.findings.warnings)
    for s in sections(r):
        out += [s.title, *("  " + line for line in s.lines)]
        if s.table:
            widths = [max(len(row[k]) for row in s.table) for k in range(len(s.table[0]))]
            out += [""] + ["  " + "  ".join(c.ljust(w) if k in (0, len(row) - 1) else c.rjust(w) for k, (c, w) in enumerate(zip(row, widths))).rstrip()
                           for row in s.table]
        out.append("")
    return "\n".join(map(visible, out[:-1]))


def as_markdown(r: Result) -> str:
    out = ["# Which loss for %s?" % r.data, "", "**%s**" % headline(r), ""]
    out += [part for w in r.findings.warnings for part in ("> " + w, "")]
    for s in sections(r):
        out += ["## " + s.title, "", *("- " + line for line in s.lines), ""]
        if s.table:
            out += ["| %s |" % " | ".join(c.replace("|", "\\|") for c in row) for row in [s.table[0], ["---"] * len(s.table[0])] + s.table[1:]] + [""]
    return "\n".join(map(visible, out))


def gap_json(g: Optional[Gap]) -> Optional[dict]:
    return None if g is None else {"mean": g.mean, "low": g.low, "high": g.high, "probability": g.probable, "folds": g.n}


def as_json(r: Result) -> dict:
    v, noise = r.verdict, r.probed.noise
    why = {c.name: c for c in r.choices}
    return {
        "schema": "lossbench-advice/1", "data": r.data, "task": r.findings.task, "metric": r.metric, "direction": "higher" if v.higher else "lower",
        "headline": headline(r), "recommended": {
            "loss": v.choice, "params": dict(r.kept.setting.params), "learning_rate": r.kept.setting.lr, "hidden": r.kept.setting.hidden,
            "mean": v.means[v.choice], "expected": v.honest, "against_plain": gap_json(v.against_plain.get(v.choice)), "missed_at_most": v.missed(),
            "not_told_apart": v.tied},
        "plain": PLAIN[r.findings.task], "best_mean": v.best, "matters": v.matters, "certain": v.certain, "equal": v.equal, "rope": v.rope, "baseline": r.baseline,
        "losses": [{"loss": name, "mean": mean, "sd": sd, "against_plain": gap_json(g), "against_recommended": gap_json(v.against_choice.get(name)),
                    "diverged": list(r.diverged).count(name), "purpose": why[name].purpose, "reason": why[name].reason} for name, mean, sd, g in rows_of(v)],
        "under": {kind: {"metric": metric, "choice": u.choice, "best_mean": u.best, "against_plain": {k: gap_json(g) for k, g in u.against_plain.items()}}
                  for kind, (metric, u) in r.under.items()},
        "findings": r.findings.numbers, "warnings": r.findings.warnings,
        "label_noise": None if noise is None else {"rate": noise.rate if noise.told() else None, "low": noise.low, "high": noise.high, "confident_learning": noise.confident,
                                                   "error": noise.error, "suspects": len(noise.suspects)},
        "traits": r.probed.traits._asdict(), "plan": r.plan._asdict(), "folds": v.folds, "trainings": r.trained, "seconds": r.seconds,
        "stopped": r.stopped, "folder": r.folder, "model": r.folder + "/model.npz" if r.kept.model else None}


def write(r: Result, folder: Path) -> None:
    (folder / "advice.md").write_text(as_markdown(r), encoding="utf-8")
    if r.probed.suspects:
        with open(folder / "suspects.csv", "w", newline="", encoding="utf-8") as f:
            out = csv.writer(f, lineterminator="\n")
            out.writerow(["row", "label", "likelier"])
            out.writerows([row + 1, r.findings.classes[a], r.findings.classes[b]] for row, a, b in r.probed.suspects[:MOST_SUSPECTS])
    try:
        text = as_html(r)
    except ImportError as error:
        warn("advice.html is not written: %s (scripts/setup.sh study installs it)" % error)
        return
    (folder / "advice.html").write_text(text, encoding="utf-8")


def as_html(r: Result) -> str:
    import jinja2
    from markupsafe import Markup

    import drawing
    import plots
    v = r.verdict
    effects = [plots.Effect(name, g.mean, g.low, g.high, "better" if g.low > 0 else "worse" if g.high < 0 else "") for name, _, _, g in rows_of(v) if g]
    svg = None
    if effects:
        height = 0.8 + 0.26 * len(effects)
        plot = drawing.Plot("differences", "", "; ".join("%s %s" % (e.name, difference_words(e.mean, e.low, e.high)) for e in effects),
                            lambda figure: plots.draw_differences(figure, effects, PLAIN[r.findings.task], v.rope, "gain in " + metric_words(r.metric), "right"),
                            (drawing.WIDTH, height), page_sizes=[(width, height) for width, _ in drawing.PAGE_SIZES[1]])
        svg = Markup(plot.inline())
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True, lstrip_blocks=True,
                                     undefined=jinja2.StrictUndefined)
    return environment.get_template("advise_page.html").render(
        title="Which loss for %s?" % r.data, kicker="lossbench advise · %s · %s" % (plural(r.trained, "training"), plural(v.folds, "fold")),
        headline=headline(r), doubts=r.findings.warnings, sections=sections(r), svg=svg,
        caption="Difference from %s with its interval; the band is what counts as no difference (%s)." % (PLAIN[r.findings.task], shown(v.rope)),
        light=Markup(drawing.colour_variables(False)), dark=Markup(drawing.colour_variables(True)))
