#!/usr/bin/env bash
# Rankings and survival: what a training tested, evaluate measures of its model on these rows, and import of its predictions, to the last
# digit; queries whose rows lie apart, events by another name, and what is refused.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
gzip -dc "$LB_ROOT/datasets/samples/queries.csv.gz" >queries.csv
gzip -dc "$LB_ROOT/datasets/samples/gbsg.csv.gz" | sed '1!s/,1$/,died/; 1!s/,0$/,alive/' >gbsg.csv
awk -F, 'NR == 1 || substr($1, 2) % 4 == 3' queries.csv >queries-test.csv
awk -F, 'NR == 1 || substr($1, 2) % 4 != 3' queries.csv >queries-train.csv
awk 'NR == 1 || (NR - 2) % 4 == 3' gbsg.csv >gbsg-test.csv
cat >rank.yaml <<'YAML'
task: ranking
data: {train: {path: queries-train.csv, label: grade}, test: {path: queries-test.csv}, query: qid}
loss: lambdarank
train: {epochs: 3}
metrics: [ndcg, mrr, map, {name: ndcg, k: 5}]
output: {model: true, predictions: true}
YAML
cat >live.yaml <<'YAML'
task: survival
data: {train: {path: gbsg.csv}, time: rfstime, event: status, positive: died, split: {modulo: 4, test: [3]}}
loss: cox
optimizer: {name: sgd, lr: 0.02}
train: {epochs: 3}
metrics: [harrell, uno, {name: uno, tau: 1500}, integrated_brier]
output: {model: true, predictions: true}
YAML

# same CONFIG TEST-FILE NAME SET...
same() {
	lossbench train --config "$1" --quiet --set output.dir="$3" "${@:4}"
	like=$(echo "$3"/trials/*[0-9a-f].json) model=$(echo "$3"/trials/*.npz) predictions=$(echo "$3"/trials/*.csv)
	assert_exit 0 lossbench evaluate --model "$model" --data "$2" --json
	assert_eq "$(json - .metrics <<<"$out")" "$(json "$like" .result.metrics.test)" "evaluate, $3"
	assert_exit 0 lossbench import --predictions "$predictions" --as 'another program' --like "$like" --quiet
	made=$out
	assert_eq "$(json "$made" .result.metrics.test)" "$(json "$like" .result.metrics.test)" "import, $3"
}
same live.yaml gbsg-test.csv cox
same live.yaml gbsg-test.csv hazards --set loss=discrete_hazard
same rank.yaml queries-test.csv lambdarank --set train.precision=float64

# A query's rows apart: the same values but for the order of the sums.
{ head -n 1 queries-test.csv && tail -n +2 queries-test.csv | sort -t, -k3,3n -s; } >apart.csv
assert_exit 0 lossbench evaluate --model "$model" --data apart.csv --json
for metric in ndcg mrr map; do
	want=$(json "$like" ".result.metrics.test.$metric")
	assert_between "$(json - ".metrics.$metric" <<<"$out")" "$(awk "BEGIN { printf \"%.15g\", $want - 1e-12 }")" "$(awk "BEGIN { printf \"%.15g\", $want + 1e-12 }")"
done

# Risks alone: curves are not told, so that what reads them is undefined; some of the curve's times are refused.
like=$(echo cox/trials/*[0-9a-f].json) model=$(echo cox/trials/*.npz)
like=$(grep -L '"another program"' cox/trials/*[0-9a-f].json)
cut -d, -f1,4 cox/trials/*.csv >risks.csv
assert_exit 0 lossbench import --predictions risks.csv --as risks --like "$like" --quiet
assert_eq "$(json "$out" .result.metrics.test.integrated_brier) $(json "$out" .result.metrics.test.harrell)" "null $(json "$like" .result.metrics.test.harrell)"
cut -d, -f1,4-8 cox/trials/*.csv >some.csv
assert_exit 4 lossbench import --predictions some.csv --as some --like "$like" --quiet
assert_contains "$err" "some.csv: the column 'survival_"
assert_contains "$err" 'of the 50 times of the trial'
awk -F, -v OFS=, 'NR == 3 { $2 = $2 + 1 } 1' cox/trials/*.csv >time.csv
assert_exit 4 lossbench import --predictions time.csv --as time --like "$like" --quiet
assert_contains "$err" "time.csv:3: column 'time': found "

# What evaluate refuses, with the row.
refuse() { # MODEL FILE SED MESSAGE
	sed "$3" "$2" >wrong.csv
	assert_exit 4 lossbench evaluate --model "$1" --data wrong.csv
	assert_contains "$err" "$4"
}
refuse "$model" gbsg-test.csv '3s/alive\|died//' "wrong.csv: row 2: column 'status': the event is missing, allowed: 1 or 0"
refuse "$model" gbsg-test.csv '1s/status/state/' "status"
# shellcheck disable=SC2016 # the last line of sed
refuse "$model" gbsg-test.csv '2,$s/^\(\([^,]*,\)\{8\}\)[0-9]*/\1-5/' 'allowed: a time, 0 or more'
refuse lambdarank/trials/*.npz queries-test.csv '1s/qid/query/' 'qid'
refuse lambdarank/trials/*.npz queries-test.csv '4s/^[^,]*/ /' "row 3: column 'qid': the query is missing"
refuse lambdarank/trials/*.npz queries-test.csv '3s/[0-9]*$/-1/' 'wrong.csv: row 2: the label is -1, allowed: a grade from 0 to 1000'
