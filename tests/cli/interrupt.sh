#!/usr/bin/env bash
# Ctrl-C and SIGTERM: code 130, a word on how to go on, nothing half written; the same command goes on.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

cat >c.yaml <<YAML
task: multiclass
data:
  train: {path: $LB_ROOT/datasets/samples/segment.csv.gz, label: label}
  split: {train: 0.6, valid: 0.2, test: 0.2, stratify: true}
model: {kind: mlp, hidden: [64]}
loss: {name: ce}
train: {epochs: 60, batch: 16}
output: {dir: r}
YAML
printf 'sweep:\n  train.seed: {from: 1, to: 24}\n' | cat c.yaml - >s.yaml
set -m # each job gets a process group of its own, and SIGINT is not ignored in it
records() { { find "$1/trials" -name '[0-9a-f]*.json' 2>/dev/null || true; } | wc -l; }
more_than() { [ "$(records "$1")" -gt "$2" ]; }
begun() { grep -q "$1" log; }
interrupted() { # SIGNAL PID: to the whole group, as a terminal does
	local status=0
	kill "-$1" -- "-$2"
	wait "$2" || status=$?
	assert_eq $status 130 "status after $1"
	[ -z "$(children "$2")" ] || fail 'workers are left'
}

assert_exit 0 lossbench sweep s.yaml --quiet --set output.dir=whole
for signal in INT TERM; do
	n=$(records r)
	lossbench sweep s.yaml --jobs 2 2>log &
	job=$!
	wait_until 20 more_than r "$n"
	interrupted $signal $job
	assert_contains "$(cat log)" 'interrupted; go on with: lossbench sweep --config s.yaml'
	assert_contains "$(cat log)" 'the rest not run'
	broken_off=$({ grep -l '"status": "interrupted"' r/trials/*.json || true; } | wc -l) # none, when it was stopped between two
	if [ "$broken_off" -gt 0 ]; then assert_contains "$(cat log)" ", $broken_off interrupted, the rest"; fi
	tidy r
	states=$(lossbench sweep s.yaml --list | cut -f2 | sort | uniq -c)
	assert_lacks "$states" failed
	[ "$(records r)" -gt "$n" ] && assert_contains "$states" 'to do'
done
assert_exit 0 lossbench sweep s.yaml
assert_contains "$err" ' 0 failed'
assert_same_results whole r
assert_eq "$(lossbench sweep s.yaml --list | cut -f2 | sort -u)" ok

lossbench train c.yaml --set output.dir=t --set train.epochs=100000 2>log &
job=$!
wait_until 20 begun '^epoch 3/'
interrupted INT $job
assert_eq "$(records t)" 1
assert_eq "$(json t/trials/*.json .result.status)" interrupted
tidy t
: >log # which the job may empty only after the first look at it
lossbench train c.yaml --set output.dir=t --set train.epochs=100000 2>log &
job=$!
wait_until 20 begun '^epoch 3/'
interrupted TERM $job
assert_lacks "$(cat log)" 'done already'
