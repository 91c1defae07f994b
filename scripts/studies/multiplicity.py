"""Predictive multiplicity of logistic regression: trains the baselines of configs/multiplicity, finds the exact viable prediction range of
every row among the models whose loss is within eps of the optimum, and writes the page."""
import csv
import gzip
from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np
from scipy.special import expit

from study_common import ROOT, Run, predictions, table, trained
from study_shape import load

STUDY = load("multiplicity")
SETS, PENALTIES, SHARES, DELTAS, ROWS = STUDY.given("sets", "penalties", "shares", "deltas", "rows")
FOLDER = ROOT / "results" / "multiplicity"


class Logistic:
    """J(w) = mean log-loss + penalty/2 |w|^2, the bias, last in w, free."""

    def __init__(self, x: np.ndarray, y: np.ndarray, penalty: float) -> None:
        self.a = np.column_stack([x, np.ones(len(x))])
        self.signed = self.a * (2 * y - 1)[:, None]
        self.decay = np.full(self.a.shape[1], penalty)
        self.decay[-1] = 0
        self.w0 = self.minimise(np.zeros(self.a.shape[1]))
        self.loss0 = self.value(self.w0)

    def value(self, w: np.ndarray) -> float:
        return float(np.logaddexp(0, -self.signed @ w).mean() + 0.5 * (self.decay * w * w).sum())

    def gradient(self, w: np.ndarray) -> np.ndarray:
        return -self.signed.T @ expit(-self.signed @ w) / len(self.a) + self.decay * w

    def hessian(self, w: np.ndarray) -> np.ndarray:
        p = expit(self.a @ w)
        return (self.a.T * (p * (1 - p))) @ self.a / len(self.a) + np.diag(self.decay)

    def minimise(self, w: np.ndarray, tilt: Optional[np.ndarray] = None) -> np.ndarray:
        """argmin J(w) + tilt.w by Newton's steps, halved until the value falls."""
        tilt = np.zeros(len(w)) if tilt is None else tilt
        at = self.value(w) + tilt @ w
        for _ in range(100):
            g = self.gradient(w) + tilt
            move = np.linalg.solve(self.hessian(w), g)
            if g @ move < 1e-22:
                break
            step = 1.0
            while step > 1e-8 and self.value(w - step * move) + tilt @ (w - step * move) > at - 1e-4 * step * (g @ move) + 1e-16:
                step /= 2
            w = w - step * move
            at = self.value(w) + tilt @ w
        return w

    def end(self, x: np.ndarray, eps: float, sign: int) -> np.ndarray:
        """The model of the largest (sign 1) or smallest score of x with J <= J_0 + eps: argmin J - sign k x.w, k such that it just holds.
        The root of the excess is nearly linear in k, so k is found by the secant of that root, kept inside a bracket."""
        low, high, k = 0.0, np.inf, float(np.sqrt(2 * eps / (x @ np.linalg.solve(self.hessian(self.w0), x))))
        w = self.w0
        for _ in range(60):
            w = self.minimise(w, -sign * k * x)
            excess = self.value(w) - self.loss0
            if abs(excess - eps) <= 1e-9 * eps + 1e-15:
                break
            low, high = (k, high) if excess < eps else (low, k)
            k *= float(np.sqrt(eps / max(excess, 1e-300)))
            if not low < k < high:
                k = (low + high) / 2
        return w

    def local_half_width(self, x: np.ndarray, eps: float) -> float:
        return float(np.sqrt(2 * eps * (x @ np.linalg.solve(self.hessian(self.w0), x))))


def read(name: str) -> Tuple[np.ndarray, List[str]]:
    with gzip.open(ROOT / "datasets" / "samples" / (name + ".csv.gz"), "rt", encoding="utf-8", newline="") as f:
        head, *rows = csv.reader(f)
    label = head.index("label")
    x = np.array([[float(v) for i, v in enumerate(row) if i != label] for row in rows])
    sd = x.std(0)
    return (x - x.mean(0)) / np.where(sd > 0, sd, 1), [row[label] for row in rows]


def train(binary: str, jobs: int) -> Dict[Tuple[str, float], dict]:
    found = {}
    for name in SETS:
        path = "datasets/samples/%s.csv.gz" % name
        sets = ["data.train.path=" + path, "data.test.path=" + path, "optimizer.weight_decay=" + ",".join("%g" % p for p in PENALTIES)]
        for t in trained(binary, STUDY.configs[0], FOLDER, jobs, sets, quiet=True):
            with open(predictions(FOLDER, t), encoding="utf-8", newline="") as f:
                t["scores"] = np.array([float(row["score_1"]) for row in csv.DictReader(f)])
            found[name, float(t["config"]["optimizer"]["weight_decay"])] = t
    return found


