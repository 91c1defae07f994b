#!/usr/bin/env python3
"""The benchmark's workloads beside the same work in PyTorch, scikit-learn and liblinear, in turn (A B A B), as ratios of medians.

    tests/bench/peers.py [--rounds N] [--json FILE] [--page FILE]

WORKLOADS=A,B (of A B C D L R E P S F O; default all) and QUICK=1 (one round, smaller samples of the peers: under 3 minutes) are taken from the
environment, and so is BENCH_DATA, a folder with diamonds.csv.gz and building.csv.gz for workload R. The peers run with the same BLAS
kernels (OPENBLAS_CORETYPE) and OMP_WAIT_POLICY=passive, on 1 and on 2 threads; a ratio is to the fastest of a peer's forms. `must` and `aim` are the project's targets. Packages: scripts/setup.sh bench.
"""
import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Optional

import bench
import workloads as w

DECAY = 1e-2


class Row(NamedTuple):
    workload: str
    what: str
    ours: float
    peer: Optional[float]
    ratio: float                                        # small is good, except where `least`
    must: float
    aim: Optional[float]
    least: bool = False
    note: str = ""

    def verdict(self) -> str:
        def holds(bound: Optional[float]) -> bool:
            return bound is not None and (self.ratio >= bound if self.least else self.ratio <= bound)
        return "aim" if holds(self.aim) else "must" if holds(self.must) else "MISSED"


class Session:
    def __init__(self, rounds: int, quick: bool):
        self.rounds, self.quick = rounds, quick
        self.kernel = w.version()["blas"]["kernel"]
        self.threads = w.has_option("--threads")
        self.raw: List[dict] = []
        self.rows: List[Row] = []
        self.notes: List[str] = []

    def peer(self, *words, threads: int = 1) -> dict:
        env = {**os.environ, "OPENBLAS_CORETYPE": self.kernel, "OMP_WAIT_POLICY": "passive", "OPENBLAS_NUM_THREADS": str(threads),
               "OMP_NUM_THREADS": str(threads), "PYTHONDONTWRITEBYTECODE": "1"}
        found = w.run([w.PYTHON, w.BENCH / words[0], *words[1:]], env)
        return {"wall": found.wall, **json.loads(found.out.splitlines()[-1])}

    def in_turn(self, key: str, contenders: Dict[str, Callable[[], dict]]) -> Dict[str, List[dict]]:
        results: Dict[str, List[dict]] = {name: [] for name in contenders}
        for r in range(self.rounds):
            for name, call in contenders.items():
                print(f"{key}, round {r + 1}: {name}", file=sys.stderr)
                results[name].append(call())
                self.raw.append({"workload": key, "round": r + 1, "contender": name, **results[name][-1]})
        return results

    def add(self, *args, **more) -> None:
        self.rows.append(Row(*args, **more))

    def missing(self, key: str, what: str, why: str) -> None:
        self.notes.append(f"{key}, {what}: not measured: {why}.")


def ours(load: w.Workload, sets=(), jobs: int = 0, words=()) -> dict:
    r = w.lossbench(load.config, [*load.sets, *sets], jobs, words)
    metrics = r.records[0]["result"]["metrics"]
    return {"wall": r.wall, "train": r.seconds("train") / max(jobs, 1), "peak": r.peak, "accuracy": metrics["test"]["accuracy"] if metrics else None}


def mid(results: List[dict], field: str) -> float:
    return w.median([r[field] for r in results])


def fastest(results: Dict[str, List[dict]], prefix: str, field: str) -> float:
    return min(mid(r, field) for name, r in results.items() if name.startswith(prefix))


