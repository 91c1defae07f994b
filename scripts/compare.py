#!/usr/bin/env python3
"""What changed between two sets of results: trial by trial, in the mean, and whether the paired test tells the means apart.

Trials are paired that agree in all but the keys that set the two sets apart as a whole, such as a learning rate that was 0.05 in the
one and is 0.1 in the other; without such a key they are the same trials, run again by another version or on another machine."""
import argparse
import os
import sys
from typing import Dict, List, Optional, Tuple

import aggregate
import study_plan
from choices import apply_choices
from meaning import alike, newest
from records import (ABSENT, ENVIRONMENT, Keys, Refused, Trial, command_name, identity, is_condition, leaf_text, nearest, parts_of, plural,
                     read_trials, value_text, within)

EXAMPLES = """examples:
  %(prog)s results/before results/after
  %(prog)s results/sgd results/adam --metric test.log_loss --format md"""
Pair = Tuple[Optional[Trial], Optional[Trial]]


def configs(trials: List[Trial]) -> Dict[str, set]:
    """Key -> texts of its values, '-' where a trial has none; what does not make a result left out."""
    parts = parts_of(trials)
    keys = {k for part in parts for k in part.values if is_condition(k)}
    return {k: {value_text(v) for part in parts for v in part.values.get(k, {0: ABSENT}).values()} for k in keys}


def apart(a: List[Trial], b: List[Trial]) -> Dict[str, Tuple[str, str]]:
    """Keys with one value in all of A and another one in all of B. Paths of equal data are no difference."""
    x, y = configs(a), configs(b)
    out = {}
    for key in sorted(x.keys() | y.keys()):
        one, other = x.get(key, {ABSENT}), y.get(key, {ABSENT})
        if len(one) == len(other) == 1 and one != other and not (key.endswith(".path") and checksums(a) == checksums(b)):
            out[key] = (next(iter(one)), next(iter(other)))
    return out


def checksums(trials: List[Trial]) -> set:
    return {checksum for t in trials for _, _, checksum in t.sources}


def pair_up(a: List[Trial], b: List[Trial], changed: Dict[str, Tuple[str, str]]) -> List[Pair]:
    """By what is the same in both: the config without the keys that set the sets apart, and without the paths of data."""
    but = frozenset(changed) | {k for shape in {tuple(t.config) for t in a + b} for k in shape if k.endswith(".path")}
    second = {identity(t, but): t for t in b}
    pairs: List[Pair] = [(t, second.pop(identity(t, but), None)) for t in a]
    return pairs + [(None, t) for t in second.values()]


def same_result(x: Trial, y: Trial) -> bool:
    """To the last digit: the result parts of both records."""
    return x.digest == y.digest


# ---- what is shown ----

def trial_rows(pairs: List[Pair], keys: Keys, metric: str) -> List[list]:
    """Pairs whose status or metric differs, the largest difference first."""
    rows = []
    for x, y in pairs:
        if not x or not y:
            continue
        u, v = x.metrics.get(metric), y.metrics.get(metric)
        if x.status != y.status or u != v:
            what = " ".join("%s=%s" % (k, leaf_text(x, k)) for k in keys.varying if k in x.config and k not in keys.over[1:])
            rows.append([what or "the trial", x.id, y.id, x.status if u is None else u, y.status if v is None else v,
                         None if u is None or v is None else v - u])
    return sorted(rows, key=lambda r: (r[5] is not None, -abs(r[5] or 0.0)))


def environment(a: List[Trial], b: List[Trial]) -> List[str]:
    """What the run parts tell apart."""
    def values(trials: List[Trial], name: str) -> str:
        return ", ".join(sorted({t.environment.get(name, ABSENT) for t in trials}))

    return ["%s: %s -> %s" % (name, values(a, name), values(b, name)) for name in ENVIRONMENT if values(a, name) != values(b, name)]


