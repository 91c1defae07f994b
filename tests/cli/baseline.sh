#!/usr/bin/env bash
# What a constant model reaches: in every record, computed by hand here; what `train` says of a model that is worse, and of a training that
# has not done its work.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
py=${PYTHON:-python3}
samples=$LB_ROOT/datasets/samples

config() { # NAME TASK DATA LOSS [LINE...]
	printf '%s\n' "task: $2" "data: {$3}" "loss: $4" 'train: {epochs: 3, batch: 32}' "output: {dir: $1}" "${@:5}" >"$1.yaml"
}
awk 'BEGIN { srand(2); print "a,b,y"; for (i = 0; i < 300; i++) { a = rand(); print a "," rand() "," 50 + 20 * a + rand() } }' >numbers.csv
awk 'BEGIN { srand(3); print "a,l,m,n"; for (i = 0; i < 200; i++) { a = rand(); print a "," (a > 0.3) "," (rand() > 0.8) "," (i % 5 ? 0 : -1) + (i % 7 == 1) } }' | sed 's/,0$/,0/' >labels.csv
config multi multiclass "train: {path: $samples/glass.csv.gz}" ce 'corrupt: {labels: {kind: uniform, rate: 0.3}, imbalance: {kind: step, ratio: 4}}'
config two binary "train: {path: $samples/german_credit.csv.gz}" logistic 'train.x: 1'
sed -i '/train.x/d' two.yaml
config one regression 'train: {path: numbers.csv}' mse
config several regression 'train: {path: numbers.csv, label: "b, y"}' mse
config many multilabel 'train: {path: labels.csv}, labels: [l, m, n]' ml_bce
config embedded embedding "train: {path: $samples/iris.csv.gz}" normalized_softmax 'model: {kind: linear, dimension: 2}'
for name in multi two one several many embedded; do
	assert_exit 0 lossbench train $name.yaml --quiet --set output.predictions=true
done

"$py" - <<'PY'
import csv, glob, json, math

def record(name):
    return json.load(open(glob.glob(name + "/trials/*[0-9a-f].json")[0]))

def near(got, want, what):
    assert abs(got - want) <= 1e-9 * max(1, abs(want)), (what, got, want)

# classes: shares of the training labels as corrupted, judged by the labels of each part
for name in "multi", "two":
    r = record(name)
    data, base = r["data"], r["baseline"]
    assert base["kind"] == "majority"
    counts = data["corrupted"]["class_counts"]
    assert name == "two" or data["corrupted"]["changed"]["train"] > 0
    n = sum(counts["train"])
    p = [c / n for c in counts["train"]]
    best = max(range(len(p)), key=lambda k: p[k])
    for part, labels in ("train", counts["train"]), ("valid", counts["valid"]), ("test", data["class_counts"]["test"]):
        rows = sum(labels)
        m = base["metrics"][part]
        near(m["accuracy"], labels[best] / rows, name + " accuracy")
        near(m["log_loss"], -sum(c * math.log(q) for c, q in zip(labels, p) if c) / rows, name + " log_loss")
        if name == "two":
            near(m["auc"], 0.5, "auc")
            near(m["brier"], sum(c * (1 - q) ** 2 for c, q in zip(labels, p)) / rows, "brier")
        near(m["balanced_accuracy"], 1 / sum(c > 0 for c in labels), "balanced accuracy")
    assert set(m) == set(r["result"]["metrics"]["test"])

# targets: the training mean, found again by its error being least there
for name, columns in ("one", 1), ("several", 2):
    r = record(name)
    base = r["baseline"]
    assert base["kind"] == "mean" and abs(base["metrics"]["train"]["r2"]) < 1e-12
    rows = list(csv.DictReader(open("numbers.csv")))
    test = list(csv.DictReader(open(glob.glob(name + "/trials/*.predictions.csv")[0])))
    assert base["metrics"]["test"]["rmse"] > 0 and base["metrics"]["test"]["r2"] <= 1e-12
    if columns == 1:
        y = [float(t["target_1"]) for t in test]
        # r2 of a constant c: 1 - sum (y - c)^2 / sum (y - mean)^2; rmse^2 = var + (mean - c)^2
        mean = math.fsum(y) / len(y)
        var = math.fsum((v - mean) ** 2 for v in y) / len(y)
        near(1 - base["metrics"]["test"]["rmse"] ** 2 / var, base["metrics"]["test"]["r2"], "rmse and r2 of one constant")
        parts = r["data"]["rows"]
        whole = math.fsum(float(row["y"]) for row in rows)
        assert parts["all"] == 300 and abs(whole / 300 - mean) < 5

