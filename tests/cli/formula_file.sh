#!/usr/bin/env bash
# A loss in a file of its own: in the id by its content, not by its path; checked as a loss of the program is, with the digits it loses,
# the claims it breaks and the examples that do not come out.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
mkdir configs
cat >configs/mine.loss.yaml <<'YAML'
name: bent_ce
title: Cross-entropy of bounded slope
task: multiclass
formula: -log((p + a) / (1 + a))
params:
  a: {default: 0.1, min: 0.001, max: 10, grid: [0.01, 0.1, 1], help: added to the probability}
source: this test
notes: at a = 0 it is ce
claims: [nonnegative, smooth, shift-invariant]
examples:
  - {z: [[0, 0]], y: [0], a: 1, value: 0.2876820724517809}
  - {z: [[0, 0], [1, -1]], y: [0, 1], a: 1, value: 0.4341062489164071}
YAML
cat >configs/c.yaml <<YAML
task: multiclass
data:
  train: {path: $LB_ROOT/datasets/samples/iris.csv.gz, label: label}
  split: {train: 0.6, valid: 0.2, test: 0.2}
train: {epochs: 3}
loss: {file: mine.loss.yaml}
YAML

# The file is beside the config, wherever lossbench runs; its parameters are set and swept.
assert_exit 0 lossbench sweep --config configs/c.yaml --quiet --set loss.a=default --set output.dir=file
assert_eq "$(find file -name '*.json' -path '*trials/*' | wc -l)" 3
sed 's/^loss: .*/loss: {name: bent_ce, formula: "-log((p + a) \/ (1 + a))", a: 0.1}/' configs/c.yaml >here.yaml
assert_exit 0 lossbench train --config here.yaml --quiet --set output.dir=here
(cd file && find . -name '*.json' -path '*trials/*') | sort >of_file
(cd here && find . -name '*.json' -path '*trials/*') | sort >of_formula
assert_eq "$(comm -12 of_file of_formula)" "$(cat of_formula)" 'the id of the formula in the config'

# What is wrong with the file is told at its place there, once.
refuse() { # SED PLACE MESSAGE
	sed "$1" configs/mine.loss.yaml >configs/wrong.loss.yaml
	sed 's/mine.loss/wrong.loss/' configs/c.yaml >configs/wrong.yaml
	assert_exit 3 lossbench config check configs/wrong.yaml
	assert_contains "$err" "configs/wrong.loss.yaml:$2: loss.$3"
	assert_exit 3 lossbench losses check configs/wrong.loss.yaml
	assert_contains "$err" "configs/wrong.loss.yaml:$2: $3"
}
refuse 's/log((p/lgo((p/' 4:11 'formula: character 2: unknown function "lgo"'
refuse 's/(1 + a)/(1 + b)/' 4:30 'formula: character 21: unknown name "b"'
refuse 's/^claims: .*/claims: [convx]/' 9:10 'claims: found "convx", allowed: nonnegative, convex, smooth, shift-invariant, symmetric, bounded, proper, calibrated'
refuse 's/^source/sorce/' 7:1 'sorce: unknown key, allowed: name, title, task, formula, params, source, notes, claims, examples; did you mean "source"?'
sed 's/^task: .*/task: binary/' configs/mine.loss.yaml >configs/wrong.loss.yaml
assert_exit 3 lossbench config check configs/wrong.yaml
assert_contains "$err" 'configs/wrong.loss.yaml:3:7: loss.task: found "binary", allowed: multiclass, the task of the config'
assert_exit 3 lossbench config check configs/c.yaml --set 'loss={file: nowhere.yaml}'
assert_contains "$err" 'nowhere.yaml'

