"""Whatever stands in the place of a record, a report is made of the others, with a warning that names it; never a traceback, never a hang.

Thousands of mutations of a whole record, drawn by a fixed seed (LB_SEED for another), go through all tables and, less often, through the page and compare. A
mutated record may still be one, such as with another seed: then it is part of the table."""
import contextlib
import copy
import csv
import io
import json
import os
import random
import re
import socket
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
import aggregate  # noqa: E402
import compare  # noqa: E402
import tables  # noqa: E402

try:
    import jinja2  # noqa: F401
    import matplotlib  # noqa: F401
    import scipy  # noqa: F401
    COMPLETE = True
except ImportError:
    COMPLETE = False

SEED, MUTATIONS, SECONDS = int(os.environ.get("LB_SEED", "20260")), 4000 if os.environ.get("LB_FULL") else 1500, 30
DEEP = json.loads("[" * 60 + "]" * 60)
VALUES = [None, True, False, 0, -1, 1, 2, 0.5, -0.0, 1e308, -1e308, 2 ** 63, 10 ** 30, -10 ** 400, "", "x", "-", "ce", "\x1b[31mred\x1b[0m", "a\tb\nc\rd",
          "=1+1", "+x", "-x", "@x", "\u202ereversed", "$\\alpha$ {%", "<script>alert(1)</script>", "'; rm -rf /", "inf", "-inf", "nan", "1", "x" * 5000,
          "\udc80", "../../../etc/passwd", "/dev/zero", [], {}, [1], [None], ["x"], [[]], [{}], {"": 1}, {"a": {}}, {"name": "ce"}, {"kind": 3},
          {"name": {"name": "x"}}, {"test": 1}, {"accuracy": "x"}, [1, "2", None, {}], [1e308] * 5, ["inf"] * 3, DEEP]