r = record("many")
assert r["baseline"]["kind"] == "prevalence"
counts, n = r["data"]["class_counts"]["train"], r["data"]["rows"]["train"]
said = [2 * c > n for c in counts]
assert said == [True, False, False], counts
test = list(csv.DictReader(open(glob.glob("many/trials/*.predictions.csv")[0])))
known = [(float(t["target_%d" % (k + 1)]), said[k]) for t in test for k in range(3) if float(t["target_%d" % (k + 1)]) >= 0]
near(r["baseline"]["metrics"]["test"]["hamming_loss"], sum((y > 0) != z for y, z in known) / len(known), "hamming_loss")
assert record("embedded")["baseline"] is None
PY

# A trial that diverged has one, one that failed has none; alone and in company it is the same, and results do not know of it.
assert_exit 0 lossbench train one.yaml --quiet --set optimizer.lr=1e6 --set output.dir=burst
"$py" -c 'import glob, json
r = json.load(open(glob.glob("burst/trials/*.json")[0]))
assert r["result"]["status"] == "diverged" and r["baseline"]["kind"] == "mean", r["baseline"]'
assert_exit 0 lossbench sweep multi.yaml --quiet --set output.dir=company --set loss=ce,gce,mae
"$py" - <<'PY'
import glob, json, os
one = glob.glob("multi/trials/*[0-9a-f].json")[0]
a, b = json.load(open(one)), json.load(open(os.path.join("company/trials", os.path.basename(one))))
assert a["baseline"] == b["baseline"] and a["result"] == b["result"]
assert "baseline" not in a["result"]
assert len(glob.glob("company/trials/*.json")) == 3
PY
# (a class that no training row has: its log loss is infinite, and left out)
awk 'BEGIN { srand(5); print "a,y"; for (i = 0; i < 90; i++) print rand() "," int(i / 30) }' >sorted.csv
config absent multiclass 'train: {path: sorted.csv}, split: {first: 60}' ce
assert_exit 0 lossbench train absent.yaml --quiet
"$py" -c 'import glob, json
m = json.load(open(glob.glob("absent/trials/*.json")[0]))["baseline"]["metrics"]
assert m["test"]["log_loss"] is None and m["test"]["accuracy"] == 0 and m["train"]["accuracy"] == 0.5, m'

# What train prints: the baseline beside the metrics, a model that is worse, a training that has not left its start.
assert_exit 0 lossbench train one.yaml --set loss=huber --set optimizer.lr=0.0001 --set output.dir=stuck
assert_contains "$out" 'metric                      train        valid         test     baseline'
assert_contains "$out" 'baseline: always the mean of the target, on the test rows'
assert_contains "$out" 'worse than the baseline (always the mean of the target) by test.rmse, test.mae, test.r2'
assert_contains "$err" 'warning: the training has not left its start: on its own rows the model is no better than the mean of the target; set data.preprocess.target: standardize'
assert_exit 0 lossbench train one.yaml --set loss=huber --set optimizer.lr=0.0001 --set output.dir=stuck
assert_contains "$out" 'worse than the baseline'
assert_exit 0 lossbench train one.yaml --set optimizer.lr=0.000001 --set data.preprocess.target=standardize --set output.dir=still
assert_lacks "$err" 'set data.preprocess.target'
assert_exit 0 lossbench train one.yaml --set optimizer=lbfgs --set data.split.train=1 --set output.dir=apart
assert_contains "$out" 'there is neither a validation nor a test part: the metrics are of the rows that were trained on'
assert_exit 0 lossbench train one.yaml --set optimizer=lbfgs --set 'data.split={modulo: 300, test: [7]}' --set output.dir=single
assert_contains "$out" 'undefined: test.r2'
assert_exit 0 lossbench train one.yaml --set optimizer=lbfgs --set output.dir=fine
assert_lacks "$out" worse
assert_lacks "$err" warning
assert_exit 0 lossbench train two.yaml --set train.epochs=10 --set optimizer.lr=0.001 --set output.dir=falling
assert_contains "$err" 'warning: the training loss was still falling at the last epoch; raise train.epochs or optimizer.lr'
assert_exit 0 lossbench train two.yaml --set train.epochs=10 --set optimizer.lr=0.001 --set output.dir=four --set train.epochs=4
assert_lacks "$err" falling
assert_exit 0 lossbench train two.yaml --set train.epochs=200 --set optimizer.lr=0.05 --set output.dir=flat
assert_lacks "$err" falling
assert_exit 0 lossbench train two.yaml --set loss=mw --set train.batch=1 --set output.dir=pairs
assert_contains "$err" 'warning: the training loss never changed: no step has moved the model; a loss of pairs needs both classes in a batch'
