#!/usr/bin/env bash
# evaluate measures a saved model on labelled rows: on the rows that the training tested, its test metrics to the last digit.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

samples=$LB_ROOT/datasets/samples

# agrees NAME TASK DATA METRICS LINE...: rows 4, 8, 12, ... are tested in the training, and are a file of their own for evaluate.
agrees() {
	local name=$1
	gzip -dc "$samples/$3" >"$name.csv"
	awk 'NR == 1 || (NR - 2) % 4 == 3' "$name.csv" >"$name-test.csv"
	cat >"$name.yaml" <<YAML
task: $2
data:
  train: {path: $name.csv, label: ${LABEL:-label}}
  split: {modulo: 4, test: [3]}
train: {epochs: 3}
metrics: $4
output: {dir: $name, model: true}
YAML
	printf '%s\n' "${@:5}" >>"$name.yaml"
	lossbench train --config "$name.yaml" --quiet
	assert_exit 0 lossbench evaluate --model "$name"/trials/*.npz --data "$name-test.csv" --json
	assert_eq "$(json - .metrics <<<"$out")" "$(json "$(echo "$name"/trials/*.json)" .result.metrics.test)" "$name"
}

agrees iris multiclass iris.csv.gz '[accuracy, log_loss, ece, {name: top_k, k: 2}, auc_ovr]' 'loss: gce' 'model: {kind: mlp, hidden: [8]}'
assert_eq "$(json - .metrics <<<"$out" | "${PYTHON:-python3}" -c 'import json, sys; print(*json.load(sys.stdin))')" 'accuracy log_loss ece top_k(k=2) auc_ovr'
agrees wdbc binary wdbc.csv.gz '[auc, accuracy, fbeta, brier]' 'loss: logistic'
LABEL=-1 agrees price regression concrete.csv.gz '[rmse, mae, r2]' 'loss: huber' 'optimizer: {name: adam, lr: 0.05}'
LABEL=-1 agrees double regression concrete.csv.gz '[rmse]' 'loss: gaussian_nll' 'optimizer: {name: adam, lr: 0.05}'
agrees space embedding iris.csv.gz '[recall_at_k, map_at_r]' 'loss: triplet' 'model: {kind: mlp, hidden: [8], dimension: 3}'

# Several labels.
"${PYTHON:-python3}" - <<'PY'
import random
random.seed(2)
with open("several.csv", "w") as all_rows, open("several-test.csv", "w") as test:
    for i in range(-1, 120):
        x = [random.random() for _ in range(3)]
        line = "a,b,c,u,v\n" if i < 0 else "%.3f,%.3f,%.3f,%d,%s\n" % (*x, x[0] > .5, ["", int(x[1] + x[2] > 1)][i % 7 > 0])
        all_rows.write(line)
        if i < 0 or i % 4 == 3:
            test.write(line)
PY
cat >several.yaml <<'YAML'
task: multilabel
data: {train: {path: several.csv}, labels: [u, v], split: {modulo: 4, test: [3]}}
train: {epochs: 3}
metrics: [mean_average_precision, ranking_loss]
loss: ml_bce
output: {dir: several, model: true}
YAML
lossbench train --config several.yaml --quiet
assert_exit 0 lossbench evaluate --model several/trials/*.npz --data several-test.csv --json
assert_eq "$(json - .metrics <<<"$out")" "$(json "$(echo several/trials/*.json)" .result.metrics.test)" 'several labels'

# Other metrics than the training's, from standard input, labels in a file of their own, as a table.
model=$(echo iris/trials/*.npz)
assert_exit 0 lossbench evaluate --model "$model" --data - --metric test.balanced_accuracy,brier <iris-test.csv
assert_contains "$out" 'balanced_accuracy'
assert_contains "$out" '37 rows, model '
cut -d, -f5 iris-test.csv >labels.csv
cut -d, -f1-4 iris-test.csv >features.csv
assert_eq "$(lossbench evaluate --model "$model" --data features.csv --labels labels.csv)" "$(lossbench evaluate --model "$model" --data iris-test.csv)" 'labels beside'

# What cannot be judged.
assert_exit 4 lossbench evaluate --model "$model" --data features.csv
assert_contains "$err" "features.csv: the rows have no labels; the model was trained with the label column 'label'"
sed '3s/setosa/rose/' iris-test.csv >rose.csv
assert_exit 4 lossbench evaluate --model "$model" --data rose.csv
assert_contains "$err" "rose.csv: row 2: the label is 'rose', allowed: setosa, versicolor, virginica (the classes of the model)"
sed '3s/setosa//' iris-test.csv >none.csv
assert_exit 4 lossbench evaluate --model "$model" --data none.csv
assert_contains "$err" 'row 2: the label is missing'
assert_exit 2 lossbench evaluate --model "$model" --data iris-test.csv --metric accurcy
assert_contains "$err" 'did you mean "accuracy"?'
assert_exit 3 lossbench evaluate --model "$model" --data iris-test.csv --metric rmse
assert_exit 2 lossbench evaluate --model "$model"
