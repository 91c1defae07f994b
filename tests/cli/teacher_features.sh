#!/usr/bin/env bash
# Losses on a teacher's features: the hidden layer of a saved model and a file of it give the same bytes; one step against differences, of the
# student's layers and of the map that a loss learns; means of classes by the training labels; cohorts, threads, saved models; what does not
# fit is refused.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
py=${PYTHON:-python3}
needs_python numpy
ln -s "$LB_ROOT/datasets" datasets

cat >teacher.yaml <<'YAML'
task: multiclass
data: {train: {path: datasets/samples/wine.csv.gz, label: label}}
model: {kind: mlp, hidden: [20, 7]}
loss: ce
optimizer: {name: adam, lr: 0.01}
train: {epochs: 20, batch: 32}
output: {dir: teacher, model: true}
YAML
assert_exit 0 lossbench train --config teacher.yaml --quiet
cp teacher/trials/*.model.npz teacher.npz
lossbench predict --model teacher.npz --data datasets/samples/wine.csv.gz --what embeddings --out features.npy --quiet
lossbench predict --model teacher.npz --data datasets/samples/wine.csv.gz --out scores.npy --quiet
"$py" -c '
import numpy as np
f = np.load("features.npy")
assert f.shape == (178, 7), f.shape
np.savetxt("features.csv", f, delimiter=",")'

student() { # NAME SIDE
	cat >"$1.yaml" <<YAML
task: distillation
data: {train: {path: datasets/samples/wine.csv.gz, label: label}, split: {first: 100}, side: {$2}}
model: {kind: mlp, hidden: [5], activation: tanh}
loss: {name: kd, weight: 0.75, temperature: 3}
terms: [{name: nd, weight: 0.5}, {name: hint, weight: 0.25}, {name: rkd, weight: 0.01}]
optimizer: {name: adam, lr: 0.01}
train: {epochs: 5, batch: 16}
metrics: [accuracy, log_loss, teacher_agreement, teacher_kl]
output: {dir: $1, model: true, predictions: true}
YAML
	assert_exit 0 lossbench train --config "$1.yaml" --quiet
}
result() { "$py" -c 'import json, sys; print(json.dumps(json.load(open(sys.argv[1]))["result"]))' "$1"/trials/*.json; }
student model 'teacher: teacher.npz'
"$py" - <<'PY'
import csv, glob, json
import numpy as np
rows = list(csv.DictReader(open(glob.glob("model/trials/*.predictions.csv")[0])))
z = np.array([[float(r["score_%d" % k]) for k in (1, 2, 3)] for r in rows])
t = np.load("scores.npy").astype(float)[[int(r["row"]) for r in rows]]
log = lambda v: v - v.max(axis=1, keepdims=True) - np.log(np.exp(v - v.max(axis=1, keepdims=True)).sum(axis=1, keepdims=True))
kl = (np.exp(log(t)) * (log(t) - log(z))).sum(axis=1).mean()
record = json.load(open(glob.glob("model/trials/*.json")[0]))
said, baseline = record["result"]["metrics"]["test"], record["baseline"]["metrics"]["test"]
assert abs(said["teacher_kl"] - kl) < 1e-6 * kl and said["teacher_agreement"] == (z.argmax(axis=1) == t.argmax(axis=1)).mean(), (said, kl)
assert 0 <= baseline["teacher_agreement"] < 1 and baseline["teacher_kl"] is None, baseline  # a class without training rows
PY
assert_exit 0 lossbench evaluate --model model/trials/*.model.npz --data datasets/samples/wine.csv.gz
assert_contains "$err" 'teacher_kl is left out: it needs the teacher beside the rows and the model'
student named 'teacher: scores.npy, teacher_features: teacher.npz'
student array 'teacher: scores.npy, teacher_features: features.npy'
for s in named array; do assert_eq "$(result $s)" "$(result model)" "result with $s features"; done
student table 'teacher: scores.npy, teacher_features: features.csv'
assert_eq "$(json table/trials/*.json .result.metrics.test.accuracy)" "$(json model/trials/*.json .result.metrics.test.accuracy)" 'accuracy with features in a table'
assert_eq "$(json named/trials/*.json .data.teacher_features.path)" teacher.npz
grep -q teacher_features model/trials/*.json && fail 'the record names features that no file gave'
lossbench predict --model model/trials/*.model.npz --data datasets/samples/wine.csv.gz --out said.csv --quiet
assert_eq "$(sort said.csv | comm -13 - <(sort model/trials/*.predictions.csv))" '' 'lines of the run that predict does not give'
# The features' bytes, not their path, are part of the id.
id() { lossbench sweep --config "$1" --list | awk '{ print $1 }'; }
cp features.npy elsewhere.npy
sed 's/features.npy/elsewhere.npy/' array.yaml >moved.yaml
assert_eq "$(id moved.yaml)" "$(id array.yaml)" 'id with the features moved'
"$py" -c 'import numpy as np; np.save("elsewhere.npy", 2 * np.load("features.npy"))'
[ "$(id moved.yaml)" != "$(id array.yaml)" ] || fail 'other features have the same id'

# ---- one step against differences of the loss, by every weight and by the maps ----
sed -e 's/name: adam, lr: 0.01/name: sgd, lr: 1.0e-300/' -e 's/epochs: 5, batch: 16/epochs: 1, batch: 1000, precision: float64/' \
	-e 's/dir: array/dir: start/' array.yaml >start.yaml
sed 's/lr: 1.0e-300/lr: 0.5/; s/dir: start/dir: step/' start.yaml >step.yaml
for s in start step; do assert_exit 0 lossbench train --config $s.yaml --quiet; done
"$py" - <<'PY'
import csv, glob, gzip
import numpy as np

before, after = (np.load(glob.glob(d + "/trials/*.npz")[0]) for d in ("start", "step"))
rows = list(csv.reader(gzip.open("datasets/samples/wine.csv.gz", "rt")))
label = rows[0].index("label")
x = np.array([[float(v) for k, v in enumerate(r) if k != label] for r in rows[1:]])[:100] * before["scale"] + before["shift"]
y = np.array([list(before["classes"]).index(r[label]) for r in rows[1:]])[:100]
scores, t = np.load("scores.npy").astype(float)[:100], np.load("features.npy").astype(float)[:100]
names = ("W1", "b1", "W2", "b2", "loss_parameters")
assert before["loss_parameters"].shape == (2 * 7 * 6,), before["loss_parameters"].shape
means = np.array([t[y == k].mean(axis=0) if (y == k).any() else np.zeros(7) for k in range(3)])
directions = means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-300)

def log_softmax(v):
    v = v - v.max(axis=1, keepdims=True)
    return v - np.log(np.exp(v).sum(axis=1, keepdims=True))

def smooth(e):
    return np.where(np.abs(e) < 1, e * e / 2, np.abs(e) - 0.5).mean()

def relations(v):
    way = v[None, :, :] - v[:, None, :]
    d = np.linalg.norm(way, axis=2)
    unit = way / np.where(d > 0, d, 1)[:, :, None]
    return d / d[d > 0].mean(), np.einsum("ijk,ilk->ijl", unit, unit)

taught = relations(t)

def loss(w):
    h = np.tanh(x @ w["W1"].T + w["b1"])
    z = h @ w["W2"].T + w["b2"]
    p, q = log_softmax(scores / 3), log_softmax(z / 3)
    value = 0.75 * 9 * (np.exp(p) * (p - q)).sum(axis=1).mean()
    own = [m.reshape(7, 6) for m in (w["loss_parameters"][:42], w["loss_parameters"][42:])]
    u, v = (h @ m[:, :5].T + m[:, 5] for m in own)
    longer = np.maximum(np.linalg.norm(u, axis=1), np.linalg.norm(t, axis=1))
    value += 0.5 * (1 - (u * directions[y]).sum(axis=1) / longer).mean() + 0.25 * ((v - t) ** 2).mean()
    d, a = relations(h)
    return value + 0.01 * (25 * smooth(d - taught[0]) + 50 * smooth(a - taught[1]))

rng = np.random.default_rng(1)
for name in names:
    every = list(np.ndindex(before[name].shape))
    for at in every if len(every) < 20 else [every[k] for k in rng.choice(len(every), 20, replace=False)]:
        w = {n: before[n].copy() for n in names}
        ends = []
        for side in (1e-5, -1e-5):
            w[name][at] = before[name][at] + side
            ends.append(loss(w))
        slope, step = (ends[0] - ends[1]) / 2e-5, (before[name][at] - after[name][at]) / 0.5
        assert abs(slope - step) < 1e-8 + 1e-6 * abs(slope), (name, at, slope, step)
for name in names:
    assert np.abs(after[name] - before[name]).max() > 1e-3, name
PY

# ---- features alone; further outputs for a teacher's answers; some trials read features and others none ----
"$py" -c '
import numpy as np
rng = np.random.default_rng(3)
np.save("answers.npy", (rng.random((178, 4)) < 0.4).astype(float))'
cat >sweep.yaml <<'YAML'
task: distillation
data: {train: {path: datasets/samples/wine.csv.gz, label: label}, side: {teacher: teacher.npz}}
model: {kind: mlp, hidden: [6]}
loss: kd
optimizer: {name: adam, lr: 0.01}
train: {epochs: 4, batch: 16}
output: {dir: whole}
sweep:
  terms: [[], [nd], [{name: crd, map: always}, hint], [{name: aux_bce, targets: scores}, ce], [similarity_preserving]]
YAML
assert_exit 0 lossbench sweep --config sweep.yaml --quiet --jobs 1
for i in 1 2 3 4 5; do assert_exit 0 lossbench sweep --config sweep.yaml --quiet --set output.dir=apart --shard $i/5 --threads 2; done
assert_same_results whole apart
assert_eq "$(grep -l '"status": *"ok"' whole/trials/*.json | wc -l)" 5
sed 's/teacher: teacher.npz/teacher_features: answers.npy/; s/^loss.*/loss: {name: aux_bce, weight: 0.5}/; s/^output.*/output: {dir: answers, model: true, predictions: true}\nterms: [ce]/; /^sweep/,$d' sweep.yaml >answers.yaml
assert_exit 0 lossbench train --config answers.yaml --quiet
lossbench predict --model answers/trials/*.model.npz --data datasets/samples/wine.csv.gz --out answers.csv --quiet
assert_eq "$(sort answers.csv | comm -13 - <(sort answers/trials/*.predictions.csv))" '' 'lines of answers that predict does not give'

# ---- what is refused ----
bad() { # CODE SED TEXT
	sed "$2" array.yaml >bad.yaml
	assert_exit "$1" lossbench train --config bad.yaml
	assert_contains "$err" "$3"
}
bad 4 's/, teacher_features: features.npy//' 'scores.npy: is a file of scores, and a loss reads the teacher'
bad 3 's/teacher: scores.npy, //' 'loss: found kd, which reads a teacher'
bad 3 's/side: {[^}]*}/side: {}/' 'data.teacher: is missing'
bad 3 's/^task.*/task: multiclass/; s/^loss.*/loss: ce/; /^terms/d; s/teacher: scores.npy, //' 'data.side.teacher_features: goes with task: distillation alone'
bad 3 's/^task.*/task: multiclass/; s/^loss.*/loss: ce/; /^terms/d; s/, side: {[^}]*}//' "metrics: found teacher_agreement without a teacher's scores"
bad 3 's/split: {first: 100}/missing: drop/' 'cannot be combined with data.missing: drop'
printf '1\n2\n' >short.csv
bad 4 's/features.npy/short.csv/' 'short.csv: found 2 rows, allowed: 178 rows'
sed 's/^model.*/model: linear/; s/dir: teacher/dir: flat/' teacher.yaml >flat.yaml
assert_exit 0 lossbench train --config flat.yaml --quiet
bad 4 "s#features.npy#$(echo flat/trials/*.npz)#" 'the teacher is a linear model, which has no hidden layer'
bad_input() { # LOSS JSON TEXT
	assert_exit 4 lossbench losses eval "$1" <<<"$2"
	assert_contains "$err" "$3"
}
bad_input nd '{"scores": [[1, 2]], "labels": [0], "features": [[1, 2]]}' '"teacher_features" is missing'
bad_input nd '{"scores": [[1, 2]], "labels": [0], "features": [[1, 2]], "teacher_features": [[1, 2], [3, 4]]}' 'teacher_features: found 2 rows'
bad_input hint '{"scores": [[1, 2]], "labels": [0], "features": [[1, 2]], "teacher_features": [[1, 2, 3]], "map_weights": [1, 2]}' 'map_weights: found 1 x 2, allowed: 1 x 9'
