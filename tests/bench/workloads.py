"""The workloads of the benchmark, and what bench.py and peers.py share: running a process and measuring it, reading records."""
import json
import math
import os
import random
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Sequence

ROOT = Path(__file__).resolve().parent.parent.parent
BENCH = Path("tests/bench")
FASHION = ROOT / "datasets/fashion-mnist"
PYTHON = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable
BUILD = Path(os.environ.get("BUILD") or ROOT / "build")
LOSSBENCH = Path(os.environ.get("LOSSBENCH") or ROOT / "lossbench").resolve()


class Workload(NamedTuple):
    key: str
    what: str
    config: str
    widths: Sequence[int] = ()                          # of the layers: inputs, hidden, outputs
    rows: int = 0                                       # of the training part
    epochs: int = 0
    batch: int = 0
    trials: int = 1
    sets: Sequence[str] = ()                            # further --set

    def products(self) -> List[List[int]]:
        """m, n, k, transposed a, transposed b of each product of a step: forward, gradient of weights, gradient of inputs."""
        found = []
        for layer, (n_in, n_out) in enumerate(zip(self.widths, self.widths[1:])):
            found.append([self.batch, n_out, n_in, 0, 1])
            found.append([n_out, n_in, self.batch, 1, 0])
            if layer:
                found.append([self.batch, n_in, n_out, 0, 0])
        return found

    def flop(self) -> float:
        """Of the products of the whole workload; the losses and the optimiser are not counted."""
        return sum(2.0 * m * n * k for m, n, k, _, _ in self.products()) * self.rows / self.batch * self.epochs * self.trials


_A = Workload("A", "linear softmax on Fashion-MNIST, batch 128, 10 epochs", "fashion_linear.yaml", (784, 10), 60000, 10, 128)
_C = Workload("C", "Letter: 10 losses x 3 rates x 5 seeds, linear, batch 64, 20 epochs", "letter_linear.yaml", (16, 26), 16000, 20, 64, 150)
WORKLOADS = {w.key: w for w in [
    _A,
    _A._replace(key="B", what="MLP 784-256-10, the same", config="fashion_mlp.yaml", widths=(784, 256, 10)),
    _C,
    _C._replace(key="D", what="the same sweep with a 16-64-26 MLP", config="letter_mlp.yaml", widths=(16, 64, 26)),
    _A._replace(key="L", what="32 linear models on Fashion-MNIST in one sweep (32 learning rates)", trials=32,
                sets=("optimizer.lr=" + ",".join(f"{0.0005 * 1.15 ** i:.6f}" for i in range(32)),)),
    Workload("E", "start-up, and load rates of gzip IDX and CSV", "letter_linear.yaml"),
    Workload("R", "every loss of a regression, linear, 50000 rows of 20 features, batch 128", "regression_linear.yaml", (20, 1), 50000, 60, 128),
    Workload("P", "losses of pairs over a linear map of 784 to 64, rows like those of Fashion-MNIST, batch 256", "pairs_linear.yaml", (784, 64), 60000, 4, 256),
    Workload("S", "rows like those of documents, 100 words of 100000 each, logistic regression, batch 32", "sparse_text.yaml", (100000, 1), 90000, 6, 32),
    Workload("O", "a step with very many classes: a network 16-256-classes, batch 32, the z-loss with head factored", "../../configs/many_classes/zipf.yaml"),
    _C._replace(key="G", what="losses by their formula beside the same of the program, Letter and spam, 3 rates x 5 seeds, linear, batch 64", trials=15),
    Workload("F", "L-BFGS: softmax on Fashion-MNIST; logistic regression on a pair of its classes", "fashion_lbfgs.yaml", (784, 10), 60000),
]}


class Run(NamedTuple):
    wall: float
    cpu: float
    peak: float                                         # bytes of the largest process
    records: List[dict]
    out: str

    def seconds(self, phase: str) -> float:
        return sum(r["run"]["seconds"][phase] for r in self.records)


def die(message: str, code: int = 2):
    print(f"{Path(sys.argv[0]).name}: {message}", file=sys.stderr)
    sys.exit(code)


