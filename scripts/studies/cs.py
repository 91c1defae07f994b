"""Cauchy-Schwarz losses where the noise of the targets has heavy tails: trains configs/cs on four real sets and writes the page."""
from pathlib import Path
from statistics import mean
from typing import Dict, List, NamedTuple, Sequence, Tuple

from study_common import ROOT, Run, best_trials, filled, table, trained
from study_page import corrected
from study_shape import load

STUDY = load("cs")
SETS, ROWS, LEVEL, NOISES, ROBUST, CONTENDERS = STUDY.given("sets", "rows", "level", "noises", "robust", "contenders")
CONFIG, FOLDER = STUDY.configs[0], ROOT / "results" / "cs"
RATIO = ROWS["test"] / ROWS["train"]
CS = "cs, inputs 1"
BASELINE = "always the mean"
Cell = Tuple[str, str]                       # set, noise
Values = Dict[Cell, Dict[str, List[float]]]  # contender: test mae, one a split


def train(binary: str, jobs: int, folder: Path, sets: Dict[str, List[str]], more: Sequence[str] = ()) -> Values:
    found: Values = {}
    for name, options in sets.items():
        words = ["data.train.path=datasets/samples/%s.csv.gz" % name.split()[0], *options, *more, "output.dir=%s" % folder]
        for contender, sweeps in CONTENDERS.items():
            trials = [t for sweep in sweeps for t in trained(binary, CONFIG, folder, jobs, sweep + words, quiet=True)]
            for noise, values in chosen(trials).items():
                found.setdefault((name, noise), {})[contender] = values
            for t in trials if contender == "mse" else []:
                found[name, noise_of(t)].setdefault(BASELINE, [t["baseline"]["metrics"]["test"]["mae"]])
    return found


def noise_of(trial: dict) -> str:
    noise = trial["config"].get("corrupt", {}).get("labels", {"kind": "none"})
    return NOISES[0] if noise["kind"] == "none" else "nu %g" % noise["nu"]


def chosen(trials: Sequence[dict]) -> Dict[str, List[float]]:
    """By noise: the test mae of the setting with the least validation mae in each split; a training that diverged is none."""
    best = best_trials([t for t in trials if t["result"]["status"] == "ok"], lambda t: (noise_of(t), t["config"]["train"]["seed"]),
                       lambda t: -t["result"]["metrics"]["valid"]["mae"])
    out: Dict[str, List[float]] = {}
    for noise, seed in sorted(best):
        out.setdefault(noise, []).append(best[noise, seed]["result"]["metrics"]["test"]["mae"])
    return out


class Gains(NamedTuple):
    """By which share of another's mae one is less on average, in each cell; in which cells it is clearly better and clearly worse."""
    of: Dict[Cell, float]
    better: List[Cell]
    worse: List[Cell]

    def mean(self) -> float:
        return mean(self.of.values())

    def ahead(self) -> int:
        return sum(g > 0 for g in self.of.values())

    def share(self) -> float:
        return self.ahead() / len(self.of)


def gains(values: Values, a: str, b: str, noises: Sequence[str]) -> Gains:
    told = corrected({key: [y - x for x, y in zip(v[a], v[b])] for key, v in values.items() if key[1] in noises}, RATIO)
    of = {key: t.mean / mean(values[key][b]) for key, t in told.items()}
    clear = [key for key, t in told.items() if t.p < LEVEL]
    return Gains(of, [k for k in clear if of[k] > 0], [k for k in clear if of[k] < 0])


def cells(keys: Sequence[Cell]) -> str:
    return " (%s)" % "; ".join("%s, %s" % k for k in keys) if keys else ""


def compared(values: Values, key: str, robust: str) -> str:
    """A claim of one contender against another."""
    of = STUDY.claims[key].compares
    a, b = of["better"], filled(of["than"], {"robust": robust})
    found = gains(values, a, b, of.get("noises", NOISES))
    told = "%s against %s: on average better in %d of %d cells, clearly in %d%s, clearly worse in %d%s; mean gain %+.1f %%." % (
        a, b, found.ahead(), len(found.of), len(found.better), "" if len(found.better) == len(found.of) else cells(found.better), len(found.worse),
        cells(found.worse), 100 * found.mean())
    no_worse = {"worse": len(found.worse), "gain": found.mean()}
    return STUDY.claim(key, no_worse if "worse" in STUDY.claims[key].bars else found.share(), told, robust=robust)


def best_robust(values: Values) -> str:
    """The row-wise loss of the least mean relative mae over all cells."""
    return min(ROBUST, key=lambda loss: mean(mean(v[loss]) / mean(v["mse"]) for v in values.values()))


def comes_down(values: Values) -> str:
    found = gains(values, "cs, inputs 0.3", "correntropy", NOISES)
    clear = [k for k in found.of if k in found.better or k in found.worse]
    return STUDY.claim("narrow", len(clear), "Clearly apart in %d of %d cells%s; mean gain %+.1f %%." % (
        len(clear), len(found.of), cells(clear), 100 * found.mean()))


def marginal(values: Values) -> str:
    left = {k: mean(v["cs_marginal"]) / mean(v[BASELINE]) for k, v in values.items()}
    lost = STUDY.meeting("marginal", left)
    beaten = sum(mean(v["cs_marginal"]) < mean(v["mse"]) for v in values.values())
    return STUDY.claim("marginal", list(left.values()), "In %d of %d cells it is so%s; it is better than mse in %d." % (
        len(lost), len(values), "" if len(lost) == len(values) else cells(lost), beaten))


def verdicts(values: Values) -> List[str]:
    own, robust = {"narrow": comes_down, "marginal": marginal}, best_robust(values)
    return [own[key](values) if key in own else compared(values, key, robust) for key in STUDY.claims]


def mae_table(of: Dict[str, Dict[str, List[float]]]) -> List[str]:
    """A column for each noise."""
    noises = [n for n in NOISES if n in of]
    best = {n: min(mean(v) for v in of[n].values()) for n in noises}
    return table(["loss", *noises], [[loss, *(("**%.4g**" if mean(of[n][loss]) == best[n] else "%.4g") % mean(of[n][loss]) for n in noises)]
                                     for loss in [*CONTENDERS, BASELINE]])


def answer(values: Values) -> str:
    robust = best_robust(values)
    against, rivals = gains(values, CS, "mse", NOISES[1:]), gains(values, CS, robust, NOISES[1:])
    return STUDY.asked({"mse": against.share(), "robust": rivals.share()}, "It is on average better than squared error in %d of %d cells with noise, and better "
                       "than %s, a robust loss that reads no inputs, in %d." % (against.ahead(), len(against.of), robust, rivals.ahead()))


def page(values: Values) -> str:
    splits = len(next(iter(values.values()))["mse"])
    lines = [*STUDY.head(splits=splits, level=LEVEL), answer(values), ""]
    for name in dict.fromkeys(name for name, _ in values):
        lines += ["## %s" % name, "", *mae_table({noise: v for (n, noise), v in values.items() if n == name})]
    return "\n".join(lines + STUDY.section(verdicts(values)))


def make(run: Run) -> str:
    return page(train(run.binary, run.jobs, FOLDER, SETS))
