#!/usr/bin/env bash
# Task anomaly: normal rows alone train; scores, metrics and saved models say the same, alone, in company and after a kill; what does not fit is
# refused.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
py=${PYTHON:-python3}
gzip -dc "$LB_ROOT/datasets/samples/wdbc.csv.gz" >all.csv
awk -F, 'NR == 1 || NR % 3' all.csv >train.csv
awk -F, 'NR == 1 || !(NR % 3)' all.csv >test.csv
cat >a.yaml <<'YAML'
name: a
task: anomaly
data:
  train: {path: train.csv, label: label}
  test: {path: test.csv}
  normal: [benign]
  split: {train: 0.7, valid: 0.3}
model: {kind: mlp, hidden: [16, 4, 16]}
loss: mse
optimizer: {name: adam, lr: 0.003}
train: {epochs: 8, batch: 32, seed: 3}
metrics: [auc, average_precision, {name: fpr_at_tpr, tpr: 0.9}]
output: {predictions: true, model: true}
YAML

results() { # folder: what each trial gave, without times
	"$py" - "$1" <<'PY'
import glob, json, sys

for path in sorted(glob.glob(sys.argv[1] + "/trials/*.json")):
    r = json.load(open(path))
    print(r["id"], r["result"]["status"], json.dumps(r["result"], sort_keys=True), json.dumps(r["data"], sort_keys=True))
PY
}

# ---- in one cohort or each alone, with two threads, two workers ----
{ cat a.yaml; cat <<'YAML'
sweep:
  zip:
    loss: [mse, mae, {name: apre, w_bias: 0.5, s_clip: 20}, mse, {name: hard_feature_loss, q: 0.5}, mse, mse, huber]
    evaluate.anomaly: [loss, {score: loss, shift_rounds: 2, shift_neighbours: 4}, loss, loss, squared_error, loss, centre, {score: centre, shift_rounds: 1}]
    procedures: [[], [], [], [sam], [], [], [ema], []]
    model: [{kind: mlp, hidden: [16, 4, 16]}, {kind: mlp, hidden: [16, 4, 16]}, {kind: mlp, hidden: [16, 4, 16]}, {kind: mlp, hidden: [16, 4, 16]}, {kind: mlp, hidden: [16, 4, 16]}, {kind: mlp, hidden: [16, 4, 16]}, {kind: mlp, hidden: [16], dimension: 4, bias_init: none}, {kind: mlp, hidden: [16], dimension: 4, bias_init: none}]
    optimizer: [{name: adam, lr: 0.003}, {name: adam, lr: 0.003}, {name: adam, lr: 0.003}, {name: adam, lr: 0.003}, {name: adam, lr: 0.003}, {name: lbfgs, max_iterations: 20}, {name: adam, lr: 0.003}, {name: lbfgs, max_iterations: 20}]
YAML
} >nets.yaml
{ sed 's/^model:.*/model: {kind: gaussian}/' a.yaml; cat <<'YAML'
sweep:
  zip:
    model: [{kind: gaussian}, {kind: gaussian, components: low, variance: 0.9}, nearest_neighbours, nearest_neighbours]
    evaluate.anomaly: [mahalanobis, {score: mahalanobis, shift_rounds: 1}, {score: knn, neighbours: 3}, {score: knn, distance: mean, shift_rounds: 1}]
YAML
} >gaussians.yaml
for config in nets gaussians; do
	lossbench sweep --config $config.yaml --set output.dir=one --jobs 1 >/dev/null
	lossbench sweep --config $config.yaml --set output.dir=two --jobs 2 >/dev/null
	lossbench sweep --config $config.yaml --set output.dir=threads --jobs 1 --threads 2 >/dev/null
done
lossbench train --config a.yaml --set output.dir=alone --set evaluate.anomaly=loss >/dev/null
lossbench train --config a.yaml --set output.dir=alone --set loss=mae --set 'evaluate.anomaly={score: loss, shift_rounds: 2, shift_neighbours: 4}' >/dev/null
lossbench train --config a.yaml --set output.dir=alone --set 'loss={name: apre, w_bias: 0.5, s_clip: 20}' --set evaluate.anomaly=loss >/dev/null
for folder in one two threads alone; do
	results $folder >$folder.txt