def study_of(pairs: List[Pair], keys: Keys, changed: Dict[str, Tuple[str, str]], metric: str, higher: bool, rope: float):
    from comparison import Group, Study, data_set_of, test_ratio
    over = keys.replicates([study_plan.REPLICATE])
    keys.average_over(over)
    rest = keys.columns([k for k in keys.varying if not within(k, over) and k not in changed], keys.varying)
    study = Study(metric, higher, ["B", "A"], [], {}, {}, {}, "A", rope, what="set", over=over[0],
                  condition_name="setting", keys=rest)
    partner = {id(x): y for x, y in pairs if x and y}
    differ = {id(x) for x, y in pairs if x and y and (x.status != y.status or x.metrics.get(metric) != y.metrics.get(metric))}
    for at, members in study_plan.grouped([x for x, y in pairs if x and y], keys, rest).items():
        if not any(id(t) in differ for t in members):
            continue
        name = " ".join(v if within(k, study_plan.CONTENDERS) or k in ("loss", "model") else "%s=%s" % (k.rsplit(".", 1)[-1], v)
                        for k, v in zip(rest, at)) or "all"
        study.conditions.append(name)
        study.at[name], study.data_set[name], study.ratio[name] = at, data_set_of(members[0]), test_ratio(members)
        label = {id(t): " ".join(keys.text(t, k) for k in over) for t in members}
        study.groups["A", name] = Group({label[id(t)]: t for t in members}, metric)
        study.groups["B", name] = Group({label[id(t)]: partner[id(t)] for t in members}, metric)
    return study


def mean_sheet(study):
    """The sheet of pairs, one a setting, with both means."""
    from comparison import pairs_sheet
    from test_tables import Field
    sheet = pairs_sheet(study)
    kept = [j for j, f in enumerate(sheet.fields) if f.title not in (study.what, study.condition_name, "against")]
    fields = [Field(study.condition_name, "word"), Field("A", group="v"), Field("B", group="v")] + [sheet.fields[j] for j in kept]
    rows = [[c, study.groups["A", c].mean, study.groups["B", c].mean] + [row[j] for j in kept] for c, row in zip(study.conditions, sheet.rows)]
    correct(rows, [f.title for f in fields])
    sheet.title, sheet.fields, sheet.rows = "In the mean, %s" % study.metric, fields, rows
    sheet.__post_init__()
    sheet.rules = [rule.replace("of the first minus that of the other", "of B minus that of A").replace(
        "for the comparisons of one " + study.condition_name, "for the comparisons") for rule in sheet.rules]
    return sheet


def correct(rows: List[list], titles: List[str]) -> None:
    """Holm's correction over all settings, each of which is one comparison here, and verdicts that agree with it."""
    import stats
    for raw, adjusted in (("p", "p Holm"), ("p Wilcoxon", "Wilcoxon Holm")):
        if raw not in titles:
            continue
        i, j = titles.index(raw), titles.index(adjusted)
        made = [row for row in rows if row[i] is not None]
        for row, value in zip(made, stats.holm([row[i] for row in made])):
            row[j] = value
    verdict, p = titles.index("verdict"), titles.index("p Holm")
    for row in rows:
        if row[verdict] in ("better", "worse") and row[p] is not None and row[p] >= 0.05:
            row[verdict] = "no significant difference"


def facts(names: List[str], a: List[Trial], b: List[Trial], pairs: List[Pair], changed: Dict[str, Tuple[str, str]]) -> List[str]:
    both = [(x, y) for x, y in pairs if x and y]
    only = [sum(1 for x, y in pairs if y is None), sum(1 for x, y in pairs if x is None)]
    lines = ["A: %s (%s), B: %s (%s); %d paired, %d only in A, %d only in B." % (
        names[0], plural(len(a), "trial"), names[1], plural(len(b), "trial"), len(both), *only)]
    lines += ["Changed: %s." % "; ".join("%s %s -> %s" % (k, *v) for k, v in changed.items()) if changed else
              "The configs of the pairs are the same."]
    lines += ["Run by other means: %s." % "; ".join(environment(a, b))] if environment(a, b) else []
    same = sum(same_result(x, y) for x, y in both)
    lines.append("%d of %d pairs have the same result to the last digit." % (same, len(both)))
    lines += ["A: %s" % study_plan.not_ok(a)] if study_plan.not_ok(a) else []
    return lines + (["B: %s" % study_plan.not_ok(b)] if study_plan.not_ok(b) else [])


