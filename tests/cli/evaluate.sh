#!/usr/bin/env bash
# evaluate.threshold, evaluate.calibration, train.sampler and the optimisers with a direction of their own, from the command line.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

cat >a.yaml <<YAML
task: binary
data:
  train: {path: $LB_ROOT/datasets/samples/german_credit.csv.gz, label: label}
corrupt: {imbalance: {kind: step, ratio: 5}}
loss: hinge
train: {epochs: 6, batch: 40}
metrics: [log_loss, balanced_accuracy, precision, recall, auc]
YAML

run() { # run NAME SETS...: trains into a folder of its own; the record is in $record
	local dir=$1 sets=()
	shift
	for s; do sets+=(--set "$s"); done
	assert_exit 0 lossbench train --config a.yaml --set output.dir="$dir" "${sets[@]}"
	record=$(echo "$dir"/trials/*.json)
}
metric() { json "$record" ".result.metrics.$1"; }
below() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a + 0 < b + 0) }' || fail "$3: $1 is not below $2"; }

run plain
plain_id=${record##*/} plain_loss=$(metric test.log_loss) plain_valid=$(metric valid.log_loss) plain_balanced=$(metric valid.balanced_accuracy) plain_auc=$(metric test.auc)
assert_lacks "$(cat "$record")" '"decision"'

# The neutral values are what was always so: the same id.
run neutral evaluate.threshold=fixed evaluate.calibration=none train.sampler=shuffle
assert_eq "${record##*/}" "$plain_id" id

# A calibration fitted on the validation rows lowers their log-loss and keeps their order; Youden's threshold their balanced accuracy.
for kind in temperature platt isotonic beta '{name: histogram, edges: mass}' '{name: spline, knots: 4}'; do
	name=${kind#*name: } name=${name%%,*}
	run "$name" evaluate.calibration="$kind"
	[ "${record##*/}" != "$plain_id" ] || fail "$kind: the same id"
	assert_eq "$(json "$record" .result.decision.calibration)" "$name"
	below "$(metric valid.log_loss)" "$plain_valid" "log-loss of the validation rows, $kind"
	[[ $name == [ihs]* ]] || assert_eq "$(metric test.auc)" "$plain_auc" auc
done
run youden evaluate.threshold=youden
below "$plain_balanced" "$(metric valid.balanced_accuracy)" 'balanced accuracy of the validation rows'
assert_eq "$(metric test.log_loss)" "$plain_loss" log-loss
assert_eq "$(json "$record" .result.decision.rule)" youden
[ "$(json "$record" .result.decision.threshold)" != 0 ] || fail 'threshold 0'
/usr/bin/python3 -c 'import jsonschema' 2>/dev/null &&
	/usr/bin/python3 "$LB_ROOT/tests/scripts/validate_records.py" ./*/trials/*.json >/dev/null

# Metrics with a threshold of their own say that they do not follow it, unless they were given one.
assert_exit 0 lossbench train --config a.yaml --set output.dir=own --set evaluate.threshold=youden --set 'metrics=[recall, {name: precision, threshold: 0.3}, fbeta]'
assert_contains "$err" 'recall, fbeta decide at a threshold of their own, a probability of 0.5, whatever evaluate.threshold is'
assert_exit 0 lossbench train --config a.yaml --set output.dir=own --set 'metrics=[recall]'
assert_lacks "$err" 'of its own'

# Samplers: a balanced one finds more of the rare class; each is the same with two workers, and in company.
run balanced train.sampler=balanced
balanced=$(json "$record" .result)
below "$(json plain/trials/"$plain_id" .result.metrics.test.recall)" "$(metric test.recall)" recall
assert_exit 0 lossbench sweep --config a.yaml --set output.dir=company --set loss.name=logistic,hinge,squared_hinge \
	--set train.sampler=balanced,stratified --set corrupt.labels.kind=uniform --set corrupt.labels.rate=0,0.2 --jobs 2 --quiet
assert_eq "$(find company -name '*.json' | wc -l)" 12 trials
assert_exit 0 lossbench train --config a.yaml --set output.dir=alone --set train.sampler=stratified --set corrupt.labels.kind=uniform \
	--set corrupt.labels.rate=0.2
record=$(echo alone/trials/*.json)
assert_eq "$(json company/trials/"${record##*/}" .result)" "$(json "$record" .result)" 'result in company'
assert_contains "$balanced" '"ok"'

# Optimisers whose step is not the gradient's length.
run normalized optimizer.name=normalized_gd loss=logistic
below 0.65 "$(metric test.auc)" 'auc of normalized_gd'
run perceptron optimizer.name=batch_perceptron optimizer.normalize=true
below 0.65 "$(metric test.auc)" 'auc of batch_perceptron'

refused() { # refused SETS... -- WORDS...
	local sets=()
	while [ "$1" != -- ]; do sets+=(--set "$1"); shift; done
	shift
	assert_exit 3 lossbench train --config a.yaml --set output.dir=refused "${sets[@]}"
	local part
	for part; do assert_contains "$err" "$part"; done
}
refused evaluate.threshold=roc -- 'evaluate.threshold: found "roc"' 'allowed: fixed, youden, f1, prevalence'
refused evaluate.threshold=f1 data.split.train=0.8 data.split.valid=0 data.split.test=0.2 -- 'no validation rows' 'data.split.valid'
refused evaluate.calibration=beta data.split.train=0.8 data.split.valid=0 data.split.test=0.2 -- 'evaluate.calibration: found beta' 'no validation rows'
refused evaluate.calibration=vector -- 'evaluate.calibration.name: vector is a multiclass calibration; the task is binary'
refused evaluate.calibration=plat -- 'evaluate.calibration.name: unknown calibration "plat"' 'did you mean "platt"?'
refused 'evaluate.calibration={name: histogram, bins: 0}' -- 'evaluate.calibration.bins: found 0'
refused 'evaluate.calibration={name: beta, bins: 5}' -- 'evaluate.calibration.bins: a parameter of histogram, not of beta'
refused task=multiclass loss=ce "metrics=[accuracy]" evaluate.threshold=f1 -- 'evaluate.threshold: found f1 with task multiclass, allowed: fixed'
refused optimizer=lbfgs train.sampler=balanced -- 'train.sampler: found balanced' 'reads all rows at once'
refused train.shuffle=false train.sampler=stratified -- 'train.sampler: found stratified with train.shuffle false'
