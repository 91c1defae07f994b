#!/usr/bin/env bash
# lossbench status, the estimate of sweep --dry-run, and the table at the end of a sweep.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
installed
iris_config c.yaml r

assert_exit 4 lossbench status r
assert_contains "$err" 'r/trials: cannot be opened'
assert_exit 2 lossbench status
assert_exit 0 lossbench sweep c.yaml --dry-run
assert_contains "$out" '6 to do'
assert_contains "$err" 'about 0:00 with --jobs '       # by a probe, which leaves nothing behind
assert_contains "$err" ', by an epoch of some of them'
[ ! -e r ] || fail 'the probe wrote something'
# Before a sweep too, unless it is quiet or a trial has told; with folds to tune the trainings after them count as well.
sed 's/dir: r/dir: told/' c.yaml >told.yaml
assert_exit 0 lossbench sweep told.yaml
assert_contains "$err" ', by an epoch of some of them'
assert_exit 0 lossbench sweep told.yaml
assert_lacks "$err" ', by an epoch of some of them'
# Of trainings whose epoch takes longer than the probe may, the least is said.
assert_exit 0 lossbench sweep c.yaml --dry-run --jobs 2 --set train.epochs=50 --set train.batch=1 \
	--set "data.train.path=$LB_ROOT/datasets/samples/letter.csv.gz" --set 'model={kind: mlp, hidden: [1500, 1500]}'
assert_contains "$err" 'more than 12:30 with --jobs 2: an epoch takes longer than 5 seconds'

id=$(lossbench sweep c.yaml --list | sed -n 2p | cut -f1)
lossbench sweep c.yaml --quiet --jobs 1 --only "$id"
assert_exit 0 lossbench status r --json
json() { jq -r "$2" <<<"$1"; }
needs jq
assert_eq "$(json "$out" '[.planned, .ok, .running, .to_do, .others] | @csv')" 6,1,0,5,0
left=$(json "$out" .seconds_left)
assert_between "$left" 0.0001 60
assert_exit 0 lossbench sweep c.yaml --dry-run --jobs 1
assert_contains "$out" 'about 0:00 with --jobs 1, by the times of the 1 done'

# The estimate is the mean of what was measured, in proportion to the epochs.
sed -i 's/"total": [0-9.e-]*/"total": 40/' "r/trials/$id.json"
assert_exit 0 lossbench sweep c.yaml --dry-run --jobs 2
assert_contains "$out" 'about 1:40 with --jobs 2'
assert_exit 0 lossbench status r
assert_contains "$out" 'time left: about 3:20 (40 s a trial, mean of 1); none is running now'
assert_exit 0 lossbench sweep c.yaml --dry-run --jobs 1 --set train.epochs=30
assert_contains "$err" 'about 0:0'

# A trial in training is seen by its claim.
assert_exit 0 lossbench sweep c.yaml --jobs 1
assert_contains "$err" '6 trials: 1 done, 5 to do'
table=$out
assert_contains "$table" 'test.accuracy'
assert_eq "$(lossbench report r)" "$table" 'report prints the table at the end of the sweep'
assert_exit 0 lossbench sweep c.yaml --quiet
assert_eq "$out" '' '--quiet prints no table'
assert_exit 0 lossbench status r
assert_contains "$out" '6 trials of c.yaml'
assert_lacks "$out" 'time left'

iris_config long.yaml slow
lossbench sweep long.yaml --quiet --jobs 1 --set train.epochs=100000 2>/dev/null &
sweep=$!
running() { [ "$(lossbench status slow --json 2>/dev/null | jq .running)" -ge 1 ]; }
wait_until 20 running
assert_exit 0 lossbench status slow
assert_contains "$out" 'time left: not known'
kill -INT $sweep
wait $sweep || true
assert_exit 0 lossbench status slow --json
assert_eq "$(json "$out" .running)" 0

# Records of another plan in the same folder are counted apart; a folder without a plan says so.
lossbench sweep c.yaml --quiet --set train.seed=1,2
lossbench sweep c.yaml --quiet --set optimizer.lr=0.2
assert_exit 0 lossbench status r
assert_contains "$out" 'others            6'
rm r/.plan
assert_exit 0 lossbench status r
assert_contains "$out" 'records without a plan'
echo '{"schema": "x"}' >r/.plan
assert_exit 4 lossbench status r
assert_contains "$err" 'its schema is "x"'

# A folder of studies: each of them by name.
mkdir -p studies/none
rm r/.plan
cp -r r studies/b
cp -r r studies/a
cp -r r studies/broken
echo '{"schema": "x"}' >studies/broken/.plan
assert_exit 0 lossbench status studies
assert_eq "$(grep -o '^studies/[a-z]*' <<<"$out" | tr '\n' ' ')" 'studies/a studies/b '
assert_contains "$err" 'warning: studies/broken/.plan'
assert_exit 4 lossbench status studies/none
