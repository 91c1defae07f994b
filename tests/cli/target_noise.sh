#!/usr/bin/env bash
# Noise on the targets of training and validation rows, and on the labels of multi-label rows: test rows stay, the record counts what
# changed, the same seed gives the same bytes, and what does not fit is refused.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

concrete=$LB_ROOT/datasets/samples/concrete.csv.gz
cat >r.yaml <<YAML
task: regression
data: {train: {path: $concrete, label: -1}, preprocess: {target: standardize}}
corrupt: {labels: {kind: contaminate, rate: 0.2, scale: 5}}
loss: mae
metrics: [rmse, mae]
train: {epochs: 30, batch: 32}
output: {dir: r, predictions: true}
YAML
id() { lossbench sweep --config r.yaml --list --quiet "$@" | cut -f 1; }
result() { json "$1/trials/$(id "${@:2}").json" "${3:-.result}"; }

assert_exit 0 lossbench train --config r.yaml --quiet
assert_exit 0 lossbench train --config r.yaml --quiet --set corrupt.labels=none --set output.dir=clean
"${PYTHON:-python3}" - r clean <<'PY'
import csv, glob, json, sys

def read(folder):
    with open(glob.glob(folder + "/trials/*.json")[0]) as f:
        record = json.load(f)
    with open(glob.glob(folder + "/trials/*.predictions.csv")[0]) as f:
        return record, [(r["row"], r["target_1"]) for r in csv.DictReader(f)]

(noisy, targets), (clean, same) = read("r"), read("clean")
assert targets == same and targets, "targets of test rows"
assert clean["data"]["corrupted"] is None
corrupted, rows = noisy["data"]["corrupted"], noisy["data"]["rows"]
assert corrupted["class_counts"] is None
for part in ("train", "valid"):
    share = corrupted["changed"][part] / rows[part]
    assert abs(share - 0.2) < 5 * (0.16 / rows[part]) ** 0.5, (part, share)
assert noisy["result"]["metrics"]["valid"]["mae"] > 1.5 * clean["result"]["metrics"]["valid"]["mae"], "validation targets are moved"
assert noisy["result"]["metrics"]["test"]["mae"] < 0.5 * noisy["result"]["metrics"]["valid"]["mae"], "test targets are not"
PY
assert_exit 0 lossbench train --config r.yaml --quiet --set output.dir=again
assert_eq "$(json again/trials/*.json .result)" "$(json r/trials/*.json .result)" 'the same seed'
assert_exit 0 lossbench train --config r.yaml --quiet --set output.dir=trainonly --set corrupt.labels.valid=false
assert_eq "$(json trainonly/trials/*.json .data.corrupted.changed.valid)" 0 'validation rows left alone'
[ "$(id)" != "$(id --set corrupt.labels.rate=0.3)" ] || fail 'another rate has the same id'

# In one cohort, several threads or alone: the same results. Every kind trains.
assert_exit 0 lossbench sweep --config r.yaml --quiet --jobs 2 --set output.dir=kinds \
	--set 'corrupt.labels=none,{kind: gaussian, sd: 0.5},{kind: student_t, nu: 1.5},{kind: contaminate, rate: 0.2, scale: 5},{kind: heteroscedastic, slope: 2}' \
	--set loss=mae,mse
assert_eq "$(find kinds/trials -name '*.json' | wc -l)" 10 'records of all kinds'
assert_eq "$(json "kinds/trials/$(id).json" .result)" "$(json r/trials/*.json .result)" 'alone and in a cohort'

refused() { # STATUS WORDS CONFIG OPTION...
	assert_exit "$1" lossbench train --config "$3" --quiet --set output.dir=refused "${@:4}"
	assert_contains "$err" "$2"
}
refused 3 'corrupt.labels.rate: found 1.5' r.yaml --set corrupt.labels.rate=1.5
refused 3 'corrupt.labels.kind: uniform is a multiclass label corruption; the task is regression' r.yaml --set corrupt.labels=uniform
lossbench train --config r.yaml --quiet --set output.dir=poisson --set loss=poisson --set data.preprocess.target=none --set 'metrics=[rmse]' >out.txt 2>err.txt && fail 'poisson took targets below 0'
grep -q 'of the data after corrupt.labels, allowed: targets >= 0; take another loss, or less noise' err.txt || fail "$(cat err.txt)"

# ---- multi-label ----

cat >m.yaml <<YAML
task: multilabel
data: {generator: {name: linear_labels, rows: 2000, labels: 4, features: 5}, split: {train: 0.6, valid: 0.2, test: 0.2}}
corrupt: {labels: {kind: flip, rate: 0.25}}
loss: ml_bce
train: {epochs: 2}
output: {dir: m}
YAML
assert_exit 0 lossbench train --config m.yaml --quiet
assert_exit 0 lossbench train --config m.yaml --quiet --set corrupt.labels=none --set output.dir=mclean
assert_exit 0 lossbench train --config m.yaml --quiet --set 'corrupt.labels={kind: partial, rate: 0.25, which: present}' --set output.dir=partial
assert_exit 0 lossbench train --config m.yaml --quiet --set corrupt.labels=none --set 'corrupt.imbalance={kind: long_tail, ratio: 20}' --set output.dir=tail
"${PYTHON:-python3}" - <<'PY'
import glob, json

def read(folder):
    with open(glob.glob(folder + "/trials/*.json")[0]) as f:
        return json.load(f)["data"]

flipped, clean, partial, tail = read("m"), read("mclean"), read("partial"), read("tail")
for part in ("train", "valid"):
    n, before = flipped["rows"][part], flipped["class_counts"][part]
    assert before == clean["class_counts"][part] == partial["class_counts"][part]
    assert abs(flipped["corrupted"]["changed"][part] / (4 * n) - 0.25) < 5 * (0.1875 / (4 * n)) ** 0.5
    for k, after in enumerate(flipped["corrupted"]["class_counts"][part]):
        expected = 0.75 * before[k] + 0.25 * (n - before[k])
        assert abs(after - expected) < 5 * (0.1875 * n) ** 0.5, (part, k, after, expected)
    assert sum(partial["corrupted"]["class_counts"][part]) == sum(before) - partial["corrupted"]["changed"][part]
assert clean["corrupted"] is None and tail["corrupted"] is None
assert tail["class_counts"]["test"] == clean["class_counts"]["test"], "test rows stay"
counts = tail["class_counts"]["train"]
assert counts[-1] <= max(1, round(max(clean["class_counts"]["train"]) / 20)) and counts == sorted(counts, reverse=True), counts
assert tail["rows"]["train"] < clean["rows"]["train"]
PY
refused 3 'corrupt.labels.kind: contaminate is a regression label corruption; the task is multilabel' m.yaml --set corrupt.labels=contaminate
