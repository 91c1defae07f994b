"""The figures that a study's records can give; of each that they cannot, the reason. Needs numpy, scipy and matplotlib."""
import math
from dataclasses import dataclass, field
from functools import partial
from typing import Dict, List, Optional, Tuple

import drawing
import per_row_tests
import plots
import soundness
import stats
import study_plan
from comparison import Study, Verdict, verdicts
from facts import curve, is_number
from drawing import Plot
from plots import Effect, Line
from ranking import Ranking, ranking
from records import Keys, Trial, natural, plural, within
from wording import axis_words, condition_words, key_words, listed, metric_words, signed

MOST_PANELS = 8                         # of one section; the rest is counted
MOST_EFFECTS = 24                       # contenders in one figure of differences
MOST_LINES, MOST_CURVES = 40, 20        # of a plot of curves, and trials of one line
ZOOM_FROM = 10                          # epochs from which the first fifth does not set the range of a curve
LOG_FROM = 20                           # ratio of the largest to the smallest value from which an axis is logarithmic


@dataclass
class Section:
    id: str
    title: str
    plots: List[Plot] = field(default_factory=list)
    words: List[str] = field(default_factory=list)
    missing: str = ""                   # why there is no figure

    @property
    def layout(self) -> str:
        """How the page sets out figures that it has room for: one, halves or thirds of its width; empty where each has its own."""
        sizes = self.plots[0].page_sizes
        return {drawing.WHOLE[0]: "ones", drawing.HALF[0]: "halves"}.get(sizes[0][0], "thirds") if sizes else ""

    def add(self, title: str, alt: str, draw, **more) -> Plot:
        self.plots.append(Plot("%s-%d" % (self.id, len(self.plots) + 1), title, alt, draw, **more))
        return self.plots[-1]


