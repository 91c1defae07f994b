"""What the tables of a study are made of: rows, columns, replicates, choices by validation metrics, means. Standard library only."""
import argparse
import math
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Callable, Collection, Dict, Iterable, List, Optional, Tuple

from choices import chosen_text, tuned_metric
from records import ABSENT, Keys, Refused, SPLITS, Trial, natural, nearest, plural, short_names, warn, within
from tables import Cell, Column, Row, Table, finish

REPLICATE = "train.seed"
FOLDS = ("data.cv.fold", "data.split.fold")             # replicates too, where they vary
QUESTION = ("task", "data", "corrupt")                 # --select never chooses among these: each is a question of its own
TUNABLE = ("data.preprocess",)
LOSS = ("loss", "terms", "train.miner")                  # what a model minimises
PLAIN = "plain training"                                 # the contender without what the others have
CONTENDERS = ("loss.name", "model")                    # nor among these, unless --group-by says what the rows are
MOST_COLUMNS, MOST_ROWS = 8, 40                        # of a compact table


# ---- plan ----

@dataclass
class Plan:
    rows: List[str]
    across: List[str]
    over: List[str]
    tuned: List[str]
    metrics: List[str]
    select: Optional[str]
    directions: Dict[str, str]
    short: bool = False                                 # the compact table: one metric, the best first
    notes: List[str] = field(default_factory=list)      # what was done to the records before the table was made of them

    def higher(self, metric: str) -> Optional[bool]:
        direction = self.directions.get(metric.split(".", 1)[1])
        return None if direction is None else direction == "higher"


def make_plan(args: argparse.Namespace, trials: List[Trial], keys: Keys, notes: Iterable[str] = ()) -> Plan:
    asked = list(dict.fromkeys(args.group_by + args.across))
    keys.check(asked + args.over)
    over = keys.replicates(args.over or [REPLICATE] + [k for k in FOLDS if k in keys.varying])
    keys.average_over(over)
    if args.select and "." not in args.select:
        args.select = "valid." + args.select
    directions = directions_of(trials)
    known = list(dict.fromkeys([s + "." + name for s in SPLITS for name in directions] + [m for t in trials for m in t.metrics]))
    if not known:
        raise Refused("the records hold no metric; list some in the config, such as metrics: [accuracy]", 4)
    measured = {m for t in trials for m in t.metrics}
    metrics = check_metrics([full_name(m, measured, known) for m in args.metric], args.select, known, directions)
    varying = [k for k in keys.varying if not within(k, over)]
    free = [k for k in varying if not within(k, asked)]
    kept = [k for k in free if not args.select or fixed(k, bool(args.group_by))]
    rows = dict.fromkeys(k for k in args.group_by + keys.columns(kept, varying) if k not in args.across)
    split = "test" if any("test" in t.splits for t in trials) else "valid"
    return Plan(rows=list(rows), across=args.across, over=over, tuned=[k for k in free if k not in kept],
                metrics=metrics or default_metrics(split, directions, trials), select=args.select, directions=directions, notes=list(notes))


def directions_of(trials: List[Trial]) -> Dict[str, str]:
    """Where records disagree, which no two that lossbench wrote do, what most of them say."""
    counts: Dict[str, Counter] = {}
    for said, n in Counter(tuple(t.directions.items()) for t in trials).items():
        for name, way in said:
            counts.setdefault(name, Counter())[way] += n
    return {name: ways.most_common(1)[0][0] for name, ways in counts.items()}


def default_metrics(split: str, directions: Dict[str, str], trials: List[Trial]) -> List[str]:
    """All on one split; that which the trials were tuned by comes first."""
    first = tuned_metric(trials)
    return [split + "." + name for name in sorted(directions, key=lambda name: name != first)]


def fixed(key: str, rows_given: bool) -> bool:
    """True for a key that --select leaves alone."""
    return is_question(key) or (not rows_given and within(key, CONTENDERS))


def is_question(key: str) -> bool:
    return within(key, QUESTION) and not within(key, TUNABLE)


