#!/usr/bin/env bash
# What a record tells of label noise: the pairs of classes add up to what changed, and lead from the counts of the file to those that
# were trained on. So, too, with so many classes that no table of all pairs fits.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

cat >few.yaml <<YAML
task: multiclass
data: {train: {path: $LB_ROOT/datasets/samples/glass.csv.gz, label: label}}
loss: ce
train: {epochs: 1}
sweep: {corrupt.labels: [{kind: uniform, rate: 0.4}, {kind: pair, rate: 0.3}, none]}
output: {dir: few}
YAML
cat >many.yaml <<YAML
task: multiclass
data: {train: {path: many.csv, label: label}, split: {valid: 0.2, test: 0.2, stratify: false}}
corrupt: {labels: {kind: uniform, rate: 0.3}}
loss: ce
metrics: [accuracy]
train: {epochs: 1, batch: 500}
output: {dir: many}
YAML
awk 'BEGIN { print "x,label"; for (i = 0; i < 16000; i++) print i * 7 % 101 "," int(i / 2) }' >many.csv

assert_exit 0 lossbench sweep few.yaml --quiet
if sanitized; then
	echo 'without the limit of addresses, which the sanitizers need themselves'
	assert_exit 0 lossbench train --config many.yaml --quiet
else
	export OPENBLAS_NUM_THREADS=1
	limited() { (ulimit -v 300000 && exec lossbench train --config many.yaml --quiet); }
	assert_exit 0 limited
fi

"${PYTHON:-python3}" - few/trials/*.json many/trials/*.json <<'PY'
import json, sys

noisy = 0
for path in sys.argv[1:]:
    with open(path) as f:
        data = json.load(f)["data"]
    corrupted = data["corrupted"]
    for part in ("train", "valid"):
        pairs = corrupted["transitions"][part]
        counts = list(data["class_counts"][part])
        for before, after, n in pairs:
            assert before != after and n > 0, (path, part, before, after, n)
            counts[before] -= n
            counts[after] += n
        places = [(before, after) for before, after, _ in pairs]
        assert places == sorted(set(places)), (path, part, "not in order, or a pair twice")
        assert sum(n for _, _, n in pairs) == corrupted["changed"][part], (path, part)
        assert counts == corrupted["class_counts"][part], (path, part)
        noisy += corrupted["changed"][part] > 0
assert noisy == 6, noisy
PY

# A matrix from a file, here one that moves every class to the next: its numbers are part of the id, its path is not.
printf '0,1,0\n0,0,1\n1,0,0\n' >next.csv
cat >matrix.yaml <<YAML
task: multiclass
data: {train: {path: $LB_ROOT/datasets/samples/iris.csv.gz, label: label}, split: {valid: 0.2, test: 0.2}}
corrupt: {labels: {kind: matrix, file: next.csv}}
loss: ce
train: {epochs: 1}
output: {dir: matrix}
YAML
id() { lossbench sweep --config matrix.yaml --list --quiet "$@" | cut -f 1; }
assert_exit 0 lossbench train --config matrix.yaml --quiet
record=matrix/trials/$(id).json
assert_eq "$(json "$record" .data.corrupted.changed.train)" "$(json "$record" .data.rows.train)" 'labels that moved'
assert_eq "$(json "$record" .data.corrupted.transitions.train | sed 's/, [0-9]*\]/]/g')" '[[0, 1], [1, 2], [2, 0]]' 'pairs of classes'
before=$(id)
mkdir elsewhere && cp next.csv elsewhere/other.csv
assert_eq "$(id --set corrupt.labels.file=elsewhere/other.csv)" "$before" 'id with the matrix moved'
printf '0,1,0\n0,0,1\n0,1,0\n' >elsewhere/other.csv
[ "$(id --set corrupt.labels.file=elsewhere/other.csv)" != "$before" ] || fail 'another matrix has the same id'
assert_eq "$(id --set 'corrupt.labels={kind: matrix, matrix: [0, 1, 0, 0, 0, 1, 1, 0, 0]}' | wc -l)" 1 'the matrix written out'
assert_exit 0 lossbench train --config matrix.yaml --quiet --set output.dir=given --set 'corrupt.labels={kind: matrix, matrix: [0, 1, 0, 0, 0, 1, 1, 0, 0]}'
assert_eq "$(json "$(find given -name '*.json')" .result)" "$(json "$record" .result)" 'result with the matrix written out'

refused() { # STATUS WORDS OPTION...
	assert_exit "$1" lossbench train --config matrix.yaml --quiet --set output.dir=refused "${@:3}"
	assert_contains "$err" "$2"
}
printf '0.5,0.5\n0.5,0.5\n' >small.csv
refused 3 'corrupt.labels.file: small.csv holds 2 x 2 cells, expected 3 x 3 numbers: the data have 3 classes' --set corrupt.labels.file=small.csv
refused 3 'corrupt.labels: both matrix and file are given; keep one' --set 'corrupt.labels.matrix=[0, 1, 0, 0, 0, 1, 1, 0, 0]'
refused 4 'absent.csv: cannot be opened' --set corrupt.labels.file=absent.csv
