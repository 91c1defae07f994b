#!/usr/bin/env bash
# import puts predictions of another program beside a trial: of the trial's own predictions it gives the trial's own metrics, in a whole record.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
samples=$LB_ROOT/datasets/samples
py=${PYTHON:-python3}

# same NAME TASK DATA METRICS LINE...: the predictions of a run, imported, are measured as in the run to the last digit.
same() {
	printf '%s\n' "name: $1" "task: $2" "data: {train: {path: $samples/$3, label: -1}}" 'train: {epochs: 4}' "metrics: $4" 'output: {predictions: true}' \
		"${@:5}" >"$1.yaml"
	lossbench train --config "$1.yaml" --quiet
	like=$(echo results/"$1"/trials/*[0-9a-f].json)
	assert_exit 0 lossbench import --predictions "${like%.json}.predictions.csv" --as 'torch net' --like "$like" --quiet
	imported=$out
	"$py" - "$like" "$imported" <<'PY'
import json, sys
like, made = (json.load(open(name)) for name in sys.argv[1:])
assert made["result"]["metrics"] == {"test": like["result"]["metrics"]["test"]}, (made["result"]["metrics"], like["result"]["metrics"]["test"])
assert made["config"]["loss"] == {"name": "torch net"} and made["id"] != like["id"] and made["id"] in sys.argv[2]
assert {k: v for k, v in made["config"].items() if k != "loss"} == {k: v for k, v in like["config"].items() if k != "loss"}
for key in ("schema", "study", "data", "directions", "baseline"):
    assert made[key] == like[key], key
PY
}
same price regression concrete.csv.gz '[rmse, mae, r2]' 'loss: mse' 'optimizer: {name: sgd, lr: 0.01}'
same credit binary german_credit.csv.gz '[auc, accuracy, log_loss]' 'loss: logistic'
same iris multiclass iris.csv.gz '[accuracy, log_loss, ece, {name: top_k, k: 2}]' 'loss: ce'
if "$py" -c 'import jsonschema' 2>/dev/null; then "$py" "$LB_ROOT/tests/scripts/validate_records.py" results/*/trials/*.json >/dev/null; fi

# By its id; again, to the same id; probabilities by class, in another order; from standard input; in tables beside the others.
id=$(json "$like" .id)
assert_exit 0 lossbench import --predictions "${like%.json}.predictions.csv" --as 'torch net' --like "$id"
assert_eq "$out" "$imported"
"$py" - "${like%.json}.predictions.csv" >p.csv <<'PY'
import csv, math, sys
print("probability_virginica,row,probability_setosa,probability_versicolor")
for r in reversed(list(csv.DictReader(open(sys.argv[1])))):
    e = [math.exp(float(r["score_%d" % k])) for k in (1, 2, 3)]
    print("%.17g,%s,%.17g,%.17g" % (e[2] / sum(e), r["row"], e[0] / sum(e), e[1] / sum(e)))
PY
assert_exit 0 lossbench import --predictions - --as sklearn --like "$like" <p.csv
assert_between "$(json "$out" .result.metrics.test.log_loss)" "$(json "$like" .result.metrics.test.log_loss | awk '{ printf "%.15g", $1 - 1e-9 }')" \
	"$(json "$like" .result.metrics.test.log_loss | awk '{ printf "%.15g", $1 + 1e-9 }')"
assert_eq "$(json "$out" .result.metrics.test.accuracy)" "$(json "$like" .result.metrics.test.accuracy)"
installed
assert_exit 0 lossbench report results/iris --metric test.accuracy
for word in ce 'torch net' sklearn; do assert_contains "$out" "$word"; done

# What is wrong, with its place.
head -n 3 "${like%.json}.predictions.csv" >few.csv
wrong() { # wrong TEXT SED-SCRIPT
	sed "$2" "${like%.json}.predictions.csv" >wrong.csv
	assert_exit 4 lossbench import --predictions wrong.csv --as other --like "$like" --quiet
	assert_contains "$err" "$1"
}
wrong 'of the 30 rows of the test part 1 are missing' 3d
wrong "wrong.csv: the column 'row' is missing" '1s/row/id/'
wrong 'wrong.csv: the column of scores 2 of 3 is missing; allowed: score_1, ... in the order of the classes, or probability_setosa, ...' '1s/score_2/score/'
wrong "wrong.csv:3: column 'row': found 1500, allowed: whole numbers from 0" '3s/^[0-9]*/1500/'
wrong "allowed: each row once" '3{p}'
wrong "has the label 'rose', in the data it is" '4s/"[a-z]*"/"rose"/'
assert_exit 2 lossbench import --predictions p.csv --as gce --like "$like"
assert_contains "$err" 'which is a loss of lossbench'
assert_exit 2 lossbench import --predictions p.csv --as other --like 0123456789abcdef
assert_exit 4 lossbench import --predictions p.csv --as other --like iris.yaml
assert_exit 2 lossbench import --predictions p.csv --as other
