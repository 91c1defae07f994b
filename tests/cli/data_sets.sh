#!/usr/bin/env bash
# A list of data sets as blocks, each with its own keys: the first axis of the sweep, and conditions of the table.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
samples=$LB_ROOT/datasets/samples

cat >c.yaml <<YAML
name: sets
task: binary
data:
  - {train: {path: $samples/german_credit.csv.gz, label: label}, positive: Bad}
  - {train: {path: $samples/sonar.csv.gz, label: -1}}
loss: logistic
train: {epochs: 2}
metrics: [auc]
sweep: {loss: [logistic, hinge], train.seed: 1..2}
YAML
sed '/^data:/,/sonar/d; s/^sweep: {/&data: [{train: {path: CREDIT, label: label}, positive: Bad}, {train: {path: SONAR, label: -1}}], /' c.yaml |
	sed "s|CREDIT|$samples/german_credit.csv.gz|; s|SONAR|$samples/sonar.csv.gz|; 2i data: {train: {path: none}}" >swept.yaml
assert_eq "$(lossbench sweep c.yaml --list)" "$(lossbench sweep swept.yaml --list)" 'the trials of the sweep over data'
assert_eq "$(lossbench sweep c.yaml --list | wc -l)" 8
installed
assert_exit 0 lossbench sweep c.yaml --quiet
assert_exit 0 lossbench report results/sets
assert_contains "$out" german_credit
assert_contains "$out" sonar
# What all share goes below it, by --set or in the sweep.
assert_eq "$(lossbench config resolve c.yaml --set data.split.test=0.3 | grep -c '"test": 0.3')" 8
assert_exit 0 lossbench best results/sets --where "data.train.path=$samples/sonar.csv.gz"

wrong() { # wrong TEXT SED-SCRIPT
	sed "$2" c.yaml >wrong.yaml
	assert_exit 3 lossbench config check wrong.yaml
	assert_contains "$err" "$1"
}
wrong 'wrong.yaml:4:5: data: found "x", allowed: in a list of data sets: blocks such as {train: {path: a.csv}}' '4s/{.*/x/'
wrong "wrong.yaml:4:53: data.train.lable: unknown key" '4s/{.*/{train: {path: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, lable: 3}}/'
wrong 'wrong.yaml:9:15: sweep.data: found a sweep beside a list of data sets' 's/^sweep: {/&data: [{train: {path: a}}], /'
wrong 'data: found an empty list' '3s/.*/data: []/; 4,5d'
assert_exit 2 lossbench train c.yaml
