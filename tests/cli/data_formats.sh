#!/usr/bin/env bash
# The same rows in every format give the same result; data info, data convert; limits; what is refused ends with code 4.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
samples=$LB_ROOT/datasets/samples golden=$LB_ROOT/tests/golden/formats

config() { # DATA [MORE]
	cat >c.yaml <<YAML
task: multiclass
data:
  train: {$1}
  preprocess: {standardize: false, scale: max_abs}
  ${2:-}
model: {kind: mlp, hidden: [7]}
loss: {name: ce}
train: {epochs: 2}
output: {dir: out}
YAML
}
# result: of the config's trial, without what tells the file
result() {
	rm -rf out
	assert_exit 0 lossbench train c.yaml --quiet --json
	"${PYTHON:-python3}" -c 'import json, sys; print(json.dumps(json.load(sys.stdin)["result"]["metrics"]))' <<<"$out"
}
refused() { # TEXT...
	rm -rf out
	assert_exit 4 lossbench train c.yaml
	for text; do assert_contains "$err" "$text"; done
	[ ! -e out ] || fail 'something was written'
}

# 64 small counts a row and ten classes, from CSV to all others and back.
gzip -dc "$samples/digits8x8.csv.gz" >d.csv
assert_exit 0 lossbench data convert d.csv d.svm
assert_exit 0 lossbench data convert d.svm d.svm.gz
assert_exit 0 lossbench data convert d.csv d.npz
assert_exit 0 lossbench data convert d.npz e.csv.gz
assert_exit 0 lossbench data convert e.csv.gz e.npy
assert_exit 2 lossbench data convert d.csv d.svm
assert_contains "$err" 'd.svm already exists; delete it, choose another name, or give --force'
assert_exit 2 lossbench data convert d.csv d.xls
assert_contains "$err" 'd.xls: the ending says no format'
assert_exit 4 lossbench data convert "$samples/iris.csv.gz" iris.npz
assert_contains "$err" "iris.npz: column 'label' holds text"
[ ! -e iris.npz ] || fail 'half an archive was written'
assert_eq "$(tail -n +2 d.csv | cmp - <(gzip -dc e.csv.gz | tail -n +2) && echo same)" same 'there and back'
{
	echo '@relation digits'
	for i in $(seq 64); do echo "@attribute p$i numeric"; done
	echo '@attribute digit {0,1,2,3,4,5,6,7,8,9}'
	echo '@data'
	tail -n +2 d.csv
} >d.arff
config 'path: d.csv, label: -1'
want=$(result)
for data in 'path: d.svm' 'path: d.svm.gz, format: svmlight' 'path: d.npz' 'path: d.npz, x: X, y: y' 'path: d.arff' 'path: e.npy, label: -1' \
	'path: d.npz, labels: d.npz'; do
	config "$data"
	assert_eq "$(result)" "$want" "result with $data"
done

# convert leaves out what data.drop names, by name or number, of every kind of table: the rest trains as under data.drop itself.
config 'path: d.csv, label: -1' 'drop: [2, p63, 12]'
want=$(result)
for from in d.csv d.svm d.npz; do
	names='[2, 64, 12]'
	if [ $from = d.csv ]; then names='[p01, p63, -54, 2]'; fi
	for to in less.csv less.svm less.npz; do
		assert_exit 0 lossbench data convert $from $to --force --set "data.drop=$names"
		assert_eq "$out" "$to: 1797 rows, 62 columns"
		config "path: $to$([ $to = less.csv ] && echo ', label: -1')"
		assert_eq "$(result)" "$want" "result with $from as $to without three columns"
	done
done
assert_exit 0 lossbench data convert d.csv less.csv --force --set 'data.drop=[label, p00]' # nobody named the label: the last that is left
assert_eq "$(head -n 1 less.csv)" "$(head -n 1 d.csv | cut -d, -f2-64)"
assert_exit 4 lossbench data convert d.csv no.csv --label label --set 'data.drop=[label]'
assert_contains "$err" "d.csv: the column 'label' is asked for as label and as data.drop"
assert_exit 4 lossbench data convert d.csv no.csv --set 'data.drop=[p99]'
assert_contains "$err" "d.csv: data.drop: there is no column 'p99'"
seq -s, 65 | sed 's/.*/data.drop=[&]/' >every
assert_exit 4 lossbench data convert d.csv no.csv --set "$(cat every)"
assert_contains "$err" 'data.drop names every column'
[ ! -e no.csv ] || fail 'something was written'

