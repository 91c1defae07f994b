#!/usr/bin/env bash
# Row weights and class weights: a row of weight 3 is three rows, and balanced classes are the weights that make them so; the optimum of
# a convex problem tells. Weights that mean nothing are refused.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

# config NAME FILE LINE...: a full-batch optimum of the whole file.
config() {
	printf '%s\n' 'task: multiclass' "data: {train: {path: $2, label: class}, split: {train: 1, valid: 0, test: 0}, preprocess: {standardize: false}}" \
		'loss: ce' 'optimizer: {name: lbfgs, weight_decay: 0.01, tolerance: 1.0e-9}' 'train: {precision: float64}' 'metrics: [log_loss]' \
		"output: {dir: $1}" "${@:3}" >"$1.yaml"
}

# objective NAME [OPTION...]: that of the optimum.
objective() {
	lossbench train --config "$1.yaml" --quiet "${@:2}" >/dev/null || fail "$*: exit status $?"
	json "$(find "$1" -name '*.json' | head -n 1)" .result.objective
}

# 60 rows of three classes in unequal parts; weights 1 to 3. Then each row as often as its weight says, and the weights of balanced classes.
awk 'BEGIN { srand(11); print "x,y,w,class"
	for (i = 0; i < 60; i++) { c = i % 10 < 6 ? 0 : i % 10 < 9 ? 1 : 2
		printf "%.4f,%.4f,%d,%s\n", c + 2 * rand(), 2 * rand() - c, 1 + i % 3, substr("abc", c + 1, 1) } }' >weighted.csv
awk -F, 'NR == 1 { print; next } { for (k = 0; k < $3; k++) print }' weighted.csv >repeated.csv
awk -F, 'NR == FNR { n[$4]++; next } FNR == 1 { print; next } { printf "%s,%s,%.17g,%s\n", $1, $2, 60 / (3 * n[$4]), $4 }' weighted.csv weighted.csv >balanced.csv

config plain weighted.csv
config weighted weighted.csv
config repeated repeated.csv
config balanced balanced.csv
drop='data.drop=[w]'
plain=$(objective plain --set "$drop") weighted=$(objective weighted --set data.weight=w)
repeated=$(objective repeated --set "$drop")
balanced=$(objective balanced --set data.weight=w)
classes=$(objective plain --set "$drop" --set train.class_weight=balanced --set output.dir=plain/classes)
classes=$(json "$(find plain/classes -name '*.json')" .result.objective)
near() { awk -v a="$1" -v b="$2" 'BEGIN { exit !((a - b) ^ 2 < 1e-18) }'; }
near "$weighted" "$repeated" || fail "weights give $weighted, rows written out $repeated"
near "$classes" "$balanced" || fail "class weights give $classes, the same as row weights $balanced"
! near "$plain" "$weighted" || fail "weights change nothing: $plain"
! near "$plain" "$classes" || fail "class weights change nothing: $plain"

refused() { # refused STATUS WORDS OPTION...
	assert_exit "$1" lossbench train --config weighted.yaml --set output.dir=none "${@:3}"
	assert_contains "$err" "$2"
}
awk -F, -v OFS=, 'NR > 1 { $3 = 0 } { print }' weighted.csv >nought.csv
refused 4 "nought.csv: column 'w': all weights are 0; at least one must be positive" --set data.train.path=nought.csv --set data.weight=w
awk -F, -v OFS=, 'NR > 2 { $3 = 0 } { print }' weighted.csv >first.csv
refused 4 'data.weight: the weights of the training rows sum to 0; allowed: more than 0' --set data.train.path=first.csv --set data.weight=w \
	--set 'data.split={modulo: 2, test: [0]}'
refused 3 'train.class_weight: found balanced, but task regression has no classes; allowed: none' --set task=regression --set loss=mse \
	--set data.train.label=w --set 'data.drop=[class]' --set train.class_weight=balanced --set 'metrics=[rmse]'

# Weights of the classes by their names, in any order and of any size, are the weights of their rows; the id knows no order.
awk -F, -v OFS=, 'NR == 1 { print; next } { $3 = $4 == "a" ? 1 : $4 == "b" ? 2 : 5; print }' weighted.csv >named.csv
config named named.csv
rows=$(objective named --set data.weight=w)
for weights in '{a: 1, b: 2, c: 5}' '{c: 5, a: 1, b: 2}' '{b: 0.4, c: 1, a: 0.2}'; do
	rm -rf by_name
	objective plain --set "$drop" --set "train.class_weight=$weights" --set output.dir=by_name >/dev/null
	by_name=$(json "$(find by_name -name '*.json')" .result.objective)
	near "$by_name" "$rows" || fail "class weights $weights give $by_name, the same as row weights $rows"
	basename "$(find by_name -name '*.json')" >>names
