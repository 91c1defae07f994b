#!/usr/bin/env bash
# data.ignore_labels: rows whose label is one of these are as if they were not in the files; the record tells how many there were.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

awk 'BEGIN { srand(3); print "x,y,class"
	for (i = 0; i < 90; i++) { c = i % 3; printf "%.4f,%.4f,%s\n", c + rand(), rand(), i % 10 == 9 ? "unknown" : i % 15 == 4 ? "" : substr("abc", c + 1, 1) } }' >all.csv
grep -v ',unknown$\|,$' all.csv >kept.csv
awk -F, -v OFS=, 'NR > 1 { $3 = $3 == "unknown" ? 255 : $3 == "" ? -1 : index("abc", $3) - 1 } 1' all.csv >numbers.csv
head -n 41 all.csv >first.csv
{ head -n 1 all.csv; tail -n +42 all.csv; } >second.csv

config() { # config NAME FILE
	printf '%s\n' 'task: multiclass' "data: {train: {path: $2, label: class}, split: {train: 0.6, valid: 0.2, test: 0.2}}" 'loss: ce' \
		'train: {epochs: 3, batch: 8}' 'metrics: [accuracy, log_loss]' "output: {dir: $1}" >"$1.yaml"
}
ran() { # ran NAME SETS...: the result's lines, without times
	local name=$1 set sets=()
	shift
	for set; do sets+=(--set "$set"); done
	assert_exit 0 lossbench train --config "$name.yaml" "${sets[@]}"
	record=$(find "$name" -name '*.json')
	json "$record" .result.metrics
}
config all all.csv
config kept kept.csv
config numbers numbers.csv
want=$(ran kept)
assert_eq "$(ran all 'data.ignore_labels=[unknown, ""]')" "$want"
record=$(find all -name '*.json')
assert_eq "$(json "$record" .data.rows.ignored)/$(json "$record" .data.rows.all)" "$(($(wc -l <all.csv) - $(wc -l <kept.csv)))/$(($(wc -l <kept.csv) - 1))"
assert_contains "$(json "$record" .data.warnings)" '12 of 90 rows left out for the label (data.ignore_labels): \"unknown\" 9, \"\" 3'
assert_eq "$(json "$record" .data.classes | tr -d ' \n')" '["a","b","c"]'
assert_eq "$(ran numbers 'data.ignore_labels=[-1, 255.0]')" "$want"
assert_eq "$(json "$(find numbers -name '*.json')" .data.classes | tr -d ' \n')" '["0","1","2"]'
needs_python jsonschema
"${PYTHON:-python3}" "$LB_ROOT/tests/scripts/validate_records.py" all/trials/*.json kept/trials/*.json || fail 'not the schema of records'

# A file of its own for testing; a value that occurs nowhere; an id that tells the choice.
assert_exit 0 lossbench train --config all.yaml --set data.train.path=first.csv --set data.test.path=second.csv \
	--set 'data.split={train: 0.8, valid: 0.2, test: 0}' --set 'data.ignore_labels=[unknown, ""]' --set output.dir=two
record=$(find two -name '*.json')
assert_eq "$(json "$record" .data.rows.ignored)/$(json "$record" .data.rows.test)" "12/$(tail -n +2 second.csv | grep -vc ',unknown$\|,$')"
assert_exit 0 lossbench train --config kept.yaml --set 'data.ignore_labels=[nobody]' --set output.dir=none
assert_eq "$(json "$(find none -name '*.json')" .data.rows.ignored)" 0

# What is refused.
refused() { # refused EXIT WORDS CONFIG SETS...
	local code=$1 words=$2 name=$3 set sets=()
	shift 3
	for set; do sets+=(--set "$set"); done
	assert_exit "$code" lossbench train --config "$name.yaml" "${sets[@]}" --set output.dir=refused
	assert_contains "$err" "$words"
}
refused 4 "column 'class': the label is missing" all
refused 4 'kept.csv: every row has a label of data.ignore_labels, so that none is left' kept 'data.ignore_labels=[a, b, c]'
refused 4 'needs at least two classes, found 1' kept 'data.ignore_labels=[a, b]'
refused 3 'data.ignore_labels: goes with classes, of which task regression has no one a row' numbers 'data.ignore_labels=[-1]' task=regression loss=mse 'metrics=[rmse]'
refused 3 'data.ignore_labels: cannot be combined with a teacher' kept 'data.ignore_labels=[a]' task=distillation loss=kd data.teacher=t.npy
