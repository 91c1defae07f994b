#!/usr/bin/env bash
# lossbench best: the setting with the best mean on the validation rows, as the records say; --refit trains it on all rows.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
py=${PYTHON:-python3}
installed

cat >c.yaml <<YAML
name: study
task: multiclass
data:
  train: {path: $LB_ROOT/datasets/samples/iris.csv.gz, label: label}
  split: {train: 0.6, valid: 0.2, test: 0.2}
loss: ce
train: {epochs: 4, batch: 16, early_stopping: {metric: valid.log_loss, patience: 3}}
metrics: [log_loss, accuracy]
sweep:
  loss: [{name: ce}, {name: gce, q: [0.3, 0.7]}]
  optimizer.lr: [0.03, 0.1]
  train.seed: [1, 2, 3, 4]
output: {dir: r}
YAML
lossbench sweep --config c.yaml --quiet

# The first metric of the study, then another, against the records.
for metric in log_loss accuracy; do
	assert_exit 0 lossbench best r ${metric:+--metric $metric} --json
	echo "$out" >best.json
	"$py" - $metric r/trials/*.json <<'PY'
import json, statistics, sys

best, groups = json.load(open("best.json")), {}
for name in sys.argv[2:]:
    r = json.load(open(name))
    at = r["config"]["loss"]["name"], r["config"]["loss"].get("q"), r["config"]["optimizer"]["lr"]
    groups.setdefault(at, []).append(r["result"]["metrics"]["valid"][sys.argv[1]])
means = {at: statistics.fmean(v) for at, v in groups.items()}
wanted = (min if sys.argv[1] == "log_loss" else max)(means.values())
assert abs(best["mean"] - wanted) < 1e-12 and best["replicates"] == 4 and best["metric"] == "valid." + sys.argv[1], (best, means)
c = best["config"]
assert means[c["loss"]["name"], c["loss"].get("q"), c["optimizer"]["lr"]] == best["mean"] and c["train"]["seed"] == 1
PY
done
assert_exit 0 lossbench best r
assert_contains "$out" 'Best by valid.log_loss: loss=ce, optimizer.lr=0.1'
assert_contains "$out" '  test.log_loss '
assert_contains "$out" 'Next: loss='

# The refit: all 150 rows, the bytes of that training by hand.
assert_exit 0 lossbench best r --refit --save-model best.npz --out refit.json
assert_contains "$err" 'Without early stopping: train.epochs is '
epochs=$(json refit.json .train.epochs)
cat >all.yaml <<YAML
task: multiclass
data: {train: {path: $LB_ROOT/datasets/samples/iris.csv.gz, label: label}, split: {train: 1.0, valid: 0}}
loss: ce
train: {epochs: $epochs, batch: 16}
optimizer: {name: sgd, lr: 0.1}
metrics: [log_loss]
output: {dir: by-hand}
YAML
lossbench train --config all.yaml --save-model all.npz --quiet
"$py" - <<'PY'
import numpy as np
a, b = np.load("best.npz"), np.load("all.npz")
assert int(a["train_rows"]) == 150
for key in ("W1", "b1", "scale", "shift"):
    assert (a[key] == b[key]).all(), key
PY
assert_exit 0 lossbench evaluate --model best.npz --data "$LB_ROOT/datasets/samples/iris.csv.gz"
assert_exit 0 lossbench best r    # the refit is no trial of the study
assert_contains "$out" 'over 4 trials'

# A tuned study: the chosen settings are trained again.
sed 's/, early_stopping: .*/}/; /optimizer.lr/d; s/, q: .*}\]/}]/; s/dir: r}/dir: t}/' c.yaml >t.yaml
echo 'tune: {trials: 3, folds: 3, metric: valid.accuracy}' >>t.yaml
lossbench sweep --config t.yaml --quiet
assert_exit 0 lossbench best t --save-model tuned.npz --out tuned.json
assert_contains "$out" 'Best by valid.accuracy: loss='
assert_contains "$out" ', tuned to '
lr=$(json tuned.json .optimizer.lr)
assert_contains "$out" "optimizer.lr=$lr"

# Several questions, no validation rows, test rows.
lossbench sweep --config c.yaml --set corrupt.labels.kind=uniform --set corrupt.labels.rate=0,0.4 --set train.early_stopping.metric=valid.accuracy \
	--set loss=ce,gce --set optimizer.lr=0.1 --set output.dir=noise --quiet
assert_exit 2 lossbench best noise
assert_contains "$err" 'choose one with --where corrupt.labels.rate=0'
assert_exit 0 lossbench best noise --where corrupt.labels.rate=0.4 --save-model noise.npz
assert_contains "$err" 'Without corrupt.labels'
assert_exit 2 lossbench best r --metric test.accuracy
assert_exit 2 lossbench best r --metric acuracy
assert_contains "$err" "did you mean 'accuracy'?"
assert_exit 2 lossbench best r --refit
lossbench train --config all.yaml --quiet
assert_exit 4 lossbench best by-hand
assert_contains "$err" 'no validation rows'
