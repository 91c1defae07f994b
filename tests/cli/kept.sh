#!/usr/bin/env bash
# A sweep that is killed loses little: without train.checkpoint too, every training is kept by time, within epochs as well, alone and in a
# cohort, and goes on from there to the same bytes. LOSSBENCH_CHECKPOINT_SECONDS stands in for the half minute.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

cat >c.yaml <<YAML
name: kept
task: multiclass
data: {train: {path: $LB_ROOT/datasets/samples/letter.csv.gz, label: label}}
model: {kind: mlp, hidden: [32], dropout: 0.1}
loss: {name: elr}
optimizer: {name: adam, lr: 0.001}
train: {epochs: 24, batch: 16, curves: [valid]}
metrics: [accuracy, log_loss]
output: {dir: killed, predictions: true}
sweep:
  loss: [{name: elr}, {name: aldr_kl}, {name: ce}, {name: gce}]
YAML
# A sparse set under weight decay, whose weights are brought up to date column by column.
awk 'BEGIN { srand(7); for (i = 0; i < 4000; i++) { y = i % 3; printf "%d", y; c = 0
	for (k = 0; k < 8; k++) { c += 1 + int(rand() * 60); printf " %d:%.3f", c + y, rand() + 0.1 } printf "\n" } }' >sparse.svm
cat >sparse.yaml <<YAML
name: sparse
task: multiclass
data: {train: {path: sparse.svm}, preprocess: {standardize: false}}
loss: {name: ce}
optimizer: {name: sgd, lr: 0.05, momentum: 0, weight_decay: 0.01}
train: {epochs: 600, batch: 4}
metrics: [accuracy, log_loss]
output: {dir: killed_sparse}
sweep: {loss: [{name: ce}, {name: gce}, {name: mae}]}
YAML

kept() { [ "$(find "$folder/trials" -name '*.checkpoint' -newer mark 2>/dev/null | wc -l)" -ge 1 ]; }
# On a fast machine the sweep may be over before it is killed once more.
kept_or_over() { kept || ! grep -qs '^State:.[^ZX]' "/proc/$parent/status"; }
nothing_left() { assert_eq "$(find "$1/trials" -type f ! -name '*.json' ! -name '*.predictions.csv' ! -name .lock)" '' "left over in $1"; }

for config in c sparse; do
	folder=killed$([ $config = c ] || echo _sparse)
	start=${EPOCHREALTIME/[^0-9]/}
	lossbench sweep $config.yaml --quiet --jobs 1 --set output.dir=whole_$config
	# Time for some epochs, an eighth of the training, also where the machine is busy now and was not before.
	some_epochs=$(awk "BEGIN { print (${EPOCHREALTIME/[^0-9]/} - $start) / 8e6 }")
	nothing_left whole_$config
	export LOSSBENCH_CHECKPOINT_SECONDS=0.02
	killed=0
	for round in 1 2 3; do
		touch mark
		lossbench sweep $config.yaml --quiet --jobs $((round == 2 ? 2 : 1)) &
		parent=$!
		wait_until 60 kept_or_over
		if kept; then killed=$((killed + 1)); fi
		[ $config = sparse ] || sleep "$some_epochs"
		mapfile -t workers < <(children $parent)
		kill -9 $parent "${workers[@]}" 2>/dev/null || true
		wait $parent 2>/dev/null || true
		for pid in "${workers[@]}"; do wait_until 10 eval "! grep -qs '^State:.[^ZX]' /proc/$pid/status"; done
	done
	unset LOSSBENCH_CHECKPOINT_SECONDS
	[ $killed -ge 1 ] || fail "$config: no training was kept before it was over"
	assert_exit 0 lossbench sweep $config.yaml --jobs 1
	assert_lacks "$err" 'not a whole checkpoint'
	assert_same_results "whole_$config" "$folder"
	nothing_left "$folder"
done
most=0
for f in killed/trials/*.json; do
	n=$(json "$f" .run.resumed_epochs)
	[ "$n" -le "$most" ] || most=$n
done
assert_between "$most" 1 23 'epochs that were not trained again'
for f in killed/trials/*.predictions.csv; do cmp "$f" "whole_c/trials/$(basename "$f")"; done

# A state that cannot be kept is a warning, and the training goes on.
mkdir -p blocked/trials
for id in $(lossbench sweep c.yaml --list --set output.dir=blocked --set loss.name=ce | cut -f1); do mkdir "blocked/trials/$id.checkpoint"; done
assert_exit 0 env LOSSBENCH_CHECKPOINT_SECONDS=0.02 lossbench sweep c.yaml --jobs 1 --set output.dir=blocked
assert_contains "$err" 'the training goes on, but is lost if it is killed now'
rmdir blocked/trials/*.checkpoint
assert_same_results whole_c blocked

# Members of a cohort that end before the others are stored at once.
cat >early.yaml <<YAML
name: early
task: multiclass
data: {train: {path: $LB_ROOT/datasets/samples/iris.csv.gz, label: label}}
model: {kind: mlp, hidden: [8]}
loss: {name: ce}
train: {epochs: 1000000, batch: 16, curves: []}
metrics: [accuracy, log_loss]
output: {dir: early}
sweep:
  train.early_stopping: [{metric: valid.log_loss, patience: 1}, {metric: valid.log_loss, patience: 1000000}]
YAML
lossbench sweep early.yaml --quiet --jobs 1 &
parent=$!
one() { [ "$(find early/trials -name '*.json' 2>/dev/null | wc -l)" = 1 ]; }
wait_until 60 one
assert_eq "$(json early/trials/*.json .result.status)" ok
kill -INT $parent 2>/dev/null || true
status=0
wait $parent || status=$?

# A folder that is taken away, replaced or closed under a sweep ends it, and is not made again.
begun() { [ -n "$(find gone/trials -name .lock 2>/dev/null)" ]; }
for way in removed replaced; do
	rm -rf gone aside
	lossbench sweep early.yaml --jobs 2 --set output.dir=gone 2>log &
	parent=$!
	wait_until 30 begun
	sleep 0.3
	mv gone aside
	if [ $way = replaced ]; then mkdir -p gone/trials; fi
	status=0
	wait $parent || status=$?
	assert_eq $status 5 "status when the folder is $way"
	if [ $way = removed ]; then
		assert_contains "$(cat log)" 'gone/trials: was there when this run began and is not any more'
		[ ! -e gone ] || fail 'the folder was made again'
	else
		assert_contains "$(cat log)" 'gone/trials: another folder has taken its place since this run began'
		assert_eq "$(find gone -type f)" '' 'files in the folder that took the place'
	fi
done
