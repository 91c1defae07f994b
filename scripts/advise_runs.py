"""The trainings that `lossbench advise` asks for: jobs become configs in DIR/plans, lossbench sweeps them, records come back. Standard
library only.

A job is one training. Jobs of one sweep are zipped, so that they need be no product; records are kept by id in DIR/trials, so that what
an earlier start trained is not trained again."""
import json
import os
import signal
import subprocess
import time
from pathlib import Path
from types import FrameType
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

from record_form import Broken
from records import Refused, read_record

STRESSES = {"": {}, "noise": {"corrupt.labels": {"kind": "uniform", "rate": 0.2}},
            "imbalance": {"corrupt.imbalance": {"kind": "step", "ratio": 10}},
            "outliers": {"corrupt.labels": {"kind": "contaminate", "rate": 0.1}}}


class Setting(NamedTuple):
    """What tuning chooses, beside the loss."""
    lr: float
    hidden: int                             # 0: a linear model
    params: Tuple[Tuple[str, object], ...]  # of the loss

    def words(self) -> str:
        own = ["%s %g" % (k.replace("_", " "), v) if isinstance(v, (int, float)) else "%s %s" % (k, v) for k, v in self.params]
        return ", ".join(["model linear" if not self.hidden else "model mlp of %d hidden units" % self.hidden, "learning rate %.3g" % self.lr] + own)


class Job(NamedTuple):
    loss: str
    setting: Setting
    seed: int                               # of the split and the training
    fold: int
    inner: Optional[int] = None             # fold of the inner cross-validation; None: trained on all of the outer training rows
    stress: str = ""


class Stopped(Exception):
    """Ctrl-C, or no time left."""

    def __init__(self, by_user: bool):
        super().__init__()
        self.by_user = by_user


class Plan(NamedTuple):
    """What does not change between two starts on one folder."""
    epochs: int
    batch: int
    folds: int                              # of the outer cross-validation
    share: float                            # of the rows that take part: below 1, random splits stand in for folds
    inner: int                              # folds of the inner cross-validation
    settings: int                           # tried for every loss
    losses: int                             # at most so many take part
    log_link: Tuple[str, ...] = ()          # losses whose targets are not standardized

    def ratio(self) -> float:
        """Test rows to training rows."""
        return 1 / (self.folds - 1)

    def split(self, seed: int, fold: int) -> dict:
        if fold < 0:                                        # no outer fold: all that take part (-1), or every row (-2)
            return {"train": self.share if fold == -1 else 1.0, "valid": 0, "test": 0, "seed": seed}
        if self.share < 1:
            test = self.share / self.folds
            return {"train": self.share - test, "valid": 0, "test": test, "seed": 100 * seed + fold}
        return {"folds": self.folds, "fold": fold, "seed": seed}