def run(command: Sequence, env: Optional[Dict[str, str]] = None, keep: bool = True) -> Run:
    """One process with all its children, measured from outside; what it prints is thrown away unless keep."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        start = time.perf_counter()
        process = subprocess.Popen([str(c) for c in command], stdout=out if keep else subprocess.DEVNULL, stderr=err, cwd=ROOT, env=env)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if process.returncode:
            die(f"{' '.join(str(c) for c in command)} ended with status {process.returncode}:\n{err.read()[-2000:]}", 1)
        return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024.0, [], out.read())


def lossbench(config: str, sets: Sequence[str] = (), jobs: int = 0, words: Sequence[str] = (), where: Optional[str] = None) -> Run:
    """train, or sweep with so many jobs; into an empty folder of its own, in `where` or the folder for temporary files."""
    scratch = Path(tempfile.mkdtemp(dir=where))
    try:
        command = [LOSSBENCH, "sweep", "--jobs", jobs] if jobs else [LOSSBENCH, "train"]
        command += ["--quiet", "--config", BENCH / config, *words]
        for s in [*sets, f"output.dir={scratch / 'r'}"]:
            command += ["--set", s]
        found = run(command)
        records = [json.loads(p.read_text()) for p in sorted((scratch / "r/trials").glob("*.json"))]
        bad = [r for r in records if r["result"]["status"] == "failed"]
        if bad or not records:
            die(f"{config}: {len(records)} records, {len(bad)} failed {bad[0]['result']['message'] if bad else ''}", 1)
        return found._replace(records=records)
    finally:
        shutil.rmtree(scratch)


def regression_rows(path: Path, counts: bool = False) -> None:
    """The table of workload R: targets between 0 and 1, so that every loss is defined for them; or counts, the most of them small."""
    load, r = WORKLOADS["R"], random.Random(1)
    slope = [r.gauss(0, 0.2) for _ in range(load.widths[0])]
    with open(path, "w") as f:
        f.write("".join(f"x{i}," for i in range(load.widths[0])) + "y\n")
        for _ in range(load.rows):
            x = [r.gauss(0, 1) for _ in slope]
            size = 0.5 + abs(sum(a * b for a, b in zip(x, slope)) + r.gauss(0, 1))
            target = f"{math.floor(math.exp(size)) - 1}" if counts else f"{size / (1 + size):.4f}"
            f.write("".join(f"{v:.4f}," for v in x) + target + "\n")


# Losses of the program and the same as formulas; of Letter, and those of a margin of e-mails.
MARGIN = ("task=binary", "data.train.path=datasets/samples/spam.csv.gz", "data.split={train: 0.8, valid: 0.1, test: 0.1}")
BY_FORMULA = [
    ("{name: focal, gamma: 2}", '{formula: "-(1 - p)^g * log(p)", g: 2}', ()),
    ("{name: gce, q: 0.7}", '{formula: "(1 - p^q) / q", q: 0.7}', ()),
    ("{name: poly1, eps: 1}", '{formula: "-log(p) + eps * (1 - p)", eps: 1}', ()),
    ("{name: label_smoothing, alpha: 0.1}", '{formula: "-(1 - a) * log(p) - a * mean(log(p[k]))", a: 0.1}', ()),
    ("{name: hinge}", '{formula: "max(0, 1 - m)"}', MARGIN),
]


def formula_pair(load: Workload, of_program: str, formula: str, sets: Sequence[str]) -> List[float]:
    """Processor time of a sweep with each, start-up and loading in it, in turn."""
    return [lossbench(load.config, [*sets, f"loss={loss}"], 1).cpu for loss in (of_program, formula)]


PAIR_LOSSES = {"supcon": [], "multi_similarity": [], "triplet": ["train.miner=hardest"]}


def pair_rows(folder: str) -> List[str]:
    """The settings that name the data of workload P, which are made in the folder."""
    run([PYTHON, BENCH / "pairs_data.py", folder])
    return [f"data.train.path={folder}/images", f"data.train.labels={folder}/labels"]


def pair_epoch(load: Workload, sets: Sequence[str], trials: int = 1) -> float:
    """Processor time of one epoch of one trial, start-up, loading and evaluation taken out: what more epochs cost."""
    few, many = (lossbench(load.config, [*sets, f"train.epochs={n}"], 1 if trials > 1 else 0).cpu for n in (1, 1 + load.epochs))
    return (many - few) / load.epochs / trials


def losses(kind: str) -> List[dict]:
    return [loss for loss in json.loads(run([LOSSBENCH, "losses", "--json"]).out) if loss["kind"] == kind]


def version() -> dict:
    return json.loads(run([LOSSBENCH, "version", "--json"]).out)


def has_option(word: str) -> bool:
    return word in run([LOSSBENCH, "train", "--help"]).out


def machine() -> Dict[str, str]:
    """What a reader must know of it; no name of a host or of a folder."""
    facts = version()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2 ** 30
    return {"processor": facts["processor"], "cores": str(facts["cores"]), "memory": f"{memory:.0f} GiB",
            "BLAS": f"OpenBLAS {facts['blas']['version']}, kernel {facts['blas']['kernel']} ({facts['blas'].get('why', '')})",
            "compiler": facts["compiler"], "flags": facts["flags"], "lossbench": facts["lossbench"],
            "revision": (facts["git"]["revision"] or "unknown")[:12]}


def peak(threads: int) -> float:
    """GFLOP/s that the machine's multiply-adds give so many threads together, just now."""
    return float(run([BUILD / "bench/peak", threads, 1]).out)


