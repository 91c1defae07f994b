#!/usr/bin/env bash
# A config made of several files: include and several --config, of which later ones win, and variables of the environment where they are declared.
# shellcheck disable=SC2016 # variables of configs, not of this shell
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

mkdir shared
cat >shared/base.yaml <<YAML
env: [SAMPLES]
name: base
task: multiclass
data:
  train: {path: "\${ENV:SAMPLES}/iris.csv.gz", label: label}
  split: {train: 0.6, valid: 0.2, test: 0.2}
loss: {name: gce, q: 0.5}
optimizer: {name: sgd, lr: 0.1, momentum: 0.9}
train: {epochs: 3}
sweep: {optimizer.lr: [0.1, 0.2], train.seed: [1, 2]}
output: {dir: r}
YAML
cat >mine.yaml <<'YAML'
include: shared/base.yaml
name: mine
loss: {name: focal, gamma: 1}
train: {batch: 16}
sweep: {train.seed: [3, 4, 5]}
YAML
export SAMPLES=$LB_ROOT/datasets/samples

# The same trials, with the same ids, as one config that says it all.
cat >whole.yaml <<YAML
name: mine
task: multiclass
data:
  train: {path: $SAMPLES/iris.csv.gz, label: label}
  split: {train: 0.6, valid: 0.2, test: 0.2}
loss: {name: focal, gamma: 1}
optimizer: {name: sgd, lr: 0.1, momentum: 0.9}
train: {epochs: 3, batch: 16}
sweep: {optimizer.lr: [0.1, 0.2], train.seed: [3, 4, 5]}
output: {dir: r}
YAML
same() { # same WHAT ARGUMENT...: config resolve gives what it gives of whole.yaml
	assert_eq "$(lossbench config resolve "${@:2}" 2>/dev/null)" "$(lossbench config resolve whole.yaml)" "$1"
}
same 'an include' mine.yaml
assert_eq "$(cd shared && lossbench sweep --list ../mine.yaml)" "$(cd shared && lossbench sweep --list ../whole.yaml)" 'the trials from another folder'

# Several configs: later ones win, and what they replace is said; --set wins over all.
sed 1d mine.yaml >over.yaml
same 'two configs' --config shared/base.yaml --config over.yaml
assert_exit 0 lossbench config check --config shared/base.yaml --config over.yaml
assert_contains "$err" 'over.yaml is laid over the configs before it and replaces name, loss, sweep.train.seed'
echo 'loss: {gamma: 2}' >gamma.yaml
assert_eq "$(lossbench config resolve -c shared/base.yaml -c over.yaml -c gamma.yaml 2>/dev/null)" "$(lossbench config resolve whole.yaml --set loss.gamma=2)"
same '--set after all' -c shared/base.yaml -c over.yaml -c gamma.yaml --set loss.gamma=1
# An option that a later file gives is no longer swept; null takes one away.
printf 'optimizer: {lr: 0.3, momentum: null}\n' >rate.yaml
assert_eq "$(lossbench config resolve -c whole.yaml -c rate.yaml 2>/dev/null)" \
	"$(sed 's/, momentum: 0.9//; s/optimizer.lr: .0.1, 0.2., //' whole.yaml >less.yaml; lossbench config resolve less.yaml --set optimizer.lr=0.3)"
assert_exit 0 lossbench sweep -c shared/base.yaml -c over.yaml --quiet
assert_eq "$(find r/trials -name '*.json' | wc -l)" 6
assert_exit 0 lossbench status r
assert_contains "$out" '6'
assert_exit 0 lossbench sweep whole.yaml --dry-run
assert_contains "$out" '6 done, 0 to do'
# Several files in one include, the later over the earlier.
printf 'include: [shared/base.yaml, over.yaml]\n' >both.yaml
same 'a list of includes' both.yaml
printf 'include: both.yaml\n' >shared/../outer.yaml
same 'an include of an include' outer.yaml

# Mistakes, with their places.
wrong() { # wrong TEXT CONFIG-TEXT
	printf '%b' "$2" >wrong.yaml
	assert_exit 3 lossbench config check wrong.yaml
	assert_contains "$err" "$1"
}
wrong 'nothing.yaml: cannot be read' 'include: nothing.yaml\n'
wrong 'does one of them include itself?' 'include: wrong.yaml\n'
wrong 'wrong.yaml:1:10: include: found a block, allowed: a config file, or a list of some' 'include: {a: b}\n'
wrong 'wrong.yaml:2:7: env: found ${ENV:HOME}, which is not declared, allowed: those that the file declares, as in env: [NAME]' 'task: binary\nname: ${ENV:HOME}\n'
wrong 'which is not set' 'env: [NOT_THERE]\nname: ${ENV:NOT_THERE}\n'
wrong 'found ${ENV: without }' 'env: [HOME]\nname: "${ENV:HOME"\n'
wrong 'wrong.yaml:1:6: env: found "HOME", allowed' 'env: HOME\n'
printf 'task: multiclas\n' >shared/bad.yaml
wrong 'shared/bad.yaml:1:7: task: found "multiclas"' 'include: shared/bad.yaml\ndata: {train: {path: x}}\nloss: ce\n'
printf 'env: {RATE: 0.05, EPOCHS: 9}\noptimizer: {lr: "${ENV:RATE}"}\ntrain:\n  epochs: ${ENV:EPOCHS}\n' >numbers.yaml
assert_eq "$(EPOCHS=4 lossbench config resolve -c whole.yaml -c numbers.yaml --set train.seed=1 2>/dev/null)" \
	"$(lossbench config resolve less.yaml --set optimizer.lr=0.05 --set train.epochs=4 --set optimizer.momentum=0.9 --set train.seed=1)"