def full_name(metric: str, measured: Collection[str], known: Collection[str]) -> str:
    """auc stands for test.auc, or for valid.auc where no test rows were measured."""
    names = [metric, *("%s.%s" % (split, metric) for split in ("test", "valid", "train"))]
    return next((name for some in (measured, known) for name in names if name in some), metric)


def check_metrics(metrics: List[str], select: Optional[str], known: List[str], directed: Iterable[str]) -> List[str]:
    for metric in metrics + ([select] if select else []):
        if metric not in known:
            raise Refused("unknown metric '%s'%s" % (metric, nearest(metric, known)))
    if select and not select.startswith("valid."):
        raise Refused("--select %s: parameters are chosen on the validation rows only, or the %s numbers would be too good; "
                      "use --select valid.%s" % (select, *select.split(".", 1)))
    if select and select.split(".", 1)[1] not in directed:
        raise Refused("--select %s: the records do not say whether higher or lower is better" % select)
    return metrics


# ---- numbers ----

def mean_sd(values: List[float]) -> Tuple[Optional[float], Optional[float]]:
    """Mean and sample standard deviation; exact sums, so the order of the records does not matter."""
    n = len(values)
    if n == 0 or not all(map(math.isfinite, values)):
        mean = sum(values) / n if n else math.nan
        return (None if math.isnan(mean) else mean), None
    mean = math.fsum(v / n for v in values) if max(map(abs, values)) > 1e300 else math.fsum(values) / n
    return mean, math.sqrt(math.fsum((v - mean) * (v - mean) for v in values) / (n - 1)) if n > 1 else None


def metric_cell(trials: List[Trial], metric: str) -> Cell:
    done = [t for t in trials if t.status == "ok"]
    values = [t.metrics[metric] for t in done if metric in t.metrics]
    mean, sd = mean_sd(values)
    missing = "undefined" if done else "/".join(sorted({t.status for t in trials})) or "-"
    return Cell(mean=mean, sd=sd, n=len(values), undefined=len(done) - len(values), note=missing)


def not_ok(trials: List[Trial]) -> str:
    counts = [(s, sum(t.status == s for t in trials)) for s in sorted({t.status for t in trials} - {"ok"})]
    return ", ".join("%s %d" % count for count in counts) + " of %d" % len(trials) if counts else ""


def grouped(trials: List[Trial], keys: Keys, by: List[str]) -> Dict[Tuple[str, ...], List[Trial]]:
    groups: Dict[Tuple[str, ...], List[Trial]] = {}
    for t in trials:
        groups.setdefault(tuple([keys.text(t, k) for k in by]), []).append(t)
    return dict(sorted(groups.items(), key=lambda item: [natural(text) for text in item[0]]))


def choose(trials: List[Trial], plan: Plan, keys: Keys) -> Tuple[List[Trial], str]:
    """The trials of the best setting of the keys that --select chooses, and as text that setting and what the sweep's tuning chose."""
    picked, chosen = select(trials, plan, keys)
    return picked, " ".join(words for words in (chosen, chosen_text(picked, keys.short)) if words)


def select(trials: List[Trial], plan: Plan, keys: Keys) -> Tuple[List[Trial], str]:
    """A setting that lost trials loses to one that lost fewer."""
    if not plan.tuned or not trials:
        return trials, ""
    settings = grouped(trials, keys, plan.tuned)
    scores = {s: metric_cell(members, plan.select or "") for s, members in settings.items()}
    most = max(cell.n for cell in scores.values())
    full = [s for s, cell in scores.items() if cell.n == most and cell.mean is not None]
    if not full:
        if any(t.status == "ok" for t in trials):
            raise Refused("--select %s: %s has no such value; did the study have validation rows?"
                          % (plan.select, trials[0].path), 4)
        return trials, ""
    best = (max if plan.higher(plan.select or "") else min)(full, key=lambda s: scores[s].mean)
    return settings[best], " ".join("%s=%s" % pair for pair in zip(plan.tuned, best) if pair[1] != "-")


# ---- the table ----

def place(plan: Plan, at: Tuple[str, ...]) -> str:
    short = short_names(plan.across)
    return " ".join("%s=%s" % (short[k], v) for k, v in zip(plan.across, at))


