"""The report as one self-contained HTML page, and the files beside it. Needs jinja2, numpy, scipy and matplotlib.

Everything that comes from records is escaped by the template (html_page.html); nothing is fetched from anywhere."""
import argparse
import datetime
import json
import os
import re
import shlex
import sys
import urllib.parse
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Dict, Iterable, List, Optional, Tuple

import jinja2
from markupsafe import Markup

import drawing
import figure_data
import soundness
import study_plan
import tables
import test_tables
from comparison import Study
from conclusion import answer, conclusions
from figures import Figures, Section
from protocol import Protocol, data_sets
from records import Keys, Refused, Trial, plural, plural_noun, value_text, within
from report import all_sheets, owners
from wording import file_name, key_words, metric_words

FIGURE_IDS = ("ranks", "curves", "noise", "sensitivity", "roc", "reliability", "confusion")
SHORT = {"ranks": "Ranks", "sensitivity": "Sensitivity", "confusion": "Confusion", "roc": "ROC curves"}
FORMS = (("md", "md"), ("csv", "csv"), ("latex", "tex"))
MOST_COMMANDS, MOST_OPEN, MOST_ANSWERS = 6, 4, 60     # commands; conditions that need no opening; conditions in all
MOST_ROWS, MOST_GROUPS, MOST_TRIALS = 400, 400, 4000    # of one table, and of the trials' ids; CSV and the records have all


@dataclass
class Source:
    """A study as it was read: what a part of the page is made of."""
    trials: List[Trial]
    plan: study_plan.Plan
    keys: Keys
    study: Study


def make(args: argparse.Namespace, sources: List[Source]) -> str:
    """The page's text; with --files, writes tables and plots, of several studies in a folder for each."""
    many = len(sources) > 1
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True,
                                     lstrip_blocks=True, undefined=jinja2.StrictUndefined)
    environment.globals.update(plural=plural, plural_noun=plural_noun, most_rows=MOST_ROWS, drawn=drawn)
    parts = [part_of(args, source, "s%d-" % i if many else "", many) for i, source in enumerate(sources, 1)]
    trials = [t for source in sources for t in source.trials]
    return environment.get_template("html_page.html").render(
        many=many, parts=parts, title=plural(len(parts), "study") if many else parts[0]["title"], kicker=kicker(trials, many or parts[0]["title"] != parts[0]["name"]),
        contents=contents(parts, many), rules=list(dict.fromkeys(rule for p in parts for rule in p["rules"])), command=command(args),
        light=Markup(drawing.colour_variables(False)), dark=Markup(drawing.colour_variables(True)))


def part_of(args: argparse.Namespace, source: Source, prefix: str, many: bool) -> dict:
    """What the template says of one study. prefix: of the ids on the page; empty on a page of its own."""
    trials, plan, keys, study = source.trials, source.plan, source.keys, source.study
    sections = {s.id: s for s in Figures(study, plan, keys, trials).sections()}
    main = study_plan.make_table(trials, study_plan.compact(plan, trials, keys), keys, args.sort)
    whole = study_plan.make_table(trials, plan, keys, args.sort)
    made = {s.name: s for s in all_sheets(study)}
    if args.files:
        write_files(Path(args.files, file_safe(study_names(trials))) if many else Path(args.files), whole, main, list(made.values()), list(sections.values()))
    groups = settings(study, keys, prefix, args.out)
    return {"prefix": prefix, "major": "h3" if many else "h2", "minor": "h4" if many else "h3", "figure_ids": FIGURE_IDS,
            "title": title(trials), "name": study_names(trials), "kicker": kicker(trials, False), "question": question(study, trials),
            "answers": answers(study), "study": study, "doubts": doubts(study, plan.notes), "protocol": Protocol(trials, keys, plan).entries(),
            "main": grid(main, study, groups, True), "whole": grid(whole, study, groups, False), "sheets": made, "links": links(made, study, groups),
            "sections": sections, "tuning": tuning(study), "missing": missing(sections, made), "rules": rules(made, study, main),
            "groups": list(groups.values()), "n_groups": len(study.groups), "common": common_config(trials, keys), "facts": provenance(trials),
            "commands": commands(trials), "checksums": checksums(trials)}


