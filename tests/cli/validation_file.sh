#!/usr/bin/env bash
# data.valid: a file whose rows are the validation part, in every format, alone and beside a test file.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

py=${PYTHON:-python3}
awk 'BEGIN { srand(4); for (f = 0; f < 3; f++) { file = substr("train.csvvalid.csvtest.csv ", 9 * f + 1, 9); sub(/ /, "", file)
	print (f == 1 ? "label,b,a" : "a,b,label") >file
	for (i = 0; i < (f ? 30 : 60); i++) { y = i % 2; a = rand() + y; b = rand()
		print (f == 1 ? y "," b "," a : a "," b "," y) >file } } }'
cat >c.yaml <<YAML
task: binary
data: {train: {path: train.csv, label: label}, valid: {path: valid.csv}, test: {path: test.csv}}
loss: logistic
train: {epochs: 6, batch: 16, early_stopping: {metric: valid.log_loss, patience: 3}}
evaluate: {calibration: platt, threshold: youden}
corrupt: {labels: {kind: uniform, rate: 0.2}}
output: {dir: out}
YAML
field() { "$py" -c 'import json, sys
r = json.load(open(sys.argv[1]))
print(eval(sys.argv[2]))' "$@"; }

assert_exit 0 lossbench config check c.yaml
assert_exit 0 lossbench train c.yaml --quiet
record=$(echo out/trials/*.json)
assert_eq "$(field "$record" '[s["role"] for s in r["data"]["sources"]]')" "['train', 'valid', 'test']" roles
assert_eq "$(field "$record" '[r["data"]["rows"][p] for p in ("train", "valid", "test", "all")]')" '[60, 30, 30, 120]' rows
assert_eq "$(field "$record" '[s["path"] for s in r["data"]["sources"]]')" "['train.csv', 'valid.csv', 'test.csv']" paths
assert_eq "$(field "$record" '"valid.log_loss" in r["result"]["curves"] and len(r["result"]["metrics"]["valid"]) > 3')" True metrics
# Label noise reaches the validation rows unless it is told not to.
assert_eq "$(field "$record" 'r["data"]["corrupted"]["changed"]["valid"] > 0')" True 'noise on validation labels'
assert_exit 0 lossbench train c.yaml --quiet --set corrupt.labels.valid=false --set output.dir=clean
assert_eq "$(field clean/trials/*.json 'r["data"]["corrupted"]["changed"]["valid"]')" 0 'noise on validation labels'

# The numbers are part of the id, the path is not; a config without data.valid keeps its id.
id() { lossbench sweep --config c.yaml --list "$@" | awk '{ print $1 }'; }
before=$(id)
cp valid.csv moved.csv
assert_eq "$(id --set data.valid.path=moved.csv)" "$before" 'id with the file moved'
sed -i '2s/0/1/' moved.csv
[ "$(id --set data.valid.path=moved.csv)" != "$before" ] || fail 'another validation file has the same id'

# Without a test file the training file gives the test part, by any split.
sed 's/, test: {path: test.csv}//' c.yaml >two.yaml
i=0
for split in '{test: 0.2}' '{folds: 5}' '{first: 48}' '{modulo: 5, test: [0]}'; do
	i=$((i + 1))
	assert_exit 0 lossbench train two.yaml --quiet --set "data.split=$split" --set "output.dir=two$i"
	assert_eq "$(field two$i/trials/*.json '[r["data"]["rows"][p] for p in ("train", "valid", "test")]')" '[48, 30, 12]' "rows with $split"
done

# The class shares of the validation file are as they are, its columns go by name, and what does not fit is named.
refused() { # CODE TEXT OPTION...
	assert_exit "$1" lossbench train c.yaml "${@:3}"
	assert_contains "$err" "$2"
}
refused 4 '--set data.valid.path=none.csv: data.valid.path: none.csv: cannot be opened' --set data.valid.path=none.csv
sed "1s/a\$/z/" valid.csv >other.csv
refused 4 "other.csv: the column 'a' of train.csv is not there" --set data.valid.path=other.csv
sed '5s/^./7/' valid.csv >class.csv
refused 4 "class.csv:5: column 'label': the class '7' does not occur in the training file train.csv" --set data.valid.path=class.csv
head -n 1 valid.csv >empty.csv
refused 4 'empty.csv' --set data.valid.path=empty.csv
refused 3 'data.split.valid: cannot be combined with data.valid' --set data.split.valid=0.1
refused 3 'data.valid.pth: unknown key' --set data.valid.pth=x

# Tuning: folds over the rows of the training and the validation file.
lossbench sweep two.yaml --quiet --set 'tune={trials: 2, folds: 3, metric: valid.log_loss}' --set evaluate.calibration=none --set evaluate.threshold=fixed \
	--set output.dir=tuned >/dev/null
"$py" - <<'PY'
import glob, json
folds = [r for r in map(lambda p: json.load(open(p)), glob.glob("tuned/trials/*.json")) if r["config"]["data"].get("cv")]
assert len(folds) >= 6, len(folds)
for r in folds:
    assert r["data"]["rows"]["train"] + r["data"]["rows"]["valid"] == 48 + 30, r["data"]["rows"]
    assert r["data"]["rows"]["test"] == 0, r["data"]["rows"]
PY

# Arrays of one archive, as MedMNIST has them; files of labels; sparse files, with labels and columns that only one of them has.
"$py" - <<'PY'
import numpy as np
rng = np.random.default_rng(3)
arrays = {}
for part, n in ("train", 60), ("val", 30), ("test", 20):
    y = (np.arange(n) % 3).astype(np.uint8)
    arrays[part + "_images"] = (rng.integers(0, 60, (n, 4, 4)) + 60 * y[:, None, None]).astype(np.uint8)
    arrays[part + "_labels"] = y[:, None]
    np.save(part + "_x.npy", arrays[part + "_images"].reshape(n, -1))
    np.save(part + "_y.npy", y)
np.savez("med.npz", **arrays)
for part, n, last in ("train", 40, 9), ("valid", 20, 12), ("test", 20, 10):
    with open(part + ".svm", "w") as f:
        for i in range(n):
            f.write("%d,%d %d:1 %d:0.5\n" % (i % 3, 3 + i % 2 if part == "train" else 5, i % 3 + 1, last))
PY
cat >npz.yaml <<YAML
task: multiclass
data:
  train: {path: med.npz, x: train_images, y: train_labels}
  valid: {path: med.npz, x: val_images, y: val_labels}
  test: {path: med.npz, x: test_images, y: test_labels}
loss: ce
train: {epochs: 3, batch: 16}
output: {dir: npz}
YAML
assert_exit 0 lossbench train npz.yaml --quiet
assert_eq "$(field npz/trials/*.json '[r["data"]["rows"][p] for p in ("train", "valid", "test")]')" '[60, 30, 20]' 'rows of the archive'
assert_eq "$(field npz/trials/*.json '[c for c in r["data"]["class_counts"]["valid"]]')" '[10, 10, 10]' 'classes of the archive'
cat >npy.yaml <<YAML
task: multiclass
data:
  train: {path: train_x.npy, labels: train_y.npy}
  valid: {path: val_x.npy, labels: val_y.npy}
loss: ce
train: {epochs: 3, batch: 16}
output: {dir: npy}
YAML
assert_exit 0 lossbench train npy.yaml --quiet
assert_eq "$(field npy/trials/*.json '[s["role"] for s in r["data"]["sources"]]')" "['train', 'train labels', 'valid', 'valid labels']" 'roles of label files'
assert_exit 4 lossbench train npy.yaml --set data.valid='{path: val_x.npy}' --set output.dir=none
assert_contains "$err" 'val_x.npy: holds no labels; give their file with data.valid.labels'
cat >svm.yaml <<YAML
task: multilabel
data: {train: {path: train.svm}, valid: {path: valid.svm}, test: {path: test.svm}, preprocess: {standardize: false}}
loss: ml_bce
train: {epochs: 2}
output: {dir: svm}
YAML
assert_exit 0 lossbench train svm.yaml --quiet
assert_eq "$(field svm/trials/*.json '[r["data"]["features"], r["data"]["classes"]]')" "[12, ['0', '1', '2', '3', '4', '5']]" 'columns and labels of three sparse files'

# A teacher's rows follow those of the data: training, validation, test.
for part in train valid test; do tail -n +2 $part.csv | sed "s/.*/$(case $part in valid) echo 0,3 ;; *) echo 3,0 ;; esac)/"; done >teacher.csv
cat >teacher.yaml <<YAML
task: distillation
data: {train: {path: train.csv, label: label}, valid: {path: valid.csv}, test: {path: test.csv}, teacher: teacher.csv}
loss: {name: kl_top, k: 2}
train: {epochs: 30}
metrics: [accuracy, log_loss]
output: {dir: teacher}
YAML
assert_exit 0 lossbench train teacher.yaml --quiet
sed -i 1d teacher.csv
assert_exit 4 lossbench train teacher.yaml
assert_contains "$err" 'found 119 rows of 2 columns, allowed: 120 rows (one for each row of the data: train, valid, test)'