class Figures:
    def __init__(self, study: Study, plan: study_plan.Plan, keys: Keys, trials: List[Trial]):
        self.study, self.plan, self.keys, self.trials = study, plan, keys, trials
        self.ranking: Optional[Ranking] = ranking(study)
        self.order = self.ranking.contenders if self.ranking else list(study.contenders)
        self.style = plots.looks(study.contenders, self.order, study.control)
        self.where = {c: study.where(c) for c in study.conditions}

    def sections(self) -> List[Section]:
        made = [self.differences(), self.noise(), self.ranks(), self.sensitivity(), self.curves(), self.roc(), self.reliability(), self.confusion()]
        for section in made:
            if section.id in ("noise", "sensitivity", "curves", "roc", "reliability"):
                drawing.arrange(section.plots)
        return made

    def of(self, condition: str) -> str:
        """For the end of a description."""
        return ", " + self.where[condition] if self.where[condition] else ""

    def panels(self, section: Section) -> List[str]:
        """The conditions that are drawn."""
        most = self.study.conditions[:MOST_PANELS]
        if len(most) < len(self.study.conditions):
            section.words.append("The first %d of %d conditions are shown; --where KEY=VALUE selects others."
                                 % (len(most), len(self.study.conditions)))
        return most

    def few_named(self, section: Section) -> None:
        if len(self.study.contenders) > drawing.MANY and section.plots:
            section.words.append("Of %s the best by average rank%s are coloured and named, the others grey." % (
                plural(len(self.study.contenders), "contender"), " and " + self.study.against if self.study.against else ""))

    # ---- differences from the control ----

    def differences(self) -> Section:
        """A panel for each condition: how much better or worse each contender is than the control, or than the best without one."""
        s, section = self.study, Section("differences", "Differences")
        for condition in self.panels(section):
            against = s.reference(condition)
            others = [c for c in s.contenders if c != against and s.group(c, condition)]
            if against is None or not others:
                continue
            found = sorted(verdicts(s, condition, [(c, against) for c in others]), key=lambda v: -v.gain if v.tested else math.inf)
            effects = [effect(v, s) for v in found][:MOST_EFFECTS]
            if not any(math.isfinite(e.mean) for e in effects):
                continue
            cut = len(found) - len(effects)
            level = soundness.baseline(s, condition)
            section.add(self.where[condition], "differences of each %s from %s in %s%s: %s" % (
                s.what, against, s.metric_words, self.of(condition), "; ".join("%s %s, %s" % (v.who, v.difference_words, v.word) for v in found if v.tested)),
                partial(plots.draw_differences, effects=effects, control=against, rope=s.rope, xlabel="difference in " + axis_words(s.metric),
                        better="right" if s.higher else "left", level=level and (study_plan.CONSTANT.get(level[0], "constant model"), level[1] - s.mean(against, condition))),
                note="The %d best of %d are drawn." % (len(effects), len(found)) if cut else "")
        longest = max((len(p.draw.keywords["effects"]) for p in section.plots), default=0)
        for plot in section.plots:
            plot.size = (drawing.WIDTH, 0.78 + 0.17 * longest)
            plot.page_sizes = [(width, plot.size[1]) for width, _ in drawing.PAGE_SIZES.get(len(section.plots), (drawing.THIRD,))]
        if not section.plots:
            section.missing = "no pair of trials with results"
            return section
        reach = min(plots.reach_of(p.draw.keywords["effects"], s.rope) for p in section.plots)
        band = ("The grey band, ± %g, is the region of practical equivalence." if s.rope > reach / 100 else
                "The region of practical equivalence, ± %g (--rope), is too narrow to be seen here.") % s.rope
        section.words.insert(0, "Mean differences with 95 % intervals. Filled points are significant after Holm's correction, hollow ones are not. "
                             + band + " An arrow marks a value beyond the axis.")
        return section

    # ---- accuracy against noise ----

    def config_of(self, condition: str) -> Dict[str, object]:
        """Of the first trial."""
        return next(t.config for _, g in self.study.on(condition) for t in g.trials.values())

    def noise_of(self, condition: str) -> Tuple[str, float]:
        """Kind and rate of the label noise; whatever has none has the rate 0."""
        config = self.config_of(condition)
        kind, rate = str(config.get("corrupt.labels.kind", "none")), config.get("corrupt.labels.rate", 0)
        return ("none", 0.0) if kind == "none" or not is_number(rate) or not rate else (kind, float(rate))

    def noise(self) -> Section:
        """A panel for each kind of noise and each setting of the rest; what is clean begins every one."""
        s, section = self.study, Section("noise", "Label noise")
        panels: Dict[Tuple[str, str], Dict[str, float]] = {}
        clean: Dict[str, str] = {}
        for c in s.conditions:
            kind, rate = self.noise_of(c)
            rest = s.where_but(("corrupt.labels",), c)
            if rate:
                panels.setdefault((kind, rest), {})[c] = rate
            else:
                clean[rest] = c
        drawable = []
        for (kind, rest), rates in panels.items():
            rates.update({clean[rest]: 0.0} if rest in clean else {})
            if len(set(rates.values())) > 1:
                drawable.append((kind, rest, rates))
        for kind, rest, rates in drawable[:MOST_PANELS]:
            order = sorted(rates, key=lambda c: rates[c])
            lines = [line for who in s.contenders for line in [self.noise_line(who, order, rates)] if line]
            title = ", ".join(filter(None, (rest, kind + " noise" if len({k for k, _ in panels}) > 1 or not rest else "")))
            section.add(title, "%s against the rate of %s noise%s" % (s.metric_words, kind, ", " + rest if rest else ""), partial(
                plots.draw_lines, lines=lines, style=self.style, xlabel="fraction of training labels changed (%s noise)" % kind,
                ylabel=axis_words(s.metric), marks=True, level=self.level(order[0])))
        if not section.plots:
            section.missing = "only one rate of label noise"
            return section
        if len(drawable) > MOST_PANELS:
            section.words.append("The first %d of %d panels are drawn." % (MOST_PANELS, len(drawable)))
        section.words.append("Mean %s; the shaded band, drawn for the best only, is ± one sample standard deviation over %s." % (
            s.metric_words, s.replicate + "s") + self.lost_words(section))
        self.few_named(section)
        return section

    def level(self, condition: str) -> Optional[Tuple[str, float]]:
        """The constant model, as a line to compare with."""
        found = soundness.baseline(self.study, condition)
        return (study_plan.CONSTANT.get(found[0], "constant model"), found[1]) if found else None

    @staticmethod
    def lost_words(section: Section) -> str:
        lost = any(line.lost for p in section.plots for line in p.draw.keywords["lines"])
        return " A cross below the axis counts the trials that diverged or failed, of all with that value; a hollow point is the mean of the rest." if lost else ""

    def noise_line(self, who: str, conditions: List[str], rates: Dict[str, float]) -> Optional[Line]:
        points = [point(rates[c], list(g.trials.values()), self.study.metric) for c in conditions for g in [self.study.group(who, c)] if g]
        return line_of(who, points, who in self.banded())

    def banded(self) -> List[str]:
        """The lines whose spread is drawn: all of them would cover each other."""
        return self.order[:1]

    # ---- ranks ----

    def ranks(self) -> Section:
        section, r = Section("ranks", "Average ranks"), self.ranking
        if r is None or r.blocks < 2:
            section.missing = "no two contenders with results on a common condition" if r is None else "one condition only"
            return section
        runs = stats.not_different(r.mean, r.ranks.cd) if r.ranks else []
        rows = (len(r.contenders) + 1) // 2
        high = 0.9 + 0.17 * rows + 0.09 * len(runs)
        section.plots.append(Plot("ranks", "1 is best; over " + r.blocks_words,
                                  "average ranks by %s: " % self.study.metric_words + ", ".join(
                                      "%s %.2f" % item for item in zip(r.contenders, r.mean)),
                                  partial(plots.draw_ranks, names=r.contenders, mean=r.mean, cd=r.ranks.cd if r.ranks else None, runs=runs),
                                  (drawing.WIDTH * 1.25, high), page_sizes=[(size[0], high) for size in drawing.PAGE_SIZES[1]]))
        if runs:
            section.words.append("A bar joins contenders that Nemenyi's test does not distinguish.")
        if r.ranks:
            return section                              # the rest stands below the table that follows
        section.words += [r.sentence] + ([r.left_out_words] if r.left_out else [])
        return section

    # ---- learning curves ----

    def curves(self) -> Section:
        s, section = self.study, Section("curves", "Learning curves")
        loss_shown = False
        for condition in self.panels(section):
            name = "valid." + s.metric.split(".", 1)[-1]
            lines = self.curve_lines(condition, name)
            log_y = not lines
            if log_y:
                name, lines = "train.loss", self.curve_lines(condition, "train.loss")
                log_y = all(v > 0 for line in lines for v in line.y)
            if not lines:
                continue
            loss_shown = loss_shown or name == "train.loss"
            last = max(line.x[-1] for line in lines)
            section.add(self.where[condition], "%s by epoch, a line for each %s%s" % (metric_words(name), s.what, self.of(condition)), partial(
                plots.draw_lines, lines=lines, style=self.style, xlabel="epoch", ylabel=axis_words(name) + self.noisy_words(condition, name), log_y=log_y,
                level=None if name == "train.loss" else self.level_of(condition, name),
                y_from=last / 5 if last >= ZOOM_FROM and not log_y else -math.inf), note=self.curve_note(condition, name))
        if not section.plots:
            section.missing = "the records hold no curve"
            section.words = []
            return section
        if loss_shown:
            section.words.append("The records keep no curve of %s; the training loss is shown, whose scale differs from loss to loss."
                                 % metric_words("valid." + s.metric.split(".", 1)[-1]))
        section.words += self.curves_left_out()
        section.words.append("Means over %ss; the shaded band, drawn for the best only, is ± one sample standard deviation. With ten epochs or "
                             "more, the first fifth may lie outside the frame." % s.replicate)
        self.few_named(section)
        return section

    def curves_left_out(self) -> List[str]:
        out = []
        if len(self.study.contenders) > MOST_LINES:
            out.append("The %d contenders with the best average ranks are drawn, of %d." % (MOST_LINES, len(self.study.contenders)))
        most = max(len(g.trials) for g in self.study.groups.values())
        return out + (["Each line is the mean of the first %d %ss, of %d." % (MOST_CURVES, self.study.replicate, most)] if most > MOST_CURVES else [])

    def level_of(self, condition: str, metric: str) -> Optional[Tuple[str, float]]:
        found = soundness.baseline(self.study, condition, metric)
        return (study_plan.CONSTANT.get(found[0], "constant model"), found[1]) if found else None

    def curve_note(self, condition: str, name: str) -> str:
        """Lost trials, which have no line, and noisy validation labels."""
        lost = [(c, len(g.trials) - len(g.with_status("ok")), len(g.trials)) for c, g in self.study.on(condition)]
        lost = ["%s %d of %d" % item for item in lost if item[1]]
        notes = ["Lost trials, not drawn: %s." % listed(lost)] if lost else []
        if self.noisy_words(condition, name):
            notes.append("The validation labels are noisy too, so these values are lower than on the clean test rows.")
        return " ".join(notes)

    def noisy_words(self, condition: str, name: str) -> str:
        """For the end of an axis, where a metric is measured on labels of which some were changed."""
        noisy = name.startswith("valid.") and self.noise_of(condition)[1] and self.config_of(condition).get("corrupt.labels.valid", True)
        return ", noisy labels" if noisy else ""

    def curve_lines(self, condition: str, name: str) -> List[Line]:
        lines = []
        for who in [c for c in self.order if c in self.study.contenders][:MOST_LINES]:
            g = self.study.group(who, condition)
            ok = [t for t in (g.trials.values() if g else ()) if t.status == "ok"][:MOST_CURVES]
            by_epoch: Dict[int, List[float]] = {}
            made = [(epochs, values) for epochs, values in (curve(t.path, name) for t in ok) if epochs]
            shortest = min((epochs[-1] for epochs, _ in made), default=0)
            for epochs, values in made:
                for e, v in zip(epochs, values):
                    if e <= shortest and is_number(v):
                        by_epoch.setdefault(e, []).append(v)
            points = [(e, *study_plan.mean_sd(v)) for e, v in sorted(by_epoch.items())]
            points = [(e, m, sd or 0.0) for e, m, sd in points if m is not None and math.isfinite(m)]
            if points:
                x, y, spread = map(list, zip(*points))
                lines.append(Line(who, x, y, spread if who in self.banded() else None))
        return lines

    # ---- from predictions ----

    def reliability(self) -> Section:
        s, section, plain = self.study, Section("reliability", "Reliability"), {}
        for condition in self.panels(section):
            best = s.best(condition)
            names = list(dict.fromkeys(c for c in (best, s.against) if c))
            kept = {c: rows for c in names for _, rows in [per_row_tests.first_kept(s.group(c, condition))] if rows is not None and rows.classes}
            plain.update({c: None for c, rows in kept.items() if rows.plain})
            kept = {c: rows for c, rows in kept.items() if not rows.plain}
            if kept:
                bins = {c: per_row_tests.reliability(rows) for c, rows in kept.items()}
                section.add(self.where[condition], "fraction of rows that are correct by the confidence of the model" + self.of(condition),
                            partial(plots.draw_reliability, bins=bins, style=self.style))
        if not section.plots:
            section.missing, section.words = per_row_tests.missing(plain), []
            return section
        section.words.append("The best and the control, on the test rows of one %s; %d bins of equal width, the area of a point shows the number of "
                             "rows. Below the diagonal the model is over-confident. Confidence is the softmax of the scores, whatever the loss was."
                             % (s.replicate, per_row_tests.BINS))
        section.words += [per_row_tests.PLAIN % ", ".join(plain)] if plain else []
        return section

    def roc(self) -> Section:
        s, section = self.study, Section("roc", "ROC curves")
        for condition in self.panels(section):
            curves, positive = {}, ""
            for c in [c for c in self.order if self.style[c]["color"] != drawing.RULE]:
                _, rows = per_row_tests.first_kept(s.group(c, condition))
                found = per_row_tests.roc(rows) if rows is not None and not rows.plain else None
                if found:
                    curves[c], positive = found, rows.classes[1]
            if curves:
                section.add(self.where[condition], "true against false positive rate%s: %s" % (self.of(condition), "; ".join(
                    "%s area %.4f" % (c, area) for c, (_, _, area) in curves.items())), partial(
                        plots.draw_roc, curves=curves, style=self.style, positive=positive))
        if not section.plots:
            section.missing, section.words = "no predictions of two classes were kept", []
            return section
        section.words.append("On the test rows of one %s; the diagonal is chance. Each point is a threshold above which a row counts as positive." % s.replicate)
        self.few_named(section)
        return section

    def confusion(self) -> Section:
        s, section, plain = self.study, Section("confusion", "Confusion of the best"), {}
        for condition in self.panels(section):
            best = s.best(condition)
            _, rows = per_row_tests.first_kept(s.group(best, condition)) if best else ("", None)
            if rows is None or not rows.classes:
                continue
            if rows.plain:
                plain[best] = None
                continue
            counts = per_row_tests.confusion(rows)
            where = s.where(condition)
            section.add(where + ": " + best if where else best, "confusion matrix of %s%s" % (best, self.of(condition)), partial(
                plots.draw_confusion, counts=counts, classes=rows.classes), size=plots.confusion_size(len(rows.classes)),
                note=worst_confusions(counts, rows.classes))
        if not section.plots:
            section.missing, section.words = per_row_tests.missing(plain), []
            return section
        section.words.append("Test rows of one %s: rows are actual classes, columns predicted ones; the darker a cell, the larger its share of the "
                             "actual class." % s.replicate)
        section.words += [per_row_tests.PLAIN % ", ".join(plain)] if plain else []
        return section

    # ---- sensitivity ----

    def looks_of_losses(self, losses: List[str]) -> Dict[str, dict]:
        """The colours that the losses have elsewhere on the page, where contenders are losses with one setting each."""
        if all(name in self.style for name in losses):
            return {name: self.style[name] for name in losses}
        return plots.looks(losses, losses, self.study.control)

    def sensitivity(self) -> Section:
        """A panel for each hyper-parameter and each setting of the data, their corruption and the model: these are never pooled."""
        s, section = self.study, Section("sensitivity", "Sensitivity to hyper-parameters")
        tried = [k for k in self.keys.varying if within(k, ("loss", "optimizer", "schedule", "model", "train")) and not within(k, self.plan.over)
                 and not k.endswith((".name", ".kind", ".seed"))]
        apart = [k for k in self.keys.varying if study_plan.is_question(k) and not within(k, self.plan.over) or k == "model.kind"]
        metric = self.plan.select or s.metric
        panels = [(key, at, lines) for key in tried for at, members in study_plan.grouped(self.trials, self.keys, apart).items()
                  for lines in [sensitivity_lines(members, key, metric)] if lines]
        pooled = False
        for key, at, lines in panels[:MOST_PANELS]:
            x = [v for line in lines for v in line.x]
            style = self.looks_of_losses([line.name for line in lines])
            where = condition_words(apart, at)
            pooled = pooled or len(tried) > 1
            section.add(where or key_words(key), "%s against %s, a line for each loss%s" % (
                metric_words(metric), key_words(key), ", " + where if where else ""), partial(
                    plots.draw_lines, lines=lines, style=style, xlabel=key_words(key), ylabel=axis_words(metric), marks=True,
                    log_x=min(x) > 0 and spaced_log(sorted(set(x)))))
        if not section.plots:
            section.missing = "no hyper-parameter was tried at two values"
            return section
        if len(panels) > MOST_PANELS:
            section.words.append("The first %d of %d panels are drawn; --where KEY=VALUE shows others." % (MOST_PANELS, len(panels)))
        section.words.append("Each point is the mean %s over all trials with that value on the panel's data%s." % (
            metric_words(metric), ", whatever their other hyper-parameters" if pooled else "") + self.lost_words(section))
        return section


