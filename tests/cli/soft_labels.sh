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
# The probabilities as columns of the table, in another order than the classes, between its others; written with six digits, they sum to 1 +- 2e-6.
six = [[float("%.6f" % v) for v in p] for p in soft]
write("six.csv", "a,b,c", six)
write("table.csv", "p_c,x,p_a,z,label,p_b", [(p[2], a, p[0], b, "abc"[y], p[1]) for (y, a, b), p in zip(rows, six)])
write("two_table.csv", "x,p_b,z,p_a,label", [(a, p[1] + p[2], b, p[0], "ab"[y > 0]) for (y, a, b), p in zip(rows, soft)])
# Rows that are left out: one without a feature, one of a label to ignore.
write("holes.csv", "x,z,p_a,p_b,p_c,label", [("" if i == 4 else a, b, *p, "unknown" if i == 9 else "abc"[y]) for i, ((y, a, b), p) in enumerate(zip(rows, six))])
write("no_holes.csv", "x,z,p_a,p_b,p_c,label", [(a, b, *p, "abc"[y]) for i, ((y, a, b), p) in enumerate(zip(rows, six)) if i not in (4, 9)])
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

# Columns of the table: by class, in the order of the classes, from all three files, the same bytes as a file of them.
result() { # result FOLDER: what the trial there gave, without times
	"$py" - "$1" <<'PY'
import glob, json, sys

record = json.load(open(glob.glob(sys.argv[1] + "/trials/*.json")[0]))
print(json.dumps(record["result"], sort_keys=True), record["data"]["features"])
PY
}
parts=('data.split={train: 0.6, valid: 0.2, test: 0.2}' 'metrics=[log_loss, accuracy, brier]')
for way in lbfgs sgd; do
	how=('optimizer={name: lbfgs, weight_decay: 0.01}')
	[ $way = sgd ] && how=("${sgd[@]}" train.precision=float32 'procedures=[mixup]')
	objective rows $way/file "${how[@]}" "${parts[@]}" data.side.soft_labels=six.csv >/dev/null
	objective rows $way/named "${how[@]}" "${parts[@]}" data.train.path=table.csv 'data.side.soft_labels={b: p_b, a: p_a, c: p_c}' >/dev/null
	objective rows $way/listed "${how[@]}" "${parts[@]}" data.train.path=table.csv 'data.side.soft_labels=[p_a, -1, 1]' >/dev/null
	assert_contains "$(result $way/file)" '"log_loss"'
	assert_eq "$(result $way/named)" "$(result $way/file)"
	assert_eq "$(result $way/listed)" "$(result $way/file)"
done
sed 1d six.csv | cat six.csv - >twice.csv
objective rows tested/file "${sgd[@]}" data.test.path=rows.csv 'data.split={train: 1, valid: 0}' data.side.soft_labels=twice.csv >/dev/null
objective rows tested/columns "${sgd[@]}" data.train.path=table.csv data.test.path=table.csv 'data.split={train: 1, valid: 0}' \
	'data.side.soft_labels={a: p_a, b: p_b, c: p_c}' >/dev/null
assert_eq "$(result tested/columns)" "$(result tested/file)"

# They stay with their rows where rows are left out, and with their classes where the positive one is named.
objective rows holes 'data.side.soft_labels={a: p_a, b: p_b, c: p_c}' data.train.path=holes.csv data.missing=drop 'data.ignore_labels=[unknown]' >/dev/null
objective rows no_holes 'data.side.soft_labels={a: p_a, b: p_b, c: p_c}' data.train.path=no_holes.csv >/dev/null
assert_eq "$(result holes)" "$(result no_holes)"
near "$(objective two positive task=binary loss=logistic data.train.path=two_table.csv data.positive=a 'data.side.soft_labels={a: p_a, b: p_b}')" \
	"$(objective two positive_b task=binary loss=logistic data.side.soft_labels=two_soft.csv)" 'the other class positive'

# A model reads a table with these columns, and one without them.
lossbench train --config rows.yaml --set data.train.path=table.csv --set 'data.side.soft_labels={a: p_a, b: p_b, c: p_c}' --set output.model=true \
	--set output.dir=kept >/dev/null
for table in table rows; do
	assert_exit 0 lossbench predict --model kept/trials/*.npz --data $table.csv --out "from_$table.csv"
done
assert_eq "$(cat from_table.csv)" "$(cat from_rows.csv)"

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

# Of columns, with the place in the config or in the table.
table() { refused "$1" "$2" data.train.path=table.csv "${@:3}"; }
printf '%s\n' 'task: multiclass' 'data:' '  train: {path: table.csv, label: label}' '  side: {soft_labels: [p_a, p_b]}' 'loss: ce' >columns.yaml
assert_exit 3 lossbench config check columns.yaml
assert_contains "$err" "columns.yaml:4:23: data.side.soft_labels: found 2 columns, allowed: one for each of 3 classes, in this order: 'a', 'b', 'c'"
table 3 "data.side.soft_labels: class 'c' has no column; give each of 'a', 'b', 'c' one" 'data.side.soft_labels={a: p_a, b: p_b}'
table 3 "data.side.soft_labels: there is no class 'd'; the classes are 'a', 'b', 'c'" 'data.side.soft_labels={a: p_a, b: p_b, d: p_c}'
table 3 'data.side.soft_labels: found a list, allowed: a file, or a column for each class, by name or in order' 'data.side.soft_labels=[]'
table 3 'data.side.soft_labels.b: found a list, allowed: any text' 'data.side.soft_labels={a: p_a, b: [p_b], c: p_c}'
table 3 'data.side.soft_labels: cannot be combined with data.positive, which would exchange its columns; name the table' data.positive=a \
	task=binary loss=logistic 'data.side.soft_labels=[p_a, p_b]'
table 4 "table.csv: data.side.soft_labels: there is no column 'p_d'; did you mean 'p_" 'data.side.soft_labels=[p_a, p_b, p_d]'
table 4 "table.csv: data.side.soft_labels: the column 'p_a' stands for two classes; name one for each" 'data.side.soft_labels={a: p_a, b: p_a, c: p_c}'
table 4 "table.csv: the column 'p_a' is asked for as data.weight and as data.side.soft_labels" data.weight=p_a 'data.side.soft_labels=[p_a, p_b, p_c]'
broken() { # broken WORDS LINE COLUMN VALUE: a cell of the table is changed
	awk -F, -v OFS=, -v line="$2" -v column="$3" -v value="$4" 'NR == line { $column = value } { print }' table.csv >broken.csv
	refused 4 "$1" data.train.path=broken.csv 'data.side.soft_labels=[p_a, p_b, p_c]'
}
broken "broken.csv:7: column 'p_a': the probability is missing" 7 3 ''
broken "broken.csv:8: column 'p_c': found -0.25, allowed: a probability, from 0 to 1" 8 1 -0.25
broken 'broken.csv:9: data.side.soft_labels: the probabilities sum to ' 9 6 7
broken "broken.csv:3: column 'p_b': the probability 'high' is not a number" 3 6 high