def training(s: Session, key: str) -> None:
    load = w.WORKLOADS[key]
    contenders: Dict[str, Callable[[], dict]] = {"lossbench": lambda: ours(load)}
    if key == "B" and s.threads:
        contenders["two threads"] = lambda: ours(load, words=("--threads", "2"))
        contenders.update({f"peak {n}": lambda n=n: {"gflops": w.peak(n)} for n in (1, 2)})
    for threads in (1, 2):
        contenders[f"torch hand {threads}"] = lambda t=threads: s.peer("peer_torch.py", key, "--threads", t, threads=t)
    if not (s.quick and key == "B"):
        contenders["torch autograd 1"] = lambda: s.peer("peer_torch.py", key, "--form", "autograd")
    got = s.in_turn(key, contenders)
    mine = mid(got["lossbench"], "train")
    if key == "A":
        peer = fastest(got, "torch", "train")
        s.add(key, "training alone", mine, peer, mine / peer, 0.40, 0.30)
        wall, other = mid(got["lossbench"], "wall"), fastest(got, "torch", "wall")
        s.add(key, "from .gz to metrics, start-up included", wall, other, wall / other, 0.25, None)
        peak = mid(got["lossbench"], "peak") / 2 ** 20
        s.add(key, "peak memory, MiB", peak, mid(got["torch hand 1"], "peak") / 2 ** 20, peak, 80, None, note="the target is on ours alone")
        return
    one, two = mid(got["torch hand 1"], "train"), mid(got["torch hand 2"], "train")
    s.add(key, "training alone, one thread each", mine, one, mine / one, 0.75, 0.55)
    if not s.threads:
        s.missing(key, "two threads", "this build has no --threads")
        return
    pair = mid(got["two threads"], "train")
    s.add(key, "training alone, two threads each", pair, two, pair / two, 0.85, 0.50)
    limit = mid(got["peak 2"], "gflops") / mid(got["peak 1"], "gflops")
    s.add(key, "speed of two threads over one", mine, pair, mine / pair, 1.5, 1.8, least=True,
          note=f"in the same minutes two threads multiplying in their first caches gave {limit:.2f} of one")


def sweep(s: Session, key: str) -> None:
    load = w.WORKLOADS[key]
    epochs = 4 if s.quick else load.epochs
    few = [f"train.epochs={epochs}"]
    s.notes.append(f"{key}: {epochs} epochs of {load.epochs} for all. PyTorch in sequence trains 10 of the 150 trials, every loss once, and its time is "
                   "scaled up by 15; stacked it trains all 150. Its loading and evaluation are not counted; lossbench's time is of the whole process, "
                   "all 150 trials.")

    def torch(form: str, threads: int) -> dict:
        got = s.peer("peer_torch.py", key, "--form", form, "--threads", threads, "--epochs", epochs, threads=threads)
        return {**got, "train": got["train"] * load.trials / got["trials"]}

    contenders: Dict[str, Callable[[], dict]] = {
        "lossbench, two workers": lambda: ours(load, few, 2), "hand 1": lambda: torch("hand", 1), "stacked 1": lambda: torch("stacked", 1)}
    if not s.quick:
        contenders.update({"lossbench, one worker": lambda: ours(load, few, 1), "hand 2": lambda: torch("hand", 2),
                           "stacked 2": lambda: torch("stacked", 2)})
    got = s.in_turn(key, contenders)
    mine = fastest(got, "lossbench", "wall")
    targets = {"C": ((1 / 40, 1 / 80), (1 / 8, 1 / 15)), "D": ((1 / 10, 1 / 25), (1 / 2.5, 1 / 6))}[key]
    for form, (must, aim) in zip(("hand", "stacked"), targets):
        peer = fastest(got, form, "train")
        s.add(key, f"whole sweep, PyTorch {'in sequence' if form == 'hand' else '15 models stacked'}", mine, peer, mine / peer, must, aim)


def lockstep(s: Session, key: str) -> None:
    load = w.WORKLOADS[key]
    epochs = 2 if s.quick else load.epochs
    few = [f"train.epochs={epochs}"]
    got = s.in_turn(key, {
        "32 models": lambda: ours(load, few, 1),
        "torch hand 1": lambda: s.peer("peer_torch.py", "A", "--epochs", epochs),
        "64 models, one worker": lambda: ours(load, [*few, "train.seed=1,2"], 1),
        "64 models, two workers": lambda: ours(load, [*few, "train.seed=1,2"], 2)})
    each, peer = mid(got["32 models"], "wall") / load.trials, mid(got["torch hand 1"], "train")
    s.add(key, f"a model of 32, {epochs} epochs, all included", each, peer, each / peer, 0.28, 0.18)
    one, two = mid(got["64 models, one worker"], "wall"), mid(got["64 models, two workers"], "wall")
    s.add(key, "speed of two workers over one, two cohorts of 32", one, two, one / two, 1.8, None, least=True)


