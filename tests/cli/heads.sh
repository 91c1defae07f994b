#!/usr/bin/env bash
# model.head: the study that uses it; the same bytes alone, in company, with threads, under every optimiser and after kill -9; saved models
# predict with it; ids of configs without it stay; what is refused.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
needs_python numpy
py=${PYTHON:-python3}

# ---- the study of configs/, in short: all trials in one cohort, each alone, two threads ----

same_in_any_company configs/heads/letter.yaml 8 train.epochs=4 train.seed=1,2
"$py" - together/trials/*.json <<'PY'
import json, sys

found = {}
for name in sys.argv[1:]:
    r = json.load(open(name))
    head = r["config"]["model"]["head"]
    found[r["config"]["loss"]["name"], head["kind"], r["config"]["train"]["seed"]] = r["result"]["curves"]["train.loss"][0]
    # 16 x 64 weights and 64 biases, 64 x 26 weights, and biases in a linear head alone.
    assert r["result"]["parameters"] == 16 * 64 + 64 + 64 * 26 + (26 if head["kind"] == "linear" else 0), r["result"]["parameters"]
assert len(set(found.values())) == 8, found
assert found["arcface", "cosine", 1] > found["ce", "cosine", 1], found
PY
assert_contains "$(lossbench report together --metric test.accuracy)" 'cosine'

# ---- ids: a head of its own kind is another trial, head: linear is none ----

cat >c.yaml <<YAML
task: multiclass
data: {train: {path: $LB_ROOT/datasets/samples/iris.csv.gz, label: label}}
model: {kind: mlp, hidden: [8], dropout: 0.1}
loss: {name: ce}
optimizer: {name: adam, lr: 0.01}
train: {epochs: 3, batch: 16}
metrics: [accuracy]
output: {dir: plain, predictions: true}
YAML
assert_exit 0 lossbench train --config c.yaml --quiet
assert_exit 0 lossbench train --config c.yaml --quiet --set model.head=linear --set output.dir=linear
assert_same_results plain linear
assert_lacks "$(lossbench config resolve c.yaml)" '"head":'
assert_exit 0 lossbench train --config c.yaml --quiet --set model.head.kind=cosine --set output.dir=cosine
assert_eq "$(json cosine/trials/*.json .config.model.head)" '{"kind": "cosine", "scale": 16}' 'the record'
# Lists inside nested blocks make a sweep, as in any block.
assert_eq "$(lossbench sweep --config c.yaml --list --set output.dir=none --set 'model={kind: mlp, hidden: [8], head: {kind: cosine, scale: [4, 8]}},linear' | grep -c cosine)" 2 'values of model.head.scale'
assert_eq "$(lossbench sweep --config c.yaml --list --set output.dir=none --set model.head=cosine --set model.head.scale=default | grep -c '^[0-9a-f]\{16\}')" 4 'the grid'

# ---- precisions, models, optimisers; the whole gradient (clip_norm) and the update inside backward ----

for p in float32 float64; do
	for o in '{name: sgd, lr: 0.1, momentum: 0.9, weight_decay: 0.001}' '{name: adamw, lr: 0.01}' '{name: sgd, lr: 0.1, project: perpendicular}'; do
		models='{kind: linear, head: cosine},{kind: mlp, hidden: [8, 6], head: cosine}'
		sets=(--set "train.precision=$p" --set "optimizer=$o" --set "model=$models" --set 'loss=arcface,ce,logit_adjusted')
		rm -rf one two
		assert_exit 0 lossbench sweep --config c.yaml --quiet --jobs 1 "${sets[@]}" --set output.dir=one
		assert_exit 0 lossbench sweep --config c.yaml --quiet --jobs 1 --threads 2 "${sets[@]}" --set output.dir=two --set train.clip_norm=1e9
		assert_eq "$(cat one/trials/*.predictions.csv | sort | sha256sum)" "$(cat two/trials/*.predictions.csv | sort | sha256sum)" "$p $o"
	done
done
# All rows at once; an attack; procedures that move weights or read losses.
for set in 'optimizer={name: lbfgs, weight_decay: 0.001}' 'train.attack={kind: pgd, eps: 0.1}' 'procedures=[sam]' 'procedures=[coteach]' 'procedures=[mixup]' 'terms=[{name: ce, weight: 0.5}]'; do
	assert_exit 0 lossbench train --config c.yaml --quiet --set model.dropout=0 --set model.head=cosine --set loss=arcface --set train.epochs=40 --set output.dir=more --set "$set"
done
for f in more/trials/*.json; do assert_between "$(json "$f" .result.metrics.train.accuracy)" 0.7 1 "$f"; done
assert_exit 0 lossbench train --config c.yaml --quiet --set 'model={kind: linear, head: cosine}' --set 'optimizer={name: lbfgs, weight_decay: 0.001}' --set output.dir=lbfgs
assert_eq "$(json lbfgs/trials/*.json .result.parameters)" 12 'parameters of a linear model with a cosine head'
assert_between "$(json lbfgs/trials/*.json .result.objective)" 0 0.5 'its objective'

# ---- the saved model ----

for model in '{kind: linear, head: {kind: cosine, scale: 5}}' '{kind: mlp, hidden: [8], head: {kind: cosine, scale: 5}}'; do
	rm -rf saved
	assert_exit 0 lossbench train --config c.yaml --quiet --set "model=$model" --set loss=arcface --set train.precision=float64 --set output.dir=saved --save-model m.npz
	lossbench predict --model m.npz --data "$LB_ROOT/datasets/samples/iris.csv.gz" --out all.csv
	assert_eq "$(sort all.csv | comm -13 - <(sort saved/trials/*.predictions.csv))" '' "$model: lines of the run that predict does not give"
	"$py" - "$LB_ROOT/datasets/samples/iris.csv.gz" <<'PY'
import csv, gzip, sys

import numpy as np

m = np.load("m.npz")
x = np.array([[float(v) for v in row[:4]] for row in list(csv.reader(gzip.open(sys.argv[1], "rt")))[1:]])
h = x * m["scale"] + m["shift"]
last = 1
if "W2" in m:
    h, last = np.maximum(h @ m["W1"].T + m["b1"], 0), 2
w = m[f"W{last}"]
assert not m[f"b{last}"].any()
z = 5 * (h / np.linalg.norm(h, axis=1, keepdims=True)) @ (w / np.linalg.norm(w, axis=1, keepdims=True)).T
rows = list(csv.reader(open("all.csv")))
columns = [i for i, name in enumerate(rows[0]) if name.startswith(("score", "z"))]
got = np.array([[float(row[i]) for i in columns] for row in rows[1:]])
assert got.shape == z.shape, (got.shape, rows[0])
assert np.allclose(got, z, atol=1e-9), abs(got - z).max()
PY
done

# ---- kill -9 ----

cat >many.yaml <<YAML
$(sed '/^output/d; /^model/d; /^loss/d' c.yaml)
model: {kind: mlp, hidden: [8], dropout: 0.1, head: cosine}
loss: ce
output: {dir: killed}
sweep:
  loss: [ce, arcface, cosface, focal]
YAML
long=(--config many.yaml --quiet --set train.epochs=3000)
lossbench sweep "${long[@]}" --set output.dir=whole
kept() { [ "$(find killed/trials -name '*.checkpoint' 2>/dev/null | wc -l)" -ge 1 ]; }
lossbench sweep "${long[@]}" --set train.checkpoint=20 --jobs 2 &
parent=$!
wait_until 30 kept
mapfile -t workers < <(children $parent)
kill -9 $parent "${workers[@]}" 2>/dev/null || true
wait $parent 2>/dev/null || true
[ "$(find killed/trials -name '*.json' | wc -l)" -lt 4 ] || fail 'all was done before the kill'
assert_exit 0 lossbench sweep "${long[@]}" --set train.checkpoint=20 --jobs 2
assert_same_results whole killed

# ---- sparse rows below hidden layers ----

printf '1 1:0.5 3:1\n0 2:1\n1 1:1\n0 3:2\n1 2:2 3:1\n0 1:3\n' >s.svm
sparse=(--set data.train.path=s.svm --set data.train.label=null --set data.preprocess.standardize=false --set 'data.split={train: 0.5, valid: 0, test: 0.5, stratify: false}')
assert_exit 0 lossbench train --config c.yaml --quiet "${sparse[@]}" --set model.head=cosine --set loss=arcface --set output.dir=sparse

# ---- a value by hand ----

value=$(echo '{"scores": [[8, 4, -4]], "labels": [0], "scale": 16}' | lossbench losses eval multiclass/arcface --input -)
assert_contains "$value" '"value": 3.64914766336628'
echo '{"scores": [[8, 4]], "labels": [0], "scale": 0}' >in.json
assert_exit 4 lossbench losses eval multiclass/arcface --input in.json
assert_contains "$err" 'scale: allowed: a number above 0'
assert_exit 4 lossbench losses eval ce --input in.json
assert_contains "$err" 'unknown key "scale"'

# ---- what is refused, at the line of the key ----

cat >r.yaml <<YAML
$(sed '/^model/d; /^loss/d' c.yaml)
loss: arcface
model:
  kind: mlp
  hidden: [8]
  head: linear
YAML
refused() { # refused TEXT SETS...: exit 3, with the text
	local text=$1 sets=()
	shift
	for s; do sets+=(--set "$s"); done
	assert_exit 3 lossbench train --config r.yaml --set output.dir=refused "${sets[@]}"
	assert_contains "$err" "$text"
}
line=$(grep -n '^  head' r.yaml | cut -d: -f1)
refused "r.yaml:$line:9: model.head: found linear with loss arcface, which takes its margin from cosines; give model.head: cosine"
refused 'model.head: found linear with loss cosface' 'model={kind: mlp}' loss=cosface
refused 'model.head: found linear with loss arcface' loss=ce 'terms=[{name: arcface, weight: 0.5}]'
refused 'model.head: found cosine with model naive_bayes, which is fitted in closed form' 'model={kind: naive_bayes, head: cosine}' loss=ce
refused 'model.init: found zero with model.head cosine, for which weights of length 0 have no direction; allowed: torch, xavier, he' 'model={kind: linear, init: zero, head: cosine}'
refused 'model.head.kind: cosine is a multiclass head; the task is regression, allowed: linear' task=regression loss=mse model.head=cosine
refused 'model.head.kind: cosine is a multiclass head; the task is embedding, allowed: linear' task=embedding loss=normalized_softmax model.dimension=4 model.head=cosine
refused 'model.head.scale: found 0, allowed: a number in [0.001, 10000]' 'model.head={kind: cosine, scale: 0}'
refused 'model.head.scal: unknown key of cosine, allowed: kind, scale; did you mean "scale"?' 'model.head={kind: cosine, scal: 3}'
refused 'model.head.kind: unknown head "cosin", allowed: linear, cosine, factored; did you mean "cosine"?' model.head=cosin
refused 'model.hed: unknown key of mlp, allowed: kind, hidden, activation, dropout, init, bias_init, seed, dimension, heads, start, start_layers, head; did you mean "head"?' 'model={kind: mlp, hed: cosine}'
refused 'train.attack: found closed_form with model.head cosine, whose scores are not linear in the rows' 'model={kind: linear, head: cosine}' 'train.attack={kind: closed_form, eps: 0.1}'
sets=(data.train.path=s.svm data.train.label=null data.preprocess.standardize=false 'data.split={train: 0.5, valid: 0, test: 0.5, stratify: false}')
refused 'model.head: found cosine with model linear and sparse data, where a step moves only the weights of features that occur' "${sets[@]}" 'model={kind: linear, head: cosine}'

# ---- head factored: the training of head linear, on dense rows and sparse ones; a model that leaves; what it has no part in ----

factored=(--quiet --set loss=z_loss --set optimizer.name=sgd --set optimizer.lr=0.05 --set train.precision=float64 --set 'metrics=[accuracy, log_loss]')
for data in dense sparse; do
	[ $data = dense ] && rows=() || rows=("${sparse[@]}")
	for head in linear factored; do
		assert_exit 0 lossbench train --config c.yaml "${factored[@]}" "${rows[@]}" --set model.head=$head --set output.dir=$data-$head --save-model $data-$head.npz
	done
	python3 - $data-linear/trials/*.json $data-factored/trials/*.json <<'PY'
import json, sys
a, b = (json.load(open(f))["result"] for f in sys.argv[1:])
assert all(abs(x - y) < 1e-10 for x, y in zip(a["curves"]["train.loss"], b["curves"]["train.loss"])), (a["curves"], b["curves"])
assert abs(a["metrics"]["test"]["log_loss"] - b["metrics"]["test"]["log_loss"]) < 1e-9
PY
done
told() { lossbench evaluate --model "$1" --data "$LB_ROOT/datasets/samples/iris.csv.gz" --metric log_loss --json; }
told dense-linear.npz >linear.json
told dense-factored.npz >factored.json
python3 - linear.json factored.json <<'PY'
import json, re, sys
a, b = ([float(v) for v in re.findall(r'"log_loss[^"]*": *([0-9.e-]+)', open(f).read())] for f in sys.argv[1:])
assert len(a) == len(b) == 1 and abs(a[0] - b[0]) < 1e-9, (a, b)
PY
refused 'model.head: found factored with loss ce, which reads each score by itself; allowed: ' loss=ce model.head=factored
refused 'model.head: found factored with linear, allowed: model mlp with a hidden layer' loss=z_loss 'model={kind: linear, head: factored}'
refused 'model.head: found factored with adam, allowed: optimizer sgd' loss=z_loss model.head=factored optimizer=adam
refused 'model.head: found factored with momentum, allowed: optimizer.momentum 0' loss=z_loss model.head=factored 'optimizer={name: sgd, momentum: 0.9}'
refused 'model.head: found factored with a weight of the loss, or terms,' 'loss={name: z_loss, weight: 2}' model.head=factored optimizer=sgd
for other in 'procedures=[sam]' 'regularisers=[{name: l1, weight: 0.1}]' 'metrics=[nc1]' 'metrics=[sharpness]' train.clip_norm=1 'evaluate.attack={kind: pgd, eps: 0.1}'; do
	refused 'model.head: found factored with ' loss=z_loss model.head=factored optimizer=sgd "$other"
done