def title(metric: str, plan: Plan, at: Tuple[str, ...]) -> str:
    return (metric + " " + place(plan, at)).strip() if len(plan.metrics) > 1 or not at else place(plan, at)


def make_row(key: Tuple[str, ...], members: List[Trial], places: List[Tuple[str, ...]], plan: Plan, keys: Keys) -> Row:
    parts, cells, n = grouped(members, keys, plan.across), [], 0
    for at in places:
        picked, chosen = choose(parts.get(at, []), plan, keys)
        if chosen or not plan.tuned:
            warn_repeats(picked, keys)
        n += sum(t.status == "ok" for t in picked)
        for metric in plan.metrics:
            cells.append(metric_cell(picked, metric))
            cells[-1].chosen = chosen
    return Row(key=list(key), cells=cells, n=n, not_ok=not_ok(members))


def warn_repeats(trials: List[Trial], keys: Keys) -> None:
    groups: Dict[Tuple[int, ...], List[Trial]] = {}
    for t in trials:
        groups.setdefault(keys.replicate(t), []).append(t)
    for members in groups.values():
        if len(members) > 1:
            warn("%s and %s are the same but for what is no row, column or replicate here; both are counted" % (
                members[0].path, members[1].path))


def mark_contests(table: Table, plan: Plan, places: List[Tuple[str, ...]]) -> None:
    """Cells compete that hold the same metric on the same data: down a column, or along a row where the columns are the losses (or
    the models, unless the rows are losses)."""
    rivals = LOSS if any(within(k, LOSS) for k in plan.rows) else LOSS + ("model",)
    along = any(within(k, rivals) for k in plan.across)
    for row in table.rows:
        cells = iter(row.cells)
        for at in places:
            data = [(k, v) for k, v in zip(plan.rows + plan.across, row.key + list(at)) if is_question(k)]
            for metric in plan.metrics:
                next(cells).contest = (metric, *data, *(row.key if along else at))
    table.contest = "row" if along else "column"
    shared = [k for k in plan.rows if is_question(k)]
    table.contest += ", among the rows of the same " + ", ".join(shared) if shared and not along else ""


def make_table(trials: List[Trial], plan: Plan, keys: Keys, sort: Optional[str]) -> Table:
    """sort: key, metric, or None for the best first in the compact table and by key in all others."""
    places = list(grouped(trials, keys, plan.across))
    columns = [Column(title(m, plan, at), place(plan, at), plan.higher(m), metric=m, at=tuple(zip(plan.across, at))) for at in places for m in plan.metrics]
    groups = grouped(trials, keys, plan.rows)
    rows = [make_row(key, members, places, plan, keys) for key, members in groups.items()]
    usual = max(cell.n for row in rows for cell in row.cells)
    for row, cell in ((row, cell) for row in rows for cell in row.cells):
        cell.show_n = cell.mean is not None and cell.n != (usual if plan.across else row.n)
    if sort == "metric" or sort is None and plan.short:
        rows = best_first(rows, columns, plan)
    table = Table(keys=plan.rows, columns=columns, rows=with_baselines(rows, groups, places, plan, keys), pivot=bool(plan.across),
                  caption=facts(trials, rows, plan, usual))
    mark_contests(table, plan, places)
    if plan.short:
        name_plain(table, plan)
    return finish(table)


def name_plain(table: Table, plan: Plan) -> None:
    """In a column that alone tells the contenders apart, the one without what the others have."""
    contenders = contender_keys(plan)
    if len(contenders) == 1 and contenders[0] in plan.rows:
        at = plan.rows.index(contenders[0])
        for row in table.rows:
            row.key[at] = PLAIN if row.key[at] == ABSENT else row.key[at]


# ---- order ----

def condition_at(key: List[str], plan: Plan) -> Tuple[str, ...]:
    """What of a row is no contender: the rows of one condition are compared."""
    contenders = contender_keys(plan)
    return tuple(v for k, v in zip(plan.rows, key) if k not in contenders)


