#!/usr/bin/env python3
"""Times the project's own workloads as whole processes: samples a second, where the time goes, GFLOP/s beside the machine's own
product on the same shapes, peak memory.

    tests/bench/bench.py [--runs N] [--json FILE] [--page FILE]

WORKLOADS=A,B (of A B C D L R E P G F; default all) and QUICK=1 (one run each) are taken from the environment. The table goes to standard
output; --json writes every run, --page a Markdown page. Nothing here passes or fails: times move with the machine.
"""
import argparse
import json
import os
import sys
import tempfile
import time
import zlib
from pathlib import Path
from typing import Dict, List

import workloads as w

MOST_OF_MSE = 1.3                                       # the target for losses of one score and one target
MOST_OF_LOSS = 1.5                                      # the target for a formula, of the loss that it is
FEW_EPOCHS = 10                                         # of the slower losses of workload R
PHASES = ("load", "prepare", "train", "evaluate")


def measure(load: w.Workload, runs: int, jobs: int) -> List[w.Run]:
    return [w.lossbench(load.config, load.sets, jobs) for _ in range(runs)]


def phases(runs: List[w.Run], jobs: int) -> Dict[str, float]:
    """Shares of the time of all workers; `rest` is start-up, records and waiting. The data are loaded once, before the workers."""
    shares = {}
    for p in PHASES:
        shares[p] = w.median([(r.records[0]["run"]["seconds"][p] if p == "load" else r.seconds(p) / jobs) / r.wall for r in runs])
    shares["rest"] = max(0.0, 1 - sum(shares.values()))
    return shares


def trained(load: w.Workload, runs: List[w.Run], jobs: int, kernel: str) -> dict:
    samples = load.rows * load.epochs * load.trials
    seconds = w.median([r.seconds("train") / jobs for r in runs])
    products = load.products()
    library = w.blended(products, w.gemm(products, "s", kernel)) * jobs
    speed = load.flop() / seconds * 1e-9
    return {"workload": load.key, "what": load.what, "processes": jobs, "wall_seconds": [r.wall for r in runs], "train_seconds": seconds,
            "samples_per_second": samples / seconds, "phases": phases(runs, jobs), "gflops": speed, "sgemm_same_shapes_gflops": library,
            "peak_bytes": max(r.peak for r in runs),
            "test_accuracy": w.median([r.records[0]["result"]["metrics"]["test"]["accuracy"] for r in runs])}


def fitted(load: w.Workload, runs: List[w.Run], kernel: str) -> dict:
    """L-BFGS: an iteration is taken as one pass over the rows, forward and back, in double; line searches take more."""
    shape = [[load.rows, load.widths[1], load.widths[0], 0, 1], [load.widths[1], load.widths[0], load.rows, 1, 0]]
    iterations = runs[0].records[0]["result"]["steps"]
    seconds = w.median([r.seconds("train") for r in runs])
    flop = sum(2.0 * m * n * k for m, n, k, _, _ in shape) * iterations
    return {"workload": load.key, "what": f"{load.what.split(';')[0]}, {iterations} iterations", "processes": 1,
            "wall_seconds": [r.wall for r in runs], "train_seconds": seconds, "samples_per_second": load.rows * iterations / seconds,
            "phases": phases(runs, 1), "gflops": flop / seconds * 1e-9,
            "sgemm_same_shapes_gflops": w.blended(shape, w.gemm(shape, "d", kernel)), "peak_bytes": max(r.peak for r in runs),
            "objective": runs[0].records[0]["result"]["objective"]}


# ---- E ----

def first_step() -> float:
    """Process start to the end of its only step: without evaluation, and with the record, which is written afterwards, in memory."""
    r = one_step()
    return r.wall - r.seconds("evaluate")


