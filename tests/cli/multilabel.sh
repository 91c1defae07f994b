#!/usr/bin/env bash
# Task multilabel: columns, lists and arrays of labels, unknown ones, every loss, and what is refused.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
py=${PYTHON:-python3}

"$py" - <<'PY'
import math, random

rng = random.Random(3)
with open("rows.csv", "w") as csv, open("rows.svm", "w") as svm, open("holes.csv", "w") as holes:
    csv.write("x1,x2,a,b,c\n")
    holes.write("x1,x2,a,b,c\n")
    for _ in range(200):
        x = [rng.gauss(0, 1), rng.gauss(0, 1)]
        odds = [2 * x[0], x[1] - 1, x[0] - x[1]]
        y = [int(rng.random() < 1 / (1 + math.exp(-o))) for o in odds]
        csv.write(",".join(map(repr, x)) + "," + ",".join(map(str, y)) + "\n")
        holes.write(",".join(map(repr, x)) + "," + ",".join("" if rng.random() < 0.3 else str(v) for v in y) + "\n")
        svm.write(",".join(str(k + 1) for k in range(3) if y[k]) + f" 1:{x[0]!r} 2:{x[1]!r}\n")
PY

config() { # name, data, loss, the rest
	cat <<END
name: $1
task: ${5:-multilabel}
data: {$2, split: {train: 0.5, valid: 0.2, test: 0.3, seed: 7, stratify: false}, preprocess: {standardize: false}}
loss: {name: $3}
optimizer: {$4}
train: {epochs: 3}
output: {dir: $1, predictions: true}
END
}
labels="train: {path: rows.csv}, labels: [a, b, c]"
full="name: lbfgs, weight_decay: 1.0e-2"

# The optimum of the sum over labels is the sum of the optima of the labels, each a binary task of its own.
config together "$labels" ml_bce "$full" >together.yaml
assert_exit 0 lossbench train --config together.yaml
for label in a b c; do
	config "$label" "train: {path: rows.csv, label: $label}, drop: [$(echo a b c | sed "s/$label//; s/^ *//; s/ *$//; s/  */, /")]" logistic "$full" \
		binary >"$label.yaml"
	assert_exit 0 lossbench train --config "$label.yaml"
done
config lists "train: {path: rows.svm}" ml_bce "$full" >lists.yaml
assert_exit 0 lossbench train --config lists.yaml
"$py" - <<'PY'
import csv, glob, json

objective = {d: json.load(open(glob.glob(d + "/trials/*.json")[0]))["result"]["objective"] for d in ("together", "lists", "a", "b", "c")}
objective = {d: v["value"] if isinstance(v, dict) else v for d, v in objective.items()}
parts = sum(objective[d] for d in "abc")
assert abs(objective["together"] - parts) < 1e-6 * parts, objective
assert abs(objective["lists"] - parts) < 1e-6 * parts, objective

path = glob.glob("together/trials/*.json")[0]
record = json.load(open(path))
assert record["data"]["classes"] == ["a", "b", "c"] and record["data"]["corrupted"] is None, record["data"]
rows = list(csv.DictReader(open(path.replace(".json", ".predictions.csv"))))
y = [[float(r[f"target_{k}"]) for k in (1, 2, 3)] for r in rows]
z = [[float(r[f"score_{k}"]) for k in (1, 2, 3)] for r in rows]
pairs = [(t, s > 0) for a, b in zip(y, z) for t, s in zip(a, b)]
both, there, picked = sum(t and s for t, s in pairs), sum(t for t, _ in pairs), sum(s for _, s in pairs)
test = record["result"]["metrics"]["test"]
assert abs(test["f1_micro"] - 2 * both / (there + picked)) < 1e-12, test
assert abs(test["hamming_loss"] - sum(t != s for t, s in pairs) / len(pairs)) < 1e-12, test
assert record["data"]["class_counts"]["test"] == [sum(a[k] for a in y) for k in range(3)], record["data"]["class_counts"]
PY

# Every loss trains on rows of which a third of the labels is unknown, and the unknown ones are -1 from there on.
config holes "train: {path: holes.csv}, labels: [a, b, c]" ml_bce "name: sgd, lr: 0.1" >holes.yaml
losses=$(lossbench losses --json | "$py" -c 'import json, sys; d = json.load(sys.stdin); d = d["losses"] if isinstance(d, dict) else d
print(",".join(l["name"] for l in d if l["kind"] == "multilabel"))')
assert_exit 0 lossbench sweep --config holes.yaml --set "loss.name=$losses" --quiet
"$py" - "$losses" <<'PY'
import glob, json, sys

records = [json.load(open(p)) for p in glob.glob("holes/trials/*.json")]
assert len(records) == len(sys.argv[1].split(",")) > 10
for r in records:
    assert r["result"]["status"] == "ok" and 0.5 < r["result"]["metrics"]["test"]["lrap"] <= 1, r
head = open(glob.glob("holes/trials/*.predictions.csv")[0]).read()
assert ",-1," in head
PY

echo '{"scores": [[0, 0, 0]], "labels": [[1, 0, -1]]}' | lossbench losses eval ml_bce | grep -q '^{"value": 1.386294361119890' || fail "eval"
refused() { # exit code, part of the message, command...
	local want=$1 part=$2
	shift 2
	assert_exit "$want" "$@"
	assert_contains "$err" "$part"
}
sed 's/, labels: \[a, b, c\]//' together.yaml >bare.yaml
refused 4 "name their columns with data.labels" lossbench train --config bare.yaml
sed 's/a, b, c\]/a, x2]/' together.yaml >wrong.yaml
refused 4 "allowed: 1 (the label is there), 0 (it is not)" lossbench train --config wrong.yaml
refused 3 "allowed: none" lossbench train --config together.yaml --set corrupt.labels.kind=uniform
refused 3 "task multilabel has no classes" lossbench train --config together.yaml --set train.class_weight=balanced
refused 3 "the task is multilabel" lossbench train --config together.yaml --set data.split.stratify=true
sed 's/task: multilabel/task: binary/; s/ml_bce/logistic/' lists.yaml >one.yaml
refused 4 "task: multilabel" lossbench train --config one.yaml