def loading(s: Session, key: str) -> None:
    step, idx, alone, _, csv = bench.load_rates(s.rounds if s.quick else max(s.rounds, 5))
    s.raw += [{"workload": key, **r} for r in (step, idx, alone, csv)]
    s.add(key, "start to the end of the first step on Letter, ms", step["seconds"] * 1e3, None, step["seconds"] * 1e3, 20, None)
    s.add(key, "Fashion-MNIST from .gz, zlib alone as peer", idx["seconds"], alone["seconds"], idx["seconds"] / alone["seconds"], 1.3, None,
          note="ours loads the test files and the labels too")
    rate = csv["bytes"] / csv["seconds"] * 1e-6
    s.add(key, "CSV, MB of text a second", rate, None, rate, 150, None, least=True)


# ---- F ----

def subset(scratch: Path, name: str, keep, rows: int) -> Dict[str, str]:
    """IDX files of the first rows whose class is in keep, for both sides; labels counted from 0."""
    shape, pixels = w.read_idx(w.FASHION / f"{name}-images-idx3-ubyte.gz")
    _, labels = w.read_idx(w.FASHION / f"{name}-labels-idx1-ubyte.gz")
    size = shape[1] * shape[2]
    chosen = [i for i, y in enumerate(labels) if y in keep][:rows]
    stem = scratch / f"{name}-{len(keep)}"
    w.write_idx(Path(f"{stem}-images"), [len(chosen), shape[1], shape[2]], b"".join(pixels[i * size:(i + 1) * size] for i in chosen))
    w.write_idx(Path(f"{stem}-labels"), [len(chosen)], bytes(keep.index(labels[i]) for i in chosen))
    return {"path": f"{stem}-images", "labels": f"{stem}-labels"}


def solve(sets: List[str], tolerance: float, config: str = "fashion_lbfgs.yaml") -> dict:
    record = w.lossbench(config, [*sets, f"optimizer.tolerance={tolerance:g}"]).records[0]
    return {"seconds": record["run"]["seconds"]["train"], "objective": record["result"]["objective"], "iterations": record["result"]["steps"]}


def optimum(s: Session, key: str, solver: str, what: str, sets: List[str], files: Dict[str, str]) -> None:
    sets = [*sets, f"optimizer.weight_decay={DECAY}", f"data.train.path={files['path']}", f"data.train.labels={files['labels']}"]
    target = solve(sets, 1e-7)["objective"] * (1 + 1e-6)
    decade = next((t for t in (1e-3, 1e-4, 1e-5, 1e-6) if solve(sets, t)["objective"] <= target), 1e-7)
    tolerance = next((t for t in (5 * decade, 2 * decade) if solve(sets, t)["objective"] <= target), decade)
    contenders: Dict[str, Callable[[], dict]] = {f"lossbench, {what}": lambda: solve(sets, tolerance)}
    for threads in (1, 2) if solver == "sklearn" else (1,):
        contenders[f"{solver} {threads}"] = lambda t=threads: s.peer("peer_linear.py", solver, files["path"], files["labels"], "--decay", DECAY,
                                                                     "--target", repr(target), threads=t)
    got = s.in_turn(key, contenders)
    mine, peer = mid(got[f"lossbench, {what}"], "seconds"), fastest(got, solver, "seconds")
    s.add(key, what, mine, peer, mine / peer, 1 / 3, None, note=f"objective at most {target:.9f}")


def optima(s: Session, key: str) -> None:
    rows = 6000 if s.quick else 60000
    with tempfile.TemporaryDirectory() as scratch:
        every = subset(Path(scratch), "train", list(range(10)), rows)
        pair, test = subset(Path(scratch), "train", [0, 6], rows), subset(Path(scratch), "t10k", [0, 6], rows)
        optimum(s, key, "sklearn", f"softmax, {rows} rows, scikit-learn's lbfgs", [], every)
        optimum(s, key, "liblinear", "T-shirt or shirt, liblinear -s 0",
                ["task=binary", "loss.name=logistic", "optimizer.decay_bias=true", f"data.test.path={test['path']}", f"data.test.labels={test['labels']}"],
                pair)


# ---- R ----

class Table(NamedTuple):
    name: str                                           # NAME.csv.gz in the folder BENCH_DATA, or in datasets/samples
    label: str
    scale: float = 1                                    # label times scale plus shift, above 0
    shift: float = 0


