#!/usr/bin/env bash
# llp, learning from the shares of labels in bags: bags of one row are cross-entropy, who has which label within a bag changes nothing,
# single rows are learned from shares; in company, threads, saved models; what reads the label of a row is refused.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
needs_python numpy
py=${PYTHON:-python3}

cat >m.yaml <<YAML
task: multiclass
data: {train: {path: $LB_ROOT/datasets/samples/wine.csv.gz, label: label}}
model: {kind: mlp, hidden: [6]}
loss: llp
optimizer: {name: adam, lr: 0.01}
train: {epochs: 8, batch: 24, precision: float64}
metrics: [accuracy, log_loss]
output: {dir: plain, predictions: true}
YAML
sed "s|wine.csv.gz, label: label|wdbc.csv.gz, label: label|; s|task: multiclass|task: binary|" m.yaml >b.yaml
run() { # CONFIG FOLDER SET...
	rm -rf "$2"
	assert_exit 0 lossbench train --config "$1" --quiet --set "output.dir=$2" "${@:3}"
}
apart() { # apart A B: how far the scores of two runs are from each other
	"$py" - "$@" <<'PY'
import csv, glob, sys
a, b = (list(csv.DictReader(open(glob.glob(d + "/trials/*.predictions.csv")[0]))) for d in sys.argv[1:])
columns = [k for k in a[0] if k.startswith("score")]
assert columns and len(a) == len(b) > 10 and [r["row"] for r in a] == [r["row"] for r in b]
print(max(abs(float(x[k]) - float(y[k])) for x, y in zip(a, b) for k in columns))
PY
}

# ---- bags of one row ----
for c in m b; do
	plain=ce
	[ $c = m ] || plain=logistic
	run $c.yaml plain --set loss=$plain
	for divergence in kl ce; do
		run $c.yaml one --set data.bags='{kind: random, size: 1}' --set loss.divergence=$divergence
		assert_between "$(apart plain one)" 0 1e-10 "$c, $divergence of single rows"
	done
	run $c.yaml four --set data.bags='{kind: random, size: 4}'
	assert_between "$(apart plain four)" 1e-3 100 "$c: what bags change"
	# kl and ce differ by what no model changes
	run $c.yaml four-ce --set data.bags='{kind: random, size: 4}' --set loss.divergence=ce
	assert_between "$(apart four four-ce)" 0 1e-10 "$c: kl and ce"
done

# ---- rows are learned from the shares of bags of five; squared and l1 too, float32, all rows at once ----
for set in loss.divergence=kl loss.divergence=squared loss.divergence=l1 train.precision=float32 'optimizer={name: lbfgs, weight_decay: 0.01}'; do
	run m.yaml some --set data.bags='{kind: random, size: 5}' --set train.epochs=120 --set "$set"
	assert_between "$(json some/trials/*.json .result.metrics.test.accuracy)" 0.8 1 "$set"
done

