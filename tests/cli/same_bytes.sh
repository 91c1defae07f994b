#!/usr/bin/env bash
# The result part of a record is the same to the byte however, where and with whom a trial is trained; ids depend on the config alone.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
py=${PYTHON:-python3}

cat >c.yaml <<YAML
task: multiclass
data:
  train: {path: $LB_ROOT/datasets/samples/vowel.csv.gz, label: label}
  split: {train: 0.6, valid: 0.2, test: 0.2, stratify: true}
corrupt:
  labels: {kind: uniform, rate: 0.2}
model: {kind: mlp, hidden: [9], dropout: 0.1}
loss: {name: ce}
train: {epochs: 3, batch: 50}
sweep:
  loss: [{name: ce}, {name: gce, q: 0.5}, {name: elr}, {name: ww}]
  train.precision: [float32, float64]
  train.seed: [1, 9007199254740991]
output: {dir: none}
YAML
sweep() { assert_exit 0 lossbench sweep --config "${config:-c.yaml}" --quiet --set "output.dir=$1" "${@:2}"; }

sweep one --jobs 1
assert_eq "$(find one -name '*.json' | wc -l)" 16
sweep two --jobs 2
assert_same_results one two
sweep four --jobs 4 --shard 2/2
sweep four --jobs 1 --shard 1/2
assert_same_results one four

# train gives what sweep gave, and a second training what the first gave.
sed '/^sweep:/,/train.seed/d' c.yaml >single.yaml
for set in 'loss.name=gce loss.q=0.5 train.precision=float32' 'loss.name=elr train.precision=float64'; do
	args=()
	for s in $set train.seed=9007199254740991; do args+=(--set "$s"); done
	for force in '' --force; do
		assert_exit 0 lossbench train --config single.yaml --quiet --set output.dir=alone "${args[@]}" $force
	done
done
assert_eq "$(find alone -name '*.json' | wc -l)" 2 'records of train'
for f in alone/trials/*.json; do
	mkdir -p part/trials
	cp "one/trials/$(basename "$f")" part/trials/
done
assert_same_results alone part
tidy alone

# Neither the working directory nor the data's path, the study's name or the output folder is part of the id.
mkdir -p far/away/data
gzip -dc "$LB_ROOT/datasets/samples/vowel.csv.gz" >far/away/data/renamed.csv
sed "s|$LB_ROOT/datasets/samples/vowel.csv.gz|data/renamed.csv|; 1i name: another" c.yaml >far/away/moved.yaml
(cd far/away && lossbench sweep moved.yaml --quiet --set output.dir=../../moved)
assert_same_results one moved

# float64 is another trial than float32 and gives other, but near numbers.
"$py" - one/trials/*.json <<'PY'
import json, sys

records = [json.load(open(name)) for name in sys.argv[1:]]
pairs = {}
for r in records:
    key = (r["config"]["loss"]["name"], r["config"]["train"]["seed"])
    pairs.setdefault(key, {})[r["config"]["train"]["precision"]] = r["result"]["curves"]["train.loss"]
assert len(pairs) == 8
for key, by in pairs.items():
    a, b = by["float32"], by["float64"]
    assert a != b, key
    assert all(abs(x - y) < 1e-3 * max(1, abs(y)) for x, y in zip(a, b)), (key, a, b)
PY

# The ids from the records alone, by RFC 8785 as Python can write it for these values.
# usage: ids FOLDER
cat >ids.py <<'PY'
import glob, hashlib, json, os, sys


def number(v):
    if isinstance(v, int) or v == int(v) and abs(v) < 1e21:
        return str(int(v))
    text = repr(v)
    if "e" not in text:
        return text
    mantissa, exponent = text.split("e")
    if -7 < int(exponent) < 0:
        return ("%.*f" % (len(mantissa.replace(".", "").lstrip("-")) - 1 - int(exponent), v))
    return "%se%+d" % (mantissa, int(exponent))


def canonical(v):
    if isinstance(v, dict):
        keys = sorted(v, key=lambda k: k.encode("utf-16-be"))
        return "{" + ",".join(json.dumps(k, ensure_ascii=False) + ":" + canonical(v[k]) for k in keys) + "}"
    if isinstance(v, list):
        return "[" + ",".join(map(canonical, v)) + "]"
    if isinstance(v, bool) or v is None or isinstance(v, str):
        return json.dumps(v, ensure_ascii=False)
    return number(v)


def identity(record):
    config = record["config"]
    del config["name"], config["output"]
    for block, key, neutral in (("optimizer", "project", "none"), ("model", "dimension", 0), ("model", "start", None), ("model", "start_layers", "all"),
                                ("model", "heads", 1), ("train", "sampler", "shuffle"), ("train", "loss_lr_factor", 1), ("evaluate", "threshold", "fixed"),
                                ("evaluate", "calibration", "none")):  # younger than the ids
        if key in config[block] and config[block][key] == neutral:
            del config[block][key]
    if not config["evaluate"]:
        del config["evaluate"]
    for source in record["data"]["sources"]:
        role, _, kind = source["role"].partition(" ")
        block = config["data"][role]
        del block[kind or "path"]
        block[(kind or "path") + "_sha256"] = source["sha256"]
    return {"config": config, "schema": record["schema"]}


names = glob.glob(sys.argv[1] + "/trials/*.json")
assert names
for name in names:
    record = json.load(open(name))
    text = canonical(identity(record))
    found = hashlib.sha256(text.encode()).hexdigest()[:16]
    assert os.path.basename(name) == found + ".json" and record["id"] == found, (name, found, text)
PY
"$py" ids.py one || fail 'ids of a table'
p=$LB_ROOT/datasets/samples/fashion_mnist_
cat >idx.yaml <<YAML
name: "named \"ü\""
task: multiclass
data:
  train: {path: ${p}t10k1000-images-idx3-ubyte.gz, labels: ${p}t10k1000-labels-idx1-ubyte.gz}
  preprocess: {divide: 255, standardize: false}
loss: {name: gce, q: 1.0e-6}
optimizer: {lr: 1.0e-8, weight_decay: 0.000123456789012345678}
train: {epochs: 1}
YAML
assert_exit 0 lossbench train --config idx.yaml --quiet --set output.dir=idx
"$py" ids.py idx || fail 'ids of images'
