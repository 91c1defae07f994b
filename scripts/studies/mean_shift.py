"""Trains detectors of outliers on eight sets by configs/mean_shift and writes the page: what mean shift gains."""
from statistics import mean
from typing import Dict, List, Sequence, Tuple

from study_common import ROOT, Run, table, trained
from study_shape import load

STUDY = load("mean_shift")
SETS, DETECTORS = STUDY.given("sets", "detectors")
CONFIG, FOLDER = STUDY.configs[0], ROOT / "results" / "mean-shift"
TABLES = FOLDER / "tables"
Areas = Dict[str, Dict[str, Tuple[float, float]]]       # of each set and detector the mean AUROC, plain and shifted


def detector(trial: dict) -> str:
    config = trial["config"]
    return "gaussian" if config["model"]["kind"] == "gaussian" else config["loss"]["name"]


def areas(trials: Sequence[dict]) -> Dict[str, Tuple[float, float]]:
    found: Dict[Tuple[str, bool], List[float]] = {}
    for t in trials:
        shifted = t["config"]["evaluate"]["anomaly"]["shift_rounds"] > 0
        found.setdefault((detector(t), shifted), []).append(t["result"]["metrics"]["train"]["auc"])
    return {name: (mean(found[name, False]), mean(found[name, True])) for name in DETECTORS}


def gains(found: Areas, name: str) -> Dict[str, float]:
    """Relative to the plain scores."""
    return {of: pairs[name][1] / pairs[name][0] - 1 for of, pairs in found.items()}


def page(found: Areas, seeds: int) -> str:
    def measured(name: str) -> Dict[str, float]:
        gain = gains(found, name).values()
        return {"sets": sum(g > 0 for g in gain), "gain": mean(gain)}

    def figures(name: str) -> str:
        return "On %d of %d, mean %+.1f %%." % (measured(name)["sets"], len(found), 100 * measured(name)["gain"])

    better = sum(pairs["apre"][0] > pairs["mse"][0] for pairs in found.values())
    lines = [*STUDY.head(seeds=seeds), "%s %s" % (STUDY.question, STUDY.judged("apre", measured("apre"), figures("apre"))), "",
             *table(["set", *(word for name in DETECTORS.values() for word in (name, "shifted"))],
                    [[of, *("%.4f" % v for name in DETECTORS for v in pairs[name])] for of, pairs in found.items()])]
    return "\n".join(lines + STUDY.section([
        *(STUDY.claim(name, measured(name), figures(name)) for name in DETECTORS),
        STUDY.claim("variances", better, "On %d of %d." % (better, len(found)))]))


def make(run: Run) -> str:
    def of(name: str) -> Dict[str, Tuple[float, float]]:
        more = ["data.train.path=%s" % (TABLES / (name + ".csv.gz")).relative_to(ROOT), "train.seed=1..%d" % run.options["seeds"],
                "output.dir=%s" % (FOLDER / name).relative_to(ROOT)]
        return areas(trained(run.binary, CONFIG, FOLDER / name, run.jobs, more, quiet=True))

    return page({name: of(name) for name in SETS}, run.options["seeds"])
