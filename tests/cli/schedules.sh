#!/usr/bin/env bash
# The schedules: the same bytes alone and in company, with threads and after kill -9; what plateau follows; what is refused. Their factors
# are tested against PyTorch in unit/core/engine/optim.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

same_in_any_company configs/optimizers/schedules.yaml 18 train.epochs=10 train.seed=1 optimizer.lr=0.1,0.3

# ---- plateau: drops after each epoch whose accuracy is no better; by a factor near 0 nothing moves any more ----

cat >one.yaml <<YAML
task: multiclass
data: {train: {path: $LB_ROOT/datasets/samples/iris.csv.gz, label: label}}
loss: ce
optimizer: {name: sgd, lr: 0.1}
train: {epochs: 30, batch: 16, curves: [valid]}
metrics: [log_loss, accuracy]
YAML
assert_exit 0 lossbench train one.yaml --quiet --set 'schedule={name: plateau, patience: 0, factor: 1.0e-30, metric: valid.accuracy}' --set output.dir=still
"${PYTHON:-python3}" - still/trials/*.json <<'PY'
import json, sys

curves = json.load(open(sys.argv[1]))["result"]["curves"]
accuracy, loss = curves["valid.accuracy"], curves["train.loss"]
best, drop = accuracy[0], None
for epoch, value in enumerate(accuracy[1:], 1):
    if not value > best * 1.0001:
        drop = epoch
        break
    best = value
assert drop and drop < 20, accuracy
assert len(set(accuracy[drop:])) == 1 and len(set(curves["valid.log_loss"][drop:])) == 1, accuracy
assert len(set(loss[:drop + 1])) == drop + 1, loss
PY
# Without curves the same; the first metric is followed where none is named.
assert_exit 0 lossbench train one.yaml --quiet --set 'schedule={name: plateau, patience: 0, factor: 1.0e-30, metric: valid.accuracy}' --set train.curves=[] --set output.dir=dark
assert_eq "$(json still/trials/*.json .result.metrics)" "$(json dark/trials/*.json .result.metrics)" 'metrics'
assert_exit 0 lossbench train one.yaml --quiet --set 'schedule={name: plateau, patience: 1, metric: valid.log_loss}' --set output.dir=named
assert_exit 0 lossbench train one.yaml --quiet --set 'schedule={name: plateau, patience: 1}' --set output.dir=first
assert_eq "$(json named/trials/*.json .result.metrics)" "$(json first/trials/*.json .result.metrics)" 'metrics'

# ---- kill -9 ----

cp one.yaml c.yaml
cat >>c.yaml <<'YAML'
sweep:
  schedule: [{name: plateau, patience: 3, factor: 0.9}, {name: plateau, metric: valid.accuracy, patience: 30, cooldown: 5, factor: 0.5}, {name: one_cycle}, {name: cosine_restarts}]
  train.seed: [1, 2]
YAML
killed_and_resumed 8 --config c.yaml --quiet --set train.epochs=3000 --set 'train.curves=[]'

# ---- what is refused ----

refused() { # refused TEXT SETS...: exit 3, with the text
	local text=$1
	shift
	assert_exit 3 lossbench train --config one.yaml --set output.dir=refused "${@/#/--set=}"
	assert_contains "$err" "$text"
}
refused 'schedule.metric: found "valid.auc", allowed: valid.log_loss, valid.accuracy' 'schedule={name: plateau, metric: valid.auc}'
refused 'schedule.metric: found "train.accuracy", allowed: valid.log_loss, valid.accuracy' 'schedule={name: plateau, metric: train.accuracy}'
refused 'schedule: found plateau, but there are no validation rows whose metric it could follow; give data.split.valid a share, or data.valid' \
	schedule=plateau 'data.split={train: 0.8, valid: 0, test: 0.2}'
refused 'schedule: found plateau with optimizer lbfgs' schedule=plateau optimizer=lbfgs
refused 'schedule.factor: found 1, allowed' 'schedule={name: plateau, factor: 1}'
refused 'schedule.share: found 0, allowed' 'schedule={name: one_cycle, share: 0}'