class Bench:
    """Trains jobs on one data set. `base` is the config's text up to the model, with a place for the split."""

    def __init__(self, binary: str, folder: Path, base: str, task: str, metrics: Sequence[str], jobs: int):
        self.binary, self.folder, self.base, self.task = binary, folder, base, task
        self.metrics, self.workers = list(dict.fromkeys(metrics)), jobs
        self.deadline: Optional[float] = None               # time.monotonic() at which a sweep is broken off
        self.child: Optional[subprocess.Popen] = None
        self.stop = False
        self.trained = 0                                    # records read

    # ---- stopping ----

    def catch_signals(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: Optional[FrameType]) -> None:
        self.stop = True
        if self.child:
            self.child.send_signal(signal.SIGINT)

    def check(self) -> None:
        if self.stop:
            raise Stopped(True)
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise Stopped(False)

    # ---- running ----

    def command(self, *words: str) -> str:
        """What a subcommand prints; its message and status where it fails."""
        self.check()
        self.child = subprocess.Popen([self.binary, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                      encoding="utf-8", errors="replace", start_new_session=True)
        limit = self.deadline
        while True:
            try:
                out, err = self.child.communicate(timeout=None if limit is None else max(0.01, limit - time.monotonic()))
                break
            except subprocess.TimeoutExpired:
                self.child.send_signal(signal.SIGINT)       # the sweep ends what it has begun to write
                limit = None
        status, self.child = self.child.returncode, None
        self.check()
        if status not in (0, 1) or status == 1 and words[0] != "sweep":
            lines = [line[len("lossbench: "):] if line.startswith("lossbench: ") else line for line in err.strip().splitlines()]
            raise Refused("\n".join(lines) or "lossbench %s ended with status %d" % (words[0], status), status if status in (2, 3, 4, 5) else 5)
        return out

    def run(self, name: str, jobs: Sequence[Job], plan: Plan, predictions: bool = False) -> Dict[Job, dict]:
        """The records of jobs that are alike in whether they have inner folds and a stress. A job that failed has none."""
        if not jobs:
            return {}
        path = self.folder / "plans" / (name + ".yaml")
        text = self.config(jobs, plan, predictions)
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
        words = ["sweep", "--config", str(path), "--quiet"]
        self.command(*words, "--jobs", str(self.workers))
        out: Dict[Job, dict] = {}
        for job, line in zip(jobs, self.command(*words, "--list").splitlines()):
            record = self.record(line.split("\t")[0])
            if record:
                out[job] = record
        self.trained += len(out)
        return out

    def record(self, name: str) -> Optional[dict]:
        try:
            record = read_record(str(self.folder / "trials" / (name + ".json")))
        except (OSError, Broken):
            return None
        return record if record["result"]["status"] in ("ok", "diverged") else None

    def predictions(self, record: dict) -> Path:
        return self.folder / "trials" / (record["id"] + ".predictions.csv")

    # ---- configs ----

    def config(self, jobs: Sequence[Job], plan: Plan, predictions: bool = False) -> str:
        first, columns = jobs[0], self.zipped(jobs, plan)
        with_cv = [] if first.inner is None else ["  cv: {folds: %d, fold: 0}" % plan.inner]
        lines = self.base.rstrip("\n").split("\n") + ["  split: " + flow(plan.split(first.seed, first.fold))] + with_cv
        lines += self.training(plan) + ["output: " + flow({"dir": str(self.folder), "predictions": predictions}), "sweep:", "  zip:"]
        return "\n".join(lines + ["    %s: %s" % (key, flow(values)) for key, values in columns.items()]) + "\n"

    def training(self, plan: Plan) -> List[str]:
        return ["model: {kind: linear}", "loss: " + ("ce" if self.task == "multiclass" else "logistic" if self.task == "binary" else "mse"),
                "optimizer: {name: sgd, lr: 0.01, momentum: 0.9}", "train: {epochs: %d, batch: %d, seed: 1}" % (plan.epochs, plan.batch),
                "metrics: " + flow(self.metrics)]

    def zipped(self, jobs: Sequence[Job], plan: Plan) -> Dict[str, list]:
        splits = [plan.split(j.seed, j.fold) for j in jobs]
        out: Dict[str, list] = {
            "loss": [{"name": j.loss, **dict(j.setting.params)} for j in jobs], "model": [model_block(j.setting) for j in jobs],
            "optimizer.lr": [j.setting.lr for j in jobs], "train.seed": [j.seed for j in jobs]}
        out.update(("data.split." + k, [s[k] for s in splits]) for k in ("seed", "fold") if k in splits[0])
        if jobs[0].inner is not None:
            out["data.cv.fold"] = [j.inner for j in jobs]
        for key, block in STRESSES[jobs[0].stress].items():
            out[key] = [block for _ in jobs]
        if self.task == "regression":
            out["data.preprocess.target"] = ["none" if j.loss in plan.log_link else "standardize" for j in jobs]
        return out


def model_block(setting: Setting) -> dict:
    return {"kind": "mlp", "hidden": [setting.hidden]} if setting.hidden else {"kind": "linear"}


def flow(value: object) -> str:
    """A value in YAML's flow style, texts in quotes, which is JSON but for the quotes of keys."""
    if isinstance(value, dict):
        return "{%s}" % ", ".join("%s: %s" % (k, flow(v)) for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return "[%s]" % ", ".join(map(flow, value))
    if isinstance(value, float):
        return "%.12g" % value
    return value if isinstance(value, str) and value.isidentifier() and value not in ("null", "true", "false", "yes", "no", "on", "off", "y", "n") \
        else json.dumps(value, ensure_ascii=False)


def value_of(record: Optional[dict], split: str, metric: str) -> Optional[float]:
    """A metric of a record. A training that diverged, or for which it is undefined, counts as the constant model; None where that is not known
    either, and where there is no record."""
    if record is None:
        return None
    for metrics in (record["result"].get("metrics"), (record.get("baseline") or {}).get("metrics")):
        value = ((metrics or {}).get(split) or {}).get(metric)
        if record["result"]["status"] == "ok" or metrics is not record["result"].get("metrics"):
            if value is not None and value == value:
                return float(value)
    return None


def program() -> str:
    return os.environ.get("LOSSBENCH") or str(Path(__file__).resolve().parent.parent / "lossbench")
