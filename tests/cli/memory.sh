#!/usr/bin/env bash
# Memory that runs out in a sweep: the trial that needs too much fails with a message, the others are kept, and where there is more the
# same command completes. A worker that the kernel ends with several trials at once costs none of them: each is run again, alone.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

export OPENBLAS_NUM_THREADS=1
cat >c.yaml <<YAML
task: multiclass
data: {train: {path: $LB_ROOT/datasets/samples/iris.csv.gz, label: label}}
loss: ce
model: {kind: mlp, hidden: [8]}
train: {epochs: 1, batch: 90}
sweep: {model.hidden: [[8], [9], [60000], [10]]}
output: {dir: small}
YAML
assert_exit 0 lossbench sweep c.yaml --quiet --set output.dir=whole
if sanitized; then
	echo 'without the limit of addresses, which the sanitizers need themselves'
else
	limited() { (ulimit -v 300000 && exec timeout 60 lossbench sweep c.yaml --jobs 1 "$@"); }
	assert_exit 1 limited
	assert_contains "$err" 'failed: out of memory'
	assert_contains "$err" '3 ok, 0 diverged, 1 failed'
	bad=$(grep -l '"status": "failed"' small/trials/*.json)
	assert_eq "$(json "$bad" '.config.model.hidden[0]')" 60000 'width of the trial that failed'
	assert_contains "$(json "$bad" .result.message)" 'out of memory'
	assert_exit 1 limited --quiet
	assert_eq "$(grep -c '^lossbench: some trials failed' <<<"$err")" 1 'message of a quiet sweep with a failed trial'
	assert_exit 0 lossbench sweep c.yaml --jobs 1
	assert_contains "$err" '4 trials: 3 done, 1 to do'
	assert_same_results whole small
	tidy small
fi

# Twelve trials on one worker: it trains six at once.
cat >k.yaml <<YAML
task: multiclass
data: {train: {path: $LB_ROOT/datasets/samples/segment.csv.gz, label: label}, drop: [region_pixel_count]}
loss: ce
model: {kind: mlp, hidden: [64]}
optimizer: {name: sgd, lr: 0.1}
train: {epochs: 40, batch: 16}
sweep: {optimizer.lr: {from: 0.01, to: 0.1, steps: 12}}
YAML
assert_exit 0 lossbench sweep k.yaml --quiet --jobs 2 --set output.dir=calm
lossbench sweep k.yaml --jobs 1 --set output.dir=killed 2>log &
parent=$!
# The lock is made by the first worker that claims a trial; before there may be other children, as that which tries the products.
at_work() { [ -e killed/trials/.lock ] && worker=$(children $parent | head -n 1) && [ -n "$worker" ]; }
wait_until 60 at_work
kill -KILL "$worker"
status=0
wait $parent || status=$?
assert_eq $status 0 'status of a sweep whose first worker was killed'
assert_contains "$(cat log)" 'a worker was ended by signal 9 (Killed); its 6 trials are run again, each alone'
assert_contains "$(cat log)" '12 ok, 0 diverged, 0 failed'
assert_same_results calm killed
tidy killed