# ---- points ----

def effect(v: Verdict, study: Study) -> Effect:
    words = v.word if v.word != "not tested" else "single pair: %s" % signed(v.mean, 4) if math.isfinite(v.mean) else v.word
    return Effect(v.who, v.mean, v.low, v.high, v.word, words, "%s against %s" % (v.difference_words, v.against) if v.tested else "")


def point(x: float, trials: List[Trial], metric: str) -> Tuple[float, float, float, int, int]:
    """x, mean and sd of the trials that ended well, how many did not, and all; the mean is NaN where none has a finite value."""
    values = [t.metrics[metric] for t in trials if t.status == "ok" and metric in t.metrics]
    mean, sd = study_plan.mean_sd(values)
    return (x, math.nan if mean is None or not math.isfinite(mean) else mean, sd or 0.0,
            sum(t.status in ("diverged", "failed") for t in trials), len(trials))


def line_of(name: str, points: List[Tuple[float, float, float, int, int]], banded: bool) -> Optional[Line]:
    """None where there is neither a mean nor a loss to show."""
    lost = [(x, k, n) for x, _, _, k, n in points if k]
    if not lost and not any(math.isfinite(y) for _, y, _, _, _ in points):
        return None
    return Line(name, [p[0] for p in points], [p[1] for p in points], [p[2] for p in points] if banded else None, lost)