# Sparse data are not shifted; the config says so before any training, and what the proposal says runs.
config 'path: d.svm'
assert_exit 3 lossbench config check c.yaml --set data.preprocess.standardize=true --set data.preprocess.scale=none
assert_contains "$err" 'the data are sparse'
assert_exit 3 lossbench config check c.yaml --set data.preprocess.standardize=true
assert_exit 0 lossbench data info d.svm
assert_contains "$out" 'preprocess: {standardize: false, scale: max_abs}'
assert_exit 0 lossbench init d.svm --out init.yaml
assert_exit 0 lossbench config check init.yaml

# A test part from the same archive; index bases that differ between the two files.
config "path: $golden/split.npz, x: X_train, y: y_train" "test: {path: $golden/split.npz, x: X_test, y: y_test}"
assert_exit 0 lossbench train c.yaml --quiet --set train.batch=2
printf '1 1:1 3:1\n2 2:1\n1 1:2\n2 2:2 3:1\n' >one.svm
printf '1 0:1\n2 3:1\n' >zero.svm
config 'path: one.svm, format: svmlight' 'test: {path: zero.svm}'
refused 'zero.svm:1:3: ' 'data.index_base: 0'
assert_exit 0 lossbench config check c.yaml --set data.index_base=auto

# data info: the same options as in a config, and the same numbers as another reader's.
assert_exit 0 lossbench data info "$golden/base1.svm" --json
echo "$out" >info.json
"${PYTHON:-python3}" - "$golden.json" <<'PY'
import json, sys

info, want = json.load(open("info.json")), json.load(open(sys.argv[1]))["base1.svm"]
x = [want["x"][k:k + want["d"]] for k in range(0, len(want["x"]), want["d"])]
assert info["rows"] == want["n"] and info["features"] == want["d"] and info["sparse"] and info["stored"] == sum(map(bool, want["x"]))
assert info["task"] == "ranking" and info["query"] == "qid"
for j in range(want["d"]):
    column, values = info["columns"][j], [row[j] for row in x]
    assert column["min"] == min(values) and column["max"] == max(values), column
    assert abs(column["mean"] - sum(values) / len(values)) < 1e-15, column
assert [c["name"] for c in info["columns"][want["d"]:]] == ["qid", "label"]
PY
printf '1;2;x\n3;4;y\n5;6;x\n' >plain.txt
assert_exit 0 lossbench data info plain.txt --set data.header=true --set data.delimiter=semicolon --json
assert_eq "$(json - .rows <<<"$out")" 2 'rows below a header'
assert_exit 3 lossbench data info plain.txt --set data.headr=true
assert_contains "$err" 'did you mean "header"'
assert_exit 2 lossbench data info plain.txt --set train.epochs=1
assert_contains "$err" 'allowed here: data.*'

# Limits: memory, and what a small file may unfold to.
config 'path: d.csv, label: -1' 'max_memory: 1.0e5'
refused 'd.csv: ' 'raise data.max_memory'
head -c 30000000 /dev/zero | tr '\0' '1' | gzip -n >bomb.csv.gz
config 'path: bomb.csv.gz, label: -1' 'max_bytes: 1.0e6'
refused 'bomb.csv.gz: holds more than 1000000 bytes' 'data.max_bytes'
config 'path: d.npz' 'max_bytes: 1000'
refused "d.npz: array 'X.npy': holds" 'data.max_bytes'
for file in d.svm d.npz d.arff; do
	config "path: $file" 'max_memory: 2.0e4'
	refused "$file: " 'raise data.max_memory'
done

seq 900 | sed 's/.*/1 1:1 900000:2\n2 2:1/' >wide.svm
config 'path: wide.svm' 'max_memory: 1.0e9'
refused 'wide.svm: a batch of 640 rows of 900000 columns takes 2304 MB' 'lower train.batch'

# Damage and other files.
head -c 3000 d.npz >cut.npz
config 'path: cut.npz'
refused 'cut.npz: the ZIP archive is damaged'
printf 'PAR1\1\2' >table.parquet
config 'path: table.parquet'
refused 'table.parquet: is Parquet' 'read_parquet'
printf '1 1:1\n2 1:x\n' >bad.svm
config 'path: bad.svm'
refused "bad.svm:2:3: found '1:x'"
printf '1 1:1\n2 1:\0002\n' >nul.svm
config 'path: nul.svm'
refused 'nul.svm:2: a NUL byte (at byte 10)'
sed 's/^@data/@data\n1,2/' d.arff >bad.arff
config 'path: bad.arff'
refused 'bad.arff:68: 2 values, but there are 65 attributes'
config 'path: d.npz, y: labels'
refused "d.npz: there is no array of labels called 'labels'; the archive has 'X', 'y'"
config "path: $golden/alone.npz"
refused 'alone.npz: holds no labels'
