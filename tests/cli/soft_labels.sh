#!/usr/bin/env bash
# data.side.soft_labels: a row's loss is its mean over the given probabilities of the classes. Hard ones are the plain loss, smoothed ones
# label smoothing, any others rows repeated under each label with these weights; and what is refused.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
py=${PYTHON:-python3}

# 60 rows of three classes, a file of probabilities of each sort, and the rows repeated under each label.
"$py" - <<'PY'
import random

r = random.Random(5)
rows = [(i % 3, r.gauss(i % 3, 1), r.gauss(0, 1)) for i in range(60)]
soft = []
for y, _, _ in rows:
    p = [r.random() ** 2 + (k == y) for k in range(3)]
    soft.append([v / sum(p) for v in p])

def write(path, head, lines):
    with open(path, "w") as f:
        f.write(head + "\n" + "".join(",".join("%.17g" % v if isinstance(v, float) else str(v) for v in line) + "\n" for line in lines))

write("rows.csv", "x,z,label", [(a, b, "abc"[y]) for y, a, b in rows])
write("repeated.csv", "x,z,w,label", [(a, b, p[k], "abc"[k]) for (_, a, b), p in zip(rows, soft) for k in range(3)])
write("soft.csv", "a,b,c", soft)
write("hard.csv", "a,b,c", [[float(k == y) for k in range(3)] for y, _, _ in rows])
write("smoothed.csv", "a,b,c", [[0.9 * (k == y) + 0.1 / 3 for k in range(3)] for y, _, _ in rows])
write("two.csv", "x,z,label", [(a, b, "ab"[y > 0]) for y, a, b in rows])
write("two_soft.csv", "a,b", [(p[0], p[1] + p[2]) for p in soft])
write("two_repeated.csv", "x,z,w,label", [(a, b, (p[0], p[1] + p[2])[k], "ab"[k]) for (_, a, b), p in zip(rows, soft) for k in range(2)])
write("off.csv", "a,b,c", [[0.5, 0.3, 0.1]] + soft[1:])
write("below.csv", "a,b,c", [[1.2, -0.2, 0.0]] + soft[1:])
write("short.csv", "a,b,c", soft[1:])
PY

