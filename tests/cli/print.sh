#!/usr/bin/env bash
# train --print: one number on one line, for scripts; train --quiet: nothing but what was asked for.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
cat >c.yaml <<YAML
task: multiclass
data: {train: {path: $LB_ROOT/datasets/samples/iris.csv.gz, label: label}}
loss: ce
train: {epochs: 2}
metrics: [accuracy, {name: top_k, k: 2}]
output: {dir: out}
YAML

assert_exit 0 lossbench train c.yaml --quiet
assert_eq "$out$err" '' 'output of train --quiet'
record=$(echo out/trials/*.json)
accuracy=$(json "$record" .result.metrics.test.accuracy)
top=$(json "$record" '.result.metrics.valid.top_k(k=2)')

# Of a trial that is done and of one that is trained; the same number to the last digit as in the record.
assert_exit 0 lossbench train c.yaml --quiet --print test.accuracy
assert_eq "$out" "$accuracy"
assert_eq "$err" ''
assert_exit 0 lossbench train c.yaml --force -q -p test.accuracy -p valid.top_k -p 'valid.top_k(k=2)'
assert_eq "$out" "$accuracy"$'\n'"$top"$'\n'"$top"
# A metric without its split is that of the test rows, or of the validation rows where there are no others.
assert_eq "$(lossbench train c.yaml -q -p accuracy -p valid.top_k)" "$accuracy"$'\n'"$top"
assert_exit 0 lossbench train c.yaml -q -p 'top_k(k=2)' --set 'data.split={valid: 0.2, test: 0}' --set output.dir=two
assert_eq "$out" "$(json two/trials/*.json '.result.metrics.valid.top_k(k=2)')"
assert_exit 0 lossbench train c.yaml --print test.accuracy
assert_eq "$out" "$accuracy" 'without --quiet only standard error says more'
assert_contains "$err" 'is done already'

# What is no metric of this trial: told before anything is trained.
refused() { # NAME TEXT [ARGUMENT...]
	assert_exit 2 lossbench train c.yaml --set output.dir=refused "${@:3}" --print "$1"
	assert_eq "$out" ''
	assert_contains "$err" "--print: found \"$1\", allowed: train.accuracy, train.top_k, "
	assert_contains "$err" "$2"
	[ ! -e refused ] || fail 'something was trained'
}
refused test.acuracy 'did you mean "test.accuracy"?'
refused acuracy 'did you mean "accuracy"?'
refused test.accuracy 'allowed: train.accuracy, train.top_k, valid.accuracy, valid.top_k' --set 'data.split={valid: 0.2, test: 0}'
refused loss.gamma ''
assert_exit 2 lossbench train c.yaml --json --print test.accuracy
assert_contains "$err" 'keep one'
assert_exit 2 lossbench train c.yaml -q -p test.accuracy -p 'test.top_k(k=3)'
assert_eq "$out" '' 'no number without the others'
assert_contains "$err" 'did you mean "test.top_k(k=2)"?'

# A training that diverged has no number.
assert_exit 0 lossbench train c.yaml --print test.accuracy --set optimizer.lr=1e6 --set model=mlp --set loss=ce --set train.epochs=9 \
	--set data.preprocess.standardize=false --set data.preprocess.divide=1e-6
assert_eq "$out" nan
assert_contains "$err" 'the training diverged, so there is no number to print'