def one_step() -> w.Run:
    """One trial of one step on Letter: workload C without its sweep, of as many training rows as a batch has."""
    text = (w.ROOT / w.BENCH / "letter_linear.yaml").read_text().split("sweep:")[0]
    text = text.replace("first: 16000", "first: 64")
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as config:
        config.write(text + "loss: {name: ce}\n")
        config.flush()
        return w.lossbench(config.name, ["train.epochs=1", "optimizer.lr=0.01"], where="/dev/shm" if Path("/dev/shm").is_dir() else None)


def zlib_seconds(path: Path) -> float:
    raw = path.read_bytes()
    start = time.perf_counter()
    zlib.decompressobj(wbits=31).decompress(raw)
    return time.perf_counter() - start


def csv_file(path: Path, images: Path, rows: int) -> int:
    """Rows of the images as text, label last; returns its bytes."""
    shape, pixels = w.read_idx(images)
    size = shape[1] * shape[2]
    with open(path, "w") as f:
        f.write(",".join(f"x{i}" for i in range(size)) + ",label\n")
        for i in range(rows):
            f.write(",".join(map(str, pixels[i * size:(i + 1) * size])) + f",{i % 10}\n")
    return path.stat().st_size


def load_rates(runs: int) -> List[dict]:
    images = w.FASHION / "train-images-idx3-ubyte.gz"
    inside = w.read_idx(images)[0]
    bytes_idx = inside[0] * inside[1] * inside[2]
    steps = [first_step() for _ in range(max(runs, 5))]
    few = ["train.epochs=1", "train.batch=60000"]
    ours = [w.lossbench("fashion_linear.yaml", few).records[0]["run"]["seconds"]["load"] for _ in range(runs)]
    alone = [zlib_seconds(images) for _ in range(runs)]
    piped = [w.run(["gzip", "-dc", images.resolve()], keep=False).wall for _ in range(runs)]
    with tempfile.TemporaryDirectory() as scratch:
        text = Path(scratch) / "images.csv"
        config = Path(scratch) / "csv.yaml"
        bytes_csv = csv_file(text, images, 20000)
        config.write_text(f"task: multiclass\ndata:\n  train: {{path: {text}, label: label}}\n  split: {{first: 16000}}\nloss: {{name: ce}}\n"
                          "train: {epochs: 1, batch: 100000}\nmetrics: [accuracy]\n")
        csv = [w.lossbench(str(config)).records[0]["run"]["seconds"]["load"] for _ in range(runs)]
    return [
        {"what": "process start to the end of the first step, Letter", "seconds": w.median(steps)},
        {"what": "Fashion-MNIST, all four files from .gz", "seconds": w.median(ours), "bytes": bytes_idx},
        {"what": "zlib alone, the training images", "seconds": w.median(alone), "bytes": bytes_idx},
        {"what": "gzip -dc, the training images", "seconds": w.median(piped), "bytes": bytes_idx},
        {"what": "CSV of digits", "seconds": w.median(csv), "bytes": bytes_csv},
    ]


# ---- R ----

OF_COUNTS = ("negative_binomial", "zero_inflated_poisson")  # whose targets are whole numbers