def by_condition(rows: List[Row], plan: Plan) -> Dict[Tuple[str, ...], List[Row]]:
    out: Dict[Tuple[str, ...], List[Row]] = {}
    for row in rows:
        out.setdefault(condition_at(row.key, plan), []).append(row)
    return dict(sorted(out.items(), key=lambda item: [natural(text) for text in item[0]]))


def best_first(rows: List[Row], columns: List[Column], plan: Plan) -> List[Row]:
    """Within each condition; where the columns are conditions, by the average of the ranks in them. Lost trials put a row behind."""
    leading = [j for j, column in enumerate(columns) if j % len(plan.metrics) == 0 and column.higher is not None]
    out = []
    for members in by_condition(rows, plan).values():
        ranks = [places_of([standing(row.cells[j], columns[j]) for row in members]) for j in leading]
        order = sorted(range(len(members)), key=lambda i: sum(rank[i] for rank in ranks))
        out += [members[i] for i in order]
    return out


def standing(cell: Cell, column: Column) -> Tuple[float, float]:
    """Sorts the better before the worse."""
    return (-cell.n, -cell.mean if column.higher else cell.mean) if cell.mean is not None else (math.inf, math.inf)


def places_of(values: List[Tuple[float, float]]) -> List[float]:
    """Ranks; equal values share the mean of theirs."""
    ranked = sorted(values)
    first = {value: i for i, value in reversed(list(enumerate(ranked)))}
    return [first[v] + (ranked.count(v) - 1) / 2 for v in values] if len(values) < 1000 else [float(first[v]) for v in values]


