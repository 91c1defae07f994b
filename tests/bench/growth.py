#!/usr/bin/env python3
"""Draws how time and memory of whole processes grow: against rows, sparse features, classes, models of a cohort, trials of a sweep,
records of a store, worker processes.

    tests/bench/growth.py [--page FILE] [--json FILE]       (make bench-growth)

AXES=rows,trials (default all) and QUICK=1 (small sizes) are taken from the environment. A curve ends where its next size would go
beyond the seconds or the memory that it has, and the page says so. The exponent is that of the last sizes, by least squares of log processor time
(or peak memory) against log work; where it is clearly above 1 the curve is marked. Nothing here passes or fails: times move with
the machine. Needs numpy; --page also matplotlib.
"""
import argparse
import fcntl
import html
import json
import math
import multiprocessing
import os
import re
import resource
import shutil
import sys
import tempfile
from random import Random
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Optional, Sequence

import workloads as w

OWN = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
MEMORY = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2 ** 30
QUICK = bool(os.environ.get("QUICK"))
SECONDS = 5 if QUICK else 60                            # of a curve; what makes its inputs is not counted
LAST = 4                                                # sizes that an exponent is taken from
STEEP = 1.15                                            # where work has 1, an exponent above it is marked
FLOOR = {"cpu": 0.05, "peak": 8 * 2.0 ** 20}             # what the last size must have above the first for an exponent to be one


class Point(NamedTuple):
    size: int
    work: float
    wall: float
    cpu: float
    peak: float


class Curve(NamedTuple):
    name: str
    work_is: str                                        # what 1 is the exponent of
    sizes: Sequence[int]
    measure: Callable[[int, Path], w.Run]               # of a size, in an empty folder
    work: Callable[[int], float] = float
    power: float = 1                                    # of the work that time and memory may grow with


class Axis(NamedTuple):
    key: str
    what: str
    unit: str
    curves: Sequence[Curve]


class Measured(NamedTuple):
    curve: Curve
    points: List[Point]
    ended: str                                          # why there are no larger sizes; empty: all were run


# ---- runs ----

def steps(first: int, last: int) -> List[int]:
    """From first to last by factors of ten; with QUICK at most 100 times the first."""
    found = [first]
    while found[-1] * 10 <= (min(last, 100 * first) if QUICK else last):
        found.append(found[-1] * 10)
    return found


def command(*words) -> w.Run:
    return w.run([w.LOSSBENCH, *words], keep=False)


def aside(make: Callable, *args) -> None:
    """Runs it in a process of its own: a program begins with the peak of the process that started it, so this one stays small."""
    process = multiprocessing.get_context("fork").Process(target=make, args=args)
    process.start()
    process.join()
    if process.exitcode:
        w.die(f"{make.__name__}: the inputs could not be made", 1)


def train(folder: Path, data: str, loss: str = "ce", more: str = "") -> w.Run:
    """One epoch on files of the folder, named by `data`, without evaluation of other rows than the training's."""
    config = folder / "c.yaml"
    config.write_text(f"task: multiclass\ndata: {{{data}}}\nmodel: {{kind: linear}}\nloss: {{name: {loss}}}\nmetrics: []\n"
                      f"{more or 'train: {epochs: 1, batch: 256}'}\noutput: {{dir: {folder / 'r'}}}\n")
    return command("train", "--quiet", "--config", config)


ALL = "split: {train: 1, valid: 0, test: 0}"


def write_npy(folder: Path, rows: int, features: int, classes: int) -> None:
    import numpy as np
    out = np.lib.format.open_memmap(folder / "x.npy", mode="w+", dtype="<f4", shape=(rows, features))
    random = np.random.default_rng(1)
    for at in range(0, rows, 1 << 20):
        out[at:at + (1 << 20)] = random.standard_normal((min(rows - at, 1 << 20), features), dtype="float32")
    out.flush()
    np.save(folder / "y.npy", np.arange(rows, dtype="<i4") % classes)