done
objective plain --set "$drop" --set 'train.class_weight=[1, 2, 5]' --set output.dir=in_order >/dev/null
in_order=$(json "$(find in_order -name '*.json')" .result.objective)
near "$in_order" "$rows" || fail "class weights in order give $in_order, the same as row weights $rows"
assert_eq "$(sort -u names | wc -l)" 2 'ids of the same weights in any order are one, those of other numbers another'
weighted_list=$(lossbench sweep --config plain.yaml --set 'train.class_weight={a: 1, b: 2, c: 5},none,balanced' --list | cut -f3)
assert_eq "$weighted_list" $'train.class_weight={"a":1,"b":2,"c":5}\ntrain.class_weight=none\ntrain.class_weight=balanced'
refused 3 "train.class_weight: class 'c' has no weight; give each of 'a', 'b', 'c' one" --set 'train.class_weight={a: 1, b: 2}'
refused 3 "train.class_weight: there is no class 'd'; the classes are 'a', 'b', 'c'" --set 'train.class_weight={a: 1, b: 2, c: 3, d: 4}'
refused 3 'train.class_weight.b: found 0, allowed: a number > 0' --set 'train.class_weight={a: 1, b: 0, c: 3}'
refused 3 'train.class_weight: found 2 numbers, allowed: one for each of 3 classes, in this order: '"'a', 'b', 'c'" --set 'train.class_weight=[1, 2]'
refused 3 'train.class_weight[2]: found 0, allowed: a number > 0' --set 'train.class_weight=[1, 0, 5]'
refused 3 'found a list, allowed: none, balanced, or a number for each class, by name or in order, as in {NAME: 1, OTHER: 2.5} or [1, 2.5]' \
	--set 'train.class_weight=[]'
refused 3 'train.class_weight: found a block, but task regression has no classes; allowed: none' --set task=regression --set loss=mse \
	--set data.train.label=w --set 'data.drop=[class]' --set 'train.class_weight={a: 1}' --set 'metrics=[rmse]'
awk -F, 'NR == 1 || $4 != "c"' weighted.csv >two.csv
binary=(--set task=binary --set loss=logistic --set data.train.path=two.csv --set "$drop" --set 'metrics=[accuracy]')
config two two.csv
one=$(objective two "${binary[@]}" --set 'train.class_weight={a: 1, b: 1}')
objective two "${binary[@]}" --set 'train.class_weight={a: 1, b: 9}' --set output.dir=two/other >/dev/null
other=$(json "$(find two/other -name '*.json')" .result.objective)
! near "$one" "$other" || fail "class weights of a binary task change nothing: $one"
# The name that boosting libraries have for the weight of the positive class; data.positive says which that is.
positive() { # positive FOLDER SETS...
	objective two "${binary[@]}" "${@:2}" --set "output.dir=two/$1" >/dev/null
	json "$(find "two/$1" -name '*.json')" .result.objective
}
near "$(positive scaled --set train.scale_pos_weight=9)" "$other" || fail 'scale_pos_weight is not the weight of the positive class'
near "$(positive first --set data.positive=a --set train.scale_pos_weight=4)" "$(positive first_by_name --set 'train.class_weight={a: 4, b: 1}')" ||
	fail 'scale_pos_weight does not follow data.positive'
refused 3 'train.scale_pos_weight: found 2 with task multiclass, which has no positive class' --set train.scale_pos_weight=2
refused 3 'train.scale_pos_weight: cannot be combined with train.class_weight' "${binary[@]}" --set train.scale_pos_weight=2 \
	--set train.class_weight=balanced
refused 3 'train.scale_pos_weight: found 0, allowed: a number > 0' "${binary[@]}" --set train.scale_pos_weight=0
refused 3 "class 'b' has no weight" "${binary[@]}" --set 'train.class_weight={a: 1}'

# ARFF's weights of rows, {2} behind the values, are the same as a column of weights; unasked for they are told of, not used.
{
	printf '@relation w\n@attribute x real\n@attribute y real\n@attribute class {a,b,c}\n@data\n'
	awk -F, 'NR > 1 { print $1 "," $2 "," $4 ($3 == 1 ? "" : ",{" $3 "}") }' weighted.csv
} >weighted.arff
config behind weighted.arff
asked=$(objective behind --set data.weight=instance_weight)
assert_eq "$asked" "$weighted" 'objective with the weights of ARFF rows'
config unasked weighted.arff
near "$(objective unasked)" "$plain" || fail 'weights that were not asked for were used'
assert_exit 0 lossbench data info weighted.arff
assert_contains "$out$err" '40 rows have a weight behind the values (the first in line 7), which is not used; set data.weight: instance_weight'

# Markers of missing values in ARFF; another format says that it has none.
sed '0,/^@data/!s/^[0-9.-]*,\(.*,a\)/-200,\1/' weighted.arff >marked.arff
assert_exit 0 lossbench data info marked.arff --set 'data.missing_values=[-200]'
assert_contains "$out" "missing  $(grep -c '^-200' marked.arff) cells"
printf '1 1:2\n0 1:-200\n' >m.svm
assert_exit 0 lossbench data info m.svm --set 'data.missing_values=[-200]'
assert_contains "$out$err" 'data.missing_values is not used: the format svmlight'