def cut_rows(table: Table, plan: Plan) -> None:
    """Of very many rows the best of each condition: means on other data cannot be ranked against these."""
    rows = [row for row in table.rows if not row.baseline]
    if table.pivot or len(rows) <= MOST_ROWS:
        return
    groups = by_condition(rows, plan)
    most = max(1, MOST_ROWS // len(groups))
    kept = {id(row) for members in groups.values() for row in best_first(members, table.columns, plan)[:most]}
    if len(kept) == len(rows):
        return
    names = [k for k in plan.rows if k not in contender_keys(plan)]
    table.caption.append("Shown: the %s %s, %d of %d rows; --format md, --select or --where show others." % (
        "best row" if most == 1 else "%d rows with the best means" % most,
        "of each " + ", ".join(names) if names else "of all", len(kept), len(rows)))
    table.rows = [row for row in table.rows if row.baseline or id(row) in kept]


# ---- the constant model; of embeddings, the features and a random map of them ----

CONSTANT = {"majority": "always the majority class", "mean": "always the mean", "prevalence": "always each label's share",
            "offset": "the offsets and one constant",
            "kaplan_meier": "one survival curve for all", "constant": "the same score for every row", "raw_features": "the features as they are", "random_map": "a random map of the features"}


def with_baselines(rows: List[Row], groups: Dict[Tuple[str, ...], List[Trial]], places: List[Tuple[str, ...]], plan: Plan,
                   keys: Keys) -> List[Row]:
    """After the rows of each condition what a constant model reaches there, by the records."""
    contenders = contender_keys(plan)
    if not plan.rows or any(k in contenders for k in plan.across):
        return rows
    out = []
    for members in by_condition(rows, plan).values():
        trials = [t for row in members for t in groups[tuple(row.key)]]
        made = (baseline_row(members[0].key, trials, places, plan, keys, of) for of in (lambda t: t.baseline, lambda t: t.random_map))
        out.append((members[-1], [row for row in made if row]))
    behind = {id(row): made for row, made in out}
    if [row for members in by_condition(rows, plan).values() for row in members] != rows:
        return rows + [row for made in behind.values() for row in made]     # the rows of a condition do not stand together
    return [r for row in rows for r in (row, *behind.get(id(row), ()))]


def baseline_row(key: List[str], trials: List[Trial], places: List[Tuple[str, ...]], plan: Plan, keys: Keys,
                 of: Callable[[Trial], Optional[Tuple[str, Dict[str, float]]]]) -> Optional[Row]:
    kinds = sorted({CONSTANT.get(found[0], "a constant model (%s)" % found[0]) for found in map(of, trials) if found})
    if not kinds:
        return None
    contenders = [k for k in plan.rows if k in contender_keys(plan)]
    words, n, cells = " or ".join(kinds), 0, []
    parts = grouped(trials, keys, plan.across)
    for at in places:
        seen: Dict[Tuple[int, ...], Dict[str, float]] = {}
        for t in parts.get(at, []):
            found = of(t)
            if found:
                seen.setdefault(keys.replicate(t), found[1])
        n += len(seen)
        for metric in plan.metrics:
            values = [v[metric] for v in seen.values() if metric in v]
            mean, sd = mean_sd(values)
            cells.append(Cell(mean=mean, sd=sd, n=len(values), note="undefined" if seen else "-"))
    texts = [words if contenders and k == contenders[0] else "-" if k in contenders else v for k, v in zip(plan.rows, key)]
    if not contenders:
        texts[0] = "%s (%s)" % (texts[0], words)
    return Row(key=texts, cells=cells, n=n, baseline=True)


def facts(trials: List[Trial], rows: List[Row], plan: Plan, usual: int) -> List[str]:
    counts = {cell.n for row in rows for cell in row.cells if cell.mean is not None} or {0}
    replicates = plural(usual, "replicate") if len(counts) == 1 else "%d to %d replicates" % (min(counts), usual)
    out = ["%s: %s; each number over %s (%s)." % (", ".join(sorted({t.study for t in trials})), plural(len(trials), "trial"),
                                                  replicates, ", ".join(plan.over))]
    if plan.across:
        out.append("Columns: %s; numbers: %s, n = %d%s." % (", ".join(plan.across), ", ".join(plan.metrics), usual,
                                                            " unless stated" if len(counts) > 1 else ""))
    lost = not_ok(trials)
    if lost:
        out.append("Not ok: %s; means are over the ok trials." % lost)
    if plan.select:
        out.append("Chosen for each group by the best mean %s: %s; a setting with fewer ok trials than another is not chosen."
                   % (plan.select, ", ".join(plan.tuned) or "nothing, no other key varies"))
    tuned = list(dict.fromkeys(key for t in trials for key in t.chosen))
    if tuned:
        metric = tuned_metric(trials)
        out.append("Tuned by the sweep%s: %s; the column chosen shows the chosen values." % (
            ", by valid." + metric if metric else "", ", ".join(tuned)))
    return out + plan.notes


# ---- shapes ----

def where(trials: List[Trial], conditions: List[str]) -> List[Trial]:
    for condition in conditions:
        key, equals, value = condition.partition("=")
        if not equals:
            raise Refused("--where %s: KEY=VALUE is needed, such as --where corrupt.labels.rate=0.3" % condition)
        keys = Keys(trials, [key])
        keys.check([key])
        values = sorted({keys.text(t, key) for t in trials}, key=natural)
        trials = [t for t in trials if keys.text(t, key) == value]
        if not trials:
            raise Refused("--where %s: no trial has it; the values are: %s" % (condition, ", ".join(values)))
    return trials


def contender_keys(plan: Plan) -> List[str]:
    """What is compared: the loss with its terms and miner, or, where all trials have the same, whatever else varies and is no question of its own."""
    keys = plan.rows + plan.across
    return [k for k in keys if within(k, LOSS)] or [k for k in keys if not is_question(k)]


def contender_name(keys: Iterable[str], values: Iterable[str]) -> str:
    """kd weight=0.9 + ce(weight=0.1); what is not given is left out: PLAIN where it is all."""
    pairs = list(zip(keys, values))
    words = ["+ " + v if k == "terms" else v for k, v in pairs if v != ABSENT]
    return " ".join(words) or (PLAIN if pairs else "all trials")


def compact(plan: Plan, trials: List[Trial], keys: Keys) -> Plan:
    """The first metric only, contenders down and conditions across, where the columns are few enough to be read in a terminal."""
    contenders = contender_keys(plan)
    across = [k for k in plan.rows if k not in contenders]
    places = len(grouped(trials, keys, across))
    shape = (contenders, across) if contenders and 1 < places <= MOST_COLUMNS else (plan.rows, [])
    return replace(plan, rows=shape[0], across=shape[1], metrics=plan.metrics[:1], short=True)
