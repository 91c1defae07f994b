#!/usr/bin/env python3
"""Times the project's workloads with an earlier revision and with this one, in turn, as whole processes.

    tests/bench/revisions.py REV [--rounds N] [--page FILE]        (make bench-revisions REV=b32a008)

Builds revision REV in a scratch folder. WORKLOADS=A,B (of A B C D L R E P F; default all) is taken from the environment. The table shows
medians of the rounds and, in brackets, the smallest and the largest ratio of two neighbours in time. Nothing here passes or fails:
times move with the machine.
"""
import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, List

import bench
import workloads as w

SIDES = ("old", "new")


def build(revision: str, folder: str) -> Path:
    """The program of that revision."""
    archive = subprocess.run(["git", "-C", str(w.ROOT), "archive", revision], stdout=subprocess.PIPE)
    if archive.returncode:
        w.die(f"{revision} is no revision of this repository")
    subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
    env = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
    made = subprocess.run(["make", "-C", folder, f"-j{os.cpu_count()}", "lossbench"], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if made.returncode:
        w.die(f"{revision} does not build:\n{made.stderr[-2000:]}", 1)
    return Path(folder) / "lossbench"


def once(load: w.Workload, program: Path, jobs: int) -> w.Run:
    w.LOSSBENCH = program
    if load.key == "E":
        return bench.one_step()
    if load.key == "P":
        with tempfile.TemporaryDirectory() as folder:
            return w.lossbench(load.config, [*w.pair_rows(folder), f"train.epochs={load.epochs}"], jobs)
    if load.key != "R":
        return w.lossbench(load.config, load.sets, jobs)
    with tempfile.TemporaryDirectory() as scratch:
        table = Path(scratch) / "rows.csv"
        w.regression_rows(table)
        return w.lossbench(load.config, [f"data.train.path={table}", f"train.epochs={load.epochs}"], jobs)


def compare(load: w.Workload, program: Dict[str, Path], rounds: int, jobs: int) -> List[str]:
    """A row of the table; which side goes first changes from round to round."""
    runs: Dict[str, List[w.Run]] = {side: [] for side in SIDES}
    for i in range(rounds):
        for side in SIDES if i % 2 == 0 else SIDES[::-1]:
            runs[side].append(once(load, program[side], jobs))
    cells = [load.key + (" x2" if jobs > 1 else "")]
    for what in ("wall", "cpu"):
        old, new = ([getattr(r, what) for r in runs[side]] for side in SIDES)
        ratios = [b / a for a, b in zip(old, new)]
        cells += [f"{w.median(old):.3f}", f"{w.median(new):.3f}", f"{w.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})"]
    return cells + [f"{w.median([r.peak for r in runs[side]]) / 2 ** 20:.1f}" for side in SIDES]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("revision")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--page", help="write a Markdown page")
    args = parser.parse_args()
    keys = w.chosen(os.environ.get("WORKLOADS", ""))
    head = ["workload", "old wall s", "new wall s", "ratio", "old cpu s", "new cpu s", "ratio", "old MiB", "new MiB"]
    new = w.LOSSBENCH
    with tempfile.TemporaryDirectory() as folder:
        program = {"old": build(args.revision, folder), "new": new}
        rows = []
        for key in keys:
            load = w.WORKLOADS[key]
            for jobs in (1, 2) if load.trials > 1 else (0,):
                rows.append(compare(load, program, args.rounds, jobs))
                print(w.table(head, rows[-1:]).split("\n")[1], file=sys.stderr, flush=True)
        w.LOSSBENCH = new
    print(w.table(head, rows))
    if args.page:
        lead = f"By `make bench-revisions REV={args.revision}`, {args.rounds} rounds, the two revisions in turn: revision {args.revision} (old) and this one (new)."
        list_of = "\n".join(f"- **{k}**: {w.WORKLOADS[k].what if k != 'E' else 'process start to the end of a single step on Letter'}" for k in keys)
        w.page(args.page, "Benchmark: this revision against an earlier one", lead, [list_of, w.table(head, rows, True),
               "Medians; in brackets the smallest and the largest ratio of a round. `x2`: two worker processes. MiB: peak of the largest process."])
    return 0


if __name__ == "__main__":
    sys.exit(main())
