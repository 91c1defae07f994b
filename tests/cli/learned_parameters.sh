#!/usr/bin/env bash
# barron_adaptive, a regression loss with parameters of its own for each target: the optima of linear models that SciPy finds by the same
# likelihood; weights of rows; terms, optimisers, procedures; in company and with threads; saved models; kill -9; what is refused.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
needs_python numpy
py=${PYTHON:-python3}
golden=$LB_ROOT/tests/golden/losses_learned.json

# ---- optima: weights, biases, shapes and scales of two targets; float32 comes near ----

"$py" - "$golden" <<'PY' || fail 'an optimum is another'
import glob, json, subprocess, sys

import numpy as np

for i, case in enumerate(json.load(open(sys.argv[1]))["optima"]):
    with open(f"o{i}.csv", "w") as f:
        f.write("a,b,u,v\n" + "".join(",".join(map(repr, x + t)) + "\n" for x, t in zip(case["x"], case["t"])))
    for bits, tolerance, far, above in (("float64", 1e-11, 1e-5, 1e-9), ("float32", 1e-7, 1e-2, 1e-5)):
        out = f"o{i}{bits}"
        config = {"task": "regression", "data": {"train": {"path": f"o{i}.csv", "label": "u, v"}, "split": {"train": 1}, "preprocess": {"standardize": False}},
                  "model": "linear", "loss": {"name": "barron_adaptive", **case["set"]}, "train": {"precision": bits}, "metrics": ["rmse"],
                  "optimizer": {"name": "lbfgs", "tolerance": tolerance, "max_iterations": 3000}, "output": {"dir": out, "model": True}}
        json.dump(config, open("o.yaml", "w"))
        done = subprocess.run(["lossbench", "train", "o.yaml", "--quiet"], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        record, m = json.load(open(glob.glob(out + "/trials/*.json")[0])), np.load(glob.glob(out + "/trials/*.npz")[0])
        objective = record["result"]["objective"]
        assert abs(objective - case["objective"]) <= above * case["objective"], (i, bits, objective, case["objective"])
        own = np.array(case["own"])
        assert record["result"]["parameters"] == 6 + own.size
        for name, want in (("W1", case["weights"]), ("b1", case["biases"]), ("loss_parameters", own)):
            assert np.abs(m[name].reshape(np.shape(want)) - want).max() <= far, (i, bits, name, m[name], want)
PY

# ---- a row of weight 2 is the row twice: the same optimum, shapes and scales among it ----

"$py" - "$golden" <<'PY'
import json, sys

case = json.load(open(sys.argv[1]))["optima"][0]
rows = [x + t for x, t in zip(case["x"], case["t"])]
with open("weighted.csv", "w") as f:
    f.write("a,b,u,v,w\n" + "".join(",".join(map(repr, row + [1 + k % 3])) + "\n" for k, row in enumerate(rows)))
with open("repeated.csv", "w") as f:
    f.write("a,b,u,v,w\n" + "".join((",".join(map(repr, row + [1])) + "\n") * (1 + k % 3) for k, row in enumerate(rows)))
PY
cat >c.yaml <<YAML
task: regression
data: {train: {path: weighted.csv, label: "u, v"}, drop: [w], split: {train: 0.6, valid: 0.2, test: 0.2}}
model: {kind: mlp, hidden: [6]}
loss: {name: barron_adaptive}
optimizer: {name: adam, lr: 0.01}
train: {epochs: 40, batch: 16}
metrics: [rmse, mae]
output: {dir: plain, predictions: true, model: true}
YAML
exact=(train.precision=float64 model=linear 'optimizer={name: lbfgs, tolerance: 1e-11, max_iterations: 3000}' 'data.split={train: 1}' data.preprocess.standardize=false output.predictions=false)
own() { "$py" -c 'import numpy, sys; print(*numpy.load(sys.argv[1])["loss_parameters"])' "$1"/trials/*.model.npz; }
apart() { # apart A B: how far two lists of numbers are from each other
	"$py" -c 'import sys; a, b = (s.split() for s in sys.argv[1:]); assert len(a) == len(b) > 0; print(max(abs(float(x) - float(y)) for x, y in zip(a, b)))' "$1" "$2"
}
run() { # run DIR SET...
	local dir=$1
	shift
	rm -rf "$dir"
	assert_exit 0 lossbench train --config c.yaml --quiet --set "output.dir=$dir" "${@/#/--set=}"
}
run weighted "${exact[@]}" data.drop=[] data.weight=w
run repeated "${exact[@]}" data.train.path=repeated.csv
run unweighted "${exact[@]}"
assert_between "$(apart "$(own weighted)" "$(own repeated)")" 0 1e-5 'own parameters with weights'
assert_between "$(apart "$(own weighted)" "$(own unweighted)")" 1e-3 10 'what weights change'

# ---- half the loss twice has twice the parameters and the same optimum; other optimisers and procedures train them ----

run halves "${exact[@]}" loss.weight=0.5 'terms=[{name: barron_adaptive, weight: 0.5}]'
assert_between "$(apart "$(own halves)" "$(own unweighted) $(own unweighted)")" 0 1e-5 'both halves'
run plain
for set in optimizer=sgd 'optimizer={name: adamw, lr: 0.01, weight_decay: 0.1}' 'procedures=[sam]' 'procedures=[mixup]' 'procedures=[ema]' 'procedures=[small_loss]' \
	train.clip_norm=1 loss.learn=shape loss.learn=scale data.preprocess.target=standardize train.precision=float64; do
	run "moved/$set" "$set"
done
"$py" - <<'PY' || fail 'what training moves'
import glob, json

import numpy as np

folders = glob.glob("moved/*")
assert len(folders) == 11
for folder in folders:
    (record,), (model,) = glob.glob(folder.replace("[", "[[]") + "/trials/*.json"), glob.glob(folder.replace("[", "[[]") + "/trials/*.model.npz")
    assert 0.3 <= json.load(open(record))["result"]["metrics"]["train"]["mae"] <= 2.5, folder
    own = np.load(model)["loss_parameters"]
    assert own.size == (2 if "loss.learn" in folder else 4) and 1e-3 <= abs(own).max() <= 10, folder
PY
# Parameters of the loss have no weight decay: what pulls the weights to 0 leaves them.
run decayed "${exact[@]}" 'optimizer={name: lbfgs, weight_decay: 1000}'
assert_between "$(json decayed/trials/*.json .result.metrics.train.mae)" 1.2 4 'weights at 0'
assert_between "$(own decayed | cut -d' ' -f2)" 0.1 3 'its log c, that of the targets'

# ---- the saved model predicts the run's predictions, and early stopping brings back the best epoch's parameters ----

run saved train.precision=float64
lossbench predict --model saved/trials/*.model.npz --data weighted.csv --out all.csv
assert_eq "$(sort all.csv | comm -13 - <(sort saved/trials/*.predictions.csv))" '' 'lines of the run that predict does not give'
run stopped train.epochs=400 optimizer.lr=0.1 'train.early_stopping={metric: valid.mae, patience: 10}'
best=$(json stopped/trials/*.json .result.best_epoch)
run short train.epochs="$best" optimizer.lr=0.1
assert_eq "$(own stopped)" "$(own short)" 'own parameters of the best epoch'

# ---- in company, with threads, alone; kill -9 ----

cat >many.yaml <<YAML
$(sed '/^output/d' c.yaml)
output: {dir: killed, model: true}
sweep:
  loss: [{name: barron_adaptive}, {name: barron_adaptive, learn: scale, alpha: 0}, mae]
  train.seed: [1, 2]
YAML
assert_exit 0 lossbench sweep many.yaml --quiet --set output.dir=together --jobs 1
assert_exit 0 lossbench sweep many.yaml --quiet --set output.dir=threads --jobs 1 --threads 2
for record in together/trials/*.json; do assert_exit 0 lossbench sweep many.yaml --quiet --set output.dir=alone --only "$(basename "$record" .json)"; done
assert_eq "$(find together -name '*.json' -path '*trials*' | wc -l)" 6 'records'
assert_same_results together threads
assert_same_results together alone
bytes() { (cd "$1/trials" && "$py" -c 'import hashlib, numpy, sys
for path in sys.argv[1:]:
    m = numpy.load(path)
    print(path, hashlib.sha256(b"".join(m[k].tobytes() for k in ("W1", "b1", "loss_parameters") if k in m)).hexdigest())' ./*.model.npz); }
assert_eq "$(bytes threads)" "$(bytes together)" 'models'

killed_and_resumed 6 --config many.yaml --quiet --set train.epochs=3000 --set train.batch=8
assert_eq "$(bytes killed)" "$(bytes whole)" 'models after the kill'

# ---- losses eval, losses show, what is refused ----

assert_exit 0 lossbench losses eval barron_adaptive <<<'{"predictions": [[1, 2]], "targets": [[0, 2]], "shape_and_scale": [[0, 0], [1, -1]]}'
assert_contains "$out" '"shape_and_scale": [['
assert_exit 0 lossbench losses eval barron_adaptive --param learn=scale <<<'{"predictions": [1], "targets": [0], "shape_and_scale": [0.5]}'
assert_exit 0 lossbench losses show barron_adaptive
assert_contains "$out" 'shape_and_scale = (0, 0): 1.185495232349193'
bad() {
	assert_exit 4 lossbench losses eval "$1" <<<"$2"
	assert_contains "$err" "$3"
}
bad barron_adaptive '{"predictions": [[1, 2]], "targets": [[0, 2]], "shape_and_scale": [1, 2, 3, 4]}' 'shape_and_scale: found 4 x 1, allowed: 2 x 2, a row for each target'
bad barron_adaptive '{"predictions": [1, 2], "targets": [0, 2], "shape_and_scale": [1, 2, 3]}' 'shape_and_scale: found 1 x 3, allowed: 1 x 2, a row for each target'
bad barron_adaptive '{"predictions": [1], "targets": [0], "log_scale": [1]}' 'allowed: predictions, targets, shape_and_scale'
bad barron_nll '{"predictions": [1], "targets": [0], "shape_and_scale": [1, 1]}' 'unknown key "shape_and_scale"'
assert_exit 3 lossbench train --config c.yaml --set loss.alpha=2
assert_contains "$err" 'loss.alpha: found 2 with learn both, allowed: above 0.001 and below 1.999; or give learn: scale, with which it stays as it is'
assert_exit 4 lossbench losses eval aft --param scale=1 <<<'{"scores": [1], "times": [1], "events": [1], "log_scale": [1]}'
assert_contains "$err" 'log_scale: found with parameters by which aft learns nothing itself; remove it'
