"""The figures that a study's records can give, and a sentence for each that they cannot. Needs numpy, scipy and matplotlib."""
import math
from dataclasses import dataclass, field
from functools import partial
from typing import Dict, List, Optional, Tuple

import aggregate
import plots
import rowwise
import stats
from comparison import Ranking, Study, ranking
from plots import Line, Plot
from records import Keys, Trial, within

MOST_PANELS = 8                         # of one section; the rest is counted


@dataclass
class Section:
    id: str
    title: str
    plots: List[Plot] = field(default_factory=list)
    words: List[str] = field(default_factory=list)


class Figures:
    def __init__(self, study: Study, plan: aggregate.Plan, keys: Keys, trials: List[Trial]):
        self.study, self.plan, self.keys, self.trials = study, plan, keys, trials
        self.ranking: Optional[Ranking] = ranking(study)
        self.order = self.ranking.contenders if self.ranking else list(study.contenders)
        self.style = plots.looks(study.contenders, self.order, study.control)

    def sections(self) -> List[Section]:
        return [self.noise(), self.ranks(), self.curves(), self.reliability(), self.confusion(), self.sensitivity()]

    def panels(self, section: Section) -> List[str]:
        """The conditions that are drawn."""
        most = self.study.conditions[:MOST_PANELS]
        if len(most) < len(self.study.conditions):
            section.words.append("Shown for the first %d of %d conditions; report fewer with --where KEY=VALUE to see others."
                                 % (len(most), len(self.study.conditions)))
        return most

    def few_named(self, section: Section) -> None:
        if len(self.study.contenders) > plots.MANY and section.plots:
            section.words.append("Of %d contenders the best by average rank and %s are coloured and named, the others grey."
                                 % (len(self.study.contenders), self.study.control))

    # ---- accuracy against noise ----

    def noise_of(self, condition: str) -> Tuple[str, float]:
        """Kind and rate of the label noise; whatever has none has the rate 0."""
        config = next(t.config for (_, c), g in self.study.groups.items() if c == condition for t in g.trials.values())
        kind, rate = str(config.get("corrupt.labels.kind", "none")), config.get("corrupt.labels.rate", 0)
        return ("none", 0.0) if kind == "none" or not isinstance(rate, (int, float)) or not rate else (kind, float(rate))

    def noise(self) -> Section:
        """A panel for each kind of noise and each setting of the rest; what is clean begins every one."""
        s, section = self.study, Section("noise", "Against the noise rate")
        panels: Dict[Tuple[str, str], Dict[str, float]] = {}
        clean: Dict[str, str] = {}
        for c in s.conditions:
            kind, rate = self.noise_of(c)
            rest = " ".join(v for k, v in zip(s.keys, s.at[c]) if not within(k, ("corrupt.labels",)))
            if rate:
                panels.setdefault((kind, rest), {})[c] = rate
            else:
                clean[rest] = c
        for (kind, rest), rates in panels.items():
            rates.update({clean[rest]: 0.0} if rest in clean else {})
            if len(set(rates.values())) < 2 or len(section.plots) == MOST_PANELS:
                continue
            order = sorted(rates, key=lambda c: rates[c])
            lines = [line for who in s.contenders for line in [self.noise_line(who, order, rates)] if line]
            title = " ".join(filter(None, (kind if len({k for k, _ in panels}) > 1 else "", rest)))
            section.plots.append(Plot("noise-%d" % (len(section.plots) + 1), title or "label noise: " + kind, "%s against the rate of %s noise%s" % (
                s.metric, kind, " with " + rest if rest else ""), partial(plots.draw_lines, lines=lines, style=self.style,
                                                                         xlabel="rate of %s label noise" % kind, ylabel=s.metric, marks=True)))
        if not section.plots:
            section.words.append("Only one noise rate was trained with, so there is nothing to draw against it.")
            return section
        section.words.append("Mean %s; the band is ± one sample standard deviation over replicates." % s.metric)
        self.few_named(section)
        return section

    def noise_line(self, who: str, conditions: List[str], rates: Dict[str, float]) -> Optional[Line]:
        points = []
        for c in conditions:
            g = self.study.group(who, c)
            mean, sd = aggregate.mean_sd(list(g.values().values())) if g else (None, None)
            if mean is not None:
                points.append((rates[c], mean, sd or 0.0))
        return Line(who, *map(list, zip(*points))) if points else None

    # ---- ranks ----

    def ranks(self) -> Section:
        section, r = Section("ranks", "Average ranks"), self.ranking
        if r is None:
            section.words.append("No ranks: they need two contenders with results on a common condition.")
            return section
        runs = stats.not_different(r.mean, r.ranks.cd) if r.ranks else []
        rows = (len(r.contenders) + 1) // 2
        section.plots.append(Plot("ranks", "1 is best; over %d %s" % (r.blocks, r.over if r.over.endswith("s") else r.over + "s"),
                                  "average ranks by %s: " % self.study.metric + ", ".join(
                                      "%s %.2f" % item for item in zip(r.contenders, r.mean)),
                                  partial(plots.draw_ranks, names=r.contenders, mean=r.mean, cd=r.ranks.cd if r.ranks else None, runs=runs),
                                  (plots.WIDTH * 1.25, 0.9 + 0.17 * rows + 0.09 * len(runs))))
        if runs:
            section.words.append("A bar joins contenders that Nemenyi's test does not tell apart.")
        if r.ranks:
            return section                              # the rest stands below the table that follows
        section.words.append(r.sentence)
        if r.left_out:
            section.words.append("%d of %d blocks left out, since a contender has no result there." % (r.left_out, r.left_out + r.blocks))
        return section

    # ---- learning curves ----

    def curves(self) -> Section:
        s, section = self.study, Section("curves", "Learning curves")
        for n, condition in enumerate(self.panels(section)):
            name, log_y = "valid." + s.metric.split(".", 1)[1], False
            lines = self.curve_lines(condition, name)
            if not lines:
                name, log_y = "train.loss", True
                lines = self.curve_lines(condition, name)
            if lines:
                section.plots.append(Plot("curves-%d" % (n + 1), condition, "%s by epoch, %s, a line for each %s" % (name, condition, s.what),
                                          partial(plots.draw_lines, lines=lines, style=self.style, xlabel="epoch", ylabel=name)))
                if log_y:
                    section.words = ["The records keep no curve of valid.%s; the training loss is shown, whose scale differs from loss to "
                                     "loss." % s.metric.split(".", 1)[1]]
        if not section.plots:
            section.words = ["The records hold no learning curves (full-batch and closed-form fits have none)."]
            return section
        section.words.append("Mean over replicates; the band is ± one sample standard deviation.")
        self.few_named(section)
        return section

    def curve_lines(self, condition: str, name: str) -> List[Line]:
        lines = []
        for who in self.study.contenders:
            g = self.study.group(who, condition)
            curves = [c for t in (g.trials.values() if g else ()) if t.status == "ok"
                      for c in [((t.record.get("result") or {}).get("curves") or {}).get(name)] if c]
            length = min(map(len, curves), default=0)
            columns = [[c[e] for c in curves if isinstance(c[e], (int, float))] for e in range(length)]
            points = [(e + 1, *aggregate.mean_sd(v)) for e, v in enumerate(columns) if v]
            points = [(e, m, sd or 0.0) for e, m, sd in points if m is not None and math.isfinite(m)]
            if points:
                lines.append(Line(who, *map(list, zip(*points))))
        return lines

    # ---- from predictions ----

    def reliability(self) -> Section:
        s, section = self.study, Section("reliability", "Reliability")
        drawn = []
        for n, condition in enumerate(self.panels(section)):
            best = s.best(condition)
            names = list(dict.fromkeys(c for c in (best, s.control) if c and c != "all"))
            kept = {c: rows for c in names for _, rows in [rowwise.first_kept(s.group(c, condition))] if rows is not None and rows.classes}
            if kept:
                bins = {c: rowwise.reliability(rows) for c, rows in kept.items()}
                drawn.append(condition)
                section.plots.append(Plot("reliability-%d" % (n + 1), condition, "share of rows that are right by the confidence of the model, "
                                          + condition, partial(plots.draw_reliability, bins=bins, style=self.style)))
        if not drawn:
            section.words = [rowwise.ABSENT]
            return section
        section.words.append("The best and the control, on the test rows of one replicate; %d bins of equal width, the area of a point is the "
                             "number of rows. Below the diagonal a model is surer than it is right. Confidence is the softmax of the scores, "
                             "whatever the loss was." % rowwise.BINS)
        return section

    def confusion(self) -> Section:
        s, section = self.study, Section("confusion", "Confusion of the best")
        for n, condition in enumerate(self.panels(section)):
            best = s.best(condition)
            replicate, rows = rowwise.first_kept(s.group(best, condition)) if best else ("", None)
            if rows is None or not rows.classes:
                continue
            counts = rowwise.confusion(rows)
            section.plots.append(Plot("confusion-%d" % (n + 1), "%s: %s" % (condition, best), "confusion matrix of %s, %s" % (best, condition),
                                      partial(plots.draw_confusion, counts=counts, classes=rows.classes), (plots.WIDTH, plots.WIDTH),
                                      note=worst_confusions(counts, rows.classes)))
        if not section.plots:
            section.words = [rowwise.ABSENT]
            return section
        section.words.append("Test rows of one replicate; a field's depth is its share of the true class.")
        return section

    # ---- sensitivity ----

    def sensitivity(self) -> Section:
        s, section = self.study, Section("sensitivity", "Sensitivity to hyper-parameters")
        of_loss = [k for k in self.keys.varying if within(k, ("loss", "optimizer", "schedule", "model")) and not within(k, self.plan.over)
                   and not k.endswith((".name", ".kind", ".seed"))]
        for key in of_loss:
            lines = self.sensitivity_lines(key)
            if lines:
                x = [v for line in lines for v in line.x]
                style = plots.looks([line.name for line in lines], [line.name for line in lines], s.control)
                split = self.plan.select or s.metric
                section.plots.append(Plot("sensitivity-" + key.replace(".", "-"), key, "%s against %s, a line for each loss" % (split, key),
                                          partial(plots.draw_lines, lines=lines, style=style, xlabel=key, ylabel=split, marks=True,
                                                  log_x=min(x) > 0 and max(x) / min(x) >= 20)))
        section.words.append("Mean over all trials with that value, whatever else varies; the band is ± one sample standard deviation." if
                             section.plots else "No hyper-parameter of a loss, optimiser or model was tried at more than one value, so its "
                             "effect is not known here; a sweep over `loss.NAME: default` grids or optimizer.lr would tell.")
        return section

    def sensitivity_lines(self, key: str) -> List[Line]:
        """A line for each loss that was tried at two values or more."""
        metric, points = self.plan.select or self.study.metric, {}
        for t in self.trials:
            x = t.config.get(key)
            if t.status == "ok" and metric in t.metrics and isinstance(x, (int, float)) and not isinstance(x, bool):
                points.setdefault(str(t.config.get("loss.name")), {}).setdefault(float(x), []).append(t.metrics[metric])
        lines = []
        for name, by_x in sorted(points.items()):
            stated = [(x, *aggregate.mean_sd(v)) for x, v in sorted(by_x.items())]
            stated = [(x, m, sd or 0.0) for x, m, sd in stated if m is not None and math.isfinite(m)]
            if len(stated) > 1:
                lines.append(Line(name, *map(list, zip(*stated))))
        return lines


def worst_confusions(counts, classes: List[str]) -> str:
    pairs = sorted(((int(counts[i, j]), classes[i], classes[j]) for i in range(len(classes)) for j in range(len(classes))
                    if i != j and counts[i, j]), key=lambda item: -item[0])[:3]
    return "Most often: " + "; ".join("%s taken for %s %d times" % (a, b, n) for n, a, b in pairs) + "." if pairs else "No row is wrong."
