"""Fits Gaussians of normal rows by configs/low_variance and writes the page: which principal components find anomalies."""
from statistics import mean
from typing import Dict, List, Sequence

from stats import corrected_t
from study_common import ROOT, Run, table, trained
from study_shape import load

STUDY = load("low_variance")
SETS, = STUDY.given("sets")
CONFIG, FOLDER = STUDY.configs[0], ROOT / "results" / "low-variance"
COMPONENTS = ["low", "high", "all"]
Areas = Dict[str, Dict[str, List[dict]]]                # of each set the test metrics of each components, by split


def of_components(trials: Sequence[dict]) -> Dict[str, List[dict]]:
    return {c: [t["result"]["metrics"]["test"] for t in trials if t["config"]["model"]["components"] == c] for c in COMPONENTS}


def page(found: Areas) -> str:
    area = {name: {c: mean(m["auc"] for m in of[c]) for c in COMPONENTS} for name, of in found.items()}
    gain = {name: of["low"] - of["high"] for name, of in area.items()}
    told = corrected_t(list(gain.values()), 0)
    better, with_all = (sum(of[c] > of["high"] for of in area.values()) for c in ("low", "all"))
    figures = "On %d of %d; mean gain %+.4f, p %.3f." % (better, len(found), told.mean, told.p)
    lines = [*STUDY.head(splits=len(next(iter(found.values()))["all"])), "%s %s" % (STUDY.question, STUDY.judged("sets", better, figures)), "",
             *table(["set", "AUROC, low", "high", "all", "average precision, low", "high", "all"], [
                 [name, *("%.4f" % area[name][c] for c in COMPONENTS), *("%.4f" % mean(m["average_precision"] for m in of[c]) for c in COMPONENTS)]
                 for name, of in found.items()])]
    return "\n".join(lines + STUDY.section([
        STUDY.claim("sets", better, "On %d." % better),
        STUDY.claim("gain", {"gain": told.mean, "p": told.p}, "Mean %+.4f, 95 %% from %+.4f to %+.4f, p %.3f." % (told.mean, told.low, told.high, told.p)),
        STUDY.claim("all", with_all, "On %d." % with_all),
        STUDY.claim("enough", {name: of["low"] - of["all"] for name, of in area.items()},
                    "; ".join("%s %+.4f" % (name, of["low"] - of["all"]) for name, of in area.items()) + ".")]))


def make(run: Run) -> str:
    def of(name: str) -> List[dict]:
        more = ["train.seed=1..%d" % run.options["splits"], "output.dir=%s" % (FOLDER / name).relative_to(ROOT)]
        return trained(run.binary, CONFIG, FOLDER / name, run.jobs, [*SETS[name], *more], quiet=True)

    return page({name: of_components(of(name)) for name in SETS})