def study(trial: dict, x: np.ndarray, names: List[str], penalty: float) -> dict:
    classes = trial["data"]["classes"]
    y = np.array([classes.index(n) for n in names])
    model = Logistic(x, y, penalty)
    picked = np.unique(np.linspace(0, len(x) - 1, ROWS).astype(int))
    base = expit(model.a @ model.w0)
    out = {"loss": model.loss0, "loss_gap": abs(model.loss0 - trial["result"]["objective"]),
           "score_gap": float(np.abs(model.a @ model.w0 - trial["scores"]).max()),
           "accuracy": float(((base > 0.5) == y).mean()), "eps": {}}
    for share in SHARES:
        eps = share * model.loss0
        ends = np.array([[model.end(model.a[i], eps, sign) for sign in (-1, 1)] for i in picked])
        logit = np.array([[model.a[i] @ w for w in pair] for i, pair in zip(picked, ends)])
        local = np.array([model.local_half_width(model.a[i], eps) for i in picked])
        move = np.abs(expit(logit) - base[picked, None]).max(1)
        away = np.abs(expit(model.a[picked] @ ends.reshape(-1, ends.shape[-1]).T) - base[picked, None])
        minority = y[picked] == np.argmin(np.bincount(y))
        width = expit(logit[:, 1]) - expit(logit[:, 0])
        out["eps"][share] = {"ambiguity": [float((move >= d).mean()) for d in DELTAS],
                             "discrepancy": [float((away >= d).mean(0).max()) for d in DELTAS],
                             "width": float(width.mean()), "minority": float(width[minority].mean()), "majority": float(width[~minority].mean()),
                             "ratio": float(((logit[:, 1] - logit[:, 0]) / (2 * local)).mean())}
    tiny = 1e-6 * model.loss0
    out["tiny"] = max(abs((model.a[i] @ model.end(model.a[i], tiny, s) - model.a[i] @ model.w0) * s / model.local_half_width(model.a[i], tiny) - 1)
                      for i in picked[::6] for s in (-1, 1))
    return out


def range_table(found: Dict[Tuple[str, float], dict]) -> List[str]:
    def listed(values: Sequence[float]) -> str:
        return ", ".join("%.3f" % v for v in values)

    return table(["set", "λ", "loss", "accuracy", "eps", "mean width", "minority, majority", "A(0.05), A(0.1), A(0.2)", "D at least", "exact / local"], [
        [name, "%g" % penalty, "%.5f" % f["loss"], "%.3f" % f["accuracy"], "%g %%" % (100 * share), "%.4f" % e["width"],
         "%.4f, %.4f" % (e["minority"], e["majority"]), listed(e["ambiguity"]), listed(e["discrepancy"]), "%.4f" % e["ratio"]]
        for (name, penalty), f in sorted(found.items()) for share, e in f["eps"].items()])


def rises(values: Sequence[float]) -> List[float]:
    return [b - a for a, b in zip(values, values[1:])]


def verdicts(found: Dict[Tuple[str, float], dict]) -> List[str]:
    loss, score, tiny = (max(f[k] for f in found.values()) for k in ("loss_gap", "score_gap", "tiny"))
    cells = [e for f in found.values() for e in f["eps"].values()]
    widest = {n: [max(e["width"] for e in found[n, p]["eps"].values()) for p in PENALTIES] for n in SETS}
    wider = sum(e["minority"] > e["majority"] for e in cells)
    return [STUDY.claim("optimum", {"objective": loss, "scores": score}, "The objectives differ by at most %.1e, the scores of all rows by %.1e." % (
                loss, score)),
            STUDY.claim("local", tiny, "At eps = 10⁻⁶ J₀ the exact ends are within %.1e of it, relatively." % tiny),
            STUDY.claim("bounded", [a - d for e in cells for d, a in zip(e["discrepancy"], e["ambiguity"])]),
            STUDY.claim("eps", [v for f in found.values() for v in rises([f["eps"][share]["width"] for share in SHARES])]),
            STUDY.claim("penalty", [v for w in widest.values() for v in rises(w)], "Mean widths: %s. The level set is a share of the loss, which shrinks as the fit "
                        "gets closer." % "; ".join("%s %s" % (n, ", ".join("%.3f" % v for v in w)) for n, w in widest.items())),
            STUDY.claim("minority", wider / len(cells), "%d of %d cells." % (wider, len(cells)))]


def page(found: Dict[Tuple[str, float], dict]) -> str:
    return "\n".join([*STUDY.head(rows=ROWS, models=2 * ROWS), *range_table(found), *STUDY.section(verdicts(found))])


def make(run: Run) -> str:
    baselines = train(run.binary, run.jobs)
    data = {name: read(name) for name in SETS}
    return page({(n, p): study(baselines[n, p], *data[n], p) for n in SETS for p in PENALTIES})
