"""What the tests of reports share: made-up records whose answers are known, and a folder of them for each test."""
import contextlib
import csv
import io
import json
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
try:
    import jinja2  # noqa: F401
    import matplotlib  # noqa: F401
    import numpy as np
    import scipy  # noqa: F401
except ImportError as missing:
    raise unittest.SkipTest("needs numpy, scipy, matplotlib and jinja2: %s" % missing) from None
import aggregate  # noqa: E402
import records  # noqa: E402
import report  # noqa: E402
from test_aggregate import record  # noqa: E402

ODD = '<script>alert("x")</script> & $\\alpha$ _é_'  # a name that means something to HTML, TeX and matplotlib
LOSSES = ("ce", "gce", "mae")


def made(loss, seed, value, status="ok", data="a", **keys):
    r = record({"name": loss}, seed, {"test.accuracy": value, "valid.accuracy": value, "test.log_loss": 1 - value}, status, **keys)
    r["data"].update(sources=[{"role": "train", "path": data + ".csv", "sha256": data * 64, "rows": 10, "bytes": 1, "format": "csv"}],
                     rows={"all": 100, "train": 60, "valid": 20, "test": 20}, features=3, classes=[ODD, "plain"])
    r["result"]["curves"] = {"epoch": [1, 2], "train.loss": [1.0, 0.5], "valid.accuracy": [value / 2, value]} if status == "ok" else {}
    r["result"]["steps"] = 10
    r["run"] = {"started": "2024-01-01T00:00:00Z", "seconds": {"train": 2.0 + sum(map(ord, loss)) / 64 + seed / 8 + keys.get("corrupt__labels__rate", 0), "total": 3.0}, "peak_memory_bytes": 2 ** 21,
                "command": ["/some/where/lossbench", "sweep", "--config", ODD], "lossbench": "0", "libraries": {"zlib": "1"}}
    return r


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        (self.root / "trials").mkdir()

    def store(self, *all_made):
        for r in all_made:
            (self.root / "trials" / (r["id"] + ".json")).write_text(json.dumps(r), encoding="utf-8")

    def study(self, *arguments, control="", rope=0.01):
        args = aggregate.parse([str(self.root), *arguments])
        trials = records.read_trials(args.paths)
        keys = records.Keys(trials)
        return report.make_study(trials, aggregate.make_plan(args, trials, keys), keys, control, rope)

    def printed(self, *arguments):
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        with contextlib.redirect_stdout(out):
            self.assertEqual(aggregate.main([str(self.root), *arguments]), 0)
        out.flush()
        return out.buffer.getvalue().decode("utf-8")

    def refused(self, *arguments):
        err = io.StringIO()
        with contextlib.redirect_stderr(err):
            status = aggregate.main([str(self.root), *arguments])
        self.assertRegex(err.getvalue(), "^lossbench report: .*\n$")
        return status

    def rows(self, table, *arguments):
        return list(csv.DictReader(io.StringIO(self.printed("--table", table, "--format", "csv", *arguments))))

    def usual(self, seeds=8, sets="a", rates=(0,)):
        """ce at 0.6, gce 0.1 better with a little spread, mae much worse; all share the seed's own ups and downs."""
        rng = np.random.default_rng(1)
        for data in sets:
            for rate in rates:
                for seed in range(1, seeds + 1):
                    ups = rng.normal(0, 0.05)
                    for loss, level, spread in (("ce", 0.6, 0), ("gce", 0.7, 0.01), ("mae", 0.3, 0.01)):
                        self.store(made(loss, seed, level - rate / 3 + ups + rng.normal(0, 1) * spread, data=data, corrupt__labels__rate=rate,
                                        data__train={"path": data + ".csv"}))
