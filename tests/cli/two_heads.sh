#!/usr/bin/env bash
# Models of two heads, whose terms read one each: the gradient of all weights against differences; saved models, cohorts, threads and
# resumed trainings; head 1 is what is evaluated; one head is what was always so, to the byte; what does not fit is refused.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
py=${PYTHON:-python3}
needs_python numpy
ln -s "$LB_ROOT/datasets" datasets

"$py" -c '
import numpy as np
rng = np.random.default_rng(5)
np.save("teacher.npy", 2 * rng.normal(size=(178, 3)))'
cat >two.yaml <<'YAML'
task: distillation
data: {train: {path: datasets/samples/wine.csv.gz, label: label}, split: {first: 100}, side: {teacher: teacher.npy}}
model: {kind: mlp, hidden: [5], activation: tanh, heads: 2}
loss: {name: kd, weight: 0.75, temperature: 3}
terms: [{name: binary_kl_norm, head: 2, weight: 0.5}, {name: ce, weight: 0.25}]
optimizer: {name: sgd, lr: 0.5}
train: {epochs: 1, batch: 1000, precision: float64}
metrics: [accuracy, log_loss]
output: {dir: step, model: true, predictions: true}
YAML

# ---- one step is w - lr g, g the differences of the loss by every weight ----
sed 's/lr: 0.5/lr: 1.0e-300/; s/dir: step/dir: start/' two.yaml >start.yaml
for s in start two; do assert_exit 0 lossbench train --config $s.yaml --quiet; done
"$py" - <<'PY'
import csv, glob, gzip
import numpy as np

before, after = (np.load(glob.glob(d + "/trials/*.npz")[0]) for d in ("start", "step"))
rows = list(csv.reader(gzip.open("datasets/samples/wine.csv.gz", "rt")))
label = rows[0].index("label")
x = np.array([[float(v) for k, v in enumerate(r) if k != label] for r in rows[1:]])[:100] * before["scale"] + before["shift"]
y = np.array([list(before["classes"]).index(r[label]) for r in rows[1:]])[:100]
t = np.load("teacher.npy")[:100]
names = ("W1", "b1", "W2", "b2")
assert before["W2"].shape == (6, 5) and before["b2"].shape == (6,), before["W2"].shape

def log_softmax(v):
    v = v - v.max(axis=1, keepdims=True)
    return v - np.log(np.exp(v).sum(axis=1, keepdims=True))

def loss(w):
    z = np.tanh(x @ w["W1"].T + w["b1"]) @ w["W2"].T + w["b2"]
    one, two = z[:, :3], z[:, 3:]
    p, q = log_softmax(t / 3), log_softmax(one / 3)
    kd = 9 * (np.exp(p) * (p - q)).sum(axis=1).mean()
    norm = 4 * np.log(np.cosh((two - t) / 4)).sum(axis=1).mean()
    return 0.75 * kd + 0.5 * norm - 0.25 * log_softmax(one)[np.arange(100), y].mean()

for name in names:
    for at in np.ndindex(before[name].shape):
        w = {n: before[n].copy() for n in names}
        ends = []
        for side in (1e-5, -1e-5):
            w[name][at] = before[name][at] + side
            ends.append(loss(w))
        slope, step = (ends[0] - ends[1]) / 2e-5, (before[name][at] - after[name][at]) / 0.5
        assert abs(slope - step) < 1e-8 + 1e-7 * abs(slope), (name, at, slope, step)
assert np.abs(after["W2"] - before["W2"]).max(axis=1).min() > 1e-3
PY

# ---- what is evaluated, predicted and saved is head 1 ----
lossbench predict --model step/trials/*.model.npz --data datasets/samples/wine.csv.gz --out said.csv --quiet
assert_eq "$(head -1 said.csv | tr ',' '\n' | grep -c '^score_')" 3
assert_eq "$(sort said.csv | comm -13 - <(sort step/trials/*.predictions.csv))" '' 'lines of the run that predict does not give'
lossbench evaluate --model step/trials/*.model.npz --data datasets/samples/wine.csv.gz --quiet >said.txt || fail 'evaluate'

# A linear model has nothing that heads share: the optimum of head 1 is that of the model without head 2.
linear() { # NAME SED
	sed "s/^model.*/model: {kind: linear, heads: 2}/; s/^optimizer.*/optimizer: {name: lbfgs, weight_decay: 0.01}/; s/dir: step/dir: $1/; s/, model: true//; $2" two.yaml >"$1.yaml"
	assert_exit 0 lossbench train --config "$1.yaml" --quiet
}
linear both ''
linear first 's/, heads: 2//; s/{name: binary_kl_norm, head: 2, weight: 0.5}, //'
"$py" - <<'PY'
import csv, glob
both, first = (list(csv.reader(open(glob.glob(d + "/trials/*.predictions.csv")[0]))) for d in ("both", "first"))
scores = [k for k, name in enumerate(first[0]) if name.startswith("score_")]
assert both[0] == first[0] and len(both) == len(first) and len(scores) == 3
for a, b in zip(both[1:], first[1:]):
    apart = [float(a[k]) - float(b[k]) for k in scores]  # biases may move together
    assert max(apart) - min(apart) < 1e-5, (a, b)
PY