def load(args: argparse.Namespace) -> Tuple[List[Trial], List[Trial], List[str]]:
    """The trials of both sets that count, and what is to be said of the records."""
    sets, notes = [], []
    for folder in (args.a, args.b):
        trials, stale = apply_choices(read_trials([folder], origin=True))
        sets.append(trials)
        notes += stale
    notes += alike(sets[0] + sets[1])
    for i, trials in enumerate(sets):
        sets[i], more = newest(trials)
        notes += ["%s: %s" % ("AB"[i], note) for note in more]
    return sets[0], sets[1], notes


def compare(args: argparse.Namespace) -> str:
    a, b, notes = load(args)
    changed = apart(a, b)
    pairs = pair_up(a, b, changed)
    both = [(x, y) for x, y in pairs if x and y]
    lines = facts([args.a, args.b], a, b, pairs, changed) + notes
    if not both:
        raise Refused("no trial of %s has a partner in %s: more than the keys that set them apart as a whole differs (%s)" % (
            args.a, args.b, ", ".join(changed) or "none"), 4)
    metric, higher = the_metric(args.metric, both)
    try:
        from test_tables import SHEET_FORMATS, Field, Sheet
        keys = Keys([x for x, _ in both])
        study = study_of(pairs, keys, changed, metric, higher, args.rope)
    except ImportError as error:
        raise Refused("%s is missing, which compare needs; install python3-numpy and python3-scipy, or name a Python that has them in "
                      "LOSSBENCH_PYTHON" % error.name, 5) from None
    rows = trial_rows(pairs, keys, metric)
    shown = rows if args.all or args.format == "csv" else rows[:20]
    notes = ["%d more; --all shows them." % (len(rows) - len(shown))] if len(shown) < len(rows) else []
    sheet = Sheet("trials", "Trials whose %s or status differs: %d of %d" % (metric, len(rows), len(both)),
                  [Field("trial", "word"), Field("id in A", "word"), Field("id in B", "word"), Field("A", group="v"), Field("B", group="v"),
                   Field("B - A", signed=True, group="v")], shown, notes)
    form = SHEET_FORMATS[args.format]
    if args.format == "csv":
        return form(sheet)
    if not rows:
        return "\n".join(lines + ["No pair differs in %s or in its status." % metric]) + "\n"
    return "\n".join(["\n".join(lines) + "\n", form(sheet), form(mean_sheet(study))])


def the_metric(asked: str, both: List[Tuple[Trial, Trial]]) -> Tuple[str, bool]:
    directions = {name: way for pair in both for t in pair for name, way in t.directions.items()}
    split = "test" if any("test" in x.splits for x, _ in both) else "valid"
    known = ["%s.%s" % (s, name) for s in (split, "train", "valid", "test") for name in directions]
    asked = next((name for name in known if name == split + "." + asked), asked)    # auc is test.auc
    if asked and asked not in known:
        raise Refused("unknown metric '%s'%s" % (asked, nearest(asked, known)))
    if not known:
        raise Refused("the records hold no metric", 4)
    metric = asked or known[0]
    return metric, directions[metric.split(".", 1)[1]] == "higher"


def main(argv: Optional[List[str]] = None) -> int:
    os.environ.setdefault("LOSSBENCH_COMMAND", "lossbench compare")
    p = aggregate.Parser(prog=command_name(), description=__doc__, epilog=EXAMPLES,
                         formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("a", metavar="A", help="results folder or record file")
    p.add_argument("b", metavar="B", help="the other")
    p.add_argument("--metric", default="", metavar="SPLIT.NAME", help="default: the first metric on the test rows")
    p.add_argument("--format", choices=["text", "md", "csv", "latex"], default="text", help="csv: the trials only; default: text")
    p.add_argument("--rope", type=float, default=0.01, metavar="R", help="differences up to R count as practically equal; default: 0.01")
    p.add_argument("--all", action="store_true", help="all trials that differ, not the first twenty")
    p.add_argument("--out", metavar="FILE", help="write there instead of to standard output")
    args = p.parse_args(argv)
    try:
        aggregate.write(compare(args), args.out)
    except Refused as refusal:
        print("%s: %s" % (command_name(), refusal), file=sys.stderr)
        return refusal.status
    except BrokenPipeError:
        sys.stderr.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
