#!/usr/bin/env bash
# A sweep that is killed loses and repeats nothing; two sweeps share a folder; a crash of a worker costs one trial.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

cat >c.yaml <<YAML
task: multiclass
data:
  train: {path: $LB_ROOT/datasets/samples/segment.csv.gz, label: label}
  drop: [region_pixel_count]
  split: {train: 0.6, valid: 0.2, test: 0.2, stratify: true}
model: {kind: mlp, hidden: [64]}
loss: {name: ce}
train: {epochs: 300, batch: 16}
sweep:
  loss: [{name: ce}, {name: gce}, {name: elr}, {name: cs}]
  train.seed: {from: 1, to: 10}
output: {dir: killed}
YAML
sweep() { lossbench sweep c.yaml --jobs 2 --set "output.dir=$1" "${@:2}"; }
records() { { find "$1/trials" -name '[0-9a-f]*.json' 2>/dev/null || true; } | wc -l; }
more_than() { [ "$(records "$1")" -gt "$2" ]; }
gone() { ! grep -qs "^State:.[^ZX]" "${@/%//status}"; }
stamps() { find "$1/trials" -name '[0-9a-f]*.json' -printf '%f %T@ %i\n' | sort; }

sweep whole --quiet
assert_eq "$(records whole)" 40 'records'

# Three times: the parent alone; parent and workers at once; the workers first.
for round in 1 2 3; do
	before=$(stamps killed 2>/dev/null || true) n=$(records killed)
	lossbench sweep c.yaml --jobs 2 --quiet &
	parent=$!
	wait_until 60 more_than killed $((n + 4 + round))
	mapfile -t workers < <(children $parent)
	case $round in
	1) kill -9 $parent ;;
	2) kill -9 $parent "${workers[@]}" 2>/dev/null || true ;;
	3) kill -9 "${workers[@]}" $parent 2>/dev/null || true ;;
	esac
	status=0
	wait $parent 2>/dev/null || status=$?
	assert_eq $status 137 'status of the killed sweep'
	wait_until 5 gone "${workers[@]/#//proc/}"
	[ "$(records killed)" -lt 40 ] || fail 'all was done before the kill'
	assert_eq "$(comm -23 <(echo "$before") <(stamps killed))" '' 'records written again'
done

# What a kill in the middle of writing leaves, a finished record that is cut short among it.
undone=$(lossbench sweep c.yaml --list | awk '$2 == "to" { print $1 }')
echo '{"schema": "lossb' >"killed/trials/.$(head -n 1 <<<"$undone").json.tmp-99999-0123456789abcdef"
echo '{"schema": "lossb' >"killed/trials/$(tail -n 1 <<<"$undone").json"
finished=$(stamps killed | grep -v "$(tail -n 1 <<<"$undone")")
assert_exit 0 lossbench sweep c.yaml --jobs 2
assert_contains "$err" "40 trials: $(wc -l <<<"$finished") done, $(wc -l <<<"$undone") to do"
assert_contains "$err" 'it is trained anew'
assert_eq "$(comm -23 <(echo "$finished") <(stamps killed))" '' 'records written again at the end'
assert_same_results whole killed
tidy killed
all=$(stamps killed)
assert_exit 0 lossbench sweep c.yaml
assert_eq "$(stamps killed)" "$all" 'records after a sweep with nothing to do'

# Two sweeps on one folder. A link to each record as it first appears keeps its inode from being used again.
sweep shared --quiet &
one=$!
sweep shared --quiet &
two=$!
mkdir links
while ! gone /proc/$one /proc/$two; do
	ln shared/trials/[0-9a-f]*.json links/ 2>/dev/null || true
	sleep 0.02
done
wait $one || fail "the first of two sweeps ended with $?"
wait $two || fail "the second of two sweeps ended with $?"
assert_same_results whole shared
tidy shared
assert_between "$(find links -name '*.json' | wc -l)" 20 40 'records seen while the two ran'
for f in links/*.json; do
	assert_eq "$(stat -c %i "$f")" "$(stat -c %i "shared/trials/${f#links/}")" "$f was written twice: inode"
done

# A worker that dies is one failed trial; the next sweep runs it again, and only it.
long=(lossbench sweep c.yaml --jobs 2 --set output.dir=crash --set train.epochs=1500)
ids=$("${long[@]}" --list | head -n 4 | cut -f1 | paste -sd,)
"${long[@]}" --only "$ids" 2>log &
parent=$!
two_children() { [ "$(children $parent | wc -l)" -ge 2 ]; } # workers; one alone may be the check of the BLAS
wait_until 20 two_children
kill -KILL "$(children $parent | head -n 1)"
status=0
wait $parent || status=$?
assert_eq $status 1 'status of a sweep with a failed trial'
assert_contains "$(cat log)" 'failed: the worker was ended by signal 9'
assert_contains "$(cat log)" '3 ok, 0 diverged, 1 failed'
bad=$(grep -l '"status": "failed"' crash/trials/*.json)
assert_contains "$(json "$bad" .result.message)" 'signal 9'
good=$(stamps crash | grep -v "$(basename "$bad")")
assert_exit 0 "${long[@]}" --only "$ids"
assert_contains "$err" '4 trials: 3 done, 1 to do'
assert_eq "$(json "$bad" .result.status)" ok
assert_eq "$(stamps crash | grep -v "$(basename "$bad")")" "$good" 'the other records'