# The check.
assert_exit 0 lossbench losses check configs/mine.loss.yaml
assert_contains "$out" 'multiclass/bent_ce: -log((p + a) / (1 + a))'
assert_contains "$out" ' passed, 0 failed: descriptor 6, gradient 480, extremes 960, float32 968, claims 492, examples 2, order of rows 1, repeated batch 1, names of classes 1, NaN 192, memory 8, weights 1'
sed 's/^claims: .*/claims: [convex, symmetric]/; s/0.28768207/0.28768208/' configs/mine.loss.yaml >broken.yaml
assert_exit 1 lossbench losses check broken.yaml
assert_contains "$out" 'between two points the value is above their mean by'
assert_contains "$out" 'it claims to be symmetric and its sum over the labels depends on the scores (1 of 1); to change: take symmetric out of the claims'
assert_contains "$out" 'example 1 (defaults): the loss is 0.287682072452, stated is 0.287682082452'
assert_contains "$out" ' passed, 3 failed'
printf 'task: multiclass\nformula: -log(p)\nclaims: [proper, calibrated]\n' >proper.yaml
assert_exit 0 lossbench losses check proper.yaml
printf 'task: binary\nformula: sigmoid(-m)\nclaims: [bounded, calibrated]\n' >bounded.yaml
assert_exit 0 lossbench losses check bounded.yaml
printf 'task: multiclass\nformula: -(1 - p)^2 * log(p)\nclaims: [proper, bounded]\n' >focal.yaml
assert_exit 1 lossbench losses check focal.yaml
assert_contains "$out" 'at known probabilities of the labels the expected loss is not smallest where softmax (sigmoid) of the scores gives these'
assert_contains "$out" '(defaults): the value is up to '
printf 'task: binary\nformula: max(0, -m)\nclaims: [calibrated]\n' >perceptron.yaml
assert_exit 1 lossbench losses check perceptron.yaml
assert_contains "$out" 'at known probabilities of the labels the expected loss comes as low as its minimum while a class'
printf 'task: regression\nformula: r^2\nclaims: [proper]\n' >not_of_classes.yaml
assert_exit 3 lossbench losses check not_of_classes.yaml
assert_contains "$err" 'found "proper", allowed: nonnegative, convex, smooth, shift-invariant, symmetric, bounded'
sed 's/^formula: .*/formula: (p + 1e5 * a) - 1e5 * a - log(p)/; s/^claims: .*//; s/^examples:/claims: []/; /^  - /d' configs/mine.loss.yaml >digits.yaml
assert_exit 1 lossbench losses check digits.yaml
assert_contains "$out" 'value or gradient loses digits in float32'
printf 'task: regression\nformula: max(0, r)\nclaims: [smooth]\n' >kink.yaml
assert_exit 1 lossbench losses check kink.yaml
assert_contains "$out" 'it claims to be smooth and has a kink'
printf 'task: regression\nformula: exp(r^2) - exp(r^2 - 1)\n' >far.yaml
assert_exit 1 lossbench losses check far.yaml
assert_contains "$out" 'infinite, or no number, at scores where the program asks for a number'
printf 'task: binary\nformula: a * softplus(-m)\nparams: {a: {min: 0}}\n' >no_default.yaml
assert_exit 3 lossbench losses check no_default.yaml
assert_contains "$err" 'no_default.yaml: params.a: found no default'
printf 'task: multilabel\nformula: softplus(-m)\nexamples: [{z: [[0, 0, 5]], t: [[1, 0, -1]], value: 1.3862943611198906}]\nclaims: [convex]\n' >labels.yaml
assert_exit 0 lossbench losses check labels.yaml
for bad in '{z: [[0, 0]], t: [[1]], value: 1}' '{z: [[0, 0]], value: 1}' '{z: [[0, 0]], t: [[1, 0]]}' '{z: [[0, x]], t: [[1, 0]], value: 1}' '{q: 1}' '3'; do
	printf 'task: multilabel\nformula: softplus(-m)\nexamples: [%s]\n' "$bad" >bad.yaml
	assert_exit 3 lossbench losses check bad.yaml
	assert_contains "$err" 'bad.yaml:3:'
done

# A loss of pairs; the example by hand: of three rows the first two have a partner of each side.
cat >pairs.loss.yaml <<'YAML'
name: my_pairs
title: Softplus of pairs
task: embedding
formula: "mean_same(softplus(a * (0.5 - s[j]))) + mean_other(softplus(b * (s[j] - 0.5)))"
params: {a: {default: 2, min: 0.1, max: 100}, b: {default: 10, min: 0.1, max: 100}}
claims: [nonnegative]
examples:
  - {z: [[1, 0], [0, 1], [0, 2]], y: [0, 0, 1], a: 2, b: 2, value: 2.1265233750364456}
YAML
assert_exit 0 lossbench losses check pairs.loss.yaml
sed -i 's/a: 2, b: 2/a: 3, b: 2/' pairs.loss.yaml
assert_exit 1 lossbench losses check pairs.loss.yaml
assert_contains "$out$err" 'the loss is 2.5146749655'