TABLES = [Table("abalone", "target"), Table("diamonds", "target", 0.001), Table("building", "target_energy", 1, 0.1)]
SMOOTH = {"poisson": ["poisson", "poisson_newton"], "gamma_nll": ["gamma", "gamma_newton"], "huber": ["huber"], "sq_eps_insensitive": ["sq_svr"]}
CORNERED = {"eps_insensitive": ["svr"], "quantile": ["quantile"]}
EXACT_ROWS = 5000                                       # at most, of the linear program of a quantile
SETS = {"sq_eps_insensitive": ["loss.eps=0.1", "optimizer.decay_bias=true"], "eps_insensitive": ["loss.eps=0.1", "optimizer.decay_bias=true"],
        "quantile": ["loss.tau=0.8"]}


FITS = 5                                                # of which the fastest counts, on both sides


def optimised(sets: List[str]) -> dict:
    """`seconds` is what record's "train" says: the encoding of the rows, all that is prepared for the minimisation, and its iterations."""
    record = w.lossbench("regression_lbfgs.yaml", sets).records[0]
    return {"seconds": record["run"]["seconds"]["train"], "objective": record["result"]["objective"], "iterations": record["result"]["steps"]}


def fastest_fit(sets: List[str]) -> dict:
    return min((optimised(sets) for _ in range(FITS)), key=lambda r: r["seconds"])


def loosest(sets: List[str], target: float) -> Optional[List[str]]:
    """Of the tolerances that reach the target, on the gradient and on the objective, in factors of 10: the one that ends first."""
    good = []
    for key in ("tolerance", "objective_tolerance"):
        tries = ([*sets, "optimizer.tolerance=1e-9", f"optimizer.{key}={10.0 ** -d:g}"] for d in range(1, 10))
        good += [next((t for t in tries if optimised(t)["objective"] <= target), [])]
    return min((g for g in good if g), key=lambda g: fastest_fit(g)["seconds"], default=None)


def least(s: Session, key: str, table: str, path: Path, loss: str, solvers: List[str]) -> None:
    """A row of the table: both sides until the objective is 1e-6 above the least that either finds."""
    decay = 0.0 if loss == "quantile" else DECAY
    best = s.peer("peer_regression.py", "solve", solvers[0], path, "--decay", decay)
    sets = [f"data.train.path={path}", f"loss.name={loss}", f"optimizer.weight_decay={best['decay']!r}", *SETS.get(loss, [])]
    sets += [f"loss.delta={best['delta']!r}"] if loss == "huber" else []
    found = min(best["objective"], optimised([*sets, "optimizer.tolerance=1e-9"])["objective"])
    target = found + 1e-6 * abs(found)
    chosen = loosest(sets, target)
    what = f"{loss}, {table}"
    if not chosen:
        s.missing(key, what, f"lossbench does not come within 1e-6 of the objective {found:.9f}")
        return
    contenders: Dict[str, Callable[[], dict]] = {f"lossbench, {what}": lambda: fastest_fit(chosen)}
    for solver in solvers:
        contenders[f"sklearn {solver}"] = lambda name=solver: s.peer("peer_regression.py", "solve", name, path, "--decay", decay, "--target", repr(target))
    got = s.in_turn(key, contenders)
    reached = {name: min(r["seconds"] for r in runs) for name, runs in got.items() if not any(r["objective"] > target for r in runs)}
    mine, theirs = reached[f"lossbench, {what}"], [v for name, v in reached.items() if name.startswith("sklearn")]
    if not theirs:
        s.missing(key, what, f"scikit-learn does not come within 1e-6 of the objective {found:.9f}; lossbench takes {mine:.3g} s")
        return
    s.add(key, what, mine, min(theirs), mine / min(theirs), 1 / 3, None, note=f"objective at most {target:.9f}")


def regressions(s: Session, key: str) -> None:
    s.notes.append(f"{key}: time of one fit on one thread, the least of all, with the loosest tolerance that is good enough; ours is that of the "
                   "training, encoding of its rows included, theirs the processor time of fit(). huber at the scale that HuberRegressor estimates with the weights; quantile without decay, an exact linear "
                   f"program, on at most {EXACT_ROWS} rows.")
    for t in TABLES:
        folders = [Path(f).resolve() for f in (os.environ.get("BENCH_DATA"), w.ROOT / "datasets/samples") if f]
        source = next((f / f"{t.name}.csv.gz" for f in folders if (f / f"{t.name}.csv.gz").exists()), None)
        if not source:
            s.missing(key, t.name, f"{t.name}.csv.gz is not in the folder that BENCH_DATA names")
            continue
        with tempfile.TemporaryDirectory() as scratch:
            whole, part = Path(scratch) / "whole.csv", Path(scratch) / "part.csv"
            words = [source, "--label", t.label, "--scale", t.scale, "--shift", t.shift]
            s.peer("peer_regression.py", "prepare", words[0], whole, *words[1:])
            s.peer("peer_regression.py", "prepare", words[0], part, *words[1:], "--rows", EXACT_ROWS)
            for loss, solvers in {**SMOOTH, **CORNERED}.items():
                least(s, key, t.name, part if loss == "quantile" else whole, loss, solvers)


