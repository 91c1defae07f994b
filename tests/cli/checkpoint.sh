#!/usr/bin/env bash
# train.checkpoint: a training that was killed goes on from its last whole checkpoint to the same bytes, alone and in a sweep; the files
# are gone at the end.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

cat >c.yaml <<YAML
task: multiclass
data: {train: {path: $LB_ROOT/datasets/samples/iris.csv.gz, label: label}}
model: {kind: mlp, hidden: [8], dropout: 0.1}
loss: {name: elr}
optimizer: {name: adam, lr: 0.001}
train: {epochs: 30000, batch: 16, curves: [], checkpoint: 200}
metrics: [accuracy, log_loss]
output: {dir: killed, predictions: true}
sweep:
  loss: [{name: elr}, {name: aldr_kl}, {name: ce}]
YAML

whole=(--config c.yaml --quiet --set output.dir=whole --set train.checkpoint=0)
lossbench sweep "${whole[@]}" --jobs 2
tidy_but_models() { assert_eq "$(find "$1/trials" -type f ! -name '*.json' ! -name '*.predictions.csv' ! -name .lock)" '' "left over in $1"; }
tidy_but_models whole
assert_eq "$(json "$(find whole/trials -name '*.json' | head -n 1)" .run.resumed_epochs)" 0

kept() { [ "$(find killed/trials -name '*.checkpoint' -newer mark 2>/dev/null | wc -l)" -ge 1 ]; }
for round in 1 2; do
	touch mark
	lossbench sweep --config c.yaml --quiet &
	parent=$!
	wait_until 30 kept
	mapfile -t workers < <(children $parent)
	kill -9 $parent "${workers[@]}" 2>/dev/null || true
	wait $parent 2>/dev/null || true
	[ "$(find killed/trials -name '*.json' | wc -l)" -lt 3 ] || fail "all was done before kill $round"
done
assert_exit 0 lossbench sweep --config c.yaml --jobs 2
assert_same_results whole killed
tidy_but_models killed
most=0
for f in killed/trials/*.json; do
	n=$(json "$f" .run.resumed_epochs)
	[ "$n" -le "$most" ] || most=$n
	cmp "${f%.json}.predictions.csv" "whole/trials/$(basename "${f%.json}").predictions.csv"
done
assert_between "$most" 200 29800 'epochs from a checkpoint'

# A checkpoint of another form is not believed; one beside a finished record is removed.
id=$(basename "$(find killed/trials -name '*.json' | head -n 1)" .json)
echo 'lossbench-checkpoint/1' >"killed/trials/$id.checkpoint"
rm "killed/trials/$id.json"
assert_exit 0 lossbench sweep --config c.yaml --only "$id"
assert_contains "$err" 'is not a whole checkpoint of this trial'
assert_same_results whole killed
echo 'lossbench-checkpoint/1' >"killed/trials/$id.checkpoint"
rm "killed/trials/$id.predictions.csv"
assert_exit 0 lossbench sweep --config c.yaml --only "$id"
assert_lacks "$err" 'is not a whole checkpoint'
tidy_but_models killed

# What a worker that dies while the next sweep has begun leaves behind is gone at the end of that sweep.
lossbench sweep --config c.yaml --quiet --set output.dir=late --set train.epochs=10000 &
parent=$!
begun() { [ -n "$(find late/trials -name '*.checkpoint' 2>/dev/null)" ]; }
wait_until 60 begun
mine=$(basename "$(find late/trials -name '*.checkpoint' | head -n 1)")
touch "late/trials/.$mine.tmp-1-0123456789abcdef" late/trials/.0123456789abcdef.json.tmp-1-0123456789abcdef
wait $parent
tidy_but_models late

# Where a training began to fail.
cat >far.yaml <<YAML
task: regression
data: {train: {path: $LB_ROOT/datasets/samples/concrete.csv.gz}}
model: {kind: mlp, hidden: [8]}
loss: mse
optimizer: {name: sgd, lr: 1000}
output: {dir: far}
YAML
assert_exit 0 lossbench train --config far.yaml
assert_contains "$out" 'diverged in epoch 1, step '
[[ $(json "$(find far/trials -name '*.json')" .result.diverged.cause) =~ ^'the training loss is '.*'; gradient norm '[0-9.e+]+' in layer '[12]' at step '[0-9]+$ ]] ||
	fail "cause: $(json "$(find far/trials -name '*.json')" .result.diverged.cause)"
