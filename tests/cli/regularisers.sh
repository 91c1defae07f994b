#!/usr/bin/env bash
# regularisers: what is added to the losses: the same bytes alone and in company, with threads and after kill -9; zeros that are exact; sparse
# rows; what is refused. Their values and gradients are tested against PyTorch in unit/core/training.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

same_in_any_company configs/procedures/regularisers.yaml 12 train.epochs=3 train.seed=1

# ---- groups that a prox has made 0, and weights that a gradient has not ----

cat >one.yaml <<YAML
task: multiclass
data: {train: {path: $LB_ROOT/datasets/samples/iris.csv.gz, label: label}}
model: {kind: mlp, hidden: [8]}
loss: ce
optimizer: {name: sgd, lr: 0.1}
train: {epochs: 60, batch: 16}
metrics: [accuracy, log_loss]
output: {model: true}
YAML
assert_exit 0 lossbench train one.yaml --quiet --set 'regularisers=[{name: group_lasso, weight: 0.06, layers: [1]}]' --set output.dir=prox
assert_exit 0 lossbench train one.yaml --quiet --set 'regularisers=[{name: group_lasso, weight: 0.06, layers: [1], how: gradient}]' --set output.dir=gradient
"${PYTHON:-python3}" - prox/trials/*.model.npz gradient/trials/*.model.npz <<'PY'
import sys

import numpy as np

prox, gradient = (np.load(name, allow_pickle=False) for name in sys.argv[1:])
first = [k for k in prox.files if prox[k].shape == (8, 4)]
assert len(first) == 1, prox.files
off, kept = ((m[first[0]] == 0).all(axis=0).sum() for m in (prox, gradient))
assert 1 <= off <= 3 and kept == 0, (prox[first[0]], gradient[first[0]])
PY
# Two of one kind, each with layers of its own.
assert_exit 0 lossbench train one.yaml --quiet --set 'regularisers=[{name: l2, weight: 0.1, layers: [1]}, {name: l2, weight: 0.01, layers: [2]}]' --set output.dir=layers

# ---- l2 of all layers by sgd is the optimiser's weight decay, but for rounding ----

for way in 'optimizer={name: sgd, lr: 0.1, weight_decay: 0.05}' 'regularisers=[{name: l2, weight: 0.05}]'; do
	assert_exit 0 lossbench train one.yaml --quiet --set train.precision=float64 --set "$way" --set "output.dir=decay.${way%%=*}"
done
"${PYTHON:-python3}" - decay.optimizer/trials/*.json decay.regularisers/trials/*.json <<'PY'
import json, sys

a, b = (json.load(open(name))["result"]["metrics"] for name in sys.argv[1:] if not name.endswith(".model.json"))
a, b = (m["test"]["log_loss"] if "test" in m else m["test.log_loss"] for m in (a, b))
assert abs(a - b) <= 1e-12 * abs(a), (a, b)
PY

# ---- ids: an empty list is no list ----

assert_exit 0 lossbench train one.yaml --quiet --set output.dir=plain
assert_exit 0 lossbench train one.yaml --quiet --set regularisers=[] --set output.dir=empty
assert_same_results plain empty

# ---- sparse rows give what the same rows give written out ----

"${PYTHON:-python3}" - <<'PY'
import random

rng = random.Random(3)
with open("s.svm", "w", encoding="ascii") as out:
    for i in range(240):
        columns = sorted(rng.sample(range(1, 41), 6))
        out.write("%d %s\n" % (i % 2, " ".join("%d:%.3f" % (j, rng.gauss(0.5 * (j % 2 == i % 2), 1)) for j in columns)))
PY
assert_exit 0 lossbench data convert s.svm s.csv
label=$(head -n 1 s.csv | tr , '\n' | grep -n '^label$' | cut -d: -f1)
cat >sparse.yaml <<'YAML'
task: binary
data: {train: {path: s.svm}, preprocess: {standardize: false}, split: {train: 0.5, valid: 0.25, test: 0.25}}
loss: logistic
train: {epochs: 4, batch: 8}
metrics: [accuracy, log_loss]
sweep:
  regularisers: [[l1], [{name: l1, how: gradient}], [{name: group_lasso, weight: 0.01}, entropy], [spectral_norm]]
  model: [{kind: linear}, {kind: mlp, hidden: [7]}]
YAML
finals() { "${PYTHON:-python3}" -c 'import glob, json, sys
for name in glob.glob(sys.argv[1] + "/trials/*.json"):
    r = json.load(open(name))
    print(json.dumps([r["config"][k] for k in ("regularisers", "model")], sort_keys=True), json.dumps(r["result"]["metrics"], sort_keys=True), r["result"]["status"])' "$1" | sort; }
assert_exit 0 lossbench sweep sparse.yaml --quiet --set output.dir=sparse
assert_exit 0 lossbench sweep sparse.yaml --quiet --set data.train.path=s.csv --set data.train.label="$label" --set output.dir=dense
assert_eq "$(finals sparse)" "$(finals dense)" 'results of sparse and dense rows'
assert_eq "$(finals sparse | grep -c '"ok"\|ok$')" 8 'trials'

# ---- kill -9 ----

sed '/^output/d' one.yaml >c.yaml
cat >>c.yaml <<'YAML'
sweep:
  regularisers: [[spectral_norm], [l2_sp, jacobian_norm], [{name: wgsef, k: 2}, entropy]]
  train.seed: [1, 2]
YAML
long=(--config c.yaml --quiet --set train.epochs=3000)
assert_exit 0 lossbench sweep "${long[@]}" --set output.dir=whole
kept() { [ "$(find killed/trials -name '*.checkpoint' 2>/dev/null | wc -l)" -ge 1 ]; }
lossbench sweep "${long[@]}" --set output.dir=killed --set train.checkpoint=20 --jobs 2 &
parent=$!
wait_until 30 kept
mapfile -t workers < <(children $parent)
kill -9 $parent "${workers[@]}" 2>/dev/null || true
wait $parent 2>/dev/null || true
[ "$(find killed/trials -name '*.json' | wc -l)" -lt 6 ] || fail 'all was done before the kill'
assert_exit 0 lossbench sweep "${long[@]}" --set output.dir=killed --set train.checkpoint=20 --jobs 2
assert_same_results whole killed

# ---- what is refused ----

refused() { # refused TEXT SETS...: exit 3, with the text
	local text=$1
	shift
	assert_exit 3 lossbench train --config one.yaml --set output.dir=refused "${@/#/--set=}"
	assert_contains "$err" "$text"
}
refused 'unknown regulariser "l3", allowed: l1, l2, l2_sp, elastic_net, group_lasso, wgsef, kurtosis, skewness, biper_qe, spectral_norm, orthogonality, entropy, jacobian_norm' 'regularisers=[l3]'
refused 'regularisers.weight: found -1, allowed' 'regularisers=[{name: l1, weight: -1}]'
refused 'regularisers.layers: found 3, allowed: 1 to 2, as many layers as the model has' 'regularisers=[{name: l1, layers: [3]}]'
refused 'regularisers: found kurtosis, which leaves the first layer alone, with a model of no other; give layers: [1], or a hidden layer' 'regularisers=[kurtosis]' model=linear
refused 'regularisers: found l1 with optimizer lbfgs, which takes no steps by minibatches' 'regularisers=[l1]' optimizer=lbfgs
refused 'regularisers: found l1 with model naive_bayes, which takes no steps' 'regularisers=[l1]' model=naive_bayes
refused 'regularisers: found l1 with procedure coteach, which trains two models; remove one of the two' 'regularisers=[l1]' 'procedures=[coteach]'
refused 'regularisers: found jacobian_norm with several hidden layers, of which it has no closed form' 'regularisers=[jacobian_norm]' 'model={kind: mlp, hidden: [4, 4]}'
refused 'regularisers: found jacobian_norm with model.head cosine, whose scores are no linear function' 'regularisers=[jacobian_norm]' model.head=cosine
refused 'regularisers: found entropy with loss coral, which has other scores than one a class' 'regularisers=[entropy]' loss=coral
refused 'regularisers: found entropy with optimizer batch_perceptron, which steps by the rows' 'regularisers=[entropy]' optimizer=batch_perceptron
sed -i "s#$LB_ROOT.*csv.gz, label: label#s.svm#" one.yaml
refused 'regularisers: found jacobian_norm with sparse data, which it reads the zeros of; allowed: dense data' 'regularisers=[jacobian_norm]' task=binary loss=logistic data.preprocess.standardize=false