def gemm(products: Sequence[Sequence[int]], precision: str, kernel: str) -> List[float]:
    """GFLOP/s of the library on each product, one thread."""
    words: List[str] = []
    for m, n, k, ta, tb in products:
        words += [precision, str(m), str(n), str(k), "NT"[ta], "NT"[tb]]
    return [float(x) for x in run([BUILD / "bench/gemm", *words], {**os.environ, "OPENBLAS_CORETYPE": kernel}).out.split()]


def blended(products: Sequence[Sequence[int]], speeds: Sequence[float]) -> float:
    """The speed of a step whose products run at these speeds."""
    flop = [2.0 * p[0] * p[1] * p[2] for p in products]
    return sum(flop) / sum(f / s for f, s in zip(flop, speeds))


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def chosen(text: str) -> List[str]:
    """WORKLOADS=A,B; empty means all."""
    keys = [k for k in text.replace(" ", ",").upper().split(",") if k] or list(WORKLOADS)
    unknown = [k for k in keys if k not in WORKLOADS]
    if unknown:
        die(f"WORKLOADS: found {','.join(unknown)}, allowed: {', '.join(WORKLOADS)}")
    if not (FASHION / "train-images-idx3-ubyte.gz").exists() and set(keys) - {"C", "D", "G", "R", "P", "O"}:
        die("Fashion-MNIST is not here: run scripts/fetch-data.sh fashion-mnist, or take WORKLOADS=C,D,G,R,P,O", 4)
    return keys


# ---- tables ----

def table(head: Sequence[str], rows: Sequence[Sequence[str]], markdown: bool = False) -> str:
    cells = [list(head), *[list(r) for r in rows]]
    width = [max(len(r[i]) for r in cells) for i in range(len(head))]
    lines = ["  ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(r, width))).rstrip() for r in cells]
    if not markdown:
        return "\n".join(lines)
    return "\n".join(["| " + " | ".join(head) + " |", "| --- |" + " --- |" * (len(head) - 1)] + ["| " + " | ".join(r) + " |" for r in rows])


def page(path: str, title: str, lead: str, parts: Sequence[str]) -> None:
    facts = "\n".join(f"- {k}: {v}" for k, v in machine().items())
    Path(path).write_text("\n\n".join([f"# {title}", lead, facts, *parts]) + "\n")


# ---- data for both sides ----

def write_idx(path: Path, shape: Sequence[int], content: bytes) -> None:
    path.write_bytes(struct.pack(">HBB", 0, 8, len(shape)) + struct.pack(f">{len(shape)}I", *shape) + content)


def read_idx(path: Path):
    import gzip
    raw = (gzip.open if path.suffix == ".gz" else open)(path, "rb").read()
    return list(struct.unpack(f">{raw[3]}I", raw[4:4 + 4 * raw[3]])), raw[4 + 4 * raw[3]:]
