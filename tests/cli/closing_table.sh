#!/usr/bin/env bash
# The table that ends a sweep is of the sweep's own trials: not of records of other data, other settings or other studies in the folder.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
rows() { awk -v seed="$1" 'BEGIN { srand(seed); print "a,b,label"; for (i = 0; i < 40; i++) printf "%.3f,%.3f,%d\n", rand() + i % 2, rand(), i % 2 }'; }
cat >c.yaml <<END
name: small
task: binary
data: {train: {path: data.csv, label: label}}
train: {epochs: 2, batch: 16}
metrics: [accuracy]
output: {dir: out}
sweep: {loss: [logistic, hinge], train.seed: [1, 2, 3]}
END

rows 1 >data.csv
assert_exit 0 lossbench sweep --config c.yaml
first=$out
assert_contains "$first" 'small: 6 trials'
rows 2 >data.csv
assert_exit 0 lossbench sweep --config c.yaml
assert_contains "$out" 'small: 6 trials'
[ "$out" != "$first" ] || fail 'other data have the same table'
assert_contains "$(lossbench status out)" 'others            6  records of other plans'

# In any order, and whatever else is there.
rows 1 >data.csv
assert_exit 0 lossbench sweep --config c.yaml
assert_eq "$out" "$first"
assert_exit 0 lossbench sweep --config c.yaml --set name=wide --set train.epochs=1 --set loss=logistic
assert_contains "$out" 'wide: 3 trials'
assert_exit 0 lossbench sweep --config c.yaml
assert_eq "$out" "$first"
tidy out

# Of a tuned study: the trials with the chosen settings.
tune='tune={trials: 2, folds: 2, metric: valid.accuracy}'
assert_exit 0 lossbench sweep --config c.yaml --set "$tune"
assert_contains "$out" 'small: 6 trials'
assert_lacks "$out" 'cv'
rm out/tuning.json
tidy out

# Where nobody can make a table, there is none, and nothing else changes.
LOSSBENCH_PYTHON=/nonexistent assert_exit 0 lossbench sweep --config c.yaml
assert_eq "$out" ''
