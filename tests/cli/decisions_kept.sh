#!/usr/bin/env bash
# A threshold and a calibration that were fitted on validation rows are in the model file: predict, evaluate and the refit of best decide
# by them, as the training did; models of before are read as they were, changed ones are refused.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
py=${PYTHON:-python3}
samples=$LB_ROOT/datasets/samples

gzip -dc "$samples/wdbc.csv.gz" >wdbc.csv
gzip -dc "$samples/iris.csv.gz" >iris.csv
for f in wdbc iris; do awk 'NR == 1 || (NR - 2) % 4 == 3' $f.csv >$f-test.csv; done
# config FILE DATA TASK LOSS METRICS
config() {
	cat >"$1" <<YAML
task: $3
data: {train: {path: $2.csv, label: label}, split: {modulo: 4, valid: 0.25, test: [3]}}
train: {epochs: 4}
loss: $4
metrics: $5
output: {dir: r, model: true}
YAML
}
config wdbc.yaml wdbc binary 'focal' '[accuracy, balanced_accuracy, log_loss, brier, auc]'
config iris.yaml iris multiclass 'corn' '[accuracy, rank_mae, log_loss]'

# kept CONFIG TEST-FILE NAME KEY=VALUE...: evaluate gives the training's test metrics to the last digit, predicted labels its accuracy, and
# probabilities its log-loss.
kept() {
	local sets=()
	for set in "${@:4}"; do sets+=(--set "evaluate.$set"); done
	lossbench train --config "$1" --quiet --set output.dir="$3" --set output.predictions=true "${sets[@]}"
	model=$(echo "$3"/trials/*.npz) record=$(echo "$3"/trials/*.json)
	assert_exit 0 lossbench evaluate --model "$model" --data "$2" --json
	assert_eq "$(json - .metrics <<<"$out")" "$(json "$record" .result.metrics.test)" "$3"
	assert_eq "$err" ''
	assert_eq "$(json - .decision.rule <<<"$out") $(json - .decision.threshold <<<"$out")" "$(json "$record" .result.decision.rule) $(json "$record" .result.decision.threshold)"
	assert_exit 0 lossbench predict --model "$model" --data "$2" --what labels,probabilities --out said.csv
	"$py" - "$record" <<'PY'
import csv, json, math, os, pathlib, sys
rows, metrics = list(csv.DictReader(open("said.csv"))), json.load(open(sys.argv[1]))["result"]["metrics"]["test"]
right = sum(r["label"] == r["prediction"] for r in rows) / len(rows)
assert abs(right - metrics["accuracy"]) < 1e-12, (right, metrics)
# What the scripts make of the kept scores by the record's decision, where it holds one: the metrics of the record.
sys.path.insert(0, os.environ["LB_ROOT"] + "/scripts")
import numpy as np, per_row_tests
record = json.load(open(sys.argv[1]))
kept = per_row_tests.read_rows(pathlib.Path(sys.argv[1][:-5] + ".predictions.csv"), tuple(record["data"]["classes"]), json.dumps(record["result"]["decision"]))
assert kept.plain == (record["result"]["decision"]["slope"] is None and len(record["data"]["classes"]) > 2), record["result"]["decision"]
if not kept.plain:
    assert abs(1 - kept.loss.mean() - metrics["accuracy"]) < 1e-12, (1 - kept.loss.mean(), metrics)
    with np.errstate(divide="ignore"):
        said = -np.log(per_row_tests.decisions.probabilities(kept.scores)[np.arange(len(kept.row)), kept.label]).mean()
    assert said == float(metrics["log_loss"]) or abs(said - metrics["log_loss"]) < 1e-6, (said, metrics)
loss, names = 0, [k for k in rows[0] if k.startswith("probability_")]
for r in rows:
    p = float(r[names[0]]) if len(names) == 1 else float(r["probability_" + r["label"]])
    p = p if len(names) > 1 or names[0] == "probability_" + r["label"] else 1 - p
    loss -= math.log(p) / len(rows) if p else math.nan  # isotonic says 0 of some
assert len(names) > 1 or math.isnan(loss) or abs(loss - metrics["log_loss"]) < 1e-9, (loss, metrics)
PY
}
kept wdbc.yaml wdbc-test.csv youden threshold=youden
[ "$(json "$record" .result.decision.threshold)" != 0 ] || fail 'a threshold of 0 shows nothing'
assert_exit 0 lossbench evaluate --model "$model" --data wdbc-test.csv
assert_contains "$out" 'decided as in the training: threshold youden (score '
kept wdbc.yaml wdbc-test.csv f1 threshold=f1 calibration=platt
kept wdbc.yaml wdbc-test.csv prevalence threshold=prevalence calibration=isotonic
isotonic=$model
kept wdbc.yaml wdbc-test.csv temperature calibration=temperature
kept iris.yaml iris-test.csv median threshold=median
for c in beta '{name: histogram, bins: 4}' spline; do kept wdbc.yaml wdbc-test.csv "binary ${c//[^a-z]/}" threshold=youden calibration="$c"; done
for c in temperature vector '{name: matrix, off_diagonal: 0.01}' dirichlet platt beta isotonic histogram; do
	kept iris.yaml iris-test.csv "classes ${c//[^a-z]/}" calibration="$c"
done


# Plain decisions leave a model without a word of this, and the bytes of the arrays that it had.
lossbench train --config wdbc.yaml --quiet --set output.dir=plain
arrays() { unzip -Z1 "$1" | sort | tr '\n' ' '; }
assert_lacks "$(arrays plain/trials/*.npz)" decision
assert_contains "$(arrays "$isotonic")" 'decision.npy decision_probabilities.npy decision_scores.npy'

# A model of an earlier version lacks the arrays: it decides plainly, and says so; changed arrays are refused.
without() { # ARRAY... : $isotonic without them, as old.npz
	"$py" - "$isotonic" "$@" <<'PY'
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as a, zipfile.ZipFile("old.npz", "w") as b:
    for name in a.namelist():
        if name[:-4] not in sys.argv[2:]:
            b.writestr(name, a.read(name))
PY
}
without decision decision_scores decision_probabilities
assert_exit 0 lossbench evaluate --model old.npz --data wdbc-test.csv --json
assert_contains "$err" 'which this model of an earlier version does not keep'
assert_lacks "$out" '"decision"'
assert_exit 0 lossbench predict --model old.npz --data wdbc-test.csv --what probabilities --out old.csv
assert_exit 0 lossbench predict --model plain/trials/*.npz --data wdbc-test.csv --what probabilities --out plain.csv
cmp -s old.csv plain.csv || fail 'a model of before predicts otherwise'
without decision
assert_exit 4 lossbench evaluate --model old.npz --data wdbc-test.csv
assert_contains "$err" 'it has knots and no decision'
without decision_scores
assert_exit 4 lossbench predict --model old.npz --data wdbc-test.csv
assert_contains "$err" 'decision_scores and decision_probabilities do not ascend side by side'

# The refit keeps the validation rows for the threshold, and its model has it.
config study.yaml wdbc binary 'logistic' '[balanced_accuracy]'
lossbench sweep study.yaml --quiet --set evaluate.threshold=youden --set optimizer.lr=0.01,0.1 --set output.dir=study
assert_exit 0 lossbench best study --refit --save-model best.npz --out best.json
assert_contains "$err" 'Without the validation rows, on which the threshold is fitted'
assert_eq "$(json best.json .evaluate.threshold) $(json best.json .data.split.train) $(json best.json .data.split.valid)" 'youden 0.812 0.188'
assert_contains "$out" 'best.npz: trained on 81.2 % of the rows of wdbc.csv'
assert_exit 0 lossbench evaluate --model best.npz --data wdbc-test.csv --json
assert_eq "$(json - .decision.rule <<<"$out")" youden
