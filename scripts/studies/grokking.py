"""Writes the rows of configs/grokking, trains them with and without the projection of the gradient, and writes the page."""
from typing import List, Optional

from study_common import ROOT, Run, verdict

FOLDER = ROOT / "results" / "grokking"
MODULUS = 113
EPOCHS = (25, 50, 75, 100, 125, 150, 200, 300)
LEARNED, NOT_LEARNED = 0.99, 0.05


def write_rows() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    lines = ["a,b,label"] + ["a%03d,b%03d,s%03d" % (a, b, (a + b) % MODULUS) for a in range(MODULUS) for b in range(MODULUS)]
    (FOLDER / "addition.csv").write_text("\n".join(lines) + "\n", encoding="ascii")


def curve(trial: dict, name: str) -> List[Optional[float]]:
    return trial["result"]["curves"][name]


def first(values: List[float], least: float) -> str:
    return next((str(i + 1) for i, v in enumerate(values) if v >= least), "never")


def row(trial: dict) -> str:
    test = curve(trial, "test.accuracy")
    return "| %s | %d | %s | %s | %s | %.0f %% |" % (
        trial["config"]["optimizer"]["project"], trial["config"]["train"]["seed"], first(curve(trial, "train.accuracy"), 1.0),
        first(test, LEARNED), " | ".join("%.4f" % test[e - 1] for e in EPOCHS), 100 * curve(trial, "train.softmax_collapse")[-1])


def claim(name: str, good: bool, said: str) -> str:
    return "- %s: %s %s" % (name, verdict(good), said)


def page(trials: List[dict]) -> str:
    last = {p: [t["result"]["metrics"]["test"]["accuracy"] for t in trials if t["config"]["optimizer"]["project"] == p]
            for p in ("none", "perpendicular")}
    fitted = [t["result"]["metrics"]["train"]["accuracy"] for t in trials]
    out = ["# Learning modular addition without weight decay", "",
           "Remade by `make atlas STUDY=grokking`; do not edit. Protocol: the header of "
           "[configs/grokking/addition.yaml](../../../configs/grokking/addition.yaml). Test accuracy after so many steps; the step at which every "
           "training row is right, and that at which 99 % of the test rows are; rows whose softmax has collapsed at the end.", "",
           "| project | seed | fitted at | learned at | %s | collapsed |" % " | ".join(str(e) for e in EPOCHS),
           "| --- | ---: | ---: | ---: |" + " ---: |" * len(EPOCHS) + " ---: |"] + [row(t) for t in trials]
    out += ["", "## What holds", "",
            claim("Every training row is fitted, with and without the projection", min(fitted) >= 1, "Least training accuracy %.4f." % min(fitted)),
            claim("With it the rule is learned within 300 steps (at least 99 % of the test rows)", min(last["perpendicular"]) >= LEARNED,
                  "Test accuracy %.4f to %.4f." % (min(last["perpendicular"]), max(last["perpendicular"]))),
            claim("Without it, it is not (at most 5 %)", max(last["none"]) <= NOT_LEARNED,
                  "Test accuracy %.4f to %.4f; chance is %.4f." % (min(last["none"]), max(last["none"]), 1 / MODULUS)),
            "", "The paper's figure shows the same over 300 epochs; its curves could not be read off, so no figure of theirs stands beside ours.", ""]
    return "\n".join(out)


def make(run: Run) -> str:
    write_rows()
    return page(run.trained("configs/grokking/addition.yaml", FOLDER))
