#!/usr/bin/env bash
# data.forget: rows of the training part are forgotten; a model that is trained without them is scikit-learn's, and the metrics are those of its
# scores; losses of some rows; Newton's step; the same bytes in company, alone, with threads and after kill -9; what is refused.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
py=${PYTHON:-python3}

# usage: near WHAT FOUND WANTED TOLERANCE
near() { "$py" -c 'import sys; sys.exit(abs(float(sys.argv[1]) - float(sys.argv[2])) > float(sys.argv[3]))' "$2" "$3" "$4" || fail "$1: found $2, wanted $3"; }
# usage: trained DIR SET...: trains into DIR; record is the record, model its model
trained() {
	local dir=$1
	shift
	assert_exit 0 lossbench train --config "${config:-c.yaml}" --quiet --set "output.dir=$dir" "${@/#/--set=}"
	record=$(echo "$dir"/trials/*.json) model=${record%.json}.model.npz
}

# ---- a convex model, where training without the rows is the exact answer ----

"$py" - "$LB_ROOT/datasets/samples/wine.csv.gz" <<'PY'
import gzip, sys

head, *rows = gzip.open(sys.argv[1], "rt").read().splitlines()
order = sorted(range(len(rows)), key=lambda i: i % 7)
open("wine.csv", "w").write("\n".join([head] + [rows[i] for i in order]) + "\n")
open("five.txt", "w").write("".join("%d\n" % i for i in range(0, 142, 5)))
PY
cat >c.yaml <<YAML
task: multiclass
data: {train: {path: wine.csv, label: label}, split: {first: 142, valid: 0}}
loss: ce
optimizer: {name: lbfgs, weight_decay: 0.01, tolerance: 1.0e-11}
train: {precision: float64}
metrics: [log_loss, forget_accuracy, retain_accuracy, membership_gap]
output: {dir: none, model: true}
YAML
# usage: judged NAME FORGET RETAIN GAP: tests/reference/unlearning.py
judged() {
	near "$1, forget" "$(json "$record" .result.metrics.test.forget_accuracy)" "$2" 1e-9
	near "$1, retain" "$(json "$record" .result.metrics.test.retain_accuracy)" "$3" 1e-9
	near "$1, gap" "$(json "$record" .result.metrics.test.membership_gap)" "$4" 1e-9
}
trained again 'data.forget={rows: five.txt, train: retain}'
judged again 0.965517241379 1 0.240421455939
assert_eq "$(json "$record" .data.rows.forget) $(json "$record" .data.rows.retain) $(json "$record" .data.rows.train)" '29 113 113'
again=$model exact=$(json "$record" .result.metrics.test.log_loss)
trained complete 'data.forget={rows: five.txt}' evaluate.reference="$again" \
	'metrics=[log_loss, forget_accuracy, retain_accuracy, membership_gap, kl_to_reference, {name: kl_to_reference, rows: forget}, {name: kl_to_reference, rows: retain}]'
judged whole 1 1 0.161877394636
whole=$model
near 'divergence, test' "$(json "$record" .result.metrics.test.kl_to_reference)" 0.00252574608276 1e-8
near 'divergence, forget' "$(json "$record" '.result.metrics.train.kl_to_reference(rows=forget)')" 0.0130798008599 1e-8
near 'divergence, retain' "$(json "$record" '.result.metrics.test.kl_to_reference(rows=retain)')" 0.00134634127226 1e-8
assert_eq "$(json "$record" .reference.model)" "$(basename "$again" .model.npz)"
rm -rf itself
trained itself 'data.forget={rows: five.txt, train: retain}' evaluate.reference="$again" 'metrics=[kl_to_reference]'
near 'divergence from itself' "$(json "$record" .result.metrics.test.kl_to_reference)" 0 1e-14

# With folds the rows that may train are those of both parts: a class that is forgotten trains in none.
trained folds 'data.forget={class: class_1, train: retain}' 'data.split={train: 0.6, valid: 0.2, test: 0.2}' 'data.cv={folds: 4, fold: 1}' 'metrics=[log_loss]'
assert_eq "$(json "$record" .data.class_counts.train | "$py" -c 'import json, sys; print(sum(c == 0 for c in json.load(sys.stdin)))')" 1 'classes that no fold trains'

# A loss of the rows to retain is that training; parts by their shares are the training on all; Newton's steps from the whole get there.
trained part 'data.forget={rows: five.txt}' 'loss={name: ce, rows: retain}'
near 'a loss of the rows to retain' "$(json "$record" .result.metrics.test.log_loss)" "$exact" 1e-9
trained parts 'data.forget={rows: five.txt}' 'loss={name: ce, rows: retain, weight: 0.795774647887324}' 'terms=[{name: ce, rows: forget, weight: 0.204225352112676}]'
near 'both parts' "$(json "$record" .result.metrics.test.log_loss)" "$(json complete/trials/*.json .result.metrics.test.log_loss)" 1e-9
trained one 'data.forget={rows: five.txt, train: retain}' model.start="$whole" 'optimizer={name: newton, weight_decay: 0.01}'
near "one step of Newton's" "$(json "$record" .result.metrics.test.log_loss)" "$exact" 1e-3
trained eight 'data.forget={rows: five.txt, train: retain}' model.start="$whole" 'optimizer={name: newton, weight_decay: 0.01, steps: 8}'
near "eight steps of Newton's" "$(json "$record" .result.metrics.test.log_loss)" "$exact" 1e-9

# Of squares one step is exact.
sed "s|wine.csv, label: label}|$LB_ROOT/datasets/samples/concrete.csv.gz, label: target}|; s/first: 142, valid: 0/train: 0.8, valid: 0, test: 0.2/; s/multiclass/regression/; s/loss: ce/loss: mse/; s/^metrics.*/metrics: [rmse]/" c.yaml >squares.yaml
config=squares.yaml
trained sq_whole && start=$model
trained sq_again 'data.forget={rate: 0.1, train: retain}' && exact=$(json "$record" .result.metrics.test.rmse)
trained sq_step 'data.forget={rate: 0.1, train: retain}' model.start="$start" 'optimizer={name: newton, weight_decay: 0.01}'
near 'a step on squares' "$(json "$record" .result.metrics.test.rmse)" "$exact" 1e-9
[ "$exact" != "$(json sq_whole/trials/*.json .result.metrics.test.rmse)" ] || fail 'nothing was forgotten'
unset config

# ---- ids: the rows' file counts by its content; no rows, as ever ----

cp five.txt copy.txt
assert_eq "$(trained moved 'data.forget={rows: copy.txt, train: retain}' && basename "$record")" "$(basename again/trials/*.json)" 'the id of a copy'
assert_eq "$(trained plain 'metrics=[log_loss]' && basename "$record")" "$(trained without 'metrics=[log_loss]' data.forget=null && basename "$record")" 'the id without'
assert_eq "$(trained plain2 'metrics=[log_loss]' 'loss={name: ce, rows: all}' && basename "$record")" "$(basename plain/trials/*.json)" 'the id of a loss of all rows'

# ---- classes, groups, shares ----

trained class 'data.forget={class: class_1, rate: 0.5, train: forget}' 'metrics=[log_loss]' loss=flat_unlearn model.start="$whole"
"$py" - wine.csv "$record" <<'PY'
import json, sys

labels = [line.rsplit(",", 1)[1] for line in open(sys.argv[1]).read().splitlines()[1:143]]
record = json.load(open(sys.argv[2]))
n = labels.count("class_1")
assert record["data"]["rows"]["forget"] == int(n / 2 + 0.5) and record["data"]["class_counts"]["train"][1] == int(n / 2 + 0.5), (n, record["data"])
PY
cat >group.yaml <<YAML
task: multiclass
data: {train: {path: $LB_ROOT/datasets/samples/vowel.csv.gz, label: label}, group: speaker, split: {first: 528, valid: 0}}
loss: ce
train: {epochs: 2}
metrics: [accuracy, forget_accuracy]
YAML
config=group.yaml
trained speakers 'data.forget={group: ["0", "7"], train: retain}'
assert_eq "$(json "$record" .data.rows.forget) $(json "$record" .data.rows.train)" '132 396'
trained speaker 'data.forget={group: 3}'
assert_eq "$(json "$record" .data.rows.forget) $(json "$record" .data.rows.train)" '66 528'
unset config

# ---- the same bytes ----

cat >mlp.yaml <<YAML
task: multiclass
data: {train: {path: $LB_ROOT/datasets/samples/vowel.csv.gz, label: label}, forget: {rate: 0.1}, split: {train: 0.6, valid: 0.2, test: 0.2}}
model: {kind: mlp, hidden: [9]}
loss: ce
optimizer: {name: adam, lr: 0.01}
train: {epochs: 3, batch: 32}
metrics: [accuracy, forget_accuracy, retain_accuracy, membership_gap]
output: {dir: none, model: true}
YAML
config=mlp.yaml
trained base && base=$model
cat >many.yaml <<YAML
$(grep -v '^output\|^loss' mlp.yaml)
evaluate: {reference: $base}
sweep:
  loss: [{name: gradient_ascent, rows: forget, weight: 0.1}, {name: npo, rows: forget}, {name: flat_unlearn, rows: forget}, {name: flat_unlearn, rows: forget, divergence: kl}]
  terms: [[], [{name: ce, rows: retain}]]
YAML
sed -i 's/membership_gap\]/membership_gap, kl_to_reference]/' many.yaml
many=(lossbench sweep --config many.yaml --quiet --set "model.start=$base")
assert_exit 0 "${many[@]}" --set output.dir=together --jobs 1
assert_exit 0 "${many[@]}" --set output.dir=threads --jobs 1 --threads 2
for record in together/trials/*.json; do assert_exit 0 "${many[@]}" --set output.dir=alone --only "$(basename "$record" .json)"; done
assert_eq "$(find together -name '*.json' | wc -l)" 8 'records'
assert_same_results together threads
assert_same_results together alone
killed_and_resumed 8 --config many.yaml --quiet --set train.epochs=2000 --set "model.start=$base"

if "$py" -c 'import jsonschema' 2>/dev/null; then
	"$py" "$LB_ROOT/tests/scripts/validate_records.py" ./*/trials/*.json >invalid || fail "not the schema of records: $(tail -n 3 invalid)"
fi

# ---- what is refused ----

refused() { # refused CODE TEXT SETS...
	local code=$1 text=$2
	shift 2
	assert_exit "$code" lossbench train --config mlp.yaml --set output.dir=refused "${@/#/--set=}"
	assert_contains "$err" "$text"
}
refused 3 "data.forget.class: found 'hadd', allowed: a class of the data, such as 'hAd'; did you mean 'hAd'?" 'data.forget={class: hadd}'
refused 3 "data.forget.class: 'had' stands twice; keep one" 'data.forget={class: [had, had]}'
refused 3 "data.forget.group: found '3' without data.group" 'data.forget={group: 3}'
refused 3 'data.forget: found class and rows, allowed: one of class, group and rows' 'data.forget={class: had, rows: five.txt}'
refused 3 'data.forget: says no rows, allowed: rate: 0.05, class: NAME, group: VALUE or rows: FILE' 'data.forget={seed: 3}'
refused 3 'data.forget.rate: found 1, allowed: a number in (0, 1)' 'data.forget={rate: 1}'
refused 4 'data.forget: says none of the 594 training rows' 'data.forget={rate: 0.0001}'
refused 4 'data.forget: says all of the 594 training rows' 'data.forget={class: [hAd, hEd, hId, hOd, hUd, hYd, had, hed, hid, hod, hud]}'
printf '3\n3\n' >twice.txt
printf '0.5\n' >half.txt
printf '99999\n' >beyond.txt
printf 'a\n' >text.txt
refused 4 'half.txt:1: found 0.5, allowed: the number of a row, from 0 to 989' 'data.forget={rows: half.txt}'
refused 4 'beyond.txt:1: found 99999, allowed: the number of a row' 'data.forget={rows: beyond.txt}'
refused 4 'text.txt: found texts, allowed: one row number a line, from 0' 'data.forget={rows: text.txt}'
refused 4 'twice.txt:2: row 3 stands twice; keep one' 'data.forget={rows: twice.txt}' 'data.split={first: 528, valid: 0}'
printf '600\n' >tests.txt
refused 4 'tests.txt:1: row 600 is no training row' 'data.forget={rows: tests.txt}' 'data.split={first: 528, valid: 0}'
refused 3 "data.forget.class: found 'had', but task regression has no classes" task=regression data.train.label=f0 'data.drop=[label]' loss=mse 'metrics=[rmse]' 'data.forget={class: had}'
refused 3 'data.forget: cannot be combined with corrupt.labels' 'corrupt.labels={kind: uniform, rate: 0.2}'
refused 3 'loss: found npo without model.start, the trained model that it compares with' loss=npo
refused 3 'data.forget.train: found forget without model.start' 'data.forget={rate: 0.1, train: forget}' loss=gradient_ascent
refused 3 'loss.rows: found forget for ce without data.forget' data.forget=null 'metrics=[accuracy]' 'loss={name: ce, rows: forget}'
refused 3 'terms.rows: found retain for ce with data.forget.train: forget' 'data.forget={rate: 0.1, train: forget}' 'terms=[{name: ce, rows: retain}]'
refused 3 'loss.rows: found forget for center_loss, which is not a sum over rows' 'loss={name: center_loss, rows: forget}'
refused 3 'procedures: found mixup with loss.rows: forget' 'loss={name: gradient_ascent, rows: forget}' 'procedures=[mixup]'
refused 3 'train.sampler: found balanced with loss.rows: forget' 'loss={name: gradient_ascent, rows: forget}' train.sampler=balanced
refused 3 'metrics: found forget_accuracy without data.forget' data.forget=null
refused 3 'metrics: found kl_to_reference without evaluate.reference' 'metrics=[kl_to_reference]'
refused 3 'evaluate.reference: found with data.missing: drop' data.missing=drop "evaluate.reference=$base" 'metrics=[kl_to_reference]'
refused 3 'model.start: found with data.ignore_labels' 'data.ignore_labels=[had]' "model.start=$base" loss=npo
refused 3 'evaluate.reference: found without a metric that reads it' "evaluate.reference=$base"
[ ! -e refused ] || fail 'something was written for a refused config'
