"""Neural-collapse metrics of a run against NumPy's, from the model that the run left behind: features recomputed, published definitions."""
import csv
import gzip
import json
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent.parent
IRIS = ROOT / "datasets" / "samples" / "iris.csv.gz"
CONFIG = """task: multiclass
data:
  train: {path: %s, label: label}
  split: {train: 1, valid: 0, test: 0}
model: {kind: mlp, hidden: [16, 8]}
loss: ce
optimizer: {name: adam, lr: 0.01}
train: {epochs: 40, batch: 30, precision: float64}
metrics: [nc1, nc2_equinorm, {name: nc2_equinorm, of: weights}, nc2_maxangle, nc2_etf, nc3, nc4]
output: {dir: %s, model: true}
"""


def iris(model):
    with gzip.open(IRIS, "rt") as file:
        rows = list(csv.reader(file))
    place = rows[0].index("label")
    x = np.array([[float(cell) for k, cell in enumerate(row) if k != place] for row in rows[1:]])
    return x * model["scale"] + model["shift"], np.array([list(model["classes"]).index(row[place]) for row in rows[1:]])


def by_definition(h, w, b, y):
    mu = np.array([h[y == k].mean(axis=0) for k in range(len(w))])
    m, off, norm = mu - h.mean(axis=0), h - mu[y], np.linalg.norm
    cosine = (m @ m.T / np.outer(norm(m, axis=1), norm(m, axis=1)))[np.triu_indices(len(w), 1)]
    frame = (np.eye(len(w)) - 1 / len(w)) / np.sqrt(len(w) - 1)
    nearest = ((h[:, None] - mu) ** 2).sum(axis=2).argmin(axis=1)
    return {"nc1": np.trace(off.T @ off / len(h) @ np.linalg.pinv(m.T @ m / len(w), rcond=1e-10)) / len(w),
            "nc2_equinorm": norm(m, axis=1).std() / norm(m, axis=1).mean(),
            "nc2_equinorm(of=weights)": norm(w, axis=1).std() / norm(w, axis=1).mean(),
            "nc2_maxangle": np.abs(cosine + 1 / (len(w) - 1)).mean(),
            "nc2_etf": norm(w @ w.T / norm(w @ w.T) - frame), "nc3": norm(w / norm(w) - m / norm(m)),
            "nc4": (nearest != (h @ w.T + b).argmax(axis=1)).mean()}


class NeuralCollapse(unittest.TestCase):
    def test_record_holds_what_numpy_finds_in_the_model(self):
        binary = shutil.which("lossbench") or str(ROOT / "lossbench")
        if not Path(binary).exists():
            self.skipTest("lossbench is not built")
        folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        (folder / "nc.yaml").write_text(CONFIG % (IRIS, folder / "out"))
        subprocess.run([binary, "train", "--config", str(folder / "nc.yaml"), "--quiet"], check=True, stdout=subprocess.PIPE)
        record, = [json.loads(path.read_text()) for path in (folder / "out" / "trials").glob("*.json")]
        path, = (folder / "out" / "trials").glob("*.npz")
        model = np.load(path)
        h, y = iris(model)
        for k in (1, 2):
            h = np.maximum(h @ model["W%d" % k].T + model["b%d" % k], 0)
        expected = by_definition(h, model["W3"], model["b3"], y)
        found = record["result"]["metrics"]["train"]
        self.assertEqual(sorted(found), sorted(expected))
        for name, value in expected.items():
            self.assertAlmostEqual(found[name], value, delta=1e-9 * max(1, abs(value)), msg=name)


if __name__ == "__main__":
    unittest.main()