# ---- who has which label within a bag changes nothing: labels turned round within the groups of a column give the same scores ----
"$py" - <<'PY'
import random
r = random.Random(2)
rows = [[k // 5, *[round(r.gauss(y, 1), 3) for y in (c, -c, 0)], "abc"[c]] for k in range(200) for c in [r.randrange(3)]]
for name, turn in (("told.csv", 0), ("turned.csv", 1)):
    with open(name, "w") as f:
        f.write("shop,x1,x2,x3,kind\n")
        for k, row in enumerate(rows):
            label = rows[k // 5 * 5 + (k + turn) % 5][-1]
            f.write(",".join(map(str, row[:-1] + [label])) + "\n")
PY
cat >g.yaml <<YAML
task: multiclass
data: {train: {path: told.csv, label: kind}, group: shop, bags: group, split: {train: 0.7, valid: 0.1, test: 0.2}}
model: linear
loss: llp
train: {epochs: 20, batch: 20}
metrics: [accuracy]
output: {dir: told, predictions: true, model: true}
YAML
run g.yaml told
run g.yaml turned --set data.train.path=turned.csv
scores() { "$py" -c 'import csv, sys; print([[r[k] for k in r if k.startswith("score")] for r in csv.DictReader(open(sys.argv[1]))])' "$1"/trials/*.predictions.csv; }
assert_eq "$(scores turned)" "$(scores told)" 'scores by labels that were turned round within their bags'
assert_between "$(json told/trials/*.json .result.metrics.test.accuracy)" 0.4 1 'rows by the shares of their groups'
lossbench predict --model told/trials/*.model.npz --data told.csv --out all.csv --quiet
assert_eq "$(sort all.csv | comm -13 - <(sort told/trials/*.predictions.csv))" '' 'lines of the run that predict does not give'

# ---- in one cohort, with two threads, alone ----
cat >s.yaml <<YAML
$(sed '/^output/d; s/^loss: .*/loss: llp/' g.yaml)
sweep: {loss: [llp, {name: llp, divergence: squared}, {name: llp, divergence: l1}], train.seed: [1, 2]}
YAML
assert_exit 0 lossbench sweep s.yaml --quiet --set output.dir=together --jobs 1
assert_exit 0 lossbench sweep s.yaml --quiet --set output.dir=threads --jobs 2 --threads 2
for record in together/trials/*.json; do assert_exit 0 lossbench sweep s.yaml --quiet --set output.dir=alone --only "$(basename "$record" .json)"; done
assert_same_results together threads
assert_same_results together alone

# ---- losses eval: the rows of a bag may stand apart ----
assert_exit 0 lossbench losses eval multiclass/llp <<<'{"scores": [[1, -0.5, 0.2], [0, 0.4, -0.6], [-1, 0.3, 0.8]], "labels": [0, 1, 1], "groups": [0, 1, 0]}'
apart=$out
assert_exit 0 lossbench losses eval multiclass/llp <<<'{"scores": [[1, -0.5, 0.2], [-1, 0.3, 0.8], [0, 0.4, -0.6]], "labels": [0, 1, 1], "groups": [0, 0, 1]}'
"$py" -c '
import json, sys
a, b = (json.loads(t) for t in sys.argv[1:])
assert a["value"] == b["value"] and abs(a["value"] - 0.6340840865) < 1e-9, (a, b)
assert [a["grad"]["scores"][i] for i in (0, 2, 1)] == b["grad"]["scores"]' "$apart" "$out"

# ---- what is refused ----
bad() { # TEXT SET...
	assert_exit 3 lossbench train --config m.yaml --quiet "${@:2}"
	assert_contains "$err" "$1"
}
bags=(--set 'data.bags={kind: random, size: 4}')
bad 'loss: found llp, whose rows come in bags; allowed: with data.bags'
bad 'loss: found ce with data.bags, which reads the label of each row; allowed: llp, or remove data.bags' "${bags[@]}" --set loss=ce
bad 'terms: found ce with data.bags, which reads the label of each row' "${bags[@]}" --set 'terms=[ce]'
bad 'data.bags: cannot be combined with train.sampler balanced, which draws rows by their labels' "${bags[@]}" --set train.sampler=balanced
bad 'data.bags: cannot be combined with train.attack fgsm, which moves rows against their labels' "${bags[@]}" --set 'train.attack={kind: fgsm, eps: 0.1}'
bad 'which reads whole bags of rows' "${bags[@]}" --set 'procedures=[mixup]'
bad 'is not a sum over rows, so rows cannot be weighted' "${bags[@]}" --set train.class_weight=balanced
bad 'data.bags: cannot be combined with model naive_bayes, which counts labels' "${bags[@]}" --set model=naive_bayes
assert_exit 3 lossbench train --config b.yaml --quiet "${bags[@]}" --set optimizer=batch_perceptron
assert_contains "$err" 'data.bags: cannot be combined with optimizer batch_perceptron'
assert_exit 3 lossbench train --config m.yaml --quiet "${bags[@]}" --set corrupt.bags=laplace
assert_contains "$err" 'corrupt.bags'