config() { # config NAME FILE
	printf '%s\n' 'task: multiclass' "data: {train: {path: $2, label: label}, split: {train: 1, valid: 0, test: 0}, preprocess: {standardize: false}}" \
		'loss: ce' 'optimizer: {name: lbfgs, weight_decay: 0.01, tolerance: 1e-10}' 'train: {precision: float64}' 'metrics: [log_loss, accuracy]' \
		"output: {dir: $1}" >"$1.yaml"
}
objective() { # objective NAME FOLDER SETS...
	local name=$1 folder=$2 set sets=()
	shift 2
	for set; do sets+=(--set "$set"); done
	assert_exit 0 lossbench train --config "$name.yaml" "${sets[@]}" --set "output.dir=$folder"
	json "$(find "$folder" -name '*.json')" .result.objective
}
near() { "$py" -c 'import sys; a, b = map(float, sys.argv[1:]); sys.exit(abs(a - b) > 1e-9 * abs(b))' "$1" "$2" || fail "$1, not $2 ($3)"; }
config rows rows.csv
config repeated repeated.csv
config two two.csv
config two_repeated two_repeated.csv
near "$(objective rows hard data.side.soft_labels=hard.csv)" "$(objective rows plain)" 'hard labels'
near "$(objective rows smoothed data.side.soft_labels=smoothed.csv)" "$(objective rows smoothing 'loss={name: label_smoothing, alpha: 0.1}')" smoothed
for loss in ce 'squared_emd' '{name: focal, gamma: 2}' corn cumulative_logit; do
	key=${loss//[^a-z_]/}
	[ "$loss" = corn ] && loss='{name: corn, norm: rows}'
	near "$(objective rows "soft_$key" data.side.soft_labels=soft.csv "loss=$loss")" "$(objective repeated "repeated_$key" data.weight=w "loss=$loss")" "$key"
done
near "$(objective two two_soft task=binary loss=logistic data.side.soft_labels=two_soft.csv)" \
	"$(objective two_repeated two_rep task=binary loss=logistic data.weight=w)" binary
# With weights of rows, which multiply.
awk -F, -v OFS=, 'NR == 1 { print "v", $0; next } { print 1 + NR % 3, $0 }' rows.csv >weighted.csv
awk -F, -v OFS=, -v CONVFMT=%.17g -v OFMT=%.17g 'NR == 1 { print; next } { $3 *= 1 + (int((NR - 2) / 3) + 2) % 3; print }' repeated.csv >weighted_repeated.csv
near "$(objective rows weighted data.train.path=weighted.csv data.weight=v data.side.soft_labels=soft.csv)" \
	"$(objective repeated weighted_repeated data.train.path=weighted_repeated.csv data.weight=w)" 'weights of rows'

# By minibatches: hard labels train as the plain loss does, to rounding; terms and mixup take part.
sgd=('optimizer={name: sgd, lr: 0.1, momentum: 0.9}' train.epochs=5 train.batch=8)
objective rows sgd_plain "${sgd[@]}" >/dev/null
objective rows sgd_hard "${sgd[@]}" data.side.soft_labels=hard.csv >/dev/null
for metric in log_loss accuracy; do
	near "$(json "$(find sgd_hard -name '*.json')" .result.metrics.train.$metric)" "$(json "$(find sgd_plain -name '*.json')" .result.metrics.train.$metric)" $metric
done
objective rows sgd_mixed "${sgd[@]}" data.side.soft_labels=hard.csv 'procedures=[mixup]' 'terms=[{name: brier, weight: 0.5}]' >/dev/null
objective rows sgd_mixed_plain "${sgd[@]}" 'procedures=[mixup]' 'terms=[{name: brier, weight: 0.5}]' >/dev/null
near "$(json "$(find sgd_mixed -name '*.json')" .result.metrics.train.log_loss)" "$(json "$(find sgd_mixed_plain -name '*.json')" .result.metrics.train.log_loss)" mixup

# The id holds the file's content, not its name; the record names both.
cp soft.csv other.csv
objective rows other data.side.soft_labels=other.csv >/dev/null
assert_eq "$(basename "$(find other -name '*.json')")" "$(basename "$(find soft_ce -name '*.json')")"
assert_eq "$(json "$(find other -name '*.json')" .data.soft_labels.path)" other.csv
assert_eq "$(json "$(find other -name '*.json')" .data.soft_labels.sha256)" "$(sha256sum <soft.csv | cut -d' ' -f1)"
needs_python jsonschema
"$py" "$LB_ROOT/tests/scripts/validate_records.py" other/trials/*.json || fail 'not the schema of records'

# What is refused.
refused() { # refused EXIT WORDS SETS...
	local code=$1 words=$2 set sets=()
	shift 2
	for set; do sets+=(--set "$set"); done
	assert_exit "$code" lossbench train --config rows.yaml --set data.side.soft_labels=soft.csv "${sets[@]}" --set output.dir=refused
	assert_contains "$err" "$words"
}
refused 4 'off.csv: row 1: the probabilities sum to 0.9, allowed: 1 within 0.00001' data.side.soft_labels=off.csv
refused 4 'below.csv: row 1, column 2: found -0.2, allowed: a probability, from 0 to 1' data.side.soft_labels=below.csv
refused 4 'short.csv: found 59 rows of 3 columns, allowed: 60 rows' data.side.soft_labels=short.csv
refused 4 'nowhere.csv' data.side.soft_labels=nowhere.csv
refused 3 'loss: found soft_kappa with data.side.soft_labels, allowed: losses that are linear in the label, ce, label_smoothing, focal' loss=soft_kappa
refused 3 'loss: found elr with data.side.soft_labels' loss=elr optimizer=sgd
refused 3 'data.side.soft_labels: goes with task multiclass or binary, found regression' task=regression loss=mse 'metrics=[rmse]' data.train.label=z
refused 3 'data.side.soft_labels: cannot be combined with data.missing: drop' data.missing=drop
refused 3 'data.side.soft_labels: cannot be combined with data.ignore_labels' 'data.ignore_labels=[x]'
refused 3 'cannot be combined with weights of classes, which a row has several of' train.class_weight=balanced
refused 3 'cannot be combined with corrupt.labels uniform' 'corrupt.labels={kind: uniform, rate: 0.1}'
refused 3 'cannot be combined with procedure coteach' optimizer=sgd 'procedures=[coteach]'
refused 3 'cannot be combined with optimizer batch_perceptron' optimizer=batch_perceptron
refused 3 'cannot be combined with model naive_bayes' model=naive_bayes