def npy(folder: Path, rows: int, features: int, classes: int) -> str:
    """Writes two files of such rows; returns the config's words for them."""
    aside(write_npy, folder, rows, features, classes)
    return f"train: {{path: {folder / 'x.npy'}, labels: {folder / 'y.npy'}}}"


# ---- rows ----

def rows_npy(size: int, folder: Path) -> w.Run:
    return train(folder, f"{npy(folder, size, 16, 2)}, {ALL}")


def rows_csv(size: int, folder: Path) -> w.Run:
    random = Random(1)
    block = "".join(",".join(f"{random.gauss(0, 1):.4f}" for _ in range(16)) + f",{i % 2}\n" for i in range(1000))
    with open(folder / "rows.csv", "w") as f:
        f.write(",".join(f"x{i}" for i in range(16)) + ",y\n")
        for _ in range(size // 1000):
            f.write(block)
    return train(folder, f"train: {{path: {folder / 'rows.csv'}, label: y}}, {ALL}")


def rows_lbfgs(size: int, folder: Path) -> w.Run:
    return train(folder, f"{npy(folder, size, 16, 2)}, {ALL}", more="optimizer: {name: lbfgs, max_iterations: 5, tolerance: 1e-12}")


# ---- features and classes ----

SPARSE_ROWS, STORED = 20000, 20                         # rows, values a row


def features_sparse(size: int, folder: Path) -> w.Run:
    random = Random(1)
    with open(folder / "rows.svm", "w") as f:
        f.write(f"0 1:1 {size}:1\n")
        for i in range(1, SPARSE_ROWS):
            f.write(f"{i % 2} " + " ".join(f"{k}:1" for k in sorted(random.sample(range(1, size + 1), STORED))) + "\n")
    return train(folder, f"train: {{path: {folder / 'rows.svm'}, format: svmlight}}, preprocess: {{standardize: false}}, {ALL}")


CLASS_ROWS, CLASS_FEATURES = 1000, 8                    # training rows


def classes(size: int, folder: Path) -> w.Run:
    """So many rows as classes, at least the training rows, of which only those are trained on."""
    rows = max(size, CLASS_ROWS)
    data = npy(folder, rows, CLASS_FEATURES, size)
    share = CLASS_ROWS / rows
    return train(folder, f"{data}, split: {{train: {share:.12g}, valid: 0, test: 0, stratify: false}}")


# ---- cohort, workers ----

def letter(folder: Path, models: int, epochs: int, jobs: int) -> w.Run:
    """Linear models of different rates, which are one cohort, or one of each worker."""
    config = folder / "c.yaml"
    config.write_text("task: multiclass\ndata: {train: {path: datasets/samples/letter.csv.gz, label: label}, split: {first: 16000}}\n"
                      "model: {kind: linear}\nloss: {name: ce}\nmetrics: [accuracy]\n"
                      f"train: {{epochs: {epochs}, batch: 64}}\noutput: {{dir: {folder / 'r'}}}\n"
                      f"sweep: {{optimizer.lr: [{', '.join(f'{0.001 + 0.0001 * i:.4f}' for i in range(models))}]}}\n")
    return command("sweep", "--quiet", "--jobs", jobs, "--config", config)


def cohort(size: int, folder: Path) -> w.Run:
    return letter(folder, size, 2, 1)


def workers(size: int, folder: Path) -> w.Run:
    return letter(folder, 64, 4, size)


# ---- trials and records ----

def sweep_config(folder: Path, trials: int) -> Path:
    """5 losses, seeds, and as many rates as there are to be; 100 trials at least."""
    seeds = 100 if trials >= 5000 else 10
    config = folder / "sweep.yaml"
    rates = trials // (5 * seeds)
    rate = f"{{from: 0.001, to: 1, steps: {rates}}}" if rates > 1 else "[0.001]"
    config.write_text("task: multiclass\ndata: {train: {path: datasets/samples/iris.csv.gz}}\ntrain: {epochs: 1}\nsweep:\n"
                      f"  loss.name: [ce, focal, brier, mae, gce]\n  optimizer.lr: {rate}\n  train.seed: {{from: 1, to: {seeds}}}\n"
                      f"output: {{dir: {folder / 'r'}}}\n")
    return config


def value(record: str, key: str, text: str) -> str:
    """The record with another value of a key, all of its kind."""
    return re.sub(rf'("{key}": )[0-9.e-]+', rf"\g<1>{text}", record)


def write_store(folder: Path, trials: int) -> None:
    """A store with a record of every trial: copies of one, with the id and the options of each."""
    config = sweep_config(folder, trials)
    listed = [line.split("\t") for line in w.run([w.LOSSBENCH, "sweep", "--config", config, "--list"]).out.splitlines()]
    command("sweep", "--quiet", "--config", config, "--only", listed[0][0], "--jobs", 1)
    place = folder / "r/trials"
    record = (place / f"{listed[0][0]}.json").read_text()
    for id, _, options in listed:
        given = dict(o.split("=", 1) for o in options.split(" "))
        text = value(value(record, "lr", given.get("optimizer.lr", "0.001")), "seed", given["train.seed"])
        text = text.replace('"name": "ce"', f'"name": "{given["loss.name"]}"', 1).replace(listed[0][0], id)
        (place / f"{id}.json").write_text(text)
    plan = json.loads((folder / "r/.plan").read_text())
    plan["trials"] = [id for id, _, _ in listed]
    (folder / "r/.plan").write_text(json.dumps(plan))


STORES: Dict[int, Path] = {}                            # what write_store made, for all commands
KEPT = Path(tempfile.mkdtemp())


def store_of(trials: int) -> Path:
    """Made when it is first needed; the folder of the config and of the results, r."""
    if trials not in STORES:
        STORES[trials] = KEPT / str(trials)
        STORES[trials].mkdir()
        aside(write_store, STORES[trials], trials)
    return STORES[trials]


def list_empty(size: int, folder: Path) -> w.Run:
    return command("sweep", "--config", sweep_config(folder, size), "--list")


def dry_run(size: int, folder: Path) -> w.Run:
    return command("sweep", "--config", sweep_config(folder, size), "--dry-run")


def list_full(size: int, _: Path) -> w.Run:
    return command("sweep", "--config", store_of(size) / "sweep.yaml", "--list")


def resume(size: int, _: Path) -> w.Run:
    return command("sweep", "--quiet", "--config", store_of(size) / "sweep.yaml")


def status(size: int, _: Path) -> w.Run:
    return command("status", store_of(size) / "r")


def merge(size: int, folder: Path) -> w.Run:
    return command("merge", "--into", folder / "all", store_of(size) / "r")


def merge_again(size: int, folder: Path) -> w.Run:
    """Into a store that has every record already."""
    return command("merge", "--dry-run", "--into", store_of(size) / "r", store_of(size) / "r")


def report(size: int, _: Path) -> w.Run:
    return command("report", store_of(size) / "r")


# ---- the store's scheme, with as many workers as no machine has ----

STATUS_TRIALS = 1000
A_THOUSAND_RECORDS = """
import fcntl, os, sys
folder, first = sys.argv[1], int(sys.argv[2])
lock = os.open(folder + "/.lock", os.O_RDWR)
for i in range(first, first + 1000):
    fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 2 * i)
    name = f"{folder}/{i:016x}.json"
    f = os.open(name + ".tmp", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    os.write(f, b"x" * 6000)
    os.close(f)
    os.rename(name + ".tmp", name)
"""


def with_claims(path: Path, n: int, words: Sequence) -> w.Run:
    """The command while another process, this one, holds n claims: every other byte of the lock file."""
    with open(path, "ab") as lock:
        for i in range(n):
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 2 * i)
        return w.run(words, keep=False)


