#!/usr/bin/env bash
# model.start: a training begins where a saved model ended, whatever became of columns, their order, classes, units and precision; hidden
# layers alone; procedures freeze and wise_ft; ids, records, kill -9; what is refused.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
needs_python numpy
py=${PYTHON:-python3}

# ---- tables: with categories and missing values; other orders of columns and rows; fewer values of a category; another constant ----

"$py" - <<'PY'
import csv, random

random.seed(3)
rows = []
for i in range(240):
    x, u, c, s = random.gauss(2, 3), random.gauss(-1, 0.5), random.choice("pqr"), random.choice("mn")
    z = 0.8 * x - 2 * u + {"p": 0, "q": 2, "r": -1}[c]
    rows.append({"x": round(x, 4), "u": round(u, 4), "c": c, "s": s, "three": "low" if z < 1 else "mid" if z < 4 else "high", "two": "no" if z < 3 else "yes",
                 "t": round(100 + 20 * z, 3), "v": round(z, 3)})


def write(name, rows, columns):
    with open(name, "w", newline="") as f:
        out = csv.DictWriter(f, columns, extrasaction="ignore")
        out.writeheader()
        out.writerows(rows)


columns = ["x", "u", "c", "s", "three", "two", "t", "v"]
write("a.csv", rows[:160], columns)
write("b.csv", [r for r in rows[80:] if r["c"] != "r"], ["two", "s", "u", "v", "c", "x", "t", "three"])     # another order, no r
write("c.csv", [dict(r, u=-1.25) for r in rows[80:]], columns)                                              # a constant
PY
config() { # config FILE TASK LABEL LOSS KEYS...
	cat >"$1" <<YAML
task: $2
data: {train: {path: a.csv, label: $3}, drop: [$4], unseen: zero, split: {train: 0.6, valid: 0.2, test: 0.2, stratify: false}}
model: {kind: mlp, hidden: [7], activation: tanh}
loss: $5
optimizer: {name: adam, lr: 0.02}
train: {epochs: 8, batch: 16, precision: float64}
metrics: [$6]
output: {dir: base, model: true, predictions: true}
YAML
}
# says MODEL DATA LABELS: what it says of the rows
says() { lossbench predict --model "$1" --data "$2" --out "$3" --quiet; }
trained() { # trained DIR SETS...: trains into an empty DIR; the model is DIR.npz
	local dir=$1
	shift
	rm -rf "$dir"
	assert_exit 0 lossbench train --config c.yaml --quiet --set "output.dir=$dir" "${@/#/--set=}"
	cp "$dir"/trials/*.model.npz "$dir.npz"
}
# begins TOLERANCE SETS...: a training by these sets that goes none of the way says of its rows what base.npz says; compared below
begun=0
begins() {
	local tolerance=$1 data=a.csv
	shift
	for s; do case $s in data.train.path=*) data=${s#*=} ;; esac; done
	trained other "$@" model.start=base.npz 'procedures=[{name: wise_ft, alpha: 0}]' train.epochs=1
	begun=$((begun + 1))
	says base.npz "$data" want$begun.npy
	says other.npz "$data" got$begun.npy
	echo "$begun $tolerance $kind $label $*" >>begun
}
for task in 'multiclass|three|two, t, v|ce|accuracy' 'binary|two|three, t, v|logistic|accuracy' 'regression|"t, v"|three, two|mse|rmse' \
	'regression|t|three, two, v|gaussian_nll|rmse'; do
	IFS='|' read -r kind label drop loss metric <<<"$task"
	config c.yaml "$kind" "$label" "$drop" "$loss" "$metric"
	trained base
	begins 1e-12
	begins 1e-9 data.split.seed=5 data.train.path=b.csv
	begins 1e-9 data.train.path=c.csv
	begins 1e-9 data.preprocess.standardize=false
	begins 1e-5 train.precision=float32
done
# Targets in their own units and not.
begins 1e-9 data.preprocess.target=none
"$py" - <<'PY' || fail 'a model begins with something else'
import numpy as np

lines = [line.split(" ", 2) for line in open("begun").read().splitlines()]
assert len(lines) == 21
for n, tolerance, what in lines:
    want, got = np.load(f"want{n}.npy"), np.load(f"got{n}.npy")
    assert want.shape == got.shape and abs(want - got).max() <= float(tolerance) * max(1, abs(want).max()), what
PY
# The other class is the positive one: scores change their sign.
config c.yaml binary two 'three, t, v' logistic accuracy
trained base
trained other model.start=base.npz data.positive=no 'procedures=[{name: wise_ft, alpha: 0}]' train.epochs=1
says base.npz a.csv want.npy
says other.npz a.csv got.npy
"$py" -c 'import numpy; a, b = numpy.load("want.npy"), numpy.load("got.npy"); assert abs(a + b).max() < 1e-12'
# A linear model in its optimum stays there; from anywhere lbfgs comes to the same.
sed -i '/^model/s/.*/model: linear/; /^optimizer/s/.*/optimizer: {name: lbfgs, weight_decay: 0.01}/' c.yaml
trained base
trained other model.start=base.npz
assert_eq "$(json other/trials/*.json .result.steps)" 0 'iterations from the optimum'

# ---- a loss's own parameters, from a model of the same loss ----

config c.yaml multiclass three 'two, t, v' ce accuracy
trained base task=embedding model.dimension=3 'loss={name: proxy_anchor}' 'metrics=[accuracy]'
trained other task=embedding model.dimension=3 'loss={name: proxy_anchor}' 'metrics=[accuracy]' model.start=base.npz 'procedures=[{name: wise_ft, alpha: 0}]' train.epochs=1
"$py" -c 'import numpy; a, b = numpy.load("base.npz"), numpy.load("other.npz"); assert (a["loss_parameters"] == b["loss_parameters"]).all() and (a["W2"] == b["W2"]).all()'

# ---- hidden layers alone: for other classes; freeze; wise_ft is a straight line ----

trained base
trained hidden data.train.label=two 'data.drop=[three, t, v]' task=binary loss=logistic model.start=base.npz model.start_layers=hidden 'procedures=[freeze]'
trained first 'model.hidden=[7, 4]' model.seed=4
trained second 'model.hidden=[7, 4]' model.seed=4 model.start=first.npz 'procedures=[{name: freeze, layers: 1}]'
trained plain model.start=base.npz
trained half model.start=base.npz 'procedures=[{name: wise_ft, alpha: 0.5}]'
trained full model.start=base.npz 'procedures=[{name: wise_ft, alpha: 1}]'
"$py" - <<'PY'
import numpy as np

base, hidden, first, second, plain, half, full = (np.load(n + ".npz") for n in ("base", "hidden", "first", "second", "plain", "half", "full"))
assert (base["W1"] == hidden["W1"]).all() and (base["b1"] == hidden["b1"]).all() and hidden["W2"].shape == (1, 7)
assert (first["W1"] == second["W1"]).all() and (first["b1"] == second["b1"]).all() and (first["W2"] != second["W2"]).any()
for name in ("W1", "b1", "W2", "b2"):
    assert np.abs((base[name] + plain[name]) / 2 - half[name]).max() < 1e-15
    assert (plain[name] == full[name]).all()
PY

# ---- in the record; another model's bytes are another trial; none is none ----

assert_eq "$(json plain/trials/*.json .start.model)" "$(basename base/trials/*.json .json)"
assert_eq "$(json plain/trials/*.json .start.path)" base.npz
assert_eq "$(basename plain/trials/*.json)" "$(cp base.npz copy.npz && trained copied model.start=copy.npz && basename copied/trials/*.json)" 'the id of a copy'
[ "$(basename plain/trials/*.json)" != "$(trained again model.start=half.npz && basename again/trials/*.json)" ] || fail 'two models, one id'
assert_eq "$(trained none model.start=null && basename none/trials/*.json)" "$(basename base/trials/*.json)" 'the id without a start'
assert_contains "$(lossbench report plain none --metric test.accuracy)" "from $(basename base/trials/*.json .json)"

# ---- the study of configs/; kill -9 ----

ln -s "$LB_ROOT/datasets" datasets
assert_exit 0 lossbench train --config "$LB_ROOT/configs/fine_tuning/base.yaml" --quiet
study=(lossbench sweep --config "$LB_ROOT/configs/fine_tuning/tuned.yaml" --quiet --set "train.seed=1,2" --set train.epochs=4)
assert_exit 0 "${study[@]}" --set output.dir=together --jobs 1
assert_exit 0 "${study[@]}" --set output.dir=threads --jobs 1 --threads 2
for record in together/trials/*.json; do assert_exit 0 "${study[@]}" --set output.dir=alone --only "$(basename "$record" .json)"; done
assert_eq "$(find together -name '*.json' | wc -l)" 6 'records of the study'
assert_same_results together threads
assert_same_results together alone
cat >many.yaml <<YAML
$(grep -v '^output' c.yaml)
sweep:
  procedures: [[], [freeze], [wise_ft], [freeze, sam], [wise_ft, mixup]]
YAML
killed_and_resumed 5 --config many.yaml --quiet --set train.epochs=3000 --set model.start=base.npz

# ---- what is refused ----

refused() { # refused TEXT SETS...
	local text=$1
	shift
	assert_exit 3 lossbench train --config c.yaml --set output.dir=refused "${@/#/--set=}"
	assert_contains "$err" "$text"
}
at='--set model.start=base.npz: model.start:'
refused "$at hidden layer 1 of base.npz has width 7, allowed: 5, as model.hidden says" model.start=base.npz 'model.hidden=[5]'
refused "$at base.npz has 1 hidden layer, allowed: 2, as model.hidden says" model.start=base.npz 'model.hidden=[7, 7]'
refused "$at base.npz has activation tanh, allowed: relu, as model.activation says" model.start=base.npz model.activation=relu
refused "$at the task of base.npz is multiclass, allowed: the task binary, or start_layers: hidden" model.start=base.npz task=binary loss=logistic data.train.label=two 'data.drop=[three, t, v]'
refused "$at base.npz knows no number 'v', which the data have; drop the column with data.drop" model.start=base.npz 'data.drop=[two, t]'
refused "$at base.npz has 2 columns of numbers, allowed: 1, as the data have" model.start=base.npz 'data.drop=[two, t, v, u]'
refused "$at base.npz has 3 classes, allowed: 2, as the data have" model.start=base.npz data.train.label=two 'data.drop=[three, t, v]'
refused 'model.start_layers: found hidden with model.hidden [], which has no hidden layers' model.start=base.npz 'model.hidden=[]' model.start_layers=hidden
refused 'procedures: found freeze with a model of one layer, which is all that it trains' model=linear 'procedures=[freeze]'
refused 'procedures: found freeze with layers 2, allowed: at most 1, as the model has 2' 'procedures=[{name: freeze, layers: 2}]'
assert_exit 4 lossbench train --config c.yaml --set output.dir=refused --set model.start=a.csv
assert_exit 4 lossbench train --config c.yaml --set output.dir=refused --set model.start=nowhere.npz
[ ! -e refused ] || fail 'something was written for a refused config'
