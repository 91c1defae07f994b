#!/usr/bin/env bash
# Several labels a row: init proposes them, and predict gives the numbers of the run that made the model, from columns, lists and arrays.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

awk 'BEGIN { srand(4); print "x1,x2,red,dark blue,wet" > "rows.csv"
	for (i = 0; i < 150; i++) { x = rand() - 0.5; y = rand() - 0.5; a = x > 0; b = y > 0.1; c = x + y > 0; n = 0
		print x "," y "," (i % 9 ? a : "") "," b "," c > "rows.csv"
		list = (a ? "1," : "") (b ? "2," : "") (c ? "3," : ""); sub(/,$/, "", list)
		print list " 1:" x " 2:" y > "rows.svm" } }'

# agree NAME DATA LINE...: the run's predictions are lines of those for the whole file.
agree() {
	printf '%s\n' 'task: multilabel' 'loss: ml_bce' 'train: {epochs: 3, batch: 16}' "output: {dir: $1, predictions: true}" "${@:3}" >"$1.yaml"
	assert_exit 0 lossbench train "$1.yaml" --save-model "$1.npz" --quiet
	assert_exit 0 lossbench predict --model "$1.npz" --data "$2" --out "$1.csv"
	assert_eq "$(head -n 1 "$1.csv")" 'row,target_1,target_2,target_3,score_1,score_2,score_3' "$1: header"
	assert_eq "$(sort "$1.csv" | comm -13 - <(sort "$1"/trials/*.predictions.csv))" '' "$1: lines of the run that predict does not give"
	assert_eq "$(wc -l <"$1.csv")" 151 "$1: lines"
}
agree columns rows.csv 'data: {train: {path: rows.csv}, labels: [red, dark blue, wet]}' 'model: {kind: mlp, hidden: [5]}'
agree lists rows.svm 'data: {train: {path: rows.svm}, preprocess: {standardize: false, scale: max_abs}}'
grep -q ',-1,' columns.csv || fail 'a label that is not known is -1'

# By their names wherever they stand; without labels the same scores; a label that no row has is 0.
awk -F, '{ print $5 "," $2 "," $1 "," $4 "," $3 }' rows.csv >turned.csv
cut -d, -f1,2 rows.csv >bare.csv
assert_exit 0 lossbench predict --model columns.npz --data turned.csv --out turned-out.csv
cmp columns.csv turned-out.csv
assert_exit 0 lossbench predict --model columns.npz --data bare.csv --out bare-out.csv
assert_eq "$(cut -d, -f1,5- columns.csv)" "$(cat bare-out.csv)" 'scores of rows without labels'
printf '3 1:0.1\n7 2:0.2\n' >few.svm
assert_exit 0 lossbench predict --model lists.npz --data few.svm
assert_eq "$(cut -d, -f1-4 <<<"$out" | tail -n 2)" $'0,0,0,1\n1,0,0,0' 'labels of a file that lacks some'
assert_exit 2 lossbench predict --model lists.npz --data few.svm --what labels
assert_contains "$err" 'allowed: scores, probabilities'
assert_exit 2 lossbench predict --model lists.npz --data few.svm --what embeddings
assert_exit 0 lossbench predict --model columns.npz --data rows.csv --what probabilities --out p.csv
awk -F, 'FNR == 1 { next } NR == FNR { for (k = 5; k <= 7; k++) s[$1, k] = $k; next }
	{ for (k = 5; k <= 7; k++) { d = $k - 1 / (1 + exp(-s[$1, k])); if (d > 1e-12 || d < -1e-12) { print "row " $1; exit 1 } } }' columns.csv p.csv ||
	fail 'a probability is not the sigmoid of its score'

# init: lists by themselves, columns by --label; what it writes runs, and data info says the same.
proposes() { # NAME ARGUMENT...
	assert_exit 0 lossbench init "${@:2}" --out "$1-mine.yaml"
	assert_exit 0 lossbench config check "$1-mine.yaml"
	assert_eq "$(json - '[0].task' <<<"$(lossbench config resolve "$1-mine.yaml")")" multilabel "task of $1"
	assert_exit 0 lossbench sweep "$1-mine.yaml" --quiet --set train.epochs=1 --set train.seed=1 --set "output.dir=mine-$1"
	assert_exit 0 lossbench data info "${@:2}" --json
	assert_eq "$(json - .task <<<"$out")" multilabel "task of $1"
}
proposes lists rows.svm
assert_eq "$(json - .classes <<<"$out")" '["1", "2", "3"]' 'labels of the lists'
want=$(for k in 1 2 3; do cut -d' ' -f1 rows.svm | grep -c "$k"; done | paste -sd, | sed 's/,/, /g')
assert_eq "$(json - .class_counts <<<"$out")" "[$want]" 'rows with each label'
proposes columns rows.csv --label 'red,dark blue,wet'
assert_eq "$(json - .classes <<<"$out")" '["red", "dark blue", "wet"]' 'labels of the columns'
grep -qF 'labels: ["red", "dark blue", "wet"]' columns-mine.yaml || fail "$(cat columns-mine.yaml)"
assert_exit 0 lossbench data info rows.csv --label 'red,wet'
assert_contains "$out" 'labels: [red, wet]'
assert_exit 4 lossbench init rows.csv --label 'red,x1'
assert_contains "$err" 'task: multilabel takes one column a label'
