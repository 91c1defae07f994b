#!/usr/bin/env bash
# Training rows that nothing can be learned from are refused before any training; what the rows of a split leave out is told on stderr and in
# the record.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
py=${PYTHON:-python3}

awk 'BEGIN { srand(1); print "a,b,w,label,y" >"sorted.csv"
	for (i = 0; i < 90; i++) printf "%.3f,%.3f,%d,%s,%d\n", rand(), rand(), (i < 30 ? 1 : 0), substr("pqr", int(i / 30) + 1, 1), (i < 60 ? 5 : i) >"sorted.csv" }'
grep -v ',r,' sorted.csv >two.csv
config() { # TASK DATA LOSS [LINE...]
	printf '%s\n' "task: $1" "data: {$2}" "loss: $3" 'train: {epochs: 2, batch: 16}' 'output: {dir: out}' "${@:4}" >c.yaml
}
refused() { # TEXT
	local command
	rm -rf out
	for command in 'config check' train sweep; do
		# shellcheck disable=SC2086 # two words
		assert_exit 4 lossbench $command c.yaml
		assert_contains "$err" "$1"
		[ ! -e out ] || fail "$command wrote something"
	done
}
# warned TEXT: said once by a sweep of two seeds, and in every record.
warned() {
	rm -rf out
	assert_exit 0 lossbench sweep c.yaml --set train.seed=1,2
	assert_eq "$(grep -cF "warning: $1" <<<"$err")" 1 "warnings in: $err"
	"$py" - "$1" <<'PY'
import glob, json, sys
records = [json.load(open(p)) for p in glob.glob("out/trials/*.json")]
assert len(records) == 2, records
assert all(sys.argv[1] in r["data"]["warnings"] for r in records), [r["data"]["warnings"] for r in records]
PY
}
sorted='train: {path: sorted.csv, label: label}, drop: [w, y]'

config binary 'train: {path: two.csv, label: label}, drop: [w, y], split: {first: 25, valid: 0.2}' logistic
refused "two.csv: the training rows are all of class 'p', so there is nothing to tell apart; the file is sorted? use a random split"
config multiclass "$sorted, split: {modulo: 3, test: [0, 1]}" ce
awk -F, 'NR == 1 { print; next } { l[NR - 2] = $0 } END { for (i = 0; i < 30; i++) print l[i + 60] "\n" l[i + 30] "\n" l[i] }' sorted.csv >dealt.csv
sed -i 's/sorted.csv/dealt.csv/' c.yaml
refused "dealt.csv: the training rows are all of class 'p'"
config multiclass "$sorted, split: {first: 30}" ce 'model: naive_bayes'
refused "sorted.csv: the training rows are all of class 'p'"
config embedding "$sorted, split: {first: 30}" normalized_softmax 'model: {kind: linear, dimension: 2}'
refused "sorted.csv: the training rows are all of class 'p'"
# Rows of weight 0 do not count.
config multiclass 'train: {path: sorted.csv, label: label}, drop: [y], weight: w' ce
refused "sorted.csv: the training rows with a weight above 0 are all of class 'p'"
awk -F, -v OFS=, 'NR > 1 { $3 = NR > 60 } 1' sorted.csv >weights.csv
config multiclass 'train: {path: weights.csv, label: label}, drop: [y], weight: w, split: {first: 50}' ce
refused 'data.weight: the weights of the training rows sum to 0'
# Targets that never change.
config regression 'train: {path: sorted.csv, label: y}, drop: [w, label], split: {first: 55}' mse
refused 'sorted.csv: the target is 5 in all training rows, so there is nothing to learn'
# By groups, each of one class.
awk -F, 'NR == 1 { print $0 ",g"; next } { print $0 "," $4 }' two.csv >groups.csv
config binary 'train: {path: groups.csv, label: label}, drop: [w, y], group: g, split: {train: 0.5, test: 0.5}' logistic
refused "data.group keeps whole groups together"
# Labels that noise has made so are known when the trial is prepared.
config binary 'train: {path: two.csv, label: label}, drop: [w, y]' logistic 'corrupt: {labels: {kind: matrix, matrix: [1, 0, 1, 0]}}'
assert_exit 4 lossbench train c.yaml
assert_contains "$err" "two.csv: the training rows are all of class 'p', so there is nothing to tell apart; corrupt.labels has made them so"
rm -rf out

config multiclass "$sorted, split: {first: 60}" ce
warned "1 class has no training row, so that no model can learn it: 'r'"
warned "all rows of the test part are of class 'r': metrics that compare classes, such as mcc, are undefined there"
config multiclass "$sorted" ce 'corrupt: {labels: {kind: matrix, matrix: [1, 0, 0, 0, 1, 0, 0, 1, 0]}}'
rm -rf out
assert_exit 0 lossbench train c.yaml
assert_contains "$err" "warning: with corrupt.labels, 1 class has no training row, so that no model can learn it: 'r'"
config binary 'train: {path: two.csv, label: label}, drop: [w, y], split: {first: 40, valid: 0.1}' logistic
warned "all rows of the test part are of class 'q': metrics that compare classes, such as auc, are undefined there"
config regression 'train: {path: sorted.csv, label: y}, drop: [w, label], split: {modulo: 90, test: [80]}' mse
warned 'target is the same in all rows of the test part: r2 is undefined there'
config regression 'train: {path: sorted.csv, label: "y, w"}, drop: [label], split: {first: 30}' mse
refused 'sorted.csv: the targets stay as they are in all training rows'
config regression 'train: {path: sorted.csv, label: "y, w"}, drop: [label], split: {first: 45}' mse
warned 'target 2 is the same in all rows of the training part: there is nothing to learn of it'
awk 'BEGIN { print "a,l,m"; for (i = 0; i < 60; i++) print i % 7 "," (i % 2) "," (i > 50) }' >labels.csv
config multilabel 'train: {path: labels.csv}, labels: [l, m], split: {first: 40}' ml_bce
warned "1 label is the same in all training rows, so that no model can learn it: 'm'"

# Features that never change in the training rows, and a file that is given twice.
awk 'BEGIN { srand(4); print "a,c,y"; for (i = 0; i < 60; i++) print (i < 30 ? 7 : rand()) "," (i < 30 ? "u" : "v") "," i % 2 }' >steps.csv
config binary 'train: {path: steps.csv}, unseen: zero, split: {first: 30}' logistic
assert_exit 0 lossbench train c.yaml --set output.dir=steps
assert_contains "$err" 'warning: no feature changes in the training rows, so that a model can only learn one answer for all rows'
cp two.csv copy.csv
config binary 'train: {path: two.csv, label: label}, valid: {path: weights.csv}, test: {path: copy.csv}, drop: [w, y]' logistic
sed -i 's/weights.csv/copy.csv/' c.yaml
warned 'copy.csv: the validation file has the content of the training file: what is measured on it was trained on'
warned 'copy.csv: the test file has the content of the training file: what is measured on it was trained on'
head -n 20 two.csv >few.csv
tail -n 5 two.csv >>few.csv
config binary 'train: {path: two.csv, label: label}, valid: {path: few.csv}, test: {path: few.csv}, drop: [w, y]' logistic
warned 'few.csv: the test file has the content of the validation file: what is chosen by one is measured on the same rows'

# A split by shares of the same files says nothing.
config multiclass "$sorted" ce
rm -rf out
assert_exit 0 lossbench train c.yaml
assert_lacks "$err" warning
