"""Times training steps with ten thousand, a hundred thousand and a million classes by configs/many_classes, with head factored and head linear,
and writes the page."""
from statistics import median
from typing import Dict, List, NamedTuple, Tuple

from study_common import ROOT, Run, table, trained
from study_shape import load

STUDY = load("many_classes")
ROWS, SIZES, DENSE = STUDY.given("rows", "sizes", "dense")
CONFIG, FOLDER = STUDY.configs[0], ROOT / "results" / "many_classes"


class Timed(NamedTuple):
    step: float                        # milliseconds, the median
    memory: float                      # bytes at most, of the process


Times = Dict[Tuple[str, int], Timed]   # head, classes


def of_size(classes: int) -> List[str]:
    """A row of each class and as many of the training again, of which few train and few test."""
    rows = classes + 200
    return ["data.generator.classes=%d" % classes, "data.generator.rows=%d" % rows, "data.split.train=%.10g" % ((ROWS + 0.5) / rows),
            "data.split.test=%.10g" % ((ROWS / 10 + 0.5) / rows)]


def runs(run: Run, name: str, words: List[str]) -> List[dict]:
    """One training at a time."""
    folder = FOLDER / name
    return trained(run.binary, CONFIG, folder, 1, [*words, "output.dir=%s" % folder.relative_to(ROOT)], quiet=True)


def timed(run: Run) -> Times:
    seeds = "train.seed=1..%d" % run.options["repetitions"]
    out: Times = {}
    for classes, epochs in SIZES.items():
        for head in ["factored"] + ["linear"] * (classes in DENSE):
            trials = runs(run, "times", [*of_size(classes), "model.head=%s" % head, "train.epochs=%d" % epochs, "train.precision=float32", seeds])
            out[head, classes] = Timed(median(1000 * t["run"]["seconds"]["train"] / t["result"]["steps"] for t in trials),
                                       median(t["run"]["peak_memory_bytes"] for t in trials))
    return out


def difference(run: Run) -> float:
    """Of the training losses of both heads, the largest."""
    factored, linear = (t["result"]["curves"]["train.loss"] for t in runs(run, "exact", []))
    return max(abs(a - b) for a, b in zip(factored, linear))


def page(times: Times, apart: float, repetitions: int) -> str:
    steps = {classes: times["factored", classes].step for classes in SIZES}
    over = max(steps.values()) / min(steps.values())
    most = max(DENSE)
    gain = times["linear", most].step / steps[most]
    rows = [["{:,}".format(classes).replace(",", " "), "%.2f" % steps[classes],
             "%.1f" % times["linear", classes].step if ("linear", classes) in times else "", "%.2f GB" % (times["factored", classes].memory / 1e9)] for classes in SIZES]
    return "\n".join([
        *STUDY.head(repetitions=repetitions), STUDY.asked(over, "The longest median is %.2f times the shortest." % over), "",
        *table(["classes", "step, head factored, ms", "head linear, ms", "memory, head factored"], rows),
        *STUDY.section([STUDY.claim("flat", over, "%.2f." % over), STUDY.claim("exact", apart, "%.1e." % apart), STUDY.claim("faster", gain, "%.0f times." % gain),
                        STUDY.claim("published", gain, "%.0f times." % gain)])])


def make(run: Run) -> str:
    return page(timed(run), difference(run), run.options["repetitions"])
