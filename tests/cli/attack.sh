#!/usr/bin/env bash
# train.attack and evaluate.attack from the command line: robust metrics, neutral values, workers, resuming, refusals.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

cat >a.yaml <<YAML
task: binary
data:
  train: {path: $LB_ROOT/datasets/samples/wdbc.csv.gz, label: label}
loss: logistic
optimizer: {name: sgd, lr: 0.1}
train: {epochs: 60, batch: 40}
metrics: [accuracy, log_loss]
YAML
sed 's/^metrics:.*/evaluate: {attack: {kind: closed_form, norm: linf, eps: 0.2}}/' a.yaml >b.yaml

run() { # run CONFIG NAME SETS...: trains into a folder of its own; the record is in $record
	local config=$1 dir=$2 sets=()
	shift 2
	for s; do sets+=(--set "$s"); done
	assert_exit 0 lossbench train --config "$config" --set output.dir="$dir" "${sets[@]}"
	record=$(echo "$dir"/trials/*.json)
}
metric() { json "$record" ".result.metrics.$1"; }
below() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a + 0 < b + 0) }' || fail "$3: $1 is not below $2"; }

# Neutral values are what was always so; the robust metrics are there by default where an attack is given, and only there.
run a.yaml plain
plain=${record##*/}
run a.yaml neutral train.attack=none evaluate.attack=none
assert_eq "${record##*/}" "$plain" id
run b.yaml probed
robust=$(metric test.robust_accuracy)
below "$robust" "$(metric test.accuracy)" 'robust accuracy of a standard training'
lossbench config resolve a.yaml | grep -q robust && fail 'robust metrics without an attack'

# The exact robust optimum: the objective is the robust loss of the training rows, and each row fares better under attack.
run b.yaml optimum 'optimizer={name: lbfgs}' train.precision=float64 evaluate.attack.norm=l2 \
	train.attack.kind=closed_form train.attack.norm=l2 train.attack.eps=0.2
assert_between "$(awk -v a="$(json "$record" .result.objective)" -v b="$(metric train.robust_log_loss)" 'BEGIN { print a / b - 1 }')" -1e-9 1e-9 objective
run b.yaml trained train.attack.kind=fgsm train.attack.eps=0.2
below "$robust" "$(metric test.robust_accuracy)" 'robust accuracy after robust training'

# An mlp under pgd: the same with one worker or two, in company or alone, killed and gone on.
cat >c.yaml <<YAML
task: multiclass
data:
  train: {path: $LB_ROOT/datasets/samples/vowel.csv.gz, label: label}
model: {kind: mlp, hidden: [12], dropout: 0.1}
loss: ce
train: {epochs: 4, batch: 50, checkpoint: 2, attack: {kind: pgd, norm: linf, eps: 0.2, steps: 3, restarts: 2}}
evaluate: {attack: {kind: pgd, norm: l2, eps: 0.3, objective: all, steps: 5}}
metrics: [accuracy, robust_accuracy, {name: robust_class_error, class: 3}, {name: class_error, class: 3}]
YAML
sets=(--set 'optimizer.lr=0.05,0.1' --set 'loss.name=ce,gce,adv_comp_sum' --quiet)
lossbench sweep --config c.yaml --set output.dir=one "${sets[@]}" --jobs 1 >/dev/null
lossbench sweep --config c.yaml --set output.dir=two "${sets[@]}" --jobs 2 >/dev/null
run c.yaml alone optimizer.lr=0.1 loss.name=gce
for f in one/trials/*.json; do
	assert_eq "$(json "$f" .result)" "$(json "two/trials/${f##*/}" .result)" 'result with two workers'
