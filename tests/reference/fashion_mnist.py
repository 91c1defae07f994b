#!/usr/bin/env python3
"""Reference trainings of configs/fashion_mnist_{linear,mlp}.yaml in PyTorch, from the same files with the same settings.

Writes the test accuracies to fashion_mnist.json beside this script. The linear model is also fitted by scikit-learn to its optimum
at a small L2 penalty, as a figure that depends on no rate and no seed. Needs PyTorch, scikit-learn and PyYAML (Debian:
python3-torch python3-sklearn python3-yaml) and the data (scripts/fetch-data.sh fashion-mnist). Takes about three minutes on a core.
"""
import argparse
import gzip
import json
import pathlib
import platform
import statistics
import struct

import numpy as np
import sklearn
import torch
import yaml
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEEDS = {"fashion_mnist_linear": 5, "fashion_mnist_mlp": 5}
ACTIVATIONS = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "gelu": torch.nn.GELU}


def read_idx(path):
	"""An IDX file of unsigned bytes as (rows, values a row)."""
	raw = gzip.open(path).read()
	kind, dims = struct.unpack(">HBB", raw[:4])[1:]
	assert kind == 8, f"{path}: not unsigned bytes"
	shape = struct.unpack(f">{dims}I", raw[4:4 + 4 * dims])
	return np.frombuffer(raw, np.uint8, offset=4 + 4 * dims).reshape(shape[0], -1)


def load(part, divide, data_dir):
	"""Features as float32 and labels of one part, from the paths of the config (or files of the same names in data_dir)."""
	def find(path):
		return data_dir / pathlib.Path(path).name if data_dir else ROOT / path
	x = read_idx(find(part["path"])).astype(np.float32) / divide
	y = read_idx(find(part["labels"]))[:, 0].astype(np.int64)
	return torch.from_numpy(x), torch.from_numpy(y)


def build(model, d, classes):
	"""torch.nn.Linear draws weights and biases uniformly from +-1/sqrt(inputs): `init: torch` in the config."""
	layers = []
	for width in model.get("hidden", []):
		layers += [torch.nn.Linear(d, width), ACTIVATIONS[model["activation"]]()]
		d = width
	return torch.nn.Sequential(*layers, torch.nn.Linear(d, classes))


def accuracy(net, x, y):
	with torch.no_grad():
		return (net(x).argmax(1) == y).double().mean().item()


def train(config, train_set, test_set, seed):
	"""Test accuracy after the last epoch."""
	torch.manual_seed(seed)
	(x, y), opt, run = train_set, config["optimizer"], config["train"]
	net = build(config["model"], x.shape[1], int(y.max()) + 1)
	sgd = torch.optim.SGD(net.parameters(), lr=opt["lr"], momentum=opt["momentum"])
	for _ in range(run["epochs"]):
		for rows in torch.randperm(len(x)).split(run["batch"]):
			sgd.zero_grad()
			torch.nn.functional.cross_entropy(net(x[rows]), y[rows]).backward()
			sgd.step()
	return accuracy(net, *test_set)


def fit_linear(train_set, test_set, penalty):
	"""Optimum of mean cross-entropy + penalty/2 * |weights|^2, bias free."""
	(x, y), (u, v) = train_set, test_set
	model = LogisticRegression(C=1 / (penalty * len(x)), tol=0.05, max_iter=1000)
	with threadpool_limits(1):
		fit = model.fit(x.numpy(), y.numpy())
	return {"penalty": penalty, "iterations": int(fit.n_iter_[0]), "accuracy": float(fit.score(u.numpy(), v.numpy()))}


def main():
	parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
	parser.add_argument("--data", type=pathlib.Path, help="folder of the four files (default: the config's paths)")
	parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).with_suffix(".json"))
	args = parser.parse_args()
	torch.set_num_threads(1)
	result = {"about": "Test accuracy after the last epoch, seeds 1, 2, ...; made by tests/reference/fashion_mnist.py", "configs": {}}
	for name, seeds in SEEDS.items():
		config = yaml.safe_load((ROOT / "configs" / f"{name}.yaml").read_text())
		divide = config["data"]["preprocess"]["divide"]
		sets = [load(config["data"][part], divide, args.data) for part in ("train", "test")]
		found = []
		for seed in range(1, seeds + 1):
			found.append(train(config, *sets, seed))
			print(f"{name} seed {seed}: {found[-1]:.4f}", flush=True)
		settings = {key: config[key] for key in ("model", "loss", "optimizer", "train")}
		del settings["train"]["seed"]
		result["configs"][name] = {**settings, "accuracy": found, "mean": statistics.mean(found),
			"sd": statistics.stdev(found), "min": min(found), "max": max(found)}
		if name == "fashion_mnist_linear":
			result["optimum"] = fit_linear(*sets, 1e-3)
			print("scikit-learn optimum:", result["optimum"], flush=True)
	result["versions"] = {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__,
		"scikit-learn": sklearn.__version__}
	args.out.write_text(json.dumps(result, indent="\t") + "\n")


if __name__ == "__main__":
	main()
