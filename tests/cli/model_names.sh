#!/usr/bin/env bash
# Names beyond ASCII in a model: columns and classes come back from the file as they were, byte for byte, and NumPy reads them.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

# Two, three and four bytes a letter, a blank and a quote.
columns=('größe' '重さ' '𝛼 beta' 'a"b' 'ñ')
classes=('žluť' '日本' '🙂' 'plain')
{
	printf '"%s",' "${columns[@]//\"/\"\"}"
	echo class
	for i in {0..79}; do
		echo "$((i % 7)).5,$((i * i % 11)),$((i % 4)),$((i % 3)),$((i % 4 * 10 + i % 5)),${classes[i % 4]}"
	done
} >names.csv
cat >c.yaml <<'YAML'
task: multiclass
data: {train: {path: names.csv, label: class}, split: {modulo: 4, test: [3]}}
loss: ce
train: {epochs: 3}
output: {dir: out, predictions: true}
YAML
sed -i 's/modulo: 4, test: \[3\]/test: 0.25, valid: 0/' c.yaml
assert_exit 0 lossbench train --config c.yaml --save-model m.npz --quiet
assert_exit 0 lossbench predict --model m.npz --data names.csv --what labels --out labels.csv
assert_exit 0 lossbench predict --model m.npz --data names.csv --what probabilities --out p.csv
assert_eq "$(wc -l <labels.csv)" 81 'lines of labels'
for class in "${classes[@]}"; do
	LC_ALL=C grep -qF "$class" p.csv || fail "the class $class is not among the columns: $(head -n 1 p.csv)"
done
assert_eq "$(sed 1d labels.csv | cut -d, -f3 | tr -d '"' | LC_ALL=C sort -u | LC_ALL=C comm -23 - <(printf '%s\n' "${classes[@]}" | LC_ALL=C sort -u) | grep -c . || true)" 0 \
	'labels that are none of the classes'

# A column that is missing is named as it stands in the file.
cut -d, -f1,3- names.csv >less.csv
assert_exit 4 lossbench predict --model m.npz --data less.csv --out none.csv
assert_contains "$err" '重さ'
[ ! -e none.csv ] || fail 'predictions of rows that lack a column'

needs_python numpy
"${PYTHON:-python3}" - "${columns[@]}" -- "${classes[@]}" <<'PY'
import os, sys

import numpy as np

at = sys.argv.index("--")
m = np.load("m.npz")
for name, want in (("columns", sys.argv[1:at]), ("classes", sys.argv[at + 1 :])):
    found = sorted(str(v).encode() for v in m[name])
    assert found == sorted(os.fsencode(v) for v in want), (name, found)
PY