# ---- one head is what was always so ----
sed '/^terms/d; s/, heads: 2//; s/dir: step/dir: none/' two.yaml >none.yaml
sed '/^terms/d; s/heads: 2/heads: 1/; s/dir: step/dir: one/' two.yaml >one.yaml
for s in none one; do assert_exit 0 lossbench train --config $s.yaml --quiet; done
assert_same_results none one
sed 's/heads: 2/heads: 1/; s/{name: binary_kl_norm, head: 2, weight: 0.5}, //; s/name: ce/&, head: 1/; s/dir: step/dir: said/' two.yaml >said.yaml
sed 's/, heads: 2//; s/{name: binary_kl_norm, head: 2, weight: 0.5}, //; s/dir: step/dir: unsaid/' two.yaml >unsaid.yaml
for s in said unsaid; do assert_exit 0 lossbench train --config $s.yaml --quiet; done
assert_same_results said unsaid

# ---- the same bytes in company, on threads, and after kill -9; every sort of task ----
cat >sweep.yaml <<YAML
$(sed '/^terms/d; /^output/d; /^model/d; s/epochs: 1, batch: 1000, precision: float64/epochs: 15000, batch: 16, curves: [], checkpoint: 50/' two.yaml)
output: {dir: whole}
sweep:
  zip:
    model: [{kind: mlp, hidden: [6], heads: 2, dropout: 0.1}, {kind: mlp, hidden: [6], heads: 3}, {kind: mlp, hidden: [6]}]
    terms: [[{name: binary_kl_norm, head: 2}], [{name: ce, head: 3}, {name: elr, head: 2}], []]
YAML
short=(--set train.epochs=5 --quiet)
assert_exit 0 lossbench sweep --config sweep.yaml "${short[@]}" --set output.dir=cohort --jobs 1
for i in 1 2 3; do assert_exit 0 lossbench sweep --config sweep.yaml "${short[@]}" --set output.dir=apart --shard $i/3 --threads 2; done
assert_same_results cohort apart
killed_and_resumed 3 --config sweep.yaml --quiet

# A regression of standardized targets and of two outputs a target: the saved model says what the training said.
awk 'BEGIN { srand(4); print "a,b,u,v"; for (i = 0; i < 120; i++) { a = rand(); b = rand() - 0.5; printf "%.4f,%.4f,%.4f,%.4f\n", a, b, 50 + 20 * a, 300 * b + a } }' >two.csv
cat >regression.yaml <<'YAML'
task: regression
data: {train: {path: two.csv, label: 'u, v'}, preprocess: {target: standardize}}
model: {kind: mlp, hidden: [6], heads: 2}
loss: gaussian_nll
terms: [{name: beta_nll, head: 2, weight: 0.5}]
optimizer: {name: adam, lr: 0.02}
train: {epochs: 20, batch: 16}
metrics: [rmse]
output: {dir: regression, model: true, predictions: true}
YAML
assert_exit 0 lossbench train --config regression.yaml --quiet
lossbench predict --model regression/trials/*.model.npz --data two.csv --out regression.csv --quiet
assert_eq "$(sort regression.csv | comm -13 - <(sort regression/trials/*.predictions.csv))" '' 'lines of the regression that predict does not give'
assert_between "$(json regression/trials/*.json .result.metrics.train.rmse)" 0 15 'rmse of head 1'

# ---- the config of the example ----
assert_exit 0 lossbench train --config "$LB_ROOT/configs/distillation/teacher.yaml" --quiet --set train.epochs=40
assert_exit 0 lossbench sweep --config "$LB_ROOT/configs/distillation/dual_head.yaml" --quiet --set train.seed=1 --set train.epochs=2
assert_eq "$(grep -l '"status": *"ok"' results/distillation-dual-head/trials/*.json | wc -l)" 4

# ---- what is refused ----
bad() { # SED TEXT
	sed "$1" two.yaml >bad.yaml
	assert_exit 3 lossbench train --config bad.yaml
	assert_contains "$err" "$2"
}
bad 's/head: 2/head: 3/' 'terms.head: found 3 for binary_kl_norm, allowed: 1 to 2; the model has 2 heads (model.heads)'
bad 's/, heads: 2//' 'terms.head: found 2 for binary_kl_norm, allowed: 1; the model has 1 head (model.heads)'
bad 's/head: 2/head: 0/' 'terms.head: found 0'
bad 's/heads: 2/heads: 9/' 'model.heads: found 9'
bad 's/weight: 0.75/&, head: 1/' 'loss.head: unknown key of kd'
sed -i 's/^task.*/task: multiclass/; s/, side: {[^}]*}//; s/^loss.*/loss: ce/; s/^terms.*/terms: [{name: focal, head: 2}]/; s/dir: step/dir: classes/' two.yaml
assert_exit 0 lossbench train --config two.yaml --quiet
bad 's/^train: {/&attack: {kind: fgsm, eps: 0.1}, /' 'model.heads: found 2 with train.attack, allowed: 1'
bad 's/^optimizer.*/optimizer: batch_perceptron/' 'model.heads: found 2 with batch_perceptron, allowed: 1'
bad "s#heads: 2#heads: 2, start: $(echo none/trials/*.model.npz)#" 'has 1 heads, allowed: 2, as model.heads says'
