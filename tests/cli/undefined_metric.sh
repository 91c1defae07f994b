#!/usr/bin/env bash
# A metric that is undefined decides nothing: not which settings are chosen, not which epoch is the best, not a threshold; it is said how
# often and why, in the records too.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

# rare FILE POSITIVES ROWS: the first rows are positive.
rare() {
	awk -v p="$2" -v n="$3" 'BEGIN { srand(5); print "a,b,label"
		for (i = 0; i < n; i++) printf "%.3f,%.3f,%s\n", rand() + (i < p), rand(), i < p ? "pos" : "neg" }' >"$1"
}

# grouped FILE KIND...: a group of twelve rows each: p positive, n negative, t of two classes.
grouped() {
	local file=$1 g=0 kind
	shift
	echo 'a,b,label,g' >"$file"
	for kind; do
		g=$((g + 1))
		awk -v k="$kind" -v g=$g 'BEGIN { srand(g); for (i = 0; i < 12; i++) { p = k == "p" || (k == "t" && i % 2)
			printf "%.3f,%.3f,%s,%d\n", rand() + p, rand(), p ? "pos" : "neg", g } }' >>"$file"
	done
}

# tuned NAME FILE RATES [SWEEP]: a study tuned over rates; its folder is NAME.
tuned() {
	cat >"$1.yaml" <<END
name: $1
task: binary
data: {train: {path: $2, label: label}, split: {train: 0.64, valid: 0.16, test: 0.2, stratify: true}}
loss: logistic
train: {epochs: 3, batch: 16}
metrics: [auc, accuracy]
tune: {trials: 8, folds: 5, metric: valid.auc, method: grid, space: {optimizer.lr: [$3]}}
sweep: {train.seed: [${4:-1}]}
output: {dir: $1}
END
}
candidates() { "${PYTHON:-python3}" -c 'import json, sys
for s in json.load(open(sys.argv[1]))["studies"]:
    for a in s["arms"]:
        for c in a["choices"]:
            print(c["chosen"], sorted((e["settings"]["optimizer.lr"], e["mean"], e["folds"], e["lost_folds"], e["undefined_folds"])
                                      for e in c["candidates"]))' "$1"; }

# Defined on some folds: these decide, and the order of the grid does not matter.
rare few.csv 4 70
tuned up few.csv '0.000001, 0.3, 0.01'
tuned down few.csv '0.3, 0.01, 0.000001'
for k in up down; do
	assert_exit 0 lossbench sweep --config $k.yaml
	assert_contains "$err" 'tune: valid.auc is undefined in 2 of 5 folds: one class; the other folds decide'
done
assert_eq "$(candidates up/tuning.json)" "$(candidates down/tuning.json)"
assert_contains "$(candidates up/tuning.json)" ', 3, 0, 2)'
assert_lacks "$(candidates up/tuning.json)" 'None'
assert_exit 0 lossbench sweep --config up.yaml --set train.seed=1,2,3 --set output.dir=many
assert_contains "$err" 'is undefined in 2 of 5 folds'

# Equal candidates: the smaller value, whatever the order.
for order in '3000, 1000, 2000' '2000, 3000, 1000' '1000, 2000, 3000'; do
	tuned tie few.csv 0.1
	sed -i "s/optimizer.lr: [^}]*}/train.clip_norm: [$order]}/" tie.yaml
	assert_exit 0 lossbench sweep --config tie.yaml --quiet
	assert_eq "$(json tie/tuning.json .studies[0].arms[0].choices[0].chosen)" '{"train.clip_norm": 1000}'
done

# Defined nowhere: nothing is chosen, nothing is trained with it, the exit says so each time; other choices go on.
grouped pure.csv p p n n t t
tuned none pure.csv '0.1, 0.01'
sed -i 's/split: {.*}}/split: {first: 48, stratify: false}, group: g}/; s/folds: 5/folds: 4/' none.yaml
for _ in 1 2; do
	assert_exit 1 lossbench sweep --config none.yaml
	assert_contains "$err" 'valid.auc is undefined in 4 of 4 folds: one class; no settings could be chosen; tune by another metric'
done
assert_contains "$(candidates none/tuning.json)" '{} [(0.01, None, 0, 0, 4), (0.1, None, 0, 0, 4)]'
assert_eq "$(json none/tuning.json .studies[0].arms[0].choices[0].trials)" '[]'
assert_eq "$(find none/trials -name '*.json' | wc -l)" 8
grouped some.csv p p n n t
tuned some some.csv '0.1, 0.01' '1, 2, 3, 4, 5, 6'
sed -i 's/split: {.*}}/split: {train: 0.8, valid: 0, test: 0.2, stratify: false}, group: g}/; s/folds: 5/folds: 4/' some.yaml
assert_exit 1 lossbench sweep --config some.yaml
assert_contains "$err" 'tune: valid.auc is undefined in 3 of 4 folds: one class; the other one decides, in '
assert_contains "$err" 'tune: valid.auc is undefined in 4 of 4 folds: one class; no settings could be chosen, in '
unmade=$(grep -c '"trials": \[\]' some/tuning.json) all=$(grep -c '"chosen"' some/tuning.json) # seeds with the same test rows share a choice
assert_between "$unmade" 1 "$((all - 1))"
assert_contains "$err" "chosen, in $unmade of $all choices of settings; tune by another metric"
assert_contains "$err" "decides, in $((all - unmade)) of $all choices of settings"
assert_eq "$(grep -L '"cv"' some/trials/*.json | wc -l)" "$(sed -n 's/^some: \([0-9]*\) trial.*/\1/p' <<<"$out")"

# A candidate that diverges is worse than any other, first in the grid or last; where all do, nothing is chosen.
for order in '1000000, 0.01' '0.01, 1000000'; do
	rm -rf wild
	tuned wild few.csv "$order"
	sed -i 's/loss: logistic/loss: {name: exponential}/' wild.yaml
	assert_exit 0 lossbench sweep --config wild.yaml
	assert_contains "$(candidates wild/tuning.json)" "{'optimizer.lr': 0.01}"
	assert_contains "$(candidates wild/tuning.json)" '(1000000, None, 0, 5, 0)'
done
rm -rf wild
tuned wild few.csv '1000000, 900000'
sed -i 's/loss: logistic/loss: {name: exponential}/' wild.yaml
assert_exit 1 lossbench sweep --config wild.yaml
assert_contains "$err" 'tune: every candidate diverged or failed in every fold; no settings could be chosen; give tune.space other values'

# Early stopping and thresholds by validation rows of one class: the last epoch, the plain threshold, and a word about it.
grouped parts.csv p n p n n
cat >stop.yaml <<END
name: stop
task: binary
data: {train: {path: parts.csv, label: label}, split: {train: 0.6, valid: 0.2, test: 0.2, stratify: false}, group: g}
loss: logistic
train: {epochs: 7, batch: 16, early_stopping: {metric: valid.auc, patience: 2}}
evaluate: {threshold: f1, calibration: platt}
metrics: [auc, accuracy]
output: {dir: stop}
END
assert_exit 0 lossbench train --config stop.yaml
assert_contains "$err" 'train.early_stopping: valid.auc was undefined after 7 of 7 epochs: one class; the training went to its last epoch, which is kept (1 trial)'
assert_contains "$err" 'evaluate.threshold: f1 is undefined on the validation rows: one class; the threshold stays 0 (1 trial)'
assert_contains "$err" 'evaluate.calibration: platt is undefined on the validation rows: one class; the scores stay as they are (1 trial)'
record=$(find stop/trials -name '*.json')
assert_eq "$(json "$record" .result.best_epoch) $(json "$record" .result.epochs)" '7 7'
assert_eq "$(json "$record" .result.early_stopping)" '{"metric": "auc", "undefined_epochs": 7, "reason": "one class"}'
assert_eq "$(json "$record" .result.decision.unfitted) $(json "$record" .result.decision.threshold)" 'one class 0'
assert_exit 0 lossbench sweep --config stop.yaml --set train.seed=1,2,3 --set output.dir=stops
assert_contains "$err" 'was undefined after 7 of 7 epochs: one class; the training went to its last epoch, which is kept (3 trials)'
assert_exit 0 lossbench sweep --config stop.yaml --set train.seed=1,2,3 --set output.dir=quiet --quiet
assert_eq "$err" ''

# Results where nothing was undefined hold none of this.
grouped mixed.csv t t t t t
assert_exit 0 lossbench train --config stop.yaml --set data.train.path=mixed.csv --set output.dir=fine
assert_lacks "$err" undefined
assert_lacks "$(sed -n '/^  "result"/,$p' fine/trials/*.json)" early_stopping
assert_lacks "$(cat fine/trials/*.json)" unfitted
if "${PYTHON:-python3}" -c 'import jsonschema' 2>/dev/null; then
	"${PYTHON:-python3}" "$LB_ROOT/tests/scripts/validate_records.py" {stop,fine}/trials/*.json || fail 'not the schema of records'
fi