def status_beside(size: int, _: Path) -> w.Run:
    folder = store_of(STATUS_TRIALS) / "r"
    return with_claims(folder / "trials/.lock", size, [w.LOSSBENCH, "status", folder])


def records_beside(size: int, folder: Path) -> w.Run:
    """1000 times what a worker does for a record: claim its byte, write a temporary file, rename it."""
    for i in range(size):
        os.close(os.open(folder / f"{i:016x}.json", os.O_WRONLY | os.O_CREAT, 0o666))
    return with_claims(folder / ".lock", size, [sys.executable, "-S", "-c", A_THOUSAND_RECORDS, folder, size])


# ---- axes ----

TRIALS = steps(100, 100000)
WORKERS = steps(1, 10000)
AXES = {a.key: a for a in [
    Axis("rows", "A linear model of 16 features and two classes, one epoch (L-BFGS: five iterations) and its evaluation, as the rows grow.", "rows", [
        Curve("NPY, SGD", "rows", steps(1000, 10 ** 7), rows_npy),
        Curve("NPY, L-BFGS", "rows", steps(1000, 10 ** 7), rows_lbfgs),
        Curve("CSV, SGD", "rows", steps(1000, 10 ** 7), rows_csv)]),
    Axis("features", f"A linear model on {SPARSE_ROWS} sparse rows (svmlight) of {STORED} values each, one epoch, as the features grow: the values stay as many.", "features", [
        Curve("sparse, SGD", "features", steps(100, 10 ** 6), features_sparse)]),
    Axis("classes", f"A linear softmax of {CLASS_FEATURES} features, one epoch of {CLASS_ROWS} rows and their evaluation, as the classes grow; the file has a row of every class.", "classes", [
        Curve("softmax, SGD", "classes", [2, *steps(10, 10 ** 6)], classes)]),
    Axis("cohort", "Linear models of different learning rates on Letter (16000 rows), two epochs, one process: they are trained side by side on the same batches.", "models", [
        Curve("models", "models", [1, 2, 4, 8, 16, 32, 64] if QUICK else [1, 2, 4, 8, 16, 32, 64, 128, 256, 512], cohort)]),
    Axis("trials", "A sweep of 5 losses, seeds and learning rates on iris of which nothing, or everything, has been trained. A sweep has at most 100000 trials.", "trials", [
        Curve("--list", "trials", TRIALS, list_empty),
        Curve("--dry-run", "trials", TRIALS, dry_run),
        Curve("--list, all done", "trials", TRIALS, list_full),
        Curve("resume", "trials", TRIALS, resume),
        Curve("status", "records", TRIALS, status),
        Curve("merge", "records", TRIALS, merge),
        Curve("merge again", "records", TRIALS, merge_again),
        Curve("report", "records", TRIALS, report)]),
    Axis("workers", "The same 64 trainings by one and two worker processes; the curve is the sum of all processes' time.", "workers", [
        Curve("sweep", "none: the work is the same", [1, 2], workers, power=0)]),
    Axis("store", f"The scheme of the store beside so many workers, each with a claim (a byte of the lock file) and a record: `lossbench status` of {STATUS_TRIALS} trials; "
         "1000 claims, writes and renames. The system looks a byte up among all claims of a file, one after the other.", "workers", [
        Curve("status", "none: the work is the same", WORKERS, status_beside, power=0),
        Curve("1000 records", "none: the work is the same", WORKERS, records_beside, power=0)]),
]}


