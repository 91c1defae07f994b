#!/usr/bin/env bash
# lossbench merge joins what several machines trained and refuses conflicts; lossbench clean removes what no config refers to.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
iris_config c.yaml all
lossbench sweep c.yaml --quiet
lossbench sweep c.yaml --quiet --shard 1/2 --set output.dir=one --set output.predictions=true
lossbench sweep c.yaml --quiet --shard 2/2 --set output.dir=two

assert_exit 0 lossbench merge --into both one two --dry-run
assert_contains "$out" '6 records to copy'
[ ! -e both ] || fail '--dry-run made the folder'
assert_exit 0 lossbench merge --into both one two
assert_eq "$out" 'both: 6 records copied, 0 there already'
assert_same_results all both
assert_eq "$(find both -name '*.predictions.csv' | wc -l)" 3 'predictions come along'
assert_exit 0 lossbench merge --into both one two
assert_eq "$out" 'both: 0 records copied, 6 there already'

# A finished record takes the place of a failed one, never the reverse.
id=$(basename "$(find one/trials -name '*.json' | sort | head -n 1)" .json)
cp -r one broken
sed -i 's/"status": "ok"/"status": "failed"/' "broken/trials/$id.json"
cp -r broken target
assert_exit 0 lossbench merge --into target one
assert_eq "$out" 'target: 1 record copied, 2 there already'
assert_exit 0 lossbench merge --into target broken
assert_same_results one target

# Two different results of one id are refused, all are named, and nothing is copied.
cp -r two other
sed -i 's/"accuracy": [0-9][0-9.]*/"accuracy": 0.125/' other/trials/*.json
assert_exit 4 lossbench merge --into fresh two other
assert_eq "$(grep -c 'hold different results' <<<"$err")" 3
[ ! -e fresh ] || fail 'records were copied in spite of the conflict'
assert_exit 2 lossbench merge one two
assert_exit 4 lossbench merge --into fresh absent

# clean: lists without removing; removes with the predictions beside it; needs a config.
lossbench sweep c.yaml --quiet --set optimizer.lr=0.3 --set output.dir=all --set output.predictions=true
assert_exit 2 lossbench clean all
assert_exit 0 lossbench clean all --config c.yaml
assert_eq "$(wc -l <<<"$out")" 6
assert_contains "$err" '6 of 12 records belong to no trial of'
assert_contains "$out" $'\tok\tsmall\tbrier'
assert_eq "$(find all -name '*.json' | wc -l)" 12
assert_exit 0 lossbench clean all --config c.yaml --remove
assert_eq "$(find all/trials -type f ! -name .lock | wc -l)" 6
assert_same_results all both
assert_exit 0 lossbench clean all --config c.yaml
assert_eq "$out" ''
sed 's/seed: \[1, 2, 3\]/seed: [1, 2]/' c.yaml >fewer.yaml
assert_exit 0 lossbench clean all -c fewer.yaml -c c.yaml
assert_eq "$out" '' 'any of the configs keeps a record'
assert_exit 0 lossbench clean all -c fewer.yaml
assert_eq "$(wc -l <<<"$out")" 2

# What follows an unfinished tuning is not known, so nothing is called superfluous.
iris_config tune.yaml tuned 'tune: {trials: 2, folds: 2, metric: valid.accuracy}'
mkdir -p tuned/trials
assert_exit 2 lossbench clean tuned --config tune.yaml --remove
assert_contains "$err" 'is not complete'