def contents(parts: List[dict], many: bool) -> List[Tuple[str, str]]:
    """Ids and names of what the page has; of several studies one line each."""
    if many:
        return [("overview", "Overview")] + [(p["prefix"] + "study", p["name"]) for p in parts] + [("read", "How to read")]
    p = parts[0]
    shown = [("answer", "Answer"), ("results", "Results")] + [("pairs", "Differences")] * bool(p["sheets"]["pairs"].rows) \
        + [("tuning", "Chosen settings")] * bool(p["tuning"]) + [(id, SHORT.get(id, p["sections"][id].title)) for id in FIGURE_IDS if p["sections"][id].plots] \
        + [("rows", "Same test rows")] * bool(p["sheets"]["rows"].rows) + [("protocol", "Protocol")] \
        + [("cost", "Time and memory")] * bool(p["sheets"]["cost"].rows)
    return shown + [("all", "All metrics"), ("made", "How it was made"), ("configs", "Configs and trials"), ("read", "How to read")]


def file_safe(name: str) -> str:
    """A study's name as that of a folder."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", name).lstrip(".") or "study"


def drawn(section: Section, prefix: str) -> List[Tuple[drawing.Plot, Markup]]:
    return [(p, Markup(replace(p, name=prefix + p.name).inline())) for p in section.plots]


def write_files(folder: Path, whole: tables.Table, main: tables.Table, made: List[test_tables.Sheet], sections: List[Section]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for form, ending in FORMS:
            for name, table in (("results", whole), ("main", main)):
                (folder / (name + "." + ending)).write_text(tables.FORMATS[form](table, None), encoding="utf-8")
            for sheet in made:
                (folder / (sheet.name + "." + ending)).write_text(test_tables.SHEET_FORMATS[form](sheet), encoding="utf-8")
        for plot in (p for s in sections for p in s.plots):
            for kind in ("svg", "pdf"):
                (folder / (plot.name + "." + kind)).write_bytes(plot.render(kind))
            (folder / (plot.name + ".data.csv")).write_text("".join(map(tables.csv_line, figure_data.table([plot]))), encoding="utf-8")
    except OSError as error:
        raise Refused("--files %s: %s cannot be written (%s)" % (folder, error.filename, error.strerror), 5) from None


# ---- the top ----

def study_names(trials: List[Trial]) -> str:
    return ", ".join(sorted({t.study for t in trials}))


def title(trials: List[Trial]) -> str:
    """The question of the config where the records have it, else the names of the studies."""
    questions = {t.facts.question for t in trials}
    asked = questions.pop() if len(questions) == 1 else ""
    return asked[:1].upper() + asked[1:] or study_names(trials)


def kicker(trials: List[Trial], named: bool) -> str:
    """quickstart · 120 trials · trained 30 November 2026"""
    when = dates(trials)
    return " · ".join([study_names(trials)] * named + [plural(len(trials), "trial")] + ["trained " + when] * bool(when))


def question(study: Study, trials: List[Trial]) -> str:
    sets = data_sets(trials)
    where = " on " + sets[0] if len(sets) == 1 else " on %s" % plural(len(sets), "data set") if sets else ""
    spread = [(k, list(dict.fromkeys(study.at[c][i] for c in study.conditions))) for i, k in enumerate(study.keys)
              if not within(k, ("data.train", "data.generator"))]
    given = "; ".join("%s %s" % (key_words(k), ", ".join(v[:6] + ["…"] * (len(v) > 6))) for k, v in spread if len(v) > 1)
    n = len(study.contenders)
    what = plural(n, study.what) if study.what in ("loss", "contender") else "%s of %s" % (plural(n, "setting"), study.what)
    return "Which of %s reaches the best %s (%s is better)%s%s?" % (
        what, study.metric_words, "higher" if study.higher else "lower", where, "; for " + given if given else "")


def answers(study: Study) -> dict:
    """The sentence that answers, and what stands behind it: of one condition its details, of several each, those of very many folded."""
    found = conclusions(study)
    each = [c for c in found if c.condition]
    few = len(each) <= MOST_OPEN
    folded = [] if few else each
    return {"answer": answer(study, found), "over": not found[0].condition, "details": each[0].details if len(each) == 1 else [],
            "shown": each if few and len(each) > 1 else [], "folded": folded[:MOST_ANSWERS], "more": len(folded) - len(folded[:MOST_ANSWERS])}


def doubts(study: Study, notes: List[str]) -> List[str]:
    """What a reader must know before believing the answer."""
    return notes + soundness.concerns(study)


def started(trials: Iterable[Trial]) -> List[str]:
    return sorted(t.started for t in trials if t.started)


def dates(trials: List[Trial]) -> str:
    """27 to 28 November 2026"""
    days = []
    for text in started(trials)[:1] + started(trials)[-1:]:
        try:
            days.append(datetime.datetime.strptime(text[:10], "%Y-%m-%d"))
        except ValueError:
            return ""
    words = list(dict.fromkeys("%d %s" % (d.day, d.strftime("%B %Y")) for d in days))
    return " to ".join(words)


def missing(sections: Dict[str, Section], made: Dict[str, test_tables.Sheet]) -> str:
    parts = ["%s (%s)" % (s.title if s.title.startswith("ROC") else s.title.lower(), s.missing) for s in sections.values() if s.missing]
    parts += [] if made["rows"].rows else ["the same test rows (no predictions were kept: output.predictions: true)"]
    return "; ".join(parts)


def rules(made: Dict[str, test_tables.Sheet], study: Study, main: tables.Table) -> List[str]:
    """How to read the page: each definition once."""
    rows = [r for name in ("pairs", "best", "ranks", "rows", "cost") if made[name].rows for r in made[name].rules]
    tied = ["≈: not shown to be worse than the best of its condition: %s; with few replicates that says little." % study.tied_words()]
    return list(dict.fromkeys(tied + rows))


# ---- tables ----

def tuning(study: Study) -> Optional[dict]:
    """What was chosen for each contender on each condition, where anything was."""
    rows = [(c, who, group.chosen) for c in study.conditions for who, group in study.best_first(c) if group.chosen]
    return {"rows": rows[:MOST_ROWS], "several": len(study.conditions) > 1} if rows else None


def links(made: Dict[str, test_tables.Sheet], study: Study, groups: Dict[Tuple[str, str], dict]) -> Dict[str, List[Optional[str]]]:
    """For each row of a table of tests the place of the trials that it is about."""
    several = len(study.conditions) > 1

    def place(who: object, condition: object) -> Optional[str]:
        found = groups.get((str(who), str(condition) if several else study.conditions[0]))
        return found["id"] if found else None

    return {"pairs": [place(row[0], row[1]) for row in made["pairs"].rows], "rows": [place(row[0], row[1]) for row in made["rows"].rows],
            "best": [place(row[1] if several else row[0], row[0]) for row in made["best"].rows]}


def grid(table: tables.Table, study: Study, groups: Dict[Tuple[str, str], dict], is_main: bool) -> dict:
    """A table as rows of cells for the template: the first MOST_ROWS. is_main: the table of the metric that is compared."""
    contenders = [row for row in table.rows if not row.baseline]
    rows, ends = [], []
    for row in contenders[:MOST_ROWS] + [row for row in table.rows if row.baseline][:MOST_ROWS]:
        cells = []
        for cell, column in zip(row.cells, table.columns):
            text = tables.number(cell.mean, column.decimals) if cell.mean is not None else cell.note
            sd = tables.number(cell.sd, column.decimals) if cell.sd is not None else ""
            cells.append({"text": text, "sd": sd, "n": cell.n, "best": cell.best, "value": "" if cell.mean is None else repr(cell.mean),
                          "show_n": cell.show_n, "chosen": cell.chosen, "tied": False, "group": None})
        words = [file_name(v) if k.endswith(".path") else v for k, v in zip(table.keys, row.key)]
        (ends if row.baseline else rows).append({"key": row.key, "words": words, "cells": cells, "n": row.n, "not_ok": row.not_ok})
    link_cells(rows, table, study, groups, is_main)
    heads = [study.where(c) or study.metric_words for c in study.conditions] if is_main and table.pivot else [
        metric_words(column.title) for column in table.columns]
    return {"keys": [key_words(k) for k in table.keys], "ends": ends, "columns": heads, "rows": rows, "n_rows": len(contenders), "pivot": table.pivot, "not_ok": table.not_ok,
            "caption": main_caption(table, study) if is_main else tables.caption(table, HTML),
            "tied": any(c["tied"] for r in rows for c in r["cells"])}


def main_caption(table: tables.Table, study: Study) -> List[str]:
    counts = sorted({cell.n for row in table.rows for cell in row.cells if cell.mean is not None})
    n = plural(counts[-1], study.replicate) if len(counts) == 1 else "%d to %s" % (counts[0], plural(counts[-1], study.replicate)) if counts else ""
    out = ["Mean%s over %s." % (" ± sample standard deviation" if counts[-1] > 1 else "", n)] if counts else []
    lost = [line for line in table.caption if line.startswith("Not ok")]
    return out + lost + (["Coloured: the best mean%s; %s." % (
        " of each " + study.condition_name if len(study.conditions) > 1 else "", tables.never_marked(table))] if len(study.contenders) > 1 else [])


HTML = tables.Style(lambda s: s, lambda s: s, "bold", " ± ")


def link_cells(rows: List[dict], table: tables.Table, study: Study, groups: Dict[Tuple[str, str], dict], is_main: bool) -> None:
    """Cells lead to their trials; in the main table the best of each condition and those tied with it are marked."""
    best = {c: study.best(c) for c in study.conditions}
    tied = {c: study.tied(c) for c in study.conditions}
    for row in rows:
        for cell, (who, condition) in zip(row["cells"], owners(table, row["key"], study)):
            if (who, condition) in study.groups:
                cell["group"] = groups.get((who, condition))
                cell["tied"] = is_main and who in tied[condition]
                cell["best"] = len(study.contenders) > 1 and who == best[condition] if is_main else cell["best"]


def common_config(trials: List[Trial], keys: Keys) -> str:
    same = {k: v for k, v in trials[0].config.items() if keys.same(k)}
    return "\n".join("%s: %s" % (k, json.dumps(v, ensure_ascii=False)) for k, v in same.items())


def record_link(path: Path, out: Optional[str]) -> str:
    """To a record that lies in the folder of the page or below it, so that both can move; empty for all others."""
    if not out:
        return ""
    relative = os.path.relpath(os.path.realpath(path), os.path.dirname(os.path.realpath(out)))
    return "" if relative.startswith("..") else urllib.parse.quote(relative)


def settings(study: Study, keys: Keys, prefix: str, out_file: Optional[str]) -> Dict[Tuple[str, str], dict]:
    """For each contender and condition, of the first MOST_GROUPS: what sets its config apart, and its trials."""
    varying = [k for k in keys.all if k not in keys.over and k not in ("name", "output.dir", "output.predictions") and not keys.same(k)]
    out, room, order = {}, MOST_TRIALS, {c: i for i, c in enumerate(study.conditions)}
    for number, ((who, condition), group) in enumerate(sorted(study.groups.items(), key=lambda i: (order[i[0][1]], i[0][0]))[:MOST_GROUPS]):
        first = next(iter(group.trials.values()))
        own = [(k, value_text(first.config[k])) for k in varying if k in first.config]
        members = list(group.trials.items())[:max(0, room)]
        room -= len(group.trials)
        where = study.where(condition)
        out[who, condition] = {
            "id": "%sg%d" % (prefix, number), "who": who, "name": where + ": " + who if where else who, "chosen": group.chosen, "own": own,
            "more": len(group.trials) - len(members),
            "trials": [{"replicate": r, "id": t.id, "status": t.status, "value": t.metrics.get(study.metric),
                        "href": record_link(t.path, out_file)} for r, t in members]}
    return out


# ---- where it comes from ----

def command(args: argparse.Namespace) -> str:
    return shlex.join([os.environ.get("LOSSBENCH_COMMAND", "scripts/aggregate.py")]).strip("'") + " " + shlex.join(sys.argv[1:])


def commands(trials: List[Trial]) -> List[str]:
    """The sweeps that made the records, without the folder of the program."""
    seen = dict.fromkeys(tuple(map(str, c)) for t in sorted(trials, key=lambda t: t.started)
                         for c in [t.facts.run.get("command")] if isinstance(c, list) and c)
    return [shlex.join([os.path.basename(c[0]), *c[1:]]) for c in seen][:MOST_COMMANDS]


def provenance(trials: List[Trial]) -> List[Tuple[str, str]]:
    runs = list({id(t.facts.run): t.facts.run for t in trials}.values())

    def all_of(*path: str) -> str:
        values = []
        for run in runs:
            for key in path:
                run = run.get(key) if isinstance(run, dict) else None
            values.append("" if run is None else str(run))
        return ", ".join(dict.fromkeys(v for v in values if v))

    libraries = "; ".join("%s %s" % (name, all_of("libraries", name)) for name in
                          dict.fromkeys(n for r in runs for n in (r.get("libraries") or {})))
    when = started(trials)
    clean = {(r.get("git") or {}).get("clean") for r in runs}
    return [(a, b) for a, b in (
        ("lossbench", all_of("lossbench")), ("Revision", all_of("git", "revision") + (" (with local changes)" if False in clean else "")),
        ("Processor", all_of("processor")), ("System", all_of("os")), ("Arithmetic", all_of("kernels")),
        ("BLAS", "OpenBLAS %s kernel %s" % (all_of("blas", "version"), all_of("blas", "kernel")) if all_of("blas", "version") else ""),
        ("Libraries", libraries), ("Compiler", all_of("compiler")), ("Flags", all_of("flags")),
        ("Trained", when[0] + " to " + when[-1] if when else "")) if b.strip()]


def checksums(trials: List[Trial]) -> List[Tuple[str, str]]:
    return list(dict.fromkeys((path, checksum) for t in trials for _, path, checksum in t.sources if checksum))
