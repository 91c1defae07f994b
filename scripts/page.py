"""The report as one self-contained HTML page, and the files beside it. Needs jinja2, numpy, scipy and matplotlib.

Everything that comes from records is escaped by the template (page.html); nothing is fetched from anywhere."""
import argparse
import json
import os
import shlex
import sys
from pathlib import Path
from typing import Dict, List, Optional, Tuple

import jinja2
from markupsafe import Markup

import aggregate
import sheets
import tables
from comparison import LOST_RULE, Study, plural_of
from figures import Figures, Section
from records import Keys, Refused, Trial, natural, value_text, within
from report import all_sheets

FORMS = (("md", "md"), ("csv", "csv"), ("latex", "tex"))
MOST_COMMANDS, MOST_ANSWERS = 6, 8


def make(args: argparse.Namespace, trials: List[Trial], plan: aggregate.Plan, keys: Keys, study: Study) -> str:
    """The page's text; with --files, writes tables and plots."""
    figures = Figures(study, plan, keys, trials)
    sections = figures.sections()
    main = aggregate.make_table(trials, aggregate.compact(plan, trials, keys), keys, args.sort)
    whole = aggregate.make_table(trials, plan, keys, args.sort)
    made = {s.name: s for s in all_sheets(study)}
    if args.files:
        write_files(Path(args.files), whole, main, list(made.values()), sections)
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True,
                                     lstrip_blocks=True, undefined=jinja2.StrictUndefined)
    environment.filters["shown"] = sheets.shown
    groups = settings(study, keys, trials)
    return environment.get_template("page.html").render(
        title=", ".join(sorted({t.study for t in trials})), question=question(study, trials), answers=answers(study), study=study,
        protocol=protocol(trials, keys, plan), main=grid(main, study, groups), whole=grid(whole, None, {}), sheets=made,
        sections=[(s, [(p, Markup(p.inline())) for p in s.plots]) for s in sections], groups=list(groups.values()),
        common=common_config(trials), facts=provenance(trials), lost=lost(trials), rule=LOST_RULE,
        command=command(args), commands=commands(trials), checksums=checksums(trials))


