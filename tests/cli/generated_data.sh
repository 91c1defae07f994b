#!/usr/bin/env bash
# data.generator: drawn data are told by the generator, its parameters and its seed, which stand for a file in the trial's id.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

cat >g.yaml <<'YAML'
task: multiclass
data: {generator: {name: gaussian_mixture, rows: 4000, features: 2, classes: 2, separation: 2, seed: 7}, preprocess: {standardize: false}}
loss: ce
optimizer: {name: lbfgs, weight_decay: 1.0e-6}
metrics: [accuracy]
output: {dir: g}
YAML

# run FOLDER [OPTION...]: its record.
run() {
	assert_exit 0 lossbench train --config g.yaml --quiet --set "output.dir=$1" "${@:2}"
	find "$1/trials" -name '*.json'
}
first=$(run g) again=$(run again) seed=$(run seed --set data.generator.seed=8) far=$(run far --set data.generator.separation=8)
assert_eq "$(basename "$again")" "$(basename "$first")" 'id of the same data'
assert_same_results g again
for other in "$seed" "$far"; do
	[ "$(basename "$other")" != "$(basename "$first")" ] || fail "other data have the same id: $other"
done
[ "$(json "$seed" .result.objective)" != "$(json "$first" .result.objective)" ] || fail 'another seed drew the same rows'
assert_eq "$(json "$first" .data.rows.all)" 4000 rows
assert_eq "$(json "$first" .data.features)" 2 features
assert_eq "$(json "$first" '.data.sources[0].format')" gaussian_mixture 'where the rows are from'

# The best rule between two spherical normals at distance d is right with Phi(d / 2): the centres are 2 and 8 apart (see the generator's notes).
assert_between "$(json "$first" .result.metrics.train.accuracy)" 0.81 0.87 'accuracy at distance 2'
assert_between "$(json "$far" .result.metrics.train.accuracy)" 0.9995 1 'accuracy at distance 8'

# A generator draws for its tasks only.
assert_exit 3 lossbench train --config g.yaml --set data.generator.name=linear_regression
assert_contains "$err" 'linear_regression is a regression generator; the task is multiclass'