done
assert_eq "$(wc -l <one.txt)" 12
assert_eq "$(grep -c ' ok ' one.txt)" 12
assert_eq "$(cat two.txt)" "$(cat one.txt)"
assert_eq "$(cat threads.txt)" "$(cat one.txt)"
assert_eq "$(grep -cxFf alone.txt one.txt)" 3
for f in one/trials/*.predictions.csv; do
	cmp "$f" "two/trials/$(basename "$f")"
done

# ---- metrics by their definitions from the predictions; the saved model's are the record's, to the last digit ----
for f in one/trials/*.model.npz; do
	assert_exit 0 lossbench evaluate --model "$f" --data test.csv --json
	echo "$out" >"${f%.model.npz}.evaluated"
	assert_exit 0 lossbench predict --model "$f" --data test.csv
	echo "$out" >"${f%.model.npz}.predicted"
	assert_exit 2 lossbench predict --model "$f" --data test.csv --what probabilities
	assert_contains "$err" '--what probabilities: found anomaly scores, which are none; allowed: scores'
	assert_exit 2 lossbench predict --model "$f" --data test.csv --what labels
	assert_contains "$err" "the model's task is anomaly"
done
"$py" - <<'PY'
import csv, glob, json

labels = [r["label"] for r in csv.DictReader(open("test.csv"))]
n_train = sum(1 for _ in open("train.csv")) - 1
paths = sorted(glob.glob("one/trials/*[0-9a-f].json"))
assert len(paths) == 12
for path in paths:
    r = json.load(open(path))
    counts = r["data"]["class_counts"]
    assert r["data"]["classes"] == ["normal", "anomaly"] and counts["train"][1] == 0 and counts["valid"][1] > 0, counts
    assert counts["test"] == [labels.count("benign"), labels.count("malignant")], counts
    assert r["data"]["rows"]["all"] == n_train + len(labels)
    stem = path[:-len(".json")]
    rows = list(csv.DictReader(open(stem + ".predictions.csv")))
    score = [float(row["score_1"]) for row in rows]
    bad = [row["label"] == "anomaly" for row in rows]
    assert bad == [label != "benign" for label in labels]
    pairs = [(a > b) + (a == b) / 2 for a, x in zip(score, bad) if x for b, y in zip(score, bad) if not y]
    test = r["result"]["metrics"]["test"]
    assert abs(sum(pairs) / len(pairs) - test["auc"]) < 1e-12, (path, test)
    cut = sorted((s for s, x in zip(score, bad) if x), reverse=True)
    cut = cut[-(-len(cut) * 9 // 10) - 1]
    assert abs(sum(s >= cut for s, x in zip(score, bad) if not x) / bad.count(False) - test["fpr_at_tpr(tpr=0.9)"]) < 1e-12, (path, test)
    assert r["baseline"]["kind"] == "constant" and r["baseline"]["metrics"]["test"]["auc"] == 0.5
    again = json.load(open(stem + ".evaluated"))["metrics"]
    assert again == test, (path, again, test)
    said = [float(row["score_1"]) for row in csv.DictReader(open(stem + ".predicted"))]
    assert said == score, path
PY

# ---- a score that is not named is the first of the model's, with its defaults ----
same_score() { # MODEL SCORE
	lossbench train --config a.yaml --quiet --set "model=$1" --set output.dir=unnamed
	lossbench train --config a.yaml --quiet --set "model=$1" --set "evaluate.anomaly=$2" --set output.dir=named
	cmp unnamed/trials/*.predictions.csv named/trials/*.predictions.csv
	rm -r unnamed named
}
same_score nearest_neighbours '{score: knn, neighbours: 5, distance: kth, shift_rounds: 0}'
same_score gaussian mahalanobis
same_score '{kind: mlp, hidden: [16, 4, 16]}' loss
same_score '{kind: mlp, hidden: [16], dimension: 4, bias_init: none}' centre

# ---- a training that begins with a saved model ----
lossbench train --config a.yaml --quiet --set output.dir=first
lossbench train --config a.yaml --quiet --set output.dir=further --set 'model={kind: mlp, hidden: [16, 4, 16], start: '"$(echo first/trials/*.model.npz)"'}' --set train.epochs=1
"$py" - <<'PY'
import glob, json

first, further = (json.load(open(glob.glob(d + "/trials/*.json")[0]))["result"]["curves"]["train.loss"] for d in ("first", "further"))
assert further[0] < first[-1] < first[0], (first, further)
PY
assert_exit 3 lossbench train --config a.yaml --set output.dir=none --set task=binary --set data.normal=null --set loss=logistic --set metrics=[auc] \
	--set 'model={kind: mlp, hidden: [16, 4, 16], start: '"$(echo first/trials/*.model.npz)"'}'
assert_contains "$err" 'model.start: the task of'

# ---- the rows that are judged are those of task binary ----
lossbench train --config a.yaml --set output.dir=alone2 --set data.test=null --set 'data.split={train: 0.6, valid: 0.2, test: 0.2}' >/dev/null
lossbench train --config a.yaml --set output.dir=binary --set data.test=null --set 'data.split={train: 0.6, valid: 0.2, test: 0.2}' --set task=binary \
	--set data.normal=null --set model=linear --set loss=logistic --set metrics=[auc] >/dev/null
assert_eq "$(cut -d, -f1 alone2/trials/*.predictions.csv)" "$(cut -d, -f1 binary/trials/*.predictions.csv)"

# ---- anomalies that nobody knows train too, and are scored among the training rows ----
for model in '{kind: gaussian}' '{kind: mlp, hidden: [16, 4, 16]}'; do
	lossbench train --config a.yaml --set output.dir=unlabelled --set data.test=null --set 'data.split={train: 1}' --set data.anomalies=unlabelled \
		--set "model=$model" >/dev/null
done
"$py" - <<'PY'
import csv, glob, json

labels = [r["label"] for r in csv.DictReader(open("train.csv"))]
records = [json.load(open(p)) for p in glob.glob("unlabelled/trials/*.json")]
assert len(records) == 2
for r in records:
    assert r["data"]["class_counts"]["train"] == [labels.count("benign"), labels.count("malignant")], r["data"]
    assert 0.6 < r["result"]["metrics"]["train"]["auc"] < 1, r["result"]["metrics"]
PY

# ---- a killed training goes on to the same bytes ----
kept() { [ "$(find killed/trials -name '*.checkpoint' 2>/dev/null | wc -l)" -ge 1 ]; }
for model in '{kind: mlp, hidden: [16, 4, 16]}' '{kind: mlp, hidden: [16], dimension: 4, bias_init: none}'; do
	rm -rf whole killed
	long=(--config a.yaml --quiet --set train.epochs=30000 --set train.curves=[] --set train.checkpoint=100 --set "model=$model")
	lossbench train "${long[@]}" --set output.dir=whole
	lossbench train "${long[@]}" --set output.dir=killed &
	training=$!
	wait_until 30 kept
	mapfile -t workers < <(children $training)
	kill -9 $training "${workers[@]}" 2>/dev/null || true
	wait $training 2>/dev/null || true
	assert_eq "$(find killed/trials -name '*.json' | wc -l)" 0
	assert_exit 0 lossbench train "${long[@]}" --set output.dir=killed
	assert_same_results whole killed
done

# ---- predictions of another program ----
like=$(find alone/trials -name '*[0-9a-f].json' | head -n 1)
cp "${like%.json}.predictions.csv" other.csv
before=$(find alone/trials -name '*.json' | sort)
assert_exit 0 lossbench import --predictions other.csv --as 'isolation forest' --like "$like" --quiet
imported=$(comm -13 <(echo "$before") <(find alone/trials -name '*.json' | sort))
assert_eq "$(json "$imported" .result.metrics.test)" "$(json "$like" .result.metrics.test)"

# ---- what is refused ----
refused() { # SETTING MESSAGE
	assert_exit "${3:-3}" lossbench train --config a.yaml --set output.dir=none --set "$1"
	assert_contains "$err" "$2"
	[ ! -e none ] || fail "$1 wrote something"
}
refused 'data.normal=benign' 'data.normal: found "benign", allowed: a list such as [benign]'
refused 'data.normal=null' 'data.normal: is missing, allowed: the label values of normal rows'
refused 'data.normal=[benignn]' "data.normal: no row of column 'label' has the label 'benignn'; the labels are 'malignant', 'benign'; did you mean \"benign\"?" 4
refused 'task=binary' 'data.normal: goes with task: anomaly alone; remove it'
assert_exit 3 lossbench train --config a.yaml --set task=binary --set data.normal=null --set loss=logistic --set model=linear --set metrics=[auc] --set evaluate.anomaly=loss
assert_contains "$err" 'loss is an anomaly score; the task is binary, allowed: none'
refused 'data.positive=benign' 'data.positive: cannot be combined with task: anomaly'
refused 'loss=ce' 'ce is a multiclass loss; the task is anomaly, allowed: mse, huber'
refused 'loss=poisson' 'poisson is a regression loss; the task is anomaly, allowed: mse, huber'
refused 'model=linear' 'model: found linear with task anomaly, which can give back every row as it is; allowed: mlp'
refused 'model=lda' 'lda is a multiclass model; the task is anomaly, allowed: linear, mlp, gaussian, nearest_neighbours'
refused 'model={kind: mlp, heads: 2}' 'model.heads: found 2 with task anomaly, allowed: 1'
refused 'evaluate.anomaly=mahalanobis' 'evaluate.anomaly: found mahalanobis with model mlp and loss mse, allowed: loss, squared_error'
assert_exit 3 lossbench train --config a.yaml --set output.dir=none --set model=nearest_neighbours --set evaluate.anomaly=mahalanobis
assert_contains "$err" 'evaluate.anomaly: found mahalanobis with model nearest_neighbours, allowed: knn'
assert_exit 3 lossbench train --config a.yaml --set output.dir=none --set model=nearest_neighbours --set data.weight=mean_area
assert_contains "$err" 'data.weight: found mean_area with model nearest_neighbours, to which all training rows are alike'
assert_exit 3 lossbench train --config a.yaml --set output.dir=none --set loss=hard_feature_loss --set evaluate.anomaly=loss
assert_contains "$err" 'evaluate.anomaly: found loss with model mlp and loss hard_feature_loss, allowed: squared_error'
refused 'model={kind: mlp, dimension: 4}' 'model.bias_init: found scheme with model.dimension in task anomaly, with which every row could be given the centre; allowed: none'
refused 'model={kind: mlp, dimension: 4, bias_init: none, activation: tanh}' 'model.activation: found tanh with model.dimension in task anomaly'
refused 'model={kind: mlp, dimension: 4, bias_init: none, start: x.npz}' 'model.start: found with model.dimension in task anomaly'
assert_exit 3 lossbench train --config a.yaml --set output.dir=none --set 'model={kind: mlp, dimension: 4, bias_init: none}' --set loss=apre
assert_contains "$err" 'loss: found apre with model.dimension in task anomaly, which has several outputs for each target'
refused 'evaluate.anomaly=centre' 'evaluate.anomaly: found centre with model mlp and loss mse, allowed: loss, squared_error'
refused 'evaluate.threshold=youden' 'evaluate.threshold: found youden with task anomaly, allowed: fixed'
refused 'evaluate.calibration=platt' 'platt is a multiclass calibration; the task is anomaly, allowed: none'
refused 'evaluate.attack=pgd' 'pgd is a multiclass attack; the task is anomaly, allowed: none'
refused 'metrics=[accuracy]' 'accuracy is a multiclass metric; the task is anomaly, allowed: auc, gini'
refused 'corrupt.labels={kind: uniform, rate: 0.1}' 'uniform is a multiclass label corruption; the task is anomaly, allowed: none'
refused 'corrupt.imbalance={kind: long_tail}' 'long_tail is a multiclass imbalance; the task is anomaly, allowed: none'
refused 'train.class_weight=balanced' 'train.class_weight: found balanced with task anomaly, whose rows train without labels; allowed: none'
refused 'train.sampler=balanced' 'train.sampler: found balanced with task anomaly, allowed: shuffle, weighted'
refused 'procedures=[mixup]' 'procedures: found mixup with task anomaly'
refused 'procedures=[coteach]' 'procedures: found coteach with task anomaly'
refused 'data.side.teacher=x.npz' 'data.side.teacher: goes with task: distillation, ranking or regression alone; remove it'
