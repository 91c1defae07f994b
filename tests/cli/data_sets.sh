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

# A swept group is laid over the plain block: each trial is the one whose config has both written out.
cat >group.yaml <<YAML
name: sets
task: binary
data:
  train: {path: $samples/german_credit.csv.gz, label: label}
  positive: Bad
  split: {train: 0.5, valid: 0.2, test: 0.3}
  preprocess: {standardize: false}
corrupt: {labels: {kind: uniform, rate: 0.2}}
train: {epochs: 2, batch: 16}
loss: logistic
sweep:
  data: [{split: {valid: 0.1}}, {train: {path: $samples/sonar.csv.gz}, positive: null, preprocess: null}]
  train: [{batch: [8, 64]}, {epochs: 3}]
  corrupt: [{imbalance: {kind: step, ratio: 3}}, {labels: {rate: 0.1}}, {labels: {kind: pair}}]
YAML
written() { # written SED-SCRIPT...: the same without its sweep, changed
	sed '/^sweep:/,$d' group.yaml >one.yaml
	sed -i "$@" one.yaml
	lossbench sweep one.yaml --list | cut -f1
}
sonar="s|path: .*|path: $samples/sonar.csv.gz, label: label}|; /positive/d; /preprocess/d"
lossbench sweep group.yaml --list | cut -f1 >ids
assert_eq "$(wc -l <ids)" 18
assert_eq "$(head -n 1 ids)" "$(written 's/valid: 0.2/valid: 0.1/; s/batch: 16/batch: 8/; s/^corrupt: {/&imbalance: {kind: step, ratio: 3}, /')"
assert_eq "$(sed -n 11p ids)" "$(written "$sonar; s/batch: 16/batch: 8/; s/rate: 0.2/rate: 0.1/")"
assert_eq "$(tail -n 1 ids)" "$(written "$sonar; s/epochs: 2/epochs: 3/; s/{kind: uniform, rate: 0.2}/{kind: pair}/")"
# By --set, several blocks are swept, one alone is the whole block; a component's block is whole in both.
set_train() { sed '/^sweep:/,$d' group.yaml >one.yaml; lossbench sweep one.yaml --list --set "$1" | cut -f1; }
assert_eq "$(set_train 'train={batch: 8},{epochs: 3}')" "$(written 's/batch: 16/batch: 8/'; written 's/epochs: 2/epochs: 3/')"
assert_eq "$(set_train 'train={batch: 8}')" "$(written 's/epochs: 2, batch: 16/batch: 8/')"
sed -i '/^sweep:/,$d' group.yaml
echo 'sweep: {corrupt.labels: [{kind: pair}, {kind: uniform}]}' >>group.yaml
assert_eq "$(lossbench sweep group.yaml --list | cut -f1)" "$(written 's/{kind: uniform, rate: 0.2}/pair/'; written 's/, rate: 0.2//')"
# A mistake in what stays is said once, with its place.
sed -i 's/standardize: false/standardize: flase/' group.yaml
assert_exit 3 lossbench config check group.yaml
assert_eq "$(grep -c flase <<<"$err")" 1
assert_contains "$err" 'group.yaml:7:29: data.preprocess.standardize: found "flase"'
