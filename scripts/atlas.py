#!/usr/bin/env python3
"""Makes the studies of scripts/studies and the page of all of them, results/reference/README.md.

    scripts/atlas.py                 makes the studies whose files have changed, comments aside, then the page
    scripts/atlas.py STUDY...        makes these
    scripts/atlas.py --list          tells which it would make, and why
    scripts/atlas.py --page          writes the page alone; --check tells whether it is what it would write
    scripts/atlas.py --links         reads the catalogue of losses and writes it with links to the papers that use them

A study writes results/reference/STUDY/README.md and study.json beside it: when it was made, by which revision, in which time, out of which
files, and its claims with their verdicts. Needs PyYAML; the scripts of single studies need more (scripts/setup.sh study)."""
import argparse
import ast
import datetime
import hashlib
import importlib
import json
import os
import platform
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Dict, List, Optional, Tuple

import yaml

import atlas_page
import study_page
from study_common import ROOT, Refused, Run, answer_of, claims_of, undeclared
from study_comparison import known
from study_shape import Study, load, names

REFERENCE = ROOT / "results" / "reference"
SCHEMA = "lossbench-study/1"


# ---- one study ----

def meaning(path: Path) -> str:
    """The file without its comments and its layout."""
    text = path.read_text(encoding="utf-8")
    return ast.dump(ast.parse(text)) if path.suffix == ".py" else json.dumps(yaml.safe_load(text))


def sums(study: Study) -> Dict[str, str]:
    return {str(p.relative_to(ROOT)): hashlib.sha256(meaning(p).encode()).hexdigest() for p in study.files()}


def git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout.strip()


def revision() -> str:
    """Of the program and the scripts; the results, which this very script writes, have no part in it."""
    changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!results")
    return (git("rev-parse", "--short", "HEAD") or "unknown") + ("-dirty" if changed else "")


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def prepare(commands: List[str]) -> None:
    for command in commands:
        words = shlex.split(command)
        subprocess.run([sys.executable] * words[0].endswith(".py") + words, cwd=ROOT, check=True)


def page_of(study: Study, run: Run) -> str:
    prepare(list(study.before))
    if study.comparison:
        return study_page.made(run, study.comparison)
    text = importlib.import_module("studies." + study.script).make(run)
    wrong = undeclared(study.claims, text)
    if wrong:
        raise Refused("%s: the page %s" % (study.name, wrong[0]))
    return text


def record(study: Study, text: str, seconds: float, jobs: int) -> dict:
    return {"schema": SCHEMA, "study": study.name, "made": datetime.date.today().isoformat(), "revision": revision(), "seconds": round(seconds),
            "jobs": jobs, "processor": processor(), "files": sums(study), "answer": answer_of(text), "claims": [c._asdict() for c in claims_of(text)]}


def write(path: Path, text: str) -> None:
    path.write_text(text.rstrip("\n") + "\n", encoding="utf-8")
    print("written: %s" % os.path.relpath(path))


def make(study: Study, args: argparse.Namespace) -> None:
    known([name for name, _ in args.option], list(study.options), "options of " + study.name)
    out = args.out or REFERENCE / study.name
    out.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    text = page_of(study, Run(study.name, args.binary, args.jobs, out, {**study.options, **dict(args.option)}))
    write(out / "README.md", text)
    write(out / "study.json", json.dumps(record(study, text, time.monotonic() - start, args.jobs), indent=1, ensure_ascii=False))


# ---- which ----

def changed(study: Study) -> str:
    """Why it is to be made; empty where nothing has changed."""
    try:
        before = json.loads((REFERENCE / study.name / "study.json").read_text(encoding="utf-8"))["files"]
    except FileNotFoundError:
        return "never made"
    now = sums(study)
    other = [name for name in sorted({*before, *now}) if before.get(name) != now.get(name)]
    return "changed: " + ", ".join(other) if other else ""


def chosen(args: argparse.Namespace) -> List[Study]:
    known = names()
    for name in args.study:
        if name not in known:
            raise Refused("found study %s, allowed: %s" % (name, ", ".join(known)))
    studies = [load(name) for name in args.study or known]
    return studies if args.study else [s for s in studies if changed(s)]


def option(text: str) -> Tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError("found %s, allowed: NAME=VALUE" % text)
    return name, yaml.safe_load(value)


def arguments(words: Optional[List[str]] = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", nargs="*", metavar="STUDY", help="one of: " + ", ".join(names()))
    for name in ("list", "page", "check", "links"):
        parser.add_argument("--" + name, action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="trainings at a time")
    parser.add_argument("--out", type=Path, help="the folder of one study's page, in the place of results/reference/STUDY")
    parser.add_argument("--option", type=option, action="append", default=[], metavar="NAME=VALUE", help="an option of one study, in the place of its file's")
    parser.add_argument("--binary", default=str(ROOT / "lossbench"), help="the program, in the place of ./lossbench")
    args = parser.parse_args(words)
    if (args.out or args.option) and len(args.study) != 1:
        parser.error("--out and --option are of one study")
    return args


def run(args: argparse.Namespace) -> int:
    if args.links:
        sys.stdout.write(atlas_page.linked(sys.stdin.read()))
        return 0
    page = REFERENCE / "README.md"
    if args.check:
        same = page.read_text(encoding="utf-8") == atlas_page.page()
        print("%s is %s" % (page.relative_to(ROOT), "up to date" if same else "old: run make atlas-page"))
        return 0 if same else 1
    if not args.page:
        for study in chosen(args):
            print("%s: %s, %s" % (study.name, changed(study) or "asked for", study.cost), flush=True)
            if not args.list:
                make(study, args)
    if not args.list and not args.out:
        write(page, atlas_page.page())
    return 0


def main() -> int:
    try:
        return run(arguments())
    except Refused as error:
        print("atlas: %s" % error, file=sys.stderr)
        return 3
    except subprocess.CalledProcessError as error:
        print("atlas: %s ended with %d; the same command goes on from there" % (" ".join(map(str, error.cmd[:3])), error.returncode), file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