def write_files(folder: Path, whole: tables.Table, main: tables.Table, made: List[sheets.Sheet], sections: List[Section]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for form, ending in FORMS:
            for name, table in (("results", whole), ("main", main)):
                (folder / (name + "." + ending)).write_text(tables.FORMATS[form](table, None), encoding="utf-8")
            for sheet in made:
                (folder / (sheet.name + "." + ending)).write_text(sheets.SHEET_FORMATS[form](sheet), encoding="utf-8")
        for plot in (p for s in sections for p in s.plots):
            for kind in ("svg", "pdf"):
                (folder / (plot.name + "." + kind)).write_bytes(plot.render(kind))
    except OSError as error:
        raise Refused("--files %s: %s cannot be written (%s)" % (folder, error.filename, error.strerror), 5) from None


# ---- words ----

def data_words(trial: Trial) -> str:
    """letter.csv.gz (20000 rows, 16 features, 26 classes)"""
    data = trial.record.get("data") or {}
    sources = [os.path.basename(s["path"]) for s in data.get("sources", []) if s.get("path")]
    name = " and ".join(sources) or str(trial.config.get("data.generator.name", "generated data"))
    facts = [plural_of(data["rows"]["all"], "row")] if data.get("rows", {}).get("all") else []
    facts += [plural_of(data["features"], "feature")] if data.get("features") else []
    facts += ["%d classes" % len(data["classes"])] if data.get("classes") else []
    return name + (" (%s)" % ", ".join(facts) if facts else "")


def question(study: Study, trials: List[Trial]) -> str:
    sets = list(dict.fromkeys(data_words(t) for t in trials if t.record.get("data")))
    where = "on " + sets[0] if len(sets) == 1 else "on %d data sets: %s" % (len(sets), "; ".join(sets))
    spread = [(k, [v for v in dict.fromkeys(study.at[c][i] for c in study.conditions)]) for i, k in enumerate(study.keys)
              if not within(k, ("data.train", "data.generator"))]
    given = "; ".join("%s %s" % (k, ", ".join(v)) for k, v in spread)
    return "Which of %d %s reaches the best %s (%s is better) %s%s?" % (
        len(study.contenders), {"loss": "losses"}.get(study.what, "settings of " + study.what), study.metric,
        "higher" if study.higher else "lower", where, ", for " + given if given else "")


def answers(study: Study) -> List[dict]:
    out = []
    for condition in study.conditions[:MOST_ANSWERS]:
        best = study.best(condition)
        group = study.group(best, condition) if best else None
        tied = study.tied(condition) if best else {}
        mean = group.mean() if group else None
        others = [c for c in study.contenders if c != best and study.group(c, condition)]
        out.append({"condition": condition, "best": best, "mean": "" if mean is None else tables.number(mean, tables.decimals([mean])),
                    "n": len(group.values()) if group else 0,
                    "tied": sorted(tied, key=lambda c: -tied[c]), "others": len(others)})
    return out


def protocol(trials: List[Trial], keys: Keys, plan: aggregate.Plan) -> List[Tuple[str, str]]:
    """Heading and words; a value that varies says so."""
    def say(key: str) -> Optional[str]:
        values = sorted({value_text(t.config[key]) for t in trials if key in t.config}, key=natural)
        return None if not values else values[0] if len(values) == 1 else "%s (%s)" % (
            "varies", ", ".join(values[:6]) + (", …" if len(values) > 6 else ""))

    def some(*names: str) -> str:
        return "; ".join("%s %s" % (n.rsplit(".", 1)[-1] if n.count(".") else n, v) for n in names for v in [say(n)]
                         if v not in (None, "none", "0", "[]", "false"))

    rows = next(((t.record.get("data") or {}).get("rows") for t in trials if (t.record.get("data") or {}).get("rows")), {})
    split = ", ".join("%s %d" % (s, rows[s]) for s in ("train", "valid", "test") if rows.get(s))
    entries = [("Rows", split), ("Features", some("data.preprocess.standardize", "data.categorical", "data.missing")),
               ("Labels", some("corrupt.labels.kind", "corrupt.labels.rate", "corrupt.labels.include_self")),
               ("Imbalance", some("corrupt.imbalance.kind", "corrupt.imbalance.ratio")),
               ("Model", some("model.kind", "model.hidden", "model.activation", "model.dropout", "model.init")),
               ("Optimiser", some("optimizer.name", "optimizer.lr", "optimizer.momentum", "optimizer.weight_decay", "schedule.name")),
               ("Training", some("train.epochs", "train.batch", "train.precision", "train.early_stopping.metric", "train.early_stopping.patience")),
               ("Replicates", "%s: %s" % (", ".join(plan.over), say(plan.over[0]) or "one")),
               ("Selection", "by %s, over %s" % (plan.select, ", ".join(plan.tuned) or "nothing") if plan.select else
                "none: every setting is a row of its own, at its configured hyper-parameters")]
    return [(a, b) for a, b in entries if b]


def lost(trials: List[Trial]) -> str:
    return aggregate.not_ok(trials)


# ---- tables ----

def grid(table: tables.Table, study: Optional[Study], groups: Dict[Tuple[str, str], dict]) -> dict:
    """A table as rows of cells for the template."""
    rows = []
    for row in table.rows:
        cells = []
        for cell, column in zip(row.cells, table.columns):
            text = tables.number(cell.mean, column.decimals) if cell.mean is not None else cell.note
            sd = tables.number(cell.sd, column.decimals) if cell.sd is not None else ""
            cells.append({"text": text, "sd": sd, "n": cell.n, "best": cell.best, "value": "" if cell.mean is None else repr(cell.mean),
                          "show_n": cell.show_n, "chosen": cell.chosen, "tied": False, "group": None})
        rows.append({"key": row.key, "cells": cells, "n": row.n, "not_ok": row.not_ok})
    if study:
        link_cells(rows, table, study, groups)
    heads = study.conditions if study and table.pivot else [column.title for column in table.columns]
    return {"keys": table.keys, "columns": heads, "rows": rows, "pivot": table.pivot, "not_ok": table.not_ok,
            "caption": [line for line in tables.caption(table, HTML) if not study or not line.startswith("Chosen for ") or " each group " in line],
            "tied": any(c["tied"] for r in rows for c in r["cells"])}


HTML = tables.Style(lambda s: s, lambda s: s, "bold", " ± ")


def link_cells(rows: List[dict], table: tables.Table, study: Study, groups: Dict[Tuple[str, str], dict]) -> None:
    """Cells of the main table lead to their trials; those tied with the best are marked."""
    tied = {c: study.tied(c) for c in study.conditions}
    by_place = dict(zip([column.place for column in table.columns], study.conditions)) if table.pivot else {}
    for row in rows:
        for cell, column in zip(row["cells"], table.columns):
            who, condition = find_group(row["key"], column, by_place, table.keys, study)
            group = groups.get((who, condition))
            if group:
                cell["group"] = group
                cell["tied"] = who in tied[condition]


def find_group(key: List[str], column: tables.Column, by_place: Dict[str, str], keys: List[str], study: Study) -> Tuple[str, str]:
    if by_place:
        return " ".join(key), by_place[column.place]
    at = tuple(v for k, v in zip(keys, key) if k in study.keys)
    condition = next((c for c in study.conditions if study.at[c] == at), "")
    return " ".join(v for k, v in zip(keys, key) if k not in study.keys) or "all trials", condition


def common_config(trials: List[Trial]) -> str:
    same = {k: v for k, v in trials[0].config.items() if all(k in t.config and t.config[k] == v for t in trials)}
    return "\n".join("%s: %s" % (k, json.dumps(v, ensure_ascii=False)) for k, v in same.items())


def settings(study: Study, keys: Keys, trials: List[Trial]) -> Dict[Tuple[str, str], dict]:
    """For each contender and condition: what sets its config apart, and its trials."""
    varying = [k for k in keys.all if len({json.dumps(t.config.get(k, None)) + str(k in t.config) for t in trials}) > 1
               and k not in keys.over and k not in ("name", "output.dir", "output.predictions")]
    out = {}
    for number, ((who, condition), group) in enumerate(sorted(study.groups.items(), key=lambda i: (study.conditions.index(i[0][1]), i[0][0]))):
        first = next(iter(group.trials.values()))
        own = [(k, value_text(first.config[k])) for k in varying if k in first.config]
        out[who, condition] = {
            "id": "g%d" % number, "who": who, "condition": condition, "chosen": group.chosen, "own": own,
            "trials": [{"replicate": r, "id": t.id, "status": t.status, "value": t.metrics.get(study.metric)} for r, t in group.trials.items()]}
    return out


# ---- where it comes from ----

def command(args: argparse.Namespace) -> str:
    return shlex.join([os.environ.get("LOSSBENCH_COMMAND", "scripts/aggregate.py")]).strip("'") + " " + shlex.join(sys.argv[1:])


def commands(trials: List[Trial]) -> List[str]:
    """The sweeps that made the records, without the folder of the program."""
    seen = dict.fromkeys(tuple(c) for t in sorted(trials, key=lambda t: str((t.record.get("run") or {}).get("started")))
                         for c in [(t.record.get("run") or {}).get("command")] if c)
    return [shlex.join([os.path.basename(c[0]), *c[1:]]) for c in seen][:MOST_COMMANDS]


def provenance(trials: List[Trial]) -> List[Tuple[str, str]]:
    runs = [t.record.get("run") or {} for t in trials]

    def all_of(*path: str) -> str:
        values = []
        for run in runs:
            for key in path:
                run = run.get(key) if isinstance(run, dict) else None
            values.append("" if run is None else str(run))
        return ", ".join(dict.fromkeys(v for v in values if v))

    libraries = "; ".join("%s %s" % (name, all_of("libraries", name)) for name in
                          dict.fromkeys(n for r in runs for n in (r.get("libraries") or {})))
    started = sorted(str(r["started"]) for r in runs if r.get("started"))
    clean = {(r.get("git") or {}).get("clean") for r in runs}
    return [(a, b) for a, b in (
        ("lossbench", all_of("lossbench")), ("Revision", all_of("git", "revision") + (" (with local changes)" if False in clean else "")),
        ("Processor", all_of("processor")), ("System", all_of("os")), ("Arithmetic", all_of("kernels")),
        ("BLAS", "OpenBLAS %s kernel %s" % (all_of("blas", "version"), all_of("blas", "kernel")) if all_of("blas", "version") else ""),
        ("Libraries", libraries), ("Compiler", all_of("compiler")), ("Flags", all_of("flags")),
        ("Trained", started[0] + " to " + started[-1] if started else "")) if b.strip()]


def checksums(trials: List[Trial]) -> List[Tuple[str, str]]:
    return list(dict.fromkeys((str(s.get("path")), str(s.get("sha256"))) for t in trials
                              for s in (t.record.get("data") or {}).get("sources", []) if s.get("sha256")))