done
assert_eq "$(json "$record" .result)" "$(json "one/trials/${record##*/}" .result)" 'result in company'
below "$(metric test.robust_accuracy)" 1 'robust accuracy'
out=$(lossbench report one --metric test.robust_accuracy)
assert_contains "$out" test.robust_accuracy

# A stop by the second signal leaves a checkpoint after epoch 2; the same command gives the same bytes.
cp -r one whole
rm -r one/trials
(
	lossbench train --config c.yaml --set output.dir=one --set train.epochs=400 --quiet &
	pid=$!
	for _ in $(seq 200); do
		compgen -G 'one/trials/*.checkpoint' >/dev/null && break
		sleep 0.05
	done
	kill -9 "$pid"
	wait "$pid" || true
) 2>/dev/null
[ -n "$(compgen -G 'one/trials/*.checkpoint')" ] || fail 'no checkpoint'
lossbench train --config c.yaml --set output.dir=one --set train.epochs=400 --quiet >/dev/null
lossbench train --config c.yaml --set output.dir=straight --set train.epochs=400 --quiet >/dev/null
assert_eq "$(json one/trials/*.json .result)" "$(json straight/trials/*.json .result)" 'result after kill -9'

refused() { # refused TEXT SETS...: exit 3, with the text
	local text=$1 sets=()
	shift
	for s; do sets+=(--set "$s"); done
	assert_exit 3 lossbench train --config "$config" --set output.dir=refused "${sets[@]}"
	assert_contains "$err" "$text"
}
config=c.yaml
refused 'train.attack: found closed_form with model mlp, allowed: model linear' 'train.attack={kind: closed_form, eps: 1}'
refused 'evaluate.attack: found closed_form with model random_features, allowed: model linear' model=random_features 'evaluate.attack={kind: closed_form, eps: 1}'
refused 'train.attack.objective: found all, allowed: one of them' train.attack.objective=all
refused 'train.attack.objective: found deviation with loss ce' train.attack.objective=deviation
refused 'evaluate.attack.objective: found deviation, allowed: ce' evaluate.attack.objective=deviation
refused 'train.attack.eps: is missing' 'train.attack={kind: fgsm}'
refused 'train.attack.eps: found -1' train.attack.eps=-1
refused 'train.attack.clip: found 1 number, allowed: [lo, hi]' 'train.attack.clip=[1]'
refused 'train.attack.clip: found 2 numbers that do not ascend' 'train.attack.clip=[1,0]'
refused 'evaluate.attack: found pgd, but no metric is measured under it' 'metrics=[accuracy]'
refused 'train.attack: cannot be combined with train.views' 'train.views={kind: gaussian_noise}' loss.name=gjs
config=a.yaml
refused 'metrics: found robust_accuracy without evaluate.attack' 'metrics=[robust_accuracy]'
refused 'train.attack.objective: found dlr with one score' 'train.attack={kind: pgd, eps: 0.1, objective: dlr}'
refused 'train.attack.objective: found deviation with one score' 'train.attack={kind: pgd, eps: 0.1, objective: deviation}'
refused 'train.attack: found pgd with optimizer lbfgs' 'train.attack={kind: pgd, eps: 0.1}' 'optimizer={name: lbfgs}'
refused 'train.attack: found closed_form with model naive_bayes' 'train.attack={kind: closed_form, eps: 0.1}' model.kind=naive_bayes
refused 'for which there is no closed form' 'train.attack={kind: closed_form, eps: 0.1, norm: l2, clip: [0, 1]}'
printf '1 1:0.5 3:1\n0 2:1\n1 1:1\n0 3:2\n1 2:2 3:1\n0 1:3\n' >s.svm
refused 'train.attack: found fgsm with sparse data' 'train.attack={kind: fgsm, eps: 0.1}' data.train.path=s.svm data.train.label=null data.preprocess.standardize=false
printf 'x,t\n1,2\n2,3\n3,5\n4,4\n5,1\n' >r.csv
refused 'train.attack' 'train.attack={kind: fgsm, eps: 0.1}' task=regression loss.name=mse 'metrics=[rmse]' data.train.path=r.csv data.train.label=t