TEXTS = ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1" * 6000, '"\\ud800"', '{"a": 1, "a": 2}', "[" * 5000, "[" * 100000, '{"a":' * 3000, "", "nul",
         '"\x00"', '"\x01"', "'x'", "01", "1.", ".5", "0x10", "1,", "[1,]", '"\\x41"']
TABLES = [["--format", form] for form in ("text", "csv", "md", "latex")] + [["--table", name] for name in ("best", "pairs", "ranks", "rows", "cost")] + [
    ["--sort", "metric"], ["--across", "corrupt.labels.rate", "--metric", "accuracy"], ["--select", "valid.accuracy", "--group-by", "loss.name"],
    ["--table", "pairs", "--format", "csv"], ["--group-by", "loss", "--over", "train.seed"]]


def whole(loss, seed, value):
    """A record with everything that lossbench writes."""
    return {
        "schema": "lossbench-trial/1", "id": "%016x" % (hash((loss, seed)) & 0xffffffffffffffff), "study": "made",
        "config": {"name": "made", "task": "multiclass",
                   "data": {"train": {"path": "a.csv", "label": "label", "format": "auto"}, "header": "auto", "drop": [], "positive": None,
                            "split": {"train": 0.6, "valid": 0.2, "test": 0.2, "stratify": True, "seed": seed},
                            "preprocess": {"standardize": True}},
                   "corrupt": {"imbalance": {"kind": "none"}, "labels": {"kind": "uniform", "rate": 0.2 * (seed % 2), "seed": seed}},
                   "model": {"kind": "mlp", "hidden": [64, 32], "activation": "relu", "seed": seed}, "loss": {"name": loss, "q": 0.7},
                   "optimizer": {"name": "sgd", "lr": 0.1, "momentum": 0.9}, "schedule": {"name": "constant"},
                   "train": {"epochs": 6, "batch": 32, "seed": seed, "curves": ["valid"]},
                   "metrics": [{"name": "accuracy"}, {"name": "top_k", "k": 3}],
                   "tune": {"trials": 3, "metric": "valid.accuracy", "space": {"optimizer.lr": [0.1, 0.2]}},
                   "output": {"dir": "results/made", "predictions": False}},
        "data": {"sources": [{"role": "train", "path": "a.csv", "format": "csv", "sha256": "a1" * 32, "bytes": 100, "rows": 100}],
                 "rows": {"all": 100, "train": 60, "valid": 20, "test": 20}, "features": 3, "classes": ["A", "B"],
                 "class_counts": {"train": [30, 30], "valid": [10, 10], "test": [10, 10]},
                 "corrupted": {"changed": {"train": 1, "valid": 0}, "transitions": {"train": [[0, 1, 1]], "valid": []}, "class_counts": None},
                 "warnings": ["2 features are constant"]},
        "directions": {"accuracy": "higher", "log_loss": "lower"},
        "baseline": {"kind": "majority", "metrics": {"test": {"accuracy": 0.5, "log_loss": 0.7}}},
        "result": {"status": "ok", "message": None, "epochs": 6, "best_epoch": 6, "steps": 12, "parameters": 8, "objective": None, "gradient": None,
                   "diverged": None, "metrics": {s: {"accuracy": value, "log_loss": 1 - value} for s in ("train", "valid", "test")},
                   "curves": {"epoch": [1, 2, 3, 4, 5, 6], "train.loss": [1.0, 0.8, 0.7, 0.6, 0.5, 0.4], "valid.accuracy": [value] * 6}},
        "run": {"started": "2026-01-01T00:00:00Z", "seconds": {"train": 0.5, "total": 1.0}, "cpu_seconds": 0.5, "peak_memory_bytes": 1 << 20,
                "lossbench": "0.1.0", "git": {"revision": "0" * 40, "clean": True}, "host": "h", "os": "Linux", "processor": "p", "cores": 2,
                "kernels": "avx2", "blas": {"version": None, "kernel": None}, "libraries": {"zlib": "1"}, "compiler": "cc", "flags": "-O2",
                "command": ["lossbench", "sweep", "--config", "c.yaml"]}}


def places(node, path=()):
    """Of all values in the record, the way to each."""
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        yield path + (key,)
        if isinstance(value, (dict, list)):
            yield from places(value, path + (key,))


def mutate(record, rng):
    """Bytes of a record with one to three changes."""
    record = copy.deepcopy(record)
    mark = "@@MARK@@"
    texts = []
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        path = rng.choice(list(places(record)))
        node = record
        for key in path[:-1]:
            node = node[key]
        kind = rng.randrange(10)
        if kind < 6:
            node[path[-1]] = copy.deepcopy(rng.choice(VALUES))
        elif kind == 6:
            del node[path[-1]]
        elif kind == 7 and isinstance(node, dict):
            node[rng.choice(("", "name", "kind", "x.y", "loss.name", "\x1b[2J", "k" * 5000))] = copy.deepcopy(rng.choice(VALUES))
        elif kind == 8:
            node[path[-1]] = [copy.deepcopy(node[path[-1]])]
        else:
            node[path[-1]] = mark
            texts.append(rng.choice(TEXTS))
    text = json.dumps(record)
    for replacement in texts:
        text = text.replace('"%s"' % mark, replacement, 1)
    data = text.encode("utf-8", "surrogatepass")
    kind = rng.randrange(40)
    if kind == 0:
        data = data[:rng.randrange(len(data))]
    elif kind == 1:
        at = rng.randrange(len(data))
        data = data[:at] + bytes([rng.randrange(256)]) + data[at + 1:]
    elif kind == 2:
        data = data + data
    elif kind == 3:
        data = b"\xef\xbb\xbf" + data
    elif kind == 4:
        data = data.decode("utf-8", "replace").encode("utf-16")
    return data


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.trials = self.root / "trials"
        self.trials.mkdir()
        for seed in (1, 2, 3, 4):
            for loss, value in (("ce", 0.7 + seed / 100), ("gce", 0.6 + seed / 90)):
                self.store("%s-%d" % (loss, seed), whole(loss, seed, value))

    def store(self, name, record):
        (self.trials / (name + ".json")).write_text(json.dumps(record), encoding="utf-8")

    def run_with(self, *arguments, main=aggregate.main, paths=None):
        out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                status = main([*(paths or [str(self.root)]), *arguments])
            except SystemExit as stop:
                status = stop.code
        out.flush()
        return status, out.buffer.getvalue().decode("utf-8"), err.getvalue()

    def usable_tables(self):
        return TABLES if COMPLETE else [t for t in TABLES if "--table" not in t]


class Mutations(Case):
    def test_no_mutation_ends_a_report(self):
        rng = random.Random(SEED)
        record = whole("gce", 1, 0.61)
        target = self.trials / "gce-1.json"
        end, left_out, kept = time.process_time() + SECONDS, 0, 0
        chosen = self.usable_tables()
        for i in range(MUTATIONS):
            if time.process_time() > end:
                break
            data = mutate(record, rng)
            target.write_bytes(data)
            arguments = chosen[i % len(chosen)]
            main, paths = aggregate.main, None
            if COMPLETE and i % 400 == 7:
                arguments = ["--format", "html"]
            elif COMPLETE and i % 20 == 3:
                main, paths, arguments = compare.main, [str(self.root), str(self.root)], ["--all"]
            try:
                status, out, err = self.run_with(*arguments, main=main, paths=paths)
            except BaseException:
                print("mutation %d, %s: %r" % (i, arguments, data[:3000]), file=sys.stderr)
                raise
            self.assertIn(status, (0, 2, 4), (i, arguments, err, data))
            self.assertEqual(err.count("warning: ") > 0 and "left out" in err, "gce-1.json" in err and "left out" in err, (i, err))
            if "--format" not in arguments or arguments[1] in ("text", "md", "latex"):
                self.assertNotRegex(out, "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", (i, arguments))
            self.assertNotRegex(err, "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", (i, arguments))
            left_out, kept = left_out + ("left out" in err), kept + ("left out" not in err)
        self.assertGreater(left_out, 200)
        self.assertGreater(kept, 100)

    def test_a_broken_record_changes_no_number(self):
        (self.trials / "gce-1.json").unlink()
        expected = self.run_with("--format", "csv")[1]
        rng = random.Random(SEED + 1)
        for name in range(20):
            data = mutate(whole("gce", 1, 0.61), rng)
            (self.trials / "x.json").write_bytes(data[:len(data) // 2 - 10])
            status, out, err = self.run_with("--format", "csv")
            self.assertEqual((status, out), (0, expected))
            self.assertRegex(err, r"^lossbench report: warning: .*/x\.json: .*; left out\n$")


class Files(Case):
    def refused(self, what):
        began = time.monotonic()
        status, out, err = self.run_with("--format", "csv")
        self.assertLess(time.monotonic() - began, 5)
        self.assertEqual(status, 0)
        self.assertRegex(err, r"warning: .*/x\.json: .*%s.*; left out\n" % what)
        self.assertEqual(len(list(csv.DictReader(io.StringIO(out)))), len(list(csv.DictReader(io.StringIO(self.expected)))))
        self.assertEqual(out, self.expected)

    def setUp(self):
        super().setUp()
        self.expected = self.run_with("--format", "csv")[1]
        self.path = self.trials / "x.json"

    def test_links(self):
        self.path.symlink_to(self.trials / "ce-1.json")
        self.refused("a symbolic link")
        self.path.unlink()
        self.path.symlink_to("/dev/zero")
        self.refused("a symbolic link")
        self.path.unlink()
        self.path.symlink_to("nowhere")
        self.refused("a symbolic link")

    def test_pipes_and_sockets(self):
        os.mkfifo(self.path)
        self.refused("a pipe")
        self.path.unlink()
        with socket.socket(socket.AF_UNIX) as s:
            here = os.getcwd()
            os.chdir(self.trials)                       # the name of a socket has at most 107 bytes
            try:
                s.bind("x.json")
            finally:
                os.chdir(here)
            self.refused("a socket")

    def test_folders(self):
        self.path.mkdir()
        self.refused("a folder")

    def test_large_and_empty_files(self):
        self.path.write_bytes(b"")
        self.refused("not JSON")
        record = whole("gce", 1, 0.5)
        record["config"]["loss"]["name"] = "x" * 10_000_000
        self.path.write_text(json.dumps(record))
        self.refused("a text of 10000000 characters")
        with open(self.path, "wb") as file:
            file.truncate(1 << 40)
        self.refused("bytes, more than the")

    def test_a_device_named_on_the_command_line(self):
        status, out, err = self.run_with(paths=["/dev/zero"])
        self.assertEqual((status, out), (4, ""))
        self.assertIn("/dev/zero: it is a device, not a file; left out", err)

    def test_a_broken_tuning(self):
        for content in ("{", "[]", '{"study": 3}', '{"study": "made", "arms": [3]}', '{"studies": [{"study": "made", "arms": [{"choices": [3]}]}]}',
                        '{"studies": [{"study": "made", "arms": [{"choices": [{"chosen": 1}]}]}]}', "[" * 5000):
            (self.root / "tuning.json").write_text(content, encoding="utf-8")
            status, out, err = self.run_with("--format", "csv")
            self.assertEqual((status, out), (0, self.expected))
            self.assertRegex(err, r"^lossbench report: warning: .*tuning\.json: .*; left out\n$", content)
        (self.root / "tuning.json").unlink()
        os.mkfifo(self.root / "tuning.json")
        self.assertRegex(self.run_with("--format", "csv")[2], r"tuning\.json: it is a pipe, not a file; left out")


class Cells(Case):
    NAMES = ("=cmd|' /C calc'!A1", "+1+cmd", "-2+3+cmd", "@SUM(1)", "\tx", "\rx")

    def test_no_formula_in_csv(self):
        for i, name in enumerate(self.NAMES):
            self.store("n%d" % i, {**whole(name, 1, 0.5), "id": "f%d" % i})
        status, out, err = self.run_with("--format", "csv")
        self.assertEqual((status, err), (0, ""))
        cells = [cell for row in csv.reader(io.StringIO(out, newline="")) for cell in row]
        for name in self.NAMES:
            self.assertIn("'" + name, cells)
        self.assertFalse([c for c in cells if re.match("[=@\t\r]|[+-][^0-9]", c) and c != "-"])

    def test_numbers_are_no_formulas(self):
        for text in ("-1.5", "+1", "-inf", "-", "1", "", "x", "-1e-05"):
            self.assertEqual(tables.inert(text), text)

    def test_control_characters_are_shown(self):
        self.store("c", {**whole("\x1b]0;title\x07red\u202e", 1, 0.5), "id": "c"})
        for form in ("text", "md", "latex"):
            out = self.run_with("--format", form)[1]
            self.assertRegex(out, r"x1b\S*0;title\S*x07red\S*u202e", form)


if __name__ == "__main__":
    unittest.main()