def epoch_rates(load: w.Workload, runs: int) -> List[dict]:
    """Processor time of an epoch with each loss, that of so many epochs more than one; the least of the runs, which take turns."""
    seconds: Dict[str, List[float]] = {}
    facts: Dict[str, dict] = {}
    with tempfile.TemporaryDirectory() as scratch:
        tables = {counts: Path(scratch) / f"{'counts' if counts else 'rows'}.csv" for counts in (False, True)}
        for counts, table in tables.items():
            w.regression_rows(table, counts)

        def processor(loss: dict, epochs: int) -> dict:
            sets = [f"data.train.path={tables[loss['name'] in OF_COUNTS]}", f"loss.name={loss['name']}", f"train.epochs={epochs}"]
            if loss["good_for"] == "aggregate responses":
                sets.append("data.bags={kind: random, size: 4}")
            return w.lossbench(load.config, sets).records[0]
        for _ in range(runs):
            for loss in w.losses("regression"):
                one = processor(loss, 1)
                facts[loss["name"]] = {"separable": loss["separable"], "scores": one["result"]["parameters"] // (load.widths[0] + 1)}
                more = load.epochs if element_wise(facts[loss["name"]]) else FEW_EPOCHS
                many = processor(loss, 1 + more)
                seconds.setdefault(loss["name"], []).append((many["run"]["cpu_seconds"] - one["run"]["cpu_seconds"]) / more)
    mse = min(seconds["mse"])
    found = [{"loss": name, **facts[name], "epoch_seconds": min(v), "ratio": min(v) / mse, "runs": v} for name, v in seconds.items()]
    return sorted(found, key=lambda r: (not element_wise(r), r["ratio"]))


def element_wise(row: dict) -> bool:
    return row["separable"] and row["scores"] == 1


# ---- output ----

def training_table(rows: List[dict], markdown: bool) -> str:
    head = ["workload", "wall s", "train s", "samples/s", "load", "prepare", "train", "evaluate", "rest", "GFLOP/s", "library", "share", "peak MiB"]
    cells = []
    for r in rows:
        shares = [f"{100 * r['phases'][p]:.0f} %" for p in (*PHASES, "rest")]
        cells.append([f"{r['workload']}{' x2' if r['processes'] > 1 else ''}", f"{w.median(r['wall_seconds']):.2f}", f"{r['train_seconds']:.2f}",
                      f"{r['samples_per_second']:.3g}", *shares, f"{r['gflops']:.1f}", f"{r['sgemm_same_shapes_gflops']:.1f}",
                      f"{100 * r['gflops'] / r['sgemm_same_shapes_gflops']:.0f} %", f"{r['peak_bytes'] / 2 ** 20:.0f}"])
    return w.table(head, cells, markdown)


def load_table(rows: List[dict], markdown: bool) -> str:
    return w.table(["what", "seconds", "MB/s"], [[r["what"], f"{r['seconds']:.4f}", f"{r['bytes'] / r['seconds'] * 1e-6:.0f}" if "bytes" in r else ""]
                                                for r in rows], markdown)


def epoch_table(rows: List[dict], markdown: bool) -> str:
    def kind(r: dict) -> str:
        return "one score and one target" if element_wise(r) else "row" if r["separable"] else "batch"

    def holds(r: dict) -> str:
        return "" if not element_wise(r) else "yes" if r["ratio"] <= MOST_OF_MSE else "NO"
    cells = [[r["loss"], kind(r), str(r["scores"]), f"{1e3 * r['epoch_seconds']:.2f}", f"{r['ratio']:.2f}", holds(r)] for r in rows]
    return w.table(["loss", "of", "scores", "epoch ms", "of mse", f"at most {MOST_OF_MSE}"], cells, markdown)


LEGEND = ("Medians. `x2`: two worker processes, times are of each. `train s` and the phases are those that the records tell; `rest` is start-up, "
          "records and waiting. `GFLOP/s` counts the products of layers only; `library` is OpenBLAS's own product on the same shapes, one "
          "thread a process, operands in cache.")


EPOCH_LEGEND = "R: processor time of an epoch, the least of the runs. `scores`: of the model for each target."


PAIR_LEGEND = "Losses of pairs, workload P: processor time of an epoch of 60000 rows, one thread."


def pair_rates(load: w.Workload, runs: int) -> List[dict]:
    with tempfile.TemporaryDirectory() as scratch:
        data = w.pair_rows(scratch)
        return [{"loss": loss, "seconds": w.median([w.pair_epoch(load, [*data, f"loss.name={loss}", *more]) for _ in range(runs)])}
                for loss, more in w.PAIR_LOSSES.items()]


def pair_table(pairs: List[dict], markdown: bool) -> str:
    return w.table(["loss", "seconds an epoch", "rows a second"],
                   [[p["loss"], f"{p['seconds']:.3f}", f"{w.WORKLOADS['P'].rows / p['seconds']:.0f}"] for p in pairs], markdown)


FORMULA_LEGEND = f"Losses by their formula, workload G: processor time of a sweep of 15 trials, the least of the runs; at most {MOST_OF_LOSS} is asked for."


def formula_rates(load: w.Workload, runs: int) -> List[dict]:
    found = []
    for loss, formula, sets in w.BY_FORMULA:
        times = [w.formula_pair(load, loss, formula, sets) for _ in range(runs)]
        least = [min(t[k] for t in times) for k in range(2)]
        found.append({"loss": loss, "formula": formula, "seconds": least, "ratio": least[1] / least[0]})
    return found


def formula_table(rows: List[dict], markdown: bool) -> str:
    return w.table(["loss", "formula", "seconds", "by formula", "ratio", f"at most {MOST_OF_LOSS}"],
                   [[r["loss"], r["formula"], f"{r['seconds'][0]:.2f}", f"{r['seconds'][1]:.2f}", f"{r['ratio']:.2f}",
                     "yes" if r["ratio"] <= MOST_OF_LOSS else "NO"] for r in rows], markdown)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    quick = bool(os.environ.get("QUICK"))
    parser.add_argument("--runs", type=int, default=1 if quick else 3, help="of each workload (default 3; 1 with QUICK=1)")
    parser.add_argument("--json", help="write every run")
    parser.add_argument("--page", help="write a Markdown page")
    args = parser.parse_args()
    keys = w.chosen(os.environ.get("WORKLOADS", ""))
    kernel = w.version()["blas"]["kernel"]
    peak = w.gemm([[512, 512, 512, 0, 0]], "s", kernel)[0]
    rows: List[dict] = []
    loads: List[dict] = []
    epochs: List[dict] = []
    pairs: List[dict] = []
    formulas: List[dict] = []
    for key in keys:
        load = w.WORKLOADS[key]
        print(f"{key}: {load.what}", file=sys.stderr)
        if key == "E":
            loads = load_rates(args.runs)
        elif key == "R":
            epochs = epoch_rates(load, args.runs)
        elif key == "P":
            pairs = pair_rates(load, args.runs)
        elif key == "G":
            formulas = formula_rates(load, args.runs)
        elif key == "F":
            rows.append(fitted(load, measure(load, args.runs, 0), kernel))
        elif load.trials > 1:
            rows += [trained(load, measure(load, args.runs, jobs), jobs, kernel) for jobs in (1, 2)]
        else:
            rows.append(trained(load, measure(load, args.runs, 0), 1, kernel))
    sgemm = f"sgemm of 512 x 512 x 512 on one thread, kernel {kernel}: {peak:.1f} GFLOP/s"
    print(f"{sgemm}\n")
    if rows:
        print(training_table(rows, False) + "\n")
    if loads:
        print(load_table(loads, False) + "\n")
    if epochs:
        print(f"{EPOCH_LEGEND}\n\n{epoch_table(epochs, False)}")
    if pairs:
        print(f"{PAIR_LEGEND}\n\n{pair_table(pairs, False)}")
    if formulas:
        print(f"{FORMULA_LEGEND}\n\n{formula_table(formulas, False)}")
    if args.json:
        Path(args.json).write_text(json.dumps({"machine": w.machine(), "sgemm_512_gflops": peak, "training": rows, "loading": loads, "epochs": epochs, "pairs": pairs, "formulas": formulas}, indent=1) + "\n")
    if args.page:
        list_of = "\n".join(f"- **{k}**: {w.WORKLOADS[k].what}" for k in keys)
        parts = [sgemm, list_of, training_table(rows, True) if rows else "", LEGEND if rows else "", load_table(loads, True) if loads else "",
                 EPOCH_LEGEND if epochs else "", epoch_table(epochs, True) if epochs else "",
                 PAIR_LEGEND if pairs else "", pair_table(pairs, True) if pairs else "",
                 FORMULA_LEGEND if formulas else "", formula_table(formulas, True) if formulas else ""]
        w.page(args.page, "Benchmark: the project's own workloads", f"By `make bench`, {args.runs} run(s) of each.", [p for p in parts if p])
    return 0


if __name__ == "__main__":
    sys.exit(main())
