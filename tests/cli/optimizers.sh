#!/usr/bin/env bash
# The optimisers: the same bytes alone and in company, with threads, by every instruction set, of sparse rows as of the same rows
# written out, and after kill -9; what is refused. Their steps are tested against PyTorch in unit/core/engine/optim.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

# ---- the example of configs/, in short ----

short=(train.epochs=2 train.seed=1)
same_in_any_company configs/optimizers/letter.yaml 39 "${short[@]}"
cd "$LB_ROOT" || exit 1
for kernels in avx2 avx512; do
	grep -qw "${kernels/%512/512f}" /proc/cpuinfo || continue
	assert_exit 0 lossbench sweep --config configs/optimizers/letter.yaml --quiet --kernels "$kernels" "${short[@]/#/--set=}" --set "output.dir=$OLDPWD/$kernels"
done
cd "$OLDPWD" || exit 1
for kernels in avx2 avx512; do [ ! -d $kernels ] || assert_same_results together $kernels; done

# ---- sparse rows, of one output and of several, and the same rows written out ----

"${PYTHON:-python3}" - <<'PY'
import random

rng = random.Random(3)
with open("s.svm", "w", encoding="ascii") as out:
    for i in range(240):
        label = i % 3
        columns = sorted(rng.sample(range(1, 41), 6))
        out.write("%d %s\n" % (label, " ".join("%d:%.3f" % (j, rng.gauss(0.5 * (j % 3 == label), 1)) for j in columns)))
with open("s.svm", encoding="ascii") as rows, open("b.svm", "w", encoding="ascii") as out:
    out.writelines(("1" if r[0] == "2" else "0") + r[1:] for r in rows)
PY
for name in s b; do assert_exit 0 lossbench data convert $name.svm $name.csv; done
assert_exit 0 lossbench data info s.csv
label=$(head -n 1 s.csv | tr , '\n' | grep -n '^label$' | cut -d: -f1)
cat >sparse.yaml <<'YAML'
task: multiclass
data: {train: {path: s.svm}, preprocess: {standardize: false}, split: {train: 0.5, valid: 0.25, test: 0.25}}
loss: ce
train: {epochs: 4, batch: 8}
metrics: [accuracy, log_loss]
sweep:
  optimizer:
    - {name: adam, amsgrad: true}
    - {name: rmsprop, centered: true, momentum: 0.9}
    - {name: adagrad, lr: 0.1, weight_decay: [0, 0.01]}
    - {name: adadelta}
    - {name: nadam, decoupled: true, weight_decay: 0.01}
    - {name: radam}
    - {name: lion, weight_decay: 0.1}
    - {name: adafactor}
    - {name: expgrad, weight_decay: [0, 0.1]}
    - {name: omd_optimistic, weight_decay: 0.01}
  model: [{kind: linear}, {kind: mlp, hidden: [7]}]
  train.precision: [float32, float64]
YAML
finals() { # the results of a folder, by settings instead of by id, as the data differ in name
	"${PYTHON:-python3}" - "$1" <<'PY'
import glob, json, sys

for name in glob.glob(sys.argv[1] + "/trials/*.json"):
    r = json.load(open(name))
    assert r["result"]["status"] == "ok", name
    print(json.dumps([r["config"][k] for k in ("optimizer", "model", "train")], sort_keys=True), json.dumps(r["result"]["metrics"], sort_keys=True),
          r["result"]["curves"]["train.loss"])
PY
}
for name in s b; do
	task=(task=multiclass loss=ce)
	[ $name = s ] || task=(task=binary loss=logistic)
	assert_exit 0 lossbench sweep sparse.yaml --quiet --set data.train.path=$name.svm "${task[@]/#/--set=}" --set output.dir=$name.sparse
	assert_exit 0 lossbench sweep sparse.yaml --quiet --set data.train.path=$name.csv --set data.train.label="$label" "${task[@]/#/--set=}" --set output.dir=$name.dense
	[ "$(finals $name.sparse | sort)" = "$(finals $name.dense | sort)" ] || fail "sparse and dense rows of $name give other results"
	assert_eq "$(finals $name.sparse | wc -l)" 48 'trials'
done

# ---- kill -9: the state of each is in the checkpoint ----

cat >one.yaml <<YAML
task: multiclass
data: {train: {path: $LB_ROOT/datasets/samples/iris.csv.gz, label: label}}
model: {kind: mlp, hidden: [5]}
loss: ce
train: {epochs: 3, batch: 16}
metrics: [accuracy, log_loss]
YAML
cp one.yaml c.yaml
cat >>c.yaml <<'YAML'
sweep:
  optimizer: [{name: adam, amsgrad: true}, {name: rmsprop, centered: true, momentum: 0.5}, adagrad, adadelta, nadam, radam, lion, adafactor, expgrad, omd_optimistic]
YAML
killed_and_resumed 10 --config c.yaml --quiet --set train.epochs=1500

# ---- what is refused; ids ----

refused() { # refused TEXT SETS...: exit 3, with the text
	local text=$1
	shift
	assert_exit 3 lossbench train --config one.yaml "${@/#/--set=}"
	assert_contains "$err" "$text"
}
refused 'model.init: found zero with optimizer expgrad, which never moves what begins at 0; allowed: torch, xavier, he' optimizer=expgrad 'model={kind: linear, init: zero}'
refused 'model.bias_init: found scheme, so that biases begin at 0, with optimizer expgrad, which never moves what begins at 0; allowed: uniform, none' \
	optimizer=expgrad 'model={kind: linear, init: xavier}'
refused 'model.bias_init: found zero with optimizer expgrad' optimizer=expgrad 'model={kind: linear, bias_init: zero}'
refused 'unknown optimizer "rmsprob"' optimizer=rmsprob
assert_exit 0 lossbench train --config one.yaml --quiet --set 'optimizer={name: adam}' --set output.dir=plain
assert_exit 0 lossbench train --config one.yaml --quiet --set 'optimizer={name: adam, amsgrad: false}' --set output.dir=said
assert_same_results plain said