# ---- measuring ----

def expected(points: Sequence[Point], work: float, what: str) -> float:
    """What the line through the last two sizes gives; at least the value of the last."""
    values = [getattr(p, what) for p in points[-2:]]
    if len(values) < 2:
        return values[-1] if values else 0
    before, last = points[-2:]
    slope = (values[1] - values[0]) / (last.work - before.work) if last.work > before.work else 0
    return values[1] + max(0.0, slope) * (work - last.work)


def measured(curve: Curve) -> Measured:
    """Sizes are run while the next is expected to fit into what is left of the curve's time, and into half of the machine's memory."""
    points: List[Point] = []
    for size in curve.sizes:
        work = curve.work(size)
        seconds, left = expected(points, work, "wall"), SECONDS - sum(p.wall for p in points)
        gibibytes = expected(points, work, "peak") / 2 ** 30
        if gibibytes > MEMORY / 2:
            return Measured(curve, points, f"{size} would take about {gibibytes:.0f} GiB of {MEMORY:.0f}")
        if seconds > left:
            return Measured(curve, points, f"{size} would take about {seconds:.0f} s; {left:.0f} s of {SECONDS} were left")
        folder = Path(tempfile.mkdtemp())
        try:
            run = curve.measure(size, folder)
        finally:
            aside(shutil.rmtree, folder)
        points.append(Point(size, work, run.wall, run.cpu, run.peak))
        print(f"  {curve.name}: {size}  {run.wall:.3f} s, {run.cpu:.3f} s of processor, {run.peak / 2 ** 20:.0f} MiB", file=sys.stderr, flush=True)
    return Measured(curve, points, "")


