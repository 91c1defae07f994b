#!/usr/bin/env bash
# losses new: what it writes passes its check and trains as it stands; the C file is a plug-in whose gradient is right.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
samples=$LB_ROOT/datasets/samples
for task in multiclass binary regression; do
	assert_exit 0 lossbench losses new my_$task --task $task
	assert_eq "$out" "my_$task.loss.yaml written; next: lossbench losses check my_$task.loss.yaml"
	assert_exit 0 lossbench losses check my_$task.loss.yaml
	assert_contains "$out" ', 0 failed'
	case $task in multiclass) data=iris ;; binary) data=sonar ;; *) data=concrete ;; esac
	printf '%s\n' "task: $task" "data: {train: {path: $samples/$data.csv.gz, label: -1}}" "loss: {file: my_$task.loss.yaml}" 'train: {epochs: 1}' >c.yaml
	assert_exit 0 lossbench train c.yaml --quiet
	assert_exit 0 lossbench losses new plain --task $task --out plain_$task.c
	assert_eq "$out" "plain_$task.c written; next: lossbench losses build plain_$task.c"
done
assert_exit 2 lossbench losses new my_binary --task binary
assert_contains "$err" 'my_binary.loss.yaml already exists; delete it or choose another --out'
assert_exit 2 lossbench losses new focal
assert_contains "$err" 'there is a multiclass loss focal'
assert_exit 2 lossbench losses new Mine
assert_exit 2 lossbench losses new mine --task survival
[ ! -e mine.loss.yaml ] || fail 'a refused template was written'

# Each C file is built as a plug-in, whose gradient, claims and example are checked, and trains.
needs gcc
for task in multiclass binary regression; do
	assert_exit 0 lossbench losses build plain_$task.c --out plain.so
	assert_contains "$out" "$task/plain: "
	assert_contains "$out" ' passed, 0 failed: descriptor '
	case $task in multiclass) data=iris ;; binary) data=sonar ;; *) data=concrete ;; esac
	printf '%s\n' "task: $task" "data: {train: {path: $samples/$data.csv.gz, label: -1}}" 'loss: {plugin: plain.so}' 'train: {epochs: 1}' >c.yaml
	assert_exit 0 lossbench train c.yaml --quiet
	case $task in
	multiclass) in='{"scores": [[0.3, -1.2, 0.9]], "labels": [1]}' want='1.5 * (log(exp(0.3) + exp(-1.2) + exp(0.9)) + 1.2)' ;;
	binary) in='{"scores": [0.3], "labels": [1]}' want='1.5 * log(1 + exp(-0.3))' ;;
	*) in='{"predictions": [[0.3, -1.2, 0.9]], "targets": [[0.5, -1, 2]]}' want='1.5 * (0.2 ^ 2 + 0.2 ^ 2 + 1.1 ^ 2) / 3' ;;
	esac
	LOSSBENCH_PLUGINS=$PWD assert_exit 0 lossbench losses eval $task/plain --param w=1.5 --input - <<<"$in"
	assert_eq "$(jq .value <<<"$out" | awk '{ printf "%.12g", $1 }')" "$(awk "BEGIN { printf \"%.12g\", $want }")" "value of $task"
done
