#!/usr/bin/env bash
# Losses that compare rows by their inputs: cs_conditional lets go of outliers, cs_qmi as a term takes inputs out of hidden features, both
# of dense and of sparse rows; what they cannot do is said.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
py=${PYTHON:-python3}

# t = a + 2 b with noise, and a fifth of the training rows 30 too high; the test rows are without noise.
"$py" - <<'PY'
import random
rng = random.Random(4)
def rows(n, spoilt):
    for i in range(n):
        a, b = rng.uniform(-1, 1), rng.uniform(-1, 1)
        yield a, b, a + 2 * b + (rng.gauss(0, 0.1) + 30 * (i % 5 == 0) if spoilt else 0)
for name, n, spoilt in (("train", 300, True), ("test", 100, False)):
    table = list(rows(n, spoilt))
    open(name + ".csv", "w").write("a,b,t\n" + "".join("%.5f,%.5f,%.5f\n" % r for r in table))
    open(name + ".svm", "w").write("".join("%.5f 1:%.5f 2:%.5f\n" % (r[2], r[0], r[1]) for r in table))
PY
cat >c.yaml <<YAML
task: regression
data: {train: {path: train.csv, label: t}, test: {path: test.csv}, split: {train: 1, valid: 0}}
model: {kind: mlp, hidden: [8], init: torch}
loss: cs_conditional
optimizer: {name: adam, lr: 0.02}
train: {epochs: 150, batch: 100, seed: 3}
metrics: [rmse]
YAML
error() { # NAME OPTION...: the error on the test rows
	assert_exit 0 lossbench train c.yaml --quiet --set "output.dir=$1" "${@:2}"
	json "$(echo "$1"/trials/*.json)" .result.metrics.test.rmse
}
conditional=$(error cs) squared=$(error mse --set loss=mse)
assert_between "$conditional" 0 0.4 'cs_conditional'
assert_between "$squared" 4 9 'mse'
assert_between "$(error linear --set model=linear)" 0 0.4 'cs_conditional of a linear model'
sed '/^data/s/train.csv, label: t/train.svm/; /^data/s/test.csv/test.svm/; /^data/s/}$/, preprocess: {standardize: false}}/' c.yaml >s.yaml
assert_exit 0 lossbench train s.yaml --quiet --set output.dir=svm
assert_between "$(json "$(echo svm/trials/*.json)" .result.metrics.test.rmse)" 0 0.4 'cs_conditional of sparse rows'

# The term changes what the hidden layer holds; with weight 0 it is left out, and of a linear model it is a constant.
[ "$(error term --set 'terms=[{name: cs_qmi, weight: 3}]')" != "$conditional" ] || fail 'the term changes nothing'
assert_eq "$(error none --set 'terms=[{name: cs_qmi, weight: 0}]')" "$conditional" 'weight 0'
assert_eq "$(error constant --set model=linear --set 'terms=[{name: cs_qmi, weight: 3}]')" "$(json "$(echo linear/trials/*.json)" .result.metrics.test.rmse)" 'linear'

# The value for rows by hand, and the names of the inputs.
out=$(echo '{"predictions": [3], "targets": [1], "inputs": [[5, 6]]}' | lossbench losses eval cs_conditional --param sigma=2 --input -)
assert_contains "$out" '"value": 1,'
assert_exit 4 lossbench losses eval cs_conditional --input - <<<'{"predictions": [3], "targets": [1]}'
assert_contains "$err" 'inputs'
assert_exit 4 lossbench losses eval cs_conditional --input - <<<'{"predictions": [3], "targets": [1], "inputs": [[1], [2]]}'
assert_contains "$err" 'inputs: found 2 rows, predictions have 1'
assert_exit 3 lossbench train c.yaml --set train.batch=9000
assert_contains "$err" 'train.batch: found cs_conditional with 9000 rows at once, all pairs of which it compares; allowed: at most 8192'
