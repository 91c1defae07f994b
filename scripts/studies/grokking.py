"""Writes the rows of configs/grokking, trains them with and without the projection of the gradient, and writes the page."""
from typing import Callable, List

from study_common import ROOT, Run, table
from study_shape import load

STUDY = load("grokking")
MODULUS, EPOCHS = STUDY.given("modulus", "epochs")
FOLDER = ROOT / "results" / "grokking"


def write_rows() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    lines = ["a,b,label"] + ["a%03d,b%03d,s%03d" % (a, b, (a + b) % MODULUS) for a in range(MODULUS) for b in range(MODULUS)]
    (FOLDER / "addition.csv").write_text("\n".join(lines) + "\n", encoding="ascii")


def curve(trial: dict, name: str) -> List[float]:
    return trial["result"]["curves"][name]


def first(values: List[float], met: Callable[[float], bool]) -> str:
    return next((str(i + 1) for i, v in enumerate(values) if met(v)), "never")


def row(trial: dict) -> List[str]:
    test, fitted, learned = curve(trial, "test.accuracy"), STUDY.declared("fitted").met, STUDY.declared("learned").met
    return [trial["config"]["optimizer"]["project"], "%d" % trial["config"]["train"]["seed"], first(curve(trial, "train.accuracy"), fitted),
            first(test, learned), *("%.4f" % test[e - 1] for e in EPOCHS), "%.0f %%" % (100 * curve(trial, "train.softmax_collapse")[-1])]


def page(trials: List[dict]) -> str:
    last = {p: [t["result"]["metrics"]["test"]["accuracy"] for t in trials if t["config"]["optimizer"]["project"] == p]
            for p in ("none", "perpendicular")}
    fitted = [t["result"]["metrics"]["train"]["accuracy"] for t in trials]
    reached = {p: "Test accuracy %.4f to %.4f" % (min(v), max(v)) for p, v in last.items()}
    lines = STUDY.head() + table(["project", "seed", "fitted at", "learned at", *map(str, EPOCHS), "collapsed"], [row(t) for t in trials])
    return "\n".join(lines + STUDY.section([
        STUDY.claim("fitted", fitted, "Least training accuracy %.4f." % min(fitted)),
        STUDY.claim("learned", last["perpendicular"], reached["perpendicular"] + "."),
        STUDY.claim("not_learned", last["none"], "%s; chance is %.4f." % (reached["none"], 1 / MODULUS))]))


def make(run: Run) -> str:
    write_rows()
    return page(run.trained(STUDY.configs[0], FOLDER))
