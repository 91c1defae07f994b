#!/usr/bin/env bash
# Messages with a count: the noun and the verb agree with it, for one and for several.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

# says FILE BYTES TEXT [ARGUMENT...]: a file of these bytes is refused by `data info` with the text.
says() {
	printf '%b' "$2" >"$1"
	assert_exit 4 lossbench data info "$1" "${@:4}"
	assert_contains "$err" "$3"
}
says a.arff '@relation r\n@attribute a numeric\n@data\n1,2\n' 'the end of the line: there is 1 attribute'
says a.arff '@relation r\n@attribute a numeric\n@attribute b numeric\n@data\n1\n' '1 value, but there are 2 attributes'
says a.arff '@relation r\n@attribute a numeric\n@attribute b numeric\n@data\n1,2,3\n' 'the end of the line: there are 2 attributes'
says a.idx '\0\0\10\2\0\0\0\1\0\0\0\1' 'the IDX data after the header should have 1 byte, the file ends after 0 of them'
says a.idx '\0\0\10\2\0\0\0\1\0\0\0\2\1' 'the IDX data after the header should have 2 bytes, the file ends after 1 of them'
says a.idx '\0\0\10\2\0\0\0\1\0\0\0\1\1\1' '1 byte follows the 1 byte of data that the IDX header promises (1 row of 1 value)'
says a.idx '\0\0\10\2\0\0\0\2\0\0\0\3\1\2\3\4\5\6\7\10' '2 bytes follow the 6 bytes of data that the IDX header promises (2 rows of 3 values)'
says a.csv 'a,b\n1,2\n3\n' '1 field separated by'

# refuses TEXT LINE...: a config of these lines is refused with the text.
refuses() {
	printf '%s\n' "${@:2}" >c.yaml
	local status=0
	err=$(lossbench train c.yaml 2>&1) || status=$?
	case $status in 3 | 4) ;; *) fail "exit status $status: $err" ;; esac
	assert_contains "$err" "$1"
}
printf 'a,b,y\n,1,0\n1,,1\n2,,1\n3,4,0\n' >m.csv
refuses "column 'a': the value is missing (1 of 4 rows lacks it: line 2)" 'task: binary' 'data: {train: {path: m.csv, label: y}}' 'loss: logistic'
refuses "column 'b': the value is missing (2 of 4 rows lack it: line 3, 4)" 'task: binary' 'data: {train: {path: m.csv, label: y}}' 'loss: logistic'
printf 'a,y\n1,0\n1,1\n2,1\n3,0\n' >m.csv
data='data: {train: {path: m.csv, label: y}'
refuses 'found 3 residues of 3' 'task: binary' "$data, split: {modulo: 3, test: [0, 1, 2]}}" 'loss: logistic'
refuses '1 value, but train.seed has 2; zip needs equal lengths' 'task: binary' "$data}" 'loss: logistic' \
	'sweep: {zip: {train.seed: [1, 2], optimizer.lr: [0.1]}}'
refuses 'matrix: found 1 entry, expected 2 x 2' 'task: multiclass' "$data}" 'loss: {name: forward_ce, matrix: [1]}'
refuses 'matrix: found 3 entries, expected 2 x 2' 'task: multiclass' "$data}" 'loss: {name: forward_ce, matrix: [1, 0, 1]}'

assert_exit 4 lossbench losses eval ce <<<'{"scores": [[2, 1], [1, 2]], "labels": [0]}'
assert_contains "$err" '"labels" must be a list of 2 integers, one per row; found 1'
assert_exit 4 lossbench losses eval ce <<<'{"scores": [[2, 1], [1]], "labels": [0, 0]}'
assert_contains "$err" 'row 2 has not 2 entries like the first'

needs_python numpy
"${PYTHON:-python3}" - <<'PY'
import numpy as np
one = np.zeros((1, 1)); two = np.zeros((2, 3))
np.savez("labels1.npz", x=two, y=np.zeros(1, int))
np.savez("labels3.npz", x=two, y=np.zeros(3, int))
for name, a in ("more1", one.astype("u1")), ("more6", two.astype("u1")):
    np.save(name + ".npy", a)
    open(name + ".npy", "ab").write(b"xx")
PY
holds() { # FILE TEXT
	assert_exit 4 lossbench data info "$1"
	assert_contains "$err" "$2"
}
holds labels1.npz 'has 1 row, the features have 2'
holds labels3.npz 'has 3 rows, the features have 2'
holds more1.npy 'more bytes follow the 1 byte of data'
holds more6.npy 'more bytes follow the 6 bytes of data'