def pairs(s: Session, key: str) -> None:
    load = w.WORKLOADS[key]
    epochs = load.epochs if s.quick else 3 * load.epochs
    load = load._replace(epochs=epochs)
    rates = "optimizer.lr=" + ",".join(f"{0.005 * 1.1 ** i:.6f}" for i in range(32))
    s.notes.append(f"{key}: processor time of an epoch of one trial, of {epochs} ({max(epochs // 4, 1)} in the sweep), one thread each; a sweep trains 32 "
                   "learning rates on one worker. PyTorch with its derivatives written out or by autograd, whichever is faster.")
    with tempfile.TemporaryDirectory() as scratch:
        data = w.pair_rows(scratch)
        for loss, more in w.PAIR_LOSSES.items():
            sets = [*data, f"loss.name={loss}", *more]
            contenders: Dict[str, Callable[[], dict]] = {
                f"lossbench {loss}": lambda: {"seconds": w.pair_epoch(load, sets)},
                f"lossbench {loss}, 32 trials": lambda: {"seconds": w.pair_epoch(load._replace(epochs=max(epochs // 4, 1)), [*sets, rates], 32)}}
            for form in ("hand", "autograd"):
                contenders[f"torch {form}"] = lambda f=form: (lambda r: {**r, "seconds": r["seconds"] / epochs})(
                    s.peer("peer_pairs.py", loss, scratch, "--form", f, "--epochs", epochs))
            got = s.in_turn(key, contenders)
            peer, alone = fastest(got, "torch", "seconds"), mid(got[f"lossbench {loss}"], "seconds")
            s.add(key, f"{loss}, an epoch", alone, peer, alone / peer, 0.5, None)
            each = mid(got[f"lossbench {loss}, 32 trials"], "seconds")
            s.add(key, f"{loss}, an epoch of one of 32 trials", each, peer, each / peer, 1 / 8, None)


def documents(s: Session, key: str) -> None:
    load = w.WORKLOADS[key]
    rows = load.rows // 5 if s.quick else load.rows
    rate = 0.5                                          # a row; a batch's is that many times larger
    decay = 1 / rows                                    # liblinear's default cost of 1
    s.notes.append(f"{key}: time of the training alone, one thread each, no bias. {load.epochs} epochs at the rate of {rate:g} a row on both sides, ours in "
                   f"batches of {load.batch}, theirs row by row; ours counts the encoding of the rows, theirs the checks of fit().")
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "documents.svm"
        w.run([w.PYTHON, w.BENCH / "sparse_data.py", path, rows * 10 // 9])
        sets = [f"data.train.path={path}", f"data.split.first={rows}"]
        sgd = [*sets, f"train.epochs={load.epochs}", f"train.batch={load.batch}", f"optimizer.lr={rate * load.batch:g}"]
        got = s.in_turn(key, {
            "lossbench": lambda: ours(load, sgd),
            "sgd": lambda: s.peer("peer_sparse.py", "sgd", path, "--rows", rows, "--epochs", load.epochs, "--rate", rate)})
        mine, peer = mid(got["lossbench"], "train"), mid(got["sgd"], "seconds")
        s.add(key, f"{load.epochs} epochs of SGD, scikit-learn's SGDClassifier", mine, peer, mine / peer, 0.5, None,
              note=f"accuracy {mid(got['lossbench'], 'accuracy'):.4f}, theirs {mid(got['sgd'], 'accuracy'):.4f}")
        sets += ["optimizer={name: lbfgs, weight_decay: " + repr(decay) + "}"]
        target = solve(sets, 1e-8, load.config)["objective"] * (1 + 1e-6)
        tolerance = next((t for t in (1e-3, 1e-4, 1e-5, 1e-6) if solve(sets, t, load.config)["objective"] <= target), 1e-7)
        for solver in ("liblinear-0", "liblinear-7"):
            got = s.in_turn(key, {
                "lossbench": lambda: solve(sets, tolerance, load.config),
                solver: lambda name=solver: s.peer("peer_sparse.py", name, path, "--rows", rows, "--decay", decay, "--target", repr(target))})
            mine, peer = mid(got["lossbench"], "seconds"), mid(got[solver], "seconds")
            s.add(key, f"L-BFGS, {solver.replace('-', ' -s ')}", mine, peer, mine / peer, 1 / 3, None, note=f"objective at most {target:.9f}")


OUTPUT_ROWS = 3200


def many_sets(classes: int) -> List[str]:
    rows = classes + 200
    return [f"data.generator.classes={classes}", f"data.generator.rows={rows}", f"data.split.train={(OUTPUT_ROWS + 0.5) / rows}", f"data.split.test={50.5 / rows}",
            "train.epochs=1", "train.precision=float32", "model.head=factored"]


def outputs(s: Session, key: str) -> None:
    s.notes.append(f"{key}: a training step of 32 rows with so many classes, one thread: the z-loss with head factored, and cross-entropy in PyTorch.")
    for classes, must in ((10000, 1 / 5), (100000, 1 / 30)):
        def step(sets=tuple(many_sets(classes))) -> dict:
            record = w.lossbench(w.WORKLOADS[key].config, sets).records[0]
            return {"seconds": record["run"]["seconds"]["train"] / record["result"]["steps"]}
        got = s.in_turn(key, {"lossbench": step, "torch": lambda n=classes: s.peer("peer_outputs.py", n)})
        mine, peer = mid(got["lossbench"], "seconds"), mid(got["torch"], "seconds")
        s.add(key, f"a step, {classes} classes", mine, peer, mine / peer, must, None)


PARTS = {"O": outputs, "P": pairs, "S": documents, "A": training, "B": training, "C": sweep, "D": sweep, "L": lockstep, "E": loading, "F": optima, "R": regressions}


def number(v: Optional[float]) -> str:
    return "" if v is None else f"{v:.0f}" if v >= 100 else f"{v:.3g}"


def ratio_table(rows: List[Row], markdown: bool) -> str:
    cells = [[r.workload, r.what, number(r.ours), number(r.peer), number(r.ratio), f"{'≥' if r.least else '≤'} {number(r.must)}",
              number(r.aim), r.verdict(), r.note] for r in rows]
    return w.table(["", "what", "ours", "peer", "ratio", "must", "aim", "holds", "note"], cells, markdown)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    quick = bool(os.environ.get("QUICK"))
    parser.add_argument("--rounds", type=int, default=1 if quick else 3, help="default 3; 1 with QUICK=1")
    parser.add_argument("--json", help="write every run")
    parser.add_argument("--page", help="write a Markdown page")
    args = parser.parse_args()
    keys = w.chosen(os.environ.get("WORKLOADS", ""))
    s = Session(args.rounds, quick)
    for key in keys:
        PARTS[key](s, key)
    lead = (f"By `make bench-peers`{' QUICK=1' if quick else ''}: {args.rounds} round(s), contenders in turn, medians in seconds where nothing else is said. "
            f"Peers with OPENBLAS_CORETYPE={s.kernel} and OMP_WAIT_POLICY=passive; PyTorch flushes subnormal numbers to 0. `ratio` is ours / the "
            "peer's fastest form, or the figure itself where a target is on ours alone; `holds` says which target it meets.")
    notes = "\n".join(f"- {n}" for n in s.notes)
    print(f"{lead}\n\n{ratio_table(s.rows, False)}\n{chr(10) if notes else ''}{notes}")
    if args.json:
        Path(args.json).write_text(json.dumps({"machine": w.machine(), "runs": s.raw, "ratios": [r._asdict() for r in s.rows], "notes": s.notes},
                                              indent=1) + "\n")
    if args.page:
        list_of = "\n".join(f"- **{k}**: {w.WORKLOADS[k].what}" for k in keys)
        w.page(args.page, "Benchmark: the same work in other programs", lead, [list_of, ratio_table(s.rows, True), notes] if notes else
               [list_of, ratio_table(s.rows, True)])
    return 0


if __name__ == "__main__":
    sys.exit(main())