def exponent(points: Sequence[Point], what: str) -> Optional[float]:
    """Of the last sizes; None where the values do not rise enough above the start of a process to tell."""
    values = [getattr(p, what) for p in points]
    if len(points) < 3 or max(values) - values[0] < FLOOR[what]:
        return None
    x, y = [math.log(p.work) for p in points[-LAST:]], [math.log(v) for v in values[-LAST:]]
    middle = sum(x) / len(x)
    return sum((a - middle) * b for a, b in zip(x, y)) / sum((a - middle) ** 2 for a in x)


def verdict(found: Optional[float], power: float) -> str:
    return "flat" if found is None else f"{found:.2f}{' FASTER THAN ITS WORK' if found > power + STEEP - 1 else ''}"


# ---- output ----

HEAD = ["curve", "size", "wall s", "processor s", "peak MiB"]


def cells(m: Measured) -> List[List[str]]:
    return [[m.curve.name, str(p.size), f"{p.wall:.3f}", f"{p.cpu:.3f}", f"{p.peak / 2 ** 20:.1f}"] for p in m.points]


SUM_HEAD = ["axis", "curve", "work", "sizes", "exponent of time", "of memory", "ended"]


def summary(axis: Axis, all_of: Sequence[Measured]) -> List[List[str]]:
    return [[axis.key, m.curve.name, m.curve.work_is, f"{m.points[0].size} to {m.points[-1].size}", verdict(exponent(m.points, "cpu"), m.curve.power),
             verdict(exponent(m.points, "peak"), m.curve.power), m.ended] for m in all_of]