def sensitivity_lines(trials: List[Trial], key: str, metric: str) -> List[Line]:
    """A line for each loss that was tried at two values or more."""
    points: Dict[str, Dict[float, List[Trial]]] = {}
    for t in trials:
        if is_number(t.config.get(key)):
            points.setdefault(str(t.config.get("loss.name")), {}).setdefault(float(t.config[key]), []).append(t)
    lines = [line_of(name, [point(x, members, metric) for x, members in sorted(by_x.items())], False)
             for name, by_x in sorted(points.items(), key=lambda item: natural(item[0])) if len(by_x) > 1]
    return [line for line in lines if line]


def spaced_log(x: List[float]) -> bool:
    """True for values whose ratios are nearer to each other than their distances are."""
    if x[-1] / x[0] >= LOG_FROM:
        return True
    ratios, steps = [b / a for a, b in zip(x, x[1:])], [b - a for a, b in zip(x, x[1:])]
    return len(x) > 2 and max(ratios) / min(ratios) < max(steps) / min(steps)


def worst_confusions(counts, classes: List[str]) -> str:
    pairs = sorted(((int(counts[i, j]), classes[i], classes[j]) for i in range(len(classes)) for j in range(len(classes))
                    if i != j and counts[i, j]), key=lambda item: -item[0])[:3]
    return "Most often: " + "; ".join("%d %s predicted as %s" % (n, a, b) for n, a, b in pairs) + "." if pairs else "No row is wrong."

