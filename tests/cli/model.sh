#!/usr/bin/env bash
# Models that leave: predict gives the bytes of the run that made the model, from every sort of file; NumPy reads the model and computes the
# same; data that do not fit are refused by the name of their column.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

# study FILE TASK DATA LINE...: a config; the run's folder is FILE without its ending.
study() {
	cat >"$1" <<YAML
task: $2
data: $3
train: {epochs: 3, batch: 16}
output: {dir: ${1%.yaml}, predictions: true}
YAML
	printf '%s\n' "${@:4}" >>"$1"
}

# agree NAME FILE [OPTION...]: every line of the run's predictions is one of those for the whole file.
agree() {
	lossbench train --config "$1.yaml" --save-model "$1.npz" --quiet >/dev/null
	lossbench predict --model "$1.npz" --data "$2" --out "$1-out.csv" "${@:3}"
	cmp "$1.npz" "$1"/trials/*.model.npz
	assert_eq "$(sort "$1-out.csv" | comm -13 - <(sort "$1"/trials/*.predictions.csv))" '' "$1: lines of the run that predict does not give"
	[ "$(wc -l <"$1-out.csv")" -gt "$(wc -l <"$(echo "$1"/trials/*.predictions.csv)")" ] || fail "$1: no further rows"
}

awk 'BEGIN { srand(3); print "size,colour,weight,price,class"
	for (i = 0; i < 200; i++) { c = int(3 * rand()); x = rand() - 0.5
		printf "%s,%s,%.4f,%.3f,%s\n", i % 17 != 5 ? x : "", substr("red  greenblue ", 5 * c + 1, 5), 10 * rand(), 3 * x + c, (x + c > 1 ? "yes" : "no") } }' |
	sed 's/ //g' >mixed.csv
lossbench data convert "$LB_ROOT/datasets/samples/digits8x8.csv.gz" table.npz >/dev/null
awk 'BEGIN { srand(5); for (i = 0; i < 120; i++) { printf "%d", i % 3 + 1
	for (j = 1; j <= 30; j++) if (rand() < 0.2 || j == i % 3 + 1) printf " %d:%.3f", j, rand() + (j == i % 3 + 1); print "" } }' >sparse.svm

study iris.yaml multiclass "{train: {path: $LB_ROOT/datasets/samples/iris.csv.gz, label: label}}" 'loss: ce' 'model: {kind: mlp, hidden: [8, 5], dropout: 0.2}'
agree iris "$LB_ROOT/datasets/samples/iris.csv.gz"
study double.yaml multiclass "{train: {path: $LB_ROOT/datasets/samples/iris.csv.gz, label: label}}" 'loss: elr' 'optimizer: adam'
sed -i 's/batch: 16/batch: 16, precision: float64/' double.yaml
agree double "$LB_ROOT/datasets/samples/iris.csv.gz"
study own.yaml embedding "{train: {path: $LB_ROOT/datasets/samples/iris.csv.gz, label: label}}" 'loss: normalized_softmax' 'model: {kind: mlp, hidden: [8], dimension: 4}'
agree own "$LB_ROOT/datasets/samples/iris.csv.gz"
study block.yaml multiclass '{train: {path: table.npz}}' 'loss: ce' 'model: {kind: mlp, hidden: [8]}'
agree block table.npz
study sparse.yaml multiclass '{train: {path: sparse.svm}, preprocess: {standardize: false, scale: max_abs}}' 'loss: ce'
agree sparse sparse.svm
study mixed.yaml binary '{train: {path: mixed.csv, label: class}, missing: mean, drop: [price]}' 'loss: logistic'
agree mixed mixed.csv
study price.yaml regression '{train: {path: mixed.csv, label: price}, missing: mean, drop: [class]}' 'loss: mse' 'optimizer: {name: lbfgs, weight_decay: 0.001}'
agree price mixed.csv
study bayes.yaml multiclass "{train: {path: $LB_ROOT/datasets/samples/iris.csv.gz, label: label}}" 'loss: ce' 'model: naive_bayes'
agree bayes "$LB_ROOT/datasets/samples/iris.csv.gz"
study lda.yaml multiclass "{train: {path: $LB_ROOT/datasets/samples/iris.csv.gz, label: label}}" 'loss: ce' 'model: {kind: lda, covariance: shrunk}'
agree lda "$LB_ROOT/datasets/samples/iris.csv.gz"
study random.yaml regression '{train: {path: mixed.csv, label: price}, missing: mean, drop: [class], preprocess: {target: standardize}}' 'loss: mse' 'model: {kind: random_features, features: 20}'
agree random mixed.csv

# Columns by name: in another order, with others between, without the label; rows alone give the same lines.
awk -F, '{ print $4 ",x" NR "," $2 "," $3 "," $1 }' mixed.csv | sed '1s/x1/id/' >other.csv
lossbench predict --model mixed.npz --data other.csv --out other-out.csv
assert_eq "$(cut -d, -f1,2 other-out.csv)" "$(cut -d, -f1,3 mixed-out.csv)" 'scores of the columns in another order'

# What does not fit.
cut -d, -f1,3- mixed.csv >few.csv
assert_exit 4 lossbench predict --model mixed.npz --data few.csv --out never.csv
assert_contains "$err" "few.csv: column 'colour' is missing; the model was trained with it"
sed 's/red/crimson/' mixed.csv >unseen.csv
assert_exit 4 lossbench predict --model mixed.npz --data unseen.csv
assert_contains "$err" "column 'colour': found 'crimson', which no training row had"
awk -F, -v OFS=, 'NR == 9 { $3 = "heavy" } 1' mixed.csv >text.csv
assert_exit 4 lossbench predict --model mixed.npz --data text.csv
assert_contains "$err" "text.csv:9: column 'weight': found 'heavy', allowed: a number"
gzip -dc "$LB_ROOT/datasets/samples/iris.csv.gz" | awk -F, -v OFS=, 'NR == 7 { $2 = "" } 1' >hole.csv
assert_exit 4 lossbench predict --model iris.npz --data hole.csv
assert_contains "$err" "hole.csv:7: column 'sepal_width_cm': the value is missing"
assert_exit 4 lossbench predict --model sparse.npz --data table.npz
assert_contains "$err" 'found 64 columns of features, the model was trained with 30'
assert_exit 2 lossbench predict --model price.npz --data mixed.csv --what labels
assert_exit 2 lossbench predict --model mixed.npz --data mixed.csv --what embeddings
assert_exit 2 lossbench predict --model mixed.npz --data mixed.csv --what odds
assert_exit 2 lossbench predict --model mixed.npz --data mixed.csv --out odd.txt
[ ! -e never.csv ] || fail 'a refused prediction wrote its file'

# A model file is data of strangers: cut short, of another sort.
head -c 3000 iris.npz >cut.npz
cp iris-out.csv text.npz
for bad in cut.npz text.npz sparse.svm; do assert_exit 4 lossbench predict --model "$bad" --data mixed.csv; done
assert_exit 4 lossbench predict --model nothing.npz --data mixed.csv

# A model that is missing is made again; a finished trial with one is not.
rm iris/trials/*.model.npz
assert_exit 0 lossbench train --config iris.yaml --save-model again.npz
assert_lacks "$err" 'is done already'
cmp again.npz iris.npz
assert_exit 0 lossbench train --config iris.yaml --save-model once.npz
assert_contains "$err" 'is done already'
cmp once.npz iris.npz
assert_exit 0 lossbench sweep --config iris.yaml --quiet --set train.seed=1,2 --set output.model=true --set output.dir=swept
assert_eq "$(find swept/trials -name '*.model.npz' | wc -l)" 2 'models of a sweep'

needs_python numpy
"${PYTHON:-python3}" - "$LB_ROOT" <<'PY'
import csv, gzip, json, subprocess, sys
import numpy as np

def column(name, first):
    return np.array([[float(v) for k, v in row.items() if k.startswith(first)] for row in csv.DictReader(open(name))])

m = np.load("iris.npz")
rows = list(csv.DictReader(gzip.open(sys.argv[1] + "/datasets/samples/iris.csv.gz", "rt")))
x = np.array([[float(r[c]) for c in m["columns"]] for r in rows]) * m["scale"] + m["shift"]
for i in (1, 2, 3):
    x = x @ m[f"W{i}"].T + m[f"b{i}"]
    h, x = (x, np.maximum(x, 0)) if i < 3 else (h, x)
assert np.abs(x - column("iris-out.csv", "score_")).max() < 1e-5
p = np.exp(x - x.max(1, keepdims=True))
p /= p.sum(1, keepdims=True)
run = ["lossbench", "predict", "--model", "iris.npz", "--data", sys.argv[1] + "/datasets/samples/iris.csv.gz", "--what"]
subprocess.run(run + ["probabilities", "--out", "p.npy"], check=True)
subprocess.run(run + ["embeddings", "--out", "h.npy"], check=True)
subprocess.run(run + ["labels", "--out", "l.csv"], check=True)
assert np.abs(np.load("p.npy") - p).max() < 1e-5
assert np.abs(np.load("h.npy") - np.maximum(h, 0)).max() < 1e-5 and np.load("h.npy").dtype == np.float32
assert [r["prediction"] for r in csv.DictReader(open("l.csv"))] == list(m["classes"][p.argmax(1)])
assert json.loads(str(m["config"]))["model"]["hidden"] == [8, 5] and str(m["lossbench"]) == "lossbench-model/1"

m = np.load("mixed.npz")
rows = list(csv.DictReader(open("mixed.csv")))
v = np.array([[float(r[c] or "nan") for c in m["columns"]] for r in rows])
x = np.zeros((len(rows), m["W1"].shape[1]))
x[:, :v.shape[1]] = np.where(np.isnan(v), m["fill"], v * m["scale"] + m["shift"])
for value, of, feature in zip(m["category"], m["category_of"], m["category_feature"]):
    x[[r[m["category_columns"][of]] == value for r in rows], feature] = 1
assert np.abs(x @ m["W1"].T + m["b1"] - column("mixed-out.csv", "score_")).max() < 1e-5

# Changed files are refused, never believed.
good = dict(np.load("mixed.npz"))
for name, change in {"category_feature": lambda a: a + 9, "category_of": lambda a: a - 1, "W1": lambda a: a[:, 1:], "train_rows": lambda a: a * 0,
                     "scale": lambda a: a[1:], "classes": lambda a: a[:1], "b1": lambda a: a * np.nan, "config": lambda a: np.array("{}"),
                     "lossbench": lambda a: np.array("lossbench-model/9"), "columns": lambda a: a[:1]}.items():
    np.savez("changed.npz", **{**good, name: change(good[name])})
    done = subprocess.run(["lossbench", "predict", "--model", "changed.npz", "--data", "mixed.csv"], capture_output=True, text=True)
    assert done.returncode == 4 and "changed.npz" in done.stderr and not done.stdout, (name, done)
np.savez_compressed("packed.npz", **good)
assert subprocess.run(["lossbench", "predict", "--model", "packed.npz", "--data", "mixed.csv"], capture_output=True, text=True).stdout == open("mixed-out.csv").read()
PY