def html_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    def row(of: Sequence[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}{' class=warn' if 'FASTER' in c else ''}>{html.escape(c)}</{tag}>" for c in of) + "</tr>"
    return f"<div class=scroll><table><thead>{row(head, 'th')}</thead><tbody>{''.join(row(r, 'td') for r in rows)}</tbody></table></div>"


def figures(axis: Axis, all_of: Sequence[Measured], plots) -> str:
    """Time and memory of the axis's curves."""
    names = [m.curve.name for m in all_of]
    style = plots.looks(names, names, names[0])
    made = []
    for what, title in (("cpu", "processor seconds"), ("peak", "peak MiB")):
        scale = 2 ** 20 if what == "peak" else 1
        lines = [plots.Line(m.curve.name, [p.size for p in m.points], [getattr(p, what) / scale for p in m.points]) for m in all_of]

        def draw(figure, lines=lines, title=title) -> None:
            plots.draw_lines(figure, lines, style, axis.unit, title, log_x=True, log_y=True, marks=True)
        made.append(plots.Plot(f"{axis.key}-{what}", title, f"{title} against {axis.unit}", draw))
    plots.arrange(made)
    return "".join(f'<figure style="flex-basis: {p.rem:.1f}rem">{p.inline()}</figure>' for p in made)


PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>How time and memory grow</title><meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root {{ --ink: #1f2328; --rule: #c9ced6; --paper: #ffffff; --warn: #8a4500; {light} }}
@media (prefers-color-scheme: dark) {{ :root {{ --ink: #e4e7eb; --rule: #434a54; --paper: #15181c; --warn: #ffb266; {dark} }} }}
body {{ margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 74rem; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }}
h2 {{ font-size: 1.15rem; margin: 2.4rem 0 .5rem; padding-top: .8rem; border-top: 1px solid var(--rule); }}
table {{ border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }}
th, td {{ padding: .2rem .7rem; text-align: left; white-space: nowrap; border-bottom: 1px solid var(--rule); }}
.warn {{ color: var(--warn); font-weight: 600; }}
.scroll {{ overflow-x: auto; }} .cards {{ display: flex; flex-wrap: wrap; gap: 1.2rem; }} figure {{ margin: 0; }} svg {{ width: 100%; height: auto; }}
</style></head><body>
<h1>How time and memory grow</h1>
<p>{lead}</p><ul>{facts}</ul>
{parts}
</body></html>
"""

LEAD = ("By <code>make bench-growth</code>{quick}. Whole processes, one run of each size: time is that of all their threads and children, "
        "user and system; memory is the peak of the largest process, and not told below the {own:.0f} MiB of the program that measures. A curve has "
        "{seconds} s. The exponent is that of the last {last} sizes "
        "against the work named, by least squares of logarithms; <b>flat</b>: it does not rise above the start of a process. A curve whose exponent is more "
        "than {above:.2f} above that of its work is marked.")


def write_page(path: str, found: Dict[str, List[Measured]]) -> None:
    sys.path.insert(0, str(w.ROOT / "scripts"))
    import plots
    facts = "".join(f"<li>{html.escape(k)}: {html.escape(v)}</li>" for k, v in w.machine().items())
    parts = [html_table(SUM_HEAD, [r for key, all_of in found.items() for r in summary(AXES[key], all_of)])]
    for key, all_of in found.items():
        parts.append(f"<h2>{html.escape(key)}</h2><p>{html.escape(AXES[key].what)}</p><div class=cards>{figures(AXES[key], all_of, plots)}</div>"
                     f"<details><summary>Table</summary>{html_table(HEAD, [c for m in all_of for c in cells(m)])}</details>")
    lead = LEAD.format(quick=" with QUICK=1" if QUICK else "", own=OWN, seconds=SECONDS, last=LAST, above=STEEP - 1)
    Path(path).write_text(PAGE.format(light=plots.colour_variables(False), dark=plots.colour_variables(True), lead=lead, facts=facts, parts="\n".join(parts)),
                          encoding="utf-8")


def chosen(text: str) -> List[str]:
    keys = [k for k in text.replace(" ", ",").split(",") if k] or list(AXES)
    unknown = [k for k in keys if k not in AXES]
    if unknown:
        w.die(f"AXES: found {','.join(unknown)}, allowed: {', '.join(AXES)}")
    return keys


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--page", help="write one self-contained HTML page with the curves")
    parser.add_argument("--json", help="write every run")
    args = parser.parse_args()
    found: Dict[str, List[Measured]] = {}
    try:
        for key in chosen(os.environ.get("AXES", "")):
            print(f"{key}: {AXES[key].what}", file=sys.stderr, flush=True)
            found[key] = [measured(curve) for curve in AXES[key].curves]
    finally:
        aside(shutil.rmtree, KEPT)
    print("; ".join(f"{k}: {v}" for k, v in w.machine().items() if k in ("processor", "cores", "memory")) + "\n")
    for key, all_of in found.items():
        print(f"{w.table(HEAD, [c for m in all_of for c in cells(m)])}\n")
    print(w.table(SUM_HEAD, [r for key, all_of in found.items() for r in summary(AXES[key], all_of)]))
    if args.json:
        runs = {key: [{"curve": m.curve.name, "ended": m.ended, "points": [p._asdict() for p in m.points]} for m in all_of] for key, all_of in found.items()}
        Path(args.json).write_text(json.dumps({"machine": w.machine(), "growth": runs}, indent=1) + "\n")
    if args.page:
        write_page(args.page, found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
