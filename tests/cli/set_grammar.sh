#!/usr/bin/env bash
# --set takes what the sweep block takes, and gives the same trials whatever the order of the options.
# shellcheck disable=SC2016 # the quotes of messages
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

base() { # base FILE [LINE...]
	printf '%s\n' 'task: multiclass' "data: {train: {path: $LB_ROOT/datasets/samples/iris.csv.gz, label: label}}" 'loss: ce' 'train: {epochs: 1}' "${@:2}" >"$1"
}
base c.yaml
# as_block BLOCK OPTION...: the options, in any order, give the trials of the sweep block.
as_block() {
	base block.yaml "sweep: {$1}"
	shift
	local want forward=() backward=() option
	want=$(lossbench config resolve block.yaml | sed 's/"name": "block"/"name": "c"/; s|results/block|results/c|')
	for option; do
		forward+=(--set "$option")
		backward=(--set "$option" "${backward[@]}")
	done
	assert_eq "$(lossbench config resolve c.yaml "${forward[@]}")" "$want" "${forward[*]}"
	assert_eq "$(lossbench config resolve c.yaml "${backward[@]}" | "${PYTHON:-python3}" -c 'import json, sys; print(*sorted(map(json.dumps, json.load(sys.stdin))))')" \
		"$("${PYTHON:-python3}" -c 'import json, sys; print(*sorted(map(json.dumps, json.load(sys.stdin))))' <<<"$want")" "${backward[*]}"
}
as_block 'train.seed: 1..3' train.seed=1..3
as_block 'train.seed: [1, 2, 3]' train.seed=1..3
as_block 'train.seed: [1..2, 7]' train.seed=1..2,7
as_block 'train.seed: [1..2, 7]' 'train.seed=[1, 2, 7]'
as_block 'loss: [{name: focal, gamma: default}]' loss.gamma=default loss=focal
as_block 'loss: [{name: focal, gamma: default}]' 'loss={name: focal, gamma: default}'
as_block 'loss: [{name: focal, gamma: 0..2}], train.seed: 1..2' loss.gamma=0..2 loss=focal train.seed=1,2
as_block 'loss: [ce, {name: focal, gamma: [0.5, 1]}]' 'loss=[ce, {name: focal, gamma: [0.5, 1]}]'
as_block 'optimizer.lr: {from: 0.01, to: 1, steps: 3}, train.seed: 1..2' 'optimizer.lr={from: 0.01, to: 1, steps: 3}' train.seed=1..2
as_block 'model: [{kind: mlp, hidden: [4]}, {kind: mlp, hidden: [5]}]' 'model={kind: mlp, hidden: [[4], [5]]}'

assert_eq "$(lossbench config resolve c.yaml --set 'model={kind: mlp, hidden: [4]}' | grep -c '"kind": "mlp"')" 1 'a list where one is expected'
refused() { # refused TEXT OPTION
	assert_exit 3 lossbench config resolve c.yaml --set "$2"
	assert_contains "$err" "$1"
}
refused 'train.seed: found 3..1, allowed: FROM..TO, the smaller number first' train.seed=3..1
refused '100000000 values, allowed: at most' train.seed=1..100000000
refused 'train.seed: found "1...3"' train.seed=1...3
refused 'found "1..3", allowed: float32' train.precision=1..3
assert_eq "$(lossbench config resolve c.yaml --set data.train.path=1..3 | grep '"path"')" '      "path": "1..3",' 'a text stays one'
assert_exit 3 lossbench train c.yaml --set train.seed=1..3
assert_contains "$err" '3 values make a sweep; give one value, or run `lossbench sweep`'
