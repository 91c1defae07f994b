"""Writes the rows of configs/perceptron, trains them with huge steps and writes the page: the number of steps until every row is
right, beside the published table and beside a simulation of the same rules in NumPy."""
import gzip
import math
from typing import Callable, Dict, List, Optional, Tuple

import numpy as np
from scipy.special import expit

from study_common import ROOT, Run, table, trained
from study_shape import load

STUDY = load("perceptron")
SETTINGS, RUN_ROWS, PUBLISHED_ROWS = STUDY.given("rules", "runs", "published")
FOLDER = ROOT / "results" / "perceptron"
RUNS = {(rule, float(step), n): epochs for rule, step, n, epochs in RUN_ROWS}
PUBLISHED = {(rule, float(step)): count for rule, of in PUBLISHED_ROWS.items() for step, count in of.items()}
Rule = Callable[[np.ndarray, np.ndarray, int], np.ndarray]


def rows(n: int) -> Tuple[np.ndarray, np.ndarray]:
    """Rows times their sign: a step is a weighted sum of these."""
    x = np.array([[0.5, -1.0]] + [[-0.5, -1.0]] * (n - 1))
    sign = np.array([1.0] + [-1.0] * (n - 1))
    return x * sign[:, None], sign


def steps(rule: Rule, n: int, most: int = 20000) -> Optional[int]:
    """Updates until every margin is above 0."""
    signed, _ = rows(n)
    theta = np.zeros(2)
    for t in range(1, most + 1):
        theta = theta + rule(signed, signed @ theta, t)
        if (signed @ theta > 0).all():
            return t
    return None


def logistic(gamma: float) -> Rule:
    return lambda a, m, t: gamma * (a * expit(-m)[:, None]).mean(0)


def normalised_logistic(gamma: float) -> Rule:
    return lambda a, m, t: gamma * (a * expit(-m)[:, None]).sum(0) / expit(-m).sum()


def batch_perceptron(a: np.ndarray, m: np.ndarray, t: int) -> np.ndarray:
    return a.mean(0) / 2 if t == 1 else (a * (m <= 0)[:, None]).mean(0)


def normalised_perceptron(a: np.ndarray, m: np.ndarray, t: int) -> np.ndarray:
    return a[m <= 0].mean(0)


def perceptron_loss(a: np.ndarray, m: np.ndarray, t: int) -> np.ndarray:
    return (a * (m <= 0)[:, None]).mean(0)


def simulated(rule: str, gamma: float) -> Rule:
    fixed = {"perceptron": perceptron_loss, "batch perceptron": batch_perceptron, "normalised batch perceptron": normalised_perceptron}
    return fixed[rule] if rule in fixed else (logistic if rule == "logistic" else normalised_logistic)(gamma)


def write_rows() -> None:
    (FOLDER / "data").mkdir(parents=True, exist_ok=True)
    for n in (10, 100, 1000):
        with open(FOLDER / "data" / ("n%d.csv.gz" % n), "wb") as raw, gzip.GzipFile("", "wb", mtime=0, fileobj=raw) as f:
            f.write(("x,label\n0.5,1\n" + "-0.5,0\n" * (n - 1)).encode("ascii"))


def train(binary: str, jobs: int) -> Dict[Tuple[str, float, int], dict]:
    found = {}
    for (rule, rate, n), epochs in RUNS.items():
        sets = SETTINGS[rule] + ["optimizer.lr=%g" % rate, "train.epochs=%d" % epochs, "train.batch=%d" % n,
                                 "data.train.path=results/perceptron/data/n%d.csv.gz" % n]
        (t,) = trained(binary, STUDY.configs[0], FOLDER, jobs, sets, quiet=True)
        found[rule, rate, n] = t["result"]["curves"]
    return found


def counted(curves: dict) -> Optional[int]:
    accuracy = curves["train.accuracy"]
    return accuracy.index(1.0) + 1 if 1.0 in accuracy else None


def count_table(trained: Dict[Tuple[str, float, int], dict]) -> List[str]:
    rules = [("LR+GD", g, logistic(g), ("logistic", g)) for g in (100.0, 10.0, 1.0)]
    rules += [("perceptron loss, step 1", None, perceptron_loss, ("perceptron", 1.0)),
              ("batch perceptron, first step 1/2", None, batch_perceptron, ("batch perceptron", 1.0))]
    rules += [("normalised LR+GD", g, normalised_logistic(g), ("normalised logistic", g)) for g in (100.0, 10.0, 1.0, 0.1)]
    rules.append(("normalised batch perceptron", None, normalised_perceptron, ("normalised batch perceptron", 1.0)))
    rows = []
    for name, gamma, rule, key in rules:
        rows.append([name, "%g" % gamma if gamma else "", "%s" % PUBLISHED.get((name, gamma), ""),
                     ", ".join(str(counted(trained[key + (n,)])) for n in (1000, 100, 10)), ", ".join(str(steps(rule, n)) for n in (1000, 100, 10))])
    return table(["rule", "step size", "published, n = 1000", "lossbench, n = 1000, 100, 10", "NumPy, n = 1000, 100, 10"], rows)


def verdicts(trained: Dict[Tuple[str, float, int], dict]) -> List[str]:
    def needed(rule: str, gamma: float, n: int) -> float:
        return counted(trained[rule, gamma, n]) or math.inf

    own = {"LR+GD": "logistic", "normalised LR+GD": "normalised logistic"}
    exact = sum(counted(trained[own[rule], gamma, 1000]) == want for (rule, gamma), want in PUBLISHED.items())
    same = sum(counted(trained[k]) == steps(simulated(*k[:2]), k[2]) for k in RUNS)
    beyond = [needed("normalised logistic", g, n) - (5 + 8 * math.log(2 * n - 1) / g) for g in (100.0, 10.0, 1.0, 0.1) for n in (1000, 100, 10)]
    sizes = (100.0, 10.0, 1.0)
    fewer, peaks = [needed("logistic", g, 1000) for g in sizes], {g: max(trained["logistic", g, 1000]["train.log_loss"]) for g in sizes}
    elsewhere = sum(a != b for a, b in zip(sorted(peaks, key=peaks.get), sizes))
    return [STUDY.claim("count", fewer[0], "lossbench needs %g steps, the paper 308." % fewer[0]),
            STUDY.claim("counts", exact / len(PUBLISHED)),
            STUDY.claim("simulation", same / len(RUNS)),
            STUDY.claim("theorem", beyond),
            STUDY.claim("larger", [b - a for a, b in zip(fewer, fewer[1:])], "%s steps at step sizes 100, 10, 1." % ", ".join("%g" % n for n in fewer)),
            STUDY.claim("progress", elsewhere, "Its largest value on the way is %s at step sizes 100, 10, 1, in another order than the steps." % (
                ", ".join("%.3g" % peaks[g] for g in sizes)))]


def page(trained: Dict[Tuple[str, float, int], dict]) -> str:
    return "\n".join([
        *STUDY.head(), *count_table(trained),
        "The batch perceptron of the paper takes half a step first, as logistic regression does from weights 0, where the loss `perceptron` takes "
        "a whole one. The normalised rules divide by the number of wrong rows, or by the mean of sigmoid(-margin): "
        "`optimizer: normalized_gd` and `optimizer: {name: batch_perceptron, normalize: true}`.", "", *STUDY.section(verdicts(trained), "What reproduces")])


def make(run: Run) -> str:
    write_rows()
    return page(train(run.binary, run.jobs))
