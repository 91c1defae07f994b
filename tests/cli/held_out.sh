#!/usr/bin/env bash
# Classes held out of training, from config to record: which rows go where, which metrics there are; what is refused.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

cat >held.yaml <<YAML
task: embedding
data:
  train: {path: $LB_ROOT/datasets/samples/digits8x8.csv.gz}
  split: {hold_out_classes: 5}
loss: {name: cosface, scale: 16}
model: {kind: linear, dimension: 8}
train: {epochs: 3, batch: 50}
optimizer: {name: adam, lr: 0.01}
output: {dir: runs, predictions: true}
YAML

# A number: five classes are drawn by the seed; all of their rows test, all others train; metrics are those of embeddings.
lossbench train held.yaml --quiet
record=$(ls runs/trials/*[0-9a-f].json)
assert_eq "$(jq -c '[.data.rows.train > 800, .data.rows.valid, .data.rows.train + .data.rows.test]' "$record")" '[true,0,1797]' rows
assert_eq "$(jq -c '.result.metrics.test | keys' "$record")" '["map_at_r","precision_at_1","r_precision","recall_at_k"]' metrics
assert_eq "$(jq -r '.data.warnings[]' "$record" | grep -c '^5 classes are held out of training: ')" 1 'classes named'
csv=${record%.json}.predictions.csv
label=$(head -n 1 "$csv" | tr , '\n' | grep -nx label | cut -d: -f1)
assert_eq "$(tail -n +2 "$csv" | cut -d, -f"$label" | sort -u | wc -l)" 5 'classes that test'

# A list: those classes; the rest of the config's rows as before, valid and test in the shares asked for.
lossbench train held.yaml --quiet --set 'data.split={hold_out_classes: [3, 8, 1], valid: 0.5}' --set output.dir=named
record=$(ls named/trials/*[0-9a-f].json)
assert_eq "$(jq -r '.data.warnings[-1]' "$record")" "3 classes are held out of training: '1', '3', '8'" 'the classes of the list'
assert_eq "$(jq -c '[(.data.rows.valid - .data.rows.test | fabs) < 2, .data.rows.valid + .data.rows.test]' "$record")" '[true,539]' 'valid and test'
assert_eq "$(jq -c .config.data.split "$record")" '{"valid":0.5,"test":0.5,"stratify":true,"hold_out_classes":["3","8","1"],"seed":1}' config

# Beside them, what the features themselves reach, and a random map of them to as many columns, which is the same for every model of that many.
lossbench train held.yaml --quiet --set output.dir=raw --set data.split.valid=0.8 --set data.preprocess.standardize=false --set 'metrics=[map_at_r, {name: map_at_r, distance: euclidean}]'
lossbench train held.yaml --quiet --set output.dir=wide --set data.split.valid=0.8 --set data.preprocess.standardize=false --set 'metrics=[map_at_r]' --set model.dimension=32
lossbench train held.yaml --quiet --set output.dir=other --set data.split.valid=0.8 --set data.split.seed=1 --set data.preprocess.standardize=false --set 'metrics=[map_at_r]' --set train.seed=1 --set model.seed=5
"${PYTHON:-python3}" - <<'PY'
import csv, glob, gzip, json, math, os

def record(name):
    path = glob.glob(name + "/trials/*[0-9a-f].json")[0]
    return json.load(open(path)), path.replace(".json", ".predictions.csv")

r, predictions = record("raw")
path = r["data"]["sources"][0]["path"]
data = [row for row in csv.reader(gzip.open(path, "rt"))][1:]
tested = list(csv.DictReader(open(predictions)))
rows = [([float(v) for v in data[int(t["row"])][:-1]], t["label"]) for t in tested]
assert all(data[int(t["row"])][-1] == t["label"] for t in tested)
rows = [([v / math.sqrt(sum(x * x for x in f)) for v in f], y) for f, y in rows]
total = 0
for q, (f, y) in enumerate(rows):
    order = sorted((-sum(a * b for a, b in zip(f, g)), i) for i, (g, _) in enumerate(rows) if i != q)
    hit = [rows[i][1] == y for _, i in order]
    n = sum(hit)
    total += sum(sum(hit[:i + 1]) / (i + 1) for i in range(n) if hit[i]) / n / len(rows)
base = r["baseline"]
assert base["kind"] == "raw_features" and set(base["metrics"]) == {"valid", "test"}, base
assert abs(base["metrics"]["test"]["map_at_r"] - total) < 1e-9, (base, total)
assert base["metrics"]["test"]["map_at_r"] != base["metrics"]["test"]["map_at_r(distance=euclidean)"]
narrow, wide, other = base["random_map"]["test"]["map_at_r"], record("wide")[0]["baseline"], record("other")[0]["baseline"]
assert 0.2 < narrow < wide["random_map"]["test"]["map_at_r"] < base["metrics"]["test"]["map_at_r"], (base, wide)
assert wide["metrics"]["test"]["map_at_r"] == base["metrics"]["test"]["map_at_r"]
assert other["random_map"]["test"]["map_at_r"] == narrow
PY

# Few-shot episodes of classes that training never saw, with their interval.
lossbench train held.yaml --quiet --set 'metrics=[{name: episode_accuracy, way: 3, shot: 5}, {name: episode_accuracy_interval, way: 3, shot: 5}]' --set output.dir=few
record=$(ls few/trials/*[0-9a-f].json)
assert_eq "$(jq -c '.result.metrics.test | [.[]] | [.[0] > 0.6, .[0] < 1, .[1] > 0, .[1] < 0.02]' "$record")" '[true,true,true,true]' episodes

# refused TEXT ARGUMENT...: that text, and exit 3.
refused() {
	assert_exit 3 lossbench train held.yaml "${@:2}"
	[[ $err == *"$1"* ]] || fail "$err"
}
refused 'data.split.hold_out_classes: found 9 classes of 10, allowed: at least 2 classes are left for training' --set data.split.hold_out_classes=9
refused "data.split.hold_out_classes: found 'cat', allowed: classes of the data, such as '0'" --set 'data.split.hold_out_classes=[1, cat]'
refused "data.split.hold_out_classes: '1' stands twice; keep one" --set 'data.split.hold_out_classes=[1, 1]'
refused 'data.split.hold_out_classes: found a list, allowed: a number of classes, or a list of their names, such as [cat, dog]' --set 'data.split.hold_out_classes=[]'
refused 'data.split.hold_out_classes: found a block, allowed: a number of classes' --set 'data.split.hold_out_classes={a: b}'
refused 'metrics: found accuracy, but data.split.hold_out_classes tests on classes that training never saw; allowed: recall_at_k' --set 'metrics=[accuracy]'
refused 'data.split.train: cannot be combined with data.split.hold_out_classes' --set data.split.train=0.5
refused 'data.cv: cannot be combined with data.split.hold_out_classes' --set data.cv.folds=3
refused 'data.split.hold_out_classes: goes with task: embedding alone' --set task=multiclass --set loss=ce --set 'model={kind: linear}'

# Wrong labels are of classes that the same rows have: none of the training rows becomes one of a class that training never sees.
for kind in uniform pair instance; do
	lossbench train held.yaml --quiet --set "corrupt.labels={kind: $kind, rate: 0.9}" --set data.split.valid=0.5 --set "output.dir=noisy_$kind"
	assert_eq "$(jq -c '.data as $d | $d.corrupted as $c | [("train", "valid") as $part | ($c.changed[$part] > 100),
		([$d.class_counts[$part], $c.class_counts[$part]] | transpose | all(.[0] > 0 or .[1] == 0))]' noisy_$kind/trials/*[0-9a-f].json)" \
		'[true,true,true,true]' "classes of $kind"
done
