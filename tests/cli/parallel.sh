#!/usr/bin/env bash
# scripts/sweep-parallel.sh when something goes wrong: killed with all its trainings, it goes on with what is left; a training that fails is
# counted and tried again; a tuned study takes two calls. With LB_FULL=1; what it does on a good day is in cli/shell_sweeps.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
((${LB_FULL:-0})) || skip 'killed with LB_FULL=1 only (make check-full); cli/shell_sweeps runs it undisturbed'
needs parallel
sweep() { "$LB_ROOT/scripts/sweep-parallel.sh" "$@"; }
undone() { lossbench sweep "$1" --list | awk -F '\t' '$2 != "ok"' | wc -l; }

iris_config c.yaml r
sed -i 's/epochs: 3/epochs: 5000/; s/train.seed: .*/train.seed: [1, 2, 3, 4, 5, 6]/' c.yaml
lossbench sweep c.yaml --quiet --set output.dir=whole
records() { find r/trials -name '[0-9a-f]*.json' 2>/dev/null | wc -l; }
more_than() { [ "$(records)" -gt "$1" ]; }
set -m # a process group of its own, which is killed as a whole
for after in 1 4; do
	sweep c.yaml -j 2 &
	job=$!
	wait_until 60 more_than "$after"
	kill -9 -- "-$job"
	wait "$job" || true
	assert_between "$(undone c.yaml)" 1 10 'trials that are left'
done
set +m
stamps=$(stat -c '%Y %n' r/trials/*.json)
assert_exit 0 sweep c.yaml -j 2
assert_same_results whole r
tidy r
assert_eq "$(comm -23 <(sort <<<"$stamps") <(stat -c '%Y %n' r/trials/*.json | sort))" '' 'done before, and trained again'

# Two trials that cannot write their record; the next call trains these alone.
iris_config f.yaml f
mkdir -p f/trials
blocked=$(lossbench sweep f.yaml --list | cut -f1 | head -n 2)
for id in $blocked; do mkdir "f/trials/$id.json"; done
assert_exit 2 sweep f.yaml -j 2
assert_eq "$(undone f.yaml)" 2
for id in $blocked; do rmdir "f/trials/$id.json"; done
assert_exit 0 sweep f.yaml -j 2
lossbench sweep f.yaml --quiet --set output.dir=f_whole
assert_same_results f_whole f

iris_config t.yaml tuned
echo 'tune: {trials: 3, folds: 2, metric: valid.accuracy}' >>t.yaml
lossbench sweep t.yaml --quiet --set output.dir=tuned_whole
assert_exit 0 sweep t.yaml -j 2
assert_between "$(undone t.yaml)" 1 6 'trials with the settings that the folds chose'
assert_exit 0 sweep t.yaml -j 2
assert_eq "$(undone t.yaml)" 0
assert_same_results tuned_whole tuned
