#!/usr/bin/env bash
# optimizer lbfgs and model naive_bayes from the command line: known optima, what the record says, and what is refused.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
samples=$LB_ROOT/datasets/samples

config() { # config NAME LABELLED-DATA SPLIT LINES...
	printf '%s\n' 'task: multiclass' 'data:' "  train: {path: $samples/$2.csv.gz, label: label}" "  split: $3" "${@:4}" >"$1.yaml"
}
config letter letter '{first: 16000}' 'model: {kind: linear, init: zero}' 'loss: {name: ce}' \
	'optimizer: {name: lbfgs, weight_decay: 0.001}' 'metrics: [accuracy, log_loss]'
config iris iris '{modulo: 5, test: [4]}' 'loss: {name: ce}' 'optimizer: {name: lbfgs, weight_decay: 0.001}' 'metrics: [accuracy]'

# Letter: J 1.09409397, test log-loss 0.964297, 964 test errors of 4000, by two other solvers. float32 rounds the scores, not J.
assert_exit 0 lossbench train --config letter.yaml
record=$(echo results/letter/trials/*.json)
assert_between "$(json "$record" .result.objective)" 1.09409396 1.09409398 objective
assert_between "$(json "$record" .result.gradient)" 0 1e-8 gradient
assert_between "$(json "$record" .result.metrics.test.log_loss)" 0.964295 0.964299 log-loss
assert_eq "$(json "$record" .result.metrics.test.accuracy)" 0.759
assert_eq "$(json "$record" .result.epochs)" 0
assert_between "$(json "$record" .result.steps)" 20 1000 iterations
assert_eq "$(json "$record" .result.curves.epoch)" '[]'

# With more rows at a time than fit a chunk, with minibatch settings that mean nothing, and in a sweep: the same result.
assert_exit 0 lossbench sweep --config iris.yaml --set 'train.epochs=3,9' --set 'train.batch=1,7' --jobs 2 --quiet
assert_eq "$(for f in results/iris/trials/*.json; do json "$f" .result.objective; done | sort -u | wc -l)" 1 'objectives'
assert_between "$(json "$(find results/iris -name '*.json' | head -n 1)" .result.objective)" 0.10415347 0.10415348
tidy results/iris

refused() { # refused SETS... -- WORDS...
	local words=()
	while [ "$1" != -- ]; do words+=(--set "$1"); shift; done
	shift
	assert_exit 3 lossbench train --config iris.yaml "${words[@]}" --set output.dir=refused
	local part
	for part; do assert_contains "$err" "$part"; done
	[ ! -e refused ] || [ -z "$(find refused -name '*.json')" ] || fail "left a record"
}
refused train.clip_norm=1 -- 'train.clip_norm: found 1 with optimizer lbfgs' 'allowed: 0'
refused schedule.name=cosine -- 'schedule: found cosine with optimizer lbfgs' 'remove the schedule'
refused schedule.warmup=0.1 -- 'schedule: found constant with warmup'
refused model.kind=mlp model.dropout=0.2 -- 'model.dropout: found 0.2 with optimizer lbfgs' 'allowed: 0'
refused loss.name=elr -- 'loss: found elr with optimizer lbfgs' 'sgd, adam or adamw'
refused loss.name=aldr_kl -- 'loss: found aldr_kl with optimizer lbfgs'
refused optimizer.lr=0.1 -- 'optimizer.lr' 'weight_decay, decay_bias, tolerance, max_iterations, memory, objective_tolerance'
config stop iris '{train: 0.6, valid: 0.2, test: 0.2}' 'loss: {name: ce}' 'optimizer: {name: lbfgs}' \
	'train: {early_stopping: {metric: valid.accuracy}}' 'metrics: [accuracy]'
assert_exit 3 lossbench train --config stop.yaml
assert_contains "$err" 'train.early_stopping: found with lbfgs, which has no epochs; remove early_stopping'
assert_exit 3 lossbench train --config stop.yaml --set optimizer.name=sgd --set model.kind=naive_bayes
assert_contains "$err" 'found with model naive_bayes, which has no epochs'

# A loss with kinks has its objective long before its gradient is small: it may end by the fall of the objective, in float64 from the
# start and on the way through float32 (a million cells).
printf 'task: regression\ndata: {train: {path: %s/abalone.csv.gz, label: target}}\nloss: {name: eps_insensitive}\nmodel: {kind: linear, init: zero}\noptimizer: {name: lbfgs, weight_decay: 0.001}\n' \
	"$samples" >kinks.yaml
python3 - >wide.csv <<'PY'
import math
print(",".join("x%d" % j for j in range(20)) + ",y")
for i in range(60000):
    x = [math.sin(i * (j + 1) * 0.37) for j in range(20)]
    print(",".join("%.4f" % v for v in x) + ",%.4f" % (3 + sum(x[::3]) - x[1] + 0.2 * math.sin(i * i)))
PY
for data in abalone wide; do
	sets=()
	[ "$data" = abalone ] || sets=(--set data.train.path=wide.csv --set data.train.label=y)
	assert_exit 0 lossbench train kinks.yaml "${sets[@]}" --set optimizer.tolerance=1e-11 --set output.dir="$data-whole" --quiet
	assert_exit 0 lossbench train kinks.yaml "${sets[@]}" --set optimizer.tolerance=1e-11 --set optimizer.objective_tolerance=1e-6 --set output.dir="$data-part" --quiet
	whole=$(echo "$data"-whole/trials/*.json) part=$(echo "$data"-part/trials/*.json)
	least=$(json "$whole" .result.objective)
	assert_between "$(json "$part" .result.objective)" "$least" "$(jq -n "$least * 1.00002")" "objective of $data"
	assert_between "$(json "$part" .result.steps)" 10 "$(jq -n "$(json "$whole" .result.steps) / 2 | floor")" "iterations of $data"
done

# Naive Bayes: closed form, whatever the loss and optimiser.
assert_exit 0 lossbench sweep --config iris.yaml --set model.kind=naive_bayes --set 'loss.name=ce,mae' --set output.dir=nb --quiet
assert_eq "$(for f in nb/trials/*.json; do json "$f" .result; done | sort -u | wc -l)" 1 'results of naive Bayes'
record=$(find nb -name '*.json' | head -n 1)
assert_eq "$(json "$record" .result.epochs)$(json "$record" .result.steps)" 00
assert_eq "$(json "$record" .result.objective)$(json "$record" .result.gradient)" nullnull
assert_between "$(json "$record" .result.metrics.test.accuracy)" 0.9 1
assert_exit 0 lossbench train --config iris.yaml --set model.kind=lda --print test.accuracy --quiet
assert_between "$out" 0.9 1
assert_exit 3 lossbench train --config iris.yaml --set 'model={kind: lda, covariance: own}'
assert_contains "$err" 'model.covariance: found "own", allowed: ledoit_wolf, shrunk, empirical'
printf 'task: regression\ndata:\n  train: {path: %s/abalone.csv.gz, label: target}\nloss: {name: mse}\nmodel: {kind: naive_bayes}\n' \
	"$samples" >regression.yaml
assert_exit 3 lossbench train --config regression.yaml
assert_contains "$err" 'naive_bayes is a multiclass model; the task is regression'
assert_exit 3 lossbench train --config regression.yaml --set model.kind=random_features --set loss.name=gaussian_nll
assert_contains "$err" 'found gaussian_nll, by which metrics read the model'\''s output, with model random_features'
assert_exit 3 lossbench train --config regression.yaml --set model.kind=random_features --set data.offset=length
assert_contains "$err" 'data.offset: found with model random_features'
assert_exit 3 lossbench train --config regression.yaml --set 'model={kind: random_features, activation: rely}'
assert_contains "$err" 'model.activation: found "rely", allowed: cos, relu, tanh, gelu, identity; did you mean "relu"?'
assert_exit 0 lossbench train --config regression.yaml --set 'model={kind: random_features, ridge: 0.1}' --set metrics=[r2] --print test.r2 --quiet
assert_between "$out" 0.5 0.7
{ echo label,x; printf 'a,%s\nb,2\n' 1 2 3 4 5 6 7 8; echo c,1; } >two.csv
printf 'task: multiclass\ndata: {train: {path: two.csv, label: label}, split: {first: 10}}\nloss: {name: ce}\nmodel: {kind: naive_bayes}\n' >two.yaml
assert_exit 4 lossbench train --config two.yaml
assert_contains "$err" 'no training row of class "c"'
assert_exit 4 lossbench train --config two.yaml --set 'model={kind: lda, covariance: empirical}' --set data.split.first=9
assert_contains "$err" 'no training row of class "c"'

needs_python jsonschema
"${PYTHON:-python3}" "$LB_ROOT/tests/scripts/validate_records.py" results/*/trials/*.json nb/trials/*.json || fail 'not the schema of records'

# Free features without biases: the squared lengths of the classes' weights are sqrt(n lh/lw) - N lh (Dang et al., ICML 2023).
assert_exit 0 lossbench sweep --config "$LB_ROOT/configs/free_features/lengths.yaml" --set train.seed=1,2 --set output.dir=free --quiet
needs_python numpy
"${PYTHON:-python3}" - <<'PY'
import glob
import numpy as np
found = [np.load(f) for f in glob.glob("free/trials/*.model.npz")]
assert len(found) == 2
for m in found:
    lengths = (m["W2"] ** 2).sum(1)
    assert np.abs(lengths - [np.sqrt(n / 5) - 0.075 for n in (40, 20, 10, 5)]).max() < 1e-6, lengths
    assert not m["b1"].any() and not m["b2"].any()
PY
